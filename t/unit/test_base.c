
/*
 * The ground: arena, builders, strings, UTF-8 and case, numbers, escaping,
 * errors.  What Python says was asked of CPython 3.11.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/tpl_base.h"
#include "base/tpl_error.h"
#include "base/tpl_escape.h"
#include "base/tpl_number.h"
#include "base/tpl_utf8.h"


#define CHECK(cond)  test_check((cond) != 0, __LINE__, #cond)

#define CHECK_TEXT(str, expected)                                            \
    test_check_text(str, expected, sizeof(expected) - 1, __LINE__)


typedef tpl_int_t (*test_case_pt)(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *r);

/* an allocator that counts, and fails from the nth allocation on */

typedef struct {
    tpl_uint_t           live;
    tpl_uint_t           taken;
    tpl_uint_t           fail_at;
} test_memory_t;


static tpl_uint_t    test_passed, test_failed;
static tpl_arena_t  *test_arena;


static void
test_check(tpl_uint_t ok, int line, const char *what)
{
    if (ok) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: %s\n", __FILE__, line, what);
}


static void
test_check_text(const tpl_str_t *s, const char *expected, size_t len,
    int line)
{
    if (s->len == len && (len == 0 || memcmp(s->data, expected, len) == 0)) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: \"%.*s\", not \"%s\"\n", __FILE__, line, tpl_str_arg(s),
           expected);
}


static tpl_str_t
test_str(const char *text)
{
    tpl_str_t  s;

    s.len = strlen(text);
    s.data = (tpl_char_t *) text;

    return s;
}


static void *
test_alloc(void *data, size_t size)
{
    test_memory_t  *memory = data;

    if (memory->fail_at && ++memory->taken >= memory->fail_at) {
        return NULL;
    }

    memory->live++;

    return malloc(size);
}


static void
test_free(void *data, void *p)
{
    test_memory_t  *memory = data;

    memory->live--;
    free(p);
}


static void
test_arenas(void)
{
    size_t           held;
    tpl_str_t        s;
    tpl_char_t      *p, *q;
    tpl_uint_t       i;
    tpl_arena_t     *arena;
    test_memory_t    memory;
    tpl_allocator_t  allocator;

    memset(&memory, 0, sizeof(memory));
    allocator.alloc = test_alloc;
    allocator.free = test_free;
    allocator.data = &memory;

    arena = tpl_arena_create(&allocator, 4096, 0);
    CHECK(arena != NULL);
    CHECK(memory.live == 1);
    CHECK(tpl_arena_size(arena) == 4096);

    for (i = 0; i < 1000; i++) {
        (void) tpl_pnalloc(arena, i % 7);
        p = tpl_palloc(arena, i);
        CHECK(p != NULL && (uintptr_t) p % 16 == 0);
        memset(p, 0xff, i);
    }

    p = tpl_pcalloc(arena, 100);
    CHECK(p[0] == 0 && memcmp(p, p + 1, 99) == 0);

    CHECK(tpl_pstrdup(arena, &s, "text", 4) == TPL_OK);
    CHECK_TEXT(&s, "text");
    CHECK(tpl_pstrdup(arena, &s, NULL, 0) == TPL_OK);
    CHECK(s.len == 0 && s.data != NULL);

    /* what grows keeps its bytes, in place or not */

    p = tpl_palloc(arena, 3);
    memcpy(p, "abc", 3);
    q = tpl_prealloc(arena, p, 3, 50);
    CHECK(memcmp(q, "abc", 3) == 0);
    memset(q, 'x', 50);
    (void) tpl_palloc(arena, 1);
    q = tpl_prealloc(arena, q, 50, 5000);
    CHECK(q[0] == 'x' && q[49] == 'x');

    /* large memory can be given back */

    held = tpl_arena_size(arena);
    p = tpl_palloc(arena, 100000);
    CHECK(tpl_arena_size(arena) > held + 99999);
    tpl_pfree(arena, p);
    CHECK(tpl_arena_size(arena) == held);
    tpl_pfree(arena, NULL);

    CHECK(tpl_palloc(arena, SIZE_MAX - 8) == NULL);

    tpl_arena_destroy(arena);
    CHECK(memory.live == 0);

    /* the system's own pages: small and large pieces, and more than there is */

    arena = tpl_arena_create(&tpl_map_allocator, 4096, 0);
    p = tpl_palloc(arena, 1000000);
    CHECK(((uintptr_t) p & 15) == 0);
    memset(p, 'x', 1000000);

    for (i = 0; i < 20; i++) {
        memset(tpl_palloc(arena, 900), 'y', 900);
    }

    CHECK(p[0] == 'x' && p[999999] == 'x');
    CHECK(tpl_palloc(arena, SIZE_MAX - 20) == NULL);
    CHECK(tpl_palloc(arena, SIZE_MAX / 2) == NULL);
    tpl_arena_destroy(arena);

    /* page by page: small ones, large ones, the first at last */

    arena = tpl_arena_create(&allocator, 4096, 0);

    for (i = 0; i < 20; i++) {
        CHECK(tpl_palloc(arena, 900) != NULL);
        CHECK(tpl_palloc(arena, 9000) != NULL);
    }

    for (i = memory.live; tpl_arena_free_page(arena) == TPL_AGAIN; /* void */ )
    {
        CHECK(memory.live == --i);
    }

    CHECK(memory.live == 1);
    CHECK(tpl_arena_size(arena) == 4096);
    tpl_arena_destroy(arena);
    CHECK(memory.live == 0);

    /* a limit is a limit to the byte, and told from want of memory */

    arena = tpl_arena_create(&allocator, 4096, 10000);
    CHECK(tpl_palloc(arena, 20000) == NULL);
    CHECK(tpl_arena_exhausted(arena));
    CHECK(tpl_palloc(arena, 5000) != NULL);

    for (i = 0; tpl_palloc(arena, 16) != NULL; i++) { /* void */ }

    CHECK(i > 20);
    CHECK(tpl_arena_size(arena) <= 10000);
    tpl_arena_destroy(arena);

    CHECK(tpl_arena_create(&allocator, 4096, 100) == NULL);

    memory.taken = 0;
    memory.fail_at = 2;
    arena = tpl_arena_create(&allocator, 4096, 0);
    CHECK(tpl_palloc(arena, 5000) == NULL);
    CHECK(!tpl_arena_exhausted(arena));
    tpl_arena_destroy(arena);

    memory.taken = 0;
    memory.fail_at = 1;
    CHECK(tpl_arena_create(&allocator, 4096, 0) == NULL);
    CHECK(memory.live == 0);
}


