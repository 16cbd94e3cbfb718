#!/usr/bin/python3
"""Every case of t/cases, by the real Jinja2 or Tornado and by `tpl batch`.

    test_cases.py [FILE.json ...]       all of t/cases without arguments

A file of cases: {"about": ..., "syntax": "jinja", "cases": [...]}; a case has

    name        what it shows
    template    the template "main": a string, or an array of lines; or
    templates   {name: text}, and main, if that is not "main"
    data, globals, options   as in a request of `tpl batch`, may be absent
    output      what it renders to: a string, or an array of lines; or
    error       "Class: a part of the message", and
    at          "template:line:column", the innermost place, may be absent
    python      the class that Python raises, where it is another one
    line        the line that Python reports, where it is another one
    special     the template is rendered in part before there are data
    oracle      false where Debian's versions do otherwise; why says what

Python's messages are not compared, nor does Python know columns; class and
line are.
"""

import glob
import json
import logging
import os
import re
import subprocess
import sys
import traceback
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
TPL = os.environ.get("TPL", os.path.join(ROOT, "build", "tpl"))

import jinja2  # noqa: E402
import jinja2.sandbox  # noqa: E402
import markupsafe  # noqa: E402
import tornado.template  # noqa: E402

# Tornado logs the code of templates that Python cannot compile
logging.getLogger("tornado").setLevel(logging.CRITICAL)
warnings.simplefilter("ignore", SyntaxWarning)


def text_of(value):
    return "\n".join(value) if isinstance(value, list) else value


def request_of(case, defaults):
    """What `tpl batch` is asked."""
    templates = {k: text_of(v)
                 for k, v in case.get("templates", {}).items()}
    if "template" in case:
        templates["main"] = text_of(case["template"])
    return {
        "syntax": case.get("syntax", defaults.get("syntax", "jinja")),
        "options": case.get("options", {}),
        "templates": templates,
        "main": case.get("main", "main"),
        "context": case.get("data", {}),
        "globals": case.get("globals", {}),
    }


def unpack(value):
    """JSON data with {"__markup__": text} as Markup."""
    if isinstance(value, list):
        return [unpack(v) for v in value]
    if isinstance(value, dict):
        if list(value) == ["__markup__"]:
            return markupsafe.Markup(value["__markup__"])
        return {k: unpack(v) for k, v in value.items()}
    return value


# the real ones


def jinja_environment(request):
    options = dict(request["options"])
    classes = {None: jinja2.Environment,
               "sandboxed": jinja2.sandbox.SandboxedEnvironment,
               "immutable": jinja2.sandbox.ImmutableSandboxedEnvironment}
    cls = classes[options.pop("sandbox", None)]
    policies = options.pop("policies", {})
    translations = options.pop("null_translations", None)
    extensions = ["jinja2.ext." + e for e in options.pop("extensions", [])]
    if "undefined" in options:
        options["undefined"] = getattr(jinja2, options["undefined"])
    if options.get("autoescape") == "auto":
        options["autoescape"] = jinja2.select_autoescape(
            ("html", "htm", "xml", "xhtml", "svg"))

    def load(name):
        text = request["templates"].get(name)
        # the name as the file makes tracebacks name the template
        return None if text is None else (text, name, None)

    env = cls(loader=jinja2.FunctionLoader(load), extensions=extensions,
              **options)
    env.policies.update(policies)
    if translations:
        env.install_null_translations(newstyle=translations == "newstyle")
    env.globals.update(unpack(request["globals"]))
    return env


def jinja_render(request):
    env = jinja_environment(request)
    template = env.get_template(request["main"])
    return template.render(unpack(request["context"]))


def jinja_line(request, error):
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name, error.lineno
    found = None, None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in request["templates"]:
            found = frame.f_code.co_filename, line
    return found


def tornado_loader(request):
    options = dict(request["options"])
    return tornado.template.DictLoader(request["templates"], **options)


def tornado_render(request):
    loader = tornado_loader(request)
    if request["main"] not in request["templates"]:
        raise KeyError(request["main"])
    values = dict(unpack(request["globals"]))
    values.update(unpack(request["context"]))
    return loader.load(request["main"]).generate(**values).decode()


