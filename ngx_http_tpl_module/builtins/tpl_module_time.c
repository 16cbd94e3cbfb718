
/*
 * Python's time: the clock, calendars of the process's time zone and of UTC,
 * strftime().
 */

#include <math.h>

#include "builtins/tpl_module_time.h"


#define TPL_TIME_FIELDS  9


typedef struct {
    tpl_object_t             object;
    struct tm                tm;
} tpl_struct_time_t;


static tpl_int_t tpl_time_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_time_get_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_time_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_time_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_time_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


static const tpl_class_t  tpl_struct_time_class = {
    .name = "time.struct_time",
    .get_attr = tpl_time_get_attr,
    .get_item = tpl_time_get_item,
    .length = tpl_time_length,
    .iter = tpl_time_iter,
    .str = tpl_time_str
};


static const char *const  tpl_time_names[TPL_TIME_FIELDS] = {
    "tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday",
    "tm_yday", "tm_isdst"
};


/* field n as Python counts it */

static int64_t
tpl_time_field(const struct tm *tm, tpl_uint_t n)
{
    switch (n) {

    case 0:
        return (int64_t) tm->tm_year + 1900;

    case 1:
        return tm->tm_mon + 1;

    case 2:
        return tm->tm_mday;

    case 3:
        return tm->tm_hour;

    case 4:
        return tm->tm_min;

    case 5:
        return tm->tm_sec;

    case 6:
        return (tm->tm_wday + 6) % 7;

    case 7:
        return tm->tm_yday + 1;

    default:
        return tm->tm_isdst;
    }
}


static tpl_int_t
tpl_time_get_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_uint_t  i;
    struct tm  *tm;

    tm = &((tpl_struct_time_t *) obj)->tm;

    for (i = 0; i < TPL_TIME_FIELDS; i++) {
        if (tpl_str_is(&name->str, tpl_time_names[i])) {
            tpl_value_int(out, tpl_time_field(tm, i));
            return TPL_OK;
        }
    }

    if (tpl_str_is(&name->str, "tm_zone")) {
        return tpl_value_from_c(exec, out, tm->tm_zone ? tm->tm_zone : "");
    }

    if (tpl_str_is(&name->str, "tm_gmtoff")) {
        tpl_value_int(out, tm->tm_gmtoff);
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_time_get_item(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_value_t  tuple;

    if (tpl_time_iter(exec, obj, &tuple) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_get_item(exec, &tuple, key, out);
}


static tpl_int_t
tpl_time_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    (void) exec;
    (void) obj;

    *n = TPL_TIME_FIELDS;

    return TPL_OK;
}


static tpl_int_t
tpl_time_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    tpl_uint_t   i;
    tpl_list_t  *list;

    list = tpl_list_create(exec, TPL_TIME_FIELDS);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < TPL_TIME_FIELDS; i++) {
        tpl_value_int(&list->items[i],
                      tpl_time_field(&((tpl_struct_time_t *) obj)->tm, i));
    }

    list->n = TPL_TIME_FIELDS;

    tpl_value_tuple(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_time_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_uint_t  i;

    (void) exec;

    tpl_buf_lit(b, "time.struct_time(");

    for (i = 0; i < TPL_TIME_FIELDS; i++) {
        tpl_buf_printf(b, "%s%s=%lld", i ? ", " : "", tpl_time_names[i],
                       (long long) tpl_time_field(
                           &((tpl_struct_time_t *) obj)->tm, i));
    }

    return tpl_buf_char(b, ')');
}


tpl_int_t
tpl_time_struct(tpl_exec_t *exec, const struct tm *tm, tpl_value_t *out)
{
    tpl_struct_time_t  *t;

    t = tpl_palloc(exec->arena, sizeof(tpl_struct_time_t));
    if (t == NULL) {
        return tpl_throw_memory(exec);
    }

    t->object.cls = &tpl_struct_time_class;
    t->tm = *tm;

    tpl_value_object(out, t);

    return TPL_OK;
}


tpl_int_t
tpl_time_format(tpl_exec_t *exec, tpl_buf_t *b, const tpl_str_t *format,
    const struct tm *tm)
{
    char               one[64], *f;
    size_t             i, n;
    const tpl_char_t  *p, *q, *last;

    /*
     * Directive by directive, so that the room each takes is bounded, and a
     * width, which glibc would take, is not one.
     */

    p = format->data;
    last = p + format->len;

    tpl_charge(exec, format->len * 16);

    while (p < last) {

        for (q = p; q < last && *q != '%'; q++) { /* void */ }

        tpl_buf_add(b, p, q - p);
        p = q;

        if (p == last) {
            break;
        }

        f = one;
        *f++ = *p++;

        while (p < last && f < one + 4 && *p && strchr("-_0^#EO", *p)) {
            *f++ = (char) *p++;
        }

        if (p == last || *p == 0 || *p >= 0x80
            || strchr("aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%", *p)
               == NULL)
        {
            tpl_buf_add(b, one, f - one);
            continue;
        }

        *f++ = (char) *p++;
        n = f - one;

        /* a directive may have no text: a character before it tells */

        memmove(one + 1, one, n);
        one[0] = '+';
        one[n + 1] = '\0';

        f = (char *) tpl_buf_reserve(b, 256);
        if (f == NULL) {
            return tpl_throw_memory(exec);
        }

        i = strftime(f, 256, one, tm);

        if (i > 1) {
            memmove(f, f + 1, i - 1);
            b->len += i - 1;
        }
    }

    return b->failed ? tpl_throw_memory(exec) : TPL_OK;
}


