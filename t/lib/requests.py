"""Requests for t/requests.t, with what Flask or Tornado makes of each of them.

    requests.py flask|tornado N

writes one JSON object a line: a name, the bytes of a request (as ISO 8859-1)
and the text that the template renders to, or its status.  The first line is the
template.  N random requests follow those that are written down here.

The environment is made as PEP 3333 says, and as gunicorn makes it; so an odd
byte of the request line or of a header reaches Flask as it was sent.
"""

import io
import json
import random
import sys
import urllib.parse

PORT = "12345"      # stands for nginx's own

FLASK = """
request
request.method
request.path
request.full_path
request.script_root
request.root_path
request.url
request.base_url
request.url_root
request.root_url
request.host_url
request.host
request.scheme
request.is_secure
request.query_string
request.remote_addr
request.args
request.args.x
request.args['x']
request.args.get('x')
request.args.get('x', 'none')
request.args.get('n', 5, type=to_int)
request.args.get('n', type=to_float)
request.args.getlist('x')
request.args.getlist('n', type=to_int)
request.args.getlist('nope')
request.args.to_dict()
request.args.to_dict(flat=false)
request.args.keys()|list
request.args.values()|list
request.args.items()|list
request.args.items(multi=true)|list
request.args.lists()|list
request.args.listvalues()|list
request.args|length
request.args|list
request.args|tojson
request.args|dictsort
request.args|urlencode
request.args is mapping
'x' in request.args
'nope' in request.args
request.args.nope is defined
'yes' if request.args else 'no'
request.form
request.files
request.values
request.values.get('x')
request.values.getlist('x')
request.values.items(multi=true)|list
request.values.to_dict()
request.values|length
request.headers
request.headers|list
request.headers.keys()|list
request.headers.keys(lower=true)|list
request.headers.items()|list
request.headers.values()|list
request.headers|length
request.headers['user-agent']
request.headers['USER_AGENT']
request.headers.get('X-One')
request.headers.get('x-one', 'none')
request.headers.get('x-number', 7, type=to_int)
request.headers.getlist('X-One')
request.headers.get_all('nope')
'x-one' in request.headers
'nope' in request.headers
request.headers.nope is defined
request.cookies
request.cookies.a
request.cookies.get('a', 'none')
request.cookies.getlist('a')
'a' in request.cookies
request.cookies|length
request.user_agent
request.user_agent.string
request.user_agent.browser
'yes' if request.user_agent else 'no'
request.user_agent.to_header()
request.referrer
request.origin
request.content_type
request.content_length
request.content_encoding
request.mimetype
request.mimetype_params
request.is_json
request.get_json(silent=true)
request.accept_languages
request.accept_languages|list
request.accept_languages.best
request.accept_languages.best_match(['de', 'en-GB', 'en', 'fr'])
request.accept_languages.best_match(['de_AT', 'pt_BR'], 'xx')
request.accept_languages.best_match([])
request.accept_languages.quality('en')
request.accept_languages['de-DE']
request.accept_languages.values()|list
request.accept_languages.find('de')
request.accept_languages.provided
'en-US' in request.accept_languages
request.accept_languages.to_header()
request.accept_mimetypes
request.accept_mimetypes|list
request.accept_mimetypes.best
request.accept_mimetypes.best_match(['application/json', 'text/html'])
request.accept_mimetypes.best_match(['text/plain', 'text/*'], 'none')
request.accept_mimetypes.best_match(['text/html;level=1', 'a/b;c=d; e=f'])
request.accept_mimetypes.quality('text/html')
request.accept_mimetypes['application/json']
request.accept_mimetypes.find('image/png')
request.accept_mimetypes.accept_html
request.accept_mimetypes.accept_xhtml
request.accept_mimetypes.accept_json
'image/png' in request.accept_mimetypes
request.accept_mimetypes|length
request.accept_charsets|list
request.accept_charsets.best_match(['UTF8', 'latin-1'])
'ISO-8859-1' in request.accept_charsets
request.accept_encodings
request.accept_encodings|list
request.accept_encodings.best_match(['gzip', 'br', 'identity'])
request.accept_encodings.quality('gzip')
'br' in request.accept_encodings
request.endpoint
request.view_args
request.blueprint
request.nope is defined
g.nope is defined
g.get('a', 3)
'a' in g
""".split("\n")[1:-1]

