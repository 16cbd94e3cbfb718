
/*
 * The scanner of Jinja2 templates.
 *
 * It is a state machine over the text, one state a kind of tag, as lexer.py's,
 * whose regular expressions are written out here as loops.  Every byte is
 * looked at a bounded number of times: white space runs are only measured
 * from where a match could begin, and an end that is missing is an error at
 * the first search.
 */

#include "syntax/tpl_jinja_scan.h"
#include "base/tpl_utf8.h"


static tpl_int_t tpl_scan_source(tpl_jinja_scan_t *scan, tpl_arena_t *arena,
    const tpl_source_t *source, tpl_error_t *err);
static void tpl_scan_rules(tpl_jinja_scan_t *scan);
static void tpl_scan_rule(tpl_jinja_scan_t *scan, const tpl_str_t *start,
    tpl_scan_state_t state);

static tpl_int_t tpl_scan_root(tpl_jinja_scan_t *scan, tpl_token_t *tok);
static tpl_int_t tpl_scan_begin(tpl_jinja_scan_t *scan, tpl_token_t *tok,
    tpl_scan_state_t state, const tpl_char_t *end);
static tpl_uint_t tpl_scan_match(tpl_jinja_scan_t *scan, const tpl_char_t *p,
    tpl_scan_state_t *state, tpl_char_t *sign, const tpl_char_t **end);
static tpl_uint_t tpl_scan_line_rule(tpl_jinja_scan_t *scan,
    const tpl_char_t *p, const tpl_scan_rule_t *rule,
    const tpl_char_t **end);
static const tpl_char_t *tpl_scan_strip(tpl_jinja_scan_t *scan,
    const tpl_char_t *p, const tpl_char_t *end, tpl_char_t sign,
    tpl_uint_t lstrip);
static tpl_int_t tpl_scan_data(tpl_jinja_scan_t *scan, tpl_token_t *tok,
    const tpl_char_t *p, const tpl_char_t *end);
static tpl_int_t tpl_scan_comment(tpl_jinja_scan_t *scan);
static tpl_int_t tpl_scan_raw(tpl_jinja_scan_t *scan, tpl_token_t *tok);
static const tpl_char_t *tpl_scan_word(tpl_jinja_scan_t *scan,
    const tpl_char_t *p, const char *word, tpl_char_t *sign);
static const tpl_char_t *tpl_scan_end(tpl_jinja_scan_t *scan,
    const tpl_char_t *p, const tpl_str_t *end, tpl_uint_t plus,
    tpl_uint_t trim);
static tpl_int_t tpl_scan_tag(tpl_jinja_scan_t *scan, tpl_token_t *tok);
static const tpl_char_t *tpl_scan_line_end(tpl_jinja_scan_t *scan);
static tpl_int_t tpl_scan_bracket(tpl_jinja_scan_t *scan, tpl_token_t *tok);
static tpl_int_t tpl_scan_eof(tpl_jinja_scan_t *scan, tpl_token_t *tok);
static void tpl_scan_token(tpl_jinja_scan_t *scan, tpl_token_t *tok,
    tpl_token_type_t type, const tpl_char_t *end);
static tpl_int_t tpl_scan_fail(tpl_jinja_scan_t *scan, const char *why);


tpl_int_t
tpl_jinja_scan_init(tpl_jinja_scan_t *scan, tpl_arena_t *arena,
    const tpl_syntax_t *syntax, const tpl_source_t *source, tpl_error_t *err)
{
    memset(scan, 0, sizeof(tpl_jinja_scan_t));

    scan->syntax = syntax;
    scan->line_starting = 1;

    if (tpl_scan_source(scan, arena, source, err) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_str_is(&syntax->newline_sequence, "\n")) {
        scan->newline = syntax->newline_sequence;
        scan->lexer.newline = &scan->newline;
    }

    tpl_scan_rules(scan);

    scan->last_pos.source = source;
    scan->last_pos.line = 1;
    scan->last_pos.column = 1;

    return TPL_OK;
}


/* the text with \n line ends and without the last one, as Jinja2 lexes it */

