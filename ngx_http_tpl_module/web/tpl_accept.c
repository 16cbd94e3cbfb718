
/*
 * Accept headers.
 *
 * The elements of a list are tuples of a value and a quality, the most specific
 * and then the best first.  An element that a client sends is normalized once,
 * when it is parsed: a match costs one comparison.
 */

#include "web/tpl_accept.h"


/* parts of a normalized MIME type end with a byte that it cannot have */
#define TPL_ACCEPT_SEP  '\n'


typedef struct {
    tpl_str_t                norm;
    tpl_value_t              pair;      /* (value, quality) */
} tpl_accept_item_t;


typedef struct {
    tpl_object_t             object;
    tpl_accept_kind_t        kind;
    tpl_accept_item_t       *items;
    uint32_t                 n;
    tpl_uint_t               provided;
} tpl_accept_t;


static tpl_int_t tpl_accept_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_accept_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_accept_length(tpl_exec_t *exec, tpl_object_t *obj,
    int64_t *n);
static tpl_int_t tpl_accept_iter(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_value_t *out);
static tpl_int_t tpl_accept_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found);
static tpl_int_t tpl_accept_str(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);
static tpl_int_t tpl_accept_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);

static tpl_int_t tpl_accept_best_match(tpl_call_t *call);
static tpl_int_t tpl_accept_quality(tpl_call_t *call);
static tpl_int_t tpl_accept_find(tpl_call_t *call);
static tpl_int_t tpl_accept_index(tpl_call_t *call);
static tpl_int_t tpl_accept_values(tpl_call_t *call);
static tpl_int_t tpl_accept_to_header(tpl_call_t *call);


#define TPL_ACCEPT_CLASS(text)                                               \
    {                                                                        \
        .name = text,                                                        \
        .get_attr = tpl_accept_attr,                                         \
        .get_item = tpl_accept_item,                                         \
        .length = tpl_accept_length,                                         \
        .iter = tpl_accept_iter,                                             \
        .contains = tpl_accept_contains,                                     \
        .str = tpl_accept_str,                                               \
        .repr = tpl_accept_repr                                              \
    }

/* by tpl_accept_kind_t */

static const tpl_class_t  tpl_accept_classes[] = {
    TPL_ACCEPT_CLASS("Accept"),
    TPL_ACCEPT_CLASS("MIMEAccept"),
    TPL_ACCEPT_CLASS("LanguageAccept"),
    TPL_ACCEPT_CLASS("CharsetAccept")
};


const tpl_builtin_def_t  tpl_accept_methods[] = {
    { "Accept:best_match", "self, matches, default=", tpl_accept_best_match,
      0 },
    { "Accept:quality", "self, key", tpl_accept_quality, 0 },
    { "Accept:find", "self, key", tpl_accept_find, 0 },
    { "Accept:index", "self, key", tpl_accept_index, 0 },
    { "Accept:values", "self", tpl_accept_values, 0 },
    { "Accept:to_header", "self", tpl_accept_to_header, 0 },
    { NULL, NULL, NULL, 0 }
};


static tpl_uint_t
tpl_accept_space(tpl_char_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f)
           || c == 0x85 || c == 0xa0;
}


static tpl_uint_t
tpl_accept_token(tpl_char_t c)
{
    return c != ';' && c != ',' && !tpl_accept_space(c);
}


/*
 * The semicolon of a parameter or of a weight at p, blanks around it skipped;
 * NULL if there is none.
 */

static const tpl_char_t *
tpl_accept_semicolon(const tpl_char_t *p, const tpl_char_t *last)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p == last || *p != ';') {
        return NULL;
    }

    for (p++; p < last && (*p == ' ' || *p == '\t'); p++) { /* void */ }

    return p;
}


/*
 * The next element: a range with its parameters up to "q=", which is the weight
 * and ends it.  TPL_DONE if there is no other.
 */

