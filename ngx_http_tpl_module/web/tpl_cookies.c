
/*
 * Cookies of the request.
 *
 * Both parsers take one pass: Werkzeug's is a regular expression that looks for
 * a quoted value first, Tornado's splits at each semicolon.
 */

#include "web/tpl_cookies.h"


static tpl_uint_t
tpl_cookies_space(tpl_char_t c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}


/* str.strip() also takes off what ISO 8859-1 has for blanks */

static tpl_uint_t
tpl_cookies_blank(tpl_char_t c)
{
    return tpl_cookies_space(c) || (c >= 0x1c && c <= 0x1f) || c == 0x85
           || c == 0xa0;
}


static tpl_int_t
tpl_cookies_octal(const tpl_char_t *p, const tpl_char_t *last)
{
    if (last - p < 4 || p[1] < '0' || p[1] > '3' || p[2] < '0' || p[2] > '7'
        || p[3] < '0' || p[3] > '7')
    {
        return -1;
    }

    return (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0');
}


/* \ooo is a byte, \ before any other character that character */

static tpl_int_t
tpl_cookies_unquote(tpl_arena_t *arena, tpl_str_t *s)
{
    tpl_int_t          n;
    tpl_char_t        *d;
    const tpl_char_t  *p, *last;

    if (s->len < 2 || s->data[0] != '"' || s->data[s->len - 1] != '"') {
        return TPL_OK;
    }

    p = s->data + 1;
    last = s->data + s->len - 1;

    s->data++;
    s->len -= 2;

    if (s->len == 0 || memchr(p, '\\', s->len) == NULL) {
        return TPL_OK;
    }

    d = tpl_pnalloc(arena, s->len);
    if (d == NULL) {
        return TPL_ERROR;
    }

    s->data = d;

    while (p < last) {

        if (*p != '\\' || last - p == 1) {
            *d++ = *p++;
            continue;
        }

        n = tpl_cookies_octal(p, last);

        if (n >= 0) {
            *d++ = (tpl_char_t) n;
            p += 4;
            continue;
        }

        *d++ = p[1];
        p += 2;
    }

    s->len = d - s->data;

    return TPL_OK;
}


/*
 * The end of a quoted value at p if blanks and a semicolon or the end follow
 * it, else NULL.
 */

static const tpl_char_t *
tpl_cookies_quoted(const tpl_char_t *p, const tpl_char_t *last,
    const tpl_char_t **next)
{
    const tpl_char_t  *end;

    if (p == last || *p != '"') {
        return NULL;
    }

    for (p++; p < last && *p != '"'; p++) {
        if (*p == '\\' && ++p == last) {
            return NULL;
        }
    }

    if (p == last) {
        return NULL;
    }

    end = ++p;

    while (p < last && tpl_cookies_space(*p)) {
        p++;
    }

    if (p < last && *p != ';') {
        return NULL;
    }

    *next = (p < last) ? p + 1 : last;

    return end;
}


tpl_int_t
tpl_cookies_parse(tpl_arena_t *arena, const tpl_str_t *header,
    tpl_pairs_t *out)
{
    tpl_str_t          name, value;
    const tpl_char_t  *p, *q, *end, *last;

    p = header->data;
    last = p + header->len;

    while (p < last) {

        name.data = (tpl_char_t *) p;

        while (p < last && *p != '=' && *p != ';') {
            p++;
        }

        q = p;

        while (q > name.data && tpl_cookies_space(q[-1])) {
            q--;
        }

        while (name.data < q && tpl_cookies_space(*name.data)) {
            name.data++;
        }

        name.len = q - name.data;

        tpl_str_set(&value, "");

        if (p == last || *p == ';') {
            p += (p < last);

        } else {
            for (p++; p < last && tpl_cookies_space(*p); p++) { /* void */ }

            /* in vain it looks no further than to the next quote */

            end = tpl_cookies_quoted(p, last, &q);

            if (end == NULL) {
                q = (p < last) ? memchr(p, ';', last - p) : NULL;

                if (q == NULL) {
                    q = last;
                }

                for (end = q; end > p && tpl_cookies_space(end[-1]); end--) {
                    /* void */
                }

                q += (q < last);
            }

            value.data = (tpl_char_t *) p;
            value.len = end - p;
            p = q;
        }

        if (name.len == 0) {
            continue;
        }

        if (tpl_cookies_unquote(arena, &value) != TPL_OK
            || tpl_pairs_add(arena, out, &name, &value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static void
tpl_cookies_strip(tpl_str_t *s)
{
    while (s->len && tpl_cookies_blank(s->data[0])) {
        s->data++;
        s->len--;
    }

    while (s->len && tpl_cookies_blank(s->data[s->len - 1])) {
        s->len--;
    }
}


tpl_int_t
tpl_cookies_parse_tornado(tpl_arena_t *arena, const tpl_str_t *header,
    tpl_pairs_t *out)
{
    tpl_str_t          name, value;
    const tpl_char_t  *p, *q, *eq, *last;

    p = header->data;
    last = p + header->len;

    for ( /* void */ ; p < last; p = q + 1) {
        q = memchr(p, ';', last - p);

        if (q == NULL) {
            q = last;
        }

        eq = (q > p) ? memchr(p, '=', q - p) : NULL;

        name.data = (tpl_char_t *) p;
        name.len = eq ? eq - p : 0;
        value.data = (tpl_char_t *) (eq ? eq + 1 : p);
        value.len = q - value.data;

        tpl_cookies_strip(&name);
        tpl_cookies_strip(&value);

        if (name.len == 0 && value.len == 0) {
            continue;
        }

        if (tpl_cookies_unquote(arena, &value) != TPL_OK
            || tpl_pairs_add(arena, out, &name, &value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}
