#!/usr/bin/python3
"""What does not grow, and what grows in step: `make bench-scale`.

    output      the cost of a byte, for pages of 1 kB to 100 MB
    templates   nginx -t, memory and the cost of a request with 1 to 10,000
                templates, each in a location of its own
    idle        10,000 connections that had a page each and are kept alive
    workers     two workers next to one

    scale.py [--quick] [PART ...]

writes bench/results-scale.md; with --quick, or of some parts only, to
build/bench.
"""

import argparse
import contextlib
import datetime
import http.client
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import sys
import time

import ours
import workloads
from common import (BenchError, HERE, Load, MODULE, WORK, Nginx, cores,
                    cpu_seconds, fetch, group_of, machine, memory_of,
                    nginx_head, nginx_version, oracle, say, stop, table,
                    write)

ETERNAL = b"keepalive_requests 1000000000;\n"


def number(value):
    return "{:,.0f}".format(value)


def folder(nginx):
    path = os.path.join(nginx.prefix, "templates")
    os.mkdir(path)
    return path


def verdict(reached):
    return "reached" if reached else "**not reached**"


# The cost of output


def get_many(port, path, count, size):
    """GET a page again and again over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    room = bytearray(1 << 20)
    for _ in range(count):
        connection.request("GET", path)
        response = connection.getresponse()
        length = 0
        while True:
            n = response.readinto(room)
            if not n:
                break
            length += n
        if response.status != 200 or length != size:
            raise BenchError("%s: status %d, %d bytes, not %d"
                             % (path, response.status, length, size))
    connection.close()


def output(quick, pinned, load):
    """Rows of 100 bytes with two values, as many as are asked for."""
    row = "<tr><td>{{ '%07d'|format(i) }}</td><td>{{ text }}</td></tr>\n"
    text = "Bed & breakfast in a house by the lake, with hay < grass"
    fixed = len("<tr><td>0000000</td><td></td></tr>\n")
    text += "." * (100 - fixed - len("&amp;&lt;") + 2 - len(text))

    limits = "tpl_limits output=1g memory=2g steps=10000000000;"
    sizes = [10 ** e for e in range(3, 9)]
    if quick:
        sizes = sizes[:-1]

    with contextlib.ExitStack() as stack:
        nginx = Nginx("scale-output")
        with open(os.path.join(folder(nginx), "rows.html"), "w") as f:
            f.write("{% for i in range(n|int) %}" + row + "{% endfor %}")
        port = oracle.free_port()
        nginx.configure(nginx_head([MODULE]) + ETERNAL + (
            "server { listen 127.0.0.1:%d; tpl_root templates; %s\n"
            "location / { tpl_render rows.html; tpl_param n $arg_n;"
            ' tpl_param text "%s"; } }\n}\n'
            % (port, limits, text)).encode())
        error = nginx.test()
        if error:
            raise BenchError(error)
        nginx.start(stack, port, pinned)
        pid = nginx.workers()[0]
        status, _, body = fetch(port, "/?n=1")
        if len(body) != 100:
            raise BenchError("a row has %d bytes, not 100" % len(body))

        rows = []
        per_byte = {}
        for size in sizes:
            path = "/?n=%d" % (size // 100)
            count = max(1, (20 if quick else 100) * 10 ** 6 // size)
            get_many(port, path, 1, size)
            costs = []
            for _ in range(1 if quick else 3):
                before = cpu_seconds([pid])
                if size < 10 ** 6:
                    # alone, a short request costs what waking up costs
                    count = Load("http://127.0.0.1:%d%s" % (port, path), 1,
                                 (), load).requests
                else:
                    get_many(port, path, count, size)
                costs.append((cpu_seconds([pid]) - before) / count)
            cost = statistics.median(costs)
            per_byte[size] = cost / size
            rows.append([number(size), "%s us" % number(cost * 1e6),
                         "%.2f ns" % (cost / size * 1e9),
                         number(memory_of(pid)["VmRSS"])])
            say("    output %12s bytes %10s  %s a byte"
                % tuple(rows[-1][:3]))

    largest = max(per_byte)
    growth = per_byte[largest] / per_byte[10 ** 6]
    lines = ["## Output", "",
             "A loop writes rows of 100 bytes: two values, one of them"
             " escaped. Processor time of the worker;",
             "small pages also carry what a request costs.", ""]
    lines += table(["bytes", "a page", "a byte", "worker RSS after, KiB"],
                   rows, 0)
    lines += ["", "A byte of %s MB costs %.2f times one of 1 MB: %s (linear:"
              " at most 1.5)." % (number(largest / 1e6), growth,
                                  verdict(growth <= 1.5))]
    return lines


# Many templates


PAGE = """<html><head><title>{{ title }} %d</title></head><body>
{%% if message %%}<p class="note">{{ message }}</p>{%% endif %%}
<ul>{%% for x in [1, 2, 3] %%}<li>{{ x }}</li>{%% endfor %%}</ul>
</body></html>
"""


def private(pid):
    """Kilobytes that a process shares with no other."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(n) for n in
                   re.findall(r"(?m)^Private_\w+:\s+(\d+) kB", f.read()))


