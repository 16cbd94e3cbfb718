
/*
 * Catalogues, plural expressions and the choice of a locale.  A catalogue is
 * written here, read, damaged in every byte and cut at every length; hostile
 * ones may be refused but do no harm.
 */

#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_catalogue.h"
#include "builtins/tpl_locale.h"


#define TEST_MAX  4096


typedef struct {
    const char      *id;
    size_t           id_len;
    const char      *text;
    size_t           text_len;
} test_message_t;

#define test_message(id, text)  { id, sizeof(id) - 1, text, sizeof(text) - 1 }

#define check(ok)  test_ok((tpl_uint_t) (ok), __FILE__, __LINE__, #ok)
#define same(got, want)  test_same(got, want, __FILE__, __LINE__)
#define found(id, want)                                                      \
    s = test_find(c, id); same(&s, want)
#define found_form(id, form, want)                                           \
    s = test_find_form(c, id, form); same(&s, want)


/* sorted by id, as gettext's own tools write them */

static const test_message_t  test_messages[] = {
    test_message("", "Content-Type: text/plain; charset=UTF-8\n"
                     "Plural-Forms: nplurals=3; plural=(n%10==1 && "
                     "n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || "
                     "n%100>=20) ? 1 : 2);\n"),
    test_message("Hello", "H\xc3\xa4llo"),
    test_message("apple\0apples", "a\0b\0c"),
    test_message("empty", ""),
    test_message("menu\4Open", "\xc3\x96" "ffnen"),
    test_message("menu\4apple\0apples", "x\0y"),
};


static tpl_uint_t    test_passed, test_failed;
static tpl_exec_t    test_exec;
static tpl_error_t   test_error;


static void
test_ok(tpl_uint_t ok, const char *file, int line, const char *what)
{
    if (ok) {
        test_passed++;
        return;
    }

    test_failed++;
    printf("%s:%d: %s\n", file, line, what);
}


static void
test_same(const tpl_str_t *got, const char *want, const char *file, int line)
{
    char  what[256];

    if (got->len == strlen(want)
        && memcmp(got->data, want, got->len) == 0)
    {
        test_passed++;
        return;
    }

    snprintf(what, sizeof(what), "\"%.*s\", not \"%s\"",
             (int) tpl_min(got->len, 100), got->data, want);
    test_ok(0, file, line, what);
}


static tpl_str_t
test_str(const char *text)
{
    tpl_str_t  s;

    s.data = (tpl_char_t *) text;
    s.len = strlen(text);

    return s;
}


static void
test_u32(tpl_char_t *p, uint32_t n, tpl_uint_t big)
{
    tpl_uint_t  i;

    for (i = 0; i < 4; i++) {
        p[big ? 3 - i : i] = (tpl_char_t) (n >> (8 * i));
    }
}


/* the file of test_messages */

static size_t
test_write(tpl_char_t *p, tpl_uint_t big)
{
    size_t                 at;
    tpl_uint_t             i, k, n;
    const test_message_t  *m;

    n = tpl_nelts(test_messages);

    test_u32(p, 0x950412de, big);
    test_u32(p + 4, 0, big);
    test_u32(p + 8, n, big);
    test_u32(p + 12, 28, big);
    test_u32(p + 16, 28 + 8 * n, big);
    test_u32(p + 20, 0, big);
    test_u32(p + 24, 0, big);

    at = 28 + 16 * n;

    for (k = 0; k < 2; k++) {
        for (i = 0; i < n; i++) {
            m = &test_messages[i];

            test_u32(p + 28 + 8 * (n * k + i), k ? m->text_len : m->id_len,
                     big);
            test_u32(p + 32 + 8 * (n * k + i), at, big);

            memcpy(p + at, k ? m->text : m->id,
                   (k ? m->text_len : m->id_len) + 1);
            at += (k ? m->text_len : m->id_len) + 1;
        }
    }

    return at;
}


static tpl_catalogue_t *
test_load(tpl_arena_t *arena, tpl_char_t *p, size_t len)
{
    tpl_str_t         text;
    static tpl_str_t  path = tpl_string("test.mo");

    text.data = p;
    text.len = len;

    tpl_error_init(&test_error, arena);

    return tpl_catalogue_load(arena, &path, &text, &test_error);
}


