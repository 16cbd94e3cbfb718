
/*
 * Templates in files.
 *
 * A name never leads out of its root: a part that is ".." names nothing, and a
 * leading slash means nothing, as in Jinja2's FileSystemLoader.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tpl_utf8.h"
#include "cli/tpl_cli.h"


#define TPL_CLI_READ   (64 * 1024)
#define TPL_CLI_DEPTH  64


/* what tpl_cli_files_list() has found so far */

typedef struct {
    tpl_arena_t         *arena;
    tpl_str_t           *names;
    size_t               n;
    size_t               size;
} tpl_cli_list_t;


static tpl_int_t tpl_cli_path(tpl_arena_t *arena, const tpl_str_t *root,
    const tpl_str_t *name, tpl_str_t *path);
static tpl_int_t tpl_cli_list_folder(tpl_cli_list_t *list,
    const tpl_str_t *root, const tpl_str_t *folder, tpl_uint_t depth);
static tpl_int_t tpl_cli_list_add(tpl_cli_list_t *list,
    const tpl_str_t *name);
static tpl_uint_t tpl_cli_is_text(const char *path);
static int tpl_cli_compare(const void *a, const void *b);


tpl_int_t
tpl_cli_read(tpl_arena_t *arena, const char *path, tpl_str_t *text)
{
    int           fd, err;
    ssize_t       n;
    tpl_buf_t     b;
    tpl_char_t   *p;
    struct stat   st;

    if (strcmp(path, "-") == 0) {
        fd = dup(STDIN_FILENO);

    } else {
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }

    if (fd == -1) {
        return (errno == ENOENT || errno == ENOTDIR) ? TPL_DECLINED
                                                     : TPL_ERROR;
    }

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        (void) close(fd);
        errno = EISDIR;
        return TPL_ERROR;
    }

    tpl_buf_init(&b, arena);

    err = 0;

    do {
        p = tpl_buf_reserve(&b, TPL_CLI_READ);

        if (p == NULL) {
            err = ENOMEM;
            break;
        }

        n = read(fd, p, TPL_CLI_READ);

        if (n > 0) {
            b.len += (size_t) n;

        } else if (n == -1 && errno != EINTR) {
            err = errno;
        }

    } while (n > 0 || (n == -1 && err == 0));

    (void) close(fd);

    if (err == 0 && tpl_buf_add(&b, "\0\0\0", 4) != TPL_OK) {
        err = ENOMEM;
    }

    if (err) {
        errno = err;
        return TPL_ERROR;
    }

    text->data = b.data;
    text->len = b.len - 4;

    return TPL_OK;
}


tpl_int_t
tpl_cli_files_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    size_t            at;
    tpl_int_t         rc;
    tpl_pos_t         pos;
    tpl_str_t         path;
    tpl_uint_t        i;
    tpl_cli_files_t  *files;

    files = data;

    for (i = 0; i < files->n; i++) {

        rc = tpl_cli_path(arena, &files->roots[i], name, &path);

        if (rc == TPL_DECLINED) {
            return TPL_DECLINED;
        }

        if (rc != TPL_OK) {
            return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
        }

        rc = tpl_cli_read(arena, (char *) path.data, &source->text);

        if (rc == TPL_DECLINED || (rc == TPL_ERROR && errno == EISDIR)) {
            continue;
        }

        if (rc != TPL_OK) {
            return tpl_error_set(err, TPL_EXC_HOST, NULL,
                                 "cannot read \"%.*s\": %s",
                                 tpl_str_arg(&path), strerror(errno));
        }

        source->path = path;

        at = tpl_utf8_check(source->text.data, source->text.len);

        if (at < source->text.len) {
            tpl_source_pos(source, at, &pos);

            return tpl_error_set(err, TPL_EXC_SYNTAX, &pos,
                                 "this byte (0x%02x) is not UTF-8",
                                 source->text.data[at]);
        }

        return TPL_OK;
    }

    return TPL_DECLINED;
}


