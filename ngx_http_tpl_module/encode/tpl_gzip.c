
/*
 * The encoder.
 *
 * At each byte of the page it is either in a run, where the page goes on as the
 * reference does, or among other bytes, which are looked up among those of
 * their kind (heads), then in the reference.  What is known of the past:
 *
 *   - runs: which part of the reference came where, the last of them;
 *   - window: all bytes outside of runs, and of each run its first ones: a
 *     match that begins outside reaches no further.
 *
 * Positions count on from member to member, so heads that a former one left
 * are told by being too old.  Literals and matches wait in tokens until there
 * are enough for a block with codes of its own, or a run comes; then the
 * cheaper of those codes and the model's is taken.
 *
 * Without memory it goes on into sink, which is thrown away.
 */

#include <zlib.h>

#include "encode/tpl_crc32.h"
#include "encode/tpl_gzip_internal.h"


#define TPL_GZIP_HASH        12
#define TPL_GZIP_WINDOW      (2 * TPL_DEFLATE_WINDOW)
#define TPL_GZIP_TOKENS      8192
#define TPL_GZIP_RUNS        64     /* a power of 2 */

/* what room() is asked for at most */
#define TPL_GZIP_ROOM        2048

/* a run of as many bytes is written at once, by the model's codes */
#define TPL_GZIP_LONG_RUN    64

/* fewer tokens are not worth codes of their own */
#define TPL_GZIP_OWN_CODES   1024

/* tokens of at most 6 bytes that are written without a look at the room */
#define TPL_GZIP_BATCH       64

/* a run of as many bytes has its CRC computed from the model's */
#define TPL_GZIP_CRC_RUN     2048

/* bytes are taken into the window so many at a time */
#define TPL_GZIP_KEEP        1024

/* candidates that are looked at in the reference */
#define TPL_GZIP_TRIES       8

/* as far as they are compared with each other */
#define TPL_GZIP_LOOK        512

/* the first position; those before are nobody's */
#define TPL_GZIP_ORIGIN      1
#define TPL_GZIP_REBASE      (1u << 31)

/* most bytes that are worked on at once */
#define TPL_GZIP_PIECE       65536


/* reference bytes [from, to) are at pos of the page */

typedef struct {
    uint32_t                 from;
    uint32_t                 to;
    uint32_t                 pos;
} tpl_gzip_run_t;


/* a literal, or a match */
#define tpl_gzip_match(len, dist)                                            \
    (0x80000000u | (((dist) - 1) << 16) | (len))
#define tpl_gzip_match_len(token)   ((token) & 0xffff)
#define tpl_gzip_match_dist(token)  ((((token) >> 16) & 0x7fff) + 1)


typedef enum {
    TPL_GZIP_BLOCK_NONE = 0,
    TPL_GZIP_BLOCK_MODEL
} tpl_gzip_block_e;


struct tpl_gzip_s {
    const tpl_gzip_model_t  *model;
    tpl_output_t            *out;

    tpl_bits_t               b;
    tpl_char_t              *start;     /* not committed from here on */
    tpl_char_t              *last;
    tpl_gzip_block_e         block;
    uint8_t                  failed;
    uint8_t                  in_run;    /* the run may go on */

    uint32_t                 crc;
    uint32_t                 size;      /* of the page, modulo 2^32 */

    /* the piece that is worked on */
    const tpl_char_t        *s;
    uint32_t                 n;
    uint32_t                 kept;      /* in the window up to here */
    uint32_t                 summed;    /* in crc up to here */

    uint32_t                 pos;       /* of s */
    uint32_t                 origin;    /* of the page */
    uint32_t                 expected;  /* where the last run broke off */

    tpl_gzip_run_t           runs[TPL_GZIP_RUNS];   /* a ring */
    uint32_t                 nruns;

    uint32_t                 base;      /* position of window[0] */
    uint32_t                 heads[1 << TPL_GZIP_HASH];

    uint32_t                 ntokens;
    uint32_t                 tokens[TPL_GZIP_TOKENS];

    tpl_char_t               window[TPL_GZIP_WINDOW + 8];
    tpl_char_t               sink[TPL_OUTPUT_PAGE];
};


