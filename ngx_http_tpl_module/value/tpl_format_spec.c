
/*
 * format(v, spec): Python's format specification mini-language for str, int,
 * bool and float; and the digits of numbers, for all ways of formatting.
 *
 * [[fill]align][sign][z][#][0][width][grouping][.precision][type], read as
 * CPython's formatter_unicode.c reads it, with its messages.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value/tpl_inner.h"


/*
 * The most digits behind the point that a double can have but zeros: 2**-1074
 * has 1074.
 */
#define TPL_FLOAT_DIGITS  1080


typedef struct {
    uint32_t             fill;
    uint32_t             align;         /* < > ^ =, 0: not given */
    uint32_t             sign;          /* + - blank, 0: not given */
    uint32_t             type;          /* 0: not given */
    uint32_t             grouping;      /* , or _ */
    tpl_uint_t           no_neg_0;
    tpl_uint_t           alt;
    int64_t              width;         /* -1: not given */
    int64_t              precision;     /* -1: not given */
} tpl_spec_t;

/* a number in its parts: sign, prefix, digits, what follows them */

typedef struct {
    tpl_char_t           sign;          /* 0: none */
    tpl_str_t            prefix;
    tpl_str_t            digits;
    tpl_str_t            rest;
} tpl_digits_t;


tpl_int_t
tpl_buf_fill(tpl_buf_t *b, uint32_t c, int64_t n)
{
    size_t       len;
    int64_t      i;
    tpl_char_t  *p, code[4];

    if (n <= 0) {
        return b->failed ? TPL_ERROR : TPL_OK;
    }

    len = (size_t) (tpl_utf8_encode(code, c) - code);

    p = tpl_buf_reserve(b, len * (size_t) n);
    if (p == NULL) {
        return TPL_ERROR;
    }

    if (len == 1) {
        memset(p, code[0], (size_t) n);

    } else {
        for (i = 0; i < n; i++) {
            memcpy(p + (size_t) i * len, code, len);
        }
    }

    b->len += len * (size_t) n;

    return TPL_OK;
}


tpl_char_t *
tpl_int_digits(tpl_char_t *end, uint64_t n, tpl_uint_t base, tpl_uint_t upper)
{
    const char  *digits;

    digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    do {
        *--end = (tpl_char_t) digits[n % base];
        n /= base;
    } while (n);

    return end;
}


/* "1.500e+10" or "1.500" without the zeros that end its fraction */

static void
tpl_float_strip(char *s)
{
    char    *e, *p;
    size_t   tail;

    if (strchr(s, '.') == NULL) {
        return;
    }

    e = strchr(s, 'e');

    if (e == NULL) {
        e = s + strlen(s);
    }

    tail = strlen(e) + 1;
    p = e;

    while (p[-1] == '0') {
        p--;
    }

    if (p[-1] == '.') {
        p--;
    }

    memmove(p, e, tail);
}


/* puts a string of n bytes before the exponent, or at the end */

static void
tpl_float_insert(char *s, const char *what, size_t n)
{
    char  *e;

    e = strchr(s, 'e');

    if (e == NULL) {
        e = s + strlen(s);
    }

    memmove(e + n, e, strlen(e) + 1);
    memcpy(e, what, n);
}


/* d with n digits behind the point, whatever the locale calls a point */

static void
tpl_float_print(char *s, tpl_uint_t exponent, int n, double d)
{
    char  *p;

    snprintf(s, TPL_FLOAT_DIGITS + 330, exponent ? "%.*e" : "%.*f", n, d);

    p = strchr(s, ',');

    if (p) {
        *p = '.';
    }
}


/*
 * The digits of a finite number, which is not negative, by CPython's rules for
 * the type: s has room for TPL_FLOAT_DIGITS + 340 bytes.  *zeros: how many of a
 * long precision's zeros follow the fraction.
 */

