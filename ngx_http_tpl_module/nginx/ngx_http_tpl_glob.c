
/*
 * File name patterns of tpl_preload, matched part by part of the path.
 *
 * Wildcards go through no symbolic link to a folder under **, so a circle of
 * links ends; a part that is written out follows links as open() does.
 */

#include "nginx/ngx_http_tpl_module.h"


/* folders below each other */
#define NGX_HTTP_TPL_GLOB_DEPTH  64


/* a folder to be read, for the parts of a pattern that are left */

typedef struct ngx_http_tpl_folder_s  ngx_http_tpl_folder_t;

struct ngx_http_tpl_folder_s {
    u_char                     *path;
    size_t                      len;
    const u_char               *pattern;
    ngx_uint_t                  depth;
    ngx_http_tpl_folder_t      *next;
};


struct ngx_http_tpl_walk_s {
    ngx_conf_t                 *cf;
    ngx_http_tpl_generation_t  *generation;
    const ngx_str_t            *root;
    const u_char               *last;           /* of the pattern */
    ngx_array_t                *names;
    ngx_uint_t                  n;              /* that were there before */
    ngx_http_tpl_folder_t      *folders;

    /* that which is being read */
    DIR                        *dir;
    ngx_http_tpl_folder_t      *folder;

    u_char                      path[NGX_MAX_PATH];     /* root, "/", name */
};


static ngx_int_t ngx_http_tpl_walk(ngx_http_tpl_walk_t *w, size_t len,
    const u_char *pattern, ngx_uint_t depth);
static ngx_int_t ngx_http_tpl_walk_later(ngx_http_tpl_walk_t *w, size_t len,
    const u_char *pattern, ngx_uint_t depth);
static ngx_int_t ngx_http_tpl_walk_open(ngx_http_tpl_walk_t *w);
static ngx_int_t ngx_http_tpl_walk_entry(ngx_http_tpl_walk_t *w,
    const char *name);
static const u_char *ngx_http_tpl_part_end(const u_char *pattern,
    const u_char *last);
static ngx_int_t ngx_http_tpl_walk_name(ngx_http_tpl_walk_t *w, size_t len,
    const char *name, size_t n, size_t *new_len);
static void ngx_http_tpl_walk_cleanup(void *data);
static const u_char *ngx_http_tpl_match_one(const u_char *p,
    const u_char *last, const u_char **name, const u_char *name_last);
static int ngx_libc_cdecl ngx_http_tpl_cmp_names(const void *one,
    const void *two);


