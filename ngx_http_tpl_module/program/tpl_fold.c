
/*
 * Constant expressions are computed once.
 *
 * What raises an error when folded is left to the render, where it may never be
 * reached.  A result that somebody could change (a list, a dict) is no
 * constant, though one may stand inside an expression that is.
 */

#include "program/tpl_compiler.h"


/* longer results are made when they are needed */
#define TPL_FOLD_MAX  4096


static tpl_int_t tpl_fold_value(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);
static tpl_int_t tpl_fold_items(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);
static tpl_int_t tpl_fold_dict(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);
static tpl_int_t tpl_fold_slice(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);
static tpl_int_t tpl_fold_compare(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);
static tpl_int_t tpl_fold_filter(tpl_builder_t *b, tpl_node_t *node,
    tpl_value_t *out);
static tpl_uint_t tpl_fold_constant(const tpl_value_t *v);


tpl_int_t
tpl_fold(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t  rc;

    rc = tpl_fold_printed(b, node, out);

    return (rc == TPL_OK && out->type == TPL_UNDEFINED) ? TPL_DECLINED : rc;
}


tpl_int_t
tpl_fold_printed(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_exec_t  *exec;

    switch (node->type) {

    case TPL_NODE_CONST:
        *out = node->u.value;
        return TPL_OK;

    case TPL_NODE_NAME:
    case TPL_NODE_CALL:
    case TPL_NODE_ATTR:
    case TPL_NODE_LIST:
    case TPL_NODE_DICT:
    case TPL_NODE_LAMBDA:
    case TPL_NODE_COMPREHENSION:
        return TPL_DECLINED;

    default:
        break;
    }

    exec = &b->c->set->exec;
    exec->autoescape = (b->autoescape == 1);

    rc = tpl_fold_value(b, node, out);

    if (rc == TPL_ERROR) {
        rc = (exec->error->exc == TPL_EXC_MEMORY
              && !tpl_arena_exhausted(b->c->arena))
             ? TPL_ERROR : TPL_DECLINED;

        tpl_error_clear(exec->error);

        return (rc == TPL_ERROR) ? tpl_compile_memory(b->c) : rc;
    }

    if (rc == TPL_OK && out->type != TPL_UNDEFINED
        && !tpl_fold_constant(out))
    {
        return TPL_DECLINED;
    }

    return rc;
}


static tpl_uint_t
tpl_fold_constant(const tpl_value_t *v)
{
    uint32_t  i;

    switch (v->type) {

    case TPL_NONE:
    case TPL_BOOL:
    case TPL_INT:
    case TPL_FLOAT:
        return 1;

    case TPL_STRING:
        return v->len <= TPL_FOLD_MAX;

    case TPL_TUPLE:
        for (i = 0; i < v->u.list->n; i++) {
            if (!tpl_fold_constant(&v->u.list->items[i])) {
                return 0;
            }
        }

        return 1;

    default:
        return 0;
    }
}


static tpl_int_t
tpl_fold_value(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_uint_t   truth;
    tpl_exec_t  *exec;
    tpl_value_t  left, right;

    exec = &b->c->set->exec;

    switch (node->type) {

    case TPL_NODE_CONST:
        *out = node->u.value;
        return TPL_OK;

    case TPL_NODE_LIST:
    case TPL_NODE_TUPLE:
    case TPL_NODE_CONCAT:
        return tpl_fold_items(b, node, out);

    case TPL_NODE_UNARY:
        rc = tpl_fold_value(b, node->u.unary.expr, &left);

        return (rc == TPL_OK) ? tpl_unary(exec, node->op, &left, out) : rc;

    case TPL_NODE_NOT:
        rc = tpl_fold_value(b, node->u.unary.expr, &left);

        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_truth(exec, &left, &truth) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_bool(out, !truth);
        return TPL_OK;

    case TPL_NODE_BINARY:
        rc = tpl_fold_value(b, node->u.binary.left, &left);

        if (rc == TPL_OK) {
            rc = tpl_fold_value(b, node->u.binary.right, &right);
        }

        if (rc != TPL_OK) {
            return rc;
        }

        /* x * 1000000 is cheap to write and would be kept for ever */

        if (!tpl_is_number(&left) || !tpl_is_number(&right)) {
            if (node->op == TPL_OP_MUL) {
                return TPL_DECLINED;
            }
        }

        return tpl_binary(exec, node->op, &left, &right, out);

    case TPL_NODE_AND:
    case TPL_NODE_OR:
        rc = tpl_fold_value(b, node->u.binary.left, &left);

        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_truth(exec, &left, &truth) != TPL_OK) {
            return TPL_ERROR;
        }

        if (truth == (node->type == TPL_NODE_OR)) {
            *out = left;
            return TPL_OK;
        }

        return tpl_fold_value(b, node->u.binary.right, out);

    case TPL_NODE_COND:
        if (node->u.cond.orelse == NULL) {
            return TPL_DECLINED;
        }

        rc = tpl_fold_value(b, node->u.cond.test, &left);

        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_truth(exec, &left, &truth) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_fold_value(b, truth ? node->u.cond.body
                                       : node->u.cond.orelse, out);

    case TPL_NODE_DICT:
        return tpl_fold_dict(b, node, out);

    case TPL_NODE_SLICE:
        return tpl_fold_slice(b, node, out);

    case TPL_NODE_COMPARE:
        return tpl_fold_compare(b, node, out);

    case TPL_NODE_FILTER:
    case TPL_NODE_TEST:
        return tpl_fold_filter(b, node, out);

    default:
        return TPL_DECLINED;
    }
}


