
/*
 * Filters, tests and globals of Jinja2, called as a template calls them.  Each
 * case gives its arguments as JSON and its result as Python's repr(); what is
 * expected was asked of Jinja2 3.1.6.  In JSON {"markup": s} is a safe string
 * and {"undefined": s} an undefined variable.
 */

#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_builtins.h"
#include "value/tpl_json.h"


typedef struct {
    const char            *name;
    const char            *args;    /* JSON: a list */
    const char            *kwargs;  /* JSON: an object, or NULL */
    const char            *result;  /* repr(), or "TypeError: ..." */
} test_case_t;


static tpl_uint_t       test_passed, test_failed;
static tpl_builtins_t  *test_builtins;


/* what autoescape leaves alone */

static const test_case_t  test_filters[] = {

    /* text */
    { "upper", "[\"straße\"]", NULL, "'STRASSE'" },
    { "upper", "[{\"undefined\": \"x\"}]", NULL, "''" },
    { "upper", "[{\"markup\": \"<b>\"}]", NULL, "Markup('<B>')" },
    { "lower", "[\"ΑΣ\"]", NULL, "'ας'" },
    { "title", "[\"foo-bar (baz) it's\"]", NULL, "\"Foo-Bar (Baz) It's\"" },
    { "title", "[{\"markup\": \"<b>x\"}]", NULL, "'<B>x'" },
    { "capitalize", "[\"hELLO\"]", NULL, "'Hello'" },
    { "trim", "[\" \\t x\\u00a0\"]", NULL, "'x'" },
    { "trim", "[\"..x.\", \".\"]", NULL, "'x'" },
    { "wordcount", "[\"one, two_three ü\"]", NULL, "3" },
    { "string", "[1.0]", NULL, "'1.0'" },
    { "format", "[\"%s-%03d\", \"a\", 7]", NULL, "'a-007'" },
    { "format", "[{\"markup\": \"<%s>\"}, \"&\"]", NULL,
      "Markup('<&amp;>')" },
    { "format", "[\"%(a)s\", 1]", "{\"a\": 1}",
      "FilterArgumentError: can't handle positional and keyword arguments at "
      "the same time" },

    /* layout */
    { "center", "[\"ab\", 5]", NULL, "'  ab '" },
    { "center", "[\"abc\", 6]", NULL, "' abc  '" },
    { "indent", "[\"a\\r\\n\\nb\"]", NULL, "'a\\n\\n    b'" },
    { "indent", "[\"a\\n\\nb\", 1]", "{\"first\": true, \"blank\": true}",
      "' a\\n \\n b'" },
    { "indent", "[\"a\\n<\", {\"markup\": \"&\"}]", NULL, "'a\\n&&lt;'" },
    { "truncate", "[\"foo bar baz qux\", 9]", NULL, "'foo...'" },
    { "truncate", "[\"foo bar baz qux\", 9, true]", NULL, "'foo ba...'" },
    { "truncate", "[\"foo bar baz qux\", 11]", NULL, "'foo bar baz qux'" },
    { "truncate", "[\"foo bar baz qux\", 11, false, \"...\", 0]", NULL,
      "'foo bar...'" },
    { "truncate", "[\"xyz xyz\", 2]", NULL,
      "AssertionError: expected length >= 3, got 2" },
    { "wordwrap", "[\"a well-known fact\", 8]", NULL,
      "'a well-\\nknown\\nfact'" },
    { "wordwrap", "[\"a well-known fact\", 8, true, null, false]", NULL,
      "'a well-k\\nnown\\nfact'" },
    { "wordwrap", "[\"ab  longword\", 4]", NULL, "'ab  \\nlong\\nword'" },
    { "wordwrap", "[\"one\\n\\ntwo three\", 5]", "{\"wrapstring\": \"|\"}",
      "'one||two|three'" },
    { "wordwrap", "[\"x\", 0]", NULL,
      "ValueError: invalid width 0 (must be > 0)" },
    { "pprint", "[{\"b\": 1, \"a\": [1, \"x\"]}]", NULL,
      "\"{'a': [1, 'x'], 'b': 1}\"" },
    { "pprint", "[[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\","
      " \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"]]", NULL,
      "\"['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',\\n "
      "'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy']\"" },

    /* markup */
    { "escape", "[\"<a href='x'>\"]", NULL,
      "Markup('&lt;a href=&#39;x&#39;&gt;')" },
    { "forceescape", "[{\"markup\": \"&lt;\"}]", NULL,
      "Markup('&amp;lt;')" },
    { "safe", "[1]", NULL, "Markup('1')" },
    { "striptags", "[\"<p>a</p>\\n <!-- <b> -->&amp; b\"]", NULL,
      "'a & b'" },
    { "tojson", "[{\"b\": \"</script>\", \"a\": \"'&\"}]", NULL,
      "Markup('{\"a\": \"\\\\u0027\\\\u0026\", "
      "\"b\": \"\\\\u003c/script\\\\u003e\"}')" },
    { "tojson", "[[1], \"\\t\"]", NULL, "Markup('[\\n\\t1\\n]')" },
    { "urlencode", "[\"a b/ü?\"]", NULL, "'a%20b/%C3%BC%3F'" },
    { "urlencode", "[{\"q\": \"a b/\", \"n\": 1}]", NULL,
      "'q=a+b%2F&n=1'" },

    /* numbers */
    { "abs", "[-7]", NULL, "7" },
    { "abs", "[\"x\"]", NULL, "TypeError: bad operand type for abs(): 'str'" },
    { "int", "[\"42.9\"]", NULL, "42" },
    { "int", "[\"0x1f\"]", "{\"base\": 16}", "31" },
    { "int", "[\"x\", 7]", NULL, "7" },
    { "int", "[\"1e400\", 7]", NULL, "7" },
    { "int", "[{\"undefined\": \"x\"}]", NULL,
      "UndefinedError: 'x' is undefined" },
    { "float", "[\" 1.5 \"]", NULL, "1.5" },
    { "float", "[null, \"d\"]", NULL, "'d'" },
    { "round", "[2.5]", NULL, "2.0" },
    { "round", "[2.675, 2]", NULL, "2.67" },
    { "round", "[1250, -2]", NULL, "1200" },
    { "round", "[42.55, 1, \"floor\"]", NULL, "42.5" },
    { "round", "[-0.5, 0, \"ceil\"]", NULL, "0.0" },
    { "round", "[1, 0, \"up\"]", NULL,
      "FilterArgumentError: method must be common, ceil or floor" },
    { "filesizeformat", "[1]", NULL, "'1 Byte'" },
    { "filesizeformat", "[13000]", NULL, "'13.0 kB'" },
    { "filesizeformat", "[1048576, true]", NULL, "'1.0 MiB'" },

    /* sequences */
    { "attr", "[\"x\", \"nope\"]", NULL,
      "undefined: 'str object' has no attribute 'nope'" },
    { "batch", "[[1, 2, 3], 2, 0]", NULL, "[[1, 2], [3, 0]]" },
    { "slice", "[[1, 2, 3, 4], 3]", NULL, "[[1, 2], [3], [4]]" },
    { "slice", "[[1], 2, 0]", NULL, "[[1], [0]]" },
    { "default", "[{\"undefined\": \"x\"}, 1]", NULL, "1" },
    { "default", "[\"\", 1]", NULL, "''" },
    { "default", "[\"\", 1, true]", NULL, "1" },
    { "first", "[[]]", NULL,
      "undefined: No first item, sequence was empty." },
    { "last", "[\"aü\"]", NULL, "'ü'" },
    { "reverse", "[\"aüb\"]", NULL, "'büa'" },
    { "reverse", "[[1, 2]]", NULL, "[2, 1]" },
    { "length", "[\"aü\"]", NULL, "2" },
    { "list", "[\"ab\"]", NULL, "['a', 'b']" },
    { "items", "[{\"a\": 1}]", NULL, "[('a', 1)]" },
    { "sum", "[[1, 2.5]]", NULL, "3.5" },
    { "sum", "[[{\"n\": 1}, {\"n\": 2}], \"n\", 10]", NULL, "13" },
    { "sum", "[[[1], [2]]]", "{\"start\": []}", "[1, 2]" },

    /* order */
    { "sort", "[[\"b\", \"A\", \"a\"]]", NULL, "['A', 'a', 'b']" },
    { "sort", "[[\"b\", \"A\", \"a\"], true, true]", NULL,
      "['b', 'a', 'A']" },
    { "sort", "[[{\"x\": 1, \"y\": 2}, {\"x\": 1, \"y\": 1}]]",
      "{\"attribute\": \"x,y\"}",
      "[{'x': 1, 'y': 1}, {'x': 1, 'y': 2}]" },
    { "sort", "[[null, null]]", NULL, "[None, None]" },
    { "sort", "[[1, \"a\"]]", NULL,
      "TypeError: '<' not supported between instances of 'str' and 'int'" },
    { "dictsort", "[{\"b\": 1, \"A\": 2}]", NULL, "[('A', 2), ('b', 1)]" },
    { "dictsort", "[{\"b\": 1, \"a\": 2}]", "{\"by\": \"value\"}",
      "[('b', 1), ('a', 2)]" },
    { "groupby", "[[{\"c\": \"NY\"}, {\"c\": \"ca\"}, {\"c\": \"CA\"}], "
      "\"c\"]", NULL,
      "[('ca', [{'c': 'ca'}, {'c': 'CA'}]), ('NY', [{'c': 'NY'}])]" },
    { "min", "[[\"b\", \"A\"]]", NULL, "'A'" },
    { "max", "[[[\"x\", 1], [\"y\", 3]]]", "{\"attribute\": \"1\"}",
      "['y', 3]" },
    { "max", "[[]]", NULL,
      "undefined: No aggregated item, sequence was empty." },
    { "unique", "[[\"a\", \"A\", \"b\", 1, 1.0]]", NULL, "['a', 'b', 1]" },

    /* what applies others */
    { "map", "[[\"a\", \"b\"], \"upper\"]", NULL, "['A', 'B']" },
    { "map", "[[{\"a\": {\"b\": 1}}, {}]]",
      "{\"attribute\": \"a\", \"default\": 0}", "[{'b': 1}, 0]" },
    { "map", "[[1]]", NULL,
      "FilterArgumentError: map requires a filter argument" },
    { "map", "[[1], \"nope\"]", NULL,
      "TemplateRuntimeError: No filter named 'nope'." },
    { "map", "[[], \"nope\"]", NULL, "[]" },
    { "map", "[[1], {\"undefined\": \"upper\"}]", NULL,
      "TemplateRuntimeError: No filter named Undefined. ('upper' is "
      "undefined; did you forget to quote the callable name?)" },
    { "select", "[[0, 1, 2, 3], \"odd\"]", NULL, "[1, 3]" },
    { "reject", "[[0, 1, \"\"]]", NULL, "[0, '']" },
    { "selectattr", "[[{\"n\": 1}, {\"n\": 5}], \"n\", \">\", 2]", NULL,
      "[{'n': 5}]" },
    { "rejectattr", "[[{\"n\": 1}, {}], \"n\"]", NULL, "[{}]" },
    { "selectattr", "[[1]]", NULL,
      "FilterArgumentError: Missing parameter for attribute name" },

    { NULL, NULL, NULL, NULL }
};