def many_templates(count):
    """An nginx with as many locations, and where one of them is."""
    nginx = Nginx("scale-templates-%d" % count)
    path = folder(nginx)
    c = []
    for i in range(count):
        with open(os.path.join(path, "t%d.html" % i), "w") as f:
            f.write(PAGE % i)
        c.append("location = /p%d { tpl_render t%d.html; tpl_param"
                 " message $arg_m; tpl_param title page; }" % (i, i))
    port = oracle.free_port()
    nginx.configure(nginx_head([MODULE], workers=2) + ETERNAL + (
        "server { listen 127.0.0.1:%d; tpl_root templates;\n%s\n}\n}\n"
        % (port, "\n".join(c))).encode())
    return nginx, port, "/p%d?m=x" % (count // 2)


def templates(quick, pinned, load):
    counts = (1, 100, 10000) if quick else (1, 10, 100, 1000, 10000)
    tests, own, master = {}, {}, {}
    costs = {count: [] for count in counts}

    with contextlib.ExitStack() as stack:
        started = {}
        for count in counts:
            nginx, port, path = many_templates(count)
            times = []
            for _ in range(3):
                start = time.monotonic()
                error = nginx.test()
                times.append(time.monotonic() - start)
                if error:
                    raise BenchError(error)
            tests[count] = min(times)

            nginx.start(stack, port, pinned, wait=60)
            fetch(port, path)
            own[count] = max(private(p) for p in nginx.workers())
            master[count] = memory_of(nginx.server.process.pid)["VmRSS"]
            started[count] = (group_of(nginx.server.process.pid),
                              "http://127.0.0.1:%d%s" % (port, path))

        for _ in range(1 if quick else 5):
            for count, (pids, url) in started.items():
                before = cpu_seconds(pids)
                run = Load(url, 1, (), load)
                costs[count].append((cpu_seconds(pids) - before)
                                    / run.requests)

    slowest = tests[max(counts)]
    costs = {count: statistics.median(cost) for count, cost in costs.items()}
    rows = [[number(count), "%.3f s" % tests[count], number(master[count]),
             number(own[count]), "%.1f us" % (costs[count] * 1e6)]
            for count in counts]
    for row in rows:
        say("    templates %6s  nginx -t %s  master %s KiB, a worker's own"
            " %s KiB  %s a request" % tuple(row))

    many = max(costs)
    growth = costs[many] / costs[min(costs)]
    lines = ["## Templates", "",
             "Each location has a template of its own; two workers. A"
             " worker's own memory is what it shares",
             "neither with the master nor with the other worker.", ""]
    lines += table(["templates", "`nginx -t`", "master RSS, KiB",
                    "a worker's own, KiB", "CPU a request"], rows, 0)
    lines += ["", "`nginx -t` of %s templates takes %.2f s: %s (at most 2 s)."
              % (number(many), slowest, verdict(slowest <= 2)),
              "A request costs %.2f times what it costs with one template: %s"
              " (flat: at most 1.25)." % (growth, verdict(growth <= 1.25))]
    return lines


# Idle connections


def idle(quick, pinned, load):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(1000 if quick else 10000, hard - 200)
    made = workloads.make()
    taken = {}

    for suffix in ("", "/static"):
        with contextlib.ExitStack() as stack:
            site = ours.Site("scale-idle")
            site.configure(made)
            with open(site.nginx.config, "rb") as f:
                text = f.read()
            text = re.sub(rb"worker_connections \d+",
                          b"worker_connections %d" % (count + 100), text)
            text = text.replace(b"events {", b"worker_rlimit_nofile %d;\n"
                                b"events {" % hard)
            site.nginx.configure(text)
            site.start(stack, pinned, load)
            pid = site.nginx.workers()[0]
            path = "/w1" + suffix + made["w1"].query
            request = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode()

            for _ in range(20):
                fetch(site.port, path)
            before = memory_of(pid)["RssAnon"]
            for _ in range(count):
                s = stack.enter_context(contextlib.closing(
                    socket.create_connection(("127.0.0.1", site.port), 10)))
                s.sendall(request)
                left = len(made["w1"].page)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += s.recv(65536)
                left -= len(head) - head.index(b"\r\n\r\n") - 4
                while left > 0:
                    left -= len(s.recv(65536))
            taken[suffix] = (memory_of(pid)["RssAnon"] - before) * 1024 / count

    more = taken[""] - taken["/static"]
    say("    idle: %.0f bytes a connection, %.0f after a static file"
        % (taken[""], taken["/static"]))
    return ["## Idle connections", "",
            "%s connections had the page of 30 kB once each and are kept"
            " alive. A connection holds %s bytes"
            % (number(count), number(taken[""])),
            "of the worker's memory; had it been a static file, %s:"
            " %s (no memory of templates: at most 64 more)."
            % (number(taken["/static"]), verdict(more <= 64))]


# Two workers


def workers(quick, pinned, load):
    made = workloads.make()
    have = sorted(os.sched_getaffinity(0))
    room = len(have) >= 4 and shutil.which("taskset")
    result = {}

    for count in (1, 2):
        with contextlib.ExitStack() as stack:
            site = ours.Site("scale-workers")
            site.configure(made)
            with open(site.nginx.config, "rb") as f:
                text = f.read()
            text = text.replace(b"worker_processes 1;",
                                b"worker_processes %d;" % count)
            text = re.sub(rb"(listen 127\.0\.0\.1:%d);" % site.port,
                          rb"\1 reuseport;", text)
            site.nginx.configure(text)
            servers, loads = pinned, load
            if room:
                servers = ["taskset", "-c", ",".join(map(str, have[:count]))]
                loads = ["taskset", "-c", ",".join(map(str, have[2:4]))]
            elif count == 2:
                servers = loads = ()
            site.start(stack, servers, loads)
            pids = group_of(site.nginx.server.process.pid)
            for key in ("w1", "w2"):
                url = "http://127.0.0.1:%d/%s%s" % (site.port, key,
                                                    made[key].query)
                rates, costs = [], []
                for _ in range(1 if quick else 3):
                    before = cpu_seconds(pids)
                    run = Load(url, 1 if quick else 2, (), loads,
                               32, 2 if room or count == 2 else 1)
                    costs.append((cpu_seconds(pids) - before) / run.requests)
                    rates.append(run.rate)
                result[key, count] = (statistics.median(rates),
                                      statistics.median(costs))

    rows = []
    for key in ("w1", "w2"):
        (r1, c1), (r2, c2) = result[key, 1], result[key, 2]
        rows.append([key.upper(), number(r1), number(r2), "%.2f" % (r2 / r1),
                     "%.1f us" % (c1 * 1e6), "%.1f us" % (c2 * 1e6),
                     "%.2f" % (2 * c1 / c2)])
        say("    workers %s: %s requests/s with one, %s with two (%s times);"
            " CPU a request %s and %s" % tuple(rows[-1][:6]))
    lines = ["## Two workers", ""]
    lines += table(["", "one, requests/s", "two", "times", "one, CPU a"
                    " request", "two", "two cores of their own would give"],
                   rows)
    if not room:
        lines += ["", "This machine has %d cores: two workers share them with"
                  " the load, so requests per second cannot" % len(have),
                  "double. What they cost shows whether workers hinder each"
                  " other: twice the first cost divided by",
                  "the second is what two cores of their own would give."]
    return lines


PARTS = {"output": output, "templates": templates, "idle": idle,
         "workers": workers}


def main(arguments):
    parser = argparse.ArgumentParser(
        description="What does not grow, and what grows in step.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=", ".join(PARTS))
    options = parser.parse_args(arguments)
    names = options.parts or list(PARTS)
    for name in names:
        if name not in PARTS:
            parser.error("no part " + name)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    os.makedirs(WORK, exist_ok=True)
    if not os.path.exists(MODULE):
        raise BenchError("%s is not built: make module" % MODULE)

    pinned, load = cores()
    lines = ["# Scale", ""]
    for name in names:
        say(name)
        lines += PARTS[name](options.quick, pinned, load) + [""]

    pairs = machine() + [("Versions", "nginx " + nginx_version()),
                         ("Date", datetime.date.today().isoformat()),
                         ("Again", "`make bench-scale`")]
    lines += ["| | |", "|---|---|"] + ["| %s | %s |" % p for p in pairs]

    where = WORK if options.quick or options.parts else HERE
    write(os.path.join(where, "results-scale.md"), "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BenchError, oracle.ServerError) as e:
        sys.exit("scale.py: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)
