
/*
 * Parsers of what a client sends: queries, cookies, URLs, catalogues in CSV.
 * Flask and Tornado are asked by t/requests.t.
 */

#include "builtins/tpl_catalogue.h"
#include "unit_value.h"
#include "web/tpl_cookies.h"
#include "web/tpl_query.h"
#include "web/tpl_request.h"


typedef tpl_int_t (*test_parser_pt)(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_pairs_t *out);


static const struct {
    test_parser_pt   parse;
    const char      *text;
    const char      *want;      /* name=value| ... */
} test_pairs[] = {

    { tpl_query_parse, "", "" },
    { tpl_query_parse, "a=1&b&&c=d=e&=f&=", "a=1|b=|c=d=e|=f|=|" },
    { tpl_query_parse, "a+b=%41%c3%A4%zz%4", "a b=A\xc3\xa4%zz%4|" },
    { tpl_query_parse, "%ff=%e2%82x", "\xef\xbf\xbd=\xef\xbf\xbdx|" },
    { tpl_query_parse_bytes, "%ff=%e2", "\xff=\xe2|" },

    { tpl_cookies_parse, "a=1; b = 2 ;c;=d;;e=\"f;g\"; h=\"i\" j",
      "a=1|b=2|c=|e=f;g|h=\"i\" j|" },
    { tpl_cookies_parse, "a=\"\\303\\244\\\"\\8\"; b=\"c", "a=\xc3\xa4\"8|"
      "b=\"c|" },
    { tpl_cookies_parse_tornado, "a=1; b ;=c; d=\"e;f\";a=2",
      "a=1|=b|=c|d=\"e|=f\"|a=2|" }
};


static const struct {
    const char      *text;
    const char      *want;      /* NULL: none */
} test_uris[] = {
    { "http://a/%C3%A4%20%2F%41?b=%C3%A4%26%ff",
      "http://a/\xc3\xa4%20%2FA?b=\xc3\xa4%26%FF" },
    { "http://a:0080/", "http://a:80/" },
    { "http://a:x/", "http://a/" },
    { "http://a:99999/", "http://a/" },
    { "http://[::1]:8080/", "http://[::1]:8080/" },
    { "http://u%3A:p%41@a/", "http://u%3A:pA@a/" },
    { "http://a]/", NULL },
    { "http://[a/", NULL },
    { "http://a?b/c", "http://a?b/c" }
};


static void
test_check(const char *what, const char *want, const tpl_str_t *got)
{
    unit_checks++;

    if (!tpl_str_is(got, want)) {
        unit_failed++;
        printf("\"%s\": \"%.*s\", not \"%s\"\n", what, tpl_str_arg(got),
               want);
    }
}


static void
test_parsers(void)
{
    uint32_t     k;
    tpl_buf_t    b;
    tpl_str_t    s;
    tpl_uint_t   i;
    tpl_pairs_t  pairs;

    for (i = 0; i < tpl_nelts(test_pairs); i++) {
        memset(&pairs, 0, sizeof(tpl_pairs_t));

        s.data = (tpl_char_t *) test_pairs[i].text;
        s.len = strlen(test_pairs[i].text);

        tpl_buf_init(&b, X->arena);

        if (test_pairs[i].parse(X->arena, &s, &pairs) != TPL_OK) {
            tpl_buf_lit(&b, "no memory");
        }

        for (k = 0; k < pairs.n; k++) {
            tpl_buf_str(&b, &pairs.items[k].name);
            tpl_buf_char(&b, '=');
            tpl_buf_str(&b, &pairs.items[k].value);
            tpl_buf_char(&b, '|');
        }

        s.data = b.data;
        s.len = b.len;

        test_check(test_pairs[i].text, test_pairs[i].want, &s);
    }
}


static void
test_iris(void)
{
    tpl_str_t   s;
    tpl_uint_t  i;

    for (i = 0; i < tpl_nelts(test_uris); i++) {
        s.data = (tpl_char_t *) test_uris[i].text;
        s.len = strlen(test_uris[i].text);

        if (tpl_uri_to_iri(X, &s, &s) != TPL_OK) {
            tpl_str_set(&s, "none");
        }

        test_check(test_uris[i].text,
                   test_uris[i].want ? test_uris[i].want : "none", &s);
    }
}


static void
test_csv(void)
{
    tpl_str_t         text;
    tpl_name_t        key;
    tpl_catalogue_t  *c;

    static const tpl_str_t  path = tpl_string("de.csv");
    static const tpl_str_t  bad = tpl_string("a,\xff\n");
    static const tpl_str_t  file
        = tpl_string("\xef\xbb\xbf" "a,b\r\n\"c\nd\", \"e \"\"f\"\"\" ,x\n"
                     "g,\"h \"\"i\"\"\",plural\ng,j,singular\nonly\na,k");

    c = tpl_catalogue_load_csv(X->arena, &path, &file, &unit_error);

    if (c == NULL) {
        unit_failed++;
        printf("no catalogue\n");
        return;
    }

    key = unit_name("a");
    tpl_str_set(&text, "");
    (void) tpl_catalogue_find(c, &key, &text);
    test_check("the last of two", "k", &text);

    key = unit_name("g");
    (void) tpl_catalogue_find_kind(c, TPL_MESSAGE_PLURAL, &key, &text);
    test_check("a plural", "h \"i\"", &text);

    (void) tpl_catalogue_find_kind(c, TPL_MESSAGE_SINGULAR, &key, &text);
    test_check("a singular", "j", &text);

    tpl_str_set(&text, "none");
    (void) tpl_catalogue_find(c, &key, &text);
    test_check("neither", "none", &text);

    key = unit_name("c\nd");
    (void) tpl_catalogue_find(c, &key, &text);
    test_check("an unknown kind", "none", &text);

    unit_checks++;

    if (tpl_catalogue_load_csv(X->arena, &path, &bad, &unit_error) != NULL
        || unit_error.exc != TPL_EXC_VALUE)
    {
        unit_failed++;
        printf("what is no UTF-8 is a catalogue\n");
    }
}


int
main(void)
{
    unit_start(0);

    test_parsers();
    test_iris();
    test_csv();

    return unit_end();
}
