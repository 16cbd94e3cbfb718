
/*
 * Sets of templates: where their files come from and when they are compiled.
 *
 * Locations with equal options share a set, so a template is compiled once,
 * however many locations use it.  After the configuration was read a set is
 * only read, and the file system is not asked again.
 */

#include "nginx/ngx_http_tpl_module.h"


static uint32_t ngx_http_tpl_set_hash(ngx_http_tpl_loc_conf_t *conf);
static ngx_uint_t ngx_http_tpl_set_matches(ngx_http_tpl_set_t *set,
    ngx_http_tpl_loc_conf_t *conf);
static tpl_int_t ngx_http_tpl_load(void *data, tpl_arena_t *arena,
    const tpl_str_t *name, tpl_source_t *source, tpl_error_t *err);
static ngx_int_t ngx_http_tpl_pick_pattern(ngx_conf_t *cf,
    ngx_http_tpl_set_t *set, ngx_http_tpl_pattern_t *pattern,
    ngx_array_t *templates);
static int ngx_libc_cdecl ngx_http_tpl_cmp_pointers(const void *one,
    const void *two);


ngx_http_tpl_set_t *
ngx_http_tpl_get_set(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf)
{
    uint32_t                   hash;
    tpl_str_t                  variables = tpl_string("nginx");
    tpl_str_t                  document = tpl_string("data");
    tpl_set_conf_t             sc;
    ngx_http_tpl_set_t        *set;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    hash = ngx_http_tpl_set_hash(conf);

    for (set = tmcf->sets; set; set = set->next) {
        if (set->hash == hash && ngx_http_tpl_set_matches(set, conf)) {
            return set;
        }
    }

    set = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_set_t));
    if (set == NULL) {
        return NULL;
    }

    set->roots = conf->roots;
    set->syntax = conf->syntax;
    set->autoescape = conf->autoescape;
    set->undefined = conf->undefined;
    set->whitespace = conf->whitespace;
    set->extensions = conf->extensions;
    set->delimiters = conf->delimiters;
    set->hash = hash;
    set->main = tmcf;

    ngx_memzero(&sc, sizeof(tpl_set_conf_t));

    sc.arena = tmcf->arena;
    sc.builtins = tmcf->builtins;

    if (conf->extensions & ngx_http_tpl_ext(TPL_EXT_NEWSTYLE)) {
        sc.builtins = ngx_http_tpl_newstyle(tmcf);

        if (sc.builtins == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "no memory for templates");
            return NULL;
        }
    }

    sc.loader.load = ngx_http_tpl_load;
    sc.loader.data = set;
    sc.loader.paths = 1;
    sc.loader.variable = ngx_http_tpl_variable_index;
    sc.loader.variables = (char *) variables.data;

    tpl_syntax_init(&sc.syntax, conf->syntax);
    ngx_http_tpl_language(conf, &sc.syntax);

    if (conf->autoescape == TPL_AUTOESCAPE_OFF) {
        sc.syntax.escape.len = 0;
    }

    sc.options.undefined = conf->undefined;
    sc.options.newline_sequence = sc.syntax.newline_sequence;
    sc.autoescape = conf->autoescape;

    set->set = tpl_set_create(&sc);

    if (set->set == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "no memory for templates");
        return NULL;
    }

    set->variables = tpl_set_intern(set->set, &variables);
    set->document = tpl_set_intern(set->set, &document);

    if (set->variables == NULL || set->document == NULL) {
        return NULL;
    }

    set->next = tmcf->sets;
    tmcf->sets = set;

    return set;
}


static uint32_t
ngx_http_tpl_set_hash(ngx_http_tpl_loc_conf_t *conf)
{
    uint32_t     hash;
    ngx_str_t   *root;
    ngx_uint_t   i, options[5];

    options[0] = conf->syntax;
    options[1] = conf->autoescape;
    options[2] = conf->undefined;
    options[3] = conf->whitespace;
    options[4] = conf->extensions;

    ngx_crc32_init(hash);
    ngx_crc32_update(&hash, (u_char *) options, sizeof(options));

    root = conf->roots->elts;

    for (i = 0; i < conf->roots->nelts; i++) {
        ngx_crc32_update(&hash, root[i].data, root[i].len);
    }

    ngx_crc32_final(hash);

    return hash;
}


static ngx_uint_t
ngx_http_tpl_set_matches(ngx_http_tpl_set_t *set,
    ngx_http_tpl_loc_conf_t *conf)
{
    ngx_str_t   *a, *b;
    ngx_uint_t   i;

    if (set->syntax != conf->syntax
        || set->autoescape != conf->autoescape
        || set->undefined != conf->undefined
        || set->whitespace != conf->whitespace
        || set->extensions != conf->extensions
        || !ngx_http_tpl_same_language(set->delimiters, conf->delimiters)
        || set->roots->nelts != conf->roots->nelts)
    {
        return 0;
    }

    if (set->roots == conf->roots) {
        return 1;
    }

    a = set->roots->elts;
    b = conf->roots->elts;

    for (i = 0; i < set->roots->nelts; i++) {
        if (a[i].len != b[i].len
            || ngx_memcmp(a[i].data, b[i].data, a[i].len) != 0)
        {
            return 0;
        }
    }

    return 1;
}


