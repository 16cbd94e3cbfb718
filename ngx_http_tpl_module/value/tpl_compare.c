
/*
 * Equality, order, membership, identity and hashing, by Python's rules.
 *
 * Nested values recurse: exec->depth bounds it.  Equal values have equal
 * hashes, also across bool, int and float, and across str and Markup.
 */

#include <math.h>

#include "value/tpl_inner.h"


static tpl_int_t tpl_list_equal(tpl_exec_t *exec, const tpl_list_t *a,
    const tpl_list_t *b, tpl_uint_t *equal);
static tpl_int_t tpl_dict_equal(tpl_exec_t *exec, const tpl_dict_t *a,
    const tpl_dict_t *b, tpl_uint_t values, tpl_uint_t *equal);
static tpl_int_t tpl_contains(tpl_exec_t *exec, const tpl_value_t *a,
    const tpl_value_t *b, tpl_uint_t *found);


static const char  *tpl_compare_signs[] = {
    "==", "!=", "<", "<=", ">", ">="
};


static tpl_int_t
tpl_enter(tpl_exec_t *exec, const char *what)
{
    if (tpl_unlikely(exec->depth >= TPL_MAX_DEPTH)) {
        return tpl_throw(exec, TPL_EXC_RECURSION,
                         "maximum recursion depth exceeded %s", what);
    }

    exec->depth++;

    return TPL_OK;
}


/* -1, 0, 1; no rounding of the integer: 2**53 + 1 is not 2.0**53 */

static tpl_int_t
tpl_int_float_order(int64_t i, double d)
{
    double   rest;
    int64_t  whole;

    if (isnan(d)) {
        return TPL_UNORDERED;
    }

    if (d >= TPL_TWO_63) {
        return -1;
    }

    if (d < -TPL_TWO_63) {
        return 1;
    }

    whole = (int64_t) d;

    if (i != whole) {
        return (i < whole) ? -1 : 1;
    }

    rest = d - (double) whole;

    return (rest > 0) ? -1 : (rest < 0) ? 1 : 0;
}


static tpl_int_t
tpl_number_order(const tpl_value_t *a, const tpl_value_t *b)
{
    tpl_int_t  order;

    if (a->type != TPL_FLOAT) {

        if (b->type != TPL_FLOAT) {
            return (a->u.i > b->u.i) - (a->u.i < b->u.i);
        }

        return tpl_int_float_order(a->u.i, b->u.d);
    }

    if (b->type != TPL_FLOAT) {
        order = tpl_int_float_order(b->u.i, a->u.d);

        return (order == TPL_UNORDERED) ? order : -order;
    }

    if (isnan(a->u.d) || isnan(b->u.d)) {
        return TPL_UNORDERED;
    }

    return (a->u.d > b->u.d) - (a->u.d < b->u.d);
}


static tpl_int_t
tpl_string_order(const tpl_value_t *a, const tpl_value_t *b)
{
    int     rc;
    size_t  n;

    n = tpl_min(a->len, b->len);
    rc = n ? memcmp(a->u.s, b->u.s, n) : 0;

    if (rc) {
        return (rc < 0) ? -1 : 1;
    }

    return (a->len > b->len) - (a->len < b->len);
}


tpl_uint_t
tpl_identical(const tpl_value_t *a, const tpl_value_t *b)
{
    if (a->type != b->type) {
        return 0;
    }

    switch (a->type) {

    case TPL_NONE:
    case TPL_MISSING:
        return 1;

    case TPL_BOOL:
    case TPL_INT:
        return a->u.i == b->u.i;

    case TPL_FLOAT:
        /* the same bits as an integer's: a NaN in a list is found there */
        return a->u.i == b->u.i;

    case TPL_STRING:
        return a->len == b->len
               && ((a->flags ^ b->flags) & TPL_F_SAFE) == 0
               && (a->len == 0 || memcmp(a->u.s, b->u.s, a->len) == 0);

    case TPL_METHOD:
        return a->u.method == b->u.method
               || (a->u.method->fn == b->u.method->fn
                   && tpl_identical(&a->u.method->self, &b->u.method->self));

    default:
        return a->u.p == b->u.p;
    }
}


