/* crc.h - CRC-32 as of IEEE 802.3, zip and zlib, with the processor's own multiplication where it has one. */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include "base/base.h"

/* `before`: of what stands in front; 0 when nothing does. The same as zlib's crc32, several times as fast on long
 * pieces (x86-64 with PCLMULQDQ). */
uint32_t crc32_of(uint32_t before, struct span bytes);

#endif
