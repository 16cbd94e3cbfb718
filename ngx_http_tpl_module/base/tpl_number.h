
/*
 * Numbers to text and back, as CPython writes and reads them.
 */

#ifndef _TPL_NUMBER_H_INCLUDED_
#define _TPL_NUMBER_H_INCLUDED_


#include "base/tpl_base.h"


TPL_BEGIN_DECLS


#define TPL_INT64_LEN   20
#define TPL_FLOAT_LEN   32


/* 10^k for k from -292 to 324, see tpl_pow10.c */
extern const uint64_t  tpl_pow10[][2];


/*
 * Returns the place after the digits; it may write past them, within
 * TPL_INT64_LEN bytes from p.
 */
tpl_char_t *tpl_format_int(tpl_char_t *p, int64_t n);

/*
 * float.__repr__: the shortest text that reads back as d, and of several the
 * nearest; exponent form below 1e-4 and from 1e16 on; "inf", "-inf", "nan";
 * always with ".0" or an exponent.  Never depends on the locale.  At most
 * TPL_FLOAT_LEN bytes; returns the place after them.
 */
tpl_char_t *tpl_format_float(tpl_char_t *p, double d);

/*
 * int(text, base): blanks around, a sign, underscores between digits, 0x 0o 0b
 * for base 0 or the matching base, decimal digits of every script.
 * TPL_DECLINED if it is no integer, TPL_ERROR if it does not fit 64 bits.
 */
tpl_int_t tpl_parse_int(const tpl_str_t *s, tpl_uint_t base, int64_t *n);

/* float(text): also inf, infinity, nan, underscores.  TPL_DECLINED if none. */
tpl_int_t tpl_parse_float(const tpl_str_t *s, double *d);


TPL_END_DECLS


#endif /* _TPL_NUMBER_H_INCLUDED_ */
