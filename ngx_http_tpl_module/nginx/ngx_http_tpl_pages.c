
/*
 * Memory of renders.  Arenas take pages of one size; a worker keeps a number
 * of free ones, so that an ordinary render asks malloc() for nothing.
 *
 * A worker is one thread and one list.  Under AddressSanitizer nothing is
 * kept: it has to see every page come and go.
 */

#include "nginx/ngx_http_tpl_module.h"


/* free pages kept: 1.5 MiB */
#define NGX_HTTP_TPL_FREE_MAX  96


typedef struct ngx_http_tpl_free_page_s  ngx_http_tpl_free_page_t;

struct ngx_http_tpl_free_page_s {
    ngx_http_tpl_free_page_t  *next;
};


/* stands before each page: 16 bytes, so that the page stays aligned */

typedef struct {
    size_t                     size;
    size_t                     unused;
} ngx_http_tpl_page_head_t;


static void *ngx_http_tpl_page_alloc(void *data, size_t size);
static void ngx_http_tpl_page_free(void *data, void *p);


static ngx_http_tpl_free_page_t  *ngx_http_tpl_free_pages;
static ngx_uint_t                 ngx_http_tpl_free_n;


const tpl_allocator_t  ngx_http_tpl_allocator = {
    ngx_http_tpl_page_alloc,
    ngx_http_tpl_page_free,
    NULL
};


static void *
ngx_http_tpl_page_alloc(void *data, size_t size)
{
    ngx_http_tpl_page_head_t  *head;

    if (size == NGX_HTTP_TPL_ARENA_PAGE && ngx_http_tpl_free_pages) {
        head = (ngx_http_tpl_page_head_t *) ngx_http_tpl_free_pages - 1;

        ngx_http_tpl_free_pages = ngx_http_tpl_free_pages->next;
        ngx_http_tpl_free_n--;

        return head + 1;
    }

    if (size > (size_t) -1 - sizeof(ngx_http_tpl_page_head_t)) {
        return NULL;
    }

    head = ngx_alloc(sizeof(ngx_http_tpl_page_head_t) + size,
                     ngx_cycle->log);
    if (head == NULL) {
        return NULL;
    }

    head->size = size;

    return head + 1;
}


static void
ngx_http_tpl_page_free(void *data, void *p)
{
    ngx_http_tpl_page_head_t  *head;

    head = (ngx_http_tpl_page_head_t *) p - 1;

#if !defined(__SANITIZE_ADDRESS__)

    if (!TPL_NO_FREE_PAGES && head->size == NGX_HTTP_TPL_ARENA_PAGE
        && ngx_http_tpl_free_n < NGX_HTTP_TPL_FREE_MAX)
    {
        ngx_http_tpl_free_page_t  *page;

        page = p;

        page->next = ngx_http_tpl_free_pages;
        ngx_http_tpl_free_pages = page;
        ngx_http_tpl_free_n++;

        return;
    }

#endif

    ngx_free(head);
}
