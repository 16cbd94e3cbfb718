
/*
 * Inside the virtual machine: frames, contexts, and the objects that only it
 * knows.  No other room includes this.
 */

#ifndef _TPL_VM_INTERNAL_H_INCLUDED_
#define _TPL_VM_INTERNAL_H_INCLUDED_


#include "base/tpl_number.h"
#include "vm/tpl_vm.h"


TPL_BEGIN_DECLS


typedef struct tpl_vars_s     tpl_vars_t;
typedef struct tpl_context_s  tpl_context_t;
typedef struct tpl_frame_s    tpl_frame_t;
typedef struct tpl_try_s      tpl_try_t;
typedef struct tpl_via_s      tpl_via_t;
typedef struct tpl_loop_s     tpl_loop_t;
typedef struct tpl_module_s   tpl_module_t;


/*
 * Variables of a context, and around them those it was made from.  A table that
 * anything else refers to is shared: it never changes again.
 */

typedef struct {
    const tpl_char_t        *key;       /* text of the set's own name */
    uint32_t                 len;
    uint32_t                 exported;
    tpl_value_t              value;
} tpl_var_t;

struct tpl_vars_s {
    tpl_vars_t              *next;      /* outwards */
    uint32_t                 n;
    uint32_t                 size;
    uint8_t                  shared;
    tpl_var_t                vars[];
};


/* Jinja2: runtime.Context */

struct tpl_context_s {
    tpl_template_t          *tmpl;      /* that is being rendered */
    tpl_vars_t              *vars;      /* innermost table */
    uint8_t                  own;       /* which is this context's */
    uint8_t                  globals;   /* beyond vars only globals */
    uint8_t                  cached;    /* its module serves everyone */
    tpl_block_t             *blocks;    /* as far as parents are known */
    uint32_t                 nblocks;
    tpl_object_t            *self;      /* the template reference, once made */
};

tpl_context_t *tpl_context_create(tpl_vm_t *vm, tpl_template_t *tmpl);

/* as Jinja2's derived(): sees all that context sees, and locals (or NULL) */
tpl_context_t *tpl_context_derive(tpl_vm_t *vm, tpl_context_t *context,
    tpl_vars_t *locals);

/* what an inner context may look at for good */
tpl_vars_t *tpl_context_snapshot(tpl_context_t *context);

tpl_vars_t *tpl_vars_create(tpl_vm_t *vm, uint32_t size);
/* the table must have room */
void tpl_vars_add(tpl_vars_t *vars, const tpl_str_t *name,
    const tpl_value_t *value);

tpl_int_t tpl_context_set(tpl_vm_t *vm, tpl_context_t *context,
    const tpl_name_t *name, const tpl_value_t *value, tpl_uint_t exported);

/* TPL_DECLINED if nobody knows the name; PENDING is given as it is */
tpl_int_t tpl_context_resolve(tpl_vm_t *vm, tpl_context_t *context,
    const tpl_name_t *name, tpl_value_t *out);

/* the variable in this one table, or NULL */
tpl_var_t *tpl_vars_find(tpl_vars_t *vars, const tpl_name_t *name);

/* the value among the context's own variables, or NULL */
const tpl_value_t *tpl_context_var(const tpl_context_t *context,
    const tpl_name_t *name);

/* the same beyond them; globals: without the data */
tpl_int_t tpl_context_global(tpl_vm_t *vm, const tpl_name_t *name,
    tpl_uint_t globals, tpl_value_t *out);

/* NULL if there is none */
tpl_block_t *tpl_context_block(const tpl_context_t *context,
    const tpl_name_t *name);

/* the blocks of a parent go behind those that are there */
tpl_int_t tpl_context_extend(tpl_vm_t *vm, tpl_context_t *context,
    const tpl_template_t *parent);


/* what happens with a function's output when it returns */

typedef enum {
    TPL_RESULT_END = 0,     /* the render is done */
    TPL_RESULT_WRITE,       /* it stays where it was written */
    TPL_RESULT_STRING,      /* pushed; markup if the caller escapes */
    TPL_RESULT_LOOP,        /* pushed; markup if the loop escapes */
    TPL_RESULT_MODULE,      /* a module is pushed */
    TPL_RESULT_BODY,        /* a module is kept, its text written */
    TPL_RESULT_NESTED       /* a builtin waits for the value */
} tpl_result_t;


