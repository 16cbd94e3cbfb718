
/*
 * The larger parts of instructions, out of the dispatch loop's way, and what
 * the VM's messages are made with.
 */

#include "vm/tpl_vm_internal.h"


void
tpl_vm_repr(tpl_vm_t *vm, const tpl_str_t *s, tpl_buf_t *b)
{
    tpl_value_t  v;

    tpl_value_from_str(&v, s);
    (void) tpl_repr_to(&vm->exec, &v, b);
}


tpl_int_t
tpl_vm_throw(tpl_vm_t *vm, tpl_exc_t exc, tpl_buf_t *b)
{
    if (b->failed) {
        return tpl_throw_memory(&vm->exec);
    }

    return tpl_throw(&vm->exec, exc, "%.*s", (int) b->len, (char *) b->data);
}


tpl_int_t
tpl_vm_undefined(tpl_vm_t *vm, const char *name, tpl_buf_t *hint,
    tpl_value_t *out)
{
    tpl_str_t  n, h;

    if (hint->failed) {
        return tpl_throw_memory(&vm->exec);
    }

    h.data = hint->data;
    h.len = hint->len;

    if (name == NULL) {
        return tpl_value_undefined(&vm->exec, out, NULL, NULL, &h);
    }

    n.data = (tpl_char_t *) name;
    n.len = strlen(name);

    return tpl_value_undefined(&vm->exec, out, &n, NULL, &h);
}


tpl_int_t
tpl_vm_force(tpl_vm_t *vm, tpl_value_t *v)
{
    tpl_int_t         rc;
    tpl_value_t       value;
    const tpl_host_t  *host;

    host = vm->conf.host;

    if (host == NULL || host->wait == NULL) {
        return tpl_throw(&vm->exec, TPL_EXC_HOST, "the host gave no data");
    }

    rc = host->wait(&vm->exec, v->u.obj, &value);

    if (rc == TPL_OK) {
        *v = value;
    }

    return rc;
}


tpl_int_t
tpl_vm_host_attr(tpl_vm_t *vm, const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    const tpl_host_t  *host;

    host = vm->conf.host;

    if (host == NULL || host->attribute == NULL) {
        return TPL_DECLINED;
    }

    return host->attribute(&vm->exec, v, name, out);
}


tpl_int_t
tpl_vm_load(tpl_vm_t *vm, tpl_value_t *slot, const tpl_name_t *name,
    tpl_uint_t python, tpl_uint_t up, tpl_value_t *out)
{
    tpl_int_t  rc;

    if (slot->type == TPL_PENDING) {
        rc = tpl_vm_force(vm, slot);

        if (rc == TPL_OK) {
            *out = *slot;
        }

        return rc;
    }

    if (slot->type != TPL_MISSING) {
        *out = *slot;
        return TPL_OK;
    }

    if (!python) {
        return tpl_value_undefined(&vm->exec, out, &name->str, NULL, NULL);
    }

    if (up) {
        return tpl_throw(&vm->exec, TPL_EXC_NAME,
                         "cannot access free variable '%.*s' where it is not "
                         "associated with a value in enclosing scope",
                         tpl_str_arg(&name->str));
    }

    return tpl_throw(&vm->exec, TPL_EXC_UNBOUND_LOCAL,
                     "cannot access local variable '%.*s' where it is not "
                     "associated with a value", tpl_str_arg(&name->str));
}


/* Python's messages for a, b = x and a, *b, c = x */

static tpl_int_t
tpl_vm_unpack_count(tpl_vm_t *vm, const tpl_insn_t *i, uint32_t n)
{
    uint32_t  wanted;

    wanted = i->b + i->c;

    if (n < wanted) {
        return tpl_throw(&vm->exec, TPL_EXC_VALUE,
                         "not enough values to unpack (expected %s%u, got %u)",
                         i->a ? "at least " : "", (unsigned) wanted,
                         (unsigned) n);
    }

    if (n > wanted && !i->a) {
        return tpl_throw(&vm->exec, TPL_EXC_VALUE,
                         "too many values to unpack (expected %u)",
                         (unsigned) wanted);
    }

    return TPL_OK;
}


tpl_int_t
tpl_vm_unpack(tpl_vm_t *vm, const tpl_insn_t *i, const tpl_value_t *x,
    tpl_value_t *sp)
{
    uint32_t      k, n, rest;
    tpl_int_t     rc;
    tpl_exec_t   *exec;
    tpl_list_t   *list, *star;
    tpl_value_t   value;
    tpl_iter_t    iter;

    exec = &vm->exec;

    if (x->type == TPL_LIST || x->type == TPL_TUPLE) {
        list = x->u.list;

    } else {

        if (!tpl_is_iterable(x)) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "cannot unpack non-iterable %s object",
                             tpl_type_name(x));
        }

        rc = tpl_iter_init(exec, &iter, x);
        if (rc != TPL_OK) {
            return rc;
        }

        list = tpl_list_create(exec, i->b + i->c + 1);
        if (list == NULL) {
            return TPL_ERROR;
        }

        /* one more than wanted tells enough; a star takes them all */

        while (i->a || list->n <= i->b + i->c) {
            rc = tpl_iter_next(exec, &iter, &value);

            if (rc == TPL_DONE) {
                break;
            }

            if (rc != TPL_OK || tpl_list_append(exec, list, &value) != TPL_OK)
            {
                return TPL_ERROR;
            }

            if (list->n > TPL_MAX_ITEMS * 100) {
                return tpl_throw(exec, TPL_EXC_OVERFLOW,
                                 "too many values to unpack");
            }
        }
    }

    n = list->n;

    if (tpl_vm_unpack_count(vm, i, n) != TPL_OK) {
        return TPL_ERROR;
    }

    rest = n - i->c;

    for (k = n; k > rest; k--) {
        *sp++ = list->items[k - 1];
    }

    if (i->a) {
        star = tpl_list_create(exec, rest - i->b);
        if (star == NULL) {
            return TPL_ERROR;
        }

        for (k = i->b; k < rest; k++) {
            star->items[star->n++] = list->items[k];
        }

        tpl_value_list(sp, star);
        sp++;
    }

    for (k = i->b; k > 0; k--) {
        *sp++ = list->items[k - 1];
    }

    return TPL_OK;
}


