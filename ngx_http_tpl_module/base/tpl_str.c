
/*
 * Counted strings: comparing, searching, hashing, guessing what was meant.
 *
 * The hash key is the engine's only mutable state: it is set once a process,
 * before the first hash is taken, and never changes after that.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE     /* memmem() */
#endif

#include <time.h>
#include <unistd.h>
#include <sys/random.h>

#include "base/tpl_base.h"


/* longer names are not compared for a suggestion */
#define TPL_NEAREST_MAX  64

#define tpl_rotl(x, n)  (((x) << (n)) | ((x) >> (64 - (n))))

#define tpl_sip_round(v0, v1, v2, v3)                                        \
    do {                                                                     \
        v0 += v1; v1 = tpl_rotl(v1, 13); v1 ^= v0; v0 = tpl_rotl(v0, 32);    \
        v2 += v3; v3 = tpl_rotl(v3, 16); v3 ^= v2;                           \
        v0 += v3; v3 = tpl_rotl(v3, 21); v3 ^= v0;                           \
        v2 += v1; v1 = tpl_rotl(v1, 17); v1 ^= v2; v2 = tpl_rotl(v2, 32);    \
    } while (0)


static tpl_uint_t tpl_distance(const tpl_str_t *a, const tpl_str_t *b,
    tpl_uint_t enough);


static uint64_t    tpl_hash_key[2];
static tpl_uint_t  tpl_hash_keyed;


