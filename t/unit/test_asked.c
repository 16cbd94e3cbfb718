
/*
 * What templates ask about the request, Jinja's as of Flask and Tornado's as of
 * a handler: each expression is printed, then printed again with every
 * allocation failing once.  t/requests.t compares the values with those of
 * Flask and Tornado.
 */

#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_builtins.h"
#include "web/tpl_form.h"
#include "web/tpl_request.h"


typedef struct {
    unsigned            n;
    unsigned            fail_at;    /* 0: none */
    unsigned            live;
} test_memory_t;


typedef struct {
    const char         *text;
    const char         *want;       /* or the message */
} test_asked_t;


static const char *const  test_fields[] = {
    "POST", "/a%20b?x=1&x=%C3%A9&n=2", "/a b", "x=1&x=%C3%A9&n=2", "http",
    "example.com:8080", "HTTP/1.1", "10.0.0.1", "example.com", "8080", "200"
};


static const char *const  test_headers[][2] = {
    { "Host", "example.com:8080" },
    { "User-Agent", "test/1" },
    { "Accept", "text/html;q=0.5, application/json, */*;q=0.1" },
    { "Accept-Language", "de-DE, en;q=0.8, fr;q=0" },
    { "Accept-Charset", "utf-8, iso-8859-1;q=0.5" },
    { "Accept-Encoding", "gzip, br;q=0.5" },
    { "Cookie", "a=1; b=\"two\"" },
    { "Referer", "/from" },
    { "X-One", "1" },
    { "X-Number", "42" },
    { "Content-Type", "multipart/form-data; boundary=b" }
};


static const char  test_body[] =
    "--b\r\nContent-Disposition: form-data; name=\"y\"\r\n\r\nvalue\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"
    "Content-Type: text/Plain; charset=utf-8\r\n\r\nfile\r\n--b--\r\n";


static unsigned      test_passed, test_failed;


