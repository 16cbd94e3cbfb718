
/*
 * JSON in and out.  Each line of the tables: a document and what Python's
 * json.dumps(json.loads(document), ...) makes of it.
 */

#include <stdio.h>
#include <stdlib.h>

#include "value/tpl_dict.h"
#include "value/tpl_json.h"


/* no allocation fails */
#define TEST_NO_FAIL  ((tpl_uint_t) -1)


typedef struct {
    tpl_exec_t           exec;
    tpl_error_t          error;
    tpl_options_t        options;
    tpl_uint_t           left;      /* allocations before one fails */
} test_t;

typedef struct {
    tpl_json_style_t     style;
    const char          *in;
    const char          *out;
} test_line_t;


static tpl_uint_t  test_passed, test_failed;


/*                     indent, sort, ascii, compact, html */

#define PLAIN        { -1, 0, 1, 0, 0 }
#define UNICODE      { -1, 0, 0, 0, 0 }
#define COMPACT      { -1, 0, 1, 1, 0 }
#define SORTED       { -1, 1, 1, 0, 0 }
#define HTML         { -1, 0, 1, 0, 1 }
#define UNICODE_HTML { -1, 0, 0, 0, 1 }
#define INDENT(n)    { n, 0, 1, 0, 0 }


/* so that what is before it is read as if there was no end */
#define BEHIND       "\"a text that is longer than forty bytes stands here\""

#define LONG_KEY     "a key that is longer than thirty-two bytes"


