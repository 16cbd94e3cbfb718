
/*
 * The usual JSON document, read in one pass: text to values, without a tree in
 * between.
 *
 * The text is not changed, strings without escapes point into it.  Whatever is
 * wrong with a document, or rare, is declined, and tpl_json_parse() begins
 * anew with yyjson, which says what is wrong and where.
 *
 * Functions take the place p where to read and return the place behind what
 * they read, or NULL: then in->rc is TPL_DECLINED, or TPL_ERROR without memory.
 *
 * Invariants: 4 zero bytes are behind last, so that no look at a few bytes
 * needs a comparison with it; items[0, n) belong to containers that are open.
 */

#include "base/tpl_number.h"
#include "base/tpl_utf8.h"
#include "value/tpl_dict.h"
#include "value/tpl_json.h"

#if (TPL_SSE2)
#include <emmintrin.h>
#endif


/* items of open containers before they take memory of the arena */
#define TPL_JSON_ITEMS    96

/* digits that a uint64_t always holds, and those that a double does */
#define TPL_JSON_DIGITS   19
#define TPL_JSON_EXACT    ((uint64_t) 1 << 53)

/* what stands between two values, at most, if it is to be compared at once */
#define TPL_JSON_GAP      32

/* bytes that are looked at without comparing with the end */
#define TPL_JSON_FAR      40

#define TPL_JSON_STOP     0x01      /* no character of a plain string */
#define TPL_JSON_HIGH     0x02      /* beyond ASCII */


typedef struct {
    tpl_exec_t           *exec;
    const tpl_char_t     *last;
    const tpl_char_t     *far;          /* that many bytes before it */
    tpl_value_t          *items;
    size_t                n;
    size_t                size;
    tpl_int_t             rc;
    tpl_uint_t            escaped;      /* some key has an escape */
} tpl_json_in_t;


static const tpl_char_t *tpl_json_in_skip(const tpl_char_t *p);
static const tpl_char_t *tpl_json_in_any(tpl_json_in_t *in,
    const tpl_char_t *p, const tpl_value_t *like, tpl_value_t *out);
static const tpl_char_t *tpl_json_in_array(tpl_json_in_t *in,
    const tpl_char_t *p, tpl_value_t *out);
static const tpl_char_t *tpl_json_in_object(tpl_json_in_t *in,
    const tpl_char_t *p, const tpl_dict_t *like, tpl_value_t *out);
static const tpl_char_t *tpl_json_in_member(tpl_json_in_t *in,
    const tpl_char_t *p, tpl_dict_t *dict);
static tpl_dict_t *tpl_json_in_sized(tpl_json_in_t *in, uint32_t size);
static tpl_dict_t *tpl_json_in_dict(tpl_json_in_t *in, size_t base);
static tpl_int_t tpl_json_in_grow(tpl_json_in_t *in);
static const tpl_char_t *tpl_json_in_number(const tpl_char_t *number,
    tpl_value_t *out);
static const tpl_char_t *tpl_json_in_float(const tpl_char_t *number,
    const tpl_char_t *p, uint64_t digits, tpl_value_t *out);
static const tpl_char_t *tpl_json_in_string(tpl_json_in_t *in,
    const tpl_char_t *p, tpl_value_t *out);
static const tpl_char_t *tpl_json_in_escapes(tpl_json_in_t *in,
    const tpl_char_t *start, const tpl_char_t *p, tpl_value_t *out);
static tpl_char_t *tpl_json_in_escape(const tpl_char_t **src,
    tpl_char_t *dst);
static tpl_int_t tpl_json_in_hex(const tpl_char_t *p, uint32_t *unit);


static const tpl_char_t  tpl_json_in_class[256] = {
    [0x00 ... 0x1f] = TPL_JSON_STOP,
    ['"'] = TPL_JSON_STOP,
    ['\\'] = TPL_JSON_STOP,
    [0x80 ... 0xff] = TPL_JSON_HIGH
};

static const uint64_t  tpl_json_tens[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000
};

/* what a double holds exactly */

static const double  tpl_json_pow10[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};


#if (TPL_SSE2)

/* a bit for each of 16 bytes that is no character of a plain string */

static inline uint32_t
tpl_json_in_stops(__m128i x)
{
    __m128i  stop;

    stop = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));

    return (uint32_t) _mm_movemask_epi8(stop);
}


/* a bit for each of 16 bytes that both have */

