# Protocols, methods and conditions times the rest of nginx: every location
# answers every kind of request with the page that it should, in a header that
# says so.

use strict;
use warnings;

use lib 't/lib';
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use TplServer;

my $h2 = TplServer::free_port();
my $back = TplServer::free_port();

my $big = join '', map { "<p>line $_ of a long page</p>\n" } 1 .. 6000;
chomp $big;        # as Jinja2 does

my $doc = '{"n": "json"}';

my %files = (
    'templates/static.html' => 'static text',
    'templates/const.html' => 'kept {{ 6 * 7 }}',
    'templates/data.html' => 'data {{ nginx.arg_n }}',
    'templates/empty.html' => '{% if nginx.arg_no %}x{% endif %}',
    'templates/big.html' => "{{ nginx.arg_n }}$big",
    'templates/page.html' => 'page {{ data.n }}',
    'templates/cyrillic.html' => "\xd0\xaf {{ nginx.arg_n }}",
    'templates/kept.html' => "\xd0\xaf kept",
    'templates/ssi.html' => '<!--#include virtual="/data?n=in" --> {{ nginx.arg_n }}',
    'templates/error.html' => 'error {{ nginx.status }}',
    'templates/fetch.html' => 'fetched {{ data.n }}',
    'templates/call.html' => q({{ nginx.arg_n }} and {{ fetch('/api?n=y').n }}),
    'templates/stream.html' => q(head {{ fetch('/api?n=' ~ nginx.arg_n).n }})
        . '{% flush %} {{ nginx.arg_n }}',
    'templates/stream_big.html' => "{{ nginx.arg_n }}{% flush %}$big",
    'templates/stream_cyrillic.html' => "\xd0\xaf{% flush %} {{ nginx.arg_n }}",
    'templates/fail.html' => '{{ data.n }}',
    'html/doc.json' => $doc,
);