static const test_asked_t  test_flask[] = {
    { "request",
      "<Request 'http://example.com:8080/a%20b?x=1&x=\303\251&n=2' [POST]"
      ">" },
    { "request.method", "POST" },
    { "request.path", "/a b" },
    { "request.full_path", "/a b?x=1&x=%C3%A9&n=2" },
    { "request.url", "http://example.com:8080/a%20b?x=1&x=\303\251&n=2" },
    { "request.root_url", "http://example.com:8080/" },
    { "request.host", "example.com:8080" },
    { "request.is_secure", "False" },
    { "request.query_string", "b'x=1&x=%C3%A9&n=2'" },
    { "request.remote_addr", "10.0.0.1" },
    { "request.args",
      "ImmutableMultiDict([('x', '1'), ('x', '\303\251'), ('n', '2')])" },
    { "request.args.x", "1" },
    { "request.args.nope", "" },
    { "request.args.get('n', 5, type=int)", "2" },
    { "request.args.get('x', 9, type=int)", "1" },
    { "request.args.getlist('x')", "['1', '\303\251']" },
    { "request.args.getlist('n', type=int)", "[2]" },
    { "request.args.to_dict()", "{'x': '1', 'n': '2'}" },
    { "request.args.to_dict(flat=false)",
      "{'x': ['1', '\303\251'], 'n': ['2']}" },
    { "request.args.items(multi=true)|list",
      "[('x', '1'), ('x', '\303\251'), ('n', '2')]" },
    { "request.args.lists()|list",
      "[('x', ['1', '\303\251']), ('n', ['2'])]" },
    { "request.args.listvalues()|list", "[['1', '\303\251'], ['2']]" },
    { "request.args|tojson", "{\"n\": \"2\", \"x\": \"1\"}" },
    { "request.form", "ImmutableMultiDict([('y', 'value')])" },
    { "request.files",
      "ImmutableMultiDict([('f', <FileStorage: 'a.txt' ('text/Plain; char"
      "set=utf-8')>)])" },
    { "request.files.f",
      "<FileStorage: 'a.txt' ('text/Plain; charset=utf-8')>" },
    { "request.files.f.name ~ request.files.f.filename ~ request.files.f."
      "content_type ~ request.files.f.mimetype",
      "fa.txttext/Plain; charset=utf-8text/plain" },
    { "request.files.f.nope", "" },
    { "'yes' if request.files.f else 'no'", "yes" },
    { "request.values",
      "CombinedMultiDict([ImmutableMultiDict([('x', '1'), ('x', '\303\251"
      "'), ('n', '2')]), ImmutableMultiDict([('y', 'value')])])" },
    { "request.values.get('x')", "1" },
    { "request.values.getlist('y')", "['value']" },
    { "request.values.items(multi=true)|list",
      "[('x', '1'), ('x', '\303\251'), ('n', '2'), ('y', 'value')]" },
    { "request.values.to_dict()", "{'x': '1', 'n': '2', 'y': 'value'}" },
    { "request.headers",
      "Host: example.com:8080\r\nUser-Agent: test/1\r\nAccept: text/html;"
      "q=0.5, application/json, */*;q=0.1\r\nAccept-Language: de-DE, en;q"
      "=0.8, fr;q=0\r\nAccept-Charset: utf-8, iso-8859-1;q=0.5\r\nAccept-"
      "Encoding: gzip, br;q=0.5\r\nCookie: a=1; b=\"two\"\r\nReferer: /fr"
      "om\r\nX-One: 1\r\nX-Number: 42\r\nContent-Type: multipart/form-dat"
      "a; boundary=b\r\n\r\n" },
    { "request.headers|list",
      "[('Host', 'example.com:8080'), ('User-Agent', 'test/1'), ('Accept'"
      ", 'text/html;q=0.5, application/json, */*;q=0.1'), ('Accept-Langua"
      "ge', 'de-DE, en;q=0.8, fr;q=0'), ('Accept-Charset', 'utf-8, iso-88"
      "59-1;q=0.5'), ('Accept-Encoding', 'gzip, br;q=0.5'), ('Cookie', 'a"
      "=1; b=\"two\"'), ('Referer', '/from'), ('X-One', '1'), ('X-Number'"
      ", '42'), ('Content-Type', 'multipart/form-data; boundary=b')]" },
    { "request.headers['user-agent']", "test/1" },
    { "request.headers['nope']", "" },
    { "request.headers.get('x-number', 7, type=int)", "42" },
    { "request.headers.get('accept', 7, type=int)", "7" },
    { "request.headers.getlist('X-One')", "['1']" },
    { "request.headers.items()|list",
      "[('Host', 'example.com:8080'), ('User-Agent', 'test/1'), ('Accept'"
      ", 'text/html;q=0.5, application/json, */*;q=0.1'), ('Accept-Langua"
      "ge', 'de-DE, en;q=0.8, fr;q=0'), ('Accept-Charset', 'utf-8, iso-88"
      "59-1;q=0.5'), ('Accept-Encoding', 'gzip, br;q=0.5'), ('Cookie', 'a"
      "=1; b=\"two\"'), ('Referer', '/from'), ('X-One', '1'), ('X-Number'"
      ", '42'), ('Content-Type', 'multipart/form-data; boundary=b')]" },
    { "[request.headers]",
      "[EnvironHeaders([('Host', 'example.com:8080'), ('User-Agent', 'tes"
      "t/1'), ('Accept', 'text/html;q=0.5, application/json, */*;q=0.1'),"
      " ('Accept-Language', 'de-DE, en;q=0.8, fr;q=0'), ('Accept-Charset'"
      ", 'utf-8, iso-8859-1;q=0.5'), ('Accept-Encoding', 'gzip, br;q=0.5'"
      "), ('Cookie', 'a=1; b=\"two\"'), ('Referer', '/from'), ('X-One', '"
      "1'), ('X-Number', '42'), ('Content-Type', 'multipart/form-data; bo"
      "undary=b')])]" },
    { "request.cookies", "ImmutableMultiDict([('a', '1'), ('b', 'two')])" },
    { "request.cookies.a", "1" },
    { "request.user_agent", "test/1" },
    { "[request.user_agent]", "[<UserAgent None/None>]" },
    { "request.user_agent.browser", "None" },
    { "request.referrer", "/from" },
    { "request.content_type", "multipart/form-data; boundary=b" },
    { "request.content_length", "None" },
    { "request.mimetype", "multipart/form-data" },
    { "request.mimetype_params", "{'boundary': 'b'}" },
    { "request.is_json", "False" },
    { "request.get_json(silent=true)", "None" },
    { "request.get_json()",
      "400: the Content-Type of the request is not application/json" },
    { "request.get_data()",
      "b'--b\\r\\nContent-Disposition: form-data; name=\"y\"\\r\\n\\r\\nv"
      "alue\\r\\n--b\\r\\nContent-Disposition: form-data; name=\"f\"; fil"
      "ename=\"a.txt\"\\r\\nContent-Type: text/Plain; charset=utf-8\\r\\n"
      "\\r\\nfile\\r\\n--b--\\r\\n'" },
    { "request.get_data(as_text=true)",
      "--b\r\nContent-Disposition: form-data; name=\"y\"\r\n\r\nvalue\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.tx"
      "t\"\r\nContent-Type: text/Plain; charset=utf-8\r\n\r\nfile\r\n--b-"
      "-\r\n" },
    { "request.get_data()|length", "177" },
    { "request.get_data()[0]", "45" },
    { "request.get_data()[-1]", "10" },
    { "request.get_data()[99999]", "" },
    { "request.get_data()|list|length", "177" },
    { "'f' in request.get_data()",
      "a bytes-like object is required, not 'str'" },
    { "45 in request.get_data()", "True" },
    { "request.get_data() == request.data", "False" },
    { "request.data < request.query_string", "True" },
    { "request.query_string.decode()", "x=1&x=%C3%A9&n=2" },
    { "request.query_string.decode('latin-1')", "x=1&x=%C3%A9&n=2" },
    { "request.query_string.decode('ascii')", "unknown encoding: ascii" },
    { "request.query_string.decode('nope')", "unknown encoding: nope" },
    { "{request.query_string: 1}", "{b'x=1&x=%C3%A9&n=2': 1}" },
    { "request.accept_languages", "de-DE,en;q=0.8,fr;q=0.0" },
    { "[request.accept_languages]",
      "[LanguageAccept([('de-DE', 1), ('en', 0.8), ('fr', 0.0)])]" },
    { "request.accept_languages|list",
      "[('de-DE', 1), ('en', 0.8), ('fr', 0.0)]" },
    { "request.accept_languages.best", "de-DE" },
    { "request.accept_languages.best_match(['de', 'en-GB', 'en', 'fr'])",
      "en" },
    { "request.accept_languages.best_match(['de_AT', 'pt_BR'], 'xx')", "xx" },
    { "request.accept_languages.quality('en')", "0.8" },
    { "request.accept_languages['de-DE']", "1" },
    { "request.accept_languages[0]", "('de-DE', 1)" },
    { "request.accept_languages[-1]", "('fr', 0.0)" },
    { "request.accept_languages[99]", "" },
    { "request.accept_languages.find('de')", "-1" },
    { "request.accept_languages.index('de')", "de" },
    { "request.accept_languages.index('xx')", "xx" },
    { "request.accept_languages.index(7)", "expected a string, got 'int'" },
    { "'en-US' in request.accept_languages", "False" },
    { "request.accept_mimetypes|list",
      "[('application/json', 1), ('text/html', 0.5), ('*/*', 0.1)]" },
    { "request.accept_mimetypes.best_match(['application/json', 'text/htm"
      "l'])",
      "application/json" },
    { "request.accept_mimetypes.best_match(['text/html;level=1', 'a/b;c=d"
      "; e=f'])",
      "text/html;level=1" },
    { "request.accept_mimetypes.best_match(nope)", "None" },
    { "request.accept_mimetypes.accept_json", "True" },
    { "request.accept_charsets.best_match(['UTF8', 'latin-1'])", "UTF8" },
    { "request.accept_encodings|list", "[('gzip', 1), ('br', 0.5)]" },
    { "request.endpoint", "there is no site with routes" },
    { "request.nope", "" },
    { "g.nope", "" },
    { "g.get('a', 3)", "3" },
    { "g.setdefault('a', 3) ~ g.a ~ g.setdefault('a', 4)", "333" },
    { "g.pop('a', 3)", "3" },
    { "g.pop('a')", "'a'" },
    { "g.setdefault('a', 3) ~ g.pop('a') ~ ('a' in g)", "33False" },
    { "[g]", "[<flask.g>]" },
    { "g|list", "[]" },
    { "config", "{}" },
    { "config.nope", "" },
};


