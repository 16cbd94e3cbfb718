
/*
 * What only Jinja2's expressions have: operands with filters and tests,
 * tuples without parentheses, targets that are tuples of names.
 *
 * The functions follow Jinja2's parser.py closely, in what they accept, in the
 * order of their checks, in messages and lines.
 */

#include "syntax/tpl_expr.h"


static tpl_node_t *tpl_expr_unary(tpl_parser_t *p);
static tpl_node_t *tpl_expr_sign(tpl_parser_t *p);
static tpl_node_t *tpl_expr_primary(tpl_parser_t *p, tpl_uint_t flags);
static tpl_node_t *tpl_expr_name(tpl_parser_t *p, tpl_uint_t flags);
static tpl_node_t *tpl_expr_strings(tpl_parser_t *p);
static tpl_node_t *tpl_expr_list(tpl_parser_t *p);
static tpl_node_t *tpl_expr_dict(tpl_parser_t *p);
static tpl_node_t *tpl_expr_filter_expr(tpl_parser_t *p, tpl_node_t *node);
static tpl_node_t *tpl_expr_filter(tpl_parser_t *p, tpl_node_t *node);
static tpl_node_t *tpl_expr_test(tpl_parser_t *p, tpl_node_t *node);
static tpl_int_t tpl_expr_dotted(tpl_parser_t *p, tpl_token_t *first,
    tpl_str_t *name);
static tpl_uint_t tpl_expr_assignable(const tpl_node_t *node);
static void tpl_expr_store(tpl_node_t *node);
static const char *tpl_expr_class(const tpl_node_t *node);


const tpl_dialect_t  tpl_dialect_jinja = {

    .binary = {
        [TPL_TOKEN_ADD] = { 1, TPL_OP_ADD },
        [TPL_TOKEN_SUB] = { 1, TPL_OP_SUB },
        [TPL_TOKEN_TILDE] = { 2, 0 },
        [TPL_TOKEN_MUL] = { 3, TPL_OP_MUL },
        [TPL_TOKEN_DIV] = { 3, TPL_OP_DIV },
        [TPL_TOKEN_FLOORDIV] = { 3, TPL_OP_FLOORDIV },
        [TPL_TOKEN_MOD] = { 3, TPL_OP_MOD },
        [TPL_TOKEN_POW] = { 4, TPL_OP_POW }     /* from the left */
    },

    .operand = tpl_expr_unary,
    .special = NULL,
    .python = 0
};


/* signs bind tighter than ** and than filters: -2|abs is (-2)|abs */

static tpl_node_t *
tpl_expr_unary(tpl_parser_t *p)
{
    tpl_node_t  *node;

    node = tpl_expr_sign(p);

    return node ? tpl_expr_filter_expr(p, node) : NULL;
}


static tpl_node_t *
tpl_expr_sign(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_node_t  *node;
    tpl_uint_t   op;

    switch (p->token.type) {

    case TPL_TOKEN_SUB:
        op = TPL_OP_NEG;
        break;

    case TPL_TOKEN_ADD:
        op = TPL_OP_POS;
        break;

    default:
        node = tpl_expr_primary(p, 0);
        return node ? tpl_expr_postfix(p, node) : NULL;
    }

    pos = p->token.pos;

    if (tpl_parser_enter(p, "expression") != TPL_OK
        || tpl_parser_next(p) != TPL_OK)
    {
        return NULL;
    }

    node = tpl_expr_unary_node(p, TPL_NODE_UNARY, &pos, tpl_expr_sign(p));
    if (node == NULL) {
        return NULL;
    }

    node->op = op;
    tpl_parser_leave(p);

    return tpl_expr_postfix(p, node);
}


