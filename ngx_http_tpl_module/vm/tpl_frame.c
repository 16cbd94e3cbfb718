
/*
 * Frames: entering and leaving functions, captures, and errors on their way
 * outwards.
 *
 * A frame that no closure can refer to is used again by the next call of about
 * its size.  The marks of open captures are one stack for the whole VM; a frame
 * and a TRY remember how many there were, and what is above that is dropped
 * when an error leaves them.
 */

#include "vm/tpl_vm_internal.h"


/* of each side of a long chain of calls, as many places stand in an error */
#define TPL_ERROR_FRAMES  12


typedef struct {
    tpl_object_t             object;
    tpl_exc_t                exc;
    tpl_str_t                message;
    tpl_pos_t                pos;
    tpl_frame_pos_t         *frames;
} tpl_exception_t;


static void tpl_frame_restore(tpl_vm_t *vm, uint32_t nmarks);
static void tpl_frame_places(tpl_vm_t *vm, tpl_frame_t *frame);
static tpl_int_t tpl_exception_create(tpl_vm_t *vm, tpl_value_t *out);
static tpl_int_t tpl_exception_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


static const tpl_class_t  tpl_exception_classes[] = {
#define X(id, text)  { .name = text, .str = tpl_exception_str },
    TPL_EXCEPTION_MAP(X)
#undef X
};


/* how a function was entered, for messages: those with a name, then others */

static const char *const  tpl_frame_kinds[] = {
    "included from",        /* TPL_FUNC_ROOT */
    "in block",
    "in macro",
    "in call block at",
    "in recursive loop at",
    "in lambda at"
};


static tpl_frame_t *
tpl_frame_alloc(tpl_vm_t *vm, const tpl_func_t *fn)
{
    uint32_t      order;
    uint64_t      n;
    tpl_frame_t  *frame;

    n = (uint64_t) fn->nslots + fn->nstack;

    for (order = 0; order < TPL_FRAME_ORDERS; order++) {
        if (n <= (8u << order)) {
            break;
        }
    }

    if (order < TPL_FRAME_ORDERS) {
        n = 8u << order;
        frame = vm->frames[order];

        if (frame) {
            vm->frames[order] = frame->caller;
            return frame;
        }
    }

    frame = tpl_palloc(vm->exec.arena,
                       sizeof(tpl_frame_t) + n * sizeof(tpl_value_t));
    if (frame == NULL) {
        (void) tpl_throw_memory(&vm->exec);
        return NULL;
    }

    frame->slots = (tpl_value_t *) (frame + 1);
    frame->order = (uint8_t) order;

    return frame;
}


tpl_frame_t *
tpl_frame_enter(tpl_vm_t *vm, const tpl_func_t *fn, tpl_frame_t *closure,
    tpl_context_t *context, tpl_uint_t autoescape, tpl_result_t result)
{
    uint32_t      depth, nmarks;
    tpl_frame_t  *frame;

    depth = vm->frame ? vm->frame->depth + 1 : 1;

    if (tpl_unlikely(depth > vm->depth)) {
        (void) tpl_throw(&vm->exec, TPL_EXC_LIMIT,
                         "templates are nested too deeply");
        return NULL;
    }

    frame = tpl_frame_alloc(vm, fn);
    if (tpl_unlikely(frame == NULL)) {
        return NULL;
    }

    nmarks = vm->nmarks;

    /* a lambda has a value and no text */

    if (result > TPL_RESULT_WRITE && fn->kind != TPL_FUNC_LAMBDA
        && tpl_vm_capture(vm) != TPL_OK)
    {
        return NULL;
    }

    frame->fn = fn;
    frame->sp = frame->slots + fn->nslots;
    frame->pc = fn->code;
    frame->resume = fn->code;
    frame->caller = vm->frame;
    frame->closure = closure;
    frame->context = context;
    frame->parent = NULL;
    frame->via = NULL;
    frame->tries = NULL;
    frame->chain = NULL;
    frame->nchain = 0;
    frame->position = 0;
    frame->nmarks = nmarks;
    frame->depth = depth;
    frame->autoescape = vm->exec.autoescape;
    frame->result = (uint8_t) result;
    frame->markup = (uint8_t) autoescape;

    memset(frame->slots, 0, fn->nslots * sizeof(tpl_value_t));

    vm->exec.autoescape = autoescape;
    vm->frame = frame;

    return frame;
}


void
tpl_frame_drop(tpl_vm_t *vm)
{
    tpl_frame_t  *frame;

    frame = vm->frame;

    vm->exec.autoescape = frame->autoescape;
    vm->frame = frame->caller;

    if (!frame->fn->captured && frame->order < TPL_FRAME_ORDERS) {
        frame->caller = vm->frames[frame->order];
        vm->frames[frame->order] = frame;
    }
}


