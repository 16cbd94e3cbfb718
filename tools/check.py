#!/usr/bin/python3
"""Runs tests and counts what they report.

    check.py each [--python] [--quiet] [--jobs N] COMMAND ...
        Runs every command (with python3 if --python, the output of those
        that pass cut short if --quiet) and ends with a line
        "N passed, M failed".

    check.py all FOLDER TARGET ...
        Runs "make TARGET" for each, keeps what it printed in FOLDER, prints
        a table and, last, the sum "N passed, M failed".

What a program reports is read from its output: lines "N passed, M failed",
the summary of prove, TAP, or that of Python's unittest. A program that
reports nothing counts as one test. A status other than 0 is always at least
one failure, whatever the output says.
"""
import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

# these are no tests: only their failure counts
UNCOUNTED = ("cli", "module", "module-asan", "conformance",
             "conformance-nginx")

# Output is written to a file, not to a pipe: a server that a test left behind
# would keep a pipe open, and us waiting. A step that hangs is ended.
LIMIT = 900

# without these there is nothing to test
VITAL = ("cli", "module")


def tally(text, status):
    """(passed, failed) as the output of a program tells it."""
    passed = failed = 0
    plain = re.findall(r"(?m)\b(\d+) passed, (\d+) failed\b", text)
    prove = re.findall(r"(?m)^Files=\d+, Tests=(\d+),", text)
    tap = re.findall(r"(?m)^(not )?ok\b(?! *:)", text)
    ran = re.findall(r"(?m)^Ran (\d+) tests? in", text)

    if plain:
        passed = sum(int(p) for p, _ in plain)
        failed = sum(int(f) for _, f in plain)
    elif prove:
        failed = sum(int(n) for n in
                     re.findall(r"\b(\d+)/\d+ subtests failed", text))
        passed = sum(int(n) for n in prove) - failed
    elif tap:
        failed = sum(1 for n in tap if n)
        passed = len(tap) - failed
    elif ran:
        failed = sum(int(n) for n in
                     re.findall(r"\b(?:failures|errors)=(\d+)", text))
        passed = sum(int(n) for n in ran) - failed
    elif status == 0:
        passed = 1

    if status != 0 and failed == 0:
        failed = 1
    return max(passed, 0), failed


def run_one(command, quiet):
    start = time.time()
    with tempfile.TemporaryFile() as out:
        p = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    passed, failed = tally(text, p.returncode)
    shown = text if failed or not quiet else ""
    # one line each: the totals of the program itself are not repeated, or
    # whoever counts our output would count them twice
    shown = re.sub(r"(?m)^.*\b\d+ passed, \d+ failed\b.*\n?", "", shown)
    shown = re.sub(r"(?m)^ok\b.*\n", "", shown)
    note = "" if p.returncode >= 0 else ", killed by signal %d" % -p.returncode
    sys.stdout.write("%s%s: passed %d, failed %d%s (%.1f s)\n" % (
        shown, " ".join(command), passed, failed, note, time.time() - start))
    sys.stdout.flush()
    return passed, failed


def each(args):
    quiet = python = False
    jobs = 1
    while args and args[0].startswith("--"):
        option = args.pop(0)
        if option == "--quiet":
            quiet = True
        elif option == "--python":
            python = True
        elif option == "--jobs":
            jobs = int(args.pop(0))
        else:
            sys.exit("check.py: unknown option " + option)
    commands = [shlex.split(a) for a in args]
    if python:
        commands = [[sys.executable] + c for c in commands]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda c: run_one(c, quiet), commands))
    passed = sum(r[0] for r in results)
    failed = sum(r[1] for r in results)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


def run_target(target, log):
    """Runs make TARGET; its output goes to the terminal and to a file."""
    env = dict(os.environ)
    # each step is a make of its own, not a part of the one that called us
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        env.pop(name, None)
    with open(log, "wb") as out, open(log, "rb") as back:
        p = subprocess.Popen(["make", target] + overrides(), env=env,
                             stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT,
                             start_new_session=True)
        end = time.time() + LIMIT
        try:
            while True:
                status = p.poll()
                sys.stdout.write(back.read().decode("utf-8", "replace"))
                sys.stdout.flush()
                if status is not None:
                    break
                if time.time() > end:
                    print("check.py: %s took more than %d s" % (target, LIMIT))
                    os.killpg(p.pid, signal.SIGTERM)
                    end = time.time() + 10
                time.sleep(0.1)
        except KeyboardInterrupt:
            os.killpg(p.pid, signal.SIGTERM)
            sys.exit(130)
        back.seek(0)
        return back.read().decode("utf-8", "replace"), status


def overrides():
    """NAME=value words of the calling make, as in make test T=5."""
    flags = os.environ.get("MAKEFLAGS", "")
    words = shlex.split(flags)
    if "--" in words:
        words = words[words.index("--") + 1:]
    return [w for w in words if re.match(r"[A-Za-z_]\w*=", w)]


def run_all(args):
    folder, targets = args[0], args[1:]
    os.makedirs(folder, exist_ok=True)
    rows = []
    for target in targets:
        print("\n== %s" % target)
        sys.stdout.flush()
        start = time.time()
        text, status = run_target(target, "%s/%s.log" % (folder, target))
        if target in UNCOUNTED:
            passed, failed = 0, int(status != 0)
        else:
            passed, failed = tally(text, status)
        rows.append((target, passed, failed, time.time() - start))
        if status != 0 and target in VITAL:
            print("check.py: make %s failed, nothing more to test" % target)
            break
    print("\n%-18s %8s %8s %8s" % ("step", "passed", "failed", "seconds"))
    for row in rows:
        print("%-18s %8d %8d %8.1f" % row)
    passed = sum(r[1] for r in rows)
    failed = sum(r[2] for r in rows)
    print("\n%d passed, %d failed" % (passed, failed))
    return 1 if failed or passed == 0 else 0


def main():
    how = {"each": each, "all": run_all}
    if len(sys.argv) < 2 or sys.argv[1] not in how:
        sys.exit(__doc__)
    return how[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
