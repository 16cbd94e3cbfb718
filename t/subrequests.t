# Templates as parts of other pages, and nginx's filters behind templates.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: SSI in a template, and templates in that
--- config
    location = / { ssi on; tpl_render index.html; }
    location = /part { tpl_render part.html; tpl_param who $arg_who; }
    location = /empty { tpl_render empty.html; }
--- user_files
>>> index.html
{{ "a" }} <!--#include virtual="/part?who=one" -->, <!--#include virtual="/part?who=two" --> [<!--#include virtual="/empty" -->] {{ "z" }}
>>> part.html
{{ who }} of {{ nginx.request_uri }}
>>> empty.html
--- request
GET /
--- response_headers
! Content-Length
! ETag
--- response_body: a one of /, two of / [] z



=== TEST 2: a part that fails leaves the rest
--- config
    location = / { ssi on; tpl_render index.html; }
    location = /bad { tpl_render bad.html; }
--- user_files
>>> index.html
a<!--#include virtual="/bad" -->z
>>> bad.html
{{ nginx.host.x.y }}
--- request
GET /
--- response_body_like: ^a.*500 Internal.*z$



=== TEST 3: auth_request asks a template
--- config
    location = / { auth_request /auth; tpl_render page.html; }
    location = /no { auth_request /deny; tpl_render page.html; }
    location = /auth { internal; tpl_render empty.html; }
    location = /deny { internal; tpl_render page.html status=403; }
--- user_files
>>> page.html
welcome
>>> empty.html
--- request eval
["GET /", "GET /no"]
--- error_code eval
[200, 403]
--- response_body_like eval
["^welcome\$", "403 Forbidden"]



=== TEST 4: addition puts templates before and after
--- config
    location = / { root html; add_before_body /before; add_after_body /after; try_files /page.html =404; }
    location = /tpl { tpl_render page.html; add_before_body /before; add_after_body /after; }
    location = /before { tpl_render before.html; }
    location = /after { tpl_render after.html; }
--- http_config
    types { text/html html; }
--- user_files
>>> page.html
page
>>> before.html
<{{ nginx.uri }}>
>>> after.html
</{{ nginx.uri }}>
--- request eval
["GET /", "GET /tpl"]
--- response_body eval
["</before>page\n<//after>", "</before>page<//after>"]
--- response_headers eval
[("! Content-Length") x 2]



=== TEST 5: gzip behind a template
--- config
    gzip on;
    gzip_min_length 20;
    location = / { tpl_render a.html; }
    location = /small { tpl_render small.html; }
--- user_files
>>> a.html
{% for i in range(1000) %}some text, {% endfor %}{{ nginx.arg_x }}
>>> small.html
small
--- request eval
["GET /?x=1", "GET /small"]
--- more_headers
Accept-Encoding: gzip
--- response_headers eval
["Content-Encoding: gzip", "! Content-Encoding"]
--- raw_response_headers_like eval
['ETag: W/"[0-9a-f]{16}"', 'ETag: "[0-9a-f]{16}"']



=== TEST 6: sub_filter behind a template
--- config
    location = / { tpl_render a.html; sub_filter "World" "nginx"; }
--- user_files
>>> a.html
Hello {{ "Wor" }}{{ "ld" }} {{ nginx.arg_x }}
--- request eval
["GET /", "GET /"]
--- response_body eval
["Hello nginx ", "Hello nginx "]



=== TEST 7: charset behind a template
The page says utf-8 already; what rewrites it must not rewrite the template
that the next request gets.
--- http_config
    charset_map iso-8859-1 utf-8 {
        FC C3BC;
    }
--- config
    location = / { charset utf-8; tpl_render a.html; }
    location = /latin1 {
        charset iso-8859-1;
        override_charset on;
        tpl_render a.html;
    }
    location = /const {
        charset iso-8859-1;
        override_charset on;
        tpl_render const.html;
    }
--- user_files eval
">>> a.html\nGr\xc3\xbcn {{ nginx.arg_x }}" . ("\xc3\xbc" x 1000)
. "\n>>> const.html\nGr\xc3\xbcn"
--- request eval
["GET /", "GET /latin1", "GET /latin1", "GET /", "GET /const", "GET /const"]
--- response_headers eval
["Content-Type: text/html; charset=utf-8",
 "Content-Type: text/html; charset=iso-8859-1",
 "Content-Type: text/html; charset=iso-8859-1",
 "Content-Type: text/html; charset=utf-8",
 ("Content-Type: text/html; charset=iso-8859-1") x 2]
--- response_body eval
["Gr\xc3\xbcn " . ("\xc3\xbc" x 1000), "Gr\xfcn " . ("\xfc" x 1000),
 "Gr\xfcn " . ("\xfc" x 1000), "Gr\xc3\xbcn " . ("\xc3\xbc" x 1000),
 "Gr\xfcn", "Gr\xfcn"]



=== TEST 8: add_header and expires
--- config
    location = / {
        tpl_render a.html;
        add_header X-Template $tpl_name;
        expires 1h;
    }
--- user_files
>>> a.html
a
--- response_headers
X-Template: a.html
Cache-Control: max-age=3600
--- response_body: a



=== TEST 9: a template in front of a mirror
--- config
    location = / { mirror /mirror; tpl_render a.html; }
    location = /mirror { internal; tpl_render b.html; }
--- user_files
>>> a.html
a
>>> b.html
b
--- response_body: a



=== TEST 10: subrequests do not share what they render
--- config
    location = / { ssi on; tpl_param x main; tpl_render index.html; }
    location = /sub { tpl_param x $arg_x; tpl_render sub.html; }
--- user_files
>>> index.html
{{ x }} {{ nginx.tpl_name }} <!--#include virtual="/sub?x=1" --> <!--#include virtual="/sub?x=2" -->
>>> sub.html
{{ x }} {{ nginx.tpl_name }} {{ nginx.uri }}
--- request
GET /
--- response_body: main index.html 1 sub.html /sub 2 sub.html /sub
