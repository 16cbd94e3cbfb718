# tpl_gzip: pages as gzip, and when they stay as they are.

use strict;
use warnings;

use lib 't/lib';
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::More;
use TplServer;

my $long = join '', map { "<li class=\"item\">text number $_</li>\n" } 1 .. 200;

my %files = (
    'templates/page.html' => "<ul>\n{{ name }}\n{{ nginx.arg_b }}\n$long</ul>"
                             . '{% for x in rows %}<p>{{ x }}</p>{% endfor %}'
                             . '{{ name }}',
    'templates/short.html' => 'Hello {{ name }}',
    'templates/exact.html' => '{{ name }}',
    'templates/part.html' => "part $long",
    'templates/ssi.html' => "$long<!--# include virtual=\"/inner\" -->",
    'templates/inner.html' => "inner {{ name }} $long",
    'templates/data.html' => '{% for i in range(n|int) %}{{ i * 7919 }} '
                             . 'and {{ name }}, {% endfor %}',
    'templates/strict.html' => '{{ nothing.at.all }}' . $long,
    'templates/encoded.html' => '{% do header("Content-Encoding", "x") %}'
                                . $long,
    'templates/json.html' => '{% for i in data %}<b>{{ i }}</b>{% endfor %}'
                             . $long,
    'templates/block.html' => "{\% block a \%}A {{ name }} $long"
                              . '{% endblock %}{% block b %}'
                              . "$long\{% endblock \%}",
    'templates/reload.html' => "{{ name }} before $long",
    'html/list.json' => '[1, 2, 3]',
);

my $server = <<'EOC';
    tpl_gzip on;
    tpl_param name $arg_name;

    location / { tpl_render page.html; tpl_json rows "[$arg_rows]"; }
    location /off { tpl_gzip off; tpl_render page.html; }
    location /kept { tpl_render part.html; }
    location /short { tpl_render short.html; }
    location /data { tpl_render data.html; tpl_param n $arg_n; }
    location /strict { tpl_undefined strict; tpl_render strict.html; }
    location /noetag { tpl_etag off; tpl_render page.html; }
    location /vary { gzip_vary on; tpl_render page.html; }
    location /vary/short { gzip_vary on; tpl_render short.html; }
    location /http10 { gzip_http_version 1.0; tpl_render page.html; }
    location /disable { gzip_disable "Old"; tpl_render page.html; }
    location /proxied { gzip_proxied any; tpl_render page.html; }
    location /proxied/etag { gzip_proxied no_etag; tpl_render page.html; }
    location /proxied/old { gzip_proxied expired; expires epoch;
                            tpl_render page.html; }
    location /proxied/new { gzip_proxied expired; expires 1h;
                            tpl_render page.html; }
    location /min { gzip_min_length 200; tpl_render exact.html; }
    location /min/less { gzip_min_length 1; tpl_render exact.html; }
    location /min/kept { gzip_min_length 1m; gzip_vary on;
                         tpl_render part.html; }
    location /off/all { gzip off; tpl_render page.html; }
    location /exact { tpl_render exact.html; }
    location /types { gzip on; gzip_types text/nothing;
                      tpl_render page.html type=application/x-own; }
    location /before { add_before_body /inner; tpl_render page.html; }
    location /both { gzip on; gzip_min_length 1; tpl_render page.html; }
    location /nginx { tpl_gzip off; gzip on; tpl_render page.html; }
    location /ssi { ssi on; tpl_render ssi.html; }
    location /inner { tpl_render inner.html; }
    location /sub { sub_filter number NUMBER; tpl_render page.html; }
    location /add { add_after_body /inner; tpl_render page.html; }
    location /charset { charset koi8-r; override_charset on;
                        tpl_render page.html; }
    location /block { tpl_render block.html block=$arg_block; }
    location /pick/ { tpl_preload *.html; tpl_render $arg_t; }
    location /missing { return 404; error_page 404 /error; }
    location = /error { internal; tpl_render page.html; }
    location /reload { tpl_render reload.html; }
    location /list.json { root html; default_type application/json;
                          tpl_filter json.html; }
EOC

my $t = TplServer->new(files => \%files, server => $server,
                       http => 'tpl_reload 100ms;'
                               . 'charset_map koi8-r utf-8 { 80 E282AC; }');
$t->start;

my @gzip = ('Accept-Encoding' => 'gzip');

