
/*
 * Calls of names: which of them cannot come to a good end.
 *
 * A name gets its value when the page is rendered, so a call of one that
 * nothing has is no error before; but it is nearly always a slip of the pen,
 * and whoever reads the configuration can be told.
 */

#include "program/tpl_compiler.h"


static tpl_uint_t tpl_called_fixed(const tpl_str_t *zone);
static const tpl_str_t *tpl_called_nearest(const tpl_set_t *set,
    const tpl_str_t *name, const tpl_builtin_t *fn, tpl_arena_t *arena);


/* names that the language itself gives a meaning in some places */

static const char *const  tpl_called_own[] = {
    "self", "super", "loop", "caller", "varargs", "kwargs", NULL
};


tpl_int_t
tpl_called_add(tpl_builder_t *b, const tpl_node_t *node)
{
    uint32_t           n, slot, depth;
    tpl_called_t      *call;
    tpl_compiler_t    *c;
    const tpl_name_t  *name;
    const tpl_node_t  *arg;

    c = b->c;

    name = tpl_compile_name(c, &node->u.call.callee->u.name.str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    if (c->set->conf.options.python
        && tpl_python_find(b, name, &slot, &depth) == TPL_OK)
    {
        return TPL_OK;
    }

    call = tpl_vec_push(c->work, &c->calls);
    if (call == NULL) {
        return tpl_compile_memory(c);
    }

    n = 0;

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {
        n += (arg->type == TPL_NODE_KEYWORD);
    }

    call->name = name;
    call->pos = node->u.call.callee->pos;
    call->first.data = NULL;

    arg = node->u.call.args;

    if (arg != NULL && arg->type == TPL_NODE_CONST
        && tpl_is_string(&arg->u.value))
    {
        call->first = tpl_value_str(&arg->u.value);
        call->first_pos = arg->pos;
    }

    call->nkeywords = 0;
    call->keywords = tpl_palloc(c->arena, (n + 1) * sizeof(tpl_name_t *));

    if (call->keywords == NULL) {
        return tpl_compile_memory(c);
    }

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {

        if (arg->type == TPL_NODE_KEYWORD) {
            name = tpl_compile_name(c, &arg->u.keyword.name.str);
            if (name == NULL) {
                return TPL_ERROR;
            }

            call->keywords[call->nkeywords++] = name;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_called_zones(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t              slot, depth;
    tpl_int_t             rc;
    tpl_set_t            *set;
    tpl_str_t             str;
    tpl_node_t           *arg;
    tpl_value_t           v;
    const tpl_name_t     *name;
    const tpl_node_t     *root;
    const tpl_builtin_t  *fn;

    set = b->c->set;
    str = node->u.call.callee->u.name.str;
    arg = node->u.call.args;

    fn = tpl_builtins_find_str(set->conf.builtins,
                               set->conf.options.python ? TPL_TORNADO_GLOBALS
                                                        : TPL_JINJA_GLOBALS,
                               &str);

    if (fn == NULL || !(fn->flags & TPL_FN_ZONE) || arg == NULL) {
        return TPL_OK;
    }

    name = tpl_compile_name(b->c, &str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    if (set->conf.options.python
        ? tpl_python_find(b, name, &slot, &depth) == TPL_OK
        : tpl_symbols_shadow(s->symbols, name))
    {
        return TPL_OK;
    }

    if (set->conf.options.zones == NULL) {
        set->conf.options.zones = tpl_zones_create(set->arena);

        if (set->conf.options.zones == NULL) {
            return tpl_compile_memory(b->c);
        }
    }

    if (arg->type == TPL_NODE_KEYWORD) {
        arg = arg->u.keyword.value;
    }

    /* an object of Python's datetime is no name */

    root = arg;

    while (root->type == TPL_NODE_CALL || root->type == TPL_NODE_ATTR) {
        root = (root->type == TPL_NODE_CALL) ? root->u.call.callee
                                             : root->u.attr.object;
    }

    if (root != arg && root->type == TPL_NODE_NAME
        && tpl_str_is(&root->u.name.str, "datetime"))
    {
        return TPL_OK;
    }

    rc = tpl_fold(b, arg, &v);

    if (rc != TPL_DECLINED) {

        if (rc != TPL_OK || !tpl_is_string(&v)) {
            return rc;
        }

        str = tpl_value_str(&v);

        return tpl_called_fixed(&str) ? TPL_OK
                                      : tpl_zones_load(set->conf.options.zones,
                                                       &str, &arg->pos,
                                                       b->c->err);
    }

    /* any name */

    return (tpl_zones_load_all(set->conf.options.zones) == TPL_OK)
           ? TPL_OK : tpl_compile_memory(b->c);
}


/* UTC or an offset, which needs no database */

static tpl_uint_t
tpl_called_fixed(const tpl_str_t *zone)
{
    return tpl_str_is(zone, "UTC") || tpl_str_is(zone, "Z")
           || (zone->len && (zone->data[0] == '+' || zone->data[0] == '-'));
}


tpl_int_t
tpl_called_check(const tpl_set_t *set, const tpl_called_t *call,
    tpl_uint_t (*known)(void *data, const tpl_name_t *name), void *data,
    tpl_error_t *err)
{
    uint32_t              i, k;
    const tpl_str_t      *near;
    const tpl_name_t     *keyword;
    const tpl_builtin_t  *fn;

    if (set->conf.options.python || tpl_set_is_assigned(set, call->name)
        || known(data, call->name))
    {
        return TPL_DECLINED;
    }

    for (i = 0; tpl_called_own[i] != NULL; i++) {
        if (tpl_str_is(&call->name->str, tpl_called_own[i])) {
            return TPL_DECLINED;
        }
    }

    fn = tpl_builtins_find(set->conf.builtins, TPL_JINJA_GLOBALS, call->name);

    if (fn == NULL) {
        near = tpl_called_nearest(set, &call->name->str, NULL, err->arena);

        (void) tpl_error_set(err, TPL_EXC_UNDEFINED, &call->pos,
                             "nothing is called '%.*s' here%s%.*s%s",
                             tpl_str_arg(&call->name->str),
                             near ? ". Did you mean '" : "",
                             near ? (int) near->len : 0,
                             near ? (char *) near->data : "",
                             near ? "'?" : "");
        return TPL_OK;
    }

    if ((fn->flags & TPL_FN_VALUE) || fn->starstar) {
        return TPL_DECLINED;
    }

    for (k = 0; k < call->nkeywords; k++) {
        keyword = call->keywords[k];

        for (i = 0; i < fn->nparams; i++) {
            if (!fn->params[i].positional
                && tpl_str_eq(&fn->params[i].name.str, &keyword->str))
            {
                break;
            }
        }

        if (i == fn->nparams) {
            near = tpl_called_nearest(set, &keyword->str, fn, err->arena);

            (void) tpl_error_set(err, TPL_EXC_TYPE, &call->pos,
                                 "%.*s() takes no keyword argument '%.*s'"
                                 "%s%.*s%s", tpl_str_arg(&fn->name.str),
                                 tpl_str_arg(&keyword->str),
                                 near ? ". Did you mean '" : "",
                                 near ? (int) near->len : 0,
                                 near ? (char *) near->data : "",
                                 near ? "'?" : "");
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


tpl_int_t
tpl_called_check_route(const tpl_set_t *set, const tpl_called_t *call,
    const tpl_str_t *routes, tpl_uint_t n, tpl_error_t *err)
{
    tpl_str_t         name;
    tpl_uint_t        i;
    const tpl_str_t  *near;

    if (call->first.data == NULL
        || (!tpl_str_is(&call->name->str, "url_for")
            && !tpl_str_is(&call->name->str, "reverse_url"))
        || tpl_set_is_assigned(set, call->name))
    {
        return TPL_DECLINED;
    }

    name = call->first;

    /* Flask: of the same blueprint */

    if (name.len && name.data[0] == '.'
        && tpl_str_is(&call->name->str, "url_for"))
    {
        name.data++;
        name.len--;
    }

    for (i = 0; i < n; i++) {
        if (tpl_str_eq(&routes[i], &name)) {
            return TPL_DECLINED;
        }
    }

    near = tpl_nearest(&name, routes, n);

    (void) tpl_error_set(err, TPL_EXC_VALUE, &call->first_pos,
                         "there is no route '%.*s'%s%.*s%s",
                         tpl_str_arg(&name), near ? ". Did you mean '" : "",
                         near ? (int) near->len : 0,
                         near ? (char *) near->data : "", near ? "'?" : "");
    return TPL_OK;
}


/* among the parameters of fn, or the functions if that is NULL */

static const tpl_str_t *
tpl_called_nearest(const tpl_set_t *set, const tpl_str_t *name,
    const tpl_builtin_t *fn, tpl_arena_t *arena)
{
    tpl_str_t        *params;
    tpl_uint_t        n;
    const tpl_str_t  *names;

    if (fn == NULL) {
        names = tpl_builtins_names(set->conf.builtins, TPL_JINJA_GLOBALS,
                                   arena, &n);

        return names ? tpl_nearest(name, names, n) : NULL;
    }

    params = tpl_palloc(arena, (fn->nparams + 1) * sizeof(tpl_str_t));
    if (params == NULL) {
        return NULL;
    }

    for (n = 0; n < fn->nparams; n++) {
        params[n] = fn->params[n].name.str;
    }

    return tpl_nearest(name, params, n);
}
