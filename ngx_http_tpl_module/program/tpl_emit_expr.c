
/*
 * Expressions to instructions; each leaves exactly one value on the stack.
 */

#include "base/tpl_escape.h"
#include "program/tpl_compiler.h"


static tpl_int_t tpl_emit_name(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_items(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_dict(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_compare(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_cond(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_attr(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_slice(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_fstring(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_filter(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node, tpl_builtin_table_t table);
static tpl_int_t tpl_emit_unknown(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node, tpl_builtin_table_t table);
static tpl_int_t tpl_emit_bound(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node, const tpl_builtin_t *fn, tpl_builtin_table_t table);
static tpl_int_t tpl_is_literal(tpl_node_t *node, void *data);
static tpl_int_t tpl_emit_literal(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *expr);
static tpl_int_t tpl_emit_list_dict(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *args, const uint32_t *caller_func);


tpl_int_t
tpl_emit_expr(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_int_t    rc;
    tpl_label_t  end;
    tpl_value_t  v;

    rc = tpl_fold(b, node, &v);

    if (rc == TPL_OK) {
        tpl_code_pos(b, node);
        return tpl_code_push(b, &v);
    }

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    switch (node->type) {

    case TPL_NODE_CONST:
        return tpl_code_push(b, &node->u.value);

    case TPL_NODE_NAME:
        return tpl_emit_name(b, s, node);

    case TPL_NODE_LIST:
    case TPL_NODE_TUPLE:
    case TPL_NODE_SETLIT:
        return tpl_emit_items(b, s, node);

    case TPL_NODE_DICT:
        return tpl_emit_dict(b, s, node);

    case TPL_NODE_UNARY:
        tpl_try(tpl_emit_expr(b, s, node->u.unary.expr));
        tpl_code_pos(b, node);
        return tpl_code_emit(b, TPL_INSN_UNARY, node->op, 0, 0);

    case TPL_NODE_NOT:
        tpl_try(tpl_emit_expr(b, s, node->u.unary.expr));
        tpl_code_pos(b, node);
        return tpl_code_emit(b, TPL_INSN_NOT, 0, 0, 0);

    case TPL_NODE_MARKUP:
        tpl_try(tpl_emit_expr(b, s, node->u.unary.expr));
        tpl_code_pos(b, node);
        return tpl_code_emit(b, TPL_INSN_MARKUP, 0, 0, 0);

    case TPL_NODE_BINARY:
        tpl_try(tpl_emit_expr(b, s, node->u.binary.left));
        tpl_try(tpl_emit_expr(b, s, node->u.binary.right));
        tpl_code_pos(b, node);
        return tpl_code_emit(b, TPL_INSN_BINARY, node->op, 0, 0);

    case TPL_NODE_AND:
    case TPL_NODE_OR:
        tpl_label_init(&end);
        tpl_try(tpl_emit_expr(b, s, node->u.binary.left));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_jump(b, node->type == TPL_NODE_AND
                                 ? TPL_INSN_JUMP_FALSE_OR_POP
                                 : TPL_INSN_JUMP_TRUE_OR_POP,
                              0, &end));
        tpl_try(tpl_emit_expr(b, s, node->u.binary.right));
        return tpl_code_bind(b, &end);

    case TPL_NODE_COMPARE:
        return tpl_emit_compare(b, s, node);

    case TPL_NODE_CONCAT:
        return tpl_emit_items(b, s, node);

    case TPL_NODE_COND:
        return tpl_emit_cond(b, s, node);

    case TPL_NODE_ATTR:
        return tpl_emit_attr(b, s, node);

    case TPL_NODE_ITEM:
        tpl_try(tpl_emit_expr(b, s, node->u.binary.left));
        tpl_try(tpl_emit_expr(b, s, node->u.binary.right));
        tpl_code_pos(b, node);
        return tpl_code_emit(b, TPL_INSN_GET_ITEM, 0, 0, 0);

    case TPL_NODE_SLICE:
        return tpl_emit_slice(b, s, node);

    case TPL_NODE_CALL:
        return tpl_emit_call(b, s, node, 0, NULL);

    case TPL_NODE_FILTER:
        return tpl_emit_filter(b, s, node, TPL_FILTERS);

    case TPL_NODE_TEST:
        return tpl_emit_filter(b, s, node, TPL_TESTS);

    case TPL_NODE_LAMBDA:
        return tpl_emit_lambda(b, s, node);

    case TPL_NODE_COMPREHENSION:
        return tpl_emit_comprehension(b, s, node);

    case TPL_NODE_FSTRING:
        return tpl_emit_fstring(b, s, node);

    default:
        return tpl_compile_error(b->c, TPL_EXC_SYNTAX, node,
                                 "this cannot stand in an expression");
    }
}


static tpl_int_t
tpl_emit_name(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t           slot, depth, index;
    const tpl_name_t  *name;

    tpl_code_pos(b, node);

    if (b->c->set->conf.options.python) {
        return tpl_emit_python_name(b, node);
    }

    name = tpl_compile_name(b->c, &node->u.name.str);

    if (name == NULL || tpl_code_name(b->c, name, &index) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_symbols_find(s->symbols, name, &slot, &depth) != TPL_OK) {
        return tpl_code_emit(b, TPL_INSN_RESOLVE_PUSH, 0, 0, index);
    }

    return (depth == 0)
           ? tpl_code_emit(b, TPL_INSN_LOAD, 0, slot, index)
           : tpl_code_emit(b, TPL_INSN_LOAD_UP, depth, slot, index);
}


tpl_int_t
tpl_emit_store(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t           slot, depth, index, before, after, star;
    tpl_node_t        *item;
    const tpl_name_t  *name;

    tpl_code_pos(b, node);

    switch (node->type) {

    case TPL_NODE_NAME:
        name = tpl_compile_name(b->c, &node->u.name.str);

        if (name == NULL) {
            return TPL_ERROR;
        }

        if (b->c->set->conf.options.python) {
            return tpl_emit_python_store(b, name);
        }

        if (tpl_symbols_find(s->symbols, name, &slot, &depth) != TPL_OK
            || depth != 0)
        {
            return tpl_compile_error(b->c, TPL_EXC_SYNTAX, node,
                                     "cannot assign to '%.*s' here",
                                     tpl_str_arg(&name->str));
        }

        return tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0);

    case TPL_NODE_TUPLE:
    case TPL_NODE_LIST:
        before = 0;
        after = 0;
        star = 0;

        for (item = node->u.items.items; item != NULL; item = item->next) {

            if (item->type == TPL_NODE_STAR) {
                star = 1;

            } else if (star) {
                after++;

            } else {
                before++;
            }
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_UNPACK, star, before, after));

        for (item = node->u.items.items; item != NULL; item = item->next) {
            tpl_try(tpl_emit_store(b, s, item->type == TPL_NODE_STAR
                                         ? item->u.unary.expr : item));
        }

        return TPL_OK;

    case TPL_NODE_NSREF:
    case TPL_NODE_ATTR:
        tpl_try(tpl_emit_expr(b, s, node->u.attr.object));
        tpl_try(tpl_code_name(b->c, &node->u.attr.name, &index));
        return tpl_code_emit(b, TPL_INSN_SET_ATTR,
                             node->type == TPL_NODE_NSREF, 0, index);

    case TPL_NODE_ITEM:
        tpl_try(tpl_emit_expr(b, s, node->u.binary.left));
        tpl_try(tpl_emit_expr(b, s, node->u.binary.right));
        return tpl_code_emit(b, TPL_INSN_SET_ITEM, 0, 0, 0);

    default:
        return tpl_compile_error(b->c, TPL_EXC_PARSE, node,
                                 "cannot assign to this expression");
    }
}


/* lists, tuples, sets and ~ ; with a *star (Tornado) they grow one by one */

static tpl_int_t
tpl_emit_items(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t      n;
    tpl_uint_t    star;
    tpl_node_t   *item;
    tpl_opcode_t  build;

    star = 0;
    n = 0;

    for (item = node->u.items.items; item != NULL; item = item->next) {
        star |= (item->type == TPL_NODE_STAR);
        n++;
    }

    switch (node->type) {

    case TPL_NODE_TUPLE:
        build = TPL_INSN_BUILD_TUPLE;
        break;

    case TPL_NODE_SETLIT:
        build = TPL_INSN_BUILD_SET;
        break;

    case TPL_NODE_CONCAT:
        build = TPL_INSN_CONCAT;
        break;

    default:
        build = TPL_INSN_BUILD_LIST;
    }

    /* a long literal grows as well: the stack stays shallow */

    if (!star && (n <= 32 || node->type == TPL_NODE_CONCAT)) {

        for (item = node->u.items.items; item != NULL; item = item->next) {
            tpl_try(tpl_emit_expr(b, s, item));
        }

        tpl_code_pos(b, node);

        /* Jinja2: visit_Concat, which asks a run time's flag nobody sets */

        return tpl_code_emit(b, build, build == TPL_INSN_CONCAT
                                       && b->unsettled, 0, n);
    }

    tpl_try(tpl_code_emit(b, node->type == TPL_NODE_SETLIT
                             ? TPL_INSN_BUILD_SET : TPL_INSN_BUILD_LIST,
                          0, 0, 0));

    for (item = node->u.items.items; item != NULL; item = item->next) {

        if (item->type == TPL_NODE_STAR) {

            if (node->type == TPL_NODE_SETLIT) {
                return tpl_compile_error(b->c, TPL_EXC_PARSE, item,
                                         "* in a set is not supported");
            }

            tpl_try(tpl_emit_expr(b, s, item->u.unary.expr));
            tpl_code_pos(b, item);
            tpl_try(tpl_code_emit(b, TPL_INSN_LIST_EXTEND, 0, 0, 1));
            continue;
        }

        tpl_try(tpl_emit_expr(b, s, item));
        tpl_try(tpl_code_emit(b, node->type == TPL_NODE_SETLIT
                                 ? TPL_INSN_SET_ADD : TPL_INSN_LIST_APPEND,
                              0, 0, 1));
    }

    if (node->type == TPL_NODE_TUPLE) {
        return tpl_code_emit(b, TPL_INSN_LIST_TO_TUPLE, 0, 0, 0);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_emit_dict(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t     n;
    tpl_uint_t   star;
    tpl_node_t  *item;

    star = 0;
    n = 0;

    for (item = node->u.items.items; item != NULL; item = item->next) {
        star |= (item->type == TPL_NODE_STARSTAR);
        n++;
    }

    if (star || n > 16) {
        tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_DICT, 0, 0, 0));

        for (item = node->u.items.items; item != NULL; item = item->next) {

            if (item->type == TPL_NODE_STARSTAR) {
                tpl_try(tpl_emit_expr(b, s, item->u.unary.expr));
                tpl_code_pos(b, item);
                tpl_try(tpl_code_emit(b, TPL_INSN_DICT_UPDATE, 0, 0, 1));
                continue;
            }

            tpl_try(tpl_emit_expr(b, s, item->u.binary.left));
            tpl_try(tpl_emit_expr(b, s, item->u.binary.right));
            tpl_code_pos(b, item);
            tpl_try(tpl_code_emit(b, TPL_INSN_DICT_ADD, 0, 0, 1));
        }

        return TPL_OK;
    }

    for (item = node->u.items.items; item != NULL; item = item->next) {
        tpl_try(tpl_emit_expr(b, s, item->u.binary.left));
        tpl_try(tpl_emit_expr(b, s, item->u.binary.right));
    }

    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_BUILD_DICT, 0, 0, n);
}


/* a < b < c: b is evaluated once, and c only if a < b */

static tpl_int_t
tpl_emit_compare(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_node_t   *op;
    tpl_uint_t    chained;
    tpl_label_t   end, drop;

    chained = 0;

    tpl_label_init(&end);
    tpl_label_init(&drop);

    tpl_try(tpl_emit_expr(b, s, node->u.compare.expr));

    for (op = node->u.compare.operands; op != NULL; op = op->next) {

        tpl_try(tpl_emit_expr(b, s, op->u.unary.expr));
        tpl_code_pos(b, op);

        if (op->next == NULL) {
            tpl_try(tpl_code_emit(b, TPL_INSN_COMPARE, op->op, 0, 0));
            break;
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_DUP, 0, 0, 0));
        tpl_try(tpl_code_emit(b, TPL_INSN_ROT3, 0, 0, 0));
        tpl_try(tpl_code_emit(b, TPL_INSN_COMPARE, op->op, 0, 0));
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE_OR_POP, 0, &drop));
        chained = 1;
    }

    if (!chained) {
        return TPL_OK;
    }

    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
    tpl_try(tpl_code_bind(b, &drop));
    tpl_try(tpl_code_emit(b, TPL_INSN_ROT2, 0, 0, 0));
    tpl_try(tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0));

    return tpl_code_bind(b, &end);
}


