
/*
 * Expressions of both syntaxes: conditions, boolean operators, comparisons,
 * binary operators by precedence, attributes, subscripts, calls.
 *
 * Operands, tuples, filters, tests, displays and the like are each dialect's
 * own.  Recursion is bounded by TPL_PARSE_MAX_DEPTH, chains like a + b + c and
 * a.b.c by the height of the tree.
 */

#include "syntax/tpl_expr.h"


static tpl_node_t *tpl_expr_cond(tpl_parser_t *p);
static tpl_node_t *tpl_expr_and(tpl_parser_t *p);
static tpl_node_t *tpl_expr_not(tpl_parser_t *p);
static tpl_node_t *tpl_expr_compare(tpl_parser_t *p);
static tpl_int_t tpl_expr_compare_op(tpl_parser_t *p, tpl_compare_op_t *op);
static tpl_node_t *tpl_expr_concat(tpl_parser_t *p, tpl_node_t *left,
    const tpl_pos_t *pos, tpl_uint_t level);
static tpl_node_t *tpl_expr_attribute(tpl_parser_t *p, tpl_node_t *object);
static tpl_node_t *tpl_expr_subscript(tpl_parser_t *p, tpl_node_t *object);
static tpl_node_t *tpl_expr_subscribed(tpl_parser_t *p);
static tpl_int_t tpl_expr_repeated(tpl_parser_t *p, const tpl_node_t *list);


tpl_int_t
tpl_parser_next(tpl_parser_t *p)
{
    p->previous = p->token.type;

    if (p->looked) {
        p->looked = 0;
        p->token = p->ahead;
        return TPL_OK;
    }

    if (p->token.type == TPL_TOKEN_EOF && p->token.start != NULL) {
        return TPL_OK;
    }

    return p->scan(p->scanner, &p->token);
}


const tpl_token_t *
tpl_parser_look(tpl_parser_t *p)
{
    if (!p->looked) {

        if (p->token.type == TPL_TOKEN_EOF) {
            return &p->token;
        }

        if (p->scan(p->scanner, &p->ahead) != TPL_OK) {
            return NULL;
        }

        p->looked = 1;
    }

    return &p->ahead;
}


tpl_uint_t
tpl_token_is(const tpl_token_t *tok, const char *name)
{
    return tok->type == TPL_TOKEN_NAME && tpl_str_is(&tok->text, name);
}


static tpl_int_t
tpl_parser_unexpected(tpl_parser_t *p, const char *what)
{
    tpl_str_t  s;

    if (p->token.type == TPL_TOKEN_EOF) {

        tpl_parser_fail(p, &p->token.pos, p->dialect->python
                        ? "unexpected end of expression, expected '%s'"
                        : "unexpected end of template, expected '%s'.",
                        what);

        return TPL_ERROR;
    }

    tpl_token_describe(&p->token, &s);
    tpl_parser_fail(p, &p->token.pos, "expected token '%s', got '%.*s'",
                    what, tpl_str_arg(&s));

    return TPL_ERROR;
}


tpl_int_t
tpl_parser_expect(tpl_parser_t *p, tpl_token_type_t type)
{
    if (p->token.type != type) {
        return tpl_parser_unexpected(p, tpl_token_type_name(type));
    }

    return tpl_parser_next(p);
}


tpl_int_t
tpl_parser_expect_name(tpl_parser_t *p, const char *name)
{
    if (!tpl_token_is(&p->token, name)) {
        return tpl_parser_unexpected(p, name);
    }

    return tpl_parser_next(p);
}


tpl_int_t
tpl_parser_skip(tpl_parser_t *p, tpl_token_type_t type)
{
    return (p->token.type == type) ? tpl_parser_next(p) : TPL_DECLINED;
}


tpl_int_t
tpl_parser_skip_name(tpl_parser_t *p, const char *name)
{
    return tpl_token_is(&p->token, name) ? tpl_parser_next(p) : TPL_DECLINED;
}