static inline uint32_t
tpl_json_in_equal(const tpl_char_t *p, const tpl_char_t *q)
{
    return (uint32_t) _mm_movemask_epi8(
                          _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *) p),
                                         _mm_loadu_si128((const __m128i *) q)));
}

#endif


static inline const tpl_char_t *
tpl_json_in_blanks(const tpl_char_t *p)
{
    if (tpl_unlikely(*p <= ' ')) {
        return tpl_json_in_skip(p);
    }

    return p;
}


/* whether n bytes are the same: 1 to TPL_JSON_GAP, all there at p and q */

static inline tpl_uint_t
tpl_json_in_same(const tpl_char_t *p, const tpl_char_t *q, size_t n)
{
#if (TPL_SSE2)

    uint32_t  mask;

    mask = tpl_json_in_equal(p, q);

    if (n <= 16) {
        return (uint16_t) (~mask << (16 - n)) == 0;
    }

    return mask == 0xffff && tpl_json_in_equal(p + n - 16, q + n - 16)
                             == 0xffff;

#else

    return memcmp(p, q, n) == 0;

#endif
}


/*
 * Up to seven digits: how many, 0 if there is none or there are more.  A loop
 * whose end the processor guesses is faster than arithmetic that finds it, as
 * what comes next needs not wait for it.
 */

static inline size_t
tpl_json_in_digits(const tpl_char_t *p, uint64_t *n)
{
    size_t    len;
    uint32_t  u, digit;

    u = 0;

    for (len = 0; len < 8; len++) {
        digit = (uint32_t) p[len] - '0';

        if (digit > 9) {
            *n = u;
            return len;
        }

        u = u * 10 + digit;
    }

    return 0;
}


/*
 * Short ASCII strings and numbers of few digits are read here, all else by
 * tpl_json_in_any().  like: a value that may be of the same kind, or NULL.
 */

static inline const tpl_char_t *
tpl_json_in_value(tpl_json_in_t *in, const tpl_char_t *p,
    const tpl_value_t *like, tpl_value_t *out)
{
    size_t             n, m;
    uint64_t           u, v;
#if (TPL_SSE2)
    __m128i            x;
    uint32_t           mask, above;
#endif
    const tpl_char_t  *q;

    if (tpl_unlikely(p > in->far)) {
        return tpl_json_in_any(in, p, like, out);
    }

#if (TPL_SSE2)

    if (*p == '"') {
        for (n = 1; n <= 17; n += 16) {
            x = _mm_loadu_si128((const __m128i *) (p + n));

            mask = tpl_json_in_stops(x);
            above = (uint32_t) _mm_movemask_epi8(x);

            if (mask) {
                n += (size_t) __builtin_ctz(mask);

                if (above & (mask ^ (mask - 1))) {
                    break;
                }

                if (tpl_unlikely(p[n] != '"')) {
                    break;
                }

                tpl_value_string(out, p + 1, n - 1, TPL_F_ASCII);

                return p + n + 1;
            }

            if (above) {
                break;
            }
        }

        return tpl_json_in_string(in, p + 1, out);
    }

#endif

    n = tpl_json_in_digits(p, &u);

    if (n && (*p != '0' || n == 1)) {
        q = p + n;

        if (*q == '.') {
            m = tpl_json_in_digits(q + 1, &v);
            q += m + 1;

            if (m && (*q | 0x20) != 'e') {

                /* at most 14 digits, and a power of ten: both exact */

                u = u * tpl_json_tens[m] + v;

                tpl_value_float(out, (double) (int64_t) u
                                     / tpl_json_pow10[m]);
                return q;
            }

        } else if ((*q | 0x20) != 'e') {
            tpl_value_int(out, (int64_t) u);
            return q;
        }
    }

    return tpl_json_in_any(in, p, like, out);
}


static inline tpl_int_t
tpl_json_in_push(tpl_json_in_t *in, const tpl_value_t *v)
{
    if (tpl_unlikely(in->n == in->size) && tpl_json_in_grow(in) != TPL_OK) {
        return TPL_ERROR;
    }

    in->items[in->n++] = *v;

    return TPL_OK;
}


