/* guard.h - what is remembered outside the store, so that a store that was copied, swapped or rolled back is noticed
 * before anything is signed or answered from it: two logs that contradict each other under one name (a fork) would be
 * worse than an outage.
 *
 * <state>/guard.json (mode 0600, written durably) holds the identity of <state>/store, its place (machine, i-node and
 * birth of data.mdb), and of each of our Merkle logs the last head (size and root) that was about to be signed. It is
 * the keeper that remembers a head, before it signs it, so no signed head can be beyond what is remembered. What was
 * written after the last head (at most a keeper's turn before a crash) is not protected.
 *
 * Sources: architecture 7; RFC 9162 section 2.1.4 (a log is append-only), C2SP tlog-checkpoint (the origin names one
 * append-only log). */
#ifndef GATEWAY_JOURNAL_GUARD_H
#define GATEWAY_JOURNAL_GUARD_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/journal/event.h"
#include "gateway/journal/merkle.h"
#include "gateway/store/store.h"

/* For every process that reads or writes the store, right after store_open and before its work; `state` is the folder
 * that holds guard.json and store/. Cheap (one file, one stat, one root from tiles).
 *
 * A store with an empty journal and no guard yet gets one here. ERR_REFUSED, with a text in both languages that says
 * what happened and what to do (rules "guard.missing", "guard.other", "guard.copied", "guard.rolled-back",
 * "guard.forked"): the process must end and sign, send and answer nothing. ERR_CORRUPT: guard.json is damaged. */
MUST_CHECK bool guard_check(struct store *store, const char *state, struct error *err);

/* --- for the keeper and the offline commands: one of them at a time, the one that holds <state>/lock --- */

enum guard_log { GUARD_JOURNAL, GUARD_TRACE, GUARD_LOG_COUNT };
extern const char *const GUARD_LOG_NAMES[GUARD_LOG_COUNT]; /* "journal", "trace" */

struct guard_head {
    uint64_t size;
    uint8_t root[MERKLE_HASH_BYTES];
};

struct guard;
/* ERR_NOT_FOUND when there is none, ERR_CORRUPT when it cannot be understood. */
MUST_CHECK bool guard_load(const char *state, struct guard **out, struct error *err);
void guard_free(struct guard *guard);
/* What guard_check does, by a guard that is loaded. */
MUST_CHECK bool guard_holds(const struct guard *guard, struct store *store, const char *state, struct error *err);

/* The last head remembered. */
const struct guard_head *guard_head(const struct guard *guard, enum guard_log log);
/* Does a log of `size` continue the remembered head? `root` is its root at the remembered size, and not looked at when
 * `size` is smaller than that. ERR_REFUSED as above. */
MUST_CHECK bool guard_continues(const struct guard *guard, enum guard_log log, uint64_t size,
                                const uint8_t root[MERKLE_HASH_BYTES], struct error *err);
/* Size and root of the store's journal now. */
MUST_CHECK bool guard_measure(struct store *store, struct guard_head *head, struct error *err);
/* Durable when true. To be called before the head is signed. It must continue the one before. */
MUST_CHECK bool guard_remember(struct guard *guard, const char *state, enum guard_log log,
                               const struct guard_head *head, struct error *err);
/* The origin of the log in checkpoints: "<name>/journal", "<name>/trace"; with "/<instant>" behind it after a store was
 * accepted that does not continue what was signed, so that the old name never heads two trees. */
void guard_origin(const struct guard *guard, const char *name, enum guard_log log, struct buf *out);

/* --- when a store takes the place of another on purpose --- */

struct guard_change {
    const char *what; /* "restored", "rebuilt", "accepted" */
    const char *by;
    const char *reason;
    int64_t at_ms;
    struct guard_head heads[GUARD_LOG_COUNT]; /* of what is there now */
    bool continues[GUARD_LOG_COUNT]; /* the head remembered, as far as it is known: else it begins a new line */
};
/* Remember the store that is there now, in its place, with its heads; the change itself is kept in the guard's history
 * (the last GUARD_HISTORY_MAX). `was` is the guard so far, or NULL. Durable when true. */
enum { GUARD_HISTORY_MAX = 100 };
MUST_CHECK bool guard_replace(const struct guard *was, struct store *store, const char *state,
                              const struct guard_change *change, struct error *err);

/* An acceptance also stands in the journal that goes on, as an event of the type "guard.accepted" with the data
 * {"journal":{"line","root","size"},"reason","trace":{…}}: what was remembered until then (null: nothing). No table
 * follows from it. */
#define GUARD_ACCEPTED "guard.accepted"
MUST_CHECK bool guard_accepted_data(const struct guard *was, const char *reason, struct buf *out, struct error *err);
bool guard_applies(struct span type);
MUST_CHECK bool guard_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);

DEFINE_AUTO(struct guard *, guard_free)

#endif
