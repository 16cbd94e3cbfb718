
/*
 * URLs as people read them (werkzeug.urls: uri_to_iri()).
 */

#include "web/tpl_query.h"
#include "web/tpl_request.h"


static tpl_uint_t tpl_iri_safe(tpl_char_t c, const char *unsafe);
static void tpl_iri_unquote(tpl_buf_t *b, const tpl_str_t *s,
    const char *unsafe);
static void tpl_iri_netloc(tpl_buf_t *b, const tpl_str_t *netloc);


tpl_int_t
tpl_uri_to_iri(tpl_exec_t *exec, const tpl_str_t *uri, tpl_str_t *out)
{
    size_t             n;
    tpl_buf_t          b;
    tpl_str_t          scheme, netloc, rest, query, fragment;
    const tpl_char_t  *p;

    tpl_charge(exec, uri->len);
    tpl_buf_init(&b, exec->arena);

    rest = *uri;

    /* the caller's own scheme, then "//" */

    p = rest.len ? memchr(rest.data, ':', rest.len) : NULL;

    scheme.data = rest.data;
    scheme.len = p ? p - rest.data : 0;

    if (p) {
        rest.len -= scheme.len + 1;
        rest.data += scheme.len + 1;

        tpl_buf_str(&b, &scheme);
        tpl_buf_char(&b, ':');
    }

    netloc.data = NULL;
    netloc.len = 0;

    if (rest.len >= 2 && rest.data[0] == '/' && rest.data[1] == '/') {

        for (n = 2; n < rest.len && rest.data[n] != '/' && rest.data[n] != '?'
             && rest.data[n] != '#'; n++)
        {
            /* void */
        }

        netloc.data = rest.data + 2;
        netloc.len = n - 2;

        rest.data += n;
        rest.len -= n;

        if (netloc.len && !memchr(netloc.data, '[', netloc.len)
                          != !memchr(netloc.data, ']', netloc.len))
        {
            return TPL_DECLINED;
        }
    }

    tpl_str_set(&query, "");
    tpl_str_set(&fragment, "");

    p = rest.len ? memchr(rest.data, '#', rest.len) : NULL;

    if (p) {
        fragment.data = (tpl_char_t *) p + 1;
        fragment.len = rest.data + rest.len - fragment.data;
        rest.len = p - rest.data;
    }

    p = rest.len ? memchr(rest.data, '?', rest.len) : NULL;

    if (p) {
        query.data = (tpl_char_t *) p + 1;
        query.len = rest.data + rest.len - query.data;
        rest.len = p - rest.data;
    }

    if (netloc.len || (scheme.len && rest.len && rest.data[0] == '/')) {
        tpl_buf_lit(&b, "//");
        tpl_iri_netloc(&b, &netloc);

        if (rest.len && rest.data[0] != '/') {
            tpl_buf_char(&b, '/');
        }
    }

    tpl_iri_unquote(&b, &rest, NULL);

    if (query.len) {
        tpl_buf_char(&b, '?');
        tpl_iri_unquote(&b, &query, NULL);
    }

    if (fragment.len) {
        tpl_buf_char(&b, '#');
        tpl_iri_unquote(&b, &fragment, NULL);
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    out->data = b.data;
    out->len = b.len;

    return TPL_OK;
}


/* whether a decoded byte may stand there by itself */

static tpl_uint_t
tpl_iri_safe(tpl_char_t c, const char *unsafe)
{
    if (c >= 0x80) {
        return 1;
    }

    if (unsafe) {
        return c == '\0' || strchr(unsafe, c) == NULL;
    }

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || (c && strchr("-._~$!'()*+,;", c) != NULL);
}


/*
 * Decodes %XX, but for what is not safe, or with unsafe for what stands in it;
 * then bytes that are no UTF-8 are quoted again.
 */

static void
tpl_iri_unquote(tpl_buf_t *b, const tpl_str_t *s, const char *unsafe)
{
    size_t             i, n;
    tpl_char_t        *d, *text, c[3];
    const tpl_char_t  *p, *q, *last;

    if (s->len == 0) {
        return;
    }

    text = tpl_pnalloc(b->arena, s->len);
    if (text == NULL) {
        tpl_buf_fail(b);
        return;
    }

    d = text;
    last = s->data + s->len;

    for (p = s->data; p < last; ) {

        if (*p == '%' && last - p > 2
            && tpl_query_unquote(c, p, 3, 0) == c + 1
            && tpl_iri_safe(c[0], unsafe))
        {
            *d++ = c[0];
            p += 3;
            continue;
        }

        *d++ = *p++;
    }

    last = d;

    for (p = text; p < last; p = q) {
        n = tpl_utf8_check(p, last - p);

        tpl_buf_add(b, p, n);

        p += n;
        q = p;

        if (p < last) {
            (void) tpl_utf8_decode(&q, last);

            for (i = 0; i < (size_t) (q - p); i++) {
                tpl_buf_printf(b, "%%%02X", (unsigned) p[i]);
            }
        }
    }
}


/* BaseURL.decode_netloc(): name and password, host, port if it is one */

static void
tpl_iri_netloc(tpl_buf_t *b, const tpl_str_t *netloc)
{
    int64_t            port;
    tpl_str_t          host, number, user, password;
    const tpl_char_t  *p;

    host = *netloc;

    p = host.len ? memchr(host.data, '@', host.len) : NULL;

    if (p) {
        user.data = host.data;
        user.len = p - host.data;

        host.len -= user.len + 1;
        host.data += user.len + 1;

        p = user.len ? memchr(user.data, ':', user.len) : NULL;

        password.len = 0;

        if (p) {
            password.data = (tpl_char_t *) p + 1;
            password.len = user.data + user.len - password.data;
            user.len = p - user.data;
        }

        tpl_iri_unquote(b, &user, "/:%@");

        if (user.len && password.len) {
            tpl_buf_char(b, ':');
        }

        tpl_iri_unquote(b, &password, "/:%@");

        if (user.len || password.len) {
            tpl_buf_char(b, '@');
        }
    }

    number.len = 0;
    p = NULL;

    if (host.len && host.data[0] == '[') {
        p = memchr(host.data, ']', host.len);
    }

    if (p) {
        number.data = (tpl_char_t *) p + 1;
        number.len = host.data + host.len - number.data;

        host.data++;
        host.len = p - host.data;

        if (number.len && number.data[0] == ':') {
            number.data++;
            number.len--;

        } else {
            number.len = 0;
        }

    } else {
        p = host.len ? memchr(host.data, ':', host.len) : NULL;

        if (p) {
            number.data = (tpl_char_t *) p + 1;
            number.len = host.data + host.len - number.data;
            host.len = p - host.data;
        }
    }

    if (host.len && memchr(host.data, ':', host.len)) {
        tpl_buf_char(b, '[');
        tpl_buf_str(b, &host);
        tpl_buf_char(b, ']');

    } else {
        tpl_buf_str(b, &host);
    }

    if (number.len && tpl_parse_int(&number, 10, &port) == TPL_OK
        && port >= 0 && port <= 65535)
    {
        tpl_buf_printf(b, ":%d", (int) port);
    }
}
