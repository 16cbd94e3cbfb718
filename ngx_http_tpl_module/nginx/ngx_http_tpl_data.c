
/*
 * Data that templates see: tpl_param, tpl_json, tpl_data, and the names of
 * tpl_fetch.
 *
 * What is constant is made when the configuration is read and shared by all
 * requests; a request gets a copy of a list or dict when it first asks for it,
 * since templates can change them.  The rest is evaluated at most once a
 * render, and only if a template asks for it.
 */

#include "nginx/ngx_http_tpl_module.h"


/* a cached value: there is none */
#define NGX_HTTP_TPL_NO_VALUE  TPL_INTERNAL

/* bytes of a tpl_data file */
#define NGX_HTTP_TPL_DATA_MAX  (256 * 1024 * 1024)


/* what a tpl_data is in another generation than the first */

struct ngx_http_tpl_fresh_s {
    ngx_http_tpl_datum_t   datum;
    ngx_http_tpl_datum_t  *first;
    ngx_http_tpl_fresh_t  *next;
};


static ngx_int_t ngx_http_tpl_param_name(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_tpl_loc_conf_t *conf, ngx_uint_t fallback);
static ngx_int_t ngx_http_tpl_param_string(ngx_conf_t *cf, ngx_str_t *text,
    tpl_value_t *value);
static ngx_int_t ngx_http_tpl_param_file(ngx_conf_t *cf, tpl_arena_t *arena,
    ngx_http_tpl_datum_t *datum);
static ngx_http_tpl_names_t *ngx_http_tpl_names_find(
    ngx_http_tpl_generation_t *g, ngx_http_tpl_loc_conf_t *conf);
static void ngx_http_tpl_names_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_int_t ngx_http_tpl_names_add(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_names_t *names,
    ngx_http_tpl_data_t *data);
static ngx_http_tpl_datum_t *ngx_http_tpl_names_file(ngx_conf_t *cf,
    ngx_http_tpl_generation_t *g, ngx_http_tpl_datum_t *datum);
static tpl_int_t ngx_http_tpl_names_value(tpl_exec_t *exec, ngx_uint_t slot,
    tpl_value_t *out);
static tpl_int_t ngx_http_tpl_evaluate(tpl_exec_t *exec,
    ngx_http_tpl_datum_t *datum, tpl_value_t *out);
static tpl_int_t ngx_http_tpl_evaluate_json(tpl_exec_t *exec,
    ngx_http_tpl_datum_t *datum, ngx_str_t *text, tpl_value_t *out);


static const char *const  ngx_http_tpl_kinds[] = {
    "tpl_param", "tpl_json", "tpl_data", "tpl_fetch"
};


/* tpl_param, tpl_json, tpl_data: cmd->offset is the kind */

