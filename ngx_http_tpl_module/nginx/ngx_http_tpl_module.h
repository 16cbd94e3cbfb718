
/*
 * The module: nginx's side of the engine.
 *
 * What is read from the configuration lives as long as the cycle and is never
 * changed by a request, but for constant pages and models of gzip that were
 * not made before.
 */

#ifndef _NGX_HTTP_TPL_MODULE_H_INCLUDED_
#define _NGX_HTTP_TPL_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/tpl_utf8.h"
#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"
#include "builtins/tpl_locale.h"
#include "encode/tpl_gzip.h"
#include "value/tpl_json.h"
#include "vm/tpl_vm.h"
#include "web/tpl_form.h"
#include "web/tpl_route.h"
#include "web/tpl_session.h"
#include "web/tpl_xsrf.h"


TPL_BEGIN_DECLS


#if (nginx_version < 1018000)
#error "ngx_http_tpl_module needs nginx 1.18.0 or newer"
#endif


/* what one render may take, unless tpl_limits says otherwise */

#define NGX_HTTP_TPL_STEPS      100000000
#define NGX_HTTP_TPL_OUTPUT     (64 * 1024 * 1024)
#define NGX_HTTP_TPL_MEMORY     (128 * 1024 * 1024)

/* the most that tpl_limits may say: of all, of depth= */
#define NGX_HTTP_TPL_LIMIT_MAX  1000000000000
#define NGX_HTTP_TPL_DEPTH_MAX  100000

/* the largest document that tpl_filter takes, unless it says otherwise */
#define NGX_HTTP_TPL_FILTER_SIZE  (1024 * 1024)

/* a variable of tpl_set can not wait: it is one small slice */

#define NGX_HTTP_TPL_SET_STEPS  100000
#define NGX_HTTP_TPL_SET_OUTPUT (1024 * 1024)
#define NGX_HTTP_TPL_SET_MEMORY (16 * 1024 * 1024)

/* steps after which other requests have their turn: about a millisecond */
#define NGX_HTTP_TPL_SLICE      100000

/* tpl_form: fields= */
#define NGX_HTTP_TPL_FIELDS     1000

/* with tpl_stream: less, as what a turn writes is held until it is sent */
#define NGX_HTTP_TPL_STREAM_SLICE  10000

/* constant pages that a worker keeps: bytes of one and of all */
#define NGX_HTTP_TPL_PAGE_MAX   (1024 * 1024)
#define NGX_HTTP_TPL_PAGES_MAX  (64 * 1024 * 1024)


/* the two structures are one (tpl_base.h) */
#define ngx_http_tpl_str(s)     ((tpl_str_t *) (s))

/* what reads "constant" in ngx_http_complex_value_t */
#define ngx_http_tpl_is_constant(cv)  ((cv)->lengths == NULL)


/* where a directive stands, for messages that come after it was read */

typedef struct {
    ngx_str_t                     file;
    ngx_uint_t                    line;
} ngx_http_tpl_place_t;


typedef struct ngx_http_tpl_main_conf_s  ngx_http_tpl_main_conf_t;
typedef struct ngx_http_tpl_srv_conf_s   ngx_http_tpl_srv_conf_t;
typedef struct ngx_http_tpl_set_s        ngx_http_tpl_set_t;
typedef struct ngx_http_tpl_generation_s ngx_http_tpl_generation_t;
typedef struct ngx_http_tpl_target_s     ngx_http_tpl_target_t;
typedef struct ngx_http_tpl_holder_s     ngx_http_tpl_holder_t;
typedef struct ngx_http_tpl_file_s       ngx_http_tpl_file_t;
typedef struct ngx_http_tpl_fresh_s      ngx_http_tpl_fresh_t;
typedef struct ngx_http_tpl_picks_s      ngx_http_tpl_picks_t;
typedef struct ngx_http_tpl_walk_s       ngx_http_tpl_walk_t;
typedef struct ngx_http_tpl_work_s       ngx_http_tpl_work_t;
typedef struct ngx_http_tpl_names_s      ngx_http_tpl_names_t;
typedef struct ngx_http_tpl_locales_s    ngx_http_tpl_locales_t;
typedef struct ngx_http_tpl_loc_conf_s   ngx_http_tpl_loc_conf_t;
typedef struct ngx_http_tpl_render_s     ngx_http_tpl_render_t;
typedef struct ngx_http_tpl_collected_s  ngx_http_tpl_collected_t;
typedef struct ngx_http_tpl_replies_s    ngx_http_tpl_replies_t;
typedef struct ngx_http_tpl_reply_s      ngx_http_tpl_reply_t;
typedef struct ngx_http_tpl_stream_s     ngx_http_tpl_stream_t;
typedef struct ngx_http_tpl_counters_s   ngx_http_tpl_counters_t;
typedef struct ngx_http_tpl_status_sh_s  ngx_http_tpl_status_sh_t;
typedef struct ngx_http_tpl_model_s      ngx_http_tpl_model_t;


/* what tpl_status counts for a template */

#define NGX_HTTP_TPL_REQUESTS    0
#define NGX_HTTP_TPL_ERRORS      1
#define NGX_HTTP_TPL_BYTES       2
#define NGX_HTTP_TPL_NSEC        3
#define NGX_HTTP_TPL_STEPS_DONE  4
#define NGX_HTTP_TPL_FETCH_NSEC  5
#define NGX_HTTP_TPL_NCOUNTERS   6


/* tpl_whitespace: words of Jinja, then of Tornado */

#define NGX_HTTP_TPL_WS_DEFAULT  0x0200
#define NGX_HTTP_TPL_WS_TRIM     0x0002
#define NGX_HTTP_TPL_WS_LSTRIP   0x0004
#define NGX_HTTP_TPL_WS_KEEP     0x0008
#define NGX_HTTP_TPL_WS_CRLF     0x0010
#define NGX_HTTP_TPL_WS_CR       0x0020
#define NGX_HTTP_TPL_WS_ALL      0x0040
#define NGX_HTTP_TPL_WS_SINGLE   0x0080
#define NGX_HTTP_TPL_WS_ONELINE  0x0100

