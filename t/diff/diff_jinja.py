#!/usr/bin/python3
"""Random templates through Jinja2 and through `tpl batch`: the same bytes?

    diff_jinja.py [--tpl build/tpl] [--seed 1] [--cases 20000] [--show 10]

A case is a template made from a grammar of the whole language (statements,
operators, literals, every filter, test and function with all its arguments by
place and by keyword, the methods of str, list, dict, int and float, format
specs) with odd values, under random options (delimiters, line statements,
white space, undefined kinds, autoescape, sandbox, translations); the same for
the same seed and number.  Both engines render it; a case agrees when both
give the same text, or both raise an error and name the same line.  What does
not agree is made smaller for as long as it still disagrees and printed.

Not compared, because the difference is known and documented: integers beyond 64
bits, texts that show an object's address or Markup's repr, generators that
nobody walks, the order of a set, and an include without context inside of a
captured block, which Jinja2 writes outside of it.
"""
import json
import os
import re
import sys

import engines

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "engine"))

import test_cases  # noqa: E402

CONTEXT = {
    "n": 42, "z": 0, "neg": -7, "f": 3.5, "tiny": 1e-7, "big": 1e17,
    "third": -0.3333333333333333, "t": True, "no": False, "none_": None,
    "s": "hello world", "e": "", "u": "Grüße, Ελλάδα — ß ŉ İ 日本 \U0001f600",
    "html": "<a href=\"x\">it's & that</a>", "m": {"__markup__": "<b>ok</b> & c"},
    "num": "12.50", "lines": "one\n  two\n\nthree\tx\r\nfour", "w": "  pad  ",
    "l": [3, 1, 2], "ls": ["b", "A", "c", "a", "B"], "lm": [1, "a", None, 2.5],
    "nested": [[1, 2], [3, [4, 5]], []],
    "d": {"a": 1, "b": [1, 2], "c": {"x": "y"}}, "de": {}, "le": [],
    "dn": {"items": 5, "x-y": "<q>", "a": None, "keys": "k", "Z": 1.5},
    "ds": [{"k": "x", "v": 2}, {"k": "y", "v": 1}, {"k": "x", "v": 3}],
    "rows": [{"k": "<x>", "n": 1, "f": 2.5, "s": True}, {"k": "", "n": 0, "f": 0.0},
             {"n": -5, "k": "x", "f": 1, "s": None}, {"k": 7, "n": "7", "s": []},
             {"k": {"__markup__": "<b>"}, "n": 1 << 60, "f": 1e300, "s": {}},
             {"f": 3, "s": "x", "k": "a & b", "n": 2}, {"k": {"n": 1}, "n": 2},
             {}, 4, "x"],
    "tree": [{"n": "a", "sub": [{"n": "b", "sub": []}]}, {"n": "c", "sub": []}],
    "lh": [{"__markup__": "<i>"}, "<j>", 5], "fmt": "{0}|{1!r:>8}|{k[0]}",
    "url": "see http://example.com/a?b=1&c=2 and (www.example.org), me@mail.org.",
    "long": "the quick brown-fox jumps over the lazy dog " * 3,
    "tags": "<p class='a'>one <!-- no --> two</p>\n<br/> &lt;3 &amp; &nbsp;x",
}
KINDS = {
    "int": ["n", "z", "neg", "t"], "num": ["n", "f", "tiny", "third", "big", "neg"],
    "str": ["s", "e", "u", "html", "m", "num", "lines", "w", "url", "long",
            "tags"],
    "list": ["l", "ls", "lm", "le", "nested", "lh"], "nums": ["l", "le"],
    "strs": ["ls", "lh"], "dicts": ["ds"], "dict": ["d", "de", "dn"],
    "bool": ["t", "no"],
}
NAMES = sorted(set(CONTEXT) - {"rows"}) + ["missing", "gone"]

# what is not in the text of a template; delimiters are put in at the end
BS, BE, VS, VE, CS, CE, LS, LC = "\ue000\ue001\ue002\ue003\ue004\ue005\ue006\ue007"

HELPERS = {
    "inc": "[{{ s }}|{{ x }}|{{ missing }}{% set s = 3 %}{{ s }}]",
    "lib": "{% macro hi(a, b='B', c=none) %}({{ a }}/{{ b }}/{{ c }}"
           "{{ varargs }}{{ kwargs }}){% endmacro %}{% set val = 7 %}"
           "{% macro wrap() %}<i>{{ caller() }}</i>{% endmacro %}"
           "{% macro who(x=s) %}{{ x }}{{ missing }}{% endmacro %}"
           "{% macro each(l) %}{% for i in l %}{{ caller(i, loop.index) }};"
           "{% endfor %}{% endmacro %}{% set _own = 1 %}text {{ s }}",
    "base": "<{% block one %}1{{ s }}{% endblock %}|"
            "{% for i in [1, 2] %}{% block two scoped %}2{{ i }}{% endblock %}"
            "{% endfor %}{% block three %}{{ self.one() }}{% endblock %}>",
    "mid": "{% extends 'base' %}{% block one %}m{{ super() }}"
           "{% block four %}4{% endblock %}{% endblock %}",
    "req": "{% block one required %}{% endblock %}!{% block two %}{% endblock %}",
}
DELIMITERS = [
    ("<%", "%>", "${", "}", "<%#", "%>"), ("[%", "%]", "[[", "]]", "[#", "#]"),
    ("<?", "?>", "<?=", "?>", "<!--", "-->"), ("{%", "%}", "{{", "}}", "{*", "*}"),
]

TEXTS = ["a", " b ", "\n", "  \n", "x\n  y", "<p>", "ü", "\t", "", "\n\n", " ",
         "}", "%", "#", "\r\n", "{ {"]
STRINGS = ["''", "'a'", "'Zb'", "'%s|%s'", "'<x>'", "'é'", "' '", "'a,b'",
           "'x\\n'", "\"it's\"", "'{}-{}'", "'k'", "'hello'", "'12'", "'-3.7'",
           "'A b C'", "'\\u00e9\\x41'", "'ab' 'c'", "'0x1F'", "'&amp;'"]
FLOATS = ["1.5", "0.1", "2.0", "1e3", "1e-5", "12.345", "-2.5", "1e16", "0.5",
          "123456.789", "-0.0"]
SPECS = ["", "5", ">8", "<8", "^9", "*^9", "05", "+", " ", ".2f", ".3", "e", "g",
         "%", "x", "#x", "b", "o", "c", "d", "n", ",", "_", "s", "10.3f", "08.2f",
         ".1%", "+.1e", "=+6", ">+7.1f", "!", "3s", ".2s", ",.2f", "#b", "G", "X"]
