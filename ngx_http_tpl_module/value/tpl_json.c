
/*
 * JSON in and out.
 *
 * In: yyjson reads the text in place and makes a tree of its own, which is
 * turned into values and given back to the arena; strings are not copied but
 * point into the text.
 *
 * Out: byte for byte what Python's json.dumps() writes.
 */

#include <math.h>
#include <yyjson.h>

#include "base/tpl_number.h"
#include "base/tpl_utf8.h"
#include "value/tpl_dict.h"
#include "value/tpl_json.h"

#if (TPL_SSE2)
#include <emmintrin.h>
#endif


/* why a character of a string is not written as it is */

#define TPL_JSON_ALWAYS     0x01
#define TPL_JSON_ENSURE     0x02    /* beyond printable ASCII */
#define TPL_JSON_HTML       0x04

/* \uXXXX twice */
#define TPL_JSON_ESCAPE_LEN 12

/* dicts with more keys are sorted as lists are */
#define TPL_JSON_SORT_SMALL 16


/* the containers around the one that is being written */

typedef struct tpl_json_level_s  tpl_json_level_t;

struct tpl_json_level_s {
    const void              *container;
    const tpl_json_level_t  *up;
    tpl_int_t                depth;
};

typedef struct {
    tpl_exec_t              *exec;
    const tpl_json_style_t  *style;
    tpl_buf_t               *b;
    tpl_uint_t               mask;      /* TPL_JSON_* */
    tpl_str_t                comma;
    tpl_str_t                colon;
} tpl_json_out_t;


static tpl_int_t tpl_json_read_error(tpl_exec_t *exec, const tpl_str_t *text,
    tpl_uint_t insitu, const yyjson_read_err *err);
static tpl_int_t tpl_json_value(tpl_exec_t *exec, yyjson_val *v,
    const tpl_dict_t *like, tpl_value_t *out);
static tpl_int_t tpl_json_array(tpl_exec_t *exec, yyjson_val *v,
    tpl_value_t *out);
static tpl_int_t tpl_json_object(tpl_exec_t *exec, yyjson_val *v,
    const tpl_dict_t *like, tpl_value_t *out);
static inline tpl_uint_t tpl_json_like(const tpl_dict_t *like, size_t i,
    const tpl_str_t *name);
static void *tpl_json_malloc(void *ctx, size_t size);
static void *tpl_json_realloc(void *ctx, void *p, size_t old, size_t size);
static void tpl_json_free(void *ctx, void *p);

static tpl_int_t tpl_json_write(tpl_json_out_t *jo, const tpl_value_t *v,
    const tpl_json_level_t *up);
static tpl_int_t tpl_json_write_list(tpl_json_out_t *jo,
    const tpl_list_t *list, const tpl_json_level_t *level);
static tpl_int_t tpl_json_write_dict(tpl_json_out_t *jo,
    const tpl_dict_t *dict, const tpl_json_level_t *level);
static tpl_int_t tpl_json_write_sorted(tpl_json_out_t *jo,
    const tpl_dict_t *dict, const tpl_json_level_t *level);
static tpl_uint_t tpl_json_sort_small(const tpl_dict_t *dict,
    tpl_dict_entry_t **sorted);
static tpl_int_t tpl_json_write_pair(tpl_json_out_t *jo,
    const tpl_value_t *key, const tpl_value_t *value, tpl_uint_t first,
    const tpl_json_level_t *level);
static tpl_int_t tpl_json_write_object(tpl_json_out_t *jo,
    const tpl_value_t *v, const tpl_json_level_t *level);
static tpl_int_t tpl_json_enter(tpl_json_out_t *jo, tpl_json_level_t *level,
    const tpl_value_t *v, const tpl_json_level_t *up);
static void tpl_json_line(tpl_json_out_t *jo, tpl_int_t depth);
static void tpl_json_int(tpl_json_out_t *jo, int64_t n);
static void tpl_json_float(tpl_json_out_t *jo, double d);
static void tpl_json_string(tpl_json_out_t *jo, const tpl_char_t *p,
    size_t len);
static size_t tpl_json_scan(const tpl_char_t *p, size_t len, tpl_uint_t mask);
static tpl_char_t *tpl_json_escape(tpl_char_t *dst, const tpl_char_t **src,
    const tpl_char_t *last);
