/* remit.h - what a client's endpoint may be told of watched subjects, and the end of what was queued when it might.
 *
 * What waits for an endpoint was queued when the client was given the domain and the purpose of its watch. A
 * configuration that takes one of them away (or makes it a client under test) takes that back as well: such a message
 * must not leave any more. Source: docs/webhooks.md; architecture 6. */
#ifndef GATEWAY_COURIER_REMIT_H
#define GATEWAY_COURIER_REMIT_H

#include "base/time.h"
#include "gateway/config/config.h"
#include "gateway/lookup/domain.h"
#include "gateway/store/store.h"

/* Could the client open such a watch now? `domain` NULL: there is none of that name. An empty purpose: for any that it
 * has. One that is under test is told nothing of the register. That a client is suspended is no matter of this: what is
 * told to it waits. */
bool remit_may_tell(const struct config_client *client, const struct domain *domain, struct span purpose);

/* End every message that waits for an endpoint of the configuration and is not for it any more: delivery.superseded
 * with a reason, and before it call.dissolved of the call that carried it, in one transaction. Messages of a watch that
 * was closed go by their domain. What is gone already or taken stays what it is; a message that says nothing (ping)
 * always may. Call it while nothing is being sent: before the courier runs. A repeat changes nothing. `*ended` gets how
 * many. Each client whose messages were ended is logged. */
MUST_CHECK bool remit_enforce(const struct config *config, struct store *store, const struct clock *clock,
                              uint64_t *ended, struct error *err);

#endif