PERCENTS = ["%s", "%r", "%d", "%5d", "%-5d|", "%05d", "%+d", "%x", "%#x", "%X",
            "%o", "%e", "%.2f", "%g", "%10.3f", "%c", "%%", "%5s", "%-5s|",
            "%.2s", "%i", "%a", "%(k)s", "%(a)5s", "%*d", "%#o", "% d", "%G", "%u"]


class Gen:
    def __init__(self, rnd, case):
        self.r = rnd
        self.case = case
        self.vars = []
        self.loops = 0
        self.macros = []

    def pick(self, *options):
        return self.r.choice(options)

    def maybe(self, p):
        return self.r.random() < p

    # expressions: kind is what is likely to come out

    def literal(self, kind="any"):
        if kind == "any":
            kind = self.pick("int", "str", "str", "num", "list", "dict", "bool",
                             "none", "tuple")
        if kind == "int":
            return self.pick("0", "1", "2", "3", "5", "-1", "10", "255", "0x1f",
                             "0b101", "0o17", "1_000", "7")
        if kind == "num":
            return self.r.choice(FLOATS)
        if kind == "str":
            return self.r.choice(STRINGS)
        if kind in ("list", "nums"):
            return self.pick("[]", "[1, 2]", "[3, 1, 2]", "(1, 2)", "[5]") \
                if kind == "nums" or self.maybe(.5) else self.pick(
                    "['b', 'a']", "['x', 1, none]", "[[1], [2, 3]]", "('a',)",
                    "[true, 1, 1.0]", "[('a', 1), ('b', 2)]", "['<', 'B', 'b']")
        if kind == "strs":
            return self.pick("['b', 'a']", "'abc'", "['<', 'B', 'b']", "()")
        if kind == "dicts":
            return self.pick("[{'k': 'b', 'v': 1}, {'k': 'A', 'v': 1}]", "ds",
                             "[{'v': 5}, {'k': 'z'}]")
        if kind == "dict":
            return self.pick("{}", "{'a': 1}", "{'b': 2, 'a': '<'}",
                             "{'k': {'a': [1]}}", "{1: 'x', none: 2}",
                             "{'B': 1, 'a': 3, 'A': 2}", "{(1, 2): 3}")
        if kind == "tuple":
            return self.pick("()", "(1,)", "(1, 'a')", "('a', ('b', 2))")
        if kind == "bool":
            return self.pick("true", "false", "True", "False")
        return self.pick("none", "None")

    def name(self, kind="any"):
        if self.vars and self.maybe(.3):
            return self.r.choice(self.vars)
        return self.r.choice(KINDS.get(kind, NAMES))

    def leaf(self, kind="any"):
        return self.name(kind) if self.maybe(.6) else self.literal(kind)

    def expr(self, depth=3, kind="any"):
        if self.maybe(.06):
            kind = "any"
        if depth <= 0 or self.maybe(.2):
            return self.leaf(kind)
        d = depth - 1
        if kind == "any":
            kind = self.pick("int", "num", "str", "str", "str", "list", "dict",
                             "bool", "any", "any", "any")
        make = getattr(self, "make_" + kind, None)
        if make is None:
            return self.leaf(kind)
        return make(d)

    def atom(self, depth, kind="any"):
        text = self.expr(depth, kind)
        return text if re.fullmatch(r"[A-Za-z_][\w.]*|'[^'\\]*'|\d+", text) \
            else "(%s)" % text

    def make_any(self, d):
        return self.pick(self.filtered, self.filtered, self.method, self.ternary,
                         self.lookup, self.logic, self.call, self.container)(d)

    def make_int(self, d):
        a, b = self.atom(d, "int"), self.atom(d, "int")
        return self.pick(
            "%s + %s" % (a, b), "%s - %s" % (a, b), "%s * %s" % (a, self.pick(
                "2", "3", "-1")), "%s // %s" % (a, self.atom(d, "num")),
            "%s %% %s" % (a, b), "-%s" % a, "+%s" % a, self.f("int", d),
            self.f("length", d), self.f("wordcount", d), self.f("sum", d),
            "%s.%s" % (self.atom(d, "str"), self.pick(
                "count('l')", "find('o')", "rfind('l')", "index('o')",
                "find('o', 3)", "count('', 1, 4)", "rindex('l', 0, -1)")),
            "%s ** %s" % (a, self.pick("2", "0", "3")),
            "%s.%s" % (self.atom(d, "list"), self.pick("index(1)", "count(1)",
                                                       "index('a', 1)")),
            "%s.%s" % (a, self.pick("bit_length()", "bit_count()", "real",
                                    "conjugate()", "as_integer_ratio()")),
            "range(%s).%s" % (self.pick("9", "2, 9", "9, 0, -2"), self.pick(
                "index(4)", "count(3)", "start", "stop", "step")))

    def make_num(self, d):
        a, b = self.atom(d, "num"), self.atom(d, "num")
        return self.pick(
            "%s + %s" % (a, b), "%s - %s" % (a, b), "%s * %s" % (a, b),
            "%s / %s" % (a, b), "%s // %s" % (a, b), "%s %% %s" % (a, b),
            self.f("float", d), self.f("round", d), self.f("abs", d),
            "%s ** %s" % (a, self.pick("2", "-1", "0.5")),
            "%s.%s" % (self.atom(d, "num"), self.pick(
                "is_integer()", "hex()", "as_integer_ratio()", "real", "imag")),
            self.f("sum", d), "%s|max" % self.atom(d, "nums"))

    def make_str(self, d):
        r = self.r.random()
        if r < .45:
            return self.f(self.r.choice(STR_FILTERS), d)
        if r < .62:
            return "%s.%s" % (self.atom(d, "str"), self.str_call(d))
        a, b = self.atom(d, "str"), self.atom(d, "str")
        return self.pick(
            "%s ~ %s" % (a, self.atom(d)), "%s ~ %s ~ %s" % (
                a, self.atom(d), b), "%s + %s" % (a, b),
            "%s * %s" % (a, self.pick("2", "0", "-1", "3", "t")),
            "%s[%s]" % (a, self.slice()), "%s[%s]" % (a, self.int()),
            self.percent(d), self.percent(d), self.braces(d), self.braces(d),
            self.ternary(d, "str"))

    def make_list(self, d):
        r = self.r.random()
        if r < .55:
            return self.f(self.r.choice(LIST_FILTERS), d)
        return self.pick(
            "%s + %s" % (self.atom(d, "list"), self.atom(d, "list")),
            "%s * %s" % (self.atom(d, "list"), self.pick("2", "0")),
            "%s[%s]" % (self.atom(d, "list"), self.slice()),
            "[%s, %s]" % (self.expr(d), self.expr(d)),
            "(%s, %s)" % (self.expr(d), self.expr(d)),
            "range(%s)|list" % self.pick("5", "1, 9, 3", "3, 0, -1", "z", "0"),
            "range(%s)" % self.pick("5", "1, 9, 3", "z"),
            "%s.%s" % (self.atom(d, "str"), self.pick(
                "split()", "split('l')", "split('o', 1)", "rsplit('l', 1)",
                "splitlines()", "splitlines(true)", "partition('l')",
                "rpartition('o')", "split(none, 2)", "split(sep=' ', maxsplit=1)",
                "rsplit(maxsplit=1)")),
            "%s.%s" % (self.atom(d, "dict"), self.pick(
                "items()|list", "keys()|list", "values()|list", "items()",
                "keys()", "values()", "items()|sort(attribute='0')")),
            "%s.copy()" % self.atom(d, "list"))

    def make_nums(self, d):
        return self.pick("[%s, %s]" % (self.expr(d, "num"), self.expr(d, "num")),
                         "range(%s)" % self.expr(0, "int"), "l", "nested|first",
                         "%s|map('length')" % self.atom(d, "strs"))

    def make_strs(self, d):
        return self.pick("[%s, %s]" % (self.expr(d, "str"), self.expr(d, "str")),
                         "ls", "lh", "d", "%s.split()" % self.atom(d, "str"))

    def make_dicts(self, d):
        return self.pick("ds", "[{'k': %s, 'v': %s}] + ds" % (
            self.expr(d, "str"), self.expr(d, "int")), "ds[:2]", "tree")

    def make_dict(self, d):
        return self.pick("{'a': %s, 'b': %s}" % (self.expr(d), self.expr(d)),
                         "dict(a=%s)" % self.expr(d), "dict(d, z=1)",
                         "dict([('a', %s)])" % self.expr(d), "dict(**d)",
                         "%s.copy()" % self.atom(d, "dict"), "ds[0]",
                         "{%s: 1}" % self.expr(d), "dict.fromkeys('ab', 1)",
                         "dict(%s|groupby('k'))" % self.atom(d, "dicts"))

    def make_bool(self, d):
        return self.pick(self.compare, self.compare, self.tested, self.tested,
                         self.logic)(d)

    def compare(self, d):
        ops = ("==", "!=", "<", ">", "<=", ">=")
        kind = self.pick("int", "num", "str", "list", "any")
        a, b = self.atom(d, kind), self.atom(d, kind)
        return self.pick(
            "%s %s %s" % (a, self.r.choice(ops), b),
            "%s %s %s" % (a, self.r.choice(ops), b),
            "%s %s %s %s %s" % (a, self.r.choice(ops), b, self.r.choice(ops),
                                self.atom(d, kind)),
            "%s %s %s" % (self.atom(d), self.pick("in", "not in"),
                          self.atom(d, self.pick("list", "str", "dict"))),
            "not %s" % a)

    def logic(self, d):
        return self.pick("%s and %s", "%s or %s", "%s or %s and not 1") % (
            self.atom(d), self.atom(d))

    def ternary(self, d, kind="any"):
        return "%s if %s%s" % (self.atom(d, kind), self.atom(d, "bool"),
                               self.pick("", " else " + self.atom(d, kind),
                                         " else " + self.atom(d, kind)))

    def lookup(self, d):
        return self.pick(
            "%s.%s" % (self.atom(d, "dict"), self.pick(
                "a", "b", "k", "x", "c.x", "missing", "items", "b.0", "a.real")),
            "%s[%s]" % (self.atom(d, "dict"), self.pick(
                "'a'", "'k'", "'items'", "'missing'", "1", self.expr(d))),
            "%s[%s]" % (self.atom(d, "list"), self.pick(
                "0", "-1", "1", "99", "'a'", self.expr(d, "int"))),
            "%s.%s" % (self.atom(d, "list"), self.pick("0", "1", "0.0")),
            "%s[%s]" % (self.atom(d), self.slice()),
            "%s.__class__%s" % (self.atom(d), self.pick("", ".__name__")),
            "%s.%s" % (self.name(), self.pick("a", "k", "missing", "x.y")))

    def container(self, d):
        return self.pick("[%s, %s]", "(%s, %s)", "{'a': %s, 'b': %s}",
                         "[%s] + [%s]", "(%s,) + (%s,)") % (
                             self.expr(d), self.expr(d))

    def call(self, d):
        if self.macros and self.maybe(.5):
            return "%s(%s)" % (self.r.choice(self.macros), self.pick(
                "", "1", "n, s", "b=2", "1, 2", "html", self.expr(1), "*l",
                "a=m", "**d", "q=1", "1, 2, 3, k=4"))
        return self.pick(
            "range(%s)|list" % self.pick("5", "1, 9, 3", "3, 0, -1", "-5", "2, 2"),
            "dict(a=1, b=2)", "dict(d, z=1)", "cycler(1, 2).next()",
            "joiner(';')()", "namespace(a=%s).a" % self.expr(d), "dict(l)",
            "lipsum(0)", "range(*[1, 4])|list", "dict(*[[('q', 1)]], **{'r': 2})",
            "'{}{}'.format(*ls[:2])", "'{a}'.format(**d)", "missing(1)", "n()",
            "range(5)[%s]" % self.slice(), "range('a')", "namespace(d)['a']")

    def slice(self):
        return self.pick("1:", ":2", "::-1", "1:3", "::2", "-2:", ":-1", ":",
                         "2:0:-1", "5:1:-2", ":n", "none:2", "-9:9:3", "1:99")

    def int(self):
        return self.pick("0", "1", "2", "3", "5", "7", "20", "-1")

    def str(self):
        return self.r.choice(STRINGS)

    def percent(self, d):
        n = self.r.randrange(1, 3)
        specs = [self.r.choice(PERCENTS) for _ in range(n)]
        text = "'%s'" % self.pick("|", " <", "").join(specs)
        if self.maybe(.2):
            text = "(%s|safe)" % text
        values = [self.expr(d, "num" if re.search("[dxXoegfciuG]", p) else
                            self.pick("str", "any")) for p in specs
                  if p != "%%"]
        if any("(" in p for p in specs):
            arg = "{'k': %s, 'a': %s}" % (self.expr(d), self.expr(d, "int"))
        else:
            arg = "(%s)" % "".join(v + ", " for v in values)
        if self.maybe(.3) and ", ".join(values):
            return "%s|format(%s)" % (text, "k=1, a=2" if "(" in text[1:]
                                      and "%(" in text else ", ".join(values))
        return "%s %% %s" % (text, arg if self.maybe(.85) else self.atom(d))

    def braces(self, d):
        field = self.pick("", "", "0", "k", "0[0]", "k[a]", "0.real", "k.x", "1")
        spec = self.r.choice(SPECS)
        text = "'{%s%s%s}%s'" % (field, self.pick("", "", "!r", "!s", "!a"),
                                 ":" + spec if spec else "",
                                 self.pick("", "{{}}", "<{}", "{k:{0}}"))
        if self.maybe(.2):
            text = "(%s|safe)" % text
        values = "%s, %s" % (self.expr(d, self.pick("num", "int", "str", "any")),
                             self.expr(d, "int"))
        if self.maybe(.1):
            return "%s.format_map(%s)" % (text, self.atom(d, "dict"))
        return "%s.format(%s, k=%s)" % (text, values, self.expr(d))

    def args(self, d, params):
        """Some of the parameters (name, maker, required), the first few by
        place, the others by keyword."""
        given = []
        by_name = False
        for i, (name, make, required) in enumerate(params):
            if not required and self.maybe(.45):
                by_name = True
                continue
            by_name = by_name or (not required and self.maybe(.25)) or \
                self.maybe(.04)
            value = make if isinstance(make, str) else (
                self.r.choice(make) if not callable(make) else make(self, d))
            if self.maybe(.06):
                value = self.expr(min(d, 1))
            given.append("%s=%s" % (name, value) if by_name else value)
        if self.maybe(.008):
            given.append("nope=1")
        return "(%s)" % ", ".join(given) if given or self.maybe(.1) else ""

    def f(self, name, d):
        kind, params, tail = FILTERS[name]
        if callable(params):
            params = params(self, d)
        else:
            params = self.args(d, params)
        return "%s|%s%s%s" % (self.atom(d, kind), name, params,
                              tail if self.maybe(.97) else "")

    def filtered(self, d):
        return self.f(self.r.choice(sorted(FILTERS)), d)

    def tested(self, d):
        name = self.r.choice(sorted(TESTS))
        kind, arg = TESTS[name]
        text = name
        if arg == "name":
            text += "(%s)" % self.pick("'upper'", "'odd'", "'nope'", "none")
        elif arg is not None:
            value = self.atom(d, arg)
            text += " " + value if self.maybe(.2) and re.match(
                r"\w+$", value) and value not in ("not", "and", "or") \
                else "(%s)" % self.expr(d, arg)
        return "%s is %s%s" % (self.atom(d, kind), self.pick("", "", "not "),
                               text)

    def str_call(self, d):
        call = self.r.choice(STR_CALLS)
        return call.replace("$", self.str()).replace("#", self.int())

    def method(self, d):
        r = self.r.random()
        if r < .5:
            return "%s.%s" % (self.atom(d, "str"), self.str_call(d))
        if r < .75:
            return "%s.%s" % (self.atom(d, "dict"), self.r.choice(DICT_CALLS))
        return "%s.%s" % (self.atom(d, "list"), self.r.choice(LIST_CALLS))

    # statements

    def body(self, depth, n=None):
        if n is None:
            n = self.pick(0, 1, 1, 1, 2, 2, 2, 3, 3, 3)
        return [self.statement(depth) for _ in range(n)]

    def tag(self, text):
        if self.case.get("line_statement_prefix") and self.maybe(.3):
            return "\n%s%s%s %s%s\n" % (self.pick("", "", "  "), LS,
                                        self.pick("", "", "-"), text,
                                        self.pick("", ":" if "set" not in text
                                                  else "", ""))
        left = self.pick("", "", "", "-", "+")
        right = self.pick("", "", "", "-", "+" if self.case.get("trim_blocks")
                          else "")
        return "%s%s %s %s%s" % (BS, left, text, right, BE)

    def out(self, text):
        return "%s%s %s %s%s" % (VS, self.pick("", "", "", "-", "+"), text,
                                 self.pick("", "", "", "-"), VE)

    def scoped(self, names, make):
        self.vars += names
        parts = make()
        for name in names:
            self.vars.remove(name)
        return parts

    def statement(self, depth):
        if depth <= 0 or self.maybe(.4):
            kind = self.r.randrange(10)
            if kind < 6:
                return self.out(self.expr(3))
            if kind < 9:
                return self.r.choice(TEXTS)
            return self.pick(CS + " c " + CE, CS + "- c -" + CE,
                             BS + " raw " + BE + VS + " x " + VE + BS +
                             " endraw " + BE,
                             BS + " raw -" + BE + " x " + BS + "- endraw " + BE,
                             (LC + " comment\n") if self.case.get(
                                 "line_comment_prefix") else "")
        return self.r.choice([
            self.if_, self.if_, self.for_, self.for_, self.for_, self.recursive,
            self.set_, self.set_, self.set_block, self.with_, self.filter_block,
            self.macro, self.macro, self.call_block, self.import_, self.import_,
            self.autoescape, self.namespace, self.do, self.items, self.trans,
            self.print_, self.stateful])(depth - 1)

    def if_(self, d):
        parts = [self.tag("if " + self.expr(2, "bool"))] + self.body(d)
        if self.maybe(.3):
            parts += [self.tag("elif " + self.expr(2, "bool"))] + self.body(d)
        if self.maybe(.5):
            parts += [self.tag("else")] + self.body(d)
        return parts + [self.tag("endif")]

    def for_(self, d):
        var = self.pick("i", "x", "y")
        names = [var]
        it = self.expr(2, self.pick("list", "list", "str", "dict", "nums",
                                    "strs", "dicts"))
        if self.maybe(.15):
            names = ["i", "y"]
            it = self.pick("d.items()", "d|items", "ds|groupby('k')", "nested",
                           "[(1, 2), [3, 4]]", "l|batch(2)", "d|dictsort",
                           "'ab'|batch(2)", "[[1, 2, 3]]", "[(1, 2)]")
        cond = self.pick("", "", "", " if " + self.pick(
            var, "loop is defined", var + " != 1", self.expr(1, "bool")))

        def inner():
            self.loops += 1
            parts = self.body(d)
            if self.maybe(.5):
                parts.append(self.out(self.pick(
                    "loop.index", "loop.index0", "loop.first", "loop.last",
                    "loop.length", "loop.revindex", "loop.revindex0",
                    "loop.depth", "loop.depth0", "loop.previtem",
                    "loop.nextitem", "loop.cycle('a', 'b')",
                    "loop.changed(%s)" % var, "loop.changed(%s, 1)" % var,
                    "loop.cycle(*ls)", "loop.previtem is defined",
                    "loop.nextitem.k", "loop.index is odd", "loop.missing",
                    "loop.changed()", "loop.cycle('x')|upper", "loop")))
            if self.maybe(.2):
                parts += [self.tag("if " + self.expr(1, "bool")), self.tag(
                    self.pick("break", "continue")), self.tag("endif")]
            self.loops -= 1
            return parts

        parts = [self.tag("for %s in %s%s" % (", ".join(names), it, cond))] + \
            self.scoped(names, inner)
        if self.maybe(.3):
            parts += [self.tag("else")] + self.body(d)
        return parts + [self.tag("endfor")]

    def rows(self):
        """A loop of nothing but texts, values and conditions."""
        def value():
            return self.pick("r", "r.k", "r.n", "r.f", "r.s", "r['k']", "n", "s",
                             "'<'", "1")

        def condition(d):
            if d > 0 and self.maybe(.5):
                return self.pick("not %s", "%s and %s", "%s or %s",
                                 "not (%s and %s)", "%s or not %s") \
                    .replace("%s", "(%s)").replace("%s", condition(d - 1), 1) \
                    .replace("%s", condition(d - 1))
            return value() + self.pick("", "", " %s %s" % (
                self.pick("==", "==", "!=", "<", ">="),
                self.pick("1", "'x'", "''", "2.5", "none", "true", "n")))

        def parts(d):
            return [self.r.choice([
                lambda: self.r.choice(TEXTS), lambda: "text of 20 characters",
                lambda: self.out(value()), lambda: self.out(value()),
                lambda: self.out("%s if %s else %s" % (
                    value(), condition(1), value())),
                lambda: [self.tag("if " + condition(1)),
                         self.tag("continue"), self.tag("endif")],
                lambda: [self.tag("if " + condition(2)), parts(d - 1),
                         self.pick("", [self.tag("elif " + condition(1)),
                                        parts(d - 1)]),
                         self.pick("", [self.tag("else"), parts(d - 1)]),
                         self.tag("endif")]][:7 if d > 0 else 4])()
                for _ in range(self.r.randrange(1, 5))]

        return [self.tag("for r in " + self.pick("rows", "rows", "rows[:5]", "ds",
                                                 "lm", "ls", "lh")),
                parts(2), self.tag("endfor")]

    def recursive(self, d):
        return self.scoped(["t"], lambda: [
            self.tag("for t in %s recursive" % self.pick(
                "tree", "tree if t.n != 'c'", "tree|reverse", "ds")),
            self.out("t.n"), self.body(min(d, 1), 1),
            self.out(self.pick("loop(t.sub)", "loop(t.sub) ~ '<'",
                               "loop(t.sub|default([]))|upper", "loop.depth",
                               "loop(t.sub) if t.sub else '.'",
                               "loop([{'n': 1}]) if loop.depth0 < 2")),
            self.tag("endfor")])

    def set_(self, d):
        var = self.pick("a", "b", "x", "v")
        text = self.pick("set %s = %s" % (var, self.expr(3)),
                         "set %s = %s" % (var, self.expr(3)),
                         "set %s, q = %s" % (var, self.pick(
                             "1, 2", "[1, '<']", "l", "ds|groupby('k')", "'ab'",
                             self.expr(1))),
                         "set %s = %s, %s" % (var, self.expr(1), self.expr(1)))
        self.vars.append(var)
        return self.tag(text)

    def set_block(self, d):
        var = self.pick("a", "b", "x")
        parts = [self.tag("set %s%s" % (var, self.pick(
            "", " | upper", " | replace('a', '<')", "|trim|e", " | length",
            "|indent(2, first=true)", "|upper|lower")))] + self.body(d) + \
            [self.tag("endset")]
        self.vars.append(var)
        return parts

    def with_(self, d):
        var = self.pick("p", "q", "x")
        head = self.pick("with %s = %s" % (var, self.expr(2)), "with",
                         "with %s = 1, v = %s" % (var, var),
                         "with %s, v = 1, 2" % var)
        return self.scoped([var], lambda: [self.tag(head)] + self.body(d) +
                           [self.tag("endwith")])

    def filter_block(self, d):
        name = self.r.choice(STR_FILTERS)
        params = FILTERS[name][1]
        return [self.tag("filter " + name + (
            params(self, 1) if callable(params) else self.args(1, params)))] + \
            self.body(d) + [self.tag("endfilter")]

    def macro(self, d):
        name = self.pick("f", "g")
        params = self.pick("a, b=%s" % self.expr(1), "a, b=a", "a=1, b=2", "a, b",
                           "a", "", "a, b=missing", "a, caller=none")
        names = re.findall(r"(?:^|, )(\w+)", params)
        names = [n for n in names if n in ("a", "b")]
        parts = self.scoped(names, lambda: [
            self.tag("macro %s(%s)" % (name, params))] + self.body(d) + [
                self.out(self.pick("a", "b", "varargs", "kwargs", "caller",
                                   "a is defined", "varargs|length", name,
                                   "caller is defined", "s"))] +
            [self.tag("endmacro")])
        self.macros.append(name)
        return parts + [self.out("%s(%s)" % (name, self.pick(
            "", "1", "n, s", "b=2", "1, 2", "html", self.expr(1), "1, k=2",
            "*l", "**{'a': 1}", "m, b=m", "1, 2, 3"))), self.pick(
                "", "", self.out("%s.%s" % (name, self.pick(
                    "name", "arguments", "catch_kwargs", "catch_varargs",
                    "caller", "nope"))))]

    def call_block(self, d):
        head, lib = self.pick(
            ("call wrap()", 1), ("call(i, n) each(%s)" % self.expr(1, "list"), 1),
            ("call(i) each(l)", 1), ("call(i, y=3) each('ab')", 1),
            ("call hi(1)", 1), ("call missing()", 0), ("call(i=1) wrap()", 1))
        return [BS + " from 'lib' import wrap, each, hi " + BE if lib else "",
                self.tag(head)] + self.scoped(["i"], lambda: self.body(d)) + [
                    self.tag("endcall")]

    def import_(self, d):
        return self.pick(
            self.tag("include 'inc'"), self.tag("include ['nope', 'inc']"),
            self.tag("include 'nope' ignore missing"),
            self.tag("include " + self.pick("'i' ~ 'nc'", "s", "['nope']",
                                            "[] ignore missing", "missing",
                                            "'inc' with context",
                                            "'inc' ignore missing",
                                            "['a', 'b'] ignore missing")),
            [self.tag("import 'lib' as lib"), self.out(self.pick(
                "lib.hi(1, c=2)", "lib.val", "lib.hi(s, html, 3, 4, z=5)",
                "lib.who()", "lib.nope", "lib._own", "lib", "lib.hi",
                "lib.nope()"))],
            [self.tag("from 'lib' import %s" % self.pick(
                "hi, val as v", "hi as v", "nope as v", "val as v, nope, hi",
                "who as v without context", "who as v with context, ")),
             self.out(self.pick("hi(s, html, 3, 4)", "v", "v", "v()", "v.x"))],
            [self.tag("import 'lib' as lib with context"),
             self.out("lib.who()")],
            [BS + " from 'lib' import wrap " + BE, self.tag("call wrap()"),
             self.out("s"), self.tag("endcall")])

    def autoescape(self, d):
        return [self.tag("autoescape " + self.pick(
            "true", "false", "t", "no", self.expr(1, "bool")))] + \
            self.body(d) + [self.tag("endautoescape")]

    def namespace(self, d):
        return [self.tag("set ns = namespace(%s)" % self.pick(
            "c=0", "d", "d, c=1", "", "[('c', 2)]")),
                self.tag("for i in %s" % self.expr(1, "nums")),
                self.tag("set ns.c = ns.c + i"), self.tag("endfor"),
                self.out(self.pick("ns.c", "ns.missing", "ns['c']", "ns.a"))]

    def do(self, d):
        call = self.pick("l.append(%s)" % self.expr(1), "l.extend(%s)" %
                         self.expr(1, "list"), "l.insert(1, 'z')", "l.pop()",
                         "l.remove(1)", "l.sort()", "l.reverse()", "l.pop(0)",
                         "l.sort(reverse=true)", "d.update(q=1)", "l.clear()",
                         "d.update({'a': 9})", "d.pop('a')", "d.popitem()",
                         "d.setdefault('zz', %s)" % self.expr(1), "d.clear()",
                         "d.pop('no', 5)", "ls.sort()", "lm.sort()")
        return [self.tag("do " + call) if self.maybe(.7) else self.out(call),
                self.out(self.pick("l", "d", "ls", "d.items()"))]

    def items(self, d):
        return [self.tag("for a, b in " + self.pick("d.items()", "d|items",
                                                    "d|dictsort", "dn|items"))
                ] + self.scoped(["a", "b"], lambda: self.body(d)) + [
                    self.out("a"), self.tag("endfor")]

    def trans(self, d):
        text = self.pick("Hello", "100%", " two\n  lines ", "<b>", "%s %(x)s", "")
        var = self.pick("n", "u2=s", "h2=html", "m2=m", "n, h2=html", "")
        name = re.findall(r"\w+(?==)|^n", var)
        shown = VS + " " + self.r.choice(name or ["s"]) + " " + VE
        parts = [self.tag("trans %s%s%s" % (
            self.pick("", "", "'ctx' "), self.pick("", "", "trimmed ",
                                                   "notrimmed "), var)),
                 text, shown, self.pick("", "end")]
        if self.maybe(.3):
            parts += [self.tag("pluralize" + self.pick("", " n" if "n" in name
                                                       else "")),
                      self.pick("many ", "%"), shown]
        parts.append(self.tag("endtrans"))
        if self.maybe(.3):
            parts = self.out(self.pick(
                "_('a')", "gettext('%(a)s', a=html)", "ngettext('x', 'y', n)",
                "pgettext('c', '<b>')", "npgettext('c', 'a %(num)s', 'b', 1)",
                "_('%s') % html", "gettext('100%')", "_(html)", "_(m)"))
        return parts

    def print_(self, d):
        return self.tag("print " + self.pick(self.expr(1), self.expr(1) + ", " +
                                             self.expr(1)))

    def stateful(self, d):
        return [self.tag("set c = " + self.pick("cycler('a', '<b>')",
                                                "joiner()", "joiner('<')")),
                self.tag("for i in [1, 2, 3]"),
                self.out(self.pick("c.next()", "c()", "c.current", "c.pos",
                                   "c.reset()", "c.sep", "c.items")),
                self.tag("endfor")]

    def template(self):
        parts = self.body(2, self.r.randrange(1, 5))
        if self.maybe(.12):
            block = self.pick("one", "two", "three", "four")
            parts = [self.tag("extends " + self.pick(
                "'base'", "'mid'", "['nope', 'mid']", "'ba' ~ 'se'", "'req'",
                "'base' if n else 'mid'", "missing", "s")),
                     self.tag("set s = 'S'"), self.tag("block " + block),
                     parts, self.out("super()" + self.pick("", "|upper", " ~ '<'")),
                     self.tag("endblock"), self.tag("macro blk()"), "B",
                     self.tag("endmacro")]
        elif self.maybe(.1):
            parts = [self.tag("block one" + self.pick("", " scoped")), parts,
                     self.tag("endblock" + self.pick("", " one")),
                     self.out(self.pick("self.one()", "self.one()|length",
                                        "self.nope", "self.one.super",
                                        "self['one']()"))]
        return parts


