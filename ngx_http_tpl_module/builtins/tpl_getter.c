
/*
 * Walking a sequence once, and looking attributes up in its items: what the
 * filters over sequences are made of.
 */

#include "builtins/tpl_args.h"


tpl_int_t
tpl_seq_open(tpl_exec_t *exec, tpl_seq_t *seq, const tpl_value_t *v)
{
    tpl_int_t     rc;
    tpl_value_t   all;

    seq->iter = NULL;

    switch (v->type) {

    case TPL_LIST:
    case TPL_TUPLE:
        seq->items = v->u.list->items;
        seq->n = v->u.list->n;
        break;

    case TPL_ITERATOR:
        seq->iter = v->u.iter;

        /* who asks for a sequence walks over all of it */

        if (seq->iter->exc != TPL_EXC_NONE) {
            seq->iter->position = seq->iter->list->n;
            return tpl_iterator_check(exec, seq->iter);
        }

        if (seq->iter->list != NULL
            && seq->iter->position < seq->iter->list->n)
        {
            seq->items = seq->iter->list->items + seq->iter->position;
            seq->n = seq->iter->list->n - seq->iter->position;

        } else {
            seq->items = NULL;
            seq->n = 0;
        }

        break;

    default:
        rc = tpl_to_list(exec, v, &all);

        if (rc != TPL_OK) {
            return rc;
        }

        seq->items = all.u.list->items;
        seq->n = all.u.list->n;
    }

    tpl_charge_items(exec, seq->n);

    return TPL_OK;
}


void
tpl_seq_close(tpl_seq_t *seq)
{
    if (seq->iter != NULL && seq->iter->list != NULL) {
        seq->iter->position = seq->iter->list->n;
    }
}


/* str.isdigit() */

static tpl_uint_t
tpl_getter_isdigit(const tpl_str_t *s)
{
    const tpl_char_t  *p, *last;

    p = s->data;
    last = p + s->len;

    while (p < last) {
        if (!tpl_uc_digit(tpl_utf8_decode(&p, last))) {
            return 0;
        }
    }

    return s->len != 0;
}


/* Jinja2: _prepare_attribute_parts */

tpl_int_t
tpl_getter_init(tpl_exec_t *exec, tpl_getter_t *g,
    const tpl_value_t *attribute, tpl_uint_t lower,
    const tpl_value_t *fallback)
{
    size_t             i;
    int64_t            n;
    tpl_str_t          part;
    const tpl_char_t  *p, *last, *dot;

    g->parts = NULL;
    g->n = 0;
    g->lower = lower;
    g->hint = 0;
    tpl_value_missing(&g->fallback);

    if (fallback != NULL && tpl_arg_some(fallback)) {
        g->fallback = *fallback;
    }

    if (!tpl_arg_some(attribute)) {
        return TPL_OK;
    }

    if (attribute->type != TPL_STRING) {
        g->parts = tpl_palloc(exec->arena, sizeof(tpl_value_t));

        if (g->parts == NULL) {
            return tpl_throw_memory(exec);
        }

        g->parts[0] = *attribute;
        g->n = 1;

        return TPL_OK;
    }

    g->n = 1;

    for (i = 0; i < attribute->len; i++) {
        g->n += (attribute->u.s[i] == '.');
    }

    g->parts = tpl_palloc(exec->arena, g->n * sizeof(tpl_value_t));

    if (g->parts == NULL) {
        return tpl_throw_memory(exec);
    }

    p = attribute->u.s;
    last = p + attribute->len;

    for (i = 0; i < g->n; i++) {

        dot = (p < last) ? memchr(p, '.', last - p) : NULL;

        if (dot == NULL) {
            dot = last;
        }

        part.data = (tpl_char_t *) p;
        part.len = dot - p;
        p = dot + 1;

        if (!tpl_getter_isdigit(&part)) {
            tpl_value_from_str(&g->parts[i], &part);
            continue;
        }

        switch (tpl_parse_int(&part, 10, &n)) {

        case TPL_OK:
            tpl_value_int(&g->parts[i], n);
            break;

        case TPL_DECLINED:
            return tpl_throw(exec, TPL_EXC_VALUE,
                             "invalid literal for int() with base 10: '%.*s'",
                             (int) tpl_min(part.len, 200), part.data);

        default:
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "integer does not fit into 64 bits");
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_getter_lower(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    tpl_str_t  s, r;

    if (v->type != TPL_STRING) {
        *out = *v;
        return TPL_OK;
    }

    tpl_charge(exec, v->len);

    s = tpl_value_str(v);

    if (tpl_str_lower(exec->arena, &s, &r) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    tpl_value_string(out, r.data, r.len, tpl_cut_flags(v));

    return TPL_OK;
}


tpl_int_t
tpl_getter_get(tpl_exec_t *exec, tpl_getter_t *g,
    const tpl_value_t *item, tpl_value_t *out)
{
    tpl_int_t           rc;
    tpl_uint_t          i;
    tpl_value_t         v;
    const tpl_value_t  *part, *value;

    v = *item;

    for (i = 0; i < g->n; i++) {
        part = &g->parts[i];

        value = tpl_getter_peek(g, part, &v);

        if (value) {
            v = *value;
            continue;
        }

        rc = tpl_get_item(exec, &v, part, &v);

        if (rc != TPL_OK) {
            return rc;
        }

        if (v.type == TPL_UNDEFINED && g->fallback.type != TPL_MISSING) {
            v = g->fallback;
        }
    }

    if (g->lower) {
        return tpl_getter_lower(exec, &v, out);
    }

    *out = v;

    return TPL_OK;
}


tpl_int_t
tpl_pair(tpl_exec_t *exec, const tpl_value_t *a, const tpl_value_t *b,
    tpl_value_t *out)
{
    tpl_list_t  *list;

    list = tpl_list_create(exec, 2);

    if (list == NULL) {
        return tpl_throw_memory(exec);
    }

    if (tpl_list_append(exec, list, a) != TPL_OK
        || tpl_list_append(exec, list, b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_tuple(out, list);

    return TPL_OK;
}


tpl_int_t
tpl_lazy(tpl_call_t *call, tpl_handler_pt handler)
{
    tpl_int_t    rc;
    tpl_list_t  *list;

    rc = handler(call);

    if (rc != TPL_ERROR) {
        return rc;
    }

    list = (call->result.type == TPL_LIST) ? call->result.u.list : NULL;

    return tpl_iterator_defer(call->exec, &call->result, list);
}
