
/*
 * tpl_secret_key and tpl_session: what Flask's session needs to know of the
 * application that signs it.
 */

#include "nginx/ngx_http_tpl_module.h"


static ngx_uint_t ngx_http_tpl_is_attribute(const ngx_str_t *s);


/* each argument is a key or, after "file:", the name of a file with one */

char *
ngx_http_tpl_secret_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    tpl_int_t                  rc;
    ngx_str_t                 *value, name;
    tpl_str_t                  secret;
    ngx_uint_t                 i;
    tpl_error_t                err;
    tpl_session_keys_t        *keys;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (tlcf->keys != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        tlcf->keys = NULL;
        return NGX_CONF_OK;
    }

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    keys = ngx_palloc(cf->pool, sizeof(tpl_session_keys_t));
    if (keys == NULL) {
        return NGX_CONF_ERROR;
    }

    keys->n = cf->args->nelts - 1;

    keys->keys = ngx_palloc(cf->pool, keys->n * sizeof(tpl_session_key_t));
    if (keys->keys == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < keys->n; i++) {
        secret.data = value[i + 1].data;
        secret.len = value[i + 1].len;

        if (secret.len > 5 && ngx_strncmp(secret.data, "file:", 5) == 0) {
            name.data = secret.data + 5;
            name.len = secret.len - 5;

            if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
                return NGX_CONF_ERROR;
            }

            tpl_error_init(&err, NULL);

            rc = ngx_http_tpl_load_file(tmcf->arena, ngx_http_tpl_str(&name),
                                        &secret, &err);
            if (rc != TPL_OK) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "the key's file \"%V\" %s", &name,
                                   (rc == TPL_DECLINED)
                                   ? "is not found" : "cannot be read");
                return NGX_CONF_ERROR;
            }

            /* the end of the line is the editor's, not the key's */

            if (secret.len && secret.data[secret.len - 1] == LF) {
                secret.len--;
            }

            if (secret.len && secret.data[secret.len - 1] == CR) {
                secret.len--;
            }
        }

        if (secret.len == 0) {
            return "has an empty key";
        }

        if (tpl_session_derive(&secret, &keys->keys[i]) != TPL_OK) {
            return NGX_CONF_ERROR;
        }
    }

    tlcf->keys = keys;

    return NGX_CONF_OK;
}


/*
 * tpl_session [cookie=] [lifetime=] [path=] [domain=] [samesite=] [secure]
 */

char *
ngx_http_tpl_session(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    time_t                 lifetime;
    tpl_str_t             *text;
    ngx_str_t             *value, s;
    ngx_uint_t             i;
    tpl_cookie_t          *cookie;
    tpl_session_cookie_t  *session;

    if (tlcf->session_cookie != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    session = ngx_palloc(cf->pool, sizeof(tpl_session_cookie_t));
    if (session == NULL) {
        return NGX_CONF_ERROR;
    }

    *session = tpl_session_cookie;
    cookie = &session->cookie;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "secure") == 0) {
            cookie->secure = 1;
            continue;
        }

        s.data = (u_char *) ngx_strchr(value[i].data, '=');

        if (s.data == NULL) {
            goto invalid;
        }

        s.data++;
        s.len = value[i].data + value[i].len - s.data;

        if (s.len == 0 || !ngx_http_tpl_is_attribute(&s)) {
            goto invalid;
        }

        if (ngx_strncmp(value[i].data, "lifetime=", 9) == 0) {
            lifetime = ngx_parse_time(&s, 1);

            if (lifetime == (time_t) NGX_ERROR || lifetime == 0) {
                goto invalid;
            }

            session->lifetime = lifetime;
            continue;
        }

        if (ngx_strncmp(value[i].data, "cookie=", 7) == 0) {
            text = &cookie->name;

            if (s.data[strcspn((char *) s.data, "=,\"()<>@:/[]?{}\\")]) {
                goto invalid;
            }

        } else if (ngx_strncmp(value[i].data, "path=", 5) == 0) {
            text = &cookie->path;

            if (s.data[0] != '/') {
                goto invalid;
            }

        } else if (ngx_strncmp(value[i].data, "domain=", 7) == 0) {
            text = &cookie->domain;

        } else if (ngx_strncmp(value[i].data, "samesite=", 9) == 0) {
            text = &cookie->samesite;

            if (ngx_strcasecmp(s.data, (u_char *) "lax") != 0
                && ngx_strcasecmp(s.data, (u_char *) "strict") != 0
                && ngx_strcasecmp(s.data, (u_char *) "none") != 0)
            {
                goto invalid;
            }

        } else {
            goto invalid;
        }

        text->data = s.data;
        text->len = s.len;
    }

    tlcf->session_cookie = session;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       &value[i]);

    return NGX_CONF_ERROR;
}


/* what an attribute of a cookie may consist of, and its name */

static ngx_uint_t
ngx_http_tpl_is_attribute(const ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] <= ' ' || s->data[i] >= 0x7f || s->data[i] == ';') {
            return 0;
        }
    }

    return 1;
}
