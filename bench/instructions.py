#!/usr/bin/python3
"""Instructions of a request in nginx, all of the worker's: `make
bench-instructions`.

They waver neither with the machine nor with what else runs on it, but are not
time: a miss of the cache or a system call costs more than it counts.

Callgrind counts one process, which serves one connection that is kept alive.
It writes down what it has counted whenever nginx opens its logs again; what
the connection and that take is counted by a run without requests.
"""

import contextlib
import glob
import http.client
import os
import re
import signal
import time

import ours
import workloads
from common import WORK, BenchError, say, table

# page: how many of them
REQUESTS = {"w1": 200, "w2": 20, "w3": 200, "w5": 50}

ROWS = [("this module", "", ""), ("nginx `return 200`", "/return", ""),
        ("nginx `proxy_pass`", "/proxy", ""),
        ("this module, gzip", "", "gzip"), ]

OUT = os.path.join(WORK, "callgrind.out")


class Counted:
    """A configured site whose nginx runs under callgrind, until the stack
    ends."""

    def __init__(self, site, stack):
        self.site = site
        self.dumps = 0
        for path in glob.glob(OUT + "*"):
            os.unlink(path)
        with open(site.nginx.config, "rb") as f:
            text = f.read()
        stack.callback(site.nginx.configure, text)
        site.nginx.configure(text.replace(
            b"daemon off;", b"daemon off; master_process off;", 1))
        site.start(stack, ["valgrind", "-q", "--tool=callgrind",
                           "--dump-before=ngx_reopen_files",
                           "--callgrind-out-file=" + OUT])
        self.idle = 0
        self.idle = self.count(site.port, "/", 0)

    def count(self, port, path, n, encoding=""):
        """Instructions of n requests, after one that is not counted."""
        if n:
            self.ask(port, path, 1, encoding)
        self.dump()
        self.ask(port, path, n, encoding)
        return self.dump() - self.idle

    def ask(self, port, path, n, encoding):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        for _ in range(n):
            connection.request("GET", path,
                               headers={"Accept-Encoding": encoding})
            reply = connection.getresponse()
            reply.read()
            if (reply.status != 200
                    or (reply.headers["Content-Encoding"] or "") != encoding):
                raise BenchError("%s: status %d" % (path, reply.status))
        connection.close()

    def dump(self):
        """What was counted since the last time."""
        self.dumps += 1
        path = "%s.%d" % (OUT, self.dumps)
        for i in range(600):
            # a signal that comes before epoll_wait() is seen after the next
            if i % 20 == 2:
                self.site.nginx.server.process.send_signal(signal.SIGUSR1)
            time.sleep(0.1)
            with contextlib.suppress(OSError):
                with open(path) as f:
                    found = re.search(r"(?m)^totals: (\d+)", f.read())
                if found:
                    return int(found.group(1))
        raise BenchError("callgrind did not write " + path)


def main():
    made = workloads.make()
    site = ours.Site("instructions")
    site.configure(made)

    lines = []
    with contextlib.ExitStack() as stack:
        counted = Counted(site, stack)
        for name, suffix, encoding in ROWS:
            line = [name]
            for key, n in REQUESTS.items():
                has = (key in ("w1", "w3") if encoding
                       else suffix == ""
                       or (suffix == "/proxy") == (key == "w5"))
                if not has:
                    line.append("-")
                    continue
                port = site.gzip_port if encoding else site.port
                total = counted.count(port, "/%s%s%s" % (key, suffix,
                                                         made[key].query),
                                      n, encoding)
                line.append("{:,.0f}".format(total / n))
                say("    %-8s %-24s %s" % (key, name, line[-1]))
            lines.append(line)
    print("\n".join(table([""] + [k.upper() for k in REQUESTS], lines)))


if __name__ == "__main__":
    main()
