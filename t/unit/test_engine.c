
/*
 * Every case of t/cases, in this process and in ways that a plain render never
 * takes:
 *
 *   - stopped after every instruction: the same bytes;
 *   - data that are not there when they are asked for: the same bytes;
 *   - the n-th allocation fails, for each n: an error, never a crash or a leak;
 *   - too little memory, steps or room for the output: LimitError.
 *
 * Each with its template specialized and without.
 *
 * usage: test_engine [FILE.json ...]; all of t/cases without arguments.
 */

#include <glob.h>

#include "tpl_run.h"


#define check(ok, ...)                                                       \
    if (ok) {                                                                \
        passed++;                                                            \
                                                                             \
    } else {                                                                 \
        failed++;                                                            \
        printf("%s: %.*s: ", file, tpl_str_arg(&name));                      \
        printf(__VA_ARGS__);                                                 \
        printf("\n");                                                        \
    }


static const char             *file;
static tpl_str_t               name;
static unsigned                passed;
static unsigned                failed;
static unsigned                ncases;
static unsigned                nspecial;
static const tpl_builtins_t   *builtins;
static tpl_run_how_t           plain;


/* a case: what its file says, and the request made of it */

typedef struct {
    tpl_str_t            request;
    tpl_uint_t           fails;         /* an error is expected */
    tpl_uint_t           special;       /* it must be specialized */
    tpl_str_t            output;
    tpl_str_t            error;         /* a part of the message */
    tpl_str_t            at;            /* empty: anywhere */
} test_case_t;


static void
die(const char *what)
{
    printf("%s: %.*s: %s\n", file, tpl_str_arg(&name), what);
    exit(1);
}


/* a string, or an array of lines */

static tpl_value_t
text_of(tpl_exec_t *exec, const tpl_value_t *v)
{
    uint32_t            i;
    tpl_buf_t           b;
    tpl_str_t           s;
    tpl_value_t         out;
    const tpl_value_t  *line;

    if (v->type != TPL_LIST) {
        return *v;
    }

    tpl_buf_init(&b, exec->arena);

    for (i = 0; i < v->u.list->n; i++) {
        line = &v->u.list->items[i];

        if (!tpl_is_string(line)) {
            die("a line is not a string");
        }

        s = tpl_value_str(line);

        if (i) {
            tpl_buf_char(&b, '\n');
        }

        tpl_buf_str(&b, &s);
    }

    if (tpl_value_from_buf(exec, &out, &b, 0) != TPL_OK) {
        die("out of memory");
    }

    return out;
}


static void
put(tpl_exec_t *exec, tpl_dict_t *dict, const char *key, const tpl_value_t *v)
{
    tpl_str_t  s;

    s.data = (tpl_char_t *) key;
    s.len = strlen(key);

    if (tpl_dict_set_str(exec, dict, &s, v) != TPL_OK) {
        die("out of memory");
    }
}


/* the request of a case; file_dict is the whole file, for its defaults */

static void
case_read(tpl_exec_t *exec, tpl_dict_t *file_dict, tpl_dict_t *dict,
    test_case_t *c)
{
    uint32_t           i;
    tpl_buf_t          b;
    tpl_dict_t        *request, *templates;
    tpl_value_t        v, *p;
    tpl_dict_entry_t  *e;

    static const tpl_json_style_t  style = { .indent = -1 };

    memset(c, 0, sizeof(test_case_t));

    p = tpl_cli_member(dict, "name");

    if (p == NULL || !tpl_is_string(p)) {
        die("a case has no name");
    }

    name = tpl_value_str(p);

    request = tpl_dict_create(exec, 8);
    templates = tpl_dict_create(exec, 8);

    if (request == NULL || templates == NULL) {
        die("out of memory");
    }

    p = tpl_cli_member(dict, "syntax");

    if (p == NULL) {
        p = tpl_cli_member(file_dict, "syntax");
    }

    if (p) {
        put(exec, request, "syntax", p);
    }

    p = tpl_cli_member(dict, "main");

    if (p) {
        v = *p;

    } else {
        tpl_value_string(&v, (tpl_char_t *) "main", 4, 0);
    }

    put(exec, request, "main", &v);

    p = tpl_cli_member(dict, "template");

    if (p) {
        v = text_of(exec, p);
        put(exec, templates, "main", &v);
    }

    p = tpl_cli_member(dict, "templates");

    if (p && p->type == TPL_DICT) {
        for (i = 0; (e = tpl_dict_next(p->u.dict, &i)) != NULL; ) {
            v = text_of(exec, &e->value);

            if (tpl_dict_set(exec, templates, &e->key, &v) != TPL_OK) {
                die("out of memory");
            }
        }
    }

    tpl_value_dict(&v, templates);
    put(exec, request, "templates", &v);

    p = tpl_cli_member(dict, "options");

    if (p) {
        put(exec, request, "options", p);
    }

    p = tpl_cli_member(dict, "data");

    if (p) {
        put(exec, request, "context", p);
    }

    p = tpl_cli_member(dict, "globals");

    if (p) {
        put(exec, request, "globals", p);
    }

    tpl_buf_init(&b, exec->arena);
    tpl_value_dict(&v, request);

    if (tpl_json_to(exec, &v, &style, &b) != TPL_OK) {
        die("the request cannot be written");
    }

    c->request.data = b.data;
    c->request.len = b.len;
    c->special = (tpl_cli_member(dict, "special") != NULL);

    p = tpl_cli_member(dict, "output");

    if (p) {
        v = text_of(exec, p);
        c->output = tpl_value_str(&v);
        return;
    }

    p = tpl_cli_member(dict, "error");

    if (p == NULL || !tpl_is_string(p)) {
        die("neither output nor error is expected");
    }

    c->fails = 1;
    c->error = tpl_value_str(p);

    p = tpl_cli_member(dict, "at");

    if (p) {
        c->at = tpl_value_str(p);
    }
}


