
/*
 * Which route a request belongs to, for templates that ask.
 *
 * Of several that fit, werkzeug takes the one that has the most text where they
 * first differ, then the narrower converter, then the one that was there first.
 */

#include <math.h>
#include <stdlib.h>

#include "value/tpl_dict.h"
#include "web/tpl_object.h"
#include "web/tpl_route.h"


/* variables of a route that are looked at, and steps for one of them */
#define TPL_MATCH_PARTS  64
#define TPL_MATCH_STEPS  20000


typedef struct {
    const tpl_route_t       *route;
    const tpl_char_t        *last;
    tpl_uint_t               steps;
    tpl_str_t                values[TPL_MATCH_PARTS];
} tpl_match_t;


static tpl_uint_t tpl_match_from(tpl_match_t *m, uint32_t i,
    const tpl_char_t *p);
static tpl_uint_t tpl_match_value(tpl_match_t *m, uint32_t i,
    const tpl_char_t *p, size_t len);
static size_t tpl_match_most(const tpl_match_t *m,
    const tpl_route_part_t *part, const tpl_char_t *p);
static tpl_uint_t tpl_match_fits(const tpl_route_part_t *part,
    const tpl_str_t *s);
static tpl_uint_t tpl_match_prefers(const tpl_route_t *a,
    const tpl_route_t *b);
static tpl_uint_t tpl_match_weight(tpl_route_kind_t kind);
static tpl_int_t tpl_match_convert(tpl_exec_t *exec,
    const tpl_route_part_t *part, const tpl_str_t *s, tpl_value_t *out);


