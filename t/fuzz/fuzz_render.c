
/*
 * Renders any template with any data.
 *
 * The first byte chooses syntax and options; then come the template "main",
 * JSON data and a template "a", with a byte 0xff (which UTF-8 never has)
 * between them.  Rendered in one go and in turns of one unit of fuel, the
 * outcome must be the same.
 */

#include "base/tpl_utf8.h"
#include "tpl_run.h"


#define FUZZ_MEMORY   (32 * 1024 * 1024)
#define FUZZ_STEPS    200000
#define FUZZ_OUTPUT   (1024 * 1024)

#define FUZZ_TORNADO    0x01
#define FUZZ_ESCAPE     0x02
#define FUZZ_STRICT     0x04
#define FUZZ_CHAIN      0x08
#define FUZZ_SANDBOX    0x10
#define FUZZ_IMMUTABLE  0x20
#define FUZZ_LATE       0x40
#define FUZZ_DEBUG      0x80


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_part(tpl_str_t *rest, tpl_str_t *part)
{
    tpl_char_t  *p;

    *part = *rest;

    p = rest->len ? memchr(rest->data, 0xff, rest->len) : NULL;

    if (p == NULL) {
        rest->len = 0;
        return;
    }

    part->len = p - rest->data;
    rest->data = p + 1;
    rest->len -= part->len + 1;
}


static void
fuzz_string(tpl_exec_t *exec, tpl_buf_t *b, const tpl_str_t *s)
{
    tpl_value_t                    v;
    static const tpl_json_style_t  style = { .indent = -1 };

    tpl_value_from_str(&v, s);

    if (tpl_json_to(exec, &v, &style, b) != TPL_OK) {
        abort();
    }
}


/* the request of `tpl batch` that the input stands for */

static tpl_int_t
fuzz_request(const tpl_builtins_t *builtins, tpl_arena_t *arena,
    tpl_str_t *input, unsigned how, tpl_buf_t *b)
{
    tpl_str_t    text, json, other;
    tpl_exec_t   exec;
    tpl_error_t  err;
    tpl_value_t  v;

    fuzz_part(input, &text);
    fuzz_part(input, &json);
    fuzz_part(input, &other);

    if (tpl_utf8_repair(arena, &text) != TPL_OK
        || tpl_utf8_repair(arena, &json) != TPL_OK
        || tpl_utf8_repair(arena, &other) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_error_init(&err, arena);
    tpl_cli_exec_init(&exec, arena, &err, builtins);

    tpl_buf_init(b, arena);

    tpl_buf_printf(b, "{\"syntax\":\"%s\",\"main\":\"main\",",
                   (how & FUZZ_TORNADO) ? "tornado" : "jinja");

    if (!(how & FUZZ_TORNADO)) {
        tpl_buf_printf(b, "\"options\":{\"autoescape\":%s,"
                       "\"undefined\":\"%s\",\"extensions\":[\"do\","
                       "\"loopcontrols\",\"i18n\",\"debug\"],"
                       "\"null_translations\":\"%s\"%s},",
                       (how & FUZZ_ESCAPE) ? "true" : "false",
                       (how & FUZZ_STRICT) ? "StrictUndefined"
                       : (how & FUZZ_CHAIN) ? "ChainableUndefined"
                       : (how & FUZZ_DEBUG) ? "DebugUndefined"
                       : "Undefined",
                       (how & FUZZ_LATE) ? "newstyle" : "oldstyle",
                       (how & FUZZ_IMMUTABLE) ? ",\"sandbox\":\"immutable\""
                       : (how & FUZZ_SANDBOX) ? ",\"sandbox\":\"sandboxed\""
                       : "");

    } else if (!(how & FUZZ_ESCAPE)) {
        tpl_buf_lit(b, "\"options\":{\"autoescape\":null},");
    }

    tpl_buf_lit(b, "\"templates\":{\"main\":");
    fuzz_string(&exec, b, &text);
    tpl_buf_lit(b, ",\"a\":");
    fuzz_string(&exec, b, &other);
    tpl_buf_lit(b, "}");

    /* what is no JSON object is left out, or nothing would be rendered */

    if (tpl_json_parse(&exec, &json, 0, &v) == TPL_OK && v.type == TPL_DICT) {
        tpl_buf_lit(b, ",\"context\":");
        tpl_buf_str(b, &json);
    }

    return tpl_buf_lit(b, "}");
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned        how;
    tpl_buf_t       b;
    tpl_run_t       whole, chopped;
    tpl_str_t       input, request;
    tpl_arena_t    *arena;
    tpl_run_how_t   run;

    static tpl_builtins_t  *builtins;
    static tpl_arena_t     *forever;

    if (builtins == NULL) {
        tpl_hash_init();
        forever = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
        builtins = forever ? tpl_cli_builtins(forever) : NULL;

        if (builtins == NULL) {
            abort();
        }
    }

    if (size == 0) {
        return 0;
    }

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    if (arena == NULL) {
        return 0;
    }

    how = data[0];

    input.data = (tpl_char_t *) data + 1;
    input.len = size - 1;

    if (fuzz_request(builtins, arena, &input, how, &b) != TPL_OK) {
        tpl_arena_destroy(arena);
        return 0;
    }

    request.data = b.data;
    request.len = b.len;

    memset(&run, 0, sizeof(tpl_run_how_t));

    run.page = 4096;
    run.memory = FUZZ_MEMORY;
    run.steps = FUZZ_STEPS;
    run.output = FUZZ_OUTPUT;

    tpl_run(&whole, &run, builtins, &request);

    run.fuel = 1;
    run.late = (how & FUZZ_LATE) != 0;

    tpl_run(&chopped, &run, builtins, &request);

    /* a limit may be met a little earlier or later in another way of running */

    if (!whole.impure
        && (whole.rc == TPL_OK || (whole.exc != TPL_EXC_LIMIT
                                   && whole.exc != TPL_EXC_MEMORY))
        && (chopped.rc == TPL_OK || (chopped.exc != TPL_EXC_LIMIT
                                     && chopped.exc != TPL_EXC_MEMORY))
        && (whole.rc != chopped.rc
            || !tpl_str_eq(&whole.output, &chopped.output)
            || !tpl_str_eq(&whole.message, &chopped.message)
            || strcmp(whole.at, chopped.at) != 0))
    {
        fprintf(stderr, "in one go: %s %.*s%.*s\nin turns: %s %.*s%.*s\n",
                whole.at, tpl_str_arg(&whole.message),
                tpl_str_arg(&whole.output), chopped.at,
                tpl_str_arg(&chopped.message), tpl_str_arg(&chopped.output));
        abort();
    }

    if ((whole.rc != TPL_OK && whole.exc == TPL_EXC_NONE)
        || (chopped.rc != TPL_OK && chopped.exc == TPL_EXC_NONE))
    {
        fprintf(stderr, "%.*s%.*s\n", tpl_str_arg(&whole.message),
                tpl_str_arg(&chopped.message));
        abort();
    }

    if (whole.live || chopped.live) {
        fprintf(stderr, "allocations are left\n");
        abort();
    }

    tpl_run_clear(&whole);
    tpl_run_clear(&chopped);
    tpl_arena_destroy(arena);

    return 0;
}
