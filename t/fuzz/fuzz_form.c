
/*
 * Forms, session cookies and XSRF tokens of any bytes.
 *
 * The first byte chooses what the rest is: a multipart body (with the boundary
 * in front of the first zero byte), a cookie as it comes, a payload that is
 * signed here, so that what is behind the signature is reached, or a token.
 * What a form says of its parts must lie within its limits.
 */

#include <stdlib.h>

#include "value/tpl_json.h"
#include "web/tpl_form.h"
#include "web/tpl_header.h"
#include "web/tpl_session.h"
#include "web/tpl_xsrf.h"


#define FUZZ_FIELDS  20
#define FUZZ_NOW     1700000000


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_form(tpl_arena_t *arena, tpl_str_t *input)
{
    size_t             n;
    uint32_t           i;
    tpl_str_t          type, body;
    tpl_form_t         form;
    tpl_char_t        *end;
    tpl_form_error_t   err;

    static const tpl_form_limits_t  limits = { .fields = FUZZ_FIELDS,
                                               .files = 1 };

    end = input->len ? memchr(input->data, 0, input->len) : NULL;

    if (end == NULL) {
        return;
    }

    type.data = input->data;
    type.len = end - input->data;

    body.data = end + 1;
    body.len = input->len - type.len - 1;

    err.status = 0;

    switch (tpl_form_parse(arena, &type, &body, &limits, &form, &err)) {

    case TPL_OK:
        break;

    case TPL_DECLINED:

        if (err.status < 400 || err.status > 415 || err.text == NULL) {
            abort();
        }

        return;

    default:
        return;
    }

    if (form.fields.n + form.nfiles > FUZZ_FIELDS) {
        abort();
    }

    for (n = 0, i = 0; i < form.nfiles; i++) {
        n += form.files[i].size;
    }

    if (n > body.len) {
        abort();
    }
}


static void
fuzz_session(tpl_arena_t *arena, tpl_str_t *input, tpl_uint_t payload)
{
    tpl_exec_t           exec;
    tpl_str_t            cookie, json;
    tpl_error_t          err;
    const char          *why;
    tpl_value_t          v;
    tpl_options_t        options;
    tpl_session_key_t    key;
    tpl_session_keys_t   keys;

    memset(&key, 'k', sizeof(key));

    keys.keys = &key;
    keys.n = 1;

    if (!payload) {
        cookie = *input;

        if (tpl_session_read(arena, &keys, &cookie,
                             tpl_session_cookie.lifetime, FUZZ_NOW, &json, &why)
            == TPL_OK)
        {
            abort();
        }

        return;
    }

    if (tpl_session_write(arena, &keys, input, FUZZ_NOW, &cookie) != TPL_OK) {
        return;
    }

    if (tpl_session_read(arena, &keys, &cookie, tpl_session_cookie.lifetime,
                         FUZZ_NOW, &json, &why)
        != TPL_OK
        || !tpl_str_eq(&json, input))
    {
        abort();
    }

    memset(&options, 0, sizeof(tpl_options_t));
    memset(&exec, 0, sizeof(tpl_exec_t));

    tpl_error_init(&err, arena);

    exec.arena = arena;
    exec.error = &err;
    exec.options = &options;
    exec.fuel = INT64_MAX;

    if (tpl_json_parse(&exec, &json, 0, &v) == TPL_OK) {
        (void) tpl_session_untag(&exec, &v);
    }
}


/* a request that sends the token twice: as a header and as the cookie */

static tpl_int_t
fuzz_header(tpl_web_t *web, const tpl_str_t *name, tpl_str_t *out)
{
    tpl_str_t  *parts;

    parts = web->data;

    *out = tpl_str_is(name, "Cookie") ? parts[1] : parts[0];

    return TPL_OK;
}


static tpl_int_t
fuzz_field(tpl_web_t *web, tpl_web_field_t field, tpl_str_t *out)
{
    (void) web;
    (void) field;
    (void) out;

    return TPL_DECLINED;
}


static void
fuzz_token(tpl_arena_t *arena, tpl_str_t *input)
{
    tpl_buf_t    b;
    tpl_str_t    parts[2];
    tpl_web_t    web;
    const char  *why;

    static const tpl_web_host_t  host = {
        .header = fuzz_header,
        .field = fuzz_field
    };

    tpl_buf_init(&b, arena);

    (void) tpl_buf_lit(&b, "a=b; _xsrf=");

    if (tpl_buf_str(&b, input) != TPL_OK) {
        return;
    }

    parts[0] = *input;
    parts[1].data = b.data;
    parts[1].len = b.len;

    memset(&web, 0, sizeof(tpl_web_t));

    web.arena = arena;
    web.host = &host;
    web.data = parts;
    why = NULL;

    if (tpl_xsrf_check(&web, &why) == TPL_DECLINED && why == NULL) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpl_str_t     input;
    tpl_arena_t  *arena;

    if (size == 0) {
        return 0;
    }

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 64 * 1024 * 1024);
    if (arena == NULL) {
        return 0;
    }

    /* a copy without a byte to spare, for the sanitizer */

    input.len = size - 1;
    input.data = malloc(input.len ? input.len : 1);

    if (input.data == NULL) {
        tpl_arena_destroy(arena);
        return 0;
    }

    memcpy(input.data, data + 1, input.len);

    switch (data[0] % 4) {

    case 0:
        fuzz_form(arena, &input);
        break;

    case 1:
        fuzz_session(arena, &input, 0);
        break;

    case 2:
        fuzz_session(arena, &input, 1);
        break;

    default:
        fuzz_token(arena, &input);
        break;
    }

    free(input.data);
    tpl_arena_destroy(arena);

    return 0;
}
