# abort(), redirect(), header(), set_cookie(), now(): what a page says about its
# answer. Flask and werkzeug are asked what they would have sent.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $python = $ENV{PYTHON} // '/usr/bin/python3';


# calls of functions, the same text in Python and in a template

my @cookies = (
    "'a', 'b'",
    "'a', 'two words'",
    "'a', 'b;c,\"d\"\\\\e'",
    "'a', 'caf\xc3\xa9'",
    "'a', ''",
    "'a', 'b', max_age=0",
    "'a', 'b', expires=0",
    "'a', 'b', expires=1700000000.7",
    "'a', 'b', expires='Wed, 21 Oct 2026 07:28:00 GMT'",
    "'a', 'b', path='/x y', secure=True, httponly=True, samesite='lax'",
    "'a', 'b', path='/\xc3\xa9?q=%20#f'",
    "'a', 'b', domain='example.com:8080', samesite='NONE'",
    "'a', 'b', domain='.example.com', path=None",
);

my @places = (
    '/', '/x y', 'relative', '../up?a=b#c', 'https://example.com/a',
    'https://example.com/a b?c=d e#f g', "/caf\xc3\xa9?q=\xc3\xa8ry%DF",
    "//host/\xc3\xa9", "HTTP://h/\xc3\xa9", 'itms-services://?action=x',
    "magnet:?xt=\xc3\xa9", "host:80/\xc3\xa9", '/a?b=[c]&d={e}',
    "/?\xc3\xa9", "/#\xc3\xa9?", '/%20 %zz',
);

my (%files, $server);

