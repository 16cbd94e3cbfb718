
/*
 * Building one function: instructions, labels, slots, constants.
 *
 * Static text is held back until something else is emitted, so that neighbours
 * become one text; a text that is one slice of its source is not copied.
 */

#include <stdarg.h>

#include "program/tpl_compiler.h"


static tpl_int_t tpl_code_flush(tpl_builder_t *b);
static tpl_int_t tpl_code_origin(tpl_builder_t *b, uint32_t *index);
static const tpl_line_t *tpl_func_line(const tpl_func_t *fn, uint32_t pc);
static tpl_uint_t tpl_const_same(const tpl_value_t *a, const tpl_value_t *b);


void *
tpl_vec_grow(tpl_arena_t *arena, void **elts, uint32_t *n, uint32_t *size,
    size_t elt)
{
    void      *p;
    uint32_t   new;

    if (*elts == NULL || *n == *size) {
        new = (*size == 0) ? 4 : *size * 2;

        p = (*size == 0) ? tpl_palloc(arena, new * elt)
                         : tpl_prealloc(arena, *elts, *size * elt, new * elt);

        if (p == NULL) {
            return NULL;
        }

        *elts = p;
        *size = new;
    }

    p = (char *) *elts + (size_t) (*n)++ * elt;
    memset(p, 0, elt);

    return p;
}


tpl_int_t
tpl_vec_move(tpl_arena_t *arena, void **elts, size_t size)
{
    void  *p;

    if (size == 0) {
        *elts = NULL;
        return TPL_OK;
    }

    p = tpl_palloc(arena, size);
    if (p == NULL) {
        return TPL_ERROR;
    }

    *elts = memcpy(p, *elts, size);

    return TPL_OK;
}


#undef tpl_compile_error
#undef tpl_compile_memory

tpl_int_t
tpl_compile_error(tpl_compiler_t *c, tpl_exc_t exc, const tpl_node_t *node,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    tpl_error_vset(c->err, exc, &node->pos, fmt, args);
    va_end(args);

    return TPL_ERROR;
}


tpl_int_t
tpl_compile_memory(tpl_compiler_t *c)
{
    return tpl_error_set(c->err, TPL_EXC_MEMORY, NULL, "out of memory");
}


tpl_int_t
tpl_compile_end(tpl_compiler_t *c, tpl_template_t *t)
{
    if (tpl_vec_settle(c->arena, &c->funcs) != TPL_OK
        || tpl_vec_settle(c->arena, &c->consts) != TPL_OK
        || tpl_vec_settle(c->arena, &c->names) != TPL_OK
        || tpl_vec_settle(c->arena, &c->texts) != TPL_OK
        || tpl_vec_settle(c->arena, &c->links) != TPL_OK
        || tpl_vec_settle(c->arena, &c->calls) != TPL_OK)
    {
        return tpl_compile_memory(c);
    }

    t->funcs = c->funcs.elts;
    t->nfuncs = c->funcs.n;
    t->consts = c->consts.elts;
    t->nconsts = c->consts.n;
    t->names = c->names.elts;
    t->nnames = c->names.n;
    t->texts = c->texts.elts;
    t->ntexts = c->texts.n;
    t->links = c->links.elts;
    t->nlinks = c->links.n;
    t->calls = c->calls.elts;
    t->ncalls = c->calls.n;

    return TPL_OK;
}


const tpl_name_t *
tpl_compile_name(tpl_compiler_t *c, const tpl_str_t *s)
{
    const tpl_name_t  *name;

    name = tpl_set_intern(c->set, s);

    if (name == NULL) {
        tpl_compile_memory(c);
    }

    return name;
}


tpl_int_t
tpl_code_begin(tpl_builder_t *b, tpl_compiler_t *c, tpl_builder_t *outer,
    tpl_func_kind_t kind, const tpl_name_t *name, const tpl_pos_t *pos)
{
    memset(b, 0, sizeof(tpl_builder_t));

    b->c = c;
    b->outer = outer;
    b->autoescape = c->unit->tmpl.autoescape;
    b->literals = c->unit->tmpl.autoescape;

    if (outer != NULL) {
        b->autoescape = outer->autoescape;
        b->literals = outer->literals;
        b->unsettled = outer->unsettled;
    }

    if (pos != NULL) {
        b->pos = *pos;
    }

    b->fn = tpl_pcalloc(c->arena, sizeof(tpl_func_t));
    if (b->fn == NULL) {
        return tpl_compile_memory(c);
    }

    b->fn->kind = kind;
    b->fn->tmpl = &c->unit->tmpl;
    b->fn->name = name;
    b->fn->pos = b->pos;
    b->fn->varargs = -1;
    b->fn->kwargs = -1;
    b->fn->caller = -1;

    return TPL_OK;
}


