
/*
 * The defaults of the two syntaxes and the way to their parsers.
 */

#include "syntax/tpl_syntax.h"


void
tpl_syntax_init(tpl_syntax_t *syntax, tpl_uint_t which)
{
    memset(syntax, 0, sizeof(tpl_syntax_t));

    syntax->syntax = which;

    tpl_str_set(&syntax->block_start_string, "{%");
    tpl_str_set(&syntax->block_end_string, "%}");
    tpl_str_set(&syntax->variable_start_string, "{{");
    tpl_str_set(&syntax->variable_end_string, "}}");
    tpl_str_set(&syntax->comment_start_string, "{#");
    tpl_str_set(&syntax->comment_end_string, "#}");
    tpl_str_set(&syntax->newline_sequence, "\n");
    tpl_str_set(&syntax->escape, "xhtml_escape");

    syntax->extensions = TPL_EXT_DO | TPL_EXT_LOOPCONTROLS | TPL_EXT_I18N
                         | TPL_EXT_DEBUG;
    syntax->whitespace = TPL_WS_DEFAULT;
}


tpl_int_t
tpl_parse(tpl_arena_t *arena, tpl_arena_t *work, const tpl_syntax_t *syntax,
    const tpl_source_t *source, tpl_tree_t *tree, tpl_error_t *err)
{
    if (syntax->syntax == TPL_SYNTAX_TORNADO) {
        return tpl_tornado_parse(arena, work, syntax, source, tree, err);
    }

    return tpl_jinja_parse(arena, work, syntax, source, tree, err);
}
