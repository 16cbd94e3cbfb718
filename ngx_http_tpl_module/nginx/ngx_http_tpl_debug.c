
/*
 * tpl_debug: an error as a page for the template's author, with the source
 * around it, the way there and what the names in scope meant.
 *
 * It shows the site's insides, so it is never on by itself.  Everything in it
 * is escaped: names and values are the visitor's as well.
 */

#include "nginx/ngx_http_tpl_module.h"


/* lines shown before and after the one that failed */
#define NGX_HTTP_TPL_DEBUG_LINES  4

/* bytes shown of a value; items of a container that is shown at all */
#define NGX_HTTP_TPL_DEBUG_VALUE  400
#define NGX_HTTP_TPL_DEBUG_ITEMS  1000


static tpl_int_t ngx_http_tpl_debug_write(ngx_http_request_t *r,
    ngx_http_tpl_ctx_t *ctx, tpl_buf_t *b);
static void ngx_http_tpl_debug_text(tpl_buf_t *b, const u_char *data,
    size_t len);
static void ngx_http_tpl_debug_place(tpl_buf_t *b, const tpl_pos_t *pos);
static void ngx_http_tpl_debug_source(tpl_buf_t *b, const tpl_pos_t *pos,
    ngx_uint_t around);
static void ngx_http_tpl_debug_names(tpl_buf_t *b, tpl_exec_t *exec,
    tpl_dict_t *dict);
static void ngx_http_tpl_debug_value(tpl_buf_t *b, tpl_exec_t *exec,
    const tpl_value_t *v);
static uint32_t ngx_http_tpl_debug_items(const tpl_value_t *v);


#define ngx_http_tpl_debug_str(b, s)                                         \
    ngx_http_tpl_debug_text(b, (u_char *) (s)->data, (s)->len)


static const char  ngx_http_tpl_debug_style[] =
    ":root{--page:#fbf8f2;--ink:#23302f;--soft:#5b6968;--line:#ddd6c8;"
    "--mark:#fbe3d0;--sun:#a9480f;color-scheme:light dark}"
    "@media(prefers-color-scheme:dark){:root{--page:#14201f;--ink:#e8ece6;"
    "--soft:#a5b3b0;--line:#344745;--mark:#4a2f1a;--sun:#f0a263}}"
    "body{margin:0 auto;max-width:60rem;padding:1.5rem;background:var(--page);"
    "color:var(--ink);font:1rem/1.5 system-ui,sans-serif}"
    "h1{font-size:1.5rem;margin:0;color:var(--sun)}"
    "h2{font-size:1rem;margin:2rem 0 .5rem}"
    ".message{font-size:1.25rem;margin:.2rem 0 1rem;overflow-wrap:anywhere}"
    ".soft,.no{color:var(--soft)}"
    "pre,td,th,code{font:.85rem/1.6 ui-monospace,Consolas,monospace}"
    "pre{border:1px solid var(--line);border-radius:.4rem;padding:.5rem 0;"
    "margin:.3rem 0 1rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    "pre span{display:block;padding:0 .8rem 0 3.8rem;text-indent:-3rem}"
    "pre .hit{background:var(--mark)}pre i{font-style:normal;display:"
    "inline-block;width:3rem;text-indent:0;color:var(--soft)}"
    "pre b{color:var(--sun)}"
    "table{border-collapse:collapse;width:100%;table-layout:fixed}"
    "th,td{text-align:left;vertical-align:top;font-weight:400;padding:.25rem"
    " .8rem .25rem 0;border-bottom:1px solid var(--line);"
    "overflow-wrap:anywhere}th{width:25%}td:nth-child(2){width:15%}";


ngx_buf_t *
ngx_http_tpl_debug_page(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx)
{
    u_char       *p;
    tpl_buf_t     b;
    ngx_buf_t    *buf;
    tpl_arena_t  *arena;

    /* the render's own arena may be full */

    arena = tpl_arena_create(&ngx_http_tpl_allocator,
                             NGX_HTTP_TPL_ARENA_PAGE, 0);
    if (arena == NULL) {
        return NULL;
    }

    buf = NULL;
    tpl_buf_init(&b, arena);

    if (ngx_http_tpl_debug_write(r, ctx, &b) == TPL_OK) {
        p = ngx_pnalloc(r->pool, b.len);
        buf = ngx_calloc_buf(r->pool);

        if (p && buf) {
            ngx_memcpy(p, b.data, b.len);

            buf->pos = p;
            buf->last = p + b.len;
            buf->memory = 1;

        } else {
            buf = NULL;
        }
    }

    tpl_arena_destroy(arena);

    return buf;
}