def names_of(g, d, table, *plain):
    """The name of a filter or test with its arguments, as map() takes it."""
    return "(%s)" % g.r.choice(plain)


ATTRIBUTES = ["'k'", "'v'", "'a'", "0", "'c.x'", "'missing'", "'0'", "'n'",
              "'sub.0.n'", "none"]
BOOLS = ["true", "false", "t", "no", "none", "1"]
INTS = ["0", "1", "2", "3", "5", "7", "20", "-1", "9"]


def text(g, d):
    return g.str() if g.maybe(.7) else g.expr(d, "str")


def anything(g, d):
    return g.expr(min(d, 1))


def mapped(g, d):
    return "(%s)" % g.pick(
        "'upper'", "attribute='k'", "'string'", "attribute='v', default=0",
        "'int'", "attribute='zz'", "'default', 'x'", "'default', 'x', true",
        "'replace', 'a', 'b'", "'round', method='floor'", "'length'", "'e'",
        "'join', ','", "'truncate', 3, leeway=0", "'nope'", "attribute=0",
        "'attr', 'k'", "'first'", "'format', 1", "'items'", "attribute='k.0'",
        "attribute='a.b', default='<'", "'indent', width=1, first=true",
        "'center', 5", "'tojson'", "'list'", "'float', 1.5",
        "'abs'", "", "'sort'", "'title'", "'wordcount'")


