
/*
 * Reading dates and times: fromisoformat() and strptime().
 */

#include "builtins/tpl_module_datetime.h"


/* n digits at *p, which moves past them */

static tpl_int_t
tpl_iso_digits(const tpl_char_t **p, const tpl_char_t *last, tpl_uint_t n,
    int64_t *out)
{
    *out = 0;

    for ( /* void */ ; n; n--) {

        if (*p == last || **p < '0' || **p > '9') {
            return TPL_DECLINED;
        }

        *out = *out * 10 + (*(*p)++ - '0');
    }

    return TPL_OK;
}


/* HH[:MM[:SS[.f...]]] at *p as microseconds */

static tpl_int_t
tpl_iso_time(const tpl_char_t **p, const tpl_char_t *last, int64_t *us)
{
    int64_t     n, unit, max;
    tpl_uint_t  i, colon;

    static const int64_t  units[] = { 3600000000LL, 60000000, 1000000 };

    *us = 0;
    colon = 0;

    for (i = 0; i < 3; i++) {
        max = (i == 0) ? 23 : 59;

        if (tpl_iso_digits(p, last, 2, &n) != TPL_OK || n > max) {
            return TPL_DECLINED;
        }

        *us += n * units[i];

        if (i == 2 || *p == last || **p == '+' || **p == '-' || **p == 'Z'
            || **p == '.' || **p == ',')
        {
            break;
        }

        if (i == 0) {
            colon = (**p == ':');
        }

        if (colon && *(*p)++ != ':') {
            return TPL_DECLINED;
        }
    }

    if (*p == last || (**p != '.' && **p != ',')) {
        return TPL_OK;
    }

    if (i != 2) {
        return TPL_DECLINED;
    }

    (*p)++;
    i = 0;

    for (unit = 100000; *p < last && **p >= '0' && **p <= '9'; (*p)++) {
        *us += unit * (**p - '0');
        unit /= 10;
        i++;
    }

    return i ? TPL_OK : TPL_DECLINED;
}


/* YYYY-MM-DD or YYYYMMDD, and a time unless it is for a date */

static tpl_int_t
tpl_moment_fromisoformat(tpl_call_t *call, const tpl_class_t *cls)
{
    int64_t            year, month, mday, day, us, offset, sign;
    tpl_str_t          s;
    tpl_moment_t       zone;
    tpl_value_t        repr;
    const tpl_char_t  *p, *last;

    if (call->args[0].type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "fromisoformat: argument must be str");
    }

    s = tpl_value_str(&call->args[0]);
    p = s.data;
    last = p + s.len;
    us = 0;

    memset(&zone, 0, sizeof(tpl_moment_t));

    if (tpl_iso_digits(&p, last, 4, &year) != TPL_OK || p == last) {
        goto invalid;
    }

    if (*p == '-') {
        p++;

        if (tpl_iso_digits(&p, last, 2, &month) != TPL_OK || p == last
            || *p++ != '-' || tpl_iso_digits(&p, last, 2, &mday) != TPL_OK)
        {
            goto invalid;
        }

    } else if (tpl_iso_digits(&p, last, 2, &month) != TPL_OK
               || tpl_iso_digits(&p, last, 2, &mday) != TPL_OK)
    {
        goto invalid;
    }

    if (p < last && cls == &tpl_datetime_class) {

        /* any one character stands between */

        p++;

        while (p < last && (*p & 0xc0) == 0x80) {
            p++;
        }

        if (tpl_iso_time(&p, last, &us) != TPL_OK) {
            goto invalid;
        }

        if (p < last && *p == 'Z') {
            zone.aware = 1;
            p++;

        } else if (p < last) {
            sign = (*p++ == '-') ? -1 : 1;

            if (tpl_iso_time(&p, last, &offset) != TPL_OK) {
                goto invalid;
            }

            zone.aware = 1;
            zone.offset = (int32_t) (sign * offset / 1000000);
        }
    }

    if (p != last) {
        goto invalid;
    }

    if (tpl_ymd_day(call->exec, year, month, mday, &day) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_moment_make(call->exec, cls, day, us, &zone, &call->result);

invalid:

    if (tpl_to_repr(call->exec, &call->args[0], &repr) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "Invalid isoformat string: %.*s", (int) repr.len,
                     (char *) repr.u.s);
}


