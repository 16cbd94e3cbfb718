
/*
 * str(), repr(), ascii(), markupsafe.escape() and Jinja's ~.
 *
 * Texts go to builders; a value of a string's own kind is given back without a
 * copy.  Nested containers recurse: exec->depth bounds it, and a container that
 * holds itself is written as [...].
 */

#include "value/tpl_inner.h"


/* the containers that are being written, innermost first */

typedef struct tpl_chain_s  tpl_chain_t;

struct tpl_chain_s {
    const void         *p;
    const tpl_chain_t  *next;
};


static tpl_int_t tpl_repr_value(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_buf_t *b, const tpl_chain_t *chain);


tpl_int_t
tpl_repr_text(tpl_buf_t *b, const tpl_char_t *p, size_t len, tpl_uint_t ascii)
{
    tpl_char_t         c, quote;
    uint32_t           code;
    const tpl_char_t  *last, *start, *at;

    quote = '\'';

    if (len && memchr(p, '\'', len) && memchr(p, '"', len) == NULL) {
        quote = '"';
    }

    tpl_buf_char(b, quote);

    last = p + len;
    start = p;

    while (p < last) {
        c = *p;

        if (c >= 0x20 && c < 0x7f && c != quote && c != '\\') {
            p++;
            continue;
        }

        if (c >= 0x80) {
            at = p;
            code = tpl_utf8_decode(&p, last);

            if (!ascii && code != 0xfffd && tpl_uc_printable(code)) {
                continue;
            }

            tpl_buf_add(b, start, (size_t) (at - start));
            start = p;

            if (!ascii && code == 0xfffd) {
                tpl_buf_utf8(b, code);

            } else if (code < 0x100) {
                tpl_buf_printf(b, "\\x%02x", (unsigned) code);

            } else if (code < 0x10000) {
                tpl_buf_printf(b, "\\u%04x", (unsigned) code);

            } else {
                tpl_buf_printf(b, "\\U%08x", (unsigned) code);
            }

            continue;
        }

        tpl_buf_add(b, start, (size_t) (p - start));
        start = ++p;

        switch (c) {

        case '\n':
            tpl_buf_lit(b, "\\n");
            break;

        case '\r':
            tpl_buf_lit(b, "\\r");
            break;

        case '\t':
            tpl_buf_lit(b, "\\t");
            break;

        case '\\':
            tpl_buf_lit(b, "\\\\");
            break;

        default:
            if (c == quote) {
                tpl_buf_char(b, '\\');
                tpl_buf_char(b, c);

            } else {
                tpl_buf_printf(b, "\\x%02x", (unsigned) c);
            }

            break;
        }
    }

    tpl_buf_add(b, start, (size_t) (p - start));

    return tpl_buf_char(b, quote);
}


tpl_int_t
tpl_ascii_to(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b)
{
    uint32_t           code;
    tpl_int_t          rc;
    tpl_buf_t          repr;
    const tpl_char_t  *p, *last;

    if (v->type == TPL_STRING && !tpl_is_safe(v)) {
        tpl_fuel_bytes(exec, v->len);
        tpl_repr_text(b, v->u.s, v->len, 1);

        return tpl_buf_check(exec, b);
    }

    tpl_buf_init(&repr, exec->arena);

    rc = tpl_repr_to(exec, v, &repr);
    if (rc != TPL_OK) {
        return rc;
    }

    p = repr.data;
    last = p + repr.len;

    while (p < last) {

        if (*p < 0x80) {
            tpl_buf_char(b, *p++);
            continue;
        }

        code = tpl_utf8_decode(&p, last);

        tpl_buf_printf(b, (code < 0x100) ? "\\x%02x"
                          : (code < 0x10000) ? "\\u%04x" : "\\U%08x",
                       (unsigned) code);
    }

    return tpl_buf_check(exec, b);
}