void *
tpl_parser_fail(tpl_parser_t *p, const tpl_pos_t *pos, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) tpl_error_vset(p->err, p->exc, pos, fmt, args);
    va_end(args);

    return NULL;
}


void
tpl_parser_later(tpl_parser_t *p, tpl_uint_t pass, tpl_exc_t exc,
    const tpl_pos_t *pos, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) tpl_error_vset(&p->later[pass], exc, pos, fmt, args);
    va_end(args);
}


tpl_int_t
tpl_parser_finish(tpl_parser_t *p)
{
    tpl_uint_t    i;
    tpl_error_t  *later;

    for (i = 0; i < tpl_nelts(p->later); i++) {

        later = &p->later[i];

        if (later->exc != TPL_EXC_NONE) {
            return tpl_error_set(p->err, later->exc, &later->pos, "%.*s",
                                 tpl_str_arg(&later->message));
        }
    }

    return TPL_OK;
}


void *
tpl_parser_memory(tpl_parser_t *p)
{
    (void) tpl_error_set(p->err, TPL_EXC_MEMORY, NULL, "out of memory");

    return NULL;
}


tpl_int_t
tpl_parser_enter(tpl_parser_t *p, const char *what)
{
    if (++p->depth > TPL_PARSE_MAX_DEPTH) {
        tpl_parser_fail(p, &p->token.pos, "%s is nested too deeply", what);
        return TPL_ERROR;
    }

    return TPL_OK;
}


tpl_node_t *
tpl_parser_node(tpl_parser_t *p, tpl_node_type_t type, const tpl_pos_t *pos)
{
    tpl_node_t  *node;

    node = tpl_node_create(p->work, type, pos);
    if (node == NULL) {
        return tpl_parser_memory(p);
    }

    return node;
}


tpl_node_t *
tpl_parser_adopt(tpl_parser_t *p, tpl_node_t *node, const tpl_node_t *list)
{
    if (tpl_node_adopt(node, list) != TPL_OK) {
        return tpl_parser_fail(p, &node->pos, "%s is nested too deeply",
                               node->type < TPL_NODE_CONST ? "statement"
                                                           : "expression");
    }

    return node;
}


const tpl_pos_t *
tpl_parser_pos(const tpl_pos_t *exact, const tpl_pos_t *better)
{
    return (exact->line == better->line) ? better : exact;
}


tpl_node_t *
tpl_expr_unary_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, tpl_node_t *expr)
{
    tpl_node_t  *node;

    if (expr == NULL) {
        return NULL;
    }

    node = tpl_parser_node(p, type, pos);
    if (node == NULL) {
        return NULL;
    }

    node->u.unary.expr = expr;

    return tpl_parser_adopt(p, node, expr);
}


tpl_node_t *
tpl_expr_binary_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, tpl_node_t *left, tpl_node_t *right)
{
    tpl_node_t  *node;

    if (left == NULL || right == NULL) {
        return NULL;
    }

    node = tpl_parser_node(p, type, pos);

    if (node == NULL || tpl_parser_adopt(p, node, left) == NULL
        || tpl_parser_adopt(p, node, right) == NULL)
    {
        return NULL;
    }

    node->u.binary.left = left;
    node->u.binary.right = right;

    return node;
}


tpl_node_t *
tpl_expr_items_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, tpl_node_t *items)
{
    tpl_node_t  *node;

    node = tpl_parser_node(p, type, pos);
    if (node == NULL) {
        return NULL;
    }

    node->u.items.items = items;

    return tpl_parser_adopt(p, node, items);
}


tpl_node_t *
tpl_expr_name_node(tpl_parser_t *p, const tpl_token_t *tok)
{
    tpl_node_t  *node;

    node = tpl_parser_node(p, TPL_NODE_NAME, &tok->pos);

    if (node) {
        tpl_name_set(&node->u.name, &tok->text);
    }

    return node;
}


tpl_node_t *
tpl_expr_string_node(tpl_parser_t *p, const tpl_pos_t *pos,
    const tpl_str_t *s)
{
    tpl_node_t  *node;

    node = tpl_parser_node(p, TPL_NODE_CONST, pos);

    if (node) {
        tpl_value_from_str(&node->u.value, s);
    }

    return node;
}


