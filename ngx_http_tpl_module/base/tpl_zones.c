
/*
 * The system's database of time zones: a folder of files whose paths are the
 * names of the zones.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tpl_zone.h"


#define TPL_ZONES_PATH      "/usr/share/zoneinfo"

/* a file has a few thousand bytes, a name three parts at most */
#define TPL_ZONES_MAX_FILE  (1024 * 1024)
#define TPL_ZONES_MAX_NAME  128
#define TPL_ZONES_DEPTH     4

/* names among which the nearest is looked for; there are about 600 */
#define TPL_ZONES_NAMES     2048


struct tpl_zones_s {
    tpl_arena_t             *arena;
    tpl_zone_t              *first;
};


/* a walk through the folder: names are gathered, or the zones read */

typedef struct {
    tpl_zones_t             *zones;     /* NULL: names */
    tpl_arena_t             *arena;
    tpl_str_t               *names;
    tpl_uint_t               n;
    char                     path[512];
    size_t                   root;      /* where names begin in path */
} tpl_zones_walk_t;


static tpl_int_t tpl_zones_read(tpl_zones_t *zones, const tpl_str_t *name);
static tpl_char_t *tpl_zones_file(tpl_arena_t *arena, const char *path,
    size_t *len);
static tpl_int_t tpl_zones_walk(tpl_zones_walk_t *walk, size_t len,
    tpl_uint_t depth);
static tpl_int_t tpl_zones_start(tpl_zones_walk_t *walk);
static const char *tpl_zones_path(void);


tpl_zones_t *
tpl_zones_create(tpl_arena_t *arena)
{
    tpl_zones_t  *zones;

    zones = tpl_pcalloc(arena, sizeof(tpl_zones_t));

    if (zones != NULL) {
        zones->arena = arena;
    }

    return zones;
}


const tpl_zone_t *
tpl_zones_find(const tpl_zones_t *zones, const tpl_str_t *name)
{
    const tpl_zone_t  *zone;

    zone = (zones == NULL) ? NULL : zones->first;

    while (zone != NULL && !tpl_str_eq(&zone->name, name)) {
        zone = zone->next;
    }

    return zone;
}


tpl_int_t
tpl_zones_load(tpl_zones_t *zones, const tpl_str_t *name, const tpl_pos_t *pos,
    tpl_error_t *err)
{
    tpl_int_t          rc;
    const tpl_str_t   *near;
    tpl_zones_walk_t   walk;

    if (tpl_zones_find(zones, name) != NULL) {
        return TPL_OK;
    }

    rc = tpl_zones_read(zones, name);

    if (rc == TPL_OK) {
        return TPL_OK;
    }

    if (rc == TPL_ERROR) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    memset(&walk, 0, sizeof(tpl_zones_walk_t));
    walk.arena = zones->arena;
    walk.names = tpl_palloc(zones->arena, TPL_ZONES_NAMES * sizeof(tpl_str_t));

    if (walk.names == NULL || tpl_zones_start(&walk) != TPL_OK) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    near = tpl_nearest(name, walk.names, walk.n);

    return tpl_error_set(err, TPL_EXC_VALUE, pos,
                         "there is no time zone '%.*s' in %s%s%.*s%s",
                         tpl_str_arg(name), tpl_zones_path(),
                         near ? ". Did you mean '" : "",
                         near ? (int) near->len : 0,
                         near ? (char *) near->data : "",
                         near ? "'?"
                              : walk.n ? ""
                                : ": is the package tzdata installed?");
}


tpl_int_t
tpl_zones_load_all(tpl_zones_t *zones)
{
    tpl_zones_walk_t  walk;

    memset(&walk, 0, sizeof(tpl_zones_walk_t));
    walk.zones = zones;

    return tpl_zones_start(&walk);
}


static const char *
tpl_zones_path(void)
{
    const char  *path;

    path = getenv("TZDIR");

    return (path != NULL && *path == '/') ? path : TPL_ZONES_PATH;
}


static tpl_int_t
tpl_zones_start(tpl_zones_walk_t *walk)
{
    size_t  len;

    len = strlen(tpl_zones_path());

    if (len + 2 + TPL_ZONES_MAX_NAME > sizeof(walk->path)) {
        return TPL_OK;
    }

    memcpy(walk->path, tpl_zones_path(), len + 1);
    walk->root = len + 1;

    return tpl_zones_walk(walk, len, 0);
}


