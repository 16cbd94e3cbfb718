
/*
 * Jinja statements to instructions.
 *
 * Which code sees which variable, what a child template still prints after its
 * extends tag, what a block, macro or include gets from around it: all follow
 * Jinja2's compiler.CodeGenerator, whose generated Python functions are the
 * functions here.
 */

#include "program/tpl_compiler.h"


static tpl_int_t tpl_find_blocks(tpl_node_t *node, void *data);
static tpl_int_t tpl_emit_root(tpl_compiler_t *c);
static tpl_int_t tpl_emit_block_func(tpl_compiler_t *c, tpl_node_t *node);
static tpl_int_t tpl_emit_special(tpl_builder_t *b, tpl_symbols_t *sym,
    const char *name, tpl_opcode_t op, const tpl_name_t *block);
static tpl_int_t tpl_emit_node(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_guard(tpl_builder_t *b, tpl_scope_t *s,
    tpl_label_t *over);
static tpl_int_t tpl_emit_set(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_set_block(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_filter_block(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_with(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_autoescape(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_export(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *target);


tpl_int_t
tpl_emit_jinja(tpl_compiler_t *c)
{
    uint32_t         i;
    tpl_template_t  *t;

    tpl_try(tpl_walk_list(c->unit->tree.body, tpl_find_blocks, c));

    if (c->have_extends) {
        c->flags |= TPL_TEMPLATE_EXTENDS;
    }

    tpl_try(tpl_emit_root(c));

    t = &c->unit->tmpl;

    t->blocks = tpl_pcalloc(c->arena,
                            (c->blocks.n + 1) * sizeof(tpl_block_t));
    if (t->blocks == NULL) {
        return tpl_compile_memory(c);
    }

    for (i = 0; i < c->blocks.n; i++) {
        tpl_try(tpl_emit_block_func(c, c->blocks.elts[i]));
    }

    return TPL_OK;
}


/* all blocks, nested ones too, in the order in which they begin */

static tpl_int_t
tpl_find_blocks(tpl_node_t *node, void *data)
{
    tpl_compiler_t  *c = data;

    uint32_t      i;
    tpl_node_t  **slot;

    if (node->type == TPL_NODE_EXTENDS) {
        c->have_extends = 1;
        return TPL_OK;
    }

    if (node->type == TPL_NODE_BLOCK) {

        for (i = 0; i < c->blocks.n; i++) {
            if (tpl_str_eq(&c->blocks.elts[i]->u.block.name.str,
                           &node->u.block.name.str))
            {
                return tpl_compile_error(c, TPL_EXC_SYNTAX, node,
                                         "block '%.*s' defined twice",
                                         tpl_str_arg(&node->u.block.name.str));
            }
        }

        slot = tpl_vec_push(c->work, &c->blocks);
        if (slot == NULL) {
            return tpl_compile_memory(c);
        }

        *slot = node;
    }

    return tpl_walk(node, tpl_find_blocks, data);
}


static tpl_int_t
tpl_emit_root(tpl_compiler_t *c)
{
    tpl_pos_t       pos;
    tpl_node_t     *body;
    tpl_scope_t     s;
    tpl_builder_t   b;

    static const char *const  special[] = { "self" };

    pos.source = c->unit->tmpl.source;
    pos.line = 1;
    pos.column = 1;

    body = c->unit->tree.body;

    tpl_try(tpl_code_begin(&b, c, NULL, TPL_FUNC_ROOT, NULL, &pos));

    c->unit->tmpl.root = b.fn;

    memset(&s, 0, sizeof(tpl_scope_t));

    s.symbols = tpl_symbols_create(&b, NULL);
    if (s.symbols == NULL) {
        return TPL_ERROR;
    }

    if (tpl_find_undeclared(body, special, 1)) {
        tpl_try(tpl_emit_special(&b, s.symbols, "self", TPL_INSN_SELF, NULL));
    }

    tpl_try(tpl_symbols_analyze(s.symbols, body, TPL_SCOPE_NODES));

    s.toplevel = 1;
    s.rootlevel = 1;
    s.output_check = c->have_extends;

    tpl_try(tpl_enter(&b, s.symbols, 1));
    tpl_try(tpl_emit_nodes(&b, &s, body));

    if (c->have_extends) {
        tpl_try(tpl_code_emit(&b, TPL_INSN_PARENT, 0, 0, 0));
    }

    return tpl_code_end(&b, NULL);
}


static tpl_int_t
tpl_emit_block_func(tpl_compiler_t *c, tpl_node_t *node)
{
    uint32_t           undeclared;
    tpl_scope_t        s;
    tpl_block_t       *block;
    tpl_builder_t      b;
    const tpl_name_t  *name;

    static const char *const  special[] = { "self", "super" };

    name = tpl_compile_name(c, &node->u.block.name.str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_code_begin(&b, c, NULL, TPL_FUNC_BLOCK, name, &node->pos));

    memset(&s, 0, sizeof(tpl_scope_t));

    s.block = name;
    s.symbols = tpl_symbols_create(&b, NULL);

    if (s.symbols == NULL) {
        return TPL_ERROR;
    }

    undeclared = tpl_find_undeclared(node->u.block.body, special, 2);

    if (undeclared & 1) {
        tpl_try(tpl_emit_special(&b, s.symbols, "self", TPL_INSN_SELF, NULL));
    }

    if (undeclared & 2) {
        tpl_try(tpl_emit_special(&b, s.symbols, "super", TPL_INSN_SUPER,
                                 name));
    }

    tpl_try(tpl_symbols_analyze(s.symbols, node->u.block.body,
                                TPL_SCOPE_NODES));

    tpl_try(tpl_enter(&b, s.symbols, 1));
    tpl_try(tpl_emit_nodes(&b, &s, node->u.block.body));
    tpl_try(tpl_code_end(&b, NULL));

    block = &c->unit->tmpl.blocks[c->unit->tmpl.nblocks];

    block->chain = tpl_palloc(c->arena, sizeof(tpl_func_t *));
    if (block->chain == NULL) {
        return tpl_compile_memory(c);
    }

    block->name = name;
    block->chain[0] = b.fn;
    block->n = 1;
    block->required = (node->flags & TPL_NODE_F_REQUIRED) != 0;

    c->unit->tmpl.nblocks++;

    return TPL_OK;
}


/* self and super are variables of the function that mentions them */

static tpl_int_t
tpl_emit_special(tpl_builder_t *b, tpl_symbols_t *sym, const char *text,
    tpl_opcode_t op, const tpl_name_t *block)
{
    uint32_t           slot, index;
    tpl_str_t          str;
    const tpl_name_t  *name;

    str.data = (tpl_char_t *) text;
    str.len = strlen(text);

    name = tpl_compile_name(b->c, &str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    index = 0;

    tpl_try(tpl_symbols_param(sym, name, &slot));

    if (block != NULL) {
        tpl_try(tpl_code_name(b->c, block, &index));
    }

    tpl_try(tpl_code_emit(b, op, 0, 0, index));

    return tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0);
}


/* scopes */

tpl_int_t
tpl_enter(tpl_builder_t *b, tpl_symbols_t *sym, tpl_uint_t fresh)
{
    uint32_t               i, index;
    tpl_str_t              impure;
    const tpl_builtin_t   *fn;
    const tpl_sym_init_t  *init;

    for (i = 0; i < sym->inits.n; i++) {
        init = &sym->inits.elts[i];

        switch (init->load) {

        case TPL_SYM_PARAM:
            break;

        case TPL_SYM_RESOLVE:
            tpl_try(tpl_code_name(b->c, init->name, &index));
            tpl_try(tpl_code_emit(b, TPL_INSN_RESOLVE, 0, init->slot, index));

            impure = init->name->str;
            fn = tpl_builtins_find_str(b->c->set->conf.builtins,
                                       TPL_JINJA_GLOBALS, &impure);

            if (fn != NULL && (fn->flags & TPL_FN_IMPURE)) {
                b->c->flags |= TPL_TEMPLATE_IMPURE;
            }

            break;

        case TPL_SYM_ALIAS:
            tpl_try(tpl_code_emit(b, TPL_INSN_LOAD_RAW, init->depth,
                                  init->outer, 0));
            tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, init->slot, 0));
            break;

        case TPL_SYM_UNDEFINED:
            if (!fresh) {
                tpl_try(tpl_code_emit(b, TPL_INSN_CLEAR, 0, init->slot, 0));
            }

            break;
        }
    }

    return TPL_OK;
}


/* a macro made inside must not see the scope's variables once it is left */

tpl_int_t
tpl_leave(tpl_builder_t *b, tpl_symbols_t *sym, tpl_uint_t closures)
{
    uint32_t  i;

    for (i = 0; closures && i < sym->inits.n; i++) {
        tpl_try(tpl_code_emit(b, TPL_INSN_CLEAR, 0, sym->inits.elts[i].slot,
                              0));
    }

    return TPL_OK;
}


void
tpl_inner(tpl_scope_t *inner, const tpl_scope_t *s, tpl_symbols_t *sym)
{
    memset(inner, 0, sizeof(tpl_scope_t));

    inner->symbols = sym;
    inner->output_check = s->output_check;
    inner->block = s->block;
}


/*
 * Output at the top of a template that extends another: TPL_DECLINED when it
 * can never be seen, else over is the label behind it.
 */

static tpl_int_t
tpl_guard(tpl_builder_t *b, tpl_scope_t *s, tpl_label_t *over)
{
    tpl_label_init(over);

    if (!s->output_check) {
        return TPL_OK;
    }

    if (b->c->known_extends) {
        return TPL_DECLINED;
    }

    if (b->c->extends_so_far == 0) {
        return TPL_OK;
    }

    return tpl_code_jump(b, TPL_INSN_JUMP_CHILD, 0, over);
}


tpl_int_t
tpl_emit_nodes(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *list)
{
    tpl_node_t  *node;

    for (node = list; node != NULL && !b->c->done; node = node->next) {
        tpl_try(tpl_emit_node(b, s, node));
    }

    return TPL_OK;
}


static tpl_int_t
tpl_emit_node(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_int_t    rc;
    tpl_label_t  over;

    tpl_code_pos(b, node);

    switch (node->type) {

    case TPL_NODE_TEXT:
    case TPL_NODE_OUTPUT:
        rc = tpl_guard(b, s, &over);

        if (rc != TPL_OK) {
            return (rc == TPL_DECLINED) ? TPL_OK : TPL_ERROR;
        }

        if (node->type == TPL_NODE_TEXT) {
            tpl_try(tpl_code_text(b, &node->u.text, 1));

        } else {
            tpl_try(tpl_emit_output(b, s, node->u.output.expr, TPL_OUT_AUTO));
        }

        return (over.uses.n != 0) ? tpl_code_bind(b, &over) : TPL_OK;

    case TPL_NODE_IF:
        return tpl_emit_if(b, s, node);

    case TPL_NODE_FOR:
        return (node->flags & TPL_NODE_F_RECURSIVE)
               ? tpl_emit_recursive(b, s, node) : tpl_emit_for(b, s, node);

    case TPL_NODE_BREAK:
    case TPL_NODE_CONTINUE:
        return tpl_emit_jump_out(b, s, node);

    case TPL_NODE_SET:
        return tpl_emit_set(b, s, node);

    case TPL_NODE_SET_BLOCK:
        return tpl_emit_set_block(b, s, node);

    case TPL_NODE_DO:
        tpl_try(tpl_emit_expr(b, s, node->u.unary.expr));
        return tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0);

    case TPL_NODE_EXTENDS:
        return tpl_emit_extends(b, s, node);

    case TPL_NODE_BLOCK:
        return tpl_emit_block(b, s, node);

    case TPL_NODE_INCLUDE:
        return tpl_emit_include(b, s, node);

    case TPL_NODE_IMPORT:
    case TPL_NODE_FROM_IMPORT:
        return tpl_emit_import(b, s, node);

    case TPL_NODE_MACRO:
        return tpl_emit_macro(b, s, node);

    case TPL_NODE_CALL_BLOCK:
        return tpl_emit_call_block(b, s, node);

    case TPL_NODE_FILTER_BLOCK:
        return tpl_emit_filter_block(b, s, node);

    case TPL_NODE_WITH:
        return tpl_emit_with(b, s, node);

    case TPL_NODE_AUTOESCAPE:
        return tpl_emit_autoescape(b, s, node);

    case TPL_NODE_TRANS:
        tpl_try(tpl_lower_trans(b->c, node));
        return tpl_emit_node(b, s, node);

    case TPL_NODE_DEBUG:
        rc = tpl_guard(b, s, &over);

        if (rc != TPL_OK) {
            return (rc == TPL_DECLINED) ? TPL_OK : TPL_ERROR;
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_DEBUG, 0, 0, 0));
        tpl_try(tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_AUTO, 0, 0));

        return (over.uses.n != 0) ? tpl_code_bind(b, &over) : TPL_OK;

    case TPL_NODE_FLUSH:
        return tpl_code_emit(b, TPL_INSN_FLUSH, 0, 0, 0);

    default:
        return tpl_compile_error(b->c, TPL_EXC_SYNTAX, node,
                                 "this statement is not Jinja's");
    }
}


/* assignments */

tpl_int_t
tpl_emit_export_name(tpl_builder_t *b, tpl_scope_t *s,
    const tpl_name_t *name, tpl_uint_t exported)
{
    uint32_t  slot, depth, index;

    if (!s->toplevel) {
        return TPL_OK;
    }

    name = tpl_compile_name(b->c, &name->str);

    if (name == NULL
        || tpl_symbols_find(s->symbols, name, &slot, &depth) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_try(tpl_code_name(b->c, name, &index));

    return tpl_code_emit(b, TPL_INSN_EXPORT, exported, slot, index);
}


static tpl_int_t
tpl_emit_export(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *target)
{
    tpl_node_t  *item;

    switch (target->type) {

    case TPL_NODE_NAME:
        return tpl_emit_export_name(b, s, &target->u.name,
                                    target->u.name.str.data[0] != '_');

    case TPL_NODE_TUPLE:
    case TPL_NODE_LIST:
        for (item = target->u.items.items; item != NULL; item = item->next) {
            tpl_try(tpl_emit_export(b, s, item));
        }

        return TPL_OK;

    default:
        return TPL_OK;
    }
}


static tpl_int_t
tpl_emit_set(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_try(tpl_emit_expr(b, s, node->u.set.value));
    tpl_code_pos(b, node);
    tpl_try(tpl_emit_store(b, s, node->u.set.target));

    return tpl_emit_export(b, s, node->u.set.target);
}


/* CAPTURE, the body in a scope of its own, CAPTURE_END */

static tpl_int_t
tpl_emit_captured(tpl_builder_t *b, tpl_scope_t *inner, tpl_node_t *body)
{
    tpl_try(tpl_enter(b, inner->symbols, 0));
    tpl_try(tpl_code_emit(b, TPL_INSN_CAPTURE, 0, 0, 0));

    if (tpl_leave_push(b, TPL_LEAVE_CAPTURE) == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_emit_nodes(b, inner, body));

    tpl_leave_pop(b);

    return tpl_code_emit(b, TPL_INSN_CAPTURE_END, 0, 0, 0);
}


static tpl_int_t
tpl_emit_set_block(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_scope_t  inner;

    tpl_inner(&inner, s, tpl_symbols_create(b, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    /* what is captured is no output */

    inner.output_check = 0;

    tpl_try(tpl_symbols_analyze(inner.symbols, node, TPL_SCOPE_BODY));
    tpl_try(tpl_emit_captured(b, &inner, node->u.set.body));

    if (node->u.set.filter != NULL) {
        tpl_try(tpl_emit_filter_chain(b, &inner, node->u.set.filter));
        tpl_try(tpl_code_emit(b, TPL_INSN_MARKUP, 0, 0, 0));
    }

    tpl_code_pos(b, node);
    tpl_try(tpl_emit_store(b, s, node->u.set.target));

    return tpl_emit_export(b, s, node->u.set.target);
}


static tpl_int_t
tpl_emit_filter_block(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_scope_t  inner;

    tpl_inner(&inner, s, tpl_symbols_create(b, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_symbols_analyze(inner.symbols, node, TPL_SCOPE_BODY));
    tpl_try(tpl_emit_captured(b, &inner, node->u.set.body));
    tpl_try(tpl_emit_filter_chain(b, &inner, node->u.set.filter));

    return tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
}


static tpl_int_t
tpl_emit_with(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t     captured;
    tpl_node_t  *target, *value;
    tpl_scope_t  inner;

    tpl_inner(&inner, s, tpl_symbols_create(b, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    captured = b->fn->captured;
    b->fn->captured = 0;

    tpl_try(tpl_symbols_analyze(inner.symbols, node, TPL_SCOPE_WITH));
    tpl_try(tpl_enter(b, inner.symbols, 0));

    /* the values see the scope around, not each other */

    value = node->u.with.values;

    for (target = node->u.with.targets; target != NULL;
         target = target->next)
    {
        tpl_try(tpl_emit_expr(b, s, value));
        tpl_try(tpl_emit_store(b, &inner, target));
        value = value->next;
    }

    tpl_try(tpl_emit_nodes(b, &inner, node->u.with.body));
    tpl_try(tpl_leave(b, inner.symbols, b->fn->captured));

    b->fn->captured |= captured;

    return TPL_OK;
}


static tpl_int_t
tpl_emit_autoescape(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_int_t    saved;
    tpl_uint_t   truth, literals, unsettled;
    tpl_value_t  v;
    tpl_scope_t  inner;

    tpl_inner(&inner, s, tpl_symbols_create(b, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_symbols_analyze(inner.symbols, node, TPL_SCOPE_WITH));
    tpl_try(tpl_enter(b, inner.symbols, 0));

    saved = b->autoescape;
    literals = b->literals;
    unsettled = b->unsettled;

    tpl_try(tpl_code_emit(b, TPL_INSN_AUTOESCAPE_SAVE, 0, 0, 0));
    tpl_try(tpl_emit_expr(b, &inner, node->u.with.values));
    tpl_try(tpl_code_emit(b, TPL_INSN_AUTOESCAPE, 0, 0, 0));

    b->autoescape = -1;

    if (tpl_fold(b, node->u.with.values, &v) == TPL_OK
        && tpl_truth(&b->c->set->exec, &v, &truth) == TPL_OK)
    {
        b->autoescape = truth;
        b->literals = truth;

    } else {
        b->unsettled = 1;
    }

    if (tpl_leave_push(b, TPL_LEAVE_AUTOESCAPE) == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_emit_nodes(b, &inner, node->u.with.body));

    tpl_leave_pop(b);
    b->autoescape = saved;
    b->literals = literals;
    b->unsettled = unsettled;

    return tpl_code_emit(b, TPL_INSN_AUTOESCAPE_RESTORE, 0, 0, 0);
}
