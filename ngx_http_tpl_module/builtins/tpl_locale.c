
/*
 * Accept-Language and names of locales.
 *
 * Nothing is allocated, and a hostile header costs at most TPL_LOCALE_RANGES
 * comparisons with each locale a few times.
 */

#include "builtins/tpl_locale.h"


/* an element of the list */

typedef struct {
    tpl_str_t            tag;
    uint32_t             q;         /* thousandths */
} tpl_locale_range_t;


static tpl_uint_t tpl_locale_parse(const tpl_str_t *value,
    tpl_locale_range_t *ranges);
static tpl_int_t tpl_locale_quality(const tpl_char_t *p,
    const tpl_char_t *last, uint32_t *q);
static tpl_uint_t tpl_locale_excluded(const tpl_str_t *name,
    const tpl_locale_range_t *ranges, tpl_uint_t n);


static tpl_char_t
tpl_locale_char(tpl_char_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c | 0x20;
    }

    return (c == '_') ? '-' : c;
}


/* where a part of a name ends */

static tpl_uint_t
tpl_locale_is_end(tpl_char_t c)
{
    return c == '-' || c == '_' || c == '.' || c == '@';
}


/* true if the first len bytes are equal */

static tpl_uint_t
tpl_locale_same(const tpl_char_t *a, const tpl_char_t *b, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (tpl_locale_char(a[i]) != tpl_locale_char(b[i])) {
            return 0;
        }
    }

    return 1;
}


static tpl_uint_t
tpl_locale_equal(const tpl_str_t *a, const tpl_str_t *b)
{
    return a->len == b->len && tpl_locale_same(a->data, b->data, a->len);
}


/* true if name is tag or goes on with a part behind it */

static tpl_uint_t
tpl_locale_begins(const tpl_str_t *name, const tpl_str_t *tag)
{
    return name->len >= tag->len
           && tpl_locale_same(name->data, tag->data, tag->len)
           && (name->len == tag->len
               || tpl_locale_is_end(name->data[tag->len]));
}


/* takes the last part off; false if there is but one */

static tpl_uint_t
tpl_locale_cut(tpl_str_t *name)
{
    const tpl_char_t  *dot;

    /* a charset is one part: .UTF-8 */

    dot = name->len ? memchr(name->data, '.', name->len) : NULL;

    if (dot) {
        name->len = (size_t) (dot - name->data);
        return name->len != 0;
    }

    while (name->len) {
        if (tpl_locale_is_end(name->data[--name->len])) {
            return name->len != 0;
        }
    }

    return 0;
}


static tpl_str_t
tpl_locale_language(const tpl_str_t *name)
{
    tpl_str_t  s;

    s.data = name->data;

    for (s.len = 0; s.len < name->len; s.len++) {
        if (tpl_locale_is_end(name->data[s.len])) {
            break;
        }
    }

    return s;
}


/* the part of four letters that a script is; empty if there is none */

static tpl_str_t
tpl_locale_script(const tpl_str_t *name)
{
    size_t     i;
    tpl_str_t  s;

    s = tpl_locale_language(name);

    if (s.len == name->len || name->data[s.len] == '@') {
        s.len = 0;
        return s;
    }

    s.data = name->data + s.len + 1;
    s.len = name->len - s.len - 1;
    s = tpl_locale_language(&s);

    for (i = 0; i < s.len; i++) {
        if ((s.data[i] | 0x20) < 'a' || (s.data[i] | 0x20) > 'z') {
            break;
        }
    }

    if (i != 4 || s.len != 4) {
        s.len = 0;
    }

    return s;
}


const tpl_locale_t *
tpl_locale_find(const tpl_locale_t *locales, tpl_uint_t n,
    const tpl_str_t *name)
{
    tpl_str_t   s;
    tpl_uint_t  i;

    s = *name;

    if (s.len == 0) {
        return NULL;
    }

    do {
        for (i = 0; i < n; i++) {
            if (tpl_locale_equal(&locales[i].name, &s)) {
                return &locales[i];
            }
        }

    } while (tpl_locale_cut(&s));

    return NULL;
}


const tpl_locale_t *
tpl_locale_choose(const tpl_locale_t *locales, tpl_uint_t n,
    const tpl_str_t *value)
{
    tpl_str_t            tag, a, b;
    tpl_uint_t           i, k, nranges;
    tpl_locale_range_t   ranges[TPL_LOCALE_RANGES], *r;

    nranges = tpl_locale_parse(value, ranges);

    for (k = 0; k < nranges; k++) {
        r = &ranges[k];

        if (r->q == 0) {
            break;
        }

        tag = r->tag;

        if (tag.len == 1 && tag.data[0] == '*') {

            for (i = 0; i < n; i++) {
                if (!tpl_locale_excluded(&locales[i].name, ranges, nranges)) {
                    return &locales[i];
                }
            }

            continue;
        }

        do {
            for (i = 0; i < n; i++) {
                if (tpl_locale_equal(&locales[i].name, &tag)
                    && !tpl_locale_excluded(&locales[i].name, ranges,
                                            nranges))
                {
                    return &locales[i];
                }
            }

        } while (tpl_locale_cut(&tag));

        tag = tpl_locale_language(&r->tag);
        a = tpl_locale_script(&r->tag);

        for (i = 0; i < n; i++) {
            b = tpl_locale_script(&locales[i].name);

            if (tpl_locale_begins(&locales[i].name, &tag)
                && (a.len == 0 || b.len == 0 || tpl_locale_equal(&a, &b))
                && !tpl_locale_excluded(&locales[i].name, ranges, nranges))
            {
                return &locales[i];
            }
        }
    }

    return NULL;
}


