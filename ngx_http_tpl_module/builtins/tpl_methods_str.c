
/*
 * The methods of str, and those of markupsafe's Markup: the table, letter case,
 * classes of characters, searching, formatting.  tpl_methods_text.c has what
 * pads, strips, splits and joins.
 *
 * A str is a slice: what is cut out of one shares its bytes.  Where Markup
 * overrides a method its result is markup and its arguments are escaped
 * (markupsafe 2.1); a method that it inherits gives plain text.
 */

#include "builtins/tpl_builtins.h"
#include "builtins/tpl_entity.h"
#include "builtins/tpl_methods.h"


/* a part of a string, as find(sub, start, end) and the like take it */

typedef struct {
    size_t               from;      /* bytes */
    size_t               to;
    int64_t              start;     /* code points */
    int64_t              end;       /* -1: all of the rest, not counted */
    tpl_uint_t           none;      /* start is past end: nothing is in it */
} tpl_span_t;


typedef tpl_int_t (*tpl_str_case_pt)(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r);
typedef tpl_uint_t (*tpl_char_class_pt)(uint32_t c);


tpl_int_t
tpl_markup_arg(tpl_call_t *call, tpl_uint_t i, tpl_value_t *out)
{
    const tpl_value_t  *v;

    v = &call->args[i];

    if (tpl_is_safe(&call->args[0])
        && (v->type == TPL_STRING || tpl_has_html(v)))
    {
        return tpl_to_markup(call->exec, v, out);
    }

    *out = *v;

    return TPL_OK;
}


/* a text as the result; r may be longer than a value's length can say */

static tpl_int_t
tpl_result_text(tpl_call_t *call, const tpl_str_t *r, tpl_uint_t flags)
{
    if (tpl_unlikely(r->len > UINT32_MAX)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW, "string is too long");
    }

    tpl_value_string(&call->result, r->data, r->len, (uint8_t) flags);

    return TPL_OK;
}


/* letter case */

static tpl_int_t
tpl_str_case(tpl_call_t *call, tpl_str_case_pt convert, tpl_uint_t flags)
{
    tpl_str_t  s, r;

    s = tpl_value_str(&call->args[0]);

    tpl_charge(call->exec, s.len);

    if (convert(call->exec->arena, &s, &r) != TPL_OK) {
        return tpl_throw_memory(call->exec);
    }

    return tpl_result_text(call, &r, call->args[0].flags & flags);
}


static tpl_int_t
tpl_str_method_upper(tpl_call_t *call)
{
    return tpl_str_case(call, tpl_str_upper, TPL_F_SAFE|TPL_F_ASCII);
}


static tpl_int_t
tpl_str_method_lower(tpl_call_t *call)
{
    return tpl_str_case(call, tpl_str_lower, TPL_F_SAFE|TPL_F_ASCII);
}


static tpl_int_t
tpl_str_method_title(tpl_call_t *call)
{
    return tpl_str_case(call, tpl_str_title, TPL_F_SAFE|TPL_F_ASCII);
}


static tpl_int_t
tpl_str_method_capitalize(tpl_call_t *call)
{
    return tpl_str_case(call, tpl_str_capitalize, TPL_F_SAFE|TPL_F_ASCII);
}


static tpl_int_t
tpl_str_method_swapcase(tpl_call_t *call)
{
    return tpl_str_case(call, tpl_str_swapcase, TPL_F_SAFE|TPL_F_ASCII);
}


/* Markup has no casefold() of its own: the result is plain */

static tpl_int_t
tpl_str_method_casefold(tpl_call_t *call)
{
    return tpl_str_case(call, tpl_str_casefold, TPL_F_ASCII);
}


/* classes of characters */

/* true if each of at least one character is of the class */

