
/*
 * Headers of the request.
 *
 * They are read from the host when the first of them is asked for, and put into
 * a dict by names in lower case.  Values are ISO 8859-1, as WSGI and Tornado
 * have it.
 */

#include "web/tpl_headers.h"


#define TPL_HEADERS_NAME  128


typedef struct {
    tpl_object_t             object;
    tpl_web_t               *web;
    tpl_dict_t              *dict;      /* lower case name: list; or NULL */
    tpl_list_t              *names;     /* as they are shown */
} tpl_headers_t;


static tpl_int_t tpl_headers_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_headers_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_headers_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_headers_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_headers_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t tpl_headers_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_headers_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_headers_get(tpl_call_t *call);
static tpl_int_t tpl_headers_getlist(tpl_call_t *call);
static tpl_int_t tpl_headers_items(tpl_call_t *call);
static tpl_int_t tpl_headers_keys(tpl_call_t *call);
static tpl_int_t tpl_headers_values(tpl_call_t *call);
static tpl_int_t tpl_headers_all(tpl_call_t *call);


static const tpl_class_t  tpl_headers_flask_class = {
    .name = "EnvironHeaders",
    .flags = TPL_CLASS_UNHASHABLE,
    .get_attr = tpl_headers_attr,
    .get_item = tpl_headers_item,
    .length = tpl_headers_length,
    .iter = tpl_headers_iter,
    .contains = tpl_headers_contains,
    .str = tpl_headers_str,
    .repr = tpl_headers_repr
};

static const tpl_class_t  tpl_headers_tornado_class = {
    .name = "HTTPHeaders",
    .flags = TPL_CLASS_UNHASHABLE|TPL_CLASS_MAPPING,
    .get_attr = tpl_headers_attr,
    .get_item = tpl_headers_item,
    .length = tpl_headers_length,
    .iter = tpl_headers_iter,
    .contains = tpl_headers_contains,
    .str = tpl_headers_str
};

#define tpl_headers_is_flask(h)                                              \
    ((h)->object.cls == &tpl_headers_flask_class)


const tpl_builtin_def_t  tpl_headers_methods[] = {
    { "EnvironHeaders:get", "self, key, default=, type=", tpl_headers_get,
      0 },
    { "EnvironHeaders:getlist", "self, key, type=", tpl_headers_getlist, 0 },
    { "EnvironHeaders:get_all", "self, name", tpl_headers_getlist, 0 },
    { "EnvironHeaders:items", "self, lower=", tpl_headers_items, 0 },
    { "EnvironHeaders:keys", "self, lower=", tpl_headers_keys, 0 },
    { "EnvironHeaders:values", "self", tpl_headers_values, 0 },

    { "HTTPHeaders:get", "self, key, default=", tpl_headers_get, 0 },
    { "HTTPHeaders:get_list", "self, name", tpl_headers_getlist, 0 },
    { "HTTPHeaders:get_all", "self", tpl_headers_all, 0 },
    { "HTTPHeaders:items", "self", tpl_headers_items, 0 },
    { "HTTPHeaders:keys", "self", tpl_headers_keys, 0 },
    { "HTTPHeaders:values", "self", tpl_headers_values, 0 },
    { NULL, NULL, NULL, 0 }
};


static tpl_int_t
tpl_headers_create(tpl_exec_t *exec, tpl_web_t *web, const tpl_class_t *cls,
    tpl_value_t *out)
{
    tpl_headers_t  *h;

    h = tpl_pcalloc(exec->arena, sizeof(tpl_headers_t));
    if (h == NULL) {
        return tpl_throw_memory(exec);
    }

    h->object.cls = cls;
    h->web = web;

    tpl_value_object(out, h);

    return TPL_OK;
}


tpl_int_t
tpl_headers_flask(tpl_exec_t *exec, tpl_web_t *web, tpl_value_t *out)
{
    return tpl_headers_create(exec, web, &tpl_headers_flask_class, out);
}


tpl_int_t
tpl_headers_tornado(tpl_exec_t *exec, tpl_web_t *web, tpl_value_t *out)
{
    return tpl_headers_create(exec, web, &tpl_headers_tornado_class, out);
}


/*
 * A name as it is shown: str.title() of WSGI's HTTP_X_NAME, where a letter
 * after anything but a letter is a capital; in Tornado only one after a hyphen.
 */

