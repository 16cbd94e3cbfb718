
/*
 * Options of headers, by the rules that Werkzeug writes as regular expressions
 * (werkzeug.http: _option_header_start_mime_type, _option_header_piece_re).
 * They need no backtracking: what follows a name is optional, so that the first
 * choice is always the one that counts.
 *
 * A client writes them, so they are linear, in memory as well: text is searched
 * once for the quotes of an encoding, and a value in parts has room to grow.
 */

#include "base/tpl_utf8.h"
#include "web/tpl_header.h"


/* one option as it stands in the text */

typedef struct {
    tpl_str_t            name;
    tpl_str_t            encoding;
    tpl_str_t            value;
    unsigned             continued:1;
    unsigned             given:1;
} tpl_header_piece_t;


typedef struct {
    tpl_arena_t         *arena;
    tpl_pairs_t         *options;
    size_t               room[TPL_HEADER_OPTIONS];  /* of joined values */
    const tpl_char_t    *last;
    const tpl_char_t    *plain;     /* before this no encoding begins */
} tpl_header_parser_t;


static const tpl_char_t *tpl_header_piece(tpl_header_parser_t *h,
    const tpl_char_t *p, tpl_header_piece_t *piece);
static const tpl_char_t *tpl_header_quoted(const tpl_char_t *p,
    const tpl_char_t *last);
static const tpl_char_t *tpl_header_encoding(tpl_header_parser_t *h,
    const tpl_char_t *p, tpl_header_piece_t *piece);
static tpl_int_t tpl_header_unquote(tpl_arena_t *arena, tpl_str_t *s,
    tpl_uint_t filename);
static tpl_int_t tpl_header_unescape(tpl_arena_t *arena, tpl_str_t *s);
static tpl_int_t tpl_header_add(tpl_header_parser_t *h,
    tpl_header_piece_t *piece);
static tpl_int_t tpl_header_join(tpl_header_parser_t *h, size_t option,
    const tpl_str_t *part);


static inline tpl_uint_t
tpl_header_space(tpl_char_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}


static inline const tpl_char_t *
tpl_header_blanks(const tpl_char_t *p, const tpl_char_t *last)
{
    while (p < last && tpl_header_space(*p)) {
        p++;
    }

    return p;
}


