# Data that nginx fetches: tpl_fetch and fetch(), from every kind of location.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: two fetches of a location; the names are the data
--- config
    location = / {
        tpl_fetch users /api/users;
        tpl_fetch config /api/config;
        tpl_render page.html;
    }
    location = /api/users { internal; return 200 '[{"name":"Ann"},{"name":"Bob & Co"}]'; }
    location = /api/config { internal; return 200 '{"title":"Users","max":2}'; }
--- user_files
>>> page.html
<h1>{{ config.title }}</h1>{% for u in users %}<p>{{ u.name }}</p>{% endfor %}{{ users|length == config.max }}
--- request
GET /
--- response_body: <h1>Users</h1><p>Ann</p><p>Bob &amp; Co</p>True
--- response_headers
Content-Type: text/html; charset=utf-8



=== TEST 2: the URI has variables; what it is made of is encoded
--- config
    location = / { tpl_fetch user "/api/$arg_id?q=$arg_q"; tpl_render page.html; }
    location /api/ { return 200 '{"uri":"$uri","args":"$args"}'; }
--- user_files
>>> page.html
{{ user.uri }} {{ user.args }} {{ fetch('/api/a b?x=1 ä').uri }} {{ fetch('/api/?x=1\r\nä').args }}
--- request eval
["GET /?id=7&q=x%20y", "GET /?id=%2e%2e&q="]
--- error_code eval
[200, 500]
--- response_body_like eval
["^/api/7 q=x%20y /api/a b x=1%0D%0A%C3%A4\$", "500"]



=== TEST 3: fetch() in both syntaxes; inside an include, a macro and a block
--- config
    location = /j { tpl_render page.html; }
    location = /t { tpl_syntax tornado; tpl_render tornado.html; }
    location /api/ { return 200 '{"n":"$arg_n"}'; }
--- user_files
>>> page.html
{% extends 'layout.html' %}{% macro m(n) %}{% set x = fetch('/api/?n=' ~ n) %}{{ x.n }}{% endmacro %}
{% block body %}{{ m(1) }}{% include 'part.html' %}{% for i in (3, 4) %}{{ fetch('/api/?n=%d' % i).n }}{% endfor %}{% endblock %}
>>> layout.html
<{% block body %}{% endblock %}>
>>> part.html
{% set y = fetch('/api/?n=2') %}{{ y['n'] }}
>>> tornado.html
{% set x = fetch('/api/?n=1') %}{% set y = fetch('/api/?n=2', 'text') %}{{ x['n'] }} {{ x.n }} {{ y }} {{ [fetch('/api/?n=%d' % i).n for i in range(3)] }}
--- request eval
["GET /j", "GET /t"]
--- response_body eval
["<1234>", '1 1 {&quot;n&quot;:&quot;2&quot;} [&#39;0&#39;, &#39;1&#39;, &#39;2&#39;]' . "\n"]



=== TEST 4: everything that a location can be
--- http_config
    proxy_cache_path html/cache keys_zone=c:1m;
    server {
        listen unix:$TEST_NGINX_HTML_DIR/backend.sock;
        location /b/ { return 200 '"proxied"'; }
        location /big { root html; try_files /big.json =404; }
    }
--- config
    location = / { tpl_etag off; tpl_render page.html; }
    location = /static.json { root html; }
    location = /try { root html; try_files /missing.json /static.json; }
    location = /fallback { root html; error_page 404 = /static.json; }
    location = /named { root html; error_page 404 = @named; }
    location @named { return 200 '"named"'; }
    location = /rewrite { rewrite ^ /static.json; }
    location = /tpl { tpl_render data.json; }
    location = /ssi { ssi on; ssi_types *; return 200 '"<!--# echo var=x -->"'; }
    location = /gzip { gzip on; gzip_min_length 1; gzip_types *; root html; try_files /static.json =404; }
    location = /proxy { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock:/b/; }
    location = /big { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock; proxy_max_temp_file_size 0; proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k; }
    location = /cached { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock:/big; proxy_cache c; proxy_cache_valid 1m; }
    location = /unbuffered { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock:/big; proxy_buffering off; }
    location = /limited { limit_rate 1m; proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock:/big; }
--- user_files eval
[["page.html" => q(
{%- for name in ('static.json', 'try', 'fallback', 'named', 'rewrite', 'tpl', 'ssi', 'gzip', 'proxy') %}
{{ name }}: {{ fetch('/' ~ name)|tojson }}
{%- endfor %}
{%- for name in ('big', 'cached', 'unbuffered', 'limited') %}
{{ name }}: {{ fetch('/' ~ name)|length }}
{%- endfor %})],
 ["static.json" => '"static"'], ["data.json" => '{"uri": {{ nginx.uri|tojson }} }'],
 ["big.json" => '"' . "x" x 300000 . '"']]
