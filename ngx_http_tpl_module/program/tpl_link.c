
/*
 * After all functions are there: which block overrides which, which templates
 * give the same bytes for the same data, and which leave the data alone.
 */

#include "program/tpl_compiler.h"


static tpl_int_t tpl_link_blocks(tpl_set_t *set, tpl_unit_t *unit,
    tpl_unit_t *parent);
static tpl_int_t tpl_link_fail(tpl_set_t *set, tpl_unit_t *unit,
    tpl_exc_t exc, const char *message);


tpl_int_t
tpl_link(tpl_set_t *set, tpl_unit_t *unit, tpl_error_t *err)
{
    tpl_uint_t   circle;
    tpl_unit_t  *u, *child, *next;

    /*
     * Outwards until something that is linked, remembering the way back; then
     * inwards again.
     */

    child = NULL;
    circle = 0;

    for (u = unit; /* void */ ; u = tpl_unit(u->parent)) {

        if (u->tmpl.state != TPL_UNIT_EMITTED) {
            circle = (u->tmpl.state == TPL_UNIT_LINKING);
            break;
        }

        u->tmpl.state = TPL_UNIT_LINKING;
        u->inner = child;
        child = u;

        if (u->parent == NULL) {
            break;
        }
    }

    if (circle) {
        for ( /* void */ ; child != NULL; child = next) {
            next = child->inner;
            child->inner = NULL;

            if (tpl_link_fail(set, child, TPL_EXC_RECURSION,
                              "the template extends itself")
                != TPL_OK)
            {
                return tpl_error_set(err, TPL_EXC_MEMORY, NULL,
                                     "out of memory");
            }
        }

        return TPL_OK;
    }

    for ( /* void */ ; child != NULL; child = next) {
        next = child->inner;
        child->inner = NULL;

        if (child->parent == NULL) {

            if (!(child->tmpl.flags & TPL_TEMPLATE_EXTENDS)) {
                child->tmpl.flags |= TPL_TEMPLATE_STATIC;
            }

        } else if (child->parent->state == TPL_UNIT_LINKED
                   && (child->parent->flags & TPL_TEMPLATE_STATIC))
        {
            if (tpl_link_blocks(set, child, tpl_unit(child->parent))
                != TPL_OK)
            {
                return tpl_error_set(err, TPL_EXC_MEMORY, NULL,
                                     "out of memory");
            }

            child->tmpl.flags |= TPL_TEMPLATE_STATIC;
        }

        child->tmpl.state = TPL_UNIT_LINKED;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_link_fail(tpl_set_t *set, tpl_unit_t *unit, tpl_exc_t exc,
    const char *message)
{
    tpl_error_t  *e;

    e = tpl_palloc(set->arena, sizeof(tpl_error_t));
    if (e == NULL) {
        return TPL_ERROR;
    }

    tpl_error_init(e, set->arena);
    tpl_error_set(e, exc, unit->tmpl.root ? &unit->tmpl.root->pos : NULL,
                  "%s", message);

    unit->tmpl.error = e;
    unit->tmpl.state = TPL_UNIT_FAILED;

    return TPL_OK;
}


/* own blocks go before the parent's; the parent's others are taken over */

static tpl_int_t
tpl_link_blocks(tpl_set_t *set, tpl_unit_t *unit, tpl_unit_t *parent)
{
    uint32_t              i, j, n;
    tpl_func_t          **chain;
    tpl_block_t          *blocks, *block;
    const tpl_block_t    *theirs;

    n = unit->tmpl.nblocks;

    blocks = tpl_pcalloc(set->arena, (n + parent->tmpl.nblocks + 1)
                                     * sizeof(tpl_block_t));
    if (blocks == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < n; i++) {
        blocks[i] = unit->tmpl.blocks[i];
    }

    for (i = 0; i < parent->tmpl.nblocks; i++) {
        theirs = &parent->tmpl.blocks[i];

        for (j = 0; j < unit->tmpl.nblocks; j++) {
            if (blocks[j].name == theirs->name) {
                break;
            }
        }

        if (j == unit->tmpl.nblocks) {
            blocks[n++] = *theirs;
            continue;
        }

        block = &blocks[j];

        chain = tpl_palloc(set->arena,
                           (block->n + theirs->n) * sizeof(tpl_func_t *));
        if (chain == NULL) {
            return TPL_ERROR;
        }

        memcpy(chain, block->chain, block->n * sizeof(tpl_func_t *));
        memcpy(chain + block->n, theirs->chain,
               theirs->n * sizeof(tpl_func_t *));

        block->chain = chain;
        block->n += theirs->n;
    }

    unit->tmpl.blocks = blocks;
    unit->tmpl.nblocks = n;

    return TPL_OK;
}


/* what a template links to decides too: until nothing changes any more */

void
tpl_link_purity(tpl_unit_t *units)
{
    uint32_t         i, flags;
    tpl_uint_t       changed;
    tpl_unit_t      *unit;
    tpl_template_t  *t;

    do {
        changed = 0;

        for (unit = units; unit != NULL; unit = unit->queue) {
            t = &unit->tmpl;
            flags = t->flags;

            for (i = 0; i < t->nlinks; i++) {
                flags |= t->links[i]->flags
                         & (TPL_TEMPLATE_IMPURE | TPL_TEMPLATE_DYNAMIC
                            | TPL_TEMPLATE_MUTATES | TPL_TEMPLATE_CALLS
                            | TPL_TEMPLATE_PICKS);
            }

            if (flags != t->flags) {
                t->flags = flags;
                changed = 1;
            }
        }

    } while (changed);
}


tpl_uint_t
tpl_mutates_name(const tpl_builtins_t *builtins, const tpl_str_t *name)
{
    tpl_str_t                 str;
    tpl_uint_t                i, type;
    const tpl_builtin_t      *fn;
    const tpl_builtin_map_t  *map;

    for (type = 0; type < TPL_INTERNAL; type++) {
        fn = tpl_builtins_find_str(builtins, tpl_methods_of(type), name);

        if (fn && (fn->flags & TPL_FN_MUTATES)) {
            return 1;
        }
    }

    /* of a module: random.shuffle */

    map = &builtins->tables[TPL_MODULES];

    for (i = 0; i < map->n; i++) {

        if (!(map->items[i]->flags & TPL_FN_MUTATES)) {
            continue;
        }

        str = map->items[i]->name.str;

        if (str.len > name->len && str.data[str.len - name->len - 1] == '.'
            && memcmp(str.data + str.len - name->len, name->data, name->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* a string that an item or attribute may be asked for by */

static tpl_uint_t
tpl_mutates_const(const tpl_builtins_t *builtins, const tpl_value_t *v)
{
    uint32_t   i;
    tpl_str_t  str;

    switch (v->type) {

    case TPL_STRING:
        str = tpl_value_str(v);

        return tpl_mutates_name(builtins, &str);

    case TPL_TUPLE:
        for (i = 0; i < v->u.list->n; i++) {
            if (tpl_mutates_const(builtins, &v->u.list->items[i])) {
                return 1;
            }
        }

        return 0;

    default:
        return 0;
    }
}


static tpl_uint_t
tpl_is_method(const tpl_builtins_t *builtins, const tpl_name_t *name)
{
    tpl_uint_t  type;

    for (type = 0; type < TPL_INTERNAL; type++) {
        if (tpl_builtins_find(builtins, tpl_methods_of(type), name)) {
            return 1;
        }
    }

    return 0;
}


/*
 * In Jinja2 only methods change a container, and namespaces are nobody else's.
 * A method is found by a name that stands in the template, or by one that does
 * not (PICKS) and then is called as a value (CALLS): by its variable, or as the
 * item of a dict, or as an attribute of a namespace.
 */

uint32_t
tpl_link_changes(const tpl_template_t *t)
{
    uint32_t               i, k, flags;
    const tpl_func_t      *fn;
    const tpl_insn_t      *insn;
    const tpl_name_t      *name;
    const tpl_builtin_t   *filter;
    const tpl_builtins_t  *builtins;

    if (t->set->conf.options.python) {
        return TPL_TEMPLATE_MUTATES;
    }

    builtins = t->set->conf.builtins;

    for (i = 0; i < t->nconsts; i++) {
        if (tpl_mutates_const(builtins, &t->consts[i])) {
            return TPL_TEMPLATE_MUTATES;
        }
    }

    flags = 0;

    for (i = 0; i < t->nnames; i++) {
        name = t->names[i];

        if (tpl_mutates_name(builtins, &name->str)) {
            return TPL_TEMPLATE_MUTATES;
        }

        /* its attributes are called as if they were methods */

        if (tpl_str_is(&name->str, "namespace")) {
            flags |= TPL_TEMPLATE_CALLS;
        }
    }

    for (k = 0; k < t->nfuncs; k++) {
        fn = t->funcs[k];

        for (i = 0; i < fn->ncode; i++) {
            insn = &fn->code[i];

            switch (insn->op) {

            case TPL_INSN_SET_ITEM:
                return TPL_TEMPLATE_MUTATES;

            case TPL_INSN_SET_ATTR:
            case TPL_INSN_CALL:
            case TPL_INSN_CALL_EX:
                flags |= TPL_TEMPLATE_CALLS;
                break;

            case TPL_INSN_CALL_METHOD:
                if (!tpl_is_method(builtins, t->names[insn->c])) {
                    flags |= TPL_TEMPLATE_CALLS;
                }

                break;

            case TPL_INSN_GET_ITEM:

                /* a constant, and not the last of several ways to the key */

                if (i < 2 || insn[-1].op != TPL_INSN_CONST
                    || tpl_insn_jumps(&insn[-2]))
                {
                    flags |= TPL_TEMPLATE_PICKS;
                }

                break;

            case TPL_INSN_FILTER:
            case TPL_INSN_FILTER_EX:
                filter = builtins->tables[TPL_FILTERS].items[insn->c];

                if (tpl_str_is(&filter->name.str, "attr")
                    || tpl_str_is(&filter->name.str, "map")
                    || tpl_str_is(&filter->name.str, "groupby"))
                {
                    flags |= TPL_TEMPLATE_PICKS;
                }

                break;

            default:
                break;
            }
        }
    }

    return flags;
}