tpl_int_t
tpl_frame_leave(tpl_vm_t *vm)
{
    uint8_t        flags;
    tpl_str_t      str;
    tpl_frame_t   *frame, *caller;
    tpl_value_t    v;
    tpl_module_t  *module;

    frame = vm->frame;

    if (frame->result <= TPL_RESULT_WRITE) {
        tpl_frame_drop(vm);
        return TPL_OK;
    }

    if (tpl_vm_capture_end(vm, &str) != TPL_OK) {
        return TPL_ERROR;
    }

    caller = frame->caller;

    switch (frame->result) {

    case TPL_RESULT_MODULE:
    case TPL_RESULT_BODY:
        module = tpl_module_create(vm, frame, &str);
        if (module == NULL) {
            return TPL_ERROR;
        }

        if (frame->result == TPL_RESULT_BODY) {
            tpl_frame_drop(vm);

            return (tpl_output_add(&vm->output, str.data, str.len) == TPL_OK)
                   ? TPL_OK : tpl_vm_output_error(vm);
        }

        tpl_value_object(&v, module);
        break;

    default:
        if (str.len > UINT32_MAX) {
            return tpl_throw(&vm->exec, TPL_EXC_OVERFLOW,
                             "string is too long");
        }

        flags = (frame->result == TPL_RESULT_LOOP) ? frame->markup
                                                   : frame->autoescape;

        tpl_value_string(&v, str.data, str.len, flags ? TPL_F_SAFE : 0);
    }

    if (frame->result == TPL_RESULT_NESTED) {
        vm->nested = v;

    } else {
        *caller->sp++ = v;
    }

    tpl_frame_drop(vm);

    return TPL_OK;
}


tpl_int_t
tpl_frame_parent(tpl_vm_t *vm)
{
    tpl_via_t       *via;
    tpl_frame_t     *old, *frame;
    tpl_template_t  *parent;

    old = vm->frame;
    parent = old->parent;

    /* circles of extends made at run time end here */

    if (old->depth >= vm->depth) {
        return tpl_throw(&vm->exec, TPL_EXC_LIMIT,
                         "templates are nested too deeply");
    }

    via = tpl_palloc(vm->exec.arena, sizeof(tpl_via_t));
    if (via == NULL) {
        return tpl_throw_memory(&vm->exec);
    }

    via->next = old->via;
    via->fn = old->fn;
    via->pc = old->position;

    frame = tpl_frame_enter(vm, parent->root, NULL, old->context,
                            parent->autoescape, TPL_RESULT_WRITE);
    if (frame == NULL) {
        return TPL_ERROR;
    }

    frame->via = via;
    frame->result = old->result;
    frame->nmarks = old->nmarks;
    frame->autoescape = old->autoescape;

    /* the new one stands in the old one's place */

    frame->caller = old->caller;

    vm->frame = old;
    tpl_frame_drop(vm);

    vm->exec.autoescape = parent->autoescape;
    vm->frame = frame;

    return TPL_OK;
}


/* captures */

tpl_int_t
tpl_vm_capture(tpl_vm_t *vm)
{
    uint32_t            size;
    tpl_output_mark_t  *marks;

    if (vm->nmarks == vm->marks_size) {
        size = vm->marks_size ? vm->marks_size * 2 : 16;

        marks = tpl_prealloc(vm->exec.arena, vm->marks,
                             vm->marks_size * sizeof(tpl_output_mark_t),
                             size * sizeof(tpl_output_mark_t));
        if (marks == NULL) {
            return tpl_throw_memory(&vm->exec);
        }

        vm->marks = marks;
        vm->marks_size = size;
    }

    tpl_output_mark(&vm->output, &vm->marks[vm->nmarks++]);

    return TPL_OK;
}


tpl_int_t
tpl_vm_capture_end(tpl_vm_t *vm, tpl_str_t *str)
{
    if (tpl_output_take(&vm->output, &vm->marks[vm->nmarks - 1], str)
        != TPL_OK)
    {
        return tpl_throw_memory(&vm->exec);
    }

    vm->nmarks--;
    vm->exec.fuel -= (int64_t) (str->len >> 8);

    return TPL_OK;
}


static void
tpl_frame_restore(tpl_vm_t *vm, uint32_t nmarks)
{
    if (vm->nmarks > nmarks) {
        tpl_output_drop(&vm->output, &vm->marks[nmarks]);
        vm->nmarks = nmarks;
    }
}


void
tpl_vm_settled(const tpl_vm_t *vm, tpl_output_mark_t *mark)
{
    if (vm->nmarks) {
        *mark = vm->marks[0];

    } else {
        tpl_output_mark(&vm->output, mark);
    }
}


/* errors */

