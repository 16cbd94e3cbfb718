
/*
 * printf-style formatting: format % args, as CPython's unicode_format.c reads
 * and writes it; and as Markup.__mod__ has it, whose arguments are wrapped in a
 * helper that escapes str() and repr(), converts through int() and float(), and
 * is neither a number nor a character.
 */

#include <stdio.h>

#include "value/tpl_inner.h"


#define TPL_PERCENT_LEFT   0x01
#define TPL_PERCENT_SIGN   0x02
#define TPL_PERCENT_BLANK  0x04
#define TPL_PERCENT_ALT    0x08
#define TPL_PERCENT_ZERO   0x10


typedef struct {
    tpl_exec_t          *exec;
    const tpl_char_t    *start;
    const tpl_char_t    *p;
    const tpl_char_t    *last;
    tpl_uint_t           markup;

    tpl_value_t          args;
    const tpl_list_t    *tuple;         /* args, or NULL: a single one */
    uint32_t             next;          /* argument to take */
    tpl_uint_t           mapping;       /* args has items by key */

    tpl_buf_t           *b;
} tpl_percent_t;

/* one %...x */

typedef struct {
    uint32_t             code;          /* the conversion's character */
    tpl_uint_t           flags;
    int64_t              width;
    int64_t              precision;     /* -1: not given */
} tpl_percent_spec_t;


static tpl_int_t
tpl_percent_incomplete(tpl_percent_t *f)
{
    return tpl_throw(f->exec, TPL_EXC_VALUE, "incomplete format");
}


static tpl_int_t
tpl_percent_arg(tpl_percent_t *f, tpl_value_t *v)
{
    if (f->tuple) {
        if (f->next < f->tuple->n) {
            *v = f->tuple->items[f->next++];
            return TPL_OK;
        }

    } else if (f->next == 0) {
        f->next = 1;
        *v = f->args;
        return TPL_OK;
    }

    return tpl_throw(f->exec, TPL_EXC_TYPE,
                     "not enough arguments for format string");
}


/* %(key)s: the argument is args[key] from here on */

static tpl_int_t
tpl_percent_key(tpl_percent_t *f, const tpl_value_t *mapping)
{
    tpl_uint_t         nested;
    tpl_value_t        key;
    const tpl_char_t  *start;

    if (!f->mapping) {
        return tpl_throw(f->exec, TPL_EXC_TYPE, "format requires a mapping");
    }

    start = ++f->p;
    nested = 1;

    while (f->p < f->last) {
        if (*f->p == ')' && --nested == 0) {
            break;
        }

        nested += (*f->p == '(');
        f->p++;
    }

    if (f->p == f->last) {
        return tpl_throw(f->exec, TPL_EXC_VALUE, "incomplete format key");
    }

    tpl_value_string(&key, start, f->p - start, 0);
    f->p++;

    f->tuple = NULL;
    f->next = 0;

    return tpl_item_python(f->exec, mapping, &key, &f->args);
}


/* digits or a star; *n is -1 where there is neither */

