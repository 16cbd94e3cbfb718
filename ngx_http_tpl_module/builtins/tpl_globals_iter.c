
/*
 * Python's functions over iterables, for Tornado templates: sorted, zip, max,
 * map and their like.  Their table is in tpl_globals_tornado.c.
 *
 * What is lazy in Python (map, filter, zip, enumerate, reversed) is made at
 * once here and handed out as an iterator.  Functions that are passed in are
 * called through tpl_vm_call(), lambdas too.
 */

#include "builtins/tpl_methods.h"
#include "vm/tpl_vm.h"


/* "max expected at least 1 argument, got 0" and the like for *args */

static tpl_int_t
tpl_arity(tpl_exec_t *exec, const char *name, tpl_uint_t n, tpl_uint_t min,
    tpl_uint_t max)
{
    const char  *how;
    tpl_uint_t   bound;

    if (n >= min && n <= max) {
        return TPL_OK;
    }

    how = (min == max) ? "" : (n < min) ? "at least " : "at most ";
    bound = (n < min) ? min : max;

    return tpl_throw(exec, TPL_EXC_TYPE, "%s expected %s%u argument%s, got %u",
                     name, how, (unsigned) bound, (bound == 1) ? "" : "s",
                     (unsigned) n);
}


tpl_int_t
tpl_python_sorted(tpl_call_t *call)
{
    tpl_int_t           rc;
    tpl_value_t         given[2];
    const tpl_list_t   *args;
    static const char  *names[] = { "key", "reverse" };

    args = call->args[0].u.list;

    if (tpl_arity(call->exec, "sorted", args->n, 1, 1) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_to_list(call->exec, &args->items[0], &call->result);
    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_keywords(call->exec, call->args[1].u.dict, "sort", names, 2,
                     given)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_sort_by(call->exec, call->result.u.list, &given[0],
                       &given[1]);
}


tpl_int_t
tpl_python_reversed(tpl_call_t *call)
{
    uint32_t            i, n;
    tpl_int_t           rc;
    tpl_dict_t         *dict;
    tpl_list_t         *list;
    tpl_value_t         v;
    const char         *name;
    tpl_view_kind_t     kind;
    const tpl_value_t  *source;

    static const char  *views[] = {
        "dict_reversekeyiterator", "dict_reversevalueiterator",
        "dict_reverseitemiterator"
    };

    source = &call->args[0];
    name = "reversed";

    switch (source->type) {

    case TPL_LIST:
        name = "list_reverseiterator";
        break;

    case TPL_RANGE:
        name = "range_iterator";
        break;

    case TPL_DICT:
        name = views[TPL_VIEW_KEYS];
        break;

    case TPL_TUPLE:
    case TPL_STRING:
        break;

    default:
        if (tpl_dict_view(source, &kind, &dict) == TPL_OK) {
            name = views[kind];
            break;
        }

        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "'%s' object is not reversible",
                         tpl_type_name(source));
    }

    rc = tpl_to_list(call->exec, source, &v);
    if (rc != TPL_OK) {
        return rc;
    }

    list = v.u.list;
    n = list->n;

    /* items of Markup by their index are Markup, those of its iterator not */

    for (i = 0; tpl_is_safe(source) && i < n; i++) {
        list->items[i].flags |= TPL_F_SAFE;
    }

    for (i = 0; i < n / 2; i++) {
        v = list->items[i];
        list->items[i] = list->items[n - 1 - i];
        list->items[n - 1 - i] = v;
    }

    return tpl_value_iterator(call->exec, &call->result, list, name);
}


