
/*
 * The host of renders that nginx has no part in: data and globals are dicts.
 */

#include "cli/tpl_cli.h"


static tpl_int_t tpl_cli_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
static tpl_int_t tpl_cli_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
static tpl_int_t tpl_cli_names(tpl_exec_t *exec, tpl_dict_t *dict);
static tpl_int_t tpl_cli_translations(tpl_exec_t *exec,
    const tpl_catalogue_t **out);


const tpl_host_t  tpl_cli_host = {
    .lookup = tpl_cli_lookup,
    .global = tpl_cli_global,
    .names = tpl_cli_names,
    .catalogue = tpl_cli_translations
};


static tpl_int_t
tpl_cli_find(const tpl_dict_t *dict, const tpl_name_t *name, tpl_value_t *out)
{
    tpl_value_t  *v;

    v = (dict == NULL) ? NULL : tpl_dict_find(dict, name);

    if (v == NULL) {
        return TPL_DECLINED;
    }

    *out = *v;

    return TPL_OK;
}


static tpl_int_t
tpl_cli_lookup(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    tpl_cli_host_t  *host;

    host = exec->host;

    return tpl_cli_find(host->data, name, out);
}


static tpl_int_t
tpl_cli_global(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    tpl_cli_host_t       *host;
    const tpl_builtin_t  *fn;

    host = exec->host;

    if (tpl_cli_find(host->globals, name, out) == TPL_OK) {
        return TPL_OK;
    }

    if (host->functions == NULL) {
        return TPL_DECLINED;
    }

    fn = tpl_builtins_find(host->functions, TPL_JINJA_GLOBALS, name);

    if (fn == NULL) {
        return TPL_DECLINED;
    }

    tpl_value_function(out, fn);

    return TPL_OK;
}


static tpl_int_t
tpl_cli_names(tpl_exec_t *exec, tpl_dict_t *dict)
{
    uint32_t           i;
    tpl_cli_host_t    *host;
    tpl_dict_entry_t  *e;

    host = exec->host;

    if (host->data == NULL) {
        return TPL_OK;
    }

    for (i = 0; (e = tpl_dict_next(host->data, &i)) != NULL; ) {
        if (tpl_dict_set(exec, dict, &e->key, &e->value) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cli_translations(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    tpl_cli_host_t  *host;

    host = exec->host;
    *out = host->catalogue;

    return host->catalogue ? TPL_OK : TPL_DECLINED;
}


tpl_builtins_t *
tpl_cli_builtins(tpl_arena_t *arena)
{
    tpl_builtins_t  *builtins;

    builtins = tpl_builtins_create(arena);

    if (builtins == NULL || tpl_builtins_register(builtins) != TPL_OK) {
        return NULL;
    }

    return builtins;
}


void
tpl_cli_exec_init(tpl_exec_t *exec, tpl_arena_t *arena, tpl_error_t *err,
    const tpl_builtins_t *builtins)
{
    static const tpl_options_t  options = { .newline_sequence
                                                = tpl_string("\n") };

    memset(exec, 0, sizeof(tpl_exec_t));

    exec->arena = arena;
    exec->error = err;
    exec->options = &options;
    exec->builtins = builtins;
    exec->fuel = INT64_MAX;
}


tpl_value_t *
tpl_cli_member(const tpl_dict_t *dict, const char *name)
{
    tpl_name_t  key;

    key.str.data = (tpl_char_t *) name;
    key.str.len = strlen(name);
    key.hash = tpl_hash(name, key.str.len);

    return tpl_dict_find(dict, &key);
}


tpl_int_t
tpl_cli_run(tpl_vm_t *vm, tpl_error_t *err)
{
    tpl_int_t  rc;

    do {
        rc = tpl_vm_run(vm, INT64_MAX / 2);
    } while (rc == TPL_YIELD);

    if (rc == TPL_AGAIN) {
        return tpl_error_set(err, TPL_EXC_HOST, NULL,
                             "the template waits for data that never come");
    }

    return rc;
}
