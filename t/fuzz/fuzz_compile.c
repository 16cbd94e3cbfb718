
/*
 * Compiles any text as a template.
 *
 * The first byte chooses the syntax and its options, the rest is the template
 * "main"; it may refer to itself and to a small template "a".  Whatever is
 * compiled must verify and can be dumped; whatever is not has an error with a
 * place inside the text.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/tpl_utf8.h"
#include "builtins/tpl_builtins.h"
#include "program/tpl_program.h"


#define FUZZ_MEMORY   (64 * 1024 * 1024)

#define FUZZ_TORNADO  0x01
#define FUZZ_TRIM     0x02      /* Tornado: whitespace single */
#define FUZZ_LINES    0x04      /* Tornado: whitespace oneline */
#define FUZZ_ESCAPE   0x08
#define FUZZ_PLAIN    0x10      /* no extensions */
#define FUZZ_DELIMS   0x20
#define FUZZ_LAZY     0x40
#define FUZZ_NEWLINE  0x80


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const tpl_str_t  fuzz_jinja = tpl_string(
    "{% macro m(x, y=1) %}{{ x }}{{ caller() }}{% endmacro %}"
    "{% block b scoped %}{{ y }}{% endblock %}{% set v = 1 %}");

static const tpl_str_t  fuzz_tornado = tpl_string(
    "{% set v = 1 %}{% block b %}{{ y }}{% end %}");


typedef struct {
    tpl_str_t            text;
    tpl_uint_t           tornado;
} fuzz_t;


static tpl_int_t
fuzz_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    fuzz_t  *f;

    (void) arena;
    (void) err;

    f = data;

    if (tpl_str_is(name, "main")) {
        source->text = f->text;
        return TPL_OK;
    }

    if (tpl_str_is(name, "a")) {
        source->text = f->tornado ? fuzz_tornado : fuzz_jinja;
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static void
fuzz_conf(tpl_set_conf_t *conf, unsigned how)
{
    memset(conf, 0, sizeof(tpl_set_conf_t));

    tpl_syntax_init(&conf->syntax, (how & FUZZ_TORNADO)
                                   ? TPL_SYNTAX_TORNADO : TPL_SYNTAX_JINJA);

    conf->lazy = (how & FUZZ_LAZY) != 0;
    conf->autoescape = (how & FUZZ_ESCAPE) ? TPL_AUTOESCAPE_ON
                                           : TPL_AUTOESCAPE_OFF;

    if (how & FUZZ_TORNADO) {
        conf->syntax.whitespace = (how & FUZZ_TRIM) ? TPL_WS_SINGLE
                                  : (how & FUZZ_LINES) ? TPL_WS_ONELINE
                                  : TPL_WS_ALL;

        if (!(how & FUZZ_ESCAPE)) {
            conf->syntax.escape.len = 0;
        }

        return;
    }

    if (how & FUZZ_TRIM) {
        conf->syntax.trim_blocks = 1;
        conf->syntax.lstrip_blocks = 1;
    }

    if (how & FUZZ_LINES) {
        tpl_str_set(&conf->syntax.line_statement_prefix, "#");
        tpl_str_set(&conf->syntax.line_comment_prefix, "##");
    }

    if (how & FUZZ_PLAIN) {
        conf->syntax.extensions = 0;
    }

    if (how & FUZZ_DELIMS) {
        tpl_str_set(&conf->syntax.block_start_string, "<%");
        tpl_str_set(&conf->syntax.block_end_string, "%>");
        tpl_str_set(&conf->syntax.variable_start_string, "<%=");
        tpl_str_set(&conf->syntax.variable_end_string, "%>");
        tpl_str_set(&conf->syntax.comment_start_string, "<%#");
        tpl_str_set(&conf->syntax.comment_end_string, "%>");
    }

    if (how & FUZZ_NEWLINE) {
        tpl_str_set(&conf->syntax.newline_sequence, "\r\n");
        conf->syntax.keep_trailing_newline = 1;
    }

    conf->options.newline_sequence = conf->syntax.newline_sequence;
}


static void
fuzz_stop(const char *what, const tpl_error_t *err)
{
    fprintf(stderr, "%s: %s: %.*s\n", what, tpl_exc_name(err->exc),
            tpl_str_arg(&err->message));
    abort();
}


static void
fuzz_check_error(const tpl_error_t *err, tpl_arena_t *arena)
{
    tpl_buf_t  b;
    tpl_str_t  line;

    if (err->exc == TPL_EXC_NONE || err->message.len == 0) {
        fuzz_stop("an error without an error", err);
    }

    if (err->exc == TPL_EXC_MEMORY || err->exc == TPL_EXC_LIMIT) {
        return;
    }

    if (err->pos.source != NULL) {
        if (err->pos.line == 0 || err->pos.column == 0) {
            fuzz_stop("an error without a line", err);
        }

        tpl_source_line(&err->pos, &line);
    }

    tpl_buf_init(&b, arena);
    (void) tpl_error_format(err, &b, 0);
    tpl_buf_init(&b, arena);
    (void) tpl_error_format(err, &b, 1);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_t           f;
    unsigned         how;
    tpl_buf_t        b;
    uint32_t         i;
    tpl_str_t        name;
    tpl_set_t       *set;
    tpl_arena_t     *arena;
    tpl_error_t      err;
    tpl_set_conf_t   conf;
    tpl_template_t  *t;

    static tpl_builtins_t  *builtins;
    static tpl_arena_t     *forever;

    if (builtins == NULL) {
        tpl_hash_init();
        forever = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
        builtins = tpl_builtins_create(forever);

        if (builtins == NULL || tpl_builtins_register(builtins) != TPL_OK) {
            abort();
        }
    }

    if (size == 0) {
        return 0;
    }

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, FUZZ_MEMORY);
    if (arena == NULL) {
        return 0;
    }

    how = data[0];

    /* templates are well-formed UTF-8: whoever loads them sees to it */

    f.text.data = (tpl_char_t *) data + 1;
    f.text.len = size - 1;
    f.tornado = (how & FUZZ_TORNADO) != 0;

    if (tpl_utf8_repair(arena, &f.text) != TPL_OK) {
        tpl_arena_destroy(arena);
        return 0;
    }

    fuzz_conf(&conf, how);

    conf.arena = arena;
    conf.builtins = builtins;
    conf.loader.load = fuzz_load;
    conf.loader.data = &f;

    tpl_error_init(&err, arena);
    tpl_str_set(&name, "main");

    set = tpl_set_create(&conf);

    if (set == NULL) {
        tpl_arena_destroy(arena);
        return 0;
    }

    if (tpl_set_compile(set, &name, &t, &err) != TPL_OK) {
        fuzz_check_error(&err, arena);
        tpl_arena_destroy(arena);
        return 0;
    }

    for (t = tpl_set_first(set); t; t = t->next) {

        if (t->error) {
            continue;
        }

        for (i = 0; i < t->nfuncs; i++) {
            tpl_error_init(&err, arena);

            if (tpl_verify(t, t->funcs[i], &err) != TPL_OK
                && err.exc != TPL_EXC_MEMORY)
            {
                fuzz_stop("a program does not verify", &err);
            }
        }

        tpl_buf_init(&b, arena);
        (void) tpl_dump(t, &b);
    }

    tpl_arena_destroy(arena);

    return 0;
}
