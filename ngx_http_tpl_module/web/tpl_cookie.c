
/*
 * Cookies that a page sets, as werkzeug.http.dump_cookie() writes them.
 */

#include <math.h>

#include "builtins/tpl_module_datetime.h"
#include "web/tpl_answer.h"


static tpl_int_t tpl_cookie_quote(tpl_buf_t *b, const tpl_str_t *s);
static tpl_int_t tpl_cookie_domain(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_str_t *out);
static tpl_int_t tpl_cookie_samesite(tpl_exec_t *exec, const tpl_str_t *s,
    const char **out);
static tpl_int_t tpl_cookie_attributes(tpl_call_t *call,
    tpl_cookie_t *cookie, tpl_uint_t first);
static tpl_int_t tpl_cookie_expires(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_str_t *out);
static tpl_int_t tpl_cookie_text(tpl_call_t *call, tpl_uint_t i,
    const char *what, tpl_str_t *out);
static tpl_int_t tpl_cookie_set(tpl_call_t *call);
static tpl_int_t tpl_cookie_delete(tpl_call_t *call);


/* a page that sets a cookie is made for one client */

const tpl_builtin_def_t  tpl_cookie_globals[] = {
    { "set_cookie", "key, value=, max_age=, expires=, path=, domain=, "
                    "secure=, httponly=, samesite=",
      tpl_cookie_set, TPL_FN_IMPURE },
    { "delete_cookie", "key, path=, domain=, secure=, httponly=, samesite=",
      tpl_cookie_delete, TPL_FN_IMPURE },
    { NULL, NULL, NULL, 0 }
};


tpl_int_t
tpl_web_set_cookie(tpl_exec_t *exec, tpl_web_t *web,
    const tpl_cookie_t *cookie)
{
    size_t       i;
    time_t       now;
    tpl_buf_t    b;
    tpl_str_t    text;
    tpl_char_t   c;
    const char  *samesite;

    static const tpl_str_t  name = tpl_string("Set-Cookie");

    tpl_charge(exec, cookie->name.len + cookie->value.len);

    for (i = 0; i < cookie->name.len; i++) {
        c = cookie->name.data[i];

        if (c <= 0x20 || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c)) {
            break;
        }
    }

    if (cookie->name.len == 0 || i < cookie->name.len) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "'%.*s' is not the name of a cookie",
                         tpl_str_arg(&cookie->name));
    }

    samesite = NULL;

    if (cookie->samesite.data
        && tpl_cookie_samesite(exec, &cookie->samesite, &samesite) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);

    (void) tpl_buf_str(&b, &cookie->name);
    (void) tpl_buf_char(&b, '=');
    (void) tpl_cookie_quote(&b, &cookie->value);

    if (cookie->domain.data) {

        if (tpl_cookie_domain(exec, &cookie->domain, &text) != TPL_OK) {
            return TPL_ERROR;
        }

        (void) tpl_buf_lit(&b, "; Domain=");
        (void) tpl_cookie_quote(&b, &text);
    }

    if (cookie->expires.data) {

        /* another attribute is none of a date's */

        if (cookie->expires.len
            && memchr(cookie->expires.data, ';', cookie->expires.len))
        {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "'%.*s' is not when a cookie expires",
                             tpl_str_arg(&cookie->expires));
        }

        (void) tpl_buf_lit(&b, "; Expires=");
        (void) tpl_buf_str(&b, &cookie->expires);

    } else if (cookie->has_max_age) {
        now = time(NULL);

        if (cookie->max_age > TPL_TIME_MAX || cookie->max_age < TPL_TIME_MIN)
        {
            return tpl_throw(exec, TPL_EXC_VALUE, "max_age is out of range");
        }

        (void) tpl_buf_lit(&b, "; Expires=");

        if (tpl_http_date(exec, &b, now + cookie->max_age) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (cookie->has_max_age) {
        (void) tpl_buf_printf(&b, "; Max-Age=%lld",
                              (long long) cookie->max_age);
    }

    if (cookie->secure) {
        (void) tpl_buf_lit(&b, "; Secure");
    }

    if (cookie->httponly) {
        (void) tpl_buf_lit(&b, "; HttpOnly");
    }

    if (cookie->path.data) {

        /* as iri_to_uri(), but for what would end the attribute */

        (void) tpl_buf_lit(&b, "; Path=");

        for (i = 0; i < cookie->path.len; i++) {
            text.data = cookie->path.data + i;
            text.len = 1;

            if (*text.data == ';') {
                (void) tpl_buf_lit(&b, "%3B");

            } else {
                (void) tpl_uri_quote(&b, &text, ":/?#[]@&=%");
            }
        }
    }

    if (samesite) {
        (void) tpl_buf_printf(&b, "; SameSite=%s", samesite);
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    text.data = b.data;
    text.len = b.len;

    return tpl_web_set_header(exec, web, &name, &text, 1);
}


/* werkzeug._internal._cookie_quote() */

static tpl_int_t
tpl_cookie_quote(tpl_buf_t *b, const tpl_str_t *s)
{
    size_t      i;
    tpl_char_t  c, *d;
    tpl_uint_t  legal;

    legal = 1;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || (c && strchr("/=!#$%&'*+-.^_`|~:", c))))
        {
            legal = 0;
            break;
        }
    }

    if (legal) {
        return tpl_buf_str(b, s);
    }

    d = tpl_buf_reserve(b, s->len * 4 + 2);

    if (d == NULL) {
        return TPL_ERROR;
    }

    *d++ = '"';

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c == '"' || c == '\\') {
            *d++ = '\\';
            *d++ = c;

        } else if (c < 0x20 || c >= 0x7f || c == ',' || c == ';') {
            *d++ = '\\';
            *d++ = '0' + (c >> 6);
            *d++ = '0' + ((c >> 3) & 7);
            *d++ = '0' + (c & 7);

        } else {
            *d++ = c;
        }
    }

    *d++ = '"';

    b->len = d - b->data;

    return TPL_OK;
}


