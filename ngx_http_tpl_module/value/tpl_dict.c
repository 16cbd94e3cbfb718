
/*
 * The ordered dict, and what sets do with it.
 *
 * Entries stand in order of insertion.  A dict of at most TPL_DICT_SMALL
 * entries is searched from its start; a larger one has an index: open
 * addressing over entry numbers + 1, at most half full.  A deleted entry stays
 * where it is, with a MISSING key, and so keeps the chains of the index whole;
 * growing drops it.
 */

#include "value/tpl_inner.h"


#define TPL_DICT_SMALL  8


/* keys whose hash cannot fail: no need to compute it to see an error */
#define tpl_dict_plain_key(v)                                                \
    ((v)->type == TPL_INT || (v)->type == TPL_BOOL                           \
     || (v)->type == TPL_FLOAT || (v)->type == TPL_NONE)


static tpl_int_t tpl_dict_append_full(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_value_t *key, const tpl_value_t *value, uint32_t hash);


static tpl_int_t
tpl_dict_make_index(tpl_exec_t *exec, tpl_dict_t *dict, uint32_t size,
    tpl_uint_t hashed)
{
    uint32_t           i, at, mask, *index;
    uint64_t           n;
    tpl_dict_entry_t  *e;

    for (n = 4 * TPL_DICT_SMALL; n < 2 * (uint64_t) size; n *= 2) {
        /* void */
    }

    mask = (uint32_t) (n - 1);

    if (dict->index && dict->mask == mask) {
        index = dict->index;
        memset(index, 0, n * sizeof(uint32_t));

    } else {
        index = tpl_pcalloc(exec->arena, n * sizeof(uint32_t));
        if (tpl_unlikely(index == NULL)) {
            return tpl_throw_memory(exec);
        }
    }

    for (i = 0; i < dict->nentries; i++) {
        e = &dict->entries[i];

        if (e->key.type == TPL_MISSING) {
            continue;
        }

        if (!hashed && tpl_value_hash(exec, &e->key, &e->hash) != TPL_OK) {
            return TPL_ERROR;
        }

        at = e->hash & mask;

        while (index[at]) {
            at = (at + 1) & mask;
        }

        index[at] = i + 1;
    }

    dict->index = index;
    dict->mask = mask;

    return TPL_OK;
}


tpl_dict_t *
tpl_dict_create(tpl_exec_t *exec, tpl_uint_t size)
{
    tpl_dict_t  *dict;

    if (tpl_unlikely(size > UINT32_MAX / 4)) {
        (void) tpl_throw_memory(exec);
        return NULL;
    }

    dict = tpl_pcalloc(exec->arena, sizeof(tpl_dict_t));
    if (tpl_unlikely(dict == NULL)) {
        (void) tpl_throw_memory(exec);
        return NULL;
    }

    if (size) {
        dict->entries = tpl_palloc(exec->arena,
                                   size * sizeof(tpl_dict_entry_t));
        if (tpl_unlikely(dict->entries == NULL)) {
            (void) tpl_throw_memory(exec);
            return NULL;
        }

        dict->size = (uint32_t) size;

        if (size > TPL_DICT_SMALL
            && tpl_dict_make_index(exec, dict, (uint32_t) size, 1) != TPL_OK)
        {
            return NULL;
        }
    }

    return dict;
}


/* room for one more entry: drops the holes, or doubles */

static tpl_int_t
tpl_dict_grow(tpl_exec_t *exec, tpl_dict_t *dict)
{
    uint32_t           i, n, size;
    tpl_uint_t         hashed;
    tpl_dict_entry_t  *entries;

    size = dict->size;

    if (dict->n >= size - size / 4) {
        if (size > UINT32_MAX / 4) {
            return tpl_throw_memory(exec);
        }

        size = size ? size * 2 : 4;
    }

    entries = dict->entries;

    if (size != dict->size) {
        entries = tpl_palloc(exec->arena, size * sizeof(tpl_dict_entry_t));
        if (tpl_unlikely(entries == NULL)) {
            return tpl_throw_memory(exec);
        }
    }

    if (dict->n == dict->nentries) {
        if (entries != dict->entries && dict->n) {
            memcpy(entries, dict->entries,
                   dict->n * sizeof(tpl_dict_entry_t));
        }

    } else {
        for (i = 0, n = 0; i < dict->nentries; i++) {
            if (dict->entries[i].key.type != TPL_MISSING) {
                entries[n++] = dict->entries[i];
            }
        }

        dict->nentries = n;
    }

    hashed = (dict->index != NULL);
    dict->entries = entries;
    dict->size = size;

    if (size <= TPL_DICT_SMALL) {
        return TPL_OK;
    }

    return tpl_dict_make_index(exec, dict, size, hashed);
}


