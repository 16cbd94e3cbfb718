
/*
 * Time zones of moments: a fixed distance from UTC, or one of the system's
 * database, whose distance depends on the moment.
 */

#include "builtins/tpl_module_datetime.h"


static tpl_int_t tpl_zoneinfo_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_zoneinfo_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


const tpl_class_t  tpl_zoneinfo_class = {
    .name = "zoneinfo.ZoneInfo",
    .str = tpl_zoneinfo_str,
    .repr = tpl_zoneinfo_repr
};


tpl_int_t
tpl_zone_arg(tpl_exec_t *exec, const tpl_value_t *v, tpl_moment_t *zone)
{
    memset(zone, 0, sizeof(tpl_moment_t));

    if (!tpl_arg_some(v)) {
        return TPL_OK;
    }

    if (tpl_is_object_of(v, &tpl_zoneinfo_class)) {
        zone->aware = 1;
        zone->zone = ((tpl_zoneinfo_t *) v->u.obj)->zone;
        return TPL_OK;
    }

    if (!tpl_is_object_of(v, &tpl_zone_class)) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "tzinfo argument must be None or of a tzinfo "
                         "subclass, not type '%s'", tpl_type_name(v));
    }

    zone->aware = 1;
    zone->offset = (int32_t) (((tpl_delta_t *) v->u.obj)->us / 1000000);

    return TPL_OK;
}


void
tpl_zone_set_utc(tpl_moment_t *zone, int64_t t)
{
    tpl_zone_time_t  at;

    if (zone->zone != NULL) {
        tpl_zone_at(zone->zone, t, &at);
        zone->offset = at.offset;
    }
}


void
tpl_zone_set_wall(tpl_moment_t *zone, int64_t day, int64_t us)
{
    if (zone->zone != NULL) {
        zone->offset = tpl_zone_wall_offset(zone->zone,
                                            (day - TPL_DAY_EPOCH) * 86400
                                            + tpl_floor_div(us, 1000000));
    }
}


tpl_int_t
tpl_zone_of(tpl_exec_t *exec, const tpl_moment_t *m, tpl_value_t *out)
{
    tpl_zoneinfo_t  *info;

    if (m->zone == NULL) {
        return tpl_delta_make(exec, &tpl_zone_class,
                              (int64_t) m->offset * 1000000, out);
    }

    info = tpl_palloc(exec->arena, sizeof(tpl_zoneinfo_t));
    if (info == NULL) {
        return tpl_throw_memory(exec);
    }

    info->object.cls = &tpl_zoneinfo_class;
    info->zone = m->zone;

    tpl_value_object(out, info);

    return TPL_OK;
}


void
tpl_zone_abbr_to(const tpl_moment_t *m, tpl_buf_t *b)
{
    int64_t          wall;
    tpl_zone_time_t  at;

    if (m->zone == NULL) {
        tpl_zone_name(b, m->offset);
        return;
    }

    wall = (m->day - TPL_DAY_EPOCH) * 86400 + m->us / 1000000;

    tpl_zone_at(m->zone, wall - m->offset, &at);

    if (at.offset != m->offset) {

        /* a time that is left out: what held before the gap */

        tpl_zone_at(m->zone, wall - 86400, &at);
    }

    (void) tpl_buf_str(b, &at.abbr);
}


static tpl_int_t
tpl_zoneinfo_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    return tpl_buf_str(b, &((tpl_zoneinfo_t *) obj)->zone->name);
}


static tpl_int_t
tpl_zoneinfo_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    tpl_buf_lit(b, "zoneinfo.ZoneInfo(key='");
    (void) tpl_buf_str(b, &((tpl_zoneinfo_t *) obj)->zone->name);

    return tpl_buf_lit(b, "')");
}
