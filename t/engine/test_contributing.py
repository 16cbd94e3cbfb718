#!/usr/bin/python3
"""CONTRIBUTING.md's filter: what stands there compiles and does what it says.

The function and the line of the table are put into a copy of the source they
name, which is compiled and linked with the rest of the engine.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TPL = os.path.abspath(os.environ.get("TPL",
                                     os.path.join(ROOT, "build", "tpl")))


def snippets():
    with open(os.path.join(ROOT, "CONTRIBUTING.md")) as f:
        text = f.read()
    part = text.split("## A filter in five minutes")[1].split("\n## ")[0]
    source = re.search(r"`(ngx_http_tpl_module/\S+\.c)`", part).group(1)
    blocks = [re.sub(r"(?m)^    ", "", b) for b in
              re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", part)]
    return source, blocks[0].strip() + "\n", blocks[1].strip() + "\n"


class Filter(unittest.TestCase):

    def test_filter(self):
        source, function, entry = snippets()
        build = os.path.dirname(TPL)

        with open(os.path.join(ROOT, source)) as f:
            text = f.read()

        table = text.index("const tpl_builtin_def_t  tpl_filters_text[]")
        end = text.index("    { NULL, NULL, NULL, 0 }", table)
        text = (text[:table] + function + "\n\n" + text[table:end]
                + "    " + entry + text[end:])

        sanitize = ["-fsanitize=address,undefined"] \
            if os.environ.get("TPL_SANITIZED") else []

        with tempfile.TemporaryDirectory() as work:
            changed = os.path.join(work, os.path.basename(source))
            with open(changed, "w") as f:
                f.write(text)
            with open(os.path.join(work, "page.txt"), "w") as f:
                f.write("{{ 'Ada King Lovelace'|initials }}")

            objects = [os.path.join(build, "obj/ngx_http_tpl_module/cli", o)
                       for o in os.listdir(os.path.join(
                           build, "obj/ngx_http_tpl_module/cli"))
                       if o.endswith(".o")]
            library = os.path.join(work, "libtpl.a")
            shutil.copy(os.path.join(build, "libtpl.a"), library)
            subprocess.run(["ar", "d", library, os.path.basename(
                source).replace(".c", ".o")], check=True)
            subprocess.run(
                ["gcc", "-std=gnu11", "-fPIC", "-W", "-Wall", "-Wextra",
                 "-Werror", "-I" + os.path.join(ROOT, "ngx_http_tpl_module"),
                 *sanitize, "-o", os.path.join(work, "tpl"), changed,
                 *objects, library, *self.libraries()], check=True)
            got = subprocess.run([os.path.join(work, "tpl"), "render",
                                  os.path.join(work, "page.txt")],
                                 capture_output=True, text=True)

        self.assertEqual(got.stderr, "")
        self.assertEqual(got.stdout, "AKL")

    def libraries(self):
        with open(os.path.join(ROOT, "Makefile")) as f:
            return re.search(r"(?m)^LIBS *= (.*)$", f.read()).group(1).split()


if __name__ == "__main__":
    unittest.main()
