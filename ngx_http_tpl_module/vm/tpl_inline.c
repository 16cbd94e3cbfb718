
/*
 * Calls in the statements that specialization copies.
 *
 * A macro, a block, an included template, a caller, the body of {% apply %}:
 * what is called is known, what it is given may not be.  Its instructions are
 * copied in the place of the call, with slots of their own, into which the
 * arguments go.  It runs with a frame that is never entered: its closure and
 * context say what its names mean, its caller where errors came from.
 *
 * What cannot be a constant but is known (the macro itself) is never pushed by
 * the new program: it is a hole in the stack, which only a call may take.
 */

#include "vm/tpl_special.h"


/* functions inside of functions */
#define TPL_INLINE_LEVELS    16


static tpl_int_t tpl_inline_method(tpl_region_t *r, const tpl_insn_t *i,
    tpl_value_t *callee);
static tpl_int_t tpl_inline_macro(tpl_region_t *r, uint32_t pc,
    tpl_macro_t *macro);
static tpl_int_t tpl_inline_args(tpl_region_t *r, tpl_region_t *body,
    uint32_t pc);
static uint32_t tpl_inline_param(const tpl_func_t *fn,
    const tpl_value_t *name);
static tpl_int_t tpl_inline_locals(tpl_region_t *r, uint32_t pc);
static tpl_int_t tpl_inline_block(tpl_region_t *r, uint32_t pc);
static tpl_int_t tpl_inline_include(tpl_region_t *r, uint32_t pc);
static tpl_int_t tpl_inline_vars(tpl_region_t *r, tpl_vars_t **vars);
static tpl_int_t tpl_inline_chain(tpl_region_t *r, uint32_t pc,
    tpl_context_t *context, tpl_func_t **chain, uint32_t n,
    uint32_t position);
static tpl_int_t tpl_inline_begin(tpl_region_t *r, tpl_region_t *body,
    uint32_t pc, const tpl_func_t *fn, tpl_frame_t *closure,
    tpl_context_t *context, tpl_uint_t autoescape);
static tpl_int_t tpl_inline_slots(tpl_region_t *body);
static tpl_int_t tpl_inline_end(tpl_region_t *r, tpl_region_t *body,
    uint32_t pc, tpl_uint_t direct);


tpl_int_t
tpl_region_hole(tpl_region_t *r, const tpl_value_t *v, uint32_t pc)
{
    int32_t             depth;
    tpl_region_hole_t  *hole;

    depth = r->at[pc].depth;

    if (r->holes.n && r->holes.elts[r->holes.n - 1].depth >= depth) {
        return TPL_DECLINED;
    }

    hole = tpl_vec_push(r->s->scratch, &r->holes);

    if (hole == NULL) {
        return TPL_DECLINED;
    }

    hole->value = *v;
    hole->depth = depth;
    hole->pc = pc;

    return TPL_OK;
}


tpl_region_t *
tpl_region_of(tpl_region_t *r, const tpl_frame_t *frame)
{
    while (r && r->frame != frame) {
        r = r->up;
    }

    return r;
}


tpl_int_t
tpl_region_lambda(tpl_region_t *r, const tpl_macro_t *lambda)
{
    uint32_t            n;
    tpl_func_t        **fn;
    tpl_specializer_t  *s;
    const tpl_insn_t   *i;

    s = r->s;

    /* the names that it looks up are those of the whole template */

    if (lambda->context != s->context) {
        return TPL_DECLINED;
    }

    for (n = 0; n < lambda->fn->ncode; n++) {
        i = &lambda->fn->code[n];

        switch (tpl_insn_plain(i->op)) {

        case TPL_INSN_LOAD_UP:
        case TPL_INSN_MACRO:
            return TPL_DECLINED;

        case TPL_INSN_SET_ATTR:
        case TPL_INSN_SET_ITEM:
            s->mutated = 1;
            break;

        case TPL_INSN_GET_ATTR:
        case TPL_INSN_CALL_METHOD:
            if (tpl_mutates_name(s->vm->exec.builtins,
                                 &lambda->fn->tmpl->names[i->c]->str))
            {
                s->mutated = 1;
            }

            /* fall through */

        case TPL_INSN_CALL:
        case TPL_INSN_CALL_EX:
        case TPL_INSN_GET_ITEM:
            s->calls = 1;
            s->picks = 1;
            break;

        default:
            break;
        }
    }

    for (n = 0; n < s->c.funcs.n; n++) {
        if (s->c.funcs.elts[n] == lambda->fn) {
            return tpl_code_emit(&s->b, TPL_INSN_MACRO, 0, 0, n);
        }
    }

    fn = tpl_vec_push(s->c.work, &s->c.funcs);
    if (fn == NULL) {
        return tpl_compile_memory(&s->c);
    }

    *fn = (tpl_func_t *) lambda->fn;

    return tpl_code_emit(&s->b, TPL_INSN_MACRO, 0, 0, n);
}


