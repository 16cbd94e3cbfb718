
/*
 * Translations: catalogues of all locales below a folder, and which of them a
 * request gets.
 *
 * Catalogues are loaded when the directive is read, once for all that name the
 * same folder and domain, and never change.  A locale is chosen when a render
 * first asks for a message, so pages without any neither pay for it nor vary
 * by the client's languages.
 */

#include "nginx/ngx_http_tpl_module.h"

#include "builtins/tpl_gettext.h"


static ngx_http_tpl_locales_t *ngx_http_tpl_get_locales(ngx_conf_t *cf,
    ngx_str_t *path, ngx_str_t *domain);
static ngx_int_t ngx_http_tpl_load_locales(ngx_conf_t *cf,
    ngx_http_tpl_locales_t *locales);
static ngx_int_t ngx_http_tpl_load_catalogue(ngx_conf_t *cf,
    ngx_http_tpl_locales_t *locales, ngx_str_t *name);
static ngx_uint_t ngx_http_tpl_csv_locale(ngx_str_t *name);
static ngx_int_t ngx_http_tpl_link_locales(ngx_conf_t *cf,
    ngx_http_tpl_locales_t *locales);
static int ngx_libc_cdecl ngx_http_tpl_cmp_names(const void *one,
    const void *two);
static const tpl_locale_t *ngx_http_tpl_request_locale(ngx_http_request_t *r,
    ngx_http_tpl_locale_t *locale, ngx_http_tpl_ctx_t *ctx);


/* tpl_locale_path folder [domain=name] */

char *
ngx_http_tpl_locale_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t  *value, path, domain;

    if (tlcf->locales) {
        return "is duplicate";
    }

    value = cf->args->elts;

    path = value[1];
    ngx_str_set(&domain, "messages");

    if (path.len == 0) {
        return "has an empty path";
    }

    if (ngx_http_script_variables_count(&path)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "variables are not possible in \"%V\" \"%V\","
                           " catalogues are read once", &cmd->name, &path);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3) {

        if (value[2].len <= 7
            || ngx_strncmp(value[2].data, "domain=", 7) != 0
            || ngx_strlchr(value[2].data, value[2].data + value[2].len, '/'))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }

        domain.data = value[2].data + 7;
        domain.len = value[2].len - 7;
    }

    if (ngx_conf_full_name(cf->cycle, &path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    while (path.len > 1 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    tlcf->locales = ngx_http_tpl_get_locales(cf, &path, &domain);

    return tlcf->locales ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* tpl_locale name | $variable | auto | off [default=name] */

char *
ngx_http_tpl_locale(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t                          *value, text;
    ngx_http_tpl_locale_rule_t         *rule;
    ngx_http_compile_complex_value_t    ccv;

    if (tlcf->locale_rule) {
        return "is duplicate";
    }

    rule = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_locale_rule_t));
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    text = value[1];

    if (text.len == 0) {
        return "has an empty name";
    }

    if (text.len == 4 && ngx_strncmp(text.data, "auto", 4) == 0) {
        ngx_str_set(&text, "$http_accept_language");
    }

    if (!(text.len == 3 && ngx_strncmp(text.data, "off", 3) == 0)) {

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &text;
        ccv.complex_value = &rule->value;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        rule->name = text;
    }

    rule->headers = ngx_http_tpl_headers_in(cf, &text);
    rule->constant = ngx_http_tpl_is_constant(&rule->value);

    if (!rule->constant) {
        ngx_str_set(&rule->name, "en");
    }

    if (cf->args->nelts == 3) {

        if (rule->constant || value[2].len <= 8
            || ngx_strncmp(value[2].data, "default=", 8) != 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }

        rule->name.data = value[2].data + 8;
        rule->name.len = value[2].len - 8;
    }

    ngx_http_tpl_place(cf, &rule->place);

    tlcf->locale_rule = rule;

    return NGX_CONF_OK;
}


static ngx_http_tpl_locales_t *
ngx_http_tpl_get_locales(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *domain)
{
    ngx_http_tpl_locales_t    *locales;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    for (locales = tmcf->locales; locales; locales = locales->next) {
        if (locales->path.len == path->len
            && ngx_memcmp(locales->path.data, path->data, path->len) == 0
            && locales->domain.len == domain->len
            && ngx_memcmp(locales->domain.data, domain->data, domain->len)
               == 0)
        {
            return locales;
        }
    }

    locales = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_locales_t));
    if (locales == NULL) {
        return NULL;
    }

    locales->path = *path;
    locales->domain = *domain;

    if (ngx_array_init(&locales->items, cf->pool, 8, sizeof(tpl_locale_t))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_http_tpl_load_locales(cf, locales) != NGX_OK) {
        return NULL;
    }

    locales->next = tmcf->locales;
    tmcf->locales = locales;

    return locales;
}


