
/*
 * tpl render, check and dump: templates in files, one set a command (one a
 * template for check, so that an error in one does not hide another's).
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/tpl_cli.h"


static tpl_set_t *tpl_cli_set(tpl_cli_t *cli, tpl_arena_t *arena);
static tpl_int_t tpl_cli_load_data(tpl_cli_t *cli, tpl_arena_t *arena,
    tpl_dict_t **data, tpl_error_t *err);
static tpl_int_t tpl_cli_write(const tpl_output_t *out);
static int tpl_cli_error(const tpl_error_t *err);
static int tpl_cli_no_memory(void);


int
tpl_cli_render(tpl_cli_t *cli)
{
    tpl_vm_t        *vm;
    tpl_str_t        name;
    tpl_set_t       *set;
    tpl_error_t      err;
    tpl_arena_t     *arena;
    tpl_output_t    *out, gzip;
    tpl_vm_conf_t    conf;
    tpl_cli_host_t   host;
    tpl_template_t  *tmpl;

    arena = cli->arena;

    tpl_error_init(&err, arena);
    memset(&host, 0, sizeof(tpl_cli_host_t));

    if (cli->data
        && tpl_cli_load_data(cli, arena, &host.data, &err) != TPL_OK)
    {
        return tpl_cli_error(&err);
    }

    if (tpl_cli_files_name(&cli->files, arena, cli->args[0], &name)
        != TPL_OK)
    {
        return tpl_cli_no_memory();
    }

    if (cli->locale
        && tpl_cli_catalogue(cli, &host.catalogue, &err) != TPL_OK)
    {
        return tpl_cli_error(&err);
    }

    set = tpl_cli_set(cli, arena);

    if (set == NULL) {
        return tpl_cli_no_memory();
    }

    if (tpl_set_compile(set, &name, &tmpl, &err) != TPL_OK
        || tpl_vm_specialize(tmpl, &err) != TPL_OK)
    {
        return tpl_cli_error(&err);
    }

    memset(&conf, 0, sizeof(tpl_vm_conf_t));

    conf.arena = arena;
    conf.error = &err;
    conf.host = &tpl_cli_host;
    conf.host_data = &host;
    conf.limits.depth = TPL_DEFAULT_DEPTH;

    vm = tpl_vm_create(tmpl, &conf);

    if (vm == NULL) {
        return tpl_cli_no_memory();
    }

    if (tpl_cli_run(vm, &err) != TPL_OK) {
        return tpl_cli_error(&err);
    }

    out = tpl_vm_output(vm);

    if (cli->gzip) {
        if (tpl_cli_gzip(arena, tmpl, &host, out, &gzip) != TPL_OK) {
            return tpl_cli_no_memory();
        }

        out = &gzip;
    }

    if (tpl_cli_write(out) != TPL_OK) {
        fprintf(stderr, "tpl: cannot write: %s\n", strerror(errno));
        return TPL_CLI_FAILED;
    }

    return TPL_CLI_OK;
}


int
tpl_cli_check(tpl_cli_t *cli)
{
    tpl_str_t        *names;
    tpl_set_t        *set;
    tpl_uint_t        i, n, failed;
    tpl_error_t       err;
    tpl_arena_t      *arena;
    tpl_template_t   *tmpl;

    failed = 0;

    if (cli->all) {
        if (tpl_cli_files_list(&cli->files, cli->arena, &names, &n)
            != TPL_OK)
        {
            return tpl_cli_no_memory();
        }

    } else {
        n = cli->nargs;
        names = tpl_palloc(cli->arena, n * sizeof(tpl_str_t));

        if (names == NULL) {
            return tpl_cli_no_memory();
        }

        for (i = 0; i < n; i++) {
            if (tpl_cli_files_name(&cli->files, cli->arena, cli->args[i],
                                   &names[i])
                != TPL_OK)
            {
                return tpl_cli_no_memory();
            }
        }
    }

    for (i = 0; i < n; i++) {
        arena = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE, 0);
        if (arena == NULL) {
            return tpl_cli_no_memory();
        }

        tpl_error_init(&err, arena);

        set = tpl_cli_set(cli, arena);

        if (set == NULL) {
            tpl_arena_destroy(arena);
            return tpl_cli_no_memory();
        }

        if (tpl_set_compile(set, &names[i], &tmpl, &err) != TPL_OK) {
            (void) tpl_cli_error(&err);
            failed++;
        }

        tpl_arena_destroy(arena);
    }

    if (failed) {
        fprintf(stderr, "%u of %u template%s failed\n", (unsigned) failed,
                (unsigned) n, (n == 1) ? "" : "s");
        return TPL_CLI_FAILED;
    }

    printf("%u template%s checked\n", (unsigned) n, (n == 1) ? "" : "s");

    return TPL_CLI_OK;
}


int
tpl_cli_dump(tpl_cli_t *cli)
{
    tpl_buf_t        b;
    tpl_str_t        name;
    tpl_set_t       *set;
    tpl_error_t      err;
    tpl_template_t  *tmpl;

    tpl_error_init(&err, cli->arena);

    if (tpl_cli_files_name(&cli->files, cli->arena, cli->args[0], &name)
        != TPL_OK)
    {
        return tpl_cli_no_memory();
    }

    set = tpl_cli_set(cli, cli->arena);

    if (set == NULL) {
        return tpl_cli_no_memory();
    }

    if (tpl_set_compile(set, &name, &tmpl, &err) != TPL_OK
        || tpl_vm_specialize(tmpl, &err) != TPL_OK)
    {
        return tpl_cli_error(&err);
    }

    tpl_buf_init(&b, cli->arena);

    if (tpl_dump(tmpl, &b) != TPL_OK) {
        return tpl_cli_no_memory();
    }

    if (fwrite(b.data, 1, b.len, stdout) != b.len || fflush(stdout) != 0) {
        fprintf(stderr, "tpl: cannot write: %s\n", strerror(errno));
        return TPL_CLI_FAILED;
    }

    return TPL_CLI_OK;
}


static tpl_set_t *
tpl_cli_set(tpl_cli_t *cli, tpl_arena_t *arena)
{
    tpl_set_conf_t  conf;

    memset(&conf, 0, sizeof(tpl_set_conf_t));

    conf.arena = arena;
    conf.builtins = cli->builtins;
    conf.loader.load = tpl_cli_files_load;
    conf.loader.data = &cli->files;
    conf.loader.paths = 1;
    conf.autoescape = cli->autoescape;
    conf.options.undefined = cli->undefined;

    tpl_syntax_init(&conf.syntax, cli->syntax);

    conf.options.newline_sequence = conf.syntax.newline_sequence;

    if (cli->newstyle) {
        conf.syntax.extensions |= TPL_EXT_NEWSTYLE;
    }

    if (cli->autoescape == TPL_AUTOESCAPE_OFF) {
        conf.syntax.escape.len = 0;
    }

    return tpl_set_create(&conf);
}


static tpl_int_t
tpl_cli_load_data(tpl_cli_t *cli, tpl_arena_t *arena, tpl_dict_t **data,
    tpl_error_t *err)
{
    tpl_int_t    rc;
    tpl_str_t    text;
    tpl_exec_t   exec;
    tpl_value_t  v;
    tpl_error_t  json;

    rc = tpl_cli_read(arena, cli->data, &text);

    if (rc != TPL_OK) {
        return tpl_error_set(err, TPL_EXC_HOST, NULL, "cannot read %s: %s",
                             cli->data, strerror(errno));
    }

    tpl_error_init(&json, arena);
    tpl_cli_exec_init(&exec, arena, &json, cli->builtins);

    if (tpl_json_parse(&exec, &text, 0, &v) != TPL_OK) {
        return tpl_error_set(err, json.exc, NULL, "%s: %.*s", cli->data,
                             tpl_str_arg(&json.message));
    }

    if (v.type != TPL_DICT) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "%s: the data must be a JSON object whose "
                             "members are the template's variables",
                             cli->data);
    }

    *data = v.u.dict;

    return TPL_OK;
}


static tpl_int_t
tpl_cli_write(const tpl_output_t *out)
{
    uint32_t              i;
    const tpl_segment_t  *s;

    for (i = 0; i < out->n; i++) {
        s = &out->segments[i];

        if (fwrite(s->data, 1, s->len, stdout) != s->len) {
            return TPL_ERROR;
        }
    }

    return (fflush(stdout) == 0) ? TPL_OK : TPL_ERROR;
}


static int
tpl_cli_error(const tpl_error_t *err)
{
    tpl_buf_t     b;
    tpl_arena_t  *arena;

    arena = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE, 0);
    if (arena == NULL) {
        return tpl_cli_no_memory();
    }

    tpl_buf_init(&b, arena);

    (void) tpl_error_format(err, &b, 0);

    if (err->pos.source == NULL) {
        fputs("tpl: ", stderr);
    }

    fwrite(b.data, 1, b.len, stderr);

    if (b.len && b.data[b.len - 1] != '\n') {
        fputc('\n', stderr);
    }

    tpl_arena_destroy(arena);

    return TPL_CLI_FAILED;
}


static int
tpl_cli_no_memory(void)
{
    fputs("tpl: out of memory\n", stderr);

    return TPL_CLI_FAILED;
}
