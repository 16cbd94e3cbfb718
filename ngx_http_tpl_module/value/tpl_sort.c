
/*
 * Python's list.sort(): stable, by < alone, the later item on its left side, so
 * that the same pairs are compared and the same TypeErrors come.
 *
 * Runs that are there already are found, short ones grow by binary insertion,
 * as in CPython; then neighbours are merged until one is left.  What is sorted
 * are positions: keys and items move once, at the end.
 */

#include "value/tpl_inner.h"


/* lists below this are one run */
#define TPL_SORT_RUN  64


typedef enum {
    TPL_SORT_ANY = 0,
    TPL_SORT_STRINGS,
    TPL_SORT_INTS
} tpl_sort_kind_t;

typedef struct {
    tpl_exec_t          *exec;
    const tpl_value_t   *keys;
    tpl_sort_kind_t      kind;      /* of all keys */
    uint64_t            *starts;    /* STRINGS: their first 8 bytes, as a
                                       number that compares alike */
} tpl_sort_t;


/* keys[a] < keys[b]: 1 or 0, TPL_ERROR */

static tpl_int_t
tpl_sort_less(tpl_sort_t *sort, uint32_t a, uint32_t b)
{
    int                 rc;
    size_t              n;
    tpl_int_t           order;
    const tpl_value_t  *x, *y;

    sort->exec->fuel--;

    x = &sort->keys[a];
    y = &sort->keys[b];

    switch (sort->kind) {

    case TPL_SORT_STRINGS:
        if (sort->starts[a] != sort->starts[b]) {
            return sort->starts[a] < sort->starts[b];
        }

        n = tpl_min(x->len, y->len);
        rc = n ? memcmp(x->u.s, y->u.s, n) : 0;

        return rc ? rc < 0 : x->len < y->len;

    case TPL_SORT_INTS:
        return x->u.i < y->u.i;

    default:
        if (tpl_order(sort->exec, x, y, &order) != TPL_OK) {
            return TPL_ERROR;
        }

        return order < 0;
    }
}


/* missing bytes count as 0: then the whole strings decide */

static uint64_t
tpl_sort_start(const tpl_value_t *v)
{
    uint64_t  w;

    w = 0;
    tpl_copy_short((tpl_char_t *) &w, v->u.s, tpl_min(v->len, 8u));

#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
    w = __builtin_bswap64(w);
#endif

    return w;
}


/*
 * The end of the run at lo: items in order, or strictly falling ones, which are
 * turned round.  0: an error.
 */

static uint32_t
tpl_sort_count_run(tpl_sort_t *sort, uint32_t *order, uint32_t lo,
    uint32_t hi)
{
    uint32_t   i, k, t;
    tpl_int_t  rc, falling;

    if (hi - lo < 2) {
        return hi;
    }

    falling = tpl_sort_less(sort, order[lo + 1], order[lo]);
    if (falling == TPL_ERROR) {
        return 0;
    }

    for (i = lo + 2; i < hi; i++) {
        rc = tpl_sort_less(sort, order[i], order[i - 1]);
        if (rc == TPL_ERROR) {
            return 0;
        }

        if (rc != falling) {
            break;
        }
    }

    if (falling) {
        for (k = 0; k < (i - lo) / 2; k++) {
            t = order[lo + k];
            order[lo + k] = order[i - 1 - k];
            order[i - 1 - k] = t;
        }
    }

    return i;
}


/* sorts order[lo..hi), whose items before start are sorted */

static tpl_int_t
tpl_sort_insert(tpl_sort_t *sort, uint32_t *order, uint32_t lo,
    uint32_t start, uint32_t hi)
{
    uint32_t   left, right, middle, item;
    tpl_int_t  rc;

    for ( /* void */ ; start < hi; start++) {
        item = order[start];
        left = lo;
        right = start;

        while (left < right) {
            middle = left + (right - left) / 2;

            rc = tpl_sort_less(sort, item, order[middle]);
            if (rc == TPL_ERROR) {
                return rc;
            }

            if (rc) {
                right = middle;

            } else {
                left = middle + 1;
            }
        }

        memmove(&order[left + 1], &order[left],
                (start - left) * sizeof(uint32_t));
        order[left] = item;
    }

    return TPL_OK;
}


/* merges from[lo..middle) and from[middle..hi) into to */

static tpl_int_t
tpl_sort_merge(tpl_sort_t *sort, const uint32_t *from, uint32_t *to,
    uint32_t lo, uint32_t middle, uint32_t hi)
{
    uint32_t   a, b, k;
    tpl_int_t  rc;

    a = lo;
    b = middle;
    k = lo;

    if (b < hi) {
        rc = tpl_sort_less(sort, from[b], from[b - 1]);
        if (rc == TPL_ERROR) {
            return rc;
        }

        if (rc == 0) {
            memcpy(&to[lo], &from[lo], (hi - lo) * sizeof(uint32_t));
            return TPL_OK;
        }
    }

    while (a < middle && b < hi) {
        rc = tpl_sort_less(sort, from[b], from[a]);
        if (rc == TPL_ERROR) {
            return rc;
        }

        to[k++] = rc ? from[b++] : from[a++];
    }

    memcpy(&to[k], &from[a], (middle - a) * sizeof(uint32_t));
    k += middle - a;
    memcpy(&to[k], &from[b], (hi - b) * sizeof(uint32_t));

    return TPL_OK;
}


