#include "gateway/accounts/account_events.h"

#include "base/text.h"
#include "base/walk.h"

static const char *const TYPES[] = {"account.signed-in",  "account.refused", "account.enrolled",
                                    "account.signed-out", "account.invited", "account.reset",
                                    "account.suspended",  "account.resumed", "account.ended"};

bool account_events_applies(struct span type)
{
    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        if (span_is(type, TYPES[i]))
            return true;
    }
    return false;
}

bool account_events_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    (void)txn;
    (void)sequence;
    return walk_plain_of(event->data, "account").bytes > 0 ||
           fail(err, ERR_CORRUPT, "%.*s names no account", (int)event->type.bytes, event->type.at);
}