tpl_node_t *
tpl_expr_keyword_node(tpl_parser_t *p, tpl_node_type_t type,
    const tpl_pos_t *pos, const tpl_str_t *name, tpl_node_t *value)
{
    tpl_node_t  *node;

    node = tpl_parser_node(p, type, pos);
    if (node == NULL) {
        return NULL;
    }

    tpl_name_set(&node->u.keyword.name, name);
    node->u.keyword.value = value;

    return tpl_parser_adopt(p, node, value);
}


tpl_node_t *
tpl_expr_parse(tpl_parser_t *p)
{
    tpl_node_t  *node;

    if (tpl_parser_enter(p, "expression") != TPL_OK) {
        return NULL;
    }

    if (p->dialect->special && p->token.type == TPL_TOKEN_NAME) {

        node = p->dialect->special(p);

        if (node == NULL && p->err->exc != TPL_EXC_NONE) {
            return NULL;
        }

        if (node) {
            tpl_parser_leave(p);
            return node;
        }
    }

    node = tpl_expr_cond(p);

    if (node && p->token.type == TPL_TOKEN_WALRUS) {
        return tpl_parser_fail(p, &p->token.pos, "assignment expressions "
                               "(:=) are not supported");
    }

    tpl_parser_leave(p);

    return node;
}


/* body if test else orelse */

static tpl_node_t *
tpl_expr_cond(tpl_parser_t *p)
{
    tpl_int_t    rc;
    tpl_pos_t    pos;
    tpl_node_t  *node, *body, *test, *orelse;

    pos = p->token.pos;

    body = tpl_expr_or(p);

    while (body && tpl_token_is(&p->token, "if")) {

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        test = tpl_expr_or(p);
        if (test == NULL) {
            return NULL;
        }

        orelse = NULL;

        rc = tpl_parser_skip_name(p, "else");

        if (rc == TPL_ERROR) {
            return NULL;
        }

        if (rc == TPL_OK) {
            orelse = tpl_expr_parse(p);
            if (orelse == NULL) {
                return NULL;
            }

        } else if (p->dialect->python) {
            return tpl_parser_fail(p, &p->token.pos,
                                   "expected 'else' after 'if' expression");
        }

        node = tpl_parser_node(p, TPL_NODE_COND, &pos);

        if (node == NULL || tpl_parser_adopt(p, node, test) == NULL
            || tpl_parser_adopt(p, node, body) == NULL
            || tpl_parser_adopt(p, node, orelse) == NULL)
        {
            return NULL;
        }

        node->u.cond.test = test;
        node->u.cond.body = body;
        node->u.cond.orelse = orelse;

        body = node;
        pos = p->token.pos;
    }

    return body;
}


tpl_node_t *
tpl_expr_or(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_node_t  *left;

    pos = p->token.pos;

    left = tpl_expr_and(p);

    while (left && tpl_token_is(&p->token, "or")) {

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        left = tpl_expr_binary_node(p, TPL_NODE_OR, &pos, left,
                                    tpl_expr_and(p));
        pos = p->token.pos;
    }

    return left;
}


static tpl_node_t *
tpl_expr_and(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_node_t  *left;

    pos = p->token.pos;

    left = tpl_expr_not(p);

    while (left && tpl_token_is(&p->token, "and")) {

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        left = tpl_expr_binary_node(p, TPL_NODE_AND, &pos, left,
                                    tpl_expr_not(p));
        pos = p->token.pos;
    }

    return left;
}


static tpl_node_t *
tpl_expr_not(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_node_t  *node;

    if (!tpl_token_is(&p->token, "not")) {
        return tpl_expr_compare(p);
    }

    pos = p->token.pos;

    if (tpl_parser_enter(p, "expression") != TPL_OK
        || tpl_parser_next(p) != TPL_OK)
    {
        return NULL;
    }

    node = tpl_expr_unary_node(p, TPL_NODE_NOT, &pos, tpl_expr_not(p));

    tpl_parser_leave(p);

    return node;
}


