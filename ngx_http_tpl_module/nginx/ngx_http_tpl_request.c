
/*
 * The request as web/ sees it: tpl_web_host_t over nginx's own structures.
 */

#include "nginx/ngx_http_tpl_module.h"


static tpl_int_t ngx_http_tpl_web_status(tpl_web_t *web, tpl_str_t *out);
static tpl_int_t ngx_http_tpl_web_server_name(tpl_web_t *web, tpl_str_t *out);
static tpl_int_t ngx_http_tpl_web_hostname(tpl_web_t *web, tpl_str_t *out);
static tpl_int_t ngx_http_tpl_web_field(tpl_web_t *web,
    tpl_web_field_t field, tpl_str_t *out);
static tpl_int_t ngx_http_tpl_web_header(tpl_web_t *web,
    const tpl_str_t *name, tpl_str_t *out);
static tpl_int_t ngx_http_tpl_web_headers(tpl_web_t *web, tpl_pairs_t *out);
static tpl_int_t ngx_http_tpl_web_nonce(tpl_web_t *web, tpl_str_t *out);
static tpl_int_t ngx_http_tpl_web_xsrf(tpl_web_t *web, tpl_char_t *token);
static tpl_int_t ngx_http_tpl_web_user(tpl_web_t *web, tpl_str_t *out);
static void ngx_http_tpl_web_note(tpl_web_t *web, const char *what,
    const char *text);


#define ngx_http_tpl_set_str(out, s)                                         \
    (out)->len = (s)->len;                                                   \
    (out)->data = (s)->data


static const tpl_web_host_t  ngx_http_tpl_web_host = {
    .field = ngx_http_tpl_web_field,
    .header = ngx_http_tpl_web_header,
    .headers = ngx_http_tpl_web_headers,
    .body = ngx_http_tpl_web_body,
    .nonce = ngx_http_tpl_web_nonce,
    .xsrf = ngx_http_tpl_web_xsrf,
    .note = ngx_http_tpl_web_note,
    .locale = ngx_http_tpl_web_locale,
    .user = ngx_http_tpl_web_user
};


tpl_int_t
ngx_http_tpl_needs_request(tpl_exec_t *exec)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;
    ctx->varies = 1;

    if (ctx->request == NULL) {
        return tpl_throw(exec, TPL_EXC_HOST, "there is no request yet");
    }

    return TPL_OK;
}


tpl_int_t
ngx_http_tpl_web(tpl_exec_t *exec, tpl_web_t **out)
{
    if (ngx_http_tpl_needs_request(exec) != TPL_OK) {
        return TPL_ERROR;
    }

    *out = ngx_http_tpl_get_web(exec->host);

    return *out ? TPL_OK : tpl_throw_memory(exec);
}


tpl_web_t *
ngx_http_tpl_get_web(ngx_http_tpl_ctx_t *ctx)
{
    /* whoever asks for it looks at the request */

    ctx->varies = 1;

    if (ctx->web == NULL) {
        ctx->web = tpl_pcalloc(ctx->arena, sizeof(tpl_web_t));
        if (ctx->web == NULL) {
            return NULL;
        }

        ctx->web->arena = ctx->arena;
        ctx->web->host = &ngx_http_tpl_web_host;
        ctx->web->data = ctx;
        ctx->web->limits = ctx->conf->form ? &ctx->conf->form->limits : NULL;
        ctx->web->keys = ctx->conf->keys;
        ctx->web->session_cookie = ctx->conf->session_cookie;

        if (ngx_http_tpl_stream_started(ctx)) {
            ctx->web->answer.closed = TPL_WEB_SENT;
        }
    }

    return ctx->web;
}


/* tpl_current_user $variable */

char *
ngx_http_tpl_current_user(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t                         *value;
    ngx_http_tpl_user_t               *user;
    ngx_http_compile_complex_value_t   ccv;

    if (tlcf->user != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 3 && ngx_strncmp(value[1].data, "off", 3) == 0) {
        tlcf->user = NULL;
        return NGX_CONF_OK;
    }

    user = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_user_t));
    if (user == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &user->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_tpl_is_constant(&user->value)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" names no variable", &value[1]);
        return NGX_CONF_ERROR;
    }

    user->headers = ngx_http_tpl_headers_in(cf, &value[1]);
    tlcf->user = user;

    return NGX_CONF_OK;
}


static tpl_int_t
ngx_http_tpl_web_user(tpl_web_t *web, tpl_str_t *out)
{
    ngx_str_t             value;
    ngx_http_tpl_ctx_t   *ctx;
    ngx_http_tpl_user_t  *user;

    ctx = web->data;
    user = ctx->conf->user;

    if (user == NULL) {
        return TPL_DECLINED;
    }

    ctx->headers |= user->headers;

    if (ngx_http_complex_value(ctx->request, &user->value, &value) != NGX_OK)
    {
        return TPL_ERROR;
    }

    ngx_http_tpl_set_str(out, &value);

    return TPL_OK;
}


