
/*
 * Rows: what a loop does for an item, if that is nothing but texts, values and
 * conditions.  tpl_row_read.c makes them of a loop's instructions when it is
 * compiled, vm/tpl_rows.c writes them.
 */

#ifndef _TPL_ROWS_H_INCLUDED_
#define _TPL_ROWS_H_INCLUDED_


#include "program/tpl_program.h"


TPL_BEGIN_DECLS


/* most steps of a row */
#define TPL_ROW_STEPS  24

/* longest text that is copied into the step, where so much can be read */
#define TPL_ROW_SHORT  16


typedef enum {
    TPL_ROW_END = 0,            /* a text, perhaps, and the next item */
    TPL_ROW_TEXT,
    TPL_ROW_VALUE,              /* a text, perhaps, and a value */
    TPL_ROW_IF
} tpl_row_kind_t;


/*
 * A value is a constant, what is in a slot, or the loop's own variable; with a
 * name, its item of that name.  After a step steps[next[0]] follows, and after
 * an IF of what is true steps[next[1]]; fuel is what the instructions of the
 * step take, at an end the next item's NEXT_ROWS included.
 */

typedef struct {
    tpl_char_t           copy[TPL_ROW_SHORT];
    const tpl_char_t    *text;          /* NULL: it is the copy */
    uint8_t              kind;          /* tpl_row_kind_t */
    uint8_t              own;           /* the loop's own variable */
    uint8_t              compare;       /* IF with: tpl_compare_op_t */
    uint8_t              hint;          /* which of the VM's, modulo them */
    uint8_t              next[2];
    uint8_t              fuel[2];
    uint8_t              absent;        /* more fuel if its item is not there:
                                           nothing is fused then */
    uint16_t             slot;
    uint16_t             len;           /* of the text, 0: none */
    const tpl_value_t   *value;         /* the constant, or NULL */
    const tpl_name_t    *name;          /* or NULL */
    const tpl_value_t   *with;          /* IF: the value is compared to it */
} tpl_row_step_t;


struct tpl_rows_s {
    uint32_t             n;
    uint32_t             fuel;          /* that an item takes at most */
    uint32_t             room;          /* for all texts, and what is read
                                           behind a short one */
    uint8_t              alone;         /* each row is its item and texts: a
                                           table's cells, an eighth faster for
                                           being told apart */
    tpl_row_step_t       steps[];
};


/*
 * The rows of the loop whose NEXT_STORE is at pc, in the set's arena; a step
 * follows only such as stand before it in the code.  NULL if the loop does
 * something else or more, or without memory.
 */
tpl_rows_t *tpl_row_read(const tpl_func_t *fn, uint32_t pc);


TPL_END_DECLS


#endif /* _TPL_ROWS_H_INCLUDED_ */
