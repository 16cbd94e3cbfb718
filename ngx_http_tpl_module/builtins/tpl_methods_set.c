
/*
 * The methods of set, which is a dict whose values are None.
 */

#include "builtins/tpl_builtins.h"
#include "builtins/tpl_methods.h"


/* sets up to this many entries pop their first element */
#define TPL_SET_SMALL  32


typedef enum {
    TPL_SET_UNION = 0,
    TPL_SET_INTERSECTION,
    TPL_SET_DIFFERENCE,
    TPL_SET_SYMMETRIC
} tpl_set_op_t;


static inline tpl_int_t
tpl_set_add(tpl_exec_t *exec, tpl_dict_t *set, const tpl_value_t *key)
{
    tpl_value_t  none;

    tpl_value_none(&none);

    return tpl_dict_set(exec, set, key, &none);
}


/* TPL_OK, TPL_DECLINED, TPL_ERROR for what cannot be in a set */

static inline tpl_int_t
tpl_set_has(tpl_exec_t *exec, const tpl_dict_t *set, const tpl_value_t *key)
{
    tpl_value_t  value;

    return tpl_dict_get(exec, set, key, &value);
}


static void
tpl_set_result(tpl_call_t *call, tpl_dict_t *set)
{
    call->result = (tpl_value_t) { .type = TPL_SET, .u.dict = set };
}


/* v, any iterable, as a set: itself if it is one */

static tpl_int_t
tpl_set_of(tpl_exec_t *exec, const tpl_value_t *v, tpl_dict_t **set)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_value_t  item;

    if (v->type == TPL_SET) {
        *set = v->u.dict;
        return TPL_OK;
    }

    rc = tpl_iter_init(exec, &it, v);
    if (rc != TPL_OK) {
        return rc;
    }

    *set = tpl_dict_create(exec, 0);
    if (*set == NULL) {
        return TPL_ERROR;
    }

    for ( ;; ) {
        rc = tpl_iter_next(exec, &it, &item);
        if (rc != TPL_OK) {
            return (rc == TPL_DONE) ? TPL_OK : rc;
        }

        rc = tpl_set_add(exec, *set, &item);
        if (rc != TPL_OK) {
            return rc;
        }
    }
}


/*
 * A new set of a and b.  Keys come in the order of a, then of b; an
 * intersection of what is in both has the keys of a.
 */

