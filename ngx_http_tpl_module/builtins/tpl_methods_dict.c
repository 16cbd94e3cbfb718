
/*
 * The methods of dict, and the views that keys(), values() and items() give.
 *
 * A view is an object that refers to its dict and shows it as it is at the
 * moment.  What walks over one gets the dict itself for its keys, a list made
 * at that moment for its values and pairs.
 */

#include "builtins/tpl_builtins.h"
#include "builtins/tpl_methods.h"


typedef struct {
    tpl_object_t         head;
    tpl_dict_t          *dict;
} tpl_view_t;


static tpl_int_t tpl_view_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_view_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_view_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t tpl_view_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_view_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_value_t *out);
static tpl_int_t tpl_view_compare(tpl_exec_t *exec, tpl_object_t *a,
    tpl_object_t *b, tpl_int_t *order);
static tpl_int_t tpl_view_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);


/* by tpl_view_kind_t */

static const tpl_class_t  tpl_view_classes[] = {
    { .name = "dict_keys", .flags = TPL_CLASS_UNHASHABLE,
      .get_attr = tpl_view_get_attr, .compare = tpl_view_compare,
      .length = tpl_view_length, .iter = tpl_view_iter,
      .contains = tpl_view_contains, .str = tpl_view_str,
      .binary = tpl_view_binary },
    { .name = "dict_values", .get_attr = tpl_view_get_attr,
      .length = tpl_view_length, .iter = tpl_view_iter,
      .contains = tpl_view_contains, .str = tpl_view_str },
    { .name = "dict_items", .flags = TPL_CLASS_UNHASHABLE,
      .get_attr = tpl_view_get_attr, .compare = tpl_view_compare,
      .length = tpl_view_length, .iter = tpl_view_iter,
      .contains = tpl_view_contains, .str = tpl_view_str,
      .binary = tpl_view_binary }
};


static inline tpl_view_kind_t
tpl_view_kind(const tpl_object_t *obj)
{
    return (tpl_view_kind_t) (obj->cls - tpl_view_classes);
}


static inline tpl_dict_t *
tpl_view_dict(const tpl_object_t *obj)
{
    return ((const tpl_view_t *) obj)->dict;
}


