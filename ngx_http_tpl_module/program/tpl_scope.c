
/*
 * Which name means which slot: the scopes of a Jinja template.
 *
 * The rules are those of Jinja2's idtracking.Symbols and compiler.Frame, to the
 * point of how branches merge, since templates can see every difference: a name
 * that is read in a scope before it is stored there, and that no scope around
 * knows, is looked up in the context when the scope is entered.
 */

#include "program/tpl_compiler.h"


typedef struct {
    tpl_symbols_t       *sym;
    tpl_compiler_t      *c;
} tpl_scope_visit_t;

typedef struct {
    const char *const   *names;
    uint32_t             n;
    uint32_t             watched;
    uint32_t             found;
} tpl_undeclared_t;


static tpl_int_t tpl_scope_node(tpl_node_t *node, void *data);
static tpl_int_t tpl_scope_target(tpl_scope_visit_t *v, tpl_node_t *node);
static tpl_int_t tpl_scope_if(tpl_scope_visit_t *v, tpl_node_t *node);
static tpl_int_t tpl_symbols_load(tpl_symbols_t *sym,
    const tpl_name_t *name);
static tpl_int_t tpl_symbols_store(tpl_symbols_t *sym,
    const tpl_name_t *name);
static tpl_int_t tpl_symbols_define(tpl_symbols_t *sym,
    const tpl_name_t *name, const tpl_sym_init_t *init);
static tpl_int_t tpl_symbols_set_init(tpl_symbols_t *sym,
    const tpl_sym_init_t *init);
static tpl_int_t tpl_symbols_copy(const tpl_symbols_t *sym,
    tpl_symbols_t *copy);
static tpl_int_t tpl_symbols_merge(tpl_symbols_t *sym,
    tpl_symbols_t *branches, uint32_t n);
static tpl_int_t tpl_undeclared_node(tpl_node_t *node, void *data);


/* children */

#define tpl_walk_each(list)                                                  \
    if (tpl_walk_list(list, fn, data) != TPL_OK) {                           \
        return TPL_ERROR;                                                    \
    }