static tpl_node_t *
tpl_expr_compare(tpl_parser_t *p)
{
    tpl_int_t         rc;
    tpl_pos_t         pos, sign, first;
    tpl_node_t       *node, *expr, *operand;
    tpl_nodes_t       operands;
    tpl_compare_op_t  op;

    expr = tpl_expr_binary(p, 1);
    if (expr == NULL) {
        return NULL;
    }

    tpl_nodes_init(&operands);
    first = p->token.pos;

    for ( ;; ) {
        pos = p->token.pos;
        sign = pos;

        rc = tpl_expr_compare_op(p, &op);

        if (rc == TPL_ERROR) {
            return NULL;
        }

        if (rc == TPL_DECLINED) {
            break;
        }

        operand = tpl_expr_unary_node(p, TPL_NODE_OPERAND, &sign,
                                      tpl_expr_binary(p, 1));
        if (operand == NULL) {
            return NULL;
        }

        operand->op = op;
        tpl_nodes_add(&operands, operand);
    }

    if (operands.first == NULL) {
        return expr;
    }

    /* Jinja2 gives a comparison the line of the token after it */

    if (!p->dialect->python) {
        first = *tpl_parser_pos(&pos, &first);
    }

    node = tpl_parser_node(p, TPL_NODE_COMPARE, &first);

    if (node == NULL || tpl_parser_adopt(p, node, expr) == NULL) {
        return NULL;
    }

    node->u.compare.expr = expr;
    node->u.compare.operands = operands.first;

    return tpl_parser_adopt(p, node, operands.first);
}


/* skips a comparison operator; TPL_DECLINED if there is none */

static tpl_int_t
tpl_expr_compare_op(tpl_parser_t *p, tpl_compare_op_t *op)
{
    tpl_int_t           rc;
    const tpl_token_t  *ahead;

    switch (p->token.type) {

    case TPL_TOKEN_EQ:
        *op = TPL_CMP_EQ;
        return tpl_parser_next(p);

    case TPL_TOKEN_NE:
        *op = TPL_CMP_NE;
        return tpl_parser_next(p);

    case TPL_TOKEN_LT:
        *op = TPL_CMP_LT;
        return tpl_parser_next(p);

    case TPL_TOKEN_LTEQ:
        *op = TPL_CMP_LE;
        return tpl_parser_next(p);

    case TPL_TOKEN_GT:
        *op = TPL_CMP_GT;
        return tpl_parser_next(p);

    case TPL_TOKEN_GTEQ:
        *op = TPL_CMP_GE;
        return tpl_parser_next(p);

    case TPL_TOKEN_NAME:
        break;

    default:
        return TPL_DECLINED;
    }

    if (tpl_token_is(&p->token, "in")) {
        *op = TPL_CMP_IN;
        return tpl_parser_next(p);
    }

    if (tpl_token_is(&p->token, "not")) {

        ahead = tpl_parser_look(p);
        if (ahead == NULL) {
            return TPL_ERROR;
        }

        if (!tpl_token_is(ahead, "in")) {
            return TPL_DECLINED;
        }

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        *op = TPL_CMP_NOT_IN;
        return tpl_parser_next(p);
    }

    if (p->dialect->python && tpl_token_is(&p->token, "is")) {

        *op = TPL_CMP_IS;

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        rc = tpl_parser_skip_name(p, "not");

        if (rc == TPL_OK) {
            *op = TPL_CMP_IS_NOT;
        }

        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    return TPL_DECLINED;
}


tpl_node_t *
tpl_expr_binary(tpl_parser_t *p, tpl_uint_t level)
{
    tpl_pos_t                 start, after, sign;
    tpl_uint_t                last;
    tpl_node_t               *left;
    const tpl_pos_t          *pos;
    const tpl_binary_rule_t  *rule;

    start = p->token.pos;
    after = start;
    last = 0;

    left = p->dialect->operand(p);

    while (left) {

        rule = &p->dialect->binary[p->token.type];

        if (rule->level == 0 || rule->level < level) {
            break;
        }

        /*
         * Jinja2: the first operation of a chain has the line where the chain
         * starts, each later one that of the token after the one before.
         */

        sign = p->token.pos;
        pos = (rule->level == last) ? &after : &start;

        if (p->dialect->python) {
            pos = &sign;
        }

        last = rule->level;

        if (p->token.type == TPL_TOKEN_TILDE) {
            left = tpl_expr_concat(p, left, &start, last);
            continue;
        }

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        left = tpl_expr_binary_node(p, TPL_NODE_BINARY,
                                    tpl_parser_pos(pos, &sign), left,
                                    tpl_expr_binary(p, last + 1));

        if (left) {
            left->op = rule->op;
        }

        after = p->token.pos;
    }

    return left;
}


/* left ~ b ~ c is one node, as markup in any of them counts for all */

static tpl_node_t *
tpl_expr_concat(tpl_parser_t *p, tpl_node_t *left, const tpl_pos_t *pos,
    tpl_uint_t level)
{
    tpl_node_t   *node;
    tpl_nodes_t   items;

    tpl_nodes_init(&items);
    tpl_nodes_add(&items, left);

    while (p->token.type == TPL_TOKEN_TILDE) {

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        node = tpl_expr_binary(p, level + 1);
        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&items, node);
    }

    return tpl_expr_items_node(p, TPL_NODE_CONCAT, pos, items.first);
}


