# nginx's variables in templates, and the module's variables in nginx.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: nginx.NAME
--- config
    set $mine "a <b>";
    location / { tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx.host }} {{ nginx.request_method }} {{ nginx.uri }} {{ nginx.args }} {{ nginx.arg_x }} {{ nginx.http_x_test }} {{ nginx.cookie_c }} {{ nginx.mine }} {{ nginx.status }}
--- request
GET /p?x=1&y=2
--- more_headers
X-Test: yes
Cookie: c=crumbs
--- response_body: localhost GET /p x=1&amp;y=2 1 yes crumbs a &lt;b&gt; 200



=== TEST 2: a variable without a value is undefined
--- config
    location / { tpl_render a.html; }
--- user_files
>>> a.html
[{{ nginx.arg_x }}] {{ nginx.arg_x|default("none") }} {{ nginx.arg_x is defined }} {{ nginx.arg_y is defined }} [{{ nginx.arg_y|default("none") }}]
--- request
GET /?y=
--- response_body: [] none False True []



=== TEST 3: in Tornado
--- config
    location / { tpl_syntax tornado; tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx.host }} {{ nginx.arg_x or "none" }} {% if nginx.arg_y %}{{ nginx.arg_y.upper() }}{% end %} {{ nginx["uri"] }}
--- request
GET /?y=<b>
--- response_body
localhost none &lt;B&gt; /



=== TEST 4: with tpl_undefined strict a missing value is an error
--- config
    location / { tpl_undefined strict; tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx.arg_x }}
--- error_code: 500
--- error_log
'nginx.arg_x' is undefined



=== TEST 5: a name that is only known at run time
--- config
    set $mine 42;
    location / { tpl_param name $arg_n; tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx[name] }},{{ nginx["arg_n"] }},{{ nginx[name] is defined }}{% for n in ["host", "MINE", "nope"] %},{{ nginx[n] }}{% endfor %},{{ (nginx|attr("host")) }}
--- request eval
["GET /?n=uri", "GET /?n=http_host", "GET /?n=nope", "GET /?n=mine"]
--- response_body eval
["/,uri,True,localhost,42,,localhost",
 "localhost,http_host,True,localhost,42,,localhost",
 ",nope,False,localhost,42,,localhost",
 "42,mine,True,localhost,42,,localhost"]



=== TEST 6: a template's own nginx hides the variables
--- config
    location / { tpl_render a.html; }
--- user_files
>>> a.html
{% set nginx = {"host": "mine"} %}{{ nginx.host }}
--- response_body: mine



=== TEST 7: variables are known in imported templates and macros, too
--- config
    location / { tpl_render a.html; }
--- user_files
>>> a.html
{% from "m.html" import f %}{{ f() }}
>>> m.html
{% macro f() %}{{ nginx.uri }} {{ nginx["host"] }}{% endmacro %}
--- request
GET /x
--- response_body: /x localhost



=== TEST 8: map, geo and set take part
--- http_config
    map $arg_lang $greeting { default Hello; de Hallo; }
--- config
    location / { tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx.greeting }}
--- request eval
["GET /", "GET /?lang=de"]
--- response_body eval
["Hello", "Hallo"]



=== TEST 9: variables that change along the way are read as they are now
The first use of $uri and $status is before the redirect.
--- config
    location /first {
        set $seen "$uri $status";
        return 404;
        error_page 404 /page;
    }
    location /page { tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx.seen }} {{ nginx.uri }} {{ nginx.status }} {{ nginx.request_uri }}
--- request
GET /first
--- error_code: 404
--- response_body: /first 000 /page 404 /first



=== TEST 10: values that are not UTF-8
--- config
    location / { tpl_render a.html; }
--- user_files
>>> a.html
{{ nginx.uri }} {{ nginx["uri"]|length }}
--- request
GET /%ff
--- response_body eval
"/\xef\xbf\xbd 2"



=== TEST 11: $tpl_name, $tpl_render_time, $tpl_steps, $tpl_error
--- http_config
    log_format tpl '$uri $tpl_name $tpl_render_time $tpl_steps "$tpl_error"';
--- config
    access_log logs/tpl.log tpl;
    location = / { tpl_render a.html; }
    location = /none { return 204; }
    location = /bad { tpl_render bad.html; }
    location = /log { default_type text/plain; alias logs/tpl.log; }
    location = /page { error_page 500 /shown; tpl_render bad.html; }
    location = /shown { tpl_render shown.html; }
--- user_files
>>> a.html
{{ nginx.arg_x }}{% for i in range((nginx.arg_x or 1000)|int) %}{% endfor %}
>>> bad.html
{{ 1 // 0 * nginx.status|int }}
>>> shown.html
{{ nginx.tpl_name }}: {{ nginx.tpl_error }}
--- request eval
["GET /", "GET /none", "GET /bad", "GET /page", "GET /log"]
--- error_code eval
[200, 204, 500, 500, 200]
--- response_body_like eval
["", "", "500 Internal",
 '^shown\.html: \S+/html/bad\.html:1:\d+: .*division.*by zero$',
 '^/ a\.html 0\.0\d{5} \d{4,} "-"
/none - - - "-"
/bad bad\.html 0\.\d{6} \d+ "\S+/bad\.html:1:\d+: .*division.*by zero"
/shown shown\.html 0\.\d{6} \d+ "\S+/bad\.html:1:\d+: .*division.*by zero"
']



=== TEST 12: variables of the module that nothing was rendered for
--- config
    location / { return 200 "[$tpl_name][$tpl_steps][$tpl_render_time][$tpl_error]"; }
--- response_body: [][][][]
