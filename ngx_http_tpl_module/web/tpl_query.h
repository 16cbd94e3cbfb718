
/*
 * application/x-www-form-urlencoded: queries and bodies of forms.
 */

#ifndef _TPL_QUERY_H_INCLUDED_
#define _TPL_QUERY_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/*
 * Adds the fields of s to out.  A field without "=" has an empty value, empty
 * fields are left out, what is no %XX stays as it is, ill-formed UTF-8 becomes
 * U+FFFD.  Werkzeug: url_decode().  TPL_ERROR without memory.
 */
tpl_int_t tpl_query_parse(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_pairs_t *out);

/*
 * The same as bytes.  Python: urllib.parse.parse_qs() with
 * keep_blank_values=True, as Tornado calls it.
 */
tpl_int_t tpl_query_parse_bytes(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_pairs_t *out);

/* fields that s has, but no more than max + 1 are counted */
uint32_t tpl_query_count(const tpl_str_t *s, uint32_t max);

/*
 * Decodes %XX, and "+" if plus is set, of n bytes at p into dst, which has room
 * for them; returns the place after the text.
 */
tpl_char_t *tpl_query_unquote(tpl_char_t *dst, const tpl_char_t *p, size_t n,
    tpl_uint_t plus);


TPL_END_DECLS


#endif /* _TPL_QUERY_H_INCLUDED_ */
