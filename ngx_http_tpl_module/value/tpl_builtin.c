
/*
 * The registry of builtins, and calls: binding arguments to parameters, by
 * Python's rules and with its messages.
 *
 * The registry is built once at start-up and then only read.  Binding is on the
 * way of every dynamic call: the plain case copies the arguments and is done.
 */

#include "value/tpl_inner.h"


#define TPL_CALL_ARGS  16


static tpl_int_t tpl_builtin_bind_slow(tpl_exec_t *exec,
    const tpl_builtin_t *fn, const tpl_value_t *args, tpl_uint_t n,
    const tpl_dict_t *kwargs, tpl_value_t *out);


tpl_builtins_t *
tpl_builtins_create(tpl_arena_t *arena)
{
    tpl_builtins_t  *builtins;

    builtins = tpl_pcalloc(arena, sizeof(tpl_builtins_t));
    if (builtins) {
        builtins->arena = arena;
    }

    return builtins;
}


static void
tpl_name_set(tpl_name_t *name, const char *data, size_t len)
{
    name->str.data = (tpl_char_t *) data;
    name->str.len = len;
    name->hash = tpl_hash(data, len);
}


/* reads "s, length=, /, *args, **kwargs" */

static tpl_int_t
tpl_builtin_params(tpl_arena_t *arena, tpl_builtin_t *fn, const char *text)
{
    size_t        len;
    tpl_uint_t    i, n;
    const char   *p;
    tpl_param_t  *param;

    n = 1;

    for (p = text; *p; p++) {
        n += (*p == ',');
    }

    fn->params = tpl_pcalloc(arena, n * sizeof(tpl_param_t));
    if (fn->params == NULL) {
        return TPL_ERROR;
    }

    for (p = text; *p; ) {

        if (*p == ' ' || *p == ',') {
            p++;
            continue;
        }

        len = strcspn(p, ", ");

        if (p[0] == '*') {
            if (len > 1 && p[1] == '*') {
                fn->starstar = 1;

            } else {
                fn->star = 1;
            }

        } else if (p[0] == '/') {
            for (i = 0; i < fn->nparams; i++) {
                fn->params[i].positional = 1;
            }

        } else {
            param = &fn->params[fn->nparams++];

            if (p[len - 1] == '=') {
                param->optional = 1;
                tpl_name_set(&param->name, p, len - 1);

            } else {
                fn->nrequired++;
                tpl_name_set(&param->name, p, len);
            }
        }

        p += len;
    }

    return TPL_OK;
}


static const tpl_builtin_t **
tpl_builtins_bucket(const tpl_builtin_map_t *map, const tpl_str_t *name,
    uint32_t hash)
{
    tpl_uint_t             i;
    const tpl_builtin_t   *fn;

    for (i = hash & map->mask; ; i = (i + 1) & map->mask) {
        fn = map->buckets[i];

        if (fn == NULL
            || (fn->name.hash == hash && fn->name.str.len == name->len
                && memcmp(fn->name.str.data, name->data, name->len) == 0))
        {
            return &map->buckets[i];
        }
    }
}


/* room for one more, at most half of the buckets taken */

static tpl_int_t
tpl_builtins_grow(tpl_builtins_t *builtins, tpl_builtin_map_t *map)
{
    tpl_uint_t             i, size;
    const tpl_builtin_t  **items;

    size = map->size ? map->size * 2 : 16;

    items = tpl_pcalloc(builtins->arena, size * sizeof(tpl_builtin_t *));
    map->buckets = tpl_pcalloc(builtins->arena,
                               size * 2 * sizeof(tpl_builtin_t *));

    if (items == NULL || map->buckets == NULL) {
        return TPL_ERROR;
    }

    map->mask = size * 2 - 1;

    for (i = 0; i < map->n; i++) {
        items[i] = map->items[i];
        *tpl_builtins_bucket(map, &items[i]->name.str, items[i]->name.hash)
            = items[i];
    }

    map->items = items;
    map->size = size;

    return TPL_OK;
}


