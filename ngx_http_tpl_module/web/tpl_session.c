
/*
 * The session cookie: PAYLOAD.TIMESTAMP.SIGNATURE, each in base64.  The payload
 * is JSON, compressed if that is shorter: then a dot stands before it.
 *
 * Nothing of a cookie is looked at before its signature was found to be good.
 */

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>
#include <zlib.h>

#include "value/tpl_json.h"
#include "vm/tpl_vm.h"
#include "web/tpl_answer.h"
#include "web/tpl_base64.h"
#include "web/tpl_header.h"
#include "web/tpl_session.h"


/* one a render */

struct tpl_session_s {
    tpl_value_t          value;     /* the dict that templates see */
    tpl_str_t            json;      /* as it came; empty: there was none */
    tpl_value_t          flashes;   /* once they are taken, else MISSING */
};


static tpl_int_t tpl_session_sign(const tpl_session_key_t *key,
    const tpl_str_t *text, tpl_char_t *signature);
static tpl_uint_t tpl_session_verify(const tpl_session_keys_t *keys,
    const tpl_str_t *text, const tpl_str_t *signature);
static tpl_int_t tpl_session_inflate(tpl_arena_t *arena, tpl_str_t *s);
static tpl_int_t tpl_session_open(tpl_exec_t *exec, tpl_session_t **out);
static tpl_int_t tpl_session_load(tpl_exec_t *exec, tpl_web_t *web,
    tpl_session_t *session);
static tpl_int_t tpl_session_get(tpl_call_t *call);
static tpl_int_t tpl_session_flashes(tpl_exec_t *exec,
    tpl_session_t *session);
static tpl_int_t tpl_session_save(tpl_exec_t *exec, tpl_web_t *web,
    tpl_session_t *session);
static void tpl_session_cut(const tpl_str_t *json, const char *name,
    tpl_str_t *out);
static const tpl_char_t *tpl_session_skip(const tpl_char_t *p,
    const tpl_char_t *last);
static tpl_int_t tpl_session_get_flashed(tpl_call_t *call);


const tpl_session_cookie_t  tpl_session_cookie = {
    .cookie = {
        .name = tpl_string("session"),
        .path = tpl_string("/"),
        .httponly = 1
    },
    .lifetime = 31 * 86400
};


