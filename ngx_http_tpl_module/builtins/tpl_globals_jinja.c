
/*
 * Functions that every Jinja template sees: range, dict, lipsum, and the makers
 * of small stateful objects: cycler, joiner, namespace (jinja2/utils.py).
 *
 * The objects live in the arena of the render that made them; none of these
 * functions may be folded, for each call makes a new object.
 */

#include "builtins/tpl_args.h"
#include "builtins/tpl_builtins.h"


/* lipsum() makes no more words than that */
#define TPL_LIPSUM_MAX  (256 * 1024)


/* range(stop) or range(start, stop[, step]): nothing is made but the bounds */

static tpl_int_t
tpl_global_range(tpl_call_t *call)
{
    int64_t       bound[3];
    uint64_t      n;
    tpl_exec_t   *exec;
    tpl_uint_t    i;
    tpl_list_t   *args;
    tpl_range_t  *range;

    exec = call->exec;
    args = call->args[0].u.list;

    if (args->n == 0 || args->n > 3) {
        return tpl_throw(exec, TPL_EXC_TYPE,
                         "range expected at %s argument%s, got %d",
                         args->n ? "most 3" : "least 1", args->n ? "s" : "",
                         (int) args->n);
    }

    for (i = 0; i < args->n; i++) {

        if (!tpl_is_int(&args->items[i])) {
            return tpl_throw(exec, TPL_EXC_TYPE,
                             "'%s' object cannot be interpreted as an "
                             "integer", tpl_type_name(&args->items[i]));
        }

        bound[i] = args->items[i].u.i;
    }

    range = tpl_palloc(exec->arena, sizeof(tpl_range_t));

    if (range == NULL) {
        return tpl_throw_memory(exec);
    }

    range->start = (args->n == 1) ? 0 : bound[0];
    range->stop = (args->n == 1) ? bound[0] : bound[1];
    range->step = (args->n == 3) ? bound[2] : 1;

    if (range->step == 0) {
        return tpl_throw(exec, TPL_EXC_VALUE,
                         "range() arg 3 must not be zero");
    }

    if (exec->options != NULL && exec->options->sandbox != TPL_SANDBOX_OFF) {
        n = 0;

        if (range->step > 0 && range->start < range->stop) {
            n = ((uint64_t) range->stop - (uint64_t) range->start - 1)
                / (uint64_t) range->step + 1;

        } else if (range->step < 0 && range->start > range->stop) {
            n = ((uint64_t) range->start - (uint64_t) range->stop - 1)
                / (0 - (uint64_t) range->step) + 1;
        }

        if (n > TPL_MAX_ITEMS) {
            return tpl_throw(exec, TPL_EXC_OVERFLOW,
                             "Range too big. The sandbox blocks ranges "
                             "larger than MAX_RANGE (%d).", TPL_MAX_ITEMS);
        }
    }

    call->result = (tpl_value_t) { .type = TPL_RANGE, .u.range = range };

    return TPL_OK;
}


/* dict(*args, **kwargs); args[i] is the tuple, args[i + 1] the keywords */

static tpl_int_t
tpl_global_new_dict(tpl_call_t *call, tpl_dict_t **dict)
{
    tpl_int_t     rc;
    tpl_list_t   *args;

    args = call->args[0].u.list;

    if (args->n > 1) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "dict expected at most 1 argument, got %d",
                         (int) args->n);
    }

    *dict = tpl_dict_create(call->exec, 8);

    if (*dict == NULL) {
        return tpl_throw_memory(call->exec);
    }

    if (args->n) {
        rc = tpl_dict_update(call->exec, *dict, &args->items[0]);

        if (rc != TPL_OK) {
            return rc;
        }
    }

    if (call->args[1].u.dict->n == 0) {
        return TPL_OK;
    }

    return tpl_dict_update(call->exec, *dict, &call->args[1]);
}


static tpl_int_t
tpl_global_dict(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_dict_t  *dict;

    rc = tpl_global_new_dict(call, &dict);

    if (rc == TPL_OK) {
        tpl_value_dict(&call->result, dict);
    }

    return rc;
}


/* Jinja2: Namespace: attributes that a template may set */

typedef struct {
    tpl_object_t   head;
    tpl_dict_t    *attrs;
} tpl_namespace_t;


static tpl_int_t
tpl_namespace_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_value_t  *v;

    (void) exec;

    v = tpl_dict_find(((tpl_namespace_t *) obj)->attrs, name);

    if (v == NULL) {
        return TPL_DECLINED;
    }

    *out = *v;

    return TPL_OK;
}