tpl_int_t
tpl_frame_try(tpl_vm_t *vm, uint32_t target, tpl_value_t *sp)
{
    tpl_try_t    *t;
    tpl_frame_t  *frame;

    t = vm->tries;

    if (t) {
        vm->tries = t->outer;

    } else {
        t = tpl_palloc(vm->exec.arena, sizeof(tpl_try_t));
        if (t == NULL) {
            return tpl_throw_memory(&vm->exec);
        }
    }

    frame = vm->frame;

    t->outer = frame->tries;
    t->target = target;
    t->depth = (uint32_t) (sp - tpl_frame_stack(frame));
    t->nmarks = vm->nmarks;
    t->autoescape = vm->exec.autoescape;

    frame->tries = t;

    return TPL_OK;
}


void
tpl_frame_try_end(tpl_vm_t *vm)
{
    tpl_try_t  *t;

    t = vm->frame->tries;

    vm->frame->tries = t->outer;
    t->outer = vm->tries;
    vm->tries = t;
}


/* where frame was called from, unless the error has places enough */

static void
tpl_frame_place(tpl_vm_t *vm, const tpl_func_t *fn, uint32_t pc,
    const char *what, const tpl_str_t *name, uint32_t depth)
{
    tpl_pos_t  pos;

    if (vm->nframes >= TPL_ERROR_FRAMES && depth > TPL_ERROR_FRAMES) {
        return;
    }

    pos = tpl_func_pos(fn, pc);

    if (pos.source == NULL) {
        return;
    }

    vm->nframes++;
    tpl_error_frame(vm->exec.error, &pos, what, name);
}


/* of an instruction that came from another function: how that was entered */

static const tpl_frame_pos_t *
tpl_frame_inlined(const tpl_frame_t *frame, uint32_t pc, uint32_t *n)
{
    const tpl_frame_pos_t  *at, *first;

    first = tpl_func_frames(frame->fn, pc);

    for (*n = 0, at = first; at; at = at->next) {
        (*n)++;
    }

    return first;
}


/* the places that an error leaves on its way to a handler in its own frame */

static void
tpl_frame_caught(tpl_vm_t *vm, const tpl_frame_t *frame, uint32_t target)
{
    uint32_t                i, n, kept;
    const tpl_frame_pos_t  *at;

    (void) tpl_frame_inlined(frame, target, &kept);

    at = tpl_frame_inlined(frame, (uint32_t) (frame->pc - frame->fn->code),
                           &n);

    for (i = kept; at && i < n; i++, at = at->next) {
        tpl_error_frame(vm->exec.error, &at->pos, at->what,
                        at->name.len ? &at->name : NULL);
    }
}


static void
tpl_frame_places(tpl_vm_t *vm, tpl_frame_t *frame)
{
    uint32_t                n;
    tpl_via_t              *via;
    const char             *what;
    tpl_frame_t            *caller;
    const tpl_func_t       *fn;
    const tpl_frame_pos_t  *at;

    at = tpl_frame_inlined(frame, (uint32_t) (frame->pc - frame->fn->code),
                           &n);

    for ( /* void */ ; at; at = at->next) {
        vm->nframes++;
        tpl_error_frame(vm->exec.error, &at->pos, at->what,
                        at->name.len ? &at->name : NULL);
    }

    for (via = frame->via; via; via = via->next) {
        tpl_frame_place(vm, via->fn, via->pc, "extended by", NULL,
                        frame->depth);
    }

    caller = frame->caller;

    if (caller == NULL) {
        return;
    }

    fn = frame->fn;
    what = tpl_frame_kinds[fn->kind];

    if (frame->result == TPL_RESULT_MODULE) {
        what = "imported from";
    }

    tpl_frame_place(vm, caller->fn,
                    (uint32_t) (caller->pc - caller->fn->code), what,
                    fn->name ? &fn->name->str : NULL, frame->depth);
}


/* one place more at the end of a list, unless it is unknown */

static tpl_frame_pos_t **
tpl_frame_origin(tpl_arena_t *arena, tpl_frame_pos_t **last,
    const tpl_func_t *fn, uint32_t pc, const char *what,
    const tpl_str_t *name)
{
    tpl_pos_t         pos;
    tpl_frame_pos_t  *at;

    pos = tpl_func_pos(fn, pc);

    if (pos.source == NULL) {
        return last;
    }

    at = tpl_pcalloc(arena, sizeof(tpl_frame_pos_t));
    if (at == NULL) {
        return NULL;
    }

    at->pos = pos;
    at->what = what;

    if (name) {
        at->name = *name;
    }

    *last = at;

    return &at->next;
}