/* tpl_extensions: TPL_EXT_*, but for bit 0, which is NGX_CONF_BITMASK_SET */
#define NGX_HTTP_TPL_EXT_NONE    0x8000
#define ngx_http_tpl_ext(ext)    ((ext) << 1)

/* block, variable, comment: start and end; then the two prefixes of lines */

#define NGX_HTTP_TPL_NDELIMITERS  6

typedef struct {
    ngx_str_t                     str[NGX_HTTP_TPL_NDELIMITERS + 2];
} ngx_http_tpl_delimiters_t;


/* what stat() says, for comparison; the first is an errno */

typedef struct {
    uint64_t                      value[6];
} ngx_http_tpl_state_t;


/* what was looked at when a generation was, or should have been, compiled */

typedef struct {
    ngx_pool_t                   *pool;
    ngx_http_tpl_file_t          *files;
    unsigned                      owned:1;      /* the pool is */
    unsigned                      settled:1;    /* only files change it */
} ngx_http_tpl_watch_t;


/* a set of templates: one for each different combination of options */

struct ngx_http_tpl_set_s {
    ngx_array_t                  *roots;        /* of ngx_str_t */
    ngx_uint_t                    syntax;
    ngx_uint_t                    autoescape;
    ngx_uint_t                    undefined;
    ngx_uint_t                    whitespace;
    ngx_uint_t                    extensions;
    ngx_http_tpl_delimiters_t    *delimiters;
    uint32_t                      hash;         /* of these but the last */

    ngx_http_tpl_generation_t    *generation;

    /* tpl_reload; watch is NULL: off */
    ngx_http_tpl_watch_t         *watch;
    ngx_http_tpl_holder_t        *holders;
    ngx_http_tpl_holder_t       **last_holder;

    /* the first name of a template with variables, for a warning */
    ngx_http_tpl_render_t        *varying;

    ngx_http_tpl_main_conf_t     *main;
    ngx_http_tpl_set_t           *next;
};


/* a set as its files were at a time */

struct ngx_http_tpl_generation_s {
    tpl_set_t                    *templates;
    const tpl_name_t             *variables;    /* "nginx" */
    const tpl_name_t             *document;     /* "data" */

    /* some template calls an impure function */
    unsigned                      impure:1;

    tpl_arena_t                  *arena;        /* of all that is in it */
    tpl_arena_t                  *compiling;    /* of what goes then, NULL */
    ngx_pool_t                   *pool;
    ngx_rbtree_t                  names;        /* by their data */
    ngx_rbtree_node_t             sentinel;
    ngx_http_tpl_picks_t         *picks;
    ngx_http_tpl_set_t           *set;

    /* of tpl_reload */
    ngx_http_tpl_watch_t         *watch;        /* while it is compiled */
    ngx_array_t                  *variables_by_name;    /* ngx_str_t */
    ngx_http_tpl_fresh_t         *data;
    size_t                        pages;        /* as main->pages */
    size_t                        models;       /* as main->models */
    ngx_uint_t                    refs;
    ngx_http_tpl_generation_t    *next;         /* of those to be freed */
    unsigned                      owned:1;      /* arena and pool are */
};


/* a variable that shows a header of the request */

typedef struct {
    ngx_uint_t                    index;
    uint64_t                      header;       /* a bit */
} ngx_http_tpl_header_variable_t;

/* the last bit is "*" */
#define NGX_HTTP_TPL_HEADERS  64


/* bytes of a page of what compiling needs */
#define NGX_HTTP_TPL_COMPILE_PAGE  262144

struct ngx_http_tpl_main_conf_s {
    tpl_arena_t                  *arena;        /* of sets, data and pages */
    tpl_arena_t                  *compiling;    /* until all is compiled */
    tpl_builtins_t               *builtins;
    tpl_builtins_t               *newstyle;     /* NULL until it is needed */
    ngx_http_tpl_locales_t       *locales;
    ngx_http_tpl_set_t           *sets;
    ngx_conf_t                   *cf;           /* while it is being read */
    size_t                        pages;        /* bytes of constant pages */
    size_t                        models;       /* and of models for gzip */
    tpl_gzip_model_t             *model;        /* that knows no template */
    tpl_gzip_t                   *gzip;         /* the worker's encoder */
    ngx_module_t                 *nginx_gzip;   /* NULL: it is not built in */
    size_t                        min_length;   /* where its conf has it */
    ngx_shm_zone_t               *status;       /* tpl_status_zone, or NULL */
    ngx_http_tpl_status_sh_t     *counters;     /* in it */
    ngx_msec_t                    reload;       /* 0: off */
    ngx_http_tpl_work_t          *work;         /* of tpl_reload */
    ngx_http_tpl_generation_t    *freed;        /* bit by bit */

    /* for Vary */
    ngx_str_t                     headers[NGX_HTTP_TPL_HEADERS];
    ngx_uint_t                    nheaders;
    ngx_array_t                   header_variables;

    ngx_array_t                   inlines;      /* ngx_str_t: names */
    ngx_array_t                   renders;      /* loc confs that render */

    ngx_int_t                     request_id;   /* the variable's index */
};


struct ngx_http_tpl_srv_conf_s {
    ngx_array_t                  *routes;       /* of tpl_route_t: own */
    tpl_routes_t                  table;        /* of all that can be seen */
};


/* tpl_locale_path: the catalogues of a folder */

struct ngx_http_tpl_locales_s {
    ngx_str_t                     path;
    ngx_str_t                     domain;
    ngx_array_t                   items;        /* of tpl_locale_t, sorted */
    ngx_http_tpl_locales_t       *next;
};


/* tpl_locale as it is written */

typedef struct {
    ngx_http_complex_value_t      value;
    ngx_str_t                     name;         /* or the default; empty: off */
    ngx_http_tpl_place_t          place;
    uint64_t                      headers;      /* that value shows */
    unsigned                      constant:1;
} ngx_http_tpl_locale_rule_t;


/* both at a level */

typedef struct {
    tpl_locale_t                 *items;        /* the default first */
    ngx_uint_t                    n;
    ngx_http_complex_value_t     *value;        /* NULL: always the first */
    uint64_t                      headers;      /* that value shows */
} ngx_http_tpl_locale_t;