static tpl_int_t
tpl_accept_next(const tpl_char_t **pos, const tpl_char_t *last,
    tpl_str_t *range, tpl_str_t *weight)
{
    const tpl_char_t  *p, *q;

    for (p = *pos; p < last && !tpl_accept_token(*p); p++) { /* void */ }

    if (p == last) {
        return TPL_DONE;
    }

    range->data = (tpl_char_t *) p;

    while (p < last && tpl_accept_token(*p)) {
        p++;
    }

    weight->len = 0;

    for ( ;; ) {
        q = tpl_accept_semicolon(p, last);

        if (q == NULL || q == last || !tpl_accept_token(*q)) {
            break;
        }

        if (*q == 'q'
            && (q + 1 == last || !tpl_accept_token(q[1]) || q[1] == '='))
        {
            break;
        }

        for (p = q; p < last && tpl_accept_token(*p); p++) { /* void */ }
    }

    range->len = p - range->data;

    if (q && last - q >= 2 && q[0] == 'q' && q[1] == '=') {
        q += 2;
        weight->data = (tpl_char_t *) q;

        while (q < last && *q >= '0' && *q <= '9') {
            q++;
        }

        if (last - q >= 2 && *q == '.' && q[1] >= '0' && q[1] <= '9') {
            for (q++; q < last && *q >= '0' && *q <= '9'; q++) { /* void */ }
        }

        weight->len = q - weight->data;

        for (p = q; p < last && *p != ','; p++) { /* void */ }
    }

    *pos = p;

    return TPL_OK;
}


/* max(min(float(weight), 1), 0), of which 1 is an integer */

static void
tpl_accept_weight(const tpl_str_t *weight, tpl_value_t *out)
{
    double  d;

    if (weight->len == 0 || tpl_parse_float(weight, &d) != TPL_OK || d > 1) {
        tpl_value_int(out, 1);
        return;
    }

    tpl_value_float(out, d);
}


/* re.split(r"/|(?:\s*;\s*)", value); the parts of text, *last one behind */

