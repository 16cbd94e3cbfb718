
/*
 * Forms, XSRF tokens and session cookies.
 *
 * "test_form parse" reads lines of a Content-Type and a body, both in
 * hexadecimal digits, and writes what the form is as a line of JSON, for
 * t/diff/diff_form.py.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#include "value/tpl_json.h"
#include "web/tpl_base64.h"
#include "web/tpl_form.h"
#include "web/tpl_header.h"
#include "web/tpl_session.h"
#include "web/tpl_xsrf.h"


#define TEST_LINE  (1024 * 1024)
#define TEST_AGE  (31 * 86400)
#define TEST_NOW   1700000000

#define check(ok)  test_ok((tpl_uint_t) (ok), __FILE__, __LINE__, #ok)
#define same(got, want)  test_same(got, want, __FILE__, __LINE__)


/* what a client sends in test_web() */

typedef struct {
    const char    *query;
    const char    *cookie;
    const char    *token;       /* X-Xsrftoken */
    const char    *csrf;        /* X-Csrftoken */
} test_request_t;


/* bodies and the forms they are, as JSON, or the status of an error */

static const struct {
    const char    *type;
    const char    *body;
    const char    *want;
} test_forms[] = {

    { "application/x-www-form-urlencoded", "a=1&b=&c&&a=%C3%A9+x&=y",
      "[[[\"a\",\"1\"],[\"b\",\"\"],[\"c\",\"\"],[\"a\",\"\xc3\xa9 x\"],"
      "[\"\",\"y\"]],[]]" },
    { "Application/X-WWW-Form-URLEncoded; charset=utf-8", "a=%FF%zz%",
      "[[[\"a\",\"\xef\xbf\xbd%zz%\"]],[]]" },
    { "text/plain", "a=1", "[[],[]]" },
    { "", "a=1", "[[],[]]" },

    /* what browsers send */

    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n"
      "two\r\nlines\r\n--B--\r\n",
      "[[[\"a\",\"1\"],[\"b\",\"two\\r\\nlines\"]],[]]" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=\"f\"; "
      "filename=\"C:\\dir\\x.txt\"\r\nContent-Type: text/plain\r\n\r\n"
      "12345\r\n--B--",
      "[[],[[\"f\",\"C:\\\\dir\\\\x.txt\",\"text/plain\",5]]]" },
    { "multipart/form-data; boundary=\"a b\"",
      "--a b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--a b--",
      "[[[\"x\",\"\"]],[]]" },

    /* lines that end otherwise, a preamble, an epilogue, blanks */

    { "multipart/form-data; boundary=B",
      "--B\nContent-Disposition: form-data; name=a\n\n1\n--B--\n",
      "[[[\"a\",\"1\"]],[]]" },
    { "multipart/form-data; boundary=B",
      "before\r\n--B  \r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n"
      "1\r\n--Bx\r\n--B--\r\nafter",
      "[[[\"a\",\"1\\r\\n--Bx\"]],[]]" },
    { "multipart/form-data; boundary=B", "--B--", "[[],[]]" },

    /* names and charsets */

    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=\"a\\\"b\\\\c\"\r\n"
      "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9\r\n--B--",
      "[[[\"a\\\"b\\\\c\",\"\xc3\xa9\"]],[]]" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=f; "
      "filename*=UTF-8''%e2%82%ac.txt\r\n\r\n\r\n--B--",
      "[[],[[\"f\",\"\xe2\x82\xac.txt\",\"\",0]]]" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name*0=ab; name*1=cd\r\n\r\n"
      "1\r\n--B--",
      "[[[\"abcd\",\"1\"]],[]]" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name*0=a; x*0=1; name*1=b; "
      "x*1=2; name*2=\"c d\"; y*=z; filename*=utf-8'en'%c3%a9\r\n\r\n"
      "\r\n--B--",
      "[[],[[\"abc d\",\"\xc3\xa9\",\"\",0]]]" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", "[[],[]]" },

    /* what is no form */

    { "multipart/form-data", "--B--", "400" },
    { "multipart/form-data; boundary=", "--B--", "400" },
    { "multipart/form-data; boundary=B", "", "400" },
    { "multipart/form-data; boundary=B", "--C--", "400" },
    { "multipart/form-data; boundary=B", "--B\r\n\r\n1\r\n--B--", "400" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1", "400" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=a", "400" },
    { "multipart/form-data; boundary=B",
      "--B\r\nno colon\r\n\r\n1\r\n--B--", "400" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n"
      "1\r\n--B--", "400" },
    { "multipart/form-data; boundary=B",
      "--B\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\n"
      "1\r\n--B--", "400" },
};


