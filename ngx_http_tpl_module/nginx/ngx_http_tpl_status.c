
/*
 * tpl_status: what templates cost, counted in a zone that the workers share.
 *
 * A template's counters are made when it is first rendered and stay where they
 * are until nginx ends, a reload included; so adding to them needs no lock, and
 * a worker looks for them once.  When the zone is full, templates that are not
 * in it yet are counted together.
 */

#include "nginx/ngx_http_tpl_module.h"


typedef enum {
    NGX_HTTP_TPL_STATUS_JSON = 0,
    NGX_HTTP_TPL_STATUS_PROMETHEUS
} ngx_http_tpl_status_format_e;


struct ngx_http_tpl_counters_s {
    ngx_str_node_t             sn;
    ngx_http_tpl_counters_t   *next;        /* in the order of their making */
    ngx_atomic_t               value[NGX_HTTP_TPL_NCOUNTERS];
};


/* what stands at the zone's head: others may have written it */

#define NGX_HTTP_TPL_STATUS_MAGIC   0x534c5054      /* "TPLS" */
#define NGX_HTTP_TPL_STATUS_LAYOUT  1               /* of the two structures */

struct ngx_http_tpl_status_sh_s {
    uint32_t                   magic;
    uint32_t                   layout;
    uint32_t                   size;            /* of this structure */
    uint32_t                   counters;        /* and of a template's */
    ngx_rbtree_t               rbtree;
    ngx_rbtree_node_t          sentinel;
    ngx_http_tpl_counters_t   *first;
    ngx_http_tpl_counters_t  **last;
    ngx_http_tpl_counters_t    others;      /* for which there is no room */
};


typedef struct {
    const char                *name;        /* in JSON */
    const char                *metric;      /* of Prometheus */
    const char                *help;
} ngx_http_tpl_counter_t;


static ngx_int_t ngx_http_tpl_status_init_zone(ngx_shm_zone_t *zone,
    void *data);
static ngx_uint_t ngx_http_tpl_status_fits(ngx_http_tpl_status_sh_t *sh);
static ngx_http_tpl_counters_t *ngx_http_tpl_status_find(
    ngx_http_tpl_main_conf_t *tmcf, ngx_str_t *name);
static ngx_int_t ngx_http_tpl_status_handler(ngx_http_request_t *r);
static void ngx_http_tpl_status_cleanup(void *data);
static tpl_int_t ngx_http_tpl_status_json(tpl_buf_t *b,
    ngx_http_tpl_status_sh_t *sh);
static tpl_int_t ngx_http_tpl_status_prometheus(tpl_buf_t *b,
    ngx_http_tpl_status_sh_t *sh);
static void ngx_http_tpl_status_number(tpl_buf_t *b, ngx_uint_t counter,
    ngx_atomic_uint_t n);
static void ngx_http_tpl_status_name(tpl_buf_t *b, ngx_str_t *name,
    ngx_uint_t format);


/* in the order of NGX_HTTP_TPL_REQUESTS and so on */

static const ngx_http_tpl_counter_t  ngx_http_tpl_counters[] = {
    { "requests", "tpl_requests_total", "Renders." },
    { "errors", "tpl_errors_total", "Renders that failed." },
    { "bytes", "tpl_bytes_total", "Bytes of the pages." },
    { "seconds", "tpl_render_seconds_total", "Time spent in templates." },
    { "steps", "tpl_steps_total", "Steps of the programs." },
    { "fetch_seconds", "tpl_fetch_seconds_total",
      "Time spent waiting for data." }
};


static ngx_conf_enum_t  ngx_http_tpl_status_formats[] = {
    { ngx_string("json"), NGX_HTTP_TPL_STATUS_JSON },
    { ngx_string("prometheus"), NGX_HTTP_TPL_STATUS_PROMETHEUS },
    { ngx_null_string, 0 }
};


/* tpl_status_zone name:size */