/* takes the hole at this depth, if it is the topmost */

static tpl_uint_t
tpl_inline_take(tpl_region_t *r, int32_t depth, tpl_value_t *v)
{
    tpl_region_hole_t  *hole;

    if (r->holes.n == 0) {
        return 0;
    }

    hole = &r->holes.elts[r->holes.n - 1];

    if (hole->depth != depth) {
        return 0;
    }

    *v = hole->value;
    r->holes.n--;

    return 1;
}


tpl_int_t
tpl_region_call(tpl_region_t *r, uint32_t pc)
{
    int32_t              floor;
    uint32_t             k;
    tpl_int_t            rc;
    tpl_value_t          callee;
    tpl_block_ref_t     *ref;
    const tpl_insn_t    *i;
    tpl_region_hole_t   *hole;

    i = &r->code[pc];

    switch (i->op) {

    case TPL_INSN_LOCALS:
        return tpl_inline_locals(r, pc);

    case TPL_INSN_BLOCK:
        return tpl_inline_block(r, pc);

    case TPL_INSN_INCLUDE_STATIC:
        return tpl_inline_include(r, pc);

    default:
        break;
    }

    /* the callee, or the method's object, is the lowest */

    floor = r->at[pc].depth - (int32_t) tpl_insn_pops(i);
    hole = NULL;

    for (k = r->holes.n; k && r->holes.elts[k - 1].depth >= floor; k--) {
        hole = &r->holes.elts[k - 1];
    }

    if (hole == NULL) {
        return TPL_AGAIN;
    }

    if (hole->depth != floor) {
        return TPL_DECLINED;
    }

    callee = hole->value;

    if (i->op == TPL_INSN_CALL_METHOD) {
        rc = tpl_inline_method(r, i, &callee);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    if (callee.type == TPL_MACRO) {
        return tpl_inline_macro(r, pc, callee.u.macro);
    }

    if (tpl_is_block_ref(&callee) && i->op == TPL_INSN_CALL
        && i->b + tpl_insn_nkw(i) == 0)
    {
        r->holes.n--;
        ref = (tpl_block_ref_t *) callee.u.obj;

        return tpl_inline_chain(r, pc, ref->context, ref->chain, ref->n,
                                ref->position);
    }

    return TPL_DECLINED;
}


/* a macro of an imported template */

static tpl_int_t
tpl_inline_method(tpl_region_t *r, const tpl_insn_t *i, tpl_value_t *callee)
{
    tpl_int_t    rc;
    tpl_exec_t  *exec;
    tpl_value_t  v;

    if (callee->type != TPL_OBJECT) {
        return TPL_DECLINED;
    }

    exec = &r->s->vm->exec;

    rc = tpl_get_attr(exec, callee, r->tmpl->names[i->c], &v);

    if (rc != TPL_OK) {
        tpl_error_clear(exec->error);
        return TPL_DECLINED;
    }

    *callee = v;

    return TPL_OK;
}


static tpl_int_t
tpl_inline_macro(tpl_region_t *r, uint32_t pc, tpl_macro_t *macro)
{
    tpl_int_t          rc;
    tpl_region_t       body;
    const tpl_func_t  *fn;

    fn = macro->fn;

    if (fn->kind == TPL_FUNC_LAMBDA || fn->varargs >= 0 || fn->kwargs >= 0) {
        return TPL_DECLINED;
    }

    rc = tpl_inline_begin(r, &body, pc, fn, macro->closure, macro->context,
                          macro->autoescape);

    if (rc == TPL_OK) {
        rc = tpl_inline_args(r, &body, pc);
    }

    if (rc == TPL_OK) {
        rc = tpl_inline_end(r, &body, pc, r->code[pc].a & TPL_CALL_DIRECT);
    }

    return rc;
}


/* from the topmost argument down: into slots, or known ones into the frame */

static tpl_int_t
tpl_inline_args(tpl_region_t *r, tpl_region_t *body, uint32_t pc)
{
    int32_t            depth;
    uint32_t           k, n, nkw, slot;
    tpl_uint_t         caller;
    tpl_value_t        v;
    const tpl_func_t  *fn;
    const tpl_insn_t  *i;
    const tpl_list_t  *names;

    static const tpl_str_t  name = tpl_string("caller");

    fn = body->fn;
    i = &r->code[pc];
    n = i->b;
    nkw = 0;
    names = NULL;

    if (i->op == TPL_INSN_CALL && i->c != TPL_NO_CONST) {
        names = r->tmpl->consts[i->c].u.list;
        nkw = names->n;
    }

    if (n > fn->nparams) {
        return TPL_DECLINED;
    }

    depth = r->at[pc].depth;
    caller = 0;

    for (k = n + nkw; k-- > 0; ) {
        slot = k;

        if (names && k >= n) {
            slot = tpl_inline_param(fn, &names->items[k - n]);

            if (slot == TPL_SLOT_NONE && fn->caller >= 0
                && !fn->explicit_caller
                && names->items[k - n].len == name.len
                && memcmp(names->items[k - n].u.s, name.data, name.len) == 0)
            {
                slot = (uint32_t) fn->caller;
                caller = 1;

            } else if (slot < n || slot == TPL_SLOT_NONE) {
                return TPL_DECLINED;
            }
        }

        if (body->frame->slots[slot].type != TPL_MISSING
            || body->loops[slot])
        {
            return TPL_DECLINED;
        }

        depth--;

        if (tpl_inline_take(r, depth, &v)) {

            /* known, so nothing may write there */

            if (body->slots[slot] != TPL_SLOT_NONE) {
                return TPL_DECLINED;
            }

            body->frame->slots[slot] = v;
            continue;
        }

        if (body->slots[slot] == TPL_SLOT_NONE) {
            tpl_try(tpl_code_temp(&r->s->b, 1, &body->slots[slot]));
        }

        body->loops[slot] = 1;

        tpl_try(tpl_code_emit(&r->s->b, TPL_INSN_STORE, 0, body->slots[slot],
                              0));
    }

    if (fn->caller >= 0 && !fn->explicit_caller && !caller) {
        return TPL_DECLINED;
    }

    /* the callee itself */

    return tpl_inline_take(r, depth - 1, &v) ? TPL_OK : TPL_DECLINED;
}


static uint32_t
tpl_inline_param(const tpl_func_t *fn, const tpl_value_t *name)
{
    uint32_t   i;
    tpl_str_t  str;

    str = tpl_value_str(name);

    for (i = 0; i < fn->nparams; i++) {
        if (tpl_str_eq(&fn->params[i]->str, &str)) {
            return i;
        }
    }

    return TPL_SLOT_NONE;
}


/* the names for what comes next: its context, where they are unknown ones */

static tpl_int_t
tpl_inline_locals(tpl_region_t *r, uint32_t pc)
{
    int32_t             depth;
    uint32_t            k;
    tpl_str_t           name;
    tpl_vars_t         *vars;
    tpl_value_t        *values;
    tpl_unknown_t      *u;
    tpl_specializer_t  *s;
    const tpl_insn_t   *i;
    const tpl_list_t   *names;

    s = r->s;
    i = &r->code[pc];
    depth = r->at[pc].depth;
    names = r->tmpl->consts[i->c].u.list;

    vars = tpl_vars_create(s->vm, i->b);
    values = tpl_palloc(s->scratch, (i->b + 1) * sizeof(tpl_value_t));

    if (vars == NULL || values == NULL) {
        return TPL_DECLINED;
    }

    for (k = i->b; k-- > 0; ) {
        depth--;

        if (tpl_inline_take(r, depth, &values[k])) {
            continue;
        }

        u = tpl_unknown_create(s, NULL, 0);
        if (u == NULL) {
            return TPL_DECLINED;
        }

        u->ready = 1;
        u->missing = !s->vm->exec.options->python;

        tpl_try(tpl_code_temp(&s->b, 1, &u->slot));
        tpl_try(tpl_code_emit(&s->b, TPL_INSN_STORE, 0, u->slot, 0));

        values[k] = (tpl_value_t) { .type = TPL_PENDING,
                                    .u.obj = &u->object };
    }

    for (k = 0; k < i->b; k++) {
        name = tpl_value_str(&names->items[k]);
        tpl_vars_add(vars, &name, &values[k]);
    }

    if (r->holes.n && r->holes.elts[r->holes.n - 1].depth >= depth) {
        return TPL_DECLINED;
    }

    r->locals = vars;
    r->locals_pc = pc + 1;

    return TPL_OK;
}


static tpl_int_t
tpl_inline_vars(tpl_region_t *r, tpl_vars_t **vars)
{
    *vars = r->locals;
    r->locals = NULL;

    return (*vars && r->locals_pc == r->known_pc) ? TPL_OK : TPL_DECLINED;
}


static tpl_int_t
tpl_inline_block(tpl_region_t *r, uint32_t pc)
{
    tpl_vars_t        *vars;
    tpl_block_t       *block;
    tpl_context_t     *context;
    const tpl_insn_t  *i;

    i = &r->code[pc];
    context = r->frame->context;
    block = tpl_context_block(context, r->tmpl->names[i->c]);

    if (block == NULL || i->b) {
        return TPL_DECLINED;
    }

    if (i->a) {
        if (tpl_inline_vars(r, &vars) != TPL_OK) {
            return TPL_DECLINED;
        }

        context = tpl_context_derive(r->s->vm, context, vars);
        if (context == NULL) {
            return TPL_DECLINED;
        }
    }

    return tpl_inline_chain(r, pc, context, block->chain, block->n, 0);
}


static tpl_int_t
tpl_inline_chain(tpl_region_t *r, uint32_t pc, tpl_context_t *context,
    tpl_func_t **chain, uint32_t n, uint32_t position)
{
    tpl_int_t          rc;
    tpl_region_t       body;
    const tpl_func_t  *fn;
    const tpl_insn_t  *i;

    i = &r->code[pc];
    fn = chain[position];

    rc = tpl_inline_begin(r, &body, pc, fn, NULL, context,
                          fn->tmpl->autoescape);
    if (rc != TPL_OK) {
        return rc;
    }

    body.frame->chain = chain;
    body.frame->nchain = n;
    body.frame->position = position;

    return tpl_inline_end(r, &body, pc, i->op == TPL_INSN_BLOCK
                                        || (i->a & TPL_CALL_DIRECT));
}


static tpl_int_t
tpl_inline_include(tpl_region_t *r, uint32_t pc)
{
    tpl_int_t          rc;
    tpl_vars_t        *vars;
    tpl_region_t       body;
    tpl_context_t     *context;
    tpl_template_t    *tmpl;
    const tpl_insn_t  *i;

    i = &r->code[pc];
    tmpl = r->tmpl->links[i->c];
    vars = NULL;

    if ((tpl_insn_locals(i) && tpl_inline_vars(r, &vars) != TPL_OK)
        || !(i->a & TPL_REF_CONTEXT) || tmpl->error || tmpl->root == NULL)
    {
        return TPL_DECLINED;
    }

    /* as the VM does it */

    context = tpl_context_create(r->s->vm, tmpl);
    if (context == NULL) {
        return TPL_DECLINED;
    }

    context->globals = r->frame->context->globals;
    context->vars = tpl_context_snapshot(r->frame->context);

    if (vars) {
        vars->next = context->vars;
        vars->shared = 1;
        context->vars = vars;
    }

    rc = tpl_inline_begin(r, &body, pc, tmpl->root, NULL, context,
                          tmpl->autoescape);

    return (rc == TPL_OK) ? tpl_inline_end(r, &body, pc, 1) : rc;
}


static tpl_int_t
tpl_inline_begin(tpl_region_t *r, tpl_region_t *body, uint32_t pc,
    const tpl_func_t *fn, tpl_frame_t *closure, tpl_context_t *context,
    tpl_uint_t autoescape)
{
    tpl_frame_t        *frame;
    tpl_specializer_t  *s;

    s = r->s;

    if (autoescape != s->autoescape || r->level >= TPL_INLINE_LEVELS) {
        return TPL_DECLINED;
    }

    frame = tpl_pcalloc(s->scratch, sizeof(tpl_frame_t)
                                    + fn->nslots * sizeof(tpl_value_t));
    if (frame == NULL) {
        return TPL_DECLINED;
    }

    r->frame->pc = r->fn->code + pc;

    frame->fn = fn;
    frame->slots = (tpl_value_t *) (frame + 1);
    frame->sp = tpl_frame_stack(frame);
    frame->pc = fn->code;
    frame->caller = r->frame;
    frame->closure = closure;
    frame->context = context;
    frame->result = TPL_RESULT_WRITE;

    memset(body, 0, sizeof(tpl_region_t));

    body->s = s;
    body->up = r;
    body->level = r->level + 1;
    body->frame = frame;
    body->fn = fn;
    body->end = fn->ncode - 1;

    if (tpl_region_init(body) != TPL_OK
        || body->code[body->end].op != TPL_INSN_RETURN
        || tpl_region_find(body) != TPL_OK)
    {
        return TPL_DECLINED;
    }

    s->vm->frame = frame;

    return tpl_inline_slots(body);
}


/*
 * Slots of the body that are written get new ones, neighbours as they were;
 * but what is only ever looked up, and known, is known.
 */

static tpl_int_t
tpl_inline_slots(tpl_region_t *body)
{
    uint32_t           i, n, pc, base, *writes;
    tpl_int_t          rc;
    tpl_value_t        v;
    tpl_specializer_t  *s;
    const tpl_insn_t  *insn, **by;

    s = body->s;
    n = body->fn->nslots;

    if (n == 0) {
        return TPL_OK;
    }

    writes = tpl_pcalloc(s->scratch, n * sizeof(uint32_t));
    by = tpl_pcalloc(s->scratch, n * sizeof(tpl_insn_t *));

    if (writes == NULL || by == NULL) {
        return TPL_DECLINED;
    }

    for (pc = 0; pc < body->end; pc++) {
        insn = &body->code[pc];

        switch (insn->op) {

        case TPL_INSN_FOR:
            if (insn->a & TPL_FOR_LOOP) {
                writes[insn->b + 1]++;
            }

            /* fall through */

        case TPL_INSN_STORE:
        case TPL_INSN_CLEAR:
        case TPL_INSN_RESOLVE:
        case TPL_INSN_PARAM_UNDEFINED:
            writes[insn->b]++;
            by[insn->b] = insn;
            break;

        default:
            break;
        }
    }

    if (tpl_code_temp(&s->b, n, &base) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < n; i++) {
        body->slots[i] = base + i;

        if (writes[i] == 0) {
            body->slots[i] = TPL_SLOT_NONE;
            continue;
        }

        if (writes[i] == 1 && by[i] && by[i]->op == TPL_INSN_RESOLVE
            && !by[i]->a)
        {
            s->looked = NULL;

            rc = tpl_context_resolve(s->vm, body->frame->context,
                                     body->tmpl->names[by[i]->c], &v);

            if (rc == TPL_OK && v.type != TPL_PENDING) {
                body->frame->slots[i] = v;
                body->slots[i] = TPL_SLOT_NONE;
            }
        }
    }

    return TPL_OK;
}


/* the body itself, of which a call that is no direct one takes the text */

static tpl_int_t
tpl_inline_end(tpl_region_t *r, tpl_region_t *body, uint32_t pc,
    tpl_uint_t direct)
{
    uint32_t                i;
    tpl_int_t               rc;
    tpl_builder_t          *b;
    const tpl_frame_pos_t  *frames;

    b = &r->s->b;
    frames = b->frames;

    if (!direct) {
        tpl_try(tpl_code_emit(b, TPL_INSN_CAPTURE, 0, 0, 0));
    }

    /* it may be in a loop: the slots begin as missing ones each time */

    for (i = 0; i < body->fn->nslots; i++) {
        if (body->slots[i] != TPL_SLOT_NONE && !body->loops[i]) {
            tpl_try(tpl_code_emit(b, TPL_INSN_CLEAR, 0, body->slots[i], 0));
        }
    }

    if (tpl_frame_origins(r->s->c.arena, body->frame, &b->frames) != TPL_OK) {
        return tpl_compile_memory(&r->s->c);
    }

    rc = tpl_region_copy(body);

    if (rc != TPL_OK) {
        return rc;
    }

    b->frames = frames;
    b->pos = tpl_func_pos(r->fn, pc);
    r->s->vm->frame = r->frame;

    if (!direct) {
        return tpl_code_emit(b, TPL_INSN_CAPTURE_END,
                             r->s->vm->exec.options->python, 0, 0);
    }

    if (r->code[pc].op == TPL_INSN_CALL
        || r->code[pc].op == TPL_INSN_CALL_METHOD)
    {
        r->skip = pc + 1;
    }

    return TPL_OK;
}
