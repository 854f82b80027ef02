/* command_feedback_send.h - what clients said, queued for the upstream that takes it (CHANNEL_FEEDBACK): a row for each
 * detail of a feedback, each in a lane of its own. */
#ifndef GATEWAY_COMMAND_COMMAND_FEEDBACK_SEND_H
#define GATEWAY_COMMAND_COMMAND_FEEDBACK_SEND_H

#include <jansson.h>

#include "gateway/command/command.h"
#include "gateway/command/ledger.h"
#include "gateway/feedback/feedback.h"

/* One detail of a feedback with what its answer was about. Borrowed. */
struct feedback_said {
    char row[FEEDBACK_ROW_BYTES];
    struct span client;
    struct span receipt;
    struct span domain;
    struct span purpose;
    struct span uscc;
    struct span name; /* of the enterprise, as what was shown has it; empty when it is not there any more */
    uint32_t version; /* of what was shown */
    int64_t answered_ms;
    int64_t given_ms;
    const json_t *detail; /* as it stands in feedback.recorded */
};
/* The row's JSON as the channel wants it, canonical. ERR_REFUSED or ERR_INVALID when it cannot be told there as it is:
 * it stays in the journal, unsent. */
typedef bool feedback_row_maker(const struct feedback_said *said, void *context, struct buf *row, struct error *err);
struct feedback_channel {
    feedback_row_maker *make_row;
    void *context;
};

/* Queue every detail of the feedback.recorded `sequence` that was never queued, in the transaction of `ledger`. What
 * cannot be told is left out: `why` says of the last one why (ERR_NONE: of none), `left_out` how many. */
struct feedback_sending {
    struct store_txn *txn;
    struct ledger *ledger;
    const char *by;
    const struct feedback_channel *channel;
    size_t queued;
    size_t left_out;
    struct error why;
};
MUST_CHECK bool feedback_send(struct feedback_sending *sending, uint64_t sequence, struct error *err);

/* Queue all that was given before the job began (without one: until now) and was never queued: before there was such a
 * channel, or because it could not be told. `report` is told of each detail, by its row's name. */
MUST_CHECK bool command_feedback_push(const struct desk *desk, const struct feedback_channel *channel,
                                      command_report *report, void *context, struct tally *tally, struct error *err);

#endif