/*
 * Joins a root and a name, with a zero byte at the end that is not counted.
 * TPL_DECLINED for a name that is no place in a root.
 */

static tpl_int_t
tpl_cli_path(tpl_arena_t *arena, const tpl_str_t *root, const tpl_str_t *name,
    tpl_str_t *path)
{
    size_t             n;
    tpl_buf_t          b;
    const tpl_char_t  *p, *last, *part;

    tpl_buf_init(&b, arena);

    if (!tpl_str_is(root, ".")) {
        tpl_buf_str(&b, root);

        if (root->len && root->data[root->len - 1] != '/') {
            tpl_buf_char(&b, '/');
        }
    }

    n = b.len;
    last = name->data + name->len;

    for (p = name->data; p < last; p++) {

        part = p;

        while (p < last && *p != '/') {
            if (*p == '\0') {
                return TPL_DECLINED;
            }

            p++;
        }

        if (p - part == 2 && part[0] == '.' && part[1] == '.') {
            return TPL_DECLINED;
        }

        if (p == part || (p - part == 1 && part[0] == '.')) {
            continue;
        }

        if (b.len > n) {
            tpl_buf_char(&b, '/');
        }

        tpl_buf_add(&b, part, p - part);
    }

    if (b.len == n && !b.failed) {
        return TPL_DECLINED;
    }

    if (tpl_buf_char(&b, '\0') != TPL_OK) {
        return TPL_ERROR;
    }

    path->data = b.data;
    path->len = b.len - 1;

    return TPL_OK;
}


tpl_int_t
tpl_cli_files_name(tpl_cli_files_t *files, tpl_arena_t *arena,
    const char *file, tpl_str_t *name)
{
    char        *real, *base;
    size_t       len;
    tpl_int_t    rc;
    tpl_str_t    path, *roots;
    tpl_uint_t   i;
    const char  *slash;

    name->data = (tpl_char_t *) file;
    name->len = strlen(file);

    for (i = 0; i < files->n; i++) {

        rc = tpl_cli_path(arena, &files->roots[i], name, &path);

        if (rc == TPL_ERROR) {
            return TPL_ERROR;
        }

        if (rc == TPL_OK && file[0] != '/'
            && access((char *) path.data, F_OK) == 0)
        {
            return TPL_OK;
        }
    }

    if (access(file, F_OK) != 0) {

        /* the loader will say that it is not found */

        return TPL_OK;
    }

    /* a path: inside a root perhaps */

    for (i = 0; i < files->n; i++) {

        real = realpath(file, NULL);
        base = realpath((char *) files->roots[i].data, NULL);
        len = base ? strlen(base) : 0;

        if (real && len > 1 && strncmp(real, base, len) == 0
            && real[len] == '/')
        {
            rc = tpl_pstrdup(arena, name, real + len + 1,
                             strlen(real + len + 1));
            free(real);
            free(base);
            return rc;
        }

        free(real);
        free(base);
    }

    roots = tpl_palloc(arena, (files->n + 1) * sizeof(tpl_str_t));
    if (roots == NULL) {
        return TPL_ERROR;
    }

    if (files->n) {
        memcpy(roots + 1, files->roots, files->n * sizeof(tpl_str_t));
    }

    slash = strrchr(file, '/');

    if (slash == NULL) {
        tpl_str_set(&roots[0], ".");

    } else {
        len = tpl_max(slash - file, 1);

        if (tpl_pstrdup(arena, &roots[0], file, len + 1) != TPL_OK) {
            return TPL_ERROR;
        }

        roots[0].data[len] = '\0';
        roots[0].len = len;

        name->data = (tpl_char_t *) slash + 1;
        name->len = strlen(slash + 1);
    }

    files->roots = roots;
    files->n++;

    return TPL_OK;
}


