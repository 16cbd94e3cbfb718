
/*
 * Text to tree, in both syntaxes: what each construct parses to, where white
 * space goes, which errors are found and where.
 *
 * A case is a template and the dump of its tree, or the error.
 */

#include <stdio.h>
#include <stdlib.h>

#include "syntax/tpl_syntax.h"


typedef struct {
    const char  *source;
    const char  *message;
    tpl_exc_t    exc;
    uint32_t     line;
    uint32_t     column;
} test_error_t;


static tpl_uint_t    checks;
static tpl_uint_t    failures;
static tpl_syntax_t  syntax;


static void
fail(int line, const char *source, const char *want, const char *got)
{
    failures++;
    printf("%s:%d: %s\n  want: %s\n  got:  %s\n", __FILE__, line, source, want,
           got);
}


static void
check_tree(int line, const char *source, const char *want)
{
    tpl_buf_t      b;
    tpl_tree_t     tree;
    tpl_error_t    err;
    tpl_arena_t   *arena;
    tpl_source_t   src;

    checks++;

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    tpl_error_init(&err, arena);
    tpl_buf_init(&b, arena);

    tpl_str_set(&src.name, "test.txt");
    src.path = src.name;
    src.text.data = (tpl_char_t *) source;
    src.text.len = strlen(source);

    if (tpl_parse(arena, arena, &syntax, &src, &tree, &err) != TPL_OK) {
        tpl_buf_str(&b, &err.message);

    } else {
        tpl_tree_dump(&b, &tree);
    }

    tpl_buf_char(&b, '\0');

    if (strcmp((char *) b.data, want) != 0) {
        fail(line, source, want, (char *) b.data);
    }

    tpl_arena_destroy(arena);
}


static void
check_error(int line, const test_error_t *e)
{
    tpl_buf_t      b;
    tpl_tree_t     tree;
    tpl_error_t    err;
    tpl_arena_t   *arena;
    tpl_source_t   src;

    checks++;

    arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
    tpl_error_init(&err, arena);
    tpl_buf_init(&b, arena);

    tpl_str_set(&src.name, "test.txt");
    src.path = src.name;
    src.text.data = (tpl_char_t *) e->source;
    src.text.len = strlen(e->source);

    if (tpl_parse(arena, arena, &syntax, &src, &tree, &err) == TPL_OK) {
        fail(line, e->source, e->message, "no error");

    } else {
        tpl_buf_printf(&b, "%s: %.*s", tpl_exc_name(err.exc),
                       tpl_str_arg(&err.message));
        tpl_buf_char(&b, '\0');

        if (!tpl_str_is(&err.message, e->message) || err.exc != e->exc) {
            fail(line, e->source, e->message, (char *) b.data);

        } else if (err.pos.line != e->line
                   || (e->column && err.pos.column != e->column))
        {
            printf("%s:%d: %s: at %u:%u, not at %u:%u\n", __FILE__, line,
                   e->source, e->line, e->column, err.pos.line,
                   err.pos.column);
            failures++;
        }
    }

    tpl_arena_destroy(arena);
}


#define check(source, want)  check_tree(__LINE__, source, want)

/* {{ source }} is one expression with this dump */
#define check_expr(source, want)                                             \
    check_tree(__LINE__, "{{ " source " }}", "(output " want ")\n")

#define check_fail(source, message, line, column)                            \
    check_error(__LINE__, &(test_error_t) { source, message, exc, line,      \
                                            column })


