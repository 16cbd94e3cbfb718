
/*
 * The methods of str that pad, strip and split.  Their table is in
 * tpl_methods_str.c.
 *
 * All are linear in the text and in their arguments, also for hostile ones: a
 * set of characters to strip is a bit map and a sorted array, searching from
 * the end uses a table for long needles.
 */

#include <stdlib.h>

#include "builtins/tpl_methods.h"


/* needles up to this length are searched from the end without a table */
#define TPL_RFIND_SHORT  16

/* what strip() takes off */

typedef struct {
    uint64_t             ascii[2];      /* a bit for each */
    uint32_t            *others;        /* sorted */
    size_t               n;
    tpl_uint_t           space;         /* whitespace instead */
} tpl_charset_t;


static const tpl_str_t  tpl_blank = tpl_string(" ");


static inline tpl_uint_t
tpl_ascii_space(tpl_char_t c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
}


/* where the character before p begins */

static inline const tpl_char_t *
tpl_char_before(const tpl_char_t *p, const tpl_char_t *start)
{
    p--;

    while (p > start && (*p & 0xc0) == 0x80) {
        p--;
    }

    return p;
}


/*
 * Searching from the end.  A short needle is compared at each place; a longer
 * one is searched as Knuth, Morris and Pratt do, with text and needle reversed.
 */

