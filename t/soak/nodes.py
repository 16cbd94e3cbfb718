"""Three nodes and a balancer, as docs/scaling.md has them, under load.

Each is an nginx in a network namespace of its own; the addresses are the
page's. One node is killed, one gets new templates, and nobody notices.
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

OLD, NEW = b"<p>Good morning</p>", b"<p>Good evening</p>"

BASE = """{%% block body %%}{%% endblock %%}
<ul>{%% for n in range(200) %%}<li>{{ n }}</li>{%% endfor %%}</ul>
%s
"""

HELLO = """{% extends "base.html" %}
{% block body %}Hello {{ name or "World" }}!{% endblock %}"""


def example(name):
    """a configuration of docs/scaling.md"""
    with open(os.path.join(ROOT, "docs", "scaling.md")) as f:
        return re.search(r"(?s)```nginx %s\n(.*?)```" % name,
                         f.read()).group(1)


def templates(folder, text):
    os.makedirs(folder)
    for name, body in (("hello.html", HELLO), ("base.html", BASE % text)):
        with open(os.path.join(folder, name), "w") as f:
            f.write(body)


class Host:
    """a network namespace with an nginx in it"""

    def __init__(self, folder, name, nginx):
        self.dir = os.path.join(folder, name)
        self.net = "%s-%d" % (name, os.getpid())
        self.nginx = nginx
        os.makedirs(self.dir)
        self.process = None
        self.added = False

    def add(self):
        subprocess.run(["ip", "netns", "add", self.net], check=True)
        self.added = True
        self.ip("link", "set", "lo", "up")

    def ip(self, *args):
        subprocess.run(["ip", "-n", self.net, *args], check=True)

    def inside(self, *args, **kwargs):
        return subprocess.Popen(["ip", "netns", "exec", self.net, *args],
                                stdout=subprocess.PIPE, **kwargs)

    def start(self, module, http):
        with open(os.path.join(self.dir, "nginx.conf"), "w") as f:
            f.write("%suser root;\npid nginx.pid;\nevents { }\nhttp {\n"
                    "access_log off;\n%s%s}\n" % (
                        "load_module %s;\n" % module if module else "",
                        "".join("%s_temp_path temp;\n" % n for n in (
                            "client_body", "proxy", "fastcgi", "uwsgi",
                            "scgi")), http))
        self.process = self.inside(*self.command("-g", "daemon off;"))

    def command(self, *args):
        return [self.nginx, "-p", self.dir + "/", "-c", "nginx.conf",
                "-e", "error.log", *args]

    def ready(self):
        for _ in range(200):
            if os.path.exists(os.path.join(self.dir, "nginx.pid")):
                return
            time.sleep(0.02)
        raise RuntimeError("%s has not started" % self.dir)

    def kill(self):
        """master and workers at once"""
        out = subprocess.run(["pgrep", "-P", str(self.process.pid)],
                             capture_output=True, text=True).stdout
        for pid in [self.process.pid] + [int(p) for p in out.split()]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def complaints(self):
        with open(os.path.join(self.dir, "error.log"), errors="replace") as f:
            return [line.strip() for line in f
                    if re.search(r"\[(warn|error|crit|alert|emerg)\]", line)]

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        if self.added:
            subprocess.run(["ip", "netns", "del", self.net], check=False)


def connect(balancer, nodes):
    balancer.add()
    balancer.ip("link", "add", "br0", "type", "bridge")
    balancer.ip("addr", "add", "10.88.0.1/24", "dev", "br0")
    balancer.ip("link", "set", "br0", "up")
    for i, node in enumerate(nodes, 1):
        node.add()
        balancer.ip("link", "add", "port%d" % i, "type", "veth",
                    "peer", "name", "eth0", "netns", node.net)
        balancer.ip("link", "set", "port%d" % i, "master", "br0", "up")
        node.ip("addr", "add", "10.88.0.1%d/24" % i, "dev", "eth0")
        node.ip("link", "set", "eth0", "up")


def fetch(balancer, host):
    """(headers, body) of the page as it is seen inside of the network"""
    reply = balancer.inside("curl", "-s", "-m", "5", "-D", "-",
                            "http://%s/?name=Ada" % host).communicate()[0]
    head, _, body = reply.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def etag(head):
    return re.search(r"(?mi)^etag: (.*?)\r?$", head).group(1)


def run(nginx, module):
    """yields (holds, what) of each thing that is to hold"""
    folder = tempfile.mkdtemp(prefix="tplnodes")
    balancer = Host(folder, "balancer", nginx)
    nodes = [Host(folder, "node%d" % i, nginx) for i in (1, 2, 3)]
    try:
        connect(balancer, nodes)
        for node in nodes:
            templates(os.path.join(node.dir, "one"), OLD.decode())
            templates(os.path.join(node.dir, "two"), NEW.decode())
            os.symlink("one", os.path.join(node.dir, "templates"))
            node.start(module, example("node"))
        balancer.start(None, example("balancer"))
        for host in nodes + [balancer]:
            host.ready()
        time.sleep(1)

        pages = [fetch(balancer, "10.88.0.1%d" % i) for i in (1, 2, 3)]
        yield (len({etag(head) for head, _ in pages}) == 1
               and len({body for _, body in pages}) == 1,
               "the nodes answer alike, with the same ETag")
        yield (b"Hello Ada!" in pages[0][1] and OLD in pages[0][1],
               "with the page")

        load = balancer.inside("wrk", "-t1", "-c16", "-d10s",
                               "http://10.88.0.1/?name=Ada", text=True)
        time.sleep(2)
        nodes[0].kill()
        time.sleep(2)
        link = os.path.join(nodes[1].dir, "templates")
        os.symlink("two", link + ".new")
        os.replace(link + ".new", link)
        nodes[1].process.send_signal(signal.SIGHUP)
        time.sleep(4)
        seen = {text for text in (OLD, NEW) for _ in range(20)
                if text in fetch(balancer, "10.88.0.1")[1]}
        text = load.communicate()[0]

        n = int(re.search(r"(\d+) requests in", text).group(1))
        faults = re.findall(r"Socket errors:.*|Non-2xx.*", text)
        yield n > 0 and not faults, ("a node killed, a node reloaded: %d "
                                     "requests, none failed %s"
                                     % (n, " ".join(faults)))
        yield seen == {OLD, NEW}, "old and new pages are served in turns"
        for host in nodes[1:]:
            lines = host.complaints()
            yield not lines, "%s: nothing in the error log %s" % (
                os.path.basename(host.dir), lines[:1])
        # what a reload closes is idle: nginx may find out as it asks, goes on
        # to the next node, and says so
        lines = [line for line in balancer.complaints()
                 if '"http://10.88.0.11:80/' not in line
                 and "prematurely closed connection while reading response "
                     "header" not in line
                 and "recv() failed (104: Connection reset by peer) while "
                     "reading response header" not in line]
        yield not lines, "the balancer complains of the dead node alone %s" % (
            lines[:1])
    finally:
        for host in nodes + [balancer]:
            host.end()
        shutil.rmtree(folder)
