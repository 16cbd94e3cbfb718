
/*
 * abort(), redirect(), header() and csp_nonce().
 *
 * abort() and redirect() end the render by an exception that carries a status;
 * whether the headers that were set before are sent is the host's matter.
 */

#include "web/tpl_answer.h"


static tpl_uint_t tpl_answer_is_token(const tpl_str_t *s);
static tpl_uint_t tpl_answer_same_name(const tpl_str_t *a,
    const tpl_str_t *b);

static tpl_int_t tpl_answer_abort(tpl_call_t *call);
static tpl_int_t tpl_answer_redirect(tpl_call_t *call);
static tpl_int_t tpl_answer_header(tpl_call_t *call);
static tpl_int_t tpl_answer_nonce(tpl_call_t *call);


const tpl_builtin_def_t  tpl_answer_globals[] = {
    { "abort", "code, description=", tpl_answer_abort, TPL_FN_CONTEXT },
    { "redirect", "location, code=", tpl_answer_redirect, TPL_FN_CONTEXT },
    { "header", "name, value, add=", tpl_answer_header, TPL_FN_CONTEXT },
    { "csp_nonce", "", tpl_answer_nonce, TPL_FN_IMPURE },
    { NULL, NULL, NULL, 0 }
};


/* what the server itself says about its bytes and its connection */

static const tpl_str_t  tpl_answer_reserved[] = {
    tpl_string("Accept-Ranges"),
    tpl_string("Connection"),
    tpl_string("Content-Encoding"),
    tpl_string("Content-Length"),
    tpl_string("Content-Range"),
    tpl_string("Date"),
    tpl_string("Keep-Alive"),
    tpl_string("Proxy-Connection"),
    tpl_string("Server"),
    tpl_string("TE"),
    tpl_string("Trailer"),
    tpl_string("Transfer-Encoding"),
    tpl_string("Upgrade")
};


tpl_int_t
tpl_web_answers(tpl_exec_t *exec, tpl_web_t *web)
{
    if (web->answer.closed == TPL_WEB_SENT) {
        return tpl_throw(exec, TPL_EXC_RUNTIME,
                         "the header has been sent already");
    }

    if (web->answer.closed) {
        return tpl_throw(exec, TPL_EXC_RUNTIME,
                         "a variable has no answer of its own: no status, no "
                         "headers");
    }

    return TPL_OK;
}


tpl_int_t
tpl_web_abort(tpl_exec_t *exec, tpl_web_t *web, tpl_uint_t status,
    const tpl_str_t *description)
{
    if (tpl_web_answers(exec, web) != TPL_OK) {
        return TPL_ERROR;
    }

    web->answer.status = status;

    if (description == NULL || description->len == 0) {
        return tpl_throw(exec, TPL_EXC_HTTP, "%u", (unsigned) status);
    }

    return tpl_throw(exec, TPL_EXC_HTTP, "%u: %.*s", (unsigned) status,
                     tpl_str_arg(description));
}


tpl_int_t
tpl_web_set_header(tpl_exec_t *exec, tpl_web_t *web, const tpl_str_t *name,
    const tpl_str_t *value, tpl_uint_t add)
{
    uint32_t           i;
    tpl_pair_t        *pair;
    tpl_web_answer_t  *answer;

    if (tpl_web_answers(exec, web) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_answer_is_token(name)) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "'%.*s' is not the name of a header",
                         tpl_str_arg(name));
    }

    for (i = 0; i < tpl_nelts(tpl_answer_reserved); i++) {
        if (tpl_answer_same_name(name, &tpl_answer_reserved[i])) {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "the header '%.*s' is the server's own",
                             tpl_str_arg(name));
        }
    }

    if (tpl_web_check_text(exec, value, "a header") != TPL_OK) {
        return TPL_ERROR;
    }

    answer = &web->answer;

    tpl_charge(exec, value->len);
    tpl_charge_items(exec, answer->headers.n);

    if (!add) {
        for (i = 0; i < answer->headers.n; i++) {
            pair = &answer->headers.items[i];

            if (!tpl_answer_same_name(&pair->name, name)) {
                continue;
            }

            /* in place of all of the name */

            answer->size -= pair->name.len + pair->value.len;
            answer->headers.n--;

            memmove(pair, pair + 1,
                    (answer->headers.n - i) * sizeof(tpl_pair_t));
            i--;
        }
    }

    if (name->len + value->len > TPL_ANSWER_MAX - answer->size) {
        return tpl_throw(exec, TPL_EXC_LIMIT,
                         "the headers are larger than %d bytes",
                         TPL_ANSWER_MAX);
    }

    answer->size += name->len + value->len;

    if (tpl_pairs_add(exec->arena, &answer->headers, name, value) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    return TPL_OK;
}


