
/*
 * The headers of the request as an object: Werkzeug's EnvironHeaders and
 * Tornado's HTTPHeaders.
 */

#ifndef _TPL_HEADERS_H_INCLUDED_
#define _TPL_HEADERS_H_INCLUDED_


#include "web/tpl_object.h"


TPL_BEGIN_DECLS


/*
 * Names in any case; several headers of a name are one with commas, those of
 * Cookie with semicolons.  Each name that is asked for goes into Vary, a walk
 * over all of them is "*".
 */
tpl_int_t tpl_headers_flask(tpl_exec_t *exec, tpl_web_t *web,
    tpl_value_t *out);
tpl_int_t tpl_headers_tornado(tpl_exec_t *exec, tpl_web_t *web,
    tpl_value_t *out);

/* the value of one of them as both decode it; TPL_DECLINED if there is none */
tpl_int_t tpl_headers_value(tpl_exec_t *exec, tpl_web_t *web,
    const char *name, tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_HEADERS_H_INCLUDED_ */
