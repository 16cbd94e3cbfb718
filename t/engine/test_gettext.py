#!/usr/bin/python3
"""Translations: `tpl render --locale-path` against Jinja2 and Python's gettext.

Catalogues are written here (msgfmt may be absent). Each template is rendered
by the real Jinja2 with gettext.translation() and by the engine, with the same
catalogues, old style and new style, escaped and not.
"""

import gettext
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings

import jinja2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
TPL = os.environ.get("TPL", os.path.join(ROOT, "build", "tpl"))

# Plural-Forms as in the gettext manual and in the catalogues of large projects
PLURALS = {
    "ja": "nplurals=1; plural=0;",
    "de": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "pt_BR": "nplurals=2; plural=n > 1",
    "lv": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);",
    "ga": "nplurals=5; plural=n==1 ? 0 : n==2 ? 1 : (n>2 && n<7) ? 2 "
          ":(n>6 && n<11) ? 3 : 4;",
    "ro": "nplurals=3; plural=(n==1 ? 0 : (n==0 || (n%100 > 0 && n%100 < 20))"
          " ? 1 : 2);",
    "lt": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && "
          "(n%100<10 || n%100>=20) ? 1 : 2);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 "
          "&& (n%100<10 || n%100>=20) ? 1 : 2);",
    "cs": "nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;",
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || "
          "n%100>=20) ? 1 : 2);",
    "sl": "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || "
          "n%100==4 ? 2 : 3);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && "
          "n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "cy": "nplurals=4; plural= (n==1) ? 0 : (n==2) ? 1 : (n != 8 && n != 11) "
          "? 2 : 3;",
    "is": "nplurals=2; plural=n%10!=1 || n%100==11;",
    "none": None,
}

NUMBERS = list(range(0, 130)) + [200, 201, 1000, 1001, 1000000, 1000002, -1,
                                 -2, -11, 2 ** 62]


def write_mo(messages, order="<", charset="UTF-8", plural=None, version=0):
    """The bytes of a .mo file.

    A key is a string, or (singular, plural); a context is before a \\4.
    """
    header = ""
    if charset:
        header += "Content-Type: text/plain; charset=%s\n" % charset
    if plural:
        header += "Plural-Forms: %s\n" % plural
    table = {"": header} if header else {}
    for key, text in messages.items():
        if isinstance(key, tuple):
            key, text = "\0".join(key), "\0".join(text)
        table[key] = text
    coded = sorted((k.encode(charset or "ascii"), t.encode(charset or "ascii"))
                   for k, t in table.items())
    n = len(coded)
    at = 28 + 16 * n
    ids, strings, data = b"", b"", b""
    for which in (0, 1):
        for entry in coded:
            place = struct.pack(order + "II", len(entry[which]),
                                at + len(data))
            if which:
                strings += place
            else:
                ids += place
            data += entry[which] + b"\0"
    return (struct.pack(order + "7I", 0x950412de, version, n, 28, 28 + 8 * n,
                        0, at)
            + ids + strings + data)


def common(language):
    """Messages that every language has here, told apart by its name."""
    forms = 6 if language == "ar" else 5
    return {
        "Hello": "<%s> Hällo" % language,
        "Hello %(name)s!": "%s: ¡Hola %%(name)s!" % language,
        "100%%": "%s 100%%%%" % language,
        "100%": "%s hundred percent" % language,
        "<b>bold</b> & %(x)s": "<i>%s</i> &amp; %%(x)s" % language,
        "menu\4Open": "%s (menu) Open" % language,
        "door\4Open": "%s (door) Open" % language,
        "menu\4Open %(what)s": "%s (menu) Open %%(what)s" % language,
        "empty": "",
        "日本": "%s 日本語" % language,
        ("%(num)s file", "%(num)s files"):
            ["%s[%d] %%(num)s" % (language, i) for i in range(forms)],
        ("one apple", "many apples"):
            ["%s apple %d" % (language, i) for i in range(forms)],
        ("menu\4%(num)s entry", "%(num)s entries"):
            ["%s entry %d %%(num)s" % (language, i) for i in range(forms)],
        ("short", "shorts"): ["only one form in %s" % language],
    }


