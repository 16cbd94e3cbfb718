
/*
 * Templates that templates use: includes, modules, `self` and references to
 * blocks.
 *
 * A module made without context is made once a render, as Jinja2 makes it once
 * an environment; an include without context writes that module's text.
 */

#include "vm/tpl_vm_internal.h"


typedef struct {
    tpl_object_t             object;
    tpl_context_t           *context;
} tpl_template_ref_t;


static tpl_context_t *tpl_module_context(tpl_vm_t *vm, tpl_template_t *tmpl,
    tpl_uint_t flags, tpl_vars_t *locals);
static tpl_module_t *tpl_module_cached(tpl_vm_t *vm,
    const tpl_template_t *tmpl);
static tpl_var_t *tpl_module_var(const tpl_module_t *module,
    const tpl_str_t *name);
static tpl_int_t tpl_vm_missing(tpl_vm_t *vm, const tpl_list_t *names);

static tpl_int_t tpl_module_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_module_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_block_ref_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_template_ref_get_attr(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_template_ref_get_item(tpl_exec_t *exec,
    tpl_object_t *obj, const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_template_ref_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


const tpl_class_t  tpl_module_class = {
    .name = "TemplateModule",
    .flags = TPL_CLASS_SAFE_STR,
    .get_attr = tpl_module_get_attr,
    .str = tpl_module_str
};


const tpl_class_t  tpl_block_ref_class = {
    .name = "BlockReference",
    .flags = TPL_CLASS_CALLABLE,
    .get_attr = tpl_block_ref_get_attr
};


static const tpl_class_t  tpl_template_ref_class = {
    .name = "TemplateReference",
    .get_attr = tpl_template_ref_get_attr,
    .get_item = tpl_template_ref_get_item,
    .str = tpl_template_ref_str
};


/* finding templates */

static inline tpl_uint_t
tpl_is_missing(const tpl_template_t *tmpl)
{
    return tmpl == NULL
           || (tmpl->error && tmpl->source == NULL
               && tmpl->error->exc == TPL_EXC_NOT_FOUND);
}


tpl_int_t
tpl_vm_check(tpl_vm_t *vm, tpl_template_t *tmpl, tpl_uint_t ignore)
{
    tpl_pos_t           pos;
    const char         *what;
    tpl_exec_t         *exec;
    tpl_frame_t        *frame;
    const tpl_error_t  *e;

    exec = &vm->exec;
    e = tmpl->error;

    if (tpl_likely(e == NULL && tmpl->root)) {
        return TPL_OK;
    }

    if (tpl_is_missing(tmpl)) {

        if (ignore) {
            return TPL_DECLINED;
        }

        return tpl_throw(exec, TPL_EXC_NOT_FOUND, "%.*s",
                         tpl_str_arg(&tmpl->name));
    }

    if (e == NULL) {
        return tpl_throw(exec, TPL_EXC_RUNTIME,
                         "template '%.*s' is not compiled",
                         tpl_str_arg(&tmpl->name));
    }

    (void) tpl_error_set(exec->error, e->exc, e->pos.source ? &e->pos : NULL,
                         "%.*s", tpl_str_arg(&e->message));

    if (e->pos.source) {
        frame = vm->frame;

        switch (frame->pc->op) {

        case TPL_INSN_EXTENDS:
        case TPL_INSN_EXTENDS_STATIC:
            what = "extended by";
            break;

        case TPL_INSN_IMPORT:
        case TPL_INSN_IMPORT_STATIC:
            what = "imported from";
            break;

        default:
            what = "included from";
        }

        pos = tpl_func_pos(frame->fn,
                           (uint32_t) (frame->pc - frame->fn->code));

        if (pos.source) {
            tpl_error_frame(exec->error, &pos, what, NULL);
        }
    }

    return TPL_ERROR;
}


/* Jinja2: exceptions.TemplatesNotFound */

static tpl_int_t
tpl_vm_missing(tpl_vm_t *vm, const tpl_list_t *names)
{
    uint32_t      i;
    tpl_int_t     rc;
    tpl_buf_t     b;
    tpl_str_t     str;
    tpl_exec_t   *exec;
    tpl_error_t   err, *saved;

    exec = &vm->exec;

    tpl_buf_init(&b, exec->arena);
    tpl_buf_lit(&b, "none of the templates given were found: ");

    for (i = 0; i < names->n; i++) {

        if (i) {
            tpl_buf_lit(&b, ", ");
        }

        if (names->items[i].type == TPL_UNDEFINED) {

            /* its message is what it would raise */

            tpl_error_init(&err, exec->arena);

            saved = exec->error;
            exec->error = &err;

            (void) tpl_undefined_throw(exec, &names->items[i]);

            exec->error = saved;

            if (err.exc == TPL_EXC_MEMORY) {
                return tpl_throw_memory(exec);
            }

            str = err.message;
            tpl_buf_str(&b, &str);
            continue;
        }

        rc = tpl_str_to(exec, &names->items[i], &b);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    return tpl_vm_throw(vm, TPL_EXC_NONE_FOUND, &b);
}


/* the template of a name that was computed; NULL or a missing one */

static tpl_int_t
tpl_vm_look_up(tpl_vm_t *vm, const tpl_value_t *v, tpl_template_t **tmpl)
{
    tpl_buf_t          b;
    tpl_str_t          name;
    const tpl_char_t  *p, *q, *last;

    name = tpl_value_str(v);
    *tmpl = tpl_set_find(vm->set, &name);

    if (!tpl_is_missing(*tmpl) || !tpl_set_conf(vm->set)->loader.paths) {
        return TPL_OK;
    }

    tpl_buf_init(&b, vm->exec.arena);

    last = name.data + name.len;

    for (p = name.data; p < last; p = q + 1) {
        q = memchr(p, '/', last - p);

        if (q == NULL) {
            q = last;
        }

        if (q == p || (q - p == 1 && *p == '.')) {
            continue;
        }

        if (b.len) {
            tpl_buf_char(&b, '/');
        }

        tpl_buf_add(&b, p, q - p);
    }

    if (b.failed) {
        return tpl_throw_memory(&vm->exec);
    }

    name.data = b.data;
    name.len = b.len;

    if (name.len) {
        *tmpl = tpl_set_find(vm->set, &name);
    }

    return TPL_OK;
}


tpl_int_t
tpl_vm_find(tpl_vm_t *vm, const tpl_value_t *ref, tpl_uint_t select,
    tpl_uint_t ignore, tpl_template_t **tmpl)
{
    uint32_t            i, hash;
    tpl_int_t           rc;
    tpl_buf_t           b;
    tpl_str_t           name;
    tpl_uint_t          truth;
    tpl_value_t         list;
    const tpl_value_t  *v;

    switch (ref->type) {

    case TPL_UNDEFINED:
        return tpl_undefined_throw(&vm->exec, ref);

    case TPL_STRING:
        name = tpl_value_str(ref);

        if (tpl_vm_look_up(vm, ref, tmpl) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!tpl_is_missing(*tmpl)) {
            return tpl_vm_check(vm, *tmpl, ignore);
        }

        if (ignore) {
            return TPL_DECLINED;
        }

        tpl_buf_init(&b, vm->exec.arena);
        tpl_buf_str(&b, &name);

        return tpl_vm_throw(vm, TPL_EXC_NOT_FOUND, &b);

    case TPL_OBJECT:
        if (ref->u.obj->cls == &tpl_module_class) {
            *tmpl = ((tpl_module_t *) ref->u.obj)->tmpl;
            return TPL_OK;
        }

        break;

    default:
        break;
    }

    if (!select) {

        /* Jinja2: Environment._load_template() looks in its cache first */

        if (tpl_value_hash(&vm->exec, ref, &hash) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_buf_init(&b, vm->exec.arena);

        rc = tpl_str_to(&vm->exec, ref, &b);

        return (rc == TPL_OK) ? tpl_vm_throw(vm, TPL_EXC_NOT_FOUND, &b) : rc;
    }

    /* Jinja2: Environment.select_template */

    rc = tpl_truth(&vm->exec, ref, &truth);
    if (rc != TPL_OK) {
        return rc;
    }

    if (!truth) {

        if (ignore) {
            return TPL_DECLINED;
        }

        return tpl_throw(&vm->exec, TPL_EXC_NONE_FOUND,
                         "Tried to select from an empty list of templates.");
    }

    list = *ref;

    if (list.type != TPL_LIST && list.type != TPL_TUPLE) {
        rc = tpl_to_list(&vm->exec, ref, &list);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    for (i = 0; i < list.u.list->n; i++) {
        v = &list.u.list->items[i];

        if (v->type == TPL_OBJECT && v->u.obj->cls == &tpl_module_class) {
            *tmpl = ((tpl_module_t *) v->u.obj)->tmpl;
            return TPL_OK;
        }

        if (v->type != TPL_STRING) {
            continue;
        }

        if (tpl_vm_look_up(vm, v, tmpl) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!tpl_is_missing(*tmpl)) {
            return tpl_vm_check(vm, *tmpl, ignore);
        }
    }

    return ignore ? TPL_DECLINED : tpl_vm_missing(vm, list.u.list);
}


/* includes and modules */

static tpl_context_t *
tpl_module_context(tpl_vm_t *vm, tpl_template_t *tmpl, tpl_uint_t flags,
    tpl_vars_t *locals)
{
    tpl_context_t  *context, *outer;

    context = tpl_context_create(vm, tmpl);
    if (context == NULL) {
        return NULL;
    }

    if (!(flags & TPL_REF_CONTEXT)) {
        context->globals = 1;
        context->cached = 1;
        return context;
    }

    outer = vm->frame->context;

    context->globals = outer->globals;
    context->vars = tpl_context_snapshot(outer);

    if (locals) {
        locals->next = context->vars;
        locals->shared = 1;
        context->vars = locals;
    }

    return context;
}


static tpl_module_t *
tpl_module_cached(tpl_vm_t *vm, const tpl_template_t *tmpl)
{
    tpl_module_t  *module;

    for (module = vm->modules; module; module = module->next) {
        if (module->tmpl == tmpl) {
            return module;
        }
    }

    return NULL;
}


tpl_int_t
tpl_vm_include(tpl_vm_t *vm, tpl_template_t *tmpl, tpl_uint_t flags,
    tpl_vars_t *locals, tpl_uint_t *entered)
{
    tpl_module_t   *module;
    tpl_context_t  *context;

    *entered = 0;

    if (!(flags & TPL_REF_CONTEXT)) {
        module = tpl_module_cached(vm, tmpl);

        if (module) {
            vm->exec.fuel -= (int64_t) (module->body.len >> 8);

            if (tpl_output_add(&vm->output, module->body.data,
                               module->body.len)
                != TPL_OK)
            {
                return tpl_vm_output_error(vm);
            }

            return TPL_OK;
        }
    }

    context = tpl_module_context(vm, tmpl, flags, locals);
    if (context == NULL) {
        return TPL_ERROR;
    }

    if (tpl_frame_enter(vm, tmpl->root, NULL, context, tmpl->autoescape,
                        (flags & TPL_REF_CONTEXT) ? TPL_RESULT_WRITE
                                                  : TPL_RESULT_BODY)
        == NULL)
    {
        return TPL_ERROR;
    }

    *entered = 1;

    return TPL_OK;
}


tpl_int_t
tpl_vm_import(tpl_vm_t *vm, tpl_template_t *tmpl, tpl_uint_t flags,
    tpl_vars_t *locals, tpl_uint_t *entered, tpl_value_t *out)
{
    tpl_module_t   *module;
    tpl_context_t  *context;

    *entered = 0;

    if (!(flags & TPL_REF_CONTEXT)) {
        module = tpl_module_cached(vm, tmpl);

        if (module) {
            tpl_value_object(out, module);
            return TPL_OK;
        }
    }

    context = tpl_module_context(vm, tmpl, flags, locals);

    if (context == NULL
        || tpl_frame_enter(vm, tmpl->root, NULL, context, tmpl->autoescape,
                           TPL_RESULT_MODULE)
           == NULL)
    {
        return TPL_ERROR;
    }

    *entered = 1;

    return TPL_OK;
}


tpl_module_t *
tpl_module_create(tpl_vm_t *vm, tpl_frame_t *frame, const tpl_str_t *body)
{
    tpl_module_t   *module;
    tpl_context_t  *context;

    module = tpl_palloc(vm->exec.arena, sizeof(tpl_module_t));
    if (module == NULL) {
        (void) tpl_throw_memory(&vm->exec);
        return NULL;
    }

    context = frame->context;

    module->object.cls = &tpl_module_class;
    module->tmpl = context->tmpl;
    module->vars = context->own ? context->vars : NULL;
    module->body = *body;
    module->next = NULL;

    if (module->vars) {
        module->vars->shared = 1;
    }

    if (context->cached && tpl_module_cached(vm, module->tmpl) == NULL) {
        module->next = vm->modules;
        vm->modules = module;
    }

    return module;
}


static tpl_var_t *
tpl_module_var(const tpl_module_t *module, const tpl_str_t *name)
{
    tpl_var_t  *var, *last;

    if (module->vars == NULL) {
        return NULL;
    }

    last = module->vars->vars + module->vars->n;

    for (var = module->vars->vars; var < last; var++) {
        if (var->exported && var->len == name->len
            && (var->key == name->data
                || memcmp(var->key, name->data, name->len) == 0))
        {
            return var;
        }
    }

    return NULL;
}


static tpl_int_t
tpl_module_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_module_t  *module = (tpl_module_t *) obj;

    tpl_var_t  *var;

    var = tpl_module_var(module, &name->str);

    if (var) {
        *out = var->value;

        return (out->type == TPL_PENDING) ? tpl_vm_force(tpl_vm(exec), out)
                                          : TPL_OK;
    }

    if (tpl_str_is(&name->str, "__name__")) {
        tpl_value_from_str(out, &module->tmpl->name);
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_module_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    return tpl_buf_str(b, &((tpl_module_t *) obj)->body);
}


/* Jinja2: compiler.visit_FromImport */

tpl_int_t
tpl_module_import(tpl_vm_t *vm, const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t           rc;
    tpl_buf_t           b;
    tpl_pos_t           pos;
    tpl_frame_t        *frame;
    tpl_undefined_t    *undef;
    const tpl_module_t  *module;

    if (v->type != TPL_OBJECT || v->u.obj->cls != &tpl_module_class) {
        return tpl_get_attr(&vm->exec, v, name, out);
    }

    rc = tpl_module_get_attr(&vm->exec, v->u.obj, name, out);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    module = (const tpl_module_t *) v->u.obj;
    frame = vm->frame;
    pos = tpl_func_pos(frame->fn, (uint32_t) (frame->pc - frame->fn->code));

    tpl_buf_init(&b, vm->exec.arena);
    tpl_buf_lit(&b, "the template ");
    tpl_vm_repr(vm, &module->tmpl->name, &b);
    tpl_buf_printf(&b, " (imported on line %u in ", (unsigned) pos.line);
    tpl_vm_repr(vm, &frame->fn->tmpl->name, &b);
    tpl_buf_lit(&b, ") does not export the requested name ");
    tpl_vm_repr(vm, &name->str, &b);

    rc = tpl_vm_undefined(vm, NULL, &b, out);

    if (rc == TPL_OK) {
        undef = out->u.undef;
        undef->name = name->str;
    }

    return rc;
}


/* blocks */

tpl_int_t
tpl_block_enter(tpl_vm_t *vm, tpl_context_t *context, tpl_func_t **chain,
    uint32_t n, uint32_t position, tpl_result_t result)
{
    tpl_frame_t       *frame;
    const tpl_func_t  *fn;

    fn = chain[position];

    frame = tpl_frame_enter(vm, fn, NULL, context, fn->tmpl->autoescape,
                            result);
    if (frame == NULL) {
        return TPL_ERROR;
    }

    frame->chain = chain;
    frame->nchain = n;
    frame->position = position;

    return TPL_OK;
}


static tpl_int_t
tpl_block_ref_create(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_context_t *context, tpl_func_t **chain, uint32_t n, uint32_t position,
    tpl_value_t *out)
{
    tpl_block_ref_t  *ref;

    ref = tpl_palloc(exec->arena, sizeof(tpl_block_ref_t));
    if (ref == NULL) {
        return tpl_throw_memory(exec);
    }

    ref->object.cls = &tpl_block_ref_class;
    ref->name = name;
    ref->context = context;
    ref->chain = chain;
    ref->n = n;
    ref->position = position;

    tpl_value_object(out, ref);

    return TPL_OK;
}


/* Jinja2: Context.super, BlockReference.super */

tpl_int_t
tpl_block_super(tpl_vm_t *vm, const tpl_name_t *name, tpl_context_t *context,
    tpl_func_t **chain, uint32_t n, uint32_t position, tpl_value_t *out)
{
    tpl_buf_t  b;

    if (chain && position + 1 < n) {
        return tpl_block_ref_create(&vm->exec, name, context, chain, n,
                                    position + 1, out);
    }

    tpl_buf_init(&b, vm->exec.arena);
    tpl_buf_lit(&b, "there is no parent block called ");
    tpl_vm_repr(vm, &name->str, &b);
    tpl_buf_lit(&b, ".");

    return tpl_vm_undefined(vm, "super", &b, out);
}


static tpl_int_t
tpl_block_ref_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_block_ref_t  *ref = (tpl_block_ref_t *) obj;

    if (tpl_str_is(&name->str, "super")) {
        return tpl_block_super(tpl_vm(exec), ref->name, ref->context,
                               ref->chain, ref->n, ref->position, out);
    }

    if (tpl_str_is(&name->str, "name")) {
        tpl_value_from_str(out, &ref->name->str);
        return TPL_OK;
    }

    return TPL_DECLINED;
}


/* Jinja2: TemplateReference */

tpl_int_t
tpl_template_ref(tpl_vm_t *vm, tpl_context_t *context, tpl_value_t *out)
{
    tpl_template_ref_t  *ref;

    if (context->self == NULL) {
        ref = tpl_palloc(vm->exec.arena, sizeof(tpl_template_ref_t));
        if (ref == NULL) {
            return tpl_throw_memory(&vm->exec);
        }

        ref->object.cls = &tpl_template_ref_class;
        ref->context = context;
        context->self = &ref->object;
    }

    tpl_value_object(out, context->self);

    return TPL_OK;
}


static tpl_int_t
tpl_template_ref_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_template_ref_t  *ref = (tpl_template_ref_t *) obj;

    tpl_block_t       *block;
    const tpl_name_t  *own;

    own = name;
    block = tpl_context_block(ref->context, own);

    if (block == NULL) {

        /* self["name"] comes with a name that is not the set's own */

        own = tpl_set_name(tpl_vm(exec)->set, &name->str);

        if (own == NULL || own == name) {
            return TPL_DECLINED;
        }

        block = tpl_context_block(ref->context, own);

        if (block == NULL) {
            return TPL_DECLINED;
        }
    }

    return tpl_block_ref_create(exec, block->name, ref->context, block->chain,
                                block->n, 0, out);
}


static tpl_int_t
tpl_template_ref_get_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out)
{
    tpl_name_t  name;

    if (key->type != TPL_STRING) {
        return TPL_DECLINED;
    }

    name.str = tpl_value_str(key);
    name.hash = 0;

    return tpl_template_ref_get_attr(exec, obj, &name, out);
}


static tpl_int_t
tpl_template_ref_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_template_ref_t  *ref = (tpl_template_ref_t *) obj;

    tpl_buf_lit(b, "<TemplateReference ");
    tpl_vm_repr(tpl_vm(exec), &ref->context->tmpl->name, b);

    return tpl_buf_lit(b, ">");
}
