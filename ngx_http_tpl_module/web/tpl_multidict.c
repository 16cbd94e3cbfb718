
/*
 * Dicts with several values a key.
 *
 * The values of a key are a list in an ordinary dict, never an empty one.  A
 * combined dict has the lists of both and, for what depends on them, the two
 * dicts themselves.
 */

#include "web/tpl_multidict.h"


typedef struct {
    tpl_object_t             object;
    tpl_dict_t              *dict;      /* of lists */
    tpl_value_t              parts[2];  /* of a combined one */
} tpl_multidict_t;


static tpl_int_t tpl_multidict_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_multidict_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_multidict_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_multidict_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_multidict_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t tpl_multidict_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_multidict_get(tpl_call_t *call);
static tpl_int_t tpl_multidict_getlist(tpl_call_t *call);
static tpl_int_t tpl_multidict_to_dict(tpl_call_t *call);
static tpl_int_t tpl_multidict_keys(tpl_call_t *call);
static tpl_int_t tpl_multidict_values(tpl_call_t *call);
static tpl_int_t tpl_multidict_items(tpl_call_t *call);
static tpl_int_t tpl_multidict_lists(tpl_call_t *call);
static tpl_int_t tpl_multidict_listvalues(tpl_call_t *call);


#define TPL_MULTIDICT_CLASS(text)                                            \
    .name = text,                                                            \
    .flags = TPL_CLASS_MAPPING,                                              \
    .get_attr = tpl_multidict_attr,                                          \
    .get_item = tpl_multidict_item,                                          \
    .length = tpl_multidict_length,                                          \
    .iter = tpl_multidict_iter,                                              \
    .contains = tpl_multidict_contains,                                      \
    .str = tpl_multidict_repr

static const tpl_class_t  tpl_multidict_class = {
    TPL_MULTIDICT_CLASS("ImmutableMultiDict")
};

static const tpl_class_t  tpl_multidict_combined_class = {
    TPL_MULTIDICT_CLASS("CombinedMultiDict")
};


const tpl_builtin_def_t  tpl_multidict_methods[] = {
    { "MultiDict:get", "self, key, default=, type=", tpl_multidict_get, 0 },
    { "MultiDict:getlist", "self, key, type=", tpl_multidict_getlist, 0 },
    { "MultiDict:to_dict", "self, flat=", tpl_multidict_to_dict, 0 },
    { "MultiDict:keys", "self", tpl_multidict_keys, 0 },
    { "MultiDict:values", "self", tpl_multidict_values, 0 },
    { "MultiDict:items", "self, multi=", tpl_multidict_items, 0 },
    { "MultiDict:lists", "self", tpl_multidict_lists, 0 },
    { "MultiDict:listvalues", "self", tpl_multidict_listvalues, 0 },
    { NULL, NULL, NULL, 0 }
};


static tpl_multidict_t *
tpl_multidict_alloc(tpl_exec_t *exec, const tpl_class_t *cls, uint32_t n,
    tpl_value_t *out)
{
    tpl_multidict_t  *md;

    md = tpl_pcalloc(exec->arena, sizeof(tpl_multidict_t));
    if (md == NULL) {
        (void) tpl_throw_memory(exec);
        return NULL;
    }

    md->object.cls = cls;
    md->dict = tpl_dict_create(exec, n);

    if (md->dict == NULL) {
        return NULL;
    }

    tpl_value_object(out, md);

    return md;
}