static const test_asked_t  test_tornado[] = {
    { "request",
      "HTTPServerRequest(protocol='http', host='example.com:8080', method"
      "='POST', uri='/a%20b?x=1&x=%C3%A9&n=2', version='HTTP/1.1', remote"
      "_ip='10.0.0.1')" },
    { "request.uri", "/a%20b?x=1&x=%C3%A9&n=2" },
    { "request.full_url()", "http://example.com:8080/a%20b?x=1&x=%C3%A9&n=2" },
    { "request.body",
      "--b\r\nContent-Disposition: form-data; name=\"y\"\r\n\r\nvalue\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.tx"
      "t\"\r\nContent-Type: text/Plain; charset=utf-8\r\n\r\nfile\r\n--b-"
      "-\r\n" },
    { "request.files",
      "{'f': [{'filename': 'a.txt', 'content_type': 'text/Plain; charset="
      "utf-8'}]}" },
    { "request.arguments",
      "{'x': [b'1', b'\\xc3\\xa9'], 'n': [b'2'], 'y': [b'value']}" },
    { "request.query_arguments", "{'x': [b'1', b'\\xc3\\xa9'], 'n': [b'2']}" },
    { "request.body_arguments", "{'y': [b'value']}" },
    { "request.headers",
      "Host: example.com:8080\nUser-Agent: test/1\nAccept: text/html;q=0."
      "5, application/json, */*;q=0.1\nAccept-Language: de-DE, en;q=0.8, "
      "fr;q=0\nAccept-Charset: utf-8, iso-8859-1;q=0.5\nAccept-Encoding: "
      "gzip, br;q=0.5\nCookie: a=1; b=\"two\"\nReferer: /from\nX-One: 1\n"
      "X-Number: 42\nContent-Type: multipart/form-data; boundary=b\n" },
    { "repr(request.headers)",
      "Host: example.com:8080\nUser-Agent: test/1\nAccept: text/html;q=0."
      "5, application/json, */*;q=0.1\nAccept-Language: de-DE, en;q=0.8, "
      "fr;q=0\nAccept-Charset: utf-8, iso-8859-1;q=0.5\nAccept-Encoding: "
      "gzip, br;q=0.5\nCookie: a=1; b=\"two\"\nReferer: /from\nX-One: 1\n"
      "X-Number: 42\nContent-Type: multipart/form-data; boundary=b\n" },
    { "list(request.headers.get_all())",
      "[('Host', 'example.com:8080'), ('User-Agent', 'test/1'), ('Accept'"
      ", 'text/html;q=0.5, application/json, */*;q=0.1'), ('Accept-Langua"
      "ge', 'de-DE, en;q=0.8, fr;q=0'), ('Accept-Charset', 'utf-8, iso-88"
      "59-1;q=0.5'), ('Accept-Encoding', 'gzip, br;q=0.5'), ('Cookie', 'a"
      "=1; b=\"two\"'), ('Referer', '/from'), ('X-One', '1'), ('X-Number'"
      ", '42'), ('Content-Type', 'multipart/form-data; boundary=b')]" },
    { "request.headers.get_list('X-ONE')", "['1']" },
    { "request.headers['nope']", "'nope'" },
    { "sorted((k, m.value) for k, m in request.cookies.items())",
      "[('a', '1'), ('b', 'two')]" },
    { "request.cookies['a'].value", "1" },
    { "request.nope", "'HTTPServerRequest' object has no attribute 'nope'" },
    { "len(request.body)", "177" },
    { "request.body[0]", "45" },
    { "handler.get_argument('x', 'none')", "\303\251" },
    { "handler.get_argument('x', None, strip=False)", "\303\251" },
    { "handler.get_argument('nope')", "400: Missing argument nope" },
    { "handler.get_arguments('x')", "['1', '\303\251']" },
    { "handler.get_query_argument('x', 'none')", "\303\251" },
    { "handler.get_query_arguments('n')", "['2']" },
    { "handler.get_body_argument('y', 'none')", "value" },
    { "handler.get_body_arguments('y')", "['value']" },
    { "handler.get_cookie('a')", "1" },
    { "handler.get_cookie('nope', 'none')", "none" },
    { "handler.request.uri", "/a%20b?x=1&x=%C3%A9&n=2" },
    { "handler.get_status()", "200" },
    { "handler.settings.get('nope')", "None" },
    { "handler.current_user", "me" },
    { "handler.nope", "'RequestHandler' object has no attribute 'nope'" },
    { "handler.path_args", "[]" },
    { "current_user", "me" },
    { "locale.code", "en_US" },
    { "locale.name", "English (US)" },
    { "_('hello')", "hello" },
    { "_('one', 'many', 2)", "many" },
    { "locale.pgettext('context', 'one', 'many', 3)", "many" },
    { "locale.pgettext('context', 'hello')", "hello" },
    { "locale.list([])", "" },
    { "locale.list(['a'])", "a" },
    { "locale.list(['a', 'b', 'c'])", "a, b and c" },
    { "locale.list(1)", "'int' object is not iterable" },
    { "locale.friendly_number(1234567)", "1,234,567" },
    { "locale.friendly_number('x')", "x" },
    { "locale.format_date(datetime.datetime(2001, 2, 3, 16, 5), relative="
      "False)",
      "February 3, 2001 at 4:05 pm" },
    { "locale.format_date(datetime.datetime(2001, 2, 3, 0, 5), full_forma"
      "t=True)",
      "February 3, 2001 at 12:05 am" },
    { "locale.format_date(981216300, shorter=True)", "February 3, 2001" },
    { "locale.format_date(datetime.datetime.utcnow() - datetime.timedelta"
      "(minutes=9))",
      "9 minutes ago" },
    { "locale.format_date(datetime.datetime.utcnow() - datetime.timedelta"
      "(hours=20, minutes=9))",
      "20 hours ago" },
    { "locale.format_date('x')",
      "a date must be a datetime or a number, not 'str'" },
    { "locale.format_day(datetime.datetime(2024, 2, 29, 1, 0))",
      "Thursday, February 29" },
    { "locale.format_day(datetime.datetime(2024, 2, 29, 1), gmt_offset=90"
      ", dow=False)",
      "February 28" },
    { "locale.format_day('x')", "a date must be a datetime, not 'str'" },
};


