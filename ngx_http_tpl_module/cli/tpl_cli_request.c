
/*
 * A render described in JSON: templates by name, which one, its data, and the
 * options of Jinja2's Environment or Tornado's Loader under their own names.
 *
 *     { "syntax": "jinja", "options": {}, "templates": { "a": "..." },
 *       "main": "a", "context": {}, "globals": {} }
 */

#include "cli/tpl_cli.h"


static tpl_int_t tpl_cli_dict(tpl_cli_request_t *r, const tpl_dict_t *request,
    const char *name, tpl_dict_t **dict);
static tpl_int_t tpl_cli_data(tpl_cli_request_t *r, const tpl_dict_t *request,
    const char *name, tpl_dict_t **dict);
static tpl_int_t tpl_cli_markup(tpl_cli_request_t *r, tpl_value_t *v,
    tpl_uint_t depth);
static tpl_int_t tpl_cli_options(tpl_cli_request_t *r, tpl_dict_t *options);
static tpl_int_t tpl_cli_request_load(void *data, tpl_arena_t *arena,
    const tpl_str_t *name, tpl_source_t *source, tpl_error_t *err);


/*
 * An option and how it is read: set() gets the option's value and returns
 * TPL_DECLINED for one that the engine does not know.
 */

typedef struct {
    const char          *name;
    tpl_int_t          (*set)(tpl_cli_request_t *r, const tpl_value_t *v,
                           size_t offset);
    size_t               offset;        /* in tpl_syntax_t */
} tpl_cli_option_t;


static tpl_int_t tpl_cli_set_str(tpl_cli_request_t *r, const tpl_value_t *v,
    size_t offset);
static tpl_int_t tpl_cli_set_flag(tpl_cli_request_t *r, const tpl_value_t *v,
    size_t offset);
