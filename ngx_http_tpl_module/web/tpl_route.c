
/*
 * Parsing routes, and versions of static files.
 *
 * The rules are werkzeug.routing.rules' (_part_re, parse_converter_args) and
 * tornado.routing's (PathMatches._find_groups): a Tornado pattern that Tornado
 * itself could not reverse is refused.
 */

#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "web/tpl_route.h"


#define TPL_SHA512  64


static tpl_int_t tpl_route_flask(tpl_arena_t *arena, tpl_route_t *route,
    tpl_error_t *err);
static tpl_int_t tpl_route_variable(tpl_arena_t *arena, tpl_route_t *route,
    const tpl_str_t *s, tpl_error_t *err);
static tpl_int_t tpl_route_arguments(tpl_arena_t *arena,
    tpl_route_part_t *part, const tpl_str_t *s, tpl_error_t *err);
static tpl_int_t tpl_route_argument(tpl_route_part_t *part,
    const tpl_str_t *s, tpl_error_t *err);
static tpl_int_t tpl_route_tornado(tpl_arena_t *arena, tpl_route_t *route,
    tpl_error_t *err);
static tpl_int_t tpl_route_text(tpl_arena_t *arena, tpl_route_t *route,
    const tpl_str_t *s, tpl_uint_t quote);
static tpl_int_t tpl_route_unescape(tpl_arena_t *arena, const tpl_str_t *s,
    tpl_str_t *out);
static tpl_uint_t tpl_route_is_name(const tpl_str_t *s);
static int tpl_route_cmp_items(const void *one, const void *two);
static int tpl_route_cmp_versions(const void *one, const void *two);


static const struct {
    tpl_str_t                name;
    tpl_route_kind_t         kind;
} tpl_route_converters[] = {
    { tpl_string("default"), TPL_ROUTE_STRING },
    { tpl_string("string"), TPL_ROUTE_STRING },
    { tpl_string("any"), TPL_ROUTE_ANY },
    { tpl_string("path"), TPL_ROUTE_PATH },
    { tpl_string("int"), TPL_ROUTE_INT },
    { tpl_string("float"), TPL_ROUTE_FLOAT },
    { tpl_string("uuid"), TPL_ROUTE_UUID }
};


tpl_int_t
tpl_route_parse(tpl_arena_t *arena, const tpl_str_t *name,
    const tpl_str_t *pattern, tpl_route_t *route, tpl_error_t *err)
{
    size_t  i;

    memset(route, 0, sizeof(tpl_route_t));

    route->name = *name;
    route->pattern = *pattern;

    /* each part is at least one character */

    route->parts = tpl_pcalloc(arena, (pattern->len + 1)
                                      * sizeof(tpl_route_part_t));
    if (route->parts == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    for (i = 0; i < pattern->len; i++) {

        if (pattern->data[i] == '<') {
            break;
        }

        if (pattern->data[i] == '(' || pattern->data[0] == '^') {
            return tpl_route_tornado(arena, route, err);
        }
    }

    return tpl_route_flask(arena, route, err);
}


static tpl_int_t
tpl_route_flask(tpl_arena_t *arena, tpl_route_t *route, tpl_error_t *err)
{
    size_t     i, start;
    tpl_str_t  s, rest;

    rest = route->pattern;

    if (rest.len == 0 || rest.data[0] != '/') {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "a route starts with a slash");
    }

    for (i = 0; i < rest.len; /* void */ ) {
        start = i;

        if (rest.data[i] != '<') {

            while (i < rest.len && rest.data[i] != '<') {
                i++;
            }

            s.data = rest.data + start;
            s.len = i - start;

            if (tpl_route_text(arena, route, &s, 1) != TPL_OK) {
                return tpl_error_set(err, TPL_EXC_MEMORY, NULL,
                                     "out of memory");
            }

            continue;
        }

        while (i < rest.len && rest.data[i] != '>') {
            i++;
        }

        if (i == rest.len) {
            return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                                 "a \"<\" without \">\"");
        }

        s.data = rest.data + start + 1;
        s.len = i - start - 1;

        if (tpl_route_variable(arena, route, &s, err) != TPL_OK) {
            return TPL_ERROR;
        }

        i++;
    }

    return TPL_OK;
}


/* converter(arguments):name */

