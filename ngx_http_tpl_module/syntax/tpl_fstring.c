
/*
 * f-strings, by the rules of Python 3.11: the string is found first, as any
 * other string is, and its fields are looked for inside of it.  So a field
 * holds no backslash, no comment and none of the quotes around it.
 */

#include "syntax/tpl_expr.h"


typedef struct {
    tpl_parser_t            *parser;
    const tpl_token_t       *tok;
    tpl_lexer_t              lexer;         /* knows places in the string */
    const tpl_char_t        *p;
    const tpl_char_t        *last;
    tpl_uint_t               level;         /* 1 in a format spec */
} tpl_fstring_t;


static tpl_int_t tpl_fstring_parts(tpl_fstring_t *f, tpl_nodes_t *items);
static tpl_int_t tpl_fstring_text(tpl_fstring_t *f, tpl_nodes_t *items);
static tpl_int_t tpl_fstring_field(tpl_fstring_t *f, tpl_nodes_t *items);
static tpl_int_t tpl_fstring_end(tpl_fstring_t *f, const tpl_char_t **end);
static tpl_int_t tpl_fstring_quote(tpl_fstring_t *f, const tpl_char_t **pp);
static tpl_node_t *tpl_fstring_expr(tpl_fstring_t *f, const tpl_char_t *p,
    const tpl_char_t *last);
static tpl_int_t tpl_fstring_conversion(tpl_fstring_t *f, tpl_node_t *field);
static tpl_int_t tpl_fstring_spec(tpl_fstring_t *f, tpl_node_t *field);
static tpl_int_t tpl_fstring_const(tpl_fstring_t *f, tpl_nodes_t *items,
    const tpl_str_t *s);
static tpl_int_t tpl_fstring_fail(tpl_fstring_t *f, const tpl_char_t *at,
    const char *why);


tpl_int_t
tpl_expr_fstring(tpl_parser_t *p, const tpl_token_t *tok, tpl_nodes_t *items)
{
    tpl_token_t    token;
    tpl_fstring_t  f;

    /* parsing a field makes p->token its own */

    token = *tok;

    f.parser = p;
    f.tok = &token;
    f.lexer = *(tpl_lexer_t *) p->scanner;
    f.lexer.mark = token.start;
    f.lexer.line = token.pos.line;
    f.lexer.column = token.pos.column;
    f.p = token.text.data;
    f.last = token.text.data + token.text.len;
    f.level = 0;

    return tpl_fstring_parts(&f, items);
}


/* up to the end, or in a spec up to the brace that closes the field */