TORNADO = """
request
request.method
request.uri
request.path
request.query
request.version
request.remote_ip
request.protocol
request.host
request.host_name
request.full_url()
request.body
request.files
request.arguments
request.query_arguments
request.body_arguments
sorted(request.arguments.items())
request.headers
list(request.headers)
list(request.headers.keys())
list(request.headers.items())
list(request.headers.values())
list(request.headers.get_all())
len(request.headers)
request.headers.get('x-one')
request.headers.get('nope', 'none')
request.headers.get_list('X-ONE')
request.headers.get_list('nope')
'x-one' in request.headers
'nope' in request.headers
request.headers['host'] if 'Host' in request.headers else ''
sorted((k, m.value) for k, m in request.cookies.items())
len(request.cookies)
handler.get_argument('x', 'none')
handler.get_argument('x', None, strip=False)
handler.get_argument('n', default='')
handler.get_arguments('x')
handler.get_arguments('x', strip=False)
handler.get_arguments('nope')
handler.get_query_argument('x', 'none')
handler.get_query_arguments('n')
handler.get_body_argument('x', 'none')
handler.get_body_arguments('y')
handler.get_cookie('a')
handler.get_cookie('nope', 'none')
sorted(handler.cookies)
handler.request.uri
handler.get_status()
handler.path_args
handler.path_kwargs
handler.settings.get('nope')
handler.current_user
current_user
locale.code
locale.name
locale.rtl
handler.locale.code
_('hello')
_('one', 'many', 1)
_('one', 'many', 2)
locale.translate('hello')
locale.pgettext('context', 'hello')
locale.pgettext('context', 'one', 'many', 3)
locale.list([])
locale.list(['a'])
locale.list(['a', 'b', 'c'])
locale.friendly_number(1234567)
locale.friendly_number(12)
locale.format_date(datetime.datetime(2001, 2, 3, 16, 5), relative=False)
locale.format_date(datetime.datetime(2001, 2, 3, 0, 5), full_format=True)
locale.format_date(981216300, shorter=True)
locale.format_date(datetime.datetime(2001, 3, 1, 0, 5), gmt_offset=60)
locale.format_date(datetime.datetime.utcnow() - datetime.timedelta(seconds=3))
locale.format_date(datetime.datetime.utcnow() - datetime.timedelta(minutes=9))
locale.format_date(datetime.datetime.utcnow() - datetime.timedelta(hours=20))
locale.format_day(datetime.datetime(2024, 2, 29, 1, 0))
locale.format_day(datetime.datetime(2024, 2, 29, 1), gmt_offset=90, dow=False)
""".split("\n")[1:-1]


# The names of Python's types are no part of Jinja's; Flask gets them from the
# view, here they are the ones that tpl_web_convert() knows.
def template_of(expressions):
    return "".join("%d <{{ %s }}>\n" % (i, e)
                   for i, e in enumerate(expressions))


