
/*
 * Values at large: errors, undefined, type names, truth, length, conversions
 * to numbers, lists.
 *
 * Invariants: a LIST or TUPLE has items of which the first n are never MISSING;
 * a function that returns TPL_ERROR has set exec's error.
 */

#include <math.h>
#include <stdarg.h>

#include "value/tpl_inner.h"




#undef tpl_throw
#undef tpl_throw_memory
#undef tpl_undefined_throw

tpl_int_t
tpl_throw(tpl_exec_t *exec, tpl_exc_t exc, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) tpl_error_vset(exec->error, exc, NULL, fmt, args);
    va_end(args);

    return TPL_ERROR;
}


tpl_int_t
tpl_throw_memory(tpl_exec_t *exec)
{
    if (tpl_arena_exhausted(exec->arena)) {
        return tpl_throw(exec, TPL_EXC_LIMIT,
                         "the template takes more memory than its limit");
    }

    return tpl_throw(exec, TPL_EXC_MEMORY, "out of memory");
}


tpl_int_t
tpl_throw_buf(tpl_exec_t *exec, tpl_exc_t exc, tpl_buf_t *b)
{
    if (b->failed) {
        return tpl_throw_memory(exec);
    }

    return tpl_throw(exec, exc, "%.*s", (int) b->len, (char *) b->data);
}


tpl_int_t
tpl_text_check(tpl_exec_t *exec, uint64_t len)
{
    if (tpl_unlikely(len > TPL_MAX_STRING)) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "string is too long: more than %d bytes",
                         TPL_MAX_STRING);
    }

    tpl_fuel_bytes(exec, len);

    return TPL_OK;
}


tpl_char_t *
tpl_text_alloc(tpl_exec_t *exec, uint64_t len)
{
    tpl_char_t  *p;

    if (tpl_text_check(exec, len) != TPL_OK) {
        return NULL;
    }

    p = tpl_pnalloc(exec->arena, len ? len : 1);
    if (tpl_unlikely(p == NULL)) {
        (void) tpl_throw_memory(exec);
    }

    return p;
}


tpl_int_t
tpl_value_from_buf(tpl_exec_t *exec, tpl_value_t *v, tpl_buf_t *b,
    tpl_uint_t flags)
{
    if (tpl_unlikely(b->failed)) {
        return tpl_throw_memory(exec);
    }

    if (tpl_unlikely(b->len > UINT32_MAX)) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW, "string is too long");
    }

    tpl_value_string(v, b->data ? b->data : (tpl_char_t *) "", b->len,
                     (uint8_t) flags);

    return TPL_OK;
}


tpl_int_t
tpl_value_from_c(tpl_exec_t *exec, tpl_value_t *v, const char *s)
{
    size_t       len;
    tpl_char_t  *p;

    len = strlen(s);

    p = tpl_text_alloc(exec, len);
    if (p == NULL) {
        return TPL_ERROR;
    }

    memcpy(p, s, len);
    tpl_value_string(v, p, len, 0);

    return TPL_OK;
}


tpl_int_t
tpl_value_undefined(tpl_exec_t *exec, tpl_value_t *v, const tpl_str_t *name,
    const tpl_value_t *object, const tpl_str_t *hint)
{
    tpl_value_t       where;
    tpl_undefined_t  *undef;

    /* v may be the object itself */

    if (object) {
        where = *object;

    } else {
        tpl_value_missing(&where);
    }

    undef = tpl_palloc(exec->arena, sizeof(tpl_undefined_t));
    if (tpl_unlikely(undef == NULL)) {
        return tpl_throw_memory(exec);
    }

    undef->kind = (uint32_t) exec->options->undefined;
    undef->exc = TPL_EXC_UNDEFINED;
    undef->object = where;
    tpl_value_missing(&undef->key);

    undef->name.len = 0;
    undef->name.data = NULL;
    undef->hint.len = 0;
    undef->hint.data = NULL;

    if (name) {
        undef->name = *name;

        if (undef->name.data == NULL) {
            undef->name.data = (tpl_char_t *) "";
        }
    }

    if (hint) {
        undef->hint = *hint;
    }

    *v = (tpl_value_t) { .type = TPL_UNDEFINED, .u.undef = undef };

    return TPL_OK;
}


