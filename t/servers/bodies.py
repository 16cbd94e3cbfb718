#!/usr/bin/python3
"""Bodies in many shapes, over HTTP/1.1 or FastCGI, whichever is spoken:

    bodies.py PORT

    ?n=100000           so many bytes of "1 2 3 ..."
    &how=length         with Content-Length, or chunked, or till the end (close)
    &parts=5            in so many writes, with a short wait between them
    &chunk=1000         size of the chunks, or of FastCGI's records
    &gzip=1             compressed
    &head=1             the header in a write of its own
"""

import gzip
import re
import socket
import struct
import sys
import threading
import time


def text(n):
    return " ".join(str(i) for i in range(1, n // 2 + 2))[:n].encode()


def pieces(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


def record(kind, data):
    padding = -len(data) % 8
    return (struct.pack("!BBHHBB", 1, kind, 1, len(data), padding, 0)
            + data + b"\0" * padding)


def asked(request):
    found = dict(re.findall(rb"\b(n|how|parts|chunk|gzip|head)=(\w+)", request))
    return lambda name, value: found.get(name.encode(), value.encode())


def serve(c):
    request = c.recv(65536)
    fastcgi = request[:1] == b"\x01"
    want = asked(request)

    while not fastcgi and b"\r\n\r\n" not in request:
        request += c.recv(65536)

    body = text(int(want("n", "0")))
    how = want("how", "length")
    chunk = int(want("chunk", "1000"))
    head = b"" if fastcgi else b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
    head += b"Content-Type: text/plain\r\n"

    if int(want("gzip", "0")):
        body = gzip.compress(body, 1)
        head += b"Content-Encoding: gzip\r\n"
    if how == b"length":
        head += b"Content-Length: %d\r\n" % len(body)
    if how == b"chunked":
        head += b"Transfer-Encoding: chunked\r\n"
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p)
                        for p in pieces(body, chunk)) + b"0\r\n\r\n"
    head += b"\r\n"

    if fastcgi:
        body = b"".join(record(6, p) for p in pieces(head + body, chunk))
        body += record(6, b"") + record(3, b"\0" * 8)
        head = b""

    if int(want("head", "0")):
        c.sendall(head)
        head = b""
        time.sleep(0.05)

    data = head + body
    for i, piece in enumerate(pieces(data, -(-len(data)
                                             // int(want("parts", "1"))))):
        if i:
            time.sleep(0.01)
        c.sendall(piece)

    c.shutdown(socket.SHUT_WR)
    c.recv(65536)
    c.close()


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],),
                         daemon=True).start()


main()