static void
test_builders(void)
{
    tpl_buf_t     b;
    tpl_str_t     s;
    tpl_uint_t    i;
    tpl_arena_t  *arena;

    tpl_buf_init(&b, test_arena);
    CHECK(tpl_buf_add(&b, NULL, 0) == TPL_OK);
    CHECK(tpl_buf_lit(&b, "one") == TPL_OK);
    CHECK(tpl_buf_char(&b, ' ') == TPL_OK);
    CHECK(tpl_buf_utf8(&b, 0x20ac) == TPL_OK);
    CHECK(tpl_buf_printf(&b, " %s %d", "two", 3) == TPL_OK);

    s = (tpl_str_t) { b.len, b.data };
    CHECK_TEXT(&s, "one \xe2\x82\xac two 3");

    for (i = 0; i < 1000; i++) {
        tpl_buf_str(&b, &s);
        tpl_buf_init(&b, test_arena);
        tpl_buf_printf(&b, "%0*d", (int) i, 7);
        CHECK(b.len == tpl_max(i, 1));
    }

    /* a failure sticks */

    arena = tpl_arena_create(&tpl_malloc_allocator, 512, 2000);
    tpl_buf_init(&b, arena);

    for (i = 0; i < 5000; i++) {
        (void) tpl_buf_char(&b, 'x');
    }

    CHECK(b.failed);
    CHECK(tpl_buf_add(&b, "", 0) == TPL_ERROR);
    CHECK(tpl_buf_char(&b, 'x') == TPL_ERROR);
    CHECK(tpl_buf_reserve(&b, 1) == NULL);
    CHECK(b.len < 2000);
    tpl_arena_destroy(arena);

    tpl_buf_init(&b, test_arena);
    CHECK(tpl_buf_reserve(&b, SIZE_MAX - 1) == NULL);
    CHECK(b.failed);
}


