
/*
 * Matches of regular expressions: their groups, and texts made of them.
 * Positions that templates see count code points.
 */

#include "builtins/tpl_module_re.h"


typedef struct {
    tpl_object_t             object;
    tpl_re_t                *re;
    tpl_value_t              string;
    size_t                   ovector[];     /* start and end of each group */
} tpl_re_match_t;


static tpl_int_t tpl_re_match_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);
static tpl_int_t tpl_re_match_item(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_value_t *key, tpl_value_t *out);
static tpl_int_t tpl_re_match_repr(tpl_exec_t *exec, tpl_object_t *obj,
    tpl_buf_t *b);


static const tpl_class_t  tpl_re_match_class = {
    .name = "re.Match",
    .get_attr = tpl_re_match_attr,
    .get_item = tpl_re_match_item,
    .str = tpl_re_match_repr
};


void
tpl_re_group(const tpl_value_t *string, const size_t *ovector, uint32_t n,
    const tpl_value_t *v_default, tpl_value_t *out)
{
    if (ovector[2 * n] == PCRE2_UNSET) {
        *out = *v_default;
        return;
    }

    tpl_value_string(out, string->u.s + ovector[2 * n],
                     ovector[2 * n + 1] - ovector[2 * n],
                     string->flags & TPL_F_ASCII);
}


tpl_int_t
tpl_re_match_create(tpl_exec_t *exec, tpl_re_t *re, const tpl_value_t *string,
    tpl_value_t *out)
{
    size_t           n;
    tpl_re_match_t  *m;

    n = 2 * ((size_t) re->groups + 1) * sizeof(size_t);

    m = tpl_palloc(exec->arena, sizeof(tpl_re_match_t) + n);
    if (m == NULL) {
        return tpl_throw_memory(exec);
    }

    m->object.cls = &tpl_re_match_class;
    m->re = re;
    m->string = *string;

    memcpy(m->ovector, pcre2_get_ovector_pointer(re->data), n);

    tpl_value_object(out, m);

    return TPL_OK;
}


/* the number of a group by its name; TPL_DECLINED if there is none */

static tpl_int_t
tpl_re_named(const tpl_re_t *re, const tpl_str_t *name, uint32_t *n)
{
    uint32_t     i, count, size;
    PCRE2_SPTR   table;

    (void) pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    (void) pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void) pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);

    for (i = 0; i < count; i++, table += size) {

        if (tpl_str_is(name, (const char *) table + 2)) {
            *n = (uint32_t) table[0] << 8 | table[1];
            return TPL_OK;
        }
    }

    return TPL_DECLINED;
}


static tpl_int_t
tpl_re_bad_group(tpl_exec_t *exec)
{
    return tpl_throw(exec, TPL_EXC_INDEX, "no such group");
}


tpl_int_t
tpl_re_expand(tpl_exec_t *exec, const tpl_re_t *re, const tpl_str_t *repl,
    const tpl_char_t *string, const size_t *ovector, tpl_buf_t *b)
{
    uint32_t           n;
    tpl_str_t          name;
    const tpl_char_t  *p, *q, *last;

    static const char  from[] = "abfnrtv\\";
    static const char  to[] = "\a\b\f\n\r\t\v\\";

    p = repl->data;
    last = p + repl->len;

    tpl_charge(exec, repl->len);

    while (p < last) {

        for (q = p; q < last && *q != '\\'; q++) { /* void */ }

        tpl_buf_add(b, p, q - p);
        p = q;

        if (p == last) {
            break;
        }

        if (last - p < 2) {
            return tpl_throw(exec, TPL_EXC_EXCEPTION,
                             "bad escape (end of pattern)");
        }

        p++;

        if (*p == 'g') {

            for (q = ++p; q < last && *q != '>'; q++) { /* void */ }

            if (q == last || *p != '<') {
                return tpl_throw(exec, TPL_EXC_EXCEPTION, "missing group name");
            }

            name.data = (tpl_char_t *) p + 1;
            name.len = q - p - 1;
            p = q + 1;

            if (name.len && name.len < 5 && name.data[0] >= '0'
                && name.data[0] <= '9')
            {
                for (n = 0, q = name.data; q < name.data + name.len; q++) {
                    n = n * 10 + (*q - '0');
                }

            } else if (tpl_re_named(re, &name, &n) != TPL_OK) {
                return tpl_throw(exec, TPL_EXC_INDEX,
                                 "unknown group name '%.*s'",
                                 tpl_str_arg(&name));
            }

        } else if (*p >= '1' && *p <= '9') {
            n = *p++ - '0';

            if (p < last && *p >= '0' && *p <= '9') {
                n = n * 10 + (*p++ - '0');
            }

        } else {
            q = (const tpl_char_t *) strchr(from, *p);

            if (*p && q) {
                tpl_buf_char(b, to[(const char *) q - from]);

            } else if (*p == '0') {
                tpl_buf_char(b, 0);

            } else if ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') {
                return tpl_throw(exec, TPL_EXC_EXCEPTION,
                                 "bad escape \\%c", *p);

            } else {
                tpl_buf_char(b, '\\');
                tpl_buf_char(b, *p);
            }

            p++;
            continue;
        }

        if (n > re->groups) {
            return tpl_throw(exec, TPL_EXC_EXCEPTION,
                             "invalid group reference %u", (unsigned) n);
        }

        if (ovector && ovector[2 * n] != PCRE2_UNSET) {
            tpl_charge(exec, ovector[2 * n + 1] - ovector[2 * n]);
            tpl_buf_add(b, string + ovector[2 * n],
                        ovector[2 * n + 1] - ovector[2 * n]);
        }
    }

    return b->failed ? tpl_throw_memory(exec) : TPL_OK;
}


