package TplServer;

# An nginx of our own, for tests that do more than send a request and look at
# the answer: read what `nginx -t` says, reload, speak raw HTTP, count workers.
#
#     my $t = TplServer->new(
#         files  => { 'templates/a.html' => 'Hello {{ nginx.arg_name }}' },
#         server => 'location / { tpl_render a.html; }');
#
#     is($t->test, '', 'the configuration is good');
#     $t->start;
#     is($t->get('/?name=you')->{body}, 'Hello you');
#     $t->finish;         # no [alert], no [emerg], the workers still there
#
# The prefix is a folder that goes away with the object; tpl_root is its
# templates/. Only processes started here are ever signalled.

use strict;
use warnings;

use File::Path qw(make_path);
use File::Spec;
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

# TPL_MODULE=static: the nginx has it built in

our $module = File::Spec->rel2abs($ENV{TPL_MODULE}
                                  || 'build/ngx_http_tpl_module.so');
our $load = "load_module $module;";

$load = '' if ($ENV{TPL_MODULE} // '') eq 'static';

our $nginx = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';

# a build with sanitizers is slower
my $slow = $ENV{TPL_SANITIZED} ? 4 : 1;



# python_has(PACKAGE, VERSION): whether the Python package that a test compares
# with is of the version whose rules are ours, that of Debian 12.  With another
# nothing can be compared.

sub python_has {
    my ($package, $version) = @_;
    my $python = $ENV{PYTHON} // '/usr/bin/python3';
    my $got = `$python -c "import importlib.metadata as m; print(m.version('$package'))"`;

    return $got =~ /^\Q$version\E\b/;
}


sub new {
    my ($class, %args) = @_;

    die "$module is not there; run `make module` first\n" unless -f $module || !$load;

    my $self = bless {
        dir => File::Temp->newdir('tplXXXXXX', TMPDIR => 1),
        port => free_port(),
        workers => 1,
        main => '',
        http => '',
        server => '',
        listen => '',
        connections => 512,
        events => '',
        error_log => 'logs/error.log',
        access_log => 'logs/access.log',
        env => {},
        %args,
    }, $class;

    chmod 0755, $self->{dir};
    make_path("$self->{dir}/$_") for qw(logs templates);

    $self->write($_, $args{files}{$_}) for keys %{$args{files} // {}};
    $self->configure;

    return $self;
}


# Not of the range from which the system takes ports for connections: one of
# them could have it by the time it is listened to.

my %given;

sub free_port {
    for (1 .. 1000) {
        my $port = 10_240 + int rand 20_000;

        next if $given{$port};

        if (IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1',
                                  LocalPort => $port))
        {
            $given{$port} = 1;
            return $port;
        }
    }

    die 'no free port';
}


# writes a file below the prefix

sub write {
    my ($self, $name, $text) = @_;
    my $path = "$self->{dir}/$name";

    (my $folder = $path) =~ s{/[^/]*$}{};
    make_path($folder);

    open my $out, '>:raw', $path or die "$path: $!";
    print $out $text;
    close $out or die $!;
}


# writes nginx.conf; takes the parts that change

sub configure {
    my ($self, %args) = @_;

    $self->{$_} = $args{$_} for keys %args;

    my $user = $> == 0 ? 'user root;' : '';

    $self->write('nginx.conf', <<"EOC");
$load
$user
worker_processes $self->{workers};
error_log $self->{error_log} info;
pid logs/nginx.pid;
$self->{main}
events { worker_connections $self->{connections}; $self->{events} }
http {
    access_log $self->{access_log};
    client_body_temp_path tmp/a; proxy_temp_path tmp/b; fastcgi_temp_path tmp/c;
    uwsgi_temp_path tmp/d; scgi_temp_path tmp/e;
    tpl_root templates;
$self->{http}
    server {
        listen 127.0.0.1:$self->{port}$self->{listen};
$self->{server}
    }
}
EOC

    make_path("$self->{dir}/tmp");
}


sub command {
    my ($self, @args) = @_;
    my $prefix = $self->{prefix} // $self->{dir};

    return ($nginx, '-p', "$prefix/", '-c', "$self->{dir}/nginx.conf",
            '-e', "$self->{dir}/logs/error.log", @args);
}


# `nginx -t`: what it complains of, without what is the same each time. The
# prefix is cut from paths.

sub test {
    my ($self) = @_;
    my $text = $self->run($self->command('-t', '-q'));

    $text =~ s/^nginx: //mg;
    $text =~ s/^.* test failed\n//mg;
    $text =~ s/\Q$self->{dir}\E\///g;

    return $text;
}


# the output of a command, both channels

sub run {
    my ($self, @command) = @_;
    my $pid = open my $out, '-|';

    die $! unless defined $pid;

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec @command or die "$command[0]: $!";
    }

    local $/;
    my $text = <$out> // '';
    close $out;

    return $text;
}


