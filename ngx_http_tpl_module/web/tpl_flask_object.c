
/*
 * Small objects of Flask: the user agent, a file of a form, g.
 */

#include "web/tpl_flask.h"
#include "web/tpl_header.h"


typedef struct {
    tpl_object_t             object;
    tpl_value_t              string;
} tpl_agent_t;


typedef struct {
    tpl_object_t             object;
    tpl_value_t              name;
    tpl_value_t              filename;
    tpl_value_t              type;
} tpl_file_t;


typedef struct {
    tpl_object_t             object;
    tpl_dict_t              *dict;
} tpl_g_t;


static tpl_int_t tpl_agent_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_agent_truth(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_uint_t *truth);
static tpl_int_t tpl_agent_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_agent_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_file_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_file_truth(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_uint_t *truth);
static tpl_int_t tpl_file_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_g_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_g_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_g_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t tpl_g_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_agent_to_header(tpl_call_t *call);
static tpl_int_t tpl_g_get(tpl_call_t *call);
static tpl_int_t tpl_g_pop(tpl_call_t *call);
static tpl_int_t tpl_g_setdefault(tpl_call_t *call);


static const tpl_class_t  tpl_agent_class = {
    .name = "UserAgent",
    .get_attr = tpl_agent_attr,
    .truth = tpl_agent_truth,
    .str = tpl_agent_str,
    .repr = tpl_agent_repr
};

static const tpl_class_t  tpl_file_class = {
    .name = "FileStorage",
    .get_attr = tpl_file_attr,
    .truth = tpl_file_truth,
    .str = tpl_file_repr
};

static const tpl_class_t  tpl_g_class = {
    .name = "_AppCtxGlobals",
    .get_attr = tpl_g_attr,
    .iter = tpl_g_iter,
    .contains = tpl_g_contains,
    .str = tpl_g_repr
};


const tpl_builtin_def_t  tpl_flask_object_methods[] = {
    { "UserAgent:to_header", "self", tpl_agent_to_header, 0 },
    { "_AppCtxGlobals:get", "self, name, default=", tpl_g_get, 0 },
    { "_AppCtxGlobals:pop", "self, name, default=", tpl_g_pop, 0 },
    { "_AppCtxGlobals:setdefault", "self, name, default=", tpl_g_setdefault,
      0 },
    { NULL, NULL, NULL, 0 }
};


tpl_int_t
tpl_flask_user_agent(tpl_exec_t *exec, const tpl_value_t *string,
    tpl_value_t *out)
{
    tpl_agent_t  *agent;

    agent = tpl_palloc(exec->arena, sizeof(tpl_agent_t));
    if (agent == NULL) {
        return tpl_throw_memory(exec);
    }

    agent->object.cls = &tpl_agent_class;
    agent->string = *string;

    tpl_value_object(out, agent);

    return TPL_OK;
}


/* Werkzeug itself parses nothing */

static tpl_int_t
tpl_agent_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_uint_t  i;

    static const char *const  unknown[] = { "platform", "browser", "version",
                                            "language" };

    if (tpl_str_is(&name->str, "string")) {
        *out = ((tpl_agent_t *) obj)->string;
        return TPL_OK;
    }

    for (i = 0; i < tpl_nelts(unknown); i++) {
        if (tpl_str_is(&name->str, unknown[i])) {
            tpl_value_none(out);
            return TPL_OK;
        }
    }

    return tpl_web_method(exec, obj, obj->cls->name, &name->str, out);
}


static tpl_int_t
tpl_agent_truth(tpl_exec_t *exec, tpl_object_t *obj, tpl_uint_t *truth)
{
    (void) exec;
    (void) obj;

    *truth = 0;

    return TPL_OK;
}


static tpl_int_t
tpl_agent_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    return tpl_str_to(exec, &((tpl_agent_t *) obj)->string, b);
}


static tpl_int_t
tpl_agent_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;
    (void) obj;

    return tpl_buf_lit(b, "<UserAgent None/None>");
}


static tpl_int_t
tpl_agent_to_header(tpl_call_t *call)
{
    call->result = ((tpl_agent_t *) call->args[0].u.obj)->string;

    return TPL_OK;
}


tpl_int_t
tpl_flask_file(tpl_exec_t *exec, const tpl_str_t *name,
    const tpl_str_t *filename, const tpl_str_t *type, tpl_value_t *out)
{
    tpl_file_t  *file;

    file = tpl_pcalloc(exec->arena, sizeof(tpl_file_t));
    if (file == NULL) {
        return tpl_throw_memory(exec);
    }

    file->object.cls = &tpl_file_class;

    tpl_value_from_str(&file->name, name);
    tpl_value_from_str(&file->filename, filename);
    tpl_value_none(&file->type);

    if (type->len) {
        tpl_value_from_str(&file->type, type);
    }

    tpl_value_object(out, file);

    return TPL_OK;
}


