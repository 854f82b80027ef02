/* der.h - the two shapes of a pair (r, s) of numbers below 2^256: DER SEQUENCE { INTEGER r, INTEGER s } (X.690; GM/T
 * 0009 7.3, RFC 3279 2.2.3) and the 64 bytes r || s (RFC 7518 3.4). Only the one canonical DER form of a pair is read:
 * OpenSSL forgives more than a signature that is stored for years should. */
#ifndef KEYS_DER_H
#define KEYS_DER_H

#include "base/buf.h"

enum { PAIR_NUMBER_BYTES = 32, PAIR_RAW_BYTES = 64, PAIR_DER_MAX = 72 };

/* False when `der` is not the canonical form of two numbers in [1, 2^256). */
MUST_CHECK bool pair_from_der(struct span der, uint8_t raw[PAIR_RAW_BYTES]);
/* Returns the bytes written. */
size_t pair_to_der(const uint8_t raw[PAIR_RAW_BYTES], uint8_t der[PAIR_DER_MAX]);

#endif
