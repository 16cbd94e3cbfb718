
/*
 * Translations on the command line: the functions of a batch request, which has
 * none, and the catalogues of `tpl render --locale-path DIR --locale NAME`.
 */

#include <errno.h>

#include "builtins/tpl_catalogue.h"
#include "builtins/tpl_gettext.h"
#include "builtins/tpl_locale.h"
#include "cli/tpl_cli.h"


tpl_builtins_t *
tpl_cli_gettext(tpl_arena_t *arena, tpl_uint_t kind)
{
    tpl_builtins_t  *builtins;

    builtins = tpl_builtins_create(arena);

    if (builtins == NULL || tpl_gettext_register(builtins, kind) != TPL_OK) {
        return NULL;
    }

    return builtins;
}


/* one file; TPL_DECLINED if it is not there */

static tpl_int_t
tpl_cli_catalogue_file(tpl_cli_t *cli, const tpl_str_t *locale,
    tpl_catalogue_t **out, tpl_error_t *err)
{
    tpl_int_t  rc;
    tpl_buf_t  b;
    tpl_str_t  path, text;

    tpl_buf_init(&b, cli->arena);

    if (tpl_buf_printf(&b, "%s/%.*s/LC_MESSAGES/%s.mo", cli->locale_path,
                       tpl_str_arg(locale), cli->domain)
        != TPL_OK
        || tpl_buf_char(&b, '\0') != TPL_OK)
    {
        return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
    }

    path.data = b.data;
    path.len = b.len - 1;

    rc = tpl_cli_read(cli->arena, (char *) b.data, &text);

    if (rc == TPL_DECLINED) {
        return rc;
    }

    if (rc != TPL_OK) {
        return tpl_error_set(err, TPL_EXC_HOST, NULL, "%.*s: %s",
                             tpl_str_arg(&path), strerror(errno));
    }

    *out = tpl_catalogue_load(cli->arena, &path, &text, err);

    return *out ? TPL_OK : TPL_ERROR;
}


tpl_int_t
tpl_cli_catalogue(tpl_cli_t *cli, const tpl_catalogue_t **out,
    tpl_error_t *err)
{
    tpl_int_t          rc;
    tpl_str_t          name, parent;
    tpl_catalogue_t   *c, *last;

    *out = NULL;
    last = NULL;
    c = NULL;

    name.data = (tpl_char_t *) cli->locale;
    name.len = strlen(cli->locale);

    if (name.len == 0 || memchr(name.data, '/', name.len)) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "\"%s\" is not the name of a locale",
                             cli->locale);
    }

    for ( ;; ) {
        rc = tpl_cli_catalogue_file(cli, &name, &c, err);

        if (rc == TPL_ERROR) {
            return rc;
        }

        if (rc == TPL_OK) {

            if (last) {
                last->fallback = c;

            } else {
                *out = c;
            }

            last = c;
        }

        parent.data = tpl_pnalloc(cli->arena, name.len + 1);
        if (parent.data == NULL) {
            return tpl_error_set(err, TPL_EXC_MEMORY, NULL, "out of memory");
        }

        if (tpl_locale_parent(&name, &parent) != TPL_OK) {
            break;
        }

        name = parent;
    }

    if (*out == NULL) {
        return tpl_error_set(err, TPL_EXC_VALUE, NULL,
                             "there is no catalogue \"%s.mo\" for the locale "
                             "\"%s\" below \"%s\"", cli->domain, cli->locale,
                             cli->locale_path);
    }

    return TPL_OK;
}
