
/*
 * Tornado templates to instructions.
 *
 * Tornado makes one Python function of a whole page: the outermost layout, with
 * the most derived body of each block and every included file written in its
 * place.  So does this: extends, block and include are gone when the program
 * runs.  As in Python a name that is assigned anywhere in the function is local
 * everywhere in it; {% apply %} is a function inside the function.
 */

#include "program/tpl_compiler.h"

/* templates written into one page, and how deep: circles end here */
#define TPL_MAX_INLINED      10000
#define TPL_MAX_INLINE_DEPTH   100


typedef struct {
    tpl_builder_t       *b;
    tpl_unit_t          *unit;
    uint32_t             depth;
} tpl_collect_t;


static tpl_int_t tpl_python_parse(tpl_compiler_t *c, tpl_unit_t *from,
    const tpl_node_t *node, const char *how, tpl_unit_t **unit);
static tpl_int_t tpl_python_ancestors(tpl_compiler_t *c, tpl_unit_t **page);
static tpl_int_t tpl_python_blocks(tpl_compiler_t *c, tpl_unit_t *unit,
    tpl_node_t *list, uint32_t depth);
static tpl_named_block_t *tpl_python_block(tpl_compiler_t *c,
    const tpl_str_t *name);
static tpl_int_t tpl_python_locals(tpl_node_t *node, void *data);
static tpl_int_t tpl_python_local(tpl_builder_t *b, const tpl_str_t *str);
static tpl_int_t tpl_python_target(tpl_builder_t *b, tpl_node_t *target);
static tpl_int_t tpl_python_node(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_output(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_text(tpl_builder_t *b, const tpl_node_t *node);
static tpl_int_t tpl_python_if(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_for(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_while(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_loop_body(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *body, tpl_label_t *on_break, tpl_label_t *on_continue);
static tpl_int_t tpl_python_set(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_apply(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_try(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_except(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_python_inline(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *list, tpl_unit_t *unit, const tpl_node_t *at);


tpl_int_t
tpl_emit_tornado(tpl_compiler_t *c)
{
    tpl_pos_t       pos;
    tpl_unit_t     *page;
    tpl_scope_t     s;
    tpl_collect_t   collect;
    tpl_builder_t   b;

    page = c->unit;

    tpl_try(tpl_python_ancestors(c, &page));

    pos.source = c->unit->tmpl.source;
    pos.line = 1;
    pos.column = 1;

    tpl_try(tpl_code_begin(&b, c, NULL, TPL_FUNC_ROOT, NULL, &pos));

    c->unit->tmpl.root = b.fn;
    c->current = page;

    collect.b = &b;
    collect.unit = page;
    collect.depth = 0;

    tpl_try(tpl_walk_list(page->tree.body, tpl_python_locals, &collect));

    memset(&s, 0, sizeof(tpl_scope_t));

    tpl_try(tpl_emit_python_nodes(&b, &s, page->tree.body));

    return tpl_code_end(&b, NULL);
}


/*
 * The file that an include or extends in `from` means: relative names are
 * relative to the file (Tornado: Loader.resolve_path).
 */

static tpl_int_t
tpl_python_parse(tpl_compiler_t *c, tpl_unit_t *from, const tpl_node_t *node,
    const char *how, tpl_unit_t **unit)
{
    size_t              i, start;
    tpl_str_t           ref, name;
    tpl_buf_t           buf;
    const tpl_error_t  *e;

    ref = tpl_value_str(&node->u.ref.template->u.value);

    tpl_buf_init(&buf, c->work);

    if (ref.len != 0 && ref.data[0] != '/') {

        for (i = from->tmpl.name.len; i > 0; i--) {
            if (from->tmpl.name.data[i - 1] == '/') {
                tpl_buf_add(&buf, from->tmpl.name.data, i);
                break;
            }
        }
    }

    /* "." and ".." as in a path; what leads out of the root stays and fails */

    for (i = 0; i <= ref.len; i++) {
        start = i;

        while (i < ref.len && ref.data[i] != '/') {
            i++;
        }

        if (i - start == 1 && ref.data[start] == '.') {
            continue;
        }

        if (i - start == 2 && ref.data[start] == '.'
            && ref.data[start + 1] == '.' && buf.len != 0)
        {
            buf.len--;

            while (buf.len != 0 && buf.data[buf.len - 1] != '/') {
                buf.len--;
            }

            continue;
        }

        tpl_buf_add(&buf, ref.data + start, i - start);

        if (i < ref.len) {
            tpl_buf_char(&buf, '/');
        }
    }

    if (buf.failed) {
        return tpl_compile_memory(c);
    }

    name.data = buf.data;
    name.len = buf.len;

    *unit = tpl_set_refer(c->set, &name, from, &node->pos, how, c->err);

    if (*unit == NULL) {
        return TPL_ERROR;
    }

    if (tpl_set_parse(c->set, *unit) == TPL_OK) {
        return TPL_OK;
    }

    if (tpl_unit_missing(*unit)) {
        return tpl_error_set(c->err, TPL_EXC_NOT_FOUND, &node->pos,
                             "template \"%.*s\" is not found",
                             tpl_str_arg(&name));
    }

    e = (*unit)->tmpl.error;

    tpl_error_set(c->err, e->exc, e->pos.source ? &e->pos : NULL, "%.*s",
                  tpl_str_arg(&e->message));
    tpl_error_frame(c->err, &node->pos, how, NULL);

    return TPL_ERROR;
}


/* follows extends outwards; blocks of inner files go before those of outer */

static tpl_int_t
tpl_python_ancestors(tpl_compiler_t *c, tpl_unit_t **page)
{
    uint32_t      n;
    tpl_node_t   *node;
    tpl_unit_t   *chain[TPL_MAX_INLINE_DEPTH], *parent;

    n = 0;
    chain[n++] = *page;

    for ( ;; ) {

        for (node = chain[n - 1]->tree.body; node != NULL; node = node->next)
        {
            if (node->type == TPL_NODE_EXTENDS) {
                break;
            }
        }

        if (node == NULL) {
            break;
        }

        if (n == TPL_MAX_INLINE_DEPTH) {
            return tpl_compile_error(c, TPL_EXC_RECURSION, node,
                                     "templates extend each other in a "
                                     "circle");
        }

        tpl_try(tpl_python_parse(c, chain[n - 1], node, "extended by",
                                 &parent));
        chain[n++] = parent;
    }

    *page = chain[n - 1];

    /* the later definition of a block wins: from the outermost inwards */

    while (n--) {
        tpl_try(tpl_python_blocks(c, chain[n], chain[n]->tree.body, 0));
    }

    return TPL_OK;
}


typedef struct {
    tpl_compiler_t      *c;
    tpl_unit_t          *unit;
    uint32_t             depth;
} tpl_blocks_t;


static tpl_int_t
tpl_python_blocks_node(tpl_node_t *node, void *data)
{
    tpl_blocks_t  *v = data;

    tpl_unit_t         *unit;
    const tpl_name_t   *name;
    tpl_named_block_t  *named;

    switch (node->type) {

    case TPL_NODE_BLOCK:
        named = tpl_python_block(v->c, &node->u.block.name.str);

        if (named == NULL) {
            name = tpl_compile_name(v->c, &node->u.block.name.str);
            named = tpl_vec_push(v->c->work, &v->c->named);

            if (name == NULL || named == NULL) {
                return tpl_compile_memory(v->c);
            }

            named->name = name;
        }

        named->node = node;
        named->unit = v->unit;

        return tpl_walk_list(node->u.block.body, tpl_python_blocks_node, v);

    case TPL_NODE_INCLUDE:
        if (v->depth >= TPL_MAX_INLINE_DEPTH
            || ++v->c->inlined > TPL_MAX_INLINED)
        {
            return tpl_compile_error(v->c, TPL_EXC_RECURSION, node,
                                     "templates include each other in a "
                                     "circle");
        }

        tpl_try(tpl_python_parse(v->c, v->unit, node, "included from",
                                 &unit));

        return tpl_python_blocks(v->c, unit, unit->tree.body, v->depth + 1);

    case TPL_NODE_OUTPUT:
        return TPL_OK;

    default:
        return tpl_walk(node, tpl_python_blocks_node, v);
    }
}


static tpl_int_t
tpl_python_blocks(tpl_compiler_t *c, tpl_unit_t *unit, tpl_node_t *list,
    uint32_t depth)
{
    tpl_blocks_t  v;

    v.c = c;
    v.unit = unit;
    v.depth = depth;

    return tpl_walk_list(list, tpl_python_blocks_node, &v);
}


static tpl_named_block_t *
tpl_python_block(tpl_compiler_t *c, const tpl_str_t *name)
{
    uint32_t  i;

    for (i = 0; i < c->named.n; i++) {
        if (tpl_str_eq(&c->named.elts[i].name->str, name)) {
            return &c->named.elts[i];
        }
    }

    return NULL;
}


/* the function's local names */

static tpl_int_t
tpl_python_local(tpl_builder_t *b, const tpl_str_t *str)
{
    uint32_t           i;
    tpl_sym_ref_t     *ref;
    const tpl_name_t  *name;

    name = tpl_compile_name(b->c, str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < b->locals.n; i++) {
        if (b->locals.elts[i].name == name) {
            return TPL_OK;
        }
    }

    ref = tpl_vec_push(b->c->work, &b->locals);
    if (ref == NULL) {
        return tpl_compile_memory(b->c);
    }

    ref->name = name;

    return tpl_code_slot(b, 0, name, &ref->slot);
}


static tpl_int_t
tpl_python_target(tpl_builder_t *b, tpl_node_t *target)
{
    tpl_node_t  *item;

    switch (target->type) {

    case TPL_NODE_NAME:
        return tpl_python_local(b, &target->u.name.str);

    case TPL_NODE_TUPLE:
    case TPL_NODE_LIST:
        for (item = target->u.items.items; item != NULL; item = item->next) {
            tpl_try(tpl_python_target(b, item));
        }

        return TPL_OK;

    case TPL_NODE_STAR:
        return tpl_python_target(b, target->u.unary.expr);

    default:
        return TPL_OK;
    }
}


static tpl_int_t
tpl_python_locals(tpl_node_t *node, void *data)
{
    tpl_collect_t  *v = data;

    tpl_node_t         *p;
    tpl_unit_t         *unit;
    tpl_collect_t       inner;
    tpl_named_block_t  *named;

    switch (node->type) {

    case TPL_NODE_FOR:
        tpl_try(tpl_python_target(v->b, node->u.loop.target));
        break;

    case TPL_NODE_SET:
        for (p = node->u.set.target; p != NULL; p = p->next) {
            tpl_try(tpl_python_target(v->b, p));
        }

        return TPL_OK;

    case TPL_NODE_TRY:
        for (p = node->u.try.handlers; p != NULL; p = p->next) {

            if (p->u.keyword.name.str.len != 0) {
                tpl_try(tpl_python_local(v->b, &p->u.keyword.name.str));
            }
        }

        break;

    case TPL_NODE_BLOCK:
    case TPL_NODE_INCLUDE:
        inner = *v;
        inner.depth++;

        if (inner.depth > TPL_MAX_INLINE_DEPTH) {
            return tpl_compile_error(v->b->c, TPL_EXC_RECURSION, node,
                                     "templates include each other in a "
                                     "circle");
        }

        if (node->type == TPL_NODE_INCLUDE) {
            tpl_try(tpl_python_parse(v->b->c, v->unit, node, "included from",
                                     &unit));
            inner.unit = unit;

            return tpl_walk_list(unit->tree.body, tpl_python_locals, &inner);
        }

        named = tpl_python_block(v->b->c, &node->u.block.name.str);

        if (named == NULL) {
            return TPL_OK;
        }

        inner.unit = named->unit;

        return tpl_walk_list(named->node->u.block.body, tpl_python_locals,
                             &inner);

    case TPL_NODE_PY_IMPORT:
        return tpl_python_local(v->b, &node->u.ref.name.str);

    case TPL_NODE_PY_FROM:
        for (p = node->u.ref.names; p != NULL; p = p->next) {
            tpl_try(tpl_python_target(v->b, p->u.keyword.value));
        }

        return TPL_OK;

    case TPL_NODE_OUTPUT:
    case TPL_NODE_APPLY:
    case TPL_NODE_MODULE:
        return TPL_OK;

    default:
        break;
    }

    return tpl_walk(node, tpl_python_locals, data);
}


tpl_int_t
tpl_python_find(tpl_builder_t *b, const tpl_name_t *name, uint32_t *slot,
    uint32_t *depth)
{
    uint32_t  i;

    for (*depth = 0; b != NULL; b = b->outer, (*depth)++) {

        for (i = b->inner.n; i > 0; i--) {
            if (b->inner.elts[i - 1].name == name) {
                *slot = b->inner.elts[i - 1].slot;
                return TPL_OK;
            }
        }

        for (i = 0; i < b->locals.n; i++) {
            if (b->locals.elts[i].name == name) {
                *slot = b->locals.elts[i].slot;
                return TPL_OK;
            }
        }
    }

    return TPL_DECLINED;
}


tpl_uint_t
tpl_is_python_host_variable(tpl_builder_t *b, const tpl_node_t *node)
{
    uint32_t           slot, depth;
    const char        *variables;
    const tpl_name_t  *name;

    variables = b->c->set->conf.loader.variables;

    if (variables == NULL
        || node->u.attr.object->type != TPL_NODE_NAME
        || !tpl_str_is(&node->u.attr.object->u.name.str, variables))
    {
        return 0;
    }

    name = tpl_set_name(b->c->set, &node->u.attr.object->u.name.str);

    return name == NULL || tpl_python_find(b, name, &slot, &depth) != TPL_OK;
}


tpl_int_t
tpl_emit_python_name(tpl_builder_t *b, tpl_node_t *node)
{
    uint32_t              slot, depth, index;
    const tpl_name_t     *name;
    const tpl_builtin_t  *fn;

    name = tpl_compile_name(b->c, &node->u.name.str);

    if (name == NULL || tpl_code_name(b->c, name, &index) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_python_find(b, name, &slot, &depth) == TPL_OK) {

        return (depth == 0)
               ? tpl_code_emit(b, TPL_INSN_LOAD, 1, slot, index)
               : tpl_code_emit(b, TPL_INSN_LOAD_UP, depth, slot, index);
    }

    fn = tpl_builtins_find(b->c->set->conf.builtins, TPL_TORNADO_GLOBALS,
                           name);

    if (fn != NULL && (fn->flags & TPL_FN_IMPURE)) {
        b->c->flags |= TPL_TEMPLATE_IMPURE;
    }

    return tpl_code_emit(b, TPL_INSN_RESOLVE_PUSH, 1, 0, index);
}


tpl_int_t
tpl_emit_python_store(tpl_builder_t *b, const tpl_name_t *name)
{
    uint32_t  slot, depth;

    if (tpl_python_find(b, name, &slot, &depth) != TPL_OK || depth != 0) {
        return tpl_error_set(b->c->err, TPL_EXC_SYNTAX, &b->pos,
                             "cannot assign to '%.*s' here",
                             tpl_str_arg(&name->str));
    }

    return tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0);
}


/* expressions that only Python has */

tpl_int_t
tpl_emit_lambda(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t            i, n, index, slot, depth, pname;
    tpl_node_t         *p;
    tpl_label_t         given;
    tpl_builder_t       fb;
    const tpl_name_t  **params;

    n = 0;

    for (p = node->u.macro.params; p != NULL; p = p->next) {
        n += !(p->flags & TPL_NODE_F_STAR);
    }

    params = tpl_palloc(b->c->arena, (n + 1) * sizeof(tpl_name_t *));
    if (params == NULL) {
        return tpl_compile_memory(b->c);
    }

    tpl_try(tpl_code_begin(&fb, b->c, b, TPL_FUNC_LAMBDA, NULL, &node->pos));

    for (i = 0, p = node->u.macro.params; p != NULL; i++, p = p->next) {
        tpl_try(tpl_python_local(&fb, &p->u.keyword.name.str));

        params[i] = tpl_compile_name(b->c, &p->u.keyword.name.str);

        if (params[i] == NULL) {
            return TPL_ERROR;
        }

        if ((p->flags & TPL_NODE_F_STAR)
            && tpl_python_find(&fb, params[i], &slot, &depth) == TPL_OK)
        {
            fb.fn->varargs = (int32_t) slot;
        }
    }

    fb.fn->nparams = n;
    fb.fn->params = params;

    for (i = 0, p = node->u.macro.params; i < n; i++, p = p->next) {
        tpl_label_init(&given);

        (void) tpl_python_find(&fb, params[i], &slot, &depth);

        tpl_code_pos(&fb, p);
        tpl_try(tpl_code_jump(&fb, TPL_INSN_JUMP_SET, slot, &given));

        if (p->u.keyword.value != NULL) {
            tpl_try(tpl_emit_expr(&fb, s, p->u.keyword.value));
            tpl_try(tpl_code_emit(&fb, TPL_INSN_STORE, 0, slot, 0));

        } else {
            tpl_try(tpl_code_name(b->c, params[i], &pname));
            tpl_try(tpl_code_emit(&fb, TPL_INSN_PARAM_UNDEFINED, 0, slot,
                                  pname));
        }

        tpl_try(tpl_code_bind(&fb, &given));
    }

    tpl_try(tpl_emit_expr(&fb, s, node->u.macro.body));
    tpl_try(tpl_code_emit(&fb, TPL_INSN_RETURN_VALUE, 0, 0, 0));
    tpl_try(tpl_code_end(&fb, &index));

    b->fn->captured = 1;

    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_MACRO, 0, 0, index);
}


/* names that a clause binds hide others until the comprehension ends */

static tpl_int_t
tpl_python_inner(tpl_builder_t *b, tpl_node_t *target)
{
    tpl_node_t         *item;
    tpl_sym_ref_t      *ref;
    const tpl_name_t   *name;

    switch (target->type) {

    case TPL_NODE_NAME:
        name = tpl_compile_name(b->c, &target->u.name.str);
        ref = tpl_vec_push(b->c->work, &b->inner);

        if (name == NULL || ref == NULL) {
            return tpl_compile_memory(b->c);
        }

        ref->name = name;

        return tpl_code_temp(b, 1, &ref->slot);

    case TPL_NODE_TUPLE:
    case TPL_NODE_LIST:
        for (item = target->u.items.items; item != NULL; item = item->next) {
            tpl_try(tpl_python_inner(b, item));
        }

        return TPL_OK;

    case TPL_NODE_STAR:
        return tpl_python_inner(b, target->u.unary.expr);

    default:
        return tpl_compile_error(b->c, TPL_EXC_PARSE, target,
                                 "cannot assign to this expression");
    }
}


static tpl_int_t
tpl_python_clauses(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_node_t *clause)
{
    uint32_t      slot;
    tpl_node_t   *element;
    tpl_label_t   next, end;

    if (clause == NULL) {
        element = node->u.comp.element;

        if (node->flags & TPL_NODE_F_DICTCOMP) {
            tpl_try(tpl_emit_expr(b, s, element->u.binary.left));
            tpl_try(tpl_emit_expr(b, s, element->u.binary.right));

            return tpl_code_emit(b, TPL_INSN_DICT_ADD, 0, 0, 1);
        }

        tpl_try(tpl_emit_expr(b, s, element));

        return tpl_code_emit(b, (node->flags & TPL_NODE_F_SETCOMP)
                                ? TPL_INSN_SET_ADD : TPL_INSN_LIST_APPEND,
                             0, 0, 1);
    }

    tpl_label_init(&next);
    tpl_label_init(&end);

    if (clause->flags & TPL_NODE_F_IF_CLAUSE) {
        tpl_try(tpl_emit_expr(b, s, clause->u.loop.test));
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, &end));
        tpl_try(tpl_python_clauses(b, s, node, clause->next));

        return tpl_code_bind(b, &end);
    }

    tpl_try(tpl_emit_expr(b, s, clause->u.loop.iter));
    tpl_try(tpl_python_inner(b, clause->u.loop.target));
    tpl_try(tpl_code_temp(b, 1, &slot));

    tpl_code_pos(b, clause);

    tpl_try(tpl_code_emit(b, TPL_INSN_FOR, 0, slot, 0));
    tpl_try(tpl_code_bind(b, &next));
    tpl_try(tpl_code_jump(b, TPL_INSN_NEXT, slot, &end));
    tpl_try(tpl_emit_store(b, s, clause->u.loop.target));
    tpl_try(tpl_python_clauses(b, s, node, clause->next));
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &next));
    tpl_try(tpl_code_bind(b, &end));

    return tpl_code_emit(b, TPL_INSN_END_FOR, 0, slot, 0);
}


tpl_int_t
tpl_emit_comprehension(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t      hidden;
    tpl_opcode_t  build;

    hidden = b->inner.n;

    if (node->flags & TPL_NODE_F_DICTCOMP) {
        build = TPL_INSN_BUILD_DICT;

    } else if (node->flags & TPL_NODE_F_SETCOMP) {
        build = TPL_INSN_BUILD_SET;

    } else {
        build = TPL_INSN_BUILD_LIST;
    }

    tpl_try(tpl_code_emit(b, build, 0, 0, 0));
    tpl_try(tpl_python_clauses(b, s, node, node->u.comp.clauses));

    b->inner.n = hidden;

    if (node->flags & TPL_NODE_F_GENERATOR) {
        return tpl_code_emit(b, TPL_INSN_TO_ITERATOR, 0, 0, 0);
    }

    return TPL_OK;
}


/* statements */

tpl_int_t
tpl_emit_python_nodes(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *list)
{
    tpl_node_t  *node;

    for (node = list; node != NULL; node = node->next) {
        tpl_try(tpl_python_node(b, s, node));
    }

    return TPL_OK;
}


/* a slice of the source lives as long as the program, squeezed text does not */

static tpl_int_t
tpl_python_text(tpl_builder_t *b, const tpl_node_t *node)
{
    const tpl_str_t  *text, *source;

    text = &node->u.text;
    source = &node->pos.source->text;

    return tpl_code_text(b, text, text->data >= source->data
                                  && text->data + text->len
                                     <= source->data + source->len);
}


static tpl_int_t
tpl_python_node(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_unit_t         *unit;
    tpl_leave_t        *loop;
    tpl_named_block_t  *named;

    tpl_code_pos(b, node);

    switch (node->type) {

    case TPL_NODE_TEXT:
        return tpl_python_text(b, node);

    case TPL_NODE_OUTPUT:
        return tpl_python_output(b, s, node);

    case TPL_NODE_IF:
        return tpl_python_if(b, s, node);

    case TPL_NODE_FOR:
        return tpl_python_for(b, s, node);

    case TPL_NODE_WHILE:
        return tpl_python_while(b, s, node);

    case TPL_NODE_BREAK:
    case TPL_NODE_CONTINUE:
        tpl_try(tpl_emit_leave_loop(b, s, &loop));

        if (loop == NULL) {
            return tpl_compile_error(b->c, TPL_EXC_PARSE, node,
                                     "%s outside of a loop",
                                     node->type == TPL_NODE_BREAK
                                     ? "break" : "continue");
        }

        return tpl_code_jump(b, TPL_INSN_JUMP, 0,
                             node->type == TPL_NODE_BREAK
                             ? loop->on_break : loop->on_continue);

    case TPL_NODE_FLUSH:
        return tpl_code_emit(b, TPL_INSN_FLUSH, 0, 0, 0);

    case TPL_NODE_SET:
        return tpl_python_set(b, s, node);

    case TPL_NODE_DO:
        tpl_try(tpl_emit_expr(b, s, node->u.unary.expr));
        return tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0);

    case TPL_NODE_EXTENDS:
        return TPL_OK;

    case TPL_NODE_BLOCK:
        named = tpl_python_block(b->c, &node->u.block.name.str);

        if (named == NULL) {
            return TPL_OK;
        }

        return tpl_python_inline(b, s, named->node->u.block.body,
                                 named->unit, node);

    case TPL_NODE_INCLUDE:
        tpl_try(tpl_python_parse(b->c, b->c->current, node, "included from",
                                 &unit));

        return tpl_python_inline(b, s, unit->tree.body, unit, node);

    case TPL_NODE_APPLY:
        return tpl_python_apply(b, s, node);

    case TPL_NODE_TRY:
        return tpl_python_try(b, s, node);

    case TPL_NODE_PY_IMPORT:
    case TPL_NODE_PY_FROM:
        return tpl_emit_python_import(b, s, node);

    case TPL_NODE_MODULE:
        return tpl_emit_python_module(b, s, node);

    default:
        return tpl_compile_error(b->c, TPL_EXC_PARSE, node,
                                 "this statement is not Tornado's");
    }
}


static tpl_int_t
tpl_python_inline(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *list,
    tpl_unit_t *unit, const tpl_node_t *at)
{
    tpl_int_t    rc;
    tpl_unit_t  *saved;

    if (++b->c->inlined > TPL_MAX_INLINED) {
        return tpl_compile_error(b->c, TPL_EXC_RECURSION, at,
                                 "templates include each other in a circle");
    }

    saved = b->c->current;
    b->c->current = unit;

    rc = tpl_emit_python_nodes(b, s, list);

    b->c->current = saved;

    return rc;
}


static tpl_int_t
tpl_python_output(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t           index;
    tpl_node_t         name;
    tpl_value_t        spec;
    const tpl_name_t  *escape;

    escape = &b->c->current->tree.escape;

    if ((node->flags & TPL_NODE_F_RAW) || escape->str.len == 0) {
        return tpl_emit_output(b, s, node->u.output.expr, TPL_OUT_RAW);
    }

    if (tpl_str_is(&escape->str, "xhtml_escape")
        || tpl_str_is(&escape->str, "escape"))
    {
        return tpl_emit_output(b, s, node->u.output.expr, TPL_OUT_ESCAPE);
    }

    /* {% autoescape f %}: f of the text of the value */

    memset(&name, 0, sizeof(tpl_node_t));

    name.type = TPL_NODE_NAME;
    name.pos = node->pos;
    name.u.name = *escape;

    tpl_value_string(&spec, (const tpl_char_t *) "", 0, TPL_F_ASCII);

    tpl_try(tpl_emit_python_name(b, &name));
    tpl_try(tpl_emit_expr(b, s, node->u.output.expr));
    tpl_try(tpl_code_const(b->c, &spec, &index));
    tpl_try(tpl_code_emit(b, TPL_INSN_CONST, 0, 0, index));
    tpl_try(tpl_code_emit(b, TPL_INSN_FORMAT, 's', 0, 0));
    tpl_code_pos(b, node);
    tpl_try(tpl_code_emit(b, TPL_INSN_CALL, 0, 1, TPL_NO_CONST));

    return tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
}


static tpl_int_t
tpl_python_if(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_node_t   *next;
    tpl_label_t   end, orelse;

    tpl_label_init(&end);

    for ( ;; ) {
        tpl_label_init(&orelse);

        tpl_try(tpl_emit_expr(b, s, node->u.cond.test));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, &orelse));
        tpl_try(tpl_emit_python_nodes(b, s, node->u.cond.body));

        next = node->u.cond.orelse;

        if (next == NULL) {
            tpl_try(tpl_code_bind(b, &orelse));
            break;
        }

        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
        tpl_try(tpl_code_bind(b, &orelse));

        if (next->type == TPL_NODE_IF && next->next == NULL) {
            node = next;
            continue;
        }

        tpl_try(tpl_emit_python_nodes(b, s, next));
        break;
    }

    return tpl_code_bind(b, &end);
}


