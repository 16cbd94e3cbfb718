
/*
 * The functions of tornado.escape (6.2) but linkify().  Tornado knows no
 * markup: results are plain text, and what is markup is escaped like anything
 * else.  There are no byte strings here, text stands for both.
 */

#include "builtins/tpl_entity.h"
#include "builtins/tpl_methods.h"
#include "value/tpl_json.h"


/*
 * The i-th argument as to_basestring() has it, then what needs text; how says
 * how that words its TypeError for None.
 */

static tpl_int_t
tpl_tornado_text(tpl_call_t *call, tpl_str_t *s, tpl_exc_t exc,
    const char *none)
{
    const tpl_value_t  *v;

    v = &call->args[0];

    if (tpl_likely(v->type == TPL_STRING)) {
        *s = tpl_value_str(v);
        tpl_charge(call->exec, s->len);
        return TPL_OK;
    }

    if (v->type == TPL_NONE) {
        return tpl_throw(call->exec, exc, "%s", none);
    }

    return tpl_throw(call->exec, TPL_EXC_TYPE,
                     "Expected bytes, unicode, or None; got <class '%s'>",
                     tpl_type_name(v));
}


static const char  tpl_not_text[] =
    "expected string or bytes-like object, got 'NoneType'";


tpl_int_t
tpl_tornado_xhtml_escape(tpl_call_t *call)
{
    size_t       size;
    tpl_str_t    s;
    tpl_char_t  *p;

    if (tpl_tornado_text(call, &s, TPL_EXC_TYPE, tpl_not_text) != TPL_OK) {
        return TPL_ERROR;
    }

    call->result = call->args[0];
    call->result.flags &= ~TPL_F_SAFE;

    if (tpl_escape_scan(s.data, s.len) == s.len) {
        return TPL_OK;
    }

    size = tpl_escape_size(s.data, s.len, TPL_ESCAPE_TORNADO);

    p = tpl_method_text(call->exec, size);
    if (p == NULL) {
        return TPL_ERROR;
    }

    tpl_escape(p, s.data, s.len, TPL_ESCAPE_TORNADO);

    tpl_value_string(&call->result, p, size, call->result.flags);

    return TPL_OK;
}


tpl_int_t
tpl_tornado_xhtml_unescape(tpl_call_t *call)
{
    tpl_str_t  s, r;

    if (tpl_tornado_text(call, &s, TPL_EXC_TYPE, tpl_not_text) != TPL_OK
        || tpl_xhtml_unescape(call->exec, &s, &r) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_from_str(&call->result, &r);

    return TPL_OK;
}


tpl_int_t
tpl_tornado_url_escape(tpl_call_t *call)
{
    tpl_buf_t   b;
    tpl_str_t   s;
    tpl_uint_t  plus;

    if (tpl_tornado_text(call, &s, TPL_EXC_TYPE,
                         "quote_from_bytes() expected bytes")
        != TPL_OK
        || tpl_arg_bool(call, 1, 1, &plus) != TPL_OK)
    {
        return TPL_ERROR;
    }

    /* three bytes for each of s are as much as it can be */

    if (s.len > TPL_MAX_STRING) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "url_escape() argument is too long");
    }

    tpl_buf_init(&b, call->exec->arena);
    tpl_text_quote(&b, &s, plus ? 0 : '/', plus);

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
}


