
/*
 * Vary: which headers of the request made the page what it is.
 *
 * The room web/ remembers what templates ask the request for.  Here is the
 * rest: nginx's variables.  A header that variables of the configuration name
 * is a bit; a render collects the bits of the variables it reads, and of those
 * that nginx first evaluates on the way (by "map", for one).
 */

#include "nginx/ngx_http_tpl_module.h"


static uint64_t ngx_http_tpl_header_bit(ngx_conf_t *cf, ngx_str_t *variable);
static ngx_int_t ngx_http_tpl_header_name(ngx_pool_t *pool,
    ngx_str_t *variable, ngx_str_t *name);
static ngx_int_t ngx_http_tpl_vary_add(ngx_http_request_t *r,
    ngx_str_t *value, const u_char *name, size_t len);


uint64_t
ngx_http_tpl_headers_in(ngx_conf_t *cf, ngx_str_t *text)
{
    u_char     *p, *last, c;
    uint64_t    headers;
    ngx_str_t   name;

    headers = 0;
    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (*p != '$') {
            continue;
        }

        if (p + 1 < last && p[1] == '{') {
            p++;
        }

        for (name.data = p + 1; p + 1 < last; p++) {
            c = p[1];

            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                  || (c >= '0' && c <= '9') || c == '_'))
            {
                break;
            }
        }

        name.len = p + 1 - name.data;
        headers |= ngx_http_tpl_header_bit(cf, &name);
    }

    return headers;
}


/* a name past the last bit makes the page one that no cache can tell */

static uint64_t
ngx_http_tpl_header_bit(ngx_conf_t *cf, ngx_str_t *variable)
{
    ngx_str_t                  name, *header;
    ngx_uint_t                 i;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (ngx_http_tpl_header_name(cf->temp_pool, variable, &name) != NGX_OK) {
        return 0;
    }

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    for (i = 0; i < tmcf->nheaders; i++) {
        if (tmcf->headers[i].len == name.len
            && ngx_strncasecmp(tmcf->headers[i].data, name.data, name.len)
               == 0)
        {
            return (uint64_t) 1 << i;
        }
    }

    if (i == NGX_HTTP_TPL_HEADERS - 1) {
        ngx_str_set(&name, "*");
    }

    if (i == NGX_HTTP_TPL_HEADERS) {
        return (uint64_t) 1 << (i - 1);
    }

    header = &tmcf->headers[i];

    header->len = name.len;
    header->data = ngx_pstrdup(cf->pool, &name);

    if (header->data == NULL) {
        header->len = 0;
        return 0;
    }

    tmcf->nheaders++;

    return (uint64_t) 1 << i;
}


/* the header that a variable shows: http_x_y is X-Y */

static ngx_int_t
ngx_http_tpl_header_name(ngx_pool_t *pool, ngx_str_t *variable,
    ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i, first;

    if (variable->len > 7
        && ngx_strncasecmp(variable->data, (u_char *) "cookie_", 7) == 0)
    {
        ngx_str_set(name, "Cookie");
        return NGX_OK;
    }

    if (variable->len == 11
        && ngx_strncasecmp(variable->data, (u_char *) "remote_user", 11) == 0)
    {
        ngx_str_set(name, "Authorization");
        return NGX_OK;
    }

    /* the host is a part of the address, to caches as well */

    if (variable->len <= 5
        || ngx_strncasecmp(variable->data, (u_char *) "http_", 5) != 0
        || (variable->len == 9
            && ngx_strncasecmp(variable->data, (u_char *) "http_host", 9)
               == 0))
    {
        return NGX_DECLINED;
    }

    name->len = variable->len - 5;
    name->data = ngx_pnalloc(pool, name->len);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    first = 1;

    for (i = 0; i < name->len; i++) {
        c = variable->data[i + 5];

        if (c == '_') {
            name->data[i] = '-';
            first = 1;
            continue;
        }

        name->data[i] = first ? ngx_toupper(c) : ngx_tolower(c);
        first = 0;
    }

    return NGX_OK;
}


/* all variables with an index, once every directive was read */

