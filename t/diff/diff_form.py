#!/usr/bin/python3
"""Random bodies through Werkzeug's FormDataParser and through ours.

    diff_form.py [--driver build/unit/test_form] [--seed 1] [--cases 10000]

A body is put together from pieces of multipart/form-data and of urlencoded
forms, good and odd ones, the same for the same seed. Both parsers must find the
same fields and files, or both must refuse it.

Not compared, because the difference is meant: a part without a name has no
field here (its name is None there), a charset that we do not know is refused
(there it is a LookupError), blanks beyond ASCII are no blanks here.
"""
import argparse
import io
import json
import random
import subprocess
import sys

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

LINE = [b"\r\n"] * 12 + [b"\n", b"\r", b"\n\r", b"\r\n\r\n", b"", b" \r\n"]
BOUNDARY = ["B", "----WebKitFormBoundaryAbC", "a b", "a;b", "--", "-", "x'y",
            "(+_,./:=?)", "a\\\"b"]
BLANK = ["", "", "", " ", "\t", "  ", "\r\n ", "\n\t"]
NAME = ["a", "b", "naïve", "a b", 'q\\"q', "b\\\\s", "", "x;y", "x,y", "x=y",
        "x*y", "'", "%41", "\\\\\\\\srv\\\\f", "C:\\\\a\\\\b.txt", "a\\b"]
VALUE = [b"", b"1", b"two words", b"line\r\nline", b"\r\n", b"\n", b"-", b"--",
         "é".encode(), b"\xff\xfe", b"--B", b"\r\n--B", b"\r\n--Bx\r\n",
         b"--B--", b"a=1&b=2", b"x" * 3000, b"\r", b"\r\n\r\n"]
CHARSET = ["utf-8", "UTF-8", "iso-8859-1", "latin1", "us-ascii", "\"utf-8\""]


def options(r):
    """what stands behind the form-data of a Content-Disposition"""
    out = ""
    for _ in range(r.choice([1, 1, 1, 2, 2, 3, 0])):
        key = r.choice(["name"] * 6 + ["filename"] * 3
                       + ["Name", "x", "filename*", "name*", "name*0",
                          "name*1", "filename*0*", "filename*1", '"name"',
                          "name ", " name", "=", ""])
        value = r.choice(NAME)
        kind = r.randrange(10)
        if kind < 6:
            text = '"%s"' % value
        elif kind < 8:
            text = value
        else:
            text = r.choice(["utf-8''", "UTF-8'en'", "iso-8859-1''", "'", "''",
                             "utf-8'", "utf-8' '"]) \
                + r.choice(["%e2%82%ac", "a", "%41%42", "%ff", "%", "%zz", "é"])
        out += r.choice([";", ";", ";", "; ", "; ", ";,", ",", " ;", ";;"]) \
            + key + r.choice(["=", "=", "=", "=", " = ", "= ", ""]) + text
        if r.random() < 0.05:
            out += r.choice([" ", "\t", "\"", "garbage", "\\"])
    return out


def part(r):
    """headers and value of one part"""
    lines = []
    if r.random() < 0.96:
        head = r.choice(["Content-Disposition"] * 8 + ["content-disposition",
                        " Content-Disposition", "Content-Disposition "])
        lines.append("%s:%s%s%s" % (head, r.choice(BLANK[:5]), r.choice(
            ["form-data"] * 9 + ["", "attachment", "form-data "]), options(r)))
    if r.random() < 0.3:
        lines.append("Content-Type: text/plain" + r.choice(
            ["", "; charset=" + r.choice(CHARSET)]))
    if r.random() < 0.1:
        lines.append(r.choice(["X: y", "X", ":", "", "X-Y: " + "z" * 50]))
    r.shuffle(lines)
    end = r.choice(LINE[:14])
    out = b""
    for line in lines:
        if r.random() < 0.1 and ";" in line:
            line = line.replace(";", ";" + r.choice(["\r\n ", "\n\t", "\r "]),
                                1)
        out += line.encode() + end
    return out + (end if r.random() < 0.97 else b"") + r.choice(VALUE)