tpl_node_t *
tpl_expr_postfix(tpl_parser_t *p, tpl_node_t *node)
{
    while (node) {

        switch (p->token.type) {

        case TPL_TOKEN_DOT:
            node = tpl_expr_attribute(p, node);
            break;

        case TPL_TOKEN_LBRACKET:
            node = tpl_expr_subscript(p, node);
            break;

        case TPL_TOKEN_LPAREN:
            node = tpl_expr_call(p, node);
            break;

        default:
            return node;
        }
    }

    return NULL;
}


static tpl_node_t *
tpl_expr_attribute(tpl_parser_t *p, tpl_node_t *object)
{
    tpl_pos_t     dot;
    tpl_node_t   *node, *key;
    tpl_token_t   tok;

    dot = p->token.pos;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    tok = p->token;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    if (tok.type == TPL_TOKEN_NAME
        && !(p->dialect->python && tpl_python_reserved(&tok.text)))
    {
        node = tpl_parser_node(p, TPL_NODE_ATTR,
                               tpl_parser_pos(&dot, &tok.pos));
        if (node == NULL) {
            return NULL;
        }

        node->u.attr.object = object;
        tpl_name_set(&node->u.attr.name, &tok.text);

        return tpl_parser_adopt(p, node, object);
    }

    if (p->dialect->python) {
        return tpl_parser_fail(p, &tok.pos,
                               "expected a name after '.'");
    }

    if (tok.type != TPL_TOKEN_INTEGER) {
        return tpl_parser_fail(p, &tok.pos, "expected name or number");
    }

    key = tpl_parser_node(p, TPL_NODE_CONST, &tok.pos);
    if (key == NULL) {
        return NULL;
    }

    tpl_value_int(&key->u.value, tok.integer);

    return tpl_expr_binary_node(p, TPL_NODE_ITEM,
                                tpl_parser_pos(&dot, &tok.pos), object, key);
}


/* object[key], object[a:b:c], object[a, b] */

