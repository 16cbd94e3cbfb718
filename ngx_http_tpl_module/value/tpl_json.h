
/*
 * JSON in and out (as Python's json.dumps writes it).
 */

#ifndef _TPL_JSON_H_INCLUDED_
#define _TPL_JSON_H_INCLUDED_


#include "value/tpl_value.h"


TPL_BEGIN_DECLS


/*
 * Reads one JSON document, strictly; a byte order mark in front is skipped.
 * With insitu set text is rewritten in place, needs 4 spare zero bytes behind
 * its end and must live as long as the value, whose strings point into it;
 * otherwise text is copied once and may go.  Strings have TPL_F_ASCII set if
 * they are ASCII; of keys given twice the last wins, at the first's place.
 * An integer beyond 64 bits is a ValueError; a float too large is infinite.
 *
 * ValueError says what is wrong and where: "line 3 column 7: ...", or
 * "byte 45: ..." (from 0) with insitu, as lines are no longer there to count.
 * RecursionError for what nests deeper than TPL_MAX_DEPTH.
 */
tpl_int_t tpl_json_parse(tpl_exec_t *exec, tpl_str_t *text,
    tpl_uint_t insitu, tpl_value_t *out);

/*
 * The same in one pass for text that has 4 zero bytes behind its end and no
 * byte order mark, and is at most UINT32_MAX bytes.  The text is not changed;
 * strings without escapes point into it.  TPL_DECLINED without an error for
 * what is no JSON, nests too deep or has an integer beyond 64 bits.
 */
tpl_int_t tpl_json_read(tpl_exec_t *exec, const tpl_str_t *text,
    tpl_value_t *out);

typedef struct {
    tpl_int_t            indent;        /* -1: one line */
    tpl_uint_t           sort_keys;
    tpl_uint_t           ensure_ascii;  /* \uXXXX for all beyond ASCII */
    tpl_uint_t           compact;       /* no blanks after , and : */
    tpl_uint_t           html;          /* \u003c \u003e \u0026 \u0027 */
} tpl_json_style_t;

/*
 * Appends json.dumps(v, ...) with a style.  TypeError "Object of type X is not
 * JSON serializable" for what JSON has not, ValueError for a container within
 * itself; NaN and Infinity as Python writes them; keys may be str, int, float,
 * bool, None.  html: as jinja2.utils.htmlsafe_json_dumps.  What was appended
 * before an error stays.  TPL_AGAIN from a host's mapping: begin anew.
 */
tpl_int_t tpl_json_to(tpl_exec_t *exec, const tpl_value_t *v,
    const tpl_json_style_t *style, tpl_buf_t *b);


TPL_END_DECLS


#endif /* _TPL_JSON_H_INCLUDED_ */