static void
tpl_float_digits(char *s, double d, tpl_char_t type, int64_t precision,
    tpl_uint_t alt, int64_t *zeros)
{
    int          n, exponent;
    tpl_uint_t   dot0;
    tpl_char_t  *last;

    *zeros = 0;

    if (type == 'r' || (type == 0 && precision < 0)) {
        last = tpl_format_float((tpl_char_t *) s, d);
        *last = '\0';

        if (alt && strchr(s, '.') == NULL) {
            tpl_float_insert(s, ".", 1);
        }

        return;
    }

    if (precision < 0) {
        precision = 6;
    }

    if ((type == 'g' || type == 0) && precision == 0) {
        precision = 1;
    }

    if (precision > TPL_FLOAT_DIGITS) {
        *zeros = precision - TPL_FLOAT_DIGITS;
    }

    n = (int) tpl_min(precision, TPL_FLOAT_DIGITS);

    switch (type) {

    case 'e':
        tpl_float_print(s, 1, n, d);
        break;

    case 'f':
        tpl_float_print(s, 0, n, d);
        break;

    default: /* 'g', 0 */

        /* without a type the result looks like a float: "12.0", "1e+02" */
        dot0 = (type == 0);

        tpl_float_print(s, 1, n - 1, d);
        exponent = atoi(strchr(s, 'e') + 1);

        if (exponent < -4 || exponent >= precision - (int64_t) dot0) {
            if (!alt) {
                tpl_float_strip(s);
                *zeros = 0;
            }

            break;
        }

        tpl_float_print(s, 0, n - 1 - exponent, d);

        if (!alt) {
            tpl_float_strip(s);
            *zeros = 0;
        }

        if (dot0 && strchr(s, '.') == NULL) {
            tpl_float_insert(s, ".0", 2);
        }

        break;
    }

    if (alt && strchr(s, '.') == NULL) {
        tpl_float_insert(s, ".", 1);
    }
}


static tpl_uint_t
tpl_is_zero_text(const char *s)
{
    for ( /* void */ ; *s && *s != 'e'; s++) {
        if (*s >= '1' && *s <= '9') {
            return 0;
        }
    }

    return 1;
}


tpl_int_t
tpl_float_text(tpl_exec_t *exec, double d, const tpl_float_style_t *style,
    tpl_buf_t *b)
{
    char        s[TPL_FLOAT_DIGITS + 340], *p;
    int64_t     zeros;
    tpl_uint_t  upper, negative, percent;
    tpl_char_t  type;

    type = style->type;
    upper = (type == 'E' || type == 'F' || type == 'G');
    percent = (type == '%');

    if (upper) {
        type = (tpl_char_t) (type + 'a' - 'A');

    } else if (percent) {
        type = 'f';
        d *= 100;
    }

    if (tpl_text_check(exec, (uint64_t) tpl_max(style->precision, 0))
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    negative = signbit(d) && !isnan(d);
    zeros = 0;

    if (!isfinite(d)) {
        memcpy(s, isnan(d) ? "nan" : "inf", sizeof("inf"));

    } else {
        tpl_float_digits(s, fabs(d), type, style->precision, style->alt,
                         &zeros);

        if (negative && style->no_neg_0 && tpl_is_zero_text(s)) {
            negative = 0;
        }
    }

    if (upper) {
        for (p = s; *p; p++) {
            if (*p >= 'a' && *p <= 'z') {
                *p = (char) (*p - 'a' + 'A');
            }
        }
    }

    if (negative) {
        tpl_buf_char(b, '-');

    } else if (style->sign == '+' || style->sign == ' ') {
        tpl_buf_char(b, style->sign);
    }

    if (zeros) {
        p = s + strcspn(s, "eE");
        tpl_buf_add(b, s, (size_t) (p - s));
        tpl_buf_fill(b, '0', zeros);
        tpl_buf_add(b, p, strlen(p));

    } else {
        tpl_buf_add(b, s, strlen(s));
    }

    if (percent) {
        tpl_buf_char(b, '%');
    }

    return tpl_buf_check(exec, b);
}


/* the digits at *p as a number; their count, or -1 if it does not fit */

static tpl_int_t
tpl_spec_integer(const uint32_t *p, const uint32_t *last, int64_t *n)
{
    tpl_int_t  digits;

    *n = 0;

    for (digits = 0; p < last && *p >= '0' && *p <= '9'; digits++, p++) {
        if (__builtin_mul_overflow(*n, (int64_t) 10, n)
            || __builtin_add_overflow(*n, (int64_t) (*p - '0'), n))
        {
            return -1;
        }
    }

    return digits;
}


#define tpl_is_align(c)  ((c) == '<' || (c) == '>' || (c) == '=' || (c) == '^')


static tpl_int_t
tpl_spec_grouping_error(tpl_exec_t *exec, uint32_t grouping, uint32_t type)
{
    if (type > 32 && type < 128) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Cannot specify '%c' with '%c'.",
                         (int) grouping, (int) type);
    }

    return tpl_throw(exec, TPL_EXC_VALUE, "Cannot specify '%c' with '\\x%x'.",
                     (int) grouping, (unsigned) type);
}


