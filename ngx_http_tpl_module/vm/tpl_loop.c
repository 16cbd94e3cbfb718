
/*
 * Loops and the `loop` object (Jinja2: runtime.LoopContext).
 *
 * Lists, tuples and ranges are read by index, so looking ahead or asking for
 * the length costs nothing; other iterables are walked with one item of
 * look-ahead.  The state of a loop without a `loop` object is used again by the
 * next loop.
 */

#include "vm/tpl_vm_internal.h"


/* a bound method: loop.cycle or loop.changed as a value */

typedef struct {
    tpl_object_t             object;
    tpl_loop_t              *loop;
    tpl_uint_t               changed;
} tpl_loop_method_t;


static tpl_int_t tpl_loop_length(tpl_exec_t *exec, tpl_loop_t *loop,
    int64_t *n);
static tpl_int_t tpl_loop_peek(tpl_exec_t *exec, tpl_loop_t *loop,
    tpl_value_t *out);
static tpl_int_t tpl_loop_cycle(tpl_exec_t *exec, tpl_loop_t *loop,
    const tpl_value_t *args, tpl_uint_t n, tpl_value_t *out);
static tpl_int_t tpl_loop_changed(tpl_exec_t *exec, tpl_loop_t *loop,
    const tpl_value_t *args, tpl_uint_t n, tpl_value_t *out);

