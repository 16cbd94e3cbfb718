"""Pages made of macros, blocks, includes, loops and branches, of which some go
by constants and some by data: what specialization copies, inlines and unrolls.

Expressions are simple here, and mostly render; diff_jinja.py and
diff_tornado.py have the odd ones.
"""

DATA = {"x": "a<b", "y": 3, "z": 0, "flag": True, "off": False, "name": "b",
        "xs": [1, 2, 3], "es": [], "ds": [{"k": "p", "v": [1]},
                                          {"k": "<q>", "v": []}]}


class Page:
    """One page and the templates it refers to; a language each below."""

    def __init__(self, rnd):
        self.r = rnd
        self.scope = ["c", "d"]         # set at the top of the page
        self.calls = []                 # macros that may be called here
        self.loops = 0
        self.blocks = 0
        self.depth = 0

    def pick(self, *options):
        return self.r.choice(options)

    def name(self):
        if self.r.random() < .5:
            return self.r.choice(self.scope)
        return self.r.choice(sorted(DATA) + (
            ["missing"] if self.r.random() < .02 else []))

    def const(self):
        return self.pick("1", "2", "'k'", "'<'", "[1, 2]", "('u', 3)", "0",
                         "{'k': 1, 'v': [5]}", "''", "[]")

    def value(self):
        return self.const() if self.r.random() < .3 else self.name()

    def odd(self, text):
        """What mostly fails, now and then."""
        return text if self.r.random() < .1 else "y // 2 * len(str(%s))" \
            if isinstance(self, TornadoPage) else "(%s, y // 2)"

    def test(self):
        return self.pick("%s", "not %s", "%s == 2", "%s and flag",
                         "off or %s", "%s in xs") % self.value()

    def sequence(self):
        return self.pick("xs", "xs", "ds", "es", "[1, 2]", "[4]", "[d, c]",
                         "[]", "range(2)", self.pick("c", "d", "range(y)")
                         if self.r.random() < .1 else "'<b'")

    def body(self, n=None):
        self.depth += 1
        parts = [self.statement() for _ in range(
            n or self.r.randrange(1, 4))]
        self.depth -= 1
        return parts

    def scoped(self, names=(), **others):
        """A body that may use names, and what it sets is forgotten."""
        saved = self.scope[:]
        self.scope += names
        parts = self.body(**others)
        self.scope = saved
        return parts


