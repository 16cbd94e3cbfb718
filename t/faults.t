# A bad day: no memory, no descriptors, reads and writes of one byte, clients
# that go away, no room for logs.  A page is right, or it is an error; it is
# never a part that looks whole, and the worker stays.
#
#     TPL_FAULTS_ABORTS=100000 prove -It/lib t/faults.t
#
# as many clients that go away (300); `make faults` asks for 20000.

use strict;
use warnings;

use lib 't/lib';
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF inet_aton pack_sockaddr_in);
use Test::More;
use Time::HiRes qw(sleep time);
use TplServer;

my $sanitized = $ENV{TPL_SANITIZED};
my $aborts = $ENV{TPL_FAULTS_ABORTS} || ($sanitized ? 100 : 300);


# t/faults/faults.c, and the four numbers that steer it

my $dir = File::Temp->newdir;
my $library = "$dir/faults.so";
my $control = "$dir/faults";

system('gcc', qw(-std=gnu11 -g -O2 -fPIC -shared -o), $library,
       't/faults/faults.c') == 0 or die 'gcc t/faults/faults.c';

open my $file, '+>:raw', $control or die $!;
steer();

sub steer {
    my (%to) = @_;

    sysseek $file, 0, 0;
    syswrite $file, pack 'L4', map { $to{$_} // 0 } qw(armed left count size);
}

sub counted {
    my $numbers;

    sysseek $file, 0, 0;
    sysread $file, $numbers, 16;

    return (unpack 'L4', $numbers)[2];
}


# pages of every kind

my $big = join '', map { "<p>line $_ of a long page</p>\n" } 1 .. 6000;

my %files = (
    'templates/plain.html' => 'plain',
    'templates/arg.html' => 'Hello {{ nginx.arg_n }}, {{ name }}!',
    'templates/big.html' => "{{ nginx.arg_n }}$big\{{ nginx.arg_n }}",
    'templates/base.html' => '<title>{% block title %}{% endblock %}</title>'
        . '{% block body %}{% endblock %}',
    'templates/part.html' => '[{{ x }}]',
    'templates/macros.html' => '{% macro item(x) %}<li>{{ x }}</li>{% endmacro %}',
    'templates/all.html' => '{% extends "base.html" %}'
        . '{% from "macros.html" import item %}'
        . '{% block title %}{{ nginx.arg_n|title }}{% endblock %}'
        . '{% block body %}'
        . '{% for x in list|sort(reverse=true) %}{% include "part.html" %}'
        . '{{ item(x) }}{% endfor %}'
        . '{% set s = namespace(n=0) %}{% for i in range(300) %}'
        . '{% set s.n = s.n + i %}{% endfor %}{{ s.n }}'
        . '{{ {"a": [1, 2.5, none], "b": nginx.arg_n}|tojson }}'
        . '{{ "x,y,z".split(",")|join(";")|upper }}'
        . '{% for k, of in docs|groupby("k") %}{{ k }}{{ of|length }}{% endfor %}'
        . '{{ "%s of %05.2f"|format(nginx.arg_n, 3.14159) }}{{ doc.a.b }}'
        . '{% filter indent %}{{ nginx.arg_n * 200 }}{% endfilter %}'
        . '{% endblock %}',
    'templates/tornado.html' => '{% apply escape %}{{ name }}{% end %}'
        . '{% for i in range(50) %}{{ i }}{% end %}',
    'templates/page.html' => '<p>{{ data.n }}</p>{{ data.list|length }}'
        . '{% for i in data.list %}{{ i }},{% endfor %}',
    'templates/form.html' => '{{ request.form.name }} {{ request.method }}'
        . '{% for k in request.form %}{{ k }};{% endfor %}',
    'templates/hold.html' => '{% for i in range(nginx.arg_n|int) %}'
        . '{{ i }}{{ nginx.arg_n }}{% endfor %}',
    'templates/broken.html' => '{{ nginx.arg_n }}{{ 1 // 0 }}',
    'templates/error.html' => 'error {{ nginx.status }}',
    'templates/fetch.html' => '<p>{{ data.n }}</p>'
        . '{% for i in data.list %}{{ i }},{% endfor %}{{ data.status }}'
        . q({{ fetch('/api/doc.json?' ~ nginx.arg_n).n }}{{ nginx.arg_n }}),
    'templates/stream.html' => '<h1>{{ nginx.arg_n }}</h1>{% flush %}'
        . q({% for i in fetch('/api/doc.json').list %}{{ i }} {{ nginx.arg_n }},)
        . '{% if i % 500 == 0 %}{% flush %}{% endif %}{% endfor %}end',
    'html/doc.json' => '{"n": "<1>", "list": ['
        . join(',', 1 .. 1500) . ']}',
);

my $server = <<'EOC';
    root html;
    types { application/json json; text/html html; }
    tpl_param name you;
    location / { tpl_render arg.html; }
    location = /hold { tpl_render hold.html; }
    location = /plain { tpl_render plain.html; }
    location = /big { tpl_render big.html; }
    location = /gzip { gzip on; gzip_http_version 1.0; gzip_min_length 1;
                       tpl_render big.html; }
    location = /all { tpl_json list '["b", "a", "c"]';
                      tpl_json doc '{"a": {"b": "$arg_n"}}';
                      tpl_json docs '[{"k": 2}, {"k": 1}, {"k": 2}]';
                      tpl_render all.html; }
    location = /tornado { tpl_syntax tornado; tpl_render tornado.html; }
    location /json/ { alias html/; tpl_filter page.html; }
    location = /form { tpl_form on; tpl_render form.html; }
    location = /set { tpl_set $v "{% for i in range(3) %}{{ nginx.arg_n }}{% endfor %}";
                      return 200 "set $v"; }
    location = /debug { tpl_debug on; tpl_render broken.html; }
    location = /broken { tpl_render broken.html; error_page 500 /error; }
    location = /error { internal; tpl_render error.html; }
    location /api/ { internal; alias html/; }
    location = /fetch { tpl_fetch data /api/doc.json; tpl_render fetch.html; }
    location = /proxied { tpl_fetch data /back/doc.json;
                          tpl_render fetch.html; error_page 500 502 /error; }
    location /back/ { internal; proxy_pass http://127.0.0.1:$server_port/files/doc.json; }
    location /files/ { alias html/; }
    location = /stream { tpl_stream on; tpl_render stream.html; }
    location = /stream_gzip { gzip on; gzip_min_length 1; tpl_stream on;
                              tpl_fetch data /api/doc.json;
                              tpl_render fetch.html; }
    location = /ssi { ssi on; default_type text/html;
        return 200 '<!--#include virtual="/all?n=1" --><!--#include virtual="/json/doc.json" -->'; }
EOC

my %env = (LD_PRELOAD => $library, TPL_FAULTS => $control);


sub text {
    my ($path, $body) = @_;

    return "GET $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        unless defined $body;

    return "POST $path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}


# What came: "status body" if the answer says that it is all there, or "cut".

sub whole {
    my ($answer) = @_;
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;

    return 'cut' unless defined $body;

    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)} or return 'cut';

    if ($head =~ /^Content-Length: (\d+)/mi) {
        return 'cut' if length $body < $1;

    } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
        return 'cut' unless $body =~ /(?:^|\r\n)0\r\n\r\n\z/;
        $body = TplServer::parse($answer)->{body};

    } elsif ($status == 200) {
        return "200 without an end: $body";
    }

    # what the debug page says of the time
    $body =~ s/\d+ microseconds//;

    # nginx shows that a part of a page has failed
    return '500 in SSI'
        if $body =~ /an error occurred while processing|500 Internal Server/;

    return "$status $body";
}


