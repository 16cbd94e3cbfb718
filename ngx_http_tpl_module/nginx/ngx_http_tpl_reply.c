
/*
 * Subrequests whose replies are data of a page: they are started, collected by
 * filters instead of being sent, and judged when they are over.
 *
 * They are background subrequests: nginx does not wait for them and never makes
 * them the connection's active request, so that a page can be sent while some
 * are still on their way; the request's count keeps it until the last is over.
 * Since a filter's ctx goes with an internal redirect, a subrequest is known by
 * its post_subrequest, which stays.
 *
 * A reply lives in the request's pool: a render may be over, and its arena
 * gone, before its subrequests are.
 *
 * What an upstream sends is read where it is to stay: once the first bytes of a
 * body have come as they were received, the upstream module reads the next into
 * the room behind them (lent).  Invariant: while a reply is lent, u->buffer is
 * [data + len, data + room - 4), and nobody else has a pointer there.
 */

#include "nginx/ngx_http_tpl_module.h"


/* what nginx keeps of its count for other purposes */
#define NGX_HTTP_TPL_COUNT_MAX  (65535 - 1000)

/* a body of unknown length starts with; ngx_pfree() takes what is large */
#define NGX_HTTP_TPL_BODY_MIN   8192

/* room to read into: for more of a body, and behind the end of a whole one */
#define NGX_HTTP_TPL_READ_MIN   4096
#define NGX_HTTP_TPL_READ_END   16


struct ngx_http_tpl_replies_s {
    ngx_rbtree_t                  tree;
    ngx_rbtree_node_t             sentinel;
    ngx_array_t                   items;        /* ngx_http_tpl_reply_t * */
    ngx_http_headers_in_t         headers_in;   /* of each subrequest */
};


static ngx_http_tpl_replies_t *ngx_http_tpl_create_replies(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_copy_headers(ngx_http_request_t *r,
    ngx_http_headers_in_t *headers_in);
static ngx_int_t ngx_http_tpl_start_reply(ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_reply_t *reply);
static ngx_int_t ngx_http_tpl_own_variables(ngx_http_request_t *r,
    ngx_http_request_t *sr);
static ngx_int_t ngx_http_tpl_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_tpl_reply_done(ngx_http_request_t *r, void *data,
    ngx_int_t rc);
static void ngx_http_tpl_reply_judge(ngx_http_tpl_reply_t *reply);
static void ngx_http_tpl_reply_fail(ngx_http_tpl_reply_t *reply,
    ngx_uint_t failure, const char *fmt, ...);
static ngx_int_t ngx_http_tpl_reply_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_tpl_reply_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_tpl_reply_add(ngx_http_tpl_reply_t *reply, u_char *data,
    size_t len);
static ngx_int_t ngx_http_tpl_reply_resize(ngx_http_tpl_reply_t *reply,
    size_t room);
static void ngx_http_tpl_reply_lend(ngx_http_request_t *r,
    ngx_http_tpl_reply_t *reply);
static ngx_uint_t ngx_http_tpl_is_drained(ngx_chain_t *cl);
static void ngx_http_tpl_reply_drop(ngx_http_tpl_reply_t *reply);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;
static ngx_http_get_variable_pt          ngx_http_next_request_id;


/* what is true of the page's request, not of those for its data */

static ngx_str_t  ngx_http_tpl_hidden_headers[] = {
    ngx_string("accept-encoding"),      /* data are wanted as they are */
    ngx_string("if-modified-since"),
    ngx_string("if-unmodified-since"),
    ngx_string("if-match"),
    ngx_string("if-none-match"),
    ngx_string("if-range"),
    ngx_string("range"),
    ngx_string("content-length"),
    ngx_string("content-type"),
    ngx_string("content-encoding"),
    ngx_string("content-range"),
    ngx_string("transfer-encoding"),
    ngx_string("te"),
    ngx_string("expect"),
    ngx_string("upgrade"),
    ngx_string("http2-settings"),
    ngx_null_string
};


ngx_http_tpl_reply_t *
ngx_http_tpl_get_reply(ngx_http_tpl_ctx_t *ctx, ngx_str_t *uri,
    ngx_uint_t text, size_t size)
{
    u_char                 *p;
    uint32_t                hash;
    ngx_str_t               key;
    ngx_http_request_t     *r;
    ngx_http_tpl_reply_t   *reply, **item;

    r = ctx->request;

    if (ctx->replies == NULL) {
        ctx->replies = ngx_http_tpl_create_replies(r);
        if (ctx->replies == NULL) {
            return NULL;
        }
    }

    key.data = ngx_pnalloc(r->pool, uri->len + NGX_SIZE_T_LEN + 2);
    if (key.data == NULL) {
        return NULL;
    }

    /* the URI comes last: key.data + the rest is a copy of it */

    p = ngx_sprintf(key.data, "%c%uz ", text ? 't' : 'j', size);
    key.len = ngx_cpymem(p, uri->data, uri->len) - key.data;

    hash = ngx_crc32_long(key.data, key.len);

    reply = (ngx_http_tpl_reply_t *)
                        ngx_str_rbtree_lookup(&ctx->replies->tree, &key, hash);
    if (reply) {
        return reply;
    }

    reply = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_reply_t));
    item = ngx_array_push(&ctx->replies->items);

    if (reply == NULL || item == NULL) {
        return NULL;
    }

    *item = reply;

    reply->node.str = key;
    reply->node.node.key = hash;
    reply->uri.data = p;
    reply->uri.len = uri->len;
    reply->index = ctx->replies->items.nelts;
    reply->ctx = ctx;
    reply->text = text;
    reply->size = size;

    ngx_rbtree_insert(&ctx->replies->tree, &reply->node.node);

    if (ngx_http_tpl_start_reply(ctx, reply) != NGX_OK) {
        return NULL;
    }

    return reply;
}


