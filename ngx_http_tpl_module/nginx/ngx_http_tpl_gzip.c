
/*
 * tpl_gzip: pages as gzip, by the encoder that knows their templates.
 *
 * A module of its own, since its filters have another place than tpl_filter's:
 * next to nginx's own gzip filter, which leaves alone what has an encoding.
 * All filters that read or change a page come before; that one of them does is
 * seen by the length it took away or the memory it asked for, and then the page
 * goes on as it is.
 *
 * The page is compressed when its header passes, so that the header can tell
 * the length; the body filter only puts one chain in the place of another.
 */

#include "nginx/ngx_http_tpl_module.h"


static ngx_int_t ngx_http_tpl_gzip_init(ngx_conf_t *cf);
static void ngx_http_tpl_gzip_find_min_length(ngx_conf_t *cf);
static ngx_int_t ngx_http_tpl_gzip_header_filter(ngx_http_request_t *r);
static ngx_uint_t ngx_http_tpl_gzip_wanted(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static size_t ngx_http_tpl_gzip_min_length(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_gzip_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);

static ngx_chain_t *ngx_http_tpl_gzip(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, size_t *len);
static ngx_chain_t *ngx_http_tpl_gzip_kept(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, size_t *len);
static ngx_http_module_t  ngx_http_tpl_gzip_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_tpl_gzip_init,                /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_tpl_gzip_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_tpl_gzip_filter_module_ctx,  /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_http_tpl_gzip_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_tpl_gzip_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_tpl_gzip_body_filter;

    ngx_http_tpl_gzip_find_min_length(cf);

    return NGX_OK;
}


/* no header tells of the gzip filter's conf, but its directives do */

static void
ngx_http_tpl_gzip_find_min_length(ngx_conf_t *cf)
{
    ngx_uint_t                 i;
    ngx_module_t             **modules;
    ngx_command_t             *cmd;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);
    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {
        if (ngx_strcmp(modules[i]->name, "ngx_http_gzip_filter_module") != 0) {
            continue;
        }

        for (cmd = modules[i]->commands; cmd->name.len; cmd++) {
            if (ngx_strcmp(cmd->name.data, "gzip_min_length") == 0
                && cmd->set == ngx_conf_set_size_slot)
            {
                tmcf->nginx_gzip = modules[i];
                tmcf->min_length = cmd->offset;
            }
        }
    }
}


static ngx_int_t
ngx_http_tpl_gzip_header_filter(ngx_http_request_t *r)
{
    size_t               len;
    ngx_chain_t         *out;
    ngx_table_elt_t     *h;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx == NULL || ctx->plain == NULL
        || !ngx_http_tpl_gzip_wanted(r, ctx))
    {
        return ngx_http_next_header_filter(r);
    }

    out = ngx_http_tpl_gzip(r, ctx, &len);

    if (out == NULL || (off_t) len >= r->headers_out.content_length_n) {
        return ngx_http_next_header_filter(r);
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Content-Encoding");
    ngx_str_set(&h->value, "gzip");

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    r->headers_out.content_encoding = h;
    r->headers_out.content_length_n = len;

    /* as nginx's gzip filter does: the same page, other bytes */

    ngx_http_clear_accept_ranges(r);
    ngx_http_weak_etag(r);

    ctx->packed = out;

    return ngx_http_next_header_filter(r);
}


static ngx_uint_t
ngx_http_tpl_gzip_wanted(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_str_t  *encoding;

    if (r != r->main || !ctx->conf->gzip) {
        return 0;
    }

    encoding = r->headers_out.content_encoding
               ? &r->headers_out.content_encoding->value : NULL;

    /* 304, and what other filters are going to change, have no length */

    if (r->headers_out.content_length_n != (off_t) ctx->plain_len
        || r->filter_need_temporary
        || r->main_filter_need_in_memory
        || ctx->plain_len < ngx_http_tpl_gzip_min_length(r)
        || (encoding && encoding->len))
    {
        return 0;
    }

#if (NGX_HTTP_GZIP)

    r->gzip_vary = 1;

    if (!r->gzip_tested) {
        return ngx_http_gzip_ok(r) == NGX_OK;
    }

    return r->gzip_ok;

#else

    return 0;

#endif
}


static size_t
ngx_http_tpl_gzip_min_length(ngx_http_request_t *r)
{
    u_char                    *conf;
    ssize_t                    n;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_tpl_module);

    if (tmcf->nginx_gzip == NULL) {
        return NGX_HTTP_TPL_GZIP_MIN;
    }

    conf = r->loc_conf[tmcf->nginx_gzip->ctx_index];

    ngx_memcpy(&n, conf + tmcf->min_length, sizeof(ssize_t));

    return ngx_max(n, NGX_HTTP_TPL_GZIP_MIN);
}


static ngx_int_t
ngx_http_tpl_gzip_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t         *out;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (in == NULL || ctx == NULL || ctx->packed == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    for ( /* void */ ; in; in = in->next) {
        in->buf->pos = in->buf->last;
    }

    out = ctx->packed_sent ? NULL : ctx->packed;
    ctx->packed_sent = 1;

    return ngx_http_next_body_filter(r, out);
}


/* ctx->plain compressed; NULL without memory */

static ngx_chain_t *
ngx_http_tpl_gzip(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx, size_t *len)
{
    ngx_int_t                  rc;
    tpl_gzip_t                *gz;
    ngx_chain_t               *cl, *out;
    tpl_output_t               packed;
    tpl_gzip_model_t          *model;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (ctx->kept) {
        return ngx_http_tpl_gzip_kept(r, ctx, len);
    }

    tmcf = ctx->target->generation->set->main;

    gz = ngx_http_tpl_encoder(tmcf);
    model = ngx_http_tpl_model(ctx);

    if (gz == NULL || model == NULL
        || ngx_http_tpl_create_arena(r, ctx) != NGX_OK)
    {
        return NULL;
    }

    tpl_output_init(&packed, ctx->arena, 0);
    tpl_gzip_start(gz, model, &packed);

    rc = TPL_OK;

    for (cl = ctx->plain; cl && rc == TPL_OK; cl = cl->next) {
        rc = tpl_gzip_segment(gz, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    if (rc != TPL_OK || tpl_gzip_finish(gz) != TPL_OK) {
        return NULL;
    }

    out = ngx_http_tpl_chain(r, &packed);

    if (out) {
        ngx_http_tpl_end(r, out);
    }

    *len = packed.len;

    return out;
}


static ngx_chain_t *
ngx_http_tpl_gzip_kept(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    size_t *len)
{
    ngx_buf_t            *b;
    ngx_chain_t          *out;
    ngx_http_tpl_page_t  *page;

    page = ctx->kept;

    if (ngx_http_tpl_pack(ctx->target->generation, page) != NGX_OK) {
        return NULL;
    }

    out = ngx_alloc_chain_link(r->pool);
    b = ngx_calloc_buf(r->pool);

    if (out == NULL || b == NULL) {
        return NULL;
    }

    b->pos = page->packed.data;
    b->last = page->packed.data + page->packed.len;
    b->memory = 1;

    out->buf = b;
    out->next = NULL;

    ngx_http_tpl_end(r, out);

    *len = page->packed.len;

    return out;
}
