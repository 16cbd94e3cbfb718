# What `nginx -t` says of mistakes, in templates and in directives.
#
# A template's mistake is reported with file, line and column, the line itself
# and the way there; the last line names the directive that asked for it.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;


# the configuration of one server, its files, and all that nginx -t says

sub says {
    my ($server, $files, $expected, $name) = @_;

    my $t = TplServer->new(server => $server, files => $files);
    (my $got = $t->test) =~ s/(nginx\.conf):\d+/$1:N/g;

    if (ref $expected) {
        like($got, $expected, $name);

    } else {
        is($got, $expected, $name);
    }
}


says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "fine\n" },
     '', 'a good configuration');


# limits

for (['steps=0', 'invalid limit "steps=0"'],
     ['depth=100001', 'invalid limit "depth=100001"'],
     ['output=1x', 'invalid limit "output=1x"'],
     ['memory=1k', 'invalid limit "memory=1k", it must be from 65536 to'],
     ['output=1m output=2m', 'duplicate limit "output=2m"'],
     ['time=1s', 'invalid parameter "time=1s", it must be steps=, output=,'])
{
    says("tpl_limits $$_[0];", {}, qr/\[emerg\] \Q$$_[1]\E.* in nginx\.conf:N/s,
         "tpl_limits $$_[0]");
}


# tpl_filter

for (['tpl_filter a.html size=0;', 'invalid'],
     ['tpl_filter a.html status=200;', 'invalid or repeated parameter "status'],
     ['tpl_filter a.html; tpl_filter off;', '"tpl_filter" directive is dup'],
     ['tpl_filter missing.html;', 'needed by "tpl_filter" in nginx.conf:N'])
{
    my ($conf, $what) = @$_;

    $what = '"size=0" is not a size' if $conf =~ /size=0/;
    says("location / { $conf }", { 'templates/a.html' => 'a' },
         qr/\[emerg\].*\Q$what\E/s, $conf);
}


# Calls that cannot succeed: a warning, for they may never be reached.

says('location / { tpl_render a.html; tpl_param mine x; }',
     { 'templates/a.html' => <<'EOT',
{% extends "layout.html" %}
{% import "macros.html" as m %}
{% from "macros.html" import one %}
{% macro own() %}{{ caller() if caller }}{% endmacro %}
{% block b %}
{{ rnage(3) }} {{ range(stpo=3) }} {{ dict(any=1) }}
{{ own() }}{{ one() }}{{ m.one() }}{{ mine() }}{{ super() }}{{ nginx.pid }}
{% for f in [own] %}{{ f() }}{{ loop.cycle(1) }}{% endfor %}
{% set g = own %}{{ g() }}{{ _("x") }}{{ url_for(endpont="x") }}
{% endblock %}
EOT
       'templates/layout.html' => '{% block b %}{{ cycle() }}{% endblock %}',
       'templates/macros.html' => '{% macro one() %}{{ two() }}{% endmacro %}'
           . '{% macro two() %}{{ self.b() }}{% endmacro %}' },
     <<'', 'calls of what nothing is called, and of what takes no such argument');
[warn] templates/a.html:6:4: nothing is called 'rnage' here. Did you mean 'range'?
[warn] templates/a.html:6:19: range() takes no keyword argument 'stpo'
[warn] templates/layout.html:1:17: nothing is called 'cycle' here. Did you mean 'cycler'?


says('location / { tpl_render $uri.html; tpl_preload *.html; tpl_param b x; }',
     { 'templates/a.html' => '{{ a() }}', 'templates/b.html' => '{{ b() }}' },
     "[warn] templates/a.html:1:4: nothing is called 'a' here\n",
     'also in templates that are picked by name');

