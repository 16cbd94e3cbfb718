
/*
 * tpl_reload: templates whose files changed are compiled anew by each worker.
 *
 * A set is followed by another generation of it, with memory of its own, or by
 * none: nothing that a location points to changes before all of it is compiled.
 * The files are looked at, the templates compiled and memory is given back in
 * slices, between which the worker has its requests: what is at work stands in
 * ngx_http_tpl_work_t.  A render holds its generation until the request's pool
 * goes, since buffers point into the programs.  The first generation is the
 * configuration's and stays.
 */

#include "nginx/ngx_http_tpl_module.h"


/* ms that files have to be left alone: whoever writes one may not be done */
#define NGX_HTTP_TPL_QUIET  50

/* ns after which others have their turn */
#define NGX_HTTP_TPL_RELOAD_SLICE  1000000

/* for what no request asked for yet: some 50 ms in all, 2 ms for a page */
#define NGX_HTTP_TPL_RELOAD_STEPS  2000000
#define NGX_HTTP_TPL_RELOAD_PAGE   100000
#define NGX_HTTP_TPL_RELOAD_BYTES  (128 * 1024)

/* files that change all the time are taken as they are after so many times */
#define NGX_HTTP_TPL_RELOAD_TRIES  3


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


/* where a worker is; a round is through all sets */

typedef enum {
    NGX_HTTP_TPL_WORK_REST = 0,     /* until the timer */
    NGX_HTTP_TPL_WORK_LOOK,         /* whether files changed */
    NGX_HTTP_TPL_WORK_COMPILE,
    NGX_HTTP_TPL_WORK_READY,        /* pages and models */
    NGX_HTTP_TPL_WORK_CHECK         /* whether files changed meanwhile */
} ngx_http_tpl_work_e;


struct ngx_http_tpl_work_s {
    ngx_http_tpl_work_e         state;
    ngx_msec_t                  time;       /* of the rest */
    ngx_http_tpl_set_t         *set;
    ngx_http_tpl_file_t        *file;       /* the next */
    ngx_http_tpl_generation_t  *made;       /* the set's next one */
    ngx_http_tpl_holder_t      *holder;     /* the next */
    ngx_http_tpl_maker_t        maker;
    ngx_http_tpl_budget_t       budget;
    ngx_uint_t                  tries;      /* in vain for this set */
    ngx_conf_t                  cf;
    ngx_log_t                   log;
    unsigned                    moving:1;   /* files may change still */
    unsigned                    changed:1;
};


