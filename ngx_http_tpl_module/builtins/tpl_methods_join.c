
/*
 * The methods of str that join and replace.  Their table is in
 * tpl_methods_str.c.
 *
 * Results are measured first and written once.
 */

#include "builtins/tpl_methods.h"


/* places of matches that a replacement need not look for twice */
#define TPL_REPLACE_PLACES  32


/*
 * The items as strings, in a list of their own where one must be escaped or
 * made to text (Markup.join() takes all, str.join() strings alone).
 */

static tpl_int_t
tpl_join_items(tpl_call_t *call, tpl_list_t **items)
{
    uint32_t            i;
    tpl_int_t           rc;
    tpl_list_t         *list, *texts;
    tpl_value_t         v;
    const tpl_value_t  *self, *item;

    self = &call->args[0];
    v = call->args[1];

    if (v.type != TPL_LIST && v.type != TPL_TUPLE) {

        if (!tpl_is_iterable(&v) && !tpl_is_safe(self)) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "can only join an iterable");
        }

        rc = tpl_to_list(call->exec, &v, &v);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    list = v.u.list;
    texts = list;

    if (tpl_is_safe(self)) {
        texts = tpl_list_create(call->exec, list->n);
        if (texts == NULL) {
            return TPL_ERROR;
        }

        for (i = 0; i < list->n; i++) {
            rc = tpl_to_markup(call->exec, &list->items[i], &v);
            if (rc != TPL_OK) {
                return rc;
            }

            if (tpl_list_append(call->exec, texts, &v) != TPL_OK) {
                return TPL_ERROR;
            }
        }

    } else {
        for (i = 0; i < list->n; i++) {
            item = &list->items[i];

            if (item->type != TPL_STRING) {
                return tpl_throw(call->exec, TPL_EXC_TYPE,
                                 "sequence item %u: expected str instance, "
                                 "%s found", i, tpl_type_name(item));
            }
        }
    }

    *items = texts;

    return TPL_OK;
}


tpl_int_t
tpl_str_method_join(tpl_call_t *call)
{
    uint32_t            i;
    uint64_t            size;
    tpl_int_t           rc;
    tpl_uint_t          flags;
    tpl_list_t         *items;
    tpl_char_t         *p, *start;
    const tpl_value_t  *self, *item;

    self = &call->args[0];
    items = NULL;

    rc = tpl_join_items(call, &items);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_charge_items(call->exec, items->n);

    size = 0;
    flags = TPL_F_ASCII;

    for (i = 0; i < items->n; i++) {
        size += items->items[i].len;
        flags &= items->items[i].flags;
    }

    if (items->n > 1) {
        size += (uint64_t) self->len * (items->n - 1);
        flags &= self->flags;
    }

    flags |= self->flags & TPL_F_SAFE;

    start = tpl_method_text(call->exec, size);
    if (start == NULL) {
        return TPL_ERROR;
    }

    p = start;

    for (i = 0; i < items->n; i++) {

        if (i && self->len) {
            memcpy(p, self->u.s, self->len);
            p += self->len;
        }

        item = &items->items[i];

        if (item->len) {
            memcpy(p, item->u.s, item->len);
            p += item->len;
        }
    }

    tpl_value_string(&call->result, start, size, (uint8_t) flags);

    return TPL_OK;
}


static inline const tpl_char_t *
tpl_replace_next(const tpl_char_t *p, const tpl_char_t *last,
    const tpl_str_t *old)
{
    ssize_t    at;
    tpl_str_t  s;

    if (p == last) {
        return NULL;
    }

    if (old->len == 1) {
        return memchr(p, old->data[0], last - p);
    }

    s.data = (tpl_char_t *) p;
    s.len = last - p;
    at = tpl_str_find(&s, old, 0);

    return (at < 0) ? NULL : p + at;
}


/* new before each of the first n characters, or at the end too */

static tpl_int_t
tpl_replace_empty(tpl_call_t *call, const tpl_str_t *new, int64_t max,
    tpl_uint_t flags)
{
    int64_t             n;
    tpl_char_t         *d, *start;
    const tpl_char_t   *p, *q, *last;
    const tpl_value_t  *self;

    self = &call->args[0];

    n = (int64_t) tpl_string_length(self) + 1;
    n = tpl_min(n, max);

    start = tpl_method_text(call->exec,
                             self->len + (uint64_t) n * new->len);
    if (start == NULL) {
        return TPL_ERROR;
    }

    d = start;
    p = self->u.s;
    last = p + self->len;

    for ( /* void */ ; n; n--) {

        if (new->len) {
            memcpy(d, new->data, new->len);
            d += new->len;
        }

        if (p < last) {
            q = p;
            (void) tpl_utf8_decode(&q, last);
            memcpy(d, p, q - p);
            d += q - p;
            p = q;
        }
    }

    if (p < last) {
        memcpy(d, p, last - p);
        d += last - p;
    }

    tpl_value_string(&call->result, start, d - start, (uint8_t) flags);

    return TPL_OK;
}


