
/*
 * Python's re, through pcre2.
 *
 * Patterns are translated where Python writes what pcre2 does not know or means
 * otherwise (tpl_re_translate()).  Memory comes from the render's arena.  A
 * match has limits: a pattern that backtracks without end is an error, and pays
 * its fuel.  Positions that templates see count code points.
 */

#include "builtins/tpl_module_re.h"


/*
 * Backtracking steps: pcre2 counts those from one place of the text, and there
 * are as many places as bytes.  All together must not stop a worker for long.
 */
#define TPL_RE_STEPS        100000000
#define TPL_RE_MATCH_MIN    2000
#define TPL_RE_MATCH_LIMIT  1000000

/* kilobytes that a search may take for them */
#define TPL_RE_HEAP_LIMIT   16384

/* as Python counts its flags */
#define TPL_RE_I            2
#define TPL_RE_M            8
#define TPL_RE_S            16
#define TPL_RE_U            32
#define TPL_RE_X            64
#define TPL_RE_A            256


/* patterns of this render by their hash; one takes the place of another */

#define TPL_RE_CACHE  16

typedef struct {
    tpl_re_t                *slots[TPL_RE_CACHE];
} tpl_re_cache_t;


/* one search after the other in a text, as finditer() goes on */

typedef struct {
    tpl_re_t                *re;
    tpl_str_t                s;
    size_t                   position;
    size_t                   last;          /* where the last one ended */
    tpl_uint_t               not_empty;     /* it was empty: not again here */
} tpl_re_scan_t;


static tpl_int_t tpl_re_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_re_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


static const tpl_class_t  tpl_re_class = {
    .name = "re.Pattern",
    .get_attr = tpl_re_attr,
    .str = tpl_re_repr
};


static void *
tpl_re_malloc(PCRE2_SIZE size, void *data)
{
    return tpl_palloc(data, size);
}


static void
tpl_re_free(void *p, void *data)
{
    (void) p;
    (void) data;
}


/* n hexadecimal digits at p as \x{...}; 0 if they are not there */

