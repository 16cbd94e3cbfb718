
/*
 * The reader of Tornado's .csv files of translations.
 */

#include "base/tpl_utf8.h"
#include "builtins/tpl_args.h"
#include "builtins/tpl_catalogue.h"


/* fields of a line that mean something */
#define TPL_CSV_FIELDS  3


/*
 * One line into at most TPL_CSV_FIELDS texts of the arena: n is how many it
 * has.  A field in quotes may hold commas and line ends; "" in it is one quote,
 * and what follows its end belongs to it, as in Python's csv.
 */

static tpl_int_t
tpl_csv_line(tpl_arena_t *arena, const tpl_char_t **pos,
    const tpl_char_t *last, tpl_str_t *fields, tpl_uint_t *n)
{
    tpl_char_t         c;
    tpl_buf_t          b;
    tpl_uint_t         quoted, any;
    const tpl_char_t  *p;

    p = *pos;
    *n = 0;
    quoted = 0;
    any = 0;

    tpl_buf_init(&b, arena);

    for ( ;; ) {

        c = (p < last) ? *p : '\n';

        if (quoted && p < last) {

            if (c == '"' && last - p > 1 && p[1] == '"') {
                p++;

            } else if (c == '"') {
                quoted = 0;
                p++;
                continue;

            } else if (c == '\r' && last - p > 1 && p[1] == '\n') {
                p++;
                continue;
            }

            tpl_buf_char(&b, (c == '\r') ? '\n' : c);
            p++;
            continue;
        }

        if (c == '"' && !any && b.len == 0) {
            quoted = 1;
            any = 1;
            p++;
            continue;
        }

        if (c != ',' && c != '\n' && c != '\r') {
            any = 1;
            tpl_buf_char(&b, c);
            p++;
            continue;
        }

        if (b.failed) {
            return TPL_ERROR;
        }

        if (*n < TPL_CSV_FIELDS) {
            fields[*n].data = b.data ? b.data : (tpl_char_t *) "";
            fields[*n].len = b.len;

            tpl_text_strip(&fields[*n], NULL,
                           TPL_STRIP_LEFT|TPL_STRIP_RIGHT);

            (*n)++;
        }

        tpl_buf_init(&b, arena);
        any = 0;

        if (c == ',') {
            p++;
            continue;
        }

        p += (p < last);

        if (c == '\r' && p < last && *p == '\n') {
            p++;
        }

        *pos = p;

        return TPL_OK;
    }
}


tpl_catalogue_t *
tpl_catalogue_load_csv(tpl_arena_t *arena, const tpl_str_t *path,
    const tpl_str_t *text, tpl_error_t *err)
{
    size_t               i;
    uint32_t             lines;
    tpl_str_t            fields[TPL_CSV_FIELDS];
    tpl_uint_t           n;
    tpl_catalogue_t     *c;
    const tpl_char_t    *p, *last;
    tpl_message_kind_t   kind;

    p = text->data;
    last = p + text->len;

    if (text->len > UINT32_MAX / 2
        || tpl_utf8_check(text->data, text->len) != text->len)
    {
        (void) tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "%.*s: the file is not in UTF-8",
                             tpl_str_arg(path));
        return NULL;
    }

    if (text->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for (lines = 1, i = 0; i < text->len; i++) {
        lines += (text->data[i] == '\n' || text->data[i] == '\r');
    }

    c = tpl_catalogue_create(arena, lines);
    if (c == NULL) {
        goto memory;
    }

    c->csv = 1;

    while (p < last) {

        if (tpl_csv_line(arena, &p, last, fields, &n) != TPL_OK) {
            goto memory;
        }

        if (n < 2) {
            continue;
        }

        kind = TPL_MESSAGE_PLAIN;

        if (n > 2 && fields[2].len && !tpl_str_is(&fields[2], "unknown")) {

            if (tpl_str_is(&fields[2], "plural")) {
                kind = TPL_MESSAGE_PLURAL;

            } else if (tpl_str_is(&fields[2], "singular")) {
                kind = TPL_MESSAGE_SINGULAR;

            } else {
                continue;
            }
        }

        tpl_catalogue_add(c, kind, &fields[0], &fields[1]);
    }

    return c;

memory:

    (void) tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");

    return NULL;
}
