
/*
 * Text that grows in an arena.
 *
 * Invariant: data is never NULL, so that an empty buffer's text can be walked
 * like any other; len <= size; once failed is set size is len, nothing is added
 * any more and every function fails, so that a run of additions needs one check
 * at its end.
 */

#include <stdarg.h>
#include <stdio.h>

#include "base/tpl_base.h"
#include "base/tpl_utf8.h"


#define TPL_BUF_MIN  64


void
tpl_buf_init(tpl_buf_t *b, tpl_arena_t *arena)
{
    b->arena = arena;
    b->data = (tpl_char_t *) "";
    b->len = 0;
    b->size = 0;
    b->failed = 0;
}


tpl_char_t *
tpl_buf_grow(tpl_buf_t *b, size_t n)
{
    size_t       size;
    tpl_char_t  *p;

    if (tpl_unlikely(b->failed)) {
        return NULL;
    }

    if (n <= b->size - b->len) {
        return b->data + b->len;
    }

    if (n > SIZE_MAX / 4 - b->len) {
        tpl_buf_fail(b);
        return NULL;
    }

    size = tpl_max(b->size * 2, b->len + n);
    size = tpl_max(size, TPL_BUF_MIN);

    p = tpl_prealloc(b->arena, b->data, b->size, size);

    if (tpl_unlikely(p == NULL)) {
        tpl_buf_fail(b);
        return NULL;
    }

    b->data = p;
    b->size = size;

    return p + b->len;
}


void
tpl_buf_fail(tpl_buf_t *b)
{
    b->failed = 1;
    b->size = b->len;
}


tpl_int_t
tpl_buf_utf8(tpl_buf_t *b, uint32_t code)
{
    tpl_char_t  *p;

    p = tpl_buf_reserve(b, 4);

    if (tpl_unlikely(p == NULL)) {
        return TPL_ERROR;
    }

    b->len += tpl_utf8_encode(p, code) - p;

    return TPL_OK;
}


tpl_int_t
tpl_buf_printf(tpl_buf_t *b, const char *fmt, ...)
{
    int          n;
    size_t       room;
    va_list      args;
    tpl_char_t  *p;

    p = tpl_buf_reserve(b, TPL_BUF_MIN);

    if (tpl_unlikely(p == NULL)) {
        return TPL_ERROR;
    }

    room = b->size - b->len;

    va_start(args, fmt);
    n = vsnprintf((char *) p, room, fmt, args);
    va_end(args);

    if (tpl_unlikely(n < 0)) {
        tpl_buf_fail(b);
        return TPL_ERROR;
    }

    if ((size_t) n >= room) {

        p = tpl_buf_reserve(b, (size_t) n + 1);

        if (tpl_unlikely(p == NULL)) {
            return TPL_ERROR;
        }

        va_start(args, fmt);
        (void) vsnprintf((char *) p, (size_t) n + 1, fmt, args);
        va_end(args);
    }

    b->len += n;

    return TPL_OK;
}