static tpl_int_t
tpl_accept_split(tpl_exec_t *exec, const tpl_str_t *text, tpl_list_t **out)
{
    tpl_list_t        *list;
    tpl_value_t        v;
    const tpl_char_t  *p, *q, *start, *last;

    list = tpl_list_create(exec, 4);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_charge(exec, text->len);

    start = text->data;
    last = start + text->len;

    for (p = start; p < last; p++) {

        if (*p == '/') {
            tpl_value_string(&v, start, p - start, 0);
            start = p + 1;

        } else if (*p == ';') {

            for (q = p; q > start && (q[-1] == ' ' || (q[-1] >= 9
                                                       && q[-1] <= 13)); q--)
            {
                /* void */
            }

            tpl_value_string(&v, start, q - start, 0);

            while (p + 1 < last && (p[1] == ' ' || (p[1] >= 9
                                                    && p[1] <= 13)))
            {
                p++;
            }

            start = p + 1;

        } else {
            continue;
        }

        if (tpl_list_append(exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_value_string(&v, start, last - start, 0);
    *out = list;

    return tpl_list_append(exec, list, &v);
}


/* type, subtype and the parameters, sorted, each followed by a separator */

static tpl_int_t
tpl_accept_norm_mime(tpl_exec_t *exec, tpl_str_t *text)
{
    uint32_t      i;
    tpl_buf_t     b;
    tpl_list_t   *list, params;

    if (tpl_accept_split(exec, text, &list) != TPL_OK) {
        return TPL_ERROR;
    }

    if (list->n > 3) {
        params.items = list->items + 2;
        params.n = list->n - 2;
        params.size = params.n;

        if (tpl_list_sort(exec, &params, NULL, 0) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_buf_init(&b, exec->arena);

    for (i = 0; i < list->n; i++) {
        tpl_buf_add(&b, list->items[i].u.s, list->items[i].len);
        tpl_buf_char(&b, TPL_ACCEPT_SEP);
    }

    if (b.failed) {
        return tpl_throw_memory(exec);
    }

    text->data = b.data;
    text->len = b.len;

    return TPL_OK;
}


/* what Python's codec registry knows under several names */

static void
tpl_accept_norm_charset(tpl_str_t *text)
{
    size_t       i, n;
    tpl_str_t    s;
    tpl_uint_t   k;
    tpl_char_t   name[16], c;

    static const struct {
        const char  *alias;
        const char  *name;
    } aliases[] = {
        { "utf8", "utf-8" }, { "u8", "utf-8" }, { "utf", "utf-8" },
        { "latin1", "iso8859-1" }, { "latin", "iso8859-1" },
        { "l1", "iso8859-1" }, { "iso88591", "iso8859-1" },
        { "88591", "iso8859-1" }, { "cp819", "iso8859-1" },
        { "ascii", "ascii" }, { "usascii", "ascii" }, { "us", "ascii" },
        { "646", "ascii" }, { "utf16", "utf-16" }, { "u16", "utf-16" },
        { "utf32", "utf-32" }, { "u32", "utf-32" },
        { "iso885915", "iso8859-15" }, { "latin9", "iso8859-15" },
        { "iso88592", "iso8859-2" }, { "latin2", "iso8859-2" },
        { "windows1252", "cp1252" }, { "cp1252", "cp1252" },
        { "windows1251", "cp1251" }, { "cp1251", "cp1251" },
        { "koi8r", "koi8-r" }, { "shiftjis", "shift_jis" },
        { "sjis", "shift_jis" }, { "eucjp", "euc_jp" }, { "gb2312", "gb2312" },
        { "gbk", "gbk" }, { "big5", "big5" }, { "euckr", "euc_kr" }
    };

    /* names differ in punctuation alone */

    for (n = 0, i = 0; i < text->len; i++) {
        c = text->data[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {

            if (n == sizeof(name)) {
                return;
            }

            name[n++] = c;

        } else if (c != '-' && c != '_' && c != ' ' && c != '.') {
            return;
        }
    }

    s.data = name;
    s.len = n;

    for (k = 0; k < tpl_nelts(aliases); k++) {
        if (tpl_str_is(&s, aliases[k].alias)) {
            text->data = (tpl_char_t *) aliases[k].name;
            text->len = strlen(aliases[k].name);
            return;
        }
    }
}


/* a value, from either side, as it is compared */

static tpl_int_t
tpl_accept_norm(tpl_exec_t *exec, tpl_accept_kind_t kind,
    const tpl_str_t *value, tpl_str_t *out)
{
    size_t      i;
    tpl_char_t  *p;

    tpl_charge(exec, value->len);

    if (tpl_str_lower(exec->arena, value, out) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    switch (kind) {

    case TPL_ACCEPT_MIME:
        return tpl_accept_norm_mime(exec, out);

    case TPL_ACCEPT_LANGUAGE:

        if (out->len == 0 || memchr(out->data, '_', out->len) == NULL) {
            return TPL_OK;
        }

        p = tpl_pnalloc(exec->arena, out->len);
        if (p == NULL) {
            return tpl_throw_memory(exec);
        }

        for (i = 0; i < out->len; i++) {
            p[i] = (out->data[i] == '_') ? '-' : out->data[i];
        }

        out->data = p;

        return TPL_OK;

    case TPL_ACCEPT_CHARSET:
        tpl_accept_norm_charset(out);
        return TPL_OK;

    default:
        return TPL_OK;
    }
}


/* the part of a normalized MIME type; empty if it has no such part */

static tpl_str_t
tpl_accept_part(const tpl_str_t *norm, tpl_uint_t n)
{
    tpl_str_t          s;
    const tpl_char_t  *p, *q, *last;

    p = norm->data;
    last = p + norm->len;
    q = last;

    while (p < last) {
        q = memchr(p, TPL_ACCEPT_SEP, last - p);

        if (q == NULL || n-- == 0) {
            break;
        }

        p = q + 1;
    }

    s.data = (tpl_char_t *) p;
    s.len = (p < last && q) ? (size_t) (q - p) : 0;

    return s;
}


#define tpl_accept_star(s)  ((s)->len == 1 && (s)->data[0] == '*')


/* MIMEAccept._value_matches() */

static tpl_uint_t
tpl_accept_matches_mime(const tpl_str_t *value, const tpl_str_t *item)
{
    tpl_str_t  vtype, vsub, itype, isub;

    vtype = tpl_accept_part(value, 0);
    vsub = tpl_accept_part(value, 1);
    itype = tpl_accept_part(item, 0);
    isub = tpl_accept_part(item, 1);

    if (tpl_accept_star(&itype)) {
        return tpl_accept_star(&isub);
    }

    if (tpl_accept_star(&vtype) && tpl_accept_star(&vsub)) {
        return 1;
    }

    return tpl_str_eq(&itype, &vtype)
           && (tpl_accept_star(&isub) || tpl_accept_star(&vsub)
               || tpl_str_eq(value, item));
}


/* the value of the application is wrong, not the client's */

static tpl_int_t
tpl_accept_check_mime(tpl_exec_t *exec, const tpl_str_t *value,
    const tpl_str_t *norm)
{
    tpl_str_t  type, sub;

    type = tpl_accept_part(norm, 0);
    sub = tpl_accept_part(norm, 1);

    if ((value->len && memchr(value->data, '/', value->len)
         && !(tpl_accept_star(&type) && !tpl_accept_star(&sub))))
    {
        return TPL_OK;
    }

    return tpl_throw(exec, TPL_EXC_VALUE, "invalid mimetype '%.*s'",
                     tpl_str_arg(value));
}


/* the first element that matches the value, or NULL in *out */

static tpl_int_t
tpl_accept_look(tpl_exec_t *exec, const tpl_accept_t *accept,
    const tpl_value_t *value, const tpl_accept_item_t **out)
{
    uint32_t                  i;
    tpl_str_t                 s, norm;
    tpl_uint_t                checked;
    const tpl_value_t        *v;
    const tpl_accept_item_t  *item;

    *out = NULL;

    if (accept->n == 0) {
        return TPL_OK;
    }

    if (value->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, value);
    }

    if (!tpl_is_string(value)) {
        return tpl_throw(exec, TPL_EXC_TYPE, "expected a string, got '%s'",
                         tpl_type_name(value));
    }

    s = tpl_value_str(value);
    checked = 0;

    if (tpl_accept_norm(exec, accept->kind, &s, &norm) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, accept->n);

    for (i = 0; i < accept->n; i++) {
        item = &accept->items[i];
        v = &item->pair.u.list->items[0];

        if (accept->kind == TPL_ACCEPT_MIME) {

            if (memchr(v->u.s, '/', v->len) == NULL) {
                continue;
            }

            if (!checked && tpl_accept_check_mime(exec, &s, &norm) != TPL_OK)
            {
                return TPL_ERROR;
            }

            checked = 1;

            if (!tpl_accept_matches_mime(&norm, &item->norm)) {
                continue;
            }

        } else if (!(v->len == 1 && v->u.s[0] == '*')
                   && !tpl_str_eq(&norm, &item->norm))
        {
            continue;
        }

        *out = item;
        break;
    }

    return TPL_OK;
}


/* _specificity(): true for each part that is no star */

static tpl_int_t
tpl_accept_specificity(tpl_exec_t *exec, tpl_accept_kind_t kind,
    const tpl_value_t *value, tpl_value_t *out)
{
    uint32_t      i;
    tpl_str_t     s;
    tpl_list_t   *list;

    s = tpl_value_str(value);

    if (kind == TPL_ACCEPT_MIME) {
        if (tpl_accept_split(exec, &s, &list) != TPL_OK) {
            return TPL_ERROR;
        }

        for (i = 0; i < list->n; i++) {
            s = tpl_value_str(&list->items[i]);
            tpl_value_bool(&list->items[i], !tpl_accept_star(&s));
        }

    } else {
        list = tpl_list_create(exec, 1);
        if (list == NULL) {
            return TPL_ERROR;
        }

        tpl_value_bool(&list->items[0], !tpl_accept_star(&s));
        list->n = 1;
    }

    tpl_value_tuple(out, list);

    return TPL_OK;
}


/* from a list of pairs, as Accept.__init__() */

static tpl_int_t
tpl_accept_make(tpl_exec_t *exec, tpl_accept_kind_t kind, tpl_list_t *list,
    tpl_accept_t **out)
{
    uint32_t           i;
    tpl_str_t          s;
    tpl_value_t       *keys, *pair;
    tpl_accept_t      *accept;
    tpl_accept_item_t *item;

    accept = tpl_pcalloc(exec->arena, sizeof(tpl_accept_t));
    keys = tpl_palloc(exec->arena, (list->n + 1) * sizeof(tpl_value_t));

    if (accept == NULL || keys == NULL) {
        return tpl_throw_memory(exec);
    }

    accept->object.cls = &tpl_accept_classes[kind];
    accept->kind = kind;
    accept->items = tpl_palloc(exec->arena,
                               (list->n + 1) * sizeof(tpl_accept_item_t));
    if (accept->items == NULL) {
        return tpl_throw_memory(exec);
    }

    for (i = 0; i < list->n; i++) {
        pair = list->items[i].u.list->items;

        if (tpl_accept_specificity(exec, kind, &pair[0], &keys[i]) != TPL_OK
            || tpl_pair(exec, &keys[i], &pair[1], &keys[i]) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (tpl_list_sort(exec, list, keys, 1) != TPL_OK) {
        return TPL_ERROR;
    }

    for (i = 0; i < list->n; i++) {
        item = &accept->items[i];
        item->pair = list->items[i];

        s = tpl_value_str(&item->pair.u.list->items[0]);

        if (tpl_accept_norm(exec, kind, &s, &item->norm) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    accept->n = list->n;
    accept->provided = 1;
    *out = accept;

    return TPL_OK;
}


tpl_int_t
tpl_accept_create(tpl_exec_t *exec, tpl_web_t *web, tpl_accept_kind_t kind,
    const tpl_str_t *value, tpl_value_t *out)
{
    tpl_str_t          range, weight;
    tpl_list_t        *list;
    tpl_value_t        v, q;
    tpl_accept_t      *accept;
    const tpl_char_t  *p;

    list = tpl_list_create(exec, 0);
    if (list == NULL) {
        return TPL_ERROR;
    }

    p = value ? value->data : NULL;

    while (value && value->len
           && tpl_accept_next(&p, value->data + value->len, &range, &weight)
              == TPL_OK)
    {
        tpl_accept_weight(&weight, &q);

        if (tpl_web_latin1(exec, &range, &v) != TPL_OK
            || tpl_pair(exec, &v, &q, &v) != TPL_OK
            || tpl_list_append(exec, list, &v) != TPL_OK
            || tpl_web_check_fields(exec, web, list->n,
                                    "elements in an Accept header")
               != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (tpl_accept_make(exec, kind, list, &accept) != TPL_OK) {
        return TPL_ERROR;
    }

    accept->provided = (value && value->len);

    tpl_value_object(out, accept);

    return TPL_OK;
}


/* any of two values is accepted */

static tpl_int_t
tpl_accept_has(tpl_exec_t *exec, tpl_accept_t *accept, const char *a,
    const char *b, const char *c, tpl_value_t *out)
{
    tpl_uint_t                i;
    tpl_value_t               v;
    const char               *names[3] = { a, b, c };
    const tpl_accept_item_t  *item;

    tpl_value_bool(out, 0);

    for (i = 0; i < 3 && names[i]; i++) {
        tpl_value_string(&v, (tpl_char_t *) names[i], strlen(names[i]),
                         TPL_F_ASCII);

        if (tpl_accept_look(exec, accept, &v, &item) != TPL_OK) {
            return TPL_ERROR;
        }

        if (item) {
            tpl_value_bool(out, 1);
            break;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_accept_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_accept_t *accept = (tpl_accept_t *) obj;

    const tpl_str_t  *s = &name->str;

    if (tpl_str_is(s, "best")) {
        tpl_value_none(out);

        if (accept->n) {
            *out = accept->items[0].pair.u.list->items[0];
        }

        return TPL_OK;
    }

    if (tpl_str_is(s, "provided")) {
        tpl_value_bool(out, accept->provided);
        return TPL_OK;
    }

    if (accept->kind == TPL_ACCEPT_MIME) {

        if (tpl_str_is(s, "accept_html")) {
            return tpl_accept_has(exec, accept, "text/html",
                                  "application/xhtml+xml", "application/xml",
                                  out);
        }

        if (tpl_str_is(s, "accept_xhtml")) {
            return tpl_accept_has(exec, accept, "application/xhtml+xml",
                                  "application/xml", NULL, out);
        }

        if (tpl_str_is(s, "accept_json")) {
            return tpl_accept_has(exec, accept, "application/json", NULL,
                                  NULL, out);
        }
    }

    return tpl_web_method(exec, obj, "Accept", s, out);
}


static tpl_int_t
tpl_accept_item(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_accept_t *accept = (tpl_accept_t *) obj;

    int64_t                   n;
    const tpl_accept_item_t  *item;

    if (tpl_is_string(key)) {

        if (tpl_accept_look(exec, accept, key, &item) != TPL_OK) {
            return TPL_ERROR;
        }

        tpl_value_int(out, 0);

        if (item) {
            *out = item->pair.u.list->items[1];
        }

        return TPL_OK;
    }

    if (!tpl_is_int(key)) {
        return TPL_DECLINED;
    }

    n = key->u.i;

    if (n < 0) {
        n += accept->n;
    }

    if (n < 0 || n >= accept->n) {
        return TPL_DECLINED;
    }

    *out = accept->items[n].pair;

    return TPL_OK;
}


static tpl_int_t
tpl_accept_length(tpl_exec_t *exec, tpl_object_t *obj, int64_t *n)
{
    (void) exec;

    *n = ((tpl_accept_t *) obj)->n;

    return TPL_OK;
}


static tpl_int_t
tpl_accept_list(tpl_exec_t *exec, const tpl_accept_t *accept,
    tpl_uint_t values, tpl_list_t **out)
{
    uint32_t      i;
    tpl_list_t   *list;
    tpl_value_t  *pair;

    list = tpl_list_create(exec, accept->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    tpl_charge_items(exec, accept->n);

    for (i = 0; i < accept->n; i++) {
        pair = &accept->items[i].pair;

        if (tpl_list_append(exec, list, values ? pair->u.list->items : pair)
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    *out = list;

    return TPL_OK;
}


static tpl_int_t
tpl_accept_iter(tpl_exec_t *exec, tpl_object_t *obj, tpl_value_t *out)
{
    tpl_list_t  *list;

    if (tpl_accept_list(exec, (tpl_accept_t *) obj, 0, &list) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_list(out, list);

    return TPL_OK;
}


static tpl_int_t
tpl_accept_contains(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_uint_t *found)
{
    const tpl_accept_item_t  *item;

    if (tpl_accept_look(exec, (tpl_accept_t *) obj, key, &item) != TPL_OK) {
        return TPL_ERROR;
    }

    *found = (item != NULL);

    return TPL_OK;
}


/* the header again, as it is sorted */

static tpl_int_t
tpl_accept_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_accept_t *accept = (tpl_accept_t *) obj;

    uint32_t      i;
    tpl_value_t  *pair;

    for (i = 0; i < accept->n; i++) {
        pair = accept->items[i].pair.u.list->items;

        if (i) {
            tpl_buf_char(b, ',');
        }

        tpl_charge(exec, pair[0].len);
        tpl_buf_add(b, pair[0].u.s, pair[0].len);

        if (pair[1].type == TPL_INT
            || (pair[1].type == TPL_FLOAT && pair[1].u.d == 1))
        {
            continue;
        }

        tpl_buf_lit(b, ";q=");

        if (tpl_str_to(exec, &pair[1], b) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_accept_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_list_t   *list;
    tpl_value_t   v;

    if (tpl_accept_list(exec, (tpl_accept_t *) obj, 0, &list) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_list(&v, list);
    tpl_buf_printf(b, "%s(", obj->cls->name);

    if (tpl_repr_to(exec, &v, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_char(b, ')');
}


/* Accept.best_match(): the number of the best of the matches, or -1 */

static tpl_int_t
tpl_accept_best(tpl_exec_t *exec, const tpl_accept_t *accept,
    const tpl_list_t *matches, int64_t *out)
{
    double                    best, q;
    uint32_t                  i;
    tpl_int_t                 order;
    tpl_value_t               specificity, other;
    const tpl_value_t        *quality;
    const tpl_accept_item_t  *item;

    *out = -1;
    best = -1;

    tpl_value_none(&specificity);

    for (i = 0; i < matches->n; i++) {

        if (tpl_accept_look(exec, accept, &matches->items[i], &item)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (item == NULL) {
            continue;
        }

        quality = &item->pair.u.list->items[1];
        q = (quality->type == TPL_INT) ? (double) quality->u.i
                                       : quality->u.d;

        if (q <= 0 || q < best) {
            continue;
        }

        if (tpl_accept_specificity(exec, accept->kind,
                                   &item->pair.u.list->items[0], &other)
            != TPL_OK)
        {
            return TPL_ERROR;
        }

        order = 1;

        if (q == best
            && tpl_order(exec, &other, &specificity, &order) != TPL_OK)
        {
            return TPL_ERROR;
        }

        if (q > best || order > 0) {
            *out = i;
            best = q;
            specificity = other;
        }
    }

    return TPL_OK;
}


/* the language of a tag, as a string */

static void
tpl_accept_primary(tpl_value_t *v)
{
    uint32_t  i;

    for (i = 0; i < v->len; i++) {
        if (v->u.s[i] == '-' || v->u.s[i] == '_') {
            v->len = i;
            break;
        }
    }
}


/*
 * LanguageAccept.best_match() where no tag matches: by the language of what the
 * client accepts, then by the language of what there is.
 */

static tpl_int_t
tpl_accept_language(tpl_exec_t *exec, const tpl_accept_t *accept,
    const tpl_list_t *matches, int64_t *best)
{
    uint32_t       i;
    tpl_str_t      s, tag;
    tpl_list_t    *list;
    tpl_value_t    v;
    tpl_accept_t  *other;

    list = tpl_list_create(exec, tpl_max(accept->n, matches->n));
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < accept->n; i++) {
        v = accept->items[i].pair.u.list->items[0];
        tpl_accept_primary(&v);

        if (tpl_pair(exec, &v, &accept->items[i].pair.u.list->items[1], &v)
            != TPL_OK
            || tpl_list_append(exec, list, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (tpl_accept_make(exec, TPL_ACCEPT_ANY, list, &other) != TPL_OK
        || tpl_accept_best(exec, other, matches, best) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (*best >= 0) {
        return TPL_OK;
    }

    list->n = 0;

    for (i = 0; i < matches->n; i++) {
        v = matches->items[i];

        if (tpl_is_string(&v)) {
            tpl_accept_primary(&v);
        }

        if (tpl_list_append(exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (tpl_accept_best(exec, accept, list, best) != TPL_OK) {
        return TPL_ERROR;
    }

    if (*best < 0) {
        return TPL_OK;
    }

    /* the first one that begins with it */

    s = tpl_value_str(&list->items[*best]);

    for (i = 0; i < matches->n; i++) {
        tag = tpl_value_str(&matches->items[i]);

        if (tag.len >= s.len && memcmp(tag.data, s.data, s.len) == 0) {
            *best = i;
            break;
        }
    }

    return TPL_OK;
}


static tpl_int_t
tpl_accept_best_match(tpl_call_t *call)
{
    int64_t        best;
    tpl_value_t    matches;
    tpl_accept_t  *accept;

    accept = (tpl_accept_t *) call->args[0].u.obj;

    if (tpl_arg_given(&call->args[2])) {
        call->result = call->args[2];
    }

    if (tpl_to_list(call->exec, &call->args[1], &matches) != TPL_OK
        || tpl_accept_best(call->exec, accept, matches.u.list, &best)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (best < 0 && accept->kind == TPL_ACCEPT_LANGUAGE
        && tpl_accept_language(call->exec, accept, matches.u.list, &best)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (best >= 0) {
        call->result = matches.u.list->items[best];
    }

    return TPL_OK;
}


static tpl_int_t
tpl_accept_quality(tpl_call_t *call)
{
    const tpl_accept_item_t  *item;

    if (tpl_accept_look(call->exec, (tpl_accept_t *) call->args[0].u.obj,
                        &call->args[1], &item)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_int(&call->result, 0);

    if (item) {
        call->result = item->pair.u.list->items[1];
    }

    return TPL_OK;
}


static tpl_int_t
tpl_accept_find(tpl_call_t *call)
{
    tpl_accept_t             *accept;
    const tpl_accept_item_t  *item;

    accept = (tpl_accept_t *) call->args[0].u.obj;

    if (tpl_accept_look(call->exec, accept, &call->args[1], &item)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_int(&call->result, item ? item - accept->items : -1);

    return TPL_OK;
}


static tpl_int_t
tpl_accept_index(tpl_call_t *call)
{
    tpl_str_t               key;
    static const tpl_str_t  none = tpl_null_string;

    if (tpl_accept_find(call) != TPL_OK) {
        return TPL_ERROR;
    }

    if (call->result.u.i < 0) {
        key = tpl_is_string(&call->args[1]) ? tpl_value_str(&call->args[1])
                                            : none;

        return tpl_throw(call->exec, TPL_EXC_VALUE, "%.*s",
                         tpl_str_arg(&key));
    }

    return TPL_OK;
}


static tpl_int_t
tpl_accept_values(tpl_call_t *call)
{
    tpl_list_t  *list;

    if (tpl_accept_list(call->exec, (tpl_accept_t *) call->args[0].u.obj, 1,
                        &list)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_value_iterator(call->exec, &call->result, list, "generator");
}


static tpl_int_t
tpl_accept_to_header(tpl_call_t *call)
{
    tpl_buf_t  b;

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_accept_str(call->exec, call->args[0].u.obj, &b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}
