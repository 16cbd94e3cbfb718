
/*
 * The virtual machine: a program and data in, segments out.
 *
 * All state lives on the heap, in the render's arena: a VM may be left after
 * any instruction and gone on with later, and templates nest without C
 * recursion.
 */

#ifndef _TPL_VM_H_INCLUDED_
#define _TPL_VM_H_INCLUDED_


#include "vm/tpl_output.h"


TPL_BEGIN_DECLS


typedef struct tpl_vm_s         tpl_vm_t;
typedef struct tpl_catalogue_s  tpl_catalogue_t;    /* builtins/ */
typedef struct tpl_web_s        tpl_web_t;          /* web/ */
typedef struct tpl_routes_s     tpl_routes_t;       /* web/ */


/*
 * What the host gives to a render.  Each may be NULL.  Names are the set's own
 * (see tpl_set_intern), so a host can compare addresses.
 */

typedef struct {
    /* render data, then the host's globals (visible in imported templates as
     * well): TPL_DECLINED for what is not there */
    tpl_int_t              (*lookup)(tpl_exec_t *exec, const tpl_name_t *name,
                               tpl_value_t *out);
    tpl_int_t              (*global)(tpl_exec_t *exec, const tpl_name_t *name,
                               tpl_value_t *out);
    /* names and values of the render data, for {% debug %} and as the
     * Python dict that context() functions see; adds them to dict */
    tpl_int_t              (*names)(tpl_exec_t *exec, tpl_dict_t *dict);
    /* the host's variable of that index */
    tpl_int_t              (*variable)(tpl_exec_t *exec, uint32_t index,
                               tpl_value_t *out);
    /* a PENDING value's data: TPL_AGAIN while on their way */
    tpl_int_t              (*wait)(tpl_exec_t *exec, tpl_object_t *pending,
                               tpl_value_t *out);
    /* an attribute that a value of the host's has beside its own, which are
     * asked for first: only of values with aux set; TPL_DECLINED for none */
    tpl_int_t              (*attribute)(tpl_exec_t *exec,
                               const tpl_value_t *v, const tpl_name_t *name,
                               tpl_value_t *out);
    /* the translations that gettext() and its like look in; TPL_DECLINED for
     * none */
    tpl_int_t              (*catalogue)(tpl_exec_t *exec,
                               const tpl_catalogue_t **out);
    /* the request that is answered, made when it is first asked for */
    tpl_int_t              (*web)(tpl_exec_t *exec, tpl_web_t **out);
    /* the routes of the site, which are the same for all requests */
    tpl_int_t              (*routes)(tpl_exec_t *exec,
                               const tpl_routes_t **out);
} tpl_host_t;


typedef struct {
    uint64_t                 steps;     /* fuel in all, 0: no limit */
    size_t                   output;    /* bytes, 0: no limit */
    uint32_t                 depth;     /* frames: macros, includes, blocks;
                                           0: TPL_DEFAULT_DEPTH */
} tpl_limits_t;

#define TPL_DEFAULT_DEPTH     500


typedef struct {
    tpl_arena_t             *arena;     /* of the render; its limit bounds
                                           the memory */
    tpl_error_t             *error;
    const tpl_host_t        *host;
    void                    *host_data; /* exec->host */
    tpl_limits_t             limits;
    const tpl_name_t        *block;     /* render only this block, or NULL */
    tpl_uint_t               stream;    /* {% flush %} ends a turn */
    tpl_uint_t               debug;     /* for tpl_vm_scope() */
} tpl_vm_conf_t;


/*
 * Renders what depends on no data once and for all, see tpl_special.c: renders
 * of tmpl then do only what is left.  For templates that are rendered by
 * themselves and not from others, while the configuration is read.  TPL_ERROR
 * with err set without memory; a template that cannot be handled stays as it
 * is.
 */
tpl_int_t tpl_vm_specialize(tpl_template_t *tmpl, tpl_error_t *err);

/* NULL without memory */
tpl_vm_t *tpl_vm_create(tpl_template_t *tmpl, const tpl_vm_conf_t *conf);

/*
 * Runs until the program ends (TPL_OK), data are awaited (TPL_AGAIN), fuel
 * units are spent (TPL_YIELD) or an error came (TPL_ERROR, conf's error has the
 * message, place and frames; the output so far is not a page).
 * After TPL_OK and TPL_ERROR it must not be called again.
 */
tpl_int_t tpl_vm_run(tpl_vm_t *vm, int64_t fuel);

/* what has been written; final after TPL_OK */
tpl_output_t *tpl_vm_output(tpl_vm_t *vm);

/*
 * The end of what no open capture (a macro's text that becomes a value, a set
 * block, ...) can take back: all before it may be sent while the render is
 * going on.  The last segment before it may grow later.
 */
void tpl_vm_settled(const tpl_vm_t *vm, tpl_output_mark_t *mark);

/*
 * With conf's debug, after TPL_ERROR: the names that were in scope where the
 * error came from and what they meant, locals first; NULL without memory.
 */
tpl_dict_t *tpl_vm_scope(const tpl_vm_t *vm);

/*
 * tpl_output_reset(), once the host has sent all of the output; TPL_DECLINED
 * while a capture is open.
 */
tpl_int_t tpl_vm_recycle(tpl_vm_t *vm);

/* true once after each turn in which a {% flush %} ran */
tpl_uint_t tpl_vm_flushed(tpl_vm_t *vm);

/* the state that builtins see */
tpl_exec_t *tpl_vm_exec(tpl_vm_t *vm);

/* fuel spent so far */
uint64_t tpl_vm_steps(const tpl_vm_t *vm);


/*
 * For builtins that look at the running template (TPL_FN_CONTEXT).
 */

/* what a name means to the running code's context; TPL_DECLINED if nothing */
tpl_int_t tpl_vm_resolve(tpl_exec_t *exec, const tpl_str_t *name,
    tpl_value_t *out);

/* all names of the context as a dict, as Jinja2's context.get_all() */
tpl_int_t tpl_vm_names(tpl_exec_t *exec, tpl_dict_t **out);

/* the host's catalogue(); TPL_DECLINED if there is none */
tpl_int_t tpl_vm_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out);

/* the host's web(); RuntimeError if no request is answered */
tpl_int_t tpl_vm_web(tpl_exec_t *exec, tpl_web_t **out);

/* the host's routes(); RuntimeError if there is no site */
tpl_int_t tpl_vm_routes(tpl_exec_t *exec, const tpl_routes_t **out);

/* true if there is a request */
tpl_uint_t tpl_vm_has_web(tpl_exec_t *exec);

/*
 * Calls any value, lambdas and macros too, for builtins that call back (the key
 * of a sort, map()): what a lambda gives, or the text of a macro.  The callee
 * cannot be left in between: it runs until it returns, TPL_AGAIN starts it anew
 * with the builtin.  Bounded by exec->depth.
 */
tpl_int_t tpl_vm_call(tpl_exec_t *exec, const tpl_value_t *callee,
    const tpl_value_t *args, tpl_uint_t n, tpl_dict_t *kwargs,
    tpl_value_t *out);


TPL_END_DECLS


#endif /* _TPL_VM_H_INCLUDED_ */
