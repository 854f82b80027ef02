/* digest.h - digests, authentication codes, block ciphers, random bytes: thin over OpenSSL's EVP. These cannot fail for
 * want of input; a broken library stops the process.
 * Sources: FIPS 180-4 (SHA-256, SHA-512), GB/T 32905-2016 (SM3), RFC 2104 (HMAC), GB/T 32907-2016 (SM4), FIPS 197
 * (AES). */
#ifndef KEYS_DIGEST_H
#define KEYS_DIGEST_H

#include "base/buf.h"
#include "base/error.h"

void digest_sha256(struct span data, uint8_t out[32]);
void digest_sm3(struct span data, uint8_t out[32]);
void digest_sha512(struct span data, uint8_t out[64]); /* only to check what others made */
/* SHA-256 over two or three parts without joining them. */
void digest_sha256_parts(const struct span *parts, size_t count, uint8_t out[32]);
/* A file from its beginning to its end, piece by piece; where it stands does not matter and stays. */
MUST_CHECK bool digest_sha256_file(int fd, uint8_t out[32], struct error *err);
/* SHA-256 made ready once: of many small things most of the time would go into making it ready. */
struct digester;
struct digester *digester_new(void);
void digester_sha256(struct digester *digester, struct span data, uint8_t out[32]);
/* Of two texts at once: out[i] is that of texts[i]. Where the processor can, in little more time than one takes. */
void digester_sha256_pair(struct digester *digester, const struct span texts[2], uint8_t out[2][32]);
void digester_free(struct digester *digester);
void digest_hmac_sha256(struct span key, struct span data, uint8_t out[32]);
void digest_hmac_sm3(struct span key, struct span data, uint8_t out[32]);

/* SM4-CBC with PKCS#7 padding (GB/T 32907, GB/T 17964). `key` and `iv` 16 bytes; at most 64 MiB. The bytes are added to
 * `out`. What cannot be decrypted is ERR_CORRUPT, and the message does not say why. It has no authenticity of its own:
 * check the signature first. */
MUST_CHECK bool sm4_encrypt(const uint8_t key[16], const uint8_t iv[16], struct span plain, struct buf *out,
                            struct error *err);
MUST_CHECK bool sm4_decrypt(const uint8_t key[16], const uint8_t iv[16], struct span cipher, struct buf *out,
                            struct error *err);

/* AES-128-ECB with PKCS#5 padding (FIPS 197; SP 800-38A 6.1; RFC 8018 6.1.1), only to open what others wrap that way:
 * equal blocks show. At most 4096 bytes; added to `out`. What cannot be decrypted is ERR_CORRUPT, and the message does
 * not say why. Wipe `out` when it is a secret. */
MUST_CHECK bool aes_ecb_decrypt(const uint8_t key[16], struct span cipher, struct buf *out, struct error *err);

void random_bytes(void *out, size_t bytes);
/* Uniform in [0, bound); 0 for a bound of 0. */
uint64_t random_below(uint64_t bound);

DEFINE_AUTO(struct digester *, digester_free)

#endif