static tpl_int_t
tpl_spec_parse(tpl_exec_t *exec, const tpl_value_t *v, const tpl_str_t *text,
    uint32_t default_type, uint32_t default_align, tpl_spec_t *spec)
{
    size_t             n;
    uint32_t           local[64], *codes, *p, *last, type;
    tpl_int_t          digits;
    tpl_uint_t         fill_given;
    const tpl_char_t  *s, *end;

    codes = local;

    if (text->len > tpl_nelts(local)) {
        codes = tpl_palloc(exec->arena, text->len * sizeof(uint32_t));
        if (codes == NULL) {
            return tpl_throw_memory(exec);
        }
    }

    s = text->data;
    end = s + text->len;

    for (n = 0; s < end; n++) {
        codes[n] = tpl_utf8_decode(&s, end);
    }

    p = codes;
    last = codes + n;

    spec->fill = ' ';
    spec->align = default_align;
    spec->sign = 0;
    spec->type = default_type;
    spec->grouping = 0;
    spec->no_neg_0 = 0;
    spec->alt = 0;
    spec->width = -1;
    spec->precision = -1;

    fill_given = 0;

    if (last - p >= 2 && tpl_is_align(p[1])) {
        spec->fill = p[0];
        spec->align = p[1];
        fill_given = 1;
        p += 2;

    } else if (p < last && tpl_is_align(*p)) {
        spec->align = *p++;
        default_align = 0;
    }

    if (p < last && (*p == ' ' || *p == '+' || *p == '-')) {
        spec->sign = *p++;
    }

    if (p < last && *p == 'z') {
        spec->no_neg_0 = 1;
        p++;
    }

    if (p < last && *p == '#') {
        spec->alt = 1;
        p++;
    }

    if (!fill_given && p < last && *p == '0') {
        spec->fill = '0';

        if (default_align == '>') {
            spec->align = '=';
        }

        p++;
    }

    digits = tpl_spec_integer(p, last, &spec->width);

    if (digits < 0) {
        goto too_many;
    }

    if (digits == 0) {
        spec->width = -1;
    }

    p += digits;

    if (p < last && *p == ',') {
        spec->grouping = ',';
        p++;
    }

    if (p < last && *p == '_') {
        if (spec->grouping) {
            goto both;
        }

        spec->grouping = '_';
        p++;
    }

    if (p < last && *p == ',' && spec->grouping == '_') {
        goto both;
    }

    if (p < last && *p == '.') {
        p++;

        digits = tpl_spec_integer(p, last, &spec->precision);

        if (digits < 0) {
            goto too_many;
        }

        if (digits == 0) {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "Format specifier missing precision");
        }

        p += digits;
    }

    if (last - p > 1) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Invalid format specifier "
                         "'%.*s' for object of type '%s'", tpl_str_arg(text),
                         tpl_type_name(v));
    }

    if (p < last) {
        spec->type = *p;
    }

    if (spec->grouping) {
        type = spec->type;

        if (type > 127 || (type && strchr("deEfFgG%", (int) type) == NULL)) {

            if (spec->grouping != '_' || type > 127
                || strchr("boxX", (int) type) == NULL)
            {
                return tpl_spec_grouping_error(exec, spec->grouping, type);
            }
        }
    }

    return TPL_OK;