static tpl_int_t
tpl_percent_number(tpl_percent_t *f, int64_t limit, const char *what,
    int64_t *n)
{
    tpl_value_t  v;

    *n = -1;

    if (f->p < f->last && *f->p == '*') {
        f->p++;

        if (tpl_percent_arg(f, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!tpl_is_int(&v) || f->markup) {
            return tpl_throw(f->exec, TPL_EXC_TYPE, "* wants int");
        }

        *n = v.u.i;

        if (*n > limit || *n < -limit) {
            return tpl_throw(f->exec, TPL_EXC_OVERFLOW,
                             "Python int too large to convert to C int");
        }

        return TPL_DONE;
    }

    while (f->p < f->last && *f->p >= '0' && *f->p <= '9') {
        *n = tpl_max(*n, 0) * 10 + (*f->p++ - '0');

        if (*n > limit) {
            return tpl_throw(f->exec, TPL_EXC_VALUE, "%s too big", what);
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_percent_parse(tpl_percent_t *f, const tpl_value_t *mapping,
    tpl_percent_spec_t *spec)
{
    tpl_int_t    rc;
    tpl_uint_t   flag;

    spec->flags = 0;
    spec->width = -1;
    spec->precision = -1;

    if (f->p < f->last && *f->p == '(') {
        rc = tpl_percent_key(f, mapping);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    for ( /* void */ ; f->p < f->last; f->p++) {
        flag = (*f->p == '-') ? TPL_PERCENT_LEFT
               : (*f->p == '+') ? TPL_PERCENT_SIGN
               : (*f->p == ' ') ? TPL_PERCENT_BLANK
               : (*f->p == '#') ? TPL_PERCENT_ALT
               : (*f->p == '0') ? TPL_PERCENT_ZERO : 0;

        if (flag == 0) {
            break;
        }

        spec->flags |= flag;
    }

    rc = tpl_percent_number(f, INT64_MAX / 16, "width", &spec->width);
    if (rc == TPL_ERROR) {
        return rc;
    }

    if (spec->width < -1 || (rc == TPL_DONE && spec->width < 0)) {
        spec->flags |= TPL_PERCENT_LEFT;
        spec->width = -spec->width;
    }

    if (f->p < f->last && *f->p == '.') {
        f->p++;

        rc = tpl_percent_number(f, INT32_MAX, "precision", &spec->precision);
        if (rc == TPL_ERROR) {
            return rc;
        }

        /* "%.f" has precision 0, as has a negative star */
        spec->precision = tpl_max(spec->precision, 0);
    }

    if (f->p < f->last && (*f->p == 'h' || *f->p == 'l' || *f->p == 'L')) {
        f->p++;
    }

    if (f->p >= f->last) {
        return tpl_percent_incomplete(f);
    }

    spec->code = tpl_utf8_decode(&f->p, f->last);

    return TPL_OK;
}


/* pads a text of n code points whose first fixed bytes stay before zeros */

static tpl_int_t
tpl_percent_pad(tpl_percent_t *f, const tpl_percent_spec_t *spec,
    const tpl_char_t *p, size_t len, size_t n, size_t fixed, tpl_uint_t zero)
{
    int64_t     pad;
    tpl_buf_t  *b;

    b = f->b;
    pad = spec->width - (int64_t) n;

    if (pad > 0) {
        if (tpl_text_check(f->exec, (uint64_t) pad) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!(spec->flags & TPL_PERCENT_LEFT)) {

            if (zero) {
                tpl_buf_add(b, p, fixed);
                p += fixed;
                len -= fixed;
                tpl_buf_fill(b, '0', pad);

            } else {
                tpl_buf_fill(b, ' ', pad);
            }

            pad = 0;
        }

        tpl_buf_add(b, p, len);
        tpl_buf_fill(b, ' ', pad);

    } else {
        tpl_buf_add(b, p, len);
    }

    return tpl_buf_check(f->exec, b);
}


static tpl_int_t
tpl_percent_text(tpl_percent_t *f, const tpl_percent_spec_t *spec,
    const tpl_value_t *v)
{
    size_t       len, n;
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_value_t  text, escaped;

    switch (spec->code) {

    case 's':
        rc = f->markup ? tpl_to_markup(f->exec, v, &text)
                       : tpl_to_string(f->exec, v, &text);
        if (rc != TPL_OK) {
            return rc;
        }

        break;

    case 'r':
        rc = tpl_to_repr(f->exec, v, &text);
        if (rc != TPL_OK) {
            return rc;
        }

        if (f->markup && tpl_to_markup(f->exec, &text, &text) != TPL_OK) {
            return TPL_ERROR;
        }

        break;

    default: /* 'a' */
        tpl_buf_init(&b, f->exec->arena);

        rc = tpl_ascii_to(f->exec, v, &b);
        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_value_from_buf(f->exec, &text, &b, 0) != TPL_OK) {
            return TPL_ERROR;
        }

        if (f->markup) {
            if (tpl_to_markup(f->exec, &text, &escaped) != TPL_OK) {
                return TPL_ERROR;
            }

            text = escaped;
        }

        break;
    }

    len = text.len;

    if (spec->width < 0 && spec->precision < 0) {
        tpl_fuel_bytes(f->exec, len);
        tpl_buf_add(f->b, text.u.s, len);

        return tpl_buf_check(f->exec, f->b);
    }

    n = tpl_string_length(&text);

    if (spec->precision >= 0 && (uint64_t) spec->precision < n) {
        n = (size_t) spec->precision;
        len = tpl_utf8_offset(text.u.s, len, n);
    }

    return tpl_percent_pad(f, spec, text.u.s, len, n, 0, 0);
}


static tpl_int_t
tpl_percent_integer(tpl_percent_t *f, const tpl_percent_spec_t *spec,
    const tpl_value_t *v, int64_t *n)
{
    if (spec->code == 'x' || spec->code == 'X' || spec->code == 'o') {

        if (tpl_is_int(v) && !f->markup) {
            *n = v->u.i;
            return TPL_OK;
        }

        return tpl_throw(f->exec, TPL_EXC_TYPE,
                         "%%%c format: an integer is required, not %s",
                         (int) spec->code,
                         f->markup ? "_MarkupEscapeHelper"
                                   : tpl_type_name(v));
    }

    if (tpl_is_number(v) || v->type == TPL_UNDEFINED
        || (f->markup && v->type == TPL_STRING))
    {
        return tpl_to_int(f->exec, v, n);
    }

    return tpl_throw(f->exec, TPL_EXC_TYPE,
                     "%%%c format: a real number is required, not %s",
                     (int) spec->code,
                     f->markup ? "_MarkupEscapeHelper" : tpl_type_name(v));
}


static tpl_int_t
tpl_percent_int(tpl_percent_t *f, const tpl_percent_spec_t *spec,
    const tpl_value_t *v)
{
    size_t       len, fixed;
    int64_t      n, zeros;
    tpl_buf_t    b;
    tpl_uint_t   base;
    tpl_char_t  *p, digits[64];

    if (tpl_percent_integer(f, spec, v, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    base = (spec->code == 'o') ? 8
           : (spec->code == 'x' || spec->code == 'X') ? 16 : 10;

    p = tpl_int_digits(digits + sizeof(digits),
                       (n < 0) ? 0 - (uint64_t) n : (uint64_t) n, base,
                       spec->code == 'X');
    len = (size_t) (digits + sizeof(digits) - p);
    zeros = spec->precision - (int64_t) len;

    if (zeros > 0 && tpl_text_check(f->exec, (uint64_t) zeros) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, f->exec->arena);

    if (n < 0) {
        tpl_buf_char(&b, '-');

    } else if (spec->flags & TPL_PERCENT_SIGN) {
        tpl_buf_char(&b, '+');

    } else if (spec->flags & TPL_PERCENT_BLANK) {
        tpl_buf_char(&b, ' ');
    }

    if (base != 10 && (spec->flags & TPL_PERCENT_ALT)) {
        tpl_buf_char(&b, '0');
        tpl_buf_char(&b, spec->code);
    }

    fixed = b.len;

    tpl_buf_fill(&b, '0', zeros);
    tpl_buf_add(&b, p, len);

    if (b.failed) {
        return tpl_throw_memory(f->exec);
    }

    return tpl_percent_pad(f, spec, b.data, b.len, b.len, fixed,
                           spec->flags & TPL_PERCENT_ZERO);
}


static tpl_int_t
tpl_percent_float(tpl_percent_t *f, const tpl_percent_spec_t *spec,
    const tpl_value_t *v)
{
    double             d;
    size_t             fixed;
    tpl_buf_t          b;
    tpl_float_style_t  style;

    if (!tpl_is_number(v) && v->type != TPL_UNDEFINED && !f->markup) {
        return tpl_throw(f->exec, TPL_EXC_TYPE,
                         "must be real number, not %s", tpl_type_name(v));
    }

    if (tpl_to_float(f->exec, v, &d) != TPL_OK) {
        return TPL_ERROR;
    }

    style.type = (tpl_char_t) spec->code;
    style.sign = (spec->flags & TPL_PERCENT_SIGN) ? '+'
                 : (spec->flags & TPL_PERCENT_BLANK) ? ' ' : '-';
    style.alt = spec->flags & TPL_PERCENT_ALT;
    style.no_neg_0 = 0;
    style.precision = (spec->precision < 0) ? 6 : spec->precision;

    tpl_buf_init(&b, f->exec->arena);

    if (tpl_float_text(f->exec, d, &style, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    fixed = (b.data[0] == '-' || b.data[0] == '+' || b.data[0] == ' ');

    return tpl_percent_pad(f, spec, b.data, b.len, b.len, fixed,
                           spec->flags & TPL_PERCENT_ZERO);
}


static tpl_int_t
tpl_percent_char(tpl_percent_t *f, const tpl_percent_spec_t *spec,
    const tpl_value_t *v)
{
    int64_t     n;
    tpl_char_t  code[4];

    if (!f->markup && v->type == TPL_STRING && tpl_string_length(v) == 1) {
        return tpl_percent_pad(f, spec, v->u.s, v->len, 1, 0, 0);
    }

    if (f->markup || !tpl_is_int(v)) {
        return tpl_throw(f->exec, TPL_EXC_TYPE, "%%c requires int or char");
    }

    n = v->u.i;

    if (n < 0 || n > 0x10ffff) {
        return tpl_throw(f->exec, TPL_EXC_OVERFLOW,
                         "%%c arg not in range(0x110000)");
    }

    /* Python has lone surrogates, UTF-8 has not */
    if (n >= 0xd800 && n < 0xe000) {
        n = 0xfffd;
    }

    return tpl_percent_pad(f, spec, code,
                           (size_t) (tpl_utf8_encode(code, (uint32_t) n)
                                     - code), 1, 0, 0);
}


static tpl_int_t
tpl_percent_one(tpl_percent_t *f, const tpl_value_t *mapping)
{
    tpl_int_t           rc;
    tpl_value_t         v;
    const tpl_char_t   *at;
    tpl_percent_spec_t  spec;

    /* only so: "%5%" is an error */

    if (*f->p == '%') {
        f->p++;
        tpl_buf_char(f->b, '%');
        return tpl_buf_check(f->exec, f->b);
    }

    rc = tpl_percent_parse(f, mapping, &spec);
    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_percent_arg(f, &v) != TPL_OK) {
        return TPL_ERROR;
    }

    switch (spec.code) {

    case 's':
    case 'r':
    case 'a':
        return tpl_percent_text(f, &spec, &v);

    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        return tpl_percent_int(f, &spec, &v);

    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        return tpl_percent_float(f, &spec, &v);

    case 'c':
        return tpl_percent_char(f, &spec, &v);

    default:
        at = f->p - 1;

        while (at > f->start && (*at & 0xc0) == 0x80) {
            at--;
        }

        return tpl_throw(f->exec, TPL_EXC_VALUE, "unsupported format "
                         "character '%c' (0x%x) at index %lu",
                         (spec.code >= 31 && spec.code <= 126)
                         ? (int) spec.code : '?', (unsigned) spec.code,
                         (unsigned long) tpl_utf8_length(f->start,
                                              (size_t) (at - f->start)));
    }
}


/* true for what CPython's PyMapping_Check() is, str and tuple left out */

static tpl_uint_t
tpl_percent_mapping(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_DICT:
    case TPL_LIST:
    case TPL_RANGE:
    case TPL_UNDEFINED:
        return 1;

    case TPL_OBJECT:
        return v->u.obj->cls->get_item != NULL;

    default:
        return 0;
    }
}


tpl_int_t
tpl_format_percent(tpl_exec_t *exec, const tpl_value_t *format,
    const tpl_value_t *args, tpl_value_t *out)
{
    tpl_int_t          rc;
    tpl_buf_t          b;
    tpl_value_t        mapping;
    tpl_percent_t      f;
    const tpl_char_t  *p;

    tpl_buf_init(&b, exec->arena);
    tpl_fuel_bytes(exec, format->len);

    f.exec = exec;
    f.start = format->u.s;
    f.p = f.start;
    f.last = f.start + format->len;
    f.markup = tpl_is_safe(format);
    f.args = *args;
    f.tuple = (args->type == TPL_TUPLE) ? args->u.list : NULL;
    f.next = 0;
    f.mapping = tpl_percent_mapping(args);
    f.b = &b;

    mapping = *args;

    while (f.p < f.last) {
        p = memchr(f.p, '%', (size_t) (f.last - f.p));

        if (p == NULL) {
            p = f.last;
        }

        tpl_buf_add(&b, f.p, (size_t) (p - f.p));

        if (p == f.last) {
            break;
        }

        f.p = p + 1;

        if (f.p == f.last) {
            return tpl_percent_incomplete(&f);
        }

        rc = tpl_percent_one(&f, &mapping);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    if (!f.mapping && (f.tuple ? f.next < f.tuple->n : f.next == 0)) {
        return tpl_throw(exec, TPL_EXC_TYPE, "not all arguments converted "
                         "during string formatting");
    }

    return tpl_value_from_buf(exec, out, &b, f.markup ? TPL_F_SAFE : 0);
}