sub plain {
    my $reply = shift;
    my $body;

    gunzip(\$reply->{body} => \$body, TrailingData => \my $rest)
        or return "no gzip: $GunzipError";

    return length($rest // '') ? 'something follows' : $body;
}

sub same {
    my ($uri, $name) = @_;
    my $want = $t->get($uri);
    my $got = $t->get($uri, @gzip);

    is($got->{headers}{'content-encoding'}, 'gzip', "$name: gzip");
    is(plain($got), $want->{body}, "$name: the page");
    is($got->{headers}{'content-length'}, length $got->{body},
       "$name: its length");
    ok(!exists $want->{headers}{'content-encoding'}, "$name: plain without");

    return $got;
}

sub untouched {
    my ($uri, $name, @headers) = @_;
    my $got = $t->get($uri, @headers ? @headers : @gzip);

    ok(!exists $got->{headers}{'content-encoding'}, "$name: plain");

    return $got;
}

same('/?name=a', 'a page');
same('/?name=Tom%20%26%20Jerry', 'another value');
same('/?name=' . ('long%20' x 500), 'a long value');
same('/?b=' . ('0123456789' x 100) . '&name=%ff%fe', 'variables');
same('/?rows=' . join(',', 1 .. 300), 'a loop over the data of a request');
same('/kept', 'a page without values') for 1 .. 3;
same('/data?n=100&name=you', 'a page of data');
same('/data?n=20000&name=x', 'a long page of data');
same('/list.json', 'a page of tpl_filter');
same('/block?name=x&block=a', 'a block');
same('/block?name=x&block=b', 'another block');
same('/block?name=x', 'all of them');
same('/pick/?t=part.html', 'a template picked by the request');
same('/pick/?t=page.html&name=z', 'another one');

is($t->get('/strict', @gzip)->{status}, 500, 'an error is an error');

# which clients

same('/noetag', 'without ETag');
untouched('/', 'no Accept-Encoding', 'X-Y' => 1);
untouched('/', 'q=0', 'Accept-Encoding' => 'gzip;q=0');
untouched('/', 'q=0.000', 'Accept-Encoding' => 'deflate, gzip; q=0.000');
untouched('/', 'br alone', 'Accept-Encoding' => 'br');
is($t->get('/', 'Accept-Encoding' => 'br, gzip;q=0.5')
     ->{headers}{'content-encoding'}, 'gzip', 'one of several');
is($t->get('/', 'Accept-Encoding' => 'deflate,gzip')
     ->{headers}{'content-encoding'}, 'gzip', 'the last of several');
for my $accept ('gzip;q=1', 'gzip;q=0.001', 'GZIP', 'gzip, *;q=0') {
    is($t->get('/', 'Accept-Encoding' => $accept)
         ->{headers}{'content-encoding'}, 'gzip', "Accept-Encoding: $accept");
}

# as nginx reads it: "*" and "x-gzip" are not "gzip", what is no q is no

for my $accept ('*', 'identity', 'x-gzip', 'gzip;q=0.0', 'gzip;q=0, br', 'gzip;q=x',
                'gzip;q=1.5', 'notgzip')
{
    untouched('/', "Accept-Encoding: $accept", 'Accept-Encoding' => $accept);
}

untouched('/', 'behind a proxy', @gzip, Via => '1.1 proxy');
untouched('/proxied/etag', 'gzip_proxied no_etag', @gzip, Via => '1.1 proxy');
untouched('/proxied/new', 'gzip_proxied expired', @gzip, Via => '1.1 proxy');

for my $uri ('/proxied', '/proxied/old') {
    is(plain($t->get($uri, @gzip, Via => '1.1 proxy')), $t->get($uri)->{body},
       "$uri: gzip_proxied");
}

# HTTP/1.0

for my $case (['/', 0], ['/http10', 1]) {
    my ($uri, $wanted) = @$case;
    my $got = TplServer::parse($t->raw("GET $uri HTTP/1.0\r\nHost: a\r\n"
                                       . "Accept-Encoding: gzip\r\n\r\n"));

    is($got->{headers}{'content-encoding'} // '', $wanted ? 'gzip' : '',
       "$uri: HTTP/1.0");
    is($wanted ? plain($got) : $got->{body}, $t->get($uri)->{body},
       "$uri: the page");
}

untouched('/disable', 'gzip_disable', @gzip, 'User-Agent' => 'Old one');
same('/disable', 'gzip_disable for others');

# which pages

untouched('/off', 'tpl_gzip off');
untouched('/short?name=a', 'a short page');
untouched('/exact?name=' . 'a' x 149, '149 bytes');
same('/exact?name=' . 'a' x 150, '150 bytes');
untouched('/min?name=' . 'a' x 199, 'less than gzip_min_length');
same('/min?name=' . 'a' x 200, 'gzip_min_length');
untouched('/min/less?name=' . 'a' x 149, 'a smaller gzip_min_length');
ok(!exists untouched('/min/kept', 'a kept page below it')->{headers}{vary},
   'gzip_vary: a page below gzip_min_length');
same('/off/all', 'gzip off is not for us');
same('/types', 'nor gzip_types');

# HEAD

my $get = $t->get('/?name=a', @gzip);
my $head = $t->get('/?name=a', @gzip, METHOD => 'HEAD');

for my $h (qw(content-encoding content-length etag content-type)) {
    is($head->{headers}{$h}, $get->{headers}{$h}, "HEAD: $h as for GET");
}

is($head->{body}, '', 'HEAD: no body');

for my $uri ('/kept', '/data?n=100') {
    my $get = $t->get($uri, @gzip);
    my $head = $t->get($uri, @gzip, METHOD => 'HEAD');

    is($head->{headers}{'content-length'}, length $get->{body},
       "HEAD $uri: its length");
}

# validators: one of the page, weak where it is compressed

my $etag = $t->get('/kept')->{headers}{etag};
my $weak = $t->get('/kept', @gzip)->{headers}{etag};

like($etag, qr/^"/, 'a strong ETag of the plain page');
is($weak, "W/$etag", 'a weak one of the compressed page');

for my $tag ($etag, $weak, '*', "\"x\", $weak", "$etag, \"x\"") {
    is($t->get('/kept', 'If-None-Match' => $tag)->{status}, 304,
       "304 for $tag, plain");

    my $not = $t->get('/kept', @gzip, 'If-None-Match' => $tag);

    is($not->{status}, 304, "304 for $tag, gzip");
    ok(!exists $not->{headers}{'content-encoding'}, 'without an encoding');
}

# ranges are of plain pages

my $range = $t->get('/kept', @gzip, Range => 'bytes=0-9');

is($range->{status}, 200, 'no ranges of gzip');
is(plain($range), $t->get('/kept')->{body}, 'but all of it');
ok(!exists $range->{headers}{'accept-ranges'}, 'and no Accept-Ranges');
is($t->get('/kept', @gzip, 'If-None-Match' => '"x"')->{status}, 200,
   'another ETag');
is($t->get('/kept', @gzip, 'If-Match' => '"x"')->{status}, 412,
   'If-Match with another ETag');
is($t->get('/kept', Range => 'bytes=0-3', 'If-Range' => $etag)->{status}, 206,
   'If-Range with the ETag of the plain page');
is($t->get('/kept', Range => 'bytes=0-3', 'If-Range' => $weak)->{status}, 200,
   'If-Range with that of the compressed one');
is($t->get('/kept', Range => 'bytes=0-3')->{status}, 206,
   'ranges of plain pages');

# Vary

is($t->get('/vary', @gzip)->{headers}{vary}, 'Accept-Encoding',
   'gzip_vary: gzip');
is($t->get('/vary')->{headers}{vary}, 'Accept-Encoding', 'gzip_vary: plain');
ok(!exists $t->get('/kept', @gzip)->{headers}{vary}, 'gzip_vary off');
ok(!exists $t->get('/vary/short')->{headers}{vary},
   'gzip_vary: a page that is never compressed');

# with nginx's own filters

my $both = same('/both?name=a', 'with gzip on');

is($both->{body}, $t->get('/noetag?name=a', @gzip)->{body},
   'compressed once, by us');
is($t->get('/nginx', @gzip)->{headers}{'content-encoding'}, 'gzip',
   'gzip by nginx where tpl_gzip is off');

my $ssi = untouched('/ssi', 'SSI');

like($ssi->{body}, qr/inner .*number 200/s, 'SSI: the subrequest is plain');
like(untouched('/sub', 'sub_filter')->{body}, qr/text NUMBER 1</,
     'sub_filter sees the page');
like(untouched('/add', 'add_after_body')->{body}, qr/inner/,
     'add_after_body: the subrequest is plain');
like(untouched('/before', 'add_before_body')->{body}, qr/^inner/,
     'add_before_body too');
untouched('/charset', 'another charset');

# error pages

my $error = $t->get('/missing?name=a', @gzip);

is($error->{status}, 404, 'an error page keeps its status');
is(plain($error), $t->get('/missing?name=a')->{body}, 'and is compressed');

# templates that are read again have other models

for my $text ("after {{ name }} $long", "{{ name }} at last $long$long") {
    same('/reload?name=x', 'a template');

    my $old = $t->get('/reload?name=x')->{body};
    $t->write('templates/reload.html', $text);

    for (1 .. 100) {
        last if $t->get('/reload?name=x', @gzip)->{body}
                && $t->get('/reload?name=x')->{body} ne $old;
        select undef, undef, undef, 0.05;
    }

    isnt($t->get('/reload?name=x')->{body}, $old, 'a template is read again');
    same('/reload?name=x', 'the new template');
}

$t->finish;

done_testing();
