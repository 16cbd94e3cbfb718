
/*
 * Macros, the callers of call blocks, and lambdas: functions with the frame,
 * the context and the escape mode they were made in.
 *
 * Arguments go straight from the caller's stack into the slots of the new
 * frame; how they are matched is Jinja2's Macro.__call__.
 */

#include "vm/tpl_vm_internal.h"


/* keyword arguments on their way: names on the stack or a dict */

typedef struct {
    const tpl_list_t        *names;
    const tpl_value_t       *values;
    tpl_dict_t              *dict;
    uint8_t                  taken[128];    /* of names: at most 127 */
} tpl_keywords_t;


static tpl_int_t tpl_lambda_bind(tpl_vm_t *vm, tpl_macro_t *macro,
    tpl_value_t *slots, const tpl_value_t *args, tpl_uint_t n,
    tpl_keywords_t *kw);
static tpl_int_t tpl_macro_bind(tpl_vm_t *vm, tpl_macro_t *macro,
    tpl_value_t *slots, const tpl_value_t *args, tpl_uint_t n,
    tpl_keywords_t *kw);


tpl_int_t
tpl_macro_create(tpl_vm_t *vm, const tpl_func_t *fn, tpl_value_t *out)
{
    tpl_macro_t  *macro;

    macro = tpl_palloc(vm->exec.arena, sizeof(tpl_macro_t));
    if (macro == NULL) {
        return tpl_throw_memory(&vm->exec);
    }

    macro->name.len = 0;
    macro->name.data = NULL;

    if (fn->name) {
        macro->name = fn->name->str;
    }

    macro->fn = fn;
    macro->closure = vm->frame;
    macro->context = vm->frame->context;
    macro->autoescape = vm->exec.autoescape;

    *out = (tpl_value_t) { .type = TPL_MACRO, .u.macro = macro };

    return TPL_OK;
}


/* takes a keyword out, MISSING if it is not there */

static void
tpl_keywords_pop(tpl_vm_t *vm, tpl_keywords_t *kw, const tpl_str_t *name,
    tpl_value_t *out)
{
    uint32_t            i;
    tpl_value_t         key;
    const tpl_value_t  *v;

    if (kw->names) {

        for (i = 0; i < kw->names->n; i++) {
            v = &kw->names->items[i];

            if (v->len == name->len && !kw->taken[i]
                && memcmp(v->u.s, name->data, name->len) == 0)
            {
                kw->taken[i] = 1;
                *out = kw->values[i];
                return;
            }
        }

    } else if (kw->dict) {
        tpl_value_from_str(&key, name);

        if (tpl_dict_delete(&vm->exec, kw->dict, &key, out) == TPL_OK) {
            return;
        }
    }

    tpl_value_missing(out);
}


/* the first that is left; NULL if none is */

static const tpl_value_t *
tpl_keywords_left(tpl_keywords_t *kw)
{
    uint32_t           i;
    tpl_dict_entry_t  *e;

    i = 0;

    if (kw->names) {
        for ( /* void */ ; i < kw->names->n; i++) {
            if (!kw->taken[i]) {
                return &kw->names->items[i];
            }
        }

    } else if (kw->dict) {
        e = tpl_dict_next(kw->dict, &i);

        return e ? &e->key : NULL;
    }

    return NULL;
}