static tpl_int_t
tpl_rfind_table(tpl_exec_t *exec, tpl_rfind_t *r)
{
    size_t             i, m;
    uint32_t           k;
    const tpl_char_t  *end;

    m = r->needle.len;
    end = r->needle.data + m - 1;

    r->next = tpl_palloc(exec->arena, m * sizeof(uint32_t));
    if (r->next == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_charge(exec, m);

    r->next[0] = 0;
    k = 0;

    for (i = 1; i < m; i++) {
        while (k > 0 && *(end - i) != *(end - k)) {
            k = r->next[k - 1];
        }

        k += (*(end - i) == *(end - k));
        r->next[i] = k;
    }

    return TPL_OK;
}


tpl_int_t
tpl_rfind(tpl_exec_t *exec, tpl_rfind_t *r, const tpl_char_t *p, size_t n,
    size_t *pos)
{
    size_t             i, m;
    uint32_t           k;
    tpl_char_t         c;
    const tpl_char_t  *end;

    m = r->needle.len;

    if (n < m) {
        return TPL_DECLINED;
    }

    if (m <= TPL_RFIND_SHORT) {
        c = r->needle.data[0];

        for (i = n - m + 1; i > 0; i--) {
            if (p[i - 1] == c && memcmp(&p[i - 1], r->needle.data, m) == 0) {
                *pos = i - 1;
                return TPL_OK;
            }
        }

        return TPL_DECLINED;
    }

    if (r->next == NULL && tpl_rfind_table(exec, r) != TPL_OK) {
        return TPL_ERROR;
    }

    end = r->needle.data + m - 1;
    k = 0;

    for (i = n; i > 0; i--) {

        while (k > 0 && p[i - 1] != *(end - k)) {
            k = r->next[k - 1];
        }

        k += (p[i - 1] == *(end - k));

        if (k == m) {
            *pos = i - 1;
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


/* padding */

/* argument 2, the fill character; a blank without one */

static tpl_int_t
tpl_fill_char(tpl_call_t *call, tpl_str_t *fill)
{
    tpl_value_t  v;

    if (call->args[2].type == TPL_MISSING) {
        *fill = tpl_blank;
        return TPL_OK;
    }

    if (tpl_markup_arg(call, 2, &v) != TPL_OK) {
        return TPL_ERROR;
    }

    if (v.type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "The fill character must be a unicode character, "
                         "not %s", tpl_type_name(&v));
    }

    if (tpl_string_length(&v) != 1) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "The fill character must be exactly one character "
                         "long");
    }

    *fill = tpl_value_str(&v);

    return TPL_OK;
}


static tpl_char_t *
tpl_fill(tpl_char_t *p, const tpl_str_t *fill, uint64_t n)
{
    if (fill->len == 1) {
        memset(p, fill->data[0], n);
        return p + n;
    }

    for ( /* void */ ; n; n--) {
        memcpy(p, fill->data, fill->len);
        p += fill->len;
    }

    return p;
}


/* self with left and right times fill around it */

static tpl_int_t
tpl_pad(tpl_call_t *call, uint64_t left, uint64_t right,
    const tpl_str_t *fill)
{
    uint64_t            size;
    tpl_uint_t          flags;
    tpl_char_t         *p, *start;
    const tpl_value_t  *self;

    self = &call->args[0];

    /* neither is over INT64_MAX, and each limits itself here */

    size = UINT64_MAX;

    if (left <= TPL_MAX_STRING && right <= TPL_MAX_STRING) {
        size = self->len + (left + right) * fill->len;
    }

    start = tpl_method_text(call->exec, size);
    if (start == NULL) {
        return TPL_ERROR;
    }

    p = tpl_fill(start, fill, left);

    if (self->len) {
        memcpy(p, self->u.s, self->len);
        p += self->len;
    }

    tpl_fill(p, fill, right);

    flags = tpl_cut_flags(self);

    if (fill->len > 1) {
        flags &= ~TPL_F_ASCII;
    }

    tpl_value_string(&call->result, start, size, (uint8_t) flags);

    return TPL_OK;
}


/* reads width and the fill character; margin is what is missing to width */

static tpl_int_t
tpl_pad_args(tpl_call_t *call, int64_t *width, int64_t *margin,
    tpl_str_t *fill)
{
    int64_t  n;

    if (tpl_arg_int(call, 1, 0, width) != TPL_OK
        || tpl_fill_char(call, fill) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, call->args[0].len);

    n = (int64_t) tpl_string_length(&call->args[0]);

    *margin = (*width > n) ? *width - n : 0;

    if (*margin == 0) {
        call->result = call->args[0];
    }

    return TPL_OK;
}


tpl_int_t
tpl_str_method_center(tpl_call_t *call)
{
    int64_t    width, margin, left;
    tpl_str_t  fill;

    if (tpl_pad_args(call, &width, &margin, &fill) != TPL_OK) {
        return TPL_ERROR;
    }

    if (margin == 0) {
        return TPL_OK;
    }

    /* CPython: unicode_center_impl(): where an odd blank goes */

    left = margin / 2 + (margin & width & 1);

    return tpl_pad(call, left, margin - left, &fill);
}


tpl_int_t
tpl_str_method_ljust(tpl_call_t *call)
{
    int64_t    width, margin;
    tpl_str_t  fill;

    if (tpl_pad_args(call, &width, &margin, &fill) != TPL_OK) {
        return TPL_ERROR;
    }

    return margin ? tpl_pad(call, 0, margin, &fill) : TPL_OK;
}


tpl_int_t
tpl_str_method_rjust(tpl_call_t *call)
{
    int64_t    width, margin;
    tpl_str_t  fill;

    if (tpl_pad_args(call, &width, &margin, &fill) != TPL_OK) {
        return TPL_ERROR;
    }

    return margin ? tpl_pad(call, margin, 0, &fill) : TPL_OK;
}


tpl_int_t
tpl_str_method_zfill(tpl_call_t *call)
{
    int64_t             width, n;
    tpl_char_t         *p;
    const tpl_value_t  *self;

    static const tpl_str_t  zero = tpl_string("0");

    self = &call->args[0];

    if (tpl_arg_int(call, 1, 0, &width) != TPL_OK) {
        return TPL_ERROR;
    }

    n = (int64_t) tpl_string_length(self);

    if (width <= n) {
        call->result = *self;
        return TPL_OK;
    }

    if (tpl_pad(call, width - n, 0, &zero) != TPL_OK) {
        return TPL_ERROR;
    }

    if (self->len && (self->u.s[0] == '+' || self->u.s[0] == '-')) {
        p = (tpl_char_t *) call->result.u.s;
        p[0] = self->u.s[0];
        p[width - n] = '0';
    }

    return TPL_OK;
}


tpl_int_t
tpl_str_method_expandtabs(tpl_call_t *call)
{
    int64_t             tabsize;
    uint64_t            size, column, fill;
    tpl_char_t         *d, *start;
    tpl_uint_t          pass, tabs;
    const tpl_char_t   *p, *last;
    const tpl_value_t  *self;

    self = &call->args[0];

    if (tpl_arg_int(call, 1, 8, &tabsize) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tabsize > INT32_MAX || tabsize < INT32_MIN) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "Python int too large to convert to C int");
    }

    tpl_charge(call->exec, self->len);

    start = NULL;
    d = NULL;
    last = self->u.s + self->len;

    /* once to count, once to write */

    for (pass = 0; pass < 2; pass++) {
        size = 0;
        column = 0;
        tabs = 0;

        for (p = self->u.s; p < last; p++) {

            if (*p == '\t') {
                fill = (tabsize > 0) ? tabsize - column % tabsize : 0;
                column += fill;
                size += fill;
                tabs = 1;

                if (d) {
                    memset(d, ' ', fill);
                    d += fill;
                }

                continue;
            }

            size++;

            if (*p == '\n' || *p == '\r') {
                column = 0;

            } else if ((*p & 0xc0) != 0x80) {
                column++;
            }

            if (d) {
                *d++ = *p;
            }
        }

        if (pass == 0) {

            if (!tabs) {
                call->result = *self;
                return TPL_OK;
            }

            start = tpl_method_text(call->exec, size);
            if (start == NULL) {
                return TPL_ERROR;
            }

            d = start;
        }
    }

    tpl_value_string(&call->result, start, size, tpl_cut_flags(self));

    return TPL_OK;
}


