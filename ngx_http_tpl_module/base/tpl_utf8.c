
/*
 * UTF-8 by Unicode's table 3-7: no overlong forms, no surrogates, nothing past
 * U+10FFFF.
 *
 * Functions that want well-formed text stay within their bounds with any.
 */

#include "base/tpl_utf8.h"

#if (TPL_SSE2)
#include <emmintrin.h>
#endif


/* a byte that continues a code point */
#define tpl_utf8_tail(c)  (((c) & 0xc0) == 0x80)


static size_t tpl_utf8_step(const tpl_char_t *p, const tpl_char_t *last,
    uint32_t *code);


#if (TPL_SSE2)

/* how many of 16 bytes begin a code point */

static inline size_t
tpl_utf8_starts(const tpl_char_t *p)
{
    __m128i  x;

    /* as signed numbers continuations are the lowest: -128 to -65 */

    x = _mm_loadu_si128((const __m128i *) p);
    x = _mm_cmpgt_epi8(x, _mm_set1_epi8(-65));

    return (size_t) __builtin_popcount((unsigned) _mm_movemask_epi8(x));
}

#endif


size_t
tpl_utf8_length(const tpl_char_t *p, size_t len)
{
    size_t  i, n;

    i = 0;
    n = 0;

#if (TPL_SSE2)

    for ( /* void */ ; len - i >= 16; i += 16) {
        n += tpl_utf8_starts(p + i);
    }

#endif

    for ( /* void */ ; i < len; i++) {
        n += !tpl_utf8_tail(p[i]);
    }

    return n;
}


tpl_uint_t
tpl_utf8_ascii(const tpl_char_t *p, size_t len)
{
    size_t    i;
    uint64_t  x;

    i = 0;

#if (TPL_SSE2)

    for ( /* void */ ; len - i >= 16; i += 16) {
        if (_mm_movemask_epi8(_mm_loadu_si128((const __m128i *) (p + i)))) {
            return 0;
        }
    }

#endif

    for ( /* void */ ; len - i >= 8; i += 8) {
        memcpy(&x, p + i, 8);

        if (x & 0x8080808080808080u) {
            return 0;
        }
    }

    for ( /* void */ ; i < len; i++) {
        if (p[i] >= 0x80) {
            return 0;
        }
    }

    return 1;
}


uint32_t
tpl_utf8_decode(const tpl_char_t **p, const tpl_char_t *last)
{
    uint32_t  code;

    if (**p < 0x80) {
        return *(*p)++;
    }

    *p += tpl_utf8_step(*p, last, &code);

    return code;
}


tpl_char_t *
tpl_utf8_encode(tpl_char_t *p, uint32_t code)
{
    if (code < 0x80) {
        *p++ = (tpl_char_t) code;
        return p;
    }

    if (code < 0x800) {
        *p++ = (tpl_char_t) (0xc0 | (code >> 6));
        *p++ = (tpl_char_t) (0x80 | (code & 0x3f));
        return p;
    }

    if ((code & 0xfffff800) == 0xd800 || code > 0x10ffff) {
        code = 0xfffd;
    }

    if (code < 0x10000) {
        *p++ = (tpl_char_t) (0xe0 | (code >> 12));

    } else {
        *p++ = (tpl_char_t) (0xf0 | (code >> 18));
        *p++ = (tpl_char_t) (0x80 | ((code >> 12) & 0x3f));
    }

    *p++ = (tpl_char_t) (0x80 | ((code >> 6) & 0x3f));
    *p++ = (tpl_char_t) (0x80 | (code & 0x3f));

    return p;
}


size_t
tpl_utf8_offset(const tpl_char_t *p, size_t len, size_t n)
{
    size_t  i;
#if (TPL_SSE2)
    size_t  starts;
#endif

    i = 0;

#if (TPL_SSE2)

    for ( /* void */ ; len - i >= 16; i += 16) {
        starts = tpl_utf8_starts(p + i);

        if (starts > n) {
            break;
        }

        n -= starts;
    }

#endif

    for ( /* void */ ; i < len; i++) {
        if (!tpl_utf8_tail(p[i]) && n-- == 0) {
            break;
        }
    }

    return i;
}


size_t
tpl_utf8_check(const tpl_char_t *p, size_t len)
{
    size_t             n;
    uint32_t           code;
    const tpl_char_t  *q, *last;

    q = p;
    last = p + len;

    while (q < last) {

#if (TPL_SSE2)

        while (last - q >= 16
               && !_mm_movemask_epi8(_mm_loadu_si128((const __m128i *) q)))
        {
            q += 16;
        }

        if (q == last) {
            break;
        }

#endif

        if (*q < 0x80) {
            q++;
            continue;
        }

        n = tpl_utf8_step(q, last, &code);

        /* U+FFFD itself is well-formed and 3 bytes long */

        if (code == 0xfffd && !(n == 3 && q[0] == 0xef && q[2] == 0xbd)) {
            break;
        }

        q += n;
    }

    return (size_t) (q - p);
}


tpl_int_t
tpl_utf8_repair(tpl_arena_t *arena, tpl_str_t *s)
{
    size_t             n;
    uint32_t           code;
    tpl_buf_t          b;
    const tpl_char_t  *p, *last;

    p = s->data;
    last = p + s->len;

    n = tpl_utf8_check(p, s->len);

    if (n == s->len) {
        return TPL_OK;
    }

    tpl_buf_init(&b, arena);
    (void) tpl_buf_reserve(&b, s->len + 16);

    for ( ;; ) {
        (void) tpl_buf_add(&b, p, n);
        p += n;

        if (p == last) {
            break;
        }

        p += tpl_utf8_step(p, last, &code);
        (void) tpl_buf_lit(&b, "\xef\xbf\xbd");

        n = tpl_utf8_check(p, (size_t) (last - p));
    }

    if (b.failed) {
        return TPL_ERROR;
    }

    s->len = b.len;
    s->data = b.data;

    return TPL_OK;
}


/*
 * The code point at p, which is before last, and its bytes; for ill-formed
 * text U+FFFD and the bytes of the maximal subpart: what could have begun a
 * code point, at least one.
 */

static size_t
tpl_utf8_step(const tpl_char_t *p, const tpl_char_t *last, uint32_t *code)
{
    size_t      i, n;
    uint32_t    c;
    tpl_char_t  least, most;

    c = *p;
    least = 0x80;
    most = 0xbf;

    if (c < 0x80) {
        *code = c;
        return 1;
    }

    if (c >= 0xc2 && c <= 0xdf) {
        n = 2;
        c &= 0x1f;

    } else if (c >= 0xe0 && c <= 0xef) {
        n = 3;

        if (c == 0xe0) {
            least = 0xa0;

        } else if (c == 0xed) {
            most = 0x9f;
        }

        c &= 0x0f;

    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 4;

        if (c == 0xf0) {
            least = 0x90;

        } else if (c == 0xf4) {
            most = 0x8f;
        }

        c &= 0x07;

    } else {
        *code = 0xfffd;
        return 1;
    }

    for (i = 1; i < n; i++) {
        if (i == (size_t) (last - p) || p[i] < least || p[i] > most) {
            *code = 0xfffd;
            return i;
        }

        c = (c << 6) | (p[i] & 0x3f);
        least = 0x80;
        most = 0xbf;
    }

    *code = c;

    return n;
}