static tpl_name_t
test_name(const char *text)
{
    tpl_name_t  name;

    name.str = test_str(text);
    name.hash = tpl_hash(text, name.str.len);

    return name;
}


static tpl_str_t
test_find(const tpl_catalogue_t *c, const char *id)
{
    tpl_str_t   text;
    tpl_name_t  name;

    name = test_name(id);

    if (tpl_catalogue_find(c, &name, &text) != TPL_OK) {
        return test_str("(none)");
    }

    return text;
}


static tpl_str_t
test_find_form(const tpl_catalogue_t *c, const char *id, int64_t form)
{
    tpl_str_t   text;
    tpl_name_t  name;

    name = test_name(id);

    if (tpl_catalogue_find_form(c, &name, form, &text) != TPL_OK) {
        return test_str("(none)");
    }

    return text;
}


static void
test_reading(tpl_arena_t *arena)
{
    size_t            len;
    int64_t           form;
    tpl_str_t         s;
    tpl_char_t        file[TEST_MAX];
    tpl_uint_t        big;
    tpl_value_t       n;
    tpl_catalogue_t  *c;

    for (big = 0; big < 2; big++) {
        len = test_write(file, big);
        c = test_load(arena, file, len);

        check(c != NULL);

        if (c == NULL) {
            continue;
        }

        found("Hello", "H\xc3\xa4llo");
        found("empty", "");
        found("Open", "(none)");
        found("menu\4Open", "\xc3\x96" "ffnen");
        found("hello", "(none)");

        /* the text is the file's, it is not copied */

        s = test_find(c, "Hello");
        check(s.data > file && s.data < file + len);

        /* what has a plural is no message without one, and the reverse */

        found("apple", "(none)");
        found("apples", "(none)");
        found_form("Hello", 0, "(none)");

        found_form("apple", 0, "a");
        found_form("apple", 1, "b");
        found_form("apple", 2, "c");
        found_form("apple", 3, "(none)");
        found_form("apple", -1, "(none)");
        found_form("menu\4apple", 1, "y");
        found_form("menu\4apple", 2, "(none)");

        tpl_value_int(&n, 22);
        check(tpl_plural_form(&test_exec, c->plural, &n, &form) == TPL_OK
              && form == 1);
    }
}


/* each byte takes all values: never more than an error */

static void
test_damage(void)
{
    size_t            i, len;
    tpl_str_t         s;
    tpl_char_t       *p, file[TEST_MAX];
    tpl_uint_t        value, refused, k;
    tpl_arena_t      *arena;
    tpl_catalogue_t  *c;

    len = test_write(file, 0);
    refused = 0;

    for (i = 0; i < len; i++) {
        for (value = 0; value < 256; value += (i < 160) ? 1 : 7) {

            /* memory of exactly this size, for AddressSanitizer */

            p = malloc(len);
            arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

            if (p == NULL || arena == NULL) {
                abort();
            }

            memcpy(p, file, len);
            p[i] = (tpl_char_t) value;

            c = test_load(arena, p, len);

            if (c == NULL) {
                refused++;
                check(test_error.exc == TPL_EXC_VALUE);

            } else {
                for (k = 0; k < 4; k++) {
                    s = test_find_form(c, "apple", (int64_t) k);
                }

                s = test_find(c, "Hello");
                check(s.len <= len);
            }

            tpl_arena_destroy(arena);
            free(p);
        }
    }

    check(refused > 1000);

    for (i = 0; i < len; i++) {
        p = malloc(i ? i : 1);
        arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

        if (p == NULL || arena == NULL) {
            abort();
        }

        memcpy(p, file, i);

        check(test_load(arena, p, i) == NULL
              && test_error.exc == TPL_EXC_VALUE);

        tpl_arena_destroy(arena);
        free(p);
    }

    /* many entries that are all of the file: refused before they are read */

    p = malloc(100000);
    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

    if (p == NULL || arena == NULL) {
        abort();
    }

    memset(p, 'x', 100000);
    test_u32(p, 0x950412de, 0);
    test_u32(p + 4, 0, 0);
    test_u32(p + 8, 6000, 0);
    test_u32(p + 12, 20, 0);
    test_u32(p + 16, 20, 0);

    for (i = 0; i < 6000; i++) {
        test_u32(p + 20 + 8 * i, 99000, 0);
        test_u32(p + 24 + 8 * i, 100, 0);
    }

    check(test_load(arena, p, 100000) == NULL);
    s = test_str("test.mo: the file is corrupt: strings overlap");
    check(tpl_str_eq(&s, &test_error.message));

    tpl_arena_destroy(arena);
    free(p);
}


