
/*
 * Plural expressions: a recursive parser over at most 1,000 bytes, and a stack
 * machine whose jumps only go forward.
 *
 * The reference is gettext.c2py() of CPython, which writes the expression down
 * as Python and so inherits Python's rules: `and` and `or` give one of their
 * operands, division floors, and `not` binds weaker than comparisons (! before
 * an operand waits for the comparison at its right to be complete).
 */

#include <math.h>

#include "builtins/tpl_args.h"
#include "builtins/tpl_plural.h"


/* bytes of an expression, and parentheses in parentheses */
#define TPL_PLURAL_TEXT   1000
#define TPL_PLURAL_DEPTH  20

/* no expression within these limits needs as many */
#define TPL_PLURAL_STACK  128


typedef enum {
    TPL_PLURAL_N = 0,       /* push n */
    TPL_PLURAL_CONST,       /* push arg */
    TPL_PLURAL_NOT,
    TPL_PLURAL_MUL,         /* the binary ones: b is on top, a below */
    TPL_PLURAL_DIV,
    TPL_PLURAL_MOD,
    TPL_PLURAL_ADD,
    TPL_PLURAL_SUB,
    TPL_PLURAL_LT,
    TPL_PLURAL_LE,
    TPL_PLURAL_GT,
    TPL_PLURAL_GE,
    TPL_PLURAL_EQ,
    TPL_PLURAL_NE,
    TPL_PLURAL_AND,         /* to arg and keep the value, or pop it */
    TPL_PLURAL_OR,
    TPL_PLURAL_UNLESS,      /* pop; to arg if it was false */
    TPL_PLURAL_JUMP,        /* to arg */

    /* tokens that are no instruction */

    TPL_PLURAL_OPEN,
    TPL_PLURAL_CLOSE,
    TPL_PLURAL_QUESTION,
    TPL_PLURAL_COLON,
    TPL_PLURAL_END
} tpl_plural_op_t;


typedef struct {
    uint32_t                 op;
    int64_t                  arg;
} tpl_plural_insn_t;


struct tpl_plural_s {
    tpl_plural_insn_t       *code;
    uint32_t                 n;
};


typedef struct {
    const tpl_char_t        *p;
    const tpl_char_t        *last;
    tpl_error_t             *err;
    tpl_plural_t            *plural;

    /* the token at hand */
    tpl_plural_op_t          token;
    tpl_str_t                text;
    int64_t                  value;

    uint32_t                 stack;     /* values on it at this place */
    tpl_uint_t               stray;     /* "n == not n" */
} tpl_plural_parser_t;


static tpl_int_t tpl_plural_token(tpl_plural_parser_t *pp);
static tpl_int_t tpl_plural_expr(tpl_plural_parser_t *pp, int priority,
    uint32_t *depth);
static tpl_int_t tpl_plural_eval(const tpl_plural_t *plural, int64_t n,
    int64_t *form);
static tpl_int_t tpl_plural_eval_values(tpl_exec_t *exec,
    const tpl_plural_t *plural, const tpl_value_t *n, int64_t *form);


static tpl_int_t
tpl_plural_complex(tpl_plural_parser_t *pp)
{
    return tpl_error_set(pp->err, TPL_EXC_VALUE, NULL,
                         "plural form expression is too complex");
}


static tpl_int_t
tpl_plural_unexpected(tpl_plural_parser_t *pp)
{
    if (pp->token == TPL_PLURAL_END) {
        return tpl_error_set(pp->err, TPL_EXC_VALUE, NULL,
                             "unexpected end of plural form");
    }

    return tpl_error_set(pp->err, TPL_EXC_VALUE, NULL,
                         "unexpected token in plural form: %.*s",
                         tpl_str_arg(&pp->text));
}