# A worker keeps free memory for renders to come.  Clients that do not read
# their page hold it, so that the next render has to allocate: after each
# request, what that has given back.

sub hold {
    my ($t, $n) = @_;
    my $s = IO::Socket::INET->new(Proto => 'tcp') or die $!;

    $s->setsockopt(SOL_SOCKET, SO_RCVBUF, 2048);
    $s->connect(pack_sockaddr_in($t->{port}, inet_aton('127.0.0.1'))) or die $!;
    $s->syswrite(text("/hold?n=$n"));
    IO::Select->new($s)->can_read(5) or die 'no answer';

    return $s;
}


# the pages, as they are on a good day

my @pages = (
    ['/plain'], ['/?n=x'], ['/big?n=x'], ['/gzip?n=x'], ['/all?n=x'],
    ['/tornado'], ['/json/doc.json'], ['/form', 'name=you&b=%3C1%3E&c=3'],
    ['/set?n=x'], ['/broken'], ['/debug?n=x'], ['/ssi'],
    ['/fetch?n=x'], ['/proxied?n=x'], ['/stream?n=x'], ['/stream_gzip?n=x'],
);


# every allocation of a request fails once

SKIP: {
    skip 'the sanitizers have an allocator of their own', 1 if $sanitized;

    my $t = TplServer->new(files => \%files, server => $server, env => \%env,
                           listen => ' sndbuf=4k');
    $t->start;

    for (@pages) {
        my ($path, $body) = @$_;
        my $request = text($path, $body);

        $request =~ s/\r\n\r\n/\r\nAccept-Encoding: gzip\r\n\r\n/
            if $path =~ /gzip/;

        $t->raw($request) for 1 .. 2;

        my $right = whole($t->raw($request));
        my $status = $path =~ /broken|debug/ ? 500 : 200;

        like($right, qr/^$status ./s, "$path: on a good day");

        my @held = (hold($t, 300000), hold($t, 30000));

        steer(armed => 1);
        $t->raw($request);
        my $all = counted();
        steer();
        push @held, hold($t, 30000);

        my (%seen, @wrong);

        for my $n (1 .. $all) {
            steer(armed => 1, left => $n);
            my $got = whole($t->raw($request));
            steer();

            push @held, hold($t, 30000);

            if ($got eq $right) {
                $seen{right}++;

            } elsif ($path =~ /^\/set/ && $got eq '200 set ') {

                # nginx takes a variable that fails for an empty one
                $seen{empty}++;

            } elsif ($got =~ /^(cut|[45]\d\d)/) {
                $seen{$1}++;

            } else {
                push @wrong, "$n: " . substr $got, 0, 200;
            }

            if ($n % 8 == 0) {
                push @wrong, "$n: the page after it"
                    if whole($t->raw($request)) ne $right;
                push @held, hold($t, 30000);
            }
        }

        cmp_ok($all, '>', 2, "$path: $all allocations");
        is("@wrong", '', "$path: each fails once: "
           . join ', ', map { "$_ $seen{$_}" } sort keys %seen);
        is(whole($t->raw($request)), $right, "$path: and then it is right");
    }

    # what nginx says of memory that is not there

    my $log = join '', grep { /\[(?:alert|emerg)\]/
                              && !/\((?:12: Cannot allocate memory)\)/ }
                       split /^/m, $t->log;

    is($log, '', 'nothing else is wrong');

    is(join(' ', sort $t->workers), $t->{started}, 'the same worker');
    $t->stop;
}