static tpl_int_t
tpl_python_loop_body(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *body,
    tpl_label_t *on_break, tpl_label_t *on_continue)
{
    tpl_leave_t  *leave;

    leave = tpl_leave_push(b, TPL_LEAVE_LOOP);
    if (leave == NULL) {
        return TPL_ERROR;
    }

    leave->on_break = on_break;
    leave->on_continue = on_continue;

    tpl_try(tpl_emit_python_nodes(b, s, body));

    tpl_leave_pop(b);

    return tpl_code_jump(b, TPL_INSN_JUMP, 0, on_continue);
}


/* else runs when the loop was not left by break */

static tpl_int_t
tpl_python_for(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t     slot;
    tpl_label_t  next, orelse, end;

    tpl_label_init(&next);
    tpl_label_init(&orelse);
    tpl_label_init(&end);

    tpl_try(tpl_code_temp(b, 1, &slot));
    tpl_try(tpl_emit_expr(b, s, node->u.loop.iter));
    tpl_code_pos(b, node);
    tpl_try(tpl_code_emit(b, TPL_INSN_FOR, 0, slot, 0));
    tpl_try(tpl_code_bind(b, &next));
    tpl_try(tpl_code_jump(b, TPL_INSN_NEXT, slot, &orelse));
    tpl_try(tpl_emit_store(b, s, node->u.loop.target));
    tpl_try(tpl_python_loop_body(b, s, node->u.loop.body, &end, &next));
    tpl_try(tpl_code_bind(b, &orelse));
    tpl_try(tpl_emit_python_nodes(b, s, node->u.loop.orelse));
    tpl_try(tpl_code_bind(b, &end));

    return tpl_code_emit(b, TPL_INSN_END_FOR, 0, slot, 0);
}


