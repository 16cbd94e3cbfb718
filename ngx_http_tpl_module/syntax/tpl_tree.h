
/*
 * The tree that both syntaxes parse to.
 *
 * Nodes live in the arena of the compilation.  A list of nodes (a body, call
 * arguments, list items) is linked through `next` and given by its first node;
 * NULL is the empty list.
 */

#ifndef _TPL_TREE_H_INCLUDED_
#define _TPL_TREE_H_INCLUDED_


#include "value/tpl_value.h"


TPL_BEGIN_DECLS


typedef struct tpl_node_s  tpl_node_t;


typedef enum {

    /* statements */

    TPL_NODE_TEXT = 0,      /* u.text */
    TPL_NODE_OUTPUT,        /* u.output: {{ expr }} */
    TPL_NODE_IF,            /* u.cond: elif is an IF in orelse */
    TPL_NODE_FOR,           /* u.loop */
    TPL_NODE_WHILE,         /* u.loop: test, body, orelse (Tornado) */
    TPL_NODE_BREAK,
    TPL_NODE_CONTINUE,
    TPL_NODE_SET,           /* u.set: targets = value */
    TPL_NODE_SET_BLOCK,     /* u.set: target, filter, body */
    TPL_NODE_DO,            /* u.unary: an expression for its effect */
    TPL_NODE_EXTENDS,       /* u.ref */
    TPL_NODE_BLOCK,         /* u.block */
    TPL_NODE_INCLUDE,       /* u.ref */
    TPL_NODE_IMPORT,        /* u.ref: import x as name */
    TPL_NODE_FROM_IMPORT,   /* u.ref: from x import names */
    TPL_NODE_MACRO,         /* u.macro */
    TPL_NODE_CALL_BLOCK,    /* u.macro with call: {% call(params) f() %} */
    TPL_NODE_FILTER_BLOCK,  /* u.set: filter, body */
    TPL_NODE_WITH,          /* u.with */
    TPL_NODE_AUTOESCAPE,    /* u.with: values (one expression), body */
    TPL_NODE_TRANS,         /* u.trans */
    TPL_NODE_DEBUG,         /* {% debug %} */
    TPL_NODE_FLUSH,         /* {% flush %} */
    TPL_NODE_APPLY,         /* u.set: filter is a function expression
                               (Tornado) */
    TPL_NODE_TRY,           /* u.try (Tornado) */
    TPL_NODE_PY_IMPORT,     /* u.ref: import module as name (Tornado) */
    TPL_NODE_PY_FROM,       /* u.ref: from module import names (Tornado) */
    TPL_NODE_MODULE,        /* u.unary: {% module Name(args) %} (Tornado) */
    TPL_NODE_SCOPE,         /* u.with: a body in a scope of its own, and the
                               place of an inlined template (Tornado) */

    /* expressions */

    TPL_NODE_CONST,         /* u.value */
    TPL_NODE_NAME,          /* u.name; store says it is a target */
    TPL_NODE_NSREF,         /* u.attr of a NAME: target `ns.attr` of set */
    TPL_NODE_LIST,          /* u.items */
    TPL_NODE_TUPLE,         /* u.items */
    TPL_NODE_DICT,          /* u.items: PAIRs, or STARSTAR (Tornado) */
    TPL_NODE_SETLIT,        /* u.items (Tornado) */
    TPL_NODE_PAIR,          /* u.binary: key left, value right */
    TPL_NODE_UNARY,         /* u.unary with op (tpl_unary_op_t) */
    TPL_NODE_NOT,           /* u.unary */
    TPL_NODE_BINARY,        /* u.binary with op (tpl_binary_op_t) */
    TPL_NODE_AND,           /* u.binary */
    TPL_NODE_OR,            /* u.binary */
    TPL_NODE_COMPARE,       /* u.compare: expr, then OPERANDs */
    TPL_NODE_OPERAND,       /* u.unary with op (tpl_compare_op_t) */
    TPL_NODE_CONCAT,        /* u.items: a ~ b ~ c (Jinja) */
    TPL_NODE_COND,          /* u.cond: body if test else orelse (may be NULL) */
    TPL_NODE_ATTR,          /* u.attr */
    TPL_NODE_ITEM,          /* u.binary: object left, key right */
    TPL_NODE_SLICE,         /* u.slice: object[start:stop:step] */
    TPL_NODE_CALL,          /* u.call */
    TPL_NODE_FILTER,        /* u.call: callee is the filtered expression, NULL
                               innermost in FILTER_BLOCK and SET_BLOCK */
    TPL_NODE_TEST,          /* u.call: callee is the tested expression */
    TPL_NODE_KEYWORD,       /* u.keyword: name=value in a call */
    TPL_NODE_STAR,          /* u.unary: *x in a call, list or target */
    TPL_NODE_STARSTAR,      /* u.unary: **x in a call or dict */
    TPL_NODE_LAMBDA,        /* u.macro: params, body one expression (Tornado) */
    TPL_NODE_COMPREHENSION, /* u.comp (Tornado) */
    TPL_NODE_CLAUSE,        /* u.loop: one for/if of a comprehension */
    TPL_NODE_FSTRING,       /* u.items: CONST texts and FIELDs (Tornado) */
    TPL_NODE_FIELD,         /* u.call: callee, name = spec, op = conversion
                               ('r', 's', 'a' or 0); args is an FSTRING when
                               the spec has fields of its own */
    TPL_NODE_PARAM,         /* u.keyword: macro parameter, value its default or
                               NULL */
    TPL_NODE_MARKUP         /* u.unary: markup under autoescape; made by the
                               compiler (Jinja2: MarkSafeIfAutoescape) */
} tpl_node_type_t;


