
/*
 * Catalogues and plural expressions of any bytes.
 *
 * The first byte chooses what the rest is: a .mo file or what stands behind
 * "plural=".  Every message of a catalogue is found by its key, and its text
 * and each of its forms is UTF-8 that lies within the file.  Tornado's .csv
 * catalogues are fuzz_request's.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/tpl_utf8.h"
#include "builtins/tpl_catalogue.h"


#define FUZZ_MEMORY  (64 * 1024 * 1024)
#define FUZZ_FORMS   8


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_stop(const char *what, const tpl_error_t *err)
{
    fprintf(stderr, "%s: %s: %.*s\n", what, tpl_exc_name(err->exc),
            tpl_str_arg(&err->message));
    abort();
}


static void
fuzz_plural(tpl_exec_t *exec, const tpl_plural_t *plural)
{
    int64_t      form;
    tpl_uint_t   i;
    tpl_value_t  v;

    static const int64_t  numbers[] = {
        0, 1, 2, 3, 5, 11, 21, 100, 101, 111, -1, INT64_MAX, INT64_MIN
    };
    static const double  floats[] = { 1.0, 1.5, -0.0, 1e300 };

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        tpl_value_int(&v, numbers[i]);

        if (tpl_plural_form(exec, plural, &v, &form) != TPL_OK
            && exec->error->exc == TPL_EXC_NONE)
        {
            fuzz_stop("a number without a form or an error", exec->error);
        }

        tpl_error_clear(exec->error);
    }

    for (i = 0; i < sizeof(floats) / sizeof(floats[0]); i++) {
        tpl_value_float(&v, floats[i]);

        if (tpl_plural_form(exec, plural, &v, &form) != TPL_OK
            && exec->error->exc == TPL_EXC_NONE)
        {
            fuzz_stop("a float without a form or an error", exec->error);
        }

        tpl_error_clear(exec->error);
    }
}


static void
fuzz_text(const tpl_str_t *file, const tpl_str_t *text)
{
    if (text->len
        && (text->data < file->data
            || text->data + text->len > file->data + file->len
            || tpl_utf8_check(text->data, text->len) != text->len))
    {
        fprintf(stderr, "a text that is not the file's\n");
        abort();
    }
}


static void
fuzz_catalogue(tpl_exec_t *exec, const tpl_str_t *file)
{
    int64_t            form;
    uint32_t           i;
    tpl_int_t          rc;
    tpl_str_t          text;
    tpl_name_t         key;
    tpl_catalogue_t   *c;
    static tpl_str_t   path = tpl_string("messages.mo");

    c = tpl_catalogue_load(exec->arena, &path, file, exec->error);

    if (c == NULL) {
        if (exec->error->exc == TPL_EXC_NONE) {
            fuzz_stop("an error without an error", exec->error);
        }

        return;
    }

    for (i = 0; i < c->n; i++) {
        key.str.data = (tpl_char_t *) c->messages[i].key;
        key.str.len = c->messages[i].key_len;
        key.hash = tpl_hash(key.str.data, key.str.len);

        fuzz_text(file, &key.str);

        rc = tpl_catalogue_find(c, &key, &text);

        if (rc == TPL_OK) {
            fuzz_text(file, &text);
        }

        for (form = -1; form < FUZZ_FORMS; form++) {
            if (tpl_catalogue_find_form(c, &key, form, &text) == TPL_OK) {
                fuzz_text(file, &text);
                rc = TPL_OK;
            }
        }

        if (rc != TPL_OK) {
            fuzz_stop("a message that is not found", exec->error);
        }
    }

    if (c->plural) {
        fuzz_plural(exec, c->plural);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpl_str_t       input;
    tpl_exec_t      exec;
    tpl_arena_t    *arena;
    tpl_error_t     err;
    tpl_plural_t   *plural;
    tpl_options_t   options;

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

    /* a copy without a byte to spare, for the sanitizer */

    input.len = size - 1;
    input.data = malloc(input.len ? input.len : 1);

    if (input.data == NULL) {
        tpl_arena_destroy(arena);
        return 0;
    }

    memcpy(input.data, data + 1, input.len);

    if (data[0] & 1) {
        plural = tpl_plural_compile(arena, &input, &err);

        if (plural) {
            fuzz_plural(&exec, plural);

        } else if (err.exc == TPL_EXC_NONE) {
            fuzz_stop("an error without an error", &err);
        }

    } else {
        fuzz_catalogue(&exec, &input);
    }

    free(input.data);
    tpl_arena_destroy(arena);

    return 0;
}
