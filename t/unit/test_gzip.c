
/*
 * Gzip made of segments: whatever the page and the reference, zlib's inflate
 * gives the page back, however it is cut; and where the page is the reference,
 * it is as small as zlib makes it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "encode/tpl_crc32.h"
#include "encode/tpl_deflate.h"
#include "encode/tpl_gzip.h"


#define check(ok)                                                            \
    checks++;                                                                \
                                                                             \
    if (!(ok)) {                                                             \
        failed++;                                                            \
        printf("%s:%d: %s\n", __FILE__, __LINE__, #ok);                      \
    }

#define PAGE_MAX  (2 * 1024 * 1024)


static unsigned     checks, failed;
static tpl_char_t   page[PAGE_MAX], ref[PAGE_MAX], packed[PAGE_MAX];
static tpl_char_t   again[PAGE_MAX];
static tpl_arena_t  *forever;
static tpl_gzip_t   *gz;
static uint64_t     seed = 1;

static unsigned     allocations, fail_at;


static void *
counting_alloc(void *data, size_t size)
{
    (void) data;

    allocations++;

    return (fail_at && allocations >= fail_at) ? NULL : malloc(size);
}


static void
counting_free(void *data, void *p)
{
    (void) data;
    free(p);
}


static const tpl_allocator_t  counting = {
    .alloc = counting_alloc,
    .free = counting_free
};


static unsigned
rnd(unsigned n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (unsigned) (seed >> 33) % n;
}


static tpl_arena_t *
arena_create(void)
{
    tpl_arena_t  *arena;

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

    if (arena == NULL) {
        exit(2);
    }

    return arena;
}


static size_t
join(const tpl_output_t *out, tpl_char_t *p)
{
    size_t    n;
    uint32_t  i;

    n = 0;

    for (i = 0; i < out->n; i++) {
        memcpy(p + n, out->segments[i].data, out->segments[i].len);
        n += out->segments[i].len;
    }

    check(n == out->len);

    return n;
}


/* one whole member with nothing behind it, which is the page */

static int
is_page(size_t n, size_t len)
{
    int       rc;
    z_stream  z;

    memset(&z, 0, sizeof(z_stream));

    if (inflateInit2(&z, 31) != Z_OK) {
        exit(2);
    }

    z.next_in = packed;
    z.avail_in = n;
    z.next_out = again;
    z.avail_out = PAGE_MAX;

    rc = inflate(&z, Z_FINISH);

    inflateEnd(&z);

    return rc == Z_STREAM_END && z.avail_in == 0 && z.total_out == len
           && memcmp(page, again, len) == 0;
}


static tpl_gzip_model_t *
model_of(tpl_arena_t *arena, const void *data, size_t len)
{
    tpl_str_t          s;
    tpl_arena_t       *scratch;
    tpl_gzip_model_t  *model;

    s.data = (tpl_char_t *) data;
    s.len = len;

    scratch = arena_create();
    model = tpl_gzip_model(arena, scratch, &s);
    tpl_arena_destroy(scratch);

    return model;
}


/* page, cut at random into pieces of at most cut bytes; its size packed */

static size_t
pack(const tpl_gzip_model_t *model, size_t len, unsigned cut)
{
    size_t         i, n;
    tpl_arena_t   *arena;
    tpl_output_t   out;

    arena = arena_create();

    tpl_output_init(&out, arena, 0);
    tpl_gzip_start(gz, model, &out);

    for (i = 0; i < len; i += n) {
        n = cut ? 1 + rnd(cut) : len;
        n = tpl_min(n, len - i);

        if (tpl_gzip_segment(gz, page + i, n) != TPL_OK) {
            check(0);
        }
    }

    check(tpl_gzip_finish(gz) == TPL_OK);

    n = join(&out, packed);
    tpl_arena_destroy(arena);

    return n;
}


static size_t
zlib_size(int level, size_t len)
{
    size_t    n;
    z_stream  z;

    memset(&z, 0, sizeof(z_stream));

    if (deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        exit(2);
    }

    z.next_in = page;
    z.avail_in = len;
    z.next_out = again;
    z.avail_out = PAGE_MAX;

    deflate(&z, Z_FINISH);
    n = z.total_out;
    deflateEnd(&z);

    return n;
}


/* text that has something of HTML: words, repeats, numbers */

static size_t
text(tpl_char_t *p, size_t len, unsigned words)
{
    size_t    n;
    unsigned  w;

    for (n = 0; n + 32 < len; /* void */ ) {
        w = rnd(words);

        n += sprintf((char *) p + n, (w % 7 == 0) ? "<li class=\"c%u\">"
                                     : (w % 5 == 0) ? "%u, "
                                     : "w%xrd ", w * 2654435761u % 9973);
    }

    memset(p + n, '.', len - n);

    return len;
}