static tpl_char_t *tpl_json_hex(tpl_char_t *dst, uint32_t unit);


static const tpl_char_t  tpl_json_class[256] = {
    [0x00 ... 0x1f] = TPL_JSON_ALWAYS,
    ['"'] = TPL_JSON_ALWAYS,
    ['\\'] = TPL_JSON_ALWAYS,
    ['<'] = TPL_JSON_HTML,
    ['>'] = TPL_JSON_HTML,
    ['&'] = TPL_JSON_HTML,
    ['\''] = TPL_JSON_HTML,
    [0x7f ... 0xff] = TPL_JSON_ENSURE
};


tpl_int_t
tpl_json_parse(tpl_exec_t *exec, tpl_str_t *text, tpl_uint_t insitu,
    tpl_value_t *out)
{
    size_t            bom;
    tpl_int_t         rc;
    tpl_str_t         s, copy;
    tpl_char_t       *data;
    yyjson_alc        alc;
    yyjson_doc       *doc;
    yyjson_read_err   err;

    bom = (text->len >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0)
          ? 3 : 0;

    s.len = text->len - bom;
    s.data = text->data + bom;

    exec->fuel -= 1 + (int64_t) (s.len / 16);

    if (s.len == 0) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "line 1 column 1: the JSON text is empty");
    }

    if (s.len > UINT32_MAX) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW, "the JSON text is too long");
    }

    data = s.data;

    if (!insitu) {
        data = tpl_pnalloc(exec->arena, s.len + YYJSON_PADDING_SIZE);
        if (data == NULL) {
            return tpl_throw_memory(exec);
        }

        memcpy(data, s.data, s.len);
        memset(data + s.len, 0, YYJSON_PADDING_SIZE);
    }

    copy.data = data;
    copy.len = s.len;

    rc = TPL_NO_JSON_PASS ? TPL_DECLINED : tpl_json_read(exec, &copy, out);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    alc.malloc = tpl_json_malloc;
    alc.realloc = tpl_json_realloc;
    alc.free = tpl_json_free;
    alc.ctx = exec->arena;

    doc = yyjson_read_opts((char *) data, s.len,
                           YYJSON_READ_INSITU|YYJSON_READ_BIGNUM_AS_RAW,
                           &alc, &err);
    if (doc == NULL) {
        err.pos += insitu ? bom : 0;
        return tpl_json_read_error(exec, &s, insitu, &err);
    }

    rc = tpl_json_value(exec, yyjson_doc_get_root(doc), NULL, out);

    yyjson_doc_free(doc);

    return rc;
}


static tpl_int_t
tpl_json_read_error(tpl_exec_t *exec, const tpl_str_t *text,
    tpl_uint_t insitu, const yyjson_read_err *err)
{
    tpl_pos_t     pos;
    const char   *what;
    tpl_source_t  source;

    if (err->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        return tpl_throw_memory(exec);
    }

    what = (err->code == YYJSON_READ_ERROR_EMPTY_CONTENT)
           ? "the JSON text is empty" : err->msg;

    if (insitu) {
        return tpl_throw(exec, TPL_EXC_VALUE, "byte %lu: %s",
                         (unsigned long) err->pos, what);
    }

    memset(&source, 0, sizeof(tpl_source_t));
    source.text = *text;

    tpl_source_pos(&source, err->pos, &pos);

    return tpl_throw(exec, TPL_EXC_VALUE, "line %lu column %lu: %s",
                     (unsigned long) pos.line, (unsigned long) pos.column,
                     what);
}


/*
 * A number that is too large for yyjson: a float is infinite, as Python's json
 * has it; an integer would become another one.
 */

static tpl_int_t
tpl_json_large(tpl_exec_t *exec, const char *p, size_t n, tpl_value_t *out)
{
    double     d;
    tpl_str_t  s;

    s.data = (tpl_char_t *) p;
    s.len = n;

    if (memchr(p, '.', n) || memchr(p, 'e', n) || memchr(p, 'E', n)) {

        if (tpl_parse_float(&s, &d) != TPL_OK) {
            return tpl_throw(exec, TPL_EXC_VALUE, "invalid number");
        }

        tpl_value_float(out, d);
        return TPL_OK;
    }

    return tpl_throw(exec, TPL_EXC_VALUE, "the integer %.*s%s does not fit "
                     "into 64 bits", (int) tpl_min(n, 40), p,
                     (n > 40) ? "..." : "");
}


