#!/usr/bin/python3
"""The command line as its user meets it: files, options, errors, status."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
TPL = os.environ.get("TPL", os.path.join(ROOT, "build", "tpl"))


class Folder(unittest.TestCase):
    """A test with a folder of files of its own, where tpl is started."""

    FILES = {}

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.dir = temp.name
        for name, text in self.FILES.items():
            self.write(name, text)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def tpl(self, *args, stdin=""):
        done = subprocess.run([TPL] + list(args), cwd=self.dir,
                              input=stdin.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.status = done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")
        return done

    def good(self, out, *args, **kw):
        self.tpl(*args, **kw)
        self.assertEqual((self.status, self.out, self.err), (0, out, ""))

    def bad(self, status, err, *args, **kw):
        self.tpl(*args, **kw)
        self.assertEqual((self.status, self.out), (status, ""), self.err)
        self.assertIn(err, self.err)


class Usage(Folder):

    FILES = {"a": "a"}

    def test_help(self):
        for word in ("--help", "-h", "help"):
            self.tpl(word)
            self.assertEqual((self.status, self.err), (0, ""))
            self.assertTrue(self.out.startswith("usage: tpl "))
        for word in ("render", "check", "dump", "batch", "--root",
                     "--syntax", "--data", "--autoescape", "--undefined"):
            self.assertIn(word, self.out)
        self.tpl("render", "--help")
        self.assertEqual(self.status, 0)

    def test_version(self):
        self.tpl("--version")
        self.assertRegex(self.out, r"\Atpl \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage_is_status_2(self):
        self.bad(2, "usage: ")
        self.bad(2, 'unknown command "paint"', "paint")
        self.bad(2, "no template is named", "render")
        self.bad(2, "no template is named", "check")
        self.bad(2, 'too many arguments from "b"', "render", "a", "b")
        self.bad(2, 'too many arguments from "a"', "check", "--all", "a")
        self.bad(2, 'unknown option "--nope"', "render", "a", "--nope")
        self.bad(2, "a value is missing", "render", "a", "--root")
        self.bad(2, "dump has no option --data", "dump", "a", "--data", "x")
        self.bad(2, "render has no option --all", "render", "--all")

    def test_choices(self):
        self.bad(2, 'tpl: --syntax is jinja or tornado, not "php"',
                 "render", "a", "--syntax", "php")
        self.bad(2, "--autoescape is off, html or auto", "render", "a",
                 "--autoescape", "yes")
        self.bad(2, "--undefined is lenient, strict, chainable or debug",
                 "render", "a", "--undefined", "lazy")


class Render(Folder):

    FILES = {
        "page.html": "{% extends 'lib/layout.html' %}"
                     "{% block b %}{{ x }}{% endblock %}",
        "lib/layout.html": "<{% block b %}{% endblock %}>\n",
        "plain.txt": "{{ x }}",
        "t.html": "{% if x > 1 %}{{ y }}{% end %}",
        "undefined.txt": "[{{ nope }}]",
        "other/plain.txt": "other {{ x }}",
        "data.json": '{"x": "<é>", "y": [1, {"k": null}]}',
    }

    def test_a_template(self):
        self.good("[]", "render", "undefined.txt")

    def test_data(self):
        self.good("<é>", "render", "plain.txt", "--data", "data.json")
        self.good("7", "render", "plain.txt", "--data=-", stdin='{"x": 7}')

    def test_autoescape(self):
        data = ("--data", "data.json")
        self.good("<&lt;é&gt;>", "render", "page.html", *data)
        self.good("<é>", "render", "plain.txt", *data)
        self.good("&lt;é&gt;", "render", "plain.txt", "--autoescape",
                  "html", *data)
        self.good("<<é>>", "render", "page.html", "--autoescape", "off",
                  *data)

    def test_undefined(self):
        for kind, out in (("lenient", "[]"), ("chainable", "[]"),
                          ("debug", "[{{ nope }}]")):
            self.good(out, "render", "undefined.txt", "--undefined", kind)
        self.bad(1, "'nope' is undefined", "render", "undefined.txt",
                 "--undefined", "strict")

    def test_tornado(self):
        self.write("d.json", '{"x": 2, "y": "<"}')
        self.good("&lt;", "render", "t.html", "--syntax", "tornado",
                  "--data", "d.json")
        self.good("<", "render", "t.html", "--syntax=tornado",
                  "--data=d.json", "--autoescape=off")

    def test_roots(self):
        data = ("--data", "data.json")
        self.good("other <é>", "render", "plain.txt", "--root", "other",
                  *data)
        self.good("other <é>", "render", "plain.txt", "--root", "other",
                  "--root", ".", *data)
        self.good("<é>", "render", "plain.txt", "--root", ".", "--root",
                  "other", *data)
        self.good("<&lt;é&gt;>", "render", "page.html", "--root", "nowhere",
                  "--root", self.dir, *data)

    def test_a_path_is_fine_too(self):
        path = os.path.join(self.dir, "page.html")
        self.good("<>", "render", path)
        # what it refers to is looked for beside it
        with tempfile.TemporaryDirectory() as elsewhere:
            done = subprocess.run([TPL, "render", path], cwd=elsewhere,
                                  stdout=subprocess.PIPE)
            self.assertEqual(done.stdout, b"<>")
        self.good("other ", "render", "./other/plain.txt")

    def test_no_name_leaves_its_root(self):
        self.write("in/a", "{% include '../plain.txt' %}")
        self.write("in/b", "{% include '/../plain.txt' %}")
        self.write("in/c", "{% include '/d' %}{% include './/d' %}")
        self.write("in/d", "d")
        self.bad(1, "../plain.txt", "render", "a", "--root", "in")
        self.bad(1, "/../plain.txt", "render", "b", "--root", "in")
        self.good("dd", "render", "c", "--root", "in")

    def test_a_missing_template(self):
        self.bad(1, 'template "nope.html" is not found', "render",
                 "nope.html")
        self.bad(1, "is not found", "render", "lib")

    def test_bad_data(self):
        self.bad(1, "nope.json", "render", "plain.txt", "--data",
                 "nope.json")
        self.write("a.json", "[1]")
        self.bad(1, "a.json: the data must be a JSON object", "render",
                 "plain.txt", "--data", "a.json")
        self.write("b.json", '{"a": 1,\n "b": }')
        self.bad(1, "b.json: line 2 column ", "render", "plain.txt",
                 "--data", "b.json")

    def test_long_output(self):
        self.write("long", "{% for i in range(99999) %}{{ i }},"
                           "{% endfor %}")
        self.good("".join("%d," % i for i in range(99999)), "render", "long")


class Errors(Folder):

    FILES = {
        "syntax.html": "a\n  {% for x in %}{% endfor %}\n",
        "run.html": "{% include 'mid.html' %}",
        "mid.html": "\n{{ m(1) }}{% macro m(x) %}\n"
                    "  é{{ x / 0 }}{% endmacro %}\n{{ m(1) }}",
        "bytes.html": b"ok\n\xffno",
        "needs.html": "x\n{% extends 'gone.html' %}",
    }

    def test_a_syntax_error_shows_its_place(self):
        self.bad(1, "syntax.html:2:15: ", "render", "syntax.html")
        lines = self.err.splitlines()
        self.assertEqual(lines[1].strip(), "{% for x in %}{% endfor %}")
        self.assertEqual(lines[2].strip(), "^")
        # the caret stands below the column that is named
        indent = len(lines[1]) - len("  {% for x in %}{% endfor %}")
        self.assertEqual(lines[2].index("^") - indent + 1, 15)

    def test_the_way_to_an_error(self):
        self.write("mid.html", self.FILES["mid.html"].replace(
            "\n{{ m(1) }}", "\n", 1))
        self.bad(1, "mid.html:3:9: division by zero", "render", "run.html")
        self.assertIn("mid.html:4:", self.err)
        self.assertIn("run.html:1:", self.err)

    def test_the_root_is_part_of_the_place(self):
        self.write("sub/a.html", "{{ 1 / 0 }}")
        self.bad(1, "sub/a.html:1:6: division by zero", "render", "a.html",
                 "--root", "sub")

    def test_bytes_that_are_no_text(self):
        self.bad(1, "bytes.html:2:1: ", "render", "bytes.html")
        self.assertIn("0xff", self.err)

    def test_nothing_is_written_before_an_error(self):
        self.write("late.html", "x" * 100000 + "{{ 1 / 0 }}")
        self.bad(1, "late.html:1:100006: ", "render", "late.html")

    def test_a_missing_reference(self):
        self.bad(1, "needs.html:2:", "render", "needs.html")
        self.assertIn("gone.html", self.err)


class Check(Folder):

    FILES = {
        "good.html": "{% include 'part.html' %}",
        "part.html": "{{ x }}",
        "bad.html": "a{% if %}",
        "dir/refers.html": "{% include 'gone.html' %}",
        ".hidden": "{% if %}",
        "image.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR{% if %}",
    }

    def test_good(self):
        self.good("1 template checked\n", "check", "good.html")
        self.good("2 templates checked\n", "check", "good.html",
                  "part.html")

    def test_bad(self):
        self.bad(1, "bad.html:1:", "check", "good.html", "bad.html")
        self.assertIn("1 of 2 templates failed", self.err)

    def test_all(self):
        self.bad(1, "2 of 4 templates failed", "check", "--all")
        self.assertIn("bad.html:1:", self.err)
        self.assertIn("dir/refers.html:1:", self.err)
        self.assertIn("gone.html", self.err)

    def test_all_of_another_root(self):
        self.write("site/a.html", "a")
        self.good("1 template checked\n", "check", "--all", "--root",
                  "site")

    def test_the_sample_site(self):
        templates = os.path.join(ROOT, "templates")
        self.good("1 template checked\n", "check", "main_j2.html", "--root",
                  templates)
        self.good("1 template checked\n", "check", "main.html", "--syntax",
                  "tornado", "--root", templates)


class Dump(Folder):

    FILES = {"a.html": "Hello {% for x in l %}{{ x|upper }}{% endfor %}",
             "bad.html": "{{ }}"}

    def test_dump(self):
        self.tpl("dump", "a.html")
        self.assertEqual((self.status, self.err), (0, ""))
        for word in ("Hello", "upper", "FOR", "NEXT", "TEXT"):
            self.assertIn(word, self.out)

    def test_an_error(self):
        self.bad(1, "bad.html:1:4: ", "dump", "bad.html")


class Batch(Folder):

    def ask(self, *requests):
        lines = [r if isinstance(r, str) else json.dumps(r)
                 for r in requests]
        self.tpl("batch", stdin="\n".join(lines) + "\n")
        self.assertEqual((self.status, self.err), (0, ""))
        replies = [json.loads(line) for line in self.out.splitlines()]
        self.assertEqual(len(replies), len(requests))
        return replies if len(replies) > 1 else replies[0]

    @staticmethod
    def request(template, **kw):
        return dict({"syntax": "jinja", "options": {}, "main": "m",
                     "templates": {"m": template}, "context": {},
                     "globals": {}}, **kw)

    def test_a_render(self):
        self.assertEqual(self.ask(self.request("{{ x }}é",
                                               context={"x": "<😀\n"})),
                         {"ok": True, "output": "<😀\né"})

    def test_many(self):
        replies = self.ask(*[self.request("{{ %d * 2 }}" % i)
                             for i in range(500)])
        self.assertEqual([r["output"] for r in replies],
                         [str(i * 2) for i in range(500)])

    def test_replies_come_at_once(self):
        proc = subprocess.Popen([TPL, "batch"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        for i in range(3):
            proc.stdin.write(json.dumps(self.request(str(i))).encode()
                             + b"\n")
            proc.stdin.flush()
            self.assertEqual(json.loads(proc.stdout.readline())["output"],
                             str(i))
        proc.stdin.close()
        proc.stdout.close()
        self.assertEqual(proc.wait(), 0)

    def test_an_error(self):
        reply = self.ask(self.request("a\n{{ x.y }}"))
        self.assertEqual(reply, {
            "ok": False, "error": "UndefinedError: 'x' is undefined",
            "template": "m", "line": 2, "column": 6})

    def test_the_place_is_the_innermost(self):
        reply = self.ask(self.request("\n{% include 'b' %}", templates={
            "m": "\n{% include 'b' %}", "b": "\n\n{{ 1 / 0 }}"}))
        self.assertEqual((reply["template"], reply["line"]), ("b", 3))

    def test_no_such_template(self):
        reply = self.ask(self.request("", main="nope"))
        self.assertFalse(reply["ok"])
        self.assertIn("nope", reply["error"])

    def test_what_is_no_request(self):
        for line in ("{", "[]", "null", "1", "{}", '{"main": 1}',
                     '{"main": "m"}', '{"main":"m","templates":[]}',
                     '{"main":"m","templates":{"m":1}}',
                     '{"main":"m","templates":{"m":""},"context":[]}',
                     '{"main":"m","templates":{"m":""},"syntax":"php"}',
                     '{"main":"m","templates":{"m":""},"options":5}',
                     '{"main":"m","templates":{"m":""}} x',
                     '"\\ud800"', "\x01", "[" * 100000):
            reply = self.ask(line)
            self.assertFalse(reply["ok"], line[:80])
            self.assertTrue(reply["error"], line[:80])
        # and it goes on after one
        replies = self.ask("nonsense", self.request("a"))
        self.assertEqual(replies[1], {"ok": True, "output": "a"})

    def test_unknown_options(self):
        for syntax, options in (("jinja", {"enable_async": True}),
                                ("jinja", {"undefined": "MyUndefined"}),
                                ("jinja", {"extensions": ["my.ext"]}),
                                ("jinja", {"trim_blocks": "yes"}),
                                ("jinja", {"newline_sequence": "x"}),
                                ("jinja", {"whitespace": "all"}),
                                ("tornado", {"trim_blocks": True}),
                                ("tornado", {"whitespace": "none"})):
            reply = self.ask(self.request("a", options=options,
                                          syntax=syntax))
            self.assertFalse(reply["ok"], options)
            self.assertTrue(reply.get("unsupported"), options)

    def test_defaults_may_be_left_out(self):
        self.assertEqual(self.ask({"main": "m", "templates": {"m": "a"}}),
                         {"ok": True, "output": "a"})

    def test_markup_at_any_depth(self):
        reply = self.ask(self.request(
            "{{ a }}{{ b[0] }}{{ c.d.e }}{{ g }}{{ n['__markup__'] }}",
            options={"autoescape": True},
            context={"a": {"__markup__": "<a>"},
                     "b": [{"__markup__": "<b>"}],
                     "c": {"d": {"e": {"__markup__": "<c>"}}},
                     "n": {"__markup__": "<", "other": 1}},
            globals={"g": {"__markup__": "<g>"}}))
        self.assertEqual(reply["output"], "<a><b><c><g>&lt;")

    def test_globals_reach_imported_templates(self):
        reply = self.ask(self.request("", globals={"g": 1}, templates={
            "m": "{% import 'l' as l %}{{ l.f() }}{{ g }}",
            "l": "{% macro f() %}{{ g }}{{ x }}{% endmacro %}"},
            context={"x": 2}))
        self.assertEqual(reply["output"], "11")

    def test_a_name_from_data(self):
        reply = self.ask(self.request("", context={"n": "b"}, templates={
            "m": "{% include n %}", "b": "B", "broken": "{% if %}"}))
        self.assertEqual(reply["output"], "B")

    def test_extensions_are_off_unless_asked_for(self):
        request = self.request("{% do 1 %}")
        self.assertFalse(self.ask(request)["ok"])
        request["options"] = {"extensions": ["do"]}
        self.assertEqual(self.ask(request)["output"], "")

    def test_nothing_runs_for_ever(self):
        loop = "{% for i in range(99999) %}"
        end = "{% endfor %}"
        for template, context in (
                (loop * 4 + end * 4, {}),
                (loop * 4 + "x" * 100 + end * 4, {}),
                ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
                 {}),
                ("{% set l = [1] %}" + "{% set l = l + l %}" * 60
                 + "{{ l|length }}", {}),
                ("{% set s = 'x' %}" + "{% set s = s ~ s %}" * 60
                 + "{{ s|length }}", {}),
                ("{{ 'x' * 9999999999 }}", {}),
                ("{{ '%9999999999d' % 1 }}", {}),
                ("{{ 'x'|center(99999999999) }}", {}),
                ("{% include 'm' %}", {}),
                ("{{ 10 ** 10 ** 10 }}", {}),
                ("{{ range(10 ** 17)|list }}", {})):
            reply = self.ask(self.request(template, context=context))
            self.assertFalse(reply["ok"], template)
        deep = "(" * 20000 + "1" + ")" * 20000
        self.assertFalse(self.ask(self.request("{{ %s }}" % deep))["ok"])
        deep = "{% if 1 %}" * 20000 + "{% endif %}" * 20000
        self.ask(self.request(deep))

    def test_tornado(self):
        reply = self.ask(self.request("{% raw x %}{{ x }}  ",
                                      syntax="tornado",
                                      options={"whitespace": "oneline"},
                                      context={"x": "<"}))
        self.assertEqual(reply["output"], "<&lt; ")
        reply = self.ask(self.request("{{ x }}", syntax="tornado",
                                      options={"autoescape": None},
                                      context={"x": "<"}))
        self.assertEqual(reply["output"], "<")


if __name__ == "__main__":
    if not os.path.exists(TPL):
        sys.exit("test_cli.py: %s is not there; run `make cli` first" % TPL)
    unittest.main()