says(<<'', {
tpl_route article /articles/<int:id>;
tpl_static static /static/ templates;
location / { tpl_render a.html; }
location /t { tpl_syntax tornado; tpl_render t.html; }

       'templates/a.html' => '{{ url_for("articel", id=1) }} '
           . '{{ url_for("static", filename="a.html") }}{{ url_for(".article") }}'
           . '{{ url_for(x) }}{% macro reverse_url(x) %}{{ x }}{% endmacro %}'
           . '{{ reverse_url("mine") }}',
       'templates/t.html' => "{{ reverse_url('atricle', 1) }}\n"
           . '{{ [url_for("none") for url_for in []] }}' },
     <<'', 'addresses of routes that the server does not have');
[warn] templates/a.html:1:12: there is no route 'articel'. Did you mean 'article'?
[warn] templates/t.html:1:16: there is no route 'atricle'. Did you mean 'article'?


says('location / { tpl_render a.html; }',
     { 'templates/a.html' => '{{ url_for("x") }}' },
     "[warn] templates/a.html:1:12: there is no route 'x'\n",
     'or that has none');


# templates

says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "<p>\n  {{ title| }}\n</p>\n" },
     <<'', 'a mistake has its line, its column and a caret');
[emerg] templates/a.html:2:13: expected token 'name', got 'end of print statement'
[emerg]       {{ title| }}
[emerg]                 ^
[emerg] needed by "tpl_render" in nginx.conf:N

says('location / { tpl_render page.html; }',
     { 'templates/page.html' => "{% extends 'layout.html' %}",
       'templates/layout.html' => "\n{% include 'menu.html' %}",
       'templates/menu.html' => "a\nb {% if %}" },
     <<'', 'a mistake in an included template comes with the way to it');
[emerg] templates/menu.html:2:9: Expected an expression, got 'end of statement block'
[emerg]     b {% if %}
[emerg]             ^
[emerg] included from templates/layout.html:2:4
[emerg] extended by templates/page.html:1:4
[emerg] needed by "tpl_render" in nginx.conf:N

says('location / { tpl_syntax tornado; tpl_render a.html; }',
     { 'templates/a.html' => "one\n{% if x %}\n" },
     qr/^\[emerg\] templates\/a\.html:2.*\n(.*\n)*.*"tpl_render" in/,
     'a mistake in a Tornado template');

says('location / { tpl_render missing.html; }', {},
     <<'', 'a template that is not there');
[emerg] TemplateNotFound: template "missing.html" is not found
[emerg] looked for in "templates"
[emerg] needed by "tpl_render" in nginx.conf:N

says('tpl_root one two; location / { tpl_render a.html; }',
     { 'one/a.html' => "\n  {% include 'b.html' %}", 'two/c.html' => '' },
     qr/^\[emerg\]\ one\/a\.html:2:14:\ .*b\.html.*\n(.*\n)*
        \[emerg\]\ looked\ for\ in\ "one"\n
        \[emerg\]\ looked\ for\ in\ "two"\n
        \[emerg\]\ needed\ by\ "tpl_render"/x,
     'a reference to a template that is not there');

says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "{{ 1|nope }}" },
     qr/^\[emerg\] templates\/a\.html:1:6: .*nope/,
     'an unknown filter');

says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "\n{{ nginx.no_such_variable }}" },
     qr/^\[emerg\] templates\/a\.html:2:\d+: unknown variable "nginx\.no_such_variable"/,
     'an unknown nginx variable');

says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "ok\n\xc3\x28" },
     qr/^\[emerg\] templates\/a\.html:2:1: the file is not UTF-8: byte 0xc3/,
     'a file that is not UTF-8');

says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "{% extends 'a.html' %}" },
     qr/^\[emerg\] .*a\.html.*itself/,
     'a template that extends itself');

says('tpl_preload *.html; location / { tpl_render a.html; }',
     { 'templates/a.html' => '', 'templates/b.html' => '{% oops %}' },
     qr/^\[emerg\] templates\/b\.html:1:4: .*oops.*\n(.*\n)*.*needed by "tpl_preload" in/,
     'preloaded templates are compiled, too');


# tpl_render

says('location / { tpl_render a.html; tpl_render a.html; }',
     { 'templates/a.html' => '' },
     qr/^\[emerg\] "tpl_render" directive is duplicate in nginx\.conf:N/,
     'two tpl_render');

