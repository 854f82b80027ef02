/* telling.h - the events with which a version is told to a channel, or not. Only command*.c need it. */
#ifndef GATEWAY_COMMAND_TELLING_H
#define GATEWAY_COMMAND_TELLING_H

#include "gateway/command/ledger.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/record.h"

/* A version on its way to a channel; borrowed. */
struct telling {
    struct ledger *ledger;
    const char *person;
    enum channel channel;
    const struct record *record;
};

/* `row`: canonical JSON. */
MUST_CHECK bool tell_queued(const struct telling *telling, struct span row, struct error *err);
/* It is not sent: `by_version` says more (or 0: it ends what they never took). */
MUST_CHECK bool tell_skipped(const struct telling *telling, uint32_t by_version, struct error *err);
/* Why it is not sent, for people: push.superseded or push.never-taken. */
void tell_why_skipped(uint32_t by_version, struct error *out);
/* Its row cannot be made: a person sees to it. */
MUST_CHECK bool tell_held(const struct telling *telling, const struct error *why, struct error *err);

#endif