static void
test_jinja_expressions(void)
{
    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);

    /* literals */

    check_expr("42", "(const 42)");
    check_expr("1_000", "(const 1000)");
    check_expr("0x1F", "(const 31)");
    check_expr("0o17", "(const 15)");
    check_expr("0b101", "(const 5)");
    check_expr("1.5", "(const 1.5)");
    check_expr("2e3", "(const 2000.0)");
    check_expr("true", "(const True)");
    check_expr("None", "(const None)");
    check_expr("TRUE", "(name TRUE)");
    check_expr("'it' \"'s\"", "(const \"it's\")");
    check_expr("'a\\n\\x41\\u00e9\\N{DIGIT ONE}\\q'",
               "(const 'a\\nA\u00e91\\\\q')");
    check_expr("()", "(tuple)");
    check_expr("(1)", "(const 1)");
    check_expr("(1,)", "(tuple (const 1))");
    check_expr("1, 2", "(tuple (const 1) (const 2))");
    check_expr("[1, 2,]", "(list (const 1) (const 2))");
    check_expr("{'a': 1, b: 2}",
               "(dict (pair (const 'a') (const 1)) (pair (name b) "
               "(const 2)))");
    check_expr("f\u00fc\u00df", "(name f\u00fc\u00df)");

    /* operators, from loose to tight */

    check_expr("a if b else c", "(cond (name b) (name a) (name c))");
    check_expr("a if b", "(cond (name b) (name a))");
    check_expr("a or b and not c",
               "(or (name a) (and (name b) (not (name c))))");
    check_expr("1 < x <= y not in z",
               "(compare (const 1) (operand < (name x)) (operand <= (name y)) "
               "(operand not-in (name z)))");
    check_expr("a + b ~ c ~ d * e",
               "(binary + (name a) (concat (name b) (name c) (binary * "
               "(name d) (name e))))");

    /* signs bind tighter than **, which goes from the left */

    check_expr("-2 ** 2 ** 3",
               "(binary ** (binary ** (unary - (const 2)) (const 2)) "
               "(const 3))");
    check_expr("-x|abs", "(filter abs (unary - (name x)))");

    /* postfixes */

    check_expr("a.b['c'](d)",
               "(call (item (attr (name a) b) (const 'c')) (args (name d)))");
    check_expr("a.0.1", "(item (item (name a) (const 0)) (const 1))");
    check_expr("a[1:2]", "(slice (name a) (start (const 1)) "
               "(stop (const 2)))");
    check_expr("a[::2]", "(slice (name a) (step (const 2)))");
    check_expr("a[1, 2]", "(item (name a) (tuple (const 1) (const 2)))");
    check_expr("f(1, *a, b=2, **c)",
               "(call (name f) (args (const 1) (star (name a)) "
               "(keyword b (const 2)) (starstar (name c))))");
    check_expr("x|a|b.c(1)|d",
               "(filter d (filter b.c (filter a (name x)) "
               "(args (const 1))))");
    check_expr("x is defined", "(test defined (name x))");
    check_expr("x is not divisibleby 3",
               "(not (test divisibleby (name x) (args (const 3))))");
    check_expr("x is sameas y.z and w",
               "(and (test sameas (name x) (args (attr (name y) z))) "
               "(name w))");
}


