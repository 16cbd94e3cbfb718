
/*
 * Classes of code points and case of strings, as CPython's str methods have
 * them.  libunistring 1.0 and CPython 3.11 both follow Unicode 14; a later
 * libunistring knows characters that CPython 3.11 takes for unassigned.
 *
 * Compared over all code points, one thing is not in libunistring's tables and
 * is here: which ideographs are numbers (Unihan), for str.isnumeric().
 *
 * libunistring's functions on whole strings allocate by themselves, so they
 * are only asked about one code point at a time, with a place for the result
 * that always suffices; the one rule with context, the final sigma, is here.
 */

#include <unicase.h>
#include <unictype.h>

#include "base/tpl_utf8.h"


/* a code point becomes at most three; some more room costs nothing */
#define TPL_CASE_MAX  8

#define TPL_SIGMA        0x3a3
#define TPL_SIGMA_SMALL  0x3c3
#define TPL_SIGMA_FINAL  0x3c2

#define tpl_is_upper(c)  ((c) >= 'A' && (c) <= 'Z')
#define tpl_is_lower(c)  ((c) >= 'a' && (c) <= 'z')
#define tpl_is_digit(c)  ((c) >= '0' && (c) <= '9')


typedef enum {
    TPL_CASE_UPPER = 0,
    TPL_CASE_LOWER,
    TPL_CASE_TITLE,             /* of one code point */
    TPL_CASE_FOLD
} tpl_case_t;

typedef struct {
    const tpl_str_t     *s;
    tpl_buf_t            b;
} tpl_casing_t;


static void tpl_case_put(tpl_casing_t *cs, const tpl_char_t *p,
    const tpl_char_t *next, uint32_t c, tpl_case_t mode);
static tpl_uint_t tpl_case_special(uint32_t c);
static tpl_uint_t tpl_final_sigma(const tpl_str_t *s, const tpl_char_t *p);
static uint32_t tpl_utf8_before(const tpl_char_t **p, const tpl_char_t *start);
static tpl_int_t tpl_case_all(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r, tpl_case_t mode);
static size_t tpl_case_ascii(tpl_char_t *dst, const tpl_char_t *p, size_t len,
    tpl_case_t mode);
static tpl_int_t tpl_case_done(tpl_casing_t *cs, tpl_str_t *r);


/* ideographs that Unihan gives a numeric value, in order */

static const uint32_t  tpl_numerals[] = {
    0x3405, 0x3483, 0x382a, 0x3b4d, 0x4e00, 0x4e03, 0x4e07, 0x4e09, 0x4e5d,
    0x4e8c, 0x4e94, 0x4e96, 0x4ebf, 0x4ec0, 0x4edf, 0x4ee8, 0x4f0d, 0x4f70,
    0x5104, 0x5146, 0x5169, 0x516b, 0x516d, 0x5341, 0x5343, 0x5344, 0x5345,
    0x534c, 0x53c1, 0x53c2, 0x53c3, 0x53c4, 0x56db, 0x58f1, 0x58f9, 0x5e7a,
    0x5efe, 0x5eff, 0x5f0c, 0x5f0d, 0x5f0e, 0x5f10, 0x62fe, 0x634c, 0x67d2,
    0x6f06, 0x7396, 0x767e, 0x8086, 0x842c, 0x8cae, 0x8cb3, 0x8d30, 0x9621,
    0x9646, 0x964c, 0x9678, 0x96f6, 0x20001, 0x20064, 0x200e2, 0x20121,
    0x2092a, 0x20983, 0x2098c, 0x2099c, 0x20aea, 0x20afd, 0x20b19, 0x22390,
    0x22998, 0x23b1b, 0x2626d
};


tpl_uint_t
tpl_uc_space(uint32_t c)
{
    if (c < 0x80) {
        return c == ' ' || (c >= 0x09 && c <= 0x0d)
               || (c >= 0x1c && c <= 0x1f);
    }

    /* general category Zs, or bidirectional WS, B or S */

    switch (c) {
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
        return 1;

    default:
        return c >= 0x2000 && c <= 0x200a;
    }
}


tpl_uint_t
tpl_uc_alpha(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_lower(c | 0x20);
    }

    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L);
}


