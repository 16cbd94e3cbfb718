#!/usr/bin/python3
"""What each optimisation buys: `make bench-ablation`.

The module is built without it (a switch of base/tpl_ablation.h, one at a
time) and compared with the tree as it is: instructions of a request, which
callgrind counts, and processor time, measured with both servers in turn.
Every page is first compared with Jinja2's, byte for byte, with every build.

    ablation.py [--quick | --rounds N]

writes bench/results-ablation.md; with --quick, which measures one round, to
build/bench.
"""

import argparse
import contextlib
import datetime
import os
import re
import signal
import statistics
import subprocess
import sys

import ours
import run
import workloads
from common import (BUILD, BenchError, HERE, MODULE, ROOT, WORK, cores,
                    machine, nginx_version, oracle, say, stop, table, write)
from instructions import REQUESTS, Counted

# switch: what is left out with it
SWITCHES = {
    "SPECIAL": "specialization: constant parts rendered with the"
               " configuration",
    "FUSE": "superinstructions",
    "ROWS": "loops that only write as one superinstruction",
    "GOTO": "labels as values: a `switch` instead",
    "HINTS": "items of dicts looked for where they were last time",
    "SIMD": "16 bytes at a time in escaping, JSON and UTF-8",
    "ZERO_COPY": "static text sent from where it is",
    "TEXT_HASH": "the ETag made of hashes of static texts",
    "FORMAT": "own formatting of numbers: `printf()` instead",
    "RANKS": "sorting by a number made of each key",
    "SHARED_DATA": "data of the configuration used in place: copied for each"
                   " request",
    "JSON_PASS": "JSON read in one pass: yyjson's tree made into values",
    "JSON_LIKE": "objects of JSON read by what the one before them was like",
    "LEND": "replies read where they stay: copied from nginx's buffers",
    "FREE_PAGES": "pages of arenas kept by the worker",
    "KEPT": "constant pages kept: rendered for each request",
    "REFERENCE": "gzip's model of the template: a page is all data",
    "CLMUL": "CRC by carry-less multiplication: zlib's",
}

# column, heading, row of run.py
COLUMNS = [("w1", "W1", "this module"), ("w2", "W2", "this module"),
           ("w3", "W3", "this module"), ("w5", "W5", "this module"),
           ("w1.gzip", "W1 gzip", "this module"),
           ("w3.gzip", "W3 gzip", "this module"),
           ("w1", "W1 kept", "this module, a page that is kept")]

# by as much a count of instructions has to change to be worth a measurement
CHANGED = 0.01

# how many builds are measured until the tree is measured again
GROUP = 4


class Build:
    """A build of the module, a server of it and what was measured there."""

    def __init__(self, name, switch, what):
        self.name = name
        self.switch = switch
        self.what = what
        self.module = (os.path.join(BUILD, "ablation", switch,
                                    "ngx_http_tpl_module.so")
                       if switch else MODULE)
        self.site = None
        self.cells = []         # of run.py, one for each column
        self.counts = []        # instructions
        self.ratios = [[] for _ in COLUMNS]     # of time, one for each round

    def make(self):
        if self.switch:
            done = subprocess.run(["tools/build-module.sh", "without",
                                   self.switch], cwd=ROOT,
                                  env=dict(os.environ, BUILD=BUILD))
            if done.returncode:
                raise BenchError("building without %s failed" % self.switch)

    def start(self, made, stack, server_core, load_core):
        self.site.start(stack, server_core, load_core)
        rows, _ = run.make_rows(self.site, made, stack, (), False)
        run.check_rows(rows)
        by_name = {r.name: r for r in rows}
        self.cells = [by_name[row].cells[key] for key, _, row in COLUMNS]

    def count(self, made):
        with contextlib.ExitStack() as stack:
            counted = Counted(self.site, stack)
            for key, _, row in COLUMNS:
                page = key.split(".")[0]
                gzip = key.endswith(".gzip")
                path = "/" + page + ("/kept" if "kept" in row else "")
                n = REQUESTS[page]
                self.counts.append(counted.count(
                    self.site.gzip_port if gzip else self.site.port,
                    path + made[page].query, n, "gzip" if gzip else "") / n)


def check_switches():
    """The header and this file name the same ones."""
    with open(os.path.join(ROOT, "ngx_http_tpl_module", "base",
                           "tpl_ablation.h")) as f:
        names = re.findall(r"(?m)^#ifndef TPL_NO_(\w+)$", f.read())
    names.remove("ALL")
    if sorted(names) != sorted(SWITCHES):
        raise BenchError("tpl_ablation.h has other switches: %s" % ", ".join(
            sorted(set(names) ^ set(SWITCHES))))