static tpl_int_t
tpl_python_while(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_label_t  next, orelse, end;

    tpl_label_init(&next);
    tpl_label_init(&orelse);
    tpl_label_init(&end);

    tpl_try(tpl_code_bind(b, &next));
    tpl_try(tpl_emit_expr(b, s, node->u.loop.test));
    tpl_code_pos(b, node);
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, &orelse));
    tpl_try(tpl_python_loop_body(b, s, node->u.loop.body, &end, &next));
    tpl_try(tpl_code_bind(b, &orelse));
    tpl_try(tpl_emit_python_nodes(b, s, node->u.loop.orelse));

    return tpl_code_bind(b, &end);
}


static tpl_int_t
tpl_python_set(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_node_t  *target;

    target = node->u.set.target;

    if (node->flags & TPL_NODE_F_ASSIGN_OP) {
        tpl_try(tpl_emit_expr(b, s, target));
        tpl_try(tpl_emit_expr(b, s, node->u.set.value));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_emit(b, TPL_INSN_BINARY, node->op, 0, 0));

        return tpl_emit_store(b, s, target);
    }

    tpl_try(tpl_emit_expr(b, s, node->u.set.value));

    for ( /* void */ ; target != NULL; target = target->next) {

        if (target->next != NULL) {
            tpl_try(tpl_code_emit(b, TPL_INSN_DUP, 0, 0, 0));
        }

        tpl_try(tpl_emit_store(b, s, target));
    }

    return TPL_OK;
}