class JinjaPage(Page):
    opts = {"extensions": ["do", "loopcontrols"], "autoescape": True}

    def tag(self, text):
        return "{% " + text + " %}"

    def expr(self):
        r = self.r.random()
        if [c for c in self.calls if c[0] != "wrap"] and r < .25:
            return self.call()
        if self.loops and r < .35:
            return "loop." + self.pick(
                "index", "last", "cycle('e', x)", "changed(y)", "length",
                "depth", "previtem")
        return self.pick(
            "%s", "%s", "%s", "%s|upper", "%s ~ '<'", "'%%s' %% (%s,)",
            "%s if y else 1", self.odd("y // %s"), "[%s, 1]|join('+')",
            "%s|string|length", "(%s, y)|list", "%s is defined",
            "%s|default('-')", "%s|e", "%s",
            self.pick("cy.next() ~ %s", "ns.n ~ %s", "jo() ~ %s")
            if self.r.random() < .03 else "%s") % self.value()

    def call(self):
        name, params = self.r.choice(
            [c for c in self.calls if c[0] != "wrap"])
        args, left = [], list(params)
        while left and self.r.random() < .8:
            p = left.pop(0)
            args.append((p + "=" if self.r.random() < .3 or
                         args and "=" in args[-1][:2] else "") + self.value())
        if self.r.random() < .01:
            args.append("nope=1")
        return "%s(%s)" % (name, ", ".join(args))

    def statement(self):
        kind = self.r.randrange(22 if self.depth < 4 else 8)
        if self.r.random() < .01:
            kind = self.pick(22, 23)
        if kind < 5:
            return self.pick("{{ %s }}", "{{ %s }}", "{{ %s|safe }}",
                             "{{ (%s)|string }}") % self.expr()
        if kind < 7:
            return self.pick("a ", "<p>", "\n", "-")
        if kind == 7:
            name = self.pick("s", "t", "c")
            text = self.tag("set %s = %s" % (name, self.expr()))
            self.scope.append(name)
            return text
        if kind < 11:
            parts = [self.tag("if " + self.test())] + self.scoped()
            if self.r.random() < .5:
                parts += [self.tag("elif " + self.test())] + self.scoped()
            if self.r.random() < .5:
                parts += [self.tag("else")] + self.scoped()
            return parts + [self.tag("endif")]
        if kind < 15:
            target, names = self.pick(("i", ["i"]), ("i", ["i"]),
                                      ("x", ["x"]), ("c", ["c"]))
            self.loops += 1
            parts = [self.tag("for %s in %s%s" % (
                target, self.sequence(), self.pick(
                    "", "", "", " if " + self.value()))), "."]
            parts += self.scoped(names)
            if self.r.random() < .15:
                parts += [self.tag("if " + self.test()), self.tag(
                    self.pick("break", "continue")), self.tag("endif")]
            self.loops -= 1
            if self.r.random() < .3:
                parts += [self.tag("else")] + self.scoped()
            return parts + [self.tag("endfor")]
        if kind == 15:
            loops, self.loops = self.loops, 0
            self.blocks += 1
            parts = [self.tag("block b%d%s" % (
                self.blocks, self.pick("", " scoped"))), self.scoped(),
                self.tag("endblock")]
            self.loops = loops
            return parts
        if kind in (16, 17):
            return self.tag("include '%s'%s" % (
                self.pick("row.html", "part.html", "row.html", "part.html",
                          self.pick("row.html", "plain.txt", "sets.html")),
                " without context" if self.r.random() < .05 else ""))
        if kind == 18 and self.calls:
            calls = [c for c in self.calls if c[0] == "wrap"]
            if calls:
                return [self.tag("call " + self.pick(
                    "wrap(%s)" % self.value(), "wrap()")), self.scoped(),
                    self.tag("endcall")]
        if kind == 19:
            return [self.tag("filter upper"), self.scoped(),
                    self.tag("endfilter")]
        if kind == 20:
            self.scope.append("s")
            return [self.tag("set s"), self.scoped(), self.tag("endset")]
        if kind == 21:
            return [self.tag("with w = " + self.expr()), self.scoped(["w"]),
                    self.tag("endwith")]
        if kind == 22:
            return self.tag(self.pick(
                "set ns.n = (ns.n, 1)", "set ns.n = %s" % self.value(),
                "do c.append(y)" if self.r.random() < .1 else
                "set ns.n = (ns.n, y)"))
        return [self.tag("autoescape " + self.pick("false", "true", "off")),
                self.scoped(), self.tag("endautoescape")]

    def macro(self, name, params):
        loops, self.loops = self.loops, 0
        head = ", ".join(p + ("=" + self.pick("1", "'d'", "y", "c")
                              if k else "")
                         for k, p in enumerate(params))
        parts = [self.tag("macro %s(%s)" % (name, head))] + \
            self.scoped(list(params), n=2)
        if name == "wrap":
            parts.append(self.pick("({{ caller() }})", "{{ caller() }}",
                                   "{% if y %}{{ caller() }}{% endif %}"))
        self.loops = loops
        return parts + [self.tag("endmacro")]

    def template(self):
        parts = []
        if self.r.random() < .4:
            parts.append(self.tag("extends 'base.html'"))
        parts += [self.tag("set c = " + self.pick("[1, 2]", "'k'", "[]")),
                  self.tag("set d = " + self.const()),
                  self.tag("set cy = cycler('o', 'e')"),
                  self.tag("set jo = joiner()"),
                  self.tag("set ns = namespace(n=0)")]
        for name, params in (("m", "ab"), ("wrap", "a"), ("f", "")):
            if self.r.random() < .7:
                parts.append(self.macro(name, params))
                self.calls.append((name, params))
        parts.append(self.pick("", self.tag("import 'lib.html' as lib")))
        if parts[-1]:
            self.calls += [("lib.field", "nv"), ("lib.one", "a")]
        if "extends" in parts[0]:
            self.blocks += 1
            return parts + [self.tag("block main"), self.body(4),
                            self.tag("endblock"), self.tag("block head"),
                            self.body(), self.pick("", "{{ super() }}"),
                            self.tag("endblock")]
        if self.r.random() < .3:
            return parts + self.body(5)
        return parts + [self.tag("block all"), self.body(5),
                        self.tag("endblock")]

    helpers = {
        "base.html": "<{% block head %}{{ x }}{% endblock %}|{% for i in [1, "
                     "2] %}{% block main scoped %}{{ i }}{% endblock %}"
                     "{% endfor %}>",
        "row.html": "[{{ i }}{{ x }}{% if loop is defined %}{{ loop.index }}"
                    "{% endif %}{{ c }}]",
        "part.html": "{% for p in [1, y] %}{% include 'row.html' %}{{ p }}"
                     "{% endfor %}{{ s }}",
        "plain.txt": "{{ x }}",
        "sets.html": "{% set c = y %}{{ c }}{% include 'row.html' %}",
        "lib.html": "{% macro field(n, v='') %}<{{ n }}={{ v }}{{ x }}"
                    "{{ one(v) }}>{% endmacro %}{% macro one(a) %}"
                    "{% if a %}{{ a }}{% else %}none{% endif %}{% endmacro %}",
    }


