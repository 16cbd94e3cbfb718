#!/usr/bin/python3
"""The benchmarks of pages that are rendered at every request: `make bench`.

nginx with the module, nginx without it and other servers make the same pages
(workloads.py). Each page is first compared with Jinja2's, byte for byte. A
server has one process on one core, wrk with 16 connections the other core; a
round measures every server once, so that a machine that becomes slower or
faster does so for all.

    run.py [--quick] [--only w1,w3.gzip] [--rounds N]
    run.py --check

writes bench/results.md and charts; with --quick, --only, --rounds or without
a server that belongs there they go to build/bench.  --check measures nothing:
it only compares the pages, and prints TAP.
"""

import argparse
import contextlib
import datetime
import os
import re
import shutil
import signal
import statistics
import sys
import zlib

import memory
import ours
import peers
import workloads
from common import (BUILD, BenchError, HERE, Load, ROOT, WORK, chart, cores,
                    cpu_seconds, fetch, group_of, machine, nginx_version,
                    oracle, output_of, say, stop, table, write)

COLUMNS = [("w1", "W1"), ("w2", "W2"), ("w3", "W3"), ("w1.gzip", "W1 gzip"),
           ("w3.gzip", "W3 gzip"), ("w5", "W5")]
CONNECTIONS = 16
GZIP = "Accept-Encoding: gzip"
RENDER = os.path.join(BUILD, "bench", "render")


class Cell:
    """One server making one page: its address and what was measured."""

    def __init__(self, port, path, group, page, gzip=False):
        self.port = port
        self.path = path
        self.group = group
        self.page = page
        self.gzip = gzip
        self.wire = None        # bytes of a body
        self.seconds = 1        # of a run
        self.rates = []
        self.costs = []         # seconds of CPU for a request

    @property
    def url(self):
        return "http://127.0.0.1:%d%s" % (self.port, self.path)

    @property
    def rate(self):
        return statistics.median(self.rates)

    @property
    def cost(self):
        return statistics.median(self.costs)

    def check(self, name):
        """The page must be Jinja2's, compressed if that was asked for."""
        status, headers, body = fetch(
            self.port, self.path,
            {"Accept-Encoding": "gzip"} if self.gzip else None)
        self.wire = len(body)
        if self.gzip:
            if headers.get("Content-Encoding") != "gzip":
                raise BenchError("%s %s: not compressed" % (name, self.path))
            body = zlib.decompress(body, 31)
        if status != 200 or body != self.page:
            raise BenchError("%s %s: status %d, %d bytes, not the %d bytes of"
                             " Jinja2" % (name, self.path, status, len(body),
                                          len(self.page)))

    def measure(self, load_core, keep=True):
        pids = group_of(self.group)
        before = cpu_seconds(pids)
        load = Load(self.url, self.seconds, [GZIP] if self.gzip else (),
                    load_core, CONNECTIONS)
        used = cpu_seconds(pids) - before
        if load.bytes < load.requests * self.wire:
            raise BenchError("%s: responses are shorter than %d bytes"
                             % (self.url, self.wire))
        if not keep:
            # the requests that wrk leaves unfinished shall not count much
            if load.rate < 300:
                self.seconds = 3
            return
        self.rates.append(load.rate)
        self.costs.append(used / load.requests)


class Row:
    def __init__(self, name, kind):
        self.name = name
        self.kind = kind
        self.cells = {}
        self.notes = {}         # column: why it is empty


