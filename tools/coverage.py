#!/usr/bin/python3
"""Which lines and branches of the engine the tests reach.

    coverage.py            runs the tests of build/coverage, then reports
    coverage.py --report   reports what was counted last

Counted are the sources of the engine, compiled by gcc without optimization;
a branch is one way out of a condition as gcov counts it, `&&` and `||`
included; nothing is left out. The unit tests run twice: as they are, and with
an arena that makes every piece of memory an allocation of its own, each of
which fails once. Then the tests of t/engine and t/diff, by a `tpl` that counts,
and those of nginx, t/*.t, by a module that does.

Printed are the files with the most branches not reached, and each room. By
line and branch: build/coverage/report.txt, and .html next to it.
"""
import collections
import glob
import json
import os
import subprocess
import sys

BUILD = os.environ.get("BUILD", "build")
OUT = os.path.join(BUILD, "coverage")
SHOWN = 25

# links the objects itself, without what counts; measures time; waits for
# hundreds of clients
LEFT_OUT = ("t/engine/test_contributing.py", "t/bench.t", "t/faults.t")


def run(command, **env):
    p = subprocess.run(command, env=dict(os.environ, **env),
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if p.returncode:
        sys.stdout.write(p.stdout.decode("utf-8", "replace"))
        sys.exit("coverage: %s failed" % " ".join(command))


def measure():
    for folder in (OUT, OUT + "-pieces"):
        for name in glob.glob(folder + "/**/*.gcda", recursive=True):
            os.remove(name)
    for folder in (OUT, OUT + "-pieces"):
        for test in sorted(glob.glob("t/unit/*.c")):
            name = os.path.splitext(os.path.basename(test))[0]
            run([os.path.join(folder, "unit", name)])
    tpl = os.path.abspath(os.path.join(OUT, "tpl"))
    for test in sorted(glob.glob("t/engine/*.py")):
        if test not in LEFT_OUT:
            run(["/usr/bin/python3", test], TPL=tpl)
    for name, cases in (("jinja", "10000"), ("tornado", "2500")):
        for seed in ("1", "2"):
            run(["/usr/bin/python3", "t/diff/diff_%s.py" % name, "--tpl", tpl,
                 "--seed", seed, "--cases", cases])
    # a worker of another user writes its counts as well
    subprocess.run(["chmod", "-R", "a+rwX", OUT + "/nginx"], check=True)
    run(["prove", "-It/lib"] + [t for t in sorted(glob.glob("t/*.t"))
                                if t not in LEFT_OUT],
        TPL=tpl, TPL_SANITIZED="1", TEST_NGINX_TIMEOUT="15",
        TPL_MODULE=os.path.abspath(OUT + "/ngx_http_tpl_module.so"),
        TEST_NGINX_SERVROOT=os.path.abspath(OUT + "/servroot"))


def report():
    run(["gcovr", "--root", ".", "--filter", "ngx_http_tpl_module/",
         "--exclude", "ngx_http_tpl_module/cli/",
         "--json-summary", OUT + "/summary.json",
         "--json", OUT + "/report.json",
         "--html-details", OUT + "/report.html",
         "--branches", "--txt", OUT + "/report.txt",
         OUT, OUT + "-pieces"], LC_ALL="C")
    with open(OUT + "/summary.json") as f:
        files = json.load(f)["files"]
    rooms = collections.defaultdict(lambda: [0] * 4)
    rows = {}
    for f in files:
        n = [f[k] for k in ("line_total", "line_covered",
                            "branch_total", "branch_covered")]
        name = f["filename"].split("/", 1)[1]
        rows[name] = n
        room = name.split("/")[0]
        for key in {room, "nginx" if room == "nginx" else "engine"}:
            rooms[key] = [a + b for a, b in zip(rooms[key], n)]
    for name in sorted(rows, key=lambda k: rows[k][3] - rows[k][2])[:SHOWN]:
        show(name, rows[name])
    print()
    for name in sorted(rooms, key=lambda k: (k == "engine", k)):
        show(name, rooms[name])
    print("\nby line and branch: %s/report.html" % OUT)


def show(name, n):
    print("%-40s %5.1f %% of %5d lines  %5.1f %% of %5d branches"
          % (name, 100 * n[1] / max(n[0], 1), n[0],
             100 * n[3] / max(n[2], 1), n[2]))


if __name__ == "__main__":
    if sys.argv[1:] != ["--report"]:
        measure()
    report()