tpl_int_t
tpl_cli_files_list(tpl_cli_files_t *files, tpl_arena_t *arena,
    tpl_str_t **names, tpl_uint_t *n)
{
    size_t          i, kept;
    tpl_str_t       folder;
    tpl_uint_t      k;
    tpl_cli_list_t  list;

    memset(&list, 0, sizeof(tpl_cli_list_t));
    list.arena = arena;

    for (k = 0; k < files->n; k++) {
        folder.len = 0;
        folder.data = NULL;

        if (tpl_cli_list_folder(&list, &files->roots[k], &folder, 0)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    /* a name that several roots have is one template */

    if (list.n) {
        qsort(list.names, list.n, sizeof(tpl_str_t), tpl_cli_compare);
    }

    kept = 0;

    for (i = 0; i < list.n; i++) {
        if (kept == 0 || !tpl_str_eq(&list.names[kept - 1], &list.names[i])) {
            list.names[kept++] = list.names[i];
        }
    }

    *names = list.names;
    *n = kept;

    return TPL_OK;
}


static tpl_int_t
tpl_cli_list_folder(tpl_cli_list_t *list, const tpl_str_t *root,
    const tpl_str_t *folder, tpl_uint_t depth)
{
    DIR            *dir;
    tpl_buf_t       b;
    tpl_int_t       rc;
    tpl_str_t       name, path;
    struct stat     st;
    struct dirent  *e;

    if (folder->len == 0) {
        path = *root;

    } else if (tpl_cli_path(list->arena, root, folder, &path) != TPL_OK) {
        return TPL_ERROR;
    }

    dir = opendir((char *) path.data);

    if (dir == NULL) {

        /* an absent root holds nothing; the same for what cannot be read */

        return TPL_OK;
    }

    rc = TPL_OK;

    while (rc == TPL_OK && (e = readdir(dir)) != NULL) {

        if (e->d_name[0] == '.') {
            continue;
        }

        tpl_buf_init(&b, list->arena);

        if (folder->len) {
            tpl_buf_str(&b, folder);
            tpl_buf_char(&b, '/');
        }

        if (tpl_buf_add(&b, e->d_name, strlen(e->d_name)) != TPL_OK) {
            rc = TPL_ERROR;
            break;
        }

        name.data = b.data;
        name.len = b.len;

        if (tpl_cli_path(list->arena, root, &name, &path) != TPL_OK) {
            rc = TPL_ERROR;
            break;
        }

        if (stat((char *) path.data, &st) != 0) {
            continue;
        }

        if (S_ISDIR(st.st_mode) && depth < TPL_CLI_DEPTH) {
            rc = tpl_cli_list_folder(list, root, &name, depth + 1);

        } else if (S_ISREG(st.st_mode)
                   && tpl_cli_is_text((char *) path.data))
        {
            rc = tpl_cli_list_add(list, &name);
        }
    }

    (void) closedir(dir);

    return rc;
}


static tpl_int_t
tpl_cli_list_add(tpl_cli_list_t *list, const tpl_str_t *name)
{
    size_t      size;
    tpl_str_t  *names;

    if (list->n == list->size) {
        size = tpl_max(list->size * 2, 64);

        names = tpl_prealloc(list->arena, list->names,
                             list->size * sizeof(tpl_str_t),
                             size * sizeof(tpl_str_t));
        if (names == NULL) {
            return TPL_ERROR;
        }

        list->names = names;
        list->size = size;
    }

    list->names[list->n++] = *name;

    return TPL_OK;
}


/* images and the like have zero bytes near their start */

static tpl_uint_t
tpl_cli_is_text(const char *path)
{
    int      fd;
    char     buf[4096];
    ssize_t  n;

    fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1) {

        /* to be complained about when it is loaded */

        return 1;
    }

    n = read(fd, buf, sizeof(buf));

    (void) close(fd);

    return n <= 0 || memchr(buf, '\0', (size_t) n) == NULL;
}


static int
tpl_cli_compare(const void *a, const void *b)
{
    return (int) tpl_str_cmp(a, b);
}
