"""What the benchmarks share: commands, nginx, the machine, tables, charts."""

import contextlib
import http.client
import math
import os
import platform
import re
import shutil
import subprocess
import sys
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "t", "lib"))

import oracle  # noqa: E402

ROOT = oracle.ROOT
BUILD = os.path.join(ROOT, "build")
WORK = os.path.join(BUILD, "bench")

# The same names as in t/*.t, so that the checks run against any build.
MODULE = os.environ.get("TPL_MODULE",
                        os.path.join(BUILD, "ngx_http_tpl_module.so"))
NGINX = (os.environ.get("TEST_NGINX_BINARY")
         or os.environ.get("NGINX_BINARY") or "/usr/sbin/nginx")

# nginx reads its configuration through a buffer of 4096 bytes, and one
# parameter has to fit into it.
PARAMETER = 3800

COLORS = {"peer": "#5b8fb9", "module": "#d9822b", "limit": "#8a8f98"}


class BenchError(Exception):
    pass


def say(text):
    print(text, flush=True)


def output_of(command, timeout=60):
    """What a command prints, on either channel; empty if it cannot run."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def stop(number, frame):
    """A signal handler: end as an error does, so that servers are ended."""
    sys.exit(128 + number)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    say("wrote " + os.path.relpath(path, ROOT))


def log_file(name):
    return os.path.join(WORK, name + ".log")


def fetch(port, path, headers=None):
    """GET from 127.0.0.1; status, headers, body as it was sent, and the
    length of all of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        body = response.read()
        return response.status, response.headers, body
    finally:
        connection.close()


# nginx


def nginx_parameters(text):
    """Cut bytes into quoted nginx parameters, each short enough to be read."""
    parameters = []
    piece = bytearray()

    for byte in text:
        one = bytes([byte])
        if one in b"\\\"":
            one = b"\\" + one
        if len(piece) + len(one) > PARAMETER:
            parameters.append(bytes(piece))
            piece.clear()
        piece += one

    parameters.append(bytes(piece))
    return [b'"' + p + b'"' for p in parameters]


def constant_page(name, page):
    """A page for `return 200`: lines of the http block, and the parameter.

    The page stands in geo blocks: their values are taken as they are, where a
    dollar sign in return's own parameter would begin a variable, and a
    parameter of return could not hold the whole page.
    """
    lines = b""
    parameter = ""
    for i, piece in enumerate(nginx_parameters(page)):
        lines += b"geo $%s_%d { default %s; }\n" % (name.encode(), i, piece)
        parameter += "${%s_%d}" % (name, i)
    return lines, '"%s"' % parameter


def nginx_head(load=(), workers=1, connections=256, access_log="off",
               files=None):
    """The lines of a configuration up to and in the http block."""
    c = ['load_module "%s";' % path for path in load]
    c += [
        "worker_processes %d;" % workers,
        "daemon off;",
        "pid nginx.pid;",
        "error_log error.log warn;",
    ]
    if os.geteuid() == 0:
        # the build may stand where another user cannot read
        c.append("user root;")
    if files:
        c.append("worker_rlimit_nofile %d;" % files)
    c += [
        "events { worker_connections %d; }" % connections,
        "http {",
        "access_log %s;" % access_log,
        "default_type text/html;",
        "charset utf-8;",
    ]
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        c.append("%s_temp_path tmp_%s;" % (kind, kind))
    return "\n".join(c).encode() + b"\n"