static tpl_int_t
tpl_set_make(tpl_exec_t *exec, tpl_set_op_t op, const tpl_dict_t *a,
    const tpl_dict_t *b, tpl_dict_t **out)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_dict_t        *set;
    tpl_dict_entry_t  *e;

    if (op == TPL_SET_UNION) {
        if (tpl_dict_copy(exec, a, &set) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        set = tpl_dict_create(exec, 0);
        if (set == NULL) {
            return TPL_ERROR;
        }

        for (i = 0; (e = tpl_dict_next(a, &i)) != NULL; ) {
            exec->fuel--;

            rc = tpl_set_has(exec, b, &e->key);
            if (rc == TPL_ERROR) {
                return rc;
            }

            if ((rc == TPL_OK) == (op == TPL_SET_INTERSECTION)
                && tpl_set_add(exec, set, &e->key) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    if (op == TPL_SET_UNION || op == TPL_SET_SYMMETRIC) {

        for (i = 0; (e = tpl_dict_next(b, &i)) != NULL; ) {
            exec->fuel--;

            rc = tpl_set_has(exec, a, &e->key);
            if (rc == TPL_ERROR) {
                return rc;
            }

            if (rc == TPL_DECLINED
                && tpl_set_add(exec, set, &e->key) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    *out = set;

    return TPL_OK;
}


/* self and each of *args, one after another */

static tpl_int_t
tpl_set_fold(tpl_call_t *call, tpl_set_op_t op, tpl_dict_t **out)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_dict_t        *set, *other;
    const tpl_list_t  *others;

    set = call->args[0].u.dict;
    others = call->args[1].u.list;

    if (others->n == 0) {
        return tpl_dict_copy(call->exec, set, out);
    }

    for (i = 0; i < others->n; i++) {
        rc = tpl_set_of(call->exec, &others->items[i], &other);
        if (rc != TPL_OK) {
            return rc;
        }

        rc = tpl_set_make(call->exec, op, set, other, &set);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    *out = set;

    return TPL_OK;
}


static tpl_int_t
tpl_set_new(tpl_call_t *call, tpl_set_op_t op)
{
    tpl_int_t    rc;
    tpl_dict_t  *set;

    rc = tpl_set_fold(call, op, &set);
    if (rc == TPL_OK) {
        tpl_set_result(call, set);
    }

    return rc;
}


/* the same in place: all that refer to the set see it */

static tpl_int_t
tpl_set_replace(tpl_call_t *call, tpl_set_op_t op)
{
    tpl_int_t    rc;
    tpl_dict_t  *set;

    rc = tpl_set_fold(call, op, &set);
    if (rc == TPL_OK) {
        *call->args[0].u.dict = *set;
    }

    return rc;
}


static tpl_int_t
tpl_set_method_union(tpl_call_t *call)
{
    return tpl_set_new(call, TPL_SET_UNION);
}


static tpl_int_t
tpl_set_method_intersection(tpl_call_t *call)
{
    return tpl_set_new(call, TPL_SET_INTERSECTION);
}


static tpl_int_t
tpl_set_method_difference(tpl_call_t *call)
{
    return tpl_set_new(call, TPL_SET_DIFFERENCE);
}


/* these two take one argument: it comes as args[1] and not in a tuple */

static tpl_int_t
tpl_set_symmetric(tpl_call_t *call, tpl_dict_t **set)
{
    tpl_int_t    rc;
    tpl_dict_t  *other;

    rc = tpl_set_of(call->exec, &call->args[1], &other);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_set_make(call->exec, TPL_SET_SYMMETRIC, call->args[0].u.dict,
                        other, set);
}


static tpl_int_t
tpl_set_method_symmetric_difference(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *set;

    rc = tpl_set_symmetric(call, &set);
    if (rc == TPL_OK) {
        tpl_set_result(call, set);
    }

    return rc;
}


static tpl_int_t
tpl_set_method_symmetric_difference_update(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *set;

    rc = tpl_set_symmetric(call, &set);
    if (rc == TPL_OK) {
        *call->args[0].u.dict = *set;
    }

    return rc;
}


static tpl_int_t
tpl_set_method_intersection_update(tpl_call_t *call)
{
    return tpl_set_replace(call, TPL_SET_INTERSECTION);
}


static tpl_int_t
tpl_set_method_difference_update(tpl_call_t *call)
{
    return tpl_set_replace(call, TPL_SET_DIFFERENCE);
}


static tpl_int_t
tpl_set_method_update(tpl_call_t *call)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_iter_t         it;
    tpl_value_t        item;
    const tpl_list_t  *others;

    others = call->args[1].u.list;

    for (i = 0; i < others->n; i++) {

        if (others->items[i].type == TPL_SET
            && others->items[i].u.dict == call->args[0].u.dict)
        {
            continue;
        }

        rc = tpl_iter_init(call->exec, &it, &others->items[i]);
        if (rc != TPL_OK) {
            return rc;
        }

        for ( ;; ) {
            rc = tpl_iter_next(call->exec, &it, &item);

            if (rc == TPL_DONE) {
                break;
            }

            if (rc == TPL_OK) {
                rc = tpl_set_add(call->exec, call->args[0].u.dict, &item);
            }

            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_set_method_add(tpl_call_t *call)
{
    return tpl_set_add(call->exec, call->args[0].u.dict, &call->args[1]);
}


static tpl_int_t
tpl_set_method_clear(tpl_call_t *call)
{
    tpl_dict_clear(call->args[0].u.dict);

    return TPL_OK;
}


static tpl_int_t
tpl_set_method_copy(tpl_call_t *call)
{
    tpl_dict_t  *set;

    if (tpl_dict_copy(call->exec, call->args[0].u.dict, &set) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_set_result(call, set);

    return TPL_OK;
}


static tpl_int_t
tpl_set_method_discard(tpl_call_t *call)
{
    tpl_int_t  rc;

    rc = tpl_dict_delete(call->exec, call->args[0].u.dict, &call->args[1],
                         NULL);

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


static tpl_int_t
tpl_set_method_remove(tpl_call_t *call)
{
    tpl_int_t  rc;

    rc = tpl_dict_delete(call->exec, call->args[0].u.dict, &call->args[1],
                         NULL);

    return (rc == TPL_DECLINED) ? tpl_throw_key(call->exec, &call->args[1])
                                : rc;
}


/*
 * Any element will do.  CPython takes the first that its table has, which is
 * the least of a few small numbers; so small sets give their first.  Others
 * give their last, or holes at the start would be stepped over again and again.
 */

static tpl_int_t
tpl_set_method_pop(tpl_call_t *call)
{
    uint32_t           i;
    tpl_dict_t        *set;
    tpl_value_t        value;
    tpl_dict_entry_t  *e;

    set = call->args[0].u.dict;

    if (set->n == 0) {
        return tpl_throw(call->exec, TPL_EXC_KEY, "'pop from an empty set'");
    }

    if (set->nentries > TPL_SET_SMALL) {
        (void) tpl_dict_pop_last(call->exec, set, &call->result, &value);
        return TPL_OK;
    }

    i = 0;
    e = tpl_dict_next(set, &i);

    tpl_charge_items(call->exec, i);

    call->result = e->key;

    return (tpl_dict_delete(call->exec, set, &call->result, NULL) == TPL_OK)
           ? TPL_OK : TPL_ERROR;
}


/* every key of a is in b */

static tpl_int_t
tpl_set_within(tpl_call_t *call, const tpl_dict_t *a, const tpl_dict_t *b)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_dict_entry_t  *e;

    tpl_value_bool(&call->result, 0);

    if (a->n > b->n) {
        return TPL_OK;
    }

    for (i = 0; (e = tpl_dict_next(a, &i)) != NULL; ) {
        call->exec->fuel--;

        rc = tpl_set_has(call->exec, b, &e->key);
        if (rc != TPL_OK) {
            return (rc == TPL_DECLINED) ? TPL_OK : rc;
        }
    }

    tpl_value_bool(&call->result, 1);

    return TPL_OK;
}


static tpl_int_t
tpl_set_method_issubset(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *other;

    rc = tpl_set_of(call->exec, &call->args[1], &other);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_set_within(call, call->args[0].u.dict, other);
}


static tpl_int_t
tpl_set_method_issuperset(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *other;

    rc = tpl_set_of(call->exec, &call->args[1], &other);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_set_within(call, other, call->args[0].u.dict);
}


static tpl_int_t
tpl_set_method_isdisjoint(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_iter_t   it;
    tpl_value_t  item;

    rc = tpl_iter_init(call->exec, &it, &call->args[1]);
    if (rc != TPL_OK) {
        return rc;
    }

    for ( ;; ) {
        rc = tpl_iter_next(call->exec, &it, &item);

        if (rc == TPL_DONE) {
            tpl_value_bool(&call->result, 1);
            return TPL_OK;
        }

        if (rc != TPL_OK) {
            return rc;
        }

        rc = tpl_set_has(call->exec, call->args[0].u.dict, &item);

        if (rc == TPL_OK) {
            tpl_value_bool(&call->result, 0);
            return TPL_OK;
        }

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }
}


const tpl_builtin_def_t  tpl_methods_set[] = {

    { "add", "self, elem, /", tpl_set_method_add, TPL_FN_MUTATES },
    { "clear", "self, /", tpl_set_method_clear, TPL_FN_MUTATES },
    { "copy", "self, /", tpl_set_method_copy, 0 },
    { "difference", "self, /, *others", tpl_set_method_difference, 0 },
    { "difference_update", "self, /, *others",
      tpl_set_method_difference_update, TPL_FN_MUTATES },
    { "discard", "self, elem, /", tpl_set_method_discard, TPL_FN_MUTATES },
    { "intersection", "self, /, *others", tpl_set_method_intersection, 0 },
    { "intersection_update", "self, /, *others",
      tpl_set_method_intersection_update, TPL_FN_MUTATES },
    { "isdisjoint", "self, other, /", tpl_set_method_isdisjoint, 0 },
    { "issubset", "self, other, /", tpl_set_method_issubset, 0 },
    { "issuperset", "self, other, /", tpl_set_method_issuperset, 0 },
    { "pop", "self, /", tpl_set_method_pop, TPL_FN_MUTATES },
    { "remove", "self, elem, /", tpl_set_method_remove, TPL_FN_MUTATES },
    { "symmetric_difference", "self, other, /",
      tpl_set_method_symmetric_difference, 0 },
    { "symmetric_difference_update", "self, other, /",
      tpl_set_method_symmetric_difference_update, TPL_FN_MUTATES },
    { "union", "self, /, *others", tpl_set_method_union, 0 },
    { "update", "self, /, *others", tpl_set_method_update, TPL_FN_MUTATES },

    { NULL, NULL, NULL, 0 }
};