ngx_uint_t
ngx_http_tpl_has_wildcard(const ngx_str_t *pattern)
{
    size_t  i;

    for (i = 0; i < pattern->len; i++) {
        if (ngx_strchr("*?[", pattern->data[i])) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_tpl_match(const u_char *pattern, size_t len, const u_char *name,
    size_t name_len)
{
    const u_char  *p, *last, *n, *name_last, *star, *again, *next;

    p = pattern;
    last = pattern + len;
    n = name;
    name_last = name + name_len;

    if (name_len && name[0] == '.' && !(len && p[0] == '.')) {
        return 0;
    }

    /* on a mismatch the latest star takes one more character */

    star = NULL;
    again = NULL;

    for ( ;; ) {

        if (p < last && *p == '*') {
            star = ++p;
            again = n;
            continue;
        }

        if (n == name_last) {
            return p == last;
        }

        if (p < last) {
            next = ngx_http_tpl_match_one(p, last, &n, name_last);

            if (next) {
                p = next;
                continue;
            }
        }

        if (star == NULL) {
            return 0;
        }

        /* never within a character */

        do {
            again++;
        } while (again < name_last && (*again & 0xc0) == 0x80);

        n = again;
        p = star;
    }
}


/* one character of the name against one element of the pattern, which is not
 * a star: the place after it, or NULL */

static const u_char *
ngx_http_tpl_match_one(const u_char *p, const u_char *last,
    const u_char **name, const u_char *name_last)
{
    uint32_t       c, from, to;
    ngx_uint_t     not, found;
    const u_char  *n, *q, *start;

    n = *name;
    c = tpl_utf8_decode(&n, name_last);

    if (*p == '?') {
        *name = n;
        return p + 1;
    }

    if (*p == '[') {
        q = p + 1;
        not = 0;
        found = 0;

        if (q < last && (*q == '!' || *q == '^')) {
            not = 1;
            q++;
        }

        /* a bracket that stands first is a character */

        for (start = q; q < last && (*q != ']' || q == start); /* void */ ) {
            from = tpl_utf8_decode(&q, last);
            to = from;

            if (q + 1 < last && *q == '-' && q[1] != ']') {
                q++;
                to = tpl_utf8_decode(&q, last);
            }

            if (c >= from && c <= to) {
                found = 1;
            }
        }

        if (q < last) {
            if (found == not) {
                return NULL;
            }

            *name = n;
            return q + 1;
        }

        /* not closed: a bracket like any other character */
    }

    q = p;

    if (tpl_utf8_decode(&q, last) != c) {
        return NULL;
    }

    *name = n;

    return q;
}


ngx_int_t
ngx_http_tpl_glob(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    const ngx_str_t *root, const ngx_str_t *pattern, ngx_array_t *names)
{
    ngx_int_t             rc;
    ngx_http_tpl_walk_t  *w;

    w = ngx_http_tpl_glob_begin(cf, g, root, pattern, names);
    if (w == NULL) {
        return NGX_ERROR;
    }

    do {
        rc = ngx_http_tpl_glob_step(w);
    } while (rc == NGX_AGAIN);

    return rc;
}


ngx_http_tpl_walk_t *
ngx_http_tpl_glob_begin(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    const ngx_str_t *root, const ngx_str_t *pattern, ngx_array_t *names)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_tpl_walk_t  *w;

    if (root->len + 2 > NGX_MAX_PATH) {
        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, 0,
                           "\"%V\" is too long a path", root);
        return NULL;
    }

    w = ngx_palloc(cf->temp_pool, sizeof(ngx_http_tpl_walk_t));
    cln = ngx_pool_cleanup_add(cf->temp_pool, 0);

    if (w == NULL || cln == NULL) {
        return NULL;
    }

    w->cf = cf;
    w->generation = g;
    w->root = root;
    w->last = pattern->data + pattern->len;
    w->names = names;
    w->n = names->nelts;
    w->folders = NULL;
    w->dir = NULL;

    cln->handler = ngx_http_tpl_walk_cleanup;
    cln->data = w;

    ngx_memcpy(w->path, root->data, root->len);
    w->path[root->len] = '\0';

    return (ngx_http_tpl_walk(w, root->len, pattern->data, 0) == NGX_OK)
           ? w : NULL;
}


ngx_int_t
ngx_http_tpl_glob_step(ngx_http_tpl_walk_t *w)
{
    struct dirent  *entry;

    if (w->dir) {
        entry = readdir(w->dir);

        if (entry == NULL) {
            ngx_http_tpl_walk_cleanup(w);
            return NGX_AGAIN;
        }

        return (ngx_http_tpl_walk_entry(w, entry->d_name) == NGX_OK)
               ? NGX_AGAIN : NGX_ERROR;
    }

    if (w->folders) {
        return (ngx_http_tpl_walk_open(w) == NGX_OK) ? NGX_AGAIN : NGX_ERROR;
    }

    /* a folder gives its names in any order */

    ngx_qsort((ngx_str_t *) w->names->elts + w->n, w->names->nelts - w->n,
              sizeof(ngx_str_t), ngx_http_tpl_cmp_names);

    return NGX_OK;
}


/* w->path[0 .. len) matches so far, pattern is left */