struct tpl_node_s {
    tpl_node_type_t          type;
    uint8_t                  op;
    uint8_t                  flags;     /* TPL_NODE_F_*, by type */
    uint16_t                 height;    /* levels of tree from here down */
    tpl_pos_t                pos;
    tpl_node_t              *next;

    union {
        tpl_str_t            text;
        tpl_value_t          value;
        tpl_name_t           name;

        struct {
            tpl_node_t      *expr;
        } output;

        struct {
            tpl_node_t      *expr;
        } unary;

        struct {
            tpl_node_t      *left;
            tpl_node_t      *right;
        } binary;

        struct {
            tpl_node_t      *expr;
            tpl_node_t      *operands;
        } compare;

        struct {
            tpl_node_t      *test;
            tpl_node_t      *body;
            tpl_node_t      *orelse;
        } cond;

        struct {
            tpl_node_t      *target;    /* NAME, or TUPLE of targets */
            tpl_node_t      *iter;
            tpl_node_t      *test;      /* for x in y if test; while test */
            tpl_node_t      *body;
            tpl_node_t      *orelse;
        } loop;

        struct {
            tpl_node_t      *target;    /* several: a = b = value (Tornado) */
            tpl_node_t      *value;
            tpl_node_t      *filter;
            tpl_node_t      *body;
        } set;

        struct {
            tpl_node_t      *template;  /* expression; CONST when literal */
            tpl_name_t       name;      /* import ... as name; module's name */
            tpl_node_t      *names;     /* KEYWORDs: name = exported name,
                                           value = NAME node it is bound to */
            tpl_node_t      *module;    /* PY_FROM, PY_IMPORT: dotted name as
                                           a CONST string */
        } ref;

        struct {
            tpl_name_t       name;
            tpl_node_t      *body;
        } block;

        struct {
            tpl_name_t       name;
            tpl_node_t      *params;    /* PARAMs */
            tpl_node_t      *body;
            tpl_node_t      *call;      /* CALL_BLOCK: the CALL */
        } macro;

        struct {
            tpl_node_t      *targets;
            tpl_node_t      *values;    /* as many as targets */
            tpl_node_t      *body;
        } with;

        struct {
            tpl_node_t      *vars;      /* KEYWORDs in order: name=value */
            tpl_node_t      *count;     /* expression to pluralize by */
            tpl_str_t        singular;  /* with %(name)s for variables, % as
                                           %%, trimmed if asked for */
            tpl_str_t        plural;    /* data is NULL without pluralize */
            tpl_value_t      context;   /* a message context or MISSING */
            uint32_t         num_called_num;
        } trans;

        struct {
            tpl_node_t      *body;
            tpl_node_t      *handlers;  /* KEYWORDs: name = "as" name or empty,
                                           value = IF: test the class or NULL,
                                           body */
            tpl_node_t      *orelse;
            tpl_node_t      *finally;
        } try;

        struct {
            tpl_node_t      *items;
        } items;

        struct {
            tpl_node_t      *object;
            tpl_name_t       name;
        } attr;

