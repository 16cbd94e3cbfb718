
/*
 * The statements of Jinja2.
 *
 * Each function follows the one of the same name in Jinja2's parser.py or
 * ext.py.  What Jinja2 only finds when it generates code is remembered while
 * parsing and raised at the end.
 */

#include "syntax/tpl_jinja.h"


typedef struct {
    const char              *name;
    tpl_int_t              (*parse)(tpl_jinja_t *j, tpl_nodes_t *body);
    tpl_uint_t               extension;     /* 0: always there */
} tpl_jinja_statement_t;


static tpl_int_t tpl_jinja_body(tpl_jinja_t *j, const char *const *ends,
    tpl_nodes_t *body);
static tpl_int_t tpl_jinja_body_parts(tpl_jinja_t *j, const char *const *ends,
    tpl_nodes_t *body);
static tpl_int_t tpl_jinja_statement(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_statements(tpl_jinja_t *j,
    const char *const *ends, tpl_uint_t drop, tpl_node_t **body);
static tpl_int_t tpl_jinja_lost(tpl_jinja_t *j, const tpl_token_t *tok,
    const char *const *ends);
static tpl_uint_t tpl_jinja_ends(const char *const *ends,
    const tpl_token_t *tok);
static void tpl_jinja_looking(tpl_buf_t *b, const char *const *ends);

static tpl_int_t tpl_jinja_for(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_if(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_if_chain(tpl_jinja_t *j, tpl_node_t *first);
static tpl_int_t tpl_jinja_block(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_block_once(tpl_jinja_t *j,
    const tpl_node_t *node);
static tpl_int_t tpl_jinja_macro(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_call(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_signature(tpl_jinja_t *j, tpl_node_t **params);
static tpl_int_t tpl_jinja_function(tpl_jinja_t *j, const char *const *ends,
    tpl_node_t **body);
static tpl_int_t tpl_jinja_scope(tpl_jinja_t *j, const char *const *ends,
    tpl_node_t **body);
static tpl_int_t tpl_jinja_filter(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_set(tpl_jinja_t *j, tpl_nodes_t *body);
static void tpl_jinja_loop_name(tpl_jinja_t *j, const tpl_node_t *target);
static tpl_int_t tpl_jinja_with(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_autoescape(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_print(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_output(tpl_jinja_t *j, tpl_nodes_t *body,
    tpl_node_t *expr);
static tpl_int_t tpl_jinja_do(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_jump(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_debug(tpl_jinja_t *j, tpl_nodes_t *body);
static tpl_int_t tpl_jinja_flush(tpl_jinja_t *j, tpl_nodes_t *body);


static const tpl_jinja_statement_t  tpl_jinja_statement_list[] = {
    { "for", tpl_jinja_for, 0 },
    { "if", tpl_jinja_if, 0 },
    { "block", tpl_jinja_block, 0 },
    { "extends", tpl_jinja_extends, 0 },
    { "print", tpl_jinja_print, 0 },
    { "macro", tpl_jinja_macro, 0 },
    { "include", tpl_jinja_include, 0 },
    { "from", tpl_jinja_from, 0 },
    { "import", tpl_jinja_import, 0 },
    { "set", tpl_jinja_set, 0 },
    { "with", tpl_jinja_with, 0 },
    { "autoescape", tpl_jinja_autoescape, 0 },
    { "call", tpl_jinja_call, 0 },
    { "filter", tpl_jinja_filter, 0 },
    { "do", tpl_jinja_do, TPL_EXT_DO },
    { "break", tpl_jinja_jump, TPL_EXT_LOOPCONTROLS },
    { "continue", tpl_jinja_jump, TPL_EXT_LOOPCONTROLS },
    { "trans", tpl_jinja_trans, TPL_EXT_I18N },
    { "debug", tpl_jinja_debug, TPL_EXT_DEBUG },
    { "flush", tpl_jinja_flush, 0 }
};


static const char *const  tpl_ends_for[] = { "endfor", "else", NULL };
static const char *const  tpl_ends_endfor[] = { "endfor", NULL };
static const char *const  tpl_ends_if[] = { "elif", "else", "endif", NULL };
static const char *const  tpl_ends_endif[] = { "endif", NULL };
static const char *const  tpl_ends_block[] = { "endblock", NULL };
static const char *const  tpl_ends_macro[] = { "endmacro", NULL };
static const char *const  tpl_ends_call[] = { "endcall", NULL };
static const char *const  tpl_ends_filter[] = { "endfilter", NULL };
static const char *const  tpl_ends_set[] = { "endset", NULL };
static const char *const  tpl_ends_with[] = { "endwith", NULL };
static const char *const  tpl_ends_autoescape[] = { "endautoescape", NULL };


tpl_int_t
tpl_jinja_parse(tpl_arena_t *arena, tpl_arena_t *work,
    const tpl_syntax_t *syntax, const tpl_source_t *source, tpl_tree_t *tree,
    tpl_error_t *err)
{
    tpl_uint_t     i;
    tpl_jinja_t   *j;
    tpl_nodes_t    body;
    tpl_parser_t  *p;

    memset(tree, 0, sizeof(tpl_tree_t));
    tree->source = source;

    j = tpl_pcalloc(work, sizeof(tpl_jinja_t));
    if (j == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    p = &j->parser;

    p->arena = arena;
    p->work = work;
    p->err = err;
    p->exc = TPL_EXC_SYNTAX;
    p->syntax = syntax;
    p->dialect = &tpl_dialect_jinja;
    p->scan = tpl_jinja_scan_next;
    p->scanner = &j->scan;

    for (i = 0; i < tpl_nelts(p->later); i++) {
        tpl_error_init(&p->later[i], arena);
    }

    if (tpl_jinja_scan_init(&j->scan, arena, syntax, source, err) != TPL_OK
        || tpl_parser_next(p) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_nodes_init(&body);

    if (tpl_jinja_body(j, NULL, &body) != TPL_OK) {
        return TPL_ERROR;
    }

    tree->body = body.first;

    return tpl_parser_finish(p);
}


/*
 * Jinja2: Parser.subparse().  Stops at the name of a tag of ends, the current
 * token then, or at the end of the template.
 */

static tpl_int_t
tpl_jinja_body(tpl_jinja_t *j, const char *const *ends, tpl_nodes_t *body)
{
    tpl_int_t         rc;
    tpl_jinja_end_t   end;

    if (tpl_parser_enter(&j->parser, "statement") != TPL_OK) {
        return TPL_ERROR;
    }

    end.names = ends;
    end.outer = j->ends;

    if (ends) {
        j->ends = &end;
    }

    rc = tpl_jinja_body_parts(j, ends, body);

    j->ends = end.outer;
    tpl_parser_leave(&j->parser);

    return rc;
}


static tpl_int_t
tpl_jinja_body_parts(tpl_jinja_t *j, const char *const *ends,
    tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &j->parser;

    for ( ;; ) {

        switch (p->token.type) {

        case TPL_TOKEN_EOF:
            return TPL_OK;

        case TPL_TOKEN_DATA:

            if (p->token.text.len) {

                node = tpl_parser_node(p, TPL_NODE_TEXT, &p->token.pos);
                if (node == NULL) {
                    return TPL_ERROR;
                }

                node->u.text = p->token.text;
                tpl_nodes_add(body, node);
            }

            rc = tpl_parser_next(p);
            break;

        case TPL_TOKEN_VARIABLE_BEGIN:

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            node = tpl_expr_tuple(p, 0);

            if (node == NULL || tpl_jinja_output(j, body, node) != TPL_OK) {
                return TPL_ERROR;
            }

            rc = tpl_parser_expect(p, TPL_TOKEN_VARIABLE_END);
            break;

        default:    /* TPL_TOKEN_BLOCK_BEGIN */

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            if (ends && tpl_jinja_ends(ends, &p->token)) {
                return TPL_OK;
            }

            if (tpl_jinja_statement(j, body) != TPL_OK) {
                return TPL_ERROR;
            }

            rc = tpl_parser_expect(p, TPL_TOKEN_BLOCK_END);
            break;
        }

        if (rc != TPL_OK) {
            return TPL_ERROR;
        }
    }
}


static tpl_int_t
tpl_jinja_statement(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_int_t                     rc;
    tpl_uint_t                    i;
    tpl_parser_t                 *p;
    tpl_jinja_tag_t               tag;
    const tpl_jinja_statement_t  *statement;

    p = &j->parser;

    if (p->token.type != TPL_TOKEN_NAME) {
        tpl_parser_fail(p, &p->token.pos, "tag name expected");
        return TPL_ERROR;
    }

    for (i = 0; i < tpl_nelts(tpl_jinja_statement_list); i++) {

        statement = &tpl_jinja_statement_list[i];

        if (!tpl_str_is(&p->token.text, statement->name)
            || (statement->extension
                && !(p->syntax->extensions & statement->extension)))
        {
            continue;
        }

        tag.name = p->token.text;
        tag.outer = j->tags;
        j->tags = &tag;

        rc = statement->parse(j, body);

        j->tags = tag.outer;

        return rc;
    }

    return tpl_jinja_lost(j, &p->token, NULL);
}


/*
 * Jinja2: Parser.parse_statements().  The rest of a tag and a body up to one of
 * ends, whose name stays the current token unless it is to be dropped.
 */

static tpl_int_t
tpl_jinja_statements(tpl_jinja_t *j, const char *const *ends,
    tpl_uint_t drop, tpl_node_t **first)
{
    tpl_nodes_t    body;
    tpl_parser_t  *p;

    p = &j->parser;

    if (tpl_parser_skip(p, TPL_TOKEN_COLON) == TPL_ERROR
        || tpl_parser_expect(p, TPL_TOKEN_BLOCK_END) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_nodes_init(&body);

    if (tpl_jinja_body(j, ends, &body) != TPL_OK) {
        return TPL_ERROR;
    }

    *first = body.first;

    if (p->token.type == TPL_TOKEN_EOF) {
        return tpl_jinja_lost(j, NULL, ends);
    }

    return drop ? tpl_parser_next(p) : TPL_OK;
}


/*
 * Jinja2: Parser._fail_ut_eof().  tok is an unknown tag, NULL at the end of the
 * template, where ends are those of the body that has no end.
 */

static tpl_int_t
tpl_jinja_lost(tpl_jinja_t *j, const tpl_token_t *tok,
    const char *const *ends)
{
    tpl_buf_t         b;
    tpl_uint_t        nested;
    tpl_parser_t     *p;
    tpl_jinja_end_t  *end;

    p = &j->parser;
    nested = 0;

    if (ends == NULL && j->ends) {
        ends = j->ends->names;
    }

    tpl_buf_init(&b, p->arena);

    if (tok) {
        tpl_buf_printf(&b, "Encountered unknown tag '%.*s'.",
                       tpl_str_arg(&tok->text));

        for (end = j->ends; end != NULL; end = end->outer) {
            nested |= tpl_jinja_ends(end->names, tok);
        }

    } else {
        tpl_buf_lit(&b, "Unexpected end of template.");
    }

    if (ends) {

        if (nested) {
            tpl_buf_lit(&b, " You probably made a nesting mistake. Jinja is "
                        "expecting this tag, but currently looking for ");

        } else {
            tpl_buf_lit(&b, " Jinja was looking for the following tags: ");
        }

        tpl_jinja_looking(&b, ends);
    }

    if (j->tags) {
        tpl_buf_printf(&b, " The innermost block that needs to be closed is "
                       "'%.*s'.", tpl_str_arg(&j->tags->name));
    }

    if (b.failed) {
        tpl_parser_memory(p);
        return TPL_ERROR;
    }

    tpl_parser_fail(p, &p->token.pos, "%.*s", (int) b.len, (char *) b.data);

    return TPL_ERROR;
}


static tpl_uint_t
tpl_jinja_ends(const char *const *ends, const tpl_token_t *tok)
{
    for ( /* void */ ; *ends; ends++) {

        if (tpl_token_is(tok, *ends)) {
            return 1;
        }
    }

    return 0;
}


/* 'a' or 'b'. */

static void
tpl_jinja_looking(tpl_buf_t *b, const char *const *ends)
{
    tpl_uint_t  i;

    for (i = 0; ends[i]; i++) {
        tpl_buf_printf(b, "%s'%s'", i ? " or " : "", ends[i]);
    }

    tpl_buf_char(b, '.');
}


tpl_node_t *
tpl_jinja_start(tpl_jinja_t *j, tpl_node_type_t type)
{
    tpl_node_t  *node;

    node = tpl_parser_node(&j->parser, type, &j->parser.token.pos);

    if (node == NULL || tpl_parser_next(&j->parser) != TPL_OK) {
        return NULL;
    }

    return node;
}


tpl_int_t
tpl_jinja_done(tpl_jinja_t *j, tpl_nodes_t *body, tpl_node_t *node,
    tpl_node_t *part1, tpl_node_t *part2, tpl_node_t *part3)
{
    tpl_parser_t  *p;

    p = &j->parser;

    if (tpl_parser_adopt(p, node, part1) == NULL
        || tpl_parser_adopt(p, node, part2) == NULL
        || tpl_parser_adopt(p, node, part3) == NULL)
    {
        return TPL_ERROR;
    }

    tpl_nodes_add(body, node);

    return TPL_OK;
}


static tpl_int_t
tpl_jinja_for(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_uint_t     loops, nested;
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &j->parser;
    loops = j->loops;
    nested = j->nested;

    j->fors++;
    j->nested = 1;

    node = tpl_jinja_start(j, TPL_NODE_FOR);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.loop.target = tpl_expr_target(p, 0);
    if (node->u.loop.target == NULL) {
        return TPL_ERROR;
    }

    tpl_jinja_loop_name(j, node->u.loop.target);

    if (tpl_parser_expect_name(p, "in") != TPL_OK) {
        return TPL_ERROR;
    }

    node->u.loop.iter = tpl_expr_tuple(p, TPL_TUPLE_NO_COND);
    if (node->u.loop.iter == NULL) {
        return TPL_ERROR;
    }

    rc = tpl_parser_skip_name(p, "if");

    if (rc == TPL_OK) {
        node->u.loop.test = tpl_expr_parse(p);

        if (node->u.loop.test == NULL) {
            return TPL_ERROR;
        }
    }

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    rc = tpl_parser_skip_name(p, "recursive");

    if (rc == TPL_OK) {
        node->flags |= TPL_NODE_F_RECURSIVE;
    }

    j->loops = 1;

    if (rc == TPL_ERROR
        || tpl_jinja_statements(j, tpl_ends_for, 0, &node->u.loop.body)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    /* in a recursive loop the body is a function, and so is its else */

    j->loops = (node->flags & TPL_NODE_F_RECURSIVE) ? 0 : loops;

    rc = tpl_parser_skip_name(p, "else");

    if (rc == TPL_DECLINED) {
        rc = tpl_parser_next(p);

    } else if (rc == TPL_OK) {
        rc = tpl_jinja_statements(j, tpl_ends_endfor, 1,
                                  &node->u.loop.orelse);
    }

    if (rc != TPL_OK
        || tpl_parser_adopt(p, node, node->u.loop.target) == NULL
        || tpl_parser_adopt(p, node, node->u.loop.iter) == NULL)
    {
        return TPL_ERROR;
    }

    j->loops = loops;
    j->nested = nested;
    j->fors--;

    return tpl_jinja_done(j, body, node, node->u.loop.test,
                          node->u.loop.body, node->u.loop.orelse);
}


static tpl_int_t
tpl_jinja_if(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_IF);

    if (node == NULL || tpl_jinja_if_chain(j, node) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_nodes_add(body, node);

    return TPL_OK;
}


/*
 * The conditions and bodies of an if.  Each elif is the orelse of the one
 * before, so that the n-th stands n levels below the first.
 */

static tpl_int_t
tpl_jinja_if_chain(tpl_jinja_t *j, tpl_node_t *first)
{
    tpl_pos_t      pos;
    tpl_uint_t     n, height;
    tpl_node_t    *node, *next;
    tpl_parser_t  *p;

    p = &j->parser;
    n = 0;
    height = 0;

    for (node = first; node != NULL; node = next) {

        next = NULL;

        node->u.cond.test = tpl_expr_tuple(p, TPL_TUPLE_NO_COND);

        if (node->u.cond.test == NULL
            || tpl_jinja_statements(j, tpl_ends_if, 0, &node->u.cond.body)
               != TPL_OK
            || tpl_parser_adopt(p, node, node->u.cond.test) == NULL
            || tpl_parser_adopt(p, node, node->u.cond.body) == NULL)
        {
            return TPL_ERROR;
        }

        pos = p->token.pos;

        if (tpl_token_is(&p->token, "elif")) {

            if (tpl_parser_next(p) != TPL_OK) {
                return TPL_ERROR;
            }

            /* marked: scopes treat an elif otherwise than an if in an else */

            next = tpl_parser_node(p, TPL_NODE_IF,
                                   tpl_parser_pos(&p->token.pos, &pos));
            if (next == NULL) {
                return TPL_ERROR;
            }

            next->flags |= TPL_NODE_F_ELIF;

        } else if (tpl_token_is(&p->token, "else")) {

            if (tpl_parser_next(p) != TPL_OK
                || tpl_jinja_statements(j, tpl_ends_endif, 1,
                                        &node->u.cond.orelse)
                   != TPL_OK
                || tpl_parser_adopt(p, node, node->u.cond.orelse) == NULL)
            {
                return TPL_ERROR;
            }

        } else if (tpl_parser_next(p) != TPL_OK) {
            return TPL_ERROR;
        }

        height = tpl_max(height, n + node->height);
        n++;

        if (height > TPL_TREE_MAX_HEIGHT) {
            tpl_parser_fail(p, &node->pos, "statement is nested too deeply");
            return TPL_ERROR;
        }

        if (next) {
            node->u.cond.orelse = next;
        }
    }

    first->height = height;

    return TPL_OK;
}


static tpl_int_t
tpl_jinja_block(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_uint_t     loops, nested;
    tpl_node_t    *node, *child;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_BLOCK);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_name_set(&node->u.block.name, &p->token.text);

    if (tpl_parser_expect(p, TPL_TOKEN_NAME) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_parser_skip_name(p, "scoped");

    if (rc == TPL_OK) {
        node->flags |= TPL_NODE_F_SCOPED;
    }

    if (rc != TPL_ERROR) {
        rc = tpl_parser_skip_name(p, "required");

        if (rc == TPL_OK) {
            node->flags |= TPL_NODE_F_REQUIRED;
        }
    }

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (p->token.type == TPL_TOKEN_SUB) {
        tpl_parser_fail(p, &p->token.pos,
                        "Block names in Jinja have to be valid Python "
                        "identifiers and may not contain hyphens, use an "
                        "underscore instead.");
        return TPL_ERROR;
    }

    if (tpl_jinja_block_once(j, node) != TPL_OK) {
        return TPL_ERROR;
    }

    loops = j->loops;
    nested = j->nested;
    j->loops = 0;
    j->nested = 1;

    if (tpl_jinja_statements(j, tpl_ends_block, 1, &node->u.block.body)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    j->loops = loops;
    j->nested = nested;

    if (node->flags & TPL_NODE_F_REQUIRED) {

        for (child = node->u.block.body; child; child = child->next) {

            if (child->type != TPL_NODE_TEXT
                || tpl_text_skip(child->u.text.data,
                                 child->u.text.data + child->u.text.len)
                   != child->u.text.data + child->u.text.len)
            {
                tpl_parser_fail(p, &p->token.pos, "Required blocks can only "
                                "contain comments or whitespace");
                return TPL_ERROR;
            }
        }
    }

    if (p->token.type == TPL_TOKEN_NAME
        && tpl_str_eq(&p->token.text, &node->u.block.name.str)
        && tpl_parser_next(p) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.block.body, NULL, NULL);
}


static tpl_int_t
tpl_jinja_block_once(tpl_jinja_t *j, const tpl_node_t *node)
{
    tpl_jinja_name_t  *block;

    for (block = j->blocks; block != NULL; block = block->next) {

        if (block->name.hash == node->u.block.name.hash
            && tpl_str_eq(&block->name.str, &node->u.block.name.str))
        {
            tpl_parser_later(&j->parser, TPL_LATER_BLOCKS,
                             TPL_EXC_ASSERTION, &node->pos,
                             "block '%.*s' defined twice",
                             tpl_str_arg(&block->name.str));
            return TPL_OK;
        }
    }

    block = tpl_palloc(j->parser.work, sizeof(tpl_jinja_name_t));
    if (block == NULL) {
        tpl_parser_memory(&j->parser);
        return TPL_ERROR;
    }

    block->name = node->u.block.name;
    block->next = j->blocks;
    j->blocks = block;

    return TPL_OK;
}


static tpl_int_t
tpl_jinja_macro(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t    *node, *target;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_MACRO);
    if (node == NULL) {
        return TPL_ERROR;
    }

    target = tpl_expr_target_name(p);
    if (target == NULL) {
        return TPL_ERROR;
    }

    node->u.macro.name = target->u.name;

    if (tpl_jinja_signature(j, &node->u.macro.params) != TPL_OK
        || tpl_jinja_function(j, tpl_ends_macro, &node->u.macro.body)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.macro.params,
                          node->u.macro.body, NULL);
}


static tpl_int_t
tpl_jinja_call(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_CALL_BLOCK);
    if (node == NULL) {
        return TPL_ERROR;
    }

    if (p->token.type == TPL_TOKEN_LPAREN
        && tpl_jinja_signature(j, &node->u.macro.params) != TPL_OK)
    {
        return TPL_ERROR;
    }

    node->u.macro.call = tpl_expr_parse(p);
    if (node->u.macro.call == NULL) {
        return TPL_ERROR;
    }

    if (node->u.macro.call->type != TPL_NODE_CALL) {
        tpl_parser_fail(p, &node->pos, "expected call");
        return TPL_ERROR;
    }

    if (tpl_jinja_function(j, tpl_ends_call, &node->u.macro.body) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.macro.params,
                          node->u.macro.body, node->u.macro.call);
}


/* (a, b=default) of a macro or call block */

static tpl_int_t
tpl_jinja_signature(tpl_jinja_t *j, tpl_node_t **params)
{
    tpl_int_t          rc;
    tpl_uint_t         defaults;
    tpl_node_t        *target, *node, *value;
    tpl_nodes_t        list;
    tpl_parser_t      *p;
    const tpl_node_t  *other;

    p = &j->parser;
    defaults = 0;

    tpl_nodes_init(&list);

    if (tpl_parser_expect(p, TPL_TOKEN_LPAREN) != TPL_OK) {
        return TPL_ERROR;
    }

    while (p->token.type != TPL_TOKEN_RPAREN) {

        if (list.first && tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
            return TPL_ERROR;
        }

        target = tpl_expr_target_name(p);
        if (target == NULL) {
            return TPL_ERROR;
        }

        value = NULL;

        rc = tpl_parser_skip(p, TPL_TOKEN_ASSIGN);

        if (rc == TPL_ERROR) {
            return TPL_ERROR;
        }

        if (rc == TPL_OK) {
            defaults = 1;

            value = tpl_expr_parse(p);
            if (value == NULL) {
                return TPL_ERROR;
            }

        } else if (defaults) {
            tpl_parser_fail(p, &p->token.pos,
                            "non-default argument follows default argument");
            return TPL_ERROR;
        }

        for (other = list.first; other != NULL; other = other->next) {

            if (tpl_str_eq(&other->u.keyword.name.str,
                           &target->u.name.str))
            {
                tpl_parser_later(p, TPL_LATER_PYTHON, p->exc, &target->pos,
                                 "duplicate argument '%.*s' in function "
                                 "definition",
                                 tpl_str_arg(&target->u.name.str));
            }
        }

        node = tpl_expr_keyword_node(p, TPL_NODE_PARAM, &target->pos,
                                     &target->u.name.str, value);
        if (node == NULL) {
            return TPL_ERROR;
        }

        tpl_nodes_add(&list, node);
    }

    *params = list.first;

    return tpl_parser_next(p);
}


/* a body that runs on its own: no loop is around it, no extends in it */

static tpl_int_t
tpl_jinja_function(tpl_jinja_t *j, const char *const *ends,
    tpl_node_t **body)
{
    tpl_int_t   rc;
    tpl_uint_t  loops;

    loops = j->loops;
    j->loops = 0;

    rc = tpl_jinja_scope(j, ends, body);

    j->loops = loops;

    return rc;
}


static tpl_int_t
tpl_jinja_scope(tpl_jinja_t *j, const char *const *ends, tpl_node_t **body)
{
    tpl_int_t   rc;
    tpl_uint_t  nested;

    nested = j->nested;
    j->nested = 1;

    rc = tpl_jinja_statements(j, ends, 1, body);

    j->nested = nested;

    return rc;
}


static tpl_int_t
tpl_jinja_filter(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_FILTER_BLOCK);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.set.filter = tpl_expr_filters(&j->parser, NULL, 1);

    if (node->u.set.filter == NULL
        || tpl_jinja_scope(j, tpl_ends_filter, &node->u.set.body) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.set.filter,
                          node->u.set.body, NULL);
}


/* set targets = value, or set target | filter and a body */

static tpl_int_t
tpl_jinja_set(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_int_t      rc;
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_SET);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.set.target = tpl_expr_target(p, TPL_TUPLE_NSREF);
    if (node->u.set.target == NULL) {
        return TPL_ERROR;
    }

    tpl_jinja_loop_name(j, node->u.set.target);

    rc = tpl_parser_skip(p, TPL_TOKEN_ASSIGN);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (rc == TPL_OK) {

        node->u.set.value = tpl_expr_tuple(p, 0);
        if (node->u.set.value == NULL) {
            return TPL_ERROR;
        }

    } else {
        node->type = TPL_NODE_SET_BLOCK;

        if (p->token.type == TPL_TOKEN_PIPE) {

            node->u.set.filter = tpl_expr_filters(p, NULL, 0);
            if (node->u.set.filter == NULL) {
                return TPL_ERROR;
            }
        }

        if (tpl_jinja_scope(j, tpl_ends_set, &node->u.set.body) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_parser_adopt(p, node, node->u.set.filter) == NULL) {
            return TPL_ERROR;
        }
    }

    return tpl_jinja_done(j, body, node, node->u.set.target,
                          node->u.set.value, node->u.set.body);
}


/* the variable of the loop itself cannot be set inside of one */

static void
tpl_jinja_loop_name(tpl_jinja_t *j, const tpl_node_t *target)
{
    if (j->fors == 0) {
        return;
    }

    if (target->type == TPL_NODE_TUPLE) {

        for (target = target->u.items.items; target; target = target->next)
        {
            tpl_jinja_loop_name(j, target);
        }

        return;
    }

    if (target->type == TPL_NODE_NAME
        && tpl_str_is(&target->u.name.str, "loop"))
    {
        tpl_parser_later(&j->parser, TPL_LATER_COMPILER, TPL_EXC_ASSERTION,
                         &target->pos, "Can't assign to special loop "
                         "variable in for-loop target");
    }
}


static tpl_int_t
tpl_jinja_with(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t    *node, *target, *value;
    tpl_nodes_t    targets, values;
    tpl_parser_t  *p;

    p = &j->parser;

    node = tpl_jinja_start(j, TPL_NODE_WITH);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_init(&targets);
    tpl_nodes_init(&values);

    while (p->token.type != TPL_TOKEN_BLOCK_END) {

        if (targets.first
            && tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK)
        {
            return TPL_ERROR;
        }

        target = tpl_expr_target(p, 0);

        if (target == NULL
            || tpl_parser_expect(p, TPL_TOKEN_ASSIGN) != TPL_OK)
        {
            return TPL_ERROR;
        }

        value = tpl_expr_parse(p);
        if (value == NULL) {
            return TPL_ERROR;
        }

        tpl_nodes_add(&targets, target);
        tpl_nodes_add(&values, value);
    }

    node->u.with.targets = targets.first;
    node->u.with.values = values.first;

    if (tpl_jinja_scope(j, tpl_ends_with, &node->u.with.body) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.with.targets,
                          node->u.with.values, node->u.with.body);
}


static tpl_int_t
tpl_jinja_autoescape(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_AUTOESCAPE);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.with.values = tpl_expr_parse(&j->parser);

    if (node->u.with.values == NULL
        || tpl_jinja_scope(j, tpl_ends_autoescape, &node->u.with.body)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.with.values,
                          node->u.with.body, NULL);
}


static tpl_int_t
tpl_jinja_print(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_uint_t     n;
    tpl_node_t    *expr;
    tpl_parser_t  *p;

    p = &j->parser;

    if (tpl_parser_next(p) != TPL_OK) {
        return TPL_ERROR;
    }

    for (n = 0; p->token.type != TPL_TOKEN_BLOCK_END; n++) {

        if (n && tpl_parser_expect(p, TPL_TOKEN_COMMA) != TPL_OK) {
            return TPL_ERROR;
        }

        expr = tpl_expr_parse(p);

        if (expr == NULL || tpl_jinja_output(j, body, expr) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_jinja_output(tpl_jinja_t *j, tpl_nodes_t *body, tpl_node_t *expr)
{
    tpl_node_t  *node;

    node = tpl_parser_node(&j->parser, TPL_NODE_OUTPUT, &expr->pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.output.expr = expr;

    return tpl_jinja_done(j, body, node, expr, NULL, NULL);
}


static tpl_int_t
tpl_jinja_do(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_DO);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.unary.expr = tpl_expr_tuple(&j->parser, 0);
    if (node->u.unary.expr == NULL) {
        return TPL_ERROR;
    }

    return tpl_jinja_done(j, body, node, node->u.unary.expr, NULL, NULL);
}


static tpl_int_t
tpl_jinja_jump(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_uint_t   leave;
    tpl_node_t  *node;

    leave = tpl_token_is(&j->parser.token, "break");

    node = tpl_jinja_start(j, leave ? TPL_NODE_BREAK : TPL_NODE_CONTINUE);
    if (node == NULL) {
        return TPL_ERROR;
    }

    if (j->loops == 0) {
        tpl_parser_later(&j->parser, TPL_LATER_PYTHON, TPL_EXC_SYNTAX,
                         &node->pos, leave ? "'break' outside loop"
                                     : "'continue' not properly in loop");
    }

    return tpl_jinja_done(j, body, node, NULL, NULL, NULL);
}


static tpl_int_t
tpl_jinja_debug(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_DEBUG);

    return node ? tpl_jinja_done(j, body, node, NULL, NULL, NULL)
                : TPL_ERROR;
}


/* not Jinja2's: the page so far may go to the client */

static tpl_int_t
tpl_jinja_flush(tpl_jinja_t *j, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_jinja_start(j, TPL_NODE_FLUSH);

    return node ? tpl_jinja_done(j, body, node, NULL, NULL, NULL)
                : TPL_ERROR;
}
