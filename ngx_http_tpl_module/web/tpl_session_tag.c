
/*
 * Flask's TaggedJSONSerializer: values that JSON has not are objects with one
 * member, whose name is a tag.
 */

#include "base/tpl_utf8.h"
#include "builtins/tpl_module_datetime.h"
#include "web/tpl_base64.h"
#include "web/tpl_header.h"
#include "web/tpl_session.h"


static tpl_int_t tpl_session_untag_dict(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_tuple(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_bytes(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_markup(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_uuid(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_date(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_dict(tpl_exec_t *exec, tpl_value_t *v);
static tpl_int_t tpl_session_digits(const tpl_str_t *s, size_t from,
    size_t n);


static const struct {
    const char   *tag;
    tpl_int_t   (*make)(tpl_exec_t *exec, tpl_value_t *v);
} tpl_session_tags[] = {
    { " di", tpl_session_dict },
    { " t", tpl_session_tuple },
    { " b", tpl_session_bytes },
    { " m", tpl_session_markup },
    { " u", tpl_session_uuid },
    { " d", tpl_session_date }
};


/* as deep as tpl_json_parse() lets values nest */

tpl_int_t
tpl_session_untag(tpl_exec_t *exec, tpl_value_t *v)
{
    uint32_t     i;
    tpl_int_t    rc;
    tpl_list_t  *list;

    if (v->type == TPL_DICT) {
        return tpl_session_untag_dict(exec, v);
    }

    if (v->type != TPL_LIST) {
        return TPL_OK;
    }

    list = v->u.list;
    tpl_charge_items(exec, list->n);

    for (i = 0; i < list->n; i++) {
        rc = tpl_session_untag(exec, &list->items[i]);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_session_untag_dict(tpl_exec_t *exec, tpl_value_t *v)
{
    uint32_t           i;
    tpl_int_t          rc;
    tpl_str_t          key;
    tpl_dict_entry_t  *e, *only;

    only = NULL;

    for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
        rc = tpl_session_untag(exec, &e->value);

        if (rc != TPL_OK) {
            return rc;
        }

        tpl_charge_items(exec, 1);
        only = e;
    }

    if (only == NULL || v->u.dict->n != 1) {
        return TPL_OK;
    }

    key = tpl_value_str(&only->key);

    for (i = 0; i < tpl_nelts(tpl_session_tags); i++) {

        if (tpl_str_is(&key, tpl_session_tags[i].tag)) {
            *v = only->value;
            return tpl_session_tags[i].make(exec, v);
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_session_tuple(tpl_exec_t *exec, tpl_value_t *v)
{
    (void) exec;

    if (v->type != TPL_LIST) {
        return TPL_DECLINED;
    }

    v->type = TPL_TUPLE;

    return TPL_OK;
}


/* there are no bytes here: their text */

static tpl_int_t
tpl_session_bytes(tpl_exec_t *exec, tpl_value_t *v)
{
    tpl_int_t  rc;
    tpl_str_t  s, text;

    if (v->type != TPL_STRING) {
        return TPL_DECLINED;
    }

    s = tpl_value_str(v);

    rc = tpl_base64_decode(exec->arena, &s, 0, &text);

    if (rc == TPL_OK) {
        rc = tpl_utf8_repair(exec->arena, &text);
    }

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    tpl_value_from_str(v, &text);

    return rc;
}


static tpl_int_t
tpl_session_markup(tpl_exec_t *exec, tpl_value_t *v)
{
    (void) exec;

    if (v->type != TPL_STRING) {
        return TPL_DECLINED;
    }

    v->flags |= TPL_F_SAFE;

    return TPL_OK;
}


/* 32 digits become what str() of a UUID gives */

static tpl_int_t
tpl_session_uuid(tpl_exec_t *exec, tpl_value_t *v)
{
    size_t       i;
    tpl_char_t  *p, *d;

    if (v->type != TPL_STRING || v->len != 32) {
        return TPL_DECLINED;
    }

    p = tpl_pnalloc(exec->arena, 36);
    if (p == NULL) {
        return tpl_throw_memory(exec);
    }

    d = p;

    for (i = 0; i < 32; i++) {

        if (tpl_hex_digit(v->u.s[i]) < 0) {
            return TPL_DECLINED;
        }

        if (i == 8 || i == 12 || i == 16 || i == 20) {
            *d++ = '-';
        }

        *d++ = v->u.s[i];
    }

    tpl_value_string(v, p, 36, TPL_F_ASCII);

    return TPL_OK;
}


/* "Mon, 23 Nov 2026 06:10:23 GMT", as http_date() writes it */

static tpl_int_t
tpl_session_date(tpl_exec_t *exec, tpl_value_t *v)
{
    size_t              i;
    int64_t             day;
    tpl_str_t           s;
    tpl_moment_t        utc;
    static const char   months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (v->type != TPL_STRING || v->len != 29) {
        return TPL_DECLINED;
    }

    s = tpl_value_str(v);

    for (i = 0; i < 12; i++) {
        if (memcmp(&s.data[8], &months[i * 3], 3) == 0) {
            break;
        }
    }

    if (i == 12 || memcmp(&s.data[25], " GMT", 4) != 0
        || tpl_session_digits(&s, 5, 2) < 1
        || tpl_session_digits(&s, 5, 2) > 31
        || tpl_session_digits(&s, 12, 4) < 1
        || tpl_session_digits(&s, 17, 2) < 0
        || tpl_session_digits(&s, 20, 2) < 0
        || tpl_session_digits(&s, 23, 2) < 0)
    {
        return TPL_DECLINED;
    }

    if (tpl_ymd_day(exec, tpl_session_digits(&s, 12, 4), (int64_t) i + 1,
                    tpl_session_digits(&s, 5, 2), &day)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    memset(&utc, 0, sizeof(tpl_moment_t));
    utc.aware = 1;

    return tpl_moment_make(exec, &tpl_datetime_class, day,
                           ((tpl_session_digits(&s, 17, 2) * 60
                             + tpl_session_digits(&s, 20, 2)) * 60
                            + tpl_session_digits(&s, 23, 2)) * 1000000LL,
                           &utc, v);
}


/* -1 if they are none */

static tpl_int_t
tpl_session_digits(const tpl_str_t *s, size_t from, size_t n)
{
    size_t     i;
    tpl_int_t  value;

    value = 0;

    for (i = from; i < from + n; i++) {

        if (s->data[i] < '0' || s->data[i] > '9') {
            return -1;
        }

        value = value * 10 + s->data[i] - '0';
    }

    return value;
}


/* a dict whose only key looks like a tag: the key has two underscores more */

static tpl_int_t
tpl_session_dict(tpl_exec_t *exec, tpl_value_t *v)
{
    uint32_t           i;
    tpl_str_t          key;
    tpl_dict_t        *dict;
    tpl_dict_entry_t  *e;

    if (v->type != TPL_DICT || v->u.dict->n != 1) {
        return TPL_DECLINED;
    }

    i = 0;
    e = tpl_dict_next(v->u.dict, &i);

    key = tpl_value_str(&e->key);
    key.len = (key.len > 2) ? key.len - 2 : 0;

    dict = tpl_dict_create(exec, 1);

    if (dict == NULL || tpl_dict_set_str(exec, dict, &key, &e->value)
                        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(v, dict);

    return TPL_OK;
}
