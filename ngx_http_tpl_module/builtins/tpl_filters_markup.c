
/*
 * Filters that make or take markup: escaping, tags, attributes, JSON for
 * scripts, and quoting for URLs.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"
#include "builtins/tpl_entity.h"
#include "value/tpl_json.h"


/* what re.search() says to something that is no string */

static tpl_int_t
tpl_markup_no_string(tpl_exec_t *exec, const tpl_value_t *v)
{
    return tpl_throw(exec, TPL_EXC_TYPE,
                     "expected string or bytes-like object, got '%s'",
                     tpl_type_name(v));
}


static tpl_int_t
tpl_filter_escape(tpl_call_t *call)
{
    return tpl_to_markup(call->exec, &call->args[0], &call->result);
}


/* Jinja2: do_forceescape: markup is escaped once more */

static tpl_int_t
tpl_filter_forceescape(tpl_call_t *call)
{
    tpl_value_t  v;

    if (tpl_plain_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, v.len);

    return tpl_to_markup(call->exec, &v, &call->result);
}


static tpl_int_t
tpl_filter_safe(tpl_call_t *call)
{
    if (tpl_to_string(call->exec, &call->args[0], &call->result) != TPL_OK) {
        return TPL_ERROR;
    }

    call->result.flags |= TPL_F_SAFE;

    return TPL_OK;
}


/* Jinja2: do_striptags */