says('location / { proxy_pass http://127.0.0.1:1; tpl_render a.html; }',
     { 'templates/a.html' => '' },
     qr/"tpl_render" directive is not possible: the location has a content handler already in nginx\.conf:N/,
     'another content handler before it');

says('location / { tpl_render a.html; proxy_pass http://127.0.0.1:1; }',
     { 'templates/a.html' => '' },
     qr/^\[emerg\] "tpl_render" in nginx\.conf:N: the location has another content handler as well/,
     'another content handler after it');

says('tpl_render a.html;', { 'templates/a.html' => '' },
     qr/"tpl_render" directive is not allowed here/, 'only in locations');

for my $name ('../a.html', 'x/../../a.html', '/', '.', '""') {
    says("location / { tpl_render $name; }", { 'a.html' => '' },
         qr/^\[emerg\] ".*" is not the name of a template in/,
         "the name $name");
}

for my $status (qw(0 199 600 abc -1)) {
    says("location / { tpl_render a.html status=$status; }",
         { 'templates/a.html' => '' },
         qr/"status=$status" must be between 200 and 599 in/,
         "status=$status");
}

says('location / { tpl_render a.html status=200 status=201; }',
     { 'templates/a.html' => '' },
     qr/invalid or repeated parameter "status=201" in/, 'status= twice');

says('location / { tpl_render a.html statsu=200; }',
     { 'templates/a.html' => '' },
     qr/invalid or repeated parameter "statsu=200" in/, 'an unknown option');

says('location / { tpl_render a.html type=html; }',
     { 'templates/a.html' => '' },
     qr/"type=html" is not a MIME type in/, 'type= without a slash');

says("location / { tpl_render a.html 'type=text/html\nX-Bad: 1'; }",
     { 'templates/a.html' => '' },
     qr/is not a MIME type in/, 'type= with a new line');

says('location / { tpl_render a.html block=b; }',
     { 'templates/a.html' => '{% block a %}{% endblock %}' },
     qr/the template "a\.html" has no block "b"/, 'an unknown block');


# tpl_root, tpl_preload

says('tpl_root a; tpl_root b;', {}, qr/"tpl_root" directive is duplicate/,
     'tpl_root twice');

says('tpl_root $host;', {}, qr/variables are not possible in "tpl_root"/,
     'tpl_root with a variable');

says('tpl_root "";', {}, qr/"tpl_root" directive has an empty path/,
     'tpl_root without a path');

says('tpl_preload ../*.html;', {},
     qr/"\.\.\/\*\.html" is not a pattern of template names/,
     'tpl_preload that leaves tpl_root');

says('tpl_preload no.html; location / { tpl_render $uri; }', {},
     qr/template "no\.html" is not found\n(.*\n)*.*needed by "tpl_preload"/,
     'tpl_preload of a name that is not there');

says('tpl_preload no*.html; location / { tpl_render $uri; }', {},
     qr/\A\[warn\] "tpl_preload" in nginx\.conf:N: no file matches "no\*\.html"\n/,
     'a pattern without a match is a warning');

says('location / { tpl_render $uri; }', {},
     qr/\A\[warn\] "tpl_render" in nginx\.conf:N has no template to pick from/,
     'a variable name without templates is a warning');


# data

says('tpl_json a [1,2;', {},
     qr/^\[emerg\] invalid JSON in "tpl_json a": line 1 column \d+: .* in nginx\.conf:N/,
     'tpl_json that is no JSON');

says('tpl_json a [9223372036854775808];', {},
     qr/^\[emerg\] .*"tpl_json a": the integer 9223372036854775808 does not fit into 64 bits in nginx\.conf:N/,
     'tpl_json with an integer beyond 64 bits');

says('tpl_data a data.json;', { 'data.json' => qq({"a": 1,\n "b": }\n) },
     qr/^\[emerg\] data\.json:2:7: .* in nginx\.conf:N/,
     'tpl_data that is no JSON: file, line, column');