static tpl_int_t
tpl_emit_cond(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t      index;
    tpl_str_t     hint;
    tpl_buf_t     buf;
    tpl_label_t   end, orelse;
    tpl_scope_t   soft;

    soft = *s;
    soft.soft = 1;
    soft.rootlevel = 0;

    tpl_label_init(&end);
    tpl_label_init(&orelse);

    tpl_try(tpl_emit_expr(b, &soft, node->u.cond.test));
    tpl_code_pos(b, node);
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, &orelse));
    tpl_try(tpl_emit_expr(b, &soft, node->u.cond.body));
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
    tpl_try(tpl_code_bind(b, &orelse));

    if (node->u.cond.orelse != NULL) {
        tpl_try(tpl_emit_expr(b, &soft, node->u.cond.orelse));

    } else {
        tpl_buf_init(&buf, b->c->work);

        if (tpl_buf_printf(&buf, "the inline if-expression on line %u in "
                           "'%.*s' evaluated to false and no else section "
                           "was defined.", (unsigned) node->pos.line,
                           tpl_str_arg(&b->c->unit->tmpl.name))
            != TPL_OK)
        {
            return tpl_compile_memory(b->c);
        }

        hint.data = buf.data;
        hint.len = buf.len;

        tpl_try(tpl_code_const_str(b->c, &hint, &index));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_emit(b, TPL_INSN_UNDEFINED, 0, 0, index));
    }

    return tpl_code_bind(b, &end);
}


