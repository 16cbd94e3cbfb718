#!/usr/bin/python3
"""Random templates through Tornado and through `tpl batch`: the same bytes?

    diff_tornado.py [--tpl build/tpl] [--seed 1] [--cases 5000] [--show 10]

A case is a template made from a grammar of the whole language (directives,
Python's operators, literals, functions and methods, with odd values), the same
for the same seed and number.  Both engines render it; a case agrees when both
give the same text or both raise an error.  What does not agree is made smaller
for as long as it still disagrees and printed.

Not compared, because the difference is known and documented: integers beyond 64
bits, complex numbers, dicts that change while they are walked, texts that show
an object's address, the order of a set, attributes of dicts, generators that
stop half-way, syntax errors in blocks that are overridden, and bytes (Tornado
hands them to functions of apply and autoescape, which get text here).
"""
import json
import logging
import re
import sys

import tornado.template

import engines

CONTEXT = {
    "n": 42, "z": 0, "neg": -7, "f": 3.5, "tiny": 1e-7, "big": 1e17,
    "third": -0.3333333333333333, "t": True, "no": False, "none_": None,
    "s": "hello world", "e": "", "u": "Grüße, Ελλάδα — ß ŉ İ 日本 \U0001f600",
    "html": "<a href=\"x\">it's & that</a>", "num": "12.50",
    "lines": "one\n  two\n\nthree\tx\r\nfour", "w": "  pad  ",
    "l": [3, 1, 2], "ls": ["b", "A", "c", "a", "B"], "lm": [1, "a", None, 2.5],
    "nested": [[1, 2], [3, [4, 5]], []], "pairs": [["x", 1], ["y", 2]],
    "d": {"a": 1, "b": [1, 2], "c": {"x": "y"}}, "de": {}, "le": [],
    "ds": [{"k": "x", "v": 2}, {"k": "y", "v": 1}, {"k": "x", "v": 3}],
    "x": "X<", "url": "see http://example.com/a?b=1&c=2 and www.example.org, me@mail.org.",
}
NAMES = {
    "int": ["n", "z", "neg", "t", "no", "f"],
    "num": ["n", "z", "neg", "f", "tiny", "big", "third", "t"],
    "str": ["s", "e", "u", "html", "num", "lines", "w", "url"],
    "list": ["l", "ls", "lm", "nested", "pairs", "le", "ds"],
    "nums": ["l", "le", "range(5)", "(1, 2.5)", "d['b']"],
    "dict": ["d", "de", "ds[0]", "d['c']"],
    "any": sorted(CONTEXT) + ["missing"],
}

HELPERS = {
    "inc.html": "[{{ s }}|{{ x }}|\n  {{ n }}]",
    "inc.txt": "{% set x = 'set by inc' %}[ {{ x }}\n\n ]",
    "sub/one": "({% include two %})",
    "sub/two": "{% include ../inc.html %}",
    "base": "<{% block one %}1{{ s }}{% end %}|\n   {% block two %}2"
            "{% block three %}3{% end %}{% end %}>{% set n = 5 %}"
            "{% block four %}{{ n }}{% end %}",
    "mid.html": "{% extends base %}{% block two %}<mid>  {% block five %}5"
                "{% end %}{% end %}",
    "esc": "{% autoescape None %}{{ html }}{% block one %}{{ html }}{% end %}",
}

TEXTS = ["a", " b ", "\n", "  \n", "x\n  y", "<p>", "ü", "\t", "", "}}", "{ {",
         "'", "\\n", "{{!", "{%!", "{#! x", "#", "{", "a  b   c", "$x"]
INTS = ["0", "1", "2", "3", "5", "-1", "10", "255", "0x1f", "0b101", "0o17",
        "1_000"]
FLOATS = ["1.5", "0.1", "2.0", "1e3", "1e-5", "12.345", ".5", "3.", "1e16"]
STRINGS = ["''", "'a'", "'Zb'", "'%s|%s'", "'<x>'", "'é'", "' '", "'a,b'",
           "'x\\n'", "\"it's\"", "'{}-{}'", "'k'", "'hello'", "r'\\d'",
           "'''t'''", "'a' 'b'", "'\\u00e9\\x41\\t'", "u'u'", "'12'", "'-3.5'",
           "'\\N{BULLET}'", "'l'", "'o'"]
SPECS = ["", "5", ">8", "<8", "^9", "*^9", "05", ".2", ".3f", "d", "x", "#x", "b",
         ",", "+", "e", "g", "%", "s", ".1%", "_", "08.2f", "c", "#o", "10.3e",
         "=+7", "G", "n"]
PERCENTS = ["%s", "%d", "%5.2f", "%r", "%x", "%-5s|", "%05d", "%e", "%g", "%i",
            "%%", "%c", "%+d", "%a", "%o", "%10.3s", "%X", "%#x", "%.0f"]
ERRORS = ["Exception", "TypeError", "ValueError", "KeyError", "IndexError",
          "ZeroDivisionError", "AttributeError", "NameError", "LookupError",
          "ArithmeticError", "(KeyError, TypeError)", "OverflowError",
          "(ValueError, ZeroDivisionError, IndexError)", "BaseException",
          "RuntimeError"]
