
/*
 * What tpl_gzip knows of pages before they are there: models.
 *
 * Those of the templates that locations name are made with the configuration,
 * see ngx_http_tpl_ready.c; of others most may never be needed, and it takes
 * milliseconds: each worker makes them when it comes to the first page.
 */

#include "nginx/ngx_http_tpl_module.h"


/* bytes of models in all; pages beyond do with the common one */
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


static tpl_gzip_model_t *ngx_http_tpl_model_make(ngx_http_tpl_ctx_t *ctx);
static tpl_gzip_model_t *ngx_http_tpl_model_common(
    ngx_http_tpl_main_conf_t *tmcf);

static tpl_int_t ngx_http_tpl_model_lookup(tpl_exec_t *exec,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_model_global(tpl_exec_t *exec,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_model_variable(tpl_exec_t *exec, uint32_t index,
    tpl_value_t *out);
static tpl_int_t ngx_http_tpl_model_catalogue(tpl_exec_t *exec,
    const tpl_catalogue_t **out);


/* a host that knows the configuration, and nothing of any request */

static const tpl_host_t  ngx_http_tpl_model_host = {
    .lookup = ngx_http_tpl_model_lookup,
    .global = ngx_http_tpl_model_global,
    .variable = ngx_http_tpl_model_variable,
    .catalogue = ngx_http_tpl_model_catalogue,
    .routes = ngx_http_tpl_routes
};


tpl_gzip_model_t *
ngx_http_tpl_model(ngx_http_tpl_ctx_t *ctx)
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
        return ngx_http_tpl_model_common(tmcf);
    }

    m = tpl_palloc(g->arena, sizeof(ngx_http_tpl_model_t));
    if (m == NULL) {
        return NULL;
    }

    size = tpl_arena_size(g->arena);

    m->tmpl = ctx->tmpl;
    m->block = ctx->block;
    m->model = ngx_http_tpl_model_make(ctx);

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
ngx_http_tpl_model_make(ngx_http_tpl_ctx_t *ctx)
{
    tpl_str_t                  reference;
    tpl_error_t                err;
    tpl_arena_t               *scratch;
    tpl_vm_conf_t              vc;
    tpl_gzip_model_t          *model;
    ngx_http_tpl_ctx_t         known;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "http tpl model of \"%*s\"", ctx->tmpl->name.len,
                   ctx->tmpl->name.data);

    scratch = tpl_arena_create(&tpl_map_allocator, NGX_HTTP_TPL_ARENA_PAGE,
                               NGX_HTTP_TPL_MODEL_MEMORY);
    if (scratch == NULL) {
        return NULL;
    }

    tpl_error_init(&err, scratch);

    ngx_memzero(&known, sizeof(ngx_http_tpl_ctx_t));

    known.conf = ctx->conf;
    known.target = ctx->target;
    known.names = ctx->target->names;
    known.tmpl = ctx->tmpl;

    ngx_memzero(&vc, sizeof(tpl_vm_conf_t));

    vc.arena = scratch;
    vc.error = &err;
    vc.host = &ngx_http_tpl_model_host;
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
ngx_http_tpl_model_common(ngx_http_tpl_main_conf_t *tmcf)
{
    tpl_str_t     empty;
    tpl_arena_t  *scratch;

    if (tmcf->model == NULL) {
        scratch = tpl_arena_create(&tpl_map_allocator,
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


tpl_gzip_t *
ngx_http_tpl_encoder(ngx_http_tpl_main_conf_t *tmcf)
{
    if (tmcf->gzip == NULL) {
        tmcf->gzip = tpl_gzip_create(tmcf->arena);
    }

    return tmcf->gzip;
}


/*
 * A page that is always the same is compressed once, with itself for a
 * reference.
 */

ngx_int_t
ngx_http_tpl_pack(ngx_http_tpl_generation_t *g, ngx_http_tpl_page_t *page)
{
    u_char                    *p;
    uint32_t                   i;
    tpl_gzip_t                *gz;
    tpl_arena_t               *scratch;
    tpl_output_t               packed;
    tpl_gzip_model_t          *model;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (page->packed.len) {
        return NGX_OK;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "http tpl packs a page of %uz bytes", page->text.len);

    tmcf = g->set->main;
    gz = ngx_http_tpl_encoder(tmcf);

    scratch = tpl_arena_create(&tpl_map_allocator,
                               NGX_HTTP_TPL_ARENA_PAGE, 0);

    if (gz == NULL || scratch == NULL) {
        tpl_arena_destroy(scratch);
        return NGX_ERROR;
    }

    model = tpl_gzip_model(scratch, scratch, ngx_http_tpl_str(&page->text));
    p = NULL;

    if (model) {
        tpl_output_init(&packed, scratch, 0);
        tpl_gzip_start(gz, model, &packed);

        if (tpl_gzip_segment(gz, page->text.data, page->text.len) == TPL_OK
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
            p = ngx_cpymem(p, packed.segments[i].data,
                           packed.segments[i].len);
        }
    }

    tpl_arena_destroy(scratch);

    return p ? NGX_OK : NGX_ERROR;
}


static tpl_int_t
ngx_http_tpl_model_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t  rc;

    rc = ngx_http_tpl_lookup_known(exec, name, out);

    return (rc == TPL_DECLINED) ? ngx_http_tpl_model_global(exec, name, out)
                                : rc;
}


/* the functions and objects that ask for the request */

static tpl_int_t
ngx_http_tpl_model_global(tpl_exec_t *exec, const tpl_name_t *name,
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
ngx_http_tpl_model_variable(tpl_exec_t *exec, uint32_t index, tpl_value_t *out)
{
    tpl_value_string(out, (tpl_char_t *) "", 0, TPL_F_ASCII);

    return TPL_OK;
}


/* the language of one's page is not for the others to know */

static tpl_int_t
ngx_http_tpl_model_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;

    if (ctx->conf->locale == NULL || ctx->conf->locale->value) {
        return TPL_DECLINED;
    }

    return ngx_http_tpl_catalogue(exec, out);
}
