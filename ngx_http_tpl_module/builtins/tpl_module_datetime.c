
/*
 * Python's datetime and date: moments, which are a day, counted from 1 for
 * 0001-01-01 as date.toordinal() does, and microseconds of it; a date has none.
 */

#include <math.h>

#include "builtins/tpl_methods.h"
#include "builtins/tpl_module_datetime.h"


static tpl_int_t tpl_moment_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_moment_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_moment_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_moment_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_value_t *out);
static tpl_int_t tpl_moment_compare(tpl_exec_t *exec, tpl_object_t *a,
    tpl_object_t *b, tpl_int_t *order);
static uint32_t tpl_moment_hash(tpl_object_t *obj);
static tpl_int_t tpl_moment_format(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_str_t *spec, tpl_buf_t *b);


const tpl_class_t  tpl_datetime_class = {
    .name = "datetime.datetime",
    .get_attr = tpl_moment_attr,
    .str = tpl_moment_str,
    .repr = tpl_moment_repr,
    .binary = tpl_moment_binary,
    .compare = tpl_moment_compare,
    .hash = tpl_moment_hash,
    .format = tpl_moment_format
};


const tpl_class_t  tpl_date_class = {
    .name = "datetime.date",
    .get_attr = tpl_moment_attr,
    .str = tpl_moment_str,
    .repr = tpl_moment_repr,
    .binary = tpl_moment_binary,
    .compare = tpl_moment_compare,
    .hash = tpl_moment_hash,
    .format = tpl_moment_format
};


/* the calendar */

static tpl_uint_t
tpl_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}


static int64_t
tpl_days_in_month(int64_t year, int64_t month)
{
    static const char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    return days[month - 1] + (month == 2 && tpl_is_leap(year));
}


int64_t
tpl_days_before(int64_t year, int64_t month)
{
    int64_t  i, y, days;

    y = year - 1;
    days = y * 365 + y / 4 - y / 100 + y / 400;

    for (i = 1; i < month; i++) {
        days += tpl_days_in_month(year, i);
    }

    return days;
}


void
tpl_day_ymd(int64_t day, tpl_ymd_t *ymd)
{
    /* the year is one off at most: leap years are not evenly spread */

    ymd->year = (day * 400) / 146097 + 1;

    while (tpl_days_before(ymd->year, 1) >= day) {
        ymd->year--;
    }

    while (tpl_days_before(ymd->year + 1, 1) < day) {
        ymd->year++;
    }

    day -= tpl_days_before(ymd->year, 1);
    ymd->month = 1;

    while (day > tpl_days_in_month(ymd->year, ymd->month)) {
        day -= tpl_days_in_month(ymd->year, ymd->month);
        ymd->month++;
    }

    ymd->day = day;
}


tpl_int_t
tpl_ymd_day(tpl_exec_t *exec, int64_t year, int64_t month, int64_t day,
    int64_t *out)
{
    if (year < 1 || year > 9999) {
        return tpl_throw(exec, TPL_EXC_VALUE, "year %lld is out of range",
                         (long long) year);
    }

    if (month < 1 || month > 12) {
        return tpl_throw(exec, TPL_EXC_VALUE, "month must be in 1..12");
    }

    if (day < 1 || day > tpl_days_in_month(year, month)) {
        return tpl_throw(exec, TPL_EXC_VALUE, "day is out of range for month");
    }

    *out = tpl_days_before(year, month) + day;

    return TPL_OK;
}


int64_t
tpl_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}


/* us may be more than a day, or negative */

tpl_int_t
tpl_moment_make(tpl_exec_t *exec, const tpl_class_t *cls, int64_t day,
    int64_t us, const tpl_moment_t *zone, tpl_value_t *out)
{
    int64_t        n;
    tpl_moment_t  *m;

    n = tpl_floor_div(us, TPL_DAY_US);
    us -= n * TPL_DAY_US;

    if (day + n < 1 || day + n > TPL_DAY_MAX) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW, "date value out of range");
    }

    m = tpl_palloc(exec->arena, sizeof(tpl_moment_t));
    if (m == NULL) {
        return tpl_throw_memory(exec);
    }

    m->object.cls = cls;
    m->day = (int32_t) (day + n);
    m->us = (cls == &tpl_date_class) ? 0 : us;
    m->aware = zone ? zone->aware : 0;
    m->offset = zone ? zone->offset : 0;
    m->zone = zone ? zone->zone : NULL;

    tpl_value_object(out, m);

    return TPL_OK;
}


