
/*
 * tpl_filter: a response in JSON becomes a page.
 *
 * The header is held back and the body collected, within a limit, until the
 * last of it is there; then a template renders the document, a slice at a time,
 * and the page goes on through the later filters in its place.
 *
 * Whatever goes wrong before is an error, since nothing has been sent.  It is
 * answered by an event of its own, once the handler that sent the document has
 * come to its end: an error page that fetches, or that is an upstream's, could
 * not be made while a filter is at work.
 *
 * The header filter is a module of its own, for its place: before the one that
 * looks at If-None-Match and the like, which are about the page.
 */

#include "nginx/ngx_http_tpl_module.h"


/* of r->buffered: no filter of nginx's own uses this bit of the four */
#define NGX_HTTP_TPL_BUFFERED  0x08


typedef enum {
    NGX_HTTP_TPL_COLLECT = 0,
    NGX_HTTP_TPL_RENDER,
    NGX_HTTP_TPL_FAIL,          /* the event will answer with status */
    NGX_HTTP_TPL_PASS           /* what comes now is the page, or an error */
} ngx_http_tpl_state_e;


struct ngx_http_tpl_collected_s {
    ngx_http_tpl_state_e   state;
    u_char                *data;
    size_t                 len;
    size_t                 size;
    ngx_connection_t      *peer;        /* the upstream's, or NULL */
    ngx_int_t              status;      /* of what went wrong */
    unsigned               ended:1;     /* the last of the document came */
};


static ngx_int_t ngx_http_tpl_header_filter_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_tpl_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_filter_wanted(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf);
static ngx_int_t ngx_http_tpl_filter_template(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf, tpl_template_t **tmpl);
static void ngx_http_tpl_filter_clear(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_tpl_filter_collect(ngx_http_request_t *r,
    ngx_http_tpl_collected_t *c, ngx_chain_t *in, size_t max);
static ngx_int_t ngx_http_tpl_filter_add(ngx_http_request_t *r,
    ngx_http_tpl_collected_t *c, u_char *data, size_t len, size_t max);
static ngx_int_t ngx_http_tpl_filter_head(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_filter_start(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_filter_run(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_filter_pause(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_uint_t waits);
static void ngx_http_tpl_filter_event(ngx_event_t *ev);
static ngx_int_t ngx_http_tpl_filter_send(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_filter_fail(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_int_t status);
static void ngx_http_tpl_filter_answer(ngx_http_request_t *r,
    ngx_http_tpl_collected_t *c);


static ngx_http_module_t  ngx_http_tpl_header_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_tpl_header_filter_init,       /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_tpl_header_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_tpl_header_filter_module_ctx,    /* module context */
    NULL,                                      /* module directives */
    NGX_HTTP_MODULE,                           /* module type */
    NULL,                                      /* init master */
    NULL,                                      /* init module */
    NULL,                                      /* init process */
    NULL,                                      /* init thread */
    NULL,                                      /* exit thread */
    NULL,                                      /* exit process */
    NULL,                                      /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_http_tpl_header_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_tpl_header_filter;

    return NGX_OK;
}


void
ngx_http_tpl_add_body_filter(void)
{
    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_tpl_body_filter;
}


static ngx_int_t
ngx_http_tpl_header_filter(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);

    if (conf->filter == NULL || !ngx_http_tpl_filter_wanted(r, conf)) {
        return ngx_http_next_header_filter(r);
    }

    conf = conf->filter;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_ctx_t)
                               + sizeof(ngx_http_tpl_collected_t));

    if (ctx == NULL
        || ngx_http_tpl_hold(r, conf->target->generation) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;
    ctx->conf = conf;
    ctx->target = conf->target;
    ctx->collected = (ngx_http_tpl_collected_t *) &ctx[1];
    ctx->varies = 1;

    ngx_http_set_ctx(r, ctx, ngx_http_tpl_module);

    rc = ngx_http_tpl_filter_template(r, conf, &ctx->tmpl);

    if (rc != NGX_OK) {
        goto failed;
    }

    ngx_http_tpl_pick_type(r, conf, ctx->tmpl, &ctx->type);

    if (r->headers_out.content_length_n > (off_t) conf->render->size) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "tpl_filter: the response of %O bytes is larger than"
                      " size=%uz", r->headers_out.content_length_n,
                      conf->render->size);
        rc = NGX_HTTP_BAD_GATEWAY;
        goto failed;
    }

    if (r->headers_out.content_length_n > 0) {
        ctx->collected->size = r->headers_out.content_length_n;
    }

    ngx_http_tpl_unbuffer(r);

    if (r->upstream) {
        ctx->collected->peer = r->upstream->peer.connection;
    }

    /* files are read by the copy filter */

    r->filter_need_in_memory = 1;

    return NGX_OK;

failed:

    /* the handler returns it: nothing of the response was sent */

    ctx->collected->state = NGX_HTTP_TPL_PASS;
    ngx_http_clean_header(r);

    return rc;
}


