
/*
 * What the unit tests of value/ stand on: an exec over an arena, values written
 * as Python writes them, and checks that say file, line and what is wrong.
 */

#ifndef _UNIT_VALUE_H_INCLUDED_
#define _UNIT_VALUE_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>

#include "value/tpl_builtin.h"
#include "value/tpl_dict.h"
#include "value/tpl_value.h"


static tpl_exec_t      unit_exec;
static tpl_error_t     unit_error;
static tpl_options_t   unit_options;
static unsigned        unit_checks, unit_failed;
static const char     *unit_p;

#define X  (&unit_exec)


static inline void
unit_start(size_t limit)
{
    static tpl_arena_t  *arena;

    if (arena) {
        tpl_arena_destroy(arena);

    } else {
        tpl_hash_init();
    }

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, limit);

    if (arena == NULL) {
        printf("no memory for an arena\n");
        exit(2);
    }

    memset(&unit_exec, 0, sizeof(tpl_exec_t));
    memset(&unit_options, 0, sizeof(tpl_options_t));
    tpl_error_init(&unit_error, arena);

    unit_exec.arena = arena;
    unit_exec.error = &unit_error;
    unit_exec.options = &unit_options;
    unit_exec.fuel = 1000000000;
}


static inline int
unit_end(void)
{
    tpl_arena_destroy(unit_exec.arena);
    printf("%u passed, %u failed\n", unit_checks - unit_failed, unit_failed);

    return unit_failed != 0;
}


static inline tpl_name_t
unit_name(const char *text)
{
    tpl_name_t  name;

    name.str.data = (tpl_char_t *) text;
    name.str.len = strlen(text);
    name.hash = tpl_hash(text, name.str.len);

    return name;
}


static inline void
unit_blanks(void)
{
    while (*unit_p == ' ' || *unit_p == ',' || *unit_p == ':') {
        unit_p++;
    }
}


static inline void unit_read(tpl_value_t *v);


/* the items up to the closing bracket */

static inline tpl_list_t *
unit_read_list(char end)
{
    tpl_list_t   *list;
    tpl_value_t   item;

    list = tpl_list_create(X, 0);

    for (unit_blanks(); *unit_p != end; unit_blanks()) {
        unit_read(&item);
        tpl_list_append(X, list, &item);
    }

    unit_p++;

    return list;
}


/*
 * A value as Python writes it; besides, M'...' is Markup and ?name an undefined
 * variable.  Strings have no escapes.
 */

static inline void
unit_read(tpl_value_t *v)
{
    char          quote, *end;
    uint8_t       flags;
    uint32_t      i;
    tpl_str_t     name;
    tpl_list_t   *list;
    tpl_dict_t   *dict;
    const char   *start;
    tpl_value_t   none;
    tpl_range_t  *range;

    unit_blanks();
    start = unit_p;

    if (strncmp(start, "None", 4) == 0) {
        unit_p += 4;
        tpl_value_none(v);
        return;
    }

    if (strncmp(start, "True", 4) == 0 || strncmp(start, "False", 5) == 0) {
        unit_p += (*start == 'T') ? 4 : 5;
        tpl_value_bool(v, *start == 'T');
        return;
    }

    if (strncmp(start, "range(", 6) == 0) {
        unit_p += 6;
        list = unit_read_list(')');
        range = tpl_palloc(X->arena, sizeof(tpl_range_t));
        range->start = list->items[0].u.i;
        range->stop = list->items[1].u.i;
        range->step = (list->n > 2) ? list->items[2].u.i : 1;
        *v = (tpl_value_t) { .type = TPL_RANGE, .u.range = range };
        return;
    }

    if (*start == '\'' || *start == '"' || *start == 'M') {
        flags = (*start == 'M') ? TPL_F_SAFE : 0;
        start += (*start == 'M');
        quote = *start++;
        unit_p = strchr(start, quote) + 1;
        tpl_value_string(v, (const tpl_char_t *) start, unit_p - 1 - start,
                         flags);
        return;
    }

    switch (*start) {

    case '[':
        unit_p++;
        list = unit_read_list(']');
        tpl_value_list(v, list);
        return;

    case '(':
        unit_p++;
        list = unit_read_list(')');
        tpl_value_tuple(v, list);
        return;

    case '{':
        unit_p++;
        dict = tpl_dict_create(X, 0);
        start = strchr(unit_p, ':');
        end = strchr(unit_p, '}');

        if (start && start < end) {
            list = unit_read_list('}');

            for (i = 0; i + 1 < list->n; i += 2) {
                tpl_dict_set(X, dict, &list->items[i], &list->items[i + 1]);
            }

            tpl_value_dict(v, dict);
            return;
        }

        list = unit_read_list('}');
        tpl_value_none(&none);

        for (i = 0; i < list->n; i++) {
            tpl_dict_set(X, dict, &list->items[i], &none);
        }

        /* {} is a dict */
        tpl_value_dict(v, dict);
        v->type = list->n ? TPL_SET : TPL_DICT;
        return;

    case '?':
        unit_p++;
        name.data = (tpl_char_t *) unit_p;

        while ((*unit_p >= 'a' && *unit_p <= 'z') || *unit_p == '_') {
            unit_p++;
        }

        name.len = (size_t) ((tpl_char_t *) unit_p - name.data);
        tpl_value_undefined(X, v, &name, NULL, NULL);
        return;

    default:
        tpl_value_int(v, strtoll(start, &end, 10));

        if (*end == '.' || *end == 'e' || *end == 'n' || *end == 'i'
            || (end[-1] == '-'))
        {
            tpl_value_float(v, strtod(start, &end));
        }

        if (end == start) {
            printf("unit_read: what is \"%s\"?\n", start);
            exit(2);
        }

        unit_p = end;
        return;
    }
}


static inline tpl_value_t
unit_value(const char *text)
{
    tpl_value_t  v;

    unit_p = text;
    unit_read(&v);

    return v;
}


/* the repr of a result, or "Exception: message"; the error is forgotten */

static inline const char *
unit_result(tpl_int_t rc, const tpl_value_t *v)
{
    size_t       i;
    tpl_buf_t    b;
    const char  *name;

    tpl_buf_init(&b, X->arena);

    if (rc == TPL_OK && tpl_repr_to(X, v, &b) == TPL_OK) {
        tpl_buf_char(&b, '\0');
        return (const char *) b.data;
    }

    name = tpl_exc_name(unit_error.exc);
    tpl_buf_add(&b, name, strlen(name));
    tpl_buf_lit(&b, ": ");

    for (i = 0; i < unit_error.message.len; i++) {
        tpl_buf_char(&b, unit_error.message.data[i]);
    }

    tpl_buf_char(&b, '\0');
    tpl_error_clear(&unit_error);

    return b.failed ? "(no memory)" : (const char *) b.data;
}


static inline void
unit_same(const char *file, int line, const char *what, const char *got,
    const char *want)
{
    unit_checks++;

    if (strcmp(got, want) != 0) {
        unit_failed++;
        printf("%s:%d: %s: %s, not %s\n", file, line, what, got, want);
    }
}


static inline void
unit_true(const char *file, int line, const char *what, tpl_uint_t ok)
{
    unit_checks++;

    if (!ok) {
        unit_failed++;
        printf("%s:%d: %s\n", file, line, what);
    }
}


#define check(ok)  unit_true(__FILE__, __LINE__, #ok, (tpl_uint_t) (ok))


#endif /* _UNIT_VALUE_H_INCLUDED_ */
