
/*
 * The program that specialization leaves: constant text, and copies of the
 * statements that need a value of the render.
 *
 * A statement's instructions are copied with all that they jump over, up to the
 * first one behind them that every way through them comes to with nothing on
 * the stack and no loop or capture open.  Slots that it writes get slots of
 * their own, which begin with what is in them; from then on the value is an
 * unknown one that is found there.  Everything else that it reads is a
 * constant: what a constant cannot be (a macro, a loop, an imported template)
 * makes the template be left as it is, unless an attribute of it is all that is
 * wanted.
 */

#include "vm/tpl_special.h"


static tpl_int_t tpl_region_reach(tpl_region_t *r, tpl_uint_t *again);
static tpl_uint_t tpl_region_handles(const tpl_insn_t *i);
static tpl_int_t tpl_region_slots(tpl_region_t *r);
static tpl_int_t tpl_region_slot(tpl_region_t *r, uint32_t slot);
static tpl_int_t tpl_region_join(tpl_region_t *r, uint32_t pc);
static tpl_int_t tpl_region_insn(tpl_region_t *r, uint32_t pc);
static tpl_int_t tpl_region_load(tpl_region_t *r, const tpl_insn_t *i,
    const tpl_value_t *v);
static tpl_int_t tpl_region_load_up(tpl_region_t *r, const tpl_insn_t *i,
    uint32_t slot);
static void tpl_region_method(tpl_region_t *r, const tpl_name_t *name);
static tpl_int_t tpl_region_attr(tpl_region_t *r, const tpl_insn_t *i,
    int32_t depth);
static tpl_int_t tpl_region_resolve(tpl_region_t *r, const tpl_insn_t *i,
    uint32_t slot);
static tpl_int_t tpl_region_name(tpl_region_t *r, const tpl_insn_t *i);