/* the name or key that was looked up, as a Python's repr() */

static tpl_int_t
tpl_undefined_name(tpl_exec_t *exec, const tpl_undefined_t *undef,
    tpl_buf_t *b)
{
    if (undef->key.type != TPL_MISSING) {
        return tpl_repr_to(exec, &undef->key, b);
    }

    if (undef->name.data == NULL) {
        return tpl_buf_lit(b, "None");
    }

    return tpl_repr_text(b, undef->name.data, undef->name.len, 0);
}


tpl_int_t
tpl_undefined_message(tpl_exec_t *exec, const tpl_undefined_t *undef,
    tpl_buf_t *b)
{
    tpl_buf_t  type;

    if (undef->hint.len) {
        return tpl_buf_str(b, &undef->hint);
    }

    if (undef->object.type == TPL_MISSING) {
        if (tpl_undefined_name(exec, undef, b) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_buf_lit(b, " is undefined");
    }

    if (undef->key.type != TPL_MISSING || undef->name.data == NULL) {
        tpl_object_type_repr(&undef->object, b);
        tpl_buf_lit(b, " has no element ");

        return tpl_undefined_name(exec, undef, b);
    }

    tpl_buf_init(&type, exec->arena);
    tpl_object_type_repr(&undef->object, &type);

    if (type.failed) {
        b->failed = 1;
        return TPL_ERROR;
    }

    tpl_repr_text(b, type.data, type.len, 0);
    tpl_buf_lit(b, " has no attribute ");

    return tpl_undefined_name(exec, undef, b);
}


tpl_int_t
tpl_undefined_throw(tpl_exec_t *exec, const tpl_value_t *v)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, exec->arena);

    if (tpl_undefined_message(exec, v->u.undef, &b) != TPL_OK && !b.failed) {
        return TPL_ERROR;
    }

    return tpl_throw_buf(exec, v->u.undef->exc, &b);
}


const char *
tpl_type_name(const tpl_value_t *v)
{
    static const char  *undefined[] = {
        "Undefined", "StrictUndefined", "ChainableUndefined", "DebugUndefined"
    };

    switch (v->type) {

    case TPL_UNDEFINED:
        return undefined[v->u.undef->kind & 3];

    case TPL_NONE:
        return "NoneType";

    case TPL_BOOL:
        return "bool";

    case TPL_INT:
        return "int";

    case TPL_FLOAT:
        return "float";

    case TPL_STRING:
        return (v->flags & TPL_F_SAFE) ? "Markup" : "str";

    case TPL_LIST:
        return "list";

    case TPL_TUPLE:
        return (v->aux == TPL_AUX_GROUP) ? "_GroupTuple" : "tuple";

    case TPL_DICT:
        return "dict";

    case TPL_SET:
        return "set";

    case TPL_RANGE:
        return "range";

    case TPL_ITERATOR:
        return v->u.iter->name ? v->u.iter->name : "generator";

    case TPL_FUNCTION:
        return (v->u.fn->flags & TPL_FN_CLASS) ? "type" : "function";

    case TPL_METHOD:
        return "builtin_function_or_method";

    case TPL_MACRO:
        return "Macro";

    case TPL_OBJECT:
    case TPL_PENDING:
        return v->u.obj->cls->name;

    default:
        return "object";
    }
}