/* the entry of a string key, NULL when absent; hash is for dicts with index */

static inline tpl_dict_entry_t *
tpl_dict_seek_str(const tpl_dict_t *dict, const tpl_char_t *data, size_t len,
    uint32_t hash)
{
    uint32_t           i, at;
    tpl_dict_entry_t  *e;

    if (dict->index == NULL) {

        for (i = 0; i < dict->nentries; i++) {
            e = &dict->entries[i];

            if (e->key.len == len && e->key.type == TPL_STRING
                && tpl_same_short(e->key.u.s, data, len))
            {
                return e;
            }
        }

        return NULL;
    }

    for (i = hash & dict->mask;
         (at = dict->index[i]) != 0;
         i = (i + 1) & dict->mask)
    {
        e = &dict->entries[at - 1];

        if (e->hash == hash && e->key.type == TPL_STRING
            && e->key.len == len
            && tpl_same_short(e->key.u.s, data, len))
        {
            return e;
        }
    }

    return NULL;
}


/* of any other key: TPL_OK, TPL_DECLINED or TPL_ERROR */

static tpl_int_t
tpl_dict_seek_any(tpl_exec_t *exec, const tpl_dict_t *dict,
    const tpl_value_t *key, uint32_t hash, tpl_dict_entry_t **entry)
{
    uint32_t           i, at;
    tpl_uint_t         equal;
    tpl_dict_entry_t  *e;

    i = dict->index ? hash & dict->mask : 0;

    for ( ;; ) {

        if (dict->index == NULL) {
            if (i == dict->nentries) {
                return TPL_DECLINED;
            }

            e = &dict->entries[i++];

        } else {
            at = dict->index[i];

            if (at == 0) {
                return TPL_DECLINED;
            }

            i = (i + 1) & dict->mask;
            e = &dict->entries[at - 1];

            if (e->hash != hash) {
                continue;
            }
        }

        if (e->key.type == TPL_MISSING || e->key.type == TPL_STRING) {
            continue;
        }

        if (tpl_identical(&e->key, key)) {
            *entry = e;
            return TPL_OK;
        }

        if (tpl_equal(exec, &e->key, key, &equal) != TPL_OK) {
            return TPL_ERROR;
        }

        if (equal) {
            *entry = e;
            return TPL_OK;
        }
    }
}


/* finds an entry; *hash is set if the dict has an index */