char *
ngx_http_tpl_param(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_tpl_loc_conf_t *tlcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         if_not_empty;
    ngx_http_tpl_kind_e                kind;
    ngx_http_tpl_datum_t              *datum;
    ngx_http_complex_value_t           cv;
    ngx_http_tpl_main_conf_t          *tmcf;
    ngx_http_compile_complex_value_t   ccv;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    kind = cmd->offset;
    value = cf->args->elts;
    if_not_empty = 0;

    if (cf->args->nelts == 4) {

        if (ngx_strcmp(value[3].data, "if_not_empty") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[3]);
            return NGX_CONF_ERROR;
        }

        if_not_empty = 1;
    }

    datum = ngx_http_tpl_add_datum(cf, tlcf, kind, &value[1], if_not_empty);
    if (datum == NULL) {
        return NGX_CONF_ERROR;
    }

    if (kind == NGX_HTTP_TPL_DATA) {

        if (ngx_http_script_variables_count(&value[2])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "variables are not possible in \"%V\" \"%V\","
                               " the file is read once", &cmd->name,
                               &value[2]);
            return NGX_CONF_ERROR;
        }

        datum->file = value[2];

        if (ngx_conf_full_name(cf->cycle, &datum->file, 0) != NGX_OK
            || ngx_http_tpl_param_file(cf, tmcf->arena, datum) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (!ngx_http_tpl_is_constant(&cv)) {
        datum->complex = ngx_palloc(cf->pool,
                                    sizeof(ngx_http_complex_value_t));
        if (datum->complex == NULL) {
            return NGX_CONF_ERROR;
        }

        *datum->complex = cv;
        datum->headers = ngx_http_tpl_headers_in(cf, &value[2]);

        return NGX_CONF_OK;
    }

    if (kind == NGX_HTTP_TPL_PARAM) {

        if (ngx_http_tpl_param_string(cf, &value[2], &datum->value)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

    } else if (ngx_http_tpl_param_json(cf, tmcf->arena, &value[2], "tpl_json",
                                       &value[1], &datum->value)
               != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_http_tpl_datum_t *
ngx_http_tpl_add_datum(ngx_conf_t *cf, ngx_http_tpl_loc_conf_t *conf,
    ngx_http_tpl_kind_e kind, ngx_str_t *name, ngx_uint_t if_not_empty)
{
    ngx_http_tpl_data_t   *data;
    ngx_http_tpl_datum_t  *datum;

    if (ngx_http_tpl_param_name(cf, name, conf, if_not_empty) != NGX_OK) {
        return NULL;
    }

    data = conf->data[kind];

    if (data == NULL) {
        data = ngx_pcalloc(cf->pool, sizeof(ngx_http_tpl_data_t));

        if (data == NULL
            || ngx_array_init(&data->items, cf->pool, 4,
                              sizeof(ngx_http_tpl_datum_t))
               != NGX_OK)
        {
            return NULL;
        }

        conf->data[kind] = data;
    }

    datum = ngx_array_push(&data->items);
    if (datum == NULL) {
        return NULL;
    }

    ngx_memzero(datum, sizeof(ngx_http_tpl_datum_t));

    datum->name = *name;
    datum->kind = kind;
    datum->if_not_empty = if_not_empty;

    return datum;
}


/* a name that templates can write, and that is not taken at this level */

static ngx_int_t
ngx_http_tpl_param_name(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_tpl_loc_conf_t *conf, ngx_uint_t fallback)
{
    u_char                 c;
    ngx_uint_t             i, kind, bad;
    ngx_http_tpl_datum_t  *datum;

    bad = (name->len == 0 || (name->data[0] >= '0' && name->data[0] <= '9'));

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c >= 0x80))
        {
            bad = 1;
        }
    }

    if (bad || tpl_utf8_check(name->data, name->len) != name->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a name that a template can use",
                           name);
        return NGX_ERROR;
    }

    if (name->len == 5 && ngx_strncmp(name->data, "nginx", 5) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the name \"nginx\" stands for nginx's variables");
        return NGX_ERROR;
    }

    /* one that may be empty leaves what came before it in use */

    if (fallback) {
        return NGX_OK;
    }

    for (kind = 0; kind < NGX_HTTP_TPL_KINDS; kind++) {

        if (conf->data[kind] == NULL) {
            continue;
        }

        datum = conf->data[kind]->items.elts;

        for (i = 0; i < conf->data[kind]->items.nelts; i++) {
            if (datum[i].name.len == name->len
                && ngx_memcmp(datum[i].name.data, name->data, name->len) == 0)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate name \"%V\", \"%s\" has it"
                                   " already", name,
                                   ngx_http_tpl_kinds[kind]);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_tpl_param_string(ngx_conf_t *cf, ngx_str_t *text, tpl_value_t *value)
{
    tpl_str_t                  s;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    s = *ngx_http_tpl_str(text);

    if (tpl_utf8_repair(tmcf->arena, &s) != TPL_OK) {
        return NGX_ERROR;
    }

    tpl_value_from_str(value, &s);

    return NGX_OK;
}


ngx_int_t
ngx_http_tpl_param_json(ngx_conf_t *cf, tpl_arena_t *arena, ngx_str_t *text,
    const char *where, ngx_str_t *what, tpl_value_t *value)
{
    int                        n;
    u_char                    *p;
    tpl_exec_t                 exec;
    tpl_error_t                err;
    unsigned                   line, column;
    tpl_options_t              options;
    ngx_http_tpl_main_conf_t  *tmcf;

    tmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_tpl_module);

    ngx_memzero(&options, sizeof(tpl_options_t));
    ngx_memzero(&exec, sizeof(tpl_exec_t));

    tpl_error_init(&err, arena);

    exec.arena = arena;
    exec.error = &err;
    exec.options = &options;
    exec.builtins = tmcf->builtins;
    exec.fuel = INT64_MAX;

    if (tpl_json_parse(&exec, ngx_http_tpl_str(text), 0, value) == TPL_OK) {
        return NGX_OK;
    }

    if (what) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid JSON in \"%s %V\": %*s", where, what,
                           err.message.len, err.message.data);
        return NGX_ERROR;
    }

    /* as templates' errors are written; the message is terminated nowhere */

    p = ngx_pnalloc(cf->pool, err.message.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(p, err.message.data, err.message.len) = '\0';

    n = 0;

    if (sscanf((char *) p, "line %u column %u: %n", &line, &column, &n) == 2
        && n)
    {
        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, 0, "%s:%ud:%ud: %s",
                           where, line, column, p + n);

    } else {
        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, 0, "%s: %s", where, p);
    }

    return NGX_ERROR;
}


