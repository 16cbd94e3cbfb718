# xsrf_form_html() and tpl_xsrf: the tokens of Tornado, and with a real one.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $t = TplServer->new(
    files => {
        'templates/jinja.html' => '{{ xsrf_form_html() }}{{ xsrf_form_html() }}',
        'templates/token.html' => '{{ xsrf_token() }}',
        'templates/user.html' =>
            '{% set current_user = nginx.arg_user %}{{ xsrf_token() }}',
        'templates/module.html' => '{% module xsrf_form_html() %}',
        'templates/raw.html' => '{% raw xsrf_form_html() %}',
        'templates/escaped.html' => '{{ xsrf_form_html() }}',
        'templates/page.html' => 'page',
        'templates/around.html' => '<{{ form }}>',
        'templates/both.html' => '{{ xsrf_token() }}<{{ form }}>',
        'templates/two.html' => '<{{ form }}>{{ xsrf_token() }}{{ more }}',
        'templates/failing.html' => '{{ form }}{{ data.n }}{{ data.n / 0 }}',
        'templates/filtered.html' => '{{ data.n }}<{{ form }}>',
        'templates/error.html' => 'forbidden {{ nginx.request_method }}',
    },
    server => <<'EOC');
        tpl_form on;
        tpl_xsrf on;

        location = /jinja { tpl_render jinja.html; }
        location = /token { tpl_render token.html; }
        location = /user { tpl_param current_user $arg_user if_not_empty; tpl_render token.html; }
        location = /module { tpl_syntax tornado; tpl_render module.html; }
        location = /raw { tpl_syntax tornado; tpl_render raw.html; }
        location = /escaped { tpl_syntax tornado; tpl_render escaped.html; }
        location = /page { tpl_render page.html; }
        location = /open { tpl_xsrf off; tpl_render page.html; }
        location = /off { tpl_form off; tpl_render page.html; }
        location = /around { tpl_fetch form /token as=text; tpl_render around.html; }
        location = /both { tpl_fetch form /token as=text; tpl_render both.html; }
        location = /two { tpl_fetch form /token as=text; tpl_fetch more /jinja as=text;
                          tpl_render two.html; }
        location = /nested { tpl_fetch form /around as=text; tpl_render around.html; }
        location = /filtered { tpl_fetch form /token as=text; tpl_filter filtered.html;
                               default_type application/json; return 200 '{"n": 1}'; }
        location = /failing { tpl_fetch form /token as=text; tpl_filter failing.html;
                              default_type application/json; return 200 '{"n": 1}';
                              error_page 500 /around; }
        location = /ssi { ssi on; default_type text/html;
                          return 200 '<!--#include virtual="/token" -->'; }
        location = /named { tpl_render page.html; error_page 403 @error; }
        location @error { tpl_render error.html; }
EOC
$t->start;

my $token = qr/2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d{10}/;

sub post {
    my ($path, $body, %headers) = @_;
    my $method = delete $headers{METHOD} // 'POST';
    my $length = length $body;

    $headers{'Content-Type'} //= 'application/x-www-form-urlencoded';

    return TplServer::parse($t->raw(
        "$method $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
        . "Content-Length: $length\r\n\r\n$body"));
}


# what a page gets, and the cookie that goes with it

my $page = $t->get('/jinja');

like($page->{body},
     qr/^(<input type="hidden" name="_xsrf" value="($token)"\/>)\1$/,
     'Jinja: markup, the same token twice in a page');
like($page->{headers}{'set-cookie'}, qr/^_xsrf=$token; Path=\/$/, 'a cookie');
ok(!exists $page->{headers}{etag}, 'no ETag');

my $input = qr/<input type="hidden" name="_xsrf" value="$token"\/>/;

like($t->get('/module')->{body}, qr/^$input$/, 'Tornado: {% module %}');
like($t->get('/raw')->{body}, qr/^$input$/, 'Tornado: {% raw %}');
like($t->get('/escaped')->{body}, qr/^&lt;input type=&quot;hidden&quot; /,
     'Tornado: an expression escapes it');

like($t->get('/user?user=ann')->{headers}{'set-cookie'},
     qr/^_xsrf=$token; expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT; Path=\/$/,
     'a user who is known keeps the cookie for a month');
like($t->get('/user')->{headers}{'set-cookie'}, qr/^_xsrf=$token; Path=\/$/,
     'one who is not does not');

my %seen = map { $t->get('/token')->{body} => 1 } 1 .. 20;
is(scalar(keys %seen), 20, 'each page has a token of its own');


# the page may be a part of another: the cookie goes with the whole, and the
# tokens of all parts go with the cookie

for (['/around', 1], ['/both', 2], ['/two', 4], ['/nested', 1],
     ['/filtered', 1], ['/failing', 1])
{
    my ($uri, $n) = @$_;
    my $page = $t->get($uri);
    my @tokens = $page->{body} =~ /($token)/g;
    my @cookies = $page->{head} =~ /^Set-Cookie: _xsrf=([^;]+); Path=\/\r?$/mg;

    is(scalar(@tokens), $n, "$uri: tokens");
    is(scalar(@cookies), 1, "$uri: one cookie");

    is(post('/page', "_xsrf=$_", Cookie => "_xsrf=$cookies[0]")->{status}, 200,
       '  which goes with the token') for @tokens;
}