static tpl_int_t
tpl_file_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_file_t *file = (tpl_file_t *) obj;

    tpl_int_t    rc;
    tpl_str_t    s, mime;
    tpl_pairs_t  options;

    if (tpl_str_is(&name->str, "name")) {
        *out = file->name;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "filename")) {
        *out = file->filename;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "content_type")) {
        *out = file->type;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "mimetype")) {
        tpl_web_text_value(out, "");

        if (!tpl_is_string(&file->type)) {
            return TPL_OK;
        }

        s = tpl_value_str(&file->type);
        memset(&options, 0, sizeof(tpl_pairs_t));

        rc = tpl_header_options(exec->arena, &s, &mime, &options);

        if (rc == TPL_OK) {
            rc = tpl_str_lower(exec->arena, &mime, &mime);
        }

        if (rc == TPL_ERROR) {
            return tpl_throw_memory(exec);
        }

        if (rc == TPL_OK) {
            tpl_value_from_str(out, &mime);
        }

        return TPL_OK;
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_file_truth(tpl_exec_t *exec, tpl_object_t *obj, tpl_uint_t *truth)
{
    return tpl_truth(exec, &((tpl_file_t *) obj)->filename, truth);
}


static tpl_int_t
tpl_file_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_file_t *file = (tpl_file_t *) obj;

    tpl_buf_lit(b, "<FileStorage: ");

    if (tpl_repr_to(exec, &file->filename, b) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_lit(b, " (");

    if (tpl_repr_to(exec, &file->type, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_lit(b, ")>");
}


tpl_int_t
tpl_flask_g(tpl_exec_t *exec, tpl_value_t *out)
{
    tpl_g_t  *g;

    g = tpl_palloc(exec->arena, sizeof(tpl_g_t));
    if (g == NULL) {
        return tpl_throw_memory(exec);
    }

    g->object.cls = &tpl_g_class;
    g->dict = tpl_dict_create(exec, 0);

    if (g->dict == NULL) {
        return TPL_ERROR;
    }

    tpl_value_object(out, g);

    return TPL_OK;
}


static tpl_int_t
tpl_g_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_value_t  *v;

    v = tpl_dict_find(((tpl_g_t *) obj)->dict, name);

    if (v) {
        *out = *v;
        return TPL_OK;
    }

    return tpl_web_method(exec, obj, obj->cls->name, &name->str, out);
}


static tpl_int_t
tpl_g_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    (void) exec;

    tpl_value_dict(out, ((tpl_g_t *) obj)->dict);

    return TPL_OK;
}


static tpl_int_t
tpl_g_contains(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_uint_t *found)
{
    tpl_int_t    rc;
    tpl_value_t  v;

    rc = tpl_dict_get(exec, ((tpl_g_t *) obj)->dict, key, &v);

    *found = (rc == TPL_OK);

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


static tpl_int_t
tpl_g_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;
    (void) obj;

    return tpl_buf_lit(b, "<flask.g>");
}


static tpl_int_t
tpl_g_get(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_value_t  v;

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
    }

    rc = tpl_dict_get(call->exec, ((tpl_g_t *) call->args[0].u.obj)->dict,
                      &call->args[1], &v);

    if (rc == TPL_OK) {
        call->result = v;
    }

    return (rc == TPL_DECLINED) ? TPL_OK : rc;
}


static tpl_int_t
tpl_g_pop(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_value_t  v;

    rc = tpl_dict_delete(call->exec, ((tpl_g_t *) call->args[0].u.obj)->dict,
                         &call->args[1], &v);

    if (rc == TPL_OK) {
        call->result = v;
    }

    if (rc != TPL_DECLINED) {
        return rc;
    }

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
        return TPL_OK;
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_repr_to(call->exec, &call->args[1], &b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_throw(call->exec, TPL_EXC_KEY, "%.*s", (int) b.len, b.data);
}


static tpl_int_t
tpl_g_setdefault(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    dict = ((tpl_g_t *) call->args[0].u.obj)->dict;

    rc = tpl_dict_get(call->exec, dict, &call->args[1], &call->result);

    if (rc != TPL_DECLINED) {
        return rc;
    }

    tpl_value_none(&call->result);

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
    }

    return tpl_dict_set(call->exec, dict, &call->args[1], &call->result);
}
