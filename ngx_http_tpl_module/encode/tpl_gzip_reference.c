
/*
 * The reference page: what a template writes whatever it is given.
 *
 * It is found by rendering, so that loops over what is known, macros, parents
 * and captures are in it as in pages.  A render that comes to an error,
 * as it may with values that mean nothing, has served all the same: the texts
 * that it did not reach follow.  Nothing of any request gets in: sizes of
 * responses would tell others of it.
 */

#include "encode/tpl_gzip.h"


/* shorter texts are found well enough in a page itself */
#define TPL_GZIP_TEXT_MIN   16

/* templates that are looked at for texts */
#define TPL_GZIP_TEMPLATES  256


typedef struct {
    tpl_char_t              *data;
    size_t                   len;
    const tpl_template_t    *seen[TPL_GZIP_TEMPLATES];
    tpl_uint_t               nseen;
} tpl_gzip_collect_t;


static tpl_int_t tpl_gzip_unknown_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_gzip_unknown_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_gzip_unknown_call(tpl_call_t *call);
static tpl_int_t tpl_gzip_unknown_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_gzip_unknown_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_gzip_unknown_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_gzip_unknown_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_value_t *out);

static void tpl_gzip_collect(tpl_gzip_collect_t *c, const tpl_char_t *p,
    size_t len);
static void tpl_gzip_collect_texts(tpl_gzip_collect_t *c,
    const tpl_template_t *tmpl);


static const tpl_class_t  tpl_gzip_unknown_class = {
    .name = "unknown",
    .get_attr = tpl_gzip_unknown_attr,
    .get_item = tpl_gzip_unknown_item,
    .call = tpl_gzip_unknown_call,
    .length = tpl_gzip_unknown_length,
    .iter = tpl_gzip_unknown_iter,
    .str = tpl_gzip_unknown_str,
    .binary = tpl_gzip_unknown_binary
};


/* nothing ever writes to it: objects of this class cannot be changed */

static tpl_object_t  tpl_gzip_unknown_object = {
    .cls = &tpl_gzip_unknown_class
};


void
tpl_gzip_unknown(tpl_value_t *out)
{
    tpl_value_object(out, &tpl_gzip_unknown_object);
}


static tpl_int_t
tpl_gzip_unknown_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    (void) exec;
    (void) obj;

    /* what asks for __html__ means markup */

    if (name->str.len > 2 && name->str.data[0] == '_') {
        return TPL_DECLINED;
    }

    tpl_gzip_unknown(out);

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_unknown_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out)
{
    (void) exec;
    (void) obj;
    (void) key;

    tpl_gzip_unknown(out);

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_unknown_call(tpl_call_t *call)
{
    tpl_gzip_unknown(&call->result);

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_unknown_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    (void) exec;
    (void) obj;

    *n = 1;

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_unknown_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    tpl_list_t  *list;

    (void) obj;

    list = tpl_list_create(exec, 1);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_gzip_unknown(&list->items[0]);
    list->n = 1;

    tpl_value_list(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_unknown_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;
    (void) obj;
    (void) b;

    return TPL_OK;
}


static tpl_int_t
tpl_gzip_unknown_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_value_t *out)
{
    (void) exec;
    (void) op;
    (void) a;
    (void) b;

    tpl_gzip_unknown(out);

    return TPL_OK;
}


tpl_int_t
tpl_gzip_reference(tpl_template_t *tmpl, const tpl_vm_conf_t *conf,
    tpl_str_t *reference)
{
    uint32_t             i;
    tpl_vm_t            *vm;
    tpl_int_t            rc;
    tpl_output_t        *out;
    tpl_gzip_collect_t  *c;

    c = tpl_pcalloc(conf->arena, sizeof(tpl_gzip_collect_t));
    if (c == NULL) {
        return TPL_ERROR;
    }

    c->data = tpl_pnalloc(conf->arena, TPL_GZIP_REFERENCE_MAX);
    if (c->data == NULL) {
        return TPL_ERROR;
    }

    vm = tpl_vm_create(tmpl, conf);
    if (vm == NULL) {
        return TPL_ERROR;
    }

    do {
        rc = tpl_vm_run(vm, INT64_MAX / 2);
    } while (rc == TPL_YIELD);

    out = tpl_vm_output(vm);

    for (i = 0; i < out->n; i++) {
        tpl_gzip_collect(c, out->segments[i].data, out->segments[i].len);
    }

    if (conf->block == NULL) {
        tpl_gzip_collect_texts(c, tmpl);
    }

    reference->data = c->data;
    reference->len = c->len;

    return TPL_OK;
}


static void
tpl_gzip_collect(tpl_gzip_collect_t *c, const tpl_char_t *p, size_t len)
{
    len = tpl_min(len, TPL_GZIP_REFERENCE_MAX - c->len);

    if (len) {
        memcpy(c->data + c->len, p, len);
        c->len += len;
    }
}


/* those of parents and included templates first, as they mostly come first */

static void
tpl_gzip_collect_texts(tpl_gzip_collect_t *c, const tpl_template_t *tmpl)
{
    uint32_t          i;
    tpl_str_t         all;
    tpl_uint_t        k;
    const tpl_str_t  *s;

    for (k = 0; k < c->nseen; k++) {
        if (c->seen[k] == tmpl) {
            return;
        }
    }

    if (c->nseen == TPL_GZIP_TEMPLATES) {
        return;
    }

    c->seen[c->nseen++] = tmpl;

    for (i = 0; i < tmpl->nlinks; i++) {
        tpl_gzip_collect_texts(c, tmpl->links[i]);
    }

    for (i = 0; i < tmpl->ntexts && c->len < TPL_GZIP_REFERENCE_MAX; i++) {
        s = &tmpl->texts[i].str;

        all.data = c->data;
        all.len = c->len;

        if (s->len >= TPL_GZIP_TEXT_MIN
            && tpl_str_find(&all, s, 0) < 0)
        {
            tpl_gzip_collect(c, s->data, s->len);
        }
    }
}
