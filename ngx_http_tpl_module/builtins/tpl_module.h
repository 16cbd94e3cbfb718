
/*
 * Python's modules for Tornado templates: what their files share.  All names
 * are in one table (TPL_MODULES):
 *
 *     math                 a module
 *     math.pi              a value of it, flag TPL_FN_VALUE
 *     math.sin             a function of it
 *     datetime.datetime    a class: a value made by tpl_module_type()
 *     datetime.datetime:new        what calling the class calls
 *     datetime.datetime.now        a function of the class
 *     datetime.datetime:strftime   a method of its objects
 *
 * Private to builtins/.
 */

#ifndef _TPL_MODULE_H_INCLUDED_
#define _TPL_MODULE_H_INCLUDED_


#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"
#include "vm/tpl_vm.h"


TPL_BEGIN_DECLS


/* the handlers of modules and classes: objects named as the function is */
tpl_int_t tpl_module_value(tpl_call_t *call);
tpl_int_t tpl_module_type(tpl_call_t *call);

/* OK if type is a class of a module: *is says whether v is of it */
tpl_int_t tpl_class_is_instance(const tpl_value_t *v,
    const tpl_value_t *type, tpl_uint_t *is);

/* get_attr for objects of a class: the method "CLASS:name" bound to obj */
tpl_int_t tpl_module_method(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);

/* an object of a class with its name in Python */
#define tpl_is_object_of(v, c)                                               \
    ((v)->type == TPL_OBJECT && (v)->u.obj->cls == (c))

/* a number as a double: TypeError for what is none */
tpl_int_t tpl_module_float(tpl_exec_t *exec, const tpl_value_t *v,
    double *d);

/* the clock, in seconds */
double tpl_module_clock(void);


TPL_END_DECLS


#endif /* _TPL_MODULE_H_INCLUDED_ */