static tpl_uint_t
tpl_host_variable(tpl_builder_t *b, tpl_scope_t *s, const tpl_node_t *node)
{
    return (s->symbols != NULL) ? tpl_is_host_variable(s->symbols, node)
                                : tpl_is_python_host_variable(b, node);
}


static tpl_int_t
tpl_emit_attr(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t       index;
    tpl_int_t      rc;
    tpl_loader_t  *loader;

    loader = &b->c->set->conf.loader;

    if (loader->variable != NULL && tpl_host_variable(b, s, node)) {
        rc = loader->variable(loader->data, &node->u.attr.name.str, &index,
                              b->c->err);

        if (rc == TPL_ERROR) {
            if (b->c->err->pos.source == NULL) {
                b->c->err->pos = node->pos;
            }

            return TPL_ERROR;
        }

        if (rc == TPL_OK) {
            tpl_code_pos(b, node);
            return tpl_code_emit(b, TPL_INSN_HOST_VAR, 0, 0, index);
        }

        return tpl_compile_error(b->c, TPL_EXC_UNDEFINED, node,
                                 "unknown variable \"%s.%.*s\"",
                                 loader->variables,
                                 tpl_str_arg(&node->u.attr.name.str));
    }

    tpl_try(tpl_emit_expr(b, s, node->u.attr.object));
    tpl_try(tpl_code_name(b->c, &node->u.attr.name, &index));

    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_GET_ATTR, 0, 0, index);
}


