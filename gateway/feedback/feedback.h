/* feedback.h - word of what was done with an answer: owed for everything that the answer showed, given once for each.
 *
 * A projection of the journal: these functions read; changes are events. Two events, and their data:
 *
 * feedback.owed, {"from","owing":[{"answers":[[skipped,count,things]…],"client"}…],"to"}: the entries [from, to) of the
 * trace's log were looked at, and these of them owe, client by client: runs of `count` entries that each showed so many
 * things, `skipped` entries behind the end of the run before (the first: behind `from`). Every entry is looked at once:
 * "from" is where the event before it ended.
 *
 * feedback.recorded, {"answer":{"at","domain","purpose","uscc"},"client","details":[{["acted_on"],["action"],"id",
 * ["measures"],["reason"],["remark"],"result","version"}…],"key","left","position","receipt","sha256"}: what a client
 * said about things that one answer showed it. `answer`: of the trace's entry at `position`. `key` and `sha256` (of the
 * request, canonical) tell a repeated request; null without a key. `left`: things of this answer that are still owed
 * afterwards.
 *
 * What an answer showed is not repeated here: the trace has it (answer.h), at the place that is named here.
 *
 * An id is a record's, or an obligation's in hex (gateway/lookup). Source: domain.md 1.3 (feedback is owed for each
 * detail shown, quotes the id of the query, and is complete when each has one) and 5.1; architecture 6.
 *
 * STORE_FEEDBACK, by first byte of the key (numbers big-endian):
 *   'd' receipt, NUL, id → sequence (u64) of the feedback.recorded that has it
 *   'k' client, NUL, SHA-256 of the key → sequence (u64) of its feedback.recorded
 *   'n' client → owed (u64), given (u64): details
 *   'o' client, NUL, block (u64) → of FEEDBACK_BLOCK entries of the trace's log, those on which something is owed, as
 *       runs in their order: place of the first in its block (8 bits), how many more (8 bits), things left on each (16)
 *   't' → entries of the trace that were looked at (u64) */
#ifndef GATEWAY_FEEDBACK_FEEDBACK_H
#define GATEWAY_FEEDBACK_FEEDBACK_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

enum {
    FEEDBACK_CLIENT_MAX = 64, /* bytes of a client's name */
    FEEDBACK_RECEIPT_MAX = 40,
    FEEDBACK_ID_MAX = 32,
    FEEDBACK_KEY_MAX = 128, /* bytes of an idempotency key */
    FEEDBACK_BLOCK = 256,   /* entries of the trace's log */
    FEEDBACK_LEFT_MAX = UINT16_MAX
};

/* An event that does not fit the state is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool feedback_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
bool feedback_applies(struct span type);

/* How many entries of the trace's log were looked at. */
uint64_t feedback_looked_at(struct store_txn *txn);

/* How many things are still owed by this client on the answer at that place of the trace's log. 0: none, or a store
 * error (store_txn_is_good tells). */
uint32_t feedback_left(struct store_txn *txn, struct span client, uint64_t position);
/* The feedback on a thing shown: the sequence of its event. False when there is none. */
bool feedback_given(struct store_txn *txn, struct span receipt, struct span id, uint64_t *sequence);
/* The feedback that came with this key of this client. False when none did. */
bool feedback_by_key(struct store_txn *txn, struct span client, struct span key, uint64_t *sequence);

/* On its way to an upstream a detail is named after its feedback.recorded and its place there, from 1:
 * F000000000012-0001. It is the lane, too, so that one that is refused keeps no other waiting. */
enum { FEEDBACK_ROW_LENGTH = 18, FEEDBACK_ROW_BYTES = FEEDBACK_ROW_LENGTH + 1 };
const char *feedback_row_format(uint64_t sequence, size_t place, char row[FEEDBACK_ROW_BYTES]);
bool feedback_row_is_valid(struct span row);
/* The sequence; `row` is valid. */
uint64_t feedback_row_sequence(struct span row);
/* The event of each detail ever given, so that of a feedback as often as it has details; in no order. */
typedef void feedback_visit_given(uint64_t sequence, void *context);
MUST_CHECK bool feedback_all_given(struct store_txn *txn, feedback_visit_given *visit, void *context,
                                   struct error *err);
/* How many details all clients gave. */
MUST_CHECK bool feedback_total_given(struct store_txn *txn, uint64_t *count, struct error *err);

struct feedback_counts {
    uint64_t owed; /* things shown that have no feedback yet */
    uint64_t given;
};
void feedback_count(struct store_txn *txn, struct span client, struct feedback_counts *out);

/* Answers of a client of which something is still owed, in the order of the trace's log. `from`: the place to begin at,
 * afterwards that at which `visit` returned false, where the next page begins; `has_more`: it did. */
struct feedback_page {
    struct span client;
    uint64_t from;
    bool has_more;
};
typedef bool feedback_visit(uint64_t position, uint32_t left, void *context);
MUST_CHECK bool feedback_owed(struct store_txn *txn, struct feedback_page *page, feedback_visit *visit, void *context,
                              struct error *err);

#endif
