"""The page of the comparison, served by Tornado.

    tornado_app.py PORT

serves GET / on 127.0.0.1:PORT with Tornado's own HTTPServer.
"""

import os
import sys

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(HERE, "..", "..", "templates")


class MainHandler(RequestHandler):
    def get(self):
        self.render("main.html", page_title="", body_id="",
                    messages="whatever", title="home")


def make_app():
    return Application([(r"/", MainHandler)],
                       template_path=os.path.normpath(TEMPLATES))


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: tornado_app.py PORT")

    HTTPServer(make_app()).listen(int(arguments[0]), "127.0.0.1")
    IOLoop.current().start()


if __name__ == "__main__":
    main(sys.argv[1:])
