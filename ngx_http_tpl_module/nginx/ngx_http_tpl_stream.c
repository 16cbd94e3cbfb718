
/*
 * tpl_stream: a page is sent while it is being rendered.
 *
 * Whenever the program stops, what no capture can take back goes to the client:
 * at a {% flush %} or before data are awaited all of it, else when there is
 * enough.  The program then goes on only once the client has taken that; its
 * pages are written again, so that a page of any size needs no more than
 * what one turn writes.
 *
 * What happens first of three lets the program go on last: the client is
 * ready (busy is empty), the data are there (awaited is NULL), the other
 * requests had their turn (event is not posted).
 */

#include "nginx/ngx_http_tpl_module.h"


/* without a flush: bytes that are worth the sending */
#define NGX_HTTP_TPL_STREAM_MIN  65536


static ngx_chain_t *ngx_http_tpl_stream_chain(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, tpl_output_t *output, tpl_output_mark_t *mark);
static ngx_int_t ngx_http_tpl_stream_send(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_chain_t *out);
static ngx_int_t ngx_http_tpl_stream_wait(ngx_http_request_t *r);
static void ngx_http_tpl_stream_handler(ngx_http_request_t *r);
static void ngx_http_tpl_stream_sent(ngx_http_tpl_ctx_t *ctx);


struct ngx_http_tpl_stream_s {
    ngx_chain_t              *free;
    ngx_chain_t              *busy;
    uint32_t                  segment;      /* where the next byte is */
    size_t                    offset;
    size_t                    len;          /* bytes sent */
    unsigned                  header:1;     /* the header is */
};


ngx_int_t
ngx_http_tpl_stream_create(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /*
     * Not what is held back anyway, and not where a client could not tell the
     * half of a page from a whole one.
     */

    if (!ctx->conf->stream || r != r->main || ctx->collected
        || r->header_only || r->method == NGX_HTTP_HEAD
        || r->http_version < NGX_HTTP_VERSION_11
        || (r->http_version == NGX_HTTP_VERSION_11
            && !clcf->chunked_transfer_encoding))
    {
        return NGX_OK;
    }

    ctx->stream = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_stream_t));

    return ctx->stream ? NGX_OK : NGX_ERROR;
}


ngx_uint_t
ngx_http_tpl_stream_started(ngx_http_tpl_ctx_t *ctx)
{
    return ctx->stream && ctx->stream->header;
}


ngx_uint_t
ngx_http_tpl_stream_busy(ngx_http_tpl_ctx_t *ctx)
{
    return ctx->stream && ctx->stream->busy;
}


