
/*
 * Filters over plain text: case, replacing, trimming, counting, formatting.
 *
 * What is not a string is str()'d first, as jinja2/filters.py does with
 * soft_str(): markup stays markup, and markup's methods escape their arguments
 * (markupsafe).
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


typedef tpl_int_t (*tpl_case_pt)(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r);


/* soft_str(s).upper() and its kin */

static tpl_int_t
tpl_filter_case(tpl_call_t *call, tpl_case_pt convert)
{
    tpl_str_t    s, r;
    tpl_value_t  v;

    if (tpl_to_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, v.len);

    s = tpl_value_str(&v);

    if (convert(call->exec->arena, &s, &r) != TPL_OK) {
        return tpl_throw_memory(call->exec);
    }

    tpl_value_string(&call->result, r.data, r.len, tpl_cut_flags(&v));

    return TPL_OK;
}


static tpl_int_t
tpl_filter_upper(tpl_call_t *call)
{
    return tpl_filter_case(call, tpl_str_upper);
}


static tpl_int_t
tpl_filter_lower(tpl_call_t *call)
{
    return tpl_filter_case(call, tpl_str_lower);
}


static tpl_int_t
tpl_filter_capitalize(tpl_call_t *call)
{
    return tpl_filter_case(call, tpl_str_capitalize);
}


/* Jinja2: _word_beginning_split_re */

static inline tpl_uint_t
tpl_title_break(uint32_t c)
{
    return c == '-' || c == '(' || c == '{' || c == '[' || c == '<'
           || tpl_uc_space(c);
}


/* a word's first character in upper case, the others in lower case */