static tpl_int_t
tpl_str_each(tpl_call_t *call, tpl_char_class_pt is, tpl_uint_t empty)
{
    const tpl_char_t  *p, *last;

    p = call->args[0].u.s;
    last = p + call->args[0].len;

    tpl_charge(call->exec, last - p);

    if (p == last) {
        tpl_value_bool(&call->result, empty);
        return TPL_OK;
    }

    while (p < last) {
        if (!is(tpl_utf8_decode(&p, last))) {
            tpl_value_bool(&call->result, 0);
            return TPL_OK;
        }
    }

    tpl_value_bool(&call->result, 1);

    return TPL_OK;
}


static tpl_uint_t
tpl_char_alnum(uint32_t c)
{
    return tpl_uc_alpha(c) || tpl_uc_decimal(c) || tpl_uc_digit(c)
           || tpl_uc_numeric(c);
}


static tpl_int_t
tpl_str_method_isalnum(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_char_alnum, 0);
}


static tpl_int_t
tpl_str_method_isalpha(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_uc_alpha, 0);
}


static tpl_int_t
tpl_str_method_isdecimal(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_uc_decimal, 0);
}


static tpl_int_t
tpl_str_method_isdigit(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_uc_digit, 0);
}


static tpl_int_t
tpl_str_method_isnumeric(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_uc_numeric, 0);
}


static tpl_int_t
tpl_str_method_isspace(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_uc_space, 0);
}


static tpl_int_t
tpl_str_method_isprintable(tpl_call_t *call)
{
    return tpl_str_each(call, tpl_uc_printable, 1);
}


static tpl_int_t
tpl_str_method_isascii(tpl_call_t *call)
{
    const tpl_value_t  *v;

    v = &call->args[0];

    tpl_charge(call->exec, v->len);
    tpl_value_bool(&call->result, (v->flags & TPL_F_ASCII)
                                  || tpl_utf8_ascii(v->u.s, v->len));

    return TPL_OK;
}


static tpl_int_t
tpl_str_method_isidentifier(tpl_call_t *call)
{
    uint32_t           c;
    tpl_uint_t         ok;
    const tpl_char_t  *p, *last;

    p = call->args[0].u.s;
    last = p + call->args[0].len;

    tpl_charge(call->exec, last - p);

    ok = (p < last);

    if (ok) {
        c = tpl_utf8_decode(&p, last);
        ok = (c == '_' || tpl_uc_id_start(c));
    }

    while (ok && p < last) {
        c = tpl_utf8_decode(&p, last);
        ok = (c == '_' || tpl_uc_id_continue(c));
    }

    tpl_value_bool(&call->result, ok);

    return TPL_OK;
}


/* some character has a case, and none has another than it should have */

static tpl_int_t
tpl_str_all_case(tpl_call_t *call, tpl_char_class_pt right,
    tpl_char_class_pt wrong)
{
    uint32_t           c;
    tpl_uint_t         cased;
    const tpl_char_t  *p, *last;

    p = call->args[0].u.s;
    last = p + call->args[0].len;
    cased = 0;

    tpl_charge(call->exec, last - p);

    while (p < last) {
        c = tpl_utf8_decode(&p, last);

        if (wrong(c) || (c > 127 && tpl_uc_title(c))) {
            cased = 0;
            break;
        }

        if (!cased) {
            cased = right(c);
        }
    }

    tpl_value_bool(&call->result, cased);

    return TPL_OK;
}


static tpl_int_t
tpl_str_method_islower(tpl_call_t *call)
{
    return tpl_str_all_case(call, tpl_uc_lower, tpl_uc_upper);
}


static tpl_int_t
tpl_str_method_isupper(tpl_call_t *call)
{
    return tpl_str_all_case(call, tpl_uc_upper, tpl_uc_lower);
}