ngx_http_tpl_reply_t *
ngx_http_tpl_reply_at(ngx_http_tpl_ctx_t *ctx, ngx_uint_t index)
{
    ngx_http_tpl_reply_t  **reply;

    if (ctx->replies == NULL || index - 1 >= ctx->replies->items.nelts) {
        return NULL;
    }

    reply = ctx->replies->items.elts;

    return reply[index - 1];
}


static ngx_http_tpl_replies_t *
ngx_http_tpl_create_replies(ngx_http_request_t *r)
{
    ngx_http_tpl_replies_t  *replies;

    replies = ngx_palloc(r->pool, sizeof(ngx_http_tpl_replies_t));

    if (replies == NULL
        || ngx_array_init(&replies->items, r->pool, 4,
                          sizeof(ngx_http_tpl_reply_t *))
           != NGX_OK
        || ngx_http_tpl_copy_headers(r, &replies->headers_in) != NGX_OK)
    {
        return NULL;
    }

    ngx_rbtree_init(&replies->tree, &replies->sentinel,
                    ngx_str_rbtree_insert_value);

    return replies;
}


static ngx_int_t
ngx_http_tpl_copy_headers(ngx_http_request_t *r,
    ngx_http_headers_in_t *headers_in)
{
    ngx_str_t             *hidden;
    ngx_table_elt_t       *h, *copy;
    ngx_http_tpl_cursor_t  cursor;

    *headers_in = r->headers_in;

    if (ngx_list_init(&headers_in->headers, r->pool, 20,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_tpl_cursor(&cursor, &r->headers_in.headers);

    while ((h = ngx_http_tpl_next_header(&cursor)) != NULL) {

        for (hidden = ngx_http_tpl_hidden_headers; hidden->len; hidden++) {
            if (h->key.len == hidden->len
                && ngx_strncasecmp(h->key.data, hidden->data, hidden->len)
                   == 0)
            {
                break;
            }
        }

        if (hidden->len) {
            continue;
        }

        copy = ngx_list_push(&headers_in->headers);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        *copy = *h;
    }

    headers_in->if_modified_since = NULL;
    headers_in->if_unmodified_since = NULL;
    headers_in->if_match = NULL;
    headers_in->if_none_match = NULL;
    headers_in->if_range = NULL;
    headers_in->range = NULL;
    headers_in->content_length = NULL;
    headers_in->content_range = NULL;
    headers_in->content_type = NULL;
    headers_in->transfer_encoding = NULL;
    headers_in->te = NULL;
    headers_in->expect = NULL;
    headers_in->upgrade = NULL;
#if (NGX_HTTP_GZIP || NGX_HTTP_HEADERS)
    headers_in->accept_encoding = NULL;
#endif
    headers_in->content_length_n = -1;
    headers_in->chunked = 0;

    return NGX_OK;
}


/* what cannot be started is a reply that failed */

static ngx_int_t
ngx_http_tpl_start_reply(ngx_http_tpl_ctx_t *ctx, ngx_http_tpl_reply_t *reply)
{
    u_char              *p, *src;
    size_t               i, n;
    ngx_str_t            uri, args;
    ngx_uint_t           flags;
    ngx_http_request_t  *r, *sr;

    r = ctx->request;

    reply->done = 1;

    if (reply->uri.len == 0 || reply->uri.data[0] != '/') {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                "it is not a URI of this server");
        return NGX_OK;
    }

    if (r->subrequests == 0) {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                "subrequests within each other, more than %d",
                                NGX_HTTP_MAX_SUBREQUESTS);
        return NGX_OK;
    }

    if (r->main->count >= NGX_HTTP_TPL_COUNT_MAX
        || reply->index > UINT16_MAX)
    {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                "too many subrequests");
        return NGX_OK;
    }

    /*
     * Data may have brought in what would end the request line of a backend:
     * that, and what no URI has, is encoded.
     */

    src = reply->uri.data;
    n = 0;

    for (i = 0; i < reply->uri.len; i++) {
        n += (src[i] <= 0x20 || src[i] >= 0x7f);
    }

    uri.len = reply->uri.len + 2 * n;
    uri.data = ngx_pnalloc(r->pool, uri.len);

    if (uri.data == NULL) {
        return NGX_ERROR;
    }

    for (i = 0, p = uri.data; i < reply->uri.len; i++) {
        if (src[i] <= 0x20 || src[i] >= 0x7f) {
            p = ngx_sprintf(p, "%%%02Xd", (ngx_int_t) src[i]);

        } else {
            *p++ = src[i];
        }
    }

    reply->uri = uri;

    ngx_str_null(&args);
    flags = 0;

    if (ngx_http_parse_unsafe_uri(r, &uri, &args, &flags) != NGX_OK) {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                "the URI is unsafe");
        return NGX_OK;
    }

    reply->post.handler = ngx_http_tpl_reply_done;
    reply->post.data = reply;

    if (ngx_http_subrequest(r, &uri, &args, &sr, &reply->post,
                            NGX_HTTP_SUBREQUEST_BACKGROUND)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* not before: nobody could wait for one that did not start */

    reply->done = 0;
    reply->request = sr;

    sr->headers_in = ctx->replies->headers_in;
    sr->request_body = NULL;
    sr->discard_body = 0;

    return ngx_http_tpl_own_variables(r, sr);
}


