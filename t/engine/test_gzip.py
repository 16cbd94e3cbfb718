#!/usr/bin/python3
"""Every page of t/cases and of the sample site as gzip.

Python's zlib must give the very page back, from one whole member; so must
Node's, where it is installed; and the reply must be the same each time.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import zlib

import test_cases
from test_cases import ROOT, TPL

TEMPLATES = os.path.join(ROOT, "templates")


# lines of gzip and page, in hex, to lines of "same" or what is wrong
NODE = """
const zlib = require('zlib');
const lines = require('fs').readFileSync(0, 'latin1').trim().split('\\n');

for (const line of lines) {
    const [packed, page] = line.split(' ').map((s) => Buffer.from(s, 'hex'));
    let said = 'same';

    try {
        if (!zlib.gunzipSync(packed).equals(page))
            said = 'another page';
    } catch (error) {
        said = String(error);
    }

    console.log(said);
}
"""


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
    names, lines = [], []
    for path in sorted(glob.glob(os.path.join(ROOT, "t", "cases", "*.json"))):
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        for case in data["cases"]:
            request = test_cases.request_of(case, data)
            request["gzip"] = True
            reply = batch.ask(request)
            if not reply["ok"]:
                continue
            where = "%s: %s" % (os.path.relpath(path, ROOT), case["name"])
            page = unpack(bytes.fromhex(reply["gzip"]))
            want = reply["output"].encode("utf-8", "surrogatepass")
            yield where, None if page == want else repr(page)
            names.append(where)
            lines.append("%s %s\n" % (reply["gzip"], want.hex()))
    yield "tpl batch ends", None if batch.close() else "it does not"

    if not shutil.which("node"):
        print("gzip: Node is not installed, only Python inflates the cases")
        return
    said = subprocess.run(["node", "-e", NODE], input="".join(lines).encode(),
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    said = said.splitlines()
    yield "Node answers all", None if len(said) == len(names) else len(said)
    for where, answer in zip(names, said):
        yield "Node: " + where, None if answer == "same" else answer


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
