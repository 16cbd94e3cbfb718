"""The cases of t/cases, prepared for t/cases.t: one JSON object a line.

Perl's JSON would lose the order of keys, so what has an order is text here:
the request for `tpl batch` and each value of the data.
"""

import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def text_of(value):
    return "\n".join(value) if isinstance(value, list) else value


def main():
    for path in sorted(glob.glob(os.path.join(HERE, "..", "cases",
                                              "*.json"))):
        with open(path, encoding="utf-8") as f:
            group = json.load(f)

        for case in group["cases"]:
            templates = {k: text_of(v)
                         for k, v in case.get("templates", {}).items()}
            if "template" in case:
                templates["main"] = text_of(case["template"])

            request = {
                "syntax": case.get("syntax", group.get("syntax", "jinja")),
                "options": case.get("options", {}),
                "templates": templates,
                "main": case.get("main", "main"),
                "context": case.get("data", {}),
                "globals": case.get("globals", {}),
            }

            json.dump({
                "name": "%s: %s" % (os.path.basename(path)[:-5],
                                    case["name"]),
                "renders": "output" in case,
                "syntax": request["syntax"],
                "options": request["options"],
                "templates": templates,
                "main": request["main"],
                "data": {k: json.dumps(v)
                         for k, v in request["context"].items()},
                "globals": len(request["globals"]),
                "request": json.dumps(request),
            }, sys.stdout)
            print()


if __name__ == "__main__":
    main()