def make_rows(site, made, stack, pinned, full):
    """Rows and their cells; all servers are started."""
    def row(name, kind, suffix, keys, gzip_keys=()):
        r = Row(name, kind)
        for key in keys:
            r.cells[key] = Cell(site.port, "/%s%s%s" % (
                key, suffix, made[key].query), group, made[key].page)
        for key in gzip_keys:
            r.cells[key + ".gzip"] = Cell(
                site.gzip_port, "/%s%s%s" % (key, suffix, made[key].query),
                group, made[key].page, True)
        return r

    group = site.nginx.server.process.pid
    pages = ("w1", "w2", "w3")
    gzip = ("w1", "w3")

    limit = row("nginx `return 200`", "limit", "/return", pages, gzip)
    module = row("this module", "module", "", pages,
                 gzip if site.gzip else ())
    if not site.gzip:
        for key in gzip:
            module.notes[key + ".gzip"] = "this build has no tpl_gzip"
    rows = [limit, module]

    with open(os.path.join(WORK, "data", "items.json"), "rb") as f:
        limit_w5 = Row("nginx `proxy_pass`", "limit")
        limit_w5.cells["w5"] = Cell(site.port, "/w5/proxy", group, f.read())
    if site.fetch:
        module.cells["w5"] = Cell(site.port, "/w5", group, made["w5"].page)
    else:
        module.notes["w5"] = "this build has no tpl_fetch"

    filtered = Row("this module, tpl_filter", "module")
    if site.filter:
        filtered.cells["w5"] = Cell(site.port, "/w5/filter", group,
                                    made["w5"].page)

    rows += [
        filtered,
        row("this module, a page that is kept", "module", "/kept", pages,
            gzip if site.gzip else ()),
        row("this module, nginx's gzip filter", "module", "/gzip", (), gzip),
        row("nginx, a static file", "limit", "/static", pages, gzip),
        limit_w5,
        row("nginx SSI", "peer", "/ssi", ("w1",)),
    ]
    if not full:
        return rows, []

    started = peers.start_all(stack, pinned, made, say)
    for p in started:
        if p.missing:
            continue
        r = Row(p.what, "peer")
        for key in p.pages:
            r.cells[key] = Cell(p.port, p.path(made[key]),
                                p.server.process.pid, made[key].page)
            if p.gzip and key in gzip:
                r.cells[key + ".gzip"] = Cell(
                    p.port, p.path(made[key]), p.server.process.pid,
                    made[key].page, True)
        rows.append(r)
    return rows, started


def check_rows(rows):
    for r in rows:
        for cell in r.cells.values():
            cell.check(r.name)


def measure(rows, rounds, columns, load_core, warm):
    """Columns in the outer loop: A and B of a comparison run side by side."""
    for number in range(-1 if warm else 0, rounds):
        say("round %d of %d" % (number + 1, rounds) if number >= 0
            else "warming up")
        for column in columns:
            for r in rows:
                cell = r.cells.get(column)
                if not cell:
                    continue
                try:
                    cell.measure(load_core, number >= 0)
                except BenchError as e:
                    if r.kind != "peer":
                        raise
                    # another server's fault shall not cost all the rest
                    say(str(e))
                    del r.cells[column]
                    r.notes[column] = "did not answer every request"
                    continue
                if number >= 0:
                    say("    %-8s %-40s %9.0f requests/s %9.1f us"
                        % (column, r.name, cell.rates[-1],
                           cell.costs[-1] * 1e6))


def against(cell, base):
    """By CPU and by requests: the median of the rounds' ratios."""
    return (statistics.median(b / c for b, c in zip(base.costs, cell.costs)),
            statistics.median(c / b for b, c in zip(base.rates, cell.rates)))


# Reporting


def number(value):
    return "{:,.0f}".format(value)


def figure(value):
    """Three digits, or as many as matter below 0.1."""
    for least, form in ((100, "%.0f"), (10, "%.1f"), (0.1, "%.2f"),
                        (0, "%.4f")):
        if value >= least:
            return form % value


def micro(seconds):
    us = seconds * 1e6
    return ("%.1f us" % us) if us < 100 else "%s us" % number(us)


