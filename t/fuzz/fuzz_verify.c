
/*
 * The verifier, on programs with mistakes in them.
 *
 * The first byte chooses the syntax; then come a template and, behind a byte
 * 0xff, the number of instructions to change, what to change in each, and
 * which way to go at each jump.  Of a program that still verifies such a walk
 * never leaves the code, never takes more from the stack than is there or puts
 * more on it than it holds, and never meets an operand beyond its table.
 *
 * That is what the verifier promises; it does not follow the types of values,
 * so a program that was changed is not run.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/tpl_utf8.h"
#include "builtins/tpl_builtins.h"
#include "program/tpl_compiler.h"


#define FUZZ_MEMORY   (64 * 1024 * 1024)
#define FUZZ_CHANGE   8         /* bytes: function, instruction (2), field,
                                   value (4) */

#define FUZZ_TORNADO  0x01


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const tpl_str_t  fuzz_jinja = tpl_string(
    "{% macro m(x, y=1) %}{{ x }}{{ caller() }}{% endmacro %}"
    "{% block b scoped %}{{ y }}{% endblock %}{% set v = 1 %}");

static const tpl_str_t  fuzz_tornado = tpl_string(
    "{% set v = 1 %}{% block b %}{{ y }}{% end %}");


typedef struct {
    tpl_str_t            text;
    tpl_uint_t           tornado;
} fuzz_t;


static tpl_int_t
fuzz_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    fuzz_t  *f;

    (void) arena;
    (void) err;

    f = data;

    if (tpl_str_is(name, "main")) {
        source->text = f->text;
        return TPL_OK;
    }

    if (tpl_str_is(name, "a")) {
        source->text = f->tornado ? fuzz_tornado : fuzz_jinja;
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static void
fuzz_change(tpl_template_t *t, const uint8_t *p)
{
    uint32_t     value;
    tpl_func_t  *fn;
    tpl_insn_t  *i;

    fn = t->funcs[p[0] % t->nfuncs];
    i = &fn->code[(p[1] | p[2] << 8) % fn->ncode];

    memcpy(&value, p + 4, sizeof(value));

    switch (p[3] % 4) {

    case 0:
        i->op = (uint8_t) value;
        break;

    case 1:
        i->a = (uint8_t) value;
        break;

    case 2:
        i->b = (uint16_t) value;
        break;

    default:
        i->c = value;
        break;
    }
}


static void
fuzz_stop(const char *what, uint32_t pc)
{
    fprintf(stderr, "verified, but at instruction %u %s\n", (unsigned) pc,
            what);
    abort();
}


static void
fuzz_operands(const tpl_template_t *t, const tpl_func_t *fn, uint32_t pc)
{
    tpl_uint_t         ok;
    const tpl_insn_t  *i;

    i = &fn->code[pc];

    switch (i->op) {

    case TPL_INSN_CONST:
        ok = i->c < t->nconsts;
        break;

    case TPL_INSN_TEXT:
        ok = i->c < t->ntexts;
        break;

    case TPL_INSN_LOAD:
    case TPL_INSN_RESOLVE:
        ok = i->c < t->nnames && i->b < fn->nslots;
        break;

    case TPL_INSN_GET_ATTR:
        ok = i->c < t->nnames;
        break;

    case TPL_INSN_FOR:
    case TPL_INSN_NEXT:
    case TPL_INSN_NEXT_STORE:
    case TPL_INSN_NEXT_ROWS:
        ok = i->b < fn->nslots;
        break;

    case TPL_INSN_MACRO:
        ok = i->c < t->nfuncs;
        break;

    default:
        ok = i->op < TPL_INSN_LAST;
    }

    if (!ok) {
        fuzz_stop("an operand is out of range", pc);
    }
}


static void
fuzz_walk(const tpl_template_t *t, const tpl_func_t *fn, const uint8_t *way,
    size_t len)
{
    int64_t            depth;
    uint32_t           pc;
    const tpl_insn_t  *i;

    pc = 0;
    depth = 0;

    /* an instruction without a choice takes a byte too: the walk ends */

    for ( ; len; len--, way++) {

        if (pc >= fn->ncode) {
            fuzz_stop("the code has been left", pc);
        }

        i = &fn->code[pc];

        fuzz_operands(t, fn, pc);

        depth -= tpl_insn_pops(i);

        if (depth < 0) {
            fuzz_stop("the stack is empty", pc);
        }

        if (i->op == TPL_INSN_RETURN || i->op == TPL_INSN_RETURN_VALUE
            || i->op == TPL_INSN_RERAISE)
        {
            return;
        }

        if (i->op == TPL_INSN_JUMP || i->op == TPL_INSN_LOOP
            || (tpl_insn_jumps(i) && (*way & 1)))
        {
            if (i->op == TPL_INSN_JUMP_FALSE_OR_POP
                || i->op == TPL_INSN_JUMP_TRUE_OR_POP
                || i->op == TPL_INSN_TRY)
            {
                depth++;
            }

            pc = i->c;

        } else {
            depth += tpl_insn_pushes(i);
            pc++;
        }

        if (depth > fn->nstack) {
            fuzz_stop("the stack is full", pc);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_t           f;
    size_t           n;
    uint32_t         i;
    tpl_str_t        name;
    tpl_set_t       *set;
    tpl_arena_t     *arena;
    tpl_error_t      err;
    const uint8_t   *p, *end;
    tpl_set_conf_t   conf;
    tpl_template_t  *t;

    static tpl_builtins_t  *builtins;
    static tpl_arena_t     *forever;

    if (builtins == NULL) {
        tpl_hash_init();
        forever = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
        builtins = tpl_builtins_create(forever);

        if (builtins == NULL || tpl_builtins_register(builtins) != TPL_OK) {
            abort();
        }
    }

    if (size == 0) {
        return 0;
    }

    end = data + size;
    p = memchr(data + 1, 0xff, size - 1);

    if (p == NULL || end - p < 2) {
        return 0;
    }

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, FUZZ_MEMORY);
    if (arena == NULL) {
        return 0;
    }

    f.text.data = (tpl_char_t *) data + 1;
    f.text.len = (size_t) (p - data) - 1;
    f.tornado = (data[0] & FUZZ_TORNADO) != 0;

    memset(&conf, 0, sizeof(tpl_set_conf_t));

    tpl_syntax_init(&conf.syntax, f.tornado ? TPL_SYNTAX_TORNADO
                                            : TPL_SYNTAX_JINJA);

    conf.arena = arena;
    conf.builtins = builtins;
    conf.loader.load = fuzz_load;
    conf.loader.data = &f;
    conf.options.newline_sequence = conf.syntax.newline_sequence;

    tpl_error_init(&err, arena);
    tpl_str_set(&name, "main");

    if (tpl_utf8_repair(arena, &f.text) != TPL_OK
        || (set = tpl_set_create(&conf)) == NULL
        || tpl_set_compile(set, &name, &t, &err) != TPL_OK)
    {
        tpl_arena_destroy(arena);
        return 0;
    }

    n = p[1] % 4;

    for (p += 2; n && end - p >= FUZZ_CHANGE; n--, p += FUZZ_CHANGE) {
        fuzz_change(t, p);
    }

    for (i = 0; i < t->nfuncs; i++) {
        tpl_error_init(&err, arena);

        if (tpl_verify(t, t->funcs[i], &err) == TPL_OK) {
            fuzz_walk(t, t->funcs[i], p, (size_t) (end - p));

        } else if (err.message.len == 0) {
            fprintf(stderr, "refused without a message\n");
            abort();
        }
    }

    tpl_arena_destroy(arena);

    return 0;
}
