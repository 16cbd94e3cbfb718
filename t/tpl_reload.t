# tpl_reload: templates that changed, in workers that go on.

use strict;
use warnings;

use lib 't/lib';
use List::Util qw(min);
use Test::More;
use Time::HiRes qw(sleep time);
use TplServer;

my $swaps = $ENV{TPL_SANITIZED} ? 60 : 300;

# of a loop in a loop that takes a second or so
my $loops = $ENV{TPL_SANITIZED} ? 1500 : 5000;

# more than sockets hold
my $size = 16 * 1024 * 1024;

my %site = (
    'templates/const.html' => 'const 1',
    'templates/base.html' => 'base 1 {% block a %}-{% endblock %}{% include "foot.html" %}',
    'templates/page.html' => '{% extends "base.html" %}{% block a %}page 1{% endblock %}',
    'templates/other.html' => '{% extends "base.html" %}{% block a %}other 1{% endblock %}',
    'templates/foot.html' => ' foot 1',
    'templates/layout/old.html' => '',
    'templates/data.html' => 'data 1 {{ list|sum }} {{ p }}',
    'templates/maybe.html' => 'maybe {% include "absent.html" ignore missing %}',
    'templates/names/a.html' => 'a 1',
    'templates/names/b.html' => 'b 1',
    'templates/part.html' => '{% block one %}one 1{% endblock %}{% block two %}two{% endblock %}',
    'templates/filter.html' => 'filter 1 {{ data.n }}',
    'templates/inline.html' => 'inline 1',
    'templates/uses.html' => '{{ nginx.greeting }}',
    'templates/slow.html' => 'slow 1 {% set n = nginx.arg_n|int %}{% for i in range(n) %}{% for j in range(n) %}'
                             . '{% endfor %}{% endfor %}static text of slow 1',
    'second/const.html' => 'second 1',
    'large/large.html' => "0123456789abcdef" x ($size / 16),
    'list.json' => '[1, 2]',
);

my $http = <<'EOC';
tpl_set $greeting "{% include 'inline.html' %} of {{ nginx.uri }}";
EOC

