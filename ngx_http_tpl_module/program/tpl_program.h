
/*
 * Compiled templates and the set they live in.
 *
 * A set is compiled once, from a configuration's options, and immutable from
 * then on: any number of renders may run over it at the same time.
 */

#ifndef _TPL_PROGRAM_H_INCLUDED_
#define _TPL_PROGRAM_H_INCLUDED_


#include "program/tpl_opcode.h"
#include "syntax/tpl_syntax.h"
#include "value/tpl_builtin.h"


TPL_BEGIN_DECLS


typedef struct tpl_set_s       tpl_set_t;
typedef struct tpl_template_s  tpl_template_t;
typedef struct tpl_func_s      tpl_func_t;
typedef struct tpl_rows_s      tpl_rows_t;


/* a piece of static text */

typedef struct {
    tpl_str_t                str;
    uint64_t                 hash;      /* of its bytes, for the ETag */
} tpl_text_t;


/* where instructions came from: a few pairs of this kind for many lines */

typedef struct {
    const tpl_source_t      *source;    /* NULL when unknown */
    const tpl_frame_pos_t   *frames;    /* of code from other functions: how
                                           they were entered, innermost first;
                                           else NULL */
} tpl_origin_t;

typedef struct {
    uint32_t                 insn;      /* from this one on */
    uint32_t                 line;
    uint32_t                 column;
    uint32_t                 origin;    /* index in the function */
} tpl_line_t;


typedef enum {
    TPL_FUNC_ROOT = 0,
    TPL_FUNC_BLOCK,
    TPL_FUNC_MACRO,
    TPL_FUNC_CALLER,        /* the body of {% call %} */
    TPL_FUNC_LOOP,          /* a recursive loop */
    TPL_FUNC_LAMBDA         /* gives a value, no text */
} tpl_func_kind_t;


/*
 * A function has slots: first its parameters in order, then (if used) varargs,
 * kwargs and caller, then the rest.  All slots but the given arguments begin as
 * MISSING.
 */

struct tpl_func_s {
    tpl_func_kind_t          kind;
    tpl_template_t          *tmpl;      /* where it was written */
    const tpl_name_t        *name;      /* block or macro; may be NULL */
    tpl_insn_t              *code;
    uint32_t                 ncode;
    tpl_rows_t             **rows;      /* of NEXT_ROWS: the one of its a */
    tpl_line_t              *lines;     /* ascending by insn */
    uint32_t                 nlines;
    tpl_origin_t            *origins;
    uint32_t                 nslots;
    const tpl_name_t       **locals;    /* names of the slots; NULL: none */
    uint32_t                 nstack;    /* most values ever on the stack */
    uint32_t                 nparams;
    const tpl_name_t       **params;
    int32_t                  varargs;   /* slots, -1 when not used */
    int32_t                  kwargs;
    int32_t                  caller;
    uint8_t                  captured;  /* some MACRO or CALL_LOOP in it closes
                                           over its frame */
    uint8_t                  explicit_caller;   /* caller is a parameter */
    uint8_t                  asks_caller;       /* and is used */
    tpl_pos_t                pos;
};


/* the definitions of a block, most derived first */

typedef struct {
    const tpl_name_t        *name;
    tpl_func_t             **chain;
    uint32_t                 n;
    uint8_t                  required;  /* the most derived one is required */
} tpl_block_t;


/*
 * What is left of a template's root once all that depends on nothing has been
 * rendered (vm/tpl_special.c).  It holds while the host does not know the names
 * that were taken for builtin functions.
 */

typedef struct {
    tpl_func_t              *fn;
    const tpl_name_t       **builtins;
    uint32_t                 nbuiltins;
} tpl_special_t;


/* a call of a name; in Tornado's syntax only of one that is not local */

typedef struct {
    const tpl_name_t        *name;
    tpl_pos_t                pos;
    tpl_str_t                first;     /* argument, if it is a constant
                                           string; else its data is NULL */
    tpl_pos_t                first_pos;
    const tpl_name_t       **keywords;  /* of its arguments */
    uint32_t                 nkeywords;
} tpl_called_t;


#define TPL_TEMPLATE_EXTENDS    0x01    /* has an extends tag */
#define TPL_TEMPLATE_STATIC     0x02    /* constant, unconditional extends (or
                                           none): blocks is the final table */
#define TPL_TEMPLATE_IMPURE     0x04    /* itself or one it links to calls an
                                           impure function */
