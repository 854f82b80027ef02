/* outbox.h - what is still to be sent, lane by lane, and what came back.
 *
 * A delivery is one record version to one channel; its number is the journal sequence of its `delivery.queued` event. A
 * lane is (channel, subject code): only the first unsettled delivery of a lane may be sent. A call is one upload of
 * several deliveries; its task id, instant, IV, key ids and signature are fixed in `call.prepared`, before the first
 * attempt, and every retry reuses them.
 *
 * Everything here is a projection of the journal: these functions read; changes are events (outbox_apply). Sources:
 * architecture 5, upstreams.md, seed row 18. */
#ifndef GATEWAY_OUTBOX_OUTBOX_H
#define GATEWAY_OUTBOX_OUTBOX_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

/* The stages of row 18, in order: each is told what the one before has acknowledged (stage.h). Then the channels that
 * are no stage, which nothing comes to by itself: whoever has something to say queues it (outbox_queued_data). Their
 * numbers are in the store's keys: a new one is added at the end, none ever changes its place.
 *
 * What is about records and where they are held (clocks, what a later version supersedes, reconciliation, a push)
 * counts to STAGE_COUNT; what is about sending (courier, pauses, status, settings, late receipts) to CHANNEL_COUNT. */
enum channel {
    CHANNEL_CREDIT_GUANGDONG,
    CHANNEL_NATIONAL_PLATFORM,
    CHANNEL_CREDIT_CHINA,
    STAGE_COUNT,
    CHANNEL_FEEDBACK = STAGE_COUNT, /* what clients said about our answers, row by row (command_feedback_send.h) */
    CHANNEL_COUNT,
    CHANNEL_WEBHOOK_FIRST = 16,
    CHANNEL_WEBHOOK_LAST = 254,
    CHANNEL_NONE = 255
};
static inline bool channel_is_stage(enum channel channel)
{
    return channel < STAGE_COUNT;
}
/* A channel for each client's webhook, "webhook:CLIENT", comes with the first event that names it (channel.opened) and
 * keeps its number for ever: it is in the store's keys. */
enum { CHANNEL_WEBHOOKS_MAX = CHANNEL_WEBHOOK_LAST - CHANNEL_WEBHOOK_FIRST + 1, CHANNEL_NAME_BYTES = 80 };
#define CHANNEL_WEBHOOK_PREFIX "webhook:"
static inline bool channel_is_webhook(enum channel channel)
{
    return channel >= CHANNEL_WEBHOOK_FIRST && channel <= CHANNEL_WEBHOOK_LAST;
}
/* Could this be the name of a webhook's channel? The client's part is 1 to 64 letters, digits, dots, - and _. */
bool channel_is_webhook_name(struct span name);
/* One of the fixed channels, or one that was opened. False when there is none (store_txn_is_good tells why). */
bool channel_find(struct store_txn *txn, struct span name, enum channel *channel);
/* Its name; "?" when there is no such channel. Returns `name`. */
const char *channel_name(struct store_txn *txn, enum channel channel, char name[CHANNEL_NAME_BYTES]);
/* All there are, one after the other: the fixed ones, then the webhooks. CHANNEL_NONE behind the last. */
enum channel channel_at(struct store_txn *txn, unsigned index);
/* How many webhooks were opened: their numbers are the first ones from CHANNEL_WEBHOOK_FIRST. */
unsigned channel_webhooks(struct store_txn *txn);
/* The fixed ones, by number. */
extern const char *const CHANNEL_NAMES[CHANNEL_COUNT]; /* "credit-guangdong", … */
MUST_CHECK bool channel_parse(struct span name, enum channel *channel);

enum delivery_state {
    DELIVERY_QUEUED,       /* not in a call */
    DELIVERY_SENDING,      /* in a prepared call, no transport receipt yet */
    DELIVERY_IN_DOUBT,     /* the request may have arrived: ask, or resend under the same id */
    DELIVERY_RECEIVED,     /* transport receipt; the outcome of the row is not known yet */
    DELIVERY_ACKNOWLEDGED, /* business receipt: taken */
    DELIVERY_REFUSED,      /* a person must act; blocks its lane */
    DELIVERY_SUPERSEDED,   /* never taken: a later version took its place */
    DELIVERY_STATE_COUNT
};
extern const char *const DELIVERY_STATE_NAMES[DELIVERY_STATE_COUNT];

