
/*
 * The reader of .mo files.
 *
 * Nothing in a file is believed: each offset is checked against its size, each
 * string against its charset, and strings that share their bytes are limited,
 * so that loading takes time in proportion to the size.
 */

#include "base/tpl_utf8.h"
#include "builtins/tpl_catalogue.h"


#define TPL_MO_MAGIC         0x950412de
#define TPL_MO_MAGIC_SWAPPED 0xde120495
#define TPL_MO_HEADER        20

/* no catalogue of real messages comes near */
#define TPL_MO_MAX           (256 * 1024 * 1024)

/* the strings of a file may be this many times as long as the file */
#define TPL_MO_OVERLAP       4


typedef struct {
    tpl_arena_t         *arena;
    const tpl_str_t     *path;
    const tpl_str_t     *text;
    tpl_error_t         *err;
    tpl_catalogue_t     *catalogue;
    tpl_uint_t           swapped;
    tpl_uint_t           utf8;      /* else ASCII */
    uint64_t             total;     /* of all strings so far */
    size_t               ids;       /* offsets of the two tables */
    size_t               strings;
} tpl_mo_t;


static tpl_int_t tpl_mo_entry(tpl_mo_t *mo, size_t table, uint32_t i,
    tpl_str_t *s);
static tpl_int_t tpl_mo_description(tpl_mo_t *mo, const tpl_str_t *text);
static tpl_int_t tpl_mo_charset(tpl_mo_t *mo, const tpl_str_t *value);
static tpl_int_t tpl_mo_plural(tpl_mo_t *mo, const tpl_str_t *value);
static tpl_int_t tpl_mo_message(tpl_mo_t *mo, const tpl_str_t *id,
    const tpl_str_t *text);
static const tpl_message_t *tpl_catalogue_look(const tpl_catalogue_t *c,
    const tpl_char_t *key, size_t len, uint32_t hash,
    tpl_message_kind_t kind, uint32_t **bucket);


static uint32_t
tpl_mo_u32(const tpl_mo_t *mo, size_t offset)
{
    const tpl_char_t  *p;

    p = mo->text->data + offset;

    if (mo->swapped) {
        return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
               | (uint32_t) p[2] << 8 | (uint32_t) p[3];
    }

    return (uint32_t) p[3] << 24 | (uint32_t) p[2] << 16
           | (uint32_t) p[1] << 8 | (uint32_t) p[0];
}


static tpl_int_t
tpl_mo_fail(tpl_mo_t *mo, const char *what)
{
    return tpl_error_set(mo->err, TPL_EXC_VALUE, NULL, "%.*s: %s",
                         tpl_str_arg(mo->path), what);
}


static tpl_int_t
tpl_mo_memory(tpl_mo_t *mo)
{
    return tpl_error_set(mo->err, TPL_EXC_MEMORY, NULL, "out of memory");
}


