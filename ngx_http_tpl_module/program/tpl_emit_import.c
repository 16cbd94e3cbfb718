
/*
 * Tornado's {% import %} and {% from %}, of the modules that the builtins have,
 * and {% module %}.
 *
 * A module of Python is pushed by the builtin of its dotted name; what the
 * builtins have not is an error of the compiler, which lists what there is.
 */

#include "program/tpl_compiler.h"


/* an error that lists what prefix ("math.", or "" for all modules) has */

static tpl_int_t
tpl_python_no_module(tpl_builder_t *b, tpl_node_t *node, const tpl_str_t *name,
    const tpl_str_t *prefix)
{
    tpl_buf_t                 buf;
    tpl_str_t                 entry;
    tpl_uint_t                i, n;
    const tpl_builtin_map_t  *map;

    map = &b->c->set->conf.builtins->tables[TPL_MODULES];
    n = 0;

    tpl_buf_init(&buf, b->c->work);

    for (i = 0; i < map->n; i++) {
        entry = map->items[i]->name.str;

        if (prefix->len == 0) {
            if (!(map->items[i]->flags & TPL_FN_MODULE)) {
                continue;
            }

        } else {
            if (entry.len <= prefix->len
                || memcmp(entry.data, prefix->data, prefix->len) != 0)
            {
                continue;
            }

            entry.data += prefix->len;
            entry.len -= prefix->len;

            /* not what is inside of it */

            if (memchr(entry.data, '.', entry.len)
                || memchr(entry.data, ':', entry.len))
            {
                continue;
            }
        }

        tpl_buf_printf(&buf, "%s%.*s", n++ ? ", " : "", tpl_str_arg(&entry));
    }

    if (buf.failed) {
        return tpl_compile_memory(b->c);
    }

    return tpl_compile_error(b->c, TPL_EXC_PARSE, node,
                             "import of '%.*s%.*s' is not supported in "
                             "templates; there is: %.*s", tpl_str_arg(prefix),
                             tpl_str_arg(name), (int) buf.len,
                             (char *) buf.data);
}


/* pushes a module */

static tpl_int_t
tpl_python_push_module(tpl_builder_t *b, tpl_node_t *node,
    const tpl_str_t *dotted)
{
    const tpl_builtin_t  *fn;

    static const tpl_str_t  none = tpl_string("");

    fn = tpl_builtins_find_str(b->c->set->conf.builtins, TPL_MODULES, dotted);

    if (fn == NULL || !(fn->flags & TPL_FN_MODULE)) {
        return tpl_python_no_module(b, node, dotted, &none);
    }

    if (fn->flags & TPL_FN_IMPURE) {
        b->c->flags |= TPL_TEMPLATE_IMPURE;
    }

    return tpl_code_emit(b, TPL_INSN_FUNCTION, TPL_MODULES, 0, fn->index);
}


tpl_int_t
tpl_emit_python_import(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t              index;
    tpl_buf_t             buf;
    tpl_str_t             dotted, str;
    tpl_node_t           *item;
    const tpl_name_t     *name;
    const tpl_builtin_t  *fn;

    dotted = tpl_value_str(&node->u.ref.module->u.value);

    if (node->type == TPL_NODE_PY_IMPORT) {
        name = tpl_compile_name(b->c, &node->u.ref.name.str);
        if (name == NULL) {
            return TPL_ERROR;
        }

        tpl_try(tpl_python_push_module(b, node, &dotted));

        /* import a.b binds a */

        if (dotted.len > name->str.len
            && memcmp(dotted.data, name->str.data, name->str.len) == 0
            && dotted.data[name->str.len] == '.')
        {
            tpl_try(tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0));
            tpl_try(tpl_python_push_module(b, node, &name->str));
        }

        return tpl_emit_python_store(b, name);
    }

    for (item = node->u.ref.names; item != NULL; item = item->next) {
        tpl_try(tpl_python_push_module(b, node, &dotted));

        tpl_buf_init(&buf, b->c->work);
        tpl_buf_printf(&buf, "%.*s.%.*s", tpl_str_arg(&dotted),
                       tpl_str_arg(&item->u.keyword.name.str));

        if (buf.failed) {
            return tpl_compile_memory(b->c);
        }

        str.data = buf.data;
        str.len = buf.len;

        fn = tpl_builtins_find_str(b->c->set->conf.builtins, TPL_MODULES,
                                   &str);
        if (fn == NULL) {
            str.len = dotted.len + 1;

            return tpl_python_no_module(b, item, &item->u.keyword.name.str,
                                        &str);
        }

        if (fn->flags & TPL_FN_IMPURE) {
            b->c->flags |= TPL_TEMPLATE_IMPURE;
        }

        tpl_try(tpl_code_name(b->c, &item->u.keyword.name, &index));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_emit(b, TPL_INSN_GET_ATTR, 0, 0, index));
        tpl_try(tpl_emit_store(b, s, item->u.keyword.value));
    }

    return TPL_OK;
}