static tpl_int_t
tpl_dict_seek(tpl_exec_t *exec, const tpl_dict_t *dict,
    const tpl_value_t *key, uint32_t *hash, tpl_dict_entry_t **entry)
{
    *hash = 0;

    if (key->type == TPL_STRING) {
        if (dict->index) {
            *hash = tpl_hash(key->u.s, key->len);
        }

        *entry = tpl_dict_seek_str(dict, key->u.s, key->len, *hash);

        return *entry ? TPL_OK : TPL_DECLINED;
    }

    if (dict->index || !tpl_dict_plain_key(key)) {
        if (tpl_value_hash(exec, key, hash) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return tpl_dict_seek_any(exec, dict, key, *hash, entry);
}


/* appends an entry that is not there yet */

static tpl_int_t
tpl_dict_append(tpl_exec_t *exec, tpl_dict_t *dict, const tpl_value_t *key,
    const tpl_value_t *value, uint32_t hash)
{
    uint32_t           at;
    tpl_dict_entry_t  *e;

    if (dict->nentries == dict->size) {
        return tpl_dict_append_full(exec, dict, key, value, hash);
    }

    e = &dict->entries[dict->nentries++];

    e->key = *key;
    e->value = *value;
    e->hash = hash;

    dict->n++;

    if (dict->index) {
        at = hash & dict->mask;

        while (dict->index[at]) {
            at = (at + 1) & dict->mask;
        }

        dict->index[at] = dict->nentries;
    }

    return TPL_OK;
}


/* the same where there is no room left */

static tpl_int_t
tpl_dict_append_full(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_value_t *key, const tpl_value_t *value, uint32_t hash)
{
    tpl_uint_t   hashed;
    tpl_value_t  k, v;

    hashed = (dict->index != NULL);

    /* both may stand in the entries that move */
    k = *key;
    v = *value;

    if (tpl_dict_grow(exec, dict) != TPL_OK) {
        return TPL_ERROR;
    }

    if (dict->index && !hashed
        && tpl_value_hash(exec, &k, &hash) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_dict_append(exec, dict, &k, &v, hash);
}


tpl_int_t
tpl_dict_get(tpl_exec_t *exec, const tpl_dict_t *dict, const tpl_value_t *key,
    tpl_value_t *out)
{
    uint32_t           hash;
    tpl_int_t          rc;
    tpl_dict_entry_t  *e;

    rc = tpl_dict_seek(exec, dict, key, &hash, &e);

    if (rc == TPL_OK) {
        *out = e->value;
    }

    return rc;
}


tpl_value_t *
tpl_dict_find(const tpl_dict_t *dict, const tpl_name_t *name)
{
    tpl_dict_entry_t  *e;

    e = tpl_dict_seek_str(dict, name->str.data, name->str.len, name->hash);

    return e ? &e->value : NULL;
}


tpl_int_t
tpl_dict_set(tpl_exec_t *exec, tpl_dict_t *dict, const tpl_value_t *key,
    const tpl_value_t *value)
{
    uint32_t           hash;
    tpl_int_t          rc;
    tpl_dict_entry_t  *e;

    rc = tpl_dict_seek(exec, dict, key, &hash, &e);

    if (rc == TPL_OK) {
        e->value = *value;
        return TPL_OK;
    }

    if (rc != TPL_DECLINED) {
        return rc;
    }

    return tpl_dict_append(exec, dict, key, value, hash);
}


tpl_int_t
tpl_dict_set_str(tpl_exec_t *exec, tpl_dict_t *dict, const tpl_str_t *name,
    const tpl_value_t *value)
{
    tpl_value_t  key;

    tpl_value_from_str(&key, name);

    return tpl_dict_set(exec, dict, &key, value);
}


tpl_int_t
tpl_dict_delete(tpl_exec_t *exec, tpl_dict_t *dict, const tpl_value_t *key,
    tpl_value_t *out)
{
    uint32_t           hash;
    tpl_int_t          rc;
    tpl_dict_entry_t  *e;

    rc = tpl_dict_seek(exec, dict, key, &hash, &e);
    if (rc != TPL_OK) {
        return rc;
    }

    if (out) {
        *out = e->value;
    }

    tpl_value_missing(&e->key);
    tpl_value_missing(&e->value);
    dict->n--;

    return TPL_OK;
}


void
tpl_dict_clear(tpl_dict_t *dict)
{
    dict->n = 0;
    dict->nentries = 0;

    if (dict->index) {
        memset(dict->index, 0,
               ((size_t) dict->mask + 1) * sizeof(uint32_t));
    }
}


tpl_int_t
tpl_dict_copy(tpl_exec_t *exec, const tpl_dict_t *dict, tpl_dict_t **out)
{
    uint32_t           i;
    tpl_dict_t        *copy;
    tpl_dict_entry_t  *e;

    copy = tpl_dict_create(exec, dict->n);
    if (copy == NULL) {
        return TPL_ERROR;
    }

    exec->fuel -= dict->n;

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {

        /* n entries fit: no growth, no index where dict has none */

        if (tpl_dict_append(exec, copy, &e->key, &e->value, e->hash)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    *out = copy;

    return TPL_OK;
}


/* one pair of an iterable of pairs */

static tpl_int_t
tpl_dict_update_pair(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_value_t *pair, int64_t n)
{
    tpl_int_t          rc;
    tpl_value_t        items;
    const tpl_list_t  *list;

    if (pair->type == TPL_LIST || pair->type == TPL_TUPLE) {
        items = *pair;

    } else if (pair->type == TPL_UNDEFINED) {
        rc = tpl_to_list(exec, pair, &items);
        if (rc != TPL_OK) {
            return rc;
        }

    } else if (!tpl_is_iterable(pair)) {
        return tpl_throw(exec, TPL_EXC_TYPE, "cannot convert dictionary "
                         "update sequence element #%lld to a sequence",
                         (long long) n);

    } else {
        rc = tpl_to_list(exec, pair, &items);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    list = items.u.list;

    if (list->n != 2) {
        return tpl_throw(exec, TPL_EXC_VALUE, "dictionary update sequence "
                         "element #%lld has length %u; 2 is required",
                         (long long) n, list->n);
    }

    return tpl_dict_set(exec, dict, &list->items[0], &list->items[1]);
}


tpl_int_t
tpl_dict_update(tpl_exec_t *exec, tpl_dict_t *dict, const tpl_value_t *other)
{
    int64_t             n;
    uint32_t            i;
    tpl_int_t           rc;
    tpl_iter_t          it;
    tpl_value_t         item, value;
    tpl_object_t       *obj;
    tpl_dict_entry_t   *e;

    if (other->type == TPL_DICT) {

        if (other->u.dict == dict) {
            return TPL_OK;
        }

        for (i = 0; (e = tpl_dict_next(other->u.dict, &i)) != NULL; ) {
            exec->fuel--;

            if (tpl_dict_set(exec, dict, &e->key, &e->value) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        return TPL_OK;
    }

    if (other->type == TPL_UNDEFINED) {
        /* Python asks for its method keys(), of a chainable one as well */
        return tpl_undefined_throw(exec, other);
    }

    obj = NULL;

    if (other->type == TPL_OBJECT
        && (other->u.obj->cls->flags & TPL_CLASS_MAPPING)
        && other->u.obj->cls->get_item)
    {
        obj = other->u.obj;
    }

    rc = tpl_iter_init(exec, &it, other);
    if (rc != TPL_OK) {
        return rc;
    }

    for (n = 0; ; n++) {
        rc = tpl_iter_next(exec, &it, &item);
        if (rc != TPL_OK) {
            return (rc == TPL_DONE) ? TPL_OK : rc;
        }

        if (obj) {
            rc = obj->cls->get_item(exec, obj, &item, &value);

            if (rc == TPL_OK) {
                rc = tpl_dict_set(exec, dict, &item, &value);

            } else if (rc == TPL_DECLINED) {
                rc = TPL_OK;
            }

        } else {
            rc = tpl_dict_update_pair(exec, dict, &item, n);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }
}


tpl_dict_entry_t *
tpl_dict_next(const tpl_dict_t *dict, uint32_t *position)
{
    tpl_dict_entry_t  *e;

    while (*position < dict->nentries) {
        e = &dict->entries[(*position)++];

        if (e->key.type != TPL_MISSING) {
            return e;
        }
    }

    return NULL;
}


/* adds to set the keys of a that are in b, or that are not */

static tpl_int_t
tpl_set_select(tpl_exec_t *exec, tpl_dict_t *set, const tpl_dict_t *a,
    const tpl_dict_t *b, tpl_uint_t wanted)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_value_t        value;
    tpl_dict_entry_t  *e;

    for (i = 0; (e = tpl_dict_next(a, &i)) != NULL; ) {
        exec->fuel--;

        rc = tpl_dict_get(exec, b, &e->key, &value);
        if (rc == TPL_ERROR) {
            return rc;
        }

        if ((rc == TPL_OK) == wanted
            && tpl_dict_set(exec, set, &e->key, &e->value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_set_binary(tpl_exec_t *exec, tpl_binary_op_t op, const tpl_dict_t *a,
    const tpl_dict_t *b, tpl_value_t *out)
{
    tpl_int_t          rc;
    tpl_dict_t        *set;
    const tpl_dict_t  *smaller;

    /* as in Python the keys of & are those of the smaller set, then of b */

    if (op == TPL_OP_BIT_AND && b->n <= a->n) {
        smaller = b;
        b = a;
        a = smaller;
    }

    if (op == TPL_OP_BIT_OR) {
        rc = tpl_dict_copy(exec, a, &set);

    } else {
        set = tpl_dict_create(exec, 0);
        rc = (set == NULL) ? TPL_ERROR
             : tpl_set_select(exec, set, a, b, op == TPL_OP_BIT_AND);
    }

    if (rc == TPL_OK && (op == TPL_OP_BIT_OR || op == TPL_OP_BIT_XOR)) {
        rc = tpl_set_select(exec, set, b, a, 0);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    *out = (tpl_value_t) { .type = TPL_SET, .u.dict = set };

    return TPL_OK;
}
