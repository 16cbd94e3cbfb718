
/*
 * Methods of strings, lists, dicts, sets and numbers, Python's own functions
 * and those of tornado.escape, called as a template calls them.
 *
 * A case reads self.name(*args, **kwargs) -> result; what is expected was asked
 * of CPython 3.11, markupsafe 2.1 and Tornado 6.2.  A string "=len" among the
 * arguments stands for the function.
 */

#include "builtins/tpl_builtins.h"
#include "unit_value.h"


typedef struct {
    const char          *self;      /* NULL: a function of Tornado's */
    const char          *name;
    const char          *args;      /* a tuple */
    const char          *kwargs;    /* a dict or NULL */
    const char          *result;    /* repr(), or "TypeError: ..." */
    const char          *after;     /* what became of self, or NULL */
} test_case_t;


static tpl_builtins_t  *test_builtins;


static const test_case_t  test_str[] = {

    /* case and classes */
    { "'hELLO World'", "capitalize", "()", NULL, "'Hello world'", NULL },
    { "M'<b>'", "upper", "()", NULL, "Markup('<B>')", NULL },
    { "M'<B>'", "casefold", "()", NULL, "'<b>'", NULL },
    { "'straße ﬁ'", "upper", "()", NULL, "'STRASSE FI'", NULL },
    { "'it\"s ǆ'", "title", "()", NULL, "'It\"S ǅ'", NULL },
    { "'٣²'", "isdigit", "()", NULL, "True", NULL },
    { "'²'", "isdecimal", "()", NULL, "False", NULL },
    { "''", "isprintable", "()", NULL, "True", NULL },
    { "''", "isalpha", "()", NULL, "False", NULL },
    { "'Ab Cd'", "istitle", "()", NULL, "True", NULL },
    { "'_x1'", "isidentifier", "()", NULL, "True", NULL },
    { "'1x'", "isidentifier", "()", NULL, "False", NULL },

    /* searching: indices count characters */
    { "'aéaéa'", "find", "('éa', 2)", NULL, "3", NULL },
    { "'aéaéa'", "rfind", "('a', 0, -1)", NULL, "2", NULL },
    { "'abc'", "find", "('', 3)", NULL, "3", NULL },
    { "'abc'", "find", "('', 4)", NULL, "-1", NULL },
    { "'abc'", "rfind", "('',)", NULL, "3", NULL },
    { "'aaaa'", "count", "('aa',)", NULL, "2", NULL },
    { "'日本'", "count", "('',)", NULL, "3", NULL },
    { "'abc'", "index", "('x',)", NULL, "ValueError: substring not found",
      NULL },
    { "'abc'", "find", "('a', 'x')", NULL, "TypeError: slice indices must be "
      "integers or None or have an __index__ method", NULL },
    { "'abc'", "startswith", "(('x', 'b'), 1)", NULL, "True", NULL },
    { "'abc'", "endswith", "(('x', 1),)", NULL,
      "TypeError: tuple for endswith must only contain str, not int", NULL },
    { "'aaaaaaaaaaaaaaaaaaaaaaab'", "rindex", "('aaaaaaaaaaaaaaaaaab',)",
      NULL, "5", NULL },

    /* padding and stripping */
    { "'ab'", "center", "(5,)", NULL, "'  ab '", NULL },
    { "'ab'", "center", "(5, 'é')", NULL, "'ééabé'", NULL },
    { "M'a'", "ljust", "(3, '<')", NULL, "TypeError: The fill character must "
      "be exactly one character long", NULL },
    { "'-7'", "zfill", "(5,)", NULL, "'-0007'", NULL },
    { "'a\tbc\td'", "expandtabs", "(4,)", NULL, "'a   bc  d'", NULL },
    { "'xyabcyx'", "strip", "('xy',)", NULL, "'abc'", NULL },
    { "'éaé日'", "rstrip", "('日é',)", NULL, "'éa'", NULL },
    { "'\u3000 a\x1c'", "strip", "()", NULL, "'a'", NULL },
    { "'a'", "strip", "(1,)", NULL,
      "TypeError: strip arg must be None or str", NULL },
    { "'a'", "ljust", "(9000000000000000000,)", NULL,
      "OverflowError: string is too long: more than 67108864 bytes", NULL },
    { "'foobar'", "removeprefix", "('foo',)", NULL, "'bar'", NULL },
    { "'foobar'", "removesuffix", "(None,)", NULL,
      "TypeError: removesuffix() argument must be str, not None", NULL },

    /* splitting and joining */
    { "' a  b c '", "split", "()", NULL, "['a', 'b', 'c']", NULL },
    { "' a  b c '", "split", "(None, 1)", NULL, "['a', 'b c ']", NULL },
    { "' a  b c '", "rsplit", "()", "{'maxsplit': 1}", "[' a  b', 'c']",
      NULL },
    { "'a,b,,c'", "split", "()", "{'sep': ','}", "['a', 'b', '', 'c']",
      NULL },
    { "M'a<b'", "split", "('<',)", NULL, "[Markup('a'), Markup('b')]", NULL },
    { "'a'", "split", "('',)", NULL, "ValueError: empty separator", NULL },
    { "'a\r\nb\u2028c\n'", "splitlines", "(True,)", NULL,
      "['a\\r\\n', 'b\\u2028', 'c\\n']", NULL },
    { "'a-b-c'", "partition", "('-',)", NULL, "('a', '-', 'b-c')", NULL },
    { "'a-b-c'", "rpartition", "('-',)", NULL, "('a-b', '-', 'c')", NULL },
    { "'abc'", "rpartition", "('-',)", NULL, "('', '', 'abc')", NULL },
    { "','", "join", "(['a', M'b'],)", NULL, "'a,b'", NULL },
    { "M','", "join", "(['<', M'<', 1],)", NULL, "Markup('&lt;,<,1')", NULL },
    { "','", "join", "(['a', 1],)", NULL,
      "TypeError: sequence item 1: expected str instance, int found", NULL },
    { "','", "join", "(1,)", NULL, "TypeError: can only join an iterable",
      NULL },

    /* replacing */
    { "'aaa'", "replace", "('a', 'bc', 2)", NULL, "'bcbca'", NULL },
    { "'日本'", "replace", "('', '-')", NULL, "'-日-本-'", NULL },
    { "M'a<'", "replace", "('a', '<')", NULL, "Markup('&lt;<')", NULL },
    { "'a'", "replace", "('a', None)", NULL,
      "TypeError: replace() argument 2 must be str, not None", NULL },
    { "'abc'", "translate", "({97: 'xy', 98: None, 99: 233},)", NULL, "'xyé'",
      NULL },

    /* formatting */
    { "'{0:>4}|{a[k]}|{self}'", "format", "('x',)",
      "{'a': {'k': 1}, 'self': 2}", "'   x|1|2'", NULL },
    { "M'{}'", "format", "('<',)", NULL, "Markup('&lt;')", NULL },
    { "'{a}'", "format_map", "({'a': 1},)", NULL, "'1'", NULL },

    /* Markup alone */
    { "M'<!-- x --><p>a  b &lt;\n'", "striptags", "()", NULL, "'a b <'",
      NULL },
    { "M'&copy;&notit;&#x41;&#128;&x'", "unescape", "()", NULL, "'©¬it;A€&x'",
      NULL },
    { "M'x'", "escape", "('<',)", NULL, "Markup('&lt;')", NULL },
    { "'x'", "striptags", "()", NULL,
      "AttributeError: 'str' object has no attribute 'striptags'", NULL },

    { NULL, NULL, NULL, NULL, NULL, NULL }
};


