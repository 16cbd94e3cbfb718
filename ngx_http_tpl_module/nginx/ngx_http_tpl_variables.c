
/*
 * nginx's variables in templates, and the module's own variables in nginx.
 *
 * A template's `nginx.name` is an index that is found when the template is
 * compiled; `nginx[name]` asks nginx by name while the page is rendered.
 */

#include "nginx/ngx_http_tpl_module.h"


static ngx_uint_t ngx_http_tpl_variable_known(
    ngx_http_core_main_conf_t *cmcf, ngx_str_t *name);
static ngx_int_t ngx_http_tpl_variable_number(ngx_http_core_main_conf_t *cmcf,
    ngx_http_tpl_generation_t *g, ngx_str_t *name);
static tpl_int_t ngx_http_tpl_variable_undefined(tpl_exec_t *exec,
    const ngx_str_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_variables_attr(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_variables_item(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_variable_by_name(tpl_exec_t *exec,
    const tpl_str_t *name, tpl_value_t *out);

static ngx_int_t ngx_http_tpl_variable_name(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_tpl_variable_render_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_tpl_variable_steps(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_tpl_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_http_tpl_variables[] = {

    { ngx_string("tpl_name"), NULL, ngx_http_tpl_variable_name, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("tpl_render_time"), NULL, ngx_http_tpl_variable_render_time,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("tpl_steps"), NULL, ngx_http_tpl_variable_steps, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("tpl_error"), NULL, ngx_http_tpl_variable_error, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("tpl_locale"), NULL, ngx_http_tpl_variable_locale, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("tpl_nonce"), NULL, ngx_http_tpl_variable_nonce, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static const tpl_class_t  ngx_http_tpl_variables_class = {
    .name = "nginx",
    .get_attr = ngx_http_tpl_variables_attr,
    .get_item = ngx_http_tpl_variables_item
};


static tpl_object_t  ngx_http_tpl_variables_object = {
    &ngx_http_tpl_variables_class
};


ngx_int_t
ngx_http_tpl_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_tpl_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


tpl_int_t
ngx_http_tpl_variable_index(void *data, const tpl_str_t *name,
    uint32_t *index, tpl_error_t *err)
{
    ngx_http_tpl_generation_t *g = data;

    ngx_int_t                   n;
    ngx_str_t                   s;
    ngx_conf_t                 *cf;
    ngx_http_conf_ctx_t        *ctx;
    ngx_http_core_main_conf_t  *cmcf;

    cf = g->set->main->cf;
    ctx = cf ? cf->ctx
             : (void *) ngx_get_conf(ngx_cycle->conf_ctx, ngx_http_module);
    cmcf = ctx->main_conf[ngx_http_core_module.ctx_index];

    s.len = name->len;
    s.data = ngx_pnalloc(g->pool, name->len + 1);

    if (s.data == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    ngx_strlow(s.data, name->data, name->len);

    /*
     * nginx itself would find an unknown one in the end, but could not tell
     * where it stands
     */

    if (!ngx_http_tpl_variable_known(cmcf, &s)) {
        return TPL_DECLINED;
    }

    n = cf ? ngx_http_get_variable_index(cf, &s)
           : ngx_http_tpl_variable_number(cmcf, g, &s);

    if (n == NGX_ERROR) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    *index = n;

    return TPL_OK;
}


/* all that modules and directives have declared, by the end of the http
 * block */

static ngx_uint_t
ngx_http_tpl_variable_known(ngx_http_core_main_conf_t *cmcf, ngx_str_t *name)
{
    ngx_uint_t            i, n;
    ngx_hash_key_t       *key;
    ngx_http_variable_t  *v;

    /* the keys are for making the hash */

    if (cmcf->variables_keys == NULL
        && ngx_hash_find(&cmcf->variables_hash,
                         ngx_hash_key(name->data, name->len), name->data,
                         name->len))
    {
        return 1;
    }

    n = cmcf->variables_keys ? cmcf->variables_keys->keys.nelts : 0;
    key = n ? cmcf->variables_keys->keys.elts : NULL;

    for (i = 0; i < n; i++) {
        if (key[i].key.len == name->len
            && ngx_strncmp(key[i].key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    v = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (name->len > v[i].name.len
            && ngx_strncmp(name->data, v[i].name.data, v[i].name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * An index of nginx's own while the configuration is read.  Later there are no
 * new ones: numbers after those are of names that nginx is asked for.
 */

static ngx_int_t
ngx_http_tpl_variable_number(ngx_http_core_main_conf_t *cmcf,
    ngx_http_tpl_generation_t *g, ngx_str_t *name)
{
    ngx_str_t            *s;
    ngx_uint_t            i;
    ngx_http_variable_t  *v;

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].name.len == name->len
            && ngx_strncmp(v[i].name.data, name->data, name->len) == 0)
        {
            return i;
        }
    }

    if (g->variables_by_name == NULL) {
        g->variables_by_name = ngx_array_create(g->pool, 4,
                                                sizeof(ngx_str_t));
        if (g->variables_by_name == NULL) {
            return NGX_ERROR;
        }
    }

    s = ngx_array_push(g->variables_by_name);
    if (s == NULL) {
        return NGX_ERROR;
    }

    *s = *name;

    return cmcf->variables.nelts + g->variables_by_name->nelts - 1;
}


tpl_int_t
ngx_http_tpl_variable(tpl_exec_t *exec, uint32_t index, tpl_value_t *out)
{
    uint64_t                    headers;
    tpl_int_t                   rc;
    ngx_str_t                  *name;
    ngx_http_tpl_ctx_t         *ctx;
    ngx_http_variable_t        *v;
    ngx_http_variable_value_t  *vv;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_http_tpl_needs_request(exec) != TPL_OK) {
        return TPL_ERROR;
    }

    ctx = exec->host;
    cmcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_core_module);

    if (index >= cmcf->variables.nelts) {
        name = ctx->target->generation->variables_by_name->elts;
        name += index - cmcf->variables.nelts;

        rc = ngx_http_tpl_variable_by_name(exec, ngx_http_tpl_str(name), out);

        return (rc == TPL_DECLINED)
               ? ngx_http_tpl_variable_undefined(exec, name, out) : rc;
    }

    headers = ngx_http_tpl_headers_read(ctx->request);

    /* $status, $uri and others are not what they were some phases ago */

    vv = ngx_http_get_flushed_variable(ctx->request, index);

    headers = ngx_http_tpl_headers_read(ctx->request) & ~headers;
    ctx->headers |= headers | ngx_http_tpl_header_of(ctx->request, index);

    if (vv != NULL && !vv->not_found) {
        return ngx_http_tpl_text(exec, vv->data, vv->len, out);
    }

    v = cmcf->variables.elts;

    return ngx_http_tpl_variable_undefined(exec, &v[index].name, out);
}


/* it remembers its name */

static tpl_int_t
ngx_http_tpl_variable_undefined(tpl_exec_t *exec, const ngx_str_t *name,
    tpl_value_t *out)
{
    tpl_buf_t  b;
    tpl_str_t  s;

    tpl_buf_init(&b, exec->arena);
    (void) tpl_buf_lit(&b, "nginx.");

    if (tpl_buf_add(&b, name->data, name->len) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    s.len = b.len;
    s.data = b.data;

    return tpl_value_undefined(exec, out, &s, NULL, NULL);
}


/* `nginx` by itself, for names that are not known before */

tpl_int_t
ngx_http_tpl_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;

    if (name != ctx->target->generation->variables) {
        return TPL_DECLINED;
    }

    tpl_value_object(out, &ngx_http_tpl_variables_object);

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_variables_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    return ngx_http_tpl_variable_by_name(exec, &name->str, out);
}


static tpl_int_t
ngx_http_tpl_variables_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out)
{
    tpl_str_t  name;

    if (!tpl_is_string(key)) {
        return TPL_DECLINED;
    }

    name = tpl_value_str(key);

    return ngx_http_tpl_variable_by_name(exec, &name, out);
}


static tpl_int_t
ngx_http_tpl_variable_by_name(tpl_exec_t *exec, const tpl_str_t *name,
    tpl_value_t *out)
{
    uint64_t                    headers;
    ngx_str_t                   s;
    ngx_uint_t                  hash;
    ngx_http_tpl_ctx_t         *ctx;
    ngx_http_variable_value_t  *vv;

    /* constants are folded without a request */

    if (exec->host == NULL) {
        return TPL_DECLINED;
    }

    if (ngx_http_tpl_needs_request(exec) != TPL_OK) {
        return TPL_ERROR;
    }

    ctx = exec->host;

    s.len = name->len;
    s.data = tpl_pnalloc(exec->arena, name->len + 1);

    if (s.data == NULL) {
        return tpl_throw_memory(exec);
    }

    hash = ngx_hash_strlow(s.data, name->data, name->len);

    if (ngx_http_tpl_vary_by_name(exec, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    headers = ngx_http_tpl_headers_read(ctx->request);

    vv = ngx_http_get_variable(ctx->request, &s, hash);

    ctx->headers |= ngx_http_tpl_headers_read(ctx->request) & ~headers;

    if (vv == NULL || vv->not_found) {
        return TPL_DECLINED;
    }

    return ngx_http_tpl_text(exec, vv->data, vv->len, out);
}


ngx_int_t
ngx_http_tpl_give(ngx_http_variable_value_t *v, u_char *data, size_t len)
{
    v->len = len;
    v->data = data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* $tpl_name: the template that the request renders */

static ngx_int_t
ngx_http_tpl_variable_name(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx == NULL || ctx->tmpl == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_tpl_give(v, ctx->tmpl->name.data, ctx->tmpl->name.len);
}


/* $tpl_render_time: seconds spent in the program, "0.000123" */

static ngx_int_t
ngx_http_tpl_variable_render_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char              *p, *last;
    uint64_t             usec;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN + 7);
    if (p == NULL) {
        return NGX_ERROR;
    }

    usec = (ctx->nsec + 500) / 1000;

    last = ngx_sprintf(p, "%uL.%06uL", usec / 1000000, usec % 1000000);

    return ngx_http_tpl_give(v, p, last - p);
}


/* $tpl_steps: fuel spent */

static ngx_int_t
ngx_http_tpl_variable_steps(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char              *p, *last;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%uL", ctx->steps);

    return ngx_http_tpl_give(v, p, last - p);
}


/* $tpl_error: of the render that failed, also in the error page after it */

static ngx_int_t
ngx_http_tpl_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_tpl_ctx_t  *ctx;

    ctx = ngx_http_tpl_failed(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_tpl_give(v, ctx->message.data, ctx->message.len);
}
