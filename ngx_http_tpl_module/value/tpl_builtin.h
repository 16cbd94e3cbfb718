
/*
 * Builtins: filters, tests, functions and methods.  The rooms that need them
 * (program, vm) get them as a table, filled by builtins/; so nothing points
 * back.
 */

#ifndef _TPL_BUILTIN_H_INCLUDED_
#define _TPL_BUILTIN_H_INCLUDED_


#include "value/tpl_value.h"
#include "value/tpl_dict.h"


TPL_BEGIN_DECLS


/*
 * One call.  args has exactly one value for each declared parameter, in their
 * order: MISSING where none was given (only for optional ones), a TUPLE for
 * "*args", a DICT for "**kwargs".  For a filter args[0] is what stands left of
 * the bar, for a test what stands left of `is`, for a method its self.
 * The handler sets result (None if it does not) and returns TPL_OK, TPL_ERROR
 * with exec's error set, or TPL_AGAIN to be called again with the same
 * arguments once the host has data.
 */

struct tpl_call_s {
    tpl_exec_t              *exec;
    const tpl_builtin_t     *fn;        /* NULL for a class's call() */
    tpl_object_t            *object;    /* for a class's call(), else NULL */
    tpl_value_t             *args;
    tpl_uint_t               nargs;     /* for class calls: as given */
    tpl_dict_t              *kwargs;    /* for class calls: may be NULL */
    tpl_value_t              result;
};

typedef tpl_int_t (*tpl_handler_pt)(tpl_call_t *call);


/*
 * How a builtin is written down, in static tables that end with a NULL name:
 *
 *     { "truncate", "s, length=, killwords=, end=, leeway=", do_truncate, 0 },
 *
 * "=" marks an optional parameter; "*name" and "**name" come last; parameters
 * that may not be given by keyword stand before a "/".
 */

typedef struct {
    const char              *name;
    const char              *params;
    tpl_handler_pt           handler;
    uint32_t                 flags;
} tpl_builtin_def_t;

#define TPL_FN_IMPURE    0x01   /* never folded; the page gets no ETag */
#define TPL_FN_MUTATES   0x02   /* changes its self (immutable sandbox) */
#define TPL_FN_CONTEXT   0x04   /* depends on exec's state; never folded */
#define TPL_FN_MARKUP    0x08   /* a str method that only markup has */
#define TPL_FN_VALUE     0x10   /* the name stands for what calling it gives */
#define TPL_FN_MODULE    0x20   /* a module: it can be imported */
#define TPL_FN_CLASS     0x40   /* a class in Python: prints itself as one */
#define TPL_FN_ZONE      0x80   /* its first argument may name a time zone,
                                   which has to be read before a render */


typedef struct {
    tpl_name_t               name;
    uint8_t                  optional;
    uint8_t                  positional;    /* not by keyword */
} tpl_param_t;


struct tpl_builtin_s {
    tpl_name_t               name;
    tpl_handler_pt           handler;
    tpl_param_t             *params;    /* without * and ** */
    uint16_t                 nparams;
    uint16_t                 nrequired;
    uint8_t                  star;      /* takes *args, as args[nparams] */
    uint8_t                  starstar;  /* takes **kwargs, as the last arg */
    uint32_t                 flags;
    uint32_t                 index;     /* in its table */
};

/* values that a handler's args has */
#define tpl_builtin_nargs(fn)  ((fn)->nparams + (fn)->star + (fn)->starstar)


typedef enum {
    TPL_FILTERS = 0,
    TPL_TESTS,
    TPL_JINJA_GLOBALS,      /* functions visible in every Jinja template */
    TPL_TORNADO_GLOBALS,
    TPL_METHODS,            /* one table a type follows */
    TPL_MODULES = TPL_METHODS + TPL_INTERNAL,
                            /* Python's modules and what is in them, by dotted
                               names; "a.b:c" is a method of the class a.b */
    TPL_INTERNALS,          /* what the VM asks for, no template can */
    TPL_NTABLES
} tpl_builtin_table_t;

#define tpl_methods_of(type)  (TPL_METHODS + (type))


typedef struct {
    const tpl_builtin_t    **items;     /* by index */
    tpl_uint_t               n;
    tpl_uint_t               size;
    const tpl_builtin_t    **buckets;   /* by hash */
    tpl_uint_t               mask;
} tpl_builtin_map_t;


struct tpl_builtins_s {
    tpl_arena_t             *arena;
    tpl_builtin_map_t        tables[TPL_NTABLES];
};


/* an empty registry in the arena; builtins/tpl_builtins.h fills it */
tpl_builtins_t *tpl_builtins_create(tpl_arena_t *arena);

/* adds a table of definitions; TPL_ERROR without memory */
tpl_int_t tpl_builtins_add(tpl_builtins_t *builtins,
    tpl_builtin_table_t table, const tpl_builtin_def_t *defs);

/* NULL if there is none */
const tpl_builtin_t *tpl_builtins_find(const tpl_builtins_t *builtins,
    tpl_builtin_table_t table, const tpl_name_t *name);
const tpl_builtin_t *tpl_builtins_find_str(const tpl_builtins_t *builtins,
    tpl_builtin_table_t table, const tpl_str_t *name);

/* all names of a table, for suggestions; NULL without memory */
const tpl_str_t *tpl_builtins_names(const tpl_builtins_t *builtins,
    tpl_builtin_table_t table, tpl_arena_t *arena, tpl_uint_t *n);


/*
 * Arranges arguments as the handler wants them: n positional values, then the
 * keyword arguments (may be NULL), into out[tpl_builtin_nargs(fn)].
 * TypeError with Python's message for too many, too few, unknown, twice given.
 */
tpl_int_t tpl_builtin_bind(tpl_exec_t *exec, const tpl_builtin_t *fn,
    const tpl_value_t *args, tpl_uint_t n, const tpl_dict_t *kwargs,
    tpl_value_t *out);

/* binds and calls */
tpl_int_t tpl_builtin_call(tpl_exec_t *exec, const tpl_builtin_t *fn,
    const tpl_value_t *args, tpl_uint_t n, const tpl_dict_t *kwargs,
    tpl_value_t *out);

/*
 * Calls any value that needs no VM frame: FUNCTION, METHOD, OBJECT with call().
 * For MACRO and the VM's own classes TypeError: the VM handles them before.
 */
tpl_int_t tpl_value_call(tpl_exec_t *exec, const tpl_value_t *callee,
    const tpl_value_t *args, tpl_uint_t n, tpl_dict_t *kwargs,
    tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_BUILTIN_H_INCLUDED_ */
