"""Memory of a worker: with the sample site, and of requests that wait."""

import contextlib
import os
import re
import socket
import time

import ours
from common import MODULE, ROOT, Nginx, fetch, memory_of, nginx_head, oracle

SAMPLE = ["/", "/tornado", "/notice?text=x", "/pages/index", "/pages/walks",
          "/status", "/maintenance", "/walks-table", "/no-such-page"]
WAITING = 200


def sample_config(port, prefix):
    """conf.example, on another port and with its files elsewhere."""
    with open(os.path.join(ROOT, "conf.example"), encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"listen +8888", "listen 127.0.0.1:%d" % port, text)
    text = re.sub(r"(?m)^load_module .*$", 'load_module "%s";' % MODULE, text)
    text = text.replace("worker_processes  2;", "worker_processes  1;")
    text = text.replace("build/run", prefix)
    temp = " ".join("%s_temp_path %s/tmp_%s;" % (k, prefix, k) for k in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace("http {", "http { " + temp, 1)
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (user + "daemon off;\n" + text).encode()


def worker(nginx, port, paths):
    with contextlib.ExitStack() as stack:
        nginx.start(stack, port)
        for _ in range(3):
            for path in paths:
                fetch(port, path)
        return memory_of(nginx.workers()[0])


def sample_site():
    """Kilobytes of a worker: {"VmRSS", ...} of plain nginx, of the site."""
    plain = Nginx("plain")
    port = oracle.free_port()
    # access_log as in the sample
    plain.configure(nginx_head(connections=1024, access_log="access.log")
                    + b"include /etc/nginx/mime.types;\n"
                      b"server { listen 127.0.0.1:%d; root html;\n"
                      b"location / { return 200 ok; } }\n}\n" % port)
    before = worker(plain, port, SAMPLE)

    site = Nginx("sample")
    # paths in conf.example are relative to the checkout
    for name in ("templates", "docs"):
        os.symlink(os.path.join(ROOT, name), os.path.join(site.prefix, name))
    port = oracle.free_port()
    site.configure(sample_config(port, site.prefix))
    return before, worker(site, port, SAMPLE)


def held(made):
    """Bytes that a request takes while its client does not read.

    Socket buffers are small, so that nearly all of a page waits in the
    worker. {key: (bytes a request, bytes of the page)}
    """
    result = {}
    for key in ("w1", "w2"):
        with contextlib.ExitStack() as stack:
            site = ours.Site("held")
            site.configure(made)
            with open(site.nginx.config, "rb") as f:
                text = f.read()
            listen = b"listen 127.0.0.1:%d" % site.port
            site.nginx.configure(text.replace(listen + b";",
                                              listen + b" sndbuf=4k;"))
            site.start(stack)
            w = made[key]
            path = "/" + key + w.query
            fetch(site.port, path)
            pid = site.nginx.workers()[0]

            sockets = []
            for _ in range(WAITING):
                s = stack.enter_context(contextlib.closing(socket.socket()))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                s.connect(("127.0.0.1", site.port))
                sockets.append(s)
            time.sleep(0.2)
            before = memory_of(pid)["RssAnon"]
            for s in sockets:
                s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
                          % path.encode())
            time.sleep(1.0)
            after = memory_of(pid)["RssAnon"]
            result[key] = ((after - before) * 1024 / WAITING, len(w.page))
    return result
