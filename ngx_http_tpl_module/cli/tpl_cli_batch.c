
/*
 * tpl batch: a JSON request a line in, a JSON reply a line out, until the input
 * ends.
 *
 *     {"ok":true,"output":"..."}
 *     {"ok":false,"error":"UndefinedError: 'x' is undefined","template":"a",
 *      "line":3,"column":4,"from":["included from b:1:2",...]}
 *
 * A request with "gzip":true has the page as gzip too, in hexadecimal digits;
 * with "general":true the template is not specialized; with "times":N it is
 * rendered so often, one render after the other, and the last one is replied;
 * with "before":{...} it is rendered with those data first.
 * Each request has an arena of its own, with a limit.  Whatever a request is,
 * it gets exactly one reply.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cli/tpl_cli.h"


static tpl_int_t tpl_cli_request(tpl_cli_t *cli, tpl_str_t *line,
    tpl_arena_t *arena, tpl_arena_t *work, tpl_buf_t *reply);
static tpl_int_t tpl_cli_reply_output(tpl_exec_t *exec,
    const tpl_output_t *out, const tpl_output_t *gzip, tpl_buf_t *reply);
static tpl_int_t tpl_cli_reply_error(tpl_exec_t *exec, const tpl_error_t *err,
    tpl_uint_t unsupported, tpl_buf_t *reply);


int
tpl_cli_batch(tpl_cli_t *cli)
{
    int           status;
    char         *line;
    size_t        size;
    ssize_t       n;
    tpl_buf_t     reply;
    tpl_str_t     text;
    tpl_arena_t  *arena, *work, *out;

    line = NULL;
    size = 0;
    status = TPL_CLI_OK;

    while ((n = getline(&line, &size, stdin)) != -1) {

        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) {
            n--;
        }

        if (n == 0) {
            continue;
        }

        text.data = (tpl_char_t *) line;
        text.len = (size_t) n;

        arena = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE,
                                 TPL_CLI_MEMORY);
        work = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE,
                                TPL_CLI_MEMORY);

        /* the reply is not the request's to pay for */
        out = tpl_arena_create(&tpl_malloc_allocator, TPL_CLI_PAGE, 0);

        if (arena == NULL || work == NULL || out == NULL) {
            tpl_arena_destroy(arena);
            tpl_arena_destroy(work);
            tpl_arena_destroy(out);
            fputs("tpl: out of memory\n", stderr);
            status = TPL_CLI_FAILED;
            break;
        }

        tpl_buf_init(&reply, out);

        if (tpl_cli_request(cli, &text, arena, work, &reply) == TPL_OK) {
            fwrite(reply.data, 1, reply.len, stdout);
            fputc('\n', stdout);

        } else {
            fputs("{\"ok\":false,\"error\":\"MemoryError: the reply is too "
                  "large\"}\n", stdout);
        }

        tpl_arena_destroy(arena);
        tpl_arena_destroy(out);

        if (fflush(stdout) != 0) {
            status = TPL_CLI_FAILED;
            break;
        }
    }

    free(line);

    return status;
}


static tpl_int_t
tpl_cli_request(tpl_cli_t *cli, tpl_str_t *line, tpl_arena_t *arena,
    tpl_arena_t *work, tpl_buf_t *reply)
{
    tpl_vm_t           *vm;
    tpl_int_t           rc;
    tpl_exec_t          exec;
    tpl_error_t         err, ignored;
    tpl_output_t        gzip;
    tpl_vm_conf_t       conf;
    tpl_cli_host_t      before;
    tpl_template_t     *tmpl;
    tpl_cli_request_t   r;

    tpl_error_init(&err, arena);
    tpl_error_init(&ignored, NULL);
    tpl_cli_exec_init(&exec, reply->arena, &ignored, cli->builtins);

    r.arena = arena;
    r.work = work;
    r.builtins = cli->builtins;
    r.error = &err;

    rc = tpl_cli_request_parse(&r, line);

    if (rc == TPL_OK) {
        rc = tpl_cli_request_compile(&r, &tmpl);
    }

    if (rc == TPL_OK && !r.general) {
        rc = tpl_vm_specialize(tmpl, &err);
    }

    if (rc == TPL_OK) {
        tpl_set_settle(tmpl->set);
    }

    /* whatever is left of it is not to be used */

    tpl_arena_destroy(work);

    if (rc != TPL_OK) {
        return tpl_cli_reply_error(&exec, &err, r.unsupported, reply);
    }

    memset(&conf, 0, sizeof(tpl_vm_conf_t));

    conf.arena = arena;
    conf.error = &err;
    conf.host = &tpl_cli_host;
    conf.host_data = &r.host;
    conf.limits.steps = TPL_CLI_STEPS;
    conf.limits.depth = TPL_DEFAULT_DEPTH;

    if (r.before) {
        before = r.host;
        before.data = r.before;
        conf.host_data = &before;

        vm = tpl_vm_create(tmpl, &conf);

        if (vm) {
            (void) tpl_cli_run(vm, &err);
        }

        conf.host_data = &r.host;
    }

    do {
        tpl_error_clear(&err);

        vm = tpl_vm_create(tmpl, &conf);

        if (vm == NULL) {
            tpl_error_set(&err, TPL_EXC_MEMORY, NULL, "out of memory");
            return tpl_cli_reply_error(&exec, &err, 0, reply);
        }

        rc = tpl_cli_run(vm, &err);

    } while (--r.times > 0);

    if (rc != TPL_OK) {
        return tpl_cli_reply_error(&exec, &err, 0, reply);
    }

    if (!r.gzip) {
        return tpl_cli_reply_output(&exec, tpl_vm_output(vm), NULL, reply);
    }

    if (tpl_cli_gzip(arena, tmpl, &r.host, tpl_vm_output(vm), &gzip)
        != TPL_OK)
    {
        tpl_error_set(&err, TPL_EXC_MEMORY, NULL, "out of memory");
        return tpl_cli_reply_error(&exec, &err, 0, reply);
    }

    return tpl_cli_reply_output(&exec, tpl_vm_output(vm), &gzip, reply);
}


