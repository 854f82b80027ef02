/* command_feedback.h - what is owed and what was given, as events (gateway/feedback). */
#ifndef GATEWAY_COMMAND_COMMAND_FEEDBACK_H
#define GATEWAY_COMMAND_COMMAND_FEEDBACK_H

#include "gateway/command/command.h"
#include "gateway/command/command_feedback_send.h"
#include "gateway/feedback/answer.h"
#include "gateway/feedback/feedback.h"
#include "gateway/feedback/words.h"

struct giving {
    struct span client; /* whose certificate asks */
    const struct words *words;
    const struct feedback_answer *answer; /* that of the words' receipt: this client's, and something is owed on it */
    struct span key; /* of the request (Idempotency-Key): visible ASCII without quotes and \; empty: none */
    const struct feedback_channel *channel; /* where it is sent on; NULL: nowhere */
};
/* Record a feedback whole or not at all, and queue it for its channel in the same transaction; what cannot be told
 * there is logged and stays unsent (command_feedback_push). `*sequence` gets its event. The same key and words again
 * change nothing and give the same sequence. Refusals, in both languages: those of command_feedback_left; ERR_REFUSED
 * "feedback.not-shown", "feedback.version", "idempotency.other-request"; ERR_CONFLICT "feedback.given". desk->person is
 * not used. */
MUST_CHECK bool command_feedback_give(const struct desk *desk, const struct giving *giving, uint64_t *sequence,
                                      struct error *err);

/* How many things of the answer are still owed: with those that have their feedback they are all that it showed.
 * ERR_UNAVAILABLE "feedback.not-yet": the keeper has not come to it yet. ERR_NOT_FOUND "feedback.receipt": it is of a
 * test list that was made anew. ERR_CORRUPT: store and trace do not agree. */
MUST_CHECK bool command_feedback_left(struct store_txn *txn, struct span client, const struct feedback_answer *answer,
                                      uint32_t *left, struct error *err);

/* The entries [from, to) of the trace were looked at, and `owing` (JSON objects with commas between them, as in
 * feedback.owed, in all at most OWED_BYTES_MAX) owe. ERR_CONFLICT when `from` is not where the last one ended. */
enum { OWED_BYTES_MAX = 48 * 1024 };
struct owing {
    uint64_t from;
    uint64_t to;
    struct span owing;
};
MUST_CHECK bool command_feedback_owe(const struct desk *desk, const struct owing *owing, struct error *err);

#endif
