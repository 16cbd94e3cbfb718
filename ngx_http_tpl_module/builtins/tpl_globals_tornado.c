
/*
 * The names that a Tornado template sees without being given them: Python's own
 * functions and those of tornado.template's namespace.  This file has the
 * table, types, numbers, characters and text; tpl_globals_iter.c what walks
 * over iterables; tpl_tornado_escape.c and tpl_tornado_linkify.c what escapes.
 *
 * True, False and None are literals of the syntax.  The types are functions,
 * and isinstance() knows them by their handlers.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_builtins.h"
#include "builtins/tpl_methods.h"
#include "builtins/tpl_module.h"


/* digits of a double before its point, and with sign, point and NUL */
#define TPL_ROUND_LEN  340


static const char  tpl_int_overflow[] =
    "integer overflow: result does not fit 64 bits";


static tpl_int_t
tpl_int_needed(tpl_exec_t *exec, const tpl_value_t *v)
{
    if (tpl_is_int(v)) {
        return TPL_OK;
    }

    return tpl_throw(exec, TPL_EXC_TYPE,
                     "'%s' object cannot be interpreted as an integer",
                     tpl_type_name(v));
}


/* types */

static tpl_int_t
tpl_python_str(tpl_call_t *call)
{
    if (!tpl_arg_given(&call->args[0])) {
        tpl_value_string(&call->result, (tpl_char_t *) "", 0, TPL_F_ASCII);
        return TPL_OK;
    }

    return tpl_plain_string(call->exec, &call->args[0], &call->result);
}


static tpl_int_t
tpl_python_int(tpl_call_t *call)
{
    int64_t             n, base;
    tpl_int_t           rc;
    tpl_str_t           s;
    tpl_value_t         repr;
    const tpl_value_t  *v;

    v = &call->args[0];
    n = 0;

    if (!tpl_arg_given(&call->args[1])) {

        if (tpl_arg_given(v) && tpl_to_int(call->exec, v, &n) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_int(&call->result, n);

        return TPL_OK;
    }

    if (tpl_arg_int(call, 1, 10, &base) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_arg_given(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "int() missing string argument");
    }

    if (base != 0 && (base < 2 || base > 36)) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "int() base must be >= 2 and <= 36, or 0");
    }

    if (v->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "int() can't convert non-string with explicit base");
    }

    s = tpl_value_str(v);
    tpl_charge(call->exec, s.len);

    rc = tpl_parse_int(&s, (tpl_uint_t) base, &n);

    if (rc == TPL_ERROR) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW, tpl_int_overflow);
    }

    if (rc != TPL_OK) {
        if (tpl_to_repr(call->exec, v, &repr) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "invalid literal for int() with base %d: %.*s",
                         (int) base, (int) repr.len, (char *) repr.u.s);
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}


