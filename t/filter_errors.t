# tpl_filter: what goes wrong is an error like any other. Its page may fetch, be
# a backend's or take long, and the connection goes on.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplBackend;
use TplServer;

my $backend = TplBackend->new('hostile_backend.py');
my $proxy = "proxy_pass http://127.0.0.1:$backend->{port}";
my $long = '{% for i in range(400) %}{% for j in range(1000) %}'
    . '{% if i * j == -1 %}x{% endif %}{% endfor %}{% endfor %}';

my $t = TplServer->new(
    files => {
        'templates/page.html' => '{{ data.users[0].name }}',
        'templates/broken.html' => '{{ data / 0 }}',
        'templates/late.html' => "$long\{{ data / 0 }}",
        'templates/fetching.html' => '{{ more.users[1] }}{{ data / 0 }}',
        'templates/abort.html' => '{{ abort(404) }}',
        'templates/abort_late.html' => "$long\{{ abort(404) }}",
        'templates/abort_code.html' => '{{ abort(nginx.arg_c|int) }}',
        'templates/error_fetch.html' =>
            'fetched {{ nginx.status }} {{ d.users[0].name }}'
            . ' {{ nginx.tpl_error }}',
        'templates/error_long.html' =>
            "long {{ nginx.status }} $long\{{ '.' * 60000 }} end",
        'html/file.json' => '{"users": [{"name": "file"}]}',
        'html/bad.json' => '{"users": ',
        'html/big.json' => '"' . 'x' x 200000 . '"',
        'html/large.html' => 'large ' . 'x' x 60000 . ' end',
    },
    http => 'proxy_cache_path cache keys_zone=cache:1m;',
    server => <<"EOC");
        root html;
        default_type application/json;

        location /api/ { $proxy/; proxy_read_timeout 500ms; }

        location = /error/fetch { tpl_fetch d /api/slow/0.1;
                                  tpl_render error_fetch.html; }
        location = /error/long { tpl_render error_long.html; }
        location = /error/proxy { $proxy/slow/0.1; }
        location = /error/file { alias html/large.html; default_type text/html; }
        location = /error/filter { $proxy/ok; tpl_filter page.html; }
        location = /error/none { return 404; }

        location = /broken { alias html/file.json; tpl_filter broken.html;
                             error_page 500 /error/\$arg_e; }
        location = /late { alias html/file.json; tpl_filter late.html;
                           error_page 500 /error/\$arg_e; }
        location = /fetching { $proxy/ok; tpl_filter fetching.html;
                               tpl_fetch more /api/slow/0.1;
                               error_page 500 /error/\$arg_e; }
        location = /abort { $proxy/ok; tpl_filter abort.html;
                            error_page 404 /error/\$arg_e; }
        location = /abort_late { return 200 '[]';
                                 tpl_filter abort_late.html;
                                 error_page 404 /error/\$arg_e; }
        location = /bad { alias html/bad.json; tpl_filter page.html;
                          error_page 502 /error/\$arg_e; }
        location = /big { alias html/big.json; tpl_filter page.html size=1k;
                          error_page 502 /error/\$arg_e; }
        location = /cut { $proxy/length/9; tpl_filter page.html;
                          error_page 502 /error/\$arg_e; }
        location = /cut-flow { $proxy/length/9; tpl_filter page.html;
                               proxy_buffering off;
                               error_page 502 /error/\$arg_e; }
        location /stalled/ { $proxy/; tpl_filter page.html;
                             proxy_read_timeout 300ms;
                             error_page 504 /error/fetch; }
        location /stalled-flow/ { $proxy/; tpl_filter page.html;
                                  proxy_read_timeout 300ms;
                                  proxy_buffering off;
                                  error_page 504 /error/fetch; }
        location /stalled-cache/ { $proxy/; tpl_filter page.html;
                                   proxy_read_timeout 300ms;
                                   proxy_cache cache;
                                   error_page 504 /error/fetch; }
        location = /endless { $proxy/endless; tpl_filter page.html size=1k;
                              error_page 502 /error/\$arg_e; }
        location = /endless-flow { $proxy/endless; tpl_filter page.html size=1k;
                                   proxy_buffering off;
                                   error_page 502 /error/\$arg_e; }
        location = /endless-cache { $proxy/endless/eof; proxy_cache cache;
                                    tpl_filter page.html size=100k;
                                    error_page 502 /error/\$arg_e; }
        location = /no-template { $proxy/ok; tpl_preload page.html;
                                  tpl_filter \$arg_t;
                                  error_page 500 /error/\$arg_e; }
        location = /code { $proxy/ok; tpl_filter abort_code.html; }
        location = /plain { default_type text/plain; return 200 'plain'; }
        location = /other-status { $proxy/ok; tpl_filter broken.html;
                                   error_page 500 =418 /error/fetch; }
        location = /named { $proxy/ok; tpl_filter broken.html;
                            error_page 500 = \@named; }
        location \@named { $proxy; rewrite ^ /slow/0.1 break; }
        location = /ssi { ssi on; default_type text/html;
            return 200 '<!--#include virtual="/broken?e=fetch" -->, <!--#include virtual="/endless?e=fetch" -->.'; }
        location = /data { $proxy/endless; tpl_filter page.html size=1k; }
        location = /fetched { tpl_fetch d \$arg_u; tpl_render error_fetch.html; }
