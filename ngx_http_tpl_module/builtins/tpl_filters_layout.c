
/*
 * Filters that lay text out: centering, indenting, cutting, wrapping.
 *
 * Wrapping follows CPython's textwrap.TextWrapper with the arguments that
 * jinja2/filters.py gives it; its one regular expression is a scanner here,
 * which looks at each character a bounded number of times.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* Jinja2: do_center; CPython: str.center puts the odd blank by this rule */

static tpl_int_t
tpl_filter_center(tpl_call_t *call)
{
    size_t       len, pad, left;
    int64_t      width;
    tpl_char_t  *p;
    tpl_value_t  v;

    if (tpl_to_string(call->exec, &call->args[0], &v) != TPL_OK
        || tpl_arg_int(call, 1, 80, &width) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, v.len);
    len = tpl_string_length(&v);

    if (width <= (int64_t) len) {
        call->result = v;
        return TPL_OK;
    }

    if (width > TPL_MAX_STRING) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "center() makes a string that is too long");
    }

    pad = width - len;
    left = pad / 2 + (pad & width & 1);

    tpl_charge(call->exec, v.len + pad);

    p = tpl_pnalloc(call->exec->arena, v.len + pad);

    if (p == NULL) {
        return tpl_throw_memory(call->exec);
    }

    memset(p, ' ', left);
    memcpy(p + left, v.u.s, v.len);
    memset(p + left + v.len, ' ', pad - left);

    tpl_value_string(&call->result, p, v.len + pad, tpl_cut_flags(&v));

    return TPL_OK;
}


/* what a string method or + raises for a value that is no string */

static tpl_int_t
tpl_layout_no_string(tpl_exec_t *exec, const tpl_value_t *v,
    const char *method)
{
    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    return tpl_throw(exec, TPL_EXC_ATTRIBUTE,
                     "'%s' object has no attribute '%s'", tpl_type_name(v),
                     method);
}


/*
 * Jinja2: do_indent.  Lines are those of str.splitlines() of the text with a
 * newline put behind, each break becomes \n.  Indention that is markup in plain
 * text escapes the lines it stands before, since Python adds the two.
 */

