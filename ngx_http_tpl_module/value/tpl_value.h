
/*
 * The 16-byte value and what Python does with it.
 *
 * A value owns nothing: strings are slices, containers point into the arena of
 * the render (or of the compilation, for constants, which nobody changes).
 * Copying a value copies 16 bytes; lists, dicts and objects are shared by all
 * copies, as references are in Python.
 */

#ifndef _TPL_VALUE_H_INCLUDED_
#define _TPL_VALUE_H_INCLUDED_


#include "base/tpl_base.h"
#include "base/tpl_error.h"
#include "base/tpl_zone.h"


TPL_BEGIN_DECLS


typedef struct tpl_value_s      tpl_value_t;
typedef struct tpl_list_s       tpl_list_t;
typedef struct tpl_dict_s       tpl_dict_t;
typedef struct tpl_range_s      tpl_range_t;
typedef struct tpl_iterator_s   tpl_iterator_t;
typedef struct tpl_undefined_s  tpl_undefined_t;
typedef struct tpl_object_s     tpl_object_t;
typedef struct tpl_method_s     tpl_method_t;
typedef struct tpl_macro_s      tpl_macro_t;      /* vm/ */
typedef struct tpl_builtin_s    tpl_builtin_t;    /* tpl_builtin.h */
typedef struct tpl_builtins_s   tpl_builtins_t;   /* tpl_builtin.h */
typedef struct tpl_exec_s       tpl_exec_t;


typedef enum {
    TPL_MISSING = 0,    /* no value here: unset slot, argument not given */
    TPL_UNDEFINED,
    TPL_NONE,
    TPL_BOOL,
    TPL_INT,
    TPL_FLOAT,
    TPL_STRING,
    TPL_LIST,
    TPL_TUPLE,
    TPL_DICT,
    TPL_SET,            /* a dict whose values are None */
    TPL_RANGE,
    TPL_ITERATOR,       /* a generator: can be walked once, has no length */
    TPL_FUNCTION,       /* a builtin */
    TPL_METHOD,         /* a builtin bound to its self */
    TPL_MACRO,          /* a macro or caller: only the VM can call it */
    TPL_OBJECT,         /* anything with a class: loop, namespace, host, ... */
    TPL_PENDING,        /* data on their way; the VM forces it on first use */
    TPL_INTERNAL        /* VM state on the stack, never seen by a builtin */
} tpl_type_t;


/* flags of a string */

#define TPL_F_SAFE       0x01   /* markup: not to be escaped again */
#define TPL_F_ASCII      0x02   /* known to be ASCII: index by byte */

/* aux of a tuple: a pair whose items are also .grouper and .list (Jinja2:
 * _GroupTuple) */

#define TPL_AUX_GROUP    1


struct tpl_value_s {
    uint8_t                      type;
    uint8_t                      flags;
    uint16_t                     aux;   /* the host's: where it is from, or 0 */
    uint32_t                     len;   /* bytes of a string, else 0 */
    union {
        int64_t                  i;     /* BOOL (0, 1), INT */
        double                   d;
        const tpl_char_t        *s;
        tpl_list_t              *list;  /* LIST, TUPLE */
        tpl_dict_t              *dict;  /* DICT, SET */
        tpl_range_t             *range;
        tpl_iterator_t          *iter;
        tpl_undefined_t         *undef;
        tpl_object_t            *obj;   /* OBJECT, PENDING */
        tpl_method_t            *method;
        tpl_macro_t             *macro;
        const tpl_builtin_t     *fn;
        void                    *p;
    } u;
};

_Static_assert(sizeof(tpl_value_t) == 16, "a value is 16 bytes");


struct tpl_list_s {
    tpl_value_t                 *items;
    uint32_t                     n;
    uint32_t                     size;
};


struct tpl_range_s {
    int64_t                      start;
    int64_t                      stop;
    int64_t                      step;
};


/* what a generator has left: items from position on */

struct tpl_iterator_s {
    tpl_list_t                  *list;
    uint32_t                     position;
    const char                  *name;      /* "generator", "reversed", ... */
    tpl_exc_t                    exc;       /* raised behind the last item */
    tpl_str_t                    message;
};