        struct {
            tpl_node_t      *object;
            tpl_node_t      *start;
            tpl_node_t      *stop;
            tpl_node_t      *step;
        } slice;

        struct {
            tpl_node_t      *callee;
            tpl_name_t       name;      /* of filter or test */
            tpl_node_t      *args;      /* positional, KEYWORD, STAR, STARSTAR
                                           in the order written */
        } call;

        struct {
            tpl_name_t       name;
            tpl_node_t      *value;
        } keyword;

        struct {
            tpl_node_t      *element;   /* DICT: a PAIR */
            tpl_node_t      *clauses;   /* CLAUSEs */
        } comp;
    } u;
};


/* flags */

#define TPL_NODE_F_STORE        0x01    /* NAME, TUPLE, ATTR, ITEM: a target */
#define TPL_NODE_F_ELIF         0x01    /* IF: an elif, alone in an orelse */
#define TPL_NODE_F_RECURSIVE    0x01    /* FOR */
#define TPL_NODE_F_SCOPED       0x01    /* BLOCK */
#define TPL_NODE_F_REQUIRED     0x02    /* BLOCK */
#define TPL_NODE_F_CONTEXT      0x01    /* INCLUDE, IMPORT: with context */
#define TPL_NODE_F_IGNORE       0x02    /* INCLUDE: ignore missing */
#define TPL_NODE_F_RAW          0x01    /* OUTPUT: not escaped ({% raw e %}) */
#define TPL_NODE_F_PLURAL       0x01    /* TRANS: has pluralize */
#define TPL_NODE_F_REFERENCED   0x04    /* TRANS: the text names variables; if
                                           not, old style gettext gets % for
                                           %% in the messages */
#define TPL_NODE_F_ASSIGN_OP    0x02    /* SET: augmented (+=), with op */
#define TPL_NODE_F_GENERATOR    0x01    /* COMPREHENSION: generator */
#define TPL_NODE_F_SETCOMP      0x02    /* COMPREHENSION: set */
#define TPL_NODE_F_DICTCOMP     0x04    /* COMPREHENSION: dict */
#define TPL_NODE_F_STAR         0x01    /* PARAM of a lambda: *args */
#define TPL_NODE_F_IF_CLAUSE    0x01    /* CLAUSE: an `if`, in test */
#define TPL_NODE_F_PAREN        0x80    /* an expression in parentheses */


/* what a parsed template is */

typedef struct {
    const tpl_source_t      *source;
    tpl_node_t              *body;

    /*
     * Tornado: the function that escapes output, from {% autoescape %} or the
     * loader's setting; len 0 for None.
     */
    tpl_name_t               escape;
} tpl_tree_t;


/*
 * No tree is higher than this, whatever the template: what walks a tree may
 * recurse without counting.
 */
#define TPL_TREE_MAX_HEIGHT  2000


/* a list while it grows */

typedef struct {
    tpl_node_t              *first;
    tpl_node_t             **end;
} tpl_nodes_t;

#define tpl_nodes_init(l)                                                    \
    ((l)->first = NULL, (l)->end = &(l)->first)
#define tpl_nodes_add(l, node)                                               \
    (*(l)->end = (node), (l)->end = &(node)->next)

/* a node of zeros, of height 1; NULL without memory */
tpl_node_t *tpl_node_create(tpl_arena_t *arena, tpl_node_type_t type,
    const tpl_pos_t *pos);

/*
 * Makes node as high as the nodes of the list below it ask for; TPL_DECLINED
 * if that is over TPL_TREE_MAX_HEIGHT.
 */
tpl_int_t tpl_node_adopt(tpl_node_t *node, const tpl_node_t *list);

/* sets a name and its hash; str is not copied */
void tpl_name_set(tpl_name_t *name, const tpl_str_t *str);

/* "for", "output", ...: the type as dumps and messages name it */
const char *tpl_node_type_name(tpl_node_type_t type);

/*
 * The tree as S-expressions, one statement a line, for tests and `tpl dump`:
 *
 *   (for (name x) (name y) (body (output (filter upper (name x)))))
 *
 * TPL_ERROR if the buffer ran out of memory.
 */
tpl_int_t tpl_tree_dump(tpl_buf_t *b, const tpl_tree_t *tree);


TPL_END_DECLS


#endif /* _TPL_TREE_H_INCLUDED_ */