/* TRY: what to restore when an error comes */

struct tpl_try_s {
    tpl_try_t               *outer;
    uint32_t                 target;    /* instruction */
    uint32_t                 depth;     /* of the frame's stack */
    uint32_t                 nmarks;
    tpl_uint_t               autoescape;
};


/* a root that went on as its parent's: for the places in an error */

struct tpl_via_s {
    tpl_via_t               *next;
    const tpl_func_t        *fn;
    uint32_t                 pc;
};


/*
 * A running function.  Slots and stack follow it in memory.  pc is valid while
 * the function calls or the VM is not running.
 */

struct tpl_frame_s {
    const tpl_func_t        *fn;
    tpl_value_t             *slots;
    tpl_value_t             *sp;        /* behind the topmost value */
    const tpl_insn_t        *pc;        /* the instruction at work, ... */
    const tpl_insn_t        *resume;    /* ... and where callees return to */
    tpl_frame_t             *caller;
    tpl_frame_t             *closure;   /* static link */
    tpl_context_t           *context;
    tpl_template_t          *parent;    /* of a root: that it extends */
    tpl_via_t               *via;
    tpl_try_t               *tries;
    tpl_func_t             **chain;     /* of a block: all definitions */
    uint32_t                 nchain;
    uint32_t                 position;  /* its own; of a root: where its
                                           EXTENDS stands */
    uint32_t                 nmarks;    /* of the VM, without its own */
    uint32_t                 depth;
    tpl_uint_t               autoescape;    /* the caller's */
    uint8_t                  result;
    uint8_t                  markup;    /* RESULT_LOOP */
    uint8_t                  order;     /* size class */
};

#define tpl_frame_stack(f)   ((f)->slots + (f)->fn->nslots)

/* frames of 8 << order values are kept for the next call */
#define TPL_FRAME_ORDERS     14


/* one for a number of instructions; wrong ones only cost time */
#define TPL_HINTS            64

#define tpl_vm_hint(vm, i)                                                   \
    (&(vm)->hints[((uintptr_t) (i) / sizeof(tpl_insn_t)) & (TPL_HINTS - 1)])

struct tpl_vm_s {
    tpl_exec_t               exec;      /* first: builtins see only this */
    tpl_vm_conf_t            conf;
    tpl_template_t          *tmpl;
    tpl_set_t               *set;
    tpl_frame_t             *frame;
    tpl_output_t             output;

    tpl_output_mark_t       *marks;     /* open captures, outermost first */
    uint32_t                 nmarks;
    uint32_t                 marks_size;

    uint64_t                 steps;     /* fuel spent before this turn */
    int64_t                  granted;   /* fuel given for this turn */
    uint32_t                 depth;     /* most frames */
    uint32_t                 nframes;   /* in the error so far */
    uint8_t                  started;
    uint8_t                  over;
    uint8_t                  flush;     /* a FLUSH ran since it was asked */

    tpl_frame_t             *frames[TPL_FRAME_ORDERS];
    tpl_try_t               *tries;     /* free ones */
    tpl_loop_t              *loops;     /* free ones */
    tpl_module_t            *modules;   /* made without context */
    tpl_value_t              nested;    /* RESULT_NESTED's value */

    /* specializing: asked before each instruction of a nested call; it gives
     * the fuel for that one, or TPL_AGAIN */
    tpl_int_t              (*look)(tpl_vm_t *vm);

    tpl_dict_t              *scope;     /* of the last error, with debug */
    const tpl_insn_t        *waiting;   /* RESOLVE_PUSH that waits for ... */
    tpl_value_t              pending;   /* ... this */
    uint8_t                  hints[TPL_HINTS];  /* tpl_dict_find_again() */
};

#define tpl_vm(exec)  ((tpl_vm_t *) (exec)->vm)


/* tpl_frame.c */

/*
 * Makes fn the running function; its slots are MISSING.  The caller's sp, pc
 * and resume must be saved.  NULL with the error set.
 */
tpl_frame_t *tpl_frame_enter(tpl_vm_t *vm, const tpl_func_t *fn,
    tpl_frame_t *closure, tpl_context_t *context, tpl_uint_t autoescape,
    tpl_result_t result);

/* the names that the running code sees; NULL without memory */
tpl_dict_t *tpl_context_scope(tpl_vm_t *vm);

