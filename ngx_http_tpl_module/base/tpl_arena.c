
/*
 * The arena: memory that is allocated piece by piece and dropped at once.
 *
 * Small pieces are cut from the current page, [last, end); a piece over a
 * quarter of a page gets a page of its own, so that the current one stays
 * useful.  The arena's own structure lies at the start of its first page: to
 * create one is one allocation.
 *
 * Invariants: last <= end; every page but the first is in exactly one of the
 * lists pages and large; held is the sum of the sizes of all pages.
 */

#include <stdlib.h>
#include <sys/mman.h>

#include "base/tpl_base.h"


#define TPL_ALIGNMENT   16
#define TPL_PAGE_MIN    512

#define tpl_align(p)                                                         \
    ((tpl_char_t *) (((uintptr_t) (p) + (TPL_ALIGNMENT - 1))                 \
                     & ~(uintptr_t) (TPL_ALIGNMENT - 1)))


typedef struct tpl_page_s  tpl_page_t;

/* 16 bytes, so that what follows is as aligned as the page */

struct tpl_page_s {
    tpl_page_t          *next;
    size_t               size;
};


struct tpl_arena_s {
    tpl_char_t          *last;
    tpl_char_t          *end;
    size_t               large_from;    /* what gets its own page */
    tpl_page_t          *pages;
    tpl_page_t          *large;
    size_t               held;
    size_t               limit;
    size_t               page;
    tpl_uint_t           exhausted;
    tpl_allocator_t      allocator;
};


static void *tpl_palloc_page(tpl_arena_t *arena, size_t size);
static void *tpl_palloc_large(tpl_arena_t *arena, size_t size);
static tpl_page_t *tpl_page_take(tpl_arena_t *arena, size_t size);
static void *tpl_malloc(void *data, size_t size);
static void tpl_free(void *data, void *p);
static void *tpl_map(void *data, size_t size);
static void tpl_unmap(void *data, void *p);


const tpl_allocator_t  tpl_malloc_allocator = { tpl_malloc, tpl_free, NULL };
const tpl_allocator_t  tpl_map_allocator = { tpl_map, tpl_unmap, NULL };


static void *
tpl_malloc(void *data, size_t size)
{
    (void) data;

    return malloc(size);
}


static void
tpl_free(void *data, void *p)
{
    (void) data;

    free(p);
}


/* the size stands before what is handed out */

static void *
tpl_map(void *data, size_t size)
{
    size_t  *p;

    (void) data;

    if (size > SIZE_MAX - TPL_ALIGNMENT) {
        return NULL;
    }

    size += TPL_ALIGNMENT;

    p = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1,
             0);
    if (p == MAP_FAILED) {
        return NULL;
    }

    *p = size;

    return (tpl_char_t *) p + TPL_ALIGNMENT;
}


static void
tpl_unmap(void *data, void *p)
{
    size_t  *start;

    (void) data;

    start = (size_t *) ((tpl_char_t *) p - TPL_ALIGNMENT);

    munmap(start, *start);
}


tpl_arena_t *
tpl_arena_create(const tpl_allocator_t *allocator, size_t page, size_t limit)
{
    tpl_page_t   *p;
    tpl_arena_t  *arena;

    page = tpl_max(page, TPL_PAGE_MIN);

    if (limit && limit < page) {
        page = tpl_max(limit, TPL_PAGE_MIN);

        if (limit < page) {
            return NULL;
        }
    }

    p = allocator->alloc(allocator->data, page);
    if (p == NULL) {
        return NULL;
    }

    p->next = NULL;
    p->size = page;

    arena = (tpl_arena_t *) (p + 1);

    arena->last = tpl_align(arena + 1);
    arena->end = (tpl_char_t *) p + page;
    arena->large_from = page / 4;
    arena->pages = NULL;
    arena->large = NULL;
    arena->held = page;
    arena->limit = limit;
    arena->page = page;
    arena->exhausted = 0;
    arena->allocator = *allocator;

#if (TPL_DEBUG_ARENA)
    arena->end = arena->last;
    arena->large_from = 0;
#endif

    return arena;
}


tpl_arena_t *
tpl_arena_scratch(const tpl_arena_t *arena, size_t page, size_t limit)
{
    return tpl_arena_create(&arena->allocator, page, limit);
}


void
tpl_arena_destroy(tpl_arena_t *arena)
{
    tpl_page_t       *p, *next;
    tpl_allocator_t   allocator;

    if (arena == NULL) {
        return;
    }

    /* the arena itself goes with its first page */

    allocator = arena->allocator;

    for (p = arena->large; p; p = next) {
        next = p->next;
        allocator.free(allocator.data, p);
    }

    for (p = arena->pages; p; p = next) {
        next = p->next;
        allocator.free(allocator.data, p);
    }

    allocator.free(allocator.data, (tpl_page_t *) arena - 1);
}


