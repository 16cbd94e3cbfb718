
/*
 * The urlize filter: links and mail addresses of a text become anchors.
 *
 * Hand-written scanners decide what jinja2/utils.py decides with regular
 * expressions; each looks at a word a bounded number of times.
 */

#include "builtins/tpl_args.h"


/* a place in a word of urlize */

typedef struct {
    const tpl_char_t  *p;
    const tpl_char_t  *last;
} tpl_span_t;


/* what all links of one call share */

typedef struct {
    tpl_exec_t        *exec;
    tpl_buf_t          b;
    tpl_str_t          attrs;       /* ' rel="..." target="..."' */
    tpl_uint_t         trim;        /* there is a limit */
    int64_t            limit;
    tpl_uint_t         bad_limit;   /* which no link may meet */
    tpl_uint_t         met;
    tpl_list_t        *schemes;
} tpl_urlize_t;


/*
 * A code point as re.IGNORECASE compares it with an ASCII letter: the long s,
 * dotted and dotless i and the Kelvin sign are letters too.
 */

static inline uint32_t
tpl_urlize_fold(uint32_t c)
{
    if (c < 0x80) {
        return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
    }

    switch (c) {

    case 0x130:
    case 0x131:
        return 'i';

    case 0x17f:
        return 's';

    case 0x212a:
        return 'k';

    default:
        return c;
    }
}


/* true if s begins with the text, letters of either case; s moves past it */

static tpl_uint_t
tpl_urlize_skip(tpl_span_t *s, const char *text)
{
    const tpl_char_t  *p;

    p = s->p;

    for ( /* void */ ; *text; text++) {

        if (p == s->last
            || tpl_urlize_fold(tpl_utf8_decode(&p, s->last))
               != (uint32_t) (tpl_char_t) *text)
        {
            return 0;
        }
    }

    s->p = p;

    return 1;
}


static inline tpl_uint_t
tpl_urlize_starts(const tpl_char_t *p, const tpl_char_t *last,
    const void *text, size_t len)
{
    return (size_t) (last - p) >= len && memcmp(p, text, len) == 0;
}


static inline tpl_uint_t
tpl_urlize_ends(const tpl_char_t *p, const tpl_char_t *last,
    const void *text, size_t len)
{
    return (size_t) (last - p) >= len && memcmp(last - len, text, len) == 0;
}


/* a label of a domain: [\w%-] (with dash) or [\w%], min to max of them, all */

static tpl_uint_t
tpl_urlize_label(const tpl_char_t *p, const tpl_char_t *last, tpl_uint_t dash,
    size_t min, size_t max)
{
    size_t    n;
    uint32_t  c;

    for (n = 0; p < last; n++) {
        c = tpl_utf8_decode(&p, last);

        if (c != '%' && !(dash && c == '-') && !tpl_uc_word(c)) {
            return 0;
        }
    }

    return n >= min && n <= max;
}


/* [a-z]{2,63} or xn--[\w%]{2,59}, all of it */

static tpl_uint_t
tpl_urlize_tld(const tpl_char_t *p, const tpl_char_t *last)
{
    size_t             n;
    uint32_t           c;
    tpl_span_t         s;
    const tpl_char_t  *q;

    q = p;

    for (n = 0; q < last; n++) {
        c = tpl_urlize_fold(tpl_utf8_decode(&q, last));

        if (c < 'a' || c > 'z') {
            break;
        }

        if (q == last) {
            return n + 1 >= 2 && n + 1 <= 63;
        }
    }

    s.p = p;
    s.last = last;

    return tpl_urlize_skip(&s, "xn--")
           && tpl_urlize_label(s.p, s.last, 0, 2, 59);
}


/* where the last label of a host begins: after its last dot */

static const tpl_char_t *
tpl_urlize_last_label(const tpl_char_t *p, const tpl_char_t *last)
{
    const tpl_char_t  *q;

    for (q = last; q > p && q[-1] != '.'; q--) { /* void */ }

    return q;
}