/* the body is a function of no arguments; what it wrote goes through f */

static tpl_int_t
tpl_python_apply(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t           index;
    tpl_str_t          str;
    tpl_collect_t      collect;
    tpl_builder_t      fb;
    const tpl_name_t  *name;

    tpl_str_set(&str, "apply");

    name = tpl_compile_name(b->c, &str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_code_begin(&fb, b->c, b, TPL_FUNC_MACRO, name, &node->pos));

    collect.b = &fb;
    collect.unit = b->c->current;
    collect.depth = 0;

    tpl_try(tpl_walk_list(node->u.set.body, tpl_python_locals, &collect));
    tpl_try(tpl_emit_python_nodes(&fb, s, node->u.set.body));
    tpl_try(tpl_code_end(&fb, &index));

    b->fn->captured = 1;

    tpl_try(tpl_emit_expr(b, s, node->u.set.filter));
    tpl_try(tpl_code_emit(b, TPL_INSN_MACRO, 0, 0, index));
    tpl_try(tpl_code_emit(b, TPL_INSN_CALL, 0, 0, TPL_NO_CONST));
    tpl_code_pos(b, node);
    tpl_try(tpl_code_emit(b, TPL_INSN_CALL, 0, 1, TPL_NO_CONST));

    return tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
}


/* try/finally around try/except/else */

