
/*
 * What the files of the Tornado parser share.
 */

#ifndef _TPL_TORNADO_H_INCLUDED_
#define _TPL_TORNADO_H_INCLUDED_


#include "syntax/tpl_expr.h"


TPL_BEGIN_DECLS


/* a {% tag %} as far as the reader understands it */

typedef struct {
    tpl_str_t                name;          /* up to the first space */
    tpl_str_t                suffix;        /* the rest, stripped */
    tpl_str_t                contents;      /* all of it, stripped */
    tpl_pos_t                pos;
} tpl_tag_t;


/* a body that is being read */

typedef struct {
    const char              *block;         /* what needs an end, or NULL */
    tpl_uint_t               loop;          /* for Tornado: break may stand */
    tpl_uint_t               breaks;        /* for Python it may, too */
} tpl_place_t;


typedef struct {
    tpl_parser_t             parser;
    tpl_lexer_t              lexer;

    const tpl_char_t        *p;             /* how far the reader is */
    const tpl_char_t        *last;
    tpl_uint_t               whitespace;    /* TPL_WS_* */
    tpl_tree_t              *tree;
} tpl_tornado_t;


/* begins to parse a piece of Python, a slice of the source */
tpl_int_t tpl_tornado_head(tpl_tornado_t *t, const tpl_str_t *s);

/* that piece must be at its end now */
tpl_int_t tpl_tornado_head_end(tpl_tornado_t *t);

/* a finished statement to body; its parts (each may be NULL) give its height */
tpl_int_t tpl_tornado_add(tpl_tornado_t *t, tpl_nodes_t *body,
    tpl_node_t *node, tpl_node_t *part1, tpl_node_t *part2,
    tpl_node_t *part3);

/* Tornado: raise_parse_error(), at the place that the reader has come to */
tpl_int_t tpl_tornado_fail(tpl_tornado_t *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


/* statements of Python (tpl_tornado_set.c) */

tpl_int_t tpl_tornado_set(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
tpl_int_t tpl_tornado_import(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);

/* a.b.c as a CONST; first is a, the name an import binds */
tpl_node_t *tpl_tornado_dotted(tpl_tornado_t *t, tpl_str_t *first);

/* skips a name that is no keyword */
tpl_int_t tpl_tornado_name(tpl_tornado_t *t, tpl_str_t *name);


TPL_END_DECLS


#endif /* _TPL_TORNADO_H_INCLUDED_ */