says('tpl_data a none.json;', {},
     qr/open\(\) "none\.json" failed \(2: No such file or directory\) in/,
     'tpl_data without a file');

says('tpl_data a templates;', {},
     qr/"templates" is not a file of at most/, 'tpl_data of a folder');

says('tpl_data a $host.json;', {},
     qr/variables are not possible in "tpl_data"/, 'tpl_data of a variable');

says('tpl_param a b c;', {}, qr/invalid parameter "c" in/,
     'an unknown option of tpl_param');

for my $name (qw(a-b 1a a.b), '""') {
    says("tpl_param $name x;", {},
         qr/is not a name that a template can use/, "the name $name");
}

says('tpl_param nginx x;', {}, qr/the name "nginx" stands for/,
     'the name nginx is taken');

says('tpl_param a x; tpl_json a 1;', {},
     qr/duplicate name "a", "tpl_param" has it already/, 'a name twice');

says('tpl_param a x; tpl_param a $arg_a if_not_empty;', {}, '',
     'a name twice when the second may be empty');

says('tpl_param a $no_such_variable;', {},
     qr/unknown "no_such_variable" variable/, 'an unknown variable');


# the others

says('tpl_syntax mako;', {}, qr/invalid value "mako"/, 'tpl_syntax');
says('tpl_undefined maybe;', {}, qr/invalid value "maybe"/, 'tpl_undefined');
says('tpl_autoescape yes;', {}, qr/invalid value "yes"/, 'tpl_autoescape');

for my $mode (qw(context json)) {
    says("tpl_autoescape $mode;", {},
         qr/"tpl_autoescape $mode" is not there yet/,
         "tpl_autoescape $mode");
}

for my $line ('tpl_syntax jinja', 'tpl_undefined strict',
              'tpl_autoescape off')
{
    says("$line; $line;", {}, qr/directive is duplicate in/, "$line twice");
}


# the language

says('location / { tpl_extensions none; tpl_render a.html; }',
     { 'templates/a.html' => "{% for i in x %}{% break %}{% endfor %}\n" },
     qr/a\.html:1:20: Encountered unknown tag 'break'/,
     'a tag of an extension that is off');

says('location / { tpl_extensions magic; tpl_render a.html; }', {},
     qr/invalid value "magic"/, 'an extension that does not exist');

says('location / { tpl_delimiters "[%" "%]" "[[" "]]"; tpl_render a.html; }',
     {}, qr/"tpl_delimiters" directive takes the start and the end of blocks/,
     'too few delimiters');

says('location / { tpl_delimiters a b a d e f; tpl_render a.html; }', {},
     qr/"a" starts two kinds of tags/, 'delimiters that are the same');

says('location / { tpl_whitespace all oneline; tpl_render a.html; }', {},
     qr/"tpl_whitespace" takes one of all, single, oneline/,
     'modes of white space that exclude each other');

says('location / { tpl_extensions none; tpl_render a.html; }',
     { 'templates/a.html' => '{% do 1 %}' },
     qr/^\[emerg\] templates\/a\.html:1:4: .*unknown tag 'do'/,
     'tpl_extensions leaves out the language of what it does not name');

says('location / { tpl_render a.html; }',
     { 'templates/a.html' => "\n{{ now('Europe/Berln') }}" },
     qr/^\[emerg\] templates\/a\.html:2:8: there is no time zone 'Europe\/Berln' in .*Did you mean 'Europe\/Berlin'\?/,
     'an unknown time zone');

says('tpl_delimiters "{%" "%}" "{{" "}}";', {},
     qr/"tpl_delimiters" directive takes the start and the end of/,
     'too few of tpl_delimiters');

says('tpl_delimiters "{%" "%}" "{%" "}}" "{#" "#}";', {},
     qr/"\{%" starts two kinds of tags/, 'tpl_delimiters with one start twice');

says('tpl_whitespace all single;', {},
     qr/"tpl_whitespace" takes one of all, single, oneline/,
     'words of tpl_whitespace that exclude each other');

done_testing();
