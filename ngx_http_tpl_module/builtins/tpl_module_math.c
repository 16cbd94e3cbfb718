
/*
 * Python's math and random.
 *
 * What C's functions answer with a NaN or an infinity for ordinary numbers is a
 * ValueError or an OverflowError in Python.
 */

#include <math.h>

#include "builtins/tpl_module.h"


static tpl_int_t
tpl_math_domain(tpl_exec_t *exec)
{
    return tpl_throw(exec, TPL_EXC_VALUE, "math domain error");
}


static tpl_int_t
tpl_math_overflow(tpl_exec_t *exec)
{
    return tpl_throw(exec, TPL_EXC_OVERFLOW,
                     "integer overflow: result does not fit 64 bits");
}


/* the result of f(x, y) as Python judges it; overflow: can be out of range */

static tpl_int_t
tpl_math_result(tpl_call_t *call, double x, double y, double r,
    tpl_uint_t overflow)
{
    if (isnan(r) && !isnan(x) && !isnan(y)) {
        return tpl_math_domain(call->exec);
    }

    if (isinf(r) && isfinite(x) && isfinite(y)) {

        return overflow ? tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                                    "math range error")
                        : tpl_math_domain(call->exec);
    }

    tpl_value_float(&call->result, r);

    return TPL_OK;
}


#define TPL_MATH_1(name, function, overflow)                                 \
                                                                             \
static tpl_int_t                                                             \
tpl_math_##name(tpl_call_t *call)                                            \
{                                                                            \
    double  x;                                                               \
                                                                             \
    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {        \
        return TPL_ERROR;                                                    \
    }                                                                        \
                                                                             \
    return tpl_math_result(call, x, 0, function(x), overflow);               \
}


#define TPL_MATH_2(name, function, overflow)                                 \
                                                                             \
static tpl_int_t                                                             \
tpl_math_##name(tpl_call_t *call)                                            \
{                                                                            \
    double  x, y;                                                            \
                                                                             \
    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK           \
        || tpl_module_float(call->exec, &call->args[1], &y) != TPL_OK)       \
    {                                                                        \
        return TPL_ERROR;                                                    \
    }                                                                        \
                                                                             \
    return tpl_math_result(call, x, y, function(x, y), overflow);            \
}


TPL_MATH_1(acos, acos, 0)
TPL_MATH_1(acosh, acosh, 0)
TPL_MATH_1(asin, asin, 0)
TPL_MATH_1(asinh, asinh, 0)
TPL_MATH_1(atan, atan, 0)
TPL_MATH_1(atanh, atanh, 0)
TPL_MATH_1(cbrt, cbrt, 0)
TPL_MATH_1(cos, cos, 0)
TPL_MATH_1(cosh, cosh, 1)
TPL_MATH_1(erf, erf, 0)
TPL_MATH_1(erfc, erfc, 0)
TPL_MATH_1(exp, exp, 1)
TPL_MATH_1(exp2, exp2, 1)
TPL_MATH_1(expm1, expm1, 1)
TPL_MATH_1(fabs, fabs, 0)
TPL_MATH_1(log1p, log1p, 0)
TPL_MATH_1(log10, log10, 0)
TPL_MATH_1(log2, log2, 0)
TPL_MATH_1(sin, sin, 0)
TPL_MATH_1(sinh, sinh, 1)
TPL_MATH_1(sqrt, sqrt, 0)
TPL_MATH_1(tan, tan, 0)
TPL_MATH_1(tanh, tanh, 0)
TPL_MATH_2(atan2, atan2, 0)
TPL_MATH_2(copysign, copysign, 0)
TPL_MATH_2(fmod, fmod, 0)
TPL_MATH_2(remainder, remainder, 0)


static tpl_int_t
tpl_math_pow(tpl_call_t *call)
{
    double  x, y;

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK
        || tpl_module_float(call->exec, &call->args[1], &y) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (x == 0 && y < 0 && isfinite(y)) {
        return tpl_math_domain(call->exec);
    }

    return tpl_math_result(call, x, y, pow(x, y), 1);
}


static tpl_int_t
tpl_math_log(tpl_call_t *call)
{
    double  x, base;

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {
        return TPL_ERROR;
    }

    if (x <= 0) {
        return tpl_math_domain(call->exec);
    }

    x = log(x);

    if (tpl_arg_given(&call->args[1])) {

        if (tpl_module_float(call->exec, &call->args[1], &base) != TPL_OK) {
            return TPL_ERROR;
        }

        if (base <= 0) {
            return tpl_math_domain(call->exec);
        }

        base = log(base);

        if (base == 0) {
            return tpl_throw(call->exec, TPL_EXC_ZERO_DIVISION,
                             "float division by zero");
        }

        x /= base;
    }

    tpl_value_float(&call->result, x);

    return TPL_OK;
}


