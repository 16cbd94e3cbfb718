
/*
 * Errors with their place, and how people read them.
 *
 * Invariant: the first error stays until tpl_error_clear(); its message is in
 * the arena, or cut to what text[] holds when there is no memory.
 */

#include <stdarg.h>
#include <stdio.h>

#include "base/tpl_error.h"
#include "base/tpl_utf8.h"


/* code points of a source line shown left of the column and in all */
#define TPL_ERROR_BEFORE  70
#define TPL_ERROR_WIDTH   100

#define TPL_ERROR_INDENT  "    "


typedef struct {
    tpl_exc_t            exc;
    const char          *bases[8];  /* itself left out, NULL at the end */
} tpl_exc_bases_t;


static void tpl_error_pos(const tpl_pos_t *pos, tpl_buf_t *b,
    tpl_uint_t one_line);
static void tpl_error_source(const tpl_pos_t *pos, tpl_buf_t *b);
static void tpl_error_text(tpl_buf_t *b, const tpl_str_t *s,
    tpl_uint_t one_line);
static tpl_uint_t tpl_error_control(uint32_t code);


static const char *const  tpl_exc_names[] = {
#define X(name, text)  text,
    TPL_EXCEPTION_MAP(X)
#undef X
};


/*
 * What `except` catches besides the exception itself and Exception; IOError
 * and EnvironmentError are OSError's other names.
 */

static const tpl_exc_bases_t  tpl_exc_bases[] = {

    { TPL_EXC_SYNTAX, { "TemplateError" } },
    { TPL_EXC_ASSERTION, { "TemplateSyntaxError", "TemplateError" } },
    { TPL_EXC_NOT_FOUND, { "TemplateError", "LookupError", "OSError",
                           "IOError", "EnvironmentError" } },
    { TPL_EXC_NONE_FOUND, { "TemplateNotFound", "TemplateError",
                            "LookupError", "OSError", "IOError",
                            "EnvironmentError" } },
    { TPL_EXC_RUNTIME, { "TemplateError" } },
    { TPL_EXC_UNDEFINED, { "TemplateRuntimeError", "TemplateError" } },
    { TPL_EXC_SECURITY, { "TemplateRuntimeError", "TemplateError" } },
    { TPL_EXC_FILTER_ARGUMENT, { "TemplateRuntimeError",
                                 "TemplateError" } },
    { TPL_EXC_KEY, { "LookupError" } },
    { TPL_EXC_INDEX, { "LookupError" } },
    { TPL_EXC_UNBOUND_LOCAL, { "NameError" } },
    { TPL_EXC_ZERO_DIVISION, { "ArithmeticError" } },
    { TPL_EXC_OVERFLOW, { "ArithmeticError" } },
    { TPL_EXC_RECURSION, { "RuntimeError" } }
};


const char *
tpl_exc_name(tpl_exc_t exc)
{
    return (exc < TPL_EXC_LAST) ? tpl_exc_names[exc] : "";
}


tpl_exc_t
tpl_exc_find(const tpl_str_t *name)
{
    tpl_uint_t  i;

    for (i = TPL_EXC_NONE + 1; i < TPL_EXC_LAST; i++) {
        if (tpl_str_is(name, tpl_exc_names[i])) {
            return (tpl_exc_t) i;
        }
    }

    return TPL_EXC_NONE;
}


tpl_uint_t
tpl_exc_matches(tpl_exc_t exc, const tpl_str_t *base)
{
    tpl_uint_t          i;
    const char *const  *name;

    if (exc == TPL_EXC_NONE || exc == TPL_EXC_MEMORY || exc == TPL_EXC_LIMIT)
    {
        return 0;
    }

    if (base->len == 0
        || tpl_str_is(base, "Exception")
        || tpl_str_is(base, "BaseException")
        || tpl_str_is(base, tpl_exc_name(exc)))
    {
        return 1;
    }

    for (i = 0; i < tpl_nelts(tpl_exc_bases); i++) {
        if (tpl_exc_bases[i].exc != exc) {
            continue;
        }

        for (name = tpl_exc_bases[i].bases; *name; name++) {
            if (tpl_str_is(base, *name)) {
                return 1;
            }
        }
    }

    return 0;
}


void
tpl_error_init(tpl_error_t *err, tpl_arena_t *arena)
{
    err->arena = arena;
    tpl_error_clear(err);
}


