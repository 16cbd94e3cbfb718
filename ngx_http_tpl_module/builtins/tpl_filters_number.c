
/*
 * Filters over numbers: conversion, rounding as CPython rounds, file sizes.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* decimal places past which every double is its own rounding, and before which
 * it rounds to 0 (CPython: NDIGITS_MAX, NDIGITS_MIN) */
#define TPL_ROUND_MAX   323
#define TPL_ROUND_MIN  -308

/* "%.0f" of the largest double takes 309 digits, and 323 places more */
#define TPL_ROUND_BUF   680


static tpl_int_t
tpl_filter_abs(tpl_call_t *call)
{
    const tpl_value_t  *v = &call->args[0];

    if (tpl_is_int(v)) {

        if (v->u.i == INT64_MIN) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "integer overflow");
        }

        tpl_value_int(&call->result, v->u.i < 0 ? -v->u.i : v->u.i);
        return TPL_OK;
    }

    if (v->type == TPL_FLOAT) {
        tpl_value_float(&call->result, fabs(v->u.d));
        return TPL_OK;
    }

    return tpl_throw(call->exec, TPL_EXC_TYPE,
                     "bad operand type for abs(): '%s'", tpl_type_name(v));
}


/*
 * float(v) as do_int and do_float want it: TPL_DECLINED where Python raises
 * TypeError or ValueError.
 */

static tpl_int_t
tpl_number_float(tpl_exec_t *exec, const tpl_value_t *v, double *d)
{
    tpl_str_t  s;

    switch (v->type) {

    case TPL_BOOL:
    case TPL_INT:
        *d = (double) v->u.i;
        return TPL_OK;

    case TPL_FLOAT:
        *d = v->u.d;
        return TPL_OK;

    case TPL_STRING:
        s = tpl_value_str(v);
        return tpl_parse_float(&s, d);

    case TPL_UNDEFINED:
        return tpl_undefined_throw(exec, v);

    default:
        return TPL_DECLINED;
    }
}


static tpl_int_t
tpl_number_too_large(tpl_exec_t *exec)
{
    return tpl_throw(exec, TPL_EXC_OVERFLOW,
                     "integer does not fit into 64 bits");
}


/*
 * Jinja2: do_int.  A string that is no integer of that base is read as a float
 * and cut; what cannot be converted gives the default.
 */

static tpl_int_t
tpl_filter_int(tpl_call_t *call)
{
    double              d;
    int64_t             n, base;
    tpl_int_t           rc;
    tpl_str_t           s;
    tpl_value_t        *v;

    v = &call->args[0];

    if (tpl_is_int(v)) {
        tpl_value_int(&call->result, v->u.i);
        return TPL_OK;
    }

    if (v->type == TPL_STRING) {

        /* a base that is no integer is a TypeError, which is caught as well */

        base = 10;

        if (tpl_arg_given(&call->args[2])) {
            base = tpl_is_int(&call->args[2]) ? call->args[2].u.i : 1;
        }

        tpl_charge(call->exec, v->len);

        if (base == 0 || (base >= 2 && base <= 36)) {
            s = tpl_value_str(v);
            rc = tpl_parse_int(&s, base, &n);

            if (rc == TPL_OK) {
                tpl_value_int(&call->result, n);
                return TPL_OK;
            }

            if (rc == TPL_ERROR) {
                return tpl_number_too_large(call->exec);
            }
        }
    }

    rc = tpl_number_float(call->exec, v, &d);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (rc == TPL_OK && isfinite(d)) {

        if (d >= 9223372036854775808.0 || d < -9223372036854775808.0) {
            return tpl_number_too_large(call->exec);
        }

        tpl_value_int(&call->result, (int64_t) d);
        return TPL_OK;
    }

    if (v->type == TPL_FLOAT && isinf(v->u.d)) {

        /* int(inf) raises OverflowError, which do_int does not catch here */

        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "cannot convert float infinity to integer");
    }

    if (tpl_arg_given(&call->args[1])) {
        call->result = call->args[1];
    } else {
        tpl_value_int(&call->result, 0);
    }

    return TPL_OK;
}


/* Jinja2: do_float */

static tpl_int_t
tpl_filter_float(tpl_call_t *call)
{
    double     d;
    tpl_int_t  rc;

    tpl_charge(call->exec, call->args[0].len);

    rc = tpl_number_float(call->exec, &call->args[0], &d);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (rc == TPL_OK) {
        tpl_value_float(&call->result, d);

    } else if (tpl_arg_given(&call->args[1])) {
        call->result = call->args[1];

    } else {
        tpl_value_float(&call->result, 0.0);
    }

    return TPL_OK;
}


/*
 * d rounded to a multiple of 10^digits, digits > 0, half to even, exactly: from
 * the decimal text of its integer part, which is exact, and whether there is
 * a fraction.
 */

