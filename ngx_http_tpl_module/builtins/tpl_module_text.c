
/*
 * Python's json, urllib.parse and random.
 */

#include "builtins/tpl_module.h"
#include "builtins/tpl_methods.h"
#include "value/tpl_json.h"


/* json */

static tpl_int_t
tpl_json_separators(tpl_call_t *call, const tpl_value_t *v,
    tpl_json_style_t *style)
{
    tpl_str_t  comma, colon;

    if (!tpl_arg_some(v)) {
        return TPL_OK;
    }

    if ((v->type == TPL_TUPLE || v->type == TPL_LIST) && v->u.list->n == 2
        && v->u.list->items[0].type == TPL_STRING
        && v->u.list->items[1].type == TPL_STRING)
    {
        comma = tpl_value_str(&v->u.list->items[0]);
        colon = tpl_value_str(&v->u.list->items[1]);

        if (tpl_str_is(&comma, ",") && tpl_str_is(&colon, ":")) {
            style->compact = 1;
            return TPL_OK;
        }

        if (tpl_str_is(&colon, ": ")
            && tpl_str_is(&comma, style->indent < 0 ? ", " : ","))
        {
            return TPL_OK;
        }
    }

    return tpl_throw(call->exec, TPL_EXC_VALUE,
                     "json.dumps() knows the separators (', ', ': ') and "
                     "(',', ':') alone");
}


static tpl_int_t
tpl_json_dumps(tpl_call_t *call)
{
    int64_t            indent;
    tpl_buf_t          b;
    tpl_int_t          rc;
    tpl_uint_t         ascii;
    tpl_value_t        given[4];
    tpl_json_style_t   style;

    static const char  *names[] = {
        "indent", "sort_keys", "ensure_ascii", "separators"
    };

    if (tpl_keywords(call->exec, call->args[1].u.dict, "dumps", names, 4,
                     given)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    memset(&style, 0, sizeof(tpl_json_style_t));

    style.indent = -1;
    ascii = 1;

    if (tpl_arg_some(&given[0])) {

        if (!tpl_is_int(&given[0])) {
            return tpl_throw(call->exec, TPL_EXC_TYPE,
                             "indent of json.dumps() must be an integer");
        }

        indent = given[0].u.i;
        indent = tpl_max(indent, 0);
        style.indent = (tpl_int_t) tpl_min(indent, 100);
    }

    if ((tpl_arg_given(&given[1])
         && tpl_truth(call->exec, &given[1], &style.sort_keys) != TPL_OK)
        || (tpl_arg_given(&given[2])
            && tpl_truth(call->exec, &given[2], &ascii) != TPL_OK)
        || tpl_json_separators(call, &given[3], &style) != TPL_OK)
    {
        return TPL_ERROR;
    }

    style.ensure_ascii = ascii;

    tpl_buf_init(&b, call->exec->arena);

    rc = tpl_json_to(call->exec, &call->args[0], &style, &b);
    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b,
                              ascii ? TPL_F_ASCII : 0);
}


static tpl_int_t
tpl_json_loads(tpl_call_t *call)
{
    tpl_str_t  s;

    if (call->args[0].type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "the JSON object must be str, bytes or bytearray, "
                         "not %s", tpl_type_name(&call->args[0]));
    }

    s = tpl_value_str(&call->args[0]);

    return tpl_json_parse(call->exec, &s, 0, &call->result);
}


const tpl_builtin_def_t  tpl_module_json[] = {

    { "json.dumps", "obj, **kwargs", tpl_json_dumps, 0 },
    { "json.loads", "s", tpl_json_loads, 0 },

    { NULL, NULL, NULL, 0 }
};


/* urllib.parse */

/* quote() and quote_plus(): safe is text whose ASCII stays as it is */

