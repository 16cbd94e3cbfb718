# tpl_set: variables from templates in the configuration.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my %files = (
    'templates/page.html' => '<{{ nginx.a }}|{{ nginx.b }}>',
    'templates/part.txt' => 'part of {{ nginx.uri }}',
    'templates/agent.html' => '{{ nginx.agent }}',
    'templates/param.html' => '{{ p }}',
    'templates/stamp.html' => '{{ nginx.stamp }}',
    'html/ssi' => '<!--#echo var="a" -->',
);

my $t = TplServer->new(
    files => \%files,
    http => <<'EOC',
tpl_set $a "http {{ nginx.uri }}";
tpl_set $b "b{{ nginx.arg_b|default(0)|int * 2 }}";
map $a $mapped { default other; "http /map" yes; }
log_format l '$uri $b $a';
access_log logs/set.log l;
EOC
    server => <<'EOC');
tpl_param who "you & me";
tpl_set $greeting "Hello {{ who }}{% if nginx.arg_x == '<' %}<{% endif %}";

location = /return { default_type text/plain; return 200 "$a $b $b $greeting"; }
location = /page { tpl_render page.html; }
location = /own { tpl_set $a "own"; tpl_render page.html; }
location = /header { add_header X-A "$a"; tpl_render page.html; }
location = /encoded { tpl_set $to "{{ request.args.to|urlencode }}"; add_header X-A $to; return 200 ok; }
location = /if { if ($b = b4) { return 200 four; } return 200 "not four"; }
location = /map { return 200 $mapped; }
location = /who { tpl_param who her; return 200 $greeting; }
location = /json { tpl_json list "[1, 2, 3]"; tpl_set $sum "{{ list|sum }}"; return 200 $sum; }
location = /escaped { tpl_autoescape html; tpl_set $e "{{ '<' }}"; return 200 $e; }
location = /plain { tpl_set $e "{{ '<' }}"; return 200 $e; }
location = /tornado { tpl_syntax tornado; tpl_set $t "{% set x = 'a' %}{{ [x, '<'][0:1] }}{% raw '<' %}";
                      return 200 "$t $greeting"; }
