
/*
 * The ordered dict: keys, order, holes, growth over the border of the index,
 * and a long random walk against a plain array.
 */

#include "unit_value.h"


#define KEYS   200
#define STEPS  100000


static void
test_keys(void)
{
    tpl_str_t    text;
    tpl_name_t   name;
    tpl_value_t  v, key, out, *found;

    /* what is equal is one key: 1, 1.0 and True; a str and a Markup */

    v = unit_value("{1: 'a', 1.0: 'b', True: 'c'}");
    unit_same(__FILE__, __LINE__, "1, 1.0, True", unit_result(TPL_OK, &v),
              "{1: 'c'}");

    v = unit_value("{'k': 1, M'k': 2}");
    unit_same(__FILE__, __LINE__, "str, Markup", unit_result(TPL_OK, &v),
              "{'k': 2}");

    v = unit_value("{(1, 'a'): 1, None: 2, 2.5: 3}");
    key = unit_value("(1.0, 'a')");
    check(tpl_dict_get(X, v.u.dict, &key, &out) == TPL_OK && out.u.i == 1);

    key = unit_value("'1'");
    check(tpl_dict_get(X, v.u.dict, &key, &out) == TPL_DECLINED);
    check(unit_error.exc == TPL_EXC_NONE);

    /* also in an empty dict */

    v = unit_value("{}");
    key = unit_value("(1, [])");
    unit_same(__FILE__, __LINE__, "unhashable",
              unit_result(tpl_dict_get(X, v.u.dict, &key, &out), &out),
              "TypeError: unhashable type: 'list'");

    /* by name, and changed in place */

    text.data = (tpl_char_t *) "name";
    text.len = 4;
    key = unit_value("5");
    check(tpl_dict_set_str(X, v.u.dict, &text, &key) == TPL_OK);

    name = unit_name("name");
    found = tpl_dict_find(v.u.dict, &name);
    check(found && found->u.i == 5);
    found->u.i = 6;
    unit_same(__FILE__, __LINE__, "found", unit_result(TPL_OK, &v),
              "{'name': 6}");

    name = unit_name("none");
    check(tpl_dict_find(v.u.dict, &name) == NULL);
}


static void
test_order(void)
{
    uint32_t           i;
    tpl_uint_t         n;
    tpl_value_t        v, key, out;
    tpl_dict_t        *copy;
    tpl_dict_entry_t  *e;

    /* setting again keeps the place, deleting and setting moves to the end */

    v = unit_value("{'a': 1, 'b': 2, 'c': 3}");
    key = unit_value("'a'");
    out = unit_value("9");
    tpl_dict_set(X, v.u.dict, &key, &out);
    unit_same(__FILE__, __LINE__, "set", unit_result(TPL_OK, &v),
              "{'a': 9, 'b': 2, 'c': 3}");

    check(tpl_dict_delete(X, v.u.dict, &key, &out) == TPL_OK);
    check(out.u.i == 9 && v.u.dict->n == 2);
    check(tpl_dict_delete(X, v.u.dict, &key, NULL) == TPL_DECLINED);
    tpl_dict_set(X, v.u.dict, &key, &out);
    unit_same(__FILE__, __LINE__, "moved", unit_result(TPL_OK, &v),
              "{'b': 2, 'c': 3, 'a': 9}");

    for (i = 0, n = 0; (e = tpl_dict_next(v.u.dict, &i)) != NULL; n++) {
        check(e->key.type == TPL_STRING);
    }

    check(n == 3);

    check(tpl_dict_copy(X, v.u.dict, &copy) == TPL_OK);
    tpl_dict_clear(v.u.dict);
    unit_same(__FILE__, __LINE__, "cleared", unit_result(TPL_OK, &v), "{}");
    tpl_value_dict(&v, copy);
    unit_same(__FILE__, __LINE__, "copy", unit_result(TPL_OK, &v),
              "{'b': 2, 'c': 3, 'a': 9}");
}


static void
test_update(void)
{
    tpl_int_t    rc;
    tpl_uint_t   i;
    tpl_value_t  v, other;

    static const char  *cases[][2] = {
        { "{'a': 2, 'b': 3}", "{'a': 2, 'b': 3}" },
        { "[('b', 1), ['c', 2], 'de']", "{'a': 1, 'b': 1, 'c': 2, 'd': 'e'}" },
        { "[1]", "TypeError: cannot convert dictionary update sequence "
          "element #0 to a sequence" },
        { "[(1, 2), (1, 2, 3)]", "ValueError: dictionary update sequence "
          "element #1 has length 3; 2 is required" },
        { "5", "TypeError: 'int' object is not iterable" },
        { "[([], 1)]", "TypeError: unhashable type: 'list'" }
    };

    for (i = 0; i < tpl_nelts(cases); i++) {
        v = unit_value("{'a': 1}");
        other = unit_value(cases[i][0]);
        rc = tpl_dict_update(X, v.u.dict, &other);
        unit_same(__FILE__, __LINE__, cases[i][0], unit_result(rc, &v),
                  cases[i][1]);
    }

    v = unit_value("{'a': 1}");
    check(tpl_dict_update(X, v.u.dict, &v) == TPL_OK && v.u.dict->n == 1);
}


/*
 * Random sets and deletes of KEYS keys; model[k] is the value, or -1.  Half of
 * the keys are strings, half integers.
 */

static void
test_walk(void)
{
    int64_t            model[KEYS];
    uint32_t           i, k, seed, n, wrong;
    tpl_int_t          rc;
    tpl_dict_t        *dict;
    tpl_value_t        key, value, keys[KEYS];
    static char        names[KEYS][16];

    dict = tpl_dict_create(X, 0);
    seed = 1;
    n = 0;
    wrong = 0;

    for (k = 0; k < KEYS; k++) {
        model[k] = -1;

        if (k % 2) {
            tpl_value_int(&keys[k], k);

        } else {
            snprintf(names[k], sizeof(names[k]), "key%u", k);
            tpl_value_string(&keys[k], (tpl_char_t *) names[k],
                             strlen(names[k]), 0);
        }
    }

    for (i = 0; i < STEPS; i++) {
        seed = seed * 1664525 + 1013904223;

        /* few keys at first, then all: small dicts, then indexed ones */
        k = (seed >> 8) % ((i < STEPS / 4) ? 10 : KEYS);
        key = keys[k];

        if ((seed >> 24) % 3) {
            tpl_value_int(&value, i);
            rc = tpl_dict_set(X, dict, &key, &value);
            n += (model[k] < 0);
            model[k] = i;
            wrong += (rc != TPL_OK);

        } else {
            rc = tpl_dict_delete(X, dict, &key, &value);
            wrong += (rc != (model[k] < 0 ? TPL_DECLINED : TPL_OK));
            wrong += (rc == TPL_OK && value.u.i != model[k]);
            n -= (model[k] >= 0);
            model[k] = -1;
        }

        wrong += (dict->n != n);

        k = (seed >> 4) % KEYS;
        rc = tpl_dict_get(X, dict, &keys[k], &value);
        wrong += (rc != (model[k] < 0 ? TPL_DECLINED : TPL_OK));
        wrong += (rc == TPL_OK && value.u.i != model[k]);
    }

    check(wrong == 0);

    /* holes are dropped: the entries are not many more than the keys */
    check(dict->size <= 4 * KEYS);
}


int
main(void)
{
    unit_start(0);

    test_keys();
    test_order();
    test_update();
    test_walk();

    return unit_end();
}