tpl_int_t
tpl_residue_region(tpl_specializer_t *s, uint32_t pc)
{
    uint32_t       i, n;
    tpl_vm_t      *vm;
    tpl_int_t      rc;
    tpl_value_t    mode;
    tpl_region_t   r;
    tpl_unknown_t *u;

    vm = s->vm;

    memset(&r, 0, sizeof(tpl_region_t));

    r.s = s;
    r.frame = s->frame;
    r.fn = s->frame->fn;
    r.start = s->start;
    r.end = pc + 1;

    /* back to where the statement began */

    n = r.fn->nslots;

    if (n) {
        memcpy(r.frame->slots, s->slots, n * sizeof(tpl_value_t));
    }

    r.frame->sp = tpl_frame_stack(r.frame);
    r.frame->tries = NULL;

    tpl_output_drop(&vm->output, &s->mark);
    tpl_error_clear(vm->exec.error);

    vm->nmarks = 0;
    vm->waiting = NULL;
    vm->exec.depth = 0;
    vm->exec.autoescape = s->autoescape;

    tpl_try(tpl_residue_text(s));

    rc = tpl_region_init(&r);

    if (rc == TPL_OK) {
        rc = tpl_region_find(&r);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_frame_origins(s->c.arena, r.frame, &s->b.frames) != TPL_OK) {
        return tpl_compile_memory(&s->c);
    }

    s->b.pos = tpl_func_pos(r.fn, r.start);

    if (s->residue_autoescape != s->autoescape) {
        tpl_value_bool(&mode, s->autoescape);
        tpl_try(tpl_code_push(&s->b, &mode));
        tpl_try(tpl_code_emit(&s->b, TPL_INSN_AUTOESCAPE, 0, 0, 0));
        s->residue_autoescape = s->autoescape;
    }

    rc = tpl_region_slots(&r);

    if (rc == TPL_OK) {
        rc = tpl_region_copy(&r);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    for (i = 0; i < n; i++) {

        if (r.slots[i] == TPL_SLOT_NONE) {
            continue;
        }

        if (r.loops[i]) {
            tpl_value_missing(&r.frame->slots[i]);
            continue;
        }

        u = tpl_unknown_create(s, NULL, 0);
        if (u == NULL) {
            return TPL_DECLINED;
        }

        u->slot = r.slots[i];
        u->ready = 1;

        r.frame->slots[i] = (tpl_value_t) { .type = TPL_PENDING,
                                            .u.obj = &u->object };
    }

    r.frame->pc = r.fn->code + r.end;

    return TPL_OK;
}


tpl_int_t
tpl_region_init(tpl_region_t *r)
{
    uint32_t      i, ncode;
    tpl_arena_t  *arena;

    ncode = r->fn->ncode;
    arena = r->s->scratch;

    r->tmpl = r->fn->tmpl;
    r->at = tpl_palloc(arena, ncode * sizeof(tpl_region_at_t));
    r->todo = tpl_palloc(arena, ncode * 2 * sizeof(uint32_t));
    r->labels = tpl_palloc(arena, (ncode + 1) * sizeof(tpl_label_t));
    r->slots = tpl_palloc(arena, (r->fn->nslots + 1) * sizeof(uint32_t));
    r->loops = tpl_pcalloc(arena, r->fn->nslots + 1);
    r->code = tpl_palloc(arena, ncode * sizeof(tpl_insn_t));

    if (r->at == NULL || r->todo == NULL || r->labels == NULL
        || r->slots == NULL || r->loops == NULL || r->code == NULL)
    {
        return TPL_DECLINED;
    }

    for (i = 0; i < ncode; i++) {
        r->code[i] = r->fn->code[i];
        r->code[i].op = (uint8_t) tpl_insn_plain(r->code[i].op);
    }

    return TPL_OK;
}


/* where all ways through the statement come together */

tpl_int_t
tpl_region_find(tpl_region_t *r)
{
    tpl_int_t   rc;
    tpl_uint_t  again;

    do {
        again = 0;
        rc = tpl_region_reach(r, &again);

        if (rc != TPL_OK) {
            return rc;
        }

    } while (again);

    return TPL_OK;
}


static tpl_int_t
tpl_region_reach(tpl_region_t *r, tpl_uint_t *again)
{
    uint32_t           i, k, pc, n, next[2], ntodo;
    const tpl_insn_t  *insn;
    tpl_region_at_t   at, *to;

    if (r->end >= r->fn->ncode) {
        return TPL_DECLINED;
    }

    memset(r->at + r->start, 0,
           (r->end - r->start + 1) * sizeof(tpl_region_at_t));

    r->at[r->start].seen = 1;
    r->todo[0] = r->start;
    ntodo = 1;

    while (ntodo) {
        pc = r->todo[--ntodo];
        insn = &r->code[pc];
        at = r->at[pc];

        if (!tpl_region_handles(insn)) {
            return TPL_DECLINED;
        }

        at.depth -= (int32_t) tpl_insn_pops(insn);
        n = 0;

        if (tpl_insn_jumps(insn)) {
            next[n++] = insn->c;
        }

        if (insn->op != TPL_INSN_JUMP && insn->op != TPL_INSN_RERAISE) {
            next[n++] = pc + 1;
        }

        switch (insn->op) {

        case TPL_INSN_CAPTURE:
            at.captures++;
            break;

        case TPL_INSN_CAPTURE_END:
            at.captures--;
            break;

        case TPL_INSN_FOR:
            at.loops++;
            break;

        case TPL_INSN_END_FOR:
            at.loops--;
            break;

        case TPL_INSN_TRY_END:
            at.tries--;
            break;

        default:
            break;
        }

        for (i = 0; i < n; i++) {
            k = next[i];

            if (k < r->start) {
                return TPL_DECLINED;
            }

            if (k > r->end) {
                r->end = k;
                *again = 1;
                return TPL_OK;
            }

            to = &r->at[k];

            /* an empty branch is jumped over to the next one */

            if (i == 0 && tpl_insn_jumps(insn)) {
                to->from = to->target ? tpl_min(to->from, pc) : pc;
                to->target = 1;
            }

            if (to->seen) {
                continue;
            }

            to->depth = at.depth;
            to->captures = at.captures;
            to->loops = at.loops;
            to->tries = at.tries;
            to->seen = 1;

            /* kept when it jumps, an exception; a loop's end has no item */

            if (k == pc + 1) {
                to->depth += (int32_t) tpl_insn_pushes(insn);
                to->tries += (insn->op == TPL_INSN_TRY);

            } else if (insn->op == TPL_INSN_JUMP_FALSE_OR_POP
                       || insn->op == TPL_INSN_JUMP_TRUE_OR_POP
                       || insn->op == TPL_INSN_TRY)
            {
                to->depth++;
            }

            if (k != r->end) {
                r->todo[ntodo++] = k;
            }
        }
    }

    to = &r->at[r->end];

    if (!to->seen) {
        return TPL_DECLINED;
    }

    if (to->depth == 0 && to->captures == 0 && to->loops == 0
        && to->tries == 0)
    {
        return TPL_OK;
    }

    /* further, but not one by one through a loop */

    do {
        r->end++;

    } while (to->loops && r->end < r->fn->ncode
             && r->code[r->end - 1].op != TPL_INSN_END_FOR);

    *again = 1;

    return TPL_OK;
}


static tpl_uint_t
tpl_region_handles(const tpl_insn_t *i)
{
    switch (i->op) {

    case TPL_INSN_STORE:
        return i->a == 0;

    case TPL_INSN_EXPORT:
    case TPL_INSN_CALL_LOOP:
    case TPL_INSN_SELF:
    case TPL_INSN_EXTENDS:
    case TPL_INSN_EXTENDS_STATIC:
    case TPL_INSN_JUMP_CHILD:
    case TPL_INSN_PARENT:
    case TPL_INSN_INCLUDE:
    case TPL_INSN_IMPORT:
    case TPL_INSN_IMPORT_STATIC:
    case TPL_INSN_IMPORT_NAME:
    case TPL_INSN_RETURN:
    case TPL_INSN_RETURN_VALUE:
    case TPL_INSN_DEBUG:
        return 0;

    default:
        return 1;
    }
}


/* new slots for those that the region writes */

static tpl_int_t
tpl_region_slots(tpl_region_t *r)
{
    uint32_t              i, n, pc;
    tpl_int_t             rc;
    tpl_builder_t        *b;
    const tpl_insn_t     *insn;
    const tpl_value_t    *v;

    b = &r->s->b;
    n = r->fn->nslots;

    for (i = 0; i < n; i++) {
        r->slots[i] = TPL_SLOT_NONE;
    }

    /* a loop and its `loop` are neighbours */

    for (pc = r->start; pc < r->end; pc++) {
        insn = &r->code[pc];

        if (!r->at[pc].seen || insn->op != TPL_INSN_FOR) {
            continue;
        }

        r->loops[insn->b] = 1;

        if (!(insn->a & TPL_FOR_LOOP)) {
            continue;
        }

        r->loops[insn->b + 1] = 1;

        if (r->slots[insn->b] == TPL_SLOT_NONE
            && r->slots[insn->b + 1] == TPL_SLOT_NONE)
        {
            tpl_try(tpl_code_temp(b, 2, &r->slots[insn->b]));
            r->slots[insn->b + 1] = r->slots[insn->b] + 1;

        } else if (r->slots[insn->b] == TPL_SLOT_NONE
                   || r->slots[insn->b + 1] != r->slots[insn->b] + 1)
        {
            return TPL_DECLINED;
        }
    }

    for (pc = r->start; pc < r->end; pc++) {
        insn = &r->code[pc];

        if (!r->at[pc].seen) {
            continue;
        }

        switch (insn->op) {

        case TPL_INSN_STORE:
        case TPL_INSN_CLEAR:
        case TPL_INSN_RESOLVE:
        case TPL_INSN_PARAM_UNDEFINED:
        case TPL_INSN_FOR:
            if (r->loops[insn->b] && insn->op != TPL_INSN_FOR) {
                return TPL_DECLINED;
            }

            tpl_try(tpl_region_slot(r, insn->b));
            break;

        default:
            break;
        }
    }

    for (i = 0; i < n; i++) {

        if (r->slots[i] == TPL_SLOT_NONE || r->loops[i]) {
            continue;
        }

        v = &r->frame->slots[i];

        switch (v->type) {

        case TPL_MISSING:
            continue;

        case TPL_PENDING:
            tpl_try(tpl_code_emit(b, TPL_INSN_LOAD_RAW, 0,
                                  ((tpl_unknown_t *) v->u.obj)->slot, 0));
            break;

        default:
            rc = tpl_residue_const(r->s, v);

            if (rc != TPL_OK) {
                return rc;
            }
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, r->slots[i], 0));
    }

    return TPL_OK;
}


