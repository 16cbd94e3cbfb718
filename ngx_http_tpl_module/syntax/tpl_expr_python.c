
/*
 * What only Python's expressions have: displays and comprehensions, lambda,
 * starred parts, bitwise operators' precedence, targets of assignments.
 *
 * What Python has and the engine has not (await, :=, complex numbers, ...) is
 * an error that says so.
 */

#include "syntax/tpl_expr.h"


static tpl_node_t *tpl_python_factor(tpl_parser_t *p);
static tpl_node_t *tpl_python_special(tpl_parser_t *p);
static tpl_node_t *tpl_python_lambda(tpl_parser_t *p);
static tpl_int_t tpl_python_params(tpl_parser_t *p, tpl_node_t **params);
static tpl_node_t *tpl_python_atom(tpl_parser_t *p);
static tpl_node_t *tpl_python_constant(tpl_parser_t *p);
static tpl_node_t *tpl_python_name(tpl_parser_t *p);
static tpl_node_t *tpl_python_strings(tpl_parser_t *p);
static tpl_node_t *tpl_python_parens(tpl_parser_t *p);
static tpl_node_t *tpl_python_brackets(tpl_parser_t *p);
static tpl_node_t *tpl_python_braces(tpl_parser_t *p);
static tpl_node_t *tpl_python_entry(tpl_parser_t *p, tpl_uint_t *dict);
static tpl_node_t *tpl_python_item(tpl_parser_t *p);
static tpl_node_t *tpl_python_unpacked(tpl_parser_t *p);
static tpl_uint_t tpl_python_for(tpl_parser_t *p);
static tpl_int_t tpl_python_clause(tpl_parser_t *p, tpl_nodes_t *clauses);
static const char *tpl_python_describe(const tpl_node_t *node);
static tpl_node_t *tpl_python_unpack(tpl_parser_t *p, tpl_node_t *node);


const tpl_dialect_t  tpl_dialect_python = {

    .binary = {
        [TPL_TOKEN_PIPE] = { 1, TPL_OP_BIT_OR },
        [TPL_TOKEN_CARET] = { 2, TPL_OP_BIT_XOR },
        [TPL_TOKEN_AMPERSAND] = { 3, TPL_OP_BIT_AND },
        [TPL_TOKEN_LSHIFT] = { 4, TPL_OP_LSHIFT },
        [TPL_TOKEN_RSHIFT] = { 4, TPL_OP_RSHIFT },
        [TPL_TOKEN_ADD] = { 5, TPL_OP_ADD },
        [TPL_TOKEN_SUB] = { 5, TPL_OP_SUB },
        [TPL_TOKEN_MUL] = { 6, TPL_OP_MUL },
        [TPL_TOKEN_DIV] = { 6, TPL_OP_DIV },
        [TPL_TOKEN_FLOORDIV] = { 6, TPL_OP_FLOORDIV },
        [TPL_TOKEN_MOD] = { 6, TPL_OP_MOD }
    },

    .operand = tpl_python_factor,
    .special = tpl_python_special,
    .python = 1
};


static const char *const  tpl_python_words[] = {
    "False", "None", "True", "and", "as", "assert", "async", "await", "break",
    "class", "continue", "def", "del", "elif", "else", "except", "finally",
    "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield"
};


tpl_uint_t
tpl_python_reserved(const tpl_str_t *name)
{
    tpl_uint_t  i;

    for (i = 0; i < tpl_nelts(tpl_python_words); i++) {

        if (tpl_str_is(name, tpl_python_words[i])) {
            return 1;
        }
    }

    return 0;
}


