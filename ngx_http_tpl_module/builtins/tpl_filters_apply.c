
/*
 * map(), select() and their kin: filters that apply another filter or test,
 * found by its name at run time, to each item.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* a filter or test with its arguments, for one item after another */

typedef struct {
    tpl_exec_t           *exec;
    const tpl_builtin_t  *fn;
    tpl_value_t          *args;     /* as bound with the first item */
    tpl_value_t          *work;     /* of the call at hand */
    tpl_uint_t            n;
} tpl_apply_t;


/* "No filter named 'x'.", as Environment.call_filter() says it */

static void
tpl_apply_unknown(tpl_exec_t *exec, tpl_builtin_table_t table,
    const tpl_value_t *name)
{
    uint32_t      hash;
    tpl_str_t     why;
    tpl_value_t   repr;
    const char   *kind;

    kind = (table == TPL_FILTERS) ? "filter" : "test";

    if (tpl_value_hash(exec, name, &hash) != TPL_OK
        || tpl_to_repr(exec, name, &repr) != TPL_OK)
    {
        return;
    }

    repr.len = tpl_min(repr.len, 200);

    if (name->type != TPL_UNDEFINED) {
        (void) tpl_throw(exec, TPL_EXC_RUNTIME, "No %s named %.*s.", kind,
                         (int) repr.len, repr.u.s);
        return;
    }

    /* the message that using the undefined name would give */

    (void) tpl_undefined_throw(exec, name);

    if (tpl_pstrdup(exec->arena, &why, exec->error->message.data,
                    exec->error->message.len)
        != TPL_OK)
    {
        tpl_error_clear(exec->error);
        (void) tpl_throw_memory(exec);
        return;
    }

    tpl_error_clear(exec->error);

    (void) tpl_throw(exec, TPL_EXC_RUNTIME,
                     "No %s named %.*s. (%.*s; did you forget to quote the "
                     "callable name?)", kind, (int) repr.len, repr.u.s,
                     tpl_str_arg(&why));
}


/* name is called with an item, then n more arguments, then kwargs */

static tpl_int_t
tpl_apply_init(tpl_apply_t *a, tpl_exec_t *exec, tpl_builtin_table_t table,
    const tpl_value_t *name, const tpl_value_t *item,
    const tpl_value_t *more, tpl_uint_t n, const tpl_dict_t *kwargs)
{
    tpl_str_t     s;
    tpl_value_t  *given;

    a->exec = exec;
    a->fn = NULL;

    if (name->type == TPL_STRING && exec->builtins != NULL) {
        s = tpl_value_str(name);
        a->fn = tpl_builtins_find_str(exec->builtins, table, &s);
    }

    if (a->fn == NULL) {
        tpl_apply_unknown(exec, table, name);
        return TPL_ERROR;
    }

    a->n = tpl_builtin_nargs(a->fn);

    given = tpl_palloc(exec->arena,
                       (n + 1 + 2 * a->n) * sizeof(tpl_value_t));

    if (given == NULL) {
        return tpl_throw_memory(exec);
    }

    given[0] = *item;

    if (n) {
        memcpy(&given[1], more, n * sizeof(tpl_value_t));
    }

    a->args = given + n + 1;
    a->work = a->args + a->n;

    return tpl_builtin_bind(exec, a->fn, given, n + 1, kwargs, a->args);
}


static tpl_int_t
tpl_apply_call(tpl_apply_t *a, const tpl_value_t *item, tpl_value_t *out)
{
    tpl_int_t   rc;
    tpl_call_t  call;

    if (a->exec->depth >= TPL_MAX_DEPTH) {
        return tpl_throw(a->exec, TPL_EXC_RECURSION,
                         "maximum recursion depth exceeded");
    }

    memcpy(a->work, a->args, a->n * sizeof(tpl_value_t));
    a->work[0] = *item;

    call.exec = a->exec;
    call.fn = a->fn;
    call.object = NULL;
    call.args = a->work;
    call.nargs = a->n;
    call.kwargs = NULL;
    tpl_value_none(&call.result);

    a->exec->fuel--;
    a->exec->depth++;

    rc = a->fn->handler(&call);

    a->exec->depth--;

    *out = call.result;

    return rc;
}