/* the kinds of undefined (Jinja2: Undefined, StrictUndefined, ...) */

#define TPL_UNDEF_LENIENT    0
#define TPL_UNDEF_STRICT     1
#define TPL_UNDEF_CHAINABLE  2
#define TPL_UNDEF_DEBUG      3

struct tpl_undefined_s {
    uint32_t                     kind;
    tpl_str_t                    name;      /* that was looked up */
    tpl_value_t                  key;       /* instead if it is no string */
    tpl_value_t                  object;    /* where; MISSING: a variable */
    tpl_str_t                    hint;      /* a message to replace it all */
    tpl_exc_t                    exc;       /* raised on use; UNDEFINED */
};


struct tpl_method_s {
    tpl_value_t                  self;
    const tpl_builtin_t         *fn;
};


/* a name with its hash, as programs hold attribute and variable names */

typedef struct {
    tpl_str_t                    str;
    uint32_t                     hash;
} tpl_name_t;


typedef enum {
    TPL_OP_ADD = 0,
    TPL_OP_SUB,
    TPL_OP_MUL,
    TPL_OP_DIV,
    TPL_OP_FLOORDIV,
    TPL_OP_MOD,         /* of a string left: printf-style formatting */
    TPL_OP_POW,
    TPL_OP_BIT_OR,      /* Python: also dict | dict, set | set */
    TPL_OP_BIT_AND,
    TPL_OP_BIT_XOR,
    TPL_OP_LSHIFT,
    TPL_OP_RSHIFT
} tpl_binary_op_t;


/*
 * What a class of objects can do.  A NULL member: the class cannot.
 * All set the error in exec when they return TPL_ERROR; any may return
 * TPL_AGAIN when the host has no data yet, and is then called again with the
 * same arguments.
 */

typedef struct tpl_call_s  tpl_call_t;      /* tpl_builtin.h */

typedef struct {
    const char                  *name;      /* Python's type name */
    uint32_t                     flags;     /* TPL_CLASS_* */

    /* TPL_DECLINED: there is no such attribute or item */
    tpl_int_t                  (*get_attr)(tpl_exec_t *exec,
                                   tpl_object_t *obj, const tpl_name_t *name,
                                   tpl_value_t *out);
    tpl_int_t                  (*set_attr)(tpl_exec_t *exec,
                                   tpl_object_t *obj, const tpl_name_t *name,
                                   const tpl_value_t *value);
    tpl_int_t                  (*get_item)(tpl_exec_t *exec,
                                   tpl_object_t *obj, const tpl_value_t *key,
                                   tpl_value_t *out);
    tpl_int_t                  (*call)(tpl_call_t *call);
    tpl_int_t                  (*length)(tpl_exec_t *exec,
                                   tpl_object_t *obj, int64_t *n);
    /* an iterable (list, iterator, ...) to walk instead of the object */
    tpl_int_t                  (*iter)(tpl_exec_t *exec, tpl_object_t *obj,
                                   tpl_value_t *out);
    tpl_int_t                  (*contains)(tpl_exec_t *exec,
                                   tpl_object_t *obj, const tpl_value_t *key,
                                   tpl_uint_t *found);
    tpl_int_t                  (*truth)(tpl_exec_t *exec,
                                   tpl_object_t *obj, tpl_uint_t *truth);
    /* str() and repr(); without it "<NAME object>" */
    tpl_int_t                  (*str)(tpl_exec_t *exec, tpl_object_t *obj,
                                   tpl_buf_t *b);

    /* repr(), if it is not str() */
    tpl_int_t                  (*repr)(tpl_exec_t *exec, tpl_object_t *obj,
                                   tpl_buf_t *b);
    /* a op b, of which one is of the class; TPL_DECLINED: TypeError */
    tpl_int_t                  (*binary)(tpl_exec_t *exec,
                                   tpl_binary_op_t op, const tpl_value_t *a,
                                   const tpl_value_t *b, tpl_value_t *out);
    /* the sign of a - b, both of the class, or TPL_UNORDERED; TPL_DECLINED:
     * they are not equal and to ask for their order is an error */
    tpl_int_t                  (*compare)(tpl_exec_t *exec,
                                   tpl_object_t *a, tpl_object_t *b,
                                   tpl_int_t *order);
    /* equal for equal objects */
    uint32_t                   (*hash)(tpl_object_t *obj);
    /* format(obj, spec); without it as str() */
    tpl_int_t                  (*format)(tpl_exec_t *exec,
                                   tpl_object_t *obj, const tpl_str_t *spec,
                                   tpl_buf_t *b);
} tpl_class_t;