/* responses that are a whole JSON document */

static ngx_int_t
ngx_http_tpl_filter_wanted(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf)
{
    ngx_str_t  *encoding;

    if (ngx_http_get_module_ctx(r, ngx_http_tpl_module) != NULL) {

        /* what tpl_render wrote, or what this filter sends */

        return 0;
    }

    /* header_only: nobody will read a body, as of auth_request's subrequest */

    if (r->header_only
        || r->headers_out.status == NGX_HTTP_NOT_MODIFIED
        || r->headers_out.status == NGX_HTTP_NO_CONTENT
        || r->headers_out.status == NGX_HTTP_PARTIAL_CONTENT
        || ngx_http_test_content_type(r, &conf->filter_types) == NULL)
    {
        return 0;
    }

    if (r->headers_out.content_encoding
        && r->headers_out.content_encoding->hash
        && r->headers_out.content_encoding->value.len)
    {
        encoding = &r->headers_out.content_encoding->value;

        if (ngx_strcasecmp(encoding->data, (u_char *) "identity") != 0) {
            ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                          "tpl_filter: the response has the encoding \"%V\""
                          " and is left as it is", encoding);
            return 0;
        }
    }

    return 1;
}


/* the one that the response's header names, or that of the directive */

static ngx_int_t
ngx_http_tpl_filter_template(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf, tpl_template_t **tmpl)
{
    ngx_str_t              value;
    ngx_table_elt_t       *h;
    ngx_http_tpl_cursor_t  cursor;

    value.data = NULL;
    *tmpl = conf->target->tmpl;

    ngx_http_tpl_cursor(&cursor, &r->headers_out.headers);

    while (conf->filter_header.len
           && (h = ngx_http_tpl_next_header(&cursor)) != NULL)
    {
        if (ngx_http_tpl_is_header(h, ngx_http_tpl_str(&conf->filter_header)))
        {
            value = h->value;
            h->hash = 0;
            break;
        }
    }

    if (value.data == NULL) {

        if (*tmpl) {
            return NGX_OK;
        }

        if (ngx_http_complex_value(r, &conf->render->name, &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    *tmpl = ngx_http_tpl_pick_template(r, conf->target, &value);

    if (*tmpl == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "tpl_filter: there is no template \"%V\"", &value);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_OK;
}


/* what was true of the document is not true of the page */

static void
ngx_http_tpl_filter_clear(ngx_http_request_t *r)
{
    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->allow_ranges = 0;
}


static ngx_int_t
ngx_http_tpl_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                  rc;
    ngx_http_tpl_ctx_t        *ctx;
    ngx_http_tpl_collected_t  *c;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx == NULL || ctx->collected == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    c = ctx->collected;

    switch (c->state) {

    case NGX_HTTP_TPL_COLLECT:

        rc = ngx_http_tpl_filter_collect(r, c, in, ctx->conf->render->size);

        if (rc != NGX_OK) {
            return ngx_http_tpl_filter_fail(r, ctx, rc);
        }

        if (!c->ended) {
            return NGX_OK;
        }

        if (r->method == NGX_HTTP_HEAD && c->len == 0) {
            return ngx_http_tpl_filter_head(r, ctx);
        }

        c->state = NGX_HTTP_TPL_RENDER;

        return ngx_http_tpl_filter_start(r, ctx);

    case NGX_HTTP_TPL_RENDER:

        if (ctx->awaited || (ctx->event && ctx->event->posted)) {
            return NGX_AGAIN;
        }

        return ngx_http_tpl_filter_run(r, ctx);

    case NGX_HTTP_TPL_FAIL:

        if (c->ended) {
            return NGX_AGAIN;
        }

        (void) ngx_http_tpl_filter_collect(r, c, in, 0);

        if (!c->ended) {
            return NGX_OK;
        }

        ngx_post_event(ctx->event, &ngx_posted_events);

        return NGX_AGAIN;

    default: /* NGX_HTTP_TPL_PASS */

        return ngx_http_next_body_filter(r, in);
    }
}


/*
 * Takes all of the chain, whatever it is worth.  The status of what is wrong;
 * once there is one, nothing is kept.
 */

static ngx_int_t
ngx_http_tpl_filter_collect(ngx_http_request_t *r,
    ngx_http_tpl_collected_t *c, ngx_chain_t *in, size_t max)
{
    size_t       len;
    ngx_int_t    rc, cut;
    ngx_buf_t   *b;
    ngx_uint_t   flush;

    rc = c->status;
    flush = 0;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        len = ngx_buf_in_memory(b) ? b->last - b->pos : 0;

        if (len && rc == NGX_OK) {
            rc = ngx_http_tpl_filter_add(r, c, b->pos, len, max);
        }

        flush |= b->flush;

        /* an upstream's buffer is free again */

        b->pos = b->last;
        b->file_pos = b->file_last;

        if (b->last_buf || b->last_in_chain) {
            c->ended = 1;
        }
    }

    cut = (flush && !c->ended) ? ngx_http_tpl_is_cut(r, c->peer) : NGX_OK;

    if (cut != NGX_OK) {
        c->ended = 1;

    } else if (c->ended && r->headers_out.content_length_n >= 0
               && c->len != (size_t) r->headers_out.content_length_n
               && (c->len || r->method != NGX_HTTP_HEAD))
    {
        cut = NGX_HTTP_BAD_GATEWAY;
    }

    if (rc != NGX_OK || cut == NGX_OK) {
        return rc;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "tpl_filter: the response ended after %uz bytes", c->len);

    return cut;
}


static ngx_int_t
ngx_http_tpl_filter_add(ngx_http_request_t *r, ngx_http_tpl_collected_t *c,
    u_char *data, size_t len, size_t max)
{
    size_t   size;
    u_char  *p;

    if (len > max - c->len) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "tpl_filter: the response is larger than size=%uz", max);
        return NGX_HTTP_BAD_GATEWAY;
    }

    if (c->data == NULL || len > c->size - c->len) {
        size = ngx_max(c->size, ngx_max(c->len + len,
                                        ngx_min(2 * c->len, max)));
        p = ngx_palloc(r->pool, size);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (c->data) {
            ngx_memcpy(p, c->data, c->len);
            ngx_pfree(r->pool, c->data);
        }

        c->data = p;
        c->size = size;
    }

    ngx_memcpy(c->data + c->len, data, len);
    c->len += len;

    return NGX_OK;
}