static const test_case_t  test_containers[] = {

    /* list */
    { "[1]", "append", "([2],)", NULL, "None", "[1, [2]]" },
    { "[1]", "extend", "('ab',)", NULL, "None", "[1, 'a', 'b']" },
    { "[1]", "extend", "(5,)", NULL, "TypeError: 'int' object is not iterable",
      "[1]" },
    { "[1, 2]", "insert", "(-1, 'x')", NULL, "None", "[1, 'x', 2]" },
    { "[1, 2]", "insert", "(99, 'x')", NULL, "None", "[1, 2, 'x']" },
    { "[1, 2, 3]", "pop", "()", NULL, "3", "[1, 2]" },
    { "[1, 2, 3]", "pop", "(0,)", NULL, "1", "[2, 3]" },
    { "[1]", "pop", "(5,)", NULL, "IndexError: pop index out of range",
      NULL },
    { "[]", "pop", "()", NULL, "IndexError: pop from empty list", NULL },
    { "[1, 2, 1.0]", "count", "(True,)", NULL, "2", NULL },
    { "[1, 2, 1]", "index", "(1, 1)", NULL, "2", NULL },
    { "['a']", "index", "('b',)", NULL, "ValueError: 'b' is not in list",
      NULL },
    { "(1,)", "index", "(2,)", NULL,
      "ValueError: tuple.index(x): x not in tuple", NULL },
    { "[1, 2]", "remove", "(1.0,)", NULL, "None", "[2]" },
    { "[1, 2, 3]", "reverse", "()", NULL, "None", "[3, 2, 1]" },
    { "[1, 2]", "clear", "()", NULL, "None", "[]" },
    { "['b', 'A', 'c']", "sort", "()", "{'reverse': True}", "None",
      "['c', 'b', 'A']" },
    { "[-3, 2, -1]", "sort", "()", "{'key': '=abs'}", "None", "[-1, 2, -3]" },
    { "[1, 'a']", "sort", "()", NULL, "TypeError: '<' not supported between "
      "instances of 'str' and 'int'", NULL },
    { "[1]", "sort", "(1,)", NULL,
      "TypeError: sort() takes no positional arguments", NULL },

    /* dict */
    { "{'a': 1}", "get", "('b',)", NULL, "None", NULL },
    { "{'a': 1}", "get", "('b', 2)", NULL, "2", NULL },
    { "{'a': 1}", "get", "([],)", NULL, "TypeError: unhashable type: 'list'",
      NULL },
    { "{'a': 1, 2: 'b'}", "items", "()", NULL,
      "dict_items([('a', 1), (2, 'b')])", NULL },
    { "{'a': 1}", "keys", "()", NULL, "dict_keys(['a'])", NULL },
    { "{'a': 1}", "values", "()", NULL, "dict_values([1])", NULL },
    { "{'a': 1}", "pop", "('a',)", NULL, "1", "{}" },
    { "{'a': 1}", "pop", "('b',)", NULL, "KeyError: 'b'", "{'a': 1}" },
    { "{'a': 1, 'b': 2}", "popitem", "()", NULL, "('b', 2)", "{'a': 1}" },
    { "{}", "popitem", "()", NULL,
      "KeyError: 'popitem(): dictionary is empty'", NULL },
    { "{'a': 1}", "setdefault", "('b', 2)", NULL, "2", "{'a': 1, 'b': 2}" },
    { "{'a': 1}", "update", "([['a', 2], 'bc'],)", "{'d': 4}", "None",
      "{'a': 2, 'b': 'c', 'd': 4}" },
    { "{'a': 1}", "update", "([1],)", NULL, "TypeError: cannot convert "
      "dictionary update sequence element #0 to a sequence", NULL },

    /* set */
    { "{1, 2}", "add", "(3,)", NULL, "None", "{1, 2, 3}" },
    { "{1, 2}", "union", "([2, 3], (4,))", NULL, "{1, 2, 3, 4}", NULL },
    { "{1, 2, 3}", "intersection", "([3, 1],)", NULL, "{1, 3}", NULL },
    { "{1, 2, 3}", "difference", "([3], [1])", NULL, "{2}", NULL },
    { "{1, 2}", "symmetric_difference", "([2, 3],)", NULL, "{1, 3}", NULL },
    { "{1, 2}", "update", "([3], 'a')", NULL, "None", "{1, 2, 3, 'a'}" },
    { "{1, 2}", "discard", "(5,)", NULL, "None", "{1, 2}" },
    { "{1, 2}", "remove", "(5,)", NULL, "KeyError: 5", "{1, 2}" },
    { "{1, 2}", "issubset", "([1, 2, 3],)", NULL, "True", NULL },
    { "{1, 2}", "issuperset", "([1, 3],)", NULL, "False", NULL },
    { "{1, 2}", "isdisjoint", "([3],)", NULL, "True", NULL },
    { "{1, 2}", "pop", "()", NULL, "1", "{2}" },

    /* numbers */
    { "-255", "bit_length", "()", NULL, "8", NULL },
    { "0.1", "as_integer_ratio", "()", NULL,
      "(3602879701896397, 36028797018963968)", NULL },
    { "2.5", "hex", "()", NULL, "'0x1.4000000000000p+1'", NULL },
    { "2.0", "is_integer", "()", NULL, "True", NULL },

    { NULL, NULL, NULL, NULL, NULL, NULL }
};


