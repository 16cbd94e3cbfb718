# The request in templates: what the comparison with Flask and Tornado
# (t/requests.t) cannot show.

use lib 't/lib';
use Test::Nginx::Socket;
use TplTest;

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();

plan 'no_plan';

run_tests();

__DATA__

=== TEST 1: the request is the client's, not what the configuration makes of it
--- config
    location / {
        rewrite ^ /page?x=rewritten;
    }

    location /page {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.path }} {{ request.args.x }} {{ nginx.uri }} {{ nginx.arg_x }}
--- request
GET /a%20b?x=1
--- response_body chomp
/a b 1 /page rewritten



=== TEST 2: an error page knows which page was not found
--- config
    error_page 404 /404;

    location / {
        return 404;
    }

    location /404 {
        internal;
        tpl_render 404.html;
    }

--- user_files
>>> 404.html
{{ request.path }} is not here{{ request.args.x }}
--- request
GET /lost?x=!
--- error_code: 404
--- response_body chomp
/lost is not here!



=== TEST 3: text of the client is escaped
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.args.x }} {{ request.args }}
--- request
GET /?x=<b>
--- response_body chomp
&lt;b&gt; ImmutableMultiDict([(&#39;x&#39;, &#39;&lt;b&gt;&#39;)])



=== TEST 4: more than 1000 arguments are a bad request
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.args|length }}
--- request eval
["GET /?" . CORE::join('&', map { "a$_" } 1 .. 1000),
 "GET /?" . CORE::join('&', map { "a$_" } 1 .. 1001)]
--- error_code eval
[200, 400]
--- response_body_like eval
['^1000$', '400 Bad Request']


=== TEST 5: cookies and elements of an Accept header are limited, too
--- config
    location / {
        tpl_render $arg_page;
        tpl_preload *.html;
    }

--- user_files
>>> cookie.html
{{ request.cookies|length }}
>>> accept.html
{{ request.accept_mimetypes|length }}
--- request eval
["GET /?page=cookie.html", "GET /?page=accept.html"]
--- more_headers eval
["Cookie: " . 'a;' x 1001, "Accept: " . 'a/b,' x 1001]
--- error_code eval
[400, 400]



=== TEST 6: headers that the page reads are in Vary
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.headers.get('X-One') }} {{ request.user_agent }} {{ request.host }} {{ request.args.x }}
--- response_headers
Vary: x-one, User-Agent



=== TEST 7: all of the headers
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{% for name, value in request.headers %}{% endfor %}ok
--- response_headers
Vary: *
--- response_body chomp
ok



=== TEST 8: the address and the arguments are no matter of Vary
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.url }} {{ request.method }} {{ request.args.x }}
--- response_headers
! Vary



=== TEST 9: several cookie headers are one list
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.cookies.a }}{{ request.cookies.b }} {{ request.headers.cookie }}
--- more_headers
Cookie: a=1
Cookie: b=2
--- response_body chomp
12 a=1; b=2



=== TEST 10: config and g are there without a directive
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ config }}{{ config.TITLE }} {{ g.x }}{{ g.setdefault('x', 1) }}{{ 'x' in g }} {% include 'part.html' %}
>>> part.html
{{ g.x }}
--- response_body chomp
{} 1True 1



=== TEST 11: data of these names come first
--- config
    tpl_json config '{"TITLE": "A site"}';
    tpl_json request '{"path": "mine"}';

    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ config.TITLE }} {{ request.path }}
--- response_body chomp
A site mine



=== TEST 12: an argument past 64 bits is no number
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.args.get('page', 1, type=int) }}
--- request
GET /?page=99999999999999999999
--- response_body chomp
1



=== TEST 13: JSON of a request
--- config
    location / {
        tpl_form on;
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.json.name }} {{ request.get_json().list[1] }} {{ request.data }}
--- request
POST /
{"name": "x", "list": [1, 2]}
--- more_headers
Content-Type: application/json
--- response_body chomp
x 2 b&#39;{&#34;name&#34;: &#34;x&#34;, &#34;list&#34;: [1, 2]}&#39;



=== TEST 14: what is no JSON is a bad request
--- config
    location / {
        tpl_form on;
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.json.name }}
--- request
POST /
{"name":
--- more_headers
Content-Type: application/json
--- error_code: 400
--- error_log
the body of the request is no JSON



=== TEST 15: another type of body, too
--- config
    location / {
        tpl_form on;
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.json }}
--- error_code: 400
--- error_log
the Content-Type of the request is not application/json



=== TEST 16: a body that nobody reads is an error, not an empty one
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.data }}
--- raw_request eval
"GET / HTTP/1.0\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"
--- error_code: 500
--- error_log
the body of the request is not read here: tpl_form is off



=== TEST 17: what is no host is a bad request
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.url }}
--- raw_request eval
"GET / HTTP/1.0\r\nHost: a]b\r\n\r\n"
--- error_code: 400
--- error_log eval
# nginx 1.30 refuses it itself
qr/the header Host is no host|client sent invalid host header/



=== TEST 18: an argument that is missing, in Tornado
--- config
    location / {
        tpl_syntax tornado;
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ handler.get_argument('x') }}
--- request eval
["GET /?x=1", "GET /"]
--- error_code eval
[200, 400]
--- response_body_like eval
['^1$', '400 Bad Request']