/* (label\.)* up to end, which stands after a dot or at p */

static tpl_uint_t
tpl_urlize_labels(const tpl_char_t *p, const tpl_char_t *end, size_t min,
    size_t max)
{
    const tpl_char_t  *q;

    while (p < end) {
        q = memchr(p, '.', end - p);

        if (q == NULL || !tpl_urlize_label(p, q, 1, min, max)) {
            return 0;
        }

        p = q + 1;
    }

    return 1;
}


/* four numbers of one to three digits */

static tpl_uint_t
tpl_urlize_ipv4(const tpl_char_t *p, const tpl_char_t *last)
{
    uint32_t     c;
    tpl_uint_t   dots, digits;

    dots = 0;
    digits = 0;

    while (p < last) {
        c = tpl_utf8_decode(&p, last);

        if (c == '.') {

            if (digits == 0 || ++dots > 3) {
                return 0;
            }

            digits = 0;

        } else if (!tpl_uc_decimal(c) || ++digits > 3) {
            return 0;
        }
    }

    return dots == 3 && digits;
}


/*
 * \[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}]: s is at the bracket and moves
 * past the closing one.  Taking as much as each group can is never worse.
 */

static tpl_uint_t
tpl_urlize_ipv6(tpl_span_t *s)
{
    uint32_t           c;
    tpl_uint_t         groups, digits;
    const tpl_char_t  *p, *q;

    p = s->p + 1;

    for (groups = 0; groups < 8; groups++) {

        for (digits = 0; digits < 4 && p < s->last; digits++) {
            q = p;
            c = tpl_urlize_fold(tpl_utf8_decode(&q, s->last));

            if (!(c >= 'a' && c <= 'f') && !tpl_uc_decimal(c)) {
                break;
            }

            p = q;
        }

        if (p < s->last && *p == ':') {
            p++;

        } else if (groups < 2) {
            return 0;
        }

        if (groups >= 2 && p < s->last && *p == ']') {
            s->p = p + 1;
            return 1;
        }
    }

    return 0;
}


/* (:\d{1,5})?([/?#]\S*)?$ */

static tpl_uint_t
tpl_urlize_rest(const tpl_char_t *p, const tpl_char_t *last)
{
    tpl_uint_t         digits;
    const tpl_char_t  *q;

    if (p < last && *p == ':') {
        p++;

        for (digits = 0; p < last; digits++) {
            q = p;

            if (!tpl_uc_decimal(tpl_utf8_decode(&q, last))) {
                break;
            }

            p = q;
        }

        if (digits == 0 || digits > 5) {
            return 0;
        }
    }

    return p == last || *p == '/' || *p == '?' || *p == '#';
}


/* Jinja2: _http_re */

static tpl_uint_t
tpl_urlize_http(const tpl_char_t *p, const tpl_char_t *last)
{
    tpl_uint_t          i, scheme, www;
    tpl_span_t          s, tld;
    const tpl_char_t   *end, *label;
    static const char  *names[] = { "com", "net", "int", "edu", "gov", "org",
                                    "info", "mil" };

    s.p = p;
    s.last = last;

    scheme = tpl_urlize_skip(&s, "http");

    if (scheme) {
        (void) tpl_urlize_skip(&s, "s");
        scheme = tpl_urlize_skip(&s, "://");

        if (!scheme) {
            s.p = p;
        }
    }

    www = !scheme && tpl_urlize_skip(&s, "www.");

    if (scheme && s.p < last && *s.p == '[') {
        return tpl_urlize_ipv6(&s) && tpl_urlize_rest(s.p, last);
    }

    /* the host has none of these, and something of it must end at one */

    for (end = s.p; end < last; end++) {
        if (*end == ':' || *end == '/' || *end == '?' || *end == '#') {
            break;
        }
    }

    if (!tpl_urlize_rest(end, last)) {
        return 0;
    }

    label = tpl_urlize_last_label(s.p, end);

    if ((scheme || www)
        && tpl_urlize_tld(label, end)
        && tpl_urlize_labels(s.p, label, 1, SIZE_MAX))
    {
        return 1;
    }

    if (scheme) {
        return tpl_urlize_ipv4(s.p, end);
    }

    /* a plain domain, "www." being a label as good as any */

    label = tpl_urlize_last_label(p, end);

    if (label == p || !tpl_urlize_labels(p, label, 2, 63)) {
        return 0;
    }

    for (i = 0; i < tpl_nelts(names); i++) {
        tld.p = label;
        tld.last = end;

        if (tpl_urlize_skip(&tld, names[i]) && tld.p == end) {
            return 1;
        }
    }

    return 0;
}