static tpl_int_t
tpl_region_slot(tpl_region_t *r, uint32_t slot)
{
    if (r->slots[slot] != TPL_SLOT_NONE) {
        return TPL_OK;
    }

    return tpl_code_temp(&r->s->b, 1, &r->slots[slot]);
}


tpl_int_t
tpl_region_copy(tpl_region_t *r)
{
    uint32_t   pc;
    tpl_int_t  rc;

    for (pc = r->start; pc <= r->end; pc++) {
        tpl_label_init(&r->labels[pc]);
    }

    for (pc = r->start; pc < r->end; pc++) {

        if (!r->at[pc].seen) {
            continue;
        }

        if (r->at[pc].target) {
            rc = tpl_region_join(r, pc);

            if (rc != TPL_OK) {
                return rc;
            }
        }

        if (pc == r->skip && pc) {
            continue;
        }

        if (r->s->b.code.n > TPL_SPECIAL_CODE) {
            return TPL_DECLINED;
        }

        r->s->b.pos = tpl_func_pos(r->fn, pc);

        rc = tpl_region_insn(r, pc);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return tpl_region_join(r, r->end);
}


/* ways come together: what is known on one must be so on the others */

static tpl_int_t
tpl_region_join(tpl_region_t *r, uint32_t pc)
{
    uint32_t   i;
    tpl_int_t  rc;

    rc = tpl_region_flush(r);

    if (rc != TPL_OK) {
        return rc;
    }

    for (i = 0; i < r->holes.n; i++) {
        if (pc == r->end
            || (r->at[pc].target && r->holes.elts[i].pc >= r->at[pc].from))
        {
            return TPL_DECLINED;
        }
    }

    if (pc == r->skip && pc && r->at[pc].target) {
        return TPL_DECLINED;
    }

    return r->at[pc].target ? tpl_code_bind(&r->s->b, &r->labels[pc])
                            : TPL_OK;
}


static tpl_int_t
tpl_region_insn(tpl_region_t *r, uint32_t pc)
{
    uint32_t            c, slot;
    tpl_int_t           rc;
    tpl_builder_t      *b;
    tpl_specializer_t  *s;
    const tpl_insn_t   *i;
    const tpl_text_t   *text;

    s = r->s;
    b = &s->b;
    i = &r->code[pc];

    /* what the last instruction gave is known */

    if (i->op == TPL_INSN_GET_ATTR) {
        return tpl_region_attr(r, i, r->at[pc].depth);
    }

    rc = tpl_region_flush(r);

    if (rc != TPL_OK) {
        return rc;
    }

    r->known_pc = pc;

    switch (i->op) {

    case TPL_INSN_CALL:
    case TPL_INSN_CALL_METHOD:
    case TPL_INSN_LOCALS:
    case TPL_INSN_BLOCK:
    case TPL_INSN_INCLUDE_STATIC:
        rc = tpl_region_call(r, pc);

        if (rc != TPL_AGAIN) {
            return rc;
        }

        break;

    default:

        /* only calls know what to do with what is not there */

        if (r->holes.n
            && r->holes.elts[r->holes.n - 1].depth
               >= r->at[pc].depth - (int32_t) tpl_insn_pops(i))
        {
            return TPL_DECLINED;
        }
    }

    switch (i->op) {

    case TPL_INSN_CONST:
        r->known = r->tmpl->consts[i->c];
        r->has_known = 1;
        return TPL_OK;

    case TPL_INSN_MACRO:
        r->has_known = 1;

        return (tpl_macro_create(s->vm, r->tmpl->funcs[i->c], &r->known)
                == TPL_OK)
               ? TPL_OK : TPL_DECLINED;

    case TPL_INSN_SUPER:
        r->has_known = 1;

        return (tpl_block_super(s->vm, r->tmpl->names[i->c], r->frame->context,
                                r->frame->chain, r->frame->nchain,
                                r->frame->position, &r->known)
                == TPL_OK)
               ? TPL_OK : TPL_DECLINED;

    case TPL_INSN_LOAD:
    case TPL_INSN_LOAD_RAW:
    case TPL_INSN_OUTPUT_SLOT:

        if (i->op != TPL_INSN_LOAD_RAW || i->a == 0) {
            slot = r->slots[i->b];

            if (slot == TPL_SLOT_NONE) {
                return tpl_region_load(r, i, &r->frame->slots[i->b]);
            }

            c = 0;

            if (i->op != TPL_INSN_LOAD_RAW) {
                tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));
            }

            return tpl_code_emit(b, i->op, i->a, slot, c);
        }

        /* fall through */

    case TPL_INSN_LOAD_UP:
        {
            uint32_t       n;
            tpl_frame_t   *frame;
            tpl_region_t  *of;

            for (n = i->a, frame = r->frame; n; n--) {
                frame = frame->closure;
            }

            of = tpl_region_of(r, frame);
            slot = of ? of->slots[i->b] : TPL_SLOT_NONE;

            if (slot == TPL_SLOT_NONE) {
                return tpl_region_load(r, i, &frame->slots[i->b]);
            }

            return tpl_region_load_up(r, i, slot);
        }

    case TPL_INSN_STORE:
    case TPL_INSN_CLEAR:
    case TPL_INSN_FOR:
    case TPL_INSN_END_FOR:
        slot = r->slots[i->b];

        if (slot == TPL_SLOT_NONE) {
            return TPL_DECLINED;
        }

        return tpl_code_emit(b, i->op, i->a, slot, i->c);

    case TPL_INSN_JUMP_SET:
        slot = r->slots[i->b];

        if (slot == TPL_SLOT_NONE) {

            switch (r->frame->slots[i->b].type) {

            case TPL_MISSING:
                return TPL_OK;

            case TPL_PENDING:
                slot = ((tpl_unknown_t *) r->frame->slots[i->b].u.obj)->slot;
                break;

            default:
                return tpl_code_jump(b, TPL_INSN_JUMP, 0, &r->labels[i->c]);
            }
        }

        return tpl_code_jump(b, i->op, slot, &r->labels[i->c]);

    case TPL_INSN_PARAM_UNDEFINED:
        slot = r->slots[i->b];

        if (slot == TPL_SLOT_NONE) {
            return TPL_DECLINED;
        }

        tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));

        return tpl_code_emit(b, i->op, i->a, slot, c);

    case TPL_INSN_NEXT:
        slot = r->slots[i->b];

        if (slot == TPL_SLOT_NONE) {
            return TPL_DECLINED;
        }

        return tpl_code_jump(b, i->op, slot, &r->labels[i->c]);

    case TPL_INSN_JUMP:
    case TPL_INSN_JUMP_FALSE:
    case TPL_INSN_JUMP_TRUE:
    case TPL_INSN_JUMP_FALSE_OR_POP:
    case TPL_INSN_JUMP_TRUE_OR_POP:
    case TPL_INSN_TRY:
        return tpl_code_jump(b, i->op, i->b, &r->labels[i->c]);

    case TPL_INSN_RESOLVE:
        if (r->slots[i->b] == TPL_SLOT_NONE) {

            /* known, of an inlined function */

            return TPL_OK;
        }

        return tpl_region_resolve(r, i, r->slots[i->b]);

    case TPL_INSN_RESOLVE_PUSH:
        if (i->a) {
            return tpl_region_name(r, i);
        }

        tpl_try(tpl_code_temp(b, 1, &slot));

        rc = tpl_region_resolve(r, i, slot);

        if (rc != TPL_OK) {
            return rc;
        }

        tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));

        return tpl_code_emit(b, TPL_INSN_LOAD, 0, slot, c);

    case TPL_INSN_SET_ATTR:
        s->mutated = 1;

        /* fall through */

    case TPL_INSN_CALL_METHOD:
        s->calls = 1;
        tpl_region_method(r, r->tmpl->names[i->c]);
        tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));

        return tpl_code_emit(b, i->op, i->a, i->b, c);

    case TPL_INSN_CALL:
        s->calls = 1;
        c = i->c;

        if (c != TPL_NO_CONST) {
            tpl_try(tpl_code_const(&s->c, &r->tmpl->consts[c], &c));
        }

        return tpl_code_emit(b, i->op, i->a, i->b, c);

    case TPL_INSN_UNDEFINED:
    case TPL_INSN_CATCH:
    case TPL_INSN_RAISE:
        tpl_try(tpl_code_const(&s->c, &r->tmpl->consts[i->c], &c));

        return tpl_code_emit(b, i->op, i->a, i->b, c);

    case TPL_INSN_TEXT:
        text = &r->tmpl->texts[i->c];

        return tpl_code_text(b, &text->str, 1);

    case TPL_INSN_CALL_EX:
        s->calls = 1;
        break;

    case TPL_INSN_SET_ITEM:
        s->mutated = 1;
        break;

    case TPL_INSN_GET_ITEM:
    case TPL_INSN_FILTER:
    case TPL_INSN_FILTER_EX:
        s->picks = 1;
        break;

    case TPL_INSN_AUTOESCAPE:
        return TPL_DECLINED;

    default:
        break;
    }

    return tpl_code_emit(b, i->op, i->a, i->b, i->c);
}


