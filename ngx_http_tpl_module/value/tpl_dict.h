
/*
 * The ordered dict: entries in order of insertion, and from nine entries on an
 * index by hash.  Deleting leaves a hole (key MISSING) until the next growth.
 * A small dict is searched by comparing its keys and never hashes a string;
 * the hashes in its entries are not set before there is an index.
 */

#ifndef _TPL_DICT_H_INCLUDED_
#define _TPL_DICT_H_INCLUDED_


#include "value/tpl_value.h"


TPL_BEGIN_DECLS


typedef struct {
    tpl_value_t          key;
    tpl_value_t          value;
    uint32_t             hash;      /* set once the dict has an index */
} tpl_dict_entry_t;


struct tpl_dict_s {
    tpl_dict_entry_t    *entries;
    uint32_t            *index;     /* NULL while small */
    uint32_t             nentries;  /* used, holes included */
    uint32_t             size;      /* of entries */
    uint32_t             n;         /* live entries: len() */
    uint32_t             mask;      /* of index */
};


tpl_dict_t *tpl_dict_create(tpl_exec_t *exec, tpl_uint_t size);

/* TPL_OK, TPL_DECLINED when absent, TPL_ERROR for an unhashable key */
tpl_int_t tpl_dict_get(tpl_exec_t *exec, const tpl_dict_t *dict,
    const tpl_value_t *key, tpl_value_t *out);

/* by name: cannot fail, NULL when absent; the value may be changed in place */
tpl_value_t *tpl_dict_find(const tpl_dict_t *dict, const tpl_name_t *name);

/*
 * The same for dicts of one kind after another: hint remembers which entry it
 * was last time.
 */
static inline tpl_value_t *
tpl_dict_find_again(const tpl_dict_t *dict, const tpl_name_t *name,
    uint8_t *hint)
{
    tpl_value_t       *v;
    tpl_dict_entry_t  *e;

    if (tpl_likely(!TPL_NO_HINTS && *hint < dict->nentries)) {
        e = &dict->entries[*hint];

        if (tpl_likely(e->key.len == name->str.len
                       && e->key.type == TPL_STRING
                       && tpl_same_short(e->key.u.s, name->str.data,
                                         name->str.len)))
        {
            return &e->value;
        }
    }

    v = tpl_dict_find(dict, name);

    if (v) {
        e = (tpl_dict_entry_t *)
                ((char *) v - offsetof(tpl_dict_entry_t, value));

        if (e - dict->entries < 256) {
            *hint = (uint8_t) (e - dict->entries);
        }
    }

    return v;
}


tpl_int_t tpl_dict_set(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_value_t *key, const tpl_value_t *value);

/* copies neither name nor value */
tpl_int_t tpl_dict_set_str(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_str_t *name, const tpl_value_t *value);

/* TPL_DECLINED when absent; out (may be NULL) gets the value */
tpl_int_t tpl_dict_delete(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_value_t *key, tpl_value_t *out);

void tpl_dict_clear(tpl_dict_t *dict);

tpl_int_t tpl_dict_copy(tpl_exec_t *exec, const tpl_dict_t *dict,
    tpl_dict_t **out);

/* adds all of other, a mapping or an iterable of pairs, as dict.update() */
tpl_int_t tpl_dict_update(tpl_exec_t *exec, tpl_dict_t *dict,
    const tpl_value_t *other);

/*
 * The next live entry from *position on, which moves past it; NULL at the end:
 *
 *     for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) { ... }
 */
tpl_dict_entry_t *tpl_dict_next(const tpl_dict_t *dict, uint32_t *position);


TPL_END_DECLS


#endif /* _TPL_DICT_H_INCLUDED_ */
