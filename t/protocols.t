# HTTP versions, connections and workers.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::IP;
use Test::More;
use TplServer;

my $long = 'x' x 300_000;

my $port = TplServer::free_port();

# a machine may have no IPv6

my $port6 = TplServer::free_port();
my $ipv6 = IO::Socket::IP->new(Listen => 1, LocalHost => '::1',
                               LocalPort => $port6) ? "[::1]:$port6" : '';

my $t = TplServer->new(
    files => {
        'templates/a.html' => 'a {{ nginx.arg_n }} {{ nginx.server_protocol }}',
        'templates/host.html' => '{{ request.host }} {{ request.url }}',
        'templates/const.html' => 'constant {{ 6 * 7 }}',
        'templates/long.html' => "{{ nginx.arg_n }}$long\{{ nginx.arg_n }}",
        'templates/loop.html' =>
            '{% for i in range(20000) %}{{ i }},{% endfor %}{{ nginx.arg_n }}',
    },
    server => <<"EOC");
        listen 127.0.0.1:$port http2;
        @{[$ipv6 && "listen $ipv6;"]}
        location /host { tpl_render host.html; }
        location / { tpl_render a.html; }
        location /const { tpl_render const.html; }
        location /long { tpl_render long.html; }
        location /loop { tpl_render loop.html; }
EOC
$t->start;

sub request {
    my ($path, $version, @headers) = @_;
    return join "\r\n", "GET $path HTTP/$version", 'Host: localhost',
                        @headers, '', '';
}


# HTTP/1.0: closed at the end unless the client asks for more

my $answer = $t->raw("GET /?n=1 HTTP/1.0\r\n\r\n");

like($answer, qr{^HTTP/1\.1 200 OK\r\n}, 'HTTP/1.0');
like($answer, qr{^Content-Length: 12\r\n}m, 'HTTP/1.0 has a length');
like($answer, qr{^Connection: close\r\n}m, 'HTTP/1.0 is closed');
like($answer, qr{\r\n\r\na 1 HTTP/1\.0$}, 'HTTP/1.0 body');

$answer = $t->raw(request('/?n=1', '1.0', 'Connection: keep-alive')
                  . request('/?n=2', '1.0'));

like($answer, qr{a 1 HTTP/1\.0HTTP/1\.1 200 OK.*a 2 HTTP/1\.0$}s,
     'HTTP/1.0 with keep-alive');

is($t->raw("GET /const\r\n"), 'constant 42', 'HTTP/0.9');

# no Host, and a server without a name: its address

is($t->raw("GET /host\r\n"), "127.0.0.1:$t->{port} http://127.0.0.1:$t->{port}/host",
   'the host of HTTP/0.9');

SKIP: {
    skip 'no IPv6', 1 unless $ipv6;

    my $s = IO::Socket::IP->new(PeerHost => '::1', PeerPort => $port6) or die $!;

    $s->syswrite("GET /host\r\n");
    is(join('', <$s>), "$ipv6 http://$ipv6/host", 'over IPv6');
}


# HTTP/1.1: one connection, one request after the other

my $s = $t->connect;

for my $n (1 .. 20) {
    $s->syswrite(request("/?n=$n", '1.1'));
    my $got = '';
    while ($got !~ /HTTP\/1\.1$/ || $got !~ /\r\n\r\n/) {
        $s->sysread($got, 65536, length $got) or last;
    }
    fail("keep-alive, request $n") unless $got =~ /\r\n\r\na $n HTTP\/1\.1$/;
}

pass('keep-alive: 20 requests');
close $s;


# pipelining: all at once, answered in order

$answer = $t->raw(join '', map({ request("/?n=$_", '1.1') } 1 .. 50),
                           request('/const', '1.1', 'Connection: close'));

is(join(',', $answer =~ /\r\n\r\na (\d+) /g), join(',', 1 .. 50),
   'pipelining: 50 in order');
like($answer, qr/\r\n\r\nconstant 42$/, 'pipelining: the last one');