tpl_template_t *
ngx_http_tpl_compile(ngx_conf_t *cf, ngx_http_tpl_set_t *set, ngx_str_t *name,
    const char *directive, ngx_http_tpl_place_t *place)
{
    tpl_error_t      err;
    tpl_template_t  *tmpl;

    tpl_error_init(&err, set->main->arena);

    if (tpl_set_compile(set->set, ngx_http_tpl_str(name), &tmpl, &err)
        != TPL_OK
        || tpl_vm_specialize(tmpl, &err) != TPL_OK)
    {
        ngx_http_tpl_log_error(cf, set, &err, directive, place);
        return NULL;
    }

    return tmpl;
}


void
ngx_http_tpl_log_error(ngx_conf_t *cf, ngx_http_tpl_set_t *set,
    tpl_error_t *err, const char *directive, ngx_http_tpl_place_t *place)
{
    u_char      *p, *last, *end;
    tpl_buf_t    b;
    ngx_str_t   *root;
    ngx_uint_t   i;

    tpl_buf_init(&b, set->main->arena);

    if (tpl_error_format(err, &b, 0) != TPL_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "no memory for templates");
        return;
    }

    last = b.data + b.len;

    for (p = b.data; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '\n');

        if (end == NULL) {
            end = last;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%*s",
                      (size_t) (end - p), p);
    }

    if (err->exc == TPL_EXC_NOT_FOUND) {
        root = set->roots->elts;

        for (i = 0; i < set->roots->nelts; i++) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "looked for in \"%V\"",
                          &root[i]);
        }
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "needed by \"%s\" in %V:%ui",
                  directive, &place->file, place->line);
}


ngx_int_t
ngx_http_tpl_normalize(const ngx_str_t *name, ngx_str_t *dst)
{
    size_t   len, n;
    u_char  *p, *last, *d;

    last = name->data + name->len;

    if (ngx_strlchr(name->data, last, '\0')) {
        return NGX_DECLINED;
    }

    /* nothing is written until all of it is known to be good */

    len = 0;

    for (p = name->data; p < last; p += n + 1) {
        for (n = 0; p + n < last && p[n] != '/'; n++) { /* void */ }

        if (n == 2 && p[0] == '.' && p[1] == '.') {
            return NGX_DECLINED;
        }

        if (n && !(n == 1 && p[0] == '.')) {
            len += n + 1;
        }
    }

    if (len == 0) {
        return NGX_DECLINED;
    }

    d = dst->data;

    for (p = name->data; p < last; p += n + 1) {
        for (n = 0; p + n < last && p[n] != '/'; n++) { /* void */ }

        if (n == 0 || (n == 1 && p[0] == '.')) {
            continue;
        }

        if (d != dst->data) {
            *d++ = '/';
        }

        ngx_memmove(d, p, n);
        d += n;
    }

    dst->len = d - dst->data;

    return NGX_OK;
}


/* tpl_loader_t's load */

static tpl_int_t
ngx_http_tpl_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    ngx_http_tpl_set_t *set = data;

    size_t       bad;
    tpl_int_t    rc;
    tpl_buf_t    b;
    tpl_pos_t    pos;
    ngx_str_t    file, *root;
    ngx_uint_t   i;

    file.data = tpl_pnalloc(arena, name->len + 1);
    if (file.data == NULL) {
        return TPL_ERROR;
    }

    if (ngx_http_tpl_normalize((const ngx_str_t *) name, &file) != NGX_OK) {
        return TPL_DECLINED;
    }

    root = set->roots->elts;

    for (i = 0; i < set->roots->nelts; i++) {
        tpl_buf_init(&b, arena);
        (void) tpl_buf_add(&b, root[i].data, root[i].len);
        (void) tpl_buf_char(&b, '/');
        (void) tpl_buf_add(&b, file.data, file.len);

        /* open() wants a terminated name, which is not a part of it */

        if (tpl_buf_char(&b, '\0') != TPL_OK) {
            return TPL_ERROR;
        }

        source->path.data = b.data;
        source->path.len = b.len - 1;

        rc = ngx_http_tpl_load_file(arena, &source->path, &source->text, err);

        if (rc == TPL_DECLINED) {
            continue;
        }

        if (rc != TPL_OK) {
            return rc;
        }

        bad = tpl_utf8_check(source->text.data, source->text.len);

        if (bad < source->text.len) {
            tpl_source_pos(source, bad, &pos);

            return tpl_error_set(err, TPL_EXC_SYNTAX, &pos,
                                 "the file is not UTF-8: byte 0x%02x",
                                 (unsigned) source->text.data[bad]);
        }

        return TPL_OK;
    }

    return TPL_DECLINED;
}