static const test_case_t  test_functions[] = {

    /* types */
    { NULL, "str", "(1.0,)", NULL, "'1.0'", NULL },
    { NULL, "str", "(M'<',)", NULL, "'<'", NULL },
    { NULL, "int", "('0x1f', 16)", NULL, "31", NULL },
    { NULL, "int", "('z',)", "{'base': 8}",
      "ValueError: invalid literal for int() with base 8: 'z'", NULL },
    { NULL, "int", "(5, 16)", NULL,
      "TypeError: int() can't convert non-string with explicit base", NULL },
    { NULL, "float", "(' 1e3 ',)", NULL, "1000.0", NULL },
    { NULL, "bool", "()", NULL, "False", NULL },
    { NULL, "list", "('ab',)", NULL, "['a', 'b']", NULL },
    { NULL, "tuple", "([1, 2],)", NULL, "(1, 2)", NULL },
    { NULL, "dict", "([['a', 1]],)", "{'b': 2}", "{'a': 1, 'b': 2}", NULL },
    { NULL, "set", "([1, 1],)", NULL, "{1}", NULL },
    { NULL, "isinstance", "(True, '=int')", NULL, "True", NULL },
    { NULL, "isinstance", "(1, ('=str', ('=list', '=float')))", NULL, "False",
      NULL },
    { NULL, "isinstance", "(1, 5)", NULL, "TypeError: isinstance() arg 2 must "
      "be a type, a tuple of types, or a union", NULL },
    { NULL, "getattr", "({'a': 1}, 'b', 7)", NULL, "7", NULL },
    { NULL, "hasattr", "({'a': 1}, 'a')", NULL, "True", NULL },

    /* iterables */
    { NULL, "len", "(5,)", NULL,
      "TypeError: object of type 'int' has no len()", NULL },
    { NULL, "sorted", "([3, 1, 2],)", "{'reverse': True}", "[3, 2, 1]",
      NULL },
    { NULL, "sorted", "(['bb', 'a'],)", "{'key': '=len'}", "['a', 'bb']",
      NULL },
    { NULL, "sorted", "([1], 2)", NULL,
      "TypeError: sorted expected 1 argument, got 2", NULL },
    { NULL, "min", "(3, 1, 2)", NULL, "1", NULL },
    { NULL, "max", "([-5, 3],)", "{'key': '=abs'}", "-5", NULL },
    { NULL, "max", "([],)", NULL,
      "ValueError: max() arg is an empty sequence", NULL },
    { NULL, "max", "([],)", "{'default': 0}", "0", NULL },
    { NULL, "sum", "([1, 2.5],)", NULL, "3.5", NULL },
    { NULL, "sum", "([[1], [2]], [0])", NULL, "[0, 1, 2]", NULL },
    { NULL, "sum", "(['a'], '')", NULL,
      "TypeError: sum() can't sum strings [use ''.join(seq) instead]", NULL },
    { NULL, "any", "([0, 1],)", NULL, "True", NULL },
    { NULL, "all", "([0, 1],)", NULL, "False", NULL },
    { NULL, "range", "(1, 2, 0)", NULL,
      "ValueError: range() arg 3 must not be zero", NULL },
    { NULL, "next", "([1],)", NULL,
      "TypeError: 'list' object is not an iterator", NULL },

    /* numbers */
    { NULL, "abs", "(-0.0,)", NULL, "0.0", NULL },
    { NULL, "round", "(2.5,)", NULL, "2", NULL },
    { NULL, "round", "(2.675, 2)", NULL, "2.67", NULL },
    { NULL, "round", "(25.0, -1)", NULL, "20.0", NULL },
    { NULL, "round", "(999.5, -1)", NULL, "1000.0", NULL },
    { NULL, "round", "(-25, -1)", NULL, "-20", NULL },
    { NULL, "round", "(1.7e308, -308)", NULL,
      "OverflowError: rounded value too large to represent", NULL },
    { NULL, "round", "('a',)", NULL,
      "TypeError: type str doesn't define __round__ method", NULL },
    { NULL, "divmod", "(-7, 3)", NULL, "(-3, 2)", NULL },
    { NULL, "divmod", "(1, 0)", NULL,
      "ZeroDivisionError: integer division or modulo by zero", NULL },
    { NULL, "pow", "(2, 10, -7)", NULL, "-5", NULL },
    { NULL, "pow", "(2, -1, 5)", NULL, "3", NULL },
    { NULL, "pow", "(2, -1, 4)", NULL,
      "ValueError: base is not invertible for the given modulus", NULL },
    { NULL, "hex", "(-255,)", NULL, "'-0xff'", NULL },
    { NULL, "bin", "(5,)", NULL, "'0b101'", NULL },

    /* text */
    { NULL, "chr", "(8364,)", NULL, "'€'", NULL },
    { NULL, "ord", "('€',)", NULL, "8364", NULL },
    { NULL, "ord", "('ab',)", NULL, "TypeError: ord() expected a character, "
      "but string of length 2 found", NULL },
    { NULL, "ascii", "('é€',)", NULL, "\"'\\\\xe9\\\\u20ac'\"", NULL },
    { NULL, "format", "(3.14159, '.2f')", NULL, "'3.14'", NULL },

    { NULL, NULL, NULL, NULL, NULL, NULL }
};


