/* keeper.h - the process that looks after time: statutory clocks, checkpoints, the trace's log, dead readers, old jobs.
 *
 * At the start, every minute and whenever the day changes: records whose publication is over get the version that says
 * so (command_expire), which is queued for the first channel; business receipts that are overdue are raised.
 *
 * Every KEEPER_TURN_MS: queue what changed for those who watch it (following.h); integrate the trace; say in the
 * journal which answers want a feedback (gateway/feedback), and go on with that in small pieces until the next turn,
 * when there are many; sign a checkpoint of the journal and of the trace when they grew, in
 * <state>/checkpoints/<journal|trace> (written beside and renamed). Every signed one is first added to
 * <state>/checkpoints/history/<log>-<day>, one note behind the other, an empty line between them. Every minute: clear
 * dead reader slots; every hour: prune finished jobs.
 *
 * Nothing is signed for a store or a trace that was copied or rolled back (gateway/journal/guard.h): a fork would be
 * worse than an outage. A store that is refused ends the keeper; a trace that is refused is left as it is (nothing is
 * integrated, nothing is signed) and said in <state>/checkpoints/trace.refused and in the log, while the journal goes
 * on. Lookups do not wait for the keeper: they judge by the day. */
#ifndef GATEWAY_KEEPER_KEEPER_H
#define GATEWAY_KEEPER_KEEPER_H

#include "base/time.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"
#include "keys/signer.h"

enum { KEEPER_TURN_MS = 500, KEEPER_READERS_MS = 60 * 1000, KEEPER_JOBS_MS = 3600 * 1000 };

/* Everything is borrowed. */
struct keeper_options {
    const struct config *config;
    struct store *store;
    struct signer *signer;
    const struct clock *clock;
    int courier_fd; /* eventfd: written when there is something to send; -1: none */
};

/* One turn of the work above; for tests, and called by keeper_run. */
struct keeper;
/* ERR_REFUSED as guard_check. */
MUST_CHECK bool keeper_new(const struct keeper_options *options, struct keeper **out, struct error *err);
/* ERR_REFUSED: this store must not be signed for; it will not get better. Other errors may pass: everything that was
 * not done is done by a later turn. What fails in one part of the work does not keep the others from being done. */
MUST_CHECK bool keeper_turn(struct keeper *keeper, struct error *err);
void keeper_free(struct keeper *keeper);
/* Until `stop_fd` becomes readable; then one last turn. False only when the store is refused or the keeper cannot
 * begin. */
MUST_CHECK bool keeper_run(const struct keeper_options *options, int stop_fd, struct error *err);

DEFINE_AUTO(struct keeper *, keeper_free)

#endif
