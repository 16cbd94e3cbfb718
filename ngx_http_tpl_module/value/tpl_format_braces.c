
/*
 * str.format(), as CPython's unicode_format.h reads a format, and
 * Markup.format(), which is markupsafe's EscapeFormatter over string.Formatter.
 *
 * A field may reach attributes and items of its argument, but nothing that a
 * template could not reach itself: methods are values that print their name,
 * and there are no names with underscores to begin with.
 */

#include "value/tpl_inner.h"


/*
 * A format spec may hold fields, but theirs may not; string.Formatter allows
 * one level more.
 */
#define TPL_BRACES_DEPTH  2


typedef enum {
    TPL_BRACES_INIT = 0,
    TPL_BRACES_AUTO,
    TPL_BRACES_MANUAL
} tpl_braces_numbering_t;

typedef struct {
    tpl_exec_t              *exec;
    const tpl_list_t        *args;      /* NULL: format_map() */
    const tpl_dict_t        *kwargs;    /* may be NULL */
    tpl_uint_t               markup;
    tpl_uint_t               formatter; /* string.Formatter's rules */
    tpl_braces_numbering_t   numbering;
    int64_t                  next;
} tpl_braces_t;

/* {name!conversion:spec} */

typedef struct {
    tpl_str_t                name;
    uint32_t                 conversion;    /* 0: none */
    tpl_str_t                spec;
    tpl_uint_t               nested;        /* the spec has braces */
} tpl_braces_field_t;


static tpl_int_t tpl_braces_text(tpl_braces_t *f, const tpl_str_t *format,
    tpl_uint_t depth, tpl_buf_t *b);


static tpl_int_t
tpl_braces_error(tpl_braces_t *f, const char *message)
{
    return tpl_throw(f->exec, TPL_EXC_VALUE, "%s", message);
}


/* *n is -1 if the text is no number */

static tpl_int_t
tpl_braces_integer(tpl_braces_t *f, const tpl_str_t *text, int64_t *n)
{
    size_t  i;

    *n = -1;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            *n = -1;
            return TPL_OK;
        }

        *n = tpl_max(*n, 0);

        if (__builtin_mul_overflow(*n, (int64_t) 10, n)
            || __builtin_add_overflow(*n, (int64_t) (text->data[i] - '0'), n))
        {
            return tpl_braces_error(f, "Too many decimal digits in format "
                                    "string");
        }
    }

    return TPL_OK;
}


/* reads a field whose { is behind *p; *p moves past its } */

static tpl_int_t
tpl_braces_parse(tpl_braces_t *f, const tpl_char_t **p,
    const tpl_char_t *last, tpl_braces_field_t *field)
{
    tpl_char_t         c;
    tpl_uint_t         braces;
    const tpl_char_t  *s;

    s = *p;
    c = 0;

    field->name.data = (tpl_char_t *) s;
    field->conversion = 0;
    field->spec.data = NULL;
    field->spec.len = 0;
    field->nested = 0;

    for ( /* void */ ; s < last; s++) {
        c = *s;

        if (c == '{') {
            return tpl_braces_error(f, "unexpected '{' in field name");
        }

        if (c == '[') {
            /* an index may have any character but its end */

            while (s + 1 < last && s[1] != ']') {
                s++;
            }

        } else if (c == '}' || c == ':' || c == '!') {
            break;
        }
    }

    if (s == last) {
        return tpl_braces_error(f, "expected '}' before end of string");
    }

    field->name.len = (size_t) (s - field->name.data);
    s++;

    if (c == '}') {
        *p = s;
        return TPL_OK;
    }

    if (c == '!') {
        if (s == last) {
            return tpl_braces_error(f, "end of string while looking for "
                                    "conversion specifier");
        }

        field->conversion = tpl_utf8_decode(&s, last);

        if (s < last) {
            c = *s++;

            if (c == '}') {
                *p = s;
                return TPL_OK;
            }

            if (c != ':') {
                return tpl_braces_error(f, "expected ':' after conversion "
                                        "specifier");
            }
        }
    }

    field->spec.data = (tpl_char_t *) s;
    braces = 1;

    for ( /* void */ ; s < last; s++) {

        if (*s == '{') {
            field->nested = 1;
            braces++;

        } else if (*s == '}' && --braces == 0) {
            field->spec.len = (size_t) (s - field->spec.data);
            *p = s + 1;
            return TPL_OK;
        }
    }

    return tpl_braces_error(f, "unmatched '{' in format spec");
}