# reads and writes of one byte, of three, of a kilobyte

SKIP: {
    skip 'the sanitizers are loaded in place of it', 1 if $sanitized;

    my $t = TplServer->new(files => \%files, server => $server, env => \%env);
    $t->start;

    for (@pages) {
        my ($path, $body) = @$_;

        steer();
        my $right = whole($t->raw(text($path, $body)));
        my @wrong;

        for my $size (1, 3, 1000) {
            steer(size => $size);
            my $got = whole($t->raw(text($path, $body)));
            push @wrong, "$size: " . substr $got, 0, 200 if $got ne $right;
        }

        is("@wrong", '', "$path: in pieces");
    }

    steer();
    $t->finish;
}


# a client that reads slowly, through buffers that are small

{
    my $t = TplServer->new(files => \%files, server => $server,
                           listen => ' sndbuf=4k');
    $t->start;

    my $right = whole($t->raw(text('/big?n=x')));
    my $s = $t->connect;
    my ($got, $ready) = ('', IO::Select->new($s));

    $s->setsockopt(SOL_SOCKET, SO_RCVBUF, 2048);
    $s->syswrite(text('/big?n=x'));

    while ($ready->can_read(5)) {
        $s->sysread($got, 1 + int rand 3000, length $got) or last;
        sleep 0.001;
    }

    ok(whole($got) eq $right, 'a slow reader gets all of a page');
    $t->finish;
}