static tpl_node_t *
tpl_expr_primary(tpl_parser_t *p, tpl_uint_t flags)
{
    tpl_str_t     s;
    tpl_node_t   *node;
    tpl_token_t   tok;

    tok = p->token;

    switch (tok.type) {

    case TPL_TOKEN_NAME:
        return tpl_expr_name(p, flags);

    case TPL_TOKEN_STRING:
        return tpl_expr_strings(p);

    case TPL_TOKEN_INTEGER:
    case TPL_TOKEN_FLOAT:

        node = tpl_parser_node(p, TPL_NODE_CONST, &tok.pos);

        if (node == NULL || tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        if (tok.type == TPL_TOKEN_INTEGER) {
            tpl_value_int(&node->u.value, tok.integer);

        } else {
            tpl_value_float(&node->u.value, tok.number);
        }

        return node;

    case TPL_TOKEN_LPAREN:

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        node = tpl_expr_tuple(p, TPL_TUPLE_PARENS);

        if (node == NULL
            || tpl_parser_expect(p, TPL_TOKEN_RPAREN) != TPL_OK)
        {
            return NULL;
        }

        node->flags |= TPL_NODE_F_PAREN;

        return node;

    case TPL_TOKEN_LBRACKET:
        return tpl_expr_list(p);

    case TPL_TOKEN_LBRACE:
        return tpl_expr_dict(p);

    default:
        tpl_token_describe(&tok, &s);
        return tpl_parser_fail(p, &tok.pos, "unexpected '%.*s'",
                               tpl_str_arg(&s));
    }
}


static tpl_node_t *
tpl_expr_name(tpl_parser_t *p, tpl_uint_t flags)
{
    tpl_int_t     truth;
    tpl_node_t   *node, *object;
    tpl_token_t   tok;

    tok = p->token;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    truth = tpl_str_is(&tok.text, "true") || tpl_str_is(&tok.text, "True");

    if (truth || tpl_str_is(&tok.text, "false")
        || tpl_str_is(&tok.text, "False"))
    {
        node = tpl_parser_node(p, TPL_NODE_CONST, &tok.pos);

        if (node) {
            tpl_value_bool(&node->u.value, truth);
        }

        return node;
    }

    if (tpl_str_is(&tok.text, "none") || tpl_str_is(&tok.text, "None")) {

        node = tpl_parser_node(p, TPL_NODE_CONST, &tok.pos);

        if (node) {
            tpl_value_none(&node->u.value);
        }

        return node;
    }

    node = tpl_expr_name_node(p, &tok);

    if (node == NULL || !(flags & TPL_TUPLE_NSREF)
        || p->token.type != TPL_TOKEN_DOT)
    {
        return node;
    }

    /* namespace.attribute as a target */

    object = node;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    node = tpl_parser_node(p, TPL_NODE_NSREF, &tok.pos);
    if (node == NULL) {
        return NULL;
    }

    node->u.attr.object = object;
    tpl_name_set(&node->u.attr.name, &p->token.text);

    if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
        return NULL;
    }

    return tpl_parser_adopt(p, node, object);
}


/* "a" "b" is "ab" */

static tpl_node_t *
tpl_expr_strings(tpl_parser_t *p)
{
    tpl_buf_t    b;
    tpl_pos_t    pos;
    tpl_str_t    s;
    tpl_node_t  *node;

    pos = p->token.pos;
    s = p->token.text;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    if (p->token.type == TPL_TOKEN_STRING) {

        tpl_buf_init(&b, p->arena);
        tpl_buf_str(&b, &s);

        while (p->token.type == TPL_TOKEN_STRING) {

            if (tpl_buf_str(&b, &p->token.text) != TPL_OK) {
                return tpl_parser_memory(p);
            }

            if (tpl_parser_next(p) != TPL_OK) {
                return NULL;
            }
        }

        s.data = b.data;
        s.len = b.len;
    }

    node = tpl_expr_string_node(p, &pos, &s);

    return node;
}


static tpl_node_t *
tpl_expr_list(tpl_parser_t *p)
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

        node = tpl_expr_parse(p);
        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&items, node);
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    return tpl_expr_items_node(p, TPL_NODE_LIST, &pos, items.first);
}


static tpl_node_t *
tpl_expr_dict(tpl_parser_t *p)
{
    tpl_pos_t     pos;
    tpl_node_t   *node, *key;
    tpl_nodes_t   items;

    pos = p->token.pos;

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
        }

        key = tpl_expr_parse(p);

        if (key == NULL || tpl_parser_expect(p, TPL_TOKEN_COLON) != TPL_OK) {
            return NULL;
        }

        node = tpl_expr_binary_node(p, TPL_NODE_PAIR, &key->pos, key,
                                    tpl_expr_parse(p));
        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&items, node);
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    return tpl_expr_items_node(p, TPL_NODE_DICT, &pos, items.first);
}


/* filters, tests, and calls of what they gave */

static tpl_node_t *
tpl_expr_filter_expr(tpl_parser_t *p, tpl_node_t *node)
{
    while (node) {

        if (p->token.type == TPL_TOKEN_PIPE) {
            node = tpl_expr_filters(p, node, 0);

        } else if (tpl_token_is(&p->token, "is")) {
            node = tpl_expr_test(p, node);

        } else if (p->token.type == TPL_TOKEN_LPAREN) {
            node = tpl_expr_call(p, node);

        } else {
            break;
        }
    }

    return node;
}


