
/*
 * tpl_route and tpl_static: the addresses that templates build.
 *
 * All static files are read once, when the directive is, for the versions in
 * their addresses; a request asks a table.
 */

#include "nginx/ngx_http_tpl_module.h"


/* what one tpl_static may have to read */

#define NGX_HTTP_TPL_STATIC_FILES  20000
#define NGX_HTTP_TPL_STATIC_BYTES  (256 * 1024 * 1024)


static tpl_route_t *ngx_http_tpl_add_route(ngx_conf_t *cf,
    ngx_http_tpl_srv_conf_t *tscf);
static tpl_versions_t *ngx_http_tpl_read_versions(ngx_conf_t *cf,
    ngx_str_t *path);
static ngx_int_t ngx_http_tpl_read_version(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *name, tpl_version_t *version, size_t *bytes);


void *
ngx_http_tpl_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_srv_conf_t));
}


/* a name of the server hides that of http{} */

char *
ngx_http_tpl_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_tpl_srv_conf_t *prev = parent;
    ngx_http_tpl_srv_conf_t *conf = child;

    ngx_uint_t          i, j, own, n;
    tpl_route_t        *route, *outer;
    const tpl_route_t **items;

    own = conf->routes ? conf->routes->nelts : 0;
    n = own + (prev->routes ? prev->routes->nelts : 0);

    items = ngx_palloc(cf->pool, (n + 1) * sizeof(tpl_route_t *));
    if (items == NULL) {
        return NGX_CONF_ERROR;
    }

    route = own ? conf->routes->elts : NULL;

    for (n = 0; n < own; n++) {
        items[n] = &route[n];
    }

    for (i = 0; prev->routes && i < prev->routes->nelts; i++) {
        outer = (tpl_route_t *) prev->routes->elts + i;

        for (j = 0; j < own; j++) {
            if (tpl_str_eq(&route[j].name, &outer->name)) {
                break;
            }
        }

        if (j == own) {
            items[n++] = outer;
        }
    }

    conf->table.items = items;
    conf->table.n = n;

    return NGX_CONF_OK;
}


static tpl_route_t *
ngx_http_tpl_add_route(ngx_conf_t *cf, ngx_http_tpl_srv_conf_t *tscf)
{
    if (tscf->routes == NULL) {
        tscf->routes = ngx_array_create(cf->pool, 8, sizeof(tpl_route_t));
        if (tscf->routes == NULL) {
            return NULL;
        }
    }

    return ngx_array_push(tscf->routes);
}


/* tpl_route name pattern */

char *
ngx_http_tpl_route(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                 *value;
    tpl_error_t                err;
    tpl_route_t               *route;
    ngx_http_tpl_main_conf_t  *tmcf;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);
    route = ngx_http_tpl_add_route(cf, conf);

    if (route == NULL) {
        return NGX_CONF_ERROR;
    }

    tpl_error_init(&err, tmcf->arena);

    if (tpl_route_parse(tmcf->arena, ngx_http_tpl_str(&value[1]),
                        ngx_http_tpl_str(&value[2]), route, &err)
        != TPL_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid route \"%V\": %*s", &value[2],
                           err.message.len, err.message.data);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* tpl_static name prefix path [version=off] */