static tpl_int_t
tpl_scan_source(tpl_jinja_scan_t *scan, tpl_arena_t *arena,
    const tpl_source_t *source, tpl_error_t *err)
{
    size_t       n;
    tpl_pos_t    pos;
    tpl_str_t    text;
    tpl_char_t  *p, *last, *to;

    text = source->text;
    n = tpl_utf8_check(text.data, text.len);

    if (n < text.len) {
        tpl_source_pos(source, n, &pos);

        return tpl_error_set(err, TPL_EXC_SYNTAX, &pos,
                             "the template is not well-formed UTF-8");
    }

    if (text.len && memchr(text.data, '\r', text.len)) {

        to = tpl_pnalloc(arena, text.len);
        if (to == NULL) {
            return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
        }

        p = text.data;
        last = p + text.len;
        text.data = to;

        while (p < last) {

            if (*p != '\r') {
                *to++ = *p++;
                continue;
            }

            p++;
            *to++ = '\n';

            if (p < last && *p == '\n') {
                p++;
            }
        }

        text.len = to - text.data;
    }

    if (!scan->syntax->keep_trailing_newline && text.len
        && text.data[text.len - 1] == '\n')
    {
        text.len--;
    }

    tpl_lexer_init(&scan->lexer, arena, source, &text, err, TPL_EXC_SYNTAX);

    return TPL_OK;
}


/* Jinja2: compile_rules(): the longest start first, then by name backwards */

static void
tpl_scan_rules(tpl_jinja_scan_t *scan)
{
    tpl_uint_t           i, j;
    tpl_scan_rule_t      rule;
    const tpl_syntax_t  *syntax;

    syntax = scan->syntax;

    tpl_scan_rule(scan, &syntax->variable_start_string, TPL_SCAN_VARIABLE);

    if (syntax->line_statement_prefix.len) {
        scan->line_statements = 1;
        tpl_scan_rule(scan, &syntax->line_statement_prefix,
                      TPL_SCAN_LINE_STATEMENT);
    }

    if (syntax->line_comment_prefix.len) {
        scan->line_comments = 1;
        tpl_scan_rule(scan, &syntax->line_comment_prefix,
                      TPL_SCAN_LINE_COMMENT);
    }

    tpl_scan_rule(scan, &syntax->comment_start_string, TPL_SCAN_COMMENT);
    tpl_scan_rule(scan, &syntax->block_start_string, TPL_SCAN_BLOCK);

    for (i = 1; i < scan->nrules; i++) {

        rule = scan->rules[i];

        for (j = i; j && scan->rules[j - 1].start.len < rule.start.len; j--)
        {
            scan->rules[j] = scan->rules[j - 1];
        }

        scan->rules[j] = rule;
    }

    /* rules that begin with white space before their prefix */

    if (scan->line_statements) {
        scan->begins[' '] = 1;
        scan->begins['\t'] = 1;
        scan->begins['\v'] = 1;
    }

    if (scan->line_comments) {

        for (i = 0; i < 256; i++) {

            if (i >= 0x80 || i == ' ' || (i >= '\t' && i <= '\r')
                || (i >= 0x1c && i <= 0x1f))
            {
                scan->begins[i] = 1;
            }
        }
    }
}


static void
tpl_scan_rule(tpl_jinja_scan_t *scan, const tpl_str_t *start,
    tpl_scan_state_t state)
{
    if (start->len == 0) {
        return;
    }

    scan->rules[scan->nrules].start = *start;
    scan->rules[scan->nrules].state = state;
    scan->nrules++;

    scan->begins[start->data[0]] = 1;
}


tpl_int_t
tpl_jinja_scan_next(void *data, tpl_token_t *tok)
{
    tpl_int_t          rc;
    tpl_jinja_scan_t  *scan;

    scan = data;

    for ( ;; ) {

        switch (scan->state) {

        case TPL_SCAN_ROOT:
            rc = tpl_scan_root(scan, tok);
            break;

        case TPL_SCAN_COMMENT:
            rc = tpl_scan_comment(scan);
            break;

        case TPL_SCAN_LINE_COMMENT:

            while (scan->lexer.p < scan->lexer.last
                   && *scan->lexer.p != '\n')
            {
                scan->lexer.p++;
            }

            scan->line_starting = 0;
            scan->state = TPL_SCAN_ROOT;
            rc = TPL_DECLINED;
            break;

        case TPL_SCAN_RAW:
            rc = tpl_scan_raw(scan, tok);
            break;

        default:
            rc = tpl_scan_tag(scan, tok);
            break;
        }

        /* TPL_DECLINED: no token yet, but the state has changed */

        if (rc != TPL_DECLINED) {
            break;
        }
    }

    if (rc == TPL_OK && tok->type != TPL_TOKEN_EOF) {
        scan->last_pos = tok->pos;
    }

    return rc;
}


