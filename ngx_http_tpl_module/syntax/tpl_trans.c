
/*
 * {% trans %} of Jinja2's i18n extension: a message with variables, perhaps a
 * plural, perhaps a context.
 *
 * The messages are kept as gettext sees them, %(name)s for a variable and %%
 * for a percent sign.
 */

#include "syntax/tpl_jinja.h"


/* what the tag and its bodies say, while they are read */

typedef struct {
    tpl_nodes_t              vars;          /* KEYWORDs */
    tpl_uint_t               nvars;
    tpl_node_t              *count;         /* to pluralize by */
    tpl_node_t              *called;        /* its call, made once before */
    tpl_uint_t               num;           /* count is named num */
    tpl_int_t                trimmed;       /* -1: as the policy says */
    tpl_uint_t               referenced;    /* names in the messages */
    tpl_nodes_t              names;         /* those not in vars yet */
    tpl_pos_t                pos;
} tpl_trans_t;


static tpl_int_t tpl_trans_head(tpl_jinja_t *j, tpl_trans_t *t);
static tpl_int_t tpl_trans_variable(tpl_jinja_t *j, tpl_trans_t *t);
static tpl_int_t tpl_trans_text(tpl_jinja_t *j, tpl_trans_t *t,
    tpl_uint_t plural, tpl_str_t *text, tpl_token_t *first);
static tpl_int_t tpl_trans_end(tpl_jinja_t *j, tpl_uint_t plural);
static tpl_int_t tpl_trans_name(tpl_jinja_t *j, tpl_trans_t *t,
    const tpl_str_t *name);
static tpl_node_t *tpl_trans_find(const tpl_node_t *list,
    const tpl_str_t *name);
static tpl_node_t *tpl_trans_load(tpl_jinja_t *j, const tpl_pos_t *pos,
    const tpl_str_t *name);
static tpl_int_t tpl_trans_trim(tpl_jinja_t *j, tpl_str_t *text);
static tpl_int_t tpl_trans_set(tpl_jinja_t *j, tpl_trans_t *t,
    tpl_nodes_t *body);


