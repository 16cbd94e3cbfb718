#!/usr/bin/python3
"""Instructions of a request in nginx, all of the worker's: `make
bench-instructions`.

They waver neither with the machine nor with what else runs on it, but are not
time: a miss of the cache or a system call costs more than it counts.

Callgrind counts one process, which serves one connection that is kept alive;
what starting and stopping take is counted by a run without requests.
"""

import contextlib
import http.client
import os
import re
import time

import ours
import workloads
from common import WORK, BenchError, say, table

# page: how many of them
REQUESTS = {"w1": 1000, "w2": 100, "w3": 1000, "w5": 200}

ROWS = [("this module", "", ""), ("nginx `return 200`", "/return", ""),
        ("nginx `proxy_pass`", "/proxy", ""),
        ("this module, gzip", "", "gzip"), ]


def count(site, port, path, n, encoding=""):
    """Instructions of nginx from its start to its end, n requests between."""
    out = os.path.join(WORK, "callgrind.out")
    valgrind = ["valgrind", "-q", "--tool=callgrind",
                "--callgrind-out-file=" + out]
    with contextlib.ExitStack() as stack:
        site.start(stack, valgrind)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(n):
            connection.request("GET", path,
                               headers={"Accept-Encoding": encoding})
            reply = connection.getresponse()
            reply.read()
            if (reply.status != 200
                    or (reply.headers["Content-Encoding"] or "") != encoding):
                raise BenchError("%s: status %d" % (path, reply.status))
        # what was counted is written at the end; under valgrind a signal does
        # not wake nginx each time, the connection's end does
        if n == 0:
            connection.connect()
        site.nginx.server.process.terminate()
        time.sleep(0.2)
        connection.close()
        site.nginx.server.process.wait(60)
    with open(out) as f:
        return int(re.search(r"(?m)^(?:summary|totals): (\d+)",
                             f.read()).group(1))


def main():
    made = workloads.make()
    site = ours.Site("instructions")
    site.configure(made)
    with open(site.nginx.config, "rb") as f:
        text = f.read()
    site.nginx.configure(text.replace(
        b"daemon off;", b"daemon off; master_process off;", 1))

    idle = count(site, site.port, "/", 0)
    lines = []
    for name, suffix, encoding in ROWS:
        line = [name]
        for key, n in REQUESTS.items():
            has = (key in ("w1", "w3") if encoding
                   else suffix == "" or (suffix == "/proxy") == (key == "w5"))
            if not has:
                line.append("-")
                continue
            port = site.gzip_port if encoding else site.port
            total = count(site, port, "/%s%s%s" % (key, suffix,
                                                   made[key].query),
                          n, encoding)
            line.append("{:,.0f}".format((total - idle) / n))
            say("    %-8s %-24s %s" % (key, name, line[-1]))
        lines.append(line)
    print("\n".join(table([""] + [k.upper() for k in REQUESTS], lines)))


if __name__ == "__main__":
    main()