/* a slot that the region does not write */

static tpl_int_t
tpl_region_load(tpl_region_t *r, const tpl_insn_t *i, const tpl_value_t *v)
{
    uint32_t            c, slot;
    tpl_int_t           rc;
    tpl_builder_t      *b;
    tpl_specializer_t  *s;

    s = r->s;
    b = &s->b;

    switch (v->type) {

    case TPL_PENDING:
        slot = ((tpl_unknown_t *) v->u.obj)->slot;
        break;

    case TPL_MISSING:

        /* one that stays so */

        tpl_try(tpl_code_temp(b, 1, &slot));
        break;

    default:

        if (i->op != TPL_INSN_OUTPUT_SLOT) {
            r->known = *v;
            r->has_known = 1;
            return TPL_OK;
        }

        rc = tpl_residue_const(s, v);

        if (rc != TPL_OK) {
            return rc;
        }

        return tpl_code_emit(b, TPL_INSN_OUTPUT, TPL_OUT_AUTO, 0, 0);
    }

    if (i->op == TPL_INSN_LOAD_UP) {
        return tpl_region_load_up(r, i, slot);
    }

    if (i->op == TPL_INSN_LOAD_RAW) {
        return tpl_code_emit(b, TPL_INSN_LOAD_RAW, 0, slot, 0);
    }

    tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));

    return tpl_code_emit(b, i->op, i->a, slot, c);
}