static void
test_jinja_statements(void)
{
    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);

    check("a{# comment #}b", "(text 'a')\n(text 'b')\n");
    check("{% raw %}{{ x }}{% endraw %}", "(text '{{ x }}')\n");
    check("{% if a %}1{% elif b %}2{% else %}3{% endif %}",
          "(if (name a) (body (text '1')) (else (if (name b) "
          "(body (text '2')) (else (text '3')))))\n");
    check("{% for a, (b, c) in d if e recursive %}f{% else %}g{% endfor %}",
          "(for recursive (tuple (name = a) (tuple (name = b) (name = c))) "
          "(name d) (test (name e)) (body (text 'f')) "
          "(else (text 'g')))\n");
    check("{% for x in y: %}{% break %}{% continue %}{% endfor %}",
          "(for (name = x) (name y) (body (break) (continue)))\n");
    check("{% set a, ns.b = 1, 2 %}",
          "(set (tuple (name = a) (nsref (name ns) b)) (tuple (const 1) "
          "(const 2)))\n");
    check("{% set a|upper|trim %}b{% endset %}",
          "(set-block (name = a) (filter trim (filter upper)) "
          "(body (text 'b')))\n");
    check("{% with a = 1, b = c %}{% endwith %}",
          "(with (targets (name = a) (name = b)) (values (const 1) "
          "(name c)))\n");
    check("{% filter a(1)|b %}c{% endfilter %}",
          "(filter-block (filter b (filter a (args (const 1)))) "
          "(body (text 'c')))\n");
    check("{% autoescape a %}b{% endautoescape %}",
          "(autoescape (values (name a)) (body (text 'b')))\n");
    check("{% macro m(a, b=1) %}c{% endmacro %}",
          "(macro m (params (param a) (param b (const 1))) "
          "(body (text 'c')))\n");
    check("{% call(a) m(1) %}b{% endcall %}",
          "(call-block (params (param a)) (call (name m) "
          "(args (const 1))) (body (text 'b')))\n");
    check("{% block a scoped required %} {% endblock a %}",
          "(block a scoped required (body (text ' ')))\n");
    check("{% extends 'a' if b else c %}",
          "(extends (cond (name b) (const 'a') (name c)))\n");
    check("{% include ['a', b] ignore missing without context %}",
          "(include (list (const 'a') (name b)) ignore-missing)\n");
    check("{% include a %}", "(include (name a) with-context)\n");
    check("{% import 'a' as b with context %}",
          "(import (const 'a') as b with-context)\n");
    check("{% from 'a' import b, c as d %}",
          "(from-import (const 'a') (names (keyword b (name = b)) "
          "(keyword c (name = d))))\n");
    check("{% print 1, a %}", "(output (const 1))\n(output (name a))\n");
    check("{% do a.b() %}{% debug %}",
          "(do (call (attr (name a) b)))\n(debug)\n");

    /* messages: % is doubled, a call is made once and before */

    check("{% trans a=b %}5% {{ a }}{% endtrans %}",
          "(trans (vars (keyword a (name b))) '5%% %(a)s')\n");
    check("{% trans 'c' n=f() trimmed %} {{ n }}\n x"
          "{% pluralize %}{{ n }} {{ y }} {% endtrans %}",
          "expected token ',', got 'trimmed'");
    check("{% trans 'c' trimmed n=f() %} {{ n }}\n x"
          "{% pluralize %}{{ n }} {{ y }} {% endtrans %}",
          "(set (name = _trans) (call (name f)))\n"
          "(trans (vars (keyword n (name _trans)) (keyword y (name y))) "
          "(context 'c') '%(n)s x' '%(n)s %(y)s' (count (name _trans)))\n");
}


static void
test_jinja_white_space(void)
{
    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);

    check("a\n", "(text 'a')\n");
    check("a\n\n", "(text 'a\\n')\n");
    check("a\r\nb\rc", "(text 'a\\nb\\nc')\n");
    check("a \n {{- b -}} \n c", "(text 'a')\n(output (name b))\n"
          "(text 'c')\n");
    check(" {% raw -%} a {%- endraw %} b", "(text ' ')\n(text 'a')\n"
          "(text ' b')\n");

    syntax.keep_trailing_newline = 1;
    check("a\n", "(text 'a\\n')\n");

    tpl_str_set(&syntax.newline_sequence, "\r\n");
    check("a\nb", "(text 'a\\r\\nb')\n");

    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);
    syntax.trim_blocks = 1;
    check("{% do 1 %}\n\na{# c #}\n", "(do (const 1))\n(text '\\na')\n");
    check("{% do 1 +%}\na{{ b }}\nc", "(do (const 1))\n(text '\\na')\n"
          "(output (name b))\n(text '\\nc')\n");

    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);
    syntax.lstrip_blocks = 1;
    check("a\n  {% do 1 %}  {# c #}", "(text 'a\\n')\n(do (const 1))\n"
          "(text '  ')\n");
    check("  {%+ do 1 %}\n  {{ a }}", "(text '  ')\n(do (const 1))\n"
          "(text '\\n  ')\n(output (name a))\n");

    /* other delimiters; the longest of those that match wins */

    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);
    tpl_str_set(&syntax.block_start_string, "<%");
    tpl_str_set(&syntax.block_end_string, "%>");
    tpl_str_set(&syntax.variable_start_string, "<%=");
    tpl_str_set(&syntax.variable_end_string, "%>");
    tpl_str_set(&syntax.comment_start_string, "<%#");
    tpl_str_set(&syntax.comment_end_string, "%>");
    check("<%# c %><%= a %><% do b %>", "(output (name a))\n"
          "(do (name b))\n");

    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);
    tpl_str_set(&syntax.line_statement_prefix, "#");
    tpl_str_set(&syntax.line_comment_prefix, "##");
    check("a\n # for x in (\n y):\n\n b {{ x }} ## c\n# endfor",
          "(text 'a\\n')\n(for (name = x) (name y) (body (text ' b ') "
          "(output (name x)) (text '\\n')))\n");
}