static const test_line_t  test_lines[] = {

    { PLAIN, "null", "null" },
    { PLAIN, " [true, false] ", "[true, false]" },
    { PLAIN, "\xef\xbb\xbf[]", "[]" },
    { PLAIN, "{}", "{}" },
    { PLAIN, "[1,-2,3.0,1e5,1E-7]", "[1, -2, 3.0, 100000.0, 1e-07]" },
    { PLAIN, "[-0, -0.0]", "[0, -0.0]" },

    { PLAIN, "[9223372036854775807,-9223372036854775808]",
             "[9223372036854775807, -9223372036854775808]" },
    { PLAIN, "[1e400,-1.5e999,1e-400]", "[Infinity, -Infinity, 0.0]" },
    { PLAIN, "123456789012345678901.0", "1.2345678901234568e+20" },

    /* of keys given twice the last wins, at the first's place */

    { PLAIN, "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\": 3, \"b\": 2}" },

    /* objects of an array: with the keys of the one before, or almost */

    { COMPACT, "[{\"a\":1,\"bc\":2},{\"a\":3,\"bc\":4},{\"bc\":5,\"a\":6},"
               "{\"a\":7},{},{\"a\":8,\"bd\":9,\"bc\":0}]",
               "[{\"a\":1,\"bc\":2},{\"a\":3,\"bc\":4},{\"bc\":5,\"a\":6},"
               "{\"a\":7},{},{\"a\":8,\"bd\":9,\"bc\":0}]" },
    { COMPACT, "[{\"a\":1,\"b\":2,\"c\":3},{\"a\":4,\"b\":5,\"a\":6},"
               "{\"a\":7,\"b\":8,\"c\":9},7,{\"a\":[{\"b\":0}],\"d\":1}]",
               "[{\"a\":1,\"b\":2,\"c\":3},{\"a\":6,\"b\":5},"
               "{\"a\":7,\"b\":8,\"c\":9},7,{\"a\":[{\"b\":0}],\"d\":1}]" },
    { COMPACT, "[{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,"
               "\"h\":8},{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,"
               "\"g\":7,\"h\":8,\"i\":9,\"a\":0},{\"a\":1,\"b\":2,\"c\":3,"
               "\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8}]",
               "[{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,"
               "\"h\":8},{\"a\":0,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,"
               "\"g\":7,\"h\":8,\"i\":9},{\"a\":1,\"b\":2,\"c\":3,"
               "\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8}]" },

    /* a key with escapes is no piece of the text: a\ and a\":1 */

    { COMPACT, "[{\"a\\\\\":1,\"b\":2},{\"a\\\":1\":3,\"b\":4},"
               "{\"a\\\\\":5,\"b\":6}]",
               "[{\"a\\\\\":1,\"b\":2},{\"a\\\":1\":3,\"b\":4},"
               "{\"a\\\\\":5,\"b\":6}]" },
    { COMPACT, "[{\"a\":{\"b\":1,\"c\":[2]}},{\"a\":{\"b\":3,\"c\":4}},"
               "{\"a\":{\"c\":5,\"b\":6}},{ \"a\" : 7 } , {\"a\":{}},"
               "{\"a\":{\"b\":8}}]",
               "[{\"a\":{\"b\":1,\"c\":[2]}},{\"a\":{\"b\":3,\"c\":4}},"
               "{\"a\":{\"c\":5,\"b\":6}},{\"a\":7},{\"a\":{}},"
               "{\"a\":{\"b\":8}}]" },

    /*
     * What stands between values is compared as a whole from the third object
     * on: the same, and with each part of it another.
     */

    { COMPACT, "[{\"a\" :1 , \"b\": 2},{\"a\":1,\"b\":2},"
               "{\"a\":3,\"b\":4},{\"a\":5 ,\"b\":6},{\"a\": 7, \"b\":8},"
               "{\"a\":9,\"c\":10},{\"a\":11,\"c\":\t12\r\n}," BEHIND "]",
               "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2},{\"a\":3,\"b\":4},"
               "{\"a\":5,\"b\":6},{\"a\":7,\"b\":8},{\"a\":9,\"c\":10},"
               "{\"a\":11,\"c\":12}," BEHIND "]" },
    { COMPACT, "[{\"a\":1},{\"a\":2},{\"a\":3,\"b\":4},{\"a\":5},{},"
               "{\"a\":[]},{\"a\":{\"a\":6}},{\"a\":{\"a\":7}}," BEHIND "]",
               "[{\"a\":1},{\"a\":2},{\"a\":3,\"b\":4},{\"a\":5},{},"
               "{\"a\":[]},{\"a\":{\"a\":6}},{\"a\":{\"a\":7}}," BEHIND "]" },
    { COMPACT, "[{\"a key of 16 byte\":1,\"one of twenty-eight bytes, is\":2,"
               "\"" LONG_KEY "\":3},"
               "{\"a key of 16 byte\":4,\"one of twenty-eight bytes, is\":5,"
               "\"" LONG_KEY "\":6},"
               "{\"a key of 16 byte\":7,\"one of twenty-eight bytes, is\":8,"
               "\"" LONG_KEY "\":9},"
               "{\"a key of 16 bytf\":0,\"one of twenty-eight bytes, is\":1},"
               "{\"a key of 16 byte\":0,\"one of twenty-eight bytes, it\":1},"
               BEHIND "]",
               "[{\"a key of 16 byte\":1,\"one of twenty-eight bytes, is\":2,"
               "\"" LONG_KEY "\":3},"
               "{\"a key of 16 byte\":4,\"one of twenty-eight bytes, is\":5,"
               "\"" LONG_KEY "\":6},"
               "{\"a key of 16 byte\":7,\"one of twenty-eight bytes, is\":8,"
               "\"" LONG_KEY "\":9},"
               "{\"a key of 16 bytf\":0,\"one of twenty-eight bytes, is\":1},"
               "{\"a key of 16 byte\":0,\"one of twenty-eight bytes, it\":1},"
               BEHIND "]" },

    /* short numbers and strings, and those that are not */

    { COMPACT, "[0,7,42,1234567,12345678,123456789012345678,-1,0.5,1234567.1,"
               "12345678.25,3.1234567,3.12345678,1e2,1.5e3,7.0,1.50,-0.25,"
               "0.0000001," BEHIND "]",
               "[0,7,42,1234567,12345678,123456789012345678,-1,0.5,1234567.1,"
               "12345678.25,3.1234567,3.12345678,100.0,1500.0,7.0,1.5,-0.25,"
               "1e-07," BEHIND "]" },
    { UNICODE, "[\"\",\"of sixteen bytes\",\"seventeen of them\","
               "\"thirty-one bytes are in this one\","
               "\"thirty-two bytes are in this one.\","
               "\"thirty-three bytes are in this one\","
               "\"caf\xc3\xa9\",\"caf\xc3\xa9, and then some more\","
               "\"later than sixteen: caf\xc3\xa9\","
               "\"\\\"\",\"later than sixteen: \\\" it is\", " BEHIND "]",
               "[\"\", \"of sixteen bytes\", \"seventeen of them\", "
               "\"thirty-one bytes are in this one\", "
               "\"thirty-two bytes are in this one.\", "
               "\"thirty-three bytes are in this one\", "
               "\"caf\xc3\xa9\", \"caf\xc3\xa9, and then some more\", "
               "\"later than sixteen: caf\xc3\xa9\", "
               "\"\\\"\", \"later than sixteen: \\\" it is\", " BEHIND "]" },

    { PLAIN, "[0.1,-12.5e-1,123456789.123456789,5e-324,1.7976931348623157e308,"
             "9007199254740993.0,0.000001e6,1e22,1e23,123e-22,-0e5]",
             "[0.1, -1.25, 123456789.12345679, 5e-324, "
             "1.7976931348623157e+308, 9007199254740992.0, 1.0, 1e+22, "
             "1e+23, 1.23e-20, -0.0]" },

    { PLAIN, "\"\\u00e9\\n\\t\\b\\f\\r\\\"\\\\\\/\\u0001\\u007f\"",
             "\"\\u00e9\\n\\t\\b\\f\\r\\\"\\\\/\\u0001\\u007f\"" },
    { UNICODE, "\"\\u00e9\\u0001\\u007f\"", "\"\xc3\xa9\\u0001\x7f\"" },
    { PLAIN, "\"\\ud83d\\ude00 \xe2\x82\xac\"",
             "\"\\ud83d\\ude00 \\u20ac\"" },
    { UNICODE, "\"\\ud83d\\ude00 a text of some length \\u20ac\"",
               "\"\xf0\x9f\x98\x80 a text of some length \xe2\x82\xac\"" },

    { COMPACT, "{\"a\": [1, 2], \"b\": {}}", "{\"a\":[1,2],\"b\":{}}" },
    { SORTED, "{\"b\":1,\"a\":{\"d\":1,\"c\":2},\"\":0,\"B\":3}",
              "{\"\": 0, \"B\": 3, \"a\": {\"c\": 2, \"d\": 1}, \"b\": 1}" },
    { SORTED, "{\"r\":0,\"q\":0,\"p\":0,\"o\":0,\"n\":0,\"m\":0,\"l\":0,"
              "\"k\":0,\"j\":0,\"i\":0,\"h\":0,\"g\":0,\"f\":0,\"e\":0,"
              "\"d\":0,\"c\":0,\"b\":0,\"a\":0}",
              "{\"a\": 0, \"b\": 0, \"c\": 0, \"d\": 0, \"e\": 0, \"f\": 0,"
              " \"g\": 0, \"h\": 0, \"i\": 0, \"j\": 0, \"k\": 0, \"l\": 0,"
              " \"m\": 0, \"n\": 0, \"o\": 0, \"p\": 0, \"q\": 0, "
              "\"r\": 0}" },

    { HTML, "{\"<b>\":\"</script> & it's\"}",
            "{\"\\u003cb\\u003e\": \"\\u003c/script\\u003e \\u0026 "
            "it\\u0027s\"}" },
    { UNICODE_HTML, "\"na\xc3\xafve <!-- and something more to read\"",
                    "\"na\xc3\xafve \\u003c!-- and something more to "
                    "read\"" },

    { INDENT(2), "[1,[],{},{\"a\":[2]}]",
                 "[\n  1,\n  [],\n  {},\n  {\n    \"a\": [\n      2\n"
                 "    ]\n  }\n]" },
    { INDENT(0), "[1,{\"a\":2}]", "[\n1,\n{\n\"a\": 2\n}\n]" },
    { { 1, 1, 1, 1, 0 }, "{\"b\":1,\"a\":2}",
                         "{\n \"a\":2,\n \"b\":1\n}" }
};