tpl_uint_t
tpl_expr_python_starts(const tpl_parser_t *p)
{
    switch (p->token.type) {

    case TPL_TOKEN_NAME:
        return !tpl_python_reserved(&p->token.text)
               || tpl_token_is(&p->token, "None")
               || tpl_token_is(&p->token, "True")
               || tpl_token_is(&p->token, "False")
               || tpl_token_is(&p->token, "not")
               || tpl_token_is(&p->token, "lambda")
               || tpl_token_is(&p->token, "await")
               || tpl_token_is(&p->token, "yield");

    case TPL_TOKEN_INTEGER:
    case TPL_TOKEN_FLOAT:
    case TPL_TOKEN_STRING:
    case TPL_TOKEN_FSTRING:
    case TPL_TOKEN_LPAREN:
    case TPL_TOKEN_LBRACKET:
    case TPL_TOKEN_LBRACE:
    case TPL_TOKEN_SUB:
    case TPL_TOKEN_ADD:
    case TPL_TOKEN_TILDE:
    case TPL_TOKEN_MUL:
    case TPL_TOKEN_ELLIPSIS:
        return 1;

    default:
        return 0;
    }
}


/* signs, and ** which binds tighter than the sign before it: -2 ** 2 is -4 */

static tpl_node_t *
tpl_python_factor(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_uint_t   op;
    tpl_node_t  *node;

    pos = p->token.pos;

    switch (p->token.type) {

    case TPL_TOKEN_SUB:
        op = TPL_OP_NEG;
        break;

    case TPL_TOKEN_ADD:
        op = TPL_OP_POS;
        break;

    case TPL_TOKEN_TILDE:
        op = TPL_OP_INVERT;
        break;

    default:
        node = tpl_expr_python_primary(p);

        if (node == NULL || p->token.type != TPL_TOKEN_POW) {
            return node;
        }

        pos = p->token.pos;

        if (tpl_parser_enter(p, "expression") != TPL_OK
            || tpl_parser_next(p) != TPL_OK)
        {
            return NULL;
        }

        node = tpl_expr_binary_node(p, TPL_NODE_BINARY, &pos, node,
                                    tpl_python_factor(p));
        if (node) {
            node->op = TPL_OP_POW;
        }

        tpl_parser_leave(p);

        return node;
    }

    if (tpl_parser_enter(p, "expression") != TPL_OK
        || tpl_parser_next(p) != TPL_OK)
    {
        return NULL;
    }

    node = tpl_expr_unary_node(p, TPL_NODE_UNARY, &pos, tpl_python_factor(p));

    if (node) {
        node->op = op;
    }

    tpl_parser_leave(p);

    return node;
}


tpl_node_t *
tpl_expr_python_primary(tpl_parser_t *p)
{
    tpl_node_t  *node;

    node = tpl_python_atom(p);

    return node ? tpl_expr_postfix(p, node) : NULL;
}


/* NULL without an error: the expression is not special */

static tpl_node_t *
tpl_python_special(tpl_parser_t *p)
{
    if (tpl_token_is(&p->token, "lambda")) {
        return tpl_python_lambda(p);
    }

    if (tpl_token_is(&p->token, "await") || tpl_token_is(&p->token, "yield"))
    {
        return tpl_parser_fail(p, &p->token.pos,
                               "'%.*s' is not supported in templates",
                               tpl_str_arg(&p->token.text));
    }

    return NULL;
}


static tpl_node_t *
tpl_python_lambda(tpl_parser_t *p)
{
    tpl_node_t  *node;

    node = tpl_parser_node(p, TPL_NODE_LAMBDA, &p->token.pos);

    if (node == NULL || tpl_parser_next(p) != TPL_OK
        || tpl_python_params(p, &node->u.macro.params) != TPL_OK)
    {
        return NULL;
    }

    node->u.macro.body = tpl_expr_parse(p);

    if (node->u.macro.body == NULL
        || tpl_parser_adopt(p, node, node->u.macro.params) == NULL)
    {
        return NULL;
    }

    return tpl_parser_adopt(p, node, node->u.macro.body);
}


/* up to the colon of a lambda */