static tpl_int_t
tpl_str_method_istitle(tpl_call_t *call)
{
    uint32_t           c;
    tpl_uint_t         cased, previous;
    const tpl_char_t  *p, *last;

    p = call->args[0].u.s;
    last = p + call->args[0].len;
    cased = 0;
    previous = 0;

    tpl_charge(call->exec, last - p);

    while (p < last) {
        c = tpl_utf8_decode(&p, last);

        if (tpl_uc_upper(c) || (c > 127 && tpl_uc_title(c))) {
            if (previous) {
                cased = 0;
                break;
            }

            cased = 1;
            previous = 1;

        } else if (tpl_uc_lower(c)) {
            if (!previous) {
                cased = 0;
                break;
            }

            cased = 1;

        } else {
            previous = 0;
        }
    }

    tpl_value_bool(&call->result, cased);

    return TPL_OK;
}


/* searching */

static tpl_int_t
tpl_span_bound(tpl_call_t *call, tpl_uint_t i, int64_t *n)
{
    const tpl_value_t  *v;

    v = &call->args[i];

    if (!tpl_arg_some(v)) {
        return TPL_OK;
    }

    if (!tpl_is_int(v)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "slice indices must be integers or None or have an "
                         "__index__ method");
    }

    *n = v->u.i;

    return TPL_OK;
}


/* the part of self that the arguments 2 and 3 say */

static tpl_int_t
tpl_str_span(tpl_call_t *call, tpl_span_t *span)
{
    int64_t             n, start, end;
    const tpl_value_t  *self;

    self = &call->args[0];

    start = 0;
    end = INT64_MAX;

    if (tpl_span_bound(call, 2, &start) != TPL_OK
        || tpl_span_bound(call, 3, &end) != TPL_OK)
    {
        return TPL_ERROR;
    }

    span->from = 0;
    span->to = self->len;
    span->start = 0;
    span->end = -1;
    span->none = 0;

    if (start == 0 && end == INT64_MAX) {
        return TPL_OK;
    }

    tpl_charge(call->exec, self->len);

    n = (int64_t) tpl_string_length(self);

    if (start < 0) {
        start = tpl_max(start + n, 0);
    }

    if (end < 0) {
        end = tpl_max(end + n, 0);

    } else if (end > n) {
        end = n;
    }

    span->start = start;
    span->end = end;

    if (start > end) {
        span->none = 1;
        span->to = 0;
        return TPL_OK;
    }

    span->from = tpl_cut_offset(self, (size_t) start);
    span->to = tpl_cut_offset(self, (size_t) end);

    return TPL_OK;
}


/* what to search for, and where; argument 1 and those of tpl_str_span() */

static tpl_int_t
tpl_str_needle(tpl_call_t *call, tpl_span_t *span, tpl_str_t *needle)
{
    const tpl_value_t  *sub;

    if (tpl_str_span(call, span) != TPL_OK) {
        return TPL_ERROR;
    }

    sub = &call->args[1];

    if (sub->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE, "must be str, not %s",
                         tpl_type_name(sub));
    }

    *needle = tpl_value_str(sub);

    return TPL_OK;
}


/* code points of self that the span ends at */

static inline int64_t
tpl_span_end(const tpl_call_t *call, const tpl_span_t *span)
{
    return (span->end >= 0) ? span->end
                            : (int64_t) tpl_string_length(&call->args[0]);
}


static tpl_int_t
tpl_str_search(tpl_call_t *call, tpl_uint_t backwards, int64_t *index)
{
    size_t              at;
    ssize_t             found;
    tpl_int_t           rc;
    tpl_str_t           needle, s;
    tpl_span_t          span;
    tpl_rfind_t         r;
    const tpl_value_t  *self;

    *index = -1;

    if (tpl_str_needle(call, &span, &needle) != TPL_OK) {
        return TPL_ERROR;
    }

    if (span.none) {
        return TPL_OK;
    }

    if (needle.len == 0) {
        *index = backwards ? tpl_span_end(call, &span) : span.start;
        return TPL_OK;
    }

    self = &call->args[0];

    s.data = (tpl_char_t *) self->u.s + span.from;
    s.len = span.to - span.from;

    tpl_charge(call->exec, s.len);

    if (backwards) {
        tpl_rfind_init(&r, &needle);

        rc = tpl_rfind(call->exec, &r, s.data, s.len, &at);
        if (rc != TPL_OK) {
            return (rc == TPL_DECLINED) ? TPL_OK : rc;
        }

    } else {
        found = tpl_str_find(&s, &needle, 0);
        if (found < 0) {
            return TPL_OK;
        }

        at = (size_t) found;
    }

    if (!(self->flags & TPL_F_ASCII)) {
        at = tpl_utf8_length(s.data, at);
    }

    *index = span.start + (int64_t) at;

    return TPL_OK;
}