void
tpl_error_clear(tpl_error_t *err)
{
    err->exc = TPL_EXC_NONE;
    err->message.len = 0;
    err->message.data = err->text;
    err->pos = (tpl_pos_t) { NULL, 0, 0 };
    err->frames = NULL;
}


#undef tpl_error_set

tpl_int_t
tpl_error_set(tpl_error_t *err, tpl_exc_t exc, const tpl_pos_t *pos,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) tpl_error_vset(err, exc, pos, fmt, args);
    va_end(args);

    return TPL_ERROR;
}


tpl_int_t
tpl_error_vset(tpl_error_t *err, tpl_exc_t exc, const tpl_pos_t *pos,
    const char *fmt, va_list args)
{
    int          n;
    size_t       len;
    va_list      again;
    tpl_char_t  *p;

    if (err->exc != TPL_EXC_NONE) {
        return TPL_ERROR;
    }

    err->exc = exc;

    if (pos) {
        err->pos = *pos;
    }

    va_copy(again, args);

    n = vsnprintf((char *) err->text, sizeof(err->text), fmt, args);
    n = tpl_max(n, 0);

    err->message.data = err->text;
    err->message.len = (size_t) n;

    if ((size_t) n >= sizeof(err->text)) {

        p = err->arena ? tpl_pnalloc(err->arena, (size_t) n + 1) : NULL;

        if (p) {
            (void) vsnprintf((char *) p, (size_t) n + 1, fmt, again);
            err->message.data = p;

        } else {
            len = sizeof(err->text) - 1;

            /* not within a code point */

            while (len && (err->text[len - 1] & 0xc0) == 0x80) {
                len--;
            }

            if (len && err->text[len - 1] >= 0xc0) {
                len--;
            }

            err->message.len = len;
        }
    }

    va_end(again);

    return TPL_ERROR;
}


void
tpl_error_frame(tpl_error_t *err, const tpl_pos_t *pos, const char *what,
    const tpl_str_t *name)
{
    tpl_frame_pos_t  *frame, **last;

    if (err->arena == NULL) {
        return;
    }

    frame = tpl_palloc(err->arena, sizeof(tpl_frame_pos_t));
    if (frame == NULL) {
        return;
    }

    frame->pos = *pos;
    frame->what = what;
    frame->name = name ? *name : (tpl_str_t) tpl_null_string;
    frame->next = NULL;

    for (last = &err->frames; *last; last = &(*last)->next) { /* void */ }

    *last = frame;
}


tpl_int_t
tpl_error_format(const tpl_error_t *err, tpl_buf_t *b, tpl_uint_t one_line)
{
    const char             *name;
    tpl_uint_t              named;
    const tpl_frame_pos_t  *frame;

    if (err->pos.source) {
        tpl_error_pos(&err->pos, b, one_line);
        (void) tpl_buf_lit(b, ": ");
    }

    /* the texts of these say nothing by themselves: a key, a file's name */

    named = err->exc == TPL_EXC_KEY || err->exc == TPL_EXC_NOT_FOUND
            || err->exc == TPL_EXC_NONE_FOUND || err->message.len == 0;

    if (named) {
        name = tpl_exc_name(err->exc);
        (void) tpl_buf_add(b, name, strlen(name));

        if (err->message.len) {
            (void) tpl_buf_lit(b, ": ");
        }
    }

    tpl_error_text(b, &err->message, one_line);

    if (!one_line) {
        (void) tpl_buf_char(b, '\n');

        if (err->pos.source && err->pos.line) {
            tpl_error_source(&err->pos, b);
        }
    }

    for (frame = err->frames; frame; frame = frame->next) {

        if (one_line) {
            (void) tpl_buf_lit(b, ", ");
        }

        (void) tpl_buf_add(b, frame->what, strlen(frame->what));

        if (frame->name.len) {
            (void) tpl_buf_lit(b, " \"");
            tpl_error_text(b, &frame->name, 1);
            (void) tpl_buf_lit(b, "\" at");
        }

        (void) tpl_buf_char(b, ' ');
        tpl_error_pos(&frame->pos, b, one_line);

        if (!one_line) {
            (void) tpl_buf_char(b, '\n');
        }
    }

    return b->failed ? TPL_ERROR : TPL_OK;
}