static tpl_node_t *
tpl_expr_subscript(tpl_parser_t *p, tpl_node_t *object)
{
    tpl_pos_t     pos;
    tpl_uint_t    n, comma;
    tpl_node_t   *node, *slice;
    tpl_nodes_t   keys;

    pos = p->token.pos;
    n = 0;
    comma = 0;
    slice = NULL;

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    tpl_nodes_init(&keys);

    while (p->token.type != TPL_TOKEN_RBRACKET) {

        if (n) {
            if (tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
                return NULL;
            }

            comma = 1;

            if (p->dialect->python && p->token.type == TPL_TOKEN_RBRACKET) {
                break;
            }
        }

        node = tpl_expr_subscribed(p);
        if (node == NULL) {
            return NULL;
        }

        tpl_nodes_add(&keys, node);
        n++;

        if (node->type == TPL_NODE_SLICE && node->u.slice.object == NULL) {
            slice = node;
        }
    }

    if (n == 0 && p->dialect->python) {
        return tpl_parser_fail(p, &p->token.pos, "expected a subscript");
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return NULL;
    }

    node = keys.first;

    if (n != 1 || (comma && p->dialect->python)) {
        node = tpl_expr_items_node(p, TPL_NODE_TUPLE, &pos, keys.first);

        if (slice) {

            /* nothing takes such a key; from Jinja2's not even code comes */

            tpl_parser_later(p, TPL_LATER_PYTHON, p->exc, &slice->pos,
                             "a key cannot be a tuple of slices");
        }

    } else if (slice) {
        slice->pos = pos;
        slice->u.slice.object = object;

        return tpl_parser_adopt(p, slice, object);
    }

    return tpl_expr_binary_node(p, TPL_NODE_ITEM, &pos, object, node);
}


static tpl_node_t *
tpl_expr_subscribed(tpl_parser_t *p)
{
    tpl_pos_t    pos;
    tpl_uint_t   i;
    tpl_node_t  *node, *part[3];

    pos = p->token.pos;
    memset(part, 0, sizeof(part));

    if (p->token.type != TPL_TOKEN_COLON) {

        part[0] = tpl_expr_parse(p);

        if (part[0] == NULL || p->token.type != TPL_TOKEN_COLON) {
            return part[0];
        }
    }

    for (i = 1; i < 3 && p->token.type == TPL_TOKEN_COLON; i++) {

        if (tpl_parser_next(p) != TPL_OK) {
            return NULL;
        }

        if (p->token.type != TPL_TOKEN_RBRACKET
            && p->token.type != TPL_TOKEN_COMMA
            && (i == 2 || p->token.type != TPL_TOKEN_COLON))
        {
            part[i] = tpl_expr_parse(p);
            if (part[i] == NULL) {
                return NULL;
            }
        }
    }

    node = tpl_parser_node(p, TPL_NODE_SLICE, &pos);
    if (node == NULL) {
        return NULL;
    }

    for (i = 0; i < 3; i++) {

        if (part[i] && tpl_parser_adopt(p, node, part[i]) == NULL) {
            return NULL;
        }
    }

    node->u.slice.start = part[0];
    node->u.slice.stop = part[1];
    node->u.slice.step = part[2];

    return node;
}


tpl_node_t *
tpl_expr_call(tpl_parser_t *p, tpl_node_t *callee)
{
    tpl_node_t  *node;

    /* points at the name that is called when that is on the line */

    node = tpl_parser_node(p, TPL_NODE_CALL,
                           tpl_parser_pos(&p->token.pos, &callee->pos));
    if (node == NULL) {
        return NULL;
    }

    node->u.call.callee = callee;

    if (tpl_expr_arguments(p, &node->u.call.args) != TPL_OK
        || tpl_parser_adopt(p, node, callee) == NULL)
    {
        return NULL;
    }

    return tpl_parser_adopt(p, node, node->u.call.args);
}