static tpl_int_t
tpl_python_float(tpl_call_t *call)
{
    double  d;

    d = 0;

    if (tpl_arg_given(&call->args[0])
        && tpl_to_float(call->exec, &call->args[0], &d) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_float(&call->result, d);

    return TPL_OK;
}


static tpl_int_t
tpl_python_bool(tpl_call_t *call)
{
    tpl_uint_t  b;

    if (tpl_arg_bool(call, 0, 0, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_bool(&call->result, b);

    return TPL_OK;
}


static tpl_int_t
tpl_python_list(tpl_call_t *call)
{
    tpl_list_t  *list;

    if (tpl_arg_given(&call->args[0])) {
        return tpl_to_list(call->exec, &call->args[0], &call->result);
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


static tpl_int_t
tpl_python_tuple(tpl_call_t *call)
{
    tpl_int_t  rc;

    if (call->args[0].type == TPL_TUPLE) {
        call->result = call->args[0];
        return TPL_OK;
    }

    rc = tpl_python_list(call);
    if (rc == TPL_OK) {
        call->result.type = TPL_TUPLE;
    }

    return rc;
}


static tpl_int_t
tpl_python_dict(tpl_call_t *call)
{
    tpl_int_t          rc;
    tpl_dict_t        *dict;
    const tpl_list_t  *args;

    args = call->args[0].u.list;

    if (args->n > 1) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "dict expected at most 1 argument, got %u", args->n);
    }

    dict = tpl_dict_create(call->exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    if (args->n) {
        rc = tpl_dict_update(call->exec, dict, &args->items[0]);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_value_dict(&call->result, dict);

    return tpl_dict_update(call->exec, dict, &call->args[1]);
}


static tpl_int_t
tpl_python_set(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_dict_t  *set;
    tpl_value_t  item, none;

    set = tpl_dict_create(call->exec, 0);
    if (set == NULL) {
        return TPL_ERROR;
    }

    call->result = (tpl_value_t) { .type = TPL_SET, .u.dict = set };

    if (!tpl_arg_given(&call->args[0])) {
        return TPL_OK;
    }

    rc = tpl_iter_init(call->exec, &it, &call->args[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_none(&none);

    for ( ;; ) {
        rc = tpl_iter_next(call->exec, &it, &item);

        if (rc == TPL_DONE) {
            return TPL_OK;
        }

        if (rc == TPL_OK) {
            rc = tpl_dict_set(call->exec, set, &item, &none);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }
}


static const struct {
    tpl_handler_pt       handler;
    uint32_t             types;     /* a bit for each tpl_type_t */
} tpl_python_types[] = {
    { tpl_python_str, 1 << TPL_STRING },
    { tpl_python_int, 1 << TPL_INT | 1 << TPL_BOOL },
    { tpl_python_float, 1 << TPL_FLOAT },
    { tpl_python_bool, 1 << TPL_BOOL },
    { tpl_python_list, 1 << TPL_LIST },
    { tpl_python_dict, 1 << TPL_DICT },
    { tpl_python_tuple, 1 << TPL_TUPLE },
    { tpl_python_set, 1 << TPL_SET },
    { tpl_python_range, 1 << TPL_RANGE }
};


static tpl_int_t
tpl_is_instance(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *type, tpl_uint_t *is)
{
    uint32_t           i;
    tpl_int_t          rc;
    const tpl_list_t  *types;

    *is = 0;

    if (type->type == TPL_TUPLE) {

        if (exec->depth >= TPL_MAX_DEPTH) {
            return tpl_throw(exec, TPL_EXC_RECURSION, "maximum recursion "
                             "depth exceeded in __instancecheck__");
        }

        types = type->u.list;
        rc = TPL_OK;
        exec->depth++;

        for (i = 0; i < types->n && rc == TPL_OK && !*is; i++) {
            exec->fuel--;
            rc = tpl_is_instance(exec, v, &types->items[i], is);
        }

        exec->depth--;

        return rc;
    }

    if (type->type == TPL_FUNCTION) {

        for (i = 0; i < tpl_nelts(tpl_python_types); i++) {

            if (type->u.fn->handler == tpl_python_types[i].handler) {
                *is = (tpl_python_types[i].types >> v->type) & 1;
                return TPL_OK;
            }
        }
    }

    if (tpl_class_is_instance(v, type, is) == TPL_OK) {
        return TPL_OK;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "isinstance() arg 2 must be a type, "
                     "a tuple of types, or a union");
}


static tpl_int_t
tpl_python_isinstance(tpl_call_t *call)
{
    tpl_uint_t  is;

    if (tpl_is_instance(call->exec, &call->args[0], &call->args[1], &is)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_bool(&call->result, is);

    return TPL_OK;
}


static tpl_int_t
tpl_python_callable(tpl_call_t *call)
{
    tpl_value_bool(&call->result, tpl_is_callable(&call->args[0]));

    return TPL_OK;
}


/* attributes by name */

static tpl_int_t
tpl_python_attribute(tpl_call_t *call, tpl_value_t *out)
{
    tpl_name_t          name;
    const tpl_value_t  *v;

    v = &call->args[1];

    if (v->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "attribute name must be string, not '%s'",
                         tpl_type_name(v));
    }

    name.str = tpl_value_str(v);
    name.hash = tpl_hash(name.str.data, name.str.len);

    return tpl_get_attr(call->exec, &call->args[0], &name, out);
}


static tpl_int_t
tpl_python_getattr(tpl_call_t *call)
{
    tpl_int_t  rc;

    rc = tpl_python_attribute(call, &call->result);

    if (rc == TPL_ERROR && tpl_arg_given(&call->args[2])
        && call->exec->error->exc == TPL_EXC_ATTRIBUTE)
    {
        tpl_error_clear(call->exec->error);
        call->result = call->args[2];
        return TPL_OK;
    }

    return rc;
}


static tpl_int_t
tpl_python_hasattr(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_value_t  v;

    rc = tpl_python_attribute(call, &v);

    if (rc == TPL_ERROR && call->exec->error->exc == TPL_EXC_ATTRIBUTE) {
        tpl_error_clear(call->exec->error);
        tpl_value_bool(&call->result, 0);
        return TPL_OK;
    }

    tpl_value_bool(&call->result, 1);

    return rc;
}


/* numbers */

static tpl_int_t
tpl_python_len(tpl_call_t *call)
{
    int64_t    n;
    tpl_int_t  rc;

    rc = tpl_length(call->exec, &call->args[0], &n);
    if (rc == TPL_OK) {
        tpl_value_int(&call->result, n);
    }

    return rc;
}


static tpl_int_t
tpl_python_abs(tpl_call_t *call)
{
    const tpl_value_t  *v;

    v = &call->args[0];

    if (v->type == TPL_FLOAT) {
        tpl_value_float(&call->result, fabs(v->u.d));
        return TPL_OK;
    }

    if (!tpl_is_int(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "bad operand type for abs(): '%s'",
                         tpl_type_name(v));
    }

    if (v->u.i == INT64_MIN) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW, tpl_int_overflow);
    }

    tpl_value_int(&call->result, (v->u.i < 0) ? -v->u.i : v->u.i);

    return TPL_OK;
}


/*
 * A float rounded to n digits before its point, half to even, by its decimal
 * digits: what is cut off is exact.
 */

static double
tpl_round_before(double d, int64_t n)
{
    int          len, keep, i;
    char         digits[TPL_ROUND_LEN];
    double       whole;
    tpl_uint_t   up, rest;

    whole = trunc(fabs(d));
    len = snprintf(digits, sizeof(digits) - 8, "%.0f", whole);
    keep = len - (int) n;

    if (keep < 0) {
        return copysign(0, d);
    }

    rest = (fabs(d) != whole);

    for (i = keep + 1; i < len; i++) {
        rest |= (digits[i] != '0');
    }

    up = digits[keep] > '5'
         || (digits[keep] == '5'
             && (rest || (keep > 0 && ((digits[keep - 1] - '0') & 1))));

    memset(&digits[keep], '0', len - keep);

    for (i = keep - 1; up && i >= 0; i--) {

        if (digits[i] != '9') {
            digits[i]++;
            up = 0;
            break;
        }

        digits[i] = '0';
    }

    if (up) {
        memmove(&digits[1], digits, len + 1);
        digits[0] = '1';
    }

    return copysign(strtod(digits, NULL), d);
}


/* CPython: float___round___impl() and double_round() */

static tpl_int_t
tpl_round_float(tpl_call_t *call, double d, int64_t n)
{
    char    text[TPL_ROUND_LEN + 340];
    double  r;

    /* 323 digits after the point say all, 308 before it leave nothing */

    if (!isfinite(d) || n > 323) {
        r = d;

    } else if (n < -308) {
        r = copysign(0, d);

    } else if (n >= 0) {
        snprintf(text, sizeof(text), "%.*f", (int) n, d);
        r = strtod(text, NULL);

    } else {
        r = tpl_round_before(d, -n);
    }

    if (isinf(r) && isfinite(d)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "rounded value too large to represent");
    }

    tpl_value_float(&call->result, r);

    return TPL_OK;
}


static tpl_int_t
tpl_round_int(tpl_call_t *call, int64_t i, int64_t n)
{
    int64_t     q, r, power;
    __int128_t  result;

    if (n >= 0) {
        tpl_value_int(&call->result, i);
        return TPL_OK;
    }

    if (n < -19) {
        tpl_value_int(&call->result, 0);
        return TPL_OK;
    }

    /* ten to the 19th does not fit: at most one such part is in 64 bits */

    if (n == -19) {
        if (i > 5000000000000000000 || i < -5000000000000000000) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW, tpl_int_overflow);
        }

        tpl_value_int(&call->result, 0);
        return TPL_OK;
    }

    for (power = 1; n < 0; n++) {
        power *= 10;
    }

    q = i / power;
    r = i % power;

    if (r < 0) {
        r += power;
        q--;
    }

    if (r > power - r || (r == power - r && (q & 1))) {
        q++;
    }

    result = (__int128_t) q * power;

    if (result > INT64_MAX || result < INT64_MIN) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW, tpl_int_overflow);
    }

    tpl_value_int(&call->result, (int64_t) result);

    return TPL_OK;
}


static tpl_int_t
tpl_python_round(tpl_call_t *call)
{
    int64_t             n;
    tpl_value_t         whole;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (!tpl_is_number(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "type %s doesn't define __round__ method",
                         tpl_type_name(v));
    }

    if (!tpl_arg_some(&call->args[1])) {

        if (v->type != TPL_FLOAT) {
            tpl_value_int(&call->result, v->u.i);
            return TPL_OK;
        }

        /* nan and infinity have their errors from the conversion */

        tpl_value_float(&whole, rint(v->u.d));

        if (tpl_to_int(call->exec, &whole, &n) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_int(&call->result, n);

        return TPL_OK;
    }

    if (tpl_arg_int(call, 1, 0, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    return (v->type == TPL_FLOAT) ? tpl_round_float(call, v->u.d, n)
                                  : tpl_round_int(call, v->u.i, n);
}


static tpl_int_t
tpl_python_divmod(tpl_call_t *call)
{
    tpl_exec_t         *exec;
    tpl_value_t         pair[2];
    const tpl_value_t  *a, *b;

    exec = call->exec;
    a = &call->args[0];
    b = &call->args[1];

    if (!tpl_is_number(a) || !tpl_is_number(b)) {
        return tpl_throw(exec, TPL_EXC_TYPE, "unsupported operand type(s) for "
                         "divmod(): '%s' and '%s'", tpl_type_name(a),
                         tpl_type_name(b));
    }

    if (b->type == TPL_FLOAT ? b->u.d == 0 : b->u.i == 0) {
        return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                         (a->type == TPL_FLOAT || b->type == TPL_FLOAT)
                         ? "float divmod()"
                         : "integer division or modulo by zero");
    }

    if (tpl_binary(exec, TPL_OP_FLOORDIV, a, b, &pair[0]) != TPL_OK
        || tpl_binary(exec, TPL_OP_MOD, a, b, &pair[1]) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_value_pack(exec, pair, 2, &call->result);
}


/* a in 0 .. m - 1 with a * its result = 1 modulo m; 0 if there is none */

static uint64_t
tpl_mod_inverse(uint64_t a, uint64_t m)
{
    __int128_t  t, next_t, q, x;
    uint64_t    r, next_r, y;

    t = 0;
    next_t = 1;
    r = m;
    next_r = a;

    while (next_r) {
        q = r / next_r;

        x = t - q * next_t;
        t = next_t;
        next_t = x;

        y = r - (uint64_t) q * next_r;
        r = next_r;
        next_r = y;
    }

    if (r != 1) {
        return 0;
    }

    return (uint64_t) ((t < 0) ? t + m : t);
}


/* pow(a, e, m): the result has the sign of m, as Python's % */

static tpl_int_t
tpl_pow_mod(tpl_call_t *call, int64_t a, int64_t e, int64_t m)
{
    uint64_t    n, base, result, exponent;
    __int128_t  r;

    if (m == 0) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "pow() 3rd argument cannot be 0");
    }

    n = (m < 0) ? 0 - (uint64_t) m : (uint64_t) m;

    r = (__int128_t) a % (__int128_t) n;
    base = (uint64_t) ((r < 0) ? r + n : r);

    exponent = (e < 0) ? 0 - (uint64_t) e : (uint64_t) e;

    if (e < 0) {
        base = tpl_mod_inverse(base, n);

        if (base == 0 && n != 1) {
            return tpl_throw(call->exec, TPL_EXC_VALUE, "base is not "
                             "invertible for the given modulus");
        }
    }

    result = 1 % n;

    for ( /* void */ ; exponent; exponent >>= 1) {
        if (exponent & 1) {
            result = (uint64_t) ((__uint128_t) result * base % n);
        }

        base = (uint64_t) ((__uint128_t) base * base % n);
    }

    r = result;

    if (m < 0 && r > 0) {
        r -= n;
    }

    tpl_value_int(&call->result, (int64_t) r);

    return TPL_OK;
}


static tpl_int_t
tpl_python_pow(tpl_call_t *call)
{
    tpl_uint_t          i;
    const tpl_value_t  *v;

    v = call->args;

    if (tpl_arg_some(&v[2])) {

        if (tpl_is_int(&v[0]) && tpl_is_int(&v[1]) && tpl_is_int(&v[2])) {
            return tpl_pow_mod(call, v[0].u.i, v[1].u.i, v[2].u.i);
        }

        for (i = 0; i < 3; i++) {
            if (v[i].type == TPL_FLOAT) {
                return tpl_throw(call->exec, TPL_EXC_TYPE,
                                 "pow() 3rd argument not allowed unless all "
                                 "arguments are integers");
            }
        }

        return tpl_throw(call->exec, TPL_EXC_TYPE, "unsupported operand "
                         "type(s) for ** or pow(): '%s', '%s', '%s'",
                         tpl_type_name(&v[0]), tpl_type_name(&v[1]),
                         tpl_type_name(&v[2]));
    }

    return tpl_binary(call->exec, TPL_OP_POW, &v[0], &v[1], &call->result);
}


static tpl_int_t
tpl_int_in_base(tpl_call_t *call, const char *prefix, tpl_uint_t shift)
{
    int64_t            i;
    uint64_t           u;
    tpl_char_t        *p, *end;
    static const char  digits[] = "0123456789abcdef";

    if (tpl_int_needed(call->exec, &call->args[0]) != TPL_OK) {
        return TPL_ERROR;
    }

    /* 64 digits, a prefix and a sign */

    p = tpl_pnalloc(call->exec->arena, 67);
    if (p == NULL) {
        return tpl_throw_memory(call->exec);
    }

    i = call->args[0].u.i;
    u = (i < 0) ? 0 - (uint64_t) i : (uint64_t) i;

    end = p + 67;
    p = end;

    do {
        *--p = digits[u & ((1 << shift) - 1)];
        u >>= shift;
    } while (u);

    *--p = prefix[1];
    *--p = prefix[0];

    if (i < 0) {
        *--p = '-';
    }

    tpl_value_string(&call->result, p, end - p, TPL_F_ASCII);

    return TPL_OK;
}


static tpl_int_t
tpl_python_hex(tpl_call_t *call)
{
    return tpl_int_in_base(call, "0x", 4);
}


static tpl_int_t
tpl_python_oct(tpl_call_t *call)
{
    return tpl_int_in_base(call, "0o", 3);
}


static tpl_int_t
tpl_python_bin(tpl_call_t *call)
{
    return tpl_int_in_base(call, "0b", 1);
}


/* characters and text */

static tpl_int_t
tpl_python_chr(tpl_call_t *call)
{
    int64_t      n;
    tpl_char_t  *p, *end;

    if (tpl_arg_int(call, 0, 0, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (n < 0 || n > 0x10ffff) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "chr() arg not in range(0x110000)");
    }

    /* Python would make it and fail when it writes the page */

    if (n >= 0xd800 && n <= 0xdfff) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "chr() arg is a surrogate, which is no text");
    }

    p = tpl_pnalloc(call->exec->arena, 4);
    if (p == NULL) {
        return tpl_throw_memory(call->exec);
    }

    end = tpl_utf8_encode(p, (uint32_t) n);

    tpl_value_string(&call->result, p, end - p, (n < 128) ? TPL_F_ASCII : 0);

    return TPL_OK;
}