static tpl_int_t tpl_loop_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_loop_len(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_loop_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_loop_truth(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_uint_t *truth);
static tpl_int_t tpl_loop_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_loop_method_call(tpl_call_t *call);


const tpl_class_t  tpl_loop_class = {
    .name = "LoopContext",
    .flags = TPL_CLASS_CALLABLE,
    .get_attr = tpl_loop_get_attr,
    .length = tpl_loop_len,
    .iter = tpl_loop_iter,
    .truth = tpl_loop_truth,
    .str = tpl_loop_str
};


static const tpl_class_t  tpl_loop_method_class = {
    .name = "method",
    .call = tpl_loop_method_call
};


tpl_int_t
tpl_loop_create(tpl_vm_t *vm, const tpl_value_t *iterable, tpl_uint_t exposed,
    tpl_loop_t **out)
{
    tpl_int_t    rc;
    tpl_iter_t   iter;
    tpl_loop_t  *loop;

    iter.source = *iterable;

    if (iterable->type != TPL_LIST) {
        rc = tpl_iter_init(&vm->exec, &iter, iterable);
        if (tpl_unlikely(rc != TPL_OK)) {
            return rc;
        }
    }

    loop = exposed ? NULL : vm->loops;

    if (loop) {
        vm->loops = loop->free;

    } else {
        loop = tpl_palloc(vm->exec.arena, sizeof(tpl_loop_t));
        if (loop == NULL) {
            return tpl_throw_memory(&vm->exec);
        }
    }

    loop->object.cls = &tpl_loop_class;
    loop->index0 = -1;
    loop->exposed = (uint8_t) exposed;

    switch (iter.source.type) {

    case TPL_LIST:
    case TPL_TUPLE:
        loop->kind = TPL_LOOP_LIST;
        loop->list = iter.source.u.list;
        break;

    case TPL_RANGE:
        loop->kind = TPL_LOOP_RANGE;
        loop->n = iter.length;
        loop->start = iter.source.u.range->start;
        loop->step = iter.source.u.range->step;
        break;

    default:
        loop->kind = TPL_LOOP_ITER;
        loop->iter = iter;
        tpl_value_missing(&loop->after);
        tpl_value_missing(&loop->current);
        tpl_value_missing(&loop->before);
    }

    if (exposed) {
        loop->length = -1;
        loop->depth0 = 0;
        loop->changed = NULL;
        loop->fn = NULL;
        loop->closure = NULL;
        loop->context = NULL;
        loop->autoescape = 0;
    }

    *out = loop;

    return TPL_OK;
}


void
tpl_loop_free(tpl_vm_t *vm, tpl_loop_t *loop)
{
    if (!loop->exposed) {
        loop->free = vm->loops;
        vm->loops = loop;
    }
}


static inline void
tpl_loop_range_item(const tpl_loop_t *loop, int64_t n, tpl_value_t *out)
{
    tpl_value_int(out, (int64_t) ((uint64_t) loop->start
                                  + (uint64_t) n * (uint64_t) loop->step));
}


tpl_int_t
tpl_loop_next(tpl_exec_t *exec, tpl_loop_t *loop, tpl_value_t *out)
{
    int64_t    n;
    tpl_int_t  rc;

    n = loop->index0 + 1;

    switch (loop->kind) {

    case TPL_LOOP_LIST:
        if (n >= (int64_t) loop->list->n) {
            return TPL_DONE;
        }

        *out = loop->list->items[n];
        break;

    case TPL_LOOP_RANGE:
        if (n >= loop->n) {
            return TPL_DONE;
        }

        tpl_loop_range_item(loop, n, out);
        break;

    default:
        if (loop->after.type != TPL_MISSING) {
            *out = loop->after;
            tpl_value_missing(&loop->after);

        } else {
            rc = tpl_iter_next(exec, &loop->iter, out);
            if (rc != TPL_OK) {
                return rc;
            }
        }

        loop->before = loop->current;
        loop->current = *out;
    }

    loop->index0 = n;

    return TPL_OK;
}


/* the item after the current one, MISSING at the end */

static tpl_int_t
tpl_loop_peek(tpl_exec_t *exec, tpl_loop_t *loop, tpl_value_t *out)
{
    int64_t    n;
    tpl_int_t  rc;

    n = loop->index0 + 1;

    switch (loop->kind) {

    case TPL_LOOP_LIST:
        if (n < (int64_t) loop->list->n) {
            *out = loop->list->items[n];

        } else {
            tpl_value_missing(out);
        }

        return TPL_OK;

    case TPL_LOOP_RANGE:
        if (n < loop->n) {
            tpl_loop_range_item(loop, n, out);

        } else {
            tpl_value_missing(out);
        }

        return TPL_OK;

    default:
        if (loop->after.type == TPL_MISSING) {
            rc = tpl_iter_next(exec, &loop->iter, &loop->after);

            if (rc == TPL_DONE) {
                tpl_value_missing(&loop->after);

            } else if (rc != TPL_OK) {
                return rc;
            }
        }

        *out = loop->after;

        return TPL_OK;
    }
}


static tpl_int_t
tpl_loop_length(tpl_exec_t *exec, tpl_loop_t *loop, int64_t *n)
{
    tpl_int_t           rc;
    tpl_iterator_t     *iterator;
    const tpl_value_t  *source;

    if (loop->length >= 0) {
        *n = loop->length;
        return TPL_OK;
    }

    switch (loop->kind) {

    case TPL_LOOP_LIST:
        loop->length = loop->list->n;
        break;

    case TPL_LOOP_RANGE:
        loop->length = loop->n;
        break;

    default:
        source = &loop->iter.source;

        if (loop->iter.holder.type == TPL_OBJECT
            && loop->iter.holder.u.obj->cls->length)
        {
            rc = tpl_length(exec, &loop->iter.holder, &loop->length);
            if (rc != TPL_OK) {
                loop->length = -1;
                return rc;
            }

        } else if (source->type == TPL_ITERATOR) {

            /* what is left, what was given, what was looked at */

            iterator = source->u.iter;

            if (iterator->exc != TPL_EXC_NONE) {
                iterator->position = iterator->list->n;
            }

            rc = tpl_iterator_check(exec, iterator);
            if (rc != TPL_OK) {
                return rc;
            }

            loop->length = (int64_t) iterator->list->n
                           - (int64_t) iterator->position + loop->index0 + 1
                           + (loop->after.type != TPL_MISSING);

        } else {
            loop->length = tpl_max(loop->iter.length, 0);
        }
    }

    *n = loop->length;

    return TPL_OK;
}


/* Jinja2: LoopContext.cycle */

static tpl_int_t
tpl_loop_cycle(tpl_exec_t *exec, tpl_loop_t *loop, const tpl_value_t *args,
    tpl_uint_t n, tpl_value_t *out)
{
    if (n == 0) {
        return tpl_throw(exec, TPL_EXC_TYPE, "no items for cycling given");
    }

    *out = args[(uint64_t) tpl_max(loop->index0, 0) % n];

    return TPL_OK;
}


/* Jinja2: LoopContext.changed */

static tpl_int_t
tpl_loop_changed(tpl_exec_t *exec, tpl_loop_t *loop, const tpl_value_t *args,
    tpl_uint_t n, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_list_t   now, *list;
    tpl_uint_t   equal;
    tpl_value_t  a, b;

    if (loop->changed) {
        now.items = (tpl_value_t *) args;
        now.n = (uint32_t) n;
        now.size = now.n;

        tpl_value_tuple(&a, loop->changed);
        tpl_value_tuple(&b, &now);

        rc = tpl_equal(exec, &a, &b, &equal);
        if (rc != TPL_OK) {
            return rc;
        }

        if (equal) {
            tpl_value_bool(out, 0);
            return TPL_OK;
        }
    }

    list = loop->changed;

    if (list == NULL || list->size < n) {
        list = tpl_list_create(exec, n);
        if (list == NULL) {
            return TPL_ERROR;
        }

        loop->changed = list;
    }

    if (n) {
        memcpy(list->items, args, n * sizeof(tpl_value_t));
    }

    list->n = (uint32_t) n;
    tpl_value_bool(out, 1);

    return TPL_OK;
}


tpl_int_t
tpl_loop_method(tpl_exec_t *exec, tpl_loop_t *loop, const tpl_name_t *name,
    const tpl_value_t *args, tpl_uint_t n, tpl_value_t *out)
{
    if (tpl_str_is(&name->str, "cycle")) {
        return tpl_loop_cycle(exec, loop, args, n, out);
    }

    if (tpl_str_is(&name->str, "changed")) {
        return tpl_loop_changed(exec, loop, args, n, out);
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_loop_method_call(tpl_call_t *call)
{
    uint32_t            k;
    tpl_dict_entry_t   *e;
    tpl_loop_method_t  *method;

    method = (tpl_loop_method_t *) call->object;
    k = 0;

    if (call->kwargs && (e = tpl_dict_next(call->kwargs, &k)) != NULL) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "LoopContext.%s() got an unexpected keyword argument "
                         "'%.*s'", method->changed ? "changed" : "cycle",
                         (int) e->key.len, (char *) e->key.u.s);
    }

    if (method->changed) {
        return tpl_loop_changed(call->exec, method->loop, call->args,
                                call->nargs, &call->result);
    }

    return tpl_loop_cycle(call->exec, method->loop, call->args, call->nargs,
                          &call->result);
}


/* as `undefined("there is no ... item")` */

static tpl_int_t
tpl_loop_no_item(tpl_exec_t *exec, const char *text, tpl_value_t *out)
{
    tpl_str_t  hint;

    hint.data = (tpl_char_t *) text;
    hint.len = strlen(text);

    return tpl_value_undefined(exec, out, NULL, NULL, &hint);
}


static tpl_int_t
tpl_loop_previtem(tpl_exec_t *exec, tpl_loop_t *loop, tpl_value_t *out)
{
    int64_t  n;

    n = loop->index0 - 1;

    if (n < 0) {
        return tpl_loop_no_item(exec, "there is no previous item", out);
    }

    switch (loop->kind) {

    case TPL_LOOP_LIST:
        if (n >= (int64_t) loop->list->n) {
            return tpl_loop_no_item(exec, "there is no previous item", out);
        }

        *out = loop->list->items[n];
        break;

    case TPL_LOOP_RANGE:
        tpl_loop_range_item(loop, n, out);
        break;

    default:
        *out = loop->before;
    }

    return TPL_OK;
}


#define tpl_loop_name(s, text)                                               \
    (memcmp((s)->data, text, sizeof(text) - 1) == 0)


static tpl_int_t
tpl_loop_get_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_loop_t  *loop = (tpl_loop_t *) obj;

    int64_t             n;
    tpl_int_t           rc;
    const tpl_str_t    *s;
    tpl_loop_method_t  *method;

    s = &name->str;

    switch (s->len) {

    case 4:
        if (tpl_loop_name(s, "last")) {
            rc = tpl_loop_peek(exec, loop, out);
            if (rc != TPL_OK) {
                return rc;
            }

            tpl_value_bool(out, out->type == TPL_MISSING);
            return TPL_OK;
        }

        break;

    case 5:
        if (tpl_loop_name(s, "index")) {
            tpl_value_int(out, loop->index0 + 1);
            return TPL_OK;
        }

        if (tpl_loop_name(s, "first")) {
            tpl_value_bool(out, loop->index0 == 0);
            return TPL_OK;
        }

        if (tpl_loop_name(s, "depth")) {
            tpl_value_int(out, loop->depth0 + 1);
            return TPL_OK;
        }

        if (tpl_loop_name(s, "cycle")) {
            goto bound;
        }

        break;

    case 6:
        if (tpl_loop_name(s, "index0")) {
            tpl_value_int(out, loop->index0);
            return TPL_OK;
        }

        if (tpl_loop_name(s, "length")) {
            rc = tpl_loop_length(exec, loop, &n);
            if (rc != TPL_OK) {
                return rc;
            }

            tpl_value_int(out, n);
            return TPL_OK;
        }

        if (tpl_loop_name(s, "depth0")) {
            tpl_value_int(out, loop->depth0);
            return TPL_OK;
        }

        break;

    case 7:
        if (tpl_loop_name(s, "changed")) {
            goto bound;
        }

        break;

    case 8:
        if (tpl_loop_name(s, "revindex")) {
            rc = tpl_loop_length(exec, loop, &n);
            if (rc != TPL_OK) {
                return rc;
            }

            tpl_value_int(out, n - loop->index0);
            return TPL_OK;
        }

        if (tpl_loop_name(s, "previtem")) {
            return tpl_loop_previtem(exec, loop, out);
        }

        if (tpl_loop_name(s, "nextitem")) {
            rc = tpl_loop_peek(exec, loop, out);
            if (rc != TPL_OK || out->type != TPL_MISSING) {
                return rc;
            }

            return tpl_loop_no_item(exec, "there is no next item", out);
        }

        break;

    case 9:
        if (tpl_loop_name(s, "revindex0")) {
            rc = tpl_loop_length(exec, loop, &n);
            if (rc != TPL_OK) {
                return rc;
            }

            tpl_value_int(out, n - loop->index0 - 1);
            return TPL_OK;
        }

        break;
    }

    return TPL_DECLINED;

bound:

    method = tpl_palloc(exec->arena, sizeof(tpl_loop_method_t));
    if (method == NULL) {
        return tpl_throw_memory(exec);
    }

    method->object.cls = &tpl_loop_method_class;
    method->loop = loop;
    method->changed = (s->len == 7);

    tpl_value_object(out, method);

    return TPL_OK;
}


