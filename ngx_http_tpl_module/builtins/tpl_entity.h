
/*
 * Character references of HTML back into text, and text without its tags.
 */

#ifndef _TPL_ENTITY_H_INCLUDED_
#define _TPL_ENTITY_H_INCLUDED_


#include "value/tpl_value.h"


TPL_BEGIN_DECLS


/*
 * Python's html.unescape(): names of HTML 5, the old ones without a semicolon
 * too, and numbers.  r is the arena's, or s itself if nothing changes.
 */
tpl_int_t tpl_html_unescape(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_str_t *r);

/*
 * tornado.escape.xhtml_unescape(): names of HTML 4 and numbers, each with its
 * semicolon.
 */
tpl_int_t tpl_xhtml_unescape(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_str_t *r);

/*
 * markupsafe.Markup.striptags(): without comments and tags, each run of
 * whitespace one blank and none at the ends, then as html.unescape().
 */
tpl_int_t tpl_html_striptags(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_str_t *r);


TPL_END_DECLS


#endif /* _TPL_ENTITY_H_INCLUDED_ */
