
/*
 * tpl_reload: templates whose files changed are compiled anew by each worker.
 *
 * A set is followed by another generation of it, with memory of its own, or by
 * none: nothing that a location points to changes before all of it is compiled.
 * A render holds its generation until the request's pool goes, since buffers
 * point into the programs.  The first generation is the configuration's and
 * stays.
 */

#include "nginx/ngx_http_tpl_module.h"


/* ms that files have to be left alone: whoever writes one may not be done */
#define NGX_HTTP_TPL_QUIET  50

/* for what no request asked for yet: some 50 ms, as requests are waiting */
#define NGX_HTTP_TPL_RELOAD_STEPS  2000000
#define NGX_HTTP_TPL_RELOAD_BYTES  (128 * 1024)


struct ngx_http_tpl_file_s {
    u_char                     *path;       /* terminated by a zero byte */
    ngx_http_tpl_state_t        compiled;   /* as it was read, or before */
    ngx_http_tpl_state_t        seen;       /* when it was last looked at */
    ngx_http_tpl_file_t        *next;
};


/* where a target stands */

struct ngx_http_tpl_holder_s {
    ngx_http_tpl_target_t     **target;
    ngx_http_tpl_target_t      *made;       /* for the next generation */
    ngx_http_tpl_loc_conf_t    *conf;
    ngx_http_tpl_inline_t      *line;       /* NULL: not of a tpl_set */
    ngx_http_tpl_holder_t      *compiles;   /* the line that this one is of */
    ngx_http_tpl_holder_t      *next;
};


static void ngx_http_tpl_reload_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_tpl_reload_look(ngx_http_tpl_watch_t *watch);
static void ngx_http_tpl_reload_set(ngx_http_tpl_set_t *set, ngx_log_t *log);
static ngx_http_tpl_generation_t *ngx_http_tpl_reload_create(
    ngx_http_tpl_set_t *set);
static ngx_int_t ngx_http_tpl_reload_build(ngx_http_tpl_generation_t *g,
    ngx_log_t *log);
static void ngx_http_tpl_release(void *data);
static void ngx_http_tpl_destroy(ngx_http_tpl_generation_t *g);


static ngx_event_t       ngx_http_tpl_reload_event;

/* a timer's data are taken for a connection by nginx's debug log */
static ngx_connection_t  ngx_http_tpl_reload_connection;


/* tpl_reload off | time */

char *
ngx_http_tpl_reload(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_main_conf_t *tmcf = conf;

    ngx_str_t  *value;
    ngx_msec_t  time;

    if (tmcf->reload != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        tmcf->reload = 0;
        return NGX_CONF_OK;
    }

    time = ngx_parse_time(&value[1], 0);

    if (time == (ngx_msec_t) NGX_ERROR || time == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"off\" or a"
                           " time", &value[1]);
        return NGX_CONF_ERROR;
    }

    tmcf->reload = time;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_tpl_watch_set(ngx_conf_t *cf, ngx_http_tpl_set_t *set)
{
    ngx_http_tpl_watch_t  *watch;

    if (set->main->reload == 0) {
        return NGX_OK;
    }

    watch = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_watch_t));
    if (watch == NULL) {
        return NGX_ERROR;
    }

    watch->pool = cf->pool;
    watch->settled = 1;

    set->watch = watch;
    set->generation->watch = watch;
    set->last_holder = &set->holders;

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_add_holder(ngx_conf_t *cf, ngx_http_tpl_set_t *set,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_inline_t *line)
{
    ngx_http_tpl_holder_t  *holder;

    if (set->watch == NULL) {
        return NGX_OK;
    }

    holder = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_holder_t));
    if (holder == NULL) {
        return NGX_ERROR;
    }

    holder->conf = conf;
    holder->target = &conf->target;

    if (line) {
        holder->line = line;
        holder->target = &line->target;
        holder->compiles = line->holder ? line->holder->compiles : holder;

        line->holder = holder;
    }

    *set->last_holder = holder;
    set->last_holder = &holder->next;

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_watch_file(ngx_http_tpl_generation_t *g, const u_char *path,
    const ngx_http_tpl_state_t *state)
{
    size_t                len;
    ngx_http_tpl_file_t  *file;

    if (g == NULL || g->watch == NULL) {
        return NGX_OK;
    }

    len = ngx_strlen(path) + 1;

    file = ngx_palloc(g->watch->pool, sizeof(ngx_http_tpl_file_t));
    if (file == NULL) {
        return NGX_ERROR;
    }

    file->path = ngx_pnalloc(g->watch->pool, len);
    if (file->path == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(file->path, path, len);

    if (state) {
        file->compiled = *state;

    } else {
        ngx_http_tpl_file_state(path, &file->compiled);
    }

    file->seen = file->compiled;
    file->next = g->watch->files;

    g->watch->files = file;

    return NGX_OK;
}


/* the time of a change of the inode tells of permissions as well */

void
ngx_http_tpl_file_state(const u_char *path, ngx_http_tpl_state_t *state)
{
    struct stat  st;

    ngx_memzero(state, sizeof(ngx_http_tpl_state_t));

    if (stat((const char *) path, &st) == -1) {
        state->value[0] = ngx_errno;
        return;
    }

    state->value[1] = st.st_dev;
    state->value[2] = st.st_ino;
    state->value[3] = st.st_size;
    state->value[4] = (uint64_t) st.st_mtim.tv_sec * 1000000000
                      + st.st_mtim.tv_nsec;
    state->value[5] = (uint64_t) st.st_ctim.tv_sec * 1000000000
                      + st.st_ctim.tv_nsec;
}


ngx_int_t
ngx_http_tpl_init_process(ngx_cycle_t *cycle)
{
    ngx_event_t               *ev;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    tmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_tpl_module);

    if (tmcf == NULL || tmcf->reload == 0) {
        return NGX_OK;
    }

    ngx_http_tpl_reload_connection.fd = (ngx_socket_t) -1;

    ev = &ngx_http_tpl_reload_event;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = ngx_http_tpl_reload_handler;
    ev->data = &ngx_http_tpl_reload_connection;
    ev->log = cycle->log;
    ev->cancelable = 1;

    /* a worker in place of one that died begins with the configuration's */

    ngx_add_timer(ev, 1);

    return NGX_OK;
}


