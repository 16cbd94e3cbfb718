"""The pages from Tornado's templates: tornado_app.py PORT FOLDER."""

import json
import os
import sys

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler

FOLDER = sys.argv[2]


def load(name):
    with open(os.path.join(FOLDER, "..", "data", name + ".json"),
              encoding="utf-8") as f:
        return json.load(f)


COUNTRIES = load("countries")
ROWS = load("rows")
FORTUNES = load("fortunes")


class Page(RequestHandler):
    def get(self, name):
        m = self.get_argument("m")
        if name == "w1":
            self.render("w1.html", message=m, countries=COUNTRIES)
        elif name == "w2":
            self.render("w2.html", message=m, rows=ROWS)
        else:
            fortunes = FORTUNES + [{"id": 0, "message": m}]
            fortunes.sort(key=lambda f: f["message"])
            self.render("w3.html", fortunes=fortunes)


HTTPServer(Application([(r"/(w[123])", Page)], template_path=FOLDER,
                       compress_response=True)
           ).listen(int(sys.argv[1]), "127.0.0.1")
IOLoop.current().start()