tpl_plural_t *
tpl_plural_compile(tpl_arena_t *arena, const tpl_str_t *text,
    tpl_error_t *err)
{
    uint32_t             depth;
    tpl_plural_t        *plural;
    tpl_plural_parser_t  pp;

    if (text->len > TPL_PLURAL_TEXT) {
        (void) tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "plural form expression is too long");
        return NULL;
    }

    /* an operator or an operand is one instruction, "?" is two */

    plural = tpl_palloc(arena, sizeof(tpl_plural_t));

    if (plural) {
        plural->n = 0;
        plural->code = tpl_palloc(arena, (text->len * 2 + 1)
                                         * sizeof(tpl_plural_insn_t));
    }

    if (plural == NULL || plural->code == NULL) {
        (void) tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
        return NULL;
    }

    pp.p = text->data;
    pp.last = text->data + text->len;
    pp.err = err;
    pp.plural = plural;
    pp.value = 0;
    pp.stack = 0;
    pp.stray = 0;

    if (tpl_plural_token(&pp) != TPL_OK
        || tpl_plural_expr(&pp, -1, &depth) != TPL_OK)
    {
        return NULL;
    }

    if (pp.token != TPL_PLURAL_END) {
        (void) tpl_plural_unexpected(&pp);
        return NULL;
    }

    if (depth > TPL_PLURAL_DEPTH) {
        (void) tpl_plural_complex(&pp);
        return NULL;
    }

    /* Python finds that only when it compiles what c2py() wrote */

    if (pp.stray) {
        (void) tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "unexpected token in plural form: !");
        return NULL;
    }

    return plural;
}


static tpl_uint_t
tpl_plural_is_word(tpl_char_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}


static tpl_int_t
tpl_plural_token(tpl_plural_parser_t *pp)
{
    tpl_uint_t         i;
    const tpl_char_t  *p;

    static const struct {
        char             text[3];
        tpl_plural_op_t  token;
    } tokens[] = {
        { "<=", TPL_PLURAL_LE }, { ">=", TPL_PLURAL_GE },
        { "!=", TPL_PLURAL_NE }, { "==", TPL_PLURAL_EQ },
        { "&&", TPL_PLURAL_AND }, { "||", TPL_PLURAL_OR },
        { "<", TPL_PLURAL_LT }, { ">", TPL_PLURAL_GT },
        { "!", TPL_PLURAL_NOT }, { "*", TPL_PLURAL_MUL },
        { "/", TPL_PLURAL_DIV }, { "%", TPL_PLURAL_MOD },
        { "+", TPL_PLURAL_ADD }, { "-", TPL_PLURAL_SUB },
        { "?", TPL_PLURAL_QUESTION }, { ":", TPL_PLURAL_COLON },
        { "(", TPL_PLURAL_OPEN }, { ")", TPL_PLURAL_CLOSE }
    };

    while (pp->p < pp->last && (*pp->p == ' ' || *pp->p == '\t')) {
        pp->p++;
    }

    pp->text.data = (tpl_char_t *) pp->p;
    pp->text.len = 0;

    if (pp->p == pp->last) {
        pp->token = TPL_PLURAL_END;
        return TPL_OK;
    }

    for (i = 0; i < tpl_nelts(tokens); i++) {
        pp->text.len = strlen(tokens[i].text);

        if ((size_t) (pp->last - pp->p) >= pp->text.len
            && memcmp(pp->p, tokens[i].text, pp->text.len) == 0)
        {
            pp->p += pp->text.len;
            pp->token = tokens[i].token;
            return TPL_OK;
        }
    }

    for (p = pp->p; p < pp->last && tpl_plural_is_word(*p); p++) {
        /* void */
    }

    pp->text.len = (size_t) (p - pp->p);

    if (pp->text.len == 1 && *pp->p == 'n') {
        pp->p = p;
        pp->token = TPL_PLURAL_N;
        return TPL_OK;
    }

    pp->value = 0;

    for (i = 0; i < pp->text.len; i++) {
        if (pp->p[i] < '0' || pp->p[i] > '9') {
            break;
        }

        if (__builtin_mul_overflow(pp->value, 10, &pp->value)
            || __builtin_add_overflow(pp->value, pp->p[i] - '0', &pp->value))
        {
            return tpl_error_set(pp->err, TPL_EXC_VALUE, NULL,
                                 "number in plural form is too large: %.*s",
                                 tpl_str_arg(&pp->text));
        }
    }

    if (i == 0 || i < pp->text.len) {
        pp->text.len = tpl_max(pp->text.len, 1);

        return tpl_error_set(pp->err, TPL_EXC_VALUE, NULL,
                             "invalid token in plural form: %.*s",
                             tpl_str_arg(&pp->text));
    }

    pp->p = p;
    pp->token = TPL_PLURAL_CONST;

    return TPL_OK;
}