tpl_int_t
tpl_datetime_fromisoformat(tpl_call_t *call)
{
    return tpl_moment_fromisoformat(call, &tpl_datetime_class);
}


tpl_int_t
tpl_date_fromisoformat(tpl_call_t *call)
{
    return tpl_moment_fromisoformat(call, &tpl_date_class);
}


/* the longest of the names that s begins with; -1 if there is none */

static int64_t
tpl_strptime_name(const tpl_char_t **p, const tpl_char_t *last,
    const char *const *names, tpl_uint_t n, tpl_uint_t brief)
{
    size_t      k, len;
    tpl_uint_t  i;

    for (i = 0; i < n; i++) {
        len = brief ? 3 : strlen(names[i]);

        if ((size_t) (last - *p) < len) {
            continue;
        }

        for (k = 0; k < len; k++) {
            if (((*p)[k] | 0x20) != (names[i][k] | 0x20)) {
                break;
            }
        }

        if (k == len) {
            *p += len;
            return i;
        }
    }

    return -1;
}


/* at least one and at most n digits */

static tpl_int_t
tpl_strptime_number(const tpl_char_t **p, const tpl_char_t *last,
    tpl_uint_t n, int64_t min, int64_t max, int64_t *out)
{
    int64_t            v;
    tpl_uint_t         i;
    const tpl_char_t  *q;

    v = 0;
    q = *p;

    for (i = 0; i < n && q < last && *q >= '0' && *q <= '9'; i++, q++) {

        if (v * 10 + (*q - '0') > max) {
            break;
        }

        v = v * 10 + (*q - '0');
    }

    if (i == 0 || v < min) {
        return TPL_DECLINED;
    }

    *p = q;
    *out = v;

    return TPL_OK;
}


