
/*
 * What tpl_module_time.c and tpl_module_datetime.c share.
 */

#ifndef _TPL_MODULE_TIME_H_INCLUDED_
#define _TPL_MODULE_TIME_H_INCLUDED_


#include <time.h>

#include "builtins/tpl_module.h"


TPL_BEGIN_DECLS


/* seconds that localtime_r() and gmtime_r() are asked about: years 1 - 9999 */
#define TPL_TIME_MIN  (-62135596800LL)
#define TPL_TIME_MAX  253402300799LL

/* C's strftime() of a format of any length, appended to b */
tpl_int_t tpl_time_format(tpl_exec_t *exec, tpl_buf_t *b,
    const tpl_str_t *format, const struct tm *tm);

/* time.struct_time */
tpl_int_t tpl_time_struct(tpl_exec_t *exec, const struct tm *tm,
    tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_MODULE_TIME_H_INCLUDED_ */
