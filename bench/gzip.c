
/*
 * What compressing costs: the pages of the benchmarks by our encoder and by
 * zlib, which is what nginx's gzip filter runs.
 *
 *     gzip [-r ROUNDS]      from the folder of the project
 *
 * For each page the least time of ROUNDS, in microseconds, and the bytes.  The
 * model knows the template alone, no value of the page.
 */

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/tpl_cli.h"


#define BENCH_MAX  (4 * 1024 * 1024)


typedef struct {
    const char  *name;
    const char  *template;
    const char  *data;
    unsigned     loops;
} bench_work_t;


static const char  fortunes[] =
    "{\"messages\": \"whatever\", \"fortunes\": ["
    "{\"id\": 1, \"message\": \"fortune: No such file or directory\"},"
    "{\"id\": 2, \"message\": \"A computer scientist is someone who fixes "
    "things that aren't broken.\"},"
    "{\"id\": 3, \"message\": \"After enough decimal places, nobody gives a "
    "damn.\"},"
    "{\"id\": 4, \"message\": \"A bad random number generator: 1, 1, 1, 1, 1, "
    "4.33e+67, 1, 1, 1\"},"
    "{\"id\": 5, \"message\": \"A computer program does what you tell it to "
    "do, not what you want it to do.\"},"
    "{\"id\": 6, \"message\": \"Emacs is a nice operating system, but I "
    "prefer UNIX. - Tom & Jerry\"},"
    "{\"id\": 7, \"message\": \"Any program that runs right is obsolete.\"},"
    "{\"id\": 8, \"message\": \"A list is only as strong as its weakest link. "
    "- Donald Knuth\"},"
    "{\"id\": 9, \"message\": \"Feature: A bug with seniority.\"},"
    "{\"id\": 10, \"message\": \"Computers make very fast, very accurate "
    "mistakes.\"},"
    "{\"id\": 11, \"message\": \"<script>alert('This is not shown in a "
    "box.');</script>\"}]}";


static const bench_work_t  works[] = {
    { "W1  page of 30 kB", "main_j2.html",
      "{\"title\": \"home\", \"messages\": \"whatever\"}", 200 },
    { "W2  1,000 rows of 10", "table.html", NULL, 10 },
    { "W3  12 fortunes", "fortunes_request.html", fortunes, 2000 },
    { NULL, NULL, NULL, 0 }
};


static tpl_char_t   plain[BENCH_MAX], packed[BENCH_MAX], again[BENCH_MAX];


/* a render's pages come from those of the one before */

static tpl_char_t   pool[BENCH_MAX];
static size_t       taken;


static void *
pool_alloc(void *data, size_t size)
{
    void  *p;

    (void) data;

    if (size > BENCH_MAX - taken) {
        return NULL;
    }

    p = pool + taken;
    taken += (size + 15) & ~15;

    return p;
}


static void
pool_free(void *data, void *p)
{
    (void) data;
    (void) p;
}


static const tpl_allocator_t  pool_allocator = {
    .alloc = pool_alloc,
    .free = pool_free
};


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}


static void
fail(const char *what)
{
    fprintf(stderr, "gzip: %s\n", what);
    exit(1);
}


static void
table(tpl_buf_t *b)
{
    int  i, j;

    static const char *const  names[] = {
        "Heron", "Kingfisher", "Swallow", "Owl's nest", "Bed & breakfast",
        "Lake view", "Grass < hay", "Caf\xc3\xa9", "Towel", "Rowing boat"
    };

    tpl_buf_lit(b, "{\"messages\": \"whatever\", \"title\": \"prices\", "
                   "\"table\": [");

    for (i = 0; i < 1000; i++) {
        tpl_buf_printf(b, "%s[", i ? "," : "");

        for (j = 0; j < 10; j++) {
            if (j % 2 == 0) {
                tpl_buf_printf(b, "%s%d", j ? "," : "", i * 37 + j * 1009);

            } else {
                tpl_buf_printf(b, ",\"%s %d\"", names[(i + j) % 10], i);
            }
        }

        tpl_buf_lit(b, "]");
    }

    tpl_buf_lit(b, "]}");
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

    return n;
}


/* as nginx's filter: a new stream for each response */

static size_t
zlib(int level, size_t len)
{
    size_t    n;
    z_stream  z;

    memset(&z, 0, sizeof(z_stream));

    if (deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY)
        != Z_OK)
    {
        fail("deflateInit2");
    }

    z.next_in = plain;
    z.avail_in = len;
    z.next_out = packed;
    z.avail_out = BENCH_MAX;

    deflate(&z, Z_FINISH);
    n = z.total_out;
    deflateEnd(&z);

    return n;
}


static size_t
unpacked(size_t len)
{
    z_stream  z;

    memset(&z, 0, sizeof(z_stream));

    if (inflateInit2(&z, 31) != Z_OK) {
        fail("inflateInit2");
    }

    z.next_in = packed;
    z.avail_in = len;
    z.next_out = again;
    z.avail_out = BENCH_MAX;

    if (inflate(&z, Z_FINISH) != Z_STREAM_END || z.avail_in) {
        fail("inflate");
    }

    inflateEnd(&z);

    return z.total_out;
}


