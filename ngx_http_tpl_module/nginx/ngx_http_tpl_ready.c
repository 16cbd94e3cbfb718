
/*
 * What is made before any request: pages that no request can change, and models
 * for the gzip of the others.
 *
 * Workers share it through fork().  A page is rendered as for a request, but
 * there is none: the render fails as soon as it asks for it.  One that fails
 * for another reason is left alone as well: its error is for those who ask for
 * the page.
 */

#include "nginx/ngx_http_tpl_module.h"


/* for all of a configuration: less than half a second */
#define NGX_HTTP_TPL_READY_STEPS   20000000
#define NGX_HTTP_TPL_READY_BYTES   (1024 * 1024)

/* for one page of it */
#define NGX_HTTP_TPL_PAGE_STEPS    1000000
#define NGX_HTTP_TPL_PAGE_MEMORY   (16 * 1024 * 1024)

/* what even the smallest costs */
#define NGX_HTTP_TPL_LEAST_STEPS   200
#define NGX_HTTP_TPL_LEAST_BYTES   1024

#define ngx_http_tpl_spend(left, n)                                          \
    (left) -= ngx_min(left, (n))


static void ngx_http_tpl_render_constant(ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_budget_t *budget);
static ngx_uint_t ngx_http_tpl_may_be_constant(ngx_http_tpl_ctx_t *ctx);
static void ngx_http_tpl_make_gzip(ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_budget_t *budget);


void
ngx_http_tpl_make_all_ready(ngx_http_tpl_main_conf_t *tmcf)
{
    ngx_uint_t                 i;
    ngx_http_tpl_budget_t      budget;
    ngx_http_tpl_loc_conf_t  **conf;

    budget.steps = NGX_HTTP_TPL_READY_STEPS;
    budget.page = NGX_HTTP_TPL_PAGE_STEPS;
    budget.bytes = NGX_HTTP_TPL_READY_BYTES;

    conf = tmcf->renders.elts;

    for (i = 0; i < tmcf->renders.nelts; i++) {
        ngx_http_tpl_make_ready(conf[i], conf[i]->target, &budget);
    }
}


void
ngx_http_tpl_make_ready(ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_target_t *target, ngx_http_tpl_budget_t *budget)
{
    ngx_http_tpl_ctx_t  ctx;

    /* which one it will be is for the request to say */

    if (target->tmpl == NULL) {
        return;
    }

    ngx_memzero(&ctx, sizeof(ngx_http_tpl_ctx_t));

    ctx.conf = conf;
    ctx.target = target;
    ctx.names = target->names;
    ctx.tmpl = target->tmpl;
    ctx.block = target->block;

    if (budget->steps && ngx_http_tpl_may_be_constant(&ctx)) {
        ngx_http_tpl_render_constant(&ctx, budget);
    }

    if (budget->bytes && conf->gzip) {
        ngx_http_tpl_make_gzip(&ctx, budget);
    }
}


static ngx_uint_t
ngx_http_tpl_may_be_constant(ngx_http_tpl_ctx_t *ctx)
{
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ctx->conf;

    /* a page that is streamed comes in pieces even if they are known */

    return conf->render != conf->filter_rule
           && !conf->stream
           && !ctx->names->fetches
           && ngx_http_tpl_is_constant(&conf->render->block)
           && ngx_http_tpl_is_pure(ctx);
}


static void
ngx_http_tpl_render_constant(ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_budget_t *budget)
{
    tpl_vm_t                 *vm;
    tpl_int_t                 rc;
    tpl_error_t               err;
    tpl_output_t             *output;
    tpl_vm_conf_t             vc;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ctx->conf;

    ctx->arena = tpl_arena_create(&ngx_http_tpl_allocator,
                                  NGX_HTTP_TPL_ARENA_PAGE,
                                  ngx_min(conf->limits.memory,
                                          NGX_HTTP_TPL_PAGE_MEMORY));
    if (ctx->arena == NULL) {
        return;
    }

    tpl_error_init(&err, ctx->arena);

    ngx_memzero(&vc, sizeof(tpl_vm_conf_t));

    vc.arena = ctx->arena;
    vc.error = &err;
    vc.host = &ngx_http_tpl_host;
    vc.host_data = ctx;
    vc.limits.steps = ngx_min(conf->limits.steps, budget->page);
    vc.limits.output = ngx_min(conf->limits.output, NGX_HTTP_TPL_PAGE_MAX);
    vc.limits.depth = conf->limits.depth;
    vc.block = ctx->block;

    ctx->values = tpl_pcalloc(ctx->arena,
                              (ctx->names->n + 1) * sizeof(tpl_value_t));
    vm = ctx->values ? tpl_vm_create(ctx->tmpl, &vc) : NULL;

    if (vm == NULL) {
        goto done;
    }

    do {
        rc = tpl_vm_run(vm, NGX_HTTP_TPL_SLICE);
    } while (rc == TPL_YIELD);

    ngx_http_tpl_spend(budget->steps,
                       tpl_vm_steps(vm) + NGX_HTTP_TPL_LEAST_STEPS);

    /* templates can catch errors: that it ran to its end is not enough */

    if (rc == TPL_OK && !ctx->varies) {
        output = tpl_vm_output(vm);

        ngx_http_tpl_keep(ctx->target, output,
                          conf->etag ? tpl_output_hash(output) : 0);
    }

done:

    tpl_arena_destroy(ctx->arena);
    ctx->arena = NULL;
    ctx->values = NULL;
}


static void
ngx_http_tpl_make_gzip(ngx_http_tpl_ctx_t *ctx, ngx_http_tpl_budget_t *budget)
{
    size_t                  size;
    tpl_gzip_model_t       *model;
    ngx_http_tpl_page_t    *page;
    ngx_http_tpl_target_t  *target;

    target = ctx->target;
    page = target->page;
    size = 0;

    if (page == NULL) {
        model = ngx_http_tpl_model(ctx);

        if (model) {
            size = tpl_gzip_model_size(model);
        }

    } else if (page->text.len >= NGX_HTTP_TPL_GZIP_MIN) {
        (void) ngx_http_tpl_pack(target->generation, page);

        size = ngx_min(page->text.len, TPL_GZIP_REFERENCE_MAX);
    }

    ngx_http_tpl_spend(budget->bytes, size + NGX_HTTP_TPL_LEAST_BYTES);
}