/* of a function around: Python has a message of its own for these */

static tpl_int_t
tpl_region_load_up(tpl_region_t *r, const tpl_insn_t *i, uint32_t slot)
{
    uint32_t  c;

    if (i->op == TPL_INSN_LOAD_RAW) {
        return tpl_code_emit(&r->s->b, TPL_INSN_LOAD_RAW, 0, slot, 0);
    }

    tpl_try(tpl_residue_name(r->s, r->tmpl, i->c, &c));

    return tpl_code_emit(&r->s->b, TPL_INSN_LOAD,
                         r->s->vm->exec.options->python ? TPL_LOAD_FREE : 0,
                         slot, c);
}


/* a method that changes its self is called, or may be later */

static void
tpl_region_method(tpl_region_t *r, const tpl_name_t *name)
{
    if (tpl_mutates_name(r->s->vm->exec.builtins, &name->str)) {
        r->s->mutated = 1;
    }
}


/* an attribute of something known is known, if it has it */

static tpl_int_t
tpl_region_attr(tpl_region_t *r, const tpl_insn_t *i, int32_t depth)
{
    uint32_t            c, n;
    tpl_int_t           rc;
    tpl_exec_t         *exec;
    tpl_value_t         v;
    tpl_specializer_t  *s;
    const tpl_name_t   *name;

    s = r->s;
    exec = &s->vm->exec;
    name = r->tmpl->names[i->c];

    tpl_region_method(r, name);

    if (r->holes.n && !r->has_known
        && r->holes.elts[r->holes.n - 1].depth >= depth - 1)
    {
        return TPL_DECLINED;
    }

    if (r->has_known && r->known.type != TPL_MACRO) {
        rc = tpl_get_attr(exec, &r->known, name, &v);

        if (rc == TPL_OK && v.type != TPL_UNDEFINED
            && v.type != TPL_PENDING)
        {
            r->known = v;
            return TPL_OK;
        }

        tpl_error_clear(exec->error);
    }

    n = r->holes.n;
    rc = tpl_region_flush(r);

    if (rc == TPL_OK && r->holes.n != n) {
        rc = TPL_DECLINED;
    }

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));

    return tpl_code_emit(&s->b, i->op, i->a, i->b, c);
}


