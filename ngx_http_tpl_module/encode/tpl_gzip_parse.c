
/*
 * The cheapest way to write a text with deflate's literals and matches.
 *
 * All matches worth thinking of are found once: for each position the nearest
 * one of each length.  What to take is decided from the text's end on, by what
 * the symbols cost; the choice gives better codes, and these a better choice.
 *
 * Time is linear in the text: a chain is followed for so many steps only, and
 * in a long match nothing is looked for.
 */

#include "encode/tpl_gzip_internal.h"


#define TPL_PARSE_HASH     14
#define TPL_PARSE_CHAIN    200
#define TPL_PARSE_LONG     96       /* a match that is taken as it is */
#define TPL_PARSE_PASSES   3


typedef struct {
    uint16_t                 len;
    uint16_t                 dist;      /* less one */
} tpl_parse_found_t;


typedef struct {
    const tpl_char_t        *text;
    uint32_t                 len;

    tpl_parse_found_t       *found;     /* ascending by len */
    uint32_t                 nfound;
    uint32_t                 size;
    uint32_t                *first;     /* of found, for each position */

    uint32_t                *cost;      /* of all from a position on */
    tpl_parse_found_t       *choice;    /* len 1: a literal */
} tpl_parse_t;


static tpl_int_t tpl_parse_find(tpl_parse_t *p, tpl_arena_t *scratch);
static tpl_int_t tpl_parse_add(tpl_parse_t *p, tpl_arena_t *scratch,
    unsigned len, unsigned dist);
static void tpl_parse_choose(tpl_parse_t *p,
    const tpl_deflate_codes_t *codes);
static uint32_t tpl_parse_count(tpl_parse_t *p, tpl_deflate_freq_t *freq);
static void tpl_parse_guess(tpl_parse_t *p, tpl_deflate_freq_t *freq);


