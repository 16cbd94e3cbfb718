#!/usr/bin/python3
"""Checks the style of the C sources and the direction of their includes.

    check-style.py               the checkout this script stands in
    check-style.py --self-test   that every rule finds what it is for

Prints "file:line: what is wrong"; the exit status is 1 if anything is. A
file of more than 1,500 lines is only warned about.
"""
import glob
import os
import re
import sys

TOP = "ngx_http_tpl_module"
ROOMS = ("base", "value", "syntax", "program", "vm", "builtins", "web",
         "encode", "nginx", "cli")
WIDTH = 80
LONG = 1500


def blank_out(text):
    """Comments, strings and characters become spaces, lines stay lines.

    Returns the text and the offsets of // comments.
    """
    token = re.compile(r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                       r"|'(?:\\.|[^'\\\n])*'", re.S)
    slashes = []

    def blank(m):
        if m.group().startswith("//"):
            slashes.append(m.start())
        return re.sub(r"[^\n]", " ", m.group())

    # what #include names is no string
    keep = {}
    for m in re.finditer(r"(?m)^[ \t]*#[ \t]*include\b.*$", text):
        keep[m.start()] = m.group()
    out = token.sub(blank, text)
    for at, line in keep.items():
        out = out[:at] + line + out[at + len(line):]
    return out, slashes


def check_text(text, say):
    if "\r" in text:
        say(text[:text.index("\r")].count("\n") + 1,
            "carriage return, lines end in LF only")
        text = text.replace("\r", "")
    if text and not text.endswith("\n"):
        say(text.count("\n") + 1, "no newline at the end of the file")
    if text.endswith("\n\n"):
        say(text.count("\n"), "blank line at the end of the file")
    for n, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            say(n, "tab")
        if line != line.rstrip():
            say(n, "trailing whitespace")
        if len(line) > WIDTH:
            say(n, "%d columns, more than %d" % (len(line), WIDTH))


def check_layout(lines, say):
    """lines: source with comments and strings blanked out."""
    for i, line in enumerate(lines):
        if re.match(r"[A-Za-z_][^=;]*\)\s*\{\s*$", line):
            say(i + 1, "the opening brace of a function has its own line")

        if line == "{":
            # walk up to the first line of what this is the body of
            head = i
            while (head > 0 and lines[head - 1].strip()
                   and not re.match(r"[#}]", lines[head - 1])
                   and not lines[head - 1].endswith(";")):
                head -= 1
            for j in range(head, i):
                if "(" not in lines[j]:
                    continue
                if not re.match(r"\w+ ?\(", lines[j]) or j == head:
                    # a macro that makes the whole head stands alone
                    if not re.match(r"[A-Z_0-9]+\(", lines[j]):
                        say(j + 1, "the return type of a function has its "
                                   "own line")
                break


def check_gaps(raw, lines, say):
    """Two blank lines after a function; raw knows comments from blanks."""
    for i, line in enumerate(lines):
        if line.rstrip() != "}":
            continue
        j = i + 1
        while j < len(raw) and not raw[j].strip():
            j += 1
        if j == len(raw):
            continue
        gap = j - i - 1
        if re.match(r"#\s*(endif|else|elif)", raw[j]) and gap in (1, 2):
            continue
        if gap != 2:
            say(i + 1, "%d blank line%s after a function, not two"
                % (gap, "" if gap == 1 else "s"))


def check_includes(room, text, say):
    for m in re.finditer(r'(?m)^\s*#\s*include\s*"([^"]*)"', text):
        n = text.count("\n", 0, m.start(1)) + 1
        theirs, slash, _ = m.group(1).partition("/")
        if not slash or theirs not in ROOMS:
            say(n, 'include "%s" does not name a room, as in "base/x.h"'
                % m.group(1))
        elif theirs != room and (theirs in ("nginx", "cli")
                                 or ROOMS.index(theirs) > ROOMS.index(room)):
            say(n, "%s/ must not include from %s/" % (room, theirs))


def check_names(room, text, say):
    if room == "nginx":
        return
    for n, line in enumerate(text.split("\n"), 1):
        if "ngx_" in line.replace(TOP, ""):
            say(n, "ngx_ outside nginx/")


def check_file(path, text):
    """[(line, what is wrong)] of one file; the path is of the checkout."""
    found = []

    def say(n, what):
        found.append((n, what))

    check_text(text, say)
    text = text.replace("\r", "")
    blanked, slashes = blank_out(text)
    for at in slashes:
        say(text.count("\n", 0, at) + 1, "// comment")
    lines = blanked.split("\n")
    check_layout(lines, say)
    check_gaps(text.split("\n"), lines, say)
    parts = path.split("/")
    if parts[0] == TOP:
        if len(parts) != 3 or parts[1] not in ROOMS:
            say(1, "not in one of the rooms " + " ".join(ROOMS))
        else:
            check_includes(parts[1], text, say)
            check_names(parts[1], text, say)
        if path.endswith(".c") and not text.lstrip().startswith("/*"):
            say(1, "a source opens with a comment on its role")
    return sorted(set(found))


def check_unique(paths):
    """[(path, what)] of files of the same name in two rooms."""
    seen, found = {}, []
    for path in paths:
        name = os.path.basename(path)
        if name in seen:
            found.append((path, "the name is taken by " + seen[name]))
        seen.setdefault(name, path)
    return found


