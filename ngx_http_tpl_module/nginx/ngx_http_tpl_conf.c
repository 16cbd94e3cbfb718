
/*
 * Reading the directives that say what is rendered and from where.
 */

#include "nginx/ngx_http_tpl_module.h"


static char *ngx_http_tpl_read_render(ngx_conf_t *cf, ngx_uint_t filter,
    ngx_http_tpl_render_t **out);
static char *ngx_http_tpl_render_option(ngx_conf_t *cf,
    ngx_http_tpl_render_t *render, ngx_uint_t filter, ngx_str_t *option);


/* name=value of an option, or 0 */

#define ngx_http_tpl_option(s, name)                                         \
    ((s)->len >= sizeof(name "=") - 1                                        \
     && ngx_strncmp((s)->data, name "=", sizeof(name "=") - 1) == 0)


void
ngx_http_tpl_place(ngx_conf_t *cf, ngx_http_tpl_place_t *place)
{
    /* of -g options there is no file */

    if (cf->conf_file->file.fd == NGX_INVALID_FILE) {
        ngx_str_set(&place->file, "command line");
        place->line = 0;
        return;
    }

    place->file = cf->conf_file->file.name;
    place->line = cf->conf_file->line;
}


char *
ngx_http_tpl_root(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t   *value, *root;
    ngx_uint_t   i;

    if (tlcf->roots != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    tlcf->roots = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                   sizeof(ngx_str_t));
    if (tlcf->roots == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty path";
        }

        if (ngx_http_script_variables_count(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "variables are not possible in \"%V\" \"%V\","
                               " templates are read once", &cmd->name,
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        root = ngx_array_push(tlcf->roots);
        if (root == NULL) {
            return NGX_CONF_ERROR;
        }

        *root = value[i];

        if (ngx_conf_full_name(cf->cycle, root, 0) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        while (root->len > 1 && root->data[root->len - 1] == '/') {
            root->len--;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_tpl_render(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    char                      *rv;
    ngx_http_core_loc_conf_t  *clcf;

    if (tlcf->render) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is not possible: the location has a content handler already";
    }

    rv = ngx_http_tpl_read_render(cf, 0, &tlcf->render);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    clcf->handler = ngx_http_tpl_handler;

    /* as with proxy_pass: "location /dir/" sends "/dir" there */

    if (clcf->name.len && clcf->name.data[clcf->name.len - 1] == '/') {
        clcf->auto_redirect = 1;
    }

    return NGX_CONF_OK;
}


/* tpl_filter off | template [block=] [type=] [size=] */

char *
ngx_http_tpl_filter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    if (tlcf->filter_rule != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        tlcf->filter_rule = NULL;
        return NGX_CONF_OK;
    }

    rv = ngx_http_tpl_read_render(cf, 1, &tlcf->filter_rule);

    if (rv == NGX_CONF_OK && tlcf->filter_rule->size == 0) {
        tlcf->filter_rule->size = NGX_HTTP_TPL_FILTER_SIZE;
    }

    return rv;
}


/* what tpl_render and tpl_filter have in common */

static char *
ngx_http_tpl_read_render(ngx_conf_t *cf, ngx_uint_t filter,
    ngx_http_tpl_render_t **out)
{
    char                              *rv;
    ngx_str_t                         *value;
    ngx_uint_t                         i;
    ngx_http_tpl_render_t             *render;
    ngx_http_compile_complex_value_t   ccv;

    render = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_render_t));
    if (render == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &render->name;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_tpl_is_constant(&render->name)
        && ngx_http_tpl_normalize(&value[1], &render->name.value) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not the name of a template", &value[1]);
        return NGX_CONF_ERROR;
    }

    render->headers = ngx_http_tpl_headers_in(cf, &value[1]);

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_tpl_render_option(cf, render, filter, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    render->directive = filter ? "tpl_filter" : "tpl_render";
    ngx_http_tpl_place(cf, &render->place);

    *out = render;

    return NGX_CONF_OK;
}


static char *
ngx_http_tpl_render_option(ngx_conf_t *cf, ngx_http_tpl_render_t *render,
    ngx_uint_t filter, ngx_str_t *option)
{
    off_t                              n;
    ngx_str_t                          s;
    ngx_uint_t                         i;
    ngx_http_compile_complex_value_t   ccv;

    if (ngx_http_tpl_option(option, "status") && render->status == 0
        && !filter)
    {
        n = ngx_atoi(option->data + 7, option->len - 7);

        if (n < 200 || n > 599) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" must be between 200 and 599", option);
            return NGX_CONF_ERROR;
        }

        render->status = n;

        return NGX_CONF_OK;
    }

    if (ngx_http_tpl_option(option, "size") && render->size == 0 && filter) {
        s.len = option->len - 5;
        s.data = option->data + 5;

        n = ngx_parse_offset(&s);

        if (n < 1 || n > NGX_HTTP_TPL_LIMIT_MAX) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not a size", option);
            return NGX_CONF_ERROR;
        }

        render->size = n;

        return NGX_CONF_OK;
    }

    if (ngx_http_tpl_option(option, "type") && render->type.data == NULL) {
        s.len = option->len - 5;
        s.data = option->data + 5;

        for (i = 0; i < s.len; i++) {
            if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
                break;
            }
        }

        if (i < s.len || ngx_strlchr(s.data, s.data + s.len, '/') == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not a MIME type", option);
            return NGX_CONF_ERROR;
        }

        render->type = s;

        return NGX_CONF_OK;
    }

    if (ngx_http_tpl_option(option, "block")
        && render->block.value.data == NULL)
    {
        s.len = option->len - 6;
        s.data = option->data + 6;

        if (s.len == 0) {
            return "has an empty \"block=\"";
        }

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &s;
        ccv.complex_value = &render->block;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        render->headers |= ngx_http_tpl_headers_in(cf, &s);

        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid or repeated parameter \"%V\"", option);

    return NGX_CONF_ERROR;
}