/* what is no JSON, and what is said of it */

static const char *const  test_errors[][2] = {
    { "", "line 1 column 1: " },
    { "  \n ", "line 1 column 1: " },
    { "{\"a\": 1,\n \"b\" 2}", "line 2 column 6: " },
    { "[1,]", "line 1 column 3: " },
    { "\"\xc3\xa9\", x", "line 1 column 4: " },
    { "[", "line 1 column 2: " },
    { "NaN", "line 1 column 1: " },
    { "[Infinity]", "line 1 column 2: " },
    { "/* no comments */ 1", "line 1 column 1: " },
    { "'a'", "line 1 column 1: " },
    { "01", "line 1 column 1: " },
    { "\"\xff\"", "line 1 column 2: " },
    { "\"\\ud800\"", "line 1 column 8: " },
    { "\"\\ud800\\u0041\"", "line 1 column 8: " },
    { "\"\\udc00\"", "line 1 column 2: " },
    { "\"\\u12g4\"", "line 1 column 2: " },
    { "\"\\x41\"", "line 1 column 3: " },
    { "\"sixteen bytes and \001 more\"", "line 1 column 20: " },
    { "\"a\\", "line 1 column " },
    { "[1.]", "line 1 column 4: " },
    { "[1e+]", "line 1 column 5: " },
    { "-", "line 1 column 2: " },
    { "[{\"a\":1},{\"a\" 2}]", "line 1 column 15: " },
    { "[{\"a\":1},{\"a\":2,}]", "line 1 column " },
    { "[tru]", "line 1 column " },
    { "1 2", "line 1 column 3: " },

    /* the same behind objects that are alike */

    { "[{\"a\" :1, \"b\":2},{\"a\":1,\"b\":2},{\"a\":1 \"b\":2}," BEHIND
      "]", "line 1 column 39: " },
    { "[{\"a\":1,  \"b\":2},{\"a\":1, \"b\":2},{\"a\":1  \"b\":2}," BEHIND
      "]", "line 1 column 41: " },
    { "[{\"a\":1,\"b\" :2},{\"a\":1,\"b\":2},{\"a\":1,\"b\" 2}," BEHIND
      "]", "line 1 column 42: " },
    { "[{\"a\":1},{\"a\":2},{\"a\":3,}," BEHIND "]", "line 1 column " },
    { "[{\"a\":1},{\"a\":2},{\"a\":03}," BEHIND "]", "line 1 column " },
    { "[{\"a\":1},{\"a\":2},{\"a\":-}," BEHIND "]", "line 1 column " },
    { "[{\"a\":1},{\"a\":2},{\"a\":1.}," BEHIND "]", "line 1 column " },
    { "[{\"a\":1},{\"a\":2},{\"a\":1.5e}," BEHIND "]", "line 1 column " },
    { "[{\"a\":1},{\"a\":2},{\"a\":\"\001\"}," BEHIND "]",
      "line 1 column " },
    { "[{\"a\":1},{\"a\":2},{\"a\":\"\xff\"}," BEHIND "]",
      "line 1 column " },
    { "[\"\xff, and then some more\"," BEHIND "]", "line 1 column " },

    /* Python's have no end */

    { "9223372036854775808", "the integer 9223372036854775808 does not fit" },
    { "[-9223372036854775809]", "the integer -9223372036854775809 does not" },
    { "{\"a\":18446744073709551616}", "the integer 18446744073709551616 d" }
};


