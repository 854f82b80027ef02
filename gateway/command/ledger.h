/* ledger.h - the one way to change state: an event is appended to the journal and applied to the tables in one
 * transaction.
 *
 * ledger_new inside a write transaction, ledger_emit as often as needed, ledger_finish, then the transaction's commit.
 * After a failed emit the transaction must be aborted. */
#ifndef GATEWAY_COMMAND_LEDGER_H
#define GATEWAY_COMMAND_LEDGER_H

#include "base/time.h"
#include "gateway/journal/event.h"
#include "gateway/store/store.h"

struct ledger;
MUST_CHECK bool ledger_new(struct store_txn *txn, const struct clock *clock, struct ledger **out, struct error *err);
/* All events from here on came from this order (event.h); borrowed. NULL: from none. */
void ledger_set_job(struct ledger *ledger, const char *job);
/* `data`: canonical JSON object. `*sequence` may be NULL. The instant is the clock's, never before the last event's. */
MUST_CHECK bool ledger_emit(struct ledger *ledger, const char *by, const char *type, struct span data,
                            uint64_t *sequence, struct error *err);
MUST_CHECK bool ledger_finish(struct ledger *ledger, struct error *err);
void ledger_free(struct ledger *ledger);

/* Apply one journaled event to the tables (what rebuild does). */
MUST_CHECK bool ledger_apply(struct store_txn *txn, uint64_t sequence, struct span bytes, struct error *err);
typedef void ledger_progress(uint64_t done, uint64_t of, void *context);
/* Replay the journal of `from` into the empty store `into`. `progress` may be NULL. */
MUST_CHECK bool ledger_rebuild(struct store *from, struct store *into, ledger_progress *progress, void *context,
                               struct error *err);
/* Compare all tables but STORE_META. ERR_CORRUPT names the first that differs. */
MUST_CHECK bool ledger_compare(struct store *a, struct store *b, struct error *err);

DEFINE_AUTO(struct ledger *, ledger_free)

#endif