static void
ngx_http_tpl_reload_handler(ngx_event_t *ev)
{
    ngx_log_t                  quiet;
    ngx_msec_t                 time;
    ngx_http_tpl_set_t        *set;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_tpl_module);

    if (tmcf == NULL || tmcf->reload == 0 || ngx_exiting) {
        return;
    }

    /* a process that is master and worker goes on with another cycle */

    ev->log = ngx_cycle->log;

    time = tmcf->reload;

    for (set = tmcf->sets; set; set = set->next) {

        switch (ngx_http_tpl_reload_look(set->watch)) {

        case NGX_OK:
            ngx_http_tpl_reload_set(set, ngx_cycle->log);
            break;

        case NGX_AGAIN:
            time = ngx_min(tmcf->reload, NGX_HTTP_TPL_QUIET);
            break;

        default: /* NGX_DECLINED */

            if (!set->watch->settled) {
                quiet = *ngx_cycle->log;
                quiet.log_level = NGX_LOG_STDERR;
                quiet.next = NULL;

                ngx_http_tpl_reload_set(set, &quiet);
            }
        }
    }

    ngx_add_timer(ev, time);
}


/* NGX_OK: other files; NGX_AGAIN: they may change still; else NGX_DECLINED */

static ngx_int_t
ngx_http_tpl_reload_look(ngx_http_tpl_watch_t *watch)
{
    ngx_int_t              rc;
    ngx_uint_t             moving;
    ngx_http_tpl_file_t   *file;
    ngx_http_tpl_state_t   now;

    rc = NGX_DECLINED;
    moving = 0;

    for (file = watch->files; file; file = file->next) {
        ngx_http_tpl_file_state(file->path, &now);

        if (ngx_memcmp(&now, &file->seen, sizeof(now)) != 0) {
            file->seen = now;
            moving = 1;
        }

        if (ngx_memcmp(&now, &file->compiled, sizeof(now)) != 0) {
            rc = NGX_OK;
        }
    }

    return moving ? NGX_AGAIN : rc;
}


/* the set's next generation, or none */

