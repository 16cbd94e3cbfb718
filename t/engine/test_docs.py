#!/usr/bin/python3
"""The examples of docs/language.md: what `tpl` and the real ones make of them.

An example is a sequence of fenced blocks, named by their first word:

    json                the data, may be absent
    jinja or tornado    the template; with file=NAME another one that it needs
    output or error     what comes out (but for a newline at the end), or
                        the start of the message

Further words of a template's block:

    trim                trim_blocks and lstrip_blocks are on
    plain               autoescape is off
    undefined=CLASS     as in Jinja2's Environment
    translations=STYLE  gettext() and its like, which change nothing
    line_statement=%    the prefixes of line statements and line comments
    line_comment=##
    only=WHY            Debian's Jinja2 or Tornado is not asked

In the table of the differences from Jinja2 the rows whose first three cells
are code are examples as well: a template, what it gives here and there. An
error is named by its class.

Everything that the engine has must have an example in the section where one
looks for it, and nothing may be documented that the engine has not. What it
has is read from its sources: the tables of builtins/, the statements of
tpl_jinja.c, the attributes of tpl_loop.c.
"""

import glob
import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import test_cases  # noqa: E402

ROOT = test_cases.ROOT
DOC = os.path.join(ROOT, "docs", "language.md")
SOURCES = os.path.join(ROOT, "ngx_http_tpl_module")

DIFFERENCES = ("Known differences", "From Jinja2")

MAIN = "main.html"
EXTENSIONS = ["do", "loopcontrols", "i18n", "debug"]


class Example:
    def __init__(self, line, syntax, words):
        self.line = line
        self.syntax = syntax
        self.words = words
        self.data = {}
        self.files = {}
        self.template = None
        self.kind = None        # output or error
        self.expected = None

    def request(self):
        options = {}
        if self.syntax == "jinja":
            options["autoescape"] = "plain" not in self.words
            options["extensions"] = EXTENSIONS
            if "trim" in self.words:
                options["trim_blocks"] = options["lstrip_blocks"] = True
            for word, option in (("undefined", "undefined"),
                                 ("translations", "null_translations"),
                                 ("line_statement", "line_statement_prefix"),
                                 ("line_comment", "line_comment_prefix")):
                if word in self.words:
                    options[option] = self.words[word]
        return {"syntax": self.syntax, "options": options,
                "templates": dict(self.files, **{MAIN: self.template}),
                "main": MAIN, "context": self.data, "globals": {}}

    def text(self):
        """All templates of it."""
        return "\n".join([self.template] + list(self.files.values()))


class Section:
    def __init__(self, path):
        self.path = path        # the headings from the top to this one
        self.prose = ""
        self.examples = []


class Doc:
    """The file, cut into sections and examples."""

    def __init__(self, path):
        self.sections = []
        self.rows = []          # (line, cells) of the table of differences
        self.section = Section(())
        self.faults = []
        self.clear()
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        at = 0
        while at < len(lines):
            m = re.match(r"```(\w*) *(.*)$", lines[at])
            if m:
                end = at + 1
                while end < len(lines) and lines[end] != "```":
                    end += 1
                self.block(at + 1, m.group(1), m.group(2).split(),
                           "\n".join(lines[at + 1:end]))
                at = end
            else:
                self.plain(at + 1, lines[at])
            at += 1
        self.ended(at)

    def clear(self):
        self.data = {}
        self.files = {}
        self.example = None

    def ended(self, line):
        """Nothing of an example may be left over."""
        if self.example or self.files or self.data:
            self.faults.append("line %d: an example before has no output"
                               % line)
        self.clear()

    def plain(self, line, text):
        m = re.match(r"(#+) (.*)$", text)
        if m:
            self.ended(line)
            level = len(m.group(1))
            self.section = Section(self.section.path[:level - 1]
                                   + (m.group(2),))
            self.sections.append(self.section)
            return
        self.section.prose += text + "\n"
        if text.startswith("| ") and self.section.path[1:] == DIFFERENCES:
            cells = re.split(r"(?<!\\)\|", text)[1:-1]
            self.rows.append((line, [c.strip().replace("\\|", "|")
                                     for c in cells]))

    def block(self, line, kind, words, text):
        words = dict((w.split("=", 1) + [""])[:2] for w in words)
        if kind == "json":
            if self.example:
                self.ended(line)
            self.data = json.loads(text)
        elif kind in ("jinja", "tornado") and "file" in words:
            self.files[words["file"]] = text
        elif kind in ("jinja", "tornado"):
            e = Example(line, kind, words)
            e.data, e.files, e.template = self.data, self.files, text
            self.clear()
            self.example = e
        elif kind in ("output", "error"):
            if self.example is None:
                self.faults.append("line %d: output of no example" % line)
                return
            self.example.kind, self.example.expected = kind, text
            self.section.examples.append(self.example)
            self.example = None
        else:
            self.ended(line)

    def under(self, *path):
        """The sections below a heading, with itself."""
        return [s for s in self.sections if s.path[1:1 + len(path)] == path]

    def examples(self):
        return [e for s in self.sections for e in s.examples]


