# The cases of t/cases through nginx: the same answers as from `tpl batch`.
#
# Every case that renders, and whose options are directives, gets a location,
# a tpl_root and tpl_data files of its own.  What is long enough to be
# compressed (150 bytes) is given to all that t/lib/inflate.py asks.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use IPC::Open2;
use Test::More;
use TplServer;

my $tpl = $ENV{TPL} || 'build/tpl';

plan skip_all => "no $tpl, run `make cli`" unless -x $tpl;

my $json = JSON::PP->new->utf8->canonical;

my %undefined = (Undefined => 'lenient', StrictUndefined => 'strict',
                 ChainableUndefined => 'chainable',
                 DebugUndefined => 'debug');


# the options of a case as directives; nothing if there are none for it

sub directives {
    my ($syntax, $options) = @_;
    my %o = %{$options // {}};
    my @lines = ("tpl_syntax $syntax;");

    delete $o{extensions};

    if ($syntax eq 'jinja') {
        my $auto = delete $o{autoescape};
        push @lines, 'tpl_autoescape '
            . (!$auto ? 'off' : $auto eq 'auto' ? 'auto' : 'html') . ';';

    } elsif (exists $o{autoescape}) {
        return if defined delete $o{autoescape};
        push @lines, 'tpl_autoescape off;';
    }

    if (my $undefined = delete $o{undefined}) {
        return unless $undefined{$undefined};
        push @lines, "tpl_undefined $undefined{$undefined};";
    }

    return %o ? () : @lines;
}


my (@cases, %files);
my $server = '';

open my $list, '-|', '/usr/bin/python3', 't/lib/cases.py' or die $!;

for my $case (map { $json->decode($_) } <$list>) {
    my %data = %{$case->{data}};
    my %templates = %{$case->{templates}};
    my @directives = directives($case->{syntax}, $case->{options});

    next if !$case->{renders} || !@directives || $case->{globals}
            || grep { !/^[^\W\d]\w*$/ || $_ eq 'nginx' } keys %data
            or grep { /__markup__/ } values %data
            or grep { m{^$|^/|//|\.\.|/$|[\s"\\\$;{}]} }
                    keys %templates, $case->{main};

    my $n = @cases;

    $files{"cases/$n/$_"} = $templates{$_} for keys %templates;
    $files{"data/$n/$_.json"} = $data{$_} for keys %data;

    push @cases, $case;

    $server .= "location = /$n { tpl_root cases/$n; @directives\n"
             . "tpl_gzip on;\n"
             . "tpl_preload **;\ntpl_render $case->{main};\n"
             . join('', map { "tpl_data $_ data/$n/$_.json;\n" }
                        sort keys %data)
             . "}\n";
}

close $list or die 'cases.py failed';

# from here on all is bytes

utf8::encode($_) for $server, values %files, map { $_->{name} } @cases;
%files = map { my $name = $_; utf8::encode($name); ($name => $files{$_}) }
             keys %files;

my $t = TplServer->new(files => \%files, server => $server);
my $said = $t->test;

# templates that only a lazy loader accepts

while ($said =~ /"tpl_(?:render|preload)" in nginx\.conf:(\d+)\n\z/) {
    my @lines = split /^/, do { local $/; open my $in, '<',
                                "$t->{dir}/nginx.conf"; <$in> };
    my $line = $1;
    $line-- until $lines[$line - 1] =~ m{^location = /(\d+) };
    my $n = $1;

    $cases[$n]{refused} = 1;
    $server =~ s/^location = \/$n \{.*?^\}\n//ms;
    $t->configure(server => $server);
    $said = $t->test;
}

is($said, '', 'the configuration of ' . @cases . ' cases');
$t->start;

my $packed = 0;
my $pid = open2(my $out, my $in, $tpl, 'batch');

for my $n (0 .. $#cases) {
    my $case = $cases[$n];

    print $in "$case->{request}\n";
    $in->flush;
    my $line = <$out> // last;
    my $reply = $json->decode($line);

    if ($case->{refused}) {
        note("nginx -t refuses $case->{name}");
        next;
    }

    my $expected = $reply->{output} // "($reply->{error})";
    utf8::encode($expected);

    is($t->get("/$n")->{body}, $expected, $case->{name});

    next if length $expected < 150;

    my $gzip = $t->get("/$n", 'Accept-Encoding' => 'gzip');

    if (($gzip->{headers}{'content-encoding'} // '') eq 'gzip') {
        $packed++;
        $t->write("pages/$packed.gz", $gzip->{body});
        $t->write("pages/$packed", $expected);
    }
}

close $in;
waitpid $pid, 0;
is($?, 0, '`tpl batch` has answered all');

cmp_ok($packed, '>', 20, "$packed of them come with gzip, too");
is(`/usr/bin/python3 t/lib/inflate.py $t->{dir}/pages $packed`
       =~ s/^[\w, ]+: (\d+) pages\n\z/$1/r,
   $packed, 'which all inflate');

cmp_ok(scalar(grep { $_->{refused} } @cases), '<', @cases / 20,
       'only few are refused');

# what nginx -t has said of the refused ones is in the log, too

$t->finish(emerg => 1);

done_testing();