sub page {
    my ($name, $text, $options) = @_;

    $files{"templates/$name.html"} = $text;
    $server .= "location = /$name { tpl_render $name.html; "
             . ($options // '') . " }\n";
}

page("cookie$_", "{{ set_cookie($cookies[$_]) }}.") for 0 .. $#cookies;
page("to$_", "x{{ redirect('$places[$_]') }}y") for 0 .. $#places;
page("code$_", "x{{ redirect('/there', $_) }}y") for 301, 302, 303, 305, 307, 308;
page("abort$_", "x{{ abort($_) }}y") for 300, 303, 400, 403, 404, 410, 418, 451, 500, 503, 599;

$files{'templates/tornado.html'} =
    "{{ header('X-A', 1) }}{% try %}{{ abort(404) }}{% except Exception %}caught"
    . "{% end %}{% if handler_gone %}{% raw abort(410) %}{% end %}";
$files{'templates/part.html'} = "{{ header('X-Part', 'yes') }}";
$files{'templates/base.html'} = "<{% block body %}{% endblock %}>";

page('described', "{{ abort(404, 'No <user> ' ~ nginx.arg_name) }}",
     'error_page 404 /error;');
page('error', '{{ nginx.status }} {{ nginx.tpl_error }}');
page('headers', "{% extends 'base.html' %}{% block body %}{{ header('X-Block', 1.5) }}"
     . "{% include 'part.html' %}{% macro m() %}{{ header('X-Macro', true) }}"
     . "{% endmacro %}{{ m() }}ok{% endblock %}");
page('set', "{{ header('X-A', 1) }}{{ header('x-b', 2) }}{{ header('X-a', 3) }}"
     . "{{ header('Link', '</a>', add=true) }}{{ header('Link', '</b>', add=true) }}"
     . "{{ header('Set-Cookie', 'a=1') }}{{ header('Set-Cookie', 'b=2') }}");
page('type', "{{ header('Content-Type', 'text/plain') }}a<b");
page('type2', "{{ header('content-type', 'text/css; charset=ascii') }}a<b");
page('cache', "{{ header('Cache-Control', 'no-store') }}{{ header('Expires', '0') }}");
page('cache2', "{{ header('Cache-Control', 'private') }}", 'expires 1h;');
page('etag', "{{ header('ETag', '\"mine\"') }}page");
page('modified', "{{ header('Last-Modified', 'Wed, 21 Oct 2015 07:28:00 GMT') }}page",
     'etag off;');
page('constant', "{{ header('X-Y', 'z') }}constant");
page('leak', "{{ header('X-Leak', 1) }}{{ set_cookie('leak', 1) }}{{ 1 // 0 }}");
page('leak2', "{{ header('X-Leak', 1) }}{{ set_cookie('leak', 1) }}{{ abort(403) }}");
page('leak3', "{{ header('X-Leak', 1) }}{{ abort(nginx.arg_code|int) }}",
     'error_page 404 /error;');
page('login', "{{ set_cookie('lang', 'de') }}{{ redirect('/', 303) }}");
page('delete', "{{ delete_cookie('a', path='/x') }}.");
page('session', "{{ set_cookie('a', 'b', max_age=3600) }}.");
page('many', "{% for i in range(nginx.arg_n|int) %}{{ set_cookie('c' ~ i, 'x' * 1000) }}"
     . "{% endfor %}fits");
page('now', "{{ now().strftime('%Y-%m-%d') }} {{ now('UTC').isoformat() }} "
     . "{{ now('+02:00').strftime('%z') }} {{ now('-0330').strftime('%z') }}");
page('bad', "{{ header(nginx.arg_n, 'v' ~ nginx.arg_v) }}");
page('crlf', "{{ header('X-V', 'a\\r\\nX-Evil: 1') }}");
page('lf', "{{ redirect('/a\\nX-Evil: 1') }}");
page('nul', "{{ set_cookie('a', 'b', path='/\\x00') }}");
page('semi', "{{ set_cookie('a', 'b', path='/;Secure') }}");
page('cookiename', "{{ set_cookie('a b', 'c') }}");
page('nodot', "{{ set_cookie('a', 'b', domain='localhost') }}");
page('same', "{{ set_cookie('a', 'b', samesite='maybe') }}");
page('code', "{{ abort(nginx.arg_c|int) }}");
page('code-page', "{{ abort(nginx.arg_c|int) }}", 'error_page 460 /code-shown;');
page('code-shown', "page {{ nginx.status }}");
page('code3', "{{ redirect('/', nginx.arg_c|int) }}");
page('berlin', "{% set n = now('Europe/Berlin') %}{{ n.strftime('%Z %z') }} {{ n.tzinfo }}");
page('zone', "{{ now(nginx.arg_tz) }}");
page('list', "{{ header('X', []) }}");
page('undefined', "{{ header('X', missing) }}");

$server .= <<'EOC';
location = /upstream { add_header Cache-Control "private, max-age=5"; add_header X-Up 1;
                       add_header Set-Cookie up=1; add_header Link "</up>";
                       default_type application/json; return 200 "{}"; }
location = /filtered { proxy_pass http://127.0.0.1:$server_port/upstream; tpl_filter filtered.html; }
location = /filtered2 { expires 1h; proxy_pass http://127.0.0.1:$server_port/upstream; tpl_filter filtered.html; }
location = /filtered3 { proxy_pass http://127.0.0.1:$server_port/upstream; tpl_filter to0.html; }
location = /filtered4 { proxy_pass http://127.0.0.1:$server_port/upstream; tpl_filter abort410.html; }
location = /tornado { tpl_syntax tornado; tpl_render tornado.html; tpl_param handler_gone ""; }
location = /tornado2 { tpl_syntax tornado; tpl_render tornado.html; tpl_param handler_gone 1; }
location = /data { tpl_render data.html; tpl_param header "mine"; tpl_param now "then"; }
location = /ssi { ssi on; default_type text/html; root html; }
EOC

$files{'templates/filtered.html'} = "{{ header('Cache-Control', 'no-store') }}{{ header('x-up', 2) }}"
    . "{{ header('Set-Cookie', 'page=1') }}{{ header('Content-Type', 'text/plain') }}page";
$files{'templates/data.html'} = '{{ header }} {{ now }}';
$files{'html/ssi'} = 'a<!--#include virtual="/headers" -->b';

my $t = TplServer->new(files => \%files, server => $server);

is($t->test, '', 'the configuration is good');
$t->start;

sub header { $t->get($_[0])->{headers}{$_[1]} }

# several of a name
sub values_of {
    my ($path, $name) = @_;
    return [$t->get($path)->{head} =~ /^$name: ?(.*?)\r?$/mgi];
}

sub python {
    my ($code) = @_;
    open my $out, '>:raw', "$t->{dir}/oracle.py" or die $!;
    print $out "# -*- coding: utf-8 -*-\n$code";
    close $out or die $!;
    my $text = $t->run($python, "$t->{dir}/oracle.py");
    return split /\n/, $text;
}


# what Flask sends

my @want = python("from flask import Response\nimport sys\n"
    . join '', map { "r = Response(); r.set_cookie($_)\n"
        . "sys.stdout.buffer.write(r.headers['Set-Cookie'].encode('latin1') + b'\\n')\n" }
        @cookies);

is(scalar @want, scalar @cookies, 'Flask has written its cookies');

my $werkzeug = TplServer::python_has('werkzeug', '2.2');

SKIP: for (0 .. $#cookies) {
    skip 'another Werkzeug', scalar @cookies unless $werkzeug;

    my $got = header("/cookie$_", 'set-cookie');

    # without expires it is the clock's, which goes on
    s/Expires=[^;]*; (?=Max-Age)/Expires=now; / for $got, $want[$_];

    is($got, $want[$_], "set_cookie($cookies[$_])");
}

@want = python("from flask import redirect\n"
    . join '', map { "print(redirect('$_').headers['Location'])\n" } @places);

is(scalar @want, scalar @places, 'Flask has redirected');

SKIP: for (0 .. $#places) {
    skip 'another Werkzeug', 3 * @places unless $werkzeug;

    my $answer = $t->get("/to$_");

    is($answer->{status}, 302, "redirect('$places[$_]')");
    is($answer->{headers}{location}, $want[$_], '  goes where Flask goes');
    unlike($answer->{body}, qr/^x/, '  and is no page');
}

for (301, 302, 303, 305, 307, 308) {
    my $answer = $t->get("/code$_");
    is($answer->{status}, $_, "redirect() with $_");
    is($answer->{headers}{location}, '/there', '  as given');
}

for (300, 303, 400, 403, 404, 410, 418, 451, 500, 503, 599) {
    my $answer = $t->get("/abort$_");
    is($answer->{status}, $_, "abort($_)");
    unlike($answer->{body}, qr/^x/, '  sends nothing of the page');
    is($t->get("/abort$_", METHOD => 'HEAD')->{status}, $_, '  HEAD');
}

is_deeply([grep { /\[(?:warn|error|crit|alert|emerg)\]/ } split /^/, $t->log], [],
          'none of it is an error in the log');
# codes that nginx ends the connection with, and those that it does not know

for (408, 444, 499) {
    is($t->raw("GET /code?c=$_ HTTP/1.1\r\nHost: a\r\n\r\n"), '',
       "abort($_): nginx closes");
}

for (418, 451, 460, 599) {
    my $answer = $t->get("/code?c=$_");
    like($answer->{line}, qr{^HTTP/1.1 $_ ?$}, "abort($_): as it is");
    is($answer->{body}, '', '  without a page');
}

is($t->get('/code-page?c=460')->{body}, 'page 460', '  but for an error_page');

like($t->log, qr/\[info\].*template "abort410\.html" ended with 410 /, 'but an info');


# the error page

my $answer = $t->get('/described?name=anna');
is($answer->{status}, 404, 'abort() with a description');
is($answer->{body}, '404 No &lt;user&gt; anna', 'which the error page shows');

$answer = $t->get('/leak');
is($answer->{status}, 500, 'a render that fails');
unlike($answer->{head}, qr/leak/i, 'sends none of its headers');

$answer = $t->get('/leak2');
is($answer->{status}, 403, 'abort()');
unlike($answer->{head}, qr/leak/i, 'neither');

$answer = $t->get('/leak3?code=404');
is($answer->{body}, '404 ', 'an error page without a description');
unlike($answer->{head}, qr/leak/i, 'nor does its error page');

$answer = $t->get('/login');
is($answer->{status}, 303, 'a redirect');
is($answer->{headers}{'set-cookie'}, 'lang=de; Path=/', 'sets its cookies');


# headers

$answer = $t->get('/headers');
is($answer->{body}, '<ok>', 'header() writes nothing');
is($answer->{headers}{'x-block'}, '1.5', 'header() in a block');
is($answer->{headers}{'x-part'}, 'yes', 'in an include');
is($answer->{headers}{'x-macro'}, 'True', 'in a macro');

is_deeply(values_of('/set', 'x-a'), ['3'], 'a header is replaced');
is_deeply(values_of('/set', 'x-b'), ['2'], 'others stay');
is_deeply(values_of('/set', 'link'), ['</a>', '</b>'], 'add=true adds');
is_deeply(values_of('/set', 'set-cookie'), ['a=1', 'b=2'], 'a cookie is added');

is_deeply(values_of('/type', 'content-type'), ['text/plain; charset=utf-8'], 'Content-Type');
is_deeply(values_of('/type2', 'content-type'), ['text/css; charset=ascii'], 'with a charset');
is_deeply(values_of('/cache', 'cache-control'), ['no-store'], 'Cache-Control');
is_deeply(values_of('/cache', 'expires'), ['0'], 'Expires');
is_deeply(values_of('/cache2', 'cache-control'), ['max-age=3600'], '"expires" replaces Cache-Control');
is_deeply(values_of('/etag', 'etag'), ['"mine"'], 'ETag in place of ours');
is($t->get('/etag', 'If-None-Match' => '"mine"')->{status}, 304, 'which is compared');
is($t->get('/etag', 'If-None-Match' => '"other"')->{status}, 200, 'with what was sent');
is($t->get('/modified', 'If-Modified-Since' => 'Wed, 21 Oct 2015 07:28:00 GMT')->{status},
   304, 'Last-Modified');

for (1 .. 3) {
    $answer = $t->get('/constant');
    is("$answer->{body} $answer->{headers}{'x-y'}", 'constant z', "a constant page, time $_");
}

is(header('/delete', 'set-cookie'),
   'a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/x', 'delete_cookie()');
like(header('/session', 'set-cookie'), qr/^a=b; Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT; Max-Age=3600; Path=\/$/,
     'max_age says when it expires');
is(header('/cookie0', 'etag'), undef, 'a page that sets a cookie has no ETag');
isnt(header('/constant', 'etag'), undef, 'one that sets a header has');

is($t->get('/many?n=60')->{body}, 'fits', 'many cookies');
is($t->get('/many?n=70')->{status}, 500, 'too many');
like($t->log, qr/the headers are larger than 65536 bytes/, '  are an error');

is_deeply(values_of('/filtered', 'cache-control'), ['no-store'], 'tpl_filter: the page replaces what the upstream said');
is_deeply(values_of('/filtered2', 'cache-control'), ['max-age=3600'], '"expires" comes last');
is_deeply(values_of('/filtered', 'x-up'), ['2'], 'another header');
is_deeply([sort @{values_of('/filtered', 'set-cookie')}], ['page=1', 'up=1'], 'cookies stay');
is_deeply(values_of('/filtered', 'link'), ['</up>'], 'and what it says nothing of');
is_deeply(values_of('/filtered', 'content-type'), ['text/plain; charset=utf-8'], 'the type');
is($t->get('/filtered3')->{status}, 302, 'tpl_filter: redirect()');
is($t->get('/filtered4')->{status}, 410, 'tpl_filter: abort()');

is($t->get('/ssi')->{body}, 'a<ok>b', 'a subrequest');

is($t->get('/tornado')->{body}, 'caught', 'Tornado: abort() is an exception');
is(header('/tornado', 'x-a'), '1', 'Tornado: header()');
is($t->get('/tornado2')->{status}, 410, 'Tornado: abort()');

is($t->get('/data')->{body}, 'mine then', 'data of the same names come first');

my @now = gmtime;
like($t->get('/now')->{body}, qr/^\d{4}-\d\d-\d\d \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 \+0200 -0330$/, 'now()');
is(header('/now', 'etag'), undef, 'a page that asks for the time has no ETag');
like($t->get('/berlin')->{body}, qr/^(?:CET \+0100|CEST \+0200) Europe\/Berlin$/,
     'now() in a zone of the database');
like($t->get('/zone?tz=Asia/Tokyo')->{body}, qr/^\d{4}-.*\+09:00$/,
     '  whose name comes with the request');


# mistakes

my %bad = (
    '/crlf' => 'a header cannot hold CR',
    '/lf' => 'a location cannot hold LF',
    '/nul' => 'path cannot hold NUL',
    '/cookiename' => "'a b' is not the name of a cookie",
    '/nodot' => "the domain of a cookie must have a dot, unlike 'localhost'",
    '/same' => "SameSite must be 'Strict', 'Lax', or 'None'.",
    '/code?c=200' => 'abort() takes a status from 300 to 599, not 200',
    '/code?c=600' => 'abort() takes a status from 300 to 599, not 600',
    '/code3?c=304' => 'redirect() takes 301, 302, 303, 305, 307 or 308, not 304',
    '/zone?tz=Mars/Base' => "'Mars/Base' is no time zone",
    '/list' => "a header must be a string or a number, not 'list'",
    '/undefined' => "'missing' is undefined",
    '/bad?n=a(b' => "'a(b' is not the name of a header",
    '/bad?n=' => "'' is not the name of a header",
    map { ("/bad?n=$_" => "the header '$_' is the server's own") }
        qw(Content-Length transfer-encoding Connection Date Server Content-Encoding),
);

for (sort keys %bad) {
    my $before = length $t->log;
    my $answer = $t->get($_);

    is($answer->{status}, 500, "$_: 500");
    unlike($answer->{head}, qr/evil/i, '  no header of somebody else');
    like(substr($t->log, $before), qr/\Q$bad{$_}\E/, '  and why');
}

is(header('/semi', 'set-cookie'), 'a=b; Path=/%3BSecure', 'a path cannot end itself');
is($t->get('/bad?n=X-Any&v=%0d%0aX-Evil:1')->{headers}{'x-any'}, 'v%0d%0aX-Evil:1',
   'arguments are not decoded');

$t->finish;

done_testing();
