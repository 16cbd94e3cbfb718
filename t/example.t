# conf.example: everything in it works.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(getcwd);
use Test::More;
use TplServer;

open my $in, '<', 'conf.example' or die $!;
my $conf = do { local $/; <$in> };

my $t = TplServer->new(workers => 2);
my $here = getcwd;

# as tools/run.sh does: another port, other files

$conf =~ s/listen  8888/listen 127.0.0.1:$t->{port}/ or die;
$conf =~ s/^load_module .*$/$TplServer::load/m or die;
$conf =~ s{build/run}{$t->{dir}/logs}g or die;

my $temp = join ' ', map { "${_}_temp_path $t->{dir}/tmp/$_;" }
                     qw(client_body proxy fastcgi uwsgi scgi);

$conf =~ s/^http \{/http { $temp/m or die;
$conf = "user root;\n$conf" if $> == 0;

$t->write('nginx.conf', $conf);
$t->{prefix} = $here;

is($t->test, '', 'nginx -t has nothing to say');
$t->start;

sub page {
    my ($path, $status, $like) = @_;
    my $answer = $t->get($path);

    is($answer->{status}, $status, "$path: $status");
    is($answer->{headers}{'content-type'}, 'text/html; charset=utf-8',
       "$path: the type");
    like($answer->{body}, $like, "$path: the page");
    unlike($answer->{body}, qr/\{\{|\{%|undefined/, "$path: no rest of code");
}

page('/', 200, qr/whatever.*<\/html>$/s);
page('/tornado', 200, qr/whatever.*<\/html>\s*$/s);
page('/notice', 200, qr/Welcome/);
page('/notice?text=<b>hi', 200, qr/&lt;b&gt;hi/);
page('/pages/index', 200, qr/Pages by name/);
page('/pages/walks', 200, qr/<h1>Walks<\/h1>.*old mill &amp; back.*44\.0 km/s);
page('/pages/walks?season=spring', 200, qr/<h1>Walks in spring<\/h1>/);
is($t->get('/pages/')->{status}, 302, '/pages/: 302');
page('/pages/missing', 404, qr/Page not found/);
page('/pages/..%2fmain_j2', 404, qr/Page not found/);
page('/status', 200, qr/Worker process<\/th><td>\d+/);
like($t->get('/metrics')->{body},
     qr/^tpl_requests_total\{template="status\.html"\} 1$/m, '/metrics');
page('/maintenance', 503, qr/Back at 14:30.*a new kitchen/s);
page('/walks-table', 200, qr/^<h1>Walks.*13\.5 miles.*<\/p>$/s);
page('/files/', 200, qr/<h1>\/files\/<\/h1>.*directives\.md<\/a>.*kB/s);
page('/nothing?<here>', 404, qr/Page not found.*\/nothing\?&lt;here&gt;/s);
page('/error', 404, qr/Page not found/);

like($t->log('access.log'), qr/"GET \/notice HTTP\/1\.1" 200 \d+ main_j2\.html 0\.\d{6} \d+ "-"$/m,
     'the log says what a page cost');

$t->finish;

done_testing();