static void
test_jinja_errors(void)
{
    tpl_exc_t  exc;

    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);
    exc = TPL_EXC_SYNTAX;

    check_fail("a\n{{ }}", "Expected an expression, got 'end of print "
               "statement'", 2, 4);
    check_fail("a\xff", "the template is not well-formed UTF-8", 1, 2);
    check_fail("{{ a b }}", "expected token 'end of print statement', got 'b'",
               1, 6);
    check_fail("{{ \u00e9 $ }}", "unexpected char '$' at 5", 1, 6);
    check_fail("{{ 'a }}", "unexpected char \"'\" at 3", 1, 4);
    check_fail("{{ (a] }}", "unexpected ']', expected ')'", 1, 6);
    check_fail("{{ a} }}", "unexpected '}'", 1, 5);
    check_fail("{{ '\\x4' }}", "truncated \\xXX escape", 1, 4);
    check_fail("{{ 9223372036854775808 }}", "integer literal is too large", 1,
               4);
    check_fail("{{ f(a=1, 2) }}", "invalid syntax for function call "
               "expression", 1, 5);
    check_fail("{{ f(a=1, a=2) }}", "keyword argument repeated: a", 1, 11);
    check_fail("{{ a is b is c }}", "You cannot chain multiple tests with is",
               1, 11);
    check_fail("{{", "unexpected 'end of template'", 1, 0);
    check_fail("{# a", "Missing end of comment tag", 1, 3);
    check_fail("{% raw %}a", "Missing end of raw directive", 1, 10);
    check_fail("{% %}", "tag name expected", 1, 4);
    check_fail("{% foo %}", "Encountered unknown tag 'foo'.", 1, 4);
    check_fail("{% for a in b %}\n{% endif %}",
               "Encountered unknown tag 'endif'. Jinja was looking for the "
               "following tags: 'endfor' or 'else'. The innermost block that "
               "needs to be closed is 'for'.", 2, 4);
    check_fail("{% if a %}{% for b in c %}{% endif %}",
               "Encountered unknown tag 'endif'. You probably made a nesting "
               "mistake. Jinja is expecting this tag, but currently looking "
               "for 'endfor' or 'else'. The innermost block that needs to be "
               "closed is 'for'.", 1, 30);
    check_fail("{% if a %}\nb",
               "Unexpected end of template. Jinja was looking for the "
               "following tags: 'elif' or 'else' or 'endif'. The innermost "
               "block that needs to be closed is 'if'.", 1, 0);
    check_fail("{% set true = 1 %}", "can't assign to 'const'", 1, 8);
    check_fail("{% set a.b, 'c' = 1 %}", "can't assign to 'tuple'", 1, 0);
    check_fail("{% block a-b %}{% endblock %}",
               "Block names in Jinja have to be valid Python identifiers and "
               "may not contain hyphens, use an underscore instead.", 1, 11);
    check_fail("{% block a required %}b{% endblock %}",
               "Required blocks can only contain comments or whitespace", 1,
               36);
    check_fail("{% call a %}{% endcall %}", "expected call", 1, 4);
    check_fail("{% macro m(a=1, b) %}{% endmacro %}",
               "non-default argument follows default argument", 1, 18);
    check_fail("{% break %}", "'break' outside loop", 1, 4);
    check_fail("{% for a in b %}{% macro m() %}{% continue %}{% endmacro %}"
               "{% endfor %}", "'continue' not properly in loop", 1, 35);
    check_fail("{% trans %}{% trans %}", "trans blocks can't be nested; did "
               "you mean `endtrans`?", 1, 15);
    check_fail("{% trans %}{% if a %}", "control structures in translatable "
               "sections are not allowed; saw `if`", 1, 15);

    exc = TPL_EXC_ASSERTION;

    check_fail("{% block a %}{% endblock %}\n{% block a %}{% endblock %}",
               "block 'a' defined twice", 2, 4);
    check_fail("{% for a in b %}{% extends 'c' %}{% endfor %}",
               "cannot use extend from a non top-level scope", 1, 20);
    check_fail("{% for loop in b %}{% endfor %}", "Can't assign to special "
               "loop variable in for-loop target", 1, 8);
    check_fail("{% from 'a' import _b %}", "names starting with an underline "
               "can not be imported", 1, 20);
    check_fail("{% trans a, a %}{% endtrans %}", "translatable variable 'a' "
               "defined twice.", 1, 13);

    /* an extension that is off leaves its tags unknown */

    exc = TPL_EXC_SYNTAX;
    syntax.extensions = 0;
    check_fail("{% do 1 %}", "Encountered unknown tag 'do'.", 1, 4);
}