/* neither less, equal nor greater: a NaN, sets */
#define TPL_UNORDERED        2

#define TPL_CLASS_CALLABLE   0x01   /* the VM calls it: loop, block, ... */
#define TPL_CLASS_MAPPING    0x02   /* |tojson, `is mapping`, dict(obj) */
#define TPL_CLASS_SAFE_STR   0x04   /* has __html__: its str() is markup */
#define TPL_CLASS_UNHASHABLE 0x08   /* not a key of a dict */


/* the head of every object */

struct tpl_object_s {
    const tpl_class_t           *cls;
};


/*
 * The options of Jinja2's Environment and Tornado's Loader that matter after
 * parsing.  One a template set, shared by its programs.
 */

typedef struct {
    tpl_uint_t                   undefined;     /* TPL_UNDEF_* */
    tpl_uint_t                   sandbox;       /* TPL_SANDBOX_* */
    tpl_str_t                    newline_sequence;
    tpl_value_t                  policies;      /* dict, or MISSING: Jinja2's */
    tpl_uint_t                   python;        /* Tornado: Python's rules */
    tpl_zones_t                 *zones;         /* that templates name */
} tpl_options_t;

#define TPL_SANDBOX_OFF        0
#define TPL_SANDBOX_ON         1
#define TPL_SANDBOX_IMMUTABLE  2


/*
 * What running code needs everywhere: where to allocate, where errors go, what
 * may still be spent.  The VM's state begins with it; the compiler makes one to
 * fold constants.
 */

struct tpl_exec_s {
    tpl_arena_t                 *arena;
    tpl_error_t                 *error;
    const tpl_options_t         *options;
    const tpl_builtins_t        *builtins;

    /* counts down: an instruction, an item or 16 bytes cost one */
    int64_t                      fuel;

    /* of the running code: results of join, replace, ... become markup */
    tpl_uint_t                   autoescape;

    /* nesting of repr, compare, JSON, ...: an error past TPL_MAX_DEPTH */
    tpl_uint_t                   depth;

    void                        *vm;        /* tpl_vm_t *, NULL when folding */
    void                        *host;      /* the host's data */
    void                        *patterns;  /* compiled by module re, or NULL */
};

#define TPL_MAX_DEPTH         200

/* items that range, repetition, slices may make at once (sandbox: MAX_RANGE) */
#define TPL_MAX_ITEMS         100000
/* bytes that one string may grow to through repetition, padding, ... */
#define TPL_MAX_STRING        (64 * 1024 * 1024)