static tpl_int_t
tpl_python_params(tpl_parser_t *p, tpl_node_t **params)
{
    tpl_uint_t         defaults, star;
    tpl_node_t        *node, *value;
    tpl_token_t        tok;
    tpl_nodes_t        list;
    const tpl_node_t  *other;

    star = 0;
    defaults = 0;
    tpl_nodes_init(&list);

    while (p->token.type != TPL_TOKEN_COLON) {

        if (list.first) {

            if (tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
                return TPL_ERROR;
            }

            if (p->token.type == TPL_TOKEN_COLON) {
                break;
            }
        }

        tok = p->token;

        if (tok.type == TPL_TOKEN_POW || tok.type == TPL_TOKEN_DIV || star) {
            tpl_parser_fail(p, &tok.pos, "a lambda can only have plain "
                            "parameters and, as the last one, *args");
            return TPL_ERROR;
        }

        if (tok.type == TPL_TOKEN_MUL) {
            star = 1;

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            tok = p->token;
        }

        if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_python_reserved(&tok.text)) {
            tpl_parser_fail(p, &tok.pos, "unexpected '%.*s'",
                            tpl_str_arg(&tok.text));
            return TPL_ERROR;
        }

        for (other = list.first; other != NULL; other = other->next) {

            if (tpl_str_eq(&other->u.keyword.name.str, &tok.text)) {
                tpl_parser_fail(p, &tok.pos, "duplicate argument '%.*s' in "
                                "function definition",
                                tpl_str_arg(&tok.text));
                return TPL_ERROR;
            }
        }

        value = NULL;

        if (p->token.type == TPL_TOKEN_ASSIGN && !star) {
            defaults = 1;

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            value = tpl_expr_parse(p);
            if (value == NULL) {
                return TPL_ERROR;
            }

        } else if (defaults && !star) {
            tpl_parser_fail(p, &tok.pos,
                            "non-default argument follows default argument");
            return TPL_ERROR;
        }

        node = tpl_expr_keyword_node(p, TPL_NODE_PARAM, &tok.pos, &tok.text,
                                     value);
        if (node == NULL) {
            return TPL_ERROR;
        }

        if (star) {
            node->flags |= TPL_NODE_F_STAR;
        }

        tpl_nodes_add(&list, node);
    }

    *params = list.first;

    return tpl_parser_next(p);
}


static tpl_node_t *
tpl_python_atom(tpl_parser_t *p)
{
    tpl_str_t  s;

    switch (p->token.type) {

    case TPL_TOKEN_NAME:
        return tpl_python_name(p);

    case TPL_TOKEN_INTEGER:
    case TPL_TOKEN_FLOAT:
        return tpl_python_constant(p);

    case TPL_TOKEN_STRING:
    case TPL_TOKEN_FSTRING:
        return tpl_python_strings(p);

    case TPL_TOKEN_LPAREN:
        return tpl_python_parens(p);

    case TPL_TOKEN_LBRACKET:
        return tpl_python_brackets(p);

    case TPL_TOKEN_LBRACE:
        return tpl_python_braces(p);

    case TPL_TOKEN_ELLIPSIS:
        return tpl_parser_fail(p, &p->token.pos,
                               "'...' is not supported in templates");

    case TPL_TOKEN_MUL:
        return tpl_parser_fail(p, &p->token.pos,
                               "cannot use starred expression here");

    case TPL_TOKEN_EOF:
        return tpl_parser_fail(p, &p->token.pos,
                               "unexpected end of expression");

    default:
        tpl_token_describe(&p->token, &s);
        return tpl_parser_fail(p, &p->token.pos, "unexpected '%.*s'",
                               tpl_str_arg(&s));
    }
}


static tpl_node_t *
tpl_python_constant(tpl_parser_t *p)
{
    tpl_node_t  *node;

    node = tpl_parser_node(p, TPL_NODE_CONST, &p->token.pos);
    if (node == NULL) {
        return NULL;
    }

    if (p->token.type == TPL_TOKEN_INTEGER) {
        tpl_value_int(&node->u.value, p->token.integer);

    } else {
        tpl_value_float(&node->u.value, p->token.number);
    }

    return tpl_parser_next(p) == TPL_OK ? node : NULL;
}


