# What error.log says of requests, answers and addresses that cannot be, and
# `nginx -t` of directives: the messages that no other test has, whole.
# t/engine/test_messages.py looks for them here.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my (%files, $server, @asked);


# page(SYNTAX, TEMPLATE, MESSAGE, what the request and the location have)

sub page {
    my ($syntax, $template, $message, %o) = @_;
    my $name = 'p' . @asked;

    $files{"templates/$name.html"} = $template;
    $server .= "location = /$name { tpl_syntax $syntax; "
             . ($o{conf} // '') . " tpl_render $name.html; }\n";

    push @asked, { name => $name, template => $template, message => $message,
                   query => $o{query} // '', headers => $o{headers} // {},
                   body => $o{body}, syntax => $syntax };
}

sub jinja { page('jinja', @_) }
sub tornado { page('tornado', @_) }


# headers of the request

jinja('{{ request.accept_mimetypes["nope"] }}',
      "invalid mimetype 'nope'", headers => { Accept => 'text/html' });
jinja('{{ 5 in request.accept_mimetypes }}',
      "expected a string, got 'int'", headers => { Accept => 'text/html' });


# the answer

jinja('{{ header("X-A", "a\x01b") }}',
      'a header cannot hold the control character 0x01');
jinja('{{ set_cookie("a", "b", expires="now; Path=/") }}',
      "'now; Path=/' is not when a cookie expires");
jinja('{{ set_cookie("a", "b", max_age=10 ** 15) }}', 'max_age is out of range');
jinja('{{ set_cookie("a", "b", domain="ü.de") }}',
      'the domain of a cookie must be ASCII');
jinja('{{ set_cookie("a", "b", expires=[1]) }}',
      "expires must be a datetime, a number or a string, not 'list'");
jinja('{{ set_cookie("a", "b", expires=10 ** 15) }}', 'year is out of range');
jinja('{{ redirect("//ü/") }}', 'the host of a URL must be ASCII');
jinja('{{ now(["Mars/Base"][0]) }}',
      "'Mars/Base' is no time zone: now() takes a name as 'Europe/Berlin', "
      . "'UTC', an offset as '+02:00', or nothing for local time");
jinja('{{ nginx.answer }}',
      'a variable has no answer of its own: no status, no headers',
      conf => 'tpl_set $answer "{{ abort(404) }}";');


# bytes

tornado('{{ 1.5 in request.arguments["a"][0] }}',
        "a bytes-like object is required, not 'float'", query => '?a=b');
tornado('{{ request.arguments["a"][0] }}',
        "'utf-8' codec can't decode the bytes", query => '?a=%ff');
tornado('{{ request.arguments["a"][0].decode("cp437") }}',
        'unknown encoding: cp437', query => '?a=b');
tornado('{{ request.arguments["a"][0].decode() }}',
        "'utf-8' codec can't decode byte 0xff in position 1",
        query => '?a=b%ff');


# addresses

jinja('{{ url_for("any", a="c") }}', "'c' is not one of 'a', 'b'");
jinja('{{ url_for("any", a="a", _scheme="https", _external=False) }}',
      "When specifying '_scheme', '_external' must be True.");
tornado('{{ static_url("a") }}',
        'static_url() needs the folder that "tpl_static" names');


# handlers

tornado('{% set request.arguments["a"] = 5 %}{{ handler.get_argument("a") }}',
        'an argument is no list');
tornado('{% set request.arguments["a"] = [5] %}{{ handler.get_argument("a") }}',
        'an argument is not bytes');

tornado('{{ handler.get_arguments("a", 5) }}', 'strip must be True or False',
        query => '?a=b');
tornado('{{ locale.translate("a", "b") }}', 'a plural message needs a count');
tornado('{{ locale.translate(5) }}', "a message must be a string, not 'int'");
tornado('{{ locale.pgettext(5, "a") }}', "a context must be a string, not 'int'",
        conf => 'tpl_locale_path locale; tpl_locale de;');
tornado('{{ locale.format_date(10 ** 15) }}', 'the date is out of range');
tornado('{{ locale.format_date("a") }}',
        "a date must be a datetime or a number, not 'str'");
tornado('{{ locale.format_day("a") }}', "a date must be a datetime, not 'str'");
tornado('{{ locale.format_date(datetime.datetime(2020, 1, 1, '
        . 'tzinfo=datetime.timezone.utc)) }}',
        "can't compare offset-naive and offset-aware datetimes");
tornado('{{ locale.format_date(datetime.datetime(2020, 1, 1), 10 ** 15) }}',
        'the offset is out of range');
tornado('{{ locale.format_date(datetime.datetime(1, 1, 1), 10000, '
        . 'relative=False) }}', 'date value out of range');


# forms

sub form {
    my ($type, $body, $message) = @_;

    jinja('{{ request.form.a }}', $message, conf => 'tpl_form on;',
          headers => { METHOD => 'POST', 'Content-Type' => $type,
                       'Content-Length' => length $body },
          body => $body);
}

sub part {
    my ($part, $message) = @_;

    form('multipart/form-data; boundary=B', "--B\r\n$part\r\n--B--\r\n",
         $message);
}

form('multipart/form-data', 'a', 'multipart body without a boundary');
form('multipart/form-data; boundary=' . 'b' x 300, 'a', 'too long boundary');
form("multipart/form-data; boundary=\xc3\xbc", 'a', 'boundary is not ASCII');
form('multipart/form-data; boundary=B', 'a', 'multipart body has not its boundary');
form('multipart/form-data; boundary=B', "--B\r\nA: b",
     'multipart body ends in a header');
form('multipart/form-data; boundary=B',
     "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nb",
     'multipart body ends too early');
part("A: b\r\n\r\nc", 'part without Content-Disposition');
part("Content-Disposition: form-data" . ';a=b' x 1000 . "\r\n\r\nc",
     'part with a bad Content-Disposition');
part('A: ' . 'b' x 100000 . "\r\n\r\nc", 'too long headers of a part');
part("A: \xff\r\n\r\nc", 'part with a header that is not UTF-8');
part("A\r\n\r\nc", 'part with a header without a colon');
part("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain"
     . ';a=b' x 1000 . "\r\n\r\nc", 'part with a bad Content-Type');
part("Content-Disposition: form-data; name=a\r\n"
     . "Content-Type: text/plain; charset=cp437\r\n\r\nc",
     'part in an unknown charset');
part("Content-Disposition: form-data; name=a\r\n\r\nc\r\n" . join('',
     map { "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nc\r\n" }
     1 .. 1000) . '--B', 'too many fields');


# limits

jinja('{% for i in range(10 ** 12) %}{% endfor %}',
      'the template takes more steps than its limit',
      conf => 'tpl_limits steps=1000;');
jinja('{{ "a" * 100000 }}', 'the page takes more bytes than its limit',
      conf => 'tpl_limits output=1k;');
jinja('{{ (nginx.args * 1000000)|length }}',
      'the template takes more memory than its limit',
      query => '?a', conf => 'tpl_limits memory=256k;');


# fetches

jinja('{{ fetch("/a", as="xml") }}', "fetch() takes 'json' or 'text', not 'xml'");
jinja('{{ fetch("/a", size=0) }}', 'the size of a fetch() must be from 1 to 1g');

jinja('{{ a }}', 'it is not a URI of this server', query => '?u=b',
      conf => 'tpl_fetch a $arg_u;');


my $t = TplServer->new(
    files => { %files, 'locale/de/LC_MESSAGES/messages.mo' =>
               pack('V*', 0x950412de, 0, 0, 28, 28, 0, 28) },
    server => "tpl_route any /<any(a,b):a>;\n$server");

is($t->test, '', 'the configuration is good');
$t->start;

for my $page (@asked) {
    my $before = length $t->log;
    my %headers = %{$page->{headers}};
    my $method = delete $headers{METHOD} // 'GET';

    my $answer = TplServer::parse($t->raw(
        "$method /$page->{name}$page->{query} HTTP/1.1\r\nHost: localhost\r\n"
        . "Connection: close\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
        . "\r\n" . ($page->{body} // '')));

    my $log = substr $t->log, $before;
    my $what = substr $page->{body} // $page->{template}, 0, 60;
    $what =~ s/[^ -~]/./g;

    ok(index($log, $page->{message}) >= 0, "$page->{message}: $what")
        or diag("status $answer->{status}, $log");
}

$t->finish;


# what `nginx -t` says

sub mo {
    my ($header, $id, $text) = @_;
    my $data = "\0$id\0$header\0$text\0";
    my $at = 28 + 32;

    return pack('V*', 0x950412de, 0, 2, 28, 44, 0, $at,
                0, $at, length $id, $at + 1,
                length $header, $at + 2 + length $id,
                length $text, $at + 3 + length "$id$header") . $data;
}

my $locale = 'tpl_locale_path locale; tpl_locale de;'
           . 'location / { tpl_render a.html; }';
my $de = 'locale/de/LC_MESSAGES/messages.mo';
my $page = 'location / { tpl_render a.html; }';

for (
    ['tpl_route a "/<date:b>";', {},
     'there is no converter "date": string, path, int, float, any and uuid are'],
    ['tpl_route a "/<int(fixed_digits=101):b>";', {},
     '"fixed_digits" is a number up to 100'],
    ['tpl_syntax tornado; tpl_route a "/((x)y)";', {},
     'the pattern cannot be reversed: a group in a group'],

    [$locale, { $de => 'short' }, 'the file is too short for a .mo file'],
    [$locale, { $de => 'no catalogue ' x 3 },
     'bad magic number, this is no .mo file'],
    [$locale, { $de => mo("Content-Type: text/plain; charset=latin1\n", 'a', 'b') },
     'messages.mo: the charset "latin1" is not supported, only UTF-8 and ASCII (msgconv -t UTF-8 converts a .po file)'],
    [$locale, { $de => mo("X: y\n", 'a', "\xc3\xa4") },
     'a message is not ASCII, and no header Content-Type says charset=UTF-8'],
    ["tpl_syntax tornado; $locale", { 'locale/de.csv' => "a,\xff\n" },
     'locale/de.csv: the file is not in UTF-8'],

    # directives

    ['tpl_root /$uri;', {},
     'variables are not possible in "tpl_root" "/$uri", templates are read once'],
    ['tpl_data a $uri;', {},
     'variables are not possible in "tpl_data" "$uri", the file is read once'],
    ['tpl_locale_path $uri;', {},
     'variables are not possible in "tpl_locale_path" "$uri", catalogues are read once'],
    ['tpl_autoescape json;', {},
     '"tpl_autoescape json" is not there yet: "auto", "html" and "off" are'],
    ['tpl_limits a=1;', {},
     'invalid parameter "a=1", it must be steps=, output=, memory= or depth='],
    ['tpl_limits depth=0;', {},
     'invalid limit "depth=0", it must be from 1 to '],
    ['tpl_param a-b c;', {}, '"a-b" is not a name that a template can use'],
    ['tpl_param nginx a;', {}, qq{the name "nginx" stands for nginx's variables}],
    ['tpl_data a templates;', {},
     qr{"templates" is not a file of at most \d+ bytes}],
    ['tpl_fetch a b;', {},
     '"b" is not a URI of this server: it must begin with "/"'],
    ['tpl_fetch a /b size=0;', {}, 'invalid size "0", it must be from 1 to 1g'],
    ['tpl_form maybe;', {},
     'invalid value "maybe" in "tpl_form" directive, it must be "on" or "off"'],
    ["tpl_syntax tornado; $locale",
     { 'locale/de.csv' => "a,b\n", $de => mo('', 'a', 'b') },
     qr{"\S*locale" has two catalogues for the locale "de"}],
    ['tpl_current_user name;', {}, '"name" names no variable'],
    ['tpl_static static /static templates/none;', {},
     qr{"tpl_static" finds no files below "\S+"}],
    ['location / { tpl_render $arg_a; }', {},
     qr{"tpl_render" in \S+:\d+ has no template to pick from, there is no "tpl_preload"}],
    ['location / { tpl_render a.html block=b; }', {},
     qr{"tpl_render" in \S+:\d+: the template "a.html" has no block "b"}],
    ['tpl_status_zone a;', {}, 'invalid zone "a", it must be name:size'],
    ['tpl_status_zone a:1k;', {}, 'invalid zone size "a:1k", it must be at least '],
    [qq{tpl_set \$a "a\xff";}, {}, 'the template is not UTF-8: byte 0xff'],
    ['location / { tpl_render big.html; }',
     { 'templates/big.html' => 'a' x ((64 << 20) + 1) },
     qr{"\S+big.html" is larger than \d+ bytes}],
    ['tpl_delimiters a b a c d e;', {},
     '"a" starts two kinds of tags: block, variable and comment start strings must be different'],
    ['tpl_whitespace crlf cr;', {},
     '"tpl_whitespace" takes one of all, single, oneline and one of crlf, cr'],
    ['tpl_secret_key file:none;', {}, qq{the key's file "none" is not found}],
    ['tpl_preload **; location / { tpl_render $arg_a; }',
     { 'templates/' . 'a/' x 70 . 'b.html' => '' },
     qr{too many folders below each other in "\S+"}],

    # templates

    [$page, { 'templates/a.html' => '{% extends "b.html" %}' },
     'template "b.html" is not found. Did you mean "a.html"?'],
    [$page, { 'templates/a.html' => '{% include ["b", "c"] %}' },
     'none of these 2 templates is found'],
) {
    my ($conf, $files, $message) = @$_;
    my $said = TplServer->new(
        ($conf =~ /^tpl_status_zone/ ? 'http' : 'server') => $conf,
        files => { 'templates/a.html' => 'a', %$files })->test;

    $message = qr/\Q$message\E/ unless ref $message;

    like($said, $message, substr $conf, 0, 60);
}

done_testing();
