#!/usr/bin/python3
"""Every message of an error is produced or expected by a test.

    test_messages.py            checks
    test_messages.py --list     all messages, those that no test has first

A message is a text in a call that sets an error: tpl_throw(), tpl_error_set(),
tpl_parser_fail() and their kin, and in nginx/ one that writes to the log; CALLS
has them. What stands in for a value
(%s, %d) may be anything. The tests are the messages that t/cases gives when
`tpl batch` renders it, and what is written in t/*.t, t/engine and t/unit, in
the lines that expect it.

UNREACHED are those that none can produce, and why: guards of what holds
everywhere else.
"""

import glob
import json
import os
import re
import sys
import unittest

import test_cases

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
SOURCES = "ngx_http_tpl_module/[a-z]*/*.[ch]"

CALLS = re.compile(r"\b(?:tpl_(?:throw|error_set|\w+_fail|\w+_error|\w+_later)"
                   r"|ngx_(?:conf_)?log_error|ngx_http_tpl_\w+_fail)\s*\(")

# a C string, or what stands between the parts of one
STRING = r'"(?:[^"\\\n]|\\.)*"'
TEXTS = re.compile(r"(?:%s|\bPRI\w+\b)(?:\s*(?:%s|\bPRI\w+\b))*"
                   % (STRING, STRING))

# of printf() and of ngx_sprintf()
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?"
                        r"(?:u[dizL]|xd|(?:hh|h|ll|l|j|t|z)?[a-zA-Z])")

# what it takes more than a case for: (syntax, template, data, message)
LARGE = "x" * (64 * 1024 * 1024 + 1)
LARGE_CASES = (
    ("tornado", "{{ url_escape(s) }}", {"s": LARGE},
     "OverflowError: url_escape() argument is too long"),
    ("jinja", "{{ range(1000)|list|tojson(\"x\" * 70000) }}", {},
     "OverflowError: tojson() makes a string that is too long"),
    ("jinja", "{% for i in range(200000) %}{{ loop|list }}{% endfor %}", {},
     "OverflowError: loop is too long to be a list"),
    ("jinja", "{%% set %s = x %%}" % ", ".join("a" * 66000), {},
     "TemplateSyntaxError: the template is too large: more than 65535 names "
     "or arguments here"),
)

NO_TREE = "the parser makes no such tree"
NO_HOST = "nginx has it; where `tpl` has not, nothing is called that asks"
RANDOM = "getrandom() fails only before the system has started"

MEMORY = "an allocation fails: t/faults.t"

UNREACHED = {
    "no memory for templates": MEMORY,
    "cannot evaluate \"%s %.*s\"": MEMORY,
    "cannot start a subrequest": MEMORY,
    "\"%V\" is too long a path": "nginx takes no parameter of 4,096 bytes",
    "no memory for \"%V\"": MEMORY,
    "tpl_reload: no memory": MEMORY,
    "a form needs too much memory": MEMORY,
    "there are more than %d files below \"%V\": name a smaller folder, or say "
    "version=off": "20,000 files",
    "there are more than %d bytes below \"%V\": name a smaller folder, or say "
    "version=off": "256 MB",
    "\"tpl_static\": %*s has no version: %*s": "root reads all files",
    "too many subrequests": "64,535 of one request",
    "this cannot stand in an expression": NO_TREE,
    "this statement is not Jinja's": NO_TREE,
    "this statement is not Tornado's": NO_TREE,
    "cannot assign to '%.*s' here": "all targets were declared before",
    "the file is too large": "a catalogue of more than 64 MB",
    "the JSON text is too long": "4 GB",
    "invalid number": "yyjson has found a number",
    "invalid float literal": "the scanner has found a number",
    "Missing ']' in format string": "a field does not end within brackets",
    "cannot create '%.*s' instances": "all classes of modules can",
    "the text is not UTF-8": "all strings are",
    "unknown error": "all errors are set where they come about",
    "template '%.*s' is not compiled": "what is loaded is compiled",
    "bad instruction": "the verifier knows all; not in gcc's builds",
    "the host gave no data": NO_HOST,
    "the host has no variables": NO_HOST,
    "there is no request to be answered": NO_HOST,
    "the request does not say its host": "nginx names its server",
    "there is no request yet": "such a page is rendered again, in a request",
    "there are no random numbers for a nonce": RANDOM,
    "no random bytes": RANDOM,
    "getrandom() failed": RANDOM,
}


