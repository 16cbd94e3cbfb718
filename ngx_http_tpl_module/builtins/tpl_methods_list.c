
/*
 * The methods of list and tuple, and what methods share with Python's own
 * functions: keyword-only arguments, keys of a sort, small tuples.
 *
 * A list may be changed by what runs while it is walked: every loop reads its
 * length anew.
 */

#include "builtins/tpl_builtins.h"
#include "builtins/tpl_methods.h"
#include "vm/tpl_vm.h"


tpl_int_t
tpl_value_pack(tpl_exec_t *exec, const tpl_value_t *v, tpl_uint_t n,
    tpl_value_t *out)
{
    tpl_list_t  *list;

    list = tpl_list_create(exec, n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    if (n) {
        memcpy(list->items, v, n * sizeof(tpl_value_t));
    }

    list->n = (uint32_t) n;

    tpl_value_tuple(out, list);

    return TPL_OK;
}


tpl_int_t
tpl_throw_key(tpl_exec_t *exec, const tpl_value_t *key)
{
    tpl_value_t  repr;

    if (tpl_to_repr(exec, key, &repr) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_throw(exec, TPL_EXC_KEY, "%.*s", (int) repr.len,
                     (char *) repr.u.s);
}


tpl_int_t
tpl_keywords(tpl_exec_t *exec, const tpl_dict_t *kwargs, const char *function,
    const char **names, tpl_uint_t n, tpl_value_t *out)
{
    uint32_t           i;
    tpl_str_t          key;
    tpl_uint_t         k;
    tpl_dict_entry_t  *e;

    for (k = 0; k < n; k++) {
        tpl_value_missing(&out[k]);
    }

    for (i = 0; kwargs && (e = tpl_dict_next(kwargs, &i)) != NULL; ) {
        key = tpl_value_str(&e->key);

        for (k = 0; k < n; k++) {
            if (tpl_str_is(&key, names[k])) {
                out[k] = e->value;
                break;
            }
        }

        if (k == n) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "'%.*s' is an invalid keyword argument for %s()",
                             tpl_str_arg(&key), function);
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_call_key(tpl_exec_t *exec, const tpl_value_t *key, const tpl_value_t *v,
    tpl_value_t *out)
{
    if (!tpl_arg_some(key)) {
        *out = *v;
        return TPL_OK;
    }

    return tpl_vm_call(exec, key, v, 1, NULL, out);
}


tpl_int_t
tpl_sort_by(tpl_exec_t *exec, tpl_list_t *list, const tpl_value_t *key,
    const tpl_value_t *reverse)
{
    uint32_t      i, n;
    tpl_int_t     rc;
    tpl_value_t  *keys;

    if (reverse->type != TPL_MISSING && !tpl_is_int(reverse)) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "'%s' object cannot be interpreted as an integer",
                         tpl_type_name(reverse));
    }

    keys = NULL;
    n = list->n;

    if (tpl_arg_some(key) && n) {
        keys = tpl_palloc(exec->arena, n * sizeof(tpl_value_t));
        if (keys == NULL) {
            return tpl_throw_memory(exec);
        }

        for (i = 0; i < n; i++) {

            if (list->n != n) {
                return tpl_throw(exec, TPL_EXC_VALUE,
                                 "list modified during sort");
            }

            rc = tpl_call_key(exec, key, &list->items[i], &keys[i]);
            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    return tpl_list_sort(exec, list, keys,
                         reverse->type != TPL_MISSING && reverse->u.i != 0);
}


/* `is` or ==, as CPython looks for an item */

static tpl_int_t
tpl_same(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_uint_t *same)
{
    exec->fuel--;

    if (a->type == b->type && a->u.p == b->u.p && a->len == b->len
        && a->type != TPL_UNDEFINED)
    {
        *same = 1;
        return TPL_OK;
    }

    return tpl_equal(exec, a, b, same);
}


/* list and tuple */

static tpl_int_t
tpl_list_method_count(tpl_call_t *call)
{
    int64_t            n;
    uint32_t           i;
    tpl_uint_t         same;
    const tpl_list_t  *list;

    list = call->args[0].u.list;
    n = 0;

    for (i = 0; i < list->n; i++) {
        if (tpl_same(call->exec, &list->items[i], &call->args[1], &same)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        n += (same != 0);
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}


/* a start or stop of index(), made to fit 0 .. length; as it is if not given */

static tpl_int_t
tpl_list_bound(tpl_call_t *call, tpl_uint_t i, int64_t *n)
{
    const tpl_value_t  *v;

    v = &call->args[i];

    if (v->type == TPL_MISSING) {
        return TPL_OK;
    }

    if (!tpl_is_int(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "slice indices must be integers or have an "
                         "__index__ method");
    }

    *n = v->u.i;

    if (*n < 0) {
        *n += call->args[0].u.list->n;
        *n = tpl_max(*n, 0);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_list_method_index(tpl_call_t *call)
{
    int64_t            i, start, stop;
    tpl_uint_t         same;
    tpl_value_t        repr;
    const tpl_list_t  *list;

    list = call->args[0].u.list;

    start = 0;
    stop = INT64_MAX;

    if (tpl_list_bound(call, 2, &start) != TPL_OK
        || tpl_list_bound(call, 3, &stop) != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = start; i < stop && i < list->n; i++) {
        if (tpl_same(call->exec, &list->items[i], &call->args[1], &same)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (same) {
            tpl_value_int(&call->result, i);
            return TPL_OK;
        }
    }

    if (call->args[0].type == TPL_TUPLE) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "tuple.index(x): x not in tuple");
    }

    if (tpl_to_repr(call->exec, &call->args[1], &repr) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE, "%.*s is not in list",
                     (int) repr.len, (char *) repr.u.s);
}


static tpl_int_t
tpl_list_method_append(tpl_call_t *call)
{
    return tpl_list_append(call->exec, call->args[0].u.list, &call->args[1]);
}


static tpl_int_t
tpl_list_method_clear(tpl_call_t *call)
{
    call->args[0].u.list->n = 0;

    return TPL_OK;
}


static tpl_int_t
tpl_list_method_copy(tpl_call_t *call)
{
    return tpl_to_list(call->exec, &call->args[0], &call->result);
}


static tpl_int_t
tpl_list_method_extend(tpl_call_t *call)
{
    return tpl_list_extend(call->exec, call->args[0].u.list, &call->args[1]);
}


static tpl_int_t
tpl_list_method_insert(tpl_call_t *call)
{
    int64_t       i;
    uint32_t      n;
    tpl_list_t   *list;
    tpl_value_t   v;

    list = call->args[0].u.list;
    v = call->args[2];

    if (tpl_arg_int(call, 1, 0, &i) != TPL_OK) {
        return TPL_ERROR;
    }

    if (i < 0) {
        i += list->n;
        i = tpl_max(i, 0);
    }

    i = tpl_min(i, (int64_t) list->n);

    if (tpl_list_append(call->exec, list, &v) != TPL_OK) {
        return TPL_ERROR;
    }

    n = list->n - 1 - (uint32_t) i;

    tpl_charge(call->exec, n * sizeof(tpl_value_t));

    memmove(&list->items[i + 1], &list->items[i], n * sizeof(tpl_value_t));
    list->items[i] = v;

    return TPL_OK;
}


/* takes the i-th item out, which must be there */

static void
tpl_list_take(tpl_exec_t *exec, tpl_list_t *list, uint32_t i)
{
    uint32_t  n;

    n = list->n - 1 - i;

    tpl_charge(exec, n * sizeof(tpl_value_t));

    memmove(&list->items[i], &list->items[i + 1], n * sizeof(tpl_value_t));
    list->n--;
}


static tpl_int_t
tpl_list_method_pop(tpl_call_t *call)
{
    int64_t      i;
    tpl_list_t  *list;

    list = call->args[0].u.list;

    if (tpl_arg_int(call, 1, -1, &i) != TPL_OK) {
        return TPL_ERROR;
    }

    if (list->n == 0) {
        return tpl_throw(call->exec, TPL_EXC_INDEX, "pop from empty list");
    }

    if (i < 0) {
        i += list->n;
    }

    if (i < 0 || i >= list->n) {
        return tpl_throw(call->exec, TPL_EXC_INDEX, "pop index out of range");
    }

    call->result = list->items[i];

    tpl_list_take(call->exec, list, (uint32_t) i);

    return TPL_OK;
}


static tpl_int_t
tpl_list_method_remove(tpl_call_t *call)
{
    uint32_t     i;
    tpl_uint_t   same;
    tpl_list_t  *list;

    list = call->args[0].u.list;

    for (i = 0; i < list->n; i++) {
        if (tpl_same(call->exec, &list->items[i], &call->args[1], &same)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (same && i < list->n) {
            tpl_list_take(call->exec, list, i);
            return TPL_OK;
        }
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "list.remove(x): x not in list");
}


static tpl_int_t
tpl_list_method_reverse(tpl_call_t *call)
{
    tpl_list_t   *list;
    tpl_value_t  *a, *b, v;

    list = call->args[0].u.list;

    tpl_charge_items(call->exec, list->n);

    if (list->n > 1) {
        for (a = list->items, b = a + list->n - 1; a < b; a++, b--) {
            v = *a;
            *a = *b;
            *b = v;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_list_method_sort(tpl_call_t *call)
{
    tpl_value_t         given[2];
    static const char  *names[] = { "key", "reverse" };

    if (call->args[1].u.list->n) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "sort() takes no positional arguments");
    }

    if (tpl_keywords(call->exec, call->args[2].u.dict, "sort", names, 2,
                     given)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_sort_by(call->exec, call->args[0].u.list, &given[0],
                       &given[1]);
}


/* the place of v in a range, -1 if it is not there */

static int64_t
tpl_range_find(const tpl_range_t *r, const tpl_value_t *v)
{
    int64_t   n;
    uint64_t  step, distance;

    if (v->type == TPL_FLOAT) {

        if (!(v->u.d >= -TPL_TWO_63 && v->u.d < TPL_TWO_63)
            || v->u.d != (double) (int64_t) v->u.d)
        {
            return -1;
        }

        n = (int64_t) v->u.d;

    } else if (tpl_is_int(v)) {
        n = v->u.i;

    } else {
        return -1;
    }

    if (r->step > 0) {
        if (n < r->start || n >= r->stop) {
            return -1;
        }

        step = (uint64_t) r->step;
        distance = (uint64_t) n - (uint64_t) r->start;

    } else {
        if (n > r->start || n <= r->stop) {
            return -1;
        }

        step = - (uint64_t) r->step;
        distance = (uint64_t) r->start - (uint64_t) n;
    }

    return (distance % step) ? -1 : (int64_t) (distance / step);
}


static tpl_int_t
tpl_range_method_count(tpl_call_t *call)
{
    tpl_value_int(&call->result, tpl_range_find(call->args[0].u.range,
                                                &call->args[1]) != -1);

    return TPL_OK;
}


static tpl_int_t
tpl_range_method_index(tpl_call_t *call)
{
    int64_t  n;

    n = tpl_range_find(call->args[0].u.range, &call->args[1]);

    if (n != -1) {
        tpl_value_int(&call->result, n);
        return TPL_OK;
    }

    if (tpl_is_int(&call->args[1])) {
        return tpl_throw(call->exec, TPL_EXC_VALUE, "%lld is not in range",
                         (long long) call->args[1].u.i);
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "sequence.index(x): x not in sequence");
}


const tpl_builtin_def_t  tpl_methods_range[] = {

    { "count", "self, value, /", tpl_range_method_count, 0 },
    { "index", "self, value, /", tpl_range_method_index, 0 },

    { NULL, NULL, NULL, 0 }
};


const tpl_builtin_def_t  tpl_methods_list[] = {

    { "append", "self, object, /", tpl_list_method_append, TPL_FN_MUTATES },
    { "clear", "self, /", tpl_list_method_clear, TPL_FN_MUTATES },
    { "copy", "self, /", tpl_list_method_copy, 0 },
    { "count", "self, value, /", tpl_list_method_count, 0 },
    { "extend", "self, iterable, /", tpl_list_method_extend, TPL_FN_MUTATES },
    { "index", "self, value, start=, stop=, /", tpl_list_method_index, 0 },
    { "insert", "self, index, object, /", tpl_list_method_insert,
      TPL_FN_MUTATES },
    { "pop", "self, index=, /", tpl_list_method_pop, TPL_FN_MUTATES },
    { "remove", "self, value, /", tpl_list_method_remove, TPL_FN_MUTATES },
    { "reverse", "self, /", tpl_list_method_reverse, TPL_FN_MUTATES },
    { "sort", "self, /, *args, **kwargs", tpl_list_method_sort,
      TPL_FN_MUTATES },

    { NULL, NULL, NULL, 0 }
};


const tpl_builtin_def_t  tpl_methods_tuple[] = {

    { "count", "self, value, /", tpl_list_method_count, 0 },
    { "index", "self, value, start=, stop=, /", tpl_list_method_index, 0 },

    { NULL, NULL, NULL, 0 }
};
