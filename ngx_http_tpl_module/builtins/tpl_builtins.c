
/*
 * The registry's contents, and what the handlers share (tpl_args.h).
 */

#include <sys/random.h>
#include <time.h>

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* which definitions go into which table */

static const struct {
    tpl_uint_t                table;
    const tpl_builtin_def_t  *defs;
} tpl_builtin_families[] = {

    { TPL_FILTERS, tpl_filters_text },
    { TPL_FILTERS, tpl_filters_layout },
    { TPL_FILTERS, tpl_filters_markup },
    { TPL_FILTERS, tpl_filters_number },
    { TPL_FILTERS, tpl_filters_sequence },
    { TPL_FILTERS, tpl_filters_order },
    { TPL_FILTERS, tpl_filters_apply },
    { TPL_TESTS, tpl_tests },
    { TPL_INTERNALS, tpl_internal },
    { TPL_JINJA_GLOBALS, tpl_globals_jinja },
    { TPL_TORNADO_GLOBALS, tpl_globals_tornado },
    { TPL_MODULES, tpl_modules },
    { TPL_MODULES, tpl_module_math },
    { TPL_MODULES, tpl_module_json },
    { TPL_MODULES, tpl_module_urllib },
    { TPL_MODULES, tpl_module_random },
    { TPL_MODULES, tpl_module_re },
    { TPL_MODULES, tpl_module_re_match },
    { TPL_MODULES, tpl_module_time },
    { TPL_MODULES, tpl_module_datetime },
    { TPL_MODULES, tpl_module_timedelta },
    { tpl_methods_of(TPL_STRING), tpl_methods_str },
    { tpl_methods_of(TPL_LIST), tpl_methods_list },
    { tpl_methods_of(TPL_TUPLE), tpl_methods_tuple },
    { tpl_methods_of(TPL_RANGE), tpl_methods_range },
    { tpl_methods_of(TPL_DICT), tpl_methods_dict },
    { tpl_methods_of(TPL_SET), tpl_methods_set },
    { tpl_methods_of(TPL_INT), tpl_methods_int },
    { tpl_methods_of(TPL_BOOL), tpl_methods_int },
    { tpl_methods_of(TPL_FLOAT), tpl_methods_float }
};


tpl_int_t
tpl_builtins_register(tpl_builtins_t *builtins)
{
    tpl_uint_t  i;

    for (i = 0; i < tpl_nelts(tpl_builtin_families); i++) {

        if (tpl_builtins_add(builtins, tpl_builtin_families[i].table,
                             tpl_builtin_families[i].defs)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* bytes of the line break at p, 0 if there is none */

static inline size_t
tpl_line_break(const tpl_char_t *p, const tpl_char_t *last)
{
    switch (*p) {

    case '\r':
        return (last - p > 1 && p[1] == '\n') ? 2 : 1;

    case '\n':
    case '\v':
    case '\f':
    case 0x1c:
    case 0x1d:
    case 0x1e:
        return 1;

    case 0xc2:
        return (last - p > 1 && p[1] == 0x85) ? 2 : 0;

    case 0xe2:
        return (last - p > 2 && p[1] == 0x80
                && (p[2] == 0xa8 || p[2] == 0xa9)) ? 3 : 0;

    default:
        return 0;
    }
}


tpl_int_t
tpl_line_next(const tpl_char_t **p, const tpl_char_t *last, tpl_str_t *line,
    size_t *brk)
{
    size_t             n;
    const tpl_char_t  *q;

    if (*p == last) {
        return TPL_DONE;
    }

    line->data = (tpl_char_t *) *p;

    for (q = *p; q < last; q++) {

        /* no break begins with a byte between a blank and DEL */

        if (*q >= 0x20 && *q < 0x80) {
            continue;
        }

        n = tpl_line_break(q, last);

        if (n) {
            line->len = q - *p;
            *brk = n;
            *p = q + n;

            return TPL_OK;
        }
    }

    line->len = last - *p;
    *brk = 0;
    *p = last;

    return TPL_OK;
}


/* the next place of old in [p, last), NULL if there is none */

static inline const tpl_char_t *
tpl_text_find(const tpl_char_t *p, const tpl_char_t *last,
    const tpl_str_t *old)
{
    ssize_t    n;
    tpl_str_t  s;

    if (old->len == 1) {
        return memchr(p, old->data[0], last - p);
    }

    s.data = (tpl_char_t *) p;
    s.len = last - p;

    n = tpl_str_find(&s, old, 0);

    return (n < 0) ? NULL : p + n;
}


tpl_int_t
tpl_text_replace(tpl_exec_t *exec, const tpl_str_t *s, const tpl_str_t *old,
    const tpl_str_t *new, int64_t count, tpl_str_t *out)
{
    size_t             n, size;
    int64_t            i;
    tpl_char_t        *d;
    const tpl_char_t  *p, *q, *last;

    p = s->data;
    last = p + s->len;
    n = 0;

    tpl_charge(exec, s->len);

    /* how many there are, and so how long the result is */

    if (old->len == 0) {
        n = tpl_utf8_length(s->data, s->len) + 1;

        if (count >= 0 && (uint64_t) count < n) {
            n = count;
        }

    } else {
        while (last > p && (count < 0 || (int64_t) n < count)) {
            p = tpl_text_find(p, last, old);

            if (p == NULL) {
                break;
            }

            p += old->len;
            n++;
        }
    }

    if (n == 0) {
        *out = *s;
        return TPL_OK;
    }

    if (new->len && n > TPL_MAX_STRING / new->len) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "replace() makes a string that is too long");
    }

    size = s->len - n * old->len + n * new->len;

    tpl_charge(exec, size);

    out->len = size;
    out->data = tpl_pnalloc(exec->arena, size ? size : 1);

    if (out->data == NULL) {
        return tpl_throw_memory(exec);
    }

    d = out->data;
    p = s->data;

    for (i = 0; i < (int64_t) n; i++) {

        if (old->len == 0) {

            /* before the first, the second, ... character, or the end */

            q = p;

            if (i > 0) {
                (void) tpl_utf8_decode(&q, last);
            }

            memcpy(d, p, q - p);
            d += q - p;

            memcpy(d, new->data, new->len);
            d += new->len;
            p = q;
            continue;
        }

        q = tpl_text_find(p, last, old);

        memcpy(d, p, q - p);
        d += q - p;

        memcpy(d, new->data, new->len);
        d += new->len;
        p = q + old->len;
    }

    memcpy(d, p, last - p);

    return TPL_OK;
}


/* whether the n bytes at p, one character, are among chars */

static tpl_uint_t
tpl_text_among(const tpl_char_t *p, size_t n, const tpl_str_t *chars)
{
    tpl_str_t          c;
    const tpl_char_t  *q;

    if (chars == NULL) {
        q = p;
        return tpl_uc_space(tpl_utf8_decode(&q, p + n));
    }

    if (n == 1) {
        return chars->len && memchr(chars->data, *p, chars->len) != NULL;
    }

    c.data = (tpl_char_t *) p;
    c.len = n;

    return tpl_str_find(chars, &c, 0) >= 0;
}


void
tpl_text_strip(tpl_str_t *s, const tpl_str_t *chars, tpl_uint_t sides)
{
    const tpl_char_t  *p, *q, *last;

    p = s->data;
    last = p + s->len;

    if (sides & TPL_STRIP_LEFT) {
        while (p < last) {
            q = p;
            (void) tpl_utf8_decode(&q, last);

            if (!tpl_text_among(p, q - p, chars)) {
                break;
            }

            p = q;
        }
    }

    if (sides & TPL_STRIP_RIGHT) {
        while (last > p) {

            /* back to where the last character begins */

            q = last - 1;

            while (q > p && (*q & 0xc0) == 0x80) {
                q--;
            }

            if (!tpl_text_among(q, last - q, chars)) {
                break;
            }

            last = q;
        }
    }

    s->data = (tpl_char_t *) p;
    s->len = last - p;
}


tpl_int_t
tpl_text_quote(tpl_buf_t *b, const tpl_str_t *s, tpl_uint_t safe,
    tpl_uint_t plus)
{
    size_t             i;
    tpl_char_t         c, *d;
    static const char  hex[] = "0123456789ABCDEF";

    if (s->len == 0) {
        return TPL_OK;
    }

    d = tpl_buf_reserve(b, s->len * 3);

    if (d == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'
            || c == '~' || (safe && c == safe))
        {
            *d++ = c;

        } else if (c == ' ' && plus) {
            *d++ = '+';

        } else {
            *d++ = '%';
            *d++ = hex[c >> 4];
            *d++ = hex[c & 15];
        }
    }

    b->len = d - b->data;

    return TPL_OK;
}