static void
test_python_expressions(void)
{
    tpl_syntax_init(&syntax, TPL_SYNTAX_TORNADO);

    check_expr("-2 ** -2", "(unary - (binary ** (const 2) "
               "(unary - (const 2))))");
    check_expr("2 ** 3 ** 4", "(binary ** (const 2) (binary ** (const 3) "
               "(const 4)))");
    check_expr("a | b ^ c & d << 1 + ~e",
               "(binary | (name a) (binary ^ (name b) (binary & (name c) "
               "(binary << (name d) (binary + (const 1) "
               "(unary ~ (name e)))))))");
    check_expr("a is not None is b",
               "(compare (name a) (operand is-not (const None)) "
               "(operand is (name b)))");
    check_expr("true", "(name true)");
    check_expr("a, *b", "(tuple (name a) (star (name b)))");
    check_expr("{**a, 'b': 1}",
               "(dict (starstar (name a)) (pair (const 'b') (const 1)))");
    check_expr("{1, 2}", "(setlit (const 1) (const 2))");
    check_expr("[x for x, *y in z if x if y]",
               "(comprehension (name x) (clause (tuple (name = x) "
               "(star (name = y))) (name z)) (clause (if (name x))) "
               "(clause (if (name y))))");
    check_expr("f(x for x in y)",
               "(call (name f) (args (comprehension generator (name x) "
               "(clause (name = x) (name y)))))");
    check_expr("lambda a, b=1: a", "(lambda (params (param a) "
               "(param b (const 1))) (name a))");
}


static void
test_python_strings(void)
{
    tpl_syntax_init(&syntax, TPL_SYNTAX_TORNADO);

    check_expr("r'\\d' u\"b\" '''c'd'''", "(const \"\\\\dbc'd\")");
    check_expr("'\\\u00e9'", "(const '\\\\\u00e9')");
    check_expr("f'a{{{b}c'",
               "(fstring (const 'a{') (field (name b)) (const 'c'))");
    check_expr("f'{a!r:>10}'", "(fstring (field (name a) !r '>10'))");
    check_expr("f'{a:{b}.{c}f}'",
               "(fstring (field (name a) (fstring (field (name b)) "
               "(const '.') (field (name c)) (const 'f'))))");
    check_expr("f'{a = }'", "(fstring (const 'a = ') (field (name a) !r))");
    check_expr("f'{a != b, {1: 2}[1]}'",
               "(fstring (field (tuple (compare (name a) "
               "(operand != (name b))) (item (dict (pair (const 1) "
               "(const 2))) (const 1)))))");
}