static ngx_int_t
ngx_http_tpl_walk(ngx_http_tpl_walk_t *w, size_t len, const u_char *pattern,
    ngx_uint_t depth)
{
    ngx_str_t       *name, part;
    const u_char    *end;
    ngx_file_info_t  fi;

    for ( ;; ) {

        if (depth > NGX_HTTP_TPL_GLOB_DEPTH) {
            ngx_conf_log_error(ngx_http_tpl_level(w->cf), w->cf, 0,
                               "too many folders below each other in \"%s\"",
                               w->path);
            return NGX_ERROR;
        }

        if (pattern >= w->last) {
            break;
        }

        end = ngx_http_tpl_part_end(pattern, w->last);

        part.data = (u_char *) pattern;
        part.len = end - pattern;

        if (ngx_http_tpl_has_wildcard(&part)) {
            return ngx_http_tpl_walk_later(w, len, pattern, depth);
        }

        if (ngx_http_tpl_walk_name(w, len, (char *) pattern, part.len, &len)
            != NGX_OK)
        {
            return NGX_OK;
        }

        pattern = (end < w->last) ? end + 1 : w->last;
        depth++;
    }

    if (ngx_file_info(w->path, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        return ngx_http_tpl_watch_file(w->generation, w->path, NULL);
    }

    name = ngx_array_push(w->names);
    if (name == NULL) {
        return NGX_ERROR;
    }

    name->len = len - w->root->len - 1;
    name->data = ngx_pnalloc(w->cf->pool, name->len);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(name->data, w->path + w->root->len + 1, name->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_walk_later(ngx_http_tpl_walk_t *w, size_t len,
    const u_char *pattern, ngx_uint_t depth)
{
    ngx_http_tpl_folder_t  *folder;

    folder = ngx_palloc(w->cf->temp_pool, sizeof(ngx_http_tpl_folder_t));
    if (folder == NULL) {
        return NGX_ERROR;
    }

    folder->path = ngx_pnalloc(w->cf->temp_pool, len + 1);
    if (folder->path == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(folder->path, w->path, len);
    folder->path[len] = '\0';

    folder->len = len;
    folder->pattern = pattern;
    folder->depth = depth;
    folder->next = w->folders;

    w->folders = folder;

    return NGX_OK;
}


#define ngx_http_tpl_any_folders(pattern, end)                               \
    ((end) - (pattern) == 2 && (pattern)[0] == '*' && (pattern)[1] == '*')


static ngx_int_t
ngx_http_tpl_walk_open(ngx_http_tpl_walk_t *w)
{
    const u_char           *end;
    ngx_http_tpl_folder_t  *folder;

    folder = w->folders;
    w->folders = folder->next;
    w->folder = folder;

    ngx_memcpy(w->path, folder->path, folder->len + 1);

    end = ngx_http_tpl_part_end(folder->pattern, w->last);

    if (ngx_http_tpl_any_folders(folder->pattern, end)
        && end < w->last && end + 1 < w->last)
    {
        /* no folder at all */

        if (ngx_http_tpl_walk(w, folder->len, end + 1, folder->depth + 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        w->path[folder->len] = '\0';
    }

    if (ngx_http_tpl_watch_file(w->generation, w->path, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    w->dir = opendir((char *) w->path);

    if (w->dir == NULL && ngx_errno != NGX_ENOENT
        && ngx_errno != NGX_ENOTDIR)
    {
        ngx_conf_log_error(ngx_http_tpl_level(w->cf), w->cf, ngx_errno,
                           "opendir() \"%s\" failed", w->path);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_walk_entry(ngx_http_tpl_walk_t *w, const char *name)
{
    size_t                  len, n;
    struct stat             st;
    const u_char           *end, *next;
    ngx_http_tpl_folder_t  *folder;

    len = ngx_strlen(name);

    if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))) {
        return NGX_OK;
    }

    folder = w->folder;
    end = ngx_http_tpl_part_end(folder->pattern, w->last);
    next = (end < w->last) ? end + 1 : w->last;

    if (!ngx_http_tpl_match(folder->pattern, end - folder->pattern,
                            (u_char *) name, len)
        || ngx_http_tpl_walk_name(w, folder->len, name, len, &n) != NGX_OK)
    {
        return NGX_OK;
    }

    if (!ngx_http_tpl_any_folders(folder->pattern, end)) {
        return ngx_http_tpl_walk(w, n, next, folder->depth + 1);
    }

    /* ** as the last part takes files, before others folders */

    if (lstat((char *) w->path, &st) == -1) {
        return NGX_OK;
    }

    if (S_ISDIR(st.st_mode)) {
        return ngx_http_tpl_walk(w, n, folder->pattern, folder->depth + 1);
    }

    return (next == w->last)
           ? ngx_http_tpl_walk(w, n, w->last, folder->depth + 1) : NGX_OK;
}


static const u_char *
ngx_http_tpl_part_end(const u_char *pattern, const u_char *last)
{
    while (pattern < last && *pattern != '/') {
        pattern++;
    }

    return pattern;
}


/* a walk that is given up has a folder open */

static void
ngx_http_tpl_walk_cleanup(void *data)
{
    ngx_http_tpl_walk_t *w = data;

    if (w->dir) {
        (void) closedir(w->dir);
        w->dir = NULL;
    }
}


/* appends a name to the path; NGX_DECLINED if it has no room */

static ngx_int_t
ngx_http_tpl_walk_name(ngx_http_tpl_walk_t *w, size_t len, const char *name,
    size_t n, size_t *new_len)
{
    if (n + 2 > sizeof(w->path) - len) {
        return NGX_DECLINED;
    }

    w->path[len++] = '/';
    ngx_memcpy(w->path + len, name, n);
    w->path[len + n] = '\0';

    *new_len = len + n;

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_tpl_cmp_names(const void *one, const void *two)
{
    return (int) tpl_str_cmp((const tpl_str_t *) one,
                             (const tpl_str_t *) two);
}
