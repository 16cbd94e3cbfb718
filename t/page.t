# The page of the comparison: what nginx sends is what Flask and Tornado send,
# byte for byte, with the real ones running as servers.

use strict;
use warnings;

use lib 't/lib';
use File::Spec;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use TplServer;

my $python = '/usr/bin/python3';
my $templates = File::Spec->rel2abs('templates');

plan skip_all => 'no Flask and Tornado'
    if system("$python -c 'import flask, tornado' 2>/dev/null") != 0;

my @started;


# starts a Python server and returns an object to fetch from

sub oracle {
    my ($script) = @_;
    my $port = TplServer::free_port();
    my $pid = fork // die $!;

    if ($pid == 0) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec $python, "t/servers/$script", $port
            or POSIX::_exit(127);
    }

    push @started, $pid;

    my $server = bless { port => $port }, 'TplServer';

    for (1 .. 500) {
        return $server if eval { close $server->connect; 1 };
        sleep 0.05;
    }

    die "$script does not start";
}


END {
    my $status = $?;
    for (@started) {
        kill 'TERM', $_;
        waitpid $_, 0;
    }
    $? = $status;
}


my $flask = oracle('flask_app.py')->get('/');
my $tornado = oracle('tornado_app.py')->get('/');

is($flask->{status}, 200, 'Flask is there');
is($tornado->{status}, 200, 'Tornado is there');

# Debian 12's Tornado is the reference; from 6.3 on it writes an apostrophe
# otherwise

$tornado->{body} =~ s/&#x27;/&#39;/g;

my $t = TplServer->new(
    http => 'include /etc/nginx/mime.types;',
    server => <<"EOC");
        tpl_root $templates;

        location = / {
            tpl_render main_j2.html;
            tpl_param messages whatever;
            tpl_param title home;
        }

        location = /request {
            tpl_render main_j2.html;
            tpl_param messages \$arg_messages;
            tpl_param title \$arg_title;
        }

        location = /tornado {
            tpl_syntax tornado;
            tpl_render main.html;
            tpl_param messages whatever;
            tpl_param title home;
            tpl_param page_title "";
            tpl_param body_id "";
        }

        location = /tornado/request {
            tpl_syntax tornado;
            tpl_render main.html;
            tpl_param messages \$arg_messages;
            tpl_param title \$arg_title;
            tpl_param page_title \$arg_page_title;
            tpl_param body_id "";
        }
EOC
$t->start;

my $request = 'messages=whatever&title=home';

for my $turn (1 .. 3) {
    for (['/', $flask], ["/request?$request", $flask],
         ['/tornado', $tornado], ["/tornado/request?$request", $tornado])
    {
        my ($path, $theirs) = @$_;
        my $ours = $t->get($path);

        ok($ours->{body} eq $theirs->{body}, "$path, time $turn: the bytes")
            or diag(difference($theirs->{body}, $ours->{body}));
        is($ours->{headers}{'content-length'}, length $theirs->{body},
           "$path, time $turn: the length");
        is(lc $ours->{headers}{'content-type'},
           lc $theirs->{headers}{'content-type'},
           "$path, time $turn: the type");
    }
}

is($t->get('/')->{headers}{'content-type'}, $flask->{headers}{'content-type'},
   'exactly the type of Flask');

$t->finish;


# the first place where two pages differ

sub difference {
    my ($expected, $got) = @_;
    my $n = 0;

    $n++ while $n < length $expected
               && substr($expected, $n, 1) eq substr($got // '', $n, 1);

    return "differs at byte $n:\n"
         . '    expected: ' . substr($expected, $n > 30 ? $n - 30 : 0, 80)
         . "\n    got:      " . substr($got, $n > 30 ? $n - 30 : 0, 80);
}

done_testing();