static tpl_int_t
tpl_python_ord(tpl_call_t *call)
{
    size_t              n;
    const tpl_char_t   *p;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (v->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "ord() expected string of length 1, but %s found",
                         tpl_type_name(v));
    }

    n = tpl_string_length(v);

    if (n != 1) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "ord() expected a character, but string of length "
                         "%zu found", n);
    }

    p = v->u.s;

    tpl_value_int(&call->result, tpl_utf8_decode(&p, p + v->len));

    return TPL_OK;
}


static tpl_int_t
tpl_python_repr(tpl_call_t *call)
{
    return tpl_to_repr(call->exec, &call->args[0], &call->result);
}


static tpl_int_t
tpl_python_ascii(tpl_call_t *call)
{
    uint32_t           c;
    tpl_buf_t          b;
    tpl_value_t        repr;
    const tpl_char_t  *p, *q, *last;

    if (tpl_to_repr(call->exec, &call->args[0], &repr) != TPL_OK) {
        return TPL_ERROR;
    }

    p = repr.u.s;
    last = p + repr.len;

    tpl_charge(call->exec, repr.len);

    if (tpl_utf8_ascii(p, repr.len)) {
        call->result = repr;
        return TPL_OK;
    }

    tpl_buf_init(&b, call->exec->arena);

    while (p < last) {

        for (q = p; q < last && *q < 0x80; q++) { /* void */ }

        tpl_buf_add(&b, p, q - p);

        if (q == last) {
            break;
        }

        c = tpl_utf8_decode(&q, last);

        tpl_buf_printf(&b, (c < 0x100) ? "\\x%02x"
                           : (c < 0x10000) ? "\\u%04x" : "\\U%08x",
                       (unsigned) c);
        p = q;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
}


static tpl_int_t
tpl_python_format(tpl_call_t *call)
{
    tpl_buf_t           b;
    tpl_str_t           spec;
    const tpl_value_t  *v;

    v = &call->args[1];
    spec.len = 0;
    spec.data = (tpl_char_t *) "";

    if (tpl_arg_given(v)) {
        if (v->type != TPL_STRING) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "format() argument 2 must be str, not %s",
                             (v->type == TPL_NONE) ? "None"
                                                   : tpl_type_name(v));
        }

        spec = tpl_value_str(v);
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_format_spec(call->exec, &call->args[0], &spec, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


const tpl_builtin_def_t  tpl_globals_tornado[] = {

    /* Python */

    { "abs", "x, /", tpl_python_abs, 0 },
    { "all", "iterable, /", tpl_python_all, 0 },
    { "any", "iterable, /", tpl_python_any, 0 },
    { "ascii", "obj, /", tpl_python_ascii, 0 },
    { "bin", "number, /", tpl_python_bin, 0 },
    { "bool", "x=, /", tpl_python_bool, 0 },
    { "callable", "obj, /", tpl_python_callable, 0 },
    { "chr", "i, /", tpl_python_chr, 0 },
    { "dict", "*args, **kwargs", tpl_python_dict, 0 },
    { "divmod", "x, y, /", tpl_python_divmod, 0 },
    { "enumerate", "iterable, start=", tpl_python_enumerate, 0 },
    { "filter", "function, iterable, /", tpl_python_filter, 0 },
    { "float", "x=, /", tpl_python_float, 0 },
    { "format", "value, format_spec=, /", tpl_python_format, 0 },
    { "getattr", "object, name, default=, /", tpl_python_getattr, 0 },
    { "hasattr", "obj, name, /", tpl_python_hasattr, 0 },
    { "hex", "number, /", tpl_python_hex, 0 },
    { "int", "x=, /, base=", tpl_python_int, 0 },
    { "isinstance", "obj, class_or_tuple, /", tpl_python_isinstance, 0 },
    { "iter", "iterable, /", tpl_python_iter, 0 },
    { "len", "obj, /", tpl_python_len, 0 },
    { "list", "iterable=, /", tpl_python_list, 0 },
    { "map", "*args", tpl_python_map, 0 },
    { "max", "*args, **kwargs", tpl_python_max, 0 },
    { "min", "*args, **kwargs", tpl_python_min, 0 },
    { "next", "iterator, default=, /", tpl_python_next, 0 },
    { "oct", "number, /", tpl_python_oct, 0 },
    { "ord", "c, /", tpl_python_ord, 0 },
    { "pow", "base, exp, mod=", tpl_python_pow, 0 },
    { "range", "*args", tpl_python_range, 0 },
    { "repr", "obj, /", tpl_python_repr, 0 },
    { "reversed", "sequence, /", tpl_python_reversed, 0 },
    { "round", "number, ndigits=", tpl_python_round, 0 },
    { "set", "iterable=, /", tpl_python_set, 0 },
    { "sorted", "*args, **kwargs", tpl_python_sorted, 0 },
    { "str", "object=", tpl_python_str, 0 },
    { "sum", "iterable, /, start=", tpl_python_sum, 0 },
    { "tuple", "iterable=, /", tpl_python_tuple, 0 },
    { "zip", "*args, **kwargs", tpl_python_zip, 0 },

    /* tornado.template, tornado.escape */

    { "datetime", "", tpl_module_value, TPL_FN_VALUE|TPL_FN_IMPURE },
    { "escape", "value", tpl_tornado_xhtml_escape, 0 },
    { "json_decode", "value", tpl_tornado_json_decode, 0 },
    { "json_encode", "value", tpl_tornado_json_encode, 0 },
    { "linkify", "text, shorten=, extra_params=, require_protocol=, "
      "permitted_protocols=", tpl_tornado_linkify, 0 },
    { "squeeze", "value", tpl_tornado_squeeze, 0 },
    { "url_escape", "value, plus=", tpl_tornado_url_escape, 0 },
    { "url_unescape", "value, encoding=, plus=", tpl_tornado_url_unescape,
      0 },
    { "xhtml_escape", "value", tpl_tornado_xhtml_escape, 0 },
    { "xhtml_unescape", "value", tpl_tornado_xhtml_unescape, 0 },

    { NULL, NULL, NULL, 0 }
};
