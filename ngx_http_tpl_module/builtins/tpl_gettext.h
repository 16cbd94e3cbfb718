
/*
 * The functions of Jinja2's i18n extension.
 */

#ifndef _TPL_GETTEXT_H_INCLUDED_
#define _TPL_GETTEXT_H_INCLUDED_


#include "value/tpl_builtin.h"


TPL_BEGIN_DECLS


#define TPL_GETTEXT_ALIAS  0    /* _ alone: i18n without translations */
#define TPL_GETTEXT_OLD    1    /* install_gettext_translations() */
#define TPL_GETTEXT_NEW    2    /* the same with newstyle=True: the functions
                                   format their keyword arguments themselves */

/*
 * Adds gettext, ngettext, pgettext, npgettext and _ to the Jinja globals.  They
 * ask tpl_vm_catalogue(); without a catalogue every message is its own.  NEW is
 * for templates that are parsed with TPL_EXT_NEWSTYLE.  TPL_ERROR without
 * memory.
 */
tpl_int_t tpl_gettext_register(tpl_builtins_t *builtins, tpl_uint_t kind);


TPL_END_DECLS


#endif /* _TPL_GETTEXT_H_INCLUDED_ */