static tpl_int_t
tpl_route_variable(tpl_arena_t *arena, tpl_route_t *route, const tpl_str_t *s,
    tpl_error_t *err)
{
    size_t             i;
    uint32_t           j;
    tpl_str_t          name, converter, arguments;
    tpl_route_part_t  *part;

    name = *s;
    tpl_str_set(&converter, "default");
    tpl_str_set(&arguments, "");

    /* the name holds no colon, the arguments may */

    for (i = s->len; i > 0; i--) {
        if (s->data[i - 1] == ':') {
            name.data = s->data + i;
            name.len = s->len - i;

            converter.data = s->data;
            converter.len = i - 1;
            break;
        }
    }

    for (i = 0; i < converter.len; i++) {
        if (converter.data[i] == '(') {

            if (converter.data[converter.len - 1] != ')') {
                return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                                     "a \"(\" without \")\"");
            }

            arguments.data = converter.data + i + 1;
            arguments.len = converter.len - i - 2;
            converter.len = i;
        }
    }

    if (!tpl_route_is_name(&name)) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "\"%.*s\" is not the name of a variable",
                             tpl_str_arg(&name));
    }

    for (j = 0; j < route->nparts; j++) {
        if (route->parts[j].kind != TPL_ROUTE_TEXT
            && tpl_str_eq(&route->parts[j].text, &name))
        {
            return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                                 "the variable \"%.*s\" stands twice",
                                 tpl_str_arg(&name));
        }
    }

    for (j = 0; j < tpl_nelts(tpl_route_converters); j++) {
        if (tpl_str_eq(&tpl_route_converters[j].name, &converter)) {
            break;
        }
    }

    if (j == tpl_nelts(tpl_route_converters)) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "there is no converter \"%.*s\": string, path, "
                             "int, float, any and uuid are",
                             tpl_str_arg(&converter));
    }

    part = &route->parts[route->nparts++];

    part->kind = tpl_route_converters[j].kind;
    part->text = name;

    route->nargs++;

    return tpl_route_arguments(arena, part, &arguments, err);
}


/* fixed_digits and the items of any change what is built, others what fits */

static tpl_int_t
tpl_route_arguments(tpl_arena_t *arena, tpl_route_part_t *part,
    const tpl_str_t *s, tpl_error_t *err)
{
    size_t      i, start;
    uint32_t    size;
    tpl_str_t   item;
    tpl_uint_t  quote;

    size = 1;

    for (i = 0; i < s->len; i++) {
        size += (s->data[i] == ',');
    }

    part->items = tpl_palloc(arena, size * sizeof(tpl_str_t));
    if (part->items == NULL) {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    part->min = -INFINITY;
    part->max = INFINITY;

    for (start = 0; start < s->len; start = i + 1) {
        quote = 0;

        for (i = start; i < s->len && (quote || s->data[i] != ','); i++) {

            if (s->data[i] == quote) {
                quote = 0;

            } else if (!quote && (s->data[i] == '"' || s->data[i] == '\'')) {
                quote = s->data[i];
            }
        }

        item.data = s->data + start;
        item.len = i - start;

        tpl_text_strip(&item, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);

        if (item.len == 0) {
            continue;
        }

        if (part->kind == TPL_ROUTE_ANY) {

            if (item.len > 1 && (*item.data == '"' || *item.data == '\'')
                && item.data[item.len - 1] == *item.data)
            {
                item.data++;
                item.len -= 2;
            }

            part->items[part->n++] = item;
            continue;
        }

        if (tpl_route_argument(part, &item, err) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    if (part->kind == TPL_ROUTE_ANY && part->n == 0) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "\"any\" names nothing to choose from");
    }

    qsort(part->items, part->n, sizeof(tpl_str_t), tpl_route_cmp_items);

    return TPL_OK;
}


/* name=value; what werkzeug does not know is left to it */

static tpl_int_t
tpl_route_argument(tpl_route_part_t *part, const tpl_str_t *s,
    tpl_error_t *err)
{
    char       *end;
    char        text[32];
    double      d;
    size_t      i;
    tpl_str_t   name, value;
    tpl_uint_t  number;

    for (i = 0; i < s->len && s->data[i] != '='; i++) {
        /* void */
    }

    if (i == s->len) {
        return TPL_OK;
    }

    name.data = s->data;
    name.len = i;
    value.data = s->data + i + 1;
    value.len = s->len - i - 1;

    tpl_text_strip(&name, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);
    tpl_text_strip(&value, NULL, TPL_STRIP_LEFT|TPL_STRIP_RIGHT);

    number = (part->kind == TPL_ROUTE_INT || part->kind == TPL_ROUTE_FLOAT);

    if (number && tpl_str_is(&name, "signed")) {
        part->is_signed = tpl_str_is(&value, "True");
        return TPL_OK;
    }

    if (!(part->kind == TPL_ROUTE_INT && tpl_str_is(&name, "fixed_digits"))
        && !(number && (tpl_str_is(&name, "min") || tpl_str_is(&name, "max")))
        && !(part->kind == TPL_ROUTE_STRING
             && (tpl_str_is(&name, "length")
                 || tpl_str_is(&name, "minlength")
                 || tpl_str_is(&name, "maxlength"))))
    {
        return TPL_OK;
    }

    if (value.len == 0 || value.len >= sizeof(text)) {
        goto invalid;
    }

    memcpy(text, value.data, value.len);
    text[value.len] = 0;

    d = strtod(text, &end);

    if (*end || !isfinite(d)) {
        goto invalid;
    }

    if (tpl_str_is(&name, "fixed_digits")) {

        if (d < 0 || d > 100 || d != floor(d)) {
            return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                                 "\"fixed_digits\" is a number up to 100");
        }

        part->digits = (uint32_t) d;
        return TPL_OK;
    }

    if (!tpl_str_is(&name, "max") && !tpl_str_is(&name, "maxlength")) {
        part->min = d;
    }

    if (!tpl_str_is(&name, "min") && !tpl_str_is(&name, "minlength")) {
        part->max = d;
    }

    return TPL_OK;

invalid:

    return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                         "\"%.*s\" is not a number", tpl_str_arg(&value));
}


