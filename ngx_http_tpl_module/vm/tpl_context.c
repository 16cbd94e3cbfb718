
/*
 * Contexts: which name means what to a template, and its table of blocks.
 *
 * A context looks through tables of variables, innermost first, then asks the
 * host, then the builtin functions.  A table is copied before it changes once
 * something else has seen it, so an included template, an imported module and a
 * macro keep the variables that were set when they were made, as the dicts that
 * Jinja2 copies do.
 */

#include "vm/tpl_vm_internal.h"


static tpl_int_t tpl_context_own(tpl_vm_t *vm, tpl_context_t *context);


tpl_context_t *
tpl_context_create(tpl_vm_t *vm, tpl_template_t *tmpl)
{
    tpl_context_t  *context;

    context = tpl_palloc(vm->exec.arena, sizeof(tpl_context_t));

    if (context == NULL) {
        (void) tpl_throw_memory(&vm->exec);
        return NULL;
    }

    context->tmpl = tmpl;
    context->vars = NULL;
    context->own = 0;
    context->globals = 0;
    context->cached = 0;
    context->blocks = tmpl->blocks;
    context->nblocks = tmpl->nblocks;
    context->self = NULL;

    return context;
}


tpl_context_t *
tpl_context_derive(tpl_vm_t *vm, tpl_context_t *context, tpl_vars_t *locals)
{
    tpl_context_t  *derived;

    derived = tpl_context_create(vm, context->tmpl);
    if (derived == NULL) {
        return NULL;
    }

    derived->vars = tpl_context_snapshot(context);
    derived->globals = context->globals;
    derived->blocks = context->blocks;
    derived->nblocks = context->nblocks;

    if (locals) {
        locals->next = derived->vars;
        locals->shared = 1;
        derived->vars = locals;
    }

    return derived;
}


tpl_vars_t *
tpl_context_snapshot(tpl_context_t *context)
{
    if (context->own) {
        context->vars->shared = 1;
    }

    return context->vars;
}


tpl_vars_t *
tpl_vars_create(tpl_vm_t *vm, uint32_t size)
{
    tpl_vars_t  *vars;

    vars = tpl_palloc(vm->exec.arena,
                      sizeof(tpl_vars_t) + size * sizeof(tpl_var_t));
    if (vars == NULL) {
        (void) tpl_throw_memory(&vm->exec);
        return NULL;
    }

    vars->next = NULL;
    vars->n = 0;
    vars->size = size;
    vars->shared = 0;

    return vars;
}


void
tpl_vars_add(tpl_vars_t *vars, const tpl_str_t *name, const tpl_value_t *value)
{
    tpl_var_t  *var;

    var = &vars->vars[vars->n++];

    var->key = name->data;
    var->len = (uint32_t) name->len;
    var->exported = 0;
    var->value = *value;
}


/* names are the set's own, so one text is one address */

tpl_var_t *
tpl_vars_find(tpl_vars_t *vars, const tpl_name_t *name)
{
    tpl_var_t         *var, *last;
    const tpl_char_t  *key;

    key = name->str.data;
    last = vars->vars + vars->n;

    for (var = vars->vars; var < last; var++) {
        if (var->key == key) {
            return var;
        }
    }

    return NULL;
}


/* makes the context's own table one that may change and has room */

static tpl_int_t
tpl_context_own(tpl_vm_t *vm, tpl_context_t *context)
{
    uint32_t     n;
    tpl_vars_t  *vars, *old;

    old = context->own ? context->vars : NULL;
    n = old ? old->n : 0;

    vars = tpl_vars_create(vm, tpl_max(n * 2, 4));
    if (vars == NULL) {
        return TPL_ERROR;
    }

    if (n) {
        memcpy(vars->vars, old->vars, n * sizeof(tpl_var_t));
    }

    vars->n = n;
    vars->next = old ? old->next : context->vars;

    context->vars = vars;
    context->own = 1;

    return TPL_OK;
}


tpl_int_t
tpl_context_set(tpl_vm_t *vm, tpl_context_t *context, const tpl_name_t *name,
    const tpl_value_t *value, tpl_uint_t exported)
{
    tpl_var_t  *var;

    if ((!context->own || context->vars->shared)
        && tpl_context_own(vm, context) != TPL_OK)
    {
        return TPL_ERROR;
    }

    var = tpl_vars_find(context->vars, name);

    if (var == NULL) {

        if (context->vars->n == context->vars->size
            && tpl_context_own(vm, context) != TPL_OK)
        {
            return TPL_ERROR;
        }

        tpl_vars_add(context->vars, &name->str, value);
        var = &context->vars->vars[context->vars->n - 1];
    }

    /* an import takes a name that was exported away again */

    var->value = *value;
    var->exported = (uint32_t) exported;

    return TPL_OK;
}


