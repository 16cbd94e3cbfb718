
/*
 * Attributes, items and slices, read and written.
 *
 * Jinja's rules (environment.getattr() and getitem(), and those of the
 * sandbox) turn what is not there into an undefined; Python's raise.  What a
 * value has is the same for both: methods of its type's table, what its class
 * gives, items.
 */

#include "value/tpl_inner.h"


static tpl_int_t tpl_item(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_item_error(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *key);


/* __name__: Python has such attributes, we have not; the sandbox names them */

static inline tpl_uint_t
tpl_is_dunder(const tpl_str_t *name)
{
    return name->len > 4 && name->data[0] == '_' && name->data[1] == '_'
           && name->data[name->len - 1] == '_'
           && name->data[name->len - 2] == '_';
}


/* jinja2.sandbox.SandboxedEnvironment.unsafe_undefined */

static tpl_int_t
tpl_unsafe(tpl_exec_t *exec, const tpl_value_t *v, const tpl_str_t *name,
    tpl_value_t *out)
{
    tpl_buf_t  b;
    tpl_str_t  hint;

    tpl_buf_init(&b, exec->arena);
    tpl_buf_lit(&b, "access to attribute ");
    tpl_repr_text(&b, name->data, name->len, 0);
    tpl_buf_printf(&b, " of '%s' object is unsafe.", tpl_type_name(v));

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    hint.len = b.len;
    hint.data = b.data;

    if (tpl_value_undefined(exec, out, name, v, &hint) != TPL_OK) {
        return TPL_ERROR;
    }

    out->u.undef->exc = TPL_EXC_SECURITY;

    return TPL_OK;
}


static tpl_int_t
tpl_range_attribute(const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    int64_t  n;

    if (tpl_str_is(&name->str, "start")) {
        n = v->u.range->start;

    } else if (tpl_str_is(&name->str, "stop")) {
        n = v->u.range->stop;

    } else if (tpl_str_is(&name->str, "step")) {
        n = v->u.range->step;

    } else {
        return TPL_DECLINED;
    }

    tpl_value_int(out, n);

    return TPL_OK;
}


/* real, imag, numerator, denominator */

static tpl_int_t
tpl_number_attribute(const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    if (v->type == TPL_FLOAT) {

        if (tpl_str_is(&name->str, "real")) {
            tpl_value_float(out, v->u.d);

        } else if (tpl_str_is(&name->str, "imag")) {
            tpl_value_float(out, 0.0);

        } else {
            return TPL_DECLINED;
        }

        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "real") || tpl_str_is(&name->str, "numerator"))
    {
        tpl_value_int(out, v->u.i);

    } else if (tpl_str_is(&name->str, "imag")) {
        tpl_value_int(out, 0);

    } else if (tpl_str_is(&name->str, "denominator")) {
        tpl_value_int(out, 1);

    } else {
        return TPL_DECLINED;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_group_attribute(const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    if (tpl_str_is(&name->str, "grouper")) {
        *out = v->u.list->items[0];
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "list")) {
        *out = v->u.list->items[1];
        return TPL_OK;
    }

    return TPL_DECLINED;
}


/* a class method: it needs no self */

static tpl_int_t
tpl_class_attribute(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_method_t         *method;
    const tpl_builtin_t  *fn;

    if (!(v->u.fn->flags & TPL_FN_CLASS)
        || !tpl_str_is(&v->u.fn->name.str, "dict")
        || !tpl_str_is(&name->str, "fromkeys"))
    {
        return TPL_DECLINED;
    }

    fn = tpl_builtins_find(exec->builtins, tpl_methods_of(TPL_DICT), name);
    if (fn == NULL) {
        return TPL_DECLINED;
    }

    method = tpl_palloc(exec->arena, sizeof(tpl_method_t));
    if (tpl_unlikely(method == NULL)) {
        return tpl_throw_memory(exec);
    }

    method->self = *v;
    method->fn = fn;

    *out = (tpl_value_t) { .type = TPL_METHOD, .u.method = method };

    return TPL_OK;
}


/* what is not in the table of methods of v's type */

static tpl_int_t
tpl_data_attribute(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name, tpl_value_t *out)
{
    if (tpl_str_is(&name->str, "__class__") && !exec->options->sandbox) {
        return tpl_value_class(exec, v, out);
    }

    switch (v->type) {

    case TPL_FUNCTION:
        return tpl_class_attribute(exec, v, name, out);

    case TPL_RANGE:
        return tpl_range_attribute(v, name, out);

    case TPL_BOOL:
    case TPL_INT:
    case TPL_FLOAT:
        return tpl_number_attribute(v, name, out);

    case TPL_TUPLE:
        return (v->aux == TPL_AUX_GROUP) ? tpl_group_attribute(v, name, out)
                                         : TPL_DECLINED;

    default:
        return TPL_DECLINED;
    }
}


tpl_int_t
tpl_attribute(tpl_exec_t *exec, const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t             rc;
    tpl_method_t         *method;
    const tpl_builtin_t  *fn;

    if (v->type == TPL_OBJECT) {
        rc = v->u.obj->cls->get_attr
             ? v->u.obj->cls->get_attr(exec, v->u.obj, name, out)
             : TPL_DECLINED;

        return (rc == TPL_DECLINED) ? tpl_data_attribute(exec, v, name, out)
                                    : rc;
    }

    if (exec->builtins == NULL || v->type >= TPL_INTERNAL) {
        return TPL_DECLINED;
    }

    fn = tpl_builtins_find(exec->builtins, tpl_methods_of(v->type), name);

    if (fn == NULL) {
        return tpl_data_attribute(exec, v, name, out);
    }

    if ((fn->flags & TPL_FN_MARKUP) && !tpl_is_safe(v)) {
        return TPL_DECLINED;
    }

    if ((fn->flags & TPL_FN_MUTATES)
        && exec->options->sandbox == TPL_SANDBOX_IMMUTABLE)
    {
        return tpl_unsafe(exec, v, &name->str, out);
    }

    method = tpl_palloc(exec->arena, sizeof(tpl_method_t));
    if (tpl_unlikely(method == NULL)) {
        return tpl_throw_memory(exec);
    }

    method->self = *v;
    method->fn = fn;

    *out = (tpl_value_t) { .type = TPL_METHOD, .u.method = method };

    return TPL_OK;
}


tpl_int_t
tpl_attribute_error(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_name_t *name)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, exec->arena);
    tpl_buf_printf(&b, "'%s' object has no attribute ", tpl_type_name(v));
    tpl_buf_char(&b, '\'');
    tpl_buf_str(&b, &name->str);
    tpl_buf_char(&b, '\'');

    return tpl_throw_buf(exec, TPL_EXC_ATTRIBUTE, &b);
}


