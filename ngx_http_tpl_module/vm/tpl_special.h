
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
    uint8_t                  missing;   /* it may be, the next of the name is
                                           meant then */
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
    uint32_t                 steps;     /* instructions run, ... */
    uint32_t                 nested;    /* ... and those of calls by builtins */

    tpl_unknown_t           *looked;    /* that the host was asked for last */

    tpl_context_t           *context;   /* of the whole template */

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


/* at an instruction of the region: what is open when it is reached */

typedef struct {
    int32_t                  depth;
    int32_t                  captures;
    int32_t                  loops;
    int32_t                  tries;
    uint32_t                 from;      /* the first that jumps there */
    uint8_t                  seen;
    uint8_t                  target;    /* of a jump */
} tpl_region_at_t;


/* something known that is on the original's stack, not on the new program's */

typedef struct {
    tpl_value_t              value;
    int32_t                  depth;
    uint32_t                 pc;        /* that pushed it */
} tpl_region_hole_t;


/* most instructions of a new program */
#define TPL_SPECIAL_CODE     8192

#define TPL_SLOT_NONE        UINT32_MAX

/* the instructions of a statement, or of a function in the place of its call */

typedef struct tpl_region_s  tpl_region_t;

struct tpl_region_s {
    tpl_specializer_t       *s;
    tpl_region_t            *up;        /* the one around it */
    uint32_t                 level;     /* how many are around it */
    tpl_frame_t             *frame;
    const tpl_func_t        *fn;
    tpl_insn_t              *code;      /* without superinstructions */
    const tpl_template_t    *tmpl;
    uint32_t                 start;
    uint32_t                 end;
    tpl_region_at_t         *at;
    uint32_t                *todo;
    tpl_label_t             *labels;
    uint32_t                *slots;     /* the new one of a slot written */
    uint8_t                 *loops;     /* slots of loops */
    tpl_vec(tpl_region_hole_t)    holes;
    uint32_t                 skip;      /* an instruction left out, or 0 */
    tpl_vars_t              *locals;    /* that LOCALS gave ... */
    uint32_t                 locals_pc; /* ... to the instruction there */
    uint32_t                 known_pc;
    tpl_value_t              known;     /* not emitted yet, or MISSING */
    tpl_uint_t               has_known;
};


tpl_unknown_t *tpl_unknown_create(tpl_specializer_t *s,
    const tpl_name_t *name, tpl_uint_t globals);

/* what has been written so far becomes text of the new program */
tpl_int_t tpl_residue_text(tpl_specializer_t *s);

/* the index in the new program of a name of tmpl's */
tpl_int_t tpl_residue_name(tpl_specializer_t *s, const tpl_template_t *tmpl,
    uint32_t name, uint32_t *index);

/* pushes a copy of v, which lives only as long as the specializer; TPL_DECLINED
 * for what cannot be a constant */
tpl_int_t tpl_residue_const(tpl_specializer_t *s, const tpl_value_t *v);

/* the module of Python that v is, or NULL */
const tpl_special_module_t *tpl_residue_module(const tpl_specializer_t *s,
    const tpl_value_t *v);

/*
 * The instructions of the statement that began at s->start, of which the one
 * at pc cannot be done now, and all up to where they come together again.  The
 * frame then stands behind them.  TPL_DECLINED for what is not handled.
 */
tpl_int_t tpl_residue_region(tpl_specializer_t *s, uint32_t pc);

/* allocates what a region needs and finds its end */
tpl_int_t tpl_region_init(tpl_region_t *r);
tpl_int_t tpl_region_find(tpl_region_t *r);

/* the instructions, and what is pushed last if it is known */
tpl_int_t tpl_region_copy(tpl_region_t *r);
tpl_int_t tpl_region_flush(tpl_region_t *r);

/*
 * Calls within a region (tpl_inline.c): the callee's instructions take the
 * place of the call.  pc: a CALL, CALL_METHOD, LOCALS, BLOCK or INCLUDE_STATIC.
 * TPL_DECLINED if the callee is not known, or is none that can be copied.
 */
tpl_int_t tpl_region_call(tpl_region_t *r, uint32_t pc);
/* pushes a lambda that needs nothing of where it was made */
tpl_int_t tpl_region_lambda(tpl_region_t *r, const tpl_macro_t *lambda);
/* v, which cannot be a constant, is known to be on the stack from pc on */
tpl_int_t tpl_region_hole(tpl_region_t *r, const tpl_value_t *v, uint32_t pc);
/* the region of a frame, r or one around it; NULL if it is none's */
tpl_region_t *tpl_region_of(tpl_region_t *r, const tpl_frame_t *frame);

/* what a RESOLVE has found to be unknown gets its slot */
tpl_int_t tpl_residue_resolve(tpl_specializer_t *s, const tpl_func_t *fn,
    uint32_t pc, tpl_unknown_t *u);


TPL_END_DECLS


#endif /* _TPL_SPECIAL_H_INCLUDED_ */
