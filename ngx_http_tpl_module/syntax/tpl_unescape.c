
/*
 * String literals: what their quotes hold to their values, and back for
 * messages and dumps.
 */

#include <uniname.h>

#include "syntax/tpl_lexer.h"
#include "base/tpl_utf8.h"


static tpl_int_t tpl_unescape_one(tpl_lexer_t *lx, tpl_buf_t *b,
    const tpl_char_t **pp, const tpl_char_t *last, tpl_uint_t flags,
    const tpl_pos_t *pos);
static tpl_int_t tpl_unescape_hex(const tpl_char_t **pp,
    const tpl_char_t *last, tpl_uint_t n, uint32_t *code);
static tpl_int_t tpl_unescape_named(const tpl_char_t **pp,
    const tpl_char_t *last, uint32_t *code, const char **why);


tpl_int_t
tpl_lexer_unescape(tpl_lexer_t *lx, const tpl_str_t *in, tpl_uint_t flags,
    const tpl_pos_t *pos, tpl_str_t *out)
{
    tpl_buf_t          b;
    const tpl_char_t  *p, *q, *last;

    p = in->data;
    last = in->data + in->len;

    for (q = p; q < last; q++) {

        if ((*q == '\\' && !(flags & TPL_UNESCAPE_RAW))
            || (*q == '\r' && !(flags & TPL_UNESCAPE_JINJA)))
        {
            break;
        }
    }

    if (q == last) {
        *out = *in;
        return TPL_OK;
    }

    tpl_buf_init(&b, lx->arena);
    tpl_buf_add(&b, p, q - p);

    for (p = q; p < last; p = q) {

        /* Python reads its sources with all line ends as \n */

        if (*p == '\r' && !(flags & TPL_UNESCAPE_JINJA)) {
            q = p + 1;

            if (q == last || *q != '\n') {
                tpl_buf_char(&b, '\n');
            }

            continue;
        }

        if (*p == '\\' && !(flags & TPL_UNESCAPE_RAW)) {
            q = p + 1;

            if (tpl_unescape_one(lx, &b, &q, last, flags, pos) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        for (q = p + 1; q < last && *q != '\\' && *q != '\r'; q++) {
            /* void */
        }

        tpl_buf_add(&b, p, q - p);
    }

    if (b.failed) {
        return tpl_lexer_memory(lx);
    }

    out->data = b.data;
    out->len = b.len;

    return TPL_OK;
}


/* one escape sequence; *pp is behind its backslash */

static tpl_int_t
tpl_unescape_one(tpl_lexer_t *lx, tpl_buf_t *b, const tpl_char_t **pp,
    const tpl_char_t *last, tpl_uint_t flags, const tpl_pos_t *pos)
{
    uint32_t           code;
    tpl_uint_t         n;
    const char        *why;
    const tpl_char_t  *p;

    static const char  plain[] = "abfnrtv\\'\"";
    static const char  value[] = "\a\b\f\n\r\t\v\\'\"";

    p = *pp;

    if (p == last) {
        tpl_buf_char(b, '\\');
        return TPL_OK;
    }

    if (*p >= 0x80) {
        code = tpl_utf8_decode(pp, last);
        tpl_buf_char(b, '\\');

        if (!(flags & TPL_UNESCAPE_JINJA)) {
            tpl_buf_utf8(b, code);

        } else {

            /*
             * Jinja2 first writes the character as an escape sequence of its
             * own; then the two backslashes make one.
             */

            tpl_buf_printf(b, code < 0x100 ? "x%02x"
                              : code < 0x10000 ? "u%04x" : "U%08x",
                           (unsigned int) code);
        }

        return TPL_OK;
    }

    for (n = 0; plain[n]; n++) {

        if (*p == (tpl_char_t) plain[n]) {
            tpl_buf_char(b, (tpl_char_t) value[n]);
            *pp = p + 1;
            return TPL_OK;
        }
    }

    *pp = p + 1;
    code = 0;
    why = NULL;

    switch (*p) {

    case '\n':
        return TPL_OK;

    case '\r':
        if (flags & TPL_UNESCAPE_JINJA) {
            break;
        }

        if (p + 1 < last && p[1] == '\n') {
            *pp = p + 2;
        }

        return TPL_OK;

    case 'x':
        if (tpl_unescape_hex(pp, last, 2, &code) != TPL_OK) {
            why = (flags & TPL_UNESCAPE_BYTES) ? "invalid \\x escape"
                                               : "truncated \\xXX escape";
        }

        goto done;

    case 'u':
        if (flags & TPL_UNESCAPE_BYTES) {
            break;
        }

        if (tpl_unescape_hex(pp, last, 4, &code) != TPL_OK) {
            why = "truncated \\uXXXX escape";
        }

        goto done;

    case 'U':
        if (flags & TPL_UNESCAPE_BYTES) {
            break;
        }

        if (tpl_unescape_hex(pp, last, 8, &code) != TPL_OK) {
            why = "truncated \\UXXXXXXXX escape";
        }

        goto done;

    case 'N':
        if (flags & TPL_UNESCAPE_BYTES) {
            break;
        }

        (void) tpl_unescape_named(pp, last, &code, &why);

        goto done;

    default:

        if (*p >= '0' && *p <= '7') {

            for (n = 0; n < 3 && p < last && *p >= '0' && *p <= '7'; n++) {
                code = code * 8 + (*p++ - '0');
            }

            *pp = p;

            goto done;
        }

        break;
    }

    tpl_buf_char(b, '\\');
    tpl_buf_char(b, *p);

    return TPL_OK;

done:

    if (why == NULL && code > 0x10ffff) {
        why = "illegal Unicode character";
    }

    if (why == NULL && code >= 0xd800 && code <= 0xdfff) {
        why = "surrogates not allowed";
    }

    if (why) {
        return tpl_error_set(lx->err, lx->exc, pos, "%s%s",
                             (flags & TPL_UNESCAPE_JINJA) ? ""
                             : (flags & TPL_UNESCAPE_BYTES)
                               ? "(value error) " : "(unicode error) ",
                             why);
    }

    tpl_buf_utf8(b, code);

    return TPL_OK;
}


static tpl_int_t
tpl_unescape_hex(const tpl_char_t **pp, const tpl_char_t *last, tpl_uint_t n,
    uint32_t *code)
{
    tpl_int_t          d;
    const tpl_char_t  *p;

    *code = 0;

    for (p = *pp; n; n--, p++) {

        d = (p < last) ? tpl_lexer_digit(*p, 16) : -1;

        if (d < 0) {
            return TPL_DECLINED;
        }

        *code = *code * 16 + d;
    }

    *pp = p;

    return TPL_OK;
}


/* {NAME OF A CHARACTER} */

static tpl_int_t
tpl_unescape_named(const tpl_char_t **pp, const tpl_char_t *last,
    uint32_t *code, const char **why)
{
    char               name[128];
    size_t             n;
    ucs4_t             uc;
    const tpl_char_t  *p, *q;

    p = *pp;

    q = (p < last && *p == '{') ? memchr(p, '}', last - p) : NULL;

    if (q == NULL || q == p + 1) {
        *why = "malformed \\N character escape";
        return TPL_DECLINED;
    }

    n = q - p - 1;
    uc = UNINAME_INVALID;

    if (n < sizeof(name)) {
        memcpy(name, p + 1, n);
        name[n] = '\0';
        uc = unicode_name_character(name);
    }

    if (uc == UNINAME_INVALID) {
        *why = "unknown Unicode character name";
        return TPL_DECLINED;
    }

    *code = uc;
    *pp = q + 1;

    return TPL_OK;
}


tpl_int_t
tpl_lexer_repr(tpl_buf_t *b, const tpl_str_t *s)
{
    uint32_t           code;
    tpl_char_t         quote;
    const tpl_char_t  *p, *q, *last;

    quote = '\'';

    if (s->len && memchr(s->data, '\'', s->len)
        && memchr(s->data, '"', s->len) == NULL)
    {
        quote = '"';
    }

    tpl_buf_char(b, quote);

    last = s->data + s->len;

    for (p = s->data; p < last; p = q) {

        q = p;
        code = tpl_utf8_decode(&q, last);

        if (code == quote || code == '\\') {
            tpl_buf_char(b, '\\');
            tpl_buf_char(b, code);

        } else if (code == '\n') {
            tpl_buf_lit(b, "\\n");

        } else if (code == '\r') {
            tpl_buf_lit(b, "\\r");

        } else if (code == '\t') {
            tpl_buf_lit(b, "\\t");

        } else if ((code >= 0x20 && code < 0x7f)
                   || (code >= 0x80 && tpl_uc_printable(code)))
        {
            tpl_buf_add(b, p, q - p);

        } else {
            tpl_buf_printf(b, code < 0x100 ? "\\x%02x"
                              : code < 0x10000 ? "\\u%04x" : "\\U%08x",
                           (unsigned int) code);
        }
    }

    return tpl_buf_char(b, quote);
}