like($t->get('/around')->{body}, qr/^</, 'the page itself');
is($t->get('/ssi')->{headers}{'set-cookie'}, undef,
   'too late for a header that was sent');
like($t->log,
     qr{\[warn\] .*the cookie of the xsrf token in "/token" comes too late: the header of the page that it is a part of was sent},
     '  which the log says');


# and sends back

my ($cookie) = $t->get('/token')->{headers}{'set-cookie'} =~ /^_xsrf=([^;]+)/;
my %with = (Cookie => "_xsrf=$cookie");

$page = $t->get('/token', %with);
my $sent = $page->{body};

ok(!exists $page->{headers}{'set-cookie'}, 'a cookie that is there stays');
isnt($sent, $cookie, 'its token has another mask');

(my $plus = $sent) =~ s/\|/%7C/g;

is(post('/page', "_xsrf=$plus", %with)->{status}, 200, 'in the form');
is(post("/page?_xsrf=$plus", '', %with)->{status}, 200, 'in the query');
is(post('/page', "--B\r\nContent-Disposition: form-data; name=\"_xsrf\""
                 . "\r\n\r\n$sent\r\n--B--\r\n", %with,
        'Content-Type' => 'multipart/form-data; boundary=B')->{status}, 200,
   'in multipart/form-data');
is(post('/page', '', %with, 'X-Xsrftoken' => $sent)->{status}, 200,
   'in X-Xsrftoken');
is(post('/page', '', %with, 'X-CSRFToken' => $sent)->{status}, 200,
   'in X-Csrftoken');
is(post('/page', "_xsrf=$plus", %with, METHOD => $_)->{status}, 200, $_)
    for qw(PUT PATCH DELETE);
is(post('/open', '')->{status}, 200, 'tpl_xsrf off');
is(post('/off', '')->{status}, 405, 'tpl_form off');
is($t->get('/page')->{status}, 200, 'GET needs no token');


# or does not

for (['', {%with}, "'_xsrf' argument missing from POST"],
     ['_xsrf=', {%with}, "'_xsrf' argument missing from POST"],
     ['_xsrf=2|x|y|z', {%with}, "'_xsrf' argument has invalid format"],
     ["_xsrf=$sent", {}, 'XSRF cookie does not match POST argument'],
     ['_xsrf=61626364', {%with}, 'XSRF cookie does not match POST argument'],
     ["_xsrf=$sent", { Cookie => '_xsrf=61626364' },
      'XSRF cookie does not match POST argument'])
{
    my ($body, $headers, $why) = @$_;
    my $before = length $t->log;

    is(post('/page', $body, %$headers)->{status}, 403, "403: '$body'");
    like(substr($t->log, $before),
         qr/\[error\] .*access forbidden by "tpl_xsrf": \Q$why\E,/,
         'the log says why');
}

is(post('/page', '', %with, METHOD => $_)->{status}, 403, "403: $_")
    for qw(PUT PATCH DELETE);

$page = post('/named', '');
is($page->{status}, 403, 'a page of its own');
is($page->{body}, 'forbidden POST', 'which needs no token');


# the real Tornado takes ours, and we take its

my $python = '/usr/bin/python3';

$t->write('tornado_xsrf.py', <<'EOP');
import asyncio, logging, sys, urllib.parse
import tornado.httpserver, tornado.httpclient, tornado.web, tornado.netutil

class Form(tornado.web.RequestHandler):
    def get(self):
        self.write(self.xsrf_token)
    def post(self):
        self.write("taken")

async def main(nginx):
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    app = tornado.web.Application([("/.*", Form)], xsrf_cookies=True)
    tornado.httpserver.HTTPServer(app).add_sockets(sockets)
    theirs = "http://127.0.0.1:%d" % sockets[0].getsockname()[1]
    ours = "http://127.0.0.1:%s" % nginx
    client = tornado.httpclient.AsyncHTTPClient()

    async def post(url, cookie, token):
        r = await client.fetch(url, method="POST", raise_error=False,
                               headers={"Cookie": "_xsrf=" + cookie},
                               body=urllib.parse.urlencode({"_xsrf": token}))
        return str(r.code)

    for name, one, other in (("ours", ours, theirs), ("theirs", theirs, ours)):
        r = await client.fetch(one + "/token")
        cookie = r.headers["Set-Cookie"].split(";")[0][6:]
        # the same token behind another mask, as the other side makes it
        r = await client.fetch(other + "/token",
                               headers={"Cookie": "_xsrf=" + cookie})
        token = r.body.decode()
        other_token = (token[:-12] + "%x" % (int(token[-12], 16) ^ 1)
                       + token[-11:])
        for url in (ours, theirs):
            print(name, await post(url + "/page", cookie, token),
                  await post(url + "/page", cookie, cookie),
                  await post(url + "/page", cookie, other_token),
                  await post(url + "/page", cookie, "x"))

logging.disable()
asyncio.run(main(sys.argv[1]))
EOP

is($t->run($python, "$t->{dir}/tornado_xsrf.py", $t->{port}),
   "ours 200 200 403 403\n" x 2 . "theirs 200 200 403 403\n" x 2,
   'tokens of both are taken by both');

$t->finish;

done_testing();