/* what has folder/NAME/LC_MESSAGES/domain.mo */

static ngx_int_t
ngx_http_tpl_load_locales(ngx_conf_t *cf, ngx_http_tpl_locales_t *locales)
{
    u_char       *p;
    ngx_dir_t     dir;
    ngx_err_t     err;
    ngx_int_t     rc;
    ngx_str_t     path, name;

    /* ngx_open_dir() wants a terminated name */

    path.len = locales->path.len;
    path.data = ngx_pnalloc(cf->pool, path.len + 1);

    if (path.data == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(path.data, locales->path.data, path.len) = '\0';

    if (ngx_open_dir(&path, &dir) == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_dir_n " \"%V\" failed", &path);
        return NGX_ERROR;
    }

    rc = NGX_OK;

    for ( ;; ) {
        ngx_set_errno(0);

        if (ngx_read_dir(&dir) == NGX_ERROR) {
            err = ngx_errno;

            if (err != NGX_ENOMOREFILES && err != 0) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                                   ngx_read_dir_n " \"%V\" failed", &path);
                rc = NGX_ERROR;
            }

            break;
        }

        if (ngx_de_name(&dir)[0] == '.') {
            continue;
        }

        name.len = ngx_de_namelen(&dir);
        p = ngx_pnalloc(cf->pool, name.len + 1);

        if (p == NULL) {
            rc = NGX_ERROR;
            break;
        }

        ngx_memcpy(p, ngx_de_name(&dir), name.len);
        name.data = p;

        if (ngx_http_tpl_load_catalogue(cf, locales, &name) == NGX_ERROR) {
            rc = NGX_ERROR;
            break;
        }
    }

    if (ngx_close_dir(&dir) == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_dir_n " \"%V\" failed", &path);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (locales->items.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "there is no \"%V/LOCALE/LC_MESSAGES/%V.mo\"",
                           &path, &locales->domain);
        return NGX_ERROR;
    }

    return ngx_http_tpl_link_locales(cf, locales);
}


/* NGX_DECLINED if there is none for this name */

static ngx_int_t
ngx_http_tpl_load_catalogue(ngx_conf_t *cf, ngx_http_tpl_locales_t *locales,
    ngx_str_t *name)
{
    tpl_int_t                  rc;
    tpl_str_t                  file, text;
    ngx_uint_t                 i;
    tpl_error_t                err;
    tpl_locale_t              *locale;
    tpl_catalogue_t           *catalogue;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    file.len = locales->path.len + 1 + name->len + sizeof("/LC_MESSAGES/") - 1
               + locales->domain.len + sizeof(".mo") - 1;
    file.data = ngx_pnalloc(cf->pool, file.len + 1);

    if (file.data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(file.data, "%V/%V/LC_MESSAGES/%V.mo%Z", &locales->path, name,
                &locales->domain);

    tpl_error_init(&err, tmcf->arena);

    rc = ngx_http_tpl_load_file(tmcf->arena, &file, &text, &err);

    catalogue = NULL;

    if (rc == TPL_OK) {
        catalogue = tpl_catalogue_load(tmcf->arena, &file, &text, &err);

    } else if (rc == TPL_DECLINED) {

        /* Tornado's format: LOCALE.csv */

        if (!ngx_http_tpl_csv_locale(name)) {
            return NGX_DECLINED;
        }

        file.len = ngx_sprintf(file.data, "%V/%V%Z", &locales->path, name)
                   - file.data - 1;

        name->len -= sizeof(".csv") - 1;

        rc = ngx_http_tpl_load_file(tmcf->arena, &file, &text, &err);

        if (rc == TPL_DECLINED) {
            return NGX_DECLINED;
        }

        if (rc == TPL_OK) {
            catalogue = tpl_catalogue_load_csv(tmcf->arena, &file, &text,
                                               &err);
        }
    }

    if (catalogue == NULL) {

        if (err.exc == TPL_EXC_NONE) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no memory for \"%V\"", (ngx_str_t *) &file);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V",
                               (ngx_str_t *) &err.message);
        }

        return NGX_ERROR;
    }

    locale = locales->items.elts;

    for (i = 0; i < locales->items.nelts; i++) {
        if (locale[i].name.len == name->len
            && ngx_memcmp(locale[i].name.data, name->data, name->len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" has two catalogues for the locale"
                               " \"%V\"", &locales->path, name);
            return NGX_ERROR;
        }
    }

    locale = ngx_array_push(&locales->items);
    if (locale == NULL) {
        return NGX_ERROR;
    }

    locale->name.len = name->len;
    locale->name.data = name->data;
    locale->catalogue = catalogue;

    return NGX_OK;
}