/* sets exec's error and returns TPL_ERROR; the VM adds the place */
tpl_int_t tpl_throw(tpl_exec_t *exec, tpl_exc_t exc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define tpl_throw(...)        tpl_failure(tpl_throw(__VA_ARGS__))

/* MemoryError, or LimitError when the arena's limit was the cause */
tpl_int_t tpl_throw_memory(tpl_exec_t *exec);

#define tpl_throw_memory(exec)                                               \
    tpl_failure(tpl_throw_memory(exec))


/* making values; none of these can fail */

#define tpl_value_missing(v)                                                 \
    (*(v) = (tpl_value_t) { .type = TPL_MISSING })
#define tpl_value_none(v)                                                    \
    (*(v) = (tpl_value_t) { .type = TPL_NONE })
#define tpl_value_bool(v, b)                                                 \
    (*(v) = (tpl_value_t) { .type = TPL_BOOL, .u.i = (b) ? 1 : 0 })
#define tpl_value_int(v, n)                                                  \
    (*(v) = (tpl_value_t) { .type = TPL_INT, .u.i = (n) })
#define tpl_value_float(v, f)                                                \
    (*(v) = (tpl_value_t) { .type = TPL_FLOAT, .u.d = (f) })
/* fl: TPL_F_*; n must be below 4 GiB */
#define tpl_value_string(v, data, n, fl)                                     \
    (*(v) = (tpl_value_t) { .type = TPL_STRING, .flags = (fl),               \
                            .len = (uint32_t) (n), .u.s = (data) })
#define tpl_value_list(v, l)                                                 \
    (*(v) = (tpl_value_t) { .type = TPL_LIST, .u.list = (l) })
#define tpl_value_tuple(v, l)                                                \
    (*(v) = (tpl_value_t) { .type = TPL_TUPLE, .u.list = (l) })
#define tpl_value_dict(v, d)                                                 \
    (*(v) = (tpl_value_t) { .type = TPL_DICT, .u.dict = (d) })
#define tpl_value_object(v, o)                                               \
    (*(v) = (tpl_value_t) { .type = TPL_OBJECT,                              \
                            .u.obj = (tpl_object_t *) (o) })
#define tpl_value_function(v, f)                                             \
    (*(v) = (tpl_value_t) { .type = TPL_FUNCTION, .u.fn = (f) })

#define tpl_is_string(v)  ((v)->type == TPL_STRING)
#define tpl_is_safe(v)                                                       \
    ((v)->type == TPL_STRING && ((v)->flags & TPL_F_SAFE))
/* BOOL counts as INT, as in Python */
#define tpl_is_int(v)     ((v)->type == TPL_INT || (v)->type == TPL_BOOL)
#define tpl_is_number(v)                                                     \
    ((v)->type == TPL_INT || (v)->type == TPL_FLOAT || (v)->type == TPL_BOOL)

/* the text of a STRING value as a tpl_str_t */
static inline tpl_str_t
tpl_value_str(const tpl_value_t *v)
{
    tpl_str_t  s;

    s.len = v->len;
    s.data = (tpl_char_t *) v->u.s;

    return s;
}


static inline void
tpl_value_from_str(tpl_value_t *v, const tpl_str_t *s)
{
    tpl_value_string(v, s->data, s->len, 0);
}


/* a builder's text as a STRING value; TPL_ERROR if the builder failed */
tpl_int_t tpl_value_from_buf(tpl_exec_t *exec, tpl_value_t *v, tpl_buf_t *b,
    tpl_uint_t flags);

/* copies a C string */
tpl_int_t tpl_value_from_c(tpl_exec_t *exec, tpl_value_t *v, const char *s);

/*
 * Undefined of the kind that exec's options say.  object is where name was
 * looked for, NULL for a variable; hint (may be NULL) replaces the message.
 */
tpl_int_t tpl_value_undefined(tpl_exec_t *exec, tpl_value_t *v,
    const tpl_str_t *name, const tpl_value_t *object, const tpl_str_t *hint);

/*
 * Raises what using v raises: UndefinedError with Jinja2's message ("'x' is
 * undefined", "'dict object' has no attribute 'y'", ...).  Always TPL_ERROR.
 */
tpl_int_t tpl_undefined_throw(tpl_exec_t *exec, const tpl_value_t *v);

#define tpl_undefined_throw(exec, v)                                         \
    tpl_failure(tpl_undefined_throw(exec, v))


/* Python's name of the type ("str", "int", "Markup", ...), for messages */
const char *tpl_type_name(const tpl_value_t *v);

/* code points of a string */
size_t tpl_string_length(const tpl_value_t *v);


/*
 * Operators.  Each returns TPL_OK with *out set, or TPL_ERROR with exec's error
 * set; out may be one of the operands.  Undefined operands follow their kind.
 */

typedef enum {
    TPL_OP_NEG = 0,
    TPL_OP_POS,
    TPL_OP_INVERT
} tpl_unary_op_t;

typedef enum {
    TPL_CMP_EQ = 0,
    TPL_CMP_NE,
    TPL_CMP_LT,
    TPL_CMP_LE,
    TPL_CMP_GT,
    TPL_CMP_GE,
    TPL_CMP_IN,
    TPL_CMP_NOT_IN,
    TPL_CMP_IS,         /* identity */
    TPL_CMP_IS_NOT
} tpl_compare_op_t;

tpl_int_t tpl_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_value_t *out);
tpl_int_t tpl_unary(tpl_exec_t *exec, tpl_unary_op_t op,
    const tpl_value_t *a, tpl_value_t *out);
