
/*
 * Segments: what stays where it is, what is gathered, what a capture takes
 * back, and the hash of it all.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/tpl_escape.h"
#include "vm/tpl_output.h"


#define check(ok)                                                            \
    checks++;                                                                \
                                                                             \
    if (!(ok)) {                                                             \
        failed++;                                                            \
        printf("%s:%d: %s\n", __FILE__, __LINE__, #ok);                      \
    }


static unsigned      checks, failed;
static tpl_arena_t  *arena;
static tpl_char_t    longtext[10000];


static void
start(tpl_output_t *out, size_t limit)
{
    tpl_arena_destroy(arena);

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

    if (arena == NULL) {
        exit(2);
    }

    tpl_output_init(out, arena, limit);
}


static tpl_text_t
text_of(const void *data, size_t len)
{
    tpl_text_t  text;

    text.str.data = (tpl_char_t *) data;
    text.str.len = len;
    text.hash = tpl_hash64(data, len);

    return text;
}


static tpl_int_t
add(tpl_output_t *out, const char *s)
{
    return tpl_output_add(out, (tpl_char_t *) s, strlen(s));
}


/* all bytes in one piece; the length must be what the segments have */

static tpl_str_t
joined(const tpl_output_t *out)
{
    size_t      n;
    uint32_t    i;
    tpl_str_t   s;

    s.len = out->len;
    s.data = tpl_pnalloc(arena, s.len + 1);
    n = 0;

    for (i = 0; i < out->n; i++) {
        if (n + out->segments[i].len <= s.len) {
            memcpy(s.data + n, out->segments[i].data, out->segments[i].len);
        }

        n += out->segments[i].len;
    }

    check(n == s.len);

    return s;
}


static int
is(const tpl_output_t *out, const char *expected)
{
    tpl_str_t  s;

    s = joined(out);

    return tpl_str_is(&s, expected);
}


static void
test_segments(void)
{
    tpl_text_t    text;
    tpl_output_t  out;

    start(&out, 0);

    check(is(&out, ""));

    /* neighbours in a page are one segment */

    check(add(&out, "a") == TPL_OK);
    check(add(&out, "") == TPL_OK);

    text = text_of("short text", 10);

    check(tpl_output_text(&out, &text) == TPL_OK);
    check(add(&out, "b") == TPL_OK);
    check(out.n == 1 && out.segments[0].hash == 0);
    check(is(&out, "ashort textb"));

    /* a long text is not copied */

    text = text_of(longtext, TPL_OUTPUT_STATIC_MIN);

    check(tpl_output_text(&out, &text) == TPL_OK);
    check(out.n == 2 && out.segments[1].data == longtext);
    check(out.segments[1].hash == text.hash);

    /* and the page goes on behind it */

    check(add(&out, "c") == TPL_OK);
    check(out.n == 3 && out.segments[2].len == 1);
    check(out.segments[2].data
          == out.segments[0].data + out.segments[0].len);

    /* more than a page holds */

    check(tpl_output_add(&out, longtext, sizeof(longtext)) == TPL_OK);
    check(joined(&out).len == 12 + TPL_OUTPUT_STATIC_MIN + 1
                              + sizeof(longtext));
    check(memcmp(joined(&out).data + 13 + TPL_OUTPUT_STATIC_MIN, longtext,
                 sizeof(longtext))
          == 0);
}


static void
test_escaped(void)
{
    size_t         i, n;
    tpl_str_t      s;
    tpl_char_t    *expected;
    tpl_output_t   out;

    start(&out, 0);

    tpl_output_escaped(&out, (tpl_char_t *) "a<b", 3, TPL_ESCAPE_MARKUPSAFE);
    tpl_output_escaped(&out, (tpl_char_t *) "\"'", 2, TPL_ESCAPE_MARKUPSAFE);
    tpl_output_escaped(&out, (tpl_char_t *) "\"", 1, TPL_ESCAPE_TORNADO);
    tpl_output_escaped(&out, (tpl_char_t *) "plain", 5, TPL_ESCAPE_TORNADO);

    check(is(&out, "a&lt;b&#34;&#39;&quot;plain"));

    /* of every length, over the ends of pages */

    for (i = 0; i < 3000; i += 7) {
        start(&out, 0);

        tpl_output_add(&out, longtext, 4096 - i % 100);
        tpl_output_escaped(&out, longtext, i, TPL_ESCAPE_MARKUPSAFE);

        n = tpl_escape_size(longtext, i, TPL_ESCAPE_MARKUPSAFE);
        expected = tpl_pnalloc(arena, n + 1);
        tpl_escape(expected, longtext, i, TPL_ESCAPE_MARKUPSAFE);

        s = joined(&out);
        check(s.len == 4096 - i % 100 + n);
        check(memcmp(s.data + 4096 - i % 100, expected, n) == 0);
    }
}


