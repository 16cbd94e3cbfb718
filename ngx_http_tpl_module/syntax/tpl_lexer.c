
/*
 * The tokens of expressions, in two spellings.
 *
 * A lexer only goes forwards.  Lines and columns are counted from the last
 * place that was asked for, so that positions of all tokens cost one walk.
 * The text is well-formed UTF-8; whoever starts a lexer has checked.
 */

#include "syntax/tpl_lexer.h"
#include "value/tpl_value.h"
#include "base/tpl_number.h"
#include "base/tpl_utf8.h"


#define tpl_is_digit(c)   ((c) >= '0' && (c) <= '9')


static void tpl_lexer_token(tpl_lexer_t *lx, tpl_token_t *tok,
    tpl_token_type_t type, const tpl_char_t *end);
static const tpl_char_t *tpl_lexer_digits(const tpl_char_t *p,
    const tpl_char_t *last, tpl_uint_t base);
static tpl_int_t tpl_lexer_integer(tpl_lexer_t *lx, tpl_token_t *tok,
    const tpl_char_t *end);
static tpl_int_t tpl_lexer_float(tpl_lexer_t *lx, tpl_token_t *tok,
    const tpl_char_t *end);
static tpl_int_t tpl_lexer_unexpected(tpl_lexer_t *lx);

static tpl_int_t tpl_jinja_number(tpl_lexer_t *lx, tpl_token_t *tok);
static tpl_int_t tpl_jinja_name(tpl_lexer_t *lx, tpl_token_t *tok);
static tpl_int_t tpl_jinja_string(tpl_lexer_t *lx, tpl_token_t *tok);

static tpl_int_t tpl_python_blank(tpl_lexer_t *lx, tpl_token_t *tok);
static tpl_int_t tpl_python_number(tpl_lexer_t *lx, tpl_token_t *tok);
static tpl_int_t tpl_python_name(tpl_lexer_t *lx, tpl_token_t *tok);
static tpl_int_t tpl_python_string(tpl_lexer_t *lx, tpl_token_t *tok,
    const tpl_char_t *quote);
static tpl_int_t tpl_python_operator(tpl_lexer_t *lx, tpl_token_t *tok);


static const char *const  tpl_token_names[] = {
    "end of template", "template data / text", "begin of print statement",
    "end of print statement", "begin of statement block",
    "end of statement block", "name", "integer", "float", "string",
    "+", "-", "/", "//", "*", "%", "**", "~", "[", "]", "(", ")", "{", "}",
    "==", "!=", ">", ">=", "<", "<=", "=", ".", ":", "|", ",", ";",
    "string", "end of line", "&", "^", "<<", ">>", "@", "->", ":=", "...",
    "augmented assignment"
};

_Static_assert(tpl_nelts(tpl_token_names) == TPL_TOKEN_LAST,
               "every token type has a name");


void
tpl_lexer_init(tpl_lexer_t *lx, tpl_arena_t *arena,
    const tpl_source_t *source, const tpl_str_t *text, tpl_error_t *err,
    tpl_exc_t exc)
{
    memset(lx, 0, sizeof(tpl_lexer_t));

    lx->arena = arena;
    lx->source = source;
    lx->err = err;
    lx->exc = exc;

    lx->start = text->data;
    lx->p = text->data;
    lx->last = text->data + text->len;

    lx->mark = lx->start;
    lx->line = 1;
    lx->column = 1;
}


void
tpl_lexer_pos(tpl_lexer_t *lx, const tpl_char_t *at, tpl_pos_t *pos)
{
    const tpl_char_t  *p;

    if (at < lx->mark) {
        lx->mark = lx->start;
        lx->line = 1;
        lx->column = 1;
    }

    for (p = lx->mark; p < at; p++) {

        if (*p == '\n') {
            lx->line++;
            lx->column = 1;

        } else if ((*p & 0xc0) != 0x80) {
            lx->column++;
        }
    }

    lx->mark = at;

    pos->source = lx->source;
    pos->line = lx->line;
    pos->column = lx->column;
}


tpl_int_t
tpl_lexer_memory(tpl_lexer_t *lx)
{
    return tpl_error_set(lx->err, TPL_EXC_MEMORY, NULL, "out of memory");
}


