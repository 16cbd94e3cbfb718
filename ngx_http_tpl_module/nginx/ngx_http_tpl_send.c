
/*
 * The answer: what a render wrote as a chain of buffers, and the header before
 * it.
 *
 * Buffers point into the render's arena and into the texts of the programs;
 * nothing is copied.
 */

#include "nginx/ngx_http_tpl_module.h"


/* what is needed for a segment to be sent */

typedef struct {
    ngx_chain_t  link;
    ngx_buf_t    buf;
} ngx_http_tpl_link_t;


static ngx_int_t ngx_http_tpl_send(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_chain_t *out, size_t len, uint64_t hash);
static ngx_int_t ngx_http_tpl_set_etag(ngx_http_request_t *r, uint64_t hash);


ngx_int_t
ngx_http_tpl_send_output(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    tpl_output_t *output)
{
    uint64_t      hash;
    ngx_chain_t  *out;

    out = ngx_http_tpl_chain(r, output);
    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    hash = ngx_http_tpl_hash(ctx, output);

    if (!ctx->varies && ctx->target->tmpl && ngx_http_tpl_is_pure(ctx)) {
        ngx_http_tpl_keep(ctx->target, output, hash);
    }

    return ngx_http_tpl_send(r, ctx, out, output->len, hash);
}


uint64_t
ngx_http_tpl_hash(ngx_http_tpl_ctx_t *ctx, tpl_output_t *output)
{
    if (!ctx->conf->etag || !ngx_http_tpl_is_pure(ctx)
        || ngx_http_tpl_has_nonce(ctx->request))
    {
        return 0;
    }

    return tpl_output_hash(output);
}


