
/*
 * Time zones of the system's database (tzdata), by name: "Europe/Berlin".
 *
 * Files are read while templates are compiled, never while one is rendered.
 */

#ifndef _TPL_ZONE_H_INCLUDED_
#define _TPL_ZONE_H_INCLUDED_


#include "base/tpl_base.h"
#include "base/tpl_error.h"


TPL_BEGIN_DECLS


/* what holds at a moment */

typedef struct {
    int32_t                  offset;    /* east of UTC, seconds */
    tpl_str_t                abbr;      /* CEST */
} tpl_zone_time_t;


/* a day of each year and the time on it (POSIX: the fields of TZ) */

typedef struct {
    tpl_char_t               kind;      /* M, J or 0: counted from 0 */
    int32_t                  month;
    int32_t                  week;
    int32_t                  day;
    int32_t                  time;      /* seconds, may be negative */
} tpl_zone_date_t;


/* a file (RFC 8536), whose tables are used as they are */

typedef struct tpl_zone_s  tpl_zone_t;

struct tpl_zone_s {
    tpl_str_t                name;
    const tpl_char_t        *times;     /* ntimes of 8 bytes, ascending */
    const tpl_char_t        *index;     /* ntimes of 1 byte: a type */
    const tpl_char_t        *types;     /* ntypes of 6 bytes */
    const tpl_char_t        *abbrs;
    uint32_t                 ntimes;
    uint32_t                 ntypes;
    uint32_t                 before;    /* the type before the first time */

    /* what holds after the last time; the second only part of the year */
    tpl_uint_t               nrules;    /* 0, 1, 2 */
    tpl_zone_time_t          rules[2];
    tpl_zone_date_t          starts[2];

    tpl_zone_t              *next;      /* in a table */
};


typedef struct tpl_zones_s  tpl_zones_t;


/*
 * Takes a file's bytes, which must live as long as zone.  TPL_ERROR if they are
 * no such file of version 2 or later.  zone->name is left to the caller.
 */
tpl_int_t tpl_zone_parse(tpl_zone_t *zone, const tpl_char_t *data, size_t len);

/* what holds at a moment, seconds since 1970 by UTC */
void tpl_zone_at(const tpl_zone_t *zone, int64_t t, tpl_zone_time_t *out);

/*
 * The distance from UTC at a moment of local time, seconds since 1970 by the
 * clock on the wall.  Of a time that comes twice it is the first, of one that
 * is left out the distance before the gap (PEP 495: fold=0).
 */
int32_t tpl_zone_wall_offset(const tpl_zone_t *zone, int64_t wall);


/* an empty table; NULL without memory */
tpl_zones_t *tpl_zones_create(tpl_arena_t *arena);

/*
 * Reads a zone of the database, /usr/share/zoneinfo or where $TZDIR says,
 * unless it was read before.  TPL_ERROR with err's message, which suggests the
 * nearest name, if there is none.  pos may be NULL.
 */
tpl_int_t tpl_zones_load(tpl_zones_t *zones, const tpl_str_t *name,
    const tpl_pos_t *pos, tpl_error_t *err);

/* all of them: TPL_ERROR without memory; a missing database is empty */
tpl_int_t tpl_zones_load_all(tpl_zones_t *zones);

/* one that was read, or NULL; zones may be NULL */
const tpl_zone_t *tpl_zones_find(const tpl_zones_t *zones,
    const tpl_str_t *name);


TPL_END_DECLS


#endif /* _TPL_ZONE_H_INCLUDED_ */
