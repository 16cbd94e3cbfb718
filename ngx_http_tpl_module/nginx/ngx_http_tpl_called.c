
/*
 * Calls in templates of names that nothing has, found with the configuration:
 * a location knows its data, so what is none of them, no function and not set
 * by a template is most likely misspelt.  So is the name of a route that its
 * server does not have.  A warning, since the call may never be reached.
 */

#include "nginx/ngx_http_tpl_module.h"


/* templates below one that are looked at */
#define NGX_HTTP_TPL_CALLED_MAX  256


typedef struct {
    ngx_conf_t                *cf;
    ngx_http_tpl_target_t     *target;
    tpl_str_t                 *routes;
    ngx_uint_t                 nroutes;
    ngx_uint_t                 n;
    tpl_template_t            *seen[NGX_HTTP_TPL_CALLED_MAX];
} ngx_http_tpl_called_t;


static void ngx_http_tpl_check_template(ngx_http_tpl_called_t *called,
    tpl_template_t *tmpl);
static tpl_uint_t ngx_http_tpl_called_known(void *data,
    const tpl_name_t *name);


void
ngx_http_tpl_check_calls(ngx_conf_t *cf, ngx_http_tpl_target_t *target)
{
    ngx_uint_t                i;
    tpl_template_t          **picks;
    ngx_http_tpl_called_t     called;
    ngx_http_tpl_srv_conf_t  *tscf;

    called.cf = cf;
    called.target = target;
    called.n = 0;

    tscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_tpl_module);

    called.nroutes = tscf->table.n;
    called.routes = ngx_palloc(cf->temp_pool,
                               (tscf->table.n + 1) * sizeof(tpl_str_t));
    if (called.routes == NULL) {
        return;
    }

    for (i = 0; i < tscf->table.n; i++) {
        called.routes[i] = tscf->table.items[i]->name;
    }

    if (target->tmpl) {
        ngx_http_tpl_check_template(&called, target->tmpl);
        return;
    }

    if (target->picks) {
        picks = target->picks->templates.elts;

        for (i = 0; i < target->picks->templates.nelts; i++) {
            ngx_http_tpl_check_template(&called, picks[i]);
        }
    }
}


/* and those that it extends, includes or imports */

static void
ngx_http_tpl_check_template(ngx_http_tpl_called_t *called,
    tpl_template_t *tmpl)
{
    uint32_t       i;
    tpl_buf_t      b;
    tpl_set_t     *set;
    ngx_uint_t     k;
    tpl_arena_t   *arena;
    tpl_error_t    err;

    set = called->target->generation->templates;

    for (k = 0; k < called->n; k++) {
        if (called->seen[k] == tmpl) {
            return;
        }
    }

    if (called->n == NGX_HTTP_TPL_CALLED_MAX) {
        return;
    }

    called->seen[called->n++] = tmpl;

    for (i = 0; i < tmpl->ncalls; i++) {

        arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);
        if (arena == NULL) {
            return;
        }

        tpl_error_init(&err, arena);
        tpl_buf_init(&b, arena);

        if ((tpl_called_check(set, &tmpl->calls[i], ngx_http_tpl_called_known,
                              called, &err)
             == TPL_OK
             || tpl_called_check_route(set, &tmpl->calls[i], called->routes,
                                       called->nroutes, &err)
                == TPL_OK)
            && tpl_error_format(&err, &b, 1) == TPL_OK)
        {
            ngx_log_error(NGX_LOG_WARN, called->cf->log, 0, "%*s",
                          b.len, b.data);
        }

        tpl_arena_destroy(arena);
    }

    for (i = 0; i < tmpl->nlinks; i++) {
        ngx_http_tpl_check_template(called, tmpl->links[i]);
    }
}


static tpl_uint_t
ngx_http_tpl_called_known(void *data, const tpl_name_t *name)
{
    ngx_http_tpl_called_t *called = data;

    ngx_uint_t             i;
    ngx_http_tpl_names_t  *names;

    names = called->target->names;

    for (i = 0; i < names->n; i++) {
        if (tpl_str_eq(&names->slots[i].name->str, &name->str)) {
            return 1;
        }
    }

    return name == called->target->generation->variables
           || name == called->target->generation->document;
}