/* an attribute of an undefined: itself, or its error */

static tpl_int_t
tpl_undefined_access(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    if (v->u.undef->kind == TPL_UNDEF_CHAINABLE) {
        *out = *v;
        return TPL_OK;
    }

    return tpl_undefined_throw(exec, v);
}


tpl_int_t
tpl_get_attr(tpl_exec_t *exec, const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t     rc;
    tpl_value_t  *value, key;

    if (tpl_unlikely(exec->options->sandbox) && tpl_is_dunder(&name->str)
        && (v->type != TPL_UNDEFINED
            || tpl_str_is(&name->str, "__class__")))
    {
        return tpl_unsafe(exec, v, &name->str, out);
    }

    if (v->type == TPL_UNDEFINED) {

        /* the attributes of Jinja2's class that templates can use */

        if (!exec->options->python && !exec->options->sandbox) {

            if (tpl_str_is(&name->str, "_undefined_name")) {
                tpl_value_from_str(out, &v->u.undef->name);
                return TPL_OK;
            }

            if (tpl_str_is(&name->str, "__class__")) {
                return tpl_value_class(exec, v, out);
            }
        }

        return tpl_undefined_access(exec, v, out);
    }

    rc = tpl_attribute(exec, v, name, out);
    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (v->type == TPL_DICT) {
        value = tpl_dict_find(v->u.dict, name);

        if (value) {
            *out = *value;
            return TPL_OK;
        }

    } else if (v->type == TPL_OBJECT && v->u.obj->cls->get_item
               && (!exec->options->python
                   || (v->u.obj->cls->flags & TPL_CLASS_MAPPING)))
    {
        tpl_value_from_str(&key, &name->str);

        rc = v->u.obj->cls->get_item(exec, v->u.obj, &key, out);
        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    if (exec->options->python) {
        return tpl_attribute_error(exec, v, name);
    }

    return tpl_value_undefined(exec, out, &name->str, v, NULL);
}


/* false for what tpl_dict_get() would raise "unhashable type" for */

static tpl_uint_t
tpl_is_hashable(const tpl_value_t *v, tpl_uint_t depth)
{
    uint32_t  i;

    switch (v->type) {

    case TPL_LIST:
    case TPL_DICT:
    case TPL_SET:
        return 0;

    case TPL_TUPLE:
        if (depth > TPL_MAX_DEPTH) {
            return 1;
        }

        for (i = 0; i < v->u.list->n; i++) {
            if (!tpl_is_hashable(&v->u.list->items[i], depth + 1)) {
                return 0;
            }
        }

        return 1;

    default:
        return 1;
    }
}


/* brings *n into 0 .. length - 1, false when it is out of range */

static inline tpl_uint_t
tpl_index(int64_t *n, int64_t length)
{
    if (*n < 0) {
        *n += length;
    }

    return *n >= 0 && *n < length;
}


static tpl_int_t
tpl_string_item(tpl_exec_t *exec, const tpl_value_t *v, int64_t n,
    tpl_value_t *out)
{
    size_t             at, len;
    uint8_t            flags;
    const tpl_char_t  *p, *end;

    flags = v->flags;

    if (!(flags & TPL_F_ASCII)) {
        exec->fuel -= v->len / 64;

        if (tpl_utf8_ascii(v->u.s, v->len)) {
            flags |= TPL_F_ASCII;
        }
    }

    if (flags & TPL_F_ASCII) {
        if (!tpl_index(&n, v->len)) {
            return TPL_DECLINED;
        }

        p = v->u.s + n;
        tpl_value_string(out, p, 1, flags);

        return TPL_OK;
    }

    len = tpl_utf8_length(v->u.s, v->len);

    if (!tpl_index(&n, (int64_t) len)) {
        return TPL_DECLINED;
    }

    at = tpl_utf8_offset(v->u.s, v->len, (size_t) n);

    if (at >= v->len) {
        return TPL_DECLINED;
    }

    p = v->u.s + at;
    end = p;
    (void) tpl_utf8_decode(&end, v->u.s + v->len);

    tpl_value_string(out, p, end - p, flags);

    return TPL_OK;
}


/* v[key]; TPL_DECLINED if there is no such item or v has no items */

static tpl_int_t
tpl_item(tpl_exec_t *exec, const tpl_value_t *v, const tpl_value_t *key,
    tpl_value_t *out)
{
    int64_t             n;
    const tpl_range_t  *r;

    switch (v->type) {

    case TPL_DICT:
        if (!tpl_is_hashable(key, 0)) {
            return TPL_DECLINED;
        }

        return tpl_dict_get(exec, v->u.dict, key, out);

    case TPL_LIST:
    case TPL_TUPLE:
        if (!tpl_is_int(key)) {
            return TPL_DECLINED;
        }

        n = key->u.i;

        if (!tpl_index(&n, v->u.list->n)) {
            return TPL_DECLINED;
        }

        *out = v->u.list->items[n];
        return TPL_OK;

    case TPL_STRING:
        if (!tpl_is_int(key)) {
            return TPL_DECLINED;
        }

        return tpl_string_item(exec, v, key->u.i, out);

    case TPL_RANGE:
        if (!tpl_is_int(key)) {
            return TPL_DECLINED;
        }

        n = key->u.i;
        r = v->u.range;

        if (!tpl_index(&n, tpl_range_length(r))) {
            return TPL_DECLINED;
        }

        tpl_value_int(out, (int64_t) ((uint64_t) r->start
                                      + (uint64_t) n * (uint64_t) r->step));
        return TPL_OK;

    case TPL_OBJECT:
        if (v->u.obj->cls->get_item) {
            return v->u.obj->cls->get_item(exec, v->u.obj, key, out);
        }

        return TPL_DECLINED;

    default:
        return TPL_DECLINED;
    }
}


/* what Python raises where tpl_item() declined */

static tpl_int_t
tpl_item_error(tpl_exec_t *exec, const tpl_value_t *v, const tpl_value_t *key)
{
    uint32_t   hash;
    tpl_buf_t  b;

    switch (v->type) {

    case TPL_OBJECT:
        if (v->u.obj->cls->get_item == NULL) {
            break;
        }

        goto key_error;

    case TPL_DICT:
        if (tpl_value_hash(exec, key, &hash) != TPL_OK) {
            return TPL_ERROR;
        }

        goto key_error;

    case TPL_STRING:
        if (tpl_is_int(key)) {
            return tpl_throw(exec, TPL_EXC_INDEX, "string index out of range");
        }

        /* Markup.__getitem__ has escaped its argument */

        return tpl_throw(exec, TPL_EXC_TYPE,
                         "string indices must be integers, not '%s'",
                         (tpl_is_safe(v) && tpl_is_string(key))
                         ? "Markup" : tpl_type_name(key));

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_RANGE:
        if (tpl_is_int(key)) {
            return tpl_throw(exec, TPL_EXC_INDEX, "%s index out of range",
                             (v->type == TPL_RANGE) ? "range object"
                                                    : tpl_type_name(v));
        }

        return tpl_throw(exec, TPL_EXC_TYPE,
                         "%s indices must be integers or slices, not %s",
                         tpl_type_name(v), tpl_type_name(key));

    default:
        break;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "'%s' object is not subscriptable",
                     tpl_type_name(v));

key_error:

    tpl_buf_init(&b, exec->arena);

    if (tpl_repr_to(exec, key, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_throw_buf(exec, TPL_EXC_KEY, &b);
}


tpl_int_t
tpl_item_python(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *key, tpl_value_t *out)
{
    tpl_int_t  rc;

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_access(exec, v, out);
    }

    rc = tpl_item(exec, v, key, out);

    return (rc == TPL_DECLINED) ? tpl_item_error(exec, v, key) : rc;
}


tpl_int_t
tpl_get_item(tpl_exec_t *exec, const tpl_value_t *v, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_str_t    text;
    tpl_name_t   name;
    tpl_value_t  where;

    if (exec->options->python) {
        return tpl_item_python(exec, v, key, out);
    }

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_access(exec, v, out);
    }

    rc = tpl_item(exec, v, key, out);
    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (key->type != TPL_STRING) {
        where = *key;

        if (tpl_value_undefined(exec, out, NULL, v, NULL) != TPL_OK) {
            return TPL_ERROR;
        }

        out->u.undef->key = where;

        return TPL_OK;
    }

    text = tpl_value_str(key);

    if (exec->options->sandbox && tpl_is_dunder(&text)) {
        return tpl_unsafe(exec, v, &text, out);
    }

    name.str = text;
    name.hash = tpl_hash(text.data, text.len);

    rc = tpl_attribute(exec, v, &name, out);
    if (rc != TPL_DECLINED) {
        return rc;
    }

    return tpl_value_undefined(exec, out, &text, v, NULL);
}


/* a bound of a slice; *given is false for None */

static tpl_int_t
tpl_slice_part(tpl_exec_t *exec, const tpl_value_t *v, tpl_uint_t *given,
    int64_t *n)
{
    *given = 0;
    *n = 0;

    if (v == NULL || v->type == TPL_NONE || v->type == TPL_MISSING) {
        return TPL_OK;
    }

    if (tpl_is_int(v)) {
        *given = 1;
        *n = v->u.i;
        return TPL_OK;
    }

    return tpl_throw(exec, TPL_EXC_TYPE, "slice indices must be integers or "
                     "None or have an __index__ method");
}


/* one bound within 0 .. length, by CPython's PySlice_AdjustIndices() */

static int64_t
tpl_slice_bound(int64_t n, int64_t length, tpl_uint_t backwards)
{
    if (n < 0) {
        n += length;

        if (n < 0) {
            n = backwards ? -1 : 0;
        }

    } else if (n >= length) {
        n = backwards ? length - 1 : length;
    }

    return n;
}


static tpl_int_t
tpl_string_slice(tpl_exec_t *exec, const tpl_value_t *v, int64_t start,
    int64_t step, int64_t count, tpl_value_t *out)
{
    size_t       len, from, to;
    int64_t      i, n;
    uint32_t    *places;
    tpl_char_t  *p, *dst;

    if (count == 0) {
        tpl_value_string(out, (tpl_char_t *) "", 0,
                         (v->flags & TPL_F_SAFE) | TPL_F_ASCII);
        return TPL_OK;
    }

    tpl_fuel_bytes(exec, v->len);

    len = v->len;

    if ((v->flags & TPL_F_ASCII) || tpl_utf8_ascii(v->u.s, len)) {

        if (step == 1) {
            tpl_value_string(out, v->u.s + start, count,
                             v->flags | TPL_F_ASCII);
            return TPL_OK;
        }

        p = tpl_text_alloc(exec, (uint64_t) count);
        if (p == NULL) {
            return TPL_ERROR;
        }

        for (i = 0; i < count; i++) {
            p[i] = v->u.s[start + i * step];
        }

        tpl_value_string(out, p, count, v->flags | TPL_F_ASCII);
        return TPL_OK;
    }

    if (step == 1) {
        from = tpl_utf8_offset(v->u.s, len, (size_t) start);
        to = from + tpl_utf8_offset(v->u.s + from, len - from,
                                    (size_t) count);

        tpl_value_string(out, v->u.s + from, to - from, v->flags);
        return TPL_OK;
    }

    /* where every code point begins, and the end */

    places = tpl_palloc(exec->arena, (len + 1) * sizeof(uint32_t));
    if (places == NULL) {
        return tpl_throw_memory(exec);
    }

    for (from = 0, n = 0; from < len; from++) {
        if ((v->u.s[from] & 0xc0) != 0x80) {
            places[n++] = (uint32_t) from;
        }
    }

    for ( /* void */ ; n <= (int64_t) len; n++) {
        places[n] = (uint32_t) len;
    }

    p = tpl_text_alloc(exec, len);
    if (p == NULL) {
        return TPL_ERROR;
    }

    dst = p;

    for (i = 0; i < count; i++) {
        n = start + i * step;
        from = places[n];
        to = places[n + 1];

        memcpy(dst, v->u.s + from, to - from);
        dst += to - from;
    }

    tpl_value_string(out, p, dst - p, v->flags);

    return TPL_OK;
}


static tpl_int_t
tpl_list_slice(tpl_exec_t *exec, const tpl_value_t *v, int64_t start,
    int64_t step, int64_t count, tpl_value_t *out)
{
    int64_t      i;
    tpl_list_t  *list, *from;

    from = v->u.list;

    list = tpl_list_create(exec, (tpl_uint_t) count);
    if (list == NULL) {
        return TPL_ERROR;
    }

    exec->fuel -= count;

    if (step == 1) {
        if (count) {
            memcpy(list->items, &from->items[start],
                   (size_t) count * sizeof(tpl_value_t));
        }

    } else {
        for (i = 0; i < count; i++) {
            list->items[i] = from->items[start + i * step];
        }
    }

    list->n = (uint32_t) count;
    *out = (tpl_value_t) { .type = v->type, .u.list = list };

    return TPL_OK;
}


static tpl_int_t
tpl_range_slice(tpl_exec_t *exec, const tpl_range_t *r, int64_t start,
    int64_t stop, int64_t step, tpl_value_t *out)
{
    int64_t       d;
    tpl_range_t  *slice;

    slice = tpl_palloc(exec->arena, sizeof(tpl_range_t));
    if (slice == NULL) {
        return tpl_throw_memory(exec);
    }

    if (__builtin_mul_overflow(r->step, step, &slice->step)
        || __builtin_mul_overflow(r->step, start, &d)
        || __builtin_add_overflow(r->start, d, &slice->start)
        || __builtin_mul_overflow(r->step, stop, &d)
        || __builtin_add_overflow(r->start, d, &slice->stop))
    {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "integer overflow: result does not fit 64 bits");
    }

    *out = (tpl_value_t) { .type = TPL_RANGE, .u.range = slice };

    return TPL_OK;
}