char *
ngx_http_tpl_status_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_main_conf_t *tmcf = conf;

    u_char     *p;
    ssize_t     size;
    ngx_str_t  *value, name, s;

    if (tmcf->status) {
        return "is duplicate";
    }

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL || p == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\", it must be name:size",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data;
    name.len = p - name.data;

    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR || size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size \"%V\", it must be at least %uz",
                           &value[1], 8 * ngx_pagesize);
        return NGX_CONF_ERROR;
    }

    tmcf->status = ngx_shared_memory_add(cf, &name, size,
                                         &ngx_http_tpl_module);
    if (tmcf->status == NULL) {
        return NGX_CONF_ERROR;
    }

    tmcf->status->init = ngx_http_tpl_status_init_zone;
    tmcf->status->data = tmcf;

    return NGX_CONF_OK;
}


/* tpl_status [json | prometheus] */

char *
ngx_http_tpl_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is not possible: the location has a content handler already";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2) {

        for (i = 0; ngx_http_tpl_status_formats[i].name.len; i++) {
            if (ngx_strcmp(ngx_http_tpl_status_formats[i].name.data,
                           value[1].data)
                == 0)
            {
                break;
            }
        }

        if (ngx_http_tpl_status_formats[i].name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid value \"%V\"",
                               &value[1]);
            return NGX_CONF_ERROR;
        }

        tlcf->status_format = ngx_http_tpl_status_formats[i].value;

    } else {
        tlcf->status_format = NGX_HTTP_TPL_STATUS_JSON;
    }

    clcf->handler = ngx_http_tpl_status_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_tpl_status_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t           *pool;
    ngx_http_tpl_main_conf_t  *tmcf, *old;
    ngx_http_tpl_status_sh_t  *sh;

    old = data;
    tmcf = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (old || zone->shm.exists) {

        /* a reload goes on counting */

        sh = pool->data;

        if (ngx_http_tpl_status_fits(sh)) {
            tmcf->counters = sh;
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_NOTICE, zone->shm.log, 0,
                      "tpl_status_zone \"%V\" was written by another version"
                      " of the module, its counters begin anew",
                      &zone->shm.name);
    }

    /* what is there is left to old workers, which have their own pointer */

    pool->log_nomem = 1;

    sh = ngx_slab_calloc(pool, sizeof(ngx_http_tpl_status_sh_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    sh->magic = NGX_HTTP_TPL_STATUS_MAGIC;
    sh->layout = NGX_HTTP_TPL_STATUS_LAYOUT;
    sh->size = sizeof(ngx_http_tpl_status_sh_t);
    sh->counters = sizeof(ngx_http_tpl_counters_t);

    ngx_rbtree_init(&sh->rbtree, &sh->sentinel, ngx_str_rbtree_insert_value);

    sh->last = &sh->first;

    /* that there is no room is no news for the log */

    pool->log_nomem = 0;
    pool->data = sh;

    tmcf->counters = sh;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_tpl_status_fits(ngx_http_tpl_status_sh_t *sh)
{
    return sh
           && sh->magic == NGX_HTTP_TPL_STATUS_MAGIC
           && sh->layout == NGX_HTTP_TPL_STATUS_LAYOUT
           && sh->size == sizeof(ngx_http_tpl_status_sh_t)
           && sh->counters == sizeof(ngx_http_tpl_counters_t);
}


void
ngx_http_tpl_status_count(ngx_http_tpl_ctx_t *ctx, size_t bytes,
    ngx_uint_t failed)
{
    ngx_str_t                  name;
    ngx_http_tpl_counters_t   *c;
    ngx_http_tpl_loc_conf_t   *conf;
    ngx_http_tpl_main_conf_t  *tmcf;

    conf = ctx->conf;
    tmcf = conf->set->main;

    if (tmcf->status == NULL) {
        return;
    }

    c = conf->counters;

    if (c == NULL || ctx->tmpl != ctx->target->tmpl) {
        name.data = ctx->tmpl->name.data;
        name.len = ctx->tmpl->name.len;

        c = ngx_http_tpl_status_find(tmcf, &name);

        if (ctx->tmpl == ctx->target->tmpl) {
            conf->counters = c;
        }
    }

    (void) ngx_atomic_fetch_add(&c->value[NGX_HTTP_TPL_REQUESTS], 1);
    (void) ngx_atomic_fetch_add(&c->value[NGX_HTTP_TPL_ERRORS], failed);
    (void) ngx_atomic_fetch_add(&c->value[NGX_HTTP_TPL_BYTES], bytes);
    (void) ngx_atomic_fetch_add(&c->value[NGX_HTTP_TPL_NSEC], ctx->nsec);
    (void) ngx_atomic_fetch_add(&c->value[NGX_HTTP_TPL_STEPS_DONE], ctx->steps);
    (void) ngx_atomic_fetch_add(&c->value[NGX_HTTP_TPL_FETCH_NSEC],
                                ctx->fetch_nsec);
}


static ngx_http_tpl_counters_t *
ngx_http_tpl_status_find(ngx_http_tpl_main_conf_t *tmcf, ngx_str_t *name)
{
    uint32_t                   hash;
    ngx_slab_pool_t           *pool;
    ngx_http_tpl_counters_t   *c;
    ngx_http_tpl_status_sh_t  *sh;

    pool = (ngx_slab_pool_t *) tmcf->status->shm.addr;
    sh = tmcf->counters;

    hash = ngx_crc32_long(name->data, name->len);

    ngx_shmtx_lock(&pool->mutex);

    c = (ngx_http_tpl_counters_t *) ngx_str_rbtree_lookup(&sh->rbtree, name,
                                                          hash);
    if (c) {
        goto done;
    }

    c = ngx_slab_calloc_locked(pool, sizeof(ngx_http_tpl_counters_t)
                                     + name->len);
    if (c == NULL) {
        c = &sh->others;
        goto done;
    }

    c->sn.node.key = hash;
    c->sn.str.len = name->len;
    c->sn.str.data = (u_char *) &c[1];
    ngx_memcpy(c->sn.str.data, name->data, name->len);

    ngx_rbtree_insert(&sh->rbtree, &c->sn.node);

    /* who walks the list takes no lock */

    ngx_memory_barrier();

    *sh->last = c;
    sh->last = &c->next;

done:

    ngx_shmtx_unlock(&pool->mutex);

    return c;
}


static ngx_int_t
ngx_http_tpl_status_handler(ngx_http_request_t *r)
{
    tpl_buf_t                  b;
    tpl_int_t                  rc;
    ngx_int_t                  n;
    ngx_buf_t                 *buf;
    ngx_chain_t                out;
    tpl_arena_t               *arena;
    ngx_pool_cleanup_t        *cln;
    ngx_http_tpl_loc_conf_t   *conf;
    ngx_http_tpl_main_conf_t  *tmcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    n = ngx_http_discard_request_body(r);

    if (n != NGX_OK) {
        return n;
    }

    conf = ngx_http_get_module_loc_conf(r, ngx_http_tpl_module);
    tmcf = ngx_http_get_module_main_conf(r, ngx_http_tpl_module);

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    arena = tpl_arena_create(&ngx_http_tpl_allocator,
                             NGX_HTTP_TPL_ARENA_PAGE, 0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_tpl_status_cleanup;
    cln->data = arena;

    tpl_buf_init(&b, arena);

    if (conf->status_format == NGX_HTTP_TPL_STATUS_JSON) {
        ngx_str_set(&r->headers_out.content_type, "application/json");
        rc = ngx_http_tpl_status_json(&b, tmcf->counters);

    } else {
        ngx_str_set(&r->headers_out.content_type,
                    "text/plain; version=0.0.4; charset=utf-8");
        rc = ngx_http_tpl_status_prometheus(&b, tmcf->counters);
    }

    buf = ngx_calloc_buf(r->pool);

    if (rc != TPL_OK || buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b.len;

    n = ngx_http_send_header(r);

    if (n == NGX_ERROR || n > NGX_OK || r->header_only) {
        return n;
    }

    buf->pos = b.data;
    buf->last = b.data + b.len;
    buf->memory = 1;
    buf->last_buf = (r == r->main) ? 1 : 0;
    buf->last_in_chain = 1;

    out.buf = buf;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static void
ngx_http_tpl_status_cleanup(void *data)
{
    tpl_arena_destroy(data);
}


/* {"templates": {"a.html": {"requests": 1, ...}, ...}, "others": {...}} */

static tpl_int_t
ngx_http_tpl_status_json(tpl_buf_t *b, ngx_http_tpl_status_sh_t *sh)
{
    ngx_uint_t                k;
    ngx_http_tpl_counters_t  *c;

    (void) tpl_buf_lit(b, "{\"templates\": {");

    for (c = sh->first; /* void */ ; c = c->next) {

        if (c == NULL) {
            (void) tpl_buf_lit(b, "}, \"others\": {");
            c = &sh->others;

        } else {
            ngx_http_tpl_status_name(b, &c->sn.str, NGX_HTTP_TPL_STATUS_JSON);
            (void) tpl_buf_lit(b, ": {");
        }

        for (k = 0; k < NGX_HTTP_TPL_NCOUNTERS; k++) {
            (void) tpl_buf_printf(b, "%s\"%s\": ", k ? ", " : "",
                                  ngx_http_tpl_counters[k].name);
            ngx_http_tpl_status_number(b, k, c->value[k]);
        }

        (void) tpl_buf_lit(b, "}");

        if (c == &sh->others) {
            break;
        }

        if (c->next) {
            (void) tpl_buf_lit(b, ", ");
        }
    }

    return tpl_buf_lit(b, "}\n");
}


/* Prometheus' text format, version 0.0.4 */

static tpl_int_t
ngx_http_tpl_status_prometheus(tpl_buf_t *b, ngx_http_tpl_status_sh_t *sh)
{
    ngx_uint_t                     k;
    ngx_http_tpl_counters_t       *c;
    const ngx_http_tpl_counter_t  *counter;

    for (k = 0; k < NGX_HTTP_TPL_NCOUNTERS; k++) {
        counter = &ngx_http_tpl_counters[k];

        (void) tpl_buf_printf(b, "# HELP %s %s\n# TYPE %s counter\n",
                              counter->metric, counter->help, counter->metric);

        for (c = sh->first; c; c = c->next) {
            (void) tpl_buf_printf(b, "%s{template=", counter->metric);
            ngx_http_tpl_status_name(b, &c->sn.str,
                                     NGX_HTTP_TPL_STATUS_PROMETHEUS);
            (void) tpl_buf_lit(b, "} ");
            ngx_http_tpl_status_number(b, k, c->value[k]);
            (void) tpl_buf_lit(b, "\n");
        }

        if (sh->others.value[NGX_HTTP_TPL_REQUESTS]) {
            (void) tpl_buf_printf(b, "%s{template=\"\"} ", counter->metric);
            ngx_http_tpl_status_number(b, k, sh->others.value[k]);
            (void) tpl_buf_lit(b, "\n");
        }
    }

    return b->failed ? TPL_ERROR : TPL_OK;
}


/* nanoseconds are shown as seconds */

static void
ngx_http_tpl_status_number(tpl_buf_t *b, ngx_uint_t counter,
    ngx_atomic_uint_t n)
{
    if (counter == NGX_HTTP_TPL_NSEC || counter == NGX_HTTP_TPL_FETCH_NSEC) {
        (void) tpl_buf_printf(b, "%lu.%09lu", (unsigned long) n / 1000000000,
                              (unsigned long) n % 1000000000);
        return;
    }

    (void) tpl_buf_printf(b, "%lu", (unsigned long) n);
}


/* quoted; JSON knows \u, Prometheus takes all but these as it is */

static void
ngx_http_tpl_status_name(tpl_buf_t *b, ngx_str_t *name, ngx_uint_t format)
{
    size_t  i;
    u_char  c;

    (void) tpl_buf_char(b, '"');

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (c == '"' || c == '\\') {
            (void) tpl_buf_char(b, '\\');

        } else if (c == '\n' && format == NGX_HTTP_TPL_STATUS_PROMETHEUS) {
            (void) tpl_buf_lit(b, "\\n");
            continue;

        } else if (c < 0x20 && format == NGX_HTTP_TPL_STATUS_JSON) {
            (void) tpl_buf_printf(b, "\\u%04x", c);
            continue;
        }

        (void) tpl_buf_char(b, c);
    }

    (void) tpl_buf_char(b, '"');
}