/*
 * As many groups as there are parentheses, none in another: what stands between
 * them is text that re.escape() may have written.
 */

static tpl_int_t
tpl_route_tornado(tpl_arena_t *arena, tpl_route_t *route, tpl_error_t *err)
{
    size_t             i, start;
    tpl_str_t          rest, s;
    const char        *why;
    tpl_uint_t         group, class;
    tpl_route_part_t  *part;

    route->tornado = 1;
    rest = route->pattern;

    if (rest.len && rest.data[0] == '^') {
        rest.data++;
        rest.len--;
    }

    if (rest.len && rest.data[rest.len - 1] == '$') {
        rest.len--;
    }

    group = 0;
    class = 0;
    start = 0;

    for (i = 0; i <= rest.len; i++) {

        if (i < rest.len && group && rest.data[i] == '\\') {
            i += (i + 1 < rest.len);
            continue;
        }

        if (i < rest.len && group && class) {
            class = (rest.data[i] != ']');
            continue;
        }

        if (i == rest.len || (!group && rest.data[i] == '(')) {

            if (group) {
                why = "a \"(\" without \")\"";
                goto failed;
            }

            s.data = rest.data + start;
            s.len = i - start;

            if (s.len && memchr(s.data, ')', s.len)) {
                why = "a \")\" without \"(\"";
                goto failed;
            }

            if (tpl_route_unescape(arena, &s, &s) != TPL_OK) {
                why = "between groups there can only be text";
                goto failed;
            }

            if (s.len && tpl_route_text(arena, route, &s, 0) != TPL_OK) {
                return tpl_error_set(err, TPL_EXC_MEMORY, NULL,
                                     "out of memory");
            }

            if (i == rest.len) {
                break;
            }

            if (i + 2 < rest.len && rest.data[i + 1] == '?'
                && rest.data[i + 2] != 'P')
            {
                why = "a group that captures nothing";
                goto failed;
            }

            group = 1;
            continue;
        }

        if (!group) {
            continue;
        }

        if (rest.data[i] == '[') {
            class = 1;
            continue;
        }

        if (rest.data[i] == '(') {
            why = "a group in a group";
            goto failed;
        }

        if (rest.data[i] == ')') {
            group = 0;
            start = i + 1;

            part = &route->parts[route->nparts++];
            part->kind = TPL_ROUTE_GROUP;

            route->nargs++;
        }
    }

    return TPL_OK;

failed:

    return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                         "the pattern cannot be reversed: %s", why);
}


