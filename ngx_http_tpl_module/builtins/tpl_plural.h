
/*
 * The expression of a catalogue's Plural-Forms header: which form of a message
 * a number takes.
 */

#ifndef _TPL_PLURAL_H_INCLUDED_
#define _TPL_PLURAL_H_INCLUDED_


#include "value/tpl_value.h"


TPL_BEGIN_DECLS


typedef struct tpl_plural_s  tpl_plural_t;

/*
 * Compiles text, what stands behind "plural=", into the arena.  The grammar and
 * the messages are those of Python's gettext.c2py().  NULL with err set: VALUE
 * or MEMORY.
 */
tpl_plural_t *tpl_plural_compile(tpl_arena_t *arena, const tpl_str_t *text,
    tpl_error_t *err);

/*
 * The form for n: TypeError if n is no number, ZeroDivisionError, OverflowError
 * beyond 64 bits.  Takes no more steps than the program has instructions.
 */
tpl_int_t tpl_plural_form(tpl_exec_t *exec, const tpl_plural_t *plural,
    const tpl_value_t *n, int64_t *form);


TPL_END_DECLS


#endif /* _TPL_PLURAL_H_INCLUDED_ */
