
/*
 * The pprint filter: a value over several lines of at most 80 columns where it
 * fits, as CPython's pprint.pformat() lays it out.
 *
 * Whether a container fits on its line is asked with a limit: the attempt stops
 * at the column where it no longer does, so that nesting costs nothing twice.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


#define TPL_PPRINT_WIDTH  80


typedef struct {
    tpl_exec_t  *exec;
    tpl_buf_t    b;
    tpl_buf_t    tmp;       /* of one string's repr() */
    tpl_uint_t   compact;   /* as many items on a line as fit */
    tpl_uint_t   depth;     /* what is nested deeper is "..."; 0: no limit */
} tpl_pprint_t;


static tpl_int_t tpl_pprint_format(tpl_pprint_t *pp, const tpl_value_t *v,
    int64_t indent, int64_t allowance, tpl_uint_t level);


/* pprint knows tuples by their __repr__, and Jinja2's groups have their own */

static inline tpl_uint_t
tpl_pprint_is_group(const tpl_value_t *v)
{
    return v->type == TPL_TUPLE && v->aux == TPL_AUX_GROUP;
}


/*
 * pprint's _safe_key: whether a comes before b; what has no order is ordered by
 * the names of the types.
 */

static tpl_uint_t
tpl_pprint_before(tpl_exec_t *exec, const tpl_value_t *a,
    const tpl_value_t *b)
{
    tpl_int_t  order;

    if ((tpl_is_string(a) && tpl_is_string(b))
        || (tpl_is_number(a) && tpl_is_number(b))
        || (a->type == TPL_TUPLE && b->type == TPL_TUPLE))
    {
        if (tpl_order(exec, a, b, &order) == TPL_OK) {
            return order < 0;
        }

        /* tuples of different things: their own TypeError, which is caught */

        if (exec->error->exc != TPL_EXC_TYPE) {
            return 0;
        }

        tpl_error_clear(exec->error);
        return 0;
    }

    return strcmp(tpl_type_name(a), tpl_type_name(b)) < 0;
}


/* merge sort, stable, of n pairs by the first of each */

static tpl_int_t
tpl_pprint_sort(tpl_exec_t *exec, tpl_value_t *pairs, tpl_uint_t n)
{
    tpl_uint_t    width, i, j, k, m, mid, end;
    tpl_value_t  *from, *to, *t;

    if (n < 2) {
        return TPL_OK;
    }

    from = pairs;
    to = tpl_palloc(exec->arena, n * 2 * sizeof(tpl_value_t));

    if (to == NULL) {
        return tpl_throw_memory(exec);
    }

    for (width = 1; width < n; width *= 2) {
        tpl_charge_items(exec, n);

        for (i = 0; i < n; i += width * 2) {
            mid = tpl_min(i + width, n);
            end = tpl_min(mid + width, n);
            j = i;
            k = mid;

            for (m = i; m < end; m++) {

                if (k < end
                    && (j == mid
                        || tpl_pprint_before(exec, &from[k * 2],
                                             &from[j * 2])))
                {
                    t = &from[k++ * 2];
                } else {
                    t = &from[j++ * 2];
                }

                to[m * 2] = t[0];
                to[m * 2 + 1] = t[1];
            }
        }

        t = from;
        from = to;
        to = t;
    }

    if (from != pairs) {
        memcpy(pairs, from, n * 2 * sizeof(tpl_value_t));
    }

    return (exec->error->exc == TPL_EXC_NONE) ? TPL_OK : TPL_ERROR;
}


/* a dict's or set's entries by key: pairs of key and value */

static tpl_int_t
tpl_pprint_entries(tpl_exec_t *exec, const tpl_dict_t *dict,
    tpl_value_t **pairs)
{
    uint32_t           i;
    tpl_uint_t         n;
    tpl_dict_entry_t  *e;

    *pairs = tpl_palloc(exec->arena,
                        ((size_t) dict->n + 1) * 2 * sizeof(tpl_value_t));

    if (*pairs == NULL) {
        return tpl_throw_memory(exec);
    }

    n = 0;

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; n++) {
        (*pairs)[n * 2] = e->key;
        (*pairs)[n * 2 + 1] = e->value;
    }

    return tpl_pprint_sort(exec, *pairs, n);
}


