
/*
 * tpl_set: variables whose values are rendered from templates that stand in the
 * configuration.
 *
 * A variable's handler serves all of http{}, so it looks up in the request's
 * location which template its name means there.  A value is made once for a
 * request and location, in one slice and an arena of its own: nothing can wait
 * inside of a variable.
 */

#include "nginx/ngx_http_tpl_module.h"


/* a value that was made; those of a request are a list in its pool */

typedef struct ngx_http_tpl_made_s  ngx_http_tpl_made_t;

struct ngx_http_tpl_made_s {
    ngx_http_request_t       *request;
    ngx_http_tpl_inline_t    *line;
    ngx_uint_t                uri_changes;
    ngx_str_t                 value;        /* data is NULL: it failed */
    ngx_http_tpl_made_t      *next;

    /* what it was made of, for Vary */
    uint64_t                  headers;
    ngx_array_t              *names;        /* of tpl_str_t; NULL: none */
};


/* a render at work, for a variable that comes back to itself */

typedef struct ngx_http_tpl_at_work_s  ngx_http_tpl_at_work_t;

struct ngx_http_tpl_at_work_s {
    ngx_http_request_t       *request;
    ngx_http_tpl_inline_t    *line;
    ngx_http_tpl_ctx_t       *ctx;
    ngx_http_tpl_at_work_t   *outer;
};


static ngx_int_t ngx_http_tpl_inline_id(ngx_conf_t *cf, ngx_str_t *name);
static ngx_int_t ngx_http_tpl_inline_merge(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_inline_t *line);
static ngx_int_t ngx_http_tpl_variable_inline(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_http_tpl_made_t *ngx_http_tpl_inline_make(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_inline_t *line);
static void ngx_http_tpl_inline_render(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_http_tpl_made_t *made);
static void ngx_http_tpl_inline_failed(ngx_http_request_t *r,
    ngx_http_tpl_inline_t *line, tpl_error_t *err, const char *reason);
static ngx_int_t ngx_http_tpl_inline_read(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_http_tpl_made_t *made);
static void ngx_http_tpl_inline_vary(ngx_http_request_t *r,
    ngx_http_tpl_made_t *made);
static tpl_int_t ngx_http_tpl_inline_web(tpl_exec_t *exec, tpl_web_t **out);
static ngx_http_tpl_made_t **ngx_http_tpl_inline_list(ngx_http_request_t *r);
static void ngx_http_tpl_cleanup_inlines(void *data);


static const tpl_host_t  ngx_http_tpl_inline_host = {
    .lookup = ngx_http_tpl_lookup,
    .global = ngx_http_tpl_global,
    .names = ngx_http_tpl_lookup_names,
    .variable = ngx_http_tpl_variable,
    .catalogue = ngx_http_tpl_catalogue,
    .web = ngx_http_tpl_inline_web,
    .routes = ngx_http_tpl_routes
};


static ngx_http_tpl_at_work_t  *ngx_http_tpl_at_work;


/* tpl_set $variable text */

char *
ngx_http_tpl_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    size_t                  bad;
    ngx_int_t               id;
    ngx_str_t              *value, name;
    ngx_uint_t              i;
    ngx_http_variable_t    *v;
    ngx_http_tpl_inline_t  *line;

    value = cf->args->elts;
    name = value[1];

    if (name.len < 2 || name.data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid variable name \"%V\"", &name);
        return NGX_CONF_ERROR;
    }

    name.data++;
    name.len--;

    bad = tpl_utf8_check(value[2].data, value[2].len);

    if (bad < value[2].len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the template is not UTF-8: byte 0x%02xd",
                           (int) value[2].data[bad]);
        return NGX_CONF_ERROR;
    }

    v = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_CHANGEABLE
                                         |NGX_HTTP_VAR_NOCACHEABLE);
    if (v == NULL) {
        return NGX_CONF_ERROR;
    }

    id = ngx_http_tpl_inline_id(cf, &v->name);

    if (id == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    if (v->get_handler == NULL) {
        v->get_handler = ngx_http_tpl_variable_inline;
        v->data = id;
        v->flags |= NGX_HTTP_VAR_NOCACHEABLE;
    }

    if (tlcf->inlines == NULL) {
        tlcf->inlines = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_http_tpl_inline_t));
        if (tlcf->inlines == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    line = tlcf->inlines->elts;

    for (i = 0; i < tlcf->inlines->nelts; i++) {
        if (line[i].id == (ngx_uint_t) id) {
            return "is duplicate";
        }
    }

    line = ngx_array_push(tlcf->inlines);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(line, sizeof(ngx_http_tpl_inline_t));

    line->id = id;
    line->name = v->name;
    line->text = value[2];
    line->variable = v;

    ngx_http_tpl_place(cf, &line->place);

    return NGX_CONF_OK;
}


