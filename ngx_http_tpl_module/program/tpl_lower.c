
/*
 * {% trans %} in terms of other nodes.
 */

#include "program/tpl_compiler.h"


/*
 * {% trans %} is a call of gettext, pgettext, ngettext or npgettext whose
 * result is formatted with the variables; new style, the function itself is
 * given them (Jinja2: ext.InternationalizationExtension).
 */

static tpl_node_t *
tpl_lower_node(tpl_compiler_t *c, const tpl_node_t *at, tpl_node_type_t type)
{
    tpl_node_t  *node;

    node = tpl_pcalloc(c->work, sizeof(tpl_node_t));

    if (node == NULL) {
        tpl_compile_memory(c);
        return NULL;
    }

    node->type = type;
    node->pos = at->pos;

    return node;
}


/* without variables the message is not formatted: %% stands for % at once */

static tpl_int_t
tpl_lower_percent(tpl_compiler_t *c, tpl_str_t *text)
{
    size_t       i, n;
    tpl_char_t  *p;

    p = tpl_pnalloc(c->arena, text->len);

    if (p == NULL) {
        return tpl_compile_memory(c);
    }

    n = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] == '%' && i + 1 < text->len
            && text->data[i + 1] == '%')
        {
            i++;
        }

        p[n++] = text->data[i];
    }

    text->data = p;
    text->len = n;

    return TPL_OK;
}


tpl_int_t
tpl_lower_trans(tpl_compiler_t *c, tpl_node_t *node)
{
    tpl_node_t   *call, *arg, **last, *var, *pair, *key, *dict, *mod, *mark;
    const char   *fn;
    tpl_node_t    trans;
    tpl_uint_t    newstyle;

    trans = *node;
    newstyle = c->set->conf.syntax.extensions & TPL_EXT_NEWSTYLE;

    if (!newstyle && !(trans.flags & TPL_NODE_F_REFERENCED)) {
        tpl_try(tpl_lower_percent(c, &trans.u.trans.singular));
        tpl_try(tpl_lower_percent(c, &trans.u.trans.plural));
    }

    call = tpl_lower_node(c, node, TPL_NODE_CALL);
    mark = tpl_lower_node(c, node, TPL_NODE_MARKUP);

    if (call == NULL || mark == NULL) {
        return TPL_ERROR;
    }

    call->u.call.callee = tpl_lower_node(c, node, TPL_NODE_NAME);
    if (call->u.call.callee == NULL) {
        return TPL_ERROR;
    }

    last = &call->u.call.args;

    if (trans.u.trans.context.type != TPL_MISSING) {
        arg = tpl_lower_node(c, node, TPL_NODE_CONST);
        if (arg == NULL) {
            return TPL_ERROR;
        }

        arg->u.value = trans.u.trans.context;
        *last = arg;
        last = &arg->next;
    }

    arg = tpl_lower_node(c, node, TPL_NODE_CONST);
    if (arg == NULL) {
        return TPL_ERROR;
    }

    tpl_value_from_str(&arg->u.value, &trans.u.trans.singular);
    *last = arg;
    last = &arg->next;

    if (trans.flags & TPL_NODE_F_PLURAL) {
        fn = (trans.u.trans.context.type != TPL_MISSING) ? "npgettext"
                                                         : "ngettext";

        arg = tpl_lower_node(c, node, TPL_NODE_CONST);
        if (arg == NULL) {
            return TPL_ERROR;
        }

        tpl_value_from_str(&arg->u.value, &trans.u.trans.plural);
        *last = arg;
        last = &arg->next;

        arg = tpl_palloc(c->work, sizeof(tpl_node_t));
        if (arg == NULL) {
            return tpl_compile_memory(c);
        }

        *arg = *trans.u.trans.count;
        arg->next = NULL;
        *last = arg;
        last = &arg->next;

    } else {
        fn = (trans.u.trans.context.type != TPL_MISSING) ? "pgettext"
                                                         : "gettext";
    }

    call->u.call.callee->u.name.str.data = (tpl_char_t *) fn;
    call->u.call.callee->u.name.str.len = strlen(fn);
    call->u.call.callee->u.name.hash = tpl_hash(fn, strlen(fn));

    mark->u.unary.expr = call;

    node->type = TPL_NODE_OUTPUT;
    node->flags = 0;

    if (newstyle) {

        /* the function makes markup of the message and formats it; it adds a
         * variable num by itself */

        for (var = trans.u.trans.vars; var != NULL; var = var->next) {

            if ((trans.flags & TPL_NODE_F_PLURAL)
                && trans.u.trans.num_called_num
                && tpl_str_is(&var->u.keyword.name.str, "num"))
            {
                continue;
            }

            arg = tpl_palloc(c->work, sizeof(tpl_node_t));
            if (arg == NULL) {
                return tpl_compile_memory(c);
            }

            *arg = *var;
            arg->next = NULL;
            *last = arg;
            last = &arg->next;
        }

        node->u.output.expr = call;

        return TPL_OK;
    }

    node->u.output.expr = mark;

    if (trans.u.trans.vars == NULL) {
        return TPL_OK;
    }

    dict = tpl_lower_node(c, node, TPL_NODE_DICT);
    mod = tpl_lower_node(c, node, TPL_NODE_BINARY);

    if (dict == NULL || mod == NULL) {
        return TPL_ERROR;
    }

    last = &dict->u.items.items;

    for (var = trans.u.trans.vars; var != NULL; var = var->next) {
        pair = tpl_lower_node(c, var, TPL_NODE_PAIR);
        key = tpl_lower_node(c, var, TPL_NODE_CONST);

        if (pair == NULL || key == NULL) {
            return TPL_ERROR;
        }

        tpl_value_from_str(&key->u.value, &var->u.keyword.name.str);

        pair->u.binary.left = key;
        pair->u.binary.right = var->u.keyword.value;

        *last = pair;
        last = &pair->next;
    }

    mod->op = TPL_OP_MOD;
    mod->u.binary.left = mark;
    mod->u.binary.right = dict;

    node->u.output.expr = mod;

    return TPL_OK;
}
