
/*
 * if, for, break and continue.
 *
 * A loop keeps its state in a slot; a recursive one is a function of its own.
 */

#include "program/tpl_compiler.h"


/* slots of loops are found by these, as named ones are by their names */

static const tpl_name_t  tpl_slot_for = { tpl_string("for"), 0 };
static const tpl_name_t  tpl_slot_filter = { tpl_string("filter"), 0 };
static const tpl_name_t  tpl_slot_empty = { tpl_string("empty"), 0 };


static tpl_int_t tpl_emit_loop(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node, tpl_uint_t extended, tpl_uint_t flags);
static tpl_int_t tpl_emit_loop_filter(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
static tpl_int_t tpl_emit_iterable(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);


/* control flow */

tpl_int_t
tpl_emit_if(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_label_t   end, orelse;
    tpl_scope_t   soft;
    tpl_node_t   *next;

    soft = *s;
    soft.soft = 1;
    soft.rootlevel = 0;

    tpl_label_init(&end);

    /* a chain of elifs is as long as it likes: no recursion */

    for ( ;; ) {
        tpl_label_init(&orelse);

        tpl_try(tpl_emit_expr(b, &soft, node->u.cond.test));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, &orelse));
        tpl_try(tpl_emit_nodes(b, &soft, node->u.cond.body));

        next = node->u.cond.orelse;

        if (next == NULL) {
            tpl_try(tpl_code_bind(b, &orelse));
            break;
        }

        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &end));
        tpl_try(tpl_code_bind(b, &orelse));

        if (next->type == TPL_NODE_IF && (next->flags & TPL_NODE_F_ELIF)) {
            node = next;
            continue;
        }

        tpl_try(tpl_emit_nodes(b, &soft, next));
        break;
    }

    return tpl_code_bind(b, &end);
}


static tpl_int_t
tpl_find_scoped_block(tpl_node_t *node, void *data)
{
    tpl_uint_t  *found = data;

    if (node->type == TPL_NODE_BLOCK && (node->flags & TPL_NODE_F_SCOPED)) {
        *found = 1;
        return TPL_OK;
    }

    return tpl_walk(node, tpl_find_scoped_block, data);
}


static tpl_int_t
tpl_find_loop_store(tpl_node_t *node, void *data)
{
    tpl_compiler_t  *c = data;

    if (node->type == TPL_NODE_NAME && (node->flags & TPL_NODE_F_STORE)
        && tpl_str_is(&node->u.name.str, "loop"))
    {
        return tpl_compile_error(c, TPL_EXC_ASSERTION, node,
                                 "Can't assign to special loop variable in "
                                 "for-loop target");
    }

    return tpl_walk(node, tpl_find_loop_store, data);
}


/* whether the body may look at `loop` */

static tpl_uint_t
tpl_loop_extended(tpl_node_t *node)
{
    tpl_uint_t  found;

    static const char *const  special[] = { "loop" };

    if (node->flags & TPL_NODE_F_RECURSIVE) {
        return 1;
    }

    if (tpl_find_undeclared(node->u.loop.body, special, 1)) {
        return 1;
    }

    found = 0;

    (void) tpl_walk(node, tpl_find_scoped_block, &found);

    return found;
}


tpl_int_t
tpl_emit_for(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_try(tpl_emit_iterable(b, s, node->u.loop.iter));

    return tpl_emit_loop(b, s, node, tpl_loop_extended(node), 0);
}


/*
 * A literal list that only a loop sees is as good as a tuple, and one of
 * constants is made once.
 */

static tpl_int_t
tpl_emit_iterable(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_node_t  tuple;

    if (node->type == TPL_NODE_LIST) {
        tuple = *node;
        tuple.type = TPL_NODE_TUPLE;

        return tpl_emit_expr(b, s, &tuple);
    }

    return tpl_emit_expr(b, s, node);
}


/*
 * The body of a recursive loop is a function of the iterable and the depth, so
 * that loop(...) can call it.
 */