/* like: the object before this one in an array, or NULL */

static tpl_int_t
tpl_json_value(tpl_exec_t *exec, yyjson_val *v, const tpl_dict_t *like,
    tpl_value_t *out)
{
    size_t             n;
    uint64_t           u;
    tpl_int_t          rc;
    const tpl_char_t  *s;

    switch (yyjson_get_tag(v)) {

    case YYJSON_TYPE_NULL | YYJSON_SUBTYPE_NONE:
        tpl_value_none(out);
        return TPL_OK;

    case YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE:
        tpl_value_bool(out, 1);
        return TPL_OK;

    case YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_FALSE:
        tpl_value_bool(out, 0);
        return TPL_OK;

    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT:
        u = yyjson_get_uint(v);

        if (u > INT64_MAX) {
            return tpl_throw(exec, TPL_EXC_VALUE, "the integer %llu does not "
                             "fit into 64 bits", (unsigned long long) u);
        }

        tpl_value_int(out, (int64_t) u);
        return TPL_OK;

    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT:
        tpl_value_int(out, yyjson_get_sint(v));
        return TPL_OK;

    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL:
        tpl_value_float(out, yyjson_get_real(v));
        return TPL_OK;

    default:
        break;
    }

    n = yyjson_get_len(v);

    if (yyjson_is_raw(v)) {
        return tpl_json_large(exec, yyjson_get_raw(v), n, out);
    }

    if (yyjson_is_str(v)) {
        s = (const tpl_char_t *) yyjson_get_str(v);
        tpl_value_string(out, s, n, tpl_utf8_ascii(s, n) ? TPL_F_ASCII : 0);
        return TPL_OK;
    }

    if (tpl_unlikely(exec->depth >= TPL_MAX_DEPTH)) {
        return tpl_throw(exec, TPL_EXC_RECURSION, "maximum recursion depth "
                         "exceeded while decoding a JSON %s from a unicode "
                         "string", yyjson_is_arr(v) ? "array" : "object");
    }

    exec->depth++;
    exec->fuel -= (int64_t) n;

    rc = yyjson_is_arr(v) ? tpl_json_array(exec, v, out)
                          : tpl_json_object(exec, v, like, out);

    exec->depth--;

    return rc;
}


