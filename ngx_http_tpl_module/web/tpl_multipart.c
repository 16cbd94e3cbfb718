
/*
 * multipart/form-data in one pass over a body that is there as a whole.
 *
 * Linear: a delimiter is looked for once from where the last one ended, and
 * headers of a part are bounded.
 */

#include "base/tpl_utf8.h"
#include "web/tpl_header.h"
#include "web/tpl_multipart.h"


typedef struct {
    tpl_arena_t              *arena;
    const tpl_form_limits_t  *limits;
    tpl_form_t               *form;
    tpl_form_error_t         *err;

    const tpl_char_t         *pos;
    const tpl_char_t         *last;
    tpl_str_t                 delimiter;    /* "--" and the boundary */
    uint32_t                  nparts;
} tpl_multipart_t;


/* what the headers of a part say */

typedef struct {
    tpl_str_t                 disposition;  /* data is NULL: not given */
    tpl_str_t                 type;
} tpl_multipart_headers_t;


static tpl_int_t tpl_multipart_delimiter(tpl_multipart_t *m,
    tpl_uint_t preamble, const tpl_char_t **end, tpl_uint_t *final);
static tpl_int_t tpl_multipart_part(tpl_multipart_t *m, tpl_uint_t *final);
static tpl_int_t tpl_multipart_headers(tpl_multipart_t *m,
    tpl_multipart_headers_t *headers);
static tpl_int_t tpl_multipart_header(tpl_multipart_t *m, tpl_str_t *line,
    tpl_multipart_headers_t *headers);
static tpl_int_t tpl_multipart_field(tpl_multipart_t *m,
    const tpl_str_t *name, const tpl_str_t *type, tpl_str_t *value);
static tpl_int_t tpl_multipart_file(tpl_multipart_t *m,
    const tpl_form_file_t *file);


static tpl_int_t
tpl_multipart_fail(tpl_multipart_t *m, tpl_uint_t status, const char *text)
{
    m->err->status = status;
    m->err->text = text;

    return TPL_DECLINED;
}


static inline tpl_uint_t
tpl_multipart_blank(tpl_char_t c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}


/* bytes of the line end at p, 0 if there is none */

static inline size_t
tpl_multipart_eol(const tpl_char_t *p, const tpl_char_t *last)
{
    if (p == last) {
        return 0;
    }

    if (*p == '\r') {
        return (last - p > 1 && p[1] == '\n') ? 2 : 1;
    }

    return *p == '\n';
}