static tpl_int_t
tpl_emit_slice(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_uint_t   i;
    tpl_node_t  *parts[3];

    parts[0] = node->u.slice.start;
    parts[1] = node->u.slice.stop;
    parts[2] = node->u.slice.step;

    tpl_try(tpl_emit_expr(b, s, node->u.slice.object));

    for (i = 0; i < 3; i++) {
        if (parts[i] != NULL) {
            tpl_try(tpl_emit_expr(b, s, parts[i]));

        } else {
            tpl_try(tpl_code_emit(b, TPL_INSN_MISSING, 0, 0, 0));
        }
    }

    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_GET_SLICE, 0, 0, 0);
}


static tpl_int_t
tpl_emit_fstring(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t     n;
    tpl_node_t  *item;
    tpl_value_t  empty;

    n = 0;

    for (item = node->u.items.items; item != NULL; item = item->next) {
        n++;

        if (item->type != TPL_NODE_FIELD) {
            tpl_try(tpl_emit_expr(b, s, item));
            continue;
        }

        tpl_try(tpl_emit_expr(b, s, item->u.call.callee));

        if (item->u.call.args != NULL) {
            tpl_try(tpl_emit_expr(b, s, item->u.call.args));

        } else if (item->u.call.name.str.len != 0) {
            tpl_value_from_str(&empty, &item->u.call.name.str);
            tpl_try(tpl_code_push(b, &empty));

        } else {
            tpl_value_string(&empty, (const tpl_char_t *) "", 0, TPL_F_ASCII);
            tpl_try(tpl_code_push(b, &empty));
        }

        tpl_code_pos(b, item);
        tpl_try(tpl_code_emit(b, TPL_INSN_FORMAT, item->op, 0, 0));
    }

    return tpl_code_emit(b, TPL_INSN_CONCAT_STR, 0, 0, n);
}


/* calls */

