
/*
 * One render, watched: with an allocator that counts and fails on demand, in
 * turns of little fuel, with data that come late, within limits.
 *
 * What a render is comes as a request of `tpl batch`; its reader belongs to the
 * command line and not to the library, so its sources are included here.
 */

#ifndef _TPL_RUN_H_INCLUDED_
#define _TPL_RUN_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>

#include "cli/tpl_cli_files.c"
#include "cli/tpl_cli_gettext.c"
#include "cli/tpl_cli_host.c"
#include "cli/tpl_cli_request.c"


/* small pages, so that there are many allocations to fail */
#define TPL_RUN_PAGE   512

/* a render that needs more turns than this hangs */
#define TPL_RUN_TURNS  2000000


/* how to run */

typedef struct {
    size_t               page;
    size_t               memory;        /* limit in bytes, 0: none */
    uint64_t             steps;         /* limit, 0: none */
    size_t               output;        /* limit in bytes, 0: none */
    int64_t              fuel;          /* a turn, 0: all in one */
    tpl_uint_t           late;          /* data are PENDING at first */
    tpl_uint_t           general;       /* not specialized */
    tpl_uint_t           stream;        /* output is taken at each turn */
    unsigned             fail_at;       /* this allocation fails, 0: none */
    unsigned             fail_on;       /* and all after it */
} tpl_run_how_t;


/* what came of it; output and message are malloc()ed */

typedef struct {
    tpl_int_t            rc;            /* TPL_OK or TPL_ERROR */
    tpl_str_t            output;        /* of TPL_OK */
    tpl_exc_t            exc;           /* of TPL_ERROR */
    tpl_str_t            message;       /* "Class: message" */
    char                 at[128];       /* "template:line:column" or empty */
    uint32_t             line;
    uint32_t             column;
    tpl_uint_t           impure;
    const char          *stage;         /* how far it came */
    tpl_uint_t           ran;           /* as far as the VM */
    tpl_uint_t           special;       /* it was specialized */
    uint64_t             steps;
    unsigned             turns;
    unsigned             waits;
    unsigned             allocations;
    unsigned             live;          /* not freed in the end: a leak */
    size_t               size;          /* of the arena in the end */
} tpl_run_t;


/* the allocator */

typedef struct {
    const tpl_run_how_t  *how;
    tpl_run_t            *run;
} tpl_run_memory_t;


static inline void *
tpl_run_alloc(void *data, size_t size)
{
    void              *p;
    tpl_run_memory_t  *m;

    m = data;
    m->run->allocations++;

    if (m->how->fail_at
        && (m->run->allocations == m->how->fail_at
            || (m->how->fail_on && m->run->allocations > m->how->fail_at)))
    {
        return NULL;
    }

    p = malloc(size);

    if (p) {
        m->run->live++;
    }

    return p;
}


static inline void
tpl_run_free(void *data, void *p)
{
    tpl_run_memory_t  *m;

    m = data;
    m->run->live--;

    free(p);
}


/* data that come late: each is asked for twice before it is there */

typedef struct tpl_run_pending_s  tpl_run_pending_t;

struct tpl_run_pending_s {
    tpl_object_t         head;
    tpl_value_t          value;
    tpl_uint_t           asked;
    const tpl_name_t    *name;
    tpl_run_pending_t   *next;
};


typedef struct {
    tpl_cli_host_t       host;      /* the first member */
    tpl_run_pending_t   *pending;
} tpl_run_host_t;


static const tpl_class_t  tpl_run_pending_class = { .name = "pending" };


static inline tpl_int_t
tpl_run_lookup(tpl_exec_t *exec, const tpl_name_t *name, tpl_value_t *out)
{
    tpl_int_t           rc;
    tpl_run_host_t     *host;
    tpl_run_pending_t  *p;

    rc = tpl_cli_lookup(exec, name, out);

    if (rc != TPL_OK) {
        return rc;
    }

    host = exec->host;

    /* the same object each time, or the VM would wait for ever */

    for (p = host->pending; p != NULL; p = p->next) {
        if (p->name == name) {
            break;
        }
    }

    if (p == NULL) {
        p = tpl_palloc(exec->arena, sizeof(tpl_run_pending_t));
        if (p == NULL) {
            return tpl_throw_memory(exec);
        }

        p->head.cls = &tpl_run_pending_class;
        p->value = *out;
        p->asked = 0;
        p->name = name;
        p->next = host->pending;
        host->pending = p;
    }

    *out = (tpl_value_t) { .type = TPL_PENDING, .u.obj = &p->head };

    return TPL_OK;
}