static void
test_tornado(void)
{
    tpl_syntax_init(&syntax, TPL_SYNTAX_TORNADO);

    check("a {{ b }} {# c #}{% comment d %}e{{! f }}",
          "(text 'a ')\n(output (name b))\n(text ' ')\n(text 'e')\n"
          "(text '{{')\n(text ' f }}')\n");
    check("{{{a}} {", "(text '{')\n(output (name a))\n(text ' {')\n");
    check("{% raw a %}{% module A(b) %}",
          "(output raw (name a))\n(module (call (name A) "
          "(args (name b))))\n");
    check("{% if a %}1{% elif b %}2{% else %}3{% end %}",
          "(if (name a) (body (text '1')) (else (if (name b) "
          "(body (text '2')) (else (text '3')))))\n");
    check("{% for a, b in c, d %}{% break %}{% else %}e{% end %}",
          "(for (tuple (name = a) (name = b)) (tuple (name c) (name d)) "
          "(body (break)) (else (text 'e')))\n");
    check("{% while a %}{% continue %}{% end %}",
          "(while (test (name a)) (body (continue)))\n");
    check("{% try %}a{% except (B, C) as d %}e{% except %}f{% else %}g"
          "{% finally %}h{% end %}",
          "(try (body (text 'a')) (except (keyword d (if (tuple (name B) "
          "(name C)) (body (text 'e')))) (keyword  (if (body "
          "(text 'f'))))) (else (text 'g')) (finally (text 'h')))\n");
    check("{% extends \"a.html\" %}{% include b.html %}"
          "{% block c d %}e{% end %}",
          "(extends (const 'a.html'))\n(include (const 'b.html') "
          "with-context)\n(block c d (body (text 'e')))\n");
    check("{% apply a.b %}c{% end %}",
          "(apply (attr (name a) b) (body (text 'c')))\n");
    check("{% set a = b, c = d; e.f += 1; g(h) %}",
          "(set (name = a) (tuple (name = b) (name = c)) (name d))\n"
          "(set += (attr (name e) f) (const 1))\n"
          "(do (call (name g) (args (name h))))\n");
    check("{% import a.b, c as d %}{% from e import (f as g, h) %}",
          "(py-import (const 'a.b') as a)\n(py-import (const 'c') as d)\n"
          "(py-from (const 'e') (names (keyword f (name = g)) "
          "(keyword h (name = h))))\n");

    check("a \t b\n \n", "(text 'a \\t b\\n \\n')\n");
    check("{% whitespace single %}a \t b\n \n  c",
          "(text 'a b\\nc')\n");
    check("{% whitespace oneline %}a \t b\n \n  c<b>",
          "(text 'a b c<b>')\n");
    check("{% whitespace oneline %}<pre> \n\n", "(text '<pre> \\n\\n')\n");
}


static void
test_tornado_errors(void)
{
    tpl_exc_t  exc;

    tpl_syntax_init(&syntax, TPL_SYNTAX_TORNADO);
    exc = TPL_EXC_PARSE;

    check_fail("a\n\xc3", "the template is not well-formed UTF-8", 2, 1);
    check_fail("a\n{{ b", "Missing end expression }}", 2, 3);
    check_fail("{{\n}}", "Empty expression", 2, 3);
    check_fail("{% %}", "Empty block tag ({% %})", 1, 6);
    check_fail("{# a", "Missing end comment #}", 1, 3);
    check_fail("{% foo bar %}", "unknown operator: 'foo'", 1, 0);
    check_fail("{% end %}", "Extra {% end %} block", 1, 0);
    check_fail("{% if a %}\n\n", "Missing {% end %} block for if", 1, 0);
    check_fail("{% while a %}{% elif b %}", "elif block cannot be attached "
               "to while block", 1, 0);
    check_fail("{% else %}", "else outside {'if', 'for', 'while', 'try'} "
               "block", 1, 0);
    check_fail("{% break %}", "break outside {'for', 'while'} block", 1, 0);
    check_fail("{% for a in b %}{% apply c %}{% break %}{% end %}{% end %}",
               "break outside {'for', 'while'} block", 1, 0);
    check_fail("{% apply %}{% end %}", "apply missing method name", 1, 0);
    check_fail("{% whitespace none %}", "invalid whitespace mode none", 1, 0);

    check_fail("{{ a b }}", "unexpected 'b'", 1, 6);
    check_fail("{{ (a }}", "unexpected end of expression, expected ')'", 1,
               0);
    check_fail("{% try %}{% end %}", "expected 'except' or 'finally' block",
               1, 1);
    check_fail("{% for a in b %}{% else %}{% break %}{% end %}",
               "'break' outside loop", 1, 27);
    check_fail("{% set 1 = a %}", "cannot assign to literal", 1, 8);
    check_fail("{% set *a, *b = c %}", "multiple starred expressions in "
               "assignment", 1, 12);
    check_fail("{% if (a := 1) %}{% end %}", "assignment expressions (:=) "
               "are not supported", 1, 10);
    check_fail("{{ 1j }}", "complex numbers are not supported", 1, 4);
    check_fail("{{ f'{}' }}", "f-string: empty expression not allowed", 1,
               7);
    check_fail("{{ f'{a\\n}' }}", "f-string expression part cannot include a "
               "backslash", 1, 8);
}


/* nesting has limits, lists have none, and time stays linear */