static tpl_int_t
tpl_urllib_quote_to(tpl_exec_t *exec, tpl_buf_t *b, const tpl_value_t *v,
    const tpl_value_t *safe, const char *safe_default, tpl_uint_t plus)
{
    size_t       i, k;
    tpl_str_t    s, keep;
    tpl_uint_t   c;
    tpl_value_t  text;
    tpl_char_t   stays[128];

    static const char  hex[] = "0123456789ABCDEF";
    static const char  plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789_.-~";

    keep.data = (tpl_char_t *) safe_default;
    keep.len = strlen(safe_default);

    if (tpl_arg_given(safe)) {

        if (safe->type != TPL_STRING) {
            return tpl_throw(exec, TPL_EXC_TYPE, "safe must be str, not %s",
                             tpl_type_name(safe));
        }

        keep = tpl_value_str(safe);
    }

    text = *v;

    if (v->type != TPL_STRING && tpl_plain_string(exec, v, &text) != TPL_OK) {
        return TPL_ERROR;
    }

    s = tpl_value_str(&text);

    tpl_charge(exec, s.len + keep.len);

    memset(stays, 0, sizeof(stays));

    for (k = 0; k < sizeof(plain) - 1; k++) {
        stays[(tpl_char_t) plain[k]] = 1;
    }

    for (k = 0; k < keep.len; k++) {
        if (keep.data[k] < 128) {
            stays[keep.data[k]] = 1;
        }
    }

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c == ' ' && plus) {
            tpl_buf_char(b, '+');

        } else if (c < 128 && stays[c]) {
            tpl_buf_char(b, c);

        } else {
            tpl_buf_char(b, '%');
            tpl_buf_char(b, hex[c >> 4]);
            tpl_buf_char(b, hex[c & 15]);
        }
    }

    return b->failed ? tpl_throw_memory(exec) : TPL_OK;
}


static tpl_int_t
tpl_urllib_quote_any(tpl_call_t *call, const char *safe, tpl_uint_t plus)
{
    tpl_buf_t  b;

    if (call->args[0].type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "quote_from_bytes() expected bytes");
    }

    tpl_buf_init(&b, call->exec->arena);

    if (tpl_urllib_quote_to(call->exec, &b, &call->args[0], &call->args[1],
                            safe, plus)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, TPL_F_ASCII);
}


static tpl_int_t
tpl_urllib_quote(tpl_call_t *call)
{
    return tpl_urllib_quote_any(call, "/", 0);
}


static tpl_int_t
tpl_urllib_quote_plus(tpl_call_t *call)
{
    return tpl_urllib_quote_any(call, "", 1);
}


/* as Tornado's url_unescape(), which is made of these */

static tpl_int_t
tpl_urllib_unquote_any(tpl_call_t *call, tpl_uint_t plus)
{
    tpl_int_t    rc;
    tpl_call_t   inner;
    tpl_value_t  args[3];

    if (call->args[0].type != TPL_STRING) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "argument of type '%s' is not iterable",
                         tpl_type_name(&call->args[0]));
    }

    args[0] = call->args[0];
    tpl_value_missing(&args[1]);
    tpl_value_bool(&args[2], plus);

    inner = *call;
    inner.args = args;
    inner.nargs = 3;

    rc = tpl_tornado_url_unescape(&inner);
    call->result = inner.result;

    return rc;
}


static tpl_int_t
tpl_urllib_unquote(tpl_call_t *call)
{
    return tpl_urllib_unquote_any(call, 0);
}


static tpl_int_t
tpl_urllib_unquote_plus(tpl_call_t *call)
{
    return tpl_urllib_unquote_any(call, 1);
}