static tpl_uint_t
tpl_re_hex(tpl_buf_t *b, const tpl_char_t *p, const tpl_char_t *last,
    size_t n)
{
    size_t  i;

    if ((size_t) (last - p) < n) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (!((p[i] >= '0' && p[i] <= '9')
              || ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')))
        {
            return 0;
        }
    }

    tpl_buf_printf(b, "\\x{%.*s}", (int) n, (char *) p);

    return 1;
}


/*
 * \Z is the very end in Python, \u and \U are hexadecimal, {,n} counts from 0,
 * and a class knows neither [:names:] nor nested brackets; letters that mean
 * nothing after a backslash are errors.
 */

static tpl_int_t
tpl_re_translate(tpl_exec_t *exec, const tpl_str_t *s, tpl_buf_t *b)
{
    tpl_uint_t         in_class;
    const tpl_char_t  *p, *q, *last, *start;

    p = s->data;
    last = p + s->len;
    in_class = 0;
    start = NULL;

    while (p < last) {

        if (*p == '\\' && last - p > 1) {

            switch (p[1]) {

            case 'Z':
                tpl_buf_lit(b, "\\z");
                p += 2;
                continue;

            case 'u':
                if (!tpl_re_hex(b, p + 2, last, 4)) {
                    goto escape;
                }

                p += 6;
                continue;

            case 'U':
                if (!tpl_re_hex(b, p + 2, last, 8)) {
                    goto escape;
                }

                p += 10;
                continue;

            case 'x':
                if (!tpl_re_hex(b, p + 2, last, 2)) {
                    goto escape;
                }

                p += 4;
                continue;

            case 'v':
                tpl_buf_lit(b, "\\x0b");
                p += 2;
                continue;

            default:
                if (((p[1] | 0x20) >= 'a' && (p[1] | 0x20) <= 'z')
                    && strchr(in_class ? "abdfnrstwDSW" : "abdfnrstwABDSW",
                              p[1]) == NULL)
                {
                    goto escape;
                }

                tpl_buf_add(b, p, 2);
                p += 2;
                continue;
            }
        }

        if (in_class) {

            if (*p == ']' && p != start) {
                in_class = 0;

            } else if (*p == '[') {
                tpl_buf_char(b, '\\');
            }

            tpl_buf_char(b, *p++);
            continue;
        }

        if (*p == '[') {
            in_class = 1;
            tpl_buf_char(b, *p++);

            if (p < last && *p == '^') {
                tpl_buf_char(b, *p++);
            }

            /* a bracket that comes first is itself */

            start = p;

            if (p < last && *p == ']') {
                tpl_buf_lit(b, "\\]");
                p++;
            }

            continue;
        }

        if (*p == '{' && last - p > 2 && p[1] == ',') {

            for (q = p + 2; q < last && *q >= '0' && *q <= '9'; q++) {
                /* void */
            }

            if (q < last && *q == '}') {
                tpl_buf_lit(b, "{0");
                p++;
                continue;
            }
        }

        tpl_buf_char(b, *p++);
    }

    return b->failed ? tpl_throw_memory(exec) : TPL_OK;

escape:

    return tpl_throw(exec, TPL_EXC_EXCEPTION, "bad escape \\%c at position %u",
                     p[1], (unsigned) (p - s->data));
}


/* a pattern, or one that was compiled already */

static tpl_int_t
tpl_re_compile(tpl_exec_t *exec, const tpl_value_t *pattern,
    const tpl_value_t *flags, tpl_re_t **out)
{
    int                      err;
    int64_t                  bits;
    tpl_re_t                *re, **slot;
    tpl_re_cache_t          *cache;
    uint32_t                 options;
    tpl_buf_t                b;
    tpl_str_t                s;
    PCRE2_SIZE               offset;
    tpl_char_t               message[128];
    pcre2_general_context   *general;
    pcre2_compile_context   *context;

    if (tpl_is_object_of(pattern, &tpl_re_class)) {
        *out = (tpl_re_t *) pattern->u.obj;
        return TPL_OK;
    }

    if (pattern->type != TPL_STRING) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "first argument must be string or compiled pattern");
    }

    bits = 0;

    if (tpl_arg_given(flags)) {

        if (!tpl_is_int(flags)) {
            return tpl_throw(exec, TPL_EXC_TYPE, "flags must be an integer");
        }

        bits = flags->u.i;
    }

    cache = exec->patterns;

    if (cache == NULL) {
        cache = tpl_pcalloc(exec->arena, sizeof(tpl_re_cache_t));
        if (cache == NULL) {
            return tpl_throw_memory(exec);
        }

        exec->patterns = cache;
    }

    s = tpl_value_str(pattern);
    tpl_charge(exec, s.len);

    slot = &cache->slots[(tpl_hash(s.data, s.len) ^ (uint32_t) bits)
                         % TPL_RE_CACHE];
    re = *slot;

    if (re && re->flags == bits && re->pattern.len == s.len
        && (s.len == 0 || memcmp(re->pattern.u.s, s.data, s.len) == 0))
    {
        *out = re;
        return TPL_OK;
    }

    re = tpl_pcalloc(exec->arena, sizeof(tpl_re_t));
    if (re == NULL) {
        return tpl_throw_memory(exec);
    }

    re->object.cls = &tpl_re_class;
    re->pattern = *pattern;
    re->flags = bits;

    if (re->flags & ~(TPL_RE_I|TPL_RE_M|TPL_RE_S|TPL_RE_U|TPL_RE_X|TPL_RE_A)) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "flags of re other than A, I, M, S, U, X are not "
                         "supported");
    }

    options = PCRE2_UTF|PCRE2_NEVER_BACKSLASH_C;
    options |= (re->flags & TPL_RE_A) ? 0 : PCRE2_UCP;
    options |= (re->flags & TPL_RE_I) ? PCRE2_CASELESS : 0;
    options |= (re->flags & TPL_RE_M) ? PCRE2_MULTILINE : 0;
    options |= (re->flags & TPL_RE_S) ? PCRE2_DOTALL : 0;
    options |= (re->flags & TPL_RE_X) ? PCRE2_EXTENDED : 0;

    tpl_buf_init(&b, exec->arena);

    if (tpl_re_translate(exec, &s, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    general = pcre2_general_context_create(tpl_re_malloc, tpl_re_free,
                                           exec->arena);
    if (general == NULL) {
        return tpl_throw_memory(exec);
    }

    context = pcre2_compile_context_create(general);
    re->context = pcre2_match_context_create(general);

    if (context == NULL || re->context == NULL) {
        return tpl_throw_memory(exec);
    }

    (void) pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    (void) pcre2_set_heap_limit(re->context, TPL_RE_HEAP_LIMIT);

    re->code = pcre2_compile(b.len ? b.data : (PCRE2_SPTR) "", b.len, options,
                             &err, &offset, context);

    if (re->code == NULL) {

        if (err == PCRE2_ERROR_HEAP_FAILED) {
            return tpl_throw_memory(exec);
        }

        if (pcre2_get_error_message(err, message, sizeof(message)) < 0) {
            message[0] = '\0';
        }

        return tpl_throw(exec, TPL_EXC_EXCEPTION,
                         "regular expression: %s at position %u",
                         (char *) message, (unsigned) offset);
    }

    /* compiling costs far more than reading */

    tpl_charge(exec, s.len * 64 + 1000);

    (void) pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->groups);

    re->data = pcre2_match_data_create_from_pattern(re->code, general);
    if (re->data == NULL) {
        return tpl_throw_memory(exec);
    }

    *slot = re;
    *out = re;

    return TPL_OK;
}


