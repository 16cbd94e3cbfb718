
/*
 * URLs as they are sent: quoting, and IRIs (text in any script) as URIs.
 *
 * The rules are werkzeug's (werkzeug.urls), so that a redirect has the same
 * Location that Flask gives it.
 */

#include "web/tpl_answer.h"


/* werkzeug.urls: _always_safe besides letters and digits, _to_uri_safe */
#define TPL_URI_ALWAYS  "-._~$!'()*+,;"
#define TPL_URI_SAFE    ":/?#[]@!$&'()*+,;=%"


static tpl_uint_t tpl_uri_is_plain(const tpl_str_t *s);
static size_t tpl_uri_scheme(const tpl_str_t *s);


tpl_int_t
tpl_uri_quote(tpl_buf_t *b, const tpl_str_t *s, const char *safe)
{
    size_t             i;
    tpl_char_t         c, *d;
    static const char  hex[] = "0123456789ABCDEF";

    d = tpl_buf_reserve(b, s->len * 3);

    if (d == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9')
            || (c && (strchr(TPL_URI_ALWAYS, c) || strchr(safe, c))))
        {
            *d++ = c;
            continue;
        }

        *d++ = '%';
        *d++ = hex[c >> 4];
        *d++ = hex[c & 15];
    }

    b->len = d - b->data;

    return TPL_OK;
}


tpl_int_t
tpl_iri_to_uri(tpl_exec_t *exec, const tpl_str_t *iri, tpl_str_t *out)
{
    size_t      i, n, scheme;
    tpl_buf_t   b;
    tpl_str_t   rest, host, query, fragment;

    tpl_charge(exec, iri->len);

    if (tpl_uri_is_plain(iri)) {
        *out = *iri;
        return TPL_OK;
    }

    /* url_parse(), and url_unparse() of the quoted parts */

    tpl_buf_init(&b, exec->arena);

    rest = *iri;
    scheme = tpl_uri_scheme(&rest);

    for (i = 0; i < scheme; i++) {
        (void) tpl_buf_char(&b, rest.data[i] | 0x20);
    }

    if (scheme) {
        rest.data += scheme + 1;
        rest.len -= scheme + 1;

        (void) tpl_buf_char(&b, ':');
    }

    host.len = 0;

    if (rest.len >= 2 && rest.data[0] == '/' && rest.data[1] == '/') {

        for (n = 2; n < rest.len && strchr("/?#", rest.data[n]) == NULL; n++)
        {
            if (rest.data[n] >= 0x80) {
                return tpl_throw(exec, TPL_EXC_VALUE,
                                 "the host of a URL must be ASCII");
            }
        }

        host.data = rest.data + 2;
        host.len = n - 2;

        rest.data += n;
        rest.len -= n;
    }

    tpl_str_set(&query, "");
    tpl_str_set(&fragment, "");

    for (i = 0; i < rest.len; i++) {
        if (rest.data[i] == '#') {
            fragment.data = rest.data + i + 1;
            fragment.len = rest.len - i - 1;
            rest.len = i;
        }
    }

    for (i = 0; i < rest.len; i++) {
        if (rest.data[i] == '?') {
            query.data = rest.data + i + 1;
            query.len = rest.len - i - 1;
            rest.len = i;
        }
    }

    if (host.len || (scheme && rest.len && rest.data[0] == '/')) {
        (void) tpl_buf_lit(&b, "//");
        (void) tpl_uri_quote(&b, &host, TPL_URI_SAFE);

        if (rest.len && rest.data[0] != '/') {
            (void) tpl_buf_char(&b, '/');
        }
    }

    (void) tpl_uri_quote(&b, &rest, TPL_URI_SAFE);

    if (query.len) {
        (void) tpl_buf_char(&b, '?');
        (void) tpl_uri_quote(&b, &query, TPL_URI_SAFE);
    }

    if (fragment.len) {
        (void) tpl_buf_char(&b, '#');
        (void) tpl_uri_quote(&b, &fragment, TPL_URI_SAFE);
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    out->data = b.data;
    out->len = b.len;

    return TPL_OK;
}


/* ASCII without blanks: as it is, whatever its scheme makes of it */

static tpl_uint_t
tpl_uri_is_plain(const tpl_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] <= 0x20 || s->data[i] >= 0x7f) {
            return 0;
        }
    }

    return 1;
}


/* bytes of the scheme, 0 if there is none; "host:80" has none */

static size_t
tpl_uri_scheme(const tpl_str_t *s)
{
    size_t      i, n;
    tpl_char_t  c;

    for (n = 0; n < s->len && s->data[n] != ':'; n++) {
        c = s->data[n];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || (c >= '+' && c <= '.')))
        {
            return 0;
        }
    }

    if (n == s->len) {
        return 0;
    }

    for (i = n + 1; i < s->len; i++) {
        if (s->data[i] < '0' || s->data[i] > '9') {
            return n;
        }
    }

    /* digits alone are a port; nothing at all is a scheme */

    return (n + 1 == s->len) ? n : 0;
}
