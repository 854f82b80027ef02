/* table.h - how the outbox lies in the store. Only for files of this room.
 *
 *   STORE_DELIVERIES  'd' number             → struct delivery_entry, then the upstream's words
 *                     'r' number             → the row's JSON, written once
 *                     'c' number attempt     → id of a call that it rode in before
 *                     'v' record version channel → number
 *   STORE_LANES       channel subject number → nothing: the unsettled and refused of a lane, in order
 *   STORE_READY       channel due number     → nothing: heads of lanes that are queued
 *   STORE_CALLS       id 0                   → struct call_entry
 *                     id 1                   → data of call.prepared
 *   STORE_CALLS_DUE   channel due id         → nothing: calls that are not settled
 *   STORE_RECEIPTS    call n                 → struct receipt_entry, kind, body
 *   STORE_CHANNELS    channel                → struct channel_entry
 *                     channel 1 number       → queue instant: what is neither acknowledged, refused nor superseded
 *                     channel 3 number       → nothing: acknowledged by the channel before, not told to this one yet
 *                     channel 4 number       → since when, code and words: the same, held back
 *                     channel 5 0            → how many of the two above, u64 each
 *                     channel 2              → struct number_entry, once calls of the channel are numbered
 *                     255 1 name             → the number (u8) of a webhook's channel
 *                     255 0 number           → its name
 *
 * A delivery that rides in a call is stored as DELIVERY_SENDING; whether it is sending, in doubt or received is the
 * call's state, so that a step of a call costs one write and not one for each row. The rows are apart from the entries
 * for the same reason: a change of state never copies them. */
#ifndef GATEWAY_OUTBOX_TABLE_H
#define GATEWAY_OUTBOX_TABLE_H

#include "gateway/outbox/outbox.h"

enum { SUBJECT_BYTES = 18, RECORD_BYTES = 24, TABLE_KEY_BYTES = 96, MESSAGE_BYTES_MAX = 600, REASON_BYTES_MAX = 255 };

/* Stored as they lie in memory: no holes, so that a rebuilt store has the same bytes. */
struct delivery_entry {
    int64_t queued_ms;
    int64_t changed_ms;
    int64_t due_ms; /* of its READY entry */
    uint32_t version;
    uint32_t attempts;
    uint32_t splits;
    uint8_t channel;
    uint8_t state;
    uint8_t call[16];
    char record[RECORD_BYTES];
    char subject[SUBJECT_BYTES];
    char code[16];
};
_Static_assert(sizeof(struct delivery_entry) == 112, "no holes");

struct call_entry {
    int64_t due_ms;
    int64_t prepared_ms;
    int64_t changed_ms;
    uint32_t attempts;
    uint32_t asks;
    uint32_t rows;
    uint32_t open_rows;
    uint32_t receipts;
    uint8_t channel;
    uint8_t state;
    uint8_t unused[2];
};
_Static_assert(sizeof(struct call_entry) == 48, "no holes");

enum channel_pause { PAUSE_NONE, PAUSE_WHOLE, PAUSE_DRAINING };
struct channel_entry {
    uint64_t count[DELIVERY_STATE_COUNT];
    int64_t last_receipt_ms;
    uint8_t pause; /* enum channel_pause */
    char reason[REASON_BYTES_MAX];
};
_Static_assert(sizeof(struct channel_entry) == 8 * (DELIVERY_STATE_COUNT + 1) + 256, "no holes");

/* The last place that a call of the channel was given; number 0: none of that day any more. */
struct number_entry {
    int32_t day;
    uint32_t number;
};
_Static_assert(sizeof(struct number_entry) == 8, "no holes");

struct receipt_entry {
    uint64_t sequence;
    int64_t at_ms;
    uint32_t status;
    uint32_t part;
    uint32_t parts;
    uint32_t kind_bytes;
};
_Static_assert(sizeof(struct receipt_entry) == 32, "no holes");

/* A key under construction. */
struct table_key {
    uint8_t bytes[TABLE_KEY_BYTES];
    size_t count;
};
struct span table_span(const struct table_key *key);
struct table_key key_delivery(char kind, uint64_t number);
struct table_key key_past_call(uint64_t number, uint32_t attempt);
/* Without `channel` (CHANNEL_NONE) or `version` (0) the beginning all such keys share. */
struct table_key key_version(const char *record, uint32_t version, enum channel channel);
struct table_key key_lane(enum channel channel, const char subject[SUBJECT_BYTES], uint64_t number);
struct table_key key_ready(enum channel channel, int64_t due_ms, uint64_t number);
struct table_key key_call(const uint8_t id[16], uint8_t part);
struct table_key key_call_due(enum channel channel, int64_t due_ms, const uint8_t id[16]);
struct table_key key_receipt(const uint8_t id[16], uint32_t n);
struct table_key key_channel(enum channel channel);
struct table_key key_open(enum channel channel, uint64_t number);
struct table_key key_number(enum channel channel);
struct table_key key_stage(enum channel channel, uint64_t number);
struct table_key key_held(enum channel channel, uint64_t number);
struct table_key key_stage_counts(enum channel channel);
struct table_key key_named(struct span name);
struct table_key key_name_of(enum channel channel);

/* False when absent. `message` may be NULL. */
bool delivery_load(struct store_txn *txn, uint64_t number, struct delivery_entry *out, struct span *message);
void delivery_save(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry, struct span message);
bool call_load(struct store_txn *txn, const uint8_t id[16], struct call_entry *out);
void call_save(struct store_txn *txn, const uint8_t id[16], const struct call_entry *entry);
/* Zeroes when nothing was ever stored. */
void channel_load(struct store_txn *txn, enum channel channel, struct channel_entry *out);
void channel_save(struct store_txn *txn, enum channel channel, const struct channel_entry *entry);

/* The first key of `table` that begins with `prefix`; borrowed. */
bool table_first(struct store_txn *txn, enum store_table table, const struct table_key *prefix, struct span *key,
                 struct span *value);
/* The number of the first delivery of a lane. */
bool lane_head(struct store_txn *txn, enum channel channel, const char subject[SUBJECT_BYTES], uint64_t *number);
/* The deliveries named in the data of a call.prepared; `*numbers` is new, the caller frees it. */
MUST_CHECK bool numbers_read(struct span list, uint64_t **numbers, size_t *count, struct error *err);
/* DELIVERY_SENDING seen through its call. */
enum delivery_state state_of_call(enum call_state state);

#endif
