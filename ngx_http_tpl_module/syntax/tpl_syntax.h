
/*
 * Text to tree: the options of the scanners and the entry points.
 */

#ifndef _TPL_SYNTAX_H_INCLUDED_
#define _TPL_SYNTAX_H_INCLUDED_


#include "syntax/tpl_tree.h"


TPL_BEGIN_DECLS


#define TPL_SYNTAX_JINJA     0
#define TPL_SYNTAX_TORNADO   1

/* Jinja2's optional extensions; loop controls, do and i18n change the language
 * (a template with {% do %} is an error without), so they can be left off */

#define TPL_EXT_DO            0x01
#define TPL_EXT_LOOPCONTROLS  0x02
#define TPL_EXT_I18N          0x04
#define TPL_EXT_DEBUG         0x08
#define TPL_EXT_NEWSTYLE      0x10  /* of i18n: newstyle_gettext, which is off
                                       by default */

/* Tornado's whitespace modes */

#define TPL_WS_DEFAULT        0     /* single for .html and .js, else all */
#define TPL_WS_ALL            1
#define TPL_WS_SINGLE         2
#define TPL_WS_ONELINE        3


/* names and defaults as in Jinja2's Environment */

typedef struct {
    tpl_uint_t               syntax;

    tpl_str_t                block_start_string;        /* {% */
    tpl_str_t                block_end_string;          /* %} */
    tpl_str_t                variable_start_string;     /* {{ */
    tpl_str_t                variable_end_string;       /* }} */
    tpl_str_t                comment_start_string;      /* {# */
    tpl_str_t                comment_end_string;        /* #} */
    tpl_str_t                line_statement_prefix;     /* empty: none */
    tpl_str_t                line_comment_prefix;       /* empty: none */
    tpl_uint_t               trim_blocks;
    tpl_uint_t               lstrip_blocks;
    tpl_uint_t               keep_trailing_newline;
    tpl_str_t                newline_sequence;          /* \n */
    tpl_uint_t               extensions;                /* TPL_EXT_* */
    tpl_uint_t               trimmed;       /* policy ext.i18n.trimmed */

    tpl_uint_t               whitespace;                /* Tornado */
    tpl_str_t                escape;        /* Tornado: xhtml_escape; empty is
                                               None */
} tpl_syntax_t;

/* the defaults of a syntax; Jinja with every extension on */
void tpl_syntax_init(tpl_syntax_t *syntax, tpl_uint_t which);


/*
 * Parses source by syntax into *tree, whose nodes are in the arena work.  What
 * strings and names point to is in arena or a slice of source: a program keeps
 * it after the tree has gone, so arena and source must live as long.  So do the
 * texts of Jinja's TEXT nodes; those of Tornado's, whose white space is
 * squeezed, are slices of source or in work.  TPL_ERROR with err set: SYNTAX
 * (Jinja) or PARSE (Tornado) with the place, MEMORY.
 */
tpl_int_t tpl_parse(tpl_arena_t *arena, tpl_arena_t *work,
    const tpl_syntax_t *syntax, const tpl_source_t *source, tpl_tree_t *tree,
    tpl_error_t *err);

/*
 * The two behind tpl_parse().
 */
tpl_int_t tpl_jinja_parse(tpl_arena_t *arena, tpl_arena_t *work,
    const tpl_syntax_t *syntax, const tpl_source_t *source, tpl_tree_t *tree,
    tpl_error_t *err);
tpl_int_t tpl_tornado_parse(tpl_arena_t *arena, tpl_arena_t *work,
    const tpl_syntax_t *syntax, const tpl_source_t *source, tpl_tree_t *tree,
    tpl_error_t *err);


TPL_END_DECLS


#endif /* _TPL_SYNTAX_H_INCLUDED_ */
