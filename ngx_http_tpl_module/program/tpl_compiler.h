
/*
 * Inside the compiler: the units of a set and the builder of one function.
 */

#ifndef _TPL_COMPILER_H_INCLUDED_
#define _TPL_COMPILER_H_INCLUDED_


#include "program/tpl_program.h"


TPL_BEGIN_DECLS


/* hands an error on; the compiler's err is set */
#define tpl_try(expr)                                                        \
    if ((expr) != TPL_OK) {                                                  \
        return TPL_ERROR;                                                    \
    }


/* arrays that grow in an arena: that for work, even if they are to be kept */

#define tpl_vec(type)                                                        \
    struct {                                                                 \
        type            *elts;                                               \
        uint32_t         n;                                                  \
        uint32_t         size;                                               \
    }

/* a new element at the end, zeroed; NULL without memory */
#define tpl_vec_push(arena, v)                                               \
    ((__typeof__((v)->elts)) tpl_vec_grow(arena, (void **) &(v)->elts,        \
                                          &(v)->n, &(v)->size,                \
                                          sizeof((v)->elts[0])))

void *tpl_vec_grow(tpl_arena_t *arena, void **elts, uint32_t *n,
    uint32_t *size, size_t elt);

/*
 * Moves the elements to arena, where they take what they need and no more.
 * Nothing may be pushed from then on.  TPL_ERROR without memory.
 */
#define tpl_vec_settle(arena, v)                                             \
    tpl_vec_move(arena, (void **) &(v)->elts, (v)->n * sizeof((v)->elts[0]))

tpl_int_t tpl_vec_move(tpl_arena_t *arena, void **elts, size_t size);


/* an interned name, and the template that is called so */

typedef struct {
    tpl_name_t               name;
    tpl_template_t          *tmpl;
    uint8_t                  assigned;  /* by some template of the set */
} tpl_atom_t;


/* a template and what is known of it while it is compiled */

typedef enum {
    TPL_UNIT_LOADED = 0,    /* the source is there */
    TPL_UNIT_PARSED,
    TPL_UNIT_EMITTED,       /* the functions are there */
    TPL_UNIT_LINKING,       /* its ancestors are being linked */
    TPL_UNIT_LINKED,        /* ready */
    TPL_UNIT_FAILED         /* tmpl.error says why */
} tpl_unit_state_t;

typedef struct tpl_unit_s  tpl_unit_t;

struct tpl_unit_s {
    tpl_template_t           tmpl;      /* the first member */
    tpl_tree_t               tree;      /* until the set is settled */
    uint8_t                  parsed;    /* the tree is there */
    tpl_template_t          *parent;    /* by a constant extends */
    tpl_unit_t              *from;      /* the first that referred to it */
    tpl_pos_t                from_pos;
    const char              *how;       /* "included from", ... */
    tpl_unit_t              *queue;     /* next to be compiled or linked */
    tpl_unit_t              *inner;     /* the child that is being linked */
};

#define tpl_unit(t)  ((tpl_unit_t *) (t))


struct tpl_set_s {
    tpl_set_conf_t           conf;
    tpl_arena_t             *arena;
    tpl_arena_t             *work;      /* of what programs do not keep */
    tpl_atom_t             **atoms;     /* open addressing, by hash */
    uint32_t                 natoms;
    uint32_t                 mask;
    tpl_text_t              *texts;     /* the same, in work */
    uint32_t                 ntexts;
    uint32_t                 texts_mask;
    tpl_template_t          *first;
    tpl_template_t          *last;
    tpl_unit_t              *queue;
    tpl_unit_t              *queue_last;
    tpl_unit_t              *done;      /* emitted, through ->queue */
    tpl_unit_t              *done_last;
    tpl_unit_t              *link;      /* of these, the next to be linked */
    uint64_t                 special_steps;     /* of all specialization */
    size_t                   special_size;      /* memory that it took */
    tpl_exec_t               exec;      /* to fold constants with */
    tpl_error_t              exec_error;
};


/*
 * The unit of a name that a template refers to, its source loaded and queued
 * for compilation.  A missing one gets a unit in state FAILED with a NOT_FOUND
 * error.  NULL with err set only for want of memory or a broken loader.
 */
tpl_unit_t *tpl_set_refer(tpl_set_t *set, const tpl_str_t *name,
    tpl_unit_t *from, const tpl_pos_t *pos, const char *how,
    tpl_error_t *err);

/*
 * Makes text->str bytes of the set's: those of an equal text of any of its
 * programs; else those that it has, if keep says that they live as long; else a
 * copy.  text->hash is set before.  TPL_ERROR without memory.
 */
