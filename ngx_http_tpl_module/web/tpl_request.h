
/*
 * What both requests, Flask's and Tornado's, are made of.
 *
 * The request is the one that the client sent: rewrites, error pages and
 * internal redirects do not change it.
 */

#ifndef _TPL_REQUEST_H_INCLUDED_
#define _TPL_REQUEST_H_INCLUDED_


#include "web/tpl_object.h"


TPL_BEGIN_DECLS


/* what was asked for once; a MISSING value was not */

typedef enum {
    TPL_REQUEST_FLASK = 0,
    TPL_REQUEST_G,
    TPL_REQUEST_CONFIG,
    TPL_REQUEST_HANDLER,
    TPL_REQUEST_TORNADO,
    TPL_REQUEST_USER,
    TPL_REQUEST_LOCALE,
    TPL_REQUEST_NVALUES
} tpl_request_value_t;


struct tpl_request_s {
    tpl_value_t              values[TPL_REQUEST_NVALUES];

    /* of the target: before the "?", behind it; without a fragment */
    tpl_str_t                path;
    tpl_str_t                query;
};


/* an object whose attributes are found in a table and kept */

typedef struct tpl_attrs_s  tpl_attrs_t;

typedef struct {
    const char              *name;
    tpl_int_t              (*get)(tpl_exec_t *exec, tpl_attrs_t *obj,
                               tpl_value_t *out);
} tpl_attr_t;

struct tpl_attrs_s {
    tpl_object_t             object;
    tpl_web_t               *web;
    tpl_value_t             *values;    /* as the table; MISSING: not yet */
};


/* an object with n attributes */
tpl_int_t tpl_attrs_create(tpl_exec_t *exec, tpl_web_t *web,
    const tpl_class_t *cls, tpl_uint_t n, tpl_value_t *out);

/* an attribute, made when it is first asked for; then a method of the class */
tpl_int_t tpl_attrs_get(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_attr_t *table, tpl_uint_t n, const tpl_str_t *name,
    tpl_value_t *out);


/*
 * The request's parts, read once.  web may be NULL: it is set then.
 * TPL_DECLINED if no request is answered (tpl render): then the names that
 * stand for it are undefined.
 */
tpl_int_t tpl_request_get(tpl_exec_t *exec, tpl_web_t **web,
    tpl_request_t **out);

/* a field of the host as text, "" if there is none */
tpl_int_t tpl_request_field(tpl_exec_t *exec, tpl_web_t *web,
    tpl_web_field_t field, tpl_value_t *out);

/* the value of a header or None */
tpl_int_t tpl_request_header(tpl_exec_t *exec, tpl_web_t *web,
    const char *name, tpl_value_t *out);

/*
 * The body, empty if there is none; RuntimeError if there is one that the
 * server has not read.
 */
tpl_int_t tpl_request_body(tpl_exec_t *exec, tpl_web_t *web, tpl_str_t *out);


/*
 * A URL as people read it (werkzeug.urls: uri_to_iri()): what is valid UTF-8
 * is decoded, reserved characters stay quoted.  Names of hosts stay as they
 * are, punycode too.  TPL_DECLINED for a host with one bracket.
 */
tpl_int_t tpl_uri_to_iri(tpl_exec_t *exec, const tpl_str_t *uri,
    tpl_str_t *out);


TPL_END_DECLS


#endif /* _TPL_REQUEST_H_INCLUDED_ */
