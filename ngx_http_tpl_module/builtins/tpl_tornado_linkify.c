
/*
 * tornado.escape.linkify() (6.2): the addresses in a text become links.
 *
 * Tornado finds them in the escaped text with
 *
 *     \b ( (?: ([\w-]+) : (/{1,3}) | www[.] ) (?: A* B | \( A* \) )+ )
 *
 * where A is &amp; or &quot; or any character but whitespace, & and
 * parentheses, and B is a character that may end an address.  Backtracking over
 * that can take quadratic time, so it is matched by hand, and linearly:
 *
 * - [\w-]+ is greedy and ends where its run of characters ends; the colon can
 *   stand nowhere else, and "www." only at the last three.  So a run has one
 *   place where a match can begin.
 * - A* B ends at the last B of a run of A.  What follows it in the run has no
 *   B, hence no letter, and no other address begins there.
 */

#include "builtins/tpl_methods.h"
#include "vm/tpl_vm.h"


/* lengths of which a shortened address has about the first, never 1.5 of it */
#define TPL_LINK_MAX   30
#define TPL_LINK_OVER  45
#define TPL_LINK_PATH  8


typedef struct {
    tpl_exec_t          *exec;
    tpl_buf_t            b;
    tpl_uint_t           shorten;
    tpl_uint_t           require_protocol;
    const tpl_value_t   *protocols;     /* MISSING: http and https */
    const tpl_value_t   *callback;      /* NULL: extra is for all links */
    tpl_str_t            extra;
} tpl_linkify_t;

typedef struct {
    tpl_str_t            url;
    tpl_str_t            proto;         /* empty for www. */
    size_t               slashes;
} tpl_link_t;


/* [\w-] at p; *next gets the place after it */

static inline tpl_uint_t
tpl_link_word(const tpl_char_t *p, const tpl_char_t *last,
    const tpl_char_t **next)
{
    tpl_char_t  c;

    c = *p;
    *next = p + 1;

    if (c < 0x80) {
        return (c >= '0' && c <= '9') || c == '_' || c == '-'
               || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    }

    *next = p;

    return tpl_uc_word(tpl_utf8_decode(next, last));
}


/* A* at p: returns its end; *end is where its last B ends, NULL without one */

static const tpl_char_t *
tpl_link_run(const tpl_char_t *p, const tpl_char_t *last,
    const tpl_char_t **end)
{
    const tpl_char_t  *q;

    *end = NULL;

    while (p < last) {

        if (*p >= 0x80) {
            q = p;

            if (tpl_uc_space(tpl_utf8_decode(&q, last))) {
                return p;
            }

            p = q;
            *end = p;
            continue;
        }

        switch (*p) {

        case '&':
            if (last - p >= 5 && memcmp(p, "&amp;", 5) == 0) {
                p += 5;
                continue;
            }

            if (last - p >= 6 && memcmp(p, "&quot;", 6) == 0) {
                p += 6;
                continue;
            }

            return p;

        case '(':
        case ')':
        case ' ':
        case '\t':
        case '\n':
        case '\v':
        case '\f':
        case '\r':
        case 0x1c:
        case 0x1d:
        case 0x1e:
        case 0x1f:
            return p;

        case '!':
        case '"':
        case '#':
        case '$':
        case '%':
        case '\'':
        case '*':
        case '+':
        case ',':
        case '.':
        case ':':
        case ';':
        case '<':
        case '=':
        case '>':
        case '?':
        case '@':
        case '[':
        case ']':
        case '^':
        case '`':
        case '{':
        case '|':
        case '}':
        case '~':
            p++;
            continue;

        default:
            p++;
            *end = p;
        }
    }

    return p;
}


/* (?: A* B | \( A* \) )+ at p: its end, NULL if it does not match */

static const tpl_char_t *
tpl_link_body(const tpl_char_t *p, const tpl_char_t *last)
{
    const tpl_char_t  *q, *end, *matched;

    matched = NULL;

    for ( ;; ) {
        (void) tpl_link_run(p, last, &end);

        if (end) {
            p = end;
            matched = p;
            continue;
        }

        if (p < last && *p == '(') {
            q = tpl_link_run(p + 1, last, &end);

            if (q < last && *q == ')') {
                p = q + 1;
                matched = p;
                continue;
            }
        }

        return matched;
    }
}


/*
 * The address in the run of word characters from p to end, and on: TPL_DECLINED
 * if there is none.
 */