static void
work(const bench_work_t *w, tpl_arena_t *forever, tpl_cli_t *cli,
    tpl_set_t *set, unsigned rounds)
{
    double             t, ours, least, model_time;
    size_t             n, len;
    unsigned           r, i, k;
    tpl_vm_t          *vm;
    tpl_str_t          name, text;
    tpl_buf_t          b;
    tpl_exec_t         exec;
    tpl_gzip_t        *gz;
    tpl_error_t        err;
    tpl_arena_t       *arena;
    tpl_value_t        v;
    tpl_output_t      *page, out;
    tpl_vm_conf_t      conf;
    tpl_cli_host_t     host;
    tpl_template_t    *tmpl;
    tpl_gzip_model_t  *model;

    static const int   levels[] = { 1, 6, 9 };

    tpl_error_init(&err, forever);
    tpl_cli_exec_init(&exec, forever, &err, cli->builtins);

    tpl_buf_init(&b, forever);

    if (w->data) {
        tpl_buf_add(&b, w->data, strlen(w->data));

    } else {
        table(&b);
    }

    tpl_buf_add(&b, "\0\0\0\0", 4);

    text.data = b.data;
    text.len = b.len - 4;

    name.data = (tpl_char_t *) w->template;
    name.len = strlen(w->template);

    if (tpl_json_parse(&exec, &text, 0, &v) != TPL_OK
        || tpl_set_compile(set, &name, &tmpl, &err) != TPL_OK)
    {
        fail(w->template);
    }

    memset(&host, 0, sizeof(tpl_cli_host_t));
    host.data = v.u.dict;

    memset(&conf, 0, sizeof(tpl_vm_conf_t));
    conf.arena = forever;
    conf.error = &err;
    conf.host = &tpl_cli_host;
    conf.host_data = &host;
    conf.limits.depth = TPL_DEFAULT_DEPTH;

    vm = tpl_vm_create(tmpl, &conf);

    if (vm == NULL || tpl_cli_run(vm, &err) != TPL_OK) {
        fail(w->template);
    }

    page = tpl_vm_output(vm);
    len = join(page, plain);

    t = now();
    model = tpl_cli_gzip_model(forever, tmpl, &host);
    model_time = now() - t;

    gz = tpl_gzip_create(forever);
    ours = 1e12;
    n = 0;

    for (r = 0; r < rounds; r++) {
        if (gz == NULL || model == NULL) {
            fail("no memory");
        }

        t = now();

        for (i = 0; i < w->loops; i++) {
            taken = 0;
            arena = tpl_arena_create(&pool_allocator, 32768, 0);

            if (arena == NULL) {
                fail("no memory");
            }

            tpl_output_init(&out, arena, 0);

            if (tpl_gzip_page(gz, model, page, &out) != TPL_OK) {
                fail("tpl_gzip_page");
            }
        }

        t = (now() - t) / w->loops;
        ours = tpl_min(ours, t);

        n = join(&out, packed);
    }

    if (unpacked(n) != len || memcmp(plain, again, len) != 0) {
        fail("what we compressed is not the page");
    }

    printf("%-22s%9zu%10zu%10.2f", w->name, len, n, ours);

    for (k = 0; k < tpl_nelts(levels); k++) {
        least = 1e12;

        for (r = 0; r < tpl_min(rounds, 20); r++) {
            t = now();
            n = zlib(levels[k], len);
            t = now() - t;

            least = tpl_min(least, t);
        }

        printf("%10zu%10.1f", n, least);

        if (levels[k] == 6) {
            printf("%7.1fx", least / ours);
        }
    }

    printf("%10.0f\n", model_time);
}


int
main(int argc, char **argv)
{
    int                  c;
    unsigned             rounds;
    tpl_cli_t            cli;
    tpl_str_t            roots[2];
    tpl_set_conf_t       conf;
    tpl_arena_t         *arena;
    const bench_work_t  *w;

    rounds = 30;

    while ((c = getopt(argc, argv, "r:")) != -1) {
        if (c != 'r') {
            return 2;
        }

        rounds = (unsigned) atoi(optarg);
    }

    tpl_hash_init();
    arena = tpl_arena_create(&tpl_malloc_allocator, 65536, 0);

    memset(&cli, 0, sizeof(tpl_cli_t));
    memset(&conf, 0, sizeof(tpl_set_conf_t));

    cli.arena = arena;
    cli.builtins = tpl_cli_builtins(arena);
    cli.files.roots = roots;
    cli.files.n = 2;

    roots[0].data = (tpl_char_t *) "templates";
    roots[0].len = 9;
    roots[1].data = (tpl_char_t *) "bench/templates";
    roots[1].len = 15;

    conf.arena = arena;
    conf.builtins = cli.builtins;
    conf.loader.load = tpl_cli_files_load;
    conf.loader.data = &cli.files;
    conf.loader.paths = 1;
    conf.autoescape = TPL_AUTOESCAPE_AUTO;

    tpl_syntax_init(&conf.syntax, TPL_SYNTAX_JINJA);
    conf.options.newline_sequence = conf.syntax.newline_sequence;

    printf("                         plain     tpl_gzip            zlib 1"
           "              zlib 6                      zlib 9           model\n"
           "                         bytes     bytes        us     bytes"
           "        us     bytes        us  ratio     bytes        us"
           "        us\n");

    for (w = works; w->name; w++) {
        work(w, arena, &cli, tpl_set_create(&conf), rounds);
    }

    return 0;
}