sub start {
    my ($self) = @_;

    # "env", for what is loaded with nginx

    local %ENV = (%ENV, %{$self->{env}});

    my $said = $self->run($self->command);

    my $looks = $? ? 0 : 500 * $slow;

    for (1 .. $looks) {
        my @workers = $self->workers;

        if (@workers == $self->{workers}) {
            $self->{started} = join ' ', sort @workers;
            return $self;
        }

        sleep 0.02;
    }

    die "nginx does not start: $said" . $self->log;
}


sub pid {
    my ($self) = @_;

    open my $in, '<', "$self->{dir}/logs/nginx.pid" or return;
    my $pid = <$in>;
    return unless $pid;
    chomp $pid;

    return kill(0, $pid) ? $pid : undef;
}


# process ids of the workers

sub workers {
    my ($self) = @_;
    my $parent = $self->pid or return;
    my @found;

    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in> // '';
        next unless $line =~ /^(\d+) \(.*\) [^Z] $parent /;
        my $worker = $1;

        # not those that proxy_cache brings; a process that was only just
        # forked still has the title of the master

        open my $file, '<', "/proc/$worker/cmdline" or next;
        my $title = <$file> // '';

        # under valgrind processes have no titles: the master's word for it,
        # unless the log has none of its notices

        push @found, $worker
            if $title =~ /^nginx: worker/
               || $title =~ /valgrind/
                  && $self->log =~ /\A(?!.*start\ worker\ process\ )
                                    |start\ worker\ process\ $worker\b/sx;
    }

    return @found;
}


# SIGHUP, and waits until the master has dealt with it: with new workers, or
# with a complaint in the log. True if there are new workers.

sub reload {
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers;
    my $before = () = $self->log =~ /\[emerg\]/g;

    kill 'HUP', $self->pid;

    for (1 .. 200 * $slow) {
        sleep 0.02;

        my @now = $self->workers;

        if (@now == $self->{workers} && !grep { $old{$_} } @now) {
            $self->{started} = join ' ', sort @now;
            return 1;
        }

        my $after = () = $self->log =~ /\[emerg\]/g;

        if ($after > $before) {
            sleep 0.2;
            return 0;
        }
    }

    die "no answer to SIGHUP";
}


sub log {
    my ($self, $name) = @_;

    open my $in, '<', "$self->{dir}/logs/" . ($name // 'error.log')
        or return '';
    local $/;
    return <$in> // '';
}


sub connect {
    my ($self) = @_;

    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $self->{port}, Timeout => 10)
        || die "connect: $!";
}


# sends bytes as they are and returns all that comes until the server closes
# or is silent for too long

sub raw {
    my ($self, $bytes, $seconds) = @_;
    my $s = $self->connect;
    my $answer = '';

    $s->syswrite($bytes);

    my $ready = IO::Select->new($s);
    while ($ready->can_read(($seconds // 10) * $slow)) {
        last unless $s->sysread($answer, 65536, length $answer);
    }

    return $answer;
}


sub parse {
    my ($answer) = @_;
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my ($line, @headers) = split /\r\n/, $head // '';
    my %headers;

    for (@headers) {
        my ($name, $value) = split /: ?/, $_, 2;
        $headers{lc $name} = $value;
    }

    if (($headers{'transfer-encoding'} // '') eq 'chunked') {
        my ($rest, $plain) = ($body, '');

        while ($rest =~ s/^([0-9a-f]+)\r\n// && hex $1) {
            $plain .= substr $rest, 0, hex $1;
            $rest = substr $rest, 2 + hex $1;
        }

        $body = $plain;
    }

    my ($status) = ($line // '') =~ /^HTTP\S+ (\d+)/;

    return { line => $line, status => $status, headers => \%headers,
             head => $head, body => $body };
}


# one request on a connection of its own, other headers as a hash; gives status,
# headers (names in lower case), body

sub get {
    my ($self, $path, %headers) = @_;
    my $method = delete $headers{METHOD} // 'GET';

    my $request = "$method $path HTTP/1.1\r\nHost: localhost\r\n"
                . "Connection: close\r\n"
                . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
                . "\r\n";

    return parse($self->raw($request));
}


# at the end of a test: what every one of them asserts

sub finish {
    my ($self, %allow) = @_;
    my $log = $self->log;

    $log =~ s/^.*\[emerg\].*\n//mg if $allow{emerg};

    is(join('', grep { /\[(?:alert|emerg)\]/ } split /^/, $log), '',
       'no [alert], no [emerg] in the log');
    is(join(' ', sort $self->workers), $self->{started},
       'the workers are the ones that were started');

    $self->stop;
}


sub stop {
    my ($self) = @_;
    my $pid = $self->pid;

    delete $self->{started};
    return unless $pid;

    kill 'QUIT', $pid;

    for (1 .. 100 * $slow) {
        return unless kill 0, $pid;
        sleep 0.02;
    }

    kill 'TERM', $pid;

    for (1 .. 100 * $slow) {
        return unless kill 0, $pid;
        sleep 0.02;
    }

    kill 'KILL', $self->workers, $pid;
}


sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $self->{started};
}


1;