static tpl_int_t
tpl_cli_reply_string(tpl_exec_t *exec, const tpl_str_t *s, tpl_buf_t *reply)
{
    tpl_value_t                    v;
    static const tpl_json_style_t  style = { .indent = -1,
                                             .ensure_ascii = 1,
                                             .compact = 1 };

    tpl_value_from_str(&v, s);

    return tpl_json_to(exec, &v, &style, reply);
}


static tpl_int_t
tpl_cli_reply_output(tpl_exec_t *exec, const tpl_output_t *out,
    const tpl_output_t *gzip, tpl_buf_t *reply)
{
    size_t     n;
    uint32_t   i;
    tpl_buf_t  b;
    tpl_str_t  s;

    tpl_buf_init(&b, exec->arena);

    for (i = 0; i < out->n; i++) {
        tpl_buf_add(&b, out->segments[i].data, out->segments[i].len);
    }

    if (b.failed) {
        return TPL_ERROR;
    }

    s.data = b.data;
    s.len = b.len;

    tpl_buf_lit(reply, "{\"ok\":true,\"output\":");

    if (tpl_cli_reply_string(exec, &s, reply) != TPL_OK) {
        return TPL_ERROR;
    }

    if (gzip) {
        tpl_buf_lit(reply, ",\"gzip\":\"");

        for (i = 0; i < gzip->n; i++) {
            for (n = 0; n < gzip->segments[i].len; n++) {
                tpl_buf_printf(reply, "%02x", gzip->segments[i].data[n]);
            }
        }

        tpl_buf_char(reply, '"');
    }

    return tpl_buf_char(reply, '}');
}


static tpl_int_t
tpl_cli_reply_error(tpl_exec_t *exec, const tpl_error_t *err,
    tpl_uint_t unsupported, tpl_buf_t *reply)
{
    tpl_buf_t               b;
    tpl_str_t               s;
    const tpl_frame_pos_t  *frame;

    tpl_buf_init(&b, exec->arena);

    if (tpl_buf_printf(&b, "%s: %.*s", tpl_exc_name(err->exc),
                       tpl_str_arg(&err->message))
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    s.data = b.data;
    s.len = b.len;

    tpl_buf_lit(reply, "{\"ok\":false,\"error\":");

    if (tpl_cli_reply_string(exec, &s, reply) != TPL_OK) {
        return TPL_ERROR;
    }

    if (err->pos.source) {
        tpl_buf_lit(reply, ",\"template\":");

        if (tpl_cli_reply_string(exec, &err->pos.source->name, reply)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        tpl_buf_printf(reply, ",\"line\":%u,\"column\":%u", err->pos.line,
                       err->pos.column);
    }

    for (frame = err->frames; frame; frame = frame->next) {
        tpl_buf_init(&b, exec->arena);
        tpl_buf_printf(&b, "%s %.*s %.*s:%u:%u", frame->what,
                       tpl_str_arg(&frame->name),
                       tpl_str_arg(&frame->pos.source->name), frame->pos.line,
                       frame->pos.column);

        s.data = b.data;
        s.len = b.len;

        if (b.failed) {
            return TPL_ERROR;
        }

        if (frame == err->frames) {
            tpl_buf_lit(reply, ",\"from\":[");

        } else {
            tpl_buf_char(reply, ',');
        }

        if (tpl_cli_reply_string(exec, &s, reply) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (err->frames) {
        tpl_buf_char(reply, ']');
    }

    if (unsupported) {
        tpl_buf_lit(reply, ",\"unsupported\":true");
    }

    return tpl_buf_char(reply, '}');
}