static void
test_strings(void)
{
    uint32_t          hash;
    tpl_str_t         a, b, empty = tpl_null_string;
    const tpl_str_t  *s;
    static tpl_str_t  names[] = {
        tpl_string("length"), tpl_string("lower"), tpl_string("upper"),
        tpl_string("first"), tpl_string("tojson"), tpl_string("e")
    };

    a = test_str("abc");
    b = test_str("abd");

    CHECK(tpl_str_eq(&a, &a) && !tpl_str_eq(&a, &b));
    CHECK(tpl_str_eq(&empty, &empty) && !tpl_str_eq(&empty, &a));
    CHECK(tpl_str_is(&a, "abc") && !tpl_str_is(&a, "ab"));
    CHECK(tpl_str_cmp(&a, &b) < 0 && tpl_str_cmp(&b, &a) > 0);
    CHECK(tpl_str_cmp(&a, &a) == 0 && tpl_str_cmp(&empty, &a) < 0);

    /* by code points: U+FFFF is before U+10000 */

    a = test_str("\xef\xbf\xbf");
    b = test_str("\xf0\x90\x80\x80");
    CHECK(tpl_str_cmp(&a, &b) < 0);

    a = test_str("banana");
    b = test_str("an");
    CHECK(tpl_str_find(&a, &b, 0) == 1);
    CHECK(tpl_str_find(&a, &b, 2) == 3);
    CHECK(tpl_str_find(&a, &b, 4) == -1);
    CHECK(tpl_str_find(&a, &b, 7) == -1);
    CHECK(tpl_str_find(&a, &empty, 6) == 6);
    CHECK(tpl_str_find(&a, &empty, 7) == -1);
    CHECK(tpl_str_find(&empty, &empty, 0) == 0);

    hash = tpl_hash("a name", 6);
    tpl_hash_init();
    CHECK(tpl_hash("a name", 6) == hash);
    CHECK(tpl_hash("a name", 5) != hash);
    CHECK(tpl_hash("", 0) != tpl_hash("\0", 1));

    a = test_str("lenght");
    s = tpl_nearest(&a, names, tpl_nelts(names));
    CHECK(s && tpl_str_is(s, "length"));
    a = test_str("to_json");
    s = tpl_nearest(&a, names, tpl_nelts(names));
    CHECK(s && tpl_str_is(s, "tojson"));
    a = test_str("UPPER");
    s = tpl_nearest(&a, names, tpl_nelts(names));
    CHECK(s && tpl_str_is(s, "upper"));
    a = test_str("xyzzy");
    CHECK(tpl_nearest(&a, names, tpl_nelts(names)) == NULL);
    a = test_str("z");
    CHECK(tpl_nearest(&a, names, tpl_nelts(names)) == NULL);
    CHECK(tpl_nearest(&empty, names, tpl_nelts(names)) == NULL);
}


static void
test_utf8(void)
{
    size_t             n;
    uint32_t           c;
    tpl_str_t          s;
    tpl_uint_t         i;
    tpl_char_t         buf[4];
    const tpl_char_t  *p;

    /* all code points there and back */

    for (c = 0; c < 0x110000; c++) {
        if (c == 0xd800) {
            c = 0xe000;
        }

        n = (size_t) (tpl_utf8_encode(buf, c) - buf);
        p = buf;

        if (tpl_utf8_decode(&p, buf + n) != c || p != buf + n
            || tpl_utf8_check(buf, n) != n || tpl_utf8_length(buf, n) != 1)
        {
            break;
        }
    }

    CHECK(c == 0x110000);

    s = test_str("na\xc3\xafve \xe2\x82\xac and more \xf0\x9f\x98\x80 text "
                 "of some length");
    CHECK(tpl_utf8_length(s.data, s.len) == s.len - 6);
    CHECK(!tpl_utf8_ascii(s.data, s.len));
    CHECK(tpl_utf8_ascii(s.data, 2));
    CHECK(tpl_utf8_offset(s.data, s.len, 0) == 0);
    CHECK(tpl_utf8_offset(s.data, s.len, 3) == 4);
    CHECK(tpl_utf8_offset(s.data, s.len, 7) == 10);
    CHECK(tpl_utf8_offset(s.data, s.len, 18) == 24);
    CHECK(tpl_utf8_offset(s.data, s.len, 1000) == s.len);
    CHECK(tpl_utf8_check(s.data, s.len) == s.len);

    /* U+FFFD a maximal subpart, as bytes.decode(errors="replace") has it */

    s = test_str("ok \xff \xe2\x82 \xf0\x9f\x98 \xc0\xaf \xed\xa0\x80 "
                 "\xf4\x90\x80\x80 \xe2\x82");
    CHECK(tpl_utf8_check(s.data, s.len) == 3);
    CHECK(tpl_utf8_repair(test_arena, &s) == TPL_OK);
    CHECK_TEXT(&s, "ok \xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd "
                   "\xef\xbf\xbd\xef\xbf\xbd "
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
                   "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
                   "\xef\xbf\xbd");
    CHECK(tpl_utf8_check(s.data, s.len) == s.len);

    p = s.data;
    CHECK(tpl_utf8_repair(test_arena, &s) == TPL_OK && s.data == p);

    /* long ASCII takes another way */

    for (i = 0; i < 40; i++) {
        char  text[48];

        memset(text, 'x', sizeof(text));
        text[i] = (char) 0x80;
        CHECK(tpl_utf8_check((tpl_char_t *) text, 48) == i);
        CHECK(!tpl_utf8_ascii((tpl_char_t *) text, 48));
        CHECK(tpl_utf8_ascii((tpl_char_t *) text, i));
        CHECK(tpl_utf8_length((tpl_char_t *) text, 48) == 47);
    }

    /* a surrogate cannot be written */

    n = (size_t) (tpl_utf8_encode(buf, 0xd800) - buf);
    CHECK(n == 3 && memcmp(buf, "\xef\xbf\xbd", 3) == 0);
}