tpl_int_t
tpl_jinja_trans(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_str_t      singular, plural;
    tpl_uint_t     have_plural;
    tpl_node_t    *node, *var;
    tpl_token_t    first;
    tpl_trans_t    t;
    tpl_parser_t  *p;

    p = &j->parser;

    memset(&t, 0, sizeof(tpl_trans_t));
    tpl_nodes_init(&t.vars);
    tpl_nodes_init(&t.names);
    t.trimmed = -1;
    t.pos = p->token.pos;

    node = tpl_parser_node(p, TPL_NODE_TRANS, &p->token.pos);

    if (node == NULL || tpl_parser_next(p) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_missing(&node->u.trans.context);

    if (p->token.type == TPL_TOKEN_STRING) {
        tpl_value_from_str(&node->u.trans.context, &p->token.text);

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (tpl_trans_head(j, &t) != TPL_OK
        || tpl_trans_text(j, &t, 0, &singular, &first) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (t.count == NULL && t.referenced) {
        t.count = tpl_trans_load(j, &first.pos, &first.text);
        if (t.count == NULL) {
            return TPL_ERROR;
        }

        t.num = tpl_str_is(&first.text, "num");
    }

    have_plural = tpl_token_is(&p->token, "pluralize");
    plural.len = 0;
    plural.data = NULL;

    if (tpl_parser_next(p) != TPL_OK) {
        return TPL_ERROR;
    }

    if (have_plural) {

        if (p->token.type != TPL_TOKEN_BLOCK_END) {

            first = p->token;

            if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
                return TPL_ERROR;
            }

            var = tpl_trans_find(t.vars.first, &first.text);

            if (var == NULL) {
                return tpl_error_set(p->err, TPL_EXC_ASSERTION, &first.pos,
                                     "unknown variable '%.*s' for "
                                     "pluralization",
                                     tpl_str_arg(&first.text));
            }

            t.count = var->u.keyword.value;
            t.num = tpl_str_is(&first.text, "num");
        }

        if (tpl_parser_expect(p, TPL_TOKEN_BLOCK_END) != TPL_OK
            || tpl_trans_text(j, &t, 1, &plural, &first) != TPL_OK
            || tpl_parser_next(p) != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (t.count == NULL) {
            tpl_parser_fail(p, &t.pos, "pluralize without variables");
            return TPL_ERROR;
        }
    }

    if (t.trimmed < 0) {
        t.trimmed = p->syntax->trimmed;
    }

    if (t.trimmed && (tpl_trans_trim(j, &singular) != TPL_OK
                      || tpl_trans_trim(j, &plural) != TPL_OK))
    {
        return TPL_ERROR;
    }

    if (t.called && tpl_trans_set(j, &t, body) != TPL_OK) {
        return TPL_ERROR;
    }

    *t.vars.end = t.names.first;

    node->u.trans.vars = t.vars.first;
    node->u.trans.singular = singular;

    if (t.referenced) {
        node->flags |= TPL_NODE_F_REFERENCED;
    }

    if (have_plural) {
        node->flags |= TPL_NODE_F_PLURAL;
        node->u.trans.plural = plural;
        node->u.trans.count = t.count;
        node->u.trans.num_called_num = t.num;

        if (plural.data == NULL) {
            node->u.trans.plural.data = (tpl_char_t *) "";
        }
    }

    if (tpl_parser_adopt(p, node, node->u.trans.vars) == NULL
        || tpl_parser_adopt(p, node, node->u.trans.count) == NULL)
    {
        return TPL_ERROR;
    }

    tpl_nodes_add(body, node);

    return TPL_OK;
}


/* name, name=value, ..., trimmed, notrimmed */

static tpl_int_t
tpl_trans_head(tpl_jinja_t *j, tpl_trans_t *t)
{
    tpl_int_t      rc;
    tpl_parser_t  *p;

    p = &j->parser;

    while (p->token.type != TPL_TOKEN_BLOCK_END) {

        if (t->nvars && tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
            return TPL_ERROR;
        }

        rc = tpl_parser_skip(p, TPL_TOKEN_COLON);

        if (rc == TPL_OK) {
            break;
        }

        if (rc == TPL_ERROR || tpl_trans_variable(j, t) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return tpl_parser_expect(p, TPL_TOKEN_BLOCK_END);
}


static tpl_int_t
tpl_trans_variable(tpl_jinja_t *j, tpl_trans_t *t)
{
    tpl_str_t           trans;
    tpl_uint_t          assign;
    tpl_node_t         *node, *value;
    tpl_token_t         tok;
    tpl_parser_t       *p;

    p = &j->parser;
    tok = p->token;

    if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_trans_find(t->vars.first, &tok.text)) {
        return tpl_error_set(p->err, TPL_EXC_ASSERTION, &tok.pos,
                             "translatable variable '%.*s' defined twice.",
                             tpl_str_arg(&tok.text));
    }

    assign = (p->token.type == TPL_TOKEN_ASSIGN);

    if (assign) {

        if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        value = tpl_expr_parse(p);

    } else if (t->trimmed < 0 && (tpl_str_is(&tok.text, "trimmed")
                                  || tpl_str_is(&tok.text, "notrimmed")))
    {
        t->trimmed = tpl_str_is(&tok.text, "trimmed");
        return TPL_OK;

    } else {
        value = tpl_trans_load(j, &t->pos, &tok.text);
    }

    if (value == NULL) {
        return TPL_ERROR;
    }

    if (t->count == NULL) {

        /* a call is made once, for the message and for its number */

        if (value->type == TPL_NODE_CALL) {
            t->called = value;

            tpl_str_set(&trans, "_trans");

            value = tpl_trans_load(j, &t->pos, &trans);
            if (value == NULL) {
                return TPL_ERROR;
            }
        }

        t->count = value;
        t->num = tpl_str_is(&tok.text, "num");
    }

    node = tpl_expr_keyword_node(p, TPL_NODE_KEYWORD, &tok.pos, &tok.text,
                                 value);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_add(&t->vars, node);
    t->nvars++;

    return TPL_OK;
}


/*
 * A message up to the tag that ends it, whose name is the current token then.
 * first is set to the first name of the singular.
 */

static tpl_int_t
tpl_trans_text(tpl_jinja_t *j, tpl_trans_t *t, tpl_uint_t plural,
    tpl_str_t *text, tpl_token_t *first)
{
    tpl_buf_t           b;
    tpl_str_t           name;
    tpl_parser_t       *p;
    const tpl_char_t   *q, *last;

    p = &j->parser;
    tpl_buf_init(&b, p->arena);

    for ( ;; ) {

        switch (p->token.type) {

        case TPL_TOKEN_DATA:

            last = p->token.text.data + p->token.text.len;

            for (q = p->token.text.data; q < last; q++) {

                if (*q == '%') {
                    tpl_buf_char(&b, '%');
                }

                tpl_buf_char(&b, *q);
            }

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            break;

        case TPL_TOKEN_VARIABLE_BEGIN:

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            name = p->token.text;

            if (!t->referenced && !plural) {
                *first = p->token;
            }

            if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK
                || tpl_trans_name(j, t, &name) != TPL_OK)
            {
                return TPL_ERROR;
            }

            t->referenced = 1;

            tpl_buf_lit(&b, "%(");
            tpl_buf_str(&b, &name);
            tpl_buf_lit(&b, ")s");

            if (tpl_parser_expect(p, TPL_TOKEN_VARIABLE_END) != TPL_OK) {
                return TPL_ERROR;
            }

            break;

        case TPL_TOKEN_BLOCK_BEGIN:

            if (tpl_parser_next(p) != TPL_OK
                || tpl_trans_end(j, plural) != TPL_OK)
            {
                return TPL_ERROR;
            }

            if (b.failed) {
                tpl_parser_memory(p);
                return TPL_ERROR;
            }

            text->data = b.data;
            text->len = b.len;

            return TPL_OK;

        default:
            tpl_parser_fail(p, &p->token.pos, "unclosed translation block");
            return TPL_ERROR;
        }
    }
}


/* the only tags that may stand in a message */

static tpl_int_t
tpl_trans_end(tpl_jinja_t *j, tpl_uint_t plural)
{
    tpl_str_t      none;
    tpl_parser_t  *p;

    p = &j->parser;

    if (tpl_token_is(&p->token, "endtrans")) {
        return TPL_OK;
    }

    if (tpl_token_is(&p->token, "pluralize")) {

        if (!plural) {
            return TPL_OK;
        }

        tpl_parser_fail(p, &p->token.pos, "a translatable section can have "
                        "only one pluralize section");

    } else if (tpl_token_is(&p->token, "trans")) {
        tpl_parser_fail(p, &p->token.pos, "trans blocks can't be nested; did "
                        "you mean `endtrans`?");

    } else {
        tpl_str_set(&none, "None");

        if (p->token.type == TPL_TOKEN_NAME) {
            none = p->token.text;
        }

        tpl_parser_fail(p, &p->token.pos, "control structures in "
                        "translatable sections are not allowed; saw `%.*s`",
                        tpl_str_arg(&none));
    }

    return TPL_ERROR;
}


/* a name in a message, which is a variable even if the tag does not say so */

static tpl_int_t
tpl_trans_name(tpl_jinja_t *j, tpl_trans_t *t, const tpl_str_t *name)
{
    tpl_node_t  *node, *value;

    if (tpl_trans_find(t->vars.first, name)
        || tpl_trans_find(t->names.first, name))
    {
        return TPL_OK;
    }

    value = tpl_trans_load(j, &t->pos, name);
    if (value == NULL) {
        return TPL_ERROR;
    }

    node = tpl_expr_keyword_node(&j->parser, TPL_NODE_KEYWORD, &value->pos,
                                 name, value);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_add(&t->names, node);

    return TPL_OK;
}


static tpl_node_t *
tpl_trans_find(const tpl_node_t *list, const tpl_str_t *name)
{
    for ( /* void */ ; list != NULL; list = list->next) {

        if (tpl_str_eq(&list->u.keyword.name.str, name)) {
            return (tpl_node_t *) list;
        }
    }

    return NULL;
}


static tpl_node_t *
tpl_trans_load(tpl_jinja_t *j, const tpl_pos_t *pos, const tpl_str_t *name)
{
    tpl_node_t  *node;

    node = tpl_parser_node(&j->parser, TPL_NODE_NAME, pos);

    if (node) {
        tpl_name_set(&node->u.name, name);
    }

    return node;
}


/*
 * Jinja2: _trim_whitespace().  No white space at the ends, and each run of it
 * with a line end in it becomes one space.
 */

static tpl_int_t
tpl_trans_trim(tpl_jinja_t *j, tpl_str_t *text)
{
    tpl_buf_t          b;
    const tpl_char_t  *p, *q, *last;

    if (text->len == 0) {
        return TPL_OK;
    }

    last = text->data + text->len;
    p = tpl_text_skip(text->data, last);
    last = tpl_text_rskip(p, last);

    tpl_buf_init(&b, j->parser.arena);

    while (p < last) {

        q = tpl_text_skip(p, last);

        if (q == p) {
            tpl_buf_char(&b, *p++);
            continue;
        }

        if (memchr(p, '\n', q - p)) {
            tpl_buf_char(&b, ' ');

        } else {
            tpl_buf_add(&b, p, q - p);
        }

        p = q;
    }

    if (b.failed) {
        tpl_parser_memory(&j->parser);
        return TPL_ERROR;
    }

    text->data = b.data;
    text->len = b.len;

    return TPL_OK;
}


/* _trans = call() */

static tpl_int_t
tpl_trans_set(tpl_jinja_t *j, tpl_trans_t *t, tpl_nodes_t *body)
{
    tpl_str_t      trans;
    tpl_node_t    *node, *target;
    tpl_parser_t  *p;

    p = &j->parser;
    tpl_str_set(&trans, "_trans");

    target = tpl_trans_load(j, &t->pos, &trans);
    node = tpl_parser_node(p, TPL_NODE_SET, &t->pos);

    if (target == NULL || node == NULL) {
        return TPL_ERROR;
    }

    target->flags |= TPL_NODE_F_STORE;

    node->u.set.target = target;
    node->u.set.value = t->called;

    if (tpl_parser_adopt(p, node, target) == NULL
        || tpl_parser_adopt(p, node, t->called) == NULL)
    {
        return TPL_ERROR;
    }

    tpl_nodes_add(body, node);

    return TPL_OK;
}