def selected(g, d):
    return g.pick("", "('odd')", "('none')", "('string')", "('defined')",
                  "('eq', 1)", "('in', [1, 'a'])", "('>', 1)", "('gt', 1)",
                  "('divisibleby', 2)", "('nope')", "('sameas', none)",
                  "('lower')", "('mapping')", "('number')", "('ne', b=2)",
                  "('sequence')", "('escaped')", "('==', 'a')")


def selected_attr(g, d):
    return "(%s%s)" % (g.pick("'k'", "'v'", "0", "'missing'", "'n'", "'0'"), g.pick(
        "", ", 'odd'", ", 'eq', 'x'", ", 'gt', 1", ", 'defined'", ", 'none'",
        ", 'in', ['x', 'a']", ", 'nope'", ", 'undefined'", ", 'string'"))


def summed(g, d):
    return g.pick("", "('v')", "(attribute='v')", "(start=10)", "(start='')",
                  "('v', 1.5)", "(attribute='v', start=1)", "(start=[])")


def formatted(g, d):
    return g.pick("(1)", "('a', 2)", "(s, n)", "()", "(k=1)", "(html, m)", "", "(l)")


FILTERS = {
    "abs": ("num", [], ""),
    "attr": ("dict", [("name", ["'a'", "'upper'", "'items'", "'k'", "1"], 1)], ""),
    "batch": ("list", [("linecount", INTS, 1), ("fill_with", anything, 0)],
              "|list"),
    "capitalize": ("str", [], ""),
    "center": ("str", [("width", INTS + ["20"], 0)], ""),
    "count": ("any", [], ""),
    "d": ("any", [("default_value", anything, 0), ("boolean", BOOLS, 0)], ""),
    "default": ("any", [("default_value", anything, 0), ("boolean", BOOLS, 0)], ""),
    "dictsort": ("dict", [("case_sensitive", BOOLS, 0),
                          ("by", ["'key'", "'value'", "'value'", "'x'"], 0),
                          ("reverse", BOOLS, 0)], ""),
    "e": ("any", [], ""), "escape": ("any", [], ""),
    "filesizeformat": ("num", [("binary", BOOLS, 0)], ""),
    "first": ("list", [], ""),
    "float": ("any", [("default", anything, 0)], ""),
    "forceescape": ("any", [], ""),
    "format": ("str", formatted, ""),
    "groupby": ("dicts", [("attribute", ATTRIBUTES[:6], 1),
                          ("default", ["'x'", "1", "none"], 0),
                          ("case_sensitive", BOOLS, 0)], ""),
    "indent": ("str", [("width", INTS + ["'> '", "'<'", "m"], 0),
                       ("first", BOOLS, 0), ("blank", BOOLS, 0)], ""),
    "int": ("any", [("default", anything, 0),
                    ("base", ["2", "8", "16", "0", "36", "10"], 0)], ""),
    "items": ("dict", [], "|list"),
    "join": ("list", [("d", text, 0), ("attribute", ATTRIBUTES[:6], 0)], ""),
    "last": ("list", [], ""), "length": ("any", [], ""), "list": ("any", [], ""),
    "lower": ("str", [], ""),
    "map": ("list", mapped, "|list"),
    "max": ("nums", [("case_sensitive", BOOLS, 0), ("attribute", ATTRIBUTES, 0)],
            ""),
    "min": ("strs", [("case_sensitive", BOOLS, 0), ("attribute", ATTRIBUTES, 0)],
            ""),
    "pprint": ("any", [], ""),
    "reject": ("list", selected, "|list"),
    "rejectattr": ("dicts", selected_attr, "|list"),
    "replace": ("str", [("old", text, 1), ("new", text, 1), ("count", INTS, 0)],
                ""),
    "reverse": ("list", [], "|list"),
    "round": ("num", [("precision", INTS[:6], 0),
                      ("method", ["'common'", "'ceil'", "'floor'", "'x'"], 0)], ""),
    "safe": ("str", [], ""),
    "select": ("list", selected, "|list"),
    "selectattr": ("dicts", selected_attr, "|list"),
    "slice": ("list", [("slices", INTS[1:6], 1), ("fill_with", anything, 0)],
              "|list"),
    "sort": ("list", [("reverse", BOOLS, 0), ("case_sensitive", BOOLS, 0),
                      ("attribute", ATTRIBUTES + ["'k,v'", "'0,1'"], 0)], ""),
    "string": ("any", [], ""), "striptags": ("str", [], ""),
    "sum": ("nums", summed, ""),
    "title": ("str", [], ""),
    "tojson": ("any", [("indent", ["0", "1", "2", "4", "none", "'-'"], 0)], ""),
    "trim": ("str", [("chars", text, 0)], ""),
    "truncate": ("str", [("length", INTS + ["40", "255"], 0),
                         ("killwords", BOOLS, 0), ("end", text, 0),
                         ("leeway", INTS[:6], 0)], ""),
    "unique": ("list", [("case_sensitive", BOOLS, 0), ("attribute", ATTRIBUTES, 0)],
               "|list"),
    "upper": ("str", [], ""),
    "urlencode": ("any", [], ""),
    "urlize": ("str", [("trim_url_limit", INTS, 0), ("nofollow", BOOLS, 0),
                       ("target", ["'_blank'", "'<'", "none"], 0),
                       ("rel", ["'a b'", "none"], 0),
                       ("extra_schemes", ["['tel:']", "none", "[]"], 0)], ""),
    "wordcount": ("str", [], ""),
    "wordwrap": ("str", [("width", INTS + ["30"], 0),
                         ("break_long_words", BOOLS, 0), ("wrapstring", text, 0),
                         ("break_on_hyphens", BOOLS, 0)], ""),
    "xmlattr": ("dict", [("autospace", BOOLS, 0)], ""),
}
STR_FILTERS = """capitalize center default e escape format forceescape indent
    lower replace safe string striptags title tojson trim truncate upper
    urlencode urlize wordwrap pprint filesizeformat join""".split()