static tpl_uint_t    test_passed, test_failed;
static tpl_exec_t    test_exec;
static tpl_error_t   test_error;
static unsigned      test_fail_at, test_allocations;


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
    if (tpl_str_is(got, want)) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: got  %.*s\n  want %s\n", file, line, tpl_str_arg(got),
           want);
}


static tpl_str_t
test_str(const char *s)
{
    tpl_str_t  str;

    str.data = (tpl_char_t *) s;
    str.len = strlen(s);

    return str;
}


static void *
test_alloc(void *data, size_t size)
{
    (void) data;

    return (++test_allocations == test_fail_at) ? NULL : malloc(size);
}


static void
test_free(void *data, void *p)
{
    (void) data;

    free(p);
}


static const tpl_allocator_t  test_allocator = { test_alloc, test_free, NULL };


static tpl_arena_t *
test_arena(void)
{
    tpl_arena_t           *arena;
    static tpl_options_t   options;

    arena = tpl_arena_create(&test_allocator, 4096, 0);

    tpl_error_init(&test_error, arena);
    memset(&test_exec, 0, sizeof(tpl_exec_t));

    test_exec.arena = arena;
    test_exec.error = &test_error;
    test_exec.options = &options;
    test_exec.fuel = INT64_MAX;

    return arena;
}


/* forms */

static void
test_add(tpl_list_t *list, const tpl_str_t *s)
{
    tpl_value_t  v;

    tpl_value_from_str(&v, s);
    (void) tpl_list_append(&test_exec, list, &v);
}


/* [[[name, value], ...], [[name, filename, type, size], ...]] */

static void
test_form_json(const tpl_form_t *form, tpl_buf_t *b)
{
    uint32_t      i;
    tpl_list_t   *fields, *files, *item, *all;
    tpl_value_t   v;

    static const tpl_json_style_t  style = { .indent = -1, .compact = 1 };

    fields = tpl_list_create(&test_exec, 0);
    files = tpl_list_create(&test_exec, 0);
    all = tpl_list_create(&test_exec, 2);

    for (i = 0; i < form->fields.n; i++) {
        item = tpl_list_create(&test_exec, 2);
        test_add(item, &form->fields.items[i].name);
        test_add(item, &form->fields.items[i].value);
        tpl_value_list(&v, item);
        (void) tpl_list_append(&test_exec, fields, &v);
    }

    for (i = 0; i < form->nfiles; i++) {
        item = tpl_list_create(&test_exec, 4);
        test_add(item, &form->files[i].name);
        test_add(item, &form->files[i].filename);
        test_add(item, &form->files[i].type);
        tpl_value_int(&v, (int64_t) form->files[i].size);
        (void) tpl_list_append(&test_exec, item, &v);
        tpl_value_list(&v, item);
        (void) tpl_list_append(&test_exec, files, &v);
    }

    tpl_value_list(&v, fields);
    (void) tpl_list_append(&test_exec, all, &v);
    tpl_value_list(&v, files);
    (void) tpl_list_append(&test_exec, all, &v);

    tpl_value_list(&v, all);
    (void) tpl_json_to(&test_exec, &v, &style, b);
}


static tpl_int_t
test_parse(tpl_arena_t *arena, const tpl_str_t *type, const tpl_str_t *body,
    const tpl_form_limits_t *limits, tpl_buf_t *b)
{
    tpl_int_t          rc;
    tpl_form_t         form;
    tpl_form_error_t   err;

    rc = tpl_form_parse(arena, type, body, limits, &form, &err);

    if (rc == TPL_OK) {
        test_form_json(&form, b);

    } else if (rc == TPL_DECLINED) {
        (void) tpl_buf_printf(b, "%u", (unsigned) err.status);
    }

    return rc;
}


