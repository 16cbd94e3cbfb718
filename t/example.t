# conf.example: everything in it works.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(getcwd);
use Test::More;
use TplServer;

open my $in, '<', 'conf.example' or die $!;
my $conf = do { local $/; <$in> };

my $t = TplServer->new(workers => 2);
my $here = getcwd;

# as tools/run.sh does: another port, other files

$conf =~ s/listen( +)8888/listen 127.0.0.1:$t->{port}/g or die;
$conf =~ s/^load_module .*$/$TplServer::load/m or die;
$conf =~ s{build/run}{$t->{dir}/logs}g or die;

my $temp = join ' ', map { "${_}_temp_path $t->{dir}/tmp/$_;" }
                     qw(client_body proxy fastcgi uwsgi scgi);

$conf =~ s/^http \{/http { $temp/m or die;
$conf = "user root;\n$conf" if $> == 0;

$t->write('nginx.conf', $conf);
$t->{prefix} = $here;

is($t->test, '', 'nginx -t has nothing to say');
$t->start;

sub page {
    my ($path, $status, $like) = @_;
    my $answer = $t->get($path);

    is($answer->{status}, $status, "$path: $status");
    is($answer->{headers}{'content-type'}, 'text/html; charset=utf-8',
       "$path: the type");
    like($answer->{body}, $like, "$path: the page");
    unlike($answer->{body}, qr/\{\{|\{%|undefined/, "$path: no rest of code");
}

page('/', 200, qr/whatever.*<\/html>$/s);
page('/tornado', 200, qr/whatever.*<\/html>\s*$/s);

sub post {
    my ($path, $body, %headers) = @_;

    return TplServer::parse($t->raw(
        "POST $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body"));
}

# a form with a token: nobody else's page can send it

{
    my $form = $t->get('/tornado/letter');
    my ($cookie) = $form->{headers}{'set-cookie'} =~ /^(_xsrf=[^;]+)/;
    my ($token) = $form->{body} =~ /name="_xsrf" value="([^"]+)"/;

    ok($cookie && $token, '/tornado/letter: a form with a token');

    my $answer = post('/tornado/letter', "mail=a\@b.example&_xsrf=$token",
                      Cookie => $cookie);
    is($answer->{status}, 200, 'POST with the token');
    like($answer->{body}, qr/Thank you/, 'is taken');

    $answer = post('/tornado/letter', 'mail=a@b.example', Cookie => $cookie);
    is($answer->{status}, 403, 'POST without it is not');
    like($answer->{body}, qr/<h1>/, "it gets the site's page");
}

# a form with errors keeps what was typed

sub login {
    my ($body) = @_;
    my $form = $t->get('/login');
    my ($cookie) = $form->{headers}{'set-cookie'} =~ /^(_xsrf=[^;]+)/;
    my ($token) = $form->{body} =~ /name="_xsrf" value="([^"]+)"/;

    return post('/login', "$body&_xsrf=$token", Cookie => $cookie);
}

page('/login', 200, qr/<h1>Sign in<\/h1>.*name="mail" type="email" value=""/s);

for (['mail=', qr/Please give your mail address.*eight characters/s],
     ['mail=%22me%22&stay=1',
      qr/has an @.*value="&#34;me&#34;".*name="stay" checked>/s],
     ['mail=me@b.example&password=short',
      qr/<li><a href="#password">.*value="me\@b\.example"/s])
{
    my ($body, $like) = @$_;
    my $answer = login($body);

    is($answer->{status}, 200, "/login: $body");
    like($answer->{body}, $like, 'the form again, with what is wrong');
    unlike($answer->{body}, qr/short/, 'but never the password');
}

my $right = login('mail=me@b.example&password=long%20enough');
is($right->{status}, 303, '/login: all is right');
is($right->{headers}{location}, "/walks", 'and leads on');

page('/notice', 200, qr/Welcome/);
page('/notice?text=<b>hi', 200, qr/&lt;b&gt;hi/);
page('/tornado/walks', 200,
     qr{<h1>Walks</h1>.*<h3>To the old mill &amp; back</h3>.*9\.0 km, 180 m}s);
page('/tornado/walks?longest=10', 200, qr/of up to 10 km.*old mill.*4 walks/s);
page('/tornado/walks?longest=<b>', 200, qr/<h1>Walks<.*Ridge path/s);
page('/request?name=<b>&a=1&a=2', 200,
     qr{Hello &lt;b&gt;.*/request\?name=.*"a": \["1", "2"\]}s);
page('/greeting', 200, qr/Good day, dear guest.*You come alone/s);
{
    my $german = $t->get('/greeting', 'Accept-Language' => 'fr, de;q=0.9');
    like($german->{body}, qr/Guten Tag/, 'the language follows the visitor');
    like($german->{headers}{vary}, qr/Accept-Language/i, 'and Vary says so');
}
page('/greeting?lang=de_DE&friend=a&friend=b', 200,
     qr/lang="de".*Guten Tag, lieber Gast.*mit 2 Freunden/s);
page('/pages/index', 200, qr/Pages by name/);
page('/pages/walks', 200, qr/<h1>Walks<\/h1>.*old mill &amp; back.*44\.0 km/s);
page('/pages/walks?season=spring', 200, qr/<h1>Walks in spring<\/h1>/);
is($t->get('/pages/')->{status}, 302, '/pages/: 302');
page('/pages/missing', 404, qr/Page not found/);
page('/pages/..%2fmain_j2', 404, qr/Page not found/);
page('/status', 200, qr/Worker process<\/th><td>\d+/);
like($t->get('/metrics')->{body},
     qr/^tpl_requests_total\{template="status\.html"\} 1$/m, '/metrics');
page('/maintenance', 503, qr/Back at 14:30.*a new kitchen/s);
page('/walks-table', 200, qr/^<h1>Walks.*13\.5 miles.*<\/p>$/s);

# a page, and the block of it that htmx asks for

page('/walks', 200, qr/^<!doctype.*<h1>Walks<\/h1>.*<\/html>\s*$/s);

my $part = $t->get('/walks?season=spring', 'HX-Target' => 'walks');
like($part->{body}, qr/^<h1>Walks in spring<\/h1>.*<\/p>$/s, '/walks: htmx gets a block');
is($part->{headers}{vary}, 'Hx-Target', '/walks: and caches know');


# the single-page app

page('/app/', 200, qr/<h1>Free rooms<\/h1>/);
page('/app/rooms/lake', 200, qr/<h1>Free rooms<\/h1>/);

my $app = $t->get('/app/');
my ($nonce) = $app->{headers}{'content-security-policy'} =~ /'nonce-(\S{22})'/;
my @scripts = $app->{body} =~ /<script nonce="(\S+?)"/g;

is(join(' ', @scripts), "$nonce $nonce", '/app/: scripts have the nonce of the header');
is($app->{headers}{'cache-control'}, 'no-store', '/app/: is not kept');
is($app->{headers}{etag}, undef, '/app/: has no ETag');
like($app->{body}, qr/window\.config = \{"currency": "EUR", "house": "Linden House", "rooms": \{"Garden": 78, "Lake": 92\}\};/,
     '/app/: the configuration');

my ($script) = $app->{body} =~ /src="(\S+)" defer/;
like($script, qr{^/static/app\.js\?v=[0-9a-f]{16}$}, '/app/: the version of its script');
like($t->get($script)->{body}, qr/window\.config/, 'the script');
like($t->get($script)->{headers}{'cache-control'}, qr/max-age=315360000/, 'for good');
like($t->get(($app->{body} =~ /stylesheet" href="(\S+)"/)[0])->{body}, qr/font-family|font:/, 'the style sheet');

my $config = $t->get('/config.js');
like($config->{headers}{'content-type'}, qr{^(?:application|text)/javascript; charset=utf-8$}, '/config.js: the type');
like($config->{body}, qr/^window\.config = \{"currency": "EUR",.*\};$/, '/config.js: the configuration');


# robots.txt by host

like($t->get('/robots.txt')->{body}, qr/^User-agent: \*\nDisallow: \/\n$/, 'robots.txt: a copy is not for crawlers');
like($t->raw("GET /robots.txt HTTP/1.0\r\nHost: www.lindenhouse.example\r\n\r\n"),
     qr{\n\r\nUser-agent: \*\nDisallow: /app/\nSitemap: http://www\.lindenhouse\.example/sitemap\.xml\n$},
     'robots.txt: the site is');


# short addresses

is($t->get('/go/spring')->{headers}{location}, '/walks?season=spring', '/go/spring');
is($t->get('/go/lake')->{headers}{location}, 'https://www.openstreetmap.org/search?query=Maren%20am%20See', '/go/lake');
is($t->get('/go/walks')->{status}, 302, '/go/walks: 302');
page('/go/<nowhere>', 404, qr/Page not found.*There is no short address &#34;&lt;nowhere&gt;&#34;\./s);


# an API in JSON as pages

page('/rooms', 200, qr/Attic &amp; stars<\/a>.*82 EUR.*4\.0 of 5.*no reviews.*Lake room.*4\.5 of 5/s);
page('/rooms/attic', 200, qr/<h1>Attic &amp; stars<\/h1>.*1 bed, .*Mind your head &lt;and&gt; enjoy/s);
page('/rooms/nothing', 404, qr/Page not found/);
page('/rooms', 200, qr/<a href="\/rooms\/attic">.*At the lake it is \d\d:\d\d CES?T\./s);

# who is logged in at a Flask application

page('/account', 200, qr/Nobody is logged in/);

my $cookie = $t->run('/usr/bin/python3', '-c', <<'EOP');
from flask import Flask, flash, session
app = Flask("shop")
app.config.update(SECRET_KEY="change me", SESSION_COOKIE_NAME="lindenhouse")
@app.route("/")
def index():
    session["user"] = "Ann & co"
    session["rooms"] = ["attic", "lake"]
    flash("Your room is booked.")
    return ""
print(app.test_client().get("/").headers["Set-Cookie"].split(";")[0], end="")
EOP

my $account = $t->get('/account', Cookie => $cookie);
like($account->{body}, qr/Your room is booked\..*Good day, Ann &amp; co.*attic, lake\./s, '/account: the session');
like($account->{headers}{'set-cookie'}, qr/^lindenhouse=[\w.-]+; HttpOnly; Path=\/; SameSite=Lax$/,
     '/account: the message is not shown again');
is($t->get('/api/rooms')->{status}, 404, '/api/ is not for clients');

page('/files/', 200, qr/<h1>\/files\/<\/h1>.*directives\.md<\/a>.*kB/s);
page('/nothing?<here>', 404, qr/Page not found.*\/nothing\?&lt;here&gt;/s);
page('/error', 404, qr/Page not found/);

like($t->log('access.log'), qr/"GET \/notice HTTP\/1\.1" 200 \d+ main_j2\.html 0\.\d{6} \d+ "-"$/m,
     'the log says what a page cost');

$t->finish;

done_testing();
