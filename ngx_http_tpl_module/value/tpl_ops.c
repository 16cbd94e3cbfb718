
/*
 * Arithmetic, bit operators and what + * % - | & ^ mean to strings, lists, sets
 * and dicts.
 *
 * Integers are 64 bits: what does not fit is an OverflowError.  Operands are
 * read before out is written, for it may be one of them.
 */

#include <math.h>

#include "value/tpl_inner.h"


static tpl_int_t tpl_int_pow(tpl_exec_t *exec, int64_t a, int64_t b,
    tpl_value_t *out);
static tpl_int_t tpl_float_op(tpl_exec_t *exec, tpl_binary_op_t op, double a,
    double b, tpl_value_t *out);


static const char  *tpl_op_signs[] = {
    "+", "-", "*", "/", "//", "%", "** or pow()", "|", "&", "^", "<<", ">>"
};


static tpl_int_t
tpl_unsupported(tpl_exec_t *exec, tpl_binary_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_value_t *out)
{
    tpl_int_t           rc;
    const tpl_class_t  *cls;

    /* objects come here from all operators: plain values have their own */

    cls = (a->type == TPL_OBJECT) ? a->u.obj->cls
          : (b->type == TPL_OBJECT) ? b->u.obj->cls : NULL;

    if (cls && cls->binary) {
        rc = cls->binary(exec, op, a, b, out);

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    return tpl_throw(exec, TPL_EXC_TYPE,
                     "unsupported operand type(s) for %s: '%s' and '%s'",
                     tpl_op_signs[op], tpl_type_name(a), tpl_type_name(b));
}


static tpl_int_t
tpl_int_overflow(tpl_exec_t *exec)
{
    return tpl_throw(exec, TPL_EXC_OVERFLOW,
                     "integer overflow: result does not fit 64 bits");
}


/* the bits of n up to its highest one */

static int
tpl_bit_length(uint64_t n)
{
    return n ? 64 - __builtin_clzll(n) : 0;
}


/*
 * a / b rounded once, as CPython's long_true_divide(): doubles divide right as
 * long as both are exact; beyond, the quotient is made of 128 bits whose last
 * one stands for all that is cut off.
 */

static double
tpl_int_divide(int64_t a, int64_t b)
{
    int                shift;
    double             d;
    uint64_t           ua, ub;
    unsigned __int128  n, q;

    ua = (a < 0) ? 0 - (uint64_t) a : (uint64_t) a;
    ub = (b < 0) ? 0 - (uint64_t) b : (uint64_t) b;

    if (ua <= (1ULL << 53) && ub <= (1ULL << 53)) {
        return (double) a / (double) b;
    }

    if (ua == 0) {
        return (b < 0) ? -0.0 : 0.0;
    }

    shift = 64 - tpl_bit_length(ua);
    n = (unsigned __int128) (ua << shift) << 64;
    q = n / ub;

    if (q * ub != n) {
        q |= 1;
    }

    d = ldexp((double) q, -(64 + shift));

    return ((a < 0) != (b < 0)) ? -d : d;
}


static tpl_int_t
tpl_int_op(tpl_exec_t *exec, tpl_binary_op_t op, int64_t a, int64_t b,
    tpl_value_t *out)
{
    int64_t  r;

    switch (op) {

    case TPL_OP_ADD:
        if (tpl_unlikely(__builtin_add_overflow(a, b, &r))) {
            return tpl_int_overflow(exec);
        }

        break;

    case TPL_OP_SUB:
        if (tpl_unlikely(__builtin_sub_overflow(a, b, &r))) {
            return tpl_int_overflow(exec);
        }

        break;

    case TPL_OP_MUL:
        if (tpl_unlikely(__builtin_mul_overflow(a, b, &r))) {
            return tpl_int_overflow(exec);
        }

        break;

    case TPL_OP_DIV:
        if (b == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION, "division by zero");
        }

        tpl_value_float(out, tpl_int_divide(a, b));
        return TPL_OK;

    case TPL_OP_FLOORDIV:
        if (b == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                             "integer division or modulo by zero");
        }

        if (b == -1) {
            /* the one quotient that overflows */
            if (__builtin_sub_overflow((int64_t) 0, a, &r)) {
                return tpl_int_overflow(exec);
            }

            break;
        }

        r = a / b;

        if (a % b != 0 && (a < 0) != (b < 0)) {
            r--;
        }

        break;

    case TPL_OP_MOD:
        if (b == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                             "integer modulo by zero");
        }

        r = (b == -1) ? 0 : a % b;

        if (r != 0 && (r < 0) != (b < 0)) {
            r += b;
        }

        break;

    case TPL_OP_POW:
        return tpl_int_pow(exec, a, b, out);

    case TPL_OP_BIT_OR:
        r = a | b;
        break;

    case TPL_OP_BIT_AND:
        r = a & b;
        break;

    case TPL_OP_BIT_XOR:
        r = a ^ b;
        break;

    case TPL_OP_LSHIFT:
        if (b < 0) {
            return tpl_throw(exec, TPL_EXC_VALUE, "negative shift count");
        }

        if (a == 0) {
            r = 0;
            break;
        }

        if (b > 62 || a > (INT64_MAX >> b) || a < (INT64_MIN >> b)) {
            return tpl_int_overflow(exec);
        }

        r = (int64_t) ((uint64_t) a << b);
        break;

    default: /* TPL_OP_RSHIFT */
        if (b < 0) {
            return tpl_throw(exec, TPL_EXC_VALUE, "negative shift count");
        }

        r = a >> tpl_min(b, 63);
        break;
    }

    tpl_value_int(out, r);

    return TPL_OK;
}


