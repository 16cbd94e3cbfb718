
/*
 * url_for(), static_url() and reverse_url(): the addresses that routes build.
 *
 * An address without its host follows from the configuration alone, so a page
 * that asks for one may still be constant.
 */

#include "web/tpl_route.h"


/* digits of a hash that url_for() shows; Tornado shows all */
#define TPL_URL_VERSION  16


static tpl_int_t tpl_url_for(tpl_call_t *call);
static const tpl_route_t *tpl_url_find(const tpl_routes_t *routes,
    const tpl_str_t *name, const tpl_dict_t *values);
static tpl_uint_t tpl_url_suits(const tpl_route_t *route,
    const tpl_dict_t *values);
static tpl_value_t *tpl_url_value(const tpl_dict_t *values,
    const tpl_str_t *name);
static tpl_int_t tpl_url_build_error(tpl_exec_t *exec,
    const tpl_routes_t *routes, const tpl_str_t *name,
    const tpl_dict_t *values);
static void tpl_url_names(tpl_buf_t *b, const tpl_str_t *names, uint32_t n);
static tpl_int_t tpl_url_path(tpl_exec_t *exec, const tpl_route_t *route,
    const tpl_dict_t *values, tpl_buf_t *b);
static tpl_int_t tpl_url_part(tpl_exec_t *exec, const tpl_route_part_t *part,
    const tpl_value_t *value, tpl_buf_t *b);
static tpl_int_t tpl_url_query(tpl_exec_t *exec, const tpl_route_t *route,
    const tpl_dict_t *values, tpl_buf_t *b);
static tpl_int_t tpl_url_argument(tpl_exec_t *exec, const tpl_str_t *name,
    const tpl_value_t *value, tpl_buf_t *b, const char **separator);
static tpl_int_t tpl_url_host(tpl_exec_t *exec, const tpl_value_t *scheme,
    tpl_buf_t *b);
static const tpl_version_t *tpl_url_version(const tpl_versions_t *versions,
    const tpl_str_t *path);
static tpl_int_t tpl_url_static(tpl_call_t *call);
static tpl_int_t tpl_url_reverse(tpl_call_t *call);