static tpl_int_t
tpl_urllib_pair(tpl_call_t *call, tpl_buf_t *b, const tpl_value_t *key,
    const tpl_value_t *value)
{
    if (b->len) {
        tpl_buf_char(b, '&');
    }

    if (tpl_urllib_quote_to(call->exec, b, key, &call->args[2], "", 1)
        != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_char(b, '=');

    return tpl_urllib_quote_to(call->exec, b, value, &call->args[2], "", 1);
}


/*
 * urlencode(query, doseq=False, safe='') of a dict or of a list of pairs, which
 * may be lists: JSON has no tuples
 */

static tpl_int_t
tpl_urllib_urlencode(tpl_call_t *call)
{
    tpl_buf_t           b;
    tpl_int_t           rc;
    tpl_exec_t         *exec;
    tpl_dict_t         *dict;
    tpl_iter_t          it, inner;
    tpl_uint_t          doseq;
    tpl_value_t         query, pair, parts, one;
    const tpl_value_t  *v;

    exec = call->exec;
    query = call->args[0];

    if (tpl_arg_bool(call, 1, 0, &doseq) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_mapping_dict(exec, &query, &dict);

    if (rc == TPL_OK) {
        rc = tpl_dict_view_list(exec, dict, TPL_VIEW_ITEMS, &query);
    }

    if (rc != TPL_OK && rc != TPL_DECLINED) {
        return rc;
    }

    if (query.type != TPL_LIST && query.type != TPL_TUPLE
        && (query.type != TPL_STRING || query.len))
    {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "not a valid non-string sequence or mapping object");
    }

    tpl_buf_init(&b, exec->arena);

    rc = tpl_iter_init(exec, &it, &query);
    if (rc != TPL_OK) {
        return rc;
    }

    while ((rc = tpl_iter_next(exec, &it, &pair)) == TPL_OK) {

        rc = tpl_to_list(exec, &pair, &parts);
        if (rc != TPL_OK) {
            return rc;
        }

        if (pair.type == TPL_STRING || parts.u.list->n != 2) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "not a valid non-string sequence or mapping "
                             "object");
        }

        v = parts.u.list->items;

        if (!doseq || v[1].type == TPL_STRING || !tpl_is_sequence(&v[1])) {

            if (tpl_urllib_pair(call, &b, &v[0], &v[1]) != TPL_OK) {
                return TPL_ERROR;
            }

            continue;
        }

        rc = tpl_iter_init(exec, &inner, &v[1]);
        if (rc != TPL_OK) {
            return rc;
        }

        while ((rc = tpl_iter_next(exec, &inner, &one)) == TPL_OK) {
            if (tpl_urllib_pair(call, &b, &v[0], &one) != TPL_OK) {
                return TPL_ERROR;
            }
        }

        if (rc != TPL_DONE) {
            return rc;
        }
    }

    if (rc != TPL_DONE) {
        return rc;
    }

    return tpl_value_from_buf(exec, &call->result, &b, TPL_F_ASCII);
}


const tpl_builtin_def_t  tpl_module_urllib[] = {

    { "urllib.parse.quote", "string, safe=", tpl_urllib_quote, 0 },
    { "urllib.parse.quote_plus", "string, safe=", tpl_urllib_quote_plus, 0 },
    { "urllib.parse.unquote", "string", tpl_urllib_unquote, 0 },
    { "urllib.parse.unquote_plus", "string", tpl_urllib_unquote_plus, 0 },
    { "urllib.parse.urlencode", "query, doseq=, safe=", tpl_urllib_urlencode,
      0 },

    { NULL, NULL, NULL, 0 }
};


/* random: every call asks the system for a seed of its own */

static uint64_t
tpl_random_u64(void)
{
    uint64_t  state;

    state = tpl_random_seed();

    return tpl_random_next(&state);
}


/* below n, which is not 0, with no value likelier than another */

static uint64_t
tpl_random_below(uint64_t *state, uint64_t n)
{
    uint64_t  r, rest;

    rest = (0 - n) % n;

    do {
        r = tpl_random_next(state);
    } while (r < rest);

    return r % n;
}


static double
tpl_random_unit(void)
{
    return (double) (tpl_random_u64() >> 11) * 0x1p-53;
}


static tpl_int_t
tpl_random_random(tpl_call_t *call)
{
    tpl_value_float(&call->result, tpl_random_unit());
    return TPL_OK;
}