static tpl_int_t
tpl_loop_len(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    return tpl_loop_length(exec, (tpl_loop_t *) obj, n);
}


static tpl_int_t
tpl_loop_truth(tpl_exec_t *exec, tpl_object_t *obj, tpl_uint_t *truth)
{
    int64_t    n;
    tpl_int_t  rc;

    rc = tpl_loop_length(exec, (tpl_loop_t *) obj, &n);
    *truth = (rc == TPL_OK && n != 0);

    return rc;
}


/* iter(loop) is the loop: what is left of it, in pairs with the loop */

static tpl_int_t
tpl_loop_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    tpl_loop_t  *loop = (tpl_loop_t *) obj;

    tpl_int_t     rc;
    tpl_list_t   *list, *pair;
    tpl_value_t   item;

    list = tpl_list_create(exec, 8);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for ( ;; ) {
        exec->fuel--;

        rc = tpl_loop_next(exec, loop, &item);

        if (rc == TPL_DONE) {
            break;
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (list->n == TPL_MAX_ITEMS) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "loop is too long to be a list");
        }

        pair = tpl_list_create(exec, 2);
        if (pair == NULL) {
            return TPL_ERROR;
        }

        pair->items[0] = item;
        tpl_value_object(&pair->items[1], loop);
        pair->n = 2;

        tpl_value_tuple(&item, pair);

        if (tpl_list_append(exec, list, &item) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return tpl_value_iterator(exec, out, list, "LoopContext");
}