/* text up to the next tag */

static tpl_int_t
tpl_scan_root(tpl_jinja_scan_t *scan, tpl_token_t *tok)
{
    tpl_char_t          sign;
    const tpl_char_t   *p, *start, *last, *end, *cut;
    tpl_scan_state_t    state;

    if (scan->pending) {
        scan->pending = 0;
        return tpl_scan_begin(scan, tok, scan->pending_state,
                              scan->pending_end);
    }

    start = scan->lexer.p;
    last = scan->lexer.last;
    state = TPL_SCAN_ROOT;
    sign = '\0';
    end = last;

    if (start == last) {
        return tpl_scan_eof(scan, tok);
    }

    for (p = start; p < last; p++) {

        if (scan->begins[*p]
            && tpl_scan_match(scan, p, &state, &sign, &end))
        {
            break;
        }
    }

    if (p == last) {
        return tpl_scan_data(scan, tok, start, last);
    }

    cut = tpl_scan_strip(scan, start, p, sign, state != TPL_SCAN_VARIABLE);

    if (cut == start) {
        scan->lexer.p = p;
        return tpl_scan_begin(scan, tok, state, end);
    }

    scan->pending = 1;
    scan->pending_state = state;
    scan->pending_end = end;

    if (tpl_scan_data(scan, tok, start, cut) != TPL_OK) {
        return TPL_ERROR;
    }

    scan->lexer.p = p;

    return TPL_OK;
}


/* the start of a tag that ends at end */

static tpl_int_t
tpl_scan_begin(tpl_jinja_scan_t *scan, tpl_token_t *tok,
    tpl_scan_state_t state, const tpl_char_t *end)
{
    scan->state = state;
    scan->line_starting = (end[-1] == '\n');

    switch (state) {

    case TPL_SCAN_VARIABLE:
        tpl_scan_token(scan, tok, TPL_TOKEN_VARIABLE_BEGIN, end);
        return TPL_OK;

    case TPL_SCAN_BLOCK:
    case TPL_SCAN_LINE_STATEMENT:
        tpl_scan_token(scan, tok, TPL_TOKEN_BLOCK_BEGIN, end);
        return TPL_OK;

    default:
        scan->lexer.p = end;
        return TPL_DECLINED;
    }
}


/* does a tag start at p?  end is past it and its sign */

static tpl_uint_t
tpl_scan_match(tpl_jinja_scan_t *scan, const tpl_char_t *p,
    tpl_scan_state_t *state, tpl_char_t *sign, const tpl_char_t **end)
{
    tpl_uint_t               i;
    const tpl_char_t        *q, *last;
    const tpl_scan_rule_t   *rule;

    last = scan->lexer.last;

    if (tpl_text_at(p, last, &scan->syntax->block_start_string)) {

        q = tpl_scan_word(scan, p, "raw", sign);

        if (q) {
            q = tpl_scan_end(scan, q, &scan->syntax->block_end_string, 0, 0);
        }

        if (q) {
            *state = TPL_SCAN_RAW;
            *end = q;
            return 1;
        }
    }

    for (i = 0; i < scan->nrules; i++) {

        rule = &scan->rules[i];

        if (rule->state >= TPL_SCAN_LINE_STATEMENT) {

            if (!tpl_scan_line_rule(scan, p, rule, &q)) {
                continue;
            }

        } else if (tpl_text_at(p, last, &rule->start)) {
            q = p + rule->start.len;

        } else {
            continue;
        }

        *sign = '\0';

        if (q < last && (*q == '-' || *q == '+')) {
            *sign = *q++;
        }

        *state = rule->state;
        *end = q;

        return 1;
    }

    return 0;
}


