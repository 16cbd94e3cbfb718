
/*
 * Values into the page: OUTPUT, f-strings, {% debug %}.
 *
 * Strings are escaped while they are written and numbers formatted in place;
 * only what has no short text goes through a builder.
 */

#include "vm/tpl_vm_internal.h"


static tpl_int_t tpl_vm_print_text(tpl_vm_t *vm, const tpl_char_t *p,
    size_t len, tpl_uint_t safe, tpl_uint_t how);


tpl_int_t
tpl_vm_output_error(tpl_vm_t *vm)
{
    if (vm->output.exceeded) {
        return tpl_throw(&vm->exec, TPL_EXC_LIMIT,
                         "the page takes more bytes than its limit");
    }

    return tpl_throw_memory(&vm->exec);
}


static tpl_int_t
tpl_vm_print_text(tpl_vm_t *vm, const tpl_char_t *p, size_t len,
    tpl_uint_t safe, tpl_uint_t how)
{
    tpl_int_t  rc;

    if (len == 0) {
        return TPL_OK;
    }

    vm->exec.fuel -= (int64_t) (len >> 6);

    switch (how) {

    case TPL_OUT_ESCAPE:
        rc = tpl_output_escaped(&vm->output, p, len, TPL_ESCAPE_TORNADO);
        break;

    case TPL_OUT_AUTO:
        if (vm->exec.autoescape && !safe) {
            rc = tpl_output_escaped(&vm->output, p, len,
                                    TPL_ESCAPE_MARKUPSAFE);
            break;
        }

        /* fall through */

    default:
        rc = tpl_output_add(&vm->output, p, len);
    }

    return (rc == TPL_OK) ? TPL_OK : tpl_vm_output_error(vm);
}


tpl_int_t
tpl_vm_print(tpl_vm_t *vm, const tpl_value_t *v, tpl_uint_t how)
{
    tpl_int_t     rc;
    tpl_buf_t     b;
    tpl_uint_t    safe;
    tpl_char_t   *p;
    tpl_value_t   value;

    safe = 0;

    switch (v->type) {

    case TPL_STRING:
        return tpl_vm_print_text(vm, v->u.s, v->len, v->flags & TPL_F_SAFE,
                                 how);

    case TPL_INT:
        p = tpl_output_reserve(&vm->output, TPL_INT64_LEN);

        if (tpl_unlikely(p == NULL)) {
            break;
        }

        tpl_output_commit(&vm->output,
                          (size_t) (tpl_format_int(p, v->u.i) - p));
        return TPL_OK;

    case TPL_FLOAT:
        p = tpl_output_reserve(&vm->output, TPL_FLOAT_LEN);

        if (tpl_unlikely(p == NULL)) {
            break;
        }

        tpl_output_commit(&vm->output,
                          (size_t) (tpl_format_float(p, v->u.d) - p));
        return TPL_OK;

    case TPL_BOOL:
        return v->u.i ? tpl_vm_print_text(vm, (tpl_char_t *) "True", 4, 1,
                                          TPL_OUT_RAW)
                      : tpl_vm_print_text(vm, (tpl_char_t *) "False", 5, 1,
                                          TPL_OUT_RAW);

    case TPL_NONE:
        return tpl_vm_print_text(vm, (tpl_char_t *) "None", 4, 1,
                                 TPL_OUT_RAW);

    case TPL_UNDEFINED:
        if (v->u.undef->kind == TPL_UNDEF_LENIENT
            || v->u.undef->kind == TPL_UNDEF_CHAINABLE)
        {
            return TPL_OK;
        }

        break;

    case TPL_OBJECT:
        safe = (v->u.obj->cls->flags & TPL_CLASS_SAFE_STR) != 0;

        if (v->u.obj->cls == &tpl_module_class) {
            return tpl_vm_print_text(vm,
                                     ((tpl_module_t *) v->u.obj)->body.data,
                                     ((tpl_module_t *) v->u.obj)->body.len,
                                     1, how);
        }

        break;

    case TPL_PENDING:
        value = *v;

        rc = tpl_vm_force(vm, &value);

        if (rc == TPL_OK && value.type == TPL_PENDING) {
            return tpl_throw(&vm->exec, TPL_EXC_HOST,
                             "the host gave no data");
        }

        return (rc == TPL_OK) ? tpl_vm_print(vm, &value, how) : rc;

    default:
        break;
    }

    tpl_buf_init(&b, vm->exec.arena);

    rc = tpl_str_to(&vm->exec, v, &b);

    if (rc != TPL_OK) {
        return rc;
    }

    if (b.failed) {
        return tpl_throw_memory(&vm->exec);
    }

    return tpl_vm_print_text(vm, b.data, b.len, safe, how);
}