#define TPL_TEMPLATE_DYNAMIC    0x08    /* picks templates by name at run time:
                                           purity is that of the whole set */
#define TPL_TEMPLATE_TRIED      0x10    /* specialized, or it cannot be */
#define TPL_TEMPLATE_MUTATES    0x20    /* it, or one it links to, changes
                                           lists or dicts */
#define TPL_TEMPLATE_CALLS      0x40    /* ... calls values, ... */
#define TPL_TEMPLATE_PICKS      0x80    /* ... has items by names that do not
                                           stand in it: methods, perhaps */

/* true if no render of t can change the data it is given */
#define tpl_template_preserves(t)                                            \
    (!TPL_NO_SHARED_DATA                                                     \
     && !((t)->flags & (TPL_TEMPLATE_MUTATES | TPL_TEMPLATE_DYNAMIC))        \
     && (~(t)->flags & (TPL_TEMPLATE_CALLS | TPL_TEMPLATE_PICKS)))

struct tpl_template_s {
    tpl_set_t               *set;
    const tpl_source_t      *source;
    tpl_str_t                name;
    uint32_t                 flags;
    tpl_uint_t               autoescape;    /* at its start */
    tpl_func_t              *root;
    tpl_func_t             **funcs;         /* all, for MACRO and dump */
    uint32_t                 nfuncs;
    tpl_value_t             *consts;
    uint32_t                 nconsts;
    const tpl_name_t       **names;         /* interned in the set */
    uint32_t                 nnames;
    tpl_text_t              *texts;
    uint32_t                 ntexts;
    tpl_template_t         **links;         /* that *_STATIC refer to */
    uint32_t                 nlinks;
    tpl_block_t             *blocks;        /* own, or linked if STATIC */
    uint32_t                 nblocks;
    tpl_called_t            *calls;
    uint32_t                 ncalls;

    /*
     * Compilation failed, or the template is not there and reference to it may
     * stay until it is used: what a render raises then.  Else NULL.
     */
    tpl_error_t             *error;
    const tpl_special_t     *special;       /* NULL: only the root */
    tpl_template_t          *next;          /* in the set */
    uint8_t                  state;         /* of the compiler */
};


/*
 * Where sources come from.  TPL_DECLINED: there is no such template.  text must
 * live as long as the set.  path may be left as name.
 */

typedef struct {
    tpl_int_t              (*load)(void *data, tpl_arena_t *arena,
                               const tpl_str_t *name, tpl_source_t *source,
                               tpl_error_t *err);
    void                    *data;

    /*
     * Names are paths: of one that a render computes and nobody has compiled,
     * empty parts and "." are left out, as load() does with the others
     * (jinja2.loaders.split_template_path).
     */
    tpl_uint_t               paths;

    /*
     * What the host adds to the language, may be NULL.  variable(): the index
     * of nginx.NAME, TPL_DECLINED for an unknown one, TPL_ERROR with err set.
     */
    tpl_int_t              (*variable)(void *data, const tpl_str_t *name,
                               uint32_t *index, tpl_error_t *err);
    /* the name whose attributes are variables: "nginx"; NULL for none */
    const char              *variables;
} tpl_loader_t;


#define TPL_AUTOESCAPE_OFF    0
#define TPL_AUTOESCAPE_ON     1
#define TPL_AUTOESCAPE_AUTO   2     /* by the template name's extension: html,
                                       htm, xml, xhtml, svg */

typedef struct {
    tpl_arena_t             *arena;         /* of the set */

    /*
     * For trees and all else that programs do not keep, until
     * tpl_set_settle(); NULL: in arena.
     */
    tpl_arena_t             *work;
    const tpl_builtins_t    *builtins;
    tpl_loader_t             loader;
    tpl_syntax_t             syntax;
    tpl_options_t            options;
    tpl_uint_t               autoescape;    /* TPL_AUTOESCAPE_* (Jinja) */

    /*
     * Jinja2's own laziness: what is missing or broken is an error when a
     * render comes to it.  Off, a constant reference to a missing or broken
     * template fails the compilation of the referring one.
     */
    tpl_uint_t               lazy;

    /* names besides builtins and data that a template may use (Tornado:
     * nothing else is known before run time) */
} tpl_set_conf_t;

tpl_set_t *tpl_set_create(const tpl_set_conf_t *conf);
const tpl_set_conf_t *tpl_set_conf(const tpl_set_t *set);

