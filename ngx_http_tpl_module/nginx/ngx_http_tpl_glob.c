
/*
 * File name patterns of tpl_preload, matched part by part of the path.
 *
 * Wildcards go through no symbolic link to a folder under **, so a circle of
 * links ends; a part that is written out follows links as open() does.
 */

#include "nginx/ngx_http_tpl_module.h"


/* folders below each other */
#define NGX_HTTP_TPL_GLOB_DEPTH  64


typedef struct {
    ngx_conf_t                 *cf;
    ngx_http_tpl_generation_t  *generation;
    const ngx_str_t            *root;
    ngx_array_t                *names;
    u_char                      path[NGX_MAX_PATH];     /* root, "/", name */
} ngx_http_tpl_walk_t;


static ngx_int_t ngx_http_tpl_walk(ngx_http_tpl_walk_t *w, size_t len,
    const u_char *pattern, const u_char *last, ngx_uint_t depth);
static ngx_int_t ngx_http_tpl_walk_folder(ngx_http_tpl_walk_t *w, size_t len,
    const u_char *pattern, const u_char *end, const u_char *last,
    ngx_uint_t depth);
static ngx_int_t ngx_http_tpl_walk_name(ngx_http_tpl_walk_t *w, size_t len,
    const char *name, size_t n, size_t *new_len);
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
    ngx_uint_t           n;
    ngx_http_tpl_walk_t  w;

    if (root->len + 2 > sizeof(w.path)) {
        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, 0,
                           "\"%V\" is too long a path", root);
        return NGX_ERROR;
    }

    n = names->nelts;

    w.cf = cf;
    w.generation = g;
    w.root = root;
    w.names = names;

    ngx_memcpy(w.path, root->data, root->len);
    w.path[root->len] = '\0';

    if (ngx_http_tpl_walk(&w, root->len, pattern->data,
                          pattern->data + pattern->len, 0)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* a folder gives its names in any order */

    ngx_qsort((ngx_str_t *) names->elts + n, names->nelts - n,
              sizeof(ngx_str_t), ngx_http_tpl_cmp_names);

    return NGX_OK;
}


/* w->path[0 .. len) matches so far, pattern is left */

static ngx_int_t
ngx_http_tpl_walk(ngx_http_tpl_walk_t *w, size_t len, const u_char *pattern,
    const u_char *last, ngx_uint_t depth)
{
    size_t           n;
    ngx_str_t       *name, part;
    const u_char    *end;
    ngx_file_info_t  fi;

    if (depth > NGX_HTTP_TPL_GLOB_DEPTH) {
        ngx_conf_log_error(ngx_http_tpl_level(w->cf), w->cf, 0,
                           "too many folders below each other in \"%s\"",
                           w->path);
        return NGX_ERROR;
    }

    if (pattern >= last) {

        if (ngx_file_info(w->path, &fi) == NGX_FILE_ERROR
            || !ngx_is_file(&fi))
        {
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

    for (end = pattern; end < last && *end != '/'; end++) { /* void */ }

    part.data = (u_char *) pattern;
    part.len = end - pattern;

    if (ngx_http_tpl_has_wildcard(&part)) {
        return ngx_http_tpl_walk_folder(w, len, pattern, end, last, depth);
    }

    if (ngx_http_tpl_walk_name(w, len, (char *) pattern, part.len, &n)
        != NGX_OK)
    {
        return NGX_OK;
    }

    return ngx_http_tpl_walk(w, n, (end < last) ? end + 1 : last, last,
                             depth + 1);
}


static ngx_int_t
ngx_http_tpl_walk_folder(ngx_http_tpl_walk_t *w, size_t len,
    const u_char *pattern, const u_char *end, const u_char *last,
    ngx_uint_t depth)
{
    DIR              *dir;
    size_t            n, name_len;
    ngx_int_t         rc;
    ngx_uint_t        any;
    const u_char     *next;
    struct stat       st;
    struct dirent    *entry;

    next = (end < last) ? end + 1 : last;

    any = (end - pattern == 2 && pattern[0] == '*' && pattern[1] == '*');

    if (any && next < last) {

        /* no folder at all */

        w->path[len] = '\0';

        if (ngx_http_tpl_walk(w, len, next, last, depth + 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    w->path[len] = '\0';

    if (ngx_http_tpl_watch_file(w->generation, w->path, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    dir = opendir((char *) w->path);

    if (dir == NULL) {

        if (ngx_errno == NGX_ENOENT || ngx_errno == NGX_ENOTDIR) {
            return NGX_OK;
        }

        ngx_conf_log_error(ngx_http_tpl_level(w->cf), w->cf, ngx_errno,
                           "opendir() \"%s\" failed", w->path);
        return NGX_ERROR;
    }

    rc = NGX_OK;

    while (rc == NGX_OK && (entry = readdir(dir)) != NULL) {
        name_len = ngx_strlen(entry->d_name);

        if (entry->d_name[0] == '.'
            && (name_len == 1 || (name_len == 2 && entry->d_name[1] == '.')))
        {
            continue;
        }

        if (!ngx_http_tpl_match(pattern, end - pattern,
                                (u_char *) entry->d_name, name_len)
            || ngx_http_tpl_walk_name(w, len, entry->d_name, name_len, &n)
               != NGX_OK)
        {
            continue;
        }

        if (!any) {
            rc = ngx_http_tpl_walk(w, n, next, last, depth + 1);
            continue;
        }

        /* ** as the last part takes files, before others folders */

        if (lstat((char *) w->path, &st) == -1) {
            continue;
        }

        if (S_ISDIR(st.st_mode)) {
            rc = ngx_http_tpl_walk(w, n, pattern, last, depth + 1);

        } else if (next == last) {
            rc = ngx_http_tpl_walk(w, n, last, last, depth + 1);
        }
    }

    (void) closedir(dir);

    w->path[len] = '\0';

    return rc;
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
