
/*
 * Python's timedelta, a number of microseconds, and timezone, which is one too:
 * a fixed distance from UTC.
 */

#include <math.h>

#include "builtins/tpl_module_datetime.h"


static tpl_int_t tpl_delta_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_delta_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_delta_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_delta_binary(tpl_exec_t *exec, tpl_binary_op_t op,
    const tpl_value_t *a, const tpl_value_t *b, tpl_value_t *out);
static tpl_int_t tpl_delta_compare(tpl_exec_t *exec, tpl_object_t *a,
    tpl_object_t *b, tpl_int_t *order);
static uint32_t tpl_delta_hash(tpl_object_t *obj);
static tpl_int_t tpl_delta_truth(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_uint_t *truth);
static tpl_int_t tpl_zone_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


const tpl_class_t  tpl_delta_class = {
    .name = "datetime.timedelta",
    .get_attr = tpl_delta_attr,
    .truth = tpl_delta_truth,
    .str = tpl_delta_str,
    .repr = tpl_delta_repr,
    .binary = tpl_delta_binary,
    .compare = tpl_delta_compare,
    .hash = tpl_delta_hash
};


/* a tpl_delta_t too */

const tpl_class_t  tpl_zone_class = {
    .name = "datetime.timezone",
    .get_attr = tpl_module_method,
    .str = tpl_zone_str,
    .repr = tpl_zone_repr,
    .compare = tpl_delta_compare,
    .hash = tpl_delta_hash
};


/* making objects */

tpl_int_t
tpl_delta_make(tpl_exec_t *exec, const tpl_class_t *cls, __int128_t us,
    tpl_value_t *out)
{
    tpl_delta_t  *delta;

    /* 64 bits of microseconds are 292,000 years */

    if (us > INT64_MAX || us < -INT64_MAX) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW,
                         "a timedelta of more than 292,000 years");
    }

    delta = tpl_palloc(exec->arena, sizeof(tpl_delta_t));
    if (delta == NULL) {
        return tpl_throw_memory(exec);
    }

    delta->object.cls = cls;
    delta->us = (int64_t) us;

    tpl_value_object(out, delta);

    return TPL_OK;
}


static tpl_int_t
tpl_delta_new(tpl_call_t *call)
{
    double       d;
    __int128_t   us;
    tpl_uint_t   i;
    long double  rest;

    static const int64_t  units[] = {
        TPL_DAY_US, 1000000, 1, 1000, 60000000, 3600000000LL,
        7 * TPL_DAY_US
    };

    us = 0;
    rest = 0;

    for (i = 0; i < 7; i++) {

        if (!tpl_arg_given(&call->args[i])) {
            continue;
        }

        if (tpl_is_int(&call->args[i])) {
            us += (__int128_t) call->args[i].u.i * units[i];
            continue;
        }

        if (call->args[i].type != TPL_FLOAT) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "unsupported type for timedelta component: %s",
                             tpl_type_name(&call->args[i]));
        }

        d = call->args[i].u.d;

        if (!(fabs(d) < 1e15)) {
            return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                             "a timedelta of more than 292,000 years");
        }

        rest += (long double) d * (long double) units[i];
    }

    if (!(fabsl(rest) < 9e18L)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "a timedelta of more than 292,000 years");
    }

    us += (int64_t) rintl(rest);

    return tpl_delta_make(call->exec, &tpl_delta_class, us, &call->result);
}


static tpl_int_t
tpl_zone_new(tpl_call_t *call)
{
    int64_t  us;

    if (!tpl_is_object_of(&call->args[0], &tpl_delta_class)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "timezone() argument 1 must be datetime.timedelta, "
                         "not %s", tpl_type_name(&call->args[0]));
    }

    us = ((tpl_delta_t *) call->args[0].u.obj)->us;

    if (us <= -TPL_DAY_US || us >= TPL_DAY_US) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "offset must be a timedelta strictly between "
                         "-timedelta(hours=24) and timedelta(hours=24)");
    }

    return tpl_delta_make(call->exec, &tpl_zone_class, us, &call->result);
}


static tpl_int_t
tpl_zone_utc(tpl_call_t *call)
{
    return tpl_delta_make(call->exec, &tpl_zone_class, 0, &call->result);
}


/* texts */

/* +HH:MM[:SS] */

