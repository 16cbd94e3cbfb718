
/*
 * Pages as gzip: the model is made of the template for the one page.
 */

#include "cli/tpl_cli.h"


/* a template that renders for ever without its data does so no longer */
#define TPL_CLI_GZIP_STEPS   1000000
#define TPL_CLI_GZIP_MEMORY  (64 * 1024 * 1024)


static tpl_int_t tpl_cli_gzip_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
static tpl_int_t tpl_cli_gzip_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
static tpl_int_t tpl_cli_gzip_variable(tpl_exec_t *exec, uint32_t index,
    tpl_value_t *out);
static tpl_int_t tpl_cli_gzip_catalogue(tpl_exec_t *exec,
    const tpl_catalogue_t **out);


static const tpl_host_t  tpl_cli_gzip_host = {
    .lookup = tpl_cli_gzip_lookup,
    .global = tpl_cli_gzip_global,
    .variable = tpl_cli_gzip_variable,
    .catalogue = tpl_cli_gzip_catalogue
};


static tpl_int_t
tpl_cli_gzip_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t  rc;

    rc = tpl_cli_host.lookup(exec, name, out);

    if (rc != TPL_OK) {
        return rc;
    }

    if (out->type == TPL_STRING) {
        tpl_value_string(out, (tpl_char_t *) "", 0, TPL_F_ASCII);

    } else {
        tpl_gzip_unknown(out);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cli_gzip_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    return tpl_cli_host.global(exec, name, out);
}


static tpl_int_t
tpl_cli_gzip_variable(tpl_exec_t *exec, uint32_t index, tpl_value_t *out)
{
    (void) exec;
    (void) index;

    tpl_value_string(out, (tpl_char_t *) "", 0, TPL_F_ASCII);

    return TPL_OK;
}


static tpl_int_t
tpl_cli_gzip_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    return tpl_cli_host.catalogue(exec, out);
}


tpl_gzip_model_t *
tpl_cli_gzip_model(tpl_arena_t *arena, tpl_template_t *tmpl,
    const tpl_cli_host_t *host)
{
    tpl_str_t          reference;
    tpl_error_t        err;
    tpl_arena_t       *scratch;
    tpl_vm_conf_t      conf;
    tpl_cli_host_t     known;
    tpl_gzip_model_t  *model;

    scratch = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE,
                               TPL_CLI_GZIP_MEMORY);
    if (scratch == NULL) {
        return NULL;
    }

    model = NULL;
    known = *host;

    tpl_error_init(&err, scratch);
    memset(&conf, 0, sizeof(tpl_vm_conf_t));

    conf.arena = scratch;
    conf.error = &err;
    conf.host = &tpl_cli_gzip_host;
    conf.host_data = &known;
    conf.limits.steps = TPL_CLI_GZIP_STEPS;
    conf.limits.output = TPL_GZIP_REFERENCE_MAX;
    conf.limits.depth = TPL_DEFAULT_DEPTH;

    if (tpl_gzip_reference(tmpl, &conf, &reference) == TPL_OK) {
        model = tpl_gzip_model(arena, scratch, &reference);
    }

    tpl_arena_destroy(scratch);

    return model;
}


tpl_int_t
tpl_cli_gzip(tpl_arena_t *arena, tpl_template_t *tmpl,
    const tpl_cli_host_t *host, const tpl_output_t *page, tpl_output_t *out)
{
    tpl_gzip_t        *gz;
    tpl_gzip_model_t  *model;

    model = tpl_cli_gzip_model(arena, tmpl, host);
    gz = tpl_gzip_create(arena);

    if (model == NULL || gz == NULL) {
        return TPL_ERROR;
    }

    tpl_output_init(out, arena, 0);

    return tpl_gzip_page(gz, model, page, out);
}
