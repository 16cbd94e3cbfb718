
/*
 * tpl: the command line of the template engine.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/tpl_cli.h"
#include "web/tpl_web.h"


#define TPL_CLI_OPT_ROOT        0x01
#define TPL_CLI_OPT_SYNTAX      0x02
#define TPL_CLI_OPT_DATA        0x04
#define TPL_CLI_OPT_AUTOESCAPE  0x08
#define TPL_CLI_OPT_UNDEFINED   0x10
#define TPL_CLI_OPT_ALL         0x20
#define TPL_CLI_OPT_NEWSTYLE    0x40
#define TPL_CLI_OPT_LOCALES     0x80
#define TPL_CLI_OPT_LOCALE      0x100
#define TPL_CLI_OPT_DOMAIN      0x200
#define TPL_CLI_OPT_GZIP        0x400

#define TPL_CLI_OPT_COMPILE                                                  \
    (TPL_CLI_OPT_ROOT | TPL_CLI_OPT_SYNTAX | TPL_CLI_OPT_AUTOESCAPE          \
     | TPL_CLI_OPT_UNDEFINED | TPL_CLI_OPT_NEWSTYLE)

#define TPL_CLI_OPT_RENDER                                                   \
    (TPL_CLI_OPT_COMPILE | TPL_CLI_OPT_DATA | TPL_CLI_OPT_LOCALES            \
     | TPL_CLI_OPT_LOCALE | TPL_CLI_OPT_DOMAIN | TPL_CLI_OPT_GZIP)


typedef struct {
    const char          *name;
    tpl_uint_t           options;       /* that it knows */
    int                  min;           /* arguments, unless --all */
    int                  max;           /* -1: any number */
    int                (*run)(tpl_cli_t *cli);
} tpl_cli_command_t;


static int tpl_cli_arguments(tpl_cli_t *cli, const tpl_cli_command_t *cmd,
    int argc, char **argv);
static int tpl_cli_choice(const char *option, const char *value,
    const char *const *choices, tpl_uint_t *choice);
static tpl_int_t tpl_cli_add_root(tpl_cli_t *cli, char *root);
static int tpl_cli_usage(const char *what, const char *arg);


static const char  tpl_cli_help[] =
"usage: tpl render FILE [--data FILE.json] [OPTION ...]\n"
"       tpl check FILE ... | --all [OPTION ...]\n"
"       tpl dump FILE [OPTION ...]\n"
"       tpl batch\n"
"       tpl --help | --version\n"
"\n"
"  render   writes what the template FILE renders to\n"
"  check    compiles templates and says what is wrong with them\n"
"  dump     writes the program a template is compiled to\n"
"  batch    answers a JSON request a line with a JSON reply a line\n"
"\n"
"FILE is the name of a template below a root, or the path of a file.\n"
"\n"
"  --root DIR          where templates are; may be given several times: they\n"
"                      are searched in this order (default: .)\n"
"  --syntax NAME       jinja or tornado (default: jinja)\n"
"  --data FILE.json    a JSON object whose members are the variables; - is\n"
"                      the standard input\n"
"  --autoescape MODE   auto (.html .htm .xml .xhtml .svg; the default),\n"
"                      html or off\n"
"  --undefined KIND    lenient (default), strict, chainable or debug\n"
"  --locale-path DIR   where translations are: DIR/de/LC_MESSAGES/messages.mo\n"
"  --locale NAME       the language of the page: de, pt_BR, ...\n"
"  --domain NAME       the name of the .mo files (default: messages)\n"
"  --newstyle          gettext() formats its keyword arguments itself\n"
"  --gzip              compresses the page, as tpl_gzip does\n"
"  --all               every file below the roots\n"
"\n"
"Exit status: 0 if all went well, 1 for an error in a template or in the\n"
"data, 2 for wrong usage.\n";


static const tpl_cli_command_t  tpl_cli_commands[] = {
    { "render", TPL_CLI_OPT_RENDER, 1, 1, tpl_cli_render },
    { "check", TPL_CLI_OPT_COMPILE | TPL_CLI_OPT_ALL, 1, -1, tpl_cli_check },
    { "dump", TPL_CLI_OPT_COMPILE, 1, 1, tpl_cli_dump },
    { "batch", 0, 0, 0, tpl_cli_batch },
    { NULL, 0, 0, 0, NULL }
};