static tpl_int_t
tpl_fold_items(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_exec_t  *exec;
    tpl_list_t  *list;
    tpl_node_t  *item;
    tpl_value_t  v;

    exec = &b->c->set->exec;

    if (node->type == TPL_NODE_CONCAT && b->unsettled) {
        return TPL_DECLINED;
    }

    /* look before any list is made */

    for (item = node->u.items.items; item != NULL; item = item->next) {
        if (item->type == TPL_NODE_NAME || item->type == TPL_NODE_CALL
            || item->type == TPL_NODE_ATTR || item->type == TPL_NODE_STAR)
        {
            return TPL_DECLINED;
        }
    }

    list = tpl_list_create(exec, 4);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (item = node->u.items.items; item != NULL; item = item->next) {
        rc = tpl_fold_value(b, item, &v);

        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_list_append(exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    switch (node->type) {

    case TPL_NODE_CONCAT:
        /* Jinja2: Concat.as_const() joins texts, which loses their markup */

        return tpl_concat_plain(exec, list->items, list->n, out);

    case TPL_NODE_TUPLE:
        tpl_value_tuple(out, list);
        return TPL_OK;

    default:
        tpl_value_list(out, list);
        return TPL_OK;
    }
}


static tpl_int_t
tpl_fold_dict(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t     rc;
    tpl_exec_t   *exec;
    tpl_dict_t   *dict;
    tpl_node_t   *pair;
    tpl_value_t   key, value;

    exec = &b->c->set->exec;

    dict = tpl_dict_create(exec, 4);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    for (pair = node->u.items.items; pair != NULL; pair = pair->next) {

        if (pair->type != TPL_NODE_PAIR) {
            return TPL_DECLINED;
        }

        rc = tpl_fold_value(b, pair->u.binary.left, &key);

        if (rc == TPL_OK) {
            rc = tpl_fold_value(b, pair->u.binary.right, &value);
        }

        if (rc == TPL_OK) {
            rc = tpl_dict_set(exec, dict, &key, &value);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


/* what was asked of an undefined, with Python's repr() */

typedef struct {
    tpl_object_t   head;
    tpl_value_t    bounds[3];
} tpl_bounds_t;


static tpl_int_t
tpl_bounds_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_list_t     list;
    tpl_value_t    v;
    tpl_bounds_t  *bounds = (tpl_bounds_t *) obj;

    list.items = bounds->bounds;
    list.n = 3;
    list.size = 3;

    tpl_value_tuple(&v, &list);
    tpl_buf_lit(b, "slice");

    return tpl_repr_to(exec, &v, b);
}


static const tpl_class_t  tpl_bounds_class = {
    .name = "slice",
    .str = tpl_bounds_str
};


/*
 * Jinja2: Getitem.as_const() asks environment.getitem(), which makes an
 * undefined of errors that the slice of a variable raises.
 */

static tpl_int_t
tpl_fold_slice(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t      rc;
    tpl_uint_t     i;
    tpl_exec_t    *exec;
    tpl_node_t    *parts[3];
    tpl_value_t    object;
    tpl_bounds_t  *bounds;

    exec = &b->c->set->exec;

    if (exec->options->python) {
        return TPL_DECLINED;
    }

    rc = tpl_fold_value(b, node->u.slice.object, &object);

    if (rc != TPL_OK) {
        return rc;
    }

    bounds = tpl_palloc(exec->arena, sizeof(tpl_bounds_t));
    if (bounds == NULL) {
        return tpl_throw_memory(exec);
    }

    bounds->head.cls = &tpl_bounds_class;

    parts[0] = node->u.slice.start;
    parts[1] = node->u.slice.stop;
    parts[2] = node->u.slice.step;

    for (i = 0; i < 3; i++) {
        tpl_value_none(&bounds->bounds[i]);

        if (parts[i] != NULL) {
            rc = tpl_fold_value(b, parts[i], &bounds->bounds[i]);

            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    rc = tpl_get_slice(exec, &object, &bounds->bounds[0],
                       &bounds->bounds[1], &bounds->bounds[2], out);

    if (rc == TPL_ERROR && exec->error->exc == TPL_EXC_TYPE) {
        tpl_error_clear(exec->error);
        rc = tpl_value_undefined(exec, out, NULL, &object, NULL);

        if (rc == TPL_OK) {
            tpl_value_object(&out->u.undef->key, bounds);
        }
    }

    return rc;
}


static tpl_int_t
tpl_fold_compare(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t    rc;
    tpl_uint_t   result;
    tpl_exec_t  *exec;
    tpl_node_t  *op;
    tpl_value_t  left, right;

    exec = &b->c->set->exec;

    rc = tpl_fold_value(b, node->u.compare.expr, &left);

    if (rc != TPL_OK) {
        return rc;
    }

    result = 1;

    for (op = node->u.compare.operands; op != NULL && result; op = op->next) {
        rc = tpl_fold_value(b, op->u.unary.expr, &right);

        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_compare(exec, op->op, &left, &right, &result) != TPL_OK) {
            return TPL_ERROR;
        }

        left = right;
    }

    tpl_value_bool(out, result);

    return TPL_OK;
}


/* pure filters and tests of constants */

static tpl_int_t
tpl_fold_filter(tpl_builder_t *b, tpl_node_t *node, tpl_value_t *out)
{
    tpl_int_t             rc;
    tpl_uint_t            n;
    tpl_exec_t           *exec;
    tpl_dict_t           *kwargs;
    tpl_node_t           *arg;
    tpl_value_t           v, args[8];
    const tpl_builtin_t  *fn;

    exec = &b->c->set->exec;

    fn = tpl_builtins_find(exec->builtins, node->type == TPL_NODE_FILTER
                                           ? TPL_FILTERS : TPL_TESTS,
                           &node->u.call.name);

    if (fn == NULL || node->u.call.callee == NULL) {
        return TPL_DECLINED;
    }

    /* of what the filters go by, all is known unless autoescape is not; those
     * with any arguments call others (Jinja2: pass_context) */

    if (fn->flags != 0
        && (fn->flags != TPL_FN_CONTEXT || fn->star || b->unsettled))
    {
        return TPL_DECLINED;
    }

    rc = tpl_fold_value(b, node->u.call.callee, &args[0]);

    if (rc != TPL_OK) {
        return rc;
    }

    n = 1;
    kwargs = NULL;

    for (arg = node->u.call.args; arg != NULL; arg = arg->next) {

        if (n == tpl_nelts(args) || arg->type == TPL_NODE_STAR
            || arg->type == TPL_NODE_STARSTAR)
        {
            return TPL_DECLINED;
        }

        rc = tpl_fold_value(b, arg->type == TPL_NODE_KEYWORD
                               ? arg->u.keyword.value : arg, &v);

        if (rc != TPL_OK) {
            return rc;
        }

        if (arg->type != TPL_NODE_KEYWORD) {
            args[n++] = v;
            continue;
        }

        if (kwargs == NULL) {
            kwargs = tpl_dict_create(exec, 4);
        }

        if (kwargs == NULL
            || tpl_dict_set_str(exec, kwargs, &arg->u.keyword.name.str, &v)
               != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    rc = tpl_builtin_call(exec, fn, args, n, kwargs, out);

    return (rc == TPL_AGAIN) ? TPL_DECLINED : rc;
}