static tpl_int_t
tpl_str_find_result(tpl_call_t *call, tpl_uint_t backwards,
    tpl_uint_t must)
{
    int64_t  index;

    if (tpl_str_search(call, backwards, &index) != TPL_OK) {
        return TPL_ERROR;
    }

    if (index < 0 && must) {
        return tpl_throw(call->exec, TPL_EXC_VALUE, "substring not found");
    }

    tpl_value_int(&call->result, index);

    return TPL_OK;
}


static tpl_int_t
tpl_str_method_find(tpl_call_t *call)
{
    return tpl_str_find_result(call, 0, 0);
}


static tpl_int_t
tpl_str_method_rfind(tpl_call_t *call)
{
    return tpl_str_find_result(call, 1, 0);
}


static tpl_int_t
tpl_str_method_index(tpl_call_t *call)
{
    return tpl_str_find_result(call, 0, 1);
}


static tpl_int_t
tpl_str_method_rindex(tpl_call_t *call)
{
    return tpl_str_find_result(call, 1, 1);
}


static tpl_int_t
tpl_str_method_count(tpl_call_t *call)
{
    int64_t     n;
    ssize_t     at;
    tpl_str_t   needle, s;
    tpl_span_t  span;

    if (tpl_str_needle(call, &span, &needle) != TPL_OK) {
        return TPL_ERROR;
    }

    n = 0;

    if (!span.none && needle.len == 0) {
        n = tpl_span_end(call, &span) - span.start + 1;

    } else if (!span.none) {
        s.data = (tpl_char_t *) call->args[0].u.s + span.from;
        s.len = span.to - span.from;

        tpl_charge(call->exec, s.len);

        at = tpl_str_find(&s, &needle, 0);

        while (at >= 0) {
            n++;
            at = tpl_str_find(&s, &needle, at + needle.len);
        }
    }

    tpl_value_int(&call->result, n);

    return TPL_OK;
}


static inline tpl_uint_t
tpl_str_tail_match(const tpl_value_t *self, const tpl_span_t *span,
    const tpl_value_t *sub, tpl_uint_t end)
{
    if (span->none || span->to - span->from < sub->len) {
        return 0;
    }

    return sub->len == 0
           || memcmp(self->u.s + (end ? span->to - sub->len : span->from),
                     sub->u.s, sub->len) == 0;
}


static tpl_int_t
tpl_str_starts_or_ends(tpl_call_t *call, tpl_uint_t end)
{
    uint32_t            i;
    tpl_uint_t          match;
    tpl_span_t          span;
    const char         *name;
    const tpl_list_t   *list;
    const tpl_value_t  *sub, *self;

    name = end ? "endswith" : "startswith";
    self = &call->args[0];
    sub = &call->args[1];

    if (tpl_str_span(call, &span) != TPL_OK) {
        return TPL_ERROR;
    }

    if (sub->type == TPL_STRING) {
        tpl_charge(call->exec, sub->len);
        match = tpl_str_tail_match(self, &span, sub, end);

    } else if (sub->type == TPL_TUPLE) {
        list = sub->u.list;
        match = 0;

        for (i = 0; i < list->n && !match; i++) {
            sub = &list->items[i];

            if (sub->type != TPL_STRING) {
                return tpl_throw(call->exec, TPL_EXC_TYPE,
                                 "tuple for %s must only contain str, not %s",
                                 name, tpl_type_name(sub));
            }

            tpl_charge(call->exec, sub->len);
            match = tpl_str_tail_match(self, &span, sub, end);
        }

    } else {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "%s first arg must be str or a tuple of str, not %s",
                         name, tpl_type_name(sub));
    }

    tpl_value_bool(&call->result, match);

    return TPL_OK;
}