static void
ngx_http_tpl_reload_set(ngx_http_tpl_set_t *set, ngx_log_t *log)
{
    ngx_int_t                   rc;
    ngx_str_t                  *root;
    ngx_http_tpl_holder_t      *holder;
    ngx_http_tpl_generation_t  *g, *old;

    root = set->roots->elts;

    g = ngx_http_tpl_reload_create(set);

    if (g == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "tpl_reload: no memory");
        return;
    }

    rc = ngx_http_tpl_reload_build(g, log);

    /* what was looked for is what has to change before it is tried again */

    if (set->watch->owned) {
        ngx_destroy_pool(set->watch->pool);
    }

    set->watch = g->watch;
    g->watch = NULL;

    if (rc != NGX_OK) {
        ngx_http_tpl_destroy(g);

        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "tpl_reload: the templates of \"%V\" stay as they were",
                      root);
        return;
    }

    set->watch->settled = 1;

    for (holder = set->holders; holder; holder = holder->next) {
        *holder->target = holder->made;
    }

    old = set->generation;
    set->generation = g;

    if (old->owned) {
        ngx_http_tpl_release(old);
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "tpl_reload: the templates of \"%V\" are new", root);
}


static ngx_http_tpl_generation_t *
ngx_http_tpl_reload_create(ngx_http_tpl_set_t *set)
{
    ngx_pool_t                 *pool;
    ngx_http_tpl_watch_t       *watch;
    ngx_http_tpl_generation_t  *g;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    watch = ngx_pcalloc(pool, sizeof(ngx_http_tpl_watch_t));
    if (watch == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    watch->pool = pool;
    watch->owned = 1;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        ngx_destroy_pool(watch->pool);
        return NULL;
    }

    g = ngx_pcalloc(pool, sizeof(ngx_http_tpl_generation_t));

    if (g) {
        g->arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    }

    if (g == NULL || g->arena == NULL) {
        ngx_destroy_pool(pool);
        ngx_destroy_pool(watch->pool);
        return NULL;
    }

    g->pool = pool;
    g->set = set;
    g->watch = watch;
    g->owned = 1;
    g->refs = 1;

    return g;
}


static ngx_int_t
ngx_http_tpl_reload_build(ngx_http_tpl_generation_t *g, ngx_log_t *log)
{
    ngx_conf_t              cf;
    tpl_template_t         *tmpl;
    ngx_http_tpl_set_t     *set;
    ngx_http_tpl_budget_t   budget;
    ngx_http_tpl_holder_t  *holder;

    set = g->set;

    /* no file: it is not being read */

    ngx_memzero(&cf, sizeof(ngx_conf_t));

    cf.cycle = (ngx_cycle_t *) ngx_cycle;
    cf.pool = g->pool;
    cf.temp_pool = g->pool;
    cf.log = log;
    cf.ctx = ngx_get_conf(ngx_cycle->conf_ctx, ngx_http_module);

    if (ngx_http_tpl_create_templates(&cf, g,
                                      tpl_set_conf(set->generation->templates))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (holder = set->holders; holder; holder = holder->next) {

        if (holder->line) {
            tmpl = NULL;

            if (holder->compiles != holder) {
                tmpl = holder->compiles->made->tmpl;
            }

            holder->made = ngx_http_tpl_make_inline(&cf, g, holder->conf,
                                                    holder->line, tmpl);

        } else {
            holder->made = ngx_http_tpl_make_target(&cf, g, holder->conf);
        }

        if (holder->made == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_http_tpl_find_impure(g);

    budget.steps = NGX_HTTP_TPL_RELOAD_STEPS;
    budget.bytes = NGX_HTTP_TPL_RELOAD_BYTES;

    for (holder = set->holders; holder; holder = holder->next) {

        if (holder->line == NULL) {
            ngx_http_tpl_make_ready(holder->conf, holder->made, &budget);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_hold(ngx_http_request_t *r, ngx_http_tpl_generation_t *g)
{
    ngx_pool_cleanup_t  *cln;

    if (!g->owned) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_tpl_release;
    cln->data = g;

    g->refs++;

    return NGX_OK;
}


static void
ngx_http_tpl_release(void *data)
{
    ngx_http_tpl_generation_t *g = data;

    if (--g->refs == 0) {
        ngx_http_tpl_destroy(g);
    }
}


/* its watch is the set's */

static void
ngx_http_tpl_destroy(ngx_http_tpl_generation_t *g)
{
    g->set->main->pages -= g->pages;
    g->set->main->models -= g->models;

    tpl_arena_destroy(g->arena);

    /* g itself as well */

    ngx_destroy_pool(g->pool);
}


void
ngx_http_tpl_destroy_sets(ngx_http_tpl_main_conf_t *tmcf)
{
    ngx_http_tpl_set_t  *set;

    for (set = tmcf->sets; set; set = set->next) {

        if (set->generation->owned) {
            ngx_http_tpl_destroy(set->generation);
        }

        if (set->watch && set->watch->owned) {
            ngx_destroy_pool(set->watch->pool);
        }
    }
}