/* each name has a number, whatever it stands for in a location */

static ngx_int_t
ngx_http_tpl_inline_id(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_str_t                 *known;
    ngx_uint_t                 i;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    known = tmcf->inlines.elts;

    for (i = 0; i < tmcf->inlines.nelts; i++) {
        if (known[i].len == name->len
            && ngx_strncmp(known[i].data, name->data, name->len) == 0)
        {
            return i;
        }
    }

    known = ngx_array_push(&tmcf->inlines);
    if (known == NULL) {
        return NGX_ERROR;
    }

    *known = *name;

    return i;
}


ngx_int_t
ngx_http_tpl_merge_inlines(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_loc_conf_t *prev)
{
    ngx_uint_t              i, j, own;
    ngx_array_t            *all;
    ngx_http_tpl_inline_t  *line, *outer;

    if (conf->inlines == NULL && prev->inlines == NULL) {
        return NGX_OK;
    }

    /* a name has the nearest level's template; others stay */

    all = ngx_array_create(cf->pool, 4, sizeof(ngx_http_tpl_inline_t));
    if (all == NULL) {
        return NGX_ERROR;
    }

    own = 0;

    if (conf->inlines) {
        own = conf->inlines->nelts;

        line = ngx_array_push_n(all, own);
        if (line == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(line, conf->inlines->elts,
                   own * sizeof(ngx_http_tpl_inline_t));
    }

    for (j = 0; prev->inlines && j < prev->inlines->nelts; j++) {
        outer = prev->inlines->elts;
        line = all->elts;

        for (i = 0; i < own && line[i].id != outer[j].id; i++) { /* void */ }

        if (i < own) {
            continue;
        }

        line = ngx_array_push(all);
        if (line == NULL) {
            return NGX_ERROR;
        }

        *line = outer[j];
    }

    line = all->elts;

    for (i = 0; i < all->nelts; i++) {
        if (ngx_http_tpl_inline_merge(cf, conf, &line[i]) != NGX_OK) {
            return NGX_ERROR;
        }

    }

    conf->inlines = all;

    return NGX_OK;
}


/*
 * http{} itself is never merged: what stands there is compiled with the
 * settings of each server.
 */

static ngx_int_t
ngx_http_tpl_inline_merge(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_inline_t *line)
{
    tpl_template_t  *tmpl;

    if (line->variable->get_handler != ngx_http_tpl_variable_inline) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"tpl_set\" in %V:%ui: the variable \"$%V\" has a"
                      " value of another directive already",
                      &line->place.file, line->place.line, &line->name);
        return NGX_ERROR;
    }

    tmpl = NULL;

    if (line->target) {
        tmpl = line->target->tmpl;

    } else {
        line->set = ngx_http_tpl_get_set(cf, conf);
        if (line->set == NULL) {
            return NGX_ERROR;
        }
    }

    line->target = ngx_http_tpl_make_inline(cf, line->set->generation, conf,
                                            line, tmpl);

    if (line->target == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_tpl_add_holder(cf, line->set, conf, line);
}


ngx_http_tpl_target_t *
ngx_http_tpl_make_inline(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_inline_t *line,
    tpl_template_t *tmpl)
{
    ngx_int_t             rc;
    ngx_http_tpl_maker_t  maker;

    ngx_memzero(&maker, sizeof(ngx_http_tpl_maker_t));

    do {
        rc = ngx_http_tpl_make_inline_step(cf, g, conf, line, tmpl, &maker);
    } while (rc == NGX_AGAIN);

    return (rc == NGX_OK) ? maker.target : NULL;
}


