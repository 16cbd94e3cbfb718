#!/usr/bin/python3
"""Recorded cases through a real nginx; writes the replies for scoring.

    conformance-nginx.py CASES.json OUT.json

CASES.json is what the runner's --list prints. Every case is a location with a
folder of its own: the templates are files, the options directives, the data
tpl_data files. A case whose configuration nginx refuses has its error from
"nginx -t"; the others are asked of one running server. What no directive can
say (a sandbox, policies, values that are markup already) is "unsupported".
"""
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time

NGINX = os.environ.get("NGINX_BINARY", "/usr/sbin/nginx")
MODULE = os.path.abspath(os.environ["TPL_MODULE"])
PORT = int(os.environ.get("TPL_PORT", "18931"))
UNDEFINED = {"Undefined": "lenient", "StrictUndefined": "strict",
             "ChainableUndefined": "chainable", "DebugUndefined": "debug"}
DELIMITERS = (("block_start_string", "{%"), ("block_end_string", "%}"),
              ("variable_start_string", "{{"), ("variable_end_string", "}}"),
              ("comment_start_string", "{#"), ("comment_end_string", "#}"))
EXTENSIONS = ("do", "loopcontrols", "i18n", "debug")


def quote(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


class Unsupported(Exception):
    pass


def directives(case):
    """the options of a case as directives"""
    opts = dict(case["options"])
    lines = []
    if case["syntax"] == "tornado":
        lines.append("tpl_syntax tornado;")
        escape = opts.pop("autoescape", "xhtml_escape")
        if escape not in (None, "xhtml_escape"):
            raise Unsupported("autoescape")
        lines.append("tpl_autoescape %s;" % ("html" if escape else "off"))
        mode = opts.pop("whitespace", None)
        if mode:
            lines.append("tpl_whitespace %s;" % mode)
        if opts:
            raise Unsupported(", ".join(opts))
        return lines

    escape = opts.pop("autoescape", False)
    if not isinstance(escape, bool):
        raise Unsupported("autoescape")
    lines.append("tpl_autoescape %s;" % ("html" if escape else "off"))
    undefined = opts.pop("undefined", "Undefined")
    if undefined not in UNDEFINED:
        raise Unsupported(undefined)
    lines.append("tpl_undefined %s;" % UNDEFINED[undefined])
    words = [name for name in ("trim_blocks", "lstrip_blocks",
                               "keep_trailing_newline") if opts.pop(name, 0)]
    newline = opts.pop("newline_sequence", "\n")
    words += {"\r\n": ["crlf"], "\r": ["cr"]}.get(newline, [])
    if words:
        lines.append("tpl_whitespace %s;" % " ".join(words))
    names = [opts.pop(name, usual) for name, usual in DELIMITERS]
    names = [quote(name) for name in names]
    for option, prefix in (("line_statement_prefix", "line_statement="),
                           ("line_comment_prefix", "line_comment=")):
        value = opts.pop(option, None)
        if value:
            names.append(quote(prefix + value))
    lines.append("tpl_delimiters %s;" % " ".join(names))
    given = [name.split(".")[-1] for name in opts.pop("extensions", [])]
    if any(name not in EXTENSIONS for name in given):
        raise Unsupported("extensions")
    # without catalogues the functions are there and change nothing
    if opts.pop("null_translations", None) == "newstyle":
        given.append("newstyle_gettext")
    lines.append("tpl_extensions %s;" % (" ".join(given) or "none"))
    if opts:
        raise Unsupported(", ".join(opts))
    return lines


def has_markup(value):
    if isinstance(value, dict):
        return "__markup__" in value or any(map(has_markup, value.values()))
    return isinstance(value, list) and any(map(has_markup, value))


def location(folder, number, case, preload):
    lines = directives(case)
    root = "%s/c%d" % (folder, number)
    for name, text in case["templates"].items():
        path = os.path.normpath("%s/t/%s" % (root, name))
        if not path.startswith(root + "/t/") or "$" in name:
            raise Unsupported("template name")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", newline="") as f:
            f.write(text)
    os.makedirs(root + "/d", exist_ok=True)
    data = dict(case["globals"], **case["context"])
    if has_markup(data):
        raise Unsupported("markup in the data")
    for k, (name, value) in enumerate(data.items()):
        with open("%s/d/%d.json" % (root, k), "w") as f:
            json.dump(value, f)
        lines.append("tpl_data %s %s/d/%d.json;" % (quote(name), root, k))
    if preload:
        lines.append("tpl_preload **;")
    return "location = /c%d { tpl_root %s/t; tpl_render %s;\n%s }\n" % (
        number, root, quote(case["main"]), "\n".join(lines))


def configuration(folder, locations, name):
    path = "%s/%s.conf" % (folder, name)
    with open(path, "w") as f:
        f.write("load_module %s;\npid %s/%s.pid;\nworker_processes 1;\n"
                "error_log %s/%s.log;\nevents {}\nhttp {\naccess_log off;\n"
                % (MODULE, folder, name, folder, name))
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            f.write("%s_temp_path %s/tmp;\n" % (kind, folder))
        f.write("server { listen 127.0.0.1:%d;\n%s}\n}\n" % (
            PORT, "".join(locations)))
    return path


def error_of(text):
    """the engine's message and line in what nginx logged"""
    found = re.search(r"(?:\[emerg\]|\[error\]) \S+ (?:\*\d+ )?(.*?:(\d+):\d+:"
                      r" .*)", text)
    if found:
        return {"ok": False, "error": found.group(1),
                "line": int(found.group(2))}
    return {"ok": False, "error": text.strip()[-300:]}


def check(folder, number, case):
    """(location, None) if nginx takes it, else (None, reply)"""
    try:
        for preload in (True, False):
            text = location(folder, number, case, preload)
            path = configuration(folder, [text], "t%d" % number)
            run = subprocess.run([NGINX, "-t", "-q", "-p", folder, "-c", path],
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
            if run.returncode == 0:
                return text, None
    except Unsupported as e:
        return None, {"ok": False, "error": str(e), "unsupported": True}
    return None, error_of(run.stdout.decode("utf-8", "replace"))


def ask(folder, number):
    log = folder + "/server.log"
    start = os.path.getsize(log) if os.path.exists(log) else 0
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request("GET", "/c%d" % number)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status == 200:
        return {"ok": True, "output": body.decode()}
    with open(log, "rb") as f:
        f.seek(start)
        return error_of(f.read().decode("utf-8", "replace"))


def main():
    with open(sys.argv[1]) as f:
        cases = json.load(f)["cases"]
    folder = os.path.abspath(sys.argv[2] + ".dir")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + "/tmp")
    replies = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        checked = list(pool.map(lambda k: check(folder, k, cases[k]),
                                range(len(cases))))
    served = [k for k, (text, _) in enumerate(checked) if text]
    for k, (_, reply) in enumerate(checked):
        if reply:
            replies[cases[k]["id"]] = reply
    path = configuration(folder, [checked[k][0] for k in served], "server")
    server = subprocess.Popen([NGINX, "-p", folder, "-c", path, "-g",
                               "daemon off;"])
    try:
        for _ in range(100):
            time.sleep(.1)
            if os.path.exists(folder + "/server.pid"):
                break
        for k in served:
            replies[cases[k]["id"]] = ask(folder, k)
    finally:
        server.terminate()
        server.wait()
    with open(sys.argv[2], "w") as f:
        json.dump(replies, f)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