LIST_FILTERS = """batch dictsort groupby items list map reject rejectattr reverse
    select selectattr slice sort unique""".split()

# what stands left of it, and what its argument is
TESTS = {
    "boolean": ("any", None), "callable": ("any", None), "defined": ("any", None),
    "divisibleby": ("int", "int"), "eq": ("any", "any"), "==": ("any", "any"),
    "equalto": ("any", "any"), "escaped": ("str", None), "even": ("int", None),
    "false": ("any", None), "filter": ("str", None), "float": ("num", None),
    "ge": ("num", "num"), "greaterthan": ("num", "num"), "gt": ("num", "num"),
    ">": ("str", "str"), ">=": ("num", "num"), "in": ("any", "list"),
    "integer": ("any", None), "iterable": ("any", None), "le": ("num", "num"),
    "lessthan": ("num", "num"), "lower": ("str", None), "lt": ("str", "str"),
    "<": ("num", "num"), "<=": ("list", "list"), "mapping": ("any", None),
    "ne": ("any", "any"), "!=": ("any", "any"), "none": ("any", None),
    "number": ("any", None), "odd": ("int", None), "sameas": ("any", "any"),
    "sequence": ("any", None), "string": ("any", None), "test": ("str", None),
    "true": ("any", None), "undefined": ("any", None), "upper": ("str", None),
}
STR_CALLS = """upper() lower() title() capitalize() swapcase() strip() lstrip()
    rstrip('d') strip($) startswith('h') startswith('l',#) endswith(('d','x'))
    endswith('d',0,-1) find($) rfind($) count($) index($) rindex($)
    replace('l','<') replace($,$) replace('o','0',#) center(15) center(15,'*')
    ljust(13,'.') rjust(13) zfill(#) zfill(9) isalpha() isdigit() isdecimal()
    isalnum() islower() isupper() isspace() istitle() isidentifier()
    isnumeric() isascii() isprintable() partition($) rpartition($)
    join(ls) join(['a','<']) join('xy') join(lh) format(1,2) expandtabs()
    expandtabs(#) casefold() removeprefix('h') removesuffix($) split($)
    rsplit($,#) splitlines() translate({104:'<',101:none}) striptags()
    unescape() escape('<') nope() upper(1) center('x') join(l)""".split()