ngx_int_t
ngx_http_tpl_make_inline_step(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_inline_t *line,
    tpl_template_t *tmpl, ngx_http_tpl_maker_t *maker)
{
    u_char                 *p;
    tpl_int_t               rc;
    tpl_str_t               name;
    tpl_error_t             err;
    ngx_http_tpl_target_t  *target;

    target = maker->target;

    if (target == NULL) {
        target = ngx_pcalloc(g->pool, sizeof(ngx_http_tpl_target_t));
        if (target == NULL) {
            return NGX_ERROR;
        }

        target->generation = g;
        target->tmpl = tmpl;

        maker->target = target;
    }

    if (target->tmpl == NULL) {

        rc = TPL_OK;
        tpl_error_init(&err, g->arena);

        if (maker->tmpl == NULL) {

            /* what messages call it */

            p = ngx_pnalloc(g->pool, sizeof("tpl_set $") - 1 + line->name.len);
            if (p == NULL) {
                return NGX_ERROR;
            }

            name.data = p;
            name.len = ngx_sprintf(p, "tpl_set $%V", &line->name) - p;

            rc = tpl_set_begin_text(g->templates, &name,
                                    ngx_http_tpl_str(&line->text),
                                    &maker->tmpl, &err);
        }

        if (rc == TPL_OK) {
            rc = tpl_set_step(g->templates, maker->tmpl, &err);
        }

        if (rc == TPL_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != TPL_OK) {
            ngx_http_tpl_log_error(cf, g, &err, "tpl_set", &line->place);
            return NGX_ERROR;
        }

        target->tmpl = maker->tmpl;
    }

    target->names = ngx_http_tpl_get_names(cf, g, conf);

    return target->names ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_tpl_variable_inline(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_uint_t                i;
    ngx_http_tpl_made_t      *made;
    ngx_http_tpl_inline_t    *line;
    ngx_http_tpl_at_work_t   *work;
    ngx_http_tpl_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);

    if (conf->inlines == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    line = conf->inlines->elts;

    for (i = 0; i < conf->inlines->nelts && line[i].id != data; i++) {
        /* void */
    }

    if (i == conf->inlines->nelts) {
        v->not_found = 1;
        return NGX_OK;
    }

    line += i;

    for (work = ngx_http_tpl_at_work; work; work = work->outer) {
        if (work->request == r && work->line == line) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "\"tpl_set $%V\" in %V:%ui reads itself",
                          &line->name, &line->place.file, line->place.line);
            v->not_found = 1;
            return NGX_OK;
        }
    }

    made = ngx_http_tpl_inline_make(r, conf, line);

    if (made == NULL) {
        return NGX_ERROR;
    }

    ngx_http_tpl_inline_vary(r, made);

    if (made->value.data == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_tpl_give(v, made->value.data, made->value.len);
}


/* nginx asks anew each time: another location has another value */

static ngx_http_tpl_made_t *
ngx_http_tpl_inline_make(ngx_http_request_t *r, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_inline_t *line)
{
    ngx_http_tpl_ctx_t      *ctx;
    ngx_http_tpl_made_t     *made, **list;
    ngx_http_tpl_at_work_t   work;

    list = ngx_http_tpl_inline_list(r);
    if (list == NULL) {
        return NULL;
    }

    for (made = *list; made; made = made->next) {
        if (made->request == r && made->line == line
            && made->uri_changes == r->uri_changes)
        {
            return made;
        }
    }

    made = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_made_t));
    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_tpl_ctx_t));

    if (made == NULL || ctx == NULL) {
        return NULL;
    }

    made->request = r;
    made->line = line;
    made->uri_changes = r->uri_changes;

    ctx->request = r;
    ctx->conf = conf;
    ctx->target = line->target;
    ctx->names = ctx->target->names;
    ctx->tmpl = ctx->target->tmpl;

    ctx->arena = tpl_arena_create(&ngx_http_tpl_allocator,
                                  NGX_HTTP_TPL_ARENA_PAGE,
                                  ngx_min(conf->limits.memory,
                                          NGX_HTTP_TPL_SET_MEMORY));
    if (ctx->arena == NULL) {
        return NULL;
    }

    work.request = r;
    work.line = line;
    work.ctx = ctx;
    work.outer = ngx_http_tpl_at_work;

    ngx_http_tpl_at_work = &work;

    ngx_http_tpl_inline_render(r, ctx, made);

    ngx_http_tpl_at_work = work.outer;

    tpl_arena_destroy(ctx->arena);

    made->next = *list;
    *list = made;

    return made;
}


