
/*
 * Rows, read from the instructions of a loop's body.
 *
 * Steps are found as they are reached, from the first on: the ways that part
 * at a condition meet again, perhaps in the middle of what one of them takes
 * for a superinstruction.  Jumps and the operators of conditions are no steps,
 * but a part of the way from one to the next: a value that is tested goes on
 * at one of two places, whatever `not`, `and` and `or` are in between.
 */

#include "program/tpl_compiler.h"
#include "program/tpl_rows.h"


/* most that a step may take: a uint8_t has room for what is added then */
#define TPL_ROW_FUEL  250


typedef struct {
    const tpl_func_t    *fn;
    uint32_t             loop;                      /* NEXT_STORE */
    uint32_t             n;
    uint32_t             pc[TPL_ROW_STEPS];         /* where they begin */
    tpl_row_step_t       steps[TPL_ROW_STEPS];
} tpl_row_reader_t;


static tpl_uint_t tpl_row_step(tpl_row_reader_t *r, uint32_t k);
static tpl_uint_t tpl_row_text(tpl_row_reader_t *r, tpl_row_step_t *step,
    const tpl_insn_t *i);
static void tpl_row_load(tpl_row_reader_t *r, tpl_row_step_t *step,
    const tpl_insn_t *i);
static tpl_uint_t tpl_row_use(tpl_row_reader_t *r, tpl_row_step_t *step,
    uint32_t pc);
static tpl_uint_t tpl_row_branch(tpl_row_reader_t *r, tpl_row_step_t *step,
    uint32_t pc, tpl_uint_t truth);
static tpl_uint_t tpl_row_next(tpl_row_reader_t *r, tpl_row_step_t *step,
    tpl_uint_t way, uint32_t pc);
static tpl_uint_t tpl_row_jump(const tpl_row_reader_t *r,
    tpl_row_step_t *step, tpl_uint_t way, uint32_t *pc);
static void tpl_row_ends(tpl_row_reader_t *r);
static tpl_rows_t *tpl_row_rows(const tpl_row_reader_t *r);


static inline const tpl_insn_t *
tpl_row_insn(const tpl_row_reader_t *r, uint32_t pc)
{
    static const tpl_insn_t  behind = { TPL_INSN_RETURN, 0, 0, 0 };

    return (pc < r->fn->ncode) ? &r->fn->code[pc] : &behind;
}


tpl_rows_t *
tpl_row_read(const tpl_func_t *fn, uint32_t pc)
{
    uint32_t          k;
    tpl_row_reader_t  r;

    r.fn = fn;
    r.loop = pc;
    r.n = 1;
    r.pc[0] = pc + 2;

    for (k = 0; k < r.n; k++) {
        if (!tpl_row_step(&r, k)) {
            return NULL;
        }
    }

    /* a loop of nothing has no rows */

    if (r.steps[0].kind == TPL_ROW_END) {
        return NULL;
    }

    tpl_row_ends(&r);

    return tpl_row_rows(&r);
}