def shown(output):
    """A newline at the end of an output cannot be seen in the file."""
    return output[:-1] if output.endswith("\n") else output


def names_of(heading):
    """`first(seq)`, `d` -> first, d"""
    spans = re.findall(r"`([^`]*)`", heading)
    return [re.match(r"[A-Za-z_]\w*|[^\s\w]+", s).group() for s in spans]


def table(name):
    """The names in a table of builtins/."""
    for path in sorted(glob.glob(os.path.join(SOURCES, "builtins", "*.c"))):
        with open(path, encoding="utf-8") as f:
            m = re.search(r"(?ms)^const tpl_builtin_def_t  %s\[\] = \{"
                          r"(.*?)^\};" % name, f.read())
        if m:
            return re.findall(r'\{\s*"([^"]+)",', m.group(1))
    raise AssertionError("no table " + name)


def families(table_name):
    """The tables that tpl_builtins.c puts together to one."""
    with open(os.path.join(SOURCES, "builtins", "tpl_builtins.c"),
              encoding="utf-8") as f:
        found = re.findall(r"\{ %s, (\w+) \}" % re.escape(table_name),
                           f.read())
    return sorted({n for t in found for n in table(t)})


def found_in(path, pattern):
    with open(os.path.join(SOURCES, path), encoding="utf-8") as f:
        return sorted(set(re.findall(pattern, f.read())))


doc = Doc(DOC)
batch = test_cases.Batch()


def tearDownModule():
    batch.close()


class Examples(unittest.TestCase):
    """One test for each example; they are added below."""

    maxDiff = None

    def check(self, example):
        request = example.request()
        want = example.expected
        reply = batch.ask(request)
        if example.kind == "output":
            self.assertTrue(reply["ok"], "tpl: %s" % reply.get("error"))
            self.assertEqual(want, shown(reply["output"]), "tpl")
        else:
            self.assertFalse(reply["ok"], "tpl: %r" % reply.get("output"))
            self.assertEqual(want, reply["error"][:len(want)], "tpl")
        if "only" in example.words:
            return
        output, error = test_cases.oracle(request)
        if example.kind == "output":
            self.assertIsNone(error, "Python")
            self.assertEqual(want, shown(output), "Python")
        else:
            self.assertIsNotNone(error, "Python: %r" % output)
            self.assertEqual(want.split(":")[0], error[0], "Python")


class Differences(unittest.TestCase):
    """One test for each row that starts with a template."""

    def check(self, cells):
        template, here, there = [c[1:-1] for c in cells[:3]]
        example = Example(0, "jinja", {})
        example.template = template
        request = example.request()
        reply = batch.ask(request)
        ours = (reply["output"] if reply["ok"]
                else reply["error"].split(":")[0])
        self.assertEqual(here, ours, "tpl: %s" % reply.get("error"))
        output, error = test_cases.oracle(request)
        self.assertEqual(there, error[0] if error else output, "Python")
        self.assertNotEqual(here, there)