def post(text, content_type):
    return ("POST /form?x=query HTTP/1.1\r\nHost: a.test\r\n"
            "Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (content_type, len(text), text))


def get(target="/", *headers, method="GET", version="1.1", host="a.test"):
    lines = ["%s %s HTTP/%s" % (method, target, version)]
    if host is not None:
        lines.append("Host: " + host)
    return "\r\n".join(lines + list(headers)) + "\r\n\r\n"


WRITTEN = {
    "nothing": get(),
    "a query": get("/a?x=1&n=2"),
    "only a question mark": get("/a?"),
    "two question marks": get("/a?x=?&?=y"),
    "a blank as plus and as %20": get("/a+b%20c?x=a+b%20c&n=+7+"),
    "reserved characters": get("/a%2Fb%3Fc%23d@e:f;g=h,i!j$k'l(m)*"
                               "?x=a/b?c:d@e!f$g'h(i)*j,k;l"),
    "UTF-8": get("/%C3%A4/%E2%82%AC?x=%C3%A4&%C3%B6=%F0%9F%98%80"),
    "ill-formed UTF-8": get("/%C3/%ff%fe/%E2%82?x=%ff&%C3=a%E2%82b"),
    "raw bytes": get("/\xc3\xa4/\xff?x=\xc3\xa4"),
    "percent signs that are none": get("/%25%2541?x=%&n=%zz&x=%4&x=%%41"),
    "lower-case escapes": get("/%c3%a4%2f?x=%c3%a4%2f"),
    "empty fields": get("/?&&x&=y&x=&&n&"),
    "equal signs": get("/?x=a=b==&=&=="),
    "many of one name": get("/?x=3&y=1&x=1&x=2&y=2&n=1&n=a&n=2.5"),
    "numbers": get("/?n=12"),
    "a number with blanks": get("/?n=%20-1_0%20"),
    "a number that is none": get("/?n=1e"),
    "a large number": get("/?n=1e400"),
    "HTML": get("/<b>?x=<i>&x=\"'"),
    "two slashes": get("//a//b/"),
    "dots": get("/a/./b/../c"),
    "a fragment": get("/a?x=1#x=2"),
    "a control character": get("/a%01%7f%0a?x=%01%0d%0a"),
    "no host": get(host=None, version="1.0"),
    "a host with its port": get(host="a.test:80"),
    "a host with another port": get(host="a.test:8080"),
    "a host in upper case": get(host="A.Test"),
    "an address": get(host="127.0.0.1:81"),
    "IPv6": get(host="[::1]:8080"),
    "IPv6 without a port": get(host="[2001:db8::1]"),
    "a port with zeros": get(host="a.test:0080"),
    "a host with a name": get(host="me:secret@a.test"),
    "HTTP/1.0": get("/?x=1", version="1.0"),
    "headers": get("/", "User-Agent: me/1.0 (x)", "X-One: 1", "X-Number: 12",
                   "Referer: http://b.test/?a=%C3%A4", "Origin: null"),
    "headers twice": get("/", "X-One: 1", "x-one: 2", "X-ONE: 3"),
    "names of headers": get("/", "x-3d-api: a", "X-UPPER: b", "dnt: 1",
                            "X-a1b: c"),
    "bytes in headers": get("/", "X-One: \xc3\xa4", "User-Agent: \xff"),
    "an empty header": get("/", "X-One:", "Content-Type:", "Accept:"),
    "blanks around": get("/", "X-One:   a b  ", "X-Number:  3 "),
    "cookies": get("/", "Cookie: a=1; b=2; a=3"),
    "odd cookies": get("/", "Cookie:  a = 1 ;b;=c; ;d=;a=b=c;e"),
    "quoted cookies": get("/", 'Cookie: a="x;y"; b="q\\"r\\\\s"; '
                          'c="\\303\\244\\041"; d="open; e=f"g"; h="i" j'),
    "cookies with backslashes": get("/", 'Cookie: a="\\"; b="c\\'),
    "cookies with bytes": get("/", "Cookie: a=\xc3\xa4; \xc3\xb6=\xff"),
    "languages": get("/", "Accept-Language: de-AT, de;q=0.9, en-US;q=0.8, "
                     "*;q=0.1"),
    "languages by their first part": get("/", "Accept-Language: pt-PT, "
                                         "de_CH;q=0.7"),
    "any language": get("/", "Accept-Language: *"),
    "a language that is refused": get("/", "Accept-Language: en;q=0, fr"),
    "odd weights": get("/", "Accept-Language: a;q=1.000, b;q=2, c;q=.5, "
                       "d;q=, e;q=x, f; q=0.3, g;Q=0.2, h ;q=0.25;x, i;q",
                       "Accept: a/b;q=1, c/d;q=0.0"),
    "types": get("/", "Accept: text/html,application/xhtml+xml,"
                 "application/xml;q=0.9,image/webp,*/*;q=0.8"),
    "types with parameters": get("/", "Accept: text/html;level=1, "
                                 "text/html;q=0.5, text/*;q=0.3, "
                                 "A/B; E=f ;c=d, */x, text"),
    "JSON is wanted": get("/", "Accept: application/json, text/html;q=0.9"),
    "charsets": get("/", "Accept-Charset: utf-8, ISO_8859-1;q=0.7, *;q=0.1"),
    "encodings": get("/", "Accept-Encoding: gzip;q=0.5, br, *;q=0"),
    "a form": post("x=body&y=%C3%A4+b&x=2", "application/x-www-form-urlencoded"),
    "a form in another charset": post(
        "x=b", "Application/X-WWW-Form-urlencoded; Charset=\"utf-8\""),
    "JSON": post('{"a": [1, "\\u00e4", null]}', "application/json"),
    "JSON of a kind": post('[]', "application/problem+json; a=b"),
    "JSON that is none": post('{', "application/json"),
    "a text": post('hello', "text/plain;charset=utf-8"),
    "a type with options": get("/", "Content-Type: Text/HTML; Charset=utf-8;"
                               " a=\"b;c\"; d"),
}


def random_request(rng):
    def text(alphabet, most):
        return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, most)))

    def part(most):
        return "".join(rng.choice(["a", "b", "x", "n", "1", "+", "%20", "%C3",
                                   "%A4", "%ff", "%2F", "%zz", "%", "-", ".",
                                   "~", "'", "(", "@", ":", ";", ",", "$",
                                   "%e2%82%ac", "%41", "%25"])
                       for _ in range(rng.randint(0, most)))

    query = "&".join(rng.choice(["%s=%s", "%s%s", "x=%s%s", "n=%s%s"])
                     % (part(2), part(5)) for _ in range(rng.randint(0, 5)))
    headers = []

    if rng.random() < 0.7:
        headers.append("Cookie: " + "".join(
            rng.choice(["a", "b", "=", "=", ";", "; ", '"', '"', "\\", "\\\\",
                        "\\303\\244", "\\4", " ", "a=1", "\xc3\xa4", ","])
            for _ in range(rng.randint(1, 20))).strip())

    for name, words in (
            ("Accept-Language", ["de", "en", "en-US", "de-AT", "de_CH", "fr",
                                 "*", "pt"]),
            ("Accept", ["text/html", "text/*", "*/*", "application/json",
                        "image/png", "text/html;level=1", "*/x", "x", "a/b"]),
            ("Accept-Encoding", ["gzip", "br", "*", "identity", "x"]),
            ("Accept-Charset", ["utf-8", "UTF8", "iso-8859-1", "*", "latin1"])):
        if rng.random() < 0.7:
            headers.append(name + ": " + "".join(
                rng.choice(words) + rng.choice(
                    ["", "", ";q=0.5", ";q=0.8", "; q=0.1", ";q=0", ";q=1.0",
                     ";q", ";a=b", " ; a = b", ";q=.3", ";qq=1", ";q=0.5;x"])
                + rng.choice([",", ", ", ",", " , ", ",,", " "])
                for _ in range(rng.randint(1, 6))).strip())

    if rng.random() < 0.5:
        headers.append("X-One: " + text("ab \xe4\"'<&", 8).strip())

    return get("/" + part(6) + rng.choice(["", "?", "?" + query, "?" + query]),
               *headers)


