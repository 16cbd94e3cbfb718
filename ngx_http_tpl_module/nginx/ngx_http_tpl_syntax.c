
/*
 * Directives that change the language: delimiters, white space, extensions.
 */

#include "nginx/ngx_http_tpl_module.h"


ngx_conf_bitmask_t  ngx_http_tpl_whitespaces[] = {
    { ngx_string("default"), NGX_HTTP_TPL_WS_DEFAULT },
    { ngx_string("trim_blocks"), NGX_HTTP_TPL_WS_TRIM },
    { ngx_string("lstrip_blocks"), NGX_HTTP_TPL_WS_LSTRIP },
    { ngx_string("keep_trailing_newline"), NGX_HTTP_TPL_WS_KEEP },
    { ngx_string("crlf"), NGX_HTTP_TPL_WS_CRLF },
    { ngx_string("cr"), NGX_HTTP_TPL_WS_CR },
    { ngx_string("all"), NGX_HTTP_TPL_WS_ALL },
    { ngx_string("single"), NGX_HTTP_TPL_WS_SINGLE },
    { ngx_string("oneline"), NGX_HTTP_TPL_WS_ONELINE },
    { ngx_null_string, 0 }
};


ngx_conf_bitmask_t  ngx_http_tpl_extensions[] = {
    { ngx_string("none"), NGX_HTTP_TPL_EXT_NONE },
    { ngx_string("do"), ngx_http_tpl_ext(TPL_EXT_DO) },
    { ngx_string("loopcontrols"), ngx_http_tpl_ext(TPL_EXT_LOOPCONTROLS) },
    { ngx_string("i18n"), ngx_http_tpl_ext(TPL_EXT_I18N) },
    { ngx_string("debug"), ngx_http_tpl_ext(TPL_EXT_DEBUG) },
    { ngx_string("newstyle_gettext"), ngx_http_tpl_ext(TPL_EXT_NEWSTYLE) },
    { ngx_null_string, 0 }
};


/*
 * tpl_delimiters block_start block_end variable_start variable_end
 *                comment_start comment_end
 *                [line_statement=prefix] [line_comment=prefix]
 */

char *
ngx_http_tpl_delimiters(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t                   *value, *prefix;
    ngx_uint_t                   i, j, n;
    ngx_http_tpl_delimiters_t   *d;

    static const ngx_str_t  prefixes[] = {
        ngx_string("line_statement="),
        ngx_string("line_comment=")
    };

    if (tlcf->delimiters != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    d = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_delimiters_t));
    if (d == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    n = 0;

    for (i = 1; i < cf->args->nelts; i++) {
        prefix = NULL;

        for (j = 0; n == NGX_HTTP_TPL_NDELIMITERS && j < 2; j++) {
            if (value[i].len > prefixes[j].len
                && ngx_strncmp(value[i].data, prefixes[j].data,
                               prefixes[j].len) == 0)
            {
                prefix = &d->str[NGX_HTTP_TPL_NDELIMITERS + j];
                prefix->data = value[i].data + prefixes[j].len;
                prefix->len = value[i].len - prefixes[j].len;
            }
        }

        if (prefix) {
            continue;
        }

        if (n == NGX_HTTP_TPL_NDELIMITERS || value[i].len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        d->str[n++] = value[i];
    }

    if (n < NGX_HTTP_TPL_NDELIMITERS) {
        return "takes the start and the end of blocks, of variables and of"
               " comments";
    }

    /* Jinja2: Environment's sanity check */

    for (i = 0; i < n; i += 2) {
        for (j = 0; j < i; j += 2) {
            if (d->str[i].len == d->str[j].len
                && ngx_memcmp(d->str[i].data, d->str[j].data, d->str[i].len)
                   == 0)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" starts two kinds of tags: block, "
                                   "variable and comment start strings must "
                                   "be different", &d->str[i]);
                return NGX_CONF_ERROR;
            }
        }
    }

    tlcf->delimiters = d;

    return NGX_CONF_OK;
}


char *
ngx_http_tpl_check_language(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf)
{
    ngx_uint_t  ws;

    ws = conf->whitespace & (NGX_HTTP_TPL_WS_ALL|NGX_HTTP_TPL_WS_SINGLE
                             |NGX_HTTP_TPL_WS_ONELINE);

    if ((ws & (ws - 1))
        || ((conf->whitespace & NGX_HTTP_TPL_WS_CRLF)
            && (conf->whitespace & NGX_HTTP_TPL_WS_CR)))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"tpl_whitespace\" takes one of all, single, oneline"
                      " and one of crlf, cr");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_http_tpl_language(ngx_http_tpl_loc_conf_t *conf, tpl_syntax_t *syntax)
{
    ngx_uint_t  i;

    tpl_str_t  *strings[NGX_HTTP_TPL_NDELIMITERS + 2] = {
        &syntax->block_start_string, &syntax->block_end_string,
        &syntax->variable_start_string, &syntax->variable_end_string,
        &syntax->comment_start_string, &syntax->comment_end_string,
        &syntax->line_statement_prefix, &syntax->line_comment_prefix
    };

    if (conf->delimiters) {
        for (i = 0; i < NGX_HTTP_TPL_NDELIMITERS + 2; i++) {
            strings[i]->len = conf->delimiters->str[i].len;
            strings[i]->data = conf->delimiters->str[i].data;
        }
    }

    syntax->trim_blocks = (conf->whitespace & NGX_HTTP_TPL_WS_TRIM) != 0;
    syntax->lstrip_blocks = (conf->whitespace & NGX_HTTP_TPL_WS_LSTRIP) != 0;
    syntax->keep_trailing_newline =
                               (conf->whitespace & NGX_HTTP_TPL_WS_KEEP) != 0;

    if (conf->whitespace & NGX_HTTP_TPL_WS_CRLF) {
        tpl_str_set(&syntax->newline_sequence, "\r\n");

    } else if (conf->whitespace & NGX_HTTP_TPL_WS_CR) {
        tpl_str_set(&syntax->newline_sequence, "\r");
    }

    if (conf->whitespace & NGX_HTTP_TPL_WS_ALL) {
        syntax->whitespace = TPL_WS_ALL;

    } else if (conf->whitespace & NGX_HTTP_TPL_WS_SINGLE) {
        syntax->whitespace = TPL_WS_SINGLE;

    } else if (conf->whitespace & NGX_HTTP_TPL_WS_ONELINE) {
        syntax->whitespace = TPL_WS_ONELINE;
    }

    syntax->extensions = (conf->extensions & ~NGX_HTTP_TPL_EXT_NONE) >> 1;
}


ngx_uint_t
ngx_http_tpl_same_language(ngx_http_tpl_delimiters_t *a,
    ngx_http_tpl_delimiters_t *b)
{
    ngx_uint_t  i;

    if (a == b) {
        return 1;
    }

    if (a == NULL || b == NULL) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_TPL_NDELIMITERS + 2; i++) {
        if (a->str[i].len != b->str[i].len
            || ngx_memcmp(a->str[i].data, b->str[i].data, a->str[i].len) != 0)
        {
            return 0;
        }
    }

    return 1;
}
