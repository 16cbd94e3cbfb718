
/*
 * application/x-www-form-urlencoded.
 */

#ifndef _TPL_QUERY_H_INCLUDED_
#define _TPL_QUERY_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


tpl_int_t tpl_query_parse(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_pairs_t *out);


TPL_END_DECLS


#endif /* _TPL_QUERY_H_INCLUDED_ */