static tpl_int_t
tpl_title_word(tpl_exec_t *exec, tpl_buf_t *b, const tpl_char_t *p,
    const tpl_char_t *last)
{
    tpl_str_t          s, r;
    const tpl_char_t  *q;

    q = p;
    (void) tpl_utf8_decode(&q, last);

    s.data = (tpl_char_t *) p;
    s.len = q - p;

    if (tpl_str_upper(exec->arena, &s, &r) != TPL_OK
        || tpl_buf_str(b, &r) != TPL_OK)
    {
        return TPL_ERROR;
    }

    s.data = (tpl_char_t *) q;
    s.len = last - q;

    if (tpl_str_lower(exec->arena, &s, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_str(b, &r);
}


/*
 * Jinja2: do_title.  Not str.title(): words begin after blanks and - ( { [ <
 * only.  The result is never markup, since it is joined from plain pieces.
 */

static tpl_int_t
tpl_filter_title(tpl_call_t *call)
{
    size_t             i;
    tpl_buf_t          b;
    tpl_uint_t         begin;
    tpl_char_t         c, *d;
    tpl_value_t        v;
    const tpl_char_t  *p, *q, *word, *last;

    if (tpl_to_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, v.len);

    if ((v.flags & TPL_F_ASCII) || tpl_utf8_ascii(v.u.s, v.len)) {
        d = tpl_pnalloc(call->exec->arena, v.len + 1);

        if (d == NULL) {
            return tpl_throw_memory(call->exec);
        }

        begin = 1;

        for (i = 0; i < v.len; i++) {
            c = v.u.s[i];

            if (begin) {
                d[i] = (c >= 'a' && c <= 'z') ? c & ~0x20 : c;
            } else {
                d[i] = (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
            }

            begin = tpl_title_break(c);
        }

        tpl_value_string(&call->result, d, v.len, TPL_F_ASCII);
        return TPL_OK;
    }

    tpl_buf_init(&b, call->exec->arena);

    p = v.u.s;
    last = p + v.len;
    word = NULL;

    while (p < last) {
        q = p;

        if (!tpl_title_break(tpl_utf8_decode(&q, last))) {

            if (word == NULL) {
                word = p;
            }

        } else {

            if (word != NULL) {
                if (tpl_title_word(call->exec, &b, word, p) != TPL_OK) {
                    return tpl_throw_memory(call->exec);
                }

                word = NULL;
            }

            (void) tpl_buf_add(&b, p, q - p);
        }

        p = q;
    }

    if (word != NULL
        && tpl_title_word(call->exec, &b, word, last) != TPL_OK)
    {
        return tpl_throw_memory(call->exec);
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_filter_string(tpl_call_t *call)
{
    return tpl_to_string(call->exec, &call->args[0], &call->result);
}


/* Jinja2: do_trim; markup escapes the characters to trim */

static tpl_int_t
tpl_filter_trim(tpl_call_t *call)
{
    tpl_str_t     s, chars;
    tpl_value_t   v, set, *arg;

    arg = &call->args[1];

    if (tpl_to_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, v.len);

    s = tpl_value_str(&v);

    if (!tpl_arg_some(arg)) {
        tpl_text_strip(&s, NULL, TPL_STRIP_LEFT | TPL_STRIP_RIGHT);

    } else {
        if (arg->type != TPL_STRING) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "strip arg must be None or str");
        }

        set = *arg;

        if (tpl_is_safe(&v)
            && tpl_to_markup(call->exec, arg, &set) != TPL_OK)
        {
            return TPL_ERROR;
        }

        chars = tpl_value_str(&set);
        tpl_text_strip(&s, &chars, TPL_STRIP_LEFT | TPL_STRIP_RIGHT);
    }

    tpl_value_string(&call->result, s.data, s.len, tpl_cut_flags(&v));

    return TPL_OK;
}


/*
 * Jinja2: do_replace.  With autoescape the subject is escaped when one of the
 * others is markup; and when the subject is markup, the others are.
 */

static tpl_int_t
tpl_filter_replace(tpl_call_t *call)
{
    int64_t       count;
    uint8_t       flags;
    tpl_int_t     rc;
    tpl_str_t     s, o, n, r;
    tpl_exec_t   *exec;
    tpl_value_t   subject, old, new, *args;

    exec = call->exec;
    args = call->args;
    count = -1;

    if (tpl_arg_some(&args[3])
        && tpl_arg_int(call, 3, -1, &count) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (!exec->autoescape) {
        rc = tpl_plain_string(exec, &args[0], &subject);

    } else if (tpl_has_html(&args[1])
               || (tpl_has_html(&args[2]) && !tpl_has_html(&args[0])))
    {
        rc = tpl_to_markup(exec, &args[0], &subject);

    } else {
        rc = tpl_to_string(exec, &args[0], &subject);
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_to_string(exec, &args[1], &old) != TPL_OK
        || tpl_to_string(exec, &args[2], &new) != TPL_OK)
    {
        return TPL_ERROR;
    }

    flags = subject.flags & TPL_F_SAFE;

    if (flags
        && (tpl_to_markup(exec, &old, &old) != TPL_OK
            || tpl_to_markup(exec, &new, &new) != TPL_OK))
    {
        return TPL_ERROR;
    }

    flags |= subject.flags & new.flags & TPL_F_ASCII;

    s = tpl_value_str(&subject);
    o = tpl_value_str(&old);
    n = tpl_value_str(&new);

    if (tpl_text_replace(exec, &s, &o, &n, count, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_string(&call->result, r.data, r.len, flags);

    return TPL_OK;
}


/* Jinja2: do_format: printf-style, markup escapes what goes in */

static tpl_int_t
tpl_filter_format(tpl_call_t *call)
{
    tpl_value_t  v, *args, *kwargs;

    args = &call->args[1];
    kwargs = &call->args[2];

    if (args->u.list->n && kwargs->u.dict->n) {
        return tpl_throw(call->exec, TPL_EXC_FILTER_ARGUMENT,
                         "can't handle positional and keyword arguments at "
                         "the same time");
    }

    if (tpl_to_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_format_percent(call->exec, &v,
                              kwargs->u.dict->n ? kwargs : args,
                              &call->result);
}


/* Jinja2: do_wordcount: runs of \w */

static tpl_int_t
tpl_filter_wordcount(tpl_call_t *call)
{
    int64_t            n;
    tpl_uint_t         in, word;
    tpl_value_t        v;
    const tpl_char_t  *p, *last;

    if (tpl_to_string(call->exec, &call->args[0], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, v.len);

    n = 0;
    in = 0;
    p = v.u.s;
    last = p + v.len;

    while (p < last) {
        word = tpl_uc_word(tpl_utf8_decode(&p, last)) != 0;
        n += word & !in;
        in = word;
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}


const tpl_builtin_def_t  tpl_filters_text[] = {

    { "capitalize", "s", tpl_filter_capitalize, 0 },
    { "format", "value, *args, **kwargs", tpl_filter_format, 0 },
    { "lower", "s", tpl_filter_lower, 0 },
    { "replace", "s, old, new, count=", tpl_filter_replace, TPL_FN_CONTEXT },
    { "string", "s, /", tpl_filter_string, 0 },
    { "title", "s", tpl_filter_title, 0 },
    { "trim", "value, chars=", tpl_filter_trim, 0 },
    { "upper", "s", tpl_filter_upper, 0 },
    { "wordcount", "s", tpl_filter_wordcount, 0 },

    { NULL, NULL, NULL, 0 }
};