const tpl_builtin_def_t  tpl_route_globals[] = {
    { "url_for", "endpoint, /, _anchor=, _method=, _scheme=, _external=, "
                 "**values",
      tpl_url_for, TPL_FN_CONTEXT },
    { "static_url", "path, include_host=, include_version=", tpl_url_static,
      TPL_FN_CONTEXT },
    { "reverse_url", "name, *args", tpl_url_reverse, TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


/* flask.Flask.url_for(), in a request; the method changes nothing */

static tpl_int_t
tpl_url_for(tpl_call_t *call)
{
    tpl_buf_t            b;
    tpl_str_t            name, anchor;
    tpl_exec_t          *exec;
    tpl_uint_t           external;
    tpl_value_t         *scheme, text;
    const tpl_dict_t    *values;
    const tpl_route_t   *route;
    const tpl_routes_t  *routes;

    exec = call->exec;
    scheme = &call->args[3];
    values = call->args[5].u.dict;

    if (tpl_arg_str(call, 0, &name) != TPL_OK
        || tpl_vm_routes(exec, &routes) != TPL_OK)
    {
        return TPL_ERROR;
    }

    /* relative to a blueprint, of which there is none */

    if (name.len && name.data[0] == '.') {
        name.data++;
        name.len--;
    }

    external = tpl_arg_some(scheme);

    if (tpl_arg_some(&call->args[4])
        && tpl_truth(exec, &call->args[4], &external) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_arg_some(scheme) && !external) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "When specifying '_scheme', '_external' must be "
                         "True.");
    }

    tpl_charge_items(exec, values->n);

    route = tpl_url_find(routes, &name, values);

    if (route == NULL) {
        return tpl_url_build_error(exec, routes, &name, values);
    }

    if (route->tornado) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "the route '%.*s' is a regular expression, which "
                         "reverse_url() takes", tpl_str_arg(&name));
    }

    tpl_buf_init(&b, exec->arena);

    /* a prefix may be an address of its own */

    if (external && !(route->files && route->prefix.data[0] != '/')
        && tpl_url_host(exec, scheme, &b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_url_path(exec, route, values, &b) != TPL_OK
        || tpl_url_query(exec, route, values, &b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_arg_some(&call->args[1])) {

        if (tpl_to_string(exec, &call->args[1], &text) != TPL_OK) {
            return TPL_ERROR;
        }

        anchor = tpl_value_str(&text);

        (void) tpl_buf_char(&b, '#');
        (void) tpl_uri_quote(&b, &anchor, "/:");
    }

    tpl_charge(exec, b.len);

    return tpl_value_from_buf(exec, &call->result, &b, TPL_F_ASCII);
}


/* of those that suit, one with most variables (Rule.build_compare_key) */

static const tpl_route_t *
tpl_url_find(const tpl_routes_t *routes, const tpl_str_t *name,
    const tpl_dict_t *values)
{
    uint32_t            i;
    const tpl_route_t  *route, *best;

    best = NULL;

    for (i = 0; i < routes->n; i++) {
        route = routes->items[i];

        if (tpl_str_eq(&route->name, name)
            && (best == NULL || route->nargs > best->nargs)
            && (route->tornado || tpl_url_suits(route, values)))
        {
            best = route;
        }
    }

    return best;
}


static tpl_uint_t
tpl_url_suits(const tpl_route_t *route, const tpl_dict_t *values)
{
    uint32_t  i;

    for (i = 0; i < route->nparts; i++) {
        if (route->parts[i].kind != TPL_ROUTE_TEXT
            && tpl_url_value(values, &route->parts[i].text) == NULL)
        {
            return 0;
        }
    }

    return 1;
}


/* None is as if it were not given */

static tpl_value_t *
tpl_url_value(const tpl_dict_t *values, const tpl_str_t *name)
{
    tpl_name_t    key;
    tpl_value_t  *v;

    key.str = *name;
    key.hash = tpl_hash(name->data, name->len);

    v = tpl_dict_find(values, &key);

    return (v == NULL || v->type == TPL_NONE) ? NULL : v;
}


/* werkzeug.routing.BuildError */

static tpl_int_t
tpl_url_build_error(tpl_exec_t *exec, const tpl_routes_t *routes,
    const tpl_str_t *name, const tpl_dict_t *values)
{
    uint32_t            i, n;
    tpl_buf_t           b;
    tpl_str_t          *names;
    const tpl_str_t    *near;
    const tpl_route_t  *route, *same;
    tpl_dict_entry_t   *e;

    same = NULL;

    names = tpl_palloc(exec->arena, (routes->n + values->n + 1)
                                    * sizeof(tpl_str_t));
    if (names == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_buf_init(&b, exec->arena);
    (void) tpl_buf_printf(&b, "Could not build url for endpoint '%.*s'",
                          tpl_str_arg(name));

    n = 0;

    for (i = 0; (e = tpl_dict_next(values, &i)) != NULL; ) {
        if (e->value.type != TPL_NONE) {
            names[n++] = tpl_value_str(&e->key);
        }
    }

    if (n) {
        (void) tpl_buf_lit(&b, " with values ");
        tpl_url_names(&b, names, n);
    }

    (void) tpl_buf_char(&b, '.');

    for (i = 0; i < routes->n; i++) {
        route = routes->items[i];
        names[i] = route->name;

        if (tpl_str_eq(&route->name, name)
            && (same == NULL || route->nargs < same->nargs))
        {
            same = route;
        }
    }

    if (same) {
        n = 0;

        names = tpl_palloc(exec->arena,
                           (same->nparts + 1) * sizeof(tpl_str_t));
        if (names == NULL) {
            return tpl_throw_memory(exec);
        }

        for (i = 0; i < same->nparts; i++) {
            if (same->parts[i].kind != TPL_ROUTE_TEXT
                && tpl_url_value(values, &same->parts[i].text) == NULL)
            {
                names[n++] = same->parts[i].text;
            }
        }

        (void) tpl_buf_lit(&b, " Did you forget to specify values ");
        tpl_url_names(&b, names, n);
        (void) tpl_buf_char(&b, '?');

    } else {
        near = tpl_nearest(name, names, routes->n);

        if (near) {
            (void) tpl_buf_printf(&b, " Did you mean '%.*s' instead?",
                                  tpl_str_arg(near));
        }
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    return tpl_throw(exec, TPL_EXC_VALUE, "%.*s", (int) b.len,
                     (char *) b.data);
}


/* ['a', 'b'], sorted */

static void
tpl_url_names(tpl_buf_t *b, const tpl_str_t *names, uint32_t n)
{
    uint32_t          i, j;
    const tpl_str_t  *next, *last;

    last = NULL;

    for (i = 0; i < n && i < 32; i++) {
        next = NULL;

        for (j = 0; j < n; j++) {
            if ((last == NULL || tpl_str_cmp(&names[j], last) > 0)
                && (next == NULL || tpl_str_cmp(&names[j], next) < 0))
            {
                next = &names[j];
            }
        }

        if (next == NULL) {
            break;
        }

        (void) tpl_buf_printf(b, "%s'%.*s'", i ? ", " : "[",
                              tpl_str_arg(next));
        last = next;
    }

    (void) tpl_buf_char(b, ']');
}


static tpl_int_t
tpl_url_path(tpl_exec_t *exec, const tpl_route_t *route,
    const tpl_dict_t *values, tpl_buf_t *b)
{
    size_t                   start, n;
    uint32_t                 i;
    const tpl_value_t       *v;
    const tpl_route_part_t  *part;

    start = b->len;

    for (i = 0; i < route->nparts; i++) {
        part = &route->parts[i];

        if (part->kind == TPL_ROUTE_TEXT) {
            (void) tpl_buf_str(b, &part->text);
            continue;
        }

        v = tpl_url_value(values, &part->text);

        if (tpl_url_part(exec, part, v, b) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (b->failed) {
        return tpl_throw_memory(exec);
    }

    /* two slashes at the start would be a host */

    for (n = 0; start + n < b->len && b->data[start + n] == '/'; n++) {
        /* void */
    }

    if (n > 1) {
        memmove(b->data + start + 1, b->data + start + n, b->len - start - n);
        b->len -= n - 1;
    }

    return TPL_OK;
}


/* the converters' to_url() */

static tpl_int_t
tpl_url_part(tpl_exec_t *exec, const tpl_route_part_t *part,
    const tpl_value_t *value, tpl_buf_t *b)
{
    double       d;
    int64_t      n;
    uint32_t     i;
    tpl_buf_t    choice;
    tpl_str_t    s;
    tpl_value_t  v;

    v = *value;

    switch (part->kind) {

    case TPL_ROUTE_INT:

        if (tpl_to_int(exec, value, &n) != TPL_OK) {
            return TPL_ERROR;
        }

        /* str.zfill() counts the sign */

        (void) tpl_buf_printf(b, "%0*lld", (int) part->digits,
                              (long long) n);
        return TPL_OK;

    case TPL_ROUTE_FLOAT:

        if (tpl_to_float(exec, value, &d) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_float(&v, d);

        return tpl_str_to(exec, &v, b);

    case TPL_ROUTE_ANY:

        if (tpl_to_string(exec, value, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        s = tpl_value_str(&v);

        for (i = 0; tpl_is_string(value) && i < part->n; i++) {
            if (tpl_str_eq(&part->items[i], &s)) {
                (void) tpl_buf_str(b, &s);
                return TPL_OK;
            }
        }

        tpl_buf_init(&choice, exec->arena);

        for (i = 0; i < part->n; i++) {
            (void) tpl_buf_printf(&choice, "%s'%.*s'", i ? ", " : "",
                                  tpl_str_arg(&part->items[i]));
        }

        if (choice.failed) {
            return tpl_throw_memory(exec);
        }

        return tpl_throw(exec, TPL_EXC_VALUE, "'%.*s' is not one of %.*s",
                         tpl_str_arg(&s), (int) choice.len,
                         (char *) choice.data);

    case TPL_ROUTE_UUID:
        return tpl_str_to(exec, &v, b);

    default: /* TPL_ROUTE_STRING, TPL_ROUTE_PATH */

        if (tpl_to_string(exec, value, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        s = tpl_value_str(&v);
        (void) tpl_uri_quote(b, &s, "/:");

        return TPL_OK;
    }
}


/* what is no variable of the route, in the order it was given */

static tpl_int_t
tpl_url_query(tpl_exec_t *exec, const tpl_route_t *route,
    const tpl_dict_t *values, tpl_buf_t *b)
{
    uint32_t              i, j;
    tpl_str_t             name, file;
    tpl_list_t           *list;
    const char           *separator;
    tpl_value_t           v;
    tpl_uint_t            versioned;
    tpl_dict_entry_t     *e;
    const tpl_version_t  *version;

    separator = "?";
    versioned = 0;

    for (i = 0; (e = tpl_dict_next(values, &i)) != NULL; ) {
        name = tpl_value_str(&e->key);

        for (j = 0; j < route->nparts; j++) {
            if (route->parts[j].kind != TPL_ROUTE_TEXT
                && tpl_str_eq(&route->parts[j].text, &name))
            {
                break;
            }
        }

        if (j < route->nparts) {
            continue;
        }

        versioned |= tpl_str_is(&name, "v");

        if (e->value.type != TPL_LIST && e->value.type != TPL_TUPLE) {
            if (tpl_url_argument(exec, &name, &e->value, b, &separator)
                != TPL_OK)
            {
                return TPL_ERROR;
            }

            continue;
        }

        list = e->value.u.list;
        tpl_charge_items(exec, list->n);

        for (j = 0; j < list->n; j++) {
            if (tpl_url_argument(exec, &name, &list->items[j], b, &separator)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    if (route->versions == NULL || versioned) {
        return TPL_OK;
    }

    if (tpl_to_string(exec, tpl_url_value(values, &route->parts[1].text), &v)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    file = tpl_value_str(&v);
    version = tpl_url_version(route->versions, &file);

    if (version) {
        (void) tpl_buf_printf(b, "%sv=%.*s", separator, TPL_URL_VERSION,
                              (char *) version->hash.data);
    }

    return TPL_OK;
}


/* werkzeug.urls.url_encode() */

static tpl_int_t
tpl_url_argument(tpl_exec_t *exec, const tpl_str_t *name,
    const tpl_value_t *value, tpl_buf_t *b, const char **separator)
{
    size_t             i;
    tpl_str_t          s, part[2];
    tpl_uint_t         k;
    tpl_value_t        v;

    if (value->type == TPL_NONE) {
        return TPL_OK;
    }

    if (tpl_to_string(exec, value, &v) != TPL_OK) {
        return TPL_ERROR;
    }

    part[0] = *name;
    part[1] = tpl_value_str(&v);

    tpl_charge(exec, part[0].len + part[1].len);

    for (k = 0; k < 2; k++) {
        (void) tpl_buf_add(b, k ? "=" : *separator, 1);

        /* safe, but for what plus makes of blanks */

        for (i = 0; i < part[k].len; i++) {
            s.data = part[k].data + i;
            s.len = 1;

            switch (*s.data) {

            case ' ':
                (void) tpl_buf_char(b, '+');
                break;

            case '+':
                (void) tpl_buf_lit(b, "%2B");
                break;

            default:
                (void) tpl_uri_quote(b, &s, "");
                break;
            }
        }
    }

    *separator = "&";

    return b->failed ? tpl_throw_memory(exec) : TPL_OK;
}


/* scheme://host of the request, the scheme's own port left out */

static tpl_int_t
tpl_url_host(tpl_exec_t *exec, const tpl_value_t *scheme, tpl_buf_t *b)
{
    size_t       i, n;
    tpl_int_t    rc;
    tpl_str_t    own, s, host;
    tpl_web_t   *web;
    tpl_value_t  v;

    if (tpl_vm_web(exec, &web) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = web->host->field(web, TPL_WEB_SCHEME, &own);

    if (rc == TPL_OK) {
        rc = web->host->field(web, TPL_WEB_HOST, &host);

        if (rc == TPL_DECLINED) {
            rc = web->host->field(web, TPL_WEB_SERVER_NAME, &host);
        }
    }

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc != TPL_OK) {
        return tpl_throw(exec, TPL_EXC_RUNTIME,
                         "the request does not say its host");
    }

    n = tpl_str_is(&own, "https") ? 4 : 3;

    if (host.len > n
        && memcmp(host.data + host.len - n, (n == 4) ? ":443" : ":80", n)
           == 0)
    {
        host.len -= n;
    }

    if (!tpl_arg_some(scheme)) {
        s = own;

    } else {

        if (tpl_to_string(exec, scheme, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        s = tpl_value_str(&v);
    }

    /* MapAdapter.build() knows two schemes; none at all is relative to one */

    if (s.len) {
        if (tpl_str_is(&s, "https") || tpl_str_is(&s, "wss")) {
            (void) tpl_buf_lit(b, "https:");

        } else {
            (void) tpl_buf_lit(b, "http:");
        }
    }

    (void) tpl_buf_lit(b, "//");

    for (i = 0; i < host.len; i++) {
        (void) tpl_buf_char(b, (host.data[i] >= 'A' && host.data[i] <= 'Z')
                               ? host.data[i] | 0x20 : host.data[i]);
    }

    return b->failed ? tpl_throw_memory(exec) : TPL_OK;
}


static const tpl_version_t *
tpl_url_version(const tpl_versions_t *versions, const tpl_str_t *path)
{
    uint32_t   i, n, half;
    tpl_int_t  order;

    for (i = 0, n = versions->n; n > 0; /* void */ ) {
        half = n / 2;

        order = tpl_str_cmp(&versions->items[i + half].path, path);

        if (order == 0) {
            return &versions->items[i + half];
        }

        if (order < 0) {
            i += half + 1;
            n -= half + 1;

        } else {
            n = half;
        }
    }

    return NULL;
}


tpl_int_t
tpl_web_static_url(tpl_exec_t *exec, const tpl_str_t *path,
    tpl_uint_t include_host, tpl_uint_t include_version, tpl_value_t *out)
{
    uint32_t              i;
    tpl_buf_t             b;
    tpl_int_t             rc;
    tpl_str_t             scheme, host;
    tpl_web_t            *web;
    const tpl_route_t    *route;
    const tpl_routes_t   *routes;
    const tpl_version_t  *version;

    if (tpl_vm_routes(exec, &routes) != TPL_OK) {
        return TPL_ERROR;
    }

    route = NULL;

    for (i = 0; i < routes->n; i++) {

        if (!routes->items[i]->files) {
            continue;
        }

        if (tpl_str_is(&routes->items[i]->name, "static")) {
            route = routes->items[i];
            break;
        }

        if (route == NULL) {
            route = routes->items[i];
        }
    }

    if (route == NULL) {
        return tpl_throw(exec, TPL_EXC_EXCEPTION,
                         "static_url() needs the folder that \"tpl_static\" "
                         "names");
    }

    tpl_buf_init(&b, exec->arena);

    if (include_host && route->prefix.data[0] == '/') {

        if (tpl_vm_web(exec, &web) != TPL_OK) {
            return TPL_ERROR;
        }

        rc = web->host->field(web, TPL_WEB_SCHEME, &scheme);

        if (rc == TPL_OK) {
            rc = web->host->field(web, TPL_WEB_HOST, &host);
        }

        if (rc == TPL_ERROR) {
            return tpl_throw_memory(exec);
        }

        if (rc != TPL_OK) {
            return tpl_throw(exec, TPL_EXC_RUNTIME,
                             "the request does not say its host");
        }

        (void) tpl_buf_printf(&b, "%.*s://%.*s", tpl_str_arg(&scheme),
                              tpl_str_arg(&host));
    }

    (void) tpl_buf_str(&b, &route->prefix);
    (void) tpl_buf_str(&b, path);

    version = (include_version && route->versions)
              ? tpl_url_version(route->versions, path) : NULL;

    if (version) {
        (void) tpl_buf_lit(&b, "?v=");
        (void) tpl_buf_str(&b, &version->hash);
    }

    tpl_charge(exec, b.len);

    return tpl_value_from_buf(exec, out, &b, 0);
}


/* Tornado: PathMatches.reverse(); a Flask route takes its values in order */

tpl_int_t
tpl_web_reverse_url(tpl_exec_t *exec, const tpl_str_t *name,
    const tpl_value_t *args, tpl_uint_t n, tpl_value_t *out)
{
    uint32_t                 i, k;
    tpl_buf_t                b;
    tpl_str_t                s;
    tpl_value_t              v;
    const tpl_route_t       *route;
    const tpl_routes_t      *routes;
    const tpl_route_part_t  *part;

    if (tpl_vm_routes(exec, &routes) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < routes->n; i++) {
        if (tpl_str_eq(&routes->items[i]->name, name)) {
            break;
        }
    }

    if (i == routes->n) {
        return tpl_throw(exec, TPL_EXC_KEY,
                         "'%.*s not found in named urls'", tpl_str_arg(name));
    }

    route = routes->items[i];

    if (n != route->nargs) {
        return tpl_throw(exec, TPL_EXC_ASSERTION,
                         "required number of arguments not found");
    }

    tpl_buf_init(&b, exec->arena);

    /* without a group it is what was written, not quoted */

    if (route->nargs == 0 && !route->tornado) {
        tpl_value_from_str(out, &route->pattern);
        return TPL_OK;
    }

    for (i = 0, k = 0; i < route->nparts; i++) {
        part = &route->parts[i];

        if (part->kind == TPL_ROUTE_TEXT) {
            (void) tpl_buf_str(&b, &part->text);
            continue;
        }

        if (part->kind != TPL_ROUTE_GROUP) {

            if (tpl_url_part(exec, part, &args[k++], &b) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        if (tpl_to_string(exec, &args[k++], &v) != TPL_OK) {
            return TPL_ERROR;
        }

        s = tpl_value_str(&v);
        (void) tpl_text_quote(&b, &s, '/', 0);
    }

    tpl_charge(exec, b.len);

    return tpl_value_from_buf(exec, out, &b, 0);
}


static tpl_int_t
tpl_url_static(tpl_call_t *call)
{
    tpl_str_t   path;
    tpl_uint_t  host, version;

    host = 0;

    if (tpl_arg_str(call, 0, &path) != TPL_OK
        || (tpl_arg_some(&call->args[1])
            && tpl_truth(call->exec, &call->args[1], &host) != TPL_OK)
        || tpl_arg_bool(call, 2, 1, &version) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_web_static_url(call->exec, &path, host, version,
                              &call->result);
}


static tpl_int_t
tpl_url_reverse(tpl_call_t *call)
{
    tpl_str_t    name;
    tpl_list_t  *args;

    if (tpl_arg_str(call, 0, &name) != TPL_OK) {
        return TPL_ERROR;
    }

    args = call->args[1].u.list;

    return tpl_web_reverse_url(call->exec, &name, args->items, args->n,
                               &call->result);
}
