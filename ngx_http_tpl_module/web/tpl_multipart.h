
/*
 * multipart/form-data (RFC 7578).
 */

#ifndef _TPL_MULTIPART_H_INCLUDED_
#define _TPL_MULTIPART_H_INCLUDED_


#include "web/tpl_form.h"


TPL_BEGIN_DECLS


/* the longest boundary; RFC 2046 allows 70 */
#define TPL_MULTIPART_BOUNDARY  200

/* bytes of the headers of one part */
#define TPL_MULTIPART_HEADERS   16384


/*
 * Adds the parts of body to form, as Werkzeug's MultipartDecoder finds them:
 * lines end with CRLF, LF or CR, what is before the first boundary and after
 * the last is skipped, headers may be continued.  A part without a name is
 * left out.  Returns as tpl_form_parse().
 */
tpl_int_t tpl_multipart_parse(tpl_arena_t *arena, const tpl_str_t *body,
    const tpl_str_t *boundary, const tpl_form_limits_t *limits,
    tpl_form_t *form, tpl_form_error_t *err);


TPL_END_DECLS


#endif /* _TPL_MULTIPART_H_INCLUDED_ */
