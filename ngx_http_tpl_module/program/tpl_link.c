
/*
 * After all functions are there: which block overrides which, and which
 * templates give the same bytes for the same data.
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
                         & (TPL_TEMPLATE_IMPURE | TPL_TEMPLATE_DYNAMIC);
            }

            if (flags != t->flags) {
                t->flags = flags;
                changed = 1;
            }
        }

    } while (changed);
}
