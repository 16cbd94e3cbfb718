
/*
 * now(): the time of the answer.
 */

#include "builtins/tpl_module_datetime.h"
#include "web/tpl_answer.h"


static tpl_int_t tpl_now(tpl_call_t *call);
static tpl_int_t tpl_now_zone(tpl_call_t *call, tpl_moment_t *zone);
static tpl_int_t tpl_now_offset(const tpl_str_t *s, int32_t *offset);


const tpl_builtin_def_t  tpl_now_globals[] = {
    { "now", "tz=", tpl_now, TPL_FN_IMPURE | TPL_FN_ZONE },
    { NULL, NULL, NULL, 0 }
};


/* datetime.now(tz), whose tz may be a name as well */

static tpl_int_t
tpl_now(tpl_call_t *call)
{
    tpl_moment_t     zone;
    struct timespec  ts;

    if (tpl_now_zone(call, &zone) != TPL_OK) {
        return TPL_ERROR;
    }

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return tpl_moment_at(call->exec, &tpl_datetime_class, ts.tv_sec,
                         ts.tv_nsec / 1000, &zone, !zone.aware,
                         &call->result);
}


static tpl_int_t
tpl_now_zone(tpl_call_t *call, tpl_moment_t *zone)
{
    tpl_str_t           s;
    const tpl_value_t  *v;

    v = &call->args[0];

    if (!tpl_is_string(v)) {
        return tpl_zone_arg(call->exec, v, zone);
    }

    memset(zone, 0, sizeof(tpl_moment_t));
    zone->aware = 1;

    s = tpl_value_str(v);

    if (tpl_str_is(&s, "UTC") || tpl_str_is(&s, "Z")
        || tpl_now_offset(&s, &zone->offset) == TPL_OK)
    {
        return TPL_OK;
    }

    zone->zone = tpl_zones_find(call->exec->options->zones, &s);

    if (zone->zone == NULL) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "'%.*s' is no time zone: now() takes a name as "
                         "'Europe/Berlin', 'UTC', an offset as '+02:00', or "
                         "nothing for local time", tpl_str_arg(&s));
    }

    return TPL_OK;
}


/* +02:00, -0330 */

static tpl_int_t
tpl_now_offset(const tpl_str_t *s, int32_t *offset)
{
    int         d[4];
    size_t      i, n;
    tpl_char_t  c;

    if ((s->len != 6 && s->len != 5)
        || (s->data[0] != '+' && s->data[0] != '-')
        || (s->len == 6 && s->data[3] != ':'))
    {
        return TPL_DECLINED;
    }

    for (i = 1, n = 0; i < s->len; i++) {
        c = s->data[i];

        if (i == 3 && s->len == 6) {
            continue;
        }

        if (c < '0' || c > '9') {
            return TPL_DECLINED;
        }

        d[n++] = c - '0';
    }

    if (d[0] * 10 + d[1] > 23 || d[2] > 5) {
        return TPL_DECLINED;
    }

    *offset = (d[0] * 10 + d[1]) * 3600 + (d[2] * 10 + d[3]) * 60;

    if (s->data[0] == '-') {
        *offset = -*offset;
    }

    return TPL_OK;
}