/* what autoescape turns into markup, with it ... */

static const test_case_t  test_escaping[] = {

    { "replace", "[\"<a>\", \"a\", \"<\"]", NULL, "'<<>'" },
    { "replace", "[\"<a>\", \"a\", {\"markup\": \"<\"}]", NULL,
      "Markup('&lt;<&gt;')" },
    { "replace", "[{\"markup\": \"<a>\"}, \"a\", \"<\"]", NULL,
      "Markup('<&lt;>')" },
    { "join", "[[\"<\", {\"markup\": \"<\"}], \"&\"]", NULL,
      "Markup('&lt;&amp;<')" },
    { "join", "[[\"<\", 1], {\"markup\": \"<\"}]", NULL,
      "Markup('&lt;<1')" },
    { "join", "[[\"<\", 1], \"<\"]", NULL, "'<<1'" },
    { "xmlattr", "[{\"a\": \"<\", \"b\": null, \"c\": 1}]", NULL,
      "Markup(' a=\"&lt;\" c=\"1\"')" },
    { "xmlattr", "[{\"a b\": 1}]", NULL,
      "ValueError: Invalid character in attribute name: 'a b'" },
    { "urlize", "[\"see (www.x.com/a_(b)), a@b.de\"]", NULL,
      "Markup('see (<a href=\"https://www.x.com/a_(b)\" rel=\"noopener\">"
      "www.x.com/a_(b)</a>), <a href=\"mailto:a@b.de\">a@b.de</a>')" },
    { "urlize", "[\"http://example.org\", 10, true]",
      "{\"target\": \"_blank\"}",
      "Markup('<a href=\"http://example.org\" rel=\"nofollow noopener\" "
      "target=\"_blank\">http://exa...</a>')" },
    { "urlize", "[\"tel:1 @a@b.c\"]", "{\"extra_schemes\": [\"tel:\"]}",
      "Markup('<a href=\"tel:1\" rel=\"noopener\">tel:1</a> @a@b.c')" },

    { NULL, NULL, NULL, NULL }
};