/* gives the result to the caller, which runs again (NULL: nobody does) */
tpl_int_t tpl_frame_leave(tpl_vm_t *vm);

/* frees the running frame and nothing else */
void tpl_frame_drop(tpl_vm_t *vm);

/* a root goes on as the root of frame->parent */
tpl_int_t tpl_frame_parent(tpl_vm_t *vm);

tpl_int_t tpl_frame_try(tpl_vm_t *vm, uint32_t target, tpl_value_t *sp);
void tpl_frame_try_end(tpl_vm_t *vm);

/*
 * After an error: TPL_OK when some TRY goes on with it, its frame then runs at
 * frame->pc, else TPL_ERROR with all frames in the error.  Frames from stop on
 * outwards are left alone.
 */
tpl_int_t tpl_frame_unwind(tpl_vm_t *vm, tpl_frame_t *stop);

/*
 * The places that an error in frame would tell besides its own, made in the
 * arena; TPL_ERROR without memory, no error is set.
 */
tpl_int_t tpl_frame_origins(tpl_arena_t *arena, const tpl_frame_t *frame,
    const tpl_frame_pos_t **out);

/*
 * tpl_rows.c: writes the next items of loop as far as each would be written by
 * its superinstructions without going another way; i is NEXT_ROWS, which is to
 * go on then.  Returns what is left of fuel: an item takes as much of it as it
 * does otherwise.
 */
int64_t tpl_vm_rows(tpl_vm_t *vm, const tpl_insn_t *i, tpl_loop_t *loop,
    tpl_value_t *slots, int64_t fuel);

/* captures */
tpl_int_t tpl_vm_capture(tpl_vm_t *vm);
tpl_int_t tpl_vm_capture_end(tpl_vm_t *vm, tpl_str_t *str);

/* a caught exception as the error it was, and whether class catches it */
tpl_int_t tpl_exception_raise(tpl_vm_t *vm, const tpl_value_t *v);
tpl_uint_t tpl_exception_matches(const tpl_value_t *v,
    const tpl_list_t *names);


/* tpl_loop.c */

typedef enum {
    TPL_LOOP_LIST = 0,
    TPL_LOOP_RANGE,
    TPL_LOOP_ITER
} tpl_loop_kind_t;

/* Jinja2: runtime.LoopContext; index0 is -1 before the first item */

struct tpl_loop_s {
    tpl_object_t             object;    /* `loop` itself */
    tpl_loop_kind_t          kind;
    tpl_list_t              *list;
    int64_t                  index0;
    int64_t                  n;         /* RANGE: items */
    int64_t                  start;
    int64_t                  step;

    tpl_iter_t               iter;      /* ITER */
    tpl_value_t              after;     /* looked at ahead, or MISSING */
    tpl_value_t              current;
    tpl_value_t              before;

    tpl_loop_t              *free;      /* next of the free ones */
    uint8_t                  exposed;   /* `loop` may be kept by someone */

    /* the rest is set for exposed loops only */

    int64_t                  length;    /* once it was asked for, else -1 */
    int64_t                  depth0;
    tpl_list_t              *changed;   /* what changed() saw last */
    const tpl_func_t        *fn;        /* of a recursive loop */
    tpl_frame_t             *closure;
    tpl_context_t           *context;
    tpl_uint_t               autoescape;
};

extern const tpl_class_t  tpl_loop_class;

#define tpl_is_loop(v)                                                       \
    ((v)->type == TPL_OBJECT && (v)->u.obj->cls == &tpl_loop_class)

/* over iterable; AGAIN is possible */
tpl_int_t tpl_loop_create(tpl_vm_t *vm, const tpl_value_t *iterable,
    tpl_uint_t exposed, tpl_loop_t **out);
void tpl_loop_free(tpl_vm_t *vm, tpl_loop_t *loop);

/* any kind of loop: OK, DONE or ERROR */
tpl_int_t tpl_loop_next(tpl_exec_t *exec, tpl_loop_t *loop,
    tpl_value_t *out);

/* loop.cycle() and loop.changed() without a bound method; DECLINED: others */
tpl_int_t tpl_loop_method(tpl_exec_t *exec, tpl_loop_t *loop,
    const tpl_name_t *name, const tpl_value_t *args, tpl_uint_t n,
    tpl_value_t *out);

