/* suspension.h - which clients an administrator has shut out, since when and why (接入暂停).
 *
 * A projection of the journal: these functions read; changes are events. Two events, both with the data
 * {"client","reason"}:
 *
 *   client.suspended   from this event on the client is refused at every door (gateway/api/admission.h)
 *   client.resumed     until this one
 *
 * A client is its name in the configuration. A name that is not configured any more stays suspended; if it comes back
 * it still is.
 *
 * STORE_ACCESS: client → is it suspended (u8), sequence (u64), at (u64), {"by","reason"} of its newest event. */
#ifndef GATEWAY_ACCESS_SUSPENSION_H
#define GATEWAY_ACCESS_SUSPENSION_H

#include "gateway/access/board.h"
#include "gateway/journal/event.h"
#include "gateway/store/store.h"

enum { SUSPENSION_CLIENT_MAX = 64 };

bool suspension_applies(struct span type);
/* An event that does not fit the state is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool suspension_apply(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                 struct error *err);

/* Borrowed from the transaction. */
struct suspension {
    struct span client;
    bool is_suspended;
    uint64_t sequence; /* of the newest event */
    int64_t at_ms;
    struct span words; /* {"by","reason"}, canonical */
};
/* False when there never was an event (or after a store error: store_txn_is_good tells). */
bool suspension_find(struct store_txn *txn, struct span client, struct suspension *out);
/* All that ever were suspended, by name; `visit` returning false ends it. */
typedef bool suspension_visit(const struct suspension *suspension, void *context);
MUST_CHECK bool suspension_list(struct store_txn *txn, suspension_visit *visit, void *context, struct error *err);
/* Tell the board how it stands. Whoever is later in the journal wins there, so this may be done at any time. */
MUST_CHECK bool suspension_tell(struct store_txn *txn, struct board *board, struct error *err);

#endif
