
/*
 * Addresses of a site: routes, as Flask and Tornado name them, and folders of
 * static files with the versions of what is in them.
 *
 * Routes are parsed when the configuration is read: url_for() and reverse_url()
 * build addresses.  A request is matched with them only for a template that
 * asks for request.endpoint and its like; it is nginx that picks a page.
 */

#ifndef _TPL_ROUTE_H_INCLUDED_
#define _TPL_ROUTE_H_INCLUDED_


#include "web/tpl_answer.h"


TPL_BEGIN_DECLS


/* werkzeug.routing's converters; Tornado's groups */

typedef enum {
    TPL_ROUTE_TEXT = 0,
    TPL_ROUTE_STRING,
    TPL_ROUTE_PATH,
    TPL_ROUTE_INT,
    TPL_ROUTE_FLOAT,
    TPL_ROUTE_ANY,
    TPL_ROUTE_UUID,
    TPL_ROUTE_GROUP
} tpl_route_kind_t;


typedef struct {
    tpl_route_kind_t         kind;
    tpl_str_t                text;      /* as it is sent, or the name */
    tpl_str_t                raw;       /* TEXT: as it was written */
    uint32_t                 digits;    /* INT: fixed_digits */
    tpl_uint_t               is_signed; /* INT, FLOAT */
    double                   min;       /* length of a STRING or value */
    double                   max;
    tpl_str_t               *items;     /* ANY: sorted */
    uint32_t                 n;
} tpl_route_part_t;


/* a static file: its path below the folder, and 128 hex digits */

typedef struct {
    tpl_str_t                path;
    tpl_str_t                hash;
} tpl_version_t;

typedef struct {
    tpl_version_t           *items;     /* sorted by path */
    uint32_t                 n;
} tpl_versions_t;


typedef struct {
    tpl_str_t                name;
    tpl_str_t                pattern;
    tpl_route_part_t        *parts;
    uint32_t                 nparts;
    uint32_t                 nargs;     /* parts that are no TEXT */
    tpl_uint_t               tornado;   /* a regular expression */

    /* of static files */
    tpl_uint_t               files;
    tpl_str_t                prefix;
    const tpl_versions_t    *versions;  /* NULL: none */
} tpl_route_t;


struct tpl_routes_s {
    const tpl_route_t      **items;     /* the nearest level first */
    uint32_t                 n;
};


/*
 * Parses a pattern: Flask's "/post/<int:id>" or Tornado's "/post/([0-9]+)",
 * whichever of < and ( comes first; one that begins with ^ is Tornado's.  The
 * texts are not copied.  TPL_ERROR with err's message.
 */
tpl_int_t tpl_route_parse(tpl_arena_t *arena, const tpl_str_t *name,
    const tpl_str_t *pattern, tpl_route_t *route, tpl_error_t *err);

/* prefix is the address of the folder: "/static/", "https://cdn.site/" */
tpl_int_t tpl_route_static(tpl_arena_t *arena, const tpl_str_t *name,
    const tpl_str_t *prefix, const tpl_versions_t *versions,
    tpl_route_t *route);

/* SHA-512 of text as 128 hex digits (Tornado: get_content_version) */
tpl_int_t tpl_version_hash(tpl_arena_t *arena, const tpl_str_t *text,
    tpl_str_t *hash);

/* sorts versions that were added in any order */
void tpl_versions_sort(tpl_versions_t *versions);


/*
 * The Flask route that a path, as it is when it is decoded, belongs to: values
 * are those of its variables, a dict.  TPL_DECLINED if there is none.
 * (werkzeug.routing.MapAdapter.match, of any method.)
 */
tpl_int_t tpl_route_match(tpl_exec_t *exec, const tpl_routes_t *routes,
    const tpl_str_t *path, const tpl_route_t **route, tpl_value_t *values);


extern const tpl_builtin_def_t  tpl_route_globals[];    /* url_for .. */

/*
 * What the functions do, for methods of the same names.  path and name are
 * strings; Tornado: RequestHandler.static_url(), reverse_url().
 */
tpl_int_t tpl_web_static_url(tpl_exec_t *exec, const tpl_str_t *path,
    tpl_uint_t include_host, tpl_uint_t include_version, tpl_value_t *out);
tpl_int_t tpl_web_reverse_url(tpl_exec_t *exec, const tpl_str_t *name,
    const tpl_value_t *args, tpl_uint_t n, tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_ROUTE_H_INCLUDED_ */
