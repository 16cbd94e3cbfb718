
/*
 * Segments of output and the pages behind them.
 *
 * Invariants: no segment is empty but the last, which may be when room has just
 * been made in a fresh page; pos .. last is the unused part of the page taken
 * last; bytes before pos are never written again unless a capture that began
 * there took them back.  len never exceeds limit.
 */

#include "vm/tpl_output.h"


/* what a capture copies to leave the page as it was */
#define TPL_OUTPUT_COPY_MAX  512

/* an arena gives pages of their own to what is this large */
#define TPL_OUTPUT_LARGE     65536


struct tpl_output_page_s {
    tpl_output_page_t  *next;
    size_t              size;
};


static tpl_char_t *tpl_output_page(tpl_output_t *out, size_t size);
static tpl_segment_t *tpl_output_segment(tpl_output_t *out,
    const tpl_char_t *data, size_t len, uint64_t hash);


void
tpl_output_init(tpl_output_t *out, tpl_arena_t *arena, size_t limit)
{
    memset(out, 0, sizeof(tpl_output_t));

    out->arena = arena;
    out->limit = limit ? limit : SIZE_MAX;
}


static tpl_segment_t *
tpl_output_segment(tpl_output_t *out, const tpl_char_t *data, size_t len,
    uint64_t hash)
{
    uint32_t        size;
    tpl_segment_t  *s;

    /* room that was made and not used */

    if (out->n && out->segments[out->n - 1].len == 0) {
        s = &out->segments[out->n - 1];

    } else {

        if (out->n == out->size) {
            size = out->size ? out->size * 2 : 32;

            s = tpl_prealloc(out->arena, out->segments,
                             out->size * sizeof(tpl_segment_t),
                             size * sizeof(tpl_segment_t));
            if (s == NULL) {
                return NULL;
            }

            out->segments = s;
            out->size = size;
        }

        s = &out->segments[out->n++];
    }

    s->data = data;
    s->len = len;
    s->hash = hash;
    out->len += len;

    return s;
}


/* room for a page of at least size bytes; sets its end */

static tpl_char_t *
tpl_output_page(tpl_output_t *out, size_t size)
{
    tpl_char_t         *p;
    tpl_output_page_t  *page;

    if (!out->recycled) {
        p = tpl_pnalloc(out->arena, size);

        if (p) {
            out->last = p + size;
        }

        return p;
    }

    page = out->free;

    if (page && size <= page->size) {
        out->free = page->next;

    } else {

        /* what is larger than a page is the arena's alone, to be given back */

        if (size > TPL_OUTPUT_PAGE) {
            size = tpl_max(size, TPL_OUTPUT_LARGE);
        }

        page = tpl_palloc(out->arena, sizeof(tpl_output_page_t) + size);
        if (page == NULL) {
            return NULL;
        }

        page->size = size;
    }

    page->next = out->pages;
    out->pages = page;

    p = (tpl_char_t *) &page[1];
    out->last = p + page->size;

    return p;
}


void
tpl_output_reset(tpl_output_t *out)
{
    tpl_output_page_t  *page, *next;

    out->n = 0;
    out->pos = NULL;
    out->last = NULL;

    page = out->pages;
    out->pages = NULL;

    if (out->pinned) {

        /* texts that values have now must stay as they are */

        out->pinned = 0;
        return;
    }

    for ( /* void */ ; page; page = next) {
        next = page->next;

        if (page->size > TPL_OUTPUT_PAGE) {
            tpl_pfree(out->arena, page);
            continue;
        }

        page->next = out->free;
        out->free = page;
    }
}


tpl_int_t
tpl_output_room(tpl_output_t *out, size_t len)
{
    tpl_char_t  *p;

    out->exceeded = (out->limit - out->len < len);

    if (out->exceeded) {
        return TPL_ERROR;
    }

    if ((size_t) (out->last - out->pos) < len) {
        p = NULL;

        if (out->len >= TPL_OUTPUT_MANY && !out->recycled) {
            p = tpl_output_page(out, tpl_max(len, TPL_OUTPUT_WHOLE_PAGE));
        }

        if (p == NULL) {
            p = tpl_output_page(out, tpl_max(len, TPL_OUTPUT_PAGE));
        }

        if (p == NULL) {
            return TPL_ERROR;
        }

        out->pos = p;
    }

    return tpl_output_segment(out, out->pos, 0, 0) ? TPL_OK : TPL_ERROR;
}


