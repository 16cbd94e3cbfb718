
/*
 * What rendering costs without a server: each workload N times through the
 * engine, as the nginx handler runs it (arena from a cache of pages, VM, run,
 * hash of the output), and by C written by hand for that page alone, which
 * builds the same bytes in a buffer.
 *
 *     render TEMPLATES BENCH_TEMPLATES [-n LOOPS] [-r ROUNDS] [-o FILE] [-p]
 *            [WORKLOAD]
 *
 * The runs are interleaved; the least and the median of ROUNDS are printed.
 * With -r 0 one workload is rendered LOOPS times and nothing is measured, for
 * perf and callgrind.  With -o its output is written, to compare it; with -p
 * templates are not specialized.
 */

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/tpl_number.h"
#include "builtins/tpl_builtins.h"
#include "program/tpl_program.h"
#include "value/tpl_json.h"
#include "vm/tpl_vm.h"


#define BENCH_PAGE    16384     /* as NGX_HTTP_TPL_ARENA_PAGE */
#define BENCH_ROUNDS  101
#define BENCH_OUT     (1024 * 1024)


typedef struct {
    const char          *name;
    const char          *what;
    const char          *template;
    const char          *json;          /* data, or NULL */
    tpl_uint_t           parse;         /* at each render */
    size_t             (*by_hand)(tpl_char_t *out);
    unsigned             loops;
    tpl_template_t      *tmpl;
    tpl_str_t            text;          /* of json */
    tpl_value_t          data;
} bench_work_t;


typedef struct {
    tpl_set_t           *set;
    const bench_work_t  *work;
    tpl_value_t          values[4];     /* of names[] */
} bench_host_t;


static size_t bench_table(tpl_char_t *out);
static size_t bench_fortunes(tpl_char_t *out);
static size_t bench_list(tpl_char_t *out);


static bench_work_t  works[] = {

    { "W1", "page of 30 kB", "main_j2.html",
      "{\"title\": \"home\", \"messages\": \"Tom & Jerry\"}", 0, NULL, 2000,
      NULL, { 0, NULL }, { 0 } },

    { "W2", "1,000 rows of 10 cells", "table.html", NULL, 0, bench_table, 20,
      NULL, { 0, NULL }, { 0 } },

    { "W3", "12 fortunes, sorted", "fortunes.html", NULL, 0, bench_fortunes,
      5000, NULL, { 0, NULL }, { 0 } },

    { "W5", "300 objects of JSON, parsed", "list.html", NULL, 1, bench_list,
      100, NULL, { 0, NULL }, { 0 } },

    { NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, { 0, NULL }, { 0 } }
};


static const char *const  fortunes[] = {
    "fortune: No such file or directory",
    "A computer scientist is someone who fixes things that aren't broken.",
    "After enough decimal places, nobody gives a damn.",
    "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    "A computer program does what you tell it to do, not what you want it to "
    "do.",
    "Emacs is a nice operating system, but I prefer UNIX. \xe2\x80\x94 Tom "
    "Christaensen",
    "Any program that runs right is obsolete.",
    "A list is only as strong as its weakest link. \xe2\x80\x94 Donald Knuth",
    "Feature: A bug with seniority.",
    "Computers make very fast, very accurate mistakes.",
    "<script>alert(\"This should not be displayed in a browser alert box.\");"
    "</script>",
    "\xe3\x83\x95\xe3\x83\xac\xe3\x83\xbc\xe3\x83\xa0\xe3\x83\xaf\xe3\x83\xbc"
    "\xe3\x82\xaf\xe3\x81\xae\xe3\x83\x99\xe3\x83\xb3\xe3\x83\x81\xe3\x83\x9e"
    "\xe3\x83\xbc\xe3\x82\xaf"
};


static tpl_arena_t     *setup;
static tpl_exec_t       exec;
static tpl_error_t      error;
static bench_host_t     host;
static const char      *roots[2];
static tpl_str_t        names[4];
static const tpl_name_t *interned[4];
static tpl_str_t        head, tail;     /* of the table's page */


/* pages: as nginx/ngx_http_tpl_pages.c */

typedef struct bench_free_s  bench_free_t;

struct bench_free_s {
    bench_free_t        *next;
};

static bench_free_t     *free_pages;
static unsigned          allocations;


static void *
bench_alloc(void *data, size_t size)
{
    size_t  *p;

    (void) data;

    if (size == BENCH_PAGE && free_pages) {
        p = (size_t *) free_pages;
        free_pages = free_pages->next;
        return p;
    }

    allocations++;
    p = malloc(size + 16);

    if (p == NULL) {
        return NULL;
    }

    p[0] = size;

    return p + 2;
}