static tpl_int_t
ngx_http_tpl_debug_write(ngx_http_request_t *r, ngx_http_tpl_ctx_t *ctx,
    tpl_buf_t *b)
{
    tpl_dict_t             *dict;
    tpl_exec_t             *exec;
    const char             *name;
    tpl_error_t            *err, ignored;
    const tpl_frame_pos_t  *frame;

    err = ctx->error;
    exec = tpl_vm_exec(ctx->vm);
    name = tpl_exc_name(err->exc);

    (void) tpl_buf_lit(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                       "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                       "content=\"width=device-width, initial-scale=1\">\n"
                       "<title>");
    (void) tpl_buf_printf(b, "%s in ", name);
    ngx_http_tpl_debug_str(b, &ctx->tmpl->name);
    (void) tpl_buf_printf(b, "</title>\n<style>%s</style>\n</head>\n<body>\n"
                          "<h1>%s</h1>\n<p class=\"message\">",
                          ngx_http_tpl_debug_style, name);
    ngx_http_tpl_debug_str(b, &err->message);
    (void) tpl_buf_lit(b, "</p>\n");

    if (err->pos.source) {
        (void) tpl_buf_lit(b, "<p>");
        ngx_http_tpl_debug_place(b, &err->pos);
        (void) tpl_buf_lit(b, "</p>\n");
        ngx_http_tpl_debug_source(b, &err->pos, NGX_HTTP_TPL_DEBUG_LINES);
    }

    if (err->frames) {
        (void) tpl_buf_lit(b, "<h2>How it came there</h2>\n");
    }

    for (frame = err->frames; frame; frame = frame->next) {
        (void) tpl_buf_printf(b, "<p>%s ", frame->what);

        if (frame->name.len) {
            (void) tpl_buf_lit(b, "<b>");
            ngx_http_tpl_debug_str(b, &frame->name);
            (void) tpl_buf_lit(b, "</b> at ");
        }

        ngx_http_tpl_debug_place(b, &frame->pos);
        (void) tpl_buf_lit(b, "</p>\n");
        ngx_http_tpl_debug_source(b, &frame->pos, 0);
    }

    /* what goes wrong from here on is no news */

    tpl_error_init(&ignored, NULL);
    exec->error = &ignored;

    dict = tpl_vm_scope(ctx->vm);

    if (dict && dict->n) {
        (void) tpl_buf_lit(b, "<h2>Names in scope</h2>\n");
        ngx_http_tpl_debug_names(b, exec, dict);
    }

    dict = tpl_dict_create(exec, 16);

    if (dict && ngx_http_tpl_lookup_names(exec, dict) == TPL_OK && dict->n) {
        (void) tpl_buf_lit(b, "<h2>Data</h2>\n");
        ngx_http_tpl_debug_names(b, exec, dict);
    }

    exec->error = err;

    (void) tpl_buf_lit(b, "<h2>Request</h2>\n<p><code>");
    ngx_http_tpl_debug_str(b, &r->main->request_line);
    (void) tpl_buf_lit(b, "</code></p>\n<p class=\"soft\">Template ");
    ngx_http_tpl_debug_str(b, &ctx->tmpl->name);
    (void) tpl_buf_printf(b, ", %lu steps, %lu microseconds. This page is "
                          "shown because <code>tpl_debug</code> is on.</p>\n"
                          "</body>\n</html>\n", (unsigned long) ctx->steps,
                          (unsigned long) (ctx->nsec / 1000));

    return b->failed ? TPL_ERROR : TPL_OK;
}


static void
ngx_http_tpl_debug_text(tpl_buf_t *b, const u_char *data, size_t len)
{
    size_t       size;
    tpl_char_t  *p;

    size = tpl_escape_size(data, len, TPL_ESCAPE_MARKUPSAFE);

    p = tpl_buf_reserve(b, size);
    if (p == NULL) {
        return;
    }

    (void) tpl_escape(p, data, len, TPL_ESCAPE_MARKUPSAFE);
    b->len += size;
}


static void
ngx_http_tpl_debug_place(tpl_buf_t *b, const tpl_pos_t *pos)
{
    (void) tpl_buf_lit(b, "<code>");
    ngx_http_tpl_debug_str(b, &pos->source->path);
    (void) tpl_buf_printf(b, "</code>, line %u, column %u",
                          (unsigned) pos->line, (unsigned) pos->column);
}


