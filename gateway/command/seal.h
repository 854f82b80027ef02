/* seal.h - a record version, signed at approval: a general JSON JWS (RFC 7515 7.2.1) over its canonical JSON (RFC
 * 8785), with two signatures side by side, SM2-with-SM3 and EdDSA. Anybody can check it offline with the public keys
 * alone. */
#ifndef GATEWAY_COMMAND_SEAL_H
#define GATEWAY_COMMAND_SEAL_H

#include "gateway/registry/record.h"
#include "keys/keyring.h"
#include "keys/signer.h"

/* `record` must be approved (approved_by, approved_ms). `out` gets the JWS object, canonical JSON. */
MUST_CHECK bool seal_make(struct signer *signer, const struct record *record, struct buf *out, struct error *err);
/* Both signatures good, by seal keys that were in force when it was approved, over the canonical JSON of a record that
 * is approved by another than its author, or that the law ended by itself: then no person stands in it, but the rule's
 * id and edition, and it was made after the last day of publication. `record`'s texts are in `hold`. ERR_CORRUPT says
 * what is wrong. */
MUST_CHECK bool seal_verify(struct span seal, const struct keyring *keyring, struct record *record, struct buf *hold,
                            struct error *err);

#endif