static void
test_forms_table(void)
{
    tpl_buf_t          b;
    tpl_int_t          rc;
    tpl_str_t          type, body, got;
    tpl_uint_t         i;
    tpl_arena_t       *arena;
    tpl_form_t         form;
    tpl_form_error_t   err;

    static const tpl_form_limits_t  limits = { .fields = 10, .files = 1 };

    for (i = 0; i < tpl_nelts(test_forms); i++) {
        type = test_str(test_forms[i].type);
        body = test_str(test_forms[i].body);

        test_fail_at = 0;
        arena = test_arena();
        tpl_buf_init(&b, arena);

        (void) test_parse(arena, &type, &body, &limits, &b);

        got.data = b.data;
        got.len = b.len;
        same(&got, test_forms[i].want);

        tpl_arena_destroy(arena);

        /* each allocation may fail */

        for (rc = TPL_ERROR, test_fail_at = 2; rc == TPL_ERROR;
             test_fail_at++)
        {
            test_allocations = 0;
            arena = test_arena();
            rc = tpl_form_parse(arena, &type, &body, &limits, &form, &err);
            tpl_arena_destroy(arena);
        }

        test_fail_at = 0;
    }
}


static void
test_limits(void)
{
    tpl_buf_t            b;
    tpl_str_t            type, body;
    tpl_arena_t         *arena;
    tpl_form_limits_t    limits;

    arena = test_arena();
    memset(&limits, 0, sizeof(limits));

    limits.fields = 2;
    type = test_str("application/x-www-form-urlencoded");

    body = test_str("a&&b&");
    tpl_buf_init(&b, arena);
    check(test_parse(arena, &type, &body, &limits, &b) == TPL_OK);

    body = test_str("a&b&c");
    tpl_buf_init(&b, arena);
    check(test_parse(arena, &type, &body, &limits, &b) == TPL_DECLINED
          && memcmp(b.data, "413", 3) == 0);

    type = test_str("multipart/form-data; boundary=B");
    body = test_str("--B\nContent-Disposition: x; name=a\n\n1\n"
                    "--B\nContent-Disposition: x; name=a\n\n1\n"
                    "--B\nContent-Disposition: x; name=a\n\n1\n--B--");
    tpl_buf_init(&b, arena);
    check(test_parse(arena, &type, &body, &limits, &b) == TPL_DECLINED
          && memcmp(b.data, "413", 3) == 0);

    /* files are refused, but not the one that nobody chose */

    body = test_str("--B\nContent-Disposition: x; name=a; filename=b\n\n\n"
                    "--B--");
    tpl_buf_init(&b, arena);
    check(test_parse(arena, &type, &body, &limits, &b) == TPL_DECLINED
          && memcmp(b.data, "415", 3) == 0);

    body = test_str("--B\nContent-Disposition: x; name=a; filename=\"\"\n\n\n"
                    "--B--");
    tpl_buf_init(&b, arena);
    check(test_parse(arena, &type, &body, &limits, &b) == TPL_OK);

    tpl_arena_destroy(arena);
}


/* the end of one body after each of its bytes */

static void
test_cut(void)
{
    size_t            n;
    tpl_str_t         type, body;
    tpl_arena_t      *arena;
    tpl_form_t        form;
    tpl_form_error_t  err;

    static const tpl_form_limits_t  limits = { .fields = 10, .files = 1 };

    type = test_str("multipart/form-data; boundary=B");
    body = test_str(test_forms[4].body);

    for (n = 0; n <= body.len; n++) {
        arena = test_arena();

        body.data = malloc(n + 1);

        if (body.data == NULL) {
            return;
        }

        memcpy(body.data, test_forms[4].body, n);
        body.len = n;

        /* complete as soon as the last boundary has its dashes */

        check((tpl_form_parse(arena, &type, &body, &limits, &form, &err)
               == TPL_OK)
              == (n + 2 >= strlen(test_forms[4].body)));

        free(body.data);
        body.len = strlen(test_forms[4].body);
        tpl_arena_destroy(arena);
    }
}


/* tokens */

static tpl_int_t
test_header(tpl_web_t *web, const tpl_str_t *name, tpl_str_t *out)
{
    const char      *s;
    test_request_t  *r;

    r = web->data;

    s = tpl_str_is(name, "Cookie") ? r->cookie
        : tpl_str_is(name, "X-Xsrftoken") ? r->token : r->csrf;

    if (s == NULL) {
        return TPL_DECLINED;
    }

    *out = test_str(s);

    return TPL_OK;
}


static tpl_int_t
test_field(tpl_web_t *web, tpl_web_field_t field, tpl_str_t *out)
{
    test_request_t  *r;

    (void) field;

    r = web->data;
    *out = test_str(r->query ? r->query : "");

    return TPL_OK;
}


