
/*
 * The model: all that can be done before there is a page.
 */

#include <zlib.h>

#include "encode/tpl_gzip_internal.h"


static tpl_int_t tpl_gzip_model_bits(tpl_gzip_model_t *m,
    tpl_arena_t *arena);
static tpl_int_t tpl_gzip_model_positions(tpl_gzip_model_t *m,
    tpl_arena_t *arena);
static tpl_int_t tpl_gzip_model_crc(tpl_gzip_model_t *m, tpl_arena_t *arena);


tpl_gzip_model_t *
tpl_gzip_model(tpl_arena_t *arena, tpl_arena_t *scratch,
    const tpl_str_t *reference)
{
    uint32_t           len;
    tpl_bits_t         b;
    tpl_gzip_match_t  *matches;
    tpl_gzip_model_t  *m;

    len = TPL_NO_REFERENCE ? 0 : tpl_min(reference->len,
                                         TPL_GZIP_REFERENCE_MAX);

    m = tpl_pcalloc(arena, sizeof(tpl_gzip_model_t));
    if (m == NULL) {
        return NULL;
    }

    m->len = len;
    m->ref = tpl_pnalloc(arena, len + 8);
    m->header = tpl_pnalloc(arena, TPL_DEFLATE_HEADER + 8);

    if (m->ref == NULL || m->header == NULL) {
        return NULL;
    }

    if (len) {
        memcpy(m->ref, reference->data, len);
    }

    memset(m->ref + len, 0, 8);

    if (tpl_gzip_parse(scratch, m->ref, len, &m->codes, &matches,
                       &m->nmatches)
        != TPL_OK)
    {
        return NULL;
    }

    m->matches = tpl_palloc(arena,
                            (m->nmatches + 1) * sizeof(tpl_gzip_match_t));
    if (m->matches == NULL) {
        return NULL;
    }

    memcpy(m->matches, matches, m->nmatches * sizeof(tpl_gzip_match_t));

    b.p = m->header;
    b.word = 0;
    b.n = 0;

    tpl_deflate_header(&b, &m->codes);

    m->nheader = (uint32_t) (b.p - m->header) * 8 + b.n;

    if (tpl_gzip_model_bits(m, arena) != TPL_OK
        || tpl_gzip_model_positions(m, arena) != TPL_OK
        || tpl_gzip_model_crc(m, arena) != TPL_OK)
    {
        return NULL;
    }

    return m;
}


size_t
tpl_gzip_model_size(const tpl_gzip_model_t *model)
{
    return model->len;
}