tpl_int_t
tpl_datetime_strptime(tpl_call_t *call)
{
    int64_t            v, i, year, month, mday, yday, day, hour, minute,
                       second, us, pm, sign;
    tpl_str_t          s, format;
    tpl_int_t          rc;
    tpl_moment_t       zone;
    tpl_value_t        text, pattern;
    const tpl_char_t  *p, *last, *f, *end;

    static const char *const  months[] = {
        "January", "February", "March", "April", "May", "June", "July",
        "August", "September", "October", "November", "December"
    };

    static const char *const  days[] = {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
        "Sunday"
    };

    static const char *const  halves[] = { "AM", "PM" };

    if (tpl_arg_str(call, 0, &s) != TPL_OK
        || tpl_arg_str(call, 1, &format) != TPL_OK)
    {
        return TPL_ERROR;
    }

    memset(&zone, 0, sizeof(tpl_moment_t));

    year = 1900;
    month = 1;
    mday = 1;
    yday = 0;
    hour = 0;
    minute = 0;
    second = 0;
    us = 0;
    pm = -1;

    p = s.data;
    last = p + s.len;
    end = format.data + format.len;

    tpl_charge(call->exec, s.len + format.len);

    for (f = format.data; f < end; f++) {

        if (*f == ' ' || *f == '\t' || *f == '\n') {

            if (p == last || (*p != ' ' && *p != '\t' && *p != '\n')) {
                goto mismatch;
            }

            while (p < last && (*p == ' ' || *p == '\t' || *p == '\n')) {
                p++;
            }

            while (f + 1 < end && (f[1] == ' ' || f[1] == '\t'
                                   || f[1] == '\n'))
            {
                f++;
            }

            continue;
        }

        if (*f != '%') {

            if (p == last || *p != *f) {
                goto mismatch;
            }

            p++;
            continue;
        }

        if (++f == end) {
            return tpl_throw(call->exec, TPL_EXC_VALUE,
                             "stray %% in the format of strptime()");
        }

        rc = TPL_OK;

        switch (*f) {

        case 'Y':
            rc = (last - p >= 4) ? tpl_iso_digits(&p, last, 4, &year)
                                 : TPL_DECLINED;
            break;

        case 'y':
            rc = tpl_iso_digits(&p, last, 2, &year);
            year += (year < 69) ? 2000 : 1900;
            break;

        case 'm':
            rc = tpl_strptime_number(&p, last, 2, 1, 12, &month);
            break;

        case 'd':
            rc = tpl_strptime_number(&p, last, 2, 1, 31, &mday);
            break;

        case 'j':
            rc = tpl_strptime_number(&p, last, 3, 1, 366, &yday);
            break;

        case 'H':
            rc = tpl_strptime_number(&p, last, 2, 0, 23, &hour);
            break;

        case 'I':
            rc = tpl_strptime_number(&p, last, 2, 1, 12, &hour);
            pm = (pm < 0) ? 0 : pm;
            break;

        case 'M':
            rc = tpl_strptime_number(&p, last, 2, 0, 59, &minute);
            break;

        case 'S':
            rc = tpl_strptime_number(&p, last, 2, 0, 59, &second);
            break;

        case 'f':
            us = 0;

            for (i = 100000; i && p < last && *p >= '0' && *p <= '9'; i /= 10)
            {
                us += i * (*p++ - '0');
            }

            rc = (i == 100000) ? TPL_DECLINED : TPL_OK;
            break;

        case 'b':
        case 'B':
            v = tpl_strptime_name(&p, last, months, 12, *f == 'b');
            month = v + 1;
            rc = (v < 0) ? TPL_DECLINED : TPL_OK;
            break;

        case 'a':
        case 'A':
            v = tpl_strptime_name(&p, last, days, 7, *f == 'a');
            rc = (v < 0) ? TPL_DECLINED : TPL_OK;
            break;

        case 'p':
            pm = tpl_strptime_name(&p, last, halves, 2, 0);
            rc = (pm < 0) ? TPL_DECLINED : TPL_OK;
            break;

        case 'z':
            zone.aware = 1;

            if (p < last && *p == 'Z') {
                p++;
                break;
            }

            if (p == last || (*p != '+' && *p != '-')) {
                rc = TPL_DECLINED;
                break;
            }

            sign = (*p++ == '-') ? -1 : 1;
            v = 0;
            rc = tpl_iso_time(&p, last, &v);
            zone.offset = (int32_t) (sign * v / 1000000);
            break;

        case '%':
            rc = (p < last && *p == '%') ? TPL_OK : TPL_DECLINED;
            p += (rc == TPL_OK);
            break;

        default:
            return tpl_throw(call->exec, TPL_EXC_VALUE,
                             "'%c' is a bad directive in the format of "
                             "strptime()", *f);
        }

        if (rc != TPL_OK) {
            goto mismatch;
        }
    }

    if (p != last) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "unconverted data remains: %.*s", (int) (last - p),
                         (char *) p);
    }

    /* %I wants its %p; alone it is of the morning */

    if (pm >= 0) {
        hour = hour % 12 + (pm ? 12 : 0);
    }

    if (tpl_ymd_day(call->exec, year, month, mday, &day) != TPL_OK) {
        return TPL_ERROR;
    }

    if (yday && month == 1 && mday == 1) {
        day = tpl_days_before(year, 1) + yday;
    }

    us += ((hour * 60 + minute) * 60 + second) * 1000000;

    return tpl_moment_make(call->exec, &tpl_datetime_class, day, us, &zone,
                           &call->result);

mismatch:

    if (tpl_to_repr(call->exec, &call->args[0], &text) != TPL_OK
        || tpl_to_repr(call->exec, &call->args[1], &pattern) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "time data %.*s does not match format %.*s",
                     (int) text.len, (char *) text.u.s, (int) pattern.len,
                     (char *) pattern.u.s);
}
