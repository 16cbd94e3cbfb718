#!/usr/bin/python3
"""Every page of t/cases and of the sample site as gzip.

All that t/lib/inflate.py asks must give the very page back, from one whole
member; and the reply must be the same each time.  Chromium is not asked again
for what the sanitized program makes, whose bytes are the same.
"""

import glob
import json
import os
import subprocess
import sys
import zlib

import test_cases
from test_cases import ROOT, TPL

sys.path.append(os.path.join(ROOT, "t", "lib"))

from inflate import inflate, required  # noqa: E402

TEMPLATES = os.path.join(ROOT, "templates")


def unpack(data):
    """The page, or what is wrong with the gzip."""
    d = zlib.decompressobj(31)
    try:
        page = d.decompress(data)
    except zlib.error as error:
        return "zlib: %s" % error
    if not d.eof or d.unused_data:
        return "not one whole member"
    return page


def cases():
    """(where, fault or None) of each case that renders."""
    batch = test_cases.Batch()
    names, pairs = [], []
    for path in sorted(glob.glob(os.path.join(ROOT, "t", "cases", "*.json"))):
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        for case in data["cases"]:
            request = test_cases.request_of(case, data)
            request["gzip"] = True
            reply = batch.ask(request)
            if not reply["ok"]:
                continue
            names.append("%s: %s" % (os.path.relpath(path, ROOT),
                                     case["name"]))
            pairs.append((bytes.fromhex(reply["gzip"]),
                          reply["output"].encode("utf-8", "surrogatepass")))
    yield "tpl batch ends", None if batch.close() else "it does not"

    browser = not os.environ.get("TPL_SANITIZED")
    for who, faults in inflate(pairs, browser):
        if faults is None:
            print("gzip: %s is not installed, others inflate the cases" % who)
            if required():
                yield who, "is not installed"
            continue
        for name, fault in zip(names, faults):
            yield "%s: %s" % (who, name), fault


def render(name, syntax, *options):
    return subprocess.run(
        [TPL, "render", name, "--root", TEMPLATES, "--syntax", syntax,
         "--undefined", "chainable"] + list(options),
        input=b'{"messages": "whatever <b>", "title": "home",'
              b' "page_title": "", "body_id": ""}',
        stdout=subprocess.PIPE, check=True).stdout


def site():
    for name, syntax in (("main_j2.html", "jinja"), ("main.html", "tornado")):
        plain = render(name, syntax, "--data", "-")
        gzip = render(name, syntax, "--data", "-", "--gzip")
        page = unpack(gzip)
        yield name, None if page == plain else repr(page)
        again = render(name, syntax, "--data", "-", "--gzip")
        yield name + " again", None if again == gzip else "other bytes"
        best = zlib.compressobj(6, zlib.DEFLATED, 31)
        best = len(best.compress(plain) + best.flush())
        yield (name + " is at most 1.10 of zlib's bytes",
               None if len(gzip) <= 1.1 * best
               else "%d and %d bytes" % (len(gzip), best))


def main():
    passed = failed = 0
    for test in (cases, site):
        for where, fault in test():
            if fault is None:
                passed += 1
            else:
                failed += 1
                print("%s\n    %s" % (where, fault))
    print("gzip: %d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