const char *
tpl_type_module(const tpl_value_t *v)
{
    tpl_uint_t   i;
    const char  *name;

    static const char  *classes[][2] = {
        { "LoopContext", "jinja2.runtime." },
        { "BlockReference", "jinja2.runtime." },
        { "TemplateReference", "jinja2.runtime." },
        { "Context", "jinja2.runtime." },
        { "Macro", "jinja2.runtime." },
        { "Namespace", "jinja2.utils." },
        { "Cycler", "jinja2.utils." },
        { "Joiner", "jinja2.utils." },
        { "TemplateModule", "jinja2.environment." }
    };

    switch (v->type) {

    case TPL_UNDEFINED:
    case TPL_MACRO:
        return "jinja2.runtime.";

    case TPL_STRING:
        return (v->flags & TPL_F_SAFE) ? "markupsafe." : "";

    case TPL_TUPLE:
        return (v->aux == TPL_AUX_GROUP) ? "jinja2.filters." : "";

    case TPL_OBJECT:
        name = v->u.obj->cls->name;

        for (i = 0; i < tpl_nelts(classes); i++) {
            if (strcmp(name, classes[i][0]) == 0) {
                return classes[i][1];
            }
        }

        return "";

    default:
        return "";
    }
}


void
tpl_object_type_repr(const tpl_value_t *v, tpl_buf_t *b)
{
    if (v->type == TPL_NONE) {
        tpl_buf_lit(b, "None");
        return;
    }

    tpl_buf_printf(b, "%s%s object", tpl_type_module(v), tpl_type_name(v));
}


tpl_uint_t
tpl_has_html(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_STRING:
        return (v->flags & TPL_F_SAFE) != 0;

    case TPL_OBJECT:
        return (v->u.obj->cls->flags & TPL_CLASS_SAFE_STR) != 0;

    case TPL_UNDEFINED:
        return v->u.undef->kind == TPL_UNDEF_CHAINABLE;

    default:
        return 0;
    }
}


size_t
tpl_string_length(const tpl_value_t *v)
{
    if (v->flags & TPL_F_ASCII) {
        return v->len;
    }

    return tpl_utf8_length(v->u.s, v->len);
}


int64_t
tpl_range_length(const tpl_range_t *r)
{
    uint64_t  n, step;

    /* the span of two int64 fits 64 bits without a sign */

    if (r->step > 0) {
        if (r->start >= r->stop) {
            return 0;
        }

        n = (uint64_t) r->stop - (uint64_t) r->start - 1;
        step = (uint64_t) r->step;

    } else {
        if (r->start <= r->stop || r->step == 0) {
            return 0;
        }

        n = (uint64_t) r->start - (uint64_t) r->stop - 1;
        step = 0 - (uint64_t) r->step;
    }

    n = n / step;

    return (n >= INT64_MAX) ? INT64_MAX : (int64_t) n + 1;
}


tpl_int_t
tpl_truth(tpl_exec_t *exec, const tpl_value_t *v, tpl_uint_t *truth)
{
    int64_t             n;
    tpl_int_t           rc;
    const tpl_class_t  *cls;

    switch (v->type) {

    case TPL_BOOL:
    case TPL_INT:
        *truth = (v->u.i != 0);
        return TPL_OK;

    case TPL_STRING:
        *truth = (v->len != 0);
        return TPL_OK;

    case TPL_NONE:
        *truth = 0;
        return TPL_OK;

    case TPL_UNDEFINED:
        if (v->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, v);
        }

        *truth = 0;
        return TPL_OK;

    case TPL_FLOAT:
        *truth = (v->u.d != 0);
        return TPL_OK;

    case TPL_LIST:
    case TPL_TUPLE:
        *truth = (v->u.list->n != 0);
        return TPL_OK;

    case TPL_DICT:
    case TPL_SET:
        *truth = (v->u.dict->n != 0);
        return TPL_OK;

    case TPL_RANGE:
        *truth = (tpl_range_length(v->u.range) != 0);
        return TPL_OK;

    case TPL_OBJECT:
        cls = v->u.obj->cls;

        if (cls->truth) {
            return cls->truth(exec, v->u.obj, truth);
        }

        if (cls->length) {
            rc = cls->length(exec, v->u.obj, &n);
            if (rc == TPL_OK) {
                *truth = (n != 0);
            }

            return rc;
        }

        *truth = 1;
        return TPL_OK;

    case TPL_MISSING:
        *truth = 0;
        return TPL_OK;

    default:
        *truth = 1;
        return TPL_OK;
    }
}


