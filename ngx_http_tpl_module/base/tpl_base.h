
/*
 * The ground everything stands on: return codes, counted strings, the arena
 * that owns all memory of a compilation or of a render, and growing buffers.
 *
 * Nothing here knows nginx, templates or values.
 */

#ifndef _TPL_BASE_H_INCLUDED_
#define _TPL_BASE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "base/tpl_ablation.h"


typedef intptr_t             tpl_int_t;
typedef uintptr_t            tpl_uint_t;
typedef unsigned char        tpl_char_t;


/*
 * Return codes.  TPL_AGAIN: data are not there yet, call again once the host
 * says so.  TPL_YIELD: the fuel is spent, call again in a later turn of the
 * event loop.  TPL_DECLINED: no such thing; no error is set.  TPL_DONE: an
 * iteration is at its end.  With TPL_ERROR an error is always set where the
 * function has a place to set it.
 */

#define TPL_OK           0
#define TPL_ERROR       -1
#define TPL_AGAIN       -2
#define TPL_YIELD       -3
#define TPL_DONE        -4
#define TPL_DECLINED    -5

/* 2^63 as a double: the first that is too large for an int64_t */
#define TPL_TWO_63       9223372036854775808.0


/* len bytes of UTF-8 at data, not terminated; laid out as nginx's own */

typedef struct {
    size_t               len;
    tpl_char_t          *data;
} tpl_str_t;


#define tpl_string(s)     { sizeof(s) - 1, (tpl_char_t *) (s) }
#define tpl_null_string   { 0, NULL }
#define tpl_str_set(str, text)                                               \
    (str)->len = sizeof(text) - 1; (str)->data = (tpl_char_t *) (text)

/* for printf("%.*s", tpl_str_arg(s)) with a tpl_str_t * */
#define tpl_str_arg(s)    (int) (s)->len, (char *) (s)->data

#define tpl_min(a, b)     ((a) < (b) ? (a) : (b))
#define tpl_max(a, b)     ((a) > (b) ? (a) : (b))
#define tpl_nelts(x)      (sizeof(x) / sizeof((x)[0]))

#define tpl_likely(x)     __builtin_expect(!!(x), 1)
#define tpl_unlikely(x)   __builtin_expect(!!(x), 0)

/*
 * The engine's symbols stay out of the dynamic symbol table when the module is
 * loaded with RTLD_GLOBAL; the compiler's flag would hide the module's own
 * entry points too.  Each header declares between these two, after its
 * includes.
 */
#define TPL_BEGIN_DECLS   _Pragma("GCC visibility push(hidden)")
#define TPL_END_DECLS     _Pragma("GCC visibility pop")


TPL_BEGIN_DECLS


/*
 * What a function returns that sets an error: macros around such functions let
 * a compiler see it, which looks at one file at a time.
 */
static inline tpl_int_t
tpl_failure(tpl_int_t rc)
{
    (void) rc;

    return TPL_ERROR;
}


/*
 * Where an arena gets its pages.  alloc() may return NULL; what it returns is
 * aligned to 16, as malloc()'s memory is.  free() gets no NULL.
 */

typedef struct {
    void                *(*alloc)(void *data, size_t size);
    void                 (*free)(void *data, void *p);
    void                *data;
} tpl_allocator_t;

extern const tpl_allocator_t  tpl_malloc_allocator;

/*
 * Pages of the system's own, which has them back as soon as they are freed: for
 * what is large and goes before what was allocated after it.
 */
extern const tpl_allocator_t  tpl_map_allocator;


/*
 * An arena: allocate, never free one by one, drop all at once.  An allocation
 * over a quarter of the page size gets a page of its own.  Built with
 * TPL_DEBUG_ARENA every allocation is one of the allocator's, so that a memory
 * checker sees where each begins and ends.
 */

typedef struct tpl_arena_s  tpl_arena_t;

/*
 * page: bytes of an ordinary page.  limit: bytes that the arena may hold of
 * the allocator's at any time, 0 for no limit.  Returns NULL without memory.
 */