/* without a port; there has to be a dot, as browsers refuse it otherwise */

static tpl_int_t
tpl_cookie_domain(tpl_exec_t *exec, const tpl_str_t *s, tpl_str_t *out)
{
    size_t      i;
    tpl_uint_t  dots;

    dots = 0;
    *out = *s;

    for (i = 0; i < out->len; i++) {

        if (out->data[i] >= 0x80) {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "the domain of a cookie must be ASCII");
        }

        if (out->data[i] == ':') {
            out->len = i;
            break;
        }

        dots += (out->data[i] == '.');
    }

    if (dots == 0) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "the domain of a cookie must have a dot, unlike "
                         "'%.*s'", tpl_str_arg(s));
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cookie_samesite(tpl_exec_t *exec, const tpl_str_t *s, const char **out)
{
    tpl_uint_t  i;

    static const char *const  values[] = { "Strict", "Lax", "None" };

    for (i = 0; i < tpl_nelts(values); i++) {
        if (s->len == strlen(values[i])
            && strncasecmp((char *) s->data, values[i], s->len) == 0)
        {
            *out = values[i];
            return TPL_OK;
        }
    }

    return tpl_throw(exec, TPL_EXC_VALUE,
                     "SameSite must be 'Strict', 'Lax', or 'None'.");
}


tpl_int_t
tpl_http_date(tpl_exec_t *exec, tpl_buf_t *b, int64_t seconds)
{
    time_t     t;
    struct tm  tm;

    static const char *const  days[] = {
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
    };

    static const char *const  months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };

    t = (time_t) seconds;

    if (seconds < TPL_TIME_MIN || seconds > TPL_TIME_MAX
        || gmtime_r(&t, &tm) == NULL)
    {
        return tpl_throw(exec, TPL_EXC_VALUE, "year is out of range");
    }

    if (tpl_buf_printf(b, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                       days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                       tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec)
        != TPL_OK)
    {
        return tpl_throw_memory(exec);
    }

    return TPL_OK;
}


/* path, domain, secure, httponly, samesite: the arguments from first on */