char *
ngx_http_tpl_static(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_srv_conf_t *tscf = conf;

    ngx_str_t                 *value, path;
    ngx_uint_t                 i;
    tpl_route_t               *route;
    tpl_versions_t            *versions;
    ngx_http_tpl_main_conf_t  *tmcf;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    if (value[2].len == 0
        || (value[2].data[0] != '/'
            && ngx_strnstr(value[2].data, "://", value[2].len) == NULL))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is neither a path nor an address",
                           &value[2]);
        return NGX_CONF_ERROR;
    }

    path = value[3];

    if (ngx_http_script_variables_count(&value[2])
        || ngx_http_script_variables_count(&path))
    {
        return "cannot have variables, the files are read once";
    }

    if (cf->args->nelts == 5
        && ngx_strcmp(value[4].data, "version=off") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           &value[4]);
        return NGX_CONF_ERROR;
    }

    route = tscf->routes ? tscf->routes->elts : NULL;

    for (i = 0; route && i < tscf->routes->nelts; i++) {
        if (route[i].files
            && tpl_str_eq(&route[i].name, ngx_http_tpl_str(&value[1])))
        {
            return "is duplicate";
        }
    }

    if (ngx_conf_full_name(cf->cycle, &path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    while (path.len > 1 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    versions = NULL;

    if (cf->args->nelts == 4) {
        versions = ngx_http_tpl_read_versions(cf, &path);

        if (versions == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);
    route = ngx_http_tpl_add_route(cf, tscf);

    if (route == NULL
        || tpl_route_static(tmcf->arena, ngx_http_tpl_str(&value[1]),
                            ngx_http_tpl_str(&value[2]), versions, route)
           != TPL_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* of all files below a folder */

static tpl_versions_t *
ngx_http_tpl_read_versions(ngx_conf_t *cf, ngx_str_t *path)
{
    size_t                     bytes;
    ngx_int_t                  rc;
    ngx_str_t                 *name, all;
    ngx_uint_t                 i;
    ngx_array_t                names;
    tpl_versions_t            *versions;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    if (ngx_array_init(&names, cf->temp_pool, 64, sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NULL;
    }

    ngx_str_set(&all, "**");

    if (ngx_http_tpl_glob(cf, NULL, path, &all, &names) != NGX_OK) {
        return NULL;
    }

    if (names.nelts > NGX_HTTP_TPL_STATIC_FILES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "there are more than %d files below \"%V\": name a"
                           " smaller folder, or say version=off",
                           NGX_HTTP_TPL_STATIC_FILES, path);
        return NULL;
    }

    versions = tpl_palloc(tmcf->arena, sizeof(tpl_versions_t));
    if (versions == NULL) {
        return NULL;
    }

    versions->n = 0;
    versions->items = tpl_palloc(tmcf->arena, (names.nelts + 1)
                                              * sizeof(tpl_version_t));
    if (versions->items == NULL) {
        return NULL;
    }

    if (names.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"tpl_static\" finds no files below \"%V\"", path);
    }

    bytes = 0;
    name = names.elts;

    for (i = 0; i < names.nelts; i++) {
        rc = ngx_http_tpl_read_version(cf, path, &name[i],
                                       &versions->items[versions->n], &bytes);
        if (rc == NGX_ERROR) {
            return NULL;
        }

        versions->n += (rc == NGX_OK);
    }

    tpl_versions_sort(versions);

    return versions;
}


/* a file that cannot be read has no version; it may not be for everyone */

static ngx_int_t
ngx_http_tpl_read_version(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *name,
    tpl_version_t *version, size_t *bytes)
{
    u_char                    *p;
    tpl_int_t                  rc;
    tpl_str_t                  file, text;
    tpl_arena_t               *arena;
    tpl_error_t                err;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    if (arena == NULL) {
        return NGX_ERROR;
    }

    rc = TPL_ERROR;

    tpl_error_init(&err, arena);

    file.len = path->len + 1 + name->len;
    file.data = tpl_pnalloc(arena, file.len + 1);

    if (file.data == NULL) {
        goto done;
    }

    p = ngx_cpymem(file.data, path->data, path->len);
    *p++ = '/';
    *ngx_cpymem(p, name->data, name->len) = '\0';

    rc = ngx_http_tpl_load_file(arena, &file, &text, &err);

    if (rc != TPL_OK) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"tpl_static\": %*s has no version: %*s",
                           file.len, file.data, err.message.len,
                           err.message.data);
        rc = TPL_DECLINED;
        goto done;
    }

    *bytes += text.len;

    if (*bytes > NGX_HTTP_TPL_STATIC_BYTES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "there are more than %d bytes below \"%V\": name a"
                           " smaller folder, or say version=off",
                           NGX_HTTP_TPL_STATIC_BYTES, path);
        rc = TPL_ERROR;
        goto done;
    }

    rc = tpl_version_hash(tmcf->arena, &text, &version->hash);

    if (rc == TPL_OK) {
        rc = tpl_pstrdup(tmcf->arena, &version->path, name->data, name->len);
    }

done:

    tpl_arena_destroy(arena);

    switch (rc) {

    case TPL_OK:
        return NGX_OK;

    case TPL_DECLINED:
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }
}


/* tpl_host_t's routes */

tpl_int_t
ngx_http_tpl_routes(tpl_exec_t *exec, const tpl_routes_t **out)
{
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_tpl_srv_conf_t  *tscf;

    ctx = exec->host;

    tscf = ctx->request ? ngx_http_get_module_srv_conf(ctx->request,
                                                       ngx_http_tpl_module)
                        : ctx->conf->server;

    *out = &tscf->table;

    return TPL_OK;
}