static void
test_classes(void)
{
    CHECK(tpl_uc_space(' ') && tpl_uc_space(0x1c) && tpl_uc_space(0x3000));
    CHECK(!tpl_uc_space(0x200b) && !tpl_uc_space('x'));
    CHECK(tpl_uc_alpha('z') && tpl_uc_alpha(0xe9) && tpl_uc_alpha(0x4e00));
    CHECK(!tpl_uc_alpha('1') && !tpl_uc_alpha(0x345));

    /* superscript two is a digit but not decimal, a half only numeric */

    CHECK(tpl_uc_decimal('7') && tpl_uc_decimal(0x661));
    CHECK(!tpl_uc_decimal(0xb2) && tpl_uc_digit(0xb2));
    CHECK(!tpl_uc_digit(0xbd) && tpl_uc_numeric(0xbd));
    CHECK(tpl_uc_numeric(0x4e00) && !tpl_uc_numeric(0x4e01));
    CHECK(tpl_uc_decimal_value(0x969) == 3);
    CHECK(tpl_uc_decimal_value('x') == -1);

    CHECK(tpl_uc_printable(' ') && !tpl_uc_printable(0xa0));
    CHECK(!tpl_uc_printable(0x7f) && !tpl_uc_printable(0xad));
    CHECK(tpl_uc_upper(0xc4) && tpl_uc_upper(0x2160));
    CHECK(tpl_uc_lower(0xaa) && !tpl_uc_lower('A'));
    CHECK(tpl_uc_title(0x1c5) && !tpl_uc_title('A'));
    CHECK(tpl_uc_id_start('_') && !tpl_uc_id_start('1'));
    CHECK(tpl_uc_id_continue('1') && tpl_uc_id_continue(0x301));
    CHECK(tpl_uc_word('_') && tpl_uc_word(0xbd) && !tpl_uc_word('-'));
}


static void
test_case(test_case_pt fn, const char *text, const char *expected, int line)
{
    tpl_str_t  s, r;

    s = test_str(text);

    if (fn(test_arena, &s, &r) != TPL_OK) {
        test_check(0, line, "out of memory");
        return;
    }

    test_check_text(&r, expected, strlen(expected), line);

    /* nothing to change, nothing to copy */

    if (strcmp(text, expected) == 0) {
        test_check(r.data == s.data, line, "copied without need");
    }
}