class TornadoPage(Page):
    opts = {}

    def tag(self, text):
        return "{% " + text + " %}"

    def expr(self):
        return self.pick(
            "%s", "%s", "%s", "str(%s).upper()", "'%%s' %% (%s,)",
            "%s if y else 1", self.odd("y // (%s)"), "len(str(%s))", "[%s, y]",
            "sorted([y, 2, 1], key=lambda q: -q)[:len(str(%s))]",
            "[q for q in xs if q != %s]", "escape(str(%s))",
            "list(map(lambda q: (q, %s), xs))" if self.r.random() < .1
            else "list(map(lambda q: (q, y), xs + [%s]))", "fn(%s)") % self.value()

    def statement(self):
        kind = self.r.randrange(22 if self.depth < 4 else 8)
        if kind < 5:
            return self.pick("{{ %s }}", "{{ %s }}", "{%% raw %s %%}") \
                % self.expr()
        if kind < 7:
            return self.pick("a ", "<p>", "\n", "-")
        if kind == 7:
            name = self.pick("s", "t", "c")
            text = self.tag(self.pick("set %s = %s", "set %s = %s",
                                      "set %s = u = %s")
                            % (name, self.expr()))
            self.scope.append(name)
            return text
        if kind < 11:
            parts = [self.tag("if " + self.test())] + self.scoped()
            if self.r.random() < .5:
                parts += [self.tag("elif " + self.test())] + self.scoped()
            if self.r.random() < .5:
                parts += [self.tag("else")] + self.scoped()
            return parts + [self.tag("end")]
        if kind < 14:
            self.loops += 1
            parts = [self.tag("for i in " + self.sequence())] + \
                self.scoped(["i"])
            if self.r.random() < .15:
                parts += [self.tag("if " + self.test()), self.tag(
                    self.pick("break", "continue")), self.tag("end")]
            self.loops -= 1
            if self.r.random() < .3:
                parts += [self.tag("else")] + self.scoped()
            return parts + [self.tag("end")]
        if kind == 14:
            self.blocks += 1
            var = "w%d" % self.blocks
            return [self.tag("set %s = 0" % var),
                    self.tag("while %s < %s" % (var, self.pick("y", "2"))),
                    self.tag("set %s += 1" % var)] + self.scoped() + \
                [self.tag("end")]
        if kind in (15, 16):
            parts = [self.tag("try")] + self.scoped() + [self.tag(self.pick(
                "except ZeroDivisionError", "except Exception as e",
                "except (TypeError, NameError)"))] + self.scoped()
            parts.append("!")
            if self.r.random() < .4:
                parts += [self.tag("finally")] + self.scoped()
            return parts + [self.tag("end")]
        if kind in (17, 18):
            loops, self.loops = self.loops, 0
            parts = [self.tag("apply " + self.pick("escape", "squeeze",
                                                   "fn"))]
            parts += self.scoped()
            self.loops = loops
            return parts + [self.tag("end")]
        if kind == 19:
            self.blocks += 1
            return [self.tag("block b%d" % self.blocks)] + self.scoped() + \
                [self.tag("end")]
        if kind == 20:
            return self.tag("include " + self.pick("row.html", "part.html"))
        return self.tag("module " + self.pick("Entry(%s, t=%s)", "Entry(x, t=1)",
                                              "Entry(i=%s, t=%s)").replace(
                                                  "%s", self.value()))

    def template(self):
        head = [self.tag("set c = " + self.pick("[1, 2]", "'k'", "[]")),
                self.tag("set d = " + self.const()),
                self.pick("", self.tag("import math, json")),
                self.tag("set fn = " + self.pick(
                    "lambda q: q", "lambda q: str(q) + str(y)",
                    "lambda q, r=2: (q, x)", "escape", "lambda *q: q",
                    "str", "lambda q: (q, c)"))]
        if self.r.random() < .4:
            return [self.tag("extends base.html"), self.tag("block head")] + \
                head + self.scoped() + [self.tag("end"), self.tag(
                    "block main")] + self.body(3) + [self.tag("end")]
        return head + self.body(5)

    helpers = {
        "base.html": "<{% block head %}{{ x }}{% end %}|{% for i in [1, 2] %}"
                     "{% block main %}{{ i }}{% end %}{% end %}>",
        "row.html": "[{{ x }}{% if y %}{{ y }}{% end %}{{ c }}]",
        "part.html": "{% for p in [1, y] %}{% include row.html %}{{ p }}"
                     "{% end %}",
        "modules/Entry.html": "({{ x }}{{ args }}{% for j in [1, 2] %}"
                              "{{ j }}{{ t }}{% end %}{% if t %}{{ y }}"
                              "{% end %})",
    }


def jinja(rnd):
    return JinjaPage(rnd).template()


def tornado(rnd):
    return TornadoPage(rnd).template()
