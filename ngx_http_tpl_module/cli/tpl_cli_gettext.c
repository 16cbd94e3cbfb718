
/*
 * The functions of Jinja2's i18n extension when there are no translations:
 * every message is its own (gettext.NullTranslations).
 *
 * {% trans %} always formats the message it got with its own variables.  So a
 * new style function formats only what {% trans %} would not: with keyword
 * arguments, and a plural whose text refers to nothing but the number.
 */

#include "cli/tpl_cli.h"


static tpl_int_t tpl_gettext(tpl_call_t *call);
static tpl_int_t tpl_ngettext(tpl_call_t *call);
static tpl_int_t tpl_pgettext(tpl_call_t *call);
static tpl_int_t tpl_npgettext(tpl_call_t *call);
static tpl_int_t tpl_gettext_new(tpl_call_t *call);
static tpl_int_t tpl_ngettext_new(tpl_call_t *call);
static tpl_int_t tpl_pgettext_new(tpl_call_t *call);
static tpl_int_t tpl_npgettext_new(tpl_call_t *call);
static tpl_int_t tpl_gettext_alias(tpl_call_t *call);


static const tpl_builtin_def_t  tpl_gettext_alias_only[] = {
    { "_", "*args, **kwargs", tpl_gettext_alias, TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


static const tpl_builtin_def_t  tpl_gettext_old[] = {
    { "gettext", "message", tpl_gettext, 0 },
    { "ngettext", "msgid1, msgid2, n", tpl_ngettext, 0 },
    { "pgettext", "context, message", tpl_pgettext, 0 },
    { "npgettext", "context, msgid1, msgid2, n", tpl_npgettext, 0 },
    { NULL, NULL, NULL, 0 }
};


static const tpl_builtin_def_t  tpl_gettext_newstyle[] = {
    { "gettext", "__string, /, **variables", tpl_gettext_new,
      TPL_FN_CONTEXT },
    { "ngettext", "__singular, __plural, __num, /, **variables",
      tpl_ngettext_new, TPL_FN_CONTEXT },
    { "pgettext", "__string_ctx, __string, /, **variables",
      tpl_pgettext_new, TPL_FN_CONTEXT },
    { "npgettext", "__string_ctx, __singular, __plural, __num, /, "
                   "**variables",
      tpl_npgettext_new, TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


tpl_builtins_t *
tpl_cli_gettext(tpl_arena_t *arena, tpl_uint_t kind)
{
    tpl_builtins_t           *builtins;
    const tpl_builtin_def_t  *defs;

    builtins = tpl_builtins_create(arena);

    if (builtins == NULL
        || tpl_builtins_add(builtins, TPL_JINJA_GLOBALS,
                            tpl_gettext_alias_only)
           != TPL_OK)
    {
        return NULL;
    }

    if (kind == TPL_CLI_GETTEXT_ALIAS) {
        return builtins;
    }

    defs = (kind == TPL_CLI_GETTEXT_NEW) ? tpl_gettext_newstyle
                                         : tpl_gettext_old;

    if (tpl_builtins_add(builtins, TPL_JINJA_GLOBALS, defs) != TPL_OK) {
        return NULL;
    }

    return builtins;
}


static tpl_int_t
tpl_gettext(tpl_call_t *call)
{
    call->result = call->args[0];

    return TPL_OK;
}


/* singular for exactly one, as gettext does without a catalogue */

static tpl_int_t
tpl_gettext_choose(tpl_call_t *call, const tpl_value_t *args)
{
    tpl_uint_t   one;
    tpl_value_t  v;

    tpl_value_int(&v, 1);

    if (tpl_equal(call->exec, &args[2], &v, &one) != TPL_OK) {
        return TPL_ERROR;
    }

    call->result = one ? args[0] : args[1];

    return TPL_OK;
}


static tpl_int_t
tpl_ngettext(tpl_call_t *call)
{
    return tpl_gettext_choose(call, call->args);
}


static tpl_int_t
tpl_pgettext(tpl_call_t *call)
{
    call->result = call->args[1];

    return TPL_OK;
}


static tpl_int_t
tpl_npgettext(tpl_call_t *call)
{
    return tpl_gettext_choose(call, call->args + 1);
}


/* true if %(NAME)s is all that the text asks of its variables */

static tpl_uint_t
tpl_gettext_refers_only(const tpl_value_t *text, const tpl_str_t *name)
{
    const tpl_char_t  *p, *last;

    if (!tpl_is_string(text)) {
        return 0;
    }

    last = text->u.s + text->len;

    for (p = text->u.s; p < last; p++) {
        if (*p != '%') {
            continue;
        }

        if ((size_t) (last - p) < name->len + 4
            || p[1] != '('
            || memcmp(p + 2, name->data, name->len) != 0
            || p[name->len + 2] != ')' || p[name->len + 3] != 's')
        {
            return 0;
        }

        p += name->len + 3;
    }

    return 1;
}


/*
 * The message in call->result formatted with the variables, and with name as
 * value unless they have it.
 */

static tpl_int_t
tpl_gettext_format(tpl_call_t *call, const tpl_value_t *variables,
    const char *text, const tpl_value_t *value)
{
    tpl_str_t    name;
    tpl_value_t  v;
    tpl_dict_t  *dict;

    if (!tpl_is_string(&call->result)) {
        return TPL_OK;
    }

    if (call->exec->autoescape) {
        call->result.flags |= TPL_F_SAFE;
    }

    name.data = (tpl_char_t *) text;
    name.len = text ? strlen(text) : 0;

    if (variables->u.dict->n == 0
        && (text == NULL
            || !tpl_gettext_refers_only(&call->result, &name)))
    {
        return TPL_OK;
    }

    if (tpl_dict_copy(call->exec, variables->u.dict, &dict) != TPL_OK) {
        return TPL_ERROR;
    }

    if (text && tpl_cli_member(dict, text) == NULL
        && tpl_dict_set_str(call->exec, dict, &name, value) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(&v, dict);

    return tpl_format_percent(call->exec, &call->result, &v, &call->result);
}


static tpl_int_t
tpl_gettext_new(tpl_call_t *call)
{
    call->result = call->args[0];

    return tpl_gettext_format(call, &call->args[1], NULL, NULL);
}


static tpl_int_t
tpl_ngettext_new(tpl_call_t *call)
{
    if (tpl_gettext_choose(call, call->args) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_gettext_format(call, &call->args[3], "num", &call->args[2]);
}


static tpl_int_t
tpl_pgettext_new(tpl_call_t *call)
{
    call->result = call->args[1];

    return tpl_gettext_format(call, &call->args[2], "context",
                              &call->args[0]);
}


static tpl_int_t
tpl_npgettext_new(tpl_call_t *call)
{
    if (tpl_gettext_choose(call, call->args + 1) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_gettext_format(call, &call->args[4], "num", &call->args[3]);
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

    return tpl_value_call(call->exec, &fn, args->items, args->n,
                          call->args[1].u.dict, &call->result);
}