tpl_int_t
tpl_header_options(tpl_arena_t *arena, const tpl_str_t *value,
    tpl_str_t *text, tpl_pairs_t *options)
{
    tpl_int_t             rc;
    tpl_str_t             encoding;
    const tpl_char_t     *p, *last;
    tpl_header_piece_t    piece;
    tpl_header_parser_t   h;

    memset(options, 0, sizeof(tpl_pairs_t));

    p = value->data;
    last = p + value->len;

    p = tpl_header_blanks(p, last);

    text->data = (tpl_char_t *) p;

    while (p < last && *p != ';' && *p != ',' && !tpl_header_space(*p)) {
        p++;
    }

    text->len = p - text->data;

    if (text->len == 0 || p == last || (*p != ';' && *p != ',')) {
        return TPL_OK;
    }

    memset(&h, 0, sizeof(tpl_header_parser_t));

    h.arena = arena;
    h.options = options;
    h.last = last;
    h.plain = p;

    encoding.len = 0;
    encoding.data = NULL;

    while (p < last) {
        p = tpl_header_piece(&h, p, &piece);

        if (p == NULL) {
            break;
        }

        /* later parts of a value are encoded as its first one */

        if (!piece.continued) {
            encoding.len = 0;

        } else {
            if (piece.encoding.len == 0) {
                piece.encoding = encoding;
            }

            encoding = piece.encoding;
        }

        rc = tpl_header_add(&h, &piece);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


/* ; name*1*=utf-8'en'value; returns the place after it, NULL if it is none */

static const tpl_char_t *
tpl_header_piece(tpl_header_parser_t *h, const tpl_char_t *p,
    tpl_header_piece_t *piece)
{
    const tpl_char_t  *q, *last;

    last = h->last;

    memset(piece, 0, sizeof(tpl_header_piece_t));

    if (*p != ';') {
        return NULL;
    }

    p = tpl_header_blanks(p + 1, last);

    if (p < last && *p == ',') {
        p = tpl_header_blanks(p + 1, last);
    }

    q = tpl_header_quoted(p, last);

    if (q == NULL) {
        for (q = p; q < last; q++) {
            if (tpl_header_space(*q) || *q == ';' || *q == ',' || *q == '='
                || *q == '*')
            {
                break;
            }
        }
    }

    if (q == p) {
        return NULL;
    }

    piece->name.data = (tpl_char_t *) p;
    piece->name.len = q - p;

    if (last - q > 1 && *q == '*' && q[1] >= '0' && q[1] <= '9') {
        piece->continued = 1;

        for (q++; q < last && *q >= '0' && *q <= '9'; q++) { /* void */ }
    }

    p = tpl_header_blanks(q, last);

    if (p < last && *p == '*') {
        q = tpl_header_blanks(p + 1, last);

        if (q == last || *q != '=') {
            return p;
        }

        p = tpl_header_encoding(h, tpl_header_blanks(q + 1, last), piece);

    } else if (p < last && *p == '=') {
        p = tpl_header_blanks(p + 1, last);

    } else {
        return p;
    }

    q = tpl_header_quoted(p, last);

    if (q == NULL) {
        for (q = p; q < last && *q != ';' && *q != ','; q++) { /* void */ }
    }

    if (q > p) {
        piece->given = 1;
        piece->value.data = (tpl_char_t *) p;
        piece->value.len = q - p;
    }

    return tpl_header_blanks(q, last);
}


/* the place after a quoted string, NULL if there is none */

static const tpl_char_t *
tpl_header_quoted(const tpl_char_t *p, const tpl_char_t *last)
{
    if (p == last || *p != '"') {
        return NULL;
    }

    for (p++; p < last; p++) {

        if (*p == '"') {
            return p + 1;
        }

        if (*p == '\\' && ++p == last) {
            break;
        }
    }

    return NULL;
}


/* charset'language', if it is there */

static const tpl_char_t *
tpl_header_encoding(tpl_header_parser_t *h, const tpl_char_t *p,
    tpl_header_piece_t *piece)
{
    const tpl_char_t  *q, *end;

    if (p < h->plain) {
        return p;
    }

    end = NULL;

    for (q = p; q < h->last && !tpl_header_space(*q); q++) {

        if (*q != '\'' || q == p) {
            continue;
        }

        if (end) {
            piece->encoding.data = (tpl_char_t *) p;
            piece->encoding.len = end - p;

            return q + 1;
        }

        end = q;
    }

    /* up to here there are not two quotes, from wherever it is looked */

    h->plain = q;

    return p;
}


static tpl_int_t
tpl_header_add(tpl_header_parser_t *h, tpl_header_piece_t *piece)
{
    size_t        i;
    tpl_int_t     rc;
    tpl_str_t     name, value;
    tpl_arena_t  *arena;
    tpl_pairs_t  *options;

    arena = h->arena;
    options = h->options;

    if (options->n == TPL_HEADER_OPTIONS) {
        return TPL_DECLINED;
    }

    name = piece->name;
    value = piece->value;

    if (tpl_header_unquote(arena, &name, 0) != TPL_OK
        || tpl_pstrdup(arena, &name, name.data, name.len) != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = 0; i < name.len; i++) {
        if (name.data[i] >= 'A' && name.data[i] <= 'Z') {
            name.data[i] |= 0x20;
        }
    }

    if (piece->given) {

        if (tpl_header_unquote(arena, &value, tpl_str_is(&name, "filename"))
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (piece->encoding.len) {

            if (tpl_header_unescape(arena, &value) != TPL_OK) {
                return TPL_ERROR;
            }

            rc = tpl_charset_decode(arena, &piece->encoding, 1, &value);

            if (rc != TPL_OK) {
                return rc;
            }
        }

    } else if (piece->continued) {
        return TPL_OK;
    }

    if (!piece->continued) {
        return tpl_pairs_add(arena, options, &name, &value);
    }

    /* the next part of a value */

    for (i = options->n; i > 0; i--) {

        if (tpl_str_eq(&options->items[i - 1].name, &name)) {

            if (options->items[i - 1].value.data) {
                return tpl_header_join(h, i - 1, &value);
            }

            break;
        }
    }

    return tpl_pairs_add(arena, options, &name, &value);
}


static tpl_int_t
tpl_header_join(tpl_header_parser_t *h, size_t option, const tpl_str_t *part)
{
    size_t       len;
    tpl_str_t   *value;
    tpl_char_t  *p;

    value = &h->options->items[option].value;
    len = value->len + part->len;

    if (len > h->room[option]) {
        p = tpl_pnalloc(h->arena, len * 2);
        if (p == NULL) {
            return TPL_ERROR;
        }

        memcpy(p, value->data, value->len);

        value->data = p;
        h->room[option] = len * 2;
    }

    memcpy(value->data + value->len, part->data, part->len);
    value->len = len;

    return TPL_OK;
}


/*
 * Werkzeug: unquote_header_value(): a backslash stands for itself but before
 * another one or a quote.  Browsers give network paths with two in front.
 */

static tpl_int_t
tpl_header_unquote(tpl_arena_t *arena, tpl_str_t *s, tpl_uint_t filename)
{
    size_t       i, n;
    tpl_char_t  *p;

    if (s->len == 0 || s->data[0] != '"' || s->data[s->len - 1] != '"') {
        return TPL_OK;
    }

    s->data++;
    s->len = (s->len > 1) ? s->len - 2 : 0;

    if ((filename && s->len > 1 && s->data[0] == '\\' && s->data[1] == '\\')
        || s->len == 0 || memchr(s->data, '\\', s->len) == NULL)
    {
        return TPL_OK;
    }

    p = tpl_pnalloc(arena, s->len);
    if (p == NULL) {
        return TPL_ERROR;
    }

    /* first all pairs of backslashes, then what is before a quote */

    for (i = 0, n = 0; i < s->len; i++) {

        if (s->data[i] == '\\' && i + 1 < s->len && s->data[i + 1] == '\\') {
            i++;
        }

        p[n++] = s->data[i];
    }

    s->data = p;
    s->len = n;

    for (i = 0, n = 0; i < s->len; i++) {

        if (p[i] == '\\' && i + 1 < s->len && p[i + 1] == '"') {
            i++;
        }

        p[n++] = p[i];
    }

    s->len = n;

    return TPL_OK;
}


/* urllib.parse.unquote_to_bytes() */

static tpl_int_t
tpl_header_unescape(tpl_arena_t *arena, tpl_str_t *s)
{
    size_t       i, n;
    tpl_int_t    high, low;
    tpl_char_t  *p;

    p = tpl_pnalloc(arena, s->len + 1);
    if (p == NULL) {
        return TPL_ERROR;
    }

    for (i = 0, n = 0; i < s->len; i++) {

        if (s->data[i] == '%' && s->len - i > 2) {
            high = tpl_hex_digit(s->data[i + 1]);
            low = tpl_hex_digit(s->data[i + 2]);

            if (high >= 0 && low >= 0) {
                p[n++] = (tpl_char_t) (high << 4 | low);
                i += 2;
                continue;
            }
        }

        p[n++] = s->data[i];
    }

    s->data = p;
    s->len = n;

    return TPL_OK;
}


tpl_int_t
tpl_hex_digit(tpl_char_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


const tpl_str_t *
tpl_header_option(const tpl_pairs_t *options, const char *name)
{
    uint32_t  i;

    for (i = options->n; i > 0; i--) {

        if (tpl_str_is(&options->items[i - 1].name, name)) {
            return options->items[i - 1].value.data
                   ? &options->items[i - 1].value : NULL;
        }
    }

    return NULL;
}


tpl_int_t
tpl_charset_decode(tpl_arena_t *arena, const tpl_str_t *charset,
    tpl_uint_t strict, tpl_str_t *s)
{
    char         name[16];
    size_t       i, n;
    tpl_char_t  *p, *d;
    tpl_uint_t   ascii;

    /* Python does not even look the charset up */

    if (s->len == 0) {
        return TPL_OK;
    }

    for (i = 0, n = 0; i < charset->len && n < sizeof(name) - 1; i++) {

        if (charset->data[i] == '-' || charset->data[i] == '_') {
            continue;
        }

        name[n++] = (char) (charset->data[i] | 0x20);
    }

    name[n] = '\0';

    if (strcmp(name, "utf8") == 0 || strcmp(name, "u8") == 0) {

        if (strict && tpl_utf8_check(s->data, s->len) < s->len) {
            return TPL_DECLINED;
        }

        return tpl_utf8_repair(arena, s);
    }

    ascii = (strcmp(name, "usascii") == 0 || strcmp(name, "ascii") == 0);

    if (!ascii && strcmp(name, "iso88591") != 0 && strcmp(name, "latin1") != 0
        && strcmp(name, "l1") != 0)
    {
        return TPL_DECLINED;
    }

    if (tpl_utf8_ascii(s->data, s->len)) {
        return TPL_OK;
    }

    if (ascii && strict) {
        return TPL_DECLINED;
    }

    p = tpl_pnalloc(arena, s->len * 3);
    if (p == NULL) {
        return TPL_ERROR;
    }

    d = p;

    for (i = 0; i < s->len; i++) {
        d = tpl_utf8_encode(d, (ascii && s->data[i] > 0x7f) ? 0xfffd
                                                            : s->data[i]);
    }

    s->data = p;
    s->len = d - p;

    return TPL_OK;
}


void
tpl_header_trim(tpl_str_t *s)
{
    while (s->len && tpl_header_space(s->data[0])) {
        s->data++;
        s->len--;
    }

    while (s->len && tpl_header_space(s->data[s->len - 1])) {
        s->len--;
    }
}


void
tpl_header_cookie(const tpl_str_t *header, const char *name,
    tpl_uint_t which, tpl_str_t *out)
{
    tpl_str_t          key, value;
    const tpl_char_t  *p, *q, *eq, *last;

    out->len = 0;
    out->data = NULL;

    p = header->data;
    last = p + header->len;

    for ( /* void */ ; p < last; p = q + 1) {
        q = memchr(p, ';', last - p);

        if (q == NULL) {
            q = last;
        }

        eq = memchr(p, '=', q - p);

        if (eq == NULL) {
            continue;
        }

        key.data = (tpl_char_t *) p;
        key.len = eq - p;

        tpl_header_trim(&key);

        if (!tpl_str_is(&key, name)) {
            continue;
        }

        value.data = (tpl_char_t *) eq + 1;
        value.len = q - value.data;

        tpl_header_trim(&value);

        if (value.len > 1 && value.data[0] == '"'
            && value.data[value.len - 1] == '"')
        {
            value.data++;
            value.len -= 2;
        }

        *out = value;

        if (which == TPL_COOKIE_FIRST) {
            return;
        }
    }
}