static const struct option  tpl_cli_long_options[] = {
    { "root", required_argument, NULL, TPL_CLI_OPT_ROOT },
    { "syntax", required_argument, NULL, TPL_CLI_OPT_SYNTAX },
    { "data", required_argument, NULL, TPL_CLI_OPT_DATA },
    { "autoescape", required_argument, NULL, TPL_CLI_OPT_AUTOESCAPE },
    { "undefined", required_argument, NULL, TPL_CLI_OPT_UNDEFINED },
    { "locale-path", required_argument, NULL, TPL_CLI_OPT_LOCALES },
    { "locale", required_argument, NULL, TPL_CLI_OPT_LOCALE },
    { "domain", required_argument, NULL, TPL_CLI_OPT_DOMAIN },
    { "newstyle", no_argument, NULL, TPL_CLI_OPT_NEWSTYLE },
    { "gzip", no_argument, NULL, TPL_CLI_OPT_GZIP },
    { "all", no_argument, NULL, TPL_CLI_OPT_ALL },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


/* in the order of TPL_SYNTAX_*, TPL_AUTOESCAPE_* and TPL_UNDEF_* */

static const char *const  tpl_cli_syntaxes[] = { "jinja", "tornado", NULL };
static const char *const  tpl_cli_modes[] = { "off", "html", "auto", NULL };
static const char *const  tpl_cli_kinds[] = { "lenient", "strict",
                                              "chainable", "debug", NULL };


int
main(int argc, char **argv)
{
    int                       status;
    tpl_cli_t                 cli;
    tpl_builtins_t           *builtins;
    const tpl_cli_command_t  *cmd;

    if (argc < 2) {
        fputs(tpl_cli_help, stderr);
        return TPL_CLI_USAGE;
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
        || strcmp(argv[1], "help") == 0)
    {
        fputs(tpl_cli_help, stdout);
        return TPL_CLI_OK;
    }

    if (strcmp(argv[1], "--version") == 0) {
        printf("tpl %s\n", TPL_CLI_VERSION);
        return TPL_CLI_OK;
    }

    for (cmd = tpl_cli_commands; cmd->name; cmd++) {
        if (strcmp(cmd->name, argv[1]) == 0) {
            break;
        }
    }

    if (cmd->name == NULL) {
        return tpl_cli_usage("unknown command", argv[1]);
    }

    tpl_hash_init();

    memset(&cli, 0, sizeof(tpl_cli_t));

    cli.arena = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE, 0);
    builtins = cli.arena ? tpl_cli_builtins(cli.arena) : NULL;
    cli.builtins = builtins;

    if (builtins == NULL) {
        tpl_arena_destroy(cli.arena);
        fputs("tpl: out of memory\n", stderr);
        return TPL_CLI_FAILED;
    }

    cli.autoescape = TPL_AUTOESCAPE_AUTO;
    cli.domain = "messages";

    status = tpl_cli_arguments(&cli, cmd, argc - 1, argv + 1);

    /* a request of tpl batch says itself which functions there are */

    if (status == -1 && cmd->run != tpl_cli_batch
        && (tpl_gettext_register(builtins, cli.newstyle ? TPL_GETTEXT_NEW
                                                        : TPL_GETTEXT_OLD)
            != TPL_OK
            || tpl_web_register(builtins) != TPL_OK))
    {
        fputs("tpl: out of memory\n", stderr);
        status = TPL_CLI_FAILED;
    }

    if (status == -1) {
        status = cmd->run(&cli);
    }

    tpl_arena_destroy(cli.arena);

    return status;
}


/* -1: run the command; else the exit status */

