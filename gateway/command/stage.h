/* stage.h - on to the next channel: what the channel before has acknowledged is queued by itself (seed row 18). */
#ifndef GATEWAY_COMMAND_STAGE_H
#define GATEWAY_COMMAND_STAGE_H

#include "gateway/command/command.h"
#include "gateway/command/ledger.h"

/* A later channel and how its rows are made. */
struct stage_channel {
    enum channel channel;
    row_maker *make_row;
    void *context;
};

/* In a write transaction, for at most `max` of the versions staged for the channel: queue it; or skip it, when a later
 * version takes its place or it ends what they never took; or hold it, when its row cannot be made or an older version
 * that must go before it is held. `*count`: how many there were. */
MUST_CHECK bool stage_advance(struct store_txn *txn, struct ledger *ledger, const char *person,
                              const struct stage_channel *to, size_t max, size_t *count, struct error *err);

/* In a trial (command.h): what would become of a version at a later channel once the channel before has taken it, as
 * things stand now. `why->code` ERR_NONE: it is queued there; else why nothing is sent (push.superseded,
 * push.never-taken, push.version-order), or why its row cannot be made, and it is held. */
struct stage_version {
    struct stage_channel to;
    const char *record;
    uint32_t version;
};
MUST_CHECK bool stage_try(const struct desk *desk, const struct stage_version *version, struct error *why,
                          struct error *err);

/* A push to a later channel, by a person: what is held there is tried again. ERR_REFUSED "push.stage" when nothing is:
 * everything else goes there by itself, after the channels before it. Only command_push needs it. */
MUST_CHECK bool stage_push_held(const struct desk *desk, const struct push_request *request, command_report *report,
                                void *context, struct tally *tally, struct error *err);

#endif