static tpl_int_t
tpl_loop_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_loop_t  *loop = (tpl_loop_t *) obj;

    int64_t    n;
    tpl_int_t  rc;

    rc = tpl_loop_length(exec, loop, &n);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_buf_printf(b, "<LoopContext %lld/%lld>",
                          (long long) loop->index0 + 1, (long long) n);
}


/* Jinja2: LoopContext.__call__ */

tpl_int_t
tpl_loop_call(tpl_vm_t *vm, tpl_loop_t *loop, const tpl_value_t *args,
    tpl_uint_t n, const tpl_list_t *names, tpl_dict_t *kwargs,
    tpl_uint_t direct)
{
    uint32_t            k;
    tpl_str_t           name;
    tpl_frame_t        *frame;
    tpl_value_t         iterable;
    tpl_dict_entry_t   *e;

    if (n > 1) {
        return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                         "LoopContext.__call__() takes 2 positional arguments "
                         "but %u were given", (unsigned) n + 1);
    }

    tpl_value_missing(&iterable);

    if (n) {
        iterable = args[0];
    }

    k = 0;

    for ( ;; ) {

        if (names) {
            if (k == names->n) {
                break;
            }

            name = tpl_value_str(&names->items[k]);
            args = &args[n];

        } else {
            e = kwargs ? tpl_dict_next(kwargs, &k) : NULL;

            if (e == NULL) {
                break;
            }

            name = tpl_value_str(&e->key);
            args = &e->value;
        }

        if (!tpl_str_is(&name, "iterable")) {
            return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                             "LoopContext.__call__() got an unexpected "
                             "keyword argument '%.*s'", tpl_str_arg(&name));
        }

        if (iterable.type != TPL_MISSING) {
            return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                             "LoopContext.__call__() got multiple values for "
                             "argument 'iterable'");
        }

        iterable = args[0];

        if (names) {
            k++;
        }
    }

    if (iterable.type == TPL_MISSING) {
        return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                         "LoopContext.__call__() missing 1 required "
                         "positional argument: 'iterable'");
    }

    if (loop->fn == NULL) {
        return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                         "The loop must have the 'recursive' marker to be "
                         "called recursively.");
    }

    frame = tpl_frame_enter(vm, loop->fn, loop->closure, loop->context,
                            loop->autoescape,
                            direct ? TPL_RESULT_WRITE : TPL_RESULT_LOOP);
    if (frame == NULL) {
        return TPL_ERROR;
    }

    frame->slots[0] = iterable;
    tpl_value_int(&frame->slots[1], loop->depth0 + 1);

    return TPL_OK;
}
