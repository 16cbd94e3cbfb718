
/*
 * Iteration.  source is what is walked, without a copy; an object is walked
 * through the iterable that its class gives.
 *
 * A list is read by index as it is at each step, as Python reads it; a dict or
 * set that changes its size under the walk is an error; an ITERATOR is
 * consumed.
 */

#include "value/tpl_inner.h"


tpl_int_t
tpl_iter_init(tpl_exec_t *exec, tpl_iter_t *it, const tpl_value_t *v)
{
    tpl_int_t    rc;
    tpl_uint_t   turns;
    tpl_value_t  next;

    it->source = *v;
    tpl_value_missing(&it->holder);
    it->index = 0;
    it->position = 0;

    for (turns = 0; it->source.type == TPL_OBJECT; turns++) {

        if (it->source.u.obj->cls->iter == NULL || turns == TPL_MAX_DEPTH) {
            break;
        }

        rc = it->source.u.obj->cls->iter(exec, it->source.u.obj, &next);
        if (rc != TPL_OK) {
            return rc;
        }

        it->holder = *v;
        it->source = next;
    }

    switch (it->source.type) {

    case TPL_LIST:
    case TPL_TUPLE:
        it->length = it->source.u.list->n;
        return TPL_OK;

    case TPL_DICT:
    case TPL_SET:
        it->length = it->source.u.dict->n;
        return TPL_OK;

    case TPL_STRING:
        it->length = (int64_t) tpl_string_length(&it->source);
        return TPL_OK;

    case TPL_RANGE:
        it->length = tpl_range_length(it->source.u.range);
        return TPL_OK;

    case TPL_ITERATOR:
        it->length = -1;
        return TPL_OK;

    case TPL_UNDEFINED:
        if (it->source.u.undef->kind == TPL_UNDEF_STRICT) {
            return tpl_undefined_throw(exec, &it->source);
        }

        it->length = 0;
        return TPL_OK;

    default:
        return tpl_throw(exec, TPL_EXC_TYPE, "'%s' object is not iterable",
                         tpl_type_name(&it->source));
    }
}


tpl_int_t
tpl_iter_next(tpl_exec_t *exec, tpl_iter_t *it, tpl_value_t *out)
{
    uint8_t             flags;
    uint32_t            position;
    tpl_list_t         *list;
    tpl_iterator_t     *iterator;
    tpl_dict_entry_t   *e;
    const tpl_char_t   *p, *start, *last;
    const tpl_range_t  *r;

    exec->fuel--;

    switch (it->source.type) {

    case TPL_LIST:
    case TPL_TUPLE:
        list = it->source.u.list;

        if (it->index >= list->n) {
            /* an exhausted iterator stays so, even if the list grows */
            it->index = UINT32_MAX;
            return TPL_DONE;
        }

        *out = list->items[it->index++];
        return TPL_OK;

    case TPL_DICT:
    case TPL_SET:
        if (it->length != it->source.u.dict->n) {
            return tpl_throw(exec, TPL_EXC_RUNTIME_ERROR,
                             "%s changed size during iteration",
                             (it->source.type == TPL_DICT) ? "dictionary"
                                                           : "Set");
        }

        position = (uint32_t) it->position;

        e = tpl_dict_next(it->source.u.dict, &position);

        it->position = position;

        if (e == NULL) {
            return TPL_DONE;
        }

        it->index++;
        *out = e->key;
        return TPL_OK;

    case TPL_STRING:
        if (it->position >= it->source.len) {
            return TPL_DONE;
        }

        /* str.__iter__: the characters of Markup are plain strings */

        start = it->source.u.s + it->position;
        p = start;
        last = it->source.u.s + it->source.len;
        flags = TPL_F_ASCII;

        if (*p < 0x80) {
            p++;

        } else {
            (void) tpl_utf8_decode(&p, last);
            flags = 0;
        }

        it->position += p - start;
        it->index++;
        tpl_value_string(out, start, p - start, flags);
        return TPL_OK;

    case TPL_RANGE:
        if (it->index >= it->length) {
            return TPL_DONE;
        }

        r = it->source.u.range;

        tpl_value_int(out, (int64_t) ((uint64_t) r->start
                                      + (uint64_t) it->index
                                        * (uint64_t) r->step));
        it->index++;
        return TPL_OK;

    case TPL_ITERATOR:
        iterator = it->source.u.iter;

        if (iterator->position >= iterator->list->n) {
            return (tpl_iterator_check(exec, iterator) == TPL_OK)
                   ? TPL_DONE : TPL_ERROR;
        }

        *out = iterator->list->items[iterator->position++];
        it->index++;
        return TPL_OK;

    default:
        return TPL_DONE;
    }
}


