
/*
 * Inside of the specializer: tpl_special.c runs what is known, tpl_residue.c
 * writes the program of what is not.  No other file includes this.
 */

#ifndef _TPL_SPECIAL_H_INCLUDED_
#define _TPL_SPECIAL_H_INCLUDED_


#include "program/tpl_compiler.h"
#include "vm/tpl_vm_internal.h"


TPL_BEGIN_DECLS


/*
 * A value that only a render has: the PENDING values of a specializing VM are
 * these.  It is in the slot of the new program once that is ready.
 */

typedef struct {
    tpl_object_t             object;
    const tpl_name_t        *name;      /* the host's, or NULL */
    uint8_t                  globals;   /* only its globals were asked */
    uint8_t                  ready;
    uint32_t                 slot;
} tpl_unknown_t;


/* a container and what stands for it in the new program */

typedef struct {
    const void              *from;
    void                    *to;
} tpl_special_copy_t;


/* a module of Python, and the builtin that makes it */

typedef struct {
    const void              *object;
    uint32_t                 fn;
} tpl_special_module_t;


typedef struct {
    tpl_vm_t                *vm;
    tpl_arena_t             *scratch;   /* goes when all is done */
    tpl_unit_t              *unit;      /* what the new function belongs to */
    tpl_compiler_t           c;
    tpl_builder_t            b;
    tpl_error_t              err;

    tpl_vec(tpl_unknown_t *)      unknowns;
    tpl_vec(const tpl_name_t *)   builtins;
    tpl_vec(tpl_special_copy_t)   copies;
    tpl_vec(tpl_special_module_t) modules;
    uint32_t                 ncopied;   /* values */
    uint32_t                 nested;    /* instructions of calls by builtins */

    tpl_unknown_t           *looked;    /* that the host was asked for last */

    /* where the running statement began; the state there */
    tpl_frame_t             *frame;
    uint32_t                 start;
    tpl_output_mark_t        mark;
    tpl_value_t             *slots;
    uint32_t                 slots_size;
    tpl_uint_t               autoescape;

    tpl_uint_t               residue_autoescape;    /* where b has come to */

    uint8_t                  touched;   /* something only a render knows */
    uint8_t                  mutable;   /* a list or dict is a constant */
    uint8_t                  mutated;   /* something may change one */
    uint8_t                  calls;     /* something unknown is called ... */
    uint8_t                  picks;     /* ... and a method may be picked by a
                                           name that is not known */
} tpl_specializer_t;


tpl_unknown_t *tpl_unknown_create(tpl_specializer_t *s,
    const tpl_name_t *name, tpl_uint_t globals);

/* what has been written so far becomes text of the new program */
tpl_int_t tpl_residue_text(tpl_specializer_t *s);

/*
 * The instructions of the statement that began at s->start, of which the one
 * at pc cannot be done now, and all up to where they come together again.  The
 * frame then stands behind them.  TPL_DECLINED for what is not handled.
 */
tpl_int_t tpl_residue_region(tpl_specializer_t *s, uint32_t pc);

/* what a RESOLVE has found to be unknown gets its slot */
tpl_int_t tpl_residue_resolve(tpl_specializer_t *s, const tpl_func_t *fn,
    uint32_t pc, tpl_unknown_t *u);


TPL_END_DECLS


#endif /* _TPL_SPECIAL_H_INCLUDED_ */