static tpl_node_t *
tpl_python_name(tpl_parser_t *p)
{
    tpl_node_t  *node;

    if (!tpl_python_reserved(&p->token.text)) {
        node = tpl_expr_name_node(p, &p->token);

    } else {
        node = tpl_parser_node(p, TPL_NODE_CONST, &p->token.pos);
        if (node == NULL) {
            return NULL;
        }

        if (tpl_token_is(&p->token, "None")) {
            tpl_value_none(&node->u.value);

        } else if (tpl_token_is(&p->token, "True")) {
            tpl_value_bool(&node->u.value, 1);

        } else if (tpl_token_is(&p->token, "False")) {
            tpl_value_bool(&node->u.value, 0);

        } else {
            return tpl_parser_fail(p, &p->token.pos, "unexpected '%.*s'",
                                   tpl_str_arg(&p->token.text));
        }
    }

    return (node && tpl_parser_next(p) == TPL_OK) ? node : NULL;
}


/* neighbouring strings are one, with the fields of the f-strings in them */

static tpl_node_t *
tpl_python_strings(tpl_parser_t *p)
{
    tpl_buf_t     b;
    tpl_pos_t     pos;
    tpl_str_t     s;
    tpl_uint_t    bytes, fields, n;
    tpl_node_t   *node;
    tpl_nodes_t   items;

    pos = p->token.pos;
    bytes = 0;
    fields = 0;
    tpl_nodes_init(&items);

    for (n = 0; p->token.type == TPL_TOKEN_STRING
                || p->token.type == TPL_TOKEN_FSTRING; n++)
    {
        if (n && bytes != (p->token.flags & TPL_TOKEN_F_BYTES)
            && (bytes || p->token.type == TPL_TOKEN_STRING))
        {
            return tpl_parser_fail(p, &p->token.pos,
                                   "cannot mix bytes and nonbytes literals");
        }

        if (p->token.type == TPL_TOKEN_FSTRING) {
            fields = 1;

            if (tpl_expr_fstring(p, &p->token, &items) != TPL_OK) {
                return NULL;
            }

        } else {
            bytes = p->token.flags & TPL_TOKEN_F_BYTES;

            node = tpl_expr_string_node(p, &p->token.pos, &p->token.text);
            if (node == NULL) {
                return NULL;
            }

            tpl_nodes_add(&items, node);
        }

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }
    }

    if (fields) {
        return tpl_expr_items_node(p, TPL_NODE_FSTRING, &pos, items.first);
    }

    if (n == 1) {
        return items.first;
    }

    tpl_buf_init(&b, p->arena);

    for (node = items.first; node != NULL; node = node->next) {
        s = tpl_value_str(&node->u.value);
        tpl_buf_str(&b, &s);
    }

    if (b.failed) {
        return tpl_parser_memory(p);
    }

    s.data = b.data;
    s.len = b.len;

    return tpl_expr_string_node(p, &pos, &s);
}


/* (), (expression), (a, b), (generator) */

static tpl_node_t *
tpl_python_parens(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_node_t  *node;

    pos = p->token.pos;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    if (p->token.type == TPL_TOKEN_RPAREN) {
        node = tpl_expr_items_node(p, TPL_NODE_TUPLE, &pos, NULL);

    } else {
        node = tpl_expr_python_list(p);

        if (node && tpl_python_for(p)) {

            if (node->type == TPL_NODE_TUPLE
                && !(node->flags & TPL_NODE_F_PAREN))
            {
                return tpl_parser_fail(p, &node->pos, "did you forget "
                                       "parentheses around the comprehension "
                                       "target?");
            }

            node = tpl_expr_comprehension(p, node, TPL_NODE_F_GENERATOR,
                                          &pos);
        }
    }

    if (node == NULL || tpl_parser_expect(p, TPL_TOKEN_RPAREN) != TPL_OK) {
        return NULL;
    }

    node->flags |= TPL_NODE_F_PAREN;

    return node;
}


/* [a, *b], [comprehension] */

