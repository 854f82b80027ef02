/* owed.h - the keeper's part that reads the trace's log and says in the journal which answers want a feedback
 * (feedback.owed). Only for this room.
 *
 * Every entry is looked at once, in the order of the log: how far that came stands in the store, changed together with
 * what is owed, so whatever is killed when, nothing is owed twice and nothing is left out. Where nothing is owed the
 * journal is not written to, but for one event every OWED_QUIET_ENTRIES; a keeper that starts anew looks at those
 * entries again. */
#ifndef GATEWAY_KEEPER_OWED_H
#define GATEWAY_KEEPER_OWED_H

#include "gateway/keeper/keeper.h"
#include "gateway/trace/trace.h"

enum { OWED_TURN_ENTRIES = 8192, OWED_QUIET_ENTRIES = 1000 * 1000 };

struct owed;
/* `options` is borrowed. `is_test`: of the answers from the test list, whose store and clock `options` then has; else
 * of all others. */
struct owed *owed_new(const struct keeper_options *options, bool is_test);
void owed_free(struct owed *owed);
/* Has the log entries that were not looked at? */
bool owed_waits(const struct owed *owed, const struct trace_log *log);
/* Look at up to OWED_TURN_ENTRIES more: a fraction of a second's work, since others wait for the store meanwhile. `log`
 * must hold what is committed, no more. ERR_CORRUPT when the log is shorter than what was looked at: it is another's,
 * or was cut. */
MUST_CHECK bool owed_turn(struct owed *owed, struct trace_log *log, struct error *err);

DEFINE_AUTO(struct owed *, owed_free)

#endif
