
/*
 * HTTP in templates: the request that a page answers, and what the page says
 * about its answer.
 *
 * The room knows no server: the host tells fields and headers of the request
 * when a template first asks for them, and reads the answer's header and
 * status after the render.  An untouched request costs nothing.
 */

#ifndef _TPL_WEB_H_INCLUDED_
#define _TPL_WEB_H_INCLUDED_


#include "builtins/tpl_args.h"
#include "vm/tpl_vm.h"


TPL_BEGIN_DECLS


/* names and values in the order they came: a query, a form, headers */

typedef struct {
    tpl_str_t                name;
    tpl_str_t                value;
} tpl_pair_t;

typedef struct {
    tpl_pair_t              *items;
    uint32_t                 n;
    uint32_t                 size;
} tpl_pairs_t;

/* adds a pair, whose texts are not copied; TPL_ERROR without memory */
tpl_int_t tpl_pairs_add(tpl_arena_t *arena, tpl_pairs_t *pairs,
    const tpl_str_t *name, const tpl_str_t *value);


typedef struct tpl_form_s         tpl_form_t;         /* tpl_form.h */
typedef struct tpl_form_limits_s  tpl_form_limits_t;
typedef struct tpl_session_s      tpl_session_t;      /* tpl_session.c */
typedef struct tpl_session_keys_s tpl_session_keys_t; /* tpl_session.h */
typedef struct tpl_session_cookie_s tpl_session_cookie_t;
typedef struct tpl_request_s      tpl_request_t;      /* tpl_request.h */


typedef enum {
    TPL_WEB_METHOD = 0,     /* GET */
    TPL_WEB_TARGET,         /* as it was sent: /a%20b?c=d */
    TPL_WEB_PATH,           /* decoded: /a b */
    TPL_WEB_QUERY,          /* c=d; empty if there is none */
    TPL_WEB_SCHEME,         /* http, https */
    TPL_WEB_HOST,           /* with the port; the server's if none was sent */
    TPL_WEB_PROTOCOL,       /* HTTP/1.1 */
    TPL_WEB_REMOTE_ADDR,
    TPL_WEB_SERVER_NAME,
    TPL_WEB_SERVER_PORT,
    TPL_WEB_STATUS          /* that the page will have */
} tpl_web_field_t;


/* bytes of an xsrf token as it is before it is masked */
#define TPL_XSRF_LEN  16


/*
 * What the server tells.  Texts live as long as the render; each returns
 * TPL_OK, TPL_DECLINED if there is none, or TPL_ERROR without memory.
 */

typedef struct {
    tpl_int_t              (*field)(tpl_web_t *web, tpl_web_field_t field,
                               tpl_str_t *out);
    /* a header by its name in any case; several of a name are joined by ", ",
     * those of Cookie by "; " */
    tpl_int_t              (*header)(tpl_web_t *web, const tpl_str_t *name,
                               tpl_str_t *out);
    /* all of them, in the order they came */
    tpl_int_t              (*headers)(tpl_web_t *web, tpl_pairs_t *out);
    /* the whole body; TPL_DECLINED if it was not read */
    tpl_int_t              (*body)(tpl_web_t *web, tpl_str_t *out);
    /* the nonce of the request: the same for all that answers it */
    tpl_int_t              (*nonce)(tpl_web_t *web, tpl_str_t *out);
    /* random bytes for an xsrf token come in, those that the request's first
     * token was made of go out: several renders may answer it; TPL_DECLINED if
     * its cookie is in the answer already; may be NULL */
    tpl_int_t              (*xsrf)(tpl_web_t *web, tpl_char_t *token);
    /* a line of the log: what a client sent, and what is wrong with it */
    void                   (*note)(tpl_web_t *web, const char *what,
                               const char *text);
    /* the name of the locale and its messages, NULL if it has none; may be
     * NULL itself */
    tpl_int_t              (*locale)(tpl_web_t *web, tpl_str_t *name,
                               const tpl_catalogue_t **catalogue);
    /* who asks, as the configuration says; may be NULL */
    tpl_int_t              (*user)(tpl_web_t *web, tpl_str_t *out);
} tpl_web_host_t;


/* what a page says about its answer */

typedef struct {
    tpl_uint_t               status;    /* of the latest TPL_EXC_HTTP; means
                                           nothing if the render ended well */
    tpl_pairs_t              headers;   /* in the order they were set */
    size_t                   size;      /* bytes of them */
    tpl_uint_t               closed;    /* TPL_WEB_*: nothing can be said */
} tpl_web_answer_t;

#define TPL_WEB_OPEN      0
#define TPL_WEB_VARIABLE  1     /* a variable is rendered: it has no answer */
#define TPL_WEB_SENT      2     /* the header is on its way */


/* one a render, made by the host, zeroed but for arena, host and data */

struct tpl_web_s {
    tpl_arena_t             *arena;
    const tpl_web_host_t    *host;
    void                    *data;      /* the host's */

    tpl_web_answer_t         answer;

    /* request headers that the page read, for Vary */
    tpl_pairs_t              vary;      /* names; values are empty */

    const tpl_form_limits_t *limits;    /* NULL: no forms are taken */
    tpl_form_t              *form;      /* once it was parsed */
    tpl_str_t                xsrf;      /* the token, once it was asked for */
    tpl_uint_t               xsrf_new;  /* the answer has its cookie */

    const tpl_session_keys_t *keys;     /* NULL: there are no sessions */
    const tpl_session_cookie_t *session_cookie;
    tpl_session_t           *session;   /* once it was read */
    tpl_request_t           *request;   /* once it was asked for */
};


/* adds the functions of the room for both syntaxes; TPL_ERROR without memory */
tpl_int_t tpl_web_register(tpl_builtins_t *builtins);

/*
 * The header's value, remembered for Vary; TPL_DECLINED if it is not there.
 * Errors are thrown.
 */
tpl_int_t tpl_web_header(tpl_exec_t *exec, tpl_web_t *web, const char *name,
    tpl_str_t *out);

/* remembers that the page read a header; TPL_ERROR without memory */
tpl_int_t tpl_web_vary(tpl_web_t *web, const tpl_str_t *name);


TPL_END_DECLS


#endif /* _TPL_WEB_H_INCLUDED_ */