/* tornado.locale.load_translations(): [a-z]+(_[A-Z]+)?[.]csv */

static ngx_uint_t
ngx_http_tpl_csv_locale(ngx_str_t *name)
{
    size_t  i, n;

    if (name->len <= sizeof(".csv") - 1
        || ngx_memcmp(name->data + name->len - 4, ".csv", 4) != 0)
    {
        return 0;
    }

    n = name->len - 4;

    for (i = 0; i < n && name->data[i] >= 'a' && name->data[i] <= 'z'; i++) {
        /* void */
    }

    if (i == n) {
        return 1;
    }

    if (i == 0 || name->data[i] != '_' || i + 1 == n) {
        return 0;
    }

    for (i++; i < n && name->data[i] >= 'A' && name->data[i] <= 'Z'; i++) {
        /* void */
    }

    return i == n;
}


/* pt_BR falls back on pt */

static ngx_int_t
ngx_http_tpl_link_locales(ngx_conf_t *cf, ngx_http_tpl_locales_t *locales)
{
    tpl_str_t            parent;
    ngx_uint_t           i, n;
    tpl_locale_t        *items;
    tpl_catalogue_t     *catalogue;
    const tpl_locale_t  *found;

    items = locales->items.elts;
    n = locales->items.nelts;

    /* in an order that does not depend on the file system */

    ngx_qsort(items, n, sizeof(tpl_locale_t), ngx_http_tpl_cmp_names);

    for (i = 0; i < n; i++) {
        parent.data = ngx_pnalloc(cf->pool, items[i].name.len + 1);
        if (parent.data == NULL) {
            return NGX_ERROR;
        }

        if (tpl_locale_parent(&items[i].name, &parent) != TPL_OK) {
            continue;
        }

        /* a shorter name, so there are no circles */

        found = tpl_locale_find(items, n, &parent);

        if (found) {
            catalogue = (tpl_catalogue_t *) items[i].catalogue;
            catalogue->fallback = found->catalogue;
        }
    }

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_tpl_cmp_names(const void *one, const void *two)
{
    return (int) tpl_str_cmp(&((const tpl_locale_t *) one)->name,
                             &((const tpl_locale_t *) two)->name);
}


/*
 * A rule and the catalogues it picks from may come from different levels.  The
 * first candidate is the name that stands in the rule: all there is of a
 * constant one, the default of others, and it needs no catalogue.
 */

ngx_int_t
ngx_http_tpl_merge_locale(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_loc_conf_t *prev)
{
    ngx_uint_t                   n;
    tpl_locale_t                *items;
    const tpl_locale_t          *found;
    ngx_http_tpl_locale_t       *locale;
    ngx_http_tpl_locale_rule_t  *rule;

    if (conf->locales == NULL) {
        conf->locales = prev->locales;
    }

    if (conf->locale_rule == NULL) {
        conf->locale_rule = prev->locale_rule;
    }

    rule = conf->locale_rule;

    if (rule == NULL || rule->name.len == 0) {
        return NGX_OK;
    }

    if (rule == prev->locale_rule && conf->locales == prev->locales
        && prev->locale)
    {
        conf->locale = prev->locale;
        return NGX_OK;
    }

    n = conf->locales ? conf->locales->items.nelts : 0;

    locale = ngx_palloc(cf->pool, sizeof(ngx_http_tpl_locale_t));
    items = ngx_palloc(cf->pool, (n + 1) * sizeof(tpl_locale_t));

    if (locale == NULL || items == NULL) {
        return NGX_ERROR;
    }

    items[0].name.len = rule->name.len;
    items[0].name.data = rule->name.data;
    items[0].catalogue = NULL;

    if (n) {
        ngx_memcpy(&items[1], conf->locales->items.elts,
                   n * sizeof(tpl_locale_t));

        found = tpl_locale_find(&items[1], n, &items[0].name);

        if (found) {
            items[0].catalogue = found->catalogue;

        } else if (rule->constant) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"tpl_locale\" in %V:%ui: there is no catalogue"
                          " for \"%V\" in \"%V\", its messages stay as they"
                          " are written", &rule->place.file,
                          rule->place.line, &rule->name,
                          &conf->locales->path);
        }
    }

    locale->items = items;
    locale->n = n + 1;
    locale->value = rule->constant ? NULL : &rule->value;
    locale->headers = rule->headers;

    conf->locale = locale;

    return NGX_OK;
}


