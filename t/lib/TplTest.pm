package TplTest;

# What the blocks of t/*.t have in common.
#
#     use Test::Nginx::Socket;
#     use TplTest;
#
# Every block gets the module and, as `--- user_files`, templates in the
# folder that tpl_root names. Besides what a block says of its response, each
# also asserts that the log has no [alert] and no [emerg], and that the worker
# that answers is the one that was started.

use strict;
use warnings;

use File::Spec;
use Test::More;
use Test::Nginx::Util;

# TPL_MODULE=static: the nginx has it built in

our $Load = '';

if (($ENV{TPL_MODULE} // '') ne 'static') {
    my $module = File::Spec->rel2abs($ENV{TPL_MODULE}
                                     || 'build/ngx_http_tpl_module.so');

    die "$module is not there; run `make module` first\n" unless -f $module;
    $Load = "load_module $module;";
}

$ENV{TEST_NGINX_SERVROOT_NOW} = $Test::Nginx::Util::ServRoot;

no_shuffle();
no_root_location();
no_long_string();
master_on();
log_level('info');

add_block_preprocessor(sub {
    my $block = shift;
    my $main = $block->main_config // '';

    $block->set_value('main_config', "$Load\n$main");

    my $http = $block->http_config // '';

    if ($http !~ /\btpl_root\b/) {
        $http = "    tpl_root html;\n$http";
    }

    $block->set_value('http_config', $http);

    $block->set_value('request', 'GET /')
        unless defined $block->request || defined $block->pipelined_requests
               || defined $block->raw_request;
});

# Test::Nginx itself fails on [alert], [crit] and [emerg] lines that a block
# does not name; here is the rest.

Test::Nginx::Socket::add_response_body_check(sub {
    my ($block) = @_;
    my $pidfile = $Test::Nginx::Util::PidFile;

    open my $in, '<', $Test::Nginx::Util::ErrLogFile or die $!;
    my @log = <$in>;
    close $in;

    is(join('', grep { /\[(?:alert|emerg)\]/ } @log), '',
       $block->name . ' - no [alert], no [emerg]');

    my @started = map { /start (?:worker|cache \w+) process (\d+)/ ? $1 : () } @log;

    open $in, '<', $pidfile or die "$pidfile: $!";
    my $master = <$in>;
    close $in;
    chomp $master;

    is(join(' ', sort(children($master))), join(' ', sort(@started)),
       $block->name . ' - the same worker');
});


# the processes whose parent is the given one

sub children {
    my $parent = shift;
    my @found;

    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in> // '';
        close $in;
        push @found, $1 if $line =~ /^(\d+) \(.*\) \S+ $parent /;
    }

    return @found;
}


1;