/* does what came equal what the case expects? */

static tpl_uint_t
as_expected(const test_case_t *c, const tpl_run_t *run)
{
    if (!c->fails) {
        return run->rc == TPL_OK && tpl_str_eq(&run->output, &c->output);
    }

    return run->rc == TPL_ERROR
           && tpl_str_find(&run->message, &c->error, 0) != -1
           && (c->at.len == 0 || tpl_str_is(&c->at, run->at));
}


static void
explain(const test_case_t *c, const tpl_run_t *run, const char *how)
{
    failed++;

    printf("%s: %.*s: %s\n", file, tpl_str_arg(&name), how);

    if (c->fails) {
        printf("    expected error %.*s at %.*s\n", tpl_str_arg(&c->error),
               tpl_str_arg(&c->at));

    } else {
        printf("    expected \"%.*s\"\n", tpl_str_arg(&c->output));
    }

    if (run->rc == TPL_OK) {
        printf("    got      \"%.*s\"\n", tpl_str_arg(&run->output));

    } else {
        printf("    got error %.*s at %s\n", tpl_str_arg(&run->message),
               run->at);
    }
}


static void
expect_same(const test_case_t *c, const tpl_run_how_t *how, const char *what,
    tpl_run_t *run)
{
    tpl_run(run, how, builtins, &c->request);

    if (as_expected(c, run)) {
        passed++;

    } else {
        explain(c, run, what);
    }

    check(run->live == 0, "%s: %u allocations are left", what, run->live);

    tpl_run_clear(run);
}


/* out of memory is an error of its own kind, wherever it comes */

static tpl_uint_t
is_shortage(const tpl_run_t *run)
{
    return run->rc == TPL_ERROR
           && (run->exc == TPL_EXC_MEMORY || run->exc == TPL_EXC_LIMIT);
}


static void
fail_allocations(const test_case_t *c, unsigned fail_on)
{
    unsigned       n, bad;
    tpl_uint_t     over;
    tpl_run_t      run;
    tpl_run_how_t  how;

    how = plain;
    how.fail_on = fail_on;
    bad = 0;
    over = 0;

    for (n = 1; !over; n++) {

        how.fail_at = n;
        tpl_run(&run, &how, builtins, &c->request);

        over = run.allocations < n;

        if (run.live) {
            bad++;
            printf("%s: %.*s: %u allocations are left after number %u "
                   "failed\n", file, tpl_str_arg(&name), run.live, n);
        }

        if (!is_shortage(&run) && !as_expected(c, &run)) {
            bad++;
            printf("%s: %.*s: allocation %u failed:\n", file,
                   tpl_str_arg(&name), n);
            explain(c, &run, "a wrong result instead of an error");
        }

        tpl_run_clear(&run);

        if (bad > 3) {
            break;
        }
    }

    failed += (bad != 0);
    passed += (bad == 0);
}