char *
ngx_http_tpl_preload(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t               *value;
    ngx_uint_t               i;
    ngx_http_tpl_pattern_t  *pattern;

    if (tlcf->preload == NULL) {
        tlcf->preload = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_preload_t));

        if (tlcf->preload == NULL
            || ngx_array_init(&tlcf->preload->patterns, cf->pool, 4,
                              sizeof(ngx_http_tpl_pattern_t))
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_script_variables_count(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "variables are not possible in \"%V\" \"%V\","
                               " templates are read once", &cmd->name,
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        pattern = ngx_array_push(&tlcf->preload->patterns);
        if (pattern == NULL) {
            return NGX_CONF_ERROR;
        }

        pattern->pattern = value[i];

        if (ngx_http_tpl_normalize(&value[i], &pattern->pattern) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not a pattern of template names",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        ngx_http_tpl_place(cf, &pattern->place);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_tpl_autoescape(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t  *value;

    if (tlcf->autoescape != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "auto") == 0) {
        tlcf->autoescape = TPL_AUTOESCAPE_AUTO;

    } else if (ngx_strcmp(value[1].data, "html") == 0) {
        tlcf->autoescape = TPL_AUTOESCAPE_ON;

    } else if (ngx_strcmp(value[1].data, "off") == 0) {
        tlcf->autoescape = TPL_AUTOESCAPE_OFF;

    } else if (ngx_strcmp(value[1].data, "context") == 0
               || ngx_strcmp(value[1].data, "json") == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V %V\" is not there yet: \"auto\", \"html\" and"
                           " \"off\" are", &cmd->name, &value[1]);
        return NGX_CONF_ERROR;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* tpl_limits [steps=n] [output=size] [memory=size] [depth=n] */

char *
ngx_http_tpl_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    off_t        n;
    size_t      *limit, min, max;
    ngx_str_t   *value, s;
    ngx_uint_t   i, size;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        size = 0;
        min = 1;
        max = NGX_HTTP_TPL_LIMIT_MAX;

        if (ngx_http_tpl_option(&value[i], "steps")) {
            limit = &tlcf->limits.steps;

        } else if (ngx_http_tpl_option(&value[i], "output")) {
            limit = &tlcf->limits.output;
            size = 1;

        } else if (ngx_http_tpl_option(&value[i], "memory")) {
            limit = &tlcf->limits.memory;
            min = 4 * NGX_HTTP_TPL_ARENA_PAGE;
            size = 1;

        } else if (ngx_http_tpl_option(&value[i], "depth")) {
            limit = &tlcf->limits.depth;
            max = NGX_HTTP_TPL_DEPTH_MAX;

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\", it must be steps=,"
                               " output=, memory= or depth=", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (*limit != NGX_CONF_UNSET_SIZE) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate limit \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        s.data = (u_char *) ngx_strchr(value[i].data, '=') + 1;
        s.len = value[i].data + value[i].len - s.data;

        n = size ? ngx_parse_offset(&s) : ngx_atoof(s.data, s.len);

        /* without a limit a render would have no end */

        if (n == NGX_ERROR || (size_t) n < min || (size_t) n > max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid limit \"%V\", it must be from %uz"
                               " to %uz", &value[i], min, max);
            return NGX_CONF_ERROR;
        }

        *limit = n;
    }

    return NGX_CONF_OK;
}