/* HEAD without a document: what a page's header would have in any case */

static ngx_int_t
ngx_http_tpl_filter_head(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_tpl_pick_block(r, ctx);

    if (rc != NGX_OK) {
        return ngx_http_tpl_filter_fail(r, ctx, rc);
    }

    ctx->collected->state = NGX_HTTP_TPL_PASS;

    ngx_http_tpl_filter_clear(r);
    ngx_http_tpl_set_type(r, &ctx->type);

    if (ngx_http_tpl_set_vary(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* the page's ETag, which the request may ask about, is not known */

    r->disable_not_modified = 1;

    return ngx_http_send_header(r);
}


static ngx_int_t
ngx_http_tpl_filter_start(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_int_t     rc;
    tpl_str_t     text;
    tpl_exec_t   *exec;
    tpl_error_t   err, *saved;

    rc = ngx_http_tpl_pick_block(r, ctx);

    if (rc != NGX_OK) {
        return ngx_http_tpl_filter_fail(r, ctx, rc);
    }

    if (ngx_http_tpl_prepare(r, ctx) != NGX_OK) {
        return ngx_http_tpl_filter_fail(r, ctx,
                                        NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    exec = tpl_vm_exec(ctx->vm);

    text.data = ctx->collected->data;
    text.len = ctx->collected->len;

    tpl_error_init(&err, ctx->arena);

    saved = exec->error;
    exec->error = &err;

    rc = tpl_json_parse(exec, &text, 0, &ctx->document);

    exec->error = saved;

    if (rc == TPL_OK) {
        return ngx_http_tpl_filter_run(r, ctx);
    }

    if (err.exc == TPL_EXC_MEMORY || err.exc == TPL_EXC_LIMIT) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "tpl_filter: %*s", err.message.len, err.message.data);
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "tpl_filter: invalid JSON: %*s",
                      err.message.len, err.message.data);
        rc = NGX_HTTP_BAD_GATEWAY;
    }

    return ngx_http_tpl_filter_fail(r, ctx, rc);
}


static ngx_int_t
ngx_http_tpl_filter_run(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_int_t     rc;
    ngx_buf_t    *page;
    ngx_chain_t   out;

    switch (ngx_http_tpl_slice(r, ctx)) {

    case TPL_OK:
        return ngx_http_tpl_filter_send(r, ctx);

    case TPL_YIELD:
        return ngx_http_tpl_filter_pause(r, ctx, 0);

    case TPL_AGAIN:
        return ngx_http_tpl_filter_pause(r, ctx, 1);

    default:
        rc = ngx_http_tpl_error(r, ctx, &page);

        if (page == NULL) {
            return ngx_http_tpl_filter_fail(r, ctx, rc);
        }

        r->buffered &= ~NGX_HTTP_TPL_BUFFERED;
        ctx->collected->state = NGX_HTTP_TPL_PASS;

        rc = ngx_http_tpl_debug_header(r, rc, page);

        if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
            return rc;
        }

        out.buf = page;
        out.next = NULL;

        return ngx_http_next_body_filter(r, &out);
    }
}