static void
test_cases(void)
{
#define CASE(fn, text, expected)  test_case(fn, text, expected, __LINE__)

    CASE(tpl_str_upper, "", "");
    CASE(tpl_str_upper, "Hello, World 123 {}`@[", "HELLO, WORLD 123 {}`@[");
    CASE(tpl_str_upper, "DONE", "DONE");
    CASE(tpl_str_upper, "stra\xc3\x9f" "e", "STRASSE");
    CASE(tpl_str_upper, "\xef\xac\x83", "FFI");
    CASE(tpl_str_lower, "Hello, World 123 {}`@[", "hello, world 123 {}`@[");
    CASE(tpl_str_lower, "\xc3\x84\xc3\x96", "\xc3\xa4\xc3\xb6");
    CASE(tpl_str_lower, "\xc4\xb0", "i\xcc\x87");

    /* ODYSSEUS in Greek: the last sigma is a final one, by itself it is not */

    CASE(tpl_str_lower, "\xce\x9f\xce\x94\xce\xa5\xce\xa3\xce\xa3",
         "\xce\xbf\xce\xb4\xcf\x85\xcf\x83\xcf\x82");
    CASE(tpl_str_lower, "\xce\xa3", "\xcf\x83");
    CASE(tpl_str_lower, "\xce\x91'\xce\xa3'", "\xce\xb1'\xcf\x82'");

    CASE(tpl_str_title, "they're bill's 3rd mc-donald",
         "They'Re Bill'S 3Rd Mc-Donald");
    CASE(tpl_str_title, "\xc7\x86ungla", "\xc7\x85ungla");
    CASE(tpl_str_capitalize, "hELLO wORLD", "Hello world");
    CASE(tpl_str_capitalize, "\xc3\x9f" "A", "Ssa");
    CASE(tpl_str_capitalize, "", "");
    CASE(tpl_str_swapcase, "aBc 1", "AbC 1");
    CASE(tpl_str_swapcase, "1 2", "1 2");
    CASE(tpl_str_casefold, "Stra\xc3\x9f" "e", "strasse");
    CASE(tpl_str_casefold, "\xcf\x82", "\xcf\x83");

#undef CASE
}


static void
test_float(double d, const char *expected, int line)
{
    tpl_str_t   s;
    tpl_char_t  text[TPL_FLOAT_LEN];

    s.data = text;
    s.len = (size_t) (tpl_format_float(text, d) - text);

    test_check_text(&s, expected, strlen(expected), line);
}


/* the first n bytes of buf as a string */

static const char *
zeroed(tpl_char_t *buf, ptrdiff_t n)
{
    buf[n] = '\0';

    return (const char *) buf;
}


static void
test_format_numbers(void)
{
#define FLOAT(d)            test_float(d, #d, __LINE__)
#define FLOAT_IS(d, text)   test_float(d, text, __LINE__)
#define INT(n, text)                                                         \
    s.len = (size_t) (tpl_format_int(buf, n) - buf);                         \
    CHECK_TEXT(&s, text)

    double      d, back;
    uint64_t    bits;
    tpl_str_t   s;
    ptrdiff_t   n;
    tpl_uint_t  i;
    tpl_char_t  buf[TPL_FLOAT_LEN];

    s.data = buf;

    INT(0, "0");
    INT(7, "7");
    INT(-10, "-10");
    INT(12345, "12345");
    INT(100, "100");
    INT(UINT32_MAX, "4294967295");
    INT(4294967296, "4294967296");
    INT(1000000000000000007, "1000000000000000007");

    /* the least and the greatest number of each length */

    for (i = 1, bits = 1; i < 19; i++, bits *= 10) {
        n = tpl_format_int(buf, (int64_t) bits) - buf;
        CHECK(n == (ptrdiff_t) i && strtoull(zeroed(buf, n), NULL, 10) == bits);

        n = tpl_format_int(buf, (int64_t) (bits * 10 - 1)) - buf;
        CHECK(n == (ptrdiff_t) i
              && strtoull(zeroed(buf, n), NULL, 10) == bits * 10 - 1);
    }
    INT(INT64_MAX, "9223372036854775807");
    INT(INT64_MIN, "-9223372036854775808");

    /* with two digits after the point, one, or nothing but zeros */

    FLOAT(0.01);
    FLOAT(0.05);
    FLOAT(0.1);
    FLOAT(0.99);
    FLOAT(1.0);
    FLOAT(3.25);
    FLOAT(-19.9);
    FLOAT(19.99);
    FLOAT(100.0);
    FLOAT(9999999.99);
    FLOAT(9999999.999);
    FLOAT(10000000.01);
    FLOAT(0.009);
    FLOAT(1.005);

    FLOAT(0.0);
    FLOAT(-0.0);
    FLOAT(1.0);
    FLOAT(-1.5);
    FLOAT(19.99);
    FLOAT(0.1);
    FLOAT(100.0);
    FLOAT(0.0001);
    FLOAT(1e-05);
    FLOAT(1.5e-07);
    FLOAT(1234567890123456.8);
    FLOAT(9999999999999998.0);
    FLOAT(1e+16);
    FLOAT(1.2345e+22);
    FLOAT(5e-324);
    FLOAT(2.2250738585072014e-308);
    FLOAT(1.7976931348623157e+308);

    /* the nearest of the shortest, also next to a power of two */

    FLOAT(5.684341886080802e-14);
    FLOAT(9007199254740992.0);
    FLOAT_IS(0.1 + 0.2, "0.30000000000000004");
    FLOAT_IS(1.0 / 3, "0.3333333333333333");
    FLOAT_IS(2.0 / 3, "0.6666666666666666");
    FLOAT_IS(1e23, "1e+23");
    FLOAT_IS(HUGE_VAL, "inf");
    FLOAT_IS(-HUGE_VAL, "-inf");
    FLOAT_IS((double) NAN, "nan");

    /* whatever the bits, the text reads back as the same number */

    bits = 0x0123456789abcdef;

    for (i = 0; i < 100000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&d, &bits, sizeof(d));

        if (isnan(d)) {
            continue;
        }

        s.len = (size_t) (tpl_format_float(buf, d) - buf);

        if (s.len > TPL_FLOAT_LEN || tpl_parse_float(&s, &back) != TPL_OK
            || memcmp(&d, &back, sizeof(d)) != 0)
        {
            break;
        }
    }

    CHECK(i == 100000);