static tpl_int_t
tpl_int_pow(tpl_exec_t *exec, int64_t a, int64_t b, tpl_value_t *out)
{
    int64_t  r;

    if (b < 0) {
        return tpl_float_op(exec, TPL_OP_POW, (double) a, (double) b, out);
    }

    r = 1;

    /* of -1, 0 and 1 every power fits: no more squaring than there are bits */

    for ( ;; ) {
        if ((b & 1) && __builtin_mul_overflow(r, a, &r)) {
            return tpl_int_overflow(exec);
        }

        b >>= 1;

        if (b == 0) {
            break;
        }

        if (__builtin_mul_overflow(a, a, &a)) {
            return tpl_int_overflow(exec);
        }
    }

    tpl_value_int(out, r);

    return TPL_OK;
}


/* CPython: float_divmod() */

static void
tpl_float_divmod(double a, double b, double *div, double *mod)
{
    double  m, q, f;

    m = fmod(a, b);
    q = (a - m) / b;

    if (m != 0) {
        if ((b < 0) != (m < 0)) {
            m += b;
            q -= 1;
        }

    } else {
        m = copysign(0.0, b);
    }

    if (q != 0) {
        f = floor(q);

        if (q - f > 0.5) {
            f += 1;
        }

    } else {
        f = copysign(0.0, a / b);
    }

    *div = f;
    *mod = m;
}


static tpl_int_t
tpl_float_op(tpl_exec_t *exec, tpl_binary_op_t op, double a, double b,
    tpl_value_t *out)
{
    double  r, other;

    switch (op) {

    case TPL_OP_ADD:
        r = a + b;
        break;

    case TPL_OP_SUB:
        r = a - b;
        break;

    case TPL_OP_MUL:
        r = a * b;
        break;

    case TPL_OP_DIV:
        if (b == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                             "float division by zero");
        }

        r = a / b;
        break;

    case TPL_OP_FLOORDIV:
        if (b == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                             "float floor division by zero");
        }

        tpl_float_divmod(a, b, &r, &other);
        break;

    case TPL_OP_MOD:
        if (b == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION, "float modulo");
        }

        tpl_float_divmod(a, b, &other, &r);
        break;

    default: /* TPL_OP_POW */
        if (a == 0 && b < 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                             "0.0 cannot be raised to a negative power");
        }

        if (a < 0 && isfinite(a) && isfinite(b) && floor(b) != b) {
            /* a complex number in Python */
            return tpl_throw(exec, TPL_EXC_VALUE, "negative number cannot be "
                             "raised to a fractional power");
        }

        r = pow(a, b);

        if (isinf(r) && isfinite(a) && isfinite(b)) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "(34, 'Numerical result out of range')");
        }

        break;
    }

    tpl_value_float(out, r);

    return TPL_OK;
}


/* a and b in one string, whose flags are given */

static tpl_int_t
tpl_string_add(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_uint_t safe, tpl_value_t *out)
{
    size_t       len;
    uint8_t      flags;
    tpl_char_t  *p;

    len = (size_t) a->len + b->len;
    flags = (uint8_t) ((a->flags & b->flags & TPL_F_ASCII)
                       | (safe ? TPL_F_SAFE : 0));

    p = tpl_text_alloc(exec, len);
    if (p == NULL) {
        return TPL_ERROR;
    }

    if (a->len) {
        memcpy(p, a->u.s, a->len);
    }

    if (b->len) {
        memcpy(p + a->len, b->u.s, b->len);
    }

    tpl_value_string(out, p, len, flags);

    return TPL_OK;
}