DICT_CALLS = ["items()|list", "keys()|list", "values()|list", "get('a')",
              "get('zz')", "get('zz', 3)", "copy()", "items()", "keys()",
              "values()", "keys() == d.keys()", "items() == d.items()",
              "keys()|sort", "values()|first", "keys()|length", "get(1, 2)",
              "get()", "keys() <= d.keys()", "items()|reverse|list",
              "keys().isdisjoint(['a'])", "items() is iterable", "get([])",
              "fromkeys('ab')", "keys()|tojson", "values() is sequence"]
LIST_CALLS = ["index(1)", "count(1)", "copy()", "index('zz')", "count('a')",
              "index(1, 1)", "index(2, 0, -1)", "count()", "append", "nope()",
              "index(1, stop=2)"]


def options_of(rnd):
    opts = {"extensions": ["do", "loopcontrols", "i18n"]}
    if rnd.random() < .5:
        opts["autoescape"] = True
    if rnd.random() < .2:
        opts["trim_blocks"] = True
    if rnd.random() < .2:
        opts["lstrip_blocks"] = True
    if rnd.random() < .1:
        opts["keep_trailing_newline"] = True
    if rnd.random() < .05:
        opts["newline_sequence"] = rnd.choice(["\r\n", "\r"])
    if rnd.random() < .2:
        opts["undefined"] = rnd.choice(["StrictUndefined", "ChainableUndefined",
                                        "DebugUndefined"])
    if rnd.random() < .12:
        opts["sandbox"] = rnd.choice(["sandboxed", "immutable"])
    if rnd.random() < .5:
        opts["null_translations"] = rnd.choice(["newstyle", "oldstyle"])
    if rnd.random() < .12:
        names = ("block_start", "block_end", "variable_start", "variable_end",
                 "comment_start", "comment_end")
        for name, value in zip(names, rnd.choice(DELIMITERS)):
            opts[name + "_string"] = value
    if rnd.random() < .15:
        opts["line_statement_prefix"] = rnd.choice(["#", "%", "%%"])
        if rnd.random() < .5:
            opts["line_comment_prefix"] = rnd.choice(["##", "//"])
    return opts


