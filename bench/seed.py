#!/usr/bin/python3
"""The 2011 comparison again, with the module in it: `make bench-seed`.

Every server delivers the same page, made from a main template that extends a
layout and includes a form.  The procedure is the comparison's own:
`ab -n 1000 -c 4`, five runs each, the average counts.  Runs are interleaved
(run 1 of every server, then run 2 of every server), so that a machine that
becomes slower or faster does so for all.

A page is compared byte for byte with what Flask or Tornado sends before it is
measured, and a run counts only if every response had status 200 and the full
length.

    seed.py [--quick]

writes bench/results-seed.md and bench/results-seed.svg.  A quick run, or one
in which a server is missing, writes to build/bench/ instead and leaves the
published results alone.
"""

import argparse
import contextlib
import datetime
import math
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "t", "lib"))

import oracle  # noqa: E402

BUILD = os.path.join(oracle.ROOT, "build")
WORK = os.path.join(BUILD, "bench")
MODULE = os.path.join(BUILD, "ngx_http_tpl_module.so")
NGINX = os.environ.get("NGINX", "/usr/sbin/nginx")
AB = shutil.which("ab") or "/usr/bin/ab"

CONCURRENCY = 4

# nginx reads its configuration through a buffer of 4096 bytes, and one
# parameter has to fit into it.
PARAMETER = 3800

NO_GEVENT_TORNADO = (
    "not possible with today's Tornado: it needs `tornado.wsgi.WSGIApplication`"
    ", which was removed in Tornado 6.0")

COLORS = {"python": "#5b8fb9", "module": "#d9822b", "limit": "#8a8f98"}


class BenchError(Exception):
    pass


class Target:
    """A line of the table: a name, an address and the numbers measured."""

    def __init__(self, name, what, kind, page):
        self.name = name
        self.what = what
        self.kind = kind
        self.page = page            # "flask" or "tornado": whose bytes it sends
        self.port = None
        self.path = "/"
        self.length = None
        self.runs = []
        self.missing = None         # why there are no numbers

    def at(self, port, path="/"):
        self.port = port
        self.path = path

    @property
    def url(self):
        return "http://127.0.0.1:%d%s" % (self.port, self.path)

    @property
    def average(self):
        return sum(self.runs) / len(self.runs)


def make_targets():
    t = Target
    return [
        t("pure_flask", "Flask's app.run()", "python", "flask"),
        t("pure_tornado", "Tornado's HTTPServer", "python", "tornado"),
        t("gevent_flask", "gevent.pywsgi.WSGIServer", "python", "flask"),
        t("tornado_flask", "Tornado's WSGIContainer", "python", "flask"),
        t("gunicorn_flask", "gunicorn, one sync worker", "python", "flask"),
        t("gevent_tornado", "", "python", "tornado"),
        t("module_jinja", "this module, Jinja", "module", "flask"),
        t("module_tornado", "this module, Tornado", "module", "tornado"),
        t("module_jinja_arg", "the same, message from the request", "module",
          "flask"),
        t("module_tornado_arg", "the same, message from the request", "module",
          "tornado"),
        t("return_200", "nginx `return 200`, the limit", "limit", "flask"),
    ]


def say(text):
    print(text, flush=True)


