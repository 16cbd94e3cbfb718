
/*
 * Methods of the room's classes, and Python's bytes.
 *
 * Bytes are what a query string is in Flask and an argument in Tornado.  They
 * are printed as Python prints them: b'a=1' in Jinja; as text in Tornado, whose
 * {{ }} takes bytes for UTF-8.
 */

#include "web/tpl_answer.h"
#include "web/tpl_object.h"


#define TPL_METHOD_NAME  64


typedef struct {
    tpl_object_t             object;
    tpl_str_t                data;
} tpl_bytes_t;


static tpl_int_t tpl_bytes_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_bytes_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_bytes_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_bytes_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_bytes_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t tpl_bytes_text(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_bytes_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_bytes_compare(tpl_exec_t *exec, tpl_object_t *a,
    tpl_object_t *b, tpl_int_t *order);
static uint32_t tpl_bytes_hash(tpl_object_t *obj);
static tpl_int_t tpl_bytes_decode(tpl_call_t *call);


static const tpl_class_t  tpl_bytes_class = {
    .name = "bytes",
    .get_attr = tpl_bytes_attr,
    .get_item = tpl_bytes_item,
    .length = tpl_bytes_length,
    .iter = tpl_bytes_iter,
    .contains = tpl_bytes_contains,
    .str = tpl_bytes_text,
    .repr = tpl_bytes_repr,
    .compare = tpl_bytes_compare,
    .hash = tpl_bytes_hash
};


const tpl_builtin_def_t  tpl_bytes_methods[] = {
    { "bytes:decode", "self, encoding=, errors=", tpl_bytes_decode, 0 },
    { NULL, NULL, NULL, 0 }
};


tpl_int_t
tpl_web_method(tpl_exec_t *exec, tpl_object_t *obj, const char *cls,
    const tpl_str_t *name, tpl_value_t *out)
{
    size_t                len;
    tpl_str_t             full;
    tpl_char_t            text[TPL_METHOD_NAME];
    tpl_method_t         *method;
    const tpl_builtin_t  *fn;

    len = strlen(cls);

    if (exec->builtins == NULL
        || name->len >= TPL_METHOD_NAME
        || len + 1 + name->len > TPL_METHOD_NAME)
    {
        return TPL_DECLINED;
    }

    memcpy(text, cls, len);
    text[len] = ':';
    memcpy(text + len + 1, name->data, name->len);

    full.data = text;
    full.len = len + 1 + name->len;

    fn = tpl_builtins_find_str(exec->builtins, TPL_MODULES, &full);
    if (fn == NULL) {
        return TPL_DECLINED;
    }

    method = tpl_palloc(exec->arena, sizeof(tpl_method_t));
    if (method == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_value_object(&method->self, obj);
    method->fn = fn;

    *out = (tpl_value_t) { .type = TPL_METHOD, .u.method = method };

    return TPL_OK;
}


tpl_int_t
tpl_web_check_fields(tpl_exec_t *exec, tpl_web_t *web, uint32_t n,
    const char *what)
{
    tpl_buf_t  b;
    tpl_str_t  s;

    tpl_charge_items(exec, n);

    if (n <= TPL_WEB_MAX_FIELDS) {
        return TPL_OK;
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_printf(&b, "the request has more than %d %s", TPL_WEB_MAX_FIELDS,
                   what);

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    s.data = b.data;
    s.len = b.len;

    return tpl_web_abort(exec, web, 400, &s);
}


tpl_int_t
tpl_web_convert(tpl_exec_t *exec, const tpl_value_t *type,
    const tpl_value_t *v, tpl_value_t *out)
{
    tpl_int_t             rc;
    tpl_uint_t            i;
    tpl_value_t           fn;
    const tpl_str_t      *name;
    const tpl_builtin_t  *builtin;

    static const char *const  names[] = { "int", "float", "str", "bool" };
    static const tpl_str_t    error = tpl_string("ValueError");

    fn = *type;

    if (type->type == TPL_UNDEFINED
        && type->u.undef->object.type == TPL_MISSING)
    {
        name = &type->u.undef->name;

        for (i = 0; i < tpl_nelts(names); i++) {

            if (!tpl_str_is(name, names[i])) {
                continue;
            }

            builtin = tpl_builtins_find_str(exec->builtins,
                                            TPL_TORNADO_GLOBALS, name);
            if (builtin) {
                tpl_value_function(&fn, builtin);
            }

            break;
        }
    }

    rc = tpl_vm_call(exec, &fn, v, 1, NULL, out);

    if (rc == TPL_ERROR
        && (tpl_exc_matches(exec->error->exc, &error)
            || exec->error->exc == TPL_EXC_OVERFLOW))
    {
        tpl_error_clear(exec->error);
        return TPL_DECLINED;
    }

    return rc;
}


tpl_int_t
tpl_web_latin1(tpl_exec_t *exec, const tpl_str_t *s, tpl_value_t *out)
{
    size_t       i, n;
    tpl_char_t  *p;

    tpl_charge(exec, s->len);

    for (n = 0, i = 0; i < s->len; i++) {
        n += (s->data[i] >> 7);
    }

    if (n == 0) {
        tpl_value_string(out, s->data, s->len, TPL_F_ASCII);
        return TPL_OK;
    }

    p = tpl_pnalloc(exec->arena, s->len + n);
    if (p == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_value_string(out, p, s->len + n, 0);

    for (i = 0; i < s->len; i++) {
        p = tpl_utf8_encode(p, s->data[i]);
    }

    return TPL_OK;
}


tpl_int_t
tpl_web_utf8(tpl_exec_t *exec, const tpl_str_t *s, tpl_value_t *out)
{
    tpl_str_t  text;

    tpl_charge(exec, s->len);

    text = *s;

    if (tpl_utf8_repair(exec->arena, &text) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    tpl_value_from_str(out, &text);

    return TPL_OK;
}


tpl_int_t
tpl_bytes_create(tpl_exec_t *exec, const tpl_str_t *s, tpl_value_t *out)
{
    tpl_bytes_t  *bytes;

    bytes = tpl_palloc(exec->arena, sizeof(tpl_bytes_t));
    if (bytes == NULL) {
        return tpl_throw_memory(exec);
    }

    bytes->object.cls = &tpl_bytes_class;
    bytes->data = *s;

    tpl_value_object(out, bytes);

    return TPL_OK;
}


tpl_int_t
tpl_bytes_str(const tpl_value_t *v, tpl_str_t *s)
{
    if (v->type != TPL_OBJECT || v->u.obj->cls != &tpl_bytes_class) {
        return TPL_DECLINED;
    }

    *s = ((tpl_bytes_t *) v->u.obj)->data;

    return TPL_OK;
}


static tpl_int_t
tpl_bytes_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    return tpl_web_method(exec, obj, "bytes", &name->str, out);
}


static tpl_int_t
tpl_bytes_item(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_bytes_t *bytes = (tpl_bytes_t *) obj;

    int64_t  n;

    (void) exec;

    if (!tpl_is_int(key)) {
        return TPL_DECLINED;
    }

    n = key->u.i;

    if (n < 0) {
        n += (int64_t) bytes->data.len;
    }

    if (n < 0 || n >= (int64_t) bytes->data.len) {
        return TPL_DECLINED;
    }

    tpl_value_int(out, bytes->data.data[n]);

    return TPL_OK;
}


static tpl_int_t
tpl_bytes_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    (void) exec;

    *n = (int64_t) ((tpl_bytes_t *) obj)->data.len;

    return TPL_OK;
}


static tpl_int_t
tpl_bytes_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    tpl_bytes_t *bytes = (tpl_bytes_t *) obj;

    size_t       i;
    tpl_list_t  *list;

    list = tpl_list_create(exec, bytes->data.len);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, bytes->data.len);

    for (i = 0; i < bytes->data.len; i++) {
        tpl_value_int(&list->items[i], bytes->data.data[i]);
    }

    list->n = (uint32_t) bytes->data.len;

    tpl_value_list(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_bytes_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found)
{
    tpl_bytes_t *bytes = (tpl_bytes_t *) obj;

    tpl_str_t  needle;

    tpl_charge(exec, bytes->data.len);

    if (tpl_is_int(key)) {
        *found = bytes->data.len && key->u.i >= 0 && key->u.i < 256
                 && memchr(bytes->data.data, (int) key->u.i, bytes->data.len);
        return TPL_OK;
    }

    if (tpl_bytes_str(key, &needle) != TPL_OK) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "a bytes-like object is required, not '%s'",
                         tpl_type_name(key));
    }

    *found = (tpl_str_find(&bytes->data, &needle, 0) >= 0);

    return TPL_OK;
}