tpl_int_t
tpl_code_end(tpl_builder_t *b, uint32_t *index)
{
    uint32_t      i;
    tpl_func_t   *fn, **slot;
    tpl_insn_t   *last;

    fn = b->fn;

    last = b->code.n ? &b->code.elts[b->code.n - 1] : NULL;

    if (b->text.len != 0 || b->slice.len != 0 || last == NULL
        || (last->op != TPL_INSN_RETURN && last->op != TPL_INSN_RETURN_VALUE)
        || fn->kind != TPL_FUNC_LAMBDA)
    {
        if (tpl_code_emit(b, TPL_INSN_RETURN, 0, 0, 0) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (tpl_vec_settle(b->c->arena, &b->code) != TPL_OK
        || tpl_vec_settle(b->c->arena, &b->lines) != TPL_OK
        || tpl_vec_settle(b->c->arena, &b->origins) != TPL_OK)
    {
        return tpl_compile_memory(b->c);
    }

    fn->code = b->code.elts;
    fn->ncode = b->code.n;
    fn->lines = b->lines.elts;
    fn->nlines = b->lines.n;
    fn->origins = b->origins.elts;
    fn->nslots = b->slots.n;

    fn->locals = tpl_palloc(b->c->arena, (fn->nslots + 1)
                                         * sizeof(tpl_name_t *));
    if (fn->locals == NULL) {
        return tpl_compile_memory(b->c);
    }

    for (i = 0; i < fn->nslots; i++) {
        fn->locals[i] = b->slots.elts[i].name;
    }

    slot = tpl_vec_push(b->c->work, &b->c->funcs);
    if (slot == NULL) {
        return tpl_compile_memory(b->c);
    }

    *slot = fn;

    if (index != NULL) {
        *index = b->c->funcs.n - 1;
    }

    return TPL_OK;
}


void
tpl_code_pos(tpl_builder_t *b, const tpl_node_t *node)
{
    if (node->pos.source != NULL) {
        b->pos = node->pos;
    }
}


tpl_int_t
tpl_code_emit(tpl_builder_t *b, tpl_opcode_t op, uint32_t a, uint32_t b16,
    uint32_t c32)
{
    if (tpl_code_flush(b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_code_insn(b, op, a, b16, c32);
}


tpl_int_t
tpl_code_insn(tpl_builder_t *b, tpl_opcode_t op, uint32_t a, uint32_t b16,
    uint32_t c32)
{
    uint32_t     origin;
    tpl_insn_t  *insn;
    tpl_line_t  *line;

    if (a > 0xff || b16 > 0xffff) {
        return tpl_error_set(b->c->err, TPL_EXC_SYNTAX, &b->pos,
                             "the template is too large: more than %s here",
                             (a > 0xff) ? "127 keyword arguments"
                                        : "65535 names or arguments");
    }

    origin = 0;
    tpl_try(tpl_code_origin(b, &origin));

    line = b->lines.n ? &b->lines.elts[b->lines.n - 1] : NULL;

    if (line == NULL || line->line != b->pos.line
        || line->column != b->pos.column || line->origin != origin)
    {
        line = tpl_vec_push(b->c->work, &b->lines);
        if (line == NULL) {
            return tpl_compile_memory(b->c);
        }

        line->insn = b->code.n;
        line->line = b->pos.line;
        line->column = b->pos.column;
        line->origin = origin;
    }

    insn = tpl_vec_push(b->c->work, &b->code);
    if (insn == NULL) {
        return tpl_compile_memory(b->c);
    }

    insn->op = (uint8_t) op;
    insn->a = (uint8_t) a;
    insn->b = (uint16_t) b16;
    insn->c = c32;

    return TPL_OK;
}


/* of the current position; a page goes back and forth between a few files */

static tpl_int_t
tpl_code_origin(tpl_builder_t *b, uint32_t *index)
{
    uint32_t       i, n;
    tpl_origin_t  *origin;

    n = b->origins.n;

    for (i = n; i > 0 && i + 16 > n; i--) {
        origin = &b->origins.elts[i - 1];

        if (origin->source == b->pos.source && origin->frames == b->frames) {
            *index = i - 1;
            return TPL_OK;
        }
    }

    origin = tpl_vec_push(b->c->work, &b->origins);
    if (origin == NULL) {
        return tpl_compile_memory(b->c);
    }

    origin->source = b->pos.source;
    origin->frames = b->frames;

    *index = n;

    return TPL_OK;
}


tpl_int_t
tpl_code_text(tpl_builder_t *b, const tpl_str_t *text, tpl_uint_t stable)
{
    if (text->len == 0) {
        return TPL_OK;
    }

    if (b->text.len == 0) {

        if (b->slice.len == 0 && stable) {
            b->slice = *text;
            return TPL_OK;
        }

        if (stable && b->slice.data + b->slice.len == text->data) {
            b->slice.len += text->len;
            return TPL_OK;
        }

        if (b->text.data == NULL) {
            tpl_buf_init(&b->text, b->c->work);
        }

        tpl_buf_str(&b->text, &b->slice);
        b->slice.len = 0;
    }

    if (tpl_buf_str(&b->text, text) != TPL_OK) {
        return tpl_compile_memory(b->c);
    }

    return TPL_OK;
}


static tpl_int_t
tpl_code_flush(tpl_builder_t *b)
{
    tpl_text_t  text, *slot;
    tpl_uint_t  slice;

    slice = (b->text.len == 0);

    if (slice) {
        text.str = b->slice;

    } else {
        text.str.data = b->text.data;
        text.str.len = b->text.len;
    }

    if (text.str.len == 0) {
        return TPL_OK;
    }

    text.hash = tpl_hash64(text.str.data, text.str.len);

    slot = tpl_vec_push(b->c->work, &b->c->texts);

    if (slot == NULL || tpl_set_text(b->c->set, &text, slice) != TPL_OK) {
        return tpl_compile_memory(b->c);
    }

    *slot = text;

    b->slice.len = 0;
    b->text.len = 0;

    return tpl_code_insn(b, TPL_INSN_TEXT, 0, 0, b->c->texts.n - 1);
}


void
tpl_label_init(tpl_label_t *label)
{
    memset(label, 0, sizeof(tpl_label_t));
    label->target = -1;
}


tpl_int_t
tpl_code_jump(tpl_builder_t *b, tpl_opcode_t op, uint32_t b16,
    tpl_label_t *label)
{
    uint32_t  *use;

    if (tpl_code_emit(b, op, 0, b16,
                      label->target < 0 ? 0 : (uint32_t) label->target)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (label->target < 0) {
        use = tpl_vec_push(b->c->work, &label->uses);
        if (use == NULL) {
            return tpl_compile_memory(b->c);
        }

        *use = b->code.n - 1;
    }

    return TPL_OK;
}


tpl_int_t
tpl_code_bind(tpl_builder_t *b, tpl_label_t *label)
{
    uint32_t  i;

    if (tpl_code_flush(b) != TPL_OK) {
        return TPL_ERROR;
    }

    label->target = b->code.n;

    for (i = 0; i < label->uses.n; i++) {
        b->code.elts[label->uses.elts[i]].c = b->code.n;
    }

    return TPL_OK;
}


tpl_leave_t *
tpl_leave_push(tpl_builder_t *b, tpl_leave_kind_t kind)
{
    tpl_leave_t  *leave;

    leave = tpl_pcalloc(b->c->work, sizeof(tpl_leave_t));

    if (leave == NULL) {
        tpl_compile_memory(b->c);
        return NULL;
    }

    leave->kind = kind;
    leave->outer = b->leave;

    b->leave = leave;

    return leave;
}


void
tpl_leave_pop(tpl_builder_t *b)
{
    b->leave = b->leave->outer;
}


tpl_int_t
tpl_code_temp(tpl_builder_t *b, uint32_t n, uint32_t *slot)
{
    tpl_slot_t  *s;

    *slot = b->slots.n;

    while (n--) {
        s = tpl_vec_push(b->c->work, &b->slots);
        if (s == NULL) {
            return tpl_compile_memory(b->c);
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_code_slot(tpl_builder_t *b, uint32_t level, const tpl_name_t *name,
    uint32_t *slot)
{
    uint32_t     i;
    tpl_slot_t  *s;

    for (i = 0; i < b->slots.n; i++) {
        if (b->slots.elts[i].name == name && b->slots.elts[i].level == level) {
            *slot = i;
            return TPL_OK;
        }
    }

    /* a loop keeps its state in the slot before that of its `loop` */

    if (tpl_str_is(&name->str, "loop")
        && tpl_code_temp(b, 1, slot) != TPL_OK)
    {
        return TPL_ERROR;
    }

    s = tpl_vec_push(b->c->work, &b->slots);
    if (s == NULL) {
        return tpl_compile_memory(b->c);
    }

    s->name = name;
    s->level = level;

    *slot = b->slots.n - 1;

    return TPL_OK;
}


/* a cheap test: constants found equal are shared, others merely stand twice */

static tpl_uint_t
tpl_const_same(const tpl_value_t *a, const tpl_value_t *b)
{
    if (a->type != b->type || a->flags != b->flags || a->len != b->len) {
        return 0;
    }

    switch (a->type) {

    case TPL_NONE:
        return 1;

    case TPL_BOOL:
    case TPL_INT:
    case TPL_FLOAT:
        return a->u.i == b->u.i;

    case TPL_STRING:
        return memcmp(a->u.s, b->u.s, a->len) == 0;

    default:
        return a->u.p == b->u.p;
    }
}


tpl_int_t
tpl_code_const(tpl_compiler_t *c, const tpl_value_t *v, uint32_t *index)
{
    uint32_t      i, n;
    tpl_value_t  *slot;

    /* the last ones only: large templates must not cost a square */

    n = c->consts.n;

    for (i = (n > 64) ? n - 64 : 0; i < n; i++) {
        if (tpl_const_same(&c->consts.elts[i], v)) {
            *index = i;
            return TPL_OK;
        }
    }

    slot = tpl_vec_push(c->work, &c->consts);
    if (slot == NULL) {
        return tpl_compile_memory(c);
    }

    *slot = *v;
    *index = c->consts.n - 1;

    return TPL_OK;
}


tpl_int_t
tpl_code_const_str(tpl_compiler_t *c, const tpl_str_t *s, uint32_t *index)
{
    tpl_str_t    copy;
    tpl_value_t  v;

    if (tpl_pstrdup(c->arena, &copy, s->data, s->len) != TPL_OK) {
        return tpl_compile_memory(c);
    }

    tpl_value_from_str(&v, &copy);

    return tpl_code_const(c, &v, index);
}


tpl_int_t
tpl_code_const_names(tpl_compiler_t *c, const tpl_name_t **names, uint32_t n,
    uint32_t *index)
{
    uint32_t      i;
    tpl_list_t   *list;
    tpl_value_t   v;

    list = tpl_list_create(&c->set->exec, n);
    if (list == NULL) {
        return tpl_compile_memory(c);
    }

    for (i = 0; i < n; i++) {
        tpl_value_from_str(&v, &names[i]->str);

        if (tpl_list_append(&c->set->exec, list, &v) != TPL_OK) {
            return tpl_compile_memory(c);
        }
    }

    tpl_value_tuple(&v, list);

    return tpl_code_const(c, &v, index);
}


tpl_int_t
tpl_code_name(tpl_compiler_t *c, const tpl_name_t *name, uint32_t *index)
{
    uint32_t            i, n;
    const tpl_name_t  **slot;

    /* programs compare names by address: all are the set's own */

    name = tpl_compile_name(c, &name->str);
    if (name == NULL) {
        return TPL_ERROR;
    }

    n = c->names.n;

    for (i = (n > 64) ? n - 64 : 0; i < n; i++) {
        if (c->names.elts[i] == name) {
            *index = i;
            return TPL_OK;
        }
    }

    slot = tpl_vec_push(c->work, &c->names);
    if (slot == NULL) {
        return tpl_compile_memory(c);
    }

    *slot = name;
    *index = c->names.n - 1;

    return TPL_OK;
}


tpl_int_t
tpl_code_link(tpl_compiler_t *c, tpl_template_t *tmpl, uint32_t *index)
{
    uint32_t          i;
    tpl_template_t  **slot;

    for (i = 0; i < c->links.n; i++) {
        if (c->links.elts[i] == tmpl) {
            *index = i;
            return TPL_OK;
        }
    }

    slot = tpl_vec_push(c->work, &c->links);
    if (slot == NULL) {
        return tpl_compile_memory(c);
    }

    *slot = tmpl;
    *index = c->links.n - 1;

    return TPL_OK;
}


tpl_int_t
tpl_code_push(tpl_builder_t *b, const tpl_value_t *v)
{
    uint32_t  index;

    if (tpl_code_const(b->c, v, &index) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_code_emit(b, TPL_INSN_CONST, 0, 0, index);
}


/* NULL when unknown */

static const tpl_line_t *
tpl_func_line(const tpl_func_t *fn, uint32_t pc)
{
    uint32_t  lo, hi, mid;

    if (fn->nlines == 0 || fn->lines[0].insn > pc) {
        return NULL;
    }

    lo = 0;
    hi = fn->nlines;

    while (hi - lo > 1) {
        mid = lo + (hi - lo) / 2;

        if (fn->lines[mid].insn <= pc) {
            lo = mid;

        } else {
            hi = mid;
        }
    }

    return &fn->lines[lo];
}


tpl_pos_t
tpl_func_pos(const tpl_func_t *fn, uint32_t pc)
{
    tpl_pos_t          pos;
    const tpl_line_t  *line;

    static const tpl_pos_t  unknown = { NULL, 0, 0 };

    line = tpl_func_line(fn, pc);

    if (line == NULL) {
        return unknown;
    }

    pos.source = fn->origins[line->origin].source;
    pos.line = line->line;
    pos.column = line->column;

    return pos;
}


const tpl_frame_pos_t *
tpl_func_frames(const tpl_func_t *fn, uint32_t pc)
{
    const tpl_line_t  *line;

    line = tpl_func_line(fn, pc);

    return line ? fn->origins[line->origin].frames : NULL;
}
