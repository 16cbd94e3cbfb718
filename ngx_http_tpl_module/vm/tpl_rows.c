
/*
 * Rows: a loop over a list that writes texts and values, some of them on a
 * condition, as tables, lists and menus do.
 *
 * Each item is written in one go: its values are looked for, all of them are
 * put where the page goes on, and only then they count as written.  An item
 * that is not that simple is left to the instructions themselves, from its
 * beginning; they, the output and the fuel cannot tell who wrote the others.
 */

#include "program/tpl_rows.h"
#include "vm/tpl_fast.h"


static const tpl_value_t  tpl_row_nothing = {
    .type = TPL_STRING,
    .flags = TPL_F_ASCII,
    .u.s = (const tpl_char_t *) ""
};


static inline tpl_char_t *
tpl_row_text(tpl_char_t *p, const tpl_row_step_t *step)
{
    if (tpl_likely(step->text == NULL)) {
        memcpy(p, step->copy, TPL_ROW_SHORT);

    } else {
        tpl_copy_short(p, step->text, step->len);
    }

    return p + step->len;
}


/* v as it is printed; NULL if it is unusual or does not fit before end */

static inline tpl_char_t *
tpl_row_value(tpl_char_t *p, const tpl_char_t *end, const tpl_value_t *v,
    tpl_uint_t escape)
{
    int64_t  len;

    if (v->type == TPL_INT) {
        return (end - p < TPL_INT64_LEN) ? NULL : tpl_format_int(p, v->u.i);
    }

    if (tpl_likely(v->type == TPL_STRING)) {
        len = v->len;

        if (tpl_unlikely(len > TPL_PUT_STRING
                         || end - p < tpl_escape_room(len)))
        {
            return NULL;
        }

        if (escape && !(v->flags & TPL_F_SAFE)) {
            return tpl_escape_put(p, v->u.s, (size_t) len);
        }

        tpl_copy_short(p, v->u.s, (size_t) len);

        return p + len;
    }

    if (v->type != TPL_FLOAT || end - p < TPL_FLOAT_LEN) {
        return NULL;
    }

    return tpl_format_float(p, v->u.d);
}


/* what step is about; NULL if an item of something else is asked for */

static inline const tpl_value_t *
tpl_row_find(tpl_vm_t *vm, const tpl_row_step_t *step,
    const tpl_value_t *item, const tpl_value_t *slots)
{
    tpl_uint_t          undefined;
    const tpl_value_t  *v;

    v = step->own ? item : step->value ? step->value : &slots[step->slot];

    if (step->name == NULL) {
        return v;
    }

    if (tpl_unlikely(v->type != TPL_DICT)) {
        return NULL;
    }

    v = tpl_dict_find_again(v->u.dict, step->name,
                            &vm->hints[step->hint & (TPL_HINTS - 1)]);

    if (tpl_likely(v != NULL)) {
        return v;
    }

    /* undefined, as nothing in a page and not true, but equal to no text */

    undefined = vm->exec.options->undefined;

    return (step->with == NULL && (undefined == TPL_UNDEF_LENIENT
                                   || undefined == TPL_UNDEF_CHAINABLE))
           ? &tpl_row_nothing : NULL;
}


/* a whole row, and the fuel it takes; NULL as above */