ngx_int_t
ngx_http_tpl_debug_header(ngx_http_request_t *r, ngx_uint_t status,
    ngx_buf_t *page)
{
    ngx_str_t  type;

    ngx_http_clear_etag(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_accept_ranges(r);

    ngx_str_set(&type, "text/html");
    ngx_http_tpl_set_type(r, &type);

    r->allow_ranges = 0;
    r->disable_not_modified = 1;
    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_length_n = page->last - page->pos;

    page->last_buf = (r == r->main) ? 1 : 0;
    page->last_in_chain = 1;

    return ngx_http_send_header(r);
}


ngx_int_t
ngx_http_tpl_send_debug(ngx_http_request_t *r, ngx_uint_t status,
    ngx_buf_t *page)
{
    ngx_int_t    rc;
    ngx_chain_t  out;

    rc = ngx_http_tpl_debug_header(r, status, page);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = page;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_tpl_send_page(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_page_t *page)
{
    ngx_buf_t    *b;
    ngx_chain_t  *out;

    out = ngx_alloc_chain_link(r->pool);
    b = ngx_calloc_buf(r->pool);

    if (out == NULL || b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = page->text.data;
    b->last = page->text.data + page->text.len;
    b->memory = page->text.len ? 1 : 0;

    out->buf = b;
    out->next = NULL;

    ctx->kept = page;

    return ngx_http_tpl_send(r, ctx, out, page->text.len, page->hash);
}


ngx_uint_t
ngx_http_tpl_is_pure(ngx_http_tpl_ctx_t *ctx)
{
    if (ctx->tmpl->flags & TPL_TEMPLATE_IMPURE) {
        return 0;
    }

    return !((ctx->tmpl->flags & TPL_TEMPLATE_DYNAMIC)
             && ctx->target->generation->impure);
}


/*
 * A page made of the template and the configuration alone is the same each
 * time: it is kept in one piece, which may be a text of the program.
 */

void
ngx_http_tpl_keep(ngx_http_tpl_target_t *target, const tpl_output_t *output,
    uint64_t hash)
{
    u_char                     *p;
    size_t                      len;
    uint32_t                    i;
    const tpl_segment_t        *s;
    ngx_http_tpl_page_t        *page;
    ngx_http_tpl_main_conf_t   *tmcf;
    ngx_http_tpl_generation_t  *g;

    g = target->generation;
    tmcf = g->set->main;
    s = output->segments;
    len = output->len;

    if (output->n && s->len == len && s->hash) {
        len = 0;
    }

    if (TPL_NO_KEPT
        || target->page
        || len > NGX_HTTP_TPL_PAGE_MAX
        || len > NGX_HTTP_TPL_PAGES_MAX - tmcf->pages)
    {
        return;
    }

    page = tpl_palloc(g->arena, sizeof(ngx_http_tpl_page_t));
    p = tpl_pnalloc(g->arena, len + 1);

    if (page == NULL || p == NULL) {
        return;
    }

    ngx_str_null(&page->packed);

    page->text.data = (len == output->len) ? p : (u_char *) s->data;
    page->text.len = output->len;
    page->hash = hash;

    for (i = 0; len && i < output->n; i++) {
        p = ngx_cpymem(p, s[i].data, s[i].len);
    }

    tmcf->pages += len;
    g->pages += len;
    target->page = page;
}


/* the segments as buffers; an empty page is one empty buffer */

ngx_chain_t *
ngx_http_tpl_chain(ngx_http_request_t *r, tpl_output_t *output)
{
    uint32_t              i;
    ngx_buf_t            *b;
    ngx_chain_t          *out, **ll;
    tpl_segment_t        *segment;
    ngx_http_tpl_link_t  *links;

    links = ngx_pcalloc(r->pool,
                        (output->n + 1) * sizeof(ngx_http_tpl_link_t));
    if (links == NULL) {
        return NULL;
    }

    ll = &out;

    for (i = 0; i < output->n; i++) {
        segment = &output->segments[i];

        /* nginx takes an empty buffer for a mistake */

        if (segment->len == 0) {
            continue;
        }

        b = &links[i].buf;

        b->pos = (u_char *) segment->data;
        b->last = b->pos + segment->len;
        b->memory = 1;

        links[i].link.buf = b;

        *ll = &links[i].link;
        ll = &links[i].link.next;
    }

    if (ll == &out) {
        links[i].link.buf = &links[i].buf;

        *ll = &links[i].link;
        ll = &links[i].link.next;
    }

    *ll = NULL;

    return out;
}


static ngx_int_t
ngx_http_tpl_send(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_chain_t *out, size_t len, uint64_t hash)
{
    ngx_int_t  rc;

    ngx_http_tpl_status_count(ctx, len, 0);

    ctx->plain = out;
    ctx->plain_len = len;

    rc = ngx_http_tpl_send_header(r, ctx, len, hash);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only
        || (r != r->main && len == 0))
    {
        return rc;
    }

    ngx_http_tpl_end(r, out);

    return ngx_http_output_filter(r, out);
}


ngx_int_t
ngx_http_tpl_send_header(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    off_t len, uint64_t hash)
{
    ngx_uint_t  status;

    /* nginx lets the error's status win over ours, unless status= is given */

    status = ctx->conf->render->status;

    if (status) {
        r->err_status = 0;

    } else {
        status = NGX_HTTP_OK;
    }

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    ngx_http_clear_content_length(r);
    r->headers_out.content_length_n = len;

    ngx_http_tpl_set_type(r, &ctx->type);

    /* left by a handler that we are the error page for */

    ngx_http_clear_etag(r);
    ngx_http_clear_last_modified(r);

    if (r->err_status) {
        status = r->err_status;
    }

    if (ngx_http_tpl_set_validator(r, ctx, status, hash) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (len == -1) {
        r->disable_not_modified = 1;
        r->allow_ranges = 0;
    }

    return ngx_http_send_header(r);
}


void
ngx_http_tpl_end(ngx_http_request_t *r, ngx_chain_t *out)
{
    for ( /* void */ ; out->next; out = out->next) { /* void */ }

    out->buf->last_buf = (r == r->main) ? 1 : 0;
    out->buf->last_in_chain = 1;
}


ngx_int_t
ngx_http_tpl_set_validator(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_uint_t status, uint64_t hash)
{
    ngx_http_core_loc_conf_t  *clcf;

    r->disable_not_modified = 1;

    if (r != r->main) {
        return ngx_http_tpl_pass_xsrf(r, ctx);
    }

    if (ngx_http_tpl_set_headers(r, ctx) != NGX_OK
        || ngx_http_tpl_set_vary(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (status != NGX_HTTP_OK
        || !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)))
    {
        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /* a page may have its own */

    if (r->headers_out.etag == NULL && hash && clcf->etag
        && ngx_http_tpl_set_etag(r, hash) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->headers_out.etag == NULL && r->headers_out.last_modified == NULL) {
        return NGX_OK;
    }

    /*
     * If-Unmodified-Since is not for what has no Last-Modified (RFC 9110),
     * nginx would answer 412
     */

    r->disable_not_modified = (r->headers_in.if_unmodified_since != NULL
                               && r->headers_out.last_modified == NULL);

    /* the range filter cuts one range out of a chain, but not several */

    r->allow_ranges = 1;
    r->single_range = 1;

    return NGX_OK;
}


void
ngx_http_tpl_set_type(ngx_http_request_t *r, ngx_str_t *type)
{
    size_t       len;
    u_char      *end;
    ngx_uint_t   text;

    end = ngx_strlchr(type->data, type->data + type->len, ';');

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = end ? (size_t) (end - type->data)
                                          : type->len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.charset.len = 0;

    if (end) {
        return;
    }

    /* the types that Flask adds a charset to */

    len = type->len;

    text = (len > 5 && ngx_strncasecmp(type->data, (u_char *) "text/", 5) == 0)
           || (len > 4 && ngx_strncasecmp(type->data + len - 4,
                                          (u_char *) "+xml", 4) == 0);

    if (!text && len > 12
        && ngx_strncasecmp(type->data, (u_char *) "application/", 12) == 0)
    {
        len -= 12;
        end = type->data + 12;

        text = (len == 3 && ngx_strncasecmp(end, (u_char *) "xml", 3) == 0)
               || (len == 10
                   && (ngx_strncasecmp(end, (u_char *) "javascript", 10) == 0
                       || ngx_strncasecmp(end, (u_char *) "ecmascript", 10)
                          == 0));
    }

    if (text) {
        ngx_str_set(&r->headers_out.charset, "utf-8");
    }
}


static ngx_int_t
ngx_http_tpl_set_etag(ngx_http_request_t *r, uint64_t hash)
{
    u_char           *p, bytes[8];
    ngx_table_elt_t  *etag;

    etag = ngx_list_push(&r->headers_out.headers);
    p = ngx_pnalloc(r->pool, 18);

    if (etag == NULL) {
        return NGX_ERROR;
    }

    if (p == NULL) {
        etag->hash = 0;
        return NGX_ERROR;
    }

    etag->hash = 1;
    ngx_str_set(&etag->key, "ETag");
    etag->value.data = p;
    etag->value.len = 18;

    *p++ = '"';

    tpl_put_le64(bytes, hash);
    p = ngx_hex_dump(p, bytes, sizeof(bytes));

    *p = '"';

#if (nginx_version >= 1023000)
    etag->next = NULL;
#endif

    r->headers_out.etag = etag;

    return NGX_OK;
}


void
ngx_http_tpl_type(ngx_http_core_loc_conf_t *clcf, const tpl_str_t *name,
    ngx_str_t *type)
{
    size_t       n;
    u_char       exten[32];
    ngx_str_t   *found;
    ngx_uint_t   hash;

    for (n = 0; n < name->len && n < sizeof(exten); n++) {
        if (name->data[name->len - n - 1] == '.'
            || name->data[name->len - n - 1] == '/')
        {
            break;
        }
    }

    if (n > 0 && n < name->len && n <= sizeof(exten)
        && name->data[name->len - n - 1] == '.')
    {
        hash = ngx_hash_strlow(exten, name->data + name->len - n, n);

        found = ngx_hash_find(&clcf->types_hash, hash, exten, n);

        if (found) {
            *type = *found;
            return;
        }
    }

    ngx_str_set(type, "text/html");
}


void
ngx_http_tpl_pick_type(ngx_http_request_t *r, ngx_http_tpl_loc_conf_t *conf,
    tpl_template_t *tmpl, ngx_str_t *type)
{
    if (conf->render->type.data) {
        *type = conf->render->type;

    } else if (tmpl == conf->target->tmpl) {
        *type = conf->type;

    } else {
        ngx_http_tpl_type(ngx_http_get_module_loc_conf(r,
                                                       ngx_http_core_module),
                          &tmpl->name, type);
    }
}
