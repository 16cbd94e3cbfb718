#!/usr/bin/python3
"""Sorting, as Python's sorted() does it: the same order, equal items as they
were.

Strings and integers are compared by a number of their own first, others by
what they are; lists of all three kinds, short ones and those that are merged,
in disorder, in order and nearly so.
"""

import json
import os
import random
import subprocess
import tempfile
import unittest

TPL = os.environ.get("TPL", "build/tpl")

TEMPLATE = """\
{% for keys, reverse in lists -%}
{% set items = [] -%}
{% for k in keys %}{% set _ = items.append({"k": k, "i": loop.index0}) -%}
{% endfor -%}
{{ items|sort(reverse, true, "k")|map(attribute="i")|join(" ") }}
{{ keys|sort(reverse, true)|tojson }}
{% endfor -%}
"""

SIZES = [0, 1, 2, 3, 7, 15, 16, 17, 31, 33, 63, 64, 65, 100, 300]

KINDS = {
    "short strings": lambda r: "".join(r.choices("ab\0\u00e9\U0001f600",
                                                 k=r.randrange(4))),
    "strings that begin alike": lambda r: "fortunes" * r.randrange(3)
                                          + r.choice(["", "a", "\0", "fo"]),
    "long strings": lambda r: "".join(r.choices("xyz", k=r.randrange(6, 40))),
    "integers": lambda r: r.choice([r.randrange(-5, 5),
                                    r.randrange(-2**63, 2**63)]),
    "numbers": lambda r: r.choice([r.randrange(-3, 3), r.random() * 4 - 2,
                                   True, False]),
}


def arranged(keys, r):
    """Keys as they are, in order, falling, and two runs of them."""
    n = len(keys)
    rising = sorted(keys)
    yield keys
    yield rising
    yield rising[::-1]
    yield rising[n // 3:] + rising[:n // 3]
    if n:
        yield rising[:-1] + [r.choice(keys)]


def expected(keys, reverse):
    order = sorted(range(len(keys)), key=lambda i: keys[i], reverse=reverse)
    return order, [keys[i] for i in order]


class Sort(unittest.TestCase):

    def test_as_python(self):
        r = random.Random(1)
        for name, key in KINDS.items():
            lists = [(keys, reverse) for n in SIZES
                     for keys in arranged([key(r) for _ in range(n)], r)
                     for reverse in (False, True)]
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "t"), "w") as f:
                    f.write(TEMPLATE)
                out = subprocess.run(
                    [TPL, "render", "t", "--root", folder, "--data", "-"],
                    text=True, input=json.dumps({"lists": lists}),
                    capture_output=True)
            self.assertEqual("", out.stderr)
            lines = out.stdout.split("\n")
            self.assertEqual(2 * len(lists), len(lines) - 1)
            for i, (keys, reverse) in enumerate(lists):
                with self.subTest(kind=name, list=i):
                    order, values = expected(keys, reverse)
                    self.assertEqual(" ".join(map(str, order)), lines[2 * i])
                    self.assertEqual(
                        list(map(repr, values)),
                        list(map(repr, json.loads(lines[2 * i + 1]))))


if __name__ == "__main__":
    unittest.main()
