
/*
 * What handlers of builtins share: reading their arguments as Python would take
 * them, paying for their loops, and the few string rules that many follow.
 * Private to builtins/.
 */

#ifndef _TPL_ARGS_H_INCLUDED_
#define _TPL_ARGS_H_INCLUDED_


#include "base/tpl_escape.h"
#include "base/tpl_number.h"
#include "base/tpl_utf8.h"
#include "value/tpl_builtin.h"


TPL_BEGIN_DECLS


/* pays for a loop over n bytes; the VM looks at the fuel between builtins */
#define tpl_charge(exec, n)  ((exec)->fuel -= (int64_t) ((n) >> 4) + 1)

/* pays for n items */
#define tpl_charge_items(exec, n)  ((exec)->fuel -= (int64_t) (n))

/* an optional argument that stands in the call, None included */
#define tpl_arg_given(v)  ((v)->type != TPL_MISSING)

/* an optional argument that is neither missing nor None */
#define tpl_arg_some(v)                                                      \
    ((v)->type != TPL_MISSING && (v)->type != TPL_NONE)

/* flags that text cut out of the string v has */
#define tpl_cut_flags(v)  ((v)->flags & (TPL_F_SAFE | TPL_F_ASCII))


/*
 * The i-th argument as an integer, n_default when it is missing.  Python's
 * operator.index(): TypeError for what is no int or bool.
 */
static inline tpl_int_t
tpl_arg_int(tpl_call_t *call, tpl_uint_t i, int64_t n_default, int64_t *n)
{
    const tpl_value_t  *v = &call->args[i];

    *n = n_default;

    if (v->type == TPL_MISSING) {
        return TPL_OK;
    }

    if (!tpl_is_int(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "'%s' object cannot be interpreted as an integer",
                         tpl_type_name(v));
    }

    *n = v->u.i;

    return TPL_OK;
}


/* the truth of the i-th argument, b_default when it is missing */
static inline tpl_int_t
tpl_arg_bool(tpl_call_t *call, tpl_uint_t i, tpl_uint_t b_default,
    tpl_uint_t *b)
{
    *b = b_default;

    if (call->args[i].type == TPL_MISSING) {
        return TPL_OK;
    }

    return tpl_truth(call->exec, &call->args[i], b);
}


/* the i-th argument, which must be a string: TypeError otherwise */
static inline tpl_int_t
tpl_arg_str(tpl_call_t *call, tpl_uint_t i, tpl_str_t *s)
{
    const tpl_value_t  *v = &call->args[i];

    s->len = 0;
    s->data = NULL;

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(call->exec, v);
    }

    if (v->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "expected a string, got '%s'", tpl_type_name(v));
    }

    *s = tpl_value_str(v);

    return TPL_OK;
}


/* hasattr(v, "__html__"); of value/tpl_value.c */
tpl_uint_t tpl_has_html(const tpl_value_t *v);


/* str(v): as tpl_to_string, but never markup */
static inline tpl_int_t
tpl_plain_string(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    if (tpl_to_string(exec, v, out) != TPL_OK) {
        return TPL_ERROR;
    }

    out->flags &= ~TPL_F_SAFE;

    return TPL_OK;
}


/* the bytes from start to end of the string v, as v is: markup, ASCII */
static inline void
tpl_cut(const tpl_value_t *v, size_t start, size_t end, tpl_value_t *out)
{
    tpl_value_string(out, v->u.s + start, end - start, tpl_cut_flags(v));
}


/* byte offset of the n-th code point of v, or its end */
static inline size_t
tpl_cut_offset(const tpl_value_t *v, size_t n)
{
    if (v->flags & TPL_F_ASCII) {
        return tpl_min(n, v->len);
    }

    return tpl_utf8_offset(v->u.s, v->len, n);
}


/*
 * The next line of [*p, last) by str.splitlines(): line does not include its
 * break, *p moves past it.  brk gets the bytes of the break, 0 at an end
 * without one.  TPL_DONE when *p is at last.
 */
tpl_int_t tpl_line_next(const tpl_char_t **p, const tpl_char_t *last,
    tpl_str_t *line, size_t *brk);

/* str.replace() on bytes; count is the most to replace, negative for all */
tpl_int_t tpl_text_replace(tpl_exec_t *exec, const tpl_str_t *s,
    const tpl_str_t *old, const tpl_str_t *new, int64_t count,
    tpl_str_t *out);

/*
 * str.strip(): chars is the set of code points to take off, NULL for
 * whitespace; sides: 1 left, 2 right, 3 both.
 */
#define TPL_STRIP_LEFT   1
#define TPL_STRIP_RIGHT  2