class Real:
    """The real Jinja2 over the same folder."""

    def __init__(self, folder, locale, newstyle, autoescape, domain):
        self.env = jinja2.Environment(
            extensions=["jinja2.ext.i18n"], autoescape=autoescape)
        languages = []
        while locale:
            languages.append(locale)
            locale = parent(locale)
        chain = None
        for language in languages:
            path = os.path.join(folder, language, "LC_MESSAGES",
                                domain + ".mo")
            if os.path.exists(path):
                with open(path, "rb") as f:
                    translations = gettext.GNUTranslations(f)
                if chain is None:
                    chain = translations
                else:
                    chain.add_fallback(translations)
        self.env.install_gettext_translations(chain, newstyle=newstyle)

    def render(self, text, data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.env.from_string(text).render(data)
            except Exception as e:
                return "%s" % e


def parent(locale):
    return re.sub(r"(^|[._@-])[^._@-]*$", "", locale)


class Translations(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.dir = cls.temp.name
        for number, (language, plural) in enumerate(PLURALS.items()):
            cls.catalogue(language, write_mo(
                common(language), "<>"[number % 2], plural=plural,
                version=number % 4 % 3))
        cls.catalogue("de_AT", write_mo({
            "Hello": "Servus",
            ("one apple", "many apples"): ["ein Äpfelchen", "Äpfel"],
        }, plural="nplurals=2; plural=n==1 ? 0 : n==2 ? 7 : 1"))

    @classmethod
    def tearDownClass(cls):
        cls.temp.cleanup()

    @classmethod
    def catalogue(cls, locale, data, domain="messages"):
        folder = os.path.join(cls.dir, locale, "LC_MESSAGES")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, domain + ".mo")
        with open(path, "wb") as f:
            f.write(data)
        return path

    def tpl(self, text, data, locale, newstyle=False, autoescape=True,
            domain="messages"):
        with open(os.path.join(self.dir, "page"), "w",
                  encoding="utf-8") as f:
            f.write(text)
        with open(os.path.join(self.dir, "data.json"), "w") as f:
            json.dump(data, f)
        command = [TPL, "render", "page", "--data", "data.json",
                   "--autoescape", "html" if autoescape else "off",
                   "--locale-path", ".", "--locale", locale,
                   "--domain", domain]
        if newstyle:
            command.append("--newstyle")
        return subprocess.run(command, cwd=self.dir, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)

    def same(self, text, data=None, locale="de", **kw):
        """What the real one gives, or that its error is ours."""
        data = data or {}
        real = Real(self.dir, locale, kw.get("newstyle", False),
                    kw.get("autoescape", True), kw.get("domain", "messages"))
        expected = real.render(text, data)
        done = self.tpl(text, data, locale, **kw)
        got = done.stdout.decode()
        if done.returncode:
            # path:line:column: message
            self.assertIn(expected, done.stderr.decode(), text)
        else:
            self.assertEqual(got, expected, text)

    def everywhere(self, text, data=None, **kw):
        for newstyle in (False, True):
            for autoescape in (False, True):
                self.same(text, data, newstyle=newstyle,
                          autoescape=autoescape, **kw)

    def test_messages(self):
        for text in (
                "{% trans %}Hello{% endtrans %}",
                "{% trans name='<x>' %}Hello {{ name }}!{% endtrans %}",
                "{% trans name='<x>'|safe %}Hello {{ name }}!{% endtrans %}",
                "{% trans %}Hello {{ name }}!{% endtrans %}",
                "{% trans %}100%{% endtrans %}",
                "{% trans %}<b>bold</b> & {{ x }}{% endtrans %}",
                "{% trans %}not there{% endtrans %}",
                "{% trans x=1 %}not there {{ x }} 50%{% endtrans %}",
                "{% trans %}empty{% endtrans %}|",
                "{% trans %}日本{% endtrans %}",
                "{% trans trimmed %}\n  Hello \n{% endtrans %}",
                "{{ _('Hello') }} {{ gettext('Hello') }}",
                "{{ _('Hello')|upper }} {{ _('Hello')|length }}",
                "{{ _('<b>') }}{{ _('<b>'|safe) }}{{ _('Hello'|safe) }}",
                "{{ gettext('Hello') ~ '<' }}",
                "{{ _('') }}",
                "{{ _('日本') }}{{ _('日' ~ '本') }}",
                "{% set m = 'Hello' %}{{ _(m) }}",
                "{% macro f() %}{{ _('Hello') }}{% endmacro %}{{ f() }}",
                "{% for m in ['Hello', 'empty', 'x'] %}{{ _(m) }},"
                "{% endfor %}",
                "{{ ['Hello', 'no']|map('upper')|map('lower')|join }}"):
            self.everywhere(text, {"name": "<you>", "x": "<&>"})

    def test_formats(self):
        # old style: the author formats, new style: the function does
        for text in ("{{ _('Hello %(name)s!') % {'name': '<y>'} }}",
                     "{{ _('Hello %(name)s!')|format(name='<y>') }}"):
            for autoescape in (False, True):
                self.same(text, autoescape=autoescape)
        for text in ("{{ _('Hello %(name)s!', name='<y>') }}",
                     "{{ gettext('Hello %(name)s!', name='<y>'|safe) }}",
                     "{{ _('100%%') }}", "{{ _('100%') }}",
                     "{{ _('50%%, no such message') }}",
                     "{{ ngettext('%(num)s file', '%(num)s files', 3) }}",
                     "{{ ngettext('%(num)s file', '%(num)s files', 3, num=4)"
                     " }}",
                     "{{ ngettext('%(a)s', '%(a)s and %(num)s', 5, a=1) }}",
                     "{{ pgettext('menu', 'Open %(what)s', what='<it>') }}",
                     "{{ pgettext('c<', 'in %(context)s') }}",
                     "{{ npgettext('menu', '%(num)s entry', '%(num)s entries'"
                     ", 2) }}",
                     "{{ npgettext('no', '%(context)s %(num)s', 'p', 1) }}",
                     "{% trans num=7 %}{{ num }} file{% pluralize %}"
                     "{{ num }} files{% endtrans %}",
                     "{% trans n=7, num=8 %}{{ num }} file{% pluralize %}"
                     "{{ num }} files{% endtrans %}",
                     "{% trans 'menu', what='<x>' %}Open {{ what }}"
                     "{% endtrans %}"):
            for autoescape in (False, True):
                self.same(text, newstyle=True, autoescape=autoescape)

    def test_contexts(self):
        for text in (
                "{{ pgettext('menu', 'Open') }} {{ pgettext('door', 'Open') }}"
                " {{ pgettext('no', 'Open') }} {{ gettext('Open') }}",
                "{% trans 'menu' %}Open{% endtrans %}",
                "{% trans 'menu', what='<x>' %}Open {{ what }}{% endtrans %}",
                "{% trans 'menu', num=3 %}{{ num }} entry{% pluralize %}"
                "{{ num }} entries{% endtrans %}",
                "{{ pgettext('menu'|safe, 'Open'|safe) }}",
                "{{ pgettext(1, 2) }}",
                "{{ pgettext('x' * 300, 'Open' * 100) }}"):
            self.everywhere(text)

    def test_plural_forms_of_languages(self):
        text = ("{% for n in numbers %}{{ n }} "
                "{{ ngettext('one apple', 'many apples', n) }}; "
                "{{ ngettext('missing', 'missings', n) }}; "
                "{{ ngettext('short', 'shorts', n) }}; "
                "{% trans num=n %}{{ num }} file{% pluralize %}"
                "{{ num }} files{% endtrans %}; "
                "{% trans 'menu', num=n %}{{ num }} entry{% pluralize %}"
                "{{ num }} entries{% endtrans %}\n{% endfor %}")
        for language in PLURALS:
            for newstyle in (False, True):
                self.same(text, {"numbers": NUMBERS}, locale=language,
                          newstyle=newstyle, autoescape=False)

    def test_plural_values(self):
        for value in ("true", "false", "1.0", "2.5", "1.5", "0.5", "'1'",
                      "none", "[]", "nothing", "'a'|float", "1e300"):
            for language in ("de", "ru", "none", "ar"):
                self.same("{{ ngettext('one apple', 'many apples', %s) }}"
                          % value, locale=language)

    def test_odd_arguments(self):
        for text in ("{{ gettext(5) }}", "{{ gettext(none) }}",
                     "{{ gettext(nothing) }}", "{{ gettext([1]) }}",
                     "{{ gettext({}) }}", "{{ gettext(('a', 1)) }}",
                     "{{ ngettext(1, 2, 3) }}", "{{ ngettext([], 2, 3) }}",
                     "{{ ngettext(nothing, 'x', 1) }}"):
            for newstyle in (False, True):
                self.same(text, newstyle=newstyle)

    def test_fallback(self):
        for text in ("{{ _('Hello') }} {{ _('100%') }} {{ _('nothing') }}",
                     "{{ pgettext('menu', 'Open') }}",
                     "{% for n in [0, 1, 2, 3] %}"
                     "{{ ngettext('one apple', 'many apples', n) }}, "
                     "{{ ngettext('short', 'shorts', n) }}; {% endfor %}"):
            for locale in ("de_AT", "de_AT.UTF-8", "de_CH", "pt_BR"):
                self.same(text, locale=locale)

    def test_modifiers(self):
        self.catalogue("sr", write_mo({"a": "sr a", "b": "sr b"}))
        self.catalogue("sr@latin", write_mo({"a": "latin a"}))
        done = self.tpl("{{ _('a') }}, {{ _('b') }}", {}, "sr_RS@latin")
        self.assertEqual(done.stdout.decode(), "latin a, sr b")

    def test_domain(self):
        self.catalogue("de", write_mo({"Hello": "shop"}), "shop")
        self.same("{{ _('Hello') }}", domain="shop")

    def test_charsets(self):
        for charset in ("UTF-8", "utf-8", "utf8", "ASCII", "us-ascii", None):
            self.catalogue("de", write_mo({"Hello": "Hallo"},
                                          charset=charset), "charset")
            self.same("{{ _('Hello') }}{{ _('x') }}", domain="charset")

    def test_random_plural_expressions(self):
        """What Python compiles we compile, with the same forms."""
        import random
        rnd = random.Random(3)
        tokens = ["n"] * 6 + ["!", "(", ")", "?", ":", "1", "2", "10", "100",
                              "%", "/", "*", "+", "-", "<", ">", "<=", ">=",
                              "==", "!=", "&&", "||"]

        def expr(depth):
            kind = rnd.randrange(8) if depth else rnd.randrange(2)
            if kind == 0:
                return "n"
            if kind == 1:
                return str(rnd.choice([0, 1, 2, 3, 10, 11, 100]))
            if kind == 2:
                return "!" + expr(depth - 1)
            if kind == 3:
                return "(%s)" % expr(depth - 1)
            if kind == 4:
                return "%s ? %s : %s" % tuple(expr(depth - 1)
                                              for _ in range(3))
            return "%s %s %s" % (expr(depth - 1), rnd.choice(tokens[12:]),
                                 expr(depth - 1))

        text = ("{% for n in [0, 1, 2, 3, 5, 11, 12, 21, 100, 101, 111, -3] "
                "%}{{ ngettext('m', 'ms', n) }} {% endfor %}")
        good = bad = 0
        for i in range(250):
            if i % 3:
                plural = expr(rnd.randrange(1, 5))
            else:
                plural = " ".join(rnd.choice(tokens)
                                  for _ in range(rnd.randrange(1, 9)))
            if i % 50 == 49:
                plural = "(" * (i // 2) + "n" + ")" * (i // 2)
            data = write_mo({("m", "ms"): ["f%d" % i for i in range(120)]},
                            plural="nplurals=120; plural=" + plural)
            path = self.catalogue("xx", data)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    with open(path, "rb") as f:
                        gettext.GNUTranslations(f)
            except (ValueError, SyntaxError) as e:
                bad += 1
                done = self.tpl(text, {}, "xx")
                self.assertEqual(done.returncode, 1, plural)
                if not isinstance(e, SyntaxError):
                    self.assertIn(str(e), done.stderr.decode(), plural)
            else:
                good += 1
                self.same(text, locale="xx")
        self.assertGreater(good, 100)
        self.assertGreater(bad, 30)

    def broken(self, data, what):
        self.catalogue("yy", data)
        done = self.tpl("x", {}, "yy")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn("./yy/LC_MESSAGES/messages.mo: " + what,
                      done.stderr.decode())

    def test_broken_catalogues(self):
        good = write_mo({"a": "b"})
        self.broken(b"", "the file is too short")
        self.broken(b"x" * 100, "bad magic number")
        self.broken(good[:4] + struct.pack("<I", 2 << 16) + good[8:],
                    "bad version number")
        self.broken(good[:-1], "the file is corrupt")
        self.broken(good[:8] + b"\xff\xff\xff\xff" + good[12:],
                    "the file is corrupt")
        self.broken(good.replace(b"\0b\0", b"\0\xff\0"),
                    "a message is not valid UTF-8")
        self.broken(write_mo({"a": "ä"}, charset="latin-1"),
                    'the charset "latin-1" is not supported')
        self.broken(good.replace(b"charset=", b"charsey="),
                    "the header Content-Type has no charset")
        self.broken(write_mo({}, plural="nplurals=2"),
                    "the header Plural-Forms has no plural=")
        self.broken(write_mo({}, plural="nplurals=2; plural=n +"),
                    "unexpected end of plural form in the header Plural-Forms")
        self.broken(write_mo({}, plural="nplurals=2; plural=k"),
                    "invalid token in plural form: k")
        self.broken(write_mo({("a", "b", "c"): ["x"]}),
                    "a message has more than one plural")

    def test_usage(self):
        done = self.tpl("x", {}, "tlh")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'there is no catalogue "messages.mo" for the locale '
                      b'"tlh" below "."', done.stderr)
        done = subprocess.run([TPL, "render", "x", "--locale", "de"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--locale-path and --locale need each other",
                      done.stderr)

    def test_without_a_locale(self):
        with open(os.path.join(self.dir, "page"), "w") as f:
            f.write("{% trans n=2 %}one{% pluralize %}{{ n }}{% endtrans %}"
                    "{{ _('<') }}{{ pgettext('c', 'm') }}")
        done = subprocess.run([TPL, "render", "page"], cwd=self.dir,
                              stdout=subprocess.PIPE)
        self.assertEqual(done.stdout, b"2<m")


if __name__ == "__main__":
    if not os.path.exists(TPL):
        sys.exit("test_gettext.py: %s is not there; run `make cli` first"
                 % TPL)
    unittest.main()