/* NULL without memory */

static const tpl_locale_t *
ngx_http_tpl_request_locale(ngx_http_request_t *r,
    ngx_http_tpl_locale_t *locale, ngx_http_tpl_ctx_t *ctx)
{
    uint64_t             headers;
    ngx_str_t            value;
    const tpl_locale_t  *chosen;

    if (locale->value == NULL) {
        return &locale->items[0];
    }

    if (ctx && ctx->locale) {
        return ctx->locale;
    }

    headers = ngx_http_tpl_headers_read(r);

    if (ngx_http_complex_value(r, locale->value, &value) != NGX_OK) {
        return NULL;
    }

    headers = ngx_http_tpl_headers_read(r) & ~headers;

    chosen = tpl_locale_choose(locale->items, locale->n,
                               ngx_http_tpl_str(&value));
    if (chosen == NULL) {
        chosen = &locale->items[0];
    }

    if (ctx) {
        ctx->varies = 1;
        ctx->headers |= headers | locale->headers;
        ctx->locale = chosen;
    }

    return chosen;
}


tpl_int_t
ngx_http_tpl_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    const tpl_locale_t     *chosen;
    ngx_http_tpl_ctx_t     *ctx;
    ngx_http_tpl_locale_t  *locale;

    ctx = exec->host;
    locale = ctx->conf->locale;

    if (locale == NULL) {
        return TPL_DECLINED;
    }

    if (locale->value && ngx_http_tpl_needs_request(exec) != TPL_OK) {
        return TPL_ERROR;
    }

    chosen = ngx_http_tpl_request_locale(ctx->request, locale, ctx);

    if (chosen == NULL) {
        return tpl_throw_memory(exec);
    }

    *out = chosen->catalogue;

    return *out ? TPL_OK : TPL_DECLINED;
}


/* tpl_web_host_t's locale */

tpl_int_t
ngx_http_tpl_web_locale(tpl_web_t *web, tpl_str_t *name,
    const tpl_catalogue_t **catalogue)
{
    const tpl_locale_t  *chosen;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = web->data;

    if (ctx->conf->locale == NULL) {
        return TPL_DECLINED;
    }

    chosen = ngx_http_tpl_request_locale(ctx->request, ctx->conf->locale,
                                         ctx);
    if (chosen == NULL) {
        return TPL_ERROR;
    }

    *name = chosen->name;
    *catalogue = chosen->catalogue;

    return TPL_OK;
}


/* $tpl_locale: the chosen one, in every location that has a tpl_locale */

ngx_int_t
ngx_http_tpl_variable_locale(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const tpl_locale_t       *chosen;
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);

    if (conf->locale == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_tpl_module);

    if (ctx && ctx->conf != conf) {
        ctx = NULL;
    }

    chosen = ngx_http_tpl_request_locale(r, conf->locale, ctx);

    if (chosen == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_tpl_give(v, chosen->name.data, chosen->name.len);
}


tpl_builtins_t *
ngx_http_tpl_newstyle(ngx_http_tpl_main_conf_t *tmcf)
{
    if (tmcf->newstyle) {
        return tmcf->newstyle;
    }

    tmcf->newstyle = tpl_builtins_create(tmcf->arena);

    if (tmcf->newstyle == NULL
        || tpl_builtins_register(tmcf->newstyle) != TPL_OK
        || tpl_gettext_register(tmcf->newstyle, TPL_GETTEXT_NEW) != TPL_OK
        || tpl_web_register(tmcf->newstyle) != TPL_OK
        || ngx_http_tpl_add_globals(tmcf->newstyle) != TPL_OK)
    {
        tmcf->newstyle = NULL;
    }

    return tmcf->newstyle;
}
