# tpl_render: the response of a page.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a page
A pure page has a length, a type with charset, and a strong ETag.
--- config
    location = / {
        tpl_render index.html;
    }
--- user_files
>>> index.html
{% for word in ["Hello", "world"] %}{{ word }}{{ "!" if loop.last else ", " }}{% endfor %}
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Length: 13
! Transfer-Encoding
! Last-Modified
--- raw_response_headers_like: ETag: "[0-9a-f]{16}"\r\n
--- response_body: Hello, world!
--- error_code: 200



=== TEST 2: HEAD has the header of GET and no body
--- config
    location = / { tpl_render index.html; }
--- user_files
>>> index.html
Hello
--- request
HEAD /
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Length: 5
--- raw_response_headers_like: ETag: "[0-9a-f]{16}"\r\n
--- response_body:



=== TEST 3: other methods are not allowed
--- config
    location = / { tpl_render index.html; }
--- user_files
>>> index.html
Hello
--- request eval
["POST /\nbody", "PUT /\nbody", "DELETE /", "OPTIONS /"]
--- error_code eval
[405, 405, 405, 405]
--- response_headers eval
[("Allow: GET, HEAD") x 4]



=== TEST 4: a status of its own
Only a page with status 200 has an ETag.
--- config
    location = / { tpl_render index.html status=503; }
--- user_files
>>> index.html
Closed ({{ nginx.status }})
--- error_code: 503
--- response_headers
Content-Type: text/html; charset=utf-8
! ETag
! Accept-Ranges
--- response_body: Closed (503)



=== TEST 5: a status that has no body
--- config
    location = / { tpl_render index.html status=204; }
--- user_files
>>> index.html
never seen
--- error_code: 204
--- response_headers
! Content-Length
! Content-Type
--- response_body:



=== TEST 6: the type comes from the name of the template
What nginx does not know by its extension is text/html.
--- http_config
    types {
        text/html               html;
        text/xml                xml;
        application/json        json;
        application/atom+xml    atom;
        application/javascript  js;
        image/svg+xml           svg;
    }
--- config
    location = /a { tpl_render a.html; }
    location = /b { tpl_render b.xml; }
    location = /c { tpl_render c.json; }
    location = /d { tpl_render d.atom; }
    location = /e { tpl_render e.JS; }
    location = /f { tpl_render f; }
    location = /g { tpl_render g.j2; }
    location = /h { tpl_render dir.xml/h; }
--- user_files
>>> a.html
>>> b.xml
>>> c.json
>>> d.atom
>>> e.JS
>>> f
>>> g.j2
>>> dir.xml/h
--- request eval
[map { "GET /$_" } 'a' .. 'h']
--- response_headers eval
["Content-Type: text/html; charset=utf-8",
 "Content-Type: text/xml; charset=utf-8",
 "Content-Type: application/json",
 "Content-Type: application/atom+xml; charset=utf-8",
 "Content-Type: application/javascript; charset=utf-8",
 ("Content-Type: text/html; charset=utf-8") x 3]



=== TEST 7: type= wins, and with parameters it stays as it is
--- config
    location = /a { tpl_render a.html type=text/plain; }
    location = /b { tpl_render a.html "type=text/html; charset=us-ascii"; }
    location = /c { tpl_render a.html type=application/json; }
--- user_files
>>> a.html
x
--- request eval
["GET /a", "GET /b", "GET /c"]
--- response_headers eval
["Content-Type: text/plain; charset=utf-8",
 "Content-Type: text/html; charset=us-ascii",
 "Content-Type: application/json"]



=== TEST 8: one block of a page
--- config
    location = /all { tpl_render page.html; }
    location = /part { tpl_render page.html block=content; }
--- user_files
>>> layout.html
<html>{% block content %}{% endblock %}</html>
>>> page.html
{% extends "layout.html" %}{% block content %}<p>{{ 6 * 7 }}</p>{% endblock %}
--- request eval
["GET /all", "GET /part", "GET /all"]
--- response_body eval
["<html><p>42</p></html>", "<p>42</p>", "<html><p>42</p></html>"]



=== TEST 9: an empty page
--- config
    location = / { tpl_render empty.html; }
    location = /var { tpl_render var.html; }
--- user_files
>>> empty.html
>>> var.html
{{ nginx.arg_x }}
--- request eval
["GET /", "GET /var", "GET /", "HEAD /"]
--- response_headers eval
[("Content-Length: 0") x 4]
--- response_body eval
["", "", "", ""]



=== TEST 10: If-None-Match
The ETag is made of the bytes of the page (t/conditional.t has the rest).
--- config
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
Hello {{ nginx.arg_name }}
--- request eval
["GET /?name=you", "GET /?name=you", "GET /?name=you"]
--- more_headers eval
["", 'If-None-Match: "0123456789abcdef"', 'If-None-Match: *']
--- error_code eval
[200, 200, 304]



