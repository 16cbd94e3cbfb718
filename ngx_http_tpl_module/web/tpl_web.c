
/*
 * What all of the room needs: lists of pairs, headers of the request.
 */

#include "web/tpl_flask.h"
#include "web/tpl_object.h"
#include "web/tpl_route.h"
#include "web/tpl_session.h"
#include "web/tpl_tornado_request.h"
#include "web/tpl_xsrf.h"


/* functions of Jinja and of Tornado */

static const tpl_builtin_def_t *const  tpl_web_families[] = {
    tpl_answer_globals,
    tpl_cookie_globals,
    tpl_now_globals,
    tpl_route_globals,
    tpl_session_globals,
    tpl_xsrf_globals
};


/* methods of the objects that the request is made of */

static const tpl_builtin_def_t *const  tpl_web_methods[] = {
    tpl_bytes_methods,
    tpl_multidict_methods,
    tpl_headers_methods,
    tpl_accept_methods,
    tpl_flask_methods,
    tpl_flask_object_methods,
    tpl_tornado_methods,
    tpl_tornado_handler_methods,
    tpl_tornado_locale_methods
};


tpl_int_t
tpl_web_register(tpl_builtins_t *builtins)
{
    tpl_uint_t  i;

    for (i = 0; i < tpl_nelts(tpl_web_families); i++) {

        if (tpl_builtins_add(builtins, TPL_JINJA_GLOBALS, tpl_web_families[i])
            != TPL_OK
            || tpl_builtins_add(builtins, TPL_TORNADO_GLOBALS,
                                tpl_web_families[i])
               != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    if (tpl_builtins_add(builtins, TPL_JINJA_GLOBALS, tpl_flask_globals)
        != TPL_OK
        || tpl_builtins_add(builtins, TPL_TORNADO_GLOBALS,
                            tpl_tornado_globals)
           != TPL_OK
        || tpl_builtins_add(builtins, TPL_TORNADO_GLOBALS,
                            tpl_tornado_locale_globals)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    for (i = 0; i < tpl_nelts(tpl_web_methods); i++) {
        if (tpl_builtins_add(builtins, TPL_MODULES, tpl_web_methods[i])
            != TPL_OK)
        {
            return TPL_ERROR;
        }
    }

    return TPL_OK;
}


tpl_int_t
tpl_pairs_add(tpl_arena_t *arena, tpl_pairs_t *pairs, const tpl_str_t *name,
    const tpl_str_t *value)
{
    uint32_t     size;
    tpl_pair_t  *items;

    if (pairs->n == pairs->size) {
        size = pairs->size ? pairs->size * 2 : 8;

        items = tpl_palloc(arena, size * sizeof(tpl_pair_t));
        if (items == NULL) {
            return TPL_ERROR;
        }

        if (pairs->n) {
            memcpy(items, pairs->items, pairs->n * sizeof(tpl_pair_t));
        }

        pairs->items = items;
        pairs->size = size;
    }

    pairs->items[pairs->n].name = *name;
    pairs->items[pairs->n].value = *value;
    pairs->n++;

    return TPL_OK;
}


tpl_int_t
tpl_web_header(tpl_exec_t *exec, tpl_web_t *web, const char *name,
    tpl_str_t *out)
{
    tpl_int_t  rc;
    tpl_str_t  s;

    s.len = strlen(name);
    s.data = (tpl_char_t *) name;

    if (tpl_web_vary(web, &s) != TPL_OK) {
        return tpl_throw_memory(exec);
    }

    rc = web->host->header(web, &s, out);

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    return rc;
}


tpl_int_t
tpl_web_vary(tpl_web_t *web, const tpl_str_t *name)
{
    uint32_t          i;
    tpl_str_t         none;
    const tpl_str_t  *other;

    for (i = 0; i < web->vary.n; i++) {
        other = &web->vary.items[i].name;

        if (other->len == name->len
            && strncasecmp((char *) other->data, (char *) name->data,
                           name->len) == 0)
        {
            return TPL_OK;
        }
    }

    none.len = 0;
    none.data = NULL;

    return tpl_pairs_add(web->arena, &web->vary, name, &none);
}
