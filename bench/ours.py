"""nginx with the module, and what nginx does by itself with the same bytes.

One server compresses nothing, the other all that clients ask it to. Every row
has an address for each page:

    /w1             rendered at each request: the message comes with it
    /w1/kept        nothing comes with the request: rendered once
    /w1/return      the bytes from return 200
    /w1/static      the bytes from a file
    /w1/ssi         the message put into a file by SSI
    /w1/gzip        rendered, compressed by nginx's filter (second server)
    /w5             JSON fetched from /api/items and rendered
    /w5/filter      the same, proxied and turned into the page by tpl_filter
    /w5/proxy       the same JSON, proxied untouched
"""

import os

import workloads
from common import (BenchError, MODULE, WORK, Nginx, constant_page, knows,
                    nginx_head, oracle)

DATA = os.path.join(WORK, "data")
ETERNAL = "keepalive_requests 1000000000;"


def values(workload, kept=False):
    """The directives that give a location's template its values."""
    lines = ["tpl_render %s;" % workload.template]
    for name, value in workload.values.items():
        if isinstance(value, str):
            lines.append("tpl_param %s %s;" % (name, value))
        elif workload.key != "w5":
            file = {"table": "rows"}.get(name, name)
            lines.append('tpl_data %s "%s/%s.json";' % (name, DATA, file))
    if workload.key != "w5":
        lines.append("tpl_param messages %s;"
                     % (workloads.MESSAGE if kept else "$arg_m"))
    return lines


class Site:
    def __init__(self, name="site", module=MODULE):
        self.module = module
        self.nginx = Nginx(name)
        self.backend = Nginx(name + "-backend")
        self.files = os.path.join(self.nginx.prefix, "html")
        os.mkdir(self.files)
        self.port = self.gzip_port = None

        # other parts of the module may not be in this build
        self.gzip = knows("tpl_gzip on;")
        self.fetch = knows("tpl_fetch items /api;")
        self.filter = knows("tpl_filter off;")
        if self.gzip is None:
            raise BenchError("%s is not built: make module" % MODULE)

    def location(self, path, lines):
        return ["location = %s {" % path] + ["    " + x for x in lines] + ["}"]

    def locations(self, made, returned, compress):
        c = []
        for key in ("w1", "w2", "w3"):
            w = made[key]
            own = ["tpl_gzip on;"] if compress and self.gzip else []
            c += self.location("/" + key, values(w) + own)
            c += self.location("/%s/kept" % key, values(w, True) + own)
            c += self.location("/%s/return" % key,
                               ["return 200 %s;" % returned[key]])
            c += self.location("/%s/static" % key, [
                'alias "%s/%s.html";' % (self.files, key)])
            if compress:
                c += self.location("/%s/gzip" % key, values(w))
        c += self.location("/w1/ssi", [
            'alias "%s/w1-ssi.html";' % self.files, "ssi on;"])
        return c

    def configure(self, made, more=()):
        """Write files and configuration; `more` are lines for each server."""
        self.port = oracle.free_port()
        self.gzip_port = oracle.free_port()
        self.backend_port = oracle.free_port()

        head = nginx_head([self.module], connections=2048)
        returned = {}
        for key in ("w1", "w2", "w3"):
            lines, returned[key] = constant_page(key, made[key].page)
            head += lines
            with open(os.path.join(self.files, key + ".html"), "wb") as f:
                f.write(made[key].page)

        a, b, c = workloads.pieces(made["w1"])
        echo = '<!--#echo var="arg_m" -->'
        page = made["w1"].page.decode().replace(
            a + workloads.MESSAGE, a + echo, 1)
        with open(os.path.join(self.files, "w1-ssi.html"), "w",
                  encoding="utf-8") as f:
            f.write(page)

        c = [
            ETERNAL,
            "sendfile on;",
            "gzip_comp_level 6;",
            'tpl_root "%s" "%s";' % (workloads.TEMPLATES, workloads.PAGES),
            "upstream backend {",
            "    server 127.0.0.1:%d;" % self.backend_port,
            "    keepalive 32;",
            "    keepalive_requests 1000000000;",
            "}",
            "proxy_http_version 1.1;",
            'proxy_set_header Connection "";',
            "server {",
            "    listen 127.0.0.1:%d;" % self.port,
        ]
        c += list(more) + self.locations(made, returned, False)
        c += self.location("/w5/proxy", [
            "proxy_pass http://backend/items.json;"])
        c += self.location("/api/items", [
            "internal;", "proxy_pass http://backend/items.json;"])
        if self.filter:
            c += self.location("/w5/filter", [
                "proxy_pass http://backend/items.json;",
                "tpl_filter list_data.html;"])
        if self.fetch:
            c += self.location("/w5", values(made["w5"])
                               + ["tpl_fetch items /api/items;"])
        c += ["}", "server {", "    listen 127.0.0.1:%d;" % self.gzip_port,
              "    gzip on;"]
        c += list(more) + self.locations(made, returned, True) + ["}", "}", ""]
        self.nginx.configure(head + "\n".join(c).encode())

        self.backend.configure(nginx_head() + "\n".join([
            ETERNAL, "sendfile on;",
            "server {", "    listen 127.0.0.1:%d;" % self.backend_port,
            "    default_type application/json;",
            '    root "%s";' % DATA, "}", "}", ""]).encode())

        for n in (self.nginx, self.backend):
            error = n.test()
            if error:
                raise BenchError(error)

    def start(self, stack, pinned=(), load=()):
        self.backend.start(stack, self.backend_port, load)
        return self.nginx.start(stack, self.port, pinned)
