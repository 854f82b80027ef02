/* clients.h - the outside systems of the configuration as requests need them: found by certificate in one step, their
 * domains, purposes, places and policies resolved. */
#ifndef GATEWAY_API_CLIENTS_H
#define GATEWAY_API_CLIENTS_H

#include "base/buf.h"
#include "gateway/access/board.h"
#include "gateway/config/config.h"
#include "gateway/lookup/domain.h"

struct client {
    const struct config_client *config;
    struct span name;
    size_t bucket;                 /* its place on the board (board.h), and its bucket (limits.h) */
    const struct domain **domains; /* NULL-terminated: those of its list that exist */
    struct buf policy;             /* the RateLimit-Policy field, ready with its line end (limits_fields.h) */
    unsigned withheld_scopes;      /* bits of enum scope, for lookup_question */
};

struct clients;
/* All are borrowed; every client has its place on the board. A domain that the configuration names and that does not
 * exist is logged and left out. */
struct clients *clients_new(const struct config *config, const struct domains *domains, const struct board *board);
void clients_free(struct clients *clients);
/* NULL when no client has this certificate. `*certificate` gets which of its own it is. */
const struct client *clients_find(const struct clients *clients, const uint8_t fingerprint[32]);
const struct client *clients_find_certificate(const struct clients *clients, const uint8_t fingerprint[32],
                                              const struct config_certificate **certificate);
/* By its name in the configuration; NULL when there is none. */
const struct client *clients_named(const struct clients *clients, struct span name);

bool client_may_ask(const struct client *client, const struct domain *domain);
/* Accepted by the domain and not withheld from this client? */
bool client_may_name(const struct client *client, const struct domain *domain, struct span purpose);
/* Add the purposes that it may name there, "a, b". */
void client_purposes(const struct client *client, const struct domain *domain, struct buf *out);

DEFINE_AUTO(struct clients *, clients_free)

#endif
