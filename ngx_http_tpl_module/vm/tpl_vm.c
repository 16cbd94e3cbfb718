
/*
 * Making a VM, running it in turns, calling values.
 *
 * Fuel is counted down in exec->fuel within a turn; what a builtin spends
 * beyond its turn is counted as steps and ends the turn.
 */

#include "vm/tpl_vm_internal.h"


/* fuel that a callback of a builtin is given at a time */
#define TPL_NESTED_FUEL  100000


static tpl_func_t *tpl_vm_root(tpl_vm_t *vm);
static void tpl_vm_grant(tpl_vm_t *vm, int64_t fuel);
static tpl_uint_t tpl_vm_spent(tpl_vm_t *vm);


tpl_vm_t *
tpl_vm_create(tpl_template_t *tmpl, const tpl_vm_conf_t *conf)
{
    tpl_vm_t              *vm;
    const tpl_set_conf_t  *set;

    vm = tpl_pcalloc(conf->arena, sizeof(tpl_vm_t));
    if (vm == NULL) {
        return NULL;
    }

    set = tpl_set_conf(tmpl->set);

    vm->exec.arena = conf->arena;
    vm->exec.error = conf->error;
    vm->exec.options = &set->options;
    vm->exec.builtins = set->builtins;
    vm->exec.autoescape = tmpl->autoescape;
    vm->exec.vm = vm;
    vm->exec.host = conf->host_data;

    vm->conf = *conf;
    vm->tmpl = tmpl;
    vm->set = tmpl->set;
    vm->depth = conf->limits.depth ? conf->limits.depth : TPL_DEFAULT_DEPTH;

    tpl_output_init(&vm->output, conf->arena, conf->limits.output);
    vm->output.recycled = conf->stream;

    return vm;
}


tpl_output_t *
tpl_vm_output(tpl_vm_t *vm)
{
    return &vm->output;
}


tpl_dict_t *
tpl_vm_scope(const tpl_vm_t *vm)
{
    return vm->scope;
}


tpl_int_t
tpl_vm_recycle(tpl_vm_t *vm)
{
    if (vm->nmarks) {
        return TPL_DECLINED;
    }

    tpl_output_reset(&vm->output);

    return TPL_OK;
}


tpl_uint_t
tpl_vm_flushed(tpl_vm_t *vm)
{
    tpl_uint_t  flush;

    flush = vm->flush;
    vm->flush = 0;

    return flush;
}


tpl_exec_t *
tpl_vm_exec(tpl_vm_t *vm)
{
    return &vm->exec;
}


uint64_t
tpl_vm_steps(const tpl_vm_t *vm)
{
    return vm->steps;
}


tpl_int_t
tpl_vm_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    tpl_vm_t  *vm;

    vm = tpl_vm(exec);

    if (vm == NULL || vm->conf.host == NULL
        || vm->conf.host->catalogue == NULL)
    {
        return TPL_DECLINED;
    }

    return vm->conf.host->catalogue(exec, out);
}


tpl_uint_t
tpl_vm_has_web(tpl_exec_t *exec)
{
    tpl_vm_t  *vm;

    vm = tpl_vm(exec);

    return vm != NULL && vm->conf.host != NULL && vm->conf.host->web != NULL;
}


tpl_int_t
tpl_vm_web(tpl_exec_t *exec, tpl_web_t **out)
{
    if (!tpl_vm_has_web(exec)) {
        return tpl_throw(exec, TPL_EXC_RUNTIME,
                         "there is no request to be answered");
    }

    return tpl_vm(exec)->conf.host->web(exec, out);
}


tpl_int_t
tpl_vm_routes(tpl_exec_t *exec, const tpl_routes_t **out)
{
    tpl_vm_t  *vm;

    vm = tpl_vm(exec);

    if (vm == NULL || vm->conf.host == NULL || vm->conf.host->routes == NULL) {
        return tpl_throw(exec, TPL_EXC_RUNTIME,
                         "there is no site with routes");
    }

    return vm->conf.host->routes(exec, out);
}


/* the specialized root, unless the host has names that it takes for others */