static tpl_int_t
tpl_route_text(tpl_arena_t *arena, tpl_route_t *route, const tpl_str_t *s,
    tpl_uint_t quote)
{
    size_t             i, n;
    tpl_buf_t          b;
    tpl_route_part_t  *part;

    tpl_buf_init(&b, arena);

    if ((quote ? tpl_uri_quote(&b, s, "/:|+") : tpl_buf_str(&b, s)) != TPL_OK)
    {
        return TPL_ERROR;
    }

    /* werkzeug: merge_slashes */

    for (i = 0, n = 0; quote && i < b.len; i++, n++) {
        b.data[n] = b.data[i];

        if (b.data[i] == '/' && i + 1 < b.len && b.data[i + 1] == '/') {
            i++;
        }
    }

    if (quote) {
        b.len = n;
    }

    part = &route->parts[route->nparts++];

    part->kind = TPL_ROUTE_TEXT;
    part->text.data = b.data;
    part->text.len = b.len;
    part->raw = *s;

    return TPL_OK;
}


/* tornado.util.re_unescape(): a class such as \d is no text */

static tpl_int_t
tpl_route_unescape(tpl_arena_t *arena, const tpl_str_t *s, tpl_str_t *out)
{
    size_t       i;
    tpl_str_t    text;
    tpl_char_t   c, *d;

    d = tpl_pnalloc(arena, s->len + 1);
    if (d == NULL) {
        return TPL_ERROR;
    }

    text.data = d;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c == '\\' && i + 1 < s->len) {
            c = s->data[++i];

            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9'))
            {
                return TPL_DECLINED;
            }
        }

        *d++ = c;
    }

    text.len = d - text.data;
    *out = text;

    return TPL_OK;
}


static tpl_uint_t
tpl_route_is_name(const tpl_str_t *s)
{
    size_t      i;
    tpl_char_t  c;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
              || (i && c >= '0' && c <= '9')))
        {
            return 0;
        }
    }

    return s->len != 0;
}


static int
tpl_route_cmp_items(const void *one, const void *two)
{
    return (int) tpl_str_cmp(one, two);
}


tpl_int_t
tpl_route_static(tpl_arena_t *arena, const tpl_str_t *name,
    const tpl_str_t *prefix, const tpl_versions_t *versions,
    tpl_route_t *route)
{
    tpl_str_t  text;

    memset(route, 0, sizeof(tpl_route_t));

    route->parts = tpl_pcalloc(arena, 2 * sizeof(tpl_route_part_t));
    if (route->parts == NULL) {
        return TPL_ERROR;
    }

    route->name = *name;
    route->files = 1;
    route->versions = versions;

    text = *prefix;

    while (text.len && text.data[text.len - 1] == '/') {
        text.len--;
    }

    /* with one slash */

    if (tpl_pstrdup(arena, &route->prefix, text.data, text.len + 1)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    route->prefix.data[text.len] = '/';
    route->pattern = route->prefix;

    route->parts[0].text = route->prefix;
    route->parts[0].raw = route->prefix;

    route->parts[1].kind = TPL_ROUTE_PATH;
    route->parts[1].min = -INFINITY;
    route->parts[1].max = INFINITY;
    tpl_str_set(&route->parts[1].text, "filename");

    route->nparts = 2;
    route->nargs = 1;

    return TPL_OK;
}


tpl_int_t
tpl_version_hash(tpl_arena_t *arena, const tpl_str_t *text, tpl_str_t *hash)
{
    unsigned           i, n;
    tpl_char_t         digest[EVP_MAX_MD_SIZE];
    static const char  hex[] = "0123456789abcdef";

    if (EVP_Digest(text->data, text->len, digest, &n, EVP_sha512(), NULL) != 1
        || n != TPL_SHA512)
    {
        return TPL_ERROR;
    }

    hash->len = TPL_SHA512 * 2;
    hash->data = tpl_pnalloc(arena, hash->len);

    if (hash->data == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < TPL_SHA512; i++) {
        hash->data[i * 2] = hex[digest[i] >> 4];
        hash->data[i * 2 + 1] = hex[digest[i] & 15];
    }

    return TPL_OK;
}


void
tpl_versions_sort(tpl_versions_t *versions)
{
    if (versions->n) {
        qsort(versions->items, versions->n, sizeof(tpl_version_t),
              tpl_route_cmp_versions);
    }
}


static int
tpl_route_cmp_versions(const void *one, const void *two)
{
    const tpl_version_t  *a, *b;

    a = one;
    b = two;

    return (int) tpl_str_cmp(&a->path, &b->path);
}