static const test_case_t  test_escape[] = {

    { NULL, "escape", "(M'<a href=\"x\">',)", NULL,
      "'&lt;a href=&quot;x&quot;&gt;'", NULL },
    { NULL, "xhtml_escape", "(5,)", NULL, "TypeError: Expected bytes, unicode, "
      "or None; got <class 'int'>", NULL },
    { NULL, "xhtml_unescape", "('&lt;&#65;&#x42;&lang;&nope;&amp',)", NULL,
      "'<AB\u2329&nope;&amp'", NULL },
    { NULL, "json_encode", "({'a': '</script>é'},)", NULL,
      "'{\"a\": \"<\\\\/script>\\\\u00e9\"}'", NULL },
    { NULL, "json_decode", "('[1, {}]',)", NULL, "[1, {}]", NULL },
    { NULL, "squeeze", "(' a \n\t b ',)", NULL, "'a b'", NULL },
    { NULL, "url_escape", "('a b/é~',)", NULL, "'a+b%2F%C3%A9~'", NULL },
    { NULL, "url_escape", "('a b/', False)", NULL, "'a%20b/'", NULL },
    { NULL, "url_unescape", "('a+b%2F%c3%a9%ff%zz',)", NULL,
      "'a b/é\ufffd%zz'", NULL },

    { NULL, "linkify", "('hello http://world.com/!',)", NULL,
      "'hello <a href=\"http://world.com/\">http://world.com/</a>!'", NULL },
    { NULL, "linkify", "('(www.a.com/x(y))',)", NULL,
      "'(<a href=\"http://www.a.com/x(y)\">www.a.com/x(y)</a>)'", NULL },
    { NULL, "linkify", "('http://a.com/?x=1&y=2',)", NULL,
      "'<a href=\"http://a.com/?x=1&amp;y=2\">http://a.com/?x=1&amp;y=2</a>'",
      NULL },
    { NULL, "linkify", "('www.a.com javascript://x ftp://b',)",
      "{'require_protocol': True, 'permitted_protocols': ['ftp']}",
      "'www.a.com javascript://x <a href=\"ftp://b\">ftp://b</a>'", NULL },
    { NULL, "linkify", "('http:///',)", NULL,
      "'<a href=\"http:///\">http:///</a>'", NULL },
    { NULL, "linkify",
      "('http://example.com/a/very/long/path/of/an/address.html',)",
      "{'shorten': True, 'extra_params': ' rel=\"x\" '}",
      "'<a href=\"http://example.com/a/very/long/path/of/an/address.html\" "
      "rel=\"x\" "
      "title=\"http://example.com/a/very/long/path/of/an/address.html\">"
      "http://example.com/a...</a>'", NULL },

    { NULL, NULL, NULL, NULL, NULL, NULL }
};