static tpl_func_t *
tpl_vm_root(tpl_vm_t *vm)
{
    uint32_t              i;
    tpl_value_t           value;
    tpl_exec_t           *exec;
    const tpl_host_t     *host;
    const tpl_special_t  *special;

    exec = &vm->exec;
    host = vm->conf.host;
    special = vm->tmpl->special;

    /* the variables of a scope are there in the root alone */

    if (special == NULL || vm->conf.debug) {
        return vm->tmpl->root;
    }

    for (i = 0; host && i < special->nbuiltins; i++) {

        if ((host->lookup
             && host->lookup(exec, special->builtins[i], &value)
                != TPL_DECLINED)
            || (host->global
                && host->global(exec, special->builtins[i], &value)
                   != TPL_DECLINED))
        {
            tpl_error_clear(exec->error);
            return vm->tmpl->root;
        }
    }

    return special->fn;
}


/* the first frame: the template's root, or the block that is wanted */

tpl_int_t
tpl_vm_start(tpl_vm_t *vm)
{
    tpl_error_t     *err;
    tpl_block_t     *block;
    tpl_context_t   *context;
    tpl_template_t  *tmpl;

    vm->started = 1;
    tmpl = vm->tmpl;

    if (tmpl->error) {
        err = vm->exec.error;

        (void) tpl_error_set(err, tmpl->error->exc,
                             tmpl->error->pos.source ? &tmpl->error->pos
                                                     : NULL,
                             "%.*s", tpl_str_arg(&tmpl->error->message));
        err->frames = tmpl->error->frames;

        return TPL_ERROR;
    }

    context = tpl_context_create(vm, tmpl);
    if (context == NULL) {
        return TPL_ERROR;
    }

    if (vm->conf.block == NULL) {
        return tpl_frame_enter(vm, tpl_vm_root(vm), NULL, context,
                               tmpl->autoescape, TPL_RESULT_END)
               ? TPL_OK : TPL_ERROR;
    }

    block = tpl_context_block(context, vm->conf.block);

    if (block == NULL) {
        return tpl_throw(&vm->exec, TPL_EXC_RUNTIME,
                         "template \"%.*s\" has no block \"%.*s\"",
                         tpl_str_arg(&tmpl->name),
                         tpl_str_arg(&vm->conf.block->str));
    }

    return tpl_block_enter(vm, context, block->chain, block->n, 0,
                           TPL_RESULT_END);
}


/* fuel for a turn, no more than the limit of steps leaves */

static void
tpl_vm_grant(tpl_vm_t *vm, int64_t fuel)
{
    uint64_t  limit, spent;

    limit = vm->conf.limits.steps;

    if (limit) {
        spent = vm->steps + (uint64_t) (vm->granted - vm->exec.fuel);

        if (spent >= limit) {
            fuel = 0;

        } else if ((uint64_t) fuel > limit - spent) {
            fuel = (int64_t) (limit - spent);
        }
    }

    /* what was spent stays the same */

    vm->granted += fuel - vm->exec.fuel;
    vm->exec.fuel = fuel;
}


/* true when no more fuel can be had: the error is set */

static tpl_uint_t
tpl_vm_spent(tpl_vm_t *vm)
{
    uint64_t  limit;

    limit = vm->conf.limits.steps;

    if (limit == 0
        || vm->steps + (uint64_t) (vm->granted - vm->exec.fuel) < limit)
    {
        return 0;
    }

    (void) tpl_throw(&vm->exec, TPL_EXC_LIMIT,
                     "the template takes more steps than its limit");

    return 1;
}


tpl_int_t
tpl_vm_run(tpl_vm_t *vm, int64_t fuel)
{
    tpl_int_t  rc;

    if (vm->over) {
        return (vm->exec.error->exc == TPL_EXC_NONE) ? TPL_OK : TPL_ERROR;
    }

    vm->exec.fuel = 0;
    vm->granted = 0;

    tpl_vm_grant(vm, tpl_max(fuel, 1));

    rc = TPL_OK;

    if (!vm->started) {
        rc = tpl_vm_start(vm);
    }

    if (rc == TPL_OK) {
        rc = tpl_vm_execute(vm, NULL);
    }

    if (rc == TPL_YIELD && tpl_vm_spent(vm)) {
        rc = tpl_frame_unwind(vm, NULL);
    }

    vm->steps += (uint64_t) (vm->granted - vm->exec.fuel);

    if (rc == TPL_OK || rc == TPL_ERROR) {
        vm->over = 1;

        if (rc == TPL_OK) {
            tpl_output_end(&vm->output);
        }
    }

    return rc;
}