/* floor, ceil and trunc give integers */

static tpl_int_t
tpl_math_whole(tpl_call_t *call, double (*function)(double))
{
    double              d;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (tpl_is_int(v)) {
        tpl_value_int(&call->result, v->u.i);
        return TPL_OK;
    }

    if (tpl_module_float(call->exec, v, &d) != TPL_OK) {
        return TPL_ERROR;
    }

    if (isnan(d)) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "cannot convert float NaN to integer");
    }

    if (isinf(d)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "cannot convert float infinity to integer");
    }

    d = function(d);

    if (!(d >= -TPL_TWO_63 && d < TPL_TWO_63)) {
        return tpl_math_overflow(call->exec);
    }

    tpl_value_int(&call->result, (int64_t) d);

    return TPL_OK;
}


static tpl_int_t
tpl_math_floor(tpl_call_t *call)
{
    return tpl_math_whole(call, floor);
}


static tpl_int_t
tpl_math_ceil(tpl_call_t *call)
{
    return tpl_math_whole(call, ceil);
}


static tpl_int_t
tpl_math_trunc(tpl_call_t *call)
{
    return tpl_math_whole(call, trunc);
}


/* degrees(), radians(): one factor */

static tpl_int_t
tpl_math_degrees(tpl_call_t *call)
{
    double  x;

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_float(&call->result, x * (180.0 / M_PI));

    return TPL_OK;
}


static tpl_int_t
tpl_math_radians(tpl_call_t *call)
{
    double  x;

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_float(&call->result, x * (M_PI / 180.0));

    return TPL_OK;
}


/* isnan 0, isinf 1, isfinite 2 */

static tpl_int_t
tpl_math_is(tpl_call_t *call, tpl_uint_t what)
{
    double  x;

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_bool(&call->result, (what == 0) ? isnan(x)
                                  : (what == 1) ? isinf(x) : isfinite(x));

    return TPL_OK;
}


static tpl_int_t
tpl_math_isnan(tpl_call_t *call)
{
    return tpl_math_is(call, 0);
}


static tpl_int_t
tpl_math_isinf(tpl_call_t *call)
{
    return tpl_math_is(call, 1);
}


static tpl_int_t
tpl_math_isfinite(tpl_call_t *call)
{
    return tpl_math_is(call, 2);
}


static tpl_int_t
tpl_math_isclose(tpl_call_t *call)
{
    double       a, b, rel, abs, diff;
    tpl_value_t  v[2];

    v[0] = call->args[2];
    v[1] = call->args[3];
    rel = 1e-9;
    abs = 0;

    if (tpl_module_float(call->exec, &call->args[0], &a) != TPL_OK
        || tpl_module_float(call->exec, &call->args[1], &b) != TPL_OK
        || (tpl_arg_given(&v[0])
            && tpl_module_float(call->exec, &v[0], &rel) != TPL_OK)
        || (tpl_arg_given(&v[1])
            && tpl_module_float(call->exec, &v[1], &abs) != TPL_OK))
    {
        return TPL_ERROR;
    }

    if (rel < 0 || abs < 0) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "tolerances must be non-negative");
    }

    if (a == b) {
        tpl_value_bool(&call->result, 1);
        return TPL_OK;
    }

    if (isinf(a) || isinf(b)) {
        tpl_value_bool(&call->result, 0);
        return TPL_OK;
    }

    diff = fabs(b - a);

    tpl_value_bool(&call->result, diff <= fabs(rel * b)
                                  || diff <= fabs(rel * a) || diff <= abs);

    return TPL_OK;
}


/* the n-th argument as an integer that is not negative */