#undef FLOAT
#undef FLOAT_IS
#undef INT
}


static void
test_int(const char *text, tpl_uint_t base, tpl_int_t rc, int64_t expected,
    int line)
{
    int64_t    n;
    tpl_str_t  s;

    n = 0;
    s = test_str(text);

    test_check(tpl_parse_int(&s, base, &n) == rc && n == expected, line,
               text);
}


static void
test_parse_numbers(void)
{
#define INT(text, base, n)  test_int(text, base, TPL_OK, n, __LINE__)
#define NO_INT(text, base)  test_int(text, base, TPL_DECLINED, 0, __LINE__)
#define BIG(text, base)     test_int(text, base, TPL_ERROR, 0, __LINE__)
#define FLOAT(text, value)                                                   \
    s = test_str(text);                                                      \
    CHECK(tpl_parse_float(&s, &d) == TPL_OK && d == (value))
#define NO_FLOAT(text)                                                       \
    s = test_str(text);                                                      \
    CHECK(tpl_parse_float(&s, &d) == TPL_DECLINED)

    double     d;
    tpl_str_t  s;

    INT("42", 10, 42);
    INT(" \t-42\n", 10, -42);
    INT("\xe3\x80\x80" "7\xc2\xa0", 10, 7);
    INT("1_000_000", 10, 1000000);
    INT("\xd9\xa1\xd9\xa2", 10, 12);
    INT("007", 10, 7);
    INT("00", 0, 0);
    INT("0x_ff", 0, 255);
    INT("0XFF", 16, 255);
    INT("0b1", 16, 0xb1);
    INT("-0b101", 2, -5);
    INT("0o17", 0, 15);
    INT("zz", 36, 35 * 37);
    INT("9223372036854775807", 10, INT64_MAX);
    INT("-9223372036854775808", 10, INT64_MIN);
    NO_INT("", 10);
    NO_INT("-", 10);
    NO_INT("1.0", 10);
    NO_INT("1__0", 10);
    NO_INT("_1", 10);
    NO_INT("1_", 10);
    NO_INT("1 2", 10);
    NO_INT("08", 8);
    NO_INT("010", 0);
    NO_INT("0x", 16);
    NO_INT("\xc3\xa9", 10);
    BIG("9223372036854775808", 10);
    BIG("-9223372036854775809", 10);
    BIG("99999999999999999999999999999999999999999", 10);

    FLOAT("1.5", 1.5);
    FLOAT(" -1_0.2_5e+1_0 ", -10.25e10);
    FLOAT(".5", 0.5);
    FLOAT("5.", 5.0);
    FLOAT("0.30000000000000004", 0.1 + 0.2);
    FLOAT("179769313486231570000e288", 1.7976931348623157e308);
    FLOAT("1e400", HUGE_VAL);
    FLOAT("-1e99999999999999999999", -HUGE_VAL);
    FLOAT("1e-400", 0.0);
    FLOAT("-Infinity", -HUGE_VAL);
    FLOAT("iNf", HUGE_VAL);
    FLOAT("\xd9\xa3.\xd9\xa5", 3.5);
    NO_FLOAT("");
    NO_FLOAT(".");
    NO_FLOAT("1e");
    NO_FLOAT("1_.5");
    NO_FLOAT("0x10");
    NO_FLOAT("infinit");
    NO_FLOAT("1.5.");

    s = test_str("+nan");
    CHECK(tpl_parse_float(&s, &d) == TPL_OK && isnan(d));

#undef INT
#undef NO_INT
#undef BIG
#undef FLOAT
#undef NO_FLOAT
}


