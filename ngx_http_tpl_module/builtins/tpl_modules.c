
/*
 * Modules of Python as values: {% import math %}{{ math.pi }}.
 *
 * A module or class is an object that knows its dotted name; its attributes are
 * looked up in the table of all of them.
 */

#include <time.h>

#include "builtins/tpl_module.h"
#include "builtins/tpl_methods.h"


#define TPL_DOTTED_LEN  64


typedef struct {
    tpl_object_t             object;
    tpl_str_t                name;
} tpl_module_object_t;


static tpl_int_t tpl_module_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_module_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_class_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_class_call(tpl_call_t *call);


static const tpl_class_t  tpl_python_module_class = {
    .name = "module",
    .get_attr = tpl_module_get_attr,
    .str = tpl_module_str
};


static const tpl_class_t  tpl_python_type_class = {
    .name = "type",
    .get_attr = tpl_module_get_attr,
    .call = tpl_class_call,
    .str = tpl_class_str
};


static tpl_int_t
tpl_module_object(tpl_call_t *call, const tpl_class_t *cls)
{
    tpl_module_object_t  *m;

    m = tpl_palloc(call->exec->arena, sizeof(tpl_module_object_t));
    if (m == NULL) {
        return tpl_throw_memory(call->exec);
    }

    m->object.cls = cls;
    m->name = call->fn->name.str;

    tpl_value_object(&call->result, m);

    return TPL_OK;
}


tpl_int_t
tpl_module_value(tpl_call_t *call)
{
    return tpl_module_object(call, &tpl_python_module_class);
}


tpl_int_t
tpl_module_type(tpl_call_t *call)
{
    return tpl_module_object(call, &tpl_python_type_class);
}


/* the function of the name a, separator, b; NULL if there is none */

static const tpl_builtin_t *
tpl_module_find(tpl_exec_t *exec, const tpl_str_t *a, tpl_uint_t separator,
    const tpl_str_t *b)
{
    tpl_str_t   s;
    tpl_char_t  name[TPL_DOTTED_LEN];

    s.len = a->len + 1 + b->len;

    if (exec->builtins == NULL || s.len > sizeof(name)) {
        return NULL;
    }

    memcpy(name, a->data, a->len);
    name[a->len] = (tpl_char_t) separator;
    memcpy(name + a->len + 1, b->data, b->len);

    s.data = name;

    return tpl_builtins_find_str(exec->builtins, TPL_MODULES, &s);
}


static tpl_int_t
tpl_module_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_module_object_t  *m = (tpl_module_object_t *) obj;

    const tpl_builtin_t  *fn;

    fn = tpl_module_find(exec, &m->name, '.', &name->str);

    if (fn == NULL) {

        if (obj->cls == &tpl_python_module_class) {
            return tpl_throw(exec, TPL_EXC_ATTRIBUTE,
                             "module '%.*s' has no attribute '%.*s'",
                             tpl_str_arg(&m->name), tpl_str_arg(&name->str));
        }

        return tpl_throw(exec, TPL_EXC_ATTRIBUTE,
                         "type object '%.*s' has no attribute '%.*s'",
                         tpl_str_arg(&m->name), tpl_str_arg(&name->str));
    }

    if (fn->flags & TPL_FN_VALUE) {
        return tpl_builtin_call(exec, fn, NULL, 0, NULL, out);
    }

    tpl_value_function(out, fn);

    return TPL_OK;
}


static tpl_int_t
tpl_module_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    return tpl_buf_printf(b, "<module '%.*s'>",
                          tpl_str_arg(&((tpl_module_object_t *) obj)->name));
}


static tpl_int_t
tpl_class_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    return tpl_buf_printf(b, "<class '%.*s'>",
                          tpl_str_arg(&((tpl_module_object_t *) obj)->name));
}