tpl_int_t
tpl_lexer_digit(tpl_char_t c, tpl_uint_t base)
{
    tpl_int_t  n;

    if (tpl_is_digit(c)) {
        n = c - '0';

    } else {
        c |= 0x20;

        if (c < 'a' || c > 'f') {
            return -1;
        }

        n = c - 'a' + 10;
    }

    return n < (tpl_int_t) base ? n : -1;
}


/* a token from lx->p to end; moves lx->p past it */

static void
tpl_lexer_token(tpl_lexer_t *lx, tpl_token_t *tok, tpl_token_type_t type,
    const tpl_char_t *end)
{
    tpl_lexer_pos(lx, lx->p, &tok->pos);

    tok->type = type;
    tok->op = 0;
    tok->flags = 0;
    tok->start = lx->p;
    tok->end = end;
    tok->text.data = (tpl_char_t *) lx->p;
    tok->text.len = end - lx->p;
    tok->integer = 0;
    tok->number = 0;

    lx->p = end;
}


void
tpl_token_describe(const tpl_token_t *tok, tpl_str_t *s)
{
    if (tok->type == TPL_TOKEN_NAME || tok->type == TPL_TOKEN_AUGMENTED) {
        *s = tok->text;
        return;
    }

    s->data = (tpl_char_t *) tpl_token_names[tok->type];
    s->len = strlen(tpl_token_names[tok->type]);
}


const char *
tpl_token_type_name(tpl_token_type_t type)
{
    return tpl_token_names[type];
}


size_t
tpl_text_space(const tpl_char_t *p, const tpl_char_t *last)
{
    const tpl_char_t  *next;

    if (p == last) {
        return 0;
    }

    if (*p < 0x80) {
        return *p == ' ' || (*p >= '\t' && *p <= '\r')
               || (*p >= 0x1c && *p <= 0x1f);
    }

    next = p;

    return tpl_uc_space(tpl_utf8_decode(&next, last)) ? (size_t) (next - p)
                                                      : 0;
}


const tpl_char_t *
tpl_text_skip(const tpl_char_t *p, const tpl_char_t *last)
{
    size_t  n;

    for ( ;; ) {
        n = tpl_text_space(p, last);

        if (n == 0) {
            return p;
        }

        p += n;
    }
}


/* from last back to p: the end of the text without trailing white space */

const tpl_char_t *
tpl_text_rskip(const tpl_char_t *p, const tpl_char_t *last)
{
    const tpl_char_t  *q;

    while (last > p) {

        q = last - 1;

        while (q > p && (*q & 0xc0) == 0x80) {
            q--;
        }

        if (tpl_text_space(q, last) == 0) {
            break;
        }

        last = q;
    }

    return last;
}


/* past any digits, each with at most one underscore before it */

static const tpl_char_t *
tpl_lexer_digits(const tpl_char_t *p, const tpl_char_t *last,
    tpl_uint_t base)
{
    const tpl_char_t  *q;

    for ( ;; ) {
        q = p;

        if (q < last && *q == '_') {
            q++;
        }

        if (q == last || tpl_lexer_digit(*q, base) < 0) {
            return p;
        }

        p = q + 1;
    }
}


/* INTEGER from lx->p to end, which is a well-formed literal */

