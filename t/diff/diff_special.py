#!/usr/bin/python3
"""Random Jinja templates as they are compiled and as they are specialized: the
same bytes, the same error at the same place?

    diff_special.py [--tpl build/tpl] [--seed 1] [--cases 20000] [--show 10]

The templates are those of diff_jinja.py; some of what is data there is a
constant of the template here, so that more of it is rendered beforehand, and
some is missing.  Each side renders it twice and tells of the second: what one
request does to a constant must not show in the next.
"""
import json
import re
import sys

import diff_jinja
import engines


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


def make(rnd):
    opts, parts = diff_jinja.make(rnd)
    names = sorted(diff_jinja.CONTEXT)
    known = {n for n in names if rnd.random() < rnd.choice([.2, .5, .9])
             and constant(diff_jinja.CONTEXT[n]) is not None}
    gone = {n for n in names if n not in known and rnd.random() < .1}
    text = engines.flatten(parts)
    used = [n for n in sorted(known) if re.search(r"\b%s\b" % n, text)]
    head = "".join("%s set %s = %s %s" % (
        diff_jinja.BS, n, constant(diff_jinja.CONTEXT[n]), diff_jinja.BE)
        for n in used)
    case = {"opts": opts, "head": head, "data": sorted(
        set(names) - known - gone)}
    return case, parts


def reply(tpl, source, case, general):
    request = diff_jinja.request_of(source, case["opts"])
    extends = re.match(diff_jinja.BS + ".? extends .*?" + diff_jinja.BE, source)
    at = extends.end() if extends else 0
    request["templates"]["main"] = diff_jinja.with_delimiters(
        source[:at] + case["head"] + source[at:], case["opts"])
    request["context"] = {n: diff_jinja.CONTEXT[n] for n in case["data"]}
    request["general"] = general
    request["times"] = 2
    r = tpl.ask(request)
    return r["ok"], r.get("output", r.get("error")), (
        r.get("template"), r.get("line"), r.get("column"))


class Sides:
    """Both of them are asked of the one `tpl batch` that differ() is given."""
    tpl = None

    def differ(self, tpl, source, case):
        self.tpl = tpl
        ours = reply(tpl, source, case, False)
        theirs = self.oracle(source, case)
        same = ours == theirs and "CRASH" not in str(ours[1])
        return None if same or "random" in source else (ours, theirs)

    def oracle(self, source, case):
        return reply(self.tpl, source, case, True)


def main():
    sides = Sides()
    return engines.run(__doc__, "general", 20000, make, sides.differ,
                       sides.oracle, diff_jinja.is_syntax_error)


if __name__ == "__main__":
    sys.exit(main())