static tpl_int_t
tpl_braces_number(tpl_braces_t *f, tpl_braces_numbering_t kind)
{
    const char  *message;

    if (f->numbering == TPL_BRACES_INIT) {
        f->numbering = kind;
    }

    if (f->numbering == kind) {
        return TPL_OK;
    }

    /* string.Formatter has one message for both ways */

    message = (kind == TPL_BRACES_AUTO || f->formatter)
              ? "cannot switch from manual field specification to automatic "
                "field numbering"
              : "cannot switch from automatic field numbering to manual "
                "field specification";

    return tpl_braces_error(f, message);
}


/*
 * The argument that a field begins with; alone: there is no more of it.  To
 * string.Formatter only a field that is nothing but a number or empty counts.
 */

static tpl_int_t
tpl_braces_argument(tpl_braces_t *f, const tpl_str_t *name, tpl_uint_t alone,
    tpl_value_t *out)
{
    int64_t      n;
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_value_t  key;

    if (tpl_braces_integer(f, name, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (n >= 0 || (name->len == 0 && (alone || !f->formatter))) {

        if ((alone || !f->formatter)
            && tpl_braces_number(f, name->len ? TPL_BRACES_MANUAL
                                              : TPL_BRACES_AUTO)
               != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (name->len == 0) {
            n = f->next++;
        }

        if (f->args == NULL) {
            return tpl_braces_error(f, "Format string contains positional "
                                    "fields");
        }

        if (n >= f->args->n) {
            if (f->formatter) {
                return tpl_throw(f->exec, TPL_EXC_INDEX,
                                 "tuple index out of range");
            }

            return tpl_throw(f->exec, TPL_EXC_INDEX, "Replacement index %lld "
                             "out of range for positional args tuple",
                             (long long) n);
        }

        *out = f->args->items[n];
        return TPL_OK;
    }

    if (f->kwargs) {
        tpl_value_from_str(&key, name);

        rc = tpl_dict_get(f->exec, f->kwargs, &key, out);
        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    tpl_buf_init(&b, f->exec->arena);
    tpl_repr_text(&b, name->data, name->len, 0);

    return tpl_throw_buf(f->exec, TPL_EXC_KEY, &b);
}


static tpl_int_t
tpl_braces_attribute(tpl_braces_t *f, const tpl_value_t *v,
    const tpl_str_t *name, tpl_value_t *out)
{
    tpl_int_t   rc;
    tpl_name_t  attr;

    attr.str = *name;
    attr.hash = tpl_hash(name->data, name->len);

    /* jinja2.sandbox.SandboxedFormatter; Tornado's dicts read as objects */

    if (f->exec->options->sandbox || f->exec->options->python) {
        return tpl_get_attr(f->exec, v, &attr, out);
    }

    if (v->type == TPL_UNDEFINED) {
        return tpl_get_attr(f->exec, v, &attr, out);
    }

    rc = tpl_attribute(f->exec, v, &attr, out);

    return (rc == TPL_DECLINED) ? tpl_attribute_error(f->exec, v, &attr) : rc;
}


static tpl_int_t
tpl_braces_item(tpl_braces_t *f, const tpl_value_t *v, const tpl_str_t *name,
    tpl_value_t *out)
{
    int64_t      n;
    tpl_value_t  key;

    if (tpl_braces_integer(f, name, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (n >= 0) {
        tpl_value_int(&key, n);

    } else {
        tpl_value_from_str(&key, name);
    }

    if (f->exec->options->sandbox) {
        return tpl_get_item(f->exec, v, &key, out);
    }

    return tpl_item_python(f->exec, v, &key, out);
}


/* the object of "name.attribute[item]..." */

static tpl_int_t
tpl_braces_object(tpl_braces_t *f, const tpl_str_t *field, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_str_t    part;
    tpl_char_t  *p, *last;
    tpl_value_t  v;

    p = field->data;
    last = p + field->len;

    part.data = p;

    while (p < last && *p != '.' && *p != '[') {
        p++;
    }

    part.len = (size_t) (p - part.data);

    tpl_value_missing(&v);

    rc = tpl_braces_argument(f, &part, part.len == field->len, &v);
    if (rc != TPL_OK) {
        return rc;
    }

    while (p < last) {

        if (*p == '.') {
            part.data = ++p;

            while (p < last && *p != '.' && *p != '[') {
                p++;
            }

            part.len = (size_t) (p - part.data);

            if (part.len == 0) {
                goto empty;
            }

            rc = tpl_braces_attribute(f, &v, &part, out);

        } else if (*p == '[') {
            part.data = ++p;

            while (p < last && *p != ']') {
                p++;
            }

            if (p == last) {
                return tpl_braces_error(f, "Missing ']' in format string");
            }

            part.len = (size_t) (p++ - part.data);

            if (part.len == 0) {
                goto empty;
            }

            rc = tpl_braces_item(f, &v, &part, out);

        } else {
            return tpl_braces_error(f, "Only '.' or '[' may follow ']' in "
                                    "format field specifier");
        }

        if (rc != TPL_OK) {
            return rc;
        }

        v = *out;
    }

    *out = v;

    return TPL_OK;

empty:

    return tpl_braces_error(f, "Empty attribute in format string");
}


static tpl_int_t
tpl_braces_convert(tpl_braces_t *f, uint32_t conversion, tpl_value_t *v)
{
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_value_t  text;

    switch (conversion) {

    case 'r':
        rc = tpl_to_repr(f->exec, v, &text);
        break;

    case 's':
        rc = tpl_to_string(f->exec, v, &text);
        break;

    case 'a':
        tpl_buf_init(&b, f->exec->arena);
        rc = tpl_ascii_to(f->exec, v, &b);

        if (rc == TPL_OK) {
            rc = tpl_value_from_buf(f->exec, &text, &b, 0);
        }

        break;

    default:
        if (conversion > 32 && conversion < 127) {
            return tpl_throw(f->exec, TPL_EXC_VALUE,
                             "Unknown conversion specifier %c",
                             (int) conversion);
        }

        return tpl_throw(f->exec, TPL_EXC_VALUE,
                         "Unknown conversion specifier \\x%x",
                         (unsigned) conversion);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    /* str(Markup) is a plain string */
    text.flags &= (uint8_t) ~TPL_F_SAFE;
    *v = text;

    return TPL_OK;
}


/* markupsafe.EscapeFormatter.format_field */

static tpl_int_t
tpl_braces_markup(tpl_braces_t *f, const tpl_value_t *v,
    const tpl_str_t *spec, tpl_buf_t *b)
{
    tpl_int_t  rc;
    tpl_buf_t  text;

    if (tpl_has_html(v)) {

        if (spec->len == 0) {
            return tpl_str_to(f->exec, v, b);
        }

        if (v->type == TPL_UNDEFINED) {
            return tpl_undefined_throw(f->exec, v);
        }

        if (tpl_is_string(v)) {
            return tpl_braces_error(f, "Unsupported format specification for "
                                    "Markup.");
        }

        return tpl_throw(f->exec, TPL_EXC_VALUE, "Format specifier %.*s "
                         "given, but <class '%s'> does not define "
                         "__html_format__. A class that defines __html__ "
                         "must define __html_format__ to work with format "
                         "specifiers.", tpl_str_arg(spec), tpl_type_name(v));
    }

    tpl_buf_init(&text, f->exec->arena);

    rc = tpl_format_spec(f->exec, v, spec, &text);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_fuel_bytes(f->exec, text.len);
    tpl_escape_to(b, text.data, text.len);

    return tpl_buf_check(f->exec, b);
}


static tpl_int_t
tpl_braces_field(tpl_braces_t *f, tpl_braces_field_t *field, tpl_uint_t depth,
    tpl_buf_t *b)
{
    tpl_int_t    rc;
    tpl_buf_t    spec;
    tpl_value_t  v;

    rc = tpl_braces_object(f, &field->name, &v);
    if (rc != TPL_OK) {
        return rc;
    }

    if (field->conversion) {
        rc = tpl_braces_convert(f, field->conversion, &v);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    if (f->markup && depth == 1) {
        /* string.Formatter expands every spec, an empty one as well */
        return tpl_braces_error(f, "Max string recursion exceeded");
    }

    if (field->nested) {
        tpl_buf_init(&spec, f->exec->arena);

        rc = tpl_braces_text(f, &field->spec, depth - 1, &spec);
        if (rc != TPL_OK) {
            return rc;
        }

        field->spec.data = spec.data;
        field->spec.len = spec.len;
    }

    if (f->markup) {
        return tpl_braces_markup(f, &v, &field->spec, b);
    }

    rc = tpl_format_spec(f->exec, &v, &field->spec, b);

    return (rc == TPL_OK) ? tpl_buf_check(f->exec, b) : rc;
}


static tpl_int_t
tpl_braces_text(tpl_braces_t *f, const tpl_str_t *format, tpl_uint_t depth,
    tpl_buf_t *b)
{
    tpl_int_t            rc;
    const tpl_char_t    *p, *start, *last;
    tpl_braces_field_t   field;

    if (depth == 0) {
        return tpl_braces_error(f, "Max string recursion exceeded");
    }

    p = format->data;
    start = p;
    last = p + format->len;

    while (p < last) {

        if (*p != '{' && *p != '}') {
            p++;
            continue;
        }

        if (p + 1 < last && p[1] == p[0]) {
            tpl_buf_add(b, start, (size_t) (p + 1 - start));
            p += 2;
            start = p;
            continue;
        }

        if (*p == '}') {
            return tpl_braces_error(f, "Single '}' encountered in format "
                                    "string");
        }

        if (p + 1 == last) {
            return tpl_braces_error(f, "Single '{' encountered in format "
                                    "string");
        }

        tpl_buf_add(b, start, (size_t) (p - start));
        f->exec->fuel--;
        p++;

        rc = tpl_braces_parse(f, &p, last, &field);
        if (rc != TPL_OK) {
            return rc;
        }

        rc = tpl_braces_field(f, &field, depth, b);
        if (rc != TPL_OK) {
            return rc;
        }

        start = p;
    }

    tpl_buf_add(b, start, (size_t) (p - start));

    return tpl_buf_check(f->exec, b);
}


tpl_int_t
tpl_format_braces(tpl_exec_t *exec, const tpl_value_t *format,
    const tpl_list_t *args, const tpl_dict_t *kwargs, tpl_value_t *out)
{
    tpl_int_t     rc;
    tpl_str_t     text;
    tpl_buf_t     b;
    tpl_braces_t  f;

    tpl_buf_init(&b, exec->arena);
    tpl_fuel_bytes(exec, format->len);

    f.exec = exec;
    f.args = args;
    f.kwargs = kwargs;
    f.markup = tpl_is_safe(format);
    f.formatter = f.markup || exec->options->sandbox;
    f.numbering = TPL_BRACES_INIT;
    f.next = 0;

    text = tpl_value_str(format);

    rc = tpl_braces_text(&f, &text, TPL_BRACES_DEPTH + (f.markup != 0), &b);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_value_from_buf(exec, out, &b, f.markup ? TPL_F_SAFE : 0);
}
