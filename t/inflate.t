# Others inflate what tpl_gzip sends: all that t/lib/inflate.py asks, and
# Chromium by itself, which has to get the page's own bytes.  The cases of
# t/cases are inflated by t/cases.t and t/engine/test_gzip.py.
#
# Chromium is asked only where it is installed, see `make test-inflate`.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(getcwd);
use Digest::SHA qw(sha256_hex);
use File::Temp;
use JSON::PP;
use Test::More;
use TplServer;

open my $in, '<', 'conf.example' or die $!;
my $conf = do { local $/; <$in> };

my $t = TplServer->new;
my $here = getcwd;
my $dir = $t->{dir};

# the sample site, and pages of other kinds: long values, data without end,
# next to nothing, all bytes that UTF-8 has, a page that is always the same

my $long = join '', map { "<li class=\"item\">text number $_</li>\n" } 1 .. 3000;
my %own = (
    value => "<p>{{ nginx.arg_v }}</p>$long\{{ nginx.arg_v }}",
    data => '{% for i in range(nginx.arg_v|int) %}{{ i * i * 7919 }},{% endfor %}',
    loop => '{% for i in range(nginx.arg_v|int) %}<tr><td>{{ i }}</td><td>'
            . 'the same text in each row</td></tr>{% endfor %}',
    empty => '{{ nginx.arg_v }}',
    bytes => "{{ nginx.arg_v }}" . join('', map { chr } 1 .. 0xff, 0x2000 .. 0x2fff,
                                        0x1f600 .. 0x1f64f) x 3,
    constant => $long,
);
my @queries = (value => 'v=x', value => 'v=' . 'abc%20' x 1000, data => 'v=50000',
               data => 'v=100', loop => 'v=3000', empty => 'v=' . 'a' x 150,
               bytes => 'v=1', constant => '');
my $locations = '';

for my $name (sort keys %own) {
    my $text = $own{$name};

    utf8::encode($text);
    $t->write("templates/$name.html", $text);
    $locations .= "location = /own/$name { tpl_root $dir/templates;"
                  . " tpl_limits steps=100000000;"
                  . " tpl_render $name.html; }\n";
}

$conf =~ s/listen( +)8888/listen 127.0.0.1:$t->{port}/g or die;
$conf =~ s/^load_module .*$/$TplServer::load/m or die;
$conf =~ s{build/run}{$dir/logs}g or die;
$conf =~ s/worker_processes  2/worker_processes 1/ or die;
$conf =~ s/^    server \{/    server {\n$locations
        location = \/fetch.html { alias $dir\/fetch.html; }/m or die;

my $temp = join ' ', map { "${_}_temp_path $dir/tmp/$_;" }
                     qw(client_body proxy fastcgi uwsgi scgi);

$conf =~ s/^http \{/http { tpl_gzip on; large_client_header_buffers 4 64k; $temp/m
    or die;
$conf = "user root;\n$conf" if $> == 0;

# every page of the site that has an address without variables

my @pages = grep { $_ ne '/fetch.html' && !m{^/own/} }
            $conf =~ /^        location (?:= )?(\/\S*) \{/mg;

push @pages, '/pages/index', '/pages/walks', '/notice?text=Hello', '/walks?season=spring',
             '/greeting?lang=de_DE', '/rooms/pine', '/no-such-page';

while (my ($name, $query) = splice @queries, 0, 2) {
    push @pages, "/own/$name?$query";
}

$t->write('nginx.conf', $conf);
$t->{prefix} = $here;

is($t->test, '', 'nginx -t has nothing to say');
$t->start;

my (@packed, @varied);

for my $page (@pages) {
    my $plain = $t->get($page);
    my $packed = $t->get($page, 'Accept-Encoding' => 'gzip');
    my $again = $t->get($page);

    next if ($packed->{headers}{'content-encoding'} // '') ne 'gzip';

    is($packed->{status}, $plain->{status}, "$page: status");

    # some tell the time or count

    next if $plain->{body} ne $again->{body};

    push @packed, $page;
    push @varied, $plain->{headers}{vary};
    $t->write('pages/' . @packed . '.gz', $packed->{body});
    $t->write('pages/' . @packed, $plain->{body});
}

cmp_ok(scalar @packed, '>', 20, @packed . ' pages are compressed');
is(scalar(grep { m{^/own/} } @packed), 8, 'those of this test are');


is(`/usr/bin/python3 t/lib/inflate.py $dir/pages @{[scalar @packed]}`
       =~ s/^[\w, ]+: (\d+) pages\n\z/$1/r,
   scalar @packed, 'others inflate them all');

SKIP: {
    skip 'Chromium is not installed (package chromium)', 3
        unless -x '/usr/bin/chromium';

    # a page of the site that asks for the others, but for those that read the
    # headers of a browser; the title is set at the end

    my @asked = grep { !$varied[$_ - 1] } 1 .. @packed;
    my $list = JSON::PP->new->encode([@packed[map { $_ - 1 } @asked]]);

    $t->write('fetch.html', <<"EOC");
<!doctype html><title>at work</title><pre></pre>
<script>
(async () => {
    const lines = [];

    for (const page of $list) {
        const reply = await fetch(page);
        const bytes = await reply.arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

        lines.push(reply.headers.get('Content-Encoding') + ' '
                   + Array.from(hash, (b) => b.toString(16).padStart(2, '0')).join(''));
    }

    document.querySelector('pre').textContent = lines.join('\\n');
    document.title = 'done';
})();
</script>
EOC

    my $profile = File::Temp->newdir;
    my $dom = `timeout 60 /usr/bin/chromium --headless --no-sandbox --disable-gpu \\
        --disable-dev-shm-usage --no-first-run --user-data-dir=$profile \\
        --virtual-time-budget=30000 --dump-dom \\
        http://127.0.0.1:$t->{port}/fetch.html 2>$dir/chromium.log`;

    like($dom, qr/<title>done/, 'Chromium has asked for all')
        or diag($t->log('../chromium.log') =~ s/\n.*\z//sr);

    my ($got) = $dom =~ /<pre>(.*?)<\/pre>/s;
    my @want = map {
        open my $in, '<:raw', "$dir/pages/$_" or die $!;
        local $/;
        'gzip ' . sha256_hex(<$in>);
    } @asked;

    cmp_ok(scalar @asked, '>', 15, @asked . ' pages that need no browser');
    is_deeply([split /\n/, $got // ''], \@want, 'and got the bytes of each');
}

$t->finish;

done_testing();