static tpl_int_t
tpl_math_natural(tpl_call_t *call, tpl_uint_t n, const char *name, int64_t *i)
{
    if (tpl_arg_int(call, n, 0, i) != TPL_OK) {
        return TPL_ERROR;
    }

    if (*i < 0) {
        return tpl_throw(call->exec, TPL_EXC_VALUE, "%s", name);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_math_factorial(tpl_call_t *call)
{
    int64_t  n, r;

    if (tpl_math_natural(call, 0,
                         "factorial() not defined for negative values", &n)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (r = 1; n > 1; n--) {
        if (__builtin_mul_overflow(r, n, &r)) {
            return tpl_math_overflow(call->exec);
        }
    }

    tpl_value_int(&call->result, r);

    return TPL_OK;
}


static int64_t
tpl_math_gcd_of(int64_t a, int64_t b)
{
    int64_t  t;

    while (b) {
        t = a % b;
        a = b;
        b = t;
    }

    return a;
}


/* gcd 0, lcm 1 */

static tpl_int_t
tpl_math_gcd_lcm(tpl_call_t *call, tpl_uint_t lcm)
{
    int64_t             r, n;
    uint32_t            i;
    const tpl_list_t   *args;
    const tpl_value_t  *v;

    args = call->args[0].u.list;
    r = (int64_t) lcm;

    for (i = 0; i < args->n; i++) {
        v = &args->items[i];

        if (!tpl_is_int(v)) {
            return tpl_throw(call->exec, TPL_EXC_TYPE, "'%s' object cannot be "
                             "interpreted as an integer", tpl_type_name(v));
        }

        if (v->u.i == INT64_MIN) {
            return tpl_math_overflow(call->exec);
        }

        n = (v->u.i < 0) ? -v->u.i : v->u.i;

        if (!lcm) {
            r = tpl_math_gcd_of(r, n);

        } else if (n == 0) {
            r = 0;

        } else if (__builtin_mul_overflow(r / tpl_math_gcd_of(r, n), n, &r)) {
            return tpl_math_overflow(call->exec);
        }
    }

    tpl_value_int(&call->result, r);

    return TPL_OK;
}


static tpl_int_t
tpl_math_gcd(tpl_call_t *call)
{
    return tpl_math_gcd_lcm(call, 0);
}


static tpl_int_t
tpl_math_lcm(tpl_call_t *call)
{
    return tpl_math_gcd_lcm(call, 1);
}


static tpl_int_t
tpl_math_isqrt(tpl_call_t *call)
{
    int64_t   n;
    uint64_t  r;

    if (tpl_math_natural(call, 0, "isqrt() argument must be nonnegative", &n)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    r = (uint64_t) sqrt((double) n);

    while (r * r > (uint64_t) n) {
        r--;
    }

    while ((r + 1) * (r + 1) <= (uint64_t) n) {
        r++;
    }

    tpl_value_int(&call->result, (int64_t) r);

    return TPL_OK;
}


/* n (n - 1) ... of k factors; divided by k! for comb() */

static tpl_int_t
tpl_math_choose(tpl_call_t *call, tpl_uint_t comb)
{
    int64_t     n, k, i;
    __int128_t  r;

    static const char  n_message[] = "n must be a non-negative integer";
    static const char  k_message[] = "k must be a non-negative integer";

    if (tpl_math_natural(call, 0, n_message, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    k = n;

    if (tpl_arg_some(&call->args[1])
        && tpl_math_natural(call, 1, k_message, &k) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (k > n) {
        tpl_value_int(&call->result, 0);
        return TPL_OK;
    }

    if (comb && k > n - k) {
        k = n - k;
    }

    r = 1;

    for (i = 1; i <= k; i++) {

        /* r C(n, i) is whole after each division */

        r *= n - (comb ? k : n) + i + (comb ? 0 : n - k);

        if (comb) {
            r /= i;
        }

        if (r > INT64_MAX) {
            return tpl_math_overflow(call->exec);
        }
    }

    tpl_value_int(&call->result, (int64_t) r);

    return TPL_OK;
}


static tpl_int_t
tpl_math_comb(tpl_call_t *call)
{
    return tpl_math_choose(call, 1);
}


static tpl_int_t
tpl_math_perm(tpl_call_t *call)
{
    return tpl_math_choose(call, 0);
}


/* a sequence of numbers, one by one */

static tpl_int_t
tpl_math_next(tpl_exec_t *exec, tpl_iter_t *it, double *d)
{
    tpl_int_t    rc;
    tpl_value_t  v;

    rc = tpl_iter_next(exec, it, &v);

    return (rc == TPL_OK) ? tpl_module_float(exec, &v, d) : rc;
}


/*
 * Shewchuk's sum without loss: what is left over of each addition is kept in
 * partial sums that do not overlap.
 */

#define TPL_FSUM_PARTIALS  64

static tpl_int_t
tpl_math_fsum(tpl_call_t *call)
{
    double      x, y, t, hi, lo, special, infinite;
    double      partials[TPL_FSUM_PARTIALS];
    tpl_int_t   rc;
    tpl_uint_t  i, j, n;
    tpl_iter_t  it;

    rc = tpl_iter_init(call->exec, &it, &call->args[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    n = 0;
    special = 0;
    infinite = 0;

    while ((rc = tpl_math_next(call->exec, &it, &x)) == TPL_OK) {

        if (!isfinite(x)) {
            special += x;
            infinite += isinf(x) ? x : 0;
            continue;
        }

        for (i = 0, j = 0; j < n; j++) {
            y = partials[j];

            if (fabs(x) < fabs(y)) {
                t = x;
                x = y;
                y = t;
            }

            hi = x + y;
            lo = y - (hi - x);

            if (lo != 0) {
                partials[i++] = lo;
            }

            x = hi;
        }

        if (!isfinite(x)) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "intermediate overflow in fsum");
        }

        n = i;

        if (x != 0 && n < TPL_FSUM_PARTIALS) {
            partials[n++] = x;
        }
    }

    if (rc != TPL_DONE) {
        return rc;
    }

    if (isnan(infinite)) {
        return tpl_throw(call->exec, TPL_EXC_VALUE, "-inf + inf in fsum");
    }

    if (special != 0 || isnan(special)) {
        tpl_value_float(&call->result, special);
        return TPL_OK;
    }

    hi = 0;
    lo = 0;

    if (n > 0) {
        hi = partials[--n];

        while (n > 0) {
            x = hi;
            y = partials[--n];
            hi = x + y;
            lo = y - (hi - x);

            if (lo != 0) {
                break;
            }
        }

        /* half-even across the rest */

        if (n > 0 && ((lo < 0 && partials[n - 1] < 0)
                      || (lo > 0 && partials[n - 1] > 0)))
        {
            y = lo * 2;
            x = hi + y;

            if (y == x - hi) {
                hi = x;
            }
        }
    }

    tpl_value_float(&call->result, hi);

    return TPL_OK;
}


static tpl_int_t
tpl_math_prod(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_value_t  v;

    rc = tpl_iter_init(call->exec, &it, &call->args[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_given(&call->args[1])) {
        call->result = call->args[1];

    } else {
        tpl_value_int(&call->result, 1);
    }

    while ((rc = tpl_iter_next(call->exec, &it, &v)) == TPL_OK) {

        if (tpl_binary(call->exec, TPL_OP_MUL, &call->result, &v,
                       &call->result)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return (rc == TPL_DONE) ? TPL_OK : rc;
}


static tpl_int_t
tpl_math_hypot(tpl_call_t *call)
{
    double             x, r;
    uint32_t           i;
    const tpl_list_t  *args;

    args = call->args[0].u.list;
    r = 0;

    for (i = 0; i < args->n; i++) {
        if (tpl_module_float(call->exec, &args->items[i], &x) != TPL_OK) {
            return TPL_ERROR;
        }

        r = hypot(r, x);
    }

    tpl_value_float(&call->result, r);

    return TPL_OK;
}


/* (fraction, whole) and (mantissa, exponent) */

static tpl_int_t
tpl_math_modf(tpl_call_t *call)
{
    double       x, whole;
    tpl_value_t  v[2];

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {
        return TPL_ERROR;
    }

    x = modf(x, &whole);

    tpl_value_float(&v[0], x);
    tpl_value_float(&v[1], whole);

    return tpl_pair(call->exec, &v[0], &v[1], &call->result);
}


static tpl_int_t
tpl_math_frexp(tpl_call_t *call)
{
    int          exponent;
    double       x;
    tpl_value_t  v[2];

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK) {
        return TPL_ERROR;
    }

    exponent = 0;

    if (isfinite(x)) {
        x = frexp(x, &exponent);
    }

    tpl_value_float(&v[0], x);
    tpl_value_int(&v[1], exponent);

    return tpl_pair(call->exec, &v[0], &v[1], &call->result);
}


static tpl_int_t
tpl_math_ldexp(tpl_call_t *call)
{
    double   x;
    int64_t  n;

    if (tpl_module_float(call->exec, &call->args[0], &x) != TPL_OK
        || tpl_arg_int(call, 1, 0, &n) != TPL_OK)
    {
        return TPL_ERROR;
    }

    n = tpl_min(n, 100000);
    n = tpl_max(n, -100000);

    return tpl_math_result(call, x, 0, ldexp(x, (int) n), 1);
}


static tpl_int_t
tpl_math_pi(tpl_call_t *call)
{
    tpl_value_float(&call->result, M_PI);
    return TPL_OK;
}


static tpl_int_t
tpl_math_e(tpl_call_t *call)
{
    tpl_value_float(&call->result, M_E);
    return TPL_OK;
}


static tpl_int_t
tpl_math_tau(tpl_call_t *call)
{
    tpl_value_float(&call->result, 2 * M_PI);
    return TPL_OK;
}


static tpl_int_t
tpl_math_inf(tpl_call_t *call)
{
    tpl_value_float(&call->result, INFINITY);
    return TPL_OK;
}


static tpl_int_t
tpl_math_nan(tpl_call_t *call)
{
    tpl_value_float(&call->result, NAN);
    return TPL_OK;
}


const tpl_builtin_def_t  tpl_module_math[] = {

    { "math.acos", "x, /", tpl_math_acos, 0 },
    { "math.acosh", "x, /", tpl_math_acosh, 0 },
    { "math.asin", "x, /", tpl_math_asin, 0 },
    { "math.asinh", "x, /", tpl_math_asinh, 0 },
    { "math.atan", "x, /", tpl_math_atan, 0 },
    { "math.atan2", "y, x, /", tpl_math_atan2, 0 },
    { "math.atanh", "x, /", tpl_math_atanh, 0 },
    { "math.cbrt", "x, /", tpl_math_cbrt, 0 },
    { "math.ceil", "x, /", tpl_math_ceil, 0 },
    { "math.comb", "n, k, /", tpl_math_comb, 0 },
    { "math.copysign", "x, y, /", tpl_math_copysign, 0 },
    { "math.cos", "x, /", tpl_math_cos, 0 },
    { "math.cosh", "x, /", tpl_math_cosh, 0 },
    { "math.degrees", "x, /", tpl_math_degrees, 0 },
    { "math.e", "", tpl_math_e, TPL_FN_VALUE },
    { "math.erf", "x, /", tpl_math_erf, 0 },
    { "math.erfc", "x, /", tpl_math_erfc, 0 },
    { "math.exp", "x, /", tpl_math_exp, 0 },
    { "math.exp2", "x, /", tpl_math_exp2, 0 },
    { "math.expm1", "x, /", tpl_math_expm1, 0 },
    { "math.fabs", "x, /", tpl_math_fabs, 0 },
    { "math.factorial", "n, /", tpl_math_factorial, 0 },
    { "math.floor", "x, /", tpl_math_floor, 0 },
    { "math.fmod", "x, y, /", tpl_math_fmod, 0 },
    { "math.frexp", "x, /", tpl_math_frexp, 0 },
    { "math.fsum", "seq, /", tpl_math_fsum, 0 },
    { "math.gcd", "*integers", tpl_math_gcd, 0 },
    { "math.hypot", "*coordinates", tpl_math_hypot, 0 },
    { "math.inf", "", tpl_math_inf, TPL_FN_VALUE },
    { "math.isclose", "a, b, rel_tol=, abs_tol=", tpl_math_isclose, 0 },
    { "math.isfinite", "x, /", tpl_math_isfinite, 0 },
    { "math.isinf", "x, /", tpl_math_isinf, 0 },
    { "math.isnan", "x, /", tpl_math_isnan, 0 },
    { "math.isqrt", "n, /", tpl_math_isqrt, 0 },
    { "math.lcm", "*integers", tpl_math_lcm, 0 },
    { "math.ldexp", "x, i, /", tpl_math_ldexp, 0 },
    { "math.log", "x, base=, /", tpl_math_log, 0 },
    { "math.log10", "x, /", tpl_math_log10, 0 },
    { "math.log1p", "x, /", tpl_math_log1p, 0 },
    { "math.log2", "x, /", tpl_math_log2, 0 },
    { "math.modf", "x, /", tpl_math_modf, 0 },
    { "math.nan", "", tpl_math_nan, TPL_FN_VALUE },
    { "math.perm", "n, k=, /", tpl_math_perm, 0 },
    { "math.pi", "", tpl_math_pi, TPL_FN_VALUE },
    { "math.pow", "x, y, /", tpl_math_pow, 0 },
    { "math.prod", "iterable, /, start=", tpl_math_prod, 0 },
    { "math.radians", "x, /", tpl_math_radians, 0 },
    { "math.remainder", "x, y, /", tpl_math_remainder, 0 },
    { "math.sin", "x, /", tpl_math_sin, 0 },
    { "math.sinh", "x, /", tpl_math_sinh, 0 },
    { "math.sqrt", "x, /", tpl_math_sqrt, 0 },
    { "math.tan", "x, /", tpl_math_tan, 0 },
    { "math.tanh", "x, /", tpl_math_tanh, 0 },
    { "math.tau", "", tpl_math_tau, TPL_FN_VALUE },
    { "math.trunc", "x, /", tpl_math_trunc, 0 },

    { NULL, NULL, NULL, 0 }
};
