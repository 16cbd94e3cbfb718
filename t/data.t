# tpl_param, tpl_json, tpl_data: what a template sees under which name.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a literal and a value with variables
Values are text and are escaped.
--- config
    location / {
        tpl_param title "Tom & Jerry";
        tpl_param who "$arg_who at $host";
        tpl_render a.html;
    }
--- user_files
>>> a.html
{{ title }}|{{ who }}|{{ who|length }}
--- request
GET /?who=<b>
--- response_body: Tom &amp; Jerry|&lt;b&gt; at localhost|16



=== TEST 2: a value is only evaluated when the template reads it, and once
--- http_config
    map $arg_x $count { volatile; default "v"; }
--- config
    location / {
        tpl_param unread $count;
        tpl_param id $request_id;
        tpl_render a.html;
    }
--- user_files
>>> a.html
{{ id == id }} {{ id == nginx.request_id }} {{ id|length }}
--- response_body: True True 32



=== TEST 3: if_not_empty
An empty value does not count: the one before it does, or there is none.
--- config
    location / {
        tpl_param a "default";
        tpl_param a $arg_a if_not_empty;
        tpl_param b $arg_b if_not_empty;
        tpl_param c $arg_c;
        tpl_render a.html;
    }
--- user_files
>>> a.html
{{ a }},{{ b is defined }},{{ c is defined }},[{{ c }}]
--- request eval
["GET /", "GET /?a=x&b=y&c=z"]
--- response_body eval
["default,False,True,[]", "x,True,True,[z]"]



=== TEST 4: JSON from the configuration
--- config
    location / {
        tpl_json menu '[{"name": "Home", "url": "/"}, {"name": "A & B", "url": "/ab"}]';
        tpl_json n 42;
        tpl_json pi 3.25;
        tpl_json yes true;
        tpl_json nothing null;
        tpl_render a.html;
    }
--- user_files
>>> a.html
{% for m in menu %}<a href="{{ m.url }}">{{ m.name }}</a>{% endfor %}|{{ n + 1 }}|{{ pi * 2 }}|{{ yes }}|{{ nothing }}
--- response_body: <a href="/">Home</a><a href="/ab">A &amp; B</a>|43|6.5|True|None



=== TEST 5: JSON with variables is read when it is needed
--- config
    location / {
        tpl_json query '{"a": "$arg_a", "n": [1, 2, ${arg_n}]}';
        tpl_render a.html;
    }
    location /unread {
        tpl_json query '{"a": ${arg_a}}';
        tpl_render b.html;
    }
--- user_files
>>> a.html
{{ query.a }} {{ query.n|sum }}
>>> b.html
fine
--- request eval
["GET /?a=x&n=3", "GET /unread"]
--- response_body eval
["x 6", "fine"]



=== TEST 6: JSON with variables that is no JSON
--- config
    location / {
        tpl_json query '{"a": "$arg_a", "n": [1, 2, ${arg_n}]}';
        tpl_render a.html;
    }
--- user_files
>>> a.html
{{ query.a }} {{ query.n|sum }}
--- request
GET /?n=nope
--- error_code: 500
--- error_log eval
qr/\[error\].* template "a\.html" failed: .*a\.html:1:\d+: invalid JSON in "tpl_json query": line 1 column \d+/



=== TEST 7: a JSON file
--- config
    location / {
        tpl_data rooms html/rooms.json;
        tpl_render a.html;
    }
--- user_files
>>> rooms.json
{
    "rooms": [
        {"name": "Garden", "beds": 2},
        {"name": "Tower \u2603", "beds": 4}
    ]
}
>>> a.html
{% for room in rooms.rooms %}{{ room.name }}: {{ room.beds }}
{% endfor %}
--- response_body
Garden: 2
Tower ☃: 4



=== TEST 8: data of the configuration are the same for every request
What a template changes is a copy that only it sees.
--- config
    tpl_data list html/list.json;
    tpl_json dict '{"a": [1], "b": {"c": 2}}';
    location /jinja { tpl_render jinja.html; tpl_param x $arg_x; }
    location /again { tpl_render again.html; tpl_param x $arg_x; }
    location /tornado { tpl_syntax tornado; tpl_render tornado.txt; }
--- user_files
>>> list.json
[3, [1, 2]]
>>> jinja.html
{% do list.append(4) %}{% do list[1].append(x) %}{% do dict.update(d=5) %}{% do dict.a.append(6) %}{{ list }} {{ dict }}
>>> again.html
{{ list }} {{ dict }}{% do list.clear() %}{% do dict.clear() %}
>>> tornado.txt
{% autoescape None %}{% set list[0] = 'x' %}{% set dict['b']['c'] = 'y' %}{{ list }} {{ dict }}
--- request eval
["GET /jinja?x=7", "GET /jinja?x=7", "GET /again?x=7", "GET /again?x=7", "GET /tornado", "GET /tornado", "GET /again"]
--- response_body eval
my $jinja = "[3, [1, 2, &#39;7&#39;], 4] {&#39;a&#39;: [1, 6], &#39;b&#39;: {&#39;c&#39;: 2}, &#39;d&#39;: 5}";
my $again = "[3, [1, 2]] {&#39;a&#39;: [1], &#39;b&#39;: {&#39;c&#39;: 2}}";
my $tornado = "['x', [1, 2]] {'a': [1], 'b': {'c': 'y'}}\n";
[$jinja, $jinja, $again, $again, $tornado, $tornado, $again]



