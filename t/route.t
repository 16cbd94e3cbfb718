# tpl_route, tpl_static: url_for(), static_url() and reverse_url() build what
# Flask and Tornado build.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha512_hex);
use Test::More;
use TplServer;

my $python = $ENV{PYTHON} // '/usr/bin/python3';


# routes of Flask, and calls that are the same text in Python and in a template

my @rules = (
    [index => '/'],
    [user => '/user/<name>'],
    [user_page => '/user/<string(minlength=2):name>/<int:page>/'],
    [post => '/post/<int:id>'],
    [post => '/post/<int:id>/<slug>'],
    [year => '/<int(fixed_digits=4):year>/'],
    [wiki => '/wiki/<path:page>/edit'],
    [price => '/price/<float:amount>'],
    [about => '/<any(about, help, "a,b"):page>'],
    [object => '/o/<uuid:id>'],
    [odd => "/caf\xc3\xa9 & co/x+y|z:<a>-<b>.html"],
    ['admin.list' => '/admin//list'],
    [two => '/first'],
    [two => '/second'],
    [lead => '/<path:p>'],
);

my @calls = (
    "'index'",
    "'.index'",
    "'index', q='a b', r=None, s=1.5, t=True",
    "'index', z=1, a=2, z2='\xc3\xa9&=+~/:\@'",
    "'index', list=[1, 'two', None, 3], empty=[]",
    "'index', _anchor='top / \xc3\xa9#'",
    "'index', _external=True",
    "'index', _scheme='https'",
    "'index', _scheme='ftp', _external=True",
    "'index', _scheme='', _external=True, a=1",
    "'index', _external=False",
    "'user', name='anna'",
    "'user', name='a/b c?d#e%\xc3\xa9+'",
    "'user', name=7, page=2",
    "'user', name=''",
    "'user_page', name='x', page='12'",
    "'user_page', name='x', page=3.9",
    "'post', id=5",
    "'post', id=-5",
    "'post', id=5, slug='hello world'",
    "'post', id=5, slug=None",
    "'year', year=7",
    "'year', year=-7",
    "'year', year=20261",
    "'wiki', page='a/b/c d'",
    "'price', amount=3",
    "'price', amount='2.50'",
    "'price', amount=1e20",
    "'about', page='help'",
    "'about', page='a,b'",
    "'object', id='12345678-1234-5678-1234-567812345678'",
    "'odd', a='1', b=2",
    "'admin.list', x='y'",
    "'two'",
    "'lead', p='/x'",
    "'static', filename='none.css'",
    "'static', filename='css/a b.css', x=1, v='mine'",
    "'static', filename='none/../x', _external=True",

    # errors
    "'nothing'",
    "'user'",
    "'user', nam='x', other=1",
    "'wikki', page='x'",
    "'post', id='x'",
    "'about', page='other'",
    "'index', _scheme='https', _external=False",
);


# and of Tornado

my @patterns = (
    [home => '/'],
    [story => '/story/([0-9]+)'],
    [pair => '^/a\.b/([a-z]+)/([^/]*)/end$'],
    [named => '/n/(?P<id>\d+)/x'],
    [class => '/c/([()\]]+)/'],
    [plain => '/plain%20text'],
    [whole => '^/whole\\.html$'],
);

my @reversed = (
    "'home'", "'story', 5", "'story', 'a b/c?\xc3\xa9'", "'pair', 'x', 'y+~'",
    "'pair', 'x', ''", "'named', 7", "'plain'", "'whole'", "'story', None",
);

my %static = (
    'css/a b.css' => "body {}\n", 'app.js' => "alert(1)\n", 'empty' => '',
    'css/deep/er/x.txt' => 'x' x 100_000, '.hidden' => 'no',
);

my %files = map { ("static/$_" => $static{$_}) } keys %static;
my $server = join '', map { "tpl_route $_->[0] '$_->[1]';\n" } @rules, @patterns;

for (0 .. $#calls) {
    $files{"templates/call$_.txt"} = "{{ url_for($calls[$_]) }}";
    $server .= "location = /call$_ { tpl_render call$_.txt; }\n";
}

for (0 .. $#reversed) {
    $files{"templates/reverse$_.html"} = "{% raw reverse_url($reversed[$_]) %}";
    $server .= "location = /reverse$_ { tpl_syntax tornado; tpl_render reverse$_.html; }\n";
}