static tpl_int_t
tpl_region_resolve(tpl_region_t *r, const tpl_insn_t *i, uint32_t slot)
{
    uint32_t            c;
    tpl_int_t           rc;
    tpl_var_t          *var;
    tpl_vars_t         *vars;
    tpl_value_t         value;
    tpl_label_t         end;
    tpl_unknown_t      *u;
    tpl_builder_t      *b;
    tpl_specializer_t  *s;
    const tpl_name_t   *name;

    s = r->s;
    b = &s->b;
    name = r->tmpl->names[i->c];

    s->looked = NULL;

    tpl_label_init(&end);

    var = NULL;

    for (vars = i->a ? NULL : r->frame->context->vars; vars;
         vars = vars->next)
    {
        var = tpl_vars_find(vars, name);

        if (var == NULL) {
            continue;
        }

        u = (tpl_unknown_t *) var->value.u.obj;

        if (var->value.type != TPL_PENDING || !u->missing) {
            break;
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_LOAD_RAW, 0, u->slot, 0));
        tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0));
        tpl_try(tpl_code_jump(b, TPL_INSN_JUMP_SET, slot, &end));

        var = NULL;
    }

    if (var) {
        value = var->value;

    } else {
        rc = tpl_context_global(s->vm, name,
                                i->a ? 1 : r->frame->context->globals,
                                &value);
        if (rc != TPL_OK) {
            return TPL_DECLINED;
        }
    }

    if (value.type != TPL_PENDING) {
        rc = tpl_residue_const(s, &value);

        if (rc != TPL_OK) {
            return rc;
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0));

        return tpl_code_bind(b, &end);
    }

    u = (tpl_unknown_t *) value.u.obj;

    if (u->ready) {
        tpl_try(tpl_code_emit(b, TPL_INSN_LOAD_RAW, 0, u->slot, 0));
        tpl_try(tpl_code_emit(b, TPL_INSN_STORE, 0, slot, 0));

    } else {
        tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));
        tpl_try(tpl_code_emit(b, TPL_INSN_RESOLVE, u->globals, slot, c));
    }

    return tpl_code_bind(b, &end);
}


