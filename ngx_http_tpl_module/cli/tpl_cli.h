
/*
 * The command line: the same engine without nginx.
 *
 * A request (tpl_cli_request.c) is one render described in JSON, as `tpl batch`
 * reads them; unit tests and fuzzers use it as well.
 */

#ifndef _TPL_CLI_H_INCLUDED_
#define _TPL_CLI_H_INCLUDED_


#include "builtins/tpl_builtins.h"
#include "builtins/tpl_gettext.h"
#include "encode/tpl_gzip.h"
#include "program/tpl_program.h"
#include "value/tpl_json.h"
#include "vm/tpl_vm.h"


#define TPL_CLI_VERSION      "0.1.0"

/* exit status */
#define TPL_CLI_OK           0
#define TPL_CLI_FAILED       1
#define TPL_CLI_USAGE        2

#define TPL_CLI_PAGE         (16 * 1024)

/* no request may keep `tpl batch` busy for longer, or grow beyond */
#define TPL_CLI_STEPS        50000000
#define TPL_CLI_MEMORY       (256 * 1024 * 1024)


TPL_BEGIN_DECLS


/*
 * The host of a render: what its data and globals are is in two dicts, either
 * of which may be NULL.  exec->host is a tpl_cli_host_t *.
 */

typedef struct {
    tpl_dict_t              *data;
    tpl_dict_t              *globals;
    const tpl_builtins_t    *functions;     /* more globals, or NULL */
    const tpl_catalogue_t   *catalogue;     /* or NULL */
} tpl_cli_host_t;

extern const tpl_host_t  tpl_cli_host;

/* all builtins, in the arena; NULL without memory */
tpl_builtins_t *tpl_cli_builtins(tpl_arena_t *arena);

/* a state to parse JSON and to call value functions with, without a VM */
void tpl_cli_exec_init(tpl_exec_t *exec, tpl_arena_t *arena,
    tpl_error_t *err, const tpl_builtins_t *builtins);

/* a member of a dict by name, NULL if there is none */
tpl_value_t *tpl_cli_member(const tpl_dict_t *dict, const char *name);

/* runs to the end: TPL_OK or TPL_ERROR, the error set */
tpl_int_t tpl_cli_run(tpl_vm_t *vm, tpl_error_t *err);


/* gettext() and its like as a table of their own; kind: TPL_GETTEXT_* */
tpl_builtins_t *tpl_cli_gettext(tpl_arena_t *arena, tpl_uint_t kind);


/*
 * The model of tmpl's pages.  Which of the host's data there are is known, what
 * they are is not; the rest of the host is as it is.  NULL without memory.
 */
tpl_gzip_model_t *tpl_cli_gzip_model(tpl_arena_t *arena,
    tpl_template_t *tmpl, const tpl_cli_host_t *host);

/* page as gzip, in the arena */
tpl_int_t tpl_cli_gzip(tpl_arena_t *arena, tpl_template_t *tmpl,
    const tpl_cli_host_t *host, const tpl_output_t *page, tpl_output_t *out);


/* one request of `tpl batch` */

typedef struct {
    tpl_arena_t             *arena;         /* of all that is the request's */
    tpl_arena_t             *work;          /* of its compilation */
    const tpl_builtins_t    *builtins;
    tpl_error_t             *error;

    /* filled by tpl_cli_request_read() */
    tpl_set_conf_t           conf;
    tpl_dict_t              *templates;
    tpl_str_t                main;
    tpl_cli_host_t           host;
    tpl_uint_t               gzip;          /* the reply has the page so too */
    tpl_uint_t               general;       /* as compiled, not specialized */
    int64_t                  times;         /* it is rendered */
    tpl_dict_t              *before;        /* data of a render before, NULL */
    tpl_uint_t               unsupported;   /* an option the engine lacks */
} tpl_cli_request_t;

/*
 * Reads a request, a JSON object.  arena, work, builtins and error are set
 * before.  text must live as long as the arena.  TPL_ERROR: the error is set.
 */
tpl_int_t tpl_cli_request_parse(tpl_cli_request_t *r, tpl_str_t *text);
tpl_int_t tpl_cli_request_read(tpl_cli_request_t *r,
    const tpl_value_t *request);

/* compiles every template of the request; the error is that of the main one */
tpl_int_t tpl_cli_request_compile(tpl_cli_request_t *r,
    tpl_template_t **tmpl);


/* templates in files below a list of folders, searched in this order */

typedef struct {
    tpl_str_t               *roots;
    tpl_uint_t               n;
} tpl_cli_files_t;

/* tpl_loader_t's load() over a tpl_cli_files_t *: the text is the arena's */
tpl_int_t tpl_cli_files_load(void *data, tpl_arena_t *arena,
    const tpl_str_t *name, tpl_source_t *source, tpl_error_t *err);

/*
 * The name of the template that a user calls file: that name in a root, or the
 * path of a file, whose folder becomes the first root unless a root holds it
 * already.  TPL_ERROR without memory.
 */
tpl_int_t tpl_cli_files_name(tpl_cli_files_t *files, tpl_arena_t *arena,
    const char *file, tpl_str_t *name);

/*
 * The names of all text files in all roots, sorted; hidden ones and those that
 * hold zero bytes are left out.
 */
tpl_int_t tpl_cli_files_list(tpl_cli_files_t *files, tpl_arena_t *arena,
    tpl_str_t **names, tpl_uint_t *n);

/*
 * A whole file; - is the standard input.  text has 4 zero bytes behind its
 * end.  TPL_DECLINED if there is no such file, else TPL_ERROR with errno set.
 */
tpl_int_t tpl_cli_read(tpl_arena_t *arena, const char *path, tpl_str_t *text);


/* the commands; each gives the exit status */

typedef struct {
    tpl_arena_t             *arena;         /* of the whole process */
    const tpl_builtins_t    *builtins;
    tpl_cli_files_t          files;
    tpl_uint_t               syntax;        /* TPL_SYNTAX_* */
    tpl_uint_t               autoescape;    /* TPL_AUTOESCAPE_* */
    tpl_uint_t               undefined;     /* TPL_UNDEF_* */
    const char              *data;          /* a file, NULL for none */
    const char              *locale_path;   /* a folder, NULL for none */
    const char              *locale;
    const char              *domain;        /* of the catalogues */
    tpl_uint_t               newstyle;      /* gettext() formats */
    tpl_uint_t               gzip;
    tpl_uint_t               all;
    char                   **args;
    tpl_uint_t               nargs;
} tpl_cli_t;

/*
 * The catalogue of cli's locale, followed by those it falls back on:
 * LOCALE_PATH/LOCALE/LC_MESSAGES/DOMAIN.mo.
 */
tpl_int_t tpl_cli_catalogue(tpl_cli_t *cli, const tpl_catalogue_t **out,
    tpl_error_t *err);

int tpl_cli_render(tpl_cli_t *cli);
int tpl_cli_check(tpl_cli_t *cli);
int tpl_cli_dump(tpl_cli_t *cli);
int tpl_cli_batch(tpl_cli_t *cli);


TPL_END_DECLS


#endif /* _TPL_CLI_H_INCLUDED_ */