tpl_int_t
tpl_length(tpl_exec_t *exec, const tpl_value_t *v, int64_t *n)
{
    switch (v->type) {

    case TPL_STRING:
        *n = (int64_t) tpl_string_length(v);
        return TPL_OK;

    case TPL_LIST:
    case TPL_TUPLE:
        *n = v->u.list->n;
        return TPL_OK;

    case TPL_DICT:
    case TPL_SET:
        *n = v->u.dict->n;
        return TPL_OK;

    case TPL_RANGE:
        *n = tpl_range_length(v->u.range);
        return TPL_OK;

    case TPL_UNDEFINED:
        if (v->u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, v);
        }

        *n = 0;
        return TPL_OK;

    case TPL_OBJECT:
        if (v->u.obj->cls->length) {
            return v->u.obj->cls->length(exec, v->u.obj, n);
        }

        break;

    default:
        break;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "object of type '%s' has no len()",
                     tpl_type_name(v));
}


tpl_uint_t
tpl_is_iterable(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_STRING:
    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
    case TPL_SET:
    case TPL_RANGE:
    case TPL_ITERATOR:
    case TPL_UNDEFINED:
        return 1;

    case TPL_OBJECT:
        return v->u.obj->cls->iter != NULL;

    default:
        return 0;
    }
}


tpl_uint_t
tpl_is_sequence(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_STRING:
    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
    case TPL_RANGE:
        return 1;

    case TPL_UNDEFINED:
        return v->u.undef->kind != TPL_UNDEF_STRICT;

    case TPL_OBJECT:
        return v->u.obj->cls->length != NULL && v->u.obj->cls->get_item != NULL;

    default:
        return 0;
    }
}


tpl_uint_t
tpl_is_callable(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_FUNCTION:
    case TPL_METHOD:
    case TPL_MACRO:
    case TPL_UNDEFINED:
        return 1;

    case TPL_OBJECT:
        return v->u.obj->cls->call != NULL
               || (v->u.obj->cls->flags & TPL_CLASS_CALLABLE);

    default:
        return 0;
    }
}


tpl_int_t
tpl_to_int(tpl_exec_t *exec, const tpl_value_t *v, int64_t *n)
{
    double     d;
    tpl_int_t  rc;
    tpl_str_t  s;
    tpl_buf_t  b;

    switch (v->type) {

    case TPL_BOOL:
    case TPL_INT:
        *n = v->u.i;
        return TPL_OK;

    case TPL_FLOAT:
        d = v->u.d;

        if (isnan(d)) {
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "cannot convert float NaN to integer");
        }

        if (isinf(d)) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "cannot convert float infinity to integer");
        }

        if (d < -TPL_TWO_63 || d >= TPL_TWO_63) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                           "integer overflow: result does not fit 64 bits");
        }

        *n = (int64_t) d;
        return TPL_OK;

    case TPL_STRING:
        s = tpl_value_str(v);
        tpl_fuel_bytes(exec, s.len);

        rc = tpl_parse_int(&s, 10, n);
        if (rc == TPL_OK) {
            return TPL_OK;
        }

        if (rc == TPL_ERROR) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                           "integer overflow: result does not fit 64 bits");
        }

        tpl_buf_init(&b, exec->arena);
        tpl_buf_lit(&b, "invalid literal for int() with base 10: ");
        tpl_repr_to(exec, v, &b);

        return tpl_throw_buf(exec, TPL_EXC_VALUE, &b);

    case TPL_UNDEFINED:
        return tpl_undefined_throw(exec, v);

    default:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "int() argument must be a string, a bytes-like "
                         "object or a real number, not '%s'",
                         tpl_type_name(v));
    }
}