/* ... and without */

static const test_case_t  test_plain[] = {

    { "replace", "[{\"markup\": \"<a>\"}, \"a\", \"<\"]", NULL, "'<<>'" },
    { "replace", "[\"aaa\", \"a\", \"b\", 2]", NULL, "'bba'" },
    { "replace", "[\"ü\", \"\", \"-\"]", NULL, "'-ü-'" },
    { "join", "[[\"<\", {\"markup\": \"<\"}], \"&\"]", NULL, "'<&<'" },
    { "join", "[[{\"n\": 1}, {\"n\": 2}], \", \", \"n\"]", NULL, "'1, 2'" },
    { "xmlattr", "[{\"a\": \"<\"}, false]", NULL, "'a=\"&lt;\"'" },
    { "urlize", "[\"x\"]", NULL, "'x'" },

    { NULL, NULL, NULL, NULL }
};


static const test_case_t  test_tests[] = {

    { "odd", "[3]", NULL, "True" },
    { "even", "[-1]", NULL, "False" },
    { "divisibleby", "[9, 3]", NULL, "True" },
    { "defined", "[{\"undefined\": \"x\"}]", NULL, "False" },
    { "undefined", "[{\"undefined\": \"x\"}]", NULL, "True" },
    { "filter", "[\"upper\"]", NULL, "True" },
    { "test", "[\"nope\"]", NULL, "False" },
    { "none", "[null]", NULL, "True" },
    { "boolean", "[false]", NULL, "True" },
    { "true", "[1]", NULL, "False" },
    { "integer", "[true]", NULL, "False" },
    { "number", "[true]", NULL, "True" },
    { "lower", "[\"abc1\"]", NULL, "True" },
    { "upper", "[\"1\"]", NULL, "False" },
    { "sequence", "[\"x\"]", NULL, "True" },
    { "iterable", "[1]", NULL, "False" },
    { "mapping", "[{}]", NULL, "True" },
    { "escaped", "[{\"markup\": \"\"}]", NULL, "True" },
    { "in", "[1, [1.0]]", NULL, "True" },
    { "==", "[1, 1.0]", NULL, "True" },
    { "lessthan", "[1, 2]", NULL, "True" },
    { "sameas", "[false, 0]", NULL, "False" },

    { NULL, NULL, NULL, NULL }
};


