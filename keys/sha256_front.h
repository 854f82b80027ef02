/* sha256_front.h - SHA-256 of texts that begin alike: the front they share is hashed once, and what follows it goes on
 * from there. Source: FIPS 180-4. */
#ifndef KEYS_SHA256_FRONT_H
#define KEYS_SHA256_FRONT_H

#include "base/base.h"

enum { SHA256_FRONT_WORDS = 14 };

/* A plain value: may be copied, wants no freeing. */
struct sha256_front {
    uint64_t state[SHA256_FRONT_WORDS];
};

void sha256_front_set(struct sha256_front *front, struct span text);
/* The digest of the front followed by `rest`, as digest_sha256 of both joined; the front stays as it is. */
void sha256_front_digest(const struct sha256_front *front, struct span rest, uint8_t out[32]);

#endif