tpl_int_t
tpl_python_enumerate(tpl_call_t *call)
{
    int64_t      n;
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_list_t  *list;
    tpl_value_t  pair[2], tuple;

    if (tpl_arg_int(call, 1, 0, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_iter_init(call->exec, &it, &call->args[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for ( ;; ) {
        rc = tpl_iter_next(call->exec, &it, &pair[1]);

        if (rc == TPL_DONE) {
            return tpl_value_iterator(call->exec, &call->result, list,
                                      "enumerate");
        }

        if (rc != TPL_OK) {
            return rc;
        }

        tpl_value_int(&pair[0], n);

        if (tpl_value_pack(call->exec, pair, 2, &tuple) != TPL_OK
            || tpl_list_append(call->exec, list, &tuple) != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (n == INT64_MAX) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "integer overflow: result does not fit 64 bits");
        }

        n++;
    }
}


/* ValueError of zip(strict=True): iterable i, counted from 0, differs */

static tpl_int_t
tpl_zip_strict(tpl_exec_t *exec, uint32_t i, const char *how)
{
    return tpl_throw(exec, TPL_EXC_VALUE,
                     (i == 1) ? "zip() argument %u is %s than argument %u"
                              : "zip() argument %u is %s than arguments 1-%u",
                     i + 1, how, i);
}


tpl_int_t
tpl_python_zip(tpl_call_t *call)
{
    uint32_t            i, n;
    tpl_int_t           rc;
    tpl_uint_t          strict;
    tpl_list_t         *list;
    tpl_iter_t         *its;
    tpl_value_t         v, *row;
    tpl_exec_t         *exec;
    const tpl_list_t   *args;
    static const char  *names[] = { "strict" };

    exec = call->exec;
    args = call->args[0].u.list;
    n = args->n;

    if (tpl_keywords(exec, call->args[1].u.dict, "zip", names, 1, &v)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    strict = 0;

    if (v.type != TPL_MISSING && tpl_truth(exec, &v, &strict) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    its = tpl_palloc(exec->arena, (n + 1) * sizeof(tpl_iter_t));
    row = tpl_palloc(exec->arena, (n + 1) * sizeof(tpl_value_t));

    if (its == NULL || row == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < n; i++) {
        rc = tpl_iter_init(exec, &its[i], &args->items[i]);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    /* without iterables there is nothing, not an endless row of () */

    for ( /* void */ ; n; ) {

        for (i = 0; i < n; i++) {
            rc = tpl_iter_next(exec, &its[i], &row[i]);
            if (rc != TPL_OK) {
                break;
            }
        }

        if (i < n) {
            if (rc != TPL_DONE) {
                return rc;
            }

            if (!strict) {
                break;
            }

            if (i > 0) {
                return tpl_zip_strict(exec, i, "shorter");
            }

            for (i = 1; i < n; i++) {
                rc = tpl_iter_next(exec, &its[i], &row[i]);

                if (rc == TPL_OK) {
                    return tpl_zip_strict(exec, i, "longer");
                }

                if (rc != TPL_DONE) {
                    return rc;
                }
            }

            break;
        }

        if (tpl_value_pack(exec, row, n, &v) != TPL_OK
            || tpl_list_append(exec, list, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return tpl_value_iterator(exec, &call->result, list, "zip");
}


tpl_int_t
tpl_python_range(tpl_call_t *call)
{
    uint32_t           i;
    int64_t            n[3];
    tpl_range_t       *range;
    tpl_exec_t        *exec;
    const tpl_list_t  *args;

    exec = call->exec;
    args = call->args[0].u.list;

    if (tpl_arity(exec, "range", args->n, 1, 3) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < args->n; i++) {
        if (!tpl_is_int(&args->items[i])) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "'%s' object cannot be interpreted as an integer",
                             tpl_type_name(&args->items[i]));
        }

        n[i] = args->items[i].u.i;
    }

    range = tpl_palloc(exec->arena, sizeof(tpl_range_t));
    if (range == NULL) {
        return tpl_throw_memory(exec);
    }

    range->start = (args->n > 1) ? n[0] : 0;
    range->stop = (args->n > 1) ? n[1] : n[0];
    range->step = (args->n > 2) ? n[2] : 1;

    if (range->step == 0) {
        return tpl_throw(exec, TPL_EXC_VALUE, "range() arg 3 must not be zero");
    }

    if (tpl_range_length(range) > TPL_MAX_ITEMS) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "range too big: more than %d items", TPL_MAX_ITEMS);
    }

    call->result = (tpl_value_t) { .type = TPL_RANGE, .u.range = range };

    return TPL_OK;
}


/* min() and max(): the first of those that are best */

static tpl_int_t
tpl_best(tpl_call_t *call, const char *name, tpl_compare_op_t op)
{
    tpl_int_t           rc;
    tpl_uint_t          any, better;
    tpl_iter_t          it;
    tpl_exec_t         *exec;
    tpl_value_t         given[2], item, key, best;
    const tpl_list_t   *args;
    static const char  *names[] = { "key", "default" };

    exec = call->exec;
    args = call->args[0].u.list;

    if (tpl_arity(exec, name, args->n, 1, UINT32_MAX) != TPL_OK
        || tpl_keywords(exec, call->args[1].u.dict, name, names, 2, given)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (args->n > 1 && given[1].type != TPL_MISSING) {
        return tpl_throw(exec, TPL_EXC_TYPE, "Cannot specify a default for "
                         "%s() with multiple positional arguments", name);
    }

    rc = tpl_iter_init(exec, &it, (args->n > 1) ? &call->args[0]
                                                : &args->items[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_missing(&best);
    any = 0;

    for ( ;; ) {
        rc = tpl_iter_next(exec, &it, &item);

        if (rc == TPL_DONE) {
            break;
        }

        if (rc == TPL_OK) {
            rc = tpl_call_key(exec, &given[0], &item, &key);
        }

        if (rc != TPL_OK) {
            return rc;
        }

        better = 1;

        if (any && tpl_compare(exec, op, &key, &best, &better) != TPL_OK) {
            return TPL_ERROR;
        }

        if (better) {
            any = 1;
            best = key;
            call->result = item;
        }
    }

    if (!any) {
        if (given[1].type == TPL_MISSING) {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "%s() arg is an empty sequence", name);
        }

        call->result = given[1];
    }

    return TPL_OK;
}


tpl_int_t
tpl_python_min(tpl_call_t *call)
{
    return tpl_best(call, "min", TPL_CMP_LT);
}


tpl_int_t
tpl_python_max(tpl_call_t *call)
{
    return tpl_best(call, "max", TPL_CMP_GT);
}


/*
 * sum().  Adding lists one by one would copy what is there each time: a sum of
 * lists or of tuples grows one list of its own.
 */

static tpl_int_t
tpl_sum_list(tpl_exec_t *exec, tpl_value_t *sum, const tpl_value_t *item,
    tpl_uint_t *own)
{
    uint8_t      type;
    tpl_value_t  copy;

    type = sum->type;

    if (!*own) {
        if (tpl_to_list(exec, sum, &copy) != TPL_OK) {
            return TPL_ERROR;
        }

        *sum = copy;
        sum->type = type;
        *own = 1;
    }

    return tpl_list_extend(exec, sum->u.list, item);
}


tpl_int_t
tpl_python_sum(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_uint_t   own;
    tpl_iter_t   it;
    tpl_exec_t  *exec;
    tpl_value_t  sum, item;

    exec = call->exec;

    rc = tpl_iter_init(exec, &it, &call->args[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_given(&call->args[1])) {
        sum = call->args[1];

    } else {
        tpl_value_int(&sum, 0);
    }

    if (sum.type == TPL_STRING) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "sum() can't sum strings [use ''.join(seq) instead]");
    }

    own = 0;

    for ( ;; ) {
        rc = tpl_iter_next(exec, &it, &item);

        if (rc == TPL_DONE) {
            call->result = sum;
            return TPL_OK;
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (sum.type == item.type
            && (sum.type == TPL_LIST || sum.type == TPL_TUPLE))
        {
            rc = tpl_sum_list(exec, &sum, &item, &own);

        } else {
            rc = tpl_binary(exec, TPL_OP_ADD, &sum, &item, &sum);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }
}


/* any() and all(): stop says which truth ends the walk */

static tpl_int_t
tpl_any_or_all(tpl_call_t *call, tpl_uint_t stop)
{
    tpl_int_t    rc;
    tpl_uint_t   truth;
    tpl_iter_t   it;
    tpl_value_t  item;

    rc = tpl_iter_init(call->exec, &it, &call->args[0]);
    if (rc != TPL_OK) {
        return rc;
    }

    for ( ;; ) {
        rc = tpl_iter_next(call->exec, &it, &item);

        if (rc == TPL_DONE) {
            tpl_value_bool(&call->result, !stop);
            return TPL_OK;
        }

        if (rc == TPL_OK) {
            rc = tpl_truth(call->exec, &item, &truth);
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (truth == stop) {
            tpl_value_bool(&call->result, stop);
            return TPL_OK;
        }
    }
}


tpl_int_t
tpl_python_any(tpl_call_t *call)
{
    return tpl_any_or_all(call, 1);
}


tpl_int_t
tpl_python_all(tpl_call_t *call)
{
    return tpl_any_or_all(call, 0);
}


tpl_int_t
tpl_python_map(tpl_call_t *call)
{
    uint32_t           i, n;
    tpl_int_t          rc;
    tpl_list_t        *list;
    tpl_iter_t        *its;
    tpl_exec_t        *exec;
    tpl_value_t        v, *row;
    const tpl_list_t  *args;

    exec = call->exec;
    args = call->args[0].u.list;

    if (args->n < 2) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "map() must have at least two arguments.");
    }

    n = args->n - 1;

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    its = tpl_palloc(exec->arena, n * sizeof(tpl_iter_t));
    row = tpl_palloc(exec->arena, n * sizeof(tpl_value_t));

    if (its == NULL || row == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < n; i++) {
        rc = tpl_iter_init(exec, &its[i], &args->items[i + 1]);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    for ( ;; ) {

        for (i = 0; i < n; i++) {
            rc = tpl_iter_next(exec, &its[i], &row[i]);

            if (rc == TPL_DONE) {
                return tpl_value_iterator(exec, &call->result, list, "map");
            }

            if (rc != TPL_OK) {
                return rc;
            }
        }

        rc = tpl_vm_call(exec, &args->items[0], row, n, NULL, &v);
        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_list_append(exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }
}


tpl_int_t
tpl_python_filter(tpl_call_t *call)
{
    tpl_int_t           rc;
    tpl_uint_t          truth;
    tpl_iter_t          it;
    tpl_list_t         *list;
    tpl_exec_t         *exec;
    tpl_value_t         item, v;
    const tpl_value_t  *fn;

    exec = call->exec;
    fn = &call->args[0];

    rc = tpl_iter_init(exec, &it, &call->args[1]);
    if (rc != TPL_OK) {
        return rc;
    }

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for ( ;; ) {
        rc = tpl_iter_next(exec, &it, &item);

        if (rc == TPL_DONE) {
            return tpl_value_iterator(exec, &call->result, list, "filter");
        }

        if (rc == TPL_OK) {
            rc = tpl_call_key(exec, fn, &item, &v);
        }

        if (rc == TPL_OK) {
            rc = tpl_truth(exec, &v, &truth);
        }

        if (rc == TPL_OK && truth) {
            rc = tpl_list_append(exec, list, &item);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }
}


tpl_int_t
tpl_python_iter(tpl_call_t *call)
{
    tpl_int_t           rc;
    tpl_dict_t         *dict;
    tpl_value_t         v;
    const char         *name;
    tpl_view_kind_t     kind;
    const tpl_value_t  *source;

    static const char  *views[] = {
        "dict_keyiterator", "dict_valueiterator", "dict_itemiterator"
    };

    source = &call->args[0];

    switch (source->type) {

    case TPL_ITERATOR:
        call->result = *source;
        return TPL_OK;

    case TPL_LIST:
        name = "list_iterator";
        break;

    case TPL_TUPLE:
        name = "tuple_iterator";
        break;

    case TPL_STRING:
        name = (!tpl_is_safe(source)
                && tpl_utf8_ascii(source->u.s, source->len))
               ? "str_ascii_iterator" : "str_iterator";
        break;

    case TPL_DICT:
        name = views[TPL_VIEW_KEYS];
        break;

    case TPL_SET:
        name = "set_iterator";
        break;

    case TPL_RANGE:
        name = "range_iterator";
        break;

    default:
        name = (tpl_dict_view(source, &kind, &dict) == TPL_OK)
               ? views[kind] : "iterator";
        break;
    }

    rc = tpl_to_list(call->exec, source, &v);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_value_iterator(call->exec, &call->result, v.u.list, name);
}


tpl_int_t
tpl_python_next(tpl_call_t *call)
{
    tpl_iterator_t     *it;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (v->type != TPL_ITERATOR) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "'%s' object is not an iterator", tpl_type_name(v));
    }

    it = v->u.iter;

    if (it->position < it->list->n) {
        call->result = it->list->items[it->position++];
        return TPL_OK;
    }

    if (tpl_iterator_check(call->exec, it) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_arg_given(&call->args[1])) {
        return tpl_throw(call->exec, TPL_EXC_EXCEPTION, "StopIteration");
    }

    call->result = call->args[1];

    return TPL_OK;
}
