#!/usr/bin/python3
"""Random templates as they are compiled and as they are specialized: the same
bytes, the same error at the same place, reached by the same way?

    diff_special.py [--tpl build/tpl] [--seed 1] [--cases 20000] [--show 10]

The templates are those of diff_jinja.py, diff_tornado.py and pages.py; some of what is data there is a constant of the template here,
so that more of it is rendered beforehand, and some is missing.  Each side
renders it with other data first, then twice, and tells of the last: what one
request does to a constant must not show in the next.
"""
import json
import re
import sys

import diff_jinja
import diff_tornado
import engines
import pages


def constant(value):
    """The value in the language, or None: Markup has no literal."""
    if isinstance(value, dict):
        if "__markup__" in value:
            return None
        items = [(json.dumps(k), constant(v)) for k, v in value.items()]
        return None if any(v is None for _, v in items) else \
            "{%s}" % ", ".join("%s: %s" % i for i in items)
    if isinstance(value, list):
        items = [constant(v) for v in value]
        return None if None in items else "[%s]" % ", ".join(items)
    if isinstance(value, float):
        return "%.1f" % value if value > 1e15 else repr(value)
    return repr(value)


class Jinja:
    context = diff_jinja.CONTEXT

    @staticmethod
    def make(rnd):
        return diff_jinja.make(rnd)

    @staticmethod
    def set(name, value):
        return "%s set %s = %s %s" % (diff_jinja.BS, name, value,
                                      diff_jinja.BE)

    @staticmethod
    def request(source, opts, head):
        request = diff_jinja.request_of(source, opts)
        at = re.match("(%s.? extends .*?%s)?" % (
            diff_jinja.BS, diff_jinja.BE), source).end()
        request["templates"]["main"] = diff_jinja.with_delimiters(
            source[:at] + head + source[at:], opts)
        return request


class Tornado:
    context = diff_tornado.CONTEXT

    @staticmethod
    def make(rnd):
        return diff_tornado.make(rnd)

    @staticmethod
    def set(name, value):
        return "{%% set %s = %s %%}" % (name, value)

    @staticmethod
    def request(source, case, head):
        # of a page that extends another only the blocks are there
        at = re.match("({% extends .*?%}{% block .*?%})?", source).end()
        opts, main = case
        return {"syntax": "tornado", "options": opts, "main": main,
                "templates": dict(diff_tornado.HELPERS, **{
                    main: source[:at] + head + source[at:]}), "globals": {}}


class JinjaPages(Jinja):
    context = pages.DATA

    @staticmethod
    def make(rnd):
        return pages.JinjaPage.opts, pages.jinja(rnd)

    @staticmethod
    def set(name, value):
        return "{%% set %s = %s %%}" % (name, value)

    @staticmethod
    def request(source, opts, head):
        at = re.match("({% extends .*?%})?", source).end()
        return {"syntax": "jinja", "options": opts, "main": "main.html",
                "templates": dict(pages.JinjaPage.helpers, **{
                    "main.html": source[:at] + head + source[at:]}),
                "globals": {}}


class TornadoPages(Tornado):
    context = pages.DATA

    @staticmethod
    def make(rnd):
        return pages.TornadoPage.opts, pages.tornado(rnd)

    @staticmethod
    def request(source, opts, head):
        at = re.match("({% extends .*?%}{% block .*?%})?", source).end()
        return {"syntax": "tornado", "options": opts, "main": "main.html",
                "templates": dict(pages.TornadoPage.helpers, **{
                    "main.html": source[:at] + head + source[at:]}),
                "globals": {}}


KINDS = {"jinja": Jinja, "tornado": Tornado, "jinja pages": JinjaPages,
         "tornado pages": TornadoPages}


def make(rnd):
    kind = rnd.choice(sorted(KINDS))
    engine = KINDS[kind]
    case, parts = engine.make(rnd)
    names = sorted(engine.context)
    known = {n for n in names if rnd.random() < rnd.choice([.2, .5, .9])
             and constant(engine.context[n]) is not None}
    lost = rnd.choice([0, 0, .1])
    gone = {n for n in names if n not in known and rnd.random() < lost}
    text = engines.flatten(parts)
    used = [n for n in sorted(known) if re.search(r"\b%s\b" % n, text)]
    data = sorted(set(names) - known - gone)
    # the render before: the same values under other names, and fewer of them
    others = data[:]
    rnd.shuffle(others)
    before = [(n, o) for n, o in zip(data, others) if rnd.random() < .9]
    return {"kind": kind, "case": case, "data": data, "before": before,
            "head": "".join(engine.set(n, constant(engine.context[n]))
                            for n in used)}, parts


def reply(tpl, source, case, general):
    engine = KINDS[case["kind"]]
    request = engine.request(source, case["case"], case["head"])
    request["context"] = {n: engine.context[n] for n in case["data"]}
    request["before"] = {n: engine.context[o] for n, o in case["before"]}
    request["general"] = general
    request["times"] = 2
    r = tpl.ask(request)
    return r["ok"], r.get("output", r.get("error")), (
        r.get("template"), r.get("line"), r.get("column"), r.get("from"))


class Sides:
    """Both of them are asked of the one `tpl batch` that differ() is given."""
    tpl = None

    def differ(self, tpl, source, case):
        self.tpl = tpl
        ours = reply(tpl, source, case, False)
        theirs = self.oracle(source, case)
        same = ours == theirs and "CRASH" not in str(ours[1])
        # the requests of `tpl batch` have one limit for all that they do
        same = same or ours[1] == theirs[1] and "memory" in str(ours[1])
        return None if same or "random" in source else (ours, theirs)

    def oracle(self, source, case):
        return reply(self.tpl, source, case, True)


def main():
    sides = Sides()
    return engines.run(__doc__, "general", 20000, make, sides.differ,
                       sides.oracle, diff_jinja.is_syntax_error)


if __name__ == "__main__":
    sys.exit(main())