/*
 * Line statements start a line, line comments may also stand behind something;
 * both take the white space before them along.
 */

static tpl_uint_t
tpl_scan_line_rule(tpl_jinja_scan_t *scan, const tpl_char_t *p,
    const tpl_scan_rule_t *rule, const tpl_char_t **end)
{
    size_t             n;
    const tpl_char_t  *q, *last;

    last = scan->lexer.last;

    if (p != scan->lexer.start && p[-1] != '\n') {

        if (rule->state == TPL_SCAN_LINE_STATEMENT || (*p & 0xc0) == 0x80) {
            return 0;
        }

        for (q = p - 1; q > scan->lexer.start && (*q & 0xc0) == 0x80; q--) {
            /* void */
        }

        if (tpl_text_space(q, last)) {
            return 0;
        }
    }

    if (rule->state == TPL_SCAN_LINE_STATEMENT) {

        while (p < last && (*p == ' ' || *p == '\t' || *p == '\v')) {
            p++;
        }

    } else {

        while (p < last && *p != '\r' && *p != '\n') {

            n = tpl_text_space(p, last);

            if (n == 0) {
                break;
            }

            p += n;
        }
    }

    if (!tpl_text_at(p, last, &rule->start)) {
        return 0;
    }

    *end = p + rule->start.len;

    return 1;
}


/* the end of the text from p to end once a tag behind it had its way */

static const tpl_char_t *
tpl_scan_strip(tpl_jinja_scan_t *scan, const tpl_char_t *p,
    const tpl_char_t *end, tpl_char_t sign, tpl_uint_t lstrip)
{
    const tpl_char_t  *cut, *q;

    if (sign == '-') {
        return tpl_text_rskip(p, end);
    }

    if (sign == '+' || !lstrip || !scan->syntax->lstrip_blocks) {
        return end;
    }

    cut = tpl_text_rskip(p, end);

    /* back to the last line of that white space, if a line starts there */

    q = end;

    while (q > cut && q[-1] != '\n') {
        q--;
    }

    if (q > cut) {
        return q;
    }

    return (cut == p && scan->line_starting) ? p : end;
}


/* a DATA token of the text from p to end; TPL_DECLINED if it is empty */

static tpl_int_t
tpl_scan_data(tpl_jinja_scan_t *scan, tpl_token_t *tok, const tpl_char_t *p,
    const tpl_char_t *end)
{
    tpl_buf_t          b;
    const tpl_char_t  *q;

    if (p == end) {
        return TPL_DECLINED;
    }

    scan->lexer.p = p;
    tpl_scan_token(scan, tok, TPL_TOKEN_DATA, end);

    if (scan->newline.data == NULL || memchr(p, '\n', end - p) == NULL) {
        return TPL_OK;
    }

    tpl_buf_init(&b, scan->lexer.arena);

    while (p < end) {

        q = memchr(p, '\n', end - p);

        if (q == NULL) {
            tpl_buf_add(&b, p, end - p);
            break;
        }

        tpl_buf_add(&b, p, q - p);
        tpl_buf_str(&b, &scan->newline);
        p = q + 1;
    }

    if (b.failed) {
        return tpl_error_set(scan->lexer.err, TPL_EXC_MEMORY, NULL,
                             "out of memory");
    }

    tok->text.data = b.data;
    tok->text.len = b.len;

    return TPL_OK;
}


static tpl_int_t
tpl_scan_comment(tpl_jinja_scan_t *scan)
{
    tpl_char_t         first;
    const tpl_str_t   *end;
    const tpl_char_t  *p, *q, *last;

    end = &scan->syntax->comment_end_string;
    first = end->len ? end->data[0] : '\0';
    last = scan->lexer.last;

    for (p = scan->lexer.p; p < last; p++) {

        if (*p != first && *p != '-' && *p != '+') {
            continue;
        }

        q = tpl_scan_end(scan, p, end, 1, scan->syntax->trim_blocks);

        if (q) {
            scan->lexer.p = q;
            scan->line_starting = (q[-1] == '\n');
            scan->state = TPL_SCAN_ROOT;
            return TPL_DECLINED;
        }
    }

    /* Jinja2 does not mind a comment that starts right at the end */

    if (scan->lexer.p < last) {
        return tpl_scan_fail(scan, "Missing end of comment tag");
    }

    scan->state = TPL_SCAN_ROOT;

    return TPL_DECLINED;
}


