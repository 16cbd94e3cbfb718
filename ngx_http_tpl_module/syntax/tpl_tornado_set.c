
/*
 * Statements of Python in Tornado's {% set %}, {% import %} and {% from %}.
 */

#include "syntax/tpl_tornado.h"


static tpl_int_t tpl_tornado_simple(tpl_tornado_t *t, const tpl_tag_t *tag,
    tpl_nodes_t *body);
static tpl_int_t tpl_tornado_assign(tpl_tornado_t *t, tpl_node_t *node,
    tpl_node_t *left);
static tpl_int_t tpl_tornado_augment(tpl_tornado_t *t, tpl_node_t *node,
    tpl_node_t *left);
static tpl_int_t tpl_tornado_modules(tpl_tornado_t *t, const tpl_pos_t *pos,
    tpl_nodes_t *body);
static tpl_int_t tpl_tornado_from(tpl_tornado_t *t, const tpl_pos_t *pos,
    tpl_nodes_t *body);


/* any simple statements of Python, of which assignments make sense here */

tpl_int_t
tpl_tornado_set(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_parser_t  *p;

    (void) place;

    p = &t->parser;

    if (tag->suffix.len == 0) {
        return tpl_tornado_fail(t, "set missing statement");
    }

    if (tpl_tornado_head(t, &tag->suffix) != TPL_OK) {
        return TPL_ERROR;
    }

    do {
        if (tpl_tornado_simple(t, tag, body) != TPL_OK) {
            return TPL_ERROR;
        }

        if (p->token.type != TPL_TOKEN_SEMICOLON) {
            break;
        }

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

    } while (p->token.type != TPL_TOKEN_EOF);

    return tpl_tornado_head_end(t);
}