/* the precedence of a binary operator, 0 for other tokens */

static int
tpl_plural_priority(tpl_plural_op_t token)
{
    switch (token) {

    case TPL_PLURAL_OR:
        return 1;

    case TPL_PLURAL_AND:
        return 2;

    case TPL_PLURAL_EQ:
    case TPL_PLURAL_NE:
        return 3;

    case TPL_PLURAL_LT:
    case TPL_PLURAL_LE:
    case TPL_PLURAL_GT:
    case TPL_PLURAL_GE:
        return 4;

    case TPL_PLURAL_ADD:
    case TPL_PLURAL_SUB:
        return 5;

    case TPL_PLURAL_MUL:
    case TPL_PLURAL_DIV:
    case TPL_PLURAL_MOD:
        return 6;

    default:
        return 0;
    }
}


static uint32_t
tpl_plural_emit(tpl_plural_parser_t *pp, tpl_plural_op_t op, int64_t arg)
{
    tpl_plural_insn_t  *insn;

    insn = &pp->plural->code[pp->plural->n];

    insn->op = op;
    insn->arg = arg;

    return pp->plural->n++;
}


/* two nots are not one: they make a truth value of a number */

static void
tpl_plural_emit_nots(tpl_plural_parser_t *pp, tpl_uint_t *nots)
{
    while (*nots) {
        (void) tpl_plural_emit(pp, TPL_PLURAL_NOT, 0);
        (*nots)--;
    }
}


/* *depth: of the parentheses that c2py() would write */

