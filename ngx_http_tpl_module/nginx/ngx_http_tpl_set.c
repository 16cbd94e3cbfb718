
/*
 * Sets of templates: where their files come from and when they are compiled.
 *
 * Locations with equal options share a set, so a template is compiled once,
 * however many locations use it.  Once all that they need is compiled, a
 * generation of a set is only read.
 */

#include "nginx/ngx_http_tpl_module.h"


static uint32_t ngx_http_tpl_set_hash(ngx_http_tpl_loc_conf_t *conf);
static ngx_uint_t ngx_http_tpl_set_matches(ngx_http_tpl_set_t *set,
    ngx_http_tpl_loc_conf_t *conf);
static ngx_int_t ngx_http_tpl_create_set(ngx_conf_t *cf,
    ngx_http_tpl_set_t *set, ngx_http_tpl_loc_conf_t *conf);
static ngx_int_t ngx_http_tpl_compile(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_str_t *name, const char *directive,
    ngx_http_tpl_place_t *place, tpl_template_t **tmpl);
static tpl_int_t ngx_http_tpl_load(void *data, tpl_arena_t *arena,
    const tpl_str_t *name, tpl_source_t *source, tpl_error_t *err);
static ngx_int_t ngx_http_tpl_find_block(ngx_conf_t *cf,
    ngx_http_tpl_target_t *target, ngx_http_tpl_render_t *render);
static ngx_int_t ngx_http_tpl_pick(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_preload_t *preload,
    ngx_http_tpl_maker_t *maker);
static ngx_int_t ngx_http_tpl_pick_pattern(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_pattern_t *pattern,
    ngx_http_tpl_maker_t *maker);
static int ngx_libc_cdecl ngx_http_tpl_cmp_pointers(const void *one,
    const void *two);


ngx_http_tpl_set_t *
ngx_http_tpl_get_set(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf)
{
    uint32_t                   hash;
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

    if (ngx_http_tpl_create_set(cf, set, conf) != NGX_OK) {
        return NULL;
    }

    set->next = tmcf->sets;
    tmcf->sets = set;

    return set;
}


/* its first generation */

static ngx_int_t
ngx_http_tpl_create_set(ngx_conf_t *cf, ngx_http_tpl_set_t *set,
    ngx_http_tpl_loc_conf_t *conf)
{
    tpl_set_conf_t              sc;
    ngx_http_tpl_main_conf_t   *tmcf;
    ngx_http_tpl_generation_t  *g;

    tmcf = set->main;

    g = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_generation_t));
    if (g == NULL) {
        return NGX_ERROR;
    }

    g->set = set;
    g->arena = tmcf->arena;
    g->compiling = tmcf->compiling;
    g->pool = cf->pool;

    ngx_memzero(&sc, sizeof(tpl_set_conf_t));

    sc.builtins = tmcf->builtins;

    if (conf->extensions & ngx_http_tpl_ext(TPL_EXT_NEWSTYLE)) {
        sc.builtins = ngx_http_tpl_newstyle(tmcf);

        if (sc.builtins == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "no memory for templates");
            return NGX_ERROR;
        }
    }

    sc.loader.load = ngx_http_tpl_load;
    sc.loader.paths = 1;
    sc.loader.variable = ngx_http_tpl_variable_index;
    sc.loader.variables = "nginx";

    tpl_syntax_init(&sc.syntax, conf->syntax);
    ngx_http_tpl_language(conf, &sc.syntax);

    if (conf->autoescape == TPL_AUTOESCAPE_OFF) {
        sc.syntax.escape.len = 0;
    }

    sc.options.undefined = conf->undefined;
    sc.options.newline_sequence = sc.syntax.newline_sequence;
    sc.autoescape = conf->autoescape;

    set->generation = g;

    if (ngx_http_tpl_watch_set(cf, set) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_tpl_create_templates(cf, g, &sc);
}