static tpl_int_t
tpl_bytes_text(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_bytes_t *bytes = (tpl_bytes_t *) obj;

    if (!exec->options->python) {
        return tpl_bytes_repr(exec, obj, b);
    }

    tpl_charge(exec, bytes->data.len);

    if (tpl_utf8_check(bytes->data.data, bytes->data.len) != bytes->data.len)
    {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "'utf-8' codec can't decode the bytes");
    }

    return tpl_buf_str(b, &bytes->data);
}


static tpl_int_t
tpl_bytes_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_bytes_t *bytes = (tpl_bytes_t *) obj;

    size_t       i;
    tpl_char_t   c, quote;

    tpl_charge(exec, bytes->data.len);

    quote = '\'';

    if (bytes->data.len && memchr(bytes->data.data, '\'', bytes->data.len)
        && memchr(bytes->data.data, '"', bytes->data.len) == NULL)
    {
        quote = '"';
    }

    tpl_buf_char(b, 'b');
    tpl_buf_char(b, quote);

    for (i = 0; i < bytes->data.len; i++) {
        c = bytes->data.data[i];

        if (c == quote || c == '\\') {
            tpl_buf_char(b, '\\');
            tpl_buf_char(b, c);

        } else if (c == '\t') {
            tpl_buf_lit(b, "\\t");

        } else if (c == '\n') {
            tpl_buf_lit(b, "\\n");

        } else if (c == '\r') {
            tpl_buf_lit(b, "\\r");

        } else if (c < 0x20 || c >= 0x7f) {
            tpl_buf_printf(b, "\\x%02x", (unsigned) c);

        } else {
            tpl_buf_char(b, c);
        }
    }

    return tpl_buf_char(b, quote);
}


