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
import os
import re
import shutil
import signal
import sys

from common import (BenchError, HERE, MODULE, ROOT, WORK, Nginx, chart,
                    constant_page, log_file, machine, nginx_head,
                    nginx_parameters, nginx_version, oracle, output_of, ratio,
                    say, stop, table, write)

AB = shutil.which("ab") or "/usr/bin/ab"

CONCURRENCY = 4

NO_GEVENT_TORNADO = (
    "not possible with today's Tornado: it needs `tornado.wsgi.WSGIApplication`"
    ", which was removed in Tornado 6.0")


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
        t("pure_flask", "Flask's app.run()", "peer", "flask"),
        t("pure_tornado", "Tornado's HTTPServer", "peer", "tornado"),
        t("gevent_flask", "gevent.pywsgi.WSGIServer", "peer", "flask"),
        t("tornado_flask", "Tornado's WSGIContainer", "peer", "flask"),
        t("gunicorn_flask", "gunicorn, one sync worker", "peer", "flask"),
        t("gevent_tornado", "", "peer", "tornado"),
        t("module_jinja", "this module, Jinja", "module", "flask"),
        t("module_tornado", "this module, Tornado", "module", "tornado"),
        t("module_jinja_arg", "the same, message from the request", "module",
          "flask"),
        t("module_tornado_arg", "the same, message from the request", "module",
          "tornado"),
        t("return_200", "nginx `return 200`, the limit", "limit", "flask"),
    ]


# Servers


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


def nginx_config(port, page, with_module):
    """The configuration of the nginx that is measured."""
    lines, parameter = constant_page("page", page)
    head = nginx_head([MODULE] if with_module else [],
                      access_log="access.log") + lines

    c = [
        "server {",
        "listen 127.0.0.1:%d;" % port,
        "location = /return { return 200 %s; }" % parameter,
    ]
    if with_module:
        c.append('tpl_root "%s";' % os.path.join(ROOT, "templates"))
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
    nginx = Nginx("nginx")
    port = oracle.free_port()
    missing = None

    if os.path.exists(MODULE):
        nginx.configure(nginx_config(port, page, True))
        error = nginx.test()
        if error:
            say(error)
            missing = "nginx does not accept the module or its configuration"
    else:
        missing = "%s is not built" % os.path.relpath(MODULE, ROOT)

    if missing:
        say("seed.py: the module is skipped: " + missing)
        nginx.configure(nginx_config(port, page, False))

    nginx.start(stack, port)

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


def versions():
    """What was measured, and with what."""
    python = output_of([oracle.PYTHON, "-W", "ignore", "-c", """if True:
        import platform, flask, jinja2, werkzeug, tornado, gevent, gunicorn
        print("Python %s, Flask %s, Jinja2 %s, Werkzeug %s, Tornado %s,"
              " gevent %s, gunicorn %s" % (platform.python_version(),
              flask.__version__, jinja2.__version__, werkzeug.__version__,
              tornado.version, gevent.__version__, gunicorn.__version__))
        """]).strip()
    ab = re.search(r"Version (\S+)", output_of([AB, "-V"]))

    return ("Versions", "nginx %s, %s, ab %s"
            % (nginx_version(), python, ab.group(1) if ab else "?"))


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

    notes = []
    rows = []
    for t in targets.values():
        cells = [t.name, t.what]
        if t.missing:
            cells += ["-"] * (runs + 3)
            notes.append("* %s: %s." % (t.name, t.missing))
        else:
            cells += ["{:,.1f}".format(r) for r in t.runs]
            cells += ["**{:,.1f}**".format(t.average),
                      ratio(t.average, flask), ratio(t.average, limit)]
        rows.append(cells)

    lines += table(heads, rows, 2)
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
        versions(),
        ("Date", datetime.date.today().isoformat()),
        ("Load", "`ab -n %d -c %d`, runs of all servers interleaved"
         % (requests, CONCURRENCY)),
        ("Again", "`%s`" % command),
    ]
    lines += ["| %s | %s |" % pair for pair in pairs]
    return "\n".join(lines) + "\n"


def svg(targets, requests):
    bars = [(t.name, t.kind, t.average) for t in targets.values()
            if not t.missing]
    return chart("Requests per second for the same page",
                 "ab -n %d -c %d, mean of the runs, one process each;"
                 " logarithmic scale; \u00d7 to pure_flask"
                 % (requests, CONCURRENCY),
                 bars, targets["pure_flask"].average)


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