/* the line of pos, marked, with some around it */

static void
ngx_http_tpl_debug_source(tpl_buf_t *b, const tpl_pos_t *pos,
    ngx_uint_t around)
{
    size_t     n;
    tpl_pos_t  p;
    tpl_str_t  line;

    if (pos->line == 0 || pos->source->text.len == 0) {
        return;
    }

    p = *pos;
    p.line = (pos->line > around) ? pos->line - around : 1;

    (void) tpl_buf_lit(b, "<pre>");

    for ( /* void */ ; p.line <= pos->line + around; p.line++) {
        tpl_source_line(&p, &line);

        if (line.data == NULL) {
            break;
        }

        (void) tpl_buf_printf(b, "<span%s><i>%u</i>",
                              p.line == pos->line && around
                              ? " class=\"hit\"" : "", (unsigned) p.line);

        if (p.line == pos->line) {

            /* the column counts code points */

            for (n = 0; n < line.len; n++) {
                if ((line.data[n] & 0xc0) != 0x80 && --p.column == 0) {
                    break;
                }
            }

            ngx_http_tpl_debug_text(b, line.data, n);
            (void) tpl_buf_lit(b, "<b>");
            ngx_http_tpl_debug_text(b, line.data + n, line.len - n);
            (void) tpl_buf_lit(b, "</b>");

        } else {
            ngx_http_tpl_debug_str(b, &line);
        }

        (void) tpl_buf_lit(b, "</span>");
    }

    (void) tpl_buf_lit(b, "</pre>\n");
}


static void
ngx_http_tpl_debug_names(tpl_buf_t *b, tpl_exec_t *exec, tpl_dict_t *dict)
{
    uint32_t           i;
    tpl_str_t          name;
    tpl_dict_entry_t  *e;

    (void) tpl_buf_lit(b, "<table>\n");

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {
        name = tpl_value_str(&e->key);

        if (e->value.type == TPL_FUNCTION) {
            continue;
        }

        (void) tpl_buf_lit(b, "<tr><th>");
        ngx_http_tpl_debug_str(b, &name);
        (void) tpl_buf_printf(b, "</th><td class=\"no\">%s</td><td>",
                              tpl_type_name(&e->value));
        ngx_http_tpl_debug_value(b, exec, &e->value);
        (void) tpl_buf_lit(b, "</td></tr>\n");
    }

    (void) tpl_buf_lit(b, "</table>\n");
}


static void
ngx_http_tpl_debug_value(tpl_buf_t *b, tpl_exec_t *exec, const tpl_value_t *v)
{
    size_t       n;
    uint32_t     items;
    tpl_buf_t    text;
    tpl_value_t  s;

    items = ngx_http_tpl_debug_items(v);

    if (items > NGX_HTTP_TPL_DEBUG_ITEMS) {
        (void) tpl_buf_printf(b, "<span class=\"no\">%u items</span>",
                              (unsigned) items);
        return;
    }

    /* of a long string only the beginning is quoted */

    s = *v;

    if (s.type == TPL_STRING && s.len > NGX_HTTP_TPL_DEBUG_VALUE) {
        for (n = NGX_HTTP_TPL_DEBUG_VALUE; (s.u.s[n] & 0xc0) == 0x80; n--) {
            /* void */
        }

        s.len = n;
    }

    tpl_buf_init(&text, exec->arena);

    if (tpl_repr_to(exec, &s, &text) != TPL_OK || text.failed) {
        (void) tpl_buf_lit(b, "<span class=\"no\">cannot be shown</span>");
        return;
    }

    n = text.len;

    /* quotes and a few escapes have their place as well */

    if (n > NGX_HTTP_TPL_DEBUG_VALUE * 2) {
        for (n = NGX_HTTP_TPL_DEBUG_VALUE; (text.data[n] & 0xc0) == 0x80; n--) {
            /* void */
        }
    }

    ngx_http_tpl_debug_text(b, text.data, n);

    if (n < text.len || s.len < v->len) {
        (void) tpl_buf_lit(b, " <span class=\"no\">...</span>");
    }
}


static uint32_t
ngx_http_tpl_debug_items(const tpl_value_t *v)
{
    switch (v->type) {

    case TPL_LIST:
    case TPL_TUPLE:
        return v->u.list->n;

    case TPL_DICT:
    case TPL_SET:
        return v->u.dict->n;

    default:
        return 0;
    }
}