/* from no memory at all to enough */

static void
test_memory(void)
{
    size_t            limit, len;
    tpl_uint_t        failed;
    tpl_char_t        file[TEST_MAX];
    tpl_arena_t      *arena;
    tpl_catalogue_t  *c;

    len = test_write(file, 1);
    failed = 0;

    for (limit = 256; limit < 65536; limit += 16) {

        arena = tpl_arena_create(&tpl_malloc_allocator, 256, limit);

        if (arena == NULL) {
            continue;
        }

        c = test_load(arena, file, len);

        if (c == NULL) {
            failed++;
            check(test_error.exc == TPL_EXC_MEMORY);
        }

        tpl_arena_destroy(arena);

        if (c) {
            break;
        }
    }

    check(failed > 100 && limit < 65536);
}


typedef struct {
    const char          *expr;
    int64_t              n;
    int64_t              form;
} test_plural_t;


static const test_plural_t  test_plurals[] = {
    { "0", 5, 0 },
    { "n != 1", 1, 0 },
    { "n!=1", 2, 1 },
    { "n==1 ? 0 : n==2 ? 1 : 2", 2, 1 },
    { "n==1 ? 0 : n==2 ? 1 : 2", 3, 2 },
    { "(n>2&&n<7)?2:9", 6, 2 },
    { "n ? n : 7", 0, 7 },
    { "n + 2 * 3", 1, 7 },
    { "(n + 2) * 3", 1, 9 },
    { "10 - 4 - n", 3, 3 },
    { "1 < 2 == 1", 0, 1 },
    { "!n", 0, 1 },
    { "!!n", 7, 1 },

    /* C would have it otherwise, c2py() has not */

    { "n && 5", 3, 5 },
    { "n || 5", 3, 3 },
    { "!n == 1", 2, 1 },

    /* rounding down */

    { "n / 2", -3, -2 },
    { "n % 10", -3, 7 },
    { "n % 10", INT64_MAX, 7 },
    { "n / (0 - 1)", 4, -4 },
    { "010", 0, 10 }
};


static const struct {
    const char  *expr;
    const char  *message;
} test_bad_plurals[] = {
    { "", "unexpected end of plural form" },
    { "n +", "unexpected end of plural form" },
    { "n n", "unexpected token in plural form: n" },
    { "n ? 1", "unexpected end of plural form" },
    { "n ? 1 2", "unexpected token in plural form: 2" },
    { "(n", "unbalanced parenthesis in plural form" },
    { "n)", "unexpected token in plural form: )" },
    { "-n", "unexpected token in plural form: -" },
    { "n & 1", "invalid token in plural form: &" },
    { "nplurals", "invalid token in plural form: nplurals" },
    { "2n", "invalid token in plural form: 2n" },
    { "n == !n", "unexpected token in plural form: !" },
    { "99999999999999999999",
      "number in plural form is too large: 99999999999999999999" },
    { "(((((((((((((((((((((n)))))))))))))))))))))",
      "plural form expression is too complex" }
};


