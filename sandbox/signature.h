/* signature.h - the .sig beside a file: {"file", "bytes", "sm3", "kid", "alg": "SM2-SM3", "signature"}, the signature
 * over the 32 bytes of the SM3, Base64 of its DER form (upstreams.md section 3). Pure. */
#ifndef SANDBOX_SIGNATURE_H
#define SANDBOX_SIGNATURE_H

#include "sandbox/wire.h"

/* What it is beside. */
struct signed_file {
    const char *name; /* without ending */
    uint64_t bytes;
    const char *sm3; /* 64 hex digits */
};

/* Does `text` say exactly what is there, signed by the gateway? ERR_INVALID says why not. */
MUST_CHECK bool signature_check(const struct wire_keys *keys, struct span text, const struct signed_file *file,
                                struct error *err);

#endif