struct delivery {
    uint64_t number;
    enum channel channel;
    enum delivery_state state;
    char record[24]; /* record id text */
    uint32_t version;
    char subject[19];
    uint32_t attempts; /* calls that carried it */
    uint32_t splits;   /* how often ADAPTER_ROWS_MAX is to be halved for its next call: see outbox_rows_max */
    int64_t queued_ms;
    int64_t changed_ms;
    uint8_t call[16];    /* task id; zeroes when in none */
    char code[16];       /* result code of the upstream, "" when none */
    struct span message; /* the upstream's words; borrowed */
    struct span row;     /* the row's JSON as it is sent; borrowed */
};
MUST_CHECK bool outbox_find(struct store_txn *txn, uint64_t number, struct delivery *out, struct error *err);
/* Visit until `visit` returns false. */
typedef bool outbox_visit(const struct delivery *delivery, void *context);
/* All deliveries of a record, oldest first. */
MUST_CHECK bool outbox_of_record(struct store_txn *txn, const char *record, outbox_visit *visit, void *context,
                                 struct error *err);
/* Was this version ever queued for this channel, and where does it stand? */
bool outbox_of_version(struct store_txn *txn, enum channel channel, const char *record, uint32_t version,
                       struct delivery *out);

/* The refused ones of a channel, each blocks its lane (at its head, or behind what is told again), by subject. */
MUST_CHECK bool outbox_refused(struct store_txn *txn, enum channel channel, outbox_visit *visit, void *context,
                               struct error *err);

/* Those that are neither acknowledged, refused nor superseded, the oldest first. */
MUST_CHECK bool outbox_open(struct store_txn *txn, enum channel channel, outbox_visit *visit, void *context,
                            struct error *err);

/* The heads of lanes that are queued and due at `now_ms`, oldest due first, at most `max`. Returns how many. */
size_t outbox_due(struct store_txn *txn, enum channel channel, int64_t now_ms, uint64_t *numbers, size_t max);
/* When the next queued delivery or call of the channel is due; INT64_MAX when none, or while the channel is paused. */
int64_t outbox_next_due_ms(struct store_txn *txn, enum channel channel);
/* The same, of what is due after `after_ms`: for whoever has seen to everything until then. */
int64_t outbox_next_due_after_ms(struct store_txn *txn, enum channel channel, int64_t after_ms);
/* How many rows may ride in a call with a row whose call was split: at most half of that call, so that a bad row is
 * alone after a few calls. 0 splits: ADAPTER_ROWS_MAX. */
unsigned outbox_rows_max(uint32_t splits);

enum call_state {
    CALL_PREPARED, /* to be posted (first time or again) at due_ms */
    CALL_IN_DOUBT, /* to be asked after by task id at due_ms */
    CALL_RECEIVED, /* posted and accepted; outcomes to be fetched at due_ms */
    CALL_SETTLED,  /* every row's outcome is known, or the call was dissolved */
    CALL_STATE_COUNT
};
struct call {
    uint8_t id[16];
    enum channel channel;
    enum call_state state;
    uint32_t attempts; /* uploads that ended */
    uint32_t asks;     /* questions that ended, in this state */
    int64_t due_ms;
    int64_t prepared_ms;
    int64_t changed_ms;   /* when it came into this state */
    struct span prepared; /* the data of its call.prepared event (raw JSON); borrowed */
    uint32_t rows;
    uint32_t open_rows; /* outcomes still unknown */
};
MUST_CHECK bool outbox_call(struct store_txn *txn, const uint8_t id[16], struct call *out, struct error *err);
/* Calls due at `now_ms`, at most `max` ids. */
size_t outbox_calls_due(struct store_txn *txn, enum channel channel, int64_t now_ms, uint8_t (*ids)[16], size_t max);
/* Every call of the channel that is not settled, until `visit` returns false. */
typedef bool outbox_visit_call(const struct call *call, void *context);
MUST_CHECK bool outbox_calls_open(struct store_txn *txn, enum channel channel, outbox_visit_call *visit, void *context,
                                  struct error *err);
/* Deliveries of a call. */
MUST_CHECK bool outbox_of_call(struct store_txn *txn, const uint8_t id[16], outbox_visit *visit, void *context,
                               struct error *err);

struct channel_status {
    uint64_t count[DELIVERY_STATE_COUNT];
    int64_t oldest_ms; /* queue instant of the oldest that is neither acknowledged, refused nor superseded; 0: none */
    int64_t last_receipt_ms; /* 0: never */
    bool is_paused;          /* no new calls */
    bool is_draining;        /* but calls that are open are brought to their end; only with is_paused */
    char reason[256];        /* why paused */
};
MUST_CHECK bool outbox_status(struct store_txn *txn, enum channel channel, struct channel_status *out,
                              struct error *err);

/* Would call.prepared with these deliveries (ascending) be applied now? */
bool outbox_can_prepare(struct store_txn *txn, enum channel channel, const uint64_t *numbers, size_t count);

/* Would delivery.repeated of this acknowledged delivery be applied now? */
bool outbox_can_repeat(struct store_txn *txn, uint64_t number);

