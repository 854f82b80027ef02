/* chaos.h - faults of chance: what a network and a busy platform do of themselves, so many in a hundred requests.
 *
 * The n-th request to a platform meets the same fault whenever the seed is the same, whatever came between: a decision
 * depends on seed, rate, platform and n alone. Of what only a person can repair (credentials refused, an expired
 * certificate, outcomes that contradict) nothing comes, unless it is asked for. */
#ifndef SANDBOX_CHAOS_H
#define SANDBOX_CHAOS_H

#include "sandbox/faults.h"
#include "sandbox/line.h"

struct chaos_setup {
    bool is_on;
    int64_t seed;
    int64_t rate; /* 0 to 100 */
    bool people;  /* also what only a person can repair */
    /* Without a relay some faults cannot be made, and not without an expired certificate to show. */
    bool has_line;
    bool has_expired;
};

/* What meets one request. */
struct chaos_decision {
    struct fault fault; /* FAULT_NONE: nothing. Of a later phase than requests: to be put into the queue */
    bool has_line;
    struct line_order line; /* of the connections that come next */
};

/* Pure. The caller ends out->fault. */
void chaos_decide(const struct chaos_setup *setup, enum fault_at at, uint64_t number, struct chaos_decision *out);

struct chaos;
struct chaos *chaos_new(const struct chaos_setup *setup);
void chaos_free(struct chaos *chaos);

/* {"seed", "rate", "people"}: on, with requests counted from 1 again; every member may be left out (1, 20, false).
 * ERR_INVALID says what is wrong. */
MUST_CHECK bool chaos_order(struct chaos *chaos, const json_t *order, struct error *err);
void chaos_stop(struct chaos *chaos);

/* The next request to a platform has come. The caller ends out->fault. */
void chaos_next(struct chaos *chaos, enum fault_at at, struct chaos_decision *out);
/* The next request has come, and a fault that was ordered meets it. */
void chaos_skip(struct chaos *chaos, enum fault_at at);
/* Would the next request meet a fault of this kind? Then it has come; else nothing is counted. */
bool chaos_next_is(struct chaos *chaos, enum fault_at at, enum fault_kind kind);

/* Add {"on", "seed", "rate", "people", "requests": {platform: n}, "made": {fault: n}, "line": n}. */
void chaos_describe(const struct chaos *chaos, struct buf *out);

DEFINE_AUTO(struct chaos *, chaos_free)

#endif