/* Jinja2: _email_re: ^\S+@\w[\w.-]*\.\w+$ */

static tpl_uint_t
tpl_urlize_email(const tpl_char_t *p, const tpl_char_t *last)
{
    uint32_t           c;
    const tpl_char_t  *at, *q, *dot;

    for (at = last; at > p && at[-1] != '@'; at--) { /* void */ }

    /* at is behind the last @, which may not be the first character */

    if (at - p < 2) {
        return 0;
    }

    dot = NULL;

    for (q = at; q < last; /* void */ ) {
        p = q;
        c = tpl_utf8_decode(&q, last);

        if (c == '.' || c == '-') {

            if (p == at) {
                return 0;
            }

            if (c == '.') {
                dot = q;
            } else if (dot != NULL) {

                /* after the last dot only \w: a later dot may mend this */

                dot = last;
            }

            continue;
        }

        if (!tpl_uc_word(c)) {
            return 0;
        }
    }

    return dot != NULL && dot < last;
}


/* <a href="PREFIX URL" ATTRS>TEXT</a> */

static void
tpl_urlize_link(tpl_urlize_t *u, const char *prefix, const tpl_char_t *p,
    const tpl_char_t *last, tpl_uint_t attrs, const tpl_char_t *text,
    tpl_uint_t trim)
{
    size_t   cut, n;
    int64_t  keep;

    (void) tpl_buf_lit(&u->b, "<a href=\"");
    (void) tpl_buf_add(&u->b, prefix, strlen(prefix));
    (void) tpl_buf_add(&u->b, p, last - p);
    (void) tpl_buf_char(&u->b, '"');

    if (attrs) {
        (void) tpl_buf_str(&u->b, &u->attrs);
    }

    (void) tpl_buf_char(&u->b, '>');

    n = last - text;
    cut = n;

    u->met |= (trim && u->bad_limit);

    if (trim && u->trim && !u->bad_limit) {
        keep = u->limit;

        if (keep < (int64_t) n) {
            n = tpl_utf8_length(text, n);

            if (keep < (int64_t) n) {

                /* a negative limit counts from the end, as slices do */

                if (keep < 0) {
                    keep = (keep < -(int64_t) n) ? 0 : keep + (int64_t) n;
                }

                cut = tpl_utf8_offset(text, last - text, keep);
            }
        }
    }

    (void) tpl_buf_add(&u->b, text, cut);

    if (cut < (size_t) (last - text)) {
        (void) tpl_buf_lit(&u->b, "...");
    }

    (void) tpl_buf_lit(&u->b, "</a>");
}


/* the middle of a word, linked if it is a link */