tpl_int_t
tpl_web_check_text(tpl_exec_t *exec, const tpl_str_t *s, const char *what)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {

        if ((s->data[i] >= 0x20 && s->data[i] != 0x7f) || s->data[i] == '\t')
        {
            continue;
        }

        switch (s->data[i]) {

        case '\r':
            return tpl_throw(exec, TPL_EXC_VALUE, "%s cannot hold CR", what);

        case '\n':
            return tpl_throw(exec, TPL_EXC_VALUE, "%s cannot hold LF", what);

        case '\0':
            return tpl_throw(exec, TPL_EXC_VALUE, "%s cannot hold NUL", what);

        default:
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "%s cannot hold the control character 0x%02x",
                             what, (unsigned) s->data[i]);
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_web_text(tpl_exec_t *exec, const tpl_value_t *v, const char *what,
    tpl_str_t *out)
{
    tpl_value_t  text;

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    if (!tpl_is_string(v) && !tpl_is_number(v)) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "%s must be a string or a number, not '%s'", what,
                         tpl_type_name(v));
    }

    if (tpl_to_string(exec, v, &text) != TPL_OK) {
        return TPL_ERROR;
    }

    *out = tpl_value_str(&text);

    return TPL_OK;
}


/* RFC 9110: token */

static tpl_uint_t
tpl_answer_is_token(const tpl_str_t *s)
{
    size_t      i;
    tpl_char_t  c;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || (c && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
        {
            return 0;
        }
    }

    return s->len != 0;
}


static tpl_uint_t
tpl_answer_same_name(const tpl_str_t *a, const tpl_str_t *b)
{
    return a->len == b->len
           && strncasecmp((char *) a->data, (char *) b->data, a->len) == 0;
}


static tpl_int_t
tpl_answer_abort(tpl_call_t *call)
{
    int64_t     code;
    tpl_str_t   description;
    tpl_web_t  *web;

    if (call->args[0].type == TPL_UNDEFINED) {
        return tpl_undefined_throw(call->exec, &call->args[0]);
    }

    if (tpl_arg_int(call, 0, 0, &code) != TPL_OK) {
        return TPL_ERROR;
    }

    if (code < 300 || code > 599) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "abort() takes a status from 300 to 599, not %lld",
                         (long long) code);
    }

    description.len = 0;

    if (tpl_arg_some(&call->args[1])
        && tpl_web_text(call->exec, &call->args[1], "a description",
                        &description)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_vm_web(call->exec, &web) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_web_abort(call->exec, web, code, &description);
}


/* werkzeug.utils.redirect(): 300 is not a real redirect, 304 is no redirect */

static tpl_int_t
tpl_answer_redirect(tpl_call_t *call)
{
    int64_t     code;
    tpl_str_t   location;
    tpl_web_t  *web;

    static const tpl_str_t  name = tpl_string("Location");

    if (tpl_arg_str(call, 0, &location) != TPL_OK
        || tpl_arg_int(call, 1, 302, &code) != TPL_OK)
    {
        return TPL_ERROR;
    }

    switch (code) {

    case 301:
    case 302:
    case 303:
    case 305:
    case 307:
    case 308:
        break;

    default:
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "redirect() takes 301, 302, 303, 305, 307 or 308, "
                         "not %lld", (long long) code);
    }

    if (tpl_web_check_text(call->exec, &location, "a location") != TPL_OK
        || tpl_iri_to_uri(call->exec, &location, &location) != TPL_OK
        || tpl_vm_web(call->exec, &web) != TPL_OK
        || tpl_web_set_header(call->exec, web, &name, &location, 0) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_web_abort(call->exec, web, code, &location);
}


/* header(name, value, add=false): writes nothing into the page */

static tpl_int_t
tpl_answer_header(tpl_call_t *call)
{
    tpl_str_t    name, value;
    tpl_web_t   *web;
    tpl_uint_t   add;

    static const tpl_str_t  cookie = tpl_string("Set-Cookie");

    if (tpl_arg_str(call, 0, &name) != TPL_OK
        || tpl_web_text(call->exec, &call->args[1], "a header", &value)
           != TPL_OK
        || tpl_arg_bool(call, 2, 0, &add) != TPL_OK
        || tpl_vm_web(call->exec, &web) != TPL_OK)
    {
        return TPL_ERROR;
    }

    /* each sets another cookie */

    if (tpl_answer_same_name(&name, &cookie)) {
        add = 1;
    }

    tpl_value_string(&call->result, (tpl_char_t *) "", 0, TPL_F_ASCII);

    return tpl_web_set_header(call->exec, web, &name, &value, add);
}


static tpl_int_t
tpl_answer_nonce(tpl_call_t *call)
{
    tpl_int_t   rc;
    tpl_str_t   nonce;
    tpl_web_t  *web;

    if (tpl_vm_web(call->exec, &web) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = web->host->nonce(web, &nonce);

    if (rc != TPL_OK) {
        return tpl_throw(call->exec, TPL_EXC_HOST,
                         "there are no random numbers for a nonce");
    }

    tpl_value_string(&call->result, nonce.data, nonce.len, TPL_F_ASCII);

    return TPL_OK;
}
