#!/usr/bin/python3
"""Pictures of the sample site and of the debug page, to be looked at.

    screenshots.py [FOLDER]       default: build/screenshots

Each page is opened by a headless Chromium as wide as a phone and as a desktop:
PAGE-360.png, PAGE-1280.png. A page that is wider than the phone fails: one
would have to scroll it sideways.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(ROOT, "t", "soak"))

import soak         # noqa: E402

CHROMIUM = os.environ.get("CHROMIUM", "chromium")
WIDTHS = ((360, 800), (1280, 900))

PAGES = {
    "home": "/", "tornado": "/tornado", "strolls": "/tornado/walks",
    "letter": "/tornado/letter", "login": "/login", "notice": "/notice?text=Hi",
    "request": "/request?name=you", "greeting": "/greeting?lang=de_DE",
    "index": "/pages/index", "walks": "/walks", "rooms": "/rooms",
    "room": "/rooms/lake", "account": "/account", "status": "/status",
    "app": "/app/", "files": "/files/", "maintenance": "/maintenance",
    "missing": "/nothing-here", "debug": "/debug-page",
}

# A mistake in a macro, in a page that extends a layout, with data of each kind.

TEMPLATES = {
    "debug.html": """{% extends "frame.html" %}
{% from "prices.html" import price %}
{% set currency = "EUR" %}
{% block content %}
  {% for room in rooms %}
    <p>{{ room.name }}: {{ price(room, currency) }} a night</p>
  {% endfor %}
{% endblock %}
""",
    "prices.html": """{# what a room costs #}
{% macro price(room, currency) %}
  {% set nights = room.nights %}
  <b title="a long line, which a phone cannot show as a whole">{{ (room.total / nights)|round(2) }} {{ currency }}</b>
{% endmacro %}
""",
    "frame.html": "<main>{% block content %}{% endblock %}</main>\n",
}

SERVER = """
    server {
        listen 127.0.0.1:%(port)d;

        location = /debug-page {
            tpl_root   %(folder)s;
            tpl_debug  on;
            tpl_render debug.html;
            tpl_json   rooms '[{"name": "Lake", "total": 184, "nights": 2},
                               {"name": "Garden", "total": 78, "nights": 0}]';
            tpl_param  visitor $http_user_agent;
        }

        location = /frame {
            default_type text/html;
            alias %(folder)s/frame.htm;
        }

        location / {
            proxy_pass http://127.0.0.1:%(site)d;
            proxy_set_header Host $http_host;
        }
    }
"""

# A window cannot be as narrow as a phone, a frame can; and a frame of the same
# site can be asked how wide its page would like to be.

FRAME = """<!doctype html><title>-</title><style>html, body { margin: 0 }
iframe { border: 0; display: block; width: %dpx; height: %dpx }</style>
<iframe src="%s" onload="document.title =
    contentDocument.documentElement.scrollWidth"></iframe>
"""


def chromium(*args):
    with tempfile.TemporaryDirectory(prefix="tplshot") as profile:
        return subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", "--disable-dev-shm-usage",
             "--user-data-dir=" + profile, "--virtual-time-budget=3000",
             *args],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=120, check=True).stdout


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        ROOT, "build", "screenshots")
    os.makedirs(folder, exist_ok=True)

    with tempfile.TemporaryDirectory(prefix="tplshot") as templates:
        for name, text in TEMPLATES.items():
            with open(os.path.join(templates, name), "w") as f:
                f.write(text)
        os.chmod(templates, 0o755)

        port, site = soak.free_port(), soak.free_port()
        nginx = soak.Site(port=site, http=SERVER % {
            "port": port, "site": site, "folder": templates})
        frame = "http://127.0.0.1:%d/frame" % port
        wide = []

        try:
            for name, path in sorted(PAGES.items()):
                for width, height in WIDTHS:
                    with open(templates + "/frame.htm", "w") as f:
                        f.write(FRAME % (width, height, path))
                    chromium("--screenshot=%s/%s-%d.png" % (folder, name, width),
                             "--window-size=%d,%d" % (max(width, 500), height),
                             frame)

                    dom = chromium("--dump-dom", frame)
                    wants = int(re.search(r"<title>(\d+)</title>", dom).group(1))

                    if wants > width:
                        wide.append("%s: %d pixels at %d" % (name, wants, width))
        finally:
            nginx.process.terminate()
            nginx.process.wait()

    print("screenshots: %d pictures in %s" % (len(PAGES) * len(WIDTHS),
                                              os.path.relpath(folder)))
    for page in wide:
        print("screenshots: wider than the window: " + page)

    return 1 if wide else 0


if __name__ == "__main__":
    sys.exit(main())
