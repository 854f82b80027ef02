/* apply.h - what the files that apply events share. Only for files of this room.
 *
 * The state machines, as far as the store knows them (a delivery in a call is DELIVERY_SENDING, see table.h):
 *
 *   delivery  queued ─prepared→ in a call ─acknowledged→ acknowledged ─repeated→ queued
 *               ↑ ↑               │   └────refused────→ refused ─requeued→ queued
 *               │ └───dissolved───┘                        │
 *               └─(first of all)         queued, refused ──┴─superseded→ superseded
 *
 *   call      prepared ⇄ in-doubt, both ─received→ received ─settled→ settled; prepared, in-doubt ─dissolved→ settled;
 *             received → prepared when the upstream has forgotten it. */
#ifndef GATEWAY_OUTBOX_APPLY_H
#define GATEWAY_OUTBOX_APPLY_H

#include "gateway/outbox/fields.h"
#include "gateway/outbox/table.h"

/* One event on its way into the tables. */
struct applying {
    struct store_txn *txn;
    uint64_t sequence;
    const struct event *event;
    struct buf hold; /* unescaped texts of the event */
};

enum delivery_step {
    STEP_PREPARED,
    STEP_DISSOLVED,
    STEP_ACKNOWLEDGED,
    STEP_REFUSED,
    STEP_REQUEUED,
    STEP_SUPERSEDED,
    STEP_REPEATED,
    DELIVERY_STEP_COUNT
};
/* ERR_CONFLICT when there is no such step from `state`. */
MUST_CHECK bool delivery_step(uint64_t number, enum delivery_state state, enum delivery_step step,
                              enum delivery_state *next, struct error *err);

/* ERR_CONFLICT when there is no such delivery. */
MUST_CHECK bool delivery_named(struct applying *applying, int64_t number, struct delivery_entry *entry,
                               struct error *err);
/* One delivery more in `to` and one less in `from`; -1: none. */
void count_move(struct store_txn *txn, enum channel channel, int from, int to);

/* READY gains or loses this head. */
void ready_put(struct store_txn *txn, uint64_t number, struct delivery_entry *entry, int64_t due_ms);
void ready_delete(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry);
/* A delivery leaves its lane for good; the next one, when it is queued, becomes ready. */
void lane_leave(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry, int64_t at_ms);
void open_put(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry);
void open_delete(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry);

/* It rides in its call no longer, but what was answered to that call stays tied to it (outbox_past_calls). */
void call_leave(struct store_txn *txn, uint64_t number, struct delivery_entry *entry);
/* Acknowledged by its channel: staged for the next. */
void stage_put(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry);
/* Queued for the channel, or not to be told to it: no longer staged or held. */
void stage_leave(struct store_txn *txn, enum channel channel, const char *record, uint32_t version);

MUST_CHECK bool apply_opened(struct applying *applying, struct error *err);
MUST_CHECK bool apply_skipped(struct applying *applying, struct error *err);
MUST_CHECK bool apply_held(struct applying *applying, struct error *err);
MUST_CHECK bool apply_call_prepared(struct applying *applying, struct error *err);
MUST_CHECK bool apply_call_failed(struct applying *applying, struct error *err);
MUST_CHECK bool apply_call_received(struct applying *applying, struct error *err);
MUST_CHECK bool apply_call_waiting(struct applying *applying, struct error *err);
MUST_CHECK bool apply_call_dissolved(struct applying *applying, struct error *err);
MUST_CHECK bool apply_settled(struct applying *applying, struct error *err);
MUST_CHECK bool apply_receipt(struct applying *applying, struct error *err);
MUST_CHECK bool apply_repeated(struct applying *applying, struct error *err);

#endif