too_many:

    return tpl_throw(exec, TPL_EXC_VALUE,
                     "Too many decimal digits in format string");

both:

    return tpl_throw(exec, TPL_EXC_VALUE, "Cannot specify both ',' and '_'.");
}


static tpl_int_t
tpl_spec_unknown(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_spec_t *spec)
{
    if (spec->type > 32 && spec->type < 128) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Unknown format code '%c' for "
                         "object of type '%s'", (int) spec->type,
                         tpl_type_name(v));
    }

    return tpl_throw(exec, TPL_EXC_VALUE, "Unknown format code '\\x%x' for "
                     "object of type '%s'", (unsigned) spec->type,
                     tpl_type_name(v));
}


/* a text of n code points, padded */

static tpl_int_t
tpl_spec_pad(tpl_exec_t *exec, const tpl_spec_t *spec, const tpl_char_t *p,
    size_t len, size_t n, tpl_buf_t *b)
{
    int64_t  pad, left;

    pad = spec->width - (int64_t) n;

    if (pad <= 0) {
        tpl_buf_add(b, p, len);
        return tpl_buf_check(exec, b);
    }

    if (spec->width > TPL_MAX_STRING
        || tpl_text_check(exec, (uint64_t) pad * 4) != TPL_OK)
    {
        return tpl_text_check(exec, (uint64_t) TPL_MAX_STRING + 1);
    }

    left = (spec->align == '>' || spec->align == '=') ? pad
           : (spec->align == '^') ? pad / 2 : 0;

    tpl_buf_fill(b, spec->fill, left);
    tpl_buf_add(b, p, len);
    tpl_buf_fill(b, spec->fill, pad - left);

    return tpl_buf_check(exec, b);
}


static tpl_int_t
tpl_spec_string(tpl_exec_t *exec, const tpl_value_t *v, const tpl_str_t *text,
    tpl_buf_t *b)
{
    size_t      len, n;
    tpl_spec_t  spec;

    if (tpl_spec_parse(exec, v, text, 's', '<', &spec) != TPL_OK) {
        return TPL_ERROR;
    }

    if (spec.type != 's') {
        return tpl_spec_unknown(exec, v, &spec);
    }

    if (spec.sign) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "%s not allowed in string format specifier",
                         (spec.sign == ' ') ? "Space" : "Sign");
    }

    if (spec.no_neg_0) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Negative zero coercion (z) not "
                         "allowed in string format specifier");
    }

    if (spec.alt) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Alternate form (#) not allowed "
                         "in string format specifier");
    }

    if (spec.align == '=') {
        return tpl_throw(exec, TPL_EXC_VALUE, "'=' alignment not allowed in "
                         "string format specifier");
    }

    len = v->len;
    n = tpl_string_length(v);

    if (spec.precision >= 0 && (uint64_t) spec.precision < n) {
        n = (size_t) spec.precision;
        len = (v->flags & TPL_F_ASCII) ? n : tpl_utf8_offset(v->u.s, len, n);
    }

    return tpl_spec_pad(exec, &spec, v->u.s, len, n, b);
}


/*
 * The digits with separators and, up to width, zeros before them; by CPython's
 * _PyUnicode_InsertThousandsGrouping().
 */

