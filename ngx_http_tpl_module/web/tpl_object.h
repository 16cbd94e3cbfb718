
/*
 * What the room's classes of objects share.  Methods stand in the table
 * TPL_MODULES as "CLASS:name", like those of Python's modules.
 */

#ifndef _TPL_OBJECT_H_INCLUDED_
#define _TPL_OBJECT_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/* fields of one query, cookies, headers, elements of a list: more are an error
 * 400 */
#define TPL_WEB_MAX_FIELDS  1000


extern const tpl_builtin_def_t  tpl_bytes_methods[];
extern const tpl_builtin_def_t  tpl_multidict_methods[];
extern const tpl_builtin_def_t  tpl_headers_methods[];
extern const tpl_builtin_def_t  tpl_accept_methods[];
extern const tpl_builtin_def_t  tpl_flask_methods[];
extern const tpl_builtin_def_t  tpl_tornado_methods[];
extern const tpl_builtin_def_t  tpl_tornado_locale_methods[];


/* the method "cls:name" bound to obj; TPL_DECLINED if there is none */
tpl_int_t tpl_web_method(tpl_exec_t *exec, tpl_object_t *obj,
    const char *cls, const tpl_str_t *name, tpl_value_t *out);

/* ends the render with 400 if n is more than TPL_WEB_MAX_FIELDS; what names
 * them */
tpl_int_t tpl_web_check_fields(tpl_exec_t *exec, tpl_web_t *web, uint32_t n,
    const char *what);

/*
 * type(v), as get(key, type=int) calls it.  TPL_DECLINED if that is a
 * ValueError or, for an int, past 64 bits.  Jinja's templates have no int,
 * float, str, bool by themselves: these names, though undefined, mean
 * Python's.
 */
tpl_int_t tpl_web_convert(tpl_exec_t *exec, const tpl_value_t *type,
    const tpl_value_t *v, tpl_value_t *out);

/* bytes as text, each byte a character (ISO 8859-1) */
tpl_int_t tpl_web_latin1(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_value_t *out);

/* bytes as text, ill-formed UTF-8 as U+FFFD */
tpl_int_t tpl_web_utf8(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_value_t *out);

/* a string without its length: static text */
#define tpl_web_text_value(v, text)                                          \
    tpl_value_string(v, (const tpl_char_t *) (text), sizeof(text) - 1,       \
                     TPL_F_ASCII)

/* Python's bytes; not copied */
tpl_int_t tpl_bytes_create(tpl_exec_t *exec, const tpl_str_t *s,
    tpl_value_t *out);

/* the bytes of a value; TPL_DECLINED if it has none */
tpl_int_t tpl_bytes_str(const tpl_value_t *v, tpl_str_t *s);


TPL_END_DECLS


#endif /* _TPL_OBJECT_H_INCLUDED_ */