static tpl_int_t
tpl_namespace_set_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, const tpl_value_t *value)
{
    tpl_value_t      *v;
    tpl_namespace_t  *ns = (tpl_namespace_t *) obj;

    v = tpl_dict_find(ns->attrs, name);

    if (v != NULL) {
        *v = *value;
        return TPL_OK;
    }

    return tpl_dict_set_str(exec, ns->attrs, &name->str, value);
}


static tpl_int_t
tpl_namespace_str(tpl_exec_t *exec, tpl_object_t *obj, tpl_buf_t *b)
{
    tpl_int_t    rc;
    tpl_value_t  v;

    /* a namespace may hold itself */

    if (exec->depth >= TPL_MAX_DEPTH) {
        return tpl_throw(exec, TPL_EXC_RECURSION,
                         "maximum recursion depth exceeded");
    }

    tpl_value_dict(&v, ((tpl_namespace_t *) obj)->attrs);

    (void) tpl_buf_lit(b, "<Namespace ");

    exec->depth++;
    rc = tpl_repr_to(exec, &v, b);
    exec->depth--;

    if (rc != TPL_OK) {
        return rc;
    }

    return tpl_buf_char(b, '>') == TPL_OK ? TPL_OK : tpl_throw_memory(exec);
}


static const tpl_class_t  tpl_namespace_class = {
    .name = "Namespace",
    .get_attr = tpl_namespace_get_attr,
    .set_attr = tpl_namespace_set_attr,
    .str = tpl_namespace_str
};


static tpl_int_t
tpl_global_namespace(tpl_call_t *call)
{
    tpl_int_t         rc;
    tpl_namespace_t  *ns;

    ns = tpl_palloc(call->exec->arena, sizeof(tpl_namespace_t));

    if (ns == NULL) {
        return tpl_throw_memory(call->exec);
    }

    ns->head.cls = &tpl_namespace_class;

    rc = tpl_global_new_dict(call, &ns->attrs);

    if (rc == TPL_OK) {
        tpl_value_object(&call->result, ns);
    }

    return rc;
}


/* Jinja2: Cycler */

typedef struct {
    tpl_object_t   head;
    tpl_list_t    *items;
    uint32_t       pos;
} tpl_cycler_t;


static tpl_int_t
tpl_cycler_next(tpl_call_t *call)
{
    tpl_cycler_t  *c = (tpl_cycler_t *) call->args[0].u.obj;

    call->result = c->items->items[c->pos];
    c->pos = (c->pos + 1) % c->items->n;

    return TPL_OK;
}


static tpl_int_t
tpl_cycler_reset(tpl_call_t *call)
{
    ((tpl_cycler_t *) call->args[0].u.obj)->pos = 0;

    return TPL_OK;
}


/* its methods are bound by hand: the tables of methods know no classes */

static const tpl_param_t  tpl_cycler_self = {
    .name = { .str = tpl_string("self") },
    .positional = 1
};

static const tpl_builtin_t  tpl_cycler_methods[] = {
    {
        .name = { .str = tpl_string("next") },
        .handler = tpl_cycler_next,
        .params = (tpl_param_t *) &tpl_cycler_self,
        .nparams = 1,
        .nrequired = 1,
        .flags = TPL_FN_CONTEXT
    },
    {
        .name = { .str = tpl_string("reset") },
        .handler = tpl_cycler_reset,
        .params = (tpl_param_t *) &tpl_cycler_self,
        .nparams = 1,
        .nrequired = 1,
        .flags = TPL_FN_CONTEXT
    }
};


static tpl_int_t
tpl_cycler_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_uint_t     i;
    tpl_cycler_t  *c;
    tpl_method_t  *method;

    c = (tpl_cycler_t *) obj;

    if (tpl_str_is(&name->str, "current")) {
        *out = c->items->items[c->pos];
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "pos")) {
        tpl_value_int(out, c->pos);
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "items")) {
        tpl_value_tuple(out, c->items);
        return TPL_OK;
    }

    for (i = 0; i < tpl_nelts(tpl_cycler_methods); i++) {

        if (!tpl_str_eq(&name->str, &tpl_cycler_methods[i].name.str)) {
            continue;
        }

        method = tpl_palloc(exec->arena, sizeof(tpl_method_t));

        if (method == NULL) {
            return tpl_throw_memory(exec);
        }

        tpl_value_object(&method->self, obj);
        method->fn = &tpl_cycler_methods[i];
        *out = (tpl_value_t) { .type = TPL_METHOD, .u.method = method };

        return TPL_OK;
    }

    return TPL_DECLINED;
}


static const tpl_class_t  tpl_cycler_class = {
    .name = "Cycler",
    .get_attr = tpl_cycler_get_attr
};


