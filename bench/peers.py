"""The servers that the module is compared with, each started for all of the
pages that it can make.

A peer's templates are made here from the pages themselves (workloads.pieces):
text as it is, the message and the loops in the peer's own language.  What a
peer's code is stands in bench/peers.
"""

import json
import os
import re
import shutil
import subprocess

import workloads
from common import HERE, WORK, Nginx, log_file, nginx_head, oracle, output_of

SOURCES = os.path.join(HERE, "peers")
DATA = os.path.join(WORK, "data")


class Missing(Exception):
    """Why a peer is left out."""


class Peer:
    """A server: which pages it makes, at which address."""

    gzip = True             # compresses what clients ask it to
    pages = ("w1", "w2", "w3")

    def __init__(self, name, what):
        self.name = name
        self.what = what
        self.missing = None
        self.server = None
        self.port = None

    def path(self, workload):
        return "/" + workload.key + workload.query

    def launch(self, stack, pinned, command, folder, environment=None, wait=15):
        self.port = oracle.free_port()
        command = [str(self.port) if c == "PORT" else c.replace(
            "127.0.0.1:PORT", "127.0.0.1:%d" % self.port) for c in command]
        if environment:
            command = ["env"] + ["%s=%s" % e for e in environment.items()] \
                      + command
        self.server = stack.enter_context(oracle.Server(
            list(pinned) + command, self.port, cwd=folder,
            log=log_file(self.name), wait=wait))


def need(*programs):
    for p in programs:
        if not (os.path.exists(p) if "/" in p else shutil.which(p)):
            raise Missing("%s is not installed" % p)