tpl_int_t
tpl_output_text(tpl_output_t *out, const tpl_text_t *text)
{
    if (text->str.len < TPL_OUTPUT_STATIC_MIN) {
        return tpl_output_put(out, text->str.data, text->str.len);
    }

    if (TPL_NO_ZERO_COPY) {
        return tpl_output_add(out, text->str.data, text->str.len);
    }

    if (out->limit - out->len < text->str.len) {
        out->exceeded = 1;
        return TPL_ERROR;
    }

    return tpl_output_segment(out, text->str.data, text->str.len, text->hash)
           ? TPL_OK : TPL_ERROR;
}


tpl_int_t
tpl_output_add(tpl_output_t *out, const tpl_char_t *p, size_t len)
{
    size_t  n;

    if (len == 0) {
        return TPL_OK;
    }

    /* a long piece fills the page first */

    n = (size_t) (out->last - out->pos);

    if (n && n < len) {

        if (tpl_output_put(out, p, n) != TPL_OK) {
            return TPL_ERROR;
        }

        p += n;
        len -= n;
    }

    return tpl_output_put(out, p, len);
}


tpl_int_t
tpl_output_escaped(tpl_output_t *out, const tpl_char_t *p, size_t len,
    tpl_uint_t kind)
{
    size_t       clean, size;
    tpl_char_t  *dst;

    clean = tpl_escape_scan(p, len);

    if (clean == len) {
        return tpl_output_add(out, p, len);
    }

    /* the longest of all is &quot; */

    size = (len <= 64) ? len * 6 : tpl_escape_size(p, len, kind);

    if (len <= 64 && out->limit - out->len < size) {
        size = tpl_escape_size(p, len, kind);
    }

    dst = tpl_output_reserve(out, size);
    if (dst == NULL) {
        return TPL_ERROR;
    }

    memcpy(dst, p, clean);

    tpl_output_commit(out, (size_t) (tpl_escape(dst + clean, p + clean,
                                                len - clean, kind)
                                     - dst));

    return TPL_OK;
}


void
tpl_output_mark(const tpl_output_t *out, tpl_output_mark_t *mark)
{
    mark->n = out->n;
    mark->len = out->len;
    mark->last_len = 0;

    if (out->n) {
        mark->last_len = out->segments[out->n - 1].len;
    }
}


void
tpl_output_drop(tpl_output_t *out, const tpl_output_mark_t *mark)
{
    const tpl_char_t     *start;
    const tpl_segment_t  *last;

    /* the page goes on at the mark if that is still the same page */

    if (out->len != mark->len) {
        last = &out->segments[out->n - 1];
        start = NULL;

        if (out->n == mark->n) {
            start = last->data + mark->last_len;

        } else if (out->n == mark->n + 1
                   && (mark->n == 0
                       || out->segments[mark->n - 1].len == mark->last_len))
        {
            start = last->data;
        }

        if (start && last->hash == 0 && last->data + last->len == out->pos) {
            out->pos = (tpl_char_t *) start;
        }
    }

    out->n = mark->n;
    out->len = mark->len;

    if (mark->n) {
        out->segments[mark->n - 1].len = mark->last_len;
    }
}


tpl_int_t
tpl_output_take(tpl_output_t *out, const tpl_output_mark_t *mark,
    tpl_str_t *str)
{
    size_t                from, len;
    uint32_t              i, first;
    tpl_char_t           *p;
    const tpl_segment_t  *s;

    len = out->len - mark->len;

    str->len = len;
    str->data = (tpl_char_t *) "";

    if (len == 0) {
        tpl_output_drop(out, mark);
        return TPL_OK;
    }

    /* the first segment with something new: the mark's own or the next */

    first = mark->n;
    from = 0;

    if (mark->n && out->segments[mark->n - 1].len > mark->last_len) {
        first = mark->n - 1;
        from = mark->last_len;
    }

    s = &out->segments[first];

    if (s->len - from == len && (len > TPL_OUTPUT_COPY_MAX || s->hash)) {
        str->data = (tpl_char_t *) s->data + from;
        p = out->pos;

        tpl_output_drop(out, mark);

        /* these bytes of the page are the text's now */

        out->pos = p;
        out->pinned = 1;

        return TPL_OK;
    }

    p = tpl_pnalloc(out->arena, len);
    if (p == NULL) {
        return TPL_ERROR;
    }

    str->data = p;

    for (i = first; i < out->n; i++) {
        s = &out->segments[i];

        memcpy(p, s->data + from, s->len - from);
        p += s->len - from;
        from = 0;
    }

    tpl_output_drop(out, mark);

    return TPL_OK;
}


void
tpl_output_end(tpl_output_t *out)
{
    if (out->n && out->segments[out->n - 1].len == 0) {
        out->n--;
    }
}


/*
 * Bytes in pages are hashed as one run, wherever pages end: in blocks of four
 * lanes, each a chain of 64 x 64 bit multiplications whose halves are folded.
 * What is left over at the end of a page waits in block.
 */

