# tpl_status: what templates cost, counted by all workers together.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use TplServer;

my $t = TplServer->new(
    workers => 2,
    files => {
        'templates/a.html' => 'Hello {{ nginx.arg_name }}',
        'templates/same.html' => 'the same each time',
        'templates/broken.html' => '{{ 1 / nginx.arg_n|int }}',
        'templates/p/"q\\.html' => 'quoted',
        'templates/list.html' => '{{ data|length }}',
        'templates/fetch.html' => '{{ data|length }}{{ fetch("/api").0 }}',
        'html/list.json' => '[1, 2, 3]',
        map { ("templates/many/$_.html" => $_) } 1 .. 600,
    },
    http => 'tpl_status_zone tpl:64k;',
    server => <<'EOC');
        location /a { tpl_render a.html; }
        location /same { tpl_render same.html; }
        location /broken { tpl_render broken.html; }
        location /picked/ { tpl_preload p/* many/*;
                            rewrite ^/picked/(.*) /$1 break;
                            tpl_render $uri.html; }
        location /json { alias html; tpl_filter list.html;
                         types { application/json json; } }
        location = /fetch { tpl_fetch data /list;
                            tpl_render fetch.html; }
        location = /list { internal; return 200 '[1, 2, 3]'; }
        location = /api { internal; return 200 '[7]'; }
        location = /status { tpl_status; }
        location = /metrics { tpl_status prometheus; }
EOC
$t->start;

sub status { JSON::PP->new->utf8->decode($t->get('/status')->{body}) }

is_deeply(status()->{templates}, {}, 'nothing was rendered');

$t->get('/a?name=' . 'x' x $_) for 1 .. 10;
$t->get('/same') for 1 .. 7;
$t->get("/broken?n=$_") for 0, 1, 0;
$t->get('/picked/p/"q\\');
$t->get('/json/list.json');
is($t->get('/fetch')->{body}, '37', 'a page waits for data');

my $page = $t->get('/status');
is($page->{headers}{'content-type'}, 'application/json', 'JSON');

my $s = status()->{templates};

is_deeply([sort keys %$s],
          [sort qw(a.html same.html broken.html p/"q\\.html list.html fetch.html)],
          'each template that was rendered');
is($s->{'a.html'}{requests}, 10, 'requests, in both workers');
is($s->{'a.html'}{bytes}, 10 * 6 + 55, 'bytes');
is($s->{'a.html'}{errors}, 0, 'no errors');
cmp_ok($s->{'a.html'}{seconds}, '>', 0, 'time');
cmp_ok($s->{'a.html'}{seconds}, '<', 1, 'in seconds');
cmp_ok($s->{'a.html'}{steps}, '>', 10, 'steps');
cmp_ok($s->{'fetch.html'}{fetch_seconds}, '>', 0, 'time waiting for data');
cmp_ok($s->{'fetch.html'}{fetch_seconds}, '<', 1, 'in seconds');
cmp_ok($s->{'a.html'}{fetch_seconds}, '==', 0, 'not for what is there');
is($s->{'same.html'}{requests}, 7, 'kept pages count');
is_deeply([@{$s->{'broken.html'}}{qw(requests errors bytes)}], [3, 2, 3],
          'errors');
is($s->{'list.html'}{requests}, 1, 'tpl_filter');

$page = $t->get('/metrics');
is($page->{headers}{'content-type'},
   'text/plain; version=0.0.4; charset=utf-8', 'Prometheus');
like($page->{body}, qr/^# TYPE tpl_requests_total counter\n/m, 'a type');
like($page->{body}, qr/^tpl_requests_total\{template="a\.html"\} 10\n/m,
     'a counter');
like($page->{body}, qr/^tpl_requests_total\{template="p\/\\"q\\\\\.html"\} 1\n/m,
     'a name with quotes');
like($page->{body},
     qr/^tpl_render_seconds_total\{template="a\.html"\} 0\.\d{9}\n/m, 'time');
like($page->{body},
     qr/^tpl_fetch_seconds_total\{template="fetch\.html"\} 0\.\d{9}\n/m,
     'waiting for data');
unlike($page->{body}, qr/^(?!#|tpl_\w+\{template="[^\n]*"\} [\d.]+$)./m,
       'and nothing else');

$t->reload;
is(status()->{templates}{'a.html'}{requests}, 10, 'a reload goes on counting');

# What a module with other counters left in the zone is not read: the layout's
# number, after the magic one, is changed in the memory that all share.

sub change_layout {
    my ($maps, $mem) = @_;

    for (grep { m{ rw-s .*/dev/zero} } <$maps>) {
        no warnings 'portable';
        my ($from, $to) = map { hex } /^(\w+)-(\w+)/;
        sysseek($mem, $from, 0) && sysread($mem, my $zone, $to - $from) or next;
        my $at = index $zone, 'TPLS';
        next if $at < 0;
        sysseek($mem, $from + $at + 4, 0);
        return syswrite($mem, pack 'L', 1 + unpack 'L', substr $zone, $at + 4, 4);
    }

    return 0;
}

SKIP: {
    my $proc = '/proc/' . $t->pid;

    skip 'the memory of nginx cannot be written', 5
        unless open(my $maps, '<', "$proc/maps") && open(my $mem, '+<:raw', "$proc/mem");

    ok(change_layout($maps, $mem), 'the zone says which layout it has');

    $t->reload;
    like($t->log, qr/\[notice\].* tpl_status_zone "tpl" was written by another version of the module, its counters begin anew/,
         'the log says so');
    is_deeply(status()->{templates}, {}, 'a zone of another layout begins anew');
    $t->get('/a');
    $t->reload;
    is(status()->{templates}{'a.html'}{requests}, 1, 'and goes on as usual');
    is(() = $t->log =~ /begin anew/g, 1, 'said once');
}


# more templates than the zone has room for

my $before = 0;
$before += $_->{requests} for values %{status()->{templates}};

is(scalar(grep { $t->get("/picked/many/$_")->{body} eq $_ } 1 .. 600), 600,
   'they are rendered');

$s = status();
my $sum = $s->{others}{requests};

cmp_ok($sum, '>', 0, 'a full zone: the rest is counted together');
$sum += $_->{requests} for values %{$s->{templates}};
is($sum, $before + 600, 'and nothing is lost');
like($t->get('/metrics')->{body}, qr/^tpl_requests_total\{template=""\} \d+$/m,
     'for Prometheus too');

is(TplServer->new(server => 'location / { tpl_status; }')->test,
   qq([emerg] "tpl_status" needs a "tpl_status_zone"\n), 'no zone');

$t->finish;

done_testing();