static tpl_int_t
tpl_bytes_compare(tpl_exec_t *exec, tpl_object_t *a, tpl_object_t *b,
    tpl_int_t *order)
{
    tpl_int_t  n;

    (void) exec;

    n = tpl_str_cmp(&((tpl_bytes_t *) a)->data, &((tpl_bytes_t *) b)->data);

    *order = (n > 0) - (n < 0);

    return TPL_OK;
}


static uint32_t
tpl_bytes_hash(tpl_object_t *obj)
{
    tpl_bytes_t *bytes = (tpl_bytes_t *) obj;

    return tpl_hash(bytes->data.data, bytes->data.len);
}


/* decode(encoding="utf-8", errors="strict") */

static tpl_int_t
tpl_bytes_decode(tpl_call_t *call)
{
    size_t        n;
    tpl_str_t     encoding, errors;
    tpl_exec_t   *exec;
    tpl_bytes_t  *bytes;

    exec = call->exec;
    bytes = (tpl_bytes_t *) call->args[0].u.obj;

    tpl_str_set(&encoding, "utf-8");
    tpl_str_set(&errors, "strict");

    if ((tpl_arg_given(&call->args[1])
         && tpl_arg_str(call, 1, &encoding) != TPL_OK)
        || (tpl_arg_given(&call->args[2])
            && tpl_arg_str(call, 2, &errors) != TPL_OK))
    {
        return TPL_ERROR;
    }

    if (tpl_str_is(&encoding, "latin1") || tpl_str_is(&encoding, "latin-1")
        || tpl_str_is(&encoding, "iso-8859-1"))
    {
        return tpl_web_latin1(exec, &bytes->data, &call->result);
    }

    if (!tpl_str_is(&encoding, "utf-8") && !tpl_str_is(&encoding, "utf8")
        && !tpl_str_is(&encoding, "UTF-8"))
    {
        return tpl_throw(exec, TPL_EXC_VALUE, "unknown encoding: %.*s",
                         tpl_str_arg(&encoding));
    }

    if (tpl_str_is(&errors, "replace")) {
        return tpl_web_utf8(exec, &bytes->data, &call->result);
    }

    n = tpl_utf8_check(bytes->data.data, bytes->data.len);

    if (n != bytes->data.len) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "'utf-8' codec can't decode byte 0x%02x in position "
                         "%lu", (unsigned) bytes->data.data[n],
                         (unsigned long) n);
    }

    tpl_value_from_str(&call->result, &bytes->data);

    return TPL_OK;
}
