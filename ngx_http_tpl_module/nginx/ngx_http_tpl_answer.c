
/*
 * What a page said about its answer (web/tpl_answer.h) as nginx's headers; the
 * nonce and the xsrf token of a request.
 *
 * Headers are copied: they outlive the render that set them.
 */

#include "nginx/ngx_http_tpl_module.h"

#include <sys/random.h>


#define NGX_HTTP_TPL_NONCE      16      /* bytes: 128 bits */
#define NGX_HTTP_TPL_NONCE_LEN  22      /* of them in base64url */


typedef struct {
    u_char                 token[TPL_XSRF_LEN];
    ngx_str_t              cookie;      /* that a subrequest passed on */
} ngx_http_tpl_xsrf_t;


static void ngx_http_tpl_replace_headers(ngx_http_request_t *r,
    tpl_pairs_t *headers);
static ngx_int_t ngx_http_tpl_set_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_tpl_set_cache_control(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static void *ngx_http_tpl_find_made(ngx_http_request_t *r,
    ngx_pool_cleanup_pt handler);
static void ngx_http_tpl_cleanup_nonce(void *data);
static ngx_uint_t ngx_http_tpl_has_cookie(ngx_http_request_t *r,
    ngx_str_t *cookie);
static void ngx_http_tpl_cleanup_xsrf(void *data);


#define ngx_http_tpl_header_is(s, text)                                      \
    ((s)->len == sizeof(text) - 1                                            \
     && ngx_strncasecmp((s)->data, (u_char *) (text), sizeof(text) - 1) == 0)


ngx_int_t
ngx_http_tpl_set_headers(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    uint32_t     i;
    ngx_str_t    name, value;
    tpl_pair_t  *pair;

    /* those of a subrequest go nowhere */

    if (ctx->web == NULL || r != r->main) {
        return NGX_OK;
    }

    ngx_http_tpl_replace_headers(r, &ctx->web->answer.headers);

    for (i = 0; i < ctx->web->answer.headers.n; i++) {
        pair = &ctx->web->answer.headers.items[i];

        name.len = pair->name.len;
        value.len = pair->value.len;

        name.data = ngx_pnalloc(r->pool, name.len + value.len + 1);
        if (name.data == NULL) {
            return NGX_ERROR;
        }

        value.data = ngx_cpymem(name.data, pair->name.data, name.len);

        *ngx_cpymem(value.data, pair->value.data, value.len) = '\0';

        if (ngx_http_tpl_header_is(&name, "Content-Type")) {
            ngx_http_tpl_set_type(r, &value);
            continue;
        }

        /* ngx_http_tpl_set_vary() joins them */

        if (ngx_http_tpl_header_is(&name, "Vary")) {
            continue;
        }

        if (ngx_http_tpl_set_header(r, &name, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what an upstream said before the page does */

static void
ngx_http_tpl_replace_headers(ngx_http_request_t *r, tpl_pairs_t *headers)
{
    uint32_t               i;
    tpl_pair_t            *pair;
    ngx_table_elt_t       *h;
    ngx_http_tpl_cursor_t  cursor;

    if (headers->n == 0) {
        return;
    }

    ngx_http_tpl_cursor(&cursor, &r->headers_out.headers);

    while ((h = ngx_http_tpl_next_header(&cursor)) != NULL) {

        if (h->hash == 0 || ngx_http_tpl_header_is(&h->key, "Set-Cookie")
            || ngx_http_tpl_header_is(&h->key, "Vary"))
        {
            continue;
        }

        for (i = 0; i < headers->n; i++) {
            pair = &headers->items[i];

            if (ngx_http_tpl_is_header(h, &pair->name)) {
                h->hash = 0;
                break;
            }
        }

        if (i == headers->n) {
            continue;
        }

        if (h == r->headers_out.expires) {
            r->headers_out.expires = NULL;

        } else if (h == r->headers_out.location) {
            r->headers_out.location = NULL;

        } else if (ngx_http_tpl_header_is(&h->key, "Cache-Control")) {
#if (nginx_version >= 1023000)
            r->headers_out.cache_control = NULL;
#else
            r->headers_out.cache_control.nelts = 0;
#endif
        }
    }
}


static ngx_int_t
ngx_http_tpl_set_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = *name;
    h->value = *value;
    h->lowcase_key = NULL;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    /*
     * What filters look at.  Location is left out: nginx would make it
     * absolute, which Flask does not.
     */

    if (ngx_http_tpl_header_is(name, "Cache-Control")) {
        return ngx_http_tpl_set_cache_control(r, h);
    }

    if (ngx_http_tpl_header_is(name, "ETag")) {
        r->headers_out.etag = h;

    } else if (ngx_http_tpl_header_is(name, "Last-Modified")) {
        r->headers_out.last_modified = h;
        r->headers_out.last_modified_time = ngx_parse_http_time(value->data,
                                                                value->len);

    } else if (ngx_http_tpl_header_is(name, "Expires")) {
        r->headers_out.expires = h;
    }

    return NGX_OK;
}


/* one of maybe several, which "expires" replaces */

static ngx_int_t
ngx_http_tpl_set_cache_control(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_table_elt_t  **ph;

#if (nginx_version >= 1023000)

    for (ph = &r->headers_out.cache_control; *ph; ph = &(*ph)->next) {
        /* void */
    }

#else

    if (r->headers_out.cache_control.elts == NULL
        && ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = ngx_array_push(&r->headers_out.cache_control);
    if (ph == NULL) {
        return NGX_ERROR;
    }

#endif

    *ph = h;

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_abort(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    u_char      *p;
    ngx_str_t    text;
    ngx_int_t    status;
    tpl_error_t *err;

    err = ctx->error;
    status = ctx->web->answer.status;

    text.len = err->message.len;
    text.data = err->message.data;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "template \"%*s\" ended with %V",
                  ctx->tmpl->name.len, ctx->tmpl->name.data, &text);

    /*
     * Of a page that is not sent no header is, but a redirect is what the page
     * wanted, with its cookies.
     */

    if (status < NGX_HTTP_BAD_REQUEST) {

        if (ngx_http_tpl_set_headers(r, ctx) != NGX_OK
            || ngx_http_tpl_set_vary(r, ctx) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return status;
    }

    /* the description, for the error page's $tpl_error */

    p = ngx_strlchr(text.data, text.data + text.len, ':');

    if (p) {
        p += 2;
        text.len -= p - text.data;

        ctx->message.data = ngx_pnalloc(r->pool, text.len);

        if (ctx->message.data) {
            ngx_memcpy(ctx->message.data, p, text.len);
            ctx->message.len = text.len;
        }
    }

    return status;
}


/*
 * The contexts of a request go with an internal redirect, its pool stays:
 * subrequests and error pages find there what was made before.
 */

static void *
ngx_http_tpl_find_made(ngx_http_request_t *r, ngx_pool_cleanup_pt handler)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->main->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == handler) {
            return cln->data;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_tpl_has_nonce(ngx_http_request_t *r)
{
    return ngx_http_tpl_find_made(r, ngx_http_tpl_cleanup_nonce) != NULL;
}


ngx_int_t
ngx_http_tpl_nonce(ngx_http_request_t *r, ngx_str_t *nonce)
{
    u_char               random[NGX_HTTP_TPL_NONCE];
    ssize_t              n;
    ngx_str_t            src;
    ngx_pool_cleanup_t  *cln;

    nonce->len = NGX_HTTP_TPL_NONCE_LEN;
    nonce->data = ngx_http_tpl_find_made(r, ngx_http_tpl_cleanup_nonce);

    if (nonce->data) {
        return NGX_OK;
    }

    do {
        n = getrandom(random, sizeof(random), 0);
    } while (n == -1 && ngx_errno == NGX_EINTR);

    if (n != sizeof(random)) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log,
                      n == -1 ? ngx_errno : 0, "getrandom() failed");
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(r->main->pool,
                               ngx_base64_encoded_length(sizeof(random)));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    src.len = sizeof(random);
    src.data = random;

    nonce->data = cln->data;

    ngx_encode_base64url(nonce, &src);

    cln->handler = ngx_http_tpl_cleanup_nonce;

    return NGX_OK;
}


static void
ngx_http_tpl_cleanup_nonce(void *data)
{
    /* the memory is the pool's */
}


ngx_int_t
ngx_http_tpl_xsrf(ngx_http_request_t *r, u_char *token)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_tpl_xsrf_t  *xsrf;

    xsrf = ngx_http_tpl_find_made(r, ngx_http_tpl_cleanup_xsrf);

    if (xsrf == NULL) {
        cln = ngx_pool_cleanup_add(r->main->pool, sizeof(ngx_http_tpl_xsrf_t));
        if (cln == NULL) {
            return NGX_ERROR;
        }

        xsrf = cln->data;

        ngx_memcpy(xsrf->token, token, TPL_XSRF_LEN);
        ngx_str_null(&xsrf->cookie);

        cln->handler = ngx_http_tpl_cleanup_xsrf;

        return NGX_OK;
    }

    ngx_memcpy(token, xsrf->token, TPL_XSRF_LEN);

    return (r == r->main && ngx_http_tpl_has_cookie(r, &xsrf->cookie))
           ? NGX_DECLINED : NGX_OK;
}


ngx_int_t
ngx_http_tpl_pass_xsrf(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    u_char               *p;
    uint32_t              i;
    ngx_str_t             name, value;
    tpl_pair_t           *pair;
    ngx_http_tpl_ctx_t   *main;
    ngx_http_tpl_xsrf_t  *xsrf;

    if (ctx->web == NULL || !ctx->web->xsrf_new) {
        return NGX_OK;
    }

    main = ngx_http_get_module_ctx(r->main, ngx_http_tpl_module);
    xsrf = ngx_http_tpl_find_made(r, ngx_http_tpl_cleanup_xsrf);

    if ((main && main->web && main->web->xsrf_new) || xsrf == NULL
        || ngx_http_tpl_has_cookie(r->main, &xsrf->cookie))
    {
        return NGX_OK;
    }

    if (r->main->header_sent) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "the cookie of the xsrf token in \"%V\" comes too late:"
                      " the header of the page that it is a part of was sent",
                      &r->uri);
        return NGX_OK;
    }

    ngx_str_set(&name, "Set-Cookie");

    for (i = 0; i < ctx->web->answer.headers.n; i++) {
        pair = &ctx->web->answer.headers.items[i];

        if (pair->value.len < 6
            || ngx_strncmp(pair->value.data, "_xsrf=", 6) != 0
            || !ngx_http_tpl_header_is(&pair->name, "Set-Cookie"))
        {
            continue;
        }

        p = ngx_pnalloc(r->pool, pair->value.len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.len = pair->value.len;
        value.data = p;

        *ngx_cpymem(p, pair->value.data, pair->value.len) = '\0';

        xsrf->cookie = value;

        return ngx_http_tpl_set_header(r->main, &name, &value);
    }

    return NGX_OK;
}


/* it may have been taken away again, with all of a response's header */

static ngx_uint_t
ngx_http_tpl_has_cookie(ngx_http_request_t *r, ngx_str_t *cookie)
{
    ngx_table_elt_t       *h;
    ngx_http_tpl_cursor_t  cursor;

    if (cookie->data == NULL) {
        return 0;
    }

    ngx_http_tpl_cursor(&cursor, &r->headers_out.headers);

    while ((h = ngx_http_tpl_next_header(&cursor)) != NULL) {

        if (h->hash && h->value.data == cookie->data) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_tpl_cleanup_xsrf(void *data)
{
    /* the memory is the pool's */
}


/* $tpl_nonce */

ngx_int_t
ngx_http_tpl_variable_nonce(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  nonce;

    if (ngx_http_tpl_nonce(r, &nonce) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_tpl_give(v, nonce.data, nonce.len);
}
