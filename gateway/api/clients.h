/* clients.h - the outside systems of the configuration as lookups need them: found by certificate in one step, their
 * domains and purposes resolved. */
#ifndef GATEWAY_API_CLIENTS_H
#define GATEWAY_API_CLIENTS_H

#include "base/buf.h"
#include "gateway/config/config.h"
#include "gateway/lookup/domain.h"

struct client {
    const struct config_client *config;
    struct span name;
    size_t bucket;                 /* of limits.h */
    const struct domain **domains; /* NULL-terminated: those of its list that exist */
};

struct clients;
/* Both are borrowed. A domain that the configuration names and that does not exist is logged and left out. */
struct clients *clients_new(const struct config *config, const struct domains *domains);
void clients_free(struct clients *clients);
/* NULL when no client has this certificate. */
const struct client *clients_find(const struct clients *clients, const uint8_t fingerprint[32]);
/* The bucket of all strangers together. */
size_t clients_strangers_bucket(const struct clients *clients);

bool client_may_ask(const struct client *client, const struct domain *domain);
/* Accepted by the domain and not withheld from this client? */
bool client_may_name(const struct client *client, const struct domain *domain, struct span purpose);
/* Add the purposes that it may name there, "a, b". */
void client_purposes(const struct client *client, const struct domain *domain, struct buf *out);

DEFINE_AUTO(struct clients *, clients_free)

#endif