static void tpl_gzip_rebase(tpl_gzip_t *gz);
static void tpl_gzip_piece(tpl_gzip_t *gz, const tpl_char_t *p, uint32_t len);
static uint32_t tpl_gzip_other(tpl_gzip_t *gz, uint32_t i);
static inline uint32_t tpl_gzip_earlier(tpl_gzip_t *gz, const tpl_char_t *p,
    uint32_t i, uint32_t max, uint32_t *dist);
static inline void tpl_gzip_remember(tpl_gzip_t *gz, const tpl_char_t *p,
    uint32_t pos, uint32_t n);
static uint32_t tpl_gzip_search(tpl_gzip_t *gz, uint32_t i, uint32_t *ref);
static void tpl_gzip_keep(tpl_gzip_t *gz, uint32_t i);

static void tpl_gzip_run(tpl_gzip_t *gz, uint32_t i, uint32_t ref,
    uint32_t len);
static void tpl_gzip_short_run(tpl_gzip_t *gz, uint32_t pos, uint32_t ref,
    uint32_t len);
static void tpl_gzip_long_run(tpl_gzip_t *gz, uint32_t pos, uint32_t ref,
    uint32_t len);
static void tpl_gzip_copy(tpl_gzip_t *gz, uint32_t pos, uint32_t ref,
    uint32_t len, tpl_uint_t direct);
static void tpl_gzip_literals(tpl_gzip_t *gz, uint32_t ref, uint32_t end);
static uint32_t tpl_gzip_find(tpl_gzip_t *gz, uint32_t pos, uint32_t ref,
    uint32_t *dist);
static void tpl_gzip_run_crc(tpl_gzip_t *gz, uint32_t i, uint32_t ref,
    uint32_t len);
static void tpl_gzip_sum(tpl_gzip_t *gz, uint32_t i);

static void tpl_gzip_tokens(tpl_gzip_t *gz);
static tpl_uint_t tpl_gzip_own_codes(tpl_gzip_t *gz,
    tpl_deflate_codes_t *codes);
static void tpl_gzip_open(tpl_gzip_t *gz);
static void tpl_gzip_close(tpl_gzip_t *gz);
static void tpl_gzip_bits(tpl_gzip_t *gz, const tpl_char_t *bits,
    uint32_t from, uint32_t to);
static void tpl_gzip_page_room(tpl_gzip_t *gz, size_t n);
static void tpl_gzip_commit(tpl_gzip_t *gz);


/* n <= TPL_GZIP_ROOM */

static inline void
tpl_gzip_room(tpl_gzip_t *gz, size_t n)
{
    if (tpl_unlikely((size_t) (gz->last - gz->b.p) < n + 16)) {
        tpl_gzip_page_room(gz, n + 16);
    }
}


static inline void
tpl_gzip_token(tpl_gzip_t *gz, uint32_t token)
{
    gz->tokens[gz->ntokens++] = token;

    if (tpl_unlikely(gz->ntokens == TPL_GZIP_TOKENS)) {
        tpl_gzip_tokens(gz);
    }
}


static inline uint32_t
tpl_gzip_hash(uint32_t w)
{
    return (w * 0x9e3779b1u) >> (32 - TPL_GZIP_HASH);
}


tpl_gzip_t *
tpl_gzip_create(tpl_arena_t *arena)
{
    tpl_gzip_t  *gz;

    gz = tpl_palloc(arena, sizeof(tpl_gzip_t));

    if (gz) {
        memset(gz, 0, offsetof(tpl_gzip_t, heads));
        tpl_gzip_rebase(gz);
    }

    return gz;
}


/* forgets all positions */

static void
tpl_gzip_rebase(tpl_gzip_t *gz)
{
    memset(gz->heads, 0, sizeof(gz->heads));

    gz->pos = TPL_GZIP_ORIGIN;
    gz->base = TPL_GZIP_ORIGIN;
    gz->origin = TPL_GZIP_ORIGIN;
    gz->nruns = 0;
}


