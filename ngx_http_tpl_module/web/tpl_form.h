
/*
 * The form of a request: what its body says by application/
 * x-www-form-urlencoded or multipart/form-data.
 */

#ifndef _TPL_FORM_H_INCLUDED_
#define _TPL_FORM_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/* a file that was sent: all but its bytes, which are not kept */

typedef struct {
    tpl_str_t            name;          /* of the field */
    tpl_str_t            filename;      /* as it was sent; may be empty */
    tpl_str_t            type;          /* its Content-Type, may be empty */
    size_t               size;          /* bytes */
} tpl_form_file_t;


struct tpl_form_s {
    tpl_pairs_t          fields;        /* in the order they came */
    tpl_form_file_t     *files;
    uint32_t             nfiles;
    uint32_t             size;          /* of files */
};


/* what a form may have; zeroed: any number of fields, no files */

struct tpl_form_limits_s {
    uint32_t             fields;        /* and files; 0 for no limit */
    unsigned             files:1;       /* they are skipped, not refused */
};


/* why a form was not taken */

typedef struct {
    tpl_uint_t           status;        /* 400, 413 or 415 */
    const char          *text;
} tpl_form_error_t;


/*
 * Takes a body apart by its Content-Type; of another type, or without one, the
 * form is empty.  Texts point into body where they stand there as they are.
 * TPL_DECLINED with err set, TPL_ERROR without memory.  The rules are
 * Werkzeug's (werkzeug.formparser: FormDataParser), which gives an empty form
 * where this declines.
 */
tpl_int_t tpl_form_parse(tpl_arena_t *arena, const tpl_str_t *type,
    const tpl_str_t *body, const tpl_form_limits_t *limits,
    tpl_form_t *form, tpl_form_error_t *err);

/*
 * The form of the request, parsed when it is first asked for; empty if the
 * server has read no body, or none that is a form.  Never NULL after TPL_OK;
 * errors are thrown.
 */
tpl_int_t tpl_web_form(tpl_exec_t *exec, tpl_web_t *web,
    const tpl_form_t **out);

/*
 * The same without a render: TPL_DECLINED with err set for a body that is no
 * good, TPL_ERROR without memory.
 */
tpl_int_t tpl_web_read_form(tpl_web_t *web, tpl_form_error_t *err);


TPL_END_DECLS


#endif /* _TPL_FORM_H_INCLUDED_ */