tpl_node_t *
tpl_expr_filters(tpl_parser_t *p, tpl_node_t *node, tpl_uint_t first)
{
    while (first || p->token.type == TPL_TOKEN_PIPE) {

        if (!first && tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        node = tpl_expr_filter(p, node);
        if (node == NULL) {
            return NULL;
        }

        first = 0;
    }

    return node;
}


static tpl_node_t *
tpl_expr_filter(tpl_parser_t *p, tpl_node_t *expr)
{
    tpl_str_t     name;
    tpl_node_t   *node;
    tpl_token_t   tok;

    if (tpl_expr_dotted(p, &tok, &name) != TPL_OK) {
        return NULL;
    }

    node = tpl_parser_node(p, TPL_NODE_FILTER, &tok.pos);
    if (node == NULL) {
        return NULL;
    }

    tpl_name_set(&node->u.call.name, &name);
    node->u.call.callee = expr;

    if (p->token.type == TPL_TOKEN_LPAREN
        && tpl_expr_arguments(p, &node->u.call.args) != TPL_OK)
    {
        return NULL;
    }

    if (tpl_parser_adopt(p, node, expr) == NULL) {
        return NULL;
    }

    return tpl_parser_adopt(p, node, node->u.call.args);
}


/* `is [not] name`, `is name argument`, `is name(arguments)` */

static tpl_node_t *
tpl_expr_test(tpl_parser_t *p, tpl_node_t *expr)
{
    tpl_int_t          negated;
    tpl_pos_t          pos;
    tpl_str_t          name;
    tpl_node_t        *node, *arg;
    tpl_token_t        tok;
    const tpl_pos_t   *better;

    pos = p->token.pos;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    negated = tpl_parser_skip_name(p, "not");

    if (negated == TPL_ERROR || tpl_expr_dotted(p, &tok, &name) != TPL_OK) {
        return NULL;
    }

    better = tpl_parser_pos(&pos, &tok.pos);

    node = tpl_parser_node(p, TPL_NODE_TEST, better);
    if (node == NULL) {
        return NULL;
    }

    tpl_name_set(&node->u.call.name, &name);
    node->u.call.callee = expr;

    switch (p->token.type) {

    case TPL_TOKEN_LPAREN:
        if (tpl_expr_arguments(p, &node->u.call.args) != TPL_OK) {
            return NULL;
        }

        break;

    case TPL_TOKEN_NAME:
        if (tpl_token_is(&p->token, "else") || tpl_token_is(&p->token, "or")
            || tpl_token_is(&p->token, "and"))
        {
            break;
        }

        if (tpl_token_is(&p->token, "is")) {
            return tpl_parser_fail(p, &p->token.pos,
                                   "You cannot chain multiple tests with is");
        }

        /* fall through */

    case TPL_TOKEN_STRING:
    case TPL_TOKEN_INTEGER:
    case TPL_TOKEN_FLOAT:
    case TPL_TOKEN_LBRACKET:
    case TPL_TOKEN_LBRACE:

        arg = tpl_expr_primary(p, 0);
        if (arg == NULL) {
            return NULL;
        }

        node->u.call.args = tpl_expr_postfix(p, arg);
        if (node->u.call.args == NULL) {
            return NULL;
        }

        break;

    default:
        break;
    }

    if (tpl_parser_adopt(p, node, expr) == NULL
        || tpl_parser_adopt(p, node, node->u.call.args) == NULL)
    {
        return NULL;
    }

    if (negated == TPL_OK) {
        node = tpl_expr_unary_node(p, TPL_NODE_NOT, better, node);
    }

    return node;
}


/* name.name.name, of a filter or test */

static tpl_int_t
tpl_expr_dotted(tpl_parser_t *p, tpl_token_t *first, tpl_str_t *name)
{
    tpl_buf_t  b;

    *first = p->token;
    *name = p->token.text;

    if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
        return TPL_ERROR;
    }

    if (p->token.type != TPL_TOKEN_DOT) {
        return TPL_OK;
    }

    tpl_buf_init(&b, p->arena);
    tpl_buf_str(&b, name);

    while (p->token.type == TPL_TOKEN_DOT) {

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_buf_char(&b, '.');
        tpl_buf_str(&b, &p->token.text);

        if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (b.failed) {
        tpl_parser_memory(p);
        return TPL_ERROR;
    }

    name->data = b.data;
    name->len = b.len;

    return TPL_OK;
}


tpl_node_t *
tpl_expr_tuple(tpl_parser_t *p, tpl_uint_t flags)
{
    tpl_pos_t          pos;
    tpl_str_t          s;
    tpl_uint_t         comma;
    tpl_node_t        *node;
    tpl_nodes_t        items;
    tpl_token_type_t   type;

    pos = p->token.pos;
    comma = 0;

    tpl_nodes_init(&items);

    for ( ;; ) {

        if (items.first
            && tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK)
        {
            return NULL;
        }

        type = p->token.type;

        if (type == TPL_TOKEN_VARIABLE_END || type == TPL_TOKEN_BLOCK_END
            || type == TPL_TOKEN_RPAREN)
        {
            break;
        }

        if (flags & TPL_TUPLE_SIMPLE) {
            node = tpl_expr_primary(p, flags & TPL_TUPLE_NSREF);

        } else if (flags & TPL_TUPLE_NO_COND) {
            node = tpl_expr_or(p);

        } else {
            node = tpl_expr_parse(p);
        }

        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&items, node);

        if (p->token.type != TPL_TOKEN_COMMA) {
            break;
        }

        comma = 1;
        pos = *tpl_parser_pos(&p->token.pos, &pos);
    }

    if (!comma) {

        if (items.first) {
            return items.first;
        }

        if (!(flags & TPL_TUPLE_PARENS)) {
            tpl_token_describe(&p->token, &s);
            return tpl_parser_fail(p, &p->token.pos,
                                   "Expected an expression, got '%.*s'",
                                   tpl_str_arg(&s));
        }
    }

    return tpl_expr_items_node(p, TPL_NODE_TUPLE, &pos, items.first);
}