static tpl_int_t
tpl_emit_list_dict(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *args,
    const uint32_t *caller_func)
{
    tpl_node_t   *arg;
    tpl_value_t   key;

    tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_LIST, 0, 0, 0));

    for (arg = args; arg != NULL; arg = arg->next) {

        if (arg->type == TPL_NODE_STAR) {
            tpl_try(tpl_emit_expr(b, s, arg->u.unary.expr));
            tpl_code_pos(b, arg);
            tpl_try(tpl_code_emit(b, TPL_INSN_LIST_EXTEND, 0, 0, 1));

        } else if (arg->type != TPL_NODE_KEYWORD
                   && arg->type != TPL_NODE_STARSTAR)
        {
            tpl_try(tpl_emit_expr(b, s, arg));
            tpl_try(tpl_code_emit(b, TPL_INSN_LIST_APPEND, 0, 0, 1));
        }
    }

    tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_DICT, 0, 0, 0));

    for (arg = args; arg != NULL; arg = arg->next) {

        if (arg->type == TPL_NODE_KEYWORD) {
            tpl_value_from_str(&key, &arg->u.keyword.name.str);
            tpl_try(tpl_code_push(b, &key));
            tpl_try(tpl_emit_expr(b, s, arg->u.keyword.value));
            tpl_try(tpl_code_emit(b, TPL_INSN_DICT_ADD, 0, 0, 1));

        } else if (arg->type == TPL_NODE_STARSTAR) {
            tpl_try(tpl_emit_expr(b, s, arg->u.unary.expr));
            tpl_code_pos(b, arg);
            tpl_try(tpl_code_emit(b, TPL_INSN_DICT_UPDATE, 1, 0, 1));
        }
    }

    if (caller_func != NULL) {
        tpl_value_string(&key, (const tpl_char_t *) "caller", 6, TPL_F_ASCII);
        tpl_try(tpl_code_push(b, &key));
        tpl_try(tpl_code_emit(b, TPL_INSN_MACRO, 0, 0, *caller_func));
        tpl_try(tpl_code_emit(b, TPL_INSN_DICT_ADD, 0, 0, 1));
    }

    return TPL_OK;
}


static tpl_uint_t
tpl_has_star(const tpl_node_t *args)
{
    for ( /* void */ ; args != NULL; args = args->next) {
        if (args->type == TPL_NODE_STAR || args->type == TPL_NODE_STARSTAR) {
            return 1;
        }
    }

    return 0;
}


tpl_int_t
tpl_emit_call(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_uint_t direct, const uint32_t *caller_func)
{
    uint32_t                     n, index;
    tpl_node_t                  *arg, *callee;
    const tpl_name_t           **name, *caller;
    tpl_vec(const tpl_name_t *)  keywords;

    static const tpl_str_t  caller_name = tpl_string("caller");

    memset(&keywords, 0, sizeof(keywords));

    callee = node->u.call.callee;
    direct = direct ? TPL_CALL_DIRECT : 0;

    if (callee->type == TPL_NODE_NAME) {
        tpl_try(tpl_called_zones(b, s, node));

        tpl_try(tpl_called_add(b, node));
    }

    if (tpl_has_star(node->u.call.args)) {
        tpl_try(tpl_emit_expr(b, s, callee));
        tpl_try(tpl_emit_list_dict(b, s, node->u.call.args, caller_func));
        tpl_code_pos(b, node);
        return tpl_code_emit(b, TPL_INSN_CALL_EX, direct, 0, 0);
    }

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {

        if (arg->type != TPL_NODE_KEYWORD) {
            continue;
        }

        name = tpl_vec_push(b->c->work, &keywords);
        if (name == NULL) {
            return tpl_compile_memory(b->c);
        }

        *name = &arg->u.keyword.name;
    }

    if (caller_func != NULL) {
        caller = tpl_compile_name(b->c, &caller_name);
        name = tpl_vec_push(b->c->work, &keywords);

        if (caller == NULL || name == NULL) {
            return tpl_compile_memory(b->c);
        }

        *name = caller;
    }

    if (callee->type == TPL_NODE_ATTR && keywords.n == 0
        && !tpl_host_variable(b, s, callee))
    {
        tpl_try(tpl_emit_expr(b, s, callee->u.attr.object));

        n = 0;

        for (arg = node->u.call.args; arg != NULL; arg = arg->next) {
            tpl_try(tpl_emit_expr(b, s, arg));
            n++;
        }

        tpl_try(tpl_code_name(b->c, &callee->u.attr.name, &index));
        tpl_code_pos(b, node);

        return tpl_code_emit(b, TPL_INSN_CALL_METHOD, direct, n, index);
    }

    tpl_try(tpl_emit_expr(b, s, callee));

    n = 0;

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {
        if (arg->type != TPL_NODE_KEYWORD) {
            tpl_try(tpl_emit_expr(b, s, arg));
            n++;
        }
    }

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {
        if (arg->type == TPL_NODE_KEYWORD) {
            tpl_try(tpl_emit_expr(b, s, arg->u.keyword.value));
        }
    }

    if (caller_func != NULL) {
        tpl_try(tpl_code_emit(b, TPL_INSN_MACRO, 0, 0, *caller_func));
    }

    index = TPL_NO_CONST;

    if (keywords.n > 127) {
        return tpl_compile_error(b->c, TPL_EXC_SYNTAX, node,
                                 "more than 127 keyword arguments");
    }

    if (keywords.n != 0) {
        tpl_try(tpl_code_const_names(b->c, keywords.elts, keywords.n,
                                     &index));
    }

    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_CALL, direct | keywords.n, n, index);
}


