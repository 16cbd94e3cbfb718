# tpl_filter among the rest of nginx: if, try_files, redirects inside, HTTP/2,
# and connections that go on.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplBackend;
use TplServer;

my $h2 = TplServer::free_port();
my $back = TplServer::free_port();
my $backend = TplBackend->new('hostile_backend.py');
my $hostile = "http://127.0.0.1:$backend->{port}";
my $large = 20000;

my $t = TplServer->new(
    files => {
        'templates/page.html' => 'page {{ data.n }}',
        'templates/other.html' => 'other {{ data.n }} {{ nginx.request_method }}',
        'templates/fetched.html' => 'fetched {{ d.n }} {{ f.users[1] }}',
        'templates/form.html' => 'form {{ request.form.a|length }}',
        'templates/fails.html' => '{{ abort(403) }}',
        'templates/error.html' => 'error {{ nginx.status }} {{ f.users[1] }}',
        'templates/large.html' => "{{ data.n }}{{ 'x' * $large }}",
        'html/a.json' => '{"n": "a"}',
        'html/b.json' => '{"n": "b"}',
        'html/in/index.json' => '{"n": "index"}',
    },
    server => <<"EOC");
        listen 127.0.0.1:$h2 http2;
        root html;
        default_type application/json;
        tpl_filter page.html;

        location / { }

        # if
        location = /if { if (\$arg_o) { tpl_filter other.html; }
                         return 200 '{"n": "if"}'; }
        location /if-file/ { alias html/;
                             if (\$arg_off) { tpl_filter off; } }
        location /if-proxy/ { if (\$arg_o) { tpl_filter other.html; }
                              proxy_pass http://127.0.0.1:$back; }

        # try_files, index and redirects inside
        location /try/ { try_files \$arg_f /b.json; }
        location /try-named/ { try_files /none \@named; }
        location \@named { tpl_filter other.html;
                           rewrite ^ /up/named break;
                           proxy_pass http://127.0.0.1:$back; }
        location /in/ { index index.json; }
        location /rewritten { rewrite ^ /a.json last; }
        location /error-to-json { error_page 404 /b.json; return 404; }
        location = /accel { tpl_filter other.html;
                            proxy_pass http://127.0.0.1:$back/accel; }
        location = /internal { internal; return 200 '{"n": "internal"}'; }

        # what reads a body, and what does not
        location /up/ { proxy_pass http://127.0.0.1:$back; }
        location = /return { tpl_filter other.html; return 200 '{"n": 1}'; }
        location = /fetch { tpl_fetch d /data; tpl_fetch f /hostile/slow/0.05;
                            tpl_render fetched.html; tpl_filter off; }
        location = /data { tpl_filter off; return 200 '{"n": 2}'; }
        location /hostile/ { tpl_filter off; proxy_pass $hostile/; }
        location = /form { tpl_form on; tpl_render form.html; }
        location = /get { tpl_render form.html; }
        location = /fails { tpl_filter fails.html; return 200 '{"n": 3}';
                            error_page 403 /error; }
        location = /cut { proxy_pass $hostile/length/9; error_page 502 /error; }
        location = /stalled { proxy_pass $hostile/drip/1;
                              proxy_read_timeout 100ms; }
        location = /error { tpl_fetch f /hostile/slow/0.05;
                            tpl_render error.html; }
        location = /large { tpl_filter large.html; return 200 '{"n": 4}'; }
    }
    server {
        listen 127.0.0.1:$back;
        default_type application/json;
        location / { return 200 '{"n": "\$request_method \$uri"}'; }
        location = /accel { add_header X-Accel-Redirect /internal;
                            return 200 '{"n": "not this"}'; }
EOC
$t->start;

sub body { return $t->get(@_)->{body} }


# if, try_files, redirects

is(body('/if'), 'page if', 'if: not taken');
is(body('/if?o=1'), 'other if GET', 'if: another template');
is(body('/if-file/a.json'), 'page a', 'if, a file');
is(body('/if-file/a.json?off=1'), '{"n": "a"}', 'if: off');
is(body('/if-proxy/x'), 'page GET /if-proxy/x', 'if, a backend');
is(body('/if-proxy/x?o=1'), 'other GET /if-proxy/x GET',
   'if, a backend: another template');
is(body('/try/?f=/a.json'), 'page a', 'try_files');
is(body('/try/?f=/none.json'), 'page b', 'try_files: the last one');
is(body('/try-named/'), 'other GET /up/named GET', 'try_files: a location');
is(body('/in/'), 'page index', 'index');
is(body('/rewritten'), 'page a', 'rewrite');
is(body('/accel'), 'page internal',
   'X-Accel-Redirect: the page of where it leads');

my $page = $t->get('/error-to-json');
is($page->{status}, 404, 'error_page: the status');
is($page->{body}, 'page b', '  the page');


# HTTP/2

sub h2 {
    my @words = @_;

    return $t->run('curl', '-s', '-i', '-N', '--http2-prior-knowledge', '-m',
                   20, map { m{^/} ? "http://127.0.0.1:$h2$_" : $_ } @words);
}

like(h2('/a.json'), qr{^HTTP/2 200 \r\n.*content-length: 6\r\n.*\r\n\r\npage a$}s,
     'HTTP/2');
like(h2('-I', '/a.json'), qr{^HTTP/2 200 \r\n.*content-length: 6\r\n}s, '  HEAD');
like(h2('/cut'), qr{^HTTP/2 502 .*error 502 caf\xc3\xa9$}s,
     '  an error whose page fetches');
like(h2('/fails'), qr{^HTTP/2 403 .*error 403 caf\xc3\xa9$}s,
     '  that of abort()');
like(h2('/stalled'), qr{^HTTP/2 504 }, '  a timeout');
like(h2('-d', 'a=' . 'x' x 100000, '/up/post'),
     qr{^HTTP/2 200 .*page POST /up/post$}s, '  a request with a body');
# many streams of one connection: pages, errors, and those that wait for data

my $all = $t->run('nghttp', map { "http://127.0.0.1:$h2$_" }
                  map { ("/a.json?$_", "/cut?$_", "/fetch?$_", "/fails?$_") }
                  1 .. 10);

for ('page a', "error 502 caf\xc3\xa9", "fetched 2 caf\xc3\xa9",
     "error 403 caf\xc3\xa9")
{
    is(() = $all =~ /\Q$_/g, 10, "  10 streams: $_");
}

like($t->run('h2load', '-n', 100, '-c', 2, '-m', 25,
             "http://127.0.0.1:$h2/large"),
     qr/status codes: 100 2xx/, '  100 requests, many at a time');


# requests that were sent before the answer came; bodies that nobody reads

sub request {
    my ($uri, $body, @headers) = @_;
    my $method = defined $body ? 'POST' : 'GET';

    ($method, $uri) = ($1, $2) if $uri =~ /^(\w+) (.*)/;
    push @headers, 'Content-Length: ' . length $body if defined $body;

    return join("\r\n", "$method $uri HTTP/1.1", 'Host: a', @headers, '', '')
        . ($body // '');
}

sub chunked {
    my ($uri, $body) = @_;

    return request($uri, undef, 'Transfer-Encoding: chunked')
        . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body);
}

my $last = request('/a.json', undef, 'Connection: close');
my $big = 'a=' . 'y' x 50000;

for (['a page of data', request('/fetch'), 200, qr/^fetched 2 caf\xc3\xa9$/],
     ['GET with a body', request('GET /fetch', $big), 200, qr/^fetched 2 /],
     ['in chunks', chunked('GET /fetch', $big), 200, qr/^fetched 2 /],
     ['a form', request('/form', $big, 'Content-Type: application/x-www-form-urlencoded'),
      200, qr/^form 50000$/],
     ['POST to a page', request('/get', $big), 405, qr/405 Not Allowed/],
     ['POST to a file', request('/a.json', $big), 405, qr/405 Not Allowed/],
     ['tpl_filter', request('/a.json'), 200, qr/^page a$/],
     ['a backend', request('/up/x'), 200, qr{^page GET /up/x$}],
     ['POST to a backend', request('/up/x', $big), 200, qr{^page POST /up/x$}],
     ['  in chunks', chunked('POST /up/x', $big), 200, qr{^page POST /up/x$}],
     ['POST to return', request('/return', $big), 200, qr/^other 1 POST$/],
     ['  in chunks', chunked('POST /return', $big), 200, qr/^other 1 POST$/],
     ['an error that fetches', request('/fails'), 403, qr/^error 403 caf/],
     ['  with a body', request('/fails', $big), 403, qr/^error 403 caf/],
     ['  in chunks', chunked('POST /fails', $big), 403, qr/^error 403 caf/],
     ['HEAD', request('HEAD /a.json'), 200, qr/^$/],
     ['HEAD of a backend', request('HEAD /up/x'), 200, qr/^$/])
{
    my ($name, $first, $status, $body) = @$_;

    # twice each, and another one after them

    my $answer = $t->raw($first . $first . $last);
    my @parts = split /(?=HTTP\/1\.1 \d)/, $answer;

    is(scalar(@parts), 3, "$name: three answers");

    for my $part (@parts[0, 1]) {
        my $got = TplServer::parse($part // '');

        is($got->{status}, $status, '  the status');
        like($got->{body}, $body, '  the page');
    }

    is(TplServer::parse($parts[2] // '')->{body}, 'page a', '  the one after them');
}

# a body that comes while its page waits for data

for my $uri ('GET /fetch', 'POST /return', 'POST /fails', 'POST /up/x') {
    my $s = $t->connect;
    my $answer = '';
    my $request = request($uri, $big);

    $s->syswrite(substr $request, 0, 300);
    select undef, undef, undef, 0.03;
    $s->syswrite(substr($request, 300) . $last);
    while ($s->sysread($answer, 65536, length $answer)) { }

    is(() = $answer =~ /HTTP\/1\.1 \d/g, 2, "$uri, a slow body: two answers");
    like($answer, qr/page a$/, '  the second');
}

unlike($t->log, qr/header already sent|http finalize non-active/,
       'nothing is answered twice');

$t->finish;

done_testing();