def changed(build, base, k):
    return (not build.switch
            or abs(build.counts[k] / base.counts[k] - 1) >= CHANGED)


def measure_round(base, builds, keep, load_core):
    """One column after the other, the tree between groups of builds."""
    for k in range(len(COLUMNS)):
        todo = [b for b in builds if changed(b, base, k)]
        for i in range(0, len(todo), GROUP):
            base.cells[k].measure(load_core, keep)
            for b in todo[i:i + GROUP]:
                b.cells[k].measure(load_core, keep)
                if keep:
                    b.ratios[k].append(b.cells[k].costs[-1]
                                       / base.cells[k].costs[-1])


def report(base, builds, rounds, load_before, arguments):
    def cell(b, k):
        if not changed(b, base, k):
            return "-"
        text = "%s / %s" % (run.figure(b.counts[k] / base.counts[k]),
                            run.figure(statistics.median(b.ratios[k])))
        wire = b.cells[k].wire, base.cells[k].wire
        if wire[0] != wire[1]:
            text += ", %s bytes" % run.number(wire[0])
        return text

    heads = [what for _, what, _ in COLUMNS]
    lines = [
        "# What each optimisation buys",
        "",
        "The module built without one of them at a time, compared with the"
        " tree as it is: how many times as many",
        "instructions of the worker a request takes, by callgrind, and how"
        " many times as much of its processor time",
        "(%s, the tree measured again after every %d others)."
        " Above 1 the optimisation" % (
            "one round" if rounds == 1 else "medians of %d rounds" % rounds,
            GROUP),
        "pays. \"-\": the instructions differ by less than 1 %. All builds"
        " send the same bytes, those of Jinja2; where",
        "gzip differs its bytes are given.",
        "",
    ]
    lines += table(["without"] + heads,
                   [[b.what] + [cell(b, k) for k in range(len(COLUMNS))]
                    for b in builds])
    lines += [
        "",
        "The last row is the tree again, as a measure of what the times are"
        " worth in this run. What they are ratios of:",
        "",
    ]
    lines += table([""] + heads, [
        ["instructions"] + [run.number(c) for c in base.counts],
        ["processor time"] + [run.micro(c.cost) for c in base.cells],
        ["bytes"] + [run.number(c.wire) for c in base.cells]])
    lines += [
        "",
        "Each is measured with all others in place, so they do not add up:"
        " where two do the same work, one that is",
        "left out costs little. W1 kept is W1 with a message that is known"
        " with the configuration.",
        "", "| | |", "|---|---|"]
    pairs = [("Switches", "base/tpl_ablation.h, in this order: "
              + ", ".join("`%s`" % b.switch for b in builds if b.switch))]
    pairs += machine() + [
        ("Versions", "nginx " + nginx_version()),
        ("Load before", "%.2f (other work on the machine)" % load_before),
        ("Date", datetime.date.today().isoformat()),
        ("Again", "`make bench-ablation%s`" % (
            " ARGS=\"%s\"" % arguments if arguments else "")),
    ]
    return "\n".join(lines + ["| %s | %s |" % p for p in pairs]) + "\n"


def main(arguments):
    parser = argparse.ArgumentParser(
        description="What each optimisation buys.")
    parser.add_argument("--quick", action="store_true",
                        help="one round, to see that it works")
    parser.add_argument("--rounds", type=int, metavar="N", default=5)
    options = parser.parse_args(arguments)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    os.makedirs(WORK, exist_ok=True)

    check_switches()
    load_before = os.getloadavg()[0]
    rounds = 1 if options.quick else options.rounds

    base = Build("tree", None, "")
    builds = [Build(switch.lower(), switch, what)
              for switch, what in SWITCHES.items()]
    again = Build("again", None, "nothing: the tree as it is")
    for b in builds:
        b.make()

    made = workloads.make()
    server_core, load_core = cores()
    with contextlib.ExitStack() as stack:
        for b in [base] + builds + [again]:
            b.site = ours.Site("ablation-" + b.name, b.module)
            b.site.configure(made)
            b.count(made)
            say("    %-12s %s" % (b.name, " ".join(
                "%10.0f" % c for c in b.counts)))
            b.start(made, stack, server_core, load_core)
        builds.append(again)
        say("every page of every build is Jinja2's")
        for number in range(-1, rounds):
            say("round %d of %d" % (number + 1, rounds) if number >= 0
                else "warming up")
            measure_round(base, builds, number >= 0, load_core)

    text = report(base, builds, rounds, load_before, " ".join(arguments))
    write(os.path.join(WORK if options.quick else HERE,
                       "results-ablation.md"), text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BenchError, oracle.ServerError) as e:
        sys.exit("ablation.py: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)
