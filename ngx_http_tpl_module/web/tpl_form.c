
/*
 * Forms: which parser a body is for, and the form of the request.
 */

#include "base/tpl_utf8.h"
#include "web/tpl_header.h"
#include "web/tpl_multipart.h"
#include "web/tpl_query.h"


static tpl_int_t tpl_form_urlencoded(tpl_arena_t *arena,
    const tpl_str_t *body, const tpl_form_limits_t *limits,
    tpl_form_t *form, tpl_form_error_t *err);


static inline tpl_uint_t
tpl_form_is(const tpl_str_t *type, const char *name)
{
    return type->len == strlen(name)
           && strncasecmp((char *) type->data, name, type->len) == 0;
}


tpl_int_t
tpl_form_parse(tpl_arena_t *arena, const tpl_str_t *type,
    const tpl_str_t *body, const tpl_form_limits_t *limits,
    tpl_form_t *form, tpl_form_error_t *err)
{
    tpl_int_t         rc;
    tpl_str_t         mime;
    tpl_pairs_t       options;
    const tpl_str_t  *boundary;

    static const tpl_str_t  none = tpl_null_string;

    memset(form, 0, sizeof(tpl_form_t));

    rc = tpl_header_options(arena, type, &mime, &options);

    if (rc == TPL_DECLINED) {
        err->status = 400;
        err->text = "bad Content-Type";
        return rc;
    }

    if (rc != TPL_OK) {
        return rc;
    }

    if (tpl_form_is(&mime, "application/x-www-form-urlencoded")
        || tpl_form_is(&mime, "application/x-url-encoded"))
    {
        return tpl_form_urlencoded(arena, body, limits, form, err);
    }

    if (tpl_form_is(&mime, "multipart/form-data")) {
        boundary = tpl_header_option(&options, "boundary");

        return tpl_multipart_parse(arena, body, boundary ? boundary : &none,
                                   limits, form, err);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_form_urlencoded(tpl_arena_t *arena, const tpl_str_t *body,
    const tpl_form_limits_t *limits, tpl_form_t *form,
    tpl_form_error_t *err)
{
    uint32_t           n;
    const tpl_char_t  *p, *q, *last;

    /* what is empty between two & is no field */

    p = body->data;
    last = p + body->len;

    for (n = 0; limits->fields && p < last; p = q + 1) {
        q = memchr(p, '&', last - p);

        if (q == NULL) {
            q = last;
        }

        n += (q != p);

        if (n > limits->fields) {
            err->status = 413;
            err->text = "too many fields";
            return TPL_DECLINED;
        }
    }

    return tpl_query_parse(arena, body, &form->fields);
}


tpl_int_t
tpl_web_read_form(tpl_web_t *web, tpl_form_error_t *err)
{
    tpl_int_t    rc;
    tpl_str_t    body, type;
    tpl_form_t  *form;

    static const tpl_str_t  name = tpl_string("Content-Type");

    form = tpl_pcalloc(web->arena, sizeof(tpl_form_t));
    if (form == NULL) {
        return TPL_ERROR;
    }

    /* so that no body is parsed twice, whatever comes of it */

    web->form = form;

    if (web->limits == NULL || web->host->body == NULL) {
        return TPL_OK;
    }

    rc = web->host->body(web, &body);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    rc = web->host->header(web, &name, &type);

    if (rc != TPL_OK) {
        return (rc == TPL_DECLINED) ? TPL_OK : rc;
    }

    rc = tpl_form_parse(web->arena, &type, &body, web->limits, form, err);

    if (rc != TPL_OK) {
        memset(form, 0, sizeof(tpl_form_t));
    }

    return rc;
}


tpl_int_t
tpl_web_form(tpl_exec_t *exec, tpl_web_t *web, const tpl_form_t **out)
{
    tpl_form_error_t  err;

    if (web->form == NULL && tpl_web_read_form(web, &err) == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    *out = web->form;

    return TPL_OK;
}
