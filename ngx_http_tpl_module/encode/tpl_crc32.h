
/*
 * The CRC of gzip (RFC 1952, 8), 16 bytes at a time where the processor can.
 */

#ifndef _TPL_CRC32_H_INCLUDED_
#define _TPL_CRC32_H_INCLUDED_


#include "base/tpl_base.h"


TPL_BEGIN_DECLS


/* as zlib's crc32(): crc is that of the bytes before, 0 of none */
uint32_t tpl_crc32(uint32_t crc, const tpl_char_t *p, size_t len);


TPL_END_DECLS


#endif /* _TPL_CRC32_H_INCLUDED_ */