/* NGX_AGAIN: there is nothing wrong with the file */

static ngx_int_t
ngx_http_tpl_param_file(ngx_conf_t *cf, tpl_arena_t *arena,
    ngx_http_tpl_datum_t *datum)
{
    u_char           *p;
    size_t            size, len;
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_str_t         text, *file;
    ngx_int_t         rc;
    ngx_err_t         err;
    ngx_file_info_t   fi;

    file = &datum->file;

    ngx_http_tpl_file_state(file->data, &datum->state);

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        err = ngx_errno;

        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, err,
                           ngx_open_file_n " \"%V\" failed", file);

        return (err == NGX_EMFILE || err == NGX_ENFILE) ? NGX_AGAIN
                                                        : NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", file);
        goto done;
    }

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > NGX_HTTP_TPL_DATA_MAX) {
        ngx_conf_log_error(ngx_http_tpl_level(cf), cf, 0,
                           "\"%V\" is not a file of at most %d bytes", file,
                           NGX_HTTP_TPL_DATA_MAX);
        goto done;
    }

    size = (size_t) ngx_file_size(&fi);

    p = tpl_pnalloc(arena, size + 1);
    if (p == NULL) {
        goto done;
    }

    for (len = 0; len < size; len += n) {
        n = ngx_read_fd(fd, p + len, size - len);

        if (n <= 0) {
            ngx_conf_log_error(ngx_http_tpl_level(cf), cf, n ? ngx_errno : 0,
                               ngx_read_fd_n " \"%V\" failed", file);
            goto done;
        }
    }

    text.len = size;
    text.data = p;

    /* the file's name is terminated: it came from the parser */

    rc = ngx_http_tpl_param_json(cf, arena, &text, (char *) file->data, NULL,
                                 &datum->value);

done:

    (void) ngx_close_file(fd);

    return rc;
}


/*
 * Nearer levels come later, and later ones win: what a location says of a name
 * hides what the server says, whichever of the directives says it.
 */

ngx_http_tpl_names_t *
ngx_http_tpl_get_names(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_loc_conf_t *conf)
{
    uint32_t               b;
    ngx_uint_t             i, n, level, size;
    ngx_http_tpl_data_t   *data;
    ngx_http_tpl_names_t  *names;

    /* most locations have their server's */

    names = ngx_http_tpl_names_find(g, conf);
    if (names) {
        return names;
    }

    n = 0;

    for (i = 0; i < NGX_HTTP_TPL_KINDS; i++) {
        if (conf->data[i]) {
            n += conf->data[i]->items.nelts;
        }
    }

    for (size = 8; size < n * 2; size *= 2) { /* void */ }

    names = ngx_pcalloc(g->pool, sizeof(ngx_http_tpl_names_t));
    if (names == NULL) {
        return NULL;
    }

    names->slots = ngx_pcalloc(g->pool,
                               (n + 1) * sizeof(ngx_http_tpl_slot_t));
    names->buckets = ngx_pcalloc(g->pool, size * sizeof(uint32_t));

    if (names->slots == NULL || names->buckets == NULL) {
        return NULL;
    }

    names->mask = size - 1;

    for (level = 0; level <= conf->level; level++) {
        for (i = 0; i < NGX_HTTP_TPL_KINDS; i++) {
            data = conf->data[i];

            if (data && data->level == level
                && ngx_http_tpl_names_add(cf, g, names, data) != NGX_OK)
            {
                return NULL;
            }
        }
    }

    for (i = 0; i < names->n; i++) {
        for (b = names->slots[i].name->hash & names->mask;
             names->buckets[b]
             && names->slots[names->buckets[b] - 1].name
                != names->slots[i].name;
             b = (b + 1) & names->mask)
        {
            /* void */
        }

        names->buckets[b] = i + 1;
    }

    ngx_memcpy(names->data, conf->data, sizeof(conf->data));

    ngx_rbtree_insert(&g->names, &names->node);

    return names;
}