static inline tpl_int_t
tpl_hex_digit(tpl_char_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/* the only encoding there is, by its names */

static tpl_int_t
tpl_check_encoding(tpl_call_t *call, const tpl_value_t *v)
{
    tpl_str_t    s, lower;
    tpl_value_t  repr;

    if (v->type == TPL_MISSING) {
        return TPL_OK;
    }

    if (v->type == TPL_STRING) {
        s = tpl_value_str(v);

        if (tpl_str_lower(call->exec->arena, &s, &lower) != TPL_OK) {
            return tpl_throw_memory(call->exec);
        }

        if (tpl_str_is(&lower, "utf-8") || tpl_str_is(&lower, "utf8")
            || tpl_str_is(&lower, "utf_8") || tpl_str_is(&lower, "u8"))
        {
            return TPL_OK;
        }
    }

    if (tpl_to_repr(call->exec, v, &repr) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "url_unescape() knows UTF-8 alone, not %.*s",
                     (int) repr.len, (char *) repr.u.s);
}


/* urllib.parse.unquote(): what is no UTF-8 afterwards becomes U+FFFD */

tpl_int_t
tpl_tornado_url_unescape(tpl_call_t *call)
{
    tpl_str_t          s, r;
    tpl_int_t          high, low;
    tpl_uint_t         plus;
    tpl_char_t        *d;
    const tpl_char_t  *p, *last;

    if (tpl_tornado_text(call, &s, TPL_EXC_ATTRIBUTE,
                         "'NoneType' object has no attribute 'replace'")
        != TPL_OK
        || tpl_check_encoding(call, &call->args[1]) != TPL_OK
        || tpl_arg_bool(call, 2, 1, &plus) != TPL_OK)
    {
        return TPL_ERROR;
    }

    call->result = call->args[0];
    call->result.flags &= ~TPL_F_SAFE;

    if (s.len == 0
        || (memchr(s.data, '%', s.len) == NULL
            && (!plus || memchr(s.data, '+', s.len) == NULL)))
    {
        return TPL_OK;
    }

    r.data = tpl_pnalloc(call->exec->arena, s.len);
    if (r.data == NULL) {
        return tpl_throw_memory(call->exec);
    }

    d = r.data;
    p = s.data;
    last = p + s.len;

    while (p < last) {

        if (*p == '%' && last - p > 2) {
            high = tpl_hex_digit(p[1]);
            low = tpl_hex_digit(p[2]);

            if (high >= 0 && low >= 0) {
                *d++ = (tpl_char_t) (high << 4 | low);
                p += 3;
                continue;
            }
        }

        *d++ = (*p == '+' && plus) ? ' ' : *p;
        p++;
    }

    r.len = d - r.data;

    if (tpl_utf8_repair(call->exec->arena, &r) != TPL_OK) {
        return tpl_throw_memory(call->exec);
    }

    tpl_value_from_str(&call->result, &r);

    return TPL_OK;
}


tpl_int_t
tpl_tornado_json_encode(tpl_call_t *call)
{
    tpl_buf_t    b;
    tpl_str_t    s, r;
    tpl_int_t    rc;

    static const tpl_str_t         close = tpl_string("</");
    static const tpl_str_t         escaped = tpl_string("<\\/");
    static const tpl_json_style_t  style = { .indent = -1, .ensure_ascii = 1 };

    tpl_buf_init(&b, call->exec->arena);

    rc = tpl_json_to(call->exec, &call->args[0], &style, &b);
    if (rc != TPL_OK) {
        return rc;
    }

    rc = tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
    if (rc != TPL_OK) {
        return rc;
    }

    s = tpl_value_str(&call->result);

    /* so that "</script>" in data does not end the script */

    if (tpl_text_replace(call->exec, &s, &close, &escaped, -1, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_string(&call->result, r.data, r.len, TPL_F_ASCII);

    return TPL_OK;
}


tpl_int_t
tpl_tornado_json_decode(tpl_call_t *call)
{
    tpl_str_t  s;

    if (tpl_tornado_text(call, &s, TPL_EXC_TYPE, "the JSON object must be "
                         "str, bytes or bytearray, not NoneType")
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_json_parse(call->exec, &s, 0, &call->result);
}


tpl_int_t
tpl_tornado_squeeze(tpl_call_t *call)
{
    tpl_str_t           r;
    tpl_uint_t          blank;
    tpl_char_t         *d;
    const tpl_char_t   *p, *last;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (v->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "expected string or bytes-like object, got '%s'",
                         tpl_type_name(v));
    }

    r.data = tpl_method_text(call->exec, v->len);
    if (r.data == NULL) {
        return TPL_ERROR;
    }

    d = r.data;
    last = v->u.s + v->len;
    blank = 0;

    for (p = v->u.s; p < last; p++) {

        if (*p > ' ') {
            *d++ = *p;
            blank = 0;

        } else if (!blank) {
            *d++ = ' ';
            blank = 1;
        }
    }

    r.len = d - r.data;

    tpl_text_strip(&r, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);

    tpl_value_string(&call->result, r.data, r.len, v->flags & TPL_F_ASCII);

    return TPL_OK;
}