static void
test_escapes(void)
{
    size_t       i, j, n, at;
    tpl_str_t    s, r;
    tpl_char_t  *text;
    tpl_char_t   buf[256], copy[64];

    s = test_str("<a href=\"x\">Tom & Jerry's</a>");
    r.data = buf;

    r.len = (size_t) (tpl_escape(buf, s.data, s.len, TPL_ESCAPE_MARKUPSAFE)
                      - buf);
    CHECK_TEXT(&r, "&lt;a href=&#34;x&#34;&gt;Tom &amp; Jerry&#39;s"
                   "&lt;/a&gt;");
    CHECK(tpl_escape_size(s.data, s.len, TPL_ESCAPE_MARKUPSAFE) == r.len);

    r.len = (size_t) (tpl_escape(buf, s.data, s.len, TPL_ESCAPE_TORNADO)
                      - buf);
    CHECK_TEXT(&r, "&lt;a href=&quot;x&quot;&gt;Tom &amp; Jerry&#39;s"
                   "&lt;/a&gt;");
    CHECK(tpl_escape_size(s.data, s.len, TPL_ESCAPE_TORNADO) == r.len);

    CHECK(tpl_escape_scan(s.data, 0) == 0);
    CHECK(tpl_escape_size(s.data, 0, TPL_ESCAPE_TORNADO) == 0);

    /* every byte at every place, in memory of that size alone; a copy may
     * be followed by anything */

    for (n = 1; n < 40; n++) {
        text = malloc(n);

        for (i = 0; i < n; i++) {
            for (j = 0; j < 256; j++) {
                memset(text, 'x', n);
                text[i] = (tpl_char_t) j;

                if (tpl_escape_scan(text, n)
                    != ((j && strchr("&<>\"'", (int) j)) ? i : n))
                {
                    CHECK(!"tpl_escape_scan");
                }

                memset(copy, '&', sizeof(copy));
                r.data = copy;
                r.len = (size_t) (tpl_escape_put(copy, text, n) - copy);

                at = (size_t) (tpl_escape(buf, text, n, TPL_ESCAPE_MARKUPSAFE)
                               - buf);

                if (r.len != at || memcmp(copy, buf, at) != 0) {
                    CHECK(!"tpl_escape_put");
                }
            }
        }

        free(text);
    }
}