/* filters and tests */

tpl_int_t
tpl_emit_filter_chain(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    return tpl_emit_filter(b, s, node, TPL_FILTERS);
}


/* whether what map() calls is pure; a name that is not known may be any */

static tpl_uint_t
tpl_applies_pure(tpl_builder_t *b, tpl_node_t *node)
{
    tpl_str_t             name;
    tpl_node_t           *arg;
    const tpl_builtin_t  *fn;

    if (!tpl_str_is(&node->u.call.name.str, "map")) {
        return 1;
    }

    arg = node->u.call.args;

    if (arg == NULL || arg->type == TPL_NODE_KEYWORD) {
        return 1;
    }

    if (arg->type != TPL_NODE_CONST || !tpl_is_string(&arg->u.value)) {
        return 0;
    }

    name = tpl_value_str(&arg->u.value);
    fn = tpl_builtins_find_str(b->c->set->conf.builtins, TPL_FILTERS, &name);

    /* map() of map() */

    return fn == NULL || (!(fn->flags & TPL_FN_IMPURE)
                          && !tpl_str_is(&name, "map"));
}


static tpl_int_t
tpl_emit_filter(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_builtin_table_t table)
{
    const tpl_builtin_t  *fn;

    fn = tpl_builtins_find(b->c->set->conf.builtins, table,
                           &node->u.call.name);

    if (fn == NULL) {
        return tpl_emit_unknown(b, s, node, table);
    }

    if ((fn->flags & TPL_FN_IMPURE)
        || (table == TPL_FILTERS && !tpl_applies_pure(b, node)))
    {
        b->c->flags |= TPL_TEMPLATE_IMPURE;
    }

    if (node->u.call.callee != NULL) {
        tpl_try(tpl_emit_expr(b, s, node->u.call.callee));
    }

    if (!tpl_has_star(node->u.call.args)) {
        return tpl_emit_bound(b, s, node, fn, table);
    }

    tpl_try(tpl_emit_list_dict(b, s, node->u.call.args, NULL));

    tpl_code_pos(b, node);

    return tpl_code_emit(b, table == TPL_FILTERS ? TPL_INSN_FILTER_EX
                                                 : TPL_INSN_TEST_EX,
                         0, 0, fn->index);
}


/*
 * Inside an if a filter may be unknown as long as it is not used, so that
 * templates can ask `if 'x' is filter` (Jinja2: soft frames).
 */

static tpl_int_t
tpl_emit_unknown(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_builtin_table_t table)
{
    uint32_t          index;
    tpl_buf_t         buf;
    tpl_str_t         message;
    tpl_uint_t        n;
    const char       *what;
    const tpl_str_t  *names, *near;

    what = (table == TPL_FILTERS) ? "filter" : "test";

    if (!s->soft) {
        near = NULL;
        names = tpl_builtins_names(b->c->set->conf.builtins, table,
                                   b->c->work, &n);

        if (names != NULL) {
            near = tpl_nearest(&node->u.call.name.str, names, n);
        }

        if (near == NULL) {
            return tpl_compile_error(b->c, TPL_EXC_ASSERTION, node,
                                     "No %s named '%.*s'.", what,
                                     tpl_str_arg(&node->u.call.name.str));
        }

        return tpl_compile_error(b->c, TPL_EXC_ASSERTION, node,
                                 "No %s named '%.*s'. Did you mean '%.*s'?",
                                 what, tpl_str_arg(&node->u.call.name.str),
                                 tpl_str_arg(near));
    }

    tpl_buf_init(&buf, b->c->work);

    if (tpl_buf_printf(&buf, "No %s named '%.*s' found.", what,
                       tpl_str_arg(&node->u.call.name.str))
        != TPL_OK)
    {
        return tpl_compile_memory(b->c);
    }

    message.data = buf.data;
    message.len = buf.len;

    tpl_try(tpl_code_const_str(b->c, &message, &index));

    if (node->u.call.callee != NULL) {
        tpl_try(tpl_emit_expr(b, s, node->u.call.callee));
    }

    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_RAISE, TPL_EXC_RUNTIME, 0, index);
}


/* ". Did you mean 'width'?" */