tpl_arena_t *tpl_arena_create(const tpl_allocator_t *allocator, size_t page,
    size_t limit);
void tpl_arena_destroy(tpl_arena_t *arena);

/*
 * Frees one page of an arena that nobody uses any more, for those who may not
 * stop for all of it: TPL_AGAIN while there are others.  Its end is still
 * tpl_arena_destroy().
 */
tpl_int_t tpl_arena_free_page(tpl_arena_t *arena);

/* another arena of the same allocator, for what goes sooner */
tpl_arena_t *tpl_arena_scratch(const tpl_arena_t *arena, size_t page,
    size_t limit);

/* bytes that the arena holds of the allocator's */
size_t tpl_arena_size(const tpl_arena_t *arena);

/* true once an allocation failed for the limit, not for want of memory */
tpl_uint_t tpl_arena_exhausted(const tpl_arena_t *arena);

/* aligned to 16; NULL without memory or past the limit */
void *tpl_palloc(tpl_arena_t *arena, size_t size);
void *tpl_pcalloc(tpl_arena_t *arena, size_t size);

/* not aligned, for text */
void *tpl_pnalloc(tpl_arena_t *arena, size_t size);

/*
 * Makes p, of size old and the arena's, size new (larger).  The last
 * allocation of a page grows in place.
 */
void *tpl_prealloc(tpl_arena_t *arena, void *p, size_t old, size_t new);

/*
 * Gives back p if it has a page of its own (the last one allocated so is found
 * first), else does nothing: for large scratch memory.  p may be NULL.
 */
void tpl_pfree(tpl_arena_t *arena, void *p);

/* copies len bytes; data is NULL without memory */
tpl_int_t tpl_pstrdup(tpl_arena_t *arena, tpl_str_t *dst, const void *src,
    size_t len);


/* most pieces are a few bytes long: a call of memcpy() would cost more */

static inline void
tpl_copy_short(tpl_char_t *dst, const tpl_char_t *src, size_t len)
{
    uint32_t  a4, b4;
    uint64_t  a, b, c, d;

    if (len > 32) {
        memcpy(dst, src, len);
        return;
    }

    /* both ends, which may overlap in the middle */

    if (len >= 16) {
        memcpy(&a, src, 8);
        memcpy(&b, src + 8, 8);
        memcpy(&c, src + len - 16, 8);
        memcpy(&d, src + len - 8, 8);
        memcpy(dst, &a, 8);
        memcpy(dst + 8, &b, 8);
        memcpy(dst + len - 16, &c, 8);
        memcpy(dst + len - 8, &d, 8);

    } else if (len >= 8) {
        memcpy(&a, src, 8);
        memcpy(&b, src + len - 8, 8);
        memcpy(dst, &a, 8);
        memcpy(dst + len - 8, &b, 8);

    } else if (len >= 4) {
        memcpy(&a4, src, 4);
        memcpy(&b4, src + len - 4, 4);
        memcpy(dst, &a4, 4);
        memcpy(dst + len - 4, &b4, 4);

    } else if (len) {
        dst[0] = src[0];
        dst[len / 2] = src[len / 2];
        dst[len - 1] = src[len - 1];
    }
}


/* eight bytes as an integer, the lowest first */

static inline uint64_t
tpl_get_le64(const tpl_char_t *p)
{
    uint64_t  w;

    memcpy(&w, p, 8);

#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    w = __builtin_bswap64(w);
#endif

    return w;
}


static inline void
tpl_put_le64(tpl_char_t *p, uint64_t w)
{
#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    w = __builtin_bswap64(w);
#endif

    memcpy(p, &w, 8);
}


/* whether len bytes are the same */