#define TPL_HASH_BLOCK  64

typedef struct {
    uint64_t                 lanes[4];
    uint64_t                 len;       /* of the run */
    tpl_char_t               block[TPL_HASH_BLOCK];
} tpl_output_hash_t;


static inline uint64_t
tpl_output_hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128  m;

    m = (unsigned __int128) a * b;

    return (uint64_t) m ^ (uint64_t) (m >> 64);
}


static inline void
tpl_output_hash_step(tpl_output_hash_t *s, uint64_t w)
{
    s->lanes[0] = tpl_output_hash_mix(w ^ 0x9e3779b185ebca87ULL,
                                      s->lanes[0] ^ 0xc2b2ae3d27d4eb4fULL);
}


/* whole blocks; returns what is left */

static const tpl_char_t *
tpl_output_hash_blocks(tpl_output_hash_t *s, const tpl_char_t *p, size_t n)
{
    uint64_t  a, b, c, d;

    a = s->lanes[0];
    b = s->lanes[1];
    c = s->lanes[2];
    d = s->lanes[3];

    for ( /* void */ ; n; n--, p += TPL_HASH_BLOCK) {
        a = tpl_output_hash_mix(tpl_get_le64(p)
                                ^ 0x9e3779b185ebca87ULL,
                                tpl_get_le64(p + 8) ^ a);
        b = tpl_output_hash_mix(tpl_get_le64(p + 16)
                                ^ 0xc2b2ae3d27d4eb4fULL,
                                tpl_get_le64(p + 24) ^ b);
        c = tpl_output_hash_mix(tpl_get_le64(p + 32)
                                ^ 0x165667b19e3779f9ULL,
                                tpl_get_le64(p + 40) ^ c);
        d = tpl_output_hash_mix(tpl_get_le64(p + 48)
                                ^ 0x27d4eb2f165667c5ULL,
                                tpl_get_le64(p + 56) ^ d);
    }

    s->lanes[0] = a;
    s->lanes[1] = b;
    s->lanes[2] = c;
    s->lanes[3] = d;

    return p;
}


static void
tpl_output_hash_end(tpl_output_hash_t *s)
{
    size_t  n;

    if (s->len == 0) {
        return;
    }

    n = s->len % TPL_HASH_BLOCK;

    if (n) {
        memset(s->block + n, 0, TPL_HASH_BLOCK - n);
        (void) tpl_output_hash_blocks(s, s->block, 1);
    }

    tpl_output_hash_step(s, s->len);

    s->len = 0;
}


static void
tpl_output_hash_run(tpl_output_hash_t *s, const tpl_char_t *p, size_t len)
{
    size_t  n, rest;

    n = s->len % TPL_HASH_BLOCK;
    s->len += len;

    if (n) {
        rest = tpl_min(TPL_HASH_BLOCK - n, len);
        tpl_copy_short(s->block + n, p, rest);

        if (n + rest < TPL_HASH_BLOCK) {
            return;
        }

        (void) tpl_output_hash_blocks(s, s->block, 1);
        p += rest;
        len -= rest;
    }

    p = tpl_output_hash_blocks(s, p, len / TPL_HASH_BLOCK);
    tpl_copy_short(s->block, p, len % TPL_HASH_BLOCK);
}


uint64_t
tpl_output_hash(const tpl_output_t *out)
{
    uint32_t              i;
    uint64_t              h;
    tpl_output_hash_t     s;
    const tpl_segment_t  *seg;

    s.lanes[0] = 0x27d4eb2f165667c5ULL;
    s.lanes[1] = 0x9fb21c651e98df25ULL;
    s.lanes[2] = 0xd6e8feb86659fd93ULL;
    s.lanes[3] = 0xa0761d6478bd642fULL;
    s.len = 0;

    for (i = 0; i < out->n; i++) {
        seg = &out->segments[i];

        if (seg->len == 0) {
            continue;
        }

        if (seg->hash && !TPL_NO_TEXT_HASH) {
            tpl_output_hash_end(&s);
            tpl_output_hash_step(&s, seg->hash);
            tpl_output_hash_step(&s, seg->len);

        } else {
            tpl_output_hash_run(&s, seg->data, seg->len);
        }
    }

    tpl_output_hash_end(&s);
    tpl_output_hash_step(&s, out->len);

    h = tpl_output_hash_mix(s.lanes[0] ^ s.lanes[2], s.lanes[1] ^ s.lanes[3]);
    h ^= s.lanes[0] + s.lanes[1];
    h ^= h >> 32;
    h *= 0x9e3779b185ebca87ULL;
    h ^= h >> 29;

    return h;
}