tpl_int_t
tpl_get_slice(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_value_t *start, const tpl_value_t *stop,
    const tpl_value_t *step, tpl_value_t *out)
{
    int64_t     length, count, from, to, by;
    tpl_uint_t  has_from, has_to, has_by;

    switch (v->type) {

    case TPL_STRING:
    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_RANGE:
        break;

    case TPL_UNDEFINED:
        return tpl_undefined_access(exec, v, out);

    case TPL_DICT:
        return tpl_throw(exec, TPL_EXC_TYPE, "unhashable type: 'slice'");

    default:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "'%s' object is not subscriptable",
                         tpl_type_name(v));
    }

    if (tpl_slice_part(exec, step, &has_by, &by) != TPL_OK) {
        return TPL_ERROR;
    }

    if (has_by && by == 0) {
        return tpl_throw(exec, TPL_EXC_VALUE, "slice step cannot be zero");
    }

    if (!has_by) {
        by = 1;

    } else if (by == INT64_MIN) {
        by = -INT64_MAX;
    }

    if (tpl_slice_part(exec, start, &has_from, &from) != TPL_OK
        || tpl_slice_part(exec, stop, &has_to, &to) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_length(exec, v, &length) != TPL_OK) {
        return TPL_ERROR;
    }

    if (has_from) {
        from = tpl_slice_bound(from, length, by < 0);

    } else {
        from = (by < 0) ? length - 1 : 0;
    }

    if (has_to) {
        to = tpl_slice_bound(to, length, by < 0);

    } else {
        to = (by < 0) ? -1 : length;
    }

    if (by > 0) {
        count = (from < to) ? (to - from - 1) / by + 1 : 0;

    } else {
        count = (from > to) ? (from - to - 1) / -by + 1 : 0;
    }

    switch (v->type) {

    case TPL_STRING:
        return tpl_string_slice(exec, v, from, by, count, out);

    case TPL_RANGE:
        return tpl_range_slice(exec, v->u.range, from, to, by, out);

    default:
        return tpl_list_slice(exec, v, from, by, count, out);
    }
}