static void
tpl_urlize_middle(tpl_urlize_t *u, const tpl_char_t *p,
    const tpl_char_t *last)
{
    tpl_uint_t          i;
    const tpl_value_t  *scheme;

    if (tpl_urlize_http(p, last)) {

        if (tpl_urlize_starts(p, last, "https://", 8)
            || tpl_urlize_starts(p, last, "http://", 7))
        {
            tpl_urlize_link(u, "", p, last, 1, p, 1);
        } else {
            tpl_urlize_link(u, "https://", p, last, 1, p, 1);
        }

        return;
    }

    if (tpl_urlize_starts(p, last, "mailto:", 7)
        && tpl_urlize_email(p + 7, last))
    {
        tpl_urlize_link(u, "", p, last, 0, p + 7, 0);
        return;
    }

    if (p < last && *p != '@'
        && !tpl_urlize_starts(p, last, "www.", 4)
        && memchr(p, '@', last - p) != NULL
        && memchr(p, ':', last - p) == NULL
        && tpl_urlize_email(p, last))
    {
        tpl_urlize_link(u, "mailto:", p, last, 0, p, 0);
        return;
    }

    for (i = 0; u->schemes != NULL && i < u->schemes->n; i++) {
        scheme = &u->schemes->items[i];

        if ((size_t) (last - p) > scheme->len
            && tpl_urlize_starts(p, last, scheme->u.s, scheme->len))
        {
            tpl_urlize_link(u, "", p, last, 1, p, 0);
            return;
        }
    }

    (void) tpl_buf_add(&u->b, p, last - p);
}


/* the place behind the next text in [p, last), NULL if there is none */

static const tpl_char_t *
tpl_urlize_after(const tpl_char_t *p, const tpl_char_t *last,
    const char *text, size_t len)
{
    ssize_t    n;
    tpl_str_t  s, t;

    s.data = (tpl_char_t *) p;
    s.len = last - p;
    t.data = (tpl_char_t *) text;
    t.len = len;

    n = tpl_str_find(&s, &t, 0);

    return (n < 0) ? NULL : p + n + len;
}


/* how often text stands in [p, last) */

static size_t
tpl_urlize_count(const tpl_char_t *p, const tpl_char_t *last,
    const char *text, size_t len)
{
    size_t  n;

    for (n = 0; p < last; n++) {
        p = tpl_urlize_after(p, last, text, len);

        if (p == NULL) {
            break;
        }
    }

    return n;
}


/* a word: brackets and marks around it are not the link's */

static void
tpl_urlize_word(tpl_urlize_t *u, const tpl_char_t *p, const tpl_char_t *last)
{
    size_t             opened, closed;
    tpl_uint_t         i;
    const tpl_char_t  *head, *tail;

    static const struct {
        const char    *start;
        size_t         start_len;
        const char    *end;
        size_t         end_len;
    } pairs[] = {
        { "(", 1, ")", 1 },
        { "<", 1, ">", 1 },
        { "&lt;", 4, "&gt;", 4 }
    };

    head = p;

    for ( ;; ) {

        if (head < last && (*head == '(' || *head == '<')) {
            head++;

        } else if (tpl_urlize_starts(head, last, "&lt;", 4)) {
            head += 4;

        } else {
            break;
        }
    }

    tail = last;

    for ( ;; ) {

        if (tail > head
            && (tail[-1] == ')' || tail[-1] == '>' || tail[-1] == '.'
                || tail[-1] == ','))
        {
            tail--;

        } else if (tpl_urlize_ends(head, tail, "&gt;", 4)) {
            tail -= 4;

        } else {
            break;
        }
    }

    /* closing brackets that balance opening ones go back to the link */

    for (i = 0; i < tpl_nelts(pairs) && tail < last; i++) {
        opened = tpl_urlize_count(head, tail, pairs[i].start,
                                  pairs[i].start_len);

        if (opened == 0) {
            continue;
        }

        closed = tpl_urlize_count(head, tail, pairs[i].end,
                                  pairs[i].end_len);

        if (opened <= closed) {
            continue;
        }

        closed = tpl_urlize_count(tail, last, pairs[i].end,
                                  pairs[i].end_len);
        opened = tpl_min(opened, closed);

        while (opened--) {
            tail = tpl_urlize_after(tail, last, pairs[i].end,
                                    pairs[i].end_len);
        }
    }

    (void) tpl_buf_add(&u->b, p, head - p);
    tpl_urlize_middle(u, head, tail);
    (void) tpl_buf_add(&u->b, tail, last - tail);
}


/* Jinja2: _uri_scheme_re: ^([\w.+-]{2,}:(/){0,2})$ */