/* a name of Python's, unknown ones are errors where they are read */

static tpl_int_t
tpl_region_name(tpl_region_t *r, const tpl_insn_t *i)
{
    uint32_t            c;
    tpl_int_t           rc;
    tpl_value_t         value;
    tpl_unknown_t      *u;
    tpl_specializer_t  *s;

    s = r->s;
    s->looked = NULL;

    rc = tpl_context_resolve(s->vm, r->frame->context, r->tmpl->names[i->c],
                             &value);

    if (rc != TPL_OK) {
        return TPL_DECLINED;
    }

    if (value.type != TPL_PENDING) {
        r->known = value;
        r->has_known = 1;
        return TPL_OK;
    }

    u = (tpl_unknown_t *) value.u.obj;

    tpl_try(tpl_residue_name(s, r->tmpl, i->c, &c));

    if (u->ready) {
        return tpl_code_emit(&s->b, TPL_INSN_LOAD, 0, u->slot, c);
    }

    return u->globals ? TPL_DECLINED
                      : tpl_code_emit(&s->b, TPL_INSN_RESOLVE_PUSH, 1, 0, c);
}


tpl_int_t
tpl_region_flush(tpl_region_t *r)
{
    if (!r->has_known) {
        return TPL_OK;
    }

    r->has_known = 0;

    switch (r->known.type) {

    case TPL_MACRO:
    case TPL_OBJECT:
        if (tpl_residue_module(r->s, &r->known)) {
            return tpl_residue_const(r->s, &r->known);
        }

        if (r->known.type == TPL_MACRO
            && r->known.u.macro->fn->kind == TPL_FUNC_LAMBDA)
        {
            return tpl_region_lambda(r, r->known.u.macro);
        }

        return tpl_region_hole(r, &r->known, r->known_pc);

    default:
        return tpl_residue_const(r->s, &r->known);
    }
}