tpl_int_t
tpl_builtins_add(tpl_builtins_t *builtins, tpl_builtin_table_t table,
    const tpl_builtin_def_t *defs)
{
    tpl_builtin_t            *fn;
    tpl_builtin_map_t        *map;
    const tpl_builtin_t     **bucket;

    map = &builtins->tables[table];

    for ( /* void */ ; defs->name; defs++) {

        if (map->n == map->size && tpl_builtins_grow(builtins, map) != TPL_OK)
        {
            return TPL_ERROR;
        }

        fn = tpl_pcalloc(builtins->arena, sizeof(tpl_builtin_t));
        if (fn == NULL) {
            return TPL_ERROR;
        }

        tpl_name_set(&fn->name, defs->name, strlen(defs->name));
        fn->handler = defs->handler;
        fn->flags = defs->flags;

        if (tpl_builtin_params(builtins->arena, fn,
                               defs->params ? defs->params : "")
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        bucket = tpl_builtins_bucket(map, &fn->name.str, fn->name.hash);

        if (*bucket) {
            /* a later definition takes the place of an earlier one */
            fn->index = (*bucket)->index;

        } else {
            fn->index = (uint32_t) map->n++;
        }

        map->items[fn->index] = fn;
        *bucket = fn;
    }

    return TPL_OK;
}


const tpl_builtin_t *
tpl_builtins_find(const tpl_builtins_t *builtins, tpl_builtin_table_t table,
    const tpl_name_t *name)
{
    const tpl_builtin_map_t  *map;

    map = &builtins->tables[table];

    if (map->n == 0) {
        return NULL;
    }

    return *tpl_builtins_bucket(map, &name->str, name->hash);
}


const tpl_builtin_t *
tpl_builtins_find_str(const tpl_builtins_t *builtins,
    tpl_builtin_table_t table, const tpl_str_t *name)
{
    tpl_name_t  key;

    key.str = *name;
    key.hash = tpl_hash(name->data, name->len);

    return tpl_builtins_find(builtins, table, &key);
}


const tpl_str_t *
tpl_builtins_names(const tpl_builtins_t *builtins, tpl_builtin_table_t table,
    tpl_arena_t *arena, tpl_uint_t *n)
{
    tpl_str_t                *names;
    tpl_uint_t                i;
    const tpl_builtin_map_t  *map;

    map = &builtins->tables[table];

    names = tpl_palloc(arena, (map->n ? map->n : 1) * sizeof(tpl_str_t));
    if (names == NULL) {
        return NULL;
    }

    for (i = 0; i < map->n; i++) {
        names[i] = map->items[i]->name.str;
    }

    *n = map->n;

    return names;
}


tpl_int_t
tpl_builtin_bind(tpl_exec_t *exec, const tpl_builtin_t *fn,
    const tpl_value_t *args, tpl_uint_t n, const tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    tpl_uint_t  i;

    if (tpl_likely(n <= fn->nparams && n >= fn->nrequired
                   && (kwargs == NULL || kwargs->n == 0)
                   && !fn->star && !fn->starstar))
    {
        for (i = 0; i < n; i++) {
            out[i] = args[i];
        }

        for ( /* void */ ; i < fn->nparams; i++) {
            tpl_value_missing(&out[i]);
        }

        return TPL_OK;
    }

    return tpl_builtin_bind_slow(exec, fn, args, n, kwargs, out);
}


/* "name() missing 2 required positional arguments: 'a' and 'b'" */

static tpl_int_t
tpl_builtin_too_few(tpl_exec_t *exec, const tpl_builtin_t *fn,
    const tpl_value_t *out)
{
    tpl_buf_t   b;
    tpl_uint_t  i, n, k;

    n = 0;

    for (i = 0; i < fn->nparams; i++) {
        n += (out[i].type == TPL_MISSING && !fn->params[i].optional);
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_str(&b, &fn->name.str);
    tpl_buf_printf(&b, "() missing %u required positional argument%s: ",
                   (unsigned) n, (n == 1) ? "" : "s");

    for (i = 0, k = 0; i < fn->nparams; i++) {

        if (out[i].type != TPL_MISSING || fn->params[i].optional) {
            continue;
        }

        if (k) {
            if (k + 1 < n) {
                tpl_buf_lit(&b, ", ");

            } else if (n == 2) {
                tpl_buf_lit(&b, " and ");

            } else {
                tpl_buf_lit(&b, ", and ");
            }
        }

        k++;

        tpl_buf_char(&b, '\'');
        tpl_buf_str(&b, &fn->params[i].name.str);
        tpl_buf_char(&b, '\'');
    }

    return tpl_throw_buf(exec, TPL_EXC_TYPE, &b);
}


static tpl_int_t
tpl_builtin_too_many(tpl_exec_t *exec, const tpl_builtin_t *fn, tpl_uint_t n)
{
    const char  *was;

    was = (n == 1) ? "was" : "were";

    if (fn->nrequired == fn->nparams) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "%.*s() takes %u positional argument%s but %u %s "
                         "given", tpl_str_arg(&fn->name.str), fn->nparams,
                         (fn->nparams == 1) ? "" : "s", (unsigned) n, was);
    }

    return tpl_throw(exec, TPL_EXC_TYPE,
                     "%.*s() takes from %u to %u positional arguments but %u "
                     "%s given", tpl_str_arg(&fn->name.str), fn->nrequired,
                     fn->nparams, (unsigned) n, was);
}


