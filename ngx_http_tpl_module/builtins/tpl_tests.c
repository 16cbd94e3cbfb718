
/*
 * Jinja's tests: what `is` and select() ask.  A test's result is a bool; merely
 * receiving an undefined value is no error here, only using it is.
 * The rules are those of jinja2/tests.py.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* value % num == rest, by Python's operators */

static tpl_int_t
tpl_test_remainder(tpl_call_t *call, const tpl_value_t *num, int64_t rest)
{
    int64_t       a, b, m;
    tpl_uint_t    equal;
    tpl_value_t   r, want, *v;

    v = &call->args[0];

    if (tpl_is_int(v) && tpl_is_int(num) && num->u.i > 0) {
        a = v->u.i;
        b = num->u.i;
        m = a % b;

        if (m < 0) {
            m += b;
        }

        tpl_value_bool(&call->result, m == rest);
        return TPL_OK;
    }

    if (tpl_binary(call->exec, TPL_OP_MOD, v, num, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_int(&want, rest);

    if (tpl_equal(call->exec, &r, &want, &equal) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_bool(&call->result, equal);

    return TPL_OK;
}


static tpl_int_t
tpl_test_odd(tpl_call_t *call)
{
    tpl_value_t  two;

    tpl_value_int(&two, 2);

    return tpl_test_remainder(call, &two, 1);
}


static tpl_int_t
tpl_test_even(tpl_call_t *call)
{
    tpl_value_t  two;

    tpl_value_int(&two, 2);

    return tpl_test_remainder(call, &two, 0);
}


static tpl_int_t
tpl_test_divisibleby(tpl_call_t *call)
{
    return tpl_test_remainder(call, &call->args[1], 0);
}


static tpl_int_t
tpl_test_defined(tpl_call_t *call)
{
    tpl_value_bool(&call->result, call->args[0].type != TPL_UNDEFINED);

    return TPL_OK;
}


static tpl_int_t
tpl_test_undefined(tpl_call_t *call)
{
    tpl_value_bool(&call->result, call->args[0].type == TPL_UNDEFINED);

    return TPL_OK;
}


/* `value in env.filters`: a key that is no string is in no table */

static tpl_int_t
tpl_test_known(tpl_call_t *call, tpl_builtin_table_t table)
{
    uint32_t             hash;
    tpl_str_t            name;
    const tpl_value_t   *v;

    v = &call->args[0];

    if (v->type != TPL_STRING) {

        if (tpl_value_hash(call->exec, v, &hash) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_bool(&call->result, 0);
        return TPL_OK;
    }

    name = tpl_value_str(v);

    tpl_value_bool(&call->result,
                   call->exec->builtins != NULL
                   && tpl_builtins_find_str(call->exec->builtins, table, &name)
                      != NULL);

    return TPL_OK;
}


static tpl_int_t
tpl_test_filter(tpl_call_t *call)
{
    return tpl_test_known(call, TPL_FILTERS);
}


static tpl_int_t
tpl_test_test(tpl_call_t *call)
{
    return tpl_test_known(call, TPL_TESTS);
}


static tpl_int_t
tpl_test_none(tpl_call_t *call)
{
    tpl_value_bool(&call->result, call->args[0].type == TPL_NONE);

    return TPL_OK;
}


static tpl_int_t
tpl_test_boolean(tpl_call_t *call)
{
    tpl_value_bool(&call->result, call->args[0].type == TPL_BOOL);

    return TPL_OK;
}


static tpl_int_t
tpl_test_false(tpl_call_t *call)
{
    const tpl_value_t  *v = &call->args[0];

    tpl_value_bool(&call->result, v->type == TPL_BOOL && v->u.i == 0);

    return TPL_OK;
}


static tpl_int_t
tpl_test_true(tpl_call_t *call)
{
    const tpl_value_t  *v = &call->args[0];

    tpl_value_bool(&call->result, v->type == TPL_BOOL && v->u.i != 0);

    return TPL_OK;
}


static tpl_int_t
tpl_test_integer(tpl_call_t *call)
{
    tpl_value_bool(&call->result, call->args[0].type == TPL_INT);

    return TPL_OK;
}


static tpl_int_t
tpl_test_float(tpl_call_t *call)
{
    tpl_value_bool(&call->result, call->args[0].type == TPL_FLOAT);

    return TPL_OK;
}


static tpl_int_t
tpl_test_number(tpl_call_t *call)
{
    tpl_value_bool(&call->result, tpl_is_number(&call->args[0]));

    return TPL_OK;
}


static tpl_int_t
tpl_test_string(tpl_call_t *call)
{
    tpl_value_bool(&call->result, tpl_is_string(&call->args[0]));

    return TPL_OK;
}


static tpl_int_t
tpl_test_mapping(tpl_call_t *call)
{
    const tpl_value_t  *v = &call->args[0];

    tpl_value_bool(&call->result,
                   v->type == TPL_DICT
                   || (v->type == TPL_OBJECT
                       && (v->u.obj->cls->flags & TPL_CLASS_MAPPING)));

    return TPL_OK;
}


/*
 * str.islower() and str.isupper(): some cased character, and none of the other
 * case nor of title case.
 */

static tpl_int_t
tpl_test_case(tpl_call_t *call, tpl_uint_t upper)
{
    uint32_t           c;
    tpl_uint_t         up, low, cased;
    tpl_value_t        s;
    const tpl_char_t  *p, *last;

    if (tpl_to_string(call->exec, &call->args[0], &s) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, s.len);

    cased = 0;
    p = s.u.s;
    last = p + s.len;

    while (p < last) {

        if (*p < 0x80) {
            c = *p++;
            up = (c >= 'A' && c <= 'Z');
            low = (c >= 'a' && c <= 'z');

        } else {
            c = tpl_utf8_decode(&p, last);
            up = tpl_uc_upper(c);
            low = tpl_uc_lower(c);

            if (tpl_uc_title(c) && !up && !low) {
                cased = 0;
                break;
            }
        }

        if (upper ? low : up) {
            cased = 0;
            break;
        }

        cased |= up | low;
    }

    tpl_value_bool(&call->result, cased);

    return TPL_OK;
}


static tpl_int_t
tpl_test_lower(tpl_call_t *call)
{
    return tpl_test_case(call, 0);
}


static tpl_int_t
tpl_test_upper(tpl_call_t *call)
{
    return tpl_test_case(call, 1);
}


/* has a length and can be indexed, which Jinja takes for a sequence */

static tpl_int_t
tpl_test_sequence(tpl_call_t *call)
{
    tpl_uint_t          yes;
    const tpl_value_t  *v;

    v = &call->args[0];

    switch (v->type) {

    case TPL_STRING:
    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
    case TPL_RANGE:
        yes = 1;
        break;

    case TPL_UNDEFINED:
        yes = (v->u.undef->kind != TPL_UNDEF_STRICT);
        break;

    case TPL_OBJECT:
        yes = (v->u.obj->cls->length != NULL
               && v->u.obj->cls->get_item != NULL);
        break;

    default:
        yes = 0;
    }

    tpl_value_bool(&call->result, yes);

    return TPL_OK;
}


static tpl_int_t
tpl_test_iterable(tpl_call_t *call)
{
    tpl_uint_t          yes;
    const tpl_value_t  *v;

    v = &call->args[0];

    switch (v->type) {

    case TPL_STRING:
    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
    case TPL_SET:
    case TPL_RANGE:
    case TPL_ITERATOR:
        yes = 1;
        break;

    case TPL_UNDEFINED:

        /* iter() of a strict one raises what the test does not catch */

        if (v->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(call->exec, v);
        }

        yes = 1;
        break;

    case TPL_OBJECT:
        yes = (v->u.obj->cls->iter != NULL);
        break;

    default:
        yes = 0;
    }

    tpl_value_bool(&call->result, yes);

    return TPL_OK;
}


static tpl_int_t
tpl_test_callable(tpl_call_t *call)
{
    const tpl_value_t  *v = &call->args[0];

    /* Undefined has a __call__: the one that raises */

    tpl_value_bool(&call->result,
                   v->type == TPL_UNDEFINED || tpl_is_callable(v));

    return TPL_OK;
}


static tpl_int_t
tpl_test_escaped(tpl_call_t *call)
{
    tpl_value_bool(&call->result, tpl_has_html(&call->args[0]));

    return TPL_OK;
}


static tpl_int_t
tpl_test_compare(tpl_call_t *call, tpl_compare_op_t op)
{
    tpl_int_t   rc;
    tpl_uint_t  yes;

    rc = tpl_compare(call->exec, op, &call->args[0], &call->args[1], &yes);

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_bool(&call->result, yes);

    return TPL_OK;
}


static tpl_int_t
tpl_test_eq(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_EQ);
}


static tpl_int_t
tpl_test_ne(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_NE);
}


static tpl_int_t
tpl_test_lt(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_LT);
}


static tpl_int_t
tpl_test_le(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_LE);
}