const tpl_value_t *
tpl_context_var(const tpl_context_t *context, const tpl_name_t *name)
{
    tpl_var_t   *var;
    tpl_vars_t  *vars;

    for (vars = context->vars; vars; vars = vars->next) {
        var = tpl_vars_find(vars, name);

        if (var) {
            return &var->value;
        }
    }

    return NULL;
}


tpl_int_t
tpl_context_resolve(tpl_vm_t *vm, tpl_context_t *context,
    const tpl_name_t *name, tpl_value_t *out)
{
    const tpl_value_t  *v;

    v = tpl_context_var(context, name);

    if (v) {
        *out = *v;
        return TPL_OK;
    }

    return tpl_context_global(vm, name, context->globals, out);
}


tpl_int_t
tpl_context_global(tpl_vm_t *vm, const tpl_name_t *name, tpl_uint_t globals,
    tpl_value_t *out)
{
    tpl_int_t             rc;
    tpl_exec_t           *exec;
    const tpl_host_t     *host;
    const tpl_builtin_t  *fn;

    exec = &vm->exec;
    host = vm->conf.host;

    if (host) {

        if (host->lookup && !globals) {
            rc = host->lookup(exec, name, out);

            if (rc != TPL_DECLINED) {
                return rc;
            }
        }

        if (host->global) {
            rc = host->global(exec, name, out);

            if (rc != TPL_DECLINED) {
                return rc;
            }
        }
    }

    fn = tpl_builtins_find(exec->builtins,
                           exec->options->python ? TPL_TORNADO_GLOBALS
                                                 : TPL_JINJA_GLOBALS,
                           name);
    if (fn == NULL) {
        return TPL_DECLINED;
    }

    if (fn->flags & TPL_FN_VALUE) {
        return tpl_builtin_call(exec, fn, NULL, 0, NULL, out);
    }

    tpl_value_function(out, fn);

    return TPL_OK;
}


tpl_int_t
tpl_vm_resolve(tpl_exec_t *exec, const tpl_str_t *name, tpl_value_t *out)
{
    tpl_int_t          rc;
    tpl_vm_t          *vm;
    tpl_name_t         other;
    const tpl_name_t  *own;

    vm = tpl_vm(exec);

    if (vm == NULL || vm->frame == NULL) {
        return TPL_DECLINED;
    }

    own = tpl_set_name(vm->set, name);

    if (own == NULL) {

        /* no program knows it, the data may */

        other.str = *name;
        other.hash = tpl_hash(name->data, name->len);
        own = &other;
    }

    rc = tpl_context_resolve(vm, vm->frame->context, own, out);

    if (rc == TPL_OK && out->type == TPL_PENDING) {
        return tpl_vm_force(vm, out);
    }

    return rc;
}


