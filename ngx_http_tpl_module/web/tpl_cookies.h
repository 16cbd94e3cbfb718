
/*
 * The Cookie header taken apart.
 */

#ifndef _TPL_COOKIES_H_INCLUDED_
#define _TPL_COOKIES_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/*
 * Adds names and values to out, bytes that were sent between quotes decoded.
 * tpl_cookies_parse() as Werkzeug: parse_cookie(); tpl_cookies_parse_tornado()
 * as Tornado: httputil.parse_cookie(), with all of a name, of which the last
 * counts.  Texts are bytes; header must live as long.  TPL_ERROR without
 * memory.
 */
tpl_int_t tpl_cookies_parse(tpl_arena_t *arena, const tpl_str_t *header,
    tpl_pairs_t *out);
tpl_int_t tpl_cookies_parse_tornado(tpl_arena_t *arena,
    const tpl_str_t *header, tpl_pairs_t *out);


TPL_END_DECLS


#endif /* _TPL_COOKIES_H_INCLUDED_ */
