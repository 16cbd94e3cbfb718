
/*
 * The usual cases of instructions, for the dispatch loop alone: each does its
 * work at once or says that somebody else has to.
 */

#ifndef _TPL_FAST_H_INCLUDED_
#define _TPL_FAST_H_INCLUDED_


#include "vm/tpl_vm_internal.h"


TPL_BEGIN_DECLS


/* longer strings are written by the instruction for them */
#define TPL_PUT_STRING  255


/* 0, 1, or TPL_UNSURE */

#define TPL_UNSURE  2

static inline tpl_int_t
tpl_vm_plain_truth(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_NONE:
        return 0;

    case TPL_BOOL:
    case TPL_INT:
        return v->u.i != 0;

    case TPL_FLOAT:
        return v->u.d != 0;

    case TPL_STRING:
        return v->len != 0;

    case TPL_LIST:
    case TPL_TUPLE:
        return v->u.list->n != 0;

    case TPL_DICT:
        return v->u.dict->n != 0;

    default:
        return TPL_UNSURE;
    }
}


/* as a double, if that is exact */

static inline tpl_uint_t
tpl_vm_plain_number(const tpl_value_t *v, double *d)
{
    const int64_t  exact = (int64_t) 1 << 53;

    if (v->type == TPL_FLOAT) {
        *d = v->u.d;
        return 1;
    }

    *d = (double) v->u.i;

    return v->type == TPL_INT && v->u.i >= -exact && v->u.i <= exact;
}


/* values of two of these kinds never equal each other; 0: of another one */

static inline tpl_uint_t
tpl_vm_plain_kind(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_NONE:
        return 1;

    case TPL_INT:
    case TPL_FLOAT:
        return 2;

    case TPL_STRING:
        return 3;

    default:
        return 0;
    }
}


#define tpl_vm_plain_order(op, a, b)                                         \
    (((op) == TPL_CMP_EQ) ? (a) == (b)                                       \
     : ((op) == TPL_CMP_NE) ? (a) != (b)                                     \
     : ((op) == TPL_CMP_LT) ? (a) < (b)                                      \
     : ((op) == TPL_CMP_LE) ? (a) <= (b)                                     \
     : ((op) == TPL_CMP_GT) ? (a) > (b)                                      \
     : ((op) == TPL_CMP_GE) ? (a) >= (b)                                     \
     : TPL_UNSURE)


/* a comparison of numbers or strings; TPL_UNSURE for others */

static inline tpl_int_t
tpl_vm_plain_compare(tpl_uint_t op, const tpl_value_t *a,
    const tpl_value_t *b)
{
    double      x, y;
    tpl_int_t   equal;
    tpl_uint_t  kind, other;

    if (a->type == TPL_INT && b->type == TPL_INT) {
        return tpl_vm_plain_order(op, a->u.i, b->u.i);
    }

    if (a->type == TPL_STRING && b->type == TPL_STRING && op <= TPL_CMP_NE) {
        equal = a->len == b->len
                && (a->len == 0 || memcmp(a->u.s, b->u.s, a->len) == 0);

        return (op == TPL_CMP_EQ) ? equal : !equal;
    }

    if (tpl_vm_plain_number(a, &x) && tpl_vm_plain_number(b, &y)) {
        return tpl_vm_plain_order(op, x, y);
    }

    kind = tpl_vm_plain_kind(a);
    other = tpl_vm_plain_kind(b);

    if (op <= TPL_CMP_NE && kind && other && kind != other) {
        return op == TPL_CMP_NE;
    }

    return TPL_UNSURE;
}


/*
 * A text, a value and a text (or NULL), if that is quickly done: a number or a
 * short string, and a page with room for the worst of it.
 */

static inline tpl_uint_t
tpl_vm_put(tpl_vm_t *vm, const tpl_text_t *before, const tpl_value_t *v,
    const tpl_text_t *after)
{
    size_t         size;
    tpl_char_t    *p, *start;
    tpl_output_t  *out;

    out = &vm->output;

    size = before->str.len + (after ? after->str.len : 0);

    if (v->type == TPL_INT) {
        size += TPL_INT64_LEN;

    } else if (v->type == TPL_STRING && v->len <= TPL_PUT_STRING) {
        size += tpl_escape_room(v->len);

    } else if (v->type == TPL_FLOAT) {
        size += TPL_FLOAT_LEN;

    } else {
        return 0;
    }

    if (tpl_unlikely(!tpl_output_fits(out, size))) {
        return 0;
    }

    start = p = out->pos;

    tpl_copy_short(p, before->str.data, before->str.len);
    p += before->str.len;

    if (v->type == TPL_INT) {
        p = tpl_format_int(p, v->u.i);

    } else if (v->type == TPL_FLOAT) {
        p = tpl_format_float(p, v->u.d);

    } else if (vm->exec.autoescape && !(v->flags & TPL_F_SAFE)) {
        p = tpl_escape_put(p, v->u.s, v->len);

    } else {
        tpl_copy_short(p, v->u.s, v->len);
        p += v->len;
    }

    if (after) {
        tpl_copy_short(p, after->str.data, after->str.len);
        p += after->str.len;
    }

    tpl_output_commit(out, (size_t) (p - start));

    return 1;
}


/* an item of a dict in a slot, by an instruction that may have no other way */

static inline tpl_value_t *
tpl_vm_plain_attr(tpl_vm_t *vm, const tpl_value_t *v, const tpl_insn_t *i,
    const tpl_name_t *name)
{
    tpl_value_t  *item;

    if (v->type != TPL_DICT) {
        return NULL;
    }

    item = tpl_dict_find_again(v->u.dict, name, tpl_vm_hint(vm, i));

    return (item && item->type != TPL_PENDING) ? item : NULL;
}


TPL_END_DECLS


#endif /* _TPL_FAST_H_INCLUDED_ */
