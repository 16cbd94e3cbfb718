# Flask's session and its flashed messages, with cookies of a real Flask.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $python = '/usr/bin/python3';

my $t = TplServer->new(
    files => {
        'templates/user.html' => '{{ session.user or "nobody" }}',
        'templates/all.html' => '{{ session }}',
        'templates/flash.html' =>
            '{% for m in get_flashed_messages() %}[{{ m }}]{% endfor %}'
            . '{{ get_flashed_messages()|length }} {{ session }}',
        'templates/category.html' =>
            '{{ get_flashed_messages(with_categories=true, '
            . 'category_filter=["error"]) }}{{ get_flashed_messages(true) }}',
        'templates/fail.html' =>
            '{{ get_flashed_messages() }}{{ nginx.host.x.y }}',
        'templates/types.html' =>
            '{{ session.t is sequence }} {{ session.m }} {{ session.u }} '
            . '{{ session.d.strftime("%Y-%m-%d") }} {{ session.b }} '
            . '{{ session.tag }} {{ session.n + 1 }}',
        'templates/tornado.html' => '{{ session.get("user") }}',
        'key' => "from a file\n",
    },
    server => <<'EOC');
        tpl_secret_key new old;

        location = / { tpl_render user.html; }
        location = /all { tpl_render all.html; }
        location = /flash { tpl_render flash.html; }
        location = /category { tpl_render category.html; }
        location = /fail { tpl_render fail.html; }
        location = /types { tpl_render types.html; }
        location = /tornado { tpl_syntax tornado; tpl_render tornado.html; }
        location = /file { tpl_secret_key file:key; tpl_render user.html; }
        location = /off { tpl_secret_key off; tpl_render user.html; }
        location /shop {
            tpl_session cookie=shop lifetime=2h path=/shop domain=example.com
                        samesite=lax secure;
            location = /shop/user { tpl_render user.html; }
            location = /shop/flash { tpl_render flash.html; }
        }
EOC
$t->start;


# a real Flask: signs what is given as Python, or reads a cookie

$t->write('flask_session.py', <<'EOP');
import datetime, sys, uuid, time
from unittest import mock
import flask
from flask.sessions import SecureCookieSessionInterface
from markupsafe import Markup

what, key, value, *age = sys.argv[1:]
app = flask.Flask("x")
app.secret_key = key
s = SecureCookieSessionInterface().get_signing_serializer(app)

if what == "shop":
    app.config.update(
        SESSION_COOKIE_NAME="shop", SESSION_COOKIE_PATH="/shop",
        SESSION_COOKIE_DOMAIN="example.com", SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="lax",
        PERMANENT_SESSION_LIFETIME=datetime.timedelta(hours=2))
    app.add_url_rule("/flash", view_func=lambda: str(flask.get_flashed_messages()),
                     endpoint="flash")
    client = app.test_client(use_cookies=False)
    print(client.get("/flash", headers={"Cookie": "shop=" + value})
          .headers["Set-Cookie"], end="")
elif what == "sign":
    now = time.time() - int(age[0] if age else 0)
    with mock.patch("time.time", lambda: now):
        print(s.dumps(eval(value)), end="")
else:
    print(s.loads(value, max_age=2678400), end="")
EOP