/* TPL_OK, TPL_DECLINED if there is no match, TPL_ERROR */

static tpl_int_t
tpl_re_exec(tpl_exec_t *exec, tpl_re_t *re, const tpl_str_t *s, size_t from,
    uint32_t options)
{
    int     rc;
    size_t  limit;

    tpl_charge(exec, 64);

    limit = TPL_RE_STEPS / (s->len - from + 1);
    limit = tpl_max(limit, TPL_RE_MATCH_MIN);

    (void) pcre2_set_match_limit(re->context,
                                 (uint32_t) tpl_min(limit,
                                                    TPL_RE_MATCH_LIMIT));

    /* a text is checked when its first search begins: host data may be bytes */

    if (from != 0 || (options & PCRE2_NOTEMPTY_ATSTART)) {
        options |= PCRE2_NO_UTF_CHECK;
    }

    rc = pcre2_match(re->code, s->len ? s->data : (PCRE2_SPTR) "", s->len,
                     from, options, re->data, re->context);

    if (rc == PCRE2_ERROR_NOMATCH) {
        tpl_charge(exec, s->len - from);
        return TPL_DECLINED;
    }

    if (rc == PCRE2_ERROR_NOMEMORY) {
        return tpl_throw_memory(exec);
    }

    if (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21) {
        return tpl_throw(exec, TPL_EXC_VALUE, "the text is not UTF-8");
    }

    if (rc < 0) {
        tpl_charge(exec, (size_t) TPL_RE_MATCH_LIMIT);

        return tpl_throw(exec, TPL_EXC_LIMIT,
                         "a regular expression takes too many steps");
    }

    tpl_charge(exec, pcre2_get_ovector_pointer(re->data)[1] - from);

    return TPL_OK;
}


/*
 * The next match: an empty one may touch the one before, but is not found twice
 * at a place (Python 3.7).
 */

static tpl_int_t
tpl_re_next(tpl_exec_t *exec, tpl_re_scan_t *scan, const size_t **ovector)
{
    uint32_t   options;
    tpl_int_t  rc;

    if (scan->position > scan->s.len) {
        return TPL_DECLINED;
    }

    options = scan->not_empty ? PCRE2_NOTEMPTY_ATSTART : 0;

    rc = tpl_re_exec(exec, scan->re, &scan->s, scan->position, options);
    if (rc != TPL_OK) {
        return rc;
    }

    *ovector = pcre2_get_ovector_pointer(scan->re->data);

    /* \K in a look-around could go backwards; there is none in Python */

    if ((*ovector)[0] < scan->position || (*ovector)[1] < (*ovector)[0]) {
        return TPL_DECLINED;
    }

    scan->position = (*ovector)[1];
    scan->not_empty = ((*ovector)[0] == (*ovector)[1]);

    return TPL_OK;
}


