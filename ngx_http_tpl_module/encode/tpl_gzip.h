
/*
 * Gzip (RFC 1952) made of a page's segments, far cheaper than by searching them
 * for repeats.
 *
 * A model is what is known of a template's pages before any is made: a
 * reference page, its best split into literals and matches, and those as bits.
 * Where a page has the reference's bytes, the encoder copies the bits; it
 * corrects only the distances of matches that reach across bytes that differ.
 * The rest, values above all, is coded as it comes.  A model is immutable; the
 * same model and page, cut at the same places, give the same bytes.
 */

#ifndef _TPL_GZIP_H_INCLUDED_
#define _TPL_GZIP_H_INCLUDED_


#include "vm/tpl_vm.h"


TPL_BEGIN_DECLS


typedef struct tpl_gzip_model_s  tpl_gzip_model_t;
typedef struct tpl_gzip_s        tpl_gzip_t;


/* most bytes of a reference: its positions are 16 bits */
#define TPL_GZIP_REFERENCE_MAX  65535

/* room for the first and last bytes of a gzip member */
#define TPL_GZIP_FRAME          18


/*
 * What a page of tmpl has for sure: its text when it is rendered by a host that
 * answers what depends on a request with tpl_gzip_unknown(), as far as that
 * goes, then the texts of tmpl and of what it links to that did not come.
 *
 * conf: of the render; its arena takes the reference too, its limits should be
 * low.  TPL_ERROR only without memory.
 */
tpl_int_t tpl_gzip_reference(tpl_template_t *tmpl, const tpl_vm_conf_t *conf,
    tpl_str_t *reference);

/*
 * A value that nothing is known of: all of its attributes, items and results
 * are like it, it prints as nothing and has one item.
 */
void tpl_gzip_unknown(tpl_value_t *out);


/*
 * reference: at most its first TPL_GZIP_REFERENCE_MAX bytes count; they are
 * copied.  arena gets what stays (about 7 bytes for each of the reference),
 * scratch what does not.  NULL without memory.
 */
tpl_gzip_model_t *tpl_gzip_model(tpl_arena_t *arena, tpl_arena_t *scratch,
    const tpl_str_t *reference);

/* bytes of its reference */
size_t tpl_gzip_model_size(const tpl_gzip_model_t *model);


/*
 * The state of an encoder, about 100 kB: one after the other may use it.  NULL
 * without memory.
 */
tpl_gzip_t *tpl_gzip_create(tpl_arena_t *arena);

/*
 * Begins a member whose bytes go to out, which is initialised and empty.  Each
 * of the others gives TPL_OK, or TPL_ERROR for want of memory or by out's
 * limit; then what is in out is of no use and all that follow fail too.
 */
void tpl_gzip_start(tpl_gzip_t *gz, const tpl_gzip_model_t *model,
    tpl_output_t *out);

/* the next bytes of the page; they need not stay */
tpl_int_t tpl_gzip_segment(tpl_gzip_t *gz, const tpl_char_t *p, size_t len);

/* so that a receiver can have all bytes so far: costs about 100 bytes */
tpl_int_t tpl_gzip_flush(tpl_gzip_t *gz);

tpl_int_t tpl_gzip_finish(tpl_gzip_t *gz);

/* start, all segments of page, finish */
tpl_int_t tpl_gzip_page(tpl_gzip_t *gz, const tpl_gzip_model_t *model,
    const tpl_output_t *page, tpl_output_t *out);


TPL_END_DECLS


#endif /* _TPL_GZIP_H_INCLUDED_ */
