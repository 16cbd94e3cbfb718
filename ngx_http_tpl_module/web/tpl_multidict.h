
/*
 * Werkzeug's ImmutableMultiDict and CombinedMultiDict: several values a key.
 * What is not there is undefined in Jinja and a KeyError in Tornado.
 */

#ifndef _TPL_MULTIDICT_H_INCLUDED_
#define _TPL_MULTIDICT_H_INCLUDED_


#include "web/tpl_object.h"


TPL_BEGIN_DECLS


/* pairs may be NULL: then it is empty; its texts are UTF-8, not copied */
tpl_int_t tpl_multidict_create(tpl_exec_t *exec, const tpl_pairs_t *pairs,
    tpl_value_t *out);

/* one more value of a key, while the dict is being made */
tpl_int_t tpl_multidict_add(tpl_exec_t *exec, const tpl_value_t *dict,
    const tpl_str_t *key, const tpl_value_t *value);

/* both in their order; each is what tpl_multidict_create() gave */
tpl_int_t tpl_multidict_combine(tpl_exec_t *exec, const tpl_value_t *first,
    const tpl_value_t *second, tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_MULTIDICT_H_INCLUDED_ */