static ngx_http_tpl_names_t *
ngx_http_tpl_names_find(ngx_http_tpl_generation_t *g,
    ngx_http_tpl_loc_conf_t *conf)
{
    ngx_int_t              rc;
    ngx_rbtree_node_t     *node;
    ngx_http_tpl_names_t  *names;

    if (g->names.root == NULL) {
        ngx_rbtree_init(&g->names, &g->sentinel, ngx_http_tpl_names_insert);
    }

    node = g->names.root;

    while (node != g->names.sentinel) {
        names = (ngx_http_tpl_names_t *) node;

        rc = ngx_memcmp(conf->data, names->data, sizeof(conf->data));

        if (rc == 0) {
            return names;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static void
ngx_http_tpl_names_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t     **p;
    ngx_http_tpl_names_t   *names, *other;

    names = (ngx_http_tpl_names_t *) node;

    for ( ;; ) {
        other = (ngx_http_tpl_names_t *) temp;

        p = (ngx_memcmp(names->data, other->data, sizeof(names->data)) < 0)
            ? &temp->left : &temp->right;

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


static ngx_int_t
ngx_http_tpl_names_add(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_names_t *names, ngx_http_tpl_data_t *data)
{
    ngx_int_t              k;
    ngx_uint_t             i;
    ngx_http_tpl_slot_t   *slot;
    ngx_http_tpl_datum_t  *datum;

    datum = data->items.elts;

    for (i = 0; i < data->items.nelts; i++) {
        slot = &names->slots[names->n];

        names->fetches |= (datum[i].kind == NGX_HTTP_TPL_FETCH);

        slot->datum = ngx_http_tpl_names_file(cf, g, &datum[i]);
        if (slot->datum == NULL) {
            return NGX_ERROR;
        }

        slot->name = tpl_set_intern(g->templates,
                                    ngx_http_tpl_str(&datum[i].name));
        if (slot->name == NULL) {
            return NGX_ERROR;
        }

        slot->next = -1;

        if (datum[i].if_not_empty) {
            for (k = (ngx_int_t) names->n - 1; k >= 0; k--) {
                if (names->slots[k].name == slot->name) {
                    slot->next = k;
                    break;
                }
            }
        }

        names->n++;
    }

    return NGX_OK;
}


/* a file of data is read anew with the templates */

static ngx_http_tpl_datum_t *
ngx_http_tpl_names_file(ngx_conf_t *cf, ngx_http_tpl_generation_t *g,
    ngx_http_tpl_datum_t *datum)
{
    ngx_int_t              rc;
    ngx_http_tpl_fresh_t  *fresh;

    if (datum->kind != NGX_HTTP_TPL_DATA || g->watch == NULL) {
        return datum;
    }

    for (fresh = g->data; fresh; fresh = fresh->next) {
        if (fresh->first == datum) {
            return &fresh->datum;
        }
    }

    fresh = ngx_palloc(g->pool, sizeof(ngx_http_tpl_fresh_t));
    if (fresh == NULL) {
        return NULL;
    }

    fresh->datum = *datum;
    fresh->first = datum;
    fresh->next = g->data;

    rc = g->owned ? ngx_http_tpl_param_file(cf, g->arena, &fresh->datum)
                  : NGX_OK;

    if (ngx_http_tpl_watch_file(g, datum->file.data, &fresh->datum.state)
        != NGX_OK)
    {
        return NULL;
    }

    if (rc != NGX_OK) {
        g->watch->settled = (rc == NGX_ERROR);
        return NULL;
    }

    g->data = fresh;

    return &fresh->datum;
}


tpl_int_t
ngx_http_tpl_lookup(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    uint32_t               b, n;
    ngx_http_tpl_ctx_t    *ctx;
    ngx_http_tpl_names_t  *names;

    ctx = exec->host;
    names = ctx->names;

    if (ctx->collected && name == ctx->target->generation->document) {
        *out = ctx->document;
        return TPL_OK;
    }

    for (b = name->hash & names->mask;
         (n = names->buckets[b]) != 0;
         b = (b + 1) & names->mask)
    {
        if (names->slots[n - 1].name == name) {
            return ngx_http_tpl_names_value(exec, n - 1, out);
        }
    }

    return TPL_DECLINED;
}


tpl_int_t
ngx_http_tpl_start_fetches(ngx_http_tpl_ctx_t *ctx)
{
    uint32_t               i, n;
    tpl_int_t              rc;
    tpl_value_t            value;
    ngx_http_tpl_names_t  *names;

    names = ctx->names;

    if (!names->fetches) {
        return TPL_OK;
    }

    for (i = 0; i <= names->mask; i++) {
        n = names->buckets[i];

        if (n == 0 || names->slots[n - 1].datum->kind != NGX_HTTP_TPL_FETCH) {
            continue;
        }

        rc = ngx_http_tpl_names_value(tpl_vm_exec(ctx->vm), n - 1, &value);

        if (rc != TPL_OK && rc != TPL_DECLINED) {
            return rc;
        }
    }

    return TPL_OK;
}


tpl_int_t
ngx_http_tpl_lookup_known(tpl_exec_t *exec, const tpl_name_t *name,
    tpl_value_t *out)
{
    uint32_t               b, n;
    ngx_int_t              i;
    tpl_int_t              rc;
    ngx_http_tpl_ctx_t    *ctx;
    ngx_http_tpl_slot_t   *slots;
    ngx_http_tpl_names_t  *names;

    ctx = exec->host;
    names = ctx->names;
    slots = names->slots;

    if (name == ctx->target->generation->document) {
        tpl_gzip_unknown(out);
        return TPL_OK;
    }

    for (b = name->hash & names->mask;
         (n = names->buckets[b]) != 0;
         b = (b + 1) & names->mask)
    {
        if (slots[n - 1].name == name) {
            break;
        }
    }

    for (i = (ngx_int_t) n - 1; i >= 0; i = slots[i].next) {

        if (slots[i].datum->kind == NGX_HTTP_TPL_FETCH) {
            tpl_gzip_unknown(out);
            return TPL_OK;
        }

        if (slots[i].datum->complex == NULL) {
            rc = ngx_http_tpl_evaluate(exec, slots[i].datum, out);

            if (rc != TPL_DECLINED) {
                return rc;
            }

            continue;
        }

        if (slots[i].datum->kind == NGX_HTTP_TPL_JSON) {
            tpl_gzip_unknown(out);
            return TPL_OK;
        }

        if (!slots[i].datum->if_not_empty) {
            tpl_value_string(out, (tpl_char_t *) "", 0, TPL_F_ASCII);
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


tpl_int_t
ngx_http_tpl_lookup_names(tpl_exec_t *exec, tpl_dict_t *dict)
{
    uint32_t               i, n;
    tpl_int_t              rc;
    tpl_value_t            value;
    ngx_http_tpl_ctx_t    *ctx;
    ngx_http_tpl_names_t  *names;

    ctx = exec->host;
    names = ctx->names;

    if (ctx->collected) {
        rc = tpl_dict_set_str(exec, dict,
                              &ctx->target->generation->document->str,
                              &ctx->document);
        if (rc != TPL_OK) {
            return rc;
        }
    }

    for (i = 0; i <= names->mask; i++) {
        n = names->buckets[i];

        if (n == 0) {
            continue;
        }

        rc = ngx_http_tpl_names_value(exec, n - 1, &value);

        if (rc == TPL_OK && value.type == TPL_PENDING) {
            rc = ngx_http_tpl_wait(exec, value.u.obj, &value);
        }

        if (rc == TPL_OK) {
            rc = tpl_dict_set_str(exec, dict, &names->slots[n - 1].name->str,
                                  &value);
        }

        if (rc != TPL_OK && rc != TPL_DECLINED) {
            return rc;
        }
    }

    return TPL_OK;
}


static tpl_int_t
ngx_http_tpl_names_value(tpl_exec_t *exec, ngx_uint_t slot, tpl_value_t *out)
{
    ngx_int_t              i;
    tpl_int_t              rc;
    tpl_value_t           *value;
    ngx_http_tpl_ctx_t    *ctx;
    ngx_http_tpl_slot_t   *slots;

    ctx = exec->host;
    slots = ctx->names->slots;
    value = &ctx->values[slot];

    if (value->type == TPL_MISSING) {
        rc = TPL_DECLINED;

        for (i = slot; i >= 0; i = slots[i].next) {
            rc = ngx_http_tpl_evaluate(exec, slots[i].datum, value);

            if (rc != TPL_DECLINED) {
                break;
            }
        }

        if (rc == TPL_DECLINED) {
            value->type = NGX_HTTP_TPL_NO_VALUE;

        } else if (rc != TPL_OK) {
            tpl_value_missing(value);
            return rc;
        }
    }

    if (value->type == NGX_HTTP_TPL_NO_VALUE) {
        return TPL_DECLINED;
    }

    *out = *value;

    return TPL_OK;
}


/* TPL_DECLINED: it is empty and does not count then */

static tpl_int_t
ngx_http_tpl_evaluate(tpl_exec_t *exec, ngx_http_tpl_datum_t *datum,
    tpl_value_t *out)
{
    uint64_t             headers;
    tpl_int_t            rc;
    ngx_str_t            text;
    ngx_http_tpl_ctx_t  *ctx;

    ctx = exec->host;

    if (datum->complex == NULL && datum->kind != NGX_HTTP_TPL_FETCH) {

        if (datum->if_not_empty && datum->value.len == 0) {
            return TPL_DECLINED;
        }

        /* shared by all requests as long as none can change it */

        if (tpl_template_preserves(ctx->tmpl)) {
            *out = datum->value;
            return TPL_OK;
        }

        return ngx_http_tpl_copy(exec, &datum->value, out);
    }

    if (ngx_http_tpl_needs_request(exec) != TPL_OK) {
        return TPL_ERROR;
    }

    headers = ngx_http_tpl_headers_read(ctx->request);

    if (datum->kind == NGX_HTTP_TPL_FETCH) {
        rc = ngx_http_tpl_fetch_value(exec, datum->fetch, out);

        headers = ngx_http_tpl_headers_read(ctx->request) & ~headers;
        ctx->headers |= headers | datum->headers;

        return rc;
    }

    if (ngx_http_complex_value(ctx->request, datum->complex, &text)
        != NGX_OK)
    {
        return tpl_throw(exec, TPL_EXC_MEMORY,
                         "cannot evaluate \"%s %.*s\"",
                         ngx_http_tpl_kinds[datum->kind],
                         tpl_str_arg(&datum->name));
    }

    headers = ngx_http_tpl_headers_read(ctx->request) & ~headers;
    ctx->headers |= headers | datum->headers;

    if (datum->kind == NGX_HTTP_TPL_JSON) {
        return ngx_http_tpl_evaluate_json(exec, datum, &text, out);
    }

    if (datum->if_not_empty && text.len == 0) {
        return TPL_DECLINED;
    }

    return ngx_http_tpl_text(exec, text.data, text.len, out);
}


static tpl_int_t
ngx_http_tpl_evaluate_json(tpl_exec_t *exec, ngx_http_tpl_datum_t *datum,
    ngx_str_t *text, tpl_value_t *out)
{
    tpl_int_t     rc;
    tpl_error_t   err, *saved;

    /* the message should say which of the data it is about */

    tpl_error_init(&err, exec->arena);

    saved = exec->error;
    exec->error = &err;

    rc = tpl_json_parse(exec, ngx_http_tpl_str(text), 0, out);

    exec->error = saved;

    if (rc == TPL_OK) {
        return TPL_OK;
    }

    return tpl_throw(exec, err.exc, "invalid JSON in \"tpl_json %.*s\": %.*s",
                     tpl_str_arg(&datum->name), tpl_str_arg(&err.message));
}


tpl_int_t
ngx_http_tpl_text(tpl_exec_t *exec, const u_char *data, size_t len,
    tpl_value_t *out)
{
    tpl_str_t  s;

    s.len = len;
    s.data = (tpl_char_t *) data;

    if (tpl_utf8_repair(exec->arena, &s) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    exec->fuel -= len / 16;

    tpl_value_from_str(out, &s);

    return TPL_OK;
}


/* JSON is not deep */

tpl_int_t
ngx_http_tpl_copy(tpl_exec_t *exec, const tpl_value_t *src, tpl_value_t *dst)
{
    uint32_t           i;
    tpl_dict_t        *dict;
    tpl_list_t        *list;
    tpl_dict_entry_t  *entry;

    *dst = *src;

    exec->fuel--;

    switch (src->type) {

    case TPL_LIST:

        list = tpl_list_create(exec, src->u.list->n);
        if (list == NULL) {
            return TPL_ERROR;
        }

        for (i = 0; i < src->u.list->n; i++) {
            if (ngx_http_tpl_copy(exec, &src->u.list->items[i],
                                  &list->items[i])
                != TPL_OK)
            {
                return TPL_ERROR;
            }

            list->n++;
        }

        dst->u.list = list;

        return TPL_OK;

    case TPL_DICT:

        if (tpl_dict_copy(exec, src->u.dict, &dict) != TPL_OK) {
            return TPL_ERROR;
        }

        for (i = 0; (entry = tpl_dict_next(dict, &i)) != NULL; ) {
            if (ngx_http_tpl_copy(exec, &entry->value, &entry->value)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        dst->u.dict = dict;

        return TPL_OK;

    default:
        return TPL_OK;
    }
}