static void
test_xsrf(void)
{
    tpl_int_t    rc;
    tpl_web_t    web;
    tpl_uint_t   i;
    const char  *why;

    static const tpl_web_host_t  host = {
        .header = test_header,
        .field = test_field
    };

    static const char  ok[] = "";
    static const char  missing[] = "'_xsrf' argument missing from POST";
    static const char  format[] = "'_xsrf' argument has invalid format";
    static const char  other[] = "XSRF cookie does not match POST argument";

    /* "abcd" with two masks; 61626364 is its version 1 */

#define A  "2|00000000|61626364|1700000000"
#define B  "2|01020304|60606060|1"

    static const struct {
        test_request_t   r;
        const char      *want;
    } cases[] = {
        { { "_xsrf=" A, "_xsrf=" A, NULL, NULL }, ok },
        { { "_xsrf=" A, "x=1; _xsrf=" B, NULL, NULL }, ok },
        { { "_xsrf=61626364", "_xsrf=" B, NULL, NULL }, ok },
        { { "_xsrf=" B, "_xsrf=61626364", NULL, NULL }, ok },
        { { "_xsrf=abcd", "_xsrf=abcd", NULL, NULL }, ok },
        { { "_xsrf=wxyz!", "_xsrf=wxyz!", NULL, NULL }, ok },
        { { NULL, "_xsrf=" A, B, NULL }, ok },
        { { NULL, "_xsrf=" A, NULL, B }, ok },
        { { "_xsrf=", "_xsrf=" A, B, NULL }, ok },
        { { "_xsrf=x&_xsrf=%20" A "%20", "_xsrf=" A, NULL, NULL }, ok },
        { { "_xsrf=" A, "_xsrf=x; _xsrf=" A, NULL, NULL }, ok },
        { { NULL, "_xsrf=" A, NULL, NULL }, missing },
        { { "_xsrf=+", "_xsrf=" A, NULL, NULL }, missing },
        { { "_xsrf=" A, NULL, NULL, NULL }, other },
        { { "_xsrf=" A, "_xsrf=", NULL, NULL }, other },
        { { "_xsrf=" A, "_xsrf=2|x|y|z", NULL, NULL }, other },
        { { "_xsrf=" A, "_xsrf=61626365", NULL, NULL }, other },
        { { "_xsrf=" A, "_xsrf=6162636400", NULL, NULL }, other },
        { { "_xsrf=2|00|61626364|1", "_xsrf=" A, NULL, NULL }, format },
        { { "_xsrf=2|00000000|616263|x", "_xsrf=" A, NULL, NULL }, format },
        { { "_xsrf=2|00000000|6162636|1", "_xsrf=" A, NULL, NULL }, format },
        { { "_xsrf=2|00000000||1", "_xsrf=2|00000000||1", NULL, NULL },
          format },
        { { "_xsrf=2|00000000", "_xsrf=" A, NULL, NULL }, format },
        { { "_xsrf=3|00000000|61626364|1", "_xsrf=" A, NULL, NULL }, format }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        memset(&web, 0, sizeof(tpl_web_t));

        web.arena = test_arena();
        web.host = &host;
        web.data = (void *) &cases[i].r;

        why = "";
        rc = tpl_xsrf_check(&web, &why);

        if ((rc == TPL_OK) != (*cases[i].want == '\0')
            || (rc != TPL_OK && strcmp(why, cases[i].want) != 0))
        {
            printf("token %u: %s\n", (unsigned) i, why);
            test_failed++;

        } else {
            test_passed++;
        }

        tpl_arena_destroy(web.arena);
    }
}


/* sessions */