class Results:
    def __init__(self, rows, columns, site):
        self.rows = rows
        self.columns = [c for c in COLUMNS if c[0] in columns]
        self.by_name = {r.name: r for r in rows}
        self.site = site
        self.goals = []

    def cell(self, name, column):
        cell = self.by_name[name].cells.get(column)
        return cell if cell and cell.rates else None

    def base(self, column):
        return self.cell("nginx `proxy_pass`" if column == "w5"
                         else "nginx `return 200`", column)

    def ordered(self):
        first = self.columns[0][0]
        return sorted((r for r in self.rows
                       if any(c.rates for c in r.cells.values())),
                      key=lambda r: (r.kind != "limit", r.kind != "module",
                                     -(r.cells[first].rate
                                       if first in r.cells else 0)))

    def speeds(self):
        rows = []
        for r in self.ordered():
            line = [r.name]
            for key, _ in self.columns:
                c = r.cells.get(key)
                line.append("%s (%s)" % (number(c.rate), micro(c.cost))
                            if c and c.rates else "-")
            rows.append(line)
        return table([""] + [what for _, what in self.columns], rows)

    def ratios(self):
        rows = []
        for r in self.ordered():
            line = [r.name]
            for key, _ in self.columns:
                c, base = r.cells.get(key), self.base(key)
                line.append("%s / %s" % tuple(map(figure, against(c, base)))
                            if c and c.rates and base else "-")
            rows.append(line)
        return table(["by CPU / by requests"]
                     + [what for _, what in self.columns], rows)

    def goal(self, what, wanted, measured, reached):
        self.goals.append([what, wanted, measured,
                           {True: "reached", False: "**not reached**",
                            None: "not measured"}[reached]])

    def ratio_goal(self, what, column, least, base=None, times=False,
                   name="this module"):
        ours_ = self.cell(name, column)
        base = base or self.base(column)
        wanted = ("at least %g times" if times else "at least %g") % least
        if not ours_ or not base:
            note = self.by_name[name].notes.get(column, "left out here")
            self.goal(what, wanted, note, None)
            return
        cpu, rate = against(ours_, base)
        self.goal(what, wanted, "%s by CPU, %s by requests"
                  % (figure(cpu), figure(rate)), cpu >= least)

    def best_peer(self, column):
        cells = [(r.cells[column].rate, r.name, r.cells[column])
                 for r in self.rows if r.kind == "peer"
                 and column in r.cells and r.cells[column].rates]
        return max(cells, default=(0, None, None), key=lambda c: c[0])[1:]

    def set_goals(self, rendered, site_memory, waiting):
        self.ratio_goal("W1: to `return 200`", "w1", 0.95)
        peer, best = self.best_peer("w2")
        if best:
            self.ratio_goal("W2: to the best peer, %s" % peer, "w2", 4, best,
                            True)
        self.ratio_goal("W3: to `return 200`", "w3", 0.85)
        for key, most in (("W2", 2), ("W3", 2.5)):
            hand = rendered.get(key, {}).get("ratio")
            self.goal("%s: render, to C written by hand" % key,
                      "at most %g times" % most,
                      figure(hand) if hand else "left out here",
                      hand <= most if hand else None)
        self.ratio_goal("W1 gzip: to `return 200` through nginx's gzip"
                        " filter", "w1.gzip", 25, times=True)
        ours_, base = (self.cell("this module", "w1.gzip"),
                       self.base("w1.gzip"))
        if ours_ and base:
            size = ours_.wire / base.wire
            self.goal("W1 gzip: bytes to those of the filter's level 6",
                      "at most 1.10",
                      "%.3f (%s to %s)" % (size, number(ours_.wire),
                                           number(base.wire)), size <= 1.10)
        self.ratio_goal("W3 gzip: to `return 200` through nginx's gzip"
                        " filter", "w3.gzip", 3, times=True)
        self.ratio_goal("W5, tpl_fetch: to proxying the JSON untouched", "w5",
                        0.6)
        self.ratio_goal("W5, tpl_filter: to proxying the JSON untouched",
                        "w5", 0.6, name="this module, tpl_filter")

        before, after = site_memory
        more = after["VmRSS"] - before["VmRSS"]
        self.goal("worker with the sample site, above plain nginx",
                  "at most 2,048 KiB",
                  "%s KiB: %s anonymous, %s of files" % (
                      number(more),
                      number(after["RssAnon"] - before["RssAnon"]),
                      number(after["RssFile"] - before["RssFile"])),
                  more <= 2048)
        for key, (taken, size) in waiting.items():
            self.goal("%s: memory of a request whose client does not read"
                      % key.upper(), "at most the page and 16 KiB: %s"
                      % number(size + 16384), number(taken),
                      taken <= size + 16384)


