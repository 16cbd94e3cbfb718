"""The pages of the benchmarks: templates, values, and what Jinja2 makes of
them.

W1  the page of 30 kB, with a message from the request
W2  a table of 1,000 rows of 10 cells, integers and texts, in the same layout
W3  twelve fortunes: eleven known ones and the message, sorted and escaped
W5  a list of 300 objects that come as 28 kB of JSON
"""

import json
import os
import re

import jinja2

from common import BenchError, HERE, ROOT, WORK

TEMPLATES = os.path.join(ROOT, "templates")
PAGES = os.path.join(HERE, "templates")

# No quotation marks in what is escaped: Python writes them as &#34;, Tornado
# and others as &quot;, and every server has to send the same bytes.
MESSAGE = "whatever"

FORTUNES = [
    "fortune: No such file or directory",
    "A computer scientist is someone who fixes things that aren't broken.",
    "After enough decimal places, nobody gives a damn.",
    "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    "A computer program does what you tell it to do, not what you want.",
    "Emacs is a nice operating system, but I prefer UNIX. - Tom & Jerry",
    "Any program that runs right is obsolete.",
    "A list is only as strong as its weakest link. - Donald Knuth",
    "Feature: A bug with seniority.",
    "Computers make very fast, very accurate mistakes.",
    "<script>alert('This is not shown in a box.');</script>",
]

NAMES = ["Heron", "Kingfisher", "Swallow", "Owl's nest", "Bed & breakfast",
         "Lake view", "Grass < hay", "Caf\u00e9", "Towel", "Rowing boat"]


def rows():
    """1,000 rows of ten cells: an integer, a text, and so on."""
    return [[i * 37 + j * 1009 if j % 2 == 0
             else "%s %d" % (NAMES[(i + j) % 10], i) for j in range(10)]
            for i in range(1000)]


def fortunes():
    return [{"id": i + 1, "message": m} for i, m in enumerate(FORTUNES)]


def items():
    return [{"id": 1000 + i, "name": "%s, number %d" % (NAMES[i % 10], i),
             "city": NAMES[(i + 3) % 10],
             "price": 3 + i % 97 / 4, "stock": i % 7,
             "page": i // 10}
            for i in range(300)]


class Workload:
    """A page, and the values it is made of.

    `values` are known when a server starts; the message comes with every
    request, as its argument m.
    """

    def __init__(self, key, what, template, values):
        self.key = key
        self.what = what
        self.template = template
        self.values = values
        self.page = render(template, dict(values, messages=MESSAGE))

    @property
    def query(self):
        return "?m=" + MESSAGE


def environment():
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([TEMPLATES, PAGES]), autoescape=True)


def render(template, values):
    return environment().get_template(template).render(values).encode()


def make():
    """All of them, their data written to build/bench/data as JSON."""
    made = {
        "w1": Workload("w1", "the page of 30 kB", "main_j2.html",
                       {"title": "home"}),
        "w2": Workload("w2", "1,000 rows of 10 cells", "table.html",
                       {"title": "prices", "table": rows()}),
        "w3": Workload("w3", "twelve fortunes, sorted", "fortunes_request.html",
                       {"fortunes": fortunes()}),
        "w5": Workload("w5", "300 objects of JSON", "list.html",
                       {"items": items()}),
    }

    folder = os.path.join(WORK, "data")
    os.makedirs(folder, exist_ok=True)
    for name, value in (("rows", rows()), ("fortunes", fortunes()),
                        ("items", items()),
                        ("countries", countries(made["w1"].page))):
        with open(os.path.join(folder, name + ".json"), "w",
                  encoding="utf-8") as f:
            json.dump(value, f, ensure_ascii=False, separators=(",", ":"))

    return made


# The pages cut at what a program puts in: for servers whose templates are no
# Jinja.  Joined again, with the message and the loops, they are the page.

OPTION = re.compile(r"\n +<option(?: selected)?>([^<]*)</option>")
COUNTRIES = re.compile(r'(autocomplete="country-name">)((?:%s)+)'
                       % OPTION.pattern.replace("([^<]*)", "[^<]*"))


def countries(page):
    """The countries of W1's form, as they were before they were escaped."""
    found = COUNTRIES.search(page.decode())
    names = OPTION.findall(found.group(2))
    return [n.replace("&#39;", "'").replace("&amp;", "&") for n in names]


def pieces(workload):
    """The text of a page around its message and its loop."""
    mark = "@message@"
    values = dict(workload.values)

    if workload.key == "w1":
        page = render(workload.template, dict(values, messages=mark)).decode()
        a, page = page.split(mark)
        found = COUNTRIES.search(page)
        return [a, page[:found.end(1)], page[found.end(2):]]

    if workload.key == "w2":
        page = render(workload.template,
                      dict(values, messages=mark, table=[["@cell@"]])).decode()
        a, page = page.split(mark)
        cut = re.split("\n<tr><td>@cell@</td></tr>", page)
        return [a] + cut

    if workload.key == "w3":
        page = workload.page.decode()
        first = page.index("<tr><td>")
        last = page.rindex("</td></tr>\n") + len("</td></tr>\n")
        return [page[:first], page[last:]]

    raise BenchError("no pieces for " + workload.key)