static tpl_uint_t
tpl_urlize_scheme(const tpl_value_t *v)
{
    size_t             n;
    uint32_t           c;
    const tpl_char_t  *p, *last;

    p = v->u.s;
    last = p + v->len;
    c = 0;

    for (n = 0; p < last; n++) {
        c = tpl_utf8_decode(&p, last);

        if (c != '.' && c != '+' && c != '-' && !tpl_uc_word(c)) {
            break;
        }
    }

    if (n < 2 || c != ':') {
        return 0;
    }

    return p == last || (*p == '/' && (p + 1 == last
                                       || (p[1] == '/' && p + 2 == last)));
}


/* the words of a text into a list, as str.split() gives them */

static tpl_int_t
tpl_urlize_split(tpl_exec_t *exec, tpl_list_t *list, const tpl_str_t *s)
{
    tpl_value_t        v;
    const tpl_char_t  *p, *q, *word, *last;

    p = s->data;
    last = p + s->len;
    word = NULL;

    while (p <= last) {
        q = p;

        if (p < last && !tpl_uc_space(tpl_utf8_decode(&q, last))) {

            if (word == NULL) {
                word = p;
            }

        } else if (word != NULL) {
            tpl_value_string(&v, word, p - word, 0);

            if (tpl_list_append(exec, list, &v) != TPL_OK) {
                return TPL_ERROR;
            }

            word = NULL;
        }

        if (p == last) {
            break;
        }

        p = q;
    }

    return TPL_OK;
}


/* ' rel="..."' from the argument, nofollow and the policy, sorted, each once */