/* stripping */

static int
tpl_char_order(const void *one, const void *two)
{
    uint32_t  a, b;

    a = *(const uint32_t *) one;
    b = *(const uint32_t *) two;

    return (a > b) - (a < b);
}


static tpl_int_t
tpl_charset_init(tpl_exec_t *exec, tpl_charset_t *set, const tpl_value_t *v)
{
    size_t             n;
    uint32_t           c;
    const tpl_char_t  *p, *last;

    set->ascii[0] = 0;
    set->ascii[1] = 0;
    set->others = NULL;
    set->n = 0;
    set->space = 0;

    tpl_charge(exec, v->len);

    last = v->u.s + v->len;
    n = 0;

    for (p = v->u.s; p < last; p++) {
        if (*p < 0x80) {
            set->ascii[*p >> 6] |= (uint64_t) 1 << (*p & 63);

        } else {
            n += ((*p & 0xc0) != 0x80);
        }
    }

    if (n == 0) {
        return TPL_OK;
    }

    set->others = tpl_palloc(exec->arena, n * sizeof(uint32_t));
    if (set->others == NULL) {
        return tpl_throw_memory(exec);
    }

    for (p = v->u.s; p < last; ) {
        c = tpl_utf8_decode(&p, last);

        if (c > 127 && set->n < n) {
            set->others[set->n++] = c;
        }
    }

    qsort(set->others, set->n, sizeof(uint32_t), tpl_char_order);

    return TPL_OK;
}


static inline tpl_uint_t
tpl_charset_has(const tpl_charset_t *set, const tpl_char_t *p,
    const tpl_char_t *last)
{
    uint32_t  c;

    if (*p < 0x80) {
        return set->space ? tpl_ascii_space(*p)
                          : (set->ascii[*p >> 6] >> (*p & 63)) & 1;
    }

    if (!set->space && set->n == 0) {
        return 0;
    }

    c = tpl_utf8_decode(&p, last);

    if (set->space) {
        return tpl_uc_space(c);
    }

    return bsearch(&c, set->others, set->n, sizeof(uint32_t), tpl_char_order)
           != NULL;
}


static tpl_int_t
tpl_strip(tpl_call_t *call, tpl_uint_t sides, const char *name)
{
    tpl_value_t         chars;
    tpl_charset_t       set;
    const tpl_char_t   *p, *q, *last;
    const tpl_value_t  *self;

    self = &call->args[0];

    if (tpl_markup_arg(call, 1, &chars) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_arg_some(&chars)) {
        set.space = 1;
        set.n = 0;

    } else if (chars.type == TPL_STRING) {
        if (tpl_charset_init(call->exec, &set, &chars) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "%s arg must be None or str", name);
    }

    p = self->u.s;
    last = p + self->len;

    if (sides & TPL_STRIP_LEFT) {
        while (p < last && tpl_charset_has(&set, p, last)) {
            if (*p < 0x80) {
                p++;

            } else {
                (void) tpl_utf8_decode(&p, last);
            }
        }
    }

    if (sides & TPL_STRIP_RIGHT) {
        while (last > p) {
            q = tpl_char_before(last, p);

            if (!tpl_charset_has(&set, q, last)) {
                break;
            }

            last = q;
        }
    }

    tpl_charge(call->exec, self->len - (last - p));
    tpl_cut(self, p - self->u.s, last - self->u.s, &call->result);

    return TPL_OK;
}


tpl_int_t
tpl_str_method_strip(tpl_call_t *call)
{
    return tpl_strip(call, TPL_STRIP_LEFT|TPL_STRIP_RIGHT, "strip");
}


tpl_int_t
tpl_str_method_lstrip(tpl_call_t *call)
{
    return tpl_strip(call, TPL_STRIP_LEFT, "lstrip");
}