static tpl_int_t
tpl_add(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_list_t  *list;
    tpl_value_t  left, right;

    /* markupsafe: Markup.__add__, Markup.__radd__ */

    if (tpl_is_safe(a)
        || (tpl_is_safe(b) && a->type != TPL_LIST && a->type != TPL_TUPLE))
    {
        if ((!tpl_is_string(a) && !tpl_has_html(a))
            || (!tpl_is_string(b) && !tpl_has_html(b)))
        {
            return tpl_unsupported(exec, TPL_OP_ADD, a, b, out);
        }

        rc = tpl_to_markup(exec, a, &left);
        if (rc != TPL_OK) {
            return rc;
        }

        rc = tpl_to_markup(exec, b, &right);
        if (rc != TPL_OK) {
            return rc;
        }

        return tpl_string_add(exec, &left, &right, 1, out);
    }

    switch (a->type) {

    case TPL_STRING:
        if (b->type != TPL_STRING) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "can only concatenate str (not \"%s\") to str",
                             tpl_type_name(b));
        }

        return tpl_string_add(exec, a, b, 0, out);

    case TPL_LIST:
    case TPL_TUPLE:
        if (b->type != a->type) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "can only concatenate %s (not \"%s\") to %s",
                             tpl_type_name(a), tpl_type_name(b),
                             tpl_type_name(a));
        }

        list = tpl_list_create(exec,
                               (tpl_uint_t) a->u.list->n + b->u.list->n);
        if (list == NULL
            || tpl_list_extend(exec, list, a) != TPL_OK
            || tpl_list_extend(exec, list, b) != TPL_OK)
        {
            return TPL_ERROR;
        }

        *out = (tpl_value_t) { .type = a->type, .u.list = list };

        return TPL_OK;

    default:
        return tpl_unsupported(exec, TPL_OP_ADD, a, b, out);
    }
}


static tpl_int_t
tpl_repeat(tpl_exec_t *exec, const tpl_value_t *v, int64_t n, tpl_value_t *out)
{
    size_t       i, len, total;
    uint8_t      type;
    tpl_char_t  *p;
    tpl_list_t  *list, *from;

    if (n < 0) {
        n = 0;
    }

    if (v->type == TPL_STRING) {
        len = v->len;

        if (n == 1 || len == 0) {
            *out = *v;
            return TPL_OK;
        }

        if (n > TPL_MAX_STRING) {
            n = TPL_MAX_STRING + 1;
        }

        total = len * (size_t) n;

        p = tpl_text_alloc(exec, total);
        if (p == NULL) {
            return TPL_ERROR;
        }

        if (len == 1) {
            memset(p, v->u.s[0], total);

        } else if (total) {
            memcpy(p, v->u.s, len);

            for (i = len; i < total; i += len) {
                len = tpl_min(i, total - i);
                memcpy(p + i, p, len);
            }
        }

        tpl_value_string(out, p, total, v->flags);

        return TPL_OK;
    }

    from = v->u.list;
    type = v->type;
    len = from->n;

    if (len && n > (int64_t) (TPL_MAX_ITEMS / len)) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "%s is too long: more than %d items",
                         tpl_type_name(v), TPL_MAX_ITEMS);
    }

    total = len * (size_t) n;

    list = tpl_list_create(exec, total);
    if (list == NULL) {
        return TPL_ERROR;
    }

    exec->fuel -= (int64_t) total;

    for (i = 0; i < total; i += len) {
        memcpy(&list->items[i], from->items, len * sizeof(tpl_value_t));
    }

    list->n = (uint32_t) total;
    *out = (tpl_value_t) { .type = type, .u.list = list };

    return TPL_OK;
}


#define tpl_is_repeatable(v)                                                 \
    ((v)->type == TPL_STRING || (v)->type == TPL_LIST                        \
     || (v)->type == TPL_TUPLE)


static tpl_int_t
tpl_multiply(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_value_t *out)
{
    const char  *name;

    if (tpl_is_repeatable(a) && tpl_is_int(b)) {
        return tpl_repeat(exec, a, b->u.i, out);
    }

    if (tpl_is_repeatable(b) && tpl_is_int(a)) {
        return tpl_repeat(exec, b, a->u.i, out);
    }

    /* Markup multiplies through its own method, which only knows int */

    if (tpl_is_repeatable(a) && !tpl_is_safe(a)) {
        name = tpl_type_name(b);

    } else if (tpl_is_repeatable(b) && !tpl_is_safe(b)) {
        name = tpl_type_name(a);

    } else {
        return tpl_unsupported(exec, TPL_OP_MUL, a, b, out);
    }

    return tpl_throw(exec, TPL_EXC_TYPE,
                     "can't multiply sequence by non-int of type '%s'", name);
}