tpl_int_t
tpl_markup_add(tpl_exec_t *exec, tpl_buf_t *b, const tpl_value_t *v)
{
    tpl_value_t  m;

    if (tpl_to_markup(exec, v, &m) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(exec, m.len);

    if (tpl_buf_add(b, m.u.s, m.len) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    return TPL_OK;
}


tpl_int_t
tpl_undefined_hint(tpl_exec_t *exec, const char *hint, tpl_value_t *out)
{
    tpl_str_t         s;
    static tpl_str_t  none = tpl_null_string;

    s.data = (tpl_char_t *) hint;
    s.len = strlen(hint);

    return tpl_value_undefined(exec, out, &none, NULL, &s);
}


tpl_int_t
tpl_policy(tpl_exec_t *exec, const char *name, tpl_value_t *out)
{
    tpl_int_t           rc;
    tpl_value_t         key;
    const tpl_value_t  *policies;

    tpl_value_missing(out);

    if (exec->options == NULL) {
        return TPL_OK;
    }

    policies = &exec->options->policies;

    if (policies->type != TPL_DICT) {
        return TPL_OK;
    }

    tpl_value_string(&key, (const tpl_char_t *) name, strlen(name), 0);

    rc = tpl_dict_get(exec, policies->u.dict, &key, out);

    if (rc == TPL_DECLINED) {
        tpl_value_missing(out);
        return TPL_OK;
    }

    return rc;
}


tpl_int_t
tpl_mapping_dict(tpl_exec_t *exec, const tpl_value_t *v, tpl_dict_t **dict)
{
    if (v->type == TPL_DICT) {
        *dict = v->u.dict;
        return TPL_OK;
    }

    if (v->type != TPL_OBJECT
        || !(v->u.obj->cls->flags & TPL_CLASS_MAPPING))
    {
        return TPL_DECLINED;
    }

    *dict = tpl_dict_create(exec, 8);

    if (*dict == NULL) {
        return tpl_throw_memory(exec);
    }

    return tpl_dict_update(exec, *dict, v);
}


uint64_t
tpl_random_seed(void)
{
    uint64_t         seed;
    struct timespec  now;

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        seed = (uint64_t) now.tv_sec * 1000000007u + (uint64_t) now.tv_nsec;
    }

    return seed;
}


uint64_t
tpl_random_next(uint64_t *state)
{
    uint64_t  z;

    *state += 0x9e3779b97f4a7c15u;

    z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;

    return z ^ (z >> 31);
}