=== TEST 9: whatever way a method that changes its list is found
By a string, by a name that comes with the request, in another template.
--- config
    tpl_json list '[1]';
    tpl_param m $arg_m;
    location /string { tpl_render string.html; }
    location /filter { tpl_render filter.html; }
    location /key { tpl_render key.html; }
    location /dict { tpl_render dict.html; }
    location /namespace { tpl_render namespace.html; }
    location /macro { tpl_render macro.html; }
--- user_files
>>> string.html
{% do list["append"](2) %}{{ list }}
>>> filter.html
{% do (list|attr(m))(2) %}{{ list }}
>>> key.html
{% set f = list["x" if not m else m] %}{% do f(2) %}{{ list }}
>>> dict.html
{% set d = {"f": list[m]} %}{% do d.f(2) %}{{ list }}
>>> namespace.html
{% set n = namespace(items=list[m]) %}{% do n.items(2) %}{{ list }}
>>> macro.html
{% from "call.html" import call %}{{ call(list[m]) }}{{ list }}
>>> call.html
{% macro call(f) %}{% do f(2) %}{% endmacro %}
--- request eval
[map { ("GET /$_?m=append") x 2 } qw(string filter key dict namespace macro)]
--- response_body eval
[("[1, 2]") x 12]



=== TEST 10: a change is seen by the whole page
Every template of a render works on the same copy.
--- config
    location / {
        tpl_json list '[1]';
        tpl_render a.html;
    }
--- user_files
>>> a.html
{% do list.append(2) %}{% include "b.html" %}{{ list }}
>>> b.html
{{ list }}{% do list.append(3) %}
--- response_body: [1, 2][1, 2, 3]



=== TEST 11: what is nearer wins, whichever directive says it
--- config
    tpl_json name '"server"';
    location = /server { tpl_render a.html; }
    location = /location { tpl_param name location; tpl_render a.html; }
    location = /other { tpl_param x y; tpl_render a.html; }
--- user_files
>>> a.html
{{ name }}
--- request eval
["GET /server", "GET /location", "GET /other"]
--- response_body eval
["server", "location", "server"]



=== TEST 12: a name that nobody gives is undefined, but in Tornado, as in Python, an error
--- config
    location = /jinja { tpl_render a.html; }
    location = /tornado { tpl_syntax tornado; tpl_render a.html; }
--- user_files
>>> a.html
[{{ nobody }}]
--- request
GET /jinja
--- response_body: []



=== TEST 13: a name that nobody gives, Tornado
--- config
    location = /tornado { tpl_syntax tornado; tpl_render a.html; }
--- user_files
>>> a.html
[{{ nobody }}]
--- request
GET /tornado
--- error_code: 500
--- error_log
name 'nobody' is not defined



=== TEST 14: arguments and headers that are not UTF-8 are replaced
--- config
    location / {
        set $decoded $uri;
        tpl_param p $decoded;
        tpl_render a.html;
    }
--- user_files
>>> a.html
{{ p }} {{ p|length }}
--- request eval
["GET /a%ffb", "GET /%e2%98%83"]
--- response_body eval
["/a\xef\xbf\xbdb 4", "/\xe2\x98\x83 2"]



=== TEST 15: names of data do not leak into imported templates
As in Flask, an import has no context unless it says so.
--- config
    location / { tpl_param secret x; tpl_render a.html; }
--- user_files
>>> a.html
{% import "m.html" as m %}{% import "m.html" as c with context %}[{{ m.f() }}][{{ c.f() }}]
>>> m.html
{% macro f() %}{{ secret }}{% endmacro %}
--- response_body: [][x]



=== TEST 16: the context as a whole
--- config
    location / {
        tpl_param b 1;
        tpl_json a '{"x": [1]}';
        tpl_render a.html;
    }
--- user_files
>>> a.html
{% autoescape false %}{% debug %}{% endautoescape %}
--- response_body_like: (?s)'a': \{'x': \[\.\.\.\]\}.*'b': '1'



=== TEST 17: a large value
--- config
    location / { tpl_param a "$arg_a$arg_a$arg_a$arg_a"; tpl_render a.html; }
--- user_files
>>> a.html
{{ a|length }}
--- request eval
"GET /?a=" . ("x" x 7000)
--- response_body: 28000