static tpl_int_t
tpl_repr_items(tpl_exec_t *exec, const tpl_list_t *list, tpl_buf_t *b,
    const tpl_chain_t *chain)
{
    uint32_t   i;
    tpl_int_t  rc;

    for (i = 0; i < list->n; i++) {
        exec->fuel--;

        if (i) {
            tpl_buf_lit(b, ", ");
        }

        rc = tpl_repr_value(exec, &list->items[i], b, chain);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_repr_entries(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b,
    const tpl_chain_t *chain)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_uint_t         first;
    tpl_dict_entry_t  *e;

    first = 1;

    for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
        exec->fuel--;

        if (!first) {
            tpl_buf_lit(b, ", ");
        }

        first = 0;

        rc = tpl_repr_value(exec, &e->key, b, chain);
        if (rc != TPL_OK) {
            return rc;
        }

        if (v->type == TPL_SET) {
            continue;
        }

        tpl_buf_lit(b, ": ");

        rc = tpl_repr_value(exec, &e->value, b, chain);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_repr_container(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b,
    const tpl_chain_t *chain)
{
    tpl_int_t           rc;
    const char         *ellipsis;
    tpl_chain_t         link;
    const tpl_chain_t  *next;

    for (next = chain; next; next = next->next) {
        if (next->p == v->u.p) {
            ellipsis = (v->type == TPL_LIST) ? "[...]"
                       : (v->type == TPL_TUPLE) ? "(...)"
                       : (v->type == TPL_SET) ? "set(...)" : "{...}";

            return tpl_buf_add(b, ellipsis, strlen(ellipsis));
        }
    }

    if (exec->depth >= TPL_MAX_DEPTH) {
        return tpl_throw(exec, TPL_EXC_RECURSION,
                         "maximum recursion depth exceeded while getting the "
                         "repr of an object");
    }

    /* lists that share lists may be short and have a text without end */

    if (b->len > TPL_MAX_STRING) {
        return tpl_text_check(exec, b->len);
    }

    exec->depth++;

    link.p = v->u.p;
    link.next = chain;

    switch (v->type) {

    case TPL_LIST:
        tpl_buf_char(b, '[');
        rc = tpl_repr_items(exec, v->u.list, b, &link);
        tpl_buf_char(b, ']');
        break;

    case TPL_TUPLE:
        tpl_buf_char(b, '(');
        rc = tpl_repr_items(exec, v->u.list, b, &link);

        if (v->u.list->n == 1) {
            tpl_buf_char(b, ',');
        }

        tpl_buf_char(b, ')');
        break;

    default: /* TPL_DICT, TPL_SET */
        if (v->type == TPL_SET && v->u.dict->n == 0) {
            tpl_buf_lit(b, "set()");
            rc = TPL_OK;
            break;
        }

        tpl_buf_char(b, '{');
        rc = tpl_repr_entries(exec, v, b, &link);
        tpl_buf_char(b, '}');
        break;
    }

    exec->depth--;

    return rc;
}


static tpl_int_t
tpl_repr_value(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b,
    const tpl_chain_t *chain)
{
    tpl_int_t         rc;
    tpl_char_t        number[TPL_FLOAT_LEN];
    const char       *name;
    const tpl_str_t  *macro;
    tpl_int_t       (*show)(tpl_exec_t *exec, tpl_object_t *obj,
                            tpl_buf_t *b);

    switch (v->type) {

    case TPL_STRING:
        tpl_fuel_bytes(exec, v->len);

        if (v->flags & TPL_F_SAFE) {
            tpl_buf_lit(b, "Markup(");
            tpl_repr_text(b, v->u.s, v->len, 0);

            return tpl_buf_char(b, ')');
        }

        return tpl_repr_text(b, v->u.s, v->len, 0);

    case TPL_INT:
        return tpl_buf_add(b, number,
                           (size_t) (tpl_format_int(number, v->u.i)
                                     - number));

    case TPL_FLOAT:
        return tpl_buf_add(b, number,
                           (size_t) (tpl_format_float(number, v->u.d)
                                     - number));

    case TPL_BOOL:
        return v->u.i ? tpl_buf_lit(b, "True") : tpl_buf_lit(b, "False");

    case TPL_NONE:
        return tpl_buf_lit(b, "None");

    case TPL_UNDEFINED:
        /* Undefined.__repr__, of the strict kind as well */
        return tpl_buf_lit(b, "Undefined");

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
    case TPL_SET:
        return tpl_repr_container(exec, v, b, chain);

    case TPL_RANGE:
        tpl_buf_lit(b, "range(");
        tpl_buf_add(b, number,
                    (size_t) (tpl_format_int(number, v->u.range->start)
                              - number));
        tpl_buf_lit(b, ", ");
        tpl_buf_add(b, number,
                    (size_t) (tpl_format_int(number, v->u.range->stop)
                              - number));

        if (v->u.range->step != 1) {
            tpl_buf_lit(b, ", ");
            tpl_buf_add(b, number,
                        (size_t) (tpl_format_int(number, v->u.range->step)
                                  - number));
        }

        return tpl_buf_char(b, ')');

    case TPL_FUNCTION:
        if (v->u.fn->flags & TPL_FN_CLASS) {
            return tpl_class_name_to(v->u.fn, b);
        }

        return tpl_buf_printf(b, "<function %.*s>",
                              tpl_str_arg(&v->u.fn->name.str));

    case TPL_METHOD:
        return tpl_buf_printf(b, "<built-in method %.*s of %s object>",
                              tpl_str_arg(&v->u.method->fn->name.str),
                              tpl_type_name(&v->u.method->self));

    case TPL_ITERATOR:
        return tpl_buf_printf(b, "<%s object>", tpl_type_name(v));

    case TPL_MACRO:
        /* the first member of vm/'s struct is its name */
        macro = (const tpl_str_t *) v->u.p;

        if (macro->data == NULL) {
            return tpl_buf_lit(b, "<Macro anonymous>");
        }

        tpl_buf_lit(b, "<Macro ");
        tpl_repr_text(b, macro->data, macro->len, 0);

        return tpl_buf_char(b, '>');

    case TPL_OBJECT:
        show = v->u.obj->cls->repr ? v->u.obj->cls->repr
                                   : v->u.obj->cls->str;
        if (show) {

            /* it may come back here */

            if (exec->depth >= TPL_MAX_DEPTH) {
                return tpl_throw(exec, TPL_EXC_RECURSION,
                                 "maximum recursion depth exceeded while "
                                 "getting the repr of an object");
            }

            exec->depth++;
            rc = show(exec, v->u.obj, b);
            exec->depth--;

            return rc;
        }

        /* fall through */

    default:
        name = tpl_type_name(v);

        return tpl_buf_printf(b, "<%s object>", name);
    }
}


tpl_int_t
tpl_repr_to(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b)
{
    tpl_int_t  rc;

    rc = tpl_repr_value(exec, v, b, NULL);

    return b->failed ? tpl_throw_memory(exec) : rc;
}


static tpl_int_t
tpl_undefined_str(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b)
{
    const tpl_undefined_t  *undef;

    undef = v->u.undef;

    switch (undef->kind) {

    case TPL_UNDEF_STRICT:
        return tpl_undefined_throw(exec, v);

    case TPL_UNDEF_DEBUG:
        break;

    default:
        return TPL_OK;
    }

    /* jinja2.runtime.DebugUndefined.__str__ */

    tpl_buf_lit(b, "{{ ");

    if (undef->hint.len) {
        tpl_buf_lit(b, "undefined value printed: ");
        tpl_buf_str(b, &undef->hint);

    } else if (undef->object.type == TPL_MISSING) {

        if (undef->name.data) {
            tpl_buf_str(b, &undef->name);

        } else {
            tpl_buf_lit(b, "None");
        }

    } else {
        tpl_buf_lit(b, "no such element: ");
        tpl_object_type_repr(&undef->object, b);
        tpl_buf_char(b, '[');

        if (undef->key.type != TPL_MISSING) {
            if (tpl_repr_to(exec, &undef->key, b) != TPL_OK) {
                return TPL_ERROR;
            }

        } else {
            tpl_repr_text(b, undef->name.data, undef->name.len, 0);
        }

        tpl_buf_char(b, ']');
    }

    tpl_buf_lit(b, " }}");

    return tpl_buf_check(exec, b);
}


tpl_int_t
tpl_str_to(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b)
{
    tpl_int_t  rc;

    switch (v->type) {

    case TPL_STRING:
        if (tpl_buf_add(b, v->u.s, v->len) != TPL_OK) {
            return tpl_throw_memory(exec);
        }

        return TPL_OK;

    case TPL_UNDEFINED:
        return tpl_undefined_str(exec, v, b);

    case TPL_OBJECT:
        if (v->u.obj->cls->repr && v->u.obj->cls->str) {

            rc = v->u.obj->cls->str(exec, v->u.obj, b);

            return b->failed ? tpl_throw_memory(exec) : rc;
        }

        /* fall through */

    default:
        return tpl_repr_to(exec, v, b);
    }
}


tpl_int_t
tpl_to_string(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    size_t       len;
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_char_t  *p, number[TPL_FLOAT_LEN];

    switch (v->type) {

    case TPL_STRING:
        *out = *v;
        return TPL_OK;

    case TPL_INT:
    case TPL_FLOAT:
        if (v->type == TPL_INT) {
            len = (size_t) (tpl_format_int(number, v->u.i) - number);

        } else {
            len = (size_t) (tpl_format_float(number, v->u.d) - number);
        }

        p = tpl_pnalloc(exec->arena, len);
        if (p == NULL) {
            return tpl_throw_memory(exec);
        }

        memcpy(p, number, len);
        tpl_value_string(out, p, len, TPL_F_ASCII);
        return TPL_OK;

    case TPL_BOOL:
        if (v->u.i) {
            tpl_value_string(out, (tpl_char_t *) "True", 4, TPL_F_ASCII);

        } else {
            tpl_value_string(out, (tpl_char_t *) "False", 5, TPL_F_ASCII);
        }

        return TPL_OK;

    case TPL_NONE:
        tpl_value_string(out, (tpl_char_t *) "None", 4, TPL_F_ASCII);
        return TPL_OK;

    default:
        tpl_buf_init(&b, exec->arena);

        rc = tpl_str_to(exec, v, &b);
        if (rc != TPL_OK) {
            return rc;
        }

        return tpl_value_from_buf(exec, out, &b, 0);
    }
}


tpl_int_t
tpl_to_repr(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_buf_t  b;

    tpl_buf_init(&b, exec->arena);

    rc = tpl_repr_to(exec, v, &b);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_value_from_buf(exec, out, &b, 0);
}


tpl_int_t
tpl_escape_to(tpl_buf_t *b, const tpl_char_t *p, size_t len)
{
    size_t       clean, size;
    tpl_char_t  *dst;

    clean = tpl_escape_scan(p, len);

    if (tpl_buf_add(b, p, clean) != TPL_OK || clean == len) {
        return b->failed ? TPL_ERROR : TPL_OK;
    }

    size = tpl_escape_size(p + clean, len - clean, TPL_ESCAPE_MARKUPSAFE);

    dst = tpl_buf_reserve(b, size);
    if (dst == NULL) {
        return TPL_ERROR;
    }

    tpl_escape(dst, p + clean, len - clean, TPL_ESCAPE_MARKUPSAFE);
    b->len += size;

    return TPL_OK;
}


tpl_int_t
tpl_to_markup(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    size_t       size;
    tpl_int_t    rc;
    tpl_char_t  *p;
    tpl_value_t  text;

    if (v->type == TPL_STRING) {

        if (v->flags & TPL_F_SAFE) {
            *out = *v;
            return TPL_OK;
        }

        text = *v;

    } else {
        rc = tpl_to_string(exec, v, &text);
        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_is_number(v) || tpl_has_html(v)) {
            text.flags |= TPL_F_SAFE;
            *out = text;
            return TPL_OK;
        }
    }

    tpl_fuel_bytes(exec, text.len);

    if (tpl_escape_scan(text.u.s, text.len) == text.len) {
        text.flags |= TPL_F_SAFE;
        *out = text;
        return TPL_OK;
    }

    size = tpl_escape_size(text.u.s, text.len, TPL_ESCAPE_MARKUPSAFE);

    p = tpl_text_alloc(exec, size);
    if (p == NULL) {
        return TPL_ERROR;
    }

    tpl_escape(p, text.u.s, text.len, TPL_ESCAPE_MARKUPSAFE);
    tpl_value_string(out, p, size, (text.flags & TPL_F_ASCII) | TPL_F_SAFE);

    return TPL_OK;
}


tpl_int_t
tpl_concat(tpl_exec_t *exec, const tpl_value_t *values, tpl_uint_t n,
    tpl_value_t *out)
{
    uint8_t      safe, ascii;
    uint64_t     total;
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_char_t  *p, *dst;
    tpl_value_t  local[16], *texts;

    texts = local;

    if (n > tpl_nelts(local)) {
        texts = tpl_palloc(exec->arena, n * sizeof(tpl_value_t));
        if (texts == NULL) {
            return tpl_throw_memory(exec);
        }
    }

    safe = 0;
    ascii = TPL_F_ASCII;
    total = 0;

    for (i = 0; i < n; i++) {
        rc = tpl_to_string(exec, &values[i], &texts[i]);
        if (rc != TPL_OK) {
            return rc;
        }

        safe |= texts[i].flags;
        ascii &= texts[i].flags;
    }

    safe = exec->autoescape ? (safe & TPL_F_SAFE) : 0;

    for (i = 0; i < n; i++) {
        if (safe && !(texts[i].flags & TPL_F_SAFE)) {
            total += tpl_escape_size(texts[i].u.s, texts[i].len,
                                     TPL_ESCAPE_MARKUPSAFE);

        } else {
            total += texts[i].len;
        }
    }

    p = tpl_text_alloc(exec, total);
    if (p == NULL) {
        return TPL_ERROR;
    }

    dst = p;

    for (i = 0; i < n; i++) {
        if (safe && !(texts[i].flags & TPL_F_SAFE)) {
            dst = tpl_escape(dst, texts[i].u.s, texts[i].len,
                             TPL_ESCAPE_MARKUPSAFE);

        } else if (texts[i].len) {
            dst = (tpl_char_t *) memcpy(dst, texts[i].u.s, texts[i].len)
                  + texts[i].len;
        }
    }

    tpl_value_string(out, p, total, safe | ascii);

    return TPL_OK;
}


tpl_int_t
tpl_concat_plain(tpl_exec_t *exec, const tpl_value_t *values, tpl_uint_t n,
    tpl_value_t *out)
{
    tpl_int_t   rc;
    tpl_uint_t  autoescape;

    autoescape = exec->autoescape;
    exec->autoescape = 0;

    rc = tpl_concat(exec, values, n, out);

    exec->autoescape = autoescape;

    return rc;
}
