
/*
 * Specialization: what does not depend on a request is rendered once.
 *
 * The VM itself runs the template, an instruction at a time, with a host that
 * knows no values: every name of the data is PENDING.  What it writes until it
 * meets such a value is constant text, whatever loops, macros, blocks, includes
 * and filters it took.  The statement that needs the value is copied into a new
 * function, with all else that is known as constants (tpl_residue.c), and the
 * VM goes on behind it.  Loops over known items are thereby unrolled, blocks
 * and includes inlined.
 *
 * Anything out of the ordinary (an error, a statement that cannot be copied, a
 * bound exceeded) leaves the template as it is: its root is always there, so
 * nothing depends on this.  The new function gives the same bytes and errors
 * with the same places; it takes fewer steps.
 *
 * A statement begins where the stacks of all functions are empty, no capture is
 * open and no exception would be caught: there is nothing then but slots, the
 * context and the output.
 */

#include "vm/tpl_special.h"


/* bounds of one template: instructions run, bytes, memory */
#define TPL_SPECIAL_STEPS    100000
#define TPL_SPECIAL_OUTPUT   (256 * 1024)
#define TPL_SPECIAL_MEMORY   (16 * 1024 * 1024)

#define TPL_SPECIAL_PAGE     16384

/* bounds of a set: instructions run, about a second; bytes kept */
#define TPL_SPECIAL_ALL_STEPS    (16 * 1024 * 1024)
#define TPL_SPECIAL_ALL_SIZE     (64 * 1024 * 1024)


static tpl_int_t tpl_special_run(tpl_specializer_t *s, tpl_template_t *tmpl);
static tpl_int_t tpl_special_module(tpl_specializer_t *s,
    const tpl_insn_t *i);
static tpl_uint_t tpl_special_boundary(const tpl_vm_t *vm);
static tpl_int_t tpl_special_begin(tpl_specializer_t *s);
static tpl_int_t tpl_special_look(tpl_specializer_t *s,
    const tpl_insn_t *i);
static tpl_int_t tpl_special_nested(tpl_vm_t *vm);
static tpl_uint_t tpl_special_applies(tpl_specializer_t *s,
    const tpl_value_t *args, uint32_t n);
static tpl_int_t tpl_special_callee(tpl_specializer_t *s,
    const tpl_value_t *callee);
static tpl_int_t tpl_special_end(tpl_specializer_t *s, tpl_template_t *tmpl);
static tpl_int_t tpl_special_name(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_uint_t globals, tpl_value_t *out);

static tpl_int_t tpl_special_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
static tpl_int_t tpl_special_global(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out);
static tpl_int_t tpl_special_names(tpl_exec_t *exec, tpl_dict_t *dict);
static tpl_int_t tpl_special_variable(tpl_exec_t *exec, uint32_t index,
    tpl_value_t *out);
static tpl_int_t tpl_special_wait(tpl_exec_t *exec, tpl_object_t *pending,
    tpl_value_t *out);
static tpl_int_t tpl_special_catalogue(tpl_exec_t *exec,
    const tpl_catalogue_t **out);
static tpl_int_t tpl_special_web(tpl_exec_t *exec, tpl_web_t **out);
static tpl_int_t tpl_special_routes(tpl_exec_t *exec,
    const tpl_routes_t **out);


static const tpl_host_t  tpl_special_host = {
    .lookup = tpl_special_lookup,
    .global = tpl_special_global,
    .names = tpl_special_names,
    .variable = tpl_special_variable,
    .wait = tpl_special_wait,
    .catalogue = tpl_special_catalogue,
    .web = tpl_special_web,
    .routes = tpl_special_routes
};


static const tpl_class_t  tpl_unknown_class = { .name = "unknown" };


