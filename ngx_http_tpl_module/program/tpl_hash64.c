
/*
 * A fast hash of bytes for the ETag.
 *
 * It has no key and reads bytes in one order on every machine, so that workers,
 * restarts and servers behind a balancer agree.  Each step is a permutation of
 * the state for a given word, so equal lengths lose nothing on the way.
 */

#include "program/tpl_program.h"


#define TPL_HASH64_K1  0x9e3779b185ebca87ULL
#define TPL_HASH64_K2  0xc2b2ae3d27d4eb4fULL


static inline uint64_t
tpl_hash64_step(uint64_t h, uint64_t w)
{
    h ^= w * TPL_HASH64_K1;
    h = (h << 29) | (h >> 35);

    return h * TPL_HASH64_K2;
}


uint64_t
tpl_hash64(const void *data, size_t len)
{
    size_t             n;
    uint64_t           h, w;
    const tpl_char_t  *p;

    p = data;
    h = (uint64_t) len * TPL_HASH64_K2 + TPL_HASH64_K1;

    for (n = len; n >= 8; n -= 8) {
        h = tpl_hash64_step(h, tpl_get_le64(p));
        p += 8;
    }

    if (n) {
        for (w = 0; n; n--) {
            w = (w << 8) | p[n - 1];
        }

        h = tpl_hash64_step(h, w);
    }

    h ^= h >> 32;
    h *= TPL_HASH64_K1;
    h ^= h >> 29;
    h *= TPL_HASH64_K2;
    h ^= h >> 32;

    /* 0 says that there is no hash */

    return h ? h : 1;
}