static void
test_errors(void)
{
    tpl_buf_t     b;
    tpl_pos_t     pos;
    tpl_str_t     s, name;
    tpl_error_t   err;
    tpl_source_t  page, layout;

    page.name = test_str("page.html");
    page.path = test_str("templates/page.html");
    page.text = test_str("one\n\t\xc3\xa4 {{ user.nmae }}\r\nthree");
    layout = page;
    layout.path = test_str("templates/layout.html");

    tpl_source_pos(&page, 0, &pos);
    CHECK(pos.line == 1 && pos.column == 1);
    tpl_source_pos(&page, 16, &pos);
    CHECK(pos.line == 2 && pos.column == 12);
    tpl_source_line(&pos, &s);
    CHECK_TEXT(&s, "\t\xc3\xa4 {{ user.nmae }}");

    tpl_error_init(&err, test_arena);
    CHECK(err.exc == TPL_EXC_NONE);
    CHECK(tpl_error_set(&err, TPL_EXC_UNDEFINED, &pos, "no %s", "such")
          == TPL_ERROR);
    CHECK(tpl_error_set(&err, TPL_EXC_TYPE, NULL, "second") == TPL_ERROR);
    CHECK(err.exc == TPL_EXC_UNDEFINED);
    CHECK_TEXT(&err.message, "no such");

    pos.source = &layout;
    pos.line = 7;
    pos.column = 3;
    tpl_error_frame(&err, &pos, "included from", NULL);
    name = test_str("head");
    tpl_error_frame(&err, &pos, "in macro", &name);

    tpl_buf_init(&b, test_arena);
    CHECK(tpl_error_format(&err, &b, 0) == TPL_OK);
    s = (tpl_str_t) { b.len, b.data };
    CHECK_TEXT(&s, "templates/page.html:2:12: no such\n"
                   "    \t\xc3\xa4 {{ user.nmae }}\n"
                   "    \t          ^\n"
                   "included from templates/layout.html:7:3\n"
                   "in macro \"head\" at templates/layout.html:7:3\n");

    tpl_buf_init(&b, test_arena);
    CHECK(tpl_error_format(&err, &b, 1) == TPL_OK);
    s = (tpl_str_t) { b.len, b.data };
    CHECK_TEXT(&s, "templates/page.html:2:12: no such, "
                   "included from templates/layout.html:7:3, "
                   "in macro \"head\" at templates/layout.html:7:3");

    /* no data can forge a line of the log */

    tpl_error_clear(&err);
    CHECK(err.exc == TPL_EXC_NONE && err.frames == NULL);
    tpl_error_set(&err, TPL_EXC_KEY, NULL, "'a\r\n\x1b[1m\xc2\x85z'");
    tpl_buf_init(&b, test_arena);
    tpl_error_format(&err, &b, 1);
    s = (tpl_str_t) { b.len, b.data };
    CHECK_TEXT(&s, "KeyError: 'a   [1m z'");

    /* of a long line what is around the column */

    tpl_buf_init(&b, test_arena);
    tpl_buf_printf(&b, "%0500d", 1);
    page.text = (tpl_str_t) { b.len, b.data };
    pos = (tpl_pos_t) { &page, 1, 500 };
    tpl_error_clear(&err);
    tpl_error_set(&err, TPL_EXC_SYNTAX, &pos, "far");
    tpl_buf_init(&b, test_arena);
    tpl_error_format(&err, &b, 0);
    CHECK(b.len < 300);
    CHECK(memcmp(b.data + b.len - 4, " ^\n", 3) == 0 || b.data[b.len - 2]
          == '^');

    /* the message is kept without an arena, cut between code points */

    tpl_error_init(&err, NULL);
    tpl_error_set(&err, TPL_EXC_VALUE, NULL, "%.*s\xe2\x82\xac\xe2\x82\xac",
                  189, "--------------------------------------------------"
                  "--------------------------------------------------"
                  "--------------------------------------------------"
                  "--------------------------------------------------");
    CHECK(err.message.len == 189);
    tpl_error_frame(&err, &pos, "in", NULL);
    CHECK(err.frames == NULL);

    /* Python's hierarchy */

    CHECK(strcmp(tpl_exc_name(TPL_EXC_ZERO_DIVISION), "ZeroDivisionError")
          == 0);
    name = test_str("KeyError");
    CHECK(tpl_exc_find(&name) == TPL_EXC_KEY);
    CHECK(tpl_exc_matches(TPL_EXC_KEY, &name));
    CHECK(!tpl_exc_matches(TPL_EXC_INDEX, &name));
    name = test_str("LookupError");
    CHECK(tpl_exc_matches(TPL_EXC_KEY, &name));
    CHECK(tpl_exc_matches(TPL_EXC_NOT_FOUND, &name));
    CHECK(!tpl_exc_matches(TPL_EXC_VALUE, &name));
    name = test_str("Exception");
    CHECK(tpl_exc_matches(TPL_EXC_VALUE, &name));
    CHECK(!tpl_exc_matches(TPL_EXC_MEMORY, &name));
    CHECK(!tpl_exc_matches(TPL_EXC_LIMIT, &name));
    name = test_str("");
    CHECK(tpl_exc_find(&name) == TPL_EXC_NONE);
    CHECK(tpl_exc_matches(TPL_EXC_VALUE, &name));
}


int
main(void)
{
    test_arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

    tpl_hash_init();

    test_arenas();
    test_builders();
    test_strings();
    test_utf8();
    test_classes();
    test_cases();
    test_format_numbers();
    test_parse_numbers();
    test_escapes();
    test_errors();

    tpl_arena_destroy(test_arena);

    printf("%lu passed, %lu failed\n", (unsigned long) test_passed,
           (unsigned long) test_failed);

    return test_failed ? 1 : 0;
}
