#!/usr/bin/python3
"""The sample site under load for a while, and what becomes of nginx then.

    soak.py [--seconds 60] [--requests N] [--reloads 1000] [--swaps 1000]
            [--changes 20] [--kills 20] [--aborts 20000] [TEST ...]

    pages    every page of conf.example over HTTP/1.1 and HTTP/2, taking turns,
             for so many seconds and until so many requests were answered:
             memory of the workers over the second half, descriptors
    reload   HUP after HUP while pages are asked for, with and without data
             from a backend, each on a connection of its own: no request fails,
             old workers end, memory stays
    broken   the same with a template that is broken every other time: the old
             pages stay, and the log says why
    swap     tpl_reload: a layout changes time and again, and is broken now and
             then, while pages are asked for: none fails, memory stays
    stall    tpl_reload with 10,000 templates, of which one changes, or the layout
             of all: how long other requests of that worker wait meanwhile
    kill     kill -9 of a worker: the next one answers at once
    abort    clients that go away at random moments: neither memory nor
             descriptors are lost
    nodes    three nodes behind a balancer (root only): see nodes.py

Each test prints what it measured; the last line counts what was checked.
Whatever the error log has above "notice" fails a test, but for what the test
itself provokes.
"""
import argparse
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

import nodes

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
NGINX = os.environ.get("NGINX_BINARY", "/usr/sbin/nginx")
MODULE = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")),
                      "ngx_http_tpl_module.so")

passed = failed = 0


