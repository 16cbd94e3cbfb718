# A FastCGI application on a port, its argument: JSON about what was asked, and
# now and then what such programs do when they are not well.
#
#     /users?id=2       {"id": "2", "name": "Björn", "method": "GET", ...}
#     /missing          404 with JSON
#     /broken           200, and half of a document
#     /nothing          no header at all, only words on the error channel

use strict;
use warnings;

use FCGI;
use IO::Handle;

my $socket = FCGI::OpenSocket("127.0.0.1:$ARGV[0]", 16);
my ($in, $out, $err) = (IO::Handle->new, IO::Handle->new, IO::Handle->new);
my %env;
my $request = FCGI::Request($in, $out, $err, \%env, $socket);

while ($request->Accept >= 0) {
    my ($path) = $env{REQUEST_URI} =~ m{^([^?]*)};
    my ($id) = $env{QUERY_STRING} =~ /\bid=(\d+)/;
    my $type = "Content-Type: application/json\r\n";

    if ($path eq '/nothing') {
        print $err "it does not feel well\n";

    } elsif ($path eq '/missing') {
        print $out "Status: 404 Not Found\r\n$type\r\n", '{"error": "none"}';

    } elsif ($path eq '/broken') {
        print $out "$type\r\n", '{"name": "Bj';

    } else {
        print $out "X-Total-Count: 3\r\n$type\r\n",
            '{"id": "', $id // '', "\", \"name\": \"Bj\xc3\xb6rn\", ",
            qq("method": "$env{REQUEST_METHOD}", "length": "$env{CONTENT_LENGTH}"});
    }

    $request->Finish;
}