static const tpl_builtin_t *
test_function(const char *name)
{
    tpl_name_t  key;

    key = unit_name(name);

    return tpl_builtins_find(test_builtins, TPL_TORNADO_GLOBALS, &key);
}


/* "=len" becomes the function, also inside of tuples */

static void
test_resolve(tpl_value_t *v)
{
    char      name[32];
    uint32_t  i;

    if (v->type == TPL_TUPLE) {
        for (i = 0; i < v->u.list->n; i++) {
            test_resolve(&v->u.list->items[i]);
        }

    } else if (v->type == TPL_STRING && v->len > 1 && v->len < sizeof(name)
               && v->u.s[0] == '=')
    {
        memcpy(name, v->u.s + 1, v->len - 1);
        name[v->len - 1] = '\0';

        tpl_value_function(v, test_function(name));
    }
}


static tpl_int_t
test_call(const test_case_t *c, tpl_value_t *self, tpl_value_t *out)
{
    uint32_t           i;
    tpl_name_t         name;
    tpl_value_t        callee, args, kwargs;
    tpl_dict_entry_t  *e;

    args = unit_value(c->args);
    test_resolve(&args);

    kwargs = unit_value(c->kwargs ? c->kwargs : "{}");

    for (i = 0; (e = tpl_dict_next(kwargs.u.dict, &i)) != NULL; ) {
        test_resolve(&e->value);
    }

    if (c->self) {
        *self = unit_value(c->self);
        name = unit_name(c->name);

        if (tpl_get_attr(X, self, &name, &callee) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        tpl_value_function(&callee, test_function(c->name));
    }

    return tpl_value_call(X, &callee, args.u.list->items, args.u.list->n,
                          kwargs.u.dict, out);
}


static void
test_all(const test_case_t *c)
{
    char         what[256];
    tpl_int_t    rc;
    tpl_value_t  self, out;

    for ( /* void */ ; c->name; c++) {
        tpl_value_missing(&self);
        tpl_value_missing(&out);

        snprintf(what, sizeof(what), "%s%s%s%s", c->self ? c->self : "",
                 c->self ? "." : "", c->name, c->args);

        rc = test_call(c, &self, &out);

        unit_same(__FILE__, __LINE__, what, unit_result(rc, &out), c->result);

        if (c->after) {
            unit_same(__FILE__, __LINE__, what, unit_result(TPL_OK, &self),
                      c->after);
        }
    }
}


static tpl_value_t
test_value(const char *self, const char *name, const char *args)
{
    tpl_value_t  v, out;
    test_case_t  c = { self, name, args, NULL, NULL, NULL };

    check(test_call(&c, &v, &out) == TPL_OK);

    return out;
}


/* what is lazy in Python is an iterator here, and is walked once */

static void
test_iterators(void)
{
    tpl_value_t  v, list;

    v = test_value(NULL, "enumerate", "('ab', 1)");
    check(v.type == TPL_ITERATOR);
    check(tpl_to_list(X, &v, &list) == TPL_OK);
    unit_same(__FILE__, __LINE__, "enumerate", unit_result(TPL_OK, &list),
              "[(1, 'a'), (2, 'b')]");
    check(tpl_to_list(X, &v, &list) == TPL_OK && list.u.list->n == 0);

    v = test_value(NULL, "zip", "([1, 2, 3], 'ab')");
    check(tpl_to_list(X, &v, &list) == TPL_OK);
    unit_same(__FILE__, __LINE__, "zip", unit_result(TPL_OK, &list),
              "[(1, 'a'), (2, 'b')]");

    v = test_value(NULL, "map", "('=str', [1, 2])");
    check(tpl_to_list(X, &v, &list) == TPL_OK);
    unit_same(__FILE__, __LINE__, "map", unit_result(TPL_OK, &list),
              "['1', '2']");

    v = test_value(NULL, "filter", "(None, [0, 1, ''])");
    check(tpl_to_list(X, &v, &list) == TPL_OK);
    unit_same(__FILE__, __LINE__, "filter", unit_result(TPL_OK, &list),
              "[1]");

    v = test_value(NULL, "reversed", "((1, 2, 3),)");
    check(tpl_to_list(X, &v, &list) == TPL_OK);
    unit_same(__FILE__, __LINE__, "reversed", unit_result(TPL_OK, &list),
              "[3, 2, 1]");
}


/* a view shows what the dict has become */

static void
test_views(void)
{
    int64_t      n;
    tpl_uint_t   found;
    tpl_name_t   name;
    tpl_value_t  dict, method, view, key, value;

    dict = unit_value("{'a': 1}");
    name = unit_name("items");

    check(tpl_get_attr(X, &dict, &name, &method) == TPL_OK);
    check(tpl_value_call(X, &method, NULL, 0, NULL, &view) == TPL_OK);

    key = unit_value("'b'");
    value = unit_value("2");
    check(tpl_dict_set(X, dict.u.dict, &key, &value) == TPL_OK);

    unit_same(__FILE__, __LINE__, "items", unit_result(TPL_OK, &view),
              "dict_items([('a', 1), ('b', 2)])");

    check(tpl_length(X, &view, &n) == TPL_OK && n == 2);

    key = unit_value("('b', 2)");
    check(tpl_compare(X, TPL_CMP_IN, &key, &view, &found) == TPL_OK && found);

    key = unit_value("('b', 3)");
    check(tpl_compare(X, TPL_CMP_IN, &key, &view, &found) == TPL_OK
          && !found);
}


/* what takes one entry after another stays linear, whatever holes there are */

static void
test_pop_all(void)
{
    int64_t               i, before;
    tpl_name_t            name;
    tpl_value_t           dict, key, out;
    const tpl_builtin_t  *popitem;

    name = unit_name("popitem");
    popitem = tpl_builtins_find(test_builtins, tpl_methods_of(TPL_DICT),
                                &name);

    dict = unit_value("{}");

    for (i = 0; i < 20000; i++) {
        tpl_value_int(&key, i);
        check(tpl_dict_set(X, dict.u.dict, &key, &key) == TPL_OK);
    }

    for (i = 1; i < 20000; i += 2) {
        tpl_value_int(&key, i);
        check(tpl_dict_delete(X, dict.u.dict, &key, NULL) == TPL_OK);
    }

    before = X->fuel;

    for (i = 0; i < 10000; i++) {
        check(tpl_builtin_call(X, popitem, &dict, 1, NULL, &out) == TPL_OK);
        check(out.u.list->items[0].u.i == 19998 - 2 * i);
    }

    check(before - X->fuel < 100000);

    tpl_value_int(&key, 0);
    check(tpl_dict_get(X, dict.u.dict, &key, &out) == TPL_DECLINED);
    check(tpl_dict_set(X, dict.u.dict, &key, &key) == TPL_OK);
    check(tpl_dict_get(X, dict.u.dict, &key, &out) == TPL_OK);
}


int
main(void)
{
    tpl_arena_t  *arena;

    unit_start(0);

    arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    test_builtins = tpl_builtins_create(arena);

    if (test_builtins == NULL
        || tpl_builtins_register(test_builtins) != TPL_OK)
    {
        printf("no memory for the builtins\n");
        return 2;
    }

    unit_exec.builtins = test_builtins;
    unit_options.python = 1;

    test_all(test_str);
    test_all(test_containers);
    test_all(test_functions);
    test_all(test_escape);

    test_iterators();
    test_views();
    test_pop_all();

    tpl_arena_destroy(arena);

    return unit_end();
}
