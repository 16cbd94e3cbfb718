
/*
 * Superinstructions.
 *
 * The first instruction of a known sequence becomes one that does it all when
 * the values are the usual ones.  The sequence stays where it is: for jumps
 * into it, for operands, and for values that are not usual, when the first
 * instruction does only its own part.  So nothing but the first one's opcode
 * changes, and tpl_insn_plain() gives it back.
 */

#include "program/tpl_compiler.h"
#include "program/tpl_rows.h"


/* loops of a function that may have rows: an index of them is a uint8_t */
#define TPL_FUSE_ROWS  256


static void tpl_fuse_rows(const tpl_template_t *t, tpl_func_t *fn);
static tpl_uint_t tpl_fuse_text(const tpl_template_t *t,
    const tpl_insn_t *i, const tpl_insn_t *last);
static tpl_uint_t tpl_fuse_plain_name(const tpl_template_t *t,
    const tpl_name_t *name);


tpl_opcode_t
tpl_insn_plain(uint8_t op)
{
    switch (op) {

    case TPL_INSN_NEXT_STORE:
    case TPL_INSN_NEXT_ROWS:
        return TPL_INSN_NEXT;

    case TPL_INSN_LOOP:
        return TPL_INSN_JUMP;

    case TPL_INSN_LOAD_ATTR:
        return TPL_INSN_LOAD;

    case TPL_INSN_TEXT_SLOT:
    case TPL_INSN_TEXT_SLOT_TEXT:
    case TPL_INSN_TEXT_ATTR:
    case TPL_INSN_TEXT_ATTR_TEXT:
        return TPL_INSN_TEXT;

    default:
        return op;
    }
}


void
tpl_fuse(const tpl_template_t *t, tpl_func_t *fn)
{
    uint8_t      op;
    tpl_insn_t  *i, *last;

    last = fn->code + fn->ncode;

    /* first what others look at */

    for (i = fn->code; i < last; i++) {
        if (i->op == TPL_INSN_GET_ATTR
            && tpl_fuse_plain_name(t, t->names[i->c]))
        {
            i->a = TPL_ATTR_PLAIN;
        }
    }

    if (TPL_NO_FUSE) {
        return;
    }

    /* backwards: a text that begins a sequence does not end the one before */

    for (i = last; i > fn->code; ) {
        i--;
        op = i->op;

        switch (op) {

        case TPL_INSN_NEXT:
            if (i + 1 < last && i[1].op == TPL_INSN_STORE && i[1].a == 0) {
                op = TPL_INSN_NEXT_STORE;
            }

            break;

        case TPL_INSN_LOAD:
            if (i + 1 < last && i[1].op == TPL_INSN_GET_ATTR
                && i[1].a == TPL_ATTR_PLAIN)
            {
                op = TPL_INSN_LOAD_ATTR;
            }

            break;

        case TPL_INSN_TEXT:
            if (!tpl_fuse_text(t, i, last)) {
                break;
            }

            if (i + 1 < last && i[1].op == TPL_INSN_OUTPUT_SLOT) {
                op = tpl_fuse_text(t, i + 2, last) ? TPL_INSN_TEXT_SLOT_TEXT
                                                   : TPL_INSN_TEXT_SLOT;
            }

            if (i + 3 < last && i[1].op == TPL_INSN_LOAD_ATTR && i[1].a == 0
                && i[3].op == TPL_INSN_OUTPUT && i[3].a == TPL_OUT_AUTO)
            {
                op = tpl_fuse_text(t, i + 4, last) ? TPL_INSN_TEXT_ATTR_TEXT
                                                   : TPL_INSN_TEXT_ATTR;
            }

            break;

        default:
            break;
        }

        i->op = op;
    }

    for (i = fn->code; i < last; i++) {
        if (i->op == TPL_INSN_JUMP
            && fn->code[i->c].op == TPL_INSN_NEXT_STORE)
        {
            i->op = TPL_INSN_LOOP;
        }
    }

    if (!TPL_NO_ROWS) {
        tpl_fuse_rows(t, fn);
    }
}


/* loops that only write; without memory they stay what they are */

static void
tpl_fuse_rows(const tpl_template_t *t, tpl_func_t *fn)
{
    uint32_t     pc, n;
    tpl_rows_t  *rows;
    tpl_insn_t  *i;

    n = 0;

    for (pc = 0; pc < fn->ncode; pc++) {
        n += (fn->code[pc].op == TPL_INSN_NEXT_STORE);
    }

    n = tpl_min(n, TPL_FUSE_ROWS);

    if (n == 0) {
        return;
    }

    fn->rows = tpl_palloc(t->set->arena, n * sizeof(tpl_rows_t *));
    if (fn->rows == NULL) {
        return;
    }

    n = 0;

    for (pc = 0; pc < fn->ncode && n < TPL_FUSE_ROWS; pc++) {
        i = &fn->code[pc];

        if (i->op != TPL_INSN_NEXT_STORE) {
            continue;
        }

        rows = tpl_row_read(fn, pc);

        if (rows != NULL) {
            i->op = TPL_INSN_NEXT_ROWS;
            i->a = (uint8_t) n;
            fn->rows[n++] = rows;
        }
    }
}


static tpl_uint_t
tpl_fuse_text(const tpl_template_t *t, const tpl_insn_t *i,
    const tpl_insn_t *last)
{
    return i < last && i->op == TPL_INSN_TEXT
           && t->texts[i->c].str.len <= TPL_FUSE_TEXT;
}


/* a name that can only be an item of a dict, not an attribute */

static tpl_uint_t
tpl_fuse_plain_name(const tpl_template_t *t, const tpl_name_t *name)
{
    return !t->set->conf.options.python
           && name->str.len && name->str.data[0] != '_'
           && tpl_builtins_find(t->set->conf.builtins,
                                tpl_methods_of(TPL_DICT), name)
              == NULL;
}
