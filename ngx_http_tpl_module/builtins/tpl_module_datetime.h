
/*
 * What the files of Python's datetime share.
 */

#ifndef _TPL_MODULE_DATETIME_H_INCLUDED_
#define _TPL_MODULE_DATETIME_H_INCLUDED_


#include "builtins/tpl_module_time.h"


TPL_BEGIN_DECLS


#define TPL_DAY_US      86400000000LL
#define TPL_DAY_MAX     3652059         /* 9999-12-31 */
#define TPL_DAY_EPOCH   719163LL        /* 1970-01-01 */
#define TPL_DELTA_DAYS  999999999LL


typedef struct {
    tpl_object_t             object;
    int32_t                  day;
    int32_t                  aware;     /* has a time zone, ... */
    int32_t                  offset;    /* ... east of UTC, seconds */
    const tpl_zone_t        *zone;      /* that changes it, or NULL */
    int64_t                  us;        /* of the day */
} tpl_moment_t;


/* a timedelta or a timezone */

typedef struct {
    tpl_object_t             object;
    int64_t                  us;        /* all of it */
} tpl_delta_t;


/* zoneinfo.ZoneInfo */

typedef struct {
    tpl_object_t             object;
    const tpl_zone_t        *zone;
} tpl_zoneinfo_t;


typedef struct {
    int64_t                  year;
    int64_t                  month;
    int64_t                  day;
} tpl_ymd_t;


extern const tpl_class_t  tpl_datetime_class;
extern const tpl_class_t  tpl_date_class;
extern const tpl_class_t  tpl_delta_class;
extern const tpl_class_t  tpl_zone_class;
extern const tpl_class_t  tpl_zoneinfo_class;


/* days before the first of a month of 1 to 12 */
int64_t tpl_days_before(int64_t year, int64_t month);

/* the other way round, for a day from 1 to TPL_DAY_MAX */
void tpl_day_ymd(int64_t day, tpl_ymd_t *ymd);

/* the number of a day; ValueError for one that is not in the calendar */
tpl_int_t tpl_ymd_day(tpl_exec_t *exec, int64_t year, int64_t month,
    int64_t day, int64_t *out);

/* a / b towards minus infinity; b is not 0 */
int64_t tpl_floor_div(int64_t a, int64_t b);

/*
 * A moment of a class; us may be more than a day, or negative.  zone (may be
 * NULL) gives the time zone.  OverflowError outside of the years 1 to 9999.
 */
tpl_int_t tpl_moment_make(tpl_exec_t *exec, const tpl_class_t *cls,
    int64_t day, int64_t us, const tpl_moment_t *zone, tpl_value_t *out);

/*
 * The moment t seconds after 1970 by UTC and us microseconds, up to a whole
 * second: in local time, or in zone (NULL: UTC).  ValueError or OverflowError
 * outside of the years 1 to 9999.
 */
tpl_int_t tpl_moment_at(tpl_exec_t *exec, const tpl_class_t *cls, int64_t t,
    int64_t us, const tpl_moment_t *zone, tpl_uint_t local, tpl_value_t *out);

/* a moment and microseconds; for a date whole days */
tpl_int_t tpl_moment_add(tpl_exec_t *exec, const tpl_moment_t *m, int64_t us,
    tpl_value_t *out);

/* a timedelta or timezone; OverflowError past 64 bits of microseconds */
tpl_int_t tpl_delta_make(tpl_exec_t *exec, const tpl_class_t *cls,
    __int128_t us, tpl_value_t *out);

/* appends +HH:MM[:SS], "UTC" or "UTC+HH:MM", repr() of a timezone */
void tpl_zone_text(tpl_buf_t *b, int64_t seconds, const char *separator);
void tpl_zone_name(tpl_buf_t *b, int64_t seconds);
tpl_int_t tpl_zone_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b);

/*
 * Zones (tpl_module_zoneinfo.c).
 */

/* the zone that an argument gives: none, a timezone or a ZoneInfo */
tpl_int_t tpl_zone_arg(tpl_exec_t *exec, const tpl_value_t *v,
    tpl_moment_t *zone);

/* the offset that a zone has at t by UTC, or on day and us by its own clock */
void tpl_zone_set_utc(tpl_moment_t *zone, int64_t t);
void tpl_zone_set_wall(tpl_moment_t *zone, int64_t day, int64_t us);

/* tzinfo of an aware moment */
tpl_int_t tpl_zone_of(tpl_exec_t *exec, const tpl_moment_t *m,
    tpl_value_t *out);

/* appends tzname() of an aware moment: CEST, UTC+02:00 */
void tpl_zone_abbr_to(const tpl_moment_t *m, tpl_buf_t *b);

/* functions of the classes */
tpl_int_t tpl_datetime_fromisoformat(tpl_call_t *call);
tpl_int_t tpl_date_fromisoformat(tpl_call_t *call);
tpl_int_t tpl_datetime_strptime(tpl_call_t *call);


TPL_END_DECLS


#endif /* _TPL_MODULE_DATETIME_H_INCLUDED_ */