tpl_int_t
tpl_equal(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_uint_t *equal)
{
    int64_t     n;
    tpl_int_t   rc, order;

    if (tpl_is_number(a) && tpl_is_number(b)) {
        *equal = (tpl_number_order(a, b) == 0);
        return TPL_OK;
    }

    if (a->type != b->type) {

        /* Undefined.__eq__ compares types, StrictUndefined's always raises */

        if (a->type == TPL_UNDEFINED
            && a->u.undef->kind == TPL_UNDEF_STRICT)
        {
            return tpl_undefined_throw(exec, a);
        }

        if (b->type == TPL_UNDEFINED
            && b->u.undef->kind == TPL_UNDEF_STRICT)
        {
            return tpl_undefined_throw(exec, b);
        }

        *equal = 0;
        return TPL_OK;
    }

    switch (a->type) {

    case TPL_STRING:
        *equal = a->len == b->len
                 && (a->len == 0 || a->u.s == b->u.s
                     || memcmp(a->u.s, b->u.s, a->len) == 0);
        return TPL_OK;

    case TPL_UNDEFINED:
        if (a->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, a);
        }

        if (b->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, b);
        }

        *equal = (a->u.undef->kind == b->u.undef->kind);
        return TPL_OK;

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
    case TPL_SET:
        if (a->u.p == b->u.p) {
            *equal = 1;
            return TPL_OK;
        }

        if (tpl_enter(exec, "in comparison") != TPL_OK) {
            return TPL_ERROR;
        }

        if (a->type == TPL_LIST || a->type == TPL_TUPLE) {
            rc = tpl_list_equal(exec, a->u.list, b->u.list, equal);

        } else {
            rc = tpl_dict_equal(exec, a->u.dict, b->u.dict,
                                a->type == TPL_DICT, equal);
        }

        exec->depth--;

        return rc;

    case TPL_RANGE:
        n = tpl_range_length(a->u.range);

        *equal = n == tpl_range_length(b->u.range)
                 && (n == 0
                     || (a->u.range->start == b->u.range->start
                         && (n == 1
                             || a->u.range->step == b->u.range->step)));
        return TPL_OK;

    case TPL_OBJECT:
        if (a->u.obj->cls->compare && a->u.obj->cls == b->u.obj->cls) {
            rc = a->u.obj->cls->compare(exec, a->u.obj, b->u.obj, &order);

            *equal = (rc == TPL_OK && order == 0);

            return (rc == TPL_DECLINED) ? TPL_OK : rc;
        }

        /* fall through */

    default:
        *equal = tpl_identical(a, b);
        return TPL_OK;
    }
}


