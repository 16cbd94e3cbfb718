
/*
 * Deflate's codes (RFC 1951): how symbols become bits.
 */

#ifndef _TPL_DEFLATE_H_INCLUDED_
#define _TPL_DEFLATE_H_INCLUDED_


#include "base/tpl_base.h"


TPL_BEGIN_DECLS


#define TPL_DEFLATE_LITERALS    286     /* literals, end of block, lengths */
#define TPL_DEFLATE_DISTANCES   30
#define TPL_DEFLATE_END         256
#define TPL_DEFLATE_WINDOW      32768
#define TPL_DEFLATE_MIN_MATCH   3
#define TPL_DEFLATE_MAX_MATCH   258

/* most bytes of a block's header: 17 bits, 19 lengths of 3, 316 of 7 + 7 */
#define TPL_DEFLATE_HEADER      600


/* how often each symbol comes */

typedef struct {
    uint32_t                 lit[TPL_DEFLATE_LITERALS];
    uint32_t                 dist[TPL_DEFLATE_DISTANCES];
} tpl_deflate_freq_t;


/*
 * Bits as they are written, lowest first, with their number in the top byte;
 * 0 bits: the symbol has no code.
 */

typedef struct {
    uint32_t                 lit[TPL_DEFLATE_END + 1];
    uint32_t                 len[TPL_DEFLATE_MAX_MATCH + 1];    /* with the
                                                        extra bits */
    uint32_t                 dist[TPL_DEFLATE_DISTANCES];   /* without */
    uint8_t                  lit_bits[TPL_DEFLATE_LITERALS];
    uint8_t                  dist_bits[TPL_DEFLATE_DISTANCES];
} tpl_deflate_codes_t;

#define tpl_deflate_bits(code)  ((code) >> 24)
#define tpl_deflate_code(code)  ((code) & 0xffffff)


/*
 * A place for bits.  Up to 7 bits wait in word after each put; it writes 8
 * bytes at p, fewer of which count: room for 8 more than needed is the
 * caller's to see to.
 */

typedef struct {
    tpl_char_t              *p;
    uint64_t                 word;
    unsigned                 n;
} tpl_bits_t;


/* n <= 56; value has no bits above n */

static inline void
tpl_bits_put(tpl_bits_t *b, uint64_t value, unsigned n)
{
    b->word |= value << b->n;
    b->n += n;

    tpl_put_le64(b->p, b->word);

    b->p += b->n >> 3;
    b->word >>= b->n & ~7u;
    b->n &= 7;
}


static inline void
tpl_bits_code(tpl_bits_t *b, uint32_t code)
{
    tpl_bits_put(b, tpl_deflate_code(code), tpl_deflate_bits(code));
}


/*
 * Codes that are put several at once wait in bits, nbits of them, both 0 at
 * first; what waits at the end is the caller's to put.
 */

static inline void
tpl_bits_gather(tpl_bits_t *b, uint64_t *bits, unsigned *nbits,
    uint32_t code)
{
    *bits |= (uint64_t) tpl_deflate_code(code) << *nbits;
    *nbits += tpl_deflate_bits(code);

    /* another one may not fit: it has 15 bits at most */

    if (*nbits > 41) {
        tpl_bits_put(b, *bits, *nbits);
        *bits = 0;
        *nbits = 0;
    }
}


/* the last byte is filled with zero bits */

static inline void
tpl_bits_align(tpl_bits_t *b)
{
    if (b->n) {
        tpl_bits_put(b, 0, 8 - b->n);
    }
}


/* 8 bytes of src from any of its bits on: it has 8 bytes to read there */

static inline uint64_t
tpl_bits_get(const tpl_char_t *src, size_t bit)
{
    return tpl_get_le64(src + (bit >> 3)) >> (bit & 7);
}


/*
 * Copies n bits of src from one of its bits on, 7 bytes at a time: neither they
 * nor their copies change their places within a byte.
 */

static inline void
tpl_bits_copy(tpl_bits_t *b, const tpl_char_t *src, size_t bit, size_t n)
{
    uint64_t     w, word;
    tpl_char_t  *p;

    p = b->p;
    word = b->word;

    for ( /* void */ ; n >= 56; n -= 56, bit += 56, p += 7) {
        w = tpl_bits_get(src, bit) & ((1ULL << 56) - 1);
        word |= w << b->n;

        tpl_put_le64(p, word);

        word >>= 56;
    }

    b->p = p;
    b->word = word;

    if (n) {
        tpl_bits_put(b, tpl_bits_get(src, bit) & ((1ULL << n) - 1), n);
    }
}


/* which distance symbol; dist is 1 .. 32768 */

static inline unsigned
tpl_deflate_dist_symbol(unsigned dist)
{
    unsigned  top;

    dist--;

    if (dist < 4) {
        return dist;
    }

    top = 31 - __builtin_clz(dist);

    return top * 2 + ((dist >> (top - 1)) & 1);
}


static inline unsigned
tpl_deflate_dist_extra(unsigned symbol)
{
    return (symbol < 4) ? 0 : symbol / 2 - 1;
}


/* code and extra bits of a distance */

static inline uint64_t
tpl_deflate_dist_bits(const tpl_deflate_codes_t *codes, unsigned dist,
    unsigned *n)
{
    unsigned  symbol, extra;
    uint32_t  code;

    symbol = tpl_deflate_dist_symbol(dist);
    extra = tpl_deflate_dist_extra(symbol);
    code = codes->dist[symbol];

    *n = tpl_deflate_bits(code) + extra;

    return tpl_deflate_code(code)
           | ((uint64_t) ((dist - 1) & ((1u << extra) - 1))
              << tpl_deflate_bits(code));
}


static inline void
tpl_bits_match(tpl_bits_t *b, const tpl_deflate_codes_t *codes, unsigned len,
    unsigned dist)
{
    unsigned  n;
    uint32_t  code;
    uint64_t  bits;

    code = codes->len[len];
    bits = tpl_deflate_dist_bits(codes, dist, &n);

    tpl_bits_put(b, tpl_deflate_code(code)
                    | (bits << tpl_deflate_bits(code)),
                 tpl_deflate_bits(code) + n);
}


/* which literal symbol stands for a match of that length */
unsigned tpl_deflate_len_symbol(unsigned len);

/*
 * The best codes of at most 15 bits for these frequencies; symbols that never
 * come get none, but the end of a block and two distances have one always.
 */
void tpl_deflate_codes(tpl_deflate_codes_t *codes,
    const tpl_deflate_freq_t *freq);

/* a dynamic block's header: at most TPL_DEFLATE_HEADER bytes */
void tpl_deflate_header(tpl_bits_t *b, const tpl_deflate_codes_t *codes);

/* its size in bits */
size_t tpl_deflate_header_size(const tpl_deflate_codes_t *codes);


TPL_END_DECLS


#endif /* _TPL_DEFLATE_H_INCLUDED_ */