$answer = $t->raw(join '', map({ request("/long?n=$_", '1.1') } 1 .. 5),
                           request('/const', '1.1', 'Connection: close'));

is(length $answer, 5 * (length($long) + 2) + length('constant 42')
   + length(join '', $answer =~ /HTTP\/1\.1 200.*?\r\n\r\n/sg),
   'pipelining: long pages');

# a request that arrives while a render is paused

$answer = $t->raw(request('/loop?n=one', '1.1') . request('/?n=two', '1.1')
                  . request('/loop?n=3', '1.1', 'Connection: close'));

like($answer, qr{19999,oneHTTP/1\.1 200.*\r\n\r\na two HTTP/1\.1HTTP/1\.1 200.*19999,3$}s,
     'pipelining: renders that take several turns');


# HTTP/2

my $h2 = "http://127.0.0.1:$port";
my $count = join('', map { "$_," } 0 .. 19999);

is($t->run('nghttp', "$h2/?n=1"), 'a 1 HTTP/2.0', 'HTTP/2');
is($t->run('nghttp', "$h2/const", "$h2/?n=2"), 'constant 42a 2 HTTP/2.0',
   'HTTP/2: two streams');
is($t->run('nghttp', '-H', ':authority: a.test:81', "$h2/host"),
   'a.test:81 http://a.test:81/host', 'HTTP/2: the host');
is($t->run('nghttp', "$h2/long?n=3"), "3${long}3", 'HTTP/2: a long page');
is($t->run('nghttp', "$h2/loop?n=4"), $count . '4', 'HTTP/2: several turns');
like($t->run('nghttp', '-v', '-H', ':method: HEAD', "$h2/const"),
     qr/:status: 200.*content-length: 11/s, 'HTTP/2: HEAD');
like($t->run('h2load', '-n', 200, '-c', 2, '-m', 50, "$h2/loop?n=5"),
     qr/status codes: 200 2xx/, 'HTTP/2: 200 requests, many at a time');


# clients that go away: before, while and after a page is made

for my $path ('/long', '/loop', '/const') {
    for (1 .. 10) {
        my $gone = $t->connect;
        $gone->syswrite(request("$path?n=1", '1.1'));
        close $gone;
    }
}

is($t->get('/?n=1')->{body}, 'a 1 HTTP/1.1', 'clients that go away');


# slow readers get it all

$s = $t->connect;
$s->syswrite(request('/long?n=1', '1.1', 'Connection: close'));
my $slow = '';
while ($s->sysread($slow, 10000, length $slow)) {
    select undef, undef, undef, 0.01;
}
like($slow, qr/\r\n\r\n1x{1000}/, 'a slow reader');
like($slow, qr/x{1000}1$/, 'a slow reader gets the end');

$t->finish;


# several workers give the same pages

my $many = TplServer->new(
    workers => 4,
    files => { 'templates/a.html' => '{{ nginx.pid }} {{ list }}',
               'templates/const.html' => '{{ range(100)|list }}' },
    server => 'location / { tpl_render a.html; tpl_json list "[1, 2]"; }
               location /const { tpl_render const.html; }');
$many->start;

my (%pids, %etags, %bodies);

for (1 .. 200) {
    my $a = $many->get('/');
    $pids{$1}++ if $a->{body} =~ /^(\d+) \[1, 2\]$/;
    my $c = $many->get('/const');
    $etags{$c->{headers}{etag}}++;
    $bodies{$c->{body}}++;
}

is(scalar(grep { my $p = $_; grep { $p == $_ } $many->workers } keys %pids),
   scalar(keys %pids), 'pages come from the workers');
is(scalar(keys %etags), 1, 'one ETag from all workers');
is(scalar(keys %bodies), 1, 'one page from all workers');
$many->finish;


# without master and workers

my $single = TplServer->new(
    main => "master_process off;\ndaemon off;",
    files => { 'templates/a.html' => '{{ nginx.arg_x }}' },
    server => 'location / { tpl_render a.html; }');
is($single->test, '', 'master_process off');

done_testing();
