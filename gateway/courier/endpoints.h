/* endpoints.h - the clients' webhooks of the configuration as destinations of the courier (adapters/webhook.h). */
#ifndef GATEWAY_COURIER_ENDPOINTS_H
#define GATEWAY_COURIER_ENDPOINTS_H

#include "base/time.h"
#include "gateway/courier/channel.h"

struct endpoint;
/* `channels` are for struct courier_options and live as long as the set. */
struct endpoint_set {
    struct endpoint *list;
    struct courier_channel *channels;
    size_t count;
};
/* Every client with a webhook; its channel is opened in the journal when it is not yet. An endpoint whose secrets
 * cannot be read is logged and left out: what is queued for it waits, and nobody else is in its way. What waits for a
 * client that may not be told it any more is ended first (remit.h). `out` need not be initialised; on failure there is
 * nothing to end. The configuration must outlive the set. */
MUST_CHECK bool endpoints_open(const struct config *config, struct store *store, const struct clock *clock,
                               struct endpoint_set *out, struct error *err);
void endpoints_done(struct endpoint_set *set); /* secrets are wiped */

DEFINE_AUTO_IN_PLACE(struct endpoint_set, endpoints_done)

#endif