location = /include { tpl_set $i "{% include 'part.txt' %}"; return 200 $i; }
location = /proxy { tpl_set $target "/back/{{ nginx.arg_to|upper }}";
                    proxy_pass http://127.0.0.1:$server_port$target; }
location /back/ { return 200 "back $uri"; }
location = /random { tpl_set $r "{{ range(1000000)|random }}"; return 200 "$r $r"; }
location = /itself { tpl_set $loop "x{{ nginx.loop }}"; return 200 "<$loop>"; }
location = /each { tpl_set $p "{{ nginx.q }}"; tpl_set $q "{{ nginx.p }}"; return 200 "<$p$q>"; }
location = /param_loop { tpl_param w $w; tpl_set $w "{{ w }}"; return 200 "<$w>"; }
location = /fails { tpl_set $f "a{{ 1 // nginx.arg_n|int }}"; add_header X-F "$f"; return 200 "<$f $f>"; }
location = /long { tpl_set $f "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}";
                   return 200 "<$f>"; }
location = /large { tpl_set $f "{{ 'x' * 2000000 }}"; return 200 "<$f>"; }
location = /answer { tpl_set $f "{{ header('X-A', 'b') }}"; return 200 "<$f>"; }
location = /abort { tpl_set $f "{{ abort(404) }}"; return 200 "<$f>"; }
location = /nonce { tpl_set $csp "script-src 'nonce-{{ csp_nonce() }}'";
                    add_header Content-Security-Policy $csp; return 200 $tpl_nonce; }
location = /agent { tpl_set $agent "{{ 'phone' if 'Phone' in nginx.http_user_agent else 'other' }}";
                    tpl_render agent.html; }
location = /early { tpl_set $agent "{{ 'phone' if 'Phone' in nginx.http_user_agent else 'other' }}";
                    if ($agent = nobody) { return 403; } tpl_render agent.html; }
location = /through { tpl_set $agent "{{ nginx.http_x_a }}"; tpl_param p $agent; tpl_render param.html; }
location = /locale { tpl_set $l "{{ nginx.cookie_l }}"; tpl_param p $l; tpl_render param.html; }
location = /stamp { tpl_set $stamp "{{ csp_nonce() }}"; tpl_render stamp.html; }
location = /redirected { return 404; error_page 404 /page; }
location = /ssi { ssi on; default_type text/html; root html; }
location = /index.html { tpl_set $a "unused"; return 200 x; }
EOC

is($t->test, '', 'the configuration is good');
$t->start;

sub body { $t->get(@_)->{body} }

is(body('/return?b=3'), 'http /return b6 b6 Hello you & me', 'in return');
is(body('/return?x=<'), 'http /return b0 b0 Hello you & me<', 'with arguments');
is(body('/page?b=1'), '<http /page|b2>', 'in a template');
is(body('/own?b=1'), '<own|b2>', 'a location has its own, others are inherited');
is($t->get('/header')->{headers}{'x-a'}, 'http /header', 'in add_header');
is($t->get('/encoded?to=%0d%0aX-B:1%ff')->{headers}{'x-a'}, '%0D%0AX-B%3A1%EF%BF%BD',
   'text of the client in a header, encoded');
is(body('/if?b=2'), 'four', 'in if');
is(body('/if?b=1'), 'not four', 'in if');
is(body('/map'), 'yes', 'in map');
is(body('/who'), 'Hello her', "a server's template sees the location's data");
is(body('/json'), '6', 'tpl_json');
is(body('/plain'), '<', 'there is no escaping without a file name');
is(body('/escaped'), '&lt;', 'unless tpl_autoescape says so');
is(body('/tornado'), '[&#39;a&#39;]< Hello you & me', 'each in the syntax of its level');
is(body('/include'), 'part of /include', 'includes');
is(body('/proxy?to=x'), 'back /back/X', 'in proxy_pass');
is(body('/redirected'), '<http /page|b0>', 'after a redirect inside of nginx: anew');
is(body('/ssi'), 'http /ssi', 'in SSI');
like(body('/random'), qr/^(\d+) \1$/, 'rendered once for a request');
isnt(body('/random'), body('/random'), 'but for each');

body('/return?b=5');
like($t->log('set.log'), qr/^\/return b10 http \/return$/m, 'in the log');


# Vary

sub vary { $t->get(@_)->{headers}{vary} }

is(body('/agent', 'User-Agent' => 'Phone'), 'phone', 'of a header');
is(vary('/agent'), 'User-Agent', 'Vary through tpl_set');
is(vary('/early'), 'User-Agent', 'of a variable that was made before the page');
is(vary('/through'), 'X-A', 'through tpl_param and tpl_set');
is(vary('/locale'), 'Cookie', 'of a cookie');
is($t->get('/stamp')->{headers}{etag}, undef, 'no ETag with a nonce');

my $answer = $t->get('/nonce');
is($answer->{headers}{'content-security-policy'}, "script-src 'nonce-$answer->{body}'", 'csp_nonce()');


# errors: an empty value and a line in the log

my @bad = (
    '/fails?n=0' => '< >', qr/"tpl_set \$f" in \S+nginx\.conf:\d+ failed: tpl_set \$f:1:\d+: integer division or modulo by zero/,
    '/itself' => '<x>', qr/"tpl_set \$loop" in \S+nginx\.conf:\d+ reads itself/,
    '/each' => '<>', qr/"tpl_set \$p" in \S+nginx\.conf:\d+ reads itself/,
    '/param_loop' => '<>', qr/"tpl_set \$w" in \S+nginx\.conf:\d+ reads itself/,
    '/long' => '<>', qr/"tpl_set \$f" .* failed: tpl_set \$f:1:\d+: .*steps/,
    '/large' => '<>', qr/"tpl_set \$f" .* failed: tpl_set \$f:1:\d+: .*/,
    '/answer' => '<>', qr/a variable has no answer of its own/,
    '/abort' => '<>', qr/a variable has no answer of its own/,
);

while (my ($path, $body, $log) = splice @bad, 0, 3) {
    my $before = length $t->log;

    is(body($path), $body, "$path: an empty value");

    my $new = substr $t->log, $before;
    like($new, $log, '  and why');
    is(() = $new =~ /\[error\]/g, 1, '  said once');
}

is(body('/fails?n=1'), '<a1 a1>', 'another request is another try');

$t->finish;


# configurations that are wrong

sub complaint { TplServer->new(files => \%files, @_)->test }

like(complaint(server => 'tpl_set $a "{{ 1 + }}";'),
     qr/tpl_set \$a:1:8: .*\n.*\{\{ 1 \+ \}\}\n(?:.*\n)*.*needed by "tpl_set" in nginx\.conf:\d+/, 'a broken template');
like(complaint(server => 'tpl_set $a "{{ nginx.nothing }}";'), qr/tpl_set \$a:1:\d+: .*nothing/, 'an unknown variable');
like(complaint(server => "tpl_set \$a x;\ntpl_set \$a y;"), qr/"tpl_set" directive is duplicate in nginx\.conf:\d+/, 'twice');
like(complaint(server => 'tpl_set a x;'), qr/invalid variable name "a"/, 'no $');
like(complaint(server => 'tpl_set $host x;'), qr/the duplicate "host" variable/, "nginx's own");
like(complaint(http => 'map $uri $m { default 1; } tpl_set $m x;'),
     qr/"tpl_set" in nginx\.conf:\d+: the variable "\$m" has a value of another directive already/, "map's, before");
like(complaint(http => 'tpl_set $m x; map $uri $m { default 1; }'),
     qr/"tpl_set" in nginx\.conf:\d+: the variable "\$m" has a value of another directive already/, "map's, after");
like(complaint(server => "tpl_set \$a \"\xff\";"), qr/the template is not UTF-8: byte 0xff/, 'not UTF-8');
like(complaint(server => 'tpl_set $a "{% include \'none.txt\' %}";'), qr/none\.txt/, 'an include that is not there');

done_testing();