ngx_int_t
ngx_http_tpl_find_headers(ngx_conf_t *cf)
{
    uint64_t                         header;
    ngx_uint_t                       i;
    ngx_http_variable_t             *v;
    ngx_http_tpl_main_conf_t        *tmcf;
    ngx_http_core_main_conf_t       *cmcf;
    ngx_http_tpl_header_variable_t  *hv;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (ngx_array_init(&tmcf->header_variables, cf->pool, 8,
                       sizeof(ngx_http_tpl_header_variable_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        header = ngx_http_tpl_header_bit(cf, &v[i].name);

        if (header == 0) {
            continue;
        }

        hv = ngx_array_push(&tmcf->header_variables);
        if (hv == NULL) {
            return NGX_ERROR;
        }

        hv->index = i;
        hv->header = header;
    }

    return NGX_OK;
}


uint64_t
ngx_http_tpl_headers_read(ngx_http_request_t *r)
{
    uint64_t                         headers;
    ngx_uint_t                       i;
    ngx_http_tpl_main_conf_t        *tmcf;
    ngx_http_variable_value_t       *v;
    ngx_http_tpl_header_variable_t  *hv;

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_tpl_module);

    hv = tmcf->header_variables.elts;
    headers = 0;

    for (i = 0; i < tmcf->header_variables.nelts; i++) {
        v = &r->variables[hv[i].index];

        if (v->valid || v->not_found) {
            headers |= hv[i].header;
        }
    }

    return headers;
}


uint64_t
ngx_http_tpl_header_of(ngx_http_request_t *r, ngx_uint_t index)
{
    ngx_uint_t                       i;
    ngx_http_tpl_main_conf_t        *tmcf;
    ngx_http_tpl_header_variable_t  *hv;

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_tpl_module);

    hv = tmcf->header_variables.elts;

    for (i = 0; i < tmcf->header_variables.nelts; i++) {
        if (hv[i].index == index) {
            return hv[i].header;
        }
    }

    return 0;
}


tpl_int_t
ngx_http_tpl_vary_by_name(tpl_exec_t *exec, ngx_str_t *variable)
{
    tpl_str_t            name;
    ngx_int_t            rc;
    ngx_str_t            header;
    tpl_web_t           *web;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;

    rc = ngx_http_tpl_header_name(ctx->request->pool, variable, &header);

    if (rc == NGX_DECLINED) {
        return TPL_OK;
    }

    if (rc != NGX_OK) {
        return tpl_throw_memory(exec);
    }

    if (ngx_http_tpl_web(exec, &web) != TPL_OK) {
        return TPL_ERROR;
    }

    name.len = header.len;
    name.data = header.data;

    if (tpl_web_vary(web, &name) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    return TPL_OK;
}


/* one header, each name in it once */

ngx_int_t
ngx_http_tpl_set_vary(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    u_char                    *p, *q, *end, *last;
    uint32_t                   i;
    ngx_str_t                  value;
    tpl_pair_t                *pair;
    ngx_table_elt_t           *h;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (r != r->main) {
        return NGX_OK;
    }

    tmcf = ngx_http_get_module_main_conf(r, ngx_http_tpl_module);

    ngx_str_null(&value);

    for (i = 0; i < tmcf->nheaders; i++) {
        if ((ctx->headers & ((uint64_t) 1 << i))
            && ngx_http_tpl_vary_add(r, &value, tmcf->headers[i].data,
                                     tmcf->headers[i].len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; ctx->web && i < ctx->web->vary.n; i++) {
        pair = &ctx->web->vary.items[i];

        if (ngx_http_tpl_vary_add(r, &value, pair->name.data, pair->name.len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    /* and what the page itself says */

    for (i = 0; ctx->web && i < ctx->web->answer.headers.n; i++) {
        pair = &ctx->web->answer.headers.items[i];

        if (pair->name.len != 4
            || ngx_strncasecmp(pair->name.data, (u_char *) "Vary", 4) != 0)
        {
            continue;
        }

        last = pair->value.data + pair->value.len;

        for (p = pair->value.data; p < last; p = q + 1) {
            q = ngx_strlchr(p, last, ',');

            if (q == NULL) {
                q = last;
            }

            while (p < q && (*p == ' ' || *p == '\t')) {
                p++;
            }

            end = q;

            while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
                end--;
            }

            if (ngx_http_tpl_vary_add(r, &value, p, end - p) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Vary");
    h->value = value;
    h->lowcase_key = NULL;

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_vary_add(ngx_http_request_t *r, ngx_str_t *value,
    const u_char *name, size_t len)
{
    u_char  *p, *last;
    size_t   n;

    last = value->data + value->len;

    for (p = value->data; p < last; p += n + 2) {
        for (n = 0; p + n < last && p[n] != ','; n++) { /* void */ }

        if (n == len && ngx_strncasecmp(p, (u_char *) name, len) == 0) {
            return NGX_OK;
        }
    }

    if (len == 0 || (len == 4 && ngx_strncasecmp((u_char *) name,
                                                 (u_char *) "Host", 4) == 0))
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, value->len + len + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = p;

    if (value->len) {
        last = ngx_cpymem(last, value->data, value->len);
        *last++ = ',';
        *last++ = ' ';
    }

    last = ngx_cpymem(last, name, len);

    value->data = p;
    value->len = last - p;

    return NGX_OK;
}