tpl_int_t
tpl_uc_decimal_value(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_digit(c) ? (tpl_int_t) c - '0' : -1;
    }

    return uc_decimal_value(c);
}


tpl_uint_t
tpl_uc_decimal(uint32_t c)
{
    return tpl_uc_decimal_value(c) >= 0;
}


tpl_uint_t
tpl_uc_digit(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_digit(c);
    }

    return uc_digit_value(c) >= 0;
}


tpl_uint_t
tpl_uc_numeric(uint32_t c)
{
    tpl_uint_t  low, high, middle;

    if (c < 0x80) {
        return tpl_is_digit(c);
    }

    if (uc_numeric_value(c).denominator != 0) {
        return 1;
    }

    low = 0;
    high = tpl_nelts(tpl_numerals);

    while (low < high) {
        middle = (low + high) / 2;

        if (tpl_numerals[middle] == c) {
            return 1;
        }

        if (tpl_numerals[middle] < c) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return 0;
}


tpl_uint_t
tpl_uc_printable(uint32_t c)
{
    if (c < 0x80) {
        return c >= 0x20 && c < 0x7f;
    }

    return !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_C
                                                | UC_CATEGORY_MASK_Z);
}


tpl_uint_t
tpl_uc_upper(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_upper(c);
    }

    return uc_is_property_uppercase(c);
}


tpl_uint_t
tpl_uc_lower(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_lower(c);
    }

    return uc_is_property_lowercase(c);
}


tpl_uint_t
tpl_uc_title(uint32_t c)
{
    if (c < 0x80) {
        return 0;
    }

    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Lt);
}


tpl_uint_t
tpl_uc_id_start(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_lower(c | 0x20) || c == '_';
    }

    return uc_is_property_xid_start(c);
}


tpl_uint_t
tpl_uc_id_continue(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_lower(c | 0x20) || tpl_is_digit(c) || c == '_';
    }

    return uc_is_property_xid_continue(c);
}


tpl_uint_t
tpl_uc_word(uint32_t c)
{
    if (c < 0x80) {
        return tpl_is_lower(c | 0x20) || tpl_is_digit(c) || c == '_';
    }

    return tpl_uc_alpha(c) || tpl_uc_numeric(c);
}


tpl_int_t
tpl_str_upper(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r)
{
    return tpl_case_all(arena, s, r, TPL_CASE_UPPER);
}


tpl_int_t
tpl_str_lower(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r)
{
    return tpl_case_all(arena, s, r, TPL_CASE_LOWER);
}


tpl_int_t
tpl_str_casefold(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r)
{
    return tpl_case_all(arena, s, r, TPL_CASE_FOLD);
}


tpl_int_t
tpl_str_title(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r)
{
    uint32_t           c;
    tpl_uint_t         in_word;
    tpl_casing_t       cs;
    const tpl_char_t  *p, *next, *last;

    cs.s = s;
    tpl_buf_init(&cs.b, arena);
    (void) tpl_buf_reserve(&cs.b, s->len);

    last = s->data + s->len;
    in_word = 0;

    for (p = s->data; p < last; p = next) {
        next = p;
        c = tpl_utf8_decode(&next, last);

        tpl_case_put(&cs, p, next, c,
                     in_word ? TPL_CASE_LOWER : TPL_CASE_TITLE);

        in_word = (c < 0x80) ? tpl_is_lower(c | 0x20)
                             : (tpl_uint_t) uc_is_property_cased(c);
    }

    return tpl_case_done(&cs, r);
}


tpl_int_t
tpl_str_capitalize(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r)
{
    uint32_t           c;
    tpl_case_t         mode;
    tpl_casing_t       cs;
    const tpl_char_t  *p, *next, *last;

    cs.s = s;
    tpl_buf_init(&cs.b, arena);
    (void) tpl_buf_reserve(&cs.b, s->len);

    last = s->data + s->len;
    mode = TPL_CASE_TITLE;

    for (p = s->data; p < last; p = next) {
        next = p;
        c = tpl_utf8_decode(&next, last);

        tpl_case_put(&cs, p, next, c, mode);
        mode = TPL_CASE_LOWER;
    }

    return tpl_case_done(&cs, r);
}


