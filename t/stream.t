# tpl_stream: pages that are sent while they are rendered.

use strict;
use warnings;

use lib 't/lib';
use Compress::Raw::Zlib qw(WANT_GZIP Z_OK Z_STREAM_END);
use Digest::MD5;
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep);
use TplBackend;
use TplServer;

my $backend = TplBackend->new('hostile_backend.py');
my $h2 = TplServer::free_port();
my $fill = 'filling ' x 8;

my $t = TplServer->new(
    files => {
        'templates/wait.html' => q(<head>{{ fetch('/api/wait/' ~ nginx.arg_n).users[1] }}</body>),
        'templates/flush.html' => q(one{% flush %}{% set a = fetch('/api/wait/' ~ nginx.arg_n) %}two{% flush %}{{ a.users[1] }}),
        'templates/t_flush.html' => q(one{% flush %}{% set a = fetch('/api/wait/' + nginx.arg_n) %}two{% flush %}{{ a["users"][1] }}),
        'templates/early.html' => q({% flush %}{{ fetch('/api/wait/' ~ nginx.arg_n).users[1] }}),
        'templates/plain.html' => q(a{{ nginx.arg_n }}b),
        'templates/fail.html' => q(before{% flush %}{{ fetch('/api' ~ nginx.arg_u).users[1] }}after),
        'templates/late.html' => q({{ fetch('/api' ~ nginx.arg_u).users[1] }}after),
        'templates/capture.html' => q(1{% set x %}<{% flush %}{{ fetch('/api/drip/0.02').users[1] }}>{% endset %}2{% flush %})
            . q({% filter upper %}a{% flush %}b{{ x }}{% endfilter %}{% macro m(n) %}[{% flush %}{{ n }}{% for i in range(200) %}=={{ i }}{% endfor %}]{% endmacro %})
            . q({% set y = m(5) %}{{ m(3)|length }} {{ y|length }}{% flush %}{{ y == m(5) }}{% flush %}{{ y[:4] }}{{ m(1)[-9:] }}),
        'templates/t_capture.html' => q(1{% apply squeeze %}a  {% flush %}b{{ fetch('/api/drip/0.02')["users"][1] }}{% end %})
            . q({% try %}x{% flush %}{{ 1 // 0 }}{% except ZeroDivisionError %}caught{% flush %}{% end %}),
        'templates/extends.html' => q({% extends 'layout.html' %}{% block body %}b{% flush %}{% include 'part.html' %}{% endblock %}),
        'templates/layout.html' => q(<h>{% flush %}{% block body %}{% endblock %}</h>),
        'templates/part.html' => q({% for i in range(5) %}{{ i }}{% flush %}{% endfor %}),
        'templates/big.html' => "{% for i in range(nginx.arg_n|int // 1000) %}{% for j in range(1000) %}{{ i }}.{{ j }} $fill\{% endfor %}{% endfor %}",
        'templates/long.html' => q({% for i in range(20) %}{{ ('%06d' % i) * 50000 }}{% endfor %}),
        'templates/limit.html' => q({% for i in range(100000) %}{{ '0123456789' * 10 }}{% endfor %}),
        'templates/sent.html' => q(before{% flush %}{{ header('X-A', 'b') }}),
        'templates/error.html' => 'error {{ nginx.status }}',
        'templates/none.html' => '',
        'templates/whole.html' => "{{ nginx.arg_n }}$fill" x 20,
    },
    http => 'tpl_stream on; types { text/html html; }',
    server => <<"EOC");
        listen 127.0.0.1:$h2 http2;
        tpl_limits output=2g steps=1000000000 memory=16m;

        location = /wait { tpl_render wait.html; }
        location = /flush { tpl_render flush.html; }
        location = /t_flush { tpl_syntax tornado; tpl_render t_flush.html; }
        location = /early { tpl_render early.html; }
        location = /plain { tpl_render plain.html; }
        location = /none { tpl_render none.html; }
        location = /fail { tpl_render fail.html; error_page 500 502 /error; }
        location = /sent { tpl_render sent.html; }
        location = /late { tpl_render late.html; error_page 500 502 /error; }
        location = /error { tpl_render error.html; }
        location = /capture { tpl_render capture.html; }
        location = /capture_off { tpl_stream off; tpl_render capture.html; }
        location = /t_capture { tpl_syntax tornado; tpl_render t_capture.html; }
        location = /extends { tpl_render extends.html; }
        location = /big { tpl_render big.html; }
        location = /big_off { tpl_stream off; tpl_limits memory=1g; tpl_render big.html; }
        location = /long { tpl_render long.html; }
        location = /long_off { tpl_stream off; tpl_limits memory=1g; tpl_render long.html; }
        location = /limit { tpl_limits output=3m; tpl_render limit.html; }
        location = /rate { limit_rate 1m; tpl_render big.html; }
        location = /gzip { gzip on; gzip_min_length 1; tpl_render capture.html; }
        location = /tpl_gzip { tpl_gzip on; gzip on; tpl_render flush.html; }
        location = /tpl_gzip_alone { tpl_gzip on; tpl_render capture.html; }
        location = /tpl_gzip_whole { tpl_gzip on; gzip on; tpl_render whole.html; }
        location = /sub { sub_filter filling emptying; sub_filter_once off; tpl_render big.html; }
        location = /ssi { ssi on; tpl_render ssi.html; }
        location = /unchunked { chunked_transfer_encoding off; tpl_render extends.html; }
        location = /slow { send_timeout 300ms; tpl_render big.html; }
        location = /tls { proxy_pass http://127.0.0.1:$backend->{port}/; }
        location /api/ { proxy_pass http://127.0.0.1:$backend->{port}/; }
EOC
$t->write('templates/ssi.html', '<!--#include virtual="/extends" -->{% flush %}-{{ fetch("/api/drip/0.02").users[1] }}<!--#include virtual="/flush?n=ssi" -->');
$t->start;

my $word = "caf\xc3\xa9";
my $gates = 0;

sub ask {
    my ($uri, $version, @headers) = @_;
    my $s = $t->connect;

    $s->syswrite(join "\r\n", "GET $uri HTTP/" . ($version // '1.1'),
                 'Host: a', 'Connection: close', @headers, '', '');
    return $s;
}

# reads on until the answer ends with the text

sub until_text {
    my ($s, $got, $end) = @_;

    while ($$got !~ /\Q$end\E\z/) {
        IO::Select->new($s)->can_read(10) or return 0;
        $s->sysread($$got, 65536, length $$got) or return 0;
    }

    return 1;
}

sub open_gate {
    my ($name) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $backend->{port});
    $s->syswrite("GET /go/$name HTTP/1.0\r\n\r\n");
    local $/;
    <$s>;
}


# what is there goes out while data are awaited: they come when it has been read

for my $case (['/wait', '<head>', '</body>'], ['/early', ''], ['/flush', 'one', '', 'two'],
              ['/t_flush', 'one', '', 'two'])
{
    my ($uri, $first, $last, $second) = @$case;
    my $n = 'n' . $gates++;
    my $s = ask("$uri?n=$n");
    my $got = '';

    $second //= '';
    $last //= '';

    my $end = $second ? "3\r\n$second\r\n" : $first ? "$first\r\n" : "\r\n\r\n";

    ok(until_text($s, \$got, $end), "$uri: the first part comes");
    like($got, qr/^HTTP\/1\.1 200 OK\r\n/, "$uri: with the header");
    like($got, qr/\r\nTransfer-Encoding: chunked\r\n/, "$uri: chunked");
    unlike($got, qr/ETag|Content-Length/, "$uri: nothing is known yet");

    open_gate($n);
    ok(until_text($s, \$got, "\r\n0\r\n\r\n"), "$uri: then the rest");
    is(TplServer::parse($got)->{body}, "$first$second$word$last",
       "$uri: the whole page");
}

# a page that is ready at once is sent as ever

my $r = $t->get('/plain?n=1');

is($r->{body}, 'a1b', 'a page without waiting');
is($r->{headers}{'content-length'}, 3, 'has its length');
like($r->{headers}{etag}, qr/^"/, 'and an ETag');
is($t->get('/none')->{headers}{'content-length'}, 0, 'an empty page');

open_gate('whole');

for my $case (['HEAD', sub { $t->get('/flush?n=whole', METHOD => 'HEAD') }, ''],
              ['HTTP/1.0', sub { my $s = ask('/flush?n=whole', '1.0'); local $/; TplServer::parse(scalar <$s>) }],
              ['not chunked', sub { $t->get('/unchunked') }, '<h>b01234</h>'])
{
    my ($name, $get, $body) = @$case;
    my $r = $get->();

    $body //= "onetwo$word";

    is($r->{body}, $body, "$name: the page");
    ok($r->{headers}{'content-length'}, "$name: sent as a whole");
}

# errors: before the header a page of their own, after it a closed connection

is($t->get('/late?u=/none')->{body}, 'error 502', 'an error before the header');
is($t->get('/fail?u=/ok')->{body}, "before${word}after", 'no error');

for my $u ('/none', '/length/9', '/body/[') {
    my $s = ask("/fail?u=$u");
    my $got = '';

    until_text($s, \$got, 'never');

    like($got, qr/^HTTP\/1\.1 200 OK.*\r\n\r\n6\r\nbefore\r\n\z/s,
         "$u: an error after the header, no last chunk");
}

my $got = '';
until_text(ask('/sent'), \$got, 'never');
like($got, qr/6\r\nbefore\r\n\z/, 'a header after the header is an error');
like($t->log, qr/the header has been sent already/, 'and the log says so');

$got = '';
until_text(ask('/limit'), \$got, 'never');
unlike($got, qr/0\r\n\r\n\z/, 'the output limit: no last chunk');
cmp_ok(length $got, '<=', 3.2 * 1024 * 1024, 'and no more than the limit');

SKIP: {
    skip 'no curl', 4 unless `curl -V 2>/dev/null` =~ /HTTP2/;
    my $curl = "curl -s --http2-prior-knowledge http://127.0.0.1:$h2";

    is(`$curl/fail?u=/ok`, "before${word}after", 'HTTP/2');
    like(`$curl/fail?u=/none; echo " \$?"`, qr/^(before)? 92$/,
         'HTTP/2: the stream is reset');
    is(`$curl/capture`, $t->get('/capture_off')->{body}, 'HTTP/2: captures');
    is(Digest::MD5::md5_hex(`$curl/big?n=100000`),
       Digest::MD5::md5_hex($t->get('/big_off?n=100000')->{body}),
       'HTTP/2: a big page');
}

# flush anywhere, filters behind

my $whole = $t->get('/capture_off');

ok($whole->{headers}{'content-length'}, 'tpl_stream off, and flush does nothing');
like($whole->{body}, qr/^12AB<CAF\xc3\x89>/, 'captures, whole');
is($t->get('/capture')->{body}, $whole->{body}, 'captures, streamed');
is($t->get('/t_capture')->{body}, "1a b${word}xcaught", 'captures, Tornado');
is($t->get('/extends')->{body}, '<h>b01234</h>', 'blocks and includes');
open_gate('ssi');
is($t->get('/ssi')->{body}, "<h>b01234</h>-${word}onetwo$word", 'SSI');

$r = $t->get('/gzip', 'Accept-Encoding' => 'gzip');
is($r->{headers}{'content-encoding'}, 'gzip', 'gzip');
$t->write('page.gz', $r->{body});
is(`gzip -dc $t->{dir}/page.gz`, $whole->{body}, 'gzip: the page');

# tpl_gzip leaves a page that is streamed to nginx's filter, which sends on what
# was flushed

{
    my $s = ask('/tpl_gzip?n=packed', '1.1', 'Accept-Encoding: gzip');
    my $inflate = Compress::Raw::Zlib::Inflate->new(-WindowBits => WANT_GZIP);
    my $got = '';
    my $plain = '';
    my $used = 0;

    # all that came so far, inflated: true if it ends with the text

    my $inflated = sub {
        my ($end) = @_;

        until ($plain =~ /\Q$end\E\z/) {
            IO::Select->new($s)->can_read(10) or return 0;
            $s->sysread($got, 65536, length $got) or return 0;

            my $body = TplServer::parse($got)->{body};
            my $new = substr $body, $used;

            $used = length $body;
            $inflate->inflate($new, my $more);
            $plain .= $more;
        }

        return 1;
    };

    ok($inflated->('two'), 'tpl_gzip: what was flushed can be read');
    like($got, qr/\r\nContent-Encoding: gzip\r\n/, 'it is gzip');
    open_gate('packed');
    ok($inflated->($word), 'and the rest when it is there');
    is($plain, "onetwo$word", 'the whole page');
}

$r = $t->get('/tpl_gzip_alone', 'Accept-Encoding' => 'gzip');
ok(!exists $r->{headers}{'content-encoding'}, 'without gzip on it is plain');
is($r->{body}, $whole->{body}, 'and the page');

$r = $t->get('/tpl_gzip_whole?n=1', 'Accept-Encoding' => 'gzip');
is($r->{headers}{'content-encoding'}, 'gzip', 'a page that is sent as a whole');
is($r->{headers}{'content-length'}, length $r->{body}, 'is compressed by us');

my $off = $t->get('/big_off?n=20000')->{body};

is(Digest::MD5::md5_hex($t->get('/rate?n=20000')->{body}),
   Digest::MD5::md5_hex($off), 'limit_rate');
$off =~ s/filling/emptying/g;
is(Digest::MD5::md5_hex($t->get('/sub?n=20000')->{body}),
   Digest::MD5::md5_hex($off), 'sub_filter');
is(Digest::MD5::md5_hex($t->get('/long')->{body}),
   Digest::MD5::md5_hex($t->get('/long_off')->{body}), 'long values');

# a client that does not read is left after send_timeout

my $s = ask('/slow?n=1000000');
sleep 1;
$got = '';
until_text($s, \$got, 'never');
unlike($got, qr/0\r\n\r\n\z/, 'a client that does not read');
like($t->log, qr/client timed out/, 'is left');

# 100 MB to a client that is slow at first: the worker holds next to nothing

sub peak {
    my ($worker) = $t->workers;
    open my $in, '<', "/proc/$worker/status" or die $!;
    my ($kb) = join('', <$in>) =~ /VmHWM:\s+(\d+)/;
    return $kb;
}

$t->reload or die;
$t->get('/plain?n=1');

my $peak = peak();

$s = ask('/big?n=1400000', '1.1');
$s->sysread($got, 65536) for 1 .. 5;
sleep 0.5;

my $bytes = 0;
my $tail = '';

while ($s->sysread($got, 1 << 20)) {
    $bytes += length $got;
    $tail = substr $tail . $got, -20;
}

like($tail, qr/\r\n0\r\n\r\n\z/, 'a page of 100 MB is whole');
cmp_ok($bytes, '>', 100e6, "it has $bytes bytes");

SKIP: {
    skip 'a sanitizer keeps what is freed', 1 if $ENV{TPL_SANITIZED};
    cmp_ok(peak() - $peak, '<', 4096, 'the worker has grown by '
                                      . (peak() - $peak) . ' kB');
}

# clients that go away

srand 2;

for my $i (1 .. ($ENV{ABORTS} || 60)) {
    my @pages = ('/big?n=100000', '/capture', '/fail?u=/drip/0.02', '/rate?n=20000', '/ssi');
    my $s = ask($pages[rand @pages]);

    IO::Select->new($s)->can_read(rand() * 0.03) && $s->sysread($got, 1 + rand 50000);
    setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if rand() < 0.5;
    close $s;
}

is($t->get('/plain?n=2')->{body}, 'a2b', 'it goes on');

$t->finish;

unlike($t->log, qr/open socket|\[alert\]/, 'nothing is left open at the end');

done_testing();
