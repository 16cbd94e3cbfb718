
/*
 * Forms: the request's body, read before the page is rendered.
 *
 * The body is taken from nginx as it comes in and kept in memory, so that
 * neither a disk nor a slow client holds the worker up; tpl_max_body bounds
 * it.  In the end it is handed back as nginx's own request body, in one buffer,
 * for whoever answers the request after us.
 */

#include "nginx/ngx_http_tpl_module.h"


static void ngx_http_tpl_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_read_more(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_body_take(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static ngx_int_t ngx_http_tpl_body_room(ngx_http_request_t *r,
    ngx_buf_t *body, size_t size);
static ngx_int_t ngx_http_tpl_body_done(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);
static off_t ngx_http_tpl_body_size(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_too_large(ngx_http_request_t *r, off_t size);


char *
ngx_http_tpl_form(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_int_t             n;
    ngx_str_t            *value;
    ngx_uint_t            i;
    ngx_http_tpl_form_t  *form;

    if (tlcf->form != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    form = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_form_t));
    if (form == NULL) {
        return NGX_CONF_ERROR;
    }

    form->limits.fields = NGX_HTTP_TPL_FIELDS;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "on") == 0) {
        form->on = 1;

    } else if (ngx_strcmp(value[1].data, "off") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"tpl_form\" directive, it"
                           " must be \"on\" or \"off\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (form->on && ngx_strcmp(value[i].data, "files=skip") == 0) {
            form->limits.files = 1;
            continue;
        }

        if (form->on && ngx_strcmp(value[i].data, "files=refuse") == 0) {
            form->limits.files = 0;
            continue;
        }

        if (form->on && ngx_strncmp(value[i].data, "fields=", 7) == 0) {
            n = ngx_atoi(value[i].data + 7, value[i].len - 7);

            if (n > 0 && n <= NGX_MAX_INT32_VALUE) {
                form->limits.fields = n;
                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[i]);
        return NGX_CONF_ERROR;
    }

    tlcf->form = form;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_tpl_read_body(ngx_http_request_t *r)
{
    off_t                     size;
    ngx_int_t                 rc;
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);

    if (r != r->main || r->discard_body) {
        return ngx_http_tpl_page(r);
    }

    if (r->request_body) {

        /* mirror has read it, or a page whose error page this is */

        if (r->reading_body) {
            return ngx_http_tpl_page(r);
        }

        size = ngx_http_tpl_body_size(r);

        if (conf->max_body && size > conf->max_body
            && !ngx_http_tpl_is_error_page(r))
        {
            return ngx_http_tpl_too_large(r, size);
        }

        return ngx_http_tpl_page(r);
    }

    size = r->headers_in.content_length_n;

    if (conf->max_body && size > conf->max_body) {

        /* no "100 Continue" for what nobody wants */

        r->expect_tested = 1;

        (void) ngx_http_discard_request_body(r);

        return ngx_http_tpl_too_large(r, size);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;
    ctx->conf = conf;

    ngx_http_set_ctx(r, ctx, ngx_http_tpl_module);

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_tpl_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* all of it is there, or its beginning; then each time that more has come */

static void
ngx_http_tpl_body_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_tpl_read_more(r);

    if (rc == NGX_AGAIN) {
        r->read_event_handler = ngx_http_tpl_body_handler;
        return;
    }

    /* the page's NGX_AGAIN is another: the client takes the rest later */

    if (rc == NGX_OK) {
        rc = ngx_http_tpl_page(r);
    }

    ngx_http_finalize_request(r, rc);
}


/* NGX_OK: it is whole; NGX_AGAIN: more is to come; else the error's status */

static ngx_int_t
ngx_http_tpl_read_more(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_tpl_ctx_t  *ctx;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (c->error) {
        return NGX_HTTP_BAD_REQUEST;
    }

    do {
        rc = ngx_http_tpl_body_take(r, ctx);

        if (rc != NGX_OK) {
            goto failed;
        }

        if (!r->reading_body) {
            return ngx_http_tpl_body_done(r, ctx);
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            goto failed;
        }

    } while (rc == NGX_OK || r->request_body->bufs);

    return NGX_AGAIN;

failed:

    r->read_event_handler = ngx_http_block_reading;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    return rc;
}


/* copies what has come to the end of the body, and frees nginx's buffers */

static ngx_int_t
ngx_http_tpl_body_take(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    off_t         size;
    ssize_t       n;
    ngx_buf_t    *b, *body;
    ngx_chain_t  *cl;

    body = &ctx->body;

    while (r->request_body->bufs) {
        cl = r->request_body->bufs;
        b = cl->buf;

        size = ngx_buf_size(b);

        if (ctx->conf->max_body
            && size > ctx->conf->max_body - (body->last - body->pos))
        {
            return ngx_http_tpl_too_large(r, body->last - body->pos + size);
        }

        if (ngx_http_tpl_body_room(r, body, size) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (ngx_buf_in_memory(b)) {
            body->last = ngx_cpymem(body->last, b->pos, size);
            b->pos = b->last;

        } else if (b->in_file) {

            /*
             * HTTP/2 gathers at most tens of kilobytes, a filter of another
             * module all it likes, in a file that was written a moment ago
             */

            n = ngx_read_file(b->file, body->last, size, b->file_pos);

            if (n != size) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }

            body->last += n;
            b->file_pos = b->file_last;
        }

        r->request_body->bufs = cl->next;
        ngx_free_chain(r->pool, cl);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_body_room(ngx_http_request_t *r, ngx_buf_t *body, size_t size)
{
    size_t   len, room;
    u_char  *p;

    if (size <= (size_t) (body->end - body->last)) {
        return NGX_OK;
    }

    len = body->last - body->pos;

    /* the client's Content-Length is no reason to take memory yet */

    room = ngx_max((size_t) (body->end - body->pos) * 2, len + size);

    if (room - len > size && r->headers_in.content_length_n > 0
        && room > (size_t) r->headers_in.content_length_n)
    {
        room = ngx_max((size_t) r->headers_in.content_length_n, len + size);
    }

    p = ngx_pnalloc(r->pool, room);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (len) {
        ngx_memcpy(p, body->pos, len);
        (void) ngx_pfree(r->pool, body->start);
    }

    body->start = p;
    body->pos = p;
    body->last = p + len;
    body->end = p + room;

    return NGX_OK;
}


/* it is nginx's request body again, as if it had been read by nginx */

static ngx_int_t
ngx_http_tpl_body_done(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    ngx_chain_t  *cl;

    r->read_event_handler = ngx_http_block_reading;

    if (ctx->body.pos != ctx->body.last) {
        cl = ngx_alloc_chain_link(r->pool);
        if (cl == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ctx->body.temporary = 1;

        cl->buf = ngx_calloc_buf(r->pool);
        if (cl->buf == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        *cl->buf = ctx->body;
        cl->next = NULL;

        r->request_body->bufs = cl;
    }

    return NGX_OK;
}


static off_t
ngx_http_tpl_body_size(ngx_http_request_t *r)
{
    off_t         size;
    ngx_chain_t  *cl;

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


static ngx_int_t
ngx_http_tpl_too_large(ngx_http_request_t *r, off_t size)
{
    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "client intended to send too large form: %O bytes", size);

    return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
}


tpl_int_t
ngx_http_tpl_web_body(tpl_web_t *web, tpl_str_t *out)
{
    off_t                     size;
    u_char                   *p;
    ssize_t                   n;
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_request_t       *r;
    ngx_http_tpl_loc_conf_t  *conf;

    ctx = web->data;
    r = ctx->request->main;
    conf = ctx->conf;

    if (conf->form == NULL || !conf->form->on || r->request_body == NULL
        || r->reading_body)
    {
        return TPL_DECLINED;
    }

    cl = r->request_body->bufs;

    if (cl == NULL) {
        out->len = 0;
        out->data = (u_char *) "";
        return TPL_OK;
    }

    if (cl->next == NULL && ngx_buf_in_memory(cl->buf)) {
        out->data = cl->buf->pos;
        out->len = cl->buf->last - cl->buf->pos;
        return TPL_OK;
    }

    /* read by another module */

    size = ngx_http_tpl_body_size(r);

    if (conf->max_body && size > conf->max_body) {
        return TPL_DECLINED;
    }

    p = tpl_pnalloc(web->arena, size);
    if (p == NULL) {
        return TPL_ERROR;
    }

    out->data = p;
    out->len = size;

    for ( /* void */ ; cl; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, size);

        } else if (b->in_file) {
            n = ngx_read_file(b->file, p, size, b->file_pos);

            if (n != size) {
                return TPL_DECLINED;
            }

            p += n;
        }
    }

    return TPL_OK;
}


ngx_int_t
ngx_http_tpl_check_form(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    tpl_int_t          rc;
    tpl_web_t         *web;
    const char        *why;
    tpl_form_error_t   err;

    /* what was wrong once must not keep the error's page away */

    if (ngx_http_tpl_is_error_page(r)) {
        return NGX_OK;
    }

    web = ngx_http_tpl_get_web(ctx);
    if (web == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = tpl_web_read_form(web, &err);

    if (rc == TPL_ERROR) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "a form needs too much memory");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == TPL_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client sent invalid form: %s", err.text);
        return err.status;
    }

    if (!ngx_http_tpl_needs_token(r, ctx->conf)) {
        return NGX_OK;
    }

    rc = tpl_xsrf_check(web, &why);

    if (rc == TPL_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == TPL_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "access forbidden by \"tpl_xsrf\": %s", why);
        return NGX_HTTP_FORBIDDEN;
    }

    return NGX_OK;
}