static tpl_int_t
tpl_scan_raw(tpl_jinja_scan_t *scan, tpl_token_t *tok)
{
    tpl_int_t            rc;
    tpl_char_t           sign;
    const tpl_char_t    *p, *q, *start, *last, *cut;
    const tpl_syntax_t  *syntax;

    syntax = scan->syntax;
    start = scan->lexer.p;
    last = scan->lexer.last;

    for (p = start; p < last; p++) {

        if (!tpl_text_at(p, last, &syntax->block_start_string)) {
            continue;
        }

        q = tpl_scan_word(scan, p, "endraw", &sign);

        if (q) {
            q = tpl_scan_end(scan, q, &syntax->block_end_string, 1,
                             syntax->trim_blocks);
        }

        if (q == NULL) {
            continue;
        }

        cut = tpl_scan_strip(scan, start, p, sign, 1);

        rc = tpl_scan_data(scan, tok, start, cut);

        scan->lexer.p = q;
        scan->line_starting = (q[-1] == '\n');
        scan->state = TPL_SCAN_ROOT;

        return rc;
    }

    if (start < last) {
        return tpl_scan_fail(scan, "Missing end of raw directive");
    }

    scan->state = TPL_SCAN_ROOT;

    return TPL_DECLINED;
}


/*
 * A block start at p, its sign, white space, a word, white space: the place
 * after them, NULL if it is something else.
 */

static const tpl_char_t *
tpl_scan_word(tpl_jinja_scan_t *scan, const tpl_char_t *p, const char *word,
    tpl_char_t *sign)
{
    size_t             n;
    const tpl_char_t  *last;

    last = scan->lexer.last;
    p += scan->syntax->block_start_string.len;
    *sign = '\0';

    if (p < last && (*p == '-' || *p == '+')) {
        *sign = *p++;
    }

    p = tpl_text_skip(p, last);
    n = strlen(word);

    if ((size_t) (last - p) < n || memcmp(p, word, n) != 0) {
        return NULL;
    }

    return tpl_text_skip(p + n, last);
}


/*
 * The end of a tag, with a - that takes the white space behind it along, or
 * with a + (if allowed there) that keeps the line end from being trimmed.
 * NULL if it does not stand at p.
 */

static const tpl_char_t *
tpl_scan_end(tpl_jinja_scan_t *scan, const tpl_char_t *p,
    const tpl_str_t *end, tpl_uint_t plus, tpl_uint_t trim)
{
    const tpl_char_t  *last;

    last = scan->lexer.last;

    if (p < last && *p == '+' && plus && tpl_text_at(p + 1, last, end)) {
        return p + 1 + end->len;
    }

    if (p < last && *p == '-' && tpl_text_at(p + 1, last, end)) {
        return tpl_text_skip(p + 1 + end->len, last);
    }

    if (!tpl_text_at(p, last, end)) {
        return NULL;
    }

    p += end->len;

    if (trim && p < last && *p == '\n') {
        p++;
    }

    return p;
}


/* inside of a tag: its end or a token of an expression */