static tpl_int_t
tpl_test_gt(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_GT);
}


static tpl_int_t
tpl_test_ge(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_GE);
}


static tpl_int_t
tpl_test_in(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_IN);
}


static tpl_int_t
tpl_test_sameas(tpl_call_t *call)
{
    return tpl_test_compare(call, TPL_CMP_IS);
}


const tpl_builtin_def_t  tpl_tests[] = {

    { "odd", "value", tpl_test_odd, 0 },
    { "even", "value", tpl_test_even, 0 },
    { "divisibleby", "value, num", tpl_test_divisibleby, 0 },
    { "defined", "value", tpl_test_defined, 0 },
    { "undefined", "value", tpl_test_undefined, 0 },
    { "filter", "value", tpl_test_filter, 0 },
    { "test", "value", tpl_test_test, 0 },
    { "none", "value", tpl_test_none, 0 },
    { "boolean", "value", tpl_test_boolean, 0 },
    { "false", "value", tpl_test_false, 0 },
    { "true", "value", tpl_test_true, 0 },
    { "integer", "value", tpl_test_integer, 0 },
    { "float", "value", tpl_test_float, 0 },
    { "lower", "value", tpl_test_lower, 0 },
    { "upper", "value", tpl_test_upper, 0 },
    { "string", "value", tpl_test_string, 0 },
    { "mapping", "value", tpl_test_mapping, 0 },
    { "number", "value", tpl_test_number, 0 },
    { "sequence", "value", tpl_test_sequence, 0 },
    { "iterable", "value", tpl_test_iterable, 0 },
    { "callable", "obj, /", tpl_test_callable, 0 },
    { "sameas", "value, other", tpl_test_sameas, 0 },
    { "escaped", "value", tpl_test_escaped, 0 },
    { "in", "value, seq", tpl_test_in, 0 },
    { "==", "a, b, /", tpl_test_eq, 0 },
    { "eq", "a, b, /", tpl_test_eq, 0 },
    { "equalto", "a, b, /", tpl_test_eq, 0 },
    { "!=", "a, b, /", tpl_test_ne, 0 },
    { "ne", "a, b, /", tpl_test_ne, 0 },
    { ">", "a, b, /", tpl_test_gt, 0 },
    { "gt", "a, b, /", tpl_test_gt, 0 },
    { "greaterthan", "a, b, /", tpl_test_gt, 0 },
    { "ge", "a, b, /", tpl_test_ge, 0 },
    { ">=", "a, b, /", tpl_test_ge, 0 },
    { "<", "a, b, /", tpl_test_lt, 0 },
    { "lt", "a, b, /", tpl_test_lt, 0 },
    { "lessthan", "a, b, /", tpl_test_lt, 0 },
    { "<=", "a, b, /", tpl_test_le, 0 },
    { "le", "a, b, /", tpl_test_le, 0 },

    { NULL, NULL, NULL, 0 }
};
