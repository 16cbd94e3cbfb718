# What a page does when its data do not come, or not as they should.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplBackend;
use TplServer;

my $backend = TplBackend->new('hostile_backend.py');
my $dead = TplServer::free_port();
my $length = length '{"users": [{"name": "Ann", "n": 1.5e3}, "caf\u00e9", null, true]}';

my $proxy = "proxy_pass http://127.0.0.1:$backend->{port}";

my $t = TplServer->new(
    files => {
        'templates/page.html' => '{{ a.users[1] }}',
        'templates/page.txt' => '{{ a }}',
        'templates/optional.html' =>
            '[{{ a }}] {{ a is defined }} {{ a.status }}',
        'templates/t_optional.html' => '{{ a is None }} {{ a.status }}',
        'templates/function.html' =>
            "{{ fetch('/api' ~ nginx.arg_u).users[1] }}",
        'templates/sized.html' => "{{ fetch('/api/ok', size=request.args.n) }}",
        'templates/unsized.html' => "{{ fetch('/api/ok', size='') }}",
        'templates/caught.html' =>
            '{% try %}{{ a["users"][1] }}{% except Exception as e %}{{ e }}{% end %}',
        'templates/error.html' => 'error {{ nginx.status }} {{ nginx.tpl_error }}',
        'templates/early.html' => 'x{{ 1 // 0 }}',
    },
    http => "proxy_cache_path cache keys_zone=cache:1m;",
    server => <<"EOC");
        location = /page { tpl_fetch a /api\$arg_u; tpl_render page.html; }
        location = /small { tpl_fetch a /api\$arg_u size=100; tpl_render page.html; }
        location = /large { tpl_fetch a /api\$arg_u size=1g; tpl_render page.html; }
        location = /text { tpl_fetch a /api\$arg_u as=text; tpl_render page.txt; }
        location = /default { tpl_fetch a /api\$arg_u 'default={"users":[0,"default"]}'; tpl_render page.html; }
        location = /optional { tpl_fetch a /api\$arg_u optional; tpl_render optional.html; }
        location = /t_optional { tpl_syntax tornado; tpl_fetch a /api\$arg_u optional; tpl_render t_optional.html; }
        location = /function { tpl_render function.html; }
        location = /sized { tpl_render sized.html; }
        location = /unsized { tpl_render unsized.html; }
        location = /caught { tpl_syntax tornado; tpl_fetch a /api\$arg_u; tpl_render caught.html; }
        location = /styled { error_page 500 502 504 /error; tpl_fetch a /api\$arg_u; tpl_render page.html; }
        location = /error { tpl_render error.html; }
        location = /early { tpl_fetch a /api/slow/0.3; tpl_render early.html; }
        location = /dead { tpl_fetch a /gone; tpl_render page.html; }
        location = /replaced { tpl_fetch a /or\$arg_u; tpl_render page.html; }
        location = /cached { tpl_fetch a /cache\$arg_u; tpl_render page.html; }
        location = /unbuffered { tpl_fetch a /flow\$arg_u; tpl_render page.html; }

        location /api/ { $proxy/; proxy_read_timeout 400ms; }
        location /or/ { $proxy/; proxy_intercept_errors on; error_page 404 502 = /api/ok; }
        location /cache/ { $proxy/; proxy_read_timeout 400ms; proxy_cache cache; proxy_cache_valid any 1m; }
        location /flow/ { $proxy/; proxy_read_timeout 400ms; proxy_buffering off; }
        location = /gone { proxy_pass http://127.0.0.1:$dead; }
        location = /api/close { return 444; }
        location = /api/redirect { return 302 /api/ok; }
        location = /api/empty { root .; }
        location = /api/nothing { return 204; }
EOC
$t->start;

my $before = 0;

# what the log says since the last time

sub cause {
    my $log = $t->log;
    my $new = substr $log, $before;

    $before = length $log;

    return join '; ', $new =~ /(fetch [^\n]*?)(?: (?:\[|in )[^\n]*)?, client:/g;
}

sub page {
    my ($uri) = @_;
    my $r = $t->get($uri);
    return ($r->{status} // 'none') . ' ' . ($r->{body} // '');
}

sub fails {
    my ($uri, $status, $cause) = @_;

    cause();
    like(page("/page?u=$uri"), qr/^$status </, "$uri: $status");
    like(cause(), $cause, "$uri: the log says why");

    is(page("/default?u=$uri"), '200 default', "$uri: the default");
    like(page("/optional?u=$uri"), qr/^200 \[\] False \d+$/,
         "$uri: undefined");
    like(page("/t_optional?u=$uri"), qr/^200 True \d+$/, "$uri: None");
    is(cause(), '', "$uri: no error then");
}

is(page('/page?u=/ok'), "200 caf\xc3\xa9", 'all is well');
is(page('/function?u=/ok'), "200 caf\xc3\xa9", 'fetch() too');

fails('/none', 502,
      qr{^fetch "a" of "/api/none": upstream answered 502});
fails('/header/40', 502, qr{upstream answered 502});
fails('/status/500', 502, qr{of "/api/status/500": upstream answered 500});
fails('/status/404', 502, qr{upstream answered 404});
fails('/status/304', 502, qr{upstream answered 304});
fails('/slow/1', 504, qr{upstream answered 504});
fails('/drip/1', 504, qr{upstream timed out after 1 bytes});
fails('/stall/1', 504, qr{upstream timed out after 7 bytes});
fails('/length/30', 502, qr{the reply ended after 30 of $length bytes});
fails('/reset/30', 502, qr{the reply ended after 30 of $length bytes});
fails('/chunked/30', 502, qr{the reply ended early, after \d+ bytes});
fails('/eof/30', 500, qr{invalid JSON: byte \d+: });
fails('/short', 500, qr{invalid JSON: byte \d+: });
fails('/longer', 502, qr{the reply ended after $length of \d+ bytes});
fails('/gzip', 502, qr{the reply has the encoding "gzip"});
fails('/big/1048577', 502, qr{the reply of 1048577 bytes is larger than 1048576});
fails('/endless', 502, qr{the reply is larger than 1048576 bytes});
fails('/endless/eof', 502, qr{the reply is larger than 1048576 bytes});
fails('/body/', 500, qr{invalid JSON});
fails('/body/%7B%22a%22:}', 500, qr{invalid JSON});
fails('/body/%22%FF%22', 500, qr{invalid JSON});
fails('/body/' . '[' x 1000, 500, qr{invalid JSON|deep});
fails('/close', 502, qr{there was no answer});
fails('/redirect', 502, qr{nginx answered 302});
fails('/missing/../empty', 500, qr{the URI is unsafe});
fails('/empty', 502, qr{nginx answered 404});
fails('/nothing', 500, qr{invalid JSON});

# size=, text, the page's own error, caught errors, error pages

like(page('/small?u=/big/101'), qr/^502/, 'size= of the directive');
is(page('/large?u=/ok'), "200 caf\xc3\xa9", 'the largest');
like(page("/sized?n=$_"), qr/^200/, "fetch(size=$_)") for 100, '1k', '1g', '1G';
like(page("/sized?n=$_"), qr/^500/, "fetch(size=$_)") for 0, 'k', '2g', '';
like(page('/unsized'), qr/^500/, 'fetch() with an empty size');
like(page('/text?u=/big/100'), qr/^200 "x/, 'as text');
is(page('/text?u=/body/'), '200 ', 'an empty text');
is(page('/text?u=/body/%FF'), "200 \xef\xbf\xbd", 'a text that is not UTF-8');
like(page('/text?u=/length/5'), qr/^502/, 'a text that is cut');
like(page('/early'), qr/^500/, 'an error while data are on their way');
like(page('/caught?u=/none'),
     qr{^200 .*fetch &quot;a&quot; of &quot;/api/none&quot;: upstream}, 'caught');
like(page('/styled?u=/none'), qr{^502 error 502 .*upstream answered 502},
     'error_page with the cause');
like(page('/styled?u=/slow/1'), qr{^504 error 504}, 'error_page 504');
like(page('/dead'), qr{^502}, 'nobody listens');
is(page('/replaced?u=/status/404'), "200 caf\xc3\xa9",
   'error_page of the location');
is(page('/replaced?u=/none'), "200 caf\xc3\xa9", 'and of a dead backend');
is(page('/unbuffered?u=/ok'), "200 caf\xc3\xa9", 'proxy_buffering off');
like(page('/unbuffered?u=/length/9'), qr/^502/, 'the same, cut');
like(page('/unbuffered?u=/drip/1'), qr/^504/, 'the same, timed out');
like(page('/cached?u=/drip/1'), qr/^504/, 'proxy_cache, timed out');
like(page('/unbuffered?u=/endless'), qr/^502/, 'the same, endless');

for my $again (1, 2) {
    is(page('/cached?u=/ok'), "200 caf\xc3\xa9", "proxy_cache, $again");
    like(page('/cached?u=/length/9'), qr/^502/, "proxy_cache, cut, $again");
    like(page('/cached?u=/chunked/9'), qr/^502/, "proxy_cache, cut, $again");
    like(page('/cached?u=/status/500'), qr/^502/, "proxy_cache, 500, $again");
}

# a document that ends at every byte is never taken for a whole one

for my $kind ('length', 'chunked', 'eof') {
    my $bad = 0;
    my $n = 0;

    for (;; $n++) {
        my $got = page("/page?u=/$kind/$n");

        last if $got eq "200 caf\xc3\xa9";
        $bad++ unless $got =~ /^50[02] </;
        $bad++ unless page("/default?u=/$kind/$n") eq '200 default';
        last if $n > 1000;
    }

    is($bad, 0, "$kind: an error at each of $n bytes");
    cmp_ok($n, '>=', $length, "$kind: whole at the last");
}

$t->finish;

done_testing();
