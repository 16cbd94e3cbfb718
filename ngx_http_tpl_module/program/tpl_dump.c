
/*
 * A program as people read it.
 */

#include "program/tpl_compiler.h"


static const char *const  tpl_opcode_names[] = {
#define X(name, pops, pushes)  #name,
    TPL_OPCODE_MAP(X)
#undef X
};

static const char *const  tpl_func_kinds[] = {
    "root", "block", "macro", "caller", "loop", "lambda"
};


static void tpl_dump_func(const tpl_template_t *t, uint32_t index,
    tpl_buf_t *b);
static void tpl_dump_insn(const tpl_template_t *t, const tpl_insn_t *i,
    tpl_buf_t *b);
static void tpl_dump_text(const tpl_str_t *s, tpl_buf_t *b);


tpl_int_t
tpl_dump(const tpl_template_t *t, tpl_buf_t *b)
{
    uint32_t            i, j;
    const tpl_block_t  *block;

    tpl_buf_printf(b, "template %.*s  autoescape %s%s%s%s%s\n",
                   tpl_str_arg(&t->name), t->autoescape ? "on" : "off",
                   (t->flags & TPL_TEMPLATE_EXTENDS) ? "  extends" : "",
                   (t->flags & TPL_TEMPLATE_STATIC) ? "  static" : "",
                   (t->flags & TPL_TEMPLATE_IMPURE) ? "  impure" : "",
                   (t->flags & TPL_TEMPLATE_DYNAMIC) ? "  dynamic" : "");

    for (i = 0; i < t->nlinks; i++) {
        tpl_buf_printf(b, "link %u  %.*s\n", (unsigned) i,
                       tpl_str_arg(&t->links[i]->name));
    }

    for (i = 0; i < t->nblocks; i++) {
        block = &t->blocks[i];

        tpl_buf_printf(b, "block %.*s%s ", tpl_str_arg(&block->name->str),
                       block->required ? "  required" : "");

        for (j = 0; j < block->n; j++) {
            tpl_buf_printf(b, "  %.*s",
                           tpl_str_arg(&block->chain[j]->tmpl->name));
        }

        tpl_buf_lit(b, "\n");
    }

    for (i = 0; i < t->nfuncs; i++) {
        tpl_dump_func(t, i, b);
    }

    if (t->special) {
        tpl_buf_lit(b, "\nspecialized:\n");
        tpl_dump_func(t->special->fn->tmpl, 0, b);
    }

    return b->failed ? TPL_ERROR : TPL_OK;
}


static void
tpl_dump_func(const tpl_template_t *t, uint32_t index, tpl_buf_t *b)
{
    uint32_t           i, line;
    tpl_pos_t          pos;
    const tpl_func_t  *fn;

    fn = t->funcs[index];

    tpl_buf_printf(b, "\nfunction %u  %s", (unsigned) index,
                   tpl_func_kinds[fn->kind]);

    if (fn->name != NULL) {
        tpl_buf_printf(b, " %.*s", tpl_str_arg(&fn->name->str));
    }

    tpl_buf_printf(b, "  params %u  slots %u  stack %u%s\n",
                   (unsigned) fn->nparams, (unsigned) fn->nslots,
                   (unsigned) fn->nstack, fn->captured ? "  captured" : "");

    line = 0;

    for (i = 0; i < fn->ncode; i++) {
        pos = tpl_func_pos(fn, i);

        if (pos.line != line) {
            line = pos.line;
            tpl_buf_printf(b, "%6u", (unsigned) line);

        } else {
            tpl_buf_lit(b, "      ");
        }

        tpl_buf_printf(b, "%6u  %-16s", (unsigned) i,
                       tpl_opcode_names[fn->code[i].op]);
        tpl_dump_insn(t, &fn->code[i], b);
        tpl_buf_lit(b, "\n");
    }
}