static tpl_int_t
tpl_filter_indent(tpl_call_t *call)
{
    size_t             brk;
    int64_t            width;
    tpl_buf_t          b;
    tpl_str_t          line;
    tpl_int_t          rc;
    tpl_exec_t        *exec;
    tpl_uint_t         first, blank, n, pad, more, escape;
    tpl_value_t       *s, *w, v, piece, indention;
    const tpl_char_t  *p, *last;

    exec = call->exec;
    s = &call->args[0];
    w = &call->args[1];

    if (tpl_arg_bool(call, 2, 0, &first) != TPL_OK
        || tpl_arg_bool(call, 3, 0, &blank) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (w->type == TPL_STRING) {
        indention = *w;

    } else {

        if (w->type != TPL_MISSING && !tpl_is_int(w)) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "can't multiply sequence by non-int of type '%s'",
                             tpl_type_name(w));
        }

        width = (w->type == TPL_MISSING) ? 4 : w->u.i;
        width = tpl_max(width, 0);

        if (width > TPL_MAX_STRING) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "indent() makes a string that is too long");
        }

        tpl_value_string(&indention, tpl_pnalloc(exec->arena, width + 1),
                         width, TPL_F_ASCII);

        if (indention.u.s == NULL) {
            return tpl_throw_memory(exec);
        }

        memset((void *) indention.u.s, ' ', width);
    }

    if (s->type != TPL_STRING) {

        /* a list takes the characters of a newline, as += does, and then has
         * no lines */

        if (s->type == TPL_UNDEFINED || s->type == TPL_LIST) {
            return tpl_layout_no_string(exec, s, "splitlines");
        }

        if (s->type == TPL_TUPLE) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "can only concatenate tuple (not \"str\") to "
                             "tuple");
        }

        return tpl_throw(exec, TPL_EXC_TYPE,
                         "unsupported operand type(s) for +=: '%s' and 'str'",
                         tpl_type_name(s));
    }

    /* plain text beside markup */
    escape = tpl_is_safe(&indention) && !tpl_is_safe(s);

    tpl_buf_init(&b, exec->arena);

    if (tpl_buf_reserve(&b, s->len + s->len / 8 + 16) == NULL) {
        return tpl_throw_memory(exec);
    }

    p = s->u.s;
    last = p + s->len;
    more = 1;

    for (n = 0; more; n++) {
        rc = tpl_line_next(&p, last, &line, &brk);

        if (rc == TPL_DONE) {

            /* what stands between the last break and the newline put behind */

            line.data = (tpl_char_t *) last;
            line.len = 0;
            more = 0;

        } else if (brk == 0) {
            more = 0;

        } else if (p == last && p[-1] == '\r') {

            /* the newline put behind completes a \r\n */

            more = 0;
        }

        if (n == 0) {
            pad = 0;
        } else {
            pad = blank || line.len;
            (void) tpl_buf_char(&b, '\n');
        }

        if (pad) {
            (void) tpl_buf_add(&b, indention.u.s, indention.len);
        }

        /* with blank, the break is part of what joins, and escapes all */

        if (escape && (pad || blank)) {
            tpl_value_string(&v, line.data, line.len, 0);

            if (tpl_to_markup(exec, &v, &piece) != TPL_OK) {
                return TPL_ERROR;
            }

            (void) tpl_buf_add(&b, piece.u.s, piece.len);

        } else {
            (void) tpl_buf_str(&b, &line);
        }

        if (b.failed || b.len > TPL_MAX_STRING) {
            break;
        }
    }

    tpl_charge(exec, b.len);

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    if (b.len > TPL_MAX_STRING) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "indent() makes a string that is too long");
    }

    tpl_value_string(&v, b.data, b.len,
                     (s->flags & TPL_F_SAFE)
                     | (s->flags & indention.flags & TPL_F_ASCII)
                     | (escape && blank ? TPL_F_SAFE : 0));

    if (!first) {
        call->result = v;
        return TPL_OK;
    }

    if (tpl_is_safe(s)) {
        indention.flags |= TPL_F_SAFE;
    }

    return tpl_binary(exec, TPL_OP_ADD, &indention, &v, &call->result);
}


/* Jinja2: do_truncate */

