
/*
 * application/x-www-form-urlencoded.
 */

#include "base/tpl_utf8.h"
#include "web/tpl_query.h"


static tpl_int_t
tpl_query_hex(tpl_char_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


tpl_char_t *
tpl_query_unquote(tpl_char_t *dst, const tpl_char_t *p, size_t n,
    tpl_uint_t plus)
{
    tpl_int_t          high, low;
    const tpl_char_t  *last;

    for (last = p + n; p < last; p++) {

        if (*p == '%' && last - p > 2) {
            high = tpl_query_hex(p[1]);
            low = tpl_query_hex(p[2]);

            if (high >= 0 && low >= 0) {
                *dst++ = (tpl_char_t) (high << 4 | low);
                p += 2;
                continue;
            }
        }

        *dst++ = (*p == '+' && plus) ? ' ' : *p;
    }

    return dst;
}


static tpl_int_t
tpl_query_text(tpl_arena_t *arena, const tpl_char_t *p,
    const tpl_char_t *last, tpl_uint_t bytes, tpl_str_t *out)
{
    tpl_char_t  *d;

    d = tpl_pnalloc(arena, last - p + 1);
    if (d == NULL) {
        return TPL_ERROR;
    }

    out->data = d;
    out->len = tpl_query_unquote(d, p, last - p, 1) - d;

    return bytes ? TPL_OK : tpl_utf8_repair(arena, out);
}


static tpl_int_t
tpl_query_fields(tpl_arena_t *arena, const tpl_str_t *s, tpl_uint_t bytes,
    tpl_pairs_t *out)
{
    tpl_str_t          name, value;
    const tpl_char_t  *p, *q, *eq, *last;

    p = s->data;
    last = p + s->len;

    for ( /* void */ ; p < last; p = q + 1) {
        q = memchr(p, '&', last - p);

        if (q == NULL) {
            q = last;
        }

        if (q == p) {
            continue;
        }

        eq = memchr(p, '=', q - p);

        if (eq == NULL) {
            eq = q;
        }

        if (tpl_query_text(arena, p, eq, bytes, &name) != TPL_OK
            || tpl_query_text(arena, (eq < q) ? eq + 1 : q, q, bytes, &value)
               != TPL_OK
            || tpl_pairs_add(arena, out, &name, &value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_query_parse(tpl_arena_t *arena, const tpl_str_t *s, tpl_pairs_t *out)
{
    return tpl_query_fields(arena, s, 0, out);
}


tpl_int_t
tpl_query_parse_bytes(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_pairs_t *out)
{
    return tpl_query_fields(arena, s, 1, out);
}


uint32_t
tpl_query_count(const tpl_str_t *s, uint32_t max)
{
    uint32_t           n;
    const tpl_char_t  *p, *q, *last;

    p = s->data;
    last = p + s->len;

    for (n = 0; p < last && n <= max; p = q + 1) {
        q = memchr(p, '&', last - p);

        if (q == NULL) {
            q = last;
        }

        n += (q != p);
    }

    return n;
}
