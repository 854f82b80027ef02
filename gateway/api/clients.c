#include "gateway/api/clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

struct clients {
    struct client *list;
    size_t count;
    const struct client **places; /* by the first bytes of the fingerprint, which are evenly spread; NULL: free */
    size_t mask;
};

static size_t place_of(const struct clients *clients, const uint8_t fingerprint[32])
{
    size_t start;

    memcpy(&start, fingerprint, sizeof start);
    return start & clients->mask;
}

static void put(struct clients *clients, const struct client *client)
{
    size_t at = place_of(clients, client->config->fingerprint);

    while (clients->places[at])
        at = (at + 1) & clients->mask;
    clients->places[at] = client;
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

struct clients *clients_new(const struct config *config, const struct domains *domains)
{
    struct clients *clients = memory_new(sizeof *clients);
    size_t places = 16;

    while (places < 2 * config->client_count)
        places *= 2;
    clients->mask = places - 1;
    clients->places = memory_new(places * sizeof(const struct client *));
    clients->list = memory_new((config->client_count + 1) * sizeof *clients->list);
    clients->count = config->client_count;
    for (size_t i = 0; i < clients->count; i++) {
        const struct config_client *one = &config->clients[i];

        clients->list[i] = (struct client){one, span_of(one->name), i, resolve(one, domains)};
        put(clients, &clients->list[i]);
    }
    return clients;
}

void clients_free(struct clients *clients)
{
    if (!clients)
        return;
    for (size_t i = 0; i < clients->count; i++)
        free(clients->list[i].domains);
    free(clients->list);
    free(clients->places);
    free(clients);
}

const struct client *clients_find(const struct clients *clients, const uint8_t fingerprint[32])
{
    for (size_t at = place_of(clients, fingerprint); clients->places[at]; at = (at + 1) & clients->mask) {
        if (memcmp(clients->places[at]->config->fingerprint, fingerprint, 32) == 0)
            return clients->places[at];
    }
    return NULL;
}

size_t clients_strangers_bucket(const struct clients *clients)
{
    return clients->count;
}

bool client_may_ask(const struct client *client, const struct domain *domain)
{
    for (size_t i = 0; client->domains[i]; i++) {
        if (client->domains[i] == domain)
            return true;
    }
    return false;
}

static bool is_withheld(const struct client *client, struct span purpose)
{
    char *const *allowed = client->config->purposes;

    for (size_t i = 0; allowed[i]; i++) {
        if (span_is(purpose, allowed[i]))
            return false;
    }
    return allowed[0] != NULL;
}

bool client_may_name(const struct client *client, const struct domain *domain, struct span purpose)
{
    return domain_accepts(domain, purpose) && !is_withheld(client, purpose);
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
        if (one.bytes == 0 || is_withheld(client, one))
            continue;
        buf_add_text(out, comma);
        buf_add_span(out, one);
        comma = ", ";
    }
}