tpl_int_t
tpl_to_float(tpl_exec_t *exec, const tpl_value_t *v, double *d)
{
    tpl_str_t  s;
    tpl_buf_t  b;

    switch (v->type) {

    case TPL_BOOL:
    case TPL_INT:
        *d = (double) v->u.i;
        return TPL_OK;

    case TPL_FLOAT:
        *d = v->u.d;
        return TPL_OK;

    case TPL_STRING:
        s = tpl_value_str(v);
        tpl_fuel_bytes(exec, s.len);

        if (tpl_parse_float(&s, d) == TPL_OK) {
            return TPL_OK;
        }

        tpl_buf_init(&b, exec->arena);
        tpl_buf_lit(&b, "could not convert string to float: ");
        tpl_repr_to(exec, v, &b);

        return tpl_throw_buf(exec, TPL_EXC_VALUE, &b);

    case TPL_UNDEFINED:
        return tpl_undefined_throw(exec, v);

    default:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "float() argument must be a string or a real "
                         "number, not '%s'", tpl_type_name(v));
    }
}


tpl_list_t *
tpl_list_create(tpl_exec_t *exec, tpl_uint_t size)
{
    tpl_list_t  *list;

    if (tpl_unlikely(size > UINT32_MAX / 2)) {
        (void) tpl_throw_memory(exec);
        return NULL;
    }

    list = tpl_palloc(exec->arena, sizeof(tpl_list_t));
    if (tpl_unlikely(list == NULL)) {
        (void) tpl_throw_memory(exec);
        return NULL;
    }

    list->items = NULL;
    list->n = 0;
    list->size = (uint32_t) size;

    if (size) {
        list->items = tpl_palloc(exec->arena, size * sizeof(tpl_value_t));
        if (tpl_unlikely(list->items == NULL)) {
            (void) tpl_throw_memory(exec);
            return NULL;
        }
    }

    return list;
}


static tpl_int_t
tpl_list_grow(tpl_exec_t *exec, tpl_list_t *list, uint64_t size)
{
    tpl_value_t  *items;

    if (size > UINT32_MAX / 2) {
        return tpl_throw_memory(exec);
    }

    if (list->items == NULL) {
        items = tpl_palloc(exec->arena, size * sizeof(tpl_value_t));

    } else {
        items = tpl_prealloc(exec->arena, list->items,
                             list->size * sizeof(tpl_value_t),
                             size * sizeof(tpl_value_t));
    }

    if (tpl_unlikely(items == NULL)) {
        return tpl_throw_memory(exec);
    }

    list->items = items;
    list->size = (uint32_t) size;

    return TPL_OK;
}


tpl_int_t
tpl_list_append(tpl_exec_t *exec, tpl_list_t *list, const tpl_value_t *v)
{
    tpl_value_t  value;

    if (tpl_unlikely(list->n == list->size)) {

        /* v may be one of the items that move */
        value = *v;

        if (tpl_list_grow(exec, list,
                          list->size ? (uint64_t) list->size * 2 : 4)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        list->items[list->n++] = value;

        return TPL_OK;
    }

    list->items[list->n++] = *v;

    return TPL_OK;
}


tpl_int_t
tpl_list_extend(tpl_exec_t *exec, tpl_list_t *list, const tpl_value_t *v)
{
    uint64_t          n, size;
    tpl_int_t         rc;
    tpl_iter_t        it;
    tpl_value_t       item;
    const tpl_list_t *other;

    if (v->type == TPL_LIST || v->type == TPL_TUPLE) {
        other = v->u.list;
        n = other->n;
        size = (uint64_t) list->n + n;

        exec->fuel -= (int64_t) n;

        if (size > list->size) {
            size = tpl_max(size, (uint64_t) list->size * 2);

            if (tpl_list_grow(exec, list, size) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        if (n) {
            /* other may be list itself: its items are read after the move */
            memcpy(&list->items[list->n], other->items,
                   n * sizeof(tpl_value_t));
            list->n += (uint32_t) n;
        }

        return TPL_OK;
    }

    rc = tpl_iter_init(exec, &it, v);
    if (rc != TPL_OK) {
        return rc;
    }

    for ( ;; ) {
        rc = tpl_iter_next(exec, &it, &item);
        if (rc != TPL_OK) {
            return (rc == TPL_DONE) ? TPL_OK : rc;
        }

        if (tpl_list_append(exec, list, &item) != TPL_OK) {
            return TPL_ERROR;
        }
    }
}
