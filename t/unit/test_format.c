
/*
 * The three ways to format: format % args, str.format(), format(v, spec).  What
 * is expected is what CPython 3.11 and MarkupSafe give.
 */

#include "unit_value.h"


static void
test_percent(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_value_t  format, args, out;

    static const char  *cases[][3] = {
        { "'%s and %r'", "('a', 'b')", "\"a and 'b'\"" },
        { "'%s'", "5", "'5'" },
        { "'%s'", "[1]", "'[1]'" },
        { "'100%%'", "()", "'100%'" },
        { "'%(a)s-%(b)05d'", "{'a': 'x', 'b': 42}", "'x-00042'" },
        { "'%5d|%-5d|%+d|% d'", "(1, 2, 3, 4)", "'    1|2    |+3| 4'" },
        { "'%x %X %o %#x %#o'", "(255, 255, 8, 255, 8)",
          "'ff FF 10 0xff 0o10'" },
        { "'%.2f %e %g'", "(1.005, 12345.678, 1e20)",
          "'1.00 1.234568e+04 1e+20'" },
        { "'%*d %.*f'", "(4, 7, 1, 2.55)", "'   7 2.5'" },
        { "'%c%c'", "(233, 'z')", "'\xc3\xa9z'" },
        { "'%.2s'", "'\xc3\xa9\xc3\xa9\xc3\xa9'", "'\xc3\xa9\xc3\xa9'" },
        { "'%d'", "3.99", "'3'" },
        { "'%05f'", "inf", "'00inf'" },
        { "'%a'", "'\xc3\xa9'", "\"'\\\\xe9'\"" },

        { "'%s %s'", "(1,)",
          "TypeError: not enough arguments for format string" },
        { "'%s'", "(1, 2)", "TypeError: not all arguments converted during "
          "string formatting" },
        { "'%d'", "'a'",
          "TypeError: %d format: a real number is required, not str" },
        { "'%x'", "1.5",
          "TypeError: %x format: an integer is required, not float" },
        { "'%(a)s'", "5", "TypeError: format requires a mapping" },
        { "'%(a)s'", "{'b': 1}", "KeyError: 'a'" },
        { "'ab%y'", "1", "ValueError: unsupported format character 'y' (0x79) "
          "at index 3" },
        { "'%'", "1", "ValueError: incomplete format" },
        { "'%999999999d'", "1",
          "OverflowError: string is too long: more than 67108864 bytes" },

        /* markup escapes what it takes in */

        { "M'<b>%s</b>'", "'<i>'", "Markup('<b>&lt;i&gt;</b>')" },
        { "M'%s'", "(M'<i>',)", "Markup('<i>')" },
        { "M'%(x)r'", "{'x': '<'}", "Markup('&#39;&lt;&#39;')" },
        { "M'%d'", "'12'", "Markup('12')" },
        { "'%s'", "M'<i>'", "'<i>'" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        format = unit_value(cases[i][0]);
        args = unit_value(cases[i][1]);
        rc = tpl_format_percent(X, &format, &args, &out);
        unit_same(__FILE__, __LINE__, cases[i][0], unit_result(rc, &out),
                  cases[i][2]);
    }
}


static void
test_spec(void)
{
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_str_t    spec;
    tpl_uint_t   i;
    tpl_value_t  v, out;

    static const char  *cases[][3] = {
        { "'ab'", ">5", "'   ab'" },
        { "'ab'", "*^6", "'**ab**'" },
        { "'ab'", "\xc3\xa9<4", "'ab\xc3\xa9\xc3\xa9'" },
        { "'abcdef'", ".3", "'abc'" },
        { "42", "08.3f", "'0042.000'" },
        { "-42", "=+8d", "'-     42'" },
        { "255", "#x", "'0xff'" },
        { "255", "#010b", "'0b11111111'" },
        { "1234567", ",", "'1,234,567'" },
        { "1234", "010,", "'00,001,234'" },
        { "123456", "_x", "'1_e240'" },
        { "True", "d", "'1'" },
        { "97", "c", "'a'" },
        { "1234.5", "", "'1234.5'" },
        { "1234567.891", ",.2f", "'1,234,567.89'" },
        { "0.25", ".1%", "'25.0%'" },
        { "123.0", ".2", "'1.2e+02'" },
        { "1e20", "#", "'1.e+20'" },
        { "-0.04", "z.1f", "'0.0'" },
        { "nan", "+010", "'+000000nan'" },
        { "1.5", ".1100e", NULL },

        { "'a'", "d",
          "ValueError: Unknown format code 'd' for object of type 'str'" },
        { "'a'", "+",
          "ValueError: Sign not allowed in string format specifier" },
        { "'a'", "=5", "ValueError: '=' alignment not allowed in string "
          "format specifier" },
        { "1", ",_", "ValueError: Cannot specify both ',' and '_'." },
        { "1", ",x", "ValueError: Cannot specify ',' with 'x'." },
        { "1", ".2d",
          "ValueError: Precision not allowed in integer format specifier" },
        { "1", "yy", "ValueError: Invalid format specifier 'yy' for object "
          "of type 'int'" },
        { "1.0", ".", "ValueError: Format specifier missing precision" },
        { "None", "5", "TypeError: unsupported format string passed to "
          "NoneType.__format__" },
        { "1", "999999999",
          "OverflowError: string is too long: more than 67108864 bytes" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        v = unit_value(cases[i][0]);
        spec.data = (tpl_char_t *) cases[i][1];
        spec.len = strlen(cases[i][1]);

        tpl_buf_init(&b, X->arena);
        rc = tpl_format_spec(X, &v, &spec, &b);

        if (rc == TPL_OK) {
            rc = tpl_value_from_buf(X, &out, &b, 0);
        }

        if (cases[i][2] == NULL) {
            /* zeros beyond what a double has digits for */
            check(rc == TPL_OK && out.len == 1106
                  && memcmp(out.u.s + 1100, "00e+00", 6) == 0);
            continue;
        }

        unit_same(__FILE__, __LINE__, cases[i][1], unit_result(rc, &out),
                  cases[i][2]);
    }
}


static void
test_braces(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_value_t  format, args, kwargs, out;

    static const char  *cases[][3] = {
        { "'{} {}'", "[1, 'a']", "'1 a'" },
        { "'{1} {0}'", "[1, 2]", "'2 1'" },
        { "'{{}}'", "[]", "'{}'" },
        { "'{k} {k!r:>5}'", "[]", "\"v   'v'\"" },
        { "'{:{}.{}f}'", "[3.14159, 8, 2]", "'    3.14'" },
        { "'{0[1]} {0[0][x]}'", "[[{'x': 7}, 8]]", "'8 7'" },
        { "'{!a}'", "['\xc3\xa9']", "\"'\\\\xe9'\"" },
        { "'{:5}|{:<5}'", "[True, None]", "TypeError: unsupported format "
          "string passed to NoneType.__format__" },

        { "'{'", "[]",
          "ValueError: Single '{' encountered in format string" },
        { "'}'", "[]",
          "ValueError: Single '}' encountered in format string" },
        { "'{0'", "[1]", "ValueError: expected '}' before end of string" },
        { "'{0:'", "[1]", "ValueError: unmatched '{' in format spec" },
        { "'{0!x}'", "[1]", "ValueError: Unknown conversion specifier x" },
        { "'{}{0}'", "[1]", "ValueError: cannot switch from automatic field "
          "numbering to manual field specification" },
        { "'{0}{}'", "[1]", "ValueError: cannot switch from manual field "
          "specification to automatic field numbering" },
        { "'{1}'", "[1]", "IndexError: Replacement index 1 out of range for "
          "positional args tuple" },
        { "'{x}'", "[1]", "KeyError: 'x'" },
        { "'{0:{0:{0}}}'", "[1]",
          "ValueError: Max string recursion exceeded" },

        /* no way from a value into the engine */

        { "'{0.x}'", "[{'x': 1}]",
          "AttributeError: 'dict' object has no attribute 'x'" },
        { "'{0.__class__}'", "['a']",
          "AttributeError: 'str' object has no attribute '__class__'" },

        /* markup escapes what it takes in */

        { "M'<b>{}</b>'", "['<i>']", "Markup('<b>&lt;i&gt;</b>')" },
        { "M'{} {:>4}'", "[M'<i>', '<']", "Markup('<i>    &lt;')" },
        { "M'{:5}'", "[M'<i>']",
          "ValueError: Unsupported format specification for Markup." },
        { "M'{!s}'", "[M'<i>']", "Markup('&lt;i&gt;')" },
        { "'{}'", "[M'<i>']", "'<i>'" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        format = unit_value(cases[i][0]);
        args = unit_value(cases[i][1]);
        kwargs = unit_value("{'k': 'v'}");
        rc = tpl_format_braces(X, &format, args.u.list, kwargs.u.dict, &out);
        unit_same(__FILE__, __LINE__, cases[i][0], unit_result(rc, &out),
                  cases[i][2]);
    }

    /* without positional arguments it is str.format_map() */

    format = unit_value("'{}'");
    rc = tpl_format_braces(X, &format, NULL, NULL, &out);
    unit_same(__FILE__, __LINE__, "format_map", unit_result(rc, &out),
              "ValueError: Format string contains positional fields");
}


int
main(void)
{
    unit_start(0);

    test_percent();
    test_spec();
    test_braces();

    return unit_end();
}