/* the scan of a text */

static tpl_int_t
tpl_re_text(tpl_call_t *call, tpl_re_scan_t *scan, tpl_re_t *re,
    const tpl_value_t *string)
{
    memset(scan, 0, sizeof(tpl_re_scan_t));

    scan->re = re;

    if (string->type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "expected string or bytes-like object, got '%s'",
                         (string->type == TPL_NONE) ? "NoneType"
                                                    : tpl_type_name(string));
    }

    scan->s = tpl_value_str(string);

    return TPL_OK;
}


static tpl_int_t
tpl_re_scan(tpl_call_t *call, tpl_re_scan_t *scan, const tpl_value_t *pattern,
    const tpl_value_t *string, const tpl_value_t *flags)
{
    tpl_re_t  *re;

    if (tpl_re_compile(call->exec, pattern, flags, &re) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_re_text(call, scan, re, string);
}


/* search(), match(), fullmatch() by pcre2's options; args: pattern, string */

static tpl_int_t
tpl_re_find(tpl_call_t *call, const tpl_value_t *flags, uint32_t options)
{
    tpl_int_t      rc;
    tpl_re_scan_t  scan;

    if (tpl_re_scan(call, &scan, &call->args[0], &call->args[1], flags)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    rc = tpl_re_exec(call->exec, scan.re, &scan.s, 0, options);

    if (rc == TPL_DECLINED) {
        return TPL_OK;
    }

    return (rc == TPL_OK) ? tpl_re_match_create(call->exec, scan.re,
                                                &call->args[1], &call->result)
                          : rc;
}


/*
 * The functions of the module have flags as their last argument, the methods of
 * a pattern have not: their self stands where the pattern does.
 */

#define TPL_RE_BOTH(name, body, flags_at)                                    \
                                                                             \
static tpl_int_t                                                             \
tpl_re_##name(tpl_call_t *call)                                              \
{                                                                            \
    return body(call, &call->args[flags_at]);                                \
}                                                                            \
                                                                             \
                                                                             \
static tpl_int_t                                                             \
tpl_re_method_##name(tpl_call_t *call)                                       \
{                                                                            \
    tpl_value_t  missing;                                                    \
                                                                             \
    tpl_value_missing(&missing);                                             \
                                                                             \
    return body(call, &missing);                                             \
}


static tpl_int_t
tpl_re_do_search(tpl_call_t *call, const tpl_value_t *flags)
{
    return tpl_re_find(call, flags, 0);
}


static tpl_int_t
tpl_re_do_match(tpl_call_t *call, const tpl_value_t *flags)
{
    return tpl_re_find(call, flags, PCRE2_ANCHORED);
}


static tpl_int_t
tpl_re_do_fullmatch(tpl_call_t *call, const tpl_value_t *flags)
{
    return tpl_re_find(call, flags, PCRE2_ANCHORED|PCRE2_ENDANCHORED);
}


/* the groups of the last match as findall() gives them */

static tpl_int_t
tpl_re_groups_value(tpl_exec_t *exec, const tpl_re_t *re,
    const tpl_value_t *string, const size_t *ovector, tpl_value_t *out)
{
    uint32_t     i;
    tpl_list_t  *list;
    tpl_value_t  v, empty;

    tpl_value_string(&empty, (tpl_char_t *) "", 0, TPL_F_ASCII);

    if (re->groups <= 1) {
        tpl_re_group(string, ovector, re->groups, &empty, out);
        return TPL_OK;
    }

    list = tpl_list_create(exec, re->groups);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 1; i <= re->groups; i++) {
        tpl_re_group(string, ovector, i, &empty, &v);

        if (tpl_list_append(exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_value_tuple(out, list);

    return TPL_OK;
}


/* all matches: as findall() or, with matches, as finditer() */

static tpl_int_t
tpl_re_all(tpl_call_t *call, const tpl_value_t *flags, tpl_uint_t matches)
{
    tpl_int_t      rc;
    tpl_list_t    *list;
    tpl_value_t    v;
    tpl_re_scan_t  scan;
    const size_t  *ovector;

    if (tpl_re_scan(call, &scan, &call->args[0], &call->args[1], flags)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    while ((rc = tpl_re_next(call->exec, &scan, &ovector)) == TPL_OK) {

        rc = matches ? tpl_re_match_create(call->exec, scan.re,
                                           &call->args[1], &v)
                     : tpl_re_groups_value(call->exec, scan.re,
                                           &call->args[1], ovector, &v);

        if (rc != TPL_OK || tpl_list_append(call->exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (matches) {
        return tpl_value_iterator(call->exec, &call->result, list,
                                  "callable_iterator");
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


static tpl_int_t
tpl_re_do_findall(tpl_call_t *call, const tpl_value_t *flags)
{
    return tpl_re_all(call, flags, 0);
}


static tpl_int_t
tpl_re_do_finditer(tpl_call_t *call, const tpl_value_t *flags)
{
    return tpl_re_all(call, flags, 1);
}


/* args: pattern, string, maxsplit */

static tpl_int_t
tpl_re_do_split(tpl_call_t *call, const tpl_value_t *flags)
{
    size_t               end;
    int64_t              max;
    uint32_t             i;
    tpl_int_t            rc;
    tpl_list_t          *list;
    tpl_value_t          v, none;
    tpl_re_scan_t        scan;
    const size_t        *ovector;
    const tpl_value_t   *string;

    string = &call->args[1];

    if (tpl_re_scan(call, &scan, &call->args[0], string, flags) != TPL_OK
        || tpl_arg_int(call, 2, 0, &max) != TPL_OK)
    {
        return TPL_ERROR;
    }

    list = tpl_list_create(call->exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    if (max <= 0) {
        max = (max == 0) ? INT64_MAX : 0;
    }

    tpl_value_none(&none);
    end = 0;
    rc = TPL_DECLINED;

    while (max > 0
           && (rc = tpl_re_next(call->exec, &scan, &ovector)) == TPL_OK)
    {
        max--;

        tpl_value_string(&v, string->u.s + end, ovector[0] - end,
                         string->flags & TPL_F_ASCII);
        end = ovector[1];

        if (tpl_list_append(call->exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }

        for (i = 1; i <= scan.re->groups; i++) {
            tpl_re_group(string, ovector, i, &none, &v);

            if (tpl_list_append(call->exec, list, &v) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    if (rc != TPL_OK && rc != TPL_DECLINED) {
        return rc;
    }

    tpl_value_string(&v, string->u.s + end, scan.s.len - end,
                     string->flags & TPL_F_ASCII);
    tpl_value_list(&call->result, list);

    return tpl_list_append(call->exec, list, &v);
}


/* args: pattern, repl, string, count */

static tpl_int_t
tpl_re_replace(tpl_call_t *call, const tpl_value_t *flags, int64_t *n)
{
    size_t               end;
    int64_t              count;
    tpl_re_t            *re;
    tpl_buf_t            b;
    tpl_str_t            repl;
    tpl_int_t            rc;
    tpl_exec_t          *exec;
    tpl_value_t          match, text;
    tpl_re_scan_t        scan;
    const size_t        *ovector;
    const tpl_value_t   *string;

    exec = call->exec;
    string = &call->args[2];

    if (tpl_re_compile(exec, &call->args[0], flags, &re) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);

    repl.len = 0;
    repl.data = NULL;

    if (call->args[1].type == TPL_STRING) {
        repl = tpl_value_str(&call->args[1]);

        /* what is wrong with it is wrong without a match, too */

        if (tpl_re_expand(exec, re, &repl, NULL, NULL, &b) != TPL_OK) {
            return TPL_ERROR;
        }

        b.len = 0;

    } else if (!tpl_is_callable(&call->args[1])) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "decoding to str: need a bytes-like object, %s found",
                         tpl_type_name(&call->args[1]));
    }

    if (tpl_re_text(call, &scan, re, string) != TPL_OK
        || tpl_arg_int(call, 3, 0, &count) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (count <= 0) {
        count = (count == 0) ? INT64_MAX : 0;
    }

    *n = 0;
    end = 0;
    rc = TPL_DECLINED;

    while (*n < count
           && (rc = tpl_re_next(exec, &scan, &ovector)) == TPL_OK)
    {
        (*n)++;

        tpl_buf_add(&b, string->u.s + end, ovector[0] - end);
        end = ovector[1];

        if (call->args[1].type == TPL_STRING) {
            rc = tpl_re_expand(exec, scan.re, &repl, string->u.s, ovector,
                               &b);

        } else {
            rc = tpl_re_match_create(exec, scan.re, string, &match);

            if (rc == TPL_OK) {
                rc = tpl_vm_call(exec, &call->args[1], &match, 1, NULL,
                                 &text);
            }

            if (rc == TPL_OK && text.type != TPL_STRING) {
                return tpl_throw(exec, TPL_EXC_TYPE,
                                 "sequence item 1: expected str instance, %s "
                                 "found", tpl_type_name(&text));
            }

            if (rc == TPL_OK) {
                tpl_buf_add(&b, text.u.s, text.len);
            }
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (b.len > TPL_MAX_STRING) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "string is too long: more than %d bytes",
                             TPL_MAX_STRING);
        }
    }

    if (rc != TPL_OK && rc != TPL_DECLINED) {
        return rc;
    }

    tpl_buf_add(&b, string->u.s + end, scan.s.len - end);

    return tpl_value_from_buf(exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_re_do_sub(tpl_call_t *call, const tpl_value_t *flags)
{
    int64_t  n;

    return tpl_re_replace(call, flags, &n);
}


static tpl_int_t
tpl_re_do_subn(tpl_call_t *call, const tpl_value_t *flags)
{
    int64_t      n;
    tpl_int_t    rc;
    tpl_value_t  text, count;

    rc = tpl_re_replace(call, flags, &n);
    if (rc != TPL_OK) {
        return rc;
    }

    text = call->result;
    tpl_value_int(&count, n);

    return tpl_pair(call->exec, &text, &count, &call->result);
}


TPL_RE_BOTH(search, tpl_re_do_search, 2)


TPL_RE_BOTH(match, tpl_re_do_match, 2)


TPL_RE_BOTH(fullmatch, tpl_re_do_fullmatch, 2)


TPL_RE_BOTH(findall, tpl_re_do_findall, 2)


TPL_RE_BOTH(finditer, tpl_re_do_finditer, 2)


TPL_RE_BOTH(split, tpl_re_do_split, 3)


TPL_RE_BOTH(sub, tpl_re_do_sub, 4)


TPL_RE_BOTH(subn, tpl_re_do_subn, 4)


static tpl_int_t
tpl_re_fn_compile(tpl_call_t *call)
{
    tpl_re_t  *re;

    if (tpl_re_compile(call->exec, &call->args[0], &call->args[1], &re)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_object(&call->result, re);

    return TPL_OK;
}


static tpl_int_t
tpl_re_escape(tpl_call_t *call)
{
    size_t       i;
    tpl_buf_t    b;
    tpl_str_t    s;
    tpl_uint_t   c;

    if (tpl_arg_str(call, 0, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, s.len);
    tpl_buf_init(&b, call->exec->arena);

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c && strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", (int) c)) {
            tpl_buf_char(&b, '\\');
        }

        tpl_buf_char(&b, c);
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


/* objects */

static tpl_int_t
tpl_re_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_re_t  *re = (tpl_re_t *) obj;

    if (tpl_str_is(&name->str, "pattern")) {
        *out = re->pattern;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "flags")) {
        tpl_value_int(out, re->flags | ((re->flags & TPL_RE_A) ? 0
                                                               : TPL_RE_U));
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "groups")) {
        tpl_value_int(out, re->groups);
        return TPL_OK;
    }

    return tpl_module_method(exec, obj, name, out);
}


static tpl_int_t
tpl_re_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_buf_lit(b, "re.compile(");

    if (tpl_repr_to(exec, &((tpl_re_t *) obj)->pattern, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_char(b, ')');
}


#define TPL_RE_FLAG(name, value)                                             \
                                                                             \
static tpl_int_t                                                             \
tpl_re_flag_##name(tpl_call_t *call)                                         \
{                                                                            \
    tpl_value_int(&call->result, value);                                     \
    return TPL_OK;                                                           \
}


TPL_RE_FLAG(a, TPL_RE_A)


TPL_RE_FLAG(i, TPL_RE_I)


TPL_RE_FLAG(m, TPL_RE_M)


TPL_RE_FLAG(s, TPL_RE_S)


TPL_RE_FLAG(u, TPL_RE_U)


TPL_RE_FLAG(x, TPL_RE_X)


const tpl_builtin_def_t  tpl_module_re[] = {

    { "re.compile", "pattern, flags=", tpl_re_fn_compile, 0 },
    { "re.escape", "pattern", tpl_re_escape, 0 },
    { "re.findall", "pattern, string, flags=", tpl_re_findall, 0 },
    { "re.finditer", "pattern, string, flags=", tpl_re_finditer, 0 },
    { "re.fullmatch", "pattern, string, flags=", tpl_re_fullmatch, 0 },
    { "re.match", "pattern, string, flags=", tpl_re_match, 0 },
    { "re.search", "pattern, string, flags=", tpl_re_search, 0 },
    { "re.split", "pattern, string, maxsplit=, flags=", tpl_re_split, 0 },
    { "re.sub", "pattern, repl, string, count=, flags=", tpl_re_sub, 0 },
    { "re.subn", "pattern, repl, string, count=, flags=", tpl_re_subn, 0 },

    { "re.A", "", tpl_re_flag_a, TPL_FN_VALUE },
    { "re.ASCII", "", tpl_re_flag_a, TPL_FN_VALUE },
    { "re.DOTALL", "", tpl_re_flag_s, TPL_FN_VALUE },
    { "re.I", "", tpl_re_flag_i, TPL_FN_VALUE },
    { "re.IGNORECASE", "", tpl_re_flag_i, TPL_FN_VALUE },
    { "re.M", "", tpl_re_flag_m, TPL_FN_VALUE },
    { "re.MULTILINE", "", tpl_re_flag_m, TPL_FN_VALUE },
    { "re.S", "", tpl_re_flag_s, TPL_FN_VALUE },
    { "re.U", "", tpl_re_flag_u, TPL_FN_VALUE },
    { "re.UNICODE", "", tpl_re_flag_u, TPL_FN_VALUE },
    { "re.VERBOSE", "", tpl_re_flag_x, TPL_FN_VALUE },
    { "re.X", "", tpl_re_flag_x, TPL_FN_VALUE },

    { "re.Pattern:findall", "self, string, /", tpl_re_method_findall, 0 },
    { "re.Pattern:finditer", "self, string, /", tpl_re_method_finditer, 0 },
    { "re.Pattern:fullmatch", "self, string, /", tpl_re_method_fullmatch,
      0 },
    { "re.Pattern:match", "self, string, /", tpl_re_method_match, 0 },
    { "re.Pattern:search", "self, string, /", tpl_re_method_search, 0 },
    { "re.Pattern:split", "self, string, maxsplit=", tpl_re_method_split,
      0 },
    { "re.Pattern:sub", "self, repl, string, count=", tpl_re_method_sub, 0 },
    { "re.Pattern:subn", "self, repl, string, count=", tpl_re_method_subn,
      0 },

    { NULL, NULL, NULL, 0 }
};
