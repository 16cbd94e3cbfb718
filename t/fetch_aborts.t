# Clients that go away at any moment of a page whose data are on their way.
#
# ABORTS is how many, 300 unless it says otherwise:
#
#     ABORTS=10000 prove -It/lib t/fetch_aborts.t

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use TplBackend;
use TplServer;

my $n = $ENV{ABORTS} || 300;
my $at_once = 30;

my $backend = TplBackend->new('hostile_backend.py');
my $h2 = TplServer::free_port();

# while the worker has no processor it goes on accepting clients that are gone

my $t = TplServer->new(
    connections => 4096,
    files => {
        'templates/page.html' => '{{ a.users[1] }}{{ b.users[1] }}{{ c.users[1] }}',
        'templates/call.html' => q({% for i in range(5) %}{{ fetch('/api/drip/0.0%d' % i).users[1] }}{% endfor %}),
        'templates/nested.html' => q({{ fetch('/page', 'text') }}{{ fetch('/call', 'text') }}),
        'templates/big.html' => q({{ fetch('/api/big/900000') }}{{ fetch('/api/big/900001') }}),
    },
    http => 'tpl_etag off;',
    server => <<"EOC");
        listen 127.0.0.1:$h2 http2;
        location = /page {
            tpl_fetch a /api/drip/0.02;
            tpl_fetch b /api/slow/0.01;
            tpl_fetch c /api/ok;
            tpl_render page.html;
        }
        location = /call { tpl_render call.html; }
        location = /nested { tpl_render nested.html; }
        location = /big { tpl_render big.html; }
        location = /unused { tpl_fetch a /api/slow/0.02; tpl_param b 1; tpl_render empty.html; }
        location /api/ { proxy_pass http://127.0.0.1:$backend->{port}/; }
        location = /status { stub_status; }
EOC
$t->write('templates/empty.html', 'nothing');
$t->start;

srand 1;

my @pages = qw(/page /call /nested /big /unused);
my @open;
my $whole = 0;

for my $i (1 .. $n) {
    my $s = $t->connect;
    my $request = "GET $pages[rand @pages] HTTP/1.1\r\nHost: a\r\n\r\n";

    # some leave within their request, or shut down only their half

    $request = substr $request, 0, rand length $request if rand() < 0.1;

    $s->syswrite($request);
    shutdown $s, 1 if rand() < 0.1;

    push @open, { socket => $s, until => time + rand() * 0.06 };

    while (@open >= $at_once || ($i == $n && @open)) {
        my $now = time;

        for my $c (grep { $_->{until} <= $now } @open) {

            if (IO::Select->new($c->{socket})->can_read(0)) {
                $whole++ if $c->{socket}->sysread(my $got, 65536);
            }

            # with a reset, or in good order

            setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
                if rand() < 0.5;
            close $c->{socket};
        }

        @open = grep { $_->{until} > $now } @open;
        sleep 0.001;
    }
}

cmp_ok($whole, '>', 0, "$whole of $n clients got something");
cmp_ok($whole, '<', $n, 'the others went away before');

SKIP: {
    skip 'no curl', 1 unless `curl -V 2>/dev/null` =~ /HTTP2/;

    for (1 .. ($n < 1000 ? 10 : $n / 100)) {
        my $seconds = 0.005 + rand() * 0.05;
        system "curl -s -m $seconds --http2-prior-knowledge "
               . "http://127.0.0.1:$h2$pages[rand @pages] "
               . "http://127.0.0.1:$h2$pages[rand @pages] >/dev/null 2>&1";
    }

    pass('HTTP/2 clients that go away');
}

# nothing stays: all connections are closed, but for that which asks

my $active;

for (1 .. 200) {
    ($active) = $t->get('/status')->{body} =~ /^Active connections: (\d+)/;
    last if $active == 1;
    sleep 0.05;
}

is($active, 1, 'no connection is left');
is($t->get('/page')->{body}, "caf\xc3\xa9" x 3, 'it goes on');

$t->finish;

# a worker that ends finds what was left open

unlike($t->log, qr/open socket|\[alert\]/, 'nothing is left open at the end');

done_testing();