tpl_int_t
tpl_multipart_parse(tpl_arena_t *arena, const tpl_str_t *body,
    const tpl_str_t *boundary, const tpl_form_limits_t *limits,
    tpl_form_t *form, tpl_form_error_t *err)
{
    tpl_int_t          rc;
    tpl_uint_t         final;
    tpl_multipart_t    m;
    const tpl_char_t  *end;
    tpl_char_t         delimiter[TPL_MULTIPART_BOUNDARY + 2];

    memset(&m, 0, sizeof(tpl_multipart_t));

    m.arena = arena;
    m.limits = limits;
    m.form = form;
    m.err = err;
    m.pos = body->data;
    m.last = body->data + body->len;

    if (boundary->len == 0) {
        return tpl_multipart_fail(&m, 400, "multipart body without a boundary");
    }

    if (boundary->len > TPL_MULTIPART_BOUNDARY) {
        return tpl_multipart_fail(&m, 400, "too long boundary");
    }

    if (!tpl_utf8_ascii(boundary->data, boundary->len)) {
        return tpl_multipart_fail(&m, 400, "boundary is not ASCII");
    }

    delimiter[0] = '-';
    delimiter[1] = '-';
    memcpy(&delimiter[2], boundary->data, boundary->len);

    m.delimiter.data = delimiter;
    m.delimiter.len = boundary->len + 2;

    rc = tpl_multipart_delimiter(&m, 1, &end, &final);

    if (rc != TPL_OK) {
        return tpl_multipart_fail(&m, 400,
                                  "multipart body has not its boundary");
    }

    while (!final) {
        rc = tpl_multipart_part(&m, &final);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


/*
 * The next delimiter: *end is where the text before it ends, m->pos moves past
 * it.  In front of the first part it needs no line of its own.
 */

static tpl_int_t
tpl_multipart_delimiter(tpl_multipart_t *m, tpl_uint_t preamble,
    const tpl_char_t **end, tpl_uint_t *final)
{
    size_t             n;
    ssize_t            at;
    tpl_str_t          rest;
    const tpl_char_t  *p, *q;

    for (p = m->pos; /* void */ ; p++) {
        rest.data = (tpl_char_t *) p;
        rest.len = m->last - p;

        at = tpl_str_find(&rest, &m->delimiter, 0);

        if (at < 0) {
            return TPL_DECLINED;
        }

        p += at;

        if (!preamble && (p == m->pos || (p[-1] != '\n' && p[-1] != '\r'))) {
            continue;
        }

        q = p + m->delimiter.len;

        *final = (m->last - q > 1 && q[0] == '-' && q[1] == '-');

        if (*final) {
            q += 2;
        }

        while (q < m->last && tpl_multipart_blank(*q)) {
            q++;
        }

        n = tpl_multipart_eol(q, m->last);

        if (n == 0 && !*final) {
            continue;
        }

        /* the line end before belongs to the delimiter */

        *end = p;

        if (!preamble) {
            *end = (p - m->pos > 1 && p[-1] == '\n' && p[-2] == '\r') ? p - 2
                                                                      : p - 1;
        }

        m->pos = q + n;

        return TPL_OK;
    }
}


static tpl_int_t
tpl_multipart_part(tpl_multipart_t *m, tpl_uint_t *final)
{
    tpl_int_t                 rc;
    tpl_str_t                 kind, value;
    tpl_pairs_t               options;
    const tpl_str_t          *name, *filename;
    tpl_form_file_t           file;
    const tpl_char_t         *end;
    tpl_multipart_headers_t   headers;

    rc = tpl_multipart_headers(m, &headers);

    if (rc != TPL_OK) {
        return rc;
    }

    if (headers.disposition.data == NULL) {
        return tpl_multipart_fail(m, 400,
                                  "part without Content-Disposition");
    }

    rc = tpl_header_options(m->arena, &headers.disposition, &kind, &options);

    if (rc == TPL_DECLINED) {
        return tpl_multipart_fail(m, 400, "part with a bad "
                                          "Content-Disposition");
    }

    if (rc != TPL_OK) {
        return rc;
    }

    m->nparts++;

    if (m->limits->fields && m->nparts > m->limits->fields) {
        return tpl_multipart_fail(m, 413, "too many fields");
    }

    value.data = (tpl_char_t *) m->pos;

    rc = tpl_multipart_delimiter(m, 0, &end, final);

    if (rc != TPL_OK) {
        return tpl_multipart_fail(m, 400, "multipart body ends too early");
    }

    value.len = end - value.data;

    name = tpl_header_option(&options, "name");
    filename = tpl_header_option(&options, "filename");

    if (name == NULL) {
        return TPL_OK;
    }

    if (filename == NULL) {
        return tpl_multipart_field(m, name, &headers.type, &value);
    }

    file.name = *name;
    file.filename = *filename;
    file.type = headers.type;
    file.size = value.len;

    return tpl_multipart_file(m, &file);
}


/* the lines up to the first empty one; m->pos moves past that */

static tpl_int_t
tpl_multipart_headers(tpl_multipart_t *m, tpl_multipart_headers_t *headers)
{
    size_t             n, len;
    tpl_int_t          rc;
    tpl_str_t          line;
    tpl_char_t        *d;
    const tpl_char_t  *p, *end, *last;

    memset(headers, 0, sizeof(tpl_multipart_headers_t));

    /* both line ends of the empty line are of one kind */

    last = m->last;

    if (last - m->pos > TPL_MULTIPART_HEADERS) {
        last = m->pos + TPL_MULTIPART_HEADERS;
    }

    for (p = m->pos; /* void */ ; p++) {

        if (p == last) {
            return tpl_multipart_fail(m, 400, (last == m->last)
                                      ? "multipart body ends in a header"
                                      : "too long headers of a part");
        }

        if (*p != '\r' && *p != '\n') {
            continue;
        }

        if (last - p > 3 && memcmp(p, "\r\n\r\n", 4) == 0) {
            n = 4;
            break;
        }

        if (last - p > 1 && p[0] == p[1]) {
            n = 2;
            break;
        }
    }

    end = p;
    len = end - m->pos;
    p = m->pos;
    m->pos = end + n;

    if (tpl_utf8_check(p, len) != len) {
        return tpl_multipart_fail(m, 400, "part with a header that is not "
                                          "UTF-8");
    }

    d = tpl_pnalloc(m->arena, len + 1);
    if (d == NULL) {
        return TPL_ERROR;
    }

    while (p < end) {

        /* a line, which blanks at the next one's start go on with */

        line.data = d;

        while (p < end) {
            n = tpl_multipart_eol(p, end);

            if (n == 0) {
                *d++ = *p++;
                continue;
            }

            p += n;

            if (p == end || (*p != ' ' && *p != '\t')) {
                break;
            }

            *d++ = ' ';
            p++;
        }

        line.len = d - line.data;

        rc = tpl_multipart_header(m, &line, headers);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_multipart_header(tpl_multipart_t *m, tpl_str_t *line,
    tpl_multipart_headers_t *headers)
{
    tpl_str_t    name, value, *to;
    tpl_char_t  *colon;

    tpl_header_trim(line);

    if (line->len == 0) {
        return TPL_OK;
    }

    colon = memchr(line->data, ':', line->len);

    if (colon == NULL) {
        return tpl_multipart_fail(m, 400, "part with a header without a "
                                          "colon");
    }

    name.data = line->data;
    name.len = colon - line->data;

    value.data = colon + 1;
    value.len = line->len - name.len - 1;

    tpl_header_trim(&name);
    tpl_header_trim(&value);

    if (name.len == 19
        && strncasecmp((char *) name.data, "content-disposition", 19) == 0)
    {
        to = &headers->disposition;

    } else if (name.len == 12
               && strncasecmp((char *) name.data, "content-type", 12) == 0)
    {
        to = &headers->type;

    } else {
        return TPL_OK;
    }

    if (to->data == NULL) {
        *to = value;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_multipart_field(tpl_multipart_t *m, const tpl_str_t *name,
    const tpl_str_t *type, tpl_str_t *value)
{
    tpl_int_t         rc;
    tpl_str_t         mime;
    tpl_pairs_t       options;
    const tpl_str_t  *charset;

    static const tpl_str_t  utf8 = tpl_string("utf-8");

    charset = &utf8;

    if (type->len) {
        rc = tpl_header_options(m->arena, type, &mime, &options);

        if (rc == TPL_DECLINED) {
            return tpl_multipart_fail(m, 400, "part with a bad Content-Type");
        }

        if (rc != TPL_OK) {
            return rc;
        }

        charset = tpl_header_option(&options, "charset");

        if (charset == NULL) {
            charset = &utf8;
        }
    }

    rc = tpl_charset_decode(m->arena, charset, 0, value);

    if (rc == TPL_DECLINED) {
        return tpl_multipart_fail(m, 400, "part in an unknown charset");
    }

    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_pairs_add(m->arena, &m->form->fields, name, value);
}


/* what a browser sends for a file that nobody chose is not refused */

static tpl_int_t
tpl_multipart_file(tpl_multipart_t *m, const tpl_form_file_t *file)
{
    uint32_t          size;
    tpl_form_t       *form;
    tpl_form_file_t  *files;

    if (!m->limits->files && (file->filename.len || file->size)) {
        return tpl_multipart_fail(m, 415, "files are not taken");
    }

    form = m->form;

    if (form->nfiles == form->size) {
        size = form->size ? form->size * 2 : 4;

        files = tpl_palloc(m->arena, size * sizeof(tpl_form_file_t));
        if (files == NULL) {
            return TPL_ERROR;
        }

        if (form->nfiles) {
            memcpy(files, form->files,
                   form->nfiles * sizeof(tpl_form_file_t));
        }

        form->files = files;
        form->size = size;
    }

    form->files[form->nfiles++] = *file;

    return TPL_OK;
}
