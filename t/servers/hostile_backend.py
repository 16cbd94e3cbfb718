#!/usr/bin/python3
"""An HTTP backend that answers as badly as its URI says.

    hostile_backend.py PORT

The document is DOCUMENT below; N counts bytes.

    /ok             the document
    /status/CODE    a page of that status
    /none           closes without an answer
    /header/N       closes within the header
    /length/N       says how long the document is, closes after N
    /chunked/N      the document in chunks of 7, closes after N of that
    /eof/N          HTTP/1.0 without a length, closes after N
    /reset/N        as /length/N, but with a TCP reset
    /short, /longer a length that is one byte too small, or one too large
    /gzip           compressed, asked for or not
    /big/N          N bytes of a JSON string
    /endless        chunks, for ever
    /endless/eof    the same without chunks
    /body/TEXT      TEXT, percent-encoded
    /slow/SECONDS   nothing for that long, then the document
    /pair           the document, once two such requests are there
    /wait/NAME      the document, once somebody has asked for /go/NAME
    /drip/SECONDS   the first byte, nothing for that long, then the rest
    /stall/SECONDS  the same in chunks of 7
"""

import gzip
import socket
import socketserver
import struct
import sys
import threading
import time
import urllib.parse

DOCUMENT = b'{"users": [{"name": "Ann", "n": 1.5e3}, "caf\\u00e9", null, true]}'


def chunks(data, size=7):
    return b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + size]), data[i:i + size])
                    for i in range(0, len(data), size)) + b"0\r\n\r\n"


class Handler(socketserver.StreamRequestHandler):

    def handle(self):
        try:
            line = self.rfile.readline().decode("latin-1").split()
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass
            if len(line) > 1:
                self.answer(line[1].partition("?")[0])
        except (OSError, threading.BrokenBarrierError):
            pass

    def send(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def head(self, *headers, status="200 OK", version="1.1"):
        return ("HTTP/%s %s\r\nContent-Type: application/json\r\n"
                "Connection: close\r\n%s\r\n"
                % (version, status, "".join(h + "\r\n" for h in headers))
                ).encode()

    def whole(self, data, **kwargs):
        self.send(self.head("Content-Length: %d" % len(data), **kwargs) + data)

    def answer(self, uri):
        _, kind, *rest = uri.split("/", 2)
        argument = rest[0] if rest else ""

        if kind == "none":
            return

        if kind == "status":
            self.whole(b'{"error": true}', status="%s Status" % argument)

        elif kind == "header":
            self.send(self.head("Content-Length: 5")[:int(argument)])

        elif kind == "length":
            self.send(self.head("Content-Length: %d" % len(DOCUMENT))
                      + DOCUMENT[:int(argument)])

        elif kind == "chunked":
            self.send(self.head("Transfer-Encoding: chunked")
                      + chunks(DOCUMENT)[:int(argument)])

        elif kind == "eof":
            self.send(self.head(version="1.0") + DOCUMENT[:int(argument)])

        elif kind == "reset":
            self.send(self.head("Content-Length: %d" % len(DOCUMENT))
                      + DOCUMENT[:int(argument)])
            time.sleep(0.05)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.connection.close()

        elif kind == "short":
            self.send(self.head("Content-Length: %d" % (len(DOCUMENT) - 1))
                      + DOCUMENT)

        elif kind == "longer":
            self.send(self.head("Content-Length: %d" % (len(DOCUMENT) + 1))
                      + DOCUMENT)

        elif kind == "gzip":
            data = gzip.compress(DOCUMENT)
            self.send(self.head("Content-Length: %d" % len(data),
                                "Content-Encoding: gzip") + data)

        elif kind == "big":
            self.whole(b'"' + b"x" * (int(argument) - 2) + b'"')

        elif kind == "endless":
            raw = argument == "eof"
            self.send(self.head(version="1.0") if raw
                      else self.head("Transfer-Encoding: chunked"))
            data = b"[1, " * 1024
            while True:
                self.send(data if raw else b"1000\r\n" + data + b"\r\n")

        elif kind == "body":
            self.whole(urllib.parse.unquote_to_bytes(argument))

        elif kind == "slow":
            time.sleep(float(argument))
            self.whole(DOCUMENT)

        elif kind == "stall":
            data = chunks(DOCUMENT)
            self.send(self.head("Transfer-Encoding: chunked") + data[:12])
            time.sleep(float(argument))
            self.send(data[12:])

        elif kind == "pair":
            self.server.pair.wait(5)
            self.whole(DOCUMENT)

        elif kind == "wait":
            self.server.gate(argument).wait(10)
            self.whole(DOCUMENT)

        elif kind == "go":
            self.server.gate(argument).set()
            self.whole(DOCUMENT)

        elif kind == "drip":
            self.send(self.head("Content-Length: %d" % len(DOCUMENT))
                      + DOCUMENT[:1])
            time.sleep(float(argument))
            self.send(DOCUMENT[1:])

        else:
            self.whole(DOCUMENT)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512
    pair = threading.Barrier(2)
    gates = {}

    def gate(self, name):
        return self.gates.setdefault(name, threading.Event())


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        server.serve_forever()