tpl_int_t
tpl_str_method_rstrip(tpl_call_t *call)
{
    return tpl_strip(call, TPL_STRIP_RIGHT, "rstrip");
}


/* splitting */

/* appends the bytes from p to q of self */

static inline tpl_int_t
tpl_split_add(tpl_call_t *call, tpl_list_t *list, const tpl_char_t *p,
    const tpl_char_t *q)
{
    tpl_value_t         v;
    const tpl_value_t  *self;

    self = &call->args[0];

    tpl_cut(self, p - self->u.s, q - self->u.s, &v);

    call->exec->fuel--;

    return tpl_list_append(call->exec, list, &v);
}


/* past the whitespace at p */

static const tpl_char_t *
tpl_skip_space(const tpl_char_t *p, const tpl_char_t *last)
{
    const tpl_char_t  *q;

    while (p < last) {
        q = p;

        if (*p < 0x80) {
            if (!tpl_ascii_space(*p)) {
                break;
            }

            q++;

        } else if (!tpl_uc_space(tpl_utf8_decode(&q, last))) {
            break;
        }

        p = q;
    }

    return p;
}


/* to the whitespace after p */

static const tpl_char_t *
tpl_skip_word(const tpl_char_t *p, const tpl_char_t *last)
{
    const tpl_char_t  *q;

    while (p < last) {
        q = p;

        if (*p < 0x80) {
            if (tpl_ascii_space(*p)) {
                break;
            }

            q++;

        } else if (tpl_uc_space(tpl_utf8_decode(&q, last))) {
            break;
        }

        p = q;
    }

    return p;
}


/* the same two from the end: before the whitespace, or the word, at last */

static const tpl_char_t *
tpl_skip_back(const tpl_char_t *p, const tpl_char_t *last, tpl_uint_t space)
{
    tpl_uint_t         is;
    const tpl_char_t  *q, *c;

    while (last > p) {
        q = tpl_char_before(last, p);

        if (*q < 0x80) {
            is = tpl_ascii_space(*q);

        } else {
            c = q;
            is = (tpl_uc_space(tpl_utf8_decode(&c, last)) != 0);
        }

        if (is != space) {
            break;
        }

        last = q;
    }

    return last;
}


/* sep and maxsplit of split() and rsplit(); sep.data is NULL for whitespace */

static tpl_int_t
tpl_split_args(tpl_call_t *call, tpl_str_t *sep, int64_t *max)
{
    const tpl_value_t  *v;

    if (tpl_arg_int(call, 2, -1, max) != TPL_OK) {
        return TPL_ERROR;
    }

    if (*max < 0) {
        *max = INT64_MAX;
    }

    v = &call->args[1];

    tpl_charge(call->exec, call->args[0].len);

    if (!tpl_arg_some(v)) {
        sep->len = 0;
        sep->data = NULL;
        return TPL_OK;
    }

    if (v->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "must be str or None, not %s", tpl_type_name(v));
    }

    if (v->len == 0) {
        return tpl_throw(call->exec, TPL_EXC_VALUE, "empty separator");
    }

    *sep = tpl_value_str(v);

    return TPL_OK;
}