%files = (%files,
    'templates/static.html' => '{% raw static_url(p) %} {% raw static_url(p, include_version=False) %} '
        . '{% raw static_url(p, True) %}',
    'templates/jinja.html' => "{{ static_url('app.js') }} {{ reverse_url('story', 1) }} {{ reverse_url('user', 'x') }}",
    'templates/tornado.html' => "{{ url_for('user', name='<') }}",
    'templates/escaped.html' => "{{ url_for('index', a=1, b='<') }}",
    'templates/constant.html' => "{{ url_for('static', filename='app.js') }} {{ static_url('app.js') }}",
    'templates/both.html' => "{{ url_for('story') }}",
    'templates/short.html' => "{% raw reverse_url('story') %}",
    'templates/unknown.html' => "{% raw reverse_url('storey', 1) %}",
    'templates/cdn.html' => "{{ url_for('cdn', filename='app.js', _external=true) }} {{ url_for('media', filename='app.js') }} {{ url_for('shared') }}",
    'templates/host.html' => "{{ url_for('index', _external=true) }}",
);

my $t = TplServer->new(files => \%files,
    http => 'tpl_route shared /from-http; tpl_route two /hidden; tpl_set $css "{{ url_for(\'static\', filename=\'app.js\') }}";',
    server => <<"EOC");
tpl_static static /static static;
tpl_static media /media/ static/ version=off;
tpl_static cdn https://cdn.example.com/x static;
$server
location = /static { tpl_syntax tornado; tpl_render static.html; tpl_param p \$arg_p; }
location = /jinja { tpl_render jinja.html; }
location = /tornado { tpl_syntax tornado; tpl_render tornado.html; }
location = /escaped { tpl_render escaped.html; }
location = /constant { tpl_render constant.html; }
location = /both { tpl_render both.html; }
location = /short { tpl_syntax tornado; tpl_render short.html; }
location = /unknown { tpl_syntax tornado; tpl_render unknown.html; }
location = /cdn { tpl_render cdn.html; }
location = /host { tpl_render host.html; }
location = /variable { return 200 \$css; }
EOC

like($t->test,
     qr/\A(?:\[warn\] templates\/\S+: there is no route '(?:nothing|wikki|storey)'.*\n){3}\z/,
     'the configuration is good, but for routes that some pages ask for');
$t->start;

sub python {
    my ($code) = @_;
    open my $out, '>:raw', "$t->{dir}/oracle.py" or die $!;
    print $out "# -*- coding: utf-8 -*-\n$code";
    close $out or die $!;
    return split /\n/, $t->run($python, "$t->{dir}/oracle.py");
}

sub body { $t->get(@_)->{body} }


# Flask

my @want = python(<<'EOP'
from flask import Flask, url_for
app = Flask('x')
def line(f):
    try:
        print('ok', f())
    except Exception as e:
        print('error', str(e))
EOP
    . join('', map { "app.add_url_rule('$_->[1]', '$_->[0]')\n" } @rules)
    . "with app.test_request_context(base_url='http://LocalHost/'):\n"
    . join('', map { "    line(lambda: url_for($_))\n" } @calls));

is(scalar @want, scalar @calls, 'Flask has built its addresses');

my $werkzeug = TplServer::python_has('werkzeug', '2.2');

for (0 .. $#calls) {
    my ($kind, $text) = split / /, $want[$_], 2;
    my $before = length $t->log;
    my $got = $t->get("/call$_");

    next unless $werkzeug;

    if ($kind eq 'ok') {
        is($got->{body}, $text, "url_for($calls[$_])");
        next;
    }

    is($got->{status}, 500, "url_for($calls[$_]): an error");

    my ($said) = substr($t->log, $before) =~ /failed: \S+?:\d+:\d+: (.*?) while rendering/;

    # what Flask thinks of as near is its own
    s/ Did you mean .*// for $text, $said;
    is($said, $text, '  with the text of Flask');
}

