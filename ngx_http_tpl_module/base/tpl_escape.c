
/*
 * HTML escaping.  Most text needs none, so the search for the five characters
 * looks at 16 bytes at a time where the processor can, and what lies between
 * two of them is copied in one piece.
 */

#include "base/tpl_escape.h"

#if (TPL_SSE2)
#include <emmintrin.h>
#endif


/*
 * What a character becomes, in eight bytes that can be put down at once: a row
 * for each kind, by the low five bits, in which the five characters differ.
 */

typedef struct {
    char                 data[8];
    uint64_t             len;
} tpl_escaped_t;

static const tpl_escaped_t  tpl_escapes[2][32] = {
    {
        ['&' & 31] = { "&amp;", 5 },
        ['<' & 31] = { "&lt;", 4 },
        ['>' & 31] = { "&gt;", 4 },
        ['"' & 31] = { "&#34;", 5 },
        ['\'' & 31] = { "&#39;", 5 }
    },
    {
        ['&' & 31] = { "&amp;", 5 },
        ['<' & 31] = { "&lt;", 4 },
        ['>' & 31] = { "&gt;", 4 },
        ['"' & 31] = { "&quot;", 6 },
        ['\'' & 31] = { "&#39;", 5 }
    }
};

static const tpl_char_t  tpl_escape_class[256] = {
    ['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\''] = 1
};


#if (TPL_SSE2)

/* a bit for each of 16 bytes that needs escaping */

static inline tpl_uint_t
tpl_escape_mask(__m128i x)
{
    __m128i  m;

    /* & and ' differ in bit 0 alone, < and > in bit 1 */

    m = _mm_cmpeq_epi8(_mm_or_si128(x, _mm_set1_epi8(1)),
                       _mm_set1_epi8('\''));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(_mm_or_si128(x, _mm_set1_epi8(2)),
                                       _mm_set1_epi8('>')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));

    return (tpl_uint_t) _mm_movemask_epi8(m);
}


/* the mask of the first n and the last n of len bytes */

static inline size_t
tpl_escape_first(tpl_uint_t mask, size_t n, size_t len)
{
    size_t  i;

    if (tpl_likely(mask == 0)) {
        return len;
    }

    i = (size_t) __builtin_ctzl(mask);

    return (i < n) ? i : i + len - 2 * n;
}

#endif


size_t
tpl_escape_scan(const tpl_char_t *p, size_t len)
{
    size_t      i;
#if (TPL_SSE2)
    tpl_uint_t  mask;
#endif

    i = 0;

#if (TPL_SSE2)

    for ( /* void */ ; len - i >= 16; i += 16) {
        mask = tpl_escape_mask(_mm_loadu_si128((const __m128i *) (p + i)));

        if (mask) {
            return i + (size_t) __builtin_ctzl(mask);
        }
    }

    if (i && i < len) {

        /* the tail as part of the last 16 bytes: what is before it is clean */

        mask = tpl_escape_mask(_mm_loadu_si128((const __m128i *)
                                               (p + len - 16)));

        return mask ? len - 16 + (size_t) __builtin_ctzl(mask) : len;
    }

#endif

    for ( /* void */ ; i < len; i++) {
        if (tpl_escape_class[p[i]]) {
            return i;
        }
    }

    return len;
}


size_t
tpl_escape_size(const tpl_char_t *p, size_t len, tpl_uint_t kind)
{
    size_t  i, size;

    size = len;

    for (i = 0; ; i++) {
        i += tpl_escape_scan(p + i, len - i);

        /* text that needs escaping often needs it again within a few bytes */

        for ( /* void */ ; i < len && tpl_escape_class[p[i]]; i++) {
            size += tpl_escapes[kind][p[i] & 31].len - 1;
        }

        if (i >= len) {
            return size;
        }
    }
}


tpl_char_t *
tpl_escape(tpl_char_t *dst, const tpl_char_t *p, size_t len, tpl_uint_t kind)
{
    size_t                n;
    const tpl_escaped_t  *e;

    for ( ;; ) {
        n = tpl_escape_scan(p, len);

        if (n) {
            tpl_copy_short(dst, p, n);
            dst += n;
            p += n;
            len -= n;
        }

        if (len == 0) {
            return dst;
        }

        e = &tpl_escapes[kind][*p & 31];

        tpl_copy_short(dst, (const tpl_char_t *) e->data, e->len);
        dst += e->len;
        p++;
        len--;
    }
}


/*
 * Copies len bytes, and perhaps what stands behind them at dst, and returns the
 * first of them that needs escaping, or len.
 */

static inline size_t
tpl_escape_copy(tpl_char_t *dst, const tpl_char_t *p, size_t len)
{
#if (TPL_SSE2)

    size_t      i;
    int32_t     a4, b4;
    int64_t     a, b;
    __m128i     x;
    tpl_uint_t  mask;

    /*
     * There may be no 16 bytes to read at p.  Both ends of a short text, which
     * overlap, are looked at side by side: read back from dst they would have
     * to be written first.
     */

    if (len < 16) {

        if (len >= 8) {
            memcpy(&a, p, 8);
            memcpy(&b, p + len - 8, 8);
            memcpy(dst, &a, 8);
            memcpy(dst + len - 8, &b, 8);

            mask = tpl_escape_mask(_mm_set_epi64x(b, a));

            return tpl_escape_first(mask, 8, len);
        }

        if (len >= 4) {
            memcpy(&a4, p, 4);
            memcpy(&b4, p + len - 4, 4);
            memcpy(dst, &a4, 4);
            memcpy(dst + len - 4, &b4, 4);

            mask = tpl_escape_mask(_mm_set_epi32(0, 0, b4, a4));

            return tpl_escape_first(mask, 4, len);
        }

        for (i = 0; i < len; i++) {
            if (tpl_escape_class[p[i]]) {
                return i;
            }

            dst[i] = p[i];
        }

        return len;
    }

    for (i = 0; len - i > 16; i += 16) {
        x = _mm_loadu_si128((const __m128i *) (p + i));
        _mm_storeu_si128((__m128i *) (dst + i), x);
        mask = tpl_escape_mask(x);

        if (mask) {
            return i + (size_t) __builtin_ctzl(mask);
        }
    }

    i = len - 16;

    x = _mm_loadu_si128((const __m128i *) (p + i));
    _mm_storeu_si128((__m128i *) (dst + i), x);
    mask = tpl_escape_mask(x);

    return mask ? i + (size_t) __builtin_ctzl(mask) : len;

#else

    memcpy(dst, p, len);

    return tpl_escape_scan(p, len);

#endif
}


tpl_char_t *
tpl_escape_put(tpl_char_t *dst, const tpl_char_t *p, size_t len)
{
    size_t                n;
    const tpl_escaped_t  *e;

    for ( ;; ) {
        n = tpl_escape_copy(dst, p, len);

        if (tpl_likely(n == len)) {
            return dst + len;
        }

        e = &tpl_escapes[TPL_ESCAPE_MARKUPSAFE][p[n] & 31];
        dst += n;

        memcpy(dst, e->data, sizeof(e->data));
        dst += e->len;

        n++;
        p += n;
        len -= n;
    }
}
