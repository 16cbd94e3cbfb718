
/*
 * JSON of any bytes, read and written.
 *
 * The first byte chooses the style it is written with.  Read from a copy and
 * read in place, a document is the same value or the same kind of error; what
 * is written of it is UTF-8 and, read again, the same value, of which the same
 * text is written.  What is read in one pass is what yyjson reads, which may
 * in turn read only what is rare.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/tpl_utf8.h"
#include "value/tpl_dict.h"
#include "value/tpl_json.h"


#define FUZZ_MEMORY   (64 * 1024 * 1024)
#define FUZZ_SPARE    4         /* zero bytes that reading in place needs */

#define FUZZ_SORTED   0x01
#define FUZZ_ASCII    0x02
#define FUZZ_COMPACT  0x04
#define FUZZ_HTML     0x08
#define FUZZ_INDENT   0x10


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Infinity is written as Python writes it, which is no JSON */

static tpl_uint_t
fuzz_finite(const tpl_value_t *v)
{
    uint32_t           i;
    tpl_dict_entry_t  *e;

    switch (v->type) {

    case TPL_FLOAT:
        return isfinite(v->u.d);

    case TPL_LIST:
        for (i = 0; i < v->u.list->n; i++) {
            if (!fuzz_finite(&v->u.list->items[i])) {
                return 0;
            }
        }

        return 1;

    case TPL_DICT:
        for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
            if (!fuzz_finite(&e->value)) {
                return 0;
            }
        }

        return 1;

    default:
        return 1;
    }
}


static void
fuzz_stop(const char *what, const tpl_exec_t *exec)
{
    fprintf(stderr, "%s: %s: %.*s\n", what, tpl_exc_name(exec->error->exc),
            tpl_str_arg(&exec->error->message));
    abort();
}


/* out of memory stands for no verdict */

static tpl_int_t
fuzz_write(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_json_style_t *style, tpl_str_t *out)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, exec->arena);

    if (tpl_json_to(exec, v, style, &b) != TPL_OK) {
        if (exec->error->exc != TPL_EXC_MEMORY) {
            fuzz_stop("what was read cannot be written", exec);
        }

        return TPL_ERROR;
    }

    out->data = b.data;
    out->len = b.len;

    if (tpl_utf8_check(out->data, out->len) != out->len) {
        fuzz_stop("what was written is no UTF-8", exec);
    }

    return TPL_OK;
}


/* of a key given twice the last value counts */

static tpl_uint_t
fuzz_same(tpl_exec_t *exec, yyjson_val *y, const tpl_value_t *v)
{
    size_t        n;
    uint32_t      i;
    tpl_str_t     s;
    tpl_value_t   key, item;
    yyjson_val   *k, *later;
    yyjson_arr_iter  arr;
    yyjson_obj_iter  obj, rest;

    if (yyjson_is_null(y)) {
        return v->type == TPL_NONE;
    }

    if (yyjson_is_bool(y)) {
        return v->type == TPL_BOOL && v->u.i == yyjson_get_bool(y);
    }

    if (yyjson_is_real(y)) {
        return v->type == TPL_FLOAT
               && memcmp(&v->u.d, &(double) { yyjson_get_real(y) },
                         sizeof(double)) == 0;
    }

    if (yyjson_is_raw(y)) {
        return v->type == TPL_FLOAT;
    }

    if (yyjson_is_int(y)) {
        return v->type == TPL_INT && v->u.i == yyjson_get_sint(y);
    }

    if (yyjson_is_str(y)) {
        n = yyjson_get_len(y);

        return v->type == TPL_STRING && v->len == n
               && memcmp(v->u.s, yyjson_get_str(y), n) == 0
               && ((v->flags & TPL_F_ASCII) != 0)
                  == (tpl_utf8_ascii(v->u.s, n) != 0);
    }

    if (yyjson_is_arr(y)) {

        if (v->type != TPL_LIST || v->u.list->n != yyjson_arr_size(y)) {
            return 0;
        }

        (void) yyjson_arr_iter_init(y, &arr);

        for (i = 0; i < v->u.list->n; i++) {
            if (!fuzz_same(exec, yyjson_arr_iter_next(&arr),
                           &v->u.list->items[i]))
            {
                return 0;
            }
        }

        return 1;
    }

    if (v->type != TPL_DICT) {
        return 0;
    }

    n = 0;
    (void) yyjson_obj_iter_init(y, &obj);

    while ((k = yyjson_obj_iter_next(&obj)) != NULL) {
        rest = obj;

        while ((later = yyjson_obj_iter_next(&rest)) != NULL) {
            if (yyjson_get_len(later) == yyjson_get_len(k)
                && memcmp(yyjson_get_str(later), yyjson_get_str(k),
                          yyjson_get_len(k)) == 0)
            {
                break;
            }
        }

        if (later) {
            continue;
        }

        n++;
        s.data = (tpl_char_t *) yyjson_get_str(k);
        s.len = yyjson_get_len(k);

        tpl_value_from_str(&key, &s);

        if (tpl_dict_get(exec, v->u.dict, &key, &item) != TPL_OK
            || !fuzz_same(exec, yyjson_obj_iter_get_val(k), &item))
        {
            return 0;
        }
    }

    return v->u.dict->n == n;
}


