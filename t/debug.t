# tpl_debug: what failed, where, and what the names meant; off unless asked for.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $t = TplServer->new(
    files => {
        'templates/page.html' => <<'EOT',
{% extends "layout.html" %}
{% set price = 12.5 %}
{% macro each(amount, by) %}
  <p>{{ amount / by }}</p>
{% endmacro %}
{% block body %}
  {% for guest in guests %}
    {{ each(price, guest.nights) }}
  {% endfor %}
{% endblock %}
EOT
        'templates/layout.html' => "<html>\n{% block body %}{% endblock %}\n",
        'templates/hostile.html' => '{{ text.nothing.at_all }}<script>',
        'templates/tornado.html' =>
            "{% for n in [1, 0] %}\n{{ 1 / n }}\n{% end %}",
        'templates/big.html' =>
            '{% set many = range(5000)|list %}{% set s = "ä" * 1000 %}'
            . '{% set o = {"k": [none, true, "x"]} %}{{ 1 / 0 }}',
        'templates/caught.html' =>
            "{% try %}{{ 1 / 0 }}{% except ZeroDivisionError %}fine{% end %}",
        'templates/error.html' => 'branded {{ nginx.status }}',
        'html/a.json' => '[]',
    },
    server => <<'EOC');
        tpl_debug on;
        tpl_json guests '[{"name": "Ada", "nights": 2},
                          {"name": "<Bob>", "nights": 0}]';
        error_page 500 /error;
        location = /error { tpl_render error.html; }
        location /page { tpl_render page.html; }
        location /off { tpl_debug off; tpl_render page.html; }
        location /hostile { tpl_param text $arg_text;
                            tpl_render hostile.html; }
        location /tornado { tpl_syntax tornado; tpl_render tornado.html; }
        location /big { tpl_render big.html; }
        location /limit { tpl_limits steps=1000; tpl_render big.html; }
        location /caught { tpl_syntax tornado; tpl_render caught.html; }
        location /filtered { alias html; types { application/json json; }
                             tpl_filter page.html; }
        location /ssi { ssi on; default_type text/html;
            return 200 '<!--#include virtual="/page" -->'; }
EOC
$t->start;

my $page = $t->get('/page');

is($page->{status}, 500, 'the status is that of an error');
is($page->{headers}{'content-type'}, 'text/html; charset=utf-8', 'a page');
is($page->{headers}{'content-length'}, length $page->{body}, 'its length');
is($page->{headers}{etag}, undef, 'no ETag');

my $body = $page->{body};

like($body, qr/<h1>ZeroDivisionError<\/h1>\n<p class="message">float division by zero/,
     'what is wrong');
like($body, qr/<p><code>[^<]*templates\/page\.html<\/code>, line 4, column \d+<\/p>/,
     'where');
like($body, qr/<span class="hit"><i>4<\/i>  &lt;p&gt;\{\{ amount <b>\/ by/,
     'the line is marked from the column on');
like($body, qr/<span><i>3<\/i>\{% macro each/, 'the lines around it');
like($body, qr/<p>in macro <b>each<\/b> at <code>[^<]*templates\/page\.html<\/code>, line 8/,
     'the way there');
like($body, qr/<th>amount<\/th><td class="no">float<\/td><td>12\.5</, 'an argument');
like($body, qr/<th>by<\/th><td class="no">int<\/td><td>0</, 'and another');
like($body, qr/<th>price<\/th><td class="no">float<\/td><td>12\.5</, 'a variable');
like($body, qr/<th>guests<\/th><td class="no">list<\/td><td>\[\{&#39;name&#39;: &#39;Ada&#39;/,
     'the data');
unlike($body, qr/<Bob>|branded/, 'nothing unescaped, and no error_page');
like($body, qr/<code>GET \/page HTTP\/1\.1<\/code>/, 'the request');
like($t->log, qr/template "page\.html" failed: .*page\.html:4/, 'the log as always');

is($t->get('/off')->{body}, 'branded 500', 'off');
is($t->get('/caught')->{body}, 'fine', 'what was caught is no error');
like($t->get('/tornado')->{body}, qr/ZeroDivisionError.*<th>n<\/th><td class="no">int<\/td><td>0</s,
     'Tornado');
like($t->get('/filtered/a.json')->{body}, qr/<h1>UndefinedError|<\/html>/, 'tpl_filter');
like($t->get('/ssi')->{body}, qr/<h1>ZeroDivisionError/, 'a subrequest');
is($t->get('/page', METHOD => 'HEAD')->{status}, 500, 'HEAD');

$page = $t->get('/hostile?text=<script>alert(1)</script>')->{body};
unlike($page, qr/<script>/, 'hostile data and templates are escaped');
like($page, qr/&lt;script&gt;alert\(1\)/, 'and shown');

$page = $t->get('/big')->{body};
like($page, qr/<th>many<\/th><td class="no">list<\/td><td><span class="no">5000 items/,
     'a long list is counted');
like($page, qr/<th>s<\/th><td class="no">str<\/td><td>&#39;(ä){100,200}&#39; <span class="no">\.\.\./,
     'a long text is cut between characters');
like($page, qr/\{&#39;k&#39;: \[None, True, &#39;x&#39;\]\}/, 'containers');
like($t->get('/limit')->{body}, qr/LimitError/, 'limits');

$t->finish;

done_testing();