tpl_int_t
tpl_emit_recursive(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t        slot, index;
    tpl_scope_t     inner;
    tpl_builder_t   fb;

    tpl_try(tpl_code_begin(&fb, b->c, b, TPL_FUNC_LOOP, NULL, &node->pos));
    tpl_try(tpl_code_temp(&fb, 2, &slot));

    fb.fn->nparams = 2;

    /* the scope around it is the outer function's: slots are reached upwards */

    tpl_inner(&inner, s, tpl_symbols_create(&fb, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_code_emit(&fb, TPL_INSN_LOAD_RAW, 0, slot, 0));
    tpl_try(tpl_emit_loop(&fb, &inner, node, 1, TPL_FOR_RECURSIVE));
    tpl_try(tpl_code_end(&fb, &index));

    b->fn->captured = 1;

    tpl_try(tpl_emit_expr(b, s, node->u.loop.iter));
    tpl_code_pos(b, node);

    return tpl_code_emit(b, TPL_INSN_CALL_LOOP, 0, 0, index);
}


/* {% for x in xs if test %}: the loop runs over the list of what passes */

static tpl_int_t
tpl_emit_loop_filter(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t      slot;
    tpl_uint_t    several;
    tpl_label_t   next, end, drop;
    tpl_scope_t   inner;

    tpl_label_init(&next);
    tpl_label_init(&end);
    tpl_label_init(&drop);

    tpl_inner(&inner, s, tpl_symbols_create(b, s->symbols));

    if (inner.symbols == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_symbols_analyze(inner.symbols, node, TPL_SCOPE_FOR_TEST));
    tpl_try(tpl_code_slot(b, inner.symbols->level, &tpl_slot_filter, &slot));

    tpl_try(tpl_code_emit(b, TPL_INSN_FOR, 0, slot, 0));
    tpl_try(tpl_code_emit(b, TPL_INSN_BUILD_LIST, 0, 0, 0));
    tpl_try(tpl_code_bind(b, &next));
    tpl_try(tpl_code_jump(b, TPL_INSN_NEXT, slot, &end));

    /* several names: what passes is a tuple of them (Jinja2: loop_filter) */

    several = (node->u.loop.target->type == TPL_NODE_TUPLE);

    if (!several) {
        tpl_try(tpl_code_emit(b, TPL_INSN_DUP, 0, 0, 0));
    }

    tpl_try(tpl_emit_store(b, &inner, node->u.loop.target));
    tpl_try(tpl_enter(b, inner.symbols, 0));
    tpl_try(tpl_emit_expr(b, &inner, node->u.loop.test));
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_FALSE, 0, several ? &next : &drop));

    if (several) {
        tpl_try(tpl_emit_expr(b, &inner, node->u.loop.target));
    }

    tpl_try(tpl_code_emit(b, TPL_INSN_LIST_APPEND, 0, 0, 1));
    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &next));

    if (!several) {
        tpl_try(tpl_code_bind(b, &drop));
        tpl_try(tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0));
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &next));
    }

    tpl_try(tpl_code_bind(b, &end));

    return tpl_code_emit(b, TPL_INSN_END_FOR, 0, slot, 0);
}


/* the iterable is on the stack */

