
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


/* smaller pages fit into a packet as they are */
#define NGX_HTTP_TPL_GZIP_MIN      150

/* of a worker's models in all; pages beyond do with the common one */
#define NGX_HTTP_TPL_MODELS_MAX    (32 * 1024 * 1024)

/* what a template may spend on its reference */
#define NGX_HTTP_TPL_MODEL_STEPS   200000
#define NGX_HTTP_TPL_MODEL_MEMORY  (16 * 1024 * 1024)


/* of a location's template, or of a block of it */

struct ngx_http_tpl_model_s {
    tpl_template_t               *tmpl;
    const tpl_name_t             *block;
    tpl_gzip_model_t             *model;
    ngx_http_tpl_model_t         *next;
};


static ngx_int_t ngx_http_tpl_gzip_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_tpl_gzip_header_filter(ngx_http_request_t *r);
static ngx_uint_t ngx_http_tpl_gzip_wanted(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_gzip_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);

static ngx_chain_t *ngx_http_tpl_gzip(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, size_t *len);
static ngx_chain_t *ngx_http_tpl_gzip_kept(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, size_t *len);
static tpl_gzip_model_t *ngx_http_tpl_gzip_model(ngx_http_tpl_ctx_t *ctx);
static tpl_gzip_model_t *ngx_http_tpl_gzip_make(ngx_http_tpl_ctx_t *ctx);
static tpl_gzip_model_t *ngx_http_tpl_gzip_common(
    ngx_http_tpl_main_conf_t *tmcf);
static tpl_gzip_t *ngx_http_tpl_gzip_encoder(ngx_http_tpl_main_conf_t *tmcf);