static tpl_int_t
tpl_random_uniform(tpl_call_t *call)
{
    double  a, b;

    if (tpl_module_float(call->exec, &call->args[0], &a) != TPL_OK
        || tpl_module_float(call->exec, &call->args[1], &b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_float(&call->result, a + (b - a) * tpl_random_unit());

    return TPL_OK;
}


static tpl_int_t
tpl_random_from(tpl_call_t *call, int64_t first, int64_t last)
{
    uint64_t  state, n;

    if (last < first) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "empty range for randrange()");
    }

    state = tpl_random_seed();
    n = (uint64_t) last - (uint64_t) first + 1;

    n = n ? tpl_random_below(&state, n) : tpl_random_next(&state);

    tpl_value_int(&call->result, (int64_t) ((uint64_t) first + n));

    return TPL_OK;
}


static tpl_int_t
tpl_random_randint(tpl_call_t *call)
{
    int64_t  a, b;

    if (tpl_arg_int(call, 0, 0, &a) != TPL_OK
        || tpl_arg_int(call, 1, 0, &b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_random_from(call, a, b);
}


static tpl_int_t
tpl_random_randrange(tpl_call_t *call)
{
    int64_t  a, b;

    if (tpl_arg_int(call, 0, 0, &a) != TPL_OK
        || tpl_arg_int(call, 1, a, &b) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (!tpl_arg_given(&call->args[1])) {
        a = 0;
    }

    return tpl_random_from(call, a, (b == INT64_MIN) ? b : b - 1);
}


static tpl_int_t
tpl_random_choice(tpl_call_t *call)
{
    int64_t      n;
    uint64_t     state;
    tpl_value_t  index;

    if (tpl_length(call->exec, &call->args[0], &n) != TPL_OK) {
        return TPL_ERROR;
    }

    if (n == 0) {
        return tpl_throw(call->exec, TPL_EXC_INDEX,
                         "Cannot choose from an empty sequence");
    }

    state = tpl_random_seed();

    tpl_value_int(&index, (int64_t) tpl_random_below(&state, (uint64_t) n));

    return tpl_get_item(call->exec, &call->args[0], &index, &call->result);
}


static void
tpl_random_mix(tpl_exec_t *exec, tpl_list_t *list)
{
    uint32_t     i, k;
    uint64_t     state;
    tpl_value_t  v;

    state = tpl_random_seed();

    tpl_charge_items(exec, list->n);

    for (i = list->n; i > 1; i--) {
        k = (uint32_t) tpl_random_below(&state, i);

        v = list->items[i - 1];
        list->items[i - 1] = list->items[k];
        list->items[k] = v;
    }
}


static tpl_int_t
tpl_random_shuffle(tpl_call_t *call)
{
    if (call->args[0].type != TPL_LIST) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "'%s' object does not support item assignment",
                         tpl_type_name(&call->args[0]));
    }

    tpl_random_mix(call->exec, call->args[0].u.list);

    return TPL_OK;
}


static tpl_int_t
tpl_random_sample(tpl_call_t *call)
{
    int64_t    k;
    tpl_int_t  rc;

    if (tpl_arg_int(call, 1, 0, &k) != TPL_OK) {
        return TPL_ERROR;
    }

    rc = tpl_to_list(call->exec, &call->args[0], &call->result);
    if (rc != TPL_OK) {
        return rc;
    }

    if (k < 0 || k > (int64_t) call->result.u.list->n) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "Sample larger than population or is negative");
    }

    tpl_random_mix(call->exec, call->result.u.list);
    call->result.u.list->n = (uint32_t) k;

    return TPL_OK;
}


const tpl_builtin_def_t  tpl_module_random[] = {

    { "random.choice", "seq", tpl_random_choice, TPL_FN_IMPURE },
    { "random.randint", "a, b", tpl_random_randint, TPL_FN_IMPURE },
    { "random.random", "", tpl_random_random, TPL_FN_IMPURE },
    { "random.randrange", "start, stop=", tpl_random_randrange,
      TPL_FN_IMPURE },
    { "random.sample", "population, k", tpl_random_sample, TPL_FN_IMPURE },
    { "random.shuffle", "x", tpl_random_shuffle,
      TPL_FN_IMPURE|TPL_FN_MUTATES },
    { "random.uniform", "a, b", tpl_random_uniform, TPL_FN_IMPURE },

    { NULL, NULL, NULL, 0 }
};
