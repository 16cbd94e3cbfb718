
/*
 * The dispatch loop.
 *
 * What an instruction needs all the time lives in local variables: i, the
 * instruction; sp, behind the topmost value; slots, fuel.  They go back into
 * the frame and exec before anything outside looks.  An instruction that cannot
 * be done yet (TPL_AGAIN) leaves the stack as it was and runs again later.
 *
 * Programs come from the verifier: operands are in range and the stack holds
 * what an instruction takes.
 */

/*
 * Else gcc joins the jumps at the ends of instructions into one again, and
 * keeps i and sp as one vector on the way there: a third slower.
 */

#if (__GNUC__ && !__clang__)
#pragma GCC optimize ("no-gcse", "no-crossjumping", "no-tree-slp-vectorize")
#endif

#include "vm/tpl_fast.h"


static tpl_int_t tpl_vm_truth(tpl_exec_t *exec, const tpl_value_t *v);


/* 0, 1, or a negative return code */

static tpl_int_t
tpl_vm_truth(tpl_exec_t *exec, const tpl_value_t *v)
{
    tpl_int_t   rc;
    tpl_uint_t  truth;

    rc = tpl_truth(exec, v, &truth);

    return (rc == TPL_OK) ? (tpl_int_t) truth : rc;
}


/* value.name, of the VM's own values too */