static inline tpl_int_t
tpl_run_wait(tpl_exec_t *exec, tpl_object_t *pending, tpl_value_t *out)
{
    tpl_run_pending_t  *p;

    (void) exec;

    p = (tpl_run_pending_t *) pending;

    if (p->asked < 2) {
        p->asked++;
        return TPL_AGAIN;
    }

    *out = p->value;

    return TPL_OK;
}


static const tpl_host_t  tpl_run_late_host = {
    .lookup = tpl_run_lookup,
    .global = tpl_cli_global,
    .names = tpl_cli_names,
    .wait = tpl_run_wait
};


static inline void
tpl_run_copy(tpl_str_t *dst, const void *src, size_t len)
{
    dst->data = malloc(len + 1);

    if (dst->data == NULL) {
        abort();
    }

    if (len) {
        memcpy(dst->data, src, len);
    }

    dst->data[len] = '\0';
    dst->len = len;
}


/*
 * What can be sent, as a server takes it: from the last byte taken (in segment
 * n - 1 there are last_len of them) to the mark.  Its pages are written again.
 */

static inline void
tpl_run_take(tpl_run_t *run, tpl_vm_t *vm, tpl_output_mark_t *taken,
    tpl_uint_t end)
{
    size_t              from, to;
    uint32_t            i;
    tpl_segment_t      *s;
    tpl_output_t       *out;
    tpl_output_mark_t   mark;

    out = tpl_vm_output(vm);

    if (end) {
        tpl_output_mark(out, &mark);

    } else {
        tpl_vm_settled(vm, &mark);
    }

    run->output.data = realloc(run->output.data, mark.len + 1);

    if (run->output.data == NULL) {
        abort();
    }

    for (i = taken->n ? taken->n - 1 : 0; i < mark.n; i++) {
        s = &out->segments[i];

        from = (taken->n && i == taken->n - 1) ? taken->last_len : 0;
        to = (i == mark.n - 1) ? mark.last_len : s->len;

        if (from > to || run->output.len + to - from > mark.len) {
            fprintf(stderr, "what was sent was taken back\n");
            abort();
        }

        memcpy(run->output.data + run->output.len, s->data + from, to - from);
        run->output.len += to - from;
    }

    if (run->output.len != mark.len) {
        fprintf(stderr, "the output is not as long as it says\n");
        abort();
    }

    run->output.data[run->output.len] = '\0';
    *taken = mark;

    if (!end && tpl_vm_recycle(vm) == TPL_OK) {
        taken->n = 0;
    }
}


static inline void
tpl_run_output(tpl_run_t *run, const tpl_output_t *out)
{
    size_t    len;
    uint32_t  i;

    run->output.data = malloc(out->len + 1);

    if (run->output.data == NULL) {
        abort();
    }

    len = 0;

    for (i = 0; i < out->n; i++) {
        if (len + out->segments[i].len > out->len) {
            fprintf(stderr, "the output is longer than its length says\n");
            abort();
        }

        memcpy(run->output.data + len, out->segments[i].data,
               out->segments[i].len);
        len += out->segments[i].len;
    }

    run->output.data[len] = '\0';
    run->output.len = len;
}


static inline void
tpl_run_error(tpl_run_t *run, const tpl_error_t *err)
{
    char  text[4096];
    int   n;

    run->exc = err->exc;

    if (err->exc == TPL_EXC_NONE) {
        n = snprintf(text, sizeof(text), "an error that nobody set, while "
                     "it was %s", run->stage);

    } else {
        n = snprintf(text, sizeof(text), "%s: %.*s", tpl_exc_name(err->exc),
                     tpl_str_arg(&err->message));
    }

    tpl_run_copy(&run->message, text, tpl_min((size_t) n, sizeof(text) - 1));

    if (err->pos.source) {
        run->line = err->pos.line;
        run->column = err->pos.column;

        snprintf(run->at, sizeof(run->at), "%.*s:%u:%u",
                 tpl_str_arg(&err->pos.source->name), err->pos.line,
                 err->pos.column);
    }
}