STR_CALLS = """upper() lower() title() capitalize() swapcase() strip() lstrip()
    rstrip('d') strip('hd') startswith('h') endswith(('d','x')) find('o')
    rfind('o') find('o',5) count('l') replace('l','<') replace('o','0',1)
    center(15) center(15,'*') ljust(13,'.') rjust(13) zfill(9) isalpha()
    isdigit() islower() isupper() isspace() istitle() isalnum() isidentifier()
    isnumeric() isdecimal() isascii() isprintable() expandtabs() casefold()
    removeprefix('h') removesuffix('d') index('o') rindex('o') format(1,2)
    format(n,x=2) format(*l) join(ls) join(l) join('xy') translate({104:'H'})
    format_map(d) startswith('e',1) zfill(0) join(str(q)for(q)in(l))
    """.split()
STR_LISTS = """split() split('l') split('o',1) rsplit('l',1) splitlines()
    splitlines(True) partition('l') rpartition('o') rsplit(None,1)
    split(maxsplit=1) split(sep=',')""".split()
LIST_CALLS = ["index(1)", "count(1)", "copy()", "index('zz')", "pop()",
              "append(9)", "reverse()", "sort()", "insert(0, 'i')",
              "remove(1)", "extend('ab')", "clear()", "pop(0)",
              "sort(reverse=True)", "sort(key=str)",
              "sort(key=lambda q: -q)", "index(2, 1)"]
# from the eighth on they change a dict that a loop may be walking over
DICT_CALLS = ["get('a')", "get('zz')", "fromkeys('ab')", "copy()", "items()",
              "keys()", "values()", "get('zz', 3)", "setdefault('zz', 1)", "pop('a')",
              "pop('zz', None)", "update(a=2)", "update({'q': 1})",
              "popitem()"]


