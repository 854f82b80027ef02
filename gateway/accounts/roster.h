/* roster.h - who is on the staff with which roles, from which event on (人员名册): what an auditor needs who asks later
 * whether somebody was entitled to what he did.
 *
 * Persons and roles stand in the configuration; the journal is told when a gateway takes a configuration over that says
 * something else than it knows (gateway/command/command_staff.h), before anybody can use it. Two events:
 *
 *   staff.granted   {"certificate","name","roles","title","uid"}: from this event on he is on the staff like this.
 *                   `certificate`: SHA-256 of the one bound to him, or null; `roles`: a list in the order operator,
 *                   reviewer, auditor, administrator; `uid`: of the administration socket, or null
 *   staff.removed   {"name"}: until this event
 *
 * A third one is evidence alone: config.reload-ordered {"file","sha256"}, by whoever ordered that the running gateway
 * takes this file over.
 *
 * A projection of the journal. STORE_ROSTER: name → is on the staff (u8), sequence (u64), at (u64), data of his newest
 * event. Whoever left stays in it. */
#ifndef GATEWAY_ACCOUNTS_ROSTER_H
#define GATEWAY_ACCOUNTS_ROSTER_H

#include "gateway/config/config.h"
#include "gateway/journal/event.h"
#include "gateway/store/store.h"

#define ROSTER_GRANTED "staff.granted"
#define ROSTER_REMOVED "staff.removed"
#define ROSTER_RELOAD "config.reload-ordered"
enum { ROSTER_NAME_MAX = 64 };

bool roster_applies(struct span type);
/* ERR_CORRUPT: the form; ERR_CONFLICT: nobody is removed who is not there. The transaction must be aborted. */
MUST_CHECK bool roster_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);

/* Borrowed from the transaction. */
struct roster_entry {
    struct span name;
    bool is_there;
    uint64_t sequence; /* of the newest event */
    int64_t at_ms;
    struct span data; /* as in the event */
};
/* False when there never was an event (or after a store error: store_txn_is_good tells). */
bool roster_find(struct store_txn *txn, struct span name, struct roster_entry *out);
/* All that ever were, by name; `visit` returning false ends it. */
typedef bool roster_visit(const struct roster_entry *entry, void *context);
MUST_CHECK bool roster_list(struct store_txn *txn, roster_visit *visit, void *context, struct error *err);

/* Add the data of staff.granted for a person of the configuration. */
void roster_data_add(const struct config_person *person, struct buf *out);

#endif
