
/*
 * Base64, both alphabets.
 */

#include "web/tpl_base64.h"


tpl_int_t
tpl_base64_decode(tpl_arena_t *arena, const tpl_str_t *s, tpl_uint_t url,
    tpl_str_t *out)
{
    size_t       i, len;
    uint32_t     bits;
    tpl_char_t   c, *d;
    tpl_uint_t   n;

    len = s->len;

    while (len && s->len - len < 2 && s->data[len - 1] == '=') {
        len--;
    }

    if (len % 4 == 1) {
        return TPL_DECLINED;
    }

    d = tpl_pnalloc(arena, len / 4 * 3 + 8);
    if (d == NULL) {
        return TPL_ERROR;
    }

    out->data = d;

    bits = 0;
    n = 0;

    for (i = 0; i < len; i++) {
        c = s->data[i];

        if (c >= 'A' && c <= 'Z') {
            c -= 'A';

        } else if (c >= 'a' && c <= 'z') {
            c = (tpl_char_t) (c - 'a' + 26);

        } else if (c >= '0' && c <= '9') {
            c = (tpl_char_t) (c - '0' + 52);

        } else if (c == (url ? '-' : '+')) {
            c = 62;

        } else if (c == (url ? '_' : '/')) {
            c = 63;

        } else {
            return TPL_DECLINED;
        }

        bits = bits << 6 | c;
        n += 6;

        if (n >= 8) {
            n -= 8;
            *d++ = (tpl_char_t) (bits >> n);
        }
    }

    out->len = d - out->data;
    memset(d, 0, 4);

    return TPL_OK;
}


tpl_int_t
tpl_base64_url(tpl_buf_t *b, const void *data, size_t len)
{
    size_t             i;
    uint32_t           bits;
    tpl_char_t        *d;
    tpl_uint_t         n;
    const tpl_char_t  *p;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_";

    d = tpl_buf_reserve(b, len / 3 * 4 + 4);

    if (d == NULL) {
        return TPL_ERROR;
    }

    p = data;
    bits = 0;
    n = 0;

    for (i = 0; i < len; i++) {
        bits = bits << 8 | p[i];

        for (n += 8; n >= 6; ) {
            n -= 6;
            *d++ = alphabet[(bits >> n) & 63];
        }
    }

    if (n) {
        *d++ = alphabet[(bits << (6 - n)) & 63];
    }

    b->len = d - b->data;

    return TPL_OK;
}