void
tpl_gzip_start(tpl_gzip_t *gz, const tpl_gzip_model_t *model,
    tpl_output_t *out)
{
    /* RFC 1952: no name, no time, made on Unix, as nginx's filter says it */

    static const tpl_char_t  header[10] = { 31, 139, 8, 0, 0, 0, 0, 0, 0, 3 };

    gz->model = model;
    gz->out = out;

    gz->b.p = NULL;
    gz->b.word = 0;
    gz->b.n = 0;
    gz->start = NULL;
    gz->last = NULL;
    gz->block = TPL_GZIP_BLOCK_NONE;
    gz->failed = 0;
    gz->in_run = 1;

    gz->crc = 0;
    gz->size = 0;

    if (gz->pos >= TPL_GZIP_REBASE) {
        tpl_gzip_rebase(gz);
    }

    gz->origin = gz->pos;
    gz->base = gz->pos;
    gz->expected = 0;
    gz->nruns = 0;
    gz->ntokens = 0;

    tpl_gzip_page_room(gz, sizeof(header));

    memcpy(gz->b.p, header, sizeof(header));
    gz->b.p += sizeof(header);
}


tpl_int_t
tpl_gzip_segment(tpl_gzip_t *gz, const tpl_char_t *p, size_t len)
{
    uint32_t  n;

    for ( /* void */ ; len && !gz->failed; len -= n) {
        n = (uint32_t) tpl_min(len, TPL_GZIP_PIECE);

        if (gz->pos >= TPL_GZIP_REBASE) {
            tpl_gzip_rebase(gz);
        }

        tpl_gzip_piece(gz, p, n);

        p += n;
    }

    return gz->failed ? TPL_ERROR : TPL_OK;
}


tpl_int_t
tpl_gzip_flush(tpl_gzip_t *gz)
{
    tpl_gzip_tokens(gz);
    tpl_gzip_close(gz);

    /* an empty stored block ends at a whole byte */

    tpl_gzip_room(gz, 16);
    tpl_bits_put(&gz->b, 0, 3);
    tpl_bits_align(&gz->b);
    tpl_bits_put(&gz->b, 0xffff0000, 32);

    tpl_gzip_commit(gz);

    return gz->failed ? TPL_ERROR : TPL_OK;
}


tpl_int_t
tpl_gzip_finish(tpl_gzip_t *gz)
{
    tpl_gzip_tokens(gz);
    tpl_gzip_close(gz);

    /* an empty last block with the fixed codes */

    tpl_gzip_room(gz, 32);
    tpl_bits_put(&gz->b, 3, 3);
    tpl_bits_put(&gz->b, 0, 7);
    tpl_bits_align(&gz->b);

    tpl_bits_put(&gz->b, gz->crc, 32);
    tpl_bits_put(&gz->b, gz->size, 32);

    tpl_gzip_commit(gz);
    tpl_output_end(gz->out);

    return gz->failed ? TPL_ERROR : TPL_OK;
}