static tpl_int_t
tpl_class_call(tpl_call_t *call)
{
    tpl_str_t             new;
    tpl_module_object_t  *m;
    const tpl_builtin_t  *fn;

    m = (tpl_module_object_t *) call->object;

    tpl_str_set(&new, "new");
    fn = tpl_module_find(call->exec, &m->name, ':', &new);

    if (fn == NULL) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "cannot create '%.*s' instances",
                         tpl_str_arg(&m->name));
    }

    return tpl_builtin_call(call->exec, fn, call->args, call->nargs,
                            call->kwargs, &call->result);
}


tpl_int_t
tpl_class_is_instance(const tpl_value_t *v, const tpl_value_t *type,
    tpl_uint_t *is)
{
    const char           *name;
    tpl_module_object_t  *m;

    if (!tpl_is_object_of(type, &tpl_python_type_class)) {
        return TPL_DECLINED;
    }

    m = (tpl_module_object_t *) type->u.obj;
    *is = 0;

    if (v->type == TPL_OBJECT) {
        name = v->u.obj->cls->name;

        /* the one class that inherits from another */

        *is = tpl_str_is(&m->name, name)
              || (tpl_str_is(&m->name, "datetime.date")
                  && strcmp(name, "datetime.datetime") == 0);
    }

    return TPL_OK;
}


tpl_int_t
tpl_module_method(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_str_t             cls;
    tpl_method_t         *method;
    const tpl_builtin_t  *fn;

    cls.data = (tpl_char_t *) obj->cls->name;
    cls.len = strlen(obj->cls->name);

    fn = tpl_module_find(exec, &cls, ':', &name->str);
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
tpl_module_float(tpl_exec_t *exec, const tpl_value_t *v, double *d)
{
    if (v->type == TPL_FLOAT) {
        *d = v->u.d;
        return TPL_OK;
    }

    if (tpl_is_int(v)) {
        *d = (double) v->u.i;
        return TPL_OK;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "must be real number, not %s",
                     (v->type == TPL_NONE) ? "NoneType" : tpl_type_name(v));
}


double
tpl_module_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


#define TPL_MODULE         (TPL_FN_VALUE|TPL_FN_MODULE)
#define TPL_IMPURE_MODULE  (TPL_MODULE|TPL_FN_IMPURE)


/* the modules, in the order that messages list them; tornado.escape's names */

const tpl_builtin_def_t  tpl_modules[] = {

    { "datetime", "", tpl_module_value, TPL_IMPURE_MODULE },
    { "json", "", tpl_module_value, TPL_MODULE },
    { "math", "", tpl_module_value, TPL_MODULE },
    { "random", "", tpl_module_value, TPL_IMPURE_MODULE },
    { "re", "", tpl_module_value, TPL_MODULE },
    { "time", "", tpl_module_value, TPL_IMPURE_MODULE },
    { "tornado", "", tpl_module_value, TPL_MODULE },
    { "tornado.escape", "", tpl_module_value, TPL_MODULE },
    { "urllib", "", tpl_module_value, TPL_MODULE },
    { "urllib.parse", "", tpl_module_value, TPL_MODULE },

    { "tornado.escape.json_decode", "value", tpl_tornado_json_decode, 0 },
    { "tornado.escape.json_encode", "value", tpl_tornado_json_encode, 0 },
    { "tornado.escape.linkify", "text, shorten=, extra_params=, "
      "require_protocol=, permitted_protocols=", tpl_tornado_linkify, 0 },
    { "tornado.escape.squeeze", "value", tpl_tornado_squeeze, 0 },
    { "tornado.escape.url_escape", "value, plus=", tpl_tornado_url_escape, 0 },
    { "tornado.escape.url_unescape", "value, encoding=, plus=",
      tpl_tornado_url_unescape, 0 },
    { "tornado.escape.xhtml_escape", "value", tpl_tornado_xhtml_escape, 0 },
    { "tornado.escape.xhtml_unescape", "value", tpl_tornado_xhtml_unescape,
      0 },

    { NULL, NULL, NULL, 0 }
};