static int
tpl_cli_arguments(tpl_cli_t *cli, const tpl_cli_command_t *cmd, int argc,
    char **argv)
{
    int  c, i, bad;

    bad = 0;
    opterr = 0;

    for ( ;; ) {
        i = 0;
        c = getopt_long(argc, argv, ":h", tpl_cli_long_options, &i);

        if (c == -1) {
            break;
        }

        if (c == 'h') {
            fputs(tpl_cli_help, stdout);
            return TPL_CLI_OK;
        }

        if (c == ':') {
            return tpl_cli_usage("a value is missing after",
                                 argv[optind - 1]);
        }

        if (c == '?') {
            return tpl_cli_usage("unknown option", argv[optind - 1]);
        }

        if (!(cmd->options & (tpl_uint_t) c)) {
            fprintf(stderr, "tpl: %s has no option --%s\n", cmd->name,
                    tpl_cli_long_options[i].name);
            return TPL_CLI_USAGE;
        }

        switch (c) {

        case TPL_CLI_OPT_ROOT:
            if (tpl_cli_add_root(cli, optarg) != TPL_OK) {
                fputs("tpl: out of memory\n", stderr);
                return TPL_CLI_FAILED;
            }

            break;

        case TPL_CLI_OPT_SYNTAX:
            bad = tpl_cli_choice("--syntax", optarg, tpl_cli_syntaxes,
                                 &cli->syntax);
            break;

        case TPL_CLI_OPT_AUTOESCAPE:
            bad = tpl_cli_choice("--autoescape", optarg, tpl_cli_modes,
                                 &cli->autoescape);
            break;

        case TPL_CLI_OPT_UNDEFINED:
            bad = tpl_cli_choice("--undefined", optarg, tpl_cli_kinds,
                                 &cli->undefined);
            break;

        case TPL_CLI_OPT_DATA:
            cli->data = optarg;
            break;

        case TPL_CLI_OPT_LOCALES:
            cli->locale_path = optarg;
            break;

        case TPL_CLI_OPT_LOCALE:
            cli->locale = optarg;
            break;

        case TPL_CLI_OPT_DOMAIN:
            cli->domain = optarg;
            break;

        case TPL_CLI_OPT_NEWSTYLE:
            cli->newstyle = 1;
            break;

        case TPL_CLI_OPT_GZIP:
            cli->gzip = 1;
            break;

        case TPL_CLI_OPT_ALL:
            cli->all = 1;
            break;
        }

        if (bad) {
            return bad;
        }
    }

    if ((cli->locale == NULL) != (cli->locale_path == NULL)) {
        return tpl_cli_usage("--locale-path and --locale need each other",
                             NULL);
    }

    cli->args = argv + optind;
    cli->nargs = (tpl_uint_t) (argc - optind);

    if (cli->all ? cli->nargs != 0
                 : ((int) cli->nargs < cmd->min
                    || (cmd->max != -1 && (int) cli->nargs > cmd->max)))
    {
        if (cli->nargs == 0) {
            return tpl_cli_usage("no template is named", NULL);
        }

        return tpl_cli_usage("too many arguments from",
                             cli->args[cli->all ? 0 : cmd->max]);
    }

    if (cli->files.n == 0 && tpl_cli_add_root(cli, ".") != TPL_OK) {
        fputs("tpl: out of memory\n", stderr);
        return TPL_CLI_FAILED;
    }

    return -1;
}


/* 0, or the exit status */

static int
tpl_cli_choice(const char *option, const char *value,
    const char *const *choices, tpl_uint_t *choice)
{
    tpl_uint_t  i;

    for (i = 0; choices[i]; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *choice = i;
            return 0;
        }
    }

    fprintf(stderr, "tpl: %s is ", option);

    for (i = 0; choices[i]; i++) {
        fprintf(stderr, "%s%s", (i == 0) ? "" : choices[i + 1] ? ", " : " or ",
                choices[i]);
    }

    fprintf(stderr, ", not \"%s\"\n", value);

    return TPL_CLI_USAGE;
}


static tpl_int_t
tpl_cli_add_root(tpl_cli_t *cli, char *root)
{
    tpl_str_t  *roots;

    roots = tpl_palloc(cli->arena, (cli->files.n + 1) * sizeof(tpl_str_t));
    if (roots == NULL) {
        return TPL_ERROR;
    }

    if (cli->files.n) {
        memcpy(roots, cli->files.roots, cli->files.n * sizeof(tpl_str_t));
    }

    roots[cli->files.n].data = (tpl_char_t *) root;
    roots[cli->files.n].len = strlen(root);

    cli->files.roots = roots;
    cli->files.n++;

    return TPL_OK;
}


static int
tpl_cli_usage(const char *what, const char *arg)
{
    if (arg) {
        fprintf(stderr, "tpl: %s \"%s\"", what, arg);

    } else {
        fprintf(stderr, "tpl: %s", what);
    }

    fputs("; see tpl --help\n", stderr);

    return TPL_CLI_USAGE;
}
