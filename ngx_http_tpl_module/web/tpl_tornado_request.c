
/*
 * Tornado's HTTPServerRequest.
 *
 * Texts of the request line and of headers are ISO 8859-1 and arguments are
 * lists of bytes, as they are there.
 */

#include "web/tpl_cookies.h"
#include "web/tpl_form.h"
#include "web/tpl_headers.h"
#include "web/tpl_query.h"
#include "web/tpl_tornado_request.h"


typedef struct {
    tpl_object_t             object;
    tpl_value_t              key;
    tpl_value_t              value;
} tpl_morsel_t;


static tpl_int_t tpl_tornado_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_tornado_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_morsel_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);

static tpl_int_t tpl_tornado_full_url(tpl_call_t *call);


static const tpl_class_t  tpl_tornado_class = {
    .name = "HTTPServerRequest",
    .get_attr = tpl_tornado_attr,
    .str = tpl_tornado_repr
};

static const tpl_class_t  tpl_morsel_class = {
    .name = "Morsel",
    .get_attr = tpl_morsel_attr
};


const tpl_builtin_def_t  tpl_tornado_methods[] = {
    { "HTTPServerRequest:full_url", "self", tpl_tornado_full_url, 0 },
    { NULL, NULL, NULL, 0 }
};


static tpl_int_t
tpl_tornado_get(tpl_exec_t *exec, tpl_attrs_t *req, const char *name,
    tpl_value_t *out)
{
    tpl_name_t  full;

    full.str.data = (tpl_char_t *) name;
    full.str.len = strlen(name);
    full.hash = 0;

    return tpl_tornado_attr(exec, &req->object, &full, out);
}


static tpl_int_t
tpl_tornado_method(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_METHOD, out);
}


static tpl_int_t
tpl_tornado_uri(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_TARGET, out);
}


static tpl_int_t
tpl_tornado_version(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_PROTOCOL, out);
}


static tpl_int_t
tpl_tornado_remote_ip(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_REMOTE_ADDR, out);
}


static tpl_int_t
tpl_tornado_protocol(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_request_field(exec, req->web, TPL_WEB_SCHEME, out);
}


/* before the "?" of the uri, not decoded */

