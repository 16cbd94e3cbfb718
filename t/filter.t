# tpl_filter: JSON from anywhere becomes a page.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep);
use TplServer;


# A backend that sends what it is told: a whole answer by its path, then it
# closes the connection.

my %answers = (
    '/whole' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: 12\r\nETag: \"x\"\r\nLast-Modified: Mon, 23 Nov 2026"
        . " 06:00:00 GMT\r\nAccept-Ranges: bytes\r\n\r\n" . '{"n": "<1>"}',
    '/chunked' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n"
        . "5\r\n{\"n\":\r\n3\r\n 2}\r\n0\r\n\r\n",
    '/to-the-end' => "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
        . '{"n": 3}',
    '/truncated' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: 100\r\n\r\n" . '{"n": 4}',
    '/chunk-cut' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n" . "8\r\n{\"n\": 5}\r\n",
    '/not-found' => "HTTP/1.1 404 Not Found\r\nContent-Type: application/json"
        . "\r\nContent-Length: 8\r\n\r\n" . '{"n": 6}',
    '/invalid' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: 7\r\n\r\n" . '{"n": 7',
    '/empty' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Length: 0\r\n\r\n",
    '/encoded' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "Content-Encoding: br\r\nContent-Length: 4\r\n\r\nbrbr",
    '/partial' => "HTTP/1.1 206 Partial Content\r\nContent-Type: "
        . "application/json\r\nContent-Range: bytes 0-3/8\r\nContent-Length: 4"
        . "\r\n\r\n{\"n\"",
    '/named' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "X-Template: other.txt\r\nContent-Length: 8\r\n\r\n" . '{"n": 8}',
    '/named-badly' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . "X-Template: ../other.txt\r\nContent-Length: 8\r\n\r\n" . '{"n": 9}',
    '/many' => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        . '{"n": "' . 'x' x 3000 . '"}',
);

my $listen = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1')
    or die $!;
my $backend = fork // die $!;

if ($backend == 0) {
    $SIG{PIPE} = 'IGNORE';

    while (my $c = $listen->accept) {
        my $request = '';
        while ($request !~ /\r\n\r\n/ && $c->sysread($request, 4096,
                                                     length $request)) { }
        my ($method, $path) = $request =~ m{^(\S+) (\S+)};
        my $answer = $answers{$path} // "HTTP/1.1 500 X\r\n\r\n";
        $answer =~ s/(?<=\r\n\r\n).*//s if $method eq 'HEAD';

        # in two pieces, so that the filter sees more than one buffer
        my $half = int(length($answer) * 0.9);
        $c->syswrite(substr $answer, 0, $half);
        sleep 0.005;
        $c->syswrite(substr $answer, $half);
        close $c;
    }

    exit;
}

my $port = $listen->sockport;
my $slow = '{% for i in range(400) %}{% for j in range(1000) %}'
    . '{% if i * j == -1 %}x{% endif %}{% endfor %}{% endfor %}';

my $t = TplServer->new(
    files => {
        'templates/page.html' =>
            '<p>{{ data.n }}</p>{{ nginx.status }} {{ where }}',
        'templates/other.txt' => 'other {{ data.n }}',
        'templates/list.html' =>
            '{% for f in data %}{{ f.name }}:{{ f.type }} {% endfor %}',
        'templates/slow.html' => $slow . '{{ data.n }}',
        'templates/broken.html' => '{{ data.n / 0 }}',
        'templates/block.html' => 'a{% block b %}[{{ data.n }}]{% endblock %}',
        'templates/tornado.html' => '{{ data["n"] }}',
        'templates/empty.html' => '{% if data %}{% endif %}',
        'templates/there.html' => "{{ set_cookie('n', data.n) }}"
            . "{{ redirect('/there', 303) }}",
        'templates/said.html' => "{{ header('X-Said', data.n) }}"
            . "{{ request.headers['X-A'] }}",
        'templates/error.html' => 'error {{ nginx.status }}',
        'html/file.json' => '{"n": "file"}',
        'html/big.json' => '{"n": "' . 'x' x 2000 . '"}',
        'html/plain.txt' => '{"n": "text"}',
        'html/dir/a.txt' => 'a',
        'html/dir/b/c.txt' => 'c',
    },
    http => 'proxy_cache_path cache keys_zone=cache:1m;',
    server => <<"EOC");
        root html;
        tpl_filter page.html;
        tpl_param where server;
        types { application/json json; text/plain txt; }
        location / { }
        location /api/ {
            proxy_pass http://127.0.0.1:$port/;
            proxy_http_version 1.1;
            tpl_header X-Template;
            tpl_preload page.html other.txt;
            tpl_param where api;
        }
        location /unbuffered/ {
            proxy_pass http://127.0.0.1:$port/;
            proxy_buffering off;
        }
        location /branded/ {
            proxy_pass http://127.0.0.1:$port/;
            error_page 502 500 /error;
        }
        location = /error { tpl_render error.html; }
        location /said/ { alias html/; tpl_filter said.html; }
        location /cached/ { proxy_pass http://127.0.0.1:$port/;
                            proxy_cache cache; proxy_cache_valid 1m; }
        location /block-by/ { alias html/; tpl_filter block.html block=\$http_hx; }
        location /api-block/ { proxy_pass http://127.0.0.1:$port/;
                               tpl_filter block.html block=\$http_hx; }
        location /api-plain/ { proxy_pass http://127.0.0.1:$port/;
                               tpl_filter other.txt; }
        location = /guarded { auth_request /guard; default_type text/plain;
                              return 200 guarded; }
        location = /guard { default_type application/json; return 200 '{'; }
        location = /rendered-too { tpl_filter off; tpl_render error.html; }
        location /off/ { alias html/; tpl_filter off; }
        location /small/ { alias html/; tpl_filter page.html size=1k; }
        location /small-api/ {
            proxy_pass http://127.0.0.1:$port/;
            tpl_filter page.html size=1k;
        }
        location /slow/ { alias html/; tpl_filter slow.html; }
        location /there/ { alias html/; tpl_filter there.html; }
        location /there-branded/ { alias html/; tpl_filter there.html;
                                   error_page 303 /error; }
        location /broken/ { alias html/; tpl_filter broken.html; }
        location /block/ { alias html/; tpl_filter block.html block=b
                                        type=application/xml; }
        location /tornado/ { alias html/; tpl_syntax tornado;
                             tpl_filter tornado.html; }
        location /text/ { alias html/; tpl_types text/plain; }
        location /dir/ { autoindex on; autoindex_format json;
                         tpl_filter list.html; }
        location /picked/ { alias html/; tpl_preload *.html;
                            tpl_filter \$arg_page.html; }
        location = /return { default_type application/json;
                             return 200 '{"n": "returned"}'; }
        location = /rendered { tpl_render error.html type=application/json; }
        location /empty/ { alias html/; tpl_filter empty.html; }
        location = /ssi { ssi on; default_type text/html;
            return 200 '<!--#include virtual="/file.json" --> and <!--#include virtual="/slow/file.json" -->.<!--#include virtual="/empty/file.json" -->'; }
        location = /named-location { try_files /nothing \@api; }
        location \@api { rewrite ^ /whole break;
                         proxy_pass http://127.0.0.1:$port; }
EOC
$t->start;


# where JSON comes from

my $page = $t->get('/file.json');

is($page->{body}, '<p>file</p>200 server', 'a file');
is($page->{headers}{'content-type'}, 'text/html; charset=utf-8', 'its type');
is($page->{headers}{'content-length'}, length $page->{body}, 'its length');
is($page->{headers}{'last-modified'}, undef, 'no date of the file');
is($t->get('/file.json', 'If-None-Match' => $page->{headers}{etag})->{status},
   304, 'its own ETag');
is($t->get('/file.json', Range => 'bytes=3-6')->{status}, 200,
   'no ranges, neither of the JSON nor of the page');

is($t->get('/api/whole')->{body}, '<p>&lt;1&gt;</p>200 api', 'a backend');
is($t->get('/api/chunked')->{body}, '<p>2</p>200 api', 'in chunks');
is($t->get('/api/to-the-end')->{body}, '<p>3</p>200 api', 'without a length');
is($t->get('/unbuffered/whole')->{body}, '<p>&lt;1&gt;</p>200 server',
   'unbuffered');
is($t->get('/return')->{body}, '<p>returned</p>200 server', 'return');
is($t->get('/named-location')->{body}, '<p>&lt;1&gt;</p>200 server',
   'a named location');
is($t->get('/dir/')->{body}, 'b:directory a.txt:file ', 'autoindex');
is($t->get('/rendered')->{body}, 'error 200', 'not what tpl_render made');
is($t->get('/plain.txt')->{body}, '{"n": "text"}', 'not another type');
is($t->get('/text/plain.txt')->{body}, '<p>text</p>200 server', 'tpl_types');
is($t->get('/text/file.json')->{body}, '<p>file</p>200 server',
   'beside application/json');
is($t->get('/off/file.json')->{body}, '{"n": "file"}', 'off');


# the answer

$page = $t->get('/api/not-found');
is($page->{status}, 404, 'the status passes through');
is($page->{body}, '<p>6</p>404 api', 'and the template sees it');
is($page->{headers}{etag}, undef, 'an error has no ETag');

$page = $t->get('/api/whole');
isnt($page->{headers}{etag}, '"x"', "not the document's ETag");
is($page->{headers}{$_}, undef, "no $_") for qw(last-modified);


# HEAD: as GET if there is a document to render, and else what can be known

sub head {
    my ($page) = @_;

    return join "\n", grep { !/^(?:Date|Connection):/ }
                      split /\r\n/, $page->{head};
}

for ('/file.json', '/return', '/dir/', '/said/file.json', '/slow/file.json',
     '/cached/whole', '/there/file.json', '/broken/file.json',
     '/empty/file.json', '/block-by/file.json')
{
    my $get = $t->get($_, HX => 'b');
    my $head = $t->get($_, METHOD => 'HEAD', HX => 'b');

    is(head($head), head($get), "$_: HEAD has the header of GET");
    is($head->{body}, '', '  and no body');
}

like(head($t->get('/said/file.json', METHOD => 'HEAD')),
     qr{^X-Said: file\n.*^Vary: x-a\b}ms, '  with what the page says');

$page = $t->get('/api/whole', METHOD => 'HEAD');
is($page->{status}, 200, 'HEAD of a backend');
is($page->{headers}{'content-type'}, 'text/html; charset=utf-8',
   "  the page's type");
is($page->{headers}{$_}, undef, "  no $_ of the JSON")
    for qw(content-length etag last-modified accept-ranges);
is($t->get('/api-block/whole', METHOD => 'HEAD')->{headers}{vary}, 'Hx',
   '  Vary by the name of the block');
is($t->get('/api-block/whole', METHOD => 'HEAD', HX => 'nothing')->{status},
   404, '  a block that is not there');
is($t->get('/api/not-found', METHOD => 'HEAD')->{status}, 404,
   '  the status passes through');
is($t->get('/api/whole', METHOD => 'HEAD', 'If-Match' => '"x"')->{status}, 200,
   '  conditions about the page cannot be judged');


is($t->get('/guarded')->{body}, 'guarded',
   "auth_request: its answer's body is nobody's");


# conditions are about the page, whatever the document's own validators are

for my $uri ('/file.json', '/return', '/api-plain/whole', '/rendered-too') {
    my $own = $t->get($uri)->{headers}{etag};
    my $then = 'Mon, 23 Nov 2026 07:00:00 GMT';

    like($own, qr/^"[0-9a-f]{16}"$/, "$uri: the page has an ETag");

    for (['If-Match' => $own, 200], ['If-Match' => '"other"', 412],
         ['If-Match' => '"x"', 412], ['If-Match' => '*', 200],
         ['If-None-Match' => $own, 304], ['If-None-Match' => '"x"', 200],
         ['If-None-Match' => "\"a\", W/$own", 304],
         ['If-Modified-Since' => $then, 200],
         ['If-Unmodified-Since' => 'Mon, 23 Nov 2020 07:00:00 GMT', 200])
    {
        my ($name, $value, $status) = @$_;
        my $page = $t->get($uri, $name => $value);

        is($page->{status}, $status, "  $name: $value");
        is($page->{headers}{etag}, $own, '  the same ETag') if $status == 304;
    }
}

my $date = $t->get('/off/file.json')->{headers}{'last-modified'};
my $etag = $t->get('/off/file.json')->{headers}{etag};

is($t->get('/file.json', 'If-None-Match' => $etag)->{status}, 200,
   "the file's ETag is not the page's");
is($t->get('/file.json', 'If-Modified-Since' => $date)->{status}, 200,
   'nor is its date');
is($t->get('/off/file.json', 'If-None-Match' => $etag)->{status}, 304,
   'but without tpl_filter');
is($t->get('/plain.txt', 'If-None-Match'
           => $t->get('/plain.txt')->{headers}{etag})->{status}, 304,
   'or of another type');

is($t->get('/api/encoded')->{body}, 'brbr', 'encoded: as it is');
like($t->log, qr/tpl_filter: the response has the encoding "br" and is left as it is/,
     'encoded: the log says so');
is($t->get('/api/partial')->{body}, '{"n"', 'a part: as it is');

is($t->get('/api/named')->{body}, 'other 8', 'the backend names the template');
is($t->get('/api/named')->{headers}{'x-template'}, undef, 'nobody else sees that');
like($t->get('/api/named')->{headers}{'content-type'}, qr{^text/plain},
     'the type is that of the template');
is($t->get('/picked/file.json?page=page')->{body}, '<p>file</p>200 server',
   'a name with variables');
$page = $t->get('/block/file.json');
is($page->{body}, '[file]', 'block=');
is($page->{headers}{'content-type'}, 'application/xml; charset=utf-8', 'type=');
is($t->get('/tornado/file.json')->{body}, 'file', 'Tornado');
is($t->get('/slow/file.json')->{body}, 'file', 'a long render');
is($t->get('/empty/file.json')->{body}, '', 'an empty page');
is($t->get('/ssi')->{body},
   '<p>file</p>200 server and file.', 'subrequests');


# redirect()

$page = $t->get('/there/file.json');
is($page->{status}, 303, 'redirect()');
is($page->{headers}{location}, '/there', 'its place');
like($page->{headers}{'set-cookie'}, qr/^n=file/, 'its cookie');
unlike($page->{body}, qr/"file"/, 'nothing of the JSON');
is($t->get('/there-branded/file.json')->{body}, 'error 303',
   "an error_page in its place");


# what goes wrong

for (['/api/truncated', 502, qr/tpl_filter: the response ended after 8 bytes/],
     ['/unbuffered/truncated', 502, qr/the response ended after/],
     ['/api/chunk-cut', 502, qr/the response ended after 8 bytes/],
     ['/api/invalid', 502, qr/tpl_filter: invalid JSON: line 1/],
     ['/api/empty', 502, qr/tpl_filter: invalid JSON/],
     ['/small/big.json', 502, 
      qr/tpl_filter: the response of 2009 bytes is larger than size=1024/],
     ['/small-api/many', 502,
      qr/tpl_filter: the response is larger than size=1024/],
     ['/broken/file.json', 500, qr/"broken.html" failed: .*broken\.html:1/],
     ['/api/named-badly', 500,
      qr/tpl_filter: there is no template "\.\.\/other\.txt"/],
     ['/picked/file.json?page=nothing', 500, qr/no template "nothing\.html"/])
{
    my ($uri, $status, $why) = @$_;
    my $before = length $t->log;

    is($t->get($uri)->{status}, $status, "$uri: $status");
    like(substr($t->log, $before), $why, "$uri: the log says why");
}

for ('truncated', 'invalid') {
    is($t->get("/branded/$_")->{body}, 'error 502', "$_: error_page");
}

is($t->get('/file.json')->{body}, '<p>file</p>200 server', 'and on it goes');

kill 'TERM', $backend;
waitpid $backend, 0;

$t->finish;

done_testing();
