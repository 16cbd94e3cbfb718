# Pages of data from real applications: Flask's and Tornado's JSON, through
# proxy_cache and upstream{}, over HTTP/1.1 and HTTP/2.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplBackend;
use TplServer;

my %backend = map { $_ => TplBackend->new('json_api.py', $_) }
              qw(flask tornado);
my $hostile = TplBackend->new('hostile_backend.py');
my $fastcgi = TplBackend->new('fastcgi.pl');
my $h2 = TplServer::free_port();

my $t = TplServer->new(
    files => {
        'templates/list.html' => '{% for u in api.users %}<li>{{ u.id }} {{ u.name }}{% endfor %} '
            . '{{ api.headers["x-total-count"] }} {{ api.status }} {{ api.q }}',
        'templates/detail.html' => '{% if user is defined %}{{ user.name }}{% else %}'
            . 'nobody: {{ user.status }}{% endif %} of {{ all.users|length }}',
        'templates/t_detail.html' => '{% if user %}{{ user["name"] }}{% else %}'
            . 'nobody: {{ user.status }}{% end %} of {{ len(all["users"]) }}',
        'templates/one.html' => '{% if one is defined %}{{ one.name }} {{ one.id }} '
            . '{{ one.method }}{{ one.length }} {{ one.headers["x-total-count"] }} {% endif %}'
            . '{{ one.status }}',
        'templates/pair.html' => '{{ a.users[1] }} {{ b.users[1] }}',
        'templates/calls.html' => q({% set a = fetch('/bad/pair?1') %}{% set b = fetch('/bad/pair?2') %})
            . q({{ a.users[1] }} {{ b.users[1] }}),
        'templates/t_calls.html' => q({% set a = fetch('/bad/pair?1') %}{% set b = fetch('/bad/pair?2') %})
            . q({{ a["users"][1] }} {{ b["users"][1] }}),
        'templates/nested.html' => q({% set n = nginx.arg_n|default(0)|int %}{{ n }} {% if n < 12 %})
            . q({{ fetch('/nested?n=%d' % (n + 1), as='text')|safe }}{% else %}{{ fetch('/flask/users/1').name }}{% endif %}),
    },
    http => <<"EOC",
    proxy_cache_path cache keys_zone=cache:1m;
    upstream both { server 127.0.0.1:$backend{flask}{port}; server 127.0.0.1:$backend{tornado}{port}; }
EOC
    server => <<"EOC");
        listen 127.0.0.1:$h2 http2;
        location ~ ^/list/(\\w+)\$ { tpl_fetch api /\$1/users?q=\$arg_q; tpl_render list.html; }
        location ~ ^/detail/(\\w+)/(\\w+)\$ {
            tpl_fetch user /\$1/users/\$2 optional;
            tpl_fetch all /\$1/users;
            tpl_render detail.html;
        }
        location ~ ^/t_detail/(\\w+)/(\\w+)\$ {
            tpl_syntax tornado;
            tpl_fetch user /\$1/users/\$2 optional;
            tpl_fetch all /\$1/users;
            tpl_render t_detail.html;
        }
        location = /pair { tpl_fetch a /bad/pair?1; tpl_fetch b /bad/pair?2; tpl_render pair.html; }
        location = /calls { tpl_render calls.html; }
        location = /t_calls { tpl_syntax tornado; tpl_render t_calls.html; }
        location = /nested { tpl_render nested.html; }

        location /flask/ { internal; proxy_pass http://127.0.0.1:$backend{flask}{port}/; }
        location /tornado/ { internal; proxy_pass http://127.0.0.1:$backend{tornado}{port}/; }
        location /both/ { internal; proxy_pass http://both/; }
        location /cache/ {
            internal;
            proxy_pass http://both/;
            proxy_cache cache;
            proxy_cache_valid 1m;
            add_header X-Cache \$upstream_cache_status;
        }
        location /one/ { tpl_fetch one /fastcgi\$uri?id=\$arg_id optional; tpl_render one.html; }
        location /fastcgi/ {
            internal;
            rewrite ^/fastcgi/one(/.*) \$1 break;
            fastcgi_pass 127.0.0.1:$fastcgi->{port};
            fastcgi_param REQUEST_URI \$uri?\$args;
            fastcgi_param QUERY_STRING \$args;
            fastcgi_param REQUEST_METHOD \$request_method;
            fastcgi_param CONTENT_LENGTH \$content_length;
        }
        location /bad/ { proxy_pass http://127.0.0.1:$hostile->{port}/; }
EOC
$t->start;

my $list = "<li>1 Ann &lt;a&gt;<li>2 Bj\xc3\xb6rn<li>3 \xe4\xb8\x89 3 200 x y";

for my $api (qw(flask tornado both both cache cache)) {
    is($t->get("/list/$api?q=x%20y")->{body}, $list, "$api: the list");
    is($t->get("/detail/$api/2")->{body}, "Bj\xc3\xb6rn of 3", "$api: one");
    is($t->get("/detail/$api/9")->{body}, 'nobody: 404 of 3', "$api: none");
    is($t->get("/t_detail/$api/2")->{body}, "Bj\xc3\xb6rn of 3",
       "$api: one, by Tornado");
    is($t->get("/t_detail/$api/9")->{body}, 'nobody: 404 of 3',
       "$api: none, by Tornado");
}

is($t->get('/flask/users')->{status}, 404, 'the API is not for clients');

# fetches run at the same time: this backend answers two or none

my $pair = "caf\xc3\xa9 caf\xc3\xa9";

is($t->get('/pair')->{body}, $pair, 'two of tpl_fetch at a time');
is($t->get('/calls')->{body}, $pair, 'two of fetch() at a time');
is($t->get('/t_calls')->{body}, $pair, 'two of fetch() at a time, by Tornado');

like($t->get('/nested')->{body}, qr/^0 1 2 .* 12 Ann &lt;a&gt;/, 'nested');

# FastCGI: a subrequest is a GET without a body, whatever the page was asked by

is($t->get('/one/users?id=2')->{body}, "Bj\xc3\xb6rn 2 GET 3 200", 'FastCGI');
is($t->get('/one/missing')->{body}, '404', 'FastCGI: its status');
is($t->get('/one/broken')->{body}, '200', 'FastCGI: no JSON, whatever the status');
is($t->get('/one/nothing')->{body}, '502', 'FastCGI: no answer');
like($t->log, qr/it does not feel well/, '  which the log tells');

# an ETag follows from the data

my $r = $t->get('/list/flask?q=x%20y');
my $etag = $r->{headers}{etag};

like($etag, qr/^"[0-9a-f]{16}"$/, 'ETag');
is($t->get('/list/flask?q=x%20y', 'If-None-Match' => $etag)->{status}, 304,
   'the same data: 304');
is($t->get('/list/flask?q=z', 'If-None-Match' => $etag)->{status}, 200,
   'other data: 200');

# HTTP/2: one connection, many streams

SKIP: {
    skip 'no curl', 2 unless `curl -V 2>/dev/null` =~ /HTTP2/;

    is(`curl -s --http2-prior-knowledge "http://127.0.0.1:$h2/list/flask?q=x%20y"`,
       $list, 'HTTP/2');

    my $said = `h2load -n 400 -c 2 -m 50 "http://127.0.0.1:$h2/detail/cache/2" 2>&1`;

    like($said, qr/400 succeeded, 0 failed, 0 errored/, 'HTTP/2: 50 streams');
}

$t->finish;

done_testing();