/* seconds given as an argument, or the clock's */

static tpl_int_t
tpl_time_seconds(tpl_call_t *call, tpl_uint_t n, time_t *t)
{
    double  d;

    if (!tpl_arg_some(&call->args[n])) {
        *t = (time_t) floor(tpl_module_clock());
        return TPL_OK;
    }

    if (tpl_module_float(call->exec, &call->args[n], &d) != TPL_OK) {
        return TPL_ERROR;
    }

    d = floor(d);

    if (!(d >= TPL_TIME_MIN && d <= TPL_TIME_MAX)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "timestamp out of range for platform time_t");
    }

    *t = (time_t) d;

    return TPL_OK;
}


static tpl_int_t
tpl_time_calendar(tpl_call_t *call, tpl_uint_t utc)
{
    time_t     t;
    struct tm  tm;

    if (tpl_time_seconds(call, 0, &t) != TPL_OK) {
        return TPL_ERROR;
    }

    if ((utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) == NULL) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "timestamp out of range for platform time_t");
    }

    return tpl_time_struct(call->exec, &tm, &call->result);
}


static tpl_int_t
tpl_time_localtime(tpl_call_t *call)
{
    return tpl_time_calendar(call, 0);
}


static tpl_int_t
tpl_time_gmtime(tpl_call_t *call)
{
    return tpl_time_calendar(call, 1);
}


static tpl_int_t
tpl_time_time(tpl_call_t *call)
{
    tpl_value_float(&call->result, tpl_module_clock());
    return TPL_OK;
}


static tpl_int_t
tpl_time_time_ns(tpl_call_t *call)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    tpl_value_int(&call->result,
                  (int64_t) ts.tv_sec * 1000000000 + ts.tv_nsec);

    return TPL_OK;
}


/* a struct_time, or nine integers */

static tpl_int_t
tpl_time_tuple(tpl_call_t *call, tpl_uint_t n, struct tm *tm)
{
    int64_t             f[TPL_TIME_FIELDS];
    tpl_uint_t          i;
    const tpl_value_t  *v, *item;

    static const int64_t  max[TPL_TIME_FIELDS] = {
        9999, 12, 31, 23, 59, 61, 6, 366, 1
    };

    v = &call->args[n];

    if (tpl_is_object_of(v, &tpl_struct_time_class)) {
        *tm = ((tpl_struct_time_t *) v->u.obj)->tm;
        return TPL_OK;
    }

    if (v->type != TPL_TUPLE || v->u.list->n != TPL_TIME_FIELDS) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "Tuple or struct_time argument required");
    }

    for (i = 0; i < TPL_TIME_FIELDS; i++) {
        item = &v->u.list->items[i];

        if (!tpl_is_int(item)) {
            return tpl_throw(call->exec, TPL_EXC_TYPE, "'%s' object cannot be "
                             "interpreted as an integer",
                             tpl_type_name(item));
        }

        f[i] = item->u.i;

        if (f[i] > max[i] || (f[i] < 0 && i != 8)) {
            return tpl_throw(call->exec, TPL_EXC_VALUE, "%s out of range",
                             tpl_time_names[i] + 3);
        }
    }

    memset(tm, 0, sizeof(struct tm));

    tm->tm_year = (int) f[0] - 1900;
    tm->tm_mon = (int) tpl_max(f[1], 1) - 1;
    tm->tm_mday = (int) tpl_max(f[2], 1);
    tm->tm_hour = (int) f[3];
    tm->tm_min = (int) f[4];
    tm->tm_sec = (int) f[5];
    tm->tm_wday = (int) (f[6] + 1) % 7;
    tm->tm_yday = (int) tpl_max(f[7], 1) - 1;
    tm->tm_isdst = (f[8] < 0) ? -1 : (int) f[8];

    return TPL_OK;
}


static tpl_int_t
tpl_time_strftime(tpl_call_t *call)
{
    time_t     t;
    tpl_buf_t  b;
    tpl_str_t  format;
    struct tm  tm;

    if (tpl_arg_str(call, 0, &format) != TPL_OK) {
        return TPL_ERROR;
    }

    if (tpl_arg_given(&call->args[1])) {

        if (tpl_time_tuple(call, 1, &tm) != TPL_OK) {
            return TPL_ERROR;
        }

    } else {
        t = (time_t) floor(tpl_module_clock());
        (void) localtime_r(&t, &tm);
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_time_format(call->exec, &b, &format, &tm) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_time_mktime(tpl_call_t *call)
{
    struct tm  tm;

    if (tpl_time_tuple(call, 0, &tm) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_float(&call->result, (double) mktime(&tm));

    return TPL_OK;
}


const tpl_builtin_def_t  tpl_module_time[] = {

    { "time.gmtime", "seconds=, /", tpl_time_gmtime, TPL_FN_IMPURE },
    { "time.localtime", "seconds=, /", tpl_time_localtime, TPL_FN_IMPURE },
    { "time.mktime", "tuple, /", tpl_time_mktime, TPL_FN_IMPURE },
    { "time.strftime", "format, tuple=, /", tpl_time_strftime,
      TPL_FN_IMPURE },
    { "time.time", "", tpl_time_time, TPL_FN_IMPURE },
    { "time.time_ns", "", tpl_time_time_ns, TPL_FN_IMPURE },

    { NULL, NULL, NULL, 0 }
};
