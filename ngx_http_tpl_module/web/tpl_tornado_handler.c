
/*
 * Tornado's RequestHandler, as far as templates use it.
 */

#include "value/tpl_json.h"
#include "web/tpl_answer.h"
#include "web/tpl_tornado_request.h"


static tpl_int_t tpl_handler_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);

static tpl_int_t tpl_handler_value(tpl_call_t *call);
static tpl_int_t tpl_handler_request_value(tpl_call_t *call);
static tpl_int_t tpl_handler_user_value(tpl_call_t *call);

static tpl_int_t tpl_handler_get_argument(tpl_call_t *call);
static tpl_int_t tpl_handler_get_arguments(tpl_call_t *call);
static tpl_int_t tpl_handler_get_cookie(tpl_call_t *call);
static tpl_int_t tpl_handler_get_status(tpl_call_t *call);


static const tpl_class_t  tpl_handler_class = {
    .name = "RequestHandler",
    .get_attr = tpl_handler_attr
};


const tpl_builtin_def_t  tpl_tornado_globals[] = {
    { "handler", "", tpl_handler_value, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { "request", "", tpl_handler_request_value,
      TPL_FN_VALUE|TPL_FN_CONTEXT },
    { "current_user", "", tpl_handler_user_value,
      TPL_FN_VALUE|TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


const tpl_builtin_def_t  tpl_tornado_handler_methods[] = {
    { "RequestHandler:get_argument", "self, name, default=, strip=",
      tpl_handler_get_argument, 0 },
    { "RequestHandler:get_arguments", "self, name, strip=",
      tpl_handler_get_arguments, 0 },
    { "RequestHandler:get_query_argument", "self, name, default=, strip=",
      tpl_handler_get_argument, 0 },
    { "RequestHandler:get_query_arguments", "self, name, strip=",
      tpl_handler_get_arguments, 0 },
    { "RequestHandler:get_body_argument", "self, name, default=, strip=",
      tpl_handler_get_argument, 0 },
    { "RequestHandler:get_body_arguments", "self, name, strip=",
      tpl_handler_get_arguments, 0 },
    { "RequestHandler:get_cookie", "self, name, default=",
      tpl_handler_get_cookie, 0 },
    { "RequestHandler:get_status", "self", tpl_handler_get_status, 0 },
    { NULL, NULL, NULL, 0 }
};


static tpl_int_t
tpl_handler_request(tpl_exec_t *exec, tpl_attrs_t *handler, tpl_value_t *out)
{
    tpl_attrs_t  *req;

    (void) handler;

    if (tpl_tornado_request(exec, &req) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_object(out, req);

    return TPL_OK;
}


static tpl_int_t
tpl_handler_cookies(tpl_exec_t *exec, tpl_attrs_t *handler, tpl_value_t *out)
{
    tpl_attrs_t  *req;

    (void) handler;

    if (tpl_tornado_request(exec, &req) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_tornado_arguments(exec, req, "cookies", out);
}


/* a name of the data: tpl_json settings */

static tpl_int_t
tpl_handler_settings(tpl_exec_t *exec, tpl_attrs_t *handler, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    static const tpl_str_t  name = tpl_string("settings");

    (void) handler;

    rc = tpl_vm_resolve(exec, &name, out);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    dict = tpl_dict_create(exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


static tpl_int_t
tpl_handler_locale(tpl_exec_t *exec, tpl_attrs_t *handler, tpl_value_t *out)
{
    (void) handler;

    return tpl_tornado_locale(exec, out);
}


/* None for no user; a text, or JSON if it begins with a brace */

static tpl_int_t
tpl_handler_user(tpl_exec_t *exec, tpl_attrs_t *handler, tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    tpl_value_none(out);

    if (handler->web->host->user == NULL) {
        return TPL_OK;
    }

    rc = handler->web->host->user(handler->web, &s);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_DECLINED || s.len == 0) {
        return TPL_OK;
    }

    return (s.data[0] == '{') ? tpl_json_parse(exec, &s, 0, out)
                              : tpl_web_utf8(exec, &s, out);
}


/* no pattern of a route is matched here */

static tpl_int_t
tpl_handler_path_args(tpl_exec_t *exec, tpl_attrs_t *handler,
    tpl_value_t *out)
{
    tpl_list_t  *list;

    (void) handler;

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_handler_path_kwargs(tpl_exec_t *exec, tpl_attrs_t *handler,
    tpl_value_t *out)
{
    tpl_dict_t  *dict;

    (void) handler;

    dict = tpl_dict_create(exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


static const tpl_attr_t  tpl_handler_attrs[] = {
    { "cookies", tpl_handler_cookies },
    { "current_user", tpl_handler_user },
    { "locale", tpl_handler_locale },
    { "path_args", tpl_handler_path_args },
    { "path_kwargs", tpl_handler_path_kwargs },
    { "request", tpl_handler_request },
    { "settings", tpl_handler_settings }
};


/* methods that are functions of the namespace as well */

static const char *const  tpl_handler_functions[] = {
    "reverse_url", "static_url", "xsrf_form_html", "xsrf_token"
};


static tpl_int_t
tpl_handler_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_uint_t            i;
    const tpl_builtin_t  *fn;

    for (i = 0; i < tpl_nelts(tpl_handler_functions); i++) {

        if (!tpl_str_is(&name->str, tpl_handler_functions[i])) {
            continue;
        }

        fn = tpl_builtins_find_str(exec->builtins, TPL_TORNADO_GLOBALS,
                                   &name->str);
        if (fn == NULL) {
            return TPL_DECLINED;
        }

        if (fn->flags & TPL_FN_VALUE) {
            return tpl_builtin_call(exec, fn, NULL, 0, NULL, out);
        }

        tpl_value_function(out, fn);

        return TPL_OK;
    }

    return tpl_attrs_get(exec, obj, tpl_handler_attrs,
                         tpl_nelts(tpl_handler_attrs), &name->str, out);
}


static tpl_int_t
tpl_handler_get(tpl_exec_t *exec, tpl_value_t *out)
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

    v = &req->values[TPL_REQUEST_HANDLER];

    if (v->type == TPL_MISSING
        && tpl_attrs_create(exec, web, &tpl_handler_class,
                            tpl_nelts(tpl_handler_attrs), v)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    *out = *v;

    return TPL_OK;
}


static tpl_int_t
tpl_handler_value(tpl_call_t *call)
{
    return tpl_handler_get(call->exec, &call->result);
}


static tpl_int_t
tpl_handler_request_value(tpl_call_t *call)
{
    tpl_int_t     rc;
    tpl_attrs_t  *req;

    rc = tpl_tornado_request(call->exec, &req);

    if (rc == TPL_OK) {
        tpl_value_object(&call->result, req);
    }

    return rc;
}


static tpl_int_t
tpl_handler_user_value(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_value_t  handler;

    static const tpl_name_t  name = { tpl_string("current_user"), 0 };

    rc = tpl_handler_get(call->exec, &handler);

    return (rc == TPL_OK) ? tpl_handler_attr(call->exec, handler.u.obj, &name,
                                             &call->result)
                          : rc;
}


/* RequestHandler.decode_argument(), and what _get_arguments() does then */

static tpl_int_t
tpl_handler_decode(tpl_call_t *call, const tpl_str_t *name,
    const tpl_value_t *bytes, tpl_uint_t strip, tpl_value_t *out)
{
    size_t       i;
    tpl_buf_t    b;
    tpl_str_t    s, text;
    tpl_char_t  *p;
    tpl_exec_t  *exec;

    exec = call->exec;

    if (tpl_bytes_str(bytes, &s) != TPL_OK) {
        return tpl_throw(exec, TPL_EXC_TYPE, "an argument is not bytes");
    }

    tpl_charge(exec, s.len);

    if (tpl_utf8_check(s.data, s.len) != s.len) {
        tpl_buf_init(&b, exec->arena);
        tpl_buf_lit(&b, "Invalid unicode in ");
        tpl_buf_str(&b, name);

        if (b.failed) {
            return tpl_throw_memory(exec);
        }

        text.data = b.data;
        text.len = b.len;

        return tpl_web_abort(exec,
                             ((tpl_attrs_t *) call->args[0].u.obj)->web, 400,
                             &text);
    }

    for (p = NULL, i = 0; i < s.len; i++) {

        if (s.data[i] > 0x1f || (s.data[i] > 8 && s.data[i] < 0x0e)) {
            continue;
        }

        if (p == NULL) {
            if (tpl_pstrdup(exec->arena, &text, s.data, s.len) != TPL_OK) {
                return tpl_throw_memory(exec);
            }

            s = text;
            p = s.data;
        }

        p[i] = ' ';
    }

    if (strip) {
        tpl_text_strip(&s, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);
    }

    tpl_value_from_str(out, &s);

    return TPL_OK;
}


/* values of a name as texts; the method's name says which arguments */

static tpl_int_t
tpl_handler_values(tpl_call_t *call, tpl_uint_t strip, tpl_list_t **out)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_str_t      name;
    const char    *which;
    tpl_exec_t    *exec;
    tpl_list_t    *list;
    tpl_value_t    dict, values, v;
    tpl_attrs_t   *req;

    exec = call->exec;

    /* "RequestHandler:get_..." */

    switch (call->fn->name.str.data[sizeof("RequestHandler:get_") - 1]) {

    case 'q':
        which = "query_arguments";
        break;

    case 'b':
        which = "body_arguments";
        break;

    default:
        which = "arguments";
    }

    list = tpl_list_create(exec, 0);

    if (list == NULL
        || tpl_arg_str(call, 1, &name) != TPL_OK
        || tpl_tornado_request(exec, &req) != TPL_OK
        || tpl_tornado_arguments(exec, req, which, &dict) != TPL_OK)
    {
        return TPL_ERROR;
    }

    *out = list;

    rc = tpl_dict_get(exec, dict.u.dict, &call->args[1], &values);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    if (values.type != TPL_LIST) {
        return tpl_throw(exec, TPL_EXC_TYPE, "an argument is no list");
    }

    for (i = 0; i < values.u.list->n; i++) {

        if (tpl_handler_decode(call, &name, &values.u.list->items[i], strip,
                               &v)
            != TPL_OK
            || tpl_list_append(exec, list, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_handler_get_argument(tpl_call_t *call)
{
    tpl_buf_t    b;
    tpl_str_t    s;
    tpl_list_t  *list;
    tpl_uint_t   strip;

    if (tpl_arg_bool(call, 3, 1, &strip) != TPL_OK
        || tpl_handler_values(call, strip, &list) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (list->n) {
        call->result = list->items[list->n - 1];
        return TPL_OK;
    }

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
        return TPL_OK;
    }

    /* MissingArgumentError */

    tpl_buf_init(&b, call->exec->arena);
    tpl_buf_lit(&b, "Missing argument ");
    tpl_buf_add(&b, call->args[1].u.s, call->args[1].len);

    if (b.failed) {
        return tpl_throw_memory(call->exec);
    }

    s.data = b.data;
    s.len = b.len;

    return tpl_web_abort(call->exec,
                         ((tpl_attrs_t *) call->args[0].u.obj)->web, 400, &s);
}


static tpl_int_t
tpl_handler_get_arguments(tpl_call_t *call)
{
    tpl_list_t  *list;
    tpl_uint_t   strip;

    /* no default is taken for it */

    if (tpl_arg_given(&call->args[2]) && call->args[2].type != TPL_BOOL) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "strip must be True or False");
    }

    if (tpl_arg_bool(call, 2, 1, &strip) != TPL_OK
        || tpl_handler_values(call, strip, &list) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


static tpl_int_t
tpl_handler_get_cookie(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_value_t  dict, morsel;

    static const tpl_name_t  value = { tpl_string("value"), 0 };

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
    }

    if (tpl_handler_cookies(call->exec, NULL, &dict) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_dict_get(call->exec, dict.u.dict, &call->args[1], &morsel);

    if (rc == TPL_OK) {
        rc = tpl_get_attr(call->exec, &morsel, &value, &call->result);
    }

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


static tpl_int_t
tpl_handler_get_status(tpl_call_t *call)
{
    int64_t      n;
    tpl_str_t    s;
    tpl_value_t  v;

    if (tpl_request_field(call->exec,
                          ((tpl_attrs_t *) call->args[0].u.obj)->web,
                          TPL_WEB_STATUS, &v)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    s = tpl_value_str(&v);

    if (tpl_parse_int(&s, 10, &n) != TPL_OK) {
        n = 200;
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}