static tpl_uint_t
tpl_row_step(tpl_row_reader_t *r, uint32_t k)
{
    uint32_t           pc;
    tpl_row_step_t    *step;
    const tpl_insn_t  *i;

    pc = r->pc[k];
    step = &r->steps[k];
    i = tpl_row_insn(r, pc);

    memset(step, 0, sizeof(tpl_row_step_t));

    step->kind = TPL_ROW_VALUE;
    step->hint = (uint8_t) pc;
    step->fuel[0] = 1;

    switch (i->op) {

    case TPL_INSN_LOOP:
        step->kind = TPL_ROW_END;
        step->fuel[0] = 2;

        return i->c == r->loop;

    case TPL_INSN_TEXT:
        step->kind = TPL_ROW_TEXT;

        return tpl_row_text(r, step, i) && tpl_row_next(r, step, 0, pc + 1);

    case TPL_INSN_OUTPUT_SLOT:
        tpl_row_load(r, step, i);

        return tpl_row_next(r, step, 0, pc + 1);

    case TPL_INSN_LOAD:
    case TPL_INSN_CONST:
        tpl_row_load(r, step, i);

        return tpl_row_use(r, step, pc + 1);

    case TPL_INSN_LOAD_ATTR:
        step->absent = 1;
        tpl_row_load(r, step, i);

        return tpl_row_use(r, step, pc + 2);

    /* the text behind the value is a step that costs what this one does */

    case TPL_INSN_TEXT_SLOT_TEXT:
    case TPL_INSN_TEXT_ATTR_TEXT:
        step->fuel[0] = 0;
        step->absent = 4;
        break;

    case TPL_INSN_TEXT_SLOT:
    case TPL_INSN_TEXT_ATTR:
        step->absent = 3;
        break;

    default:
        return 0;
    }

    tpl_row_load(r, step, i + 1);

    return tpl_row_text(r, step, i)
           && tpl_row_next(r, step, 0,
                           (i[1].op == TPL_INSN_OUTPUT_SLOT) ? pc + 2
                                                             : pc + 4);
}


static tpl_uint_t
tpl_row_text(tpl_row_reader_t *r, tpl_row_step_t *step, const tpl_insn_t *i)
{
    const tpl_str_t  *s;

    s = &r->fn->tmpl->texts[i->c].str;

    if (s->len > TPL_FUSE_TEXT) {
        return 0;
    }

    step->len = (uint16_t) s->len;

    if (s->len <= TPL_ROW_SHORT) {
        memcpy(step->copy, s->data, s->len);

    } else {
        step->text = s->data;
    }

    return 1;
}


static void
tpl_row_load(tpl_row_reader_t *r, tpl_row_step_t *step, const tpl_insn_t *i)
{
    const tpl_template_t  *t;

    t = r->fn->tmpl;

    if (i->op == TPL_INSN_CONST) {
        step->value = &t->consts[i->c];
        return;
    }

    step->slot = i->b;
    step->own = (i->b == r->fn->code[r->loop + 1].b);

    if (i->op == TPL_INSN_LOAD_ATTR) {
        step->name = t->names[i[1].c];
    }
}


/* what becomes of a value on the stack */

static tpl_uint_t
tpl_row_use(tpl_row_reader_t *r, tpl_row_step_t *step, uint32_t pc)
{
    const tpl_insn_t  *i, *next;

    i = tpl_row_insn(r, pc);
    next = tpl_row_insn(r, pc + 1);

    if (i->op == TPL_INSN_CONST && next->op == TPL_INSN_COMPARE) {
        step->with = &r->fn->tmpl->consts[i->c];
        step->compare = next->a;
        step->fuel[0] += 2;
        pc += 2;

    } else {

        /* `x if condition else y` jumps to where it is written */

        while (tpl_row_insn(r, pc)->op == TPL_INSN_JUMP) {
            if (!tpl_row_jump(r, step, 0, &pc)) {
                return 0;
            }
        }

        i = tpl_row_insn(r, pc);

        if (i->op == TPL_INSN_OUTPUT && i->a == TPL_OUT_AUTO) {
            step->fuel[0]++;

            return tpl_row_next(r, step, 0, pc + 1);
        }
    }

    step->kind = TPL_ROW_IF;
    step->fuel[1] = step->fuel[0];

    return tpl_row_branch(r, step, pc, 0) && tpl_row_branch(r, step, pc, 1);
}


/* where a value goes on that is true or not, which nobody asks but jumps */

