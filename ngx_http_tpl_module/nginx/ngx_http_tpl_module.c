
/*
 * The module itself: its directives, and how levels of the configuration
 * come together.
 *
 * Templates are compiled when a location is merged: by then every directive
 * was read, so all options, data and nginx variables are known, and a broken
 * template still fails the configuration.
 */

#include "nginx/ngx_http_tpl_module.h"

#include "builtins/tpl_gettext.h"


static ngx_int_t ngx_http_tpl_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_tpl_postconfiguration(ngx_conf_t *cf);
static void *ngx_http_tpl_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_tpl_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_tpl_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_tpl_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_tpl_merge_render(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf);
static char *ngx_http_tpl_merge_filter(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf);
static void ngx_http_tpl_cleanup_main(void *data);


static ngx_conf_enum_t  ngx_http_tpl_syntaxes[] = {
    { ngx_string("jinja"), TPL_SYNTAX_JINJA },
    { ngx_string("tornado"), TPL_SYNTAX_TORNADO },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_tpl_undefineds[] = {
    { ngx_string("lenient"), TPL_UNDEF_LENIENT },
    { ngx_string("strict"), TPL_UNDEF_STRICT },
    { ngx_string("chainable"), TPL_UNDEF_CHAINABLE },
    { ngx_string("debug"), TPL_UNDEF_DEBUG },
    { ngx_null_string, 0 }
};


/* what tpl_filter takes for JSON */

static ngx_str_t  ngx_http_tpl_filter_types[] = {
    ngx_string("application/json"),
    ngx_null_string
};


static ngx_command_t  ngx_http_tpl_commands[] = {

    { ngx_string("tpl_root"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_tpl_root,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_render"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_TAKE1234,
      ngx_http_tpl_render,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_preload"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_tpl_preload,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_syntax"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, syntax),
      ngx_http_tpl_syntaxes },

    { ngx_string("tpl_param"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_TAKE23,
      ngx_http_tpl_param,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_TPL_PARAM,
      NULL },

    { ngx_string("tpl_json"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_TAKE2,
      ngx_http_tpl_param,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_TPL_JSON,
      NULL },

    { ngx_string("tpl_data"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_TAKE2,
      ngx_http_tpl_param,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_TPL_DATA,
      NULL },

    { ngx_string("tpl_fetch"),
      NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_2MORE,
      ngx_http_tpl_fetch,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_autoescape"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_tpl_autoescape,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_undefined"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, undefined),
      ngx_http_tpl_undefineds },

    { ngx_string("tpl_delimiters"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_tpl_delimiters,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_whitespace"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, whitespace),
      ngx_http_tpl_whitespaces },

    { ngx_string("tpl_extensions"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, extensions),
      ngx_http_tpl_extensions },

    { ngx_string("tpl_filter"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_CONF_TAKE1234,
      ngx_http_tpl_filter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_types"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_types_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, filter_type_keys),
      &ngx_http_tpl_filter_types[0] },

    { ngx_string("tpl_header"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, filter_header),
      NULL },

    { ngx_string("tpl_limits"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_tpl_limits,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_gzip"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, gzip),
      NULL },

    { ngx_string("tpl_etag"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, etag),
      NULL },

    { ngx_string("tpl_set"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_tpl_set,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_route"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE2,
      ngx_http_tpl_route,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_static"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE3|NGX_CONF_TAKE4,
      ngx_http_tpl_static,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_status_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_tpl_status_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_tpl_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_reload"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_tpl_reload,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_debug"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, debug),
      NULL },

    { ngx_string("tpl_stream"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, stream),
      NULL },

    { ngx_string("tpl_locale_path"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_tpl_locale_path,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_locale"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_tpl_locale,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_form"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_tpl_form,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_max_body"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, max_body),
      NULL },

    { ngx_string("tpl_xsrf"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_tpl_loc_conf_t, xsrf),
      NULL },

    { ngx_string("tpl_current_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_tpl_current_user,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_secret_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_tpl_secret_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("tpl_session"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_tpl_session,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_tpl_module_ctx = {
    ngx_http_tpl_preconfiguration,         /* preconfiguration */
    ngx_http_tpl_postconfiguration,        /* postconfiguration */

    ngx_http_tpl_create_main_conf,         /* create main configuration */
    ngx_http_tpl_init_main_conf,           /* init main configuration */

    ngx_http_tpl_create_srv_conf,          /* create server configuration */
    ngx_http_tpl_merge_srv_conf,           /* merge server configuration */

    ngx_http_tpl_create_loc_conf,          /* create location configuration */
    ngx_http_tpl_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_tpl_module = {
    NGX_MODULE_V1,
    &ngx_http_tpl_module_ctx,              /* module context */
    ngx_http_tpl_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_tpl_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_tpl_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_tpl_add_variables(cf);
}


static void *
ngx_http_tpl_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_main_conf_t));
    if (tmcf == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    tpl_hash_init();

    tmcf->arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    if (tmcf->arena == NULL) {
        return NULL;
    }

    tmcf->compiling = tpl_arena_create(&tpl_map_allocator,
                                       NGX_HTTP_TPL_COMPILE_PAGE, 0);
    if (tmcf->compiling == NULL) {
        tpl_arena_destroy(tmcf->arena);
        return NULL;
    }

    cln->handler = ngx_http_tpl_cleanup_main;
    cln->data = tmcf;

    tmcf->builtins = tpl_builtins_create(tmcf->arena);

    if (tmcf->builtins == NULL
        || tpl_builtins_register(tmcf->builtins) != TPL_OK
        || tpl_gettext_register(tmcf->builtins, TPL_GETTEXT_OLD) != TPL_OK
        || tpl_web_register(tmcf->builtins) != TPL_OK
        || ngx_http_tpl_add_globals(tmcf->builtins) != TPL_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&tmcf->inlines, cf->pool, 4, sizeof(ngx_str_t))
        != NGX_OK
        || ngx_array_init(&tmcf->renders, cf->pool, 16,
                          sizeof(ngx_http_tpl_loc_conf_t *))
           != NGX_OK)
    {
        return NULL;
    }

    tmcf->reload = NGX_CONF_UNSET_MSEC;
    tmcf->cf = cf;

    return tmcf;
}


static char *
ngx_http_tpl_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_tpl_main_conf_t *tmcf = conf;

    ngx_conf_init_msec_value(tmcf->reload, 0);

    return NGX_CONF_OK;
}


static void
ngx_http_tpl_cleanup_main(void *data)
{
    ngx_http_tpl_main_conf_t *tmcf = data;

    ngx_http_tpl_destroy_sets(tmcf);

    tpl_arena_destroy(tmcf->compiling);
    tpl_arena_destroy(tmcf->arena);
}


static void *
ngx_http_tpl_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->whitespace = 0;
     *     conf->extensions = 0;
     *     conf->preload = NULL;
     *     conf->data[] = NULL;
     *     conf->level = 0;
     *     conf->locales = NULL;
     *     conf->locale_rule = NULL;
     *     conf->locale = NULL;
     *     conf->render = NULL;
     *     conf->filter_header = { 0, NULL };
     *     conf->filter_types = { NULL };
     *     conf->filter_type_keys = NULL;
     *     conf->inlines = NULL;
     *     and what ngx_http_tpl_merge_render() makes
     */

    conf->roots = NGX_CONF_UNSET_PTR;
    conf->syntax = NGX_CONF_UNSET_UINT;
    conf->autoescape = NGX_CONF_UNSET_UINT;
    conf->undefined = NGX_CONF_UNSET_UINT;
    conf->delimiters = NGX_CONF_UNSET_PTR;
    conf->user = NGX_CONF_UNSET_PTR;
    conf->limits.steps = NGX_CONF_UNSET_SIZE;
    conf->limits.output = NGX_CONF_UNSET_SIZE;
    conf->limits.memory = NGX_CONF_UNSET_SIZE;
    conf->limits.depth = NGX_CONF_UNSET_SIZE;
    conf->etag = NGX_CONF_UNSET;
    conf->stream = NGX_CONF_UNSET;
    conf->gzip = NGX_CONF_UNSET;
    conf->debug = NGX_CONF_UNSET;
    conf->filter_rule = NGX_CONF_UNSET_PTR;
    conf->status_format = NGX_CONF_UNSET_UINT;
    conf->form = NGX_CONF_UNSET_PTR;
    conf->max_body = NGX_CONF_UNSET;
    conf->xsrf = NGX_CONF_UNSET;
    conf->keys = NGX_CONF_UNSET_PTR;
    conf->session_cookie = NGX_CONF_UNSET_PTR;

    return conf;
}


static char *
ngx_http_tpl_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_tpl_loc_conf_t *prev = parent;
    ngx_http_tpl_loc_conf_t *conf = child;

    ngx_str_t                 *root;
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (prev->roots == NGX_CONF_UNSET_PTR) {
        prev->roots = ngx_array_create(cf->pool, 1, sizeof(ngx_str_t));
        if (prev->roots == NULL) {
            return NGX_CONF_ERROR;
        }

        root = ngx_array_push(prev->roots);
        if (root == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_str_set(root, "templates");

        if (ngx_conf_full_name(cf->cycle, root, 0) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_conf_merge_ptr_value(conf->roots, prev->roots, NULL);
    ngx_conf_merge_ptr_value(conf->user, prev->user, NULL);
    ngx_conf_merge_uint_value(conf->syntax, prev->syntax, TPL_SYNTAX_JINJA);
    ngx_conf_merge_uint_value(conf->autoescape, prev->autoescape,
                              TPL_AUTOESCAPE_AUTO);
    ngx_conf_merge_uint_value(conf->undefined, prev->undefined,
                              TPL_UNDEF_LENIENT);
    ngx_conf_merge_ptr_value(conf->delimiters, prev->delimiters, NULL);
    ngx_conf_merge_bitmask_value(conf->whitespace, prev->whitespace,
                                 (NGX_CONF_BITMASK_SET
                                  |NGX_HTTP_TPL_WS_DEFAULT));
    ngx_conf_merge_bitmask_value(conf->extensions, prev->extensions,
                                 (NGX_CONF_BITMASK_SET
                                  |ngx_http_tpl_ext(TPL_EXT_DO
                                                    |TPL_EXT_LOOPCONTROLS
                                                    |TPL_EXT_I18N
                                                    |TPL_EXT_DEBUG)));

    ngx_conf_merge_size_value(conf->limits.steps, prev->limits.steps,
                              NGX_HTTP_TPL_STEPS);
    ngx_conf_merge_size_value(conf->limits.output, prev->limits.output,
                              NGX_HTTP_TPL_OUTPUT);
    ngx_conf_merge_size_value(conf->limits.memory, prev->limits.memory,
                              NGX_HTTP_TPL_MEMORY);
    ngx_conf_merge_size_value(conf->limits.depth, prev->limits.depth,
                              TPL_DEFAULT_DEPTH);
    ngx_conf_merge_value(conf->etag, prev->etag, 1);
    ngx_conf_merge_value(conf->stream, prev->stream, 0);
    ngx_conf_merge_value(conf->gzip, prev->gzip, 0);
    ngx_conf_merge_value(conf->debug, prev->debug, 0);
    ngx_conf_merge_ptr_value(conf->filter_rule, prev->filter_rule, NULL);
    ngx_conf_merge_str_value(conf->filter_header, prev->filter_header, "");

    if (ngx_http_merge_types(cf, &conf->filter_type_keys, &conf->filter_types,
                             &prev->filter_type_keys, &prev->filter_types,
                             ngx_http_tpl_filter_types)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }
    ngx_conf_merge_ptr_value(conf->form, prev->form, NULL);
    ngx_conf_merge_off_value(conf->max_body, prev->max_body, 1024 * 1024);
    ngx_conf_merge_value(conf->xsrf, prev->xsrf, 0);
    ngx_conf_merge_ptr_value(conf->keys, prev->keys, NULL);
    ngx_conf_merge_ptr_value(conf->session_cookie, prev->session_cookie,
                             &tpl_session_cookie);

    if (ngx_http_tpl_check_language(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->preload == NULL) {
        conf->preload = prev->preload;
    }

    if (ngx_http_tpl_merge_locale(cf, conf, prev) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    conf->level = prev->level + 1;
    conf->server = ngx_http_conf_get_module_srv_conf(cf, ngx_http_tpl_module);

    for (i = 0; i < NGX_HTTP_TPL_KINDS; i++) {

        if (conf->data[i] == NULL) {
            conf->data[i] = prev->data[i];

        } else {
            conf->data[i]->level = conf->level;
        }
    }

    if (ngx_http_tpl_merge_inlines(cf, conf, prev) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    if (conf->status_format != NGX_CONF_UNSET_UINT && tmcf->status == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"tpl_status\" needs a \"tpl_status_zone\"");
        return NGX_CONF_ERROR;
    }

    if (conf->filter_rule
        && ngx_http_tpl_merge_filter(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->render) {

        /* tpl_render looks for a handler that stands before it */

        if (clcf->handler != ngx_http_tpl_handler) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"tpl_render\" in %V:%ui: the location has another"
                          " content handler as well",
                          &conf->render->place.file,
                          conf->render->place.line);
            return NGX_CONF_ERROR;
        }

    } else if (clcf->noname && prev->render
               && (clcf->handler == NULL
                   || clcf->handler == ngx_http_tpl_handler))
    {
        /* "if" goes on with the handler of its location */

        conf->render = prev->render;

        if (clcf->lmt_excpt) {
            clcf->handler = ngx_http_tpl_handler;
        }
    }

    if (conf->render == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_http_tpl_merge_render(cf, conf);
}


/*
 * A filter is to its template what a location is: it has a configuration of its
 * own, with all that the location says but what it renders.
 */

static char *
ngx_http_tpl_merge_filter(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf)
{
    conf->filter = ngx_palloc(cf->pool, sizeof(ngx_http_tpl_loc_conf_t));
    if (conf->filter == NULL) {
        return NGX_CONF_ERROR;
    }

    *conf->filter = *conf;
    conf->filter->render = conf->filter_rule;

    return ngx_http_tpl_merge_render(cf, conf->filter);
}


/* compiles what a location renders */

static char *
ngx_http_tpl_merge_render(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_tpl_loc_conf_t  **render;
    ngx_http_tpl_main_conf_t  *tmcf;

    conf->set = ngx_http_tpl_get_set(cf, conf);
    if (conf->set == NULL) {
        return NGX_CONF_ERROR;
    }

    conf->target = ngx_http_tpl_make_target(cf, conf->set->generation, conf);

    if (conf->target == NULL
        || ngx_http_tpl_add_holder(cf, conf->set, conf, NULL) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->target->tmpl) {
        clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

        ngx_http_tpl_type(clcf, &conf->target->tmpl->name, &conf->type);

    } else if (conf->set->varying == NULL) {
        conf->set->varying = conf->render;
    }

    ngx_http_tpl_check_calls(cf, conf->target);

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    render = ngx_array_push(&tmcf->renders);
    if (render == NULL) {
        return NGX_CONF_ERROR;
    }

    *render = conf;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_tpl_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_tpl_set_t        *set;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    for (set = tmcf->sets; set; set = set->next) {

        if (set->varying && tpl_set_first(set->generation->templates) == NULL)
        {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%s\" in %V:%ui has no template to pick"
                          " from, there is no \"tpl_preload\"",
                          set->varying->directive, &set->varying->place.file,
                          set->varying->place.line);
        }

        ngx_http_tpl_find_impure(set->generation);

        tpl_set_settle(set->generation->templates);
        set->generation->compiling = NULL;
    }

    /* from here on nothing is compiled any more */

    tmcf->cf = NULL;

    tpl_arena_destroy(tmcf->compiling);
    tmcf->compiling = NULL;

    ngx_http_tpl_make_all_ready(tmcf);

    if (ngx_http_tpl_find_headers(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_tpl_share_request_id(cf, &tmcf->request_id) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_tpl_add_reply_filter();
    ngx_http_tpl_add_body_filter();

    return NGX_OK;
}