static void
test_case(const test_case_t *c)
{
    size_t         size, len;
    uint64_t       steps;
    tpl_run_t      run;
    tpl_uint_t     ran;
    tpl_run_how_t  how;

    ncases++;

    tpl_run(&run, &plain, builtins, &c->request);

    ran = run.ran;
    steps = run.steps;
    size = run.size;
    len = c->output.len;

    if (as_expected(c, &run)) {
        passed++;

    } else {
        explain(c, &run, "rendered");
        ran = 0;
    }

    nspecial += run.special;

    if (c->special) {
        check(run.special != plain.general, "specialized or not");
    }

    check(run.live == 0, "%u allocations are left", run.live);

    tpl_run_clear(&run);

    if (ran) {
        how = plain;
        how.fuel = 1;
        expect_same(c, &how, "chopped", &run);
        check(run.turns >= 1 && run.steps == steps,
              "chopped: %llu steps, not %llu",
              (unsigned long long) run.steps, (unsigned long long) steps);

        how.late = 1;
        expect_same(c, &how, "chopped, with late data", &run);

        how.stream = 1;
        expect_same(c, &how, "streamed, with late data", &run);

        how.stream = 0;
        how.fuel = 0;
        expect_same(c, &how, "with late data", &run);
    }

    fail_allocations(c, 0);
    fail_allocations(c, 1);

    how = plain;
    how.memory = size / 2;

    tpl_run(&run, &how, builtins, &c->request);
    check(is_shortage(&run) || as_expected(c, &run),
          "half the memory: %.*s", tpl_str_arg(&run.message));
    check(run.size <= how.memory || run.size <= TPL_RUN_PAGE,
          "a limit of %zu, %zu held", how.memory, run.size);
    tpl_run_clear(&run);

    if (!ran) {
        return;
    }

    /* a limit is the first thing that is too much */

    how = plain;
    how.steps = steps + 1;
    expect_same(c, &how, "with just enough steps", &run);

    if (steps > 2) {
        how.steps = steps / 2;
        tpl_run(&run, &how, builtins, &c->request);

        /* an error within the last instruction is not taken back */
        check(run.rc == TPL_ERROR
              && (run.exc == TPL_EXC_LIMIT
                  || (c->fails && as_expected(c, &run))),
              "half the steps (%llu): \"%.*s\"",
              (unsigned long long) how.steps, tpl_str_arg(&run.message));
        tpl_run_clear(&run);
    }

    if (c->fails || len == 0) {
        return;
    }

    how = plain;
    how.output = len;
    expect_same(c, &how, "with just enough output", &run);

    if (len > 1) {
        how.output = len - 1;
        tpl_run(&run, &how, builtins, &c->request);
        check(run.rc == TPL_ERROR && run.exc == TPL_EXC_LIMIT,
              "a byte of output too few: \"%.*s\"",
              tpl_str_arg(&run.message));
        tpl_run_clear(&run);
    }
}


static void
test_file(const char *path)
{
    long          n;
    FILE         *f;
    uint32_t      i;
    tpl_str_t     text;
    tpl_exec_t    exec;
    tpl_arena_t  *arena;
    tpl_error_t   err;
    tpl_value_t   v, *cases;
    test_case_t   c;

    file = path;
    tpl_str_set(&name, "file");

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    f = fopen(path, "rb");

    if (f == NULL || arena == NULL || fseek(f, 0, SEEK_END) != 0
        || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
    {
        die("cannot be read");
    }

    text.data = tpl_palloc(arena, (size_t) n + 4);
    text.len = (size_t) n;

    if (text.data == NULL || fread(text.data, 1, text.len, f) != text.len) {
        die("cannot be read");
    }

    fclose(f);

    tpl_error_init(&err, arena);
    tpl_cli_exec_init(&exec, arena, &err, builtins);

    if (tpl_json_parse(&exec, &text, 0, &v) != TPL_OK
        || v.type != TPL_DICT
        || (cases = tpl_cli_member(v.u.dict, "cases")) == NULL
        || cases->type != TPL_LIST)
    {
        printf("%.*s\n", tpl_str_arg(&err.message));
        die("is not a file of cases");
    }

    for (i = 0; i < cases->u.list->n; i++) {
        if (cases->u.list->items[i].type != TPL_DICT) {
            die("a case is not an object");
        }

        case_read(&exec, v.u.dict, cases->u.list->items[i].u.dict, &c);

        for (plain.general = 0; plain.general < 2; plain.general++) {
            test_case(&c);
        }
    }

    tpl_arena_destroy(arena);
}


int
main(int argc, char **argv)
{
    int           i;
    glob_t        g;
    size_t        k;
    tpl_arena_t  *arena;

    tpl_hash_init();

    file = "test_engine";
    tpl_str_set(&name, "start");

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    builtins = arena ? tpl_cli_builtins(arena) : NULL;

    if (builtins == NULL) {
        die("out of memory");
    }

    for (i = 1; i < argc; i++) {
        test_file(argv[i]);
    }

    if (argc == 1) {
        if (glob("t/cases/*.json", 0, NULL, &g) != 0) {
            die("no t/cases/*.json: run it from the top of the checkout");
        }

        for (k = 0; k < g.gl_pathc; k++) {
            test_file(g.gl_pathv[k]);
        }

        globfree(&g);
    }

    tpl_arena_destroy(arena);

    printf("engine: %u cases, %u of them specialized, %u passed, %u failed\n",
           ncases, nspecial, passed, failed);

    return failed ? 1 : 0;
}