static void
test_check(tpl_uint_t ok, int line, const char *what)
{
    if (ok) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: %s\n", __FILE__, line, what);
}


#define CHECK(cond)  test_check((cond) != 0, __LINE__, #cond)


static void *
test_alloc(void *data, size_t size)
{
    test_t  *t = data;

    if (t->left == 0) {
        return NULL;
    }

    t->left--;

    return malloc(size);
}


static void
test_free(void *data, void *p)
{
    (void) data;

    free(p);
}


/* TPL_ERROR if there is not even memory for the arena */

static tpl_int_t
test_begin(test_t *t, tpl_uint_t left)
{
    tpl_allocator_t  allocator;

    memset(t, 0, sizeof(test_t));

    t->left = left;
    allocator.alloc = test_alloc;
    allocator.free = test_free;
    allocator.data = t;

    t->exec.arena = tpl_arena_create(&allocator, 1024, 0);
    t->exec.error = &t->error;
    t->exec.options = &t->options;
    t->exec.fuel = 1000000;

    tpl_error_init(&t->error, t->exec.arena);

    return t->exec.arena ? TPL_OK : TPL_ERROR;
}


static tpl_int_t
test_parse(test_t *t, const char *in, tpl_uint_t insitu, tpl_value_t *v)
{
    tpl_str_t  s;

    s.len = strlen(in);
    s.data = (tpl_char_t *) in;

    if (insitu) {
        s.data = tpl_pcalloc(t->exec.arena, s.len + 4);
        if (s.data == NULL) {
            return tpl_throw_memory(&t->exec);
        }

        memcpy(s.data, in, s.len);
    }

    return tpl_json_parse(&t->exec, &s, insitu, v);
}


