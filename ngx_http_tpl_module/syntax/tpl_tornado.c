
/*
 * Tornado templates: the reader of tornado/template.py, and its directives,
 * whose expressions and statements are Python's.
 *
 * The reader looks for braces and ends of tags as Tornado does, without regard
 * for strings.  Where Tornado leaves the sense of a tag to the Python compiler
 * (an else after an else, two starred targets) the error comes from here, at
 * the tag.
 */

#include "syntax/tpl_tornado.h"
#include "base/tpl_utf8.h"


typedef tpl_int_t (*tpl_tornado_pt)(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);


typedef struct {
    const char              *name;
    tpl_tornado_pt           parse;
} tpl_tornado_directive_t;


static tpl_int_t tpl_tornado_scan(void *scanner, tpl_token_t *tok);
static tpl_uint_t tpl_tornado_whitespace_of(const tpl_source_t *source);
static tpl_int_t tpl_tornado_body(tpl_tornado_t *t, const tpl_place_t *place,
    tpl_tag_t *end, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_next(tpl_tornado_t *t, const tpl_place_t *place,
    tpl_tag_t *end, tpl_nodes_t *body);
static const tpl_char_t *tpl_tornado_find(tpl_tornado_t *t);
static tpl_int_t tpl_tornado_text(tpl_tornado_t *t, const tpl_char_t *p,
    const tpl_char_t *last, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_filter(tpl_tornado_t *t, tpl_str_t *text);
static tpl_int_t tpl_tornado_expression(tpl_tornado_t *t,
    const tpl_pos_t *pos, const tpl_str_t *s, tpl_uint_t raw,
    tpl_nodes_t *body);
static tpl_int_t tpl_tornado_tag(tpl_tornado_t *t, const tpl_place_t *place,
    tpl_tag_t *tag, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_middle(tpl_tornado_t *t,
    const tpl_place_t *place, const tpl_tag_t *tag);

static tpl_int_t tpl_tornado_if(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_for(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_while(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_loop(tpl_tornado_t *t, const tpl_place_t *place,
    const char *block, tpl_node_t *node);
static tpl_int_t tpl_tornado_try(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_except(tpl_tornado_t *t, const tpl_tag_t *tag,
    tpl_node_t **handler, tpl_node_t **branch);
static tpl_int_t tpl_tornado_apply(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_block(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_jump(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_comment(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_extends(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_include(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_file(tpl_tornado_t *t, tpl_node_type_t type,
    const tpl_tag_t *tag, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_autoescape(tpl_tornado_t *t,
    const tpl_tag_t *tag, const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_whitespace(tpl_tornado_t *t,
    const tpl_tag_t *tag, const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_raw(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_uint_t tpl_tornado_own_module(const tpl_node_t *expr);
static tpl_int_t tpl_tornado_module(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);
static tpl_int_t tpl_tornado_flush(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body);

static tpl_int_t tpl_tornado_bare(tpl_tornado_t *t, const tpl_tag_t *tag);
static tpl_node_t *tpl_tornado_test(tpl_tornado_t *t, const tpl_str_t *s);
static tpl_str_t tpl_tornado_strip(const tpl_char_t *p,
    const tpl_char_t *last);
static void tpl_tornado_unquote(tpl_str_t *s, tpl_char_t quote);


static const tpl_tornado_directive_t  tpl_tornado_directives[] = {
    { "if", tpl_tornado_if },
    { "for", tpl_tornado_for },
    { "while", tpl_tornado_while },
    { "try", tpl_tornado_try },
    { "apply", tpl_tornado_apply },
    { "block", tpl_tornado_block },
    { "break", tpl_tornado_jump },
    { "continue", tpl_tornado_jump },
    { "comment", tpl_tornado_comment },
    { "extends", tpl_tornado_extends },
    { "include", tpl_tornado_include },
    { "set", tpl_tornado_set },
    { "import", tpl_tornado_import },
    { "from", tpl_tornado_import },
    { "autoescape", tpl_tornado_autoescape },
    { "whitespace", tpl_tornado_whitespace },
    { "raw", tpl_tornado_raw },
    { "module", tpl_tornado_module },
    { "flush", tpl_tornado_flush }
};


tpl_int_t
tpl_tornado_parse(tpl_arena_t *arena, tpl_arena_t *work,
    const tpl_syntax_t *syntax, const tpl_source_t *source, tpl_tree_t *tree,
    tpl_error_t *err)
{
    size_t          n;
    tpl_pos_t       pos;
    tpl_tag_t       end;
    tpl_uint_t      i;
    tpl_place_t     place;
    tpl_nodes_t     body;
    tpl_parser_t   *p;
    tpl_tornado_t  *t;

    memset(tree, 0, sizeof(tpl_tree_t));
    tree->source = source;
    tpl_name_set(&tree->escape, &syntax->escape);

    n = tpl_utf8_check(source->text.data, source->text.len);

    if (n < source->text.len) {
        tpl_source_pos(source, n, &pos);

        return tpl_error_set(err, TPL_EXC_PARSE, &pos,
                             "the template is not well-formed UTF-8");
    }

    t = tpl_pcalloc(work, sizeof(tpl_tornado_t));
    if (t == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    p = &t->parser;

    p->arena = arena;
    p->work = work;
    p->err = err;
    p->exc = TPL_EXC_PARSE;
    p->syntax = syntax;
    p->dialect = &tpl_dialect_python;
    p->scan = tpl_tornado_scan;
    p->scanner = &t->lexer;

    for (i = 0; i < tpl_nelts(p->later); i++) {
        tpl_error_init(&p->later[i], arena);
    }

    tpl_lexer_init(&t->lexer, arena, source, &source->text, err,
                   TPL_EXC_PARSE);

    t->p = t->lexer.p;
    t->last = t->lexer.last;
    t->tree = tree;
    t->whitespace = syntax->whitespace;

    if (t->whitespace == TPL_WS_DEFAULT) {
        t->whitespace = tpl_tornado_whitespace_of(source);
    }

    memset(&place, 0, sizeof(tpl_place_t));
    tpl_nodes_init(&body);

    if (tpl_tornado_body(t, &place, &end, &body) != TPL_OK) {
        return TPL_ERROR;
    }

    tree->body = body.first;

    return tpl_parser_finish(p);
}


static tpl_int_t
tpl_tornado_scan(void *scanner, tpl_token_t *tok)
{
    return tpl_lexer_python(scanner, tok);
}


/* .html and .js are squeezed, of other files every blank may matter */

static tpl_uint_t
tpl_tornado_whitespace_of(const tpl_source_t *source)
{
    size_t             n;
    const tpl_char_t  *end;

    n = source->name.len;
    end = source->name.data + n;

    if ((n >= 5 && memcmp(end - 5, ".html", 5) == 0)
        || (n >= 3 && memcmp(end - 3, ".js", 3) == 0))
    {
        return TPL_WS_SINGLE;
    }

    return TPL_WS_ALL;
}


/*
 * Up to the tag that ends or divides the body, which goes to *end, or to the
 * end of the text.
 */

static tpl_int_t
tpl_tornado_body(tpl_tornado_t *t, const tpl_place_t *place, tpl_tag_t *end,
    tpl_nodes_t *body)
{
    tpl_int_t  rc;

    tpl_lexer_pos(&t->lexer, t->p, &t->parser.token.pos);

    if (tpl_parser_enter(&t->parser, "statement") != TPL_OK) {
        return TPL_ERROR;
    }

    do {
        rc = tpl_tornado_next(t, place, end, body);

    } while (rc == TPL_OK);

    tpl_parser_leave(&t->parser);

    return (rc == TPL_DONE) ? TPL_OK : rc;
}


/* text and one tag; TPL_DONE if that is the end of the body */

static tpl_int_t
tpl_tornado_next(tpl_tornado_t *t, const tpl_place_t *place, tpl_tag_t *end,
    tpl_nodes_t *body)
{
    size_t             n;
    tpl_str_t          s, needle;
    tpl_pos_t          pos;
    tpl_char_t         kind;
    const char        *what;
    const tpl_char_t  *brace;

    brace = tpl_tornado_find(t);

    if (brace == NULL) {

        if (place->block) {
            return tpl_tornado_fail(t, "Missing {%% end %%} block for %s",
                                    place->block);
        }

        brace = t->p;
        t->p = t->last;

        if (tpl_tornado_text(t, brace, t->last, body) != TPL_OK) {
            return TPL_ERROR;
        }

        return TPL_DONE;
    }

    if (tpl_tornado_text(t, t->p, brace, body) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_lexer_pos(&t->lexer, brace, &pos);

    kind = brace[1];
    t->p = brace + 2;

    if (t->p < t->last && *t->p == '!') {
        t->p++;
        return tpl_tornado_text(t, brace, brace + 2, body);
    }

    switch (kind) {

    case '#':
        tpl_str_set(&needle, "#}");
        what = "comment";
        break;

    case '{':
        tpl_str_set(&needle, "}}");
        what = "expression";
        break;

    default:
        tpl_str_set(&needle, "%}");
        what = "block";
        break;
    }

    s.data = (tpl_char_t *) t->p;
    s.len = t->last - t->p;

    n = tpl_str_find(&s, &needle, 0);

    if ((ssize_t) n < 0) {
        return tpl_tornado_fail(t, "Missing end %s %s", what,
                                (char *) needle.data);
    }

    t->p += n + 2;

    s = tpl_tornado_strip(s.data, s.data + n);

    if (kind == '#') {
        return TPL_OK;
    }

    if (kind == '{') {

        if (s.len == 0) {
            return tpl_tornado_fail(t, "Empty expression");
        }

        return tpl_tornado_expression(t, &pos, &s, 0, body);
    }

    if (s.len == 0) {
        return tpl_tornado_fail(t, "Empty block tag ({%% %%})");
    }

    end->pos = pos;
    end->contents = s;

    return tpl_tornado_tag(t, place, end, body);
}


/*
 * The braces of the next tag; of more than two curly ones in a row the last two
 * count.  A brace at the very end is text, and so is everything before it.
 */

static const tpl_char_t *
tpl_tornado_find(tpl_tornado_t *t)
{
    const tpl_char_t  *p, *last;

    last = t->last;

    for (p = t->p; p < last; p++) {

        p = memchr(p, '{', last - p);

        if (p == NULL || last - p == 1) {
            return NULL;
        }

        if (p[1] != '{' && p[1] != '%' && p[1] != '#') {
            continue;
        }

        if (last - p > 2 && p[1] == '{' && p[2] == '{') {
            continue;
        }

        return p;
    }

    return NULL;
}


static tpl_int_t
tpl_tornado_text(tpl_tornado_t *t, const tpl_char_t *p,
    const tpl_char_t *last, tpl_nodes_t *body)
{
    tpl_pos_t    pos;
    tpl_str_t    text, pre;
    tpl_node_t  *node;

    text.data = (tpl_char_t *) p;
    text.len = last - p;

    if (text.len == 0) {
        return TPL_OK;
    }

    tpl_str_set(&pre, "<pre>");

    if (t->whitespace != TPL_WS_ALL && tpl_str_find(&text, &pre, 0) < 0
        && tpl_tornado_filter(t, &text) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_lexer_pos(&t->lexer, p, &pos);

    node = tpl_parser_node(&t->parser, TPL_NODE_TEXT, &pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.text = text;
    tpl_nodes_add(body, node);

    return TPL_OK;
}


/*
 * Tornado: filter_whitespace().  In mode single a run of white space with a
 * line end in it becomes one line end, of others the spaces and tabs are
 * squeezed; in mode oneline any run becomes a space.
 */

static tpl_int_t
tpl_tornado_filter(tpl_tornado_t *t, tpl_str_t *text)
{
    tpl_buf_t          b;
    tpl_char_t         c;
    const tpl_char_t  *p, *q, *end, *start, *last;

    p = text->data;
    last = p + text->len;
    start = p;          /* what is not written yet */
    end = p;            /* of the run that p is in */
    c = ' ';

    tpl_buf_init(&b, t->parser.work);

    while (p < last) {

        if (p >= end) {
            end = tpl_text_skip(p, last);

            if (end == p) {
                p++;
                continue;
            }

            c = (t->whitespace == TPL_WS_SINGLE && memchr(p, '\n', end - p))
                ? '\n' : ' ';
        }

        q = end;

        if (t->whitespace == TPL_WS_SINGLE && c == ' ') {

            for (q = p; q < end && (*q == ' ' || *q == '\t'); q++) {
                /* void */
            }

            if (q == p) {
                p += tpl_text_space(p, last);
                continue;
            }
        }

        if (q - p != 1 || *p != c) {
            tpl_buf_add(&b, start, p - start);
            tpl_buf_char(&b, c);
            start = q;
        }

        p = q;
    }

    if (start == text->data) {
        return TPL_OK;
    }

    tpl_buf_add(&b, start, last - start);

    if (b.failed) {
        tpl_parser_memory(&t->parser);
        return TPL_ERROR;
    }

    text->data = b.data;
    text->len = b.len;

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_expression(tpl_tornado_t *t, const tpl_pos_t *pos,
    const tpl_str_t *s, tpl_uint_t raw, tpl_nodes_t *body)
{
    tpl_node_t    *node, *expr;
    tpl_parser_t  *p;

    p = &t->parser;

    if (tpl_tornado_head(t, s) != TPL_OK) {
        return TPL_ERROR;
    }

    expr = tpl_expr_python_list(p);

    /* a semicolon does no harm in the code that Tornado makes of this */

    if (expr == NULL
        || tpl_parser_skip(p, TPL_TOKEN_SEMICOLON) == TPL_ERROR
        || tpl_tornado_head_end(t) != TPL_OK)
    {
        return TPL_ERROR;
    }

    node = tpl_parser_node(p, TPL_NODE_OUTPUT,
                           tpl_parser_pos(pos, &expr->pos));
    if (node == NULL) {
        return TPL_ERROR;
    }

    if (raw) {
        node->flags |= TPL_NODE_F_RAW;
    }

    node->u.output.expr = expr;

    return tpl_tornado_add(t, body, node, expr, NULL, NULL);
}


/* a {% tag %}; its contents and place are set */

static tpl_int_t
tpl_tornado_tag(tpl_tornado_t *t, const tpl_place_t *place, tpl_tag_t *tag,
    tpl_nodes_t *body)
{
    tpl_buf_t           b;
    tpl_int_t           rc;
    tpl_uint_t          i;
    const tpl_char_t   *p, *space, *last;

    p = tag->contents.data;
    last = p + tag->contents.len;

    space = memchr(p, ' ', last - p);

    tag->name.data = (tpl_char_t *) p;
    tag->name.len = (space ? space : last) - p;
    tag->suffix = tpl_tornado_strip(space ? space : last, last);

    rc = tpl_tornado_middle(t, place, tag);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    for (i = 0; i < tpl_nelts(tpl_tornado_directives); i++) {

        if (tpl_str_is(&tag->name, tpl_tornado_directives[i].name)) {
            return tpl_tornado_directives[i].parse(t, tag, place, body);
        }
    }

    tpl_buf_init(&b, t->parser.arena);

    if (tpl_lexer_repr(&b, &tag->name) != TPL_OK) {
        tpl_parser_memory(&t->parser);
        return TPL_ERROR;
    }

    return tpl_tornado_fail(t, "unknown operator: %.*s", (int) b.len,
                            (char *) b.data);
}


/*
 * TPL_DONE: a tag that ends or divides the body; TPL_DECLINED: another one.
 */

static tpl_int_t
tpl_tornado_middle(tpl_tornado_t *t, const tpl_place_t *place,
    const tpl_tag_t *tag)
{
    tpl_uint_t  i, j;

    static const struct {
        const char  *name;
        const char  *set;
        const char  *parents[5];
    } middles[] = {
        { "else", "{'if', 'for', 'while', 'try'}",
          { "if", "for", "while", "try", NULL } },
        { "elif", "{'if'}", { "if", NULL } },
        { "except", "{'try'}", { "try", NULL } },
        { "finally", "{'try'}", { "try", NULL } }
    };

    if (tpl_str_is(&tag->name, "end")) {
        return place->block ? TPL_DONE
                            : tpl_tornado_fail(t, "Extra {%% end %%} block");
    }

    for (i = 0; i < tpl_nelts(middles); i++) {

        if (!tpl_str_is(&tag->name, middles[i].name)) {
            continue;
        }

        if (place->block == NULL) {
            return tpl_tornado_fail(t, "%s outside %s block",
                                    middles[i].name, middles[i].set);
        }

        for (j = 0; middles[i].parents[j]; j++) {

            if (strcmp(middles[i].parents[j], place->block) == 0) {
                return TPL_DONE;
            }
        }

        return tpl_tornado_fail(t, "%s block cannot be attached to %s block",
                                middles[i].name, place->block);
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_tornado_if(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_tag_t      end;
    tpl_uint_t     n, height;
    tpl_node_t    *first, *node, *next;
    tpl_nodes_t    list;
    tpl_place_t    inner;
    tpl_parser_t  *p;

    p = &t->parser;
    inner = *place;
    inner.block = "if";
    n = 0;
    height = 0;
    end = *tag;

    first = tpl_parser_node(p, TPL_NODE_IF, &tag->pos);
    if (first == NULL) {
        return TPL_ERROR;
    }

    for (node = first; node != NULL; node = next) {

        next = NULL;

        node->u.cond.test = tpl_tornado_test(t, &end.suffix);
        if (node->u.cond.test == NULL) {
            return TPL_ERROR;
        }

        tpl_nodes_init(&list);

        if (tpl_tornado_body(t, &inner, &end, &list) != TPL_OK
            || tpl_parser_adopt(p, node, node->u.cond.test) == NULL
            || tpl_parser_adopt(p, node, list.first) == NULL)
        {
            return TPL_ERROR;
        }

        node->u.cond.body = list.first;

        if (tpl_str_is(&end.name, "elif")) {

            next = tpl_parser_node(p, TPL_NODE_IF, &end.pos);
            if (next == NULL) {
                return TPL_ERROR;
            }

        } else if (tpl_str_is(&end.name, "else")) {

            if (tpl_tornado_bare(t, &end) != TPL_OK) {
                return TPL_ERROR;
            }

            tpl_nodes_init(&list);

            if (tpl_tornado_body(t, &inner, &end, &list) != TPL_OK
                || tpl_parser_adopt(p, node, list.first) == NULL)
            {
                return TPL_ERROR;
            }

            node->u.cond.orelse = list.first;

            if (!tpl_str_is(&end.name, "end")) {
                tpl_parser_fail(p, &end.pos, "unexpected '%.*s' after 'else'",
                                tpl_str_arg(&end.name));
                return TPL_ERROR;
            }
        }

        /* an elif stands one level below the if before it */

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
    tpl_nodes_add(body, first);

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_for(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &t->parser;

    node = tpl_parser_node(p, TPL_NODE_FOR, &tag->pos);

    if (node == NULL || tpl_tornado_head(t, &tag->suffix) != TPL_OK) {
        return TPL_ERROR;
    }

    node->u.loop.target = tpl_expr_python_targets(p);

    if (node->u.loop.target == NULL
        || tpl_parser_expect_name(p, "in") != TPL_OK)
    {
        return TPL_ERROR;
    }

    node->u.loop.iter = tpl_expr_python_list(p);

    if (node->u.loop.iter == NULL || tpl_tornado_head_end(t) != TPL_OK
        || tpl_tornado_loop(t, place, "for", node) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_tornado_add(t, body, node, node->u.loop.target,
                           node->u.loop.iter, NULL);
}


static tpl_int_t
tpl_tornado_while(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    node = tpl_parser_node(&t->parser, TPL_NODE_WHILE, &tag->pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    node->u.loop.test = tpl_tornado_test(t, &tag->suffix);

    if (node->u.loop.test == NULL
        || tpl_tornado_loop(t, place, "while", node) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_tornado_add(t, body, node, node->u.loop.test, NULL, NULL);
}


/* the bodies of a loop */

static tpl_int_t
tpl_tornado_loop(tpl_tornado_t *t, const tpl_place_t *place,
    const char *block, tpl_node_t *node)
{
    tpl_tag_t      end;
    tpl_nodes_t    list;
    tpl_place_t    inner;
    tpl_parser_t  *p;

    p = &t->parser;

    inner.block = block;
    inner.loop = 1;
    inner.breaks = 1;

    tpl_nodes_init(&list);

    if (tpl_tornado_body(t, &inner, &end, &list) != TPL_OK
        || tpl_parser_adopt(p, node, list.first) == NULL)
    {
        return TPL_ERROR;
    }

    node->u.loop.body = list.first;

    if (!tpl_str_is(&end.name, "else")) {
        return TPL_OK;
    }

    /* Tornado lets a break pass there, Python only that of a loop around */

    inner.breaks = place->breaks;
    tpl_nodes_init(&list);

    if (tpl_tornado_bare(t, &end) != TPL_OK
        || tpl_tornado_body(t, &inner, &end, &list) != TPL_OK
        || tpl_parser_adopt(p, node, list.first) == NULL)
    {
        return TPL_ERROR;
    }

    node->u.loop.orelse = list.first;

    if (!tpl_str_is(&end.name, "end")) {
        tpl_parser_fail(p, &end.pos, "unexpected '%.*s' after 'else'",
                        tpl_str_arg(&end.name));
        return TPL_ERROR;
    }

    return TPL_OK;
}


/* try, except ..., else, finally: each once and in this order but except */

static tpl_int_t
tpl_tornado_try(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_tag_t      end;
    tpl_uint_t     bare, step;
    tpl_node_t    *node, *handler, *branch;
    tpl_nodes_t    list, handlers;
    tpl_place_t    inner;
    tpl_parser_t  *p;

    enum { in_body = 0, in_except, in_else, in_finally };

    p = &t->parser;
    inner = *place;
    inner.block = "try";
    step = in_body;
    bare = 0;
    handler = NULL;
    branch = NULL;

    node = tpl_parser_node(p, TPL_NODE_TRY, &tag->pos);

    if (node == NULL || tpl_tornado_bare(t, tag) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_nodes_init(&handlers);

    for ( ;; ) {

        tpl_nodes_init(&list);

        if (tpl_tornado_body(t, &inner, &end, &list) != TPL_OK) {
            return TPL_ERROR;
        }

        switch (step) {

        case in_body:
            node->u.try.body = list.first;
            break;

        case in_except:
            branch->u.cond.body = list.first;

            if (tpl_parser_adopt(p, branch, list.first) == NULL
                || tpl_parser_adopt(p, handler, branch) == NULL)
            {
                return TPL_ERROR;
            }

            break;

        case in_else:
            node->u.try.orelse = list.first;
            break;

        default:
            node->u.try.finally = list.first;
            break;
        }

        if (tpl_parser_adopt(p, node, list.first) == NULL) {
            return TPL_ERROR;
        }

        if (tpl_str_is(&end.name, "end")) {
            break;
        }

        if (tpl_str_is(&end.name, "except") && step <= in_except) {

            if (bare) {
                tpl_parser_fail(p, &end.pos,
                                "default 'except:' must be last");
                return TPL_ERROR;
            }

            if (tpl_tornado_except(t, &end, &handler, &branch) != TPL_OK) {
                return TPL_ERROR;
            }

            bare = (branch->u.cond.test == NULL);
            tpl_nodes_add(&handlers, handler);
            step = in_except;
            continue;
        }

        if (tpl_tornado_bare(t, &end) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_str_is(&end.name, "else") && step == in_except) {
            step = in_else;
            continue;
        }

        if (tpl_str_is(&end.name, "finally") && step < in_finally) {
            step = in_finally;
            continue;
        }

        tpl_parser_fail(p, &end.pos, "unexpected '%.*s' in 'try'",
                        tpl_str_arg(&end.name));
        return TPL_ERROR;
    }

    if (step == in_body) {
        tpl_parser_fail(p, &tag->pos, "expected 'except' or 'finally' block");
        return TPL_ERROR;
    }

    node->u.try.handlers = handlers.first;

    return tpl_tornado_add(t, body, node, handlers.first, NULL, NULL);
}


/* except [class [as name]] */

static tpl_int_t
tpl_tornado_except(tpl_tornado_t *t, const tpl_tag_t *tag,
    tpl_node_t **handler, tpl_node_t **branch)
{
    tpl_int_t      rc;
    tpl_str_t      name;
    tpl_node_t    *node;
    tpl_parser_t  *p;

    p = &t->parser;
    name.len = 0;
    name.data = NULL;

    node = tpl_parser_node(p, TPL_NODE_IF, &tag->pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    if (tag->suffix.len) {

        if (tpl_tornado_head(t, &tag->suffix) != TPL_OK) {
            return TPL_ERROR;
        }

        node->u.cond.test = tpl_expr_parse(p);

        if (node->u.cond.test == NULL
            || tpl_parser_adopt(p, node, node->u.cond.test) == NULL)
        {
            return TPL_ERROR;
        }

        if (p->token.type == TPL_TOKEN_COMMA) {
            tpl_parser_fail(p, &p->token.pos,
                            "multiple exception types must be parenthesized");
            return TPL_ERROR;
        }

        rc = tpl_parser_skip_name(p, "as");

        if (rc == TPL_ERROR
            || (rc == TPL_OK && tpl_tornado_name(t, &name) != TPL_OK)
            || tpl_tornado_head_end(t) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    *branch = node;
    *handler = tpl_expr_keyword_node(p, TPL_NODE_KEYWORD, &tag->pos, &name,
                                     node);

    return *handler ? TPL_OK : TPL_ERROR;
}


static tpl_int_t
tpl_tornado_apply(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_tag_t      end;
    tpl_node_t    *node;
    tpl_nodes_t    list;
    tpl_place_t    inner;
    tpl_parser_t  *p;

    (void) place;

    p = &t->parser;

    /* Tornado makes a function of the body, which is in no loop then */

    inner.block = "apply";
    inner.loop = 0;
    inner.breaks = 0;

    node = tpl_parser_node(p, TPL_NODE_APPLY, &tag->pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_init(&list);

    if (tpl_tornado_body(t, &inner, &end, &list) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tag->suffix.len == 0) {
        return tpl_tornado_fail(t, "apply missing method name");
    }

    if (tpl_tornado_head(t, &tag->suffix) != TPL_OK) {
        return TPL_ERROR;
    }

    node->u.set.filter = tpl_expr_python_primary(p);
    node->u.set.body = list.first;

    if (node->u.set.filter == NULL || tpl_tornado_head_end(t) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_tornado_add(t, body, node, node->u.set.filter,
                           node->u.set.body, NULL);
}


static tpl_int_t
tpl_tornado_block(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_tag_t     end;
    tpl_node_t   *node;
    tpl_nodes_t   list;
    tpl_place_t   inner;

    inner = *place;
    inner.block = "block";

    node = tpl_parser_node(&t->parser, TPL_NODE_BLOCK, &tag->pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_init(&list);

    if (tpl_tornado_body(t, &inner, &end, &list) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tag->suffix.len == 0) {
        return tpl_tornado_fail(t, "block missing name");
    }

    tpl_name_set(&node->u.block.name, &tag->suffix);
    node->u.block.body = list.first;

    return tpl_tornado_add(t, body, node, list.first, NULL, NULL);
}


static tpl_int_t
tpl_tornado_jump(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_uint_t   leave;
    tpl_node_t  *node;

    leave = tpl_str_is(&tag->name, "break");

    if (!place->loop) {
        return tpl_tornado_fail(t, "%s outside {'for', 'while'} block",
                                leave ? "break" : "continue");
    }

    if (tpl_tornado_bare(t, tag) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!place->breaks) {
        tpl_parser_fail(&t->parser, &tag->pos,
                        leave ? "'break' outside loop"
                              : "'continue' not properly in loop");
        return TPL_ERROR;
    }

    node = tpl_parser_node(&t->parser,
                           leave ? TPL_NODE_BREAK : TPL_NODE_CONTINUE,
                           &tag->pos);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_add(body, node);

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_comment(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    (void) t;
    (void) tag;
    (void) place;
    (void) body;

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_extends(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    if (place->block) {
        tpl_parser_fail(&t->parser, &tag->pos,
                        "extends must be at the top level");
        return TPL_ERROR;
    }

    return tpl_tornado_file(t, TPL_NODE_EXTENDS, tag, body);
}


static tpl_int_t
tpl_tornado_include(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    (void) place;

    return tpl_tornado_file(t, TPL_NODE_INCLUDE, tag, body);
}


static tpl_int_t
tpl_tornado_file(tpl_tornado_t *t, tpl_node_type_t type,
    const tpl_tag_t *tag, tpl_nodes_t *body)
{
    tpl_str_t    name;
    tpl_node_t  *node, *file;

    name = tag->suffix;

    tpl_tornado_unquote(&name, '"');
    tpl_tornado_unquote(&name, '\'');

    if (name.len == 0) {
        return tpl_tornado_fail(t, "%.*s missing file path",
                                tpl_str_arg(&tag->name));
    }

    node = tpl_parser_node(&t->parser, type, &tag->pos);
    file = tpl_expr_string_node(&t->parser, &tag->pos, &name);

    if (node == NULL || file == NULL) {
        return TPL_ERROR;
    }

    node->u.ref.template = file;

    if (type == TPL_NODE_INCLUDE) {
        node->flags |= TPL_NODE_F_CONTEXT;
    }

    return tpl_tornado_add(t, body, node, file, NULL, NULL);
}


/* the function that escapes the output of the whole file, or None */

static tpl_int_t
tpl_tornado_autoescape(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_str_t  name;

    (void) place;
    (void) body;

    name = tag->suffix;

    if (tpl_str_is(&name, "None")) {
        name.len = 0;
    }

    if (name.len && (tpl_tornado_head(t, &name) != TPL_OK
                     || tpl_tornado_dotted(t, &name) == NULL
                     || tpl_tornado_head_end(t) != TPL_OK))
    {
        return TPL_ERROR;
    }

    name.len = name.len ? tag->suffix.len : 0;
    tpl_name_set(&t->tree->escape, &name);

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_whitespace(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    (void) place;
    (void) body;

    if (tpl_str_is(&tag->suffix, "all")) {
        t->whitespace = TPL_WS_ALL;

    } else if (tpl_str_is(&tag->suffix, "single")) {
        t->whitespace = TPL_WS_SINGLE;

    } else if (tpl_str_is(&tag->suffix, "oneline")) {
        t->whitespace = TPL_WS_ONELINE;

    } else {
        return tpl_tornado_fail(t, "invalid whitespace mode %.*s",
                                tpl_str_arg(&tag->suffix));
    }

    return TPL_OK;
}


static tpl_int_t
tpl_tornado_raw(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    (void) place;

    return tpl_tornado_expression(t, &tag->pos, &tag->suffix, 1, body);
}


static tpl_int_t
tpl_tornado_module(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    (void) place;

    node = tpl_parser_node(&t->parser, TPL_NODE_MODULE, &tag->pos);

    if (node == NULL || tpl_tornado_head(t, &tag->suffix) != TPL_OK) {
        return TPL_ERROR;
    }

    node->u.unary.expr = tpl_expr_parse(&t->parser);

    if (node->u.unary.expr == NULL || tpl_tornado_head_end(t) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_tornado_own_module(node->u.unary.expr)) {
        return tpl_tornado_expression(t, &tag->pos, &tag->suffix, 1, body);
    }

    return tpl_tornado_add(t, body, node, node->u.unary.expr, NULL, NULL);
}


/* the UIModules that Tornado brings along are functions */

static tpl_uint_t
tpl_tornado_own_module(const tpl_node_t *expr)
{
    const tpl_node_t  *callee;

    if (expr->type != TPL_NODE_CALL) {
        return 0;
    }

    callee = expr->u.call.callee;

    return callee->type == TPL_NODE_NAME
           && (tpl_str_is(&callee->u.name.str, "xsrf_form_html")
               || tpl_str_is(&callee->u.name.str, "linkify"));
}


/* not Tornado's: the page so far may go to the client */

static tpl_int_t
tpl_tornado_flush(tpl_tornado_t *t, const tpl_tag_t *tag,
    const tpl_place_t *place, tpl_nodes_t *body)
{
    tpl_node_t  *node;

    (void) place;

    node = tpl_parser_node(&t->parser, TPL_NODE_FLUSH, &tag->pos);

    if (node == NULL || tpl_tornado_bare(t, tag) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_tornado_add(t, body, node, NULL, NULL, NULL);
}


tpl_int_t
tpl_tornado_head(tpl_tornado_t *t, const tpl_str_t *s)
{
    tpl_parser_t  *p;

    p = &t->parser;

    t->lexer.p = s->data;
    t->lexer.last = s->data + s->len;
    t->lexer.nesting = 0;

    p->looked = 0;
    p->token.type = TPL_TOKEN_DATA;

    return tpl_parser_next(p);
}


tpl_int_t
tpl_tornado_head_end(tpl_tornado_t *t)
{
    tpl_str_t      s;
    tpl_parser_t  *p;

    p = &t->parser;

    if (p->token.type == TPL_TOKEN_EOF) {
        return TPL_OK;
    }

    tpl_token_describe(&p->token, &s);
    tpl_parser_fail(p, &p->token.pos, "unexpected '%.*s'", tpl_str_arg(&s));

    return TPL_ERROR;
}


/* a tag that is one word */

static tpl_int_t
tpl_tornado_bare(tpl_tornado_t *t, const tpl_tag_t *tag)
{
    if (tag->suffix.len == 0) {
        return TPL_OK;
    }

    tpl_parser_fail(&t->parser, &tag->pos, "unexpected '%.*s' after '%.*s'",
                    tpl_str_arg(&tag->suffix), tpl_str_arg(&tag->name));

    return TPL_ERROR;
}


static tpl_node_t *
tpl_tornado_test(tpl_tornado_t *t, const tpl_str_t *s)
{
    tpl_node_t  *node;

    if (tpl_tornado_head(t, s) != TPL_OK) {
        return NULL;
    }

    node = tpl_expr_parse(&t->parser);

    return (node && tpl_tornado_head_end(t) == TPL_OK) ? node : NULL;
}


tpl_int_t
tpl_tornado_add(tpl_tornado_t *t, tpl_nodes_t *body, tpl_node_t *node,
    tpl_node_t *part1, tpl_node_t *part2, tpl_node_t *part3)
{
    tpl_parser_t  *p;

    p = &t->parser;

    if (tpl_parser_adopt(p, node, part1) == NULL
        || tpl_parser_adopt(p, node, part2) == NULL
        || tpl_parser_adopt(p, node, part3) == NULL)
    {
        return TPL_ERROR;
    }

    tpl_nodes_add(body, node);

    return TPL_OK;
}


tpl_int_t
tpl_tornado_fail(tpl_tornado_t *t, const char *fmt, ...)
{
    va_list    args;
    tpl_pos_t  pos;

    tpl_lexer_pos(&t->lexer, t->p, &pos);

    va_start(args, fmt);
    (void) tpl_error_vset(t->parser.err, TPL_EXC_PARSE, &pos, fmt, args);
    va_end(args);

    return TPL_ERROR;
}


static tpl_str_t
tpl_tornado_strip(const tpl_char_t *p, const tpl_char_t *last)
{
    tpl_str_t  s;

    p = tpl_text_skip(p, last);

    s.data = (tpl_char_t *) p;
    s.len = tpl_text_rskip(p, last) - p;

    return s;
}


/* str.strip(quote) */

static void
tpl_tornado_unquote(tpl_str_t *s, tpl_char_t quote)
{
    while (s->len && s->data[0] == quote) {
        s->data++;
        s->len--;
    }

    while (s->len && s->data[s->len - 1] == quote) {
        s->len--;
    }
}
