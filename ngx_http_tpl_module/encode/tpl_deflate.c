
/*
 * Huffman codes of deflate's blocks and the headers that tell them.
 *
 * Codes are canonical (RFC 1951, 3.2.2), so lengths are all that matters.  They
 * are as good as any within the limit but for a repair where Huffman's own
 * would be longer than that.
 */

#include "encode/tpl_deflate.h"


#define TPL_DEFLATE_MAX_BITS    15
#define TPL_DEFLATE_MAX_META    7       /* of the codes of the lengths */
#define TPL_DEFLATE_NMETA       19


/* the lengths of both codes, run-length coded: a symbol and its extra bits */

typedef struct {
    uint8_t   symbol[TPL_DEFLATE_LITERALS + TPL_DEFLATE_DISTANCES];
    uint8_t   extra[TPL_DEFLATE_LITERALS + TPL_DEFLATE_DISTANCES];
    unsigned  n;
    unsigned  nlit;
    unsigned  ndist;
    unsigned  nmeta;
    uint8_t   bits[TPL_DEFLATE_NMETA];
    uint32_t  codes[TPL_DEFLATE_NMETA];
} tpl_deflate_meta_t;


static void tpl_deflate_sort(uint32_t *v, unsigned n);
static void tpl_deflate_lengths(const uint32_t *freq, unsigned n,
    unsigned max, uint8_t *bits);
static void tpl_deflate_assign(const uint8_t *bits, unsigned n,
    uint32_t *codes);
static void tpl_deflate_runs(tpl_deflate_meta_t *m, const uint8_t *bits,
    unsigned n);
static void tpl_deflate_meta(tpl_deflate_meta_t *m,
    const tpl_deflate_codes_t *codes);


/* RFC 1951, 3.2.7 */

static const uint8_t  tpl_deflate_order[TPL_DEFLATE_NMETA] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
};


unsigned
tpl_deflate_len_symbol(unsigned len)
{
    unsigned  top;

    if (len == TPL_DEFLATE_MAX_MATCH) {
        return 285;
    }

    len -= 3;

    if (len < 8) {
        return 257 + len;
    }

    top = 31 - __builtin_clz(len);

    return 257 + (top - 1) * 4 + ((len >> (top - 2)) & 3);
}


/* Shell's: a few hundred elements, often nearly in order */

static void
tpl_deflate_sort(uint32_t *v, unsigned n)
{
    unsigned  i, j, gap;
    uint32_t  x;

    static const unsigned  gaps[] = { 132, 57, 23, 10, 4, 1 };

    for (gap = 0; gap < tpl_nelts(gaps); gap++) {
        for (i = gaps[gap]; i < n; i++) {
            x = v[i];

            for (j = i; j >= gaps[gap] && v[j - gaps[gap]] > x;
                 j -= gaps[gap])
            {
                v[j] = v[j - gaps[gap]];
            }

            v[j] = x;
        }
    }
}


/*
 * Code lengths.  Leaves in ascending order and the nodes made of them are two
 * queues, the two lightest of both become a node.  Frequencies are scaled to
 * fit in 22 bits beside the symbol.
 */

