
/*
 * Character references.  Each walk over the text is linear: a name is looked
 * for at most 31 characters far, and what is not there once ("-->", ">") is not
 * looked for again.
 */

#define _GNU_SOURCE     /* memmem() */

#include "builtins/tpl_args.h"
#include "builtins/tpl_entity.h"


/* may stand without a semicolon */
#define TPL_ENTITY_BARE   1
/* was in HTML 4 already */
#define TPL_ENTITY_HTML4  2

/* the longest name, and the longest that may stand without a semicolon */
#define TPL_ENTITY_MAX    31
#define TPL_ENTITY_BARE_MAX  6


/* arrays and not pointers, so that the table needs no relocation */

typedef struct {
    char            name[32];
    char            text[7];
    tpl_char_t      flags;
} tpl_entity_t;


#define E(name, text, flags)  { name, text, flags },

static const tpl_entity_t  tpl_entities[] = {
#include "builtins/tpl_entity_table.h"
};

#undef E


/* what Windows-1252 has at 0x80 to 0x9f, as HTML 5 reads these numbers */

static const uint16_t  tpl_entity_c1[] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
    0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178
};


static const tpl_entity_t *
tpl_entity_find(const tpl_char_t *name, size_t len)
{
    int                  rc;
    size_t               low, high, mid;
    const tpl_entity_t  *e;

    if (len > TPL_ENTITY_MAX) {
        return NULL;
    }

    low = 0;
    high = tpl_nelts(tpl_entities);

    while (low < high) {
        mid = (low + high) / 2;
        e = &tpl_entities[mid];

        rc = strncmp((const char *) name, e->name, len);

        if (rc == 0) {
            if (e->name[len] == '\0') {
                return e;
            }

            rc = -1;
        }

        if (rc < 0) {
            high = mid;

        } else {
            low = mid + 1;
        }
    }

    return NULL;
}


/* the character of "&#number;" as html.unescape() reads it; 0: none */

static uint32_t
tpl_entity_number(uint32_t n)
{
    if (n == 0) {
        return 0xfffd;
    }

    if (n >= 0x80 && n <= 0x9f) {
        return tpl_entity_c1[n - 0x80];
    }

    if ((n >= 0xd800 && n <= 0xdfff) || n > 0x10ffff) {
        return 0xfffd;
    }

    if ((n < 0x20 && n != '\t' && n != '\n' && n != '\f' && n != '\r')
        || n == 0x7f
        || (n >= 0xfdd0 && n <= 0xfdef)
        || (n & 0xfffe) == 0xfffe)
    {
        return 0;
    }

    return n;
}


/*
 * Reads "#digits;" or "#xdigits;" at p, past an ampersand; the semicolon may be
 * missing.  Returns what follows, NULL if there are no digits.
 */

static const tpl_char_t *
tpl_entity_digits(const tpl_char_t *p, const tpl_char_t *last, uint32_t *n)
{
    uint32_t           base, digit;
    const tpl_char_t  *start;

    p++;
    base = 10;

    if (p < last && (*p | 0x20) == 'x') {
        base = 16;
        p++;
    }

    *n = 0;

    for (start = p; p < last; p++) {

        if (*p >= '0' && *p <= '9') {
            digit = *p - '0';

        } else if (base == 16 && (*p | 0x20) >= 'a' && (*p | 0x20) <= 'f') {
            digit = (*p | 0x20) - 'a' + 10;

        } else {
            break;
        }

        /* all that is beyond Unicode is alike */

        if (*n <= 0x10ffff) {
            *n = *n * base + digit;
        }
    }

    if (p == start) {
        return NULL;
    }

    return (p < last && *p == ';') ? p + 1 : p;
}


/* the reference at the ampersand p into b; returns what follows, or NULL */

