
/*
 * What refers to other templates: blocks, extends, include, import.
 *
 * A literal name is looked up while compiling; what it means is then fixed.
 */

#include "program/tpl_compiler.h"


static tpl_int_t tpl_emit_locals(tpl_builder_t *b, tpl_scope_t *s,
    tpl_uint_t *some);


/* templates */

/*
 * All that is stored in a scope around: what an include with context, an import
 * with context or a scoped block sees besides the context.
 */

static tpl_int_t
tpl_emit_locals(tpl_builder_t *b, tpl_scope_t *s, tpl_uint_t *some)
{
    uint32_t            i, n, slot, depth, index;
    const tpl_name_t  **names;

    tpl_try(tpl_symbols_stored(s->symbols, &names, &n));

    *some = (n != 0);

    if (n == 0) {
        return TPL_OK;
    }

    for (i = 0; i < n; i++) {
        if (tpl_symbols_find(s->symbols, names[i], &slot, &depth) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_try(tpl_code_emit(b, TPL_INSN_LOAD_RAW, depth, slot, 0));
    }

    tpl_try(tpl_code_const_names(b->c, names, n, &index));

    return tpl_code_emit(b, TPL_INSN_LOCALS, 0, n, index);
}


tpl_int_t
tpl_emit_block(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t      index;
    tpl_int_t     rc;
    tpl_uint_t    some;
    tpl_label_t   over;

    tpl_label_init(&over);

    /* a block inside a loop or a macro of a child is called all the same */

    if (s->toplevel) {

        if (b->c->known_extends) {
            return TPL_OK;
        }

        if (b->c->extends_so_far != 0) {
            rc = tpl_code_jump(b, TPL_INSN_JUMP_CHILD, 0, &over);

            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    some = 0;

    if (node->flags & TPL_NODE_F_SCOPED) {
        tpl_try(tpl_emit_locals(b, s, &some));
    }

    tpl_try(tpl_code_name(b->c, &node->u.block.name, &index));
    tpl_code_pos(b, node);
    tpl_try(tpl_code_emit(b, TPL_INSN_BLOCK, some,
                          (node->flags & TPL_NODE_F_REQUIRED) != 0, index));

    return (over.uses.n != 0) ? tpl_code_bind(b, &over) : TPL_OK;
}


/*
 * The template that a literal name, or the first one that exists of a literal
 * list, means.  TPL_DECLINED when that is known only at run time; *unit is
 * NULL when none of them exists.
 */

static tpl_int_t
tpl_refer(tpl_builder_t *b, tpl_node_t *node, const char *how,
    tpl_uint_t lists, tpl_unit_t **unit)
{
    tpl_str_t    name;
    tpl_node_t  *ref, *item;
    tpl_value_t  v;

    *unit = NULL;
    ref = node->u.ref.template;

    if (tpl_fold(b, ref, &v) == TPL_OK && tpl_is_string(&v)) {
        name = tpl_value_str(&v);
        *unit = tpl_set_refer(b->c->set, &name, b->c->unit, &node->pos, how,
                              b->c->err);

        return (*unit == NULL) ? TPL_ERROR : TPL_OK;
    }

    if (!lists
        || (ref->type != TPL_NODE_LIST && ref->type != TPL_NODE_TUPLE))
    {
        return TPL_DECLINED;
    }

    for (item = ref->u.items.items; item != NULL; item = item->next) {

        if (tpl_fold(b, item, &v) != TPL_OK || !tpl_is_string(&v)) {
            return TPL_DECLINED;
        }
    }

    for (item = ref->u.items.items; item != NULL; item = item->next) {

        (void) tpl_fold(b, item, &v);

        name = tpl_value_str(&v);
        *unit = tpl_set_refer(b->c->set, &name, b->c->unit, &node->pos, how,
                              b->c->err);

        if (*unit == NULL) {
            return TPL_ERROR;
        }

        if (!tpl_unit_missing(*unit)) {
            return TPL_OK;
        }
    }

    return TPL_OK;
}


/* of the templates that were read so far, NULL if none is near */

static const tpl_str_t *
tpl_nearest_template(tpl_builder_t *b, const tpl_str_t *name)
{
    tpl_str_t       *names;
    tpl_uint_t       n;
    tpl_template_t  *tmpl;

    n = 0;

    for (tmpl = tpl_set_first(b->c->set); tmpl; tmpl = tmpl->next) {
        n++;
    }

    names = tpl_palloc(b->c->work, (n + 1) * sizeof(tpl_str_t));
    if (names == NULL) {
        return NULL;
    }

    n = 0;

    for (tmpl = tpl_set_first(b->c->set); tmpl; tmpl = tmpl->next) {
        if (!tpl_unit_missing(tpl_unit(tmpl))) {
            names[n++] = tmpl->name;
        }
    }

    return tpl_nearest(name, names, n);
}


/*
 * A literal reference to nothing: an error at once, unless the set is lazy and
 * the render is to meet it.
 */

static tpl_int_t
tpl_refer_missing(tpl_builder_t *b, tpl_node_t *node, tpl_unit_t *unit)
{
    uint32_t          index;
    tpl_node_t       *ref;
    const tpl_str_t  *near;

    if (b->c->set->conf.lazy) {
        return TPL_OK;
    }

    ref = node->u.ref.template;

    if (ref->type == TPL_NODE_CONST && unit != NULL) {
        near = tpl_nearest_template(b, &unit->tmpl.name);

        if (near != NULL) {
            return tpl_error_set(b->c->err, TPL_EXC_NOT_FOUND, &ref->pos,
                                 "template \"%.*s\" is not found. Did you "
                                 "mean \"%.*s\"?",
                                 tpl_str_arg(&unit->tmpl.name),
                                 tpl_str_arg(near));
        }

        return tpl_error_set(b->c->err, TPL_EXC_NOT_FOUND, &ref->pos,
                             "template \"%.*s\" is not found",
                             tpl_str_arg(&unit->tmpl.name));
    }

    index = 0;

    for (ref = ref->u.items.items; ref != NULL; ref = ref->next) {
        index++;
    }

    return tpl_error_set(b->c->err, TPL_EXC_NONE_FOUND,
                         &node->u.ref.template->pos,
                         "none of these %u templates is found",
                         (unsigned) index);
}


tpl_int_t
tpl_emit_extends(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t      index;
    tpl_str_t     message;
    tpl_int_t     rc;
    tpl_unit_t   *unit;
    tpl_label_t   over;

    if (!s->toplevel) {
        return tpl_compile_error(b->c, TPL_EXC_ASSERTION, node,
                                 "cannot use extend from a non top-level "
                                 "scope");
    }

    if (b->c->extends_so_far > 0) {
        tpl_label_init(&over);

        tpl_str_set(&message, "extended multiple times");
        tpl_try(tpl_code_const_str(b->c, &message, &index));

        if (b->c->known_extends) {

            /* nothing behind it is reached */

            b->c->done = 1;

            return tpl_code_emit(b, TPL_INSN_RAISE, TPL_EXC_RUNTIME, 0,
                                 index);
        }

        /* EXTENDS itself raises when a parent is set already */
    }

    rc = tpl_refer(b, node, "extended by", 0, &unit);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (rc == TPL_OK && (unit == NULL || tpl_unit_missing(unit))) {
        tpl_try(tpl_refer_missing(b, node, unit));
        rc = TPL_DECLINED;
    }

    if (rc == TPL_OK) {
        tpl_try(tpl_code_link(b->c, &unit->tmpl, &index));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_emit(b, TPL_INSN_EXTENDS_STATIC, 0, 0, index));

        if (s->rootlevel && b->c->extends_so_far == 0) {
            b->c->unit->parent = &unit->tmpl;
        }

    } else {
        b->c->flags |= TPL_TEMPLATE_DYNAMIC;

        tpl_try(tpl_emit_expr(b, s, node->u.ref.template));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_emit(b, TPL_INSN_EXTENDS, 0, 0, 0));
    }

    if (s->rootlevel) {
        b->c->known_extends = 1;
    }

    b->c->extends_so_far++;

    return TPL_OK;
}


tpl_int_t
tpl_emit_include(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t     flags, index;
    tpl_int_t    rc;
    tpl_uint_t   some;
    tpl_unit_t  *unit;

    flags = 0;

    if (node->flags & TPL_NODE_F_CONTEXT) {
        flags |= TPL_REF_CONTEXT;
    }

    if (node->flags & TPL_NODE_F_IGNORE) {
        flags |= TPL_REF_IGNORE;
    }

    rc = tpl_refer(b, node, "included from", 1, &unit);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    index = 0;

    if (rc == TPL_OK && (unit == NULL || tpl_unit_missing(unit))) {

        if (flags & TPL_REF_IGNORE) {
            return TPL_OK;
        }

        tpl_try(tpl_refer_missing(b, node, unit));
        rc = TPL_DECLINED;
    }

    if (rc == TPL_OK) {
        tpl_try(tpl_code_link(b->c, &unit->tmpl, &index));

    } else {
        b->c->flags |= TPL_TEMPLATE_DYNAMIC;
        tpl_try(tpl_emit_expr(b, s, node->u.ref.template));
    }

    some = 0;

    if (flags & TPL_REF_CONTEXT) {
        tpl_try(tpl_emit_locals(b, s, &some));
    }

    flags |= some ? TPL_REF_LOCALS : 0;

    tpl_code_pos(b, node);

    return tpl_code_emit(b, rc == TPL_OK ? TPL_INSN_INCLUDE_STATIC
                                         : TPL_INSN_INCLUDE,
                         flags, 0, index);
}


tpl_int_t
tpl_emit_import(tpl_builder_t *b, tpl_scope_t *s, tpl_node_t *node)
{
    uint32_t     flags, index;
    tpl_int_t    rc;
    tpl_uint_t   some;
    tpl_node_t  *item, name;
    tpl_unit_t  *unit;

    flags = (node->flags & TPL_NODE_F_CONTEXT) ? TPL_REF_CONTEXT : 0;

    rc = tpl_refer(b, node, "imported from", 0, &unit);

    if (rc == TPL_ERROR) {
        return TPL_ERROR;
    }

    if (rc == TPL_OK && (unit == NULL || tpl_unit_missing(unit))) {
        tpl_try(tpl_refer_missing(b, node, unit));
        rc = TPL_DECLINED;
    }

    index = 0;

    if (rc == TPL_OK) {
        tpl_try(tpl_code_link(b->c, &unit->tmpl, &index));

    } else {
        b->c->flags |= TPL_TEMPLATE_DYNAMIC;
        tpl_try(tpl_emit_expr(b, s, node->u.ref.template));
    }

    some = 0;

    if (flags & TPL_REF_CONTEXT) {
        tpl_try(tpl_emit_locals(b, s, &some));
    }

    flags |= some ? TPL_REF_LOCALS : 0;

    tpl_code_pos(b, node);
    tpl_try(tpl_code_emit(b, rc == TPL_OK ? TPL_INSN_IMPORT_STATIC
                                          : TPL_INSN_IMPORT,
                          flags, 0, index));

    if (node->type == TPL_NODE_IMPORT) {
        memset(&name, 0, sizeof(tpl_node_t));

        name.type = TPL_NODE_NAME;
        name.flags = TPL_NODE_F_STORE;
        name.pos = node->pos;
        name.u.name = node->u.ref.name;

        tpl_try(tpl_emit_store(b, s, &name));

        return tpl_emit_export_name(b, s, &node->u.ref.name, 0);
    }

    for (item = node->u.ref.names; item != NULL; item = item->next) {
        tpl_try(tpl_code_name(b->c, &item->u.keyword.name, &index));
        tpl_code_pos(b, node);
        tpl_try(tpl_code_emit(b, TPL_INSN_IMPORT_NAME, 0, 0, index));
        tpl_try(tpl_emit_store(b, s, item->u.keyword.value));
        tpl_try(tpl_emit_export_name(b, s, &item->u.keyword.value->u.name,
                                     0));
    }

    return tpl_code_emit(b, TPL_INSN_POP, 0, 0, 0);
}