tpl_int_t
tpl_str_method_split(tpl_call_t *call)
{
    int64_t            max;
    ssize_t            at;
    tpl_str_t          sep, s;
    tpl_list_t        *list;
    const tpl_char_t  *p, *q, *last;

    if (tpl_split_args(call, &sep, &max) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    p = call->args[0].u.s;
    last = p + call->args[0].len;

    if (sep.data == NULL) {

        for ( ;; ) {
            p = tpl_skip_space(p, last);

            if (p == last) {
                return TPL_OK;
            }

            /* the rest keeps the whitespace at its end */

            q = (max-- > 0) ? tpl_skip_word(p, last) : last;

            if (tpl_split_add(call, list, p, q) != TPL_OK) {
                return TPL_ERROR;
            }

            p = q;
        }
    }

    while (max-- > 0) {

        if (sep.len == 1) {
            q = (p < last) ? memchr(p, sep.data[0], last - p) : NULL;

        } else {
            s.data = (tpl_char_t *) p;
            s.len = last - p;
            at = tpl_str_find(&s, &sep, 0);
            q = (at >= 0) ? p + at : NULL;
        }

        if (q == NULL) {
            break;
        }

        if (tpl_split_add(call, list, p, q) != TPL_OK) {
            return TPL_ERROR;
        }

        p = q + sep.len;
    }

    return tpl_split_add(call, list, p, last);
}


static void
tpl_list_turn(tpl_list_t *list)
{
    tpl_value_t  *a, *b, v;

    if (list->n < 2) {
        return;
    }

    for (a = list->items, b = a + list->n - 1; a < b; a++, b--) {
        v = *a;
        *a = *b;
        *b = v;
    }
}


tpl_int_t
tpl_str_method_rsplit(tpl_call_t *call)
{
    size_t             at;
    int64_t            max;
    tpl_int_t          rc;
    tpl_str_t          sep;
    tpl_list_t        *list;
    tpl_rfind_t        r;
    const tpl_char_t  *p, *q, *last;

    if (tpl_split_args(call, &sep, &max) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_value_list(&call->result, list);

    p = call->args[0].u.s;
    last = p + call->args[0].len;

    if (sep.data == NULL) {

        for ( ;; ) {
            last = tpl_skip_back(p, last, 1);

            if (p == last) {
                break;
            }

            q = (max-- > 0) ? tpl_skip_back(p, last, 0) : p;

            if (tpl_split_add(call, list, q, last) != TPL_OK) {
                return TPL_ERROR;
            }

            last = q;
        }

        tpl_list_turn(list);

        return TPL_OK;
    }

    tpl_rfind_init(&r, &sep);

    while (max-- > 0) {
        rc = tpl_rfind(call->exec, &r, p, last - p, &at);

        if (rc == TPL_DECLINED) {
            break;
        }

        if (rc != TPL_OK
            || tpl_split_add(call, list, p + at + sep.len, last) != TPL_OK)
        {
            return TPL_ERROR;
        }

        last = p + at;
    }

    if (tpl_split_add(call, list, p, last) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_list_turn(list);

    return TPL_OK;
}


tpl_int_t
tpl_str_method_splitlines(tpl_call_t *call)
{
    size_t             brk;
    int64_t            keepends;
    tpl_str_t          line;
    tpl_list_t        *list;
    const tpl_char_t  *p, *last;

    if (tpl_arg_int(call, 1, 0, &keepends) != TPL_OK) {
        return TPL_ERROR;
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    p = call->args[0].u.s;
    last = p + call->args[0].len;

    tpl_charge(call->exec, last - p);

    while (tpl_line_next(&p, last, &line, &brk) == TPL_OK) {

        if (keepends) {
            line.len += brk;
        }

        if (tpl_split_add(call, list, line.data, line.data + line.len)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


/*
 * A plain str gives back the separator that it was called with, a Markup makes
 * all three parts markup.
 */

static tpl_int_t
tpl_partition(tpl_call_t *call, tpl_uint_t backwards)
{
    size_t              at;
    ssize_t             found;
    tpl_int_t           rc;
    tpl_str_t           s, needle;
    tpl_value_t         sep, parts[3];
    tpl_rfind_t         r;
    const tpl_value_t  *self;

    self = &call->args[0];

    if (tpl_is_safe(self)) {
        if (tpl_to_markup(call->exec, &call->args[1], &sep) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        sep = call->args[1];
    }

    if (sep.type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE, "must be str, not %s",
                         tpl_type_name(&sep));
    }

    if (sep.len == 0) {
        return tpl_throw(call->exec, TPL_EXC_VALUE, "empty separator");
    }

    s = tpl_value_str(self);
    needle = tpl_value_str(&sep);

    tpl_charge(call->exec, s.len);

    if (backwards) {
        tpl_rfind_init(&r, &needle);

        rc = tpl_rfind(call->exec, &r, s.data, s.len, &at);
        if (rc == TPL_ERROR) {
            return rc;
        }

    } else {
        found = tpl_str_find(&s, &needle, 0);
        rc = (found >= 0) ? TPL_OK : TPL_DECLINED;
        at = (size_t) found;
    }

    if (rc == TPL_OK) {
        tpl_cut(self, 0, at, &parts[0]);
        parts[1] = sep;
        tpl_cut(self, at + sep.len, self->len, &parts[2]);

    } else {
        tpl_cut(self, 0, 0, &parts[0]);
        parts[1] = parts[0];
        parts[2] = parts[0];
        parts[backwards ? 2 : 0] = *self;
    }

    return tpl_value_pack(call->exec, parts, 3, &call->result);
}


tpl_int_t
tpl_str_method_partition(tpl_call_t *call)
{
    return tpl_partition(call, 0);
}


tpl_int_t
tpl_str_method_rpartition(tpl_call_t *call)
{
    return tpl_partition(call, 1);
}
