/* supersede.h - which versions need not be told any more because a later one says more. Only command*.c and the courier
 * need it.
 *
 * What a channel has not seen yet is not told to it when a later version puts it right or ends it: unsent older
 * versions are superseded, and a record that ended before a channel ever took it is never sent there. A dispute mark
 * changes nothing about what is beneath it, so what is beneath must still be told before the mark.
 *
 * A refused delivery holds its lane. What puts the matter right is usually a new version: a correction takes the place
 * of what was refused, and so does a withdrawal or repair of what the upstream holds. A record that the upstream never
 * took needs no withdrawal there: then nothing is sent, and the lane goes on; unless a channel behind it holds the
 * record (this one lost it and is to be told again): then it is told both, since the end reaches the next only from
 * here. Architecture 5, upstreams.md section 1 (code 40001), seed row 18. */
#ifndef GATEWAY_COMMAND_SUPERSEDE_H
#define GATEWAY_COMMAND_SUPERSEDE_H

#include "gateway/command/command.h"
#include "gateway/command/ledger.h"

/* In a write transaction, on whose word. */
struct superseding {
    struct store_txn *txn;
    struct ledger *ledger;
    const char *person;
};

/* The later effective version because of which this one need not be told to whom has not seen it; 0: it must be. */
MUST_CHECK bool supersede_later(struct store_txn *txn, const char *record, uint32_t version, uint32_t *by,
                                struct error *err);

/* For a version that has just become effective: emit delivery.superseded for what of older ones still waits unsent, on
 * every channel. */
MUST_CHECK bool supersede_unsent(const struct superseding *at, const struct record *record, struct error *err);

/* For a version that is about to be queued: emit delivery.superseded for what it takes the place of. `*is_needless`: it
 * need not be sent itself. */
MUST_CHECK bool supersede_by_new(const struct superseding *at, enum channel channel, const struct record *record,
                                 bool *is_needless, struct error *err);

/* For what was refused after the version that puts it right had been queued behind it: the same, all over the channel,
 * in transactions of its own. Nothing is sent that nobody has pushed. */
MUST_CHECK bool supersede_by_queued(const struct desk *desk, enum channel channel, struct error *err);

#endif