/* tpl_form */

typedef struct {
    ngx_uint_t                    on;
    tpl_form_limits_t             limits;
} ngx_http_tpl_form_t;


/* tpl_current_user */

typedef struct {
    ngx_http_complex_value_t      value;
    uint64_t                      headers;      /* bits, see Vary */
} ngx_http_tpl_user_t;


/* tpl_preload at one level */

typedef struct {
    ngx_str_t                     pattern;
    ngx_http_tpl_place_t          place;
} ngx_http_tpl_pattern_t;


typedef struct {
    ngx_array_t                   patterns;     /* ngx_http_tpl_pattern_t */
} ngx_http_tpl_preload_t;


/* what the patterns name in one generation, sorted by address */

struct ngx_http_tpl_picks_s {
    ngx_http_tpl_preload_t       *preload;
    ngx_array_t                   templates;    /* of tpl_template_t * */
    ngx_http_tpl_picks_t         *next;
};


/* what tpl_fetch says, or a call of fetch() */

typedef struct {
    ngx_str_t                     name;         /* empty: of fetch() */
    ngx_http_complex_value_t     *uri;
    ngx_http_complex_value_t     *condition;    /* NULL: always */
    tpl_value_t                   fallback;     /* MISSING: there is none */
    size_t                        size;         /* most bytes of the reply */
    unsigned                      text:1;       /* as=text */
    unsigned                      optional:1;
} ngx_http_tpl_fetch_t;


/* tpl_param, tpl_json, tpl_data or tpl_fetch */

typedef enum {
    NGX_HTTP_TPL_PARAM = 0,
    NGX_HTTP_TPL_JSON,
    NGX_HTTP_TPL_DATA,
    NGX_HTTP_TPL_FETCH,
    NGX_HTTP_TPL_KINDS
} ngx_http_tpl_kind_e;


typedef struct {
    ngx_str_t                     name;
    ngx_http_tpl_kind_e           kind;
    ngx_uint_t                    if_not_empty;
    ngx_http_complex_value_t     *complex;      /* NULL: value is known */
    uint64_t                      headers;      /* that complex names */
    tpl_value_t                   value;
    ngx_http_tpl_fetch_t         *fetch;
    ngx_str_t                     file;         /* of a tpl_data */
    ngx_http_tpl_state_t          state;        /* and what it was then */
} ngx_http_tpl_datum_t;


/* all of a kind at one level */

typedef struct {
    ngx_array_t                   items;        /* ngx_http_tpl_datum_t */
    ngx_uint_t                    level;        /* http is 0 */
} ngx_http_tpl_data_t;


/* the data that a location's templates see */

typedef struct {
    const tpl_name_t             *name;         /* the set's own */
    ngx_http_tpl_datum_t         *datum;
    ngx_int_t                     next;         /* if this one is empty */
} ngx_http_tpl_slot_t;


struct ngx_http_tpl_names_s {
    ngx_rbtree_node_t             node;         /* first; of the generation */
    ngx_http_tpl_data_t          *data[NGX_HTTP_TPL_KINDS];
    ngx_http_tpl_slot_t          *slots;
    ngx_uint_t                    n;
    uint32_t                     *buckets;      /* slot + 1, by hash */
    uint32_t                      mask;
    ngx_uint_t                    fetches;      /* some are of tpl_fetch */
};


/* tpl_set */

typedef struct {
    ngx_uint_t                    id;           /* of the variable's name */
    ngx_str_t                     name;
    ngx_str_t                     text;
    ngx_http_tpl_place_t          place;
    ngx_http_variable_t          *variable;

    ngx_http_tpl_set_t           *set;          /* of the level it stands at */
    ngx_http_tpl_target_t        *target;
    ngx_http_tpl_holder_t        *holder;
} ngx_http_tpl_inline_t;


struct ngx_http_tpl_render_s {
    ngx_http_complex_value_t      name;
    ngx_http_complex_value_t      block;        /* value.data NULL: none */
    ngx_str_t                     type;         /* data is NULL: by name */
    ngx_uint_t                    status;       /* 0: not given */
    size_t                        size;         /* tpl_filter: of the JSON */
    const char                   *directive;
    uint64_t                      headers;      /* that name and block name */
    ngx_http_tpl_place_t          place;
};


/* a page that no request can make different, as a worker keeps it */

typedef struct {
    ngx_str_t                     text;
    ngx_str_t                     packed;       /* len 0: not yet */
    uint64_t                      hash;
} ngx_http_tpl_page_t;


/* tpl_limits; NGX_CONF_UNSET_SIZE is what a level does not say */

typedef struct {
    size_t                        steps;
    size_t                        output;       /* bytes */
    size_t                        memory;       /* bytes */
    size_t                        depth;
} ngx_http_tpl_limits_t;


/* what a location, its tpl_filter or a tpl_set renders: of a generation */

struct ngx_http_tpl_target_s {
    ngx_http_tpl_generation_t    *generation;
    tpl_template_t               *tmpl;         /* NULL: the name varies */
    const tpl_name_t             *block;
    ngx_http_tpl_names_t         *names;
    ngx_http_tpl_picks_t         *picks;        /* NULL: all of the set */
    ngx_http_tpl_page_t          *page;
    ngx_http_tpl_model_t         *models;       /* the latest first */
};


/* a target that is being made, zeroed at first */

typedef struct {
    ngx_http_tpl_target_t        *target;
    tpl_template_t               *tmpl;         /* being compiled */

    /* patterns of tpl_preload: where it is */
    ngx_http_tpl_picks_t         *picks;
    ngx_uint_t                    pattern;
    ngx_uint_t                    root;
    ngx_http_tpl_walk_t          *walk;
    ngx_array_t                   names;        /* of ngx_str_t: of one */
    ngx_uint_t                    name;
} ngx_http_tpl_maker_t;


