
/*
 * Filters are linear: twice the input costs twice the fuel and no more, for
 * the texts and lists that quadratic code is slow with; and none is free, or
 * a render's limit would not stop it.  Sorting has its logarithm.
 */

#include <stdio.h>

#include "builtins/tpl_builtins.h"
#include "value/tpl_json.h"


#define TEST_N  4096


static tpl_uint_t       test_passed, test_failed;
static tpl_builtins_t  *test_builtins;


typedef struct {
    const char  *name;
    const char  *args;      /* behind the value; JSON */
    const char  *unit;      /* repeated; JSON's items when it ends in a comma */
} test_case_t;


static const test_case_t  test_cases[] = {
    { "urlize", "[]", "http://a.bc/(x) " },
    { "urlize", "[]", "((((" },
    { "urlize", "[]", "a@b.cc," },
    { "urlize", "[]", "&lt;www." },
    { "urlize", "[3]", "www.example.org..." },
    { "striptags", "[]", "<a" },
    { "striptags", "[]", "<!--" },
    { "striptags", "[]", "<b>x</b> &amp; " },
    { "striptags", "[]", "&" },
    { "wordwrap", "[5]", "a b-c " },
    { "wordwrap", "[5]", "aaaa" },
    { "wordwrap", "[5, false]", "a-b-" },
    { "truncate", "[7]", "word " },
    { "truncate", "[9]", "word" },
    { "indent", "[]", "x\\n" },
    { "indent", "[]", "\\n\\n" },
    { "replace", "[\"a\", \"bb\"]", "aaaa" },
    { "replace", "[\"aaaaaaab\", \"c\"]", "aaaa" },
    { "replace", "[\"\", \"-\"]", "abcd" },
    { "title", "[]", "ab cd-" },
    { "wordcount", "[]", "a b " },
    { "center", "[9]", "\xc3\xbc\xc3\xbc" },
    { "trim", "[\"a\"]", "aaaa" },
    { "escape", "[]", "<&>\\\"" },
    { "urlencode", "[]", "\xc3\xbc /" },
    { "tojson", "[]", "<\\u0001" },
    { "pprint", "[]", "word " },
    { "int", "[]", "1x" },
    { "float", "[]", "1" },
    { "upper", "[]", "abcd" },
    { "reverse", "[]", "\xc3\xbc" },
    { "list", "[]", "\xc3\xbc" },
    { "unique", "[]", "1,2,3,\"a\"," },
    { "unique", "[]", "\"a\",\"A\"," },
    { "groupby", "[\"k\"]", "{\"k\":1},{\"k\":2}," },
    { "groupby", "[0]", "\"b\",\"a\"," },
    { "sort", "[]", "3,1,2," },
    { "sort", "[]", "\"b\",\"B\"," },
    { "batch", "[3, 0]", "1,2," },
    { "slice", "[3, 0]", "1,2," },
    { "join", "[\"<\"]", "\"a\",2," },
    { "sum", "[]", "1,2.5," },
    { "max", "[]", "1,2," },
    { "map", "[\"string\"]", "1,2," },
    { "select", "[\"odd\"]", "1,2," },
    { "selectattr", "[\"k\"]", "{\"k\":1}," },
    { "tojson", "[2]", "[1],{\"a\":2}," },
    { "pprint", "[]", "[1,\"aaaaaaaaaaaaaaaaaaaaaaaa\"],{\"b\":{}}," },
    { "reverse", "[]", "1,2," },
    { "string", "[]", "1,[2]," },
    { "first", "[]", "1," }
};


/* free whatever the input is */

static const char  *test_free[] = { "first", NULL };


/* the fuel for n units, or -1 */

static int64_t
test_fuel(const test_case_t *t, tpl_uint_t n)
{
    int64_t               fuel;
    tpl_buf_t             b;
    tpl_str_t             s;
    tpl_exec_t            exec;
    tpl_uint_t            i, items;
    tpl_error_t           error;
    tpl_arena_t          *arena;
    tpl_value_t           value, args, all[8], out;
    tpl_options_t         options;
    const tpl_builtin_t  *fn;

    arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    if (arena == NULL) {
        return -1;
    }

    memset(&exec, 0, sizeof(tpl_exec_t));
    memset(&options, 0, sizeof(tpl_options_t));
    tpl_error_init(&error, arena);

    exec.arena = arena;
    exec.error = &error;
    exec.options = &options;
    exec.builtins = test_builtins;
    exec.fuel = INT64_MAX / 2;
    exec.autoescape = 1;

    items = (t->unit[strlen(t->unit) - 1] == ',' && t->unit[0] != 'a');

    tpl_buf_init(&b, arena);
    tpl_buf_char(&b, items ? '[' : '"');

    for (i = 0; i < n; i++) {
        tpl_buf_add(&b, t->unit, strlen(t->unit));
    }

    if (items) {
        b.len--;
    }

    tpl_buf_char(&b, items ? ']' : '"');

    fuel = -1;
    s.data = b.data;
    s.len = b.len;

    if (b.failed || tpl_json_parse(&exec, &s, 0, &value) != TPL_OK) {
        goto done;
    }

    s.data = (tpl_char_t *) t->args;
    s.len = strlen(t->args);

    if (tpl_json_parse(&exec, &s, 0, &args) != TPL_OK) {
        goto done;
    }

    s.data = (tpl_char_t *) t->name;
    s.len = strlen(t->name);

    fn = tpl_builtins_find_str(test_builtins, TPL_FILTERS, &s);
    if (fn == NULL) {
        goto done;
    }

    all[0] = value;

    for (i = 0; i < args.u.list->n; i++) {
        all[i + 1] = args.u.list->items[i];
    }

    fuel = exec.fuel;

    if (tpl_builtin_call(&exec, fn, all, i + 1, NULL, &out) != TPL_OK
        || (out.type == TPL_ITERATOR
            && tpl_to_list(&exec, &out, &out) != TPL_OK))
    {
        printf("%s: %.*s\n", t->name, tpl_str_arg(&error.message));
        fuel = -1;
        goto done;
    }

    fuel -= exec.fuel;

done:

    tpl_arena_destroy(arena);

    return fuel;
}


static void
test_case(const test_case_t *t)
{
    int64_t     one, two;
    tpl_uint_t  i, is_free;

    one = test_fuel(t, TEST_N);
    two = test_fuel(t, TEST_N * 2);

    is_free = 0;

    for (i = 0; test_free[i]; i++) {
        is_free |= (strcmp(test_free[i], t->name) == 0);
    }

    if (one >= 0 && two <= one * 23 / 10 + 64
        && (is_free || one >= TEST_N / 64))
    {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s of \"%s\": fuel %lld, for twice as much %lld\n", t->name,
           t->unit, (long long) one, (long long) two);
}


int
main(void)
{
    tpl_uint_t    i;
    tpl_arena_t  *arena;

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    test_builtins = tpl_builtins_create(arena);

    if (test_builtins == NULL
        || tpl_builtins_register(test_builtins) != TPL_OK)
    {
        printf("%s:%d: no builtins\n", __FILE__, __LINE__);
        return 1;
    }

    for (i = 0; i < tpl_nelts(test_cases); i++) {
        test_case(&test_cases[i]);
    }

    tpl_arena_destroy(arena);

    printf("%d passed, %d failed\n", (int) test_passed, (int) test_failed);

    return test_failed != 0;
}