void tpl_text_strip(tpl_str_t *s, const tpl_str_t *chars, tpl_uint_t sides);

/* urllib.parse.quote(): safe is one more character that stays, 0 for none;
 * plus makes blanks + signs */
tpl_int_t tpl_text_quote(tpl_buf_t *b, const tpl_str_t *s, tpl_uint_t safe,
    tpl_uint_t plus);

/*
 * Jinja's undefined with a hint and no name, as `environment.undefined(hint)`
 * makes; hint is static text.
 */
tpl_int_t tpl_undefined_hint(tpl_exec_t *exec, const char *hint,
    tpl_value_t *out);

/*
 * A value of exec->options->policies, MISSING if there are none or it is not
 * in them.
 */
tpl_int_t tpl_policy(tpl_exec_t *exec, const char *name, tpl_value_t *out);

/*
 * A mapping as a dict: the dict itself, or a copy of an object's items.
 * TPL_DECLINED if v is no mapping.
 */
tpl_int_t tpl_mapping_dict(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_dict_t **dict);

/*
 * The items of a value that is walked once.  Lists, tuples and what a generator
 * has left are looked at in place; other iterables are made into a list.
 */

typedef struct {
    tpl_value_t         *items;
    uint32_t             n;
    tpl_iterator_t      *iter;      /* a generator, or NULL */
} tpl_seq_t;

/* TypeError if v cannot be iterated over */
tpl_int_t tpl_seq_open(tpl_exec_t *exec, tpl_seq_t *seq,
    const tpl_value_t *v);

/*
 * Empties a generator.  Only after success: a handler that returns TPL_AGAIN is
 * called again and wants the items once more.
 */
void tpl_seq_close(tpl_seq_t *seq);


/*
 * Jinja2: make_attrgetter: looks a dotted path up in items, numbers in it as
 * integers; lower lowers strings; fallback (MISSING or None: there is none)
 * stands for what is undefined.
 */

typedef struct {
    tpl_value_t         *parts;
    tpl_uint_t           n;
    tpl_uint_t           lower;
    tpl_value_t          fallback;
    uint8_t              hint;      /* tpl_dict_find_again() */
} tpl_getter_t;

/* attribute: a string, a key, or MISSING or None for the item itself */
tpl_int_t tpl_getter_init(tpl_exec_t *exec, tpl_getter_t *g,
    const tpl_value_t *attribute, tpl_uint_t lower,
    const tpl_value_t *fallback);
tpl_int_t tpl_getter_get(tpl_exec_t *exec, tpl_getter_t *g,
    const tpl_value_t *item, tpl_value_t *out);

/*
 * One part of the path in what items of a list most often are, small dicts that
 * are alike; NULL: look it up in the usual way.
 */
static inline const tpl_value_t *
tpl_getter_peek(tpl_getter_t *g, const tpl_value_t *part,
    const tpl_value_t *item)
{
    tpl_name_t          name;
    const tpl_value_t  *v;

    if (item->type != TPL_DICT || part->type != TPL_STRING
        || item->u.dict->index != NULL)
    {
        return NULL;
    }

    name.str = tpl_value_str(part);
    name.hash = 0;

    v = tpl_dict_find_again(item->u.dict, &name, &g->hint);

    return (v && v->type != TPL_PENDING && v->type != TPL_UNDEFINED) ? v
                                                                     : NULL;
}


/* Jinja2: ignore_case: a string in lower case, other values as they are */
tpl_int_t tpl_getter_lower(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_value_t *out);

/* (a, b) */
tpl_int_t tpl_pair(tpl_exec_t *exec, const tpl_value_t *a,
    const tpl_value_t *b, tpl_value_t *out);

/* appends markupsafe.escape(v) */
tpl_int_t tpl_markup_add(tpl_exec_t *exec, tpl_buf_t *b,
    const tpl_value_t *v);

/* filters with a file of their own: tpl_pprint.c, tpl_urlize.c */
/*
 * Calls a handler whose errors show when its generator is walked; what it has
 * made so far is a list in call->result.
 */
tpl_int_t tpl_lazy(tpl_call_t *call, tpl_handler_pt handler);

tpl_int_t tpl_filter_pprint(tpl_call_t *call);
tpl_int_t tpl_filter_urlize(tpl_call_t *call);

/* random bytes from the system; never fails (falls back on the clock) */
uint64_t tpl_random_seed(void);

/* the next of a splitmix64 sequence */
uint64_t tpl_random_next(uint64_t *state);


TPL_END_DECLS


#endif /* _TPL_ARGS_H_INCLUDED_ */