def with_delimiters(text, opts):
    defaults = ("{%", "%}", "{{", "}}", "{#", "#}")
    names = ("block_start", "block_end", "variable_start", "variable_end",
             "comment_start", "comment_end")
    for mark, name, value in zip((BS, BE, VS, VE, CS, CE), names, defaults):
        text = text.replace(mark, opts.get(name + "_string", value))
    return text.replace(LS, opts.get("line_statement_prefix", "")).replace(
        LC, opts.get("line_comment_prefix", ""))


def helpers(opts):
    """In the delimiters of the case."""
    out = {}
    for name, text in HELPERS.items():
        for mark, value in zip((BS, BE, VS, VE), ("{% ", " %}", "{{ ", " }}")):
            text = text.replace(value, mark + " " if value[0] == "{"
                                else " " + mark)
        out[name] = with_delimiters(text, opts)
    return out


def request_of(source, opts):
    return {"syntax": "jinja", "options": opts,
            "templates": dict(helpers(opts), main=with_delimiters(source, opts)),
            "main": "main", "context": CONTEXT, "globals": {}}


def with_jinja(source, opts):
    """The text, or the error with its line."""
    request = json.loads(json.dumps(request_of(source, opts)))
    try:
        return True, test_cases.jinja_render(request), None
    except Exception as e:
        return (False, "%s: %s" % (type(e).__name__, e),
                test_cases.jinja_line(request, e))


