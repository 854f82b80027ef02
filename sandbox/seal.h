/* seal.h - the seal over the rows of a report: a compact JWS (RFC 7515 section 7.1) whose protected header is exactly
 * {"alg": "SM2-SM3", "kid": …}. The signature is DER, SM2 with SM3 and the identifier 1234567812345678. Pure. */
#ifndef SANDBOX_SEAL_H
#define SANDBOX_SEAL_H

#include "sandbox/wire.h"

/* Is `seal` the gateway's over these bytes? ERR_UNAUTHORIZED says why not. */
MUST_CHECK bool seal_check(const struct wire_keys *keys, struct span seal, struct span canonical, struct error *err);

#endif
