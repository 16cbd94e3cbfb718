
/*
 * UTF-8: counting, stepping, checking; case and classes of code points as
 * Python's str methods have them (through libunistring).
 */

#ifndef _TPL_UTF8_H_INCLUDED_
#define _TPL_UTF8_H_INCLUDED_


#include "base/tpl_base.h"


TPL_BEGIN_DECLS


/* code points in well-formed UTF-8 */
size_t tpl_utf8_length(const tpl_char_t *p, size_t len);

/* true if no byte is over 127 */
tpl_uint_t tpl_utf8_ascii(const tpl_char_t *p, size_t len);

/*
 * The code point at *p, which moves past it; ill-formed bytes give 0xfffd, one
 * step a maximal subpart.  *p must be before last.
 */
uint32_t tpl_utf8_decode(const tpl_char_t **p, const tpl_char_t *last);

/* writes 1 to 4 bytes and returns the place after them */
tpl_char_t *tpl_utf8_encode(tpl_char_t *p, uint32_t code);

/*
 * The byte offset of the n-th code point, len if there are fewer.
 */
size_t tpl_utf8_offset(const tpl_char_t *p, size_t len, size_t n);

/* offset of the first byte that is not well-formed UTF-8, or len */
size_t tpl_utf8_check(const tpl_char_t *p, size_t len);

/*
 * s as UTF-8: itself when it is well-formed, else a copy in the arena in which
 * each ill-formed part is U+FFFD.  TPL_ERROR without memory.
 */
tpl_int_t tpl_utf8_repair(tpl_arena_t *arena, tpl_str_t *s);


/* Python: str.isspace, isalpha, isdecimal, isdigit, isnumeric, isprintable,
 * isupper, islower, istitle, isidentifier's first and later characters */

tpl_uint_t tpl_uc_space(uint32_t c);
tpl_uint_t tpl_uc_alpha(uint32_t c);
tpl_uint_t tpl_uc_decimal(uint32_t c);
tpl_uint_t tpl_uc_digit(uint32_t c);
tpl_uint_t tpl_uc_numeric(uint32_t c);
tpl_uint_t tpl_uc_printable(uint32_t c);
tpl_uint_t tpl_uc_upper(uint32_t c);
tpl_uint_t tpl_uc_lower(uint32_t c);
tpl_uint_t tpl_uc_title(uint32_t c);
tpl_uint_t tpl_uc_id_start(uint32_t c);
tpl_uint_t tpl_uc_id_continue(uint32_t c);

/* 0 to 9 for a decimal digit of any script, else -1 */
tpl_int_t tpl_uc_decimal_value(uint32_t c);

/* re's \w: letters, digits and the underscore of any script */
tpl_uint_t tpl_uc_word(uint32_t c);

/*
 * Whole strings, with full SpecialCasing (an eszett becomes SS, a final sigma
 * is one).  The result is the arena's, or s itself if nothing changes.
 * TPL_ERROR without memory.
 */
tpl_int_t tpl_str_upper(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r);
tpl_int_t tpl_str_lower(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r);
tpl_int_t tpl_str_title(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *r);
tpl_int_t tpl_str_capitalize(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r);
tpl_int_t tpl_str_swapcase(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r);
tpl_int_t tpl_str_casefold(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r);


TPL_END_DECLS


#endif /* _TPL_UTF8_H_INCLUDED_ */