static void
test_bytes(void)
{
    size_t             n;
    unsigned           i, k;
    tpl_arena_t       *arena;
    tpl_gzip_model_t  *empty, *model;

    static const size_t  lengths[] = {
        0, 1, 2, 3, 4, 7, 8, 9, 257, 258, 259, 511, 1024, 4096, 32767, 32768,
        32769, 65535, 65536, 70000, 200000
    };

    static const unsigned  cuts[] = { 0, 1, 2, 9, 300, 5000 };

    arena = arena_create();
    empty = model_of(arena, "", 0);

    n = text(ref, 30000, 700);
    model = model_of(arena, ref, n);

    for (i = 0; i < tpl_nelts(lengths); i++) {
        for (k = 0; k < tpl_nelts(cuts); k++) {

            if (cuts[k] == 1 && lengths[i] > 10000) {
                continue;
            }

            /* one byte again and again; then nothing twice; then text */

            memset(page, 'a', lengths[i]);

            check(is_page(pack(empty, lengths[i], cuts[k]), lengths[i]));
            check(is_page(pack(model, lengths[i], cuts[k]), lengths[i]));

            for (n = 0; n < lengths[i]; n++) {
                page[n] = rnd(256);
            }

            check(is_page(pack(empty, lengths[i], cuts[k]), lengths[i]));
            check(is_page(pack(model, lengths[i], cuts[k]), lengths[i]));

            if (lengths[i] > 64) {
                text(page, lengths[i], 500);

                check(is_page(pack(empty, lengths[i], cuts[k]), lengths[i]));
                check(is_page(pack(model, lengths[i], cuts[k]), lengths[i]));
            }
        }
    }

    /* bytes that no code helps grow by little */

    for (n = 0; n < 200000; n++) {
        page[n] = rnd(256);
    }

    check(pack(empty, 200000, 0) < 202000);

    tpl_arena_destroy(arena);
}


/* the reference itself, and with values put in, parts left out or moved */

static void
test_reference(void)
{
    size_t             n, len, from, part;
    unsigned           i, k, edits;
    tpl_arena_t       *arena;
    tpl_gzip_model_t  *model;

    static const size_t  lengths[] = { 100, 900, 5000, 33000, 65000, 120000 };

    for (i = 0; i < tpl_nelts(lengths); i++) {
        arena = arena_create();

        len = text(ref, lengths[i], 40 + i * 300);
        model = model_of(arena, ref, len);

        memcpy(page, ref, len);
        n = pack(model, len, 0);

        check(is_page(n, len));

        if (len > 900 && len < TPL_GZIP_REFERENCE_MAX) {
            check(n < zlib_size(6, len) * 1.02 + 60);
        }

        for (k = 0; k < 100; k++) {
            n = 0;

            for (edits = rnd(12) + 1; edits && n < 300000; edits--) {
                from = rnd(len);
                part = rnd(len - from) + 1;

                memcpy(page + n, ref + from, part);
                n += part;

                /* the value: short, or one that has been, or long */

                switch (rnd(4)) {

                case 0:
                    n += sprintf((char *) page + n, "value %u", rnd(100));
                    break;

                case 1:
                    from = rnd(n);
                    part = tpl_min(n - from, rnd(500));
                    memmove(page + n, page + from, part);
                    n += part;
                    break;

                case 2:
                    n += text(page + n, 100 + rnd(20000), 3000);
                    break;
                }
            }

            check(is_page(pack(model, n, rnd(3) ? 0 : 1 + rnd(5000)), n));
        }

        tpl_arena_destroy(arena);
    }
}


/* one value in a page costs little more than its bytes */

static void
test_value(void)
{
    size_t             n, len, same;
    tpl_arena_t       *arena;
    tpl_gzip_model_t  *model;

    arena = arena_create();

    len = text(ref, 30000, 900);
    model = model_of(arena, ref, len);

    memcpy(page, ref, len);
    same = pack(model, len, 0);

    memcpy(page, ref, 10000);
    n = 10000 + sprintf((char *) page + 10000, "Tom & Jerry");
    memcpy(page + n, ref + 10000, len - 10000);
    n += len - 10000;

    check(pack(model, n, 0) < same + 60);
    check(is_page(pack(model, n, 0), n));

    tpl_arena_destroy(arena);
}


/* the same bytes, whatever the encoder has done before */

static void
test_same(void)
{
    size_t              n, len;
    unsigned            i;
    tpl_arena_t        *arena;
    tpl_gzip_model_t   *model;
    static tpl_char_t   first[20000], one[20000];

    arena = arena_create();

    len = text(ref, 5000, 300);
    model = model_of(arena, ref, len);

    text(one, sizeof(one), 300);
    memcpy(one + 3000, ref, len);

    memcpy(page, one, sizeof(one));
    n = pack(model, sizeof(one), 0);
    memcpy(first, packed, n);

    for (i = 0; i < 20; i++) {
        text(page, 1000 + rnd(90000), 200);
        pack(model, 1000, 0);

        memcpy(page, one, sizeof(one));

        check(pack(model, sizeof(one), 0) == n);
        check(memcmp(first, packed, n) == 0);
    }

    tpl_arena_destroy(arena);
}


/* what is flushed can be read at once */

