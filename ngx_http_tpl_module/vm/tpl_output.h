
/*
 * What a render has written so far: segments.
 *
 * A long static text is a segment that points at the text of the program;
 * short texts and values are gathered into pages of the render's arena, and
 * neighbours in a page are one segment.  Nothing is ever moved once written, so
 * segments may be sent while the render goes on (see tpl_vm_settled() for what
 * an open capture may still take back).
 */

#ifndef _TPL_OUTPUT_H_INCLUDED_
#define _TPL_OUTPUT_H_INCLUDED_


#include "base/tpl_escape.h"
#include "program/tpl_program.h"


TPL_BEGIN_DECLS


/* texts below this many bytes are copied into pages: a segment costs more */
#define TPL_OUTPUT_STATIC_MIN   512
#define TPL_OUTPUT_PAGE         4080    /* four in 16 KiB, with their head */

/* from so many bytes on a page is 16 KiB, with the arena's head: a fourth of
 * the segments, and little of the whole is ever left unused */
#define TPL_OUTPUT_MANY         32768
#define TPL_OUTPUT_WHOLE_PAGE   16368


typedef struct {
    const tpl_char_t        *data;
    size_t                   len;
    uint64_t                 hash;      /* of a static text; 0 in a page */
} tpl_segment_t;


typedef struct tpl_output_page_s  tpl_output_page_t;

typedef struct {
    tpl_arena_t             *arena;
    tpl_segment_t           *segments;
    uint32_t                 n;
    uint32_t                 size;
    tpl_char_t              *pos;       /* where the page goes on */
    tpl_char_t              *last;      /* its end */
    size_t                   len;       /* bytes in all segments */
    size_t                   limit;     /* most bytes */
    tpl_uint_t               exceeded;  /* an error was for the limit */

    /* set before the first byte: pages are kept for tpl_output_reset() */
    tpl_uint_t               recycled;
    tpl_output_page_t       *pages;     /* in use */
    tpl_output_page_t       *free;
    tpl_uint_t               pinned;    /* some page has a text of a value */
} tpl_output_t;


/* a place to come back to */

typedef struct {
    uint32_t                 n;
    size_t                   last_len;  /* of segment n - 1 */
    size_t                   len;
} tpl_output_mark_t;


/* limit: most bytes, 0 for any */
void tpl_output_init(tpl_output_t *out, tpl_arena_t *arena, size_t limit);

/* each: TPL_OK, or TPL_ERROR without memory or past the limit */
tpl_int_t tpl_output_text(tpl_output_t *out, const tpl_text_t *text);
tpl_int_t tpl_output_add(tpl_output_t *out, const tpl_char_t *p, size_t len);
tpl_int_t tpl_output_escaped(tpl_output_t *out, const tpl_char_t *p,
    size_t len, tpl_uint_t kind);

/* a page with room for len bytes, which become part of the last segment when
 * they are added; the slow half of tpl_output_put() */
tpl_int_t tpl_output_room(tpl_output_t *out, size_t len);


/* whether len more bytes can be had without asking for anything */

static inline tpl_uint_t
tpl_output_fits(const tpl_output_t *out, size_t len)
{
    const tpl_segment_t  *last;

    if (tpl_unlikely(out->n == 0)) {
        return 0;
    }

    last = &out->segments[out->n - 1];

    return last->data + last->len == out->pos && last->hash == 0
           && (size_t) (out->last - out->pos) >= len
           && out->limit - out->len >= len;
}


/*
 * Room for len more bytes in the last segment; NULL without memory or past the
 * limit.  tpl_output_commit() tells how many have been written there.
 */
static inline tpl_char_t *
tpl_output_reserve(tpl_output_t *out, size_t len)
{
    const tpl_segment_t  *last;

    if (tpl_likely(out->n != 0)) {
        last = &out->segments[out->n - 1];

        if (tpl_likely(last->data + last->len == out->pos && last->hash == 0
                       && (size_t) (out->last - out->pos) >= len
                       && out->limit - out->len >= len))
        {
            return out->pos;
        }
    }

    return (tpl_output_room(out, len) == TPL_OK) ? out->pos : NULL;
}


static inline void
tpl_output_commit(tpl_output_t *out, size_t len)
{
    out->segments[out->n - 1].len += len;
    out->pos += len;
    out->len += len;
}


/* tpl_output_add() for short pieces */

static inline tpl_int_t
tpl_output_put(tpl_output_t *out, const tpl_char_t *p, size_t len)
{
    tpl_char_t  *dst;

    dst = tpl_output_reserve(out, len);
    if (tpl_unlikely(dst == NULL)) {
        return TPL_ERROR;
    }

    tpl_copy_short(dst, p, len);
    tpl_output_commit(out, len);

    return TPL_OK;
}


/*
 * Takes back all since the mark and gives it as one piece of text.  A short one
 * is copied so that the page goes on where it was; a long one that lies in one
 * page, or in one static text, is not.  tpl_output_drop() only takes back.
 */
void tpl_output_mark(const tpl_output_t *out, tpl_output_mark_t *mark);
tpl_int_t tpl_output_take(tpl_output_t *out, const tpl_output_mark_t *mark,
    tpl_str_t *str);
void tpl_output_drop(tpl_output_t *out, const tpl_output_mark_t *mark);

/*
 * Forgets all segments, which the host has sent, and writes into their pages
 * again, if out is recycled.  Nobody may hold a mark.  len goes on.
 */
void tpl_output_reset(tpl_output_t *out);

/* leaves out a last segment that has room but no bytes: nothing more comes */
void tpl_output_end(tpl_output_t *out);

/*
 * 64 bits over all bytes, from the texts' own hashes where there are some:
 * equal programs and equal values give equal hashes, in every process and
 * however pages were filled.
 */
uint64_t tpl_output_hash(const tpl_output_t *out);


TPL_END_DECLS


#endif /* _TPL_OUTPUT_H_INCLUDED_ */