static tpl_int_t
tpl_global_cycler(tpl_call_t *call)
{
    tpl_cycler_t  *c;

    if (call->args[0].u.list->n == 0) {
        return tpl_throw(call->exec, TPL_EXC_RUNTIME_ERROR,
                         "at least one item has to be provided");
    }

    c = tpl_palloc(call->exec->arena, sizeof(tpl_cycler_t));

    if (c == NULL) {
        return tpl_throw_memory(call->exec);
    }

    c->head.cls = &tpl_cycler_class;
    c->items = call->args[0].u.list;
    c->pos = 0;

    tpl_value_object(&call->result, c);

    return TPL_OK;
}


/* Jinja2: Joiner: nothing the first time, the separator from then on */

typedef struct {
    tpl_object_t   head;
    tpl_value_t    sep;
    tpl_uint_t     used;
} tpl_joiner_t;


static tpl_int_t
tpl_joiner_call(tpl_call_t *call)
{
    tpl_joiner_t  *j = (tpl_joiner_t *) call->object;

    if (call->nargs || (call->kwargs != NULL && call->kwargs->n)) {
        return tpl_throw(call->exec, TPL_EXC_TYPE,
                         "Joiner.__call__() takes 1 positional argument but "
                         "%d were given",
                         (int) (call->nargs + 1
                                + (call->kwargs ? call->kwargs->n : 0)));
    }

    if (!j->used) {
        j->used = 1;
        tpl_value_string(&call->result, (tpl_char_t *) "", 0, TPL_F_ASCII);
        return TPL_OK;
    }

    call->result = j->sep;

    return TPL_OK;
}


static tpl_int_t
tpl_joiner_get_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out)
{
    tpl_joiner_t  *j = (tpl_joiner_t *) obj;

    (void) exec;

    if (tpl_str_is(&name->str, "sep")) {
        *out = j->sep;
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "used")) {
        tpl_value_bool(out, j->used);
        return TPL_OK;
    }

    return TPL_DECLINED;
}


static const tpl_class_t  tpl_joiner_class = {
    .name = "Joiner",
    .get_attr = tpl_joiner_get_attr,
    .call = tpl_joiner_call
};


static tpl_int_t
tpl_global_joiner(tpl_call_t *call)
{
    tpl_joiner_t  *j;

    j = tpl_palloc(call->exec->arena, sizeof(tpl_joiner_t));

    if (j == NULL) {
        return tpl_throw_memory(call->exec);
    }

    j->head.cls = &tpl_joiner_class;
    j->used = 0;

    if (tpl_arg_given(&call->args[0])) {
        j->sep = call->args[0];
    } else {
        tpl_value_string(&j->sep, (tpl_char_t *) ", ", 2, TPL_F_ASCII);
    }

    tpl_value_object(&call->result, j);

    return TPL_OK;
}


/* the words of the printers' old filler text */

static const char *const  tpl_lipsum_words[] = {
    "a", "ac", "accumsan", "ad", "adipiscing", "aenean", "aliqua", "aliquam",
    "aliquip", "amet", "anim", "ante", "arcu", "at", "auctor", "augue",
    "aute", "bibendum", "blandit", "cillum", "commodo", "congue",
    "consectetur", "consequat", "culpa", "cupidatat", "cursus", "dapibus",
    "deserunt", "diam", "dictum", "dignissim", "do", "dolor", "dolore",
    "donec", "duis", "ea", "eget", "eiusmod", "eleifend", "elit", "enim",
    "erat", "eros", "esse", "est", "et", "etiam", "eu", "ex", "excepteur",
    "exercitation", "facilisis", "faucibus", "felis", "fermentum", "fugiat",
    "gravida", "hendrerit", "id", "imperdiet", "in", "incididunt", "integer",
    "ipsum", "irure", "justo", "labore", "laboris", "lacinia", "lacus",
    "laoreet", "lectus", "leo", "libero", "ligula", "lorem", "luctus",
    "magna", "massa", "mattis", "mauris", "metus", "minim", "mollis",
    "mollit", "morbi", "nam", "nec", "neque", "nibh", "nisi", "nisl", "non",
    "nostrud", "nulla", "nunc", "occaecat", "odio", "officia", "orci",
    "ornare", "pariatur", "pede", "pellentesque", "pharetra", "placerat",
    "porta", "posuere", "pretium", "proident", "purus", "quam", "qui",
    "quis", "reprehenderit", "rhoncus", "risus", "rutrum", "sagittis",
    "sapien", "sed", "sem", "semper", "sint", "sit", "sodales",
    "sollicitudin", "sunt", "suscipit", "tellus", "tempor", "tempus",
    "tincidunt", "tortor", "tristique", "turpis", "ullamco", "ultrices",
    "urna", "ut", "varius", "vehicula", "vel", "velit", "veniam",
    "vestibulum", "vitae", "viverra", "volutpat", "voluptate", "vulputate"
};


