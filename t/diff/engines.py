"""What diff_jinja.py and diff_tornado.py share: asking `tpl batch`, making a
case that differs smaller, and going through all the cases of a seed.

A template is a nested list of strings, its pieces.  A result is a pair:
(True, text) or (False, "Class: message", anything else that is known of it).
"""
import argparse
import json
import random
import signal
import subprocess
import sys
import warnings


def flatten(parts):
    return "".join(p if isinstance(p, str) else flatten(p) for p in parts)


class TooSlow(BaseException):
    """No engine's `except Exception` may swallow it."""


def _too_slow(*_):
    raise TooSlow("too slow")


def limited(seconds, render, *args):
    """What render(*args) returns, or an error if it takes too long."""
    signal.alarm(seconds)
    try:
        return render(*args)
    except TooSlow:
        return False, "TimeoutError: too slow", None
    finally:
        signal.alarm(0)


class Tpl:
    """One `tpl batch`, started again when it dies."""

    def __init__(self, command):
        self.command = command
        self.start()

    def start(self):
        self.proc = subprocess.Popen([self.command, "batch"],
                                     stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)

    def ask(self, request):
        """The reply; "CRASH" in its error when there is none."""
        signal.alarm(20)
        try:
            self.proc.stdin.write(json.dumps(request).encode() + b"\n")
            self.proc.stdin.flush()
            line = self.proc.stdout.readline()
        except TooSlow:
            self.proc.kill()
            line = b""
        except OSError:
            line = b""
        finally:
            signal.alarm(0)
        if not line:
            status = self.proc.wait()
            self.start()
            return {"ok": False, "error": "CRASH %d" % status}
        return json.loads(line)


def shrink(parts, differs):
    """Drops pieces for as long as differs(source) is true of the rest."""
    flat = []

    def walk(node):
        for p in node:
            if isinstance(p, str):
                flat.append(p)
            else:
                walk(p)
    walk(parts)
    again = True
    while again:
        again = False
        for size in (len(flat) // 2, 4, 3, 2, 1):
            i = 0
            while size and i < len(flat):
                trial = flat[:i] + flat[i + size:]
                if trial and differs("".join(trial)):
                    flat = trial
                    again = True
                else:
                    i += 1
    return "".join(flat)


def run(doc, name, cases, make, differ, oracle, is_syntax_error):
    """All the cases of a seed; the exit status.

    make(rnd)               (case, parts of its template)
    differ(tpl, source, case)   None, or (ours, theirs)
    oracle(source, case)    their result
    """
    ap = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tpl", default="build/tpl")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--cases", type=int, default=cases)
    ap.add_argument("--show", type=int, default=10)
    args = ap.parse_args()
    signal.signal(signal.SIGALRM, _too_slow)
    warnings.simplefilter("ignore")
    tpl = Tpl(args.tpl)
    bad = asked = rendered = 0
    for k in range(args.cases):
        case, parts = make(random.Random("%d.%d" % (args.seed, k)))
        source = flatten(parts)
        result = differ(tpl, source, case)
        if k % 50 == 0:
            asked += 1
            rendered += oracle(source, case)[0]
        if result is None:
            continue
        bad += 1
        if bad <= args.show:
            small = shrink(parts, lambda source: not is_syntax_error(
                oracle(source, case)) and differ(tpl, source, case))
            result = differ(tpl, small, case) or result
            print("case %d.%d %s\n  template %s\n  %-8s %r\n  tpl      %r"
                  % (args.seed, k, json.dumps(case), json.dumps(
                      small, ensure_ascii=False), name, result[1],
                     result[0]))
            sys.stdout.flush()
    print("about %d %% of the cases render"
          % (100 * rendered // max(1, asked)))
    print("%d passed, %d failed" % (args.cases - bad, bad))
    return 1 if bad else 0