ngx_int_t
ngx_http_tpl_create_templates(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    const tpl_set_conf_t *conf)
{
    tpl_str_t       variables = tpl_string("nginx");
    tpl_str_t       document = tpl_string("data");
    tpl_set_conf_t  sc;

    sc = *conf;

    sc.arena = g->arena;
    sc.work = g->compiling;
    sc.loader.data = g;

    g->templates = tpl_set_create(&sc);

    if (g->templates) {
        g->variables = tpl_set_intern(g->templates, &variables);
        g->document = tpl_set_intern(g->templates, &document);
    }

    if (g->templates == NULL || g->variables == NULL || g->document == NULL) {
        ngx_log_error(ngx_http_tpl_level(cf), cf->log, 0,
                      "no memory for templates");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static uint32_t
ngx_http_tpl_set_hash(ngx_http_tpl_loc_conf_t *conf)
{
    uint64_t     hash;
    ngx_str_t   *root;
    ngx_uint_t   i, options[5];

    options[0] = conf->syntax;
    options[1] = conf->autoescape;
    options[2] = conf->undefined;
    options[3] = conf->whitespace;
    options[4] = conf->extensions;

    hash = tpl_hash64(options, sizeof(options));

    root = conf->roots->elts;

    for (i = 0; i < conf->roots->nelts; i++) {
        hash = hash * 31 + tpl_hash64(root[i].data, root[i].len);
    }

    return (uint32_t) hash;
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


/* *tmpl is NULL at first */

static ngx_int_t
ngx_http_tpl_compile(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_str_t *name, const char *directive, ngx_http_tpl_place_t *place,
    tpl_template_t **tmpl)
{
    tpl_int_t    rc;
    tpl_error_t  err;

    tpl_error_init(&err, g->arena);

    rc = TPL_OK;

    if (*tmpl == NULL) {
        rc = tpl_set_begin(g->templates, ngx_http_tpl_str(name), tmpl, &err);
    }

    if (rc == TPL_OK) {
        rc = tpl_set_step(g->templates, *tmpl, &err);
    }

    if (rc == TPL_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != TPL_OK || tpl_vm_specialize(*tmpl, &err) != TPL_OK) {
        ngx_http_tpl_log_error(cf, g, &err, directive, place);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_tpl_log_error(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    tpl_error_t *err, const char *directive, ngx_http_tpl_place_t *place)
{
    u_char      *p, *last, *end;
    tpl_buf_t    b;
    ngx_str_t   *root;
    ngx_uint_t   i, level;

    level = ngx_http_tpl_level(cf);

    if (g->watch) {

        /* else the files are good, and may be next time */

        g->watch->settled = (err->exc != TPL_EXC_MEMORY
                             && err->exc != TPL_EXC_HOST);
    }

    tpl_buf_init(&b, g->arena);

    if (tpl_error_format(err, &b, 0) != TPL_OK) {
        ngx_log_error(level, cf->log, 0, "no memory for templates");
        return;
    }

    last = b.data + b.len;

    for (p = b.data; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '\n');

        if (end == NULL) {
            end = last;
        }

        ngx_log_error(level, cf->log, 0, "%*s",
                      (size_t) (end - p), p);
    }

    if (err->exc == TPL_EXC_NOT_FOUND) {
        root = g->set->roots->elts;

        for (i = 0; i < g->set->roots->nelts; i++) {
            ngx_log_error(level, cf->log, 0, "looked for in \"%V\"",
                          &root[i]);
        }
    }

    ngx_log_error(level, cf->log, 0, "needed by \"%s\" in %V:%ui",
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
    ngx_http_tpl_generation_t *g = data;

    size_t               bad;
    tpl_int_t            rc;
    tpl_buf_t            b;
    tpl_pos_t            pos;
    ngx_str_t            file, *root;
    ngx_uint_t           i;
    ngx_http_tpl_set_t  *set;

    file.data = tpl_pnalloc(arena, name->len + 1);
    if (file.data == NULL) {
        return TPL_ERROR;
    }

    if (ngx_http_tpl_normalize((const ngx_str_t *) name, &file) != NGX_OK) {
        return TPL_DECLINED;
    }

    set = g->set;
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

        if (ngx_http_tpl_watch_file(g, b.data, NULL) != NGX_OK) {
            return TPL_ERROR;
        }

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


ngx_http_tpl_target_t *
ngx_http_tpl_make_target(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_loc_conf_t *conf)
{
    ngx_int_t             rc;
    ngx_http_tpl_maker_t  maker;

    ngx_memzero(&maker, sizeof(ngx_http_tpl_maker_t));

    do {
        rc = ngx_http_tpl_make_target_step(cf, g, conf, &maker);
    } while (rc == NGX_AGAIN);

    return (rc == NGX_OK) ? maker.target : NULL;
}


ngx_int_t
ngx_http_tpl_make_target_step(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_loc_conf_t *conf, ngx_http_tpl_maker_t *maker)
{
    ngx_int_t               rc;
    ngx_http_tpl_render_t  *render;
    ngx_http_tpl_target_t  *target;

    render = conf->render;
    target = maker->target;

    if (target == NULL) {
        target = ngx_pcalloc(g->pool, sizeof(ngx_http_tpl_target_t));
        if (target == NULL) {
            return NGX_ERROR;
        }

        target->generation = g;
        maker->target = target;
    }

    if (ngx_http_tpl_is_constant(&render->name) && target->tmpl == NULL) {
        rc = ngx_http_tpl_compile(cf, g, &render->name.value,
                                  render->directive, &render->place,
                                  &maker->tmpl);
        if (rc != NGX_OK) {
            return rc;
        }

        target->tmpl = maker->tmpl;
        maker->tmpl = NULL;
    }

    if (conf->preload && target->picks == NULL) {
        rc = ngx_http_tpl_pick(cf, g, conf->preload, maker);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (render->block.value.data
        && ngx_http_tpl_is_constant(&render->block)
        && ngx_http_tpl_find_block(cf, target, render) != NGX_OK)
    {
        return NGX_ERROR;
    }

    target->names = ngx_http_tpl_get_names(cf, g, conf);

    return target->names ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_tpl_find_block(ngx_conf_t *cf, ngx_http_tpl_target_t *target,
    ngx_http_tpl_render_t *render)
{
    uint32_t         i;
    tpl_template_t  *tmpl;

    target->block = tpl_set_intern(target->generation->templates,
                                   ngx_http_tpl_str(&render->block.value));
    if (target->block == NULL) {
        return NGX_ERROR;
    }

    tmpl = target->tmpl;

    if (tmpl == NULL || !(tmpl->flags & TPL_TEMPLATE_STATIC)) {
        return NGX_OK;
    }

    for (i = 0; i < tmpl->nblocks; i++) {
        if (tmpl->blocks[i].name == target->block) {
            return NGX_OK;
        }
    }

    if (target->generation->watch) {
        target->generation->watch->settled = 1;
    }

    ngx_log_error(ngx_http_tpl_level(cf), cf->log, 0,
                  "\"%s\" in %V:%ui: the template \"%V\" has no block"
                  " \"%V\"", render->directive, &render->place.file,
                  render->place.line, &render->name.value,
                  &render->block.value);

    return NGX_ERROR;
}


/* maker->target->picks, when it is done */

static ngx_int_t
ngx_http_tpl_pick(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_preload_t *preload, ngx_http_tpl_maker_t *maker)
{
    ngx_int_t                rc;
    ngx_http_tpl_picks_t    *picks;
    ngx_http_tpl_pattern_t  *pattern;

    picks = maker->picks;

    if (picks == NULL) {

        for (picks = g->picks; picks; picks = picks->next) {
            if (picks->preload == preload) {
                maker->target->picks = picks;
                return NGX_OK;
            }
        }

        picks = ngx_pcalloc(g->pool, sizeof(ngx_http_tpl_picks_t));

        if (picks == NULL
            || ngx_array_init(&picks->templates, g->pool, 16,
                              sizeof(tpl_template_t *))
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        maker->picks = picks;
    }

    if (maker->pattern < preload->patterns.nelts) {
        pattern = preload->patterns.elts;

        rc = ngx_http_tpl_pick_pattern(cf, g, &pattern[maker->pattern], maker);

        if (rc == NGX_OK) {
            maker->pattern++;
            return NGX_AGAIN;
        }

        return rc;
    }

    ngx_qsort(picks->templates.elts, picks->templates.nelts,
              sizeof(tpl_template_t *), ngx_http_tpl_cmp_pointers);

    picks->preload = preload;
    picks->next = g->picks;

    g->picks = picks;
    maker->target->picks = picks;

    return NGX_OK;
}


void
ngx_http_tpl_find_impure(ngx_http_tpl_generation_t *g)
{
    tpl_template_t  *tmpl;

    for (tmpl = tpl_set_first(g->templates); tmpl; tmpl = tmpl->next) {
        if (tmpl->flags & TPL_TEMPLATE_IMPURE) {
            g->impure = 1;
            return;
        }
    }
}


/* the files that it names, then the template of each */

static ngx_int_t
ngx_http_tpl_pick_pattern(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_pattern_t *pattern, ngx_http_tpl_maker_t *maker)
{
    ngx_int_t         rc;
    ngx_str_t        *name;
    ngx_array_t      *roots;
    tpl_template_t  **tmpl;

    roots = g->set->roots;

    if (maker->names.elts == NULL) {

        if (ngx_array_init(&maker->names, cf->pool, 16, sizeof(ngx_str_t))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        maker->root = 0;
        maker->name = 0;

        if (!ngx_http_tpl_has_wildcard(&pattern->pattern)) {
            name = ngx_array_push(&maker->names);
            if (name == NULL) {
                return NGX_ERROR;
            }

            *name = pattern->pattern;
            maker->root = roots->nelts;
        }
    }

    if (maker->root < roots->nelts) {

        if (maker->walk == NULL) {
            maker->walk = ngx_http_tpl_glob_begin(cf, g,
                                      (ngx_str_t *) roots->elts + maker->root,
                                      &pattern->pattern, &maker->names);

            return maker->walk ? NGX_AGAIN : NGX_ERROR;
        }

        rc = ngx_http_tpl_glob_step(maker->walk);

        if (rc != NGX_OK) {
            return rc;
        }

        maker->walk = NULL;
        maker->root++;

        if (maker->root < roots->nelts) {
            return NGX_AGAIN;
        }
    }

    if (maker->names.nelts == 0) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"tpl_preload\" in %V:%ui: no file matches \"%V\"",
                      &pattern->place.file, pattern->place.line,
                      &pattern->pattern);
    }

    if (maker->name < maker->names.nelts) {
        name = maker->names.elts;

        rc = ngx_http_tpl_compile(cf, g, &name[maker->name], "tpl_preload",
                                  &pattern->place, &maker->tmpl);

        if (rc != NGX_OK) {
            return rc;
        }

        tmpl = ngx_array_push(&maker->picks->templates);
        if (tmpl == NULL) {
            return NGX_ERROR;
        }

        *tmpl = maker->tmpl;

        maker->tmpl = NULL;
        maker->name++;

        return NGX_AGAIN;
    }

    maker->names.elts = NULL;

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_tpl_cmp_pointers(const void *one, const void *two)
{
    tpl_template_t *const *a = one;
    tpl_template_t *const *b = two;

    return (*a > *b) - (*a < *b);
}
