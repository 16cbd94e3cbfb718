
/*
 * Checks a function before it is ever run.
 *
 * The VM trusts its programs: an operand out of range or a stack that differs
 * between two ways to an instruction would be memory corruption there.  Every
 * program the compiler makes goes through here, so a mistake in the compiler is
 * a message at configuration time.
 */

#include "program/tpl_compiler.h"


#define TPL_DEPTH_UNKNOWN  -1


typedef struct {
    const tpl_template_t    *tmpl;
    const tpl_func_t        *fn;
    tpl_error_t             *err;
    int32_t                 *depth;     /* at each instruction */
    uint32_t                *todo;
    uint32_t                 ntodo;
    uint32_t                 max;
} tpl_verifier_t;


static tpl_int_t tpl_verify_bad(tpl_verifier_t *v, uint32_t pc,
    const char *what);
static tpl_int_t tpl_verify_operands(tpl_verifier_t *v, uint32_t pc);
static tpl_int_t tpl_verify_reach(tpl_verifier_t *v, uint32_t pc, uint32_t to,
    int64_t depth);


int64_t
tpl_insn_pops(const tpl_insn_t *i)
{
    switch (i->op) {

#define X(name, pops, pushes)                                                \
    case TPL_INSN_##name: return (int64_t) (pops);

    TPL_OPCODE_MAP(X)
#undef X

    default:
        return 0;
    }
}


int64_t
tpl_insn_pushes(const tpl_insn_t *i)
{
    switch (i->op) {

#define X(name, pops, pushes)                                                \
    case TPL_INSN_##name: return (int64_t) (pushes);

    TPL_OPCODE_MAP(X)
#undef X

    default:
        return 0;
    }
}


tpl_uint_t
tpl_insn_jumps(const tpl_insn_t *i)
{
    switch (i->op) {

    case TPL_INSN_JUMP:
    case TPL_INSN_JUMP_FALSE:
    case TPL_INSN_JUMP_TRUE:
    case TPL_INSN_JUMP_FALSE_OR_POP:
    case TPL_INSN_JUMP_TRUE_OR_POP:
    case TPL_INSN_JUMP_SET:
    case TPL_INSN_JUMP_CHILD:
    case TPL_INSN_NEXT:
    case TPL_INSN_NEXT_STORE:
    case TPL_INSN_NEXT_ROWS:
    case TPL_INSN_LOOP:
    case TPL_INSN_TRY:
        return 1;

    default:
        return 0;
    }
}