static const test_case_t  test_globals[] = {

    { "range", "[1, 10, 3]", NULL, "range(1, 10, 3)" },
    { "range", "[1, 2, 0]", NULL,
      "ValueError: range() arg 3 must not be zero" },
    { "range", "[\"x\"]", NULL,
      "TypeError: 'str' object cannot be interpreted as an integer" },
    { "dict", "[[[\"a\", 1]]]", "{\"b\": 2}", "{'a': 1, 'b': 2}" },
    { "namespace", "[]", "{\"x\": 1}", "<Namespace {'x': 1}>" },
    { "cycler", "[]", NULL,
      "RuntimeError: at least one item has to be provided" },
    { "lipsum", "[0]", NULL, "Markup('')" },

    { NULL, NULL, NULL, NULL }
};


/* the tagged objects of the arguments become what they say */

static tpl_int_t
test_decode(tpl_exec_t *exec, tpl_value_t *v)
{
    uint32_t           i;
    tpl_str_t          s;
    tpl_name_t         markup, undefined;
    tpl_value_t       *tag;
    tpl_dict_entry_t  *e;

    if (v->type == TPL_LIST) {

        for (i = 0; i < v->u.list->n; i++) {
            if (test_decode(exec, &v->u.list->items[i]) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    if (v->type != TPL_DICT) {
        return TPL_OK;
    }

    tpl_str_set(&markup.str, "markup");
    markup.hash = tpl_hash("markup", 6);
    tpl_str_set(&undefined.str, "undefined");
    undefined.hash = tpl_hash("undefined", 9);

    tag = tpl_dict_find(v->u.dict, &markup);

    if (tag != NULL) {
        *v = *tag;
        v->flags |= TPL_F_SAFE;
        return TPL_OK;
    }

    tag = tpl_dict_find(v->u.dict, &undefined);

    if (tag != NULL) {
        s = tpl_value_str(tag);
        return tpl_value_undefined(exec, v, &s, NULL, NULL);
    }

    for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
        if (test_decode(exec, &e->value) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* calls a builtin; what comes out is in b unless an error is set */

static tpl_int_t
test_call(tpl_exec_t *exec, tpl_builtin_table_t table, const test_case_t *t,
    tpl_buf_t *b)
{
    tpl_str_t             s;
    tpl_dict_t           *kwargs;
    tpl_value_t           args, named, out;
    const tpl_builtin_t  *fn;

    kwargs = NULL;

    s.data = (tpl_char_t *) t->args;
    s.len = strlen(t->args);

    if (tpl_json_parse(exec, &s, 0, &args) != TPL_OK
        || test_decode(exec, &args) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (t->kwargs != NULL) {
        s.data = (tpl_char_t *) t->kwargs;
        s.len = strlen(t->kwargs);

        if (tpl_json_parse(exec, &s, 0, &named) != TPL_OK) {
            return TPL_ERROR;
        }

        kwargs = named.u.dict;
    }

    s.data = (tpl_char_t *) t->name;
    s.len = strlen(t->name);

    fn = tpl_builtins_find_str(test_builtins, table, &s);

    if (fn == NULL) {
        return tpl_throw(exec, TPL_EXC_NAME, "no builtin %s", t->name);
    }

    if (tpl_builtin_call(exec, fn, args.u.list->items, args.u.list->n,
                         kwargs, &out)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (out.type == TPL_UNDEFINED) {
        (void) tpl_undefined_throw(exec, &out);

        if (exec->error->exc != TPL_EXC_UNDEFINED) {
            return TPL_ERROR;
        }

        (void) tpl_buf_lit(b, "undefined: ");
        (void) tpl_buf_str(b, &exec->error->message);
        tpl_error_clear(exec->error);

        return b->failed ? tpl_throw_memory(exec) : TPL_OK;
    }

    if (out.type == TPL_ITERATOR
        && tpl_to_list(exec, &out, &out) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_repr_to(exec, &out, b) != TPL_OK || b->failed) {
        return tpl_throw_memory(exec);
    }

    return TPL_OK;
}


/* runs a case with a limit on memory; the error's kind comes back */

static tpl_exc_t
test_run(tpl_builtin_table_t table, const test_case_t *t,
    tpl_uint_t autoescape, size_t limit, char *text, size_t size)
{
    tpl_exc_t       exc;
    tpl_int_t       rc;
    tpl_buf_t       b;
    tpl_exec_t      exec;
    tpl_arena_t    *arena;
    tpl_error_t     error;
    tpl_options_t   options;

    arena = tpl_arena_create(&tpl_malloc_allocator, 256, limit);

    if (arena == NULL) {
        return TPL_EXC_MEMORY;
    }

    memset(&exec, 0, sizeof(tpl_exec_t));
    memset(&options, 0, sizeof(tpl_options_t));
    tpl_error_init(&error, arena);
    tpl_str_set(&options.newline_sequence, "\n");

    exec.arena = arena;
    exec.error = &error;
    exec.options = &options;
    exec.builtins = test_builtins;
    exec.fuel = 1000000;
    exec.autoescape = autoescape;

    tpl_buf_init(&b, arena);

    rc = test_call(&exec, table, t, &b);
    exc = error.exc;

    if (rc != TPL_OK) {
        snprintf(text, size, "%s: %.*s", tpl_exc_name(exc),
                 tpl_str_arg(&error.message));
    } else {
        snprintf(text, size, "%.*s", (int) b.len, (char *) b.data);
    }

    if (rc != TPL_OK && exc == TPL_EXC_NONE) {
        snprintf(text, size, "an error without its text");
    }

    if (rc == TPL_OK && exc != TPL_EXC_NONE) {
        snprintf(text, size, "success with an error");
    }

    tpl_arena_destroy(arena);

    return exc;
}


static void
test_table(const char *what, tpl_builtin_table_t table,
    const test_case_t *t, tpl_uint_t autoescape)
{
    char       text[1024];
    size_t     limit;
    tpl_exc_t  exc;

    for ( /* void */ ; t->name != NULL; t++) {
        (void) test_run(table, t, autoescape, 0, text, sizeof(text));

        if (strcmp(text, t->result) == 0) {
            test_passed++;

        } else {
            test_failed++;
            printf("%s:%d: %s %s(%s): want %s\n    got %s\n", __FILE__,
                   __LINE__, what, t->name, t->args, t->result, text);
        }

        /* with ever more memory: an error that says so, then the result */

        for (limit = 300; limit < 65536; limit += 112) {
            exc = test_run(table, t, autoescape, limit, text, sizeof(text));

            if (exc == TPL_EXC_LIMIT || exc == TPL_EXC_MEMORY) {
                continue;
            }

            if (strcmp(text, t->result) != 0) {
                test_failed++;
                printf("%s:%d: %s %s(%s) in %d bytes: %s\n", __FILE__,
                       __LINE__, what, t->name, t->args, (int) limit, text);
            }

            break;
        }
    }
}


/* a value each time, unlike the others: what is impure says so */

static void
test_flags(void)
{
    tpl_str_t             s;
    tpl_uint_t            i;
    const tpl_builtin_t  *fn;

    static const struct {
        tpl_uint_t        table;
        const char       *name;
        uint32_t          flags;
    } want[] = {
        { TPL_FILTERS, "random", TPL_FN_IMPURE },
        { TPL_FILTERS, "join", TPL_FN_CONTEXT },
        { TPL_FILTERS, "map", TPL_FN_CONTEXT },
        { TPL_FILTERS, "upper", 0 },
        { TPL_JINJA_GLOBALS, "lipsum", TPL_FN_IMPURE },
        { TPL_JINJA_GLOBALS, "namespace",
          TPL_FN_CONTEXT | TPL_FN_CLASS }
    };

    for (i = 0; i < tpl_nelts(want); i++) {
        s.data = (tpl_char_t *) want[i].name;
        s.len = strlen(want[i].name);

        fn = tpl_builtins_find_str(test_builtins, want[i].table, &s);

        if (fn != NULL && fn->flags == want[i].flags) {
            test_passed++;
            continue;
        }

        test_failed++;
        printf("%s:%d: flags of %s\n", __FILE__, __LINE__, want[i].name);
    }
}


int
main(void)
{
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

    test_table("filter", TPL_FILTERS, test_filters, 0);
    test_table("filter", TPL_FILTERS, test_filters, 1);
    test_table("autoescape", TPL_FILTERS, test_escaping, 1);
    test_table("plain", TPL_FILTERS, test_plain, 0);
    test_table("test", TPL_TESTS, test_tests, 0);
    test_table("global", TPL_JINJA_GLOBALS, test_globals, 0);
    test_flags();

    tpl_arena_destroy(arena);

    printf("%d passed, %d failed\n", (int) test_passed, (int) test_failed);

    return test_failed != 0;
}