static tpl_int_t
tpl_vm_attr(tpl_vm_t *vm, const tpl_value_t *v, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_int_t  rc;

    if (tpl_unlikely(v->aux)) {
        rc = tpl_vm_host_attr(vm, v, name, out);

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    if (v->type == TPL_MACRO) {
        rc = tpl_macro_attr(vm, v->u.macro, &name->str, out);

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    rc = tpl_get_attr(&vm->exec, v, name, out);

    if (rc == TPL_OK && tpl_unlikely(out->type == TPL_PENDING)) {
        return tpl_vm_force(vm, out);
    }

    return rc;
}


static tpl_int_t
tpl_vm_item(tpl_vm_t *vm, const tpl_value_t *v, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  name;

    if (v->type == TPL_MACRO && key->type == TPL_STRING
        && !vm->exec.options->python)
    {
        name = tpl_value_str(key);
        rc = tpl_macro_attr(vm, v->u.macro, &name, out);

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    rc = tpl_get_item(&vm->exec, v, key, out);

    if (rc == TPL_OK && tpl_unlikely(out->type == TPL_PENDING)) {
        return tpl_vm_force(vm, out);
    }

    return rc;
}


/*
 * receiver.name(args), the receiver just before its args: methods of plain
 * values are called without a bound method being made.
 */

static tpl_int_t
tpl_vm_call_method(tpl_vm_t *vm, const tpl_value_t *receiver, tpl_uint_t n,
    const tpl_name_t *name, tpl_uint_t direct, tpl_value_t *out)
{
    tpl_int_t             rc;
    tpl_value_t           callee;
    const tpl_builtin_t  *fn;

    if (receiver->type >= TPL_NONE && receiver->type <= TPL_ITERATOR) {
        fn = tpl_builtins_find(vm->exec.builtins,
                               tpl_methods_of(receiver->type), name);

        if (fn && !(fn->flags & (TPL_FN_MARKUP | TPL_FN_MUTATES))) {
            return tpl_builtin_call(&vm->exec, fn, receiver, n + 1, NULL, out);
        }

    } else if (tpl_is_loop(receiver)) {
        rc = tpl_loop_method(&vm->exec, (tpl_loop_t *) receiver->u.obj, name,
                             receiver + 1, n, out);

        if (rc != TPL_DECLINED) {
            return rc;
        }
    }

    rc = tpl_vm_attr(vm, receiver, name, &callee);

    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_vm_invoke(vm, &callee, receiver + 1, n, NULL, NULL, direct,
                         out);
}


/*
 * RESOLVE_PUSH of a name that nobody knows or whose data are on their way.  The
 * host may give a new PENDING value at each look-up, so the one that is waited
 * for is kept for when the instruction runs again.
 */

static tpl_int_t
tpl_vm_resolved(tpl_vm_t *vm, const tpl_insn_t *i, const tpl_name_t *name,
    tpl_int_t rc, tpl_value_t *value)
{
    switch (rc) {

    case TPL_OK:
        vm->pending = *value;
        rc = tpl_vm_force(vm, value);

        if (rc == TPL_AGAIN) {
            vm->waiting = i;
        }

        return rc;

    case TPL_DECLINED:
        if (i->a) {
            return tpl_throw(&vm->exec, TPL_EXC_NAME,
                             "name '%.*s' is not defined",
                             tpl_str_arg(&name->str));
        }

        return tpl_value_undefined(&vm->exec, value, &name->str, NULL, NULL);

    default:
        return rc;
    }
}


/* the loop of a FOR instruction, in its slots */

static tpl_int_t
tpl_vm_for(tpl_vm_t *vm, const tpl_insn_t *i, const tpl_value_t *iterable)
{
    tpl_int_t     rc;
    tpl_loop_t   *loop;
    tpl_frame_t  *frame;
    tpl_value_t  *slot;

    rc = tpl_loop_create(vm, iterable, i->a & TPL_FOR_LOOP, &loop);
    if (rc != TPL_OK) {
        return rc;
    }

    frame = vm->frame;
    slot = &frame->slots[i->b];

    slot->type = TPL_INTERNAL;
    slot->u.p = loop;

    if (i->a & TPL_FOR_LOOP) {
        tpl_value_object(&slot[1], loop);
    }

    if (i->a & TPL_FOR_RECURSIVE) {
        loop->fn = frame->fn;
        loop->closure = frame->closure;
        loop->context = frame->context;
        loop->autoescape = vm->exec.autoescape;
        loop->depth0 = frame->slots[1].u.i;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_vm_locals(tpl_vm_t *vm, const tpl_value_t *names,
    const tpl_value_t *values, uint32_t n, tpl_value_t *out)
{
    uint32_t     k;
    tpl_str_t    name;
    tpl_vars_t  *vars;

    vars = tpl_vars_create(vm, n);
    if (vars == NULL) {
        return TPL_ERROR;
    }

    for (k = 0; k < n; k++) {
        if (values[k].type != TPL_MISSING) {
            name = tpl_value_str(&names->u.list->items[k]);
            tpl_vars_add(vars, &name, &values[k]);
        }
    }

    out->type = TPL_INTERNAL;
    out->u.p = vars;

    return TPL_OK;
}


/* Jinja2: compiler.visit_Extends */

static tpl_int_t
tpl_vm_extends(tpl_vm_t *vm, const tpl_value_t *ref, tpl_template_t *parent)
{
    tpl_int_t     rc;
    tpl_frame_t  *frame;

    frame = vm->frame;

    if (frame->parent) {
        return tpl_throw(&vm->exec, TPL_EXC_RUNTIME,
                         "extended multiple times");
    }

    rc = ref ? tpl_vm_find(vm, ref, 0, 0, &parent)
             : tpl_vm_check(vm, parent, 0);

    if (rc != TPL_OK) {
        return rc;
    }

    /* a table that is final holds the parents' blocks already */

    if ((ref || !(frame->fn->tmpl->flags & TPL_TEMPLATE_STATIC))
        && tpl_context_extend(vm, frame->context, parent) != TPL_OK)
    {
        return TPL_ERROR;
    }

    frame->parent = parent;
    frame->position = (uint32_t) (frame->pc - frame->fn->code);

    return TPL_OK;
}


static tpl_int_t
tpl_vm_block(tpl_vm_t *vm, const tpl_insn_t *i, const tpl_name_t *name,
    tpl_vars_t *locals)
{
    tpl_buf_t       b;
    tpl_block_t    *block;
    tpl_context_t  *context;

    context = vm->frame->context;
    block = tpl_context_block(context, name);

    if (block == NULL || (i->b && block->n <= 1)) {
        tpl_buf_init(&b, vm->exec.arena);

        if (block) {
            tpl_buf_lit(&b, "Required block ");
            tpl_vm_repr(vm, &name->str, &b);
            tpl_buf_lit(&b, " not found");

        } else {
            tpl_buf_lit(&b, "Block ");
            tpl_vm_repr(vm, &name->str, &b);
            tpl_buf_lit(&b, " not found");
        }

        return tpl_vm_throw(vm, TPL_EXC_RUNTIME, &b);
    }

    if (locals) {
        context = tpl_context_derive(vm, context, locals);
        if (context == NULL) {
            return TPL_ERROR;
        }
    }

    return tpl_block_enter(vm, context, block->chain, block->n, 0,
                           TPL_RESULT_WRITE);
}


static tpl_int_t
tpl_vm_param_undefined(tpl_vm_t *vm, const tpl_name_t *name,
    tpl_value_t *slot)
{
    tpl_int_t  rc;
    tpl_buf_t  b;

    if (vm->frame->fn->kind == TPL_FUNC_LAMBDA) {
        return tpl_throw(&vm->exec, TPL_EXC_TYPE,
                         "_tt_execute.<locals>.<lambda>() missing 1 required "
                         "positional argument: '%.*s'",
                         tpl_str_arg(&name->str));
    }

    tpl_buf_init(&b, vm->exec.arena);
    tpl_buf_lit(&b, "parameter ");
    tpl_vm_repr(vm, &name->str, &b);
    tpl_buf_lit(&b, " was not provided");

    rc = tpl_vm_undefined(vm, NULL, &b, slot);

    if (rc == TPL_OK) {
        slot->u.undef->name = name->str;
    }

    return rc;
}


/* the root frame's parent, seen from a loop's function inside of it too */

static inline tpl_template_t *
tpl_vm_parent(const tpl_frame_t *frame)
{
    while (frame->closure) {
        frame = frame->closure;
    }

    return frame->parent;
}


static inline tpl_frame_t *
tpl_vm_up(tpl_frame_t *frame, uint32_t links)
{
    while (links--) {
        frame = frame->closure;
    }

    return frame;
}


/*
 * Dispatch: with labels as values each instruction jumps straight to the next
 * one's code; elsewhere it is a switch.
 */

#if (__GNUC__ && !TPL_NO_GOTO)

#define TPL_SWITCH      goto *labels[i->op];
#define TPL_CASE(name)  op_##name
#define TPL_GO          goto *labels[i->op]

#else

/* labels may be run into */
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"

#define TPL_SWITCH      switch (i->op)
#define TPL_CASE(name)  case TPL_INSN_##name
#define TPL_GO          goto dispatch

#endif

/* runs the instruction at i */
#define TPL_DISPATCH                                                         \
    if (tpl_unlikely(--fuel < 0)) {                                          \
        goto out_of_fuel;                                                    \
    }                                                                        \
                                                                             \
    TPL_GO

#define TPL_NEXT                                                             \
    i++;                                                                     \
    TPL_DISPATCH

/* an expression that may spend fuel */
#define TPL_RUN(expr)                                                        \
    exec->fuel = fuel;                                                       \
    rc = (expr);                                                             \
    fuel = exec->fuel

#define TPL_TRY(expr)                                                        \
    TPL_RUN(expr);                                                           \
                                                                             \
    if (tpl_unlikely(rc != TPL_OK)) {                                        \
        goto failed;                                                         \
    }

/* rc becomes the truth of a value */
#define TPL_TRUTH(v)                                                         \
    rc = tpl_vm_plain_truth(v);                                              \
                                                                             \
    if (tpl_unlikely(rc == TPL_UNSURE)) {                                    \
        TPL_RUN(tpl_vm_truth(exec, v));                                      \
                                                                             \
        if (rc < 0) {                                                        \
            goto failed;                                                     \
        }                                                                    \
    }

/* data on their way stay so in an assignment alone; the call runs again */
#define TPL_FORCE(v)                                                         \
    if (tpl_unlikely((v)->type == TPL_PENDING && i[1].op != TPL_INSN_STORE)) \
    {                                                                        \
        TPL_TRY(tpl_vm_force(vm, v));                                        \
    }

/* what looks at the running frame */
#define TPL_SAVE(top)                                                        \
    frame->pc = i;                                                           \
    frame->sp = (top)

#define TPL_CONST(n)  (&tmpl->consts[n])
#define TPL_NAME(n)   (tmpl->names[n])


tpl_int_t
tpl_vm_execute(tpl_vm_t *vm, tpl_frame_t *stop)
{
    int64_t                    fuel;
    uint32_t                   n;
    tpl_int_t                  rc;
    tpl_str_t                  str;
    tpl_call_t                 call;
    tpl_exec_t                *exec;
    tpl_loop_t                *loop;
    tpl_uint_t                 truth, entered;
    tpl_frame_t               *frame;
    tpl_value_t               *slots, *sp, *v, value;
    tpl_template_t            *tmpl, *other;
    const tpl_insn_t          *i, *code;
    const tpl_list_t          *names;
    const tpl_text_t          *text;
    const tpl_builtin_t       *fn;
    const tpl_builtin_map_t   *map;

#if (__GNUC__ && !TPL_NO_GOTO)

    static const void *const  labels[] = {
#define X(name, pops, pushes)  &&op_##name,
        TPL_OPCODE_MAP(X)
#undef X
    };

#endif

    exec = &vm->exec;
    fuel = exec->fuel;
    frame = vm->frame;
    i = frame->pc;

reload:

    slots = frame->slots;
    sp = frame->sp;
    code = frame->fn->code;
    tmpl = frame->fn->tmpl;

    TPL_DISPATCH;

#if (!__GNUC__ || TPL_NO_GOTO)
dispatch:
#endif

    TPL_SWITCH
    {

    TPL_CASE(NOP):
        TPL_NEXT;


    /* values */

    TPL_CASE(CONST):
        *sp++ = *TPL_CONST(i->c);
        TPL_NEXT;

    TPL_CASE(UNDEFINED):
        str = tpl_value_str(TPL_CONST(i->c));
        TPL_TRY(tpl_value_undefined(exec, sp, NULL, NULL, &str));

        /* Jinja2: an `if` without `else` gives the plain kind always */

        sp->u.undef->kind = TPL_UNDEF_LENIENT;
        sp++;
        TPL_NEXT;

    TPL_CASE(MISSING):
        tpl_value_missing(sp);
        sp++;
        TPL_NEXT;

    TPL_CASE(POP):
        sp--;
        TPL_NEXT;

    TPL_CASE(DUP):
        sp[0] = sp[-1];
        sp++;
        TPL_NEXT;

    TPL_CASE(DUP2):
        sp[0] = sp[-2];
        sp[1] = sp[-1];
        sp += 2;
        TPL_NEXT;

    TPL_CASE(ROT2):
        value = sp[-1];
        sp[-1] = sp[-2];
        sp[-2] = value;
        TPL_NEXT;

    TPL_CASE(ROT3):
        value = sp[-1];
        sp[-1] = sp[-2];
        sp[-2] = sp[-3];
        sp[-3] = value;
        TPL_NEXT;


    /* slots */

    TPL_CASE(LOAD_ATTR):
        v = tpl_vm_plain_attr(vm, &slots[i->b], i, TPL_NAME(i[1].c));

        if (tpl_likely(v != NULL)) {
            *sp++ = *v;
            i += 2;
            TPL_DISPATCH;
        }

        /* fall through */

    TPL_CASE(LOAD):
        v = &slots[i->b];

        if (tpl_likely(v->type != TPL_MISSING && v->type != TPL_PENDING)) {
            *sp++ = *v;
            TPL_NEXT;
        }

        TPL_TRY(tpl_vm_load(vm, v, TPL_NAME(i->c), i->a,
                            i->a == TPL_LOAD_FREE, sp));
        sp++;
        TPL_NEXT;

    TPL_CASE(LOAD_UP):
        v = &tpl_vm_up(frame, i->a)->slots[i->b];

        if (tpl_likely(v->type != TPL_MISSING && v->type != TPL_PENDING)) {
            *sp++ = *v;
            TPL_NEXT;
        }

        TPL_TRY(tpl_vm_load(vm, v, TPL_NAME(i->c), exec->options->python, 1,
                            sp));
        sp++;
        TPL_NEXT;

    TPL_CASE(LOAD_RAW):
        *sp++ = tpl_vm_up(frame, i->a)->slots[i->b];
        TPL_NEXT;

    TPL_CASE(STORE):
        sp--;

        if (tpl_likely(i->a == 0)) {
            slots[i->b] = *sp;

        } else {
            tpl_vm_up(frame, i->a)->slots[i->b] = *sp;
        }

        TPL_NEXT;

    TPL_CASE(CLEAR):
        tpl_value_missing(&slots[i->b]);
        TPL_NEXT;


    /* the context */

    TPL_CASE(RESOLVE):
        TPL_RUN(i->a ? tpl_context_global(vm, TPL_NAME(i->c), 1, &value)
                     : tpl_context_resolve(vm, frame->context,
                                           TPL_NAME(i->c), &value));

        if (tpl_likely(rc == TPL_OK)) {
            slots[i->b] = value;

        } else if (rc == TPL_DECLINED) {
            tpl_value_missing(&slots[i->b]);

        } else {
            goto failed;
        }

        TPL_NEXT;

    TPL_CASE(RESOLVE_PUSH):
        if (tpl_unlikely(vm->waiting == i)) {
            value = vm->pending;
            vm->waiting = NULL;
            rc = TPL_OK;

        } else {
            TPL_RUN(tpl_context_resolve(vm, frame->context, TPL_NAME(i->c),
                                        &value));
        }

        if (tpl_unlikely(rc != TPL_OK || value.type == TPL_PENDING)) {
            TPL_TRY(tpl_vm_resolved(vm, i, TPL_NAME(i->c), rc, &value));
        }

        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(EXPORT):
        TPL_TRY(tpl_context_set(vm, frame->context, TPL_NAME(i->c),
                                &slots[i->b], i->a));
        TPL_NEXT;

    TPL_CASE(HOST_VAR):
        if (vm->conf.host == NULL || vm->conf.host->variable == NULL) {
            rc = tpl_throw(exec, TPL_EXC_HOST, "the host has no variables");
            goto failed;
        }

        TPL_RUN(vm->conf.host->variable(exec, i->c, &value));

        if (rc == TPL_DECLINED) {
            rc = tpl_value_undefined(exec, &value, NULL, NULL, NULL);
        }

        if (rc != TPL_OK) {
            goto failed;
        }

        *sp++ = value;
        TPL_NEXT;


    /* operators */

    TPL_CASE(UNARY):
        TPL_TRY(tpl_unary(exec, i->a, &sp[-1], &value));
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(NOT):
        TPL_TRUTH(&sp[-1]);
        tpl_value_bool(&sp[-1], !rc);
        TPL_NEXT;

    TPL_CASE(BINARY):
        TPL_TRY(tpl_binary(exec, i->a, &sp[-2], &sp[-1], &value));
        sp--;
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(COMPARE):
        rc = tpl_vm_plain_compare(i->a, &sp[-2], &sp[-1]);

        if (tpl_unlikely(rc == TPL_UNSURE)) {
            TPL_TRY(tpl_compare(exec, i->a, &sp[-2], &sp[-1], &truth));
            rc = (tpl_int_t) truth;
        }

        sp--;
        tpl_value_bool(&sp[-1], rc);
        TPL_NEXT;

    TPL_CASE(CONCAT):
        TPL_TRY(i->a ? tpl_concat_plain(exec, sp - i->c, i->c, &value)
                     : tpl_concat(exec, sp - i->c, i->c, &value));
        sp -= i->c;
        *sp++ = value;
        TPL_NEXT;


    /* jumps */

    TPL_CASE(LOOP):
    TPL_CASE(JUMP):
        i = code + i->c;
        TPL_DISPATCH;

    TPL_CASE(JUMP_FALSE):
        TPL_TRUTH(&sp[-1]);
        sp--;

        if (!rc) {
            i = code + i->c;
            TPL_DISPATCH;
        }

        TPL_NEXT;

    TPL_CASE(JUMP_TRUE):
        TPL_TRUTH(&sp[-1]);
        sp--;

        if (rc) {
            i = code + i->c;
            TPL_DISPATCH;
        }

        TPL_NEXT;

    TPL_CASE(JUMP_FALSE_OR_POP):
        TPL_TRUTH(&sp[-1]);
        if (!rc) {
            i = code + i->c;
            TPL_DISPATCH;
        }

        sp--;
        TPL_NEXT;

    TPL_CASE(JUMP_TRUE_OR_POP):
        TPL_TRUTH(&sp[-1]);
        if (rc) {
            i = code + i->c;
            TPL_DISPATCH;
        }

        sp--;
        TPL_NEXT;

    TPL_CASE(JUMP_SET):
        if (slots[i->b].type != TPL_MISSING) {
            i = code + i->c;
            TPL_DISPATCH;
        }

        TPL_NEXT;


    /* containers */

    TPL_CASE(BUILD_LIST):
        TPL_TRY(tpl_vm_build_list(vm, sp - i->c, i->c, &value));
        sp -= i->c;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(BUILD_TUPLE):
        TPL_TRY(tpl_vm_build_list(vm, sp - i->c, i->c, &value));
        value.type = TPL_TUPLE;
        sp -= i->c;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(BUILD_SET):
        TPL_TRY(tpl_vm_build_set(vm, sp - i->c, i->c, &value));
        sp -= i->c;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(BUILD_DICT):
        TPL_TRY(tpl_vm_build_dict(vm, sp - 2 * i->c, i->c, &value));
        sp -= 2 * i->c;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(LIST_APPEND):
        TPL_TRY(tpl_list_append(exec, sp[-1 - (int32_t) i->c].u.list,
                                &sp[-1]));
        sp--;
        TPL_NEXT;

    TPL_CASE(LIST_EXTEND):
        if (!tpl_is_iterable(&sp[-1])) {
            rc = tpl_throw(exec, TPL_EXC_TYPE,
                           "Value after * must be an iterable, not %s",
                           tpl_type_name(&sp[-1]));
            goto failed;
        }

        TPL_TRY(tpl_list_extend(exec, sp[-1 - (int32_t) i->c].u.list,
                                &sp[-1]));
        sp--;
        TPL_NEXT;

    TPL_CASE(SET_ADD):
        tpl_value_none(&value);
        TPL_TRY(tpl_dict_set(exec, sp[-1 - (int32_t) i->c].u.dict, &sp[-1],
                             &value));
        sp--;
        TPL_NEXT;

    TPL_CASE(DICT_ADD):
        TPL_TRY(tpl_dict_set(exec, sp[-2 - (int32_t) i->c].u.dict, &sp[-2],
                             &sp[-1]));
        sp -= 2;
        TPL_NEXT;

    TPL_CASE(DICT_UPDATE):
        TPL_TRY(tpl_vm_update(vm, sp[-1 - (int32_t) i->c].u.dict, &sp[-1],
                              i->a));
        sp--;
        TPL_NEXT;

    TPL_CASE(LIST_TO_TUPLE):
        sp[-1].type = TPL_TUPLE;
        TPL_NEXT;

    TPL_CASE(TO_LIST):
        TPL_TRY(tpl_to_list(exec, &sp[-1], &value));
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(TO_ITERATOR):
        TPL_TRY(tpl_value_iterator(exec, &value, sp[-1].u.list, "generator"));
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(UNPACK):
        value = sp[-1];
        TPL_TRY(tpl_vm_unpack(vm, i, &value, sp - 1));
        sp += (int32_t) (i->b + i->c + i->a) - 1;
        TPL_NEXT;


    /* look-up */

    TPL_CASE(GET_ATTR):
        if (i->a == TPL_ATTR_PLAIN) {
            v = tpl_vm_plain_attr(vm, &sp[-1], i, TPL_NAME(i->c));

            if (tpl_likely(v != NULL)) {
                sp[-1] = *v;
                TPL_NEXT;
            }
        }

        TPL_TRY(tpl_vm_attr(vm, &sp[-1], TPL_NAME(i->c), &value));
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(GET_ITEM):
        TPL_TRY(tpl_vm_item(vm, &sp[-2], &sp[-1], &value));
        sp--;
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(GET_SLICE):
        TPL_TRY(tpl_get_slice(exec, &sp[-4], &sp[-3], &sp[-2], &sp[-1],
                              &value));
        sp -= 3;
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(SET_ATTR):
        if (i->a
            && (sp[-1].type != TPL_OBJECT
                || strcmp(sp[-1].u.obj->cls->name, "Namespace") != 0))
        {
            rc = tpl_throw(exec, TPL_EXC_RUNTIME,
                           "cannot assign attribute on non-namespace object");
            goto failed;
        }

        TPL_TRY(tpl_set_attr(exec, &sp[-1], TPL_NAME(i->c), &sp[-2]));
        sp -= 2;
        TPL_NEXT;

    TPL_CASE(SET_ITEM):
        TPL_TRY(tpl_set_item(exec, &sp[-2], &sp[-1], &sp[-3]));
        sp -= 3;
        TPL_NEXT;


    /* calls */

    TPL_CASE(CALL):
        n = i->b + tpl_insn_nkw(i);
        names = tpl_insn_nkw(i) ? TPL_CONST(i->c)->u.list : NULL;
        v = sp - n - 1;

        TPL_SAVE(v);
        TPL_TRY(tpl_vm_invoke(vm, v, v + 1, i->b, names, NULL,
                              (i->a & TPL_CALL_DIRECT) != 0, &value));

        if (vm->frame != frame) {
            goto entered;
        }

        TPL_FORCE(&value);
        sp = v;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(CALL_EX):
        v = sp - 3;

        TPL_SAVE(v);
        TPL_TRY(tpl_vm_invoke(vm, v, sp[-2].u.list->items, sp[-2].u.list->n,
                              NULL, sp[-1].u.dict,
                              (i->a & TPL_CALL_DIRECT) != 0, &value));

        if (vm->frame != frame) {
            goto entered;
        }

        TPL_FORCE(&value);
        sp = v;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(CALL_METHOD):
        v = sp - i->b - 1;

        TPL_SAVE(v);
        TPL_TRY(tpl_vm_call_method(vm, v, i->b, TPL_NAME(i->c),
                                   (i->a & TPL_CALL_DIRECT) != 0, &value));

        if (vm->frame != frame) {
            goto entered;
        }

        TPL_FORCE(&value);
        sp = v;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(FILTER):
        map = &exec->builtins->tables[TPL_FILTERS];
        goto builtin;

    TPL_CASE(TEST):
        map = &exec->builtins->tables[TPL_TESTS];
        goto builtin;

    TPL_CASE(FUNCTION):
        map = &exec->builtins->tables[i->a];

    builtin:

        fn = map->items[i->c];
        v = sp - i->b;

        call.exec = exec;
        call.fn = fn;
        call.object = NULL;
        call.args = v;
        call.nargs = i->b;
        call.kwargs = NULL;
        tpl_value_none(&call.result);

        TPL_SAVE(sp);
        TPL_TRY(fn->handler(&call));
        TPL_FORCE(&call.result);

        sp = v;
        *sp++ = call.result;
        TPL_NEXT;

    TPL_CASE(FILTER_EX):
        map = &exec->builtins->tables[TPL_FILTERS];
        goto builtin_ex;

    TPL_CASE(TEST_EX):
        map = &exec->builtins->tables[TPL_TESTS];

    builtin_ex:

        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_call_ex(vm, map->items[i->c], &sp[-3], sp[-2].u.list,
                               sp[-1].u.dict, &value));
        sp -= 2;
        sp[-1] = value;
        TPL_NEXT;


    /* output */

    TPL_CASE(TEXT_SLOT_TEXT):
        if (tpl_likely(tpl_vm_put(vm, &tmpl->texts[i->c], &slots[i[1].b],
                                  &tmpl->texts[i[2].c])))
        {
            i += 3;
            TPL_DISPATCH;
        }

        goto text;

    TPL_CASE(TEXT_SLOT):
        if (tpl_likely(tpl_vm_put(vm, &tmpl->texts[i->c], &slots[i[1].b],
                                  NULL)))
        {
            i += 2;
            TPL_DISPATCH;
        }

        goto text;

    TPL_CASE(TEXT_ATTR_TEXT):
        v = tpl_vm_plain_attr(vm, &slots[i[1].b], i, TPL_NAME(i[2].c));

        if (tpl_likely(v && tpl_vm_put(vm, &tmpl->texts[i->c], v,
                                       &tmpl->texts[i[4].c])))
        {
            i += 5;
            TPL_DISPATCH;
        }

        goto text;

    TPL_CASE(TEXT_ATTR):
        v = tpl_vm_plain_attr(vm, &slots[i[1].b], i, TPL_NAME(i[2].c));

        if (tpl_likely(v && tpl_vm_put(vm, &tmpl->texts[i->c], v, NULL))) {
            i += 4;
            TPL_DISPATCH;
        }

    text:

    TPL_CASE(TEXT):
        text = &tmpl->texts[i->c];

        rc = (text->str.len < TPL_OUTPUT_STATIC_MIN)
             ? tpl_output_put(&vm->output, text->str.data, text->str.len)
             : tpl_output_text(&vm->output, text);

        if (tpl_unlikely(rc != TPL_OK)) {
            rc = tpl_vm_output_error(vm);
            goto failed;
        }

        TPL_NEXT;

    TPL_CASE(OUTPUT):
        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_print(vm, &sp[-1], i->a));
        sp--;
        TPL_NEXT;

    TPL_CASE(OUTPUT_SLOT):
        v = &slots[i->b];

        if (tpl_unlikely(v->type == TPL_MISSING || v->type == TPL_PENDING)) {
            TPL_TRY(tpl_vm_load(vm, v, TPL_NAME(i->c), 0, 0, &value));
            v = &value;
        }

        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_print(vm, v, TPL_OUT_AUTO));
        TPL_NEXT;

    TPL_CASE(CAPTURE):
        TPL_TRY(tpl_vm_capture(vm));
        TPL_NEXT;

    TPL_CASE(CAPTURE_END):
        TPL_TRY(tpl_vm_capture_end(vm, &str));

        if (str.len > UINT32_MAX) {
            rc = tpl_throw(exec, TPL_EXC_OVERFLOW, "string is too long");
            goto failed;
        }

        tpl_value_string(sp, str.data, str.len,
                         (exec->autoescape && !i->a) ? TPL_F_SAFE : 0);
        sp++;
        TPL_NEXT;

    TPL_CASE(MARKUP):
        if (exec->autoescape) {
            TPL_TRY(tpl_to_string(exec, &sp[-1], &value));
            value.flags |= TPL_F_SAFE;
            sp[-1] = value;
        }

        TPL_NEXT;

    TPL_CASE(AUTOESCAPE):
        TPL_TRUTH(&sp[-1]);
        exec->autoescape = (tpl_uint_t) rc;
        sp--;
        TPL_NEXT;

    TPL_CASE(AUTOESCAPE_SAVE):
        sp->type = TPL_INTERNAL;
        sp->u.i = (int64_t) exec->autoescape;
        sp++;
        TPL_NEXT;

    TPL_CASE(AUTOESCAPE_RESTORE):
        sp--;
        exec->autoescape = (tpl_uint_t) sp->u.i;
        TPL_NEXT;


    /* loops */

    TPL_CASE(FOR):
        TPL_TRY(tpl_vm_for(vm, i, &sp[-1]));
        sp--;
        TPL_NEXT;

    TPL_CASE(NEXT_ROWS):
        loop = slots[i->b].u.p;

        if (tpl_likely(loop->kind == TPL_LOOP_LIST)) {
            fuel = tpl_vm_rows(vm, i, loop, slots, fuel);
        }

        /* fall through */

    TPL_CASE(NEXT_STORE):
        loop = slots[i->b].u.p;

        if (tpl_likely(loop->kind == TPL_LOOP_LIST)) {

            if (loop->index0 + 1 < (int64_t) loop->list->n) {
                loop->index0++;
                slots[i[1].b] = loop->list->items[loop->index0];
                i += 2;
                TPL_DISPATCH;
            }

            i = code + i->c;
            TPL_DISPATCH;
        }

        /* fall through */

    TPL_CASE(NEXT):
        loop = slots[i->b].u.p;

        if (tpl_likely(loop->kind == TPL_LOOP_LIST)) {

            if (loop->index0 + 1 < (int64_t) loop->list->n) {
                loop->index0++;
                *sp++ = loop->list->items[loop->index0];
                TPL_NEXT;
            }

            i = code + i->c;
            TPL_DISPATCH;
        }

        TPL_RUN(tpl_loop_next(exec, loop, sp));

        if (rc == TPL_OK) {
            sp++;
            TPL_NEXT;
        }

        if (rc != TPL_DONE) {
            goto failed;
        }

        i = code + i->c;
        TPL_DISPATCH;

    TPL_CASE(END_FOR):
        v = &slots[i->b];

        if (v->type == TPL_INTERNAL) {
            tpl_loop_free(vm, v->u.p);
            tpl_value_missing(v);
        }

        TPL_NEXT;

    TPL_CASE(CALL_LOOP):
        TPL_SAVE(sp - 1);
        frame->resume = i + 1;

        if (tpl_frame_enter(vm, tmpl->funcs[i->c], frame, frame->context,
                            exec->autoescape, TPL_RESULT_WRITE)
            == NULL)
        {
            rc = TPL_ERROR;
            goto failed;
        }

        vm->frame->slots[0] = sp[-1];
        tpl_value_int(&vm->frame->slots[1], 0);
        goto entered;


    /* templates */

    TPL_CASE(LOCALS):
        TPL_TRY(tpl_vm_locals(vm, TPL_CONST(i->c), sp - i->b, i->b, &value));
        sp -= i->b;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(BLOCK):
        TPL_SAVE(sp - i->a);
        frame->resume = i + 1;
        TPL_TRY(tpl_vm_block(vm, i, TPL_NAME(i->c),
                             i->a ? sp[-1].u.p : NULL));
        goto entered;

    TPL_CASE(SUPER):
        TPL_TRY(tpl_block_super(vm, TPL_NAME(i->c), frame->context,
                                frame->chain, frame->nchain, frame->position,
                                sp));
        sp++;
        TPL_NEXT;

    TPL_CASE(SELF):
        TPL_TRY(tpl_template_ref(vm, frame->context, sp));
        sp++;
        TPL_NEXT;

    TPL_CASE(EXTENDS):
        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_extends(vm, &sp[-1], NULL));
        sp--;
        TPL_NEXT;

    TPL_CASE(EXTENDS_STATIC):
        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_extends(vm, NULL, tmpl->links[i->c]));
        TPL_NEXT;

    TPL_CASE(JUMP_CHILD):
        if (tpl_vm_parent(frame)) {
            i = code + i->c;
            TPL_DISPATCH;
        }

        TPL_NEXT;

    TPL_CASE(PARENT):
        if (frame->parent == NULL) {
            TPL_NEXT;
        }

        TPL_SAVE(sp);
        TPL_TRY(tpl_frame_parent(vm));
        goto entered;

    TPL_CASE(INCLUDE):
        n = tpl_insn_locals(i);

        TPL_SAVE(sp);
        TPL_RUN(tpl_vm_find(vm, &sp[-1 - (int32_t) n], 1,
                            i->a & TPL_REF_IGNORE, &other));

        if (rc == TPL_DECLINED) {
            sp -= 1 + n;
            TPL_NEXT;
        }

        if (rc != TPL_OK) {
            goto failed;
        }

        n++;
        goto include;

    TPL_CASE(INCLUDE_STATIC):
        n = tpl_insn_locals(i);
        other = tmpl->links[i->c];

        TPL_SAVE(sp);
        TPL_RUN(tpl_vm_check(vm, other, i->a & TPL_REF_IGNORE));

        if (rc == TPL_DECLINED) {
            sp -= n;
            TPL_NEXT;
        }

        if (rc != TPL_OK) {
            goto failed;
        }

    include:

        TPL_SAVE(sp - n);
        frame->resume = i + 1;
        TPL_TRY(tpl_vm_include(vm, other, i->a,
                               tpl_insn_locals(i) ? sp[-1].u.p : NULL,
                               &entered));

        if (entered) {
            goto entered;
        }

        sp -= n;
        TPL_NEXT;

    TPL_CASE(IMPORT):
        n = tpl_insn_locals(i);

        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_find(vm, &sp[-1 - (int32_t) n], 0, 0, &other));
        n++;
        goto import;

    TPL_CASE(IMPORT_STATIC):
        n = tpl_insn_locals(i);
        other = tmpl->links[i->c];

        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_check(vm, other, 0));

    import:

        TPL_SAVE(sp - n);
        frame->resume = i + 1;
        TPL_TRY(tpl_vm_import(vm, other, i->a,
                              tpl_insn_locals(i) ? sp[-1].u.p : NULL,
                              &entered, &value));

        if (entered) {
            goto entered;
        }

        sp -= n;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(IMPORT_NAME):
        TPL_SAVE(sp);
        TPL_TRY(tpl_module_import(vm, &sp[-1], TPL_NAME(i->c), sp));
        sp++;
        TPL_NEXT;


    /* macros */

    TPL_CASE(MACRO):
        TPL_TRY(tpl_macro_create(vm, tmpl->funcs[i->c], sp));
        sp++;
        TPL_NEXT;

    TPL_CASE(RETURN):
        TPL_SAVE(sp);
        TPL_RUN(tpl_frame_leave(vm));

        if (tpl_unlikely(rc != TPL_OK)) {

            /* the frame may be gone already */

            goto thrown;
        }

    left:

        frame = vm->frame;

        if (frame == stop) {
            exec->fuel = fuel;
            return TPL_OK;
        }

        i = frame->resume;
        goto reload;

    TPL_CASE(RETURN_VALUE):
        value = sp[-1];

        if (frame->result == TPL_RESULT_NESTED) {
            vm->nested = value;

        } else {
            *frame->caller->sp++ = value;
        }

        tpl_frame_drop(vm);
        goto left;

    TPL_CASE(PARAM_UNDEFINED):
        TPL_TRY(tpl_vm_param_undefined(vm, TPL_NAME(i->c), &slots[i->b]));
        TPL_NEXT;


    /* exceptions */

    TPL_CASE(TRY):
        TPL_TRY(tpl_frame_try(vm, i->c, sp));
        TPL_NEXT;

    TPL_CASE(TRY_END):
        tpl_frame_try_end(vm);
        TPL_NEXT;

    TPL_CASE(CATCH):
        truth = tpl_exception_matches(&sp[-1], TPL_CONST(i->c)->u.list);
        tpl_value_bool(sp, truth);
        sp++;
        TPL_NEXT;

    TPL_CASE(RERAISE):
        rc = tpl_exception_raise(vm, &sp[-1]);
        goto failed;

    TPL_CASE(RAISE):
        str = tpl_value_str(TPL_CONST(i->c));
        rc = tpl_throw(exec, i->a, "%.*s", tpl_str_arg(&str));
        goto failed;

    TPL_CASE(FORMAT):
        TPL_TRY(tpl_vm_format(vm, &sp[-2], &sp[-1], i->a, &value));
        sp--;
        sp[-1] = value;
        TPL_NEXT;

    TPL_CASE(CONCAT_STR):
        TPL_TRY(tpl_vm_concat(vm, sp - i->c, i->c, &value));
        sp -= i->c;
        *sp++ = value;
        TPL_NEXT;

    TPL_CASE(DEBUG):
        TPL_SAVE(sp);
        TPL_TRY(tpl_vm_debug(vm, sp));
        sp++;
        TPL_NEXT;

    TPL_CASE(FLUSH):
        if (vm->conf.stream) {
            vm->flush = 1;
            fuel--;
            i++;
            goto out_of_fuel;
        }

        TPL_NEXT;

#if (!__GNUC__ || TPL_NO_GOTO)
    default:
        rc = tpl_throw(exec, TPL_EXC_RUNTIME, "bad instruction");
        goto failed;
#endif

    }

entered:

    frame = vm->frame;
    i = frame->fn->code;
    goto reload;

failed:

    TPL_SAVE(sp);

thrown:

    exec->fuel = fuel;

    if (rc == TPL_AGAIN) {
        return TPL_AGAIN;
    }

    rc = tpl_frame_unwind(vm, stop);

    if (rc != TPL_OK) {
        return rc;
    }

    fuel = exec->fuel;
    frame = vm->frame;
    i = frame->pc;
    goto reload;

out_of_fuel:

    exec->fuel = fuel + 1;
    frame->pc = i;
    frame->sp = sp;

    return TPL_YIELD;
}