static tpl_int_t
tpl_python_try(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_label_t   handler, end;
    tpl_leave_t  *leave;

    if (node->u.try.finally == NULL) {
        return tpl_python_except(b, s, node);
    }

    tpl_label_init(&handler);
    tpl_label_init(&end);

    tpl_try(tpl_code_jump(b, TPL_INSN_TRY, 0, &handler));

    leave = tpl_leave_push(b, TPL_LEAVE_FINALLY);
    if (leave == NULL) {
        return TPL_ERROR;
    }

    leave->finally = node->u.try.finally;

    if (node->u.try.handlers != NULL) {
        tpl_try(tpl_python_except(b, s, node));

    } else {
        tpl_try(tpl_emit_python_nodes(b, s, node->u.try.body));
        tpl_try(tpl_emit_python_nodes(b, s, node->u.try.orelse));
    }

    tpl_leave_pop(b);

    tpl_try(tpl_code_emit(b, TPL_INSN_TRY_END, 0, 0, 0));
    tpl_try(tpl_emit_python_nodes(b, s, node->u.try.finally));
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
    tpl_try(tpl_code_bind(b, &handler));

    if (tpl_leave_push(b, TPL_LEAVE_VALUE) == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_emit_python_nodes(b, s, node->u.try.finally));

    tpl_leave_pop(b);

    tpl_try(tpl_code_emit(b, TPL_INSN_RERAISE, 0, 0, 0));

    return tpl_code_bind(b, &end);
}