my $server = <<"EOC";
        listen 127.0.0.1:$h2 http2;
        root html;
        types { application/json json; text/html html; }

        location = /static { tpl_render static.html; }
        location = /const { tpl_render const.html; }
        location = /data { tpl_render data.html; }
        location = /empty { tpl_render empty.html; }
        location = /big { tpl_render big.html; }
        location = /doc.json { tpl_filter page.html; }

        location = /gzip { gzip on; gzip_min_length 1; gzip_vary on;
                           gzip_http_version 1.0; tpl_render big.html; }
        location = /charset { charset windows-1251; source_charset utf-8;
                              override_charset on; tpl_render cyrillic.html; }
        location = /charset-kept { charset windows-1251; source_charset utf-8;
                              override_charset on; tpl_render kept.html; }
        location = /ssi { ssi on; tpl_render ssi.html; }
        location = /sub { sub_filter data changed; tpl_render data.html; }
        location = /sub-kept { sub_filter kept changed; tpl_render const.html; }
        location = /addition { add_before_body /static; add_after_body /const;
                               tpl_render data.html; }
        location = /error-page { error_page 404 /error; return 404; }
        location = /error-named { error_page 404 =200 \@named; return 404; }
        location = /error { internal; tpl_render error.html; }
        location \@named { tpl_render data.html; }
        location = /rewrite { rewrite ^ /data last; }
        location = /accel { proxy_set_header If-Match "";
                              proxy_pass http://127.0.0.1:$back/; }
        location = /try { try_files /nothing /data?n=\$arg_n; }
        location = /auth { auth_request /allowed; tpl_render data.html; }
        location = /denied { auth_request /forbidden; tpl_render data.html; }
        location = /allowed { internal; tpl_render static.html; }
        location = /forbidden { internal; tpl_render static.html status=403; }

        location = /api { internal; proxy_pass http://127.0.0.1:$back/api; }
        location = /none { internal; return 404; }
        location = /fetch { tpl_fetch data /api?n=\$arg_n;
                            tpl_render fetch.html; }
        location = /fetch-call { tpl_render call.html; }
        location = /fetch-gzip { gzip on; gzip_min_length 1; gzip_vary on;
                                 gzip_http_version 1.0;
                                 tpl_fetch data /api?n=\$arg_n;
                                 tpl_render fetch.html; }
        location = /fetch-auth { auth_request /allowed;
                                 tpl_fetch data /api?n=\$arg_n;
                                 tpl_render fetch.html; }
        location = /fetch-try { try_files /nothing /fetch?n=\$arg_n; }
        location = /fetch-error { error_page 404 =200 /fetch; return 404; }
        location = /fetch-ssi { ssi on; default_type text/html; return 200
            '<!--#include virtual="/fetch?n=a" --><!--#include virtual="/stream?n=b" -->'; }
        location = /fetch-sub { sub_filter fetched changed;
                                tpl_fetch data /api?n=\$arg_n;
                                tpl_render fetch.html; }
        location = /fetch-addition { add_before_body /fetch;
                                     add_after_body /stream;
                                     tpl_render static.html; }
        location = /fetch-fails { tpl_fetch data /none; tpl_render fail.html;
                                  error_page 502 /error; }
        location = /stream { tpl_stream on; tpl_render stream.html; }
        location = /stream-fetch { tpl_stream on;
                                   tpl_fetch data /api?n=\$arg_n;
                                   tpl_render fetch.html; }
        location = /stream-big { tpl_stream on; tpl_render stream_big.html; }
        location = /stream-gzip { gzip on; gzip_min_length 1; gzip_vary on;
                                  gzip_http_version 1.0; tpl_stream on;
                                  tpl_render stream_big.html; }
        location = /stream-charset { charset windows-1251;
                                     source_charset utf-8; override_charset on;
                                     tpl_stream on;
                                     tpl_render stream_cyrillic.html; }
        location = /stream-sub { sub_filter head changed; tpl_stream on;
                                 tpl_render stream.html; }
        location = /stream-try { try_files /nothing /stream?n=\$arg_n; }
        location = /stream-limited { limit_rate 500k; tpl_stream on;
                                     tpl_render stream_big.html; }

        location = /limited { limit_rate 500k; tpl_render big.html; }
EOC

my $t = TplServer->new(files => \%files, server => $server, http => <<"EOC");
    server {
        listen 127.0.0.1:$back;
        location = /api { default_type application/json;
                          return 200 '{"n": "\$arg_n"}'; }
        location / { add_header X-Accel-Redirect /data?n=x;
                     default_type text/html; return 200 upstream; }
    }
    charset_map koi8-r utf-8 { C1 D0B0 ; }
    charset_map windows-1251 utf-8 { DF D0AF ; }
EOC
$t->start;


# The table: address, status, body; then what is different about it:
#
#   etag    the page has an ETag: is it the same again, 304, and has it ranges?
#   length  whether the length is known before the page is sent
#   ranges  0 if an ETag is there, but no ranges
#   match   what If-Match with that ETag gives: one that became weak, with
#           add_before_body, does not match
#   post    the status of a POST, if it is not a page's 405 with Allow
#   gzip    whether a client that takes gzip gets it
#   stream  no length and no ETag, but over HTTP/1.0, in which only the length
#           tells where a page ends: there it is rendered first

my @table = (
    ['/static',         200, 'static text',          etag => 1, length => 1],
    ['/const',          200, 'kept 42',              etag => 1, length => 1],
    ['/data?n=x',       200, 'data x',               etag => 1, length => 1],
    ['/empty?n=x',      200, '',                     etag => 1, length => 1],
    ['/big?n=x',        200, "x$big",                etag => 1, length => 1],
    ['/doc.json',       200, 'page json',            etag => 1, length => 1,
                                                     ranges => 0, post => 405],
    ['/gzip?n=x',       200, "x$big",                etag => 1, length => 1,
                                                     gzip => 1],
    ['/charset?n=x',    200, "\xdf x",               etag => 1, length => 0,
                                                     ranges => 0],
    ['/charset-kept',   200, "\xdf kept",            etag => 1, length => 0,
                                                     ranges => 0],
    ['/ssi?n=x',        200, 'data in x',            etag => 0, length => 0],
    ['/sub?n=x',        200, 'changed x',            etag => 0, length => 0],
    ['/sub-kept',       200, 'changed 42',           etag => 0, length => 0],
    ['/addition?n=x',   200, 'static textdata xkept 42',
                                                     etag => 1, length => 0,
                                                     ranges => 0, match => 412],
    ['/error-page',     404, 'error 404',            etag => 0, length => 1,
                                                     post => 404],
    ['/error-named?n=x', 200, 'data x',              etag => 1, length => 1,
                                                     post => 200],
    ['/rewrite?n=x',    200, 'data x',               etag => 1, length => 1,
                                                     post => 200],
    ['/accel',          200, 'data x',               etag => 1, length => 1,
                                                     post => 200],
    ['/try?n=x',        200, 'data x',               etag => 1, length => 1,
                                                     post => 200],
    ['/auth?n=x',       200, 'data x',               etag => 1, length => 1],
    ['/denied?n=x',     403, qr/403 Forbidden/,      etag => 0, length => 1,
                                                     post => 403],
    ['/limited?n=x',    200, "x$big",                etag => 1, length => 1],

    # data that come from a backend

    ['/fetch?n=x',      200, 'fetched x',            etag => 1, length => 1],
    ['/fetch-call?n=x', 200, 'x and y',              etag => 1, length => 1],
    ['/fetch-gzip?n=x', 200, 'fetched x',            etag => 1, length => 1,
                                                     gzip => 1],
    ['/fetch-auth?n=x', 200, 'fetched x',            etag => 1, length => 1],
    ['/fetch-try?n=x',  200, 'fetched x',            etag => 1, length => 1,
                                                     post => 200],
    ['/fetch-error',    200, 'fetched ',             etag => 1, length => 1,
                                                     post => 200],
    ['/fetch-ssi',      200, 'fetched ahead b b',    etag => 0, length => 0,
                                                     post => 200],
    ['/fetch-sub?n=x',  200, 'changed x',            etag => 0, length => 0],
    ['/fetch-addition', 200, 'fetched static texthead  ',
                                                     etag => 1, length => 0,
                                                     ranges => 0, match => 412],
    ['/fetch-fails',    502, 'error 502',            etag => 0, length => 1],

    # pages that are sent while they are rendered

    ['/stream?n=x',     200, 'head x x',             stream => 1],
    ['/stream-fetch?n=x', 200, 'fetched x',          stream => 1],
    ['/stream-big?n=x', 200, "x$big",                stream => 1],
    ['/stream-gzip?n=x', 200, "x$big",               stream => 1,
                                                     gzip => 1],
    ['/stream-charset?n=x', 200, "\xdf x",           stream => 1, ranges => 0,
                                                     length => 0],
    ['/stream-sub?n=x', 200, 'changed x x',          etag => 0, length => 0],
    ['/stream-try?n=x', 200, 'head x x',             stream => 1,
                                                     post => 200],
    ['/stream-limited?n=x', 200, "x$big",            stream => 1],
);

my %protocols = ('1.0' => '--http1.0', '1.1' => '--http1.1',
                 '2' => '--http2-prior-knowledge');


# one request with curl: status, headers in lower case, the body as it came

sub ask {
    my ($version, $path, @options) = @_;
    my $port = $version eq '2' ? $h2 : $t->{port};
    my $text = $t->run('curl', '-s', '--raw', '-i', '--max-time', 20,
                       $protocols{$version}, @options,
                       "http://127.0.0.1:$port$path");

    # --raw leaves chunks as they are, so that their end is seen
    my $answer = TplServer::parse($text);
    ($answer->{status}) = $text =~ m{^HTTP/\S+ (\d+)};
    $answer->{complete} = $text =~ /\r\n0\r\n\r\n\z/
        if ($answer->{headers}{'transfer-encoding'} // '') eq 'chunked';

    return $answer;
}


# whether the lengths of the header and of the body agree

sub framed {
    my ($answer, $version) = @_;
    my $length = $answer->{headers}{'content-length'};

    return length($answer->{body} // '') == $length if defined $length;
    return $answer->{complete} if $version eq '1.1';
    return 1;
}


for my $version ('1.0', '1.1', '2') {
    for (@table) {
        my ($path, $status, $body, %is) = @$_;

        if ($is{stream}) {
            $is{etag} = $version eq '1.0' ? 1 : 0;
            $is{length} //= $is{etag};
        }

        my $name = "HTTP/$version $path";
        my @wrong;

        # notes what is not as it should be
        my $must = sub {
            my ($what, $got, $want) = @_;
            my $ok = ref $want ? $got =~ $want
                               : ($got // 'none') eq ($want // 'none');

            push @wrong, sprintf '%s: %.80s, not %.80s', $what, $got // 'none',
                                 $want // 'none' unless $ok;
        };

        # GET

        my $get = ask($version, $path);
        my $h = $get->{headers};
        my $etag = $h->{etag};
        my $size = length $get->{body};

        $must->('status', $get->{status}, $status);
        $must->('body', $get->{body}, $body);
        $must->('framing', !!framed($get, $version), 1);
        $must->('has a length', defined $h->{'content-length'} ? 1 : 0,
                $is{length});
        $must->('has an ETag', defined $etag ? 1 : 0, $is{etag});
        $must->('chunked', $h->{'transfer-encoding'}, 'chunked')
            if $version eq '1.1' && !$is{length};
        $must->('not chunked', $h->{'transfer-encoding'}, undef)
            if $version ne '1.1' || $is{length};

        # HEAD: the same header, and nothing after it

        my $head = ask($version, $path, '-I');

        $must->('HEAD status', $head->{status}, $status);
        $must->('HEAD body', $head->{body} // '', '');
        # a page that GET streams is rendered first for HEAD: it has no body to
        # wait for, and so a length and an ETag

        $must->("HEAD $_", $head->{headers}{$_}, $h->{$_})
            for qw(content-type vary);
        $must->("HEAD $_", $head->{headers}{$_}, $h->{$_})
            for $is{stream} ? () : qw(content-length etag accept-ranges);
        $must->('HEAD length', $head->{headers}{'content-length'} // $size,
                $size) if $is{stream};

        # POST: a page is not for it, but where nginx has redirected the
        # request inside

        # over HTTP/2 without a body: nginx resets a stream whose body it has
        # not read, and some versions of curl then drop the answer

        my $post = ask($version, $path, '-d', $version eq '2' ? '' : 'a=b');

        $must->('POST', $post->{status}, $is{post} // 405);
        $must->('POST Allow', $post->{headers}{allow}, 'GET, HEAD')
            if !$is{post};
        $must->('POST framing', !!framed($post, $version), 1);

        # conditions

        if ($etag) {
            my $not = ask($version, $path, '-H', "If-None-Match: $etag");

            $must->('If-None-Match', $not->{status}, 304);
            $must->('304 body', $not->{body} // '', '');
            $must->('304 ETag', $not->{headers}{etag} =~ s{^W/}{}r,
                    $etag =~ s{^W/}{}r);
            $must->('If-None-Match of another',
                    ask($version, $path, '-H', 'If-None-Match: "x"')->{status},
                    200);
            $must->('If-Match', ask($version, $path, '-H',
                                    "If-Match: $etag")->{status},
                    $is{match} // 200);
            $must->('If-Match of another',
                    ask($version, $path, '-H', 'If-Match: "x"')->{status}, 412);

        } else {
            $must->('If-None-Match', ask($version, $path, '-H',
                                  'If-None-Match: "x"')->{status}, $status);
        }

        # a page has no date

        my $since = ask($version, $path, '-H',
                        'If-Modified-Since: Mon, 23 Nov 2099 00:00:00 GMT');

        $must->('If-Modified-Since', $since->{status}, $status);
        $must->('If-Modified-Since body', $since->{body}, $body);
        $must->('Last-Modified', $h->{'last-modified'}, undef);

        # ranges go with the ETag

        my $range = ask($version, $path, '-H', 'Range: bytes=1-3');

        if ($is{etag} && ($is{ranges} // 1) && length $body) {
            $must->('range', $range->{status}, 206);
            $must->('range body', $range->{body}, substr $body, 1, 3);
            $must->('Content-Range', $range->{headers}{'content-range'},
                    'bytes 1-3/' . length $body);
            $must->('Accept-Ranges', $h->{'accept-ranges'}, 'bytes');
            $must->('a range after the end',
                    ask($version, $path, '-H', 'Range: bytes=9999999-')
                        ->{status}, 416);

        } elsif (length $body) {
            $must->('no range', $range->{status}, $status);
            $must->('no range body', $range->{body}, $body);
            $must->('no Accept-Ranges', $h->{'accept-ranges'}, undef);
        }

        # gzip

        my $gzip = ask($version, $path, '-H', 'Accept-Encoding: gzip');

        $must->('encoding', $gzip->{headers}{'content-encoding'},
                $is{gzip} ? 'gzip' : undef);

        if ($is{gzip}) {
            my $plain;

            gunzip(\$gzip->{body} => \$plain);
            $must->('gzip body', $plain, $body);
            $must->('gzip Vary', $gzip->{headers}{vary}, 'Accept-Encoding');
            $must->('gzip: a weak ETag', $gzip->{headers}{etag},
                    $etag && "W/$etag");
            $must->('gzip framing', !!framed($gzip, $version), 1);

        } else {
            $must->('the page to who takes gzip', $gzip->{body}, $body);
        }

        is(join("\n", @wrong), '', $name);
    }
}

$t->finish;

done_testing();