static inline tpl_char_t *
tpl_row_write(tpl_vm_t *vm, const tpl_rows_t *rows, tpl_char_t *p,
    const tpl_char_t *end, const tpl_value_t *item, const tpl_value_t *slots,
    int64_t *spent)
{
    int64_t                fuel;
    tpl_int_t              truth;
    tpl_uint_t             escape;
    const tpl_value_t     *v;
    const tpl_row_step_t  *step;

    escape = vm->exec.autoescape;
    fuel = 0;
    step = rows->steps;

    for ( ;; ) {
        truth = 0;

        if (step->kind <= TPL_ROW_TEXT) {
            p = tpl_row_text(p, step);

            if (step->kind == TPL_ROW_END) {
                *spent = fuel + step->fuel[0];
                return p;
            }

        } else {
            v = tpl_row_find(vm, step, item, slots);

            if (tpl_unlikely(v == NULL)) {
                return NULL;
            }

            if (tpl_unlikely(v == &tpl_row_nothing)) {
                fuel += step->absent;
            }

            if (step->kind == TPL_ROW_VALUE) {
                p = tpl_row_value(tpl_row_text(p, step), end, v, escape);

                if (tpl_unlikely(p == NULL)) {
                    return NULL;
                }

            } else {
                truth = step->with ? tpl_vm_plain_compare(step->compare, v,
                                                          step->with)
                                   : tpl_vm_plain_truth(v);

                if (tpl_unlikely(truth == TPL_UNSURE)) {
                    return NULL;
                }
            }
        }

        fuel += step->fuel[truth];
        step = &rows->steps[step->next[truth]];
    }
}


/*
 * Rows of nothing but an item and texts, as the cells of a table: until one is
 * not plain, there is no room or no fuel.  Told apart, and with nothing else
 * around the loop, they are an eighth faster.  Returns the first item that is
 * left.
 */

static const tpl_value_t *
tpl_rows_alone(const tpl_rows_t *rows, tpl_char_t **row,
    const tpl_char_t *end, const tpl_value_t *item, const tpl_value_t *last,
    tpl_uint_t escape, int64_t *fuel)
{
    int64_t                left, cost;
    tpl_char_t            *p, *start;
    const tpl_row_step_t  *before, *after;

    before = rows->steps;
    after = &rows->steps[before->next[0]];

    start = *row;
    cost = rows->fuel;

    for (left = *fuel; item < last && left >= cost; item++) {
        p = tpl_row_value(tpl_row_text(start, before), end, item, escape);

        if (tpl_unlikely(p == NULL)) {
            break;
        }

        start = tpl_row_text(p, after);
        left -= cost;
    }

    *row = start;
    *fuel = left;

    return item;
}


/* as above, rows of any steps */

static const tpl_value_t *
tpl_rows_any(tpl_vm_t *vm, const tpl_rows_t *rows, tpl_char_t **row,
    const tpl_char_t *end, const tpl_value_t *item, const tpl_value_t *last,
    const tpl_value_t *slots, int64_t *fuel)
{
    int64_t      cost;
    tpl_char_t  *p;

    while (item < last && *row <= end && *fuel >= rows->fuel) {
        p = tpl_row_write(vm, rows, *row, end, item, slots, &cost);

        if (tpl_unlikely(p == NULL)) {
            break;
        }

        *row = p;
        *fuel -= cost;
        item++;
    }

    return item;
}


int64_t
tpl_vm_rows(tpl_vm_t *vm, const tpl_insn_t *i, tpl_loop_t *loop,
    tpl_value_t *slots, int64_t fuel)
{
    tpl_char_t         *row, *end;
    tpl_output_t       *out;
    const tpl_rows_t   *rows;
    const tpl_value_t  *item, *first, *last;

    out = &vm->output;

    /* a list without items may have no memory to count from */

    if (loop->index0 + 1 >= (int64_t) loop->list->n
        || !tpl_output_fits(out, 0))
    {
        return fuel;
    }

    rows = vm->frame->fn->rows[i->a];

    first = loop->list->items + (loop->index0 + 1);
    last = loop->list->items + loop->list->n;

    row = out->pos;
    end = out->last;

    if ((size_t) (end - row) > out->limit - out->len) {
        end = row + (out->limit - out->len);
    }

    /* up to end there are values, and behind it is room for a row's texts */

    if ((size_t) (end - row) < rows->room) {
        return fuel;
    }

    end -= rows->room;

    item = rows->alone ? tpl_rows_alone(rows, &row, end, first, last,
                                        vm->exec.autoescape, &fuel)
                       : tpl_rows_any(vm, rows, &row, end, first, last,
                                      slots, &fuel);

    if (item > first) {
        slots[i[1].b] = item[-1];
        loop->index0 += item - first;
        tpl_output_commit(out, (size_t) (row - out->pos));
    }

    return fuel;
}
