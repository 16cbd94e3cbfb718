"""The page of the comparison, served by Flask.

    flask_app.py PORT [SERVER]

SERVER is who serves the application on 127.0.0.1:PORT:

    pure_flask      Flask's own app.run(), the default
    gevent_flask    gevent.pywsgi.WSGIServer around the application
    tornado_flask   Tornado's HTTPServer and WSGIContainer around it

For gunicorn the module offers `app`: gunicorn flask_app:app.
"""

import os
import sys

from flask import Flask, render_template

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(HERE, "..", "..", "templates")

app = Flask(__name__, template_folder=os.path.normpath(TEMPLATES))


@app.route("/")
def index():
    return render_template("main_j2.html", messages="whatever", title="home")


def pure_flask(port):
    app.run(host="127.0.0.1", port=port)


def gevent_flask(port):
    from gevent.pywsgi import WSGIServer

    WSGIServer(("127.0.0.1", port), app).serve_forever()


def tornado_flask(port):
    from tornado.httpserver import HTTPServer
    from tornado.ioloop import IOLoop
    from tornado.wsgi import WSGIContainer

    HTTPServer(WSGIContainer(app)).listen(port, "127.0.0.1")
    IOLoop.current().start()


SERVERS = {
    "pure_flask": pure_flask,
    "gevent_flask": gevent_flask,
    "tornado_flask": tornado_flask,
}


def main(arguments):
    if not 1 <= len(arguments) <= 2:
        sys.exit("usage: flask_app.py PORT [%s]" % "|".join(SERVERS))

    name = arguments[1] if len(arguments) == 2 else "pure_flask"
    if name not in SERVERS:
        sys.exit("flask_app.py: no server \"%s\"" % name)

    SERVERS[name](int(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
