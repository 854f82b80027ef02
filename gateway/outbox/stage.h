/* stage.h - which versions wait to be told to the next channel (row 18: each channel only after the one before has
 * acknowledged).
 *
 * A version is staged for a channel when the channel before it acknowledges it, and until it is queued there, skipped
 * (delivery.skipped) or held (delivery.held: it cannot be told to that channel as it is; a person sees to it). Staged
 * versions of a record come in their order, since a lane settles in order. Projections of the journal; sources:
 * architecture 5, seed row 18. */
#ifndef GATEWAY_OUTBOX_STAGE_H
#define GATEWAY_OUTBOX_STAGE_H

#include "gateway/outbox/outbox.h"

/* Is anything staged for the channel? Cheap. */
bool stage_waits(struct store_txn *txn, enum channel channel);
/* How many are staged for the channel, how many held. Cheap, but for a store from before they were counted. */
void stage_counts(struct store_txn *txn, enum channel channel, uint64_t *staged, uint64_t *held);
/* The deliveries (of the channel before) of what is staged, in the order of acknowledgement within a record; at most
 * `max`. Returns how many; `numbers` may be NULL. */
size_t stage_list(struct store_txn *txn, enum channel channel, uint64_t *numbers, size_t max);

/* What is held back. Texts are borrowed. */
struct stage_held {
    uint64_t number; /* its delivery to the channel before */
    char record[24];
    uint32_t version;
    int64_t since_ms;
    struct span code; /* of the refusal: "row.too-long" */
    struct span message;
};
/* Is this version held back? */
bool stage_is_held(struct store_txn *txn, enum channel channel, const char *record, uint32_t version);
/* The same, and why. False: it is not (store_txn_is_good tells whether it could be read). */
bool stage_held_find(struct store_txn *txn, enum channel channel, const char *record, uint32_t version,
                     struct stage_held *out);
typedef bool stage_held_visit(const struct stage_held *held, void *context);
/* Visit until `visit` returns false. */
MUST_CHECK bool stage_held_list(struct store_txn *txn, enum channel channel, stage_held_visit *visit, void *context,
                                struct error *err);

#endif