static void
test_limit(void)
{
    tpl_text_t    text;
    tpl_output_t  out;

    start(&out, 1000);

    text = text_of(longtext, 600);

    check(tpl_output_text(&out, &text) == TPL_OK);
    check(tpl_output_add(&out, longtext, 400) == TPL_OK);
    check(tpl_output_add(&out, longtext, 1) == TPL_ERROR && out.exceeded);
    check(tpl_output_text(&out, &text) == TPL_ERROR && out.exceeded);
    check(tpl_output_escaped(&out, (tpl_char_t *) "<", 1, 0) == TPL_ERROR);
    check(out.len == 1000);

    /* escaping is counted by what comes out, not by what it might */

    start(&out, 10);

    check(tpl_output_escaped(&out, (tpl_char_t *) "abcde<", 6, 0) == TPL_OK);
    check(is(&out, "abcde&lt;"));
}


static void
test_capture(void)
{
    size_t             before;
    tpl_str_t          s;
    tpl_text_t         text;
    tpl_output_t       out;
    tpl_output_mark_t  mark, inner;

    start(&out, 0);

    /* nothing at all */

    tpl_output_mark(&out, &mark);
    check(tpl_output_take(&out, &mark, &s) == TPL_OK && s.len == 0);

    /* short: the page goes on as if it had not been */

    add(&out, "before");
    tpl_output_mark(&out, &mark);
    add(&out, "captured");
    check(tpl_output_take(&out, &mark, &s) == TPL_OK);
    check(tpl_str_is(&s, "captured"));
    add(&out, "after");
    check(out.n == 1 && is(&out, "beforeafter"));
    check(tpl_str_is(&s, "captured"));

    /* long and in one page: not copied, and not overwritten */

    tpl_output_mark(&out, &mark);
    tpl_output_add(&out, longtext, 1000);
    check(tpl_output_take(&out, &mark, &s) == TPL_OK && s.len == 1000);
    check(s.data == out.segments[0].data + 11);
    add(&out, "!");
    check(is(&out, "beforeafter!"));
    check(memcmp(s.data, longtext, 1000) == 0);

    /* over several segments: joined */

    text = text_of(longtext, 2000);

    tpl_output_mark(&out, &mark);
    add(&out, "[");
    tpl_output_text(&out, &text);
    tpl_output_add(&out, longtext, 5000);
    add(&out, "]");
    check(tpl_output_take(&out, &mark, &s) == TPL_OK && s.len == 7002);
    check(s.data[0] == '[' && s.data[7001] == ']');
    check(memcmp(s.data + 1, longtext, 2000) == 0);
    check(memcmp(s.data + 2001, longtext, 5000) == 0);
    check(is(&out, "beforeafter!"));

    /* one static text is itself */

    tpl_output_mark(&out, &mark);
    tpl_output_text(&out, &text);
    check(tpl_output_take(&out, &mark, &s) == TPL_OK);
    check(s.data == longtext && s.len == 2000);
    check(is(&out, "beforeafter!"));

    /* captures in captures */

    before = out.len;

    tpl_output_mark(&out, &mark);
    add(&out, "outer");
    tpl_output_mark(&out, &inner);
    add(&out, "inner");
    check(tpl_output_take(&out, &inner, &s) == TPL_OK);
    check(tpl_str_is(&s, "inner"));
    tpl_output_text(&out, &text);
    tpl_output_mark(&out, &inner);
    add(&out, "dropped");
    tpl_output_drop(&out, &inner);
    check(tpl_output_take(&out, &mark, &s) == TPL_OK && s.len == 2005);
    check(memcmp(s.data, "outer", 5) == 0);
    check(out.len == before);

    /* at the very beginning */

    start(&out, 0);

    tpl_output_mark(&out, &mark);
    tpl_output_text(&out, &text);
    add(&out, "x");
    check(tpl_output_take(&out, &mark, &s) == TPL_OK && s.len == 2001);
    add(&out, "y");
    check(is(&out, "y"));
}


/* against a model, many times over: pieces and captures at random */