static void
test_plural(tpl_arena_t *arena)
{
    int64_t        form;
    tpl_str_t      text;
    tpl_char_t     long_text[2001];
    tpl_uint_t     i;
    tpl_error_t    err;
    tpl_value_t    n;
    tpl_plural_t  *p;

    for (i = 0; i < tpl_nelts(test_plurals); i++) {
        text = test_str(test_plurals[i].expr);
        tpl_error_init(&err, arena);
        p = tpl_plural_compile(arena, &text, &err);

        tpl_value_int(&n, test_plurals[i].n);

        if (p == NULL
            || tpl_plural_form(&test_exec, p, &n, &form) != TPL_OK
            || form != test_plurals[i].form)
        {
            test_failed++;
            printf("%s:%d: %s\n", __FILE__, __LINE__, test_plurals[i].expr);

        } else {
            test_passed++;
        }
    }

    for (i = 0; i < tpl_nelts(test_bad_plurals); i++) {
        text = test_str(test_bad_plurals[i].expr);
        tpl_error_init(&err, arena);

        check(tpl_plural_compile(arena, &text, &err) == NULL);
        same(&err.message, test_bad_plurals[i].message);
    }

    /* long ones: of 1,000 bytes at most, and these do not take the stack */

    memset(long_text, '(', sizeof(long_text));
    text.data = long_text;

    for (text.len = 999; text.len < 1002; text.len++) {
        tpl_error_init(&err, arena);
        check(tpl_plural_compile(arena, &text, &err) == NULL);
        same(&err.message, (text.len > 1000)
                           ? "plural form expression is too long"
                           : "unexpected end of plural form");
    }

    memset(long_text, '!', sizeof(long_text));
    long_text[999] = 'n';
    text.len = 1000;
    tpl_error_init(&err, arena);
    p = tpl_plural_compile(arena, &text, &err);
    tpl_value_int(&n, 3);
    check(p && tpl_plural_form(&test_exec, p, &n, &form) == TPL_OK
          && form == 0);

    /* errors of evaluation are Python's */

    text = test_str("1 / n");
    p = tpl_plural_compile(arena, &text, &err);
    tpl_value_int(&n, 0);
    check(tpl_plural_form(&test_exec, p, &n, &form) == TPL_ERROR);
    check(test_exec.error->exc == TPL_EXC_ZERO_DIVISION);
    tpl_error_clear(test_exec.error);

    text = test_str("n * n");
    p = tpl_plural_compile(arena, &text, &err);
    tpl_value_int(&n, INT64_MAX);
    check(tpl_plural_form(&test_exec, p, &n, &form) == TPL_ERROR);
    check(test_exec.error->exc == TPL_EXC_OVERFLOW);
    tpl_error_clear(test_exec.error);

    tpl_value_none(&n);
    check(tpl_plural_form(&test_exec, p, &n, &form) == TPL_ERROR);
    same(&test_exec.error->message,
         "Plural value must be an integer, got NoneType");
    tpl_error_clear(test_exec.error);

    tpl_value_float(&n, 1.5);
    check(tpl_plural_form(&test_exec, p, &n, &form) == TPL_OK && form == 2);
}


/* the first one is the default */

static const tpl_locale_t  test_locales[] = {
    { tpl_string("en"), NULL },
    { tpl_string("de"), NULL },
    { tpl_string("de_CH"), NULL },
    { tpl_string("fr_CA"), NULL },
    { tpl_string("fr_FR"), NULL },
    { tpl_string("pt_BR"), NULL },
    { tpl_string("zh_Hans"), NULL },
    { tpl_string("sr@latin"), NULL }
};


static const struct {
    const char  *value;
    const char  *locale;
} test_choices[] = {

    /* a name, in any spelling */

    { "de", "de" },
    { "de_CH", "de_CH" },
    { "de-ch", "de_CH" },
    { "DE-AT", "de" },
    { "de_DE.UTF-8", "de" },
    { "de_CH.UTF-8", "de_CH" },
    { "sr@latin", "sr@latin" },

    /* no such country: the first of that language */

    { "fr", "fr_CA" },
    { "fr-BE", "fr_CA" },
    { "fr-FR", "fr_FR" },
    { "pt-PT", "pt_BR" },
    { "zh-CN", "zh_Hans" },
    { "zh-Hant-TW", "-" },
    { "zh-hans-SG", "zh_Hans" },

    /* part of a word is no part of a name */

    { "d", "-" },
    { "deu", "-" },
    { "e", "-" },

    /* the highest q first, equal ones by order */

    { "fr-FR;q=0.5, de;q=0.7", "de" },
    { "fr-FR, de", "fr_FR" },
    { "de;q=0.1,en;q=0.2,fr;q=0.3,pt;q=0.25", "fr_CA" },
    { "it, es;q=0.9, de;q=0.1", "de" },
    { "de-AT, fr-FR;q=0.9", "de" },
    { "de;q=0.8, de-CH", "de_CH" },
    { "de ; Q=0.3 , fr-FR ; q=0.301", "fr_FR" },

    /* q=0 excludes, also what * would take */

    { "de;q=0", "-" },
    { "de;q=0, de-CH;q=0.5", "de_CH" },
    { "de-CH, de;q=0", "de_CH" },
    { "de-AT, de;q=0", "-" },
    { "*", "en" },
    { "it, *;q=0.1", "en" },
    { "it, *;q=0.1, en;q=0", "de" },
    { "en;q=0, de;q=0, *;q=0.5", "fr_CA" },
    { "*;q=0", "-" },
    { "de, *;q=0", "de" },
    { "fr;q=0.000, fr-FR;q=0.001", "fr_FR" },

    /* what makes no sense is left out */

    { "", "-" },
    { ",,,", "-" },
    { ";;;q", "-" },
    { " , de", "de" },
    { "de;q=2", "-" },
    { "de;q=x, fr-FR", "fr_FR" },
    { "de;q=1.5", "-" },
    { "de fr", "-" },
    { "de;level=1;q=0.5, fr-FR;q=0.6", "fr_FR" },
    { "-, _, @, de", "de" },
    { "../../etc, en", "en" }
};