/* the classes that `except` names, as a constant tuple */

static tpl_int_t
tpl_python_classes(tpl_builder_t *b, tpl_node_t *test, uint32_t *index)
{
    tpl_node_t                   *item;
    const tpl_name_t            **slot;
    tpl_vec(const tpl_name_t *)   names;

    static const tpl_name_t  any = { tpl_string("Exception"), 0 };

    memset(&names, 0, sizeof(names));

    item = test;

    if (test != NULL && test->type == TPL_NODE_TUPLE) {
        item = test->u.items.items;
    }

    do {
        slot = tpl_vec_push(b->c->work, &names);
        if (slot == NULL) {
            return tpl_compile_memory(b->c);
        }

        if (test == NULL) {
            *slot = &any;
            break;
        }

        if (item == NULL || item->type != TPL_NODE_NAME) {
            return tpl_compile_error(b->c, TPL_EXC_PARSE, test,
                                     "except takes the name of an exception "
                                     "or a tuple of them");
        }

        *slot = &item->u.name;

        item = (test->type == TPL_NODE_TUPLE) ? item->next : NULL;

    } while (item != NULL);

    return tpl_code_const_names(b->c, names.elts, names.n, index);
}


static tpl_int_t
tpl_python_except(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t           index;
    tpl_node_t        *h, *clause;
    tpl_label_t        handler, next, end;
    const tpl_name_t  *name;

    tpl_label_init(&handler);
    tpl_label_init(&end);

    tpl_try(tpl_code_jump(b, TPL_INSN_TRY, 0, &handler));

    if (tpl_leave_push(b, TPL_LEAVE_TRY) == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_emit_python_nodes(b, s, node->u.try.body));

    tpl_leave_pop(b);

    tpl_try(tpl_code_emit(b, TPL_INSN_TRY_END, 0, 0, 0));
    tpl_try(tpl_emit_python_nodes(b, s, node->u.try.orelse));
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
    tpl_try(tpl_code_bind(b, &handler));

    for (h = node->u.try.handlers; h != NULL; h = h->next) {
        clause = h->u.keyword.value;

        tpl_label_init(&next);

        tpl_try(tpl_python_classes(b, clause->u.cond.test, &index));
        tpl_try(tpl_code_emit(b, TPL_INSN_CATCH, 0, 0, index));
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, &next));

        if (h->u.keyword.name.str.len != 0) {
            name = tpl_compile_name(b->c, &h->u.keyword.name.str);

            if (name == NULL) {
                return TPL_ERROR;
            }

            tpl_try(tpl_emit_python_store(b, name));

        } else {
            tpl_try(tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0));
        }

        tpl_try(tpl_emit_python_nodes(b, s, clause->u.cond.body));
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
        tpl_try(tpl_code_bind(b, &next));
    }

    tpl_try(tpl_code_emit(b, TPL_INSN_RERAISE, 0, 0, 0));

    return tpl_code_bind(b, &end);
}