tpl_int_t
tpl_expr_arguments(tpl_parser_t *p, tpl_node_t **args)
{
    tpl_int_t           rc;
    tpl_pos_t           open, pos;
    tpl_uint_t          python, keyword, star, starstar, n;
    tpl_node_t         *node;
    tpl_nodes_t         list;
    const char         *why;
    tpl_token_t         name;
    const tpl_token_t  *ahead;

    open = p->token.pos;
    python = p->dialect->python;
    keyword = 0;
    star = 0;
    starstar = 0;

    *args = NULL;
    tpl_nodes_init(&list);

    rc = tpl_parser_expect(p, TPL_TOKEN_LPAREN);
    if (rc != TPL_OK) {
        return rc;
    }

    for (n = 0; p->token.type != TPL_TOKEN_RPAREN; n++) {

        if (n) {
            if (tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
                return TPL_ERROR;
            }

            if (p->token.type == TPL_TOKEN_RPAREN) {
                break;
            }
        }

        pos = p->token.pos;
        why = NULL;
        ahead = NULL;

        if (p->token.type == TPL_TOKEN_NAME) {
            ahead = tpl_parser_look(p);
            if (ahead == NULL) {
                return TPL_ERROR;
            }
        }

        if (p->token.type == TPL_TOKEN_MUL) {

            if (starstar) {
                why = "iterable argument unpacking follows keyword argument "
                      "unpacking";

            } else if (star && !python) {
                why = "";
            }

            star = 1;

            if (why == NULL && tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            node = why ? NULL
                       : tpl_expr_unary_node(p, TPL_NODE_STAR, &pos,
                                             tpl_expr_parse(p));

        } else if (p->token.type == TPL_TOKEN_POW) {

            if (starstar && !python) {
                why = "";
            }

            starstar = 1;

            if (why == NULL && tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            node = why ? NULL
                       : tpl_expr_unary_node(p, TPL_NODE_STARSTAR, &pos,
                                             tpl_expr_parse(p));

        } else if (ahead && ahead->type == TPL_TOKEN_ASSIGN) {

            if (starstar && !python) {
                why = "";

            } else if (python && tpl_python_reserved(&p->token.text)) {
                why = "expression cannot contain assignment, perhaps you "
                      "meant \"==\"?";
            }

            keyword = 1;
            name = p->token;

            if (why == NULL && (tpl_parser_next(p) != TPL_OK
                                || tpl_parser_next(p) != TPL_OK))
            {
                return TPL_ERROR;
            }

            node = why ? NULL : tpl_expr_parse(p);

            if (node) {
                node = tpl_expr_keyword_node(p, TPL_NODE_KEYWORD,
                                             tpl_parser_pos(&node->pos,
                                                            &name.pos),
                                             &name.text, node);
            }

        } else {

            if (keyword) {
                why = "positional argument follows keyword argument";

            } else if (starstar) {
                why = "positional argument follows keyword argument "
                      "unpacking";

            } else if (star && !python) {
                why = "";
            }

            node = why ? NULL : tpl_expr_parse(p);

            if (node && python && (tpl_token_is(&p->token, "for")
                                   || tpl_token_is(&p->token, "async")))
            {
                node = tpl_expr_comprehension(p, node, TPL_NODE_F_GENERATOR,
                                              &pos);

                if (node && (n || p->token.type != TPL_TOKEN_RPAREN)) {
                    why = "Generator expression must be parenthesized";
                }
            }
        }

        if (why) {
            tpl_parser_fail(p, &open, "%s", python ? why
                            : "invalid syntax for function call expression");
            return TPL_ERROR;
        }

        if (node == NULL) {
            return TPL_ERROR;
        }

        tpl_nodes_add(&list, node);
    }

    if (tpl_expr_repeated(p, list.first) != TPL_OK) {
        return TPL_ERROR;
    }

    *args = list.first;

    return tpl_parser_expect(p, TPL_TOKEN_RPAREN);
}


/* the same keyword twice; Jinja2 leaves that to the Python compiler */

static tpl_int_t
tpl_expr_repeated(tpl_parser_t *p, const tpl_node_t *list)
{
    const tpl_node_t  *a, *b;

    for (a = list; a != NULL; a = a->next) {

        if (a->type != TPL_NODE_KEYWORD) {
            continue;
        }

        for (b = list; b != a; b = b->next) {

            if (b->type == TPL_NODE_KEYWORD
                && b->u.keyword.name.hash == a->u.keyword.name.hash
                && tpl_str_eq(&b->u.keyword.name.str,
                              &a->u.keyword.name.str))
            {
                tpl_parser_later(p, TPL_LATER_PYTHON, p->exc, &a->pos,
                                 "keyword argument repeated: %.*s",
                                 tpl_str_arg(&a->u.keyword.name.str));
                return TPL_OK;
            }
        }
    }

    return TPL_OK;
}
