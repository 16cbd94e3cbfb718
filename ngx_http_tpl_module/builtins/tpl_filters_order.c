
/*
 * Filters that compare items: sorting, grouping, least and greatest, unique.
 * By default strings are compared in lower case, as in Jinja2.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* n values of the getter's for the items of a sequence */

static tpl_int_t
tpl_order_keys(tpl_exec_t *exec, tpl_getter_t *getter,
    const tpl_seq_t *seq, tpl_value_t **keys)
{
    uint32_t            i;
    tpl_int_t           rc;
    const tpl_value_t  *v;

    *keys = tpl_palloc(exec->arena,
                       ((size_t) seq->n + 1) * sizeof(tpl_value_t));

    if (*keys == NULL) {
        return tpl_throw_memory(exec);
    }

    i = 0;

    if (getter->n == 1 && !getter->lower) {

        for ( /* void */ ; i < seq->n; i++) {
            v = tpl_getter_peek(getter, getter->parts, &seq->items[i]);

            if (v == NULL) {
                break;
            }

            (*keys)[i] = *v;
        }
    }

    for ( /* void */ ; i < seq->n; i++) {
        rc = tpl_getter_get(exec, getter, &seq->items[i], &(*keys)[i]);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


/* the sequence as a list of its own */

static tpl_list_t *
tpl_order_list(tpl_exec_t *exec, const tpl_seq_t *seq)
{
    tpl_list_t  *list;

    list = tpl_list_create(exec, seq->n);

    if (list == NULL) {
        (void) tpl_throw_memory(exec);
        return NULL;
    }

    if (seq->n) {
        memcpy(list->items, seq->items, seq->n * sizeof(tpl_value_t));
        list->n = seq->n;
    }

    return list;
}


/* 1 if all are strings or all numbers */

static tpl_uint_t
tpl_order_plain(const tpl_value_t *keys, tpl_uint_t n)
{
    tpl_uint_t  i;

    for (i = 0; i < n; i++) {

        if (tpl_is_string(&keys[0]) ? !tpl_is_string(&keys[i])
                                    : !tpl_is_number(&keys[i]))
        {
            return 0;
        }
    }

    return 1;
}


/*
 * Makes keys[i] a list: Jinja2 sorts by lists of keys, and lists ask whether
 * their items are equal before they ask for an order, so that [None] sorts with
 * [None] where None itself would not.
 */

static tpl_int_t
tpl_order_wrap(tpl_exec_t *exec, tpl_value_t *keys, tpl_uint_t n)
{
    tpl_uint_t    i;
    tpl_list_t   *list;

    for (i = 0; i < n; i++) {
        list = tpl_list_create(exec, 1);

        if (list == NULL) {
            return tpl_throw_memory(exec);
        }

        if (tpl_list_append(exec, list, &keys[i]) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_list(&keys[i], list);
    }

    return TPL_OK;
}


/* Jinja2: make_multi_attrgetter: the keys of "a,b.c" are lists of two */

static tpl_int_t
tpl_order_multi(tpl_exec_t *exec, const tpl_seq_t *seq,
    const tpl_value_t *attribute, tpl_uint_t lower, tpl_value_t **keys)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_value_t        name, *column;
    tpl_getter_t       getter;
    const tpl_char_t  *p, *comma, *last;

    *keys = tpl_palloc(exec->arena,
                       ((size_t) seq->n + 1) * sizeof(tpl_value_t));

    if (*keys == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < seq->n; i++) {
        tpl_value_list(&(*keys)[i], tpl_list_create(exec, 2));

        if ((*keys)[i].u.list == NULL) {
            return tpl_throw_memory(exec);
        }
    }

    p = attribute->u.s;
    last = p + attribute->len;

    for ( ;; ) {
        comma = (p < last) ? memchr(p, ',', last - p) : NULL;

        if (comma == NULL) {
            comma = last;
        }

        tpl_value_string(&name, p, comma - p, 0);

        if (tpl_getter_init(exec, &getter, &name, lower, NULL) != TPL_OK) {
            return TPL_ERROR;
        }

        rc = tpl_order_keys(exec, &getter, seq, &column);

        if (rc != TPL_OK) {
            return rc;
        }

        for (i = 0; i < seq->n; i++) {
            if (tpl_list_append(exec, (*keys)[i].u.list, &column[i])
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        if (comma == last) {
            return TPL_OK;
        }

        p = comma + 1;
    }
}


/* the reverse of Python's sorted(): an integer, no other thing's truth */

static tpl_int_t
tpl_arg_reverse(tpl_call_t *call, tpl_uint_t i, tpl_uint_t *reverse)
{
    const tpl_value_t  *v = &call->args[i];

    *reverse = 0;

    if (v->type == TPL_MISSING) {
        return TPL_OK;
    }

    if (!tpl_is_int(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "'%s' object cannot be interpreted as an integer",
                         tpl_type_name(v));
    }

    *reverse = (v->u.i != 0);

    return TPL_OK;
}


/* Jinja2: do_sort */

static tpl_int_t
tpl_filter_sort(tpl_call_t *call)
{
    tpl_int_t      rc;
    uint32_t       i, *order;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_list_t    *list;
    tpl_uint_t     reverse, sensitive;
    tpl_value_t   *keys, *attribute;
    tpl_getter_t   getter;

    exec = call->exec;
    attribute = &call->args[3];

    if (tpl_arg_reverse(call, 1, &reverse) != TPL_OK
        || tpl_arg_bool(call, 2, 0, &sensitive) != TPL_OK)
    {
        return TPL_ERROR;
    }

    rc = tpl_seq_open(exec, &seq, &call->args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    if (attribute->type == TPL_STRING
        && memchr(attribute->u.s, ',', attribute->len) != NULL)
    {
        rc = tpl_order_multi(exec, &seq, attribute, !sensitive, &keys);

    } else {
        rc = tpl_getter_init(exec, &getter, attribute, !sensitive, NULL);

        if (rc == TPL_OK) {
            rc = tpl_order_keys(exec, &getter, &seq, &keys);
        }

        if (rc == TPL_OK && !tpl_order_plain(keys, seq.n)) {
            rc = tpl_order_wrap(exec, keys, seq.n);
        }
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_sort_positions(exec, keys, seq.n, reverse, &order) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(exec, seq.n);

    if (list == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < seq.n; i++) {
        list->items[i] = seq.items[order[i]];
    }

    list->n = seq.n;

    tpl_seq_close(&seq);
    tpl_value_list(&call->result, list);

    return TPL_OK;
}


/* Jinja2: do_dictsort */

static tpl_int_t
tpl_filter_dictsort(tpl_call_t *call)
{
    uint32_t           i, n;
    tpl_int_t          rc;
    tpl_str_t          by;
    tpl_dict_t        *dict;
    tpl_exec_t        *exec;
    tpl_list_t        *list;
    tpl_uint_t         sensitive, reverse, value;
    tpl_value_t       *keys, pair, *v;
    tpl_dict_entry_t  *e;

    exec = call->exec;
    v = &call->args[0];

    if (tpl_arg_bool(call, 1, 0, &sensitive) != TPL_OK
        || tpl_arg_reverse(call, 3, &reverse) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_str_set(&by, "key");

    if (tpl_arg_given(&call->args[2])) {
        by.len = 0;

        if (call->args[2].type == TPL_STRING) {
            by = tpl_value_str(&call->args[2]);
        }
    }

    value = tpl_str_is(&by, "value");

    if (!value && !tpl_str_is(&by, "key")) {
        return tpl_throw(exec, TPL_EXC_FILTER_ARGUMENT,
                         "You can only sort by either \"key\" or \"value\"");
    }

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    rc = tpl_mapping_dict(exec, v, &dict);

    if (rc == TPL_DECLINED) {
        return tpl_throw(exec, TPL_EXC_ATTRIBUTE,
                         "'%s' object has no attribute 'items'",
                         tpl_type_name(v));
    }

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_charge_items(exec, dict->n);

    list = tpl_list_create(exec, dict->n);
    keys = tpl_palloc(exec->arena,
                      ((size_t) dict->n + 1) * sizeof(tpl_value_t));

    if (list == NULL || keys == NULL) {
        return tpl_throw_memory(exec);
    }

    n = 0;

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; n++) {

        if (tpl_pair(exec, &e->key, &e->value, &pair) != TPL_OK
            || tpl_list_append(exec, list, &pair) != TPL_OK)
        {
            return TPL_ERROR;
        }

        keys[n] = value ? e->value : e->key;

        if (!sensitive
            && tpl_getter_lower(exec, &keys[n], &keys[n]) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    rc = tpl_list_sort(exec, list, keys, reverse);

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


/* Jinja2: do_unique */

static tpl_int_t
tpl_generate_unique(tpl_call_t *call)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_dict_t    *seen;
    tpl_exec_t    *exec;
    tpl_list_t    *list;
    tpl_uint_t     sensitive;
    tpl_value_t    key, old, none;
    tpl_getter_t   getter;

    exec = call->exec;

    rc = tpl_seq_open(exec, &seq, &call->args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_bool(call, 1, 0, &sensitive) != TPL_OK
        || tpl_getter_init(exec, &getter, &call->args[2], !sensitive, NULL)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    list = tpl_list_create(exec, seq.n);
    seen = tpl_dict_create(exec, 8);

    if (list == NULL || seen == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_value_none(&none);

    for (i = 0; i < seq.n; i++) {
        rc = tpl_getter_get(exec, &getter, &seq.items[i], &key);

        if (rc == TPL_OK) {
            rc = tpl_dict_get(exec, seen, &key, &old);
        }

        if (rc == TPL_OK) {
            continue;
        }

        if (rc != TPL_DECLINED) {
            return rc;
        }

        if (tpl_dict_set(exec, seen, &key, &none) != TPL_OK
            || tpl_list_append(exec, list, &seq.items[i]) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_seq_close(&seq);

    return tpl_value_iterator(exec, &call->result, list, "generator");
}


/* Jinja2: _min_or_max: the first of the least or greatest */

static tpl_int_t
tpl_filter_extreme(tpl_call_t *call, tpl_compare_op_t op)
{
    uint32_t       i, best;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_uint_t     sensitive, better;
    tpl_value_t    key, top;
    tpl_getter_t   getter;

    exec = call->exec;

    rc = tpl_seq_open(exec, &seq, &call->args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    if (seq.n == 0) {
        return tpl_undefined_hint(exec,
                                  "No aggregated item, sequence was empty.",
                                  &call->result);
    }

    if (tpl_arg_bool(call, 1, 0, &sensitive) != TPL_OK
        || tpl_getter_init(exec, &getter, &call->args[2], !sensitive, NULL)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_missing(&top);
    best = 0;

    for (i = 0; i < seq.n; i++) {
        rc = tpl_getter_get(exec, &getter, &seq.items[i], &key);

        if (rc != TPL_OK) {
            return rc;
        }

        if (i == 0) {
            top = key;
            continue;
        }

        rc = tpl_compare(exec, op, &key, &top, &better);

        if (rc != TPL_OK) {
            return rc;
        }

        if (better) {
            top = key;
            best = i;
        }
    }

    call->result = seq.items[best];
    tpl_seq_close(&seq);

    return TPL_OK;
}


static tpl_int_t
tpl_filter_min(tpl_call_t *call)
{
    return tpl_filter_extreme(call, TPL_CMP_LT);
}


static tpl_int_t
tpl_filter_max(tpl_call_t *call)
{
    return tpl_filter_extreme(call, TPL_CMP_GT);
}


/*
 * Jinja2: do_groupby.  Without case_sensitive a group is named after the first
 * of its items as it is written there.
 */

static tpl_int_t
tpl_filter_groupby(tpl_call_t *call)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_list_t    *out, *sorted, *list;
    tpl_uint_t     sensitive, same;
    tpl_value_t   *keys, *first, grouper, group, items;
    tpl_getter_t   getter;

    exec = call->exec;

    rc = tpl_seq_open(exec, &seq, &call->args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_bool(call, 3, 0, &sensitive) != TPL_OK
        || tpl_getter_init(exec, &getter, &call->args[1], !sensitive,
                           &call->args[2])
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    rc = tpl_order_keys(exec, &getter, &seq, &keys);

    if (rc != TPL_OK) {
        return rc;
    }

    sorted = tpl_order_list(exec, &seq);

    if (sorted == NULL) {
        return TPL_ERROR;
    }

    rc = tpl_list_sort(exec, sorted, keys, 0);

    if (rc != TPL_OK) {
        return rc;
    }

    out = tpl_list_create(exec, 8);

    if (out == NULL) {
        return tpl_throw_memory(exec);
    }

    getter.lower = 0;
    first = NULL;
    list = NULL;

    for (i = 0; i < sorted->n; i++) {

        if (first != NULL) {
            rc = tpl_equal(exec, first, &keys[i], &same);

            if (rc != TPL_OK) {
                return rc;
            }
        }

        if (first == NULL || !same) {
            first = &keys[i];
            grouper = keys[i];
            list = tpl_list_create(exec, 4);

            if (list == NULL) {
                return tpl_throw_memory(exec);
            }

            if (!sensitive) {
                rc = tpl_getter_get(exec, &getter, &sorted->items[i],
                                    &grouper);

                if (rc != TPL_OK) {
                    return rc;
                }
            }

            tpl_value_list(&items, list);

            if (tpl_pair(exec, &grouper, &items, &group) != TPL_OK) {
                return TPL_ERROR;
            }

            group.aux = TPL_AUX_GROUP;

            if (tpl_list_append(exec, out, &group) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        if (tpl_list_append(exec, list, &sorted->items[i]) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_seq_close(&seq);
    tpl_value_list(&call->result, out);

    return TPL_OK;
}


static tpl_int_t
tpl_filter_unique(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_unique);
}


const tpl_builtin_def_t  tpl_filters_order[] = {

    { "dictsort", "value, case_sensitive=, by=, reverse=",
      tpl_filter_dictsort, 0 },
    { "groupby", "value, attribute, default=, case_sensitive=",
      tpl_filter_groupby, TPL_FN_CONTEXT },
    { "max", "value, case_sensitive=, attribute=", tpl_filter_max,
      TPL_FN_CONTEXT },
    { "min", "value, case_sensitive=, attribute=", tpl_filter_min,
      TPL_FN_CONTEXT },
    { "sort", "value, reverse=, case_sensitive=, attribute=",
      tpl_filter_sort, 0 },
    { "unique", "value, case_sensitive=, attribute=", tpl_filter_unique, 0 },

    { NULL, NULL, NULL, 0 }
};