=== TEST 11: no ETag where the same data may give another page
--- config
    location = / { tpl_render random.html; }
    location = /included { tpl_render included.html; }
    location = /named { tpl_render named.html; }
--- user_files
>>> random.html
{{ [1, 1, 1]|random }}
>>> included.html
{% include "random.html" %}
>>> named.html
{% include nginx.arg_name %}
--- request eval
["GET /", "GET /included", "GET /named?name=random.html"]
--- response_headers eval
[("! ETag") x 3]
--- response_body eval
["1", "1", "1"]



=== TEST 12: etag off is nginx's way to say so
--- config
    etag off;
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
Hello
--- response_headers
! ETag
--- response_body: Hello



=== TEST 13: If-Unmodified-Since does not apply to what has no Last-Modified
--- config
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
Hello
--- more_headers
If-Unmodified-Since: Mon, 28 Sep 1970 06:00:00 GMT
--- error_code: 200
--- response_body: Hello



=== TEST 14: If-Match of something else
--- config
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
Hello
--- more_headers
If-Match: "other"
--- error_code: 412



=== TEST 15: a range of a page in several pieces
Two ranges are more than nginx can cut out of such a page: it sends all.
--- config
    location = / { tpl_render a.html; }
--- user_files eval
">>> a.html\n" . ("a" x 2000) . "{{ nginx.arg_x }}" . ("b" x 2000)
--- request eval
[("GET /?x=0123456789") x 3]
--- more_headers eval
["Range: bytes=1998-2011", "Range: bytes=0-1,2005-2006", "Range: bytes=9000-"]
--- error_code eval
[206, 200, 416]
--- response_body_like eval
["^aa0123456789bb\$", "^a{2000}0123456789b{2000}\$", "416"]



=== TEST 16: a large page, as one text and as many values
--- config
    location = / { tpl_render a.html; }
    location = /values { tpl_render values.html; }
--- user_files eval
">>> a.html\n" . ("0123456789abcdef" x 65536)
. "\n>>> values.html\n{% for i in range(60000) %}{{ i }},{% endfor %}"
--- request eval
["GET /", "GET /values"]
--- response_body eval
["0123456789abcdef" x 65536, CORE::join("", map { "$_," } 0 .. 59999)]



=== TEST 17: a broken render is a 500 and one line in the log
--- config
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
{% include "b.html" %}
>>> b.html
one
  {{ 1 // (nginx.arg_x|length) }}
--- error_code: 500
--- error_log eval
qr{\[error\] .*template "a\.html" failed: \S+/html/b\.html:2:\d+: .*zero, included from \S+/html/a\.html:1:\d+.* client: 127\.0\.0\.1.*request: "GET / HTTP/1\.1"}



=== TEST 18: text beyond ASCII goes out as it is
--- config
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
Grüße, {{ "wörld"|upper }} ☃ {{ "☃"|length }}
--- response_body: Grüße, WÖRLD ☃ 1



=== TEST 19: tpl_render in "if"
An "if" without a tpl_render of its own goes on with that of its location.
--- config
    location = / {
        tpl_render a.html;
        tpl_param who everyone;

        if ($arg_b) {
            tpl_render b.html;
        }

        if ($arg_who) {
            tpl_param who $arg_who;
        }
    }
--- user_files
>>> a.html
a: {{ who }}
>>> b.html
b: {{ who }}
--- request eval
["GET /", "GET /?b=1", "GET /?who=me"]
--- response_body eval
["a: everyone", "b: everyone", "a: me"]



=== TEST 20: limit_except keeps the handler
--- config
    location = / {
        tpl_render a.html;
        limit_except GET { deny all; }
    }
    location = /open {
        tpl_render a.html;
        limit_except GET { allow all; }
    }
--- user_files
>>> a.html
a
--- request eval
["GET /", "POST /\nx", "POST /open\nx"]
--- error_code eval
[200, 403, 405]



=== TEST 21: rewrites, try_files and index lead to templates
--- config
    rewrite ^/old$ /new last;
    location = /new { tpl_render new.html; }
    location /try { try_files $uri /new; }
    location /named { try_files $uri @page; }
    location @page { tpl_render new.html; }
    location = /dir/ { root html; index hello; }
    location = /dir/hello { tpl_render new.html; }
--- user_files
>>> dir/hello
file
>>> new.html
{{ nginx.request_uri }} {{ nginx.uri }}
--- request eval
["GET /old", "GET /try/x", "GET /named?x", "GET /dir/", "POST /named\nbody"]
--- response_body eval
["/old /new", "/try/x /new", "/named?x /named", "/dir/ /dir/hello",
 "/named /named"]



=== TEST 22: a body that nobody reads is discarded
--- config
    location = / { tpl_render a.html; }
--- user_files
>>> a.html
ok
--- pipelined_requests eval
["GET /\n" . ("x" x 100000), "GET /"]
--- response_body eval
["ok", "ok"]