tpl_int_t
tpl_set_attr(tpl_exec_t *exec, const tpl_value_t *v, const tpl_name_t *name,
    const tpl_value_t *value)
{
    tpl_int_t  rc;

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    if (v->type == TPL_OBJECT && v->u.obj->cls->set_attr) {
        rc = v->u.obj->cls->set_attr(exec, v->u.obj, name, value);
        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    if (exec->options->python) {
        return tpl_attribute_error(exec, v, name);
    }

    return tpl_throw(exec, TPL_EXC_RUNTIME,
                     "cannot assign attribute on non-namespace object");
}


tpl_int_t
tpl_set_item(tpl_exec_t *exec, const tpl_value_t *v, const tpl_value_t *key,
    const tpl_value_t *value)
{
    int64_t  n;

    switch (v->type) {

    case TPL_DICT:
        return tpl_dict_set(exec, v->u.dict, key, value);

    case TPL_LIST:
        if (!tpl_is_int(key)) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "list indices must be integers or slices, not %s",
                             tpl_type_name(key));
        }

        n = key->u.i;

        if (!tpl_index(&n, v->u.list->n)) {
            return tpl_throw(exec, TPL_EXC_INDEX,
                             "list assignment index out of range");
        }

        v->u.list->items[n] = *value;
        return TPL_OK;

    case TPL_UNDEFINED:
        return tpl_undefined_throw(exec, v);

    default:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "'%s' object does not support item assignment",
                         tpl_type_name(v));
    }
}