tpl_int_t
tpl_gzip_parse(tpl_arena_t *scratch, const tpl_char_t *text, uint32_t len,
    tpl_deflate_codes_t *codes, tpl_gzip_match_t **matches, uint32_t *n)
{
    uint32_t             i;
    unsigned             pass;
    tpl_parse_t          p;
    tpl_gzip_match_t    *m;
    tpl_deflate_freq_t   freq;

    memset(&p, 0, sizeof(tpl_parse_t));

    p.text = text;
    p.len = len;

    p.first = tpl_palloc(scratch, (len + 2) * sizeof(uint32_t));
    p.cost = tpl_palloc(scratch, (len + 1) * sizeof(uint32_t));
    p.choice = tpl_palloc(scratch, (len + 1) * sizeof(tpl_parse_found_t));

    if (p.first == NULL || p.cost == NULL || p.choice == NULL
        || tpl_parse_find(&p, scratch) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_parse_guess(&p, &freq);
    *n = 0;

    for (pass = 0; pass < TPL_PARSE_PASSES; pass++) {
        tpl_deflate_codes(codes, &freq);
        tpl_parse_choose(&p, codes);
        *n = tpl_parse_count(&p, &freq);
    }

    tpl_deflate_codes(codes, &freq);

    *matches = tpl_palloc(scratch, (*n + 1) * sizeof(tpl_gzip_match_t));
    if (*matches == NULL) {
        return TPL_ERROR;
    }

    m = *matches;

    for (i = 0; i < len; i += p.choice[i].len) {
        if (p.choice[i].len > 1) {
            m->pos = i;
            m->len = p.choice[i].len;
            m->src = i - p.choice[i].dist - 1;
            m++;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_parse_find(tpl_parse_t *p, tpl_arena_t *scratch)
{
    size_t      len;
    uint32_t    i, c, h, best, max, steps, follow, dist;
    uint32_t   *heads, *chain;

    heads = tpl_pcalloc(scratch, sizeof(uint32_t) << TPL_PARSE_HASH);
    chain = tpl_palloc(scratch, (p->len + 1) * sizeof(uint32_t));

    if (heads == NULL || chain == NULL) {
        return TPL_ERROR;
    }

    follow = 0;
    dist = 0;

    for (i = 0; i < p->len; i++) {
        p->first[i] = p->nfound;

        if (p->len - i < TPL_DEFLATE_MIN_MATCH) {
            continue;
        }

        h = ((p->text[i] | (uint32_t) p->text[i + 1] << 8
              | (uint32_t) p->text[i + 2] << 16) * 0x9e3779b1u)
            >> (32 - TPL_PARSE_HASH);

        c = heads[h];
        chain[i] = c;
        heads[h] = i + 1;

        /* within a long match: what is left of it */

        if (follow > TPL_PARSE_LONG / 2) {
            follow--;

            if (tpl_parse_add(p, scratch, follow, dist) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        follow = 0;
        best = TPL_DEFLATE_MIN_MATCH - 1;
        max = tpl_min(p->len - i, TPL_DEFLATE_MAX_MATCH);

        for (steps = TPL_PARSE_CHAIN;
             c && steps && i + 1 - c <= TPL_DEFLATE_WINDOW;
             c = chain[c - 1], steps--)
        {
            if (best < max && p->text[c - 1 + best] != p->text[i + best]) {
                continue;
            }

            len = tpl_gzip_equal(p->text + c - 1, p->text + i, max);

            if (len <= best) {
                continue;
            }

            best = len;
            dist = i + 1 - c;

            if (tpl_parse_add(p, scratch, best, dist) != TPL_OK) {
                return TPL_ERROR;
            }

            if (best == max) {
                break;
            }
        }

        if (best >= TPL_PARSE_LONG) {
            follow = best;
        }
    }

    p->first[i] = p->nfound;

    return TPL_OK;
}


static tpl_int_t
tpl_parse_add(tpl_parse_t *p, tpl_arena_t *scratch, unsigned len,
    unsigned dist)
{
    uint32_t            size;
    tpl_parse_found_t  *found;

    if (p->nfound == p->size) {
        size = p->size ? p->size * 2 : 4096;

        found = tpl_prealloc(scratch, p->found,
                             p->size * sizeof(tpl_parse_found_t),
                             size * sizeof(tpl_parse_found_t));
        if (found == NULL) {
            return TPL_ERROR;
        }

        p->found = found;
        p->size = size;
    }

    p->found[p->nfound].len = len;
    p->found[p->nfound++].dist = dist - 1;

    return TPL_OK;
}


/* what has no code yet may get one */
#define tpl_parse_cost(code)  ((code) ? tpl_deflate_bits(code) : 14)


static void
tpl_parse_choose(tpl_parse_t *p, const tpl_deflate_codes_t *codes)
{
    uint32_t            i, k, len, cost, dist, symbol, best;
    tpl_parse_found_t  *f, choice;

    p->cost[p->len] = 0;

    for (i = p->len; i-- > 0; /* void */ ) {
        best = tpl_parse_cost(codes->lit[p->text[i]]) + p->cost[i + 1];
        choice.len = 1;
        choice.dist = 0;
        len = TPL_DEFLATE_MIN_MATCH;

        for (k = p->first[i]; k < p->first[i + 1]; k++) {
            f = &p->found[k];

            symbol = tpl_deflate_dist_symbol(f->dist + 1);
            dist = tpl_parse_cost(codes->dist[symbol])
                   + tpl_deflate_dist_extra(symbol);

            if (f->len >= TPL_PARSE_LONG) {
                len = f->len;
            }

            for ( /* void */ ; len <= f->len; len++) {
                cost = tpl_parse_cost(codes->len[len]) + dist
                       + p->cost[i + len];

                if (cost < best) {
                    best = cost;
                    choice.len = len;
                    choice.dist = f->dist;
                }
            }
        }

        p->cost[i] = best;
        p->choice[i] = choice;
    }
}


/*
 * A text comes once, so do its symbols; but pages have values too.  They are
 * taken for 200 characters of English, names and numbers, and any byte and
 * any match may come.
 */

static const uint8_t  tpl_parse_letters[26] = {
    96, 20, 38, 42, 140, 24, 26, 44, 84, 6, 14, 56, 34,
    80, 84, 28, 4, 78, 76, 98, 36, 12, 20, 6, 24, 5
};


static uint32_t
tpl_parse_count(tpl_parse_t *p, tpl_deflate_freq_t *freq)
{
    uint32_t  i, n, dist;

    for (i = 0; i < TPL_DEFLATE_LITERALS; i++) {
        freq->lit[i] = 2;
    }

    for (i = ' '; i <= '~'; i++) {
        freq->lit[i] = 8;
    }

    for (i = '0'; i <= '9'; i++) {
        freq->lit[i] = 32;
    }

    for (i = 0; i < 26; i++) {
        freq->lit['A' + i] = 12;
        freq->lit['a' + i] = tpl_parse_letters[i] * 2;
    }

    freq->lit[' '] = 240;

    for (i = 257; i < 265; i++) {
        freq->lit[i] = 32;
    }

    for ( /* void */ ; i < TPL_DEFLATE_LITERALS; i++) {
        freq->lit[i] = 8;
    }

    for (i = 0; i < TPL_DEFLATE_DISTANCES; i++) {
        freq->dist[i] = 12;
    }

    n = 0;

    for (i = 0; i < p->len; i += p->choice[i].len) {

        if (p->choice[i].len == 1) {
            freq->lit[p->text[i]] += 32;
            continue;
        }

        n++;
        dist = p->choice[i].dist + 1;

        freq->lit[tpl_deflate_len_symbol(p->choice[i].len)] += 32;
        freq->dist[tpl_deflate_dist_symbol(dist)] += 32;
    }

    freq->lit[TPL_DEFLATE_END] += 32;

    return n;
}


static void
tpl_parse_guess(tpl_parse_t *p, tpl_deflate_freq_t *freq)
{
    uint32_t  i;

    for (i = 0; i < TPL_DEFLATE_LITERALS; i++) {
        freq->lit[i] = 1;
    }

    for (i = 0; i < p->len; i++) {
        freq->lit[p->text[i]]++;
    }

    /* lengths: the shorter the more */

    for (i = 257; i < TPL_DEFLATE_LITERALS; i++) {
        freq->lit[i] = 1 + p->len / (8 * (i - 253));
    }

    for (i = 0; i < TPL_DEFLATE_DISTANCES; i++) {
        freq->dist[i] = 1 + i;
    }
}