static void
test_random(void)
{
    size_t              n, at, len, expected, starts[16];
    uint32_t            turn, i, depth;
    uint64_t            seed;
    tpl_str_t           s;
    tpl_char_t         *model;
    tpl_text_t          text;
    tpl_output_t        out;
    tpl_output_mark_t   marks[16];

    model = malloc(4000000);

    if (model == NULL) {
        exit(2);
    }

    seed = 1;

    for (turn = 0; turn < 300; turn++) {
        start(&out, 0);
        depth = 0;
        len = 0;

        for (i = 0; i < 200; i++) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;

            at = (seed >> 33) % 4000;
            n = (seed >> 20) % ((seed >> 61) ? 40 : 6000);

            switch ((seed >> 57) % 5) {

            case 0:
                if (depth < 16) {
                    starts[depth] = len;
                    tpl_output_mark(&out, &marks[depth++]);
                }

                break;

            case 1:
                if (depth) {
                    depth--;
                    expected = len - starts[depth];

                    if (tpl_output_take(&out, &marks[depth], &s) != TPL_OK
                        || s.len != expected
                        || memcmp(s.data, model + starts[depth], expected)
                           != 0)
                    {
                        check(!"taken text differs");
                    }

                    len = starts[depth];
                }

                break;

            case 2:
                if (n) {
                    text = text_of(longtext + at, n);
                    tpl_output_text(&out, &text);
                    memcpy(model + len, longtext + at, n);
                    len += n;
                }

                break;

            default:
                tpl_output_add(&out, longtext + at, n);
                memcpy(model + len, longtext + at, n);
                len += n;
            }
        }

        tpl_output_end(&out);

        s = joined(&out);
        check(s.len == len && memcmp(s.data, model, len) == 0);

        for (i = 0; i < out.n; i++) {
            if (out.segments[i].len == 0) {
                check(!"an empty segment");
            }
        }
    }

    free(model);
}


static void
test_hash(void)
{
    size_t        i, k, cut;
    uint64_t      h, first;
    tpl_text_t    text;
    tpl_output_t  out;

    /* the same on every machine: the ETag of a page is made of it */

    check(tpl_hash64("", 0) == 0xccb4f0768b627f59ULL);
    check(tpl_hash64("a", 1) == 0x5f2a40a58110f8b0ULL);
    check(tpl_hash64("0123456789abcdef!", 17) == 0x41c3a002b8d264ccULL);

    /* each byte and the length count */

    h = tpl_hash64(longtext, 100);

    for (i = 0; i < 100; i++) {
        longtext[i] ^= 1;
        check(tpl_hash64(longtext, 100) != h);
        longtext[i] ^= 1;
        check(tpl_hash64(longtext, i) != h);
    }

    check(tpl_hash64("\0", 1) != tpl_hash64("\0\0", 2));

    /* however bytes came into pages, the hash is theirs */

    first = 0;

    for (cut = 1; cut < 4200; cut += 137) {
        start(&out, 0);

        text = text_of(longtext, 700);
        tpl_output_text(&out, &text);

        for (i = 0; i < 9000; i += k) {
            k = tpl_min(cut, 9000 - i);
            tpl_output_add(&out, longtext + i, k);
        }

        tpl_output_text(&out, &text);
        add(&out, "end");

        h = tpl_output_hash(&out);
        first = first ? first : h;
        check(h == first);
    }

    start(&out, 0);
    add(&out, "ab");
    h = tpl_output_hash(&out);

    start(&out, 0);
    add(&out, "ac");
    check(tpl_output_hash(&out) != h);
}


static void
test_reset(void)
{
    size_t              held, i, k;
    tpl_str_t           text;
    tpl_output_t        out;
    tpl_output_mark_t   mark;

    /* pages are written again: 100 MB in the memory of one round */

    start(&out, 0);
    out.recycled = 1;
    held = 0;

    for (i = 0; i < 1000; i++) {

        for (k = 0; k < 10; k++) {
            check(tpl_output_add(&out, longtext, 9000) == TPL_OK);
            check(add(&out, "and so on") == TPL_OK);
        }

        check(out.len == (i + 1) * 10 * 9009);
        check(memcmp(out.segments[0].data, longtext, 100) == 0);

        tpl_output_reset(&out);

        check(out.n == 0);
        check(out.len == (i + 1) * 10 * 9009);

        if (i == 0) {
            held = tpl_arena_size(arena);
        }
    }

    check(tpl_arena_size(arena) <= held + 4 * 65536);

    /* a text that was taken is a value's and stays as it is */

    start(&out, 0);
    out.recycled = 1;

    add(&out, "before");
    tpl_output_mark(&out, &mark);
    tpl_output_add(&out, longtext, 1000);
    check(tpl_output_take(&out, &mark, &text) == TPL_OK);
    check(text.len == 1000);

    for (i = 0; i < 20; i++) {
        tpl_output_reset(&out);
        add(&out, "overwritten");
        tpl_output_add(&out, longtext + 5, 3000);
    }

    check(memcmp(text.data, longtext, 1000) == 0);
}


int
main(void)
{
    size_t  i;

    tpl_hash_init();

    for (i = 0; i < sizeof(longtext); i++) {
        longtext[i] = (tpl_char_t) (' ' + (i * 7 + i / 90) % 90);
    }

    test_segments();
    test_escaped();
    test_limit();
    test_capture();
    test_reset();
    test_random();
    test_hash();

    tpl_arena_destroy(arena);
    printf("%u passed, %u failed\n", checks - failed, failed);

    return failed != 0;
}