static tpl_int_t
tpl_list_equal(tpl_exec_t *exec, const tpl_list_t *a, const tpl_list_t *b,
    tpl_uint_t *equal)
{
    uint32_t   i;

    *equal = (a->n == b->n);

    for (i = 0; *equal && i < a->n && i < b->n; i++) {
        exec->fuel--;

        if (tpl_identical(&a->items[i], &b->items[i])) {
            continue;
        }

        if (tpl_equal(exec, &a->items[i], &b->items[i], equal) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_dict_equal(tpl_exec_t *exec, const tpl_dict_t *a, const tpl_dict_t *b,
    tpl_uint_t values, tpl_uint_t *equal)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_value_t        other;
    tpl_dict_entry_t  *e;

    *equal = (a->n == b->n);

    if (!*equal) {
        return TPL_OK;
    }

    for (i = 0; (e = tpl_dict_next(a, &i)) != NULL; ) {
        exec->fuel--;

        rc = tpl_dict_get(exec, b, &e->key, &other);

        if (rc == TPL_DECLINED) {
            *equal = 0;
            return TPL_OK;
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (!values || tpl_identical(&e->value, &other)) {
            continue;
        }

        if (tpl_equal(exec, &e->value, &other, equal) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!*equal) {
            return TPL_OK;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_no_order(tpl_exec_t *exec, tpl_compare_op_t op, const tpl_value_t *a,
    const tpl_value_t *b)
{
    if (a->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, a);
    }

    if (b->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, b);
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "'%s' not supported between "
                     "instances of '%s' and '%s'", tpl_compare_signs[op],
                     tpl_type_name(a), tpl_type_name(b));
}


/* true if all keys of a are in b */

static tpl_int_t
tpl_subset(tpl_exec_t *exec, const tpl_dict_t *a, const tpl_dict_t *b,
    tpl_uint_t *subset)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_value_t        other;
    tpl_dict_entry_t  *e;

    *subset = (a->n <= b->n);

    for (i = 0; *subset && (e = tpl_dict_next(a, &i)) != NULL; ) {
        exec->fuel--;

        rc = tpl_dict_get(exec, b, &e->key, &other);
        if (rc == TPL_ERROR) {
            return rc;
        }

        *subset = (rc == TPL_OK);
    }

    return TPL_OK;
}


/* < is a proper subset; sets of which neither is one have no order */

static tpl_int_t
tpl_set_order(tpl_exec_t *exec, const tpl_dict_t *a, const tpl_dict_t *b,
    tpl_int_t *order)
{
    tpl_int_t   rc;
    tpl_uint_t  subset;

    if (a->n <= b->n) {
        rc = tpl_subset(exec, a, b, &subset);
        *order = (a->n < b->n) ? -1 : 0;

    } else {
        rc = tpl_subset(exec, b, a, &subset);
        *order = 1;
    }

    if (rc == TPL_OK && !subset) {
        *order = TPL_UNORDERED;
    }

    return rc;
}


/* TPL_OK with -1, 0, 1 or TPL_UNORDERED; op is for the message */

static tpl_int_t
tpl_order_of(tpl_exec_t *exec, tpl_compare_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_int_t *order)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_uint_t         equal;
    const tpl_list_t  *la, *lb;

    if (a->type == TPL_STRING && b->type == TPL_STRING) {
        *order = tpl_string_order(a, b);
        return TPL_OK;
    }

    if (tpl_is_number(a) && tpl_is_number(b)) {
        *order = tpl_number_order(a, b);
        return TPL_OK;
    }

    if (a->type == TPL_SET && b->type == TPL_SET) {
        return tpl_set_order(exec, a->u.dict, b->u.dict, order);
    }

    if (a->type == TPL_OBJECT && b->type == TPL_OBJECT
        && a->u.obj->cls == b->u.obj->cls && a->u.obj->cls->compare)
    {
        rc = a->u.obj->cls->compare(exec, a->u.obj, b->u.obj, order);

        return (rc == TPL_DECLINED) ? tpl_no_order(exec, op, a, b) : rc;
    }

    if (a->type != b->type
        || (a->type != TPL_LIST && a->type != TPL_TUPLE))
    {
        return tpl_no_order(exec, op, a, b);
    }

    if (tpl_enter(exec, "in comparison") != TPL_OK) {
        return TPL_ERROR;
    }

    la = a->u.list;
    lb = b->u.list;
    rc = TPL_OK;

    /* the first items that differ decide */

    for (i = 0; ; i++) {
        if (i >= la->n || i >= lb->n) {
            *order = (la->n > lb->n) - (la->n < lb->n);
            break;
        }

        exec->fuel--;

        if (tpl_identical(&la->items[i], &lb->items[i])) {
            continue;
        }

        rc = tpl_equal(exec, &la->items[i], &lb->items[i], &equal);
        if (rc != TPL_OK) {
            break;
        }

        if (!equal) {
            rc = tpl_order_of(exec, op, &la->items[i], &lb->items[i], order);
            break;
        }
    }

    exec->depth--;

    return rc;
}


tpl_int_t
tpl_order(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_int_t *order)
{
    if (tpl_order_of(exec, TPL_CMP_LT, a, b, order) != TPL_OK) {
        return TPL_ERROR;
    }

    if (*order == TPL_UNORDERED) {
        *order = 0;
    }

    return TPL_OK;
}


tpl_int_t
tpl_compare(tpl_exec_t *exec, tpl_compare_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_uint_t *result)
{
    tpl_int_t  rc, order;

    switch (op) {

    case TPL_CMP_EQ:
        return tpl_equal(exec, a, b, result);

    case TPL_CMP_NE:
        rc = tpl_equal(exec, a, b, result);
        *result = !*result;
        return rc;

    case TPL_CMP_IN:
        return tpl_contains(exec, a, b, result);

    case TPL_CMP_NOT_IN:
        rc = tpl_contains(exec, a, b, result);
        *result = !*result;
        return rc;

    case TPL_CMP_IS:
        *result = tpl_identical(a, b);
        return TPL_OK;

    case TPL_CMP_IS_NOT:
        *result = !tpl_identical(a, b);
        return TPL_OK;

    default:
        break;
    }

    rc = tpl_order_of(exec, op, a, b, &order);
    if (rc != TPL_OK) {
        return rc;
    }

    switch (op) {

    case TPL_CMP_LT:
        *result = (order == -1);
        break;

    case TPL_CMP_LE:
        *result = (order == -1 || order == 0);
        break;

    case TPL_CMP_GT:
        *result = (order == 1);
        break;

    default: /* TPL_CMP_GE */
        *result = (order == 1 || order == 0);
        break;
    }

    return TPL_OK;
}


/* a in b */

static tpl_int_t
tpl_contains(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_uint_t *found)
{
    int64_t             n;
    uint32_t            i;
    uint64_t            away, step;
    tpl_int_t           rc;
    tpl_str_t           needle, text;
    tpl_iter_t          it;
    tpl_value_t         item;
    const tpl_list_t   *list;
    const tpl_range_t  *range;

    *found = 0;

    switch (b->type) {

    case TPL_STRING:
        if (a->type != TPL_STRING) {
            return tpl_throw(exec, TPL_EXC_TYPE, "'in <string>' requires "
                             "string as left operand, not %s",
                             tpl_type_name(a));
        }

        text = tpl_value_str(b);
        needle = tpl_value_str(a);

        tpl_fuel_bytes(exec, text.len);

        *found = needle.len == 0
                 || (needle.len <= text.len
                     && tpl_str_find(&text, &needle, 0) >= 0);

        return TPL_OK;

    case TPL_DICT:
    case TPL_SET:
        if (b->type == TPL_SET && a->type == TPL_SET) {
            /* Python looks for a frozenset, of which there are none */
            return TPL_OK;
        }

        rc = tpl_dict_get(exec, b->u.dict, a, &item);
        *found = (rc == TPL_OK);

        return (rc == TPL_DECLINED) ? TPL_OK : rc;

    case TPL_LIST:
    case TPL_TUPLE:
        list = b->u.list;

        for (i = 0; i < list->n; i++) {
            exec->fuel--;

            if (tpl_identical(&list->items[i], a)) {
                *found = 1;
                return TPL_OK;
            }

            rc = tpl_equal(exec, &list->items[i], a, found);
            if (rc != TPL_OK || *found) {
                return rc;
            }
        }

        return TPL_OK;

    case TPL_RANGE:
        if (!tpl_is_number(a)) {
            if (a->type == TPL_UNDEFINED
                && a->u.undef->kind == TPL_UNDEF_STRICT)
            {
                return tpl_undefined_throw(exec, a);
            }

            return TPL_OK;
        }

        if (a->type == TPL_FLOAT) {
            if (!(a->u.d >= -TPL_TWO_63 && a->u.d < TPL_TWO_63)
                || floor(a->u.d) != a->u.d)
            {
                return TPL_OK;
            }

            n = (int64_t) a->u.d;

        } else {
            n = a->u.i;
        }

        range = b->u.range;

        if (range->step > 0) {
            if (n < range->start || n >= range->stop) {
                return TPL_OK;
            }

            away = (uint64_t) n - (uint64_t) range->start;
            step = (uint64_t) range->step;

        } else {
            if (n > range->start || n <= range->stop || range->step == 0) {
                return TPL_OK;
            }

            away = (uint64_t) range->start - (uint64_t) n;
            step = 0 - (uint64_t) range->step;
        }

        *found = (away % step == 0);

        return TPL_OK;

    case TPL_UNDEFINED:
        if (b->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, b);
        }

        return TPL_OK;

    case TPL_OBJECT:
        if (b->u.obj->cls->contains) {
            return b->u.obj->cls->contains(exec, b->u.obj, a, found);
        }

        if (b->u.obj->cls->iter) {
            break;
        }

        goto not_iterable;

    case TPL_ITERATOR:
        break;

    default:
        goto not_iterable;
    }

    rc = tpl_iter_init(exec, &it, b);
    if (rc != TPL_OK) {
        return rc;
    }

    for ( ;; ) {
        rc = tpl_iter_next(exec, &it, &item);
        if (rc != TPL_OK) {
            return (rc == TPL_DONE) ? TPL_OK : rc;
        }

        if (tpl_identical(&item, a)) {
            *found = 1;
            return TPL_OK;
        }

        rc = tpl_equal(exec, &item, a, found);
        if (rc != TPL_OK || *found) {
            return rc;
        }
    }

not_iterable:

    return tpl_throw(exec, TPL_EXC_TYPE,
                     "argument of type '%s' is not iterable",
                     tpl_type_name(b));
}


tpl_int_t
tpl_value_hash(tpl_exec_t *exec, const tpl_value_t *v, uint32_t *hash)
{
    double             d;
    int64_t            n;
    uint32_t           i, parts[4], h;
    tpl_int_t          rc;
    const tpl_list_t  *list;

    switch (v->type) {

    case TPL_STRING:
        *hash = tpl_hash(v->u.s, v->len);
        return TPL_OK;

    case TPL_BOOL:
    case TPL_INT:
        *hash = tpl_hash(&v->u.i, sizeof(int64_t));
        return TPL_OK;

    case TPL_FLOAT:
        d = v->u.d;

        if (d >= -TPL_TWO_63 && d < TPL_TWO_63 && (double) (int64_t) d == d) {
            n = (int64_t) d;
            *hash = tpl_hash(&n, sizeof(int64_t));
            return TPL_OK;
        }

        *hash = tpl_hash(&d, sizeof(double));
        return TPL_OK;

    case TPL_NONE:
        *hash = 0x9e3779b9;
        return TPL_OK;

    case TPL_UNDEFINED:
        if (v->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, v);
        }

        /* Undefined.__hash__: one for all of a type, as they are equal */
        *hash = 0x85ebca6b + v->u.undef->kind;
        return TPL_OK;

    case TPL_TUPLE:
        if (tpl_enter(exec, "while hashing a tuple") != TPL_OK) {
            return TPL_ERROR;
        }

        list = v->u.list;
        h = list->n;
        rc = TPL_OK;

        for (i = 0; i < list->n; i++) {
            exec->fuel--;

            parts[0] = h;

            rc = tpl_value_hash(exec, &list->items[i], &parts[1]);
            if (rc != TPL_OK) {
                break;
            }

            h = tpl_hash(parts, 2 * sizeof(uint32_t));
        }

        exec->depth--;
        *hash = h;

        return rc;

    case TPL_RANGE:
        n = tpl_range_length(v->u.range);

        parts[0] = (uint32_t) n;
        parts[1] = n ? (uint32_t) v->u.range->start : 0;
        parts[2] = n ? (uint32_t) ((uint64_t) v->u.range->start >> 32) : 0;
        parts[3] = (n > 1) ? (uint32_t) v->u.range->step : 0;

        *hash = tpl_hash(parts, sizeof(parts));
        return TPL_OK;

    case TPL_METHOD:
        *hash = tpl_hash(&v->u.method->fn, sizeof(void *));
        return TPL_OK;

    case TPL_LIST:
    case TPL_DICT:
    case TPL_SET:
        return tpl_throw(exec, TPL_EXC_TYPE, "unhashable type: '%s'",
                         tpl_type_name(v));

    case TPL_OBJECT:
        if (v->u.obj->cls->flags & TPL_CLASS_UNHASHABLE) {
            return tpl_throw(exec, TPL_EXC_TYPE, "unhashable type: '%s'",
                             tpl_type_name(v));
        }

        if (v->u.obj->cls->hash) {
            *hash = v->u.obj->cls->hash(v->u.obj);
            return TPL_OK;
        }

        /* fall through */

    default:
        *hash = tpl_hash(&v->u.p, sizeof(void *));
        return TPL_OK;
    }
}