static tpl_int_t
tpl_dict_union(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_value_t *out)
{
    tpl_dict_t  *dict;

    if (tpl_dict_copy(exec, a->u.dict, &dict) != TPL_OK
        || tpl_dict_update(exec, dict, b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


tpl_int_t
tpl_binary(tpl_exec_t *exec, tpl_binary_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_value_t *out)
{
    int64_t      r;
    double       x, y;

    if (tpl_is_number(a) && tpl_is_number(b)) {

        if (a->type == TPL_FLOAT || b->type == TPL_FLOAT) {
            if (op > TPL_OP_POW) {
                return tpl_unsupported(exec, op, a, b, out);
            }

            x = (a->type == TPL_FLOAT) ? a->u.d : (double) a->u.i;
            y = (b->type == TPL_FLOAT) ? b->u.d : (double) b->u.i;

            return tpl_float_op(exec, op, x, y, out);
        }

        if (a->type == TPL_BOOL && b->type == TPL_BOOL
            && (op == TPL_OP_BIT_OR || op == TPL_OP_BIT_AND
                || op == TPL_OP_BIT_XOR))
        {
            r = (op == TPL_OP_BIT_OR) ? (a->u.i | b->u.i)
                : (op == TPL_OP_BIT_AND) ? (a->u.i & b->u.i)
                : (a->u.i ^ b->u.i);

            tpl_value_bool(out, r);
            return TPL_OK;
        }

        return tpl_int_op(exec, op, a->u.i, b->u.i, out);
    }

    /* jinja2.runtime.Undefined defines these operators, and no others */

    if (op <= TPL_OP_POW) {

        if (a->type == TPL_UNDEFINED) {
            return tpl_undefined_throw(exec, a);
        }

        if (b->type == TPL_UNDEFINED
            && !(op == TPL_OP_MOD && a->type == TPL_STRING)
            && !(op == TPL_OP_ADD && tpl_is_safe(a) && tpl_has_html(b)))
        {
            return tpl_undefined_throw(exec, b);
        }
    }

    switch (op) {

    case TPL_OP_ADD:
        return tpl_add(exec, a, b, out);

    case TPL_OP_MUL:
        return tpl_multiply(exec, a, b, out);

    case TPL_OP_MOD:
        if (a->type == TPL_STRING) {
            return tpl_format_percent(exec, a, b, out);
        }

        break;

    case TPL_OP_BIT_OR:
        if (a->type == TPL_DICT && b->type == TPL_DICT) {
            return tpl_dict_union(exec, a, b, out);
        }

        /* fall through */

    case TPL_OP_SUB:
    case TPL_OP_BIT_AND:
    case TPL_OP_BIT_XOR:
        if (a->type == TPL_SET && b->type == TPL_SET) {
            return tpl_set_binary(exec, op, a->u.dict, b->u.dict, out);
        }

        break;

    default:
        break;
    }

    return tpl_unsupported(exec, op, a, b, out);
}


tpl_int_t
tpl_unary(tpl_exec_t *exec, tpl_unary_op_t op, const tpl_value_t *a,
    tpl_value_t *out)
{
    int64_t             n;
    tpl_int_t           rc;
    tpl_value_t         factor;
    static const char  *signs[] = { "-", "+", "~" };

    switch (a->type) {

    case TPL_INT:
    case TPL_BOOL:
        n = a->u.i;

        if (op == TPL_OP_NEG) {
            if (n == INT64_MIN) {
                return tpl_int_overflow(exec);
            }

            n = -n;

        } else if (op == TPL_OP_INVERT) {
            n = ~n;
        }

        tpl_value_int(out, n);
        return TPL_OK;

    case TPL_FLOAT:
        if (op == TPL_OP_INVERT) {
            break;
        }

        tpl_value_float(out, (op == TPL_OP_NEG) ? -a->u.d : a->u.d);
        return TPL_OK;

    case TPL_UNDEFINED:
        if (op == TPL_OP_INVERT) {
            break;
        }

        return tpl_undefined_throw(exec, a);

    case TPL_OBJECT:
        if (op == TPL_OP_INVERT || a->u.obj->cls->binary == NULL) {
            break;
        }

        tpl_value_int(&factor, (op == TPL_OP_NEG) ? -1 : 1);

        rc = a->u.obj->cls->binary(exec, TPL_OP_MUL, a, &factor, out);
        if (rc != TPL_DECLINED) {
            return rc;
        }

        break;

    default:
        break;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "bad operand type for unary %s: '%s'",
                     signs[op], tpl_type_name(a));
}
