
/*
 * Filters over sequences as they are: joining, counting, cutting up, picking.
 * What Jinja2 gives as a generator is an iterator here, filled at once.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"
#include "builtins/tpl_methods.h"


/* Jinja2: do_attr: attributes alone, never items */

static tpl_int_t
tpl_filter_attr(tpl_call_t *call)
{
    tpl_int_t     rc;
    tpl_str_t     s;
    tpl_name_t    name;
    tpl_exec_t   *exec;
    tpl_value_t  *v, *arg;

    exec = call->exec;
    v = &call->args[0];
    arg = &call->args[1];

    if (arg->type != TPL_STRING) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "attribute name must be string, not '%s'",
                         tpl_type_name(arg));
    }

    s = tpl_value_str(arg);
    name.str = s;
    name.hash = tpl_hash(s.data, s.len);

    /* what the sandbox has to say comes from tpl_get_attr() */

    if (v->type == TPL_UNDEFINED
        || (exec->options->sandbox && s.len && s.data[0] == '_'))
    {
        return tpl_get_attr(exec, v, &name, &call->result);
    }

    rc = tpl_attribute(exec, v, &name, &call->result);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    return tpl_value_undefined(exec, &call->result, &s, v, NULL);
}


static tpl_int_t
tpl_filter_default(tpl_call_t *call)
{
    tpl_uint_t    boolean, truth;
    tpl_value_t  *v;

    v = &call->args[0];
    truth = (v->type != TPL_UNDEFINED);

    if (truth) {

        if (tpl_arg_bool(call, 2, 0, &boolean) != TPL_OK) {
            return TPL_ERROR;
        }

        if (boolean && tpl_truth(call->exec, v, &truth) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (truth) {
        call->result = *v;

    } else if (tpl_arg_given(&call->args[1])) {
        call->result = call->args[1];

    } else {
        tpl_value_string(&call->result, (tpl_char_t *) "", 0, TPL_F_ASCII);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_filter_length(tpl_call_t *call)
{
    int64_t    n;
    tpl_int_t  rc;

    rc = tpl_length(call->exec, &call->args[0], &n);

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}


static tpl_int_t
tpl_filter_list(tpl_call_t *call)
{
    return tpl_to_list(call->exec, &call->args[0], &call->result);
}


static tpl_int_t
tpl_filter_first(tpl_call_t *call)
{
    tpl_int_t   rc;
    tpl_iter_t  it;

    rc = tpl_iter_init(call->exec, &it, &call->args[0]);

    if (rc == TPL_OK) {
        rc = tpl_iter_next(call->exec, &it, &call->result);
    }

    if (rc == TPL_DONE) {
        return tpl_undefined_hint(call->exec,
                                  "No first item, sequence was empty.",
                                  &call->result);
    }

    return rc;
}


/* v[index] of anything with a length and items; index is within it */

static tpl_int_t
tpl_sequence_at(tpl_exec_t *exec, const tpl_value_t *v, int64_t index,
    tpl_value_t *out)
{
    tpl_value_t  key;

    if (v->type == TPL_LIST || v->type == TPL_TUPLE) {
        *out = v->u.list->items[index];
        return TPL_OK;
    }

    tpl_value_int(&key, index);

    return tpl_get_item(exec, v, &key, out);
}


/* Jinja2: do_last: what reversed() takes */

static tpl_int_t
tpl_filter_last(tpl_call_t *call)
{
    int64_t            n;
    uint32_t           i;
    tpl_int_t          rc;
    tpl_exec_t        *exec;
    tpl_dict_t        *dict;
    tpl_value_t       *v, list;
    tpl_view_kind_t    kind;
    const tpl_char_t  *p;

    exec = call->exec;
    v = &call->args[0];

    switch (v->type) {

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_RANGE:
    case TPL_UNDEFINED:
        break;

    case TPL_STRING:

        if (v->len) {
            for (p = v->u.s + v->len - 1; p > v->u.s; p--) {
                if ((*p & 0xc0) != 0x80) {
                    break;
                }
            }

            tpl_cut(v, p - v->u.s, v->len, &call->result);
            return TPL_OK;
        }

        break;

    case TPL_DICT:
        dict = v->u.dict;

        for (i = dict->nentries; i > 0; i--) {
            if (dict->entries[i - 1].key.type != TPL_MISSING) {
                call->result = dict->entries[i - 1].key;
                return TPL_OK;
            }
        }

        break;

    case TPL_OBJECT:

        if (tpl_dict_view(v, &kind, &dict) == TPL_OK) {
            rc = tpl_to_list(exec, v, &list);

            if (rc != TPL_OK) {
                return rc;
            }

            v = &list;
            break;
        }

        if (v->u.obj->cls->length != NULL
            && v->u.obj->cls->get_item != NULL)
        {
            break;
        }

        /* fall through */

    default:
        return tpl_throw(exec, TPL_EXC_TYPE, "'%s' object is not reversible",
                         tpl_type_name(v));
    }

    rc = tpl_length(exec, v, &n);

    if (rc != TPL_OK) {
        return rc;
    }

    if (n <= 0) {
        return tpl_undefined_hint(exec, "No last item, sequence was empty.",
                                  &call->result);
    }

    return tpl_sequence_at(exec, v, n - 1, &call->result);
}


/* Jinja2: do_random: random.choice() */

static tpl_int_t
tpl_filter_random(tpl_call_t *call)
{
    int64_t       n, index;
    uint64_t      state;
    tpl_int_t     rc;
    tpl_exec_t   *exec;
    tpl_value_t  *v, key;

    exec = call->exec;
    v = &call->args[0];

    rc = tpl_length(exec, v, &n);

    if (rc != TPL_OK) {
        return rc;
    }

    if (n <= 0) {
        return tpl_undefined_hint(exec, "No random item, sequence was empty.",
                                  &call->result);
    }

    /* the bias of a 64-bit remainder is far below what can be noticed */

    state = tpl_random_seed();
    index = tpl_random_next(&state) % (uint64_t) n;

    if (v->type == TPL_SET) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "'set' object is not subscriptable");
    }

    if (v->type == TPL_DICT) {
        tpl_value_int(&key, index);
        rc = tpl_dict_get(exec, v->u.dict, &key, &call->result);

        if (rc == TPL_DECLINED) {
            return tpl_throw(exec, TPL_EXC_KEY, "%lld", (long long) index);
        }

        return rc;
    }

    return tpl_sequence_at(exec, v, index, &call->result);
}


/* appends a value to what join() makes */

static tpl_int_t
tpl_join_add(tpl_exec_t *exec, tpl_buf_t *b, const tpl_value_t *v,
    tpl_uint_t escape)
{
    size_t       n;
    tpl_char_t  *p;
    tpl_value_t  s;

    if (v->type == TPL_STRING) {

        if (!escape || tpl_is_safe(v)) {
            return tpl_buf_add(b, v->u.s, v->len);
        }

        n = tpl_escape_size(v->u.s, v->len, TPL_ESCAPE_MARKUPSAFE);

        if (n == v->len) {
            return tpl_buf_add(b, v->u.s, v->len);
        }

        p = tpl_buf_reserve(b, n);

        if (p == NULL) {
            return TPL_ERROR;
        }

        (void) tpl_escape(p, v->u.s, v->len, TPL_ESCAPE_MARKUPSAFE);
        b->len += n;

        return TPL_OK;
    }

    if (!escape) {
        return tpl_str_to(exec, v, b);
    }

    if (tpl_to_markup(exec, v, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_add(b, s.u.s, s.len);
}


/*
 * Jinja2: do_join.  With autoescape one item, or a separator, that is markup
 * makes all others be escaped, and the result markup.
 */

static tpl_int_t
tpl_filter_join(tpl_call_t *call)
{
    size_t         size;
    uint32_t       i;
    tpl_buf_t      b;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_uint_t     escape;
    tpl_value_t   *args, d, *items;
    tpl_getter_t   getter;

    exec = call->exec;
    args = call->args;

    rc = tpl_seq_open(exec, &seq, &args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    items = seq.items;

    if (tpl_arg_some(&args[2])) {

        if (tpl_getter_init(exec, &getter, &args[2], 0, NULL) != TPL_OK) {
            return TPL_ERROR;
        }

        items = tpl_palloc(exec->arena,
                           ((size_t) seq.n + 1) * sizeof(tpl_value_t));

        if (items == NULL) {
            return tpl_throw_memory(exec);
        }

        for (i = 0; i < seq.n; i++) {
            rc = tpl_getter_get(exec, &getter, &seq.items[i], &items[i]);

            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    if (!tpl_arg_given(&args[1])) {
        tpl_value_string(&d, (tpl_char_t *) "", 0, TPL_F_ASCII);

    } else if (tpl_to_string(exec, &args[1], &d) != TPL_OK) {
        return TPL_ERROR;
    }

    escape = 0;
    size = 0;

    if (exec->autoescape) {
        escape = tpl_is_safe(&d);

        for (i = 0; i < seq.n && !escape; i++) {
            escape = tpl_has_html(&items[i]);
        }

        if (escape && tpl_to_markup(exec, &d, &d) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    for (i = 0; i < seq.n; i++) {
        size += items[i].type == TPL_STRING ? items[i].len : 8;
        size += d.len;
    }

    if (size > TPL_MAX_STRING) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "join() makes a string that is too long");
    }

    tpl_charge(exec, size);
    tpl_buf_init(&b, exec->arena);

    if (size && tpl_buf_reserve(&b, size) == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < seq.n; i++) {

        if (i && d.len) {
            (void) tpl_buf_add(&b, d.u.s, d.len);
        }

        if (tpl_join_add(exec, &b, &items[i], escape) != TPL_OK) {
            return tpl_throw_memory(exec);
        }
    }

    tpl_seq_close(&seq);

    return tpl_value_from_buf(exec, &call->result, &b,
                              escape ? TPL_F_SAFE : 0);
}


/* a string backwards by code points */

static tpl_int_t
tpl_reverse_string(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    tpl_char_t        *d, *r;
    const tpl_char_t  *p, *q, *last;

    tpl_charge(exec, v->len);

    d = tpl_pnalloc(exec->arena, (size_t) v->len + 1);

    if (d == NULL) {
        return tpl_throw_memory(exec);
    }

    p = v->u.s;
    last = p + v->len;
    r = d + v->len;

    while (p < last) {
        q = p + 1;

        while (q < last && (*q & 0xc0) == 0x80) {
            q++;
        }

        r -= q - p;
        memcpy(r, p, q - p);
        p = q;
    }

    tpl_value_string(out, d, v->len, tpl_cut_flags(v));

    return TPL_OK;
}


/*
 * Jinja2: do_reverse: a string, an iterator over what reversed() takes, and a
 * list of anything else that can be walked.
 */

static tpl_int_t
tpl_filter_reverse(tpl_call_t *call)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_list_t    *list;
    const char    *name;
    tpl_value_t   *v;

    exec = call->exec;
    v = &call->args[0];
    name = NULL;

    switch (v->type) {

    case TPL_STRING:
        return tpl_reverse_string(exec, v, &call->result);

    case TPL_LIST:
        name = "list_reverseiterator";
        break;

    case TPL_DICT:
        name = "dict_reversekeyiterator";
        break;

    case TPL_RANGE:
        name = "range_iterator";
        break;

    case TPL_TUPLE:
    case TPL_UNDEFINED:
        name = "reversed";
        break;

    case TPL_SET:
    case TPL_ITERATOR:
        break;

    case TPL_OBJECT:

        if (v->u.obj->cls->iter != NULL) {

            if (v->u.obj->cls->length != NULL
                && v->u.obj->cls->get_item != NULL)
            {
                name = "reversed";
            }

            break;
        }

        /* fall through */

    default:
        return tpl_throw(exec, TPL_EXC_FILTER_ARGUMENT,
                         "argument must be iterable");
    }

    rc = tpl_seq_open(exec, &seq, v);

    if (rc != TPL_OK) {
        return rc;
    }

    list = tpl_list_create(exec, seq.n);

    if (list == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = seq.n; i > 0; i--) {
        if (tpl_list_append(exec, list, &seq.items[i - 1]) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_seq_close(&seq);

    if (name != NULL) {
        return tpl_value_iterator(exec, &call->result, list, name);
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


/* a new list of n items, a part of a sequence */

static tpl_int_t
tpl_sequence_part(tpl_exec_t *exec, const tpl_value_t *items, tpl_uint_t n,
    tpl_value_t *out)
{
    tpl_list_t  *list;

    list = tpl_list_create(exec, n);

    if (list == NULL) {
        return tpl_throw_memory(exec);
    }

    while (n--) {
        if (tpl_list_append(exec, list, items++) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_value_list(out, list);

    return TPL_OK;
}


/* Jinja2: do_slice */

static tpl_int_t
tpl_generate_slice(tpl_call_t *call)
{
    int64_t       slices, i, each, extra, start, n;
    tpl_int_t     rc;
    tpl_seq_t     seq;
    tpl_exec_t   *exec;
    tpl_list_t   *out;
    tpl_value_t   part, *fill;

    exec = call->exec;
    fill = &call->args[2];

    rc = tpl_seq_open(exec, &seq, &call->args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_arg_int(call, 1, 0, &slices) != TPL_OK) {
        return TPL_ERROR;
    }

    if (slices == 0) {
        return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                         "integer division or modulo by zero");
    }

    if (slices > TPL_MAX_ITEMS) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "slice() makes too many slices");
    }

    slices = tpl_max(slices, 0);
    out = tpl_list_create(exec, slices);

    if (out == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_charge_items(exec, slices);

    each = slices ? seq.n / slices : 0;
    extra = slices ? seq.n % slices : 0;
    start = 0;

    for (i = 0; i < slices; i++) {
        n = each + (i < extra);

        if (tpl_sequence_part(exec, n ? seq.items + start : NULL, n, &part)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (i >= extra && tpl_arg_some(fill)
            && tpl_list_append(exec, part.u.list, fill) != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (tpl_list_append(exec, out, &part) != TPL_OK) {
            return TPL_ERROR;
        }

        start += n;
    }

    tpl_seq_close(&seq);

    return tpl_value_iterator(exec, &call->result, out, "generator");
}


/*
 * Jinja2: do_batch.  A count that no length ever equals gives one batch; 0
 * gives an empty one first.
 */

static tpl_int_t
tpl_generate_batch(tpl_call_t *call)
{
    int64_t       count;
    uint32_t      i, n;
    tpl_int_t     rc;
    tpl_seq_t     seq;
    tpl_exec_t   *exec;
    tpl_list_t   *out;
    tpl_uint_t    less;
    tpl_value_t   part, n_part, *fill, *v;

    exec = call->exec;
    v = &call->args[1];
    fill = &call->args[2];
    less = 0;

    rc = tpl_seq_open(exec, &seq, &call->args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    /* Jinja2 asks whether the length is equal to it, whatever it is */

    count = tpl_is_int(v) ? v->u.i : -1;

    if (v->type == TPL_FLOAT && v->u.d == (double) (int32_t) v->u.d) {
        count = (int64_t) v->u.d;

    } else if (v->type == TPL_UNDEFINED && seq.n
               && v->u.undef->kind == TPL_UNDEF_STRICT)
    {
        return tpl_undefined_throw(exec, v);
    }

    out = tpl_list_create(exec, 8);

    if (out == NULL) {
        return tpl_throw_memory(exec);
    }

    if (count == 0 && seq.n) {

        if (tpl_sequence_part(exec, NULL, 0, &part) != TPL_OK
            || tpl_list_append(exec, out, &part) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    for (i = 0; i < seq.n; i += n) {
        n = seq.n - i;

        if (count > 0 && count < (int64_t) n) {
            n = count;
        }

        if (tpl_sequence_part(exec, seq.items + i, n, &part) != TPL_OK
            || tpl_list_append(exec, out, &part) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (seq.n && tpl_arg_some(fill)) {
        tpl_value_int(&n_part, part.u.list->n);

        if (tpl_compare(exec, TPL_CMP_LT, &n_part, v, &less) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (less) {

        if (!tpl_is_int(v)) {
            return tpl_throw(exec, TPL_EXC_TYPE, "can't multiply sequence by "
                             "non-int of type '%s'", tpl_type_name(v));
        }

        if (count - part.u.list->n > TPL_MAX_ITEMS) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "batch() makes a list that is too long");
        }

        tpl_charge_items(exec, count - part.u.list->n);

        while (part.u.list->n < count) {
            if (tpl_list_append(exec, part.u.list, fill) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    tpl_seq_close(&seq);

    return tpl_value_iterator(exec, &call->result, out, "generator");
}


/* Jinja2: do_items */

static tpl_int_t
tpl_generate_items(tpl_call_t *call)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_dict_t        *dict;
    tpl_exec_t        *exec;
    tpl_list_t        *list;
    tpl_value_t        pair;
    tpl_dict_entry_t  *e;

    exec = call->exec;
    dict = NULL;

    if (call->args[0].type != TPL_UNDEFINED) {
        rc = tpl_mapping_dict(exec, &call->args[0], &dict);

        if (rc == TPL_DECLINED) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "Can only get item pairs from a mapping.");
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    list = tpl_list_create(exec, dict != NULL ? dict->n : 1);

    if (list == NULL) {
        return tpl_throw_memory(exec);
    }

    if (dict != NULL) {
        tpl_charge_items(exec, dict->n);

        for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {

            if (tpl_pair(exec, &e->key, &e->value, &pair) != TPL_OK
                || tpl_list_append(exec, list, &pair) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    return tpl_value_iterator(exec, &call->result, list, "generator");
}


/* Jinja2: do_sum: sum() adds with + whatever it finds */

static tpl_int_t
tpl_filter_sum(tpl_call_t *call)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_uint_t     own;
    tpl_value_t   *args, v, sum;
    tpl_getter_t   getter;

    exec = call->exec;
    args = call->args;

    if (tpl_arg_given(&args[2])) {
        sum = args[2];
    } else {
        tpl_value_int(&sum, 0);
    }

    rc = tpl_seq_open(exec, &seq, &args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    if (sum.type == TPL_STRING) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "sum() can't sum strings [use ''.join(seq) "
                         "instead]");
    }

    if (tpl_getter_init(exec, &getter, &args[1], 0, NULL) != TPL_OK) {
        return TPL_ERROR;
    }

    own = 0;

    for (i = 0; i < seq.n; i++) {
        rc = tpl_getter_get(exec, &getter, &seq.items[i], &v);

        if (rc != TPL_OK) {
            return rc;
        }

        if (sum.type == TPL_FLOAT && v.type == TPL_FLOAT) {
            sum.u.d += v.u.d;
            continue;
        }

        if (v.type == sum.type
            && (v.type == TPL_LIST || v.type == TPL_TUPLE))
        {
            /* a list of its own grows: adding would copy it each time */

            if (!own) {
                v = sum;

                if (tpl_sequence_part(exec, v.u.list->items, v.u.list->n,
                                      &sum)
                    != TPL_OK)
                {
                    return TPL_ERROR;
                }

                sum.type = v.type;
                own = 1;

                rc = tpl_getter_get(exec, &getter, &seq.items[i], &v);

                if (rc != TPL_OK) {
                    return rc;
                }
            }

            if (tpl_list_extend(exec, sum.u.list, &v) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        own = 0;
        rc = tpl_binary(exec, TPL_OP_ADD, &sum, &v, &sum);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_seq_close(&seq);
    call->result = sum;

    return TPL_OK;
}


static tpl_int_t
tpl_filter_batch(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_batch);
}


static tpl_int_t
tpl_filter_slice(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_slice);
}


static tpl_int_t
tpl_filter_items(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_items);
}


const tpl_builtin_def_t  tpl_filters_sequence[] = {

    { "attr", "obj, name", tpl_filter_attr, TPL_FN_CONTEXT },
    { "batch", "value, linecount, fill_with=", tpl_filter_batch, 0 },
    { "count", "obj, /", tpl_filter_length, 0 },
    { "d", "value, default_value=, boolean=", tpl_filter_default, 0 },
    { "default", "value, default_value=, boolean=", tpl_filter_default, 0 },
    { "first", "seq", tpl_filter_first, TPL_FN_CONTEXT },
    { "items", "value", tpl_filter_items, 0 },
    { "join", "value, d=, attribute=", tpl_filter_join, TPL_FN_CONTEXT },
    { "last", "seq", tpl_filter_last, TPL_FN_CONTEXT },
    { "length", "obj, /", tpl_filter_length, 0 },
    { "list", "value", tpl_filter_list, 0 },
    { "random", "seq", tpl_filter_random, TPL_FN_IMPURE },
    { "reverse", "value", tpl_filter_reverse, 0 },
    { "slice", "value, slices, fill_with=", tpl_filter_slice, 0 },
    { "sum", "iterable, attribute=, start=", tpl_filter_sum, 0 },

    { NULL, NULL, NULL, 0 }
};