def tornado_line(request, error):
    if isinstance(error, tornado.template.ParseError):
        return error.filename, error.lineno
    # the generated code names the place in a comment: # name:line (via ...)
    loader = tornado_loader(request)
    try:
        code = loader.load(request["main"]).code.splitlines()
    except Exception:
        return None, None
    for frame, line in reversed(list(traceback.walk_tb(
            error.__traceback__))):
        if frame.f_code.co_filename.endswith(".generated.py"):
            m = re.search(r"  # (\S+):(\d+)(?: \(via .*\))?$",
                          code[line - 1])
            if m:
                return m.group(1), int(m.group(2))
    return None, None


def oracle(request):
    """(output, None) or (None, (class, template, line))."""
    render, place = {"jinja": (jinja_render, jinja_line),
                     "tornado": (tornado_render,
                                 tornado_line)}[request["syntax"]]
    try:
        return render(request), None
    except Exception as error:
        return None, (type(error).__name__,) + place(request, error)


# ours


class Batch:
    def __init__(self):
        self.proc = None

    def ask(self, request):
        if self.proc is None:
            self.proc = subprocess.Popen(
                [TPL, "batch"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
        self.proc.stdin.write(json.dumps(request).encode() + b"\n")
        self.proc.stdin.flush()
        line = self.proc.stdout.readline()
        if not line:
            status = self.proc.wait()
            self.proc = None
            return {"ok": False, "error": "tpl batch ended, status %d"
                    % status}
        return json.loads(line)

    def close(self):
        """True if it ended as it should."""
        if self.proc is None:
            return True
        self.proc.stdin.close()
        self.proc.stdout.close()
        return self.proc.wait() == 0


# the comparison


def expected_place(case):
    """(template, line) or None."""
    if "at" not in case:
        return None
    name, line, _ = case["at"].rsplit(":", 2)
    return name, int(line)


def check_ours(case, reply):
    """What is wrong with the reply, or None."""
    if "output" in case:
        if not reply["ok"]:
            return "error %s at %s:%s:%s" % (
                reply["error"], reply.get("template"), reply.get("line"),
                reply.get("column"))
        if reply["output"] != text_of(case["output"]):
            return "output %r" % reply["output"]
        return None
    if reply["ok"]:
        return "output %r" % reply["output"]
    if case["error"] not in reply["error"]:
        return "error %s" % reply["error"]
    at = "%s:%s:%s" % (reply.get("template"), reply.get("line"),
                       reply.get("column"))
    if "at" in case and case["at"] != at:
        return "error at %s" % at
    return None


def check_oracle(case, got):
    output, error = got
    if "output" in case:
        if error:
            return "%s at %s:%s" % error
        if output != text_of(case["output"]):
            return "output %r" % output
        return None
    if not error:
        return "output %r" % output
    name = case.get("python", case["error"].split(":")[0])
    if error[0] != name:
        return "%s at %s:%s" % error
    place = expected_place(case)
    if place and "line" in case:
        place = place[0], case["line"]
    if place and error[2] is not None and place != error[1:]:
        return "%s at %s:%s" % error
    return None


def expected(case):
    if "output" in case:
        return "output %r" % text_of(case["output"])
    return "error %s at %s" % (case["error"], case.get("at", "any place"))


def main():
    paths = sys.argv[1:] or sorted(
        glob.glob(os.path.join(ROOT, "t", "cases", "*.json")))
    batch = Batch()
    passed = failed = 0
    for path in paths:
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        names = set()
        for case in data["cases"]:
            where = "%s: %s" % (os.path.relpath(path, ROOT), case["name"])
            request = request_of(case, data)
            faults = []
            if case["name"] in names:
                faults.append("two cases have this name")
            names.add(case["name"])
            if case.get("oracle", True):
                fault = check_oracle(case, oracle(request))
                if fault:
                    faults.append("Python: " + fault)
            fault = check_ours(case, batch.ask(request))
            if fault:
                faults.append("tpl:    " + fault)
            if faults:
                failed += 1
                print("%s\n    %s" % (where, expected(case)))
                for fault in faults:
                    print("    " + fault)
            else:
                passed += 1
    if not batch.close():
        print("tpl batch did not end well")
        failed += 1
    print("cases: %d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if not os.path.exists(TPL):
        sys.exit("test_cases.py: %s is not there; run `make cli` first" % TPL)
    sys.exit(main())