def folder_of(name):
    folder = os.path.join(WORK, "peer_" + name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def fill(source, made, quote, into, **more):
    """Copy a source with the text of the pages in place of its marks."""
    with open(os.path.join(SOURCES, source), encoding="utf-8") as f:
        text = f.read()
    parts = dict(more)
    for key in ("w1", "w2", "w3"):
        for i, piece in enumerate(workloads.pieces(made[key])):
            parts["%s.%d" % (key.upper(), i)] = quote(piece)
    text = re.sub(r"@([A-Z][A-Z0-9.]*)@", lambda m: parts[m.group(1)], text)
    with open(into, "w", encoding="utf-8") as f:
        f.write(text)


def templates(made, folder, pages, quote=lambda text: text):
    """w1.html, w2.html and w3.html from patterns with %s for the text."""
    for key, pattern in pages.items():
        text = workloads.pieces(made[key])
        for i, piece in enumerate(text):
            pattern = pattern.replace("@%d@" % i, quote(piece))
        with open(os.path.join(folder, key + ".html"), "w",
                  encoding="utf-8") as f:
            f.write(pattern)


class Go(Peer):
    """Templates become Go, which is compiled with Debian's packages."""

    def start(self, stack, pinned, made):
        need("go", "/usr/share/gocode/src/github.com/valyala/quicktemplate",
             "/usr/share/gocode/src/github.com/valyala/fasthttp")
        # qtc names the package after its folder
        folder = os.path.join(folder_of(self.name), "main")
        os.mkdir(folder)
        fill("pages.qtpl", made, str, os.path.join(folder, "pages.qtpl"))
        shutil.copy(os.path.join(SOURCES, "main.go"), folder)

        environment = dict(os.environ, GO111MODULE="off", GOFLAGS="",
                           GOPATH="/usr/share/gocode",
                           GOCACHE=os.path.join(WORK, "go-cache"))
        for command in (
                ["go", "build", "-o", os.path.join(WORK, "qtc"),
                 "github.com/valyala/quicktemplate/qtc"],
                [os.path.join(WORK, "qtc"), "-file=pages.qtpl"],
                ["go", "build", "-o", "server", "main.go", "pages.qtpl.go"]):
            done = subprocess.run(command, cwd=folder, env=environment,
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=180)
            if done.returncode:
                raise Missing("%s failed: %s" % (
                    command[0], done.stdout.decode("utf-8", "replace")[-300:]))

        self.launch(stack, pinned,
                    [os.path.join(folder, "server"), "PORT", DATA], folder,
                    {"GOMAXPROCS": "1"})


def lua_text(text):
    return "[==[\n%s]==]" % text


def lua_value(value):
    if isinstance(value, str):
        return lua_text(value) if "\\" in value or '"' in value \
            else '"%s"' % value
    if isinstance(value, list):
        return "{ %s }" % ",".join(lua_value(v) for v in value)
    return str(value)


class Lua(Peer):
    MODULES = ["/usr/lib/nginx/modules/ndk_http_module.so",
               "/usr/lib/nginx/modules/ngx_http_lua_module.so"]

    def start(self, stack, pinned, made):
        need(*self.MODULES)
        nginx = Nginx("peer_" + self.name)
        data = []
        for name in ("countries", "rows", "fortunes"):
            with open(os.path.join(DATA, name + ".json"),
                      encoding="utf-8") as f:
                data.append(json.load(f))
        data[2] = [[f["id"], f["message"]] for f in data[2]]
        script = os.path.join(nginx.prefix, "pages.lua")
        fill("pages.lua", made, lua_text, script,
             DATA=",\n".join(lua_value(d) for d in data))

        self.port = oracle.free_port()
        c = nginx_head(self.MODULES).decode() + """
            keepalive_requests 1000000000;
            gzip_comp_level 6;
            init_by_lua_block { pages = dofile("%s") }
            server {
                listen 127.0.0.1:%d;
                gzip on;
                location / {
                    content_by_lua_block {
                        local name = string.sub(ngx.var.uri, 2)
                        local body = pages[name](ngx.var.arg_m)
                        ngx.header["Content-Length"] = #body
                        ngx.print(body)
                    }
                }
            }
        }""" % (script, self.port)
        nginx.configure(c.encode())
        error = nginx.test()
        if error:
            raise Missing(error[-300:])
        self.server = nginx.start(stack, self.port, pinned)


class Tornado(Peer):
    def start(self, stack, pinned, made):
        folder = folder_of(self.name)
        head = "{% whitespace all %}"
        templates(made, folder, {
            "w1": head + """@0@{{ message }}@1@{% for c in countries %}
              <option{% if c == "Ireland" %} selected{% end %}>{{ c }}"""
                         "</option>{% end %}@2@",
            "w2": head + "@0@{{ message }}@1@{% for row in rows %}\n<tr>"
                         "{% for cell in row %}<td>{{ cell }}</td>{% end %}"
                         "</tr>{% end %}@2@",
            "w3": head + "@0@{% for f in fortunes %}<tr><td>{{ f['id'] }}</td>"
                         "<td>{{ f['message'] }}</td></tr>\n{% end %}@1@",
        }, lambda text: re.sub(r"\{([{%#])", r"{\1!", text))
        self.launch(stack, pinned,
                    [oracle.PYTHON, os.path.join(SOURCES, "tornado_app.py"),
                     "PORT", folder], folder)


class Flask(Peer):
    """A worker with a thread, as the sync worker closes connections."""

    gzip = False

    def start(self, stack, pinned, made):
        self.launch(stack, pinned,
                    [oracle.PYTHON, "-m", "gunicorn", "--workers", "1",
                     "--worker-class", "gthread", "--threads", "1",
                     "--keep-alive", "60", "--bind", "127.0.0.1:PORT",
                     "flask_app:app"], SOURCES, {"BENCH_DATA": DATA})


class Nunjucks(Peer):
    gzip = False

    def start(self, stack, pinned, made):
        need("node")
        if "yes" not in output_of(
                ["env", "NODE_PATH=/usr/share/nodejs", "node", "-e",
                 "require('nunjucks'); console.log('yes')"]):
            raise Missing("node does not find nunjucks")
        folder = folder_of(self.name)
        templates(made, folder, {
            "w1": """@0@{{ message }}@1@{% for c in countries %}
              <option{% if c == "Ireland" %} selected{% endif %}>{{ c }}"""
                  "</option>{% endfor %}@2@",
            "w2": "@0@{{ message }}@1@{% for row in rows %}\n<tr>"
                  "{% for cell in row %}<td>{{ cell }}</td>{% endfor %}"
                  "</tr>{% endfor %}@2@",
            "w3": "@0@{% for f in fortunes %}<tr><td>{{ f.id }}</td>"
                  "<td>{{ f.message }}</td></tr>\n{% endfor %}@1@",
        }, lambda text: re.sub(r"\{([{%#])", r'{{ "{\1" }}', text))
        self.launch(stack, pinned,
                    ["node", os.path.join(SOURCES, "nunjucks_server.js"),
                     "PORT", DATA, folder], folder,
                    {"NODE_PATH": "/usr/share/nodejs"})


class Caddy(Peer):
    """Its templates read their data from files, at every request."""

    def start(self, stack, pinned, made):
        need("caddy")
        folder = folder_of(self.name)
        for name in ("countries", "rows", "fortunes"):
            shutil.copy(os.path.join(DATA, name + ".json"), folder)
        templates(made, folder, {
            "w1": """@0@{{ .Req.URL.Query.Get "m" | html }}@1@"""
                  """{{ range include "countries.json" | fromJson }}
              <option{{ if eq . "Ireland" }} selected{{ end }}>"""
                  "{{ html . }}</option>{{ end }}@2@",
            "w2": """@0@{{ .Req.URL.Query.Get "m" | html }}@1@"""
                  """{{ range include "rows.json" | fromJson }}\n<tr>"""
                  "{{ range . }}<td>{{ html . }}</td>{{ end }}</tr>"
                  "{{ end }}@2@",
            "w3": """{{ $f := dict (.Req.URL.Query.Get "m") 0 }}"""
                  """{{ range include "fortunes.json" | fromJson }}"""
                  """{{ $_ := set $f .message .id }}{{ end }}@0@"""
                  """{{ range keys $f | sortAlpha }}<tr><td>{{ get $f . }}"""
                  """</td><td>{{ html . }}</td></tr>\n{{ end }}@1@""",
        }, lambda text: text.replace("{{", '{{ "{{" }}'))
        with open(os.path.join(folder, "Caddyfile"), "w") as f:
            f.write("""
{
    admin off
    auto_https off
}
http://127.0.0.1:{$PORT} {
    root * %s
    rewrite /w1 /w1.html
    rewrite /w2 /w2.html
    rewrite /w3 /w3.html
    encode {
        gzip 6
    }
    templates
    file_server
}
""" % folder)
        self.port = oracle.free_port()
        self.server = stack.enter_context(oracle.Server(
            list(pinned) + ["env", "PORT=%d" % self.port, "GOMAXPROCS=1",
                            "HOME=" + folder, "caddy", "run", "--config",
                            "Caddyfile", "--adapter", "caddyfile"],
            self.port, cwd=folder, log=log_file(self.name)))


def make():
    return [
        Go("quicktemplate", "Go fasthttp + quicktemplate, compiled"),
        Lua("lua", "nginx + Lua, concatenation by hand"),
        Nunjucks("nunjucks", "node + nunjucks"),
        Tornado("tornado", "Tornado"),
        Flask("flask", "Flask + Jinja2, gunicorn"),
        Caddy("caddy", "Caddy templates"),
    ]


# Left out, whatever is installed.

NOT_COMPARED = [
    ("lua-resty-template", "neither Debian nor npm has it"),
    ("Rust hyper + Tera", "Debian's crates have to be compiled first, some"
     " 150 of them: minutes before anything is measured"),
]


def start_all(stack, pinned, made, say):
    """Start every peer that can be; the others know why they are missing."""
    peers = make()
    for peer in peers:
        try:
            peer.start(stack, pinned, made)
        except (Missing, oracle.ServerError,
                subprocess.TimeoutExpired) as e:
            peer.missing = str(e).strip()
            say("%s is left out: %s" % (peer.name, peer.missing))
    return peers