static tpl_int_t
tpl_emit_loop(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_uint_t extended, tpl_uint_t flags)
{
    uint32_t           slot, empty, captured;
    tpl_str_t          str;
    tpl_label_t        next, end, cont, over;
    tpl_leave_t       *leave;
    tpl_value_t        yes;
    tpl_scope_t        body, orelse;
    const tpl_name_t  *loop;

    tpl_label_init(&next);
    tpl_label_init(&end);
    tpl_label_init(&cont);
    tpl_label_init(&over);

    tpl_try(tpl_walk(node, tpl_find_loop_store, b->c));

    captured = b->fn->captured;
    b->fn->captured = 0;

    if (node->u.loop.test != NULL) {
        tpl_try(tpl_emit_loop_filter(b, s, node));
    }

    tpl_inner(&body, s, tpl_symbols_create(b, s->symbols));

    if (body.symbols == NULL) {
        return TPL_ERROR;
    }

    if (!extended) {
        tpl_try(tpl_code_slot(b, body.symbols->level, &tpl_slot_for, &slot));

    } else {
        flags |= TPL_FOR_LOOP;

        tpl_str_set(&str, "loop");
        loop = tpl_compile_name(b->c, &str);

        if (loop == NULL) {
            return TPL_ERROR;
        }

        /* the loop's own slot is the one before that of the loop object */

        tpl_try(tpl_code_slot(b, body.symbols->level, loop, &slot));
        slot--;

        tpl_try(tpl_symbols_param(body.symbols, loop, NULL));
    }

    tpl_try(tpl_symbols_analyze(body.symbols, node, TPL_SCOPE_FOR_BODY));

    empty = 0;

    if (node->u.loop.orelse != NULL) {
        tpl_try(tpl_code_slot(b, body.symbols->level, &tpl_slot_empty,
                              &empty));
        tpl_try(tpl_code_emit(b, TPL_INSN_CLEAR, 0, empty, 0));
    }

    tpl_code_pos(b, node);

    tpl_try(tpl_code_emit(b, TPL_INSN_FOR, flags, slot, 0));
    tpl_try(tpl_code_bind(b, &cont));
    tpl_try(tpl_code_jump(b, TPL_INSN_NEXT, slot, &end));
    tpl_try(tpl_emit_store(b, &body, node->u.loop.target));
    tpl_try(tpl_enter(b, body.symbols, 0));

    leave = tpl_leave_push(b, TPL_LEAVE_LOOP);
    if (leave == NULL) {
        return TPL_ERROR;
    }

    leave->on_break = &end;
    leave->on_continue = &cont;

    tpl_try(tpl_emit_nodes(b, &body, node->u.loop.body));

    tpl_leave_pop(b);

    /*
     * A body that was left by break or continue has not cleared the way past
     * the else: so it is in Jinja2, with loop controls.
     */

    if (node->u.loop.orelse != NULL) {
        tpl_value_bool(&yes, 1);
        tpl_try(tpl_code_push(b, &yes));
        tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, empty, 0));
    }

    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP, 0, &cont));
    tpl_try(tpl_code_bind(b, &end));
    tpl_try(tpl_code_emit(b, TPL_INSN_END_FOR, 0, slot, 0));
    tpl_try(tpl_leave(b, body.symbols, b->fn->captured));

    b->fn->captured |= captured;

    if (node->u.loop.orelse == NULL) {
        return TPL_OK;
    }

    tpl_inner(&orelse, s, tpl_symbols_create(b, s->symbols));

    if (orelse.symbols == NULL) {
        return TPL_ERROR;
    }

    tpl_try(tpl_symbols_analyze(orelse.symbols, node, TPL_SCOPE_FOR_ELSE));

    tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_SET, empty, &over));
    tpl_try(tpl_enter(b, orelse.symbols, 0));
    tpl_try(tpl_emit_nodes(b, &orelse, node->u.loop.orelse));

    return tpl_code_bind(b, &over);
}


tpl_int_t
tpl_emit_leave_loop(tpl_builder_t *b, tpl_scope_t *s, tpl_leave_t **loop)
{
    tpl_leave_t  *leave, *saved;

    (void) s;

    saved = b->leave;

    for (leave = b->leave; leave != NULL; leave = leave->outer) {

        /* what a finally does is outside of it */

        b->leave = leave->outer;

        switch (leave->kind) {

        case TPL_LEAVE_LOOP:
            b->leave = saved;
            *loop = leave;
            return TPL_OK;

        case TPL_LEAVE_CAPTURE:
            tpl_try(tpl_code_emit(b, TPL_INSN_CAPTURE_END, 1, 0, 0));
            tpl_try(tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0));
            break;

        case TPL_LEAVE_AUTOESCAPE:
            tpl_try(tpl_code_emit(b, TPL_INSN_AUTOESCAPE_RESTORE, 0, 0, 0));
            break;

        case TPL_LEAVE_TRY:
            tpl_try(tpl_code_emit(b, TPL_INSN_TRY_END, 0, 0, 0));
            break;

        case TPL_LEAVE_FINALLY:
            tpl_try(tpl_code_emit(b, TPL_INSN_TRY_END, 0, 0, 0));
            tpl_try(tpl_emit_python_nodes(b, s, leave->finally));
            break;

        case TPL_LEAVE_VALUE:
            tpl_try(tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0));
            break;
        }
    }

    b->leave = saved;
    *loop = NULL;

    return TPL_OK;
}


tpl_int_t
tpl_emit_jump_out(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    tpl_leave_t  *loop;

    tpl_try(tpl_emit_leave_loop(b, s, &loop));

    if (loop == NULL) {
        return tpl_compile_error(b->c, TPL_EXC_SYNTAX, node,
                                 node->type == TPL_NODE_BREAK
                                 ? "'break' outside loop"
                                 : "'continue' not properly in loop");
    }

    return tpl_code_jump(b, TPL_INSN_JUMP, 0, node->type == TPL_NODE_BREAK
                                              ? loop->on_break
                                              : loop->on_continue);
}