static tpl_int_t
tpl_link_match(const tpl_char_t *p, const tpl_char_t *end,
    const tpl_char_t *last, tpl_link_t *link)
{
    size_t             n;
    const tpl_char_t  *stop;

    link->proto.len = 0;
    link->proto.data = NULL;
    link->slashes = 0;

    if (end == last) {
        return TPL_DECLINED;
    }

    if (*end == ':') {

        /* a word boundary: dashes before the first letter do not belong */

        while (p < end && *p == '-') {
            p++;
        }

        if (p == end) {
            return TPL_DECLINED;
        }

        for (n = 0; n < 3 && last - end > 1 + (ssize_t) n; n++) {
            if (end[1 + n] != '/') {
                break;
            }
        }

        for ( /* void */ ; n > 0; n--) {
            stop = tpl_link_body(end + 1 + n, last);

            if (stop) {
                link->proto.data = (tpl_char_t *) p;
                link->proto.len = end - p;
                link->slashes = n;
                link->url.data = (tpl_char_t *) p;
                link->url.len = stop - p;

                return TPL_OK;
            }
        }

        return TPL_DECLINED;
    }

    if (*end == '.' && end - p >= 3 && memcmp(end - 3, "www", 3) == 0
        && (end - p == 3 || end[-4] == '-'))
    {
        stop = tpl_link_body(end + 1, last);

        if (stop) {
            link->url.data = (tpl_char_t *) end - 3;
            link->url.len = stop - (end - 3);

            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


/* 1 if the protocol makes a link, 0 if not, TPL_ERROR */

static tpl_int_t
tpl_link_permitted(tpl_linkify_t *ctx, const tpl_link_t *link)
{
    tpl_uint_t   found;
    tpl_value_t  proto;

    if (link->proto.len == 0) {
        return !ctx->require_protocol;
    }

    if (ctx->protocols->type == TPL_MISSING) {
        return tpl_str_is(&link->proto, "http")
               || tpl_str_is(&link->proto, "https");
    }

    tpl_value_from_str(&proto, &link->proto);

    if (tpl_compare(ctx->exec, TPL_CMP_IN, &proto, ctx->protocols, &found)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return found != 0;
}


/* " " + extra_params(href).strip() */

static tpl_int_t
tpl_link_extra(tpl_linkify_t *ctx, const tpl_str_t *href, tpl_str_t *extra)
{
    tpl_int_t    rc;
    tpl_value_t  v, out;

    tpl_value_from_str(&v, href);

    rc = tpl_vm_call(ctx->exec, ctx->callback, &v, 1, NULL, &out);
    if (rc != TPL_OK) {
        return rc;
    }

    if (out.type != TPL_STRING) {
        return tpl_throw(ctx->exec, TPL_EXC_ATTRIBUTE,
                         "'%s' object has no attribute 'strip'",
                         tpl_type_name(&out));
    }

    *extra = tpl_value_str(&out);
    tpl_text_strip(extra, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);

    return TPL_OK;
}


/* up to the first c in s */

static size_t
tpl_link_until(const tpl_str_t *s, tpl_uint_t c)
{
    const tpl_char_t  *p;

    p = s->len ? memchr(s->data, (int) c, s->len) : NULL;

    return p ? (size_t) (p - s->data) : s->len;
}


/*
 * The text of a link whose address is too long: its host and a bit of its path,
 * or its beginning.  Sets cut where something was left out.
 */

static tpl_int_t
tpl_link_shorten(tpl_linkify_t *ctx, const tpl_link_t *link, tpl_str_t *text,
    tpl_uint_t *cut)
{
    size_t       full, n, amp;
    tpl_buf_t    b;
    tpl_str_t    url, part;

    *text = link->url;
    *cut = 0;

    full = tpl_utf8_length(link->url.data, link->url.len);

    if (full <= TPL_LINK_MAX) {
        return TPL_OK;
    }

    tpl_buf_init(&b, ctx->exec->arena);

    /* protocol, host, a slash */

    url = link->url;
    n = link->proto.len ? link->proto.len + 1 + link->slashes : 0;

    part.data = url.data + n;
    part.len = url.len - n;

    n += tpl_link_until(&part, '/');

    if (n < url.len) {
        n++;

        part.data = url.data + n;
        part.len = url.len - n;

        part.len = tpl_link_until(&part, '/');
        part.len = tpl_utf8_offset(part.data, part.len, TPL_LINK_PATH);
        part.len = tpl_link_until(&part, '?');
        part.len = tpl_link_until(&part, '.');

        url.len = n + part.len;
    }

    if (tpl_utf8_length(url.data, url.len) > TPL_LINK_OVER) {
        url.len = tpl_utf8_offset(url.data, url.len, TPL_LINK_MAX);
    }

    if (url.len == link->url.len) {
        return TPL_OK;
    }

    /* half a character reference must not be left at the end */

    for (amp = url.len; amp > 0 && url.data[amp - 1] != '&'; amp--) {
        /* void */
    }

    if (amp > 0 && tpl_utf8_length(url.data, amp - 1) > TPL_LINK_MAX - 5) {
        url.len = amp - 1;
    }

    if (tpl_utf8_length(url.data, url.len) + 3 >= full) {
        return TPL_OK;
    }

    tpl_buf_str(&b, &url);
    tpl_buf_lit(&b, "...");

    if (b.failed) {
        return tpl_throw_memory(ctx->exec);
    }

    text->data = b.data;
    text->len = b.len;
    *cut = 1;

    return TPL_OK;
}


static tpl_int_t
tpl_link_write(tpl_linkify_t *ctx, const tpl_link_t *link)
{
    size_t       start;
    tpl_buf_t   *b;
    tpl_int_t    rc;
    tpl_str_t    href, text, extra;
    tpl_uint_t   cut;

    b = &ctx->b;

    rc = tpl_link_permitted(ctx, link);
    if (rc <= 0) {
        return (rc == 0) ? tpl_buf_str(b, &link->url) : rc;
    }

    text = link->url;
    cut = 0;

    if (ctx->shorten && tpl_link_shorten(ctx, link, &text, &cut) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_lit(b, "<a href=\"");
    start = b->len;

    if (link->proto.len == 0) {
        tpl_buf_lit(b, "http://");
    }

    if (tpl_buf_str(b, &link->url) != TPL_OK) {
        return tpl_throw_memory(ctx->exec);
    }

    /* the buffer may move when it grows, but what it was stays */

    href.data = b->data + start;
    href.len = b->len - start;

    tpl_buf_char(b, '"');

    if (ctx->callback) {
        rc = tpl_link_extra(ctx, &href, &extra);
        if (rc != TPL_OK) {
            return rc;
        }

        tpl_buf_char(b, ' ');
        tpl_buf_str(b, &extra);

    } else {
        tpl_buf_str(b, &ctx->extra);
    }

    if (cut) {
        tpl_buf_lit(b, " title=\"");
        tpl_buf_str(b, &href);
        tpl_buf_char(b, '"');
    }

    tpl_buf_char(b, '>');
    tpl_buf_str(b, &text);

    return tpl_buf_lit(b, "</a>");
}


/* the keyword arguments; params without a callback begins with its blank */

static tpl_int_t
tpl_linkify_args(tpl_call_t *call, tpl_linkify_t *ctx)
{
    tpl_buf_t           b;
    tpl_str_t           s;
    tpl_uint_t          truth;
    const tpl_value_t  *v;

    ctx->exec = call->exec;
    ctx->callback = NULL;
    ctx->extra.len = 0;
    ctx->extra.data = NULL;
    ctx->protocols = &call->args[4];

    tpl_buf_init(&ctx->b, call->exec->arena);

    if (tpl_arg_bool(call, 1, 0, &ctx->shorten) != TPL_OK
        || tpl_arg_bool(call, 3, 0, &ctx->require_protocol) != TPL_OK)
    {
        return TPL_ERROR;
    }

    v = &call->args[2];

    if (!tpl_arg_given(v)) {
        return TPL_OK;
    }

    if (tpl_is_callable(v)) {
        ctx->callback = v;
        return TPL_OK;
    }

    if (tpl_truth(call->exec, v, &truth) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, call->exec->arena);

    if (!truth) {

        /* Tornado writes it as it is: None becomes "None" */

        if (tpl_str_to(call->exec, v, &b) != TPL_OK) {
            return TPL_ERROR;
        }

    } else if (v->type == TPL_STRING) {
        s = tpl_value_str(v);
        tpl_text_strip(&s, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);

        tpl_buf_char(&b, ' ');
        tpl_buf_str(&b, &s);

    } else {
        return tpl_throw(call->exec, TPL_EXC_ATTRIBUTE,
                         "'%s' object has no attribute 'strip'",
                         tpl_type_name(v));
    }

    if (b.failed) {
        return tpl_throw_memory(call->exec);
    }

    ctx->extra.data = b.data;
    ctx->extra.len = b.len;

    return TPL_OK;
}


tpl_int_t
tpl_tornado_linkify(tpl_call_t *call)
{
    tpl_int_t          rc;
    tpl_link_t         link;
    tpl_linkify_t      ctx;
    const tpl_char_t  *p, *q, *end, *last, *done;

    if (tpl_linkify_args(call, &ctx) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_tornado_xhtml_escape(call);
    if (rc != TPL_OK) {
        return rc;
    }

    p = call->result.u.s;
    last = p + call->result.len;
    done = p;

    while (p < last) {

        if (!tpl_link_word(p, last, &q)) {
            p = q;
            continue;
        }

        for (end = q; end < last && tpl_link_word(end, last, &q); end = q) {
            /* void */
        }

        if (tpl_link_match(p, end, last, &link) != TPL_OK) {
            p = end;
            continue;
        }

        tpl_buf_add(&ctx.b, done, link.url.data - done);

        rc = tpl_link_write(&ctx, &link);

        if (ctx.b.failed) {
            return tpl_throw_memory(call->exec);
        }

        if (rc != TPL_OK) {
            return rc;
        }

        if (ctx.b.len > TPL_MAX_STRING) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "linkify() makes a string that is too long");
        }

        tpl_charge(call->exec, link.url.len + ctx.extra.len);

        p = link.url.data + link.url.len;
        done = p;
    }

    if (ctx.b.len == 0) {
        return TPL_OK;
    }

    tpl_buf_add(&ctx.b, done, last - done);

    return tpl_value_from_buf(call->exec, &call->result, &ctx.b, 0);
}
