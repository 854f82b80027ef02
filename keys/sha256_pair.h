/* sha256_pair.h - SHA-256 of two texts at a time. A processor with instructions for SHA-256 waits for the end of most
 * of them before it can begin the next; the instructions of another text fill the gaps, and two texts take little
 * longer than one. For digester_sha256_pair (digest.h). Source: FIPS 180-4. */
#ifndef KEYS_SHA256_PAIR_H
#define KEYS_SHA256_PAIR_H

#include "base/base.h"

/* Has this processor the instructions? To be asked once, it takes its time. */
bool sha256_pair_is_possible(void);
/* Only where it is possible. out[i] gets what digest_sha256 says of texts[i]. Best when both are about as long. */
void sha256_pair(const struct span texts[2], uint8_t out[2][32]);

#endif