static tpl_int_t
tpl_filter_striptags(tpl_call_t *call)
{
    tpl_str_t    s, r;
    tpl_value_t  v;

    if (tpl_plain_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    s = tpl_value_str(&v);

    if (tpl_html_striptags(call->exec, &s, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_string(&call->result, r.data, r.len, 0);

    return TPL_OK;
}


/* str(v), quoted for a URL */

static tpl_int_t
tpl_urlencode_value(tpl_exec_t *exec, tpl_buf_t *b, const tpl_value_t *v,
    tpl_uint_t query)
{
    tpl_str_t    s;
    tpl_value_t  text;

    if (tpl_to_string(exec, v, &text) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(exec, text.len);

    s = tpl_value_str(&text);

    if (tpl_text_quote(b, &s, query ? 0 : '/', query) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_urlencode_pair(tpl_exec_t *exec, tpl_buf_t *b, const tpl_value_t *key,
    const tpl_value_t *value)
{
    if (b->len) {
        (void) tpl_buf_char(b, '&');
    }

    if (tpl_urlencode_value(exec, b, key, 1) != TPL_OK) {
        return TPL_ERROR;
    }

    (void) tpl_buf_char(b, '=');

    return tpl_urlencode_value(exec, b, value, 1);
}


/* `for k, v in items`: exactly two */

static tpl_int_t
tpl_urlencode_unpack(tpl_exec_t *exec, const tpl_value_t *item,
    tpl_value_t *pair)
{
    tpl_int_t    rc;
    tpl_uint_t   n;
    tpl_iter_t   it;
    tpl_value_t  more;

    switch (item->type) {

    case TPL_NONE:
    case TPL_BOOL:
    case TPL_INT:
    case TPL_FLOAT:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "cannot unpack non-iterable %s object",
                         tpl_type_name(item));
    }

    rc = tpl_iter_init(exec, &it, item);

    for (n = 0; rc == TPL_OK && n < 3; n++) {
        rc = tpl_iter_next(exec, &it, n < 2 ? &pair[n] : &more);

        if (rc == TPL_DONE) {
            break;
        }
    }

    if (rc != TPL_OK && rc != TPL_DONE) {
        return rc;
    }

    if (n < 2) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "not enough values to unpack (expected 2, got %d)",
                         (int) n);
    }

    if (n > 2) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "too many values to unpack (expected 2)");
    }

    return TPL_OK;
}


/* Jinja2: do_urlencode: a text, or the pairs of a query */

static tpl_int_t
tpl_filter_urlencode(tpl_call_t *call)
{
    uint32_t           i;
    tpl_buf_t          b;
    tpl_int_t          rc;
    tpl_iter_t         it;
    tpl_exec_t        *exec;
    tpl_dict_t        *dict;
    tpl_value_t       *v, item, pair[2];
    tpl_dict_entry_t  *e;

    exec = call->exec;
    v = &call->args[0];

    tpl_buf_init(&b, exec->arena);

    rc = tpl_mapping_dict(exec, v, &dict);

    if (rc == TPL_OK) {

        for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {

            if (tpl_urlencode_pair(exec, &b, &e->key, &e->value) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        return tpl_value_from_buf(exec, &call->result, &b, TPL_F_ASCII);
    }

    if (rc != TPL_DECLINED) {
        return rc;
    }

    switch (v->type) {

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_SET:
    case TPL_RANGE:
    case TPL_ITERATOR:
    case TPL_UNDEFINED:
    case TPL_OBJECT:

        if (v->type == TPL_OBJECT && v->u.obj->cls->iter == NULL) {

            if (tpl_urlencode_value(exec, &b, v, 0) != TPL_OK) {
                return TPL_ERROR;
            }

            break;
        }

        rc = tpl_iter_init(exec, &it, v);

        while (rc == TPL_OK) {
            rc = tpl_iter_next(exec, &it, &item);

            if (rc == TPL_OK) {
                rc = tpl_urlencode_unpack(exec, &item, pair);
            }

            if (rc == TPL_OK) {
                rc = tpl_urlencode_pair(exec, &b, &pair[0], &pair[1]);
            }
        }

        if (rc != TPL_DONE) {
            return rc;
        }

        break;

    default:

        if (tpl_urlencode_value(exec, &b, v, 0) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return tpl_value_from_buf(exec, &call->result, &b, TPL_F_ASCII);
}


/* Jinja2: _attr_key_re: what would end an attribute's name */

static tpl_int_t
tpl_xmlattr_key(tpl_exec_t *exec, const tpl_value_t *key)
{
    size_t       i;
    tpl_value_t  repr;

    if (key->type != TPL_STRING) {
        return tpl_markup_no_string(exec, key);
    }

    for (i = 0; i < key->len; i++) {

        switch (key->u.s[i]) {

        case ' ':
        case '\t':
        case '\n':
        case '\v':
        case '\f':
        case '\r':
        case '/':
        case '>':
        case '=':

            if (tpl_to_repr(exec, key, &repr) != TPL_OK) {
                return TPL_ERROR;
            }

            return tpl_throw(exec, TPL_EXC_VALUE,
                             "Invalid character in attribute name: %.*s",
                             (int) tpl_min(repr.len, 500), repr.u.s);
        }
    }

    return TPL_OK;
}


/* Jinja2: do_xmlattr */

static tpl_int_t
tpl_filter_xmlattr(tpl_call_t *call)
{
    uint32_t           i;
    tpl_buf_t          b;
    tpl_int_t          rc;
    tpl_dict_t        *dict;
    tpl_exec_t        *exec;
    tpl_uint_t         autospace;
    tpl_value_t       *v;
    tpl_dict_entry_t  *e;

    exec = call->exec;
    v = &call->args[0];

    if (tpl_arg_bool(call, 1, 1, &autospace) != TPL_OK) {
        return TPL_ERROR;
    }

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    rc = tpl_mapping_dict(exec, v, &dict);

    if (rc == TPL_DECLINED) {
        return tpl_throw(exec, TPL_EXC_ATTRIBUTE,
                         "'%s' object has no attribute 'items'",
                         tpl_type_name(v));
    }

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_buf_init(&b, exec->arena);

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {

        if (e->value.type == TPL_NONE || e->value.type == TPL_UNDEFINED) {
            continue;
        }

        if (tpl_xmlattr_key(exec, &e->key) != TPL_OK) {
            return TPL_ERROR;
        }

        if (b.len || autospace) {
            (void) tpl_buf_char(&b, ' ');
        }

        if (tpl_markup_add(exec, &b, &e->key) != TPL_OK) {
            return TPL_ERROR;
        }

        (void) tpl_buf_lit(&b, "=\"");

        if (tpl_markup_add(exec, &b, &e->value) != TPL_OK) {
            return TPL_ERROR;
        }

        (void) tpl_buf_char(&b, '"');
    }

    return tpl_value_from_buf(exec, &call->result, &b,
                              exec->autoescape ? TPL_F_SAFE : 0);
}


/* json.dumps_kwargs of the policies, as far as a style can say them */

static tpl_int_t
tpl_tojson_style(tpl_exec_t *exec, tpl_json_style_t *style)
{
    tpl_uint_t          i, truth;
    tpl_value_t         kwargs, key, v;
    static const char  *names[] = { "sort_keys", "ensure_ascii", "indent",
                                    "separators" };

    style->indent = -1;
    style->sort_keys = 1;
    style->ensure_ascii = 1;
    style->compact = 0;
    style->html = 1;

    if (tpl_policy(exec, "json.dumps_kwargs", &kwargs) != TPL_OK) {
        return TPL_ERROR;
    }

    if (kwargs.type != TPL_DICT) {
        return TPL_OK;
    }

    /* a policy replaces Jinja2's own arguments, of which sort_keys is one */

    style->sort_keys = 0;

    for (i = 0; i < tpl_nelts(names); i++) {
        tpl_value_string(&key, (const tpl_char_t *) names[i],
                         strlen(names[i]), 0);

        if (tpl_dict_get(exec, kwargs.u.dict, &key, &v) != TPL_OK) {
            continue;
        }

        if (tpl_truth(exec, &v, &truth) != TPL_OK) {
            return TPL_ERROR;
        }

        switch (i) {

        case 0:
            style->sort_keys = truth;
            break;

        case 1:
            style->ensure_ascii = truth;
            break;

        case 2:
            if (tpl_is_int(&v)) {
                style->indent = tpl_min(tpl_max(v.u.i, 0), 1000);
            }

            break;

        default:
            if ((v.type == TPL_LIST || v.type == TPL_TUPLE)
                && v.u.list->n && v.u.list->items[0].len == 1)
            {
                style->compact = 1;
            }
        }
    }

    return TPL_OK;
}


/* the four characters that tojson() never lets through, as \u escapes */

static tpl_int_t
tpl_tojson_html(tpl_exec_t *exec, const tpl_str_t *s, tpl_str_t *r)
{
    size_t      i;
    tpl_buf_t   b;

    *r = *s;
    tpl_buf_init(&b, exec->arena);

    for (i = 0; i < s->len; i++) {

        switch (s->data[i]) {

        case '<':
        case '>':
        case '&':
        case '\'':
            (void) tpl_buf_printf(&b, "\\u%04x", s->data[i]);
            break;

        default:
            (void) tpl_buf_char(&b, s->data[i]);
        }
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    r->data = b.data;
    r->len = b.len;

    return TPL_OK;
}


/*
 * JSON whose lines begin with one blank a level, with the text in place of each
 * of these blanks.  No string of JSON has a newline in it.
 */

static tpl_int_t
tpl_tojson_indent(tpl_exec_t *exec, const tpl_buf_t *json,
    const tpl_str_t *indent, tpl_buf_t *b)
{
    tpl_uint_t         n;
    const tpl_char_t  *p, *q, *last;

    p = json->data;
    last = p + json->len;

    while (p < last) {
        q = memchr(p, '\n', last - p);
        q = (q == NULL) ? last : q + 1;

        (void) tpl_buf_add(b, p, q - p);

        for (n = 0; q < last && *q == ' '; q++) {
            n++;
        }

        while (n--) {
            (void) tpl_buf_str(b, indent);
        }

        if (b->len > TPL_MAX_STRING) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "tojson() makes a string that is too long");
        }

        p = q;
    }

    tpl_charge(exec, b->len);

    return TPL_OK;
}


/* Jinja2: do_tojson */

static tpl_int_t
tpl_filter_tojson(tpl_call_t *call)
{
    tpl_buf_t         b, indented;
    tpl_str_t         s, with;
    tpl_value_t      *indent;
    tpl_json_style_t  style;

    indent = &call->args[1];

    if (tpl_tojson_style(call->exec, &style) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_is_int(indent)) {

        /* a negative one gives newlines alone, as 0 does */

        style.indent = tpl_min(tpl_max(indent->u.i, 0), 1000);

    } else if (indent->type == TPL_STRING) {
        style.indent = 1;

    } else if (tpl_arg_some(indent)
               && !tpl_is_string(&call->args[0]))
    {
        /* json.dumps() of a text looks at nothing else */

        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "can't multiply sequence by non-int of type '%s'",
                         tpl_type_name(indent));
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_json_to(call->exec, &call->args[0], &style, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    if (indent->type == TPL_STRING) {
        s = tpl_value_str(indent);

        if (tpl_tojson_html(call->exec, &s, &with) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_buf_init(&indented, call->exec->arena);

        if (tpl_tojson_indent(call->exec, &b, &with, &indented) != TPL_OK) {
            return TPL_ERROR;
        }

        b = indented;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_SAFE);
}


const tpl_builtin_def_t  tpl_filters_markup[] = {

    { "e", "s, /", tpl_filter_escape, 0 },
    { "escape", "s, /", tpl_filter_escape, 0 },
    { "forceescape", "value", tpl_filter_forceescape, 0 },
    { "safe", "value", tpl_filter_safe, 0 },
    { "striptags", "value", tpl_filter_striptags, 0 },
    { "tojson", "value, indent=", tpl_filter_tojson, TPL_FN_CONTEXT },
    { "urlencode", "value", tpl_filter_urlencode, 0 },
    { "urlize", "value, trim_url_limit=, nofollow=, target=, rel=, "
      "extra_schemes=", tpl_filter_urlize, TPL_FN_CONTEXT },
    { "xmlattr", "d, autospace=", tpl_filter_xmlattr, TPL_FN_CONTEXT },

    { NULL, NULL, NULL, 0 }
};