--- request eval
["GET /", "GET /"]
--- more_headers
Accept-Encoding: gzip
Range: bytes=0-2
If-None-Match: *
If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT
--- response_body eval
[(CORE::join("", map({ /proxy/ ? qq(\n$_: "proxied") : /named/ ? qq(\n$_: "named") : /tpl/ ? qq(\n$_: {"uri": "/tpl"}) : /ssi/ ? qq(\n$_: "\\u003c!--# echo var=x --\\u003e") : qq(\n$_: "static") } qw(static.json try fallback named rewrite tpl ssi gzip proxy)), map({ "\n$_: 300000" } qw(big cached unbuffered limited)), "")) x 2]



=== TEST 5: nothing of the page's request that changes a reply reaches the location
--- config
    location = / { tpl_etag off; tpl_fetch h /api; tpl_render page.html; }
    location = /api { return 200 '{"method":"$request_method","h":"$http_range$http_if_none_match$http_accept_encoding$http_if_modified_since$http_content_type$content_length","a":"$http_x_a"}'; }
--- user_files
>>> page.html
{{ h }}
--- request
GET /
--- more_headers
Accept-Encoding: gzip
Range: bytes=0-1
If-None-Match: "x"
If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT
Content-Type: text/plain
X-A: yes
--- response_body: {&#39;method&#39;: &#39;GET&#39;, &#39;h&#39;: &#39;&#39;, &#39;a&#39;: &#39;yes&#39;}



=== TEST 6: the same call is one subrequest, other terms are others
--- config
    location = / { tpl_fetch a /api; tpl_render page.html; }
    location = /api { log_subrequest on; access_log logs/error.log one; return 200 '{"id":"$request_id"}'; }
--- http_config
    log_format one '[note] fetched $uri';
--- user_files
>>> page.html
{% set b = fetch('/api') %}{% set c = fetch('/api') %}{% set d = fetch('/api', as='text') %}{{ a.id == b.id == c.id == nginx.request_id }} {{ d|length }} {% for i in range(5) %}{{ fetch('/api').id == a.id }}{% endfor %}
--- request
GET /
--- response_body: True 41 TrueTrueTrueTrueTrue
--- grep_error_log: [note] fetched /api
--- grep_error_log_out
[note] fetched /api
[note] fetched /api



=== TEST 7: variables of one fetch are not those of another
--- http_config
    map $arg_n $mapped { default "<$arg_n>"; }
--- config
    location = / { set $mine page; tpl_fetch a /api?n=1; tpl_fetch b /api?n=2; tpl_render page.html; }
    location = /api { set $mine api; return 200 '"$mapped $mine"'; }
--- user_files
>>> page.html
{{ a|safe }} {{ b|safe }} {{ nginx.mine }} {{ nginx.mapped|safe }}
--- request
GET /?n=0
--- response_body: <1> api <2> api page <0>



=== TEST 8: status and headers of a reply; keys of the data come first
--- config
    location = / { tpl_fetch a /a; tpl_fetch b /b; tpl_fetch c /c; tpl_fetch d /d optional; tpl_render page.html; }
    location = /a { default_type application/json; add_header X-Total-Count 17; return 201 '[1]'; }
    location = /b { return 200 '{"status":"mine","headers":1}'; }
    location = /c { root html; try_files /c.json =404; types { application/json json; } }
--- user_files
>>> page.html
{% set x = a %}{{ x.status }} {{ a.headers['content-TYPE'] }} {{ a.headers['X-No'] is defined }} {{ 'content-length' in a.headers }} {{ a.headers.content_length }}
{{ b.status }} {{ b.headers }}
{{ c.status }} {{ c.headers['Last-Modified']|length }} {{ c.x.status is defined }}
{{ d.status }} {{ d is defined }} [{{ d }}] {% for i in d %}{% endfor %}{{ d|default('none') }}
>>> c.json
{"x": {}}
--- request
GET /
--- response_body chomp
201 application/json False True 3
mine 1
200 29 False
404 False [] none



=== TEST 9: a page of fetched data has an ETag, of what it looks like
--- config
    location = / { tpl_fetch a /api; tpl_render page.html; }
    location = /api { return 200 '{"id":"x"}'; }
--- user_files
>>> page.html
{{ a.id }}
--- request eval
["GET /", "HEAD /"]
--- raw_response_headers_like eval
[('ETag: "[0-9a-f]{16}"') x 2]
--- response_body eval
["x", ""]
--- response_headers eval
[("Content-Length: 1") x 2]



=== TEST 10: if= decides whether there is a fetch at all
--- config
    location = / {
        tpl_fetch a /api if=$arg_a;
        tpl_fetch b /api if=$arg_b 'default={"v":"no"}';
        tpl_render page.html;
    }
    location = /api { return 200 '{"v":"yes"}'; }
--- user_files
>>> page.html
{{ a.v if a is defined else '-' }} {{ b.v }}
--- request eval
["GET /?a=1&b=0", "GET /?a=0&b=1", "GET /"]
--- response_body eval
["yes no", "- yes", "- no"]



=== TEST 11: a nearer level replaces the fetches, and hides names of data
--- config
    tpl_fetch a /api?s;
    tpl_param b server;
    location = /1 { tpl_render page.html; }
    location = /2 { tpl_fetch b /api?l; tpl_render page.html; }
    location = /3 { tpl_param a location; tpl_render page.html; }
    location = /api { return 200 '"fetched $args"'; }
--- user_files
>>> page.html
{{ a }}, {{ b }}
--- request eval
["GET /1", "GET /2", "GET /3"]
--- response_body eval
["fetched s, server", ", fetched l", "location, "]



=== TEST 12: as text
--- config
    location = / { tpl_fetch a /api as=text; tpl_render page.html; }
    location = /api { return 200 "a\nb<"; }
--- user_files
>>> page.html
{{ a }} {{ a|length }}
--- request
GET /
--- response_body eval
"a\nb&lt; 4"



=== TEST 13: a page that fetches, included by SSI, in its place
--- config
    location = / { ssi on; root html; try_files /index.html =404; }
    location = /part { tpl_fetch a /api?n=$arg_n; tpl_render part.html; }
    location = /api { return 200 '{"n":"$arg_n"}'; }
--- http_config
    types { text/html html; }
--- user_files
>>> index.html
[<!--#include virtual="/part?n=1" -->|<!--#include virtual="/part?n=2" -->]
>>> part.html
{{ a.n }}{{ fetch('/api?n=x').n }}
--- request
GET /
--- response_body
[1x|2x]



=== TEST 14: a template that fetches itself ends at nginx's limit
--- config
    location = / { tpl_render page.html; }
--- user_files
>>> page.html
{% set n = nginx.arg_n|default(0)|int %}{{ n }} {{ fetch('/?n=%d' % (n + 1), as='text', default='end') }}
--- request
GET /
--- response_body_like: ^0 1 2 3 .* 50 51 end$



=== TEST 15: without a default the innermost cause is logged
--- config
    location = / { tpl_render page.html; }
--- user_files
>>> page.html
{{ fetch('/?n=%d' % (nginx.arg_n|default(0)|int + 1)) }}
--- request
GET /
--- error_code: 502
--- error_log
fetch of "/?n=52": subrequests within each other, more than 50
fetch of "/?n=1": nginx answered 502



=== TEST 16: data in {% debug %}, context and tests; what is waited for only there
--- config
    location = / { tpl_fetch a /api; tpl_render page.html; }
    location = /api { return 200 '{"n":1}'; }
--- user_files
>>> page.html
{% if a is mapping %}{{ a|tojson }}{% endif %}{{ a is sequence }} {% with b = a %}{{ b.n + 1 }}{% endwith %}{% set ns = namespace(x=a) %}{{ ns.x.n }}{{ [a, a]|map(attribute='n')|list }}{{ dict(z=fetch('/api'))['z'].n }}
--- request
GET /
--- response_body: {"n": 1}True 21[1, 1]1



=== TEST 17: a tpl_filter's page fetches, and is fetched
--- config
    location = / { tpl_fetch a /api; tpl_filter filter.html; default_type application/json; return 200 '{"own":1}'; }
    location = /api { default_type application/json; return 200 '{"n":2}'; }
    location = /nested { tpl_fetch page / as=text; tpl_render nested.html; }
    location = /bad { tpl_fetch page /broken optional; tpl_render bad.html; }
    location = /broken { default_type application/json; tpl_filter filter.html; return 200 '{'; }
--- user_files
>>> filter.html
{{ data.own }} {{ a.n }}
>>> nested.html
[{{ page }}]
>>> bad.html
{{ page.status }}
--- request eval
["GET /", "GET /nested", "GET /bad"]
--- response_body eval
["1 2", "[1 2]", "502"]



=== TEST 18: what is not used is not waited for
--- config
    location = / { tpl_fetch a /slow; tpl_render page.html; }
    location = /slow { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- user_files
>>> page.html
here
--- request
GET /
--- response_body: here



=== TEST 19: a POST's page fetches with GET
--- config
    location = / { error_page 405 =200 /page; return 405; }
    location = /page { tpl_fetch a /api; tpl_render page.html; }
    location = /api { proxy_pass http://127.0.0.1:$server_port/echo; }
    location = /echo { return 200 '"$request_method $content_length $args"'; }
--- user_files
>>> page.html
{{ a }}
--- request
POST /
some body
--- response_body eval
"GET  "



=== TEST 20: what tpl_fetch does not take
--- config
    location = / { tpl_fetch a api; tpl_render page.html; }
--- user_files
>>> page.html
--- must_die
--- error_log
it must begin with "/"


=== TEST 21: not in tpl_set, where nothing can wait
--- config
    tpl_set $x "{{ fetch('/api') }}";
    location = / { return 200 "[$x]"; }
    location = /api { return 200 1; }
--- request
GET /
--- response_body: []
--- error_log
there is no page that could wait for data



=== TEST 22: Vary follows from the data and from the URI
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/backend.sock;
        location = /api { add_header Vary "Cookie, accept-encoding"; add_header Vary X-B; return 200 1; }
        location = /unused { add_header Vary X-C; return 200 1; }
    }
--- config
    location = / { tpl_fetch a /api?$http_x_a; tpl_fetch b /unused; tpl_render page.html; }
    location = /api { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock; }
    location = /unused { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/backend.sock; }
--- user_files
>>> page.html
{{ a }}
--- request
GET /
--- response_headers
Vary: X-A, Cookie, X-B
