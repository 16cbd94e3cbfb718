
/*
 * The expression parser: one for both syntaxes, with a table of what differs.
 *
 * Functions that return a node return NULL with the error set.  On entry
 * p->token is the first token of what is to be parsed, on return the first
 * after it.  One token is read ahead, as Jinja2 does, so that of two errors
 * the same one is found first.
 */

#ifndef _TPL_EXPR_H_INCLUDED_
#define _TPL_EXPR_H_INCLUDED_


#include "syntax/tpl_lexer.h"
#include "syntax/tpl_syntax.h"
#include "syntax/tpl_tree.h"


TPL_BEGIN_DECLS


/* how deep expressions and statements may nest; bounds the C stack */

#define TPL_PARSE_MAX_DEPTH  200


typedef struct tpl_parser_s  tpl_parser_t;


/* a binary operator: how tightly it binds (0: is none), and what it is */

typedef struct {
    uint8_t                  level;
    uint8_t                  op;        /* tpl_binary_op_t */
} tpl_binary_rule_t;


typedef struct {
    tpl_binary_rule_t        binary[TPL_TOKEN_LAST];

    /* what stands between binary operators: signs, atom, postfixes */
    tpl_node_t            *(*operand)(tpl_parser_t *p);

    /* what stands first in an expression instead of a condition: lambda */
    tpl_node_t            *(*special)(tpl_parser_t *p);

    tpl_uint_t               python;
} tpl_dialect_t;

extern const tpl_dialect_t  tpl_dialect_jinja;
extern const tpl_dialect_t  tpl_dialect_python;


struct tpl_parser_s {
    tpl_arena_t             *arena;         /* of texts */
    tpl_arena_t             *work;          /* of nodes */
    tpl_error_t             *err;
    tpl_exc_t                exc;           /* of syntax errors */
    const tpl_syntax_t      *syntax;
    const tpl_dialect_t     *dialect;

    /* where tokens come from */
    tpl_int_t              (*scan)(void *scanner, tpl_token_t *tok);
    void                    *scanner;

    tpl_token_t              token;         /* the current one */
    tpl_token_t              ahead;
    tpl_uint_t               looked;        /* ahead is the next one */
    tpl_token_type_t         previous;      /* type of the last one */

    tpl_uint_t               depth;

    /*
     * What Jinja2 finds only after parsing, when it generates code, in the
     * order of its passes; any error of parsing comes before.
     */
    tpl_error_t              later[3];
};

#define TPL_LATER_BLOCKS    0       /* of its compiler before any code */
#define TPL_LATER_COMPILER  1
#define TPL_LATER_PYTHON    2       /* of the Python compiler */


/* to the next token */
tpl_int_t tpl_parser_next(tpl_parser_t *p);

/* the token after the current one, NULL on error */
const tpl_token_t *tpl_parser_look(tpl_parser_t *p);

/* true if the current token, or tok, is this name */
tpl_uint_t tpl_token_is(const tpl_token_t *tok, const char *name);

/*
 * Skips a token that must be there: of a type, or a name.  Errors as Jinja2's
 * TokenStream.expect().
 */
tpl_int_t tpl_parser_expect(tpl_parser_t *p, tpl_token_type_t type);
tpl_int_t tpl_parser_expect_name(tpl_parser_t *p, const char *name);

/* TPL_OK: it was there and is skipped; TPL_DECLINED; TPL_ERROR */
tpl_int_t tpl_parser_skip(tpl_parser_t *p, tpl_token_type_t type);
tpl_int_t tpl_parser_skip_name(tpl_parser_t *p, const char *name);