/* the path is terminated by NUL */

tpl_int_t
ngx_http_tpl_load_file(tpl_arena_t *arena, const tpl_str_t *path,
    tpl_str_t *text, tpl_error_t *err)
{
    size_t            size;
    ssize_t           n;
    ngx_fd_t          fd;
    tpl_int_t         rc;
    ngx_err_t         error;
    const char       *call;
    ngx_file_info_t   fi;

    /* whoever put a FIFO there must not make us wait */

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        error = ngx_errno;

        if (error == NGX_ENOENT || error == NGX_ENOTDIR
            || error == NGX_ENAMETOOLONG)
        {
            return TPL_DECLINED;
        }

        return tpl_error_set(err, TPL_EXC_HOST, NULL,
                             "open() \"%.*s\" failed (%d: %s)",
                             tpl_str_arg(path), (int) error,
                             strerror(error));
    }

    rc = TPL_ERROR;

    call = "fstat";

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        goto failed;
    }

    if (!ngx_is_file(&fi)) {
        rc = TPL_DECLINED;
        goto done;
    }

    if (ngx_file_size(&fi) > TPL_MAX_STRING) {
        rc = tpl_error_set(err, TPL_EXC_HOST, NULL,
                           "\"%.*s\" is larger than %d bytes",
                           tpl_str_arg(path), TPL_MAX_STRING);
        goto done;
    }

    size = (size_t) ngx_file_size(&fi);

    /* at least one byte, so that there is an address */

    text->len = 0;
    text->data = tpl_pnalloc(arena, size + 1);

    if (text->data == NULL) {
        goto done;
    }

    call = "read";

    while (text->len < size) {
        n = ngx_read_fd(fd, text->data + text->len, size - text->len);

        if (n == -1) {

            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            goto failed;
        }

        if (n == 0) {

            /* the file became shorter just now */

            break;
        }

        text->len += n;
    }

    rc = TPL_OK;
    goto done;

failed:

    error = ngx_errno;

    (void) tpl_error_set(err, TPL_EXC_HOST, NULL, "%s() \"%.*s\" failed"
                         " (%d: %s)", call, tpl_str_arg(path), (int) error,
                         strerror(error));

done:

    (void) ngx_close_file(fd);

    return rc;
}


ngx_int_t
ngx_http_tpl_pick(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf)
{
    ngx_uint_t               i;
    ngx_http_tpl_picks_t    *picks;
    ngx_http_tpl_pattern_t  *pattern;

    if (conf->preload == NULL) {
        return NGX_OK;
    }

    for (picks = conf->preload->picks; picks; picks = picks->next) {
        if (picks->set == conf->set) {
            conf->picks = picks;
            return NGX_OK;
        }
    }

    picks = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_picks_t));

    if (picks == NULL
        || ngx_array_init(&picks->templates, cf->pool, 16,
                          sizeof(tpl_template_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    pattern = conf->preload->patterns.elts;

    for (i = 0; i < conf->preload->patterns.nelts; i++) {
        if (ngx_http_tpl_pick_pattern(cf, conf->set, &pattern[i],
                                      &picks->templates)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_qsort(picks->templates.elts, picks->templates.nelts,
              sizeof(tpl_template_t *), ngx_http_tpl_cmp_pointers);

    picks->set = conf->set;
    picks->next = conf->preload->picks;

    conf->preload->picks = picks;
    conf->picks = picks;

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_pick_pattern(ngx_conf_t *cf, ngx_http_tpl_set_t *set,
    ngx_http_tpl_pattern_t *pattern, ngx_array_t *templates)
{
    ngx_str_t        *root, *name;
    ngx_uint_t        i;
    ngx_array_t       names;
    tpl_template_t  **tmpl;

    if (ngx_array_init(&names, cf->pool, 16, sizeof(ngx_str_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_tpl_has_wildcard(&pattern->pattern)) {
        root = set->roots->elts;

        for (i = 0; i < set->roots->nelts; i++) {
            if (ngx_http_tpl_glob(cf, &root[i], &pattern->pattern, &names)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        if (names.nelts == 0) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"tpl_preload\" in %V:%ui: no file matches \"%V\"",
                          &pattern->place.file, pattern->place.line,
                          &pattern->pattern);
        }

    } else {
        name = ngx_array_push(&names);
        if (name == NULL) {
            return NGX_ERROR;
        }

        *name = pattern->pattern;
    }

    name = names.elts;

    for (i = 0; i < names.nelts; i++) {
        tmpl = ngx_array_push(templates);
        if (tmpl == NULL) {
            return NGX_ERROR;
        }

        *tmpl = ngx_http_tpl_compile(cf, set, &name[i], "tpl_preload",
                                     &pattern->place);
        if (*tmpl == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_tpl_cmp_pointers(const void *one, const void *two)
{
    tpl_template_t *const *a = one;
    tpl_template_t *const *b = two;

    return (*a > *b) - (*a < *b);
}