class Nginx:
    """An nginx in a folder of its own below build/bench."""

    def __init__(self, name):
        self.name = name
        self.prefix = os.path.join(WORK, name)
        self.config = os.path.join(self.prefix, "nginx.conf")
        self.server = None
        shutil.rmtree(self.prefix, ignore_errors=True)
        os.makedirs(self.prefix)

    def configure(self, text):
        with open(self.config, "wb") as f:
            f.write(text)

    @property
    def command(self):
        return [NGINX, "-p", self.prefix + "/", "-c", self.config,
                "-e", "error.log"]

    def test(self):
        """What `nginx -t` says; empty if it accepts the configuration."""
        test = subprocess.run(self.command + ["-t"], timeout=120,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if test.returncode == 0:
            return ""
        return test.stdout.decode("utf-8", "replace").rstrip() or "failed"

    def start(self, stack, port, pinned=(), **how):
        self.server = stack.enter_context(
            oracle.Server(list(pinned) + self.command, port, cwd=self.prefix,
                          log=log_file(self.name), **how))
        return self.server

    def workers(self):
        """Process numbers of the workers."""
        return [p for p in group_of(self.server.process.pid)
                if p != self.server.process.pid]


def knows(directive, where="location"):
    """Whether this build of the module has a directive; None without it."""
    if not os.path.exists(MODULE):
        return None
    probe = Nginx("probe")
    line = directive.encode()
    text = nginx_head([MODULE])
    if where == "location":
        line = b"server { location / { " + line + b" } }"
    probe.configure(text + line + b"\n}\n")
    return "unknown directive" not in probe.test()


# Processes


def group_of(leader):
    """The processes of a process group."""
    pids = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                with open("/proc/%s/stat" % name) as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                if int(fields[2]) == leader and fields[0] != "Z":
                    pids.append(int(name))
    return pids


def cpu_seconds(pids):
    """User and system time that processes have used, of all their threads.

    The scheduler's own count is exact; /proc/PID/stat rounds it to 10 ms.
    """
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in os.listdir("/proc/%d/task" % pid):
                with contextlib.suppress(OSError):
                    total += task_seconds("/proc/%d/task/%s" % (pid, task))
    return total


def task_seconds(folder):
    try:
        with open(folder + "/schedstat") as f:
            return int(f.read().split()[0]) / 1e9
    except FileNotFoundError:
        with open(folder + "/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return ((int(fields[11]) + int(fields[12]))
                / os.sysconf("SC_CLK_TCK"))


def memory_of(pid):
    """Kilobytes of a process: {"VmRSS": ..., "RssAnon": ...}."""
    with open("/proc/%d/status" % pid) as f:
        return {k: int(v) for k, v in
                re.findall(r"(?m)^(VmRSS|RssAnon|RssFile):\s+(\d+) kB",
                           f.read())}


def cores():
    """The commands that pin the server and the load to a core each."""
    have = sorted(os.sched_getaffinity(0))
    if len(have) < 2 or not shutil.which("taskset"):
        return [], []
    return (["taskset", "-c", str(have[0])], ["taskset", "-c", str(have[1])])


class Load:
    """One run of wrk: requests, seconds and bytes, errors counted."""

    SCRIPT = os.path.join(HERE, "report.lua")

    def __init__(self, url, seconds, headers=(), pinned=(), connections=16,
                 threads=1):
        command = list(pinned) + [
            "wrk", "-t", str(threads), "-c", str(connections),
            "-d", "%ds" % seconds, "--timeout", "30s", "-s", self.SCRIPT]
        for h in headers:
            command += ["-H", h]

        text = output_of(command + [url], seconds + 60)
        found = re.search(r"report requests=(\d+) microseconds=(\d+)"
                          r" bytes=(\d+) errors=(\d+)", text)
        if not found:
            raise BenchError("wrk did not report for %s:\n%s" % (url, text))

        n, micro, self.bytes, self.errors = map(int, found.groups())
        self.requests = n
        self.seconds = micro / 1e6
        if self.errors or not n:
            raise BenchError("%s: not every response was right:\n%s"
                             % (url, text))

    @property
    def rate(self):
        return self.requests / self.seconds


# Reporting


def machine():
    """The machine and its system, as pairs for a report."""
    cpu = "unknown processor"
    with contextlib.suppress(OSError):
        with open("/proc/cpuinfo") as f:
            found = re.search(r"^model name\s*:\s*(.+)$", f.read(), re.M)
            cpu = found.group(1) if found else platform.machine()

    memory = "unknown memory"
    with contextlib.suppress(OSError):
        with open("/proc/meminfo") as f:
            kilobytes = int(re.search(r"MemTotal:\s+(\d+)", f.read()).group(1))
            memory = "%.0f GB" % (kilobytes / 1024 ** 2)

    system = platform.system()
    with contextlib.suppress(OSError):
        system = platform.freedesktop_os_release()["PRETTY_NAME"]

    return [
        ("Machine", "%s, %d cores, %s" % (cpu, os.cpu_count(), memory)),
        ("System", "%s, Linux %s" % (system, platform.release())),
    ]


def nginx_version():
    return output_of([NGINX, "-v"]).strip().split("/")[-1]


def table(heads, rows, left=1):
    """A markdown table; the first `left` columns are text."""
    lines = ["| " + " | ".join(heads) + " |",
             "|" + "---|" * left + "---:|" * (len(heads) - left)]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return lines


def ratio(value, base):
    quotient = value / base
    return ("%.0f" if quotient >= 10 else "%.2f" if quotient >= 0.1
            else "%.2g") % quotient


def chart(title, subtitle, bars, base):
    """A bar for each (name, kind, value), on a logarithmic scale.

    Beside each stands its value and the multiple of `base`.  The chart brings
    its own background, light or dark as the reader prefers, so that it can be
    read wherever it is shown.
    """
    values = [value for _, _, value in bars]
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    low = min(low, high - 1)

    width, right, top, step, bar = 820, 150, 70, 30, 18
    left = max([168] + [24 + int(7.2 * len(name)) for name, _, _ in bars])
    bottom = top + step * len(bars)
    height = bottom + 44
    span = width - left - right

    def x(value):
        return left + span * (math.log10(value) - low) / (high - low)

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"'
        ' width="%d" height="%d" role="img" aria-labelledby="t"'
        ' font-family="system-ui, sans-serif" font-size="13">'
        % (width, height, width, height),
        '<title id="t">%s: %s</title>'
        % (escape(title), escape(", ".join("%s %s" % (name,
                                                      "{:,.0f}".format(value))
                                           for name, _, value in bars))),
        "<style>",
        ".back { fill: #ffffff; stroke: #d0d7de }",
        ".ink { fill: #1f2328 } .soft { fill: #59636e }",
        ".grid { stroke: #d8dee4 }",
    ]
    out += [".%s { fill: %s }" % pair for pair in COLORS.items()]
    out += [
        "@media (prefers-color-scheme: dark) {",
        ".back { fill: #161b22; stroke: #3d444d }",
        ".ink { fill: #f0f6fc } .soft { fill: #9198a1 }",
        ".grid { stroke: #30363d }",
        "}",
        "</style>",
        '<rect class="back" x=".5" y=".5" width="%d" height="%d" rx="8"/>'
        % (width - 1, height - 1),
        '<text class="ink" x="20" y="28" font-size="16" font-weight="600">'
        "%s</text>" % escape(title),
        '<text class="soft" x="20" y="48">%s</text>' % escape(subtitle),
    ]

    for exponent in range(low, high + 1):
        value = 10 ** exponent
        out.append('<path class="grid" d="M%.1f %dV%d"/>'
                   % (x(value), top - 6, bottom + 4))
        out.append('<text class="soft" x="%.1f" y="%d" text-anchor="middle">'
                   "%s</text>" % (x(value), bottom + 22,
                                  "{:,}".format(value)))

    for i, (name, kind, value) in enumerate(bars):
        y = top + step * i
        out.append('<text class="ink" x="%d" y="%d" text-anchor="end">%s'
                   "</text>" % (left - 10, y + bar - 4, escape(name)))
        out.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"'
                   ' rx="2"/>' % (kind, left, y, max(x(value) - left, 1),
                                  bar))
        out.append('<text class="ink" x="%.1f" y="%d">%s <tspan class="soft">'
                   "\u00d7%s</tspan></text>"
                   % (x(value) + 8, y + bar - 4, "{:,.0f}".format(value),
                      ratio(value, base)))

    out.append("</svg>")
    return "\n".join(out) + "\n"