static void
test_flush(void)
{
    size_t             i, n, len;
    z_stream           z;
    tpl_arena_t       *arena;
    tpl_output_t       out;
    tpl_gzip_model_t  *model;

    arena = arena_create();

    len = text(ref, 20000, 400);
    model = model_of(arena, ref, len);
    memcpy(page, ref, len);

    tpl_output_init(&out, arena, 0);
    tpl_gzip_start(gz, model, &out);

    for (i = 0; i < len; i += n) {
        n = tpl_min(1 + rnd(4000), len - i);

        check(tpl_gzip_segment(gz, page + i, n) == TPL_OK);
        check(tpl_gzip_flush(gz) == TPL_OK);

        memset(&z, 0, sizeof(z_stream));
        inflateInit2(&z, 31);

        z.next_in = packed;
        z.avail_in = join(&out, packed);
        z.next_out = again;
        z.avail_out = PAGE_MAX;

        check(inflate(&z, Z_SYNC_FLUSH) == Z_OK);
        check(z.total_out == i + n && memcmp(again, page, i + n) == 0);

        inflateEnd(&z);
    }

    check(tpl_gzip_finish(gz) == TPL_OK);
    check(is_page(join(&out, packed), len));

    tpl_arena_destroy(arena);
}


/* every allocation may fail: an error, and the next page is fine */

static void
test_memory(void)
{
    size_t             len;
    unsigned           n;
    tpl_str_t          s;
    tpl_int_t          rc;
    tpl_arena_t       *arena, *scratch;
    tpl_output_t       out, in;
    tpl_gzip_t        *own;
    tpl_gzip_model_t  *model;

    len = text(ref, 20000, 5000);
    memcpy(page, ref, len);

    s.data = ref;
    s.len = len;
    rc = TPL_ERROR;

    for (n = 1; rc != TPL_OK && n < 1000; n++) {
        allocations = 0;
        fail_at = n;

        arena = tpl_arena_create(&counting, 512, 0);
        scratch = tpl_arena_create(&counting, 512, 0);

        if (arena && scratch) {
            model = tpl_gzip_model(arena, scratch, &s);
            own = tpl_gzip_create(arena);

            if (model && own) {
                tpl_output_init(&in, arena, 0);
                tpl_output_init(&out, arena, 0);

                if (tpl_output_add(&in, page, len) == TPL_OK) {
                    rc = tpl_gzip_page(own, model, &in, &out);
                }

                if (rc == TPL_OK) {
                    check(is_page(join(&out, packed), len));
                }
            }
        }

        tpl_arena_destroy(scratch);
        tpl_arena_destroy(arena);
    }

    check(rc == TPL_OK && n > 15);

    fail_at = 0;

    /* a limit that is met */

    arena = arena_create();
    model = model_of(arena, ref, len);
    memcpy(page, ref, len);

    tpl_output_init(&out, arena, 5000);
    tpl_gzip_start(gz, model, &out);

    rc = tpl_gzip_segment(gz, page, len);

    check(rc == TPL_ERROR || tpl_gzip_finish(gz) == TPL_ERROR);
    check(tpl_gzip_finish(gz) == TPL_ERROR);
    check(is_page(pack(model, len, 0), len));

    tpl_arena_destroy(arena);
}


/* codes: prefix-free, complete and no longer than 15 bits for any counts */

static void
test_codes(void)
{
    unsigned             i, k;
    uint64_t             sum;
    tpl_deflate_freq_t   freq;
    tpl_deflate_codes_t  codes;

    for (k = 0; k < 300; k++) {
        memset(&freq, 0, sizeof(tpl_deflate_freq_t));

        for (i = 0; i < TPL_DEFLATE_LITERALS; i++) {
            freq.lit[i] = (k % 3 == 0) ? (i < 40 ? 1u << (i % 32) : 0)
                          : (k % 3 == 1) ? rnd(1000)
                          : rnd(2) * rnd(1u << rnd(30));
        }

        freq.dist[rnd(30)] = 1 + rnd(9);

        tpl_deflate_codes(&codes, &freq);

        sum = 0;

        for (i = 0; i < TPL_DEFLATE_LITERALS; i++) {
            if (codes.lit_bits[i]) {
                sum += 1u << (15 - codes.lit_bits[i]);
            }
        }

        check(sum == 1u << 15);
    }
}


/* zlib's CRC, of any length from any byte on, and of one part after another */

static void
test_crc(void)
{
    size_t    n, from;
    uint32_t  crc;

    for (n = 0; n < 4096; n++) {
        page[n] = rnd(256);
    }

    for (n = 0; n < 1200; n++) {
        for (from = 0; from < 3; from++) {
            check(tpl_crc32(0, page + from, n) == crc32(0, page + from, n));

            crc = tpl_crc32(0, page, from * 50);
            crc = tpl_crc32(crc, page + from * 50, n);

            check(crc == crc32(0, page, from * 50 + n));
        }
    }
}


int
main(void)
{
    forever = arena_create();
    gz = tpl_gzip_create(forever);

    if (gz == NULL) {
        return 2;
    }

    test_crc();
    test_codes();
    test_bytes();
    test_reference();
    test_value();
    test_same();
    test_flush();
    test_memory();

    tpl_arena_destroy(forever);

    printf("%u passed, %u failed\n", checks - failed, failed);

    return failed != 0;
}
