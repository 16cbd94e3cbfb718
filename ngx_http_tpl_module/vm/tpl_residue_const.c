
/*
 * The parts of the program that specialization leaves: texts, names looked up,
 * constants.  Constants are copies that live as long as the set; what becomes
 * one and could still be changed is noted.
 */

#include "vm/tpl_special.h"


/* longer texts of the program stay where they are */
#define TPL_RESIDUE_KEEP     4096

/* values that may become constants, and how deep containers nest */
#define TPL_RESIDUE_VALUES   8192
#define TPL_RESIDUE_DEPTH    50


static tpl_int_t tpl_residue_copy(tpl_specializer_t *s, const tpl_value_t *v,
    uint32_t depth, tpl_value_t *out);


tpl_int_t
tpl_residue_text(tpl_specializer_t *s)
{
    uint32_t              i;
    tpl_str_t             str;
    tpl_uint_t            keep;
    tpl_label_t           here;
    tpl_output_t         *out;
    const tpl_segment_t  *seg;

    out = &s->vm->output;

    for (i = 0; i < out->n; i++) {
        seg = &out->segments[i];
        keep = (seg->hash && seg->len >= TPL_RESIDUE_KEEP);

        str.data = (tpl_char_t *) seg->data;
        str.len = seg->len;

        if (keep) {
            tpl_label_init(&here);
            tpl_try(tpl_code_bind(&s->b, &here));
        }

        tpl_try(tpl_code_text(&s->b, &str, keep));

        if (keep) {
            tpl_label_init(&here);
            tpl_try(tpl_code_bind(&s->b, &here));
        }
    }

    out->n = 0;
    out->len = 0;

    return TPL_OK;
}


tpl_int_t
tpl_residue_resolve(tpl_specializer_t *s, const tpl_func_t *fn, uint32_t pc,
    tpl_unknown_t *u)
{
    uint32_t  name;

    tpl_try(tpl_code_temp(&s->b, 1, &u->slot));
    tpl_try(tpl_code_name(&s->c, u->name, &name));

    s->b.pos = tpl_func_pos(fn, pc);

    if (tpl_frame_origins(s->c.arena, s->vm->frame, &s->b.frames) != TPL_OK) {
        return tpl_compile_memory(&s->c);
    }

    /* the text before it may go on */

    tpl_try(tpl_code_insn(&s->b, TPL_INSN_RESOLVE, u->globals, u->slot,
                          name));

    u->ready = 1;

    return TPL_OK;
}


tpl_int_t
tpl_residue_name(tpl_specializer_t *s, const tpl_template_t *tmpl,
    uint32_t name, uint32_t *index)
{
    return tpl_code_name(&s->c, tmpl->names[name], index);
}


const tpl_special_module_t *
tpl_residue_module(const tpl_specializer_t *s, const tpl_value_t *v)
{
    uint32_t  i;

    for (i = 0; v->type == TPL_OBJECT && i < s->modules.n; i++) {
        if (s->modules.elts[i].object == v->u.obj) {
            return &s->modules.elts[i];
        }
    }

    return NULL;
}


tpl_int_t
tpl_residue_const(tpl_specializer_t *s, const tpl_value_t *v)
{
    tpl_int_t                    rc;
    tpl_value_t                  copy;
    const tpl_special_module_t  *module;

    module = tpl_residue_module(s, v);

    if (module) {
        return tpl_code_emit(&s->b, TPL_INSN_FUNCTION, TPL_MODULES, 0,
                             module->fn);
    }

    rc = tpl_residue_copy(s, v, 0, &copy);

    return (rc == TPL_OK) ? tpl_code_push(&s->b, &copy) : rc;
}


/* the same container is always the same constant */

static tpl_int_t
tpl_residue_copy(tpl_specializer_t *s, const tpl_value_t *v, uint32_t depth,
    tpl_value_t *out)
{
    uint32_t             i;
    tpl_int_t            rc;
    tpl_str_t            str;
    tpl_exec_t          *exec;
    tpl_list_t          *list;
    tpl_dict_t          *dict;
    tpl_value_t          key, value;
    tpl_dict_entry_t    *e;
    tpl_special_copy_t  *copy;

    if (depth > TPL_RESIDUE_DEPTH || ++s->ncopied > TPL_RESIDUE_VALUES) {
        return TPL_DECLINED;
    }

    exec = &s->c.set->exec;
    *out = *v;

    switch (v->type) {

    case TPL_NONE:
    case TPL_BOOL:
    case TPL_INT:
    case TPL_FLOAT:
        return TPL_OK;

    case TPL_FUNCTION:
        if (v->u.fn->flags & TPL_FN_MUTATES) {
            s->mutated = 1;
        }

        if (tpl_str_is(&v->u.fn->name.str, "getattr")) {
            s->picks = 1;
        }

        return TPL_OK;

    case TPL_STRING:
        if (tpl_pstrdup(s->c.arena, &str, v->u.s, v->len) != TPL_OK) {
            return tpl_compile_memory(&s->c);
        }

        out->u.s = str.data;

        return TPL_OK;

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
        break;

    default:
        return TPL_DECLINED;
    }

    for (i = 0; i < s->copies.n; i++) {
        if (s->copies.elts[i].from == v->u.p) {
            out->u.p = s->copies.elts[i].to;
            return TPL_OK;
        }
    }

    if (v->type != TPL_TUPLE) {
        s->mutable = 1;
    }

    list = NULL;
    dict = NULL;

    if (v->type == TPL_DICT) {
        out->u.dict = dict = tpl_dict_create(exec, v->u.dict->n);

    } else {
        out->u.list = list = tpl_list_create(exec, v->u.list->n);
    }

    copy = tpl_vec_push(s->scratch, &s->copies);

    if (copy == NULL || out->u.p == NULL) {
        return tpl_compile_memory(&s->c);
    }

    copy->from = v->u.p;
    copy->to = out->u.p;

    if (list) {
        for (i = 0; i < v->u.list->n; i++) {
            rc = tpl_residue_copy(s, &v->u.list->items[i], depth + 1, &value);

            if (rc != TPL_OK) {
                return rc;
            }

            if (tpl_list_append(exec, list, &value) != TPL_OK) {
                return tpl_compile_memory(&s->c);
            }
        }

        return TPL_OK;
    }

    for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
        rc = tpl_residue_copy(s, &e->key, depth + 1, &key);

        if (rc == TPL_OK) {
            rc = tpl_residue_copy(s, &e->value, depth + 1, &value);
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_dict_set(exec, dict, &key, &value) != TPL_OK) {
            return tpl_compile_memory(&s->c);
        }
    }

    return TPL_OK;
}