void
tpl_zone_text(tpl_buf_t *b, int64_t seconds, const char *separator)
{
    tpl_buf_char(b, seconds < 0 ? '-' : '+');

    seconds = (seconds < 0) ? -seconds : seconds;

    tpl_buf_printf(b, "%02d%s%02d", (int) (seconds / 3600), separator,
                   (int) (seconds / 60 % 60));

    if (seconds % 60) {
        tpl_buf_printf(b, "%s%02d", separator, (int) (seconds % 60));
    }
}


void
tpl_zone_name(tpl_buf_t *b, int64_t seconds)
{
    tpl_buf_lit(b, "UTC");

    if (seconds) {
        tpl_zone_text(b, seconds, ":");
    }
}


static tpl_int_t
tpl_zone_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    (void) exec;

    tpl_zone_name(b, ((tpl_delta_t *) obj)->us / 1000000);

    return TPL_OK;
}


tpl_int_t
tpl_zone_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    if (((tpl_delta_t *) obj)->us == 0) {
        return tpl_buf_lit(b, "datetime.timezone.utc");
    }

    tpl_buf_lit(b, "datetime.timezone(");

    if (tpl_delta_repr(exec, obj, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_char(b, ')');
}


static tpl_int_t
tpl_delta_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    int64_t  days, us, s;

    (void) exec;

    us = ((tpl_delta_t *) obj)->us;
    days = tpl_floor_div(us, TPL_DAY_US);
    us -= days * TPL_DAY_US;
    s = us / 1000000;
    us %= 1000000;

    if (days) {
        tpl_buf_printf(b, "%lld day%s, ", (long long) days,
                       (days == 1 || days == -1) ? "" : "s");
    }

    tpl_buf_printf(b, "%d:%02d:%02d", (int) (s / 3600), (int) (s / 60 % 60),
                   (int) (s % 60));

    if (us) {
        tpl_buf_printf(b, ".%06d", (int) us);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_delta_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    int64_t      us, part[3];
    tpl_uint_t   i, some;

    static const char *const  names[] = { "days", "seconds", "microseconds" };

    (void) exec;

    us = ((tpl_delta_t *) obj)->us;
    part[0] = tpl_floor_div(us, TPL_DAY_US);
    us -= part[0] * TPL_DAY_US;
    part[1] = us / 1000000;
    part[2] = us % 1000000;

    tpl_buf_lit(b, "datetime.timedelta(");

    for (some = 0, i = 0; i < 3; i++) {
        if (part[i]) {
            tpl_buf_printf(b, "%s%s=%lld", some++ ? ", " : "", names[i],
                           (long long) part[i]);
        }
    }

    return some ? tpl_buf_char(b, ')') : tpl_buf_lit(b, "0)");
}


static tpl_int_t
tpl_delta_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    int64_t  days, us;

    us = ((tpl_delta_t *) obj)->us;
    days = tpl_floor_div(us, TPL_DAY_US);
    us -= days * TPL_DAY_US;

    if (tpl_str_is(&name->str, "days")) {
        tpl_value_int(out, days);

    } else if (tpl_str_is(&name->str, "seconds")) {
        tpl_value_int(out, us / 1000000);

    } else if (tpl_str_is(&name->str, "microseconds")) {
        tpl_value_int(out, us % 1000000);

    } else {
        return tpl_module_method(exec, obj, name, out);
    }

    return TPL_OK;
}


/* n / d, rounded half to even */

static __int128_t
tpl_delta_divide(__int128_t n, __int128_t d)
{
    __int128_t  q, r;

    if (d < 0) {
        n = -n;
        d = -d;
    }

    q = n / d;
    r = n % d;

    if (r < 0) {
        r += d;
        q--;
    }

    return q + (2 * r > d || (2 * r == d && (q & 1)));
}


static tpl_int_t
tpl_delta_scale(tpl_exec_t *exec, tpl_binary_op_t op, int64_t us,
    const tpl_value_t *v, tpl_value_t *out)
{
    __int128_t   r;
    long double  d;

    if (v->type == TPL_FLOAT) {

        if (op == TPL_OP_FLOORDIV) {
            return TPL_DECLINED;
        }

        if (op == TPL_OP_DIV && v->u.d == 0) {
            return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                             "float division by zero");
        }

        d = (op == TPL_OP_MUL) ? (long double) us * v->u.d
                               : (long double) us / v->u.d;

        if (!(fabsl(d) < 9e18L)) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "a timedelta of more than 292,000 years");
        }

        return tpl_delta_make(exec, &tpl_delta_class, (int64_t) rintl(d),
                              out);
    }

    if (!tpl_is_int(v)) {
        return TPL_DECLINED;
    }

    if (op == TPL_OP_MUL) {
        return tpl_delta_make(exec, &tpl_delta_class, (__int128_t) us * v->u.i,
                              out);
    }

    if (v->u.i == 0) {
        return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                         "integer division or modulo by zero");
    }

    if (op == TPL_OP_DIV) {
        r = tpl_delta_divide(us, v->u.i);

    } else {
        r = tpl_floor_div(us, v->u.i);
    }

    return tpl_delta_make(exec, &tpl_delta_class, r, out);
}


