
/*
 * Tokens as tornado.web makes and reads them.  Version 2 is
 *
 *     2|MASK|TOKEN|TIMESTAMP
 *
 * with mask and token in hexadecimal digits and the token's bytes combined with
 * the mask's, so that a page never has the same bytes twice and compression
 * tells nobody what they are.  Version 1 is the token itself.
 */

#include <sys/random.h>
#include <time.h>

#include "base/tpl_number.h"
#include "vm/tpl_vm.h"
#include "web/tpl_answer.h"
#include "web/tpl_form.h"
#include "web/tpl_header.h"
#include "web/tpl_query.h"
#include "web/tpl_xsrf.h"


#define TPL_XSRF_MASK  4

/* days that the cookie of a signed-in user is kept */
#define TPL_XSRF_DAYS  30


/* a token that was read or made */

typedef struct {
    tpl_str_t            token;         /* data is NULL: there is none */
    int64_t              timestamp;
} tpl_xsrf_raw_t;


static tpl_int_t tpl_xsrf_form_html(tpl_call_t *call);
static tpl_int_t tpl_xsrf_get_token(tpl_call_t *call);
static tpl_int_t tpl_xsrf_argument(tpl_web_t *web, tpl_str_t *out);
static void tpl_xsrf_last(const tpl_pairs_t *pairs, tpl_str_t *out);
static tpl_int_t tpl_xsrf_cookie(tpl_web_t *web, tpl_xsrf_raw_t *raw);
static tpl_int_t tpl_xsrf_decode(tpl_arena_t *arena, const tpl_str_t *text,
    tpl_xsrf_raw_t *raw);
static tpl_int_t tpl_xsrf_decode_v2(tpl_arena_t *arena,
    const tpl_str_t *text, tpl_xsrf_raw_t *raw);
static tpl_int_t tpl_xsrf_unhex(tpl_arena_t *arena, const tpl_char_t *p,
    const tpl_char_t *last, tpl_str_t *out);
static tpl_uint_t tpl_xsrf_equal(const tpl_str_t *a, const tpl_str_t *b);
static void tpl_xsrf_hex(tpl_buf_t *b, const tpl_char_t *p, size_t len);
static tpl_int_t tpl_xsrf_set_cookie(tpl_exec_t *exec, tpl_web_t *web,
    const tpl_str_t *token);


/* each page has a token of its own */

const tpl_builtin_def_t  tpl_xsrf_globals[] = {
    { "xsrf_form_html", "", tpl_xsrf_form_html, TPL_FN_IMPURE },
    { "xsrf_token", "", tpl_xsrf_get_token, TPL_FN_IMPURE },
    { NULL, NULL, NULL, 0 }
};


