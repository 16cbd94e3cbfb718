
/*
 * Python's list.sort(): stable, by < alone.  What is sorted are positions: keys
 * and items move once, at the end.
 *
 * Keys that are all strings, or all integers, have an order that asks nobody:
 * they are compared by a number each, a string by its bytes where the numbers
 * of two are the same.  Comparing any others may be an error, so the same pairs
 * are compared as by CPython, the later item on the left side: runs that are
 * there already are found, short ones grow by binary insertion, then neighbours
 * are merged until one is left.
 */

#include "value/tpl_inner.h"


/* lists below this are one run */
#define TPL_SORT_RUN  64


/* plain keys: so many are sorted by insertion */
#define TPL_SORT_FEW  16


typedef struct {
    tpl_exec_t          *exec;
    const tpl_value_t   *keys;
} tpl_sort_t;

typedef struct {
    uint64_t             rank;      /* of two keys the less has the less, or
                                       both have the same */
    uint32_t             at;        /* the key's position */
} tpl_rank_t;


/* keys[a] < keys[b]: 1 or 0, TPL_ERROR */

static tpl_int_t
tpl_sort_less(tpl_sort_t *sort, uint32_t a, uint32_t b)
{
    tpl_int_t  order;

    sort->exec->fuel--;

    if (tpl_order(sort->exec, &sort->keys[a], &sort->keys[b], &order)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return order < 0;
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


/*
 * The first 8 bytes as a number that compares alike.  Missing bytes count as 0:
 * then the whole strings decide.
 */

static uint64_t
tpl_rank_string(const tpl_value_t *v)
{
    uint64_t  w;

    w = 0;
    tpl_copy_short((tpl_char_t *) &w, v->u.s, tpl_min(v->len, 8u));

#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
    w = __builtin_bswap64(w);
#endif

    return w;
}


static tpl_uint_t
tpl_rank_less(const tpl_value_t *keys, const tpl_rank_t *a,
    const tpl_rank_t *b)
{
    int                 rc;
    size_t              n;
    const tpl_value_t  *x, *y;

    if (tpl_likely(a->rank != b->rank)) {
        return a->rank < b->rank;
    }

    x = &keys[a->at];
    y = &keys[b->at];

    if (x->type == TPL_INT) {
        return 0;
    }

    n = tpl_min(x->len, y->len);
    rc = n ? memcmp(x->u.s, y->u.s, n) : 0;

    return rc ? rc < 0 : x->len < y->len;
}


static void
tpl_rank_insert(const tpl_value_t *keys, tpl_rank_t *v, size_t n)
{
    size_t      i, k;
    tpl_rank_t  item;

    for (i = 1; i < n; i++) {
        item = v[i];

        for (k = i; k && tpl_rank_less(keys, &item, &v[k - 1]); k--) {
            v[k] = v[k - 1];
        }

        v[k] = item;
    }
}


/* merges v[0..middle) and v[middle..n); room is for the first of them */

static void
tpl_rank_merge(const tpl_value_t *keys, tpl_rank_t *v, size_t middle,
    size_t n, tpl_rank_t *room)
{
    tpl_rank_t  *a, *b, *last;

    if (!tpl_rank_less(keys, &v[middle], &v[middle - 1])) {
        return;
    }

    memcpy(room, v, middle * sizeof(tpl_rank_t));

    a = room;
    b = &v[middle];
    last = &v[n];

    while (a < room + middle) {
        *v++ = (b < last && tpl_rank_less(keys, b, a)) ? *b++ : *a++;
    }
}


/* all keys are strings, or all integers */

static tpl_int_t
tpl_sort_ranks(tpl_sort_t *sort, uint32_t *order, size_t n)
{
    size_t              i, width;
    tpl_rank_t         *v, *room;
    const tpl_value_t  *key;

    v = tpl_palloc(sort->exec->arena, 2 * n * sizeof(tpl_rank_t));
    if (v == NULL) {
        return tpl_throw_memory(sort->exec);
    }

    room = v + n;

    for (i = 0; i < n; i++) {
        key = &sort->keys[order[i]];

        v[i].at = order[i];
        v[i].rank = (key->type == TPL_STRING)
                    ? tpl_rank_string(key)
                    : (uint64_t) key->u.i ^ ((uint64_t) 1 << 63);
    }

    for (i = 0; i < n; i += TPL_SORT_FEW) {
        tpl_rank_insert(sort->keys, &v[i], tpl_min(n - i, TPL_SORT_FEW));
    }

    sort->exec->fuel -= (int64_t) n * 4;

    for (width = TPL_SORT_FEW; width < n; width *= 2) {

        for (i = 0; i + width < n; i += 2 * width) {
            tpl_rank_merge(sort->keys, &v[i], width,
                           tpl_min(n - i, 2 * width), room);
        }

        sort->exec->fuel -= (int64_t) n;
    }

    for (i = 0; i < n; i++) {
        order[i] = v[i].at;
    }

    return TPL_OK;
}


tpl_int_t
tpl_sort_positions(tpl_exec_t *exec, const tpl_value_t *keys, uint32_t n,
    tpl_uint_t reverse, uint32_t **out)
{
    uint32_t    i, t, *order;
    tpl_sort_t  sort;
    tpl_uint_t  plain;

    order = tpl_palloc(exec->arena,
                       ((size_t) n * 2 + n / 16 + 1) * sizeof(uint32_t));
    if (order == NULL) {
        return tpl_throw_memory(exec);
    }

    plain = (!TPL_NO_RANKS && n > 0
             && (keys[0].type == TPL_STRING || keys[0].type == TPL_INT));

    /* reversed before and after, equal items keep their order */

    for (i = 0; i < n; i++) {
        order[i] = reverse ? n - 1 - i : i;
        plain &= (keys[i].type == keys[0].type);
    }

    sort.exec = exec;
    sort.keys = keys;

    if (plain) {
        if (tpl_sort_ranks(&sort, order, n) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        order = tpl_sort_order(&sort, order, order + n,
                               order + 2 * (size_t) n, n);
        if (order == NULL) {
            return TPL_ERROR;
        }
    }

    if (reverse) {
        for (i = 0; i < n / 2; i++) {
            t = order[i];
            order[i] = order[n - 1 - i];
            order[n - 1 - i] = t;
        }
    }

    *out = order;

    return TPL_OK;
}


tpl_int_t
tpl_list_sort(tpl_exec_t *exec, tpl_list_t *list, tpl_value_t *keys,
    tpl_uint_t reverse)
{
    uint32_t  *order;

    if (list->n < 2) {
        return TPL_OK;
    }

    if (tpl_sort_positions(exec, keys ? keys : list->items, list->n, reverse,
                           &order)
        != TPL_OK
        || tpl_values_permute(exec, list->items, order, list->n) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return keys ? tpl_values_permute(exec, keys, order, list->n) : TPL_OK;
}
