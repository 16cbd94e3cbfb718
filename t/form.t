# Forms: the body of a request is read before its page is rendered.

use strict;
use warnings;

use lib 't/lib';
use File::Temp;
use IO::Select;
use Test::More;
use Time::HiRes qw(sleep);
use TplServer;

my $h2 = TplServer::free_port();
my $back = TplServer::free_port();

my $t = TplServer->new(
    files => {
        'templates/page.html' =>
            '{{ nginx.request_method }} {{ nginx.request_uri }}',
        'templates/const.html' => 'constant',
        'templates/large.html' =>
            'x' x 9_000_000 . '{{ nginx.request_method }}',
        'templates/fail.html' => '{{ nginx.host.x.y }}',
        'templates/error.html' =>
            'error {{ nginx.status }} {{ nginx.request_method }}',
        'templates/ssi.html' =>
            '<!--#include virtual="/part" -->{{ nginx.request_method }}',
        'templates/part.html' => 'part ',
    },
    http => <<"EOC",
        client_body_buffer_size 4k;
        server {
            listen 127.0.0.1:$back;
            location = /failproxy { client_body_in_single_buffer on;
                         proxy_set_header X-Body \$request_body;
                         proxy_pass http://127.0.0.1:$back/body; }
            location = /body { client_body_buffer_size 1m; return 200 "\$http_x_body"; }
        }
EOC
    server => <<"EOC");
        listen 127.0.0.1:$h2 http2;
        tpl_form on;

        location / { tpl_render page.html; }
        location = /large { tpl_render large.html; }
        location = /off { tpl_form off; tpl_render page.html; }
        location = /const { tpl_render const.html; }
        location = /small { tpl_max_body 1k; tpl_render page.html; }
        location = /big { client_max_body_size 10m; tpl_max_body 10m; tpl_render page.html; }
        location = /nolimit { client_max_body_size 10m; tpl_max_body 0; tpl_render page.html; }
        location = /core { client_max_body_size 1k; tpl_render page.html; }
        location = /slow { client_body_timeout 1s; tpl_render page.html; }
        location = /two { tpl_form on fields=2; tpl_render page.html; }
        location = /skip { tpl_form on files=skip; tpl_render page.html; }
        location = /token { tpl_xsrf on; client_max_body_size 10m; tpl_max_body 1m; tpl_render page.html; }

        location = /fail { tpl_render fail.html; error_page 500 /error; }
        location = /failnamed { tpl_render fail.html; error_page 500 \@error; }
        location = /failproxy { tpl_render fail.html; error_page 500 = \@back; }
        location = /smallerror { tpl_max_body 1k; tpl_render page.html; error_page 413 /error; }
        location = /smallnamed { tpl_max_body 1k; tpl_render page.html; error_page 413 \@error; }
        location = /error { internal; tpl_render error.html; }
        location \@error { tpl_render error.html; }
        location \@back { proxy_pass http://127.0.0.1:$back; }

        location = /ssi { ssi on; tpl_render ssi.html; }
        location = /part { tpl_render part.html; }
        location = /mirrored { mirror /mirror; tpl_xsrf on; tpl_max_body 10k; tpl_render page.html; }
        location = /mirror { internal; access_log logs/mirror.log; return 204; }
EOC
$t->start;

my $form = 'application/x-www-form-urlencoded';
my $multipart = 'multipart/form-data; boundary=B';


# one request with a body, as bytes

sub request {
    my ($path, $body, %headers) = @_;
    my $method = delete $headers{METHOD} // 'POST';

    $headers{'Content-Type'} //= $form;
    $headers{'Content-Length'} //= length $body
        unless $headers{'Transfer-Encoding'};

    return "$method $path HTTP/1.1\r\nHost: localhost\r\n"
         . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
         . "\r\n$body";
}


# and its answer on a connection of its own

sub post {
    my ($path, $body, %headers) = @_;

    return TplServer::parse($t->raw(request($path, $body, %headers,
                                            Connection => 'close')));
}


sub chunked {
    my ($body, $size) = @_;
    my $out = '';

    while (length $body) {
        my $piece = substr $body, 0, $size, '';
        $out .= sprintf "%x\r\n%s\r\n", length $piece, $piece;
    }

    return "${out}0\r\n\r\n";
}


# part NAME => VALUE, ...

sub multipart {
    my @fields = @_;
    my $body = '';

    while (my ($name, $value) = splice @fields, 0, 2) {
        $body .= "--B\r\nContent-Disposition: form-data; name=$name\r\n\r\n"
               . "$value\r\n";
    }

    return "$body--B--\r\n";
}


# methods

for my $method (qw(POST PUT PATCH DELETE)) {
    is(post('/', 'a=1', METHOD => $method)->{body}, "$method /",
       "$method is answered");
}

is(post('/', '')->{body}, 'POST /', 'an empty body');
is($t->get('/', METHOD => 'POST')->{body}, 'POST /', 'no body at all');
is($t->get('/')->{body}, 'GET /', 'GET is as it was');

my $answer = post('/off', 'a=1');

is($answer->{status}, 405, 'tpl_form off: 405');
is($answer->{headers}{allow}, 'GET, HEAD', 'with what is allowed');

$answer = $t->get('/', METHOD => 'OPTIONS');
is($answer->{status}, 405, 'other methods: 405');
is($answer->{headers}{allow}, 'GET, HEAD, POST, PUT, PATCH, DELETE',
   'with what is allowed');

ok(exists $t->get('/const')->{headers}{etag}, 'GET has an ETag');

$answer = post('/const', 'a=1', 'If-None-Match' => '*');
is($answer->{status}, 200, 'the answer of a POST is never "not modified"');
ok(!exists $answer->{headers}{etag}, 'it has no ETag');


# bodies of all sizes, whole and in pieces, followed by another request

for my $size (2, 1000, 4096, 5000, 20_000, 300_000, 1024 * 1024) {
    my $body = 'a=' . 'x' x ($size - 2);
    my $next = request('/next', '', METHOD => 'GET', Connection => 'close');

    for (['', $body], [' in chunks', chunked($body, 3000),
                       'Transfer-Encoding', 'chunked'])
    {
        my ($how, $sent, %headers) = @$_;

        my $both = $t->raw(request('/', $sent, %headers) . $next);

        like($both, qr/^HTTP\/1\.1 200 .*\r\n\r\nPOST \/HTTP\/1\.1 200 .*GET \/next$/s,
             "$size bytes$how, and the next request");

        $both = $t->raw(request('/const', $sent, %headers) . $next);

        like($both, qr/^HTTP\/1\.1 200 .*\r\n\r\nconstantHTTP\/1\.1 200 .*GET \/next$/s,
             "$size bytes$how to a page that is kept");
    }
}

is(post('/big', 'x' x (5 * 1024 * 1024))->{status}, 200, 'five megabytes');
is(post('/nolimit', 'x' x (5 * 1024 * 1024))->{status}, 200,
   'five megabytes without a limit');

unlike($t->log, qr/buffered to a temporary file/, 'no file was written');


# byte by byte; others are served meanwhile

my $s = $t->connect;

for my $byte (split //, request('/', 'a=1&b=2', Connection => 'close')) {
    $s->syswrite($byte);
    sleep 0.002;
}

is($t->get('/quick')->{body}, 'GET /quick', 'others are served meanwhile');
like(join('', <$s>), qr/\r\n\r\nPOST \/$/, 'a body byte by byte');


# a client that stops sending, and some that go away

is($t->raw(request('/slow', 'a', 'Content-Length' => 10)), '',
   'a client that stops sending is left');
like($t->log('access.log'), qr/POST \/slow HTTP\S+ 408/, 'with status 408');

for my $sent (0, 1, 5000) {
    $s = $t->connect;
    $s->syswrite(request('/gone', 'x' x $sent, 'Content-Length' => 10_000));
    sleep 0.05;
    close $s;
}

for (1 .. 50) {
    last if 3 == (() = $t->log('access.log') =~ /POST \/gone HTTP\S+ (400|499)/g);
    sleep 0.05;
}

is(scalar(() = $t->log('access.log') =~ /POST \/gone HTTP\S+ (400|499)/g), 3,
   'clients that go away while they send');


# too large

for my $size (1025, 5000, 200_000) {
    my $body = 'x' x $size;

    for (['', $body], [' in chunks', chunked($body, 500),
                       'Transfer-Encoding', 'chunked'])
    {
        my ($how, $sent, %headers) = @$_;

        $answer = TplServer::parse($t->raw(request('/small', $sent,
                                                   %headers), 3));

        is($answer->{status}, 413, "$size bytes$how are too many");
        is($answer->{headers}{connection}, 'close', 'and nginx closes');

        $answer = post('/smallerror', $sent, %headers);
        is($answer->{status}, 413, "$size bytes$how: the status stays");
        is($answer->{body}, 'error 413 GET', 'with a page of its own');

        $answer = post('/smallnamed', $sent, %headers);
        is($answer->{status}, 413, "$size bytes$how: the status stays");
        is($answer->{body}, 'error 413 POST', 'of a named location as well');
    }
}

is(post('/small', 'x' x 1024)->{status}, 200, 'exactly as many as allowed');
is(post('/small', chunked('x' x 1024, 100),
        'Transfer-Encoding' => 'chunked')->{status}, 200, 'and in chunks');
is(post('/core', 'x' x 1025)->{status}, 413, "nginx's own limit");
like($t->log, qr/\[error\] .*client intended to send too large form: 1025 bytes/,
     'the log says so');


# Expect

$answer = $t->raw(request('/', 'a=1', Expect => '100-continue',
                          Connection => 'close'));
like($answer, qr/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
     'a client that asks before it sends');

$answer = $t->raw(request('/small', '', Expect => '100-continue',
                          'Content-Length' => 5000), 3);
like($answer, qr/^HTTP\/1\.1 413 /, 'one that is not to send');


# what is no form

for (['--B', 'has not its boundary'], ["--B\r\n\r\n\r\n--B--", 'Content-Disp'],
     ["--B\r\nX: y", 'ends in a header'],
     ["--B\r\nContent-Disposition: x; name=a\r\n\r\n1", 'ends too early'],
     ["--B\r\nX: " . 'y' x 20_000, 'too long headers'])
{
    my ($body, $why) = @$_;
    my $before = length $t->log;

    is(post('/', $body, 'Content-Type' => $multipart)->{status}, 400,
       "multipart: $why");
    like(substr($t->log, $before), qr/\[info\] .*client sent invalid form: .*\Q$why/,
         'the log says why');
}

is(post('/', '--B', 'Content-Type' => 'multipart/form-data')->{status}, 400,
   'no boundary');
is(post('/', '{', 'Content-Type' => 'application/json')->{status}, 200,
   'another type is no form');
is(post('/', "\0\xff", 'Content-Type' => '')->{status}, 200, 'nor is none');

is(post('/two', 'a&b')->{status}, 200, 'two fields of two');
is(post('/two', 'a&b&c')->{status}, 413, 'three fields of two');
is(post('/two', multipart(a => 1, b => 2, c => 3),
        'Content-Type' => $multipart)->{status}, 413, 'three parts of two');


# files

my $file = "--B\r\nContent-Disposition: form-data; name=f; filename=\"x.txt\"\r\n"
         . "Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n";

is(post('/', $file, 'Content-Type' => $multipart)->{status}, 415,
   'files are not taken');
like($t->log, qr/client sent invalid form: files are not taken/,
     'the log says so');
is(post('/skip', $file, 'Content-Type' => $multipart)->{status}, 200,
   'or skipped');

$file =~ s/x\.txt//;
$file =~ s/hello//;
is(post('/', $file, 'Content-Type' => $multipart)->{status}, 200,
   'a file that nobody chose');


# the fields get to where they are looked at

my $token = '61626364';
my %cookie = (Cookie => "_xsrf=$token");

is(post('/token', "a=1&_xsrf=$token", %cookie)->{status}, 200, 'urlencoded');
is(post('/token', "a=1&_xsrf=$token", %cookie, 'Content-Type' => 'text/plain')
   ->{status}, 403, 'no form');
is(post('/token', multipart(a => 'x' x 500_000, _xsrf => $token), %cookie,
        'Content-Type' => $multipart)->{status}, 200, 'multipart');
is(post('/token', chunked(multipart(a => 'x' x 500_000, _xsrf => $token), 7000),
        %cookie, 'Content-Type' => $multipart,
        'Transfer-Encoding' => 'chunked')->{status}, 200,
   'multipart in chunks');


# mirror reads the body before us, into a file if it is large

for my $size (10, 9000) {
    is(post('/mirrored', 'a=' . 'x' x $size . "&_xsrf=$token", %cookie)
       ->{status}, 200, "$size bytes that mirror has read");
}

is(post('/mirrored', 'a=' . 'x' x 11_000 . "&_xsrf=$token", %cookie)
   ->{status}, 413, 'and too many of them');


# pages of errors, and others who want the body after us

for my $size (3, 50_000) {
    for (['/fail', 'GET'], ['/failnamed', 'POST']) {
        my ($path, $method) = @$_;

        $answer = post($path, 'x' x $size);
        is($answer->{status}, 500, "$path, $size bytes: 500");
        is($answer->{body}, "error 500 $method", 'with its page');
    }
}

is(post('/failproxy', 'a=1&b=2')->{body}, 'a=1&b=2',
   'a proxy after us gets the whole body');
is(post('/failproxy', chunked('x' x 3000, 100),
        'Transfer-Encoding' => 'chunked')->{body}, 'x' x 3000,
   'also if it came in chunks');
is(post('/ssi', 'a=1')->{body}, 'part POST', 'a page with parts');


# HTTP/2

my $dir = File::Temp->newdir;

for my $size (0, 1, 5000, 70_000, 300_000, 1024 * 1024) {
    open my $out, '>', "$dir/body" or die $!;
    print $out 'x' x $size;
    close $out;

    for (['', '--data-binary', "\@$dir/body"],
         [' of unknown length', '-T', "$dir/body", '-X', 'POST',
          '-H', 'content-length:', '-H', 'Expect:'])
    {
        my ($how, @args) = @$_;

        my $body = $t->run('curl', '-s', '-m', '20',
                           '--http2-prior-knowledge', @args,
                           "http://127.0.0.1:$h2/page");

        is($body, 'POST /page', "HTTP/2: $size bytes$how");
    }

    $t->run('curl', '-s', '-m', '20', '--http2-prior-knowledge',
            '--data-binary', "\@$dir/body", "http://127.0.0.1:$h2/small");
}

# many at once on one connection

open my $out, '>', "$dir/body" or die $!;
print $out 'x' x 100_000;
close $out;

is($t->run('nghttp', '-m', '20', '-d', "$dir/body", '-H', ":method: PUT",
           "http://127.0.0.1:$h2/page"),
   'PUT /page' x 20, 'HTTP/2: twenty bodies at a time');

# a page that is larger than what a socket takes at once, and a slow client

for my $pieces (1, 2) {
    my $s = $t->connect;
    my $request = request('/large', 'a=bc', Connection => 'close');
    my $rest = $pieces == 2 ? substr $request, -2, 2, '' : '';

    $s->syswrite($request);
    sleep 0.1;
    $s->syswrite($rest) if $rest;
    sleep 0.3;

    my $answer = '';
    my $ready = IO::Select->new($s);

    while ($ready->can_read(10)
           && $s->sysread($answer, 1 << 20, length $answer)) { }

    is(length TplServer::parse($answer)->{body}, 9_000_004,
       "a slow client gets all of the page, its form in $pieces");
}


$t->finish;


# the directives

for (['tpl_form maybe;', 'invalid value "maybe" in "tpl_form"'],
     ['tpl_form on files=keep;', 'invalid parameter "files=keep"'],
     ['tpl_form on fields=0;', 'invalid parameter "fields=0"'],
     ['tpl_form off fields=5;', 'invalid parameter "fields=5"'],
     ['tpl_form on; tpl_form off;', '"tpl_form" directive is duplicate'],
     ['tpl_max_body lots;', 'invalid value'],
     ['tpl_form on files=skip fields=5; tpl_max_body 10m;', ''])
{
    my ($directive, $why) = @$_;

    $t->configure(server => "location / { $directive tpl_render page.html; }");
    like($t->test, $why ? qr/\Q$why/ : qr/^$/, $directive);
}

done_testing();
