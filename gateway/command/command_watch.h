/* command_watch.h - watch lists and what is told because of them, as events (gateway/watch, gateway/outbox). Each is a
 * transaction of its own, whole or not at all. desk->person is not used: a client speaks for itself. Refusals are in
 * both languages. */
#ifndef GATEWAY_COMMAND_COMMAND_WATCH_H
#define GATEWAY_COMMAND_COMMAND_WATCH_H

#include "gateway/command/command.h"
#include "gateway/watch/watch.h"

/* Codes of 18 characters, ascending, each once. */
struct watch_codes {
    const struct span *list;
    size_t count;
};

struct watch_opening {
    struct span client;
    struct span domain;
    struct span purpose;
    struct watch_codes subjects; /* at most WATCH_SUBJECTS_EVENT_MAX; may be none */
    struct span key;             /* Idempotency-Key: visible ASCII without quotes and \; empty: none */
    const char *sha256;          /* of the request, hex */
};
/* The same key and request again give the same watch and change nothing. ERR_LIMIT "watch.too-many"; ERR_CONFLICT
 * "watch.subject-watched" (in another list of this client for the domain), "watch.closed" (it came with this key and
 * was closed since); ERR_REFUSED "idempotency.other-request". */
MUST_CHECK bool command_watch_open(const struct desk *desk, const struct watch_opening *opening, uint32_t *number,
                                   struct error *err);

struct watch_change {
    struct span client;
    uint32_t number;
    struct watch_codes added;   /* those that are there already change nothing */
    struct watch_codes removed; /* those that are not there change nothing */
};
/* ERR_NOT_FOUND "watch.unknown" when this client has no such list; ERR_LIMIT "watch.subjects"; ERR_CONFLICT as above.
 */
MUST_CHECK bool command_watch_change(const struct desk *desk, const struct watch_change *change, struct error *err);
MUST_CHECK bool command_watch_close(const struct desk *desk, struct span client, uint32_t number, struct error *err);

/* One message to a client's endpoint. */
struct watch_message {
    const char *channel; /* "webhook:CLIENT"; opened when it is not yet */
    char record[24];     /* what tells it from others: queued once for the channel with its version */
    uint32_t version;
    char subject[19]; /* the lane: 18 bytes */
    struct buf row;   /* canonical JSON; owned by whoever made it */
};
/* Inside a transaction. One that was queued before is left out. */
struct ledger;
MUST_CHECK bool command_watch_queue(struct store_txn *txn, struct ledger *ledger, const char *by,
                                    const struct watch_message *message, struct error *err);

/* A message that says nothing, to try the way: {"data":{"client"},"timestamp","type":"ping"}. `*delivery` gets its
 * number. The same key (Idempotency-Key; empty: none) of a client again is the same message, queued once. */
MUST_CHECK bool command_watch_ping(const struct desk *desk, struct span client, struct span key, uint64_t *delivery,
                                   struct error *err);

#endif