static tpl_int_t
tpl_json_array(tpl_exec_t *exec, yyjson_val *v, tpl_value_t *out)
{
    size_t             i, n;
    yyjson_val        *item;
    tpl_list_t        *list;
    tpl_value_t       *value;
    const tpl_dict_t  *like;

    n = yyjson_get_len(v);

    list = tpl_list_create(exec, n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    item = unsafe_yyjson_get_first(v);
    like = NULL;

    for (i = 0; i < n; i++) {
        value = &list->items[i];

        if (tpl_json_value(exec, item, like, value) != TPL_OK) {
            return TPL_ERROR;
        }

        if (value->type == TPL_DICT) {
            like = value->u.dict;
        }

        item = unsafe_yyjson_get_next(item);
    }

    list->n = (uint32_t) n;
    tpl_value_list(out, list);

    return TPL_OK;
}


/*
 * The objects of an array mostly have the same keys in the same order: as long
 * as this one does, no key can be there already, and none is looked for.
 */

static tpl_int_t
tpl_json_object(tpl_exec_t *exec, yyjson_val *v, const tpl_dict_t *like,
    tpl_value_t *out)
{
    size_t             i, n;
    tpl_str_t          name;
    yyjson_val        *item;
    tpl_dict_t        *dict;
    tpl_value_t        value;
    tpl_dict_entry_t  *e;

    n = yyjson_get_len(v);

    dict = tpl_dict_create(exec, n);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    if (dict->index) {
        like = NULL;
    }

    item = unsafe_yyjson_get_first(v);

    for (i = 0; i < n; i++) {
        name.len = yyjson_get_len(item);
        name.data = (tpl_char_t *) yyjson_get_str(item);
        item++;

        if (like && tpl_json_like(like, i, &name)) {
            e = &dict->entries[i];
            e->key = like->entries[i].key;

            if (tpl_json_value(exec, item, NULL, &e->value) != TPL_OK) {
                return TPL_ERROR;
            }

            dict->nentries = (uint32_t) (i + 1);
            dict->n = dict->nentries;

        } else {
            like = NULL;

            if (tpl_json_value(exec, item, NULL, &value) != TPL_OK
                || tpl_dict_set_str(exec, dict, &name, &value) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        item = unsafe_yyjson_get_next(item);
    }

    tpl_value_dict(out, dict);

    return TPL_OK;
}


static inline tpl_uint_t
tpl_json_like(const tpl_dict_t *like, size_t i, const tpl_str_t *name)
{
    const tpl_value_t  *key;

    if (i >= like->nentries) {
        return 0;
    }

    key = &like->entries[i].key;

    return key->len == name->len
           && tpl_same_short(key->u.s, name->data, name->len);
}


static void *
tpl_json_malloc(void *ctx, size_t size)
{
    return tpl_palloc(ctx, size);
}


static void *
tpl_json_realloc(void *ctx, void *p, size_t old, size_t size)
{
    void  *q;

    if (size <= old) {
        return p;
    }

    q = tpl_prealloc(ctx, p, old, size);

    if (q && q != p) {
        tpl_pfree(ctx, p);
    }

    return q;
}


static void
tpl_json_free(void *ctx, void *p)
{
    tpl_pfree(ctx, p);
}


tpl_int_t
tpl_json_to(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_json_style_t *style, tpl_buf_t *b)
{
    tpl_int_t       rc;
    tpl_json_out_t  jo;

    jo.exec = exec;
    jo.style = style;
    jo.b = b;

    jo.mask = TPL_JSON_ALWAYS;
    jo.mask |= style->ensure_ascii ? TPL_JSON_ENSURE : 0;
    jo.mask |= style->html ? TPL_JSON_HTML : 0;

    /* json.dumps(): the default after an item has no blank if lines end it */

    if (style->compact) {
        tpl_str_set(&jo.comma, ",");
        tpl_str_set(&jo.colon, ":");

    } else {
        tpl_str_set(&jo.comma, ", ");
        tpl_str_set(&jo.colon, ": ");

        if (style->indent >= 0) {
            jo.comma.len = 1;
        }
    }

    rc = tpl_json_write(&jo, v, NULL);

    if (rc == TPL_OK && b->failed) {
        return tpl_throw_memory(exec);
    }

    return rc;
}


static tpl_int_t
tpl_json_write(tpl_json_out_t *jo, const tpl_value_t *v,
    const tpl_json_level_t *up)
{
    tpl_int_t         rc;
    tpl_exec_t       *exec;
    tpl_json_level_t  level;

    exec = jo->exec;
    exec->fuel--;

    switch (v->type) {

    case TPL_NONE:
        (void) tpl_buf_lit(jo->b, "null");
        return TPL_OK;

    case TPL_BOOL:
        if (v->u.i) {
            (void) tpl_buf_lit(jo->b, "true");

        } else {
            (void) tpl_buf_lit(jo->b, "false");
        }

        return TPL_OK;

    case TPL_INT:
        tpl_json_int(jo, v->u.i);
        return TPL_OK;

    case TPL_FLOAT:
        tpl_json_float(jo, v->u.d);
        return TPL_OK;

    case TPL_STRING:
        tpl_json_string(jo, v->u.s, v->len);
        return TPL_OK;

    case TPL_LIST:
    case TPL_TUPLE:
    case TPL_DICT:
        break;

    case TPL_OBJECT:
        if (v->u.obj->cls->flags & TPL_CLASS_MAPPING) {
            break;
        }

        /* fall through */

    default:
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "Object of type %s is not JSON serializable",
                         tpl_type_name(v));
    }

    if (tpl_json_enter(jo, &level, v, up) != TPL_OK) {
        return TPL_ERROR;
    }

    switch (v->type) {

    case TPL_DICT:
        rc = tpl_json_write_dict(jo, v->u.dict, &level);
        break;

    case TPL_OBJECT:
        rc = tpl_json_write_object(jo, v, &level);
        break;

    default:
        rc = tpl_json_write_list(jo, v->u.list, &level);
        break;
    }

    exec->depth--;

    /* without memory for the text there is no use in going on */

    if (rc == TPL_OK && tpl_unlikely(jo->b->failed)) {
        return tpl_throw_memory(exec);
    }

    return rc;
}


/*
 * One container deeper.  One that holds itself is found out only at the limit
 * of depth, where it must stand in the chain again: looking each time would
 * cost more than most containers do.
 */

static tpl_int_t
tpl_json_enter(tpl_json_out_t *jo, tpl_json_level_t *level,
    const tpl_value_t *v, const tpl_json_level_t *up)
{
    const tpl_json_level_t  *l;

    level->container = v->u.p;
    level->up = up;
    level->depth = up ? up->depth + 1 : 1;

    if (tpl_likely(jo->exec->depth < TPL_MAX_DEPTH)) {
        jo->exec->depth++;
        return TPL_OK;
    }

    for (l = up; l; l = l->up) {
        if (l->container == v->u.p) {
            return tpl_throw(jo->exec, TPL_EXC_VALUE,
                             "Circular reference detected");
        }
    }

    return tpl_throw(jo->exec, TPL_EXC_RECURSION, "maximum recursion depth "
                     "exceeded while encoding a JSON object");
}


static tpl_int_t
tpl_json_write_list(tpl_json_out_t *jo, const tpl_list_t *list,
    const tpl_json_level_t *level)
{
    uint32_t   i;
    tpl_int_t  rc;

    if (list->n == 0) {
        (void) tpl_buf_lit(jo->b, "[]");
        return TPL_OK;
    }

    (void) tpl_buf_char(jo->b, '[');

    for (i = 0; i < list->n; i++) {

        if (i) {
            (void) tpl_buf_str(jo->b, &jo->comma);
        }

        tpl_json_line(jo, level->depth);

        rc = tpl_json_write(jo, &list->items[i], level);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_json_line(jo, level->depth - 1);
    (void) tpl_buf_char(jo->b, ']');

    return TPL_OK;
}


static tpl_int_t
tpl_json_write_dict(tpl_json_out_t *jo, const tpl_dict_t *dict,
    const tpl_json_level_t *level)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_uint_t         first;
    tpl_dict_entry_t  *e;

    if (dict->n == 0) {
        (void) tpl_buf_lit(jo->b, "{}");
        return TPL_OK;
    }

    (void) tpl_buf_char(jo->b, '{');

    if (jo->style->sort_keys && dict->n > 1) {

        rc = tpl_json_write_sorted(jo, dict, level);
        if (rc != TPL_OK) {
            return rc;
        }

    } else {
        first = 1;

        for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; first = 0) {

            rc = tpl_json_write_pair(jo, &e->key, &e->value, first, level);
            if (rc != TPL_OK) {
                return rc;
            }
        }
    }

    tpl_json_line(jo, level->depth - 1);
    (void) tpl_buf_char(jo->b, '}');

    return TPL_OK;
}


/* by key; keys without an order are sorted()'s TypeError */

static tpl_int_t
tpl_json_write_sorted(tpl_json_out_t *jo, const tpl_dict_t *dict,
    const tpl_json_level_t *level)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_list_t        *values;
    tpl_value_t       *keys;
    tpl_dict_entry_t  *e, *sorted[TPL_JSON_SORT_SMALL];

    if (tpl_json_sort_small(dict, sorted)) {

        for (i = 0; i < dict->n; i++) {
            rc = tpl_json_write_pair(jo, &sorted[i]->key, &sorted[i]->value,
                                     i == 0, level);
            if (rc != TPL_OK) {
                return rc;
            }
        }

        return TPL_OK;
    }

    values = tpl_list_create(jo->exec, dict->n);
    if (values == NULL) {
        return TPL_ERROR;
    }

    keys = tpl_palloc(jo->exec->arena, dict->n * sizeof(tpl_value_t));
    if (keys == NULL) {
        return tpl_throw_memory(jo->exec);
    }

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; ) {
        keys[values->n] = e->key;

        if (tpl_list_append(jo->exec, values, &e->value) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (tpl_list_sort(jo->exec, values, keys, 0) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < values->n; i++) {
        rc = tpl_json_write_pair(jo, &keys[i], &values->items[i], i == 0,
                                 level);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


/*
 * The entries of a small dict with string keys in order, which most are; false
 * for any other.  No memory is taken.
 */

static tpl_uint_t
tpl_json_sort_small(const tpl_dict_t *dict, tpl_dict_entry_t **sorted)
{
    uint32_t           i, n;
    tpl_str_t          a, b;
    tpl_uint_t         j;
    tpl_dict_entry_t  *e;

    if (dict->n > TPL_JSON_SORT_SMALL) {
        return 0;
    }

    n = 0;

    for (i = 0; (e = tpl_dict_next(dict, &i)) != NULL; n++) {

        if (e->key.type != TPL_STRING) {
            return 0;
        }

        a = tpl_value_str(&e->key);

        for (j = n; j > 0; j--) {
            b = tpl_value_str(&sorted[j - 1]->key);

            if (tpl_str_cmp(&b, &a) <= 0) {
                break;
            }

            sorted[j] = sorted[j - 1];
        }

        sorted[j] = e;
    }

    return 1;
}


static tpl_int_t
tpl_json_write_pair(tpl_json_out_t *jo, const tpl_value_t *key,
    const tpl_value_t *value, tpl_uint_t first, const tpl_json_level_t *level)
{
    if (!first) {
        (void) tpl_buf_str(jo->b, &jo->comma);
    }

    tpl_json_line(jo, level->depth);

    switch (key->type) {

    case TPL_STRING:
        tpl_json_string(jo, key->u.s, key->len);
        break;

    case TPL_INT:
        (void) tpl_buf_char(jo->b, '"');
        tpl_json_int(jo, key->u.i);
        (void) tpl_buf_char(jo->b, '"');
        break;

    case TPL_FLOAT:
        (void) tpl_buf_char(jo->b, '"');
        tpl_json_float(jo, key->u.d);
        (void) tpl_buf_char(jo->b, '"');
        break;

    case TPL_BOOL:
        if (key->u.i) {
            (void) tpl_buf_lit(jo->b, "\"true\"");

        } else {
            (void) tpl_buf_lit(jo->b, "\"false\"");
        }

        break;

    case TPL_NONE:
        (void) tpl_buf_lit(jo->b, "\"null\"");
        break;

    default:
        return tpl_throw(jo->exec, TPL_EXC_TYPE, "keys must be str, int, "
                         "float, bool or None, not %s", tpl_type_name(key));
    }

    (void) tpl_buf_str(jo->b, &jo->colon);

    return tpl_json_write(jo, value, level);
}


/* a host's mapping, as the dict it is made into */

static tpl_int_t
tpl_json_write_object(tpl_json_out_t *jo, const tpl_value_t *v,
    const tpl_json_level_t *level)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    dict = tpl_dict_create(jo->exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    rc = tpl_dict_update(jo->exec, dict, v);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_json_write_dict(jo, dict, level);
}


/* with an indent each item has a line of its own */

static void
tpl_json_line(tpl_json_out_t *jo, tpl_int_t depth)
{
    size_t       n;
    tpl_char_t  *p;

    if (jo->style->indent < 0) {
        return;
    }

    /* depth is bounded, and so is the product for any sane indent */

    if (jo->style->indent > TPL_MAX_STRING) {
        tpl_buf_fail(jo->b);
        return;
    }

    n = (size_t) (jo->style->indent * depth);
    jo->exec->fuel -= (int64_t) (n / 16);

    p = tpl_buf_reserve(jo->b, n + 1);

    if (p) {
        *p++ = '\n';
        memset(p, ' ', n);
        jo->b->len += n + 1;
    }
}


static void
tpl_json_int(tpl_json_out_t *jo, int64_t n)
{
    tpl_char_t  *p;

    p = tpl_buf_reserve(jo->b, TPL_INT64_LEN);

    if (p) {
        jo->b->len += (size_t) (tpl_format_int(p, n) - p);
    }
}


static void
tpl_json_float(tpl_json_out_t *jo, double d)
{
    tpl_char_t  *p;

    if (tpl_unlikely(isnan(d))) {
        (void) tpl_buf_lit(jo->b, "NaN");
        return;
    }

    if (tpl_unlikely(isinf(d))) {

        if (d < 0) {
            (void) tpl_buf_char(jo->b, '-');
        }

        (void) tpl_buf_lit(jo->b, "Infinity");
        return;
    }

    p = tpl_buf_reserve(jo->b, TPL_FLOAT_LEN);

    if (p) {
        jo->b->len += (size_t) (tpl_format_float(p, d) - p);
    }
}


static void
tpl_json_string(tpl_json_out_t *jo, const tpl_char_t *p, size_t len)
{
    size_t             n;
    tpl_char_t        *dst;
    const tpl_char_t  *last;

    jo->exec->fuel -= (int64_t) (len / 16);

    n = tpl_json_scan(p, len, jo->mask);

    if (tpl_likely(n == len)) {

        dst = tpl_buf_reserve(jo->b, len + 2);

        if (tpl_likely(dst != NULL)) {
            *dst++ = '"';

            if (len) {
                memcpy(dst, p, len);
            }

            dst[len] = '"';
            jo->b->len += len + 2;
        }

        return;
    }

    /* not before: an empty string may have no bytes to point at */

    last = p + len;

    (void) tpl_buf_reserve(jo->b, len + 2);
    (void) tpl_buf_char(jo->b, '"');

    for ( ;; ) {
        n = tpl_json_scan(p, (size_t) (last - p), jo->mask);

        (void) tpl_buf_add(jo->b, p, n);
        p += n;

        if (p == last) {
            break;
        }

        dst = tpl_buf_reserve(jo->b, TPL_JSON_ESCAPE_LEN);

        if (tpl_unlikely(dst == NULL)) {
            return;
        }

        jo->b->len += (size_t) (tpl_json_escape(dst, &p, last) - dst);
    }

    (void) tpl_buf_char(jo->b, '"');
}


/* the first byte that must not be written as it is, or len */

static size_t
tpl_json_scan(const tpl_char_t *p, size_t len, tpl_uint_t mask)
{
    size_t      i;
#if (TPL_SSE2)
    __m128i     x, m;
    tpl_uint_t  bits;
#endif

    i = 0;

#if (TPL_SSE2)

    for ( /* void */ ; len - i >= 16; i += 16) {
        x = _mm_loadu_si128((const __m128i *) (p + i));

        m = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
        m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
        m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));

        if (mask & TPL_JSON_ENSURE) {
            m = _mm_or_si128(m, x);
            m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
        }

        if (mask & TPL_JSON_HTML) {

            /* & and ' differ in bit 0 alone, < and > in bit 1 */

            m = _mm_or_si128(m, _mm_cmpeq_epi8(
                                    _mm_or_si128(x, _mm_set1_epi8(1)),
                                    _mm_set1_epi8('\'')));
            m = _mm_or_si128(m, _mm_cmpeq_epi8(
                                    _mm_or_si128(x, _mm_set1_epi8(2)),
                                    _mm_set1_epi8('>')));
        }

        bits = (tpl_uint_t) _mm_movemask_epi8(m);

        if (bits) {
            return i + (size_t) __builtin_ctzl(bits);
        }
    }

#endif

    for ( /* void */ ; i < len; i++) {
        if (tpl_json_class[p[i]] & mask) {
            break;
        }
    }

    return i;
}


/* writes one code point escaped: at most TPL_JSON_ESCAPE_LEN bytes */

static tpl_char_t *
tpl_json_escape(tpl_char_t *dst, const tpl_char_t **src,
    const tpl_char_t *last)
{
    uint32_t    code;
    tpl_char_t  c;

    code = tpl_utf8_decode(src, last);

    switch (code) {

    case '"':
    case '\\':
        c = (tpl_char_t) code;
        break;

    case '\n':
        c = 'n';
        break;

    case '\r':
        c = 'r';
        break;

    case '\t':
        c = 't';
        break;

    case '\f':
        c = 'f';
        break;

    case '\b':
        c = 'b';
        break;

    default:
        if (code < 0x10000) {
            return tpl_json_hex(dst, code);
        }

        code -= 0x10000;
        dst = tpl_json_hex(dst, 0xd800 | (code >> 10));

        return tpl_json_hex(dst, 0xdc00 | (code & 0x3ff));
    }

    *dst++ = '\\';
    *dst++ = c;

    return dst;
}


static tpl_char_t *
tpl_json_hex(tpl_char_t *dst, uint32_t unit)
{
    static const char  hex[] = "0123456789abcdef";

    *dst++ = '\\';
    *dst++ = 'u';
    *dst++ = (tpl_char_t) hex[unit >> 12];
    *dst++ = (tpl_char_t) hex[(unit >> 8) & 0xf];
    *dst++ = (tpl_char_t) hex[(unit >> 4) & 0xf];
    *dst++ = (tpl_char_t) hex[unit & 0xf];

    return dst;
}
