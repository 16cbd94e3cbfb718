
/*
 * A time zone: the changes that a file of the database lists, and the rule for
 * the time after them.
 */

#include <stdlib.h>

#include "base/tpl_zone.h"


#define TPL_ZONE_HEADER   44
#define TPL_ZONE_TYPE     6
#define TPL_ZONE_DAY      86400

/* Python's: an offset is less than a day */
#define TPL_ZONE_MAX      (TPL_ZONE_DAY - 1)


/* the counts of a header, in its order */

typedef struct {
    uint32_t                 nut;
    uint32_t                 nstd;
    uint32_t                 nleap;
    uint32_t                 ntimes;
    uint32_t                 ntypes;
    uint32_t                 nchars;
} tpl_zone_counts_t;


static tpl_int_t tpl_zone_header(const tpl_char_t *p, const tpl_char_t *last,
    tpl_zone_counts_t *n);
static uint64_t tpl_zone_block(const tpl_zone_counts_t *n, uint64_t width);
static tpl_int_t tpl_zone_check(tpl_zone_t *zone, uint32_t nchars);
static tpl_int_t tpl_zone_footer(tpl_zone_t *zone, const tpl_char_t *p,
    const tpl_char_t *last);
static const tpl_char_t *tpl_zone_abbr(const tpl_char_t *p,
    const tpl_char_t *last, tpl_str_t *abbr);
static const tpl_char_t *tpl_zone_date(const tpl_char_t *p,
    const tpl_char_t *last, tpl_zone_date_t *date);
static const tpl_char_t *tpl_zone_time(const tpl_char_t *p,
    const tpl_char_t *last, int32_t hours, int32_t *seconds);
static const tpl_char_t *tpl_zone_number(const tpl_char_t *p,
    const tpl_char_t *last, int32_t max, int32_t *n);
static void tpl_zone_type(const tpl_zone_t *zone, uint32_t i,
    tpl_zone_time_t *out);
static int64_t tpl_zone_start(const tpl_zone_date_t *date, int64_t year);
static int64_t tpl_zone_year(int64_t t);
static int64_t tpl_zone_days(int64_t year);


static uint32_t
tpl_zone_get32(const tpl_char_t *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | p[3];
}


static int64_t
tpl_zone_get64(const tpl_char_t *p)
{
    return (int64_t) ((uint64_t) tpl_zone_get32(p) << 32
                      | tpl_zone_get32(p + 4));
}