static tpl_int_t
tpl_spec_group(tpl_exec_t *exec, const tpl_spec_t *spec, tpl_str_t *digits,
    int64_t width)
{
    int64_t            n, group, len, taken;
    tpl_char_t        *p, *end;
    const tpl_char_t  *from;

    group = (spec->type == 'b' || spec->type == 'o' || spec->type == 'x'
             || spec->type == 'X') ? 4 : 3;

    n = tpl_max((int64_t) digits->len, width);
    n += n / group + group + 1;

    p = tpl_text_alloc(exec, (uint64_t) n);
    if (p == NULL) {
        return TPL_ERROR;
    }

    p += n;
    end = p;
    from = digits->data + digits->len;
    n = (int64_t) digits->len;

    for ( ;; ) {
        len = tpl_min(group, tpl_max(tpl_max(n, width), 1));
        taken = tpl_min(n, len);

        p -= taken;
        from -= taken;
        memcpy(p, from, (size_t) taken);

        p -= len - taken;
        memset(p, '0', (size_t) (len - taken));

        n -= taken;
        width -= len;

        if (n <= 0 && width <= 0) {
            break;
        }

        *--p = (tpl_char_t) spec->grouping;
        width--;
    }

    digits->data = p;
    digits->len = (size_t) (end - p);

    return TPL_OK;
}


static tpl_int_t
tpl_spec_number(tpl_exec_t *exec, const tpl_spec_t *spec, tpl_digits_t *d,
    tpl_buf_t *b)
{
    int64_t  pad, left, used;

    if (spec->width > TPL_MAX_STRING / 4) {
        return tpl_text_check(exec, (uint64_t) TPL_MAX_STRING + 1);
    }

    used = (d->sign != 0) + (int64_t) d->prefix.len + (int64_t) d->rest.len;

    if (spec->grouping && d->digits.len
        && tpl_spec_group(exec, spec, &d->digits,
                          (spec->fill == '0' && spec->align == '=')
                          ? spec->width - used : 0)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    pad = tpl_max(spec->width - used - (int64_t) d->digits.len, 0);

    if (pad && tpl_text_check(exec, (uint64_t) pad) != TPL_OK) {
        return TPL_ERROR;
    }

    left = (spec->align == '>') ? pad : (spec->align == '^') ? pad / 2 : 0;

    tpl_buf_fill(b, spec->fill, left);

    if (d->sign) {
        tpl_buf_char(b, d->sign);
    }

    tpl_buf_str(b, &d->prefix);

    if (spec->align == '=') {
        tpl_buf_fill(b, spec->fill, pad);
        left = pad;
    }

    tpl_buf_str(b, &d->digits);
    tpl_buf_str(b, &d->rest);
    tpl_buf_fill(b, spec->fill, pad - left);

    return tpl_buf_check(exec, b);
}


static tpl_int_t
tpl_spec_float(tpl_exec_t *exec, double d, const tpl_spec_t *spec,
    tpl_buf_t *b)
{
    size_t             n;
    tpl_buf_t          text;
    tpl_digits_t       parts;
    tpl_float_style_t  style;

    if (spec->precision > INT32_MAX) {
        return tpl_throw(exec, TPL_EXC_VALUE, "precision too big");
    }

    style.type = (tpl_char_t) spec->type;
    style.sign = (tpl_char_t) spec->sign;
    style.alt = spec->alt;
    style.no_neg_0 = spec->no_neg_0;
    style.precision = spec->precision;

    if (style.type == 'n') {
        style.type = 'g';
    }

    tpl_buf_init(&text, exec->arena);

    if (tpl_float_text(exec, d, &style, &text) != TPL_OK) {
        return TPL_ERROR;
    }

    memset(&parts, 0, sizeof(tpl_digits_t));

    if (text.data[0] == '-' || text.data[0] == '+' || text.data[0] == ' ') {
        parts.sign = text.data[0];
        text.data++;
        text.len--;
    }

    for (n = 0; n < text.len; n++) {
        if (text.data[n] < '0' || text.data[n] > '9') {
            break;
        }
    }

    parts.digits.data = text.data;
    parts.digits.len = n;
    parts.rest.data = text.data + n;
    parts.rest.len = text.len - n;

    return tpl_spec_number(exec, spec, &parts, b);
}


static tpl_int_t
tpl_spec_char(tpl_exec_t *exec, int64_t n, const tpl_spec_t *spec,
    tpl_buf_t *b)
{
    tpl_char_t  code[4];

    if (spec->sign) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Sign not allowed with integer "
                         "format specifier 'c'");
    }

    if (spec->alt) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Alternate form (#) not allowed "
                         "with integer format specifier 'c'");
    }

    if (n < 0 || n > 0x10ffff) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "%%c arg not in range(0x110000)");
    }

    /* Python has lone surrogates, UTF-8 has not */
    if (n >= 0xd800 && n < 0xe000) {
        n = 0xfffd;
    }

    return tpl_spec_pad(exec, spec, code,
                        (size_t) (tpl_utf8_encode(code, (uint32_t) n) - code),
                        1, b);
}


