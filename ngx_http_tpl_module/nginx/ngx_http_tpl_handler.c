
/*
 * The content handler: picks the template and runs it a slice at a time.
 *
 * A render's arena is the request pool's to free, as buffers point into it
 * until the last of them is sent; only after an error it goes at once.
 */

#include "nginx/ngx_http_tpl_module.h"


static ngx_int_t ngx_http_tpl_not_allowed(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf);
static ngx_int_t ngx_http_tpl_not_found(ngx_http_request_t *r,
    ngx_str_t *name);
static ngx_int_t ngx_http_tpl_start(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_run(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_pause(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_uint_t waits);
static void ngx_http_tpl_event_handler(ngx_event_t *ev);
static void ngx_http_tpl_cleanup(void *data);
static void ngx_http_tpl_cleanup_event(void *data);


const tpl_host_t  ngx_http_tpl_host = {
    .lookup = ngx_http_tpl_lookup,
    .global = ngx_http_tpl_global,
    .names = ngx_http_tpl_lookup_names,
    .variable = ngx_http_tpl_variable,
    .wait = ngx_http_tpl_wait,
    .attribute = ngx_http_tpl_attribute,
    .catalogue = ngx_http_tpl_catalogue,
    .web = ngx_http_tpl_web,
    .routes = ngx_http_tpl_routes
};


ngx_int_t
ngx_http_tpl_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);

    if (ngx_http_tpl_takes_form(r, conf)) {
        return ngx_http_tpl_read_body(r);
    }

    /* an error page answers whatever was asked for */

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) && !r->internal) {
        return ngx_http_tpl_not_allowed(r, conf);
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_tpl_page(r);
}


ngx_int_t
ngx_http_tpl_page(ngx_http_request_t *r)
{
    uint64_t                  headers;
    ngx_int_t                 rc;
    ngx_str_t                 name;
    tpl_template_t           *tmpl;
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_tpl_target_t    *target;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);

    headers = ngx_http_tpl_headers_read(r);
    target = conf->target;
    tmpl = target->tmpl;

    if (tmpl == NULL) {

        if (ngx_http_complex_value(r, &conf->render->name, &name) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        tmpl = ngx_http_tpl_pick_template(r, target, &name);

        if (tmpl == NULL) {
            return ngx_http_tpl_not_found(r, &name);
        }
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_ctx_t));
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ctx->request = r;
    ctx->conf = conf;
    ctx->target = target;
    ctx->tmpl = tmpl;

    if (ngx_http_tpl_hold(r, target->generation) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_tpl_pick_block(r, ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    ctx->headers |= ngx_http_tpl_headers_read(r) & ~headers;

    /* the name may hold $tpl_locale */

    if (target->tmpl == NULL && conf->locale) {
        ctx->headers |= conf->locale->headers;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_tpl_module);

    ngx_http_tpl_pick_type(r, conf, tmpl, &ctx->type);

    if (ngx_http_tpl_takes_form(r, conf)
        || ngx_http_tpl_needs_token(r, conf))
    {
        if (ngx_http_tpl_create_arena(r, ctx) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        rc = ngx_http_tpl_check_form(r, ctx);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* rendered before, and nothing in it can have changed */

    if (target->page) {
        return ngx_http_tpl_send_page(r, ctx, target->page);
    }

    return ngx_http_tpl_start(r, ctx);
}


static ngx_int_t
ngx_http_tpl_not_allowed(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Allow");

    if (conf->form && conf->form->on) {
        ngx_str_set(&h->value, "GET, HEAD, POST, PUT, PATCH, DELETE");

    } else {
        ngx_str_set(&h->value, "GET, HEAD");
    }

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_HTTP_NOT_ALLOWED;
}


static ngx_int_t
ngx_http_tpl_not_found(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->log_not_found) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "template \"%V\" is not found", name);
    }

    return NGX_HTTP_NOT_FOUND;
}