/* what tpl_render says, that of an error page, or 200 */

static tpl_int_t
ngx_http_tpl_web_status(tpl_web_t *web, tpl_str_t *out)
{
    ngx_uint_t           status;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = web->data;
    status = NGX_HTTP_OK;

    if (ctx->conf->render && ctx->conf->render->status) {
        status = ctx->conf->render->status;

    } else if (ctx->request->err_status) {
        status = ctx->request->err_status;
    }

    out->data = tpl_pnalloc(web->arena, NGX_INT_T_LEN);
    if (out->data == NULL) {
        return TPL_ERROR;
    }

    out->len = ngx_sprintf(out->data, "%ui", status) - out->data;

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_web_server_name(tpl_web_t *web, tpl_str_t *out)
{
    ngx_str_t                  s;
    ngx_http_tpl_ctx_t        *ctx;
    ngx_http_core_srv_conf_t  *cscf;

    u_char                     addr[NGX_SOCKADDR_STRLEN];

    ctx = web->data;

    cscf = ngx_http_get_module_srv_conf(ctx->request, ngx_http_core_module);

    if (cscf->server_name.len) {
        ngx_http_tpl_set_str(out, &cscf->server_name);
        return TPL_OK;
    }

    s.len = NGX_SOCKADDR_STRLEN;
    s.data = addr;

    if (ngx_connection_local_sockaddr(ctx->request->connection, &s, 0)
        != NGX_OK)
    {
        return TPL_ERROR;
    }

    if (ctx->request->connection->local_sockaddr->sa_family == AF_UNIX) {
        ngx_str_set(&s, "localhost");
    }

    out->data = tpl_pnalloc(web->arena, s.len);
    if (out->data == NULL) {
        return TPL_ERROR;
    }

    ngx_memcpy(out->data, s.data, s.len);
    out->len = s.len;

    return TPL_OK;
}


/*
 * The host of an absolute request line comes before the header (RFC 9112,
 * 3.2.2; Werkzeug: make_environ).  Who sends neither gets the server's name and
 * port; the address stands for no name, as in nginx's own redirects.
 */

static tpl_int_t
ngx_http_tpl_web_hostname(tpl_web_t *web, tpl_str_t *out)
{
    u_char              *p, *last;
    tpl_str_t            name, port;
    ngx_uint_t           brackets;
    ngx_http_tpl_ctx_t  *ctx;
    ngx_http_request_t  *r;

    ctx = web->data;
    r = ctx->request->main;

    if (r->http_version < NGX_HTTP_VERSION_20 && r->host_start) {
        last = r->request_line.data + r->request_line.len;

        for (p = r->host_start; p < last; p++) {
            if (*p == '/' || *p == '?' || *p == '#' || *p == ' ') {
                break;
            }
        }

        out->data = r->host_start;
        out->len = p - r->host_start;
        return TPL_OK;
    }

    if (r->headers_in.host) {
        ngx_http_tpl_set_str(out, &r->headers_in.host->value);
        return TPL_OK;
    }

    if (ngx_http_tpl_web_field(web, TPL_WEB_SERVER_NAME, &name) != TPL_OK
        || ngx_http_tpl_web_field(web, TPL_WEB_SERVER_PORT, &port) != TPL_OK)
    {
        return TPL_ERROR;
    }

    brackets = name.len && ngx_strlchr(name.data, name.data + name.len, ':');

    out->data = tpl_pnalloc(web->arena, name.len + port.len + sizeof("[]:"));
    if (out->data == NULL) {
        return TPL_ERROR;
    }

    p = ngx_sprintf(out->data, "%s%*s%s", brackets ? "[" : "",
                    name.len, name.data, brackets ? "]" : "");

    /* a UNIX socket has no port */

    if (port.len) {
        p = ngx_sprintf(p, ":%*s", port.len, port.data);
    }

    out->len = p - out->data;

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_web_field(tpl_web_t *web, tpl_web_field_t field, tpl_str_t *out)
{
    ngx_str_t                   name;
    ngx_http_tpl_ctx_t         *ctx;
    ngx_http_request_t         *r;
    ngx_http_variable_value_t  *v;

    ctx = web->data;
    r = ctx->request;

    switch (field) {

    case TPL_WEB_METHOD:
        ngx_http_tpl_set_str(out, &r->main->method_name);
        return TPL_OK;

    case TPL_WEB_TARGET:
        ngx_http_tpl_set_str(out, &r->unparsed_uri);
        return TPL_OK;

    case TPL_WEB_PATH:
        ngx_http_tpl_set_str(out, &r->uri);
        return TPL_OK;

    case TPL_WEB_QUERY:
        ngx_http_tpl_set_str(out, &r->args);
        return TPL_OK;

    case TPL_WEB_PROTOCOL:
        ngx_http_tpl_set_str(out, &r->main->http_protocol);
        return TPL_OK;

    case TPL_WEB_REMOTE_ADDR:
        ngx_http_tpl_set_str(out, &r->connection->addr_text);
        return TPL_OK;

    case TPL_WEB_STATUS:
        return ngx_http_tpl_web_status(web, out);

    case TPL_WEB_HOST:
        return ngx_http_tpl_web_hostname(web, out);

    case TPL_WEB_SCHEME:
        ngx_str_set(&name, "scheme");
        break;

    case TPL_WEB_SERVER_NAME:
        return ngx_http_tpl_web_server_name(web, out);

    default: /* TPL_WEB_SERVER_PORT */
        ngx_str_set(&name, "server_port");
        break;
    }

    v = ngx_http_get_variable(r, &name, ngx_hash_key(name.data, name.len));

    if (v == NULL || v->not_found) {
        return TPL_DECLINED;
    }

    out->len = v->len;
    out->data = v->data;

    return TPL_OK;
}


ngx_table_elt_t *
ngx_http_tpl_next_header(ngx_http_tpl_cursor_t *cursor)
{
    ngx_table_elt_t  *h;

    while (cursor->i >= cursor->part->nelts) {

        if (cursor->part->next == NULL) {
            return NULL;
        }

        cursor->part = cursor->part->next;
        cursor->i = 0;
    }

    h = cursor->part->elts;

    return &h[cursor->i++];
}


ngx_uint_t
ngx_http_tpl_is_header(const ngx_table_elt_t *h, const tpl_str_t *name)
{
    return h->hash && h->key.len == name->len
           && ngx_strncasecmp(h->key.data, name->data, name->len) == 0;
}


static tpl_int_t
ngx_http_tpl_web_header(tpl_web_t *web, const tpl_str_t *name, tpl_str_t *out)
{
    size_t                 len, sep;
    u_char                *p;
    ngx_uint_t             n;
    ngx_table_elt_t       *h, *first;
    ngx_http_tpl_ctx_t    *ctx;
    ngx_http_tpl_cursor_t  cursor;

    ctx = web->data;

    n = 0;
    len = 0;
    first = NULL;
    sep = 2;
    p = NULL;

again:

    ngx_http_tpl_cursor(&cursor, &ctx->request->headers_in.headers);

    while ((h = ngx_http_tpl_next_header(&cursor)) != NULL) {

        if (!ngx_http_tpl_is_header(h, name)) {
            continue;
        }

        if (p == NULL) {
            if (first == NULL) {
                first = h;
            }

            len += h->value.len + sep;
            n++;
            continue;
        }

        if (p != out->data) {
            p = ngx_cpymem(p, name->len == 6 && (name->data[0] | 0x20) == 'c'
                              ? "; " : ", ", sep);
        }

        p = ngx_cpymem(p, h->value.data, h->value.len);
    }

    if (first == NULL) {
        return TPL_DECLINED;
    }

    if (n == 1) {
        ngx_http_tpl_set_str(out, &first->value);
        return TPL_OK;
    }

    if (p == NULL) {
        p = tpl_pnalloc(web->arena, len);
        if (p == NULL) {
            return TPL_ERROR;
        }

        out->data = p;
        goto again;
    }

    out->len = p - out->data;

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_web_headers(tpl_web_t *web, tpl_pairs_t *out)
{
    ngx_table_elt_t       *h;
    ngx_http_tpl_ctx_t    *ctx;
    ngx_http_tpl_cursor_t  cursor;

    ctx = web->data;

    ngx_http_tpl_cursor(&cursor, &ctx->request->headers_in.headers);

    while ((h = ngx_http_tpl_next_header(&cursor)) != NULL) {

        if (tpl_pairs_add(web->arena, out, ngx_http_tpl_str(&h->key),
                          ngx_http_tpl_str(&h->value))
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_web_nonce(tpl_web_t *web, tpl_str_t *out)
{
    ngx_str_t            nonce;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = web->data;

    if (ngx_http_tpl_nonce(ctx->request, &nonce) != NGX_OK) {
        return TPL_ERROR;
    }

    ngx_http_tpl_set_str(out, &nonce);

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_web_xsrf(tpl_web_t *web, tpl_char_t *token)
{
    ngx_int_t            rc;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = web->data;

    rc = ngx_http_tpl_xsrf(ctx->request, token);

    if (rc == NGX_ERROR) {
        return TPL_ERROR;
    }

    return (rc == NGX_DECLINED) ? TPL_DECLINED : TPL_OK;
}


static void
ngx_http_tpl_web_note(tpl_web_t *web, const char *what, const char *text)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = web->data;

    ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                  "client sent a %s that %s", what, text);
}