static tpl_int_t
tpl_plural_expr(tpl_plural_parser_t *pp, int priority, uint32_t *depth)
{
    int              i, j;
    uint32_t         jump, other, inner;
    tpl_uint_t       nots;
    tpl_plural_op_t  op;

    nots = 0;
    *depth = 0;

    while (pp->token == TPL_PLURAL_NOT) {
        nots++;

        if (tpl_plural_token(pp) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (pp->token == TPL_PLURAL_OPEN) {

        if (tpl_plural_token(pp) != TPL_OK
            || tpl_plural_expr(pp, -1, depth) != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (pp->token != TPL_PLURAL_CLOSE) {
            return tpl_error_set(pp->err, TPL_EXC_VALUE, NULL,
                                 "unbalanced parenthesis in plural form");
        }

        (*depth)++;

    } else if (pp->token == TPL_PLURAL_N || pp->token == TPL_PLURAL_CONST) {

        if (++pp->stack > TPL_PLURAL_STACK) {
            return tpl_plural_complex(pp);
        }

        (void) tpl_plural_emit(pp, pp->token, pp->value);

    } else {
        return tpl_plural_unexpected(pp);
    }

    if (tpl_plural_token(pp) != TPL_OK) {
        return TPL_ERROR;
    }

    for (j = 100; /* void */ ; j = i) {
        op = pp->token;
        i = tpl_plural_priority(op);

        if (i == 0 || i < priority) {
            break;
        }

        /* comparisons do not chain, the one before is a number */

        if ((i == 3 || i == 4) && (j == 3 || j == 4)) {
            tpl_plural_emit_nots(pp, &nots);
            (*depth)++;
        }

        jump = 0;

        if (i <= 2) {
            tpl_plural_emit_nots(pp, &nots);
            jump = tpl_plural_emit(pp, op, 0);
            pp->stack--;
        }

        if (tpl_plural_token(pp) != TPL_OK
            || tpl_plural_expr(pp, i + 1, &inner) != TPL_OK)
        {
            return TPL_ERROR;
        }

        *depth = tpl_max(*depth, inner);

        if (i <= 2) {
            pp->plural->code[jump].arg = pp->plural->n;

        } else {
            (void) tpl_plural_emit(pp, op, 0);
            pp->stack--;
        }
    }

    if (nots && priority >= 4 && !(j == 4 && priority == 4)) {

        pp->stray = 1;
    }

    tpl_plural_emit_nots(pp, &nots);

    if (j == 4 && priority == 4) {
        (*depth)++;
    }

    if (pp->token != TPL_PLURAL_QUESTION || priority > 0) {
        return TPL_OK;
    }

    jump = tpl_plural_emit(pp, TPL_PLURAL_UNLESS, 0);
    pp->stack--;

    if (tpl_plural_token(pp) != TPL_OK
        || tpl_plural_expr(pp, 0, &inner) != TPL_OK)
    {
        return TPL_ERROR;
    }

    *depth = tpl_max(*depth, inner);

    if (pp->token != TPL_PLURAL_COLON) {
        return tpl_plural_unexpected(pp);
    }

    other = tpl_plural_emit(pp, TPL_PLURAL_JUMP, 0);
    pp->plural->code[jump].arg = pp->plural->n;
    pp->stack--;

    if (tpl_plural_token(pp) != TPL_OK
        || tpl_plural_expr(pp, -1, &inner) != TPL_OK)
    {
        return TPL_ERROR;
    }

    *depth = tpl_max(*depth, inner) + (priority == 0);

    pp->plural->code[other].arg = pp->plural->n;

    return TPL_OK;
}


tpl_int_t
tpl_plural_form(tpl_exec_t *exec, const tpl_plural_t *plural,
    const tpl_value_t *n, int64_t *form)
{
    tpl_charge_items(exec, plural->n);

    if (tpl_is_int(n) && tpl_plural_eval(plural, n->u.i, form) == TPL_OK) {
        return TPL_OK;
    }

    if (!tpl_is_number(n)) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "Plural value must be an integer, got %s",
                         tpl_type_name(n));
    }

    if (n->type == TPL_FLOAT && isnan(n->u.d)) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "cannot convert float NaN to integer");
    }

    if (n->type == TPL_FLOAT && isinf(n->u.d)) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "cannot convert float infinity to integer");
    }

    return tpl_plural_eval_values(exec, plural, n, form);
}


/* the usual case; TPL_DECLINED where an error is near */

static tpl_int_t
tpl_plural_eval(const tpl_plural_t *plural, int64_t n, int64_t *form)
{
    int64_t                   a, b, stack[TPL_PLURAL_STACK + 2], *sp;
    uint32_t                  pc;
    const tpl_plural_insn_t  *insn;

    memset(stack, 0, sizeof(stack));
    sp = stack + 1;

    /* no program takes more than it has put there, or is wrong */

    for (pc = 0; pc < plural->n && sp > stack; /* void */ ) {
        insn = &plural->code[pc++];

        switch (insn->op) {

        case TPL_PLURAL_N:
            *sp++ = n;
            continue;

        case TPL_PLURAL_CONST:
            *sp++ = insn->arg;
            continue;

        case TPL_PLURAL_NOT:
            sp[-1] = !sp[-1];
            continue;

        case TPL_PLURAL_AND:
        case TPL_PLURAL_OR:

            if ((sp[-1] != 0) == (insn->op == TPL_PLURAL_OR)) {
                pc = (uint32_t) insn->arg;

            } else {
                sp--;
            }

            continue;

        case TPL_PLURAL_UNLESS:

            if (*--sp == 0) {
                pc = (uint32_t) insn->arg;
            }

            continue;

        case TPL_PLURAL_JUMP:
            pc = (uint32_t) insn->arg;
            continue;
        }

        if (--sp == stack) {
            break;
        }

        b = *sp;
        a = sp[-1];

        switch (insn->op) {

        case TPL_PLURAL_MUL:
            if (__builtin_mul_overflow(a, b, &a)) {
                return TPL_DECLINED;
            }

            break;

        case TPL_PLURAL_ADD:
            if (__builtin_add_overflow(a, b, &a)) {
                return TPL_DECLINED;
            }

            break;

        case TPL_PLURAL_SUB:
            if (__builtin_sub_overflow(a, b, &a)) {
                return TPL_DECLINED;
            }

            break;

        case TPL_PLURAL_DIV:
            if (b == 0 || (b == -1 && a == INT64_MIN)) {
                return TPL_DECLINED;
            }

            a = a / b - (a % b != 0 && (a < 0) != (b < 0));
            break;

        case TPL_PLURAL_MOD:
            if (b == 0) {
                return TPL_DECLINED;
            }

            /* INT64_MIN % -1 traps */

            a = (b == -1) ? 0 : a % b;

            if (a != 0 && (a < 0) != (b < 0)) {
                a += b;
            }

            break;

        case TPL_PLURAL_LT:
            a = a < b;
            break;

        case TPL_PLURAL_LE:
            a = a <= b;
            break;

        case TPL_PLURAL_GT:
            a = a > b;
            break;

        case TPL_PLURAL_GE:
            a = a >= b;
            break;

        case TPL_PLURAL_EQ:
            a = a == b;
            break;

        default: /* TPL_PLURAL_NE */
            a = a != b;
            break;
        }

        sp[-1] = a;
    }

    if (sp == stack) {
        return TPL_DECLINED;
    }

    *form = sp[-1];

    return TPL_OK;
}


