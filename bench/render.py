#!/usr/bin/python3
"""Jinja2's time for the pages of bench/render.c, for comparison.

The data are made the same way; what is printed is the least of five runs.
"""

import json
import os
import timeit

import jinja2

HERE = os.path.dirname(os.path.abspath(__file__))

FORTUNES = [
    "fortune: No such file or directory",
    "A computer scientist is someone who fixes things that aren't broken.",
    "After enough decimal places, nobody gives a damn.",
    "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    "A computer program does what you tell it to do, not what you want it to "
    "do.",
    "Emacs is a nice operating system, but I prefer UNIX. \u2014 Tom "
    "Christaensen",
    "Any program that runs right is obsolete.",
    "A list is only as strong as its weakest link. \u2014 Donald Knuth",
    "Feature: A bug with seniority.",
    "Computers make very fast, very accurate mistakes.",
    "<script>alert(\"This should not be displayed in a browser alert box.\");"
    "</script>",
    "\u30d5\u30ec\u30fc\u30e0\u30ef\u30fc\u30af\u306e\u30d9\u30f3\u30c1\u30de"
    "\u30fc\u30af",
]


def cell(row, column):
    if column % 2 == 0:
        return row * 7919 + column
    return "%s %d" % ("Tom & Jerry" if column == 5 else "a cell",
                      row * column)


def main():
    env = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader([
            os.path.join(HERE, "..", "templates"),
            os.path.join(HERE, "templates")]))

    table = [[cell(i, k) for k in range(10)] for i in range(1000)]
    fortunes = [{"id": i + 1, "message": m} for i, m in enumerate(FORTUNES)]
    items = json.dumps([
        {"id": i + 1, "name": "Room <%d> & board" % (i * 17),
         "city": "Maren on the lake",
         "price": float("%d.%d" % (40 + i % 90, 1 + i % 9)),
         "stock": i % 4} for i in range(300)])

    works = [
        ("W1", "main_j2.html", 50,
         lambda: {"title": "home", "messages": "Tom & Jerry"}),
        ("W2", "table.html", 3, lambda: {"table": table}),
        ("W3", "fortunes.html", 500, lambda: {"fortunes": fortunes}),
        ("W5", "list.html", 30, lambda: {"items": json.loads(items)}),
    ]

    for name, template, n, data in works:
        page = env.get_template(template)
        best = min(timeit.repeat(lambda: page.render(data()), number=n,
                                 repeat=5)) / n
        print("%s  Jinja2 %s  %7d characters  %12.0f ns" % (
            name, jinja2.__version__, len(page.render(data())), best * 1e9))


if __name__ == "__main__":
    main()