tpl_int_t
tpl_gzip_page(tpl_gzip_t *gz, const tpl_gzip_model_t *model,
    const tpl_output_t *page, tpl_output_t *out)
{
    uint32_t              i;
    const tpl_segment_t  *s;

    tpl_gzip_start(gz, model, out);

    for (i = 0; i < page->n; i++) {
        s = &page->segments[i];

        if (tpl_gzip_segment(gz, s->data, s->len) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return tpl_gzip_finish(gz);
}


static void
tpl_gzip_piece(tpl_gzip_t *gz, const tpl_char_t *p, uint32_t len)
{
    size_t                   n;
    uint32_t                 i, e;
    const tpl_gzip_model_t  *m;

    m = gz->model;

    gz->s = p;
    gz->n = len;
    gz->kept = 0;
    gz->summed = 0;

    for (i = 0; i < len; /* void */ ) {
        e = gz->expected;

        if (gz->in_run
            || (len - i >= TPL_GZIP_SYNC && m->len - e >= TPL_GZIP_SYNC
                && tpl_gzip_load8(p + i) == tpl_gzip_load8(m->ref + e)))
        {
            n = tpl_gzip_equal(p + i, m->ref + e, tpl_min(len - i, m->len - e));

            if (n) {
                tpl_gzip_run(gz, i, e, n);
                i += n;
                gz->in_run = (i == len);
                continue;
            }
        }

        gz->in_run = 0;

        i = tpl_gzip_other(gz, i);
    }

    tpl_gzip_sum(gz, len);

    gz->pos += len;
    gz->size += len;
}


/* codes bytes from i on, where no run goes on, until one begins */

static uint32_t
tpl_gzip_other(tpl_gzip_t *gz, uint32_t i)
{
    uint32_t                 n, len, max, ref, kept, dist;
    uint64_t                 next;
    tpl_uint_t               expected;
    const tpl_char_t        *p;
    const tpl_gzip_model_t  *m;

    m = gz->model;
    expected = m->len - gz->expected >= TPL_GZIP_SYNC;
    next = tpl_gzip_load8(m->ref + gz->expected);
    kept = 0;

    while (i < gz->n) {
        p = gz->s + i;
        max = gz->n - i;

        if (i >= kept) {
            tpl_gzip_keep(gz, i);
            kept = (gz->kept == gz->n) ? gz->n
                                       : gz->kept - TPL_DEFLATE_MAX_MATCH;
        }

        if (max < TPL_GZIP_SYNC) {
            len = (max < 4) ? 0 : tpl_gzip_earlier(gz, p, i, max, &dist);

        } else {
            if (expected && tpl_gzip_load8(p) == next) {
                return i;
            }

            len = tpl_gzip_earlier(gz, p, i, max, &dist);

            if (len < 16 && tpl_gzip_seen(m, tpl_gzip_load8(p))) {
                n = tpl_gzip_search(gz, i, &ref);

                if (n > len) {
                    len = tpl_gzip_find(gz, gz->pos + i, ref, &dist);

                    if (dist == 0 || len < n) {
                        n += tpl_gzip_equal(p + n, m->ref + ref + n,
                                            tpl_min(max, m->len - ref) - n);

                        tpl_gzip_run(gz, i, ref, n);
                        gz->in_run = (n == max);
                        return i + n;
                    }

                    len = tpl_min(n, TPL_DEFLATE_MAX_MATCH);

                    tpl_gzip_token(gz, tpl_gzip_match(len, dist));
                    i += len;
                    continue;
                }
            }
        }

        if (len == 0) {
            tpl_gzip_token(gz, *p);
            i++;
            continue;
        }

        tpl_gzip_token(gz, tpl_gzip_match(len, dist));
        tpl_gzip_remember(gz, p, gz->pos + i, tpl_min(len, max - 3));
        i += len;
    }

    return i;
}


/* the latest bytes of their kind: how many are as those at i, or 0 */

static inline uint32_t
tpl_gzip_earlier(tpl_gzip_t *gz, const tpl_char_t *p, uint32_t i, uint32_t max,
    uint32_t *dist)
{
    uint32_t           w, c, pos;
    const tpl_char_t  *s;

    w = tpl_gzip_load4(p);
    pos = gz->pos + i;

    c = gz->heads[tpl_gzip_hash(w)];
    gz->heads[tpl_gzip_hash(w)] = pos;

    if (c < gz->origin || pos - c > TPL_DEFLATE_WINDOW) {
        return 0;
    }

    s = gz->window + (c - gz->base);

    if (tpl_gzip_load4(s) != w) {
        return 0;
    }

    *dist = pos - c;
    max = tpl_min(max, TPL_DEFLATE_MAX_MATCH);

    return 4 + (uint32_t) tpl_gzip_equal(s + 4, p + 4, max - 4);
}


/* all of a short match, or the ends of a long one, can be found again */

static inline void
tpl_gzip_remember(tpl_gzip_t *gz, const tpl_char_t *p, uint32_t pos,
    uint32_t n)
{
    uint32_t  j;

    for (j = 1; j < n; j++) {
        if (j == 4 && n > 16) {
            j = n - 2;
        }

        gz->heads[tpl_gzip_hash(tpl_gzip_load4(p + j))] = pos + j;
    }
}


/* the longest of some places in the reference with the bytes at i, or 0 */

static uint32_t
tpl_gzip_search(tpl_gzip_t *gz, uint32_t i, uint32_t *ref)
{
    size_t                   n;
    uint32_t                 c, max, best, tries;
    uint64_t                 w;
    const tpl_char_t        *p;
    const tpl_gzip_model_t  *m;

    m = gz->model;
    p = gz->s + i;
    w = tpl_gzip_load8(p);
    max = tpl_min(gz->n - i, TPL_GZIP_LOOK);
    best = 0;
    *ref = 0;

    c = m->heads[tpl_gzip_sync_hash(w) >> m->shift];

    for (tries = TPL_GZIP_TRIES; c && tries; c = m->chain[c - 1], tries--) {
        if (tpl_gzip_load8(m->ref + c - 1) != w) {
            continue;
        }

        n = tpl_gzip_equal(p, m->ref + c - 1,
                           tpl_min(max, m->len - (c - 1)));

        /* as good, and further on: where the page is likely to be */

        if (n > best || (n == best && *ref < gz->expected)) {
            best = (uint32_t) n;
            *ref = c - 1;
        }
    }

    return best;
}


/* takes bytes from i on into the window, enough for the longest match */

static void
tpl_gzip_keep(tpl_gzip_t *gz, uint32_t i)
{
    uint32_t  from, to, shift;

    from = tpl_max(gz->kept, i);
    to = tpl_min(gz->n, i + TPL_DEFLATE_MAX_MATCH + TPL_GZIP_KEEP);

    if (from >= to) {
        return;
    }

    if (gz->pos + to - gz->base > TPL_GZIP_WINDOW) {

        /* what is older than the longest distance goes */

        shift = gz->pos + i - TPL_DEFLATE_WINDOW - gz->base;

        if (shift < TPL_GZIP_WINDOW) {
            memmove(gz->window, gz->window + shift, TPL_GZIP_WINDOW - shift);
        }

        gz->base += shift;
    }

    memcpy(gz->window + (gz->pos + from - gz->base), gz->s + from, to - from);

    gz->kept = to;
}


/* the bytes at i are the reference's at ref */

static void
tpl_gzip_run(tpl_gzip_t *gz, uint32_t i, uint32_t ref, uint32_t len)
{
    uint32_t         pos;
    tpl_gzip_run_t  *run;

    pos = gz->pos + i;

    if (gz->kept < i + TPL_DEFLATE_MAX_MATCH) {
        tpl_gzip_keep(gz, i);
    }

    run = &gz->runs[(gz->nruns - 1) & (TPL_GZIP_RUNS - 1)];

    if (gz->nruns && run->to == ref && run->pos + (ref - run->from) == pos) {
        run->to += len;

    } else {
        run = &gz->runs[gz->nruns++ & (TPL_GZIP_RUNS - 1)];
        run->from = ref;
        run->to = ref + len;
        run->pos = pos;
    }

    if (len >= TPL_GZIP_CRC_RUN) {
        tpl_gzip_run_crc(gz, i, ref, len);
    }

    if (len >= TPL_GZIP_LONG_RUN) {
        tpl_gzip_long_run(gz, pos, ref, len);

    } else {
        tpl_gzip_short_run(gz, pos, ref, len);
    }

    gz->expected = ref + len;
}


static inline uint32_t
tpl_gzip_first_match(const tpl_gzip_model_t *m, uint32_t ref)
{
    uint32_t  k;

    for (k = m->index[ref / TPL_GZIP_INDEX_STEP];
         k < m->nmatches
         && (uint32_t) m->matches[k].pos + m->matches[k].len <= ref;
         k++)
    {
        /* void */
    }

    return k;
}


static void
tpl_gzip_short_run(tpl_gzip_t *gz, uint32_t pos, uint32_t ref, uint32_t len)
{
    uint32_t                 k, n, end, skip;
    const tpl_gzip_match_t  *match;
    const tpl_gzip_model_t  *m;

    m = gz->model;
    end = ref + len;

    for (k = tpl_gzip_first_match(m, ref); k < m->nmatches; k++) {
        match = &m->matches[k];

        if (match->pos >= end) {
            break;
        }

        for ( /* void */ ; ref < match->pos; ref++, pos++) {
            tpl_gzip_token(gz, m->ref[ref]);
        }

        skip = ref - match->pos;
        n = tpl_min(match->len - skip, end - ref);

        tpl_gzip_copy(gz, pos, match->src + skip, n, 0);

        ref += n;
        pos += n;
    }

    for ( /* void */ ; ref < end; ref++) {
        tpl_gzip_token(gz, m->ref[ref]);
    }
}


/*
 * Whole matches whose source lies in this run, and the literals between them,
 * are copied as bits.
 */

static void
tpl_gzip_long_run(tpl_gzip_t *gz, uint32_t pos, uint32_t ref, uint32_t len)
{
    uint32_t                 k, n, end, skip, bit, from;
    const tpl_gzip_group_t  *group;
    const tpl_gzip_match_t  *match;
    const tpl_gzip_model_t  *m;

    m = gz->model;
    end = ref + len;
    from = gz->runs[(gz->nruns - 1) & (TPL_GZIP_RUNS - 1)].from;

    tpl_gzip_tokens(gz);
    tpl_gzip_open(gz);

    k = tpl_gzip_first_match(m, ref);
    match = &m->matches[k];

    /* pos of the page is where ref would be */

    pos -= ref;

    if (k < m->nmatches && match->pos < ref) {
        skip = ref - match->pos;
        n = tpl_min(match->len - skip, end - ref);

        tpl_gzip_copy(gz, pos + ref, match->src + skip, n, 1);

        ref += n;

        if (ref == end) {
            return;
        }

        match = &m->matches[++k];
    }

    /* literals up to where a position in bits is known */

    n = (k < m->nmatches) ? tpl_min(match->pos, end) : end;

    tpl_gzip_literals(gz, ref, n);

    if (n == end) {
        return;
    }

    bit = match->bit;

    while (k < m->nmatches) {

        if (k % TPL_GZIP_GROUP == 0) {
            group = &m->groups[k / TPL_GZIP_GROUP];

            if (group->src >= from && group->end <= end) {
                k += TPL_GZIP_GROUP;
                continue;
            }
        }

        match = &m->matches[k];

        if ((uint32_t) match->pos + match->len > end) {
            break;
        }

        if (match->src < from) {
            tpl_gzip_bits(gz, m->bits, bit, match->bit);
            tpl_gzip_copy(gz, pos + match->pos, match->src, match->len, 1);
            bit = match->bit + match->nbits;
        }

        k++;
    }

    /* the last part may end within literals or a match */

    match = &m->matches[k];

    if (k < m->nmatches && match->pos < end) {
        tpl_gzip_bits(gz, m->bits, bit, match->bit);
        tpl_gzip_copy(gz, pos + match->pos, match->src, end - match->pos, 1);
        return;
    }

    if (end == m->len) {
        tpl_gzip_bits(gz, m->bits, bit, m->nbits);
        return;
    }

    match--;

    tpl_gzip_bits(gz, m->bits, bit, match->bit + match->nbits);
    tpl_gzip_literals(gz, (uint32_t) match->pos + match->len, end);
}


/* bytes [ref, end) of the reference by the model's codes */

static void
tpl_gzip_literals(tpl_gzip_t *gz, uint32_t ref, uint32_t end)
{
    uint32_t           n;
    uint64_t           bits;
    unsigned           nbits;
    tpl_bits_t         b;
    const uint32_t    *codes;
    const tpl_char_t  *p;

    codes = gz->model->codes.lit;
    p = gz->model->ref;

    while (ref < end) {
        tpl_gzip_room(gz, TPL_GZIP_BATCH * 2);

        n = tpl_min(end, ref + TPL_GZIP_BATCH);
        b = gz->b;
        bits = 0;
        nbits = 0;

        for ( /* void */ ; ref < n; ref++) {
            tpl_bits_gather(&b, &bits, &nbits, codes[p[ref]]);
        }

        tpl_bits_put(&b, bits, nbits);

        gz->b = b;
    }
}


/*
 * A match of the reference, or a part of it, whose source may be elsewhere in
 * the page, or nowhere.
 */

static void
tpl_gzip_copy(tpl_gzip_t *gz, uint32_t pos, uint32_t ref, uint32_t len,
    tpl_uint_t direct)
{
    uint32_t  n, i, dist;

    for ( /* void */ ; len; len -= n, pos += n, ref += n) {
        n = tpl_min(len, tpl_gzip_find(gz, pos, ref, &dist));

        if (dist && n >= TPL_DEFLATE_MIN_MATCH) {

            if (direct) {
                tpl_gzip_room(gz, 8);
                tpl_bits_match(&gz->b, &gz->model->codes, n, dist);

            } else {
                tpl_gzip_token(gz, tpl_gzip_match(n, dist));
            }

            continue;
        }

        if (direct) {
            tpl_gzip_literals(gz, ref, ref + n);
            continue;
        }

        for (i = 0; i < n; i++) {
            tpl_gzip_token(gz, gz->model->ref[ref + i]);
        }
    }
}


/*
 * How many bytes of the reference from ref on are in a run, the latest near
 * enough to pos, and how far they are from there.  If there is none dist is 0,
 * and so many bytes are in none.
 */

static uint32_t
tpl_gzip_find(tpl_gzip_t *gz, uint32_t pos, uint32_t ref, uint32_t *dist)
{
    uint32_t               k, n, d, none;
    const tpl_gzip_run_t  *run;

    n = tpl_min(gz->nruns, TPL_GZIP_RUNS);
    none = TPL_DEFLATE_MAX_MATCH;

    for (k = gz->nruns - 1; n; k--, n--) {
        run = &gz->runs[k & (TPL_GZIP_RUNS - 1)];

        if (ref < run->from) {
            none = tpl_min(none, run->from - ref);
            continue;
        }

        if (ref >= run->to) {
            continue;
        }

        d = pos - run->pos - (ref - run->from);

        /* one that begins at pos or behind it has none */

        if (d - 1 < TPL_DEFLATE_WINDOW) {
            *dist = d;
            return run->to - ref;
        }

        none = tpl_min(none, run->to - ref);
    }

    *dist = 0;

    return none;
}


/* crc32 of AB is op(crc32 of A) ^ crc32 of B, op being that of B's length */

static void
tpl_gzip_run_crc(tpl_gzip_t *gz, uint32_t i, uint32_t ref, uint32_t len)
{
    uint32_t                 a, b, op, end;
    const tpl_gzip_model_t  *m;

    m = gz->model;
    end = ref + len;

    tpl_gzip_sum(gz, i);

    a = ref / TPL_GZIP_CRC_STEP;
    b = end / TPL_GZIP_CRC_STEP;

    a = tpl_crc32(m->crc[a], m->ref + a * TPL_GZIP_CRC_STEP,
                  ref % TPL_GZIP_CRC_STEP);
    b = tpl_crc32(m->crc[b], m->ref + b * TPL_GZIP_CRC_STEP,
                  end % TPL_GZIP_CRC_STEP);

    if (gz->crc == a) {
        gz->crc = b;

    } else {
        op = (uint32_t) crc32_combine_op(m->low[len & 255], 0,
                                         m->high[len >> 8]);
        gz->crc = (uint32_t) crc32_combine_op(gz->crc ^ a, b, op);
    }

    gz->summed = i + len;
}


static void
tpl_gzip_sum(tpl_gzip_t *gz, uint32_t i)
{
    if (i > gz->summed) {
        gz->crc = tpl_crc32(gz->crc, gz->s + gz->summed, i - gz->summed);
        gz->summed = i;
    }
}


static void
tpl_gzip_tokens(tpl_gzip_t *gz)
{
    uint32_t                    i, n, token;
    uint64_t                    bits;
    unsigned                    nbits;
    tpl_bits_t                  b;
    tpl_uint_t                  own;
    tpl_deflate_codes_t         local;
    const tpl_deflate_codes_t  *codes;

    if (gz->ntokens == 0) {
        return;
    }

    own = (gz->ntokens >= TPL_GZIP_OWN_CODES)
          && tpl_gzip_own_codes(gz, &local);

    if (own) {
        tpl_gzip_close(gz);
        tpl_gzip_room(gz, TPL_DEFLATE_HEADER);
        tpl_deflate_header(&gz->b, &local);
        codes = &local;

    } else {
        tpl_gzip_open(gz);
        codes = &gz->model->codes;
    }

    for (i = 0; i < gz->ntokens; /* void */ ) {

        tpl_gzip_room(gz, TPL_GZIP_BATCH * 6);

        n = tpl_min(gz->ntokens, i + TPL_GZIP_BATCH);
        b = gz->b;
        bits = 0;
        nbits = 0;

        for ( /* void */ ; i < n; i++) {
            token = gz->tokens[i];

            if (token <= 0xff) {
                tpl_bits_gather(&b, &bits, &nbits, codes->lit[token]);
                continue;
            }

            tpl_bits_put(&b, bits, nbits);
            bits = 0;
            nbits = 0;

            tpl_bits_match(&b, codes, tpl_gzip_match_len(token),
                           tpl_gzip_match_dist(token));
        }

        tpl_bits_put(&b, bits, nbits);

        gz->b = b;
    }

    if (own) {
        tpl_gzip_room(gz, 8);
        tpl_bits_code(&gz->b, local.lit[TPL_DEFLATE_END]);
    }

    gz->ntokens = 0;
}


/* true if a block with codes made for the tokens is the shorter one */

static tpl_uint_t
tpl_gzip_own_codes(tpl_gzip_t *gz, tpl_deflate_codes_t *codes)
{
    size_t                      own, other;
    uint32_t                    i, token;
    tpl_deflate_freq_t          freq;
    const tpl_deflate_codes_t  *model;

    memset(&freq, 0, sizeof(tpl_deflate_freq_t));

    for (i = 0; i < gz->ntokens; i++) {
        token = gz->tokens[i];

        if (token <= 0xff) {
            freq.lit[token]++;

        } else {
            freq.lit[tpl_deflate_len_symbol(tpl_gzip_match_len(token))]++;
            freq.dist[tpl_deflate_dist_symbol(tpl_gzip_match_dist(token))]++;
        }
    }

    freq.lit[TPL_DEFLATE_END] = 1;

    tpl_deflate_codes(codes, &freq);

    model = &gz->model->codes;

    own = tpl_deflate_header_size(codes);
    other = 0;

    for (i = 0; i < TPL_DEFLATE_LITERALS; i++) {
        own += (size_t) freq.lit[i] * codes->lit_bits[i];
        other += (size_t) freq.lit[i] * model->lit_bits[i];
    }

    for (i = 0; i < TPL_DEFLATE_DISTANCES; i++) {
        own += (size_t) freq.dist[i] * codes->dist_bits[i];
        other += (size_t) freq.dist[i] * model->dist_bits[i];
    }

    /* the model's block has to be opened, now or after the own one */

    if (gz->block == TPL_GZIP_BLOCK_MODEL) {
        own += gz->model->nheader;

    } else {
        other += gz->model->nheader;
    }

    return own < other;
}


static void
tpl_gzip_open(tpl_gzip_t *gz)
{
    if (gz->block != TPL_GZIP_BLOCK_MODEL) {
        tpl_gzip_bits(gz, gz->model->header, 0, gz->model->nheader);
        gz->block = TPL_GZIP_BLOCK_MODEL;
    }
}


static void
tpl_gzip_close(tpl_gzip_t *gz)
{
    if (gz->block == TPL_GZIP_BLOCK_MODEL) {
        tpl_gzip_room(gz, 8);
        tpl_bits_code(&gz->b, gz->model->codes.lit[TPL_DEFLATE_END]);
        gz->block = TPL_GZIP_BLOCK_NONE;
    }
}


/* copies bits [from, to) of bits */

static void
tpl_gzip_bits(tpl_gzip_t *gz, const tpl_char_t *bits, uint32_t from,
    uint32_t to)
{
    uint32_t  n;

    for ( /* void */ ; from < to; from += n) {
        tpl_gzip_room(gz, 64);

        n = tpl_min(to - from, (uint32_t) (gz->last - gz->b.p - 16) * 8);

        tpl_bits_copy(&gz->b, bits, from, n);
    }
}


static void
tpl_gzip_page_room(tpl_gzip_t *gz, size_t n)
{
    tpl_char_t  *p;

    tpl_gzip_commit(gz);

    p = NULL;

    if (!gz->failed) {
        p = tpl_output_reserve(gz->out, tpl_max(n, TPL_OUTPUT_PAGE));
    }

    if (p == NULL) {
        gz->failed = 1;
        p = gz->sink;
    }

    gz->last = p + TPL_OUTPUT_PAGE;
    gz->b.p = p;
    gz->start = p;
}


static void
tpl_gzip_commit(tpl_gzip_t *gz)
{
    if (gz->start && !gz->failed) {
        tpl_output_commit(gz->out, (size_t) (gz->b.p - gz->start));
        gz->start = gz->b.p;
    }
}