def oracle(source, opts):
    return engines.limited(5, with_jinja, source, opts)


def known(ours, theirs):
    text = str(ours[1]) + str(theirs[1])
    return ("64 bits" in str(ours[1]) or re.search(r" at 0x|object at", text)
            or "int too large" in text or "Exceeds the limit" in text
            or re.search(r"\d{19,}", str(theirs[1])) is not None
            or "Markup(" in text or "too slow" in str(theirs[1])
            or "limit" in str(ours[1]) or "fractional power" in text
            or re.search(r"<(function|built-in method|generator)", text)
            or "changed size during iteration" in text
            or re.search("'(pop|clear)' of 'list'", text)   # since 3.1.5
            # Jinja2 fails when it folds constants
            or (theirs[2] or (0, 0))[1] is None and not is_syntax_error(theirs)
            and not theirs[0] or "Markup.__html__" in text)


def same_place(source, ours, theirs):
    if theirs[2] is None or theirs[2][1] is None or theirs[2] == ours[2]:
        return True
    # Jinja2 gives these the line of what stands before, and filters the items
    # of a loop one by one
    return re.search(r"(with|autoescape|for .* if) ", source) is not None


def differ(tpl, source, opts):
    theirs = oracle(source, opts)
    reply = tpl.ask(request_of(source, opts))
    ours = (reply["ok"], reply.get("output", reply.get("error")),
            (reply.get("template"), reply.get("line")))
    if "CRASH" in str(ours[1]) and not ours[0]:
        return ours, theirs
    if ours[0] == theirs[0] and (ours[1] == theirs[1] if ours[0]
                                 else same_place(source, ours, theirs)):
        return None
    if known(ours, theirs):
        return None
    return ours, theirs


def is_syntax_error(theirs):
    return not theirs[0] and "Syntax" in theirs[1]


def make(rnd):
    opts = options_of(rnd)
    gen = Gen(rnd, opts)
    parts = gen.template()
    if gen.maybe(.2):
        parts = parts + [gen.rows()]
    return opts, parts


if __name__ == "__main__":
    sys.exit(engines.run(__doc__, "jinja2", 20000, make, differ, oracle,
                         is_syntax_error))
