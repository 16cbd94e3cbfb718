"""The pages from Flask, for gunicorn; BENCH_DATA is the folder of the data."""

import json
import os

import flask
import jinja2

HERE = os.path.dirname(os.path.abspath(__file__))

app = flask.Flask(__name__)
app.jinja_loader = jinja2.FileSystemLoader(
    [os.path.join(HERE, "..", "..", "templates"),
     os.path.join(HERE, "..", "templates")])


def load(name):
    with open(os.path.join(os.environ["BENCH_DATA"], name + ".json"),
              encoding="utf-8") as f:
        return json.load(f)


ROWS = load("rows")
FORTUNES = load("fortunes")


@app.route("/w1")
def w1():
    return flask.render_template("main_j2.html", title="home",
                                 messages=flask.request.args["m"])


@app.route("/w2")
def w2():
    return flask.render_template("table.html", title="prices", table=ROWS,
                                 messages=flask.request.args["m"])


@app.route("/w3")
def w3():
    return flask.render_template("fortunes_request.html", fortunes=FORTUNES,
                                 messages=flask.request.args["m"])
