
/*
 * Macros and call blocks: functions that close over the one around them.
 */

#include "program/tpl_compiler.h"


static tpl_int_t tpl_emit_macro_func(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node, tpl_func_kind_t kind, uint32_t *index);


/* macros */

static tpl_int_t
tpl_emit_macro_func(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_func_kind_t kind, uint32_t *index)
{
    uint32_t             i, n, undeclared, slot, depth, pname;
    tpl_str_t            str;
    tpl_node_t          *p;
    tpl_label_t          given;
    tpl_scope_t          inner;
    tpl_builder_t        fb;
    const tpl_name_t    *name, **params;

    static const char *const  special[] = { "caller", "kwargs", "varargs" };

    name = NULL;

    if (kind == TPL_FUNC_MACRO) {
        name = tpl_compile_name(b->c, &node->u.macro.name.str);

        if (name == NULL) {
            return TPL_ERROR;
        }
    }

    tpl_try(tpl_code_begin(&fb, b->c, b, kind, name, &node->pos));

    tpl_inner(&inner, s, tpl_symbols_create(&fb, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    inner.output_check = 0;

    tpl_try(tpl_symbols_analyze(inner.symbols, node, TPL_SCOPE_MACRO));

    n = 0;

    for (p = node->u.macro.params; p != NULL; p = p->next) {
        n++;
    }

    params = tpl_palloc(b->c->arena, (n + 1) * sizeof(tpl_name_t *));
    if (params == NULL) {
        return tpl_compile_memory(b->c);
    }

    undeclared = tpl_find_undeclared(node->u.macro.body, special, 3);

    for (i = 0, p = node->u.macro.params; p != NULL; i++, p = p->next) {
        params[i] = tpl_compile_name(b->c, &p->u.keyword.name.str);

        if (params[i] == NULL) {
            return TPL_ERROR;
        }

        if (tpl_str_is(&p->u.keyword.name.str, "caller")) {
            fb.fn->explicit_caller = 1;
            fb.fn->asks_caller = (undeclared & 1);

            if ((undeclared & 1) && p->u.keyword.value == NULL) {
                return tpl_compile_error(b->c, TPL_EXC_ASSERTION, node,
                                         "When defining macros or call blocks "
                                         "the special \"caller\" argument "
                                         "must be omitted or be given a "
                                         "default.");
            }
        }

        if (tpl_str_is(&p->u.keyword.name.str, "kwargs")) {
            undeclared &= ~2u;
        }

        if (tpl_str_is(&p->u.keyword.name.str, "varargs")) {
            undeclared &= ~4u;
        }
    }

    fb.fn->nparams = n;
    fb.fn->params = params;

    for (i = 0; i < 3; i++) {

        if (!(undeclared & (1u << i))
            || (i == 0 && fb.fn->explicit_caller))
        {
            continue;
        }

        str.data = (tpl_char_t *) special[i];
        str.len = strlen(special[i]);

        name = tpl_compile_name(b->c, &str);

        if (name == NULL
            || tpl_symbols_param(inner.symbols, name, &slot) != TPL_OK)
        {
            return TPL_ERROR;
        }

        switch (i) {

        case 0:
            fb.fn->caller = slot;
            break;

        case 1:
            fb.fn->kwargs = slot;
            break;

        default:
            fb.fn->varargs = slot;
        }
    }

    tpl_try(tpl_enter(&fb, inner.symbols, 1));

    for (i = 0, p = node->u.macro.params; p != NULL; i++, p = p->next) {
        tpl_label_init(&given);

        if (tpl_symbols_find(inner.symbols, params[i], &slot, &depth)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        tpl_code_pos(&fb, p);
        tpl_try(tpl_code_jump(&fb, TPL_INSN_JUMP_SET, slot, &given));

        if (p->u.keyword.value != NULL) {
            tpl_try(tpl_emit_expr(&fb, &inner, p->u.keyword.value));
            tpl_try(tpl_code_emit(&fb, TPL_INSN_STORE, 0, slot, 0));

        } else {
            tpl_try(tpl_code_name(b->c, params[i], &pname));
            tpl_try(tpl_code_emit(&fb, TPL_INSN_PARAM_UNDEFINED, 0, slot,
                                  pname));
        }

        tpl_try(tpl_code_bind(&fb, &given));
    }

    tpl_try(tpl_emit_nodes(&fb, &inner, node->u.macro.body));
    tpl_try(tpl_code_end(&fb, index));

    b->fn->captured = 1;

    return TPL_OK;
}


tpl_int_t
tpl_emit_macro(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t           index, slot, depth;
    const tpl_name_t  *name;

    tpl_try(tpl_emit_macro_func(b, s, node, TPL_FUNC_MACRO, &index));

    name = tpl_compile_name(b->c, &node->u.macro.name.str);

    if (name == NULL
        || tpl_symbols_find(s->symbols, name, &slot, &depth) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_code_pos(b, node);
    tpl_try(tpl_code_emit(b, TPL_INSN_MACRO, 0, 0, index));
    tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0));

    return tpl_emit_export_name(b, s, name, name->str.data[0] != '_');
}


tpl_int_t
tpl_emit_call_block(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t  index;

    tpl_try(tpl_emit_macro_func(b, s, node, TPL_FUNC_CALLER, &index));
    tpl_code_pos(b, node);
    tpl_try(tpl_emit_call(b, s, node->u.macro.call, 1, &index));

    return tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
}