tpl_int_t tpl_compare(tpl_exec_t *exec, tpl_compare_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_uint_t *result);

/* *truth is 0 or 1; StrictUndefined raises, hence the status */
tpl_int_t tpl_truth(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_uint_t *truth);

/* Python's == ; deep */
tpl_int_t tpl_equal(tpl_exec_t *exec, const tpl_value_t *a,
    const tpl_value_t *b, tpl_uint_t *equal);

/* the sign of a - b by Python's <; TypeError when they have no order */
tpl_int_t tpl_order(tpl_exec_t *exec, const tpl_value_t *a,
    const tpl_value_t *b, tpl_int_t *order);

/*
 * Jinja's ~ of n values (markup_join when autoescape is on: if any is markup
 * all others are escaped; else str_join).
 */
/* the same, but nothing is markup (Jinja2: str_join) */
tpl_int_t tpl_concat_plain(tpl_exec_t *exec, const tpl_value_t *values,
    tpl_uint_t n, tpl_value_t *out);
tpl_int_t tpl_concat(tpl_exec_t *exec, const tpl_value_t *values,
    tpl_uint_t n, tpl_value_t *out);


/*
 * str(), repr() and markupsafe's escape(), appended to b or as a value.
 * tpl_to_string of a string is the string itself, flags kept.
 */
tpl_int_t tpl_str_to(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b);
tpl_int_t tpl_repr_to(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b);
tpl_int_t tpl_to_string(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_value_t *out);
tpl_int_t tpl_to_repr(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_value_t *out);
/* markup of v: itself if safe already */
tpl_int_t tpl_to_markup(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_value_t *out);


/*
 * Look-up.  By Jinja's rules (options->python off) a.b tries attribute (method)
 * then item and a[b] item then attribute, and what is not there is undefined;
 * by Python's rules it raises AttributeError, KeyError, IndexError (attribute
 * of a dict falls back to its item, so that JSON data read like objects).
 * May return TPL_AGAIN.
 */
tpl_int_t tpl_get_attr(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out);
tpl_int_t tpl_get_item(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *key, tpl_value_t *out);
/*
 * The method or class attribute of that name alone, no item: TPL_DECLINED if
 * there is none.  The sandbox's rules are not looked at.
 */
tpl_int_t tpl_attribute(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out);
/* v[start:stop:step]; MISSING or NONE where a part is not given */
tpl_int_t tpl_get_slice(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *start, const tpl_value_t *stop,
    const tpl_value_t *step, tpl_value_t *out);
/*
 * v.name = value: namespace and other objects with set_attr; what has none
 * raises AttributeError by Python's rules, TemplateRuntimeError by Jinja's.
 */
tpl_int_t tpl_set_attr(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, const tpl_value_t *value);
/* v[key] = value: list and dict (Tornado's set) */
tpl_int_t tpl_set_item(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *key, const tpl_value_t *value);

/* len(v); TypeError if it has none */
tpl_int_t tpl_length(tpl_exec_t *exec, const tpl_value_t *v, int64_t *n);

/* len() of a range, at most INT64_MAX */
int64_t tpl_range_length(const tpl_range_t *r);

/* true for what tpl_iter_init() takes, as Jinja's `is iterable` */
tpl_uint_t tpl_is_iterable(const tpl_value_t *v);
/* true for what len() and indexing take, as Jinja's `is sequence`: dicts too */
tpl_uint_t tpl_is_sequence(const tpl_value_t *v);
/* as Python's callable(): of an undefined as well */
tpl_uint_t tpl_is_callable(const tpl_value_t *v);