tpl_int_t
tpl_multidict_create(tpl_exec_t *exec, const tpl_pairs_t *pairs,
    tpl_value_t *out)
{
    uint32_t     i;
    tpl_value_t  value;

    if (tpl_multidict_alloc(exec, &tpl_multidict_class,
                            pairs ? pairs->n : 0, out)
        == NULL)
    {
        return TPL_ERROR;
    }

    for (i = 0; pairs && i < pairs->n; i++) {
        tpl_value_from_str(&value, &pairs->items[i].value);

        if (tpl_multidict_add(exec, out, &pairs->items[i].name, &value)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_multidict_add(tpl_exec_t *exec, const tpl_value_t *dict,
    const tpl_str_t *key, const tpl_value_t *value)
{
    tpl_int_t         rc;
    tpl_list_t       *list;
    tpl_value_t       name, v;
    tpl_multidict_t  *md;

    md = (tpl_multidict_t *) dict->u.obj;

    tpl_charge_items(exec, 1);
    tpl_value_from_str(&name, key);

    rc = tpl_dict_get(exec, md->dict, &name, &v);

    if (rc == TPL_DECLINED) {
        list = tpl_list_create(exec, 1);
        if (list == NULL) {
            return TPL_ERROR;
        }

        tpl_value_list(&v, list);

        rc = tpl_dict_set(exec, md->dict, &name, &v);
    }

    return (rc == TPL_OK) ? tpl_list_append(exec, v.u.list, value) : rc;
}


tpl_int_t
tpl_multidict_combine(tpl_exec_t *exec, const tpl_value_t *first,
    const tpl_value_t *second, tpl_value_t *out)
{
    uint32_t           i, k, n;
    tpl_str_t          key;
    tpl_multidict_t   *md, *part;
    tpl_dict_entry_t  *e;

    md = tpl_multidict_alloc(exec, &tpl_multidict_combined_class, 0, out);
    if (md == NULL) {
        return TPL_ERROR;
    }

    md->parts[0] = *first;

    if (second) {
        md->parts[1] = *second;
    }

    for (n = 0; n < 2 && md->parts[n].type != TPL_MISSING; n++) {
        part = (tpl_multidict_t *) md->parts[n].u.obj;

        for (i = 0; (e = tpl_dict_next(part->dict, &i)) != NULL; ) {
            key = tpl_value_str(&e->key);

            for (k = 0; k < e->value.u.list->n; k++) {
                if (tpl_multidict_add(exec, out, &key,
                                      &e->value.u.list->items[k])
                    != TPL_OK)
                {
                    return TPL_ERROR;
                }
            }
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_multidict_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    return tpl_web_method(exec, obj, "MultiDict", &name->str, out);
}


static tpl_int_t
tpl_multidict_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_value_t  list;

    rc = tpl_dict_get(exec, ((tpl_multidict_t *) obj)->dict, key, &list);

    if (rc == TPL_OK) {
        *out = list.u.list->items[0];
    }

    return rc;
}


static tpl_int_t
tpl_multidict_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    (void) exec;

    *n = ((tpl_multidict_t *) obj)->dict->n;

    return TPL_OK;
}


static tpl_int_t
tpl_multidict_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    (void) exec;

    tpl_value_dict(out, ((tpl_multidict_t *) obj)->dict);

    return TPL_OK;
}


static tpl_int_t
tpl_multidict_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found)
{
    tpl_int_t    rc;
    tpl_value_t  list;

    rc = tpl_dict_get(exec, ((tpl_multidict_t *) obj)->dict, key, &list);

    *found = (rc == TPL_OK);

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


/* appends pairs: the first value of each key, or all of them */

static tpl_int_t
tpl_multidict_pairs(tpl_exec_t *exec, const tpl_multidict_t *md,
    tpl_uint_t multi, tpl_list_t *list)
{
    uint32_t           i, k;
    tpl_value_t        pair;
    const tpl_list_t  *values;
    tpl_dict_entry_t  *e;

    if (multi && md->parts[0].type != TPL_MISSING) {

        for (i = 0; i < 2 && md->parts[i].type != TPL_MISSING; i++) {
            if (tpl_multidict_pairs(exec,
                                    (tpl_multidict_t *) md->parts[i].u.obj,
                                    1, list)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        return TPL_OK;
    }

    for (i = 0; (e = tpl_dict_next(md->dict, &i)) != NULL; ) {
        values = e->value.u.list;

        for (k = 0; k < (multi ? values->n : 1); k++) {
            tpl_charge_items(exec, 1);

            if (tpl_pair(exec, &e->key, &values->items[k], &pair) != TPL_OK
                || tpl_list_append(exec, list, &pair) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_multidict_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_multidict_t *md = (tpl_multidict_t *) obj;

    uint32_t      i;
    tpl_list_t   *list;
    tpl_value_t   v;

    list = tpl_list_create(exec, md->dict->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    if (md->parts[0].type == TPL_MISSING) {
        if (tpl_multidict_pairs(exec, md, 1, list) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        for (i = 0; i < 2 && md->parts[i].type != TPL_MISSING; i++) {
            if (tpl_list_append(exec, list, &md->parts[i]) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    tpl_value_list(&v, list);

    tpl_buf_printf(b, "%s(", obj->cls->name);

    if (tpl_repr_to(exec, &v, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_char(b, ')');
}


/*
 * get(key, default=None, type=None): of a combined dict the other part is tried
 * if the value of one cannot be converted
 */

static tpl_int_t
tpl_multidict_get(tpl_call_t *call)
{
    uint32_t          i;
    tpl_int_t         rc;
    tpl_value_t       v;
    tpl_multidict_t  *md;

    md = (tpl_multidict_t *) call->args[0].u.obj;

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
    }

    if (!tpl_arg_some(&call->args[3])) {
        rc = tpl_multidict_item(call->exec, &md->object, &call->args[1], &v);

        if (rc == TPL_OK) {
            call->result = v;
        }

        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    for (i = 0; i < 2; i++) {

        if (md->parts[0].type == TPL_MISSING) {
            rc = tpl_multidict_item(call->exec, &md->object, &call->args[1],
                                    &v);

        } else if (md->parts[i].type != TPL_MISSING) {
            rc = tpl_multidict_item(call->exec, md->parts[i].u.obj,
                                    &call->args[1], &v);

        } else {
            break;
        }

        if (rc == TPL_OK) {
            rc = tpl_web_convert(call->exec, &call->args[3], &v,
                                 &call->result);
        }

        if (rc != TPL_DECLINED) {
            return rc;
        }

        if (md->parts[0].type == TPL_MISSING) {
            break;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_multidict_getlist(tpl_call_t *call)
{
    uint32_t          i;
    tpl_int_t         rc;
    tpl_exec_t       *exec;
    tpl_list_t       *list;
    tpl_value_t       values, v;
    tpl_multidict_t  *md;

    exec = call->exec;
    md = (tpl_multidict_t *) call->args[0].u.obj;

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    rc = tpl_dict_get(exec, md->dict, &call->args[1], &values);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    if (!tpl_arg_some(&call->args[2])) {
        return tpl_list_extend(exec, list, &values);
    }

    for (i = 0; i < values.u.list->n; i++) {
        tpl_charge_items(exec, 1);

        rc = tpl_web_convert(exec, &call->args[2],
                             &values.u.list->items[i], &v);

        if (rc == TPL_DECLINED) {
            continue;
        }

        if (rc != TPL_OK || tpl_list_append(exec, list, &v) != TPL_OK) {
            return (rc != TPL_OK) ? rc : TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* a copy of the lists: templates can change them */

static tpl_int_t
tpl_multidict_copy(tpl_exec_t *exec, const tpl_value_t *values,
    tpl_value_t *out)
{
    tpl_list_t  *list;

    list = tpl_list_create(exec, values->u.list->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(out, list);

    return tpl_list_extend(exec, list, values);
}


static tpl_int_t
tpl_multidict_to_dict(tpl_call_t *call)
{
    uint32_t           i;
    tpl_uint_t         flat;
    tpl_dict_t        *dict;
    tpl_value_t        v;
    tpl_multidict_t   *md;
    tpl_dict_entry_t  *e;

    md = (tpl_multidict_t *) call->args[0].u.obj;

    if (tpl_arg_bool(call, 1, 1, &flat) != TPL_OK) {
        return TPL_ERROR;
    }

    dict = tpl_dict_create(call->exec, md->dict->n);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; (e = tpl_dict_next(md->dict, &i)) != NULL; ) {
        v = e->value.u.list->items[0];

        if ((!flat
             && tpl_multidict_copy(call->exec, &e->value, &v) != TPL_OK)
            || tpl_dict_set(call->exec, dict, &e->key, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_dict(&call->result, dict);

    return TPL_OK;
}


static tpl_int_t
tpl_multidict_keys(tpl_call_t *call)
{
    tpl_name_t        method;
    tpl_value_t       dict, keys;
    tpl_multidict_t  *md;

    static const tpl_str_t  name = tpl_string("keys");

    md = (tpl_multidict_t *) call->args[0].u.obj;

    method.str = name;
    method.hash = tpl_hash(name.data, name.len);

    tpl_value_dict(&dict, md->dict);

    if (tpl_get_attr(call->exec, &dict, &method, &keys) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_value_call(call->exec, &keys, NULL, 0, NULL, &call->result);
}


static tpl_int_t
tpl_multidict_values(tpl_call_t *call)
{
    uint32_t           i;
    tpl_list_t        *list;
    tpl_multidict_t   *md;
    tpl_dict_entry_t  *e;

    md = (tpl_multidict_t *) call->args[0].u.obj;

    list = tpl_list_create(call->exec, md->dict->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; (e = tpl_dict_next(md->dict, &i)) != NULL; ) {
        if (tpl_list_append(call->exec, list, &e->value.u.list->items[0])
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return tpl_value_iterator(call->exec, &call->result, list, "generator");
}


static tpl_int_t
tpl_multidict_items(tpl_call_t *call)
{
    tpl_list_t       *list;
    tpl_uint_t        multi;
    tpl_multidict_t  *md;

    md = (tpl_multidict_t *) call->args[0].u.obj;

    if (tpl_arg_bool(call, 1, 0, &multi) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(call->exec, md->dict->n);

    if (list == NULL
        || tpl_multidict_pairs(call->exec, md, multi, list) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_value_iterator(call->exec, &call->result, list, "generator");
}


static tpl_int_t
tpl_multidict_all(tpl_call_t *call, tpl_uint_t pairs)
{
    uint32_t           i;
    tpl_list_t        *list;
    tpl_value_t        v;
    tpl_multidict_t   *md;
    tpl_dict_entry_t  *e;

    md = (tpl_multidict_t *) call->args[0].u.obj;

    list = tpl_list_create(call->exec, md->dict->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; (e = tpl_dict_next(md->dict, &i)) != NULL; ) {

        if (tpl_multidict_copy(call->exec, &e->value, &v) != TPL_OK
            || (pairs && tpl_pair(call->exec, &e->key, &v, &v) != TPL_OK)
            || tpl_list_append(call->exec, list, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return tpl_value_iterator(call->exec, &call->result, list, "generator");
}


static tpl_int_t
tpl_multidict_lists(tpl_call_t *call)
{
    return tpl_multidict_all(call, 1);
}


static tpl_int_t
tpl_multidict_listvalues(tpl_call_t *call)
{
    return tpl_multidict_all(call, 0);
}