tpl_int_t
tpl_json_read(tpl_exec_t *exec, const tpl_str_t *text, tpl_value_t *out)
{
    int64_t            fuel;
    tpl_uint_t         depth;
    tpl_value_t        items[TPL_JSON_ITEMS];
    tpl_json_in_t      in;
    const tpl_char_t  *p;

    in.exec = exec;
    in.last = text->data + text->len;
    in.far = (text->len > TPL_JSON_FAR) ? in.last - TPL_JSON_FAR : NULL;
    in.items = items;
    in.n = 0;
    in.size = TPL_JSON_ITEMS;
    in.rc = TPL_DECLINED;
    in.escaped = 0;

    fuel = exec->fuel;
    depth = exec->depth;

    p = tpl_json_in_blanks(text->data);
    p = tpl_json_in_any(&in, p, NULL, out);

    if (p && tpl_json_in_blanks(p) == in.last) {
        in.rc = TPL_OK;
    }

    if (in.items != items) {
        tpl_pfree(exec->arena, in.items);
    }

    exec->depth = depth;

    if (in.rc == TPL_DECLINED) {
        exec->fuel = fuel;
    }

    return in.rc;
}


static const tpl_char_t *
tpl_json_in_skip(const tpl_char_t *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
        p++;
    }

    return p;
}


static const tpl_char_t *
tpl_json_in_any(tpl_json_in_t *in, const tpl_char_t *p,
    const tpl_value_t *like, tpl_value_t *out)
{
    if ((tpl_char_t) (*p - '0') <= 9) {
        return tpl_json_in_number(p, out);
    }

    switch (*p) {

    case '"':
        return tpl_json_in_string(in, p + 1, out);

    case '-':
        return tpl_json_in_number(p, out);

    case '{':
    case '[':
        if (tpl_unlikely(in->exec->depth >= TPL_MAX_DEPTH)) {
            return NULL;
        }

        in->exec->depth++;

        p = (*p == '{') ? tpl_json_in_object(in, p + 1,
                                             (like && like->type == TPL_DICT)
                                             ? like->u.dict : NULL, out)
                        : tpl_json_in_array(in, p + 1, out);

        in->exec->depth--;

        return p;

    case 't':
        tpl_value_bool(out, 1);
        return (memcmp(p, "true", 4) == 0) ? p + 4 : NULL;

    case 'f':
        tpl_value_bool(out, 0);
        return (memcmp(p, "false", 5) == 0) ? p + 5 : NULL;

    case 'n':
        tpl_value_none(out);
        return (memcmp(p, "null", 4) == 0) ? p + 4 : NULL;

    default:
        return NULL;
    }
}


static const tpl_char_t *
tpl_json_in_array(tpl_json_in_t *in, const tpl_char_t *p, tpl_value_t *out)
{
    size_t             n, base;
    tpl_list_t        *list;
    tpl_value_t        like, value;

    base = in->n;
    tpl_value_missing(&like);

    p = tpl_json_in_blanks(p);

    if (*p == ']') {
        goto done;
    }

    for ( ;; ) {
        p = tpl_json_in_value(in, p, &like, &value);

        if (tpl_unlikely(p == NULL)
            || tpl_unlikely(tpl_json_in_push(in, &value) != TPL_OK))
        {
            return NULL;
        }

        if (value.type == TPL_DICT && !TPL_NO_JSON_LIKE) {
            like = value;
        }

        p = tpl_json_in_blanks(p);

        if (*p != ',') {
            break;
        }

        p = tpl_json_in_blanks(p + 1);
    }

    if (*p != ']') {
        return NULL;
    }

done:

    n = in->n - base;
    in->exec->fuel -= (int64_t) n;

    list = tpl_list_create(in->exec, n);
    if (list == NULL) {
        in->rc = TPL_ERROR;
        return NULL;
    }

    if (n) {
        memcpy(list->items, &in->items[base], n * sizeof(tpl_value_t));
    }

    list->n = (uint32_t) n;
    in->n = base;

    tpl_value_list(out, list);

    return p + 1;
}


/*
 * The objects of an array mostly have the same keys in the same order: as long
 * as this one does, no key can be there already, and none is looked for or
 * even scanned.  Of other objects the members are gathered first, so that the
 * dict is made for as many.
 *
 * What stands between two values, `,"key":` with blanks anywhere, is mostly the
 * same too.  A dict without index has no use for the hash of an entry: here it
 * is how far before the key the text between the values begins, and how long
 * it is, << 8; 0 if that is unknown.  The key itself points into that text.
 *
 * A key with an escape cannot be compared with the text: in->escaped.
 */

