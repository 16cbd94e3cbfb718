
/*
 * What the files of the Jinja2 statement parser share.
 */

#ifndef _TPL_JINJA_H_INCLUDED_
#define _TPL_JINJA_H_INCLUDED_


#include "syntax/tpl_expr.h"
#include "syntax/tpl_jinja_scan.h"


TPL_BEGIN_DECLS


/* a statement that is open, innermost first */

typedef struct tpl_jinja_tag_s  tpl_jinja_tag_t;

struct tpl_jinja_tag_s {
    tpl_str_t                name;
    tpl_jinja_tag_t         *outer;
};


/* a body that is open: the tags that end it, as a list that NULL ends */

typedef struct tpl_jinja_end_s  tpl_jinja_end_t;

struct tpl_jinja_end_s {
    const char *const       *names;
    tpl_jinja_end_t         *outer;
};


typedef struct tpl_jinja_name_s  tpl_jinja_name_t;

struct tpl_jinja_name_s {
    tpl_name_t               name;
    tpl_jinja_name_t        *next;
};


typedef struct {
    tpl_parser_t             parser;        /* first: it stands for all */
    tpl_jinja_scan_t         scan;

    tpl_jinja_tag_t         *tags;
    tpl_jinja_end_t         *ends;
    tpl_jinja_name_t        *blocks;        /* so far */

    tpl_uint_t               loops;         /* break may leave one */
    tpl_uint_t               fors;          /* {% for %}s around */
    tpl_uint_t               nested;        /* in a scope of its own, where
                                               extends is not allowed */
} tpl_jinja_t;


/* a node at the tag's name, which is skipped */
tpl_node_t *tpl_jinja_start(tpl_jinja_t *j, tpl_node_type_t type);

/* a finished statement to body; its parts (each may be NULL) give its height */
tpl_int_t tpl_jinja_done(tpl_jinja_t *j, tpl_nodes_t *body, tpl_node_t *node,
    tpl_node_t *part1, tpl_node_t *part2, tpl_node_t *part3);

/* statements of tpl_jinja_import.c: from the tag's name to its end */
tpl_int_t tpl_jinja_extends(tpl_jinja_t *j, tpl_nodes_t *body);
tpl_int_t tpl_jinja_include(tpl_jinja_t *j, tpl_nodes_t *body);
tpl_int_t tpl_jinja_import(tpl_jinja_t *j, tpl_nodes_t *body);
tpl_int_t tpl_jinja_from(tpl_jinja_t *j, tpl_nodes_t *body);

/* {% trans %}: the SET and the TRANS go to body (tpl_trans.c) */
tpl_int_t tpl_jinja_trans(tpl_jinja_t *j, tpl_nodes_t *body);


TPL_END_DECLS


#endif /* _TPL_JINJA_H_INCLUDED_ */
