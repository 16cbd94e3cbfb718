
/*
 * tpl_fetch and fetch(): data that nginx fetches from its own locations.
 *
 * A template sees a PENDING value, which the VM forces when it is first used:
 * ngx_http_tpl_wait() then makes data of the reply, once, or decides what
 * stands for one that failed.  Data remember their reply by its index in aux,
 * which is how `data.status` and `data.headers` are found.
 */

#include "nginx/ngx_http_tpl_module.h"


#define NGX_HTTP_TPL_FETCH_SIZE  (1024 * 1024)
#define NGX_HTTP_TPL_FETCH_MAX   (1024 * 1024 * 1024)


typedef struct {
    tpl_object_t                  object;
    const ngx_http_tpl_fetch_t   *fetch;
    ngx_http_tpl_reply_t         *reply;
    tpl_value_t                   fallback;     /* once it was copied */
} ngx_http_tpl_pending_t;


typedef struct {
    tpl_object_t                  object;
    ngx_http_tpl_reply_t         *reply;
} ngx_http_tpl_headers_t;


static char *ngx_http_tpl_fetch_option(ngx_conf_t *cf,
    ngx_http_tpl_fetch_t *fetch, ngx_str_t *option, ngx_str_t *fallback);
static ngx_http_complex_value_t *ngx_http_tpl_fetch_complex(ngx_conf_t *cf,
    ngx_str_t *text);