tpl_int_t
tpl_vm_invoke(tpl_vm_t *vm, const tpl_value_t *callee, const tpl_value_t *args,
    tpl_uint_t n, const tpl_list_t *names, tpl_dict_t *kwargs,
    tpl_uint_t direct, tpl_value_t *out)
{
    tpl_loop_t         *loop;
    tpl_frame_t        *frame;
    tpl_macro_t        *macro;
    tpl_block_ref_t    *ref;

    frame = vm->frame;

    if (callee->type == TPL_MACRO) {
        macro = callee->u.macro;

        if (macro->fn->kind == TPL_FUNC_LAMBDA) {
            direct = 0;
        }

        frame->resume = frame->pc + 1 + direct;

        return tpl_macro_call(vm, macro, args, n, names, kwargs,
                              direct ? TPL_RESULT_WRITE : TPL_RESULT_STRING);
    }

    if (tpl_is_loop(callee)) {
        loop = (tpl_loop_t *) callee->u.obj;

        /* what an escaping loop does not escape must be looked at */

        if (loop->autoescape != vm->exec.autoescape) {
            direct = 0;
        }

        frame->resume = frame->pc + 1 + direct;

        return tpl_loop_call(vm, loop, args, n, names, kwargs, direct);
    }

    if (tpl_is_block_ref(callee)) {
        ref = (tpl_block_ref_t *) callee->u.obj;

        if (n || names || (kwargs && kwargs->n)) {
            return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                             "BlockReference.__call__() takes 1 positional "
                             "argument but %u were given",
                             (unsigned) (n + (names ? names->n : 0)
                                         + (kwargs ? kwargs->n : 0) + 1));
        }

        frame->resume = frame->pc + 1 + direct;

        return tpl_block_enter(vm, ref->context, ref->chain, ref->n,
                               ref->position,
                               direct ? TPL_RESULT_WRITE : TPL_RESULT_STRING);
    }

    if (names && tpl_vm_keywords(vm, names, args + n, &kwargs) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_value_call(&vm->exec, callee, args, n, kwargs, out);
}


tpl_int_t
tpl_vm_call(tpl_exec_t *exec, const tpl_value_t *callee,
    const tpl_value_t *args, tpl_uint_t n, tpl_dict_t *kwargs,
    tpl_value_t *out)
{
    int64_t            granted;
    tpl_int_t          rc;
    uint32_t           nmarks;
    tpl_vm_t          *vm;
    tpl_frame_t       *frame;
    const tpl_insn_t  *resume;

    vm = tpl_vm(exec);

    if (callee->type != TPL_MACRO || vm == NULL || vm->frame == NULL) {
        return tpl_value_call(exec, callee, args, n, kwargs, out);
    }

    if (exec->depth >= TPL_MAX_DEPTH) {
        return tpl_throw(exec, TPL_EXC_RECURSION,
                         "maximum recursion depth exceeded");
    }

    frame = vm->frame;
    nmarks = vm->nmarks;
    resume = frame->resume;
    granted = vm->granted;

    rc = tpl_macro_call(vm, callee->u.macro, args, n, NULL, kwargs,
                        TPL_RESULT_NESTED);
    if (rc != TPL_OK) {
        return rc;
    }

    exec->depth++;

    for ( ;; ) {

        if (vm->look) {
            rc = vm->look(vm);

            if (rc != TPL_OK) {
                break;
            }
        }

        rc = tpl_vm_execute(vm, frame);

        if (rc != TPL_YIELD) {
            break;
        }

        if (vm->look) {
            continue;
        }

        if (tpl_vm_spent(vm)) {
            rc = tpl_frame_unwind(vm, frame);
            break;
        }

        tpl_vm_grant(vm, TPL_NESTED_FUEL);
    }

    exec->depth--;

    /* the turn itself gets no longer */

    exec->fuel -= vm->granted - granted;
    vm->granted = granted;

    if (rc == TPL_AGAIN) {

        /* it starts anew with the builtin */

        vm->waiting = NULL;

        while (vm->frame != frame) {
            tpl_frame_drop(vm);
        }

        if (vm->nmarks > nmarks) {
            tpl_output_drop(&vm->output, &vm->marks[nmarks]);
            vm->nmarks = nmarks;
        }
    }

    frame->resume = resume;

    if (rc == TPL_OK) {
        *out = vm->nested;
    }

    return rc;
}