/* a hash equal for equal values (1, 1.0, True); TypeError if unhashable */
tpl_int_t tpl_value_hash(tpl_exec_t *exec, const tpl_value_t *v,
    uint32_t *hash);


/* lists and tuples share one structure */

tpl_list_t *tpl_list_create(tpl_exec_t *exec, tpl_uint_t size);
tpl_int_t tpl_list_append(tpl_exec_t *exec, tpl_list_t *list,
    const tpl_value_t *v);
/* appends all that v iterates over */
tpl_int_t tpl_list_extend(tpl_exec_t *exec, tpl_list_t *list,
    const tpl_value_t *v);
/* Python's sort: stable; keys may be NULL (then the items are the keys) and
 * else is permuted along; reverse keeps equal items in order */
tpl_int_t tpl_list_sort(tpl_exec_t *exec, tpl_list_t *list,
    tpl_value_t *keys, tpl_uint_t reverse);
/* the same, moving nothing: *order gets the positions of the n keys in their
 * order, in the arena */
tpl_int_t tpl_sort_positions(tpl_exec_t *exec, const tpl_value_t *keys,
    uint32_t n, tpl_uint_t reverse, uint32_t **order);


/*
 * Iteration over whatever Python iterates over: lists, tuples, strings (by code
 * point), dicts (keys), sets, ranges, iterators (consumed), objects.
 * Lenient undefined is empty; other things are a TypeError.
 */

typedef struct {
    tpl_value_t                  source;
    tpl_value_t                  holder;    /* of temporary lists */
    int64_t                      index;     /* items given so far */
    int64_t                      position;  /* byte or entry */
    int64_t                      length;    /* -1 if unknown */
} tpl_iter_t;

tpl_int_t tpl_iter_init(tpl_exec_t *exec, tpl_iter_t *it,
    const tpl_value_t *v);
/* TPL_OK with *out, TPL_DONE, or TPL_ERROR; charges fuel */
tpl_int_t tpl_iter_next(tpl_exec_t *exec, tpl_iter_t *it, tpl_value_t *out);

/* everything v iterates over, as a new list (list(v)) */
tpl_int_t tpl_to_list(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_value_t *out);
/* a generator over the list, as map() and select() give */
tpl_int_t tpl_value_iterator(tpl_exec_t *exec, tpl_value_t *out,
    tpl_list_t *list, const char *name);
/*
 * A generator makes its items when it is walked, and so fails then: turns the
 * error in exec into a generator that raises it behind the items of list (NULL:
 * at once).  TPL_ERROR with the error left for those that stop a render.
 */
tpl_int_t tpl_iterator_defer(tpl_exec_t *exec, tpl_value_t *out,
    tpl_list_t *list);
/* its error, if it has one and no items are left */
tpl_int_t tpl_iterator_check(tpl_exec_t *exec, const tpl_iterator_t *it);


/* Python's int(), float(), round-half-even and friends on values */
tpl_int_t tpl_to_int(tpl_exec_t *exec, const tpl_value_t *v, int64_t *n);
tpl_int_t tpl_to_float(tpl_exec_t *exec, const tpl_value_t *v, double *d);


/*
 * Formatting (tpl_format.c): % with a format on the left (markup escapes its
 * arguments and stays markup); str.format(*args, **kwargs) with specs, nested
 * specs, conversions, attribute and item access (never to anything that
 * tpl_get_attr would not give); format(v, spec).
 */
tpl_int_t tpl_format_percent(tpl_exec_t *exec, const tpl_value_t *format,
    const tpl_value_t *args, tpl_value_t *out);
tpl_int_t tpl_format_braces(tpl_exec_t *exec, const tpl_value_t *format,
    const tpl_list_t *args, const tpl_dict_t *kwargs, tpl_value_t *out);
tpl_int_t tpl_format_spec(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_str_t *spec, tpl_buf_t *b);


TPL_END_DECLS


#endif /* _TPL_VALUE_H_INCLUDED_ */