class Gen:
    def __init__(self, rnd):
        self.r = rnd
        self.vars = []
        self.loops = 0
        self.whiles = 0
        self.fors = 0
        self.modules = rnd.random() < .25

    def pick(self, *options):
        return self.r.choice(options)

    # expressions of a kind: int num str list nums dict any

    def expr(self, depth=3, kind="any"):
        if self.r.random() < .05:
            kind = "any"
        if kind == "any" and self.r.random() < .85:
            kind = self.pick("int", "num", "str", "str", "list", "nums",
                             "dict", "bool")
        if depth <= 0 or self.r.random() < .15:
            return self.leaf(kind)
        if self.modules and self.r.random() < .3:
            return self.make_module(depth - 1)
        return self.compound(depth - 1, kind)

    def leaf(self, kind):
        if self.vars and self.r.random() < .25:
            return self.r.choice(self.vars)
        if self.r.random() < .5 and kind in NAMES:
            return self.r.choice(NAMES[kind])
        return self.r.choice({
            "int": INTS, "num": INTS + FLOATS, "str": STRINGS,
            "list": ["[]", "[1, 'a']", "(1,)", "()", "[*l, 4]", "range(3)"],
            "nums": ["[3, 1]", "range(1, 9, 3)", "(2, 1)", "[]", "l[:]"],
            "dict": ["{}", "{'a': 1}", "dict(a=1, b=2)", "{1: 2, 'k': 's'}",
                     "{**d, 'z': 1}"],
            "bool": ["True", "False", "None", "t", "none_"],
            "any": ["True", "False", "None", "1", "''", "[]"],
        }[kind])

    def compound(self, d, kind):
        p = self.paren
        r = self.r.random()
        if r < .1:
            return "%s if %s else %s" % (p(d, kind), p(d, "any"), p(d, kind))
        if r < .16:
            return "%s %s %s" % (p(d, kind), self.pick("and", "or"),
                                 p(d, kind))
        return getattr(self, "make_" + kind)(d)

    def paren(self, depth, kind):
        text = self.expr(depth, kind)
        if re.fullmatch(r"[\w.]+|\w+\([^()]*\)", text) \
                or self.r.random() < .15:
            return text
        return "(%s)" % text

    def make_int(self, d):
        p = self.paren
        return self.pick(
            lambda: "%s %s %s" % (p(d, "int"), self.pick(
                "+", "-", "*", "//", "%", "&", "|", "^"), p(d, "int")),
            lambda: "%s %s %s" % (p(d, "int"), self.pick("<<", ">>"),
                                  self.pick("1", "3", "z", "0")),
            lambda: "%s%s" % (self.pick("-", "+", "~"), p(d, "int")),
            lambda: "%s ** %s" % (p(0, "int"), self.pick("2", "-1", "0",
                                                         "3")),
            lambda: "len(%s)" % self.expr(d, self.pick("str", "list",
                                                       "dict")),
            lambda: "int(%s)" % self.expr(d, self.pick("num", "str",
                                                       "bool")),
            lambda: "ord(%s)" % self.expr(d, "str"),
            lambda: "%s(%s)" % (self.pick("max", "min"),
                                self.expr(d, "nums")),
            lambda: "%s(%s, %s)" % (self.pick("max", "min"),
                                    self.expr(d, "int"),
                                    self.expr(d, "int")),
            lambda: "%s.%s" % (self.paren(d, "str"), self.pick(
                "find('o')", "count('l')", "index('e')", "rfind('x')")),
            lambda: "%s[%s]" % (self.pick("l", "d['b']", "nested[0]"),
                                self.pick("0", "-1", "1", "5", "z")),
            lambda: "%s(%s, key=%s)" % (
                self.pick("max", "min"), self.expr(d, "list"), self.key()),
            lambda: "len({%s for q in %s})" % (
                self.pick("q", "str(q)", "(q, 1)", "n"), self.paren(d, "list")),
            lambda: "int(%s, %s)" % (self.expr(0, "str"), self.pick(
                "10", "16", "0", "36", "2")),
            lambda: "divmod(%s, %s)[0]" % (p(d, "int"), p(d, "int")),
        )()

    def make_num(self, d):
        p = self.paren
        return self.pick(
            lambda: "%s %s %s" % (p(d, "num"), self.pick(
                "+", "-", "*", "/", "//", "%"), p(d, "num")),
            lambda: "float(%s)" % self.expr(d, self.pick("num", "str",
                                                         "int")),
            lambda: "round(%s%s)" % (self.expr(d, "num"), self.pick(
                "", ", 1", ", 2", ", -1", ", None", ", 0")),
            lambda: "abs(%s)" % self.expr(d, "num"),
            lambda: "sum(%s%s)" % (self.expr(d, "nums"), self.pick(
                "", "", ", 10", ", start=.5")),
            lambda: "sum(%s for q in %s)" % (self.pick(
                "q", "q * 2", "len(str(q))", "q ** 2"),
                self.paren(d, "nums")),
            lambda: "%s ** %s" % (p(0, "num"), self.pick("2", "3", "-2")),
            lambda: "-%s" % p(d, "num"),
        )()

    def make_bool(self, d):
        p = self.paren
        k = self.pick("int", "num", "str", "list", "any", "nums")
        cmp = ["==", "!=", "<", ">", "<=", ">="]
        return self.pick(
            lambda: "%s %s %s" % (p(d, k), self.r.choice(cmp), p(d, k)),
            lambda: "%s %s %s %s %s" % (p(d, k), self.r.choice(cmp), p(d, k),
                                        self.r.choice(cmp), p(d, k)),
            lambda: "%s %s %s" % (p(d, "any"), self.pick("in", "not in"),
                                  p(d, self.pick("list", "dict", "str"))),
            lambda: "%s %s %s" % (p(d, "str"), self.pick("in", "not in"),
                                  p(d, self.pick("str", "dict"))),
            lambda: "%s %s %s" % (p(d, "any"), self.pick("is", "is not"),
                                  self.pick("None", "True", "False")),
            lambda: "not %s" % p(d, "any"),
            lambda: "bool(%s)" % self.expr(d),
            lambda: "isinstance(%s, %s)" % (self.expr(d), self.pick(
                "int", "str", "(int, float)", "list", "dict", "bool",
                "tuple", "set", "(str, (list, tuple))", "range", "float")),
            lambda: "%s(%s)" % (self.pick("any", "all"),
                                self.expr(d, "list")),
            lambda: "%s(%s for q in %s)" % (self.pick("any", "all"), self.pick(
                "q", "not q", "q == 1"), self.paren(d, "list")),
            lambda: "{1, 2} %s set(%s)" % (self.pick(
                "==", "<=", "<", ">=", ">", "!="), self.expr(d, "list")),
            lambda: "callable(%s)" % self.pick("len", "n", "s.upper", "int"),
            lambda: "hasattr(%s, %s)" % (p(d, "any"), self.pick(
                "'upper'", "'append'", "'items'")),
        )()

    def spec(self):
        spec = self.r.choice(SPECS)
        return self.pick("!r", "!s", "!a") + (
            ":" + self.pick("8", ">5", "") if self.r.random() < .5 else "") \
            if self.r.random() < .2 else ":" + spec if spec else ""

    def make_str(self, d):
        p = self.paren
        quoted = lambda e: e if "'" not in e and "\\" not in e \
            and "!" not in e and "#" not in e else "n"  # noqa: E731
        return self.pick(
            lambda: "%s + %s" % (p(d, "str"), p(d, "str")),
            lambda: "%s * %s" % (p(d, "str"), self.pick("2", "0", "3",
                                                        "-1")),
            lambda: "str(%s)" % self.expr(d),
            lambda: "repr(%s)" % self.expr(d),
            lambda: "%s.%s" % (p(d, "str"), self.r.choice(STR_CALLS)),
            lambda: "%s.%s" % (p(d, "str"), self.r.choice(STR_CALLS)),
            lambda: "%s.%s" % (p(d, "str"), self.r.choice(STR_CALLS)),
            lambda: "%s[%s]" % (p(d, "str"), self.pick(
                "0", "-1", "1:", ":2", "::-1", "1:3", "::2", "-2:", "5:1:-1",
                ":-1", "99", "n:", "None:2")),
            lambda: "f'%s{%s%s}'" % (self.pick("", "a", "é "), quoted(
                self.expr(d)), self.spec()),
            lambda: "f'{%s}<{%s!r}>{n:>{l[0]}.1f}'" % (quoted(self.expr(0)),
                                                    quoted(self.expr(0))),
            lambda: "f'{%s=}'" % self.pick("n", "l[0]", "s", "n + 1"),
            lambda: "'%s' %% %s" % (self.percent(), p(d, self.pick(
                "num", "int", "str", "any"))),
            lambda: "'%s %s' %% (%s, %s)" % (
                self.percent(), self.percent(), self.expr(d),
                self.expr(d)),
            lambda: "'%%(a)s %%(%s)r' %% %s" % (self.pick("a", "b", "zz"),
                                                p(d, "dict")),
            lambda: "'{%s%s}'.format(%s)" % (
                self.pick("", "0", "0"), self.spec(), self.expr(d)),
            lambda: "'{0[%s]}{1%s}'.format(%s, %s)" % (
                self.pick("0", "a"), self.spec(),
                self.expr(d, self.pick("list", "dict")),
                self.expr(d, "num")),
            lambda: "format(%s, '%s')" % (self.expr(d, self.pick(
                "num", "int", "str")), self.r.choice(SPECS)),
            lambda: "%s.join(%s)" % (p(0, "str"), self.pick(
                "ls", "[str(q) for q in %s]" % self.paren(d, "list"),
                "map(str, %s)" % self.expr(d, "list"),
                "sorted(%s)" % self.expr(d, "str"))),
            lambda: "%s(%s)" % (self.pick(
                "escape", "xhtml_escape", "url_escape", "json_encode",
                "squeeze", "linkify", "xhtml_escape"), self.expr(
                    d, self.pick("str", "str", "any"))),
            lambda: "json_encode(%s)" % self.expr(d),
            lambda: "url_escape(%s, plus=%s)" % (
                self.expr(d, "str"), self.pick("True", "False")),
            lambda: "linkify(%s%s)" % (self.pick("url", self.expr(d, "str")),
                                       self.pick("", ", shorten=True",
                                                 ", require_protocol=True",
                                                 ", extra_params='rel=x'")),
            lambda: "%s(%s)" % (self.pick("chr", "hex", "bin", "oct"),
                                self.expr(d, "int")),
            lambda: "ascii(%s)" % self.expr(d),
            lambda: "(lambda q%s: %s)(%s)" % (
                self.pick("", "=2", ", r=3", ", *r"), self.pick(
                    "q", "str(q) + 'x'", "[q, n]"), self.expr(d)),
        )()

    def make_module(self, d):
        """what needs the imports of template()"""
        p = self.expr
        date = "datetime.datetime(%s)" % self.pick(
            "2020, 2, 29", "1999, 12, 31, 23, 59, 59", "n + 1, 1, 1",
            "2021, 1, 3, 4, 5, 6, 789", "2020, l[0], l[1]", "2024, n, 1")
        delta = "datetime.timedelta(%s)" % self.pick(
            "1", "hours=%s" % p(0, "num"), "seconds=1.5", "-3, 7",
            "minutes=90", "microseconds=%s" % p(0, "int"), "weeks=1, days=-7")
        pattern = self.pick("r'\\d'", "r'\\w+'", "'l+'", "'o|e'", "r'(\\w)(\\w)?'",
                            "'^.'", "'.$'", "'(?i)H'", "'x*'", "r'\\b'", "'[^a-z]'",
                            "r'\\s*'", "'(?P<a>l)(?P<b>.)'", "'('", "'.'",
                            "r'(?=l)'", "'ü'", "r'[\\s,]+'", "'a{,2}'")
        return self.pick(
            lambda: "math.%s(%s)" % (self.pick(
                "floor", "ceil", "sqrt", "trunc", "fabs", "log10", "sin",
                "exp", "log", "isnan", "isfinite", "degrees", "factorial",
                "gcd", "isqrt", "modf", "frexp", "log2", "cos", "atan"),
                p(d, "num")),
            lambda: "math.%s(%s, %s)" % (self.pick(
                "pow", "fmod", "hypot", "copysign", "comb", "gcd", "log",
                "atan2", "perm", "lcm", "isclose", "ldexp", "remainder"),
                p(d, "num"), p(d, "int")),
            lambda: "math.%s(%s)" % (self.pick("fsum", "prod"),
                                     p(d, "nums")),
            lambda: "json.dumps(%s%s)" % (p(d), self.pick(
                "", ", indent=2", ", sort_keys=True", ", ensure_ascii=False",
                ", separators=(',', ':')", ", indent=0")),
            lambda: "json.loads(json.dumps(%s))" % p(d),
            lambda: "json.loads(%s)" % p(d, "str"),
            lambda: "quote(%s%s)" % (p(d, "str"), self.pick(
                "", ", safe=''", ", safe='/: '")),
            lambda: "urlencode(%s)" % self.pick(
                "d", "[(s, n)]", "{'a': %s}" % p(d),
                "[('a', l), (1, s)], True",
                "d, doseq=True", p(d, "dict")),
            lambda: "re.sub(%s, %s, %s%s)" % (pattern, self.pick(
                "'-'", "r'[\\g<0>]'", "r'\\1'", "lambda m: m[0].upper()",
                "'\\n'", "lambda m: str(m.start())"), p(d, "str"),
                self.pick("", ", 1", ", flags=re.I", ", count=2")),
            lambda: "re.findall(%s, %s)" % (pattern, p(d, "str")),
            lambda: "re.split(%s, %s%s)" % (pattern, p(d, "str"),
                                            self.pick("", ", 1")),
            lambda: "[(m.group(), m.span(), m.groups()) for m in "
                    "re.finditer(%s, %s)]" % (pattern, self.paren(d, "str")),
            lambda: "re.%s(%s, %s)" % (self.pick(
                "search", "match", "fullmatch"), pattern, p(d, "str")),
            lambda: "re.escape(%s)" % p(d, "str"),
            lambda: "%s.%s" % (date, self.pick(
                "isoformat()", "strftime('%Y-%m-%d %H:%M:%S.%f %a %b %j')",
                "year", "weekday()", "date()", "isocalendar()[1]",
                "replace(day=1)", "timestamp()", "toordinal()", "minute",
                "strftime(%s)" % p(0, "str").replace("%", ""), "ctime()",
                "isoformat(' ', 'minutes')", "replace(month=2)")),
            lambda: "%s %s %s" % (date, self.pick("+", "-", "<", "=="),
                                  self.pick(delta, date)),
            lambda: "%s %s %s" % (delta, self.pick(
                "+", "-", "*", "/", "//", "<", "=="), self.pick(
                    delta, p(0, "int"), p(0, "num"))),
            lambda: "[%s, %s]" % (date, delta),
            lambda: "%s.total_seconds()" % delta,
            lambda: "datetime.date.fromisoformat(%s)" % self.pick(
                "'2020-01-02'", "s", "'2020-13-02'"),
        )()

    def percent(self):
        return self.r.choice(PERCENTS)

    def key(self):
        return self.pick("str", "len", "lambda q: str(q)", "lambda q: -q",
                         "lambda q: q[1]", "lambda q: q['k']", "repr",
                         "lambda q: (str(q), n)", "lambda q: len(str(q))",
                         "lambda q, r=1: str(q)[r:]")

    def make_list(self, d):
        p = self.paren
        return self.pick(
            lambda: "[%s, %s]" % (self.expr(d), self.expr(d)),
            lambda: "(%s, %s)" % (self.expr(d), self.expr(d)),
            lambda: "%s + %s" % (p(d, "list"), p(d, "list")),
            lambda: "%s * %s" % (p(d, "list"), self.pick("2", "0", "-1")),
            lambda: "%s[%s]" % (p(d, "list"), self.pick(
                "1:", ":2", "::-1", "1:3", "::2", "-2:", ":-1", "5:0:-2",
                "::z")),
            lambda: "[%s for %s in %s%s]" % self.clause(d),
            lambda: "[%s for %s in %s%s]" % self.clause(d),
            lambda: "[(q, r) for q in %s for r in %s]" % (
                self.paren(d, "list"), self.pick("l", "'ab'", "range(2)",
                                                "[q]")),
            lambda: "list(%s for %s in %s%s)" % self.clause(d),
            lambda: "sorted({%s for %s in %s%s})" % self.clause(d),
            lambda: "sorted(set(%s) %s {1, 2})" % (
                self.expr(d, "nums"), self.pick("|", "&", "-", "^")),
            lambda: "sorted(%s%s)" % (self.expr(d, self.pick(
                "nums", "str", "list", "dict")), self.pick(
                    "", ", reverse=True", ", key=" + self.key())),
            lambda: "list(reversed(%s))" % self.expr(d, self.pick(
                "list", "str", "nums")),
            lambda: "list(enumerate(%s%s))" % (self.expr(
                d, self.pick("list", "str")), self.pick("", ", 1",
                                                        ", start=2")),
            lambda: "list(zip(%s, %s))" % (self.expr(d, "list"),
                                           self.expr(d, "str")),
            lambda: "list(map(%s, %s))" % (self.key(), self.expr(d, "list")),
            lambda: "list(filter(%s, %s))" % (self.pick(
                "None", "lambda q: q", "str", "lambda q: q != 1"),
                self.expr(d, "list")),
            lambda: "list(map(lambda q, r: (r, q), %s, l))" % self.expr(
                d, "list"),
            lambda: "%s(%s)" % (self.pick("list", "tuple"), self.expr(
                d, self.pick("list", "str", "dict"))),
            lambda: "%s.%s" % (p(d, "str"), self.r.choice(STR_LISTS)),
            lambda: "list(%s.%s())" % (p(d, "dict"), self.pick(
                "items", "keys", "values")),
            lambda: "[*%s, *%s]" % (p(d, "list"), p(d, "str")),
            lambda: "list(range(%s))" % self.pick(
                "5", "1, 9, 3", "3, 0, -1", "0", "n", "2, n, 10", "1, 2, 0"),
            lambda: "list(%s)[:9]" % self.expr(d, "list"),
            lambda: "d.get('b', %s)" % self.expr(d, "list"),
        )()

    def clause(self, d):
        target = self.pick("q", "q", "q", "q, r", "(q, *r)")
        element = self.pick("q", "q * 2", "str(q)", "(q, n)", "[q]",
                            "(%s)" % self.expr(0), "q")
        it = self.expr(d, "list") if target == "q" else self.pick(
            "pairs", "d.items()", "zip(l, ls)", "enumerate(ls)",
            self.expr(d, "list"))
        if target == "(q, *r)":
            element = self.pick("q", "r", "len(r)")
        cond = self.pick("", "", " if q", " if q != 1",
                         " if " + self.paren(0, "bool"))
        return element, target, "(%s)" % it, cond

    def make_nums(self, d):
        return self.pick(
            lambda: "[%s, %s]" % (self.expr(d, "num"), self.expr(d, "num")),
            lambda: "[q * 2 for q in %s]" % self.paren(d, "nums"),
            lambda: "range(%s)" % self.pick("3", "1, 4", "9, 0, -4"),
            lambda: "[len(q) for q in %s]" % self.pick("ls", "nested"),
            lambda: "[%s for q in range(4) if q %% 2 == %s]" % (
                self.pick("q", "q / 2", "-q"), self.pick("0", "1")),
            lambda: "%s[%s]" % (self.paren(d, "nums"), self.pick(
                ":2", "1:", "::-1")),
        )()

    def make_dict(self, d):
        return self.pick(
            lambda: "{'a': %s, %s: %s}" % (self.expr(d), self.pick(
                "'b'", "1", "(1, 2)", "None", "1.0", "True",
                self.expr(0)), self.expr(d)),
            lambda: "{%s: %s for q in %s}" % (self.pick(
                "q", "str(q)", "n"), self.pick("q", "1", "[q]"),
                self.paren(d, "list")),
            lambda: "{q: r for q, r in %s}" % self.pick(
                "d.items()", "pairs", "zip(ls, l)", "enumerate(ls)"),
            lambda: "dict(%s)" % self.pick(
                "d, z=1", "pairs", "zip(ls, l)", "[(1, 2)]", "a=n",
                self.expr(d, "dict"), "de"),
            lambda: "{**%s, 'q': %s}" % (self.paren(d, "dict"),
                                         self.expr(d)),
            lambda: "%s | %s" % (self.paren(d, "dict"),
                                 self.paren(d, "dict")),
            lambda: "ds[%s]" % self.pick("0", "1", "-1", "3"),
            lambda: "d[%s]" % self.pick("'c'", "'a'", "'zz'", "'b'"),
        )()

    def make_any(self, d):
        return self.pick(
            lambda: "%s.%s" % (self.pick("d", "de", "ds[0]"), self.r.choice(
                DICT_CALLS[:7] if self.fors else DICT_CALLS)),
            lambda: "%s.%s" % (self.pick("l", "ls", "lm", "le", "pairs"),
                               self.r.choice(LIST_CALLS)),
            lambda: "%s[%s]" % (self.paren(d, "list"), self.paren(d, "int")),
            lambda: "%s[%s]" % (self.paren(d, "dict"), self.paren(d, "str")),
            lambda: "next(iter(%s)%s)" % (self.expr(d, "list"), self.pick(
                "", ", None")),
            lambda: "(%s)" % self.expr(d),
            lambda: "%s %s %s" % (self.paren(d, "any"), self.pick(
                "+", "-", "*", "/", "%", "<", "=="), self.paren(d, "any")),
            lambda: "getattr(%s, %s)()" % (self.paren(0, "str"), self.pick(
                "'upper'", "'nope'", "'strip'")),
            lambda: "max(%s%s)" % (self.expr(d, "list"), self.pick(
                "", ", default=%s" % self.expr(0), ", key=" + self.key())),
            lambda: "pow(%s, %s)" % (self.expr(0, "int"), self.pick(
                "2", "3, 5", "-1")),
            lambda: "divmod(%s, %s)" % (self.expr(d, "num"),
                                        self.expr(d, "num")),
            lambda: "(%s, d.%s())" % (self.expr(d), self.pick(
                "keys", "values", "items")),
        )()

    # statements

    def body(self, depth, n=None):
        n = self.r.randrange(1, 4) if n is None else n
        return [self.statement(depth) for _ in range(n)]

    def tag(self, text):
        return self.pick("{%% %s %%}", "{%% %s %%}", "{%%%s%%}",
                         "{%%  %s\n%%}") % text

    def end(self):
        return self.pick("{% end %}", "{% end %}", "{%end%}", "{% end if %}")

    def value(self):
        return self.pick("{{ %s }}", "{{ %s }}", "{{%s}}", "{%% raw %s %%}",
                         "{{ %s }}") % self.expr(3)

    def target(self):
        name = self.pick("a", "b", "x", "v")
        others = ["c1", "c2", "c3"]
        kind = self.r.randrange(14)
        if kind < 7:
            return [name], "%s = %s" % (name, self.expr(3))
        if kind == 7:
            return [name, "c1"], "%s, c1 = %s" % (name, self.pick(
                "1, 2", "pairs[0]", self.expr(2, "list"), "c1, " + name,
                "%s, %s" % (self.expr(1), self.expr(1))))
        if kind == 8:
            return others, "%s = %s" % (self.pick(
                "c1, *c2, c3", "*c1, c2, c3", "[c1, c2, *c3]",
                "(c1, (c2, c3))", "c1, c2, c3"), self.pick(
                    "l", "ls", "'abc'", "1, (2, 3)", "range(4)",
                    self.expr(2, "list")))
        if kind == 9:
            return [name, "c1"], "%s = c1 = %s" % (name, self.expr(2))
        if kind == 10:
            return [], "%s %s= %s" % (self.pick(
                "n", name, "s", "l", name, "d['a']", "l[0]"), self.pick(
                    "+", "-", "*", "/", "//", "%", "|", "&", "^", "**",
                    "<<"), self.expr(1, self.pick("int", "str", "list")))
        if kind == 11:
            return [], "%s = %s" % (self.pick(
                "d['a']", "l[0]" if self.fors else "d[n]", "l[0]", "l[-1]", "ls[99]", "s[0]",
                "nested[0][1]"), self.expr(2))
        if kind == 12:
            return [name, "c1"], "%s = %s; c1 = %s" % (
                name, self.expr(1), self.expr(1))
        return [], self.pick("l.append(%s)", "d.update(a=%s)",
                             "ls.insert(1, %s)", "%s") % self.expr(1)

    def statement(self, depth):
        kind = self.r.randrange(27) if depth > 0 else self.r.randrange(11)
        if kind < 5:
            return self.value()
        if kind < 8:
            return self.r.choice(TEXTS)
        if kind == 8:
            return self.pick("{# c #}", "{% comment c %}", "{#\n{{ x }}\n#}",
                             "{% raw 'a<b' %}")
        if kind < 11:
            names, text = self.target()
            self.vars += names
            return self.tag("set " + text)
        if kind in (11, 12):
            parts = [self.tag("if " + self.expr(2))] + self.body(depth - 1)
            while self.r.random() < .3:
                parts += [self.tag("elif " + self.expr(2))] + \
                    self.body(depth - 1)
            if self.r.random() < .5:
                parts += [self.tag("else")] + self.body(depth - 1)
            return parts + [self.end()]
        if kind in (13, 14, 15, 16):
            return self.loop(depth)
        if kind == 17:
            self.whiles += 1
            var = "w%d" % self.whiles
            self.loops += 1
            parts = [self.tag("set %s = 0" % var), self.tag(
                "while %s < %s" % (var, self.pick("3", "2", "l[0]"))),
                self.tag("set %s += 1" % var), "{{ %s }}" % var] + \
                self.body(depth - 1)
            parts += self.jump()
            self.loops -= 1
            if self.r.random() < .3:
                parts += [self.tag("else")] + self.body(depth - 1)
            return parts + [self.end()]
        if kind in (18, 19, 20):
            return self.attempt(depth)
        if kind == 21:
            loops, self.loops = self.loops, 0
            parts = [self.tag("apply " + self.pick(
                "xhtml_escape", "url_escape", "linkify", "escape",
                "(lambda q: q)"))]
            parts += self.body(depth - 1) + [self.end()]
            self.loops = loops
            return parts
        if kind == 22:
            return [self.tag("block " + self.pick("one", "two", "b1", "b2"))] \
                + self.body(depth - 1) + [self.end()]
        if kind == 23:
            return self.pick("{% include inc.html %}", "{% include inc.txt %}",
                             '{% include "inc.html" %}', "{% include esc %}",
                             "{% include sub/one %}",
                             "{% include /nope %}" if self.r.random() < .1
                             else "{% include sub/one %}",
                             "{% include base %}")
        if kind == 24:
            return self.tag("whitespace " + self.pick(
                "all", "single", "oneline", "single"))
        if kind == 25:
            return self.tag("autoescape " + self.pick(
                "None", "xhtml_escape", "url_escape", "escape"))
        return self.pick("{{! x }}", "{%! x %}", "{#! x #}", "{{! {{! }}",
                         "{{{!" if self.r.random() < .1 else "{{{! x }}")

    def jump(self):
        if self.r.random() < .3:
            return ["{%% if %s %%}" % self.expr(1),
                    self.pick("{% break %}", "{% continue %}"), "{% end %}"]
        return []

    def loop(self, depth):
        var = self.pick("i", "x", "y", "i", "j",
                                         "n" if self.r.random() < .2 else "i")
        names, it = [var], self.pick(self.expr(2, "list"), "l", "ls",
                                     "range(3)", "d", "s", "ds", "nested")
        if self.r.random() < .3:
            text, names, it = self.pick(
                ("i, j", ["i", "j"], "enumerate(ls[:])"),
                ("(i, j)", ["i", "j"], "d.items()"),
                ("i, (j, x)", ["i", "j", "x"], "enumerate(pairs[:])"),
                ("i, *j", ["i", "j"], "pairs"),
                ("i, j", ["i", "j"], self.expr(2, "list")),
                ("i, j", ["i", "j"], "zip(l[:], ls[:])"),
                ("d['a']", [], "l"), ("l[0]", [], "range(2)"))
        else:
            text = var
        self.vars += names
        self.loops += 1
        self.fors += 1
        parts = [self.tag("for %s in %s" % (text, it))] + \
            self.body(depth - 1) + self.jump()
        self.fors -= 1
        self.loops -= 1
        if self.r.random() < .3:
            parts += [self.tag("else")] + self.body(depth - 1)
        return parts + [self.end()]

    def attempt(self, depth):
        parts = [self.tag("try")] + self.body(depth - 1)
        if self.loops:
            parts += self.jump()
        handlers = self.r.random() < .9
        if handlers:
            for _ in range(self.pick(1, 1, 2)):
                name = self.r.choice(ERRORS)
                text = self.pick("except " + name, "except Exception",
                                 "except %s as err" % name)
                parts += [self.tag(text)] + self.body(depth - 1)
                if text.endswith("as err") and self.r.random() < .1:
                    parts.append("{{ str(err)[:0] }}")
            if self.r.random() < .2:
                parts += [self.tag("except"), "!"]
            if self.r.random() < .3:
                parts += [self.tag("else")] + self.body(depth - 1)
        if not handlers or self.r.random() < .3:
            parts += [self.tag("finally")] + self.body(depth - 1)
        return parts + [self.end()]

    def template(self):
        parts = self.body(2, self.r.randrange(1, 5))
        if self.r.random() < .5:
            # so that one error does not hide the rest
            parts = [["{% try %}", part, "{% except Exception %}",
                      "!{% end %}"] for part in parts]
        if self.modules:
            parts.insert(0, "{% import math, re, json %}{% from urllib.parse "
                            "import quote, urlencode %}")
        r = self.r.random()
        if r < .12:
            base = self.pick("base", "mid.html", '"base"', "esc")
            parts = ["{%% extends %s %%}" % base, "{% block one %}", parts,
                     "{% end %}"]
            if self.r.random() < .5:
                parts += ["{% block three %}"] + self.body(1) + ["{% end %}"]
        return parts


