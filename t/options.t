# tpl_syntax, tpl_autoescape, tpl_undefined, and how every directive is
# inherited: http to server to location to "if".

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: Jinja and Tornado side by side
--- config
    tpl_param name "<you>";
    location = /jinja { tpl_render jinja.html; }
    location = /tornado { tpl_syntax tornado; tpl_render tornado.html; }
--- user_files
>>> jinja.html
{% for c in name %}{{ c|upper }}{% endfor %}
>>> tornado.html
{% for c in name %}{{ c.upper() }}{% end %}
--- request eval
["GET /jinja", "GET /tornado"]
--- response_body eval
["&lt;YOU&gt;", "&lt;YOU&gt;\n"]



=== TEST 2: tpl_autoescape auto goes by the name of the template
--- config
    tpl_param x "<&>";
    location = /a { tpl_render a.html; }
    location = /b { tpl_render b.txt; }
    location = /c { tpl_render c.xml; }
    location = /d { tpl_render d; }
    location = /e { tpl_render e.svg; }
--- user_files
>>> a.html
{{ x }}{% include "b.txt" %}
>>> b.txt
{{ x }}
>>> c.xml
{{ x }}
>>> d
{{ x }}
>>> e.svg
{{ x }}
--- request eval
[map { "GET /$_" } 'a' .. 'e']
--- response_body eval
["&lt;&amp;&gt;<&>", "<&>", "&lt;&amp;&gt;", "<&>", "&lt;&amp;&gt;"]



=== TEST 3: tpl_autoescape html and off
--- config
    tpl_param x "<&>";
    location = /html { tpl_autoescape html; tpl_render b.txt; }
    location = /off { tpl_autoescape off; tpl_render a.html; }
    location = /tornado { tpl_syntax tornado; tpl_autoescape off; tpl_render a.html; }
    location = /tornado-auto { tpl_syntax tornado; tpl_render b.txt; }
--- user_files
>>> a.html
{{ x }}
>>> b.txt
{{ x }}
--- request eval
["GET /html", "GET /off", "GET /tornado", "GET /tornado-auto"]
--- response_body eval
["&lt;&amp;&gt;", "<&>", "<&>\n", "&lt;&amp;&gt;\n"]



=== TEST 4: tpl_undefined
--- config
    location = /lenient { tpl_render a.html; }
    location = /strict { tpl_undefined strict; tpl_render a.html; }
    location = /chainable { tpl_undefined chainable; tpl_render b.html; }
    location = /debug { tpl_undefined debug; tpl_render a.html; }
    location = /deep { tpl_render b.html; }
--- user_files
>>> a.html
[{{ nope }}]
>>> b.html
[{{ nope.deep.deeper }}]
--- request eval
["GET /lenient", "GET /strict", "GET /chainable", "GET /debug", "GET /deep"]
--- error_code eval
[200, 500, 200, 200, 500]
--- response_body_like eval
['^\[\]$', '500', '^\[\]$', '^\[\{\{ nope \}\}\]$', '500']



=== TEST 5: everything is inherited
--- http_config
    tpl_root html/t;
    tpl_syntax tornado;
    tpl_autoescape off;
    tpl_undefined strict;
    tpl_preload *.html;
    tpl_param p "<p>";
    tpl_json j '["j"]';
    tpl_data d html/d.json;
--- config
    location / {
        location /deep/ {
            tpl_render $arg_n;

            if ($arg_x) {
                set $y 1;
            }
        }
    }
--- user_files
>>> d.json
{"d": "d"}
>>> t/a.html
{{ p }} {{ j[0] }} {{ d["d"] }}{% if 1 %}.{% end %}
--- request eval
["GET /deep/?n=a.html", "GET /deep/?n=a.html&x=1", "GET /deep/?n=b.html"]
--- error_code eval
[200, 200, 404]
--- response_body_like eval
["^<p> j d\\.\n\$", "^<p> j d\\.\n\$", "404"]



=== TEST 6: what a level says of itself is not mixed with what is inherited
As with nginx's own add_header or fastcgi_param.
--- http_config
    tpl_root html/one;
    tpl_param a http;
    tpl_param b http;
    tpl_json j '"http"';
--- config
    tpl_param a server;
    location = /server { tpl_render a.html; }
    location = /location { tpl_param b location; tpl_render a.html; }
    location = /json { tpl_json k '"location"'; tpl_render a.html; }
    location = /root { tpl_root html/two; tpl_render a.html; }
    location = /if {
        tpl_param a location;
        tpl_render a.html;
        if ($arg_x) { tpl_param b if; }
    }
--- user_files
>>> one/a.html
a={{ a }} b={{ b }} j={{ j }} k={{ k }}
>>> two/a.html
two a={{ a }}
--- request eval
["GET /server", "GET /location", "GET /json", "GET /root", "GET /if", "GET /if?x=1"]
--- response_body eval
["a=server b= j=http k=",
 "a= b=location j=http k=",
 "a=server b= j= k=location",
 "two a=server",
 "a=location b= j=http k=",
 "a= b=if j=http k="]



=== TEST 7: nearer settings win
--- http_config
    tpl_syntax tornado;
    tpl_autoescape html;
    tpl_undefined strict;
--- config
    tpl_syntax jinja;
    tpl_undefined lenient;
    location / {
        tpl_autoescape off;
        tpl_render a.html;
        location /deeper { tpl_autoescape auto; tpl_render a.html; }
    }
--- user_files
>>> a.html
{{ "<" }}{{ nope }}{% if 1 %}.{% endif %}
--- request eval
["GET /", "GET /deeper"]
--- response_body eval
["<.", "&lt;."]



=== TEST 8: tpl_root is relative to the prefix, and has a default
--- http_config
    # tpl_root is given below
--- config
    location = /relative { tpl_root html/x/; tpl_render a.html; }
    location = /absolute { tpl_root $TEST_NGINX_SERVER_ROOT/html/x; tpl_render a.html; }
    location = /two { tpl_root html/none html/x; tpl_render a.html; }
--- user_files
>>> x/a.html
{{ 1 }}
--- request eval
["GET /relative", "GET /absolute", "GET /two"]
--- response_body eval
["1", "1", "1"]



=== TEST 9: locations with equal options share what is compiled
Different options do not get into each other's way.
--- config
    location = /a { tpl_render a.html; }
    location = /b { tpl_render a.html; tpl_param x 1; }
    location = /c { tpl_render a.html; tpl_autoescape off; tpl_param x "<"; }
    location = /d { tpl_render a.html; tpl_param x "<"; }
--- user_files
>>> a.html
[{{ x }}]
--- request eval
["GET /a", "GET /b", "GET /c", "GET /d", "GET /a"]
--- response_body eval
["[]", "[1]", "[<]", "[&lt;]", "[]"]
