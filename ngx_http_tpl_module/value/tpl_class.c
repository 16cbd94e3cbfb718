
/*
 * What __class__ gives: an object that knows its type's name.
 *
 * It is a name and nothing else: nothing can be made with it, and no other
 * class, module or function is reached from it.
 */

#include "value/tpl_inner.h"


typedef struct {
    tpl_object_t         head;
    const char          *module;    /* with its dot */
    const char          *name;
} tpl_class_ref_t;


static const tpl_class_t  tpl_class_class;


static tpl_int_t
tpl_class_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    const tpl_class_ref_t  *ref = (tpl_class_ref_t *) obj;

    if (tpl_str_is(&name->str, "__name__") && !exec->options->sandbox) {
        return tpl_value_from_c(exec, out, ref->name);
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_class_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    const tpl_class_ref_t  *ref = (tpl_class_ref_t *) obj;

    tpl_buf_printf(b, "<class '%s%s'>", ref->module, ref->name);

    return tpl_buf_check(exec, b);
}


static tpl_int_t
tpl_class_compare(tpl_exec_t *exec, tpl_object_t *a, tpl_object_t *b,
    tpl_int_t *order)
{
    const tpl_class_ref_t  *left = (tpl_class_ref_t *) a;
    const tpl_class_ref_t  *right = (tpl_class_ref_t *) b;

    (void) exec;

    *order = 0;

    return (strcmp(left->name, right->name) == 0) ? TPL_OK : TPL_DECLINED;
}


static uint32_t
tpl_class_hash(tpl_object_t *obj)
{
    const tpl_class_ref_t  *ref = (tpl_class_ref_t *) obj;

    return tpl_hash((const tpl_char_t *) ref->name, strlen(ref->name));
}


static const tpl_class_t  tpl_class_class = {
    .name = "type",
    .get_attr = tpl_class_get_attr,
    .str = tpl_class_str,
    .compare = tpl_class_compare,
    .hash = tpl_class_hash
};


tpl_int_t
tpl_value_class(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    tpl_class_ref_t  *ref;

    ref = tpl_palloc(exec->arena, sizeof(tpl_class_ref_t));
    if (ref == NULL) {
        return tpl_throw_memory(exec);
    }

    ref->head.cls = &tpl_class_class;
    ref->module = tpl_type_module(v);
    ref->name = tpl_type_name(v);

    tpl_value_object(out, ref);

    return TPL_OK;
}


/* "<class 'range'>": what a function prints itself as that is a class there */

tpl_int_t
tpl_class_name_to(const tpl_builtin_t *fn, tpl_buf_t *b)
{
    tpl_uint_t  i;

    static const struct {
        const char  *name;
        const char  *python;
    } names[] = {
        { "cycler", "jinja2.utils.Cycler" },
        { "joiner", "jinja2.utils.Joiner" },
        { "namespace", "jinja2.utils.Namespace" }
    };

    for (i = 0; i < tpl_nelts(names); i++) {
        if (tpl_str_is(&fn->name.str, names[i].name)) {
            return tpl_buf_printf(b, "<class '%s'>", names[i].python);
        }
    }

    return tpl_buf_printf(b, "<class '%.*s'>", tpl_str_arg(&fn->name.str));
}