tpl_int_t
tpl_dict_view(const tpl_value_t *v, tpl_view_kind_t *kind, tpl_dict_t **dict)
{
    tpl_uint_t  i;

    if (v->type != TPL_OBJECT) {
        return TPL_DECLINED;
    }

    for (i = 0; i < tpl_nelts(tpl_view_classes); i++) {

        if (v->u.obj->cls == &tpl_view_classes[i]) {
            *kind = (tpl_view_kind_t) i;
            *dict = tpl_view_dict(v->u.obj);
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


/*
 * Pairs are the most usual thing that a template loops over: all tuples of one
 * list come from one allocation.
 */

static tpl_int_t
tpl_view_pairs(tpl_exec_t *exec, const tpl_dict_t *dict, tpl_list_t *list)
{
    uint32_t           i;
    tpl_list_t        *tuples;
    tpl_value_t       *items;
    tpl_dict_entry_t  *e;

    if (dict->n == 0) {
        return TPL_OK;
    }

    tuples = tpl_palloc(exec->arena, (size_t) dict->n * sizeof(tpl_list_t));
    items = tpl_palloc(exec->arena,
                       (size_t) dict->n * 2 * sizeof(tpl_value_t));

    if (tuples == NULL || items == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {
        items[0] = e->key;
        items[1] = e->value;

        tuples->items = items;
        tuples->n = 2;
        tuples->size = 2;

        tpl_value_tuple(&list->items[list->n], tuples);
        list->n++;

        tuples++;
        items += 2;
    }

    return TPL_OK;
}


tpl_int_t
tpl_dict_view_list(tpl_exec_t *exec, const tpl_dict_t *dict,
    tpl_view_kind_t kind, tpl_value_t *out)
{
    uint32_t           i;
    tpl_list_t        *list;
    tpl_dict_entry_t  *e;

    list = tpl_list_create(exec, dict->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, dict->n);

    if (kind == TPL_VIEW_ITEMS) {
        if (tpl_view_pairs(exec, dict, list) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {
            list->items[list->n++] = (kind == TPL_VIEW_KEYS) ? e->key
                                                             : e->value;
        }
    }

    tpl_value_list(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_view_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    (void) exec;

    *n = tpl_view_dict(obj)->n;

    return TPL_OK;
}


static tpl_int_t
tpl_view_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    if (tpl_view_kind(obj) == TPL_VIEW_KEYS) {
        tpl_value_dict(out, tpl_view_dict(obj));
        return TPL_OK;
    }

    return tpl_dict_view_list(exec, tpl_view_dict(obj), tpl_view_kind(obj),
                              out);
}


static tpl_int_t
tpl_view_contains(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_uint_t *found)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_dict_t        *dict;
    tpl_value_t        value;
    tpl_dict_entry_t  *e;

    dict = tpl_view_dict(obj);
    *found = 0;

    switch (tpl_view_kind(obj)) {

    case TPL_VIEW_KEYS:
        rc = tpl_dict_get(exec, dict, key, &value);
        *found = (rc == TPL_OK);

        return (rc == TPL_DECLINED) ? TPL_OK : rc;

    case TPL_VIEW_ITEMS:
        if (key->type != TPL_TUPLE || key->u.list->n != 2) {
            return TPL_OK;
        }

        rc = tpl_dict_get(exec, dict, &key->u.list->items[0], &value);
        if (rc != TPL_OK) {
            return (rc == TPL_DECLINED) ? TPL_OK : rc;
        }

        return tpl_equal(exec, &value, &key->u.list->items[1], found);

    default:
        for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL && !*found; ) {
            exec->fuel--;

            if (tpl_equal(exec, &e->value, key, found) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        return TPL_OK;
    }
}


/* a set of all that v iterates over */

static tpl_int_t
tpl_view_set(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_dict_t  *set;
    tpl_value_t  item, none;

    set = tpl_dict_create(exec, 0);
    if (set == NULL) {
        return TPL_ERROR;
    }

    rc = tpl_iter_init(exec, &it, v);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_none(&none);

    while ((rc = tpl_iter_next(exec, &it, &item)) == TPL_OK) {
        rc = tpl_dict_set(exec, set, &item, &none);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    *out = (tpl_value_t) { .type = TPL_SET, .u.dict = set };

    return (rc == TPL_DONE) ? TPL_OK : rc;
}


/* keys and items are sets to |, &, ^ and -; the other side any iterable */

static tpl_int_t
tpl_view_binary(tpl_exec_t *exec, tpl_binary_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_value_t  left, right;

    if (op != TPL_OP_SUB && op != TPL_OP_BIT_OR && op != TPL_OP_BIT_AND
        && op != TPL_OP_BIT_XOR)
    {
        return TPL_DECLINED;
    }

    rc = tpl_view_set(exec, a, &left);

    if (rc == TPL_OK) {
        rc = tpl_view_set(exec, b, &right);
    }

    return (rc == TPL_OK) ? tpl_binary(exec, op, &left, &right, out) : rc;
}


/* whether all of a, which is the shorter one, is in b */

static tpl_int_t
tpl_view_subset(tpl_exec_t *exec, tpl_object_t *a, tpl_object_t *b,
    tpl_uint_t *subset)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_value_t  v, item;

    tpl_value_object(&v, a);
    *subset = 1;

    rc = tpl_iter_init(exec, &it, &v);
    if (rc != TPL_OK) {
        return rc;
    }

    while (*subset && (rc = tpl_iter_next(exec, &it, &item)) == TPL_OK) {
        rc = tpl_view_contains(exec, b, &item, subset);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    return (rc == TPL_DONE) ? TPL_OK : rc;
}


/* as sets: < is a proper subset */

static tpl_int_t
tpl_view_compare(tpl_exec_t *exec, tpl_object_t *a, tpl_object_t *b,
    tpl_int_t *order)
{
    uint32_t    m, n;
    tpl_int_t   rc;
    tpl_uint_t  subset;

    m = tpl_view_dict(a)->n;
    n = tpl_view_dict(b)->n;

    rc = (m <= n) ? tpl_view_subset(exec, a, b, &subset)
                  : tpl_view_subset(exec, b, a, &subset);

    *order = !subset ? TPL_UNORDERED : (m > n) - (m < n);

    return rc;
}


static tpl_int_t
tpl_view_isdisjoint(tpl_call_t *call)
{
    tpl_int_t      rc;
    tpl_iter_t     it;
    tpl_uint_t     found;
    tpl_value_t    item;
    tpl_object_t  *view;

    view = call->args[0].u.obj;
    found = 0;

    rc = tpl_iter_init(call->exec, &it, &call->args[1]);
    if (rc != TPL_OK) {
        return rc;
    }

    while (!found && (rc = tpl_iter_next(call->exec, &it, &item)) == TPL_OK) {
        rc = tpl_view_contains(call->exec, view, &item, &found);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_value_bool(&call->result, !found);

    return (rc == TPL_DONE) ? TPL_OK : rc;
}


/* bound by hand: the tables of methods know no classes */

static const tpl_param_t  tpl_view_isdisjoint_params[] = {
    { .name = { .str = tpl_string("self") }, .positional = 1 },
    { .name = { .str = tpl_string("other") }, .positional = 1 }
};

static const tpl_builtin_t  tpl_view_isdisjoint_method = {
    .name = { .str = tpl_string("isdisjoint") },
    .handler = tpl_view_isdisjoint,
    .params = (tpl_param_t *) tpl_view_isdisjoint_params,
    .nparams = 2,
    .nrequired = 2,
    .flags = TPL_FN_CONTEXT
};


static tpl_int_t
tpl_view_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_method_t  *method;

    /* of the dict itself: nothing here would change it */

    if (tpl_str_is(&name->str, "mapping")) {
        tpl_value_dict(out, tpl_view_dict(obj));
        return TPL_OK;
    }

    if (!tpl_str_is(&name->str, "isdisjoint")
        || tpl_view_kind(obj) == TPL_VIEW_VALUES)
    {
        return TPL_DECLINED;
    }

    method = tpl_palloc(exec->arena, sizeof(tpl_method_t));
    if (method == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_value_object(&method->self, obj);
    method->fn = &tpl_view_isdisjoint_method;

    *out = (tpl_value_t) { .type = TPL_METHOD, .u.method = method };

    return TPL_OK;
}


/* "dict_items([('a', 1), ('b', 2)])" */

static tpl_int_t
tpl_view_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_int_t    rc;
    tpl_value_t  list;

    if (exec->depth >= TPL_MAX_DEPTH) {
        return tpl_throw(exec, TPL_EXC_RECURSION, "maximum recursion depth "
                         "exceeded while getting the repr of an object");
    }

    if (tpl_dict_view_list(exec, tpl_view_dict(obj), tpl_view_kind(obj),
                           &list)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_printf(b, "%s(", obj->cls->name);

    exec->depth++;
    rc = tpl_repr_to(exec, &list, b);
    exec->depth--;

    tpl_buf_char(b, ')');

    return rc;
}


static tpl_int_t
tpl_view_make(tpl_call_t *call, tpl_view_kind_t kind)
{
    tpl_view_t  *view;

    view = tpl_palloc(call->exec->arena, sizeof(tpl_view_t));
    if (tpl_unlikely(view == NULL)) {
        return tpl_throw_memory(call->exec);
    }

    view->head.cls = &tpl_view_classes[kind];
    view->dict = call->args[0].u.dict;

    tpl_value_object(&call->result, view);

    return TPL_OK;
}


static tpl_int_t
tpl_dict_method_keys(tpl_call_t *call)
{
    return tpl_view_make(call, TPL_VIEW_KEYS);
}


static tpl_int_t
tpl_dict_method_values(tpl_call_t *call)
{
    return tpl_view_make(call, TPL_VIEW_VALUES);
}


static tpl_int_t
tpl_dict_method_items(tpl_call_t *call)
{
    return tpl_view_make(call, TPL_VIEW_ITEMS);
}


/*
 * Forgets the last entry, live or a hole, with its place in the index.
 * Deleting alone would leave a hole at the end, and who pops one entry after
 * another would step over all of them each time.
 *
 * The index (tpl_dict.c) probes linearly over entry numbers + 1: what stands
 * behind a place that becomes free moves up, unless its chain begins later.
 */

static void
tpl_dict_drop_last(tpl_dict_t *dict)
{
    uint32_t  i, j, at, home, mask, *index;

    index = dict->index;
    mask = dict->mask;

    if (index) {
        i = dict->entries[dict->nentries - 1].hash & mask;

        while (index[i] != dict->nentries && index[i] != 0) {
            i = (i + 1) & mask;
        }

        for (j = (i + 1) & mask; (at = index[j]) != 0; j = (j + 1) & mask) {
            home = dict->entries[at - 1].hash & mask;

            if (((j - home) & mask) >= ((j - i) & mask)) {
                index[i] = at;
                i = j;
            }
        }

        index[i] = 0;
    }

    dict->nentries--;
}


tpl_uint_t
tpl_dict_pop_last(tpl_exec_t *exec, tpl_dict_t *dict, tpl_value_t *key,
    tpl_value_t *value)
{
    tpl_dict_entry_t  *e;

    while (dict->nentries) {
        e = &dict->entries[dict->nentries - 1];

        *key = e->key;
        *value = e->value;

        exec->fuel--;

        tpl_dict_drop_last(dict);

        if (key->type != TPL_MISSING) {
            dict->n--;
            return 1;
        }
    }

    return 0;
}


static tpl_int_t
tpl_dict_method_clear(tpl_call_t *call)
{
    tpl_dict_clear(call->args[0].u.dict);

    return TPL_OK;
}


static tpl_int_t
tpl_dict_method_copy(tpl_call_t *call)
{
    tpl_dict_t  *copy;

    if (tpl_dict_copy(call->exec, call->args[0].u.dict, &copy) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_dict(&call->result, copy);

    return TPL_OK;
}


static tpl_int_t
tpl_dict_method_get(tpl_call_t *call)
{
    tpl_int_t  rc;

    rc = tpl_dict_get(call->exec, call->args[0].u.dict, &call->args[1],
                      &call->result);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];

    } else {
        tpl_value_none(&call->result);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_dict_method_pop(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    dict = call->args[0].u.dict;

    /* an empty dict does not ask for the hash of the key, as in CPython */

    if (dict->n) {
        rc = tpl_dict_delete(call->exec, dict, &call->args[1],
                             &call->result);

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
        return TPL_OK;
    }

    return tpl_throw_key(call->exec, &call->args[1]);
}


static tpl_int_t
tpl_dict_method_popitem(tpl_call_t *call)
{
    tpl_value_t  pair[2];

    if (!tpl_dict_pop_last(call->exec, call->args[0].u.dict, &pair[0],
                           &pair[1]))
    {
        return tpl_throw(call->exec, TPL_EXC_KEY,
                         "'popitem(): dictionary is empty'");
    }

    return tpl_value_pack(call->exec, pair, 2, &call->result);
}


/* a class method, which an instance has too */

static tpl_int_t
tpl_dict_method_fromkeys(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_dict_t  *dict;
    tpl_value_t  key, value;

    tpl_value_none(&value);

    if (tpl_arg_given(&call->args[2])) {
        value = call->args[2];
    }

    dict = tpl_dict_create(call->exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    rc = tpl_iter_init(call->exec, &it, &call->args[1]);
    if (rc != TPL_OK) {
        return rc;
    }

    while ((rc = tpl_iter_next(call->exec, &it, &key)) == TPL_OK) {
        rc = tpl_dict_set(call->exec, dict, &key, &value);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    if (rc != TPL_DONE) {
        return rc;
    }

    tpl_value_dict(&call->result, dict);

    return TPL_OK;
}


static tpl_int_t
tpl_dict_method_setdefault(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    dict = call->args[0].u.dict;

    rc = tpl_dict_get(call->exec, dict, &call->args[1], &call->result);
    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];

    } else {
        tpl_value_none(&call->result);
    }

    return tpl_dict_set(call->exec, dict, &call->args[1], &call->result);
}


static tpl_int_t
tpl_dict_method_update(tpl_call_t *call)
{
    tpl_int_t          rc;
    const tpl_list_t  *others;

    others = call->args[1].u.list;

    if (others->n > 1) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "update expected at most 1 argument, got %u",
                         others->n);
    }

    if (others->n) {
        rc = tpl_dict_update(call->exec, call->args[0].u.dict,
                             &others->items[0]);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    return tpl_dict_update(call->exec, call->args[0].u.dict, &call->args[2]);
}


const tpl_builtin_def_t  tpl_methods_dict[] = {

    { "clear", "self, /", tpl_dict_method_clear, TPL_FN_MUTATES },
    { "copy", "self, /", tpl_dict_method_copy, 0 },
    { "fromkeys", "self, iterable, value=, /", tpl_dict_method_fromkeys, 0 },
    { "get", "self, key, default=, /", tpl_dict_method_get, 0 },
    { "items", "self, /", tpl_dict_method_items, 0 },
    { "keys", "self, /", tpl_dict_method_keys, 0 },
    { "pop", "self, key, default=, /", tpl_dict_method_pop, TPL_FN_MUTATES },
    { "popitem", "self, /", tpl_dict_method_popitem, TPL_FN_MUTATES },
    { "setdefault", "self, key, default=, /", tpl_dict_method_setdefault,
      TPL_FN_MUTATES },
    { "update", "self, /, *others, **kwargs", tpl_dict_method_update,
      TPL_FN_MUTATES },
    { "values", "self, /", tpl_dict_method_values, 0 },

    { NULL, NULL, NULL, 0 }
};