static tpl_int_t
tpl_spec_int(tpl_exec_t *exec, const tpl_value_t *v, const tpl_str_t *text,
    tpl_buf_t *b)
{
    char          prefix[2];
    uint64_t      n;
    tpl_uint_t    base;
    tpl_char_t    digits[64];
    tpl_spec_t    spec;
    tpl_digits_t  parts;

    if (tpl_spec_parse(exec, v, text, 'd', '>', &spec) != TPL_OK) {
        return TPL_ERROR;
    }

    switch (spec.type) {

    case 'b':
        base = 2;
        break;

    case 'o':
        base = 8;
        break;

    case 'x':
    case 'X':
        base = 16;
        break;

    case 'c':
    case 'd':
    case 'n':
        base = 10;
        break;

    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case '%':
        return tpl_spec_float(exec, (double) v->u.i, &spec, b);

    default:
        return tpl_spec_unknown(exec, v, &spec);
    }

    if (spec.precision >= 0) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "Precision not allowed in integer format specifier");
    }

    if (spec.no_neg_0) {
        return tpl_throw(exec, TPL_EXC_VALUE, "Negative zero coercion (z) not "
                         "allowed in integer format specifier");
    }

    if (spec.type == 'c') {
        return tpl_spec_char(exec, v->u.i, &spec, b);
    }

    memset(&parts, 0, sizeof(tpl_digits_t));

    n = (uint64_t) v->u.i;

    if (v->u.i < 0) {
        n = 0 - n;
        parts.sign = '-';

    } else if (spec.sign == '+' || spec.sign == ' ') {
        parts.sign = (tpl_char_t) spec.sign;
    }

    parts.digits.data = tpl_int_digits(digits + sizeof(digits), n, base,
                                       spec.type == 'X');
    parts.digits.len = (size_t) (digits + sizeof(digits)
                                 - parts.digits.data);

    if (spec.alt && base != 10) {
        prefix[0] = '0';
        prefix[1] = (char) spec.type;
        parts.prefix.data = (tpl_char_t *) prefix;
        parts.prefix.len = 2;
    }

    return tpl_spec_number(exec, &spec, &parts, b);
}


tpl_int_t
tpl_format_spec(tpl_exec_t *exec, const tpl_value_t *v, const tpl_str_t *spec,
    tpl_buf_t *b)
{
    tpl_spec_t  parsed;

    if (spec->len == 0) {
        return tpl_str_to(exec, v, b);
    }

    switch (v->type) {

    case TPL_STRING:
        return tpl_spec_string(exec, v, spec, b);

    case TPL_INT:
    case TPL_BOOL:
        return tpl_spec_int(exec, v, spec, b);

    case TPL_FLOAT:
        if (tpl_spec_parse(exec, v, spec, 0, '>', &parsed) != TPL_OK) {
            return TPL_ERROR;
        }

        if (parsed.type > 127
            || (parsed.type && strchr("eEfFgGn%", (int) parsed.type) == NULL))
        {
            return tpl_spec_unknown(exec, v, &parsed);
        }

        return tpl_spec_float(exec, v->u.d, &parsed, b);

    case TPL_OBJECT:
        if (v->u.obj->cls->format) {
            return v->u.obj->cls->format(exec, v->u.obj, spec, b);
        }

        /* fall through */

    default:
        return tpl_throw(exec, TPL_EXC_TYPE, "unsupported format string "
                         "passed to %s.__format__", tpl_type_name(v));
    }
}
