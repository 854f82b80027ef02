/* wire.h - the platform's side of the envelope: Base64, SM4-CBC, SM2-with-SM3 and the digests, straight on OpenSSL.
 *
 * Deliberately shares nothing with keys/ and adapters/: what the gateway encodes must be understood by somebody who has
 * only read upstreams.md. Sources: RFC 4648 section 4, GB/T 32907 and GB/T 17964 (SM4, CBC), RFC 5652 section 6.3
 * (padding), GB/T 32918.2 with the identifier of GM/T 0009, GB/T 32905 (SM3). */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#include "base/buf.h"
#include "base/error.h"

enum { WIRE_BLOCK_BYTES = 16, WIRE_HEX_BYTES = 65, WIRE_GATEWAY_KEYS_MAX = 8 };

/* What both sides exchanged beforehand. */
struct wire_keys;

/* The SM4 key file holds 32 hex digits (NULL where no such key was exchanged: then nothing can be decrypted); the PEM
 * file the gateway's public SM2 key, or several while keys are rotated: a signature by any of them is good. */
MUST_CHECK bool wire_keys_load(const char *sm4_key_file, const char *gateway_key_file, struct wire_keys **out,
                               struct error *err);
void wire_keys_free(struct wire_keys *keys);

/* A symmetric key of 16 bytes, 32 hex digits in a file. */
MUST_CHECK bool wire_key_load(const char *path, uint8_t key[WIRE_BLOCK_BYTES], struct error *err);

/* Strict: exact padding, no white space, no bits after the end. `out` is untouched on failure. */
MUST_CHECK bool wire_base64(struct span text, struct buf *out);
/* The URL alphabet without padding (RFC 4648 section 5), as strict. */
MUST_CHECK bool wire_base64url(struct span text, struct buf *out);
void wire_base64_add(struct span data, struct buf *out);
void wire_base64url_add(struct span data, struct buf *out);
/* `sealed` is the 16-byte IV, then whole blocks. False when the length or the padding is wrong. */
MUST_CHECK bool wire_decrypt(const struct wire_keys *keys, struct span sealed, struct buf *plain);
/* Is `signature` (DER) the gateway's over `message`? */
MUST_CHECK bool wire_verify(const struct wire_keys *keys, struct span message, struct span signature);

/* Digests as lower-case hex with a NUL. */
void wire_sm3(struct span data, char hex[WIRE_HEX_BYTES]);
void wire_sha256(struct span data, char hex[WIRE_HEX_BYTES]);
/* Compare without telling by the time taken where they differ. */
bool wire_same(struct span a, struct span b);

DEFINE_AUTO(struct wire_keys *, wire_keys_free)

#endif