/* The last day and number that a call of a numbered channel was given: 0 and 0 when none ever was; number 0 of a day
 * when that day's only call gave its number back. The next call has number + 1 of the same day, or number 1 of a later
 * one, anything else is ERR_CONFLICT: a clock that has gone back must not use a name again, so whoever numbers goes on
 * with the last day for as long as today is not later.
 *
 * A number is given back, so that the row has no gap, when its call surely never arrived: call.dissolved, or refused
 * whole before any transport receipt. Only the last one can be: call.dissolved of an earlier one is ERR_CONFLICT. Not
 * given back is a number that is `spent` (something else has that name upstream), or whose rows were taken. */
void outbox_last_number(struct store_txn *txn, enum channel channel, int32_t *day, uint32_t *number);

/* What an upstream answered, as received; long answers come in parts. */
struct receipt {
    struct span kind;  /* "transport", "business", "refusal", "malformed"; "…-head": cut */
    uint64_t sequence; /* of its event in the journal */
    int64_t at_ms;
    uint32_t part; /* from 1 */
    uint32_t parts;
    uint32_t status; /* HTTP */
    struct span body;
};
/* The calls that a delivery rode in before its present one, oldest first: it was refused and queued again, or the call
 * was dissolved. */
typedef bool outbox_visit_past(const uint8_t call[16], void *context);
MUST_CHECK bool outbox_past_calls(struct store_txn *txn, uint64_t number, outbox_visit_past *visit, void *context,
                                  struct error *err);
typedef bool outbox_visit_receipt(const struct receipt *receipt, void *context);
/* Everything borrowed, in the order received, until `visit` returns false. */
MUST_CHECK bool outbox_receipts(struct store_txn *txn, const uint8_t call[16], outbox_visit_receipt *visit,
                                void *context, struct error *err);

/* The event types this room applies (a table in apply.c) and their data. [x] may be absent.
 *
 *   delivery.queued      {"channel","record","row":{…},"row_sha256","subject","version"}
 *   delivery.requeued    {"delivery","reason",["record","version"]}  refused → queued, by a person
 *   delivery.repeated    {"delivery","held","reason","record","version"}   acknowledged → queued, at its old place in
 *                                                     the lane: the upstream holds a lower version, or none (0);
 *                                                     ERR_CONFLICT while something later of the lane is in a call
 *                                                     (outbox_can_repeat); what was refused waits behind it
 *   delivery.superseded  {"by_version","delivery",["reason"],["record","version"]}  queued or refused → superseded;
 *                                                     the next of the lane may go. By its own version: they never took
 *                                                     the record, nothing need be told; or, with a reason (then the
 *                                                     delivery's message), they may not be told
 *   delivery.skipped     {["by_version"],"channel","reason","record","version"}  not told to the channel: "superseded"
 *                                                     by a later version before they saw it, or "never-taken": it ends
 *                                                     what they never took
 *   delivery.held        {"channel","code","message","record","version"}  staged, but its row cannot be made: stage.h
 *   call.prepared        {"call","channel",["day"],"deliveries":[n…],"due_ms",["number"],"request":{…}}  "request" is
 *                                                     what the adapter fixed; "day" (YYYY-MM-DD) and "number" (from 1):
 *                                                     see outbox_last_number
 *   call.failed          {"call","due_ms","reason","state":"prepared"|"in-doubt","status"}  an attempt went wrong
 *   call.received        {"call","due_ms"}            transport receipt
 *   call.waiting         {"call","due_ms"}            asked, not ready: ask again at due_ms
 *   call.dissolved       {"call","due_ms","reason",["spent"],["split"]}  it surely never arrived, or was refused
 *                                                     whole: its rows are queued again; split: in smaller calls, to
 *                                                     find the bad row; spent: its number is not to be used again.
 *                                                     Of a client's endpoint also what may have arrived and may not be
 *                                                     told any more: its row ends in the same transaction
 *   delivery.settled     {"call","outcomes":[{"code","delivery","message","result":"acknowledged"|"refused"}…]}
 *   receipt.stored       {"body","call","kind","part","parts","status"}   Base64, at most 40 KiB of it a part
 *   channel.opened       {"channel"}                  "webhook:CLIENT" is there from now on
 *   channel.paused       {"channel",["drains"],"reason"}  drains: open calls go on to their end
 *   channel.resumed      {"channel"}
 *
 * Numbers of deliveries ascend in every list. `call` is 32 hex digits. An event that does not fit the state is
 * ERR_CONFLICT, one that is not of this form ERR_INVALID: nothing is applied. */
MUST_CHECK bool outbox_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
bool outbox_applies(struct span type);

/* Add the data of delivery.queued. `row` is canonical JSON. */
void outbox_queued_data(enum channel channel, const char *record, uint32_t version, struct span subject,
                        struct span row, struct buf *out);
/* The same, for a channel of any name. */
struct outbox_queued {
    const char *channel;
    const char *record; /* any name of up to 23 bytes; with the version it is queued once for the channel */
    uint32_t version;
    struct span subject; /* of 18 bytes: the lane */
    struct span row;
};
void outbox_queued_add(const struct outbox_queued *queued, struct buf *out);

#endif
