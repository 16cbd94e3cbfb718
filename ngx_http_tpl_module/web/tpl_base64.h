
/*
 * Base64 (RFC 4648).
 */

#ifndef _TPL_BASE64_H_INCLUDED_
#define _TPL_BASE64_H_INCLUDED_


#include "base/tpl_base.h"


TPL_BEGIN_DECLS


/*
 * Padding may be there or not; url: "-" and "_" in place of "+" and "/".
 * Four zero bytes follow the result.  TPL_DECLINED for other characters,
 * TPL_ERROR without memory.
 */
tpl_int_t tpl_base64_decode(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_uint_t url, tpl_str_t *out);

/* appends the URL variant, without padding */
tpl_int_t tpl_base64_url(tpl_buf_t *b, const void *data, size_t len);


TPL_END_DECLS


#endif /* _TPL_BASE64_H_INCLUDED_ */