static void
tpl_deflate_lengths(const uint32_t *freq, unsigned n, unsigned max,
    uint8_t *bits)
{
    int       k;
    unsigned  i, j, used, leaf, node, next, shift, sum, depth;
    uint32_t  top, w[2], sorted[TPL_DEFLATE_LITERALS];
    uint32_t  weight[TPL_DEFLATE_LITERALS];
    uint16_t  count[64], parent[TPL_DEFLATE_LITERALS * 2];

    memset(bits, 0, n);

    top = 0;

    for (i = 0; i < n; i++) {
        top = tpl_max(top, freq[i]);
    }

    for (shift = 0; (top >> shift) >= (1u << 22); shift++) { /* void */ }

    used = 0;

    for (i = 0; i < n; i++) {
        if (freq[i]) {
            sorted[used++] = (tpl_max(freq[i] >> shift, 1) << 9) | i;
        }
    }

    if (used < 2) {
        if (used) {
            bits[sorted[0] & 0x1ff] = 1;
        }

        return;
    }

    tpl_deflate_sort(sorted, used);

    leaf = 0;
    node = 0;
    weight[0] = 0;

    for (next = 0; next < used - 1; next++) {
        for (j = 0; j < 2; j++) {
            if (leaf < used && (node == next
                                || (sorted[leaf] >> 9) <= weight[node]))
            {
                w[j] = sorted[leaf] >> 9;
                parent[leaf++] = next;

            } else {
                w[j] = weight[node];
                parent[used + node++] = next;
            }
        }

        weight[next] = w[0] + w[1];
    }

    /* depths from the root down; those of leaves are counted */

    memset(count, 0, sizeof(count));

    parent[used + used - 2] = 0;
    weight[used - 2] = 0;

    for (k = (int) used - 3; k >= 0; k--) {
        weight[k] = weight[parent[used + k]] + 1;
    }

    for (i = 0; i < used; i++) {
        depth = weight[parent[i]] + 1;
        count[tpl_min(depth, max)]++;
    }

    /* too long ones were cut: pay for them by making shorter ones longer */

    sum = 0;

    for (i = 1; i <= max; i++) {
        sum += (unsigned) count[i] << (max - i);
    }

    for ( /* void */ ; sum > (1u << max); sum--) {
        count[max]--;

        for (i = max - 1; count[i] == 0; i--) { /* void */ }

        count[i]--;
        count[i + 1] += 2;
    }

    /* the rarest get the longest */

    j = 0;

    for (i = max; i > 0; i--) {
        for (next = count[i]; next; next--) {
            bits[sorted[j++] & 0x1ff] = i;
        }
    }
}


static void
tpl_deflate_assign(const uint8_t *bits, unsigned n, uint32_t *codes)
{
    unsigned  i, j;
    uint32_t  code, r;
    uint32_t  next[TPL_DEFLATE_MAX_BITS + 2], count[TPL_DEFLATE_MAX_BITS + 1];

    memset(count, 0, sizeof(count));

    for (i = 0; i < n; i++) {
        count[bits[i]]++;
    }

    count[0] = 0;
    next[1] = 0;

    for (i = 1; i <= TPL_DEFLATE_MAX_BITS; i++) {
        next[i + 1] = (next[i] + count[i]) << 1;
    }

    for (i = 0; i < n; i++) {
        if (bits[i] == 0) {
            codes[i] = 0;
            continue;
        }

        code = next[bits[i]]++;
        r = 0;

        for (j = 0; j < bits[i]; j++) {
            r = (r << 1) | ((code >> j) & 1);
        }

        codes[i] = r | ((uint32_t) bits[i] << 24);
    }
}


void
tpl_deflate_codes(tpl_deflate_codes_t *codes, const tpl_deflate_freq_t *freq)
{
    unsigned            i, n, symbol, extra;
    uint32_t            lit[TPL_DEFLATE_LITERALS];
    tpl_deflate_freq_t  f;

    f = *freq;

    if (f.lit[TPL_DEFLATE_END] == 0) {
        f.lit[TPL_DEFLATE_END] = 1;
    }

    /* some inflates take no incomplete code, or none of no distance */

    n = 0;

    for (i = 0; i < TPL_DEFLATE_DISTANCES; i++) {
        n += (f.dist[i] != 0);
    }

    for (i = 0; n < 2; i++) {
        if (f.dist[i] == 0) {
            f.dist[i] = 1;
            n++;
        }
    }

    tpl_deflate_lengths(f.lit, TPL_DEFLATE_LITERALS, TPL_DEFLATE_MAX_BITS,
                        codes->lit_bits);
    tpl_deflate_lengths(f.dist, TPL_DEFLATE_DISTANCES, TPL_DEFLATE_MAX_BITS,
                        codes->dist_bits);

    tpl_deflate_assign(codes->lit_bits, TPL_DEFLATE_LITERALS, lit);
    tpl_deflate_assign(codes->dist_bits, TPL_DEFLATE_DISTANCES, codes->dist);

    memcpy(codes->lit, lit, sizeof(codes->lit));
    memset(codes->len, 0, sizeof(codes->len));

    for (i = TPL_DEFLATE_MIN_MATCH; i <= TPL_DEFLATE_MAX_MATCH; i++) {
        symbol = tpl_deflate_len_symbol(i);

        if (lit[symbol] == 0) {
            continue;
        }

        extra = (symbol < 265 || symbol == 285) ? 0 : (symbol - 261) / 4;

        codes->len[i] = lit[symbol]
                        + (((i - 3) & ((1u << extra) - 1))
                           << tpl_deflate_bits(lit[symbol]))
                        + (extra << 24);
    }
}


