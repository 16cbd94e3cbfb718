
/*
 * HTML escaping, byte for byte as markupsafe.escape() and
 * tornado.escape.xhtml_escape() do it: & < > " ' become
 * &amp; &lt; &gt; &#34; &#39; in the first and
 * &amp; &lt; &gt; &quot; &#39; in the second.
 */

#ifndef _TPL_ESCAPE_H_INCLUDED_
#define _TPL_ESCAPE_H_INCLUDED_


#include "base/tpl_base.h"


TPL_BEGIN_DECLS


#define TPL_ESCAPE_MARKUPSAFE  0
#define TPL_ESCAPE_TORNADO     1


/* first byte that needs escaping, or len: most text has none */
size_t tpl_escape_scan(const tpl_char_t *p, size_t len);

/* bytes that the escaped text takes */
size_t tpl_escape_size(const tpl_char_t *p, size_t len, tpl_uint_t kind);

/*
 * Writes the text escaped as markupsafe does and returns the place after it.
 * TPL_ESCAPE_COPY more bytes at dst may be written and read.
 */
#define TPL_ESCAPE_COPY  16

tpl_char_t *tpl_escape_put(tpl_char_t *dst, const tpl_char_t *p, size_t len);

/* the most that it takes, with those */
#define tpl_escape_room(len)  (5 * (len) + TPL_ESCAPE_COPY)

/* writes tpl_escape_size() bytes at dst, returns the place after them */
tpl_char_t *tpl_escape(tpl_char_t *dst, const tpl_char_t *p, size_t len,
    tpl_uint_t kind);


TPL_END_DECLS


#endif /* _TPL_ESCAPE_H_INCLUDED_ */
