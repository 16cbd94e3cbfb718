# tpl_render with variables in the name, and tpl_preload.
#
# A name picks among the templates that are compiled. What is not compiled
# does not exist, whatever there is on the disk.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a name from the request
--- config
    tpl_preload pages/*.html;
    location /pages/ { tpl_render $uri.html; }
--- user_files
>>> pages/a.html
page a
>>> pages/b.html
page b: {{ nginx.tpl_name }}
--- request eval
["GET /pages/a", "GET /pages/b", "GET /pages/c", "HEAD /pages/a"]
--- error_code eval
[200, 200, 404, 200]
--- response_body_like eval
["^page a\$", "^page b: pages/b.html\$", "404 Not Found", "^\$"]



=== TEST 2: a name that no template has is logged like a missing file
--- config
    tpl_preload pages/*.html;
    location /pages/ { tpl_render $uri.html; }
--- user_files
>>> pages/a.html
page a
--- request
GET /pages/c
--- error_code: 404
--- error_log
[error]
template "/pages/c.html" is not found



=== TEST 3: only what the patterns name
The same set has secret.html, compiled for another location.
--- config
    location = /secret { tpl_render secret.html; }
    location /pages/ { tpl_preload open/*; tpl_render $arg_name; }
--- user_files
>>> secret.html
secret
>>> open/a.html
{% include "secret.html" ignore missing %}
--- request eval
["GET /secret", "GET /pages/?name=secret.html", "GET /pages/?name=open/a.html"]
--- error_code eval
[200, 404, 200]



=== TEST 4: without tpl_preload, what other locations have compiled
--- config
    location = /a { tpl_render a.html; }
    location = /pick { tpl_render $arg_name; }
--- user_files
>>> a.html
a{% include "b.html" %}
>>> b.html
b
>>> c.html
c
--- request eval
["GET /pick?name=a.html", "GET /pick?name=b.html", "GET /pick?name=c.html"]
--- error_code eval
[200, 200, 404]



=== TEST 5: no way out of tpl_root
--- config
    tpl_preload **;
    location / { tpl_render $arg_name; }
    location /raw/ { tpl_render $uri; }
--- http_config
    tpl_root html/templates;
--- user_files
>>> secret.html
secret
>>> templates/a.html
a
>>> templates/d/b.html
b
--- request eval
["GET /?name=../secret.html",
 "GET /?name=d/../../secret.html",
 "GET /?name=d/../a.html",
 "GET /?name=/etc/passwd",
 "GET /?name=..%2fsecret.html",
 "GET /?name=....//secret.html",
 "GET /?name=",
 "GET /?name=.",
 "GET /?name=d",
 "GET /?name=d/b.html/",
 "GET /raw/%00a.html",
 "GET /raw/..%2f..%2fsecret.html",
 "GET /?name=" . ("a/" x 2000),
 "GET /?name=%ff%fe",
 "GET /?name=a.html"]
--- error_code eval
[404, 404, 404, 404, 404, 404, 404, 404, 404, 200, 400, 400, 404, 404, 200]



=== TEST 6: slashes and dots as Jinja2's loaders take them
--- config
    tpl_preload d/b.html;
    location / { tpl_render $arg_name; }
--- user_files
>>> d/b.html
b
--- request eval
["GET /?name=d/b.html", "GET /?name=/d/b.html", "GET /?name=d//b.html",
 "GET /?name=./d/./b.html", "GET /?name=d/b.html/."]
--- response_body eval
["b", "b", "b", "b", "b"]



=== TEST 7: patterns
* and ? stay in their folder, ** goes through folders, a leading dot is only
matched by a dot.
--- config
    location /star  { tpl_preload *.html; tpl_render $arg_n; }
    location /deep  { tpl_preload **/*.html; tpl_render $arg_n; }
    location /below { tpl_preload d/**; tpl_render $arg_n; }
    location /mark  { tpl_preload ?.html; tpl_render $arg_n; }
    location /set   { tpl_preload [a-b].html [!a-z]*.html; tpl_render $arg_n; }
    location /dot   { tpl_preload .*.html; tpl_render $arg_n; }
--- user_files
>>> a.html
>>> c.html
>>> cc.html
>>> 1.html
>>> .hidden.html
>>> d/e.html
>>> d/f/g.html
>>> d/x.txt
--- request eval
[(map { "GET /star?n=$_" } qw(a.html cc.html .hidden.html d/e.html)),
 (map { "GET /deep?n=$_" } qw(a.html .hidden.html d/e.html d/f/g.html d/x.txt)),
 (map { "GET /below?n=$_" } qw(a.html d/e.html d/f/g.html d/x.txt)),
 (map { "GET /mark?n=$_" } qw(a.html 1.html cc.html)),
 (map { "GET /set?n=$_" } qw(a.html c.html 1.html)),
 (map { "GET /dot?n=$_" } qw(a.html .hidden.html))]
--- error_code eval
[200, 200, 404, 404,
 200, 404, 200, 200, 404,
 404, 200, 200, 200,
 200, 200, 404,
 200, 404, 200,
 404, 200]



=== TEST 8: a template that is picked by another one at run time
--- config
    location / {
        tpl_preload parts/*.html layouts/*.html;
        tpl_render index.html;
    }
--- user_files
>>> index.html
{% extends nginx.arg_layout %}{% block b %}{% include "parts/" ~ nginx.arg_part ~ ".html" ignore missing %}{% endblock %}
>>> layouts/a.html
[{% block b %}{% endblock %}]
>>> layouts/b.html
({% block b %}{% endblock %})
>>> parts/one.html
1
>>> parts/two.html
2
--- request eval
["GET /?layout=layouts/a.html&part=one", "GET /?layout=layouts/b.html&part=two",
 "GET /?layout=layouts/a.html&part=three", "GET /?layout=nope&part=one"]
--- error_code eval
[200, 200, 200, 500]
--- response_body_like eval
['^\[1\]$', '^\(2\)$', '^\[\]$', '500 Internal']



=== TEST 9: several folders: the first that has the file
--- http_config
    tpl_root html/site html/base;
--- config
    location / { tpl_preload *.html; tpl_render $arg_n; }
--- user_files
>>> site/a.html
a of site
>>> base/a.html
a of base
>>> base/b.html
b of base, {% include "a.html" %}
--- request eval
["GET /?n=a.html", "GET /?n=b.html"]
--- response_body eval
["a of site", "b of base, a of site"]



=== TEST 10: log_not_found off
--- config
    location / {
        tpl_preload *.html;
        tpl_render $arg_n;
        log_not_found off;
    }
--- user_files
>>> a.html
--- request
GET /?n=nope
--- error_code: 404
--- no_error_log
[error]



=== TEST 11: changes on the disk after the start change nothing
--- config
    location / { tpl_preload *.html; tpl_render $arg_n; }
--- user_files
>>> a.html
before
--- init
open my $f, '>', "$ENV{TEST_NGINX_SERVROOT_NOW}/html/a.html" or die $!;
print $f "after"; close $f;
open $f, '>', "$ENV{TEST_NGINX_SERVROOT_NOW}/html/new.html" or die $!;
print $f "new"; close $f;
--- request eval
["GET /?n=a.html", "GET /?n=new.html"]
--- error_code eval
[200, 404]
--- response_body_like eval
["^before\$", "404"]
