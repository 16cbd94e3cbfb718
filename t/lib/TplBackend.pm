package TplBackend;

# A backend for a test: a program of t/servers that listens on a port of its
# own (its last argument), until the object goes away.
#
#     my $backend = TplBackend->new('hostile_backend.py');
#     "proxy_pass http://127.0.0.1:$backend->{port};"
#

use strict;
use warnings;

use IO::Socket::INET;
use Time::HiRes qw(sleep);
use TplServer;

sub new {
    my ($class, $program, @args) = @_;
    my $port = TplServer::free_port();

    defined(my $pid = fork) or die $!;

    if ($pid == 0) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec $program =~ /\.pl$/ ? $^X : '/usr/bin/python3',
             "t/servers/$program", @args, $port or exit 1;
    }

    my $self = bless { port => $port, pid => $pid, owner => $$ }, $class;

    for (1 .. 1500) {
        return $self if IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                              PeerPort => $port);
        sleep 0.02;
    }

    die "$program does not listen";
}


sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);

    return unless $self->{pid} && $self->{owner} == $$;

    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}


1;
