
/*
 * The parts of a request that Flask's and Tornado's objects share.
 */

#include "web/tpl_headers.h"
#include "web/tpl_request.h"


tpl_int_t
tpl_request_get(tpl_exec_t *exec, tpl_web_t **web, tpl_request_t **out)
{
    tpl_int_t          rc;
    tpl_str_t          target;
    tpl_char_t        *p;
    tpl_request_t     *req;

    if (*web == NULL) {

        if (!tpl_vm_has_web(exec)) {
            return TPL_DECLINED;
        }

        if (tpl_vm_web(exec, web) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if ((*web)->request) {
        *out = (*web)->request;
        return TPL_OK;
    }

    req = tpl_pcalloc(exec->arena, sizeof(tpl_request_t));
    if (req == NULL) {
        return tpl_throw_memory(exec);
    }

    rc = (*web)->host->field(*web, TPL_WEB_TARGET, &target);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_DECLINED) {
        target.len = 0;
    }

    if (target.len) {
        p = memchr(target.data, '#', target.len);

        if (p) {
            target.len = p - target.data;
        }
    }

    req->path = target;
    tpl_str_set(&req->query, "");

    p = target.len ? memchr(target.data, '?', target.len) : NULL;

    if (p) {
        req->path.len = p - target.data;
        req->query.data = p + 1;
        req->query.len = target.data + target.len - req->query.data;
    }

    (*web)->request = req;
    *out = req;

    return TPL_OK;
}


tpl_int_t
tpl_request_field(tpl_exec_t *exec, tpl_web_t *web, tpl_web_field_t field,
    tpl_value_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    rc = web->host->field(web, field, &s);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_DECLINED) {
        tpl_web_text_value(out, "");
        return TPL_OK;
    }

    return tpl_web_latin1(exec, &s, out);
}


tpl_int_t
tpl_request_header(tpl_exec_t *exec, tpl_web_t *web, const char *name,
    tpl_value_t *out)
{
    tpl_int_t  rc;

    rc = tpl_headers_value(exec, web, name, out);

    if (rc == TPL_DECLINED) {
        tpl_value_none(out);
        rc = TPL_OK;
    }

    return rc;
}


tpl_int_t
tpl_request_body(tpl_exec_t *exec, tpl_web_t *web, tpl_str_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    static const tpl_str_t  length = tpl_string("Content-Length");
    static const tpl_str_t  coding = tpl_string("Transfer-Encoding");

    tpl_str_set(out, "");

    rc = web->host->body ? web->host->body(web, out) : TPL_DECLINED;

    if (rc == TPL_OK) {
        return TPL_OK;
    }

    if (rc == TPL_DECLINED) {
        tpl_str_set(out, "");

        rc = web->host->header(web, &coding, &s);

        if (rc == TPL_DECLINED) {
            rc = web->host->header(web, &length, &s);

            if (rc == TPL_OK && tpl_str_is(&s, "0")) {
                rc = TPL_DECLINED;
            }
        }

        if (rc == TPL_OK) {
            return tpl_throw(exec, TPL_EXC_RUNTIME, "the body of the request "
                             "is not read here: tpl_form is off");
        }
    }

    return (rc == TPL_DECLINED) ? TPL_OK : tpl_throw_memory(exec);
}


tpl_int_t
tpl_attrs_create(tpl_exec_t *exec, tpl_web_t *web, const tpl_class_t *cls,
    tpl_uint_t n, tpl_value_t *out)
{
    tpl_attrs_t  *obj;

    obj = tpl_pcalloc(exec->arena, sizeof(tpl_attrs_t));
    if (obj == NULL) {
        return tpl_throw_memory(exec);
    }

    obj->object.cls = cls;
    obj->web = web;
    obj->values = tpl_pcalloc(exec->arena, n * sizeof(tpl_value_t));

    if (obj->values == NULL) {
        return tpl_throw_memory(exec);
    }

    tpl_value_object(out, obj);

    return TPL_OK;
}


tpl_int_t
tpl_attrs_get(tpl_exec_t *exec, tpl_object_t *obj, const tpl_attr_t *table,
    tpl_uint_t n, const tpl_str_t *name, tpl_value_t *out)
{
    tpl_attrs_t *attrs = (tpl_attrs_t *) obj;

    tpl_int_t   rc;
    tpl_uint_t  i;

    for (i = 0; i < n; i++) {

        if (!tpl_str_is(name, table[i].name)) {
            continue;
        }

        if (attrs->values[i].type == TPL_MISSING) {
            rc = table[i].get(exec, attrs, out);

            if (rc == TPL_OK) {
                attrs->values[i] = *out;
            }

            return rc;
        }

        *out = attrs->values[i];

        return TPL_OK;
    }

    return tpl_web_method(exec, obj, obj->cls->name, name, out);
}