static tpl_int_t
tpl_fstring_parts(tpl_fstring_t *f, tpl_nodes_t *items)
{
    tpl_int_t  rc;

    while (f->p < f->last) {

        if (*f->p == '}' && f->level) {
            break;
        }

        if (*f->p == '{'
            && (f->level || f->last - f->p == 1 || f->p[1] != '{'))
        {
            rc = tpl_fstring_field(f, items);

        } else {
            rc = tpl_fstring_text(f, items);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_fstring_text(tpl_fstring_t *f, tpl_nodes_t *items)
{
    tpl_str_t          s, text;
    tpl_uint_t         raw, named, doubled;
    const tpl_char_t  *p;

    raw = f->tok->flags & TPL_TOKEN_F_RAW;
    named = 0;
    doubled = 0;

    for (p = f->p; p < f->last; p++) {

        if (*p == '\\' && !raw && f->last - p > 1) {
            p++;

            /* the braces of \N{...} are no field's */

            named = (*p == 'N' && f->last - p > 1 && p[1] == '{');
            p += named;

            continue;
        }

        if (*p == '}' && named) {
            named = 0;
            continue;
        }

        if (named || (*p != '{' && *p != '}')) {
            continue;
        }

        if (f->level == 0) {

            if (f->last - p > 1 && p[1] == *p) {

                /* a doubled brace is one of the text, which ends here */

                p++;
                doubled = 1;

            } else if (*p == '}') {
                return tpl_fstring_fail(f, p,
                                        "f-string: single '}' is not "
                                        "allowed");
            }
        }

        break;
    }

    s.data = (tpl_char_t *) f->p;
    s.len = p - f->p;
    f->p = doubled ? p + 1 : p;

    if (tpl_lexer_unescape(&f->lexer, &s, raw ? TPL_UNESCAPE_RAW : 0,
                           &f->tok->pos, &text)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_fstring_const(f, items, &text);
}


static tpl_int_t
tpl_fstring_const(tpl_fstring_t *f, tpl_nodes_t *items, const tpl_str_t *s)
{
    tpl_node_t  *node;

    if (s->len == 0) {
        return TPL_OK;
    }

    node = tpl_expr_string_node(f->parser, &f->tok->pos, s);
    if (node == NULL) {
        return TPL_ERROR;
    }

    tpl_nodes_add(items, node);

    return TPL_OK;
}


/* {expression[=][!conversion][:spec]} */

static tpl_int_t
tpl_fstring_field(tpl_fstring_t *f, tpl_nodes_t *items)
{
    tpl_str_t          s;
    tpl_uint_t         debug;
    tpl_node_t        *field;
    const tpl_char_t  *start, *end;

    if (f->level > 1) {
        return tpl_fstring_fail(f, f->p,
                                "f-string: expressions nested too deeply");
    }

    start = ++f->p;
    end = start;

    if (tpl_fstring_end(f, &end) != TPL_OK) {
        return TPL_ERROR;
    }

    debug = (end < f->last && *end == '=');

    if (debug) {

        /* {x=} writes the expression itself first */

        f->p = tpl_text_skip(end + 1, f->last);

        s.data = (tpl_char_t *) start;
        s.len = f->p - start;

        if (tpl_fstring_const(f, items, &s) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        f->p = end;
    }

    if (tpl_text_skip(start, end) == end) {
        return tpl_fstring_fail(f, start,
                                "f-string: empty expression not allowed");
    }

    field = tpl_parser_node(f->parser, TPL_NODE_FIELD, &f->tok->pos);
    if (field == NULL) {
        return TPL_ERROR;
    }

    field->u.call.callee = tpl_fstring_expr(f, start, end);
    if (field->u.call.callee == NULL) {
        return TPL_ERROR;
    }

    field->pos = field->u.call.callee->pos;

    if (debug) {
        field->op = (f->p < f->last && *f->p == ':') ? 0 : 'r';
    }

    if (tpl_fstring_conversion(f, field) != TPL_OK
        || tpl_fstring_spec(f, field) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (f->p == f->last || *f->p != '}') {
        return tpl_fstring_fail(f, f->p, "f-string: expecting '}'");
    }

    f->p++;

    if (tpl_parser_adopt(f->parser, field, field->u.call.callee) == NULL
        || tpl_parser_adopt(f->parser, field, field->u.call.args) == NULL)
    {
        return TPL_ERROR;
    }

    tpl_nodes_add(items, field);

    return TPL_OK;
}


/* where the expression at f->p ends: CPython's fstring_find_expr() */

static tpl_int_t
tpl_fstring_end(tpl_fstring_t *f, const tpl_char_t **end)
{
    tpl_char_t         open[TPL_PARSE_MAX_DEPTH];
    tpl_uint_t         n;
    const tpl_char_t  *p;

    n = 0;

    for (p = f->p; p < f->last; p++) {

        switch (*p) {

        case '\\':
            return tpl_fstring_fail(f, p, "f-string expression part cannot "
                                    "include a backslash");

        case '#':
            return tpl_fstring_fail(f, p, "f-string expression part cannot "
                                    "include '#'");

        case '\'':
        case '"':
            if (tpl_fstring_quote(f, &p) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;

        case '(':
        case '[':
        case '{':
            if (n == tpl_nelts(open)) {
                return tpl_fstring_fail(f, p,
                                        "f-string: too many nested "
                                        "parenthesis");
            }

            open[n++] = *p;
            continue;
        }

        if (n == 0) {

            if (*p == '!' || *p == '=' || *p == '<' || *p == '>') {

                if (f->last - p > 1 && p[1] == '=') {
                    p++;
                    continue;
                }

                if (*p == '<' || *p == '>') {
                    continue;
                }

                break;
            }

            if (*p == ':' || *p == '}') {
                break;
            }
        }

        if (*p == ')' || *p == ']' || *p == '}') {

            if (n == 0) {
                return tpl_fstring_fail(f, p, "f-string: unmatched bracket");
            }

            n--;

            if (open[n] != (*p == ')' ? '(' : *p - 2)) {
                return tpl_fstring_fail(f, p, "f-string: closing bracket "
                                        "does not match the opening one");
            }
        }
    }

    if (n) {
        return tpl_fstring_fail(f, f->p,
                                "f-string: a bracket was never closed");
    }

    if (p >= f->last) {
        return tpl_fstring_fail(f, f->last, "f-string: expecting '}'");
    }

    *end = p;

    return TPL_OK;
}


/* from the quote at *pp to the last character of the string it starts */

static tpl_int_t
tpl_fstring_quote(tpl_fstring_t *f, const tpl_char_t **pp)
{
    size_t             n;
    const tpl_char_t  *p, *start;

    start = *pp;
    p = start;

    n = (f->last - p > 2 && p[1] == *p && p[2] == *p) ? 3 : 1;

    for (p += n; f->last - p >= (ssize_t) n; p++) {

        if (*p == '\\') {
            return tpl_fstring_fail(f, p, "f-string expression part cannot "
                                    "include a backslash");
        }

        if (*p == *start && (n == 1 || (p[1] == *p && p[2] == *p))) {
            *pp = p + n - 1;
            return TPL_OK;
        }
    }

    return tpl_fstring_fail(f, start, "f-string: unterminated string");
}


/* a field's expression, as if in parentheses */

static tpl_node_t *
tpl_fstring_expr(tpl_fstring_t *f, const tpl_char_t *start,
    const tpl_char_t *last)
{
    void               *scanner;
    tpl_str_t           s;
    tpl_uint_t          looked;
    tpl_node_t         *node;
    tpl_lexer_t         lexer;
    tpl_token_t         token, ahead;
    tpl_parser_t       *p;
    tpl_token_type_t    previous;

    p = f->parser;

    if (tpl_parser_enter(p, "expression") != TPL_OK) {
        return NULL;
    }

    scanner = p->scanner;
    token = p->token;
    ahead = p->ahead;
    looked = p->looked;
    previous = p->previous;

    lexer = f->lexer;
    lexer.p = start;
    lexer.last = last;
    lexer.nesting = 1;

    p->scanner = &lexer;
    p->looked = 0;
    p->token.type = TPL_TOKEN_DATA;

    node = NULL;

    if (tpl_parser_next(p) == TPL_OK) {
        node = tpl_expr_python_list(p);
    }

    if (node && p->token.type != TPL_TOKEN_EOF) {
        tpl_token_describe(&p->token, &s);
        node = tpl_parser_fail(p, &p->token.pos,
                               "f-string: unexpected '%.*s'",
                               tpl_str_arg(&s));
    }

    /* the next field's places are counted on from here */

    f->lexer.mark = lexer.mark;
    f->lexer.line = lexer.line;
    f->lexer.column = lexer.column;

    p->scanner = scanner;
    p->token = token;
    p->ahead = ahead;
    p->looked = looked;
    p->previous = previous;

    tpl_parser_leave(p);

    return node;
}


static tpl_int_t
tpl_fstring_conversion(tpl_fstring_t *f, tpl_node_t *field)
{
    if (f->p == f->last || *f->p != '!') {
        return TPL_OK;
    }

    f->p++;

    if (f->p == f->last || (*f->p != 's' && *f->p != 'r' && *f->p != 'a')) {
        return tpl_fstring_fail(f, f->p, "f-string: invalid conversion "
                                "character: expected 's', 'r', or 'a'");
    }

    field->op = *f->p++;

    return TPL_OK;
}


static tpl_int_t
tpl_fstring_spec(tpl_fstring_t *f, tpl_node_t *field)
{
    tpl_buf_t    b;
    tpl_str_t    s;
    tpl_node_t  *node;
    tpl_nodes_t  items;

    if (f->p == f->last || *f->p != ':') {
        return TPL_OK;
    }

    f->p++;
    f->level++;

    tpl_nodes_init(&items);

    if (tpl_fstring_parts(f, &items) != TPL_OK) {
        return TPL_ERROR;
    }

    f->level--;

    tpl_buf_init(&b, f->parser->arena);

    for (node = items.first; node != NULL; node = node->next) {

        if (node->type == TPL_NODE_FIELD) {
            field->u.call.args = tpl_expr_items_node(f->parser,
                                                     TPL_NODE_FSTRING,
                                                     &field->pos,
                                                     items.first);

            return field->u.call.args ? TPL_OK : TPL_ERROR;
        }

        s = tpl_value_str(&node->u.value);
        tpl_buf_str(&b, &s);
    }

    if (b.failed) {
        tpl_parser_memory(f->parser);
        return TPL_ERROR;
    }

    if (b.len) {
        s.data = b.data;
        s.len = b.len;
        tpl_name_set(&field->u.call.name, &s);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_fstring_fail(tpl_fstring_t *f, const tpl_char_t *at, const char *why)
{
    tpl_pos_t  pos;

    tpl_lexer_pos(&f->lexer, at, &pos);
    tpl_parser_fail(f->parser, &pos, "%s", why);

    return TPL_ERROR;
}