tpl_int_t
tpl_emit_python_module(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t                      i, index, nargs;
    tpl_str_t                     str;
    tpl_buf_t                     buf;
    tpl_node_t                   *call, *arg, *object;
    tpl_unit_t                   *unit;
    const tpl_name_t            **slot;
    tpl_vec(const tpl_name_t *)   names;

    memset(&names, 0, sizeof(names));

    call = node->u.unary.expr;

    if (call->type != TPL_NODE_CALL) {
        return tpl_compile_error(b->c, TPL_EXC_PARSE, node,
                                 "module takes a call: {%% module Name() %%}");
    }

    object = call->u.call.callee;

    if (object->type != TPL_NODE_NAME) {
        return tpl_compile_error(b->c, TPL_EXC_PARSE, node,
                                 "module takes a plain name: "
                                 "{%% module Name() %%}");
    }

    tpl_buf_init(&buf, b->c->work);
    tpl_buf_printf(&buf, "modules/%.*s.html",
                   tpl_str_arg(&object->u.name.str));

    if (buf.failed) {
        return tpl_compile_memory(b->c);
    }

    str.data = buf.data;
    str.len = buf.len;

    unit = tpl_set_refer(b->c->set, &str, b->c->current, &node->pos,
                         "rendered as module", b->c->err);
    if (unit == NULL) {
        return TPL_ERROR;
    }

    if (tpl_unit_missing(unit)) {
        return tpl_error_set(b->c->err, TPL_EXC_NOT_FOUND, &node->pos,
                             "module template \"%.*s\" is not found",
                             tpl_str_arg(&str));
    }

    nargs = 0;

    for (arg = call->u.call.args; arg != NULL; arg = arg->next) {

        if (arg->type == TPL_NODE_STAR || arg->type == TPL_NODE_STARSTAR) {
            return tpl_compile_error(b->c, TPL_EXC_PARSE, arg,
                                     "module takes no starred arguments");
        }

        if (arg->type == TPL_NODE_KEYWORD) {
            continue;
        }

        nargs++;

        tpl_try(tpl_emit_expr(b, s, arg));
    }

    tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_TUPLE, 0, 0, nargs));

    slot = tpl_vec_push(b->c->work, &names);
    if (slot == NULL) {
        return tpl_compile_memory(b->c);
    }

    tpl_str_set(&str, "args");
    *slot = tpl_compile_name(b->c, &str);

    for (arg = call->u.call.args; arg != NULL; arg = arg->next) {

        if (arg->type != TPL_NODE_KEYWORD && arg->type != TPL_NODE_NAME) {
            continue;
        }

        slot = tpl_vec_push(b->c->work, &names);
        if (slot == NULL) {
            return tpl_compile_memory(b->c);
        }

        if (arg->type == TPL_NODE_NAME) {
            *slot = tpl_compile_name(b->c, &arg->u.name.str);
            tpl_try(tpl_emit_expr(b, s, arg));

        } else {
            *slot = tpl_compile_name(b->c, &arg->u.keyword.name.str);
            tpl_try(tpl_emit_expr(b, s, arg->u.keyword.value));
        }
    }

    for (i = 0; i < names.n; i++) {
        if (names.elts[i] == NULL) {
            return TPL_ERROR;
        }
    }

    tpl_code_pos(b, node);
    tpl_try(tpl_code_const_names(b->c, names.elts, names.n, &index));
    tpl_try(tpl_code_emit(b, TPL_INSN_LOCALS, 0, names.n, index));
    tpl_try(tpl_code_link(b->c, &unit->tmpl, &index));

    return tpl_code_emit(b, TPL_INSN_INCLUDE_STATIC,
                         TPL_REF_CONTEXT|TPL_REF_LOCALS, 0, index);
}