/*
 * Subrequests usually share the variables of their parent, and a cached value,
 * as those of map are, would be that of the first.  Here several run at a time,
 * for other arguments each.  Only the id of the request stays what it is:
 * ngx_http_tpl_request_id().
 */

static ngx_int_t
ngx_http_tpl_own_variables(ngx_http_request_t *r, ngx_http_request_t *sr)
{
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    sr->variables = ngx_pcalloc(r->pool, cmcf->variables.nelts
                                         * sizeof(ngx_http_variable_value_t));

    return sr->variables ? NGX_OK : NGX_ERROR;
}


/*
 * Random numbers are made when somebody asks for them, and then for the main
 * request.
 */

static ngx_int_t
ngx_http_tpl_request_id(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_variable_value_t  *value;
    ngx_http_tpl_main_conf_t   *tmcf;

    if (r->variables == r->main->variables) {
        return ngx_http_next_request_id(r, v, data);
    }

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_tpl_module);

    value = ngx_http_get_indexed_variable(r->main, tmcf->request_id);

    if (value == NULL) {
        return NGX_ERROR;
    }

    *v = *value;

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_share_request_id(ngx_conf_t *cf, ngx_int_t *index)
{
    ngx_str_t                   name;
    ngx_uint_t                  i;
    ngx_hash_key_t             *key;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    ngx_str_set(&name, "request_id");

    *index = ngx_http_get_variable_index(cf, &name);

    if (*index == NGX_ERROR) {
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        v = key[i].value;

        if (v->name.len == name.len
            && ngx_strncmp(v->name.data, name.data, name.len) == 0)
        {
            ngx_http_next_request_id = v->get_handler;
            v->get_handler = ngx_http_tpl_request_id;
            break;
        }
    }

    return NGX_OK;
}