struct ngx_http_tpl_loc_conf_s {
    ngx_array_t                  *roots;
    ngx_uint_t                    syntax;
    ngx_uint_t                    autoescape;
    ngx_uint_t                    undefined;
    ngx_uint_t                    whitespace;   /* NGX_HTTP_TPL_WS_* */
    ngx_uint_t                    extensions;   /* ngx_http_tpl_ext() */
    ngx_http_tpl_delimiters_t    *delimiters;   /* NULL: the usual ones */
    ngx_http_tpl_preload_t       *preload;
    ngx_http_tpl_data_t          *data[NGX_HTTP_TPL_KINDS];
    ngx_uint_t                    level;
    ngx_http_tpl_locales_t       *locales;
    ngx_http_tpl_locale_rule_t   *locale_rule;
    ngx_http_tpl_locale_t        *locale;       /* NULL: no translations */
    ngx_http_tpl_user_t          *user;         /* NULL: none */

    ngx_http_tpl_limits_t         limits;
    ngx_flag_t                    etag;
    ngx_flag_t                    stream;
    ngx_flag_t                    gzip;
    ngx_flag_t                    debug;
    ngx_array_t                  *inlines;      /* ngx_http_tpl_inline_t */

    ngx_http_tpl_form_t          *form;         /* NULL: off */
    off_t                         max_body;     /* 0: as nginx's own */
    ngx_flag_t                    xsrf;
    tpl_session_keys_t           *keys;         /* NULL: no sessions */
    const tpl_session_cookie_t   *session_cookie;

    ngx_http_tpl_render_t        *render;

    ngx_http_tpl_render_t        *filter_rule;  /* NULL: tpl_filter off */
    ngx_str_t                     filter_header;
    ngx_hash_t                    filter_types;
    ngx_array_t                  *filter_type_keys;
    ngx_http_tpl_loc_conf_t      *filter;       /* as of a tpl_render */

    /* made of the above in a location that renders */
    ngx_http_tpl_set_t           *set;
    ngx_http_tpl_target_t        *target;
    ngx_http_tpl_srv_conf_t      *server;
    ngx_str_t                     type;         /* of a constant name */

    ngx_uint_t                    status_format;
    ngx_http_tpl_counters_t      *counters;     /* the same, once found */
};


/* one render; subrequests have their own; tmpl is NULL while a body is read */

typedef struct {
    ngx_http_request_t           *request;
    ngx_http_tpl_loc_conf_t      *conf;
    ngx_http_tpl_target_t        *target;
    ngx_http_tpl_names_t         *names;        /* of target */
    tpl_template_t               *tmpl;
    const tpl_name_t             *block;        /* NULL: the whole page */
    ngx_str_t                     type;

    /* NULL before and after the program runs */
    tpl_arena_t                  *arena;
    tpl_vm_t                     *vm;
    tpl_error_t                  *error;
    tpl_value_t                  *values;       /* as names->slots */

    ngx_event_t                  *event;        /* brings us back */

    ngx_buf_t                     body;         /* while it is being read */

    ngx_http_tpl_replies_t       *replies;      /* NULL: nothing fetched */
    ngx_http_tpl_reply_t         *awaited;      /* event is posted by it */
    ngx_uint_t                    failure;      /* status for one that failed */

    ngx_http_tpl_stream_t        *stream;       /* NULL: sent as a whole */

    /* of a tpl_filter, NULL of a tpl_render */
    ngx_http_tpl_collected_t     *collected;
    tpl_value_t                   document;

    /* the page when its header is sent; and in its place, or NULL */
    ngx_chain_t                  *plain;
    size_t                        plain_len;
    ngx_http_tpl_page_t          *kept;         /* plain is that page */
    ngx_chain_t                  *packed;

    ngx_str_t                     message;      /* of the error */
    uint64_t                      steps;
    uint64_t                      nsec;
    uint64_t                      fetch_nsec;   /* waited for data */
    uint64_t                      waits_since;  /* 0: it does not wait */

    /* once they were asked for */
    const tpl_locale_t           *locale;
    tpl_web_t                    *web;

    /* request headers that were read through variables, for Vary */
    uint64_t                      headers;

    /* the page depends on the request, not on the configuration alone */
    unsigned                      varies:1;

    /* tpl_fetch's fetches are */
    unsigned                      started:1;

    /* the render can wait for data; that of a tpl_set cannot */
    unsigned                      waits:1;

    unsigned                      packed_sent:1;
} ngx_http_tpl_ctx_t;


extern ngx_module_t  ngx_http_tpl_module;


/*
 * Directives (ngx_http_tpl_conf.c, ngx_http_tpl_data.c).
 */