def options_of(rnd):
    opts = {}
    if rnd.random() < .15:
        opts["autoescape"] = rnd.choice([None, "url_escape", "xhtml_escape"])
    if rnd.random() < .15:
        opts["whitespace"] = rnd.choice(["all", "single", "oneline"])
    main = rnd.choice(["main", "main.html", "main.html", "main.js",
                       "main.txt"])
    return opts, main


def with_tornado(source, case):
    opts, main = case
    loader = tornado.template.DictLoader(dict(HELPERS, **{main: source}),
                                         **opts)
    try:
        return True, loader.load(main).generate(
            **json.loads(json.dumps(CONTEXT))).decode()
    except Exception as e:      # whatever it is, the other must fail as well
        return False, "%s: %s" % (type(e).__name__, e)


def ask(tpl, source, case):
    opts, main = case
    reply = tpl.ask({"syntax": "tornado", "options": opts,
                     "templates": dict(HELPERS, **{main: source}),
                     "main": main, "context": CONTEXT, "globals": {}})
    return reply["ok"], reply.get("output", reply.get("error"))


def known(ours, theirs):
    text = str(ours[1]) + str(theirs[1])
    return ("64 bits" in str(ours[1]) or re.search(r" at 0x|object at", text)
            or "too large" in text
            or re.search(r"\d{19,}", str(theirs[1])) is not None
            or "more than" in str(ours[1]) and "bytes" in str(ours[1])
            or "changed size during iteration" in str(theirs[1])
            or "fractional power" in str(ours[1])
            or "limit" in str(ours[1]) or "too slow" in str(theirs[1]))


def differ(tpl, source, case):
    theirs = oracle(source, case)
    ours = ask(tpl, source, case)
    if "CRASH" in str(ours[1]) and not ours[0]:
        return ours, theirs
    if ours[0] == theirs[0] and (not ours[0] or ours[1] == theirs[1]):
        return None
    if known(ours, theirs):
        return None
    if theirs[0] and "block" in source and "ParseError" in str(ours[1]):
        return None     # in a block that is overridden, so Python never sees
    return ours, theirs


def is_syntax_error(theirs):
    return not theirs[0] and re.match(
        "ParseError|SyntaxError|IndentationError", theirs[1])


def oracle(source, case):
    return engines.limited(2, with_tornado, source, case)


def make(rnd):
    case = options_of(rnd)
    return case, Gen(rnd).template()


if __name__ == "__main__":
    # Tornado logs the code of templates that Python cannot compile
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    sys.exit(engines.run(__doc__, "tornado", 5000, make, differ, oracle,
                         is_syntax_error))
