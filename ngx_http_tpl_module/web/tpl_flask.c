
/*
 * Flask's request.
 *
 * Attributes are those of werkzeug.wrappers.Request and flask.Request that
 * templates use; each is made when it is first asked for.  What a template
 * cannot use (environ, streams, ...) is not there.
 */

#include "value/tpl_json.h"
#include "web/tpl_accept.h"
#include "web/tpl_answer.h"
#include "web/tpl_cookies.h"
#include "web/tpl_flask.h"
#include "web/tpl_form.h"
#include "web/tpl_header.h"
#include "web/tpl_headers.h"
#include "web/tpl_multidict.h"
#include "web/tpl_query.h"
#include "web/tpl_route.h"


/* werkzeug.sansio.utils: get_current_url() */
#define TPL_FLASK_PATH_SAFE   "/:"
#define TPL_FLASK_QUERY_SAFE  ":&%=+$!*'(),"


typedef enum {
    TPL_FLASK_ROOT = 0,     /* scheme, host, "/" */
    TPL_FLASK_BASE,         /* and the path */
    TPL_FLASK_URL           /* and the query */
} tpl_flask_url_t;


static tpl_int_t tpl_flask_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_flask_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_flask_request(tpl_call_t *call);
static tpl_int_t tpl_flask_get_g(tpl_call_t *call);
static tpl_int_t tpl_flask_config(tpl_call_t *call);
static tpl_int_t tpl_flask_get_json(tpl_call_t *call);
static tpl_int_t tpl_flask_get_data(tpl_call_t *call);


static const tpl_class_t  tpl_flask_class = {
    .name = "Request",
    .get_attr = tpl_flask_attr,
    .str = tpl_flask_repr
};