/* elements that make no sense are left out; sorted by q, those with 0 last */

static tpl_uint_t
tpl_locale_parse(const tpl_str_t *value, tpl_locale_range_t *ranges)
{
    uint32_t             q;
    tpl_uint_t           i, n;
    tpl_locale_range_t   range;
    const tpl_char_t    *p, *end, *tag, *last;

    n = 0;
    last = value->data + value->len;

    for (p = value->data; p < last && n < TPL_LOCALE_RANGES; p = end + 1) {

        end = memchr(p, ',', (size_t) (last - p));

        if (end == NULL) {
            end = last;
        }

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }

        for (tag = p; p < end && *p != ' ' && *p != '\t' && *p != ';'; p++) {
            /* void */
        }

        if (p == tag || tpl_locale_quality(p, end, &q) != TPL_OK) {
            continue;
        }

        range.tag.data = (tpl_char_t *) tag;
        range.tag.len = (size_t) (p - tag);
        range.q = q;

        for (i = n++; i > 0 && ranges[i - 1].q < q; i--) {
            ranges[i] = ranges[i - 1];
        }

        ranges[i] = range;
    }

    return n;
}


/* ";q=0.5"; nothing is 1; other parameters are ignored */

static tpl_int_t
tpl_locale_quality(const tpl_char_t *p, const tpl_char_t *last, uint32_t *q)
{
    uint32_t           digit;
    const tpl_char_t  *end;

    *q = 1000;

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        if (p == last) {
            break;
        }

        if (*p++ != ';') {
            return TPL_DECLINED;
        }

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        end = memchr(p, ';', (size_t) (last - p));

        if (end == NULL) {
            end = last;
        }

        if (end - p < 2 || (p[0] | 0x20) != 'q' || p[1] != '=') {
            p = end;
            continue;
        }

        p += 2;

        if (p == end || (*p != '0' && *p != '1')) {
            return TPL_DECLINED;
        }

        *q = (uint32_t) (*p++ - '0') * 1000;

        if (p < end && *p == '.') {
            for (p++, digit = 100; p < end && *p >= '0' && *p <= '9'; p++) {
                *q += (uint32_t) (*p - '0') * digit;
                digit /= 10;
            }
        }

        if (*q > 1000) {
            return TPL_DECLINED;
        }
    }

    return TPL_OK;
}


/* what the longest range says that the name begins with */

static tpl_uint_t
tpl_locale_excluded(const tpl_str_t *name, const tpl_locale_range_t *ranges,
    tpl_uint_t n)
{
    size_t      longest;
    tpl_uint_t  i, excluded, any;

    /* sorted by q: there is nothing to look at without a zero at the end */

    if (n == 0 || ranges[n - 1].q != 0) {
        return 0;
    }

    longest = 0;
    excluded = 0;

    for (i = 0; i < n; i++) {
        any = (ranges[i].tag.len == 1 && ranges[i].tag.data[0] == '*');

        /* "*" is shorter than any tag */

        if (any ? longest != 0
                : (ranges[i].tag.len <= longest
                   || !tpl_locale_begins(name, &ranges[i].tag)))
        {
            continue;
        }

        if (!any) {
            longest = ranges[i].tag.len;
        }

        excluded = (ranges[i].q == 0);
    }

    return excluded;
}


tpl_int_t
tpl_locale_parent(const tpl_str_t *name, tpl_str_t *parent)
{
    size_t             n;
    const tpl_char_t  *p, *at;

    at = name->len ? memchr(name->data, '@', name->len) : NULL;
    parent->len = at ? (size_t) (at - name->data) : name->len;

    if (name->len) {
        memcpy(parent->data, name->data, parent->len);
    }

    if (!tpl_locale_cut(parent)) {

        if (at == NULL || at == name->data) {
            return TPL_DECLINED;
        }

        parent->len = (size_t) (at - name->data);

        return TPL_OK;
    }

    /* the modifier stays for as long as there is something before it to go */

    if (at) {
        p = name->data + name->len;
        n = (size_t) (p - at);

        memmove(parent->data + parent->len, at, n);
        parent->len += n;
    }

    return TPL_OK;
}
