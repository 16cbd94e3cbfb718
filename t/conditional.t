# ETags: the same bytes have the same, in every worker and after a restart.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my %files = (
    'templates/a.html' => 'Hello {{ name }}! ' . 'long text ' x 200
                          . '{% for i in range(3) %}{{ i }}{% endfor %}',
);

my $server = <<'EOC';
    location / { tpl_render a.html; tpl_param name $arg_name; }
    location /same { tpl_render a.html; tpl_param name you; }
    location /off { tpl_etag off; tpl_render a.html; tpl_param name you; }
    location /error { return 404; error_page 404 /page; }
    location /page { internal; tpl_render a.html; }
EOC

my $t = TplServer->new(files => \%files, server => $server);
$t->start;

my $you = $t->get('/?name=you');
my $etag = $you->{headers}{etag};

like($etag, qr/^"[0-9a-f]{16}"$/, 'a strong ETag');
is($t->get('/off')->{headers}{etag}, undef, 'none with tpl_etag off') for 1, 2;
is($t->get('/?name=you')->{headers}{etag}, $etag, 'the same page, the same');
is($t->get('/same')->{headers}{etag}, $etag,
   'the same bytes from another location, the same');
is($t->get('/same')->{headers}{etag}, $etag, 'and when it is kept');
isnt($t->get('/?name=me')->{headers}{etag}, $etag, 'another page, another');

my $not = $t->get('/?name=you', 'If-None-Match' => $etag);

is($not->{status}, 304, 'If-None-Match: 304');
is($not->{body}, '', '304 has no body');
is($not->{headers}{etag}, $etag, '304 has the ETag');
ok(!exists $not->{headers}{'content-length'}, '304 has no length');

is($t->get('/same', 'If-None-Match' => $etag)->{status}, 304,
   '304 for a page that is kept');
is($t->get('/?name=you', 'If-None-Match' => "\"x\", W/$etag")->{status}, 304,
   'one of a list, compared weakly');
is($t->get('/?name=me', 'If-None-Match' => $etag)->{status}, 200,
   'another page is sent');
is($t->get('/?name=you', METHOD => 'HEAD', 'If-None-Match' => $etag)->{status},
   304, 'HEAD');

my $error = $t->get('/error', 'If-None-Match' => '*');

is($error->{status}, 404, 'an error page is never "not modified"');
ok(!exists $error->{headers}{etag}, 'and has no ETag');

is($t->get('/?name=you', 'If-Range' => $etag, Range => 'bytes=6-8')->{body},
   'you', 'If-Range with the ETag');
is($t->get('/?name=me', 'If-Range' => $etag, Range => 'bytes=6-8')->{status},
   200, 'If-Range with another');

$t->finish;

my $other = TplServer->new(files => \%files, server => $server);
$other->start;
is($other->get('/?name=you')->{headers}{etag}, $etag,
   'another server gives the same ETag');
$other->finish;

done_testing();