/* loop(iterable): enters the frame */
tpl_int_t tpl_loop_call(tpl_vm_t *vm, tpl_loop_t *loop,
    const tpl_value_t *args, tpl_uint_t n, const tpl_list_t *names,
    tpl_dict_t *kwargs, tpl_uint_t direct);


/* tpl_macro.c */

struct tpl_macro_s {
    tpl_str_t                name;      /* first: repr() reads it there */
    const tpl_func_t        *fn;
    tpl_frame_t             *closure;
    tpl_context_t           *context;
    tpl_uint_t               autoescape;
};

tpl_int_t tpl_macro_create(tpl_vm_t *vm, const tpl_func_t *fn,
    tpl_value_t *out);

/*
 * Binds and enters.  Keywords are names (or NULL) with their values behind the
 * n positional args, or a dict that may be changed (or NULL).
 */
tpl_int_t tpl_macro_call(tpl_vm_t *vm, tpl_macro_t *macro,
    const tpl_value_t *args, tpl_uint_t n, const tpl_list_t *names,
    tpl_dict_t *kwargs, tpl_result_t result);

/* name, arguments, ...; DECLINED for others */
tpl_int_t tpl_macro_attr(tpl_vm_t *vm, const tpl_macro_t *macro,
    const tpl_str_t *name, tpl_value_t *out);


/* tpl_module.c */

/* Jinja2: environment.TemplateModule */

struct tpl_module_s {
    tpl_object_t             object;
    tpl_template_t          *tmpl;
    tpl_vars_t              *vars;      /* NULL if it has none */
    tpl_str_t                body;
    tpl_module_t            *next;      /* in the VM's cache */
};

extern const tpl_class_t  tpl_module_class;

/* Jinja2: runtime.BlockReference */

typedef struct {
    tpl_object_t             object;
    const tpl_name_t        *name;
    tpl_context_t           *context;
    tpl_func_t             **chain;
    uint32_t                 n;
    uint32_t                 position;
} tpl_block_ref_t;

extern const tpl_class_t  tpl_block_ref_class;

#define tpl_is_block_ref(v)                                                  \
    ((v)->type == TPL_OBJECT && (v)->u.obj->cls == &tpl_block_ref_class)

/* a block that overrides those behind position, or undefined if none is left */
tpl_int_t tpl_block_super(tpl_vm_t *vm, const tpl_name_t *name,
    tpl_context_t *context, tpl_func_t **chain, uint32_t n,
    uint32_t position, tpl_value_t *out);

/* `self` */
tpl_int_t tpl_template_ref(tpl_vm_t *vm, tpl_context_t *context,
    tpl_value_t *out);

/* enters the function at position of a chain */
tpl_int_t tpl_block_enter(tpl_vm_t *vm, tpl_context_t *context,
    tpl_func_t **chain, uint32_t n, uint32_t position,
    tpl_result_t result);

/*
 * The template that ref names, a list of names is for any of them: OK; DECLINED
 * when it is missing and ignore is set; ERROR.  select: what is neither is
 * taken for a list (Jinja2: get_or_select_template), else for a name.
 */
tpl_int_t tpl_vm_find(tpl_vm_t *vm, const tpl_value_t *ref,
    tpl_uint_t select, tpl_uint_t ignore, tpl_template_t **tmpl);
/* the same for a linked template */
tpl_int_t tpl_vm_check(tpl_vm_t *vm, tpl_template_t *tmpl,
    tpl_uint_t ignore);

/*
 * Includes or imports tmpl: enters its root, or, when a module is cached,
 * writes its text (OK with *entered 0) or gives it in *module.  locals may be
 * NULL.
 */
tpl_int_t tpl_vm_include(tpl_vm_t *vm, tpl_template_t *tmpl,
    tpl_uint_t flags, tpl_vars_t *locals, tpl_uint_t *entered);
tpl_int_t tpl_vm_import(tpl_vm_t *vm, tpl_template_t *tmpl, tpl_uint_t flags,
    tpl_vars_t *locals, tpl_uint_t *entered, tpl_value_t *module);

/* the module whose root is the running frame, which has written body */
tpl_module_t *tpl_module_create(tpl_vm_t *vm, tpl_frame_t *frame,
    const tpl_str_t *body);

tpl_int_t tpl_module_import(tpl_vm_t *vm, const tpl_value_t *module,
    const tpl_name_t *name, tpl_value_t *out);


