
/*
 * Tokens of expressions, in Jinja2's and in Python's spelling.
 *
 * A lexer walks once over a text.  It does not know where an expression ends:
 * Jinja's scanner watches for the end of the tag before each token, Tornado's
 * gives the lexer just the text between the braces.
 */

#ifndef _TPL_LEXER_H_INCLUDED_
#define _TPL_LEXER_H_INCLUDED_


#include "base/tpl_base.h"
#include "base/tpl_error.h"


TPL_BEGIN_DECLS


typedef enum {
    TPL_TOKEN_EOF = 0,

    /* from the template scanner */
    TPL_TOKEN_DATA,
    TPL_TOKEN_VARIABLE_BEGIN,
    TPL_TOKEN_VARIABLE_END,
    TPL_TOKEN_BLOCK_BEGIN,
    TPL_TOKEN_BLOCK_END,

    TPL_TOKEN_NAME,
    TPL_TOKEN_INTEGER,
    TPL_TOKEN_FLOAT,
    TPL_TOKEN_STRING,

    /* operators of both */
    TPL_TOKEN_ADD,
    TPL_TOKEN_SUB,
    TPL_TOKEN_DIV,
    TPL_TOKEN_FLOORDIV,
    TPL_TOKEN_MUL,
    TPL_TOKEN_MOD,
    TPL_TOKEN_POW,
    TPL_TOKEN_TILDE,
    TPL_TOKEN_LBRACKET,
    TPL_TOKEN_RBRACKET,
    TPL_TOKEN_LPAREN,
    TPL_TOKEN_RPAREN,
    TPL_TOKEN_LBRACE,
    TPL_TOKEN_RBRACE,
    TPL_TOKEN_EQ,
    TPL_TOKEN_NE,
    TPL_TOKEN_GT,
    TPL_TOKEN_GTEQ,
    TPL_TOKEN_LT,
    TPL_TOKEN_LTEQ,
    TPL_TOKEN_ASSIGN,
    TPL_TOKEN_DOT,
    TPL_TOKEN_COLON,
    TPL_TOKEN_PIPE,
    TPL_TOKEN_COMMA,
    TPL_TOKEN_SEMICOLON,

    /* Python's own */
    TPL_TOKEN_FSTRING,
    TPL_TOKEN_NEWLINE,      /* outside of brackets, where it ends things */
    TPL_TOKEN_AMPERSAND,
    TPL_TOKEN_CARET,
    TPL_TOKEN_LSHIFT,
    TPL_TOKEN_RSHIFT,
    TPL_TOKEN_AT,
    TPL_TOKEN_ARROW,
    TPL_TOKEN_WALRUS,
    TPL_TOKEN_ELLIPSIS,
    TPL_TOKEN_AUGMENTED,    /* += and so on, op says which */

    TPL_TOKEN_LAST
} tpl_token_type_t;


#define TPL_TOKEN_F_RAW    0x01     /* FSTRING: r prefix */
#define TPL_TOKEN_F_BYTES  0x02     /* STRING: b prefix */


typedef struct {
    tpl_token_type_t         type;
    uint8_t                  op;        /* AUGMENTED: tpl_binary_op_t; 0xff is
                                           @=, which nothing has */
    uint8_t                  flags;
    tpl_pos_t                pos;
    const tpl_char_t        *start;     /* where it stands in the text */
    const tpl_char_t        *end;
    tpl_str_t                text;      /* NAME, DATA; STRING: its value;
                                           FSTRING: what the quotes hold */
    int64_t                  integer;
    double                   number;    /* FLOAT */
} tpl_token_t;


typedef struct {
    tpl_arena_t             *arena;
    tpl_error_t             *err;
    tpl_exc_t                exc;       /* of syntax errors */
    const tpl_source_t      *source;

    const tpl_char_t        *start;     /* the whole text */
    const tpl_char_t        *p;         /* the next token */
    const tpl_char_t        *last;      /* where to stop */

    /* the place whose line and column are known */
    const tpl_char_t        *mark;
    uint32_t                 line;
    uint32_t                 column;

    tpl_uint_t               nesting;   /* Python: open brackets */
    const tpl_str_t         *newline;   /* Jinja: line end in strings */
} tpl_lexer_t;


/* a lexer at the start of text, which is source's or a copy of it */
void tpl_lexer_init(tpl_lexer_t *lx, tpl_arena_t *arena,
    const tpl_source_t *source, const tpl_str_t *text, tpl_error_t *err,
    tpl_exc_t exc);

/*
 * The place of a byte.  Places asked for in rising order cost one walk over
 * the text altogether.
 */
void tpl_lexer_pos(tpl_lexer_t *lx, const tpl_char_t *at, tpl_pos_t *pos);

/*
 * Takes the token at lx->p, which must not be blank or at lx->last.  The rules
 * are those of Jinja2's lexer.py: a float does not start behind a dot, names
 * are runs of word characters.  TPL_ERROR with the error set.
 */
tpl_int_t tpl_lexer_jinja(tpl_lexer_t *lx, tpl_token_t *tok);

/*
 * Skips blanks and comments and takes the next token by Python's rules, EOF at
 * lx->last.
 */
tpl_int_t tpl_lexer_python(tpl_lexer_t *lx, tpl_token_t *tok);

/*
 * The value of what a string's quotes hold.  flags: TPL_UNESCAPE_*.  Without
 * escapes *out is in itself.  Errors are set at pos.
 */
#define TPL_UNESCAPE_JINJA  0x01    /* as .encode("ascii", "backslashreplace")
                                       .decode("unicode-escape") does */
#define TPL_UNESCAPE_BYTES  0x02    /* no \u, \U, \N */
#define TPL_UNESCAPE_RAW    0x04    /* line ends only */

tpl_int_t tpl_lexer_unescape(tpl_lexer_t *lx, const tpl_str_t *in,
    tpl_uint_t flags, const tpl_pos_t *pos, tpl_str_t *out);

/* the error for want of memory; always TPL_ERROR */
tpl_int_t tpl_lexer_memory(tpl_lexer_t *lx);

/* the value of a digit of base, -1 if c is none */
tpl_int_t tpl_lexer_digit(tpl_char_t c, tpl_uint_t base);

/* the token as messages name it: a name itself, ")", "string", ... */
void tpl_token_describe(const tpl_token_t *tok, tpl_str_t *s);
const char *tpl_token_type_name(tpl_token_type_t type);

/* repr() of a string */
tpl_int_t tpl_lexer_repr(tpl_buf_t *b, const tpl_str_t *s);


/* Python's idea of white space: skips it forwards, backwards, asks for one */

const tpl_char_t *tpl_text_skip(const tpl_char_t *p, const tpl_char_t *last);
const tpl_char_t *tpl_text_rskip(const tpl_char_t *p, const tpl_char_t *last);

/* the bytes of the white space character at p, 0 if there is none */
size_t tpl_text_space(const tpl_char_t *p, const tpl_char_t *last);

/* true if s begins with prefix */
static inline tpl_uint_t
tpl_text_at(const tpl_char_t *p, const tpl_char_t *last,
    const tpl_str_t *prefix)
{
    return (size_t) (last - p) >= prefix->len
           && memcmp(p, prefix->data, prefix->len) == 0;
}


TPL_END_DECLS


#endif /* _TPL_LEXER_H_INCLUDED_ */
