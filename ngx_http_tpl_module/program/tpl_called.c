
/*
 * Calls of names: which of them cannot come to a good end.
 *
 * A name gets its value when the page is rendered, so a call of one that
 * nothing has is no error before; but it is nearly always a slip of the pen,
 * and whoever reads the configuration can be told.
 */

#include "program/tpl_compiler.h"


static const tpl_str_t *tpl_called_nearest(const tpl_set_t *set,
    const tpl_str_t *name, const tpl_builtin_t *fn, tpl_arena_t *arena);


/* names that the language itself gives a meaning in some places */

static const char *const  tpl_called_own[] = {
    "self", "super", "loop", "caller", "varargs", "kwargs", NULL
};


tpl_int_t
tpl_called_add(tpl_compiler_t *c, const tpl_node_t *node)
{
    uint32_t           n;
    tpl_called_t      *call;
    const tpl_name_t  *name;
    const tpl_node_t  *arg;

    name = tpl_compile_name(c, &node->u.call.callee->u.name.str);
    call = tpl_vec_push(c->arena, &c->calls);

    if (name == NULL || call == NULL) {
        return tpl_compile_memory(c);
    }

    n = 0;

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {
        n += (arg->type == TPL_NODE_KEYWORD);
    }

    call->name = name;
    call->pos = node->u.call.callee->pos;
    call->nkeywords = 0;
    call->keywords = tpl_palloc(c->arena, (n + 1) * sizeof(tpl_name_t *));

    if (call->keywords == NULL) {
        return tpl_compile_memory(c);
    }

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {

        if (arg->type == TPL_NODE_KEYWORD) {
            call->keywords[call->nkeywords++] = &arg->u.keyword.name;
        }
    }

    return TPL_OK;
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

    if (tpl_set_is_assigned(set, call->name) || known(data, call->name)) {
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
