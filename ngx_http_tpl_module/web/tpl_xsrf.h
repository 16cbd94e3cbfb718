
/*
 * Tornado's protection against forged requests: a random token in the cookie
 * _xsrf, which every form has to send back.
 */

#ifndef _TPL_XSRF_H_INCLUDED_
#define _TPL_XSRF_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/* xsrf_form_html, xsrf_token */
extern const tpl_builtin_def_t  tpl_xsrf_globals[];


/*
 * Tornado: RequestHandler.check_xsrf_cookie(): the argument _xsrf of the form
 * or of the query, or one of the headers X-Xsrftoken and X-Csrftoken, holds the
 * cookie's token.  TPL_DECLINED with why set, in Tornado's words, if not;
 * TPL_ERROR without memory.
 */
tpl_int_t tpl_xsrf_check(tpl_web_t *web, const char **why);

/*
 * Tornado: RequestHandler.xsrf_token: the token in version 2, masked anew for
 * each render; sets the cookie if the request has none.  Errors are thrown.
 */
tpl_int_t tpl_xsrf_token(tpl_exec_t *exec, tpl_web_t *web, tpl_str_t *out);


TPL_END_DECLS


#endif /* _TPL_XSRF_H_INCLUDED_ */