tpl_int_t
tpl_str_swapcase(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r)
{
    uint32_t           c;
    tpl_casing_t       cs;
    const tpl_char_t  *p, *next, *last;

    cs.s = s;
    tpl_buf_init(&cs.b, arena);
    (void) tpl_buf_reserve(&cs.b, s->len);

    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = p;
        c = tpl_utf8_decode(&next, last);

        if (tpl_uc_upper(c)) {
            tpl_case_put(&cs, p, next, c, TPL_CASE_LOWER);

        } else if (tpl_uc_lower(c)) {
            tpl_case_put(&cs, p, next, c, TPL_CASE_UPPER);

        } else {
            (void) tpl_buf_add(&cs.b, p, (size_t) (next - p));
        }
    }

    return tpl_case_done(&cs, r);
}


/*
 * The whole of s in one case.  Most text is ASCII; if nothing of it changes
 * there is nothing to allocate.
 */

static tpl_int_t
tpl_case_all(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r,
    tpl_case_t mode)
{
    size_t             n;
    uint32_t           c;
    tpl_char_t        *q;
    tpl_casing_t       cs;
    const tpl_char_t  *p, *next, *last;

    q = tpl_pnalloc(arena, s->len);
    if (tpl_unlikely(q == NULL)) {
        return TPL_ERROR;
    }

    n = tpl_case_ascii(q, s->data, s->len, mode);

    cs.s = s;
    cs.b.arena = arena;
    cs.b.data = q;
    cs.b.len = n;
    cs.b.size = s->len;
    cs.b.failed = 0;

    last = s->data + s->len;

    for (p = s->data + n; p < last; p = next) {

        if (*p < 0x80) {
            q = tpl_buf_reserve(&cs.b, (size_t) (last - p));
            if (tpl_unlikely(q == NULL)) {
                return TPL_ERROR;
            }

            n = tpl_case_ascii(q, p, (size_t) (last - p), mode);
            cs.b.len += n;
            next = p + n;
            continue;
        }

        next = p;
        c = tpl_utf8_decode(&next, last);

        tpl_case_put(&cs, p, next, c, mode);
    }

    return tpl_case_done(&cs, r);
}


/* the ASCII that p begins with in another case, 8 bytes at a time */

static size_t
tpl_case_ascii(tpl_char_t *dst, const tpl_char_t *p, size_t len,
    tpl_case_t mode)
{
    size_t      i;
    uint64_t    w, letters;
    tpl_uint_t  from;

    static const uint64_t  ones = 0x0101010101010101ULL;

    from = (mode == TPL_CASE_UPPER) ? 'a' : 'A';

    for (i = 0; len - i >= 8; i += 8) {
        memcpy(&w, p + i, 8);

        if (w & (ones << 7)) {
            break;
        }

        /* the top bit of each byte that is at least from, and not over it
         * by 26 or more; nothing is carried, as bytes are below 128 */

        letters = (w + ones * (0x80 - from))
                  & ~(w + ones * (0x80 - from - 26)) & (ones << 7);

        w ^= letters >> 2;
        memcpy(dst + i, &w, 8);
    }

    for ( /* void */ ; i < len && p[i] < 0x80; i++) {
        dst[i] = p[i] ^ (tpl_char_t) ((p[i] - from < 26) << 5);
    }

    return i;
}


/* a casing that changed nothing gives its memory no use: s itself is it */

static tpl_int_t
tpl_case_done(tpl_casing_t *cs, tpl_str_t *r)
{
    const tpl_str_t  *s;

    if (tpl_unlikely(cs->b.failed)) {
        return TPL_ERROR;
    }

    s = cs->s;

    if (cs->b.len == s->len
        && (s->len == 0 || memcmp(cs->b.data, s->data, s->len) == 0))
    {
        *r = *s;

    } else {
        r->len = cs->b.len;
        r->data = cs->b.data;
    }

    return TPL_OK;
}


/* appends c, the code point from p to next of the string, in a case */