static const tpl_char_t *
tpl_json_in_object(tpl_json_in_t *in, const tpl_char_t *p,
    const tpl_dict_t *like, tpl_value_t *out)
{
    size_t                   len, base;
    uint32_t                 i, known;
    tpl_dict_t              *dict;
    tpl_dict_entry_t        *entry;
    const tpl_char_t        *gap, *start;
    const tpl_dict_entry_t  *e;

    base = in->n;
    dict = NULL;
    entry = NULL;
    e = NULL;
    known = 0;

    if (*tpl_json_in_blanks(p) == '}') {
        p = tpl_json_in_blanks(p);
        goto done;
    }

    if (like && like->index == NULL && !in->escaped) {
        known = like->nentries;
        dict = tpl_json_in_sized(in, known);

        if (dict == NULL) {
            return NULL;
        }

        e = like->entries;
        entry = dict->entries;
    }

    for (i = 0; /* void */ ; i++) {
        gap = p;

        if (i < known) {
            len = e[i].hash >> 8;

            if (tpl_likely(len && p <= in->far)
                && tpl_json_in_same(p, e[i].key.u.s - (e[i].hash & 0xff), len))
            {
                p += len;
                entry[i].key = e[i].key;
                entry[i].hash = e[i].hash;

                goto value;
            }
        }

        p = tpl_json_in_blanks(p);

        if (i) {
            if (*p != ',') {
                break;
            }

            p = tpl_json_in_blanks(p + 1);
        }

        if (*p != '"') {
            return NULL;
        }

        p++;

        if (i < known) {
            len = e[i].key.len;

            if ((size_t) (in->last - p) <= len || p[len] != '"'
                || !tpl_same_short(p, e[i].key.u.s, len))
            {
                dict->n = dict->nentries = i;
                known = 0;
            }
        }

        if (i >= known) {

            if (i == known && dict) {
                dict->n = dict->nentries = known;
            }

            p = tpl_json_in_member(in, p, dict);

            if (tpl_unlikely(p == NULL)) {
                return NULL;
            }

            continue;
        }

        start = p;
        p = tpl_json_in_blanks(p + len + 1);

        if (*p != ':') {
            return NULL;
        }

        p = tpl_json_in_blanks(p + 1);

        entry[i].key = e[i].key;
        entry[i].key.u.s = start;
        entry[i].hash = 0;

        if (p - gap <= TPL_JSON_GAP) {
            entry[i].hash = (uint32_t) ((p - gap) << 8 | (start - gap));
        }

    value:

        p = tpl_json_in_value(in, tpl_json_in_blanks(p), &e[i].value,
                              &entry[i].value);

        if (tpl_unlikely(p == NULL)) {
            return NULL;
        }
    }

    if (*p != '}') {
        return NULL;
    }

    if (i <= known) {
        dict->n = dict->nentries = i;
    }

done:

    if (dict == NULL) {
        dict = tpl_json_in_dict(in, base);

        if (dict == NULL) {
            return NULL;
        }
    }

    in->exec->fuel -= dict->n;
    tpl_value_dict(out, dict);

    return p + 1;
}


/* p is behind the quotation mark; dict: NULL if members are gathered */

static const tpl_char_t *
tpl_json_in_member(tpl_json_in_t *in, const tpl_char_t *p, tpl_dict_t *dict)
{
    tpl_int_t          rc;
    tpl_value_t        key, value;
    const tpl_char_t  *start;

    start = p;

    p = tpl_json_in_string(in, p, &key);

    if (p == NULL) {
        return NULL;
    }

    if (key.u.s != start) {
        in->escaped = 1;
    }

    p = tpl_json_in_blanks(p);

    if (*p != ':') {
        return NULL;
    }

    p = tpl_json_in_blanks(p + 1);
    p = tpl_json_in_any(in, p, NULL, &value);

    if (p == NULL) {
        return NULL;
    }

    if (dict) {
        rc = tpl_dict_set(in->exec, dict, &key, &value);

    } else {
        rc = tpl_json_in_push(in, &key);

        if (rc == TPL_OK) {
            rc = tpl_json_in_push(in, &value);
        }
    }

    if (rc != TPL_OK) {
        in->rc = TPL_ERROR;
        return NULL;
    }

    return p;
}


/* in one piece with room for its entries */

static tpl_dict_t *
tpl_json_in_sized(tpl_json_in_t *in, uint32_t size)
{
    tpl_dict_t  *dict;

    dict = tpl_palloc(in->exec->arena, sizeof(tpl_dict_t)
                                       + size * sizeof(tpl_dict_entry_t));
    if (dict == NULL) {
        in->rc = tpl_throw_memory(in->exec);
        return NULL;
    }

    dict->entries = (tpl_dict_entry_t *) (dict + 1);
    dict->index = NULL;
    dict->nentries = 0;
    dict->size = size;
    dict->n = 0;
    dict->mask = 0;

    return dict;
}