/* appends text of n characters' width; TPL_DECLINED past the limit */

static tpl_int_t
tpl_pprint_text(tpl_pprint_t *pp, const void *p, size_t len, int64_t *room)
{
    *room -= tpl_utf8_length(p, len);

    if (*room < 0) {
        return TPL_DECLINED;
    }

    if (tpl_buf_add(&pp->b, p, len) != TPL_OK) {
        return tpl_throw_memory(pp->exec);
    }

    return TPL_OK;
}


/*
 * pprint's _safe_repr: repr() with the keys of dicts sorted, taken off *room;
 * TPL_DECLINED when it does not fit (the text in b is then void).
 */

static tpl_int_t
tpl_pprint_repr(tpl_pprint_t *pp, const tpl_value_t *v, tpl_uint_t level,
    int64_t *room)
{
    tpl_int_t     rc;
    tpl_uint_t    i, n;
    tpl_list_t   *list;
    tpl_value_t  *pairs;

    pp->exec->fuel--;

    if (*room < 0) {
        return TPL_DECLINED;
    }

    if (v->type == TPL_DICT && v->u.dict->n) {

        if (pp->depth && level >= pp->depth) {
            return tpl_pprint_text(pp, "{...}", 5, room);
        }

        n = v->u.dict->n;

        /* each entry takes its key, ": ", its value and ", " or a brace */

        if ((int64_t) n > *room) {
            return TPL_DECLINED;
        }

        if (pp->exec->depth >= TPL_MAX_DEPTH) {
            return tpl_throw(pp->exec, TPL_EXC_RECURSION,
                             "maximum recursion depth exceeded");
        }

        if (tpl_pprint_entries(pp->exec, v->u.dict, &pairs) != TPL_OK) {
            return TPL_ERROR;
        }

        pp->exec->depth++;
        rc = tpl_pprint_text(pp, "{", 1, room);

        for (i = 0; i < n && rc == TPL_OK; i++) {

            if (i) {
                rc = tpl_pprint_text(pp, ", ", 2, room);
            }

            if (rc == TPL_OK) {
                rc = tpl_pprint_repr(pp, &pairs[i * 2], level + 1, room);
            }

            if (rc == TPL_OK) {
                rc = tpl_pprint_text(pp, ": ", 2, room);
            }

            if (rc == TPL_OK) {
                rc = tpl_pprint_repr(pp, &pairs[i * 2 + 1], level + 1, room);
            }
        }

        pp->exec->depth--;

        return (rc == TPL_OK) ? tpl_pprint_text(pp, "}", 1, room) : rc;
    }

    if (v->type == TPL_LIST
        || (v->type == TPL_TUPLE && !tpl_pprint_is_group(v)))
    {
        list = v->u.list;

        if (pp->depth && level >= pp->depth && list->n) {
            return tpl_pprint_text(pp, v->type == TPL_LIST ? "[...]"
                                   : list->n == 1 ? "(...,)" : "(...)",
                                   5 + (v->type == TPL_TUPLE && list->n == 1),
                                   room);
        }

        if ((int64_t) list->n > *room) {
            return TPL_DECLINED;
        }

        if (pp->exec->depth >= TPL_MAX_DEPTH) {
            return tpl_throw(pp->exec, TPL_EXC_RECURSION,
                             "maximum recursion depth exceeded");
        }

        pp->exec->depth++;
        rc = tpl_pprint_text(pp, v->type == TPL_LIST ? "[" : "(", 1, room);

        for (i = 0; i < list->n && rc == TPL_OK; i++) {

            if (i) {
                rc = tpl_pprint_text(pp, ", ", 2, room);
            }

            if (rc == TPL_OK) {
                rc = tpl_pprint_repr(pp, &list->items[i], level + 1, room);
            }
        }

        pp->exec->depth--;

        if (rc != TPL_OK) {
            return rc;
        }

        if (v->type == TPL_LIST) {
            return tpl_pprint_text(pp, "]", 1, room);
        }

        return (list->n == 1) ? tpl_pprint_text(pp, ",)", 2, room)
                              : tpl_pprint_text(pp, ")", 1, room);
    }

    if (v->type == TPL_STRING
        && (int64_t) tpl_string_length(v) + 2 > *room)
    {
        return TPL_DECLINED;
    }

    pp->tmp.len = 0;

    if (tpl_repr_to(pp->exec, v, &pp->tmp) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_pprint_text(pp, pp->tmp.data, pp->tmp.len, room);
}


/* characters of repr(s) of the text; -1 on an error */

static int64_t
tpl_pprint_width(tpl_pprint_t *pp, const tpl_value_t *s)
{
    pp->tmp.len = 0;

    if (tpl_repr_to(pp->exec, s, &pp->tmp) != TPL_OK) {
        return -1;
    }

    return tpl_utf8_length(pp->tmp.data, pp->tmp.len);
}


/* where the first run of non-blanks and the run of blanks after it end */

static const tpl_char_t *
tpl_pprint_part(const tpl_char_t *p, const tpl_char_t *last)
{
    tpl_uint_t         blank, now;
    const tpl_char_t  *q;

    blank = 0;

    while (p < last) {
        q = p;
        now = tpl_uc_space(tpl_utf8_decode(&q, last)) != 0;

        if (blank && !now) {
            break;
        }

        blank = now;
        p = q;
    }

    return p;
}


/* the pieces of one line of a long string, none wider than max if it can be */

static tpl_int_t
tpl_pprint_pieces(tpl_pprint_t *pp, const tpl_value_t *s,
    const tpl_str_t *line, int64_t max, int64_t allowance, tpl_uint_t last,
    tpl_list_t *chunks)
{
    int64_t            width;
    tpl_value_t        piece;
    const tpl_char_t  *p, *q, *end, *current;

    p = line->data;
    end = p + line->len;
    current = p;

    while (p < end) {
        q = tpl_pprint_part(p, end);

        if (q == end && last) {
            max -= allowance;
        }

        tpl_cut(s, current - s->u.s, q - s->u.s, &piece);
        width = tpl_pprint_width(pp, &piece);

        if (width < 0) {
            return TPL_ERROR;
        }

        if (width > max) {

            if (p > current) {
                tpl_cut(s, current - s->u.s, p - s->u.s, &piece);

                if (tpl_list_append(pp->exec, chunks, &piece) != TPL_OK) {
                    return TPL_ERROR;
                }
            }

            current = p;
        }

        p = q;
    }

    if (end > current) {
        tpl_cut(s, current - s->u.s, end - s->u.s, &piece);
        return tpl_list_append(pp->exec, chunks, &piece);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_pprint_newline(tpl_pprint_t *pp, int64_t indent)
{
    tpl_char_t  *p;

    p = tpl_buf_reserve(&pp->b, indent + 1);

    if (p == NULL) {
        return tpl_throw_memory(pp->exec);
    }

    *p = '\n';
    memset(p + 1, ' ', indent);
    pp->b.len += indent + 1;

    return TPL_OK;
}


/* pprint's _pprint_str: one literal a line, or a piece of a line */

static tpl_int_t
tpl_pprint_str(tpl_pprint_t *pp, const tpl_value_t *s, int64_t indent,
    int64_t allowance, tpl_uint_t level)
{
    size_t             brk;
    int64_t            max, width;
    tpl_str_t          line;
    tpl_uint_t         i;
    tpl_list_t        *chunks;
    tpl_value_t        v;
    const tpl_char_t  *p, *last;

    chunks = tpl_list_create(pp->exec, 4);

    if (chunks == NULL) {
        return tpl_throw_memory(pp->exec);
    }

    tpl_charge(pp->exec, s->len);

    if (level == 1) {
        indent++;
        allowance++;
    }

    max = TPL_PPRINT_WIDTH - indent;
    p = s->u.s;
    last = p + s->len;

    while (tpl_line_next(&p, last, &line, &brk) == TPL_OK) {
        line.len += brk;

        tpl_cut(s, line.data - s->u.s, p - s->u.s, &v);
        width = tpl_pprint_width(pp, &v);

        if (width < 0) {
            return TPL_ERROR;
        }

        if (width <= (p == last ? max - allowance : max)) {

            if (tpl_list_append(pp->exec, chunks, &v) != TPL_OK) {
                return TPL_ERROR;
            }

        } else if (tpl_pprint_pieces(pp, s, &line, max, allowance, p == last,
                                     chunks)
                   != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (chunks->n == 1) {
        return tpl_repr_to(pp->exec, s, &pp->b);
    }

    if (level == 1) {
        (void) tpl_buf_char(&pp->b, '(');
    }

    for (i = 0; i < chunks->n; i++) {

        if (i && tpl_pprint_newline(pp, indent) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_repr_to(pp->exec, &chunks->items[i], &pp->b) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (level == 1) {
        (void) tpl_buf_char(&pp->b, ')');
    }

    return TPL_OK;
}


/* pprint's _format_dict_items */

static tpl_int_t
tpl_pprint_dict(tpl_pprint_t *pp, const tpl_dict_t *dict, int64_t indent,
    int64_t allowance, tpl_uint_t level)
{
    int64_t       room;
    tpl_uint_t    i, n;
    tpl_value_t  *pairs;

    n = dict->n;

    if (tpl_pprint_entries(pp->exec, dict, &pairs) != TPL_OK) {
        return TPL_ERROR;
    }

    (void) tpl_buf_char(&pp->b, '{');
    indent++;

    for (i = 0; i < n; i++) {

        if (i) {
            (void) tpl_buf_char(&pp->b, ',');

            if (tpl_pprint_newline(pp, indent) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        room = INT64_MAX;

        if (tpl_pprint_repr(pp, &pairs[i * 2], level, &room) != TPL_OK) {
            return TPL_ERROR;
        }

        (void) tpl_buf_lit(&pp->b, ": ");

        if (tpl_pprint_format(pp, &pairs[i * 2 + 1],
                              indent + (INT64_MAX - room) + 2,
                              (i == n - 1) ? allowance + 1 : 1, level)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    (void) tpl_buf_char(&pp->b, '}');

    return TPL_OK;
}


/*
 * One item, behind the one before it or on a line of its own; *width is what
 * the line still has, max what a new one would have.  TPL_DECLINED if it fits
 * on neither: nothing is written then.
 */

static tpl_int_t
tpl_pprint_compact(tpl_pprint_t *pp, const tpl_value_t *v, tpl_uint_t i,
    int64_t indent, int64_t max, int64_t *width, tpl_uint_t level)
{
    size_t     mark, from;
    int64_t    room;
    tpl_int_t  rc;

    mark = pp->b.len;
    room = tpl_max(max, *width) - 2;

    /* written where it stands if it needs a new line, moved back if not */

    if (i) {
        (void) tpl_buf_char(&pp->b, ',');

        if (tpl_pprint_newline(pp, indent) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    from = pp->b.len;
    rc = tpl_pprint_repr(pp, v, level, &room);

    if (rc == TPL_DECLINED) {
        pp->b.len = mark;
        *width = max;
        return rc;
    }

    if (rc != TPL_OK) {
        return rc;
    }

    /* the width of the item and of what separates it from the next one */

    room = tpl_max(max, *width) - room;

    if (*width < room) {
        *width = max - room;
        return TPL_OK;
    }

    *width -= room;

    if (i && !pp->b.failed) {
        pp->b.data[mark + 1] = ' ';
        memmove(pp->b.data + mark + 2, pp->b.data + from, pp->b.len - from);
        pp->b.len -= from - (mark + 2);
    }

    return TPL_OK;
}


/* pprint's _format_items, of n values a stride apart */

static tpl_int_t
tpl_pprint_items(tpl_pprint_t *pp, const tpl_value_t *items, tpl_uint_t n,
    tpl_uint_t stride, const char *open, const char *close, int64_t indent,
    int64_t allowance, tpl_uint_t level)
{
    size_t      len;
    int64_t     width, max;
    tpl_int_t   rc;
    tpl_uint_t  i;

    len = strlen(close);
    (void) tpl_buf_add(&pp->b, open, 1);
    indent++;

    max = TPL_PPRINT_WIDTH - indent + 1;
    width = max;

    for (i = 0; i < n; i++) {

        if (i == n - 1) {
            max -= allowance + (int64_t) len;
            width -= allowance + (int64_t) len;
        }

        if (pp->compact) {
            rc = tpl_pprint_compact(pp, &items[i * stride], i, indent, max,
                                    &width, level);

            if (rc != TPL_DECLINED) {

                if (rc != TPL_OK) {
                    return rc;
                }

                continue;
            }
        }

        if (i) {
            (void) tpl_buf_char(&pp->b, ',');

            if (tpl_pprint_newline(pp, indent) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        if (tpl_pprint_format(pp, &items[i * stride], indent,
                              (i == n - 1) ? allowance + (int64_t) len : 1,
                              level)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    (void) tpl_buf_add(&pp->b, close, len);

    return TPL_OK;
}


/* pprint's _format: on one line if it fits, else by type */

static tpl_int_t
tpl_pprint_format(tpl_pprint_t *pp, const tpl_value_t *v, int64_t indent,
    int64_t allowance, tpl_uint_t level)
{
    size_t        mark;
    int64_t       room;
    tpl_int_t     rc;
    tpl_list_t   *list;
    tpl_value_t  *pairs;

    if ((v->type != TPL_LIST && v->type != TPL_TUPLE && v->type != TPL_DICT
         && v->type != TPL_SET && (v->type != TPL_STRING || tpl_is_safe(v)))
        || tpl_pprint_is_group(v))
    {
        pp->exec->fuel--;
        return tpl_repr_to(pp->exec, v, &pp->b);
    }

    mark = pp->b.len;
    room = TPL_PPRINT_WIDTH - indent - allowance;

    rc = tpl_pprint_repr(pp, v, level, &room);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    pp->b.len = mark;

    if (pp->exec->depth >= TPL_MAX_DEPTH) {
        return tpl_throw(pp->exec, TPL_EXC_RECURSION,
                         "maximum recursion depth exceeded");
    }

    pp->exec->depth++;
    level++;

    switch (v->type) {

    case TPL_LIST:
        list = v->u.list;
        rc = tpl_pprint_items(pp, list->items, list->n, 1, "[", "]", indent,
                              allowance, level);
        break;

    case TPL_TUPLE:
        list = v->u.list;
        rc = tpl_pprint_items(pp, list->items, list->n, 1, "(",
                              list->n == 1 ? ",)" : ")", indent, allowance,
                              level);
        break;

    case TPL_DICT:
        rc = tpl_pprint_dict(pp, v->u.dict, indent, allowance, level);
        break;

    case TPL_SET:
        if (v->u.dict->n == 0) {
            rc = tpl_repr_to(pp->exec, v, &pp->b);
            break;
        }

        rc = tpl_pprint_entries(pp->exec, v->u.dict, &pairs);

        if (rc == TPL_OK) {
            rc = tpl_pprint_items(pp, pairs, v->u.dict->n, 2, "{", "}",
                                  indent, allowance, level);
        }

        break;

    default:
        rc = v->len ? tpl_pprint_str(pp, v, indent, allowance, level)
                    : tpl_repr_to(pp->exec, v, &pp->b);
    }

    pp->exec->depth--;

    return rc;
}


static tpl_int_t
tpl_pprint_value(tpl_call_t *call, tpl_uint_t compact, tpl_uint_t depth)
{
    tpl_pprint_t  pp;

    pp.exec = call->exec;
    pp.compact = compact;
    pp.depth = depth;
    tpl_buf_init(&pp.b, call->exec->arena);
    tpl_buf_init(&pp.tmp, call->exec->arena);

    if (tpl_pprint_format(&pp, &call->args[0], 0, 0, 0) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &pp.b, 0);
}


/* Jinja2: do_pprint */

tpl_int_t
tpl_filter_pprint(tpl_call_t *call)
{
    return tpl_pprint_value(call, 0, 0);
}


/* Jinja2: ext.DebugExtension */

static tpl_int_t
tpl_debug_pprint(tpl_call_t *call)
{
    return tpl_pprint_value(call, 1, 3);
}


const tpl_builtin_def_t  tpl_internal[] = {

    { "pprint", "value", tpl_debug_pprint, 0 },

    { NULL, NULL, NULL, 0 }
};