static void
test_limits(void)
{
    size_t         i, n;
    tpl_buf_t      b;
    tpl_uint_t     k;
    tpl_arena_t   *arena;
    test_error_t   e;

    static const struct {
        const char  *before, *again, *after;
        const char  *message;       /* NULL: it parses */
    } cases[] = {
        { "{{ ", "(", "", "expression is nested too deeply" },
        { "{{ ", "[", "", "expression is nested too deeply" },
        { "{{ ", "not ", "x }}", "expression is nested too deeply" },
        { "{{ ", "- ", "x }}", "expression is nested too deeply" },
        { "{{ x", ".y", " }}", "expression is nested too deeply" },
        { "{{ x", "|y", " }}", "expression is nested too deeply" },
        { "{{ x", " + x", " }}", "expression is nested too deeply" },
        { "{{ ", "x if y else ", "z }}", "expression is nested too deeply" },
        { "", "{% if x %}", "", "statement is nested too deeply" },
        { "{% if x %}", "{% elif x %}", "{% endif %}",
          "statement is nested too deeply" }
    };

    tpl_syntax_init(&syntax, TPL_SYNTAX_JINJA);

    for (k = 0; k < tpl_nelts(cases); k++) {

        arena = tpl_arena_create(&tpl_malloc_allocator, 16384, 0);
        tpl_buf_init(&b, arena);
        n = 20000;

        tpl_buf_add(&b, cases[k].before, strlen(cases[k].before));

        for (i = 0; i < n; i++) {
            tpl_buf_add(&b, cases[k].again, strlen(cases[k].again));
        }

        tpl_buf_add(&b, cases[k].after, strlen(cases[k].after));
        tpl_buf_char(&b, '\0');

        e.source = (char *) b.data;
        e.message = cases[k].message;
        e.exc = TPL_EXC_SYNTAX;
        e.line = 1;
        e.column = 0;

        check_error(__LINE__, &e);

        tpl_arena_destroy(arena);
    }
}


/* whatever allocation fails, parsing ends with an error and in order */

static void
test_memory(void)
{
    size_t         limit;
    tpl_int_t      rc;
    tpl_uint_t     i;
    tpl_tree_t     tree;
    tpl_error_t    err;
    tpl_arena_t   *arena;
    tpl_source_t   src;

    static const char *const  sources[] = {
        "{% macro m(a, b='\\n' 'c') %}{{ a.b[1:2]|c.d(e=1) is f g }}\r\n"
        "{% endmacro %}{% trans trimmed a=f() %} {{ b }} %{% endtrans %}"
        "{% set n.s, t = {1: 2}, [x ~ y ~ z] %}",
        "{% whitespace single %}  a  {% set a, *b = f'{c!r:{d}}' 'e' %}"
        "{{ [{x: lambda y: z} for x in y if z] }}{% from a.b import c %}"
        "{% try %}{% except A as b %}{% end %}{% apply x %} \n {% end %}"
    };

    for (i = 0; i < 2; i++) {

        tpl_syntax_init(&syntax, i);
        tpl_str_set(&src.name, "test.txt");
        src.path = src.name;
        src.text.data = (tpl_char_t *) sources[i];
        src.text.len = strlen(sources[i]);

        for (limit = 2048, rc = TPL_ERROR;
             rc != TPL_OK && limit < 1048576;
             limit += 256)
        {
            arena = tpl_arena_create(&tpl_malloc_allocator, 1024, limit);

            if (arena == NULL) {
                continue;
            }

            tpl_error_init(&err, NULL);
            rc = tpl_parse(arena, arena, &syntax, &src, &tree, &err);

            checks++;

            if (rc != TPL_OK && err.exc != TPL_EXC_MEMORY) {
                fail(__LINE__, sources[i], "MemoryError",
                     tpl_exc_name(err.exc));
            }

            tpl_arena_destroy(arena);
        }

        if (rc != TPL_OK) {
            fail(__LINE__, sources[i], "a tree at last", "none");
        }
    }
}


int
main(void)
{
    tpl_hash_init();

    test_jinja_expressions();
    test_jinja_statements();
    test_jinja_white_space();
    test_jinja_errors();
    test_python_expressions();
    test_python_strings();
    test_tornado();
    test_tornado_errors();
    test_limits();
    test_memory();

    printf("%lu passed, %lu failed\n", (unsigned long) (checks - failures),
           (unsigned long) failures);

    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