static tpl_node_t *
tpl_python_brackets(tpl_parser_t *p)
{
    tpl_pos_t     pos;
    tpl_node_t   *node;
    tpl_nodes_t   items;

    pos = p->token.pos;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    tpl_nodes_init(&items);

    while (p->token.type != TPL_TOKEN_RBRACKET) {

        if (items.first) {
            if (tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
                return NULL;
            }

            if (p->token.type == TPL_TOKEN_RBRACKET) {
                break;
            }
        }

        node = tpl_python_item(p);
        if (node == NULL) {
            return NULL;
        }

        if (tpl_python_for(p) && items.first == NULL) {

            node = tpl_expr_comprehension(p, node, 0, &pos);

            if (node == NULL
                || tpl_parser_expect(p, TPL_TOKEN_RBRACKET) != TPL_OK)
            {
                return NULL;
            }

            return node;
        }

        tpl_nodes_add(&items, node);
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    return tpl_expr_items_node(p, TPL_NODE_LIST, &pos, items.first);
}


/* {}, {key: value, **other}, {a, b}, {comprehension} */

static tpl_node_t *
tpl_python_braces(tpl_parser_t *p)
{
    tpl_pos_t     pos;
    tpl_uint_t    dict, first;
    tpl_node_t   *node;
    tpl_nodes_t   items;

    pos = p->token.pos;
    first = 1;
    dict = 1;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    tpl_nodes_init(&items);

    while (p->token.type != TPL_TOKEN_RBRACE) {

        if (items.first) {
            if (tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
                return NULL;
            }

            if (p->token.type == TPL_TOKEN_RBRACE) {
                break;
            }

            first = 0;

        } else {
            dict = 2;       /* not known yet */
        }

        node = tpl_python_entry(p, &dict);
        if (node == NULL) {
            return NULL;
        }

        if (first && tpl_python_for(p)) {

            if (node->type == TPL_NODE_STARSTAR) {
                return tpl_parser_fail(p, &node->pos, "dict unpacking cannot "
                                       "be used in dict comprehension");
            }

            node = tpl_expr_comprehension(p, node,
                                          dict ? TPL_NODE_F_DICTCOMP
                                               : TPL_NODE_F_SETCOMP, &pos);

            if (node == NULL
                || tpl_parser_expect(p, TPL_TOKEN_RBRACE) != TPL_OK)
            {
                return NULL;
            }

            return node;
        }

        tpl_nodes_add(&items, node);
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    return tpl_expr_items_node(p, dict ? TPL_NODE_DICT : TPL_NODE_SETLIT,
                               &pos, items.first);
}


/* one entry of a dict or set; *dict is 2 while nobody knows which */

static tpl_node_t *
tpl_python_entry(tpl_parser_t *p, tpl_uint_t *dict)
{
    tpl_pos_t    pos;
    tpl_node_t  *node;

    pos = p->token.pos;

    if (p->token.type == TPL_TOKEN_POW && *dict) {
        *dict = 1;

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        return tpl_expr_unary_node(p, TPL_NODE_STARSTAR, &pos,
                                   tpl_python_unpacked(p));
    }

    if (*dict == 1) {
        node = tpl_expr_parse(p);

    } else {
        node = tpl_python_item(p);

        if (node && *dict == 2) {
            *dict = (p->token.type == TPL_TOKEN_COLON
                     && node->type != TPL_NODE_STAR);
        }
    }

    if (node == NULL || !*dict) {
        return node;
    }

    if (tpl_parser_expect(p, TPL_TOKEN_COLON) != TPL_OK) {
        return NULL;
    }

    return tpl_expr_binary_node(p, TPL_NODE_PAIR, &pos, node,
                                tpl_expr_parse(p));
}


/* an expression or *iterable */

static tpl_node_t *
tpl_python_item(tpl_parser_t *p)
{
    tpl_pos_t  pos;

    if (p->token.type != TPL_TOKEN_MUL) {
        return tpl_expr_parse(p);
    }

    pos = p->token.pos;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    return tpl_expr_unary_node(p, TPL_NODE_STAR, &pos,
                               tpl_python_unpacked(p));
}


/* what * and ** stand before; counted, as it may nest on its own */

static tpl_node_t *
tpl_python_unpacked(tpl_parser_t *p)
{
    tpl_node_t  *node;

    if (tpl_parser_enter(p, "expression") != TPL_OK) {
        return NULL;
    }

    node = tpl_expr_binary(p, 1);

    tpl_parser_leave(p);

    return node;
}


tpl_node_t *
tpl_expr_python_list(tpl_parser_t *p)
{
    tpl_pos_t     pos;
    tpl_uint_t    comma;
    tpl_node_t   *node;
    tpl_nodes_t   items;

    pos = p->token.pos;
    comma = 0;
    tpl_nodes_init(&items);

    for ( ;; ) {

        node = tpl_python_item(p);
        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&items, node);

        if (p->token.type != TPL_TOKEN_COMMA) {
            break;
        }

        comma = 1;

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        if (!tpl_expr_python_starts(p)) {
            break;
        }
    }

    if (comma) {
        return tpl_expr_items_node(p, TPL_NODE_TUPLE, &pos, items.first);
    }

    if (node->type == TPL_NODE_STAR && p->token.type != TPL_TOKEN_ASSIGN) {
        return tpl_parser_fail(p, &node->pos,
                               "cannot use starred expression here");
    }

    return node;
}


static tpl_uint_t
tpl_python_for(tpl_parser_t *p)
{
    return tpl_token_is(&p->token, "for") || tpl_token_is(&p->token, "async");
}


tpl_node_t *
tpl_expr_comprehension(tpl_parser_t *p, tpl_node_t *element,
    tpl_uint_t flags, const tpl_pos_t *pos)
{
    tpl_node_t   *node;
    tpl_nodes_t   clauses;

    if (element->type == TPL_NODE_STAR) {
        return tpl_parser_fail(p, &element->pos, "iterable unpacking cannot "
                               "be used in comprehension");
    }

    node = tpl_parser_node(p, TPL_NODE_COMPREHENSION, pos);
    if (node == NULL) {
        return NULL;
    }

    if (tpl_parser_enter(p, "expression") != TPL_OK) {
        return NULL;
    }

    tpl_nodes_init(&clauses);

    while (tpl_python_for(p) || tpl_token_is(&p->token, "if")) {

        if (tpl_python_clause(p, &clauses) != TPL_OK) {
            return NULL;
        }
    }

    tpl_parser_leave(p);

    node->flags |= flags;
    node->u.comp.element = element;
    node->u.comp.clauses = clauses.first;

    if (tpl_parser_adopt(p, node, element) == NULL) {
        return NULL;
    }

    return tpl_parser_adopt(p, node, clauses.first);
}


static tpl_int_t
tpl_python_clause(tpl_parser_t *p, tpl_nodes_t *clauses)
{
    tpl_node_t  *node;

    if (tpl_token_is(&p->token, "async")) {
        tpl_parser_fail(p, &p->token.pos,
                        "asynchronous comprehensions are not supported");
        return TPL_ERROR;
    }

    node = tpl_parser_node(p, TPL_NODE_CLAUSE, &p->token.pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    if (tpl_token_is(&p->token, "if")) {
        node->flags |= TPL_NODE_F_IF_CLAUSE;

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        node->u.loop.test = tpl_expr_or(p);

        if (node->u.loop.test == NULL
            || tpl_parser_adopt(p, node, node->u.loop.test) == NULL)
        {
            return TPL_ERROR;
        }

        tpl_nodes_add(clauses, node);

        return TPL_OK;
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return TPL_ERROR;
    }

    node->u.loop.target = tpl_expr_python_targets(p);

    if (node->u.loop.target == NULL
        || tpl_parser_expect_name(p, "in") != TPL_OK)
    {
        return TPL_ERROR;
    }

    node->u.loop.iter = tpl_expr_or(p);

    if (node->u.loop.iter == NULL
        || tpl_parser_adopt(p, node, node->u.loop.target) == NULL
        || tpl_parser_adopt(p, node, node->u.loop.iter) == NULL)
    {
        return TPL_ERROR;
    }

    tpl_nodes_add(clauses, node);

    return TPL_OK;
}


tpl_node_t *
tpl_expr_python_targets(tpl_parser_t *p)
{
    tpl_pos_t     pos, star;
    tpl_uint_t    comma, starred;
    tpl_node_t   *node;
    tpl_nodes_t   items;

    pos = p->token.pos;
    comma = 0;
    tpl_nodes_init(&items);

    for ( ;; ) {

        star = p->token.pos;
        starred = (p->token.type == TPL_TOKEN_MUL);

        if (starred && tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        node = tpl_expr_python_primary(p);

        if (node && starred) {
            node = tpl_expr_unary_node(p, TPL_NODE_STAR, &star, node);
        }

        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&items, node);

        if (p->token.type != TPL_TOKEN_COMMA) {
            break;
        }

        comma = 1;

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        if (tpl_token_is(&p->token, "in")) {
            break;
        }
    }

    if (comma) {
        node = tpl_expr_items_node(p, TPL_NODE_TUPLE, &pos, items.first);
        if (node == NULL) {
            return NULL;
        }
    }

    return tpl_expr_python_store(p, node);
}


tpl_node_t *
tpl_expr_python_store(tpl_parser_t *p, tpl_node_t *node)
{
    switch (node->type) {

    case TPL_NODE_NAME:
    case TPL_NODE_ATTR:
    case TPL_NODE_ITEM:
        node->flags |= TPL_NODE_F_STORE;
        return node;

    case TPL_NODE_LIST:
    case TPL_NODE_TUPLE:
        return tpl_python_unpack(p, node);

    case TPL_NODE_STAR:
        return tpl_parser_fail(p, &node->pos, "starred assignment target must "
                               "be in a list or tuple");

    case TPL_NODE_SLICE:
        return tpl_parser_fail(p, &node->pos,
                               "assignment to a slice is not supported");

    default:
        return tpl_parser_fail(p, &node->pos, "cannot assign to %s",
                               tpl_python_describe(node));
    }
}


/* a, *b = ...: each part is a target, one of them may take the rest */

static tpl_node_t *
tpl_python_unpack(tpl_parser_t *p, tpl_node_t *node)
{
    tpl_uint_t   starred;
    tpl_node_t  *item, *target;

    starred = 0;

    node->type = TPL_NODE_TUPLE;
    node->flags |= TPL_NODE_F_STORE;

    for (item = node->u.items.items; item != NULL; item = item->next) {

        target = item;

        if (item->type == TPL_NODE_STAR) {

            if (starred) {
                return tpl_parser_fail(p, &item->pos, "multiple starred "
                                       "expressions in assignment");
            }

            starred = 1;
            target = item->u.unary.expr;
        }

        if (tpl_expr_python_store(p, target) == NULL) {
            return NULL;
        }
    }

    return node;
}


static const char *
tpl_python_describe(const tpl_node_t *node)
{
    switch (node->type) {

    case TPL_NODE_CONST:

        switch (node->u.value.type) {

        case TPL_NONE:
            return "None";

        case TPL_BOOL:
            return node->u.value.u.i ? "True" : "False";

        default:
            return "literal";
        }

    case TPL_NODE_CALL:
        return "function call";

    case TPL_NODE_COMPARE:
        return "comparison";

    case TPL_NODE_COND:
        return "conditional expression";

    case TPL_NODE_LAMBDA:
        return "lambda";

    case TPL_NODE_DICT:
        return "dict literal";

    case TPL_NODE_SETLIT:
        return "set display";

    case TPL_NODE_FSTRING:
        return "f-string expression";

    case TPL_NODE_COMPREHENSION:
        return (node->flags & TPL_NODE_F_GENERATOR) ? "generator expression"
                                                    : "comprehension";

    default:
        return "expression";
    }
}