char *ngx_http_tpl_root(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_render(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_filter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_preload(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_autoescape(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_param(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

void ngx_http_tpl_place(ngx_conf_t *cf, ngx_http_tpl_place_t *place);


/*
 * Sets (ngx_http_tpl_set.c).  All log what is wrong.
 */

/* the set for conf's options, made when there is none */
ngx_http_tpl_set_t *ngx_http_tpl_get_set(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf);

/* g->templates, as conf says but for its memory; logs what is wrong */
ngx_int_t ngx_http_tpl_create_templates(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, const tpl_set_conf_t *conf);

/* compiles all that conf renders; NULL if it cannot be */
ngx_http_tpl_target_t *ngx_http_tpl_make_target(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_loc_conf_t *conf);

/*
 * The same in steps, of a template or file each: NGX_AGAIN while there are
 * more; NGX_OK: maker->target is made.
 */
ngx_int_t ngx_http_tpl_make_target_step(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_maker_t *maker);

/* looks through the templates once all are compiled */
void ngx_http_tpl_find_impure(ngx_http_tpl_generation_t *g);

/*
 * A name as jinja2.loaders.split_template_path() takes it apart: without empty
 * and "." parts; NGX_DECLINED if it has ".." or NUL or nothing is left.  dst
 * has room for name->len bytes; it may be name itself.
 */
ngx_int_t ngx_http_tpl_normalize(const ngx_str_t *name, ngx_str_t *dst);

/*
 * A whole file; path is terminated by a zero byte.  TPL_DECLINED if there is
 * no such file; TPL_ERROR may leave err unset for want of memory.
 */
tpl_int_t ngx_http_tpl_load_file(tpl_arena_t *arena, const tpl_str_t *path,
    tpl_str_t *text, tpl_error_t *err);

/* logs err as "nginx -t" shows it, a line a record */
void ngx_http_tpl_log_error(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    tpl_error_t *err, const char *directive, ngx_http_tpl_place_t *place);


/*
 * The language (ngx_http_tpl_syntax.c).
 */

extern ngx_conf_bitmask_t  ngx_http_tpl_whitespaces[];
extern ngx_conf_bitmask_t  ngx_http_tpl_extensions[];

char *ngx_http_tpl_delimiters(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* logs what excludes each other in conf */
char *ngx_http_tpl_check_language(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf);

/* conf's words as the engine's options */
void ngx_http_tpl_language(ngx_http_tpl_loc_conf_t *conf,
    tpl_syntax_t *syntax);

ngx_uint_t ngx_http_tpl_same_language(ngx_http_tpl_delimiters_t *a,
    ngx_http_tpl_delimiters_t *b);


/*
 * Patterns (ngx_http_tpl_glob.c): * and ? match within a name, [a-z] and [!a-z]
 * too, a part ** any number of folders; a leading dot only itself.
 */

ngx_uint_t ngx_http_tpl_has_wildcard(const ngx_str_t *pattern);

/* the part's match */
ngx_uint_t ngx_http_tpl_match(const u_char *pattern, size_t len,
    const u_char *name, size_t name_len);

/* adds the names (ngx_str_t) of the files below root that match; g, which may
 * be NULL, is made of them */
ngx_int_t ngx_http_tpl_glob(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    const ngx_str_t *root, const ngx_str_t *pattern, ngx_array_t *names);

/*
 * The same in steps, of a file or folder each: NGX_AGAIN while there are more.
 * All but g may be temporary, up to the last one; cf->temp_pool closes what is
 * open.  NULL or NGX_ERROR: logged.
 */
ngx_http_tpl_walk_t *ngx_http_tpl_glob_begin(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, const ngx_str_t *root,
    const ngx_str_t *pattern, ngx_array_t *names);
ngx_int_t ngx_http_tpl_glob_step(ngx_http_tpl_walk_t *walk);


/* warns of calls that cannot succeed (ngx_http_tpl_called.c) */
void ngx_http_tpl_check_calls(ngx_conf_t *cf, ngx_http_tpl_target_t *target);


/*
 * Data (ngx_http_tpl_data.c).
 */

/* the data of conf by the names of a set; NULL if they cannot be made */
ngx_http_tpl_names_t *ngx_http_tpl_get_names(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_loc_conf_t *conf);

/*
 * A datum of conf under a name that templates can write; NULL if it is not one
 * or is taken, unless the datum may be empty.  Logs what is wrong.
 */
ngx_http_tpl_datum_t *ngx_http_tpl_add_datum(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_kind_e kind, ngx_str_t *name,
    ngx_uint_t if_not_empty);

/*
 * A constant JSON document, in arena.  The place of an error is "where what",
 * or "where:line:column" if what is NULL.
 */
ngx_int_t ngx_http_tpl_param_json(ngx_conf_t *cf, tpl_arena_t *arena,
    ngx_str_t *text, const char *where, ngx_str_t *what, tpl_value_t *value);

/* a value of the configuration for one render, which may change it */
tpl_int_t ngx_http_tpl_copy(tpl_exec_t *exec, const tpl_value_t *src,
    tpl_value_t *dst);

/* starts what ctx's templates see of tpl_fetch; TPL_ERROR: the error is set */
tpl_int_t ngx_http_tpl_start_fetches(ngx_http_tpl_ctx_t *ctx);

/* tpl_host_t's lookup and names */
tpl_int_t ngx_http_tpl_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
tpl_int_t ngx_http_tpl_lookup_names(tpl_exec_t *exec, tpl_dict_t *dict);

/*
 * As lookup(), without the request: what is not known before is an empty
 * string, or tpl_gzip_unknown() for JSON.
 */
tpl_int_t ngx_http_tpl_lookup_known(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);

/* an evaluated nginx value as a template's string */
tpl_int_t ngx_http_tpl_text(tpl_exec_t *exec, const u_char *data, size_t len,
    tpl_value_t *out);


/*
 * Data that nginx fetches (ngx_http_tpl_fetch.c).
 */

char *ngx_http_tpl_fetch(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* adds fetch(); TPL_ERROR without memory */
tpl_int_t ngx_http_tpl_add_globals(tpl_builtins_t *builtins);

/* a PENDING value of a tpl_fetch, whose subrequest is started */
tpl_int_t ngx_http_tpl_fetch_value(tpl_exec_t *exec,
    const ngx_http_tpl_fetch_t *fetch, tpl_value_t *out);

/* tpl_host_t's wait and attribute */
tpl_int_t ngx_http_tpl_wait(tpl_exec_t *exec, tpl_object_t *pending,
    tpl_value_t *out);
tpl_int_t ngx_http_tpl_attribute(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out);


/*
 * Subrequests and what they answer (ngx_http_tpl_reply.c).
 */

struct ngx_http_tpl_reply_s {
    ngx_str_node_t                node;         /* by uri, text and size */
    ngx_str_t                     uri;          /* as it is asked for */
    ngx_uint_t                    index;        /* from 1 */
    ngx_http_tpl_ctx_t           *ctx;
    ngx_http_request_t           *request;      /* NULL: did not start */
    ngx_http_post_subrequest_t    post;

    ngx_uint_t                    status;       /* 0: there was no header */
    u_char                       *data;         /* 4 more bytes are zero */
    size_t                        len;          /* received */
    size_t                        room;
    size_t                        size;         /* most bytes */

    /* why there are no data, and what that is to the page's client */
    ngx_str_t                     cause;
    ngx_uint_t                    failure;

    ngx_connection_t             *peer;         /* the upstream's, or NULL */
    ngx_int_t                     cut;          /* ngx_http_tpl_is_cut() */

    tpl_value_t                   value;        /* MISSING: not made yet */

    unsigned                      text:1;
    unsigned                      skip:1;       /* nobody wants the body */
    unsigned                      last:1;       /* the last buffer came */
    unsigned                      lent:1;       /* the upstream reads here */
    unsigned                      varied:1;     /* its Vary is the page's */
    unsigned                      done:1;
};


/* the reply to a request of ctx for uri, started if it is new; NULL without
 * memory */
ngx_http_tpl_reply_t *ngx_http_tpl_get_reply(ngx_http_tpl_ctx_t *ctx,
    ngx_str_t *uri, ngx_uint_t text, size_t size);

/* makes $request_id the same in subrequests for data; index: the variable's */
ngx_int_t ngx_http_tpl_share_request_id(ngx_conf_t *cf, ngx_int_t *index);

/* the reply of that index, of a value's aux */
ngx_http_tpl_reply_t *ngx_http_tpl_reply_at(ngx_http_tpl_ctx_t *ctx,
    ngx_uint_t index);

/* a header filter's: the upstream's response is to come as it arrives, if r is
 * asked for a reply */
void ngx_http_tpl_unbuffer(ngx_http_request_t *r);

/*
 * When a body filter sees a flush: NGX_OK, or the status if the upstream ended
 * its response early, by a timeout or otherwise.  peer is its connection, or
 * NULL, when the header passed.
 */
ngx_int_t ngx_http_tpl_is_cut(ngx_http_request_t *r, ngx_connection_t *peer);

/* ends r's upstream soon, if it is at work: the rest of its response is of no
 * use; to be called by a body filter */
void ngx_http_tpl_stop_upstream(ngx_http_request_t *r);

/* stands behind ngx_http_tpl_add_body_filter()'s */
void ngx_http_tpl_add_reply_filter(void);


/*
 * Variables (ngx_http_tpl_variables.c).
 */

/* $tpl_name and the like */
ngx_int_t ngx_http_tpl_add_variables(ngx_conf_t *cf);

/* a variable's value, as its handler gives it; NGX_OK */
ngx_int_t ngx_http_tpl_give(ngx_http_variable_value_t *v, u_char *data,
    size_t len);

/* tpl_loader_t's variable: data is a ngx_http_tpl_set_t */
tpl_int_t ngx_http_tpl_variable_index(void *data, const tpl_str_t *name,
    uint32_t *index, tpl_error_t *err);

/* tpl_host_t's global and variable */
tpl_int_t ngx_http_tpl_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
tpl_int_t ngx_http_tpl_variable(tpl_exec_t *exec, uint32_t index,
    tpl_value_t *out);


/*
 * Variables that templates make (ngx_http_tpl_inline.c).
 */

char *ngx_http_tpl_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* compiles conf's own and takes over those of prev */
ngx_int_t ngx_http_tpl_merge_inlines(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_loc_conf_t *prev);

/* what line is in conf; tmpl is NULL if it is not compiled yet */
ngx_http_tpl_target_t *ngx_http_tpl_make_inline(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_inline_t *line, tpl_template_t *tmpl);

/* the same in steps, as ngx_http_tpl_make_target_step() */
ngx_int_t ngx_http_tpl_make_inline_step(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_inline_t *line, tpl_template_t *tmpl,
    ngx_http_tpl_maker_t *maker);


/*
 * The request (ngx_http_tpl_request.c).
 */

char *ngx_http_tpl_current_user(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* a place in a list of headers, set to its start */

typedef struct {
    ngx_list_part_t              *part;
    ngx_uint_t                    i;
} ngx_http_tpl_cursor_t;

#define ngx_http_tpl_cursor(cursor, list)                                    \
    (cursor)->part = &(list)->part;                                          \
    (cursor)->i = 0

/* the next header, NULL at the end */
ngx_table_elt_t *ngx_http_tpl_next_header(ngx_http_tpl_cursor_t *cursor);

/* whether it is to be sent under that name, in any case */
ngx_uint_t ngx_http_tpl_is_header(const ngx_table_elt_t *h,
    const tpl_str_t *name);

/*
 * What depends on the request is about to be asked for: the page is no longer
 * the configuration's alone.  An error if there is no request yet, see
 * ngx_http_tpl_make_ready().
 */
tpl_int_t ngx_http_tpl_needs_request(tpl_exec_t *exec);

/* tpl_host_t's web */
tpl_int_t ngx_http_tpl_web(tpl_exec_t *exec, tpl_web_t **out);

/* the same of a render at work; NULL without memory */
tpl_web_t *ngx_http_tpl_get_web(ngx_http_tpl_ctx_t *ctx);


/*
 * Sessions (ngx_http_tpl_session.c).
 */

char *ngx_http_tpl_secret_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_tpl_session(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/*
 * Forms (ngx_http_tpl_form.c).
 */

/* requests that may have one */
#define NGX_HTTP_TPL_FORM_METHODS                                            \
    (NGX_HTTP_POST|NGX_HTTP_PUT|NGX_HTTP_PATCH|NGX_HTTP_DELETE)

#define ngx_http_tpl_takes_form(r, conf)                                     \
    ((conf)->form && (conf)->form->on                                        \
     && ((r)->method & NGX_HTTP_TPL_FORM_METHODS))

/* requests whose token tpl_xsrf asks for */
#define ngx_http_tpl_needs_token(r, conf)                                    \
    ((conf)->xsrf                                                            \
     && !((r)->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)))

#define ngx_http_tpl_is_error_page(r)  ((r)->err_status || (r)->error_page)

char *ngx_http_tpl_form(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* reads the body, then goes on with ngx_http_tpl_page(); a handler's result */
ngx_int_t ngx_http_tpl_read_body(ngx_http_request_t *r);

/*
 * Parses the form and looks at its token: NGX_OK, or the status of what is
 * wrong with it.
 */
ngx_int_t ngx_http_tpl_check_form(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* tpl_web_host_t's body */
tpl_int_t ngx_http_tpl_web_body(tpl_web_t *web, tpl_str_t *out);


/*
 * Addresses (ngx_http_tpl_route.c).
 */

void *ngx_http_tpl_create_srv_conf(ngx_conf_t *cf);
char *ngx_http_tpl_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child);

char *ngx_http_tpl_route(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_tpl_static(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* tpl_host_t's routes */
tpl_int_t ngx_http_tpl_routes(tpl_exec_t *exec, const tpl_routes_t **out);


/*
 * What pages say about their answer (ngx_http_tpl_answer.c).
 */

/* adds the page's headers to the answer */
ngx_int_t ngx_http_tpl_set_headers(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* the end of a render by TPL_EXC_HTTP: what the handler returns */
ngx_int_t ngx_http_tpl_abort(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx);

/*
 * The nonce of a request, made when it is first asked for: the same in its
 * subrequests and error pages.  Logs what is wrong.
 */
ngx_int_t ngx_http_tpl_nonce(ngx_http_request_t *r, ngx_str_t *nonce);

/* whether it was asked for */
ngx_uint_t ngx_http_tpl_has_nonce(ngx_http_request_t *r);

/*
 * An xsrf token of TPL_XSRF_LEN bytes: that which r's first page was made with,
 * else it is the one from now on.  NGX_DECLINED: r's header has its cookie.
 */
ngx_int_t ngx_http_tpl_xsrf(ngx_http_request_t *r, u_char *token);

/* the cookie of a token that a subrequest's page was made with, for the main
 * request's header */
ngx_int_t ngx_http_tpl_pass_xsrf(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* $tpl_nonce */
ngx_int_t ngx_http_tpl_variable_nonce(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/*
 * Vary (ngx_http_tpl_vary.c).  A request header that variables show is a bit:
 * $http_x_y is X-Y, $cookie_z Cookie.
 */

/* of the variables that a directive's text names */
uint64_t ngx_http_tpl_headers_in(ngx_conf_t *cf, ngx_str_t *text);

/* finds the variables with an index that show headers */
ngx_int_t ngx_http_tpl_find_headers(ngx_conf_t *cf);

/* of the variables that r has evaluated so far; and of one, 0 for none */
uint64_t ngx_http_tpl_headers_read(ngx_http_request_t *r);
uint64_t ngx_http_tpl_header_of(ngx_http_request_t *r, ngx_uint_t index);

/* a variable's header, as if the page had asked the request for it */
tpl_int_t ngx_http_tpl_vary_by_name(tpl_exec_t *exec, ngx_str_t *variable);

/* Vary of ctx's page, what it said itself included */
ngx_int_t ngx_http_tpl_set_vary(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);


/*
 * Translations (ngx_http_tpl_locale.c).
 */

char *ngx_http_tpl_locale_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_tpl_locale(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* conf->locale of both directives */
ngx_int_t ngx_http_tpl_merge_locale(ngx_conf_t *cf,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_loc_conf_t *prev);

/* tpl_host_t's catalogue */
tpl_int_t ngx_http_tpl_catalogue(tpl_exec_t *exec,
    const tpl_catalogue_t **out);

/* tpl_web_host_t's locale */
tpl_int_t ngx_http_tpl_web_locale(tpl_web_t *web, tpl_str_t *name,
    const tpl_catalogue_t **catalogue);

/* $tpl_locale */
ngx_int_t ngx_http_tpl_variable_locale(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

/* builtins for TPL_EXT_NEWSTYLE; NULL without memory */
tpl_builtins_t *ngx_http_tpl_newstyle(ngx_http_tpl_main_conf_t *tmcf);


/*
 * The handler (ngx_http_tpl_handler.c).
 */

ngx_int_t ngx_http_tpl_handler(ngx_http_request_t *r);

/* the page of a request whose body is read or of no interest */
ngx_int_t ngx_http_tpl_page(ngx_http_request_t *r);

/* makes ctx->arena, which goes with the request */
ngx_int_t ngx_http_tpl_create_arena(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* makes ctx->event, unless there is one; it goes with the request */
ngx_int_t ngx_http_tpl_create_event(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_event_handler_pt handler);

/* a compiled template that target may pick; NULL if name is none of them */
tpl_template_t *ngx_http_tpl_pick_template(ngx_http_request_t *r,
    ngx_http_tpl_target_t *target, ngx_str_t *name);

/* ctx->vm for ctx->tmpl, and what goes with it */
ngx_int_t ngx_http_tpl_prepare(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* what a page's render asks; ctx->request is NULL before any request */
extern const tpl_host_t  ngx_http_tpl_host;

/* runs ctx->vm for a slice: what tpl_vm_run() returns */
tpl_int_t ngx_http_tpl_slice(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx);

/*
 * Logs why the render failed, all in one line; gives the status, and with
 * tpl_debug the page to be sent with it (else NULL).
 */
ngx_int_t ngx_http_tpl_error(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_buf_t **page);

/*
 * The block that the directive names, in ctx->block: one of the template's, or
 * none for all of the page.  What the request gets instead is logged.
 */
ngx_int_t ngx_http_tpl_pick_block(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* ns of a clock that only goes forward */
uint64_t ngx_http_tpl_now(void);

/* a latest render of r that failed, or NULL */
ngx_http_tpl_ctx_t *ngx_http_tpl_failed(ngx_http_request_t *r);

/* the pages of renders, which a worker keeps for the next one */
extern const tpl_allocator_t  ngx_http_tpl_allocator;

#define NGX_HTTP_TPL_ARENA_PAGE  16384


/*
 * The answer (ngx_http_tpl_send.c).
 */

/* sends a finished render; keeps the page if no request can change it */
ngx_int_t ngx_http_tpl_send_output(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, tpl_output_t *output);

/* the same data give the same page */
ngx_uint_t ngx_http_tpl_is_pure(ngx_http_tpl_ctx_t *ctx);

/*
 * Keeps the page that is always target's.  Without memory, or if there is too
 * much of it, it does not.
 */
void ngx_http_tpl_keep(ngx_http_tpl_target_t *target,
    const tpl_output_t *output, uint64_t hash);

/* sends the header of tpl_debug's page, or all of it */
ngx_int_t ngx_http_tpl_debug_header(ngx_http_request_t *r, ngx_uint_t status,
    ngx_buf_t *page);
ngx_int_t ngx_http_tpl_send_debug(ngx_http_request_t *r, ngx_uint_t status,
    ngx_buf_t *page);

/* sends a page that was kept */
ngx_int_t ngx_http_tpl_send_page(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_http_tpl_page_t *page);

/* the header of a page of len bytes, -1 if that is not known */
ngx_int_t ngx_http_tpl_send_header(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, off_t len, uint64_t hash);

/* the output as buffers, at least one; NULL without memory */
ngx_chain_t *ngx_http_tpl_chain(ngx_http_request_t *r, tpl_output_t *output);

/* marks the last buffer */
void ngx_http_tpl_end(ngx_http_request_t *r, ngx_chain_t *out);

/* what the page's ETag is made of; 0 if it has none */
uint64_t ngx_http_tpl_hash(ngx_http_tpl_ctx_t *ctx, tpl_output_t *output);

/* ETag and Vary of a page that is answered with status */
ngx_int_t ngx_http_tpl_set_validator(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, ngx_uint_t status, uint64_t hash);

/* Content-Type; the charset goes where nginx's charset module looks for it */
void ngx_http_tpl_set_type(ngx_http_request_t *r, ngx_str_t *type);

/* the type of a page of tmpl in conf */
void ngx_http_tpl_pick_type(ngx_http_request_t *r,
    ngx_http_tpl_loc_conf_t *conf, tpl_template_t *tmpl, ngx_str_t *type);

/* the type of a template by its extension, text/html if that says nothing */
void ngx_http_tpl_type(ngx_http_core_loc_conf_t *clcf, const tpl_str_t *name,
    ngx_str_t *type);


/*
 * Pages that are sent while they are rendered (ngx_http_tpl_stream.c).
 */

/* makes ctx->stream if the page may be one */
ngx_int_t ngx_http_tpl_stream_create(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);

/* the header has been sent */
ngx_uint_t ngx_http_tpl_stream_started(ngx_http_tpl_ctx_t *ctx);

/* the client has not yet taken what was sent; ctx->event is posted then */
ngx_uint_t ngx_http_tpl_stream_busy(ngx_http_tpl_ctx_t *ctx);

/*
 * Sends what ctx->vm has written when it stopped; waits: for data.  NGX_AGAIN:
 * the client is to take it first; NGX_ERROR: the connection is to be closed.
 */
ngx_int_t ngx_http_tpl_stream(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    ngx_uint_t waits);

/* sends the rest */
ngx_int_t ngx_http_tpl_stream_end(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, tpl_output_t *output);


/*
 * The filter (ngx_http_tpl_filter.c).
 */

/* that of the header is ngx_http_tpl_header_filter_module's */
void ngx_http_tpl_add_body_filter(void);


/*
 * The page of tpl_debug (ngx_http_tpl_debug.c).
 */

/* what failed and where, as HTML in r->pool; NULL without memory */
ngx_buf_t *ngx_http_tpl_debug_page(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx);


/*
 * What tpl_gzip knows of pages (ngx_http_tpl_model.c).
 */

/* smaller pages fit into a packet as they are */
#define NGX_HTTP_TPL_GZIP_MIN  150

/* the model for pages of ctx->tmpl and ctx->block, made when there is none; no
 * request has a part in it; NULL without memory */
tpl_gzip_model_t *ngx_http_tpl_model(ngx_http_tpl_ctx_t *ctx);

/* the process's encoder; NULL without memory */
tpl_gzip_t *ngx_http_tpl_encoder(ngx_http_tpl_main_conf_t *tmcf);

/* page->packed of a generation's page, if it is not made yet */
ngx_int_t ngx_http_tpl_pack(ngx_http_tpl_generation_t *g,
    ngx_http_tpl_page_t *page);


/*
 * What is made before any request (ngx_http_tpl_ready.c).
 */

/* what there is to spend on it; the rest is made when it is first needed */

typedef struct {
    uint64_t                      steps;        /* of renders */
    uint64_t                      page;         /* of these, of one */
    size_t                        bytes;        /* of texts, for gzip */
} ngx_http_tpl_budget_t;

/* once all is compiled */
void ngx_http_tpl_make_all_ready(ngx_http_tpl_main_conf_t *tmcf);

/*
 * target, conf's: its page if no request can change it, and with tpl_gzip that
 * compressed, or the model for its pages.
 */
void ngx_http_tpl_make_ready(ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_target_t *target, ngx_http_tpl_budget_t *budget);


/*
 * Templates that changed (ngx_http_tpl_reload.c).
 */

char *ngx_http_tpl_reload(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* how bad an error is: at the start, or while the old templates serve */
#define ngx_http_tpl_level(cf)                                               \
    ((cf)->conf_file ? NGX_LOG_EMERG : NGX_LOG_ERR)

/* makes the set's watch, if tpl_reload is on; what stands below does nothing
 * without one */
ngx_int_t ngx_http_tpl_watch_set(ngx_conf_t *cf, ngx_http_tpl_set_t *set);

/* conf's target, or that of a line of it, is to follow the set */
ngx_int_t ngx_http_tpl_add_holder(ngx_conf_t *cf, ngx_http_tpl_set_t *set,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_inline_t *line);

/*
 * g is made of that file, or of its absence.  state is that from before it was
 * read; NULL: it will be read now.
 */
ngx_int_t ngx_http_tpl_watch_file(ngx_http_tpl_generation_t *g,
    const u_char *path, const ngx_http_tpl_state_t *state);

void ngx_http_tpl_file_state(const u_char *path, ngx_http_tpl_state_t *state);

/* starts looking, in a worker */
ngx_int_t ngx_http_tpl_init_process(ngx_cycle_t *cycle);

/* keeps g for as long as r's pool */
ngx_int_t ngx_http_tpl_hold(ngx_http_request_t *r,
    ngx_http_tpl_generation_t *g);

/* when the configuration goes */
void ngx_http_tpl_destroy_sets(ngx_http_tpl_main_conf_t *tmcf);


/*
 * What templates cost (ngx_http_tpl_status.c).
 */

char *ngx_http_tpl_status_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_tpl_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* counts a render that has come to its end */
void ngx_http_tpl_status_count(ngx_http_tpl_ctx_t *ctx, size_t bytes,
    ngx_uint_t failed);


TPL_END_DECLS


#endif /* _NGX_HTTP_TPL_MODULE_H_INCLUDED_ */