EOC
$t->start;

my $name = '"name": "Ann"';

my %pages = (
    fetch => sub { qr/^fetched $_[0] Ann / },
    long => sub { qr/^long $_[0] \.{60000} end\n?\z/ },
    proxy => sub { qr/^\{"users": \[\{\Q$name\E.*true\]\}\z/ },
    file => sub { qr/^large x{60000} end\z/ },
    filter => sub { qr/^Ann\z/ },
    none => sub { qr/<center><h1>404 Not Found/ },
);

my %failures = (
    broken => 500, late => 500, fetching => 500, abort => 404,
    abort_late => 404, bad => 502, big => 502, cut => 502, 'cut-flow' => 502,
    endless => 502, 'endless-flow' => 502, 'endless-cache' => 502,
    'no-template' => 500,
);


# each failure and each kind of page

for my $failure (sort keys %failures) {
    for my $kind (sort keys %pages) {
        my $status = $failures{$failure};
        my $page = $t->get("/$failure?e=$kind");

        is($page->{status}, $kind eq 'none' ? 404 : $status,
           "$failure, error_page $kind: $status");
        like($page->{body}, $pages{$kind}->($status), '  its whole page');
        is($page->{headers}{'content-length'} // length $page->{body},
           length $page->{body}, '  its length');
        like($page->{headers}{'content-type'}, $kind eq 'proxy'
             ? qr{^application/json} : qr{^text/html}, '  its type');
    }
}

like($t->get('/broken?e=fetch')->{body}, qr/unsupported operand/, 'with $tpl_error');


# a backend that stops in the middle is a timeout, one that goes away is not

for my $how ('', '-flow', '-cache') {
    for my $kind ('slow', 'drip', 'stall') {
        my $page = $t->get("/stalled$how/$kind/1");

        is($page->{status}, 504, "stalled$how, $kind: 504");
        like($page->{body}, qr/^fetched 504 Ann/, '  its page');
    }

    is($t->get("/stalled$how/length/9")->{status}, 502, '  cut: 502');
    is($t->get("/stalled$how/reset/9")->{status}, 502, '  reset: 502');
}

is($t->get('/fetched?u=/stalled/drip/1')->{status}, 504,
   'a filtered response as data: 504');


# other ways to name a page, and none

is($t->get('/other-status')->{status}, 418, 'error_page 500 =418');

my $named = $t->get('/named');
is($named->{status}, 200, 'error_page 500 = @named');
like($named->{body}, qr/\Q$name\E/, '  its page');

like($t->get('/data')->{body}, qr/<h1>502 Bad Gateway/, "nginx's own page");
is($t->get('/data')->{headers}{'content-type'}, 'text/html', '  its type');

my $page = $t->get('/ssi');
is($page->{status}, 200, 'a part of a page');
like($page->{body}, qr/^fetched \d+ Ann [^,]*, fetched \d+ Ann [^,]*\.$/s,
     '  has the error page in its place');


# codes that nginx ends the connection with, as it does after "return"

for (408, 444, 499) {
    is($t->raw("GET /code?c=$_ HTTP/1.1\r\nHost: a\r\n\r\n"), '',
       "abort($_): nginx closes");
}

like($t->get('/code?c=460')->{line}, qr{^HTTP/1.1 460 ?$},
     'abort() of a code that nginx does not know');
is($t->get('/code?c=460')->{body}, '', '  has no page');


# the connection goes on

for (['/broken?e=proxy', 500], ['/late?e=long', 500], ['/bad?e=fetch', 502],
     ['/big?e=fetch', 502], ['/abort?e=file', 404])
{
    my ($uri, $status) = @$_;
    my $answer = $t->raw("GET $uri HTTP/1.1\r\nHost: a\r\n\r\n"
                         . "GET /plain HTTP/1.1\r\nHost: a\r\n"
                         . "Connection: close\r\n\r\n");

    if ($status == 500) {
        # nginx: a 500 ends the connection
        like($answer, qr{^HTTP/1.1 500 .*Connection: close}s, "$uri: close");
    } else {
        like($answer, qr{^HTTP/1.1 $status .*HTTP/1.1 200 OK.*plain$}s,
             "$uri: the next request of the connection is answered");
    }
}


# as data of another page

is($t->get('/fetched?u=/data')->{status}, 502, 'a filtered response as data: 502');
ok($t->log =~ qr/fetch "d" of "\/data": upstream answered 502/, '  and why');

unlike($t->log, qr/header already sent|http finalize non-active/,
       'nothing is answered twice');

$t->finish;

done_testing();