tpl_int_t
tpl_xsrf_check(tpl_web_t *web, const char **why)
{
    tpl_int_t        rc;
    tpl_str_t        text;
    tpl_xsrf_raw_t   sent, kept;

    rc = tpl_xsrf_argument(web, &text);

    if (rc != TPL_OK) {
        *why = "'_xsrf' argument missing from POST";
        return rc;
    }

    if (tpl_xsrf_decode(web->arena, &text, &sent) != TPL_OK
        || tpl_xsrf_cookie(web, &kept) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (sent.token.len == 0) {
        *why = "'_xsrf' argument has invalid format";
        return TPL_DECLINED;
    }

    /* without a cookie nothing is equal */

    if (kept.token.data == NULL || !tpl_xsrf_equal(&sent.token, &kept.token)) {
        *why = "XSRF cookie does not match POST argument";
        return TPL_DECLINED;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_xsrf_argument(tpl_web_t *web, tpl_str_t *out)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_str_t    query;
    tpl_pairs_t  args;

    static const tpl_str_t  headers[] = {
        tpl_string("X-Xsrftoken"), tpl_string("X-Csrftoken")
    };

    out->len = 0;
    out->data = NULL;

    /* Tornado: get_argument(): the last one, the body's after the query's */

    if (web->form) {
        tpl_xsrf_last(&web->form->fields, out);
    }

    if (out->data == NULL) {
        rc = web->host->field(web, TPL_WEB_QUERY, &query);

        if (rc == TPL_ERROR) {
            return rc;
        }

        if (rc == TPL_OK) {
            memset(&args, 0, sizeof(tpl_pairs_t));

            if (tpl_query_parse(web->arena, &query, &args) != TPL_OK) {
                return TPL_ERROR;
            }

            tpl_xsrf_last(&args, out);
        }
    }

    tpl_header_trim(out);

    for (i = 0; out->len == 0 && i < tpl_nelts(headers); i++) {
        rc = web->host->header(web, &headers[i], out);

        if (rc == TPL_ERROR) {
            return rc;
        }

        if (rc != TPL_OK) {
            out->len = 0;
        }
    }

    return out->len ? TPL_OK : TPL_DECLINED;
}


static void
tpl_xsrf_last(const tpl_pairs_t *pairs, tpl_str_t *out)
{
    uint32_t  i;

    for (i = pairs->n; i > 0; i--) {

        if (tpl_str_is(&pairs->items[i - 1].name, "_xsrf")) {
            *out = pairs->items[i - 1].value;
            return;
        }
    }
}


/* the token of the request's cookie */

static tpl_int_t
tpl_xsrf_cookie(tpl_web_t *web, tpl_xsrf_raw_t *raw)
{
    tpl_int_t  rc;
    tpl_str_t  header, text;

    static const tpl_str_t  name = tpl_string("Cookie");

    raw->token.data = NULL;
    raw->token.len = 0;

    if (tpl_web_vary(web, &name) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = web->host->header(web, &name, &header);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    tpl_header_cookie(&header, "_xsrf", TPL_COOKIE_LAST, &text);

    return text.len ? tpl_xsrf_decode(web->arena, &text, raw) : TPL_OK;
}


/* Tornado: _decode_xsrf_token(); what it cannot read has no token */

static tpl_int_t
tpl_xsrf_decode(tpl_arena_t *arena, const tpl_str_t *text,
    tpl_xsrf_raw_t *raw)
{
    size_t     n;
    tpl_int_t  rc;

    raw->token.data = NULL;
    raw->token.len = 0;
    raw->timestamp = time(NULL);

    for (n = 0; n < text->len; n++) {
        if (text->data[n] < '0' + (n == 0) || text->data[n] > '9') {
            break;
        }
    }

    if (n && n < text->len && text->data[n] == '|') {

        /* other versions are not read */

        if (n == 1 && text->data[0] == '2') {
            return tpl_xsrf_decode_v2(arena, text, raw);
        }

        return TPL_OK;
    }

    rc = tpl_xsrf_unhex(arena, text->data, text->data + text->len,
                        &raw->token);

    if (rc == TPL_DECLINED) {
        raw->token = *text;
        return TPL_OK;
    }

    return rc;
}


static tpl_int_t
tpl_xsrf_decode_v2(tpl_arena_t *arena, const tpl_str_t *text,
    tpl_xsrf_raw_t *raw)
{
    size_t             i;
    int64_t            timestamp;
    tpl_int_t          rc;
    tpl_str_t          mask, token, number;
    const tpl_char_t  *p, *bar, *last;

    p = text->data + 2;
    last = text->data + text->len;

    bar = memchr(p, '|', last - p);

    if (bar == NULL) {
        return TPL_OK;
    }

    rc = tpl_xsrf_unhex(arena, p, bar, &mask);

    if (rc != TPL_OK || mask.len < TPL_XSRF_MASK) {
        return (rc == TPL_ERROR) ? rc : TPL_OK;
    }

    p = bar + 1;
    bar = memchr(p, '|', last - p);

    if (bar == NULL) {
        return TPL_OK;
    }

    rc = tpl_xsrf_unhex(arena, p, bar, &token);

    if (rc != TPL_OK) {
        return (rc == TPL_ERROR) ? rc : TPL_OK;
    }

    number.data = (tpl_char_t *) bar + 1;
    number.len = last - number.data;

    if (tpl_parse_int(&number, 10, &timestamp) != TPL_OK) {
        return TPL_OK;
    }

    for (i = 0; i < token.len; i++) {
        token.data[i] ^= mask.data[i % TPL_XSRF_MASK];
    }

    raw->token = token;
    raw->timestamp = timestamp;

    return TPL_OK;
}


/* binascii.a2b_hex(); TPL_DECLINED for what is none */

static tpl_int_t
tpl_xsrf_unhex(tpl_arena_t *arena, const tpl_char_t *p,
    const tpl_char_t *last, tpl_str_t *out)
{
    tpl_int_t    high, low;
    tpl_char_t  *d;

    if ((last - p) % 2) {
        return TPL_DECLINED;
    }

    d = tpl_pnalloc(arena, (last - p) / 2 + 1);
    if (d == NULL) {
        return TPL_ERROR;
    }

    out->data = d;

    for ( /* void */ ; p < last; p += 2) {
        high = tpl_hex_digit(p[0]);
        low = tpl_hex_digit(p[1]);

        if (high < 0 || low < 0) {
            return TPL_DECLINED;
        }

        *d++ = (tpl_char_t) (high << 4 | low);
    }

    out->len = d - out->data;

    return TPL_OK;
}


/* hmac.compare_digest(): takes as long wherever the first difference is */

static tpl_uint_t
tpl_xsrf_equal(const tpl_str_t *a, const tpl_str_t *b)
{
    size_t               i;
    volatile tpl_char_t  diff;

    if (a->len != b->len) {
        return 0;
    }

    diff = 0;

    for (i = 0; i < a->len; i++) {
        diff |= a->data[i] ^ b->data[i];
    }

    return diff == 0;
}


static void
tpl_xsrf_hex(tpl_buf_t *b, const tpl_char_t *p, size_t len)
{
    size_t             i;
    static const char  hex[] = "0123456789abcdef";

    for (i = 0; i < len; i++) {
        (void) tpl_buf_char(b, hex[p[i] >> 4]);
        (void) tpl_buf_char(b, hex[p[i] & 15]);
    }
}


tpl_int_t
tpl_xsrf_token(tpl_exec_t *exec, tpl_web_t *web, tpl_str_t *out)
{
    size_t           i;
    tpl_buf_t        b;
    tpl_int_t        rc;
    tpl_str_t        masked;
    tpl_uint_t       new;
    tpl_xsrf_raw_t   raw;
    tpl_char_t       random[TPL_XSRF_LEN + TPL_XSRF_MASK], *mask;

    if (web->xsrf.data) {
        *out = web->xsrf;
        return TPL_OK;
    }

    if (tpl_xsrf_cookie(web, &raw) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    /* up to 256 bytes come at once */

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return tpl_throw(exec, TPL_EXC_HOST, "no random bytes");
    }

    mask = &random[TPL_XSRF_LEN];
    new = (raw.token.data == NULL);

    if (new && web->host->xsrf) {
        rc = web->host->xsrf(web, random);

        if (rc == TPL_ERROR) {
            return tpl_throw_memory(exec);
        }

        web->xsrf_new = (rc == TPL_OK);

    } else {
        web->xsrf_new = new;
    }

    if (new) {
        raw.token.data = random;
        raw.token.len = TPL_XSRF_LEN;
        raw.timestamp = time(NULL);
    }

    if (tpl_pstrdup(exec->arena, &masked, raw.token.data, raw.token.len)
        != TPL_OK)
    {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < masked.len; i++) {
        masked.data[i] ^= mask[i % TPL_XSRF_MASK];
    }

    tpl_buf_init(&b, exec->arena);

    (void) tpl_buf_lit(&b, "2|");
    tpl_xsrf_hex(&b, mask, TPL_XSRF_MASK);
    (void) tpl_buf_char(&b, '|');
    tpl_xsrf_hex(&b, masked.data, masked.len);

    if (tpl_buf_printf(&b, "|%lld", (long long) raw.timestamp) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    out->data = b.data;
    out->len = b.len;

    if (web->xsrf_new && tpl_xsrf_set_cookie(exec, web, out) != TPL_OK) {
        return TPL_ERROR;
    }

    web->xsrf = *out;

    return TPL_OK;
}


/* written as http.cookies writes it, which Tornado uses */

static tpl_int_t
tpl_xsrf_set_cookie(tpl_exec_t *exec, tpl_web_t *web, const tpl_str_t *token)
{
    tpl_buf_t    b;
    tpl_int_t    rc;
    tpl_str_t    text;
    tpl_uint_t   known;
    tpl_value_t  user;

    static const tpl_str_t  name = tpl_string("Set-Cookie");
    static const tpl_str_t  current_user = tpl_string("current_user");

    rc = tpl_vm_resolve(exec, &current_user, &user);

    if (rc == TPL_DECLINED) {
        known = 0;

    } else if (rc != TPL_OK) {
        return rc;

    } else if (tpl_truth(exec, &user, &known) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);

    (void) tpl_buf_lit(&b, "_xsrf=");
    (void) tpl_buf_str(&b, token);

    if (known) {
        (void) tpl_buf_lit(&b, "; expires=");

        if (tpl_http_date(exec, &b, time(NULL) + TPL_XSRF_DAYS * 86400)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (tpl_buf_lit(&b, "; Path=/") != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    text.data = b.data;
    text.len = b.len;

    return tpl_web_set_header(exec, web, &name, &text, 1);
}


static tpl_int_t
tpl_xsrf_get_token(tpl_call_t *call)
{
    tpl_int_t   rc;
    tpl_str_t   token;
    tpl_web_t  *web;

    rc = tpl_vm_web(call->exec, &web);

    if (rc == TPL_OK) {
        rc = tpl_xsrf_token(call->exec, web, &token);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_string(&call->result, token.data, token.len, TPL_F_ASCII);

    return TPL_OK;
}


static tpl_int_t
tpl_xsrf_form_html(tpl_call_t *call)
{
    tpl_buf_t    b;
    tpl_int_t    rc;
    tpl_exec_t  *exec;

    exec = call->exec;

    rc = tpl_xsrf_get_token(call);

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_buf_init(&b, exec->arena);

    (void) tpl_buf_lit(&b, "<input type=\"hidden\" name=\"_xsrf\" value=\"");
    (void) tpl_buf_add(&b, call->result.u.s, call->result.len);
    (void) tpl_buf_lit(&b, "\"/>");

    /* Tornado's is a plain string, for {% raw %} or {% module %} */

    return tpl_value_from_buf(exec, &call->result, &b,
                              TPL_F_ASCII
                              | (exec->options->python ? 0 : TPL_F_SAFE));
}