tpl_template_t *
ngx_http_tpl_pick_template(ngx_http_request_t *r,
    ngx_http_tpl_target_t *target, ngx_str_t *value)
{
    size_t            i, n, half;
    ngx_str_t         name;
    tpl_template_t   *tmpl, **picks;

    name.data = ngx_pnalloc(r->pool, value->len + 1);

    if (name.data == NULL || ngx_http_tpl_normalize(value, &name) != NGX_OK) {
        return NULL;
    }

    tmpl = tpl_set_find(target->generation->templates,
                        ngx_http_tpl_str(&name));

    if (tmpl == NULL || tmpl->error != NULL) {
        return NULL;
    }

    if (target->picks == NULL) {
        return tmpl;
    }

    picks = target->picks->templates.elts;

    for (i = 0, n = target->picks->templates.nelts; n > 0; /* void */ ) {
        half = n / 2;

        if (picks[i + half] == tmpl) {
            return tmpl;
        }

        if (picks[i + half] < tmpl) {
            i += half + 1;
            n -= half + 1;

        } else {
            n = half;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_tpl_pick_block(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    uint32_t                   i;
    uint64_t                   headers;
    ngx_str_t                  value;
    ngx_http_core_loc_conf_t  *clcf;

    ctx->headers |= ctx->conf->render->headers;
    ctx->block = ctx->target->block;

    if (ngx_http_tpl_is_constant(&ctx->conf->render->block)) {
        return NGX_OK;
    }

    /* another request gets another page */

    ctx->varies = 1;

    headers = ngx_http_tpl_headers_read(r);

    if (ngx_http_complex_value(r, &ctx->conf->render->block, &value)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->headers |= ngx_http_tpl_headers_read(r) & ~headers;

    if (value.len == 0) {
        return NGX_OK;
    }

    ctx->block = tpl_set_name(ctx->target->generation->templates,
                              ngx_http_tpl_str(&value));

    for (i = 0; ctx->block && i < ctx->tmpl->nblocks; i++) {
        if (ctx->tmpl->blocks[i].name == ctx->block) {
            return NGX_OK;
        }
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->log_not_found) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "template \"%*s\" has no block \"%V\"",
                      ctx->tmpl->name.len, ctx->tmpl->name.data, &value);
    }

    return NGX_HTTP_NOT_FOUND;
}


ngx_int_t
ngx_http_tpl_create_arena(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_pool_cleanup_t  *cln;

    if (ctx->arena) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ctx->arena = tpl_arena_create(&ngx_http_tpl_allocator,
                                  NGX_HTTP_TPL_ARENA_PAGE,
                                  ctx->conf->limits.memory);
    if (ctx->arena == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_tpl_cleanup;
    cln->data = ctx;

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_create_event(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_event_handler_pt handler)
{
    ngx_event_t         *ev;
    ngx_pool_cleanup_t  *cln;

    if (ctx->event) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_event_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ev = cln->data;
    cln->handler = ngx_http_tpl_cleanup_event;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = handler;
    ev->data = ctx;
    ev->log = r->connection->log;

    ctx->event = ev;

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_start(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    if (ngx_http_tpl_prepare(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_tpl_run(r, ctx);
}


ngx_int_t
ngx_http_tpl_prepare(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    tpl_vm_conf_t             vc;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ctx->conf;

    ctx->names = ctx->target->names;

    if (ngx_http_tpl_create_arena(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->error = tpl_palloc(ctx->arena, sizeof(tpl_error_t));
    ctx->values = tpl_pcalloc(ctx->arena,
                              (ctx->names->n + 1) * sizeof(tpl_value_t));

    if (ctx->error == NULL || ctx->values == NULL) {
        return NGX_ERROR;
    }

    tpl_error_init(ctx->error, ctx->arena);

    if (ngx_http_tpl_stream_create(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->waits = 1;

    ngx_memzero(&vc, sizeof(tpl_vm_conf_t));

    vc.arena = ctx->arena;
    vc.error = ctx->error;
    vc.host = &ngx_http_tpl_host;
    vc.host_data = ctx;
    vc.limits.steps = conf->limits.steps;
    vc.limits.output = conf->limits.output;
    vc.limits.depth = conf->limits.depth;
    vc.block = ctx->block;
    vc.debug = conf->debug;
    vc.stream = (ctx->stream != NULL);

    ctx->vm = tpl_vm_create(ctx->tmpl, &vc);

    if (ctx->vm == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_run(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_buf_t     *page;
    ngx_int_t      status;
    tpl_output_t  *output;

    /* so that a template reads in nginx.status what the answer will have */

    if (!ngx_http_tpl_stream_started(ctx)) {
        r->headers_out.status = ctx->conf->render->status;

        if (r->headers_out.status == 0) {
            r->headers_out.status = NGX_HTTP_OK;
        }
    }

    switch (ngx_http_tpl_slice(r, ctx)) {

    case TPL_OK:
        output = tpl_vm_output(ctx->vm);
        ctx->vm = NULL;

        if (ngx_http_tpl_stream_started(ctx)) {
            return ngx_http_tpl_stream_end(r, ctx, output);
        }

        return ngx_http_tpl_send_output(r, ctx, output);

    case TPL_YIELD:
        return ngx_http_tpl_pause(r, ctx, 0);

    case TPL_AGAIN:
        return ngx_http_tpl_pause(r, ctx, 1);

    default:
        status = ngx_http_tpl_error(r, ctx, &page);

        if (ngx_http_tpl_stream_started(ctx)) {

            /* nobody may take half of a page for a whole one */

            return NGX_ERROR;
        }

        return page ? ngx_http_tpl_send_debug(r, status, page) : status;
    }
}


tpl_int_t
ngx_http_tpl_slice(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    uint64_t   start, end;
    tpl_int_t  rc;

    r->connection->log->action = "rendering template";

    start = ngx_http_tpl_now();

    if (ctx->waits_since) {
        ctx->fetch_nsec += start - ctx->waits_since;
        ctx->waits_since = 0;
    }

    /* what is fetched is asked for before anything else */

    rc = ctx->started ? TPL_OK : ngx_http_tpl_start_fetches(ctx);

    if (rc == TPL_OK) {
        ctx->started = 1;
        rc = tpl_vm_run(ctx->vm, ctx->stream ? NGX_HTTP_TPL_STREAM_SLICE
                                             : NGX_HTTP_TPL_SLICE);
    }

    end = ngx_http_tpl_now();

    ctx->nsec += end - start;
    ctx->steps = tpl_vm_steps(ctx->vm);

    if (rc == TPL_AGAIN) {
        ctx->waits_since = end;
    }

    return rc;
}


/*
 * The slice is spent: others first.  The event runs in the next turn of the
 * event loop, after what has come in meanwhile; or, if data are awaited, once
 * they are there.
 */

static ngx_int_t
ngx_http_tpl_pause(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_uint_t waits)
{
    ngx_int_t  rc;

    if (ctx->event == NULL) {
        if (ngx_http_tpl_create_event(r, ctx, ngx_http_tpl_event_handler)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* a client that goes away ends the render */

        if (r == r->main && !r->discard_body) {
            r->read_event_handler = ngx_http_test_reading;
        }

        r->main->count++;
    }

    if (ctx->stream) {
        rc = ngx_http_tpl_stream(r, ctx, waits);

        if (rc != NGX_OK) {
            return (rc == NGX_AGAIN) ? NGX_DONE : rc;
        }
    }

    /* for the access log, should it never come back */

    if (!ngx_http_tpl_stream_started(ctx)) {
        r->headers_out.status = NGX_HTTP_CLIENT_CLOSED_REQUEST;
    }

    if (!waits) {
        ngx_post_event(ctx->event, &ngx_posted_next_events);
    }

    return NGX_DONE;
}


static void
ngx_http_tpl_event_handler(ngx_event_t *ev)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_tpl_ctx_t  *ctx;
    ngx_http_request_t  *r;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "http tpl goes on: \"%V?%V\"", &r->uri, &r->args);

    if (ngx_http_tpl_stream_busy(ctx)) {

        /* the data are there, the client takes what is before them first */

        return;
    }

    rc = ngx_http_tpl_run(r, ctx);

    if (rc == NGX_DONE && ctx->vm) {

        /* another slice; the count is taken already */

        ngx_http_run_posted_requests(c);
        return;
    }

    ngx_http_finalize_request(r, rc);

    ngx_http_run_posted_requests(c);
}


ngx_int_t
ngx_http_tpl_error(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_buf_t **page)
{
    tpl_buf_t     b;
    ngx_int_t     rc;
    tpl_arena_t  *arena;

    if (ctx->error->exc == TPL_EXC_HTTP && ctx->web) {
        rc = ngx_http_tpl_abort(r, ctx);
        ngx_http_tpl_status_count(ctx, 0, 0);

        *page = NULL;

        goto done;
    }

    rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    if (ctx->error->exc == TPL_EXC_HOST && ctx->failure) {
        rc = ctx->failure;
    }

    /* the render's own arena may be full */

    arena = tpl_arena_create(&ngx_http_tpl_allocator, 4096, 0);

    if (arena) {
        tpl_buf_init(&b, arena);

        if (tpl_error_format(ctx->error, &b, 1) == TPL_OK) {
            ctx->message.data = ngx_pnalloc(r->pool, b.len);

            if (ctx->message.data) {
                ngx_memcpy(ctx->message.data, b.data, b.len);
                ctx->message.len = b.len;
            }
        }

        tpl_arena_destroy(arena);
    }

    if (ctx->message.len == 0) {
        ngx_str_set(&ctx->message, "out of memory");
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "template \"%*s\" failed: %V",
                  ctx->tmpl->name.len, ctx->tmpl->name.data, &ctx->message);

    ngx_http_tpl_status_count(ctx, 0, 1);

    *page = ctx->conf->debug ? ngx_http_tpl_debug_page(r, ctx) : NULL;

done:

    ctx->vm = NULL;
    ctx->error = NULL;
    ctx->values = NULL;
    ctx->web = NULL;
    ctx->awaited = NULL;

    /* buffers that are still to be sent point into it */

    if (!ngx_http_tpl_stream_started(ctx)) {
        tpl_arena_destroy(ctx->arena);
        ctx->arena = NULL;
    }

    return rc;
}


/*
 * Redirecting a request clears its contexts, so one of the renders before is
 * found through the cleanups: the latest comes first.
 */

ngx_http_tpl_ctx_t *
ngx_http_tpl_failed(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;
    ngx_http_tpl_ctx_t  *ctx;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != ngx_http_tpl_cleanup) {
            continue;
        }

        ctx = cln->data;

        if (ctx->request == r && ctx->message.len) {
            return ctx;
        }
    }

    return NULL;
}


static void
ngx_http_tpl_cleanup(void *data)
{
    ngx_http_tpl_ctx_t *ctx = data;

    tpl_arena_destroy(ctx->arena);
    ctx->arena = NULL;
}


static void
ngx_http_tpl_cleanup_event(void *data)
{
    ngx_event_t *ev = data;

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }
}


uint64_t
ngx_http_tpl_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