/*
 * May run several times for one subrequest: before an error page and after it,
 * for instance.  Whatever the subrequest came to, the page goes on.
 */

static ngx_int_t
ngx_http_tpl_reply_done(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_tpl_reply_t *reply = data;

    ngx_http_tpl_ctx_t  *ctx;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "http tpl reply \"%V\": %i", &reply->uri, rc);

    /*
     * A filter that puts an error in the place of a body marks the connection
     * as broken, as nothing good can follow; but here nothing was sent.
     */

    if (r->filter_finalize) {
        r->filter_finalize = 0;
        r->connection->error = 0;
    }

    if (r->connection->error) {
        return rc;
    }

    switch (rc) {

    case NGX_ERROR:
    case NGX_HTTP_REQUEST_TIME_OUT:
    case NGX_HTTP_CLIENT_CLOSED_REQUEST:
    case NGX_HTTP_CLOSE:

        /* these would end the page as well */

        rc = NGX_OK;
        break;

    case NGX_HTTP_CREATED:
    case NGX_HTTP_NO_CONTENT:
        return rc;

    default:

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE || r->buffered) {
            return rc;
        }

        break;
    }

    if (reply->done) {
        return rc;
    }

    reply->done = 1;

    ngx_http_tpl_reply_judge(reply);

    ctx = reply->ctx;

    if (ctx->awaited == reply && ctx->event) {
        ctx->awaited = NULL;
        ngx_post_event(ctx->event, &ngx_posted_events);
    }

    return rc;
}


/* whether all has come that was to come */

static void
ngx_http_tpl_reply_judge(ngx_http_tpl_reply_t *reply)
{
    off_t                length;
    ngx_http_request_t  *r;

    r = reply->request;

    if (reply->cause.data) {
        return;
    }

    if (reply->status == 0) {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_BAD_GATEWAY,
                                "there was no answer");
        return;
    }

    if (reply->status >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_http_tpl_reply_fail(reply,
                                reply->status == NGX_HTTP_GATEWAY_TIME_OUT
                                ? NGX_HTTP_GATEWAY_TIME_OUT
                                : NGX_HTTP_BAD_GATEWAY,
                                "%s answered %ui",
                                r->upstream_states ? "upstream" : "nginx",
                                reply->status);
        return;
    }

    if (reply->cut == NGX_HTTP_GATEWAY_TIME_OUT) {
        ngx_http_tpl_reply_fail(reply, reply->cut,
                                "upstream timed out after %uz bytes",
                                reply->len);
        return;
    }

    length = r->headers_out.content_length_n;

    if (length >= 0 && (off_t) reply->len != length) {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_BAD_GATEWAY,
                                "the reply ended after %uz of %O bytes",
                                reply->len, length);
        return;
    }

    /* an empty one has no buffers at all */

    if (!reply->last && (reply->len || r->upstream) && length != 0
        && !r->header_only)
    {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_BAD_GATEWAY,
                                "the reply ended early, after %uz bytes",
                                reply->len);
    }
}


static void
ngx_http_tpl_reply_fail(ngx_http_tpl_reply_t *reply, ngx_uint_t failure,
    const char *fmt, ...)
{
    u_char     *p;
    va_list     args;
    ngx_pool_t *pool;

    pool = reply->ctx->request->pool;

    reply->failure = failure;
    reply->skip = 1;

    ngx_http_tpl_reply_drop(reply);

    p = ngx_pnalloc(pool, NGX_MAX_ERROR_STR / 8);

    if (p == NULL) {
        ngx_str_set(&reply->cause, "out of memory");
        return;
    }

    va_start(args, fmt);

    reply->cause.data = p;
    reply->cause.len = ngx_vslprintf(p, p + NGX_MAX_ERROR_STR / 8, fmt, args)
                       - p;
    va_end(args);
}


void
ngx_http_tpl_add_reply_filter(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_tpl_reply_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_tpl_reply_body_filter;
}