ngx_int_t
ngx_http_tpl_stream(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_uint_t waits)
{
    ngx_int_t               rc;
    ngx_buf_t              *b;
    ngx_uint_t              flush, flushed;
    ngx_chain_t            *out, *cl;
    tpl_output_t           *output;
    tpl_output_mark_t       mark;
    ngx_http_tpl_stream_t  *s;

    s = ctx->stream;

    output = tpl_vm_output(ctx->vm);
    tpl_vm_settled(ctx->vm, &mark);

    flushed = tpl_vm_flushed(ctx->vm);
    flush = waits || flushed;

    if (mark.len - s->len < (flush ? 1 : NGX_HTTP_TPL_STREAM_MIN)
        && (!flushed || s->header))
    {
        return NGX_OK;
    }

    if (!s->header) {
        rc = ngx_http_tpl_send_header(r, ctx, -1, 0);

        if (rc == NGX_ERROR || rc > NGX_OK) {
            return NGX_ERROR;
        }

        s->header = 1;

        if (ctx->web) {
            ctx->web->answer.closed = TPL_WEB_SENT;
        }
    }

    out = ngx_http_tpl_stream_chain(r, ctx, output, &mark);

    if (out == NULL) {

        if (mark.len != s->len) {
            return NGX_ERROR;
        }

        out = ngx_chain_get_free_buf(r->pool, &s->free);
        if (out == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(out->buf, sizeof(ngx_buf_t));
        out->buf->tag = (ngx_buf_tag_t) &ngx_http_tpl_module;
    }

    if (flush) {
        for (cl = out; cl->next; cl = cl->next) { /* void */ }

        b = cl->buf;
        b->flush = 1;
    }

    s->len = mark.len;

    return ngx_http_tpl_stream_send(r, ctx, out);
}


ngx_int_t
ngx_http_tpl_stream_end(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    tpl_output_t *output)
{
    ngx_chain_t        *out;
    tpl_output_mark_t   mark;

    ngx_http_tpl_status_count(ctx, output->len, 0);

    tpl_output_mark(output, &mark);

    out = ngx_http_tpl_stream_chain(r, ctx, output, &mark);

    if (out == NULL) {

        if (mark.len != ctx->stream->len) {
            return NGX_ERROR;
        }

        return ngx_http_send_special(r, NGX_HTTP_LAST);
    }

    ngx_http_tpl_end(r, out);

    return ngx_http_output_filter(r, out);
}


/* what is between the last byte sent and the mark; NULL also for nothing */

static ngx_chain_t *
ngx_http_tpl_stream_chain(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    tpl_output_t *output, tpl_output_mark_t *mark)
{
    size_t                  start, end;
    uint32_t                i;
    ngx_buf_t              *b;
    ngx_chain_t            *out, *cl, **ll;
    tpl_segment_t          *segment;
    ngx_http_tpl_stream_t  *s;

    s = ctx->stream;
    out = NULL;
    ll = &out;

    for (i = s->segment; i < mark->n; i++) {
        segment = &output->segments[i];

        start = (i == s->segment) ? s->offset : 0;
        end = (i == mark->n - 1) ? mark->last_len : segment->len;

        if (start == end) {
            continue;
        }

        cl = ngx_chain_get_free_buf(r->pool, &s->free);
        if (cl == NULL) {
            return NULL;
        }

        b = cl->buf;

        ngx_memzero(b, sizeof(ngx_buf_t));

        b->pos = (u_char *) segment->data + start;
        b->last = (u_char *) segment->data + end;
        b->start = b->pos;
        b->end = b->last;
        b->memory = 1;
        b->tag = (ngx_buf_tag_t) &ngx_http_tpl_module;

        *ll = cl;
        ll = &cl->next;
    }

    *ll = NULL;

    if (mark->n) {
        s->segment = mark->n - 1;
        s->offset = mark->last_len;
    }

    return out;
}


/* NGX_OK: the client has it all; NGX_AGAIN: the handler goes on */

static ngx_int_t
ngx_http_tpl_stream_send(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_chain_t *out)
{
    ngx_http_tpl_stream_t  *s;

    s = ctx->stream;

    if (ngx_http_output_filter(r, out) == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_chain_update_chains(r->pool, &s->free, &s->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_tpl_module);

    if (s->busy) {
        return ngx_http_tpl_stream_wait(r);
    }

    ngx_http_tpl_stream_sent(ctx);

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_stream_wait(ngx_http_request_t *r)
{
    ngx_event_t               *wev;
    ngx_http_core_loc_conf_t  *clcf;

    wev = r->connection->write;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    r->write_event_handler = ngx_http_tpl_stream_handler;

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* the client takes more */

static void
ngx_http_tpl_stream_handler(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_event_t         *wev;
    ngx_connection_t    *c;
    ngx_http_tpl_ctx_t  *ctx;

    c = r->connection;
    wev = c->write;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx->stream->busy == NULL) {
        return;
    }

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client timed out");
        c->timedout = 1;

        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->delayed || r->aio) {
        rc = ngx_http_tpl_stream_wait(r);

    } else {
        rc = ngx_http_tpl_stream_send(r, ctx, NULL);
    }

    if (rc == NGX_ERROR) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    if (ctx->awaited == NULL && !ctx->event->posted) {
        ngx_post_event(ctx->event, &ngx_posted_events);
    }
}


static void
ngx_http_tpl_stream_sent(ngx_http_tpl_ctx_t *ctx)
{
    if (tpl_vm_recycle(ctx->vm) == TPL_OK) {
        ctx->stream->segment = 0;
        ctx->stream->offset = 0;
    }
}