static tpl_int_t
tpl_filter_truncate(tpl_call_t *call)
{
    size_t             end;
    int64_t            length, leeway, n, tail;
    tpl_exec_t        *exec;
    tpl_uint_t         killwords;
    tpl_value_t       *s, dots, v;
    const tpl_char_t  *p;

    exec = call->exec;
    s = &call->args[0];

    if (tpl_arg_int(call, 1, 255, &length) != TPL_OK
        || tpl_arg_bool(call, 2, 0, &killwords) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (tpl_arg_given(&call->args[3])) {
        dots = call->args[3];
    } else {
        tpl_value_string(&dots, (tpl_char_t *) "...", 3, TPL_F_ASCII);
    }

    leeway = 5;

    if (tpl_arg_some(&call->args[4])) {

        if (tpl_arg_int(call, 4, 5, &leeway) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {

        if (tpl_policy(exec, "truncate.leeway", &v) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_is_int(&v)) {
            leeway = v.u.i;
        }
    }

    if (tpl_length(exec, &dots, &tail) != TPL_OK) {
        return TPL_ERROR;
    }

    if (length < tail) {
        return tpl_throw(exec, TPL_EXC_ASSERT,
                         "expected length >= %lld, got %lld",
                         (long long) tail, (long long) length);
    }

    if (leeway < 0) {
        return tpl_throw(exec, TPL_EXC_ASSERT,
                         "expected leeway >= 0, got %lld",
                         (long long) leeway);
    }

    /* a string of few bytes needs no counting */

    if (s->type == TPL_STRING && (int64_t) s->len <= length) {
        call->result = *s;
        return TPL_OK;
    }

    if (tpl_length(exec, s, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(exec, s->len);

    if (n - length <= leeway) {
        call->result = *s;
        return TPL_OK;
    }

    if (s->type != TPL_STRING) {
        return tpl_layout_no_string(exec, s, "rsplit");
    }

    end = tpl_cut_offset(s, length - tail);

    if (!killwords) {

        for (p = s->u.s + end; p > s->u.s; p--) {
            if (p[-1] == ' ') {
                end = p - 1 - s->u.s;
                break;
            }
        }
    }

    tpl_cut(s, 0, end, &v);

    return tpl_binary(exec, TPL_OP_ADD, &v, &dots, &call->result);
}


/* a line's characters, and what of it is on the way out */

typedef struct {
    tpl_exec_t         *exec;
    tpl_buf_t           b;
    const tpl_str_t    *wrap;       /* what joins lines, as it goes out */
    tpl_uint_t          escape;     /* the wrapstring is markup */
    int64_t             width;
    tpl_uint_t          inexact;    /* width is the whole part of a float */
    tpl_uint_t          break_long;
    tpl_uint_t          break_hyphens;
    tpl_uint_t          split_hyphens;

    uint32_t           *c;          /* of the line: code points */
    size_t              n;
    size_t              solid;      /* see tpl_wrap_empty() */
} tpl_wrap_t;


/* textwrap's own whitespace: ASCII only */

static inline tpl_uint_t
tpl_wrap_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


/* textwrap: word_punct */

static inline tpl_uint_t
tpl_wrap_punct(uint32_t c)
{
    return c == '!' || c == '"' || c == '\'' || c == '&' || c == '.'
           || c == ',' || c == '?' || tpl_uc_word(c);
}


/* textwrap: letter */

static inline tpl_uint_t
tpl_wrap_letter(const tpl_wrap_t *w, size_t i)
{
    return i < w->n && tpl_uc_word(w->c[i]) && !tpl_uc_decimal(w->c[i]);
}


/*
 * The end of an em-dash between words that begins at i: two dashes or more,
 * after a word's character or mark and before a word; i itself if none does.
 */

static size_t
tpl_wrap_dashes(const tpl_wrap_t *w, size_t i)
{
    size_t  k;

    if (w->c[i] != '-' || i == 0 || !tpl_wrap_punct(w->c[i - 1])) {
        return i;
    }

    for (k = i; k < w->n && w->c[k] == '-'; k++) { /* void */ }

    return (k - i >= 2 && k < w->n && tpl_uc_word(w->c[k])) ? k : i;
}


/* true if the dash at i may end a chunk: in a hyphenated word */

static tpl_uint_t
tpl_wrap_hyphen(const tpl_wrap_t *w, size_t i)
{
    if (i < 2 || !tpl_wrap_letter(w, i - 1)) {
        return 0;
    }

    if (!tpl_wrap_letter(w, i - 2)
        && !(i >= 3 && w->c[i - 2] == '-' && tpl_wrap_letter(w, i - 3)))
    {
        return 0;
    }

    if (!tpl_wrap_letter(w, i + 1)) {
        return 0;
    }

    return tpl_wrap_letter(w, i + 2)
           || (i + 2 < w->n && w->c[i + 2] == '-'
               && tpl_wrap_letter(w, i + 3));
}


/* textwrap: wordsep_re, wordsep_simple_re: the end of the chunk at i */

static size_t
tpl_wrap_chunk(const tpl_wrap_t *w, size_t i)
{
    size_t  k;

    k = i;

    if (tpl_wrap_blank(w->c[i])) {

        while (k < w->n && tpl_wrap_blank(w->c[k])) {
            k++;
        }

        return k;
    }

    if (w->split_hyphens) {
        k = tpl_wrap_dashes(w, i);

        if (k != i) {
            return k;
        }
    }

    for (k = i + 1; k < w->n && !tpl_wrap_blank(w->c[k]); k++) {

        if (w->c[k] == '-' && w->split_hyphens) {

            if (tpl_wrap_hyphen(w, k)) {
                return k + 1;
            }

            if (tpl_wrap_dashes(w, k) != k) {
                return k;
            }
        }
    }

    return k;
}


/*
 * chunk.strip() == '', by all of Unicode's whitespace.  Calls of one line come
 * with starts that never go back, so the first character that is no blank is
 * looked for only past the one found last.
 */

static tpl_uint_t
tpl_wrap_empty(tpl_wrap_t *w, size_t start, size_t end)
{
    if (w->solid < start) {
        w->solid = start;
    }

    while (w->solid < w->n && tpl_uc_space(w->c[w->solid])) {
        w->solid++;
    }

    return w->solid >= end;
}


/* where to break the chunk that fits on no line, with room characters left */

static size_t
tpl_wrap_long(const tpl_wrap_t *w, size_t start, size_t end, size_t room)
{
    size_t  k, j;

    if (end - start <= room) {
        return end;
    }

    if (w->break_hyphens) {

        for (k = room; k > 0 && w->c[start + k - 1] != '-'; k--) {
            /* void */
        }

        /* after the last hyphen, if anything but hyphens is before it */

        if (k > 1) {
            for (j = 0; j < k - 1; j++) {
                if (w->c[start + j] != '-') {
                    return start + k;
                }
            }
        }
    }

    return start + room;
}


static tpl_int_t
tpl_wrap_out(tpl_wrap_t *w, size_t start, size_t end)
{
    size_t       k;
    tpl_char_t  *p;

    p = tpl_buf_reserve(&w->b, (end - start) * 5);

    if (p == NULL) {
        return TPL_ERROR;
    }

    for (k = start; k < end; k++) {

        if (w->escape && w->c[k] < 0x80) {
            tpl_char_t  c = w->c[k];

            p = tpl_escape(p, &c, 1, TPL_ESCAPE_MARKUPSAFE);
            continue;
        }

        p = tpl_utf8_encode(p, w->c[k]);
    }

    w->b.len = p - w->b.data;

    return TPL_OK;
}


/* textwrap: _wrap_chunks: one paragraph */

static tpl_int_t
tpl_wrap_line(tpl_wrap_t *w)
{
    size_t      start, end, last, chunk, next, len;
    tpl_uint_t  lines;

    lines = 0;
    chunk = 0;
    next = 0;

    /* [chunk, next) is the chunk to place; [start, end) the line so far, and
     * last is where its last chunk begins */

    if (w->n) {
        next = tpl_wrap_chunk(w, 0);
    }

    while (chunk < w->n) {

        if (lines && tpl_wrap_empty(w, chunk, next)) {
            chunk = next;
            next = (chunk < w->n) ? tpl_wrap_chunk(w, chunk) : chunk;
        }

        start = chunk;
        end = chunk;
        last = chunk;

        while (chunk < w->n
               && (int64_t) (next - start) <= w->width)
        {
            last = chunk;
            end = next;
            chunk = next;
            next = (chunk < w->n) ? tpl_wrap_chunk(w, chunk) : chunk;
        }

        if (chunk < w->n && (int64_t) (next - chunk) > w->width) {

            if (w->break_long) {

                if (w->inexact && w->width) {
                    return tpl_throw(w->exec, TPL_EXC_TYPE,
                                     "slice indices must be integers or None "
                                     "or have an __index__ method");
                }

                len = end - start;
                last = chunk;
                end = tpl_wrap_long(w, chunk, next,
                                    w->width ? w->width - len : 1);
                chunk = end;

            } else if (start == end) {
                last = chunk;
                end = next;
                chunk = next;
                next = (chunk < w->n) ? tpl_wrap_chunk(w, chunk) : chunk;
            }
        }

        if (end > start && tpl_wrap_empty(w, last, end)) {
            end = last;
        }

        if (end == start) {
            continue;
        }

        if (lines++) {
            (void) tpl_buf_str(&w->b, w->wrap);
        }

        if (tpl_wrap_out(w, start, end) != TPL_OK) {
            return tpl_throw_memory(w->exec);
        }

        if (w->b.len > TPL_MAX_STRING) {
            break;
        }
    }

    return TPL_OK;
}


/*
 * A float is compared with lengths, and counts as its whole part; it only
 * cannot cut a word.
 */

static tpl_int_t
tpl_wrap_width(tpl_call_t *call, tpl_wrap_t *w)
{
    tpl_str_t           text;
    tpl_value_t         repr;
    const tpl_value_t  *v;

    v = &call->args[1];

    if (v->type != TPL_FLOAT) {

        if (tpl_arg_int(call, 1, 79, &w->width) != TPL_OK) {
            return TPL_ERROR;
        }

        if (w->width > 0) {
            return TPL_OK;
        }

    } else if (!(v->u.d <= 0)) {
        w->inexact = 1;
        w->width = (v->u.d < (double) TPL_MAX_STRING) ? (int64_t) v->u.d
                                                      : TPL_MAX_STRING;
        return TPL_OK;
    }

    if (tpl_to_repr(call->exec, v, &repr) != TPL_OK) {
        return TPL_ERROR;
    }

    text = tpl_value_str(&repr);

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "invalid width %.*s (must be > 0)",
                     (int) text.len, text.data);
}


/* Jinja2: do_wordwrap */

static tpl_int_t
tpl_filter_wordwrap(tpl_call_t *call)
{
    size_t              brk, lines;
    tpl_str_t           line, wrap;
    tpl_wrap_t          w;
    tpl_exec_t         *exec;
    tpl_value_t        *s, *hyphens;
    const tpl_char_t   *p, *q, *last;

    exec = call->exec;
    s = &call->args[0];
    hyphens = &call->args[4];

    memset(&w, 0, sizeof(tpl_wrap_t));

    if (s->type != TPL_STRING) {
        return tpl_layout_no_string(exec, s, "splitlines");
    }

    if (tpl_arg_bool(call, 2, 1, &w.break_long) != TPL_OK
        || tpl_arg_bool(call, 4, 1, &w.break_hyphens) != TPL_OK)
    {
        return TPL_ERROR;
    }

    /* textwrap asks for True itself when it splits */

    w.split_hyphens = !tpl_arg_given(hyphens)
                      || (hyphens->type == TPL_BOOL && hyphens->u.i);

    if (tpl_arg_some(&call->args[3])) {

        if (call->args[3].type != TPL_STRING) {
            return tpl_layout_no_string(exec, &call->args[3], "join");
        }

        wrap = tpl_value_str(&call->args[3]);
        w.escape = tpl_is_safe(&call->args[3]);

    } else if (exec->options != NULL && exec->options->newline_sequence.len) {
        wrap = exec->options->newline_sequence;

    } else {
        tpl_str_set(&wrap, "\n");
    }

    p = s->u.s;
    last = p + s->len;

    if (p == last) {
        tpl_value_string(&call->result, p, 0,
                         w.escape ? TPL_F_SAFE : TPL_F_ASCII);
        return TPL_OK;
    }

    if (tpl_wrap_width(call, &w) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(exec, s->len * 8);

    w.exec = exec;
    w.wrap = &wrap;
    w.c = tpl_palloc(exec->arena, s->len * sizeof(uint32_t));

    if (w.c == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_buf_init(&w.b, exec->arena);

    for (lines = 0; tpl_line_next(&p, last, &line, &brk) == TPL_OK; lines++) {

        if (lines) {
            (void) tpl_buf_str(&w.b, &wrap);
        }

        w.n = 0;
        w.solid = 0;

        for (q = line.data; q < line.data + line.len; /* void */ ) {
            w.c[w.n++] = tpl_utf8_decode(&q, line.data + line.len);
        }

        if (tpl_wrap_line(&w) != TPL_OK) {
            return TPL_ERROR;
        }

        if (w.b.len > TPL_MAX_STRING) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "wordwrap() makes a string that is too long");
        }
    }

    return tpl_value_from_buf(exec, &call->result, &w.b,
                              w.escape ? TPL_F_SAFE : 0);
}


const tpl_builtin_def_t  tpl_filters_layout[] = {

    { "center", "value, width=", tpl_filter_center, 0 },
    { "indent", "s, width=, first=, blank=", tpl_filter_indent, 0 },
    { "pprint", "value", tpl_filter_pprint, 0 },
    { "truncate", "s, length=, killwords=, end=, leeway=",
      tpl_filter_truncate, TPL_FN_CONTEXT },
    { "wordwrap", "s, width=, break_long_words=, wrapstring=, "
      "break_on_hyphens=", tpl_filter_wordwrap, TPL_FN_CONTEXT },

    { NULL, NULL, NULL, 0 }
};
