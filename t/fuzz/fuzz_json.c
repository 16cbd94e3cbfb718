
/*
 * JSON of any bytes, read and written.
 *
 * The first byte chooses the style it is written with.  Read from a copy and
 * read in place, a document is the same value or the same kind of error; what
 * is written of it is UTF-8 and, read again, the same value, of which the same
 * text is written.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/tpl_utf8.h"
#include "value/tpl_dict.h"
#include "value/tpl_json.h"


#define FUZZ_MEMORY   (64 * 1024 * 1024)
#define FUZZ_SPARE    4         /* zero bytes that reading in place needs */

#define FUZZ_SORTED   0x01
#define FUZZ_ASCII    0x02
#define FUZZ_COMPACT  0x04
#define FUZZ_HTML     0x08
#define FUZZ_INDENT   0x10


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Infinity is written as Python writes it, which is no JSON */

static tpl_uint_t
fuzz_finite(const tpl_value_t *v)
{
    uint32_t           i;
    tpl_dict_entry_t  *e;

    switch (v->type) {

    case TPL_FLOAT:
        return isfinite(v->u.d);

    case TPL_LIST:
        for (i = 0; i < v->u.list->n; i++) {
            if (!fuzz_finite(&v->u.list->items[i])) {
                return 0;
            }
        }

        return 1;

    case TPL_DICT:
        for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
            if (!fuzz_finite(&e->value)) {
                return 0;
            }
        }

        return 1;

    default:
        return 1;
    }
}


static void
fuzz_stop(const char *what, const tpl_exec_t *exec)
{
    fprintf(stderr, "%s: %s: %.*s\n", what, tpl_exc_name(exec->error->exc),
            tpl_str_arg(&exec->error->message));
    abort();
}


/* out of memory stands for no verdict */

static tpl_int_t
fuzz_write(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_json_style_t *style, tpl_str_t *out)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, exec->arena);

    if (tpl_json_to(exec, v, style, &b) != TPL_OK) {
        if (exec->error->exc != TPL_EXC_MEMORY) {
            fuzz_stop("what was read cannot be written", exec);
        }

        return TPL_ERROR;
    }

    out->data = b.data;
    out->len = b.len;

    if (tpl_utf8_check(out->data, out->len) != out->len) {
        fuzz_stop("what was written is no UTF-8", exec);
    }

    return TPL_OK;
}


static void
fuzz_document(tpl_exec_t *exec, tpl_str_t *input, tpl_str_t *spare,
    const tpl_json_style_t *style)
{
    tpl_exc_t    exc;
    tpl_int_t    rc;
    tpl_str_t    first, second;
    tpl_uint_t   equal;
    tpl_value_t  copied, placed, again;

    rc = tpl_json_parse(exec, input, 0, &copied);
    exc = exec->error->exc;

    if (rc != TPL_OK && exc == TPL_EXC_NONE) {
        fuzz_stop("an error without an error", exec);
    }

    tpl_error_clear(exec->error);

    if (tpl_json_parse(exec, spare, 1, &placed) != rc
        || exec->error->exc != exc)
    {
        fuzz_stop("read in place it is something else", exec);
    }

    if (rc != TPL_OK) {
        return;
    }

    if (fuzz_write(exec, &copied, style, &first) != TPL_OK
        || fuzz_write(exec, &placed, style, &second) != TPL_OK)
    {
        return;
    }

    if (!tpl_str_eq(&first, &second)) {
        fuzz_stop("read in place it is written otherwise", exec);
    }

    if (!fuzz_finite(&copied)) {
        return;
    }

    if (tpl_json_parse(exec, &first, 0, &again) != TPL_OK) {
        if (exec->error->exc != TPL_EXC_MEMORY) {
            fuzz_stop("what was written cannot be read", exec);
        }

        return;
    }

    if (tpl_equal(exec, &copied, &again, &equal) != TPL_OK || !equal) {
        fuzz_stop("read again it is another value", exec);
    }

    if (fuzz_write(exec, &again, style, &second) != TPL_OK) {
        return;
    }

    if (!tpl_str_eq(&first, &second)) {
        fuzz_stop("read again it is written otherwise", exec);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpl_str_t          input, spare;
    tpl_exec_t         exec;
    tpl_arena_t       *arena;
    tpl_error_t        err;
    tpl_options_t      options;
    tpl_json_style_t   style;

    if (size == 0) {
        return 0;
    }

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, FUZZ_MEMORY);
    if (arena == NULL) {
        return 0;
    }

    memset(&exec, 0, sizeof(tpl_exec_t));
    memset(&options, 0, sizeof(tpl_options_t));

    tpl_error_init(&err, arena);

    exec.arena = arena;
    exec.error = &err;
    exec.options = &options;
    exec.fuel = INT64_MAX / 2;

    style.indent = (data[0] & FUZZ_INDENT) ? 2 : -1;
    style.sort_keys = (data[0] & FUZZ_SORTED) != 0;
    style.ensure_ascii = (data[0] & FUZZ_ASCII) != 0;
    style.compact = (data[0] & FUZZ_COMPACT) != 0;
    style.html = (data[0] & FUZZ_HTML) != 0;

    /* without a byte more than is promised, for the sanitizer */

    input.len = size - 1;
    input.data = malloc(input.len ? input.len : 1);

    spare.len = input.len;
    spare.data = calloc(1, spare.len + FUZZ_SPARE);

    if (input.data != NULL && spare.data != NULL) {
        memcpy(input.data, data + 1, input.len);
        memcpy(spare.data, data + 1, spare.len);

        fuzz_document(&exec, &input, &spare, &style);
    }

    free(input.data);
    free(spare.data);
    tpl_arena_destroy(arena);

    return 0;
}
