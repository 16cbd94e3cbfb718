
/*
 * gettext() and its like over the catalogue of the render.
 *
 * The rules of a look-up are Python's (gettext.GNUTranslations): what is in no
 * catalogue of the chain is the message itself, as the very value that was
 * given.  Translations are slices of the catalogue's file and no markup.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_catalogue.h"
#include "builtins/tpl_gettext.h"


/* contexts and messages that need no memory together */
#define TPL_GETTEXT_KEY  256


/* one look-up */

typedef struct {
    const tpl_value_t   *context;   /* NULL for none */
    const tpl_value_t   *singular;
    const tpl_value_t   *plural;    /* NULL for none */
    const tpl_value_t   *n;
} tpl_gettext_t;


static tpl_int_t tpl_gettext_look(tpl_call_t *call, const tpl_gettext_t *g);
static tpl_int_t tpl_gettext_key(tpl_exec_t *exec, const tpl_gettext_t *g,
    tpl_char_t *small, tpl_str_t *key);
static tpl_int_t tpl_gettext_find(tpl_exec_t *exec, const tpl_gettext_t *g,
    const tpl_catalogue_t *c, const tpl_name_t *key, tpl_str_t *text);
static tpl_int_t tpl_gettext_format(tpl_call_t *call,
    const tpl_gettext_t *g, const tpl_value_t *variables);

static tpl_int_t tpl_gettext_old_gettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_old_ngettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_old_pgettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_old_npgettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_new_gettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_new_ngettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_new_pgettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_new_npgettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_alias(tpl_call_t *call);