static void
tpl_deflate_runs(tpl_deflate_meta_t *m, const uint8_t *bits, unsigned n)
{
    unsigned  i, run, k;

    for (i = 0; i < n; i += run) {
        for (run = 1; i + run < n && bits[i + run] == bits[i]; run++) {
            /* void */
        }

        if (bits[i] == 0 && run >= 3) {
            run = tpl_min(run, 138);
            m->symbol[m->n] = (run < 11) ? 17 : 18;
            m->extra[m->n++] = (run < 11) ? run - 3 : run - 11;
            continue;
        }

        m->symbol[m->n] = bits[i];
        m->extra[m->n++] = 0;

        if (bits[i] == 0 || run < 4) {
            run = 1;
            continue;
        }

        for (k = 1; run - k >= 3; k += 3 + m->extra[m->n - 1]) {
            m->symbol[m->n] = 16;
            m->extra[m->n++] = tpl_min(run - k, 6) - 3;
        }

        run = k;
    }
}


static void
tpl_deflate_meta(tpl_deflate_meta_t *m, const tpl_deflate_codes_t *codes)
{
    unsigned  i;
    uint8_t   bits[TPL_DEFLATE_LITERALS + TPL_DEFLATE_DISTANCES];
    uint32_t  freq[TPL_DEFLATE_NMETA];

    for (m->nlit = TPL_DEFLATE_LITERALS; codes->lit_bits[m->nlit - 1] == 0;
         m->nlit--) { /* void */ }

    for (m->ndist = TPL_DEFLATE_DISTANCES; codes->dist_bits[m->ndist - 1] == 0;
         m->ndist--) { /* void */ }

    memcpy(bits, codes->lit_bits, m->nlit);
    memcpy(bits + m->nlit, codes->dist_bits, m->ndist);

    m->n = 0;

    tpl_deflate_runs(m, bits, m->nlit + m->ndist);

    memset(freq, 0, sizeof(freq));

    for (i = 0; i < m->n; i++) {
        freq[m->symbol[i]]++;
    }

    tpl_deflate_lengths(freq, TPL_DEFLATE_NMETA, TPL_DEFLATE_MAX_META,
                        m->bits);
    tpl_deflate_assign(m->bits, TPL_DEFLATE_NMETA, m->codes);

    for (m->nmeta = TPL_DEFLATE_NMETA;
         m->nmeta > 4 && m->bits[tpl_deflate_order[m->nmeta - 1]] == 0;
         m->nmeta--) { /* void */ }
}


size_t
tpl_deflate_header_size(const tpl_deflate_codes_t *codes)
{
    size_t              size;
    unsigned            i;
    tpl_deflate_meta_t  m;

    tpl_deflate_meta(&m, codes);

    size = 3 + 14 + m.nmeta * 3;

    for (i = 0; i < m.n; i++) {
        size += m.bits[m.symbol[i]];

        switch (m.symbol[i]) {
        case 16:
            size += 2;
            break;
        case 17:
            size += 3;
            break;
        case 18:
            size += 7;
            break;
        }
    }

    return size;
}


void
tpl_deflate_header(tpl_bits_t *b, const tpl_deflate_codes_t *codes)
{
    unsigned            i;
    tpl_deflate_meta_t  m;

    tpl_deflate_meta(&m, codes);

    /* not the last block, dynamic codes */

    tpl_bits_put(b, 4, 3);
    tpl_bits_put(b, m.nlit - 257, 5);
    tpl_bits_put(b, m.ndist - 1, 5);
    tpl_bits_put(b, m.nmeta - 4, 4);

    for (i = 0; i < m.nmeta; i++) {
        tpl_bits_put(b, m.bits[tpl_deflate_order[i]], 3);
    }

    for (i = 0; i < m.n; i++) {
        tpl_bits_code(b, m.codes[m.symbol[i]]);

        switch (m.symbol[i]) {
        case 16:
            tpl_bits_put(b, m.extra[i], 2);
            break;
        case 17:
            tpl_bits_put(b, m.extra[i], 3);
            break;
        case 18:
            tpl_bits_put(b, m.extra[i], 7);
            break;
        }
    }
}