tpl_int_t
tpl_vm_specialize(tpl_template_t *tmpl, tpl_error_t *err)
{
    size_t             size;
    tpl_int_t          rc;
    tpl_set_t         *set;
    tpl_error_t        run;
    tpl_vm_conf_t      conf;
    tpl_specializer_t  s;

    set = tmpl->set;

    if (TPL_NO_SPECIAL
        || (tmpl->flags & TPL_TEMPLATE_TRIED) || tmpl->error
        || !(tmpl->flags & TPL_TEMPLATE_STATIC))
    {
        return TPL_OK;
    }

    tmpl->flags |= TPL_TEMPLATE_TRIED;

    if (set->special_steps > TPL_SPECIAL_ALL_STEPS
        || set->special_size > TPL_SPECIAL_ALL_SIZE)
    {
        return TPL_OK;
    }

    size = tpl_arena_size(set->arena);

    memset(&s, 0, sizeof(tpl_specializer_t));

    s.scratch = tpl_arena_scratch(tmpl->set->work, TPL_SPECIAL_PAGE,
                                  TPL_SPECIAL_MEMORY);
    if (s.scratch == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    tpl_error_init(&run, s.scratch);
    tpl_error_init(&s.err, s.scratch);

    memset(&conf, 0, sizeof(tpl_vm_conf_t));

    conf.arena = s.scratch;
    conf.error = &run;
    conf.host = &tpl_special_host;
    conf.host_data = &s;
    conf.limits.output = TPL_SPECIAL_OUTPUT;

    s.vm = tpl_vm_create(tmpl, &conf);

    rc = s.vm ? tpl_special_run(&s, tmpl) : TPL_DECLINED;

    set->special_steps += s.steps + s.nested;
    set->special_size += tpl_arena_size(set->arena) - size;

    /* the set's memory is all that matters: for the rest there is the root */

    if (rc == TPL_ERROR && s.err.exc == TPL_EXC_MEMORY) {
        rc = tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");

    } else {
        rc = TPL_OK;
    }

    tpl_error_clear(tmpl->set->exec.error);
    tpl_arena_destroy(s.scratch);

    return rc;
}


static tpl_int_t
tpl_special_run(tpl_specializer_t *s, tpl_template_t *tmpl)
{
    uint32_t       pc;
    tpl_vm_t      *vm;
    tpl_int_t      rc;
    tpl_frame_t   *frame;

    vm = s->vm;
    vm->look = tpl_special_nested;

    s->c.set = tmpl->set;
    s->c.arena = tmpl->set->arena;
    s->c.work = tmpl->set->work;
    s->c.err = &s->err;

    s->unit = tpl_pcalloc(s->c.arena, sizeof(tpl_unit_t));
    if (s->unit == NULL) {
        return tpl_compile_memory(&s->c);
    }

    s->unit->tmpl = *tmpl;
    s->c.unit = s->unit;

    tpl_try(tpl_code_begin(&s->b, &s->c, NULL, TPL_FUNC_ROOT, NULL,
                           &tmpl->root->pos));

    s->residue_autoescape = tmpl->autoescape;

    if (tpl_vm_start(vm) != TPL_OK) {
        return TPL_DECLINED;
    }

    s->context = vm->frame->context;

    for ( /* void */ ; s->steps < TPL_SPECIAL_STEPS; s->steps++) {
        frame = vm->frame;
        pc = (uint32_t) (frame->pc - frame->fn->code);

        if (tpl_special_boundary(vm)) {
            tpl_try(tpl_special_begin(s));
        }

        s->touched = 0;
        s->looked = NULL;

        rc = tpl_special_look(s, frame->pc);

        if (rc == TPL_OK) {
            vm->exec.fuel = 1;

            rc = tpl_vm_execute(vm, NULL);

            if (rc == TPL_OK) {
                return tpl_special_end(s, tmpl);
            }

            if (rc == TPL_YIELD && !s->touched) {

                if (frame->fn->code[pc].op == TPL_INSN_FUNCTION) {
                    tpl_try(tpl_special_module(s, &frame->fn->code[pc]));
                }

                if (s->looked && !s->looked->ready) {
                    tpl_try(tpl_residue_resolve(s, frame->fn, pc, s->looked));
                }

                continue;
            }
        }

        if (rc != TPL_AGAIN && rc != TPL_YIELD) {
            return TPL_DECLINED;
        }

        /* in a macro, say, whose text the statement takes: leave that */

        while (vm->frame && vm->frame != s->frame) {
            tpl_frame_drop(vm);
        }

        if (vm->frame == NULL) {
            return TPL_DECLINED;
        }

        if (vm->frame != frame) {
            pc = (uint32_t) (vm->frame->pc - vm->frame->fn->code);
        }

        rc = tpl_residue_region(s, pc);

        if (rc != TPL_OK) {
            return rc;
        }

        if (s->b.code.n > TPL_SPECIAL_CODE) {
            return TPL_DECLINED;
        }
    }

    return TPL_DECLINED;
}


/* a module is no constant, but can be made again */

static tpl_int_t
tpl_special_module(tpl_specializer_t *s, const tpl_insn_t *i)
{
    const tpl_value_t     *v;
    tpl_special_module_t  *module;

    v = s->vm->frame->sp - 1;

    if (i->a != TPL_MODULES || i->b != 0 || v->type != TPL_OBJECT) {
        return TPL_OK;
    }

    module = tpl_vec_push(s->scratch, &s->modules);

    if (module == NULL) {
        return TPL_ERROR;
    }

    module->object = v->u.obj;
    module->fn = i->c;

    return TPL_OK;
}


static tpl_uint_t
tpl_special_boundary(const tpl_vm_t *vm)
{
    const tpl_frame_t  *frame;

    if (vm->nmarks) {
        return 0;
    }

    for (frame = vm->frame; frame; frame = frame->caller) {
        if (frame->sp != tpl_frame_stack(frame) || frame->tries) {
            return 0;
        }
    }

    return 1;
}


static tpl_int_t
tpl_special_begin(tpl_specializer_t *s)
{
    uint32_t      n;
    tpl_vm_t     *vm;
    tpl_frame_t  *frame;

    vm = s->vm;
    frame = vm->frame;
    n = frame->fn->nslots;

    if (n > s->slots_size) {
        s->slots = tpl_palloc(s->scratch, n * 2 * sizeof(tpl_value_t));

        if (s->slots == NULL) {
            return TPL_ERROR;
        }

        s->slots_size = n * 2;
    }

    if (n) {
        memcpy(s->slots, frame->slots, n * sizeof(tpl_value_t));
    }

    s->frame = frame;
    s->start = (uint32_t) (frame->pc - frame->fn->code);
    s->autoescape = vm->exec.autoescape;

    tpl_output_mark(&vm->output, &s->mark);

    return TPL_OK;
}


/*
 * What the VM would do though it must not: TPL_AGAIN if only a render may do
 * it, TPL_DECLINED to give up.
 */

static tpl_int_t
tpl_special_look(tpl_specializer_t *s, const tpl_insn_t *i)
{
    tpl_vm_t             *vm;
    tpl_frame_t          *frame;
    const tpl_value_t    *v;
    const tpl_builtin_t  *fn;

    vm = s->vm;
    frame = vm->frame;

    switch (tpl_insn_plain(i->op)) {

    case TPL_INSN_JUMP_SET:
        return (frame->slots[i->b].type == TPL_PENDING) ? TPL_AGAIN : TPL_OK;

    case TPL_INSN_HOST_VAR:
    case TPL_INSN_FLUSH:
        return TPL_AGAIN;

    case TPL_INSN_FILTER:
        fn = vm->exec.builtins->tables[TPL_FILTERS].items[i->c];

        if (tpl_special_applies(s, frame->sp - i->b, i->b)) {
            return TPL_AGAIN;
        }

        return (fn->flags & TPL_FN_IMPURE) ? TPL_AGAIN : TPL_OK;

    case TPL_INSN_FILTER_EX:
    case TPL_INSN_TEST_EX:
        return TPL_AGAIN;

    case TPL_INSN_TEST:
        fn = vm->exec.builtins->tables[TPL_TESTS].items[i->c];

        return (fn->flags & TPL_FN_IMPURE) ? TPL_AGAIN : TPL_OK;

    case TPL_INSN_FUNCTION:
        fn = vm->exec.builtins->tables[i->a].items[i->c];

        return (fn->flags & TPL_FN_IMPURE) ? TPL_AGAIN : TPL_OK;

    case TPL_INSN_CALL:
        return tpl_special_callee(s, frame->sp - i->b - tpl_insn_nkw(i) - 1);

    case TPL_INSN_CALL_EX:
        return tpl_special_callee(s, frame->sp - 3);

    case TPL_INSN_CALL_METHOD:
        v = frame->sp - i->b - 1;

        if (v->type < TPL_NONE || v->type > TPL_ITERATOR) {
            return TPL_OK;
        }

        fn = tpl_builtins_find(vm->exec.builtins, tpl_methods_of(v->type),
                               frame->fn->tmpl->names[i->c]);

        if (fn && (fn->flags & TPL_FN_MUTATES)) {
            s->mutated = 1;
        }

        return (fn && (fn->flags & TPL_FN_IMPURE)) ? TPL_AGAIN : TPL_OK;

    case TPL_INSN_SET_ATTR:
    case TPL_INSN_SET_ITEM:
        s->mutated = 1;
        return TPL_OK;

    /* names known only then; the whole context */

    case TPL_INSN_INCLUDE:
    case TPL_INSN_IMPORT:
    case TPL_INSN_EXTENDS:
    case TPL_INSN_DEBUG:
        return TPL_DECLINED;

    default:
        return TPL_OK;
    }
}


/* the next instruction of a lambda or macro that a builtin calls */

static tpl_int_t
tpl_special_nested(tpl_vm_t *vm)
{
    tpl_specializer_t  *s;

    s = vm->exec.host;

    vm->exec.fuel = 1;

    if (++s->nested > TPL_SPECIAL_STEPS
        || tpl_special_look(s, vm->frame->pc) != TPL_OK)
    {
        s->touched = 1;
        return TPL_AGAIN;
    }

    return TPL_OK;
}


/* whether a filter applies an impure one: map("random") */

static tpl_uint_t
tpl_special_applies(tpl_specializer_t *s, const tpl_value_t *args,
    uint32_t n)
{
    uint32_t              i;
    tpl_str_t             name;
    const tpl_list_t     *list;
    const tpl_builtin_t  *fn;

    for (i = 0; i < n; i++) {

        if (args[i].type != TPL_TUPLE) {
            continue;
        }

        list = args[i].u.list;

        if (list->n == 0 || list->items[0].type != TPL_STRING) {
            continue;
        }

        name = tpl_value_str(&list->items[0]);

        fn = tpl_builtins_find_str(s->vm->exec.builtins, TPL_FILTERS, &name);

        if (fn && (fn->flags & TPL_FN_IMPURE)) {
            return 1;
        }
    }

    return 0;
}


static tpl_int_t
tpl_special_callee(tpl_specializer_t *s, const tpl_value_t *callee)
{
    const tpl_builtin_t  *fn;

    switch (callee->type) {

    case TPL_FUNCTION:
        fn = callee->u.fn;
        break;

    case TPL_METHOD:
        fn = callee->u.method->fn;
        break;

    default:
        return TPL_OK;
    }

    if (fn->flags & TPL_FN_MUTATES) {
        s->mutated = 1;
    }

    return (fn->flags & TPL_FN_IMPURE) ? TPL_AGAIN : TPL_OK;
}


static tpl_int_t
tpl_special_end(tpl_specializer_t *s, tpl_template_t *tmpl)
{
    tpl_template_t  *t;
    tpl_special_t   *special;

    /* a constant that may not stay one */

    if (s->mutable && (s->mutated || (s->calls && s->picks))) {
        return TPL_DECLINED;
    }

    tpl_try(tpl_residue_text(s));
    tpl_try(tpl_code_end(&s->b, NULL));

    t = &s->unit->tmpl;

    tpl_try(tpl_compile_end(&s->c, t));

    t->special = NULL;
    t->next = NULL;
    t->root = s->b.fn;

    /* a mistake made here is no reason to refuse the template */

    if (tpl_verify_depth(t, t->root, s->scratch, &t->root->nstack, &s->err)
        != TPL_OK)
    {
        return TPL_DECLINED;
    }

    tpl_fuse(t, t->root);

    special = tpl_palloc(t->set->arena, sizeof(tpl_special_t));

    if (special == NULL
        || tpl_vec_settle(t->set->arena, &s->builtins) != TPL_OK)
    {
        return tpl_compile_memory(&s->c);
    }

    special->fn = t->root;
    special->builtins = s->builtins.elts;
    special->nbuiltins = s->builtins.n;

    tmpl->special = special;

    return TPL_OK;
}


tpl_unknown_t *
tpl_unknown_create(tpl_specializer_t *s, const tpl_name_t *name,
    tpl_uint_t globals)
{
    tpl_unknown_t  *u;

    u = tpl_pcalloc(s->scratch, sizeof(tpl_unknown_t));

    if (u) {
        u->object.cls = &tpl_unknown_class;
        u->name = name;
        u->globals = (uint8_t) globals;
    }

    return u;
}


/* the host */

static tpl_int_t
tpl_special_lookup(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    return tpl_special_name(exec, name, 0, out);
}


static tpl_int_t
tpl_special_global(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    return tpl_special_name(exec, name, 1, out);
}


static tpl_int_t
tpl_special_name(tpl_exec_t *exec, const tpl_name_t *name, tpl_uint_t globals,
    tpl_value_t *out)
{
    uint32_t               i;
    tpl_unknown_t         *u, **slot;
    const tpl_name_t     **builtin;
    tpl_specializer_t     *s;
    const tpl_builtin_t   *fn;

    s = exec->host;

    /* the program keeps it, and who asks may have made it for this call */

    name = tpl_set_intern(s->c.set, &name->str);
    if (name == NULL) {
        return tpl_throw_memory(exec);
    }

    fn = tpl_builtins_find(exec->builtins,
                           exec->options->python ? TPL_TORNADO_GLOBALS
                                                 : TPL_JINJA_GLOBALS,
                           name);

    if (fn && !(fn->flags & (TPL_FN_IMPURE | TPL_FN_VALUE))) {

        for (i = 0; i < s->builtins.n; i++) {
            if (s->builtins.elts[i] == name) {
                return TPL_DECLINED;
            }
        }

        builtin = tpl_vec_push(s->c.work, &s->builtins);
        if (builtin == NULL) {
            return tpl_throw_memory(exec);
        }

        *builtin = name;

        return TPL_DECLINED;
    }

    for (i = 0; i < s->unknowns.n; i++) {
        u = s->unknowns.elts[i];

        if (u->name == name && u->globals == globals) {
            goto found;
        }
    }

    u = tpl_unknown_create(s, name, globals);
    slot = NULL;

    if (u) {
        slot = tpl_vec_push(s->scratch, &s->unknowns);
    }

    if (slot == NULL) {
        return tpl_throw_memory(exec);
    }

    *slot = u;

found:

    s->looked = u;

    *out = (tpl_value_t) { .type = TPL_PENDING, .u.obj = &u->object };

    return TPL_OK;
}


static tpl_int_t
tpl_special_touch(tpl_exec_t *exec)
{
    tpl_specializer_t  *s;

    s = exec->host;
    s->touched = 1;

    return TPL_AGAIN;
}


static tpl_int_t
tpl_special_names(tpl_exec_t *exec, tpl_dict_t *dict)
{
    (void) dict;

    return tpl_special_touch(exec);
}


static tpl_int_t
tpl_special_variable(tpl_exec_t *exec, uint32_t index, tpl_value_t *out)
{
    (void) index;
    (void) out;

    return tpl_special_touch(exec);
}


static tpl_int_t
tpl_special_wait(tpl_exec_t *exec, tpl_object_t *pending, tpl_value_t *out)
{
    (void) pending;
    (void) out;

    return tpl_special_touch(exec);
}


static tpl_int_t
tpl_special_catalogue(tpl_exec_t *exec, const tpl_catalogue_t **out)
{
    (void) out;

    return tpl_special_touch(exec);
}


static tpl_int_t
tpl_special_web(tpl_exec_t *exec, tpl_web_t **out)
{
    (void) out;

    return tpl_special_touch(exec);
}


static tpl_int_t
tpl_special_routes(tpl_exec_t *exec, const tpl_routes_t **out)
{
    (void) out;

    return tpl_special_touch(exec);
}