/* the group that a value names, by number or by name */

static tpl_int_t
tpl_re_group_of(tpl_exec_t *exec, const tpl_re_match_t *m,
    const tpl_value_t *v, uint32_t *n)
{
    tpl_str_t  name;

    if (tpl_is_int(v)) {

        if (v->u.i < 0 || v->u.i > (int64_t) m->re->groups) {
            return tpl_re_bad_group(exec);
        }

        *n = (uint32_t) v->u.i;

        return TPL_OK;
    }

    if (v->type != TPL_STRING) {
        return tpl_re_bad_group(exec);
    }

    name = tpl_value_str(v);

    return (tpl_re_named(m->re, &name, n) == TPL_OK) ? TPL_OK
                                                      : tpl_re_bad_group(exec);
}


static tpl_int_t
tpl_re_match_item(tpl_exec_t *exec, tpl_object_t *obj, const tpl_value_t *key,
    tpl_value_t *out)
{
    tpl_re_match_t  *m = (tpl_re_match_t *) obj;

    uint32_t     n;
    tpl_value_t  none;

    if (tpl_re_group_of(exec, m, key, &n) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_value_none(&none);
    tpl_re_group(&m->string, m->ovector, n, &none, out);

    return TPL_OK;
}


static tpl_int_t
tpl_re_match_group(tpl_call_t *call)
{
    uint32_t           i;
    tpl_list_t        *list;
    tpl_value_t        v;
    tpl_object_t      *obj;
    const tpl_list_t  *args;

    obj = call->args[0].u.obj;
    args = call->args[1].u.list;

    if (args->n == 0) {
        tpl_value_int(&v, 0);
        return tpl_re_match_item(call->exec, obj, &v, &call->result);
    }

    if (args->n == 1) {
        return tpl_re_match_item(call->exec, obj, &args->items[0],
                                 &call->result);
    }

    list = tpl_list_create(call->exec, args->n);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 0; i < args->n; i++) {
        if (tpl_re_match_item(call->exec, obj, &args->items[i], &v) != TPL_OK
            || tpl_list_append(call->exec, list, &v) != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    tpl_value_tuple(&call->result, list);

    return TPL_OK;
}


static tpl_int_t
tpl_re_match_groups(tpl_call_t *call)
{
    uint32_t         i;
    tpl_list_t      *list;
    tpl_value_t      v, other;
    tpl_re_match_t  *m;

    m = (tpl_re_match_t *) call->args[0].u.obj;

    tpl_value_none(&other);

    if (tpl_arg_given(&call->args[1])) {
        other = call->args[1];
    }

    list = tpl_list_create(call->exec, m->re->groups);
    if (list == NULL) {
        return TPL_ERROR;
    }

    for (i = 1; i <= m->re->groups; i++) {
        tpl_re_group(&m->string, m->ovector, i, &other, &v);

        if (tpl_list_append(call->exec, list, &v) != TPL_OK) {
            return TPL_ERROR;
        }
    }

    tpl_value_tuple(&call->result, list);

    return TPL_OK;
}


static tpl_int_t
tpl_re_match_groupdict(tpl_call_t *call)
{
    uint32_t         i, k, n, count, size;
    PCRE2_SPTR       table, entry;
    tpl_dict_t      *dict;
    tpl_value_t      name, v, other;
    tpl_re_match_t  *m;

    m = (tpl_re_match_t *) call->args[0].u.obj;

    tpl_value_none(&other);

    if (tpl_arg_given(&call->args[1])) {
        other = call->args[1];
    }

    dict = tpl_dict_create(call->exec, 0);
    if (dict == NULL) {
        return TPL_ERROR;
    }

    (void) pcre2_pattern_info(m->re->code, PCRE2_INFO_NAMECOUNT, &count);
    (void) pcre2_pattern_info(m->re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void) pcre2_pattern_info(m->re->code, PCRE2_INFO_NAMETABLE, &table);

    /* pcre2 sorts by name, Python by number */

    for (i = 1; count && i <= m->re->groups; i++) {

        for (k = 0, entry = table; k < count; k++, entry += size) {
            n = (uint32_t) entry[0] << 8 | entry[1];

            if (n != i) {
                continue;
            }

            tpl_value_string(&name, entry + 2, strlen((char *) entry + 2), 0);
            tpl_re_group(&m->string, m->ovector, n, &other, &v);

            if (tpl_dict_set(call->exec, dict, &name, &v) != TPL_OK) {
                return TPL_ERROR;
            }
        }
    }

    tpl_value_dict(&call->result, dict);

    return TPL_OK;
}


/* a byte offset as code points; -1 where the group took no part */

static int64_t
tpl_re_place(const tpl_re_match_t *m, size_t offset)
{
    tpl_value_t  v;

    if (offset == PCRE2_UNSET) {
        return -1;
    }

    tpl_value_string(&v, m->string.u.s, offset,
                     m->string.flags & TPL_F_ASCII);

    return (int64_t) tpl_string_length(&v);
}


/* start() 1, end() 2, span() 3 */

static tpl_int_t
tpl_re_match_places(tpl_call_t *call, tpl_uint_t which)
{
    uint32_t         n;
    tpl_value_t      start, end;
    tpl_re_match_t  *m;

    m = (tpl_re_match_t *) call->args[0].u.obj;
    n = 0;

    if (tpl_arg_given(&call->args[1])
        && tpl_re_group_of(call->exec, m, &call->args[1], &n) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_charge(call->exec, m->string.len);

    tpl_value_int(&start, tpl_re_place(m, m->ovector[2 * n]));
    tpl_value_int(&end, tpl_re_place(m, m->ovector[2 * n + 1]));

    if (which == 3) {
        return tpl_pair(call->exec, &start, &end, &call->result);
    }

    call->result = (which == 1) ? start : end;

    return TPL_OK;
}


static tpl_int_t
tpl_re_match_start(tpl_call_t *call)
{
    return tpl_re_match_places(call, 1);
}


static tpl_int_t
tpl_re_match_end(tpl_call_t *call)
{
    return tpl_re_match_places(call, 2);
}


static tpl_int_t
tpl_re_match_span(tpl_call_t *call)
{
    return tpl_re_match_places(call, 3);
}


static tpl_int_t
tpl_re_match_expand(tpl_call_t *call)
{
    tpl_buf_t        b;
    tpl_str_t        s;
    tpl_re_match_t  *m;

    m = (tpl_re_match_t *) call->args[0].u.obj;

    if (tpl_arg_str(call, 1, &s) != TPL_OK) {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_re_expand(call->exec, m->re, &s, m->string.u.s, m->ovector, &b)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}


static tpl_int_t
tpl_re_match_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_re_match_t  *m = (tpl_re_match_t *) obj;

    if (tpl_str_is(&name->str, "string")) {
        *out = m->string;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "re")) {
        tpl_value_object(out, m->re);
        return TPL_OK;
    }

    return tpl_module_method(exec, obj, name, out);
}


static tpl_int_t
tpl_re_match_repr(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_re_match_t  *m = (tpl_re_match_t *) obj;

    tpl_value_t  v, none;

    tpl_value_none(&none);
    tpl_re_group(&m->string, m->ovector, 0, &none, &v);

    tpl_buf_printf(b, "<re.Match object; span=(%d, %d), match=",
                   (int) tpl_re_place(m, m->ovector[0]),
                   (int) tpl_re_place(m, m->ovector[1]));

    if (tpl_repr_to(exec, &v, b) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_buf_char(b, '>');
}


const tpl_builtin_def_t  tpl_module_re_match[] = {

    { "re.Match:end", "self, group=, /", tpl_re_match_end, 0 },
    { "re.Match:expand", "self, template", tpl_re_match_expand, 0 },
    { "re.Match:group", "self, /, *args", tpl_re_match_group, 0 },
    { "re.Match:groupdict", "self, default=", tpl_re_match_groupdict, 0 },
    { "re.Match:groups", "self, default=", tpl_re_match_groups, 0 },
    { "re.Match:span", "self, group=, /", tpl_re_match_span, 0 },
    { "re.Match:start", "self, group=, /", tpl_re_match_start, 0 },

    { NULL, NULL, NULL, 0 }
};