tpl_int_t
tpl_zone_parse(tpl_zone_t *zone, const tpl_char_t *data, size_t len)
{
    uint64_t            size;
    const tpl_char_t   *p, *last;
    tpl_zone_counts_t   n;

    memset(zone, 0, sizeof(tpl_zone_t));

    p = data;
    last = data + len;

    if (tpl_zone_header(p, last, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    /* after a block of 32 bits the same with 64 */

    size = TPL_ZONE_HEADER + tpl_zone_block(&n, 4);

    if (size > (size_t) (last - p)) {
        return TPL_ERROR;
    }

    p += size;

    if (tpl_zone_header(p, last, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    p += TPL_ZONE_HEADER;
    size = tpl_zone_block(&n, 8);

    if (size > (size_t) (last - p)) {
        return TPL_ERROR;
    }

    zone->ntimes = n.ntimes;
    zone->ntypes = n.ntypes;
    zone->times = p;
    zone->index = zone->times + (size_t) n.ntimes * 8;
    zone->types = zone->index + n.ntimes;
    zone->abbrs = zone->types + (size_t) n.ntypes * TPL_ZONE_TYPE;

    if (tpl_zone_check(zone, n.nchars) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_zone_footer(zone, p + size, last);
}


static tpl_int_t
tpl_zone_header(const tpl_char_t *p, const tpl_char_t *last,
    tpl_zone_counts_t *n)
{
    if (last - p < TPL_ZONE_HEADER || memcmp(p, "TZif", 4) != 0
        || p[4] < '2')
    {
        return TPL_ERROR;
    }

    n->nut = tpl_zone_get32(p + 20);
    n->nstd = tpl_zone_get32(p + 24);
    n->nleap = tpl_zone_get32(p + 28);
    n->ntimes = tpl_zone_get32(p + 32);
    n->ntypes = tpl_zone_get32(p + 36);
    n->nchars = tpl_zone_get32(p + 40);

    return TPL_OK;
}


/* bytes after a header; 32-bit counts cannot overflow it */

static uint64_t
tpl_zone_block(const tpl_zone_counts_t *n, uint64_t width)
{
    return n->ntimes * (width + 1) + (uint64_t) n->ntypes * TPL_ZONE_TYPE
           + n->nchars + n->nleap * (width + 4) + n->nstd + n->nut;
}


/* so that nothing has to be looked at when it is used */

static tpl_int_t
tpl_zone_check(tpl_zone_t *zone, uint32_t nchars)
{
    int32_t            offset;
    uint32_t           i;
    const tpl_char_t  *type;

    if (zone->ntypes == 0 || nchars == 0 || zone->abbrs[nchars - 1] != 0) {
        return TPL_ERROR;
    }

    zone->before = zone->ntypes;

    for (i = 0; i < zone->ntypes; i++) {
        type = zone->types + (size_t) i * TPL_ZONE_TYPE;
        offset = (int32_t) tpl_zone_get32(type);

        if (offset > TPL_ZONE_MAX || offset < -TPL_ZONE_MAX
            || type[5] >= nchars)
        {
            return TPL_ERROR;
        }

        /* Python: the first one of standard time */

        if (type[4] == 0 && zone->before == zone->ntypes) {
            zone->before = i;
        }
    }

    if (zone->before == zone->ntypes) {
        zone->before = 0;
    }

    for (i = 0; i < zone->ntimes; i++) {

        if (zone->index[i] >= zone->ntypes
            || (i && tpl_zone_get64(zone->times + (size_t) i * 8)
                     <= tpl_zone_get64(zone->times + (size_t) (i - 1) * 8)))
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* CET-1CEST,M3.5.0,M10.5.0/3 between two newlines; nothing is no rule */

static tpl_int_t
tpl_zone_footer(tpl_zone_t *zone, const tpl_char_t *p, const tpl_char_t *last)
{
    tpl_uint_t         i;
    const tpl_char_t  *end;

    if (p == last || *p++ != '\n') {
        return TPL_ERROR;
    }

    end = memchr(p, '\n', last - p);

    if (end == NULL) {
        return TPL_ERROR;
    }

    if (p == end) {
        return TPL_OK;
    }

    p = tpl_zone_abbr(p, end, &zone->rules[0].abbr);
    p = tpl_zone_time(p, end, 24, &zone->rules[0].offset);

    if (p == NULL) {
        return TPL_ERROR;
    }

    /* POSIX counts to the west */

    zone->rules[0].offset = -zone->rules[0].offset;
    zone->nrules = 1;

    if (p == end) {
        return (labs(zone->rules[0].offset) <= TPL_ZONE_MAX) ? TPL_OK
                                                             : TPL_ERROR;
    }

    p = tpl_zone_abbr(p, end, &zone->rules[1].abbr);

    if (p == NULL) {
        return TPL_ERROR;
    }

    zone->rules[1].offset = zone->rules[0].offset + 3600;

    if (p < end && *p != ',') {
        p = tpl_zone_time(p, end, 24, &zone->rules[1].offset);
        zone->rules[1].offset = -zone->rules[1].offset;
    }

    /* starts[1] is when the second begins */

    for (i = 2; i-- > 0; /* void */ ) {

        if (p == NULL || p == end || *p++ != ',') {
            return TPL_ERROR;
        }

        p = tpl_zone_date(p, end, &zone->starts[i]);
    }

    zone->nrules = 2;

    return (p == end && labs(zone->rules[0].offset) <= TPL_ZONE_MAX
            && labs(zone->rules[1].offset) <= TPL_ZONE_MAX)
           ? TPL_OK : TPL_ERROR;
}


/* letters, or more within <> */

static const tpl_char_t *
tpl_zone_abbr(const tpl_char_t *p, const tpl_char_t *last, tpl_str_t *abbr)
{
    const tpl_char_t  *start;

    if (p < last && *p == '<') {
        start = ++p;
        p = memchr(p, '>', last - p);

        if (p == NULL) {
            return NULL;
        }

        abbr->data = (tpl_char_t *) start;
        abbr->len = p - start;

        return p + 1;
    }

    start = p;

    while (p < last
           && ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')))
    {
        p++;
    }

    abbr->data = (tpl_char_t *) start;
    abbr->len = p - start;

    return abbr->len ? p : NULL;
}


/* Mm.w.d, Jn or n, and /time, which is 02:00:00 */

static const tpl_char_t *
tpl_zone_date(const tpl_char_t *p, const tpl_char_t *last,
    tpl_zone_date_t *date)
{
    date->time = 7200;

    if (p < last && *p == 'M') {
        date->kind = 'M';
        p = tpl_zone_number(p + 1, last, 12, &date->month);

        if (p == NULL || p == last || *p != '.' || date->month == 0) {
            return NULL;
        }

        p = tpl_zone_number(p + 1, last, 5, &date->week);

        if (p == NULL || p == last || *p != '.' || date->week == 0) {
            return NULL;
        }

        p = tpl_zone_number(p + 1, last, 6, &date->day);

    } else if (p < last && *p == 'J') {
        date->kind = 'J';
        p = tpl_zone_number(p + 1, last, 365, &date->day);

        if (date->day == 0) {
            return NULL;
        }

    } else {
        date->kind = 0;
        p = tpl_zone_number(p, last, 365, &date->day);
    }

    if (p != NULL && p < last && *p == '/') {
        p = tpl_zone_time(p + 1, last, 167, &date->time);
    }

    return p;
}


/* [+-]h[:mm[:ss]] */

static const tpl_char_t *
tpl_zone_time(const tpl_char_t *p, const tpl_char_t *last, int32_t hours,
    int32_t *seconds)
{
    int32_t     n, unit;
    tpl_uint_t  minus;

    if (p == NULL || p == last) {
        return NULL;
    }

    minus = (*p == '-');

    if (*p == '-' || *p == '+') {
        p++;
    }

    p = tpl_zone_number(p, last, hours, &n);
    *seconds = n * 3600;

    for (unit = 60; unit && p != NULL && p < last && *p == ':'; unit /= 60) {
        p = tpl_zone_number(p + 1, last, 59, &n);
        *seconds += n * unit;
    }

    if (minus) {
        *seconds = -*seconds;
    }

    return p;
}


static const tpl_char_t *
tpl_zone_number(const tpl_char_t *p, const tpl_char_t *last, int32_t max,
    int32_t *n)
{
    const tpl_char_t  *start;

    *n = 0;

    for (start = p; p < last && *p >= '0' && *p <= '9'; p++) {
        *n = *n * 10 + (*p - '0');

        if (*n > max) {
            return NULL;
        }
    }

    return (p > start) ? p : NULL;
}


void
tpl_zone_at(const tpl_zone_t *zone, int64_t t, tpl_zone_time_t *out)
{
    int64_t   year, start, end;
    uint32_t  low, high, mid;

    /* low times are not after t */

    low = 0;
    high = zone->ntimes;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (tpl_zone_get64(zone->times + (size_t) mid * 8) <= t) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    if (low < zone->ntimes || zone->nrules == 0) {
        tpl_zone_type(zone, low ? zone->index[low - 1] : zone->before, out);
        return;
    }

    *out = zone->rules[0];

    if (zone->nrules == 2) {
        year = tpl_zone_year(t);

        start = tpl_zone_start(&zone->starts[1], year)
                - zone->rules[0].offset;
        end = tpl_zone_start(&zone->starts[0], year) - zone->rules[1].offset;

        if ((start < end) ? (t >= start && t < end)
                          : !(t >= end && t < start))
        {
            *out = zone->rules[1];
        }
    }
}


static void
tpl_zone_type(const tpl_zone_t *zone, uint32_t i, tpl_zone_time_t *out)
{
    const tpl_char_t  *type;

    type = zone->types + (size_t) i * TPL_ZONE_TYPE;

    out->offset = (int32_t) tpl_zone_get32(type);
    out->abbr.data = (tpl_char_t *) zone->abbrs + type[5];
    out->abbr.len = strlen((const char *) out->abbr.data);
}


int32_t
tpl_zone_wall_offset(const tpl_zone_t *zone, int64_t wall)
{
    tpl_zone_time_t  before, after, at;

    tpl_zone_at(zone, wall - TPL_ZONE_DAY, &before);
    tpl_zone_at(zone, wall - before.offset, &at);

    if (at.offset == before.offset) {
        return before.offset;
    }

    tpl_zone_at(zone, wall + TPL_ZONE_DAY, &after);
    tpl_zone_at(zone, wall - after.offset, &at);

    return (at.offset == after.offset) ? after.offset : before.offset;
}


/* seconds since 1970 by the clock on the wall */

static int64_t
tpl_zone_start(const tpl_zone_date_t *date, int64_t year)
{
    int64_t     day, first, weekday, length;
    tpl_uint_t  leap;

    static const int16_t  months[] = {
        0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365
    };

    leap = (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    day = tpl_zone_days(year);

    if (date->kind == 0) {
        day += date->day;

    } else if (date->kind == 'J') {
        day += date->day - 1 + (leap && date->day > 59);

    } else {
        first = day + months[date->month - 1] + (leap && date->month > 2);
        length = months[date->month] - months[date->month - 1]
                 + (leap && date->month == 2);

        /* 1970-01-01 was a Thursday, 4; this is of years after 1 */

        weekday = ((first + 4) % 7 + 7) % 7;
        day = (date->day - weekday + 7) % 7 + (date->week - 1) * 7;

        if (day >= length) {
            day -= 7;
        }

        day += first;
    }

    return day * TPL_ZONE_DAY + date->time;
}


/* days from 1970-01-01 to the first of a year */

static int64_t
tpl_zone_days(int64_t year)
{
    int64_t  y;

    y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}


static int64_t
tpl_zone_year(int64_t t)
{
    int64_t  day, year;

    day = t / TPL_ZONE_DAY - (t % TPL_ZONE_DAY < 0);
    year = 1970 + day / 366;

    while (tpl_zone_days(year + 1) <= day) {
        year++;
    }

    while (tpl_zone_days(year) > day) {
        year--;
    }

    return year;
}
