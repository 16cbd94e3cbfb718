
/*
 * Headers whose value has options: Content-Type, Content-Disposition.
 */

#ifndef _TPL_HEADER_H_INCLUDED_
#define _TPL_HEADER_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/* options of one header; more are an error */
#define TPL_HEADER_OPTIONS  64


/*
 * Takes "form-data; name=a" apart, as Werkzeug: parse_options_header() does:
 * quoted values, RFC 2231 continuations, RFC 5987 charsets.  Names are in lower
 * case, a value without data is Python's None; of a name given twice the last
 * counts.  TPL_DECLINED for what raises there (a charset that does not fit the
 * value) and for too many options, TPL_ERROR without memory.
 */
tpl_int_t tpl_header_options(tpl_arena_t *arena, const tpl_str_t *value,
    tpl_str_t *text, tpl_pairs_t *options);

/* the value of an option; NULL if it is not there or None */
const tpl_str_t *tpl_header_option(const tpl_pairs_t *options,
    const char *name);

/*
 * Makes s of a charset UTF-8: utf-8, us-ascii, iso-8859-1 by Python's names for
 * them.  What is ill-formed becomes U+FFFD, or TPL_DECLINED if strict is set;
 * TPL_DECLINED for other charsets, TPL_ERROR without memory.
 */
tpl_int_t tpl_charset_decode(tpl_arena_t *arena, const tpl_str_t *charset,
    tpl_uint_t strict, tpl_str_t *s);

/*
 * The value of a cookie in the Cookie header: of several of the name the first
 * (as Werkzeug takes it) or the last (as Tornado does).  Empty, with data NULL,
 * if there is none.  Quotes around it are cut, escapes in it are not resolved.
 */
void tpl_header_cookie(const tpl_str_t *header, const char *name,
    tpl_uint_t which, tpl_str_t *out);

#define TPL_COOKIE_FIRST  0
#define TPL_COOKIE_LAST   1

/* the value of a hexadecimal digit, -1 for another character */
tpl_int_t tpl_hex_digit(tpl_char_t c);

/* str.strip() of ASCII blanks */
void tpl_header_trim(tpl_str_t *s);


TPL_END_DECLS


#endif /* _TPL_HEADER_H_INCLUDED_ */
