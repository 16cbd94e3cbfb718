
/*
 * What the files of methods and of Python's own functions share.  Private to
 * builtins/.
 */

#ifndef _TPL_METHODS_H_INCLUDED_
#define _TPL_METHODS_H_INCLUDED_


#include "builtins/tpl_args.h"


TPL_BEGIN_DECLS


/*
 * tpl_methods_text.c and tpl_methods_join.c: handlers that tpl_methods_str.c
 * has in its table
 */

tpl_int_t tpl_str_method_center(tpl_call_t *call);
tpl_int_t tpl_str_method_ljust(tpl_call_t *call);
tpl_int_t tpl_str_method_rjust(tpl_call_t *call);
tpl_int_t tpl_str_method_zfill(tpl_call_t *call);
tpl_int_t tpl_str_method_expandtabs(tpl_call_t *call);
tpl_int_t tpl_str_method_strip(tpl_call_t *call);
tpl_int_t tpl_str_method_lstrip(tpl_call_t *call);
tpl_int_t tpl_str_method_rstrip(tpl_call_t *call);
tpl_int_t tpl_str_method_split(tpl_call_t *call);
tpl_int_t tpl_str_method_rsplit(tpl_call_t *call);
tpl_int_t tpl_str_method_splitlines(tpl_call_t *call);
tpl_int_t tpl_str_method_partition(tpl_call_t *call);
tpl_int_t tpl_str_method_rpartition(tpl_call_t *call);
tpl_int_t tpl_str_method_join(tpl_call_t *call);
tpl_int_t tpl_str_method_replace(tpl_call_t *call);
tpl_int_t tpl_str_method_translate(tpl_call_t *call);


/* room for a text of len bytes; NULL with an error, OverflowError past the
 * limit */
static inline tpl_char_t *
tpl_method_text(tpl_exec_t *exec, uint64_t len)
{
    tpl_char_t  *p;

    if (tpl_unlikely(len > TPL_MAX_STRING)) {
        (void) tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "string is too long: more than %d bytes",
                         TPL_MAX_STRING);
        return NULL;
    }

    tpl_charge(exec, len);

    p = tpl_pnalloc(exec->arena, len ? len : 1);
    if (tpl_unlikely(p == NULL)) {
        (void) tpl_throw_memory(exec);
    }

    return p;
}


/* a text found from its end; next is for long needles, made when needed */

typedef struct {
    tpl_str_t            needle;
    uint32_t            *next;
} tpl_rfind_t;

/*
 * Starts a search for needle; the needle must not be empty and must live as
 * long.
 */
#define tpl_rfind_init(r, s)                                                 \
    ((r)->needle = *(s), (r)->next = NULL)

/*
 * The last place of the needle in n bytes at p, in *pos.  TPL_DECLINED if there
 * is none; TPL_ERROR without memory, with the error set.  Linear.
 */
tpl_int_t tpl_rfind(tpl_exec_t *exec, tpl_rfind_t *r, const tpl_char_t *p,
    size_t n, size_t *pos);

/*
 * An argument of a method of Markup: escaped if it is text, as it is otherwise
 * (markupsafe: _escape_argspec()).  For methods of plain text, a copy.
 */
tpl_int_t tpl_markup_arg(tpl_call_t *call, tpl_uint_t i, tpl_value_t *out);

/*
 * Keyword-only arguments: takes the n names (NULL-terminated C strings) out of
 * kwargs into out, MISSING where absent.  TypeError for any other keyword, in
 * the name of the function.
 */
tpl_int_t tpl_keywords(tpl_exec_t *exec, const tpl_dict_t *kwargs,
    const char *function, const char **names, tpl_uint_t n,
    tpl_value_t *out);

/*
 * Calls key(v), which may be a lambda; a None or MISSING key gives v itself.
 */
tpl_int_t tpl_call_key(tpl_exec_t *exec, const tpl_value_t *key,
    const tpl_value_t *v, tpl_value_t *out);

/* list.sort() and sorted() after their arguments are read */
tpl_int_t tpl_sort_by(tpl_exec_t *exec, tpl_list_t *list,
    const tpl_value_t *key, const tpl_value_t *reverse);

/* Python's reversed() and iter() know the views of a dict */

typedef enum {
    TPL_VIEW_KEYS = 0,
    TPL_VIEW_VALUES,
    TPL_VIEW_ITEMS
} tpl_view_kind_t;

/* TPL_DECLINED if v is no view of a dict */
tpl_int_t tpl_dict_view(const tpl_value_t *v, tpl_view_kind_t *kind,
    tpl_dict_t **dict);

/* a new list of a dict's keys, values or pairs */
tpl_int_t tpl_dict_view_list(tpl_exec_t *exec, const tpl_dict_t *dict,
    tpl_view_kind_t kind, tpl_value_t *out);

/* tuple of n values */
tpl_int_t tpl_value_pack(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_uint_t n, tpl_value_t *out);

/*
 * Takes the last entry out of a dict or a set; 0 if there is none.  Any number
 * of them in a row is linear.
 */
tpl_uint_t tpl_dict_pop_last(tpl_exec_t *exec, tpl_dict_t *dict,
    tpl_value_t *key, tpl_value_t *value);

/* a KeyError as Python words it: the repr() of the key */
tpl_int_t tpl_throw_key(tpl_exec_t *exec, const tpl_value_t *key);


/* tpl_tornado_escape.c: handlers that tpl_globals_tornado.c has in its table */

tpl_int_t tpl_tornado_xhtml_escape(tpl_call_t *call);
tpl_int_t tpl_tornado_xhtml_unescape(tpl_call_t *call);
tpl_int_t tpl_tornado_url_escape(tpl_call_t *call);
tpl_int_t tpl_tornado_url_unescape(tpl_call_t *call);
tpl_int_t tpl_tornado_json_encode(tpl_call_t *call);
tpl_int_t tpl_tornado_json_decode(tpl_call_t *call);
tpl_int_t tpl_tornado_squeeze(tpl_call_t *call);
tpl_int_t tpl_tornado_linkify(tpl_call_t *call);


/* tpl_globals_iter.c: the functions that walk over things */

tpl_int_t tpl_python_sorted(tpl_call_t *call);
tpl_int_t tpl_python_reversed(tpl_call_t *call);
tpl_int_t tpl_python_enumerate(tpl_call_t *call);
tpl_int_t tpl_python_zip(tpl_call_t *call);
tpl_int_t tpl_python_range(tpl_call_t *call);
tpl_int_t tpl_python_min(tpl_call_t *call);
tpl_int_t tpl_python_max(tpl_call_t *call);
tpl_int_t tpl_python_sum(tpl_call_t *call);
tpl_int_t tpl_python_any(tpl_call_t *call);
tpl_int_t tpl_python_all(tpl_call_t *call);
tpl_int_t tpl_python_map(tpl_call_t *call);
tpl_int_t tpl_python_filter(tpl_call_t *call);
tpl_int_t tpl_python_iter(tpl_call_t *call);
tpl_int_t tpl_python_next(tpl_call_t *call);


TPL_END_DECLS


#endif /* _TPL_METHODS_H_INCLUDED_ */