def check_tree():
    paths = sorted(p for ext in "ch"
                   for p in glob.glob("%s/**/*.%s" % (TOP, ext),
                                      recursive=True))
    tests = sorted(p for ext in "ch" for d in ("unit", "fuzz")
                   for p in glob.glob("t/%s/*.%s" % (d, ext)))
    bad = 0
    for path in paths + tests:
        with open(path, "rb") as f:
            try:
                text = f.read().decode("utf-8")
            except UnicodeDecodeError:
                print("%s:1: not UTF-8" % path)
                bad += 1
                continue
        for n, what in check_file(path, text):
            print("%s:%d: %s" % (path, n, what))
            bad += 1
        if text.count("\n") > LONG:
            print("%s:1: warning: %d lines; is it still one role?"
                  % (path, text.count("\n")))
    for path, what in check_unique(paths):
        print("%s:1: %s" % (path, what))
        bad += 1
    print("style: %d files, %d faults" % (len(paths + tests), bad))
    return 1 if bad else 0


GOOD = '''
/*
 * A file without a fault; see http://example.org/ for ngx_http_tpl_module.
 */


#include <stdint.h>

#include "base/tpl_base.h"
#include "value/tpl_value.h"


typedef struct {
    int          a;
} tpl_x_t;


static const char  *tpl_url = "http://x/\\"//";
static const char   tpl_c[] = { '"', '\\'', '/' };


#if (TPL_A)

int
tpl_a(int a,
    int b)
{
    if (a) {
        return b;
    }

    return a / b;    /* // */
}

#endif


/* A comment may stand between. */

static tpl_x_t *
tpl_b(void)
{
    return NULL;
}
'''


def self_test():
    """Each case changes one thing in a faultless file."""
    room = TOP + "/value/x.c"

    def swap(old, new):
        assert GOOD.count(old) >= 1, old
        return GOOD.replace(old, new, 1)

    cases = [
        ("tab", swap("    int ", "\tint ")),
        ("trailing whitespace", swap("int          a;", "int          a; ")),
        ("81 columns", swap("/* A comment may stand between. */",
                            "/* " + "x" * 75 + " */")),
        ("// comment", swap("/* // */", "// no")),
        ("carriage return", swap("return b;\n", "return b;\r\n")),
        ("no newline at the end", GOOD[:-1]),
        ("blank line at the end", GOOD + "\n"),
        ("1 blank line after", swap("}\n\n#endif\n\n\n/*",
                                    "}\n\n/* x */\n#endif\n\n\n/*")),
        ("3 blank lines after", swap("}\n\n#endif", "}\n\n\n\n#endif")),
        ("0 blank lines after", swap("}\n\n#endif", "}\n#endif")),
        ("return type", swap("int\ntpl_a(int a,", "int tpl_a(int a,")),
        ("return type", swap("static tpl_x_t *\ntpl_b",
                             "static tpl_x_t *tpl_b")),
        ("opening brace", swap("tpl_b(void)\n{", "tpl_b(void) {")),
        ("ngx_ outside", swap("A comment may", "ngx_pool_t may")),
        ("ngx_ outside", swap("tpl_x_t *\n", "ngx_x_t *\n")),
        ("does not name a room", swap('"base/tpl_base.h"', '"tpl_base.h"')),
        ("must not include", swap('"base/', '"syntax/')),
        ("must not include", swap('"base/', '"nginx/')),
        ("must not include", swap('"base/', '"cli/')),
        ("opens with a comment", GOOD.split("*/", 1)[1]),
    ]
    passed = failed = 0

    def expect(ok, what):
        nonlocal passed, failed
        if ok:
            passed += 1
        else:
            failed += 1
            print("style: self-test: " + what)

    for path in (room, TOP + "/nginx/x.c", TOP + "/cli/x.c", "t/unit/x.c"):
        got = check_file(path, GOOD)
        expect(not got, "a faultless %s: %r" % (path, got))
    for want, text in cases:
        got = [what for _, what in check_file(room, text)]
        expect(any(want in w for w in got) and len(got) == 1,
               "%r: got %r" % (want, got))

    # the arrow, every pair of rooms
    order = ROOMS[:-2]
    for mine in ROOMS:
        for theirs in ROOMS:
            text = '/* x */\n\n#include "%s/x.h"\n' % theirs
            fine = mine == theirs or (theirs in order and (
                mine not in order
                or order.index(theirs) < order.index(mine)))
            got = check_file("%s/%s/x.c" % (TOP, mine), text)
            expect(fine == (not got), "%s -> %s: %r" % (mine, theirs, got))

    got = check_file(TOP + "/nginx/x.c", GOOD.replace("tpl_x_t", "ngx_x_t"))
    expect(not got, "ngx_ inside nginx/: %r" % got)
    got = check_file(TOP + "/x.c", GOOD)
    expect(len(got) == 1, "a file outside the rooms: %r" % got)
    expect(check_unique(["a/x.c", "b/x.c", "b/x.h"])
           == [("b/x.c", "the name is taken by a/x.c")], "unique names")
    line = check_file(room, swap("/* // */", "// no"))[0][0]
    expect(line == GOOD[:GOOD.index("/* // */")].count("\n") + 1,
           "line %d of a fault" % line)
    print("style: self-test: %d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        sys.exit(__doc__)
    return check_tree()


if __name__ == "__main__":
    sys.exit(main())
