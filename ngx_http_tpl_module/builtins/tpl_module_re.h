
/*
 * What tpl_module_re.c and tpl_module_re_match.c share: compiled patterns.
 */

#ifndef _TPL_MODULE_RE_H_INCLUDED_
#define _TPL_MODULE_RE_H_INCLUDED_


#define PCRE2_CODE_UNIT_WIDTH  8

#include <pcre2.h>

#include "builtins/tpl_methods.h"
#include "builtins/tpl_module.h"


TPL_BEGIN_DECLS


typedef struct {
    tpl_object_t             object;
    tpl_value_t              pattern;
    int64_t                  flags;
    pcre2_code              *code;
    pcre2_match_data        *data;
    pcre2_match_context     *context;
    uint32_t                 groups;
} tpl_re_t;


/* group n of a match in a string; v_default where it took no part */
void tpl_re_group(const tpl_value_t *string, const size_t *ovector,
    uint32_t n, const tpl_value_t *v_default, tpl_value_t *out);

/* the match that re->data has, as an object */
tpl_int_t tpl_re_match_create(tpl_exec_t *exec, tpl_re_t *re,
    const tpl_value_t *string, tpl_value_t *out);

/*
 * Appends the text that replaces a match: \1, \g<1>, \g<name> are groups, \n
 * and the like the characters, \\ itself.  With ovector NULL it is only
 * checked.
 */
tpl_int_t tpl_re_expand(tpl_exec_t *exec, const tpl_re_t *re,
    const tpl_str_t *repl, const tpl_char_t *string, const size_t *ovector,
    tpl_buf_t *b);


TPL_END_DECLS


#endif /* _TPL_MODULE_RE_H_INCLUDED_ */