static tpl_int_t
tpl_gzip_model_bits(tpl_gzip_model_t *m, tpl_arena_t *arena)
{
    size_t             size;
    uint32_t           i, k, bit, pos;
    tpl_bits_t         b;
    tpl_gzip_group_t  *group;
    tpl_gzip_match_t  *match;

    /* first the size: what a symbol takes is in the codes */

    size = 0;
    k = 0;

    for (i = 0; i < m->len; /* void */ ) {
        match = &m->matches[k];

        if (k < m->nmatches && match->pos == i) {
            size += 48;
            i += match->len;
            k++;
            continue;
        }

        size += tpl_deflate_bits(m->codes.lit[m->ref[i]]);
        i++;
    }

    m->bits = tpl_pcalloc(arena, size / 8 + 32);
    m->index = tpl_palloc(arena, (m->len / TPL_GZIP_INDEX_STEP + 1)
                                 * sizeof(uint16_t));

    m->groups = tpl_palloc(arena, (m->nmatches / TPL_GZIP_GROUP + 1)
                                  * sizeof(tpl_gzip_group_t));

    if (m->bits == NULL || m->index == NULL || m->groups == NULL) {
        return TPL_ERROR;
    }

    b.p = m->bits;
    b.word = 0;
    b.n = 0;
    k = 0;

    for (i = 0; i < m->len; /* void */ ) {
        match = &m->matches[k];

        if (k == m->nmatches || match->pos != i) {
            tpl_bits_code(&b, m->codes.lit[m->ref[i]]);
            i++;
            continue;
        }

        bit = (uint32_t) (b.p - m->bits) * 8 + b.n;

        tpl_bits_match(&b, &m->codes, match->len, match->pos - match->src);

        match->bit = bit;
        match->nbits = (uint32_t) (b.p - m->bits) * 8 + b.n - bit;

        i += match->len;
        k++;
    }

    m->nbits = (uint32_t) (b.p - m->bits) * 8 + b.n;

    for (k = 0; k < m->nmatches; k++) {
        match = &m->matches[k];
        group = &m->groups[k / TPL_GZIP_GROUP];

        if (k % TPL_GZIP_GROUP == 0) {
            group->src = match->src;
            group->end = UINT32_MAX;
        }

        group->src = tpl_min(group->src, match->src);

        if (k % TPL_GZIP_GROUP == TPL_GZIP_GROUP - 1) {
            group->end = (uint32_t) match->pos + match->len;
        }
    }

    k = 0;

    for (i = 0; i <= m->len / TPL_GZIP_INDEX_STEP; i++) {
        pos = i * TPL_GZIP_INDEX_STEP;

        while (k < m->nmatches
               && (uint32_t) m->matches[k].pos + m->matches[k].len <= pos)
        {
            k++;
        }

        m->index[i] = k;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_model_positions(tpl_gzip_model_t *m, tpl_arena_t *arena)
{
    uint32_t  i, h;
    uint64_t  hash;
    unsigned  bits;

    for (bits = 8; bits < 15 && (1u << bits) < m->len; bits++) { /* void */ }

    m->shift = 64 - bits;
    m->heads = tpl_pcalloc(arena, sizeof(uint16_t) << bits);
    m->chain = tpl_palloc(arena, (m->len + 1) * sizeof(uint16_t));

    /* eight times as many bits as positions */

    m->seen_shift = m->shift - 3;
    m->seen = tpl_pcalloc(arena, (size_t) 1 << bits);

    if (m->heads == NULL || m->chain == NULL || m->seen == NULL) {
        return TPL_ERROR;
    }

    if (m->len < TPL_GZIP_SYNC) {
        return TPL_OK;
    }

    for (i = m->len - TPL_GZIP_SYNC + 1; i-- > 0; /* void */ ) {
        hash = tpl_gzip_sync_hash(tpl_gzip_load8(m->ref + i));

        h = (uint32_t) (hash >> m->shift);

        m->chain[i] = m->heads[h];
        m->heads[h] = i + 1;

        h = (uint32_t) (hash >> m->seen_shift);

        m->seen[h >> 3] |= 1u << (h & 7);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_model_crc(tpl_gzip_model_t *m, tpl_arena_t *arena)
{
    uint32_t  i, n, nhigh;

    n = m->len / TPL_GZIP_CRC_STEP + 1;
    nhigh = (m->len >> 8) + 1;

    m->crc = tpl_palloc(arena, n * sizeof(uint32_t));
    m->low = tpl_palloc(arena, 256 * sizeof(uint32_t));
    m->high = tpl_palloc(arena, nhigh * sizeof(uint32_t));

    if (m->crc == NULL || m->low == NULL || m->high == NULL) {
        return TPL_ERROR;
    }

    m->crc[0] = (uint32_t) crc32(0, NULL, 0);

    for (i = 1; i < n; i++) {
        m->crc[i] = (uint32_t) crc32(m->crc[i - 1],
                                     m->ref + (i - 1) * TPL_GZIP_CRC_STEP,
                                     TPL_GZIP_CRC_STEP);
    }

    /* zlib: op applied to one CRC and added to another; so also to an op */

    m->low[0] = (uint32_t) crc32_combine_gen(0);
    m->low[1] = (uint32_t) crc32_combine_gen(1);

    for (i = 2; i < 256; i++) {
        m->low[i] = (uint32_t) crc32_combine_op(m->low[i - 1], 0, m->low[1]);
    }

    m->high[0] = m->low[0];

    for (i = 1; i < nhigh; i++) {
        m->high[i] = (i == 1)
                     ? (uint32_t) crc32_combine_gen(256)
                     : (uint32_t) crc32_combine_op(m->high[i - 1], 0,
                                                   m->high[1]);
    }

    return TPL_OK;
}