tpl_int_t
tpl_str_method_replace(tpl_call_t *call)
{
    size_t              places[TPL_REPLACE_PLACES];
    int64_t             max, n, i;
    uint64_t            size;
    tpl_str_t           old, new;
    tpl_uint_t          flags;
    tpl_char_t         *d, *start;
    tpl_value_t         v[2];
    const tpl_char_t   *p, *q, *first, *last;
    const tpl_value_t  *self;

    self = &call->args[0];

    if (tpl_markup_arg(call, 1, &v[0]) != TPL_OK
        || tpl_markup_arg(call, 2, &v[1]) != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = 0; i < 2; i++) {
        if (v[i].type != TPL_STRING) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "replace() argument %d must be str, not %s",
                             (int) i + 1,
                             (v[i].type == TPL_NONE) ? "None"
                                                     : tpl_type_name(&v[i]));
        }
    }

    if (tpl_arg_int(call, 3, -1, &max) != TPL_OK) {
        return TPL_ERROR;
    }

    if (max < 0) {
        max = INT64_MAX;
    }

    old = tpl_value_str(&v[0]);
    new = tpl_value_str(&v[1]);

    flags = tpl_cut_flags(self) & (v[1].flags | TPL_F_SAFE);

    tpl_charge(call->exec, self->len);

    if (old.len == 0) {
        return tpl_replace_empty(call, &new, max, flags);
    }

    first = self->u.s;
    last = first + self->len;

    for (n = 0, p = first; n < max; n++) {
        q = tpl_replace_next(p, last, &old);

        if (q == NULL) {
            break;
        }

        if (n < TPL_REPLACE_PLACES) {
            places[n] = q - first;
        }

        p = q + old.len;
    }

    if (n == 0) {
        call->result = *self;
        return TPL_OK;
    }

    size = self->len - (uint64_t) n * old.len + (uint64_t) n * new.len;

    start = tpl_method_text(call->exec, size);
    if (start == NULL) {
        return TPL_ERROR;
    }

    d = start;
    p = first;

    for (i = 0; i < n; i++) {
        q = (i < TPL_REPLACE_PLACES) ? first + places[i]
                                     : tpl_replace_next(p, last, &old);

        memcpy(d, p, q - p);
        d += q - p;

        if (new.len) {
            memcpy(d, new.data, new.len);
            d += new.len;
        }

        p = q + old.len;
    }

    memcpy(d, p, last - p);

    tpl_value_string(&call->result, start, size, (uint8_t) flags);

    return TPL_OK;
}


/* what table has for the character c; MISSING if it stays as it is */

static tpl_int_t
tpl_translate_char(tpl_exec_t *exec, const tpl_value_t *table, uint32_t c,
    tpl_value_t *out)
{
    int64_t      n;
    tpl_int_t    rc;
    tpl_value_t  key;

    tpl_value_missing(out);

    switch (table->type) {

    case TPL_DICT:
        tpl_value_int(&key, c);

        rc = tpl_dict_get(exec, table->u.dict, &key, out);

        if (rc == TPL_DECLINED) {
            tpl_value_missing(out);
            return TPL_OK;
        }

        return rc;

    case TPL_LIST:
    case TPL_TUPLE:
        if (c < table->u.list->n) {
            *out = table->u.list->items[c];
        }

        return TPL_OK;

    case TPL_STRING:
    case TPL_RANGE:
        if (tpl_length(exec, table, &n) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_int(&key, c);
        tpl_charge(exec, table->len);

        return (c < n) ? tpl_get_item(exec, table, &key, out) : TPL_OK;

    default:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "'%s' object is not subscriptable",
                         tpl_type_name(table));
    }
}


tpl_int_t
tpl_str_method_translate(tpl_call_t *call)
{
    uint32_t            c;
    tpl_buf_t           b;
    tpl_value_t         v;
    const tpl_char_t   *p, *q, *last;
    const tpl_value_t  *self;

    self = &call->args[0];

    tpl_buf_init(&b, call->exec->arena);

    p = self->u.s;
    last = p + self->len;

    for ( /* void */ ; p < last; p = q) {
        q = p;
        c = tpl_utf8_decode(&q, last);

        call->exec->fuel--;

        if (tpl_translate_char(call->exec, &call->args[1], c, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        switch (v.type) {

        case TPL_MISSING:
            tpl_buf_add(&b, p, q - p);
            break;

        case TPL_NONE:
            break;

        case TPL_STRING:
            tpl_charge(call->exec, v.len);
            tpl_buf_add(&b, v.u.s, v.len);
            break;

        case TPL_BOOL:
        case TPL_INT:
            if (v.u.i < 0 || v.u.i > 0x10ffff) {
                return tpl_throw(call->exec, TPL_EXC_VALUE, "character "
                                 "mapping must be in range(0x110000)");
            }

            tpl_buf_utf8(&b, (v.u.i >= 0xd800 && v.u.i <= 0xdfff)
                             ? 0xfffd : (uint32_t) v.u.i);
            break;

        default:
            return tpl_throw(call->exec, TPL_EXC_TYPE, "character mapping "
                             "must return integer, None or str");
        }

        if (b.len > TPL_MAX_STRING) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "string is too long: more than %d bytes",
                             TPL_MAX_STRING);
        }
    }

    return tpl_value_from_buf(call->exec, &call->result, &b,
                              self->flags & TPL_F_SAFE);
}
