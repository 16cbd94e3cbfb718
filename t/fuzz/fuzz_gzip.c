
/*
 * Any page with any reference: what inflate makes of our gzip is the page.
 *
 * The first byte says how the page is cut, the rest is a script: bytes of the
 * reference come after the mark 0xff 0x00 (two bytes of offset, two of length),
 * copies of the page itself after 0xff 0x01, a flush is 0xff 0x02, all others
 * are bytes of the page.  The reference is the input's first half, repeated.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "encode/tpl_gzip.h"


#define FUZZ_PAGE  (256 * 1024)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static tpl_char_t  page[FUZZ_PAGE], again[FUZZ_PAGE + 1], ref[65536];
static size_t      len;


static void
fuzz_copy(const tpl_char_t *src, size_t n)
{
    n = tpl_min(n, FUZZ_PAGE - len);

    memmove(page + len, src, n);
    len += n;
}


static void
fuzz_check(const tpl_output_t *out)
{
    int        rc;
    uint32_t   i;
    z_stream   z;

    memset(&z, 0, sizeof(z_stream));

    if (inflateInit2(&z, 31) != Z_OK) {
        abort();
    }

    z.next_out = again;
    z.avail_out = sizeof(again);
    rc = Z_OK;

    for (i = 0; i < out->n && rc == Z_OK; i++) {
        z.next_in = (tpl_char_t *) out->segments[i].data;
        z.avail_in = out->segments[i].len;

        rc = inflate(&z, Z_NO_FLUSH);
    }

    if (rc != Z_STREAM_END || z.avail_in || i != out->n || z.total_out != len
        || memcmp(page, again, len) != 0)
    {
        fprintf(stderr, "%zu bytes became %lu: %d %s\n", len, z.total_out, rc,
                z.msg ? z.msg : "");
        abort();
    }

    inflateEnd(&z);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t             i, n, from, cut, half;
    size_t             flush[64], nflush;
    tpl_str_t          reference;
    tpl_arena_t       *arena;
    tpl_output_t       out;
    tpl_gzip_model_t  *model;

    /* one for all, as a worker has it */

    static tpl_gzip_t   *gz;
    static tpl_arena_t  *own;

    if (size < 8) {
        return 0;
    }

    if (gz == NULL) {
        own = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
        gz = own ? tpl_gzip_create(own) : NULL;

        if (gz == NULL) {
            abort();
        }
    }

    cut = data[0] * data[0];
    half = size / 2;
    reference.data = ref;
    reference.len = 0;

    for (i = 0; i < (data[1] & 15u) + 1; i++) {
        n = tpl_min(half - 2, sizeof(ref) - reference.len);

        memcpy(ref + reference.len, data + 2, n);
        reference.len += n;

        if (reference.len < sizeof(ref)) {
            ref[reference.len++] = i;
        }
    }

    len = 0;
    nflush = 0;

    for (i = half; i < size && len < FUZZ_PAGE; i++) {

        if (data[i] != 0xff || size - i < 6 || data[i + 1] > 2) {
            page[len++] = data[i];
            continue;
        }

        if (data[i + 1] == 2) {
            if (nflush < tpl_nelts(flush)) {
                flush[nflush++] = len;
            }

            i++;
            continue;
        }

        from = data[i + 2] << 8 | data[i + 3];
        n = data[i + 4] << 8 | data[i + 5];

        if (data[i + 1] == 0) {
            from %= reference.len;
            fuzz_copy(ref + from, tpl_min(n, reference.len - from));

        } else if (len) {
            from %= len;
            fuzz_copy(page + from, tpl_min(n, len - from));
        }

        i += 5;
    }

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    model = arena ? tpl_gzip_model(arena, arena, &reference) : NULL;

    if (model == NULL) {
        tpl_arena_destroy(arena);
        return 0;
    }

    tpl_output_init(&out, arena, 0);
    tpl_gzip_start(gz, model, &out);

    from = 0;

    for (i = 0; i < len; i += n) {
        n = cut ? tpl_min(cut, len - i) : len - i;

        if (from < nflush && flush[from] >= i && flush[from] < i + n) {
            n = flush[from] - i;

            if (tpl_gzip_segment(gz, page + i, n) != TPL_OK
                || tpl_gzip_flush(gz) != TPL_OK)
            {
                abort();
            }

            from++;
            continue;
        }

        if (tpl_gzip_segment(gz, page + i, n) != TPL_OK) {
            abort();
        }
    }

    if (tpl_gzip_finish(gz) != TPL_OK) {
        abort();
    }

    fuzz_check(&out);

    tpl_arena_destroy(arena);

    return 0;
}