static void
ngx_http_tpl_inline_render(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_made_t *made)
{
    u_char                 *p;
    uint32_t                i;
    tpl_vm_t               *vm;
    tpl_int_t               rc;
    tpl_error_t             err;
    tpl_output_t           *output;
    tpl_vm_conf_t           vc;
    ngx_http_tpl_inline_t  *line;

    line = made->line;

    tpl_error_init(&err, ctx->arena);

    ctx->error = &err;
    ctx->values = tpl_pcalloc(ctx->arena,
                              (ctx->names->n + 1) * sizeof(tpl_value_t));
    if (ctx->values == NULL) {
        ngx_http_tpl_inline_failed(r, line, &err, "out of memory");
        return;
    }

    ngx_memzero(&vc, sizeof(tpl_vm_conf_t));

    vc.arena = ctx->arena;
    vc.error = &err;
    vc.host = &ngx_http_tpl_inline_host;
    vc.host_data = ctx;
    vc.limits.steps = ngx_min(ctx->conf->limits.steps,
                              NGX_HTTP_TPL_SET_STEPS);
    vc.limits.output = ngx_min(ctx->conf->limits.output,
                               NGX_HTTP_TPL_SET_OUTPUT);
    vc.limits.depth = ctx->conf->limits.depth;

    vm = tpl_vm_create(ctx->tmpl, &vc);

    if (vm == NULL) {
        ngx_http_tpl_inline_failed(r, line, &err, "out of memory");
        return;
    }

    do {
        rc = tpl_vm_run(vm, NGX_HTTP_TPL_SET_STEPS);
    } while (rc == TPL_YIELD);

    if (ngx_http_tpl_inline_read(r, ctx, made) != NGX_OK) {
        ngx_http_tpl_inline_failed(r, line, &err, "out of memory");
        return;
    }

    if (rc == TPL_AGAIN) {
        ngx_http_tpl_inline_failed(r, line, &err,
                                   "a variable cannot wait for data that are"
                                   " on their way");
        return;
    }

    if (rc != TPL_OK) {
        ngx_http_tpl_inline_failed(r, line, &err, NULL);
        return;
    }

    output = tpl_vm_output(vm);

    p = ngx_pnalloc(r->pool, output->len + 1);
    if (p == NULL) {
        ngx_http_tpl_inline_failed(r, line, &err, "out of memory");
        return;
    }

    made->value.data = p;

    for (i = 0; i < output->n; i++) {
        p = ngx_cpymem(p, output->segments[i].data, output->segments[i].len);
    }

    made->value.len = p - made->value.data;
}


static void
ngx_http_tpl_inline_failed(ngx_http_request_t *r, ngx_http_tpl_inline_t *line,
    tpl_error_t *err, const char *reason)
{
    tpl_buf_t     b;
    ngx_str_t     text;
    tpl_arena_t  *arena;

    /* the render's own arena may be full */

    arena = tpl_arena_create(&ngx_http_tpl_allocator, 4096, 0);

    ngx_str_set(&text, "out of memory");

    if (reason) {
        text.len = ngx_strlen(reason);
        text.data = (u_char *) reason;

    } else if (arena) {
        tpl_buf_init(&b, arena);

        if (tpl_error_format(err, &b, 1) == TPL_OK) {
            text.len = b.len;
            text.data = b.data;
        }
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "\"tpl_set $%V\" in %V:%ui failed: %V", &line->name,
                  &line->place.file, line->place.line, &text);

    tpl_arena_destroy(arena);
}


/* what was read, in memory that stays */

static ngx_int_t
ngx_http_tpl_inline_read(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_http_tpl_made_t *made)
{
    uint32_t    i;
    ngx_str_t   name;
    tpl_str_t  *copy;

    made->headers = ctx->headers;

    for (i = 0; ctx->web && i < ctx->web->vary.n; i++) {

        if (made->names == NULL) {
            made->names = ngx_array_create(r->pool, 4, sizeof(tpl_str_t));
            if (made->names == NULL) {
                return NGX_ERROR;
            }
        }

        copy = ngx_array_push(made->names);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        name.len = ctx->web->vary.items[i].name.len;
        name.data = ctx->web->vary.items[i].name.data;

        copy->len = name.len;
        copy->data = ngx_pstrdup(r->pool, &name);

        if (copy->data == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a page that reads the variable, or a variable that does, depends on it */

static void
ngx_http_tpl_inline_vary(ngx_http_request_t *r, ngx_http_tpl_made_t *made)
{
    tpl_str_t           *name;
    tpl_web_t           *web;
    ngx_uint_t           i;
    ngx_http_tpl_ctx_t  *page;

    if (ngx_http_tpl_at_work && ngx_http_tpl_at_work->request == r) {
        page = ngx_http_tpl_at_work->ctx;

    } else {
        page = ngx_http_get_module_ctx(r, ngx_http_tpl_module);
    }

    if (page == NULL) {
        return;
    }

    page->headers |= made->headers;

    if (made->names == NULL || page->arena == NULL) {
        return;
    }

    web = ngx_http_tpl_get_web(page);
    name = made->names->elts;

    for (i = 0; web && i < made->names->nelts; i++) {
        (void) tpl_web_vary(web, &name[i]);
    }
}


static tpl_int_t
ngx_http_tpl_inline_web(tpl_exec_t *exec, tpl_web_t **out)
{
    if (ngx_http_tpl_web(exec, out) != TPL_OK) {
        return TPL_ERROR;
    }

    (*out)->answer.closed = TPL_WEB_VARIABLE;

    return TPL_OK;
}


static ngx_http_tpl_made_t **
ngx_http_tpl_inline_list(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_tpl_cleanup_inlines) {
            return cln->data;
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_tpl_made_t *));
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_tpl_cleanup_inlines;

    *(ngx_http_tpl_made_t **) cln->data = NULL;

    return cln->data;
}


static void
ngx_http_tpl_cleanup_inlines(void *data)
{
    /* the memory is the pool's */
}
