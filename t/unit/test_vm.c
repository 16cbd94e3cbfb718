
/*
 * The virtual machine: what its host may ask of it, what stops it, where it
 * says an error is, and the instructions that the compiler rarely makes.
 *
 * What templates mean is in t/cases; here stands what no template can say.
 */

#include <stdio.h>
#include <stdlib.h>

#include "builtins/tpl_builtins.h"
#include "program/tpl_rows.h"
#include "value/tpl_json.h"
#include "vm/tpl_vm_internal.h"


#define check(ok)                                                            \
    checks++;                                                                \
                                                                             \
    if (!(ok)) {                                                             \
        failed++;                                                            \
        printf("%s:%d: %s\n", __FILE__, __LINE__, #ok);                      \
    }

#define shows(expected)  shows_at(__LINE__, expected)
#define raises(exc, message, at)  raises_at(__LINE__, exc, message, at)


static unsigned         checks, failed;
static tpl_arena_t     *compiled, *work, *arena;
static tpl_builtins_t  *builtins;
static tpl_set_t       *set;
static tpl_error_t      err;
static tpl_vm_t        *vm;
static tpl_vm_conf_t    conf;
static const char      *files[16];      /* name, text, ... */


/* the host: `data` and `late`, which comes after two times waiting */

static tpl_object_t  late;
static unsigned      asked;
static tpl_value_t   data, global;


static tpl_int_t
host_lookup(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    (void) exec;

    if (tpl_str_is(&name->str, "data")) {
        *out = data;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "late")) {
        *out = (tpl_value_t) { .type = TPL_PENDING, .u.obj = &late };
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static tpl_int_t
host_global(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    (void) exec;

    if (tpl_str_is(&name->str, "site")) {
        *out = global;
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static tpl_int_t
host_names(tpl_exec_t *exec, tpl_dict_t *dict)
{
    tpl_str_t  name;

    tpl_str_set(&name, "data");

    return tpl_dict_set_str(exec, dict, &name, &data);
}


static tpl_int_t
host_variable(tpl_exec_t *exec, uint32_t index, tpl_value_t *out)
{
    (void) exec;

    tpl_value_int(out, 100 + index);

    return TPL_OK;
}


static tpl_int_t
host_wait(tpl_exec_t *exec, tpl_object_t *pending, tpl_value_t *out)
{
    (void) exec;

    if (pending != &late || asked++ < 2) {
        return TPL_AGAIN;
    }

    tpl_value_string(out, (tpl_char_t *) "<late>", 6, TPL_F_ASCII);

    return TPL_OK;
}


static const tpl_class_t  late_class = { .name = "late" };

static const tpl_host_t  host = {
    .lookup = host_lookup,
    .global = host_global,
    .names = host_names,
    .variable = host_variable,
    .wait = host_wait
};


/* functions for templates: what builtins may ask the VM */

static tpl_int_t
fn_resolve(tpl_call_t *call)
{
    tpl_int_t  rc;
    tpl_str_t  name;

    name = tpl_value_str(&call->args[0]);
    rc = tpl_vm_resolve(call->exec, &name, &call->result);

    if (rc == TPL_DECLINED) {
        tpl_value_none(&call->result);
        return TPL_OK;
    }

    return rc;
}


static tpl_int_t
fn_knows(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    rc = tpl_vm_names(call->exec, &dict);
    if (rc != TPL_OK) {
        return rc;
    }

    rc = tpl_dict_get(call->exec, dict, &call->args[0], &call->result);

    if (rc == TPL_DECLINED) {
        tpl_value_none(&call->result);
        return TPL_OK;
    }

    return rc;
}


static tpl_int_t
fn_twice(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_list_t  *list;

    list = tpl_list_create(call->exec, 2);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (list->n = 0; list->n < 2; list->n++) {
        rc = tpl_vm_call(call->exec, &call->args[0], &call->args[1], 1, NULL,
                         &list->items[list->n]);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    tpl_value_list(&call->result, list);

    return TPL_OK;
}


static tpl_int_t
fn_spend(tpl_call_t *call)
{
    call->exec->fuel -= call->args[0].u.i;

    return TPL_OK;
}


static const tpl_builtin_def_t  functions[] = {
    { "resolve", "name, /", fn_resolve, TPL_FN_CONTEXT },
    { "knows", "name, /", fn_knows, TPL_FN_CONTEXT },
    { "twice", "f, arg, /", fn_twice, TPL_FN_CONTEXT },
    { "spend", "n, /", fn_spend, TPL_FN_IMPURE },
    { NULL, NULL, NULL, 0 }
};


/* templates */

static tpl_int_t
load(void *unused, tpl_arena_t *a, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *e)
{
    unsigned  i;

    (void) unused;
    (void) a;
    (void) e;

    for (i = 0; i < tpl_nelts(files) && files[i]; i += 2) {
        if (tpl_str_is(name, files[i])) {
            source->text.data = (tpl_char_t *) files[i + 1];
            source->text.len = strlen(files[i + 1]);
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


static tpl_int_t
variable(void *unused, const tpl_str_t *name, uint32_t *index, tpl_error_t *e)
{
    (void) unused;
    (void) e;

    *index = (uint32_t) name->len;

    return TPL_OK;
}


/* compiles the files; the first is the one to be rendered */

static tpl_template_t *
compile(tpl_uint_t syntax)
{
    tpl_str_t        name;
    tpl_set_conf_t   sc;
    tpl_template_t  *tmpl;

    tpl_arena_destroy(compiled);

    compiled = tpl_arena_create(&tpl_malloc_allocator, 4096, 0);

    if (compiled == NULL) {
        exit(2);
    }

    builtins = tpl_builtins_create(compiled);

    if (builtins == NULL || tpl_builtins_register(builtins) != TPL_OK
        || tpl_builtins_add(builtins, TPL_JINJA_GLOBALS, functions) != TPL_OK
        || tpl_builtins_add(builtins, TPL_TORNADO_GLOBALS, functions)
           != TPL_OK)
    {
        exit(2);
    }

    memset(&sc, 0, sizeof(tpl_set_conf_t));

    sc.arena = compiled;
    sc.work = work;
    sc.builtins = builtins;
    sc.loader.load = load;
    sc.loader.variable = variable;
    sc.loader.variables = "nginx";
    sc.autoescape = TPL_AUTOESCAPE_AUTO;
    sc.lazy = 1;

    tpl_str_set(&sc.options.newline_sequence, "\n");
    tpl_syntax_init(&sc.syntax, syntax);
    tpl_error_init(&err, compiled);

    set = tpl_set_create(&sc);

    name.data = (tpl_char_t *) files[0];
    name.len = strlen(files[0]);

    if (set == NULL || tpl_set_compile(set, &name, &tmpl, &err) != TPL_OK) {
        printf("%.*s\n", tpl_str_arg(&err.message));
        exit(2);
    }

    return tmpl;
}


static void
start(tpl_template_t *tmpl)
{
    tpl_arena_destroy(arena);

    arena = tpl_arena_create(&tpl_malloc_allocator, 4096, 16 * 1024 * 1024);

    if (arena == NULL) {
        exit(2);
    }

    asked = 0;
    late.cls = &late_class;

    tpl_error_init(&err, arena);

    conf.arena = arena;
    conf.error = &err;
    conf.host = &host;

    vm = tpl_vm_create(tmpl, &conf);

    if (vm == NULL) {
        exit(2);
    }
}


#define FILES(...)                                                           \
    do {                                                                     \
        static const char  *list[] = { __VA_ARGS__ };                        \
                                                                             \
        memset(files, 0, sizeof(files));                                     \
        memcpy(files, list, sizeof(list));                                   \
                                                                             \
    } while (0)


static tpl_int_t
run(int64_t fuel)
{
    tpl_int_t  rc;

    do {
        rc = tpl_vm_run(vm, fuel);
    } while (rc == TPL_YIELD || rc == TPL_AGAIN);

    return rc;
}


static tpl_str_t
written(void)
{
    size_t         n;
    uint32_t       i;
    tpl_str_t      s;
    tpl_output_t  *out;

    out = tpl_vm_output(vm);

    s.len = out->len;
    s.data = tpl_pnalloc(arena, s.len + 1);

    for (i = 0, n = 0; i < out->n; i++) {
        memcpy(s.data + n, out->segments[i].data, out->segments[i].len);
        n += out->segments[i].len;
    }

    return s;
}


/* the page, in one go and one instruction at a time */

static void
shows_at(unsigned line, const char *expected)
{
    int              i;
    tpl_int_t        rc;
    tpl_str_t        s;
    tpl_template_t  *tmpl;

    tmpl = compile(TPL_SYNTAX_JINJA);

    for (i = 0; i < 2; i++) {
        start(tmpl);
        rc = run(i ? 1 : 1000000);
        s = (rc == TPL_OK) ? written() : err.message;
        checks++;

        if (rc != TPL_OK || !tpl_str_is(&s, expected)) {
            failed++;
            printf("%s:%u: %s \"%.*s\"\n", __FILE__, line,
                   (rc == TPL_OK) ? "got" : "raised", tpl_str_arg(&s));
        }
    }
}


static void
raises_at(unsigned line, tpl_exc_t exc, const char *message,
    const char *expected)
{
    int              i;
    tpl_buf_t        b;
    tpl_int_t        rc;
    tpl_str_t        s;
    tpl_template_t  *tmpl;

    tmpl = compile(TPL_SYNTAX_JINJA);

    for (i = 0; i < 2; i++) {
        start(tmpl);
        rc = run(i ? 1 : 1000000);
        checks++;

        tpl_buf_init(&b, arena);
        (void) tpl_error_format(&err, &b, 1);

        s.data = b.data;
        s.len = b.len;

        if (rc != TPL_ERROR || err.exc != exc
            || !tpl_str_is(&err.message, message)
            || !tpl_str_is(&s, expected))
        {
            failed++;
            printf("%s:%u: %s: %.*s\n", __FILE__, line,
                   tpl_exc_name(err.exc), tpl_str_arg(&s));
        }
    }
}


static void
test_host(void)
{
    tpl_value_int(&data, 7);
    tpl_value_string(&global, (tpl_char_t *) "a&b", 3, TPL_F_ASCII);

    /* data and globals; what is imported sees only globals */

    FILES("a.html", "{{ data }} {{ site }} {% include 'b' %} "
                    "{% include 'b' without context %} "
                    "{% import 'b' as b %}{{ b }}",
          "b", "[{{ data }}{{ site }}]");
    shows("7 a&amp;b [7a&b] [a&b] [a&b]");

    /* variables of the host by index: here the length of the name */

    FILES("a.txt", "{{ nginx.host }} {{ nginx.remote_addr }}");
    shows("104 111");

    /* what is set in a template goes before the data */

    FILES("a.txt", "{{ data }}{% set data = 1 %}{{ data }}");
    shows("71");
}


static void
test_context_functions(void)
{
    tpl_value_int(&data, 7);

    FILES("a.txt", "{% set x = 5 %}{{ resolve('data') }} {{ resolve('x') }} "
                   "{{ resolve('late') }} {{ resolve('no') }}"
                   "{% block b %}, {{ resolve('x') }}{% endblock %}");
    shows("7 5 <late> None, 5");

    FILES("a.txt", "{% set x = 5 %}{{ knows('data') }} {{ knows('x') }} "
                   "{{ knows('no') }} {{ knows('range') is callable }}"
                   "{% set data = 1 %} {{ knows('data') }}");
    shows("7 5 None True 1");

    /* an include sees what was set around it, the other way it does not */

    FILES("a.txt", "{% set x = 1 %}{% include 'b' %}{{ resolve('y') }}",
          "b", "{% set y = 2 %}{{ resolve('x') }}{{ resolve('y') }} ");
    shows("12 None");
}


static void
test_late(void)
{
    tpl_int_t        rc;
    unsigned         waits;
    tpl_str_t        s;
    tpl_template_t  *tmpl;

    FILES("a.html", "{{ late }}{% for c in late %}{{ c }},{% endfor %}"
                    "{% if late == '<late>' %}yes{% endif %}"
                    "{{ late|length }}{% set x = late %}{{ x|upper }}");
    shows("&lt;late&gt;&lt;,l,a,t,e,&gt;,yes6&lt;LATE&gt;");

    /* it is waited for once, and only when it is used */

    FILES("a.html", "{% if data == 7 %}before{% endif %}{{ late }}{{ late }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    waits = 0;

    while ((rc = tpl_vm_run(vm, 1000)) == TPL_AGAIN) {
        waits++;
        s = written();
        check(tpl_str_is(&s, "before"));
    }

    check(rc == TPL_OK && waits == 2);

    FILES("a.html", "{% if data == 8 %}{{ late }}{% endif %}done");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(tpl_vm_run(vm, 1000) == TPL_OK);
    check(asked == 0);
}


static void
test_nested_calls(void)
{
    tpl_str_t        s;
    tpl_template_t  *tmpl;

    /* a builtin that calls back: macros give text */

    FILES("a.html", "{% macro m(x) %}<{{ x }}>{% endmacro %}"
                    "{% for s in twice(m, '&') %}{{ s }} {% endfor %}");
    shows("<&amp;> <&amp;> ");

    /* in it macros, includes, loops and data that come late */

    FILES("a.html", "{% macro m(x) %}{% include 'b' %}{% endmacro %}"
                    "{{ twice(m, 1)[1] }}",
          "b", "{% for i in [x, 2] recursive %}{{ i }}{{ resolve('late') }};"
               "{% endfor %}{% set z %}{{ late }}{% endset %}{{ z }}");
    shows("1<late>;2<late>;<late>");

    FILES("a.html", "{% macro m(x) %}{{ x.y.z }}{% endmacro %}\n"
                    "{{ twice(m, {}) }}");
    raises(TPL_EXC_UNDEFINED, "'dict object' has no attribute 'y'",
           "a.html:1:24: 'dict object' has no attribute 'y', "
           "in macro \"m\" at a.html:2:4");

    FILES("a.html", "{{ twice(resolve, 'no') }}");
    shows("[None, None]");

    /* lambdas give values */

    FILES("a.html", "{{ twice(lambda x: x + 1, 4) }}");

    tmpl = compile(TPL_SYNTAX_TORNADO);
    start(tmpl);
    check(run(1) == TPL_OK);
    s = written();
    check(tpl_str_is(&s, "[5, 5]"));

    /* one that calls itself through builtins ends */

    FILES("a.html", "{% macro m(x) %}{{ twice(m, x) }}{% endmacro %}"
                    "{{ m(1) }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(run(1000) == TPL_ERROR && err.exc == TPL_EXC_RECURSION);
}


static void
test_places(void)
{
    FILES("a.html", "one\n  {{ 1 // 0 }}");
    raises(TPL_EXC_ZERO_DIVISION, "integer division or modulo by zero",
           "a.html:2:8: integer division or modulo by zero");

    FILES("a.html", "{% extends 'b' %}\n{% from 'c' import m %}"
                    "{% block x %}\n {{ m() }}{% endblock %}",
          "b", "\n\n{% block x %}{% endblock %}",
          "c", "{% macro m() %}{{ no.x }}{% endmacro %}");
    raises(TPL_EXC_UNDEFINED, "'no' is undefined",
           "c:1:22: 'no' is undefined, in macro \"m\" at a.html:3:5, "
           "in block \"x\" at b:3:4, extended by a.html:1:4");

    FILES("a.html", "{% include 'b' %}",
          "b", "{% import 'c' as c %}",
          "c", "{% for x in [[1]] recursive %}{% call(y) z(x) %}{% endcall %}"
               "{% endfor %}{% macro z(l) %}\n"
               "{{ caller(1)|nope }}{% endmacro %}");
    raises(TPL_EXC_ASSERTION, "No filter named 'nope'.",
           "c:2:14: No filter named 'nope'., imported from b:1:4, "
           "included from a.html:1:4");

    FILES("a.html", "{% macro z(l) %}{{ caller(l) }}{% endmacro %}"
                    "{% for x in [[1]] recursive %}\n{% call(y) z(x) %}\n"
                    "{{ y + '' }}{% endcall %}{% endfor %}");
    raises(TPL_EXC_TYPE, "can only concatenate list (not \"str\") to list",
           "a.html:3:6: can only concatenate list (not \"str\") to list, "
           "in call block at a.html:1:20, in macro \"z\" at a.html:2:12, "
           "in recursive loop at a.html:1:49");

    /* a call that does not fit is the caller's fault */

    FILES("a.html", "{% macro m() %}{% endmacro %}\n{{ m(1) }}");
    raises(TPL_EXC_TYPE, "macro 'm' takes not more than 0 argument(s)",
           "a.html:2:4: macro 'm' takes not more than 0 argument(s)");

    /* what is missing is told where it is wanted */

    FILES("a.html", "\n{% include 'no' %}");
    raises(TPL_EXC_NOT_FOUND, "no", "a.html:2:4: TemplateNotFound: no");

    FILES("a.html", "\n{% include x %}{% set x = 'b' %}{% include x %}",
          "b", "x");
    raises(TPL_EXC_UNDEFINED, "'x' is undefined",
           "a.html:2:4: 'x' is undefined");
}


static void
test_limits(void)
{
    tpl_buf_t        b;
    tpl_int_t        rc;
    uint64_t         steps;
    unsigned         turns;
    tpl_template_t  *tmpl;

    /* frames */

    FILES("a.html", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(run(1000) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);
    check(tpl_str_is(&err.message, "templates are nested too deeply"));

    /* its places are not five hundred */

    tpl_buf_init(&b, arena);
    (void) tpl_error_format(&err, &b, 1);
    check(b.len < 1500);

    FILES("a.html", "{% include 'a.html' %}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(run(1000) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);

    FILES("a.html", "{% extends data %}");

    tpl_value_string(&data, (tpl_char_t *) "a.html", 6, TPL_F_ASCII);
    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(run(1000) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);
    tpl_value_int(&data, 7);

    FILES("a.html", "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}"
                    "{% endmacro %}{{ m(5) }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    conf.limits.depth = 7;
    start(tmpl);
    check(run(1000) == TPL_OK);
    conf.limits.depth = 6;
    start(tmpl);
    check(run(1000) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);
    conf.limits.depth = 0;

    /* steps: the same count however many turns there are */

    FILES("a.html", "{% for i in range(100) %}{{ i }}{% endfor %}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(run(1000000) == TPL_OK);
    steps = tpl_vm_steps(vm);

    for (conf.limits.steps = steps - 3; conf.limits.steps < steps + 3;
         conf.limits.steps++)
    {
        for (turns = 1; turns < 200; turns *= 3) {
            start(tmpl);
            rc = run(turns);

            check(rc == ((conf.limits.steps < steps) ? TPL_ERROR : TPL_OK));
            check(rc == TPL_OK || err.exc == TPL_EXC_LIMIT);
            check(tpl_vm_steps(vm) == tpl_min(steps, conf.limits.steps));
        }
    }

    conf.limits.steps = 0;

    /* what a builtin spends counts, and ends the turn */

    FILES("a.html", "{% set x = spend(5000) %}done");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    check(tpl_vm_run(vm, 100) == TPL_YIELD);
    check(tpl_vm_steps(vm) > 5000);
    check(tpl_vm_run(vm, 100) == TPL_OK);

    conf.limits.steps = 5000;
    start(tmpl);
    check(run(100) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);
    conf.limits.steps = 0;

    /* a callback is stopped too */

    FILES("a.html", "{% macro m(x) %}{% for i in range(1000000) %}"
                    "{% for i in range(1000000) %}{% endfor %}{% endfor %}"
                    "{% endmacro %}{{ twice(m, 1) }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    conf.limits.steps = 1000000;
    start(tmpl);
    check(run(100) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);
    conf.limits.steps = 0;

    /* bytes */

    FILES("a.html", "{% for i in range(100) %}0123456789{% endfor %}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    conf.limits.output = 1000;
    start(tmpl);
    check(run(1000) == TPL_OK);
    conf.limits.output = 999;
    start(tmpl);
    check(run(1000) == TPL_ERROR && err.exc == TPL_EXC_LIMIT);
    conf.limits.output = 0;
}


static void
test_block(void)
{
    tpl_str_t        s;
    tpl_template_t  *tmpl;

    static const tpl_str_t  x = tpl_string("x"), z = tpl_string("z");

    /* one block of a page, with what it inherits */

    FILES("a.html", "{% extends 'b' %}{% block x %}<{{ data }}{{ super() }}>"
                    "{% endblock %}{% block z %}{% endblock %}",
          "b", "page {% block x %}base{{ self.y() }}{% endblock %}"
               "{% block y %}!{% endblock %}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    conf.block = tpl_set_name(set, &x);
    start(tmpl);
    check(run(1) == TPL_OK);
    s = written();
    check(tpl_str_is(&s, "<7base!>"));

    conf.block = tpl_set_name(set, &z);
    start(tmpl);
    check(run(1) == TPL_OK && tpl_vm_output(vm)->len == 0);

    FILES("a.html", "{{ x }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    conf.block = tpl_set_name(set, &x);
    start(tmpl);
    check(run(1) == TPL_ERROR && err.exc == TPL_EXC_RUNTIME);
    check(tpl_str_is(&err.message, "template \"a.html\" has no block \"x\""));
    conf.block = NULL;
}


/* what is behind tpl_vm_settled() is never taken back */

static void
test_settled(void)
{
    size_t              i, n;
    tpl_int_t           rc;
    tpl_str_t           s;
    tpl_char_t          sent[512];
    tpl_template_t     *tmpl;
    tpl_output_mark_t   mark;

    FILES("a.html", "a{% set x %}b{{ 'c' }}{% filter upper %}d{% endfilter %}"
                    "{% endset %}e{{ x }}{% macro m() %}f{{ x }}{% endmacro %}"
                    "{{ m()|lower }}{{ m() }}{% import 'b' as b %}{{ b.v }}g",
          "b", "unseen{% set v = 1 %}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    start(tmpl);
    n = 0;

    do {
        rc = tpl_vm_run(vm, 1);
        tpl_vm_settled(vm, &mark);
        s = written();

        check(mark.len >= n && mark.len <= s.len);
        check(memcmp(sent, s.data, n) == 0);

        for (i = n; i < mark.len && i < sizeof(sent); i++) {
            sent[i] = s.data[i];
        }

        n = mark.len;

    } while (rc == TPL_YIELD);

    s = written();
    check(rc == TPL_OK && n == s.len);
    check(tpl_str_is(&s, "aebcDfbcdfbcD1g"));
}


/* instructions by hand: those that templates seldom need */

static tpl_insn_t   code[64];
static uint32_t     ncode;
static tpl_value_t  consts[8];


static void
emit(tpl_opcode_t op, uint32_t a, uint32_t b, uint32_t c)
{
    tpl_insn_t  i;

    i.op = (uint8_t) op;
    i.a = (uint8_t) a;
    i.b = (uint16_t) b;
    i.c = c;

    code[ncode++] = i;
}


static void
assemble(tpl_template_t *own, tpl_func_t *fn)
{
    FILES("a.txt", "x");

    *own = *compile(TPL_SYNTAX_TORNADO);

    memset(fn, 0, sizeof(tpl_func_t));

    fn->tmpl = own;
    fn->code = code;
    fn->ncode = ncode;
    fn->nslots = 4;
    fn->nstack = 16;
    fn->varargs = -1;
    fn->kwargs = -1;
    fn->caller = -1;

    own->root = fn;
    own->consts = consts;
    own->nconsts = tpl_nelts(consts);

    ncode = 0;
}


static tpl_str_t
assembled(void)
{
    tpl_func_t      fn;
    tpl_template_t  own;

    emit(TPL_INSN_RETURN, 0, 0, 0);
    assemble(&own, &fn);

    check(tpl_verify(&own, &fn, &err) == TPL_OK);

    start(&own);

    return (run(1) == TPL_OK) ? written() : err.message;
}


/* what the verifier says of the code */

static tpl_str_t
refused(uint32_t nstack)
{
    tpl_func_t      fn;
    tpl_template_t  own;

    assemble(&own, &fn);

    fn.nstack = nstack;

    check(tpl_verify(&own, &fn, &err) == TPL_ERROR);

    return err.message;
}


static void
test_instructions(void)
{
    uint32_t     i;
    tpl_str_t    s;
    tpl_list_t   list;
    tpl_value_t  items[5];

    for (i = 0; i < 5; i++) {
        tpl_value_int(&consts[i], i + 1);
        tpl_value_int(&items[i], i + 1);
    }

    list.items = items;
    list.n = 5;
    list.size = 5;
    tpl_value_tuple(&consts[5], &list);

    /* the stack */

    emit(TPL_INSN_CONST, 0, 0, 0);
    emit(TPL_INSN_CONST, 0, 0, 1);
    emit(TPL_INSN_CONST, 0, 0, 2);
    emit(TPL_INSN_ROT3, 0, 0, 0);               /* 3 1 2 */
    emit(TPL_INSN_DUP2, 0, 0, 0);               /* 3 1 2 1 2 */
    emit(TPL_INSN_NOP, 0, 0, 0);
    emit(TPL_INSN_ROT2, 0, 0, 0);               /* 3 1 2 2 1 */
    emit(TPL_INSN_BUILD_LIST, 0, 0, 5);
    emit(TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
    s = assembled();
    check(tpl_str_is(&s, "[3, 1, 2, 2, 1]"));

    /* a, *b, c = 1, 2, 3, 4, 5: the first comes off the stack first */

    emit(TPL_INSN_CONST, 0, 0, 5);
    emit(TPL_INSN_UNPACK, 1, 1, 1);
    emit(TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
    emit(TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
    emit(TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
    s = assembled();
    check(tpl_str_is(&s, "1[2, 3, 4]5"));

    /* an error inside of a capture goes on behind TRY, the capture is gone */

    tpl_value_string(&consts[6], (tpl_char_t *) "oh <no>", 7, TPL_F_ASCII);

    emit(TPL_INSN_CONST, 0, 0, 0);
    emit(TPL_INSN_TRY, 0, 0, 8);
    emit(TPL_INSN_CONST, 0, 0, 1);
    emit(TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
    emit(TPL_INSN_CAPTURE, 0, 0, 0);
    emit(TPL_INSN_TEXT, 0, 0, 0);
    emit(TPL_INSN_RAISE, TPL_EXC_VALUE, 0, 6);
    emit(TPL_INSN_CAPTURE_END, 0, 0, 0);
    emit(TPL_INSN_OUTPUT, TPL_OUT_ESCAPE, 0, 0);
    emit(TPL_INSN_OUTPUT, TPL_OUT_RAW, 0, 0);
    s = assembled();
    check(tpl_str_is(&s, "2oh &lt;no&gt;1"));

    /* raised again it is the same */

    emit(TPL_INSN_TRY, 0, 0, 4);
    emit(TPL_INSN_RAISE, TPL_EXC_KEY, 0, 6);
    emit(TPL_INSN_TRY_END, 0, 0, 0);
    emit(TPL_INSN_JUMP, 0, 0, 5);
    emit(TPL_INSN_RERAISE, 0, 0, 0);
    s = assembled();
    check(tpl_str_is(&s, "oh <no>") && err.exc == TPL_EXC_KEY);
}


/* code that no template is compiled to */

static void
test_verifier(void)
{
    tpl_str_t  s;

    s = refused(16);
    check(tpl_str_is(&s, "bad program: no code at instruction 0"));

    emit(TPL_INSN_POP, 0, 0, 0);
    s = refused(16);
    check(tpl_str_is(&s, "bad program: stack underflow at instruction 0"));

    emit(TPL_INSN_CONST, 0, 0, 0);
    s = refused(16);
    check(tpl_str_is(&s, "bad program: the code is left at its end at "
                         "instruction 0"));

    emit(TPL_INSN_CONST, 0, 0, 8);
    s = refused(16);
    check(tpl_str_is(&s, "bad program: operand out of range at instruction 0"));

    emit(TPL_INSN_CONST, 0, 0, 0);
    emit(TPL_INSN_JUMP_FALSE, 0, 0, 3);
    emit(TPL_INSN_CONST, 0, 0, 0);
    emit(TPL_INSN_RETURN, 0, 0, 0);
    s = refused(16);
    check(tpl_str_is(&s, "bad program: the stack differs between two ways at "
                         "instruction 3"));

    emit(TPL_INSN_LAST, 0, 0, 0);
    s = refused(16);
    check(tpl_str_is(&s, "bad program: no such opcode at instruction 0"));

    emit(TPL_INSN_CONST, 0, 0, 0);
    emit(TPL_INSN_POP, 0, 0, 0);
    emit(TPL_INSN_RETURN, 0, 0, 0);
    s = refused(0);
    check(tpl_str_is(&s, "bad program: 1 values on a stack of 0"));
}


/* what a template gives, or the error */

static tpl_str_t
page(tpl_template_t *tmpl)
{
    start(tmpl);

    return (run(1000000) == TPL_OK) ? written() : err.message;
}


/* items of every kind that a row writes, and of some that it does not */

static tpl_uint_t  rows_undefined;
static char        rows_text[512];

static const char  rows_data[] =
    "[1, \"<a & b>\", 2.5, null, true, -7, \"\", 0, [], \"x\","
    " {\"a\": 1, \"b\": \"two\", \"c\": 0, \"x\": 3.25},"
    " {\"a\": 0, \"b\": \"\", \"c\": \"yes\", \"x\": -1},"
    " {\"a\": \"1\", \"b\": \"<two>\", \"x\": null},"
    " {\"b\": \"two\", \"a\": 2.5, \"c\": [1], \"x\": \"y\"},"
    " {\"b\": {\"a\": 1}, \"a\": 0.0, \"c\": {}, \"x\": []},"
    " {}, \"last\"]";


/* the page of rows_data, fuel steps in a turn */

static tpl_str_t
rows_page(tpl_template_t *tmpl, int64_t fuel)
{
    tpl_str_t             text;
    static tpl_options_t  options;

    start(tmpl);

    options = *vm->exec.options;
    options.undefined = rows_undefined;
    vm->exec.options = &options;

    tpl_str_set(&text, rows_data);

    if (tpl_json_parse(&vm->exec, &text, 0, &data) != TPL_OK) {
        exit(2);
    }

    return (run(fuel) == TPL_OK) ? written() : err.message;
}


/* the same again by NEXT_STORE, whatever fuel and undefined are */

static void
rows_same(tpl_template_t *tmpl, tpl_insn_t *insn)
{
    uint32_t   i, undefined;
    uint64_t   steps;
    tpl_str_t  s, t;

    static const int64_t  fuels[] = { 1000000, 1, 2, 5, 17 };

    for (undefined = TPL_UNDEF_LENIENT; undefined <= TPL_UNDEF_DEBUG;
         undefined++)
    {
        rows_undefined = undefined;

        for (i = 0; i < tpl_nelts(fuels); i++) {
            insn->op = TPL_INSN_NEXT_ROWS;
            s = rows_page(tmpl, fuels[i]);
            steps = tpl_vm_steps(vm);
            s.data = (tpl_char_t *) strndup((char *) s.data, s.len);

            insn->op = TPL_INSN_NEXT_STORE;
            t = rows_page(tmpl, fuels[i]);

            check(tpl_vm_steps(vm) == steps);
            check(tpl_str_eq(&s, &t));

            free(s.data);
        }
    }

    insn->op = TPL_INSN_NEXT_ROWS;
    rows_undefined = TPL_UNDEF_LENIENT;
}


/* how often the page has what only rows have written */

static uint32_t
rows_marked(tpl_template_t *tmpl, tpl_rows_t *rows)
{
    uint32_t    k, n;
    size_t      i;
    tpl_str_t   s;

    for (k = 0; k < rows->n; k++) {
        if (rows->steps[k].len && rows->steps[k].text == NULL) {
            rows->steps[k].copy[0] = 1;
        }
    }

    s = rows_page(tmpl, 1000000);
    n = 0;

    for (i = 0; i < s.len; i++) {
        n += (s.data[i] == 1);
    }

    return n;
}


/*
 * A loop that only writes is one superinstruction: it writes what the
 * instructions do, and takes as many steps.
 */

static void
test_rows(void)
{
    uint32_t         i, k, n;
    tpl_func_t      *fn;
    tpl_insn_t      *insn;
    tpl_template_t  *tmpl;

    /* a loop, and how many of its texts rows write for the data above */

    static const struct {
        const char  *loop;
        uint32_t     written;
    } loops[] = {

        { "<td>{{ v }}</td>", 16 },
        { "<td>{{ v }}", 8 },
        { "{{ v }}</td>{{ v }} {{ v }};", 24 },
        { "<li>{{ v }}{{ v }}</li>", 16 },
        { "only a text of more than sixteen bytes; {{ v }};", 8 },
        { "{% if v %}{{ v }} {% endif %}", 6 },
        { "{% if not v %}-{% endif %}.", 22 },
        { "{% if v == 1 %}one{% elif v == 'x' %}x{% else %}?{% endif %}", 9 },
        { "{% if v != 2.5 %}not {% endif %}half;", 17 },
        { "{{ '<' if v else '>' }};", 17 },
        { "{% if v and data %}a{% endif %}{% if v or data %}b{% endif %}"
          "{% if not (v and not data) or v %}c{% endif %}", 46 },
        { "{{ v.a }}", 0 },
        { "<{{ v.a }}|{{ v.b }}>", 15 },
        { "{% if v.a %}{{ v.a }}, {% endif %}{{ v.b }};", 8 },
        { "{% if v.c %}({{ v.c }}){% endif %}{% if v.a == 1 %}!{% endif %};",
          7 },
        { "{% if v.a and v.c or v.b %}{% if v.x == -1 %}+{% else %}-{% endif %}"
          "{% else %}0{% endif %};", 10 },
        { "{{ v.b if v.a else 'none' }};", 6 },
        { "{% if v.a %}{% continue %}{% endif %};", 3 },
        { "{% if v.no %}never{% endif %};", 6 },

        /* no rows: nothing to write, something else to do, too many steps */

        { "", 0 },
        { "{{ loop.index }};{{ v|upper }}", 0 },
        { "{% set x = v %}{{ x }};", 0 },
        { "{% for w in v %}{{ w }}{% endfor %};{{ v }}", 0 },
        { "{% if v %}{% break %}{% endif %};", 0 },
        { "{{ v }}1{{ v }}2{{ v }}3{{ v }}4{{ v }}5{{ v }}6{{ v }}7{{ v }}8"
          "{{ v }}9{{ v }}0{{ v }}1{{ v }}2{{ v }}3{{ v }}4{{ v }}5{{ v }}6"
          "{{ v }}7{{ v }}8{{ v }}9{{ v }}0{{ v }}1{{ v }}2{{ v }}3{{ v }}4",
          0 }
    };

    for (k = 0; k < tpl_nelts(loops); k++) {
        (void) snprintf(rows_text, sizeof(rows_text),
                        "-{%% for v in data %%}%s{%% endfor %%}",
                        loops[k].loop);

        memset(files, 0, sizeof(files));
        files[0] = "a.html";
        files[1] = rows_text;

        tmpl = compile(TPL_SYNTAX_JINJA);
        fn = tmpl->root;
        n = 0;

        for (i = 0; i < fn->ncode; i++) {
            insn = &fn->code[i];

            if (insn->op == TPL_INSN_NEXT_ROWS) {
                rows_same(tmpl, insn);
                n += rows_marked(tmpl, fn->rows[insn->a]);
            }
        }

        if (n != loops[k].written) {
            printf("# %s: %u written by rows\n", rows_text, (unsigned) n);
        }

        check(n == loops[k].written);
    }

    tpl_value_int(&data, 7);
}


/*
 * What only compiling needs goes when it is done.  A set may be asked for more
 * then, also for what stands on a file that it has compiled before.
 */

static void
test_settle(void)
{
    size_t           all, kept;
    tpl_str_t        name, s;
    tpl_template_t  *one, *two;

    FILES("one.html", "{% extends \"layout.html\" %}"
                      "{% block main %}"
                      "one {{ [1, 2, \"\\u00e9\"][n] }}{% end %}",
          "two.html", "{% extends \"layout.html\" %}"
                      "{% block main %}two {% end %}",
          "layout.html", "<html>{% set n = 2 %}\n\n  {% if n > 1 %}"
                         "{% block main %}{% end %}{% end %}</html>");

    (void) compile(TPL_SYNTAX_TORNADO);
    all = tpl_arena_size(compiled);

    work = tpl_arena_create(&tpl_map_allocator, 65536, 0);

    one = compile(TPL_SYNTAX_TORNADO);
    kept = tpl_arena_size(compiled);

    tpl_set_settle(set);
    tpl_arena_destroy(work);
    work = NULL;

    check(kept < all);

    s = page(one);
    check(tpl_str_is(&s, "<html>\none \xc3\xa9</html>"));

    tpl_str_set(&name, "two.html");
    check(tpl_set_compile(set, &name, &two, &err) == TPL_OK);

    s = page(two);
    check(tpl_str_is(&s, "<html>\ntwo </html>"));

    /* and is done a second time */

    tpl_set_settle(set);

    s = page(one);
    check(tpl_str_is(&s, "<html>\none \xc3\xa9</html>"));
}


/*
 * What a specialized page takes for builtin functions is remembered by the
 * set's own names, also if nothing but a function has asked for one.
 */

static void
test_special_names(void)
{
    uint32_t               i;
    tpl_template_t        *tmpl;
    const tpl_special_t   *special;

    FILES("page.html", "{{ resolve('range') is callable }} {{ x }}");

    tmpl = compile(TPL_SYNTAX_JINJA);
    check(tpl_vm_specialize(tmpl, &err) == TPL_OK);

    special = tmpl->special;
    check(special != NULL && special->nbuiltins > 0);

    for (i = 0; special && i < special->nbuiltins; i++) {
        check(tpl_set_name(set, &special->builtins[i]->str)
              == special->builtins[i]);
    }
}


/* a text stands once in a set, however many programs have it */

static void
test_texts(void)
{
    tpl_str_t        name;
    tpl_template_t  *one, *two;

    FILES("one.html", "<i>{{ data }}</i>  <b>\n\n</b>",
          "two.html", "<p>{{ data }}</i>  <b>\n\n</b>");

    one = compile(TPL_SYNTAX_TORNADO);

    tpl_str_set(&name, "two.html");
    check(tpl_set_compile(set, &name, &two, &err) == TPL_OK);

    check(one->ntexts == 2 && two->ntexts == 2);
    check(one->texts[0].str.data != two->texts[0].str.data);
    check(one->texts[1].str.data == two->texts[1].str.data);
    check(tpl_str_is(&two->texts[1].str, "</i> <b>\n</b>"));
}


/* what is compiled later into a set is as pure as what it links to */

static void
test_purity(void)
{
    tpl_str_t        name, text;
    tpl_template_t  *pure, *impure, *later, *from_text;

    FILES("inner.html", "{{ [1, 2]|random }}",
          "plain.html", "{{ x }}",
          "outer.html", "{% include 'middle.html' %}",
          "middle.html", "{% include 'inner.html' %}");

    impure = compile(TPL_SYNTAX_JINJA);

    tpl_str_set(&name, "plain.html");
    check(tpl_set_compile(set, &name, &pure, &err) == TPL_OK);

    tpl_str_set(&name, "outer.html");
    check(tpl_set_compile(set, &name, &later, &err) == TPL_OK);

    tpl_str_set(&name, "text");
    tpl_str_set(&text, "{% extends 'middle.html' %}");
    check(tpl_set_compile_text(set, &name, &text, &from_text, &err) == TPL_OK);

    check((impure->flags & TPL_TEMPLATE_IMPURE) != 0);
    check((pure->flags & TPL_TEMPLATE_IMPURE) == 0);
    check((later->flags & TPL_TEMPLATE_IMPURE) != 0);
    check((from_text->flags & TPL_TEMPLATE_IMPURE) != 0);
}


int
main(void)
{
    tpl_hash_init();

    test_host();
    test_context_functions();
    test_late();
    test_nested_calls();
    test_places();
    test_limits();
    test_block();
    test_settled();
    test_instructions();
    test_verifier();
    test_purity();
    test_rows();
    test_settle();
    test_special_names();
    test_texts();

    tpl_arena_destroy(arena);
    tpl_arena_destroy(compiled);

    printf("%u passed, %u failed\n", checks - failed, failed);

    return failed != 0;
}