/* from first to below last */

static int64_t
tpl_lipsum_between(uint64_t *state, int64_t first, int64_t last)
{
    return first + (int64_t) (tpl_random_next(state)
                              % (uint64_t) (last - first));
}


/* a paragraph of n words: sentences of 10 to 20 with a comma here and there */

static void
tpl_lipsum_paragraph(tpl_buf_t *b, uint64_t *state, int64_t n)
{
    int64_t       i, comma, stop;
    tpl_uint_t    word, last, capital;
    const char   *w;

    comma = 0;
    stop = 0;
    capital = 1;
    last = tpl_nelts(tpl_lipsum_words);

    for (i = 0; i < n; i++) {

        do {
            word = tpl_random_next(state) % tpl_nelts(tpl_lipsum_words);
        } while (word == last);

        last = word;
        w = tpl_lipsum_words[word];

        if (i) {
            (void) tpl_buf_char(b, ' ');
        }

        (void) tpl_buf_char(b, capital ? *w & ~0x20 : *w);
        (void) tpl_buf_add(b, w + 1, strlen(w + 1));

        capital = 0;

        if (i == n - 1) {
            break;
        }

        if (i - tpl_lipsum_between(state, 10, 20) > stop) {
            comma = i;
            stop = i;
            capital = 1;
            (void) tpl_buf_char(b, '.');

        } else if (i - tpl_lipsum_between(state, 3, 8) > comma) {
            comma = i;
            stop += 2;
            (void) tpl_buf_char(b, ',');
        }
    }

    (void) tpl_buf_char(b, '.');
}


/* Jinja2: generate_lorem_ipsum */

static tpl_int_t
tpl_global_lipsum(tpl_call_t *call)
{
    int64_t      i, n, min, max;
    uint64_t     state;
    tpl_buf_t    b;
    tpl_uint_t   html;

    if (tpl_arg_int(call, 0, 5, &n) != TPL_OK
        || tpl_arg_bool(call, 1, 1, &html) != TPL_OK
        || tpl_arg_int(call, 2, 20, &min) != TPL_OK
        || tpl_arg_int(call, 3, 100, &max) != TPL_OK)
    {
        return TPL_ERROR;
    }

    if (n > 0 && min >= max) {
        return tpl_throw(call->exec, TPL_EXC_VALUE,
                         "empty range for randrange() (%lld, %lld, %lld)",
                         (long long) min, (long long) max,
                         (long long) ((uint64_t) max - (uint64_t) min));
    }

    if (n > 0 && (min < -TPL_LIPSUM_MAX || max > TPL_LIPSUM_MAX
                  || n > TPL_LIPSUM_MAX / tpl_max(max, 1)))
    {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "lipsum() makes a text that is too long");
    }

    state = tpl_random_seed();
    tpl_buf_init(&b, call->exec->arena);

    for (i = 0; i < n; i++) {

        if (i) {
            (void) tpl_buf_add(&b, "\n\n", html ? 1 : 2);
        }

        if (html) {
            (void) tpl_buf_lit(&b, "<p>");
        }

        tpl_lipsum_paragraph(&b, &state,
                             tpl_lipsum_between(&state, min, max));

        if (html) {
            (void) tpl_buf_lit(&b, "</p>");
        }
    }

    tpl_charge(call->exec, b.len * 8);

    return tpl_value_from_buf(call->exec, &call->result, &b,
                              html ? TPL_F_SAFE : 0);
}


const tpl_builtin_def_t  tpl_globals_jinja[] = {

    { "range", "*args", tpl_global_range, TPL_FN_CLASS },
    { "lipsum", "n=, html=, min=, max=", tpl_global_lipsum, TPL_FN_IMPURE },
    { "dict", "*args, **kwargs", tpl_global_dict,
      TPL_FN_CONTEXT|TPL_FN_CLASS },
    { "cycler", "*items", tpl_global_cycler,
      TPL_FN_CONTEXT|TPL_FN_CLASS },
    { "joiner", "sep=", tpl_global_joiner,
      TPL_FN_CONTEXT|TPL_FN_CLASS },
    { "namespace", "*args, **kwargs", tpl_global_namespace,
      TPL_FN_CONTEXT|TPL_FN_CLASS },

    { NULL, NULL, NULL, 0 }
};