#define ngx_http_tpl_is_reply(r)                                             \
    ((r)->post_subrequest                                                    \
     && (r)->post_subrequest->handler == ngx_http_tpl_reply_done)


static ngx_int_t
ngx_http_tpl_reply_header_filter(ngx_http_request_t *r)
{
    off_t                  length;
    ngx_table_elt_t       *encoding;
    ngx_http_tpl_reply_t  *reply;

    if (!ngx_http_tpl_is_reply(r)) {
        return ngx_http_next_header_filter(r);
    }

    reply = r->post_subrequest->data;

    r->header_sent = 1;

    /* files are read by the copy filter */

    r->filter_need_in_memory = 1;

    /* nothing has been sent, so an error may take the place of a header */

    ngx_http_tpl_reply_drop(reply);

    reply->status = r->headers_out.status;
    reply->len = 0;
    reply->cut = NGX_OK;
    reply->last = 0;
    reply->skip = 0;
    ngx_str_null(&reply->cause);

    if (r->upstream) {
        reply->peer = r->upstream->peer.connection;
    }

    ngx_http_tpl_unbuffer(r);

    if (reply->status >= NGX_HTTP_SPECIAL_RESPONSE) {
        reply->skip = 1;
        return NGX_OK;
    }

    encoding = r->headers_out.content_encoding;

    if (encoding && encoding->hash && encoding->value.len
        && ngx_strcasecmp(encoding->value.data, (u_char *) "identity") != 0)
    {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_BAD_GATEWAY,
                                "the reply has the encoding \"%V\"",
                                &encoding->value);
        return NGX_OK;
    }

    length = r->headers_out.content_length_n;

    if (length > (off_t) reply->size) {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_BAD_GATEWAY,
                                "the reply of %O bytes is larger than %uz",
                                length, reply->size);
        return NGX_OK;
    }

    reply->room = NGX_HTTP_TPL_BODY_MIN;

    if (length >= 0) {
        reply->room = length + NGX_HTTP_TPL_READ_END + 4;
    }

    reply->data = ngx_palloc(r->pool, reply->room);

    if (reply->data == NULL) {
        reply->room = 0;
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                "out of memory");
    }

    return NGX_OK;
}


/*
 * A pipe passes nothing on to a request that is not the active one before all
 * of it is there, however much that is.
 */

void
ngx_http_tpl_unbuffer(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (u && !u->cacheable && !u->store && ngx_http_tpl_is_reply(r)) {
        u->buffering = 0;
    }
}


/* takes all there is: nothing goes further */

static ngx_int_t
ngx_http_tpl_reply_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    size_t                 len;
    ngx_buf_t             *b;
    ngx_uint_t             received, other;
    ngx_http_upstream_t   *u;
    ngx_http_tpl_reply_t  *reply;

    if (!ngx_http_tpl_is_reply(r)) {
        return ngx_http_next_body_filter(r, in);
    }

    reply = r->post_subrequest->data;
    u = r->upstream;

    received = 0;
    other = 0;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        len = ngx_buf_in_memory(b) ? b->last - b->pos : 0;

        if (len) {

            if (u && b->pos >= u->buffer.start && b->last <= u->buffer.end) {
                received = 1;

            } else if (reply->lent) {

                /* a filter made this of what may still be in our room */

                (void) ngx_http_tpl_reply_resize(reply, reply->room);
                other = 1;

            } else {
                other = 1;
            }

            ngx_http_tpl_reply_add(reply, b->pos, len);
        }

        b->pos = b->last;
        b->file_pos = b->file_last;

        if (b->last_buf || b->last_in_chain) {
            reply->last = 1;

        } else if (b->flush && !reply->last) {
            reply->cut = ngx_http_tpl_is_cut(r, reply->peer);
        }
    }

    if (received && !reply->skip) {

        if (!other
            && ngx_http_tpl_is_drained(u->out_bufs)
            && ngx_http_tpl_is_drained(u->busy_bufs))
        {
            ngx_http_tpl_reply_lend(r, reply);

        } else if (reply->lent) {
            (void) ngx_http_tpl_reply_resize(reply, reply->room);
        }
    }

    if (reply->skip && reply->len > reply->size) {
        ngx_http_tpl_stop_upstream(r);
    }

    return NGX_OK;
}