tpl_catalogue_t *
tpl_catalogue_load(tpl_arena_t *arena, const tpl_str_t *path,
    const tpl_str_t *text, tpl_error_t *err)
{
    tpl_mo_t          mo;
    uint32_t          i, n;
    tpl_str_t         id, string;
    tpl_catalogue_t  *c;

    memset(&mo, 0, sizeof(tpl_mo_t));

    mo.arena = arena;
    mo.path = path;
    mo.text = text;
    mo.err = err;

    if (text->len < TPL_MO_HEADER) {
        (void) tpl_mo_fail(&mo, "the file is too short for a .mo file");
        return NULL;
    }

    if (text->len > TPL_MO_MAX) {
        (void) tpl_mo_fail(&mo, "the file is too large");
        return NULL;
    }

    /* the numbers are little endian unless the magic says otherwise */

    switch (tpl_mo_u32(&mo, 0)) {

    case TPL_MO_MAGIC:
        break;

    case TPL_MO_MAGIC_SWAPPED:
        mo.swapped = 1;
        break;

    default:
        (void) tpl_mo_fail(&mo, "bad magic number, this is no .mo file");
        return NULL;
    }

    if (tpl_mo_u32(&mo, 4) >> 16 > 1) {
        (void) tpl_mo_fail(&mo, "bad version number");
        return NULL;
    }

    n = tpl_mo_u32(&mo, 8);
    mo.ids = tpl_mo_u32(&mo, 12);
    mo.strings = tpl_mo_u32(&mo, 16);

    if (n > text->len / 8
        || mo.ids > text->len || (text->len - mo.ids) / 8 < n
        || mo.strings > text->len || (text->len - mo.strings) / 8 < n)
    {
        (void) tpl_mo_fail(&mo, "the file is corrupt");
        return NULL;
    }

    c = tpl_catalogue_create(arena, n);
    if (c == NULL) {
        (void) tpl_mo_memory(&mo);
        return NULL;
    }

    mo.catalogue = c;

    /* the description first: it tells how to read the others */

    for (i = 0; i < n; i++) {
        if (tpl_mo_entry(&mo, mo.ids, i, &id) != TPL_OK) {
            return NULL;
        }

        if (id.len == 0
            && (tpl_mo_entry(&mo, mo.strings, i, &string) != TPL_OK
                || tpl_mo_description(&mo, &string) != TPL_OK))
        {
            return NULL;
        }
    }

    for (i = 0; i < n; i++) {
        if (tpl_mo_entry(&mo, mo.ids, i, &id) != TPL_OK
            || tpl_mo_entry(&mo, mo.strings, i, &string) != TPL_OK
            || tpl_mo_message(&mo, &id, &string) != TPL_OK)
        {
            return NULL;
        }
    }

    return c;
}


/* a zero byte follows each string, and is a part of the file */

static tpl_int_t
tpl_mo_entry(tpl_mo_t *mo, size_t table, uint32_t i, tpl_str_t *s)
{
    uint32_t  len, offset;

    len = tpl_mo_u32(mo, table + (size_t) i * 8);
    offset = tpl_mo_u32(mo, table + (size_t) i * 8 + 4);

    if (offset >= mo->text->len || len >= mo->text->len - offset) {
        return tpl_mo_fail(mo, "the file is corrupt");
    }

    mo->total += len;

    if (mo->total / TPL_MO_OVERLAP > mo->text->len) {
        return tpl_mo_fail(mo, "the file is corrupt: strings overlap");
    }

    s->data = mo->text->data + offset;
    s->len = len;

    return TPL_OK;
}


static void
tpl_mo_strip(tpl_str_t *s)
{
    while (s->len && (s->data[0] == ' ' || (s->data[0] >= 9
                                            && s->data[0] <= 13)))
    {
        s->data++;
        s->len--;
    }

    while (s->len && (s->data[s->len - 1] == ' '
                      || (s->data[s->len - 1] >= 9
                          && s->data[s->len - 1] <= 13)))
    {
        s->len--;
    }
}


static tpl_uint_t
tpl_mo_is(const tpl_str_t *s, const char *text)
{
    size_t      i;
    tpl_char_t  c;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;
        }

        if (text[i] == '\0' || c != (tpl_char_t) text[i]) {
            return 0;
        }
    }

    return text[i] == '\0';
}


/* the translation of the empty message: lines of "name: value" */

