#include "gateway/api/clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "gateway/api/limits_fields.h"

/* One of a client's certificates. */
struct known {
    const struct client *client; /* NULL: free */
    const struct config_certificate *certificate;
};

struct clients {
    struct client *list;
    size_t count;
    struct known *places; /* by the first bytes of the fingerprint, which are evenly spread */
    size_t mask;
};

static size_t place_of(const struct clients *clients, const uint8_t fingerprint[32])
{
    size_t start;

    memcpy(&start, fingerprint, sizeof start);
    return start & clients->mask;
}

static void put(struct clients *clients, const struct client *client, const struct config_certificate *certificate)
{
    size_t at = place_of(clients, certificate->fingerprint);

    while (clients->places[at].client)
        at = (at + 1) & clients->mask;
    clients->places[at] = (struct known){client, certificate};
}

static const struct domain **resolve(const struct config_client *config, const struct domains *domains)
{
    size_t count = 0;
    const struct domain **list;

    while (config->domains[count])
        count++;
    list = memory_new((count + 1) * sizeof(const struct domain *));
    count = 0;
    for (size_t i = 0; config->domains[i]; i++) {
        const struct domain *domain = domains_find(domains, span_of(config->domains[i]));

        if (domain)
            list[count++] = domain;
        else
            log_warning("api", "client %s: there is no domain \"%s\"", config->name, config->domains[i]);
    }
    return list;
}

static void seat(struct clients *clients, struct client *client, const struct config_client *config)
{
    *client = (struct client){
        .config = config, .name = span_of(config->name), .withheld_scopes = ~config->scopes, .policy = BUF_INIT};
    limits_policy_add(config, &client->policy);
    for (size_t i = 0; i < config->certificate_count; i++)
        put(clients, client, &config->certificates[i]);
}

struct clients *clients_new(const struct config *config, const struct domains *domains, const struct board *board)
{
    struct clients *clients = memory_new(sizeof *clients);
    size_t certificates = 0;
    size_t places = 16;

    for (size_t i = 0; i < config->client_count; i++)
        certificates += config->clients[i].certificate_count;
    while (places < 2 * certificates)
        places *= 2;
    clients->mask = places - 1;
    clients->places = memory_new(places * sizeof *clients->places);
    clients->list = memory_new((config->client_count + 1) * sizeof *clients->list);
    clients->count = config->client_count;
    for (size_t i = 0; i < clients->count; i++) {
        struct client *client = &clients->list[i];

        seat(clients, client, &config->clients[i]);
        client->bucket = board_place_of(board, config->clients[i].name);
        client->domains = resolve(&config->clients[i], domains);
    }
    return clients;
}

void clients_free(struct clients *clients)
{
    if (!clients)
        return;
    for (size_t i = 0; i < clients->count; i++) {
        free(clients->list[i].domains);
        buf_done(&clients->list[i].policy);
    }
    free(clients->list);
    free(clients->places);
    free(clients);
}

const struct client *clients_find_certificate(const struct clients *clients, const uint8_t fingerprint[32],
                                              const struct config_certificate **certificate)
{
    for (size_t at = place_of(clients, fingerprint); clients->places[at].client; at = (at + 1) & clients->mask) {
        const struct known *known = &clients->places[at];

        if (memcmp(known->certificate->fingerprint, fingerprint, 32) != 0)
            continue;
        *certificate = known->certificate;
        return known->client;
    }
    return NULL;
}

const struct client *clients_find(const struct clients *clients, const uint8_t fingerprint[32])
{
    const struct config_certificate *certificate;

    return clients_find_certificate(clients, fingerprint, &certificate);
}

const struct client *clients_named(const struct clients *clients, struct span name)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (span_equal(clients->list[i].name, name))
            return &clients->list[i];
    }
    return NULL;
}

/* A supervisor's domains are those whose questions it reads: it asks none. */
bool client_may_ask(const struct client *client, const struct domain *domain)
{
    if (client->config->kind == CLIENT_SUPERVISOR)
        return false;
    for (size_t i = 0; client->domains[i]; i++) {
        if (client->domains[i] == domain)
            return true;
    }
    return false;
}

bool client_may_name(const struct client *client, const struct domain *domain, struct span purpose)
{
    return domain_accepts(domain, purpose) && config_client_has_purpose(client->config, purpose);
}

void client_purposes(const struct client *client, const struct domain *domain, struct buf *out)
{
    struct span rest = span_of(domain_purposes(domain));
    const char *comma = "";

    while (rest.bytes) {
        const char *end = memchr(rest.at, ',', rest.bytes);
        struct span one = {rest.at, end ? (size_t)(end - rest.at) : rest.bytes};

        rest = end ? (struct span){end + 1, rest.bytes - one.bytes - 1} : SPAN_NONE;
        one = span_trim(one);
        if (one.bytes == 0 || !config_client_has_purpose(client->config, one))
            continue;
        buf_add_text(out, comma);
        buf_add_span(out, one);
        comma = ", ";
    }
}
