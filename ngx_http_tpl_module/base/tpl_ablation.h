
/*
 * Switches for `make bench-ablation`, which measures what an optimisation buys
 * by building the module without it.  Each is 0 unless the compiler is told
 * otherwise (-DTPL_NO_FUSE=1); pages are the same either way.  Nothing but
 * measurements and the tests that keep them compiling sets one.
 */

#ifndef _TPL_ABLATION_H_INCLUDED_
#define _TPL_ABLATION_H_INCLUDED_


/* all of them: for tests */
#ifndef TPL_NO_ALL
#define TPL_NO_ALL          0
#endif

/* templates run as they were compiled: nothing is rendered beforehand */
#ifndef TPL_NO_SPECIAL
#define TPL_NO_SPECIAL      TPL_NO_ALL
#endif

/* no superinstructions */
#ifndef TPL_NO_FUSE
#define TPL_NO_FUSE         TPL_NO_ALL
#endif

/* loops that only write are run as all others */
#ifndef TPL_NO_ROWS
#define TPL_NO_ROWS         TPL_NO_ALL
#endif

/* instructions are told apart by a switch instead of labels as values */
#ifndef TPL_NO_GOTO
#define TPL_NO_GOTO         TPL_NO_ALL
#endif

/* an item of a dict is looked for anew each time */
#ifndef TPL_NO_HINTS
#define TPL_NO_HINTS        TPL_NO_ALL
#endif

/* escaping, JSON and UTF-8 a byte at a time */
#ifndef TPL_NO_SIMD
#define TPL_NO_SIMD         TPL_NO_ALL
#endif

/* static text is copied into the output, however long */
#ifndef TPL_NO_ZERO_COPY
#define TPL_NO_ZERO_COPY    TPL_NO_ALL
#endif

/* the ETag is made of all bytes, those of static text too */
#ifndef TPL_NO_TEXT_HASH
#define TPL_NO_TEXT_HASH    TPL_NO_ALL
#endif

/* numbers are written by printf() */
#ifndef TPL_NO_FORMAT
#define TPL_NO_FORMAT       TPL_NO_ALL
#endif

/* strings and integers are sorted as all other values are */
#ifndef TPL_NO_RANKS
#define TPL_NO_RANKS        TPL_NO_ALL
#endif

/* JSON is read by yyjson, whose tree becomes values */
#ifndef TPL_NO_JSON_PASS
#define TPL_NO_JSON_PASS    TPL_NO_ALL
#endif

/* an object of JSON does not learn from the one before it */
#ifndef TPL_NO_JSON_LIKE
#define TPL_NO_JSON_LIKE    TPL_NO_ALL
#endif

/* data of the configuration are copied for each request */
#ifndef TPL_NO_SHARED_DATA
#define TPL_NO_SHARED_DATA  TPL_NO_ALL
#endif

/* gzip knows nothing of a page before it comes */
#ifndef TPL_NO_REFERENCE
#define TPL_NO_REFERENCE    TPL_NO_ALL
#endif

/* the CRC is zlib's */
#ifndef TPL_NO_CLMUL
#define TPL_NO_CLMUL        TPL_NO_ALL
#endif

/* a worker keeps no free pages of memory */
#ifndef TPL_NO_FREE_PAGES
#define TPL_NO_FREE_PAGES   TPL_NO_ALL
#endif

/* a page that is always the same is rendered each time */
#ifndef TPL_NO_KEPT
#define TPL_NO_KEPT         TPL_NO_ALL
#endif

/* replies are copied from nginx's buffers */
#ifndef TPL_NO_LEND
#define TPL_NO_LEND         TPL_NO_ALL
#endif


#if (__SSE2__ && !TPL_NO_SIMD)
#define TPL_SSE2            1
#endif


#endif /* _TPL_ABLATION_H_INCLUDED_ */