static void
test_session(void)
{
    size_t               i, k;
    tpl_str_t            json, cookie, got, secret, bad;
    const char          *why;
    tpl_arena_t         *arena;
    tpl_session_key_t    keys[2];
    tpl_session_keys_t   good, other, both;

    arena = test_arena();

    secret = test_str("secret");
    check(tpl_session_derive(&secret, &keys[0]) == TPL_OK);
    secret = test_str("other");
    check(tpl_session_derive(&secret, &keys[1]) == TPL_OK);

    good.keys = &keys[0];
    good.n = 1;
    other.keys = &keys[1];
    other.n = 1;
    both.keys = keys;
    both.n = 2;

    /* as Flask 2.2 signs it at that time */

    json = test_str("{\"user\":\"ann\"}");
    check(tpl_session_write(arena, &good, &json, TEST_NOW, &cookie)
          == TPL_OK);
    same(&cookie, "eyJ1c2VyIjoiYW5uIn0.ZVPxAA."
                  "GFtq3wiqqwppfB-dNT-Lml3dckM");

    check(tpl_session_read(arena, &good, &cookie, TEST_AGE, TEST_NOW, &got,
                           &why)
          == TPL_OK);
    same(&got, "{\"user\":\"ann\"}");
    check(tpl_session_read(arena, &both, &cookie, TEST_AGE, TEST_NOW, &got,
                           &why)
          == TPL_OK);
    check(tpl_session_read(arena, &other, &cookie, TEST_AGE, TEST_NOW, &got,
                           &why)
          == TPL_DECLINED && strstr(why, "signature"));

    /* its age */

    check(tpl_session_read(arena, &good, &cookie, TEST_AGE, TEST_NOW + TEST_AGE,
                           &got, &why) == TPL_OK);
    check(tpl_session_read(arena, &good, &cookie, TEST_AGE,
                           TEST_NOW + TEST_AGE + 1, &got, &why)
          == TPL_DECLINED && strstr(why, "expired"));
    check(tpl_session_read(arena, &good, &cookie, TEST_AGE, TEST_NOW - 1,
                           &got, &why)
          == TPL_DECLINED && strstr(why, "expired"));

    /* no byte but the last, which has bits to spare, can be another one */

    for (i = 0; i + 1 < cookie.len; i++) {

        for (k = 0; k < 8; k++) {
            (void) tpl_pstrdup(arena, &bad, cookie.data, cookie.len);
            bad.data[i] ^= (tpl_char_t) (1 << k);

            if (tpl_session_read(arena, &good, &bad, TEST_AGE, TEST_NOW, &got,
                                 &why)
                != TPL_DECLINED)
            {
                printf("session: byte %u may be changed\n", (unsigned) i);
                test_failed++;
            }
        }

        bad = cookie;
        bad.len = i;
        check(tpl_session_read(arena, &good, &bad, TEST_AGE, TEST_NOW, &got,
                               &why)
              == TPL_DECLINED);
    }

    /* compressed, and what would not fit */

    json.len = 100000;
    json.data = tpl_pnalloc(arena, 2 * TPL_SESSION_MAX);
    check(json.data != NULL);
    memset(json.data, 'x', 2 * TPL_SESSION_MAX);

    check(tpl_session_write(arena, &good, &json, TEST_NOW, &cookie) == TPL_OK
          && cookie.data[0] == '.' && cookie.len < 1000);
    check(tpl_session_read(arena, &good, &cookie, TEST_AGE, TEST_NOW, &got,
                           &why)
          == TPL_OK && tpl_str_eq(&got, &json));

    json.len = 2 * TPL_SESSION_MAX;
    check(tpl_session_write(arena, &good, &json, TEST_NOW, &cookie)
          == TPL_OK);
    check(tpl_session_read(arena, &good, &cookie, TEST_AGE, TEST_NOW, &got,
                           &why)
          == TPL_DECLINED);

    tpl_arena_destroy(arena);
}