tpl_int_t tpl_set_text(tpl_set_t *set, tpl_text_t *text, tpl_uint_t keep);

/* parses unless the tree is there; the unit is FAILED after TPL_ERROR */
tpl_int_t tpl_set_parse(tpl_set_t *set, tpl_unit_t *unit);

/* true if the unit failed because there is no such template */
tpl_uint_t tpl_unit_missing(const tpl_unit_t *unit);


/*
 * Names of one scope (Jinja2: idtracking.Symbols).  A name is bound to a slot
 * of the function; what the slot holds at the start of the scope is its load.
 */

typedef struct tpl_builder_s  tpl_builder_t;
typedef struct tpl_symbols_s  tpl_symbols_t;

typedef enum {
    TPL_SYM_PARAM = 0,      /* given by who enters the scope */
    TPL_SYM_RESOLVE,        /* looked up in the context */
    TPL_SYM_ALIAS,          /* a copy of an outer scope's */
    TPL_SYM_UNDEFINED       /* MISSING until it is stored */
} tpl_sym_load_t;

typedef struct {
    const tpl_name_t        *name;
    uint32_t                 slot;
} tpl_sym_ref_t;

typedef struct {
    uint32_t                 slot;
    tpl_sym_load_t           load;
    const tpl_name_t        *name;      /* RESOLVE */
    uint32_t                 depth;     /* ALIAS: functions outwards ... */
    uint32_t                 outer;     /* ... and the slot there */
} tpl_sym_init_t;

struct tpl_symbols_s {
    tpl_symbols_t               *parent;
    tpl_builder_t               *fn;
    uint32_t                     level;
    tpl_vec(tpl_sym_ref_t)       refs;
    tpl_vec(tpl_sym_init_t)      inits;
    tpl_vec(const tpl_name_t *)  stores;
};


/* a place to jump to: patched when bound */

typedef struct {
    int64_t                  target;    /* -1: not bound yet */
    tpl_vec(uint32_t)        uses;
} tpl_label_t;


/* what a break, continue or return has to leave on its way out */

typedef enum {
    TPL_LEAVE_LOOP = 0,
    TPL_LEAVE_CAPTURE,      /* CAPTURE_END, POP */
    TPL_LEAVE_AUTOESCAPE,   /* AUTOESCAPE_RESTORE of the saved mode */
    TPL_LEAVE_TRY,          /* TRY_END */
    TPL_LEAVE_FINALLY,      /* TRY_END and the body of finally */
    TPL_LEAVE_VALUE         /* POP: something on the stack */
} tpl_leave_kind_t;

typedef struct tpl_leave_s  tpl_leave_t;

struct tpl_leave_s {
    tpl_leave_kind_t         kind;
    tpl_leave_t             *outer;
    tpl_label_t             *on_break;      /* LOOP */
    tpl_label_t             *on_continue;
    tpl_node_t              *finally;       /* FINALLY */
};


/* slots of a function, by the level and name that Jinja2's locals have */

typedef struct {
    const tpl_name_t        *name;      /* NULL: a temporary */
    uint32_t                 level;
} tpl_slot_t;


/* a block of a Tornado page: the body that the most derived template gives */

typedef struct {
    const tpl_name_t        *name;
    tpl_node_t              *node;
    tpl_unit_t              *unit;
} tpl_named_block_t;


/* one template being compiled */

typedef struct {
    tpl_set_t                   *set;
    tpl_arena_t                 *arena;     /* of the program */
    tpl_arena_t                 *work;
    tpl_unit_t                  *unit;
    tpl_error_t                 *err;
    tpl_vec(tpl_value_t)         consts;
    tpl_vec(const tpl_name_t *)  names;
    tpl_vec(tpl_text_t)          texts;
    tpl_vec(tpl_template_t *)    links;
    tpl_vec(tpl_func_t *)        funcs;
    tpl_vec(tpl_called_t)        calls;
    uint32_t                     flags;     /* TPL_TEMPLATE_* */

    /* Jinja: the blocks of this template; what is known of extends */
    tpl_vec(tpl_node_t *)        blocks;
    tpl_uint_t                   have_extends;
    tpl_uint_t                   extends_so_far;
    tpl_uint_t                   known_extends;
    tpl_uint_t                   done;      /* nothing after this runs */

    /* Tornado: the page's blocks; the file that code comes from */
    tpl_vec(tpl_named_block_t)   named;
    tpl_unit_t                  *current;
    uint32_t                     inlined;   /* depth of inlined templates */
} tpl_compiler_t;