# descriptors: more clients than the worker can have; a page
# whose data are in a file that cannot be opened is an error

for (['/all?n=x', qr/^200$/], ['/fetch?n=x', qr/^(200|200 50\d|50\d)$/]) {
    my ($path, $expected) = @$_;
    my $t = TplServer->new(files => \%files, server => $server,
                           main => 'worker_rlimit_nofile 40;');
    $t->start;

    my @idle = map { $t->connect } 1 .. 80;

    for (@idle) {
        $_->syswrite(text($path));
    }

    sleep 0.3;

    my %seen;

    for (@idle) {
        my $got = '';
        my $ready = IO::Select->new($_);

        while ($ready->can_read(3)) {
            $_->sysread($got, 65536, length $got) or last;
        }

        $seen{whole($got) =~ /^(cut|\d+)/ ? $1 : 'wrong'}++;
    }

    @idle = ();

    like(join(' ', sort keys %seen), $expected, "80 clients, 40 descriptors:"
         . " all are answered ($path: " . join(', ', map { "$seen{$_} x $_" }
                                               sort keys %seen) . ')');

    # those that stay hold every descriptor

    @idle = map { $t->connect } 1 .. 80;
    sleep 0.3;
    like($t->log, qr/\[crit\] .*accept4?\(\) failed \(24: /,
         'descriptors did run out');
    @idle = ();
    sleep 0.7;

    is($t->get('/plain')->{body}, 'plain', 'and then there are some again');
    $t->finish;
}


# clients that go away at any moment, politely and not

{
    my $t = TplServer->new(files => \%files, server => $server);
    $t->start;

    my ($worker) = $t->workers;

    gone($t, $aborts / 3);

    my @before = (memory($worker), descriptors($worker));

    gone($t, $aborts);

    my @after = (memory($worker), descriptors($worker));

    is($after[1], $before[1], "$aborts clients that went away: $after[1]"
       . ' descriptors');

    cmp_ok($after[0] - $before[0], '<', 1024 * ($sanitized ? 64 : 1),
           "memory: $before[0] KiB before, $after[0] KiB after")
        unless $sanitized;

    is($t->get('/plain')->{body}, 'plain', 'and on it goes');
    $t->finish;
}


sub gone {
    my ($t, $n) = @_;

    srand 7;

    for my $i (1 .. $n) {
        my ($path, $body) = @{$pages[rand @pages]};
        my $bytes = text($path, $body);
        my $s = $t->connect;
        my $left = rand() < 0.3 ? int rand length $bytes : length $bytes;

        $s->syswrite(substr $bytes, 0, $left);
        sleep 0.002 * rand if rand() < 0.7;
        $s->sysread(my $some, 1 + int rand 5000)
            if $left == length $bytes && rand() < 0.4;

        # RST in place of FIN
        $s->setsockopt(SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0)
            if rand() < 0.7;
        close $s;
    }

    # the worker has seen the last of them

    $t->get('/plain');
    sleep 0.3;
    $t->get('/plain');
}


# KiB that are the process' own

sub memory {
    my ($pid) = @_;

    open my $in, '<', "/proc/$pid/smaps_rollup" or die $!;
    my ($size) = map { /^Pss:\s+(\d+)/ ? $1 : () } <$in>;

    return $size;
}


sub descriptors {
    my ($pid) = @_;
    my @found = glob "/proc/$pid/fd/*";

    return scalar @found;
}


# no room for logs

{
    my $t = TplServer->new(files => \%files, server => $server,
                           error_log => '/dev/full',
                           access_log => '/dev/full');
    $t->start;

    my @wrong = grep {
        my ($path, $body) = @$_;
        my $got = whole($t->raw(text($path, $body)));
        $got !~ ($path =~ /broken|debug/ ? qr/^500 ./ : qr/^200 ./);
    } (@pages) x 3;

    is(join(' ', map { $_->[0] } @wrong), '',
       'a full disk for the logs: pages are served');
    $t->finish;
}

done_testing();
