
/*
 * Rows: a loop over a list whose body is a few values between short texts, as
 * tables and menus are made of.
 *
 * Each item is written in one go: its values are looked for, all of them are
 * put where the page goes on, and only then they count as written.  An item
 * that is not that simple is left to the instructions themselves, from its
 * beginning; they, the output and the fuel cannot tell who wrote the others.
 */

#include "vm/tpl_fast.h"


/* shorter texts are copied into the step, where so many bytes can be read */
#define TPL_ROW_TEXT  16


typedef struct {
    tpl_char_t           data[TPL_ROW_TEXT];
    const tpl_str_t     *text;      /* NULL: it is data */
    size_t               len;
} tpl_row_text_t;


/* a text and a value: what is in a slot, or its item of a name */

typedef struct {
    tpl_row_text_t       text;
    const tpl_value_t   *value;     /* NULL: the loop's own variable */
    const tpl_name_t    *name;
    uint8_t             *hint;
    tpl_uint_t           more;      /* it is not the last */
} tpl_row_step_t;


struct tpl_rows_s {
    const tpl_insn_t    *insn;      /* NEXT_ROWS */
    const tpl_value_t   *slots;
    tpl_uint_t           alone;     /* each row is its item and texts: a table's
                                       cells, an eighth faster for being told
                                       apart */
    int64_t              fuel;      /* that an item takes */
    size_t               room;      /* for the texts */
    tpl_row_step_t       steps[TPL_ROW_VALUES];
    tpl_row_text_t       end;
};


static tpl_rows_t *tpl_rows_read(tpl_vm_t *vm, const tpl_insn_t *i,
    const tpl_value_t *slots);
static void tpl_row_text_init(tpl_row_text_t *t, const tpl_text_t *text);


static inline tpl_char_t *
tpl_row_text(tpl_char_t *p, const tpl_row_text_t *t)
{
    if (tpl_likely(t->text == NULL)) {
        memcpy(p, t->data, TPL_ROW_TEXT);

    } else {
        tpl_copy_short(p, t->text->data, t->len);
    }

    return p + t->len;
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


/* all values of a row, NULL as above */

static inline tpl_char_t *
tpl_row_values(tpl_char_t *p, const tpl_char_t *end, const tpl_rows_t *rows,
    const tpl_value_t *item, tpl_uint_t escape)
{
    const tpl_value_t     *v;
    const tpl_row_step_t  *step;

    step = rows->steps;

    do {
        v = step->value ? step->value : item;

        if (step->name) {
            if (tpl_unlikely(v->type != TPL_DICT)) {
                return NULL;
            }

            v = tpl_dict_find_again(v->u.dict, step->name, step->hint);

            if (tpl_unlikely(v == NULL)) {
                return NULL;
            }
        }

        p = tpl_row_value(tpl_row_text(p, &step->text), end, v, escape);

    } while (p && step++->more);

    return p;
}


int64_t
tpl_vm_rows(tpl_vm_t *vm, const tpl_insn_t *i, tpl_loop_t *loop,
    tpl_value_t *slots, int64_t fuel)
{
    int64_t                cost;
    tpl_char_t            *p, *row, *end;
    tpl_rows_t            *rows;
    tpl_uint_t             escape;
    tpl_output_t          *out;
    const tpl_value_t     *item, *first, *last;

    out = &vm->output;

    /* a list without items may have no memory to count from */

    if (loop->index0 + 1 >= (int64_t) loop->list->n
        || !tpl_output_fits(out, 0))
    {
        return fuel;
    }

    first = loop->list->items + (loop->index0 + 1);
    last = loop->list->items + loop->list->n;

    rows = vm->rows;

    if (rows == NULL || rows->insn != i || rows->slots != slots) {
        rows = tpl_rows_read(vm, i, slots);

        if (rows == NULL) {
            return fuel;
        }
    }

    row = out->pos;
    end = out->last;

    if ((size_t) (end - row) > out->limit - out->len) {
        end = row + (out->limit - out->len);
    }

    /* the texts are in every row: what is left is for values */

    if ((size_t) (end - row) < rows->room) {
        return fuel;
    }

    end -= rows->room;

    cost = rows->fuel;
    escape = vm->exec.autoescape;

    for (item = first; item < last && fuel >= cost; item++) {

        p = rows->alone ? tpl_row_value(tpl_row_text(row, &rows->steps->text),
                                        end, item, escape)
                        : tpl_row_values(row, end, rows, item, escape);
        if (p == NULL) {
            break;
        }

        row = tpl_row_text(p, &rows->end);
        fuel -= cost;
    }

    if (item > first) {
        slots[i[1].b] = item[-1];
        loop->index0 += item - first;
        tpl_output_commit(out, (size_t) (row - out->pos));
    }

    return fuel;
}


/* NULL without memory: then it goes without */

static tpl_rows_t *
tpl_rows_read(tpl_vm_t *vm, const tpl_insn_t *i, const tpl_value_t *slots)
{
    tpl_rows_t        *rows;
    tpl_row_step_t    *step;
    const tpl_text_t  *texts;
    const tpl_insn_t  *insn;
    tpl_template_t    *tmpl;

    rows = vm->rows;

    if (rows == NULL) {
        rows = tpl_palloc(vm->exec.arena, sizeof(tpl_rows_t));
        if (rows == NULL) {
            return NULL;
        }

        vm->rows = rows;
    }

    tmpl = vm->frame->fn->tmpl;
    texts = tmpl->texts;

    rows->insn = i;
    rows->slots = slots;

    /* NEXT_ROWS again, which is paid for already the first time, and LOOP */

    rows->fuel = 2;

    /* a text may be copied with bytes behind it */

    rows->room = TPL_ROW_TEXT;
    rows->end.text = NULL;
    rows->end.len = 0;

    step = rows->steps;

    for (insn = i + 2; insn->op != TPL_INSN_LOOP; step++) {
        tpl_row_text_init(&step->text, &texts[insn->c]);

        step->value = (insn[1].b == i[1].b) ? NULL : &slots[insn[1].b];
        step->name = NULL;
        step->more = 1;
        step->hint = tpl_vm_hint(vm, insn);

        rows->fuel++;
        rows->room += step->text.len;

        switch (insn->op) {

        case TPL_INSN_TEXT_SLOT:
            insn += 2;
            continue;

        case TPL_INSN_TEXT_ATTR:
            step->name = tmpl->names[insn[2].c];
            insn += 4;
            continue;

        case TPL_INSN_TEXT_SLOT_TEXT:
            insn += 3;
            break;

        default: /* TPL_INSN_TEXT_ATTR_TEXT */
            step->name = tmpl->names[insn[2].c];
            insn += 5;
        }

        /* the text that ends a row */

        tpl_row_text_init(&rows->end, &texts[insn[-1].c]);
        rows->room += rows->end.len;
    }

    step[-1].more = 0;

    step = rows->steps;
    rows->alone = !step->value && !step->name && !step->more;

    return rows;
}


static void
tpl_row_text_init(tpl_row_text_t *t, const tpl_text_t *text)
{
    t->len = text->str.len;
    t->text = (t->len > TPL_ROW_TEXT) ? &text->str : NULL;

    if (t->text == NULL) {
        tpl_copy_short(t->data, text->str.data, t->len);
    }
}