def case(r):
    """a Content-Type and a body"""
    if r.random() < 0.1:
        text = "".join(r.choice(["a", "b", "=", "&", "&", "=", "%41", "+", "%",
                                 "%ff", "é", ";", "%e9", " "])
                       for _ in range(r.randrange(30)))
        return r.choice(["application/x-www-form-urlencoded",
                         "application/x-url-encoded; charset=utf-8",
                         "text/plain"]), text.encode()
    boundary = r.choice(BOUNDARY)
    quoted = boundary if r.random() < 0.5 else '"%s"' % boundary
    kind = "multipart/form-data; boundary=" + quoted
    if r.random() < 0.1:
        kind = r.choice(["multipart/form-data ; boundary=" + quoted,
                         "multipart/form-data;boundary*=utf-8''" + boundary,
                         "multipart/form-data; boundary",
                         "multipart/form-data",
                         "multipart/form-data;; boundary=" + quoted,
                         "multipart/mixed; boundary=" + quoted,
                         "multipart/form-data, boundary=" + quoted,
                         "multipart/form-data; Boundary=" + quoted])
    b = b"--" + (parse_options_header(kind)[1].get("boundary")
                 or boundary).encode() if r.random() < 0.95 else b"--B"
    body = r.choice([b"", b"", b"", b"preamble", b"\r\n", b"\n", VALUE[9]])
    for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3])):
        body += (b + r.choice([b"", b"", b"", b"", b" ", b"\t ", b"x"])
                 + r.choice(LINE) + part(r) + r.choice(LINE))
    if r.random() < 0.95:
        body += b + r.choice([b"--", b"--", b"--\r\n", b"-- \n", b"--x", b"-"])
    if r.random() < 0.05:
        body = body[:r.randrange(len(body) + 1)]
    if r.random() < 0.05 and body:
        i = r.randrange(len(body))
        body = body[:i] + bytes([r.choice(b"\r\n-\";=\\'B:\xff")]) + body[i + 1:]
    return kind, body


def theirs(kind, body):
    """what Werkzeug finds, "error" if it refuses, None if it does not count"""
    try:
        mime, opts = parse_options_header(kind)
        _, form, files = FormDataParser(silent=False).parse(
            io.BytesIO(body), mime.lower(), len(body), opts)
        return [[[k, v] for k, v in form.items(multi=True) if k is not None],
                [[k, f.filename, f.content_type or "", len(f.read())]
                 for k, f in files.items(multi=True) if k is not None]]
    except ValueError:
        return "error"
    except (LookupError, TypeError, AttributeError):
        return None


def order(form):
    """MultiDict puts the values of one name together"""
    if not isinstance(form, list):
        return form
    out = []
    for items in form:
        names = {}
        for item in items:
            names.setdefault(item[0], []).append(item)
        out.append([item for same in names.values() for item in same])
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--driver", default="build/unit/test_form")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cases", type=int, default=10000)
    args = p.parse_args()

    r = random.Random(args.seed)
    driver = subprocess.Popen([args.driver, "parse"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    failed = skipped = refused = 0

    for _ in range(args.cases):
        kind, body = case(r)
        want = theirs(kind, body)
        driver.stdin.write(b"%s %s\n" % (kind.encode().hex().encode(),
                                         body.hex().encode()))
        driver.stdin.flush()
        line = driver.stdout.readline()
        if not line:
            print("the driver died of", kind, body)
            return 1
        got = json.loads(line)
        if want is None:
            skipped += 1
            continue
        refused += want == "error"
        if (got if isinstance(got, list) else "error") != "error":
            got = order(got)
        else:
            got = "error"
        if got != want:
            failed += 1
            if failed <= 5:
                print("Content-Type: %s\n%r\n  got  %s\n  want %s"
                      % (kind, body, got, want))

    driver.stdin.close()
    driver.wait()
    print("%d forms, %d refused by both, %d not compared"
          % (args.cases, refused, skipped))
    print("%d passed, %d failed" % (args.cases - skipped - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
