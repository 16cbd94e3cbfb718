
/*
 * What the model and the encoder share.
 */

#ifndef _TPL_GZIP_INTERNAL_H_INCLUDED_
#define _TPL_GZIP_INTERNAL_H_INCLUDED_


#include "encode/tpl_deflate.h"
#include "encode/tpl_gzip.h"


TPL_BEGIN_DECLS


/* positions whose CRC is known */
#define TPL_GZIP_CRC_STEP       64

/* positions whose first match is known */
#define TPL_GZIP_INDEX_STEP     32

/* what is looked for in the reference */
#define TPL_GZIP_SYNC           8


/* all between two matches are literals */

typedef struct {
    uint16_t                 pos;       /* in the reference */
    uint16_t                 src;       /* what it repeats */
    uint16_t                 len;
    uint16_t                 nbits;
    uint32_t                 bit;       /* where it is in bits */
} tpl_gzip_match_t;


/* what a run has to know of so many matches to take all as they are */

#define TPL_GZIP_GROUP          8

typedef struct {
    uint32_t                 src;       /* the least of them */
    uint32_t                 end;       /* of the last; of less than so many,
                                           behind any run */
} tpl_gzip_group_t;


struct tpl_gzip_model_s {
    tpl_char_t              *ref;       /* 8 bytes more can be read */
    uint32_t                 len;
    uint32_t                 nmatches;
    tpl_gzip_match_t        *matches;   /* ascending by pos */
    tpl_gzip_group_t        *groups;

    /* the first match that ends behind a position */
    uint16_t                *index;

    /* the codes of all of ref in its order; 8 bytes more can be read */
    tpl_char_t              *bits;
    uint32_t                 nbits;

    /* a block's header */
    tpl_char_t              *header;
    uint32_t                 nheader;   /* bits */

    /* positions by hash of the bytes there: 1 + the first of them, then the
     * next for each; 0 ends */
    uint16_t                *heads;
    uint16_t                *chain;
    unsigned                 shift;

    /* a bit by hash: whether the bytes may be there at all */
    uint8_t                 *seen;
    unsigned                 seen_shift;

    uint32_t                *crc;       /* of the bytes before */
    uint32_t                *low;       /* CRC operators: of n & 255 bytes */
    uint32_t                *high;      /* of n & ~255 */

    tpl_deflate_codes_t      codes;     /* each symbol has one */
};


static inline uint64_t
tpl_gzip_load8(const tpl_char_t *p)
{
    uint64_t  w;

    memcpy(&w, p, 8);

    return w;
}


static inline uint32_t
tpl_gzip_load4(const tpl_char_t *p)
{
    uint32_t  w;

    memcpy(&w, p, 4);

    return w;
}


/* how many bytes of a and b are equal, of n; none beyond those are read */

static inline size_t
tpl_gzip_equal(const tpl_char_t *a, const tpl_char_t *b, size_t n)
{
    size_t    i;
    uint64_t  x;

    for (i = 0; n - i >= 32; i += 32) {
        x = (tpl_gzip_load8(a + i) ^ tpl_gzip_load8(b + i))
            | (tpl_gzip_load8(a + i + 8) ^ tpl_gzip_load8(b + i + 8))
            | (tpl_gzip_load8(a + i + 16) ^ tpl_gzip_load8(b + i + 16))
            | (tpl_gzip_load8(a + i + 24) ^ tpl_gzip_load8(b + i + 24));

        if (x) {
            break;
        }
    }

    for ( /* void */ ; n - i >= 8; i += 8) {
        x = tpl_gzip_load8(a + i) ^ tpl_gzip_load8(b + i);

        if (x) {
#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
            return i + (__builtin_clzll(x) >> 3);
#else
            return i + (__builtin_ctzll(x) >> 3);
#endif
        }
    }

    while (i < n && a[i] == b[i]) {
        i++;
    }

    return i;
}


#define tpl_gzip_sync_hash(w)  ((w) * 0x9e3779b185ebca87ULL)


static inline tpl_uint_t
tpl_gzip_seen(const tpl_gzip_model_t *m, uint64_t w)
{
    uint32_t  h;

    h = (uint32_t) (tpl_gzip_sync_hash(w) >> m->seen_shift);

    return (m->seen[h >> 3] >> (h & 7)) & 1;
}


/*
 * The cheapest literals and matches for text (at most
 * TPL_GZIP_REFERENCE_MAX bytes, 8 more can be read), by codes that are made for
 * them; matches without bit and nbits, in scratch.
 */
tpl_int_t tpl_gzip_parse(tpl_arena_t *scratch, const tpl_char_t *text,
    uint32_t len, tpl_deflate_codes_t *codes, tpl_gzip_match_t **matches,
    uint32_t *n);


TPL_END_DECLS


#endif /* _TPL_GZIP_INTERNAL_H_INCLUDED_ */