static tpl_int_t
tpl_lexer_integer(tpl_lexer_t *lx, tpl_token_t *tok, const tpl_char_t *end)
{
    tpl_int_t          d;
    tpl_uint_t         base;
    const tpl_char_t  *p;

    p = lx->p;
    base = 10;

    tpl_lexer_token(lx, tok, TPL_TOKEN_INTEGER, end);

    if (end - p > 2 && *p == '0') {

        switch (p[1] | 0x20) {

        case 'x':
            base = 16;
            break;

        case 'o':
            base = 8;
            break;

        case 'b':
            base = 2;
            break;
        }

        if (base != 10) {
            p += 2;
        }
    }

    for ( /* void */ ; p < end; p++) {

        if (*p == '_') {
            continue;
        }

        d = tpl_lexer_digit(*p, base);

        if (__builtin_mul_overflow(tok->integer, (int64_t) base,
                                   &tok->integer)
            || __builtin_add_overflow(tok->integer, (int64_t) d,
                                      &tok->integer))
        {
            return tpl_error_set(lx->err, lx->exc, &tok->pos,
                                 "integer literal is too large");
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_lexer_float(tpl_lexer_t *lx, tpl_token_t *tok, const tpl_char_t *end)
{
    tpl_lexer_token(lx, tok, TPL_TOKEN_FLOAT, end);

    if (tpl_parse_float(&tok->text, &tok->number) != TPL_OK) {
        return tpl_error_set(lx->err, lx->exc, &tok->pos,
                             "invalid float literal");
    }

    return TPL_OK;
}


/* Jinja2 names the character and its index in the whole text */

static tpl_int_t
tpl_lexer_unexpected(tpl_lexer_t *lx)
{
    tpl_buf_t          b;
    tpl_pos_t          pos;
    tpl_str_t          s;
    const tpl_char_t  *p;

    p = lx->p;
    (void) tpl_utf8_decode(&p, lx->last);

    s.data = (tpl_char_t *) lx->p;
    s.len = p - lx->p;

    tpl_buf_init(&b, lx->arena);

    if (tpl_lexer_repr(&b, &s) != TPL_OK) {
        return tpl_lexer_memory(lx);
    }

    tpl_lexer_pos(lx, lx->p, &pos);

    if (lx->exc == TPL_EXC_SYNTAX) {
        return tpl_error_set(lx->err, lx->exc, &pos,
                             "unexpected char %.*s at %zu",
                             (int) b.len, (char *) b.data,
                             tpl_utf8_length(lx->start, lx->p - lx->start));
    }

    return tpl_error_set(lx->err, lx->exc, &pos,
                         "unexpected character %.*s",
                         (int) b.len, (char *) b.data);
}


tpl_int_t
tpl_lexer_jinja(tpl_lexer_t *lx, tpl_token_t *tok)
{
    tpl_char_t         c, next;
    tpl_uint_t         n;
    tpl_token_type_t   type;
    const tpl_char_t  *p;

    p = lx->p;
    c = *p;

    if (tpl_is_digit(c)) {
        return tpl_jinja_number(lx, tok);
    }

    if (c == '\'' || c == '"') {
        return tpl_jinja_string(lx, tok);
    }

    next = (lx->last - p > 1) ? p[1] : '\0';
    n = 1;

    switch (c) {

    case '+':
        type = TPL_TOKEN_ADD;
        break;

    case '-':
        type = TPL_TOKEN_SUB;
        break;

    case '/':
        n += (next == '/');
        type = (n == 2) ? TPL_TOKEN_FLOORDIV : TPL_TOKEN_DIV;
        break;

    case '*':
        n += (next == '*');
        type = (n == 2) ? TPL_TOKEN_POW : TPL_TOKEN_MUL;
        break;

    case '%':
        type = TPL_TOKEN_MOD;
        break;

    case '~':
        type = TPL_TOKEN_TILDE;
        break;

    case '[':
        type = TPL_TOKEN_LBRACKET;
        break;

    case ']':
        type = TPL_TOKEN_RBRACKET;
        break;

    case '(':
        type = TPL_TOKEN_LPAREN;
        break;

    case ')':
        type = TPL_TOKEN_RPAREN;
        break;

    case '{':
        type = TPL_TOKEN_LBRACE;
        break;

    case '}':
        type = TPL_TOKEN_RBRACE;
        break;

    case '=':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_EQ : TPL_TOKEN_ASSIGN;
        break;

    case '!':
        if (next != '=') {
            return tpl_lexer_unexpected(lx);
        }

        n = 2;
        type = TPL_TOKEN_NE;
        break;

    case '>':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_GTEQ : TPL_TOKEN_GT;
        break;

    case '<':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_LTEQ : TPL_TOKEN_LT;
        break;

    case '.':
        type = TPL_TOKEN_DOT;
        break;

    case ':':
        type = TPL_TOKEN_COLON;
        break;

    case '|':
        type = TPL_TOKEN_PIPE;
        break;

    case ',':
        type = TPL_TOKEN_COMMA;
        break;

    case ';':
        type = TPL_TOKEN_SEMICOLON;
        break;

    default:
        return tpl_jinja_name(lx, tok);
    }

    tpl_lexer_token(lx, tok, type, p + n);

    return TPL_OK;
}


static tpl_int_t
tpl_jinja_number(tpl_lexer_t *lx, tpl_token_t *tok)
{
    tpl_char_t         c;
    tpl_uint_t         base;
    const tpl_char_t  *p, *q, *end, *last;

    p = lx->p;
    last = lx->last;

    if (p == lx->start || p[-1] != '.') {

        q = tpl_lexer_digits(p, last, 10);
        end = q;

        if (last - q > 1 && *q == '.' && tpl_is_digit(q[1])) {
            end = tpl_lexer_digits(q + 1, last, 10);
        }

        if (end < last && (*end | 0x20) == 'e') {
            p = end + 1;

            if (p < last && (*p == '+' || *p == '-')) {
                p++;
            }

            if (p < last && tpl_is_digit(*p)) {
                return tpl_lexer_float(lx, tok,
                                       tpl_lexer_digits(p, last, 10));
            }
        }

        if (end > q) {
            return tpl_lexer_float(lx, tok, end);
        }
    }

    p = lx->p;

    if (*p != '0') {
        return tpl_lexer_integer(lx, tok, tpl_lexer_digits(p, last, 10));
    }

    if (last - p > 2) {
        c = p[1] | 0x20;
        base = (c == 'x') ? 16 : (c == 'o') ? 8 : (c == 'b') ? 2 : 0;

        if (base) {
            end = tpl_lexer_digits(p + 2, last, base);

            if (end > p + 2) {
                return tpl_lexer_integer(lx, tok, end);
            }
        }
    }

    /* zeros only: 012 is two tokens */

    return tpl_lexer_integer(lx, tok, tpl_lexer_digits(p, last, 1));
}


static tpl_int_t
tpl_jinja_name(tpl_lexer_t *lx, tpl_token_t *tok)
{
    uint32_t           c;
    tpl_uint_t         valid;
    const tpl_char_t  *p, *q, *last;

    last = lx->last;
    valid = 1;

    for (p = lx->p; p < last; p = q) {

        q = p;

        if (*p < 0x80) {
            q++;

            if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
                || tpl_is_digit(*p) || *p == '_')
            {
                continue;
            }

            break;
        }

        c = tpl_utf8_decode(&q, last);

        if (tpl_uc_id_continue(c)) {

            if (p == lx->p && !tpl_uc_id_start(c)) {
                valid = 0;
            }

            continue;
        }

        if (!tpl_uc_word(c)) {
            break;
        }

        valid = 0;
    }

    if (p == lx->p) {
        return tpl_lexer_unexpected(lx);
    }

    tpl_lexer_token(lx, tok, TPL_TOKEN_NAME, p);

    if (!valid) {
        return tpl_error_set(lx->err, lx->exc, &tok->pos,
                             "Invalid character in identifier");
    }

    return TPL_OK;
}


static tpl_int_t
tpl_jinja_string(tpl_lexer_t *lx, tpl_token_t *tok)
{
    tpl_buf_t          b;
    tpl_str_t          in;
    tpl_char_t         quote;
    const tpl_char_t  *p, *q;

    quote = *lx->p;

    for (p = lx->p + 1; p < lx->last && *p != quote; p++) {

        if (*p == '\\') {
            p++;
        }
    }

    if (p >= lx->last) {
        return tpl_lexer_unexpected(lx);
    }

    in.data = (tpl_char_t *) lx->p + 1;
    in.len = p - in.data;

    tpl_lexer_token(lx, tok, TPL_TOKEN_STRING, p + 1);

    if (lx->newline && memchr(in.data, '\n', in.len)) {

        tpl_buf_init(&b, lx->arena);

        for (q = in.data; q < p; q++) {

            if (*q == '\n') {
                tpl_buf_str(&b, lx->newline);

            } else {
                tpl_buf_char(&b, *q);
            }
        }

        if (b.failed) {
            return tpl_lexer_memory(lx);
        }

        in.data = b.data;
        in.len = b.len;
    }

    return tpl_lexer_unescape(lx, &in, TPL_UNESCAPE_JINJA, &tok->pos,
                              &tok->text);
}


tpl_int_t
tpl_lexer_python(tpl_lexer_t *lx, tpl_token_t *tok)
{
    tpl_int_t   rc;
    tpl_char_t  c;

    rc = tpl_python_blank(lx, tok);
    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (lx->p == lx->last) {
        tpl_lexer_token(lx, tok, TPL_TOKEN_EOF, lx->p);
        return TPL_OK;
    }

    c = *lx->p;

    if (tpl_is_digit(c)
        || (c == '.' && lx->last - lx->p > 1 && tpl_is_digit(lx->p[1])))
    {
        return tpl_python_number(lx, tok);
    }

    if (c == '\'' || c == '"') {
        return tpl_python_string(lx, tok, lx->p);
    }

    if (c >= 0x80 || c == '_' || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z'))
    {
        return tpl_python_name(lx, tok);
    }

    return tpl_python_operator(lx, tok);
}


/* TPL_OK: a line ends here and that is a token; TPL_DECLINED: go on */

static tpl_int_t
tpl_python_blank(tpl_lexer_t *lx, tpl_token_t *tok)
{
    size_t  n;

    for ( /* void */ ; lx->p < lx->last; lx->p += n) {

        n = 1;

        switch (*lx->p) {

        case ' ':
        case '\t':
        case '\f':
            break;

        case '\r':
        case '\n':
            if (lx->nesting == 0) {
                tpl_lexer_token(lx, tok, TPL_TOKEN_NEWLINE, lx->p + 1);
                return TPL_OK;
            }

            break;

        case '\\':
            if (lx->last - lx->p > 1 && lx->p[1] == '\r') {
                n++;
            }

            if (lx->last - lx->p > (ssize_t) n && lx->p[n] == '\n') {
                n++;
            }

            if (n == 1) {
                tpl_lexer_pos(lx, lx->p, &tok->pos);

                return tpl_error_set(lx->err, lx->exc, &tok->pos,
                                     "unexpected character after line "
                                     "continuation character");
            }

            break;

        case '#':
            while (lx->p + n < lx->last && lx->p[n] != '\n') {
                n++;
            }

            break;

        default:
            return TPL_DECLINED;
        }
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_python_number(tpl_lexer_t *lx, tpl_token_t *tok)
{
    tpl_char_t         c;
    tpl_uint_t         base, real;
    const tpl_char_t  *p, *q, *last;

    p = lx->p;
    last = lx->last;
    real = 0;

    if (*p == '0' && last - p > 1) {
        c = p[1] | 0x20;
        base = (c == 'x') ? 16 : (c == 'o') ? 8 : (c == 'b') ? 2 : 0;

        if (base) {
            q = tpl_lexer_digits(p + 2, last, base);

            if (q == p + 2 || (q < last && (tpl_is_digit(*q) || *q == '_')))
            {
                tpl_lexer_pos(lx, p, &tok->pos);

                return tpl_error_set(lx->err, lx->exc, &tok->pos,
                                     "invalid %s literal",
                                     base == 16 ? "hexadecimal"
                                     : base == 8 ? "octal" : "binary");
            }

            return tpl_lexer_integer(lx, tok, q);
        }
    }

    if (*p != '.') {
        p = tpl_lexer_digits(p, last, 10);
    }

    if (p < last && *p == '.') {
        real = 1;
        p++;

        if (p < last && tpl_is_digit(*p)) {
            p = tpl_lexer_digits(p, last, 10);
        }
    }

    if (p < last && (*p | 0x20) == 'e') {
        q = p + 1;

        if (q < last && (*q == '+' || *q == '-')) {
            q++;
        }

        if (q < last && tpl_is_digit(*q)) {
            real = 1;
            p = tpl_lexer_digits(q, last, 10);
        }
    }

    tpl_lexer_pos(lx, lx->p, &tok->pos);

    if (p < last && (*p | 0x20) == 'j') {
        return tpl_error_set(lx->err, lx->exc, &tok->pos,
                             "complex numbers are not supported");
    }

    if (p < last && *p == '_') {
        return tpl_error_set(lx->err, lx->exc, &tok->pos,
                             "invalid decimal literal");
    }

    if (real) {
        return tpl_lexer_float(lx, tok, p);
    }

    if (*lx->p == '0' && tpl_lexer_digits(lx->p, last, 1) != p) {
        return tpl_error_set(lx->err, lx->exc, &tok->pos,
                             "leading zeros in decimal integer literals are "
                             "not permitted; use an 0o prefix for octal "
                             "integers");
    }

    return tpl_lexer_integer(lx, tok, p);
}


/* a name, or a string with a prefix */

static tpl_int_t
tpl_python_name(tpl_lexer_t *lx, tpl_token_t *tok)
{
    uint32_t           c;
    const tpl_char_t  *p, *q, *last;

    last = lx->last;

    for (p = lx->p; p < last; p = q) {

        q = p;

        if (*p < 0x80) {
            q++;

            if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
                || tpl_is_digit(*p) || *p == '_')
            {
                continue;
            }

            break;
        }

        c = tpl_utf8_decode(&q, last);

        if (p == lx->p ? !tpl_uc_id_start(c) : !tpl_uc_id_continue(c)) {
            break;
        }
    }

    if (p == lx->p) {
        return tpl_lexer_unexpected(lx);
    }

    if (p < last && (*p == '\'' || *p == '"') && p - lx->p <= 2) {
        return tpl_python_string(lx, tok, p);
    }

    tpl_lexer_token(lx, tok, TPL_TOKEN_NAME, p);

    return TPL_OK;
}


/* a string from lx->p, whose prefix ends at quote */

static tpl_int_t
tpl_python_string(tpl_lexer_t *lx, tpl_token_t *tok, const tpl_char_t *quote)
{
    tpl_str_t          in;
    tpl_uint_t         raw, bytes, format, unicode, triple, n, flags;
    const tpl_char_t  *p;

    raw = 0;
    bytes = 0;
    format = 0;
    unicode = 0;
    n = quote - lx->p;

    for (p = lx->p; p < quote; p++) {

        switch (*p | 0x20) {

        case 'r':
            raw++;
            break;

        case 'b':
            bytes++;
            break;

        case 'f':
            format++;
            break;

        case 'u':
            unicode++;
            break;

        default:
            n = 9;
            break;
        }
    }

    if (n > 2 || raw > 1 || bytes > 1 || format > 1 || unicode > 1
        || bytes + format > 1 || (unicode && n > 1))
    {
        /* a name right before a string: two tokens, no valid expression */

        tpl_lexer_token(lx, tok, TPL_TOKEN_NAME, quote);
        return TPL_OK;
    }

    triple = (lx->last - quote > 2 && quote[1] == *quote
              && quote[2] == *quote);

    n = triple ? 3 : 1;

    for (p = quote + n; p < lx->last; p++) {

        if (*p == '\\') {
            p++;
            continue;
        }

        if (*p == '\n' && !triple) {
            p = lx->last;
            break;
        }

        if (*p == *quote
            && (!triple || (lx->last - p > 2 && p[1] == *quote
                            && p[2] == *quote)))
        {
            break;
        }
    }

    if (p >= lx->last) {
        tpl_lexer_pos(lx, lx->p, &tok->pos);

        return tpl_error_set(lx->err, lx->exc, &tok->pos,
                             triple
                             ? "unterminated triple-quoted string literal"
                             : "unterminated string literal");
    }

    in.data = (tpl_char_t *) quote + n;
    in.len = p - in.data;

    tpl_lexer_token(lx, tok, format ? TPL_TOKEN_FSTRING : TPL_TOKEN_STRING,
                    p + n);

    if (format) {
        tok->text = in;
        tok->flags = raw ? TPL_TOKEN_F_RAW : 0;
        return TPL_OK;
    }

    flags = 0;

    if (raw) {
        flags |= TPL_UNESCAPE_RAW;
    }

    if (bytes) {
        flags |= TPL_UNESCAPE_BYTES;
        tok->flags = TPL_TOKEN_F_BYTES;

        if (!tpl_utf8_ascii(in.data, in.len)) {
            return tpl_error_set(lx->err, lx->exc, &tok->pos,
                                 "bytes can only contain ASCII literal "
                                 "characters");
        }
    }

    return tpl_lexer_unescape(lx, &in, flags, &tok->pos, &tok->text);
}


static tpl_int_t
tpl_python_operator(tpl_lexer_t *lx, tpl_token_t *tok)
{
    uint8_t            op;
    tpl_char_t         c, next;
    tpl_uint_t         n;
    tpl_token_type_t   type;
    const tpl_char_t  *p;

    /* the binary operators, which all may be followed by = */

    p = lx->p;
    c = *p;
    next = (lx->last - p > 1) ? p[1] : '\0';
    n = (next == c && (c == '*' || c == '/' || c == '<' || c == '>')) ? 2 : 1;
    op = 0;
    type = TPL_TOKEN_EOF;

    switch (c) {

    case '+':
        type = TPL_TOKEN_ADD;
        op = TPL_OP_ADD;
        break;

    case '-':
        if (next == '>') {
            tpl_lexer_token(lx, tok, TPL_TOKEN_ARROW, p + 2);
            return TPL_OK;
        }

        type = TPL_TOKEN_SUB;
        op = TPL_OP_SUB;
        break;

    case '*':
        type = (n == 2) ? TPL_TOKEN_POW : TPL_TOKEN_MUL;
        op = (n == 2) ? TPL_OP_POW : TPL_OP_MUL;
        break;

    case '/':
        type = (n == 2) ? TPL_TOKEN_FLOORDIV : TPL_TOKEN_DIV;
        op = (n == 2) ? TPL_OP_FLOORDIV : TPL_OP_DIV;
        break;

    case '%':
        type = TPL_TOKEN_MOD;
        op = TPL_OP_MOD;
        break;

    case '|':
        type = TPL_TOKEN_PIPE;
        op = TPL_OP_BIT_OR;
        break;

    case '&':
        type = TPL_TOKEN_AMPERSAND;
        op = TPL_OP_BIT_AND;
        break;

    case '^':
        type = TPL_TOKEN_CARET;
        op = TPL_OP_BIT_XOR;
        break;

    case '@':
        type = TPL_TOKEN_AT;
        op = 0xff;
        break;

    case '<':
        if (n == 2) {
            type = TPL_TOKEN_LSHIFT;
            op = TPL_OP_LSHIFT;
        }

        break;

    case '>':
        if (n == 2) {
            type = TPL_TOKEN_RSHIFT;
            op = TPL_OP_RSHIFT;
        }

        break;
    }

    if (type != TPL_TOKEN_EOF) {

        if (lx->last - p > (ssize_t) n && p[n] == '=') {
            tpl_lexer_token(lx, tok, TPL_TOKEN_AUGMENTED, p + n + 1);
            tok->op = op;
            return TPL_OK;
        }

        tpl_lexer_token(lx, tok, type, p + n);

        return TPL_OK;
    }

    /* the rest */

    n = 1;

    switch (c) {

    case '(':
        type = TPL_TOKEN_LPAREN;
        lx->nesting++;
        break;

    case '[':
        type = TPL_TOKEN_LBRACKET;
        lx->nesting++;
        break;

    case '{':
        type = TPL_TOKEN_LBRACE;
        lx->nesting++;
        break;

    case ')':
        type = TPL_TOKEN_RPAREN;
        lx->nesting -= (lx->nesting > 0);
        break;

    case ']':
        type = TPL_TOKEN_RBRACKET;
        lx->nesting -= (lx->nesting > 0);
        break;

    case '}':
        type = TPL_TOKEN_RBRACE;
        lx->nesting -= (lx->nesting > 0);
        break;

    case '~':
        type = TPL_TOKEN_TILDE;
        break;

    case '<':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_LTEQ : TPL_TOKEN_LT;
        break;

    case '>':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_GTEQ : TPL_TOKEN_GT;
        break;

    case '=':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_EQ : TPL_TOKEN_ASSIGN;
        break;

    case '!':
        if (next != '=') {
            return tpl_lexer_unexpected(lx);
        }

        n = 2;
        type = TPL_TOKEN_NE;
        break;

    case ':':
        n += (next == '=');
        type = (n == 2) ? TPL_TOKEN_WALRUS : TPL_TOKEN_COLON;
        break;

    case '.':
        if (lx->last - p > 2 && next == '.' && p[2] == '.') {
            n = 3;
            type = TPL_TOKEN_ELLIPSIS;
            break;
        }

        type = TPL_TOKEN_DOT;
        break;

    case ',':
        type = TPL_TOKEN_COMMA;
        break;

    case ';':
        type = TPL_TOKEN_SEMICOLON;
        break;

    default:
        return tpl_lexer_unexpected(lx);
    }

    tpl_lexer_token(lx, tok, type, p + n);

    return TPL_OK;
}