static const tpl_builtin_def_t  tpl_gettext_any[] = {
    { "_", "*args, **kwargs", tpl_gettext_alias, TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


static const tpl_builtin_def_t  tpl_gettext_old[] = {
    { "gettext", "message", tpl_gettext_old_gettext, TPL_FN_CONTEXT },
    { "ngettext", "msgid1, msgid2, n", tpl_gettext_old_ngettext,
      TPL_FN_CONTEXT },
    { "pgettext", "context, message", tpl_gettext_old_pgettext,
      TPL_FN_CONTEXT },
    { "npgettext", "context, msgid1, msgid2, n", tpl_gettext_old_npgettext,
      TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


static const tpl_builtin_def_t  tpl_gettext_new[] = {
    { "gettext", "__string, /, **variables", tpl_gettext_new_gettext,
      TPL_FN_CONTEXT },
    { "ngettext", "__singular, __plural, __num, /, **variables",
      tpl_gettext_new_ngettext, TPL_FN_CONTEXT },
    { "pgettext", "__string_ctx, __string, /, **variables",
      tpl_gettext_new_pgettext, TPL_FN_CONTEXT },
    { "npgettext", "__string_ctx, __singular, __plural, __num, /, "
                   "**variables",
      tpl_gettext_new_npgettext, TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


tpl_int_t
tpl_gettext_register(tpl_builtins_t *builtins, tpl_uint_t kind)
{
    if (tpl_builtins_add(builtins, TPL_JINJA_GLOBALS, tpl_gettext_any)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (kind == TPL_GETTEXT_ALIAS) {
        return TPL_OK;
    }

    return tpl_builtins_add(builtins, TPL_JINJA_GLOBALS,
                            (kind == TPL_GETTEXT_NEW) ? tpl_gettext_new
                                                      : tpl_gettext_old);
}


static tpl_int_t
tpl_gettext_look(tpl_call_t *call, const tpl_gettext_t *g)
{
    tpl_int_t               rc;
    tpl_str_t               text;
    tpl_char_t              small[TPL_GETTEXT_KEY];
    tpl_name_t              key;
    tpl_uint_t              one;
    tpl_exec_t             *exec;
    tpl_value_t             v;
    const tpl_catalogue_t  *c;

    exec = call->exec;

    /* what is not translated stands for itself */

    call->result = *g->singular;

    rc = tpl_vm_catalogue(exec, &c);

    if (rc != TPL_OK && rc != TPL_DECLINED) {
        return rc;
    }

    if (rc == TPL_OK && g->context) {

        if (tpl_gettext_key(exec, g, small, &key.str) != TPL_OK) {
            return TPL_ERROR;
        }

    } else if (rc == TPL_OK && tpl_is_string(g->singular)) {
        key.str = tpl_value_str(g->singular);

    } else if (rc == TPL_OK) {

        /* a key that no catalogue has, if it can be one at all */

        key.str.len = 0;
        rc = tpl_value_hash(exec, g->singular, &key.hash);

        if (rc != TPL_OK) {
            return rc;
        }

        rc = TPL_DECLINED;
    }

    if (rc == TPL_OK) {
        tpl_charge(exec, key.str.len);
        key.hash = tpl_hash(key.str.data, key.str.len);

        rc = tpl_gettext_find(exec, g, c, &key, &text);

        if (rc == TPL_OK) {
            tpl_value_from_str(&call->result, &text);
            return TPL_OK;
        }

        if (rc == TPL_ERROR) {
            return TPL_ERROR;
        }
    }

    if (g->plural == NULL) {
        return TPL_OK;
    }

    tpl_value_int(&v, 1);

    if (tpl_equal(exec, g->n, &v, &one) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!one) {
        call->result = *g->plural;
    }

    return TPL_OK;
}


/* "%s\4%s" % (context, singular), whatever they are */

static tpl_int_t
tpl_gettext_key(tpl_exec_t *exec, const tpl_gettext_t *g, tpl_char_t *small,
    tpl_str_t *key)
{
    size_t     n;
    tpl_buf_t  b;

    if (tpl_is_string(g->context) && tpl_is_string(g->singular)
        && (size_t) g->context->len + g->singular->len < TPL_GETTEXT_KEY)
    {
        n = g->context->len;

        if (n) {
            memcpy(small, g->context->u.s, n);
        }

        small[n++] = 4;

        if (g->singular->len) {
            memcpy(small + n, g->singular->u.s, g->singular->len);
        }

        key->data = small;
        key->len = n + g->singular->len;

        return TPL_OK;
    }

    tpl_buf_init(&b, exec->arena);

    if (tpl_str_to(exec, g->context, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_buf_char(&b, 4) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    if (tpl_str_to(exec, g->singular, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    key->data = b.data;
    key->len = b.len;

    return TPL_OK;
}


/* each catalogue of the chain has its own rule for plurals */

static tpl_int_t
tpl_gettext_find(tpl_exec_t *exec, const tpl_gettext_t *g,
    const tpl_catalogue_t *c, const tpl_name_t *key, tpl_str_t *text)
{
    int64_t      form;
    tpl_int_t    rc;
    tpl_uint_t   one;
    tpl_value_t  v;

    for ( /* void */ ; c; c = c->fallback) {

        if (g->plural == NULL) {
            rc = tpl_catalogue_find(c, key, text);

        } else {

            if (c->plural) {
                rc = tpl_plural_form(exec, c->plural, g->n, &form);

            } else {
                tpl_value_int(&v, 1);
                rc = tpl_equal(exec, g->n, &v, &one);
                form = !one;
            }

            if (rc != TPL_OK) {
                return rc;
            }

            rc = tpl_catalogue_find_form(c, key, form, text);
        }

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_gettext_old_gettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { NULL, &call->args[0], NULL, NULL };

    return tpl_gettext_look(call, &g);
}


static tpl_int_t
tpl_gettext_old_ngettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { NULL, &call->args[0], &call->args[1],
                         &call->args[2] };

    return tpl_gettext_look(call, &g);
}


static tpl_int_t
tpl_gettext_old_pgettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { &call->args[0], &call->args[1], NULL, NULL };

    return tpl_gettext_look(call, &g);
}


static tpl_int_t
tpl_gettext_old_npgettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { &call->args[0], &call->args[1], &call->args[2],
                         &call->args[3] };

    return tpl_gettext_look(call, &g);
}


/* variables gets a member unless it has one of that name (dict.setdefault) */

static tpl_int_t
tpl_gettext_default(tpl_exec_t *exec, tpl_dict_t *variables, const char *text,
    const tpl_value_t *value)
{
    tpl_name_t  name;

    name.str.data = (tpl_char_t *) text;
    name.str.len = strlen(text);
    name.hash = tpl_hash(text, name.str.len);

    if (tpl_dict_find(variables, &name)) {
        return TPL_OK;
    }

    return tpl_dict_set_str(exec, variables, &name.str, value);
}


/* new style: the translation is a format, with variables or without */

static tpl_int_t
tpl_gettext_format(tpl_call_t *call, const tpl_gettext_t *g,
    const tpl_value_t *variables)
{
    tpl_exec_t   *exec;
    tpl_dict_t   *dict;
    tpl_value_t   v;

    exec = call->exec;

    if (tpl_gettext_look(call, g) != TPL_OK) {
        return TPL_ERROR;
    }

    if (exec->autoescape) {

        /* Markup(text) */

        if (tpl_to_string(exec, &call->result, &call->result) != TPL_OK) {
            return TPL_ERROR;
        }

        call->result.flags |= TPL_F_SAFE;
    }

    if (tpl_is_string(&call->result)
        && (call->result.len == 0
            || memchr(call->result.u.s, '%', call->result.len) == NULL))
    {
        return TPL_OK;
    }

    dict = variables->u.dict;

    if (g->context || g->plural) {
        if (tpl_dict_copy(exec, variables->u.dict, &dict) != TPL_OK
            || (g->context
                && tpl_gettext_default(exec, dict, "context", g->context)
                   != TPL_OK)
            || (g->plural
                && tpl_gettext_default(exec, dict, "num", g->n) != TPL_OK))
        {
            return TPL_ERROR;
        }
    }

    tpl_value_dict(&v, dict);

    return tpl_binary(exec, TPL_OP_MOD, &call->result, &v, &call->result);
}


static tpl_int_t
tpl_gettext_new_gettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { NULL, &call->args[0], NULL, NULL };

    return tpl_gettext_format(call, &g, &call->args[1]);
}


static tpl_int_t
tpl_gettext_new_ngettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { NULL, &call->args[0], &call->args[1],
                         &call->args[2] };

    return tpl_gettext_format(call, &g, &call->args[3]);
}


static tpl_int_t
tpl_gettext_new_pgettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { &call->args[0], &call->args[1], NULL, NULL };

    return tpl_gettext_format(call, &g, &call->args[2]);
}


static tpl_int_t
tpl_gettext_new_npgettext(tpl_call_t *call)
{
    tpl_gettext_t  g = { &call->args[0], &call->args[1], &call->args[2],
                         &call->args[3] };

    return tpl_gettext_format(call, &g, &call->args[4]);
}


/* _(...): whatever the context knows as gettext */

static tpl_int_t
tpl_gettext_alias(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_list_t  *args;
    tpl_value_t  fn;

    static const tpl_str_t  name = tpl_string("gettext");

    rc = tpl_vm_resolve(call->exec, &name, &fn);

    if (rc == TPL_DECLINED) {
        rc = tpl_value_undefined(call->exec, &fn, &name, NULL, NULL);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    args = call->args[0].u.list;

    return tpl_vm_call(call->exec, &fn, args->items, args->n,
                       call->args[1].u.dict, &call->result);
}
