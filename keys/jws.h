/* jws.h - JSON Web Signatures: compact (RFC 7515 7.1) and general JSON (7.2.1, several signatures).
 *
 * "alg" is EdDSA (RFC 8037), ES256 (RFC 7518 3.4) or the private name SM2-SM3 (GB/T 32918, DER, identifier
 * 1234567812345678). What we make has a protected header of exactly {"alg","kid"} and no other. What we read is read
 * strictly: base64url without padding or trailing bits; no name twice; any "crit" or "b64" (RFC 7797) refused, since we
 * know no extension; a key that comes with the message ("jwk", "jku", "x5c", "x5u") refused; unprotected headers and
 * unknown members of the general form refused; other header members ignored. The algorithm is the key's: an "alg" that
 * says otherwise is refused before anything is computed. */
#ifndef KEYS_JWS_H
#define KEYS_JWS_H

#include "keys/keyring.h"
#include "keys/signer.h"

enum { JWS_BYTES_MAX = 8 * 1024 * 1024, JWS_HEADER_BYTES_MAX = 4096, JWS_SIGNATURES_MAX = 8 };

/* Added to `out`. A payload is limited by SIGNER_MESSAGE_MAX in its Base64 form. */
MUST_CHECK bool jws_sign_compact(struct signer *signer, enum key_use use, enum key_algorithm algorithm,
                                 struct span payload, struct buf *out, struct error *err);

/* Which keys sign, in this order. */
struct jws_signing {
    enum key_use use;
    const enum key_algorithm *algorithms;
    size_t count;
};
/* {"payload":…,"signatures":[{"protected":…,"signature":…},…]}, canonical (RFC 8785). */
MUST_CHECK bool jws_sign_general(struct signer *signer, const struct jws_signing *signing, struct span payload,
                                 struct buf *out, struct error *err);

#define JWS_REQUIRES(algorithm) (1U << (algorithm))

/* Whom to believe: one key, or a keyring whose key "kid" was in force for `use` at `at_ms`. */
struct jws_trust {
    const struct key *key;         /* this one; a "kid" that is there must be its id */
    const struct keyring *keyring; /* when `key` is NULL: "kid" must be there */
    enum key_use use;
    int64_t at_ms;
    unsigned
        required; /* general form: algorithms that must be among the signatures, JWS_REQUIRES(a) | JWS_REQUIRES(b) */
};

/* True only when the signature is good; the payload's bytes are added to `payload`. Wrong form: ERR_INVALID; wrong
 * signature: ERR_CORRUPT; a key we do not trust: ERR_UNAUTHORIZED. */
MUST_CHECK bool jws_verify_compact(struct span text, const struct jws_trust *trust, struct buf *payload,
                                   struct error *err);
/* Against a keyring every signature must be good, none by the same key twice, and all required algorithms there.
 * Against one key its own signature (a "kid" left out counts as its own) must be there and good; the others are not
 * judged. */
MUST_CHECK bool jws_verify_general(struct span json, const struct jws_trust *trust, struct buf *payload,
                                   struct error *err);

#endif