/*
 * Compiles name and all that it refers to by constant names, unless done.
 * TPL_ERROR with err set (NOT_FOUND, SYNTAX, ...; its frames tell the chain of
 * references).
 */
tpl_int_t tpl_set_compile(tpl_set_t *set, const tpl_str_t *name,
    tpl_template_t **tmpl, tpl_error_t *err);

/*
 * Compiles an unnamed text, as tpl_set's; it may refer to templates.  name is
 * what messages call it; text must live as long as the set.
 */
tpl_int_t tpl_set_compile_text(tpl_set_t *set, const tpl_str_t *name,
    const tpl_str_t *text, tpl_template_t **tmpl, tpl_error_t *err);

/*
 * The same, a template a call, for those who have other things to do meanwhile:
 * tmpl is what will be compiled once tpl_set_step() no longer gives TPL_AGAIN.
 * A call loads and parses what that template refers to, so it takes as long as
 * one template does.
 */
tpl_int_t tpl_set_begin(tpl_set_t *set, const tpl_str_t *name,
    tpl_template_t **tmpl, tpl_error_t *err);
tpl_int_t tpl_set_begin_text(tpl_set_t *set, const tpl_str_t *name,
    const tpl_str_t *text, tpl_template_t **tmpl, tpl_error_t *err);
tpl_int_t tpl_set_step(tpl_set_t *set, tpl_template_t *tmpl,
    tpl_error_t *err);

/*
 * Forgets what is in the arena conf.work: its owner may destroy it.  Not while
 * something waits for tpl_set_step().  The set can go on compiling, with its
 * own arena for work; files that Tornado's templates refer to are parsed again.
 */
void tpl_set_settle(tpl_set_t *set);

/* a compiled template, or NULL: never looks anywhere but in the set */
tpl_template_t *tpl_set_find(const tpl_set_t *set, const tpl_str_t *name);

/* all templates of the set, in the order of compilation, through ->next */
tpl_template_t *tpl_set_first(const tpl_set_t *set);

/*
 * The one tpl_name_t of the set with these bytes, so that names compare by
 * address.  tpl_set_intern() adds it (NULL without memory), tpl_set_name()
 * does not (NULL if no program uses it).
 */
const tpl_name_t *tpl_set_intern(tpl_set_t *set, const tpl_str_t *str);
const tpl_name_t *tpl_set_name(const tpl_set_t *set, const tpl_str_t *str);

/*
 * What is wrong with a call as far as can be told before a render: nothing has
 * the name (neither a template of the set, nor the builtins, nor the host:
 * known() says), or the builtin of that name has no such keyword argument.
 * TPL_OK with err set, TPL_DECLINED if nothing is.  It is no error by itself:
 * the call may never be reached.
 */
tpl_int_t tpl_called_check(const tpl_set_t *set, const tpl_called_t *call,
    tpl_uint_t (*known)(void *data, const tpl_name_t *name), void *data,
    tpl_error_t *err);

/*
 * Whether a call asks for the address of a route that is none of the n: TPL_OK
 * with err set, else TPL_DECLINED.  As above, the call may never be reached.
 */
tpl_int_t tpl_called_check_route(const tpl_set_t *set,
    const tpl_called_t *call, const tpl_str_t *routes, tpl_uint_t n,
    tpl_error_t *err);

/* true if name's extension is one that TPL_AUTOESCAPE_AUTO escapes */
tpl_uint_t tpl_autoescape_by_name(const tpl_str_t *name);


/*
 * 64 bits over some bytes, the same in every process and on every machine: what
 * the ETag is made of.
 */
uint64_t tpl_hash64(const void *data, size_t len);


/* where instruction pc of fn came from; source is NULL when unknown */
tpl_pos_t tpl_func_pos(const tpl_func_t *fn, uint32_t pc);

/* how the function was entered that it came from, NULL: it is fn's own */
const tpl_frame_pos_t *tpl_func_frames(const tpl_func_t *fn, uint32_t pc);

/*
 * Checks a function: opcodes, operands in range, jumps inside, the same stack
 * depth on each way to an instruction, within nstack; never below zero; the
 * end not reached by falling through.  TPL_ERROR with err's message.
 */
tpl_int_t tpl_verify(const tpl_template_t *tmpl, const tpl_func_t *fn,
    tpl_error_t *err);

/* the program as people read it: `tpl dump` */
tpl_int_t tpl_dump(const tpl_template_t *tmpl, tpl_buf_t *b);


TPL_END_DECLS


#endif /* _TPL_PROGRAM_H_INCLUDED_ */