static double
tpl_round_left(double d, tpl_uint_t digits)
{
    int          n, i, keep;
    char         buf[TPL_ROUND_BUF];
    double       whole, fraction;
    tpl_uint_t   up, carry, rest;

    fraction = modf(fabs(d), &whole);
    n = snprintf(buf + 1, sizeof(buf) - 1, "%.0f", whole);
    buf[0] = '0';

    keep = n - (int) digits;

    if (keep < 0) {
        return copysign(0.0, d);
    }

    /* buf[1 .. keep] stays, buf[keep + 1] decides */

    rest = (fraction != 0);

    for (i = keep + 2; i <= n; i++) {
        rest |= (buf[i] != '0');
    }

    up = buf[keep + 1] > '5'
         || (buf[keep + 1] == '5' && (rest || ((buf[keep] - '0') & 1)));

    for (i = keep + 1; i <= n; i++) {
        buf[i] = '0';
    }

    carry = up;

    for (i = keep; i >= 0 && carry; i--) {

        if (buf[i] == '9') {
            buf[i] = '0';

        } else {
            buf[i]++;
            carry = 0;
        }
    }

    return copysign(strtod(buf, NULL), d);
}


/* CPython: float.__round__ with digits: correctly rounded, half to even */

static tpl_int_t
tpl_round_float(tpl_exec_t *exec, double d, int64_t digits, double *r)
{
    char  buf[TPL_ROUND_BUF];

    *r = d;

    if (!isfinite(d) || digits > TPL_ROUND_MAX) {
        return TPL_OK;
    }

    if (digits < TPL_ROUND_MIN) {
        *r = 0.0 * d;
        return TPL_OK;
    }

    if (digits >= 0) {

        /* the C library prints the exact value, half to even */

        snprintf(buf, sizeof(buf), "%.*f", (int) digits, d);
        *r = strtod(buf, NULL);

    } else {
        *r = tpl_round_left(d, -digits);
    }

    if (isinf(*r)) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "rounded value too large to represent");
    }

    return TPL_OK;
}


/* int.__round__: to a multiple of 10^-digits, half to even */

static tpl_int_t
tpl_round_int(tpl_exec_t *exec, int64_t n, int64_t digits, int64_t *r)
{
    __int128   unit, rest, half, v;
    tpl_int_t  i;

    *r = n;

    if (digits >= 0) {
        return TPL_OK;
    }

    if (digits < -20) {
        *r = 0;
        return TPL_OK;
    }

    unit = 1;

    for (i = 0; i < -digits; i++) {
        unit *= 10;
    }

    v = n;
    rest = v % unit;

    if (rest < 0) {
        rest += unit;
    }

    v -= rest;
    half = unit / 2;

    if (rest > half || (rest == half && ((v / unit) & 1))) {
        v += unit;
    }

    if (v > INT64_MAX || v < INT64_MIN) {
        return tpl_number_too_large(exec);
    }

    *r = (int64_t) v;

    return TPL_OK;
}


/* round(v), which gives an integer */

static tpl_int_t
tpl_round_whole(tpl_exec_t *exec, double d, int64_t *n)
{
    *n = 0;

    if (!isfinite(d)) {
        return isnan(d)
               ? tpl_throw(exec, TPL_EXC_VALUE,
                           "cannot convert float NaN to integer")
               : tpl_throw(exec, TPL_EXC_OVERFLOW,
                           "cannot convert float infinity to integer");
    }

    d = nearbyint(d);

    if (d >= 9223372036854775808.0 || d < -9223372036854775808.0) {
        return tpl_number_too_large(exec);
    }

    *n = (int64_t) d;

    return TPL_OK;
}