tpl_int_t
tpl_to_list(tpl_exec_t *exec, const tpl_value_t *v, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_uint_t   size;
    tpl_list_t  *list;

    /* what is known to be long makes its room once; a range may be endless */

    switch (v->type) {

    case TPL_LIST:
    case TPL_TUPLE:
        size = v->u.list->n;
        break;

    case TPL_DICT:
    case TPL_SET:
        size = v->u.dict->n;
        break;

    default:
        size = 0;
        break;
    }

    list = tpl_list_create(exec, size);
    if (list == NULL) {
        return TPL_ERROR;
    }

    if (v->type == TPL_RANGE
        && tpl_range_length(v->u.range) > TPL_MAX_ITEMS * 100LL)
    {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "range is too long to be a list");
    }

    rc = tpl_list_extend(exec, list, v);
    if (rc != TPL_OK) {
        return rc;
    }

    tpl_value_list(out, list);

    return TPL_OK;
}


tpl_int_t
tpl_value_iterator(tpl_exec_t *exec, tpl_value_t *out, tpl_list_t *list,
    const char *name)
{
    tpl_iterator_t  *iterator;

    iterator = tpl_palloc(exec->arena, sizeof(tpl_iterator_t));
    if (iterator == NULL) {
        return tpl_throw_memory(exec);
    }

    iterator->list = list;
    iterator->position = 0;
    iterator->name = name;
    iterator->exc = TPL_EXC_NONE;

    *out = (tpl_value_t) { .type = TPL_ITERATOR, .u.iter = iterator };

    return TPL_OK;
}


tpl_int_t
tpl_iterator_defer(tpl_exec_t *exec, tpl_value_t *out, tpl_list_t *list)
{
    tpl_str_t    message;
    tpl_exc_t    exc;
    tpl_value_t  v;

    exc = exec->error->exc;

    if (exc == TPL_EXC_MEMORY || exc == TPL_EXC_LIMIT || exc == TPL_EXC_HOST
        || exc == TPL_EXC_RECURSION)
    {
        return TPL_ERROR;
    }

    if (tpl_pstrdup(exec->arena, &message, exec->error->message.data,
                    exec->error->message.len)
        != TPL_OK)
    {
        tpl_error_clear(exec->error);
        return tpl_throw_memory(exec);
    }

    tpl_error_clear(exec->error);

    if (list == NULL) {
        list = tpl_list_create(exec, 0);
        if (list == NULL) {
            return tpl_throw_memory(exec);
        }
    }

    if (tpl_value_iterator(exec, &v, list, "generator") != TPL_OK) {
        return TPL_ERROR;
    }

    v.u.iter->exc = exc;
    v.u.iter->message = message;
    *out = v;

    return TPL_OK;
}


tpl_int_t
tpl_iterator_check(tpl_exec_t *exec, const tpl_iterator_t *it)
{
    if (tpl_likely(it->exc == TPL_EXC_NONE) || it->position < it->list->n) {
        return TPL_OK;
    }

    return tpl_throw(exec, it->exc, "%.*s", tpl_str_arg(&it->message));
}