sub sign {
    my ($value, $key, $age) = @_;
    return $t->run($python, "$t->{dir}/flask_session.py", 'sign',
                   $key // 'new', $value, $age // 0);
}

sub opened {
    return $t->run($python, "$t->{dir}/flask_session.py", 'open', 'new', @_);
}

sub get {
    my ($path, $cookie) = @_;
    return $t->get($path, Cookie => "a=b; session=$cookie; c=d");
}


# reading

my $ann = sign('{"user": "ann & co"}');
my $page = get('/', $ann);

is($page->{body}, 'ann &amp; co', 'a session');
ok(!exists $page->{headers}{'set-cookie'}, 'reading sets no cookie');
is(get('/tornado', $ann)->{body}, 'ann &amp; co', 'in Tornado');
is(get('/', sign('{"user": "ann"}', 'old'))->{body}, 'ann', 'an older key');
is(get('/file', sign('{"user": "ann"}', 'from a file'))->{body}, 'ann',
   'a key from a file');

is(get('/', sign('{"user": "ann", "long": "x" * 3000}'))->{body}, 'ann',
   'a compressed session');

is(get('/types', sign('{"t": (1, 2), "m": Markup("<b>"), "n": 41,'
   . '"u": uuid.UUID(int=7), "b": b"bytes", "tag": {" t": 1},'
   . '"d": datetime.datetime(2024, 2, 29, 1, 2, 3)}'))->{body},
   'True <b> 00000000-0000-0000-0000-000000000007 2024-02-29 bytes '
   . '{&#39; t&#39;: 1} 42', 'values that JSON has not');


# what is no session

is($t->get('/')->{body}, 'nobody', 'no cookie');
is(get('/', '')->{body}, 'nobody', 'an empty one');
is(get('/off', $ann)->{body}, 'nobody', 'no key');

for (['x', 'is not signed'], ["$ann.x", 'wrong signature'],
     [substr($ann, 1), 'wrong signature'],
     [sign('{"user": "ann"}', 'stolen'), 'wrong signature'],
     [sign('{"user": "ann"}', 'new', 31 * 86400 + 10), 'expired'],
     [sign('{"user": "ann"}', 'new', -100), 'expired'],
     [sign('["ann"]'), 'no good'])
{
    my ($cookie, $why) = @$_;
    my $before = length $t->log;

    is(get('/', $cookie)->{body}, 'nobody', "no session: $why");
    like(substr($t->log, $before),
         qr/\[info\] .*client sent a session cookie that .*\Q$why/,
         'the log says why');
}

is(get('/', sign('{"user": "ann"}', 'new', 31 * 86400 - 100))->{body}, 'ann',
   'not quite expired');


# flashed messages: shown once, then the cookie goes without them

my $two = '[("message", "saved <b>"), ("error", "but")]';

$page = get('/flash', sign("{'user': 'ann', 'n': 1.50, '_flashes': $two}"));

is($page->{body}, '[saved &lt;b&gt;][but]2 '
   . '{&#39;user&#39;: &#39;ann&#39;, &#39;n&#39;: 1.5}', 'messages');
ok(!exists $page->{headers}{etag}, 'a page with messages has no ETag');

my $set = $page->{headers}{'set-cookie'};
like($set, qr/^session=[\w.-]+; HttpOnly; Path=\/$/, 'the cookie is set');
my ($cookie) = $set =~ /^session=([^;]+)/;

is(opened($cookie), "{'user': 'ann', 'n': 1.5}", 'Flask reads it');

$page = get('/flash', $cookie);
like($page->{body}, qr/^0 /, 'no messages the next time');
ok(!exists $page->{headers}{'set-cookie'}, 'and no cookie');

$page = get('/flash', sign("{'_flashes': $two}"));
is($page->{headers}{'set-cookie'},
   'session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; '
   . 'Path=/', 'a session of nothing else is deleted');

$page = get('/flash', sign("{'_flashes': $two, '_permanent': True, 'a': 1}"));
like($page->{headers}{'set-cookie'},
     qr/^session=[\w.-]+; Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT; HttpOnly; Path=\/$/,
     'a permanent one goes on for a month');

$page = get('/flash', sign("{'_flashes': $two, 'x': ['_flashes', '}', '\"\\\\',"
                           . "{'_flashes': (1,)}], 'y': 'z' * 500}"));
($cookie) = $page->{headers}{'set-cookie'} =~ /^session=([^;]+)/;
is(opened($cookie), "{'x': ['_flashes', '}', '\"\\\\', {'_flashes': (1,)}], "
                    . "'y': '" . 'z' x 500 . "'}",
   'all else stays as it was');

is(get('/category', sign("{'_flashes': $two}"))->{body},
   '[(&#39;error&#39;, &#39;but&#39;)][(&#39;message&#39;, '
   . '&#39;saved &lt;b&gt;&#39;), (&#39;error&#39;, &#39;but&#39;)]',
   'categories');

$page = get('/fail', sign("{'_flashes': $two, 'a': 1}"));
is($page->{status}, 500, 'a page that fails');
ok(!exists $page->{headers}{'set-cookie'}, 'has not shown the messages');


# an application that has configured its cookie

sub shop {
    return $t->get($_[0], Cookie => "session=x; shop=$_[1]");
}

is(shop('/shop/user', $ann)->{body}, 'ann &amp; co', 'a cookie of another name');
is($t->get('/shop/user', Cookie => "session=$ann")->{body}, 'nobody',
   '  and no other');
is(shop('/shop/user', sign('{"user": "ann"}', 'new', 7200 - 100))->{body}, 'ann',
   'a shorter life');
is(shop('/shop/user', sign('{"user": "ann"}', 'new', 7200 + 10))->{body},
   'nobody', '  which ends');

for my $session ("{'_flashes': $two, 'a': 1, '_permanent': True}",
                 "{'_flashes': $two, 'a': 1}", "{'_flashes': $two}")
{
    my $cookie = sign($session);
    my @set = (shop('/shop/flash', $cookie)->{headers}{'set-cookie'},
               $t->run($python, "$t->{dir}/flask_session.py", 'shop', 'new',
                       $cookie));

    # signed, and over, a second later perhaps
    s/^(shop=)[^;]+/$1.../, s/(?<=\d\d:\d\d):\d\d(?= GMT)/:.../ for @set;
    is($set[0], $set[1], "the cookie is Flask's: $session");
}


# pages that look at the session are not the same for all

is(get('/', $ann)->{headers}{vary}, 'Cookie', 'Vary');
is(get('/flash', $ann)->{headers}{vary}, 'Cookie', 'of messages as well');

$t->finish;


# the directive

for (['tpl_secret_key "";', 'has an empty key'],
     ['tpl_secret_key file:none;', 'none" is not found'],
     ['tpl_secret_key a; tpl_secret_key b;', 'is duplicate'],
     ['tpl_secret_key a file:key;', ''],
     ['tpl_session cookie=a; tpl_session cookie=b;', 'is duplicate'],
     (map { ["tpl_session $_;", qq(invalid parameter "$_")] }
      'cookie=', 'cookie=a/b', 'lifetime=0', 'lifetime=x', 'path=shop',
      'samesite=some', 'name=x', 'secure=on', "domain=a\x01b"),
     ['tpl_session "cookie=a b";', 'invalid parameter "cookie=a b"'],
     ['tpl_session lifetime=1d secure;', ''])
{
    my ($directive, $why) = @$_;

    $t->configure(server => "$directive location / { tpl_render all.html; }");
    like($t->test, $why ? qr/\Q$why/ : qr/^$/, $directive);
}

done_testing();