/* of the keys and values that were gathered from base on */

static tpl_dict_t *
tpl_json_in_dict(tpl_json_in_t *in, size_t base)
{
    size_t       i;
    tpl_dict_t  *dict;

    in->rc = TPL_ERROR;

    dict = tpl_dict_create(in->exec, (in->n - base) / 2);
    if (dict == NULL) {
        return NULL;
    }

    for (i = base; i < in->n; i += 2) {
        if (tpl_dict_set(in->exec, dict, &in->items[i], &in->items[i + 1])
            != TPL_OK)
        {
            return NULL;
        }
    }

    in->rc = TPL_DECLINED;
    in->n = base;

    return dict;
}


static tpl_int_t
tpl_json_in_grow(tpl_json_in_t *in)
{
    size_t        size;
    tpl_value_t  *items;

    size = in->size * sizeof(tpl_value_t);

    items = tpl_palloc(in->exec->arena, 2 * size);
    if (items == NULL) {
        in->rc = tpl_throw_memory(in->exec);
        return TPL_ERROR;
    }

    memcpy(items, in->items, size);

    /* the first are the caller's */

    if (in->size != TPL_JSON_ITEMS) {
        tpl_pfree(in->exec->arena, in->items);
    }

    in->items = items;
    in->size *= 2;

    return TPL_OK;
}


static const tpl_char_t *
tpl_json_in_number(const tpl_char_t *number, tpl_value_t *out)
{
    uint64_t           u;
    tpl_uint_t         negative;
    tpl_char_t         digit;
    const tpl_char_t  *p, *start;

    negative = (*number == '-');
    p = number + negative;

    start = p;
    u = 0;

    for ( ;; ) {
        digit = (tpl_char_t) (*p - '0');

        if (digit > 9) {
            break;
        }

        u = u * 10 + digit;
        p++;
    }

    if (p == start || (*start == '0' && p - start > 1)) {
        return NULL;
    }

    if (*p == '.' || *p == 'e' || *p == 'E') {
        return tpl_json_in_float(number, p, u, out);
    }

    /* one that does not fit is an error for another to report */

    if (p - start > TPL_JSON_DIGITS
        || u > (uint64_t) INT64_MAX + negative)
    {
        return NULL;
    }

    tpl_value_int(out, (int64_t) (negative ? 0 - u : u));

    return p;
}


/*
 * p is behind the integer's digits.  Digits and a power of ten that are exact
 * in a double make a product or quotient that is rounded once.
 */

static const tpl_char_t *
tpl_json_in_float(const tpl_char_t *number, const tpl_char_t *p,
    uint64_t digits, tpl_value_t *out)
{
    double             d;
    int32_t            exponent, e;
    tpl_str_t          s;
    tpl_uint_t         negative;
    tpl_char_t         digit;
    const tpl_char_t  *start;

    exponent = 0;

    if (*p == '.') {
        start = ++p;

        for ( ;; ) {
            digit = (tpl_char_t) (*p - '0');

            if (digit > 9) {
                break;
            }

            digits = digits * 10 + digit;
            p++;
        }

        if (p == start) {
            return NULL;
        }

        exponent = -(int32_t) tpl_min(p - start, 1000);
    }

    if (*p == 'e' || *p == 'E') {
        p++;

        negative = (*p == '-');
        p += (*p == '-' || *p == '+');

        start = p;
        e = 0;

        for ( ;; ) {
            digit = (tpl_char_t) (*p - '0');

            if (digit > 9) {
                break;
            }

            e = tpl_min(e * 10 + digit, 10000);
            p++;
        }

        if (p == start) {
            return NULL;
        }

        exponent += negative ? -e : e;
    }

    s.data = (tpl_char_t *) number;
    s.len = (size_t) (p - number);

    /* fewer digits than characters, so none was lost */

    if (s.len <= TPL_JSON_DIGITS && digits <= TPL_JSON_EXACT
        && exponent >= -22 && exponent <= 22)
    {
        d = (double) digits;
        d = (exponent < 0) ? d / tpl_json_pow10[-exponent]
                           : d * tpl_json_pow10[exponent];

        tpl_value_float(out, (*number == '-') ? -d : d);

        return p;
    }

    if (tpl_parse_float(&s, &d) != TPL_OK) {
        return NULL;
    }

    tpl_value_float(out, d);

    return p;
}


/* p is behind the quotation mark */