/* seconds since 1970, local time or that of a zone */

static tpl_int_t
tpl_moment_from(tpl_exec_t *exec, const tpl_class_t *cls, double seconds,
    const tpl_moment_t *zone, tpl_uint_t local, tpl_value_t *out)
{
    double  whole;

    whole = floor(seconds);

    if (!(whole >= TPL_TIME_MIN && whole <= TPL_TIME_MAX)) {
        return tpl_throw(exec, TPL_EXC_VALUE, "year is out of range");
    }

    return tpl_moment_at(exec, cls, (int64_t) whole,
                         llrint((seconds - whole) * 1e6), zone, local, out);
}


tpl_int_t
tpl_moment_at(tpl_exec_t *exec, const tpl_class_t *cls, int64_t t, int64_t us,
    const tpl_moment_t *zone, tpl_uint_t local, tpl_value_t *out)
{
    time_t        at;
    int64_t       day;
    struct tm     tm;
    tpl_moment_t  there;

    memset(&there, 0, sizeof(tpl_moment_t));

    if (zone != NULL) {
        there = *zone;
    }

    if (us == 1000000) {
        us = 0;
        t++;
    }

    if (local) {
        at = (time_t) t;

        if (localtime_r(&at, &tm) == NULL) {
            return tpl_throw(exec, TPL_EXC_VALUE, "year is out of range");
        }

        t += tm.tm_gmtoff;

    } else {
        tpl_zone_set_utc(&there, t);
        t += there.offset;
    }

    day = tpl_floor_div(t, 86400);

    return tpl_moment_make(exec, cls, day + TPL_DAY_EPOCH,
                           us + (t - day * 86400) * 1000000, &there, out);
}


/* arguments from first on: year, month, day and n - 3 parts of the day */