static const tpl_char_t *
tpl_html_reference(tpl_buf_t *b, const tpl_char_t *p, const tpl_char_t *last)
{
    size_t               n;
    uint32_t             code;
    const tpl_char_t    *q;
    const tpl_entity_t  *e;

    p++;

    if (p == last) {
        return NULL;
    }

    if (*p == '#') {
        q = tpl_entity_digits(p, last, &code);

        if (q) {
            code = tpl_entity_number(code);

            if (code) {
                tpl_buf_utf8(b, code);
            }
        }

        return q;
    }

    /* names are letters and digits; others cannot be found */

    for (q = p; q < last && q - p <= TPL_ENTITY_MAX; q++) {
        if (!((*q >= '0' && *q <= '9')
              || ((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z')))
        {
            break;
        }
    }

    n = q - p;

    if (q < last && *q == ';') {
        e = tpl_entity_find(p, n);

        if (e) {
            tpl_buf_add(b, e->text, strlen(e->text));
            return q + 1;
        }
    }

    /* the longest old name that the text begins with */

    for (n = tpl_min(n, TPL_ENTITY_BARE_MAX); n > 1; n--) {
        e = tpl_entity_find(p, n);

        if (e && (e->flags & TPL_ENTITY_BARE)) {
            tpl_buf_add(b, e->text, strlen(e->text));
            return p + n;
        }
    }

    return NULL;
}


/* the same for tornado.escape.xhtml_unescape() */

static const tpl_char_t *
tpl_xhtml_reference(tpl_exec_t *exec, tpl_buf_t *b, const tpl_char_t *p,
    const tpl_char_t *last)
{
    int64_t              n;
    uint32_t             code;
    tpl_str_t            s;
    tpl_uint_t           base, number;
    const tpl_char_t    *q, *start;
    const tpl_entity_t  *e;

    number = 0;
    p++;

    if (p < last && *p == '#') {
        number = 1;
        p++;
    }

    for (start = p; p < last && *p != ';'; p = q) {
        q = p;
        code = tpl_utf8_decode(&q, last);

        if (!tpl_uc_word(code)) {
            break;
        }
    }

    tpl_charge(exec, p - start);

    if (p == start || p == last || *p != ';') {
        return NULL;
    }

    s.data = (tpl_char_t *) start;
    s.len = p - start;

    if (!number) {
        e = tpl_entity_find(s.data, s.len);

        if (e == NULL || !(e->flags & TPL_ENTITY_HTML4)) {
            return NULL;
        }

        /* HTML 5 gave these two names to other characters */

        if (strcmp(e->name, "lang") == 0) {
            tpl_buf_utf8(b, 0x2329);

        } else if (strcmp(e->name, "rang") == 0) {
            tpl_buf_utf8(b, 0x232a);

        } else {
            tpl_buf_add(b, e->text, strlen(e->text));
        }

        return p + 1;
    }

    base = 10;

    if ((*start | 0x20) == 'x') {
        base = 16;
        s.data++;
        s.len--;
    }

    if (tpl_parse_int(&s, base, &n) != TPL_OK || n < 0 || n > 0x10ffff) {
        return NULL;
    }

    /* a surrogate is no character of UTF-8 */

    tpl_buf_utf8(b, (n >= 0xd800 && n <= 0xdfff) ? 0xfffd : (uint32_t) n);

    return p + 1;
}


static tpl_int_t
tpl_unescape(tpl_exec_t *exec, const tpl_str_t *s, tpl_str_t *r,
    tpl_uint_t html)
{
    tpl_buf_t          b;
    tpl_uint_t         changed;
    const tpl_char_t  *p, *q, *last, *done;

    tpl_charge(exec, s->len);

    tpl_buf_init(&b, exec->arena);

    p = s->data;
    last = p + s->len;
    done = p;
    changed = 0;

    while (p < last) {
        p = memchr(p, '&', last - p);

        if (p == NULL) {
            break;
        }

        /* text before the reference goes first, to be dropped if it is none */

        if (p > done) {
            tpl_buf_add(&b, done, p - done);
            done = p;
        }

        q = html ? tpl_html_reference(&b, p, last)
                 : tpl_xhtml_reference(exec, &b, p, last);

        if (q == NULL) {
            p++;
            continue;
        }

        p = q;
        done = q;
        changed = 1;
    }

    if (!changed) {
        *r = *s;
        return TPL_OK;
    }

    tpl_buf_add(&b, done, last - done);

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    r->data = b.data ? b.data : (tpl_char_t *) "";
    r->len = b.len;

    return TPL_OK;
}


tpl_int_t
tpl_html_unescape(tpl_exec_t *exec, const tpl_str_t *s, tpl_str_t *r)
{
    return tpl_unescape(exec, s, r, 1);
}


tpl_int_t
tpl_xhtml_unescape(tpl_exec_t *exec, const tpl_str_t *s, tpl_str_t *r)
{
    return tpl_unescape(exec, s, r, 0);
}


/*
 * Takes out of [p, *last) in place what stands from open to close, each
 * included and apart; what has no close stays.
 */

static void
tpl_html_cut(tpl_char_t *p, tpl_char_t **last, const char *open,
    const char *close)
{
    size_t       nopen, nclose;
    tpl_char_t  *d, *from, *to;

    nopen = strlen(open);
    nclose = strlen(close);
    d = p;

    for ( ;; ) {
        from = memmem(p, *last - p, open, nopen);
        to = NULL;

        if (from) {
            to = memmem(from + nopen, *last - from - nopen, close, nclose);
        }

        if (to == NULL) {
            from = *last;
        }

        memmove(d, p, from - p);
        d += from - p;

        if (to == NULL) {
            *last = d;
            return;
        }

        p = to + nclose;
    }
}


tpl_int_t
tpl_html_striptags(tpl_exec_t *exec, const tpl_str_t *s, tpl_str_t *r)
{
    tpl_str_t          text;
    tpl_uint_t         space, blank;
    tpl_char_t        *d, *last;
    const tpl_char_t  *p, *q;

    tpl_charge(exec, s->len);

    text.data = tpl_pnalloc(exec->arena, s->len + 1);

    if (text.data == NULL) {
        return tpl_throw_memory(exec);
    }

    memcpy(text.data, s->data, s->len);
    last = text.data + s->len;

    tpl_html_cut(text.data, &last, "<!--", "-->");
    tpl_html_cut(text.data, &last, "<", ">");

    /* " ".join(text.split()) */

    d = text.data;
    blank = 0;

    for (p = text.data; p < last; p = q) {
        q = p;

        if (*p < 0x80) {
            space = (*p == ' ' || (*p >= 0x09 && *p <= 0x0d)
                     || (*p >= 0x1c && *p <= 0x1f));
            q++;

        } else {
            space = tpl_uc_space(tpl_utf8_decode(&q, last));
        }

        if (space) {
            blank = 1;
            continue;
        }

        if (blank && d > text.data) {
            *d++ = ' ';
        }

        blank = 0;

        memmove(d, p, q - p);
        d += q - p;
    }

    text.len = d - text.data;

    return tpl_html_unescape(exec, &text, r);
}