static void
test_round_trips(void)
{
    test_t              t;
    tpl_buf_t           b;
    tpl_uint_t          i, insitu;
    tpl_value_t         v;
    const test_line_t  *line;

    for (i = 0; i < tpl_nelts(test_lines) * 2; i++) {
        line = &test_lines[i / 2];
        insitu = i % 2;

        (void) test_begin(&t, TEST_NO_FAIL);
        tpl_buf_init(&b, t.exec.arena);

        if (test_parse(&t, line->in, insitu, &v) == TPL_OK
            && tpl_json_to(&t.exec, &v, &line->style, &b) == TPL_OK
            && b.len == strlen(line->out)
            && memcmp(b.data, line->out, b.len) == 0
            && t.exec.depth == 0)
        {
            test_passed++;

        } else {
            test_failed++;
            printf("%s:%d: %s gave %.*s %.*s\n", __FILE__, __LINE__, line->in,
                   (int) b.len, (char *) b.data,
                   tpl_str_arg(&t.error.message));
        }

        tpl_arena_destroy(t.exec.arena);
    }
}


static void
test_read_errors(void)
{
    size_t       len;
    test_t       t;
    tpl_uint_t   i;
    tpl_value_t  v;

    for (i = 0; i < tpl_nelts(test_errors); i++) {
        (void) test_begin(&t, TEST_NO_FAIL);

        len = strlen(test_errors[i][1]);

        if (test_parse(&t, test_errors[i][0], 0, &v) == TPL_ERROR
            && t.error.exc == TPL_EXC_VALUE
            && t.error.message.len > len
            && memcmp(t.error.message.data, test_errors[i][1], len) == 0)
        {
            test_passed++;

        } else {
            test_failed++;
            printf("%s:%d: %s: %.*s, not %s\n", __FILE__, __LINE__,
                   test_errors[i][0], tpl_str_arg(&t.error.message),
                   test_errors[i][1]);
        }

        tpl_arena_destroy(t.exec.arena);

        (void) test_begin(&t, TEST_NO_FAIL);
        CHECK(test_parse(&t, test_errors[i][0], 1, &v) == TPL_ERROR);
        tpl_arena_destroy(t.exec.arena);
    }
}


/* what is right is read in one pass, and nothing is done to what is not */

static void
test_one_pass(void)
{
    test_t        t;
    tpl_uint_t    i, valid;
    tpl_str_t     s;
    tpl_value_t   v;
    const char   *in;

    for (i = 0; i < tpl_nelts(test_lines) + tpl_nelts(test_errors); i++) {
        valid = (i < tpl_nelts(test_lines));
        in = valid ? test_lines[i].in
                   : test_errors[i - tpl_nelts(test_lines)][0];

        if (in[0] == '\xef') {
            continue;
        }

        (void) test_begin(&t, TEST_NO_FAIL);

        s.len = strlen(in);
        s.data = calloc(1, s.len + 4);
        memcpy(s.data, in, s.len);

        if (tpl_json_read(&t.exec, &s, &v) != (valid ? TPL_OK : TPL_DECLINED)
            || t.error.exc != TPL_EXC_NONE || t.exec.depth != 0
            || (!valid && t.exec.fuel != 1000000)
            || memcmp(s.data, in, s.len) != 0)
        {
            test_failed++;
            printf("%s:%d: %s\n", __FILE__, __LINE__, in);

        } else {
            test_passed++;
        }

        free(s.data);
        tpl_arena_destroy(t.exec.arena);
    }
}