static const tpl_char_t *
tpl_json_in_string(tpl_json_in_t *in, const tpl_char_t *p, tpl_value_t *out)
{
    size_t             len;
    tpl_uint_t         high;
    const tpl_char_t  *start;
#if (TPL_SSE2)
    __m128i            x;
    uint32_t           mask, above;
#endif

    start = p;
    high = 0;

#if (TPL_SSE2)

    while (in->last - p >= 16) {
        x = _mm_loadu_si128((const __m128i *) p);

        mask = tpl_json_in_stops(x);
        above = (uint32_t) _mm_movemask_epi8(x);

        if (mask) {
            high |= above & (mask - 1) & ~mask;
            p += __builtin_ctz(mask);
            break;
        }

        high |= above;
        p += 16;
    }

#endif

    for ( /* void */ ; tpl_json_in_class[*p] != TPL_JSON_STOP; p++) {
        high |= tpl_json_in_class[*p];
    }

    if (tpl_unlikely(*p != '"')) {
        return (*p == '\\') ? tpl_json_in_escapes(in, start, p, out) : NULL;
    }

    len = (size_t) (p - start);

    if (tpl_unlikely(high) && tpl_utf8_check(start, len) != len) {
        return NULL;
    }

    tpl_value_string(out, start, len, high ? 0 : TPL_F_ASCII);

    return p + 1;
}


/* a string that has its first escape at p; what comes of it is shorter */

static const tpl_char_t *
tpl_json_in_escapes(tpl_json_in_t *in, const tpl_char_t *start,
    const tpl_char_t *p, tpl_value_t *out)
{
    size_t             len;
    tpl_char_t        *dst, *text;
    const tpl_char_t  *src;

    while (*p != '"') {

        if (*p < 0x20) {
            return NULL;
        }

        p += (*p == '\\' && p[1] >= 0x20) ? 2 : 1;
    }

    len = (size_t) (p - start);

    if (tpl_utf8_check(start, len) != len) {
        return NULL;
    }

    text = tpl_pnalloc(in->exec->arena, len);
    if (text == NULL) {
        in->rc = tpl_throw_memory(in->exec);
        return NULL;
    }

    for (src = start, dst = text; src < p; /* void */ ) {

        if (*src != '\\') {
            *dst++ = *src++;
            continue;
        }

        dst = tpl_json_in_escape(&src, dst);

        if (dst == NULL) {
            return NULL;
        }
    }

    len = (size_t) (dst - text);

    tpl_value_string(out, text, len,
                     tpl_utf8_ascii(text, len) ? TPL_F_ASCII : 0);

    return p + 1;
}


/* NULL for one that JSON has not */

static tpl_char_t *
tpl_json_in_escape(const tpl_char_t **src, tpl_char_t *dst)
{
    uint32_t           code, low;
    const tpl_char_t  *p;

    p = *src + 1;

    switch (*p++) {

    case '"':
        code = '"';
        break;

    case '\\':
        code = '\\';
        break;

    case '/':
        code = '/';
        break;

    case 'b':
        code = '\b';
        break;

    case 'f':
        code = '\f';
        break;

    case 'n':
        code = '\n';
        break;

    case 'r':
        code = '\r';
        break;

    case 't':
        code = '\t';
        break;

    case 'u':
        if (tpl_json_in_hex(p, &code) != TPL_OK) {
            return NULL;
        }

        p += 4;

        if (code < 0xd800 || code > 0xdfff) {
            break;
        }

        /* half of a pair is no character */

        if (code > 0xdbff || p[0] != '\\' || p[1] != 'u'
            || tpl_json_in_hex(p + 2, &low) != TPL_OK
            || low < 0xdc00 || low > 0xdfff)
        {
            return NULL;
        }

        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
        break;

    default:
        return NULL;
    }

    *src = p;

    return tpl_utf8_encode(dst, code);
}


/* four digits; the string's end, which is none, stops the reading */

static tpl_int_t
tpl_json_in_hex(const tpl_char_t *p, uint32_t *unit)
{
    tpl_uint_t  i;
    tpl_char_t  c;

    *unit = 0;

    for (i = 0; i < 4; i++) {
        c = p[i];

        if (c >= '0' && c <= '9') {
            c = (tpl_char_t) (c - '0');

        } else {
            c = (tpl_char_t) ((c | 0x20) - 'a' + 10);

            if (c < 10 || c > 15) {
                return TPL_DECLINED;
            }
        }

        *unit = *unit << 4 | c;
    }

    return TPL_OK;
}