/* an integer that is too large, or nesting that is too deep */

static tpl_uint_t
fuzz_rare(yyjson_val *y, tpl_uint_t depth)
{
    size_t       i, n;
    yyjson_val  *item;

    if (yyjson_is_raw(y)) {
        return 1;
    }

    if (yyjson_is_uint(y)) {
        return yyjson_get_uint(y) > INT64_MAX;
    }

    if (!yyjson_is_ctn(y)) {
        return 0;
    }

    if (depth == TPL_MAX_DEPTH) {
        return 1;
    }

    n = yyjson_get_len(y) * (yyjson_is_obj(y) ? 2 : 1);
    item = unsafe_yyjson_get_first(y);

    for (i = 0; i < n; i++) {
        if (fuzz_rare(item, depth + 1)) {
            return 1;
        }

        item = unsafe_yyjson_get_next(item);
    }

    return 0;
}


static void
fuzz_one_pass(tpl_exec_t *exec, const tpl_str_t *padded)
{
    tpl_int_t     rc;
    tpl_value_t   v;
    yyjson_doc   *doc;

    rc = tpl_json_read(exec, padded, &v);

    if (rc == TPL_ERROR) {
        tpl_error_clear(exec->error);
        return;
    }

    doc = yyjson_read_opts((char *) padded->data, padded->len,
                           YYJSON_READ_BIGNUM_AS_RAW, NULL, NULL);

    if (rc == TPL_OK) {
        if (doc == NULL || !fuzz_same(exec, yyjson_doc_get_root(doc), &v)) {
            fuzz_stop("in one pass it is something else", exec);
        }

    } else if (doc && !fuzz_rare(yyjson_doc_get_root(doc), 0)) {
        fuzz_stop("in one pass it is declined", exec);
    }

    yyjson_doc_free(doc);
}


static void
fuzz_document(tpl_exec_t *exec, tpl_str_t *input, tpl_str_t *spare,
    const tpl_json_style_t *style)
{
    tpl_exc_t    exc;
    tpl_int_t    rc;
    tpl_str_t    first, second;
    tpl_uint_t   equal;
    tpl_value_t  copied, placed, again;

    fuzz_one_pass(exec, spare);

    rc = tpl_json_parse(exec, input, 0, &copied);
    exc = exec->error->exc;

    if (rc != TPL_OK && exc == TPL_EXC_NONE) {
        fuzz_stop("an error without an error", exec);
    }

    tpl_error_clear(exec->error);

    if (tpl_json_parse(exec, spare, 1, &placed) != rc
        || exec->error->exc != exc)
    {
        fuzz_stop("read in place it is something else", exec);
    }

    if (rc != TPL_OK) {
        return;
    }

    if (fuzz_write(exec, &copied, style, &first) != TPL_OK
        || fuzz_write(exec, &placed, style, &second) != TPL_OK)
    {
        return;
    }

    if (!tpl_str_eq(&first, &second)) {
        fuzz_stop("read in place it is written otherwise", exec);
    }

    if (!fuzz_finite(&copied)) {
        return;
    }

    if (tpl_json_parse(exec, &first, 0, &again) != TPL_OK) {
        if (exec->error->exc != TPL_EXC_MEMORY) {
            fuzz_stop("what was written cannot be read", exec);
        }

        return;
    }

    if (tpl_equal(exec, &copied, &again, &equal) != TPL_OK || !equal) {
        fuzz_stop("read again it is another value", exec);
    }

    if (fuzz_write(exec, &again, style, &second) != TPL_OK) {
        return;
    }

    if (!tpl_str_eq(&first, &second)) {
        fuzz_stop("read again it is written otherwise", exec);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpl_str_t          input, spare;
    tpl_exec_t         exec;
    tpl_arena_t       *arena;
    tpl_error_t        err;
    tpl_options_t      options;
    tpl_json_style_t   style;

    if (size == 0) {
        return 0;
    }

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, FUZZ_MEMORY);
    if (arena == NULL) {
        return 0;
    }

    memset(&exec, 0, sizeof(tpl_exec_t));
    memset(&options, 0, sizeof(tpl_options_t));

    tpl_error_init(&err, arena);

    exec.arena = arena;
    exec.error = &err;
    exec.options = &options;
    exec.fuel = INT64_MAX / 2;

    style.indent = (data[0] & FUZZ_INDENT) ? 2 : -1;
    style.sort_keys = (data[0] & FUZZ_SORTED) != 0;
    style.ensure_ascii = (data[0] & FUZZ_ASCII) != 0;
    style.compact = (data[0] & FUZZ_COMPACT) != 0;
    style.html = (data[0] & FUZZ_HTML) != 0;

    /* without a byte more than is promised, for the sanitizer */

    input.len = size - 1;
    input.data = malloc(input.len ? input.len : 1);

    spare.len = input.len;
    spare.data = calloc(1, spare.len + FUZZ_SPARE);

    if (input.data != NULL && spare.data != NULL) {
        memcpy(input.data, data + 1, input.len);
        memcpy(spare.data, data + 1, spare.len);

        fuzz_document(&exec, &input, &spare, &style);
    }

    free(input.data);
    free(spare.data);
    tpl_arena_destroy(arena);

    return 0;
}