static tpl_int_t
tpl_delta_binary(tpl_exec_t *exec, tpl_binary_op_t op, const tpl_value_t *a,
    const tpl_value_t *b, tpl_value_t *out)
{
    int64_t  x, y;

    if (!tpl_is_object_of(a, &tpl_delta_class)) {

        /* number * delta */

        return (op == TPL_OP_MUL)
               ? tpl_delta_scale(exec, op, ((tpl_delta_t *) b->u.obj)->us, a,
                                 out)
               : TPL_DECLINED;
    }

    x = ((tpl_delta_t *) a->u.obj)->us;

    if (tpl_is_object_of(b, &tpl_delta_class)) {
        y = ((tpl_delta_t *) b->u.obj)->us;

        switch (op) {

        case TPL_OP_ADD:
            return tpl_delta_make(exec, &tpl_delta_class, (__int128_t) x + y,
                                  out);

        case TPL_OP_SUB:
            return tpl_delta_make(exec, &tpl_delta_class, (__int128_t) x - y,
                                  out);

        case TPL_OP_DIV:
        case TPL_OP_FLOORDIV:
        case TPL_OP_MOD:
            if (y == 0) {
                return tpl_throw(exec, TPL_EXC_ZERO_DIVISION,
                                 "integer division or modulo by zero");
            }

            if (op == TPL_OP_DIV) {
                tpl_value_float(out, (double) x / (double) y);

            } else if (op == TPL_OP_FLOORDIV) {
                tpl_value_int(out, tpl_floor_div(x, y));

            } else {
                return tpl_delta_make(exec, &tpl_delta_class,
                                      x - (__int128_t) tpl_floor_div(x, y) * y,
                                      out);
            }

            return TPL_OK;

        default:
            return TPL_DECLINED;
        }
    }

    if (b->type == TPL_OBJECT) {

        if (op == TPL_OP_ADD
            && (b->u.obj->cls == &tpl_datetime_class
                || b->u.obj->cls == &tpl_date_class))
        {
            return tpl_moment_add(exec, (tpl_moment_t *) b->u.obj, x, out);
        }

        return TPL_DECLINED;
    }

    if (op == TPL_OP_MUL || op == TPL_OP_DIV || op == TPL_OP_FLOORDIV) {
        return tpl_delta_scale(exec, op, x, b, out);
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_delta_compare(tpl_exec_t *exec, tpl_object_t *a, tpl_object_t *b,
    tpl_int_t *order)
{
    int64_t  x, y;

    (void) exec;

    x = ((tpl_delta_t *) a)->us;
    y = ((tpl_delta_t *) b)->us;

    *order = (x > y) - (x < y);

    return TPL_OK;
}


static uint32_t
tpl_delta_hash(tpl_object_t *obj)
{
    return tpl_hash(&((tpl_delta_t *) obj)->us, sizeof(int64_t));
}


static tpl_int_t
tpl_delta_truth(tpl_exec_t *exec, tpl_object_t *obj, tpl_uint_t *truth)
{
    (void) exec;

    *truth = (((tpl_delta_t *) obj)->us != 0);

    return TPL_OK;
}


static tpl_int_t
tpl_delta_total_seconds(tpl_call_t *call)
{
    tpl_value_float(&call->result,
                    (double) ((tpl_delta_t *) call->args[0].u.obj)->us / 1e6);
    return TPL_OK;
}


const tpl_builtin_def_t  tpl_module_timedelta[] = {

    { "datetime.timedelta", "", tpl_module_type, TPL_FN_VALUE },
    { "datetime.timezone", "", tpl_module_type, TPL_FN_VALUE },
    { "datetime.timedelta:new", "days=, seconds=, microseconds=, "
      "milliseconds=, minutes=, hours=, weeks=", tpl_delta_new, 0 },
    { "datetime.timedelta:total_seconds", "self, /", tpl_delta_total_seconds,
      0 },
    { "datetime.timezone:new", "offset", tpl_zone_new, 0 },
    { "datetime.timezone.utc", "", tpl_zone_utc, TPL_FN_VALUE },

    { NULL, NULL, NULL, 0 }
};