/* one function being built */

struct tpl_builder_s {
    tpl_compiler_t              *c;
    tpl_func_t                  *fn;
    tpl_builder_t               *outer;     /* the function around it */
    tpl_vec(tpl_insn_t)          code;
    tpl_vec(tpl_line_t)          lines;
    tpl_vec(tpl_origin_t)        origins;
    tpl_vec(tpl_slot_t)          slots;
    tpl_pos_t                    pos;
    const tpl_frame_pos_t       *frames;    /* of the lines */
    tpl_buf_t                    text;      /* static text not emitted yet */
    tpl_str_t                    slice;     /* the same while it is one piece
                                               of the source */
    tpl_leave_t                 *leave;

    /* whether output is escaped here, if that is known: 0, 1, or -1 */
    tpl_int_t                    autoescape;

    /* where it is not, literals go by the mode around (Jinja2 does so) */
    tpl_uint_t                   literals;
    /* inside of an autoescape block that is not (Jinja2: volatile); so is
     * whatever such a block holds */
    tpl_uint_t                   unsettled;

    /* Tornado: names that the function assigns to, and the names of
     * comprehensions around the code, innermost last */
    tpl_vec(tpl_sym_ref_t)       locals;
    tpl_vec(tpl_sym_ref_t)       inner;
};


/*
 * Building (tpl_code.c).  All return TPL_ERROR with the compiler's err set.
 */

tpl_int_t tpl_code_begin(tpl_builder_t *b, tpl_compiler_t *c,
    tpl_builder_t *outer, tpl_func_kind_t kind, const tpl_name_t *name,
    const tpl_pos_t *pos);
/* flushes text, verifies, and puts the function into the template */
tpl_int_t tpl_code_end(tpl_builder_t *b, uint32_t *index);

/* positions of what follows */
void tpl_code_pos(tpl_builder_t *b, const tpl_node_t *node);

tpl_int_t tpl_code_emit(tpl_builder_t *b, tpl_opcode_t op, uint32_t a,
    uint32_t b16, uint32_t c32);
/* before the text that is held back */
tpl_int_t tpl_code_insn(tpl_builder_t *b, tpl_opcode_t op, uint32_t a,
    uint32_t b16, uint32_t c32);
/* stable: the text lives as long as the program */
tpl_int_t tpl_code_text(tpl_builder_t *b, const tpl_str_t *text,
    tpl_uint_t stable);

void tpl_label_init(tpl_label_t *label);
tpl_int_t tpl_code_jump(tpl_builder_t *b, tpl_opcode_t op, uint32_t b16,
    tpl_label_t *label);
tpl_int_t tpl_code_bind(tpl_builder_t *b, tpl_label_t *label);

/* code from here on is inside of something that has to be left; NULL without
 * memory */
tpl_leave_t *tpl_leave_push(tpl_builder_t *b, tpl_leave_kind_t kind);
void tpl_leave_pop(tpl_builder_t *b);

/* a slot of its own, not seen by name; n neighbours */
tpl_int_t tpl_code_temp(tpl_builder_t *b, uint32_t n, uint32_t *slot);
/* the slot of a name at a level, made when it is first asked for */
tpl_int_t tpl_code_slot(tpl_builder_t *b, uint32_t level,
    const tpl_name_t *name, uint32_t *slot);

/* indices of constants and names, made when first asked for */
tpl_int_t tpl_code_const(tpl_compiler_t *c, const tpl_value_t *v,
    uint32_t *index);
tpl_int_t tpl_code_const_str(tpl_compiler_t *c, const tpl_str_t *s,
    uint32_t *index);
tpl_int_t tpl_code_const_names(tpl_compiler_t *c, const tpl_name_t **names,
    uint32_t n, uint32_t *index);
tpl_int_t tpl_code_name(tpl_compiler_t *c, const tpl_name_t *name,
    uint32_t *index);
tpl_int_t tpl_code_link(tpl_compiler_t *c, tpl_template_t *tmpl,
    uint32_t *index);

/* pushes a constant */
tpl_int_t tpl_code_push(tpl_builder_t *b, const tpl_value_t *v);

