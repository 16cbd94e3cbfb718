
/*
 * The statements of Jinja2 that name other templates: extends, include, import
 * and from.
 */

#include "syntax/tpl_jinja.h"


static tpl_int_t tpl_jinja_from_name(tpl_jinja_t *j, tpl_nodes_t *names);
static tpl_int_t tpl_jinja_context(tpl_jinja_t *j, tpl_node_t *node);


tpl_int_t
tpl_jinja_extends(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_EXTENDS);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.ref.template = tpl_expr_parse(&j->parser);
    if (node->u.ref.template == NULL) {
        return TPL_ERROR;
    }

    if (j->nested) {
        tpl_parser_later(&j->parser, TPL_LATER_COMPILER, TPL_EXC_ASSERTION,
                         &node->pos,
                         "cannot use extend from a non top-level scope");
    }

    return tpl_jinja_done(j, body, node, node->u.ref.template, NULL, NULL);
}


tpl_int_t
tpl_jinja_include(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t         *node;
    tpl_parser_t       *p;
    const tpl_token_t  *ahead;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_INCLUDE);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->flags |= TPL_NODE_F_CONTEXT;
    node->u.ref.template = tpl_expr_parse(p);

    if (node->u.ref.template == NULL) {
        return TPL_ERROR;
    }

    if (tpl_token_is(&p->token, "ignore")) {

        ahead = tpl_parser_look(p);
        if (ahead == NULL) {
            return TPL_ERROR;
        }

        if (tpl_token_is(ahead, "missing")) {
            node->flags |= TPL_NODE_F_IGNORE;

            if (tpl_parser_next(p) != TPL_OK || tpl_parser_next(p) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    if (tpl_jinja_context(j, node) == TPL_ERROR) {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.ref.template, NULL, NULL);
}


tpl_int_t
tpl_jinja_import(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t    *node, *target;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_IMPORT);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.ref.template = tpl_expr_parse(p);

    if (node->u.ref.template == NULL
        || tpl_parser_expect_name(p, "as") != TPL_OK)
    {
        return TPL_ERROR;
    }

    target = tpl_expr_target_name(p);
    if (target == NULL) {
        return TPL_ERROR;
    }

    node->u.ref.name = target->u.name;

    if (tpl_jinja_context(j, node) == TPL_ERROR) {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.ref.template, NULL, NULL);
}


tpl_int_t
tpl_jinja_from(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_node_t    *node;
    tpl_nodes_t    names;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_FROM_IMPORT);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.ref.template = tpl_expr_parse(p);

    if (node->u.ref.template == NULL
        || tpl_parser_expect_name(p, "import") != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_nodes_init(&names);

    for ( ;; ) {

        if (names.first
            && tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (p->token.type != TPL_TOKEN_NAME) {
            return tpl_parser_expect(p, TPL_TOKEN_NAME);
        }

        rc = tpl_jinja_context(j, node);

        if (rc == TPL_DECLINED) {

            if (tpl_jinja_from_name(j, &names) != TPL_OK) {
                return TPL_ERROR;
            }

            rc = tpl_jinja_context(j, node);
        }

        if (rc == TPL_ERROR) {
            return TPL_ERROR;
        }

        if (rc == TPL_OK || p->token.type != TPL_TOKEN_COMMA) {
            break;
        }
    }

    node->u.ref.names = names.first;

    return tpl_jinja_done(j, body, node, node->u.ref.template,
                          node->u.ref.names, NULL);
}


/* name, or name as alias */

static tpl_int_t
tpl_jinja_from_name(tpl_jinja_t *j, tpl_nodes_t *names)
{
    tpl_int_t      rc;
    tpl_str_t      name;
    tpl_node_t    *target, *node;
    tpl_parser_t  *p;

    p = &j->parser;

    target = tpl_expr_target_name(p);
    if (target == NULL) {
        return TPL_ERROR;
    }

    name = target->u.name.str;

    if (name.len && name.data[0] == '_') {
        return tpl_error_set(p->err, TPL_EXC_ASSERTION, &target->pos,
                             "names starting with an underline can not be "
                             "imported");
    }

    rc = tpl_parser_skip_name(p, "as");

    if (rc == TPL_OK) {
        target = tpl_expr_target_name(p);
    }

    if (rc == TPL_ERROR || target == NULL) {
        return TPL_ERROR;
    }

    node = tpl_expr_keyword_node(p, TPL_NODE_KEYWORD, &target->pos, &name,
                                 target);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_add(names, node);

    return TPL_OK;
}


/* with context, without context; TPL_DECLINED if neither stands here */

static tpl_int_t
tpl_jinja_context(tpl_jinja_t *j, tpl_node_t *node)
{
    tpl_uint_t          with;
    tpl_parser_t       *p;
    const tpl_token_t  *ahead;

    p = &j->parser;
    with = tpl_token_is(&p->token, "with");

    if (!with && !tpl_token_is(&p->token, "without")) {
        return TPL_DECLINED;
    }

    ahead = tpl_parser_look(p);
    if (ahead == NULL) {
        return TPL_ERROR;
    }

    if (!tpl_token_is(ahead, "context")) {
        return TPL_DECLINED;
    }

    node->flags &= ~TPL_NODE_F_CONTEXT;

    if (with) {
        node->flags |= TPL_NODE_F_CONTEXT;
    }

    if (tpl_parser_next(p) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_parser_next(p);
}