static tpl_int_t
tpl_zones_walk(tpl_zones_walk_t *walk, size_t len, tpl_uint_t depth)
{
    DIR            *dir;
    size_t          n;
    tpl_int_t       rc;
    tpl_str_t       name;
    struct stat     st;
    struct dirent  *entry;

    dir = opendir(walk->path);

    if (dir == NULL) {
        return TPL_OK;
    }

    rc = TPL_OK;

    while (rc == TPL_OK && (entry = readdir(dir)) != NULL) {
        n = strlen(entry->d_name);

        /* names have capitals; posix/ and right/ repeat them all */

        if (entry->d_name[0] < 'A' || entry->d_name[0] > 'Z'
            || len + 1 + n - walk->root >= TPL_ZONES_MAX_NAME)
        {
            continue;
        }

        walk->path[len] = '/';
        memcpy(&walk->path[len + 1], entry->d_name, n + 1);

        if (stat(walk->path, &st) != 0) {
            continue;
        }

        if (S_ISDIR(st.st_mode)) {

            if (depth < TPL_ZONES_DEPTH) {
                rc = tpl_zones_walk(walk, len + 1 + n, depth + 1);
            }

            continue;
        }

        name.data = (tpl_char_t *) &walk->path[walk->root];
        name.len = len + 1 + n - walk->root;

        if (walk->zones != NULL) {

            if (tpl_zones_find(walk->zones, &name) == NULL
                && tpl_zones_read(walk->zones, &name) == TPL_ERROR)
            {
                rc = TPL_ERROR;
            }

            continue;
        }

        if (walk->n < TPL_ZONES_NAMES) {
            rc = tpl_pstrdup(walk->arena, &walk->names[walk->n++], name.data,
                             name.len);
        }
    }

    (void) closedir(dir);

    return rc;
}


/* TPL_DECLINED: no such file, or it is none of a time zone */

static tpl_int_t
tpl_zones_read(tpl_zones_t *zones, const tpl_str_t *name)
{
    char          path[512];
    size_t        i, len;
    tpl_char_t   *data;
    tpl_zone_t   *zone;

    if (name->len == 0 || name->len >= TPL_ZONES_MAX_NAME
        || strlen(tpl_zones_path()) + 2 + name->len > sizeof(path))
    {
        return TPL_DECLINED;
    }

    /* below the folder */

    for (i = 0; i < name->len; i++) {

        if (name->data[i] == 0
            || (name->data[i] == '.' && (i == 0 || name->data[i - 1] == '/')))
        {
            return TPL_DECLINED;
        }
    }

    (void) snprintf(path, sizeof(path), "%s/%.*s", tpl_zones_path(),
                    tpl_str_arg(name));

    zone = tpl_palloc(zones->arena, sizeof(tpl_zone_t));
    if (zone == NULL) {
        return TPL_ERROR;
    }

    errno = 0;
    data = tpl_zones_file(zones->arena, path, &len);

    if (data == NULL) {
        return (errno == ENOMEM) ? TPL_ERROR : TPL_DECLINED;
    }

    if (tpl_zone_parse(zone, data, len) != TPL_OK) {
        return TPL_DECLINED;
    }

    if (tpl_pstrdup(zones->arena, &zone->name, name->data, name->len)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    zone->next = zones->first;
    zones->first = zone;

    return TPL_OK;
}


/* NULL with errno set */

static tpl_char_t *
tpl_zones_file(tpl_arena_t *arena, const char *path, size_t *len)
{
    int          fd;
    ssize_t      n;
    tpl_char_t  *data;
    struct stat  st;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1) {
        return NULL;
    }

    data = NULL;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
        && st.st_size > 0 && st.st_size <= TPL_ZONES_MAX_FILE)
    {
        data = tpl_palloc(arena, (size_t) st.st_size);

        if (data == NULL) {
            errno = ENOMEM;

        } else {
            n = read(fd, data, (size_t) st.st_size);

            if (n != st.st_size) {
                data = NULL;
            }

            *len = (size_t) st.st_size;
        }
    }

    (void) close(fd);

    return data;
}