static void
tpl_suggest_parameter(tpl_builder_t *b, const tpl_builtin_t *fn,
    const tpl_str_t *name, tpl_buf_t *buf)
{
    tpl_str_t        *names;
    tpl_uint_t        i, n;
    const tpl_str_t  *near;

    names = tpl_palloc(b->c->work, (fn->nparams + 1) * sizeof(tpl_str_t));
    if (names == NULL) {
        return;
    }

    for (i = 0, n = 0; i < fn->nparams; i++) {
        if (!fn->params[i].positional) {
            names[n++] = fn->params[i].name.str;
        }
    }

    near = tpl_nearest(name, names, n);

    if (near != NULL && !tpl_str_eq(near, name)) {
        tpl_buf_printf(buf, ". Did you mean '%.*s'?", tpl_str_arg(near));
    }
}


static tpl_int_t
tpl_emit_bad_arguments(tpl_builder_t *b, tpl_node_t *node,
    const tpl_builtin_t *fn, const char *fmt, const tpl_str_t *name)
{
    uint32_t   index;
    tpl_buf_t  buf;
    tpl_str_t  message;

    tpl_buf_init(&buf, b->c->work);

    tpl_buf_printf(&buf, "%.*s() ", tpl_str_arg(&fn->name.str));
    tpl_buf_printf(&buf, "%s", fmt);

    if (name != NULL) {
        tpl_buf_printf(&buf, " '%.*s'", tpl_str_arg(name));
    }

    if (name != NULL && !b->c->set->conf.lazy) {
        tpl_suggest_parameter(b, fn, name, &buf);
    }

    if (buf.failed) {
        return tpl_compile_memory(b->c);
    }

    message.data = buf.data;
    message.len = buf.len;

    if (!b->c->set->conf.lazy) {
        return tpl_compile_error(b->c, TPL_EXC_TYPE, node, "%.*s",
                                 tpl_str_arg(&message));
    }

    tpl_try(tpl_code_const_str(b->c, &message, &index));
    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_RAISE, TPL_EXC_TYPE, 0, index);
}


/*
 * Arguments known while compiling are put where the handler wants them; the
 * first one is on the stack already.
 */

static tpl_int_t
tpl_emit_bound(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    const tpl_builtin_t *fn, tpl_builtin_table_t table)
{
    uint32_t              i, n, extra, nkeywords;
    tpl_node_t           *arg, **args;
    tpl_value_t           key;
    const tpl_name_t     *name;

    args = tpl_pcalloc(b->c->work,
                       (fn->nparams + 1) * sizeof(tpl_node_t *));
    if (args == NULL) {
        return tpl_compile_memory(b->c);
    }

    n = 1;
    extra = 0;
    nkeywords = 0;

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {

        if (arg->type == TPL_NODE_KEYWORD) {
            name = &arg->u.keyword.name;

            for (i = 0; i < fn->nparams; i++) {
                if (!fn->params[i].positional
                    && tpl_str_eq(&fn->params[i].name.str, &name->str))
                {
                    break;
                }
            }

            if (i == fn->nparams) {

                if (!fn->starstar) {
                    return tpl_emit_bad_arguments(b, arg, fn,
                                   "got an unexpected keyword argument",
                                   &name->str);
                }

                nkeywords++;
                continue;
            }

            if (i < n || args[i] != NULL) {
                return tpl_emit_bad_arguments(b, arg, fn,
                                   "got multiple values for argument",
                                   &name->str);
            }

            args[i] = arg->u.keyword.value;
            continue;
        }

        if (n < fn->nparams) {
            args[n++] = arg;

        } else if (fn->star) {
            extra++;

        } else {
            return tpl_emit_bad_arguments(b, arg, fn,
                                   "got too many positional arguments", NULL);
        }
    }

    for (i = 1; i < fn->nparams; i++) {

        if (args[i] != NULL) {
            tpl_try(tpl_emit_expr(b, s, args[i]));
            continue;
        }

        if (!fn->params[i].optional) {

            /* what has been pushed stands for a complete call */

            tpl_try(tpl_emit_bad_arguments(b, node, fn,
                                           "missing required argument",
                                           &fn->params[i].name.str));
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_MISSING, 0, 0, 0));
    }

    if (fn->star) {
        i = 1;

        for (arg = node->u.call.args; arg != NULL; arg = arg->next) {
            if (arg->type != TPL_NODE_KEYWORD && i++ >= fn->nparams) {
                tpl_try(tpl_emit_expr(b, s, arg));
            }
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_TUPLE, 0, 0, extra));
    }

    if (fn->starstar) {

        for (arg = node->u.call.args; arg != NULL; arg = arg->next) {

            if (arg->type != TPL_NODE_KEYWORD) {
                continue;
            }

            for (i = 0; i < fn->nparams; i++) {
                if (!fn->params[i].positional
                    && tpl_str_eq(&fn->params[i].name.str,
                                  &arg->u.keyword.name.str))
                {
                    break;
                }
            }

            if (i == fn->nparams) {
                tpl_value_from_str(&key, &arg->u.keyword.name.str);
                tpl_try(tpl_code_push(b, &key));
                tpl_try(tpl_emit_expr(b, s, arg->u.keyword.value));
            }
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_DICT, 0, 0, nkeywords));
    }

    tpl_code_pos(b, node);

    return tpl_code_emit(b, table == TPL_FILTERS ? TPL_INSN_FILTER
                                                 : TPL_INSN_TEST,
                         0, tpl_builtin_nargs(fn), fn->index);
}