static tpl_int_t
tpl_round_common(tpl_call_t *call)
{
    double              d;
    int64_t             n, digits;
    const tpl_value_t  *v, *precision;

    v = &call->args[0];
    precision = &call->args[1];

    if (!tpl_is_number(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "type %s doesn't define __round__ method",
                         tpl_type_name(v));
    }

    if (precision->type == TPL_NONE) {

        n = v->u.i;

        if (v->type == TPL_FLOAT
            && tpl_round_whole(call->exec, v->u.d, &n) != TPL_OK)
        {
            return TPL_ERROR;
        }

        tpl_value_int(&call->result, n);
        return TPL_OK;
    }

    if (tpl_arg_int(call, 1, 0, &digits) != TPL_OK) {
        return TPL_ERROR;
    }

    if (v->type == TPL_FLOAT) {

        if (tpl_round_float(call->exec, v->u.d, digits, &d) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_float(&call->result, d);
        return TPL_OK;
    }

    if (tpl_round_int(call->exec, v->u.i, digits, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}


/*
 * ceil(v * 10**p) / 10**p, or floor.  The power is an integer for p >= 0 in
 * Python, so that an integer comes back as itself, and a float for p < 0.
 */

static tpl_int_t
tpl_round_directed(tpl_call_t *call, double (*func)(double))
{
    double              d, places, power, scaled;
    int64_t             precision;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (call->args[1].type == TPL_FLOAT) {

        /* 10 ** 1.5 is a number as well, and never an integer */

        places = call->args[1].u.d;
        precision = !(places <= 308) ? 309 : (places < -323) ? -324 : -1;

    } else if (tpl_arg_int(call, 1, 0, &precision) != TPL_OK) {
        return TPL_ERROR;

    } else {
        places = (double) precision;
    }

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(call->exec, v);
    }

    if (!tpl_is_number(v)) {

        /* what can be multiplied is what ceil() and floor() then refuse */

        if (precision >= 0
            && (v->type == TPL_STRING || v->type == TPL_LIST
                || v->type == TPL_TUPLE))
        {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "must be real number, not %s",
                             tpl_type_name(v));
        }

        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "unsupported operand type(s) for *: '%s' and '%s'",
                         tpl_type_name(v), precision < 0 ? "float" : "int");
    }

    if (tpl_is_int(v) && precision >= 0) {
        tpl_value_float(&call->result, (double) v->u.i);
        return TPL_OK;
    }

    d = tpl_is_int(v) ? (double) v->u.i : v->u.d;

    if (precision > 308) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "int too large to convert to float");
    }

    if (precision < -323) {
        return tpl_throw(call->exec, TPL_EXC_ZERO_DIVISION,
                         "float division by zero");
    }

    power = pow(10.0, places);
    scaled = d * power;

    if (!isfinite(scaled)) {
        return isnan(scaled)
               ? tpl_throw(call->exec, TPL_EXC_VALUE,
                           "cannot convert float NaN to integer")
               : tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                           "cannot convert float infinity to integer");
    }

    /* adding 0.0 makes -0.0, which no integer is, 0.0 */

    tpl_value_float(&call->result, (func(scaled) + 0.0) / power);

    return TPL_OK;
}


/* Jinja2: do_round */

static tpl_int_t
tpl_filter_round(tpl_call_t *call)
{
    tpl_str_t           s;
    const tpl_value_t  *method;

    method = &call->args[2];

    if (!tpl_arg_given(method)) {
        return tpl_round_common(call);
    }

    if (method->type == TPL_STRING) {
        s = tpl_value_str(method);

        if (tpl_str_is(&s, "common")) {
            return tpl_round_common(call);
        }

        if (tpl_str_is(&s, "ceil")) {
            return tpl_round_directed(call, ceil);
        }

        if (tpl_str_is(&s, "floor")) {
            return tpl_round_directed(call, floor);
        }
    }

    return tpl_throw(call->exec, TPL_EXC_FILTER_ARGUMENT,
                     "method must be common, ceil or floor");
}


/* Jinja2: do_filesizeformat */

static tpl_int_t
tpl_filter_filesizeformat(tpl_call_t *call)
{
    char                buf[TPL_ROUND_BUF];
    double              bytes, base, unit;
    tpl_int_t           rc;
    tpl_uint_t          i, binary;
    static const char  *prefixes[2][8] = {
        { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" },
        { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" }
    };

    rc = tpl_to_float(call->exec, &call->args[0], &bytes);

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_bool(call, 1, 0, &binary) != TPL_OK) {
        return TPL_ERROR;
    }

    base = binary ? 1024.0 : 1000.0;

    if (bytes == 1.0) {
        return tpl_value_from_c(call->exec, &call->result, "1 Byte");
    }

    if (bytes < base) {

        if (isinf(bytes)) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "cannot convert float infinity to integer");
        }

        /* int() cuts; no "-0" then */

        snprintf(buf, sizeof(buf), "%.0f Bytes", trunc(bytes) + 0.0);
        return tpl_value_from_c(call->exec, &call->result, buf);
    }

    unit = base;

    for (i = 0; i < 8; i++) {
        unit *= base;

        if (bytes < unit) {
            break;
        }
    }

    if (i == 8) {
        i = 7;
    }

    snprintf(buf, sizeof(buf), "%.1f %s", base * bytes / unit,
             prefixes[binary][i]);

    return tpl_value_from_c(call->exec, &call->result, buf);
}


const tpl_builtin_def_t  tpl_filters_number[] = {

    { "abs", "x, /", tpl_filter_abs, 0 },
    { "filesizeformat", "value, binary=", tpl_filter_filesizeformat, 0 },
    { "float", "value, default=", tpl_filter_float, 0 },
    { "int", "value, default=, base=", tpl_filter_int, 0 },
    { "round", "value, precision=, method=", tpl_filter_round, 0 },

    { NULL, NULL, NULL, 0 }
};