static void ngx_http_tpl_reload_handler(ngx_event_t *ev);
static void ngx_http_tpl_reload_step(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_next(ngx_http_tpl_work_t *work,
    ngx_http_tpl_set_t *set);
static void ngx_http_tpl_reload_look(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_begin(ngx_http_tpl_work_t *work);
static ngx_int_t ngx_http_tpl_reload_create(ngx_http_tpl_set_t *set,
    ngx_http_tpl_generation_t **made);
static void ngx_http_tpl_reload_compile(ngx_http_tpl_work_t *work);
static ngx_int_t ngx_http_tpl_compiled_page(ngx_http_tpl_generation_t *g);
static void ngx_http_tpl_reload_ready(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_check(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_failed(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_swap(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_drop(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_reload_watch(ngx_http_tpl_work_t *work);
static void ngx_http_tpl_release(void *data);
static void ngx_http_tpl_free_later(ngx_http_tpl_generation_t *g);
static void ngx_http_tpl_free_handler(ngx_event_t *ev);
static void ngx_http_tpl_destroy(ngx_http_tpl_generation_t *g);


static ngx_event_t       ngx_http_tpl_reload_event;
static ngx_event_t       ngx_http_tpl_free_event;

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

    tmcf->work = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_work_t));
    if (tmcf->work == NULL) {
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

    ev = &ngx_http_tpl_free_event;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = ngx_http_tpl_free_handler;
    ev->data = &ngx_http_tpl_reload_connection;
    ev->log = cycle->log;

    /* a worker in place of one that died begins with the configuration's */

    ngx_add_timer(&ngx_http_tpl_reload_event, 1);

    return NGX_OK;
}


static void
ngx_http_tpl_reload_handler(ngx_event_t *ev)
{
    uint64_t                   end;
    ngx_http_tpl_work_t       *work;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_tpl_module);

    if (tmcf == NULL || tmcf->reload == 0 || ngx_exiting) {
        return;
    }

    /* a process that is master and worker goes on with another cycle */

    ev->log = ngx_cycle->log;
    ngx_http_tpl_free_event.log = ngx_cycle->log;

    work = tmcf->work;

    if (work->state == NGX_HTTP_TPL_WORK_REST) {
        work->time = tmcf->reload;
        ngx_http_tpl_reload_next(work, tmcf->sets);
    }

    end = ngx_http_tpl_now() + NGX_HTTP_TPL_RELOAD_SLICE;

    while (work->state != NGX_HTTP_TPL_WORK_REST) {

        if (ngx_http_tpl_now() >= end) {
            ngx_post_event(ev, &ngx_posted_next_events);
            return;
        }

        ngx_http_tpl_reload_step(work);
    }

    ngx_add_timer(ev, work->time);
}


/* a file or a template, or the decision after the last one */

static void
ngx_http_tpl_reload_step(ngx_http_tpl_work_t *work)
{
    switch (work->state) {

    case NGX_HTTP_TPL_WORK_LOOK:
        ngx_http_tpl_reload_look(work);
        return;

    case NGX_HTTP_TPL_WORK_COMPILE:
        ngx_http_tpl_reload_compile(work);
        return;

    case NGX_HTTP_TPL_WORK_READY:
        ngx_http_tpl_reload_ready(work);
        return;

    default: /* NGX_HTTP_TPL_WORK_CHECK */
        ngx_http_tpl_reload_check(work);
    }
}


static void
ngx_http_tpl_reload_next(ngx_http_tpl_work_t *work, ngx_http_tpl_set_t *set)
{
    work->set = set;
    work->state = NGX_HTTP_TPL_WORK_REST;
    work->moving = 0;
    work->changed = 0;

    if (set) {
        work->state = NGX_HTTP_TPL_WORK_LOOK;
        work->file = set->watch->files;
    }
}


static void
ngx_http_tpl_reload_look(ngx_http_tpl_work_t *work)
{
    ngx_http_tpl_set_t    *set;
    ngx_http_tpl_file_t   *file;
    ngx_http_tpl_state_t   now;

    set = work->set;
    file = work->file;

    if (file) {
        ngx_http_tpl_file_state(file->path, &now);

        if (ngx_memcmp(&now, &file->seen, sizeof(now)) != 0) {
            file->seen = now;
            work->moving = 1;
        }

        if (ngx_memcmp(&now, &file->compiled, sizeof(now)) != 0) {
            work->changed = 1;
        }

        work->file = file->next;

        return;
    }

    if (work->moving) {
        work->time = ngx_min(work->time, NGX_HTTP_TPL_QUIET);

    } else if (work->changed || !set->watch->settled) {
        ngx_http_tpl_reload_begin(work);
        return;
    }

    ngx_http_tpl_reload_next(work, set->next);
}


/* the set's next generation, or none */

static void
ngx_http_tpl_reload_begin(ngx_http_tpl_work_t *work)
{
    ngx_http_tpl_set_t  *set;

    set = work->set;

    if (ngx_http_tpl_reload_create(set, &work->made) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "tpl_reload: no memory");
        ngx_http_tpl_reload_next(work, set->next);
        return;
    }

    work->log = *ngx_cycle->log;

    if (!work->changed) {

        /* what went wrong was said when it was tried first */

        work->log.log_level = NGX_LOG_STDERR;
        work->log.next = NULL;
    }

    /* no file: it is not being read */

    ngx_memzero(&work->cf, sizeof(ngx_conf_t));

    work->cf.cycle = (ngx_cycle_t *) ngx_cycle;
    work->cf.pool = work->made->pool;
    work->cf.temp_pool = work->made->pool;
    work->cf.log = &work->log;
    work->cf.ctx = ngx_get_conf(ngx_cycle->conf_ctx, ngx_http_module);

    if (ngx_http_tpl_create_templates(&work->cf, work->made,
                                      tpl_set_conf(set->generation->templates))
        != NGX_OK)
    {
        ngx_http_tpl_reload_failed(work);
        return;
    }

    work->state = NGX_HTTP_TPL_WORK_COMPILE;
    work->holder = set->holders;

    ngx_memzero(&work->maker, sizeof(ngx_http_tpl_maker_t));
}


static ngx_int_t
ngx_http_tpl_reload_create(ngx_http_tpl_set_t *set,
    ngx_http_tpl_generation_t **made)
{
    ngx_pool_t                 *pool;
    ngx_http_tpl_watch_t       *watch;
    ngx_http_tpl_generation_t  *g;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    watch = ngx_pcalloc(pool, sizeof(ngx_http_tpl_watch_t));
    if (watch == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    watch->pool = pool;
    watch->owned = 1;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        ngx_destroy_pool(watch->pool);
        return NGX_ERROR;
    }

    g = ngx_pcalloc(pool, sizeof(ngx_http_tpl_generation_t));

    if (g) {
        g->arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
        g->compiling = tpl_arena_create(&tpl_map_allocator,
                                        NGX_HTTP_TPL_COMPILE_PAGE, 0);
    }

    if (g == NULL || g->arena == NULL || g->compiling == NULL) {

        if (g) {
            tpl_arena_destroy(g->arena);
            tpl_arena_destroy(g->compiling);
        }

        ngx_destroy_pool(pool);
        ngx_destroy_pool(watch->pool);
        return NGX_ERROR;
    }

    g->pool = pool;
    g->set = set;
    g->watch = watch;
    g->owned = 1;
    g->refs = 1;

    *made = g;

    return NGX_OK;
}


static void
ngx_http_tpl_reload_compile(ngx_http_tpl_work_t *work)
{
    ngx_int_t                   rc;
    tpl_template_t             *tmpl;
    ngx_http_tpl_holder_t      *holder;
    ngx_http_tpl_generation_t  *g;

    g = work->made;
    holder = work->holder;

    if (holder == NULL) {
        tpl_set_settle(g->templates);

        if (ngx_http_tpl_compiled_page(g) == NGX_AGAIN) {
            return;
        }

        ngx_http_tpl_find_impure(g);

        work->state = NGX_HTTP_TPL_WORK_READY;
        work->holder = work->set->holders;

        work->budget.steps = NGX_HTTP_TPL_RELOAD_STEPS;
        work->budget.page = NGX_HTTP_TPL_RELOAD_PAGE;
        work->budget.bytes = NGX_HTTP_TPL_RELOAD_BYTES;

        return;
    }

    if (holder->line) {
        tmpl = NULL;

        if (holder->compiles != holder) {
            tmpl = holder->compiles->made->tmpl;
        }

        rc = ngx_http_tpl_make_inline_step(&work->cf, g, holder->conf,
                                           holder->line, tmpl, &work->maker);

    } else {
        rc = ngx_http_tpl_make_target_step(&work->cf, g, holder->conf,
                                           &work->maker);
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_http_tpl_reload_failed(work);
        return;
    }

    holder->made = work->maker.target;
    work->holder = holder->next;

    ngx_memzero(&work->maker, sizeof(ngx_http_tpl_maker_t));
}


/* frees a page of what compiling needed */

static ngx_int_t
ngx_http_tpl_compiled_page(ngx_http_tpl_generation_t *g)
{
    if (g->compiling) {

        if (tpl_arena_free_page(g->compiling) == TPL_AGAIN) {
            return NGX_AGAIN;
        }

        tpl_arena_destroy(g->compiling);
        g->compiling = NULL;
    }

    return NGX_OK;
}


static void
ngx_http_tpl_reload_ready(ngx_http_tpl_work_t *work)
{
    ngx_http_tpl_holder_t  *holder;

    holder = work->holder;

    if (holder == NULL) {
        work->state = NGX_HTTP_TPL_WORK_CHECK;
        work->file = work->made->watch->files;

        return;
    }

    if (holder->line == NULL) {
        ngx_http_tpl_make_ready(holder->conf, holder->made, &work->budget);
    }

    work->holder = holder->next;
}


/* a page and its layout may have been read before and after a change */

static void
ngx_http_tpl_reload_check(ngx_http_tpl_work_t *work)
{
    ngx_http_tpl_set_t    *set;
    ngx_http_tpl_file_t   *file;
    ngx_http_tpl_state_t   now;

    set = work->set;
    file = work->file;

    if (file == NULL || work->tries == NGX_HTTP_TPL_RELOAD_TRIES) {
        ngx_http_tpl_reload_swap(work);
        ngx_http_tpl_reload_next(work, set->next);
        return;
    }

    ngx_http_tpl_file_state(file->path, &now);

    if (ngx_memcmp(&now, &file->compiled, sizeof(now)) == 0) {
        work->file = file->next;
        return;
    }

    work->tries++;
    work->time = ngx_min(work->time, NGX_HTTP_TPL_QUIET);

    ngx_http_tpl_reload_drop(work);
    ngx_http_tpl_reload_next(work, set->next);
}


static void
ngx_http_tpl_reload_failed(ngx_http_tpl_work_t *work)
{
    ngx_str_t           *root;
    ngx_http_tpl_set_t  *set;

    set = work->set;
    root = set->roots->elts;

    /* what was looked for is what has to change before it is tried again */

    ngx_http_tpl_reload_watch(work);
    ngx_http_tpl_reload_drop(work);
    work->tries = 0;

    ngx_log_error(NGX_LOG_ERR, &work->log, 0,
                  "tpl_reload: the templates of \"%V\" stay as they were",
                  root);

    ngx_http_tpl_reload_next(work, set->next);
}


static void
ngx_http_tpl_reload_swap(ngx_http_tpl_work_t *work)
{
    ngx_str_t                  *root;
    ngx_http_tpl_set_t         *set;
    ngx_http_tpl_holder_t      *holder;
    ngx_http_tpl_generation_t  *old;

    set = work->set;
    root = set->roots->elts;

    ngx_http_tpl_reload_watch(work);
    set->watch->settled = 1;

    for (holder = set->holders; holder; holder = holder->next) {
        *holder->target = holder->made;
    }

    old = set->generation;
    set->generation = work->made;

    work->made = NULL;
    work->tries = 0;

    if (old->owned) {
        ngx_http_tpl_release(old);
    }

    ngx_log_error(NGX_LOG_NOTICE, &work->log, 0,
                  "tpl_reload: the templates of \"%V\" are new", root);
}


/* the generation that is being made is not wanted */

static void
ngx_http_tpl_reload_drop(ngx_http_tpl_work_t *work)
{
    ngx_http_tpl_generation_t  *g;

    g = work->made;
    work->made = NULL;

    if (g->watch) {
        ngx_destroy_pool(g->watch->pool);
        g->watch = NULL;
    }

    ngx_http_tpl_free_later(g);
}


/* the files to look at from now on */

static void
ngx_http_tpl_reload_watch(ngx_http_tpl_work_t *work)
{
    ngx_http_tpl_set_t  *set;

    set = work->set;

    if (set->watch->owned) {
        ngx_destroy_pool(set->watch->pool);
    }

    set->watch = work->made->watch;
    work->made->watch = NULL;
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
        ngx_http_tpl_free_later(g);
    }
}


static void
ngx_http_tpl_free_later(ngx_http_tpl_generation_t *g)
{
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = g->set->main;

    tmcf->pages -= g->pages;
    tmcf->models -= g->models;

    g->next = tmcf->freed;
    tmcf->freed = g;

    ngx_post_event(&ngx_http_tpl_free_event, &ngx_posted_next_events);
}


static void
ngx_http_tpl_free_handler(ngx_event_t *ev)
{
    uint64_t                    end;
    ngx_http_tpl_main_conf_t   *tmcf;
    ngx_http_tpl_generation_t  *g;

    tmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_tpl_module);
    if (tmcf == NULL) {
        return;
    }

    end = ngx_http_tpl_now() + NGX_HTTP_TPL_RELOAD_SLICE;

    while (tmcf->freed) {

        if (ngx_http_tpl_now() >= end) {
            ngx_post_event(ev, &ngx_posted_next_events);
            return;
        }

        g = tmcf->freed;

        if (ngx_http_tpl_compiled_page(g) == NGX_OK
            && tpl_arena_free_page(g->arena) == TPL_OK)
        {
            tmcf->freed = g->next;
            ngx_http_tpl_destroy(g);
        }
    }
}


/* its watch is the set's */

static void
ngx_http_tpl_destroy(ngx_http_tpl_generation_t *g)
{
    tpl_arena_destroy(g->compiling);
    tpl_arena_destroy(g->arena);

    /* g itself as well */

    ngx_destroy_pool(g->pool);
}


void
ngx_http_tpl_destroy_sets(ngx_http_tpl_main_conf_t *tmcf)
{
    ngx_http_tpl_set_t         *set;
    ngx_http_tpl_generation_t  *g;

    if (tmcf->work && tmcf->work->made) {
        ngx_http_tpl_reload_drop(tmcf->work);
    }

    for (set = tmcf->sets; set; set = set->next) {

        if (set->generation->owned) {
            ngx_http_tpl_destroy(set->generation);
        }

        if (set->watch && set->watch->owned) {
            ngx_destroy_pool(set->watch->pool);
        }
    }

    while (tmcf->freed) {
        g = tmcf->freed;
        tmcf->freed = g->next;

        ngx_http_tpl_destroy(g);
    }
}