/* tpl_print.c */

/* writes a value as OUTPUT does; how: TPL_OUT_* */
tpl_int_t tpl_vm_print(tpl_vm_t *vm, const tpl_value_t *v, tpl_uint_t how);

/* the error for output that returned TPL_ERROR */
tpl_int_t tpl_vm_output_error(tpl_vm_t *vm);

/* "format(v, spec)" with a conversion, and the join of an f-string */
tpl_int_t tpl_vm_format(tpl_vm_t *vm, const tpl_value_t *v,
    const tpl_value_t *spec, tpl_uint_t conversion, tpl_value_t *out);
tpl_int_t tpl_vm_concat(tpl_vm_t *vm, const tpl_value_t *values,
    uint32_t n, tpl_value_t *out);

/* what {% debug %} writes */
tpl_int_t tpl_vm_debug(tpl_vm_t *vm, tpl_value_t *out);


/* tpl_stack.c: instructions that are not worth a place in the loop */

/* a slot that is MISSING or PENDING; up: it is an outer function's */
tpl_int_t tpl_vm_load(tpl_vm_t *vm, tpl_value_t *slot,
    const tpl_name_t *name, tpl_uint_t python, tpl_uint_t up,
    tpl_value_t *out);

/* a PENDING value's data, in place */
tpl_int_t tpl_vm_force(tpl_vm_t *vm, tpl_value_t *v);

/* the host's attribute() */
tpl_int_t tpl_vm_host_attr(tpl_vm_t *vm, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out);

/* pushes at sp what x is unpacked to */
tpl_int_t tpl_vm_unpack(tpl_vm_t *vm, const tpl_insn_t *i,
    const tpl_value_t *x, tpl_value_t *sp);

tpl_int_t tpl_vm_build_dict(tpl_vm_t *vm, const tpl_value_t *pairs,
    uint32_t n, tpl_value_t *out);
tpl_int_t tpl_vm_build_set(tpl_vm_t *vm, const tpl_value_t *items,
    uint32_t n, tpl_value_t *out);
tpl_int_t tpl_vm_build_list(tpl_vm_t *vm, const tpl_value_t *items,
    uint32_t n, tpl_value_t *out);
tpl_int_t tpl_vm_update(tpl_vm_t *vm, tpl_dict_t *dict,
    const tpl_value_t *other, tpl_uint_t keywords);

/* the keywords of a call as a dict */
tpl_int_t tpl_vm_keywords(tpl_vm_t *vm, const tpl_list_t *names,
    const tpl_value_t *values, tpl_dict_t **out);

/* calls fn with value in front of list's items */
tpl_int_t tpl_vm_call_ex(tpl_vm_t *vm, const tpl_builtin_t *fn,
    const tpl_value_t *value, const tpl_list_t *list, tpl_dict_t *kwargs,
    tpl_value_t *out);

/* an undefined with a hint; name may be NULL */
tpl_int_t tpl_vm_undefined(tpl_vm_t *vm, const char *name, tpl_buf_t *hint,
    tpl_value_t *out);

/* appends repr() of a text, throws a builder's text */
void tpl_vm_repr(tpl_vm_t *vm, const tpl_str_t *s, tpl_buf_t *b);
tpl_int_t tpl_vm_throw(tpl_vm_t *vm, tpl_exc_t exc, tpl_buf_t *b);

/*
 * tpl_run.c: goes on with the running frame at its pc until `stop` (NULL:
 * nothing) is the running frame again, or fuel or data are missing.
 */
tpl_int_t tpl_vm_execute(tpl_vm_t *vm, tpl_frame_t *stop);

/* tpl_vm.c: enters the first frame */
tpl_int_t tpl_vm_start(tpl_vm_t *vm);

/*
 * tpl_vm.c: calls any value; n args, then the values of names (or NULL), or a
 * dict that may be changed (or NULL).  *out is set unless a frame was entered;
 * the caller's pc and sp are saved, its resume is set here.
 */
tpl_int_t tpl_vm_invoke(tpl_vm_t *vm, const tpl_value_t *callee,
    const tpl_value_t *args, tpl_uint_t n, const tpl_list_t *names,
    tpl_dict_t *kwargs, tpl_uint_t direct, tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_VM_INTERNAL_H_INCLUDED_ */