static void
test_choosing(void)
{
    char                 name[64], list[4096];
    tpl_str_t            value, parent, next;
    tpl_uint_t           i;
    const tpl_locale_t  *l;

    static const char *const  parents[] = {
        "de_AT", "de", NULL,
        "de_DE.UTF-8", "de_DE", "de", NULL,
        "zh_Hans_CN", "zh_Hans", "zh", NULL,
        "sr_RS@latin", "sr@latin", "sr", NULL,
        "_", NULL, "@x", NULL, "", NULL
    };

    for (i = 0; i < tpl_nelts(test_choices); i++) {
        value = test_str(test_choices[i].value);
        l = tpl_locale_choose(test_locales, tpl_nelts(test_locales), &value);

        value = l ? l->name : test_str("-");

        if (!tpl_str_is(&value, test_choices[i].locale)) {
            printf("%s:%d: for \"%s\":\n", __FILE__, __LINE__,
                   test_choices[i].value);
        }

        same(&value, test_choices[i].locale);
    }

    value = test_str("de");
    check(tpl_locale_choose(test_locales, 0, &value) == NULL);
    check(tpl_locale_find(test_locales, 8, &value) == &test_locales[1]);

    value = test_str("de-AT");
    check(tpl_locale_find(test_locales, 8, &value) == &test_locales[1]);

    value = test_str("fr");
    check(tpl_locale_find(test_locales, 8, &value) == NULL);

    /* no more than the first 32 ranges count */

    memset(list, 'x', sizeof(list));

    for (i = 1; i < sizeof(list); i += 2) {
        list[i] = ',';
    }

    memcpy(list + 4000, "de", 2);
    value.data = (tpl_char_t *) list;
    value.len = sizeof(list);
    check(tpl_locale_choose(test_locales, 8, &value) == NULL);

    memcpy(list + 60, "de", 2);
    list[62] = ',';
    check(tpl_locale_choose(test_locales, 8, &value) == &test_locales[1]);

    for (i = 0; i < tpl_nelts(parents); i++) {
        value = test_str(parents[i]);

        for (i++; parents[i]; i++) {
            parent.data = (tpl_char_t *) name;
            check(tpl_locale_parent(&value, &parent) == TPL_OK);
            same(&parent, parents[i]);
            value = test_str(parents[i]);
        }

        next.data = (tpl_char_t *) name;
        check(tpl_locale_parent(&value, &next) == TPL_DECLINED);
    }
}


int
main(void)
{
    tpl_arena_t    *arena;
    tpl_error_t     err;
    tpl_options_t   options;

    tpl_hash_init();

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);

    if (arena == NULL) {
        return 2;
    }

    memset(&options, 0, sizeof(tpl_options_t));
    tpl_error_init(&err, arena);

    test_exec.arena = arena;
    test_exec.error = &err;
    test_exec.options = &options;
    test_exec.fuel = INT64_MAX;

    test_reading(arena);
    test_damage();
    test_memory();
    test_plural(arena);
    test_choosing();

    tpl_arena_destroy(arena);

    printf("%u passed, %u failed\n", (unsigned) test_passed,
           (unsigned) test_failed);

    return test_failed != 0;
}
