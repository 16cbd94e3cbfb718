# tpl_delimiters, tpl_whitespace, tpl_extensions: a site whose templates were
# written for an environment with other options.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: tpl_delimiters, next to a location with the usual ones
--- config
    tpl_param x 7;
    location = /erb {
        tpl_delimiters '<%' '%>' '<%=' '%>' '<%#' '%>';
        tpl_render a.txt;
    }
    location = /usual { tpl_render a.txt; }
--- user_files
>>> a.txt
<%# one %><% if x %><%= x %><% endif %>{{ x }}
--- request eval
["GET /erb", "GET /usual"]
--- response_body eval
["7{{ x }}", "<%# one %><% if x %><%= x %><% endif %>7"]



=== TEST 2: line statements and line comments
--- config
    location = /a {
        tpl_delimiters '{%' '%}' '{{' '}}' '{#' '#}'
                       'line_statement=# ' 'line_comment=##';
        tpl_render a.txt;
    }
--- user_files
>>> a.txt
# for i in [1, 2]
{{ i }} ## counted
# endfor
--- request
GET /a
--- response_body
1
2



=== TEST 3: tpl_whitespace for Jinja, inherited and set back
--- config
    tpl_whitespace trim_blocks lstrip_blocks keep_trailing_newline crlf;
    location = /all { tpl_render a.txt; }
    location = /default { tpl_whitespace default; tpl_render a.txt; }
--- user_files
>>> a.txt
  {% if true %}
x
  {% endif %}
y
--- request eval
["GET /all", "GET /default"]
--- response_body eval
["x\r\ny\r\n", "  \nx\n  \ny"]



=== TEST 4: tpl_whitespace for Tornado
--- config
    tpl_syntax tornado;
    location = /oneline { tpl_whitespace oneline; tpl_render a.html; }
    location = /all { tpl_whitespace all; tpl_render a.html; }
    location = /usual { tpl_render a.html; }
--- user_files
>>> a.html
a
   b   c
--- request eval
["GET /oneline", "GET /all", "GET /usual"]
--- response_body eval
["a b c ", "a\n   b   c\n", "a\nb c\n"]



=== TEST 5: tpl_extensions: all are on unless some are named
--- config
    location = /all { tpl_render a.txt; }
    location = /loop { tpl_extensions loopcontrols do; tpl_render a.txt; }
--- user_files
>>> a.txt
{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}
--- request eval
["GET /all", "GET /loop"]
--- response_body eval
["1", "1"]



=== TEST 6: Tornado's module tag renders a template with its arguments
--- config
    location = /a { tpl_syntax tornado; tpl_render a.html; }
--- user_files
>>> a.html
{% for x in [1, 2] %}{% module Card(name="<n>") %}{% end %}
>>> modules/Card.html
{% set n = 1 %}[{{ name }}]
--- request
GET /a
--- response_body eval
"[&lt;n&gt;]\n[&lt;n&gt;]\n\n"