def output_of(command):
    """What a command prints, on either channel; empty if it cannot run."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace")


# Servers


def log_file(name):
    return os.path.join(WORK, name + ".log")


def start_python(stack, targets):
    for name in ("pure_flask", "gevent_flask", "tornado_flask"):
        server = stack.enter_context(oracle.flask(name, log_file(name)))
        targets[name].at(server.port)

    server = stack.enter_context(oracle.tornado(log_file("pure_tornado")))
    targets["pure_tornado"].at(server.port)

    port = oracle.free_port()
    command = [oracle.PYTHON, "-m", "gunicorn", "--workers", "1",
               "--worker-class", "sync", "--bind", "127.0.0.1:%d" % port,
               "flask_app:app"]
    stack.enter_context(oracle.Server(command, port,
                                      log=log_file("gunicorn_flask")))
    targets["gunicorn_flask"].at(port)

    targets["gevent_tornado"].missing = NO_GEVENT_TORNADO


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


def nginx_config(port, page, with_module):
    """The configuration of the nginx that is measured.

    The page of `return 200` stands in geo blocks: their values are taken as
    they are, where a dollar sign in return's own parameter would begin a
    variable, and a parameter of return could not hold the whole page.
    """
    pieces = nginx_parameters(page)
    names = ["page_%d" % i for i in range(len(pieces))]

    c = []
    if with_module:
        c.append('load_module "%s";' % MODULE)
    c += [
        "worker_processes 1;",
        "daemon off;",
        "pid nginx.pid;",
        "error_log error.log warn;",
        "events { worker_connections 256; }",
        "http {",
        "access_log access.log;",
        'default_type "text/html; charset=utf-8";',
    ]
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        c.append("%s_temp_path tmp_%s;" % (kind, kind))

    head = "\n".join(c).encode() + b"\n"
    for name, piece in zip(names, pieces):
        head += b"geo $%s { default %s; }\n" % (name.encode(), piece)

    c = [
        "server {",
        "listen 127.0.0.1:%d;" % port,
        'location = /return { return 200 "%s"; }'
        % "".join("${%s}" % name for name in names),
    ]
    if with_module:
        c.append('tpl_root "%s";' % os.path.join(oracle.ROOT, "templates"))
        for path, message in (("", "whatever"), ("-arg", "$arg_messages")):
            c += [
                "location = /%s {" % ("jinja-arg" if path else ""),
                "    tpl_render main_j2.html;",
                "    tpl_param messages %s;" % message,
                "    tpl_param title home;",
                "}",
                "location = /tornado%s {" % path,
                "    tpl_syntax tornado;",
                "    tpl_render main.html;",
                "    tpl_param messages %s;" % message,
                "    tpl_param title home;",
                '    tpl_param page_title "";',
                '    tpl_param body_id "";',
                "}",
            ]
    c += ["}", "}", ""]
    return head + "\n".join(c).encode()


def start_nginx(stack, targets, page):
    """Start nginx; return why the module is not in it, or None."""
    prefix = os.path.join(WORK, "nginx")
    shutil.rmtree(prefix, ignore_errors=True)
    os.makedirs(prefix)

    config = os.path.join(prefix, "nginx.conf")
    port = oracle.free_port()
    command = [NGINX, "-p", prefix + "/", "-c", config, "-e", "error.log"]
    missing = None

    def write(with_module):
        with open(config, "wb") as f:
            f.write(nginx_config(port, page, with_module))

    if os.path.exists(MODULE):
        write(True)
        test = subprocess.run(command + ["-t"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if test.returncode != 0:
            say(test.stdout.decode("utf-8", "replace").rstrip())
            missing = "nginx does not accept the module or its configuration"
    else:
        missing = "%s is not built" % os.path.relpath(MODULE, oracle.ROOT)

    if missing:
        say("seed.py: the module is skipped: " + missing)
        write(False)

    stack.enter_context(oracle.Server(command, port, cwd=prefix,
                                      log=log_file("nginx")))

    targets["return_200"].at(port, "/return")
    for name, path in (("module_jinja", "/"),
                       ("module_tornado", "/tornado"),
                       ("module_jinja_arg", "/jinja-arg?messages=whatever"),
                       ("module_tornado_arg",
                        "/tornado-arg?messages=whatever")):
        if missing:
            targets[name].missing = missing
        else:
            targets[name].at(port, path)

    return missing


# Measuring


def check_pages(targets, pages):
    """Every server must send exactly the page of Flask or of Tornado."""
    for t in targets.values():
        if t.missing:
            continue

        status, _, body = oracle.get(t.port, t.path)
        if status != 200:
            raise BenchError("%s answers with status %d" % (t.name, status))
        if body != pages[t.page]:
            raise BenchError("%s does not send the page of %s: %d bytes, not"
                             " %d, or other ones" % (t.name, t.page, len(body),
                                                     len(pages[t.page])))
        t.length = len(body)


def ab_number(text, label, name):
    found = re.search(r"^%s:\s+([0-9.]+)" % re.escape(label), text, re.M)
    if not found:
        raise BenchError("ab did not report \"%s\" for %s:\n%s"
                         % (label, name, text))
    return float(found.group(1))


def run_ab(target, requests):
    text = output_of([AB, "-n", str(requests), "-c", str(CONCURRENCY),
                      target.url])

    complete = ab_number(text, "Complete requests", target.name)
    failed = ab_number(text, "Failed requests", target.name)
    length = ab_number(text, "Document Length", target.name)
    other = "Non-2xx responses" in text

    if complete != requests or failed or other or length != target.length:
        raise BenchError("%s: not every response was right:\n%s"
                         % (target.name, text))

    return ab_number(text, "Requests per second", target.name)


def measure(targets, runs, requests):
    for run in range(runs):
        say("run %d of %d" % (run + 1, runs))
        for t in targets.values():
            if t.missing:
                continue
            t.runs.append(run_ab(t, requests))
            say("    %-20s %10.1f requests/s" % (t.name, t.runs[-1]))


# Reporting


def machine():
    """The machine and its versions, as pairs for the report."""
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

    versions = output_of([oracle.PYTHON, "-W", "ignore", "-c", """if True:
        import platform, flask, jinja2, werkzeug, tornado, gevent, gunicorn
        print("Python %s, Flask %s, Jinja2 %s, Werkzeug %s, Tornado %s,"
              " gevent %s, gunicorn %s" % (platform.python_version(),
              flask.__version__, jinja2.__version__, werkzeug.__version__,
              tornado.version, gevent.__version__, gunicorn.__version__))
        """]).strip()
    nginx = output_of([NGINX, "-v"]).strip().split("/")[-1]
    ab = re.search(r"Version (\S+)", output_of([AB, "-V"]))

    return [
        ("Machine", "%s, %d cores, %s" % (cpu, os.cpu_count(), memory)),
        ("System", "%s, Linux %s" % (system, platform.release())),
        ("Versions", "nginx %s, %s, ab %s" % (nginx, versions,
                                              ab.group(1) if ab else "?")),
    ]


def ratio(value, base):
    quotient = value / base
    return ("%.2f" if quotient < 10 else "%.0f") % quotient


def markdown(targets, runs, requests, command):
    flask = targets["pure_flask"].average
    limit = targets["return_200"].average
    size = {page: next((t.length for t in targets.values()
                        if t.page == page and t.length), 0)
            for page in ("flask", "tornado")}

    lines = [
        "# One page, many servers",
        "",
        "Requests per second for one page: a main template that extends a"
        " layout and includes",
        "a form; {:,} bytes from Jinja, {:,} from Tornado, which squeezes white"
        " space.".format(size["flask"], size["tornado"]),
        "Each server has one process and sends, byte for byte, what Flask or"
        " Tornado sends.",
        "",
        "![Requests per second](results-seed.svg)",
        "",
    ]

    heads = ["server", ""] + ["run %d" % (i + 1) for i in range(runs)]
    heads += ["average", "to pure_flask", "to return 200"]
    lines.append("| " + " | ".join(heads) + " |")
    lines.append("|" + "---|" * 2 + "---:|" * (runs + 3))

    notes = []
    for t in targets.values():
        cells = [t.name, t.what]
        if t.missing:
            cells += ["-"] * (runs + 3)
            notes.append("* %s: %s." % (t.name, t.missing))
        else:
            cells += ["{:,.1f}".format(r) for r in t.runs]
            cells += ["**{:,.1f}**".format(t.average),
                      ratio(t.average, flask), ratio(t.average, limit)]
        lines.append("| " + " | ".join(cells) + " |")

    lines.append("")
    lines += notes
    lines += [
        "* A page whose values are all constants can be rendered when nginx"
        " reads its configuration.",
        "  The `_arg` lines therefore take the message from the request"
        " (`tpl_param messages $arg_messages`).",
        "* `return 200` puts the same bytes together from %d variables, as"
        " nginx cannot read a parameter"
        % len(nginx_parameters(b"." * size["flask"])),
        "  of 30 kB. It is the limit of nginx and of ab on this machine, not"
        " of a network.",
        "* ab shares the machine with the server and opens a connection for"
        " every request. %s requests" % "{:,}".format(requests),
        "  last some %.0f ms at the limit, so the fast lines vary more from"
        " run to run." % (1000.0 * requests / limit),
        "* Logging is each server's default: nginx, Flask and gevent write an"
        " access log to a file,",
        "  Tornado and gunicorn do not.",
        "",
        "| | |",
        "|---|---|",
    ]
    pairs = machine() + [
        ("Date", datetime.date.today().isoformat()),
        ("Load", "`ab -n %d -c %d`, runs of all servers interleaved"
         % (requests, CONCURRENCY)),
        ("Again", "`%s`" % command),
    ]
    lines += ["| %s | %s |" % pair for pair in pairs]
    return "\n".join(lines) + "\n"


def svg(targets, requests):
    """A bar for each server, on a logarithmic scale, with its number.

    The chart brings its own background, light or dark as the reader prefers,
    so that it can be read wherever it is shown.
    """
    shown = [t for t in targets.values() if not t.missing]
    flask = targets["pure_flask"].average

    low = math.floor(math.log10(min(t.average for t in shown)))
    high = math.ceil(math.log10(max(t.average for t in shown)))
    low = min(low, high - 1)

    width, left, right, top, step, bar = 820, 168, 150, 70, 30, 18
    bottom = top + step * len(shown)
    height = bottom + 44
    span = width - left - right

    def x(value):
        return left + span * (math.log10(value) - low) / (high - low)

    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"'
        ' width="%d" height="%d" role="img" aria-labelledby="t"'
        ' font-family="system-ui, sans-serif" font-size="13">'
        % (width, height, width, height),
        '<title id="t">Requests per second for one page: %s</title>'
        % escape(", ".join("%s %s" % (t.name, "{:,.0f}".format(t.average))
                           for t in shown)),
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
        "Requests per second for the same page</text>",
        '<text class="soft" x="20" y="48">ab -n %d -c %d, mean of the runs,'
        " one process each; logarithmic scale; \u00d7 to pure_flask</text>"
        % (requests, CONCURRENCY),
    ]

    for exponent in range(low, high + 1):
        value = 10 ** exponent
        out.append('<path class="grid" d="M%.1f %dV%d"/>'
                   % (x(value), top - 6, bottom + 4))
        out.append('<text class="soft" x="%.1f" y="%d" text-anchor="middle">'
                   "%s</text>" % (x(value), bottom + 22,
                                  "{:,}".format(value)))

    for i, t in enumerate(shown):
        y = top + step * i
        out.append('<text class="ink" x="%d" y="%d" text-anchor="end">%s'
                   "</text>" % (left - 10, y + bar - 4, escape(t.name)))
        out.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"'
                   ' rx="2"/>' % (t.kind, left, y,
                                  max(x(t.average) - left, 1), bar))
        out.append('<text class="ink" x="%.1f" y="%d">%s <tspan class="soft">'
                   "\u00d7%s</tspan></text>"
                   % (x(t.average) + 8, y + bar - 4,
                      "{:,.0f}".format(t.average), ratio(t.average, flask)))

    out.append("</svg>")
    return "\n".join(out) + "\n"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    say("wrote " + os.path.relpath(path, oracle.ROOT))


def stop(number, frame):
    """End as an error does, so that every server is ended as well."""
    sys.exit(128 + number)


def main(arguments):
    parser = argparse.ArgumentParser(
        description="The 2011 comparison again, with the module in it.")
    parser.add_argument("--quick", action="store_true",
                        help="two runs of 200 requests, to see that it works")
    quick = parser.parse_args(arguments).quick

    runs, requests = (2, 200) if quick else (5, 1000)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    os.makedirs(WORK, exist_ok=True)

    targets = {t.name: t for t in make_targets()}

    with contextlib.ExitStack() as stack:
        start_python(stack, targets)
        pages = {
            "flask": oracle.get(targets["pure_flask"].port)[2],
            "tornado": oracle.get(targets["pure_tornado"].port)[2],
        }
        missing = start_nginx(stack, targets, pages["flask"])
        check_pages(targets, pages)
        measure(targets, runs, requests)

    where = WORK if quick or missing else HERE
    command = "make bench-seed" if not quick else "bench/seed.py --quick"
    write(os.path.join(where, "results-seed.md"),
          markdown(targets, runs, requests, command))
    write(os.path.join(where, "results-seed.svg"), svg(targets, requests))

    if missing:
        say("seed.py: incomplete, as the module was skipped: " + missing)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BenchError, oracle.ServerError) as e:
        sys.exit("seed.py: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)