def render_only(quick):
    """The output of bench-render, if this checkout has it, by workload."""
    if not os.path.exists(RENDER):
        return {}
    text = output_of([RENDER, os.path.join(ROOT, "templates"),
                      workloads.PAGES] + (["-r", "5"] if quick else []), 120)
    found = {}
    for line in text.splitlines():
        m = re.match(r"(W\d)\s+(.*?)\s+(\d+) bytes\s+(\d+) ns", line)
        if not m:
            continue
        one = {"what": m.group(2), "bytes": int(m.group(3)),
               "ns": int(m.group(4))}
        hand = re.search(r"by hand\s+(\d+) ns", line)
        if hand:
            one["hand"] = int(hand.group(1))
            one["ratio"] = one["ns"] / one["hand"]
        found[m.group(1)] = one
    if not found:
        say("bench-render printed nothing that can be read:\n" + text[-500:])
    return found


def report(results, rendered, started, made, rounds, arguments, load_before):
    sizes = ["| | bytes | gzip, level 6 | this module's gzip |",
             "|---|---:|---:|---:|"]
    for key in ("w1", "w2", "w3", "w5"):
        c = [results.by_name[n].cells.get(key + ".gzip")
             for n in ("nginx `return 200`", "this module")]
        sizes.append("| %s: %s | %s | %s | %s |" % (
            (key.upper(), made[key].what, number(len(made[key].page)))
            + tuple(number(x.wire) if x else "-" for x in c)))

    lines = [
        "# Pages rendered at every request",
        "",
        "Requests per second, and the processor time of the server for one"
        " request. Each server has one",
        "process on one core, wrk (one thread, %d connections, keep-alive)"
        " the other one. %s;" % (
            CONNECTIONS, "One round" if rounds == 1
            else "Medians of %d rounds" % rounds),
        "a round runs every server once. Every server sends the same bytes,"
        " those of Jinja2; this is checked before.",
        "",
        "![W1](results-w1.svg)",
        "",
    ] + results.speeds() + [
        "",
        "To `return 200` of the same bytes in the same round (W5: to"
        " proxying), by processor time and by",
        "requests per second; 1 is the limit, more is better:",
        "",
    ] + results.ratios() + ["", "## Goals", ""]
    lines += table(["", "goal", "measured", ""], results.goals, 4)
    lines += [
        "", "Processor time decides; it varies least from run to run.", "",
        "## Pages", ""] + sizes
    if rendered:
        lines += ["", "## Rendering alone, without a server", ""]
        lines += table(["", "", "bytes", "render", "C written by hand",
                        "ratio"],
                       [[key, r["what"], number(r["bytes"]),
                         micro(r["ns"] / 1e9),
                         micro(r["hand"] / 1e9) if "hand" in r else "-",
                         figure(r["ratio"]) if "hand" in r else "-"]
                        for key, r in rendered.items()], 2)
    lines += ["", "## Notes", ""]
    lines += ["* %s, %s: %s." % (r.name, column, why)
              for r in results.rows for column, why in r.notes.items()]
    lines += ["* Left out, %s: %s." % (p.what, p.missing)
              for p in started if p.missing]
    lines += ["* Left out, %s: %s." % n for n in peers.NOT_COMPARED]
    lines += [
        "* Flask and this module render W1 from the same template files. The"
        " templates of the others have only",
        "  the message and the countries of the form to put in (SSI: the"
        " message); all else is text in them.",
        "* `return 200` puts the page together from parameters of 4 kB; for"
        " W2 a static file is the better limit.",
        "* Flask has no compression of its own, and node's is not part of"
        " nunjucks.",
        "* A run lasts 1 second, and 3 where a server makes less than 300"
        " pages a second. Pages that wrk does not",
        "  wait for at the end, %d at most, count in the processor time of"
        " the others." % CONNECTIONS,
        "", "| | |", "|---|---|"]
    versions = ["nginx " + nginx_version()]
    for command, pattern in (
            (["go", "version"], r"(go)([\d.]+)"),
            (["node", "-v"], r"(v)([\d.]+)"),
            (["caddy", "version"], r"(v?)([\d.]+)"),
            ([oracle.PYTHON, "-W", "ignore", "-c",
              "import tornado; print(tornado.version)"], r"()([\d.]+)"),
            ([oracle.PYTHON, "-W", "ignore", "-c",
              "import jinja2; print(jinja2.__version__)"], r"()([\d.]+)")):
        m = re.search(pattern, output_of(command)) \
            if shutil.which(command[0]) else None
        if m:
            name = {"-W": re.search(r"import (\w+)", command[-1])}.get(
                command[1])
            name = name.group(1).capitalize() if name else command[0]
            versions.append("%s %s" % (name, m.group(2)))
    pairs = machine() + [
        ("Versions", ", ".join(versions)),
        ("Load before", "%.2f (other work on the machine)" % load_before),
        ("Date", datetime.date.today().isoformat()),
        ("Again", "`%s`" % ("make bench" + (" ARGS=\"%s\"" % arguments
                                             if arguments else ""))),
    ]
    return "\n".join(lines + ["| %s | %s |" % p for p in pairs]) + "\n"