static void
tpl_case_put(tpl_casing_t *cs, const tpl_char_t *p, const tpl_char_t *next,
    uint32_t c, tpl_case_t mode)
{
    size_t     i, n;
    uint32_t   code, result[TPL_CASE_MAX];
    uint32_t  *mapped;

    if (c < 0x80) {

        if (mode == TPL_CASE_UPPER || mode == TPL_CASE_TITLE) {
            c -= tpl_is_lower(c) ? 0x20 : 0;

        } else {
            c += tpl_is_upper(c) ? 0x20 : 0;
        }

        (void) tpl_buf_char(&cs->b, c);
        return;
    }

    /* general punctuation; from the radicals of Han to the syllables of Vai */

    if ((c >= 0x2010 && c < 0x2070) || (c >= 0x2e80 && c < 0xa640)) {
        (void) tpl_buf_add(&cs->b, p, (size_t) (next - p));
        return;
    }

    if (mode == TPL_CASE_LOWER && c == TPL_SIGMA) {
        (void) tpl_buf_utf8(&cs->b, tpl_final_sigma(cs->s, p)
                                    ? TPL_SIGMA_FINAL : TPL_SIGMA_SMALL);
        return;
    }

    if (mode != TPL_CASE_FOLD && !tpl_case_special(c)) {

        switch (mode) {

        case TPL_CASE_UPPER:
            code = uc_toupper(c);
            break;

        case TPL_CASE_LOWER:
            code = uc_tolower(c);
            break;

        default:
            code = uc_totitle(c);
            break;
        }

        if (code == c) {
            (void) tpl_buf_add(&cs->b, p, (size_t) (next - p));

        } else {
            (void) tpl_buf_utf8(&cs->b, code);
        }

        return;
    }

    n = TPL_CASE_MAX;

    switch (mode) {

    case TPL_CASE_UPPER:
        mapped = u32_toupper(&c, 1, NULL, NULL, result, &n);
        break;

    case TPL_CASE_LOWER:
        mapped = u32_tolower(&c, 1, NULL, NULL, result, &n);
        break;

    case TPL_CASE_TITLE:
        mapped = u32_totitle(&c, 1, NULL, NULL, result, &n);
        break;

    default:
        mapped = u32_casefold(&c, 1, NULL, NULL, result, &n);
        break;
    }

    if (mapped != result) {

        /* only for want of memory, which it does not need */

        tpl_buf_fail(&cs->b);
        return;
    }

    for (i = 0; i < n; i++) {
        (void) tpl_buf_utf8(&cs->b, result[i]);
    }
}


/* true for all code points that become several; they stand in few places */

static tpl_uint_t
tpl_case_special(uint32_t c)
{
    if (c < 0x1e96) {
        return c == 0xdf || c == 0x130 || c == 0x149 || c == 0x1f0
               || c == 0x390 || c == 0x3b0 || c == 0x587;
    }

    return c <= 0x1fff || (c >= 0xfb00 && c <= 0xfb17);
}


/*
 * A capital sigma ends a word if a cased letter stands before it and none
 * after it, case-ignorable ones (marks, apostrophes) aside (Unicode: D.
 * Final_Sigma; CPython: handle_capital_sigma).
 */

static tpl_uint_t
tpl_final_sigma(const tpl_str_t *s, const tpl_char_t *p)
{
    uint32_t           c;
    const tpl_char_t  *q, *last;

    last = s->data + s->len;

    for (q = p; ; ) {
        if (q == s->data) {
            return 0;
        }

        c = tpl_utf8_before(&q, s->data);

        if (!uc_is_property_case_ignorable(c)) {
            break;
        }
    }

    if (!uc_is_property_cased(c)) {
        return 0;
    }

    q = p;
    (void) tpl_utf8_decode(&q, last);

    while (q < last) {
        c = tpl_utf8_decode(&q, last);

        if (!uc_is_property_case_ignorable(c)) {
            return !uc_is_property_cased(c);
        }
    }

    return 1;
}


/* the code point that ends at *p, which moves to its start */

static uint32_t
tpl_utf8_before(const tpl_char_t **p, const tpl_char_t *start)
{
    const tpl_char_t  *q, *last;

    last = *p;

    for (q = last - 1; q > start && last - q < 4; q--) {
        if ((*q & 0xc0) != 0x80) {
            break;
        }
    }

    *p = q;

    return tpl_utf8_decode(&q, last);
}
