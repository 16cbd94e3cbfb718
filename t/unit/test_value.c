
/*
 * Values: operators, comparison, text, look-up, iteration, sorting, undefined,
 * builtins.  What is expected is what CPython 3.11, Jinja2 and MarkupSafe give.
 */

#include "unit_value.h"


typedef struct {
    int          line;
    const char  *left;
    const char  *op;
    const char  *right;
    const char  *want;
} unit_case_t;


static void
test_binary(void)
{
    tpl_int_t     rc;
    tpl_uint_t    i, k;
    tpl_value_t   a, b, out;

    static const char  *ops[] = {
        "+", "-", "*", "/", "//", "%", "**", "|", "&", "^", "<<", ">>"
    };

    static const unit_case_t  cases[] = {
        { __LINE__, "1", "+", "2", "3" },
        { __LINE__, "True", "+", "True", "2" },
        { __LINE__, "1", "+", "0.5", "1.5" },
        { __LINE__, "9223372036854775807", "+", "1",
          "OverflowError: integer overflow: result does not fit 64 bits" },
        { __LINE__, "7", "/", "2", "3.5" },
        { __LINE__, "9007199254740993", "/", "3", "3002399751580331.0" },
        { __LINE__, "-7", "//", "2", "-4" },
        { __LINE__, "-7", "%", "3", "2" },
        { __LINE__, "7", "%", "-3", "-2" },
        { __LINE__, "-7.5", "//", "2", "-4.0" },
        { __LINE__, "-7.5", "%", "2", "0.5" },
        { __LINE__, "2", "**", "62", "4611686018427387904" },
        { __LINE__, "2", "**", "63",
          "OverflowError: integer overflow: result does not fit 64 bits" },
        { __LINE__, "2", "**", "-1", "0.5" },
        { __LINE__, "-1", "**", "9223372036854775807", "-1" },
        { __LINE__, "10.0", "**", "400",
          "OverflowError: (34, 'Numerical result out of range')" },
        { __LINE__, "1", "/", "0", "ZeroDivisionError: division by zero" },
        { __LINE__, "1", "//", "0",
          "ZeroDivisionError: integer division or modulo by zero" },
        { __LINE__, "1", "%", "0",
          "ZeroDivisionError: integer modulo by zero" },
        { __LINE__, "1.0", "/", "0",
          "ZeroDivisionError: float division by zero" },
        { __LINE__, "0", "**", "-1",
          "ZeroDivisionError: 0.0 cannot be raised to a negative power" },
        { __LINE__, "6", "&", "3", "2" },
        { __LINE__, "True", "^", "True", "False" },
        { __LINE__, "1", "<<", "62", "4611686018427387904" },
        { __LINE__, "1", "<<", "63",
          "OverflowError: integer overflow: result does not fit 64 bits" },
        { __LINE__, "-5", ">>", "100", "-1" },

        { __LINE__, "'a'", "+", "'b'", "'ab'" },
        { __LINE__, "'ab'", "*", "3", "'ababab'" },
        { __LINE__, "-1", "*", "'ab'", "''" },
        { __LINE__, "[1]", "+", "[2]", "[1, 2]" },
        { __LINE__, "(1,)", "*", "2", "(1, 1)" },
        { __LINE__, "[0]", "*", "100001",
          "OverflowError: list is too long: more than 100000 items" },
        { __LINE__, "'ab'", "*", "9223372036854775807",
          "OverflowError: string is too long: more than 67108864 bytes" },
        { __LINE__, "{'a': 1}", "|", "{'b': 2}", "{'a': 1, 'b': 2}" },
        { __LINE__, "{1, 2}", "&", "{2, 3}", "{2}" },
        { __LINE__, "{1, 2}", "-", "{2, 3}", "{1}" },
        { __LINE__, "{1, 2}", "^", "{2, 3}", "{1, 3}" },

        { __LINE__, "1", "+", "'a'",
          "TypeError: unsupported operand type(s) for +: 'int' and 'str'" },
        { __LINE__, "'a'", "+", "1",
          "TypeError: can only concatenate str (not \"int\") to str" },
        { __LINE__, "'a'", "*", "'b'",
          "TypeError: can't multiply sequence by non-int of type 'str'" },
        { __LINE__, "None", "**", "1", "TypeError: unsupported operand "
          "type(s) for ** or pow(): 'NoneType' and 'int'" },

        /* markup stays markup, and escapes what joins it */

        { __LINE__, "M'<b>'", "+", "'<'", "Markup('<b>&lt;')" },
        { __LINE__, "'<'", "+", "M'<b>'", "Markup('&lt;<b>')" },
        { __LINE__, "M'<b>'", "*", "2", "Markup('<b><b>')" },
        { __LINE__, "M'<b>'", "+", "1", "TypeError: unsupported operand "
          "type(s) for +: 'Markup' and 'int'" },

        { __LINE__, "?x", "+", "1", "UndefinedError: 'x' is undefined" },
        { __LINE__, "1", "*", "?x", "UndefinedError: 'x' is undefined" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        a = unit_value(cases[i].left);
        b = unit_value(cases[i].right);

        for (k = 0; strcmp(ops[k], cases[i].op) != 0; k++) { /* void */ }

        rc = tpl_binary(X, (tpl_binary_op_t) k, &a, &b, &out);
        unit_same(__FILE__, cases[i].line, cases[i].op,
                  unit_result(rc, &out), cases[i].want);
    }

    /* the result may take the place of an operand */

    a = unit_value("[1]");
    rc = tpl_binary(X, TPL_OP_ADD, &a, &a, &a);
    unit_same(__FILE__, __LINE__, "a = a + a", unit_result(rc, &a),
              "[1, 1]");

    a = unit_value("'x'");
    rc = tpl_unary(X, TPL_OP_NEG, &a, &out);
    unit_same(__FILE__, __LINE__, "-'x'", unit_result(rc, &out),
              "TypeError: bad operand type for unary -: 'str'");

    a = unit_value("True");
    rc = tpl_unary(X, TPL_OP_INVERT, &a, &out);
    unit_same(__FILE__, __LINE__, "~True", unit_result(rc, &out), "-2");
}


static void
test_compare(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i, k, result;
    tpl_value_t  a, b, out;

    static const char  *ops[] = {
        "==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"
    };

    static const unit_case_t  cases[] = {
        { __LINE__, "1", "==", "True", "True" },
        { __LINE__, "1", "==", "1.0", "True" },
        { __LINE__, "9007199254740993", "==", "9007199254740992.0",
          "False" },
        { __LINE__, "9007199254740993", ">", "9007199254740992.0", "True" },
        { __LINE__, "'a'", "==", "M'a'", "True" },
        { __LINE__, "[1, [2]]", "==", "[1, [2]]", "True" },
        { __LINE__, "[1]", "==", "(1,)", "False" },
        { __LINE__, "{'a': 1, 'b': 2}", "==", "{'b': 2, 'a': 1}", "True" },
        { __LINE__, "range(0, 3)", "==", "range(0, 3, 1)", "True" },
        { __LINE__, "'a'", "<", "'b'", "True" },
        { __LINE__, "'Z'", "<", "'a'", "True" },
        { __LINE__, "[1, 2]", "<", "[1, 3]", "True" },
        { __LINE__, "[1]", "<", "[1, 0]", "True" },
        { __LINE__, "nan", "<=", "nan", "False" },
        { __LINE__, "{1}", "<", "{1, 2}", "True" },
        { __LINE__, "{1, 3}", "<=", "{1, 2}", "False" },
        { __LINE__, "'a'", "<", "1", "TypeError: '<' not supported between "
          "instances of 'str' and 'int'" },
        { __LINE__, "None", ">=", "None", "TypeError: '>=' not supported "
          "between instances of 'NoneType' and 'NoneType'" },
        { __LINE__, "'bc'", "in", "'abcd'", "True" },
        { __LINE__, "''", "in", "''", "True" },
        { __LINE__, "1", "in", "'a'", "TypeError: 'in <string>' requires "
          "string as left operand, not int" },
        { __LINE__, "2", "in", "[1, 2.0]", "True" },
        { __LINE__, "'a'", "in", "{'a': 1}", "True" },
        { __LINE__, "[]", "in", "{'a': 1}",
          "TypeError: unhashable type: 'list'" },
        { __LINE__, "4", "in", "range(0, 10, 2)", "True" },
        { __LINE__, "5.0", "not in", "range(0, 10, 2)", "True" },
        { __LINE__, "1", "in", "5",
          "TypeError: argument of type 'int' is not iterable" },
        { __LINE__, "1", "is", "1.0", "False" },
        { __LINE__, "None", "is", "None", "True" },
        { __LINE__, "[]", "is not", "[]", "True" },
        { __LINE__, "?x", "==", "?y", "True" },
        { __LINE__, "?x", "==", "None", "False" },
        { __LINE__, "1", "in", "?x", "False" },
        { __LINE__, "1", "<", "?x", "UndefinedError: 'x' is undefined" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        a = unit_value(cases[i].left);
        b = unit_value(cases[i].right);

        for (k = 0; strcmp(ops[k], cases[i].op) != 0; k++) { /* void */ }

        rc = tpl_compare(X, (tpl_compare_op_t) k, &a, &b, &result);
        tpl_value_bool(&out, result);
        unit_same(__FILE__, cases[i].line, cases[i].op,
                  unit_result(rc, &out), cases[i].want);
    }
}


static void
test_text(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_value_t  v, out, parts[3];

    /* value, str(), repr(), escape() */

    static const char  *cases[][4] = {
        { "None", "'None'", "None", "Markup('None')" },
        { "True", "'True'", "True", "Markup('True')" },
        { "1e16", "'1e+16'", "1e+16", "Markup('1e+16')" },
        { "3.0", "'3.0'", "3.0", "Markup('3.0')" },
        { "'<a>'", "'<a>'", "'<a>'", "Markup('&lt;a&gt;')" },
        { "M'<a>'", "Markup('<a>')", "Markup('<a>')", "Markup('<a>')" },
        { "\"it's\"", "\"it's\"", "\"it's\"", "Markup('it&#39;s')" },
        { "'\xc3\xa9\xe2\x80\x8b\x01'", "'\xc3\xa9\\u200b\\x01'",
          "'\xc3\xa9\\u200b\\x01'", "Markup('\xc3\xa9\\u200b\\x01')" },
        { "['<', (1,), {'k': None}]", "\"['<', (1,), {'k': None}]\"",
          "['<', (1,), {'k': None}]",
          "Markup('[&#39;&lt;&#39;, (1,), {&#39;k&#39;: None}]')" },
        { "{1, 2}", "'{1, 2}'", "{1, 2}", "Markup('{1, 2}')" },
        { "range(0, 6, 2)", "'range(0, 6, 2)'", "range(0, 6, 2)",
          "Markup('range(0, 6, 2)')" },
        { "?x", "''", "Undefined", "Markup('')" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        v = unit_value(cases[i][0]);

        rc = tpl_to_string(X, &v, &out);
        unit_same(__FILE__, __LINE__, "str", unit_result(rc, &out),
                  cases[i][1]);

        unit_same(__FILE__, __LINE__, "repr", unit_result(TPL_OK, &v),
                  cases[i][2]);

        rc = tpl_to_markup(X, &v, &out);
        unit_same(__FILE__, __LINE__, "escape", unit_result(rc, &out),
                  cases[i][3]);
    }

    /* a list that holds itself */

    v = unit_value("[1]");
    tpl_list_append(X, v.u.list, &v);
    unit_same(__FILE__, __LINE__, "repr", unit_result(TPL_OK, &v),
              "[1, [...]]");

    /* too deep is an error, not a crash */

    v = unit_value("[]");

    for (i = 0; i < 1000; i++) {
        tpl_list_t  *list;

        list = tpl_list_create(X, 1);
        tpl_list_append(X, list, &v);
        tpl_value_list(&v, list);
    }

    rc = tpl_to_string(X, &v, &out);
    unit_same(__FILE__, __LINE__, "repr of depth 1000",
              unit_result(rc, &out), "RecursionError: maximum recursion depth "
              "exceeded while getting the repr of an object");
    check(X->depth == 0);

    /* ~ escapes only under autoescape, and only beside markup */

    parts[0] = unit_value("'<'");
    parts[1] = unit_value("1");
    parts[2] = unit_value("M'<b>'");

    rc = tpl_concat(X, parts, 3, &out);
    unit_same(__FILE__, __LINE__, "~", unit_result(rc, &out), "'<1<b>'");

    X->autoescape = 1;

    rc = tpl_concat(X, parts, 3, &out);
    unit_same(__FILE__, __LINE__, "~", unit_result(rc, &out),
              "Markup('&lt;1<b>')");

    rc = tpl_concat(X, parts, 2, &out);
    unit_same(__FILE__, __LINE__, "~", unit_result(rc, &out), "'<1'");

    X->autoescape = 0;
}


static void
test_items(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_value_t  v, key, out;

    static const unit_case_t  cases[] = {
        { __LINE__, "[1, 2]", "", "-1", "2" },
        { __LINE__, "(1, 2)", "", "True", "2" },
        { __LINE__, "'a\xc3\xa9z'", "", "1", "'\xc3\xa9'" },
        { __LINE__, "M'ab'", "", "0", "Markup('a')" },
        { __LINE__, "range(0, 10, 3)", "", "-1", "9" },
        { __LINE__, "{'a': 1}", "", "'a'", "1" },
        { __LINE__, "{1: 'x'}", "", "1.0", "'x'" },
        { __LINE__, "[1]", "", "5", "IndexError: list index out of range" },
        { __LINE__, "(1,)", "", "5", "IndexError: tuple index out of range" },
        { __LINE__, "'a'", "", "5", "IndexError: string index out of range" },
        { __LINE__, "[1]", "", "'a'",
          "TypeError: list indices must be integers or slices, not str" },
        { __LINE__, "'a'", "", "'a'",
          "TypeError: string indices must be integers, not 'str'" },
        { __LINE__, "{'a': 1}", "", "'b'", "KeyError: 'b'" },
        { __LINE__, "{'a': 1}", "", "[]",
          "TypeError: unhashable type: 'list'" },
        { __LINE__, "5", "", "0",
          "TypeError: 'int' object is not subscriptable" }
    };

    /* by Python's rules what is not there raises, by Jinja's it is undefined */

    for (i = 0; i < tpl_nelts(cases); i++) {
        v = unit_value(cases[i].left);
        key = unit_value(cases[i].right);

        unit_options.python = 1;
        rc = tpl_get_item(X, &v, &key, &out);
        unit_same(__FILE__, cases[i].line, "v[key]", unit_result(rc, &out),
                  cases[i].want);

        unit_options.python = 0;
        rc = tpl_get_item(X, &v, &key, &out);
        unit_same(__FILE__, cases[i].line, "v[key] in Jinja",
                  unit_result(rc, &out),
                  strstr(cases[i].want, "Error: ") ? "Undefined"
                                                   : cases[i].want);
    }
}


static void
test_slices(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_value_t  v, p[3], out;

    static const struct {
        const char  *v, *start, *stop, *step, *want;
    } cases[] = {
        { "[0, 1, 2, 3]", "1", "None", "None", "[1, 2, 3]" },
        { "[0, 1, 2, 3]", "None", "-1", "None", "[0, 1, 2]" },
        { "(0, 1, 2, 3)", "None", "None", "-1", "(3, 2, 1, 0)" },
        { "[0, 1, 2, 3]", "-100", "100", "2", "[0, 2]" },
        { "'a\xc3\xa9iou'", "1", "3", "None", "'\xc3\xa9i'" },
        { "'a\xc3\xa9iou'", "None", "None", "-2", "'uia'" },
        { "M'abc'", "1", "None", "None", "Markup('bc')" },
        { "range(0, 10)", "2", "8", "3", "range(2, 8, 3)" },
        { "[1]", "None", "None", "0",
          "ValueError: slice step cannot be zero" },
        { "[1]", "'a'", "None", "None", "TypeError: slice indices must be "
          "integers or None or have an __index__ method" },
        { "{}", "1", "None", "None", "TypeError: unhashable type: 'slice'" },
        { "5", "1", "None", "None",
          "TypeError: 'int' object is not subscriptable" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        v = unit_value(cases[i].v);
        p[0] = unit_value(cases[i].start);
        p[1] = unit_value(cases[i].stop);
        p[2] = unit_value(cases[i].step);

        rc = tpl_get_slice(X, &v, &p[0], &p[1], &p[2], &out);
        unit_same(__FILE__, __LINE__, cases[i].v, unit_result(rc, &out),
                  cases[i].want);
    }
}


/* str() of v, or of what raises */

static const char *
unit_str(const tpl_value_t *v)
{
    tpl_int_t    rc;
    tpl_value_t  out;

    rc = tpl_to_string(X, v, &out);

    return unit_result(rc, &out);
}


static void
test_undefined(void)
{
    tpl_int_t    rc;
    tpl_name_t   name;
    tpl_uint_t   truth;
    tpl_value_t  v, dict, out, key;

    name = unit_name("y");
    dict = unit_value("{'a': 1}");

    /* the messages of jinja2.runtime.Undefined */

    rc = tpl_get_attr(X, &dict, &name, &v);
    check(rc == TPL_OK && v.type == TPL_UNDEFINED);
    rc = tpl_undefined_throw(X, &v);
    unit_same(__FILE__, __LINE__, "dict.y", unit_result(rc, &v),
              "UndefinedError: 'dict object' has no attribute 'y'");

    key = unit_value("3");
    rc = tpl_get_item(X, &dict, &key, &v);
    check(rc == TPL_OK);
    rc = tpl_undefined_throw(X, &v);
    unit_same(__FILE__, __LINE__, "dict[3]", unit_result(rc, &v),
              "UndefinedError: dict object has no element 3");

    v = unit_value("None");
    tpl_get_attr(X, &v, &name, &v);
    rc = tpl_undefined_throw(X, &v);
    unit_same(__FILE__, __LINE__, "None.y", unit_result(rc, &v),
              "UndefinedError: 'None' has no attribute 'y'");

    v = unit_value("M'x'");
    tpl_get_attr(X, &v, &name, &v);
    rc = tpl_undefined_throw(X, &v);
    unit_same(__FILE__, __LINE__, "Markup.y", unit_result(rc, &v),
        "UndefinedError: 'markupsafe.Markup object' has no attribute 'y'");

    /* an attribute of an undefined raises, but of the chainable kind */

    v = unit_value("?x");
    rc = tpl_get_attr(X, &v, &name, &out);
    unit_same(__FILE__, __LINE__, "?x.y", unit_result(rc, &out),
              "UndefinedError: 'x' is undefined");

    unit_options.undefined = TPL_UNDEF_CHAINABLE;
    v = unit_value("?x");
    rc = tpl_get_attr(X, &v, &name, &out);
    check(rc == TPL_OK && out.u.undef == v.u.undef);

    /* strict: text, truth and comparison raise; its repr does not */

    unit_options.undefined = TPL_UNDEF_STRICT;
    v = unit_value("?x");
    unit_same(__FILE__, __LINE__, "str", unit_str(&v),
              "UndefinedError: 'x' is undefined");
    check(tpl_truth(X, &v, &truth) == TPL_ERROR);
    tpl_error_clear(&unit_error);
    check(tpl_equal(X, &v, &dict, &truth) == TPL_ERROR);
    tpl_error_clear(&unit_error);
    unit_same(__FILE__, __LINE__, "repr", unit_result(TPL_OK, &v),
              "Undefined");

    /* debug: says what is missing */

    unit_options.undefined = TPL_UNDEF_DEBUG;
    v = unit_value("?x");
    unit_same(__FILE__, __LINE__, "str", unit_str(&v), "'{{ x }}'");
    tpl_get_attr(X, &dict, &name, &v);
    unit_same(__FILE__, __LINE__, "str", unit_str(&v),
              "\"{{ no such element: dict object['y'] }}\"");

    unit_options.undefined = TPL_UNDEF_LENIENT;

    /* the sandbox: using what it forbids is a SecurityError */

    unit_options.sandbox = TPL_SANDBOX_ON;
    name = unit_name("__class__");
    v = unit_value("5");
    rc = tpl_get_attr(X, &v, &name, &out);
    check(rc == TPL_OK && out.type == TPL_UNDEFINED);
    rc = tpl_undefined_throw(X, &out);
    unit_same(__FILE__, __LINE__, "5 .__class__", unit_result(rc, &out),
              "SecurityError: access to attribute '__class__' of 'int' object "
              "is unsafe.");
    unit_options.sandbox = TPL_SANDBOX_OFF;

    /* Python's rules: an error, but a dict's items are attributes as well */

    unit_options.python = 1;
    name = unit_name("a");
    rc = tpl_get_attr(X, &dict, &name, &out);
    unit_same(__FILE__, __LINE__, "dict.a", unit_result(rc, &out), "1");
    name = unit_name("b");
    rc = tpl_get_attr(X, &dict, &name, &out);
    unit_same(__FILE__, __LINE__, "dict.b", unit_result(rc, &out),
              "AttributeError: 'dict' object has no attribute 'b'");
    unit_options.python = 0;
}


static void
test_iteration(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i, n;
    tpl_iter_t   it;
    tpl_value_t  v, item, out;

    static const char  *cases[][2] = {
        { "'a\xc3\xa9'", "['a', '\xc3\xa9']" },
        { "M'<b'", "['<', 'b']" },
        { "(1, 2)", "[1, 2]" },
        { "{'a': 1, 'b': 2}", "['a', 'b']" },
        { "range(3, 0, -1)", "[3, 2, 1]" },
        { "range(9223372036854775806, 9223372036854775807, 5)",
          "[9223372036854775806]" },
        { "?x", "[]" },
        { "5", "TypeError: 'int' object is not iterable" },
        { "None", "TypeError: 'NoneType' object is not iterable" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        v = unit_value(cases[i][0]);
        rc = tpl_to_list(X, &v, &out);
        unit_same(__FILE__, __LINE__, cases[i][0], unit_result(rc, &out),
                  cases[i][1]);
    }

    /* a generator can be walked once */

    v = unit_value("[1, 2]");
    tpl_value_iterator(X, &item, v.u.list, "generator");
    tpl_to_list(X, &item, &out);
    unit_same(__FILE__, __LINE__, "first", unit_result(TPL_OK, &out),
              "[1, 2]");
    tpl_to_list(X, &item, &out);
    unit_same(__FILE__, __LINE__, "again", unit_result(TPL_OK, &out), "[]");
    unit_same(__FILE__, __LINE__, "repr", unit_result(TPL_OK, &item),
              "<generator object>");

    /* a list may grow while it is walked */

    v = unit_value("[1]");
    tpl_iter_init(X, &it, &v);

    for (n = 0; tpl_iter_next(X, &it, &item) == TPL_OK; n++) {
        if (n < 9) {
            tpl_list_append(X, v.u.list, &item);
        }
    }

    check(n == 10 && it.index >= 10);

    /* a dict may not */

    v = unit_value("{'a': 1}");
    item = unit_value("'b'");
    tpl_iter_init(X, &it, &v);
    tpl_dict_set(X, v.u.dict, &item, &item);
    rc = tpl_iter_next(X, &it, &out);
    unit_same(__FILE__, __LINE__, "grown dict", unit_result(rc, &out),
        "RuntimeError: dictionary changed size during iteration");
}


static void
test_sort(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i, ordered;
    tpl_value_t  v, keys, item;

    v = unit_value("[3, 1, 2]");
    rc = tpl_list_sort(X, v.u.list, NULL, 0);
    unit_same(__FILE__, __LINE__, "sort", unit_result(rc, &v), "[1, 2, 3]");

    /* stable, in reverse as well */

    v = unit_value("['a', 'b', 'c', 'd']");
    keys = unit_value("[1, 0, 1, 0]");
    rc = tpl_list_sort(X, v.u.list, keys.u.list->items, 0);
    unit_same(__FILE__, __LINE__, "by keys", unit_result(rc, &v),
              "['b', 'd', 'a', 'c']");

    v = unit_value("['a', 'b', 'c', 'd']");
    keys = unit_value("[1, 0, 1, 0]");
    rc = tpl_list_sort(X, v.u.list, keys.u.list->items, 1);
    unit_same(__FILE__, __LINE__, "reverse", unit_result(rc, &v),
              "['a', 'c', 'b', 'd']");

    v = unit_value("['abcdefghij', 'abcdefgh', 'b', 'abcdefghi', '', "
                   "'\xc3\xa9', 'abc', 'abcdefga', 'z', 'a']");
    rc = tpl_list_sort(X, v.u.list, NULL, 0);
    unit_same(__FILE__, __LINE__, "strings", unit_result(rc, &v),
              "['', 'a', 'abc', 'abcdefga', 'abcdefgh', 'abcdefghi', "
              "'abcdefghij', 'b', 'z', '\xc3\xa9']");

    /* NUL is a byte like any other */

    v = unit_value("[]");

    for (i = 0; i < 4; i++) {
        static const char *const  texts[] = { "a\0b", "a", "a\0", "a\0a" };
        static const uint32_t     lens[] = { 3, 1, 2, 3 };

        tpl_value_string(&item, (const tpl_char_t *) texts[i], lens[i], 0);
        tpl_list_append(X, v.u.list, &item);
    }

    check(tpl_list_sort(X, v.u.list, NULL, 0) == TPL_OK
          && v.u.list->items[0].len == 1 && v.u.list->items[1].len == 2
          && v.u.list->items[2].u.s[2] == 'a'
          && v.u.list->items[3].u.s[2] == 'b');

    v = unit_value("[1, 'a', 2]");
    rc = tpl_list_sort(X, v.u.list, NULL, 0);
    unit_same(__FILE__, __LINE__, "mixed", unit_result(rc, &v),
              "TypeError: '<' not supported between instances of 'str' and "
              "'int'");

    v = unit_value("[]");

    for (i = 0; i < 10000; i++) {
        tpl_value_int(&item, (int64_t) (i * 7919 % 10007));
        tpl_list_append(X, v.u.list, &item);
    }

    check(tpl_list_sort(X, v.u.list, NULL, 0) == TPL_OK);

    for (i = 1, ordered = 1; i < 10000; i++) {
        ordered &= v.u.list->items[i - 1].u.i <= v.u.list->items[i].u.i;
    }

    check(ordered);
}


static void
test_conversion(void)
{
    double       d;
    int64_t      n;
    tpl_int_t    rc;
    tpl_value_t  v;

    v = unit_value("' -12 '");
    check(tpl_to_int(X, &v, &n) == TPL_OK && n == -12);

    v = unit_value("-2.9");
    check(tpl_to_int(X, &v, &n) == TPL_OK && n == -2);

    v = unit_value("'1.5'");
    check(tpl_to_float(X, &v, &d) == TPL_OK && d == 1.5);

    rc = tpl_to_int(X, &v, &n);
    unit_same(__FILE__, __LINE__, "int('1.5')", unit_result(rc, &v),
              "ValueError: invalid literal for int() with base 10: '1.5'");

    v = unit_value("1e300");
    rc = tpl_to_int(X, &v, &n);
    unit_same(__FILE__, __LINE__, "int(1e300)", unit_result(rc, &v),
              "OverflowError: integer overflow: result does not fit 64 bits");

    v = unit_value("None");
    rc = tpl_to_float(X, &v, &d);
    unit_same(__FILE__, __LINE__, "float(None)", unit_result(rc, &v),
              "TypeError: float() argument must be a string or a real number, "
              "not 'NoneType'");

    v = unit_value("5");
    rc = tpl_length(X, &v, &n);
    unit_same(__FILE__, __LINE__, "len(5)", unit_result(rc, &v),
              "TypeError: object of type 'int' has no len()");

    v = unit_value("'\xe6\x97\xa5\xe6\x9c\xac'");
    check(tpl_length(X, &v, &n) == TPL_OK && n == 2);
}


/* a builtin that gives back its arguments as a list */

static tpl_int_t
unit_echo(tpl_call_t *call)
{
    tpl_uint_t   i;
    tpl_list_t  *list;
    tpl_value_t  text;

    list = tpl_list_create(call->exec, call->nargs);
    text = unit_value("'-'");

    for (i = 0; i < call->nargs; i++) {
        tpl_list_append(call->exec, list,
                        call->args[i].type == TPL_MISSING ? &text
                                                          : &call->args[i]);
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


static void
test_builtins(void)
{
    tpl_int_t              rc;
    tpl_uint_t             i, n;
    tpl_name_t             name;
    tpl_value_t            args, kwargs, out, method;
    tpl_builtins_t        *builtins;
    const tpl_str_t       *names;
    const tpl_builtin_t   *fn;

    static const tpl_builtin_def_t  defs[] = {
        { "f", "s, length=, end=", unit_echo, 0 },
        { "all", "a, *rest, **named", unit_echo, 0 },
        { "get", "self, key, /, default=", unit_echo, TPL_FN_MUTATES },
        { NULL, NULL, NULL, 0 }
    };

    static const struct {
        const char  *fn, *args, *kwargs, *want;
    } cases[] = {
        { "f", "[1]", "{}", "[1, '-', '-']" },
        { "f", "[1, 2, 3]", "{}", "[1, 2, 3]" },
        { "f", "[1]", "{'end': 3}", "[1, '-', 3]" },
        { "f", "[]", "{'s': 1}", "[1, '-', '-']" },
        { "f", "[]", "{}",
          "TypeError: f() missing 1 required positional argument: 's'" },
        { "f", "[1, 2, 3, 4]", "{}", "TypeError: f() takes from 1 to 3 "
          "positional arguments but 4 were given" },
        { "f", "[1]", "{'s': 2}",
          "TypeError: f() got multiple values for argument 's'" },
        { "f", "[1]", "{'x': 2}",
          "TypeError: f() got an unexpected keyword argument 'x'" },
        { "all", "[1, 2, 3]", "{'k': 4}", "[1, (2, 3), {'k': 4}]" },
        { "all", "[1]", "{}", "[1, (), {}]" },
        { "get", "[]", "{}", "TypeError: get() missing 2 required positional "
          "arguments: 'self' and 'key'" },
        { "get", "[1]", "{'key': 2}", "TypeError: get() got some "
          "positional-only arguments passed as keyword arguments: 'key'" }
    };

    builtins = tpl_builtins_create(X->arena);
    check(builtins
          && tpl_builtins_add(builtins, TPL_FILTERS, defs) == TPL_OK
          && tpl_builtins_add(builtins, tpl_methods_of(TPL_DICT), defs)
             == TPL_OK);

    X->builtins = builtins;

    for (i = 0; i < tpl_nelts(cases); i++) {
        name = unit_name(cases[i].fn);
        fn = tpl_builtins_find(builtins, TPL_FILTERS, &name);
        check(fn != NULL);

        args = unit_value(cases[i].args);
        kwargs = unit_value(cases[i].kwargs);

        rc = tpl_builtin_call(X, fn, args.u.list->items, args.u.list->n,
                              kwargs.u.dict, &out);
        unit_same(__FILE__, __LINE__, cases[i].fn, unit_result(rc, &out),
                  cases[i].want);
    }

    name = unit_name("nothing");
    check(tpl_builtins_find(builtins, TPL_FILTERS, &name) == NULL);
    check(tpl_builtins_find(builtins, TPL_TESTS, &name) == NULL);

    names = tpl_builtins_names(builtins, TPL_FILTERS, X->arena, &n);
    check(n == 3 && tpl_str_is(&names[1], "all"));

    /* a method goes before an item, and carries its self */

    args = unit_value("{'get': 1, 'f': 2}");
    name = unit_name("get");
    check(tpl_get_attr(X, &args, &name, &method) == TPL_OK);
    unit_same(__FILE__, __LINE__, "repr", unit_result(TPL_OK, &method),
              "<built-in method get of dict object>");

    kwargs = unit_value("['k']");
    rc = tpl_value_call(X, &method, kwargs.u.list->items, 1, NULL, &out);
    unit_same(__FILE__, __LINE__, "call", unit_result(rc, &out),
              "[{'get': 1, 'f': 2}, 'k', '-']");

    args = unit_value("5");
    rc = tpl_value_call(X, &args, NULL, 0, NULL, &out);
    unit_same(__FILE__, __LINE__, "5()", unit_result(rc, &out),
              "TypeError: 'int' object is not callable");

    /* the immutable sandbox hides methods that change their self */

    unit_options.sandbox = TPL_SANDBOX_IMMUTABLE;
    args = unit_value("{}");
    check(tpl_get_attr(X, &args, &name, &out) == TPL_OK);
    rc = tpl_value_call(X, &out, NULL, 0, NULL, &out);
    unit_same(__FILE__, __LINE__, "sandbox", unit_result(rc, &out),
              "SecurityError: access to attribute 'get' of 'dict' object is "
              "unsafe.");
    unit_options.sandbox = TPL_SANDBOX_OFF;

    X->builtins = NULL;
}


static void
test_memory(void)
{
    tpl_int_t    rc;
    tpl_value_t  v, n, out;

    /* an arena that is spent is a LimitError */

    unit_start(16384);
    v = unit_value("'0123456789'");
    n = unit_value("100000");
    rc = tpl_binary(X, TPL_OP_MUL, &v, &n, &out);
    check(rc == TPL_ERROR && unit_error.exc == TPL_EXC_LIMIT);
}


int
main(void)
{
    unit_start(0);

    test_binary();
    test_compare();
    test_text();
    test_items();
    test_slices();
    test_undefined();
    test_iteration();
    test_sort();
    test_conversion();
    test_builtins();
    test_memory();

    return unit_end();
}