static tpl_int_t
tpl_tornado_path(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    const tpl_char_t  *p;

    if (tpl_tornado_get(exec, req, "uri", out) != TPL_OK) {
        return TPL_ERROR;
    }

    p = out->len ? memchr(out->u.s, '?', out->len) : NULL;

    if (p) {
        out->len = (uint32_t) (p - out->u.s);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_query(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    const tpl_char_t  *p;

    if (tpl_tornado_get(exec, req, "uri", out) != TPL_OK) {
        return TPL_ERROR;
    }

    p = out->len ? memchr(out->u.s, '?', out->len) : NULL;

    if (p) {
        tpl_cut(out, p + 1 - out->u.s, out->len, out);

    } else {
        tpl_web_text_value(out, "");
    }

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_host(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    static const tpl_str_t  name = tpl_string("Host");

    rc = req->web->host->header(req->web, &name, &s);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_DECLINED || s.len == 0) {
        tpl_web_text_value(out, "127.0.0.1");
        return TPL_OK;
    }

    return tpl_web_latin1(exec, &s, out);
}


/* in lower case, without the digits of a port */

static tpl_int_t
tpl_tornado_host_name(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    size_t     n;
    tpl_str_t  s;

    if (tpl_tornado_get(exec, req, "host", out) != TPL_OK) {
        return TPL_ERROR;
    }

    s = tpl_value_str(out);

    if (tpl_str_lower(exec->arena, &s, &s) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    for (n = s.len; n && s.data[n - 1] >= '0' && s.data[n - 1] <= '9'; n--) {
        /* void */
    }

    if (n > 1 && n < s.len && s.data[n - 1] == ':') {
        s.len = n - 1;
    }

    tpl_value_from_str(out, &s);

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_headers(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    return tpl_headers_tornado(exec, req->web, out);
}


static tpl_int_t
tpl_tornado_body(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    tpl_str_t  s;

    if (tpl_request_body(exec, req->web, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_bytes_create(exec, &s, out);
}


/* adds pairs to a dict of lists of bytes; names are bytes if latin1 is set */

static tpl_int_t
tpl_tornado_add(tpl_exec_t *exec, tpl_dict_t *dict, const tpl_pairs_t *pairs,
    tpl_uint_t latin1)
{
    uint32_t     i;
    tpl_int_t    rc;
    tpl_list_t  *list;
    tpl_value_t  name, value, v;

    for (i = 0; i < pairs->n; i++) {

        if (latin1) {
            if (tpl_web_latin1(exec, &pairs->items[i].name, &name) != TPL_OK)
            {
                return TPL_ERROR;
            }

        } else {
            tpl_value_from_str(&name, &pairs->items[i].name);
        }

        rc = tpl_dict_get(exec, dict, &name, &v);

        if (rc == TPL_DECLINED) {
            list = tpl_list_create(exec, 1);
            if (list == NULL) {
                return TPL_ERROR;
            }

            tpl_value_list(&v, list);
            rc = tpl_dict_set(exec, dict, &name, &v);
        }

        if (rc != TPL_OK
            || tpl_bytes_create(exec, &pairs->items[i].value, &value)
               != TPL_OK
            || tpl_list_append(exec, v.u.list, &value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_query_pairs(tpl_exec_t *exec, tpl_attrs_t *req, tpl_dict_t *dict)
{
    tpl_int_t           rc;
    tpl_str_t           s;
    tpl_pairs_t         pairs;
    const tpl_char_t   *p;

    rc = req->web->host->field(req->web, TPL_WEB_TARGET, &s);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    p = (rc == TPL_OK && s.len) ? memchr(s.data, '?', s.len) : NULL;

    if (p == NULL) {
        return TPL_OK;
    }

    s.len -= p + 1 - s.data;
    s.data = (tpl_char_t *) p + 1;

    tpl_charge(exec, s.len);

    if (tpl_web_check_fields(exec, req->web,
                             tpl_query_count(&s, TPL_WEB_MAX_FIELDS),
                             "arguments")
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    memset(&pairs, 0, sizeof(tpl_pairs_t));

    if (tpl_query_parse_bytes(exec->arena, &s, &pairs) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    return tpl_tornado_add(exec, dict, &pairs, 1);
}


static tpl_uint_t
tpl_tornado_begins(const tpl_str_t *s, const tpl_str_t *prefix)
{
    return s->len >= prefix->len
           && memcmp(s->data, prefix->data, prefix->len) == 0;
}


/* parse_body_arguments(): the limits of tpl_form are those of its parser */

static tpl_int_t
tpl_tornado_body_pairs(tpl_exec_t *exec, tpl_attrs_t *req, tpl_dict_t *dict)
{
    tpl_int_t          rc;
    tpl_str_t          type, body;
    tpl_pairs_t        pairs;
    const tpl_form_t  *form;

    static const tpl_str_t  name = tpl_string("Content-Type");
    static const tpl_str_t  urlencoded
                            = tpl_string("application/x-www-form-urlencoded");
    static const tpl_str_t  multipart = tpl_string("multipart/form-data");

    if (req->web->limits == NULL || req->web->host->body == NULL) {
        return TPL_OK;
    }

    rc = req->web->host->header(req->web, &name, &type);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_DECLINED) {
        return TPL_OK;
    }

    if (tpl_web_form(exec, req->web, &form) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, form->fields.n);

    if (tpl_tornado_begins(&type, &multipart)) {
        return tpl_tornado_add(exec, dict, &form->fields, 0);
    }

    if (!tpl_tornado_begins(&type, &urlencoded)) {
        return TPL_OK;
    }

    /* without fields the body was empty, or more than it may have */

    if (form->fields.n == 0) {
        return TPL_OK;
    }

    rc = req->web->host->body(req->web, &body);

    if (rc == TPL_DECLINED) {
        return TPL_OK;
    }

    memset(&pairs, 0, sizeof(tpl_pairs_t));

    if (rc != TPL_OK
        || tpl_query_parse_bytes(exec->arena, &body, &pairs) != TPL_OK)
    {
        return tpl_throw_memory(exec);
    }

    return tpl_tornado_add(exec, dict, &pairs, 1);
}


static tpl_int_t
tpl_tornado_dict(tpl_exec_t *exec, tpl_attrs_t *req, tpl_uint_t query,
    tpl_uint_t body, tpl_value_t *out)
{
    tpl_dict_t  *dict;

    dict = tpl_dict_create(exec, 0);

    if (dict == NULL
        || (query && tpl_tornado_query_pairs(exec, req, dict) != TPL_OK)
        || (body && tpl_tornado_body_pairs(exec, req, dict) != TPL_OK))
    {
        return TPL_ERROR;
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_all_arguments(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_tornado_dict(exec, req, 1, 1, out);
}


static tpl_int_t
tpl_tornado_query_arguments(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_tornado_dict(exec, req, 1, 0, out);
}


static tpl_int_t
tpl_tornado_body_arguments(tpl_exec_t *exec, tpl_attrs_t *req,
    tpl_value_t *out)
{
    return tpl_tornado_dict(exec, req, 0, 1, out);
}


/* dicts with the names, types and sizes of files, whose bytes are not kept */

static tpl_int_t
tpl_tornado_files(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    uint32_t                i;
    tpl_int_t               rc;
    tpl_str_t               key;
    tpl_dict_t             *dict, *file;
    tpl_list_t             *list;
    tpl_value_t             name, v, entry;
    const tpl_form_t       *form;
    const tpl_form_file_t  *f;

    dict = tpl_dict_create(exec, 0);

    if (dict == NULL || tpl_web_form(exec, req->web, &form) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < form->nfiles; i++) {
        f = &form->files[i];

        /* Tornado knows a file by its name */

        if (f->filename.len == 0) {
            continue;
        }

        file = tpl_dict_create(exec, 2);
        if (file == NULL) {
            return TPL_ERROR;
        }

        tpl_value_from_str(&v, &f->filename);
        tpl_str_set(&key, "filename");

        if (tpl_dict_set_str(exec, file, &key, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_web_text_value(&v, "application/unknown");

        if (f->type.len) {
            tpl_value_from_str(&v, &f->type);
        }

        tpl_str_set(&key, "content_type");

        if (tpl_dict_set_str(exec, file, &key, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_dict(&entry, file);
        tpl_value_from_str(&name, &f->name);

        rc = tpl_dict_get(exec, dict, &name, &v);

        if (rc == TPL_DECLINED) {
            list = tpl_list_create(exec, 1);
            if (list == NULL) {
                return TPL_ERROR;
            }

            tpl_value_list(&v, list);
            rc = tpl_dict_set(exec, dict, &name, &v);
        }

        if (rc != TPL_OK || tpl_list_append(exec, v.u.list, &entry) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


/* what http.cookies takes for the name of a cookie */

static tpl_uint_t
tpl_morsel_legal(const tpl_str_t *name)
{
    size_t       i;
    tpl_str_t    s;
    tpl_char_t   c;

    static const char *const  reserved[] = {
        "expires", "path", "comment", "domain", "max-age", "secure",
        "httponly", "version", "samesite"
    };

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || (c && strchr("!#$%&'*+-.^_`|~:", c))))
        {
            return 0;
        }
    }

    s = *name;

    for (i = 0; i < tpl_nelts(reserved); i++) {
        if (s.len == strlen(reserved[i])
            && strncasecmp((char *) s.data, reserved[i], s.len) == 0)
        {
            return 0;
        }
    }

    return s.len != 0;
}


static tpl_int_t
tpl_tornado_cookies(tpl_exec_t *exec, tpl_attrs_t *req, tpl_value_t *out)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_str_t      header;
    tpl_dict_t    *dict;
    tpl_value_t    v;
    tpl_pairs_t    pairs;
    tpl_morsel_t  *morsel;

    dict = tpl_dict_create(exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    tpl_value_dict(out, dict);

    rc = tpl_web_header(exec, req->web, "Cookie", &header);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    tpl_charge(exec, header.len);
    memset(&pairs, 0, sizeof(tpl_pairs_t));

    if (tpl_cookies_parse_tornado(exec->arena, &header, &pairs) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    if (tpl_web_check_fields(exec, req->web, pairs.n, "cookies") != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < pairs.n; i++) {

        if (!tpl_morsel_legal(&pairs.items[i].name)) {
            continue;
        }

        morsel = tpl_palloc(exec->arena, sizeof(tpl_morsel_t));
        if (morsel == NULL) {
            return tpl_throw_memory(exec);
        }

        morsel->object.cls = &tpl_morsel_class;
        tpl_value_from_str(&morsel->key, &pairs.items[i].name);
        tpl_value_object(&v, morsel);

        if (tpl_web_latin1(exec, &pairs.items[i].value, &morsel->value)
            != TPL_OK
            || tpl_dict_set(exec, dict, &morsel->key, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_morsel_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    (void) exec;

    if (tpl_str_is(&name->str, "value")) {
        *out = ((tpl_morsel_t *) obj)->value;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "key")) {
        *out = ((tpl_morsel_t *) obj)->key;
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static const tpl_attr_t  tpl_tornado_attrs[] = {
    { "arguments", tpl_tornado_all_arguments },
    { "body", tpl_tornado_body },
    { "body_arguments", tpl_tornado_body_arguments },
    { "cookies", tpl_tornado_cookies },
    { "files", tpl_tornado_files },
    { "headers", tpl_tornado_headers },
    { "host", tpl_tornado_host },
    { "host_name", tpl_tornado_host_name },
    { "method", tpl_tornado_method },
    { "path", tpl_tornado_path },
    { "protocol", tpl_tornado_protocol },
    { "query", tpl_tornado_query },
    { "query_arguments", tpl_tornado_query_arguments },
    { "remote_ip", tpl_tornado_remote_ip },
    { "uri", tpl_tornado_uri },
    { "version", tpl_tornado_version }
};


static tpl_int_t
tpl_tornado_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    return tpl_attrs_get(exec, obj, tpl_tornado_attrs,
                         tpl_nelts(tpl_tornado_attrs), &name->str, out);
}


static tpl_int_t
tpl_tornado_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_uint_t   i;
    tpl_value_t  v;

    static const char *const  names[] = {
        "protocol", "host", "method", "uri", "version", "remote_ip"
    };

    tpl_buf_lit(b, "HTTPServerRequest(");

    for (i = 0; i < tpl_nelts(names); i++) {
        tpl_buf_printf(b, "%s%s=", i ? ", " : "", names[i]);

        if (tpl_tornado_get(exec, (tpl_attrs_t *) obj, names[i], &v) != TPL_OK
            || tpl_repr_to(exec, &v, b) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return tpl_buf_char(b, ')');
}


static tpl_int_t
tpl_tornado_full_url(tpl_call_t *call)
{
    tpl_buf_t     b;
    tpl_uint_t    i;
    tpl_value_t   v;

    static const char *const  names[] = { "protocol", "host", "uri" };

    tpl_buf_init(&b, call->exec->arena);

    for (i = 0; i < tpl_nelts(names); i++) {

        if (tpl_tornado_get(call->exec,
                            (tpl_attrs_t *) call->args[0].u.obj, names[i],
                            &v)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        tpl_buf_add(&b, v.u.s, v.len);

        if (i == 0) {
            tpl_buf_lit(&b, "://");
        }
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


tpl_int_t
tpl_tornado_request(tpl_exec_t *exec, tpl_attrs_t **out)
{
    tpl_int_t       rc;
    tpl_web_t      *web;
    tpl_value_t    *v;
    tpl_request_t  *req;

    web = NULL;

    rc = tpl_request_get(exec, &web, &req);

    if (rc != TPL_OK) {
        return rc;
    }

    v = &req->values[TPL_REQUEST_TORNADO];

    if (v->type == TPL_MISSING
        && tpl_attrs_create(exec, web, &tpl_tornado_class,
                            tpl_nelts(tpl_tornado_attrs), v)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    *out = (tpl_attrs_t *) v->u.obj;

    return TPL_OK;
}


tpl_int_t
tpl_tornado_arguments(tpl_exec_t *exec, tpl_attrs_t *req, const char *which,
    tpl_value_t *out)
{
    return tpl_tornado_get(exec, req, which, out);
}