tpl_int_t
tpl_vm_names(tpl_exec_t *exec, tpl_dict_t **out)
{
    uint32_t                  i, k, n;
    tpl_int_t                 rc;
    tpl_vm_t                 *vm;
    tpl_str_t                 name;
    tpl_vars_t               *vars;
    tpl_dict_t               *dict;
    tpl_value_t               value;
    const tpl_host_t         *host;
    const tpl_builtin_map_t  *map;

    vm = tpl_vm(exec);

    dict = tpl_dict_create(exec, 16);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    *out = dict;

    map = &exec->builtins->tables[exec->options->python ? TPL_TORNADO_GLOBALS
                                                        : TPL_JINJA_GLOBALS];

    for (k = 0; k < map->n; k++) {
        tpl_value_function(&value, map->items[k]);

        rc = tpl_dict_set_str(exec, dict, &map->items[k]->name.str, &value);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    if (vm == NULL || vm->frame == NULL) {
        return TPL_OK;
    }

    host = vm->conf.host;

    if (host && host->names && !vm->frame->context->globals) {
        rc = host->names(exec, dict);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    n = 0;

    for (vars = vm->frame->context->vars; vars; vars = vars->next) {
        n++;
    }

    /* from the outermost table inwards, as one dict updates another */

    while (n--) {
        vars = vm->frame->context->vars;

        for (i = 0; i < n; i++) {
            vars = vars->next;
        }

        for (k = 0; k < vars->n; k++) {
            name.data = (tpl_char_t *) vars->vars[k].key;
            name.len = vars->vars[k].len;
            value = vars->vars[k].value;

            if (value.type == TPL_PENDING) {
                rc = tpl_vm_force(vm, &value);

                if (rc != TPL_OK) {
                    return rc;
                }
            }

            rc = tpl_dict_set_str(exec, dict, &name, &value);
            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    return TPL_OK;
}


tpl_dict_t *
tpl_context_scope(tpl_vm_t *vm)
{
    uint32_t           i;
    tpl_dict_t        *dict;
    tpl_exec_t        *exec;
    tpl_name_t         name;
    tpl_vars_t        *vars;
    tpl_frame_t       *frame;
    const tpl_name_t  *local;

    exec = &vm->exec;

    dict = tpl_dict_create(exec, 16);
    if (dict == NULL) {
        return NULL;
    }

    vars = vm->frame->context->vars;

    /* what came first is not replaced: the inner name hides the outer one */

    for (frame = vm->frame; frame; frame = frame->closure) {

        for (i = frame->fn->nslots; i-- > 0; ) {
            local = frame->fn->locals[i];

            /* names without a hash are the compiler's own */

            if (local && local->hash && frame->slots[i].type != TPL_MISSING
                && frame->slots[i].type != TPL_INTERNAL
                && tpl_dict_find(dict, local) == NULL
                && tpl_dict_set_str(exec, dict, &local->str, &frame->slots[i])
                   != TPL_OK)
            {
                return NULL;
            }
        }
    }

    for ( /* void */ ; vars; vars = vars->next) {

        for (i = 0; i < vars->n; i++) {
            name.str.data = (tpl_char_t *) vars->vars[i].key;
            name.str.len = vars->vars[i].len;
            name.hash = tpl_hash(name.str.data, name.str.len);

            if (tpl_dict_find(dict, &name) == NULL
                && tpl_dict_set_str(exec, dict, &name.str,
                                    &vars->vars[i].value)
                   != TPL_OK)
            {
                return NULL;
            }
        }
    }

    return dict;
}


tpl_block_t *
tpl_context_block(const tpl_context_t *context, const tpl_name_t *name)
{
    uint32_t  i;

    for (i = 0; i < context->nblocks; i++) {
        if (context->blocks[i].name == name) {
            return &context->blocks[i];
        }
    }

    return NULL;
}


tpl_int_t
tpl_context_extend(tpl_vm_t *vm, tpl_context_t *context,
    const tpl_template_t *parent)
{
    uint32_t            i, n;
    tpl_func_t        **chain;
    tpl_arena_t        *arena;
    tpl_block_t        *blocks, *block;
    const tpl_block_t  *theirs;

    if (parent->nblocks == 0) {
        return TPL_OK;
    }

    if (context->nblocks == 0) {
        context->blocks = parent->blocks;
        context->nblocks = parent->nblocks;
        return TPL_OK;
    }

    arena = vm->exec.arena;

    blocks = tpl_palloc(arena, (context->nblocks + parent->nblocks)
                               * sizeof(tpl_block_t));
    if (blocks == NULL) {
        return tpl_throw_memory(&vm->exec);
    }

    n = context->nblocks;
    memcpy(blocks, context->blocks, n * sizeof(tpl_block_t));

    for (i = 0; i < parent->nblocks; i++) {
        theirs = &parent->blocks[i];
        block = tpl_context_block(context, theirs->name);

        if (block == NULL) {
            blocks[n++] = *theirs;
            continue;
        }

        block = &blocks[block - context->blocks];

        chain = tpl_palloc(arena,
                           (block->n + theirs->n) * sizeof(tpl_func_t *));
        if (chain == NULL) {
            return tpl_throw_memory(&vm->exec);
        }

        memcpy(chain, block->chain, block->n * sizeof(tpl_func_t *));
        memcpy(chain + block->n, theirs->chain,
               theirs->n * sizeof(tpl_func_t *));

        block->chain = chain;
        block->n += theirs->n;
    }

    context->blocks = blocks;
    context->nblocks = n;

    return TPL_OK;
}