static void
tpl_dump_insn(const tpl_template_t *t, const tpl_insn_t *i, tpl_buf_t *b)
{
    const tpl_builtins_t  *builtins;

    builtins = t->set->conf.builtins;

    switch (tpl_insn_plain(i->op)) {

    case TPL_INSN_CONST:
    case TPL_INSN_UNDEFINED:
    case TPL_INSN_RAISE:
    case TPL_INSN_CATCH:
    case TPL_INSN_LOCALS:
        tpl_repr_to(&t->set->exec, &t->consts[i->c], b);
        break;

    case TPL_INSN_LOAD:
    case TPL_INSN_LOAD_UP:
    case TPL_INSN_RESOLVE:
    case TPL_INSN_EXPORT:
    case TPL_INSN_OUTPUT_SLOT:
    case TPL_INSN_PARAM_UNDEFINED:
        tpl_buf_printf(b, "%u", (unsigned) i->b);

        if (i->op == TPL_INSN_LOAD_UP) {
            tpl_buf_printf(b, " up %u", (unsigned) i->a);
        }

        tpl_buf_printf(b, "  %.*s", tpl_str_arg(&t->names[i->c]->str));
        break;

    case TPL_INSN_RESOLVE_PUSH:
    case TPL_INSN_GET_ATTR:
    case TPL_INSN_SET_ATTR:
    case TPL_INSN_BLOCK:
    case TPL_INSN_SUPER:
    case TPL_INSN_IMPORT_NAME:
        tpl_buf_printf(b, "%.*s", tpl_str_arg(&t->names[i->c]->str));
        break;

    case TPL_INSN_CALL_METHOD:
        tpl_buf_printf(b, "%.*s  %u", tpl_str_arg(&t->names[i->c]->str),
                       (unsigned) i->b);
        break;

    case TPL_INSN_CALL:
        tpl_buf_printf(b, "%u", (unsigned) i->b);

        if (i->c != TPL_NO_CONST) {
            tpl_buf_lit(b, " + ");
            tpl_repr_to(&t->set->exec, &t->consts[i->c], b);
        }

        break;

    case TPL_INSN_FILTER:
    case TPL_INSN_FILTER_EX:
        tpl_buf_str(b, &builtins->tables[TPL_FILTERS].items[i->c]->name.str);
        break;

    case TPL_INSN_TEST:
    case TPL_INSN_TEST_EX:
        tpl_buf_str(b, &builtins->tables[TPL_TESTS].items[i->c]->name.str);
        break;

    case TPL_INSN_TEXT:
        tpl_dump_text(&t->texts[i->c].str, b);
        break;

    case TPL_INSN_EXTENDS_STATIC:
    case TPL_INSN_INCLUDE_STATIC:
    case TPL_INSN_IMPORT_STATIC:
        tpl_buf_str(b, &t->links[i->c]->name);
        break;

    case TPL_INSN_STORE:
    case TPL_INSN_LOAD_RAW:
    case TPL_INSN_CLEAR:
    case TPL_INSN_FOR:
    case TPL_INSN_END_FOR:
        tpl_buf_printf(b, "%u", (unsigned) i->b);

        if (i->a != 0) {
            tpl_buf_printf(b, " (%u)", (unsigned) i->a);
        }

        break;

    case TPL_INSN_JUMP_SET:
    case TPL_INSN_NEXT:
        tpl_buf_printf(b, "%u  to %u", (unsigned) i->b, (unsigned) i->c);
        break;

    case TPL_INSN_JUMP:
    case TPL_INSN_JUMP_FALSE:
    case TPL_INSN_JUMP_TRUE:
    case TPL_INSN_JUMP_FALSE_OR_POP:
    case TPL_INSN_JUMP_TRUE_OR_POP:
    case TPL_INSN_JUMP_CHILD:
    case TPL_INSN_TRY:
        tpl_buf_printf(b, "to %u", (unsigned) i->c);
        break;

    default:
        if (i->a != 0 || i->b != 0 || i->c != 0) {
            tpl_buf_printf(b, "%u %u %u", (unsigned) i->a, (unsigned) i->b,
                           (unsigned) i->c);
        }
    }
}


/* the beginning of a text, in one line */

static void
tpl_dump_text(const tpl_str_t *s, tpl_buf_t *b)
{
    size_t  i;

    tpl_buf_printf(b, "%zu  \"", s->len);

    for (i = 0; i < s->len && i < 40; i++) {

        if (s->data[i] == '\n') {
            tpl_buf_lit(b, "\\n");

        } else if (s->data[i] == '"' || s->data[i] == '\\') {
            tpl_buf_char(b, '\\');
            tpl_buf_char(b, s->data[i]);

        } else {
            tpl_buf_char(b, s->data[i]);
        }
    }

    tpl_buf_lit(b, "\"");

    if (i < s->len) {
        tpl_buf_lit(b, "...");
    }
}
