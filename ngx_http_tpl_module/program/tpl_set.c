
/*
 * A set of templates: names, sources, and the queue of what is to be compiled.
 *
 * Compilation works through a queue instead of recursing, so a chain of
 * references of any length, or a circle of includes, costs no stack.  A unit
 * goes LOADED -> PARSED -> EMITTED -> LINKED, or FAILED with its error kept.
 */

#include "program/tpl_compiler.h"


static tpl_atom_t *tpl_set_atom(const tpl_set_t *set, const tpl_str_t *str);
static tpl_int_t tpl_set_grow(tpl_set_t *set);
static tpl_text_t *tpl_set_text_place(tpl_text_t *texts, uint32_t mask,
    const tpl_text_t *text);
static tpl_int_t tpl_set_texts_grow(tpl_set_t *set);
static tpl_unit_t *tpl_set_unit(tpl_set_t *set, const tpl_str_t *name,
    tpl_error_t *err);
static tpl_int_t tpl_set_load(tpl_set_t *set, tpl_unit_t *unit);
static tpl_int_t tpl_set_finish(tpl_set_t *set, tpl_template_t *tmpl,
    tpl_error_t *err);
static tpl_int_t tpl_set_emit_next(tpl_set_t *set, tpl_error_t *err);
static tpl_int_t tpl_set_link_next(tpl_set_t *set, tpl_error_t *err);
static tpl_int_t tpl_set_emit(tpl_set_t *set, tpl_unit_t *unit);
static tpl_int_t tpl_set_failed(const tpl_unit_t *unit, tpl_error_t *err);


tpl_set_t *
tpl_set_create(const tpl_set_conf_t *conf)
{
    tpl_set_t  *set;

    set = tpl_pcalloc(conf->arena, sizeof(tpl_set_t));
    if (set == NULL) {
        return NULL;
    }

    set->conf = *conf;
    set->arena = conf->arena;
    set->work = conf->work ? conf->work : conf->arena;
    set->conf.options.python = (conf->syntax.syntax == TPL_SYNTAX_TORNADO);

    tpl_error_init(&set->exec_error, NULL);

    set->exec.arena = set->arena;
    set->exec.error = &set->exec_error;
    set->exec.options = &set->conf.options;
    set->exec.builtins = conf->builtins;
    set->exec.fuel = INT64_MAX;

    if (tpl_set_grow(set) != TPL_OK) {
        return NULL;
    }

    return set;
}


const tpl_set_conf_t *
tpl_set_conf(const tpl_set_t *set)
{
    return &set->conf;
}


tpl_int_t
tpl_set_compile(tpl_set_t *set, const tpl_str_t *name, tpl_template_t **tmpl,
    tpl_error_t *err)
{
    tpl_int_t  rc;

    rc = tpl_set_begin(set, name, tmpl, err);

    return (rc == TPL_OK) ? tpl_set_finish(set, *tmpl, err) : rc;
}


tpl_int_t
tpl_set_compile_text(tpl_set_t *set, const tpl_str_t *name,
    const tpl_str_t *text, tpl_template_t **tmpl, tpl_error_t *err)
{
    tpl_int_t  rc;

    rc = tpl_set_begin_text(set, name, text, tmpl, err);

    return (rc == TPL_OK) ? tpl_set_finish(set, *tmpl, err) : rc;
}


static tpl_int_t
tpl_set_finish(tpl_set_t *set, tpl_template_t *tmpl, tpl_error_t *err)
{
    tpl_int_t  rc;

    do {
        rc = tpl_set_step(set, tmpl, err);
    } while (rc == TPL_AGAIN);

    return rc;
}


tpl_int_t
tpl_set_begin(tpl_set_t *set, const tpl_str_t *name, tpl_template_t **tmpl,
    tpl_error_t *err)
{
    tpl_unit_t  *unit;

    unit = tpl_set_refer(set, name, NULL, NULL, NULL, err);
    if (unit == NULL) {
        return TPL_ERROR;
    }

    *tmpl = &unit->tmpl;

    return TPL_OK;
}