def check(ok, what):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print("  %s %s" % ("ok    " if ok else "FAILED", what), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Site:
    """conf.example on a port and with files of its own."""

    def __init__(self, templates=None, http="", port=None):
        self.dir = tempfile.TemporaryDirectory(prefix="tplsoak")
        self.port = port or free_port()
        self.h2port = free_port()
        work = self.dir.name
        conf = open(os.path.join(ROOT, "conf.example")).read()
        conf = re.sub(r"listen +8888;.*",
                      "listen 127.0.0.1:%d;\n        listen 127.0.0.1:%d http2;"
                      % (self.port, self.h2port), conf)
        # the API is asked with HTTP/1.0, over HTTP/2 too
        conf = conf.replace("$server_addr:$server_port",
                            "127.0.0.1:%d" % self.port)
        conf = re.sub(r"(?m)^load_module.*$", "load_module %s;" % MODULE, conf)
        conf = conf.replace("build/run", work)
        conf = re.sub(r"(?m)^http \{", "http {\n" + http + "".join(
            "%s_temp_path %s/%s;\n" % (n, work, n) for n in (
                "client_body", "proxy", "fastcgi", "uwsgi", "scgi")), conf)
        conf = re.sub(r"access_log .*;", "access_log off;", conf)
        # a load generator does not connect again
        conf = conf.replace("server {",
                            "keepalive_requests 1000000000;\n    server {", 1)
        if templates:
            conf = conf.replace("tpl_root  templates;",
                                "tpl_root %s templates;" % templates)
        if os.geteuid() == 0:
            conf = "user root;\n" + conf
        self.conf = os.path.join(work, "nginx.conf")
        self.log = os.path.join(work, "error.log")
        open(self.conf, "w").write(conf)
        subprocess.run(self.command("-t", "-q"), check=True)
        self.process = subprocess.Popen(self.command("-g", "daemon off;"))
        for _ in range(200):
            try:
                self.get("/")
                break
            except OSError:
                time.sleep(0.02)

    def command(self, *args):
        return [NGINX, "-p", ROOT + "/", "-c", self.conf, "-e", self.log,
                *args]

    def get(self, path):
        with urllib.request.urlopen("http://127.0.0.1:%d%s"
                                    % (self.port, path), timeout=10) as r:
            return r.read()

    def workers(self):
        out = subprocess.run(["pgrep", "-P", str(self.process.pid)],
                             capture_output=True, text=True).stdout
        return sorted(int(p) for p in out.split())

    def shutting_down(self):
        """workers that a reload left behind"""
        n = 0
        for pid in self.workers():
            try:
                with open("/proc/%d/cmdline" % pid) as f:
                    n += "shutting down" in f.read()
            except OSError:
                pass
        return n

    def memory(self):
        """KiB that all workers hold; shared pages are not counted twice"""
        total = 0
        for pid in self.workers():
            try:
                with open("/proc/%d/smaps_rollup" % pid) as f:
                    total += int(re.search(r"(?m)^Pss:\s+(\d+)",
                                           f.read()).group(1))
            except OSError:
                pass
        return total

    def resident(self, pid):
        """KiB that a process has in memory, shared ones included"""
        with open("/proc/%d/status" % pid) as f:
            return int(re.search(r"(?m)^VmRSS:\s+(\d+)", f.read()).group(1))

    def descriptors(self):
        n = 0
        for pid in self.workers():
            try:
                n += len(os.listdir("/proc/%d/fd" % pid))
            except OSError:
                pass
        return n

    def complaints(self, but=None):
        """lines of the error log above notice"""
        lines = [line for line in open(self.log, errors="replace")
                 if re.search(r"\[(warn|error|crit|alert|emerg)\]", line)]
        return [line for line in lines if not (but and re.search(but, line))]

    def end(self, but=None):
        lines = self.complaints(but)
        check(not lines, "nothing in the error log" if not lines
              else "error log: " + lines[0].strip())
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            check(False, "nginx ends when it is told to")
            self.process.kill()
        self.dir.cleanup()


def pages():
    """GET locations of conf.example that answer 200 as they stand"""
    text = open(os.path.join(ROOT, "conf.example")).read()
    return re.findall(r"location = (/\S*) \{", text)


def wrk(site, paths, seconds, close=False):
    script = os.path.join(site.dir.name, "paths.lua")
    open(script, "w").write(
        "local paths = { %s }\nlocal i = 0\n"
        "request = function()\n  i = i %% #paths + 1\n"
        "  return wrk.format('GET', paths[i])\nend\n"
        % ", ".join("'%s'" % p for p in paths))
    command = ["wrk", "-t1", "-c16", "-d%ds" % seconds, "-s", script,
               "http://127.0.0.1:%d/" % site.port]
    if close:
        command[1:1] = ["-H", "Connection: close"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def h2load(site, paths, seconds):
    return subprocess.Popen(
        ["h2load", "-t1", "-c8", "-m4", "-D", str(seconds)]
        + ["http://127.0.0.1:%d%s" % (site.h2port, p) for p in paths],
        stdout=subprocess.PIPE, text=True)


def wrk_result(process):
    text = process.communicate()[0]
    n = int(re.search(r"(\d+) requests in", text).group(1))
    errors = re.search(r"Socket errors:.*", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return n, errors.group(0) if errors else "", int(bad.group(1)) if bad else 0


def answering(site):
    found = []
    for path in pages():
        try:
            site.get(path)
            found.append(path)
        except OSError:
            pass
    return found


def slope(points):
    """of the line through them, by least squares"""
    n = len(points)
    x = sum(p[0] for p in points) / n
    y = sum(p[1] for p in points) / n
    spread = sum((p[0] - x) ** 2 for p in points)
    return sum((p[0] - x) * (p[1] - y) for p in points) / spread


def test_pages(args):
    site = Site()
    paths = answering(site)
    site.end(but=".")
    site = Site()
    begin = time.time()
    total = {wrk: 0, h2load: 0}
    wrong = []
    samples = []
    used = []
    while (time.time() - begin < args.seconds
           or sum(total.values()) < args.requests):
        for start in total:
            seconds = max(min(args.seconds // 10, 20), 2)
            process = start(site, paths, seconds)
            end = time.time() + seconds + 30
            while process.poll() is None and time.time() < end:
                time.sleep(0.5)
                samples.append((time.time(), site.memory()))
            if start is wrk:
                n, errors, bad = wrk_result(process)
                wrong += [errors or "%d answers" % bad] if errors or bad else []
            else:
                text = process.communicate()[0]
                m = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored",
                              text)
                n = int(m.group(1))
                wrong += [] if m.group(2) == m.group(3) == "0" else [m.group(0)]
            total[start] += n
        # clients are gone
        time.sleep(0.5)
        used.append(site.descriptors())
    requests = sum(total.values())
    check(not wrong, "%d pages: %d requests over HTTP/1.1, %d over HTTP/2, none "
          "failed %s" % (len(paths), total[wrk], total[h2load], wrong[:1] or ""))
    late = samples[len(samples) // 2:]
    grown = slope(late) * (late[-1][0] - late[0][0])
    check(abs(grown) < 512, "memory of the workers: %d KiB at first, %d KiB "
          "halfway, %d KiB at the end; over the second half %+.0f KiB, %+.1f "
          "bytes in a thousand requests"
          % (samples[0][1], late[0][1], late[-1][1], grown,
             grown * 1024 / (requests / 2) * 1000))
    check(used[-1] <= used[0], "descriptors: %d after the first round, %d after "
          "the last" % (used[0], used[-1]))
    site.end()


def test_reload(args, broken=False):
    with tempfile.TemporaryDirectory() as templates:
        hook = os.path.join(templates, "maintenance.html")
        good = open(os.path.join(ROOT, "templates/maintenance.html")).read()
        open(hook, "w").write(good)
        site = Site(templates)
        reloads = args.reloads // 10 if broken else args.reloads
        seconds = max(5, int(reloads * 0.06) + 3)
        process = wrk(site, ["/", "/tornado", "/notice?text=hello", "/rooms",
                             "/rooms/lake"], seconds, close=True)
        time.sleep(0.5)
        before = site.memory()
        master = [site.resident(site.process.pid)]
        for i in range(reloads):
            if broken:
                open(hook, "w").write("{% if %}" if i % 2 == 0 else good)
            os.kill(site.process.pid, signal.SIGHUP)
            time.sleep(0.05)
            if (i + 1) % max(1, reloads // 10) == 0:
                master.append(site.resident(site.process.pid))
        n, errors, bad = wrk_result(process)
        check(not errors and not bad,
              "%d reloads, %d requests, none failed %s" % (reloads, n, errors))
        for _ in range(100):
            if not site.shutting_down():
                break
            time.sleep(0.1)
        check(site.shutting_down() == 0, "no old worker is left")
        after = site.memory()
        check(after < before + 4096, "memory of the workers: %d KiB before, "
              "%d KiB after" % (before, after))
        check(max(master[-5:]) < min(master[1:6]) + 1024,
              "memory of the master after every tenth of them: %s KiB"
              % " ".join(map(str, master[1:])))
        if broken:
            why = site.complaints()
            check(any("maintenance.html:1" in line for line in why),
                  "the log says why: " + (why[0].strip() if why else ""))
            check(b"Linden House" in site.get("/"), "the pages are there")
        site.end(but="emerg" if broken else None)


def test_swap(args):
    with tempfile.TemporaryDirectory() as templates:
        name = os.path.join(templates, "plain.html")
        good = open(os.path.join(ROOT, "templates/plain.html")).read()
        open(name, "w").write(good)
        site = Site()
        paths = answering(site)
        site.end(but=".")
        site = Site(templates, "tpl_reload 10ms;\n")
        process = wrk(site, paths, max(5, int(args.swaps * 0.06) + 3))
        begin = 0
        seen = set()
        for i in range(args.swaps):
            with open(name + ".new", "w") as f:
                f.write("{% if %}" if i % 10 == 9 else good + "<!-- %d -->" % i)
            os.replace(name + ".new", name)
            time.sleep(0.05)
            seen.update(re.findall(rb"<!-- (\d+) -->", site.get("/pages/index")))
            if i == args.swaps // 4:
                begin = site.memory()
        late = site.memory()
        n, errors, bad = wrk_result(process)
        check(not errors and not bad, "%d changes, %d requests, none failed %s"
              % (args.swaps, n, errors))
        text = open(site.log, errors="replace").read()
        kept = text.count("stay as they were")
        check(len(seen) > args.swaps // 3 and kept > 0,
              "%d of them were seen, %d times the old templates stayed"
              % (len(seen), kept))
        check(late < begin + 2048, "memory of the workers: %d KiB after a "
              "quarter, %d KiB at the end" % (begin, late))
        check(len(site.workers()) == 2 and "alert" not in text,
              "the workers are there, no alert")
        # what requests complain of has the number of a connection
        site.end(but=r"\[error\] \d+#\d+: (?!\*)")


def stall_conf(work, port):
    return """
daemon off; worker_processes 1; pid %(work)s/pid;
error_log %(work)s/error.log notice;
%(user)s
load_module %(module)s;
events { }
http {
    access_log off; tpl_reload 50ms; keepalive_requests 1000000000;
    server {
        listen 127.0.0.1:%(port)d;
        tpl_root %(work)s/templates; tpl_preload **/*.html;
        location / { tpl_render $uri.html; }
        location = /probe { return 200 "probe"; }
    }
}
""" % {"work": work, "module": MODULE, "port": port,
       "user": "user root;" if os.geteuid() == 0 else ""}


def put(name, text):
    with open(name + ".new", "w") as f:
        f.write(text)
    os.replace(name + ".new", name)


def test_stall(args):
    with tempfile.TemporaryDirectory(prefix="tplsoak") as work:
        port = free_port()
        templates = os.path.join(work, "templates")
        layout = os.path.join(templates, "layout.html")
        page = ('{%% extends "layout.html" %%}{%% block body %%}<h1>{{ nginx.uri }}'
                '</h1>{%% for i in range(nginx.arg_n|int) %%}<p>%s {{ i }}{%% if'
                ' loop.last %%}.{%% endif %%}</p>{%% endfor %%}{%% endblock %%}')
        base = '<!doctype html><body>%s{%% block body %%}{%% endblock %%}</body>'
        for i in range(10000):
            folder = os.path.join(templates, "d%d" % (i % 100))
            os.makedirs(folder, exist_ok=True)
            put(os.path.join(folder, "p%d.html" % i), page % 0)
        put(layout, base % 0)
        conf = os.path.join(work, "nginx.conf")
        open(conf, "w").write(stall_conf(work, port))
        log = os.path.join(work, "error.log")
        process = subprocess.Popen([NGINX, "-p", work, "-c", conf, "-e", log])
        for _ in range(500):
            try:
                s = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                time.sleep(0.02)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def ask(path):
            s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            data = b""
            while True:
                data += s.recv(65536)
                head, found, body = data.partition(b"\r\n\r\n")
                if found:
                    size = re.search(rb"(?i)content-length: (\d+)", head)
                    if len(body) >= int(size.group(1)):
                        return body

        waits, calm, unseen = [], [], 0

        def probe(until, into):
            while time.monotonic() < until:
                begin = time.monotonic()
                ask(b"/probe")
                took = time.monotonic() - begin
                into.append(took * 1000)
                time.sleep(max(0, 0.001 - took))

        probe(time.monotonic() + 2, calm)
        for i in range(1, args.changes + 1):
            if i % 2:
                put(os.path.join(templates, "d7/p7.html"), page % i)
            else:
                put(layout, base % i)
            probe(time.monotonic() + 1.5, waits)
            body = ask(b"/d7/p7?n=1")
            unseen += b"%d" % i not in body
        process.send_signal(signal.SIGQUIT)
        process.wait(20)
        text = open(log).read()
        for what, t in ("nothing changes", calm), ("templates change", waits):
            t.sort()
            print("  %s: %d requests, p99 %.1f ms, p99.9 %.1f ms, longest"
                  " %.1f ms" % (what, len(t), t[int(len(t) * 0.99)],
                                t[int(len(t) * 0.999)], t[-1]))
        check(not unseen and text.count("are new") >= args.changes,
              "%d changes among 10,001 templates, all seen" % args.changes)
        check(waits[int(len(waits) * 0.999)] < 20,
              "p99.9 of other requests is below 20 ms")
        check(not re.search(r"\[(error|alert|emerg)\]", text), "no error")


def test_kill(args):
    site = Site()
    slow = 0
    for _ in range(args.kills):
        victim = site.workers()[0]
        os.kill(victim, signal.SIGKILL)
        begin = time.time()
        site.get("/")
        site.get("/rooms")      # with data that are fetched
        slow = max(slow, time.time() - begin)
        for _ in range(100):
            if len(site.workers()) == 2 and victim not in site.workers():
                break
            time.sleep(0.01)
    check(slow < 1, "%d workers killed, the slowest answer after one took "
          "%.1f ms" % (args.kills, slow * 1000))
    site.end(but="exited on signal 9")


def abort(site, paths, n):
    for _ in range(n):
        request = ("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                   % random.choice(paths)).encode()
        with socket.create_connection(("127.0.0.1", site.port)) as s:
            if random.random() < 0.2:
                request = request[:random.randrange(len(request))]
            s.sendall(request)
            time.sleep(random.choice((0, 0, 0.0002, 0.001)))
            if random.random() < 0.7:
                # RST in place of FIN
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))


def test_abort(args):
    site = Site()
    paths = answering(site)
    random.seed(1)
    abort(site, paths, args.aborts // 4)
    time.sleep(1)
    workers = site.workers()
    before = site.memory(), site.descriptors()
    abort(site, paths, args.aborts)
    time.sleep(1)
    after = site.memory(), site.descriptors()
    check(abs(after[0] - before[0]) < 1024, "%d clients went away, memory of "
          "the workers: %d KiB before, %d KiB after"
          % (args.aborts, before[0], after[0]))
    check(after[1] <= before[1], "descriptors: %d before, %d after"
          % (before[1], after[1]))
    check(site.workers() == workers, "the workers are the same")
    # pages that answer with an error are asked for to find the others
    site.end(but=r"\[error\]|access forbidden")


def test_nodes(args):
    for ok, what in nodes.run(NGINX, MODULE):
        check(ok, what)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--requests", type=int, default=0)
    p.add_argument("--reloads", type=int, default=1000)
    p.add_argument("--swaps", type=int, default=1000)
    p.add_argument("--changes", type=int, default=20)
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--aborts", type=int, default=20000)
    p.add_argument("tests", nargs="*",
                   help="pages, reload, broken, swap, stall, kill, abort, nodes; "
                        "all by default")
    args = p.parse_args()
    tests = {
        "pages": test_pages,
        "reload": test_reload,
        "broken": lambda args: test_reload(args, broken=True),
        "swap": test_swap,
        "stall": test_stall,
        "kill": test_kill,
        "abort": test_abort,
        "nodes": test_nodes,
    }
    for name in args.tests or tests:
        print(name, flush=True)
        tests[name](args)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
