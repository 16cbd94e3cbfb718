"""Start, await and end the servers that tests and benchmarks compare with.

A server is one child process in a process group of its own, so that ending it
also ends workers it has started (gunicorn, nginx), and nothing else.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
SERVERS = os.path.join(ROOT, "t", "servers")

# The interpreter that sees the distribution's Flask and Tornado.
PYTHON = os.environ.get("ORACLE_PYTHON", "/usr/bin/python3")

FLASK_VALUES = {"messages": "whatever", "title": "home"}
TORNADO_VALUES = {"messages": "whatever", "title": "home",
                  "page_title": "", "body_id": ""}


class ServerError(Exception):
    """A server did not start, or died."""


def free_port():
    """Return a TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def flask_command(port, server="pure_flask"):
    return [PYTHON, os.path.join(SERVERS, "flask_app.py"), str(port), server]


def tornado_command(port):
    return [PYTHON, os.path.join(SERVERS, "tornado_app.py"), str(port)]


def get(port, path="/", timeout=10):
    """GET a path from 127.0.0.1:port; return status, headers and body."""
    url = "http://127.0.0.1:%d%s" % (port, path)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout) as response:
        return response.status, response.headers, response.read()


class Server:
    """A server process, to be used in a with statement.

    The command is started at once; the constructor returns when the port
    accepts connections.  What the server prints goes to the file `log`, or
    nowhere.
    """

    def __init__(self, command, port, cwd=None, log=None, wait=15):
        self.command = command
        self.port = port
        self.log = log
        self.process = None

        # An opened log outlives the with block in the child only.
        with open(log or os.devnull, "wb") as output:
            self.process = subprocess.Popen(
                command, cwd=cwd or SERVERS, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)

        try:
            self.await_port(wait)
        except BaseException:
            self.stop()
            raise

    def await_port(self, seconds):
        end = time.monotonic() + seconds

        while time.monotonic() < end:
            code = self.process.poll()
            if code is not None:
                raise ServerError("%s ended with code %d%s"
                                  % (" ".join(self.command), code,
                                     self.last_words()))
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)

        raise ServerError("%s does not listen on port %d after %d s%s"
                          % (" ".join(self.command), self.port, seconds,
                             self.last_words()))

    def last_words(self):
        """Return the end of the log for a message, if there is a log."""
        if not self.log:
            return ""
        with open(self.log, "rb") as f:
            text = f.read().decode("utf-8", "replace").strip()
        return ":\n" + text[-2000:] if text else ""

    def signal(self, number):
        """Send a signal to the process group we made, and only to it."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def stop(self):
        if self.process is None:
            return

        self.signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass

        # Children that outlived their parent are still in the group.
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def flask(server="pure_flask", log=None):
    port = free_port()
    return Server(flask_command(port, server), port, log=log)


def tornado(log=None):
    port = free_port()
    return Server(tornado_command(port), port, log=log)