/* output */

/* made of literals alone: what Jinja2 computes without asking for the mode */

static tpl_int_t
tpl_is_literal(tpl_node_t *node, void *data)
{
    switch (node->type) {

    case TPL_NODE_NAME:
    case TPL_NODE_ATTR:
    case TPL_NODE_CALL:
    case TPL_NODE_CONCAT:
    case TPL_NODE_FILTER:
    case TPL_NODE_TEST:
    case TPL_NODE_MARKUP:
        return TPL_DECLINED;

    default:
        return tpl_walk(node, tpl_is_literal, data);
    }
}


/* a literal where the mode is known only at run time */

static tpl_int_t
tpl_emit_literal(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *expr)
{
    tpl_value_t  mode;

    tpl_value_bool(&mode, b->literals);

    tpl_try(tpl_code_emit(b, TPL_INSN_AUTOESCAPE_SAVE, 0, 0, 0));
    tpl_try(tpl_code_push(b, &mode));
    tpl_try(tpl_code_emit(b, TPL_INSN_AUTOESCAPE, 0, 0, 0));
    tpl_try(tpl_emit_expr(b, s, expr));
    tpl_try(tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_AUTO, 0, 0));

    return tpl_code_emit(b, TPL_INSN_AUTOESCAPE_RESTORE, 0, 0, 0);
}


tpl_int_t
tpl_emit_output(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *expr,
    tpl_uint_t how)
{
    size_t       size;
    tpl_int_t    rc;
    tpl_exec_t  *exec;
    tpl_str_t    str;
    tpl_insn_t  *last;
    tpl_value_t  v, text;

    rc = tpl_fold_printed(b, expr, &v);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (rc == TPL_OK && v.type == TPL_UNDEFINED
        && (how != TPL_OUT_AUTO
            || b->c->set->exec.options->undefined == TPL_UNDEF_STRICT))
    {
        rc = TPL_DECLINED;
    }

    if (rc == TPL_OK && (how != TPL_OUT_AUTO || b->autoescape >= 0
                         || v.type == TPL_UNDEFINED))
    {
        /* a constant: static text; an undefined has the same in each mode */

        exec = &b->c->set->exec;

        if (how == TPL_OUT_AUTO && b->autoescape) {
            rc = tpl_to_markup(exec, &v, &text);

        } else {
            rc = tpl_to_string(exec, &v, &text);
        }

        if (rc != TPL_OK) {
            tpl_error_clear(exec->error);
            return tpl_compile_memory(b->c);
        }

        str = tpl_value_str(&text);

        if (how == TPL_OUT_ESCAPE) {
            size = tpl_escape_size(str.data, str.len, TPL_ESCAPE_TORNADO);
            str.data = tpl_pnalloc(b->c->work, size);

            if (str.data == NULL) {
                return tpl_compile_memory(b->c);
            }

            (void) tpl_escape(str.data, text.u.s, text.len,
                              TPL_ESCAPE_TORNADO);
            str.len = size;
        }

        tpl_code_pos(b, expr);

        return tpl_code_text(b, &str, 0);
    }

    if (how == TPL_OUT_AUTO && b->autoescape < 0
        && tpl_is_literal(expr, NULL) == TPL_OK)
    {
        return tpl_emit_literal(b, s, expr);
    }

    if (expr->type == TPL_NODE_CALL) {
        tpl_try(tpl_emit_call(b, s, expr, how != TPL_OUT_ESCAPE, NULL));
        return tpl_code_emit(b, TPL_INSN_OUTPUT, how, 0, 0);
    }

    tpl_try(tpl_emit_expr(b, s, expr));

    /*
     * The commonest output is one instruction.  Nothing can jump between its
     * parts: an expression that ends in a label is not a name.
     */

    if (how == TPL_OUT_AUTO && !b->c->set->conf.options.python) {
        last = &b->code.elts[b->code.n - 1];

        if (expr->type == TPL_NODE_NAME && last->op == TPL_INSN_LOAD) {
            last->op = TPL_INSN_OUTPUT_SLOT;
            return TPL_OK;
        }
    }

    return tpl_code_emit(b, TPL_INSN_OUTPUT, how, 0, 0);
}
