#!/usr/bin/python3
"""Time zones of the system's database, as Python's zoneinfo has them.

Each zone is asked about the moments around its changes, about others from 1850
to 2400, about sums of a moment and a few hours or days, and about local times
that come twice or never. What is no database gives an error with its name.
"""

import datetime
import json
import os
import random
import re
import struct
import subprocess
import tempfile
import unittest
import zoneinfo

TPL = os.environ.get("TPL", "build/tpl")
FORMAT = "%Y-%m-%d %H:%M:%S %z %Z"

TEMPLATE = """\
{% set tz = now(zone).tzinfo %}\
{% for t in moments %}\
{% set d = datetime.datetime.fromtimestamp(t, tz) %}\
{{ d.strftime(fmt) }}|\
{{ (d + datetime.timedelta(hours=30)).strftime(fmt) }}|\
{{ d.replace(hour=2, minute=30).isoformat() }}|\
{{ d.tzname() }} {{ d - d.replace(hour=0) }} {{ d.utcoffset() }}
{% end %}\
{{ tz }} {{ d.astimezone(datetime.timezone.utc).isoformat() }}\
"""


def moments(zone, r):
    start = int(datetime.datetime(1850, 1, 1, tzinfo=datetime.timezone.utc)
                .timestamp())
    end = int(datetime.datetime(2400, 1, 1, tzinfo=datetime.timezone.utc)
              .timestamp())
    found = [r.randrange(start, end) for _ in range(10)]
    # a day in each month of a year that the file's last rule is about
    found += [start + (end - start) * 5 // 7 + m * 30 * 86400 for m in range(12)]
    with open(os.path.join("/usr/share/zoneinfo", zone), "rb") as f:
        data = f.read()
    counts = struct.unpack(">6l", data[20:44])
    n = counts[3]
    times = struct.unpack(">%dl" % n, data[44:44 + 4 * n])
    for t in r.sample(times, min(n, 6)):
        found += [t - 1, t, t + 1, t - 90000]
    return found


def expected(zone, moments):
    tz = zoneinfo.ZoneInfo(zone)
    out = []
    for t in moments:
        d = datetime.datetime.fromtimestamp(t, tz)
        out.append("%s|%s|%s|%s %s %s\n" % (
            d.strftime(FORMAT),
            (d + datetime.timedelta(hours=30)).strftime(FORMAT),
            d.replace(hour=2, minute=30, fold=0).isoformat(),
            d.tzname(), d - d.replace(hour=0), d.utcoffset()))
    out.append("%s %s" % (tz, d.astimezone(datetime.timezone.utc).isoformat()))
    return "".join(out)


def render(template, syntax="jinja", data=None, **env):
    """(text, error), of which one is empty."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "t"), "w") as f:
            f.write(template)
        out = subprocess.run(
            [TPL, "render", "t", "--root", folder, "--syntax", syntax,
             "--autoescape", "off", "--data", "-"], text=True,
            input=json.dumps(data or {}), capture_output=True,
            env=dict(os.environ, **env))
    return out.stdout, out.stderr


class Zones(unittest.TestCase):
    maxDiff = 2000

    def test_all(self):
        r = random.Random(1)
        # those of the package; links have the names of other files
        zones = sorted(z for z in zoneinfo.available_timezones()
                       if z[0].isupper() and z != "Factory")
        self.assertGreater(len(zones), 400)
        asked = {z: moments(z, r) for z in zones}
        text, error = render(
            "{% for zone, moments in zones.items() %}" + TEMPLATE
            + "{% raw chr %}{% end %}", "tornado",
            {"zones": asked, "fmt": FORMAT, "chr": "\0"})
        self.assertEqual("", error)
        replies = text.split("\0")[:-1]
        self.assertEqual(len(zones), len(replies))
        for zone, reply in zip(zones, replies):
            with self.subTest(zone=zone):
                self.assertEqual(expected(zone, asked[zone]), reply)

    def test_what_now_takes(self):
        for syntax in "jinja", "tornado":
            for template, output in (
                    ("{{ now('Asia/Tokyo').tzinfo }}", "Asia/Tokyo"),
                    ("{{ now(tz='Asia/Tokyo').strftime('%z %Z') }}",
                     "+0900 JST"),
                    ("{{ now(x).strftime('%z %Z') }}", "+0545 +0545"),
                    ("{{ now(now(x).tzinfo).tzname() }}", "+0545"),
                    ("{{ now('UTC').tzname() }}", "UTC"),
                    ("{{ now('+02:00').tzname() }}", "UTC+02:00"),
                    ("{{ now().tzname() }}", "None"),
                    ("{{ [now('Asia/Tokyo').tzinfo] }}",
                     "[zoneinfo.ZoneInfo(key='Asia/Tokyo')]")):
                with self.subTest(syntax=syntax, template=template):
                    self.assertEqual((output, ""), render(
                        template, syntax, {"x": "Asia/Kathmandu"}))

    def test_a_name_of_the_template_is_not_the_function(self):
        for syntax, template in (
                ("jinja", "{% macro now(x) %}<{{ x }}>{% endmacro %}"
                          "{{ now('Mars/Base') }}"),
                ("tornado", "{% set now = lambda x: '<' + x + '>' %}"
                            "{{ now('Mars/Base') }}")):
            self.assertEqual(("<Mars/Base>", ""), render(template, syntax))

    def test_an_unknown_one_is_found_when_the_template_is_compiled(self):
        for template, message in (
                ("{% if false %}{{ now('Europe/Berln') }}{% endif %}",
                 "there is no time zone 'Europe/Berln' in /usr/share/zoneinfo."
                 " Did you mean 'Europe/Berlin'?"),
                ("{{ now(tz='../../../etc/passwd') }}",
                 "there is no time zone '../../../etc/passwd' in "
                 "/usr/share/zoneinfo"),
                ("{{ now('tzdata.zi') }}",
                 "there is no time zone 'tzdata.zi' in /usr/share/zoneinfo"),
                ("{{ now('Europe') }}",
                 "there is no time zone 'Europe' in /usr/share/zoneinfo")):
            with self.subTest(template=template):
                text, error = render(template)
                self.assertEqual("", text)
                self.assertRegex(error, r"t:1:\d+: " + re.escape(message))

    def test_and_of_the_data_when_it_is_used(self):
        _, error = render("{{ now(x) }}", data={"x": "Europe/Berln"})
        self.assertIn("'Europe/Berln' is no time zone: now() takes a name as "
                      "'Europe/Berlin', 'UTC', an offset as '+02:00', or "
                      "nothing for local time", error)

    def test_a_missing_database(self):
        _, error = render("{{ now('Asia/Tokyo') }}", TZDIR="/nonexistent")
        self.assertIn("there is no time zone 'Asia/Tokyo' in /nonexistent: "
                      "is the package tzdata installed?", error)

    def test_files_that_are_none(self):
        """Cut at every length and changed in every byte: none does harm."""
        with open("/usr/share/zoneinfo/Europe/Berlin", "rb") as f:
            good = f.read()
        r = random.Random(2)
        names = []
        with tempfile.TemporaryDirectory() as folder:
            for n in range(len(good)):
                names.append("Cut%d" % n)
                with open(os.path.join(folder, names[-1]), "wb") as f:
                    f.write(good[:n])
            for n in range(len(good)):
                names.append("Bad%d" % n)
                with open(os.path.join(folder, names[-1]), "wb") as f:
                    f.write(good[:n] + bytes([r.randrange(256)])
                            + good[n + 1:])
            text, error = render(
                "{% for n in names %}{% try %}{% set tz = now(n).tzinfo %}"
                "{% for t in moments %}"
                "{% set d = datetime.datetime.fromtimestamp(t, tz) %}"
                "{% set d = d + datetime.timedelta(1) %}{% end %}"
                "{{ d.year }}{% except %}none{% end %} {% end %}", "tornado",
                {"names": names, "moments": [-9e9, 0, 1e9, 4e9]}, TZDIR=folder)
        self.assertEqual("", error)
        outcomes = dict(zip(names, text.split()))
        self.assertEqual(len(names), len(outcomes))
        for name, outcome in outcomes.items():
            self.assertIn(outcome, ("none",) if name.startswith("Cut")
                          else ("none", "2096"), name)
        # most of a file is the 32-bit part, which is skipped
        self.assertIn("2096", outcomes.values())
        self.assertEqual("none", outcomes["Bad%d" % (len(good) - 1)])


if __name__ == "__main__":
    unittest.main()