static void
test_depth(void)
{
    test_t            t;
    tpl_buf_t         b;
    tpl_value_t       v;
    tpl_json_style_t  plain = PLAIN;
    static char       text[100000];

    /* as deep as allowed, one deeper, and as deep as an attacker has text */

    memset(text, '[', TPL_MAX_DEPTH);
    memset(text + TPL_MAX_DEPTH, ']', TPL_MAX_DEPTH);
    text[2 * TPL_MAX_DEPTH] = '\0';

    (void) test_begin(&t, TEST_NO_FAIL);
    tpl_buf_init(&b, t.exec.arena);
    CHECK(test_parse(&t, text, 0, &v) == TPL_OK);
    CHECK(tpl_json_to(&t.exec, &v, &plain, &b) == TPL_OK);
    CHECK(b.len == 2 * TPL_MAX_DEPTH);

    t.exec.depth = 1;
    CHECK(tpl_json_to(&t.exec, &v, &plain, &b) == TPL_ERROR);
    CHECK(t.error.exc == TPL_EXC_RECURSION);
    CHECK(t.exec.depth == 1);
    tpl_arena_destroy(t.exec.arena);

    memset(text, '[', TPL_MAX_DEPTH + 1);
    memset(text + TPL_MAX_DEPTH + 1, ']', TPL_MAX_DEPTH + 1);
    text[2 * TPL_MAX_DEPTH + 2] = '\0';

    (void) test_begin(&t, TEST_NO_FAIL);
    CHECK(test_parse(&t, text, 0, &v) == TPL_ERROR);
    CHECK(t.error.exc == TPL_EXC_RECURSION);
    CHECK(t.exec.depth == 0);
    tpl_arena_destroy(t.exec.arena);

    memset(text, '[', sizeof(text) - 1);

    (void) test_begin(&t, TEST_NO_FAIL);
    CHECK(test_parse(&t, text, 0, &v) == TPL_ERROR);
    tpl_arena_destroy(t.exec.arena);
}


/* values that no document gives */

static void
test_values(void)
{
#define DUMP(value, style, text)                                             \
    tpl_buf_init(&b, t.exec.arena);                                          \
    rc = tpl_json_to(&t.exec, value, &style, &b);                            \
    CHECK(rc == TPL_OK && b.len == strlen(text)                              \
          && memcmp(b.data, text, b.len) == 0)

#define REFUSE(value, style, e, text)                                        \
    tpl_error_clear(&t.error);                                               \
    tpl_buf_init(&b, t.exec.arena);                                          \
    rc = tpl_json_to(&t.exec, value, &style, &b);                            \
    CHECK(rc == TPL_ERROR && t.error.exc == (e)                              \
          && tpl_str_is(&t.error.message, text));                            \
    CHECK(t.exec.depth == 0)

    test_t            t;
    tpl_buf_t         b;
    tpl_int_t         rc;
    tpl_list_t       *list;
    tpl_dict_t       *dict;
    tpl_value_t       v, key, item;
    tpl_json_style_t  plain = PLAIN, sorted = SORTED;

    (void) test_begin(&t, TEST_NO_FAIL);

    tpl_value_float(&v, __builtin_nan(""));
    DUMP(&v, plain, "NaN");
    tpl_value_float(&v, __builtin_inf());
    DUMP(&v, plain, "Infinity");
    tpl_value_float(&v, -__builtin_inf());
    DUMP(&v, plain, "-Infinity");

    tpl_value_string(&v, NULL, 0, 0);
    DUMP(&v, plain, "\"\"");

    list = tpl_list_create(&t.exec, 0);
    tpl_value_tuple(&v, list);
    DUMP(&v, plain, "[]");

    /* keys of other types become strings; they are sorted before */

    dict = tpl_dict_create(&t.exec, 0);
    tpl_value_int(&item, 0);
    tpl_value_float(&key, 2.5);
    (void) tpl_dict_set(&t.exec, dict, &key, &item);
    tpl_value_int(&key, -7);
    (void) tpl_dict_set(&t.exec, dict, &key, &item);
    tpl_value_bool(&key, 1);
    (void) tpl_dict_set(&t.exec, dict, &key, &item);
    tpl_value_dict(&v, dict);
    DUMP(&v, plain, "{\"2.5\": 0, \"-7\": 0, \"true\": 0}");
    DUMP(&v, sorted, "{\"-7\": 0, \"true\": 0, \"2.5\": 0}");

    tpl_value_none(&key);
    (void) tpl_dict_set(&t.exec, dict, &key, &item);
    DUMP(&v, plain, "{\"2.5\": 0, \"-7\": 0, \"true\": 0, \"null\": 0}");

    tpl_error_clear(&t.error);
    CHECK(tpl_json_to(&t.exec, &v, &sorted, &b) == TPL_ERROR
          && t.error.exc == TPL_EXC_TYPE);

    dict = tpl_dict_create(&t.exec, 0);
    tpl_value_tuple(&key, list);
    (void) tpl_dict_set(&t.exec, dict, &key, &item);
    tpl_value_dict(&v, dict);
    REFUSE(&v, plain, TPL_EXC_TYPE,
           "keys must be str, int, float, bool or None, not tuple");

    v.type = TPL_SET;
    REFUSE(&v, plain, TPL_EXC_TYPE,
           "Object of type set is not JSON serializable");

    /* a list within itself */

    list = tpl_list_create(&t.exec, 0);
    tpl_value_list(&v, list);
    (void) tpl_list_append(&t.exec, list, &v);
    (void) tpl_list_append(&t.exec, list, &v);
    REFUSE(&v, plain, TPL_EXC_VALUE, "Circular reference detected");

    tpl_arena_destroy(t.exec.arena);

#undef DUMP
#undef REFUSE
}