def sources():
    for path in sorted(glob.glob(os.path.join(ROOT, SOURCES))):
        name = os.path.relpath(path, ROOT).split(os.sep, 1)[1]
        if not name.startswith("cli/"):
            with open(path) as f:
                yield name, f.read()


def arguments(text, start):
    """From the parenthesis that opens at start - 1 to the one that closes."""
    depth, i = 1, start
    while depth:
        m = re.compile(r'%s|\'(?:[^\'\\]|\\.)\'|[()]' % STRING).search(text, i)
        depth += {"(": 1, ")": -1}.get(m.group(), 0)
        i = m.end()
    return text[start:i - 1]


def plain(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(
        m.group(1), m.group(1)), text)


def joined(m):
    return "".join("%d" if part.startswith("PRI") else plain(part[1:-1])
                   for part in re.findall(STRING + r"|PRI\w+", m.group()))


def messages():
    """{message: places}; a message has two words at least, or a value."""
    found = {}
    for name, text in sources():
        text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()),
                      text, flags=re.S)
        for call in CALLS.finditer(text):
            line = text.count("\n", 0, call.start()) + 1
            for m in TEXTS.finditer(arguments(text, call.end())):
                message = joined(m)
                words = CONVERSION.sub(" ", message)
                if len(re.findall(r"[A-Za-z]{2,}", words)) >= 2:
                    found.setdefault(message, []).append("%s:%d"
                                                         % (name, line))
    return found


def pattern(message):
    parts = [re.escape(p) for p in CONVERSION.split(message.replace("%%", "\0"))]
    return re.compile(".*?".join(parts).replace("\0", "%"))


def produced():
    """What t/cases says when it is rendered."""
    batch = test_cases.Batch()
    out = [message for _, _, _, message in LARGE_CASES]
    for path in sorted(glob.glob(os.path.join(ROOT, "t/cases/*.json"))):
        with open(path) as f:
            data = json.load(f)
        for case in data["cases"]:
            reply = batch.ask(test_cases.request_of(case, data))
            if not reply["ok"]:
                out.append(reply["error"])
    batch.close()
    return out


def written():
    """Tests as lines of text, with C's and Python's strings put together."""
    out = []
    for path in sorted(glob.glob(os.path.join(ROOT, "t/*.t"))
                       + glob.glob(os.path.join(ROOT, "t/unit/*.[ch]"))
                       + glob.glob(os.path.join(ROOT, "t/engine/*.py"))):
        if path == os.path.abspath(__file__):
            continue
        with open(path) as f:
            text = f.read()
        # adjacent strings are one, in Perl with a dot between them
        out.append(plain(text))
        out.append(plain(re.sub(r'(["\'])\s*r?\1', "", text)))
        if path.endswith(".t"):
            out.append(plain(re.sub(r'["\']\s*\.\s*["\']', "", text)))
    return out


def missing():
    text = "\n".join(produced() + written())
    return {m: where for m, where in messages().items()
            if not pattern(m).search(text)}


class Messages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.missing = missing()

    def test_each_is_produced_by_a_test(self):
        self.assertEqual([], ["%s: %s" % (", ".join(w), m)
                              for m, w in self.missing.items()
                              if m not in UNREACHED])

    def test_exceptions_are_messages_that_no_test_has(self):
        self.assertEqual([], [m for m in UNREACHED if m not in self.missing])

    def test_large(self):
        for syntax, template, data, message in LARGE_CASES:
            batch = test_cases.Batch()
            reply = batch.ask(test_cases.request_of(
                {"syntax": syntax, "template": template, "data": data}, {}))
            self.assertTrue(batch.close())
            self.assertEqual(reply.get("error"), message)


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        lacking = missing()
        for m, where in sorted(messages().items(),
                               key=lambda x: (x[0] not in lacking, x[1])):
            print("%s %s: %s" % (" " if m not in lacking else "-",
                                 ", ".join(where), m))
    else:
        unittest.main(verbosity=2)