tpl_int_t tpl_compile_error(tpl_compiler_t *c, tpl_exc_t exc,
    const tpl_node_t *node, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
tpl_int_t tpl_compile_memory(tpl_compiler_t *c);

#define tpl_compile_error(...)  tpl_failure(tpl_compile_error(__VA_ARGS__))
#define tpl_compile_memory(c)   tpl_failure(tpl_compile_memory(c))

/* hands t the functions and tables that c has gathered */
tpl_int_t tpl_compile_end(tpl_compiler_t *c, tpl_template_t *t);

/* the set's own tpl_name_t of a name; NULL without memory, err set */
const tpl_name_t *tpl_compile_name(tpl_compiler_t *c, const tpl_str_t *s);

/* remembers that a template of the set gives name a value; if one does */
void tpl_set_assigned(tpl_set_t *set, const tpl_name_t *name);
tpl_uint_t tpl_set_is_assigned(const tpl_set_t *set, const tpl_name_t *name);

/* notes a call of a name, for tpl_called_check() and ..._check_route() */
tpl_int_t tpl_called_add(tpl_builder_t *b, const tpl_node_t *node);


/*
 * Scopes (tpl_scope.c).
 */

/* what a scope is made of: which of a statement's parts are visited */

typedef enum {
    TPL_SCOPE_NODES = 0,    /* a list of statements */
    TPL_SCOPE_FOR_BODY,
    TPL_SCOPE_FOR_ELSE,
    TPL_SCOPE_FOR_TEST,
    TPL_SCOPE_MACRO,        /* parameters, defaults, body */
    TPL_SCOPE_BODY,         /* u.set.body, of set and filter blocks */
    TPL_SCOPE_WITH
} tpl_scope_kind_t;

tpl_symbols_t *tpl_symbols_create(tpl_builder_t *b, tpl_symbols_t *parent);
tpl_int_t tpl_symbols_analyze(tpl_symbols_t *sym, tpl_node_t *node,
    tpl_scope_kind_t kind);
tpl_int_t tpl_symbols_param(tpl_symbols_t *sym, const tpl_name_t *name,
    uint32_t *slot);

/* TPL_DECLINED when no scope knows name; depth counts functions outwards */
tpl_int_t tpl_symbols_find(tpl_symbols_t *sym, const tpl_name_t *name,
    uint32_t *slot, uint32_t *depth);

/* true if a template gives name a value in sym or a scope around it */
tpl_uint_t tpl_symbols_shadow(tpl_symbols_t *sym, const tpl_name_t *name);

/* true if the ATTR node names a variable of the host: nginx.NAME */
tpl_uint_t tpl_is_host_variable(tpl_symbols_t *sym, const tpl_node_t *node);

/* every name stored in sym or a scope around it, each once */
tpl_int_t tpl_symbols_stored(tpl_symbols_t *sym, const tpl_name_t ***names,
    uint32_t *n);

/*
 * Which of the names the nodes read without having stored them before; a bit a
 * name (Jinja2: find_undeclared).
 */
uint32_t tpl_find_undeclared(tpl_node_t *nodes, const char *const *names,
    uint32_t n);

/* calls fn for each child of node in the order of Jinja2's fields */
typedef tpl_int_t (*tpl_walk_pt)(tpl_node_t *node, void *data);
tpl_int_t tpl_walk(tpl_node_t *node, tpl_walk_pt fn, void *data);
tpl_int_t tpl_walk_list(tpl_node_t *list, tpl_walk_pt fn, void *data);

/* replaces {% trans %} by the output it stands for, in place */
tpl_int_t tpl_lower_trans(tpl_compiler_t *c, tpl_node_t *node);


/*
 * Emitting.
 */

/* where an expression or statement stands (Jinja2: compiler.Frame) */

typedef struct {
    tpl_symbols_t           *symbols;
    uint8_t                  toplevel;
    uint8_t                  rootlevel;
    uint8_t                  soft;
    uint8_t                  output_check;
    const tpl_name_t        *block;
} tpl_scope_t;

/* tpl_emit_expr.c: leaves the value on the stack */
tpl_int_t tpl_emit_expr(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node);
/* takes the value on the stack */
tpl_int_t tpl_emit_store(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node);
/* a filter whose input is the value on the stack, innermost callee NULL */
tpl_int_t tpl_emit_filter_chain(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
/* {{ expr }}: the value goes out as how (TPL_OUT_*) says */
tpl_int_t tpl_emit_output(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *expr, tpl_uint_t how);
/* a call; caller (may be NULL) tells to pass the macro on the stack top */
tpl_int_t tpl_emit_call(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node,
    tpl_uint_t direct, const uint32_t *caller_func);

/* tpl_fold.c: TPL_OK with the value when node is constant, else TPL_DECLINED */
tpl_int_t tpl_fold(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out);
/* as tpl_fold(), but an undefined is a result: of what is printed at once */
tpl_int_t tpl_fold_printed(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);

/*
 * tpl_called.c: reads the time zones that a call may name (TPL_FN_ZONE), since
 * a render opens no files.  An unknown constant name is an error.
 */
tpl_int_t tpl_called_zones(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);

/* tpl_emit_jinja.c, tpl_emit_tornado.c: a whole template */
tpl_int_t tpl_emit_jinja(tpl_compiler_t *c);
tpl_int_t tpl_emit_tornado(tpl_compiler_t *c);

/* Jinja's statements: tpl_emit_jinja.c, _loop.c, _ref.c, _macro.c */
/* gives the names of a scope their first values; fresh: at the start of a
 * function, where all slots are MISSING already */
tpl_int_t tpl_enter(tpl_builder_t *b, tpl_symbols_t *sym,
    tpl_uint_t fresh);
/* clears a scope that a closure was made in */
tpl_int_t tpl_leave(tpl_builder_t *b, tpl_symbols_t *sym,
    tpl_uint_t closures);
tpl_int_t tpl_emit_nodes(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *list);
tpl_int_t tpl_emit_if(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_for(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_recursive(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_jump_out(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_block(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_extends(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_include(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_import(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_macro(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_call_block(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);
tpl_int_t tpl_emit_export_name(tpl_builder_t *b, tpl_scope_t *s,
    const tpl_name_t *name, tpl_uint_t exported);
/* the scope of a statement inside of s */
void tpl_inner(tpl_scope_t *inner, const tpl_scope_t *s,
    tpl_symbols_t *sym);

/* Tornado: names, lambdas, comprehensions */
/* TPL_DECLINED when no function knows name; depth counts them outwards */
tpl_int_t tpl_python_find(tpl_builder_t *b, const tpl_name_t *name,
    uint32_t *slot, uint32_t *depth);
tpl_uint_t tpl_is_python_host_variable(tpl_builder_t *b,
    const tpl_node_t *node);
tpl_int_t tpl_emit_python_name(tpl_builder_t *b, tpl_node_t *node);
tpl_int_t tpl_emit_python_store(tpl_builder_t *b, const tpl_name_t *name);
tpl_int_t tpl_emit_lambda(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node);
tpl_int_t tpl_emit_comprehension(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);

/* {% import a.b as c %}, {% from a import b as c %} */
tpl_int_t tpl_emit_python_import(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);

/*
 * {% module Name(args) %} renders modules/Name.html, a template of its own that
 * sees the data, its keyword arguments as names, positional arguments that are
 * names by these, and all positional arguments as the tuple args.
 */
tpl_int_t tpl_emit_python_module(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *node);

tpl_int_t tpl_emit_python_nodes(tpl_builder_t *b, tpl_scope_t *s,
    tpl_node_t *list);

/* leaves everything up to the loop, which is returned; NULL outside of one */
tpl_int_t tpl_emit_leave_loop(tpl_builder_t *b, tpl_scope_t *s,
    tpl_leave_t **loop);

/* tpl_link.c: tables of blocks; purity of units in a row by their queue */
tpl_int_t tpl_link(tpl_set_t *set, tpl_unit_t *unit, tpl_error_t *err);
void tpl_link_purity(tpl_unit_t *units);

/* true if some method or function of a module that has the name changes what it
 * is given */
tpl_uint_t tpl_mutates_name(const tpl_builtins_t *builtins,
    const tpl_str_t *name);
/* which of TPL_TEMPLATE_MUTATES, CALLS and PICKS the template itself has */
uint32_t tpl_link_changes(const tpl_template_t *t);

/* longest text of superinstructions: such are copied into pages anyway */
#define TPL_FUSE_TEXT  256

/*
 * tpl_fuse.c: puts superinstructions into a verified function; what stood in
 * the place of one.
 */
void tpl_fuse(const tpl_template_t *t, tpl_func_t *fn);
tpl_opcode_t tpl_insn_plain(uint8_t op);

/* tpl_verify.c: the deepest stack; TPL_ERROR with err for a bad program */
int64_t tpl_insn_pops(const tpl_insn_t *i);
int64_t tpl_insn_pushes(const tpl_insn_t *i);
tpl_uint_t tpl_insn_jumps(const tpl_insn_t *i);     /* to its c, perhaps */
tpl_int_t tpl_verify_depth(const tpl_template_t *tmpl, const tpl_func_t *fn,
    tpl_arena_t *arena, uint32_t *max, tpl_error_t *err);


TPL_END_DECLS


#endif /* _TPL_COMPILER_H_INCLUDED_ */
