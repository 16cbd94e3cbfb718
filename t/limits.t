# A render has an end, and others do not wait for it.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use Test::More;
use Time::HiRes qw(sleep time);
use TplServer;

my $slow = $ENV{TPL_SANITIZED} ? 20 : 1;

my $t = TplServer->new(
    files => {
        # about a second of work in one request
        'templates/work.html' =>
            '{% for i in range(3000) %}{% for j in range(1000) %}'
            . '{% if i * j == -1 %}x{% endif %}'
            . '{% endfor %}{% endfor %}done {{ nginx.arg_n }}',
        'templates/quick.html' => 'quick {{ nginx.arg_n }}',
        'templates/endless.html' =>
            '{% for a in range(100000) %}{% for b in range(100000) %}'
            . '{% endfor %}{% endfor %}{{ nginx.arg_n }}',
        'templates/while.html' => '{% while True %}{% end %}',
        'templates/memory.html' =>
            '{% set ns = namespace(s="x" * 1000) %}{% for i in range(100) %}'
            . '{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ nginx.arg_n }}',
        'templates/output.html' =>
            '{% set s = "x" * 1000000 %}{% for i in range(1000) %}{{ s }}'
            . '{% endfor %}{{ nginx.arg_n }}',
        'templates/recursion.html' =>
            '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}{{ nginx.arg_n }}',
        'templates/include.html' => '{% include "include.html" %}',
        'templates/nested.html' =>
            '{% macro f(n) %}{{ f(n - 1) if n else "end" }}{% endmacro %}'
            . '{{ f(nginx.arg_n|int) }}',
        'templates/count.html' =>
            '{% for i in range(nginx.arg_n|int) %}.{% endfor %}',
    },
    http => <<'EOC',
        log_format s '$uri $status $tpl_steps';
        access_log logs/steps.log s;
EOC
    server => <<'EOC');
        location = /work { tpl_render work.html; }
        location = /quick { tpl_render quick.html; }
        location = /endless { tpl_render endless.html; }
        location = /abandoned { tpl_limits steps=1000000000000;
                                tpl_render endless.html; }
        location = /while { tpl_syntax tornado; tpl_render while.html; }
        location = /memory { tpl_render memory.html; }
        location = /output { tpl_render output.html; }
        location = /recursion { tpl_render recursion.html; }
        location = /include { tpl_render include.html; }
        location = /steps { tpl_limits steps=5000; tpl_render count.html; }
        location = /bytes { tpl_limits output=1k; tpl_render count.html; }
        location = /room {
            tpl_limits memory=256k output=1g;
            tpl_render memory.html;
        }
        location = /nested { tpl_limits depth=20; tpl_render nested.html; }
        location = /deeper { tpl_limits depth=20000 steps=1000000;
                             tpl_render nested.html; }
        location /inherited/ {
            tpl_limits output=1k;
            location /inherited/bytes { tpl_limits steps=90000;
                                        tpl_render count.html; }
        }
        location = /ssi { ssi on; default_type text/html;
            return 200 '<!--#include virtual="/work?n=1" --> <!--#include virtual="/work?n=2" -->'; }
EOC
$t->start;


# one worker, a long render, and quick ones meanwhile