static void
test_tags(void)
{
    tpl_int_t     rc;
    tpl_str_t     text, got;
    tpl_buf_t     b;
    tpl_uint_t    i;
    tpl_value_t   v;
    tpl_arena_t  *arena;

    static const char *const  cases[][2] = {
        { "{\"a\":{\" t\":[1,{\" t\":[]}]}}", "{'a': (1, ())}" },
        { "{\" m\":\"<b>\"}", "Markup('<b>')" },
        { "{\" b\":\"w6l4\"}", "'\xc3\xa9x'" },
        { "{\" u\":\"00000000000000000000000000000005\"}",
          "'00000000-0000-0000-0000-000000000005'" },
        { "{\" d\":\"Thu, 02 Jan 2020 03:04:05 GMT\"}",
          "datetime.datetime(2020, 1, 2, 3, 4, 5, "
          "tzinfo=datetime.timezone.utc)" },
        { "{\" di\":{\" t__\":[1]}}", "{' t': [1]}" },
        { "{\" t\":[1],\"b\":2}", "{' t': [1], 'b': 2}" },
        { "[{\" x\":1},{}]", "[{' x': 1}, {}]" },
        { "{\" t\":5}", NULL },
        { "{\" m\":5}", NULL },
        { "{\" b\":\"?\"}", NULL },
        { "{\" u\":\"5\"}", NULL },
        { "{\" d\":\"Thu, 02 Jan 2020 03:04:05 CET\"}", NULL },
        { "{\" d\":\"Thu, 31 Feb 2020 03:04:05 GMT\"}", NULL },
        { "{\" di\":[]}", NULL }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        arena = test_arena();
        text = test_str(cases[i][0]);

        check(tpl_json_parse(&test_exec, &text, 0, &v) == TPL_OK);

        rc = tpl_session_untag(&test_exec, &v);

        if (cases[i][1] == NULL) {
            check(rc != TPL_OK);

        } else {
            check(rc == TPL_OK);

            tpl_buf_init(&b, arena);
            check(tpl_repr_to(&test_exec, &v, &b) == TPL_OK);

            got.data = b.data;
            got.len = b.len;
            same(&got, cases[i][1]);
        }

        tpl_arena_destroy(arena);
    }
}


/* "test_form parse" */

static size_t
test_unhex(const char *p, tpl_char_t *d)
{
    size_t  n;

    for (n = 0; tpl_hex_digit((tpl_char_t) p[0]) >= 0; p += 2) {
        d[n++] = (tpl_char_t) (tpl_hex_digit((tpl_char_t) p[0]) << 4
                               | tpl_hex_digit((tpl_char_t) p[1]));
    }

    return n;
}


static int
test_driver(void)
{
    char         *line, *blank;
    tpl_buf_t     b;
    tpl_str_t     type, body;
    tpl_arena_t  *arena;

    static const tpl_form_limits_t  limits = { .fields = 0, .files = 1 };

    line = malloc(TEST_LINE);

    if (line == NULL) {
        return 2;
    }

    while (fgets(line, TEST_LINE, stdin)) {
        arena = test_arena();

        blank = strchr(line, ' ');

        type.data = malloc(TEST_LINE);
        body.data = malloc(TEST_LINE);

        if (blank == NULL || type.data == NULL || body.data == NULL) {
            return 2;
        }

        type.len = test_unhex(line, type.data);
        body.len = test_unhex(blank + 1, body.data);

        tpl_buf_init(&b, arena);
        (void) test_parse(arena, &type, &body, &limits, &b);

        printf("%.*s\n", (int) b.len, (char *) b.data);
        fflush(stdout);

        free(type.data);
        free(body.data);
        tpl_arena_destroy(arena);
    }

    free(line);

    return 0;
}


/* an option in many parts costs its length, however they are encoded */

static void
test_parts(void)
{
    size_t              i, len;
    tpl_str_t           type, body;
    tpl_buf_t           b;
    tpl_uint_t          n;
    tpl_form_t          form;
    tpl_arena_t        *arena;
    tpl_form_error_t    err;
    tpl_form_limits_t   limits;
    static const char  *parts[] = { ";a*0=bcd", ";a*0*=x", ";a*0*=u8'e'x",
                                  NULL };

    memset(&limits, 0, sizeof(tpl_form_limits_t));
    tpl_str_set(&body, "");

    for (n = 0; parts[n]; n++) {
        arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
        tpl_buf_init(&b, arena);

        (void) tpl_buf_lit(&b, "text/plain");

        for (i = 0, len = strlen(parts[n]); i < TEST_LINE / 4; i += len) {
            (void) tpl_buf_add(&b, parts[n], len);
        }

        type.data = b.data;
        type.len = b.len;

        i = tpl_arena_size(arena);

        check(tpl_form_parse(arena, &type, &body, &limits, &form, &err)
              == TPL_OK);
        check(tpl_arena_size(arena) - i < 8 * type.len);

        tpl_arena_destroy(arena);
    }
}


int
main(int argc, char **argv)
{
    tpl_hash_init();

    if (argc > 1 && strcmp(argv[1], "parse") == 0) {
        return test_driver();
    }

    test_forms_table();
    test_parts();
    test_limits();
    test_cut();
    test_xsrf();
    test_session();
    test_tags();

    printf("%u passed, %u failed\n", (unsigned) test_passed,
           (unsigned) test_failed);

    return test_failed != 0;
}