static tpl_int_t
tpl_mo_description(tpl_mo_t *mo, const tpl_str_t *text)
{
    tpl_int_t          rc;
    tpl_str_t          name, value;
    const tpl_char_t  *p, *end, *last, *colon;

    last = text->data + text->len;

    for (p = text->data; p < last; p = end + 1) {
        end = memchr(p, '\n', (size_t) (last - p));

        if (end == NULL) {
            end = last;
        }

        colon = memchr(p, ':', (size_t) (end - p));

        if (colon == NULL) {
            continue;
        }

        name.data = (tpl_char_t *) p;
        name.len = (size_t) (colon - p);
        value.data = (tpl_char_t *) colon + 1;
        value.len = (size_t) (end - colon - 1);

        tpl_mo_strip(&name);
        tpl_mo_strip(&value);

        rc = TPL_OK;

        if (tpl_mo_is(&name, "content-type")) {
            rc = tpl_mo_charset(mo, &value);

        } else if (tpl_mo_is(&name, "plural-forms")) {
            rc = tpl_mo_plural(mo, &value);
        }

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_mo_charset(tpl_mo_t *mo, const tpl_str_t *value)
{
    ssize_t    n;
    tpl_str_t  charset;

    static const tpl_str_t  key = tpl_string("charset=");

    n = tpl_str_find(value, &key, 0);

    if (n < 0) {
        return tpl_mo_fail(mo, "the header Content-Type has no charset");
    }

    charset.data = value->data + n + key.len;
    charset.len = value->len - (size_t) n - key.len;

    if (tpl_mo_is(&charset, "utf-8") || tpl_mo_is(&charset, "utf8")) {
        mo->utf8 = 1;
        return TPL_OK;
    }

    if (tpl_mo_is(&charset, "ascii") || tpl_mo_is(&charset, "us-ascii")) {
        mo->utf8 = 0;
        return TPL_OK;
    }

    return tpl_error_set(mo->err, TPL_EXC_VALUE, NULL,
                         "%.*s: the charset \"%.*s\" is not supported, only "
                         "UTF-8 and ASCII (msgconv -t UTF-8 converts a .po "
                         "file)", tpl_str_arg(mo->path),
                         (int) tpl_min(charset.len, 40), charset.data);
}


static tpl_int_t
tpl_mo_plural(tpl_mo_t *mo, const tpl_str_t *value)
{
    ssize_t            n;
    tpl_str_t          expr;
    tpl_error_t        err;
    const tpl_char_t  *p, *last;

    static const tpl_str_t  key = tpl_string("plural=");

    /* "nplurals=2; plural=(n != 1);", of which the second part counts */

    last = value->data + value->len;
    p = memchr(value->data, ';', value->len);

    if (p == NULL) {
        return tpl_mo_fail(mo, "the header Plural-Forms has no plural=");
    }

    expr.data = (tpl_char_t *) p + 1;
    p = memchr(expr.data, ';', (size_t) (last - expr.data));
    expr.len = (size_t) ((p ? p : last) - expr.data);

    n = tpl_str_find(&expr, &key, 0);

    if (n < 0) {
        return tpl_mo_fail(mo, "the header Plural-Forms has no plural=");
    }

    expr.data += (size_t) n + key.len;
    expr.len -= (size_t) n + key.len;

    tpl_error_init(&err, mo->arena);

    mo->catalogue->plural = tpl_plural_compile(mo->arena, &expr, &err);

    if (mo->catalogue->plural) {
        return TPL_OK;
    }

    if (err.exc == TPL_EXC_MEMORY) {
        return tpl_mo_memory(mo);
    }

    return tpl_error_set(mo->err, err.exc, NULL,
                         "%.*s: %.*s in the header Plural-Forms",
                         tpl_str_arg(mo->path), tpl_str_arg(&err.message));
}


static tpl_int_t
tpl_mo_message(tpl_mo_t *mo, const tpl_str_t *id, const tpl_str_t *text)
{
    size_t             len;
    tpl_str_t          key;
    tpl_uint_t         plural;
    const tpl_char_t  *zero;

    if (mo->utf8) {
        if (tpl_utf8_check(id->data, id->len) != id->len
            || tpl_utf8_check(text->data, text->len) != text->len)
        {
            return tpl_mo_fail(mo, "a message is not valid UTF-8");
        }

    } else if (!tpl_utf8_ascii(id->data, id->len)
               || !tpl_utf8_ascii(text->data, text->len))
    {
        return tpl_mo_fail(mo, "a message is not ASCII, and no header "
                           "Content-Type says charset=UTF-8");
    }

    zero = memchr(id->data, '\0', id->len);
    plural = (zero != NULL);
    len = id->len;

    if (zero) {
        len = (size_t) (zero - id->data);

        if (memchr(zero + 1, '\0', id->len - len - 1)) {
            return tpl_mo_fail(mo, "a message has more than one plural");
        }
    }

    key.data = id->data;
    key.len = len;

    tpl_catalogue_add(mo->catalogue,
                      plural ? TPL_MESSAGE_FORMS : TPL_MESSAGE_PLAIN, &key,
                      text);

    return TPL_OK;
}


tpl_catalogue_t *
tpl_catalogue_create(tpl_arena_t *arena, uint32_t n)
{
    uint32_t          size;
    tpl_catalogue_t  *c;

    c = tpl_pcalloc(arena, sizeof(tpl_catalogue_t));
    if (c == NULL) {
        return NULL;
    }

    /* no more than two thirds of the buckets are taken */

    for (size = 8; size - size / 3 < n + 1; size *= 2) { /* void */ }

    c->mask = size - 1;
    c->buckets = tpl_pcalloc(arena, size * sizeof(uint32_t));
    c->messages = tpl_palloc(arena, ((size_t) n + 1) * sizeof(tpl_message_t));

    return (c->buckets && c->messages) ? c : NULL;
}


void
tpl_catalogue_add(tpl_catalogue_t *c, tpl_message_kind_t kind,
    const tpl_str_t *key, const tpl_str_t *text)
{
    uint32_t        hash, *bucket;
    tpl_message_t  *m;

    hash = tpl_hash(key->data, key->len);

    m = (tpl_message_t *) tpl_catalogue_look(c, key->data, key->len, hash,
                                             kind, &bucket);
    if (m == NULL) {
        m = &c->messages[c->n++];
        *bucket = c->n;
    }

    m->key = key->data;
    m->key_len = (uint32_t) key->len;
    m->text = text->data;
    m->text_len = (uint32_t) text->len;
    m->hash = hash;
    m->kind = kind;
}


/* NULL with *bucket, if it is asked for, where it would be */

static const tpl_message_t *
tpl_catalogue_look(const tpl_catalogue_t *c, const tpl_char_t *key, size_t len,
    uint32_t hash, tpl_message_kind_t kind, uint32_t **bucket)
{
    uint32_t              i;
    const tpl_message_t  *m;

    for (i = hash & c->mask; c->buckets[i]; i = (i + 1) & c->mask) {
        m = &c->messages[c->buckets[i] - 1];

        if (m->hash == hash && m->key_len == len && m->kind == kind
            && (len == 0 || memcmp(m->key, key, len) == 0))
        {
            return m;
        }
    }

    if (bucket) {
        *bucket = &c->buckets[i];
    }

    return NULL;
}


tpl_int_t
tpl_catalogue_find(const tpl_catalogue_t *c, const tpl_name_t *key,
    tpl_str_t *text)
{
    return tpl_catalogue_find_kind(c, TPL_MESSAGE_PLAIN, key, text);
}


tpl_int_t
tpl_catalogue_find_kind(const tpl_catalogue_t *c, tpl_message_kind_t kind,
    const tpl_name_t *key, tpl_str_t *text)
{
    const tpl_message_t  *m;

    m = tpl_catalogue_look(c, key->str.data, key->str.len, key->hash, kind,
                           NULL);
    if (m == NULL) {
        return TPL_DECLINED;
    }

    text->data = (tpl_char_t *) m->text;
    text->len = m->text_len;

    return TPL_OK;
}


tpl_int_t
tpl_catalogue_find_form(const tpl_catalogue_t *c, const tpl_name_t *key,
    int64_t form, tpl_str_t *text)
{
    const tpl_char_t     *p, *end, *last;
    const tpl_message_t  *m;

    m = tpl_catalogue_look(c, key->str.data, key->str.len, key->hash,
                           TPL_MESSAGE_FORMS, NULL);
    if (m == NULL || form < 0) {
        return TPL_DECLINED;
    }

    last = m->text + m->text_len;

    for (p = m->text; /* void */ ; p = end + 1, form--) {
        end = memchr(p, '\0', (size_t) (last - p));

        if (form == 0) {
            text->data = (tpl_char_t *) p;
            text->len = (size_t) ((end ? end : last) - p);
            return TPL_OK;
        }

        if (end == NULL) {
            return TPL_DECLINED;
        }
    }
}
