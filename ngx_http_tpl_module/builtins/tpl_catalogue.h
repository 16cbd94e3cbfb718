
/*
 * Catalogues of translated messages: gettext's .mo files, Tornado's .csv files.
 *
 * A catalogue is loaded once and never changes; the text of its messages is
 * that of the file.
 */

#ifndef _TPL_CATALOGUE_H_INCLUDED_
#define _TPL_CATALOGUE_H_INCLUDED_


#include "builtins/tpl_plural.h"
#include "vm/tpl_vm.h"


TPL_BEGIN_DECLS


/* what the text of a message is */

typedef enum {
    TPL_MESSAGE_PLAIN = 0,
    TPL_MESSAGE_FORMS,      /* .mo: all forms, a zero byte between them; key
                               is the singular */
    TPL_MESSAGE_SINGULAR,   /* .csv */
    TPL_MESSAGE_PLURAL      /* .csv: key is the plural */
} tpl_message_kind_t;


typedef struct {
    const tpl_char_t         *key;
    const tpl_char_t         *text;
    uint32_t                  key_len;
    uint32_t                  text_len;
    uint32_t                  hash;
    uint32_t                  kind;
} tpl_message_t;


struct tpl_catalogue_s {
    tpl_message_t            *messages;
    uint32_t                 *buckets;  /* message + 1 */
    uint32_t                  n;
    uint32_t                  mask;
    tpl_plural_t             *plural;   /* NULL: one, and many */
    tpl_uint_t                csv;

    /* asked for what is not in this one, or NULL; the owner's to set */
    const tpl_catalogue_t    *fallback;
};


/*
 * Reads a .mo file: either byte order, revisions 0.x and 1.x, in UTF-8 or
 * ASCII.  text is the whole file; it must stay as it is for as long as the
 * catalogue, which is the arena's.  path is what messages call the file.  NULL
 * with err set: VALUE for whatever is wrong with the file, MEMORY.
 *
 * Python: gettext.GNUTranslations, also in what is an error.
 */
tpl_catalogue_t *tpl_catalogue_load(tpl_arena_t *arena, const tpl_str_t *path,
    const tpl_str_t *text, tpl_error_t *err);

/*
 * Reads Tornado's format: lines of message, translation and maybe "plural" or
 * "singular", in UTF-8 with or without a byte order mark.  What is neither, and
 * a line of one field, is left out, as Tornado does.  Texts are copied.  NULL
 * with err set: VALUE, MEMORY.
 *
 * Tornado: locale.load_translations(); Python: csv, the dialect "excel".
 */
tpl_catalogue_t *tpl_catalogue_load_csv(tpl_arena_t *arena,
    const tpl_str_t *path, const tpl_str_t *text, tpl_error_t *err);

/* an empty one with room for n messages; NULL without memory */
tpl_catalogue_t *tpl_catalogue_create(tpl_arena_t *arena, uint32_t n);

/* of two equal ones the last counts; no more than there is room for */
void tpl_catalogue_add(tpl_catalogue_t *c, tpl_message_kind_t kind,
    const tpl_str_t *key, const tpl_str_t *text);

/* a translation of any kind; TPL_DECLINED if there is none */
tpl_int_t tpl_catalogue_find_kind(const tpl_catalogue_t *c,
    tpl_message_kind_t kind, const tpl_name_t *key, tpl_str_t *text);

/*
 * A translation by msgid, in which a context stands before a byte 4; not
 * looking at the fallback.  TPL_DECLINED if there is none.
 */
tpl_int_t tpl_catalogue_find(const tpl_catalogue_t *c, const tpl_name_t *key,
    tpl_str_t *text);

/* one form of a message with plural, by the msgid of its singular */
tpl_int_t tpl_catalogue_find_form(const tpl_catalogue_t *c,
    const tpl_name_t *key, int64_t form, tpl_str_t *text);


TPL_END_DECLS


#endif /* _TPL_CATALOGUE_H_INCLUDED_ */