static tpl_int_t tpl_cli_set_newline(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_escape(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_extensions(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_undefined(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_sandbox(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_policies(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_gettext(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);
static tpl_int_t tpl_cli_set_whitespace(tpl_cli_request_t *r,
    const tpl_value_t *v, size_t offset);


#define tpl_cli_str(name)                                                    \
    { #name, tpl_cli_set_str, offsetof(tpl_syntax_t, name) }
#define tpl_cli_flag(name)                                                   \
    { #name, tpl_cli_set_flag, offsetof(tpl_syntax_t, name) }

static const tpl_cli_option_t  tpl_cli_jinja_options[] = {
    tpl_cli_str(block_start_string),
    tpl_cli_str(block_end_string),
    tpl_cli_str(variable_start_string),
    tpl_cli_str(variable_end_string),
    tpl_cli_str(comment_start_string),
    tpl_cli_str(comment_end_string),
    tpl_cli_str(line_statement_prefix),
    tpl_cli_str(line_comment_prefix),
    tpl_cli_flag(trim_blocks),
    tpl_cli_flag(lstrip_blocks),
    tpl_cli_flag(keep_trailing_newline),
    { "newline_sequence", tpl_cli_set_newline, 0 },
    { "autoescape", tpl_cli_set_escape, 0 },
    { "extensions", tpl_cli_set_extensions, 0 },
    { "undefined", tpl_cli_set_undefined, 0 },
    { "sandbox", tpl_cli_set_sandbox, 0 },
    { "policies", tpl_cli_set_policies, 0 },
    { "null_translations", tpl_cli_set_gettext, 0 },
    { NULL, NULL, 0 }
};


static const tpl_cli_option_t  tpl_cli_tornado_options[] = {
    { "autoescape", tpl_cli_set_escape, 0 },
    { "whitespace", tpl_cli_set_whitespace, 0 },
    { NULL, NULL, 0 }
};


/* a name and the number it stands for, in lists that end with NULL */

typedef struct {
    const char          *name;
    tpl_uint_t           value;
} tpl_cli_enum_t;


static tpl_int_t
tpl_cli_enum(const tpl_cli_enum_t *e, const tpl_value_t *v, tpl_uint_t *value)
{
    tpl_str_t  s;

    if (!tpl_is_string(v)) {
        return TPL_DECLINED;
    }

    s = tpl_value_str(v);

    for ( /* void */ ; e->name; e++) {
        if (tpl_str_is(&s, e->name)) {
            *value = e->value;
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


tpl_int_t
tpl_cli_request_parse(tpl_cli_request_t *r, tpl_str_t *text)
{
    tpl_exec_t   exec;
    tpl_value_t  request;

    tpl_cli_exec_init(&exec, r->arena, r->error, r->builtins);

    r->unsupported = 0;

    if (tpl_json_parse(&exec, text, 0, &request) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_cli_request_read(r, &request);
}


tpl_int_t
tpl_cli_request_read(tpl_cli_request_t *r, const tpl_value_t *request)
{
    tpl_dict_t   *req, *options;
    tpl_value_t  *v;

    static const tpl_cli_enum_t  syntaxes[] = {
        { "jinja", TPL_SYNTAX_JINJA },
        { "tornado", TPL_SYNTAX_TORNADO },
        { NULL, 0 }
    };

    tpl_uint_t  syntax;

    r->unsupported = 0;
    memset(&r->host, 0, sizeof(tpl_cli_host_t));
    memset(&r->conf, 0, sizeof(tpl_set_conf_t));

    if (request->type != TPL_DICT) {
        return tpl_error_set(r->error, TPL_EXC_VALUE, NULL,
                             "a request must be an object");
    }

    req = request->u.dict;
    syntax = TPL_SYNTAX_JINJA;

    v = tpl_cli_member(req, "syntax");

    if (v && tpl_cli_enum(syntaxes, v, &syntax) != TPL_OK) {
        return tpl_error_set(r->error, TPL_EXC_VALUE, NULL,
                             "\"syntax\" must be \"jinja\" or \"tornado\"");
    }

    v = tpl_cli_member(req, "gzip");
    r->gzip = (v && v->type == TPL_BOOL && v->u.i);

    v = tpl_cli_member(req, "general");
    r->general = (v && v->type == TPL_BOOL && v->u.i);

    v = tpl_cli_member(req, "times");
    r->times = (v && v->type == TPL_INT) ? v->u.i : 1;

    r->before = NULL;

    if (tpl_cli_member(req, "before")
        && tpl_cli_data(r, req, "before", &r->before) != TPL_OK)
    {
        return TPL_ERROR;
    }

    v = tpl_cli_member(req, "main");

    if (v == NULL || !tpl_is_string(v)) {
        return tpl_error_set(r->error, TPL_EXC_VALUE, NULL,
                             "\"main\" must be the name of a template");
    }

    r->main = tpl_value_str(v);

    r->conf.arena = r->arena;
    r->conf.work = r->work;
    r->conf.builtins = r->builtins;
    r->conf.loader.load = tpl_cli_request_load;
    r->conf.loader.data = r;
    r->conf.lazy = 1;

    tpl_syntax_init(&r->conf.syntax, syntax);
    r->conf.syntax.extensions = 0;
    r->conf.options.newline_sequence = r->conf.syntax.newline_sequence;

    if (tpl_cli_dict(r, req, "templates", &r->templates) != TPL_OK
        || tpl_cli_dict(r, req, "options", &options) != TPL_OK
        || tpl_cli_data(r, req, "context", &r->host.data) != TPL_OK
        || tpl_cli_data(r, req, "globals", &r->host.globals) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_cli_options(r, options);
}


tpl_int_t
tpl_cli_request_compile(tpl_cli_request_t *r, tpl_template_t **tmpl)
{
    uint32_t           i;
    tpl_str_t          name;
    tpl_set_t         *set;
    tpl_error_t        err;
    tpl_template_t    *other;
    tpl_dict_entry_t  *e;

    set = tpl_set_create(&r->conf);

    if (set == NULL) {
        return tpl_error_set(r->error, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    if (tpl_set_compile(set, &r->main, tmpl, r->error) != TPL_OK) {
        return TPL_ERROR;
    }

    /* the others may be named at run time; a broken one only matters then */

    for (i = 0; (e = tpl_dict_next(r->templates, &i)) != NULL; ) {
        name = tpl_value_str(&e->key);

        tpl_error_init(&err, r->arena);

        if (tpl_set_compile(set, &name, &other, &err) != TPL_OK
            && err.exc == TPL_EXC_MEMORY)
        {
            return tpl_error_set(r->error, TPL_EXC_MEMORY, NULL,
                                 "out of memory");
        }
    }

    return TPL_OK;
}


/* a member that is an object; an empty one if it is absent or null */

static tpl_int_t
tpl_cli_dict(tpl_cli_request_t *r, const tpl_dict_t *request,
    const char *name, tpl_dict_t **dict)
{
    tpl_exec_t    exec;
    tpl_value_t  *v;

    v = tpl_cli_member(request, name);

    if (v == NULL || v->type == TPL_NONE) {
        tpl_cli_exec_init(&exec, r->arena, r->error, r->builtins);

        *dict = tpl_dict_create(&exec, 0);

        return (*dict == NULL) ? TPL_ERROR : TPL_OK;
    }

    if (v->type != TPL_DICT) {
        return tpl_error_set(r->error, TPL_EXC_VALUE, NULL,
                             "\"%s\" must be an object", name);
    }

    *dict = v->u.dict;

    return TPL_OK;
}


static tpl_int_t
tpl_cli_data(tpl_cli_request_t *r, const tpl_dict_t *request,
    const char *name, tpl_dict_t **dict)
{
    uint32_t           i;
    tpl_dict_entry_t  *e;

    if (tpl_cli_dict(r, request, name, dict) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; (e = tpl_dict_next(*dict, &i)) != NULL; ) {
        if (tpl_cli_markup(r, &e->value, 0) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


/* {"__markup__": "text"} at any depth becomes safe text */

static tpl_int_t
tpl_cli_markup(tpl_cli_request_t *r, tpl_value_t *v, tpl_uint_t depth)
{
    uint32_t           i;
    tpl_value_t       *text;
    tpl_dict_entry_t  *e;

    if (depth == TPL_MAX_DEPTH) {
        return tpl_error_set(r->error, TPL_EXC_RECURSION, NULL,
                             "the context is nested too deep");
    }

    switch (v->type) {

    case TPL_LIST:

        for (i = 0; i < v->u.list->n; i++) {
            if (tpl_cli_markup(r, &v->u.list->items[i], depth + 1)
                != TPL_OK)
            {
                return TPL_ERROR;
            }
        }

        return TPL_OK;

    case TPL_DICT:

        text = tpl_cli_member(v->u.dict, "__markup__");

        if (text && tpl_is_string(text) && v->u.dict->n == 1) {
            *v = *text;
            v->flags |= TPL_F_SAFE;
            return TPL_OK;
        }

        for (i = 0; (e = tpl_dict_next(v->u.dict, &i)) != NULL; ) {
            if (tpl_cli_markup(r, &e->value, depth + 1) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        return TPL_OK;

    default:
        return TPL_OK;
    }
}


static tpl_int_t
tpl_cli_options(tpl_cli_request_t *r, tpl_dict_t *options)
{
    uint32_t                 i;
    tpl_int_t                rc;
    tpl_str_t                name;
    tpl_dict_entry_t        *e;
    const tpl_cli_option_t  *option;

    for (i = 0; (e = tpl_dict_next(options, &i)) != NULL; ) {
        name = tpl_value_str(&e->key);

        option = (r->conf.syntax.syntax == TPL_SYNTAX_TORNADO)
                 ? tpl_cli_tornado_options : tpl_cli_jinja_options;

        for ( /* void */ ; option->name; option++) {
            if (tpl_str_is(&name, option->name)) {
                break;
            }
        }

        rc = TPL_DECLINED;

        if (option->name) {
            rc = option->set(r, &e->value, option->offset);
        }

        if (rc == TPL_DECLINED) {
            r->unsupported = 1;

            return tpl_error_set(r->error, TPL_EXC_VALUE, NULL,
                                 option->name
                                 ? "this value of option \"%.*s\" is not "
                                   "supported"
                                 : "option \"%.*s\" is not supported",
                                 tpl_str_arg(&name));
        }

        if (rc != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_str(tpl_cli_request_t *r, const tpl_value_t *v, size_t offset)
{
    tpl_str_t  *s;

    s = (tpl_str_t *) ((char *) &r->conf.syntax + offset);

    if (v->type == TPL_NONE) {
        s->len = 0;
        return TPL_OK;
    }

    if (!tpl_is_string(v)) {
        return TPL_DECLINED;
    }

    *s = tpl_value_str(v);

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_flag(tpl_cli_request_t *r, const tpl_value_t *v, size_t offset)
{
    if (v->type != TPL_BOOL) {
        return TPL_DECLINED;
    }

    *(tpl_uint_t *) ((char *) &r->conf.syntax + offset) = (v->u.i != 0);

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_newline(tpl_cli_request_t *r, const tpl_value_t *v, size_t offset)
{
    tpl_str_t  s;

    (void) offset;

    if (!tpl_is_string(v)) {
        return TPL_DECLINED;
    }

    s = tpl_value_str(v);

    if (!tpl_str_is(&s, "\n") && !tpl_str_is(&s, "\r\n")
        && !tpl_str_is(&s, "\r"))
    {
        return TPL_DECLINED;
    }

    r->conf.syntax.newline_sequence = s;
    r->conf.options.newline_sequence = s;

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_escape(tpl_cli_request_t *r, const tpl_value_t *v, size_t offset)
{
    tpl_str_t  s;

    (void) offset;

    if (r->conf.syntax.syntax == TPL_SYNTAX_TORNADO) {

        /* the name of a function */

        return tpl_cli_set_str(r, v, offsetof(tpl_syntax_t, escape));
    }

    if (v->type == TPL_BOOL) {
        r->conf.autoescape = v->u.i ? TPL_AUTOESCAPE_ON : TPL_AUTOESCAPE_OFF;
        return TPL_OK;
    }

    s = tpl_is_string(v) ? tpl_value_str(v) : (tpl_str_t) tpl_null_string;

    if (tpl_str_is(&s, "auto")) {
        r->conf.autoescape = TPL_AUTOESCAPE_AUTO;
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_cli_set_extensions(tpl_cli_request_t *r, const tpl_value_t *v,
    size_t offset)
{
    uint32_t    i;
    tpl_uint_t  extension;

    static const tpl_cli_enum_t  extensions[] = {
        { "do", TPL_EXT_DO },
        { "loopcontrols", TPL_EXT_LOOPCONTROLS },
        { "i18n", TPL_EXT_I18N },
        { "debug", TPL_EXT_DEBUG },
        { "jinja2.ext.do", TPL_EXT_DO },
        { "jinja2.ext.loopcontrols", TPL_EXT_LOOPCONTROLS },
        { "jinja2.ext.i18n", TPL_EXT_I18N },
        { "jinja2.ext.debug", TPL_EXT_DEBUG },
        /* built in since Jinja2 2.9 */
        { "jinja2.ext.with_", 0 },
        { "jinja2.ext.autoescape", 0 },
        { NULL, 0 }
    };

    (void) offset;

    if (v->type != TPL_LIST) {
        return TPL_DECLINED;
    }

    for (i = 0; i < v->u.list->n; i++) {
        if (tpl_cli_enum(extensions, &v->u.list->items[i], &extension)
            != TPL_OK)
        {
            return TPL_DECLINED;
        }

        r->conf.syntax.extensions |= extension;
    }

    if ((r->conf.syntax.extensions & TPL_EXT_I18N)
        && r->host.functions == NULL)
    {
        r->host.functions = tpl_cli_gettext(r->arena, TPL_GETTEXT_ALIAS);

        if (r->host.functions == NULL) {
            return tpl_error_set(r->error, TPL_EXC_MEMORY, NULL,
                                 "out of memory");
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_undefined(tpl_cli_request_t *r, const tpl_value_t *v,
    size_t offset)
{
    static const tpl_cli_enum_t  classes[] = {
        { "Undefined", TPL_UNDEF_LENIENT },
        { "StrictUndefined", TPL_UNDEF_STRICT },
        { "ChainableUndefined", TPL_UNDEF_CHAINABLE },
        { "DebugUndefined", TPL_UNDEF_DEBUG },
        { NULL, 0 }
    };

    (void) offset;

    return tpl_cli_enum(classes, v, &r->conf.options.undefined);
}


static tpl_int_t
tpl_cli_set_sandbox(tpl_cli_request_t *r, const tpl_value_t *v, size_t offset)
{
    static const tpl_cli_enum_t  kinds[] = {
        { "sandboxed", TPL_SANDBOX_ON },
        { "immutable", TPL_SANDBOX_IMMUTABLE },
        { NULL, 0 }
    };

    (void) offset;

    return tpl_cli_enum(kinds, v, &r->conf.options.sandbox);
}


static tpl_int_t
tpl_cli_set_policies(tpl_cli_request_t *r, const tpl_value_t *v,
    size_t offset)
{
    tpl_value_t  *trimmed;

    (void) offset;

    if (v->type != TPL_DICT) {
        return TPL_DECLINED;
    }

    r->conf.options.policies = *v;

    trimmed = tpl_cli_member(v->u.dict, "ext.i18n.trimmed");

    if (trimmed) {
        r->conf.syntax.trimmed = (trimmed->type == TPL_BOOL
                                  && trimmed->u.i != 0);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_gettext(tpl_cli_request_t *r, const tpl_value_t *v, size_t offset)
{
    tpl_uint_t  kind;

    static const tpl_cli_enum_t  kinds[] = {
        { "oldstyle", TPL_GETTEXT_OLD },
        { "newstyle", TPL_GETTEXT_NEW },
        { NULL, 0 }
    };

    (void) offset;

    if (v->type == TPL_BOOL) {
        kind = v->u.i ? TPL_GETTEXT_OLD : TPL_GETTEXT_ALIAS;

    } else if (tpl_cli_enum(kinds, v, &kind) != TPL_OK) {
        return TPL_DECLINED;
    }

    if (kind == TPL_GETTEXT_NEW) {
        r->conf.syntax.extensions |= TPL_EXT_NEWSTYLE;
    }

    r->host.functions = tpl_cli_gettext(r->arena, kind);

    if (r->host.functions == NULL) {
        return tpl_error_set(r->error, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    return TPL_OK;
}


static tpl_int_t
tpl_cli_set_whitespace(tpl_cli_request_t *r, const tpl_value_t *v,
    size_t offset)
{
    static const tpl_cli_enum_t  modes[] = {
        { "all", TPL_WS_ALL },
        { "single", TPL_WS_SINGLE },
        { "oneline", TPL_WS_ONELINE },
        { NULL, 0 }
    };

    (void) offset;

    if (v->type == TPL_NONE) {
        return TPL_OK;
    }

    return tpl_cli_enum(modes, v, &r->conf.syntax.whitespace);
}


static tpl_int_t
tpl_cli_request_load(void *data, tpl_arena_t *arena, const tpl_str_t *name,
    tpl_source_t *source, tpl_error_t *err)
{
    tpl_name_t          key;
    tpl_value_t        *text;
    tpl_cli_request_t  *r;

    (void) arena;

    r = data;

    key.str = *name;
    key.hash = tpl_hash(name->data, name->len);

    text = tpl_dict_find(r->templates, &key);

    if (text == NULL) {
        return TPL_DECLINED;
    }

    if (!tpl_is_string(text)) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "template \"%.*s\" is not a string",
                             tpl_str_arg(name));
    }

    source->text = tpl_value_str(text);

    return TPL_OK;
}
