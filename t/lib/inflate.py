#!/usr/bin/python3
"""Everyone's inflate on our gzip.

    inflate.py FOLDER NUMBER

FOLDER has pages 1 .. NUMBER and as many members of gzip, 1.gz and so on.
What is wrong is printed, a line each; the last line says who has inflated how
many.  Who is asked: zlib and Python's gzip, whole and a byte at a time;
gzip(1); Node, whole and in pieces; Chromium, which gets them by HTTP with
Content-Encoding, whole and in chunks.

Node and Chromium are asked where they are installed, and TPL_INFLATE_ALL=1
makes it a fault if they are not.
"""

import gzip
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zlib

CHROMIUM = os.environ.get("CHROMIUM", "chromium")

# lines of gzip and page, in hex, to lines of "same" or what is wrong
NODE = """
const zlib = require('zlib');
const lines = require('fs').readFileSync(0, 'latin1').trim().split('\\n');

function inPieces(packed, size) {
    const stream = zlib.createGunzip({ chunkSize: 64 });
    const parts = [];

    return new Promise((resolve, reject) => {
        stream.on('data', (part) => parts.push(part));
        stream.on('end', () => resolve(Buffer.concat(parts)));
        stream.on('error', reject);

        for (let k = 0; k < packed.length; k += size)
            stream.write(packed.subarray(k, k + size));

        stream.end();
    });
}

(async () => {
    for (const line of lines) {
        const [packed, page] = line.split(' ').map((s) => Buffer.from(s, 'hex'));
        let said = 'same';

        try {
            if (!zlib.gunzipSync(packed).equals(page))
                said = 'another page';
            else if (!(await inPieces(packed, 1 + (packed.length >> 4))).equals(page))
                said = 'another page in pieces';
        } catch (error) {
            said = String(error);
        }

        console.log(said);
    }
})();
"""

# asks for pages/0 and so on and tells the server what came
PAGE = """<!doctype html><title>inflate</title>
<script>
async function get(path) {
    try {
        const reply = await fetch(path);
        const coding = reply.headers.get('Content-Encoding');
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256',
                                                    await reply.arrayBuffer()));
        const hex = Array.from(hash, (b) => b.toString(16).padStart(2, '0'));

        return coding + ' ' + hex.join('');

    } catch (error) {
        return String(error);
    }
}

(async () => {
    const said = { whole: [], chunks: [] };

    for (const way of ['whole', 'chunks'])
        for (let i = 0; i < NUMBER; i += 6) {
            const some = [];

            for (let k = i; k < i + 6 && k < NUMBER; k++)
                some.push(get('/' + way + '/' + k));

            said[way].push(...await Promise.all(some));
        }

    await fetch('/said', { method: 'POST', body: JSON.stringify(said) });
})();
</script>
"""


def ask_python(pairs):
    for packed, page in pairs:
        yield python_fault(packed, page)


def python_fault(packed, page):
    try:
        d = zlib.decompressobj(31)
        if d.decompress(packed) != page:
            return "another page"
        if not d.eof or d.unused_data:
            return "not one whole member"
        d = zlib.decompressobj(31)
        bytewise = b"".join(d.decompress(packed[k:k + 1])
                            for k in range(len(packed)))
        if bytewise != page or not d.eof:
            return "another page, by bytes"
        if gzip.decompress(packed) != page:
            return "another page for Python's gzip"
    except (zlib.error, OSError, EOFError) as error:
        return repr(error)
    return None


def ask_gzip(pairs):
    """All members in one file, which gzip(1) takes for one of many parts."""
    done = subprocess.run(["gzip", "-dc"], input=b"".join(p for p, _ in pairs),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fault = None
    if done.returncode or done.stderr:
        fault = done.stderr.decode("utf-8", "replace") or done.returncode
    for _, page in pairs:
        if fault is None and not done.stdout.startswith(page):
            fault = "another page, of this or one before"
        done.stdout = done.stdout[len(page):]
        yield fault


def ask_node(pairs):
    lines = "".join("%s %s\n" % (a.hex(), b.hex()) for a, b in pairs)
    done = subprocess.run(["node", "-e", NODE], input=lines.encode(),
                          stdout=subprocess.PIPE, check=True, timeout=120)
    said = done.stdout.decode().splitlines()
    for i in range(len(pairs)):
        answer = said[i] if i < len(said) else "nothing"
        yield None if answer == "same" else answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    # chunks leave one by one
    wbufsize = 0
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def head(self, status, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()

    def body(self, status, kind, body):
        self.head(status, ("Content-Type", kind),
                  ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def do_GET(self):
        pairs = self.server.pairs
        if self.path == "/":
            page = PAGE.replace("NUMBER", str(len(pairs)))
            return self.body(200, "text/html", page.encode())

        way, _, i = self.path[1:].partition("/")
        if way not in ("whole", "chunks"):
            return self.body(404, "text/plain", b"")

        packed = pairs[int(i)][0]
        fields = [("Content-Type", "text/html"), ("Cache-Control", "no-store"),
                  ("Content-Encoding", "gzip")]
        if way == "whole":
            self.head(200, *fields, ("Content-Length", str(len(packed))))
            self.wfile.write(packed)
            return None

        self.head(200, *fields, ("Transfer-Encoding", "chunked"))
        step = 1 + (len(packed) >> 3)
        for k in range(0, len(packed), step):
            part = packed[k:k + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")
        return None

    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.body(200, "text/plain", b"")
        self.server.said = json.loads(said)
        self.server.done.set()


def ask_chromium(pairs):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.pairs = pairs
    server.said = {"whole": [], "chunks": []}
    server.done = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, \
            open(os.path.join(folder, "log"), "wb") as log:
        browser = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run",
             "--no-proxy-server", "--user-data-dir=" + folder + "/profile",
             # without it a headless one ends as soon as it has the page
             "--remote-debugging-port=0",
             "http://127.0.0.1:%d/" % server.server_port],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server.done.wait(timeout=120)
        browser.terminate()
        browser.wait()

    server.shutdown()
    server.server_close()

    for i, (_, page) in enumerate(pairs):
        want = "gzip " + hashlib.sha256(page).hexdigest()
        fault = None
        for way, said in server.said.items():
            answer = said[i] if i < len(said) else "nothing"
            if fault is None and answer != want:
                fault = "%s: %s" % (way, answer)
        yield fault


def inflate(pairs, browser=True):
    """(who, faults) of each that is asked to inflate pairs of (gzip, page):
    a fault is None, or what is wrong with the pair at its place; instead of
    faults None for one that is not installed."""
    yield "zlib", list(ask_python(pairs))
    yield "gzip", list(ask_gzip(pairs))
    yield "Node", list(ask_node(pairs)) if shutil.which("node") else None
    if browser:
        yield "Chromium", (list(ask_chromium(pairs))
                           if shutil.which(CHROMIUM) else None)


def required():
    return bool(os.environ.get("TPL_INFLATE_ALL"))


def main():
    folder, number = sys.argv[1], int(sys.argv[2])
    pairs, who, failed = [], [], 0

    for i in range(1, number + 1):
        pair = []
        for end in ".gz", "":
            with open(os.path.join(folder, "%d%s" % (i, end)), "rb") as f:
                pair.append(f.read())
        pairs.append(pair)

    for name, faults in inflate(pairs):
        if faults is None:
            if required():
                failed += 1
                print("%s is not installed" % name)
            continue
        who.append(name)
        for i, fault in enumerate(faults):
            if fault is not None:
                failed += 1
                print("%s, page %d: %s" % (name, i + 1, fault))

    print("%s: %d pages" % (", ".join(who), number))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
