
/*
 * A CRC is the remainder of the bytes as one polynomial: bytes that are n bits
 * before others may be multiplied by x^n modulo the CRC's polynomial and added
 * to those.  A carry-less multiplication does that with 8 bytes at once.
 * zlib's takes as many steps as bytes, and 16 kB of tables that a request finds
 * no longer in the cache.
 */

#include <zlib.h>

#include "encode/tpl_crc32.h"


#if (__x86_64__ && __GNUC__ && !TPL_NO_CLMUL)
#define TPL_CRC32_CLMUL  1
#endif


#if (TPL_CRC32_CLMUL)

#include <immintrin.h>


/* what is shorter costs zlib less */
#define TPL_CRC32_MIN  32

#define TPL_CRC32_PCLMUL  __attribute__((target("pclmul,sse4.1")))


/* x^n modulo the polynomial, bits reversed, for each half of 128 bits */
#define tpl_crc32_powers(high, low)  _mm_set_epi64x((high), (low))


TPL_CRC32_PCLMUL
static inline __m128i
tpl_crc32_load(const tpl_char_t *p)
{
    return _mm_loadu_si128((const __m128i *) p);
}


/* a, as far ahead as the powers say, added to b */

TPL_CRC32_PCLMUL
static inline __m128i
tpl_crc32_fold(__m128i a, __m128i b, __m128i powers)
{
    __m128i  low, high;

    low = _mm_clmulepi64_si128(a, powers, 0x00);
    high = _mm_clmulepi64_si128(a, powers, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), b);
}


TPL_CRC32_PCLMUL
static uint32_t
tpl_crc32_pclmul(uint32_t crc, const tpl_char_t *p, size_t len)
{
    size_t         n;
    __m128i        a, b, c, d, powers, mask;
    tpl_char_t     first[32];
    uint32_t       w;

    /*
     * Zeros before a message that begins with zeros do not count: the first
     * bytes are filled up so that the others are a multiple of 16.
     */

    n = len & 15;

    memset(first, 0, 16);
    memcpy(first + 16 - n, p, 16);
    memcpy(first + 16, p + n, 16);

    memcpy(&w, first + 16 - n, 4);
    w ^= ~crc;
    memcpy(first + 16 - n, &w, 4);

    powers = tpl_crc32_powers(0x0ccaa009e, 0x1751997d0);

    a = tpl_crc32_fold(tpl_crc32_load(first), tpl_crc32_load(first + 16),
                       powers);
    p += n + 16;
    len -= n + 16;

    if (len >= 48) {

        /* four of them side by side */

        b = tpl_crc32_load(p);
        c = tpl_crc32_load(p + 16);
        d = tpl_crc32_load(p + 32);

        p += 48;
        len -= 48;

        powers = tpl_crc32_powers(0x1c6e41596, 0x154442bd4);

        for ( /* void */ ; len >= 64; len -= 64, p += 64) {
            a = tpl_crc32_fold(a, tpl_crc32_load(p), powers);
            b = tpl_crc32_fold(b, tpl_crc32_load(p + 16), powers);
            c = tpl_crc32_fold(c, tpl_crc32_load(p + 32), powers);
            d = tpl_crc32_fold(d, tpl_crc32_load(p + 48), powers);
        }

        powers = tpl_crc32_powers(0x0ccaa009e, 0x1751997d0);

        b = tpl_crc32_fold(a, b, powers);
        c = tpl_crc32_fold(b, c, powers);
        a = tpl_crc32_fold(c, d, powers);
    }

    for ( /* void */ ; len; len -= 16, p += 16) {
        a = tpl_crc32_fold(a, tpl_crc32_load(p), powers);
    }

    /* 128 bits to 96, to 64 */

    mask = _mm_set_epi32(0, 0, 0, -1);

    b = _mm_clmulepi64_si128(a, powers, 0x10);
    a = _mm_xor_si128(_mm_srli_si128(a, 8), b);

    b = _mm_srli_si128(a, 4);
    a = _mm_clmulepi64_si128(_mm_and_si128(a, mask),
                             _mm_cvtsi64_si128(0x163cd6124), 0x00);
    a = _mm_xor_si128(a, b);

    /* the remainder: the quotient times the polynomial (Barrett) */

    powers = tpl_crc32_powers(0x1f7011641, 0x1db710641);

    b = _mm_clmulepi64_si128(_mm_and_si128(a, mask), powers, 0x10);
    b = _mm_clmulepi64_si128(_mm_and_si128(b, mask), powers, 0x00);
    a = _mm_xor_si128(a, b);

    return ~(uint32_t) _mm_extract_epi32(a, 1);
}

#endif


uint32_t
tpl_crc32(uint32_t crc, const tpl_char_t *p, size_t len)
{
#if (TPL_CRC32_CLMUL)

    if (len >= TPL_CRC32_MIN
        && __builtin_cpu_supports("pclmul")
        && __builtin_cpu_supports("sse4.1"))
    {
        return tpl_crc32_pclmul(crc, p, len);
    }

#endif

    return (uint32_t) crc32(crc, p, len);
}