static tpl_int_t ngx_http_tpl_fetch_pending(tpl_exec_t *exec,
    const ngx_http_tpl_fetch_t *fetch, ngx_str_t *uri, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_fetch_absent(tpl_exec_t *exec,
    const ngx_http_tpl_fetch_t *fetch, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_reply_vary(tpl_exec_t *exec,
    ngx_http_tpl_reply_t *reply);
static tpl_int_t ngx_http_tpl_fetch_throw(tpl_exec_t *exec,
    const ngx_http_tpl_fetch_t *fetch, ngx_http_tpl_reply_t *reply);
static tpl_int_t ngx_http_tpl_reply_value(tpl_exec_t *exec,
    ngx_http_tpl_reply_t *reply);
static tpl_int_t ngx_http_tpl_call_fetch(tpl_call_t *call);
static tpl_int_t ngx_http_tpl_call_size(tpl_call_t *call, size_t *size);
static tpl_int_t ngx_http_tpl_headers_item(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_headers_attr(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_headers_contains(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t ngx_http_tpl_header_value(tpl_exec_t *exec,
    ngx_http_request_t *r, const tpl_str_t *name, tpl_value_t *out);


static const tpl_class_t  ngx_http_tpl_pending_class = {
    .name = "fetch"
};


static const tpl_class_t  ngx_http_tpl_headers_class = {
    .name = "headers",
    .get_attr = ngx_http_tpl_headers_attr,
    .get_item = ngx_http_tpl_headers_item,
    .contains = ngx_http_tpl_headers_contains
};


static const tpl_builtin_def_t  ngx_http_tpl_globals[] = {

    { "fetch", "uri, as=, optional=, default=, size=", ngx_http_tpl_call_fetch,
      TPL_FN_CONTEXT },

    { NULL, NULL, NULL, 0 }
};


tpl_int_t
ngx_http_tpl_add_globals(tpl_builtins_t *builtins)
{
    if (tpl_builtins_add(builtins, TPL_JINJA_GLOBALS, ngx_http_tpl_globals)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_builtins_add(builtins, TPL_TORNADO_GLOBALS,
                            ngx_http_tpl_globals);
}


/* tpl_fetch name uri [as=] [optional] [default=] [if=] [size=] */

char *
ngx_http_tpl_fetch(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    char                      *rv;
    ngx_str_t                 *value, fallback;
    ngx_uint_t                 i;
    ngx_http_tpl_datum_t      *datum;
    ngx_http_tpl_fetch_t      *fetch;
    ngx_http_tpl_main_conf_t  *tmcf;

    value = cf->args->elts;

    fetch = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_fetch_t));
    if (fetch == NULL) {
        return NGX_CONF_ERROR;
    }

    fetch->name = value[1];

    datum = ngx_http_tpl_add_datum(cf, tlcf, NGX_HTTP_TPL_FETCH, &value[1],
                                   0);
    if (datum == NULL) {
        return NGX_CONF_ERROR;
    }

    datum->fetch = fetch;

    fetch->uri = ngx_http_tpl_fetch_complex(cf, &value[2]);
    if (fetch->uri == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_tpl_is_constant(fetch->uri)
        && (value[2].len == 0 || value[2].data[0] != '/'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a URI of this server: it must begin"
                           " with \"/\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    fallback.data = NULL;
    datum->headers = ngx_http_tpl_headers_in(cf, &value[2]);

    for (i = 3; i < cf->args->nelts; i++) {
        rv = ngx_http_tpl_fetch_option(cf, fetch, &value[i], &fallback);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        if (ngx_strncmp(value[i].data, "if=", 3) == 0) {
            datum->headers |= ngx_http_tpl_headers_in(cf, &value[i]);
        }
    }

    if (fetch->size == 0) {
        fetch->size = NGX_HTTP_TPL_FETCH_SIZE;
    }

    if (fallback.data == NULL) {
        return NGX_CONF_OK;
    }

    if (fetch->optional) {
        return "has both \"optional\" and \"default=\"";
    }

    if (fetch->text) {
        tpl_value_from_str(&fetch->fallback, ngx_http_tpl_str(&fallback));
        return NGX_CONF_OK;
    }

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    if (ngx_http_tpl_param_json(cf, tmcf->arena, &fallback, "tpl_fetch",
                                &fetch->name, &fetch->fallback)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_tpl_fetch_option(ngx_conf_t *cf, ngx_http_tpl_fetch_t *fetch,
    ngx_str_t *option, ngx_str_t *fallback)
{
    off_t      size;
    ngx_str_t  s;

    if (ngx_strcmp(option->data, "as=json") == 0) {
        fetch->text = 0;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(option->data, "as=text") == 0) {
        fetch->text = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(option->data, "optional") == 0) {
        fetch->optional = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(option->data, "default=", 8) == 0
        && fallback->data == NULL)
    {
        fallback->data = option->data + 8;
        fallback->len = option->len - 8;

        if (tpl_utf8_check(fallback->data, fallback->len) != fallback->len) {
            return "has a \"default=\" that is not UTF-8";
        }

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(option->data, "if=", 3) == 0 && fetch->condition == NULL) {
        s.data = option->data + 3;
        s.len = option->len - 3;

        fetch->condition = ngx_http_tpl_fetch_complex(cf, &s);

        return fetch->condition ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_strncmp(option->data, "size=", 5) == 0 && fetch->size == 0) {
        s.data = option->data + 5;
        s.len = option->len - 5;

        size = ngx_parse_offset(&s);

        if (size <= 0 || size > NGX_HTTP_TPL_FETCH_MAX) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid size \"%V\", it must be from 1 to 1g",
                               &s);
            return NGX_CONF_ERROR;
        }

        fetch->size = size;

        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid or repeated parameter \"%V\"", option);

    return NGX_CONF_ERROR;
}


static ngx_http_complex_value_t *
ngx_http_tpl_fetch_complex(ngx_conf_t *cf, ngx_str_t *text)
{
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    cv = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = cv;

    return (ngx_http_compile_complex_value(&ccv) == NGX_OK) ? cv : NULL;
}


tpl_int_t
ngx_http_tpl_fetch_value(tpl_exec_t *exec, const ngx_http_tpl_fetch_t *fetch,
    tpl_value_t *out)
{
    ngx_str_t            text;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;
    ctx->varies = 1;

    if (fetch->condition) {

        if (ngx_http_complex_value(ctx->request, fetch->condition, &text)
            != NGX_OK)
        {
            return tpl_throw_memory(exec);
        }

        if (text.len == 0 || (text.len == 1 && text.data[0] == '0')) {

            if (fetch->fallback.type != TPL_MISSING) {
                return ngx_http_tpl_copy(exec, &fetch->fallback, out);
            }

            return ngx_http_tpl_fetch_absent(exec, fetch, out);
        }
    }

    if (ngx_http_complex_value(ctx->request, fetch->uri, &text) != NGX_OK) {
        return tpl_throw_memory(exec);
    }

    return ngx_http_tpl_fetch_pending(exec, fetch, &text, out);
}


static tpl_int_t
ngx_http_tpl_fetch_pending(tpl_exec_t *exec, const ngx_http_tpl_fetch_t *fetch,
    ngx_str_t *uri, tpl_value_t *out)
{
    ngx_http_tpl_ctx_t      *ctx;
    ngx_http_tpl_pending_t  *pending;

    ctx = exec->host;

    if (!ctx->waits) {
        return tpl_throw(exec, TPL_EXC_HOST,
                         "there is no page that could wait for data");
    }

    pending = tpl_palloc(exec->arena, sizeof(ngx_http_tpl_pending_t));
    if (pending == NULL) {
        return tpl_throw_memory(exec);
    }

    ctx->varies = 1;

    pending->object.cls = &ngx_http_tpl_pending_class;
    pending->fetch = fetch;
    tpl_value_missing(&pending->fallback);

    pending->reply = ngx_http_tpl_get_reply(ctx, uri, fetch->text,
                                            fetch->size);
    if (pending->reply == NULL) {
        return tpl_throw(exec, TPL_EXC_MEMORY, "cannot start a subrequest");
    }

    *out = (tpl_value_t) { .type = TPL_PENDING, .u.obj = &pending->object };

    return TPL_OK;
}


/* no data, and no error: what each language tests for */

static tpl_int_t
ngx_http_tpl_fetch_absent(tpl_exec_t *exec, const ngx_http_tpl_fetch_t *fetch,
    tpl_value_t *out)
{
    if (exec->options->python) {
        tpl_value_none(out);
        return TPL_OK;
    }

    if (fetch->name.len) {
        return tpl_value_undefined(exec, out, ngx_http_tpl_str(&fetch->name),
                                   NULL, NULL);
    }

    return tpl_undefined_hint(exec, "there is no reply", out);
}


tpl_int_t
ngx_http_tpl_wait(tpl_exec_t *exec, tpl_object_t *object, tpl_value_t *out)
{
    tpl_int_t                rc;
    ngx_http_tpl_ctx_t      *ctx;
    ngx_http_tpl_reply_t    *reply;
    ngx_http_tpl_pending_t  *pending;

    ctx = exec->host;
    pending = (ngx_http_tpl_pending_t *) object;
    reply = pending->reply;

    if (!reply->done) {
        ctx->awaited = reply;
        return TPL_AGAIN;
    }

    rc = TPL_OK;

    if (reply->cause.data == NULL && reply->value.type == TPL_MISSING) {
        rc = ngx_http_tpl_reply_value(exec, reply);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (reply->cause.data == NULL) {
        *out = reply->value;

    } else if (pending->fetch->fallback.type != TPL_MISSING) {

        if (pending->fallback.type == TPL_MISSING) {
            rc = ngx_http_tpl_copy(exec, &pending->fetch->fallback,
                                   &pending->fallback);
        }

        *out = pending->fallback;

    } else if (pending->fetch->optional) {
        rc = ngx_http_tpl_fetch_absent(exec, pending->fetch, out);

    } else {
        return ngx_http_tpl_fetch_throw(exec, pending->fetch, reply);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    out->aux = (uint16_t) reply->index;

    return ngx_http_tpl_reply_vary(exec, reply);
}


/* the page depends on what its data depend on */

static tpl_int_t
ngx_http_tpl_reply_vary(tpl_exec_t *exec, ngx_http_tpl_reply_t *reply)
{
    size_t        i, start;
    tpl_str_t     name;
    tpl_int_t     rc;
    tpl_web_t    *web;
    tpl_value_t   value;

    if (reply->varied || reply->request == NULL) {
        return TPL_OK;
    }

    reply->varied = 1;

    tpl_str_set(&name, "vary");

    rc = ngx_http_tpl_header_value(exec, reply->request, &name, &value);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    if (ngx_http_tpl_web(exec, &web) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < value.len; i++) {

        if (value.u.s[i] == ',' || value.u.s[i] == ' ') {
            continue;
        }

        for (start = i; i < value.len; i++) {
            if (value.u.s[i] == ',' || value.u.s[i] == ' ') {
                break;
            }
        }

        name.data = (tpl_char_t *) value.u.s + start;
        name.len = i - start;

        /* a subrequest asks for no encoding */

        if (name.len == 15
            && ngx_strncasecmp(name.data, (u_char *) "accept-encoding", 15)
               == 0)
        {
            continue;
        }

        if (tpl_web_vary(web, &name) != TPL_OK) {
            return tpl_throw_memory(exec);
        }
    }

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_fetch_throw(tpl_exec_t *exec, const ngx_http_tpl_fetch_t *fetch,
    ngx_http_tpl_reply_t *reply)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;
    ctx->failure = reply->failure;

    if (fetch->name.len == 0) {
        return tpl_throw(exec, TPL_EXC_HOST, "fetch of \"%.*s\": %.*s",
                         tpl_str_arg(&reply->uri),
                         tpl_str_arg(&reply->cause));
    }

    return tpl_throw(exec, TPL_EXC_HOST, "fetch \"%.*s\" of \"%.*s\": %.*s",
                     tpl_str_arg(&fetch->name), tpl_str_arg(&reply->uri),
                     tpl_str_arg(&reply->cause));
}


/* the data, or why there are none; an error only without memory */

static tpl_int_t
ngx_http_tpl_reply_value(tpl_exec_t *exec, ngx_http_tpl_reply_t *reply)
{
    tpl_str_t     text;
    tpl_int_t     rc;
    tpl_error_t   err, *saved;
    ngx_pool_t   *pool;

    text.data = reply->data ? reply->data : (u_char *) "";
    text.len = reply->data ? reply->len : 0;

    if (reply->text) {
        return ngx_http_tpl_text(exec, text.data, text.len, &reply->value);
    }

    if (reply->data) {
        ngx_memzero(reply->data + reply->len, 4);
    }

    tpl_error_init(&err, exec->arena);

    saved = exec->error;
    exec->error = &err;

    rc = tpl_json_parse(exec, &text, reply->data != NULL, &reply->value);

    exec->error = saved;

    if (rc == TPL_OK) {
        return TPL_OK;
    }

    tpl_value_missing(&reply->value);

    if (err.exc == TPL_EXC_MEMORY || err.exc == TPL_EXC_LIMIT) {
        return tpl_throw(exec, err.exc, "%.*s", tpl_str_arg(&err.message));
    }

    pool = reply->ctx->request->pool;

    reply->failure = NGX_HTTP_INTERNAL_SERVER_ERROR;
    reply->cause.data = ngx_pnalloc(pool, err.message.len
                                          + sizeof("invalid JSON: "));
    if (reply->cause.data == NULL) {
        return tpl_throw_memory(exec);
    }

    reply->cause.len = ngx_sprintf(reply->cause.data, "invalid JSON: %*s",
                                   err.message.len, err.message.data)
                       - reply->cause.data;

    return TPL_OK;
}


/* fetch(uri, as='json', optional=false, default=, size=) */

static tpl_int_t
ngx_http_tpl_call_fetch(tpl_call_t *call)
{
    tpl_str_t              uri, as;
    tpl_int_t              rc;
    tpl_web_t             *web;
    tpl_uint_t             optional;
    tpl_exec_t            *exec;
    ngx_str_t              s;
    ngx_http_tpl_fetch_t  *fetch;

    exec = call->exec;

    /* the configuration's host has none, and calls it at a request */

    rc = tpl_vm_web(exec, &web);

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_str(call, 0, &uri) != TPL_OK
        || tpl_arg_bool(call, 2, 0, &optional) != TPL_OK)
    {
        return TPL_ERROR;
    }

    fetch = tpl_pcalloc(exec->arena, sizeof(ngx_http_tpl_fetch_t));
    if (fetch == NULL) {
        return tpl_throw_memory(exec);
    }

    if (tpl_arg_given(&call->args[1])) {

        if (tpl_arg_str(call, 1, &as) != TPL_OK) {
            return TPL_ERROR;
        }

        fetch->text = tpl_str_is(&as, "text");

        if (!fetch->text && !tpl_str_is(&as, "json")) {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "fetch() takes 'json' or 'text', not '%.*s'",
                             tpl_str_arg(&as));
        }
    }

    fetch->optional = optional;
    fetch->fallback = call->args[3];

    if (ngx_http_tpl_call_size(call, &fetch->size) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, 100);

    s.data = uri.data;
    s.len = uri.len;

    return ngx_http_tpl_fetch_pending(exec, fetch, &s, &call->result);
}


static tpl_int_t
ngx_http_tpl_call_size(tpl_call_t *call, size_t *size)
{
    int64_t    n;
    tpl_str_t  s;

    n = NGX_HTTP_TPL_FETCH_SIZE;

    if (tpl_is_string(&call->args[4])) {
        s = tpl_value_str(&call->args[4]);

        /* nginx looks at the last byte first */

        n = s.len ? ngx_parse_offset((ngx_str_t *) &s) : 0;

    } else if (tpl_arg_int(call, 4, n, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (n <= 0 || n > NGX_HTTP_TPL_FETCH_MAX) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "the size of a fetch() must be from 1 to 1g");
    }

    *size = n;

    return TPL_OK;
}


/* status and headers of what was fetched, unless the data have such a key */

tpl_int_t
ngx_http_tpl_attribute(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_uint_t               headers;
    ngx_http_tpl_reply_t    *reply;
    ngx_http_tpl_headers_t  *object;

    headers = tpl_str_is(&name->str, "headers");

    if (!headers && !tpl_str_is(&name->str, "status")) {
        return TPL_DECLINED;
    }

    if (v->type == TPL_DICT && tpl_dict_find(v->u.dict, name)) {
        return TPL_DECLINED;
    }

    reply = ngx_http_tpl_reply_at(exec->host, v->aux);
    if (reply == NULL) {
        return TPL_DECLINED;
    }

    if (!headers) {
        tpl_value_int(out, (int64_t) reply->status);
        return TPL_OK;
    }

    object = tpl_palloc(exec->arena, sizeof(ngx_http_tpl_headers_t));
    if (object == NULL) {
        return tpl_throw_memory(exec);
    }

    object->object.cls = &ngx_http_tpl_headers_class;
    object->reply = reply;

    tpl_value_object(out, object);

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_headers_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out)
{
    tpl_str_t             name;
    ngx_http_tpl_reply_t  *reply;

    reply = ((ngx_http_tpl_headers_t *) obj)->reply;

    if (!tpl_is_string(key) || reply->request == NULL) {
        return TPL_DECLINED;
    }

    name = tpl_value_str(key);

    return ngx_http_tpl_header_value(exec, reply->request, &name, out);
}


/* headers.etag, headers.x_total */

static tpl_int_t
ngx_http_tpl_headers_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    size_t        i;
    tpl_str_t     s;
    tpl_value_t   key;

    if (tpl_pstrdup(exec->arena, &s, name->str.data, name->str.len)
        != TPL_OK)
    {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '_') {
            s.data[i] = '-';
        }
    }

    tpl_value_from_str(&key, &s);

    return ngx_http_tpl_headers_item(exec, obj, &key, out);
}


static tpl_int_t
ngx_http_tpl_headers_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found)
{
    tpl_int_t    rc;
    tpl_value_t  value;

    rc = ngx_http_tpl_headers_item(exec, obj, key, &value);

    *found = (rc == TPL_OK);

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


/* several of a name are joined; some of nginx's own are kept elsewhere */

static tpl_int_t
ngx_http_tpl_header_value(tpl_exec_t *exec, ngx_http_request_t *r,
    const tpl_str_t *name, tpl_value_t *out)
{
    u_char                 time[sizeof("Mon, 28 Sep 1970 06:00:00 GMT")];
    tpl_buf_t              b;
    ngx_table_elt_t       *h;
    ngx_http_tpl_cursor_t  cursor;

    tpl_buf_init(&b, exec->arena);

    ngx_http_tpl_cursor(&cursor, &r->headers_out.headers);

    while ((h = ngx_http_tpl_next_header(&cursor)) != NULL) {

        if (!ngx_http_tpl_is_header(h, name)) {
            continue;
        }

        if (b.len) {
            (void) tpl_buf_lit(&b, ", ");
        }

        (void) tpl_buf_add(&b, h->value.data, h->value.len);
    }

    if (b.len == 0) {

        if (name->len == 12
            && ngx_strncasecmp(name->data, (u_char *) "content-type", 12) == 0)
        {
            (void) tpl_buf_add(&b, r->headers_out.content_type.data,
                               r->headers_out.content_type.len);

        } else if (name->len == 14
                   && ngx_strncasecmp(name->data, (u_char *) "content-length",
                                      14) == 0
                   && r->headers_out.content_length_n >= 0)
        {
            (void) tpl_buf_printf(&b, "%lld",
                                (long long) r->headers_out.content_length_n);

        } else if (name->len == 13
                   && ngx_strncasecmp(name->data, (u_char *) "last-modified",
                                      13) == 0
                   && r->headers_out.last_modified_time != -1)
        {
            (void) tpl_buf_add(&b, time,
                       ngx_http_time(time, r->headers_out.last_modified_time)
                       - time);
        }
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    if (b.len == 0) {
        return TPL_DECLINED;
    }

    return ngx_http_tpl_text(exec, b.data, b.len, out);
}
