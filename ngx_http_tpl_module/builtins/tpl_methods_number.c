
/*
 * The methods of int (and bool) and float.
 */

#include <math.h>

#include "builtins/tpl_builtins.h"
#include "builtins/tpl_methods.h"


static tpl_int_t
tpl_int_method_bit_length(tpl_call_t *call)
{
    int64_t   n;
    uint64_t  u;

    n = call->args[0].u.i;
    u = (n < 0) ? 0 - (uint64_t) n : (uint64_t) n;

    tpl_value_int(&call->result, u ? 64 - __builtin_clzll(u) : 0);

    return TPL_OK;
}


static tpl_int_t
tpl_int_method_bit_count(tpl_call_t *call)
{
    int64_t   n;
    uint64_t  u;

    n = call->args[0].u.i;
    u = (n < 0) ? 0 - (uint64_t) n : (uint64_t) n;

    tpl_value_int(&call->result, __builtin_popcountll(u));

    return TPL_OK;
}


static tpl_int_t
tpl_int_method_conjugate(tpl_call_t *call)
{
    tpl_value_int(&call->result, call->args[0].u.i);

    return TPL_OK;
}


static tpl_int_t
tpl_ratio(tpl_call_t *call, int64_t numerator, int64_t denominator)
{
    tpl_value_t  pair[2];

    tpl_value_int(&pair[0], numerator);
    tpl_value_int(&pair[1], denominator);

    return tpl_value_pack(call->exec, pair, 2, &call->result);
}


static tpl_int_t
tpl_int_method_as_integer_ratio(tpl_call_t *call)
{
    return tpl_ratio(call, call->args[0].u.i, 1);
}


static tpl_int_t
tpl_float_method_as_integer_ratio(tpl_call_t *call)
{
    int        e;
    double     d, m;
    int64_t    numerator;

    d = call->args[0].u.d;

    if (isnan(d)) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "cannot convert NaN to integer ratio");
    }

    if (isinf(d)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "cannot convert Infinity to integer ratio");
    }

    if (d == 0) {
        return tpl_ratio(call, 0, 1);
    }

    /* an odd integer times a power of two */

    m = frexp(d, &e);
    numerator = (int64_t) ldexp(m, 53);
    e -= 53;

    while ((numerator & 1) == 0) {
        numerator /= 2;
        e++;
    }

    if (e <= 0 && e > -63) {
        return tpl_ratio(call, numerator, (int64_t) 1 << -e);
    }

    if (e > 0 && fabs(d) < TPL_TWO_63) {
        return tpl_ratio(call, (int64_t) d, 1);
    }

    return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                     "integer overflow: result does not fit 64 bits");
}


static tpl_int_t
tpl_float_method_conjugate(tpl_call_t *call)
{
    call->result = call->args[0];

    return TPL_OK;
}


static tpl_int_t
tpl_float_method_is_integer(tpl_call_t *call)
{
    double  d;

    d = call->args[0].u.d;

    tpl_value_bool(&call->result, isfinite(d) && floor(d) == d);

    return TPL_OK;
}


/* CPython: float_hex_impl(): always 13 digits, and no digits for a zero */

static tpl_int_t
tpl_float_method_hex(tpl_call_t *call)
{
    int                e, i;
    double             d;
    uint64_t           bits, fraction;
    tpl_buf_t          b;
    tpl_char_t         digits[13];
    static const char  hex[] = "0123456789abcdef";

    d = call->args[0].u.d;

    if (!isfinite(d)) {
        return tpl_to_repr(call->exec, &call->args[0], &call->result);
    }

    tpl_buf_init(&b, call->exec->arena);

    if (signbit(d)) {
        tpl_buf_char(&b, '-');
    }

    if (d == 0) {
        tpl_buf_lit(&b, "0x0.0p+0");

    } else {
        memcpy(&bits, &d, sizeof(bits));

        e = (int) (bits >> 52) & 0x7ff;
        fraction = bits & 0xfffffffffffffull;

        for (i = 12; i >= 0; i--) {
            digits[i] = hex[fraction & 15];
            fraction >>= 4;
        }

        /* subnormal numbers have the least exponent and a zero before */

        tpl_buf_printf(&b, "0x%c.%.13sp%+d", e ? '1' : '0', (char *) digits,
                       e ? e - 1023 : -1022);
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
}


const tpl_builtin_def_t  tpl_methods_int[] = {

    { "as_integer_ratio", "self, /", tpl_int_method_as_integer_ratio, 0 },
    { "bit_count", "self, /", tpl_int_method_bit_count, 0 },
    { "bit_length", "self, /", tpl_int_method_bit_length, 0 },
    { "conjugate", "self, /", tpl_int_method_conjugate, 0 },

    { NULL, NULL, NULL, 0 }
};


const tpl_builtin_def_t  tpl_methods_float[] = {

    { "as_integer_ratio", "self, /", tpl_float_method_as_integer_ratio, 0 },
    { "conjugate", "self, /", tpl_float_method_conjugate, 0 },
    { "hex", "self, /", tpl_float_method_hex, 0 },
    { "is_integer", "self, /", tpl_float_method_is_integer, 0 },

    { NULL, NULL, NULL, 0 }
};