void
tpl_source_line(const tpl_pos_t *pos, tpl_str_t *line)
{
    uint32_t           n;
    const tpl_char_t  *p, *last, *end;

    line->len = 0;
    line->data = NULL;

    if (pos->source == NULL || pos->line == 0 || pos->source->text.len == 0) {
        return;
    }

    p = pos->source->text.data;
    last = p + pos->source->text.len;

    for (n = 1; n < pos->line; n++) {
        p = memchr(p, '\n', (size_t) (last - p));

        if (p == NULL) {
            return;
        }

        p++;
    }

    end = memchr(p, '\n', (size_t) (last - p));

    if (end == NULL) {
        end = last;
    }

    if (end > p && end[-1] == '\r') {
        end--;
    }

    line->data = (tpl_char_t *) p;
    line->len = (size_t) (end - p);
}


void
tpl_source_pos(const tpl_source_t *source, size_t offset, tpl_pos_t *pos)
{
    uint32_t           line;
    const tpl_char_t  *p, *q, *at;

    p = source->text.data;
    at = p + tpl_min(offset, source->text.len);
    line = 1;

    while (p < at) {
        q = memchr(p, '\n', (size_t) (at - p));

        if (q == NULL) {
            break;
        }

        p = q + 1;
        line++;
    }

    pos->source = source;
    pos->line = line;
    pos->column = (uint32_t) tpl_utf8_length(p, (size_t) (at - p)) + 1;
}


/* path:line:column, or what of it is known */

static void
tpl_error_pos(const tpl_pos_t *pos, tpl_buf_t *b, tpl_uint_t one_line)
{
    const tpl_str_t  *path;

    if (pos->source) {
        path = pos->source->path.len ? &pos->source->path
                                     : &pos->source->name;
        tpl_error_text(b, path, one_line);

    } else {
        (void) tpl_buf_lit(b, "<unknown>");
    }

    if (pos->line) {
        (void) tpl_buf_printf(b, ":%u", (unsigned) pos->line);

        if (pos->column) {
            (void) tpl_buf_printf(b, ":%u", (unsigned) pos->column);
        }
    }
}


/*
 * The source line and a caret below the column.  Tabs are kept in both, so
 * that they line up however wide a tab is; of a long line only what is around
 * the column is shown.
 */

static void
tpl_error_source(const tpl_pos_t *pos, tpl_buf_t *b)
{
    size_t             n, column, skip;
    uint32_t           code;
    tpl_str_t          line;
    tpl_uint_t         cut;
    const tpl_char_t  *p, *start, *last, *end;

    tpl_source_line(pos, &line);

    if (line.data == NULL) {
        return;
    }

    last = line.data + line.len;
    column = pos->column ? pos->column - 1 : 0;
    skip = 0;

    if (column > TPL_ERROR_BEFORE
        && tpl_utf8_length(line.data, line.len) > TPL_ERROR_WIDTH)
    {
        skip = column - TPL_ERROR_BEFORE;
    }

    start = line.data + tpl_utf8_offset(line.data, line.len, skip);
    n = tpl_utf8_offset(start, (size_t) (last - start), TPL_ERROR_WIDTH);
    end = start + n;
    cut = (end < last);

    (void) tpl_buf_lit(b, TPL_ERROR_INDENT);

    if (skip) {
        (void) tpl_buf_lit(b, "...");
    }

    for (p = start; p < end; ) {
        code = tpl_utf8_decode(&p, end);

        (void) tpl_buf_utf8(b, (code != '\t' && tpl_error_control(code))
                               ? ' ' : code);
    }

    if (cut) {
        (void) tpl_buf_lit(b, "...");
    }

    (void) tpl_buf_char(b, '\n');

    if (pos->column == 0) {
        return;
    }

    (void) tpl_buf_lit(b, TPL_ERROR_INDENT);

    if (skip) {
        (void) tpl_buf_lit(b, "   ");
    }

    for (p = start, n = skip; n < column && p < end; n++) {
        code = tpl_utf8_decode(&p, end);
        (void) tpl_buf_char(b, code == '\t' ? '\t' : ' ');
    }

    (void) tpl_buf_lit(b, "^\n");
}


/* s without what could forge a line of a log or drive a terminal */

static void
tpl_error_text(tpl_buf_t *b, const tpl_str_t *s, tpl_uint_t one_line)
{
    uint32_t           code;
    const tpl_char_t  *p, *last;

    last = s->data + s->len;

    for (p = s->data; p < last; ) {
        code = tpl_utf8_decode(&p, last);

        if (tpl_error_control(code) && (one_line || code != '\n')) {
            code = ' ';
        }

        (void) tpl_buf_utf8(b, code);
    }
}


/* C0 and C1 controls and Unicode's own line ends */

static tpl_uint_t
tpl_error_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0)
           || code == 0x2028 || code == 0x2029;
}
