# csp_nonce() and $tpl_nonce: one nonce a request, wherever it is asked for.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my %files = (
    'templates/page.html' => "{{ csp_nonce() }} {{ csp_nonce() }} {{ nginx.tpl_nonce }}",
    'templates/quiet.html' => 'none',
    'templates/variable.html' => '{{ nginx.tpl_nonce }}',
    'templates/param.html' => '{{ n }}',
    'templates/own.html' => "{{ header('Content-Security-Policy', \"script-src 'nonce-\" ~ csp_nonce() ~ \"'\") }}{{ csp_nonce() }}",
    'templates/fails.html' => '{{ csp_nonce() }}{{ 1 // 0 }}',
    'templates/tornado.html' => '{{ csp_nonce() }} {{ csp_nonce() }}',
    'html/ssi' => '<!--#include virtual="/page" --> <!--#include virtual="/variable" -->',
);

my $t = TplServer->new(
    files => \%files, workers => 2,
    http => 'log_format nonce "$uri $tpl_nonce"; access_log logs/nonce.log nonce;',
    server => <<'EOC');
location = /page { tpl_render page.html; add_header X-Nonce $tpl_nonce always; }
location = /quiet { tpl_render quiet.html; }
location = /header { tpl_render quiet.html; add_header X-Nonce $tpl_nonce; }
location = /variable { tpl_render variable.html; }
location = /param { tpl_render param.html; tpl_param n $tpl_nonce; }
location = /own { tpl_render own.html; }
location = /before { set $early $tpl_nonce; tpl_render page.html; add_header X-Nonce $early; }
location = /fails { tpl_render fails.html; error_page 500 /page; }
location = /missing { return 404; error_page 404 /page; }
location = /tornado { tpl_syntax tornado; tpl_render tornado.html; }
location = /plain { default_type text/plain; return 200 "$tpl_nonce $tpl_nonce"; }
location = /ssi { ssi on; default_type text/html; root html; add_header X-Nonce $tpl_nonce; }
EOC

is($t->test, '', 'the configuration is good');
$t->start;

my $answer = $t->get('/page');
my ($nonce) = $answer->{body} =~ /^(\S+)/;

like($nonce, qr/^[A-Za-z0-9_-]{22}$/, '128 bits in base64url');
is($answer->{body}, "$nonce $nonce $nonce", 'the same all over the page');
is($answer->{headers}{'x-nonce'}, $nonce, 'and in the header');
is($answer->{headers}{etag}, undef, 'the page has no ETag');

my %seen = map { ($t->get('/page')->{body} => 1) } 1 .. 50;
is(scalar keys %seen, 50, 'another one for each request');

my %bits;
for (keys %seen) {
    my $n = 0;
    $bits{$n++}{$_} = 1 for split //, (split)[0];
}
is(scalar(grep { keys %{$bits{$_}} < 4 } 0 .. 21), 0, 'all of it is random');

for (qw(/fails /missing /before)) {
    $answer = $t->get($_);
    ($nonce) = $answer->{body} =~ /^(\S+)/;
    is($answer->{body}, "$nonce $nonce $nonce", "$_: the same");
    is($answer->{headers}{'x-nonce'}, $nonce, '  and in the header');
}

$answer = $t->get('/ssi');
($nonce) = $answer->{body} =~ /^(\S+)/;
is($answer->{body}, "$nonce $nonce $nonce $nonce", 'the same in subrequests');
is($answer->{headers}{'x-nonce'}, $nonce, 'and the header of the main request');

$answer = $t->get('/own');
is($answer->{headers}{'content-security-policy'}, "script-src 'nonce-$answer->{body}'", 'header()');

like($t->get('/plain')->{body}, qr/^(\S{22}) \1$/, 'without a template');
like($t->get('/tornado')->{body}, qr/^(\S{22}) \1$/, 'Tornado');

for (qw(/variable /param /own /tornado)) {
    is($t->get($_)->{headers}{etag}, undef, "$_: no ETag");
    isnt($t->get($_)->{body}, $t->get($_)->{body}, '  and never kept');
}

isnt($t->get('/quiet')->{headers}{etag}, undef, 'a page without a nonce has one');
isnt($t->get('/header')->{headers}{etag}, undef, 'and if only a header has it');
isnt($t->get('/header')->{headers}{'x-nonce'}, $t->get('/header')->{headers}{'x-nonce'},
     'each time another');

$t->get('/page?log');
like($t->log('nonce.log'), qr/^\/page (\S{22})$/m, 'in the log');

$t->finish;

done_testing();
