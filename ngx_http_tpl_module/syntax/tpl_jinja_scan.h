
/*
 * Jinja2's template scanner: text, tags, comments, raw blocks, line
 * statements, and what happens to white space around them.
 */

#ifndef _TPL_JINJA_SCAN_H_INCLUDED_
#define _TPL_JINJA_SCAN_H_INCLUDED_


#include "syntax/tpl_lexer.h"
#include "syntax/tpl_syntax.h"


TPL_BEGIN_DECLS


typedef enum {
    TPL_SCAN_ROOT = 0,
    TPL_SCAN_VARIABLE,
    TPL_SCAN_BLOCK,
    TPL_SCAN_COMMENT,
    TPL_SCAN_RAW,
    TPL_SCAN_LINE_STATEMENT,
    TPL_SCAN_LINE_COMMENT
} tpl_scan_state_t;


/* what may begin in text */

typedef struct {
    tpl_str_t                start;
    tpl_scan_state_t         state;
} tpl_scan_rule_t;


/* how deep brackets nest; the parser gives up before */

#define TPL_SCAN_MAX_BRACKETS  512


typedef struct {
    tpl_lexer_t              lexer;
    const tpl_syntax_t      *syntax;

    tpl_scan_state_t         state;
    tpl_scan_rule_t          rules[5];      /* in the order they are tried */
    tpl_uint_t               nrules;
    tpl_uint_t               line_statements;
    tpl_uint_t               line_comments;
    tpl_char_t               begins[256];   /* 1: a rule may match here */

    tpl_str_t                newline;       /* when it is not \n */

    /* the text before p ends a line, for lstrip_blocks */
    tpl_uint_t               line_starting;

    /* a tag found behind text that was given first */
    tpl_uint_t               pending;
    tpl_scan_state_t         pending_state;
    const tpl_char_t        *pending_end;

    tpl_char_t               brackets[TPL_SCAN_MAX_BRACKETS];
    tpl_uint_t               nbrackets;

    tpl_pos_t                last_pos;      /* of the last token */
} tpl_jinja_scan_t;


/* TPL_ERROR if the source is not UTF-8 or memory is out */
tpl_int_t tpl_jinja_scan_init(tpl_jinja_scan_t *scan, tpl_arena_t *arena,
    const tpl_syntax_t *syntax, const tpl_source_t *source,
    tpl_error_t *err);

/* the next token; scan is a tpl_jinja_scan_t, as tpl_parser_t.scan wants it */
tpl_int_t tpl_jinja_scan_next(void *scan, tpl_token_t *tok);


TPL_END_DECLS


#endif /* _TPL_JINJA_SCAN_H_INCLUDED_ */