/* floats and what ends in an error, by the operators of the language itself */

static tpl_int_t
tpl_plural_eval_values(tpl_exec_t *exec, const tpl_plural_t *plural,
    const tpl_value_t *n, int64_t *form)
{
    uint32_t                  pc;
    tpl_int_t                 rc;
    tpl_uint_t                truth;
    tpl_value_t               stack[TPL_PLURAL_STACK + 1], *sp;
    const tpl_plural_insn_t  *insn;

    static const tpl_binary_op_t  binary[] = {
        TPL_OP_MUL, TPL_OP_FLOORDIV, TPL_OP_MOD, TPL_OP_ADD, TPL_OP_SUB
    };

    static const tpl_compare_op_t  compare[] = {
        TPL_CMP_LT, TPL_CMP_LE, TPL_CMP_GT, TPL_CMP_GE, TPL_CMP_EQ, TPL_CMP_NE
    };

    sp = stack;

    for (pc = 0; pc < plural->n; /* void */ ) {
        insn = &plural->code[pc++];
        truth = 0;

        switch (insn->op) {

        case TPL_PLURAL_N:
            *sp++ = *n;
            continue;

        case TPL_PLURAL_CONST:
            tpl_value_int(sp, insn->arg);
            sp++;
            continue;

        case TPL_PLURAL_JUMP:
            pc = (uint32_t) insn->arg;
            continue;

        case TPL_PLURAL_NOT:
        case TPL_PLURAL_AND:
        case TPL_PLURAL_OR:
        case TPL_PLURAL_UNLESS:

            if (tpl_truth(exec, &sp[-1], &truth) != TPL_OK) {
                return TPL_ERROR;
            }

            if (insn->op == TPL_PLURAL_NOT) {
                tpl_value_bool(&sp[-1], !truth);
                continue;
            }

            if (insn->op == TPL_PLURAL_UNLESS) {
                sp--;

                if (!truth) {
                    pc = (uint32_t) insn->arg;
                }

                continue;
            }

            if (truth == (insn->op == TPL_PLURAL_OR)) {
                pc = (uint32_t) insn->arg;

            } else {
                sp--;
            }

            continue;
        }

        sp--;

        if (insn->op <= TPL_PLURAL_SUB) {
            rc = tpl_binary(exec, binary[insn->op - TPL_PLURAL_MUL], &sp[-1],
                            &sp[0], &sp[-1]);

        } else {
            rc = tpl_compare(exec, compare[insn->op - TPL_PLURAL_LT], &sp[-1],
                             &sp[0], &truth);
            tpl_value_bool(&sp[-1], truth);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return tpl_to_int(exec, &sp[-1], form);
}
