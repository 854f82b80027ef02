/* feedback.h - word of what was done with an answer: owed for everything that the answer showed, given once for each.
 *
 * A projection of the journal: these functions read; changes are events. Two events, and their data:
 *
 *   feedback.owed      {"answers":[{"at","client","domain","purpose","receipt","shown":[["id",version]…],"uscc"}…],
 *                      "from","to"}: the entries [from, to) of the trace's log were looked at, and these of them owe.
 *                      Every entry is looked at once: "from" is where the event before it ended.
 *   feedback.recorded  {"client","details":[{["acted_on"],["action"],"id",["measures"],["reason"],["remark"],"result",
 *                      "version"}…],"key","left","receipt","sha256"}: what a client said about things that one answer
 *                      showed it. `key` and `sha256` (of the request, canonical) tell a repeated request; null without
 *                      a key. `left`: things of this answer that are still owed afterwards.
 *
 * An id is a record's, or an obligation's in hex (gateway/lookup). Source: domain.md 1.3 (feedback is owed for each
 * detail shown, quotes the id of the query, and is complete when each has one) and 5.1; architecture 6.
 *
 * STORE_FEEDBACK, by first byte of the key (numbers big-endian):
 *   'a' receipt → left (u32), at (u64), the answer as it stands in feedback.owed
 *   'd' receipt, NUL, id → sequence (u64) of the feedback.recorded that has it
 *   'k' client, NUL, SHA-256 of the key → sequence (u64) of its feedback.recorded
 *   'n' client → owed (u64), given (u64): details
 *   'o' client, NUL, at (u64), receipt → ""         answers of which something is still owed
 *   't' → entries of the trace that were looked at (u64) */
#ifndef GATEWAY_FEEDBACK_FEEDBACK_H
#define GATEWAY_FEEDBACK_FEEDBACK_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

enum {
    FEEDBACK_CLIENT_MAX = 64, /* bytes of a client's name */
    FEEDBACK_RECEIPT_MAX = 40,
    FEEDBACK_ID_MAX = 32,
    FEEDBACK_KEY_MAX = 128 /* bytes of an idempotency key */
};

/* An event that does not fit the state is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool feedback_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
bool feedback_applies(struct span type);

/* How many entries of the trace's log were looked at. */
uint64_t feedback_looked_at(struct store_txn *txn);

/* An answer that showed something on which feedback is owed, or was. Borrowed from the transaction. */
struct feedback_answer {
    int64_t at_ms;
    uint32_t left;    /* things shown that have no feedback yet */
    struct span json; /* as it stands in feedback.owed */
    struct span receipt;
    struct span client; /* raw JSON, as all that strangers chose */
    struct span shown;  /* raw */
};
/* Did this client get such an answer? False when not (or after a store error: store_txn_is_good tells); whether another
 * got it makes no difference. */
bool feedback_find(struct store_txn *txn, struct span client, struct span receipt, struct feedback_answer *out);
/* Was this shown, in which version? */
bool feedback_shows(const struct feedback_answer *answer, struct span id, uint32_t *version);
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

/* Answers of a client of which something is still owed, the oldest first. `mark`: where to begin, afterwards where the
 * next page begins (which is the one at which `visit` returned false); no bytes: the beginning, or the end. A mark that
 * cannot be one is ERR_INVALID "feedback.page". */
enum { FEEDBACK_MARK_BYTES = 8 + FEEDBACK_RECEIPT_MAX };
struct feedback_page {
    struct span client;
    uint8_t mark[FEEDBACK_MARK_BYTES];
    size_t mark_bytes;
};
typedef bool feedback_visit(const struct feedback_answer *answer, void *context);
MUST_CHECK bool feedback_owed(struct store_txn *txn, struct feedback_page *page, feedback_visit *visit, void *context,
                              struct error *err);

#endif
