
/*
 * An error with its place.  One tpl_error_t serves a compilation or a render;
 * the first error set stays.  Its text lives in the arena given at its start,
 * or in its own small buffer when that arena is out of memory.
 */

#ifndef _TPL_ERROR_H_INCLUDED_
#define _TPL_ERROR_H_INCLUDED_


#include <stdarg.h>

#include "base/tpl_base.h"


TPL_BEGIN_DECLS


/* the exceptions of Python, Jinja2 and Tornado that templates can meet */

#define TPL_EXCEPTION_MAP(X)                                                 \
    X(NONE, "")                                                              \
    X(EXCEPTION, "Exception")                                                \
    X(SYNTAX, "TemplateSyntaxError")                                         \
    X(ASSERTION, "TemplateAssertionError")                                   \
    X(NOT_FOUND, "TemplateNotFound")                                         \
    X(NONE_FOUND, "TemplatesNotFound")                                       \
    X(RUNTIME, "TemplateRuntimeError")                                       \
    X(UNDEFINED, "UndefinedError")                                           \
    X(SECURITY, "SecurityError")                                             \
    X(FILTER_ARGUMENT, "FilterArgumentError")                                \
    X(TYPE, "TypeError")                                                     \
    X(VALUE, "ValueError")                                                   \
    X(KEY, "KeyError")                                                       \
    X(INDEX, "IndexError")                                                   \
    X(ATTRIBUTE, "AttributeError")                                           \
    X(NAME, "NameError")                                                     \
    X(UNBOUND_LOCAL, "UnboundLocalError")                                    \
    X(ASSERT, "AssertionError")                                              \
    X(RUNTIME_ERROR, "RuntimeError")                                         \
    X(ZERO_DIVISION, "ZeroDivisionError")                                    \
    X(OVERFLOW, "OverflowError")                                             \
    X(RECURSION, "RecursionError")                                           \
    X(PARSE, "ParseError")                                                   \
    X(MEMORY, "MemoryError")                                                 \
    X(LIMIT, "LimitError")                                                   \
    X(HTTP, "HTTPException")    /* abort(), redirect() */                    \
    X(HOST, "HostError")

typedef enum {
#define X(name, text)  TPL_EXC_##name,
    TPL_EXCEPTION_MAP(X)
#undef X
    TPL_EXC_LAST
} tpl_exc_t;

/* Python's name of an exception */
const char *tpl_exc_name(tpl_exc_t exc);

/* the exception of that name, TPL_EXC_NONE if there is none */
tpl_exc_t tpl_exc_find(const tpl_str_t *name);

/*
 * True if `except base` catches exc, by Python's hierarchy (KeyError and
 * IndexError are LookupErrors, ...); MEMORY and LIMIT are never caught.
 */
tpl_uint_t tpl_exc_matches(tpl_exc_t exc, const tpl_str_t *base);


/* a template's text and name, as every position refers to it */

typedef struct {
    tpl_str_t            name;      /* as extends and include name it */
    tpl_str_t            path;      /* as messages name it: the file's path */
    tpl_str_t            text;
} tpl_source_t;

/* line and column count from 1; the column counts code points */

typedef struct {
    const tpl_source_t  *source;
    uint32_t             line;
    uint32_t             column;
} tpl_pos_t;


typedef struct tpl_frame_pos_s  tpl_frame_pos_t;

struct tpl_frame_pos_s {
    tpl_pos_t            pos;
    const char          *what;      /* "included from", "in macro", ... */
    tpl_str_t            name;      /* the macro or block, may be empty */
    tpl_frame_pos_t     *next;      /* outwards */
};


typedef struct {
    tpl_arena_t         *arena;     /* may be NULL: then the text is cut */
    tpl_exc_t            exc;       /* TPL_EXC_NONE: no error */
    tpl_str_t            message;
    tpl_pos_t            pos;       /* source is NULL while unknown */
    tpl_frame_pos_t     *frames;    /* innermost first, pos itself excluded */
    tpl_char_t           text[192];
} tpl_error_t;

void tpl_error_init(tpl_error_t *err, tpl_arena_t *arena);

/* sets the error unless one is set; pos may be NULL; returns TPL_ERROR */
tpl_int_t tpl_error_set(tpl_error_t *err, tpl_exc_t exc, const tpl_pos_t *pos,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#define tpl_error_set(...)    tpl_failure(tpl_error_set(__VA_ARGS__))

tpl_int_t tpl_error_vset(tpl_error_t *err, tpl_exc_t exc,
    const tpl_pos_t *pos, const char *fmt, va_list args);

/* appends an outer frame; without memory the frame is left out */
void tpl_error_frame(tpl_error_t *err, const tpl_pos_t *pos, const char *what,
    const tpl_str_t *name);

/* forgets the error, as a caught exception is forgotten */
void tpl_error_clear(tpl_error_t *err);

/*
 * The message as people read it, in b:
 *
 *   path:line:column: message
 *       the source line
 *              ^
 *   included from path:line:column
 *
 * With one_line the source line and caret are left out and frames follow after
 * commas, for error.log.
 */
tpl_int_t tpl_error_format(const tpl_error_t *err, tpl_buf_t *b,
    tpl_uint_t one_line);

/* the line of text that holds pos, without its line end */
void tpl_source_line(const tpl_pos_t *pos, tpl_str_t *line);

/* line and column of a byte offset in the source */
void tpl_source_pos(const tpl_source_t *source, size_t offset,
    tpl_pos_t *pos);


TPL_END_DECLS


#endif /* _TPL_ERROR_H_INCLUDED_ */