tpl_int_t
tpl_verify_depth(const tpl_template_t *tmpl, const tpl_func_t *fn,
    tpl_arena_t *arena, uint32_t *max, tpl_error_t *err)
{
    int64_t            depth;
    uint32_t           i, pc;
    const tpl_insn_t  *insn;
    tpl_verifier_t     v;

    v.tmpl = tmpl;
    v.fn = fn;
    v.err = err;
    v.ntodo = 0;
    v.max = 0;

    v.depth = tpl_palloc(arena, (fn->ncode + 1) * sizeof(int32_t));
    v.todo = tpl_palloc(arena, (fn->ncode + 1) * sizeof(uint32_t));

    if (v.depth == NULL || v.todo == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    if (fn->ncode == 0) {
        return tpl_verify_bad(&v, 0, "no code");
    }

    for (i = 0; i < fn->ncode; i++) {
        v.depth[i] = TPL_DEPTH_UNKNOWN;
    }

    if (tpl_verify_reach(&v, 0, 0, 0) != TPL_OK) {
        return TPL_ERROR;
    }

    while (v.ntodo != 0) {
        pc = v.todo[--v.ntodo];
        insn = &fn->code[pc];

        if (tpl_verify_operands(&v, pc) != TPL_OK) {
            return TPL_ERROR;
        }

        depth = v.depth[pc] - tpl_insn_pops(insn);

        if (depth < 0) {
            return tpl_verify_bad(&v, pc, "stack underflow");
        }

        if (insn->op == TPL_INSN_RETURN || insn->op == TPL_INSN_RETURN_VALUE
            || insn->op == TPL_INSN_RERAISE)
        {
            continue;
        }

        if (tpl_insn_jumps(insn)) {

            switch (insn->op) {

            case TPL_INSN_JUMP_FALSE_OR_POP:
            case TPL_INSN_JUMP_TRUE_OR_POP:
            case TPL_INSN_TRY:
                /* kept; the exception is pushed */
                if (tpl_verify_reach(&v, pc, insn->c, depth + 1) != TPL_OK) {
                    return TPL_ERROR;
                }

                break;

            default:
                if (tpl_verify_reach(&v, pc, insn->c, depth) != TPL_OK) {
                    return TPL_ERROR;
                }
            }

            if (insn->op == TPL_INSN_JUMP || insn->op == TPL_INSN_LOOP) {
                continue;
            }
        }

        depth += tpl_insn_pushes(insn);

        if (tpl_verify_reach(&v, pc, pc + 1, depth) != TPL_OK) {
            return TPL_ERROR;
        }

        /* a callee that writes straight to the output goes on behind OUTPUT */

        if ((insn->op == TPL_INSN_CALL || insn->op == TPL_INSN_CALL_EX
             || insn->op == TPL_INSN_CALL_METHOD)
            && (insn->a & TPL_CALL_DIRECT))
        {
            if (pc + 1 >= fn->ncode || fn->code[pc + 1].op != TPL_INSN_OUTPUT)
            {
                return tpl_verify_bad(&v, pc, "a direct call without OUTPUT");
            }

            if (tpl_verify_reach(&v, pc, pc + 2, depth - 1) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    *max = v.max;

    return TPL_OK;
}


tpl_int_t
tpl_verify(const tpl_template_t *tmpl, const tpl_func_t *fn,
    tpl_error_t *err)
{
    uint32_t  max;

    if (tpl_verify_depth(tmpl, fn, tmpl->set->arena, &max, err) != TPL_OK) {
        return TPL_ERROR;
    }

    if (max > fn->nstack) {
        return tpl_error_set(err, TPL_EXC_RUNTIME, &fn->pos,
                             "bad program: %u values on a stack of %u",
                             (unsigned) max, (unsigned) fn->nstack);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_verify_bad(tpl_verifier_t *v, uint32_t pc, const char *what)
{
    tpl_pos_t  pos;

    pos = tpl_func_pos(v->fn, pc);

    return tpl_error_set(v->err, TPL_EXC_RUNTIME,
                         pos.source ? &pos : NULL,
                         "bad program: %s at instruction %u", what,
                         (unsigned) pc);
}


static tpl_int_t
tpl_verify_reach(tpl_verifier_t *v, uint32_t pc, uint32_t to, int64_t depth)
{
    if (to >= v->fn->ncode) {
        return tpl_verify_bad(v, pc, "the code is left at its end");
    }

    if (depth > v->max) {
        v->max = (uint32_t) depth;
    }

    if (v->depth[to] == TPL_DEPTH_UNKNOWN) {
        v->depth[to] = (int32_t) depth;
        v->todo[v->ntodo++] = to;
        return TPL_OK;
    }

    if (v->depth[to] != depth) {
        return tpl_verify_bad(v, to, "the stack differs between two ways");
    }

    return TPL_OK;
}


static tpl_int_t
tpl_verify_operands(tpl_verifier_t *v, uint32_t pc)
{
    uint32_t                max;
    const tpl_insn_t       *i;
    const tpl_template_t   *t;
    const tpl_builtins_t   *builtins;

    i = &v->fn->code[pc];
    t = v->tmpl;
    builtins = t->set->conf.builtins;

    switch (tpl_insn_plain(i->op)) {

    case TPL_INSN_UNDEFINED:
    case TPL_INSN_RAISE:
    case TPL_INSN_CATCH:
    case TPL_INSN_LOCALS:
    case TPL_INSN_CONST:
        max = t->nconsts;
        break;

    case TPL_INSN_LOAD:
        if (i->b >= v->fn->nslots) {
            return tpl_verify_bad(v, pc, "no such slot");
        }

        max = t->nnames;
        break;

    case TPL_INSN_STORE:
    case TPL_INSN_LOAD_RAW:
        if (i->a != 0) {
            return TPL_OK;
        }

        /* fall through */

    case TPL_INSN_CLEAR:
    case TPL_INSN_JUMP_SET:
    case TPL_INSN_END_FOR:
        if (i->b >= v->fn->nslots) {
            return tpl_verify_bad(v, pc, "no such slot");
        }

        return TPL_OK;

    case TPL_INSN_FOR:
    case TPL_INSN_NEXT:
        if (i->b + ((i->op == TPL_INSN_FOR && (i->a & TPL_FOR_LOOP)) ? 1u : 0u)
            >= v->fn->nslots)
        {
            return tpl_verify_bad(v, pc, "no such slot");
        }

        return TPL_OK;

    case TPL_INSN_RESOLVE:
    case TPL_INSN_EXPORT:
    case TPL_INSN_OUTPUT_SLOT:
    case TPL_INSN_PARAM_UNDEFINED:
        if (i->b >= v->fn->nslots) {
            return tpl_verify_bad(v, pc, "no such slot");
        }

        /* fall through */

    case TPL_INSN_LOAD_UP:
    case TPL_INSN_RESOLVE_PUSH:
    case TPL_INSN_GET_ATTR:
    case TPL_INSN_SET_ATTR:
    case TPL_INSN_CALL_METHOD:
    case TPL_INSN_BLOCK:
    case TPL_INSN_SUPER:
    case TPL_INSN_IMPORT_NAME:
        max = t->nnames;
        break;

    case TPL_INSN_CALL:
        if (i->c == TPL_NO_CONST) {
            return tpl_insn_nkw(i) == 0 ? TPL_OK
                   : tpl_verify_bad(v, pc, "keywords without names");
        }

        max = t->nconsts;
        break;

    case TPL_INSN_FILTER:
    case TPL_INSN_FILTER_EX:
        max = builtins->tables[TPL_FILTERS].n;

        if (i->op == TPL_INSN_FILTER && i->c < max
            && i->b != tpl_builtin_nargs(
                           builtins->tables[TPL_FILTERS].items[i->c]))
        {
            return tpl_verify_bad(v, pc, "wrong number of arguments");
        }

        break;

    case TPL_INSN_TEST:
    case TPL_INSN_TEST_EX:
        max = builtins->tables[TPL_TESTS].n;

        if (i->op == TPL_INSN_TEST && i->c < max
            && i->b != tpl_builtin_nargs(
                           builtins->tables[TPL_TESTS].items[i->c]))
        {
            return tpl_verify_bad(v, pc, "wrong number of arguments");
        }

        break;

    case TPL_INSN_FUNCTION:
        if (i->a >= TPL_NTABLES) {
            return tpl_verify_bad(v, pc, "no such table");
        }

        max = builtins->tables[i->a].n;
        break;

    case TPL_INSN_TEXT:
        max = t->ntexts;
        break;

    case TPL_INSN_CALL_LOOP:
    case TPL_INSN_MACRO:
        max = t->nfuncs;
        break;

    case TPL_INSN_EXTENDS_STATIC:
    case TPL_INSN_INCLUDE_STATIC:
    case TPL_INSN_IMPORT_STATIC:
        max = t->nlinks;
        break;

    default:
        return (i->op < TPL_INSN_LAST) ? TPL_OK
               : tpl_verify_bad(v, pc, "no such opcode");
    }

    if (i->c >= max) {
        return tpl_verify_bad(v, pc, "operand out of range");
    }

    return TPL_OK;
}