static void *
test_alloc(void *data, size_t size)
{
    test_memory_t  *m;

    m = data;

    if (++m->n == m->fail_at) {
        return NULL;
    }

    m->live++;

    return malloc(size);
}


static void
test_free(void *data, void *p)
{
    test_memory_t  *m;

    m = data;
    m->live--;

    free(p);
}


static void
test_str(tpl_str_t *s, const char *text)
{
    s->data = (tpl_char_t *) text;
    s->len = strlen(text);
}


static tpl_int_t
test_field(tpl_web_t *web, tpl_web_field_t field, tpl_str_t *out)
{
    (void) web;

    test_str(out, test_fields[field]);

    return TPL_OK;
}


static tpl_int_t
test_header(tpl_web_t *web, const tpl_str_t *name, tpl_str_t *out)
{
    size_t  i;

    (void) web;

    for (i = 0; i < tpl_nelts(test_headers); i++) {
        test_str(out, test_headers[i][0]);

        if (out->len == name->len
            && strncasecmp((char *) out->data, (char *) name->data, out->len)
               == 0)
        {
            test_str(out, test_headers[i][1]);
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


static tpl_int_t
test_all_headers(tpl_web_t *web, tpl_pairs_t *out)
{
    size_t     i;
    tpl_str_t  name, value;

    for (i = 0; i < tpl_nelts(test_headers); i++) {
        test_str(&name, test_headers[i][0]);
        test_str(&value, test_headers[i][1]);

        if (tpl_pairs_add(web->arena, out, &name, &value) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
test_get_body(tpl_web_t *web, tpl_str_t *out)
{
    (void) web;

    test_str(out, test_body);

    return TPL_OK;
}


static tpl_int_t
test_nonce(tpl_web_t *web, tpl_str_t *out)
{
    (void) web;

    test_str(out, "nonce");

    return TPL_OK;
}


static void
test_note(tpl_web_t *web, const char *what, const char *text)
{
    (void) web;
    (void) what;
    (void) text;
}


static tpl_int_t
test_user(tpl_web_t *web, tpl_str_t *out)
{
    (void) web;

    test_str(out, "me");

    return TPL_OK;
}


static const tpl_web_host_t  test_web_host = {
    .field = test_field,
    .header = test_header,
    .headers = test_all_headers,
    .body = test_get_body,
    .nonce = test_nonce,
    .note = test_note,
    .user = test_user
};


static tpl_int_t
test_web(tpl_exec_t *exec, tpl_web_t **out)
{
    *out = exec->host;

    return TPL_OK;
}


static const tpl_host_t  test_host = {
    .web = test_web
};


static tpl_int_t
test_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    (void) data;
    (void) arena;
    (void) name;
    (void) source;
    (void) err;

    return TPL_DECLINED;
}


/* renders into text: the output or the message */

static tpl_exc_t
test_render(tpl_template_t *tmpl, test_memory_t *m, char *text, size_t size)
{
    uint32_t          i;
    tpl_vm_t         *vm;
    tpl_web_t         web;
    tpl_int_t         rc;
    tpl_arena_t      *arena;
    tpl_error_t       err;
    tpl_output_t     *output;
    tpl_vm_conf_t     vc;
    tpl_allocator_t   allocator = { test_alloc, test_free, m };

    static const tpl_form_limits_t  limits = { .fields = 100, .files = 1 };

    text[0] = '\0';

    arena = tpl_arena_create(&allocator, 512, 0);
    if (arena == NULL) {
        return TPL_EXC_MEMORY;
    }

    tpl_error_init(&err, arena);
    memset(&vc, 0, sizeof(tpl_vm_conf_t));
    memset(&web, 0, sizeof(tpl_web_t));

    web.arena = arena;
    web.host = &test_web_host;
    web.limits = &limits;

    vc.arena = arena;
    vc.error = &err;
    vc.host = &test_host;
    vc.host_data = &web;

    vm = tpl_vm_create(tmpl, &vc);

    if (vm == NULL) {
        tpl_arena_destroy(arena);
        return TPL_EXC_MEMORY;
    }

    do {
        rc = tpl_vm_run(vm, 1000);
    } while (rc == TPL_YIELD);

    if (rc == TPL_OK) {
        output = tpl_vm_output(vm);

        for (i = 0; i < output->n; i++) {
            snprintf(text + strlen(text), size - strlen(text), "%.*s",
                     (int) output->segments[i].len,
                     (char *) output->segments[i].data);
        }

    } else {
        snprintf(text, size, "%.*s", tpl_str_arg(&err.message));
    }

    tpl_arena_destroy(arena);

    return (rc == TPL_OK) ? TPL_EXC_NONE : err.exc;
}


static void
test_asked(tpl_arena_t *arena, tpl_set_t *set, const test_asked_t *asked)
{
    char             text[2048], again[2048], source[256];
    unsigned         n;
    tpl_str_t        name, s;
    tpl_exc_t        exc, failure;
    tpl_error_t      err;
    test_memory_t    m;
    tpl_template_t  *tmpl;

    test_str(&name, "page");
    snprintf(source, sizeof(source), "{{ %s }}", asked->text);
    test_str(&s, source);

    tpl_error_init(&err, arena);

    if (tpl_set_compile_text(set, &name, &s, &tmpl, &err) != TPL_OK) {
        test_failed++;
        printf("%s: %.*s\n", asked->text, tpl_str_arg(&err.message));
        return;
    }

    memset(&m, 0, sizeof(test_memory_t));
    exc = test_render(tmpl, &m, text, sizeof(text));

    if (strcmp(text, asked->want) != 0 || m.live) {
        test_failed++;
        printf("%s:\n    \"%s\", not \"%s\"; %u left\n", asked->text, text,
               asked->want, m.live);
        return;
    }

    n = m.n;

    for (m.fail_at = 1; m.fail_at <= n; m.fail_at++) {
        m.n = 0;
        failure = test_render(tmpl, &m, again, sizeof(again));

        if (m.live
            || (failure != TPL_EXC_MEMORY
                && (failure != exc || strcmp(text, again) != 0)))
        {
            test_failed++;
            printf("%s: allocation %u failed: \"%s\", %u left\n", asked->text,
                   m.fail_at, again, m.live);
            return;
        }
    }

    test_passed++;
}


static void
test_syntax(tpl_arena_t *arena, tpl_builtins_t *builtins, tpl_uint_t tornado,
    const test_asked_t *asked, size_t n)
{
    size_t           i;
    tpl_set_t       *set;
    tpl_set_conf_t   sc;

    memset(&sc, 0, sizeof(tpl_set_conf_t));

    sc.arena = arena;
    sc.builtins = builtins;
    sc.loader.load = test_load;

    tpl_syntax_init(&sc.syntax, tornado ? TPL_SYNTAX_TORNADO
                                        : TPL_SYNTAX_JINJA);
    sc.options.newline_sequence = sc.syntax.newline_sequence;

    if (tornado) {
        sc.syntax.escape.len = 0;
    }

    set = tpl_set_create(&sc);

    for (i = 0; i < n; i++) {
        test_asked(arena, set, &asked[i]);
    }
}


int
main(void)
{
    tpl_arena_t     *arena;
    tpl_builtins_t  *builtins;

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    builtins = tpl_builtins_create(arena);

    if (tpl_builtins_register(builtins) != TPL_OK
        || tpl_web_register(builtins) != TPL_OK)
    {
        printf("no memory\n");
        return 1;
    }

    test_syntax(arena, builtins, 0, test_flask, tpl_nelts(test_flask));
    test_syntax(arena, builtins, 1, test_tornado, tpl_nelts(test_tornado));

    tpl_arena_destroy(arena);

    printf("%u passed, %u failed\n", test_passed, test_failed);

    return test_failed ? 1 : 0;
}
