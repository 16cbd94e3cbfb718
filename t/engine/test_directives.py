#!/usr/bin/python3
"""docs/directives.md says of each directive what nginx is told of it.

The directives, the levels they may stand at and the variables are read from
the module's tables; the headings, the forms under them and the list at the top
from the page.
"""

import os
import re
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
NGINX = os.path.join(ROOT, "ngx_http_tpl_module", "nginx")

LEVELS = (("NGX_HTTP_MAIN_CONF", "http"), ("NGX_HTTP_SRV_CONF", "server"),
          ("NGX_HTTP_LOC_CONF", "location"),
          ("NGX_HTTP_LIF_CONF", "if in location"))


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def commands():
    """{"tpl_root": "http, server, location"} of the tables of commands"""
    found = {}
    for name in sorted(os.listdir(NGINX)):
        text = read(NGINX, name)
        for table in re.findall(
                r"static ngx_command_t\s+\w+\[\] = \{(.*?)\n\};", text, re.S):
            for entry in re.findall(
                    r'\{ ngx_string\("(\w+)"\),\s*([A-Z0-9_|\s]+),', table):
                levels = re.findall(r"NGX_HTTP_\w+_CONF\b", entry[1])
                found[entry[0]] = ", ".join(
                    level for flag, level in LEVELS if flag in levels)
    return found


def sections():
    """{"tpl_root": the text under its heading}"""
    parts = re.split(r"(?m)^## (.*)\n", read(ROOT, "docs", "directives.md"))
    return dict(zip(parts[1::2], parts[2::2]))


class Directives(unittest.TestCase):

    def test_each_has_a_section(self):
        documented = [s for s in sections() if s.startswith("tpl_")]
        self.assertEqual(sorted(commands()), sorted(documented))

    def test_each_is_in_the_list(self):
        top = read(ROOT, "docs", "directives.md").split("\n## ")[0]
        self.assertEqual(sorted(commands()),
                         sorted(re.findall(r"\[(tpl_\w+)\]\(#\1\)",
                                           top.split("- Directives:")[1])))

    def test_the_form(self):
        for name, text in sections().items():
            if not name.startswith("tpl_"):
                continue
            with self.subTest(name):
                form = re.match(r"\n    Syntax:   (.*\n(?: {14}.*\n)*)"
                                r"    Default:  (.*\n(?: {14}.*\n)*)"
                                r"    Context:  (.*)\n"
                                r"    Since:    \d+\.\d+\.\d+\n\n", text)
                self.assertIsNotNone(form, "syntax, default, context, since")
                self.assertTrue(form.group(1).startswith(name + " "))
                self.assertTrue(form.group(2).startswith((name + " ", "-\n")))
                self.assertEqual(commands()[name], form.group(3))

    def test_variables(self):
        """the module's own, by name or prefix"""
        table = re.search(r"static ngx_http_variable_t .*?\n\};",
                          read(NGINX, "ngx_http_tpl_variables.c"), re.S)
        page = sections()["Variables of the module"]
        for name in re.findall(r'ngx_string\("(\w+)"\)', table.group(0)):
            self.assertIn("`$%s`" % name, page)


if __name__ == "__main__":
    unittest.main()