static tpl_int_t
tpl_scan_tag(tpl_jinja_scan_t *scan, tpl_token_t *tok)
{
    tpl_token_type_t     type;
    const tpl_char_t    *end;
    const tpl_syntax_t  *syntax;

    syntax = scan->syntax;

    for ( ;; ) {

        /* an end only counts outside of brackets, which may look alike */

        if (scan->nbrackets == 0) {

            type = TPL_TOKEN_BLOCK_END;

            switch (scan->state) {

            case TPL_SCAN_VARIABLE:
                type = TPL_TOKEN_VARIABLE_END;
                end = tpl_scan_end(scan, scan->lexer.p,
                                   &syntax->variable_end_string, 0, 0);
                break;

            case TPL_SCAN_BLOCK:
                end = tpl_scan_end(scan, scan->lexer.p,
                                   &syntax->block_end_string, 1,
                                   syntax->trim_blocks);
                break;

            default:
                end = tpl_scan_line_end(scan);
                break;
            }

            if (end) {
                tpl_scan_token(scan, tok, type, end);
                scan->line_starting = (end > tok->start && end[-1] == '\n');
                scan->state = TPL_SCAN_ROOT;
                return TPL_OK;
            }
        }

        if (scan->lexer.p == scan->lexer.last) {
            return tpl_scan_eof(scan, tok);
        }

        end = tpl_text_skip(scan->lexer.p, scan->lexer.last);

        if (end == scan->lexer.p) {
            break;
        }

        scan->lexer.p = end;
    }

    if (tpl_lexer_jinja(&scan->lexer, tok) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_scan_bracket(scan, tok);
}


/*
 * White space with the last of its line ends, or the end of the text: empty
 * lines after a line statement go with it.  NULL if it goes on on this line.
 */

static const tpl_char_t *
tpl_scan_line_end(tpl_jinja_scan_t *scan)
{
    const tpl_char_t  *p, *end;

    end = tpl_text_skip(scan->lexer.p, scan->lexer.last);

    if (end == scan->lexer.last) {
        return end;
    }

    for (p = end; p > scan->lexer.p; p--) {

        if (p[-1] == '\n') {
            return p;
        }
    }

    return NULL;
}


static tpl_int_t
tpl_scan_bracket(tpl_jinja_scan_t *scan, tpl_token_t *tok)
{
    tpl_char_t  close, want;

    switch (tok->type) {

    case TPL_TOKEN_LPAREN:
        close = ')';
        break;

    case TPL_TOKEN_LBRACKET:
        close = ']';
        break;

    case TPL_TOKEN_LBRACE:
        close = '}';
        break;

    case TPL_TOKEN_RPAREN:
    case TPL_TOKEN_RBRACKET:
    case TPL_TOKEN_RBRACE:

        if (scan->nbrackets == 0) {
            return tpl_error_set(scan->lexer.err, TPL_EXC_SYNTAX, &tok->pos,
                                 "unexpected '%c'", *tok->start);
        }

        want = scan->brackets[--scan->nbrackets];

        if (want != *tok->start) {
            return tpl_error_set(scan->lexer.err, TPL_EXC_SYNTAX, &tok->pos,
                                 "unexpected '%c', expected '%c'",
                                 *tok->start, want);
        }

        return TPL_OK;

    default:
        return TPL_OK;
    }

    if (scan->nbrackets == TPL_SCAN_MAX_BRACKETS) {
        return tpl_error_set(scan->lexer.err, TPL_EXC_SYNTAX, &tok->pos,
                             "expression is nested too deeply");
    }

    scan->brackets[scan->nbrackets++] = close;

    return TPL_OK;
}


/* Jinja2 gives the end the line of the last token */

static tpl_int_t
tpl_scan_eof(tpl_jinja_scan_t *scan, tpl_token_t *tok)
{
    tpl_scan_token(scan, tok, TPL_TOKEN_EOF, scan->lexer.p);

    if (tok->pos.line != scan->last_pos.line) {
        tok->pos = scan->last_pos;
    }

    return TPL_OK;
}


static void
tpl_scan_token(tpl_jinja_scan_t *scan, tpl_token_t *tok,
    tpl_token_type_t type, const tpl_char_t *end)
{
    tpl_lexer_t  *lx;

    lx = &scan->lexer;

    memset(tok, 0, sizeof(tpl_token_t));
    tpl_lexer_pos(lx, lx->p, &tok->pos);

    tok->type = type;
    tok->start = lx->p;
    tok->end = end;
    tok->text.data = (tpl_char_t *) lx->p;
    tok->text.len = end - lx->p;

    lx->p = end;
}


static tpl_int_t
tpl_scan_fail(tpl_jinja_scan_t *scan, const char *why)
{
    tpl_pos_t  pos;

    tpl_lexer_pos(&scan->lexer, scan->lexer.p, &pos);

    return tpl_error_set(scan->lexer.err, TPL_EXC_SYNTAX, &pos, "%s", why);
}