class Complete(unittest.TestCase):

    def compare(self, has, documented, pattern, sections):
        """pattern % name must be in an example of the sections."""
        has = sorted(has)
        self.assertEqual([], sorted(set(has) - set(documented)),
                         "not documented")
        self.assertEqual([], sorted(set(documented) - set(has)),
                         "documented, but the engine has it not")
        text = "\n".join(e.text() for s in sections for e in s.examples)
        missing = [n for n in has
                   if not re.search(pattern % {"n": re.escape(n)}, text)]
        self.assertEqual([], missing, "without an example")

    def check_headings(self, has, path, pattern):
        """Each name has a heading of its own or shares one."""
        sections = doc.under(*path)
        documented = []
        for s in sections:
            if len(s.path) == len(path) + 2:
                names = names_of(s.path[-1])
                documented += names
                self.compare(names, names, pattern, [s])
        self.assertEqual(sorted(documented), sorted(set(documented)))
        self.compare(has, documented, pattern, sections)

    def test_form(self):
        self.assertEqual([], doc.faults)

    def test_filters(self):
        has = families("TPL_FILTERS")
        self.assertEqual(54, len(has))
        self.check_headings(has, ("Jinja", "Filters"),
                            r"(\||\{%% filter )%(n)s\b")

    def test_tests(self):
        has = families("TPL_TESTS")
        self.assertEqual(39, len(has))
        self.check_headings(has, ("Jinja", "Tests"),
                            r'(\bis (not )?%(n)s\b|(select|reject)'
                            r'(attr\("\w+", |\()"%(n)s")')

    def test_functions(self):
        self.check_headings(families("TPL_JINJA_GLOBALS"),
                            ("Jinja", "Functions"), r"(?<![\w.])%(n)s\(")

    def test_statements(self):
        has = found_in("syntax/tpl_jinja.c",
                       r'\{ "(\w+)", tpl_jinja_\w+, \w+ \}')
        self.assertIn("for", has)
        self.check_headings(has + ["raw"], ("Jinja", "Statements"),
                            r"(?m)\{%%[-+]? *%(n)s\b")

    def test_loop(self):
        has = found_in("vm/tpl_loop.c", r'tpl_loop_name\(s, "(\w+)"\)')
        sections = [s for s in doc.under("Jinja", "Statements")
                    if s.path[-1] == "`for`"]
        documented = re.findall(r"(?m)^\| `loop\.(\w+)",
                                sections[0].prose)
        self.compare(has, documented, r"\bloop\.%(n)s\b", sections)

    def test_tornado_functions(self):
        sections = doc.under("Tornado")
        if not any(s.examples for s in sections):
            self.skipTest("the section has no examples yet")
        has = families("TPL_TORNADO_GLOBALS")
        self.compare(has, has, r"(?<![\w.])%(n)s\b", sections)

    def check_methods(self, heading, has):
        sections = doc.under("Methods", heading)
        prose = "\n".join(s.prose for s in sections)
        documented = re.findall(r"`\.(\w+)\(", prose)
        self.compare(has, documented, r"\.%(n)s\(", sections)

    def test_methods_str(self):
        self.check_methods("str", table("tpl_methods_str"))

    def test_methods_list(self):
        self.check_methods("list", table("tpl_methods_list"))

    def test_methods_tuple(self):
        self.check_methods("tuple", table("tpl_methods_tuple"))

    def test_methods_range(self):
        self.check_methods("range", table("tpl_methods_range"))

    def test_methods_dict(self):
        self.check_methods("dict", table("tpl_methods_dict"))

    def test_methods_set(self):
        self.check_methods("set", table("tpl_methods_set"))

    def test_methods_int(self):
        self.check_methods("int", table("tpl_methods_int"))

    def test_methods_float(self):
        self.check_methods("float", table("tpl_methods_float"))


def add_tests():
    for example in doc.examples():
        setattr(Examples, "test_line_%04d" % example.line,
                lambda self, e=example: self.check(e))
    for line, cells in doc.rows:
        if (re.match(r"`\{[{%]", cells[0])
                and all(re.match(r"`.*`$", c) for c in cells[:3])):
            setattr(Differences, "test_line_%04d" % line,
                    lambda self, c=cells: self.check(c))


add_tests()

if __name__ == "__main__":
    if not os.path.exists(test_cases.TPL):
        sys.exit("test_docs.py: %s is not there; run `make cli` first"
                 % test_cases.TPL)
    unittest.main()