static tpl_int_t
tpl_moment_new(tpl_call_t *call, tpl_uint_t n, int64_t *day, int64_t *us)
{
    int64_t     part[7];
    tpl_uint_t  i;

    static const struct {
        const char  *name;
        int64_t      max;
        int64_t      us;
    } parts[] = {
        { "hour", 23, 3600000000LL },
        { "minute", 59, 60000000 },
        { "second", 59, 1000000 },
        { "microsecond", 999999, 1 }
    };

    memset(part, 0, sizeof(part));

    for (i = 0; i < n; i++) {
        if (tpl_arg_int(call, i, 0, &part[i]) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (tpl_ymd_day(call->exec, part[0], part[1], part[2], day) != TPL_OK) {
        return TPL_ERROR;
    }

    *us = 0;

    for (i = 3; i < n; i++) {

        if (part[i] < 0 || part[i] > parts[i - 3].max) {
            return tpl_throw(call->exec, TPL_EXC_VALUE,
                             "%s must be in 0..%d", parts[i - 3].name,
                             (int) parts[i - 3].max);
        }

        *us += part[i] * parts[i - 3].us;
    }

    return TPL_OK;
}


static tpl_int_t
tpl_datetime_new(tpl_call_t *call)
{
    int64_t       day, us;
    tpl_moment_t  zone;

    if (tpl_moment_new(call, 7, &day, &us) != TPL_OK
        || tpl_zone_arg(call->exec, &call->args[7], &zone) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_zone_set_wall(&zone, day, us);

    return tpl_moment_make(call->exec, &tpl_datetime_class, day, us, &zone,
                           &call->result);
}


static tpl_int_t
tpl_date_new(tpl_call_t *call)
{
    int64_t  day, us;

    if (tpl_moment_new(call, 3, &day, &us) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_moment_make(call->exec, &tpl_date_class, day, us, NULL,
                           &call->result);
}


static tpl_int_t
tpl_datetime_now(tpl_call_t *call)
{
    tpl_moment_t  zone;

    if (tpl_zone_arg(call->exec, &call->args[0], &zone) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_moment_from(call->exec, &tpl_datetime_class,
                           tpl_module_clock(), &zone, !zone.aware,
                           &call->result);
}


static tpl_int_t
tpl_datetime_utcnow(tpl_call_t *call)
{
    tpl_moment_t  zone;

    memset(&zone, 0, sizeof(tpl_moment_t));

    return tpl_moment_from(call->exec, &tpl_datetime_class,
                           tpl_module_clock(), &zone, 0, &call->result);
}


static tpl_int_t
tpl_datetime_today(tpl_call_t *call)
{
    return tpl_moment_from(call->exec, &tpl_datetime_class,
                           tpl_module_clock(), NULL, 1, &call->result);
}


static tpl_int_t
tpl_date_today(tpl_call_t *call)
{
    return tpl_moment_from(call->exec, &tpl_date_class, tpl_module_clock(),
                           NULL, 1, &call->result);
}


static tpl_int_t
tpl_datetime_fromtimestamp(tpl_call_t *call)
{
    double        d;
    tpl_moment_t  zone;

    if (tpl_module_float(call->exec, &call->args[0], &d) != TPL_OK
        || tpl_zone_arg(call->exec, &call->args[1], &zone) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_moment_from(call->exec, &tpl_datetime_class, d, &zone,
                           !zone.aware, &call->result);
}


static tpl_int_t
tpl_datetime_utcfromtimestamp(tpl_call_t *call)
{
    double        d;
    tpl_moment_t  zone;

    memset(&zone, 0, sizeof(tpl_moment_t));

    if (tpl_module_float(call->exec, &call->args[0], &d) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_moment_from(call->exec, &tpl_datetime_class, d, &zone, 0,
                           &call->result);
}


static tpl_int_t
tpl_date_fromtimestamp(tpl_call_t *call)
{
    double  d;

    if (tpl_module_float(call->exec, &call->args[0], &d) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_moment_from(call->exec, &tpl_date_class, d, NULL, 1,
                           &call->result);
}


/* sep is what stands between date and time, how many parts of it are wanted */

static void
tpl_moment_iso(const tpl_moment_t *m, tpl_uint_t sep, const char *spec,
    tpl_buf_t *b)
{
    int64_t    s, us;
    tpl_ymd_t  ymd;

    tpl_day_ymd(m->day, &ymd);

    tpl_buf_printf(b, "%04d-%02d-%02d", (int) ymd.year, (int) ymd.month,
                   (int) ymd.day);

    if (m->object.cls == &tpl_date_class) {
        return;
    }

    s = m->us / 1000000;
    us = m->us % 1000000;

    tpl_buf_utf8(b, (uint32_t) sep);
    tpl_buf_printf(b, "%02d", (int) (s / 3600));

    if (strcmp(spec, "hours") != 0) {
        tpl_buf_printf(b, ":%02d", (int) (s / 60 % 60));
    }

    if (strcmp(spec, "hours") != 0 && strcmp(spec, "minutes") != 0) {
        tpl_buf_printf(b, ":%02d", (int) (s % 60));

        if (strcmp(spec, "milliseconds") == 0) {
            tpl_buf_printf(b, ".%03d", (int) (us / 1000));

        } else if (strcmp(spec, "microseconds") == 0
                   || (strcmp(spec, "auto") == 0 && us))
        {
            tpl_buf_printf(b, ".%06d", (int) us);
        }
    }

    if (m->aware) {
        tpl_zone_text(b, m->offset, ":");
    }
}


static tpl_int_t
tpl_moment_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    tpl_moment_iso((tpl_moment_t *) obj, ' ', "auto", b);

    return TPL_OK;
}


static tpl_int_t
tpl_moment_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    int64_t        s, us;
    tpl_ymd_t      ymd;
    tpl_value_t    zone;
    tpl_moment_t  *m = (tpl_moment_t *) obj;

    tpl_day_ymd(m->day, &ymd);

    tpl_buf_printf(b, "%s(%d, %d, %d", obj->cls->name, (int) ymd.year,
                   (int) ymd.month, (int) ymd.day);

    if (obj->cls == &tpl_datetime_class) {
        s = m->us / 1000000;
        us = m->us % 1000000;

        tpl_buf_printf(b, ", %d, %d", (int) (s / 3600), (int) (s / 60 % 60));

        if (s % 60 || us) {
            tpl_buf_printf(b, ", %d", (int) (s % 60));
        }

        if (us) {
            tpl_buf_printf(b, ", %d", (int) us);
        }

        if (m->aware) {
            tpl_buf_lit(b, ", tzinfo=");

            if (tpl_zone_of(exec, m, &zone) != TPL_OK
                || tpl_repr_to(exec, &zone, b) != TPL_OK)
            {
                return TPL_ERROR;
            }
        }
    }

    return tpl_buf_char(b, ')');
}


static void
tpl_moment_tm(const tpl_moment_t *m, struct tm *tm)
{
    tpl_ymd_t  ymd;

    memset(tm, 0, sizeof(struct tm));

    tpl_day_ymd(m->day, &ymd);

    tm->tm_year = (int) ymd.year - 1900;
    tm->tm_mon = (int) ymd.month - 1;
    tm->tm_mday = (int) ymd.day;
    tm->tm_hour = (int) (m->us / 3600000000LL);
    tm->tm_min = (int) (m->us / 60000000 % 60);
    tm->tm_sec = (int) (m->us / 1000000 % 60);
    tm->tm_wday = m->day % 7;
    tm->tm_yday = (int) (m->day - tpl_days_before(ymd.year, 1)) - 1;
    tm->tm_isdst = -1;
}


/* %f, %z and %Z are Python's own */

static tpl_int_t
tpl_moment_strftime_to(tpl_exec_t *exec, const tpl_moment_t *m,
    const tpl_str_t *format, tpl_buf_t *b)
{
    tpl_buf_t          own;
    tpl_str_t          s;
    struct tm          tm;
    const tpl_char_t  *p, *last;

    tpl_charge(exec, format->len);
    tpl_buf_init(&own, exec->arena);

    p = format->data;
    last = p + format->len;

    while (p < last) {

        if (*p != '%' || last - p < 2) {
            tpl_buf_char(&own, *p++);
            continue;
        }

        switch (p[1]) {

        case 'f':
            tpl_buf_printf(&own, "%06d", (int) (m->us % 1000000));
            break;

        case 'z':
            if (m->aware) {
                tpl_zone_text(&own, m->offset, "");
            }

            break;

        case 'Z':
            if (m->aware) {
                tpl_zone_abbr_to(m, &own);
            }

            break;

        default:
            tpl_buf_add(&own, p, 2);
            break;
        }

        p += 2;
    }

    if (own.failed) {
        return tpl_throw_memory(exec);
    }

    s.data = own.data;
    s.len = own.len;

    tpl_moment_tm(m, &tm);

    return tpl_time_format(exec, b, &s, &tm);
}


static tpl_int_t
tpl_moment_format(tpl_exec_t *exec, tpl_object_t *obj, const tpl_str_t *spec,
    tpl_buf_t *b)
{
    return tpl_moment_strftime_to(exec, (tpl_moment_t *) obj, spec, b);
}


/* attributes */

static tpl_int_t
tpl_moment_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    int64_t        v;
    tpl_ymd_t      ymd;
    tpl_moment_t  *m = (tpl_moment_t *) obj;

    tpl_day_ymd(m->day, &ymd);

    if (tpl_str_is(&name->str, "year")) {
        v = ymd.year;

    } else if (tpl_str_is(&name->str, "month")) {
        v = ymd.month;

    } else if (tpl_str_is(&name->str, "day")) {
        v = ymd.day;

    } else if (obj->cls == &tpl_date_class) {
        return tpl_module_method(exec, obj, name, out);

    } else if (tpl_str_is(&name->str, "hour")) {
        v = m->us / 3600000000LL;

    } else if (tpl_str_is(&name->str, "minute")) {
        v = m->us / 60000000 % 60;

    } else if (tpl_str_is(&name->str, "second")) {
        v = m->us / 1000000 % 60;

    } else if (tpl_str_is(&name->str, "microsecond")) {
        v = m->us % 1000000;

    } else if (tpl_str_is(&name->str, "tzinfo")) {

        if (m->aware) {
            return tpl_zone_of(exec, m, out);
        }

        tpl_value_none(out);

        return TPL_OK;

    } else {
        return tpl_module_method(exec, obj, name, out);
    }

    tpl_value_int(out, v);

    return TPL_OK;
}


/* operators */

/* microseconds since the first day, by UTC if a zone is known */

static int64_t
tpl_moment_us(const tpl_moment_t *m)
{
    return (int64_t) m->day * TPL_DAY_US + m->us
           - (int64_t) m->offset * 1000000;
}


/* a - b: of the same zone by the clock on the wall, as Python does it */

static int64_t
tpl_moment_between(const tpl_moment_t *a, const tpl_moment_t *b)
{
    int64_t  us;

    us = tpl_moment_us(a) - tpl_moment_us(b);

    return (a->zone != NULL && a->zone == b->zone)
           ? us + ((int64_t) a->offset - b->offset) * 1000000 : us;
}


tpl_int_t
tpl_moment_add(tpl_exec_t *exec, const tpl_moment_t *m, int64_t us,
    tpl_value_t *out)
{
    int64_t       days;
    tpl_moment_t  zone;

    days = tpl_floor_div(us, TPL_DAY_US);
    us -= days * TPL_DAY_US;
    us = (m->object.cls == &tpl_date_class) ? 0 : m->us + us;

    /* the clock on the wall goes on, and may be another distance from UTC */

    zone = *m;
    tpl_zone_set_wall(&zone, m->day + days, us);

    return tpl_moment_make(exec, m->object.cls, m->day + days, us, &zone,
                           out);
}


static tpl_int_t
tpl_moment_binary(tpl_exec_t *exec, tpl_binary_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_value_t *out)
{
    tpl_moment_t  *m, *other;

    if (!tpl_is_object_of(a, &tpl_datetime_class)
        && !tpl_is_object_of(a, &tpl_date_class))
    {
        return TPL_DECLINED;
    }

    m = (tpl_moment_t *) a->u.obj;

    if (tpl_is_object_of(b, &tpl_delta_class)
        && (op == TPL_OP_ADD || op == TPL_OP_SUB))
    {
        return tpl_moment_add(exec, m,
                              (op == TPL_OP_ADD)
                              ? ((tpl_delta_t *) b->u.obj)->us
                              : -((tpl_delta_t *) b->u.obj)->us, out);
    }

    if (op != TPL_OP_SUB || b->type != TPL_OBJECT
        || b->u.obj->cls != m->object.cls)
    {
        return TPL_DECLINED;
    }

    other = (tpl_moment_t *) b->u.obj;

    if (m->aware != other->aware) {
        return tpl_throw(exec, TPL_EXC_TYPE, "can't subtract offset-naive and "
                         "offset-aware datetimes");
    }

    return tpl_delta_make(exec, &tpl_delta_class,
                          tpl_moment_between(m, other), out);
}


static tpl_int_t
tpl_moment_compare(tpl_exec_t *exec, tpl_object_t *a, tpl_object_t *b,
    tpl_int_t *order)
{
    int64_t  us;

    (void) exec;

    if (((tpl_moment_t *) a)->aware != ((tpl_moment_t *) b)->aware) {
        return TPL_DECLINED;
    }

    us = tpl_moment_between((tpl_moment_t *) a, (tpl_moment_t *) b);

    *order = (us > 0) - (us < 0);

    return TPL_OK;
}


static uint32_t
tpl_moment_hash(tpl_object_t *obj)
{
    int64_t  us;

    us = tpl_moment_us((tpl_moment_t *) obj);

    return tpl_hash(&us, sizeof(int64_t));
}


/* methods; args[0] is the object, of the right class unless a keyword lied */

static tpl_moment_t *
tpl_moment_self(tpl_call_t *call)
{
    return (tpl_moment_t *) call->args[0].u.obj;
}


static tpl_int_t
tpl_moment_strftime(tpl_call_t *call)
{
    tpl_buf_t  b;
    tpl_str_t  format;

    if (tpl_arg_str(call, 1, &format) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_moment_strftime_to(call->exec, tpl_moment_self(call), &format, &b)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_moment_isoformat(tpl_call_t *call)
{
    uint32_t           sep;
    tpl_buf_t          b;
    tpl_str_t          s;
    tpl_uint_t         i;
    const char        *spec;
    const tpl_char_t  *p;

    static const char *const  specs[] = {
        "auto", "hours", "minutes", "seconds", "milliseconds", "microseconds"
    };

    sep = 'T';
    spec = "auto";

    if (call->nargs > 1 && tpl_arg_given(&call->args[1])) {

        if (tpl_arg_str(call, 1, &s) != TPL_OK) {
            return TPL_ERROR;
        }

        if (tpl_string_length(&call->args[1]) != 1) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "isoformat() argument 1 must be a unicode "
                             "character, not str");
        }

        p = s.data;
        sep = tpl_utf8_decode(&p, s.data + s.len);
    }

    if (call->nargs > 2 && tpl_arg_given(&call->args[2])) {

        if (tpl_arg_str(call, 2, &s) != TPL_OK) {
            return TPL_ERROR;
        }

        spec = NULL;

        for (i = 0; i < tpl_nelts(specs); i++) {
            if (tpl_str_is(&s, specs[i])) {
                spec = specs[i];
            }
        }

        if (spec == NULL) {
            return tpl_throw(call->exec, TPL_EXC_VALUE,
                             "Unknown timespec value");
        }
    }

    tpl_buf_init(&b, call->exec->arena);
    tpl_moment_iso(tpl_moment_self(call), sep, spec, &b);

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_date_isoformat(tpl_call_t *call)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, call->exec->arena);
    tpl_moment_iso(tpl_moment_self(call), 'T', "auto", &b);

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
}


static tpl_int_t
tpl_moment_weekday(tpl_call_t *call)
{
    tpl_value_int(&call->result, (tpl_moment_self(call)->day + 6) % 7);
    return TPL_OK;
}


static tpl_int_t
tpl_moment_isoweekday(tpl_call_t *call)
{
    tpl_value_int(&call->result, (tpl_moment_self(call)->day + 6) % 7 + 1);
    return TPL_OK;
}


static tpl_int_t
tpl_moment_toordinal(tpl_call_t *call)
{
    tpl_value_int(&call->result, tpl_moment_self(call)->day);
    return TPL_OK;
}


/* (year, week, weekday): a week is of the year that its Thursday is in */

static tpl_int_t
tpl_moment_isocalendar(tpl_call_t *call)
{
    int64_t       thursday, weekday, day;
    tpl_ymd_t     ymd;
    tpl_value_t   v[3];

    day = tpl_moment_self(call)->day;
    weekday = (day + 6) % 7;
    thursday = day - weekday + 3;

    tpl_day_ymd(thursday, &ymd);

    tpl_value_int(&v[0], ymd.year);
    tpl_value_int(&v[1], (thursday - tpl_days_before(ymd.year, 1) - 1) / 7
                         + 1);
    tpl_value_int(&v[2], weekday + 1);

    return tpl_value_pack(call->exec, v, 3, &call->result);
}


static tpl_int_t
tpl_moment_timetuple(tpl_call_t *call)
{
    struct tm  tm;

    tpl_moment_tm(tpl_moment_self(call), &tm);

    return tpl_time_struct(call->exec, &tm, &call->result);
}


static tpl_int_t
tpl_moment_timestamp(tpl_call_t *call)
{
    int64_t        us;
    struct tm      tm;
    tpl_moment_t  *m;

    m = tpl_moment_self(call);

    if (m->aware) {
        us = tpl_moment_us(m) - TPL_DAY_EPOCH * TPL_DAY_US;

    } else {
        tpl_moment_tm(m, &tm);
        us = (int64_t) mktime(&tm) * 1000000 + m->us % 1000000;
    }

    tpl_value_float(&call->result, (double) us / 1e6);

    return TPL_OK;
}


static tpl_int_t
tpl_moment_date(tpl_call_t *call)
{
    return tpl_moment_make(call->exec, &tpl_date_class,
                           tpl_moment_self(call)->day, 0, NULL,
                           &call->result);
}


static tpl_int_t
tpl_moment_replace(tpl_call_t *call)
{
    int64_t        day, us;
    tpl_uint_t     i, n;
    tpl_call_t     inner;
    tpl_ymd_t      ymd;
    tpl_moment_t  *m, zone;
    tpl_value_t    args[7];

    m = tpl_moment_self(call);
    n = (m->object.cls == &tpl_date_class) ? 3 : 7;

    tpl_day_ymd(m->day, &ymd);

    tpl_value_int(&args[0], ymd.year);
    tpl_value_int(&args[1], ymd.month);
    tpl_value_int(&args[2], ymd.day);
    tpl_value_int(&args[3], m->us / 3600000000LL);
    tpl_value_int(&args[4], m->us / 60000000 % 60);
    tpl_value_int(&args[5], m->us / 1000000 % 60);
    tpl_value_int(&args[6], m->us % 1000000);

    for (i = 0; i < n; i++) {
        if (tpl_arg_given(&call->args[i + 1])) {
            args[i] = call->args[i + 1];
        }
    }

    inner = *call;
    inner.args = args;

    if (tpl_moment_new(&inner, n, &day, &us) != TPL_OK) {
        return TPL_ERROR;
    }

    zone = *m;

    if (n == 7 && tpl_arg_given(&call->args[8])
        && tpl_zone_arg(call->exec, &call->args[8], &zone) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_zone_set_wall(&zone, day, us);

    return tpl_moment_make(call->exec, m->object.cls, day, us, &zone,
                           &call->result);
}


/* to another zone, or to local time as a fixed distance */

static tpl_int_t
tpl_moment_astimezone(tpl_call_t *call)
{
    time_t         t;
    int64_t        us;
    struct tm      tm;
    tpl_moment_t  *m, zone;

    m = tpl_moment_self(call);

    if (tpl_zone_arg(call->exec, &call->args[1], &zone) != TPL_OK) {
        return TPL_ERROR;
    }

    us = tpl_moment_us(m);

    if (!m->aware) {
        tpl_moment_tm(m, &tm);
        us = ((int64_t) mktime(&tm) + TPL_DAY_EPOCH * 86400) * 1000000
             + m->us % 1000000;
    }

    if (!zone.aware) {
        t = (time_t) (tpl_floor_div(us, 1000000) - TPL_DAY_EPOCH * 86400);

        if (localtime_r(&t, &tm) == NULL) {
            return tpl_throw(call->exec, TPL_EXC_VALUE,
                             "year is out of range");
        }

        zone.aware = 1;
        zone.offset = (int32_t) tm.tm_gmtoff;
    }

    tpl_zone_set_utc(&zone, tpl_floor_div(us, 1000000)
                            - TPL_DAY_EPOCH * 86400);

    return tpl_moment_make(call->exec, &tpl_datetime_class, 0,
                           us + (int64_t) zone.offset * 1000000, &zone,
                           &call->result);
}


static tpl_int_t
tpl_moment_tzname(tpl_call_t *call)
{
    tpl_buf_t      b;
    tpl_moment_t  *m;

    m = tpl_moment_self(call);

    if (!m->aware) {
        return TPL_OK;
    }

    tpl_buf_init(&b, call->exec->arena);
    tpl_zone_abbr_to(m, &b);

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_moment_utcoffset(tpl_call_t *call)
{
    tpl_moment_t  *m;

    m = tpl_moment_self(call);

    return m->aware ? tpl_delta_make(call->exec, &tpl_delta_class,
                                     (int64_t) m->offset * 1000000,
                                     &call->result)
                    : TPL_OK;
}


static tpl_int_t
tpl_moment_ctime(tpl_call_t *call)
{
    tpl_buf_t  b;
    tpl_str_t  format;
    struct tm  tm;

    tpl_str_set(&format, "%a %b %e %H:%M:%S ");
    tpl_buf_init(&b, call->exec->arena);
    tpl_moment_tm(tpl_moment_self(call), &tm);

    if (tpl_time_format(call->exec, &b, &format, &tm) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_printf(&b, "%04d", tm.tm_year + 1900);

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
}


#define TPL_PARTS  "hour=, minute=, second=, microsecond=, tzinfo="

const tpl_builtin_def_t  tpl_module_datetime[] = {

    { "datetime.date", "", tpl_module_type, TPL_FN_VALUE|TPL_FN_IMPURE },
    { "datetime.datetime", "", tpl_module_type,
      TPL_FN_VALUE|TPL_FN_IMPURE },

    { "datetime.datetime:new", "year, month, day, " TPL_PARTS,
      tpl_datetime_new, 0 },
    { "datetime.datetime.fromisoformat", "date_string, /",
      tpl_datetime_fromisoformat, 0 },
    { "datetime.datetime.fromtimestamp", "timestamp, tz=",
      tpl_datetime_fromtimestamp, TPL_FN_IMPURE },
    { "datetime.datetime.now", "tz=", tpl_datetime_now, TPL_FN_IMPURE },
    { "datetime.datetime.strptime", "date_string, format, /",
      tpl_datetime_strptime, 0 },
    { "datetime.datetime.today", "", tpl_datetime_today, TPL_FN_IMPURE },
    { "datetime.datetime.utcfromtimestamp", "timestamp, /",
      tpl_datetime_utcfromtimestamp, 0 },
    { "datetime.datetime.utcnow", "", tpl_datetime_utcnow, TPL_FN_IMPURE },

    { "datetime.datetime:astimezone", "self, tz=", tpl_moment_astimezone,
      0 },
    { "datetime.datetime:ctime", "self, /", tpl_moment_ctime, 0 },
    { "datetime.datetime:date", "self, /", tpl_moment_date, 0 },
    { "datetime.datetime:isocalendar", "self, /", tpl_moment_isocalendar,
      0 },
    { "datetime.datetime:isoformat", "self, /, sep=, timespec=",
      tpl_moment_isoformat, 0 },
    { "datetime.datetime:isoweekday", "self, /", tpl_moment_isoweekday, 0 },
    { "datetime.datetime:replace", "self, /, year=, month=, day=, " TPL_PARTS,
      tpl_moment_replace, 0 },
    { "datetime.datetime:strftime", "self, /, format", tpl_moment_strftime,
      0 },
    { "datetime.datetime:timestamp", "self, /", tpl_moment_timestamp, 0 },
    { "datetime.datetime:timetuple", "self, /", tpl_moment_timetuple, 0 },
    { "datetime.datetime:toordinal", "self, /", tpl_moment_toordinal, 0 },
    { "datetime.datetime:tzname", "self, /", tpl_moment_tzname, 0 },
    { "datetime.datetime:utcoffset", "self, /", tpl_moment_utcoffset, 0 },
    { "datetime.datetime:weekday", "self, /", tpl_moment_weekday, 0 },

    { "datetime.date:new", "year, month, day", tpl_date_new, 0 },
    { "datetime.date.fromisoformat", "date_string, /",
      tpl_date_fromisoformat, 0 },
    { "datetime.date.fromtimestamp", "timestamp, /", tpl_date_fromtimestamp,
      TPL_FN_IMPURE },
    { "datetime.date.today", "", tpl_date_today, TPL_FN_IMPURE },

    { "datetime.date:ctime", "self, /", tpl_moment_ctime, 0 },
    { "datetime.date:isocalendar", "self, /", tpl_moment_isocalendar, 0 },
    { "datetime.date:isoformat", "self, /", tpl_date_isoformat, 0 },
    { "datetime.date:isoweekday", "self, /", tpl_moment_isoweekday, 0 },
    { "datetime.date:replace", "self, /, year=, month=, day=",
      tpl_moment_replace, 0 },
    { "datetime.date:strftime", "self, /, format", tpl_moment_strftime, 0 },
    { "datetime.date:timetuple", "self, /", tpl_moment_timetuple, 0 },
    { "datetime.date:toordinal", "self, /", tpl_moment_toordinal, 0 },
    { "datetime.date:weekday", "self, /", tpl_moment_weekday, 0 },

    { NULL, NULL, NULL, 0 }
};