my $locations = <<'EOC';
tpl_param p server;
location / { tpl_render page.html; }
location = /const { tpl_render const.html; }
location = /other { tpl_render other.html; }
location = /data { tpl_data list list.json; tpl_render data.html; }
location = /data2 { tpl_data list list.json; tpl_param p "its own"; tpl_render data.html; }
location = /maybe { tpl_render maybe.html; }
location /names/ { tpl_preload names/*.html; tpl_render $uri.html; }
location = /part { tpl_render part.html block=one; }
location = /filter { default_type application/json; tpl_filter filter.html;
                     return 200 '{"n": 7}'; }
location = /inline { return 200 "$greeting"; }
location = /inline2 { tpl_param q 1; return 200 "$greeting"; }
location = /uses { tpl_render uses.html; }
location = /slow {  tpl_render slow.html; }
location = /large { tpl_root large; tpl_render large.html; }
location = /second { tpl_root second; tpl_render const.html; }
location = /roots { tpl_root second templates; tpl_render foot.html; }
EOC

my $t = TplServer->new(files => \%site, http => "tpl_reload 5ms;\n$http",
                       server => $locations);
$t->start;


# writes a file in one piece, as nobody sees half of it

sub put {
    my ($name, $text) = @_;

    $t->write('new', $text);
    rename "$t->{dir}/new", "$t->{dir}/$name" or die "$name: $!";
}


# the body once it is $expected, or what it is after some seconds

sub becomes {
    my ($path, $expected, $name) = @_;
    my ($body, $end) = ('', time + 10);

    while (time < $end) {
        $body = $t->get($path)->{body} // '';
        last if $body eq $expected;
        sleep 0.01;
    }

    is($body, $expected, $name // "$path is new");
}

# waits until the log has $n lines like this

sub logged {
    my ($re, $n, $name) = @_;
    my ($found, $end) = (0, time + 10);

    while (time < $end) {
        $found = () = $t->log =~ /$re/g;
        last if $found >= $n;
        sleep 0.01;
    }

    is($found, $n, $name);
}

# longer than it takes to find any change
sub settle { sleep($ENV{TPL_SANITIZED} ? 1 : 0.4) }


subtest 'what is rendered' => sub {
    is($t->get('/')->{body}, 'base 1 page 1 foot 1', 'before');
    is($t->get('/const')->{body}, 'const 1', 'before');

    my $etag = $t->get('/const')->{headers}{etag};
    my $log = $t->log;

    settle;
    is($t->log, $log, 'files that stay as they are: nothing happens')
        or diag $t->log;

    put('templates/const.html', 'const 2');
    becomes('/const', 'const 2', 'a constant page, which was kept');
    is($t->get('/const')->{body}, 'const 2', 'and is kept again');
    isnt($t->get('/const')->{headers}{etag}, $etag, 'has another ETag');

    my $new = $t->get('/const')->{headers}{etag};
    is($t->get('/const', 'If-None-Match' => $new)->{status}, 304, 'that counts');
    is($t->get('/const', 'If-None-Match' => $etag)->{status}, 200,
       'and the old one no more');

    put('templates/page.html',
              '{% extends "base.html" %}{% block a %}page 2{% endblock %}');
    becomes('/', 'base 1 page 2 foot 1', 'a page that extends another');

    put('templates/base.html',
              'base 2 {% block a %}-{% endblock %}{% include "foot.html" %}');
    becomes('/', 'base 2 page 2 foot 1', 'a layout: one page');
    becomes('/other', 'base 2 other 1 foot 1', 'and another');

    put('templates/foot.html', ' foot 2');
    becomes('/', 'base 2 page 2 foot 2', 'an included template');
    becomes('/roots', ' foot 2', 'that a set with other roots has, too');

    put('templates/layout/new.html', 'new {% block a %}{% endblock %}');
    put('templates/page.html', '{% extends "layout/new.html" %}'
        . '{% block a %}page 3{% endblock %}');
    becomes('/', 'new page 3', 'a layout that nobody extended before');

    put('templates/layout/new.html', 'newer {% block a %}{% endblock %}');
    becomes('/', 'newer page 3', 'is looked at as well');

    put('templates/absent.html', 'here it is');
    becomes('/maybe', 'maybe here it is', 'a template that was missing');
    unlink "$t->{dir}/templates/absent.html";
    becomes('/maybe', 'maybe ', 'and is again');

    put('second/foot.html', ' second foot');
    becomes('/roots', ' second foot', 'one in a root that comes first');
    unlink "$t->{dir}/second/foot.html";
    becomes('/roots', ' foot 2', 'and gone from there');

    put('templates/part.html', '{% block one %}one 2{% endblock %}');
    becomes('/part', 'one 2', 'a block');

    put('templates/filter.html', 'filter 2 {{ data.n }}');
    becomes('/filter', 'filter 2 7', 'a template of tpl_filter');

    is($t->get('/inline')->{body}, 'inline 1 of /inline', 'before');
    put('templates/inline.html', 'inline 2');
    becomes('/inline', 'inline 2 of /inline', 'what a tpl_set includes');
    becomes('/inline2', 'inline 2 of /inline2', 'in another location');
    becomes('/uses', 'inline 2 of /uses', 'in a page');
};


subtest 'two sets' => sub {
    put('second/const.html', 'second 2');
    becomes('/second', 'second 2', 'a template of the second');
    is($t->get('/const')->{body}, 'const 2', 'one of that name of the first');

    put('second/const.html', '{{');
    logged(qr{\[error\] .*second/const\.html:1:}, 1, 'the second is broken');

    put('templates/const.html', 'const 3');
    becomes('/const', 'const 3', 'the first goes on');
    is($t->get('/second')->{body}, 'second 2', 'the second stays');

    put('second/const.html', 'second 3');
    becomes('/second', 'second 3', 'until it is repaired');
};


subtest 'data' => sub {
    is($t->get('/data')->{body}, 'data 1 3 server', 'before');

    put('list.json', '[5, 6]');
    becomes('/data', "data 1 11 server", 'a file of tpl_data');
    becomes('/data2', 'data 1 11 its own', 'in another location');

    put('templates/data.html', 'data 2 {{ list|sum }} {{ p }}');
    becomes('/data', "data 2 11 server", 'the template with the same data');

    put('list.json', "[1,\n 2");
    logged(qr{\[error\] .*list\.json:2:3: }, 1, 'broken: the log says where');
    is($t->get('/data')->{body}, "data 2 11 server", 'and the old ones stay');

    put('list.json', '[8]');
    becomes('/data', "data 2 8 server", 'repaired');
};


subtest 'names that requests pick' => sub {
    is($t->get('/names/a')->{body}, 'a 1', 'before');

    put('templates/names/a.html', 'a 2');
    becomes('/names/a', 'a 2', 'one of them');
    is($t->get('/names/b')->{body}, 'b 1', 'another');

    is($t->get('/names/c')->{status}, 404, 'there is no such one');
    put('templates/names/c.html', 'c 1');
    becomes('/names/c', 'c 1', 'a new file that the pattern matches');

    unlink "$t->{dir}/templates/names/c.html";
    for (1 .. 500) {
        last if $t->get('/names/c')->{status} == 404;
        sleep 0.01;
    }
    is($t->get('/names/c')->{status}, 404, 'gone: it cannot be picked any more');

    is($t->get('/names/const')->{status}, 404, 'what no pattern names cannot');
};


subtest 'variables' => sub {

    # no template and no directive has used them when nginx started

    put('templates/const.html', '{{ nginx.http_x_late }} {{ nginx.args }}'
              . ' {{ nginx.arg_b }}{% if nginx.arg_z is undefined %}!{% endif %}');

    for (1 .. 500) {
        last if $t->get('/const')->{body} =~ /!/;
        sleep 0.01;
    }

    my $r = $t->get('/const?b=c', 'X-Late' => 'late');

    is($r->{body}, 'late b=c c!', 'have their values');
    is($r->{headers}{vary}, 'X-Late', 'and count for Vary');

    put('templates/const.html', "\n{{ nginx.there_is_none }}");
    logged(qr{\[error\] .*const\.html:2:\d+: .*unknown variable "nginx\.there_is_none"},
           1, 'an unknown one is an error');
    is($t->get('/const?b=d')->{body}, ' b=d d!', 'and the page stays');
};


subtest 'broken templates' => sub {
    put('templates/const.html', 'const 4');
    becomes('/const', 'const 4', 'a good one');

    put('templates/const.html', "const\n  {{ oops");
    logged(qr{\[error\] .*templates/const\.html:2:\d+: }, 1,
           'the log says what is broken');
    logged(qr/  \{\{ oops/, 1, 'with its line');
    logged(qr{tpl_reload: the templates of "\S+/templates" stay as they were},
           3, 'and what becomes of it');
    like($t->log, qr{tpl_reload: the templates of "\S+/templates" are new},
         'as it said of the good one');
    is($t->get('/const')->{body}, 'const 4', 'the old page stays');

    put('templates/foot.html', ' foot 3');
    logged(qr{templates/const\.html:2:\d+: }, 2,
           'one more message for one more change');
    is($t->get('/other')->{body}, 'base 2 other 1 foot 2', 'and the whole set');

    settle;
    my $n = () = $t->log =~ m{templates/const\.html:2:\d+: }g;
    is($n, 2, 'and no more than that');

    put('templates/const.html', 'const 5');
    becomes('/const', 'const 5', 'repaired');
    becomes('/other', 'base 2 other 1 foot 3', 'with all that changed meanwhile');

    unlink "$t->{dir}/templates/const.html";
    logged(qr{\[error\] .*template "const\.html" is not found}, 1, 'removed');
    is($t->get('/const')->{body}, 'const 5', 'the old page stays');
    put('templates/const.html', 'const 6');
    becomes('/const', 'const 6', 'there again');

    put('templates/part.html', 'no block');
    logged(qr{\[error\] .*"part\.html" has no block "one"}, 1,
           'a block that is gone');
    is($t->get('/part')->{body}, 'one 2', 'the old page stays');
    put('templates/part.html', '{% block one %}one 3{% endblock %}');
    becomes('/part', 'one 3', 'a block that is there again');
};


subtest 'renders at work' => sub {
    my $slow = $t->connect;
    $slow->syswrite("GET /slow?n=$loops HTTP/1.0\r\n\r\n");
    sleep 0.05;

    for my $n (2 .. 4) {
        put('templates/slow.html', "slow $n");
        becomes('/slow', "slow $n", "a swap while a render is at work: $n");
    }

    note(IO::Select->new($slow)->can_read(0) ? 'it has ended meanwhile'
                                             : 'it is still at work');
    like(join('', <$slow>), qr{slow 1 static text of slow 1$},
         'it ends with the template it began with');

    # a page that the client takes later is in no memory but the template's

    my $large = $t->connect;
    $large->syswrite("GET /large HTTP/1.0\r\n\r\n");
    $large->sysread(my $start, 10);

    for my $n (2 .. 4) {
        put('large/large.html', "large $n");
        becomes('/large', "large $n", "a swap while a page is sent: $n");
    }

    my $rest = join '', <$large>;
    $rest =~ s/.*?\r\n\r\n//s;
    is(length $rest, $size, 'all of it comes');
    ok($rest =~ /^(?:0123456789abcdef){1000}/ && $rest =~ /f\z/, 'as it was');
};


subtest 'many times' => sub {
    my ($pid) = $t->workers;
    my $memory = sub {
        open my $in, '<', "/proc/$pid/smaps_rollup" or return 0;
        return (join '', <$in>) =~ /^Pss:\s+(\d+)/m ? $1 : 0;
    };
    my @pss;
    my $failed = 0;

    for my $n (1 .. $swaps) {
        put('templates/const.html', "turn $n" . ' ' x ($n % 7));
        my ($body, $end) = ('', time + 10);
        while (time < $end) {
            $body = $t->get('/const')->{body} // '';
            last if $body =~ /^turn $n /a || $body =~ /^turn $n$/a;
            $failed++ unless $body =~ /^(const 6|turn \d+ *)$/;
            sleep 0.002;
        }
        $failed++ unless $body =~ /^turn $n\b/;
        $t->get('/data');
        $t->get('/filter');
        $t->get('/inline');
        push @pss, $memory->();
    }

    is($failed, 0, "$swaps swaps, each is seen");

    # The first fifth fills the allocator. A page that the kernel counts otherwise
    # or an arena that is not trimmed is a step between two of the others; what
    # is lost at each swap grows between all of them.

    my $fifth = int($swaps / 5);
    my @lowest = map { min(@pss[$_ * $fifth .. ($_ + 1) * $fifth - 1]) } 1 .. 4;
    my $growth = min(map { $lowest[$_] - $lowest[$_ - 1] } 1 .. 3);

    note("Pss, the lowest of each fifth of the swaps: @lowest KiB");
    cmp_ok($growth, '<', $fifth / 2, 'memory stays: half a KiB a swap is a leak')
        unless $ENV{TPL_SANITIZED};

    is(join(' ', $t->workers), $pid, 'in the same worker');
};


subtest 'a reload' => sub {
    put('templates/const.html', 'const 7');
    ok($t->reload, 'of nginx');
    is($t->get('/const')->{body}, 'const 7', 'has the files of now');
    put('templates/const.html', 'const 8');
    becomes('/const', 'const 8', 'and what comes after');

    # a new worker starts as the master was configured

    my ($pid) = $t->workers;
    kill 'KILL', $pid;
    for (1 .. 500) {
        last if grep { $_ != $pid } $t->workers;
        sleep 0.01;
    }
    becomes('/const', 'const 8', 'a worker in place of one that died');
    $t->{started} = join ' ', sort $t->workers;

    $t->configure(http => $http);
    ok($t->reload, 'without tpl_reload');
    put('templates/const.html', 'const 9');
    settle;
    is($t->get('/const')->{body}, 'const 8', 'files are not looked at');
};

unlike($t->log, qr/\[alert\] (?!.*exited on signal 9)/, 'no alert');


# They are compiled in slices: files change in between.  The layout is read with
# the first page; what was read later must not be newer.  Changes come when
# the compilation of the one before may be at work: 50 ms after it.

subtest 'many templates' => sub {
    my $n = $ENV{TPL_SANITIZED} ? 600 : 3000;
    my $page = '{% extends "layout.html" %}{% block p %}';
    my $many = TplServer->new(
        files => { 'templates/layout.html' => '0-{% block p %}{% endblock %}',
                   map { (sprintf('templates/many/%d/%d.html', $_ / 100, $_) => "${page}0{% endblock %}") } 1 .. $n },
        http => 'tpl_reload 5ms;',
        server => 'location / { tpl_preload many/*/*.html; tpl_render many$uri.html; }');
    $many->start;

    my $put = sub {
        my ($name, $text) = @_;
        $many->write('new', $text);
        rename "$many->{dir}/new", "$many->{dir}/templates/$name" or die "$name: $!";
    };
    my $last = $n == 600 ? '6/600' : '9/999';      # by name
    my %seen;
    my $look = sub {
        my $end = time + shift;
        do { $seen{$many->get("/$last")->{body}} = 1; sleep 0.002 } while time < $end;
    };

    my $end = time + 60;

    for my $turn (1 .. 15) {
        $put->('many/0/1.html', $turn);     # what it is at work for
        $look->(0.03 + 0.002 * $turn);
        $put->('layout.html', "$turn-{% block p %}{% endblock %}");
        $look->(0.012);
        $put->("many/$last.html", "$page$turn\{% endblock %}");
        $look->(0.01) until $seen{"$turn-$turn"} || time > $end;
    }

    ok($seen{'15-15'}, 'the latest are there in the end');
    my @mixed = grep { my ($l, $p) = /^(\d+)-(\d+)$/; !defined $p || $p > $l || $l - $p > 1 } keys %seen;
    is("@mixed", '', 'the layout and a page of it are of the same time');

    # and nginx goes while it is compiling
    $put->('layout.html', "16-{% block p %}{% endblock %}");
    sleep 0.08;
    $many->finish;
};


subtest 'several workers' => sub {
    $t = TplServer->new(files => \%site, http => "tpl_reload 5ms;\n$http",
                        server => $locations, workers => 3);
    $t->start;

    put('templates/const.html', 'const 2');

    my ($row, $end) = (0, time + 10);

    while ($row < 60 && time < $end) {
        $row = $t->get('/const')->{body} eq 'const 2' ? $row + 1 : 0;
    }

    is($row, 60, 'all have the new page');

    $t->finish;
};


subtest 'the directive' => sub {
    for (['soon', qr{invalid value "soon", it must be "off" or a time}],
         ['0', qr{invalid value "0"}],
         ['1s; tpl_reload 2s', qr{"tpl_reload" directive is duplicate}])
    {
        my ($value, $message) = @$_;
        my $bad = TplServer->new(http => "tpl_reload $value;");
        like($bad->test, $message, "tpl_reload $value");
    }

    my $bad = TplServer->new(server => 'tpl_reload 1s;');
    like($bad->test, qr{"tpl_reload" directive is not allowed here},
         'only in http');
    is(TplServer->new(http => 'tpl_reload off;')->test, '', 'off');
};

done_testing();