static tpl_int_t
tpl_keywords_rest(tpl_vm_t *vm, tpl_keywords_t *kw, tpl_value_t *out)
{
    uint32_t     i;
    tpl_dict_t  *dict;

    dict = kw->dict;

    if (dict == NULL) {
        dict = tpl_dict_create(&vm->exec, 0);
        if (dict == NULL) {
            return TPL_ERROR;
        }
    }

    for (i = 0; kw->names && i < kw->names->n; i++) {
        if (!kw->taken[i]
            && tpl_dict_set(&vm->exec, dict, &kw->names->items[i],
                            &kw->values[i])
               != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


/* "macro 'name'" */

static void
tpl_macro_begin(tpl_vm_t *vm, const tpl_macro_t *macro, tpl_buf_t *b)
{
    tpl_buf_init(b, vm->exec.arena);
    tpl_buf_lit(b, "macro ");

    if (macro->name.data) {
        tpl_vm_repr(vm, &macro->name, b);

    } else {
        tpl_buf_lit(b, "None");
    }
}


tpl_int_t
tpl_macro_call(tpl_vm_t *vm, tpl_macro_t *macro, const tpl_value_t *args,
    tpl_uint_t n, const tpl_list_t *names, tpl_dict_t *kwargs,
    tpl_result_t result)
{
    tpl_int_t        rc;
    tpl_frame_t     *frame;
    tpl_keywords_t   kw;

    kw.names = names;
    kw.values = names ? args + n : NULL;
    kw.dict = kwargs;

    if (names) {
        memset(kw.taken, 0, names->n);
    }

    frame = tpl_frame_enter(vm, macro->fn, macro->closure, macro->context,
                            macro->autoescape, result);
    if (frame == NULL) {
        return TPL_ERROR;
    }

    rc = (macro->fn->kind == TPL_FUNC_LAMBDA)
         ? tpl_lambda_bind(vm, macro, frame->slots, args, n, &kw)
         : tpl_macro_bind(vm, macro, frame->slots, args, n, &kw);

    if (tpl_unlikely(rc != TPL_OK)) {

        /* it is the caller that did wrong: the error's place is there */

        vm->nmarks = frame->nmarks;
        tpl_frame_drop(vm);
    }

    return rc;
}


static tpl_int_t
tpl_macro_bind(tpl_vm_t *vm, tpl_macro_t *macro, tpl_value_t *slots,
    const tpl_value_t *args, tpl_uint_t n, tpl_keywords_t *kw)
{
    uint32_t            i, off;
    tpl_buf_t           b;
    tpl_uint_t          found_caller;
    tpl_list_t         *rest;
    tpl_value_t        *caller, key;
    const tpl_func_t   *fn;
    const tpl_value_t  *left;

    static const tpl_str_t  name = tpl_string("caller");

    fn = macro->fn;
    off = (uint32_t) tpl_min(n, fn->nparams);

    if (off) {
        memcpy(slots, args, off * sizeof(tpl_value_t));
    }

    found_caller = 0;

    if (off != fn->nparams) {

        for (i = off; i < fn->nparams; i++) {
            tpl_keywords_pop(vm, kw, &fn->params[i]->str, &slots[i]);

            if (fn->explicit_caller && tpl_str_eq(&fn->params[i]->str, &name))
            {
                found_caller = 1;
            }
        }

    } else {
        found_caller = fn->explicit_caller;
    }

    if (fn->caller >= 0 && !found_caller) {
        caller = &slots[fn->caller];
        tpl_keywords_pop(vm, kw, &name, caller);

        if (caller->type == TPL_MISSING || caller->type == TPL_NONE) {
            tpl_buf_init(&b, vm->exec.arena);
            tpl_buf_lit(&b, "No caller defined");

            if (tpl_vm_undefined(vm, "caller", &b, caller) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    if (fn->kwargs >= 0) {
        if (tpl_keywords_rest(vm, kw, &slots[fn->kwargs]) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        left = tpl_keywords_left(kw);

        if (left) {
            tpl_macro_begin(vm, macro, &b);

            for (i = 0; kw->names && i < kw->names->n; i++) {
                if (!kw->taken[i] && kw->names->items[i].len == name.len
                    && memcmp(kw->names->items[i].u.s, name.data, name.len)
                       == 0)
                {
                    left = NULL;
                }
            }

            if (kw->dict) {
                tpl_value_from_str(&key, &name);

                if (tpl_dict_get(&vm->exec, kw->dict, &key, &key)
                    == TPL_OK)
                {
                    left = NULL;
                }
            }

            if (left == NULL) {
                tpl_buf_lit(&b, " was invoked with two values for the special "
                            "caller argument. This is most likely a bug.");

            } else {
                tpl_buf_lit(&b, " takes no keyword argument ");

                if (tpl_repr_to(&vm->exec, left, &b) != TPL_OK) {
                    return TPL_ERROR;
                }
            }

            return tpl_vm_throw(vm, TPL_EXC_TYPE, &b);
        }
    }

    if (fn->varargs >= 0) {
        rest = tpl_list_create(&vm->exec, n - off);
        if (rest == NULL) {
            return TPL_ERROR;
        }

        if (n > off) {
            memcpy(rest->items, args + off, (n - off) * sizeof(tpl_value_t));
        }

        rest->n = (uint32_t) (n - off);
        tpl_value_tuple(&slots[fn->varargs], rest);

    } else if (n > fn->nparams) {
        tpl_macro_begin(vm, macro, &b);
        tpl_buf_printf(&b, " takes not more than %u argument(s)",
                       (unsigned) fn->nparams);

        return tpl_vm_throw(vm, TPL_EXC_TYPE, &b);
    }

    return TPL_OK;
}


/*
 * Python's messages for a lambda in the function that Tornado makes of a
 * template.  What has no default is found missing by the lambda itself.
 */

#define TPL_LAMBDA_NAME  "_tt_execute.<locals>.<lambda>()"

static tpl_int_t
tpl_lambda_bind(tpl_vm_t *vm, tpl_macro_t *macro, tpl_value_t *slots,
    const tpl_value_t *args, tpl_uint_t n, tpl_keywords_t *kw)
{
    uint32_t            i;
    tpl_str_t           str;
    tpl_list_t         *rest;
    tpl_value_t         v;
    const tpl_func_t   *fn;
    const tpl_value_t  *left;

    fn = macro->fn;

    if (fn->varargs >= 0) {
        rest = tpl_list_create(&vm->exec, 0);
        if (rest == NULL) {
            return TPL_ERROR;
        }

        for ( /* void */ ; n > fn->nparams + rest->n; ) {
            if (tpl_list_append(&vm->exec, rest,
                                &args[fn->nparams + rest->n])
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        tpl_value_tuple(&slots[fn->varargs], rest);

    } else if (n > fn->nparams) {
        return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                         TPL_LAMBDA_NAME " takes %u positional argument%s but "
                         "%u %s given", (unsigned) fn->nparams,
                         (fn->nparams == 1) ? "" : "s", (unsigned) n,
                         (n == 1) ? "was" : "were");
    }

    for (i = 0; i < fn->nparams; i++) {
        tpl_keywords_pop(vm, kw, &fn->params[i]->str, &v);

        if (i >= n) {
            slots[i] = v;
            continue;
        }

        if (v.type != TPL_MISSING) {
            return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                             TPL_LAMBDA_NAME " got multiple values for "
                             "argument '%.*s'",
                             tpl_str_arg(&fn->params[i]->str));
        }

        slots[i] = args[i];
    }

    left = tpl_keywords_left(kw);

    if (left) {
        str = tpl_value_str(left);

        return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                         TPL_LAMBDA_NAME " got an unexpected keyword argument "
                         "'%.*s'", tpl_str_arg(&str));
    }

    return TPL_OK;
}


tpl_int_t
tpl_macro_attr(tpl_vm_t *vm, const tpl_macro_t *macro, const tpl_str_t *name,
    tpl_value_t *out)
{
    uint32_t           i;
    tpl_list_t        *list;
    const tpl_func_t  *fn;

    fn = macro->fn;

    if (fn->kind == TPL_FUNC_LAMBDA) {
        return TPL_DECLINED;
    }

    if (tpl_str_is(name, "name")) {

        if (macro->name.data) {
            tpl_value_from_str(out, &macro->name);

        } else {
            tpl_value_none(out);
        }

        return TPL_OK;
    }

    if (tpl_str_is(name, "arguments")) {
        list = tpl_list_create(&vm->exec, fn->nparams);
        if (list == NULL) {
            return TPL_ERROR;
        }

        for (i = 0; i < fn->nparams; i++) {
            tpl_value_from_str(&list->items[i], &fn->params[i]->str);
        }

        list->n = fn->nparams;
        tpl_value_tuple(out, list);

        return TPL_OK;
    }

    if (tpl_str_is(name, "catch_kwargs")) {
        tpl_value_bool(out, fn->kwargs >= 0);
        return TPL_OK;
    }

    if (tpl_str_is(name, "catch_varargs")) {
        tpl_value_bool(out, fn->varargs >= 0);
        return TPL_OK;
    }

    if (tpl_str_is(name, "caller")) {
        tpl_value_bool(out, fn->caller >= 0 || fn->asks_caller);
        return TPL_OK;
    }

    return TPL_DECLINED;
}