static tpl_int_t
tpl_cookie_attributes(tpl_call_t *call, tpl_cookie_t *cookie,
    tpl_uint_t first)
{
    tpl_uint_t  secure, httponly;

    tpl_str_set(&cookie->path, "/");

    if (tpl_arg_given(&call->args[first])
        && tpl_cookie_text(call, first, "path", &cookie->path) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_cookie_text(call, first + 1, "domain", &cookie->domain) != TPL_OK
        || tpl_arg_bool(call, first + 2, 0, &secure) != TPL_OK
        || tpl_arg_bool(call, first + 3, 0, &httponly) != TPL_OK
        || tpl_cookie_text(call, first + 4, "samesite", &cookie->samesite)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    cookie->secure = (secure != 0);
    cookie->httponly = (httponly != 0);

    return TPL_OK;
}


/* a string argument; data is NULL if it is None or not given */

static tpl_int_t
tpl_cookie_text(tpl_call_t *call, tpl_uint_t i, const char *what,
    tpl_str_t *out)
{
    out->len = 0;
    out->data = NULL;

    if (!tpl_arg_some(&call->args[i])) {
        return TPL_OK;
    }

    if (tpl_arg_str(call, i, out) != TPL_OK) {
        return TPL_ERROR;
    }

    if (out->data == NULL) {
        tpl_str_set(out, "");
    }

    return tpl_web_check_text(call->exec, out, what);
}


/* text, seconds since 1970, or a datetime, which is UTC if it has no zone */

static tpl_int_t
tpl_cookie_expires(tpl_exec_t *exec, const tpl_value_t *v, tpl_str_t *out)
{
    double         d;
    int64_t        seconds;
    tpl_buf_t      b;
    tpl_moment_t  *m;

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    if (tpl_is_string(v)) {
        *out = tpl_value_str(v);

        if (out->data == NULL) {
            tpl_str_set(out, "");
        }

        return tpl_web_check_text(exec, out, "expires");
    }

    if (tpl_is_number(v)) {

        if (tpl_to_float(exec, v, &d) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!(d >= TPL_TIME_MIN && d <= TPL_TIME_MAX)) {
            return tpl_throw(exec, TPL_EXC_VALUE, "year is out of range");
        }

        seconds = (int64_t) floor(d);

    } else if (tpl_is_object_of(v, &tpl_datetime_class)
               || tpl_is_object_of(v, &tpl_date_class))
    {
        m = (tpl_moment_t *) v->u.obj;

        seconds = (m->day - TPL_DAY_EPOCH) * 86400 + m->us / 1000000
                  - m->offset;

    } else {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "expires must be a datetime, a number or a string, "
                         "not '%s'", tpl_type_name(v));
    }

    tpl_buf_init(&b, exec->arena);

    if (tpl_http_date(exec, &b, seconds) != TPL_OK) {
        return TPL_ERROR;
    }

    out->data = b.data;
    out->len = b.len;

    return TPL_OK;
}


static tpl_int_t
tpl_cookie_set(tpl_call_t *call)
{
    tpl_web_t          *web;
    tpl_cookie_t        cookie;
    const tpl_value_t  *age;

    memset(&cookie, 0, sizeof(tpl_cookie_t));

    if (tpl_arg_str(call, 0, &cookie.name) != TPL_OK
        || (tpl_arg_given(&call->args[1])
            && tpl_web_text(call->exec, &call->args[1], "a cookie",
                            &cookie.value)
               != TPL_OK)
        || (tpl_arg_some(&call->args[3])
            && tpl_cookie_expires(call->exec, &call->args[3],
                                  &cookie.expires)
               != TPL_OK)
        || tpl_cookie_attributes(call, &cookie, 4) != TPL_OK
        || tpl_vm_web(call->exec, &web) != TPL_OK)
    {
        return TPL_ERROR;
    }

    age = &call->args[2];

    if (tpl_is_object_of(age, &tpl_delta_class)) {
        cookie.has_max_age = 1;
        cookie.max_age = ((tpl_delta_t *) age->u.obj)->us / 1000000;

    } else if (tpl_arg_some(age)) {
        cookie.has_max_age = 1;

        if (tpl_arg_int(call, 2, 0, &cookie.max_age) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_value_string(&call->result, (tpl_char_t *) "", 0, TPL_F_ASCII);

    return tpl_web_set_cookie(call->exec, web, &cookie);
}


static tpl_int_t
tpl_cookie_delete(tpl_call_t *call)
{
    tpl_web_t     *web;
    tpl_cookie_t   cookie;

    memset(&cookie, 0, sizeof(tpl_cookie_t));

    tpl_str_set(&cookie.expires, "Thu, 01 Jan 1970 00:00:00 GMT");
    cookie.has_max_age = 1;

    if (tpl_arg_str(call, 0, &cookie.name) != TPL_OK
        || tpl_cookie_attributes(call, &cookie, 1) != TPL_OK
        || tpl_vm_web(call->exec, &web) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_string(&call->result, (tpl_char_t *) "", 0, TPL_F_ASCII);

    return tpl_web_set_cookie(call->exec, web, &cookie);
}
