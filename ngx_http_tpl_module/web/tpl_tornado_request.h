
/*
 * Tornado's handler, request and locale, as RequestHandler.render() gives them
 * to a template.
 */

#ifndef _TPL_TORNADO_REQUEST_H_INCLUDED_
#define _TPL_TORNADO_REQUEST_H_INCLUDED_


#include "web/tpl_request.h"


TPL_BEGIN_DECLS


/* handler, request, current_user: of Tornado's templates only */
extern const tpl_builtin_def_t  tpl_tornado_globals[];

/* locale, _ */
extern const tpl_builtin_def_t  tpl_tornado_locale_globals[];

extern const tpl_builtin_def_t  tpl_tornado_handler_methods[];


/* the request's HTTPServerRequest; TPL_DECLINED if there is no request */
tpl_int_t tpl_tornado_request(tpl_exec_t *exec, tpl_attrs_t **out);

/*
 * The dict of arguments, lists of bytes by names: "arguments",
 * "query_arguments" or "body_arguments".
 */
tpl_int_t tpl_tornado_arguments(tpl_exec_t *exec, tpl_attrs_t *req,
    const char *which, tpl_value_t *out);

/* the locale of the request */
tpl_int_t tpl_tornado_locale(tpl_exec_t *exec, tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_TORNADO_REQUEST_H_INCLUDED_ */