const tpl_builtin_def_t  tpl_flask_globals[] = {
    { "request", "", tpl_flask_request, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { "g", "", tpl_flask_get_g, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { "config", "", tpl_flask_config, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


const tpl_builtin_def_t  tpl_flask_methods[] = {
    { "Request:get_json", "self, force=, silent=, cache=",
      tpl_flask_get_json, 0 },
    { "Request:get_data", "self, cache=, as_text=, parse_form_data=",
      tpl_flask_get_data, 0 },
    { NULL, NULL, NULL, 0 }
};


static tpl_int_t
tpl_flask_none(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    (void) exec;
    (void) req;

    tpl_value_none(out);

    return TPL_OK;
}


/* SCRIPT_NAME: a server is no application below a path */

static tpl_int_t
tpl_flask_empty(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    (void) exec;
    (void) req;

    tpl_web_text_value(out, "");

    return TPL_OK;
}


static tpl_int_t
tpl_flask_method(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t  s;

    if (tpl_request_field(exec, req->web, TPL_WEB_METHOD, out) != TPL_OK) {
        return TPL_ERROR;
    }

    s = tpl_value_str(out);

    if (tpl_str_upper(exec->arena, &s, &s) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    tpl_value_from_str(out, &s);

    return TPL_OK;
}


static tpl_int_t
tpl_flask_scheme(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_SCHEME, out);
}


static tpl_int_t
tpl_flask_remote_addr(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_REMOTE_ADDR, out);
}


/* decoded, with one slash before it */

static tpl_int_t
tpl_flask_path(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t       s;
    tpl_char_t     *p, *last;
    tpl_request_t  *parts;

    parts = req->web->request;

    tpl_charge(exec, parts->path.len);

    p = tpl_pnalloc(exec->arena, parts->path.len + 1);
    if (p == NULL) {
        return tpl_throw_memory(exec);
    }

    last = tpl_query_unquote(p + 1, parts->path.data, parts->path.len, 0);

    s.data = p + 1;

    while (s.data < last && *s.data == '/') {
        s.data++;
    }

    *--s.data = '/';
    s.len = last - s.data;

    return tpl_web_utf8(exec, &s, out);
}


static tpl_int_t
tpl_flask_get(tpl_exec_t *exec, tpl_attrs_t *req, const char *name,
    tpl_str_t *s)
{
    tpl_str_t    text;
    tpl_value_t  v;

    text.data = (tpl_char_t *) name;
    text.len = strlen(name);

    tpl_name_t  full = { text, 0 };

    if (tpl_flask_attr(exec, &req->object, &full, &v) != TPL_OK) {
        return TPL_ERROR;
    }

    *s = tpl_value_str(&v);

    return TPL_OK;
}


/* with a question mark, even if there is no query */

static tpl_int_t
tpl_flask_full_path(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_buf_t    b;
    tpl_str_t    path;
    tpl_value_t  query;

    if (tpl_flask_get(exec, req, "path", &path) != TPL_OK
        || tpl_web_utf8(exec, &req->web->request->query, &query) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_str(&b, &path);
    tpl_buf_char(&b, '?');
    tpl_buf_add(&b, query.u.s, query.len);

    return tpl_value_from_buf(exec, out, &b, 0);
}


/* without the scheme's usual port */

static tpl_int_t
tpl_flask_host(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    size_t     n;
    tpl_str_t  scheme;

    if (tpl_flask_get(exec, req, "scheme", &scheme) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_request_field(exec, req->web, TPL_WEB_HOST, out) != TPL_OK) {
        return TPL_ERROR;
    }

    n = tpl_str_is(&scheme, "http") ? 3 : tpl_str_is(&scheme, "https") ? 4 : 0;

    if (n && out->len >= n
        && memcmp(out->u.s + out->len - n, (n == 3) ? ":80" : ":443", n) == 0)
    {
        out->len -= n;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_flask_make_url(tpl_exec_t *exec, tpl_attrs_t *req, tpl_flask_url_t kind,
    tpl_value_t *out)
{
    tpl_int_t       rc;
    tpl_buf_t       b;
    tpl_str_t       scheme, host, path, url;
    tpl_request_t  *parts;

    static const tpl_str_t  bad = tpl_string("the header Host is no host");

    if (tpl_flask_get(exec, req, "scheme", &scheme) != TPL_OK
        || tpl_flask_get(exec, req, "host", &host) != TPL_OK)
    {
        return TPL_ERROR;
    }

    parts = req->web->request;

    tpl_buf_init(&b, exec->arena);
    tpl_buf_str(&b, &scheme);
    tpl_buf_lit(&b, "://");
    tpl_buf_str(&b, &host);
    tpl_buf_char(&b, '/');

    if (kind != TPL_FLASK_ROOT) {

        if (tpl_flask_get(exec, req, "path", &path) != TPL_OK) {
            return TPL_ERROR;
        }

        path.data++;
        path.len--;

        tpl_uri_quote(&b, &path, TPL_FLASK_PATH_SAFE);
    }

    if (kind == TPL_FLASK_URL && parts->query.len) {
        tpl_buf_char(&b, '?');
        tpl_uri_quote(&b, &parts->query, TPL_FLASK_QUERY_SAFE);
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    url.data = b.data;
    url.len = b.len;

    rc = tpl_uri_to_iri(exec, &url, &url);

    if (rc == TPL_DECLINED) {
        return tpl_web_abort(exec, req->web, 400, &bad);
    }

    if (rc == TPL_OK) {
        rc = tpl_web_utf8(exec, &url, out);
    }

    return rc;
}


static tpl_int_t
tpl_flask_url(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_flask_make_url(exec, req, TPL_FLASK_URL, out);
}


static tpl_int_t
tpl_flask_base_url(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_flask_make_url(exec, req, TPL_FLASK_BASE, out);
}


static tpl_int_t
tpl_flask_root_url(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_flask_make_url(exec, req, TPL_FLASK_ROOT, out);
}


static tpl_int_t
tpl_flask_is_secure(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t  scheme;

    if (tpl_flask_get(exec, req, "scheme", &scheme) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_bool(out, tpl_str_is(&scheme, "https"));

    return TPL_OK;
}


static tpl_int_t
tpl_flask_query_string(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_bytes_create(exec, &req->web->request->query, out);
}


static tpl_int_t
tpl_flask_args(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t   *query;
    tpl_pairs_t  pairs;

    query = &req->web->request->query;

    tpl_charge(exec, query->len);

    if (tpl_web_check_fields(exec, req->web,
                             tpl_query_count(query, TPL_WEB_MAX_FIELDS),
                             "arguments")
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    memset(&pairs, 0, sizeof(tpl_pairs_t));

    if (tpl_query_parse(exec->arena, query, &pairs) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    return tpl_multidict_create(exec, &pairs, out);
}


static tpl_int_t
tpl_flask_form(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    const tpl_form_t  *form;

    if (tpl_web_form(exec, req->web, &form) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, form->fields.n);

    return tpl_multidict_create(exec, &form->fields, out);
}


static tpl_int_t
tpl_flask_files(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    uint32_t                i;
    tpl_value_t             file;
    const tpl_form_t       *form;
    const tpl_form_file_t  *f;

    if (tpl_web_form(exec, req->web, &form) != TPL_OK
        || tpl_multidict_create(exec, NULL, out) != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = 0; i < form->nfiles; i++) {
        f = &form->files[i];

        if (tpl_flask_file(exec, &f->name, &f->filename, &f->type, &file)
            != TPL_OK
            || tpl_multidict_add(exec, out, &f->name, &file) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* args, and form if the request is no GET */

static tpl_int_t
tpl_flask_values(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t    method;
    tpl_value_t  args, form;

    static const tpl_name_t  name_args = { tpl_string("args"), 0 };
    static const tpl_name_t  name_form = { tpl_string("form"), 0 };

    if (tpl_flask_get(exec, req, "method", &method) != TPL_OK
        || tpl_flask_attr(exec, &req->object, &name_args, &args) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_str_is(&method, "GET")) {
        return tpl_multidict_combine(exec, &args, NULL, out);
    }

    if (tpl_flask_attr(exec, &req->object, &name_form, &form) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_multidict_combine(exec, &args, &form, out);
}


static tpl_int_t
tpl_flask_headers(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_headers_flask(exec, req->web, out);
}


static tpl_int_t
tpl_flask_cookies(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    uint32_t     i;
    tpl_int_t    rc;
    tpl_str_t    header;
    tpl_pairs_t  pairs;

    memset(&pairs, 0, sizeof(tpl_pairs_t));

    rc = tpl_web_header(exec, req->web, "Cookie", &header);

    if (rc == TPL_ERROR) {
        return rc;
    }

    if (rc == TPL_OK) {
        tpl_charge(exec, header.len);

        if (tpl_cookies_parse(exec->arena, &header, &pairs) != TPL_OK) {
            return tpl_throw_memory(exec);
        }

        if (tpl_web_check_fields(exec, req->web, pairs.n, "cookies")
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        for (i = 0; i < pairs.n; i++) {
            if (tpl_utf8_repair(exec->arena, &pairs.items[i].name) != TPL_OK
                || tpl_utf8_repair(exec->arena, &pairs.items[i].value)
                   != TPL_OK)
            {
                return tpl_throw_memory(exec);
            }
        }
    }

    return tpl_multidict_create(exec, &pairs, out);
}


static tpl_int_t
tpl_flask_content_type(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_header(exec, req->web, "Content-Type", out);
}


static tpl_int_t
tpl_flask_content_encoding(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_request_header(exec, req->web, "Content-Encoding", out);
}


static tpl_int_t
tpl_flask_referrer(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_header(exec, req->web, "Referer", out);
}


static tpl_int_t
tpl_flask_origin(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_header(exec, req->web, "Origin", out);
}


static tpl_int_t
tpl_flask_content_length(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    int64_t      n;
    tpl_str_t    s;
    tpl_value_t  coding, length;

    if (tpl_request_header(exec, req->web, "Transfer-Encoding", &coding)
        != TPL_OK
        || tpl_request_header(exec, req->web, "Content-Length", &length)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_none(out);

    if (tpl_is_string(&coding)) {
        s = tpl_value_str(&coding);

        if (tpl_str_is(&s, "chunked")) {
            return TPL_OK;
        }
    }

    if (tpl_is_string(&length)) {
        s = tpl_value_str(&length);

        if (tpl_parse_int(&s, 10, &n) == TPL_OK) {
            tpl_value_int(out, tpl_max(n, 0));
        }
    }

    return TPL_OK;
}


/* Content-Type taken apart; both empty if there is none */

static tpl_int_t
tpl_flask_mime(tpl_exec_t *exec, tpl_attrs_t *req, tpl_str_t *mime,
    tpl_pairs_t *options)
{
    tpl_int_t    rc;
    tpl_str_t    s;
    tpl_value_t  v;

    memset(options, 0, sizeof(tpl_pairs_t));
    tpl_str_set(mime, "");

    if (tpl_request_header(exec, req->web, "Content-Type", &v) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_is_string(&v)) {
        return TPL_OK;
    }

    s = tpl_value_str(&v);
    rc = tpl_header_options(exec->arena, &s, mime, options);

    if (rc == TPL_DECLINED) {
        memset(options, 0, sizeof(tpl_pairs_t));
        tpl_str_set(mime, "");
        rc = TPL_OK;
    }

    return (rc == TPL_OK) ? TPL_OK : tpl_throw_memory(exec);
}


static tpl_int_t
tpl_flask_mimetype(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t    mime;
    tpl_pairs_t  options;

    if (tpl_flask_mime(exec, req, &mime, &options) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_str_lower(exec->arena, &mime, &mime) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    tpl_value_from_str(out, &mime);

    return TPL_OK;
}


static tpl_int_t
tpl_flask_mimetype_params(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    uint32_t      i;
    tpl_str_t     mime;
    tpl_dict_t   *dict;
    tpl_value_t   v;
    tpl_pairs_t   options;

    if (tpl_flask_mime(exec, req, &mime, &options) != TPL_OK) {
        return TPL_ERROR;
    }

    dict = tpl_dict_create(exec, options.n);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < options.n; i++) {

        if (options.items[i].value.data) {
            tpl_value_from_str(&v, &options.items[i].value);

        } else {
            tpl_value_none(&v);
        }

        if (tpl_dict_set_str(exec, dict, &options.items[i].name, &v)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


static tpl_int_t
tpl_flask_is_json(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t  mime;

    if (tpl_flask_get(exec, req, "mimetype", &mime) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_bool(out, tpl_str_is(&mime, "application/json")
                        || (mime.len >= 17
                            && memcmp(mime.data, "application/", 12) == 0
                            && memcmp(mime.data + mime.len - 5, "+json", 5)
                               == 0));

    return TPL_OK;
}


/* the body as bytes; a form is parsed in its place */

static tpl_int_t
tpl_flask_body(tpl_exec_t *exec, tpl_attrs_t *req, tpl_uint_t parse,
    tpl_str_t *out)
{
    tpl_str_t  mime;

    if (parse) {

        if (tpl_flask_get(exec, req, "mimetype", &mime) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_str_is(&mime, "application/x-www-form-urlencoded")
            || tpl_str_is(&mime, "application/x-url-encoded")
            || tpl_str_is(&mime, "multipart/form-data"))
        {
            tpl_str_set(out, "");
            return TPL_OK;
        }
    }

    return tpl_request_body(exec, req->web, out);
}


static tpl_int_t
tpl_flask_data(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t  s;

    if (tpl_flask_body(exec, req, 1, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_bytes_create(exec, &s, out);
}


static tpl_int_t
tpl_flask_load_json(tpl_exec_t *exec, tpl_attrs_t *req, tpl_uint_t force,
    tpl_uint_t silent, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_str_t    s;
    tpl_value_t  is_json;

    static const tpl_str_t  type = tpl_string("the Content-Type of the "
                                              "request is not "
                                              "application/json");

    tpl_value_none(out);

    if (!force) {

        if (tpl_flask_is_json(exec, req, &is_json) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!is_json.u.i) {
            return silent ? TPL_OK
                          : tpl_web_abort(exec, req->web, 400, &type);
        }
    }

    if (tpl_flask_body(exec, req, 0, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_json_parse(exec, &s, 0, out);

    if (rc != TPL_ERROR || exec->error->exc != TPL_EXC_VALUE) {
        return rc;
    }

    tpl_value_none(out);

    if (silent) {
        tpl_error_clear(exec->error);
        return TPL_OK;
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_lit(&b, "the body of the request is no JSON: ");
    tpl_buf_str(&b, &exec->error->message);

    tpl_error_clear(exec->error);

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    s.data = b.data;
    s.len = b.len;

    return tpl_web_abort(exec, req->web, 400, &s);
}


static tpl_int_t
tpl_flask_json(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_flask_load_json(exec, req, 0, 0, out);
}


static tpl_int_t
tpl_flask_accept(tpl_exec_t *exec, tpl_attrs_t *req, const char *name,
    tpl_accept_kind_t kind, tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    rc = tpl_web_header(exec, req->web, name, &s);

    return (rc == TPL_ERROR) ? rc
           : tpl_accept_create(exec, req->web, kind,
                               (rc == TPL_OK) ? &s : NULL, out);
}


static tpl_int_t
tpl_flask_accept_mimetypes(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_flask_accept(exec, req, "Accept", TPL_ACCEPT_MIME, out);
}


static tpl_int_t
tpl_flask_accept_languages(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_flask_accept(exec, req, "Accept-Language",
                            TPL_ACCEPT_LANGUAGE, out);
}


static tpl_int_t
tpl_flask_accept_charsets(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_flask_accept(exec, req, "Accept-Charset", TPL_ACCEPT_CHARSET,
                            out);
}


static tpl_int_t
tpl_flask_accept_encodings(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_flask_accept(exec, req, "Accept-Encoding", TPL_ACCEPT_ANY,
                            out);
}


static tpl_int_t
tpl_flask_agent(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_value_t  v;

    if (tpl_request_header(exec, req->web, "User-Agent", &v) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_is_string(&v)) {
        tpl_web_text_value(&v, "");
    }

    return tpl_flask_user_agent(exec, &v, out);
}


/* the route that the request belongs to */

static tpl_int_t
tpl_flask_match(tpl_exec_t *exec, tpl_attrs_t *req, const tpl_route_t **route,
    tpl_value_t *values)
{
    tpl_str_t            path;
    const tpl_routes_t  *routes;

    if (tpl_flask_get(exec, req, "path", &path) != TPL_OK
        || tpl_vm_routes(exec, &routes) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_route_match(exec, routes, &path, route, values);
}


static tpl_int_t
tpl_flask_endpoint(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_int_t           rc;
    tpl_value_t         values;
    const tpl_route_t  *route;

    rc = tpl_flask_match(exec, req, &route, &values);

    if (rc != TPL_OK) {
        return (rc == TPL_ERROR) ? rc : tpl_flask_none(exec, req, out);
    }

    tpl_value_from_str(out, &route->name);

    return TPL_OK;
}


/* what is before the endpoint's last dot */

static tpl_int_t
tpl_flask_blueprint(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    size_t              i;
    tpl_int_t           rc;
    tpl_str_t           s;
    tpl_value_t         values;
    const tpl_route_t  *route;

    rc = tpl_flask_match(exec, req, &route, &values);

    if (rc == TPL_ERROR) {
        return rc;
    }

    for (i = (rc == TPL_OK) ? route->name.len : 0; i > 0; i--) {

        if (route->name.data[i - 1] == '.') {
            s.data = route->name.data;
            s.len = i - 1;
            tpl_value_from_str(out, &s);
            return TPL_OK;
        }
    }

    return tpl_flask_none(exec, req, out);
}


static tpl_int_t
tpl_flask_view_args(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_int_t           rc;
    const tpl_route_t  *route;

    rc = tpl_flask_match(exec, req, &route, out);

    return (rc == TPL_DECLINED) ? tpl_flask_none(exec, req, out) : rc;
}


/* str(request.url_rule) */

static tpl_int_t
tpl_flask_url_rule(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_buf_t           b;
    tpl_int_t           rc;
    tpl_value_t         values;
    const tpl_route_t  *route;

    rc = tpl_flask_match(exec, req, &route, &values);

    if (rc != TPL_OK) {
        return (rc == TPL_ERROR) ? rc : tpl_flask_none(exec, req, out);
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_str(&b, &route->pattern);

    if (route->files) {
        tpl_buf_lit(&b, "<path:filename>");
    }

    return tpl_value_from_buf(exec, out, &b, 0);
}


static const tpl_attr_t  tpl_flask_attrs[] = {
    { "accept_charsets", tpl_flask_accept_charsets },
    { "accept_encodings", tpl_flask_accept_encodings },
    { "accept_languages", tpl_flask_accept_languages },
    { "accept_mimetypes", tpl_flask_accept_mimetypes },
    { "args", tpl_flask_args },
    { "base_url", tpl_flask_base_url },
    { "blueprint", tpl_flask_blueprint },
    { "content_encoding", tpl_flask_content_encoding },
    { "content_length", tpl_flask_content_length },
    { "content_type", tpl_flask_content_type },
    { "cookies", tpl_flask_cookies },
    { "data", tpl_flask_data },
    { "endpoint", tpl_flask_endpoint },
    { "files", tpl_flask_files },
    { "form", tpl_flask_form },
    { "full_path", tpl_flask_full_path },
    { "headers", tpl_flask_headers },
    { "host", tpl_flask_host },
    { "host_url", tpl_flask_root_url },
    { "is_json", tpl_flask_is_json },
    { "is_secure", tpl_flask_is_secure },
    { "json", tpl_flask_json },
    { "method", tpl_flask_method },
    { "mimetype", tpl_flask_mimetype },
    { "mimetype_params", tpl_flask_mimetype_params },
    { "origin", tpl_flask_origin },
    { "path", tpl_flask_path },
    { "query_string", tpl_flask_query_string },
    { "referrer", tpl_flask_referrer },
    { "remote_addr", tpl_flask_remote_addr },
    { "root_path", tpl_flask_empty },
    { "root_url", tpl_flask_root_url },
    { "scheme", tpl_flask_scheme },
    { "script_root", tpl_flask_empty },
    { "url", tpl_flask_url },
    { "url_root", tpl_flask_root_url },
    { "url_rule", tpl_flask_url_rule },
    { "user_agent", tpl_flask_agent },
    { "values", tpl_flask_values },
    { "view_args", tpl_flask_view_args }
};


static tpl_int_t
tpl_flask_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    return tpl_attrs_get(exec, obj, tpl_flask_attrs,
                         tpl_nelts(tpl_flask_attrs), &name->str, out);
}


static tpl_int_t
tpl_flask_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_str_t    method, url;
    tpl_value_t  v;

    if (tpl_flask_get(exec, (tpl_attrs_t *) obj, "url", &url) != TPL_OK
        || tpl_flask_get(exec, (tpl_attrs_t *) obj, "method", &method)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_from_str(&v, &url);
    tpl_buf_lit(b, "<Request ");

    if (tpl_repr_to(exec, &v, b) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_lit(b, " [");
    tpl_buf_str(b, &method);

    return tpl_buf_lit(b, "]>");
}


static tpl_int_t
tpl_flask_request(tpl_call_t *call)
{
    tpl_int_t       rc;
    tpl_web_t      *web;
    tpl_value_t    *v;
    tpl_request_t  *req;

    web = NULL;

    rc = tpl_request_get(call->exec, &web, &req);

    if (rc != TPL_OK) {
        return rc;
    }

    v = &req->values[TPL_REQUEST_FLASK];

    if (v->type == TPL_MISSING
        && tpl_attrs_create(call->exec, web, &tpl_flask_class,
                            tpl_nelts(tpl_flask_attrs), v)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    call->result = *v;

    return TPL_OK;
}


static tpl_int_t
tpl_flask_get_g(tpl_call_t *call)
{
    tpl_int_t       rc;
    tpl_web_t      *web;
    tpl_value_t    *v;
    tpl_request_t  *req;

    web = NULL;

    rc = tpl_request_get(call->exec, &web, &req);

    if (rc != TPL_OK) {
        return rc;
    }

    v = &req->values[TPL_REQUEST_G];

    if (v->type == TPL_MISSING && tpl_flask_g(call->exec, v) != TPL_OK) {
        return TPL_ERROR;
    }

    call->result = *v;

    return TPL_OK;
}


/* where tpl_json or tpl_data does not give it */

static tpl_int_t
tpl_flask_config(tpl_call_t *call)
{
    tpl_int_t       rc;
    tpl_web_t      *web;
    tpl_dict_t     *dict;
    tpl_value_t    *v;
    tpl_request_t  *req;

    web = NULL;

    rc = tpl_request_get(call->exec, &web, &req);

    if (rc != TPL_OK) {
        return rc;
    }

    v = &req->values[TPL_REQUEST_CONFIG];

    if (v->type == TPL_MISSING) {
        dict = tpl_dict_create(call->exec, 0);
        if (dict == NULL) {
            return TPL_ERROR;
        }

        tpl_value_dict(v, dict);
    }

    call->result = *v;

    return TPL_OK;
}


static tpl_int_t
tpl_flask_get_json(tpl_call_t *call)
{
    tpl_uint_t  force, silent;

    if (tpl_arg_bool(call, 1, 0, &force) != TPL_OK
        || tpl_arg_bool(call, 2, 0, &silent) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_flask_load_json(call->exec,
                               (tpl_attrs_t *) call->args[0].u.obj, force,
                               silent, &call->result);
}


static tpl_int_t
tpl_flask_get_data(tpl_call_t *call)
{
    tpl_str_t   s;
    tpl_uint_t  text, parse;

    if (tpl_arg_bool(call, 2, 0, &text) != TPL_OK
        || tpl_arg_bool(call, 3, 0, &parse) != TPL_OK
        || tpl_flask_body(call->exec, (tpl_attrs_t *) call->args[0].u.obj,
                          parse, &s)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    return text ? tpl_web_utf8(call->exec, &s, &call->result)
                : tpl_bytes_create(call->exec, &s, &call->result);
}
