/* keeper.h - the process that looks after time: checkpoints, the trace's log, dead readers, old jobs.
 *
 * Every KEEPER_TURN_MS: integrate the trace; sign a checkpoint of the journal and of the trace when they grew
 * (<state>/checkpoints/<journal|trace>, written beside and renamed; every signed one is also kept in
 * <state>/checkpoints/history/). Hourly: clear dead reader slots, prune finished jobs.
 *
 * Nothing is signed for a store that was copied or rolled back (guard.h): a fork would be worse than an outage. */
#ifndef GATEWAY_KEEPER_KEEPER_H
#define GATEWAY_KEEPER_KEEPER_H

#include "base/time.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"
#include "keys/signer.h"

enum { KEEPER_TURN_MS = 1000 };

/* Everything is borrowed. */
struct keeper_options {
    const struct config *config;
    struct store *store;
    struct signer *signer;
    const struct clock *clock;
};

/* One turn of the work above; for tests, and called by keeper_run. */
struct keeper;
MUST_CHECK bool keeper_new(const struct keeper_options *options, struct keeper **out, struct error *err);
MUST_CHECK bool keeper_turn(struct keeper *keeper, struct error *err);
void keeper_free(struct keeper *keeper);
/* Until `stop_fd` becomes readable; then one last turn. */
MUST_CHECK bool keeper_run(const struct keeper_options *options, int stop_fd, struct error *err);

DEFINE_AUTO(struct keeper *, keeper_free)

#endif