static void
ngx_http_tpl_reply_add(ngx_http_tpl_reply_t *reply, u_char *data, size_t len)
{
    if (reply->skip) {
        reply->len += len;
        return;
    }

    if (len > reply->size - reply->len) {
        reply->len += len;
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_BAD_GATEWAY,
                                "the reply is larger than %uz bytes",
                                reply->size);
        return;
    }

    /* 4 more bytes are for the parser; what is lent is in our room already */

    if (!reply->lent && reply->len + len + 4 > reply->room
        && ngx_http_tpl_reply_resize(reply, ngx_max(2 * reply->room,
                                                    reply->len + len + 4))
           != NGX_OK)
    {
        return;
    }

    /* between chunks are their sizes */

    if (data != reply->data + reply->len) {
        ngx_memmove(reply->data + reply->len, data, len);
    }

    reply->len += len;
}


/* new memory, which is not lent; room that is stays as long as the request */

static ngx_int_t
ngx_http_tpl_reply_resize(ngx_http_tpl_reply_t *reply, size_t room)
{
    u_char  *p;

    p = ngx_palloc(reply->ctx->request->pool, room);

    if (p == NULL) {
        ngx_http_tpl_reply_fail(reply, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                "out of memory");
        return NGX_ERROR;
    }

    ngx_memcpy(p, reply->data, reply->len);

    ngx_http_tpl_reply_drop(reply);

    reply->data = p;
    reply->room = room;

    return NGX_OK;
}


/*
 * All that the upstream module received is in the reply, and nothing points to
 * it: it goes on behind it.
 */

static void
ngx_http_tpl_reply_lend(ngx_http_request_t *r, ngx_http_tpl_reply_t *reply)
{
    off_t                 length;
    size_t                room, wanted;
    u_char               *old;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (TPL_NO_LEND
        || u->buffering || u->cacheable || u->store || u->upgrade)
    {
        return;
    }

    length = r->headers_out.content_length_n;
    wanted = NGX_HTTP_TPL_READ_MIN;

    if (length >= (off_t) reply->len) {
        wanted = ngx_min((off_t) wanted, length - (off_t) reply->len);
    }

    room = reply->room - 4 - reply->len;
    old = NULL;

    if (room < wanted && !reply->last) {
        old = reply->lent ? reply->data : NULL;

        if (ngx_http_tpl_reply_resize(reply, 2 * reply->room + wanted)
            != NGX_OK)
        {
            return;
        }

        room = reply->room - 4 - reply->len;
    }

    u->buffer.start = reply->data + reply->len;
    u->buffer.pos = u->buffer.start;
    u->buffer.last = u->buffer.start;
    u->buffer.end = u->buffer.start + room;

    reply->lent = 1;

    if (old) {
        (void) ngx_pfree(r->pool, old);
    }
}


static ngx_uint_t
ngx_http_tpl_is_drained(ngx_chain_t *cl)
{
    for ( /* void */ ; cl; cl = cl->next) {
        if (cl->buf->pos != cl->buf->last) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_http_tpl_reply_drop(ngx_http_tpl_reply_t *reply)
{
    /* the upstream module may still read into what is lent */

    if (reply->room && !reply->lent) {
        (void) ngx_pfree(reply->ctx->request->pool, reply->data);
    }

    reply->data = NULL;
    reply->room = 0;
    reply->lent = 0;
}


/*
 * nginx ends a response whose upstream went away with a flush instead of a last
 * buffer, when the connection is closed already; its events still tell why.
 */

ngx_int_t
ngx_http_tpl_is_cut(ngx_http_request_t *r, ngx_connection_t *peer)
{
    if (r->upstream == NULL || r->upstream->peer.connection) {
        return NGX_OK;
    }

    return (peer && peer->read->timedout) ? NGX_HTTP_GATEWAY_TIME_OUT
                                          : NGX_HTTP_BAD_GATEWAY;
}


/*
 * A backend may go on for ever.  To the upstream module it is one that has gone
 * away, or whose response is over.
 */

void
ngx_http_tpl_stop_upstream(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (u == NULL) {
        return;
    }

    u->keepalive = 0;

    if (u->buffering && u->pipe) {
        u->pipe->upstream_error = 1;

    } else {
        u->length = 0;
    }
}