static tpl_uint_t
tpl_row_branch(tpl_row_reader_t *r, tpl_row_step_t *step, uint32_t pc,
    tpl_uint_t truth)
{
    tpl_uint_t         way, jumps, taken;
    const tpl_insn_t  *i;

    way = truth;

    for ( ;; ) {
        if (step->fuel[way] > TPL_ROW_FUEL) {
            return 0;
        }

        i = tpl_row_insn(r, pc);

        switch (i->op) {

        case TPL_INSN_NOT:
            step->fuel[way]++;
            truth = !truth;
            pc++;

            continue;

        case TPL_INSN_JUMP_FALSE:
        case TPL_INSN_JUMP_TRUE:
            jumps = (truth == (i->op == TPL_INSN_JUMP_TRUE));
            taken = 1;
            break;

        /* the value is for the instruction that is jumped to */

        case TPL_INSN_JUMP_FALSE_OR_POP:
        case TPL_INSN_JUMP_TRUE_OR_POP:
            jumps = (truth == (i->op == TPL_INSN_JUMP_TRUE_OR_POP));
            taken = !jumps;
            break;

        case TPL_INSN_JUMP:
            jumps = 1;
            taken = 0;
            break;

        default:
            return 0;
        }

        if (jumps) {
            if (!tpl_row_jump(r, step, way, &pc)) {
                return 0;
            }

        } else {
            step->fuel[way]++;
            pc++;
        }

        if (taken) {
            return tpl_row_next(r, step, way, pc);
        }
    }
}


/* the step at pc follows */

static tpl_uint_t
tpl_row_next(tpl_row_reader_t *r, tpl_row_step_t *step, tpl_uint_t way,
    uint32_t pc)
{
    uint32_t  k;

    while (tpl_row_insn(r, pc)->op == TPL_INSN_JUMP) {
        if (!tpl_row_jump(r, step, way, &pc)) {
            return 0;
        }
    }

    for (k = 0; k < r->n && r->pc[k] != pc; k++) { /* void */ }

    if (k == TPL_ROW_STEPS) {
        return 0;
    }

    if (k == r->n) {
        r->pc[r->n++] = pc;
    }

    step->next[way] = (uint8_t) k;

    return 1;
}


/* pc becomes where it jumps to; a row only goes forwards */

static tpl_uint_t
tpl_row_jump(const tpl_row_reader_t *r, tpl_row_step_t *step, tpl_uint_t way,
    uint32_t *pc)
{
    uint32_t  to;

    to = tpl_row_insn(r, *pc)->c;

    if (to <= *pc || step->fuel[way] > TPL_ROW_FUEL) {
        return 0;
    }

    *pc = to;
    step->fuel[way]++;

    return 1;
}


/* a text behind which a row ends becomes a part of the end */

static void
tpl_row_ends(tpl_row_reader_t *r)
{
    uint32_t         k;
    tpl_row_step_t  *step, *next;

    for (k = 0; k < r->n; k++) {
        step = &r->steps[k];
        next = &r->steps[step->next[0]];

        if (step->kind == TPL_ROW_TEXT && next->kind == TPL_ROW_END
            && next->len == 0)
        {
            step->kind = TPL_ROW_END;
            step->fuel[0] += next->fuel[0];
        }
    }
}


static tpl_rows_t *
tpl_row_rows(const tpl_row_reader_t *r)
{
    uint32_t               k;
    tpl_rows_t            *rows;
    const tpl_row_step_t  *step, *end;

    rows = tpl_palloc(r->fn->tmpl->set->arena,
                      sizeof(tpl_rows_t) + r->n * sizeof(tpl_row_step_t));
    if (rows == NULL) {
        return NULL;
    }

    memcpy(rows->steps, r->steps, r->n * sizeof(tpl_row_step_t));

    rows->n = r->n;
    rows->fuel = 0;
    rows->room = TPL_ROW_SHORT;

    for (k = 0; k < r->n; k++) {
        step = &r->steps[k];

        rows->fuel += tpl_max(step->fuel[0], step->fuel[1]) + step->absent;
        rows->room += step->len;
    }

    step = r->steps;
    end = &r->steps[step->next[0]];

    rows->alone = step->kind == TPL_ROW_VALUE && step->own
                  && step->name == NULL && end->kind == TPL_ROW_END;

    if (rows->alone) {
        rows->fuel = step->fuel[0] + end->fuel[0];
    }

    return rows;
}