static tpl_int_t
tpl_headers_name(tpl_exec_t *exec, const tpl_headers_t *h,
    const tpl_str_t *name, tpl_value_t *out)
{
    size_t       i;
    tpl_char_t   c, *p;
    tpl_uint_t   upper;

    p = tpl_pnalloc(exec->arena, name->len + 1);
    if (p == NULL) {
        return tpl_throw_memory(exec);
    }

    upper = 1;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            p[i] = upper ? (c & ~0x20) : (c | 0x20);
            upper = 0;
            continue;
        }

        p[i] = (c == '_' && tpl_headers_is_flask(h)) ? '-' : c;
        upper = (tpl_headers_is_flask(h) || c == '-');
    }

    tpl_value_string(out, p, name->len, 0);

    return TPL_OK;
}


/* the key of a name: lower case; of WSGI's _ and - are one */

static tpl_int_t
tpl_headers_key(tpl_exec_t *exec, const tpl_headers_t *h,
    const tpl_str_t *name, tpl_value_t *out)
{
    size_t       i;
    tpl_char_t   c, *p;

    p = tpl_pnalloc(exec->arena, name->len + 1);
    if (p == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;

        } else if (c == '_' && tpl_headers_is_flask(h)) {
            c = '-';
        }

        p[i] = c;
    }

    tpl_value_string(out, p, name->len, 0);

    return TPL_OK;
}


