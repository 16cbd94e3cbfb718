
/*
 * What a page says about its answer: status, headers, cookies.
 */

#ifndef _TPL_ANSWER_H_INCLUDED_
#define _TPL_ANSWER_H_INCLUDED_


#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/* names and values of all headers that one answer may set, in bytes */
#define TPL_ANSWER_MAX  65536


extern const tpl_builtin_def_t  tpl_answer_globals[];   /* abort, header .. */
extern const tpl_builtin_def_t  tpl_cookie_globals[];   /* set_cookie .. */
extern const tpl_builtin_def_t  tpl_now_globals[];


/* RuntimeError if web answers nothing */
tpl_int_t tpl_web_answers(tpl_exec_t *exec, tpl_web_t *web);

/*
 * Ends the render: throws TPL_EXC_HTTP with answer.status.  status is 300 to
 * 599, description (may be NULL) becomes the error's message.  Always
 * TPL_ERROR.
 */
tpl_int_t tpl_web_abort(tpl_exec_t *exec, tpl_web_t *web, tpl_uint_t status,
    const tpl_str_t *description);

/*
 * Sets a header of the answer in place of an earlier one, or adds one more of
 * the name.  The texts are not copied.  ValueError for what is no name of a
 * header, for control characters (CR, LF, NUL, ...) in the value and for
 * headers that are the server's own (Content-Length, Connection, ...).
 */
tpl_int_t tpl_web_set_header(tpl_exec_t *exec, tpl_web_t *web,
    const tpl_str_t *name, const tpl_str_t *value, tpl_uint_t add);


/* a cookie; texts whose data is NULL are not given */

typedef struct {
    tpl_str_t                name;
    tpl_str_t                value;
    tpl_str_t                path;
    tpl_str_t                domain;
    tpl_str_t                expires;   /* the date as it is sent */
    int64_t                  max_age;
    tpl_str_t                samesite;  /* in any case */
    unsigned                 has_max_age:1;
    unsigned                 secure:1;
    unsigned                 httponly:1;
} tpl_cookie_t;

/*
 * Adds Set-Cookie as werkzeug.http.dump_cookie() writes it; without expires it
 * follows from max_age and the clock.  ValueError for what it refuses.
 */
tpl_int_t tpl_web_set_cookie(tpl_exec_t *exec, tpl_web_t *web,
    const tpl_cookie_t *cookie);

/* appends "Thu, 01 Jan 1970 00:00:00 GMT"; ValueError outside of the years 1
 * to 9999 */
tpl_int_t tpl_http_date(tpl_exec_t *exec, tpl_buf_t *b, int64_t seconds);


/*
 * Quoting of URLs (werkzeug.urls).  tpl_uri_quote(): what neither is always
 * safe nor stands in safe becomes %XX.  tpl_iri_to_uri(): with
 * safe_conversion, as redirect() needs; ValueError for a host that is not
 * ASCII.
 */
tpl_int_t tpl_uri_quote(tpl_buf_t *b, const tpl_str_t *s, const char *safe);
tpl_int_t tpl_iri_to_uri(tpl_exec_t *exec, const tpl_str_t *iri,
    tpl_str_t *out);

/* ValueError for the first control character in s; what names it */
tpl_int_t tpl_web_check_text(tpl_exec_t *exec, const tpl_str_t *s,
    const char *what);

/* the text of a string or number; TypeError for anything else, which what
 * names */
tpl_int_t tpl_web_text(tpl_exec_t *exec, const tpl_value_t *v,
    const char *what, tpl_str_t *out);


TPL_END_DECLS


#endif /* _TPL_ANSWER_H_INCLUDED_ */