/*
 * Whoever sent the response thinks that it is on its way; the request waits, as
 * for a slow client, and is woken up as by one that can take more.
 */

static ngx_int_t
ngx_http_tpl_filter_pause(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_uint_t waits)
{
    if (ngx_http_tpl_create_event(r, ctx, ngx_http_tpl_filter_event)
        != NGX_OK)
    {
        return ngx_http_tpl_filter_fail(r, ctx,
                                        NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    r->buffered |= NGX_HTTP_TPL_BUFFERED;

    if (!waits) {
        ngx_post_event(ctx->event, &ngx_posted_next_events);
    }

    return NGX_AGAIN;
}


static void
ngx_http_tpl_filter_event(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_tpl_ctx_t  *ctx;
    ngx_http_request_t  *r;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ctx->collected->state == NGX_HTTP_TPL_FAIL) {
        ngx_http_tpl_filter_answer(r, ctx->collected);

    } else {
        r->write_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_tpl_filter_send(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_int_t      rc;
    ngx_chain_t   *out;
    tpl_output_t  *output;

    output = tpl_vm_output(ctx->vm);
    ctx->vm = NULL;

    out = ngx_http_tpl_chain(r, output);
    if (out == NULL) {
        return ngx_http_tpl_filter_fail(r, ctx,
                                        NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    r->buffered &= ~NGX_HTTP_TPL_BUFFERED;
    ctx->collected->state = NGX_HTTP_TPL_PASS;

    ngx_http_tpl_status_count(ctx, output->len, 0);

    ngx_http_tpl_filter_clear(r);
    ngx_http_tpl_set_type(r, &ctx->type);

    r->headers_out.content_length_n = output->len;

    if (ngx_http_tpl_set_validator(r, ctx, r->headers_out.status,
                                   ngx_http_tpl_hash(ctx, output))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* ranges are cut before a page comes to be */

    r->allow_ranges = 0;

    ctx->plain = out;
    ctx->plain_len = output->len;

    /* from the top: nginx may answer a conditional request with 304 */

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only
        || (r != r->main && output->len == 0))
    {
        return rc;
    }

    ngx_http_tpl_end(r, out);

    return ngx_http_next_body_filter(r, out);
}


/* what is still to come of the document is of no use */

static ngx_int_t
ngx_http_tpl_filter_fail(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_int_t status)
{
    ngx_http_tpl_collected_t  *c;

    if (ngx_http_tpl_create_event(r, ctx, ngx_http_tpl_filter_event)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    c = ctx->collected;

    c->state = NGX_HTTP_TPL_FAIL;
    c->status = status;

    r->buffered |= NGX_HTTP_TPL_BUFFERED;

    if (!c->ended) {
        ngx_http_tpl_stop_upstream(r);
        return NGX_OK;
    }

    ngx_post_event(ctx->event, &ngx_posted_events);

    return NGX_AGAIN;
}


/* as if the handler had returned the status */

static void
ngx_http_tpl_filter_answer(ngx_http_request_t *r, ngx_http_tpl_collected_t *c)
{
    c->state = NGX_HTTP_TPL_PASS;

    r->buffered &= ~NGX_HTTP_TPL_BUFFERED;
    r->write_event_handler = ngx_http_request_empty_handler;

    /* a redirect is what the page wanted, with its headers */

    if (c->status >= NGX_HTTP_BAD_REQUEST) {
        ngx_http_clean_header(r);
    }

    ngx_http_finalize_request(r, c->status);
}
