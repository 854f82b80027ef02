#include "gateway/courier/remit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/ledger.h"
#include "gateway/outbox/outbox.h"
#include "gateway/watch/watch.h"

/* In one transaction: a client that was told much and lost all of it must not hold up everybody who writes. */
enum { ENDED_MAX = 500 };

static const char REASON[] = "the client may not be told this any more: domain or purpose were taken away";

bool remit_may_tell(const struct config_client *client, const struct domain *domain, struct span purpose)
{
    char *const *purposes = client->purposes;

    if (client->is_test || !domain)
        return false;
    if (purpose.bytes > 0)
        return config_client_may_ask(client, domain_name(domain), purpose) && domain_accepts(domain, purpose);
    if (client->kind == CLIENT_SUPERVISOR || !config_client_has_domain(client, domain_name(domain)))
        return false;
    for (size_t i = 0; purposes && purposes[i]; i++) {
        if (domain_accepts(domain, span_of(purposes[i])))
            return true;
    }
    return !purposes || !purposes[0];
}

/* --- finding --- */

struct enforcing {
    const struct config *config;
    const struct clock *clock;
    struct domains *domains; /* loaded when there is something to judge */
    const struct config_client *client;
    struct store_txn *txn;
    uint64_t *numbers; /* to be ended, at most ENDED_MAX */
    size_t count;
    struct error *err;
    bool is_good;
};

static bool know_domains(struct enforcing *enforcing)
{
    const char *data = enforcing->config->data;
    AUTO(text_free) char *consumers = NULL;
    AUTO(text_free) char *schemas = NULL;

    if (enforcing->domains)
        return true;
    consumers = path_join(data, "adapters/consumers");
    schemas = path_join(data, "schemas");
    return domains_load(consumers, schemas, &enforcing->domains, enforcing->err);
}

static bool visit_waiting(const struct delivery *delivery, void *context)
{
    struct enforcing *enforcing = context;
    struct span data = walk_member(delivery->row, "data");
    struct span purpose = SPAN_NONE;
    struct watch watch;
    uint32_t number;

    if (!span_is(walk_plain_of(delivery->row, "type"), "subject.changed"))
        return true;
    enforcing->is_good = know_domains(enforcing);
    if (!enforcing->is_good)
        return false;
    if (watch_id_parse(walk_plain_of(data, "watch"), &number) && watch_find(enforcing->txn, number, &watch))
        purpose = watch.purpose;
    if (!remit_may_tell(enforcing->client, domains_find(enforcing->domains, walk_plain_of(data, "domain")), purpose))
        enforcing->numbers[enforcing->count++] = delivery->number;
    return enforcing->count < ENDED_MAX;
}

static bool find_waiting(struct enforcing *enforcing)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    enum channel channel;

    enforcing->count = 0;
    enforcing->is_good = true;
    buf_addf(&name, CHANNEL_WEBHOOK_PREFIX "%s", enforcing->client->name);
    if (!channel_find(enforcing->txn, buf_span(&name), &channel))
        return store_txn_is_good(enforcing->txn, enforcing->err);
    if (!outbox_open(enforcing->txn, channel, visit_waiting, enforcing, enforcing->err) || !enforcing->is_good)
        return false;
    /* A person could order these to be sent again. */
    return enforcing->count == ENDED_MAX ||
           (outbox_refused(enforcing->txn, channel, visit_waiting, enforcing, enforcing->err) && enforcing->is_good);
}

/* --- ending --- */

static bool dissolve(const struct enforcing *enforcing, struct ledger *ledger, const struct delivery *delivery)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_add_text(&data, "{\"call\":\"");
    hex_add(&data, delivery->call, sizeof delivery->call);
    buf_addf(&data, "\",\"due_ms\":%lld,\"reason\":\"%s\"}", (long long)clock_now_ms(enforcing->clock), REASON);
    return ledger_emit(ledger, "courier", "call.dissolved", buf_span(&data), NULL, enforcing->err);
}

/* A call to an endpoint carries one message alone (adapters/webhook.h). */
static bool end_one(const struct enforcing *enforcing, struct ledger *ledger, uint64_t number)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct delivery delivery;

    if (!outbox_find(enforcing->txn, number, &delivery, enforcing->err))
        return false;
    buf_addf(&data, "{\"by_version\":%" PRIu32, delivery.version);
    json_count_add(&data, ",\"delivery\":", number);
    buf_addf(&data, ",\"reason\":\"%s\"}", REASON);
    return (delivery.state == DELIVERY_QUEUED || delivery.state == DELIVERY_REFUSED ||
            dissolve(enforcing, ledger, &delivery)) &&
           ledger_emit(ledger, "courier", "delivery.superseded", buf_span(&data), NULL, enforcing->err);
}

static bool end_waiting(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct enforcing *enforcing = context;

    enforcing->txn = txn;
    enforcing->err = err;
    if (!find_waiting(enforcing) || !ledger_new(txn, enforcing->clock, &ledger, err))
        return false;
    for (size_t i = 0; i < enforcing->count; i++) {
        if (!end_one(enforcing, ledger, enforcing->numbers[i]))
            return false;
    }
    return ledger_finish(ledger, err);
}

/* Most times there is nothing, and then nobody who writes is waited for. */
static bool has_waiting(struct enforcing *enforcing, struct store *store, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    enforcing->err = err;
    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    enforcing->txn = txn;
    return find_waiting(enforcing) && store_txn_is_good(txn, err);
}

static bool enforce_client(struct enforcing *enforcing, struct store *store, uint64_t *ended, struct error *err)
{
    uint64_t count = 0;

    do {
        if (!has_waiting(enforcing, store, err) ||
            (enforcing->count > 0 && !store_write(store, end_waiting, enforcing, err)))
            return false;
        count += enforcing->count;
    } while (enforcing->count > 0);
    if (count > 0)
        log_notice("courier", CHANNEL_WEBHOOK_PREFIX "%s: %" PRIu64 " messages are not sent: %s",
                   enforcing->client->name, count, REASON);
    *ended += count;
    return true;
}

bool remit_enforce(const struct config *config, struct store *store, const struct clock *clock, uint64_t *ended,
                   struct error *err)
{
    struct enforcing enforcing = {.config = config, .clock = clock};
    bool is_good = true;

    *ended = 0;
    enforcing.numbers = memory_new(ENDED_MAX * sizeof *enforcing.numbers);
    for (size_t i = 0; i < config->client_count && is_good; i++) {
        enforcing.client = &config->clients[i];
        is_good = !config_client_has_webhook(enforcing.client) || enforce_client(&enforcing, store, ended, err);
    }
    free(enforcing.numbers);
    domains_free(enforcing.domains);
    return is_good || fail_in(err, "what may be told");
}
