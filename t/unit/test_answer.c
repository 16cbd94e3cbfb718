
/*
 * What a page says about its answer and the addresses it builds, without a
 * server: a host is made here, and every allocation of a render fails once.
 * Patterns of routes are random bytes as well; they may be refused, but do no
 * harm.
 */

#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_builtins.h"
#include "web/tpl_route.h"


#define check(ok)  test_ok((tpl_uint_t) (ok), __FILE__, __LINE__, #ok)
#define same(got, want)  test_same(got, want, __FILE__, __LINE__)


typedef struct {
    unsigned            n;
    unsigned            fail_at;    /* 0: none */
    unsigned            live;
} test_memory_t;


typedef struct {
    tpl_web_t           web;
    tpl_routes_t        routes;
} test_host_t;


static tpl_uint_t    test_passed, test_failed;


static void
test_ok(tpl_uint_t ok, const char *file, int line, const char *what)
{
    if (ok) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: %s\n", file, line, what);
}


static void
test_same(const tpl_str_t *got, const char *want, const char *file, int line)
{
    if (got->len == strlen(want) && memcmp(got->data, want, got->len) == 0) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: \"%.*s\", not \"%s\"\n", file, line, tpl_str_arg(got),
           want);
}


static void *
test_alloc(void *data, size_t size)
{
    test_memory_t  *m;

    m = data;
    m->n++;

    if (m->n == m->fail_at) {
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


static tpl_int_t
test_field(tpl_web_t *web, tpl_web_field_t field, tpl_str_t *out)
{
    (void) web;

    switch (field) {

    case TPL_WEB_SCHEME:
        tpl_str_set(out, "http");
        return TPL_OK;

    case TPL_WEB_HOST:
        tpl_str_set(out, "Example.com:80");
        return TPL_OK;

    default:
        return TPL_DECLINED;
    }
}


static tpl_int_t
test_nonce(tpl_web_t *web, tpl_str_t *out)
{
    (void) web;

    tpl_str_set(out, "nonce");

    return TPL_OK;
}


static const tpl_web_host_t  test_web_host = {
    .field = test_field,
    .nonce = test_nonce
};


static tpl_int_t
test_web(tpl_exec_t *exec, tpl_web_t **out)
{
    test_host_t  *host;

    host = exec->host;

    host->web.arena = exec->arena;
    host->web.host = &test_web_host;

    *out = &host->web;

    return TPL_OK;
}


static tpl_int_t
test_routes(tpl_exec_t *exec, const tpl_routes_t **out)
{
    test_host_t  *host;

    host = exec->host;
    *out = &host->routes;

    return TPL_OK;
}


static const tpl_host_t  test_host = {
    .web = test_web,
    .routes = test_routes
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


/* renders text; the result is in its own memory, as the arena goes */

typedef struct {
    tpl_int_t           rc;
    tpl_exc_t           exc;
    tpl_uint_t          status;
    char                text[512];
    char                headers[1024];
} test_result_t;


static void
test_render(tpl_template_t *tmpl, test_host_t *host, test_memory_t *m,
    test_result_t *result)
{
    uint32_t          i;
    tpl_vm_t         *vm;
    tpl_pair_t       *pair;
    tpl_arena_t      *arena;
    tpl_error_t       err;
    tpl_output_t     *output;
    tpl_vm_conf_t     vc;
    tpl_allocator_t   allocator = { test_alloc, test_free, m };

    memset(result, 0, sizeof(test_result_t));
    memset(&host->web, 0, sizeof(tpl_web_t));

    result->rc = TPL_ERROR;
    result->exc = TPL_EXC_MEMORY;

    arena = tpl_arena_create(&allocator, 512, 0);
    if (arena == NULL) {
        return;
    }

    tpl_error_init(&err, arena);
    memset(&vc, 0, sizeof(tpl_vm_conf_t));

    vc.arena = arena;
    vc.error = &err;
    vc.host = &test_host;
    vc.host_data = host;

    vm = tpl_vm_create(tmpl, &vc);

    if (vm) {
        do {
            result->rc = tpl_vm_run(vm, 1000);
        } while (result->rc == TPL_YIELD);

        result->exc = err.exc;
        result->status = host->web.answer.status;
    }

    if (vm && result->rc == TPL_OK) {
        output = tpl_vm_output(vm);

        for (i = 0; i < output->n; i++) {
            snprintf(result->text + strlen(result->text),
                     sizeof(result->text) - strlen(result->text), "%.*s",
                     (int) output->segments[i].len,
                     (char *) output->segments[i].data);
        }

    } else if (vm) {
        snprintf(result->text, sizeof(result->text), "%.*s",
                 tpl_str_arg(&err.message));
    }

    for (i = 0; i < host->web.answer.headers.n; i++) {
        pair = &host->web.answer.headers.items[i];

        snprintf(result->headers + strlen(result->headers),
                 sizeof(result->headers) - strlen(result->headers),
                 "%.*s: %.*s\n", tpl_str_arg(&pair->name),
                 tpl_str_arg(&pair->value));
    }

    tpl_arena_destroy(arena);
}


static const struct {
    const char         *text;
    const char         *output;     /* or the start of the message */
    const char         *headers;    /* the start */
    tpl_exc_t           exc;
    tpl_uint_t          status;
} test_pages[] = {

    { "{{ header('X-A', 1) }}{{ header('x-a', 'b') }}{{ header('X-A', 2.5, "
      "add=true) }}.", ".", "x-a: b\nX-A: 2.5\n", TPL_EXC_NONE, 0 },
    { "{{ abort(404, 'gone') }}", "404: gone", "", TPL_EXC_HTTP, 404 },
    { "{{ set_cookie('a', 'b c') }}{{ redirect('/\xc3\xa9 x', 307) }}",
      "307: /%C3%A9%20x", "Set-Cookie: a=\"b c\"; Path=/\n"
      "Location: /%C3%A9%20x\n", TPL_EXC_HTTP, 307 },
    { "{{ delete_cookie('a', domain='x.example') }}", "",
      "Set-Cookie: a=; Domain=x.example; Expires=Thu, 01 Jan 1970 00:00:00 "
      "GMT; Max-Age=0; Path=/\n", TPL_EXC_NONE, 0 },
    { "{{ set_cookie('a', 'b', max_age=60) }}", "", "Set-Cookie: a=b; Expires",
      TPL_EXC_NONE, 0 },
    { "{{ csp_nonce() }}", "nonce", "", TPL_EXC_NONE, 0 },
    { "{{ header('X', 'a\\nb') }}", "a header cannot hold LF", "",
      TPL_EXC_VALUE, 0 },
    { "{% for i in range(200) %}{{ header('X-' ~ i, 'x' * 1000) }}{% endfor %}",
      "the headers are larger than 65536 bytes", "X-0", TPL_EXC_LIMIT, 0 },
    { "{{ url_for('post', id='7', _external=true, x=[1, none, 'a b']) }}",
      "http://example.com/post/7?x=1&x=a+b", "", TPL_EXC_NONE, 0 },
    { "{{ url_for('post') }}", "Could not build url for endpoint 'post'. Did "
      "you forget to specify values ['id']?", "", TPL_EXC_VALUE, 0 },
    { "{{ url_for('pots', id=1) }}", "Could not build url for endpoint 'pots' "
      "with values ['id']. Did you mean 'post' instead?", "", TPL_EXC_VALUE,
      0 },
    { "{{ url_for('static', filename='a.js') }} {{ static_url('a.js') }}",
      "/s/a.js?v=ddaf35a193617aba /s/a.js?v=ddaf35a193617abacc417349ae204131"
      "12e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4"
      "423643ce80e2a9ac94fa54ca49f", "", TPL_EXC_NONE, 0 },
    { "{{ reverse_url('story', 'a/b') }}", "/story/a/b.html", "",
      TPL_EXC_NONE, 0 },
    { "{{ now('+02:00').tzinfo }}", "UTC+02:00", "", TPL_EXC_NONE, 0 },
};


static void
test_answers(tpl_arena_t *arena, tpl_set_t *set, test_host_t *host)
{
    unsigned          n;
    tpl_str_t         name, text, got;
    tpl_uint_t        i;
    tpl_error_t       err;
    test_memory_t     m;
    test_result_t     result;
    tpl_template_t   *tmpl;

    tpl_str_set(&name, "page");

    for (i = 0; i < tpl_nelts(test_pages); i++) {
        text.data = (tpl_char_t *) test_pages[i].text;
        text.len = strlen(test_pages[i].text);

        tpl_error_init(&err, arena);

        if (tpl_set_compile_text(set, &name, &text, &tmpl, &err) != TPL_OK) {
            printf("%s: %.*s\n", test_pages[i].text,
                   tpl_str_arg(&err.message));
            test_failed++;
            continue;
        }

        memset(&m, 0, sizeof(test_memory_t));
        test_render(tmpl, host, &m, &result);

        got.data = (tpl_char_t *) result.text;
        got.len = strlen(result.text);

        same(&got, test_pages[i].output);
        check(result.exc == test_pages[i].exc);
        check(result.status == test_pages[i].status);
        check(strncmp(result.headers, test_pages[i].headers,
                      strlen(test_pages[i].headers)) == 0);
        check(m.live == 0);

        /* what fails for want of memory says so, and leaves nothing behind */

        n = m.n;

        for (m.fail_at = 1; m.fail_at <= n; m.fail_at++) {
            m.n = 0;

            test_render(tmpl, host, &m, &result);

            check(m.live == 0);
            check(result.rc == TPL_OK || result.exc == TPL_EXC_MEMORY
                  || result.exc == test_pages[i].exc);
        }
    }
}


static void
test_patterns(void)
{
    size_t              len;
    unsigned            i, n;
    tpl_str_t           name, s;
    tpl_route_t         route;
    tpl_error_t         err;
    tpl_char_t          text[24];
    test_memory_t       m;
    tpl_allocator_t     allocator = { test_alloc, test_free, &m };
    tpl_arena_t        *own;

    static const char  alphabet[] = "/<>():,='\"\\[]^$?P+ab1int";

    tpl_str_set(&name, "name");
    srand(1);

    for (i = 0; i < 200000; i++) {
        len = rand() % sizeof(text);

        for (n = 0; n < len; n++) {
            text[n] = alphabet[rand() % (sizeof(alphabet) - 1)];
        }

        s.data = text;
        s.len = len;

        memset(&m, 0, sizeof(test_memory_t));
        m.fail_at = (i % 5 == 0) ? i % 7 : 0;

        own = tpl_arena_create(&allocator, 512, 0);
        if (own == NULL) {
            continue;
        }

        tpl_error_init(&err, own);

        if (tpl_route_parse(own, &name, &s, &route, &err) == TPL_OK) {
            check(route.nparts <= len + 1 && route.nargs <= route.nparts);

        } else {
            check(err.exc != TPL_EXC_NONE);
        }

        tpl_arena_destroy(own);

        if (m.live) {
            check(m.live == 0);
        }
    }
}


static void
test_uris(tpl_arena_t *arena)
{
    tpl_str_t    in, out;
    tpl_uint_t   i;
    tpl_exec_t   exec;
    tpl_error_t  err;

    /* werkzeug.urls.iri_to_uri(), safe_conversion=True */

    static const char *const  pairs[][2] = {
        { "", "" },
        { "/a?b#c", "/a?b#c" },
        { "/a b", "/a%20b" },
        { "\xc3\xa9", "%C3%A9" },
        { "HTTP://h/ x?#", "http://h/%20x" },
        { "h:80/ x", "h:80/%20x" },
        { "h:80 ", "h:80%20" },
        { "a:/ b", "a:///%20b" },
        { "//h\?\xc3\xa9", "//h?%C3%A9" },
    };

    tpl_error_init(&err, arena);
    memset(&exec, 0, sizeof(tpl_exec_t));

    exec.arena = arena;
    exec.error = &err;

    for (i = 0; i < tpl_nelts(pairs); i++) {
        in.data = (tpl_char_t *) pairs[i][0];
        in.len = strlen(pairs[i][0]);

        check(tpl_iri_to_uri(&exec, &in, &out) == TPL_OK);
        same(&out, pairs[i][1]);
    }

    tpl_str_set(&in, "//h\xc3\xb6st/");
    check(tpl_iri_to_uri(&exec, &in, &out) == TPL_ERROR);
    check(err.exc == TPL_EXC_VALUE);
}


int
main(void)
{
    tpl_set_t        *set;
    tpl_str_t         name, pattern, text;
    tpl_arena_t      *arena;
    tpl_error_t       err;
    tpl_route_t       routes[3];
    test_host_t       host;
    tpl_version_t     version;
    tpl_versions_t    versions;
    tpl_set_conf_t    sc;
    tpl_builtins_t   *builtins;

    const tpl_route_t  *items[3] = { &routes[0], &routes[1], &routes[2] };

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    builtins = tpl_builtins_create(arena);

    check(tpl_builtins_register(builtins) == TPL_OK);
    check(tpl_web_register(builtins) == TPL_OK);

    tpl_error_init(&err, arena);
    memset(&host, 0, sizeof(test_host_t));

    tpl_str_set(&name, "post");
    tpl_str_set(&pattern, "/post/<int:id>");
    check(tpl_route_parse(arena, &name, &pattern, &routes[0], &err)
          == TPL_OK);

    tpl_str_set(&name, "story");
    tpl_str_set(&pattern, "^/story/([a-z/)]+)\\.html$");
    check(tpl_route_parse(arena, &name, &pattern, &routes[1], &err)
          == TPL_OK);

    tpl_str_set(&text, "abc");
    tpl_str_set(&version.path, "a.js");
    check(tpl_version_hash(arena, &text, &version.hash) == TPL_OK);

    versions.items = &version;
    versions.n = 1;
    tpl_versions_sort(&versions);

    tpl_str_set(&name, "static");
    tpl_str_set(&pattern, "/s//");
    check(tpl_route_static(arena, &name, &pattern, &versions, &routes[2])
          == TPL_OK);

    host.routes.items = items;
    host.routes.n = 3;

    memset(&sc, 0, sizeof(tpl_set_conf_t));

    sc.arena = arena;
    sc.builtins = builtins;
    sc.loader.load = test_load;

    tpl_syntax_init(&sc.syntax, TPL_SYNTAX_JINJA);
    sc.options.newline_sequence = sc.syntax.newline_sequence;

    set = tpl_set_create(&sc);

    test_answers(arena, set, &host);
    test_patterns();
    test_uris(arena);

    tpl_arena_destroy(arena);

    printf("%u passed, %u failed\n", (unsigned) test_passed,
           (unsigned) test_failed);

    return test_failed ? 1 : 0;
}