/* flags, and where strings are */

static void
test_strings(void)
{
    test_t       t;
    tpl_str_t    s;
    tpl_value_t  v;
    tpl_char_t   text[] = "[\"plain\",\"\\u00e9\",\"na\xc3\xafve\"]\0\0\0\0";

    (void) test_begin(&t, TEST_NO_FAIL);

    s.len = sizeof(text) - 5;
    s.data = text;

    CHECK(tpl_json_parse(&t.exec, &s, 1, &v) == TPL_OK);
    CHECK(v.type == TPL_LIST && v.u.list->n == 3);
    CHECK(v.u.list->items[0].u.s == text + 2);
    CHECK(v.u.list->items[0].flags == TPL_F_ASCII);
    CHECK(v.u.list->items[1].flags == 0 && v.u.list->items[1].len == 2);
    CHECK(v.u.list->items[2].flags == 0 && v.u.list->items[2].len == 6);

    tpl_arena_destroy(t.exec.arena);
}


/* with the nth allocation failing there is a MemoryError, or success */

static void
test_memory(void)
{
    test_t            t;
    tpl_buf_t         b;
    tpl_int_t         rc;
    tpl_uint_t        i;
    tpl_value_t       v;
    tpl_json_style_t  style = { 2, 1, 1, 0, 1 };
    static char       text[8192];

    strcpy(text, "{\"a\":[");

    for (i = 0; i < 200; i++) {
        sprintf(text + strlen(text), "{\"k%u\":\"v<%u\"},", (unsigned) i,
                (unsigned) i);
    }

    strcat(text, "1],\"z\":1,\"y\":2}");

    for (i = 0; i < 1000; i++) {

        if (test_begin(&t, i) != TPL_OK) {
            continue;
        }

        tpl_buf_init(&b, t.exec.arena);

        rc = test_parse(&t, text, i % 2, &v);

        if (rc == TPL_OK) {
            rc = tpl_json_to(&t.exec, &v, &style, &b);
        }

        tpl_arena_destroy(t.exec.arena);

        CHECK(t.exec.depth == 0);

        if (rc == TPL_OK) {
            break;
        }

        CHECK(t.error.exc == TPL_EXC_MEMORY);
    }

    CHECK(i > 5 && i < 1000);
}


int
main(void)
{
    tpl_hash_init();

    test_round_trips();
    test_read_errors();
    test_one_pass();
    test_depth();
    test_values();
    test_strings();
    test_memory();

    printf("%lu passed, %lu failed\n", (unsigned long) test_passed,
           (unsigned long) test_failed);

    return test_failed ? 1 : 0;
}
