
/*
 * Flask's session: a cookie that the application has signed, by itsdangerous'
 * URLSafeTimedSerializer.
 */

#ifndef _TPL_SESSION_H_INCLUDED_
#define _TPL_SESSION_H_INCLUDED_


#include "web/tpl_answer.h"
#include "web/tpl_web.h"


TPL_BEGIN_DECLS


/* a key as it is used: HMAC-SHA1 of the salt "cookie-session" */
#define TPL_SESSION_KEY   20

/* bytes of what a cookie may hold when it is no longer compressed */
#define TPL_SESSION_MAX   (1024 * 1024)


typedef struct {
    tpl_char_t               key[TPL_SESSION_KEY];
} tpl_session_key_t;

/* the first signs, all are good for reading */

struct tpl_session_keys_s {
    tpl_session_key_t       *keys;
    tpl_uint_t               n;
};


/* how the application has its cookie: Flask's configuration */

struct tpl_session_cookie_s {
    tpl_cookie_t             cookie;    /* SESSION_COOKIE_*: all but value,
                                           expires and max_age; the name has a
                                           zero behind it */
    int64_t                  lifetime;  /* PERMANENT_SESSION_LIFETIME: seconds
                                           that a session is good for */
};

/* Flask's defaults */
extern const tpl_session_cookie_t  tpl_session_cookie;


/* session, get_flashed_messages */
extern const tpl_builtin_def_t  tpl_session_globals[];


/* Flask's SECRET_KEY as it is used; TPL_ERROR if the library fails */
tpl_int_t tpl_session_derive(const tpl_str_t *secret, tpl_session_key_t *key);

/*
 * The JSON text in a cookie that was signed at most lifetime seconds before
 * now; it has four zero bytes behind it, for tpl_json_parse() in place.
 * TPL_DECLINED with why set for a cookie that is no good; TPL_ERROR without
 * memory.
 */
tpl_int_t tpl_session_read(tpl_arena_t *arena,
    const tpl_session_keys_t *keys, const tpl_str_t *cookie, int64_t lifetime,
    int64_t now, tpl_str_t *json, const char **why);

/* the other way round; TPL_ERROR without memory */
tpl_int_t tpl_session_write(tpl_arena_t *arena,
    const tpl_session_keys_t *keys, const tpl_str_t *json, int64_t now,
    tpl_str_t *cookie);

/*
 * Flask: TaggedJSONSerializer: makes what was read of JSON tuples, markup,
 * dates and so on, in place; bytes and UUIDs are strings.  TPL_DECLINED for a
 * tag with something else in it; errors are thrown.
 */
tpl_int_t tpl_session_untag(tpl_exec_t *exec, tpl_value_t *v);


TPL_END_DECLS


#endif /* _TPL_SESSION_H_INCLUDED_ */