static tpl_int_t
tpl_str_method_startswith(tpl_call_t *call)
{
    return tpl_str_starts_or_ends(call, 0);
}


static tpl_int_t
tpl_str_method_endswith(tpl_call_t *call)
{
    return tpl_str_starts_or_ends(call, 1);
}


/* Markup does not override these two: the result is plain */

static tpl_int_t
tpl_str_remove(tpl_call_t *call, tpl_uint_t end)
{
    tpl_span_t          span;
    const tpl_value_t  *self, *sub;

    self = &call->args[0];
    sub = &call->args[1];

    if (sub->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "remove%s() argument must be str, not %s",
                         end ? "suffix" : "prefix",
                         (sub->type == TPL_NONE) ? "None"
                                                 : tpl_type_name(sub));
    }

    memset(&span, 0, sizeof(tpl_span_t));

    span.to = self->len;
    span.end = -1;

    tpl_charge(call->exec, sub->len);

    if (tpl_str_tail_match(self, &span, sub, end)) {
        if (end) {
            span.to -= sub->len;

        } else {
            span.from = sub->len;
        }
    }

    tpl_cut(self, span.from, span.to, &call->result);
    call->result.flags &= ~TPL_F_SAFE;

    return TPL_OK;
}


static tpl_int_t
tpl_str_method_removeprefix(tpl_call_t *call)
{
    return tpl_str_remove(call, 0);
}


static tpl_int_t
tpl_str_method_removesuffix(tpl_call_t *call)
{
    return tpl_str_remove(call, 1);
}


/* formatting */

static tpl_int_t
tpl_str_method_format(tpl_call_t *call)
{
    return tpl_format_braces(call->exec, &call->args[0],
                             call->args[1].u.list, call->args[2].u.dict,
                             &call->result);
}


/*
 * The result of a markup's format_map() is markup, as the sandbox and
 * markupsafe 3 have it; 2.1 forgot it, and its result would be escaped twice.
 */

static tpl_int_t
tpl_str_method_format_map(tpl_call_t *call)
{
    tpl_int_t           rc;
    tpl_dict_t         *dict;
    const tpl_value_t  *v;

    v = &call->args[1];

    rc = tpl_mapping_dict(call->exec, v, &dict);
    if (rc == TPL_DECLINED) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "format_map() argument must be a mapping, not %s",
                         tpl_type_name(v));
    }

    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_format_braces(call->exec, &call->args[0], NULL, dict,
                             &call->result);
}


/* what only Markup has */

static tpl_int_t
tpl_markup_method_html(tpl_call_t *call)
{
    call->result = call->args[0];

    return TPL_OK;
}


static tpl_int_t
tpl_markup_method_escape(tpl_call_t *call)
{
    return tpl_to_markup(call->exec, &call->args[1], &call->result);
}