static tpl_int_t
tpl_tornado_simple(tpl_tornado_t *t, const tpl_tag_t *tag, tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_node_t    *node, *left;
    tpl_parser_t  *p;

    p = &t->parser;

    if (tpl_token_is(&p->token, "pass")) {
        return tpl_parser_next(p);
    }

    if (tpl_token_is(&p->token, "import")) {
        return tpl_tornado_modules(t, &tag->pos, body);
    }

    if (tpl_token_is(&p->token, "from")) {
        return tpl_tornado_from(t, &tag->pos, body);
    }

    if (p->token.type == TPL_TOKEN_NAME && !tpl_expr_python_starts(p)) {
        tpl_parser_fail(p, &p->token.pos,
                        "'%.*s' statements are not supported in templates",
                        tpl_str_arg(&p->token.text));
        return TPL_ERROR;
    }

    left = tpl_expr_python_list(p);
    if (left == NULL) {
        return TPL_ERROR;
    }

    node = tpl_parser_node(p, TPL_NODE_SET,
                           tpl_parser_pos(&tag->pos, &left->pos));
    if (node == NULL) {
        return TPL_ERROR;
    }

    switch (p->token.type) {

    case TPL_TOKEN_ASSIGN:
        rc = tpl_tornado_assign(t, node, left);
        break;

    case TPL_TOKEN_AUGMENTED:
        rc = tpl_tornado_augment(t, node, left);
        break;

    default:
        node->type = TPL_NODE_DO;
        node->u.unary.expr = left;

        return tpl_tornado_add(t, body, node, left, NULL, NULL);
    }

    if (rc != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_tornado_add(t, body, node, node->u.set.target,
                           node->u.set.value, NULL);
}


/* a = b = value */

static tpl_int_t
tpl_tornado_assign(tpl_tornado_t *t, tpl_node_t *node, tpl_node_t *left)
{
    tpl_nodes_t    targets;
    tpl_parser_t  *p;

    p = &t->parser;
    tpl_nodes_init(&targets);

    while (p->token.type == TPL_TOKEN_ASSIGN) {

        if (tpl_expr_python_store(p, left) == NULL
            || tpl_parser_next(p) != TPL_OK)
        {
            return TPL_ERROR;
        }

        tpl_nodes_add(&targets, left);

        left = tpl_expr_python_list(p);
        if (left == NULL) {
            return TPL_ERROR;
        }
    }

    node->u.set.target = targets.first;
    node->u.set.value = left;

    return TPL_OK;
}


/* a += value */

static tpl_int_t
tpl_tornado_augment(tpl_tornado_t *t, tpl_node_t *node, tpl_node_t *left)
{
    tpl_parser_t  *p;

    p = &t->parser;

    if (p->token.op == 0xff) {
        tpl_parser_fail(p, &p->token.pos,
                        "matrix multiplication is not supported");
        return TPL_ERROR;
    }

    if (left->type == TPL_NODE_TUPLE || left->type == TPL_NODE_LIST) {
        tpl_parser_fail(p, &left->pos, "'%s' is an illegal expression for "
                        "augmented assignment",
                        tpl_node_type_name(left->type));
        return TPL_ERROR;
    }

    node->op = p->token.op;
    node->flags |= TPL_NODE_F_ASSIGN_OP;
    node->u.set.target = left;

    if (tpl_expr_python_store(p, left) == NULL
        || tpl_parser_next(p) != TPL_OK)
    {
        return TPL_ERROR;
    }

    node->u.set.value = tpl_expr_python_list(p);

    return node->u.set.value ? TPL_OK : TPL_ERROR;
}


tpl_int_t
tpl_tornado_import(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_int_t  rc;

    (void) place;

    if (tag->suffix.len == 0) {
        return tpl_tornado_fail(t, "import missing statement");
    }

    if (tpl_tornado_head(t, &tag->contents) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_str_is(&tag->name, "from")
         ? tpl_tornado_from(t, &tag->pos, body)
         : tpl_tornado_modules(t, &tag->pos, body);

    return (rc == TPL_OK) ? tpl_tornado_head_end(t) : rc;
}


/* import a.b, c as d */

static tpl_int_t
tpl_tornado_modules(tpl_tornado_t *t, const tpl_pos_t *pos,
    tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_str_t      name;
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &t->parser;

    do {
        node = tpl_parser_node(p, TPL_NODE_PY_IMPORT, pos);

        if (node == NULL || tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        node->u.ref.module = tpl_tornado_dotted(t, &name);
        if (node->u.ref.module == NULL) {
            return TPL_ERROR;
        }

        rc = tpl_parser_skip_name(p, "as");

        if (rc == TPL_ERROR
            || (rc == TPL_OK && tpl_tornado_name(t, &name) != TPL_OK))
        {
            return TPL_ERROR;
        }

        tpl_name_set(&node->u.ref.name, &name);

        if (tpl_tornado_add(t, body, node, node->u.ref.module, NULL, NULL)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

    } while (p->token.type == TPL_TOKEN_COMMA);

    return TPL_OK;
}


/* from a.b import c, d as e */

static tpl_int_t
tpl_tornado_from(tpl_tornado_t *t, const tpl_pos_t *pos, tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_pos_t      place;
    tpl_str_t      name, alias;
    tpl_uint_t     parens;
    tpl_node_t    *node, *bound;
    tpl_nodes_t    names;
    tpl_token_t    tok;
    tpl_parser_t  *p;

    p = &t->parser;
    tpl_nodes_init(&names);

    node = tpl_parser_node(p, TPL_NODE_PY_FROM, pos);

    if (node == NULL || tpl_parser_next(p) != TPL_OK) {
        return TPL_ERROR;
    }

    if (p->token.type == TPL_TOKEN_DOT || p->token.type == TPL_TOKEN_ELLIPSIS)
    {
        tpl_parser_fail(p, &p->token.pos,
                        "relative imports are not supported");
        return TPL_ERROR;
    }

    node->u.ref.module = tpl_tornado_dotted(t, &name);

    if (node->u.ref.module == NULL
        || tpl_parser_expect_name(p, "import") != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (p->token.type == TPL_TOKEN_MUL) {
        tpl_parser_fail(p, &p->token.pos,
                        "import * only allowed at module level");
        return TPL_ERROR;
    }

    rc = tpl_parser_skip(p, TPL_TOKEN_LPAREN);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    parens = (rc == TPL_OK);

    do {
        if (names.first) {

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            if (parens && p->token.type == TPL_TOKEN_RPAREN) {
                break;
            }
        }

        place = p->token.pos;

        if (tpl_tornado_name(t, &name) != TPL_OK) {
            return TPL_ERROR;
        }

        alias = name;

        rc = tpl_parser_skip_name(p, "as");

        if (rc == TPL_ERROR
            || (rc == TPL_OK && tpl_tornado_name(t, &alias) != TPL_OK))
        {
            return TPL_ERROR;
        }

        memset(&tok, 0, sizeof(tpl_token_t));
        tok.pos = place;
        tok.text = alias;

        bound = tpl_expr_name_node(p, &tok);
        if (bound == NULL) {
            return TPL_ERROR;
        }

        bound->flags |= TPL_NODE_F_STORE;

        bound = tpl_expr_keyword_node(p, TPL_NODE_KEYWORD, &place, &name,
                                      bound);
        if (bound == NULL) {
            return TPL_ERROR;
        }

        tpl_nodes_add(&names, bound);

    } while (p->token.type == TPL_TOKEN_COMMA);

    if (parens && tpl_parser_expect(p, TPL_TOKEN_RPAREN) != TPL_OK) {
        return TPL_ERROR;
    }

    node->u.ref.names = names.first;

    return tpl_tornado_add(t, body, node, node->u.ref.module, names.first,
                           NULL);
}


tpl_node_t *
tpl_tornado_dotted(tpl_tornado_t *t, tpl_str_t *first)
{
    tpl_buf_t      b;
    tpl_pos_t      pos;
    tpl_str_t      s;
    tpl_parser_t  *p;

    p = &t->parser;
    pos = p->token.pos;

    if (tpl_tornado_name(t, first) != TPL_OK) {
        return NULL;
    }

    tpl_buf_init(&b, p->arena);
    tpl_buf_str(&b, first);

    while (p->token.type == TPL_TOKEN_DOT) {

        if (tpl_parser_next(p) != TPL_OK
            || tpl_tornado_name(t, &s) != TPL_OK)
        {
            return NULL;
        }

        tpl_buf_char(&b, '.');
        tpl_buf_str(&b, &s);
    }

    if (b.failed) {
        return tpl_parser_memory(p);
    }

    s.data = b.data;
    s.len = b.len;

    return tpl_expr_string_node(p, &pos, &s);
}


tpl_int_t
tpl_tornado_name(tpl_tornado_t *t, tpl_str_t *name)
{
    tpl_parser_t  *p;

    p = &t->parser;
    *name = p->token.text;

    if (p->token.type == TPL_TOKEN_NAME && tpl_python_reserved(name)) {
        tpl_parser_fail(p, &p->token.pos, "unexpected '%.*s'",
                        tpl_str_arg(name));
        return TPL_ERROR;
    }

    return tpl_parser_expect(p, TPL_TOKEN_NAME);
}