/* map(attribute="a.b", default=x) */

static tpl_int_t
tpl_map_attribute(tpl_call_t *call, const tpl_seq_t *seq,
    const tpl_dict_t *kwargs, tpl_list_t *out)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_str_t          name;
    tpl_exec_t        *exec;
    tpl_value_t        attribute, fallback, v;
    tpl_getter_t       getter;
    tpl_dict_entry_t  *e;

    exec = call->exec;

    tpl_value_missing(&attribute);
    tpl_value_missing(&fallback);

    for (i = 0; (e = tpl_dict_next(kwargs, &i)) != NULL; ) {
        name = tpl_value_str(&e->key);

        if (tpl_str_is(&name, "attribute")) {
            attribute = e->value;

        } else if (tpl_str_is(&name, "default")) {
            fallback = e->value;

        } else {

            if (tpl_to_repr(exec, &e->key, &v) != TPL_OK) {
                return TPL_ERROR;
            }

            return tpl_throw(exec, TPL_EXC_FILTER_ARGUMENT,
                             "Unexpected keyword argument %.*s",
                             (int) tpl_min(v.len, 200), v.u.s);
        }
    }

    if (tpl_getter_init(exec, &getter, &attribute, 0, &fallback) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < seq->n; i++) {
        rc = tpl_getter_get(exec, &getter, &seq->items[i], &v);

        if (rc == TPL_OK) {
            rc = tpl_list_append(exec, out, &v);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


/*
 * What `if value:` in Jinja2's generators comes to: TPL_DECLINED if there is
 * nothing to walk, in which case the other arguments are not even looked at.
 */

static tpl_int_t
tpl_apply_open(tpl_call_t *call, tpl_seq_t *seq, tpl_list_t **out)
{
    tpl_int_t   rc;
    tpl_uint_t  truth;

    *out = tpl_list_create(call->exec, 8);

    if (*out == NULL) {
        return tpl_throw_memory(call->exec);
    }

    tpl_value_list(&call->result, *out);

    rc = tpl_truth(call->exec, &call->args[0], &truth);

    if (rc != TPL_OK) {
        return rc;
    }

    if (!truth) {
        return TPL_DECLINED;
    }

    return tpl_seq_open(call->exec, seq, &call->args[0]);
}


/* Jinja2: do_map */

static tpl_int_t
tpl_generate_map(tpl_call_t *call)
{
    uint32_t      i;
    tpl_int_t     rc;
    tpl_seq_t     seq;
    tpl_dict_t   *kwargs;
    tpl_exec_t   *exec;
    tpl_list_t   *more, *out;
    tpl_value_t   v, key;
    tpl_apply_t   apply;

    exec = call->exec;
    more = call->args[1].u.list;
    kwargs = call->args[2].u.dict;

    rc = tpl_apply_open(call, &seq, &out);

    if (rc == TPL_DECLINED) {
        return tpl_value_iterator(exec, &call->result, out, "generator");
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (more->n == 0) {
        tpl_value_string(&key, (tpl_char_t *) "attribute", 9, TPL_F_ASCII);
        rc = tpl_dict_get(exec, kwargs, &key, &v);

        if (rc == TPL_DECLINED) {
            return tpl_throw(exec, TPL_EXC_FILTER_ARGUMENT,
                             "map requires a filter argument");
        }

        if (rc == TPL_OK) {
            rc = tpl_map_attribute(call, &seq, kwargs, out);
        }

        if (rc != TPL_OK) {
            return rc;
        }

    } else if (seq.n) {
        rc = tpl_apply_init(&apply, exec, TPL_FILTERS, &more->items[0],
                            &seq.items[0], &more->items[1], more->n - 1,
                            kwargs);

        for (i = 0; i < seq.n && rc == TPL_OK; i++) {
            rc = tpl_apply_call(&apply, &seq.items[i], &v);

            if (rc == TPL_OK) {
                rc = tpl_list_append(exec, out, &v);
            }
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_seq_close(&seq);

    return tpl_value_iterator(exec, &call->result, out, "generator");
}


/*
 * Jinja2: select_or_reject: keeps the items for which the test of the item, or
 * of an attribute of it, comes out as wanted.
 */

static tpl_int_t
tpl_filter_choose(tpl_call_t *call, tpl_uint_t attr, tpl_uint_t want)
{
    uint32_t       i;
    tpl_int_t      rc;
    tpl_seq_t      seq;
    tpl_exec_t    *exec;
    tpl_list_t    *more, *out;
    tpl_uint_t     truth, test;
    tpl_value_t    v;
    tpl_apply_t    apply;
    tpl_getter_t   getter;

    exec = call->exec;
    more = call->args[1].u.list;

    rc = tpl_apply_open(call, &seq, &out);

    if (rc == TPL_DECLINED) {
        return tpl_value_iterator(exec, &call->result, out, "generator");
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (attr) {

        if (more->n == 0) {
            return tpl_throw(exec, TPL_EXC_FILTER_ARGUMENT,
                             "Missing parameter for attribute name");
        }

        if (tpl_getter_init(exec, &getter, &more->items[0], 0, NULL)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    test = (more->n > attr);
    rc = TPL_OK;
    memset(&apply, 0, sizeof(tpl_apply_t));

    if (test && seq.n) {
        rc = tpl_apply_init(&apply, exec, TPL_TESTS, &more->items[attr],
                            &seq.items[0], &more->items[attr + 1],
                            more->n - attr - 1, call->args[2].u.dict);
    }

    for (i = 0; i < seq.n && rc == TPL_OK; i++) {

        v = seq.items[i];

        if (attr) {
            rc = tpl_getter_get(exec, &getter, &seq.items[i], &v);
        }

        if (rc == TPL_OK && test) {
            rc = tpl_apply_call(&apply, &v, &v);
        }

        if (rc == TPL_OK) {
            rc = tpl_truth(exec, &v, &truth);
        }

        if (rc == TPL_OK && truth == want) {
            rc = tpl_list_append(exec, out, &seq.items[i]);
        }
    }

    if (rc != TPL_OK) {
        return rc;
    }

    tpl_seq_close(&seq);

    return tpl_value_iterator(exec, &call->result, out, "generator");
}


static tpl_int_t
tpl_generate_select(tpl_call_t *call)
{
    return tpl_filter_choose(call, 0, 1);
}


static tpl_int_t
tpl_generate_reject(tpl_call_t *call)
{
    return tpl_filter_choose(call, 0, 0);
}


static tpl_int_t
tpl_generate_selectattr(tpl_call_t *call)
{
    return tpl_filter_choose(call, 1, 1);
}


static tpl_int_t
tpl_generate_rejectattr(tpl_call_t *call)
{
    return tpl_filter_choose(call, 1, 0);
}


static tpl_int_t
tpl_filter_map(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_map);
}


static tpl_int_t
tpl_filter_reject(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_reject);
}


static tpl_int_t
tpl_filter_rejectattr(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_rejectattr);
}


static tpl_int_t
tpl_filter_select(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_select);
}


static tpl_int_t
tpl_filter_selectattr(tpl_call_t *call)
{
    return tpl_lazy(call, tpl_generate_selectattr);
}


/* what they call may be impure, so none of them is folded */

const tpl_builtin_def_t  tpl_filters_apply[] = {

    { "map", "value, *args, **kwargs", tpl_filter_map, TPL_FN_CONTEXT },
    { "reject", "value, *args, **kwargs", tpl_filter_reject,
      TPL_FN_CONTEXT },
    { "rejectattr", "value, *args, **kwargs", tpl_filter_rejectattr,
      TPL_FN_CONTEXT },
    { "select", "value, *args, **kwargs", tpl_filter_select,
      TPL_FN_CONTEXT },
    { "selectattr", "value, *args, **kwargs", tpl_filter_selectattr,
      TPL_FN_CONTEXT },

    { NULL, NULL, NULL, 0 }
};