tpl_int_t
tpl_walk_list(tpl_node_t *list, tpl_walk_pt fn, void *data)
{
    tpl_node_t  *node;

    for (node = list; node != NULL; node = node->next) {
        if (fn(node, data) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_walk_one(tpl_node_t *node, tpl_walk_pt fn, void *data)
{
    return (node == NULL) ? TPL_OK : fn(node, data);
}


#define tpl_walk_node(child)                                                 \
    if (tpl_walk_one(child, fn, data) != TPL_OK) {                           \
        return TPL_ERROR;                                                    \
    }


tpl_int_t
tpl_walk(tpl_node_t *node, tpl_walk_pt fn, void *data)
{
    switch (node->type) {

    case TPL_NODE_TEXT:
    case TPL_NODE_BREAK:
    case TPL_NODE_CONTINUE:
    case TPL_NODE_CONST:
    case TPL_NODE_NAME:
    case TPL_NODE_DEBUG:
    case TPL_NODE_FLUSH:
    case TPL_NODE_PY_IMPORT:
    case TPL_NODE_PY_FROM:
        break;

    case TPL_NODE_OUTPUT:
        tpl_walk_node(node->u.output.expr);
        break;

    case TPL_NODE_DO:
    case TPL_NODE_UNARY:
    case TPL_NODE_NOT:
    case TPL_NODE_OPERAND:
    case TPL_NODE_STAR:
    case TPL_NODE_STARSTAR:
    case TPL_NODE_MODULE:
    case TPL_NODE_MARKUP:
        tpl_walk_node(node->u.unary.expr);
        break;

    case TPL_NODE_IF:
        tpl_walk_node(node->u.cond.test);
        tpl_walk_each(node->u.cond.body);
        tpl_walk_each(node->u.cond.orelse);
        break;

    case TPL_NODE_COND:
        tpl_walk_node(node->u.cond.test);
        tpl_walk_node(node->u.cond.body);
        tpl_walk_node(node->u.cond.orelse);
        break;

    case TPL_NODE_FOR:
        tpl_walk_node(node->u.loop.target);
        tpl_walk_node(node->u.loop.iter);
        tpl_walk_each(node->u.loop.body);
        tpl_walk_each(node->u.loop.orelse);
        tpl_walk_node(node->u.loop.test);
        break;

    case TPL_NODE_WHILE:
        tpl_walk_node(node->u.loop.test);
        tpl_walk_each(node->u.loop.body);
        tpl_walk_each(node->u.loop.orelse);
        break;

    case TPL_NODE_CLAUSE:
        tpl_walk_node(node->u.loop.target);
        tpl_walk_node(node->u.loop.iter);
        tpl_walk_node(node->u.loop.test);
        break;

    case TPL_NODE_SET:
    case TPL_NODE_SET_BLOCK:
    case TPL_NODE_FILTER_BLOCK:
    case TPL_NODE_APPLY:
        tpl_walk_each(node->u.set.target);
        tpl_walk_node(node->u.set.value);
        tpl_walk_node(node->u.set.filter);
        tpl_walk_each(node->u.set.body);
        break;

    case TPL_NODE_EXTENDS:
    case TPL_NODE_INCLUDE:
    case TPL_NODE_IMPORT:
    case TPL_NODE_FROM_IMPORT:
        tpl_walk_node(node->u.ref.template);
        break;

    case TPL_NODE_BLOCK:
        tpl_walk_each(node->u.block.body);
        break;

    case TPL_NODE_MACRO:
    case TPL_NODE_LAMBDA:
        tpl_walk_each(node->u.macro.params);
        tpl_walk_each(node->u.macro.body);
        break;

    case TPL_NODE_CALL_BLOCK:
        tpl_walk_node(node->u.macro.call);
        tpl_walk_each(node->u.macro.params);
        tpl_walk_each(node->u.macro.body);
        break;

    case TPL_NODE_WITH:
    case TPL_NODE_AUTOESCAPE:
    case TPL_NODE_SCOPE:
        tpl_walk_each(node->u.with.targets);
        tpl_walk_each(node->u.with.values);
        tpl_walk_each(node->u.with.body);
        break;

    case TPL_NODE_TRANS:
        tpl_walk_each(node->u.trans.vars);
        tpl_walk_node(node->u.trans.count);
        break;

    case TPL_NODE_TRY:
        tpl_walk_each(node->u.try.body);
        tpl_walk_each(node->u.try.handlers);
        tpl_walk_each(node->u.try.orelse);
        tpl_walk_each(node->u.try.finally);
        break;

    case TPL_NODE_NSREF:
    case TPL_NODE_ATTR:
        tpl_walk_node(node->u.attr.object);
        break;

    case TPL_NODE_LIST:
    case TPL_NODE_TUPLE:
    case TPL_NODE_DICT:
    case TPL_NODE_SETLIT:
    case TPL_NODE_CONCAT:
    case TPL_NODE_FSTRING:
        tpl_walk_each(node->u.items.items);
        break;

    case TPL_NODE_PAIR:
    case TPL_NODE_BINARY:
    case TPL_NODE_AND:
    case TPL_NODE_OR:
    case TPL_NODE_ITEM:
        tpl_walk_node(node->u.binary.left);
        tpl_walk_node(node->u.binary.right);
        break;

    case TPL_NODE_COMPARE:
        tpl_walk_node(node->u.compare.expr);
        tpl_walk_each(node->u.compare.operands);
        break;

    case TPL_NODE_SLICE:
        tpl_walk_node(node->u.slice.object);
        tpl_walk_node(node->u.slice.start);
        tpl_walk_node(node->u.slice.stop);
        tpl_walk_node(node->u.slice.step);
        break;

    case TPL_NODE_CALL:
    case TPL_NODE_FILTER:
    case TPL_NODE_TEST:
    case TPL_NODE_FIELD:
        tpl_walk_node(node->u.call.callee);
        tpl_walk_each(node->u.call.args);
        break;

    case TPL_NODE_KEYWORD:
        tpl_walk_node(node->u.keyword.value);
        break;

    case TPL_NODE_PARAM:
        tpl_walk_node(node->u.keyword.value);
        break;

    case TPL_NODE_COMPREHENSION:
        tpl_walk_each(node->u.comp.clauses);
        tpl_walk_node(node->u.comp.element);
        break;
    }

    return TPL_OK;
}


/* find_undeclared */

static void
tpl_undeclared_name(tpl_undeclared_t *u, const tpl_str_t *name,
    tpl_uint_t load)
{
    uint32_t  i;

    for (i = 0; i < u->n; i++) {

        if (!(u->watched & (1u << i)) || !tpl_str_is(name, u->names[i])) {
            continue;
        }

        if (load) {
            u->found |= 1u << i;

        } else {
            u->watched &= ~(1u << i);
        }
    }
}


static tpl_int_t
tpl_undeclared_node(tpl_node_t *node, void *data)
{
    tpl_undeclared_t  *u = data;

    switch (node->type) {

    case TPL_NODE_NAME:
        tpl_undeclared_name(u, &node->u.name.str,
                            !(node->flags & TPL_NODE_F_STORE));
        return TPL_OK;

    case TPL_NODE_PARAM:
        tpl_undeclared_name(u, &node->u.keyword.name.str, 0);
        return tpl_walk(node, tpl_undeclared_node, data);

    case TPL_NODE_BLOCK:
        return TPL_OK;

    case TPL_NODE_NSREF:
        /* Jinja2's NSRef holds the name as text: nothing is visited */
        return TPL_OK;

    default:
        return tpl_walk(node, tpl_undeclared_node, data);
    }
}


uint32_t
tpl_find_undeclared(tpl_node_t *nodes, const char *const *names, uint32_t n)
{
    tpl_undeclared_t  u;

    u.names = names;
    u.n = n;
    u.watched = (1u << n) - 1;
    u.found = 0;

    (void) tpl_walk_list(nodes, tpl_undeclared_node, &u);

    return u.found;
}


/* symbols */

tpl_symbols_t *
tpl_symbols_create(tpl_builder_t *b, tpl_symbols_t *parent)
{
    tpl_symbols_t  *sym;

    sym = tpl_pcalloc(b->c->work, sizeof(tpl_symbols_t));

    if (sym == NULL) {
        tpl_compile_memory(b->c);
        return NULL;
    }

    sym->parent = parent;
    sym->fn = b;
    sym->level = (parent == NULL) ? 0 : parent->level + 1;

    return sym;
}


tpl_int_t
tpl_symbols_find(tpl_symbols_t *sym, const tpl_name_t *name, uint32_t *slot,
    uint32_t *depth)
{
    uint32_t        i, d;
    tpl_builder_t  *fn;

    d = 0;
    fn = sym->fn;

    for ( /* void */ ; sym != NULL; sym = sym->parent) {

        if (sym->fn != fn) {
            fn = sym->fn;
            d++;
        }

        for (i = 0; i < sym->refs.n; i++) {
            if (sym->refs.elts[i].name == name) {
                *slot = sym->refs.elts[i].slot;
                *depth = d;
                return TPL_OK;
            }
        }
    }

    return TPL_DECLINED;
}


/* the same from outside of sym, the depth counted from sym's function */

static tpl_int_t
tpl_symbols_find_outer(tpl_symbols_t *sym, const tpl_name_t *name,
    uint32_t *slot, uint32_t *depth)
{
    tpl_int_t  rc;

    if (sym->parent == NULL) {
        return TPL_DECLINED;
    }

    rc = tpl_symbols_find(sym->parent, name, slot, depth);

    if (rc == TPL_OK && sym->parent->fn != sym->fn) {
        (*depth)++;
    }

    return rc;
}


static tpl_int_t
tpl_symbols_set_init(tpl_symbols_t *sym, const tpl_sym_init_t *init)
{
    uint32_t         i;
    tpl_sym_init_t  *slot;

    for (i = 0; i < sym->inits.n; i++) {
        if (sym->inits.elts[i].slot == init->slot) {
            sym->inits.elts[i] = *init;
            return TPL_OK;
        }
    }

    slot = tpl_vec_push(sym->fn->c->work, &sym->inits);
    if (slot == NULL) {
        return tpl_compile_memory(sym->fn->c);
    }

    *slot = *init;

    return TPL_OK;
}


static tpl_int_t
tpl_symbols_add_ref(tpl_symbols_t *sym, const tpl_name_t *name, uint32_t slot)
{
    uint32_t        i;
    tpl_sym_ref_t  *ref;

    for (i = 0; i < sym->refs.n; i++) {
        if (sym->refs.elts[i].name == name) {
            sym->refs.elts[i].slot = slot;
            return TPL_OK;
        }
    }

    ref = tpl_vec_push(sym->fn->c->work, &sym->refs);
    if (ref == NULL) {
        return tpl_compile_memory(sym->fn->c);
    }

    ref->name = name;
    ref->slot = slot;

    return TPL_OK;
}


static tpl_int_t
tpl_symbols_define(tpl_symbols_t *sym, const tpl_name_t *name,
    const tpl_sym_init_t *init)
{
    tpl_sym_init_t  i;

    i = *init;

    if (tpl_code_slot(sym->fn, sym->level, name, &i.slot) != TPL_OK
        || tpl_symbols_add_ref(sym, name, i.slot) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_symbols_set_init(sym, &i);
}


static tpl_uint_t
tpl_symbols_is_stored(const tpl_symbols_t *sym, const tpl_name_t *name)
{
    uint32_t  i;

    for (i = 0; i < sym->stores.n; i++) {
        if (sym->stores.elts[i] == name) {
            return 1;
        }
    }

    return 0;
}


static tpl_int_t
tpl_symbols_add_store(tpl_symbols_t *sym, const tpl_name_t *name)
{
    const tpl_name_t  **slot;

    if (tpl_symbols_is_stored(sym, name)) {
        return TPL_OK;
    }

    slot = tpl_vec_push(sym->fn->c->work, &sym->stores);
    if (slot == NULL) {
        return tpl_compile_memory(sym->fn->c);
    }

    *slot = name;

    tpl_set_assigned(sym->fn->c->set, name);

    return TPL_OK;
}


static tpl_int_t
tpl_symbols_load(tpl_symbols_t *sym, const tpl_name_t *name)
{
    uint32_t        slot, depth;
    tpl_sym_init_t  init;

    if (tpl_symbols_find(sym, name, &slot, &depth) == TPL_OK) {
        return TPL_OK;
    }

    memset(&init, 0, sizeof(init));
    init.load = TPL_SYM_RESOLVE;
    init.name = name;

    return tpl_symbols_define(sym, name, &init);
}


static tpl_int_t
tpl_symbols_store(tpl_symbols_t *sym, const tpl_name_t *name)
{
    uint32_t        i;
    tpl_sym_init_t  init;

    if (tpl_symbols_add_store(sym, name) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < sym->refs.n; i++) {
        if (sym->refs.elts[i].name == name) {
            return TPL_OK;
        }
    }

    memset(&init, 0, sizeof(init));
    init.load = TPL_SYM_UNDEFINED;

    if (tpl_symbols_find_outer(sym, name, &init.outer, &init.depth) == TPL_OK)
    {
        init.load = TPL_SYM_ALIAS;
    }

    return tpl_symbols_define(sym, name, &init);
}


tpl_int_t
tpl_symbols_param(tpl_symbols_t *sym, const tpl_name_t *name, uint32_t *slot)
{
    uint32_t        depth;
    tpl_sym_init_t  init;

    memset(&init, 0, sizeof(init));
    init.load = TPL_SYM_PARAM;

    if (tpl_symbols_add_store(sym, name) != TPL_OK
        || tpl_symbols_define(sym, name, &init) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (slot != NULL) {
        (void) tpl_symbols_find(sym, name, slot, &depth);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_symbols_copy(const tpl_symbols_t *sym, tpl_symbols_t *copy)
{
    uint32_t               i;
    tpl_sym_ref_t         *ref;
    tpl_sym_init_t        *init;
    const tpl_name_t     **store;

    *copy = *sym;

    memset(&copy->refs, 0, sizeof(copy->refs));
    memset(&copy->inits, 0, sizeof(copy->inits));
    memset(&copy->stores, 0, sizeof(copy->stores));

    for (i = 0; i < sym->refs.n; i++) {
        ref = tpl_vec_push(sym->fn->c->work, &copy->refs);
        if (ref == NULL) {
            return tpl_compile_memory(sym->fn->c);
        }

        *ref = sym->refs.elts[i];
    }

    for (i = 0; i < sym->inits.n; i++) {
        init = tpl_vec_push(sym->fn->c->work, &copy->inits);
        if (init == NULL) {
            return tpl_compile_memory(sym->fn->c);
        }

        *init = sym->inits.elts[i];
    }

    for (i = 0; i < sym->stores.n; i++) {
        store = tpl_vec_push(sym->fn->c->work, &copy->stores);
        if (store == NULL) {
            return tpl_compile_memory(sym->fn->c);
        }

        *store = sym->stores.elts[i];
    }

    return TPL_OK;
}


/*
 * After an if: a name that a branch stored has its outer or context value where
 * it was not stored (Jinja2 3.1.6: branch_update).
 */

static tpl_int_t
tpl_symbols_merge(tpl_symbols_t *sym, tpl_symbols_t *branches, uint32_t n)
{
    uint32_t           i, j, depth, nstored;
    tpl_sym_init_t     init;
    const tpl_name_t  *name;

    nstored = sym->stores.n;

    for (i = 0; i < n; i++) {

        for (j = 0; j < branches[i].refs.n; j++) {
            if (tpl_symbols_add_ref(sym, branches[i].refs.elts[j].name,
                                    branches[i].refs.elts[j].slot)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        for (j = 0; j < branches[i].inits.n; j++) {
            if (tpl_symbols_set_init(sym, &branches[i].inits.elts[j])
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        for (j = 0; j < branches[i].stores.n; j++) {
            if (tpl_symbols_add_store(sym, branches[i].stores.elts[j])
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    for (j = nstored; j < sym->stores.n; j++) {
        name = sym->stores.elts[j];

        memset(&init, 0, sizeof(init));

        (void) tpl_symbols_find(sym, name, &init.slot, &depth);

        init.load = TPL_SYM_RESOLVE;
        init.name = name;

        if (tpl_symbols_find_outer(sym, name, &init.outer, &init.depth)
            == TPL_OK)
        {
            init.load = TPL_SYM_ALIAS;
        }

        if (tpl_symbols_set_init(sym, &init) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_symbols_stored(tpl_symbols_t *sym, const tpl_name_t ***names, uint32_t *n)
{
    uint32_t                     i, j;
    tpl_arena_t                 *arena;
    const tpl_name_t           **slot;
    tpl_vec(const tpl_name_t *)  all;

    memset(&all, 0, sizeof(all));
    arena = sym->fn->c->work;

    for ( /* void */ ; sym != NULL; sym = sym->parent) {

        for (i = 0; i < sym->stores.n; i++) {

            for (j = 0; j < all.n; j++) {
                if (all.elts[j] == sym->stores.elts[i]) {
                    break;
                }
            }

            if (j < all.n) {
                continue;
            }

            slot = tpl_vec_push(arena, &all);
            if (slot == NULL) {
                return tpl_compile_memory(sym->fn->c);
            }

            *slot = sym->stores.elts[i];
        }
    }

    *names = all.elts;
    *n = all.n;

    return TPL_OK;
}


/* nginx.NAME, unless the template made an `nginx` of its own */

tpl_uint_t
tpl_is_host_variable(tpl_symbols_t *sym, const tpl_node_t *node)
{
    const char        *variables;
    const tpl_name_t  *name;

    variables = sym->fn->c->set->conf.loader.variables;

    if (variables == NULL
        || node->u.attr.object->type != TPL_NODE_NAME
        || !tpl_str_is(&node->u.attr.object->u.name.str, variables))
    {
        return 0;
    }

    name = tpl_set_name(sym->fn->c->set, &node->u.attr.object->u.name.str);

    return name == NULL || !tpl_symbols_shadow(sym, name);
}


tpl_uint_t
tpl_symbols_shadow(tpl_symbols_t *sym, const tpl_name_t *name)
{
    for ( /* void */ ; sym != NULL; sym = sym->parent) {
        if (tpl_symbols_is_stored(sym, name)) {
            return 1;
        }
    }

    return 0;
}


/* the visitor */

tpl_int_t
tpl_symbols_analyze(tpl_symbols_t *sym, tpl_node_t *node,
    tpl_scope_kind_t kind)
{
    tpl_node_t         *p;
    const tpl_name_t   *name;
    tpl_scope_visit_t   v;

    v.sym = sym;
    v.c = sym->fn->c;

    switch (kind) {

    case TPL_SCOPE_NODES:
        return tpl_walk_list(node, tpl_scope_node, &v);

    case TPL_SCOPE_FOR_BODY:
        if (tpl_scope_target(&v, node->u.loop.target) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_walk_list(node->u.loop.body, tpl_scope_node, &v);

    case TPL_SCOPE_FOR_ELSE:
        return tpl_walk_list(node->u.loop.orelse, tpl_scope_node, &v);

    case TPL_SCOPE_FOR_TEST:
        if (tpl_scope_target(&v, node->u.loop.target) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_walk_one(node->u.loop.test, tpl_scope_node, &v);

    case TPL_SCOPE_MACRO:
        for (p = node->u.macro.params; p != NULL; p = p->next) {
            name = tpl_compile_name(v.c, &p->u.keyword.name.str);

            if (name == NULL || tpl_symbols_param(sym, name, NULL) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        for (p = node->u.macro.params; p != NULL; p = p->next) {
            if (tpl_walk_one(p->u.keyword.value, tpl_scope_node, &v)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        return tpl_walk_list(node->u.macro.body, tpl_scope_node, &v);

    case TPL_SCOPE_BODY:
        if (node->type == TPL_NODE_FILTER_BLOCK) {
            /* body first, as the fields of Jinja2's FilterBlock stand */
            if (tpl_walk_list(node->u.set.body, tpl_scope_node, &v) != TPL_OK)
            {
                return TPL_ERROR;
            }

            return tpl_walk_one(node->u.set.filter, tpl_scope_node, &v);
        }

        return tpl_walk_list(node->u.set.body, tpl_scope_node, &v);

    case TPL_SCOPE_WITH:
        if (node->type == TPL_NODE_AUTOESCAPE) {
            if (tpl_walk_list(node->u.with.values, tpl_scope_node, &v)
                != TPL_OK)
            {
                return TPL_ERROR;
            }

        } else {
            for (p = node->u.with.targets; p != NULL; p = p->next) {
                if (tpl_scope_target(&v, p) != TPL_OK) {
                    return TPL_ERROR;
                }
            }
        }

        return tpl_walk_list(node->u.with.body, tpl_scope_node, &v);
    }

    return TPL_OK;
}


/* a loop's target: its names are parameters of the body */

static tpl_int_t
tpl_scope_target(tpl_scope_visit_t *v, tpl_node_t *node)
{
    tpl_node_t        *item;
    const tpl_name_t  *name;

    switch (node->type) {

    case TPL_NODE_NAME:
        name = tpl_compile_name(v->c, &node->u.name.str);

        return (name == NULL) ? TPL_ERROR
                              : tpl_symbols_param(v->sym, name, NULL);

    case TPL_NODE_TUPLE:
    case TPL_NODE_LIST:
        for (item = node->u.items.items; item != NULL; item = item->next) {
            if (tpl_scope_target(v, item) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        return TPL_OK;

    default:
        return tpl_scope_node(node, v);
    }
}


static tpl_int_t
tpl_scope_store(tpl_scope_visit_t *v, const tpl_str_t *str)
{
    const tpl_name_t  *name;

    name = tpl_compile_name(v->c, str);

    return (name == NULL) ? TPL_ERROR : tpl_symbols_store(v->sym, name);
}


static tpl_int_t
tpl_scope_node(tpl_node_t *node, void *data)
{
    tpl_scope_visit_t  *v = data;

    tpl_node_t         *child;
    const tpl_name_t   *name;

    switch (node->type) {

    case TPL_NODE_NAME:
        name = tpl_compile_name(v->c, &node->u.name.str);

        if (name == NULL) {
            return TPL_ERROR;
        }

        return (node->flags & TPL_NODE_F_STORE)
               ? tpl_symbols_store(v->sym, name)
               : tpl_symbols_load(v->sym, name);

    case TPL_NODE_ATTR:
        if (tpl_is_host_variable(v->sym, node)) {
            return TPL_OK;
        }

        return tpl_walk(node, tpl_scope_node, v);

    case TPL_NODE_NSREF:
        name = tpl_compile_name(v->c, &node->u.attr.object->u.name.str);

        return (name == NULL) ? TPL_ERROR : tpl_symbols_load(v->sym, name);

    case TPL_NODE_IF:
        return tpl_scope_if(v, node);

    case TPL_NODE_MACRO:
        return tpl_scope_store(v, &node->u.macro.name.str);

    case TPL_NODE_IMPORT:
        if (tpl_walk(node, tpl_scope_node, v) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_scope_store(v, &node->u.ref.name.str);

    case TPL_NODE_FROM_IMPORT:
        if (tpl_walk(node, tpl_scope_node, v) != TPL_OK) {
            return TPL_ERROR;
        }

        for (child = node->u.ref.names; child != NULL; child = child->next) {
            if (tpl_scope_store(v, &child->u.keyword.value->u.name.str)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        return TPL_OK;

    case TPL_NODE_SET:
        if (tpl_walk_one(node->u.set.value, tpl_scope_node, v) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_walk_list(node->u.set.target, tpl_scope_node, v);

    case TPL_NODE_SET_BLOCK:
        return tpl_walk_list(node->u.set.target, tpl_scope_node, v);

    case TPL_NODE_FOR:
        return tpl_walk_one(node->u.loop.iter, tpl_scope_node, v);

    case TPL_NODE_CALL_BLOCK:
        return tpl_walk_one(node->u.macro.call, tpl_scope_node, v);

    case TPL_NODE_FILTER_BLOCK:
        return tpl_walk_one(node->u.set.filter, tpl_scope_node, v);

    case TPL_NODE_WITH:
        return tpl_walk_list(node->u.with.values, tpl_scope_node, v);

    case TPL_NODE_AUTOESCAPE:
    case TPL_NODE_SCOPE:
    case TPL_NODE_BLOCK:
        return TPL_OK;

    case TPL_NODE_TRANS:
        if (tpl_lower_trans(v->c, node) != TPL_OK) {
            return TPL_ERROR;
        }

        return tpl_walk(node, tpl_scope_node, v);

    default:
        return tpl_walk(node, tpl_scope_node, v);
    }
}


/*
 * Jinja2 keeps all elifs of an if in one list, visited one after the other in
 * one branch; here they are a chain in orelse, which ends in the else.
 */

static tpl_int_t
tpl_scope_if(tpl_scope_visit_t *v, tpl_node_t *node)
{
    tpl_node_t     *elif, *orelse, *next;
    tpl_symbols_t  *outer, branches[3], inner[3];
    tpl_int_t       rc;

    if (tpl_scope_node(node->u.cond.test, v) != TPL_OK) {
        return TPL_ERROR;
    }

    outer = v->sym;
    rc = TPL_ERROR;

    if (tpl_symbols_copy(outer, &branches[0]) != TPL_OK
        || tpl_symbols_copy(outer, &branches[1]) != TPL_OK
        || tpl_symbols_copy(outer, &branches[2]) != TPL_OK)
    {
        return TPL_ERROR;
    }

    v->sym = &branches[0];

    if (tpl_walk_list(node->u.cond.body, tpl_scope_node, v) != TPL_OK) {
        goto done;
    }

    /* each elif is an if without a chain of its own */

    orelse = node->u.cond.orelse;

    while (orelse != NULL && orelse->type == TPL_NODE_IF
           && (orelse->flags & TPL_NODE_F_ELIF))
    {
        elif = orelse;
        next = elif->u.cond.orelse;

        v->sym = &branches[1];

        if (tpl_scope_node(elif->u.cond.test, v) != TPL_OK
            || tpl_symbols_copy(&branches[1], &inner[0]) != TPL_OK
            || tpl_symbols_copy(&branches[1], &inner[1]) != TPL_OK
            || tpl_symbols_copy(&branches[1], &inner[2]) != TPL_OK)
        {
            goto done;
        }

        v->sym = &inner[0];

        if (tpl_walk_list(elif->u.cond.body, tpl_scope_node, v) != TPL_OK
            || tpl_symbols_merge(&branches[1], inner, 3) != TPL_OK)
        {
            goto done;
        }

        orelse = next;
    }

    v->sym = &branches[2];

    if (tpl_walk_list(orelse, tpl_scope_node, v) != TPL_OK) {
        goto done;
    }

    v->sym = outer;

    rc = tpl_symbols_merge(outer, branches, 3);

done:

    v->sym = outer;

    return rc;
}
