/* key.h - one key: SM2 with SM3 (GB/T 32918), Ed25519 (RFC 8032) or ECDSA P-256 with SHA-256 (FIPS 186-4).
 *
 * SM2 signatures are DER SEQUENCE { r, s }, always with the identifier 1234567812345678 (GM/T 0009) unless another is
 * given; P-256 signatures are the 64 bytes r || s of JWS (RFC 7518 3.4); Ed25519 64 bytes. Only canonical encodings
 * verify. A key is immutable once made and may be shared. Private bytes are wiped when freed.
 *
 * Ed25519 at its edges (RFC 8032 5.1.7 leaves a choice): a public key that is of small order or not canonical is
 * refused when it is read; a signature counts when S < L and encode([S]B - [k]A) equals the 32 bytes of R, without the
 * cofactor. So a non-canonical R never verifies, a small-order R does when the equation holds. */
#ifndef KEYS_KEY_H
#define KEYS_KEY_H

#include "base/buf.h"
#include "base/error.h"

#define KEY_SM2_ID "1234567812345678"

enum key_algorithm { KEY_SM2, KEY_ED25519, KEY_P256, KEY_ALGORITHM_COUNT };
enum { KEY_ID_BYTES = 64 }; /* with the NUL: 1 to 63 printable ASCII characters, no space, quote or backslash */

struct key;

const char *key_algorithm_name(enum key_algorithm algorithm); /* the JWS "alg": "SM2-SM3" (private), "EdDSA", "ES256" */
MUST_CHECK bool key_algorithm_parse(const char *name, enum key_algorithm *algorithm);

MUST_CHECK bool key_generate(enum key_algorithm algorithm, const char *id, struct key **out, struct error *err);
/* PEM: one PKCS#8 private key (not encrypted) or SubjectPublicKeyInfo, nothing before or after it. What is not:
 * ERR_INVALID.
 */
MUST_CHECK bool key_parse(struct span pem, const char *id, struct key **out, struct error *err);
/* Raw public key: uncompressed point (65 bytes) or 32 bytes of Ed25519. */
MUST_CHECK bool key_from_public(enum key_algorithm algorithm, struct span bytes, const char *id, struct key **out,
                                struct error *err);
/* A key without its private half fails with ERR_INVALID. Wipe the buf (buf_wipe_done). */
MUST_CHECK bool key_private_pem(const struct key *key, struct buf *pem, struct error *err);
MUST_CHECK bool key_public_pem(const struct key *key, struct buf *pem, struct error *err);
void key_free(struct key *key);

const char *key_id(const struct key *key);
enum key_algorithm key_algorithm_of(const struct key *key);
bool key_is_private(const struct key *key);

/* The signature is added to `signature`. */
MUST_CHECK bool key_sign(const struct key *key, struct span message, struct buf *signature, struct error *err);
/* True only for a good signature. A bad one is ERR_CORRUPT. */
MUST_CHECK bool key_verify(const struct key *key, struct span message, struct span signature, struct error *err);
/* The same for an SM2 signature made under another identifier (0 to 8190 bytes). */
MUST_CHECK bool key_verify_sm2_with_id(const struct key *key, struct span id, struct span message,
                                       struct span signature, struct error *err);
/* The same for a P-256 signature in DER, as X.509 and CMS have it. */
MUST_CHECK bool key_verify_p256_der(const struct key *key, struct span message, struct span signature,
                                    struct error *err);

DEFINE_AUTO(struct key *, key_free)

#endif