like($t->log, qr/'wikki'.* Did you mean 'wiki' instead\?/, 'the nearest name');
like($t->raw("GET /host HTTP/1.0\r\nHost: LocalHost:80\r\n\r\n"), qr{\n\r\nhttp://localhost/$}, 'the default port is left out');


# Tornado

@want = python(<<'EOP'
from tornado.web import Application, RequestHandler, URLSpec
def line(f):
    try:
        print(f())
    except Exception as e:
        print('error', e)
EOP
    . 'app = Application([' . join(', ', map { "URLSpec(r'$_->[1]', RequestHandler, name='$_->[0]')" } @patterns) . "])\n"
    . join('', map { "line(lambda: app.reverse_url($_))\n" } @reversed));

is(scalar @want, scalar @reversed, 'Tornado has reversed its addresses');
is(body("/reverse$_"), $want[$_], "reverse_url($reversed[$_])") for 0 .. $#reversed;

@want = python("from tornado.web import StaticFileHandler\n"
    . "s = {'static_path': '$t->{dir}/static'}\n"
    . join '', map { "print(StaticFileHandler.make_static_url(s, '$_'), StaticFileHandler.make_static_url(s, '$_', False))\n" }
           'app.js', 'empty', 'css/deep/er/x.txt');

for ('app.js', 'empty', 'css/deep/er/x.txt') {
    my $want = shift @want;
    is(body("/static?p=$_"), "$want http://localhost" . (split / /, $want)[0], "static_url('$_')");
}

is(body('/static?p=none.js'), '/static/none.js /static/none.js http://localhost/static/none.js', 'a file that is not there');
is(body('/static?p=../nginx.conf'), '/static/../nginx.conf /static/../nginx.conf http://localhost/static/../nginx.conf', 'one elsewhere');
is(body('/static?p=.hidden'), '/static/.hidden /static/.hidden http://localhost/static/.hidden', 'one that is hidden');


# versions

my $hash = sha512_hex($static{'app.js'});
my $short = substr $hash, 0, 16;

is(body('/constant'), "/static/app.js?v=$short /static/app.js?v=$hash", 'versions by content');
is(body('/constant'), body('/constant'), 'of a page that is kept');
isnt($t->get('/constant')->{headers}{etag}, undef, 'it has an ETag');
is(body('/variable'), "/static/app.js?v=$short", 'in tpl_set');
is(body('/cdn'), "https://cdn.example.com/x/app.js?v=$short /media/app.js /from-http",
   'a prefix with a host; version=off; a route of http{}');

is(body('/jinja'), "/static/app.js?v=$hash /story/1 /user/x", "Tornado's functions in Jinja");
is(body('/tornado'), '/user/%3C', 'url_for() in Tornado');
is(body('/escaped'), '/?a=1&amp;b=%3C', 'escaped as any other text');

is($t->get('/both')->{status}, 500, 'url_for() of a regular expression');
like($t->log, qr/the route 'story' is a regular expression, which reverse_url\(\) takes/, '  says so');
is($t->get('/short')->{status}, 500, 'too few arguments');
like($t->log, qr/required number of arguments not found/, '  says so');
is($t->get('/unknown')->{status}, 500, 'an unknown name');
like($t->log, qr/'storey not found in named urls'/, '  says so');

# a reload reads the files anew

$t->write('static/app.js', 'changed');
is(body('/variable'), "/static/app.js?v=$short", 'versions are those of the start');
ok($t->reload, 'after a reload');
is(body('/variable'), '/static/app.js?v=' . substr(sha512_hex('changed'), 0, 16), 'they are new');

$t->finish;


# configurations that are wrong

sub complaint { TplServer->new(files => { 'static/a' => 'a' }, @_)->test }

my %bad = (
    'tpl_route a b;' => 'invalid route "b": a route starts with a slash',
    'tpl_route a "/<b";' => 'a "<" without ">"',
    'tpl_route a "/<int:1b>";' => '"1b" is not the name of a variable',
    'tpl_route a "/<date:b>";' => 'there is no converter "date"',
    'tpl_route a "/<b>/<b>";' => 'the variable "b" stands twice',
    'tpl_route a "/<any():b>";' => '"any" names nothing to choose from',
    'tpl_route a "/<int(fixed_digits=x):b>";' => '"x" is not a number',
    'tpl_route a "/((x)y)";' => 'cannot be reversed: a group in a group',
    'tpl_route a "/(?:x)";' => 'cannot be reversed: a group that captures nothing',
    'tpl_route a "/(x)\d+";' => 'cannot be reversed: between groups there can only be text',
    'tpl_route a "/(x";' => 'cannot be reversed: a "(" without ")"',
    'tpl_route a "/(x\\\\";' => 'cannot be reversed: a "(" without ")"',
    'tpl_route "" /;' => '"tpl_route" directive has an empty name',
    'tpl_static a b static;' => '"b" is neither a path nor an address',
    'tpl_static a /b static x;' => 'invalid parameter "x"',
    'tpl_static a /b $x;' => 'cannot have variables',
    "tpl_static a /b static;\ntpl_static a /c static;" => '"tpl_static" directive is duplicate',
);

like(complaint(server => $_), qr/\Q$bad{$_}\E.* in nginx\.conf:\d+/, $_) for sort keys %bad;
like(complaint(server => 'tpl_static a /b nothing;'), qr/\[warn\].*finds no files below/, 'an empty folder is a warning');

done_testing();
