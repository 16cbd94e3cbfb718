# Bodies of replies arrive whole, however they come: with a length, in chunks,
# till the end of the connection, in FastCGI's records, in one piece or many,
# and through filters that change them.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplBackend;
use TplServer;

my $bodies = TplBackend->new('bodies.py');

# Lua's filters come before ours: this one makes other bytes of a body, from
# the 30,000th on

my $lua = '/usr/lib/nginx/modules';
my $has_lua = -f "$lua/ngx_http_lua_module.so";

my $longer = <<"EOC";
location = /longer {
    header_filter_by_lua_block { ngx.header.content_length = nil }
    body_filter_by_lua_block {
        local text, from = ngx.arg[1], ngx.ctx.from or 0
        ngx.ctx.from = from + #text
        if ngx.ctx.from > 30000 then
            local n = math.max(0, 30000 - from)
            ngx.arg[1] = text:sub(1, n) .. text:sub(n + 1):gsub('7', '<7>')
        end
    }
    proxy_http_version 1.1;
    proxy_pass http://127.0.0.1:$bodies->{port};
}
EOC

my $t = TplServer->new(
    main => 'error_log logs/debug.log debug;'
        . ($has_lua ? "load_module $lua/ndk_http_module.so;"
                      . "load_module $lua/ngx_http_lua_module.so;" : ''),
    files => {
        'templates/text.html' => q({{ fetch(nginx.arg_to ~ '?' ~ nginx.args, as='text', size='300k')|safe }}),
    },
    server => <<"EOC" . ($has_lua ? $longer : ''));
        location = / { tpl_render text.html; }
        location = /http { proxy_http_version 1.1; proxy_pass http://127.0.0.1:$bodies->{port}; }
        location = /fastcgi {
            fastcgi_pass 127.0.0.1:$bodies->{port};
            fastcgi_param QUERY_STRING \$args;
        }
EOC
$t->start;

sub text {
    my ($n) = @_;

    return substr join(' ', 1 .. $n / 2 + 1), 0, $n;
}


# is() would print all of both

sub same {
    my ($query, $expected, $what) = @_;
    my $got = $t->get("/?$query")->{body};

    ok($got eq $expected, $what)
        or diag(length($got) . ' bytes instead of ' . length($expected));
}


for my $n (0, 1, 3000, 5000, 100_000, 262_144) {
    for my $how (qw(length chunked close)) {
        my $query = "to=/http&n=$n&how=$how";

        same($query, text($n), "$how: $n bytes at once");
        same("$query&parts=7&head=1", text($n), "$how: $n bytes in parts");
    }

    same("to=/http&n=$n&how=chunked&chunk=9&parts=3", text($n),
         "$n bytes in chunks of 9");
    same("to=/fastcgi&n=$n&how=close&chunk=777&parts=3", text($n),
         "FastCGI: $n bytes");
}

# what a filter makes is not where it was received

SKIP: {
    skip 'no Lua', 6 unless $has_lua;

    (my $tail = substr text(200_000), 30_000) =~ s/7/<7>/g;

    for my $how (qw(length chunked close)) {
        same("to=/longer&n=200000&how=$how&parts=$_", text(30_000) . $tail,
             "$how: made longer, in $_ parts") for 1, 9;
    }
}

# too large: not a byte of it

for my $how (qw(length chunked close)) {
    is($t->get("/?to=/http&n=400000&how=$how&parts=5")->{status}, 502,
       "$how: more than size=");
}

# beyond the upstream module's own buffer, all is asked for at once

open my $log, '<', "$t->{dir}/logs/debug.log" or die $!;
my @asked = sort { $b <=> $a } map { /recv: fd:\d+ -?\d+ of (\d+)/ } <$log>;

SKIP: {
    skip 'an nginx without debug log', 1 unless @asked;

    cmp_ok($asked[0], '>', 250_000, 'read where it stays');
}

$t->finish;
done_testing;