static tpl_int_t
tpl_builtin_bind_slow(tpl_exec_t *exec, const tpl_builtin_t *fn,
    const tpl_value_t *args, tpl_uint_t n, const tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    uint32_t           k;
    tpl_str_t          key;
    tpl_uint_t         i, given;
    tpl_list_t        *rest;
    tpl_dict_t        *named;
    const char        *what;
    tpl_dict_entry_t  *e;

    given = tpl_min(n, fn->nparams);

    for (i = 0; i < given; i++) {
        out[i] = args[i];
    }

    for ( /* void */ ; i < fn->nparams; i++) {
        tpl_value_missing(&out[i]);
    }

    if (n > given && !fn->star) {
        return tpl_builtin_too_many(exec, fn, n);
    }

    if (fn->star) {
        rest = tpl_list_create(exec, n - given);
        if (rest == NULL) {
            return TPL_ERROR;
        }

        for (i = given; i < n; i++) {
            rest->items[rest->n++] = args[i];
        }

        tpl_value_tuple(&out[fn->nparams], rest);
    }

    named = NULL;

    if (fn->starstar) {
        named = tpl_dict_create(exec, 0);
        if (named == NULL) {
            return TPL_ERROR;
        }

        tpl_value_dict(&out[fn->nparams + fn->star], named);
    }

    for (k = 0; kwargs && (e = tpl_dict_next(kwargs, &k)) != NULL; ) {

        if (e->key.type != TPL_STRING) {
            return tpl_throw(exec, TPL_EXC_TYPE, "keywords must be strings");
        }

        key = tpl_value_str(&e->key);

        for (i = 0; i < fn->nparams; i++) {
            if (!fn->params[i].positional
                && tpl_str_eq(&fn->params[i].name.str, &key))
            {
                break;
            }
        }

        if (i < fn->nparams) {

            if (out[i].type != TPL_MISSING) {
                return tpl_throw(exec, TPL_EXC_TYPE,
                               "%.*s() got multiple values for argument "
                               "'%.*s'", tpl_str_arg(&fn->name.str),
                               tpl_str_arg(&key));
            }

            out[i] = e->value;
            continue;
        }

        if (named) {
            if (tpl_dict_set(exec, named, &e->key, &e->value) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        what = "an unexpected keyword argument";

        for (i = 0; i < fn->nparams; i++) {
            if (tpl_str_eq(&fn->params[i].name.str, &key)) {
                what = "some positional-only arguments passed as keyword "
                       "arguments:";
                break;
            }
        }

        return tpl_throw(exec, TPL_EXC_TYPE, "%.*s() got %s '%.*s'",
                         tpl_str_arg(&fn->name.str), what, tpl_str_arg(&key));
    }

    for (i = 0; i < fn->nparams; i++) {
        if (out[i].type == TPL_MISSING && !fn->params[i].optional) {
            return tpl_builtin_too_few(exec, fn, out);
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_builtin_call(tpl_exec_t *exec, const tpl_builtin_t *fn,
    const tpl_value_t *args, tpl_uint_t n, const tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_call_t   call;
    tpl_uint_t   nargs;
    tpl_value_t  local[TPL_CALL_ARGS];

    nargs = tpl_builtin_nargs(fn);
    call.args = local;

    if (tpl_unlikely(nargs > TPL_CALL_ARGS)) {
        call.args = tpl_palloc(exec->arena, nargs * sizeof(tpl_value_t));
        if (call.args == NULL) {
            return tpl_throw_memory(exec);
        }
    }

    if (tpl_builtin_bind(exec, fn, args, n, kwargs, call.args) != TPL_OK) {
        return TPL_ERROR;
    }

    call.exec = exec;
    call.fn = fn;
    call.object = NULL;
    call.nargs = nargs;
    call.kwargs = NULL;
    tpl_value_none(&call.result);

    rc = fn->handler(&call);

    if (rc == TPL_OK) {
        *out = call.result;
    }

    return rc;
}


static tpl_int_t
tpl_method_call(tpl_exec_t *exec, const tpl_method_t *method,
    const tpl_value_t *args, tpl_uint_t n, const tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    tpl_value_t  local[TPL_CALL_ARGS], *all;

    all = local;

    if (tpl_unlikely(n + 1 > TPL_CALL_ARGS)) {
        all = tpl_palloc(exec->arena, (n + 1) * sizeof(tpl_value_t));
        if (all == NULL) {
            return tpl_throw_memory(exec);
        }
    }

    all[0] = method->self;

    if (n) {
        memcpy(&all[1], args, n * sizeof(tpl_value_t));
    }

    return tpl_builtin_call(exec, method->fn, all, n + 1, kwargs, out);
}


tpl_int_t
tpl_value_call(tpl_exec_t *exec, const tpl_value_t *callee,
    const tpl_value_t *args, tpl_uint_t n, tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    tpl_int_t   rc;
    tpl_call_t  call;

    switch (callee->type) {

    case TPL_FUNCTION:
        return tpl_builtin_call(exec, callee->u.fn, args, n, kwargs, out);

    case TPL_METHOD:
        return tpl_method_call(exec, callee->u.method, args, n, kwargs, out);

    case TPL_OBJECT:
        if (callee->u.obj->cls->call == NULL) {
            break;
        }

        call.exec = exec;
        call.fn = NULL;
        call.object = callee->u.obj;
        call.args = (tpl_value_t *) args;
        call.nargs = n;
        call.kwargs = kwargs;
        tpl_value_none(&call.result);

        rc = callee->u.obj->cls->call(&call);

        if (rc == TPL_OK) {
            *out = call.result;
        }

        return rc;

    case TPL_UNDEFINED:
        return tpl_undefined_throw(exec, callee);

    default:
        break;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "'%s' object is not callable",
                     tpl_type_name(callee));
}