=== TEST 19: bytes of an argument that are no UTF-8, in Tornado
--- config
    location / {
        tpl_syntax tornado;
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ handler.get_argument('x') }}
--- request
GET /?x=%ff
--- error_code: 400
--- error_log
Invalid unicode in x



=== TEST 20: current_user
--- config
    tpl_syntax tornado;
    tpl_current_user $arg_user;

    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{% if current_user is None %}nobody{% elif isinstance(current_user, str) %}{{ current_user }}{% else %}{{ current_user['name'] }} {{ handler.current_user['id'] }}{% end %}
--- request eval
["GET /", "GET /?user=", "GET /?user=me", 'GET /?user={"name":"you","id":3}']
--- response_body eval
["nobody\n", "nobody\n", "me\n", "you 3\n"]



=== TEST 21: current_user of a header is in Vary
--- config
    tpl_syntax tornado;
    tpl_current_user $http_x_user;

    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ current_user }}
--- more_headers
X-User: me
--- response_headers
Vary: X-User
--- response_body
me



=== TEST 22: settings
--- config
    tpl_syntax tornado;
    tpl_json settings '{"site_name": "A site"}';

    location / {
        tpl_render page.html status=203;
    }

--- user_files
>>> page.html
{{ handler.settings['site_name'] }} {{ handler.get_status() }}
--- error_code: 203
--- response_body
A site 203



=== TEST 23: translations of Tornado's CSV files
--- config
    tpl_syntax tornado;
    tpl_locale_path html/locale;
    tpl_locale $arg_l default=en_US;

    location / {
        tpl_render page.html;
    }

--- user_files eval
[["page.html" => "{{ locale.code }} {{ locale.name }}: {{ _('Sign in') }}, "
    . "{{ _('%(n)d dog', '%(n)d dogs', 1) % {'n': 1} }}, "
    . "{{ _('%(n)d dog', '%(n)d dogs', 3) % {'n': 3} }}, {{ _('other') }}, "
    . "{{ locale.list(['a', 'b', 'c']) }}, {{ locale.friendly_number(1234) }}, "
    . "{{ locale.format_date(datetime.datetime(2001, 2, 3, 16, 5), relative=False) }}"],
 ["locale/de_DE.csv" => "\xef\xbb\xbf\"Sign in\",\"Anmelden\"\n"
    . "\"%(n)d dog\",\"%(n)d Hund\",\"singular\"\r\n"
    . "\"%(n)d dogs\",\"%(n)d Hunde\",\"plural\"\n"
    . "\"other\"\n\nother, \"a, \"\"b\"\"\" ,unheard\n"
    . "\"February\",Februar\n"
    . "\"%(commas)s and %(last)s\",%(commas)s und %(last)s,unknown"],
 ["locale/notes.txt" => "no catalogue"]]
--- request eval
["GET /?l=de", "GET /?l=fr"]
--- response_body eval
["de_DE Deutsch: Anmelden, 1 Hund, 3 Hunde, other, a, b und c, 1234, "
 . "Februar 3, 2001 at 16:05",
 "en_US English (US): Sign in, 1 dog, 3 dogs, other, a, b and c, 1,234, "
 . "February 3, 2001 at 4:05 pm"]



=== TEST 24: the host of an absolute request line comes before the header
As Werkzeug's server reads it.
--- config
    location / {
        tpl_render page.html;
    }

--- user_files
>>> page.html
{{ request.host }} {{ request.url }} {{ request.full_path }}
--- raw_request eval
["GET http://B.test:81/a?x=1 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"]
--- response_body chomp
B.test:81 http://B.test:81/a?x=1 /a?x=1



=== TEST 25: the same without a path, through a long header and a subrequest
--- config
    location / {
        tpl_render page.html;
        tpl_fetch part /part as=text;
    }

    location /part {
        tpl_render part.html;
    }

--- user_files
>>> page.html
{{ request.host }} {{ request.url }} {{ part }}
>>> part.html
{{ request.host }}
--- raw_request eval
["GET http://b.test?x=1 HTTP/1.1\r\nHost: a.test\r\nX-Long: "
 . 'x' x 5000 . "\r\nConnection: close\r\n\r\n"]
--- response_body chomp
b.test http://b.test/?x=1 b.test



=== TEST 26: who names no host gets the server's; a UNIX socket has no port
--- http_config
    tpl_route home /;

    server {
        listen unix:$TEST_NGINX_HTML_DIR/name.sock;
        server_name site.test;
        location / { tpl_render page.html; }
    }

    server {
        listen unix:$TEST_NGINX_HTML_DIR/none.sock;
        server_name "";
        location / { tpl_render page.html; }
    }

--- config
    location / {
        tpl_fetch name /name as=text;
        tpl_fetch nameless /none as=text;
        tpl_render all.html;
    }

    location /name {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/name.sock;
        proxy_http_version 1.0;
        proxy_set_header Host "";
    }

    location /none {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/none.sock;
        proxy_http_version 1.0;
        proxy_set_header Host "";
    }

--- user_files
>>> page.html
{{ request.host }} {{ request.url }} {{ url_for('home', _external=true) }}
>>> all.html
{{ request.host }} {{ request.url }}
{{ name }}
{{ nameless }}
--- raw_request eval
["GET /own HTTP/1.0\r\n\r\n"]
--- response_body eval
my $port = $Test::Nginx::Util::ServerPortForClient;
"localhost:$port http://localhost:$port/own\n"
. "site.test http://site.test/name http://site.test/\n"
. "localhost http://localhost/none http://localhost/"