static inline tpl_int_t
tpl_run_vm(tpl_run_t *run, const tpl_run_how_t *how, tpl_cli_request_t *r,
    tpl_template_t *tmpl)
{
    tpl_vm_t           *vm;
    tpl_int_t           rc;
    tpl_vm_conf_t       conf;
    tpl_run_host_t      host;
    tpl_output_mark_t   taken;

    host.host = r->host;
    host.pending = NULL;

    memset(&conf, 0, sizeof(tpl_vm_conf_t));

    conf.arena = r->arena;
    conf.error = r->error;
    conf.host = how->late ? &tpl_run_late_host : &tpl_cli_host;
    conf.host_data = &host;
    conf.limits.steps = how->steps;
    conf.limits.output = how->output;
    conf.limits.depth = TPL_DEFAULT_DEPTH;
    conf.stream = how->stream;

    memset(&taken, 0, sizeof(tpl_output_mark_t));

    vm = tpl_vm_create(tmpl, &conf);

    if (vm == NULL) {
        return tpl_error_set(r->error, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    run->ran = 1;

    for ( ;; ) {
        rc = tpl_vm_run(vm, how->fuel ? how->fuel : INT64_MAX / 2);
        run->turns++;

        if (rc == TPL_AGAIN && how->late) {
            run->waits++;

        } else if (rc != TPL_YIELD) {
            break;
        }

        if (how->stream) {
            tpl_run_take(run, vm, &taken, 0);
        }

        if (run->turns == TPL_RUN_TURNS) {
            return tpl_error_set(r->error, TPL_EXC_NONE, NULL, "no end");
        }
    }

    run->steps = tpl_vm_steps(vm);

    if (rc == TPL_OK && how->stream) {
        tpl_run_take(run, vm, &taken, 1);

    } else if (rc == TPL_OK) {
        tpl_run_output(run, tpl_vm_output(vm));

    } else if (rc != TPL_ERROR) {
        fprintf(stderr, "tpl_vm_run() gave %d\n", (int) rc);
        abort();
    }

    return rc;
}


static inline void
tpl_run_clear(tpl_run_t *run)
{
    free(run->output.data);
    free(run->message.data);
}


/* text: a request; it is copied, since parsing may change it */

static inline void
tpl_run(tpl_run_t *run, const tpl_run_how_t *how,
    const tpl_builtins_t *builtins, const tpl_str_t *text)
{
    tpl_str_t           copy;
    tpl_buf_t           b;
    tpl_error_t         err;
    tpl_arena_t        *arena, *work;
    tpl_template_t     *tmpl;
    tpl_allocator_t     allocator;
    tpl_run_memory_t    memory;
    tpl_cli_request_t   r;

    memset(run, 0, sizeof(tpl_run_t));

    memory.how = how;
    memory.run = run;

    allocator.alloc = tpl_run_alloc;
    allocator.free = tpl_run_free;
    allocator.data = &memory;

    arena = tpl_arena_create(&allocator, how->page ? how->page : TPL_RUN_PAGE,
                             how->memory);
    work = tpl_arena_create(&allocator, how->page ? how->page : TPL_RUN_PAGE,
                            how->memory);

    if (arena == NULL || work == NULL) {
        tpl_arena_destroy(arena);
        tpl_arena_destroy(work);
        run->rc = TPL_ERROR;
        run->exc = TPL_EXC_MEMORY;
        run->stage = "started";
        tpl_run_copy(&run->message, "", 0);
        return;
    }

    tpl_run_copy(&copy, text->data, text->len);
    tpl_error_init(&err, arena);

    r.arena = arena;
    r.work = work;
    r.builtins = builtins;
    r.error = &err;

    run->stage = "read";
    run->rc = tpl_cli_request_parse(&r, &copy);

    if (run->rc == TPL_OK) {
        run->stage = "compiled";
        run->rc = tpl_cli_request_compile(&r, &tmpl);
    }

    if (run->rc == TPL_OK && !how->general) {
        run->rc = tpl_vm_specialize(tmpl, &err);
        run->special = (run->rc == TPL_OK && tmpl->special != NULL);
    }

    if (run->rc == TPL_OK) {
        tpl_set_settle(tmpl->set);
    }

    /* a program and an error need nothing of it */

    tpl_arena_destroy(work);

    if (run->rc == TPL_OK) {
        run->stage = "run";
        run->impure = (tmpl->flags & (TPL_TEMPLATE_IMPURE
                                      | TPL_TEMPLATE_DYNAMIC)) != 0;
        run->rc = tpl_run_vm(run, how, &r, tmpl);
    }

    if (run->rc != TPL_OK) {
        tpl_run_error(run, &err);

        /* whatever the error is, it can be told */

        tpl_buf_init(&b, arena);
        (void) tpl_error_format(&err, &b, 0);
    }

    run->size = tpl_arena_size(arena);

    tpl_arena_destroy(arena);
    free(copy.data);
}


#endif /* _TPL_RUN_H_INCLUDED_ */
