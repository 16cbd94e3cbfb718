
/*
 * Choosing among the locales that there are catalogues for.
 *
 * Names of locales ("pt_BR", "de", "sr@latin") and language ranges of HTTP
 * ("pt-BR", "de", "*") are compared without regard to case, and - is as good as
 * _ is.
 */

#ifndef _TPL_LOCALE_H_INCLUDED_
#define _TPL_LOCALE_H_INCLUDED_


#include "builtins/tpl_catalogue.h"


TPL_BEGIN_DECLS


typedef struct {
    tpl_str_t                 name;
    const tpl_catalogue_t    *catalogue;    /* NULL: messages stay as they
                                               are written */
} tpl_locale_t;


/* ranges of an Accept-Language value that are looked at; no browser sends as
 * many */
#define TPL_LOCALE_RANGES  32

/*
 * The best of n locales for value, which is an Accept-Language list (RFC 9110)
 * or the name of a locale.  Ranges are tried from the highest q to the lowest,
 * equal ones in their order; for each
 *
 *     1. the locale of that name (de-AT: de_AT),
 *     2. with parts of the name taken off from its end (de-AT: de),
 *     3. the first locale of that language (de-AT: de_DE), if both do not name
 *        different scripts (zh-Hant: not zh_Hans),
 *
 * where "*" is the first locale of all.  A range with q=0 excludes locales that
 * begin with it, unless a longer range names them.  NULL if none fits.
 */
const tpl_locale_t *tpl_locale_choose(const tpl_locale_t *locales,
    tpl_uint_t n, const tpl_str_t *value);

/* steps 1 and 2 for one name; NULL if there is none */
const tpl_locale_t *tpl_locale_find(const tpl_locale_t *locales, tpl_uint_t n,
    const tpl_str_t *name);

/*
 * The locale whose catalogue is asked after that of name: "de_DE.UTF-8",
 * "de_DE", "de"; "sr_RS@latin", "sr@latin", "sr".  parent has room for name;
 * TPL_DECLINED if there is none.
 */
tpl_int_t tpl_locale_parent(const tpl_str_t *name, tpl_str_t *parent);


TPL_END_DECLS


#endif /* _TPL_LOCALE_H_INCLUDED_ */
