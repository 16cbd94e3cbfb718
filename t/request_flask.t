# The request as templates see it, attribute by attribute, as Flask shows it.
#
# t/lib/requests.py has the requests, and Flask renders the same template for
# each of them.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use TplServer;

my $json = JSON::PP->new->ascii->allow_nonref;

open my $list, '-|', '/usr/bin/python3', 't/lib/requests.py', 'flask', 300
    or die $!;

my $template = $json->decode(scalar <$list>);
my @requests = map { $json->decode($_) } <$list>;

close $list or die 'requests.py failed';

my $t = TplServer->new(
    files  => { 'templates/request.txt' => $template },
    server => 'server_name site.test; location / { tpl_autoescape off;'
            . ' tpl_form on; tpl_render request.txt; }'
            . ' keepalive_timeout 0;');

is($t->test, '', 'the configuration');
$t->start;

my @expressions = $template =~ /<\{\{ (.*?) \}\}>/g;

for my $r (@requests) {
    my $raw = $r->{raw};
    my $expected = $r->{expected};

    utf8::downgrade($raw);
    utf8::encode($expected);
    $expected =~ s/:12345/:$t->{port}/g;

    my $answer = TplServer::parse($t->raw($raw));

    # nginx knows no path above the root

    next if $r->{name} =~ /^random/ && $answer->{status} == 400;

    if ($answer->{status} != 200) {
        fail("$r->{name}: status $answer->{status}");
        diag((grep { /failed/ } split /\n/, $t->log)[-1]);
        next;
    }

    my @got = split /^(?=\d+ <)/m, $answer->{body};
    my @want = split /^(?=\d+ <)/m, $expected;

    my @wrong = grep { ($got[$_] // '') ne ($want[$_] // '') } 0 .. $#want;

    is(join('', map { "$expressions[$_]: $got[$_]" } @wrong),
       join('', map { "$expressions[$_]: $want[$_]" } @wrong), $r->{name});
}

$t->finish;

done_testing();
