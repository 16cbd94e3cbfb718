# Templates and error_page, both ways.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: a template is the error page
The answer keeps the error's status, the template sees it.
--- config
    error_page 404 405 503 /error;
    location = /error { internal; tpl_render error.html; }
    location = /busy { return 503; }
    location = /page { tpl_render page.html; }
--- user_files
>>> page.html
page
>>> error.html
{{ nginx.status }}: {{ nginx.request_uri }} {{ nginx.request_method }}
--- request eval
["GET /nothing", "GET /busy?x", "POST /page\nbody", "HEAD /busy", "GET /error"]
--- error_code eval
[404, 503, 405, 503, 404]
--- response_body eval
["404: /nothing GET", "503: /busy?x GET", "405: /page GET", "", "404: /error GET"]
--- response_headers eval
["Content-Length: 17", "Content-Length: 16", "Content-Length: 14", "Content-Length: 15", "Content-Length: 15"]



=== TEST 2: error_page gives the answer another status
--- config
    error_page 404 =200 /error;
    error_page 403 = /error;
    error_page 410 =503 /error;
    location = /error { internal; tpl_render error.html; }
    location = /403 { return 403; }
    location = /410 { return 410; }
--- user_files
>>> error.html
{{ nginx.status }}
--- request eval
["GET /404", "GET /403", "GET /410"]
--- error_code eval
[200, 200, 503]
--- response_body eval
["200", "200", "503"]



=== TEST 3: status= of tpl_render wins over the error
The template still sees what happened.
--- config
    error_page 404 /error;
    location = /error { internal; tpl_render error.html status=410; }
--- user_files
>>> error.html
was {{ nginx.status }}
--- request
GET /nothing
--- error_code: 410
--- response_body: was 404



=== TEST 4: a named location keeps the method
--- config
    location = /up { return 502; error_page 502 @error; }
    location @error { tpl_render error.html; }
--- user_files
>>> error.html
{{ nginx.request_method }} {{ nginx.status }}
--- request eval
["GET /up", "POST /up\nx=1", "DELETE /up"]
--- error_code eval
[502, 502, 502]
--- response_body eval
["GET 502", "POST 502", "DELETE 502"]



=== TEST 5: a template that fails has an error page, too
--- config
    error_page 500 /sorry;
    location = / { tpl_render bad.html; }
    location = /sorry { internal; tpl_render sorry.html; }
--- user_files
>>> bad.html
{{ nginx.host.nope.nope }}
>>> sorry.html
sorry ({{ nginx.status }})
--- error_code: 500
--- response_body: sorry (500)
--- error_log
template "bad.html" failed



=== TEST 6: an error page that fails as well ends in nginx's own page
--- config
    error_page 500 /sorry;
    location = / { tpl_render bad.html; }
    location = /sorry { internal; tpl_render bad.html; }
--- user_files
>>> bad.html
{{ nginx.host.nope.nope }}
--- error_code: 500
--- response_body_like: 500 Internal Server Error



=== TEST 7: also with recursive_error_pages: no endless loop
--- config
    recursive_error_pages on;
    error_page 500 /sorry;
    location = / { tpl_render bad.html; }
    location = /sorry { internal; tpl_render bad.html; }
--- user_files
>>> bad.html
{{ nginx.host.nope.nope }}
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
rewrite or internal redirection cycle



=== TEST 8: a name without a template goes to the 404 page
--- config
    error_page 404 /error;
    location /pages/ { tpl_preload pages/*; tpl_render $uri; }
    location = /error { internal; tpl_render error.html; }
--- user_files
>>> pages/a
a
>>> error.html
{{ nginx.status }} {{ nginx.tpl_name }}
--- request eval
["GET /pages/a", "GET /pages/b"]
--- error_code eval
[200, 404]
--- response_body eval
["a", "404 error.html"]



=== TEST 9: the error page of an upstream, with its status
--- config
    location = /up {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/backend;
        proxy_intercept_errors on;
        error_page 418 = /error;
        error_page 503 /error;
    }
    location = /backend { add_header Last-Modified "Mon, 28 Sep 1970 06:00:00 GMT" always; return 503 "from the backend"; }
    location = /error { internal; tpl_render error.html; }
--- user_files
>>> error.html
{{ nginx.status }} {{ nginx.upstream_status }}
--- request
GET /up
--- error_code: 503
--- response_headers
! Last-Modified
Content-Type: text/html; charset=utf-8
--- response_body: 503 503



=== TEST 10: the page of an error that a static file had begun with
Headers of the file do not stay.
--- config
    error_page 416 /error;
    location = /file.txt { root html; }
    location = /error { internal; tpl_render error.html; }
--- user_files
>>> file.txt
some text
>>> error.html
{{ nginx.status }}
--- request
GET /file.txt
--- more_headers
Range: bytes=100-
--- error_code: 416
--- response_headers
! ETag
! Last-Modified
Content-Range: bytes */10
--- response_body: 416



=== TEST 11: the last resort of try_files
--- config
    location / {
        root html;
        try_files $uri =404;
        error_page 404 @page;
    }
    location @page { tpl_render error.html; }
--- user_files
>>> there.txt
there
>>> error.html
{{ nginx.status }} {{ nginx.uri }}
--- request eval
["GET /there.txt", "GET /gone.txt"]
--- error_code eval
[200, 404]
--- response_body eval
["there\n", "404 /gone.txt"]



=== TEST 12: an error page for a body that is too large
--- config
    error_page 413 /error;
    location = / { client_max_body_size 10; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/error; }
    location = /error { tpl_render error.html; }
--- user_files
>>> error.html
{{ nginx.status }}
--- request eval
"POST /\n" . ("x" x 1000)
--- error_code: 413
--- response_body: 413