static inline tpl_uint_t
tpl_same_short(const tpl_char_t *a, const tpl_char_t *b, size_t len)
{
    uint32_t  a4, b4, c4, d4;
    uint64_t  a8, b8, c8, d8;

    if (len > 16) {
        return memcmp(a, b, len) == 0;
    }

    if (len >= 8) {
        memcpy(&a8, a, 8);
        memcpy(&b8, b, 8);
        memcpy(&c8, a + len - 8, 8);
        memcpy(&d8, b + len - 8, 8);

        return ((a8 ^ b8) | (c8 ^ d8)) == 0;
    }

    if (len >= 4) {
        memcpy(&a4, a, 4);
        memcpy(&b4, b, 4);
        memcpy(&c4, a + len - 4, 4);
        memcpy(&d4, b + len - 4, 4);

        return ((a4 ^ b4) | (c4 ^ d4)) == 0;
    }

    return len == 0
           || (a[0] == b[0] && a[len / 2] == b[len / 2]
               && a[len - 1] == b[len - 1]);
}


/* text that grows in an arena; after an error failed stays set */

typedef struct {
    tpl_arena_t         *arena;
    tpl_char_t          *data;
    size_t               len;
    size_t               size;
    tpl_uint_t           failed;
} tpl_buf_t;

void tpl_buf_init(tpl_buf_t *b, tpl_arena_t *arena);

/* marks b as failed: for what cannot be appended */
void tpl_buf_fail(tpl_buf_t *b);

/* tpl_buf_reserve() when there is no room, or none is left after it */
tpl_char_t *tpl_buf_grow(tpl_buf_t *b, size_t n);


/* makes room for n more bytes and returns where they go; NULL on failure */
static inline tpl_char_t *
tpl_buf_reserve(tpl_buf_t *b, size_t n)
{
    /* never true after a failure: size is len then */

    if (tpl_likely(n < b->size - b->len)) {
        return b->data + b->len;
    }

    return tpl_buf_grow(b, n);
}


/* each returns TPL_OK or TPL_ERROR; errors stick, so a last check will do */

static inline tpl_int_t
tpl_buf_add(tpl_buf_t *b, const void *data, size_t len)
{
    tpl_char_t  *p;

    p = tpl_buf_reserve(b, len);

    if (tpl_unlikely(p == NULL)) {
        return TPL_ERROR;
    }

    if (len) {
        memcpy(p, data, len);
        b->len += len;
    }

    return TPL_OK;
}


static inline tpl_int_t
tpl_buf_str(tpl_buf_t *b, const tpl_str_t *s)
{
    return tpl_buf_add(b, s->data, s->len);
}


static inline tpl_int_t
tpl_buf_char(tpl_buf_t *b, tpl_uint_t c)
{
    tpl_char_t  *p;

    p = tpl_buf_reserve(b, 1);

    if (tpl_unlikely(p == NULL)) {
        return TPL_ERROR;
    }

    *p = (tpl_char_t) c;
    b->len++;

    return TPL_OK;
}


tpl_int_t tpl_buf_utf8(tpl_buf_t *b, uint32_t code);
tpl_int_t tpl_buf_printf(tpl_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define tpl_buf_lit(b, s)  tpl_buf_add(b, s, sizeof(s) - 1)


/* strings */

tpl_uint_t tpl_str_eq(const tpl_str_t *a, const tpl_str_t *b);
tpl_uint_t tpl_str_is(const tpl_str_t *a, const char *text);

/* by bytes, which for UTF-8 is by code points: <0, 0, >0 */
tpl_int_t tpl_str_cmp(const tpl_str_t *a, const tpl_str_t *b);

/*
 * First place of needle at or after from, or -1; linear.  An empty needle is
 * found at from if that is not past the end.
 */
ssize_t tpl_str_find(const tpl_str_t *s, const tpl_str_t *needle, size_t from);

/*
 * A keyed hash (SipHash-1-3 or better against chosen keys); the key is set
 * once a process, before the first template is compiled, from getrandom().
 * Later calls of tpl_hash_init() change nothing: hashes live in programs.
 */
void tpl_hash_init(void);
uint32_t tpl_hash(const void *data, size_t len);

/*
 * The best of the candidates for a misspelt name (by edit distance), or NULL
 * if none is near enough to suggest.
 */
const tpl_str_t *tpl_nearest(const tpl_str_t *name,
    const tpl_str_t *candidates, tpl_uint_t n);


TPL_END_DECLS


#endif /* _TPL_BASE_H_INCLUDED_ */
