/* watch.h - watch lists: which client wants to be told when something changes about which subject.
 *
 * A projection of the journal: these functions read; changes are events. Four events, and their data:
 *
 *   watch.opened    {"client","domain","key","purpose","sha256","subjects":[…],"watch"}    "key" and "sha256" (of the
 *                   request, canonical) tell a repeated request; null without a key
 *   watch.changed   {"added":[…],"removed":[…],"watch"}
 *   watch.closed    {"watch"}
 *   watch.followed  {"from","to"}: the events [from, to) were looked at for whom to tell. "from" is where the event
 *                   before it ended, so that every change is looked at once; in one transaction with the messages that
 *                   this gave (delivery.queued, gateway/outbox)
 *
 * Only what changes after a subject was added is told: the instant in question is the place in the journal. A subject
 * is in at most one list of a client for a domain, so that a change is told to a client once for each domain.
 * Source: issue "watch lists"; architecture 6.
 *
 * STORE_WATCHES, by first byte of the key (numbers big-endian; a watch: u32):
 *   'w' watch → subjects (u32), opened (u64 sequence), at (u64), client, NUL, domain, NUL, purpose
 *   'c' client, NUL, watch → ""
 *   'm' watch, subject (18) → since (u64 sequence)
 *   's' subject (18), watch → since (u64 sequence)
 *   'k' client, NUL, SHA-256 of the key → opened (u64 sequence)
 *   'n' → the last watch (u32)
 *   't' → events that were looked at (u64) */
#ifndef GATEWAY_WATCH_WATCH_H
#define GATEWAY_WATCH_WATCH_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

enum {
    WATCH_CLIENT_MAX = 64, /* bytes */
    WATCH_TEXT_MAX = 64,   /* of a domain's or a purpose's name */
    WATCH_SUBJECT_BYTES = 18,
    WATCH_ID_BYTES = 12,             /* "W" and ten digits, with its NUL */
    WATCHES_MAX = 100,               /* of a client */
    WATCH_SUBJECTS_MAX = 10000,      /* in one */
    WATCH_SUBJECTS_EVENT_MAX = 1000, /* added or removed at once */
    WATCH_LOOKS_MAX = 2000           /* events that are looked at in one go */
};

/* An event that does not fit the state is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool watch_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
bool watch_applies(struct span type);

/* "W0000000042"; false when it is not of this form. */
bool watch_id_parse(struct span text, uint32_t *number);
const char *watch_id_format(uint32_t number, char text[WATCH_ID_BYTES]);

/* Borrowed from the transaction. */
struct watch {
    uint32_t number;
    uint32_t subjects;
    uint64_t opened; /* sequence of its event */
    int64_t at_ms;
    struct span client;
    struct span domain;
    struct span purpose;
};
/* False when there is none (or after a store error: store_txn_is_good tells). */
bool watch_find(struct store_txn *txn, uint32_t number, struct watch *out);
/* The last watch that was opened; 0: none ever. */
uint32_t watch_last(struct store_txn *txn);
/* The watch that came with this key of this client: the sequence of its event. */
bool watch_by_key(struct store_txn *txn, struct span client, struct span key, uint64_t *sequence);
/* Those of a client behind `after` (0: all), the oldest first, until `visit` returns false. */
typedef bool watch_visit(const struct watch *watch, void *context);
MUST_CHECK bool watch_of_client(struct store_txn *txn, struct span client, uint32_t after, watch_visit *visit,
                                void *context, struct error *err);

/* Since which event is the subject in this watch? False when it is not. */
bool watch_has(struct store_txn *txn, uint32_t number, struct span subject, uint64_t *since);
/* Its subjects behind `after` (empty: all), by code, until `visit` returns false. */
typedef bool watch_visit_subject(struct span subject, uint64_t since, void *context);
MUST_CHECK bool watch_subjects(struct store_txn *txn, uint32_t number, struct span after, watch_visit_subject *visit,
                               void *context, struct error *err);
/* Who watches the subject, by watch, until `visit` returns false. */
typedef bool watch_visit_watcher(const struct watch *watch, uint64_t since, void *context);
MUST_CHECK bool watch_watchers(struct store_txn *txn, struct span subject, watch_visit_watcher *visit, void *context,
                               struct error *err);
/* Does anybody? Cheap. */
bool watch_is_watched(struct store_txn *txn, struct span subject);

/* How many events were looked at for whom to tell. */
uint64_t watch_followed(struct store_txn *txn);

#endif
