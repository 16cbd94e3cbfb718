
/*
 * Werkzeug's Accept and its kin: what the client would like, and how much.
 */

#ifndef _TPL_ACCEPT_H_INCLUDED_
#define _TPL_ACCEPT_H_INCLUDED_


#include "web/tpl_object.h"


TPL_BEGIN_DECLS


typedef enum {
    TPL_ACCEPT_ANY = 0,     /* Accept */
    TPL_ACCEPT_MIME,        /* MIMEAccept */
    TPL_ACCEPT_LANGUAGE,    /* LanguageAccept */
    TPL_ACCEPT_CHARSET      /* CharsetAccept */
} tpl_accept_kind_t;


/*
 * The header's value as an object; NULL or an empty one if it was not sent.
 * Werkzeug: parse_accept_header().  More than TPL_WEB_MAX_FIELDS elements end
 * the render with 400.
 */
tpl_int_t tpl_accept_create(tpl_exec_t *exec, tpl_web_t *web,
    tpl_accept_kind_t kind, const tpl_str_t *value, tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_ACCEPT_H_INCLUDED_ */