tpl_int_t
tpl_route_match(tpl_exec_t *exec, const tpl_routes_t *routes,
    const tpl_str_t *path, const tpl_route_t **route, tpl_value_t *values)
{
    uint32_t      i, k;
    tpl_int_t     rc;
    tpl_dict_t   *dict;
    tpl_match_t   m, best;
    tpl_value_t   v;

    best.route = NULL;

    for (i = 0; i < routes->n; i++) {
        m.route = routes->items[i];

        if (m.route->tornado || m.route->nparts > TPL_MATCH_PARTS) {
            continue;
        }

        m.last = path->data + path->len;
        m.steps = TPL_MATCH_STEPS;

        if (tpl_match_from(&m, 0, path->data)
            && (best.route == NULL
                || tpl_match_prefers(m.route, best.route)))
        {
            best = m;
        }

        tpl_charge_items(exec, 1 + TPL_MATCH_STEPS - m.steps);
    }

    if (best.route == NULL) {
        return TPL_DECLINED;
    }

    dict = tpl_dict_create(exec, best.route->nargs);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    for (k = 0; k < best.route->nparts; k++) {

        if (best.route->parts[k].kind == TPL_ROUTE_TEXT) {
            continue;
        }

        rc = tpl_match_convert(exec, &best.route->parts[k], &best.values[k],
                               &v);
        if (rc != TPL_OK) {
            return rc;
        }

        if (tpl_dict_set_str(exec, dict, &best.route->parts[k].text, &v)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    *route = best.route;
    tpl_value_dict(values, dict);

    return TPL_OK;
}


/* whether the parts from i on are what is left of the path */

static tpl_uint_t
tpl_match_from(tpl_match_t *m, uint32_t i, const tpl_char_t *p)
{
    size_t                   len, most;
    uint32_t                 k;
    const tpl_route_part_t  *part;

    if (m->steps == 0) {
        return 0;
    }

    m->steps--;

    if (i == m->route->nparts) {
        return p == m->last;
    }

    part = &m->route->parts[i];

    switch (part->kind) {

    case TPL_ROUTE_TEXT:
        return (size_t) (m->last - p) >= part->raw.len
               && memcmp(p, part->raw.data, part->raw.len) == 0
               && tpl_match_from(m, i + 1, p + part->raw.len);

    case TPL_ROUTE_ANY:

        for (k = 0; k < part->n; k++) {
            if ((size_t) (m->last - p) >= part->items[k].len
                && memcmp(p, part->items[k].data, part->items[k].len) == 0
                && tpl_match_value(m, i, p, part->items[k].len))
            {
                return 1;
            }
        }

        return 0;

    case TPL_ROUTE_PATH:

        /* as little as will do, and no slash at its start */

        if (p == m->last || *p == '/') {
            return 0;
        }

        for (len = 1; len <= (size_t) (m->last - p); len++) {
            if ((i + 1 < m->route->nparts || p + len == m->last)
                && tpl_match_value(m, i, p, len))
            {
                return 1;
            }
        }

        return 0;

    default:

        most = tpl_match_most(m, part, p);

        for (len = most; len > 0; len--) {
            if ((i + 1 < m->route->nparts || p + len == m->last)
                && tpl_match_value(m, i, p, len))
            {
                return 1;
            }
        }

        return 0;
    }
}


static tpl_uint_t
tpl_match_value(tpl_match_t *m, uint32_t i, const tpl_char_t *p, size_t len)
{
    tpl_str_t  s;

    s.data = (tpl_char_t *) p;
    s.len = len;

    if (m->steps == 0 || !tpl_match_fits(&m->route->parts[i], &s)) {
        m->steps -= (m->steps > 0);
        return 0;
    }

    m->values[i] = s;

    return tpl_match_from(m, i + 1, p + len);
}


/* how many bytes a variable may have at p */

static size_t
tpl_match_most(const tpl_match_t *m, const tpl_route_part_t *part,
    const tpl_char_t *p)
{
    const tpl_char_t  *q;

    q = p;

    if (part->kind == TPL_ROUTE_STRING) {

        while (q < m->last && *q != '/') {
            q++;
        }

        return q - p;
    }

    if (part->kind == TPL_ROUTE_UUID) {
        return (m->last - p >= 36) ? 36 : 0;
    }

    if (q < m->last && *q == '-' && part->is_signed) {
        q++;
    }

    while (q < m->last && ((*q >= '0' && *q <= '9')
                           || (*q == '.' && part->kind == TPL_ROUTE_FLOAT)))
    {
        q++;
    }

    return q - p;
}


/* the converters' regular expressions */

static tpl_uint_t
tpl_match_fits(const tpl_route_part_t *part, const tpl_str_t *s)
{
    size_t      i, n, dots;
    tpl_char_t  c;

    switch (part->kind) {

    case TPL_ROUTE_STRING:
        for (i = 0, n = 0; i < s->len; i++) {
            n += (s->data[i] & 0xc0) != 0x80;
        }

        return (double) n >= part->min && (double) n <= part->max;

    case TPL_ROUTE_UUID:
        for (i = 0; i < s->len; i++) {
            c = s->data[i];

            if ((i == 8 || i == 13 || i == 18 || i == 23)
                ? c != '-'
                : !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')
                    || (c >= 'a' && c <= 'f')))
            {
                return 0;
            }
        }

        return s->len == 36;

    case TPL_ROUTE_INT:
    case TPL_ROUTE_FLOAT:
        i = (s->data[0] == '-');

        for (dots = 0, n = i; n < s->len; n++) {
            dots += (s->data[n] == '.');
        }

        return n > i && s->data[i] != '.' && s->data[n - 1] != '.'
               && dots == (part->kind == TPL_ROUTE_FLOAT);

    default:
        return 1;
    }
}


static tpl_uint_t
tpl_match_prefers(const tpl_route_t *a, const tpl_route_t *b)
{
    uint32_t                 i;
    tpl_uint_t               x, y;
    const tpl_route_part_t  *p, *q;

    for (i = 0; i < a->nparts && i < b->nparts; i++) {
        p = &a->parts[i];
        q = &b->parts[i];

        x = tpl_match_weight(p->kind);
        y = tpl_match_weight(q->kind);

        if (x != y) {
            return x < y;
        }

        if (p->kind == TPL_ROUTE_TEXT && p->raw.len != q->raw.len) {
            return p->raw.len > q->raw.len;
        }
    }

    return 0;
}


static tpl_uint_t
tpl_match_weight(tpl_route_kind_t kind)
{
    switch (kind) {

    case TPL_ROUTE_TEXT:
        return 0;

    case TPL_ROUTE_INT:
    case TPL_ROUTE_FLOAT:
        return 50;

    case TPL_ROUTE_PATH:
        return 200;

    default:
        return 100;
    }
}


/* to_python(): a number that is out of range is no match, of any route */

static tpl_int_t
tpl_match_convert(tpl_exec_t *exec, const tpl_route_part_t *part,
    const tpl_str_t *s, tpl_value_t *out)
{
    size_t     i;
    char       text[64];
    double     d;
    tpl_str_t  copy;

    if (part->kind != TPL_ROUTE_INT && part->kind != TPL_ROUTE_FLOAT) {

        if (tpl_pstrdup(exec->arena, &copy, s->data, s->len) != TPL_OK) {
            return tpl_throw_memory(exec);
        }

        /* UUIDs print in lower case */

        for (i = 0; part->kind == TPL_ROUTE_UUID && i < copy.len; i++) {
            if (copy.data[i] >= 'A') {
                copy.data[i] |= 0x20;
            }
        }

        tpl_value_from_str(out, &copy);

        return TPL_OK;
    }

    if (s->len >= sizeof(text) || (part->digits && s->len != part->digits)) {
        return TPL_DECLINED;
    }

    memcpy(text, s->data, s->len);
    text[s->len] = 0;
    d = strtod(text, NULL);

    if (d < part->min || d > part->max) {
        return TPL_DECLINED;
    }

    if (part->kind == TPL_ROUTE_FLOAT) {
        tpl_value_float(out, d);
        return TPL_OK;
    }

    /* integers have 64 bits */

    if (fabs(d) >= 9.2e18) {
        return TPL_DECLINED;
    }

    tpl_value_int(out, strtoll(text, NULL, 10));

    return TPL_OK;
}