static tpl_int_t
tpl_markup_method_unescape(tpl_call_t *call)
{
    tpl_str_t  s, r;

    s = tpl_value_str(&call->args[0]);

    if (tpl_html_unescape(call->exec, &s, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_result_text(call, &r, 0);
}


static tpl_int_t
tpl_markup_method_striptags(tpl_call_t *call)
{
    tpl_str_t  s, r;

    s = tpl_value_str(&call->args[0]);

    if (tpl_html_striptags(call->exec, &s, &r) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_result_text(call, &r, 0);
}


const tpl_builtin_def_t  tpl_methods_str[] = {

    { "capitalize", "self, /", tpl_str_method_capitalize, 0 },
    { "casefold", "self, /", tpl_str_method_casefold, 0 },
    { "center", "self, width, fillchar=, /", tpl_str_method_center, 0 },
    { "count", "self, sub, start=, end=, /", tpl_str_method_count, 0 },
    { "endswith", "self, suffix, start=, end=, /", tpl_str_method_endswith,
      0 },
    { "expandtabs", "self, /, tabsize=", tpl_str_method_expandtabs, 0 },
    { "find", "self, sub, start=, end=, /", tpl_str_method_find, 0 },
    { "format", "self, /, *args, **kwargs", tpl_str_method_format, 0 },
    { "format_map", "self, mapping, /", tpl_str_method_format_map, 0 },
    { "index", "self, sub, start=, end=, /", tpl_str_method_index, 0 },
    { "isalnum", "self, /", tpl_str_method_isalnum, 0 },
    { "isalpha", "self, /", tpl_str_method_isalpha, 0 },
    { "isascii", "self, /", tpl_str_method_isascii, 0 },
    { "isdecimal", "self, /", tpl_str_method_isdecimal, 0 },
    { "isdigit", "self, /", tpl_str_method_isdigit, 0 },
    { "isidentifier", "self, /", tpl_str_method_isidentifier, 0 },
    { "islower", "self, /", tpl_str_method_islower, 0 },
    { "isnumeric", "self, /", tpl_str_method_isnumeric, 0 },
    { "isprintable", "self, /", tpl_str_method_isprintable, 0 },
    { "isspace", "self, /", tpl_str_method_isspace, 0 },
    { "istitle", "self, /", tpl_str_method_istitle, 0 },
    { "isupper", "self, /", tpl_str_method_isupper, 0 },
    { "join", "self, iterable, /", tpl_str_method_join, 0 },
    { "ljust", "self, width, fillchar=, /", tpl_str_method_ljust, 0 },
    { "lower", "self, /", tpl_str_method_lower, 0 },
    { "lstrip", "self, chars=, /", tpl_str_method_lstrip, 0 },
    { "partition", "self, sep, /", tpl_str_method_partition, 0 },
    { "removeprefix", "self, prefix, /", tpl_str_method_removeprefix, 0 },
    { "removesuffix", "self, suffix, /", tpl_str_method_removesuffix, 0 },
    { "replace", "self, old, new, count=, /", tpl_str_method_replace, 0 },
    { "rfind", "self, sub, start=, end=, /", tpl_str_method_rfind, 0 },
    { "rindex", "self, sub, start=, end=, /", tpl_str_method_rindex, 0 },
    { "rjust", "self, width, fillchar=, /", tpl_str_method_rjust, 0 },
    { "rpartition", "self, sep, /", tpl_str_method_rpartition, 0 },
    { "rsplit", "self, /, sep=, maxsplit=", tpl_str_method_rsplit, 0 },
    { "rstrip", "self, chars=, /", tpl_str_method_rstrip, 0 },
    { "split", "self, /, sep=, maxsplit=", tpl_str_method_split, 0 },
    { "splitlines", "self, /, keepends=", tpl_str_method_splitlines, 0 },
    { "startswith", "self, prefix, start=, end=, /",
      tpl_str_method_startswith, 0 },
    { "strip", "self, chars=, /", tpl_str_method_strip, 0 },
    { "swapcase", "self, /", tpl_str_method_swapcase, 0 },
    { "title", "self, /", tpl_str_method_title, 0 },
    { "translate", "self, table, /", tpl_str_method_translate, 0 },
    { "upper", "self, /", tpl_str_method_upper, 0 },
    { "zfill", "self, width, /", tpl_str_method_zfill, 0 },

    { "__html__", "self, /", tpl_markup_method_html, TPL_FN_MARKUP },
    { "escape", "self, s", tpl_markup_method_escape, TPL_FN_MARKUP },
    { "striptags", "self", tpl_markup_method_striptags, TPL_FN_MARKUP },
    { "unescape", "self", tpl_markup_method_unescape, TPL_FN_MARKUP },

    { NULL, NULL, NULL, 0 }
};
