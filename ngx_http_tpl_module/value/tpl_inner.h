
/*
 * What the files of value/ share among themselves; no other room includes it.
 */

#ifndef _TPL_INNER_H_INCLUDED_
#define _TPL_INNER_H_INCLUDED_


#include "base/tpl_escape.h"
#include "base/tpl_number.h"
#include "base/tpl_utf8.h"
#include "value/tpl_builtin.h"
#include "value/tpl_dict.h"
#include "value/tpl_value.h"


TPL_BEGIN_DECLS


/* the cost of a text of n bytes */
#define tpl_fuel_bytes(exec, n)  (exec)->fuel -= 1 + (int64_t) ((n) / 16)

/* what a builder that failed means: it has no place for an error */
#define tpl_buf_check(exec, b)                                               \
    (tpl_likely(!(b)->failed) ? TPL_OK : tpl_throw_memory(exec))


/*
 * Room for a string of len bytes; OverflowError past TPL_MAX_STRING.  NULL with
 * the error set.
 */
tpl_char_t *tpl_text_alloc(tpl_exec_t *exec, uint64_t len);

/* OverflowError if a text of len bytes may not be made, charges its fuel */
tpl_int_t tpl_text_check(tpl_exec_t *exec, uint64_t len);

/* Python's `is`; numbers and strings are the same object if they are alike */
tpl_uint_t tpl_identical(const tpl_value_t *a, const tpl_value_t *b);

/* has __html__: markup, safe objects, ChainableUndefined */
tpl_uint_t tpl_has_html(const tpl_value_t *v);

/* an error with the text of b, which may have failed; always TPL_ERROR */
tpl_int_t tpl_throw_buf(tpl_exec_t *exec, tpl_exc_t exc, tpl_buf_t *b);

/* UndefinedError's message, as jinja2.runtime.Undefined makes it */
tpl_int_t tpl_undefined_message(tpl_exec_t *exec, const tpl_undefined_t *undef,
    tpl_buf_t *b);

/* jinja2.utils.object_type_repr: "None", "dict object", ... */
void tpl_object_type_repr(const tpl_value_t *v, tpl_buf_t *b);

/* the module of a type that is not one of Python's builtins, with its dot */
const char *tpl_type_module(const tpl_value_t *v);

/* what __class__ is: an object with a __name__, its repr() "<class 'str'>" */
tpl_int_t tpl_value_class(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_value_t *out);

/* repr() of a TPL_FN_CLASS function */
tpl_int_t tpl_class_name_to(const tpl_builtin_t *fn, tpl_buf_t *b);

/* repr() of a text; with ascii the rest of Unicode is escaped as well */
tpl_int_t tpl_repr_text(tpl_buf_t *b, const tpl_char_t *p, size_t len,
    tpl_uint_t ascii);

/* Python's ascii() */
tpl_int_t tpl_ascii_to(tpl_exec_t *exec, const tpl_value_t *v, tpl_buf_t *b);

/* appends markupsafe.escape() of a text */
tpl_int_t tpl_escape_to(tpl_buf_t *b, const tpl_char_t *p, size_t len);

/* v[key] and v.name by Python's rules whatever the options say */
tpl_int_t tpl_item_python(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *key, tpl_value_t *out);
tpl_int_t tpl_attribute_error(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name);

/* -, | , & and ^ of two sets */
tpl_int_t tpl_set_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_dict_t *a, const tpl_dict_t *b, tpl_value_t *out);


/* how a number is to be written (tpl_format_spec.c) */

typedef struct {
    tpl_char_t           type;      /* e E f F g G %, r: repr, 0: format(d) */
    tpl_char_t           sign;      /* '+', ' ' or '-': only if negative */
    tpl_uint_t           alt;       /* # */
    tpl_uint_t           no_neg_0;  /* z */
    int64_t              precision; /* -1: not given */
} tpl_float_style_t;

/* the digits of d with its sign, as Python's PyOS_double_to_string() */
tpl_int_t tpl_float_text(tpl_exec_t *exec, double d,
    const tpl_float_style_t *style, tpl_buf_t *b);

/* n times the code point c */
tpl_int_t tpl_buf_fill(tpl_buf_t *b, uint32_t c, int64_t n);

/*
 * Digits of n without sign in base 2, 8, 10 or 16, backwards from end; returns
 * their start.  At most 64.
 */
tpl_char_t *tpl_int_digits(tpl_char_t *end, uint64_t n, tpl_uint_t base,
    tpl_uint_t upper);


TPL_END_DECLS


#endif /* _TPL_INNER_H_INCLUDED_ */