tpl_uint_t
tpl_str_eq(const tpl_str_t *a, const tpl_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


tpl_uint_t
tpl_str_is(const tpl_str_t *a, const char *text)
{
    size_t  len;

    len = strlen(text);

    return a->len == len && (len == 0 || memcmp(a->data, text, len) == 0);
}


tpl_int_t
tpl_str_cmp(const tpl_str_t *a, const tpl_str_t *b)
{
    int     rc;
    size_t  n;

    n = tpl_min(a->len, b->len);

    if (n) {
        rc = memcmp(a->data, b->data, n);

        if (rc) {
            return rc;
        }
    }

    return (a->len > b->len) - (a->len < b->len);
}


ssize_t
tpl_str_find(const tpl_str_t *s, const tpl_str_t *needle, size_t from)
{
    const tpl_char_t  *p;

    if (from > s->len || needle->len > s->len - from) {
        return -1;
    }

    if (needle->len == 0) {
        return (ssize_t) from;
    }

    /* glibc's memmem() is linear whatever the needle */

    p = memmem(s->data + from, s->len - from, needle->data, needle->len);

    return p ? p - s->data : -1;
}


void
tpl_hash_init(void)
{
    struct timespec  ts;

    if (tpl_hash_keyed) {
        return;
    }

    if (getrandom(tpl_hash_key, sizeof(tpl_hash_key), GRND_NONBLOCK)
        != (ssize_t) sizeof(tpl_hash_key))
    {
        /* a very early boot or a very old kernel: hard to guess will do */

        clock_gettime(CLOCK_REALTIME, &ts);

        tpl_hash_key[0] = (uint64_t) ts.tv_nsec * 0x9e3779b97f4a7c15u
                          ^ (uint64_t) ts.tv_sec;
        tpl_hash_key[1] = (uint64_t) (uintptr_t) &ts * 0xc2b2ae3d27d4eb4fu
                          ^ (uint64_t) getpid();
    }

    tpl_hash_keyed = 1;
}


/* SipHash-1-3, https://www.aumasson.jp/siphash/siphash.pdf */

uint32_t
tpl_hash(const void *data, size_t len)
{
    size_t             i;
    uint64_t           m, v0, v1, v2, v3;
    const tpl_char_t  *p, *last;

    /* an empty string may be NULL, to which nothing can be added */

    p = len ? data : "";
    last = p + (len & ~(size_t) 7);

    v0 = tpl_hash_key[0] ^ 0x736f6d6570736575u;
    v1 = tpl_hash_key[1] ^ 0x646f72616e646f6du;
    v2 = tpl_hash_key[0] ^ 0x6c7967656e657261u;
    v3 = tpl_hash_key[1] ^ 0x7465646279746573u;

    while (p < last) {
        memcpy(&m, p, 8);       /* the order of bytes does not matter here */
        p += 8;

        v3 ^= m;
        tpl_sip_round(v0, v1, v2, v3);
        v0 ^= m;
    }

    m = (uint64_t) len << 56;

    for (i = 0; i < (len & 7); i++) {
        m |= (uint64_t) p[i] << (8 * i);
    }

    v3 ^= m;
    tpl_sip_round(v0, v1, v2, v3);
    v0 ^= m;

    v2 ^= 0xff;
    tpl_sip_round(v0, v1, v2, v3);
    tpl_sip_round(v0, v1, v2, v3);
    tpl_sip_round(v0, v1, v2, v3);

    m = v0 ^ v1 ^ v2 ^ v3;

    return (uint32_t) (m ^ (m >> 32));
}


const tpl_str_t *
tpl_nearest(const tpl_str_t *name, const tpl_str_t *candidates, tpl_uint_t n)
{
    tpl_uint_t        i, distance, best;
    const tpl_str_t  *nearest;

    if (name->len == 0 || name->len > TPL_NEAREST_MAX) {
        return NULL;
    }

    /* one slip in a short name, about one in three letters in a long one */

    best = (name->len + 2) / 3 + 1;
    nearest = NULL;

    for (i = 0; i < n; i++) {
        if (candidates[i].len == 0 || candidates[i].len > TPL_NEAREST_MAX) {
            continue;
        }

        distance = tpl_distance(name, &candidates[i], best);

        /* not one letter in common is no slip */

        if (distance < best
            && distance < tpl_max(name->len, candidates[i].len))
        {
            best = distance;
            nearest = &candidates[i];
        }
    }

    return nearest;
}


/*
 * Insertions, deletions, replacements and swaps of neighbours that make b of
 * a, bytes in ASCII's case ignored; enough or more as soon as it is sure to be
 * that far.
 */

static tpl_uint_t
tpl_distance(const tpl_str_t *a, const tpl_str_t *b, tpl_uint_t enough)
{
    tpl_uint_t   i, j, d, least;
    tpl_char_t   ca, cb, prev_ca, prev_cb;
    tpl_char_t   rows[3][TPL_NEAREST_MAX + 1];
    tpl_char_t  *row, *above, *above2, *t;

    if (tpl_max(a->len, b->len) - tpl_min(a->len, b->len) >= enough) {
        return enough;
    }

    above2 = rows[0];
    above = rows[1];
    row = rows[2];

    for (j = 0; j <= b->len; j++) {
        above[j] = (tpl_char_t) j;
    }

    prev_ca = 0;

    for (i = 1; i <= a->len; i++) {
        ca = a->data[i - 1];
        ca |= (ca >= 'A' && ca <= 'Z') ? 0x20 : 0;

        row[0] = (tpl_char_t) i;
        least = i;
        prev_cb = 0;

        for (j = 1; j <= b->len; j++) {
            cb = b->data[j - 1];
            cb |= (cb >= 'A' && cb <= 'Z') ? 0x20 : 0;

            d = above[j - 1] + (ca != cb);
            d = tpl_min(d, above[j] + 1u);
            d = tpl_min(d, row[j - 1] + 1u);

            if (i > 1 && j > 1 && ca == prev_cb && cb == prev_ca) {
                d = tpl_min(d, above2[j - 2] + 1u);
            }

            row[j] = (tpl_char_t) d;
            least = tpl_min(least, d);
            prev_cb = cb;
        }

        if (least >= enough) {
            return enough;
        }

        prev_ca = ca;

        t = above2;
        above2 = above;
        above = row;
        row = t;
    }

    return above[b->len];
}