static void
bench_release(void *data, void *p)
{
    bench_free_t  *page;

    (void) data;

    if (((size_t *) p)[-2] == BENCH_PAGE) {
        page = p;
        page->next = free_pages;
        free_pages = page;
        return;
    }

    free((size_t *) p - 2);
}


static const tpl_allocator_t  allocator = { bench_alloc, bench_release, NULL };


static void
bench_fail(const char *what)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, setup);

    (void) tpl_error_format(&error, &b, 0);

    fprintf(stderr, "render: %s\n%.*s\n", what, (int) b.len, b.data);

    exit(1);
}


/* the host */

static tpl_int_t
bench_lookup(tpl_exec_t *e, const tpl_name_t *name, tpl_value_t *out)
{
    unsigned             i;
    const bench_host_t  *h;

    h = e->host;

    for (i = 0; i < 4; i++) {
        if (name == interned[i] && h->values[i].type != TPL_MISSING) {
            *out = h->values[i];
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


static const tpl_host_t  bench_host = { .lookup = bench_lookup };


static tpl_int_t
bench_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    FILE    *f;
    char     path[512];
    size_t   n;

    (void) data;

    for (n = 0; n < 2; n++) {
        snprintf(path, sizeof(path), "%s/%.*s", roots[n], (int) name->len,
                 name->data);

        f = fopen(path, "rb");

        if (f) {
            source->text.data = tpl_palloc(arena, 1024 * 1024);
            source->text.len = fread(source->text.data, 1, 1024 * 1024, f);
            fclose(f);

            return TPL_OK;
        }
    }

    (void) err;

    return TPL_DECLINED;
}


/* one render; with out the bytes go there */

static size_t
bench_render(bench_work_t *w, tpl_char_t *out)
{
    size_t           len;
    uint32_t         i;
    tpl_vm_t        *vm;
    tpl_exec_t      *e;
    tpl_error_t     *err;
    tpl_arena_t     *arena;
    tpl_output_t    *o;
    tpl_vm_conf_t    conf;
    volatile uint64_t  hash;

    arena = tpl_arena_create(&allocator, BENCH_PAGE, 128 * 1024 * 1024);
    err = tpl_palloc(arena, sizeof(tpl_error_t));

    tpl_error_init(err, arena);

    memset(&conf, 0, sizeof(tpl_vm_conf_t));

    conf.arena = arena;
    conf.error = err;
    conf.host = &bench_host;
    conf.host_data = &host;
    conf.limits.steps = 100000000;
    conf.limits.output = 64 * 1024 * 1024;
    conf.limits.depth = TPL_DEFAULT_DEPTH;

    vm = tpl_vm_create(w->tmpl, &conf);

    if (w->parse) {
        e = tpl_vm_exec(vm);

        if (tpl_json_parse(e, &w->text, 0, &host.values[3]) != TPL_OK) {
            error = *err;
            bench_fail(w->name);
        }
    }

    if (tpl_vm_run(vm, INT64_MAX / 2) != TPL_OK) {
        error = *err;
        bench_fail(w->name);
    }

    o = tpl_vm_output(vm);
    hash = tpl_output_hash(o);
    (void) hash;
    len = o->len;

    if (out) {
        for (i = 0; i < o->n; i++) {
            memcpy(out, o->segments[i].data, o->segments[i].len);
            out += o->segments[i].len;
        }
    }

    tpl_arena_destroy(arena);

    return len;
}


/* the pages by hand */

#define put(p, s)  (memcpy(p, s, sizeof(s) - 1), (p) + sizeof(s) - 1)


static inline tpl_char_t *
bench_escape(tpl_char_t *p, const tpl_char_t *s, size_t len)
{
    const tpl_char_t  *last;

    for (last = s + len; s < last; s++) {
        switch (*s) {

        case '&':
            p = put(p, "&amp;");
            break;

        case '<':
            p = put(p, "&lt;");
            break;

        case '>':
            p = put(p, "&gt;");
            break;

        case '"':
            p = put(p, "&#34;");
            break;

        case '\'':
            p = put(p, "&#39;");
            break;

        default:
            *p++ = *s;
        }
    }

    return p;
}


static inline tpl_char_t *
bench_int(tpl_char_t *p, int64_t n)
{
    uint64_t    u;
    tpl_char_t  digits[20], *d;

    u = (uint64_t) n;

    if (n < 0) {
        *p++ = '-';
        u = -u;
    }

    d = digits + 20;

    do {
        *--d = (tpl_char_t) ('0' + u % 10);
        u /= 10;
    } while (u);

    memcpy(p, d, (size_t) (digits + 20 - d));

    return p + (digits + 20 - d);
}


static inline tpl_char_t *
bench_value(tpl_char_t *p, const tpl_value_t *v)
{
    if (v->type == TPL_INT) {
        return bench_int(p, v->u.i);
    }

    return bench_escape(p, v->u.s, v->len);
}


static size_t
bench_table(tpl_char_t *out)
{
    uint32_t           r, c;
    tpl_char_t        *p;
    const tpl_list_t  *rows, *row;

    memcpy(out, head.data, head.len);
    p = out + head.len;
    rows = host.values[2].u.list;

    for (r = 0; r < rows->n; r++) {
        row = rows->items[r].u.list;
        p = put(p, "\n<tr>");

        for (c = 0; c < row->n; c++) {
            p = put(p, "<td>");
            p = bench_value(p, &row->items[c]);
            p = put(p, "</td>");
        }

        p = put(p, "</tr>");
    }

    memcpy(p, tail.data, tail.len);

    return (size_t) (p + tail.len - out);
}


static int
bench_by_message(const void *a, const void *b)
{
    int                 n;
    const tpl_value_t  *one, *two;

    one = &((const tpl_value_t *const *) a)[0][1];
    two = &((const tpl_value_t *const *) b)[0][1];

    n = memcmp(one->u.s, two->u.s, tpl_min(one->len, two->len));

    return n ? n : (int) one->len - (int) two->len;
}


static size_t
bench_fortunes(tpl_char_t *out)
{
    unsigned             i, k;
    tpl_char_t          *p;
    tpl_dict_t          *d;
    const tpl_list_t    *list;
    const tpl_value_t   *v;
    tpl_value_t          row[12][2];
    const tpl_value_t   *order[12];

    p = put(out, "<!DOCTYPE html>\n<html>\n<head><title>Fortunes</title></head>"
                 "\n<body>\n<table>\n<tr><th>id</th><th>message</th></tr>\n");

    list = host.values[2].u.list;

    for (i = 0; i < 12; i++) {
        d = list->items[i].u.dict;
        row[i][0] = d->entries[0].value;
        row[i][1] = d->entries[1].value;

        for (k = i; k && bench_by_message(&order[k - 1],
                             &(const tpl_value_t *) { row[i] }) > 0; k--)
        {
            order[k] = order[k - 1];
        }

        order[k] = row[i];
    }

    for (i = 0; i < 12; i++) {
        v = order[i];
        p = put(p, "<tr><td>");
        p = bench_int(p, v[0].u.i);
        p = put(p, "</td><td>");
        p = bench_escape(p, v[1].u.s, v[1].len);
        p = put(p, "</td></tr>\n");
    }

    p = put(p, "</table>\n</body>\n</html>");

    return (size_t) (p - out);
}


/* the parse is the engine's here too: what is compared is the rendering */

static size_t
bench_list(tpl_char_t *out)
{
    uint32_t           i;
    tpl_char_t        *p;
    tpl_arena_t       *arena;
    tpl_value_t        v;
    const tpl_list_t  *list;

    const tpl_dict_entry_t  *e;

    arena = tpl_arena_create(&allocator, BENCH_PAGE, 0);
    exec.arena = arena;

    (void) tpl_json_parse(&exec, &works[3].text, 0, &v);

    list = v.u.list;

    p = put(out, "<!doctype html>\n<title>");
    p = bench_int(p, list->n);
    p = put(p, " items</title>\n<ul>\n");

    for (i = 0; i < list->n; i++) {
        e = list->items[i].u.dict->entries;
        p = put(p, "<li id=\"i");
        p = bench_value(p, &e[0].value);
        p = put(p, "\"><b>");
        p = bench_value(p, &e[1].value);
        p = put(p, "</b> ");
        p = bench_value(p, &e[2].value);
        p = put(p, ", ");
        p = tpl_format_float(p, e[3].value.u.d);

        if (e[4].value.u.i) {
            p = put(p, " (");
            p = bench_value(p, &e[4].value);
            p = put(p, " left)");
        }

        p = put(p, "</li>\n");
    }

    p = put(p, "</ul>");

    tpl_arena_destroy(arena);
    exec.arena = setup;

    return (size_t) (p - out);
}


/* data */

static void
bench_json(bench_work_t *w, const char *text, size_t len)
{
    w->text.data = (tpl_char_t *) text;
    w->text.len = len;

    if (tpl_json_parse(&exec, &w->text, 0, &w->data) != TPL_OK) {
        bench_fail(w->name);
    }
}


static void
bench_data(void)
{
    unsigned   i, k;
    tpl_buf_t  b;

    bench_json(&works[0], works[0].json, strlen(works[0].json));

    tpl_buf_init(&b, setup);
    tpl_buf_lit(&b, "[");

    for (i = 0; i < 1000; i++) {
        tpl_buf_printf(&b, "%s[", i ? ", " : "");

        for (k = 0; k < 10; k++) {
            if (k & 1) {
                tpl_buf_printf(&b, ", \"%s %u\"",
                               (k == 5) ? "Tom & Jerry" : "a cell", i * k);
            } else {
                tpl_buf_printf(&b, "%s%u", k ? ", " : "", i * 7919 + k);
            }
        }

        tpl_buf_lit(&b, "]");
    }

    tpl_buf_lit(&b, "]");
    bench_json(&works[1], (char *) b.data, b.len);

    tpl_buf_init(&b, setup);
    tpl_buf_lit(&b, "[");

    for (i = 0; i < 12; i++) {
        tpl_buf_printf(&b, "%s{\"id\": %u, \"message\": \"", i ? ", " : "",
                       i + 1);

        for (k = 0; fortunes[i][k]; k++) {
            if (fortunes[i][k] == '"') {
                tpl_buf_char(&b, '\\');
            }

            tpl_buf_char(&b, (tpl_char_t) fortunes[i][k]);
        }

        tpl_buf_lit(&b, "\"}");
    }

    tpl_buf_lit(&b, "]");
    bench_json(&works[2], (char *) b.data, b.len);

    tpl_buf_init(&b, setup);
    tpl_buf_lit(&b, "[");

    for (i = 0; i < 300; i++) {
        tpl_buf_printf(&b, "%s{\"id\": %u, \"name\": \"Room <%u> & board\", "
                       "\"city\": \"Maren on the lake\", \"price\": %u.%u, "
                       "\"stock\": %u}", i ? ", " : "", i + 1, i * 17,
                       40 + i % 90, 1 + i % 9, i % 4);
    }

    tpl_buf_lit(&b, "]");
    bench_json(&works[3], (char *) b.data, b.len);
}


static void
bench_select(bench_work_t *w)
{
    memset(host.values, 0, sizeof(host.values));

    host.work = w;

    if (w->json) {
        host.values[0] = w->data.u.dict->entries[0].value;
        host.values[1] = w->data.u.dict->entries[1].value;

    } else if (w == &works[3]) {
        host.values[3] = w->data;

    } else {
        host.values[2] = w->data;
    }
}


static double
bench_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec * 1e9 + (double) ts.tv_nsec;
}


static int
bench_compare(const void *a, const void *b)
{
    double  d;

    d = *(const double *) a - *(const double *) b;

    return (d > 0) - (d < 0);
}


static void
bench_measure(bench_work_t *w, unsigned rounds, tpl_char_t *out)
{
    double         start, engine[BENCH_ROUNDS], hand[BENCH_ROUNDS];
    unsigned       i, k;
    size_t         len;

    bench_select(w);

    len = bench_render(w, NULL);
    allocations = 0;

    for (i = 0; i < rounds; i++) {
        start = bench_now();

        for (k = 0; k < w->loops; k++) {
            (void) bench_render(w, NULL);
        }

        engine[i] = (bench_now() - start) / w->loops;

        if (w->by_hand == NULL) {
            continue;
        }

        start = bench_now();

        for (k = 0; k < w->loops; k++) {
            (void) w->by_hand(out);
        }

        hand[i] = (bench_now() - start) / w->loops;
    }

    qsort(engine, rounds, sizeof(double), bench_compare);

    printf("%s  %-28s %7lu bytes  %9.0f ns (median %.0f)", w->name, w->what,
           (unsigned long) len, engine[0], engine[rounds / 2]);

    if (w->by_hand) {
        qsort(hand, rounds, sizeof(double), bench_compare);

        printf("  by hand %8.0f ns (median %.0f)  ratio %.2f", hand[0],
               hand[rounds / 2], engine[0] / hand[0]);
    }

    if (allocations) {
        printf("  %u malloc()s", allocations);
    }

    printf("\n");
}


/* what both write must be the same */

static void
bench_check(bench_work_t *w, tpl_char_t *out, const char *file)
{
    FILE        *f;
    size_t       len;
    tpl_char_t  *hand, *mark;

    bench_select(w);

    len = bench_render(w, out);

    if (file) {
        f = fopen(file, "wb");

        if (f == NULL || fwrite(out, 1, len, f) != len || fclose(f) != 0) {
            fprintf(stderr, "render: cannot write %s\n", file);
            exit(1);
        }
    }

    if (w->by_hand == NULL) {
        return;
    }

    if (w == &works[1]) {
        mark = memmem(out, len, "\n<table>", 8);
        head.data = out;
        head.len = (size_t) (mark + 8 - out);
        mark = memmem(out, len, "\n</table>", 9);
        tail.data = mark;
        tail.len = (size_t) (out + len - mark);
        (void) tpl_pstrdup(setup, &head, head.data, head.len);
        (void) tpl_pstrdup(setup, &tail, tail.data, tail.len);
    }

    hand = out + BENCH_OUT;

    if (w->by_hand(hand) != len || memcmp(out, hand, len) != 0) {
        fprintf(stderr, "render: %s is not what is written by hand\n",
                w->name);
        exit(1);
    }
}


int
main(int argc, char **argv)
{
    int              i;
    unsigned         loops, rounds, plain, k;
    tpl_char_t      *out;
    const char      *only, *file;
    bench_work_t    *w;
    tpl_str_t        name;
    tpl_set_conf_t   conf;
    tpl_builtins_t  *builtins;

    static const char *const  data[] = {
        "title", "messages", "table", "items"
    };

    if (argc < 3) {
        fprintf(stderr, "usage: render TEMPLATES BENCH_TEMPLATES [-n LOOPS] "
                        "[-r ROUNDS] [-o FILE] [-p] [WORKLOAD]\n");
        return 2;
    }

    roots[0] = argv[1];
    roots[1] = argv[2];
    loops = 0;
    rounds = 31;
    plain = 0;
    only = NULL;
    file = NULL;

    for (i = 3; i < argc; i++) {

        if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
            loops = (unsigned) atoi(argv[++i]);

        } else if (strcmp(argv[i], "-r") == 0 && i + 1 < argc) {
            rounds = (unsigned) atoi(argv[++i]);
            rounds = tpl_min(rounds, BENCH_ROUNDS);

        } else if (strcmp(argv[i], "-p") == 0) {
            plain = 1;

        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            file = argv[++i];

        } else {
            only = argv[i];
        }
    }

    tpl_hash_init();

    setup = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);
    tpl_error_init(&error, setup);

    builtins = tpl_builtins_create(setup);
    (void) tpl_builtins_register(builtins);

    memset(&conf, 0, sizeof(tpl_set_conf_t));

    conf.arena = setup;
    conf.builtins = builtins;
    conf.loader.load = bench_load;
    conf.autoescape = TPL_AUTOESCAPE_AUTO;
    tpl_syntax_init(&conf.syntax, TPL_SYNTAX_JINJA);
    conf.options.newline_sequence = conf.syntax.newline_sequence;

    host.set = tpl_set_create(&conf);

    exec.arena = setup;
    exec.error = &error;
    exec.options = &conf.options;
    exec.builtins = builtins;
    exec.fuel = INT64_MAX;

    out = malloc(2 * BENCH_OUT);

    bench_data();

    for (w = works; w->name; w++) {
        name.data = (tpl_char_t *) w->template;
        name.len = strlen(w->template);

        if (tpl_set_compile(host.set, &name, &w->tmpl, &error) != TPL_OK
            || (!plain && tpl_vm_specialize(w->tmpl, &error) != TPL_OK))
        {
            bench_fail(w->name);
        }
    }

    for (w = works; w->name; w++) {

        if (only && strcmp(only, w->name) != 0) {
            continue;
        }

        for (k = 0; k < 4; k++) {
            names[k].data = (tpl_char_t *) data[k];

            if (k == 2 && w == &works[2]) {
                names[k].data = (tpl_char_t *) "fortunes";
            }

            names[k].len = strlen((char *) names[k].data);
            interned[k] = tpl_set_intern(host.set, &names[k]);
        }

        bench_check(w, out, file);

        if (loops) {
            w->loops = loops;
        }

        if (rounds) {
            bench_measure(w, rounds, out);
            continue;
        }

        for (k = 0; k < w->loops; k++) {
            (void) bench_render(w, NULL);
        }
    }

    return 0;
}