tpl_int_t
tpl_vm_format(tpl_vm_t *vm, const tpl_value_t *v, const tpl_value_t *spec,
    tpl_uint_t conversion, tpl_value_t *out)
{
    tpl_int_t     rc;
    tpl_buf_t     b;
    tpl_str_t     str;
    tpl_exec_t   *exec;
    tpl_list_t   *list;
    tpl_value_t   text, format, args;

    exec = &vm->exec;
    text = *v;

    switch (conversion) {

    case 'r':
        rc = tpl_to_repr(exec, v, &text);
        break;

    case 's':
        rc = tpl_to_string(exec, v, &text);
        text.flags &= ~TPL_F_SAFE;
        break;

    case 'a':
        list = tpl_list_create(exec, 1);
        if (list == NULL) {
            return TPL_ERROR;
        }

        list->items[0] = *v;
        list->n = 1;

        tpl_value_tuple(&args, list);
        tpl_value_string(&format, (tpl_char_t *) "%a", 2, TPL_F_ASCII);

        rc = tpl_format_percent(exec, &format, &args, &text);
        break;

    default:
        rc = TPL_OK;
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (spec->type != TPL_STRING) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "format() argument 2 must be str, not %s",
                         tpl_type_name(spec));
    }

    if (spec->len == 0) {
        rc = tpl_to_string(exec, &text, out);
        out->flags &= ~TPL_F_SAFE;

        return rc;
    }

    tpl_buf_init(&b, exec->arena);
    str = tpl_value_str(spec);

    rc = tpl_format_spec(exec, &text, &str, &b);

    return (rc == TPL_OK) ? tpl_value_from_buf(exec, out, &b, 0) : rc;
}


tpl_int_t
tpl_vm_concat(tpl_vm_t *vm, const tpl_value_t *values, uint32_t n,
    tpl_value_t *out)
{
    size_t             len;
    uint32_t           i;
    tpl_int_t          rc;
    tpl_char_t        *p;
    tpl_exec_t        *exec;
    const tpl_char_t  *text;
    tpl_value_t        v;
    tpl_buf_t          b;

    exec = &vm->exec;
    len = 0;

    for (i = 0; i < n && values[i].type == TPL_STRING; i++) {
        len += values[i].len;
    }

    if (i < n) {

        /* only a program that no compiler made joins other things */

        tpl_buf_init(&b, exec->arena);

        for (i = 0; i < n; i++) {
            rc = tpl_str_to(exec, &values[i], &b);
            if (rc != TPL_OK) {
                return rc;
            }
        }

        return tpl_value_from_buf(exec, out, &b, 0);
    }

    if (len > TPL_MAX_STRING) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW, "string is too long");
    }

    exec->fuel -= (int64_t) (len >> 4);

    p = tpl_pnalloc(exec->arena, len + 1);
    if (p == NULL) {
        return tpl_throw_memory(exec);
    }

    text = p;

    for (i = 0; i < n; i++) {
        v = values[i];

        if (v.len) {
            memcpy(p, v.u.s, v.len);
            p += v.len;
        }
    }

    tpl_value_string(out, text, len, 0);

    return TPL_OK;
}


/* Jinja2: ext.DebugExtension */

static tpl_int_t
tpl_vm_debug_names(tpl_vm_t *vm, tpl_dict_t *dict, const char *key,
    tpl_builtin_table_t table)
{
    tpl_int_t                 rc;
    tpl_str_t                 str;
    tpl_uint_t                i;
    tpl_list_t               *list;
    tpl_value_t               v;
    const tpl_builtin_map_t  *map;

    map = &vm->exec.builtins->tables[table];

    list = tpl_list_create(&vm->exec, map->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < map->n; i++) {
        tpl_value_from_str(&list->items[i], &map->items[i]->name.str);
    }

    list->n = (uint32_t) map->n;

    rc = tpl_list_sort(&vm->exec, list, NULL, 0);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_list(&v, list);

    str.data = (tpl_char_t *) key;
    str.len = strlen(key);

    return tpl_dict_set_str(&vm->exec, dict, &str, &v);
}


tpl_int_t
tpl_vm_debug(tpl_vm_t *vm, tpl_value_t *out)
{
    tpl_int_t             rc;
    tpl_dict_t           *dict, *names;
    tpl_value_t           v;
    const tpl_builtin_t  *fn;

    static const tpl_str_t  context = tpl_string("context");
    static const tpl_str_t  pprint = tpl_string("pprint");

    dict = tpl_dict_create(&vm->exec, 3);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    rc = tpl_vm_names(&vm->exec, &names);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_dict(&v, names);

    if (tpl_dict_set_str(&vm->exec, dict, &context, &v) != TPL_OK
        || tpl_vm_debug_names(vm, dict, "filters", TPL_FILTERS) != TPL_OK
        || tpl_vm_debug_names(vm, dict, "tests", TPL_TESTS) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(&v, dict);

    fn = tpl_builtins_find_str(vm->exec.builtins, TPL_INTERNALS, &pprint);

    if (fn == NULL) {
        return tpl_to_string(&vm->exec, &v, out);
    }

    return tpl_builtin_call(&vm->exec, fn, &v, 1, NULL, out);
}