def charts(results, where, rounds):
    for column, file, title in (
            ("w1", "w1", "Requests per second: a page of 30 kB"),
            ("w2", "w2", "Requests per second: a table of 10,000 cells"),
            ("w3", "w3", "Requests per second: twelve fortunes, sorted"),
            ("w1.gzip", "w1-gzip",
             "Requests per second: a page of 30 kB, gzipped")):
        base = results.base(column)
        if not base:
            continue
        bars = [(r.name.replace("`", ""), r.kind, r.cells[column].rate)
                for r in results.rows
                if column in r.cells and r.cells[column].rates]
        bars.sort(key=lambda b: b[2])
        write(os.path.join(where, "results-%s.svg" % file),
              chart(title, "wrk -c %d, one core each, median of %d rounds;"
                    " logarithmic scale; \u00d7 to return 200"
                    % (CONNECTIONS, rounds), bars, base.rate))


def run_check():
    """Compare the pages of the module, and of nginx, with Jinja2's: TAP."""
    made = workloads.make()
    failed = count = 0
    with contextlib.ExitStack() as stack:
        site = ours.Site("check")
        site.configure(made)
        site.start(stack)
        rows, _ = make_rows(site, made, stack, (), False)
        for r in rows:
            for column, cell in r.cells.items():
                count += 1
                name = "%s: %s" % (column, r.name)
                try:
                    cell.check(r.name)
                    say("ok %d - %s" % (count, name))
                except (BenchError, OSError, zlib.error) as e:
                    failed += 1
                    say("not ok %d - %s\n# %s" % (count, name, e))
            for column, why in r.notes.items():
                count += 1
                say("ok %d # skip %s: %s" % (count, column, why))
    say("1..%d" % count)
    return 1 if failed else 0


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Pages that are rendered at every request.")
    parser.add_argument("--quick", action="store_true",
                        help="one round, to see that it works")
    parser.add_argument("--check", action="store_true",
                        help="compare the pages, measure nothing")
    parser.add_argument("--only", metavar="COLUMNS",
                        help="of " + ",".join(key for key, _ in COLUMNS))
    parser.add_argument("--rounds", type=int, metavar="N", default=0)
    options = parser.parse_args(arguments)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    os.makedirs(WORK, exist_ok=True)

    if options.check:
        return run_check()

    columns = [key for key, _ in COLUMNS]
    if options.only:
        columns = options.only.split(",")
    rounds = options.rounds or (1 if options.quick else 5)
    load_before = os.getloadavg()[0]
    server_core, load_core = cores()
    if not server_core:
        say("only one core, or no taskset: server and load share it")
    if load_before > 0.5:
        say("the load of this machine is %.2f: figures will waver"
            % load_before)

    made = workloads.make()
    with contextlib.ExitStack() as stack:
        site = ours.Site()
        site.configure(made)
        site.start(stack, server_core, load_core)
        rows, started = make_rows(site, made, stack, server_core, True)
        check_rows(rows)
        say("every page is Jinja2's")
        measure(rows, rounds, columns, load_core, not options.quick)

    results = Results(rows, columns, site)
    rendered = render_only(options.quick)
    results.set_goals(rendered, memory.sample_site(), memory.held(made))

    left_out = [p.name for p in started if p.missing]
    partial = options.quick or options.only or options.rounds or left_out
    where = WORK if partial else HERE
    write(os.path.join(where, "results.md"),
          report(results, rendered, started, made, rounds,
                 " ".join(arguments), load_before))
    charts(results, where, rounds)
    for line in table(["", "goal", "measured", ""], results.goals, 4)[2:]:
        say(line)
    if left_out:
        say("left out: " + ", ".join(left_out))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BenchError, oracle.ServerError) as e:
        sys.exit("run.py: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)