tpl_node_t *
tpl_expr_target(tpl_parser_t *p, tpl_uint_t flags)
{
    tpl_node_t  *node;

    node = tpl_expr_tuple(p, flags | TPL_TUPLE_SIMPLE);
    if (node == NULL) {
        return NULL;
    }

    if (!tpl_expr_assignable(node)) {
        return tpl_parser_fail(p, &node->pos, "can't assign to '%s'",
                               tpl_expr_class(node));
    }

    tpl_expr_store(node);

    return node;
}


tpl_node_t *
tpl_expr_target_name(tpl_parser_t *p)
{
    tpl_uint_t           i;
    tpl_node_t          *node;
    tpl_token_t          tok;

    static const char   *constants[] = {
        "true", "false", "none", "True", "False", "None"
    };

    tok = p->token;

    if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
        return NULL;
    }

    for (i = 0; i < tpl_nelts(constants); i++) {

        if (tpl_str_is(&tok.text, constants[i])) {
            return tpl_parser_fail(p, &tok.pos, "can't assign to 'name'");
        }
    }

    node = tpl_expr_name_node(p, &tok);

    if (node) {
        node->flags |= TPL_NODE_F_STORE;
    }

    return node;
}


static tpl_uint_t
tpl_expr_assignable(const tpl_node_t *node)
{
    const tpl_node_t  *item;

    switch (node->type) {

    case TPL_NODE_NAME:
    case TPL_NODE_NSREF:
        return 1;

    case TPL_NODE_TUPLE:

        for (item = node->u.items.items; item != NULL; item = item->next) {

            if (!tpl_expr_assignable(item)) {
                return 0;
            }
        }

        return 1;

    default:
        return 0;
    }
}


static void
tpl_expr_store(tpl_node_t *node)
{
    if (node->type == TPL_NODE_NSREF) {
        return;
    }

    node->flags |= TPL_NODE_F_STORE;

    if (node->type != TPL_NODE_TUPLE) {
        return;
    }

    for (node = node->u.items.items; node != NULL; node = node->next) {
        tpl_expr_store(node);
    }
}


/* Jinja2's class of the node, as its message has it */

static const char *
tpl_expr_class(const tpl_node_t *node)
{
    static const char *const  binary[] = {
        "add", "sub", "mul", "div", "floordiv", "mod", "pow"
    };

    switch (node->type) {

    case TPL_NODE_BINARY:
        return binary[node->op];

    case TPL_NODE_UNARY:
        return node->op == TPL_OP_NEG ? "neg" : "pos";

    case TPL_NODE_COND:
        return "condexpr";

    case TPL_NODE_ATTR:
        return "getattr";

    case TPL_NODE_ITEM:
    case TPL_NODE_SLICE:
        return "getitem";

    default:
        return tpl_node_type_name(node->type);
    }
}