static tpl_int_t ngx_http_tpl_gzip_lookup(tpl_exec_t *exec,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_gzip_global(tpl_exec_t *exec,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_gzip_variable(tpl_exec_t *exec, uint32_t index,
    tpl_value_t *out);
static tpl_int_t ngx_http_tpl_gzip_catalogue(tpl_exec_t *exec,
    const tpl_catalogue_t **out);


/* a host that knows the configuration, and nothing of any request */

static const tpl_host_t  ngx_http_tpl_gzip_host = {
    .lookup = ngx_http_tpl_gzip_lookup,
    .global = ngx_http_tpl_gzip_global,
    .variable = ngx_http_tpl_gzip_variable,
    .catalogue = ngx_http_tpl_gzip_catalogue,
    .routes = ngx_http_tpl_routes
};


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

    return NGX_OK;
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
        || ctx->plain_len < NGX_HTTP_TPL_GZIP_MIN
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

    gz = ngx_http_tpl_gzip_encoder(tmcf);
    model = ngx_http_tpl_gzip_model(ctx);

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


/*
 * A page that is always the same is compressed once, with itself for a
 * reference.
 */

static ngx_chain_t *
ngx_http_tpl_gzip_kept(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    size_t *len)
{
    u_char                     *p;
    uint32_t                    i;
    ngx_buf_t                  *b;
    tpl_gzip_t                 *gz;
    tpl_arena_t                *scratch;
    ngx_chain_t                *out;
    tpl_output_t                packed;
    tpl_segment_t              *s;
    tpl_gzip_model_t           *model;
    ngx_http_tpl_page_t        *page;
    ngx_http_tpl_main_conf_t   *tmcf;
    ngx_http_tpl_generation_t  *g;

    page = ctx->kept;
    g = ctx->target->generation;
    tmcf = g->set->main;

    if (page->packed.len == 0) {
        gz = ngx_http_tpl_gzip_encoder(tmcf);

        scratch = tpl_arena_create(&tpl_malloc_allocator,
                                   NGX_HTTP_TPL_ARENA_PAGE, 0);

        if (gz == NULL || scratch == NULL) {
            tpl_arena_destroy(scratch);
            return NULL;
        }

        model = tpl_gzip_model(scratch, scratch,
                               ngx_http_tpl_str(&page->text));
        p = NULL;

        if (model) {
            tpl_output_init(&packed, scratch, 0);
            tpl_gzip_start(gz, model, &packed);

            if (tpl_gzip_segment(gz, page->text.data, page->text.len)
                == TPL_OK
                && tpl_gzip_finish(gz) == TPL_OK)
            {
                p = tpl_pnalloc(g->arena, packed.len);
            }
        }

        if (p) {
            page->packed.data = p;
            page->packed.len = packed.len;

            tmcf->pages += packed.len;
            g->pages += packed.len;

            for (i = 0; i < packed.n; i++) {
                s = &packed.segments[i];
                p = ngx_cpymem(p, s->data, s->len);
            }
        }

        tpl_arena_destroy(scratch);

        if (p == NULL) {
            return NULL;
        }
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


/*
 * Models are made when they are first needed, in each worker: it takes
 * milliseconds, and most templates of a large configuration may never be.
 */

static tpl_gzip_model_t *
ngx_http_tpl_gzip_model(ngx_http_tpl_ctx_t *ctx)
{
    size_t                      size;
    ngx_http_tpl_model_t       *m, **p;
    ngx_http_tpl_target_t      *target;
    ngx_http_tpl_main_conf_t   *tmcf;
    ngx_http_tpl_generation_t  *g;

    target = ctx->target;
    g = target->generation;
    tmcf = g->set->main;

    for (p = &target->models; *p; p = &(*p)->next) {
        m = *p;

        if (m->tmpl == ctx->tmpl && m->block == ctx->block) {

            /* what was used last is found first */

            *p = m->next;
            m->next = target->models;
            target->models = m;

            return m->model;
        }
    }

    if (tmcf->models >= NGX_HTTP_TPL_MODELS_MAX) {
        return ngx_http_tpl_gzip_common(tmcf);
    }

    m = tpl_palloc(g->arena, sizeof(ngx_http_tpl_model_t));
    if (m == NULL) {
        return NULL;
    }

    size = tpl_arena_size(g->arena);

    m->tmpl = ctx->tmpl;
    m->block = ctx->block;
    m->model = ngx_http_tpl_gzip_make(ctx);

    size = tpl_arena_size(g->arena) - size;

    tmcf->models += size;
    g->models += size;

    if (m->model == NULL) {
        return NULL;
    }

    m->next = target->models;
    target->models = m;

    return m->model;
}


static tpl_gzip_model_t *
ngx_http_tpl_gzip_make(ngx_http_tpl_ctx_t *ctx)
{
    tpl_str_t                  reference;
    tpl_error_t                err;
    tpl_arena_t               *scratch;
    tpl_vm_conf_t              vc;
    tpl_gzip_model_t          *model;
    ngx_http_tpl_ctx_t         known;

    scratch = tpl_arena_create(&tpl_malloc_allocator, NGX_HTTP_TPL_ARENA_PAGE,
                               NGX_HTTP_TPL_MODEL_MEMORY);
    if (scratch == NULL) {
        return NULL;
    }

    tpl_error_init(&err, scratch);

    ngx_memzero(&known, sizeof(ngx_http_tpl_ctx_t));

    known.request = ctx->request;
    known.conf = ctx->conf;
    known.target = ctx->target;
    known.names = ctx->target->names;
    known.tmpl = ctx->tmpl;

    ngx_memzero(&vc, sizeof(tpl_vm_conf_t));

    vc.arena = scratch;
    vc.error = &err;
    vc.host = &ngx_http_tpl_gzip_host;
    vc.host_data = &known;
    vc.limits.steps = NGX_HTTP_TPL_MODEL_STEPS;
    vc.limits.output = TPL_GZIP_REFERENCE_MAX;
    vc.limits.depth = ctx->conf->limits.depth;
    vc.block = ctx->block;

    model = NULL;

    if (tpl_gzip_reference(ctx->tmpl, &vc, &reference) == TPL_OK) {
        model = tpl_gzip_model(ctx->target->generation->arena, scratch,
                               &reference);
    }

    tpl_arena_destroy(scratch);

    return model;
}


/* knows no page at all */

static tpl_gzip_model_t *
ngx_http_tpl_gzip_common(ngx_http_tpl_main_conf_t *tmcf)
{
    tpl_str_t     empty;
    tpl_arena_t  *scratch;

    if (tmcf->model == NULL) {
        scratch = tpl_arena_create(&tpl_malloc_allocator,
                                   NGX_HTTP_TPL_ARENA_PAGE, 0);
        if (scratch == NULL) {
            return NULL;
        }

        tpl_str_set(&empty, "");

        tmcf->model = tpl_gzip_model(tmcf->arena, scratch, &empty);

        tpl_arena_destroy(scratch);
    }

    return tmcf->model;
}


static tpl_gzip_t *
ngx_http_tpl_gzip_encoder(ngx_http_tpl_main_conf_t *tmcf)
{
    if (tmcf->gzip == NULL) {
        tmcf->gzip = tpl_gzip_create(tmcf->arena);
    }

    return tmcf->gzip;
}


static tpl_int_t
ngx_http_tpl_gzip_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t  rc;

    rc = ngx_http_tpl_lookup_known(exec, name, out);

    return (rc == TPL_DECLINED) ? ngx_http_tpl_gzip_global(exec, name, out)
                                : rc;
}


/* the functions and objects that ask for the request */

static tpl_int_t
ngx_http_tpl_gzip_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    ngx_uint_t           i;
    ngx_http_tpl_ctx_t  *ctx;

    static const char  *names[] = {
        "request", "session", "g", "get_flashed_messages", "csp_nonce",
        "handler", "current_user", "locale", "xsrf_form_html", "xsrf_token",
        "url_for", "static_url", "reverse_url", "header", "now", "fetch"
    };

    ctx = exec->host;

    if (name == ctx->target->generation->variables) {
        tpl_gzip_unknown(out);
        return TPL_OK;
    }

    for (i = 0; i < tpl_nelts(names); i++) {
        if (tpl_str_is(&name->str, names[i])) {
            tpl_gzip_unknown(out);
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


static tpl_int_t
ngx_http_tpl_gzip_variable(tpl_exec_t *exec, uint32_t index, tpl_value_t *out)
{
    tpl_value_string(out, (tpl_char_t *) "", 0, TPL_F_ASCII);

    return TPL_OK;
}


/* the language of one's page is not for the others to know */

static tpl_int_t
ngx_http_tpl_gzip_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;

    if (ctx->conf->locale == NULL || ctx->conf->locale->value) {
        return TPL_DECLINED;
    }

    return ngx_http_tpl_catalogue(exec, out);
}