tpl_int_t
tpl_arena_free_page(tpl_arena_t *arena)
{
    tpl_page_t  *p, **list;

    list = arena->large ? &arena->large : &arena->pages;
    p = *list;

    if (p == NULL) {
        return TPL_OK;
    }

    *list = p->next;

    /* what is left of a page that may be this one is nobody's */

    arena->end = arena->last;
    arena->held -= p->size;
    arena->allocator.free(arena->allocator.data, p);

    return TPL_AGAIN;
}


size_t
tpl_arena_size(const tpl_arena_t *arena)
{
    return arena->held;
}


tpl_uint_t
tpl_arena_exhausted(const tpl_arena_t *arena)
{
    return arena->exhausted;
}


void *
tpl_palloc(tpl_arena_t *arena, size_t size)
{
    tpl_char_t  *p;

    p = tpl_align(arena->last);

    if (tpl_likely(p <= arena->end && size <= (size_t) (arena->end - p))) {
        arena->last = p + size;
        return p;
    }

    return tpl_palloc_page(arena, size);
}


void *
tpl_pnalloc(tpl_arena_t *arena, size_t size)
{
    tpl_char_t  *p;

    p = arena->last;

    if (tpl_likely(size <= (size_t) (arena->end - p))) {
        arena->last = p + size;
        return p;
    }

    return tpl_palloc_page(arena, size);
}


void *
tpl_pcalloc(tpl_arena_t *arena, size_t size)
{
    void  *p;

    p = tpl_palloc(arena, size);

    if (tpl_likely(p != NULL)) {
        memset(p, 0, size);
    }

    return p;
}


void *
tpl_prealloc(tpl_arena_t *arena, void *p, size_t old, size_t new)
{
    void        *q;
    tpl_char_t  *start;

    start = p;

    if (p && start + old == arena->last
        && new <= (size_t) (arena->end - start))
    {
        arena->last = start + new;
        return p;
    }

    q = tpl_palloc(arena, new);

    if (tpl_likely(q != NULL && p != NULL)) {
        memcpy(q, p, old);
    }

    return q;
}


void
tpl_pfree(tpl_arena_t *arena, void *p)
{
    tpl_page_t  *page, **prev;

    for (prev = &arena->large; *prev; prev = &page->next) {
        page = *prev;

        if ((void *) (page + 1) == p) {
            *prev = page->next;
            arena->held -= page->size;
            arena->allocator.free(arena->allocator.data, page);
            return;
        }
    }
}


tpl_int_t
tpl_pstrdup(tpl_arena_t *arena, tpl_str_t *dst, const void *src, size_t len)
{
    dst->len = 0;
    dst->data = tpl_pnalloc(arena, len);

    if (tpl_unlikely(dst->data == NULL)) {
        return TPL_ERROR;
    }

    if (len) {
        memcpy(dst->data, src, len);
        dst->len = len;
    }

    return TPL_OK;
}


/* the current page has no room for size bytes */

static void *
tpl_palloc_page(tpl_arena_t *arena, size_t size)
{
    tpl_char_t  *p;
    tpl_page_t  *page;

    if (size > arena->large_from || arena->large_from == 0) {
        return tpl_palloc_large(arena, size);
    }

    if (arena->limit && arena->limit - arena->held < arena->page) {

        /* the last bytes before the limit can be had, if in small change */

        return tpl_palloc_large(arena, size);
    }

    page = tpl_page_take(arena, arena->page);
    if (page == NULL) {
        return NULL;
    }

    page->next = arena->pages;
    arena->pages = page;

    p = (tpl_char_t *) (page + 1);

    arena->last = p + size;
    arena->end = (tpl_char_t *) page + arena->page;

    return p;
}


static void *
tpl_palloc_large(tpl_arena_t *arena, size_t size)
{
    tpl_page_t  *page;

    if (size > SIZE_MAX - sizeof(tpl_page_t)) {
        return NULL;
    }

    page = tpl_page_take(arena, size + sizeof(tpl_page_t));
    if (page == NULL) {
        return NULL;
    }

    page->next = arena->large;
    arena->large = page;

    return page + 1;
}


static tpl_page_t *
tpl_page_take(tpl_arena_t *arena, size_t size)
{
    tpl_page_t  *page;

    if (arena->limit && size > arena->limit - arena->held) {
        arena->exhausted = 1;
        return NULL;
    }

    page = arena->allocator.alloc(arena->allocator.data, size);

    if (page) {
        page->size = size;
        arena->held += size;
    }

    return page;
}
