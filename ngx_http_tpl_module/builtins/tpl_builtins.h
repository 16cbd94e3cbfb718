
/*
 * Everything a template can call without its host: one file a family, one table
 * a file.
 */

#ifndef _TPL_BUILTINS_H_INCLUDED_
#define _TPL_BUILTINS_H_INCLUDED_


#include "value/tpl_builtin.h"


TPL_BEGIN_DECLS


/* adds all filters, tests, globals and methods; TPL_ERROR without memory */
tpl_int_t tpl_builtins_register(tpl_builtins_t *builtins);

/* the families, each in tpl_NAME.c */

extern const tpl_builtin_def_t  tpl_filters_text[];     /* upper, replace .. */
extern const tpl_builtin_def_t  tpl_filters_layout[];   /* wordwrap, pprint */
extern const tpl_builtin_def_t  tpl_filters_markup[];   /* e, safe, urlize .. */
extern const tpl_builtin_def_t  tpl_filters_number[];   /* int, round .. */
extern const tpl_builtin_def_t  tpl_filters_sequence[]; /* join, list .. */
extern const tpl_builtin_def_t  tpl_filters_order[];    /* sort, groupby .. */
extern const tpl_builtin_def_t  tpl_filters_apply[];    /* map, select .. */
extern const tpl_builtin_def_t  tpl_tests[];
extern const tpl_builtin_def_t  tpl_internal[];         /* for the VM alone */
extern const tpl_builtin_def_t  tpl_globals_jinja[];
extern const tpl_builtin_def_t  tpl_globals_tornado[];
extern const tpl_builtin_def_t  tpl_modules[];          /* Python's modules */
extern const tpl_builtin_def_t  tpl_module_math[];
extern const tpl_builtin_def_t  tpl_module_json[];
extern const tpl_builtin_def_t  tpl_module_urllib[];
extern const tpl_builtin_def_t  tpl_module_random[];
extern const tpl_builtin_def_t  tpl_module_re[];
extern const tpl_builtin_def_t  tpl_module_re_match[];
extern const tpl_builtin_def_t  tpl_module_time[];
extern const tpl_builtin_def_t  tpl_module_datetime[];
extern const tpl_builtin_def_t  tpl_module_timedelta[];
extern const tpl_builtin_def_t  tpl_methods_str[];
extern const tpl_builtin_def_t  tpl_methods_list[];
extern const tpl_builtin_def_t  tpl_methods_tuple[];
extern const tpl_builtin_def_t  tpl_methods_range[];
extern const tpl_builtin_def_t  tpl_methods_dict[];
extern const tpl_builtin_def_t  tpl_methods_set[];
extern const tpl_builtin_def_t  tpl_methods_int[];
extern const tpl_builtin_def_t  tpl_methods_float[];


TPL_END_DECLS


#endif /* _TPL_BUILTINS_H_INCLUDED_ */
