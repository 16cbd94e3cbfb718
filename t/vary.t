# Vary follows from what a page read of the request; block= by a variable.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $parts = '{% block head %}head{% endblock %}-{% block rows %}rows {{ nginx.arg_a }}{% endblock %}';

my %files = (
    'templates/plain.html' => 'plain',
    'templates/args.html' => '{{ nginx.arg_a }}{{ nginx.uri }}{{ nginx.host }}{{ nginx.http_host }}',
    'templates/header.html' => '{{ nginx.http_x_my_header }}',
    'templates/two.html' => '{{ nginx.http_user_agent }}{{ nginx.cookie_a }}{{ nginx.cookie_b }}'
                            . '{{ nginx.http_cookie }}{{ nginx.HTTP_User_Agent }}',
    'templates/maybe.html' => '{% if nginx.arg_a %}{{ nginx.http_x_a }}{% endif %}.',
    'templates/by_name.html' => "{{ nginx['http_' ~ nginx.arg_n] }}",
    'templates/param.html' => '{{ p }}',
    'templates/unused.html' => 'no {# p #}',
    'templates/map.html' => '{{ nginx.kind }}',
    'templates/own.html' => "{{ header('Vary', 'X-Own, accept-language ,x-own') }}{{ nginx.http_accept_language }}",
    'templates/locale.html' => "{{ _('x') }}{{ nginx.http_x_a }}",
    'templates/to.html' => "{{ redirect('/' ~ nginx.http_accept_language) }}",
    'templates/no.html' => "{{ abort(404) if nginx.http_x_a }}",
    'templates/user.html' => '{{ nginx.remote_user }}',
    'templates/mobile.html' => 'mobile', 'templates/desktop.html' => 'desktop',
    'templates/parts.html' => $parts,
    'templates/child.html' => "{% extends 'parts.html' %}{% block rows %}child{% endblock %}",
);

my $t = TplServer->new(
    files => \%files,
    http => 'map $http_user_agent $kind { default desktop; ~Phone mobile; }
             map $http_hx_target $part { default ""; ~^(head|rows|body|nothing)$ $1; }
             map $arg_x $plain_map { default a; }',
    server => <<'EOC');
etag off;
location = /plain { tpl_render plain.html; }
location = /args { tpl_render args.html; }
location = /header { tpl_render header.html; }
location = /two { tpl_render two.html; }
location = /maybe { tpl_render maybe.html; }
location = /by_name { tpl_render by_name.html; }
location = /param { tpl_render param.html; tpl_param p "a $http_x_a ${cookie_c}-$arg_b"; }
location = /json { tpl_render param.html; tpl_json p '{"a": "$http_x_a"}'; }
location = /unused { tpl_render unused.html; tpl_param p $http_x_a; }
location = /mapped { tpl_render param.html; tpl_param p "$kind $plain_map"; }
location = /map { tpl_render map.html; }
location = /own { tpl_render own.html; }
location = /locale { tpl_render locale.html; }
location = /to { tpl_render to.html; }
location = /no { tpl_render no.html; }
location = /user { tpl_render user.html; }
location = /pick { tpl_preload mobile.html desktop.html; tpl_render $kind.html; }
location = /gzip { gzip on; gzip_vary on; gzip_min_length 0; tpl_render header.html; }
location = /part { tpl_render parts.html block=$part; }
location = /child { tpl_render child.html block=$part; }
location = /direct { tpl_render parts.html block=$http_hx_target; }
location = /mixed { tpl_render parts.html block=r$arg_rest; }
location = /error { return 404; error_page 404 /header; }
EOC

is($t->test, '', 'the configuration is good');
$t->start;

sub vary { my @v = $t->get(@_)->{head} =~ /^Vary: ?(.*?)\r?$/mgi; join ' + ', @v }

# again: what a worker keeps

for my $time (1, 2) {
    is(vary('/plain'), '', "a constant page, time $time");
    is(vary('/args?a=1'), '', 'arguments, the address and the host');
    is(vary('/header'), 'X-My-Header', 'a header');
    is(vary('/header', 'X-My-Header' => 'x'), 'X-My-Header', 'whether it is there or not');
    is(vary('/two'), 'Cookie, User-Agent', 'several, each once');
    is(vary('/maybe'), '', 'a header that was not read');
    is(vary('/maybe?a=1'), 'X-A', 'and when it was');
    is(vary('/by_name?n=x_b'), 'X-B', 'a variable by its name');
    is(vary('/by_name?n=host'), '', 'but the host');
    is(vary('/param'), 'X-A, Cookie', 'through tpl_param');
    is(vary('/json'), 'X-A', 'through tpl_json');
    is(vary('/unused'), '', 'of a parameter that was not read');
    is(vary('/mapped'), 'User-Agent', 'through map and tpl_param');
    is(vary('/map'), 'User-Agent', 'through map');
    is(vary('/own'), 'Accept-Language, X-Own', 'what the page says joins it');
    is(vary('/user'), 'Authorization', '$remote_user');
    is(vary('/pick'), 'User-Agent', 'the name of a template');
    is(vary('/error'), 'X-My-Header', 'an error page');
    is(vary('/part'), 'Hx-Target', 'the name of a block');
    is(vary('/direct'), 'Hx-Target', 'without map');
    is(vary('/mixed?rest=ows'), '', 'a block by an argument');
}

my $answer = $t->get('/to', 'Accept-Language' => 'de');
is($answer->{headers}{location}, '/de', 'a redirect');
is($answer->{headers}{vary}, 'Accept-Language', 'varies too');

$answer = $t->get('/gzip', 'Accept-Encoding' => 'gzip', 'X-My-Header' => 'y' x 100);
is(vary('/gzip', 'Accept-Encoding' => 'gzip', 'X-My-Header' => 'y' x 100),
   'Accept-Encoding + X-My-Header', "next to nginx's own");

is($t->get('/part?a=1')->{body}, 'head-rows 1', 'no block: the whole page');
is($t->get('/part?a=1', 'HX-Target' => 'rows')->{body}, 'rows 1', 'a block');
is($t->get('/part?a=1', 'HX-Target' => 'head')->{body}, 'head', 'another');
is($t->get('/child', 'HX-Target' => 'rows')->{body}, 'child', 'of a child');
is($t->get('/child', 'HX-Target' => 'head')->{body}, 'head', 'of its parent');
is($t->get('/mixed?rest=ows&a=2')->{body}, 'rows 2', 'a name in parts');
is($t->get('/part', 'HX-Target' => 'nothing')->{status}, 404, 'one that is not there');
is($t->get('/direct', 'HX-Target' => '<x>')->{status}, 404, 'what is no name');
like($t->log, qr/template "parts\.html" has no block "nothing"/, 'which is logged');
is(vary('/pick', 'User-Agent' => 'Phone'), 'User-Agent', 'another template');

$t->finish;


# more headers than there are bits

my $many = join '', map { "tpl_param p$_ \$http_x_$_;\n" } 1 .. 80;

$t = TplServer->new(
    files => { 'templates/first.html' => '{{ p1 }}', 'templates/last.html' => '{{ p80 }}' },
    server => "$many location = /first { tpl_render first.html; }\n"
            . "location = /last { tpl_render last.html; }\n");
$t->start;
is(vary('/first'), 'X-1', 'the first of many headers');
is(vary('/last'), '*', 'past 63 of them no cache can tell');
$t->finish;

done_testing();
