
/*
 * What a client says, of any bytes: queries, cookies, Accept headers, URLs and
 * Tornado's catalogues.
 *
 * The first byte chooses what the rest is.  No parser makes more text than it
 * was given, as UTF-8 at most three times as much.
 */

#include <stdlib.h>

#include "builtins/tpl_catalogue.h"
#include "web/tpl_accept.h"
#include "web/tpl_cookies.h"
#include "web/tpl_query.h"
#include "web/tpl_request.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_pairs(const tpl_pairs_t *pairs, size_t most)
{
    size_t    n;
    uint32_t  i;

    for (n = 0, i = 0; i < pairs->n; i++) {
        n += pairs->items[i].name.len + pairs->items[i].value.len;
    }

    if (n > most) {
        abort();
    }
}


static void
fuzz_accept(tpl_exec_t *exec, tpl_str_t *input, tpl_accept_kind_t kind)
{
    tpl_web_t    web;
    tpl_buf_t    b;
    tpl_uint_t   found;
    tpl_value_t  v, key;

    memset(&web, 0, sizeof(tpl_web_t));
    web.arena = exec->arena;

    if (tpl_accept_create(exec, &web, kind, input, &v) != TPL_OK) {

        if (exec->error->exc == TPL_EXC_NONE) {
            abort();
        }

        return;
    }

    tpl_web_text_value(&key, "text/html");

    if (v.u.obj->cls->contains(exec, v.u.obj, &key, &found) != TPL_OK) {
        abort();
    }

    tpl_buf_init(&b, exec->arena);

    if (v.u.obj->cls->str(exec, v.u.obj, &b) != TPL_OK
        || (b.len && tpl_utf8_check(b.data, b.len) != b.len))
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpl_str_t         input, out;
    tpl_exec_t        exec;
    tpl_arena_t      *arena;
    tpl_pairs_t       pairs;
    tpl_error_t       err;
    tpl_options_t     options;
    static tpl_str_t  path = tpl_string("de.csv");

    if (size == 0) {
        return 0;
    }

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 64 * 1024 * 1024);
    if (arena == NULL) {
        return 0;
    }

    memset(&exec, 0, sizeof(tpl_exec_t));
    memset(&options, 0, sizeof(tpl_options_t));
    memset(&pairs, 0, sizeof(tpl_pairs_t));

    tpl_error_init(&err, arena);

    exec.arena = arena;
    exec.error = &err;
    exec.options = &options;
    exec.fuel = INT64_MAX / 2;

    /* a copy without a byte to spare, for the sanitizer */

    input.len = size - 1;
    input.data = malloc(input.len ? input.len : 1);

    if (input.data == NULL) {
        tpl_arena_destroy(arena);
        return 0;
    }

    memcpy(input.data, data + 1, input.len);

    switch (data[0] % 9) {

    case 0:
        if (tpl_query_parse(arena, &input, &pairs) == TPL_OK) {
            fuzz_pairs(&pairs, 3 * input.len);
        }

        break;

    case 1:
        if (tpl_query_parse_bytes(arena, &input, &pairs) == TPL_OK) {
            fuzz_pairs(&pairs, input.len);
        }

        if (tpl_query_count(&input, UINT32_MAX - 1) != pairs.n) {
            abort();
        }

        break;

    case 2:
        if (tpl_cookies_parse(arena, &input, &pairs) == TPL_OK) {
            fuzz_pairs(&pairs, input.len);
        }

        break;

    case 3:
        if (tpl_cookies_parse_tornado(arena, &input, &pairs) == TPL_OK) {
            fuzz_pairs(&pairs, input.len);
        }

        break;

    case 4:
        if (tpl_uri_to_iri(&exec, &input, &out) == TPL_OK
            && out.len > 3 * input.len + 8)
        {
            abort();
        }

        break;

    case 5:
        if (tpl_catalogue_load_csv(arena, &path, &input, &err) == NULL
            && err.exc == TPL_EXC_NONE)
        {
            abort();
        }

        break;

    case 6:
        fuzz_accept(&exec, &input, TPL_ACCEPT_MIME);
        break;

    case 7:
        fuzz_accept(&exec, &input, TPL_ACCEPT_LANGUAGE);
        break;

    default:
        fuzz_accept(&exec, &input, TPL_ACCEPT_CHARSET);
        break;
    }

    free(input.data);
    tpl_arena_destroy(arena);

    return 0;
}
