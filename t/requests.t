# The request as templates see it, attribute by attribute, as Flask shows it to
# Jinja's templates and Tornado to its own.
#
# t/lib/requests.py has the requests; Flask and Tornado render the same templates
# for each of them.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use TplServer;

sub server {
    my ($which) = @_;

    return 'server_name site.test; keepalive_timeout 0; tpl_form on;'
         . ' tpl_autoescape off; location / { '
         . ($which eq 'tornado' ? 'tpl_syntax tornado;' : '')
         . " tpl_render $which.txt; }";
}


my $json = JSON::PP->new->ascii->allow_nonref;
my (%template, %requests);

my @oracles = ((TplServer::python_has('werkzeug', '2.2') ? 'flask' : ()),
               (TplServer::python_has('tornado', '6.2') ? 'tornado' : ()));

plan skip_all => 'another Werkzeug, another Tornado' unless @oracles;

for my $which (@oracles) {
    open my $list, '-|', '/usr/bin/python3', 't/lib/requests.py', $which, 300
        or die $!;

    $template{$which} = $json->decode(scalar <$list>);
    $requests{$which} = [map { $json->decode($_) } <$list>];

    close $list or die 'requests.py failed';
}

my $t = TplServer->new(
    files  => { map { ("templates/$_.txt" => $template{$_}) } keys %template },
    server => server('flask'));

is($t->test, '', 'the configuration');
$t->start;

for my $which (sort keys %template) {
    my @expressions = $template{$which} =~ /<\{\{ (.*?) \}\}>/g;

    $t->configure(server => server($which));
    $t->reload;

    for my $r (@{$requests{$which}}) {
        my $raw = $r->{raw};
        my $expected = $r->{expected};
        my $name = "$which, $r->{name}";

        utf8::downgrade($raw);
        utf8::encode($expected);
        $expected =~ s/:12345/:$t->{port}/g;

        my $answer = TplServer::parse($t->raw($raw));

        # nginx knows no path above the root

        next if $r->{name} =~ /^random/ && $answer->{status} == 400;

        my $status = $expected =~ /^\d{3}\z/ ? $expected : 200;

        if ($answer->{status} != $status) {
            fail("$name: status $answer->{status}");
            diag((grep { /failed/ } split /\n/, $t->log)[-1] // '');
            next;
        }

        next if $status != 200;

        my @got = split /^(?=\d+ <)/m, $answer->{body};
        my @want = split /^(?=\d+ <)/m, $expected;
        my @wrong = grep { ($got[$_] // '') ne $want[$_] } 0 .. $#want;

        is(join('', map { "$expressions[$_]: $got[$_]" } @wrong),
           join('', map { "$expressions[$_]: $want[$_]" } @wrong), $name);
    }
}

$t->finish;

done_testing();