static tpl_int_t
tpl_headers_load(tpl_exec_t *exec, tpl_headers_t *h)
{
    uint32_t      i;
    tpl_int_t     rc;
    tpl_list_t   *list;
    tpl_value_t   key, value, v;
    tpl_pairs_t   pairs;

    if (h->dict) {
        return TPL_OK;
    }

    memset(&pairs, 0, sizeof(tpl_pairs_t));

    if (h->web->host->headers(h->web, &pairs) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    if (tpl_web_check_fields(exec, h->web, pairs.n, "headers") != TPL_OK) {
        return TPL_ERROR;
    }

    h->names = tpl_list_create(exec, pairs.n);
    h->dict = tpl_dict_create(exec, pairs.n);

    if (h->names == NULL || h->dict == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < pairs.n; i++) {

        if (tpl_headers_key(exec, h, &pairs.items[i].name, &key) != TPL_OK
            || tpl_web_latin1(exec, &pairs.items[i].value, &value) != TPL_OK)
        {
            return TPL_ERROR;
        }

        rc = tpl_dict_get(exec, h->dict, &key, &v);

        if (rc == TPL_DECLINED) {
            list = tpl_list_create(exec, 1);

            if (list == NULL
                || tpl_headers_name(exec, h, &pairs.items[i].name, &v)
                   != TPL_OK
                || tpl_list_append(exec, h->names, &v) != TPL_OK)
            {
                return TPL_ERROR;
            }

            tpl_value_list(&v, list);
            rc = tpl_dict_set(exec, h->dict, &key, &v);
        }

        if (rc != TPL_OK
            || tpl_list_append(exec, v.u.list, &value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_headers_join(tpl_exec_t *exec, const tpl_value_t *key,
    const tpl_list_t *list, tpl_value_t *out)
{
    uint32_t   i;
    tpl_buf_t  b;

    if (list->n == 1) {
        *out = list->items[0];
        return TPL_OK;
    }

    tpl_buf_init(&b, exec->arena);

    for (i = 0; i < list->n; i++) {

        if (i) {
            if (key->len == 6 && memcmp(key->u.s, "cookie", 6) == 0) {
                tpl_buf_lit(&b, "; ");

            } else {
                tpl_buf_char(&b, ',');
            }
        }

        tpl_charge(exec, list->items[i].len);
        tpl_buf_add(&b, list->items[i].u.s, list->items[i].len);
    }

    return tpl_value_from_buf(exec, out, &b, 0);
}


/* what can be the name of a header that someone sends */

static tpl_uint_t
tpl_headers_is_name(const tpl_value_t *key)
{
    uint32_t    i;
    tpl_char_t  c;

    for (i = 0; i < key->len; i++) {
        c = key->u.s[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
              || c == '_'))
        {
            return 0;
        }
    }

    return key->len && key->len <= TPL_HEADERS_NAME;
}


/* the list of a name; TPL_DECLINED if there is none */

static tpl_int_t
tpl_headers_find(tpl_exec_t *exec, tpl_headers_t *h, const tpl_value_t *name,
    tpl_value_t *key, tpl_value_t *list)
{
    tpl_str_t  s;

    if (!tpl_is_string(name)) {
        return TPL_DECLINED;
    }

    s = tpl_value_str(name);

    if (tpl_headers_key(exec, h, &s, key) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_headers_is_name(key)) {
        return TPL_DECLINED;
    }

    s = tpl_value_str(key);

    if (tpl_web_vary(h->web, &s) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    if (tpl_headers_load(exec, h) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_dict_get(exec, h->dict, key, list);
}


tpl_int_t
tpl_headers_value(tpl_exec_t *exec, tpl_web_t *web, const char *name,
    tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    rc = tpl_web_header(exec, web, name, &s);

    return (rc == TPL_OK) ? tpl_web_latin1(exec, &s, out) : rc;
}


static tpl_int_t
tpl_headers_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    return tpl_web_method(exec, obj, obj->cls->name, &name->str, out);
}


static tpl_int_t
tpl_headers_item(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_value_t  lower, list;

    rc = tpl_headers_find(exec, (tpl_headers_t *) obj, key, &lower, &list);

    return (rc == TPL_OK)
           ? tpl_headers_join(exec, &lower, list.u.list, out) : rc;
}


static tpl_int_t
tpl_headers_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found)
{
    tpl_int_t    rc;
    tpl_value_t  lower, list;

    rc = tpl_headers_find(exec, (tpl_headers_t *) obj, key, &lower, &list);

    *found = (rc == TPL_OK);

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


/* before a walk over all of them */

static tpl_int_t
tpl_headers_walk(tpl_exec_t *exec, tpl_headers_t *h)
{
    static const tpl_str_t  all = tpl_string("*");

    if (tpl_web_vary(h->web, &all) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    if (tpl_headers_load(exec, h) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, h->dict->n);

    return TPL_OK;
}


/* EnvironHeaders.__iter__(): these two are of WSGI's own variables */

static tpl_uint_t
tpl_headers_hidden(const tpl_headers_t *h, const tpl_dict_entry_t *e)
{
    tpl_str_t  name;

    name = tpl_value_str(&e->key);

    return tpl_headers_is_flask(h) && e->value.u.list->items[0].len == 0
           && (tpl_str_is(&name, "content-type")
               || tpl_str_is(&name, "content-length"));
}


static tpl_int_t
tpl_headers_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    tpl_headers_t *h = (tpl_headers_t *) obj;

    uint32_t           i;
    tpl_dict_entry_t  *e;

    if (tpl_headers_walk(exec, h) != TPL_OK) {
        return TPL_ERROR;
    }

    *n = 0;

    for (i = 0; (e = tpl_dict_next(h->dict, &i)) != NULL; ) {
        *n += !tpl_headers_hidden(h, e);
    }

    return TPL_OK;
}


typedef enum {
    TPL_HEADERS_KEYS = 0,
    TPL_HEADERS_VALUES,
    TPL_HEADERS_ITEMS,
    TPL_HEADERS_EACH        /* pairs of a name and one of its values */
} tpl_headers_kind_t;

static tpl_int_t
tpl_headers_list(tpl_exec_t *exec, tpl_headers_t *h, tpl_headers_kind_t kind,
    tpl_uint_t lower, tpl_list_t **out)
{
    uint32_t           i, k, n;
    tpl_list_t        *list, *values;
    tpl_value_t        name, v, pair;
    tpl_dict_entry_t  *e;

    if (tpl_headers_walk(exec, h) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(exec, h->dict->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    *out = list;

    for (i = 0, k = 0; (e = tpl_dict_next(h->dict, &i)) != NULL; k++) {
        name = lower ? e->key : h->names->items[k];
        values = e->value.u.list;

        if (tpl_headers_hidden(h, e)) {
            continue;
        }

        if (kind == TPL_HEADERS_KEYS) {
            if (tpl_list_append(exec, list, &name) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        for (n = 0; n < (kind == TPL_HEADERS_EACH ? values->n : 1); n++) {

            v = values->items[n];

            if (kind != TPL_HEADERS_EACH
                && tpl_headers_join(exec, &e->key, values, &v) != TPL_OK)
            {
                return TPL_ERROR;
            }

            if (kind == TPL_HEADERS_VALUES) {
                pair = v;

            } else if (tpl_pair(exec, &name, &v, &pair) != TPL_OK) {
                return TPL_ERROR;
            }

            if (tpl_list_append(exec, list, &pair) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_headers_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    tpl_headers_t *h = (tpl_headers_t *) obj;

    tpl_list_t  *list;

    if (tpl_headers_list(exec, h, tpl_headers_is_flask(h) ? TPL_HEADERS_ITEMS
                                                          : TPL_HEADERS_KEYS,
                         0, &list)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_list(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_headers_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_headers_t *h = (tpl_headers_t *) obj;

    uint32_t      i;
    tpl_list_t   *list;
    tpl_value_t  *pair;

    if (tpl_headers_list(exec, h, tpl_headers_is_flask(h) ? TPL_HEADERS_ITEMS
                                                          : TPL_HEADERS_EACH,
                         0, &list)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = 0; i < list->n; i++) {
        pair = list->items[i].u.list->items;

        tpl_charge(exec, pair[1].len);

        tpl_buf_add(b, pair[0].u.s, pair[0].len);
        tpl_buf_lit(b, ": ");
        tpl_buf_add(b, pair[1].u.s, pair[1].len);

        if (tpl_headers_is_flask(h)) {
            tpl_buf_char(b, '\r');
        }

        tpl_buf_char(b, '\n');
    }

    return tpl_headers_is_flask(h) ? tpl_buf_lit(b, "\r\n") : TPL_OK;
}


static tpl_int_t
tpl_headers_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_list_t   *list;
    tpl_value_t   v;

    if (tpl_headers_list(exec, (tpl_headers_t *) obj, TPL_HEADERS_ITEMS, 0,
                         &list)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_list(&v, list);
    tpl_buf_printf(b, "%s(", obj->cls->name);

    if (tpl_repr_to(exec, &v, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_char(b, ')');
}


static tpl_int_t
tpl_headers_get(tpl_call_t *call)
{
    tpl_int_t       rc;
    tpl_value_t     v;
    tpl_headers_t  *h;

    h = (tpl_headers_t *) call->args[0].u.obj;

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
    }

    rc = tpl_headers_item(call->exec, &h->object, &call->args[1], &v);

    if (rc == TPL_OK) {

        if (!tpl_headers_is_flask(h) || !tpl_arg_some(&call->args[3])) {
            call->result = v;
            return TPL_OK;
        }

        rc = tpl_web_convert(call->exec, &call->args[3], &v, &call->result);
    }

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


/* WSGI has but one value of a name */

static tpl_int_t
tpl_headers_getlist(tpl_call_t *call)
{
    tpl_int_t       rc;
    tpl_list_t     *list;
    tpl_value_t     key, values, v;
    tpl_headers_t  *h;

    h = (tpl_headers_t *) call->args[0].u.obj;

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    rc = tpl_headers_find(call->exec, h, &call->args[1], &key, &values);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    if (!tpl_headers_is_flask(h)) {
        return tpl_list_extend(call->exec, list, &values);
    }

    rc = tpl_headers_join(call->exec, &key, values.u.list, &v);

    if (rc == TPL_OK && call->fn->nparams == 3
        && tpl_arg_some(&call->args[2]))
    {
        rc = tpl_web_convert(call->exec, &call->args[2], &v, &v);
    }

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    return tpl_list_append(call->exec, list, &v);
}


static tpl_int_t
tpl_headers_generator(tpl_call_t *call, tpl_headers_kind_t kind)
{
    tpl_list_t     *list;
    tpl_uint_t      lower;
    tpl_headers_t  *h;

    h = (tpl_headers_t *) call->args[0].u.obj;
    lower = 0;

    if (call->fn->nparams > 1
        && tpl_arg_bool(call, 1, 0, &lower) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_headers_list(call->exec, h, kind, lower, &list) != TPL_OK) {
        return TPL_ERROR;
    }

    /* Tornado's keys(), items() and values() are views */

    if (!tpl_headers_is_flask(h) && kind != TPL_HEADERS_EACH) {
        tpl_value_list(&call->result, list);
        return TPL_OK;
    }

    return tpl_value_iterator(call->exec, &call->result, list, "generator");
}


static tpl_int_t
tpl_headers_items(tpl_call_t *call)
{
    return tpl_headers_generator(call, TPL_HEADERS_ITEMS);
}


static tpl_int_t
tpl_headers_keys(tpl_call_t *call)
{
    return tpl_headers_generator(call, TPL_HEADERS_KEYS);
}


static tpl_int_t
tpl_headers_values(tpl_call_t *call)
{
    return tpl_headers_generator(call, TPL_HEADERS_VALUES);
}


static tpl_int_t
tpl_headers_all(tpl_call_t *call)
{
    return tpl_headers_generator(call, TPL_HEADERS_EACH);
}