static void
tpl_values_reverse(tpl_value_t *v, uint32_t n)
{
    uint32_t     i;
    tpl_value_t  t;

    for (i = 0; i < n / 2; i++) {
        t = v[i];
        v[i] = v[n - 1 - i];
        v[n - 1 - i] = t;
    }
}


static tpl_int_t
tpl_values_permute(tpl_exec_t *exec, tpl_value_t *v, const uint32_t *order,
    uint32_t n)
{
    uint32_t      i;
    tpl_value_t  *copy;

    copy = tpl_palloc(exec->arena, n * sizeof(tpl_value_t));
    if (copy == NULL) {
        return tpl_throw_memory(exec);
    }

    memcpy(copy, v, n * sizeof(tpl_value_t));

    for (i = 0; i < n; i++) {
        v[i] = copy[order[i]];
    }

    return TPL_OK;
}


/*
 * Sorts order[0..n) with other as room; ends has room for the ends of n / 16
 * runs.  Returns the one of both that is sorted, NULL after an error.
 */

static uint32_t *
tpl_sort_order(tpl_sort_t *sort, uint32_t *order, uint32_t *other,
    uint32_t *ends, uint32_t n)
{
    uint32_t  i, k, lo, hi, least, runs, *t;

    /* CPython: merge_compute_minrun() */

    k = 0;

    for (least = n; least >= TPL_SORT_RUN; least >>= 1) {
        k |= least & 1;
    }

    least += k;
    runs = 0;

    for (lo = 0; lo < n; lo = hi) {
        hi = tpl_sort_count_run(sort, order, lo, n);
        if (hi == 0) {
            return NULL;
        }

        if (hi - lo < least) {
            i = hi;
            hi = lo + tpl_min(least, n - lo);

            if (tpl_sort_insert(sort, order, lo, i, hi) != TPL_OK) {
                return NULL;
            }
        }

        ends[runs++] = hi;
    }

    while (runs > 1) {
        lo = 0;

        for (i = 0, k = 0; i < runs; i += 2, k++) {
            hi = ends[tpl_min(i + 1, runs - 1)];

            if (tpl_sort_merge(sort, order, other, lo, ends[i], hi)
                != TPL_OK)
            {
                return NULL;
            }

            ends[k] = hi;
            lo = hi;
        }

        runs = k;

        t = order;
        order = other;
        other = t;
    }

    return order;
}


tpl_int_t
tpl_list_sort(tpl_exec_t *exec, tpl_list_t *list, tpl_value_t *keys,
    tpl_uint_t reverse)
{
    uint32_t    i, n, *order;
    tpl_sort_t  sort;

    n = list->n;

    if (n < 2) {
        return TPL_OK;
    }

    /* reversed before and after, equal items keep their order */

    if (reverse) {
        tpl_values_reverse(list->items, n);

        if (keys) {
            tpl_values_reverse(keys, n);
        }
    }

    sort.exec = exec;
    sort.keys = keys ? keys : list->items;
    sort.kind = (sort.keys[0].type == TPL_STRING) ? TPL_SORT_STRINGS
                : (sort.keys[0].type == TPL_INT) ? TPL_SORT_INTS
                : TPL_SORT_ANY;

    for (i = 1; i < n; i++) {
        if (sort.keys[i].type != sort.keys[0].type) {
            sort.kind = TPL_SORT_ANY;
            break;
        }
    }

    order = tpl_palloc(exec->arena,
                       ((size_t) n * 2 + n / 16 + 1) * sizeof(uint32_t));
    if (order == NULL) {
        return tpl_throw_memory(exec);
    }

    if (sort.kind == TPL_SORT_STRINGS) {
        sort.starts = tpl_palloc(exec->arena, n * sizeof(uint64_t));
        if (sort.starts == NULL) {
            return tpl_throw_memory(exec);
        }

        for (i = 0; i < n; i++) {
            sort.starts[i] = tpl_sort_start(&sort.keys[i]);
        }
    }

    for (i = 0; i < n; i++) {
        order[i] = i;
    }

    order = tpl_sort_order(&sort, order, order + n, order + 2 * (size_t) n,
                           n);
    if (order == NULL) {
        return TPL_ERROR;
    }

    if (tpl_values_permute(exec, list->items, order, n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (keys && tpl_values_permute(exec, keys, order, n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (reverse) {
        tpl_values_reverse(list->items, n);

        if (keys) {
            tpl_values_reverse(keys, n);
        }
    }

    return TPL_OK;
}
