/* waiting.h - an outbox in which much waits, filled fast, and what is needed to send it: for benchmarks.
 *
 * The deliveries are journaled and applied as a push would do it, each of another record of another enterprise, with
 * whole rows that the stand-in of 信用广东 takes; the registry knows nothing of them. Nothing in such a store can be
 * verified. */
#ifndef TESTS_BENCH_WAITING_H
#define TESTS_BENCH_WAITING_H

#include "adapters/layout.h"
#include "gateway/courier/courier.h"
#include "keys/keyring.h"

enum { WAITING_PATH_BYTES = 1200 };

struct waiting {
    const char *folder; /* borrowed; keys, certificates and the platform's state lie there */
    struct layout *layout;
    struct keyring *keyring;
    struct adapter_config config; /* without base_url */
    char certificate[WAITING_PATH_BYTES];
    char key[WAITING_PATH_BYTES];
    char ca[WAITING_PATH_BYTES];
};
MUST_CHECK bool waiting_open(const char *folder, struct waiting *out, struct error *err);
void waiting_done(struct waiting *waiting);

/* Queue the deliveries numbered from `first` on; in transactions of 16,000. The same number is the same enterprise. */
MUST_CHECK bool waiting_fill(const struct waiting *waiting, struct store *store, enum channel channel, uint32_t first,
                             uint32_t count, struct error *err);

/* A channel to `base_url` (borrowed) as the courier takes it; `config` is filled and must outlive it. Whatever the
 * channel, it speaks as 信用广东. */
struct courier_channel waiting_channel(const struct waiting *waiting, enum channel channel, const char *base_url,
                                       struct adapter_config *config);

/* The stand-in, in a process of its own that dies with this one. */
MUST_CHECK bool waiting_platform(const struct waiting *waiting, long *pid, uint16_t *port, struct error *err);

#endif