static tpl_int_t
tpl_urlize_rel(tpl_call_t *call, tpl_buf_t *b)
{
    tpl_str_t     s;
    tpl_uint_t    i, n, nofollow, truth;
    tpl_list_t   *parts;
    tpl_value_t   policy, v, *rel;

    rel = &call->args[4];
    truth = 0;
    parts = tpl_list_create(call->exec, 4);

    if (parts == NULL) {
        return tpl_throw_memory(call->exec);
    }

    if (tpl_arg_some(rel)) {

        if (tpl_truth(call->exec, rel, &truth) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (truth) {

        if (tpl_arg_str(call, 4, &s) != TPL_OK
            || tpl_urlize_split(call->exec, parts, &s) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (tpl_arg_bool(call, 2, 0, &nofollow) != TPL_OK) {
        return TPL_ERROR;
    }

    if (nofollow) {
        tpl_value_string(&v, (tpl_char_t *) "nofollow", 8, TPL_F_ASCII);

        if (tpl_list_append(call->exec, parts, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (tpl_policy(call->exec, "urlize.rel", &policy) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_str_set(&s, "noopener");

    if (policy.type != TPL_MISSING) {
        s.len = 0;

        if (policy.type == TPL_STRING) {
            s = tpl_value_str(&policy);
        }
    }

    if (tpl_urlize_split(call->exec, parts, &s) != TPL_OK
        || tpl_list_sort(call->exec, parts, NULL, 0) != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = 0, n = 0; i < parts->n; i++) {

        if (i && parts->items[i].len == parts->items[i - 1].len
            && memcmp(parts->items[i].u.s, parts->items[i - 1].u.s,
                      parts->items[i].len) == 0)
        {
            continue;
        }

        if (n++) {
            (void) tpl_buf_char(b, ' ');
        } else {
            (void) tpl_buf_lit(b, " rel=\"");
        }

        if (tpl_markup_add(call->exec, b, &parts->items[i]) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (n) {
        (void) tpl_buf_char(b, '"');
    }

    return TPL_OK;
}


/* the extra schemes, checked; *list is NULL if there are none */

static tpl_int_t
tpl_urlize_schemes(tpl_call_t *call, tpl_list_t **list)
{
    tpl_uint_t    i, truth;
    tpl_value_t   v, all, repr;

    *list = NULL;
    v = call->args[5];

    if (!tpl_arg_some(&v)) {

        if (tpl_policy(call->exec, "urlize.extra_schemes", &v) != TPL_OK) {
            return TPL_ERROR;
        }

        if (v.type == TPL_MISSING) {
            return TPL_OK;
        }

        if (tpl_truth(call->exec, &v, &truth) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!truth) {
            return TPL_OK;
        }
    }

    if (tpl_to_list(call->exec, &v, &all) != TPL_OK) {
        return TPL_ERROR;
    }

    *list = all.u.list;

    for (i = 0; i < all.u.list->n; i++) {
        v = all.u.list->items[i];

        if (v.type != TPL_STRING) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "expected string or bytes-like object, got "
                             "'%s'", tpl_type_name(&v));
        }

        if (!tpl_urlize_scheme(&v)) {

            if (tpl_to_repr(call->exec, &v, &repr) != TPL_OK) {
                return TPL_ERROR;
            }

            return tpl_throw(call->exec, TPL_EXC_FILTER_ARGUMENT,
                             "%.*s is not a valid URI scheme prefix.",
                             (int) tpl_min(repr.len, 500), repr.u.s);
        }
    }

    return TPL_OK;
}


/* Jinja2: do_urlize and utils.urlize */

tpl_int_t
tpl_filter_urlize(tpl_call_t *call)
{
    tpl_buf_t          attrs;
    tpl_exec_t        *exec;
    tpl_uint_t         truth;
    tpl_value_t        text, target;
    tpl_urlize_t       u;
    const tpl_char_t  *p, *q, *word, *last;

    exec = call->exec;

    memset(&u, 0, sizeof(tpl_urlize_t));

    u.exec = exec;
    u.trim = tpl_arg_some(&call->args[1]);

    if (u.trim) {
        u.bad_limit = !tpl_is_int(&call->args[1]);
        u.limit = call->args[1].u.i;
    }

    tpl_buf_init(&attrs, exec->arena);

    if (tpl_urlize_rel(call, &attrs) != TPL_OK) {
        return TPL_ERROR;
    }

    target = call->args[3];

    if (!tpl_arg_some(&target)
        && tpl_policy(exec, "urlize.target", &target) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (target.type != TPL_MISSING) {

        if (tpl_truth(exec, &target, &truth) != TPL_OK) {
            return TPL_ERROR;
        }

        if (truth) {
            (void) tpl_buf_lit(&attrs, " target=\"");

            if (tpl_markup_add(exec, &attrs, &target) != TPL_OK) {
                return TPL_ERROR;
            }

            (void) tpl_buf_char(&attrs, '"');
        }
    }

    if (attrs.failed) {
        return tpl_throw_memory(exec);
    }

    u.attrs.data = attrs.data;
    u.attrs.len = attrs.len;

    if (tpl_urlize_schemes(call, &u.schemes) != TPL_OK
        || tpl_to_markup(exec, &call->args[0], &text) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_charge(exec, (size_t) text.len * 4);

    tpl_buf_init(&u.b, exec->arena);
    (void) tpl_buf_reserve(&u.b, (size_t) text.len + 64);

    p = text.u.s;
    last = p + text.len;
    word = p;

    /* words and the blanks between them, which are copied */

    while (p < last) {
        q = p;

        if ((*p > ' ' && *p < 0x7f)
            || !tpl_uc_space(tpl_utf8_decode(&q, last)))
        {
            p = (q == p) ? p + 1 : q;
            continue;
        }

        if (p > word) {
            tpl_urlize_word(&u, word, p);
        }

        (void) tpl_buf_add(&u.b, p, q - p);
        p = q;
        word = p;
    }

    if (p > word) {
        tpl_urlize_word(&u, word, p);
    }

    if (u.met) {
        return tpl_throw(exec, TPL_EXC_TYPE, "'>' not supported between "
                         "instances of 'int' and '%s'",
                         tpl_type_name(&call->args[1]));
    }

    return tpl_value_from_buf(exec, &call->result, &u.b,
                              exec->autoescape ? TPL_F_SAFE : 0);
}