const tpl_builtin_def_t  tpl_session_globals[] = {
    { "session", "", tpl_session_get, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { "get_flashed_messages", "with_categories=, category_filter=",
      tpl_session_get_flashed, TPL_FN_IMPURE },
    { NULL, NULL, NULL, 0 }
};


tpl_int_t
tpl_session_derive(const tpl_str_t *secret, tpl_session_key_t *key)
{
    unsigned  len;

    static const char  salt[] = "cookie-session";

    return HMAC(EVP_sha1(), secret->data, (int) secret->len,
                (const tpl_char_t *) salt, sizeof(salt) - 1, key->key, &len)
           ? TPL_OK : TPL_ERROR;
}


static tpl_int_t
tpl_session_sign(const tpl_session_key_t *key, const tpl_str_t *text,
    tpl_char_t *signature)
{
    unsigned  len;

    return HMAC(EVP_sha1(), key->key, TPL_SESSION_KEY, text->data, text->len,
                signature, &len)
           ? TPL_OK : TPL_ERROR;
}


static tpl_uint_t
tpl_session_verify(const tpl_session_keys_t *keys, const tpl_str_t *text,
    const tpl_str_t *signature)
{
    tpl_uint_t  i;
    tpl_char_t  good[EVP_MAX_MD_SIZE];

    if (signature->len != TPL_SESSION_KEY) {
        return 0;
    }

    for (i = 0; i < keys->n; i++) {

        if (tpl_session_sign(&keys->keys[i], text, good) == TPL_OK
            && CRYPTO_memcmp(good, signature->data, TPL_SESSION_KEY) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* the last dot in s and what is behind it; TPL_DECLINED if there is none */

static tpl_int_t
tpl_session_split(tpl_str_t *s, tpl_str_t *tail)
{
    size_t  n;

    for (n = s->len; n > 0 && s->data[n - 1] != '.'; n--) { /* void */ }

    if (n == 0) {
        return TPL_DECLINED;
    }

    tail->data = s->data + n;
    tail->len = s->len - n;
    s->len = n - 1;

    return TPL_OK;
}


tpl_int_t
tpl_session_read(tpl_arena_t *arena, const tpl_session_keys_t *keys,
    const tpl_str_t *cookie, int64_t lifetime, int64_t now, tpl_str_t *json,
    const char **why)
{
    size_t      i;
    int64_t     age;
    uint64_t    timestamp;
    tpl_int_t   rc;
    tpl_str_t   text, tail, signature, bytes;

    text = *cookie;

    if (tpl_session_split(&text, &tail) != TPL_OK) {
        *why = "is not signed";
        return TPL_DECLINED;
    }

    rc = tpl_base64_decode(arena, &tail, 1, &signature);

    if (rc == TPL_ERROR) {
        return rc;
    }

    if (rc != TPL_OK || !tpl_session_verify(keys, &text, &signature)) {
        *why = "has a wrong signature";
        return TPL_DECLINED;
    }

    *why = "has no timestamp";

    if (tpl_session_split(&text, &tail) != TPL_OK) {
        return TPL_DECLINED;
    }

    rc = tpl_base64_decode(arena, &tail, 1, &bytes);

    if (rc != TPL_OK || bytes.len > 8) {
        return (rc == TPL_ERROR) ? rc : TPL_DECLINED;
    }

    for (timestamp = 0, i = 0; i < bytes.len; i++) {
        timestamp = timestamp << 8 | bytes.data[i];
    }

    age = now - (int64_t) tpl_min(timestamp, (uint64_t) INT64_MAX);

    if (age > lifetime || age < 0) {
        *why = "has expired";
        return TPL_DECLINED;
    }

    *why = "has a payload that is no good";

    i = (text.len && text.data[0] == '.');

    text.data += i;
    text.len -= i;

    rc = tpl_base64_decode(arena, &text, 1, json);

    if (rc == TPL_OK && i) {
        rc = tpl_session_inflate(arena, json);
    }

    return rc;
}


static tpl_int_t
tpl_session_inflate(tpl_arena_t *arena, tpl_str_t *s)
{
    int          rc;
    uLongf       len;
    size_t       size;
    tpl_char_t  *p;

    for (size = 16384; size <= TPL_SESSION_MAX; size *= 4) {

        p = tpl_pnalloc(arena, size + 4);
        if (p == NULL) {
            return TPL_ERROR;
        }

        len = size;
        rc = uncompress(p, &len, s->data, s->len);

        if (rc == Z_OK) {
            memset(p + len, 0, 4);

            s->data = p;
            s->len = len;

            return TPL_OK;
        }

        tpl_pfree(arena, p);

        if (rc != Z_BUF_ERROR) {
            return (rc == Z_MEM_ERROR) ? TPL_ERROR : TPL_DECLINED;
        }
    }

    return TPL_DECLINED;
}


tpl_int_t
tpl_session_write(tpl_arena_t *arena, const tpl_session_keys_t *keys,
    const tpl_str_t *json, int64_t now, tpl_str_t *cookie)
{
    int          rc;
    size_t       i;
    uLongf       len;
    tpl_buf_t    b;
    tpl_str_t    text;
    tpl_char_t  *p, time[8], signature[EVP_MAX_MD_SIZE];

    len = compressBound(json->len);

    p = tpl_pnalloc(arena, len);
    if (p == NULL) {
        return TPL_ERROR;
    }

    rc = compress(p, &len, json->data, json->len);

    tpl_buf_init(&b, arena);

    if (rc == Z_OK && len + 1 < json->len) {
        (void) tpl_buf_char(&b, '.');
        (void) tpl_base64_url(&b, p, len);

    } else {
        (void) tpl_base64_url(&b, json->data, json->len);
    }

    (void) tpl_buf_char(&b, '.');

    for (i = sizeof(time); i > 0 && now; now >>= 8) {
        time[--i] = (tpl_char_t) now;
    }

    if (tpl_base64_url(&b, &time[i], sizeof(time) - i) != TPL_OK) {
        return TPL_ERROR;
    }

    text.data = b.data;
    text.len = b.len;

    if (tpl_session_sign(&keys->keys[0], &text, signature) != TPL_OK) {
        return TPL_ERROR;
    }

    (void) tpl_buf_char(&b, '.');

    if (tpl_base64_url(&b, signature, TPL_SESSION_KEY) != TPL_OK) {
        return TPL_ERROR;
    }

    cookie->data = b.data;
    cookie->len = b.len;

    return TPL_OK;
}


/* the session of the request, read when it is first asked for */

static tpl_int_t
tpl_session_open(tpl_exec_t *exec, tpl_session_t **out)
{
    tpl_int_t       rc;
    tpl_web_t      *web;
    tpl_dict_t     *dict;
    tpl_session_t  *session;

    rc = tpl_vm_web(exec, &web);

    if (rc != TPL_OK) {
        return rc;
    }

    if (web->session) {
        *out = web->session;
        return TPL_OK;
    }

    session = tpl_pcalloc(exec->arena, sizeof(tpl_session_t));
    if (session == NULL) {
        return tpl_throw_memory(exec);
    }

    if (web->keys && tpl_session_load(exec, web, session) != TPL_OK) {
        return TPL_ERROR;
    }

    if (session->value.type != TPL_DICT) {
        session->json.len = 0;

        dict = tpl_dict_create(exec, 0);
        if (dict == NULL) {
            return TPL_ERROR;
        }

        tpl_value_dict(&session->value, dict);
    }

    web->session = session;
    *out = session;

    return TPL_OK;
}


/* leaves the value MISSING if there is no good cookie */

static tpl_int_t
tpl_session_load(tpl_exec_t *exec, tpl_web_t *web, tpl_session_t *session)
{
    tpl_int_t    rc;
    tpl_str_t    header, cookie;
    const char  *why;

    rc = tpl_web_header(exec, web, "Cookie", &header);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    tpl_header_cookie(&header,
                      (const char *) web->session_cookie->cookie.name.data,
                      TPL_COOKIE_FIRST, &cookie);

    if (cookie.len == 0) {
        return TPL_OK;
    }

    tpl_charge(exec, cookie.len);

    rc = tpl_session_read(exec->arena, web->keys, &cookie,
                          web->session_cookie->lifetime, time(NULL),
                          &session->json, &why);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_OK) {
        tpl_charge(exec, session->json.len);

        rc = tpl_json_parse(exec, &session->json, 0, &session->value);

        if (rc == TPL_OK) {
            rc = tpl_session_untag(exec, &session->value);
        }

        if (rc == TPL_ERROR) {

            /* what is no JSON is no session; memory and limits are ours */

            if (exec->error->exc == TPL_EXC_MEMORY
                || exec->error->exc == TPL_EXC_LIMIT)
            {
                return rc;
            }

            tpl_error_clear(exec->error);
            rc = TPL_DECLINED;
        }

        if (rc == TPL_OK && session->value.type != TPL_DICT) {
            rc = TPL_DECLINED;
        }
    }

    if (rc != TPL_OK) {
        tpl_value_missing(&session->value);

        if (web->host->note) {
            web->host->note(web, "session cookie", why);
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_session_get(tpl_call_t *call)
{
    tpl_int_t       rc;
    tpl_session_t  *session;

    rc = tpl_session_open(call->exec, &session);

    if (rc == TPL_OK) {
        call->result = session->value;
    }

    return rc;
}


/* Flask: get_flashed_messages() */

static tpl_int_t
tpl_session_get_flashed(tpl_call_t *call)
{
    uint32_t        i;
    tpl_int_t       rc;
    tpl_exec_t     *exec;
    tpl_list_t     *flashes, *list;
    tpl_uint_t      pairs, filter, wanted;
    tpl_value_t    *v;
    tpl_session_t  *session;

    exec = call->exec;

    if (tpl_arg_bool(call, 0, 0, &pairs) != TPL_OK
        || tpl_arg_bool(call, 1, 0, &filter) != TPL_OK)
    {
        return TPL_ERROR;
    }

    rc = tpl_session_open(exec, &session);

    if (rc == TPL_OK) {
        rc = tpl_session_flashes(exec, session);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    flashes = session->flashes.u.list;

    list = tpl_list_create(exec, flashes->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    for (i = 0; i < flashes->n; i++) {
        v = &flashes->items[i];

        if (filter) {
            if (tpl_compare(exec, TPL_CMP_IN, &v->u.list->items[0],
                            &call->args[1], &wanted)
                != TPL_OK)
            {
                return TPL_ERROR;
            }

            if (!wanted) {
                continue;
            }
        }

        if (tpl_list_append(exec, list, pairs ? v : &v->u.list->items[1])
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* takes the messages out of the session, once a render */

static tpl_int_t
tpl_session_flashes(tpl_exec_t *exec, tpl_session_t *session)
{
    uint32_t      i;
    tpl_int_t     rc;
    tpl_web_t    *web;
    tpl_list_t   *list;
    tpl_value_t   name, flashes, *v;

    if (session->flashes.type != TPL_MISSING) {
        return TPL_OK;
    }

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_string(&name, (const tpl_char_t *) "_flashes", 8, TPL_F_ASCII);

    rc = tpl_dict_delete(exec, session->value.u.dict, &name, &flashes);

    if (rc == TPL_ERROR) {
        return rc;
    }

    if (rc == TPL_OK) {

        for (i = 0; flashes.type == TPL_LIST && i < flashes.u.list->n; i++) {
            v = &flashes.u.list->items[i];

            if ((v->type == TPL_TUPLE || v->type == TPL_LIST)
                && v->u.list->n == 2
                && tpl_list_append(exec, list, v) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        rc = tpl_vm_web(exec, &web);

        if (rc == TPL_OK) {
            rc = tpl_session_save(exec, web, session);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_value_list(&session->flashes, list);

    return TPL_OK;
}


/* Flask: SecureCookieSessionInterface.save_session() of a changed session */

static tpl_int_t
tpl_session_save(tpl_exec_t *exec, tpl_web_t *web, tpl_session_t *session)
{
    int64_t       now;
    tpl_buf_t     b;
    tpl_str_t     json;
    tpl_name_t    name;
    tpl_uint_t    permanent;
    tpl_value_t  *v;
    tpl_cookie_t  cookie;

    now = time(NULL);

    cookie = web->session_cookie->cookie;

    json.data = tpl_pnalloc(exec->arena, session->json.len);

    if (json.data == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_session_cut(&session->json, "\"_flashes\"", &json);
    tpl_charge(exec, json.len);

    permanent = 0;

    if (json.len > 2) {

        if (tpl_session_write(exec->arena, web->keys, &json, now,
                              &cookie.value)
            != TPL_OK)
        {
            return tpl_throw_memory(exec);
        }

        tpl_str_set(&name.str, "_permanent");
        name.hash = tpl_hash(name.str.data, name.str.len);

        v = tpl_dict_find(session->value.u.dict, &name);

        if (v && tpl_truth(exec, v, &permanent) != TPL_OK) {
            return TPL_ERROR;
        }

        now += web->session_cookie->lifetime;

    } else {

        /* nothing is left: the cookie goes */

        tpl_str_set(&cookie.value, "");
        cookie.has_max_age = 1;
        permanent = 1;
        now = 0;
    }

    if (permanent) {
        tpl_buf_init(&b, exec->arena);

        if (tpl_http_date(exec, &b, now) != TPL_OK) {
            return TPL_ERROR;
        }

        cookie.expires.data = b.data;
        cookie.expires.len = b.len;
    }

    return tpl_web_set_cookie(exec, web, &cookie);
}


/*
 * The object without one of its members; name has its quotes.  The text is JSON
 * that was read before, and all else in it stays as the application wrote it.
 */

static void
tpl_session_cut(const tpl_str_t *json, const char *name, tpl_str_t *out)
{
    size_t             len;
    tpl_char_t        *d;
    const tpl_char_t  *p, *member, *last;

    len = strlen(name);

    p = json->data;
    last = p + json->len;

    while (p < last && *p != '{') {
        p++;
    }

    d = out->data;

    for (p++; p < last; p++) {
        member = p;
        p = tpl_session_skip(p, last);

        while (member < p && (*member == ' ' || *member == '\n'
                              || *member == '\r' || *member == '\t'))
        {
            member++;
        }

        if (p - member <= (ssize_t) len || memcmp(member, name, len) != 0) {
            *d = (d == out->data) ? '{' : ',';
            memcpy(d + 1, member, p - member);
            d += p - member + 1;
        }

        if (p == last || *p == '}') {
            break;
        }
    }

    if (d == out->data) {
        *d++ = '{';
    }

    *d++ = '}';

    out->len = d - out->data;
}


/* the comma or brace that ends a member */

static const tpl_char_t *
tpl_session_skip(const tpl_char_t *p, const tpl_char_t *last)
{
    size_t  depth;

    for (depth = 0; p < last; p++) {

        switch (*p) {

        case '"':

            for (p++; p < last && *p != '"'; p++) {
                if (*p == '\\') {
                    p++;
                }
            }

            break;

        case '[':
        case '{':
            depth++;
            break;

        case ']':
        case '}':

            if (depth == 0) {
                return p;
            }

            depth--;
            break;

        case ',':

            if (depth == 0) {
                return p;
            }

            break;
        }
    }

    return last;
}
