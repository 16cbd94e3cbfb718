
/*
 * Flask's request, g and config.
 */

#ifndef _TPL_FLASK_H_INCLUDED_
#define _TPL_FLASK_H_INCLUDED_


#include "web/tpl_request.h"


TPL_BEGIN_DECLS


/* request, g, config: of Jinja's templates only */
extern const tpl_builtin_def_t  tpl_flask_globals[];


/* small objects that attributes of the request are (tpl_flask_object.c) */

/* werkzeug.user_agent.UserAgent */
tpl_int_t tpl_flask_user_agent(tpl_exec_t *exec, const tpl_value_t *string,
    tpl_value_t *out);

/* werkzeug.datastructures.FileStorage, without the file's bytes */
tpl_int_t tpl_flask_file(tpl_exec_t *exec, const tpl_str_t *name,
    const tpl_str_t *filename, const tpl_str_t *type, tpl_value_t *out);

/* flask.g */
tpl_int_t tpl_flask_g(tpl_exec_t *exec, tpl_value_t *out);

extern const tpl_builtin_def_t  tpl_flask_object_methods[];


TPL_END_DECLS


#endif /* _TPL_FLASK_H_INCLUDED_ */