/* sets a syntax error and returns NULL, which is also TPL_ERROR's kin */
void *tpl_parser_fail(tpl_parser_t *p, const tpl_pos_t *pos,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* remembers an error of a later pass, the first of each */
void tpl_parser_later(tpl_parser_t *p, tpl_uint_t pass, tpl_exc_t exc,
    const tpl_pos_t *pos, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* raises the first remembered error, if any, as TPL_ERROR */
tpl_int_t tpl_parser_finish(tpl_parser_t *p);

/* always NULL */
void *tpl_parser_memory(tpl_parser_t *p);

/* counts nesting; TPL_ERROR past the limit.  leave() after enter(). */
tpl_int_t tpl_parser_enter(tpl_parser_t *p, const char *what);
#define tpl_parser_leave(p)  ((p)->depth--)

tpl_node_t *tpl_parser_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos);

/* tpl_node_adopt() with the error set; returns node or NULL */
tpl_node_t *tpl_parser_adopt(tpl_parser_t *p, tpl_node_t *node,
    const tpl_node_t *list);

/*
 * The line is exact's, as Jinja2 reports it, but when better stands on that
 * line too it points better.
 */
const tpl_pos_t *tpl_parser_pos(const tpl_pos_t *exact,
    const tpl_pos_t *better);


/* shared parts of expressions (tpl_expr.c) */

/* any expression but a bare tuple */
tpl_node_t *tpl_expr_parse(tpl_parser_t *p);

/* the same without "a if b else c" */
tpl_node_t *tpl_expr_or(tpl_parser_t *p);

/* without comparisons: binary operators from the level up */
tpl_node_t *tpl_expr_binary(tpl_parser_t *p, tpl_uint_t level);

/* .name, [key] and (arguments) after node */
tpl_node_t *tpl_expr_postfix(tpl_parser_t *p, tpl_node_t *node);

/* (arguments); node is called */
tpl_node_t *tpl_expr_call(tpl_parser_t *p, tpl_node_t *node);

/* the arguments alone, from the opening parenthesis to past the closing one */
tpl_int_t tpl_expr_arguments(tpl_parser_t *p, tpl_node_t **args);

/* nodes of one, two or a list of others */
tpl_node_t *tpl_expr_unary_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, tpl_node_t *expr);
tpl_node_t *tpl_expr_binary_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, tpl_node_t *left, tpl_node_t *right);
tpl_node_t *tpl_expr_items_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, tpl_node_t *items);
tpl_node_t *tpl_expr_name_node(tpl_parser_t *p, const tpl_token_t *tok);
tpl_node_t *tpl_expr_string_node(tpl_parser_t *p, const tpl_pos_t *pos,
    const tpl_str_t *s);
tpl_node_t *tpl_expr_keyword_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, const tpl_str_t *name, tpl_node_t *value);


/* Jinja2 (tpl_expr_jinja.c) */

#define TPL_TUPLE_SIMPLE     0x01   /* names and literals only */
#define TPL_TUPLE_NO_COND    0x02   /* no "a if b else c" */
#define TPL_TUPLE_PARENS     0x04   /* in parentheses: may be empty */
#define TPL_TUPLE_NSREF      0x08   /* targets may be ns.attr */

/*
 * Jinja2: Parser.parse_tuple, whose extra_end_rules never match anything: a
 * target `a, in` is a tuple of two names.
 */
tpl_node_t *tpl_expr_tuple(tpl_parser_t *p, tpl_uint_t flags);

/* Jinja2: Parser.parse_assign_target, without and with name_only */
tpl_node_t *tpl_expr_target(tpl_parser_t *p, tpl_uint_t flags);
tpl_node_t *tpl_expr_target_name(tpl_parser_t *p);

/*
 * |filter|filter after node.  first: node is none and the bar before the first
 * is left out (filter blocks).  Without a filter returns node, so that NULL is
 * an error only together with p->err.
 */
tpl_node_t *tpl_expr_filters(tpl_parser_t *p, tpl_node_t *node,
    tpl_uint_t first);


/* Python (tpl_expr_python.c) */

/* an expression, or several with commas: a tuple; may have *parts */
tpl_node_t *tpl_expr_python_list(tpl_parser_t *p);

/* targets of a for: ends before the name "in" */
tpl_node_t *tpl_expr_python_targets(tpl_parser_t *p);

/* an atom with its postfixes */
tpl_node_t *tpl_expr_python_primary(tpl_parser_t *p);

/* node as the target of an assignment */
tpl_node_t *tpl_expr_python_store(tpl_parser_t *p, tpl_node_t *node);

/* true for the words that cannot be names */
tpl_uint_t tpl_python_reserved(const tpl_str_t *name);

/* [element for ...]: from the first `for` on */
tpl_node_t *tpl_expr_comprehension(tpl_parser_t *p, tpl_node_t *element,
    tpl_uint_t flags, const tpl_pos_t *pos);

/* true if an expression, or a *part, can start with the current token */
tpl_uint_t tpl_expr_python_starts(const tpl_parser_t *p);

/*
 * Adds an f-string's CONSTs and FIELDs to items (tpl_fstring.c).  p->scanner
 * is the tpl_lexer_t that found it.
 */
tpl_int_t tpl_expr_fstring(tpl_parser_t *p, const tpl_token_t *tok,
    tpl_nodes_t *items);


TPL_END_DECLS


#endif /* _TPL_EXPR_H_INCLUDED_ */