tpl_int_t
tpl_vm_build_list(tpl_vm_t *vm, const tpl_value_t *items, uint32_t n,
    tpl_value_t *out)
{
    tpl_list_t  *list;

    list = tpl_list_create(&vm->exec, n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    if (n) {
        memcpy(list->items, items, n * sizeof(tpl_value_t));
    }

    list->n = n;
    tpl_value_list(out, list);

    return TPL_OK;
}


tpl_int_t
tpl_vm_build_set(tpl_vm_t *vm, const tpl_value_t *items, uint32_t n,
    tpl_value_t *out)
{
    uint32_t      k;
    tpl_dict_t   *dict;
    tpl_value_t   none;

    dict = tpl_dict_create(&vm->exec, n);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    tpl_value_none(&none);

    for (k = 0; k < n; k++) {
        if (tpl_dict_set(&vm->exec, dict, &items[k], &none) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    *out = (tpl_value_t) { .type = TPL_SET, .u.dict = dict };

    return TPL_OK;
}


tpl_int_t
tpl_vm_build_dict(tpl_vm_t *vm, const tpl_value_t *pairs, uint32_t n,
    tpl_value_t *out)
{
    uint32_t     k;
    tpl_dict_t  *dict;

    dict = tpl_dict_create(&vm->exec, n);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    for (k = 0; k < n; k++) {
        if (tpl_dict_set(&vm->exec, dict, &pairs[2 * k], &pairs[2 * k + 1])
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


tpl_int_t
tpl_vm_update(tpl_vm_t *vm, tpl_dict_t *dict, const tpl_value_t *other,
    tpl_uint_t keywords)
{
    uint32_t            k;
    tpl_int_t           rc;
    tpl_buf_t           b;
    tpl_dict_t         *from;
    tpl_value_t         v;
    const char         *callee;
    tpl_exec_t         *exec;
    tpl_dict_entry_t   *e;

    exec = &vm->exec;

    /* all calls of Jinja's programs are made through this method */

    callee = exec->options->python ? "" : "jinja2.runtime.Context.call() ";

    if (other->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, other);
    }

    if (other->type != TPL_DICT
        && (other->type != TPL_OBJECT
            || !(other->u.obj->cls->flags & TPL_CLASS_MAPPING)))
    {
        if (keywords) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "%sargument after ** must be a mapping, not %s",
                             callee, tpl_type_name(other));
        }

        return tpl_throw(exec, TPL_EXC_TYPE, "'%s' object is not a mapping",
                         tpl_type_name(other));
    }

    if (!keywords) {
        return tpl_dict_update(exec, dict, other);
    }

    from = other->u.dict;

    if (other->type == TPL_OBJECT) {
        from = tpl_dict_create(exec, 0);
        if (from == NULL) {
            return TPL_ERROR;
        }

        rc = tpl_dict_update(exec, from, other);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    for (k = 0; (e = tpl_dict_next(from, &k)) != NULL; ) {

        if (e->key.type != TPL_STRING) {
            return tpl_throw(exec, TPL_EXC_TYPE, "keywords must be strings");
        }

        rc = tpl_dict_get(exec, dict, &e->key, &v);

        if (rc == TPL_OK) {
            tpl_buf_init(&b, exec->arena);
            tpl_buf_add(&b, callee, strlen(callee));
            tpl_buf_lit(&b, "got multiple values for keyword argument '");
            tpl_buf_add(&b, e->key.u.s, e->key.len);
            tpl_buf_lit(&b, "'");

            return tpl_vm_throw(vm, TPL_EXC_TYPE, &b);
        }

        if (rc != TPL_DECLINED
            || tpl_dict_set(exec, dict, &e->key, &e->value) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_vm_keywords(tpl_vm_t *vm, const tpl_list_t *names,
    const tpl_value_t *values, tpl_dict_t **out)
{
    uint32_t  k;

    *out = tpl_dict_create(&vm->exec, names->n);
    if (*out == NULL) {
        return TPL_ERROR;
    }

    for (k = 0; k < names->n; k++) {
        if (tpl_dict_set(&vm->exec, *out, &names->items[k], &values[k])
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_vm_call_ex(tpl_vm_t *vm, const tpl_builtin_t *fn,
    const tpl_value_t *value, const tpl_list_t *list, tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    tpl_value_t  *args;

    args = tpl_palloc(vm->exec.arena, (list->n + 1) * sizeof(tpl_value_t));
    if (args == NULL) {
        return tpl_throw_memory(&vm->exec);
    }

    args[0] = *value;

    if (list->n) {
        memcpy(&args[1], list->items, list->n * sizeof(tpl_value_t));
    }

    return tpl_builtin_call(&vm->exec, fn, args, list->n + 1, kwargs, out);
}