tpl_int_t
tpl_set_begin_text(tpl_set_t *set, const tpl_str_t *name,
    const tpl_str_t *text, tpl_template_t **tmpl, tpl_error_t *err)
{
    tpl_unit_t    *unit;
    tpl_source_t  *source;

    unit = tpl_pcalloc(set->arena, sizeof(tpl_unit_t));
    source = tpl_pcalloc(set->arena, sizeof(tpl_source_t));

    if (unit == NULL || source == NULL
        || tpl_pstrdup(set->arena, &source->name, name->data, name->len)
           != TPL_OK)
    {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    source->path = source->name;
    source->text = *text;

    unit->tmpl.set = set;
    unit->tmpl.name = source->name;
    unit->tmpl.source = source;

    unit->queue = set->queue;
    set->queue = unit;

    if (set->queue_last == NULL) {
        set->queue_last = unit;
    }

    *tmpl = &unit->tmpl;

    return TPL_OK;
}


void
tpl_set_settle(tpl_set_t *set)
{
    tpl_template_t  *tmpl;

    for (tmpl = set->first; tmpl != NULL; tmpl = tmpl->next) {
        tpl_unit(tmpl)->parsed = 0;
    }

    set->work = set->arena;
    set->conf.work = NULL;

    set->texts = NULL;
    set->ntexts = 0;
}


tpl_template_t *
tpl_set_find(const tpl_set_t *set, const tpl_str_t *name)
{
    tpl_atom_t  *atom;

    atom = tpl_set_atom(set, name);

    return (atom == NULL) ? NULL : atom->tmpl;
}


tpl_template_t *
tpl_set_first(const tpl_set_t *set)
{
    return set->first;
}


/* hands a unit's error, with the references that led to it, to the caller */

static tpl_int_t
tpl_set_failed(const tpl_unit_t *unit, tpl_error_t *err)
{
    tpl_arena_t        *arena;
    const tpl_error_t  *e;

    if (err->exc != TPL_EXC_NONE) {
        return TPL_ERROR;
    }

    e = unit->tmpl.error;
    arena = err->arena;

    tpl_error_set(err, e->exc, e->pos.source ? &e->pos : NULL, "%.*s",
                  tpl_str_arg(&e->message));

    if (arena != NULL) {
        err->frames = e->frames;
    }

    return TPL_ERROR;
}


tpl_uint_t
tpl_unit_missing(const tpl_unit_t *unit)
{
    return unit->tmpl.error != NULL && unit->tmpl.source == NULL
           && unit->tmpl.error->exc == TPL_EXC_NOT_FOUND;
}


tpl_unit_t *
tpl_set_refer(tpl_set_t *set, const tpl_str_t *name, tpl_unit_t *from,
    const tpl_pos_t *pos, const char *how, tpl_error_t *err)
{
    tpl_unit_t       *unit, *up;
    tpl_template_t   *tmpl;

    tmpl = tpl_set_find(set, name);

    if (tmpl != NULL) {
        return tpl_unit(tmpl);
    }

    unit = tpl_set_unit(set, name, err);
    if (unit == NULL) {
        return NULL;
    }

    if (from != NULL) {
        unit->from = from;
        unit->from_pos = *pos;
        unit->how = how;
    }

    if (tpl_set_load(set, unit) != TPL_OK) {

        /* whoever refers to it tells the way here */

        for (up = unit; up->from != NULL; up = up->from) {
            tpl_error_frame(unit->tmpl.error, &up->from_pos, up->how, NULL);
        }

        return unit;
    }

    if (set->queue_last != NULL) {
        set->queue_last->queue = unit;

    } else {
        set->queue = unit;
    }

    set->queue_last = unit;

    return unit;
}


static tpl_unit_t *
tpl_set_unit(tpl_set_t *set, const tpl_str_t *name, tpl_error_t *err)
{
    tpl_unit_t  *unit;
    tpl_atom_t  *atom;

    unit = tpl_pcalloc(set->arena, sizeof(tpl_unit_t));
    atom = (tpl_atom_t *) tpl_set_intern(set, name);

    if (unit == NULL || atom == NULL) {
        tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
        return NULL;
    }

    atom->tmpl = &unit->tmpl;

    unit->tmpl.set = set;
    unit->tmpl.name = atom->name.str;

    if (set->last != NULL) {
        set->last->next = &unit->tmpl;

    } else {
        set->first = &unit->tmpl;
    }

    set->last = &unit->tmpl;

    return unit;
}


/* the error that a failed unit keeps */

static tpl_error_t *
tpl_set_unit_error(tpl_set_t *set, tpl_unit_t *unit)
{
    /* enough to say so when there is no memory to say more */

    static tpl_error_t  nomem = {
        .exc = TPL_EXC_MEMORY,
        .message = tpl_string("out of memory")
    };

    unit->tmpl.state = TPL_UNIT_FAILED;
    unit->tmpl.error = tpl_palloc(set->arena, sizeof(tpl_error_t));

    if (unit->tmpl.error == NULL) {
        unit->tmpl.error = &nomem;

    } else {
        tpl_error_init(unit->tmpl.error, set->arena);
    }

    return unit->tmpl.error;
}


/* makes err, which goes away, the unit's error e */

static void
tpl_set_keep_error(tpl_error_t *e, const tpl_error_t *err)
{
    if (e->arena == NULL) {
        return;
    }

    *e = *err;

    if (err->message.data == err->text) {
        e->message.data = e->text;
    }
}


static tpl_int_t
tpl_set_load(tpl_set_t *set, tpl_unit_t *unit)
{
    tpl_int_t      rc;
    tpl_error_t    err;
    tpl_error_t   *e;
    tpl_source_t  *source;

    tpl_error_init(&err, set->arena);

    source = tpl_pcalloc(set->arena, sizeof(tpl_source_t));

    if (source == NULL) {
        return tpl_error_set(tpl_set_unit_error(set, unit), TPL_EXC_MEMORY,
                             NULL, "out of memory");
    }

    source->name = unit->tmpl.name;
    source->path = unit->tmpl.name;

    rc = TPL_DECLINED;

    if (set->conf.loader.load != NULL) {
        rc = set->conf.loader.load(set->conf.loader.data, set->arena,
                                   &unit->tmpl.name, source, &err);
    }

    if (rc == TPL_OK) {
        unit->tmpl.source = source;
        unit->tmpl.state = TPL_UNIT_LOADED;
        return TPL_OK;
    }

    e = tpl_set_unit_error(set, unit);

    if (rc == TPL_DECLINED) {
        tpl_error_set(e, TPL_EXC_NOT_FOUND,
                      unit->from ? &unit->from_pos : NULL,
                      "template \"%.*s\" is not found",
                      tpl_str_arg(&unit->tmpl.name));
        return TPL_ERROR;
    }

    if (err.exc == TPL_EXC_NONE) {
        tpl_error_set(&err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    tpl_set_keep_error(e, &err);

    return TPL_ERROR;
}


tpl_int_t
tpl_set_parse(tpl_set_t *set, tpl_unit_t *unit)
{
    tpl_error_t  *e;
    tpl_error_t   err;

    if (unit->tmpl.state == TPL_UNIT_FAILED) {
        return TPL_ERROR;
    }

    if (unit->parsed) {
        return TPL_OK;
    }

    tpl_error_init(&err, set->arena);

    if (tpl_parse(set->arena, set->work, &set->conf.syntax, unit->tmpl.source,
                  &unit->tree, &err)
        == TPL_OK)
    {
        unit->parsed = 1;

        if (unit->tmpl.state == TPL_UNIT_LOADED) {
            unit->tmpl.state = TPL_UNIT_PARSED;
        }

        return TPL_OK;
    }

    e = tpl_set_unit_error(set, unit);

    tpl_set_keep_error(e, &err);

    return TPL_ERROR;
}


/* all that is queued is emitted first, then linked */

tpl_int_t
tpl_set_step(tpl_set_t *set, tpl_template_t *tmpl, tpl_error_t *err)
{
    tpl_int_t    rc;
    tpl_unit_t  *unit, *next;

    rc = TPL_OK;

    if (set->queue != NULL) {
        rc = tpl_set_emit_next(set, err);

    } else if (set->link != NULL) {
        rc = tpl_set_link_next(set, err);
    }

    if (rc != TPL_OK) {
        set->done = NULL;
        set->link = NULL;

        return rc;
    }

    if (set->queue != NULL || set->link != NULL) {
        return TPL_AGAIN;
    }

    /* what was compiled before can not link to what has just been */

    tpl_link_purity(set->done);

    for (unit = set->done; unit != NULL; unit = next) {
        next = unit->queue;
        unit->queue = NULL;
    }

    set->done = NULL;

    return (tmpl->error == NULL) ? TPL_OK
                                 : tpl_set_failed(tpl_unit(tmpl), err);
}


static tpl_int_t
tpl_set_emit_next(tpl_set_t *set, tpl_error_t *err)
{
    tpl_unit_t  *unit, *up;

    unit = set->queue;
    set->queue = unit->queue;
    unit->queue = NULL;

    if (set->queue == NULL) {
        set->queue_last = NULL;
    }

    if (tpl_set_emit(set, unit) == TPL_OK) {

        if (set->done == NULL) {
            set->done = unit;
            set->link = unit;

        } else {
            set->done_last->queue = unit;
        }

        set->done_last = unit;

        return TPL_OK;
    }

    for (up = unit; up->from != NULL; up = up->from) {
        tpl_error_frame(unit->tmpl.error, &up->from_pos, up->how, NULL);
    }

    if (!set->conf.lazy || unit->tmpl.error->exc == TPL_EXC_MEMORY) {
        return tpl_set_failed(unit, err);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_set_link_next(tpl_set_t *set, tpl_error_t *err)
{
    tpl_unit_t  *unit;

    unit = set->link;

    if (tpl_link(set, unit, err) != TPL_OK) {
        return TPL_ERROR;
    }

    if (unit->tmpl.state == TPL_UNIT_FAILED && !set->conf.lazy) {
        return tpl_set_failed(unit, err);
    }

    set->link = unit->queue;

    return TPL_OK;
}


static tpl_int_t
tpl_set_emit(tpl_set_t *set, tpl_unit_t *unit)
{
    uint32_t         i;
    tpl_int_t        rc;
    tpl_error_t      err, *e;
    tpl_template_t  *t;
    tpl_compiler_t   c;

    if (tpl_set_parse(set, unit) != TPL_OK) {
        return TPL_ERROR;
    }

    t = &unit->tmpl;

    switch (set->conf.autoescape) {

    case TPL_AUTOESCAPE_ON:
        t->autoescape = 1;
        break;

    case TPL_AUTOESCAPE_AUTO:
        t->autoescape = tpl_autoescape_by_name(&t->name);
        break;

    default:
        t->autoescape = 0;
    }

    memset(&c, 0, sizeof(tpl_compiler_t));

    tpl_error_init(&err, set->arena);

    c.set = set;
    c.arena = set->arena;
    c.work = set->work;
    c.unit = unit;
    c.current = unit;
    c.err = &err;

    if (set->conf.syntax.syntax == TPL_SYNTAX_TORNADO) {
        t->autoescape = 0;
        rc = tpl_emit_tornado(&c);

    } else {
        rc = tpl_emit_jinja(&c);
    }

    if (rc == TPL_OK) {
        rc = tpl_compile_end(&c, t);
    }

    if (rc != TPL_OK) {
        e = tpl_set_unit_error(set, unit);

        tpl_set_keep_error(e, &err);

        return TPL_ERROR;
    }

    t->flags = c.flags;

    for (i = 0; i < t->nfuncs; i++) {
        if (tpl_verify_depth(t, t->funcs[i], set->work, &t->funcs[i]->nstack,
                             &err)
            != TPL_OK)
        {
            e = tpl_set_unit_error(set, unit);

            tpl_set_keep_error(e, &err);

            return TPL_ERROR;
        }

        tpl_fuse(t, t->funcs[i]);
    }

    t->flags |= tpl_link_changes(t);

    t->state = TPL_UNIT_EMITTED;

    return TPL_OK;
}


/* names */

void
tpl_set_assigned(tpl_set_t *set, const tpl_name_t *name)
{
    tpl_atom_t  *atom;

    atom = tpl_set_atom(set, &name->str);

    if (atom != NULL) {
        atom->assigned = 1;
    }
}


tpl_uint_t
tpl_set_is_assigned(const tpl_set_t *set, const tpl_name_t *name)
{
    tpl_atom_t  *atom;

    atom = tpl_set_atom(set, &name->str);

    return atom != NULL && atom->assigned;
}


static tpl_atom_t *
tpl_set_atom(const tpl_set_t *set, const tpl_str_t *str)
{
    uint32_t     i, hash;
    tpl_atom_t  *atom;

    hash = tpl_hash(str->data, str->len);

    for (i = hash & set->mask; (atom = set->atoms[i]) != NULL;
         i = (i + 1) & set->mask)
    {
        if (atom->name.hash == hash && tpl_str_eq(&atom->name.str, str)) {
            return atom;
        }
    }

    return NULL;
}


static tpl_int_t
tpl_set_grow(tpl_set_t *set)
{
    uint32_t      i, j, size, mask;
    tpl_atom_t  **atoms;

    size = (set->atoms == NULL) ? 256 : (set->mask + 1) * 4;
    mask = size - 1;

    atoms = tpl_pcalloc(set->arena, size * sizeof(tpl_atom_t *));
    if (atoms == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; set->atoms != NULL && i <= set->mask; i++) {

        if (set->atoms[i] == NULL) {
            continue;
        }

        for (j = set->atoms[i]->name.hash & mask; atoms[j] != NULL;
             j = (j + 1) & mask)
        {
            /* void */
        }

        atoms[j] = set->atoms[i];
    }

    set->atoms = atoms;
    set->mask = mask;

    return TPL_OK;
}


const tpl_name_t *
tpl_set_name(const tpl_set_t *set, const tpl_str_t *str)
{
    tpl_atom_t  *atom;

    atom = tpl_set_atom(set, str);

    return (atom == NULL) ? NULL : &atom->name;
}


const tpl_name_t *
tpl_set_intern(tpl_set_t *set, const tpl_str_t *str)
{
    uint32_t     i;
    tpl_atom_t  *atom;

    atom = tpl_set_atom(set, str);

    if (atom != NULL) {
        return &atom->name;
    }

    if (set->natoms >= (set->mask + 1) / 2 && tpl_set_grow(set) != TPL_OK) {
        return NULL;
    }

    atom = tpl_pcalloc(set->arena, sizeof(tpl_atom_t));

    if (atom == NULL
        || tpl_pstrdup(set->arena, &atom->name.str, str->data, str->len)
           != TPL_OK)
    {
        return NULL;
    }

    atom->name.hash = tpl_hash(str->data, str->len);

    for (i = atom->name.hash & set->mask; set->atoms[i] != NULL;
         i = (i + 1) & set->mask)
    {
        /* void */
    }

    set->atoms[i] = atom;
    set->natoms++;

    return &atom->name;
}


/* the place of text or of an equal one */

static tpl_text_t *
tpl_set_text_place(tpl_text_t *texts, uint32_t mask, const tpl_text_t *text)
{
    uint32_t     i;
    tpl_text_t  *t;

    for (i = (uint32_t) text->hash & mask; /* void */ ; i = (i + 1) & mask) {
        t = &texts[i];

        if (t->str.data == NULL
            || (t->hash == text->hash && tpl_str_eq(&t->str, &text->str)))
        {
            return t;
        }
    }
}


static tpl_int_t
tpl_set_texts_grow(tpl_set_t *set)
{
    uint32_t     i, mask;
    tpl_text_t  *texts;

    mask = (set->texts == NULL) ? 63 : set->texts_mask * 4 + 3;

    texts = tpl_pcalloc(set->work, (mask + 1) * sizeof(tpl_text_t));
    if (texts == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; set->texts != NULL && i <= set->texts_mask; i++) {
        if (set->texts[i].str.data != NULL) {
            *tpl_set_text_place(texts, mask, &set->texts[i]) = set->texts[i];
        }
    }

    set->texts = texts;
    set->texts_mask = mask;

    return TPL_OK;
}


tpl_int_t
tpl_set_text(tpl_set_t *set, tpl_text_t *text, tpl_uint_t keep)
{
    tpl_str_t    own;
    tpl_text_t  *place;

    if ((set->texts == NULL || set->ntexts > set->texts_mask / 2)
        && tpl_set_texts_grow(set) != TPL_OK)
    {
        return TPL_ERROR;
    }

    place = tpl_set_text_place(set->texts, set->texts_mask, text);

    if (place->str.data == NULL) {

        if (!keep) {
            if (tpl_pstrdup(set->arena, &own, text->str.data, text->str.len)
                != TPL_OK)
            {
                return TPL_ERROR;
            }

            text->str = own;
        }

        *place = *text;
        set->ntexts++;
    }

    text->str = place->str;

    return TPL_OK;
}


/* Jinja2: select_autoescape() with the extensions that Flask enables */

tpl_uint_t
tpl_autoescape_by_name(const tpl_str_t *name)
{
    size_t      i, n;
    tpl_str_t   ext;
    tpl_uint_t  k;

    static const tpl_str_t  extensions[] = {
        tpl_string("html"), tpl_string("htm"), tpl_string("xml"),
        tpl_string("xhtml"), tpl_string("svg")
    };

    for (n = name->len; n > 0 && name->data[n - 1] != '.'; n--) {
        /* void */
    }

    if (n == 0) {
        return 0;
    }

    ext.data = name->data + n;
    ext.len = name->len - n;

    for (k = 0; k < tpl_nelts(extensions); k++) {

        if (ext.len != extensions[k].len) {
            continue;
        }

        for (i = 0; i < ext.len; i++) {
            if ((ext.data[i] | 0x20) != extensions[k].data[i]) {
                break;
            }
        }

        if (i == ext.len) {
            return 1;
        }
    }

    return 0;
}
