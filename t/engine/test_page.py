#!/usr/bin/python3
"""The sample page, from the real Flask and Tornado and from `tpl render`.

Both applications are started as servers, fetched from, and compared byte for
byte with what the command line renders from the same templates.
"""

import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import oracle  # noqa: E402

TPL = os.environ.get("TPL", os.path.join(oracle.ROOT, "build", "tpl"))
TEMPLATES = os.path.join(oracle.ROOT, "templates")
DIFF_LINES = 60


def tpl_render(name, values, syntax):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
        json.dump(values, data)
        data.flush()

        command = [TPL, "render", name, "--root", TEMPLATES,
                   "--syntax", syntax, "--data", data.name]
        return subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=30)


def first_difference(expected, got):
    for i, (a, b) in enumerate(zip(expected, got)):
        if a != b:
            return i
    return min(len(expected), len(got))


def explain(expected, got):
    """Say where two pages differ: the first byte, then a diff of lines."""
    at = first_difference(expected, got)
    lines = [
        "%d bytes expected, %d bytes rendered, first difference at byte %d"
        " (line %d)" % (len(expected), len(got), at,
                        expected.count(b"\n", 0, at) + 1),
        "    expected: %r" % expected[max(at - 30, 0):at + 50],
        "    rendered: %r" % got[max(at - 30, 0):at + 50],
    ]
    # repr() of the lines makes differences in white space visible.
    diff = difflib.unified_diff(
        [repr(s)[1:] for s in expected.splitlines(True)],
        [repr(s)[1:] for s in got.splitlines(True)],
        "expected", "rendered", n=1, lineterm="")
    diff = list(diff)
    lines += diff[:DIFF_LINES]
    if len(diff) > DIFF_LINES:
        lines.append("... and %d more lines" % (len(diff) - DIFF_LINES))
    return "\n".join(lines)


class Page(unittest.TestCase):

    def fetch(self, server):
        with server:
            status, headers, body = oracle.get(server.port)
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"].lower().replace(" ", ""),
                         "text/html;charset=utf-8")
        return body

    def compare(self, server, name, values, syntax):
        expected = self.fetch(server)
        done = tpl_render(name, values, syntax)
        self.assertEqual(done.returncode, 0,
                         "tpl render %s failed:\n%s"
                         % (name, done.stderr.decode("utf-8", "replace")))
        if done.stdout != expected:
            self.fail("%s is not the same page\n%s"
                      % (name, explain(expected, done.stdout)))

    def test_jinja_is_what_flask_renders(self):
        self.compare(oracle.flask(), "main_j2.html", oracle.FLASK_VALUES,
                     "jinja")

    def test_tornado_is_what_tornado_renders(self):
        self.compare(oracle.tornado(), "main.html", oracle.TORNADO_VALUES,
                     "tornado")

    def test_both_syntaxes_say_the_same(self):
        """The two sets of templates make one page, but for white space.

        Markupsafe writes a double quote as a number, Tornado by its name.
        """
        def essence(page):
            return re.sub(rb"\s+", b"", page).replace(b"&quot;", b"&#34;")

        flask = essence(self.fetch(oracle.flask()))
        tornado = essence(self.fetch(oracle.tornado()))
        if flask != tornado:
            self.fail(explain(flask, tornado))


if __name__ == "__main__":
    if not os.path.exists(TPL):
        sys.exit("test_page.py: %s is not there; run `make cli` first" % TPL)
    unittest.main(verbosity=2)