def environment(raw):
    """PEP 3333's environ of a request."""
    head, _, body = raw.partition("\r\n\r\n")
    line, *headers = head.split("\r\n")
    method, target, version = line.split(" ")
    target = target.partition("#")[0]
    path, _, query = target.partition("?")

    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(
            path.encode("latin1")).decode("latin1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "site.test",
        "SERVER_PORT": PORT,
        "SERVER_PROTOCOL": version,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body.encode("latin1")),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }

    for header in headers:
        name, _, value = header.partition(":")
        name = name.upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        value = value.strip(" \t")
        if name in environ:
            value = environ[name] + "," + value
        environ[name] = value

    return environ


def flask_answers(requests):
    import flask

    app = flask.Flask("requests")
    app.jinja_env.autoescape = False
    template = app.jinja_env.from_string(template_of(FLASK))

    def number(kind):
        def convert(text):
            try:
                return kind(text)
            except OverflowError as e:
                raise ValueError from e
        return convert

    for name, raw in requests:
        with app.request_context(environment(raw)):
            yield name, raw, template.render(
                request=flask.request._get_current_object(), g=flask.g,
                to_int=number(int), to_float=number(float))


def tornado_answers(requests):
    from tornado import httputil, template, web

    class Context:
        remote_ip = "127.0.0.1"
        protocol = "http"

    class Connection:
        context = Context

        def set_close_callback(self, callback):
            pass

    compiled = template.Template(template_of(TORNADO), autoescape=None)
    application = web.Application()

    for name, raw in requests:
        head, _, body = raw.partition("\r\n\r\n")
        line, _, headers = head.partition("\r\n")
        method, target, version = line.split(" ")

        # what nginx does with them

        if target.startswith("//"):
            continue

        request = httputil.HTTPServerRequest(
            connection=Connection(),
            start_line=httputil.RequestStartLine(method, target, version),
            headers=httputil.HTTPHeaders.parse(headers + "\r\n"),
            body=body.encode("latin1"))
        request._parse_body()

        handler = web.RequestHandler(application, request)
        handler.path_args, handler.path_kwargs = [], {}

        try:
            text = compiled.generate(**handler.get_template_namespace())
            yield name, raw, text.decode("utf-8")
        except web.HTTPError as e:
            yield name, raw, e.status_code


def main():
    which, n = sys.argv[1], int(sys.argv[2])
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    requests = list(WRITTEN.items())
    requests += [("random %d" % i, random_request(rng)) for i in range(n)]

    if which == "flask":
        template, answers = template_of(FLASK), flask_answers
    else:
        template, answers = template_of(TORNADO), tornado_answers

    print(json.dumps(template.replace("to_int", "int")
                     .replace("to_float", "float")))

    for name, raw, expected in answers(requests):
        print(json.dumps({"name": name, "raw": raw, "expected": expected}))


if __name__ == "__main__":
    main()