my $s = $t->connect;
$s->syswrite("GET /work?n=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

my ($quick, $longest, $start) = (0, 0, time);

until (IO::Select->new($s)->can_read(0) || time - $start > 60) {
    my $begin = time;
    last unless $t->get('/quick?n=1')->{body} eq 'quick 1';
    my $took = time - $begin;
    $longest = $took if $took > $longest;
    $quick++;
}

my $answer = '';
while ($s->sysread($answer, 65536, length $answer)) { }

like($answer, qr/\r\n\r\ndone 1$/, 'the long render came to its end');
cmp_ok($quick, '>', 5, 'quick pages were served meanwhile');
cmp_ok($longest, '<', 0.1 * $slow, 'and none of them waited long');


# quick pages next to a page of 10^10 turns, with the limits as they are:
# it ends in an error, and the others hardly notice

$s = $t->connect;
$s->syswrite("GET /endless?n=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

my @times;
my $end = time + 60;

until (IO::Select->new($s)->can_read(0) || time > $end) {
    my $begin = time;
    $t->get('/quick?n=1');
    push @times, time - $begin;
}

$answer = '';
while ($s->sysread($answer, 65536, length $answer)) { }

like($answer, qr{^HTTP/1\.1 500 }, 'a page of 10^10 turns ends in an error');

@times = sort { $a <=> $b } @times;

my $p99 = @times ? $times[$#times * 0.99] : 60;

cmp_ok($p99, '<', 0.5 * $slow, 'quick pages meanwhile');
diag(sprintf '%d quick pages next to 10^10 turns: p99 %.1f ms, longest %.1f ms',
             scalar @times, $p99 * 1000, ($times[-1] // 0) * 1000);


# a client that goes away ends its render

$s = $t->connect;
$s->syswrite("GET /abandoned HTTP/1.1\r\nHost: x\r\n\r\n");
sleep 0.2;
close $s;

for (1 .. 100) {
    last if $t->log('steps.log') =~ /^\/abandoned/m;
    sleep 0.1;
}

like($t->log('steps.log'), qr/^\/abandoned 499 \d+$/m,
     'a client that goes away: the render ends');


# limits

for (['endless', qr/LimitError|step|limit/i], ['while', qr/limit/i],
     ['memory', qr/limit|long/i], ['output', qr/limit|output/i],
     ['recursion', qr/recursion|depth|nest/i],
     ['include', qr/recursion|depth|nest/i])
{
    my ($name, $why) = @$_;
    my $before = length $t->log;
    my $page = $t->get("/$name?n=1");

    is($page->{status}, 500, "$name: 500");
    like(substr($t->log, $before), qr/\[error\] .*$name\.html" failed: .*$why/,
         "$name: the log says why");
}


# tpl_limits

for (['steps?n=100', 200], ['steps?n=5000', 500, qr/more steps than its/],
     ['bytes?n=1024', 200], ['bytes?n=1025', 500, qr/more bytes than its/],
     ['room', 500, qr/LimitError|memory/],
     ['nested?n=10', 200], ['nested?n=30', 500, qr/nested too deeply/],
     ['deeper?n=10000', 200],
     ['inherited/bytes?n=1024', 200],
     ['inherited/bytes?n=1025', 500, qr/more bytes than its/])
{
    my ($uri, $status, $why) = @$_;
    my $before = length $t->log;

    is($t->get("/$uri")->{status}, $status, "$uri: $status");
    like(substr($t->log, $before), $why, "$uri: the log says why") if $why;
}

is($t->get('/quick?n=2')->{body}, 'quick 2', 'and on it goes');



# what a worker holds at most: memory= and what it had before

SKIP: {
    skip 'the sanitizers hold memory of their own', 1 if $ENV{TPL_SANITIZED};

    my %hungry = (
        list => q({% set l = [] %}{% for i in range(10000000) %})
            . q({% set _ = l.append('x' * 1000 ~ i) %}{% endfor %}),
        string => q({% set ns = namespace(s='x') %}{% for i in range(60) %})
            . q({% set ns.s = ns.s ~ ns.s %}{% endfor %}),
        dict => q({% set d = {} %}{% for i in range(10000000) %})
            . q({% set _ = d.update({i: [i, {}]}) %}{% endfor %}),
        macro => q({% macro m(n) %}{{ 'x' * 100000 }}{{ m(n + 1) }}{% endmacro %})
            . q({{ m(0)|length }}),
        filter => q({{ range(10000000)|list|sort|map('string')|join|length }}),
        page => q({% for i in range(10000000) %}{{ 'x' * 1000 }}{{ i }}{% endfor %}),
        json => q({{ fetch('/data', size='1024m')|length }}),
    );

    my $hungry = TplServer->new(
        files => {
            (map { ("templates/$_.html" => "$hungry{$_}\{{ nginx.arg_n }}") }
                 keys %hungry),
            'html/data' => '[' . join(',', ('{"a":[1,"x"]}') x 800_000) . ']',
        },
        server => 'root html; location /data { internal; }'
            . ' tpl_limits memory=64m output=1g depth=10000;'
            . ' location / { tpl_preload *.html; tpl_render $uri.html; }');

    for (sort keys %hungry) {
        $hungry->start;

        my ($worker) = $hungry->workers;
        my $before = peak($worker);
        my $said = length $hungry->log;

        is($hungry->get("/$_?n=1")->{status}, 500, "memory=64m: $_: 500");

        my $more = peak($worker) - $before;

        # a document of 12 MB that was fetched is held beside it
        my $limit = 64 + ($_ eq 'json' ? 24 : 0);

        cmp_ok($more, '<', ($limit + 2) * 1024, "$_: $more KiB more");
        cmp_ok($more, '>', 30 * 1024, "$_: and that is measured")
            if $_ eq 'list';
        like(substr($hungry->log, $said), qr/memory than its limit/,
             "$_: the log says why");
        $hungry->finish;
    }
}


# KiB that a process has had at once

sub peak {
    my ($pid) = @_;

    open my $in, '<', "/proc/$pid/status" or die $!;
    my ($size) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$in>;

    return $size;
}

like($t->get('/ssi')->{body}, qr/^done 1 done 2$/,
     'long renders in subrequests');

$t->finish;

done_testing();