tpl_int_t
tpl_frame_origins(tpl_arena_t *arena, const tpl_frame_t *frame,
    const tpl_frame_pos_t **out)
{
    tpl_via_t         *via;
    const char        *what;
    tpl_frame_t       *caller;
    tpl_frame_pos_t   *list, **last;
    const tpl_func_t  *fn;

    list = NULL;
    last = &list;

    for ( /* void */ ; frame; frame = caller) {

        for (via = frame->via; via && last; via = via->next) {
            last = tpl_frame_origin(arena, last, via->fn, via->pc,
                                    "extended by", NULL);
        }

        caller = frame->caller;

        if (caller && last) {
            fn = frame->fn;
            what = tpl_frame_kinds[fn->kind];

            if (frame->result == TPL_RESULT_MODULE) {
                what = "imported from";
            }

            last = tpl_frame_origin(arena, last, caller->fn,
                                    (uint32_t) (caller->pc - caller->fn->code),
                                    what, fn->name ? &fn->name->str : NULL);
        }

        if (last == NULL) {
            return TPL_ERROR;
        }
    }

    *out = list;

    return TPL_OK;
}


tpl_int_t
tpl_frame_unwind(tpl_vm_t *vm, tpl_frame_t *stop)
{
    tpl_try_t    *t;
    tpl_value_t   v;
    tpl_exec_t   *exec;
    tpl_error_t  *err;
    tpl_frame_t  *frame;

    exec = &vm->exec;
    err = exec->error;
    frame = vm->frame;

    if (err->exc == TPL_EXC_NONE) {
        (void) tpl_throw(exec, TPL_EXC_RUNTIME, "unknown error");
    }

    if (err->pos.source == NULL) {
        err->pos = tpl_func_pos(frame->fn,
                                (uint32_t) (frame->pc - frame->fn->code));
    }

    if (vm->conf.debug) {
        vm->scope = tpl_context_scope(vm);
    }

    while (frame != stop) {

        t = frame->tries;

        if (err->exc == TPL_EXC_MEMORY || err->exc == TPL_EXC_LIMIT) {
            t = NULL;
        }

        if (t) {
            tpl_frame_caught(vm, frame, t->target);
        }

        if (t && tpl_exception_create(vm, &v) == TPL_OK) {

            tpl_frame_restore(vm, t->nmarks);

            exec->autoescape = t->autoescape;
            exec->depth = 0;

            frame->sp = tpl_frame_stack(frame) + t->depth;
            *frame->sp++ = v;
            frame->pc = frame->fn->code + t->target;

            tpl_frame_try_end(vm);
            tpl_error_clear(err);
            vm->nframes = 0;

            return TPL_OK;
        }

        tpl_frame_places(vm, frame);
        tpl_frame_restore(vm, frame->nmarks);
        tpl_frame_drop(vm);

        frame = vm->frame;
    }

    return TPL_ERROR;
}


/* a caught error as a value; another error takes its place if that fails */

static tpl_int_t
tpl_exception_create(tpl_vm_t *vm, tpl_value_t *out)
{
    tpl_error_t      *err;
    tpl_exception_t  *e;

    err = vm->exec.error;

    e = tpl_palloc(vm->exec.arena, sizeof(tpl_exception_t));

    if (e == NULL
        || tpl_pstrdup(vm->exec.arena, &e->message, err->message.data,
                       err->message.len)
           != TPL_OK)
    {
        tpl_error_clear(err);
        return tpl_throw_memory(&vm->exec);
    }

    e->object.cls = &tpl_exception_classes[err->exc];
    e->exc = err->exc;
    e->pos = err->pos;
    e->frames = err->frames;

    tpl_value_object(out, e);

    return TPL_OK;
}


tpl_int_t
tpl_exception_raise(tpl_vm_t *vm, const tpl_value_t *v)
{
    tpl_error_t            *err;
    const tpl_exception_t  *e;

    err = vm->exec.error;
    e = (const tpl_exception_t *) v->u.obj;

    (void) tpl_error_set(err, e->exc, e->pos.source ? &e->pos : NULL, "%.*s",
                         tpl_str_arg(&e->message));
    err->frames = e->frames;

    return TPL_ERROR;
}


tpl_uint_t
tpl_exception_matches(const tpl_value_t *v, const tpl_list_t *names)
{
    uint32_t                i;
    tpl_str_t               name;
    const tpl_exception_t  *e;

    e = (const tpl_exception_t *) v->u.obj;

    for (i = 0; i < names->n; i++) {
        name = tpl_value_str(&names->items[i]);

        if (tpl_exc_matches(e->exc, &name)) {
            return 1;
        }
    }

    return 0;
}


static tpl_int_t
tpl_exception_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    const tpl_exception_t  *e = (const tpl_exception_t *) obj;

    (void) exec;

    return tpl_buf_str(b, &e->message);
}
