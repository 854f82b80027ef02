/* certificate.h - what we need to know of a certificate in a PEM file. */
#ifndef GATEWAY_CONFIG_CERTIFICATE_H
#define GATEWAY_CONFIG_CERTIFICATE_H

#include "base/error.h"

struct certificate_facts {
    uint8_t sha256[32]; /* of the DER form */
    int64_t not_after_ms;
};
/* The first certificate of the file. */
MUST_CHECK bool certificate_read(const char *path, struct certificate_facts *facts, struct error *err);
/* Does the private key of `key_path` belong to the first certificate of `path`? ERR_INVALID when not, when the file
 * holds no key in PEM, or when the key is under a password. */
MUST_CHECK bool certificate_fits_key(const char *path, const char *key_path, struct error *err);
/* The earliest nextUpdate of the certificate revocation lists in a PEM file (RFC 5280 section 5). */
MUST_CHECK bool revocations_read(const char *path, int64_t *next_update_ms, struct error *err);

#endif
