#include "gateway/courier/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/webhook.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/command/ledger.h"
#include "gateway/courier/remit.h"

struct endpoint {
    struct webhook webhook;
    struct adapter_config config;
    char name[CHANNEL_NAME_BYTES];
};

static unsigned within(int64_t value)
{
    return value < 0 ? 0 : value > INT32_MAX ? INT32_MAX : (unsigned)value;
}

static void describe(const struct config_client *client, struct endpoint *endpoint, struct courier_channel *channel)
{
    const struct config_webhook *from = &client->webhook;

    endpoint->config = (struct adapter_config){.base_url = from->url,
                                               .webhook = &endpoint->webhook,
                                               .connect_timeout_ms = within(from->connect_timeout_ms),
                                               .total_timeout_ms = within(from->total_timeout_ms)};
    *channel = (struct courier_channel){.name = endpoint->name,
                                        .client = client->name,
                                        .adapter = &adapter_webhook,
                                        .config = &endpoint->config,
                                        .certificate_path = *from->certificate ? from->certificate : NULL,
                                        .key_path = *from->key ? from->key : NULL,
                                        .ca_path = from->ca,
                                        .concurrency = within(from->concurrency),
                                        .retry_first_ms = from->retry_first_ms,
                                        .retry_max_ms = from->retry_max_ms,
                                        .poll_ms = from->retry_first_ms};
}

static bool load(const struct config *config, const struct config_client *client, struct endpoint *endpoint,
                 struct error *err)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    const struct config_webhook *from = &client->webhook;
    AUTO(buf_done) struct buf name = BUF_INIT;

    buf_addf(&name, CHANNEL_WEBHOOK_PREFIX "%s", client->name);
    if (!channel_is_webhook_name(buf_span(&name)))
        return fail(err, ERR_INVALID, "\"%s\" cannot be part of a channel's name", client->name);
    memcpy(endpoint->name, name.data, name.bytes + 1);
    endpoint->webhook = (struct webhook){
        .gateway = config->name, .client = client->name, .is_asymmetric = strcmp(from->signature, "hmac") != 0};
    if (!*from->secret_file)
        return true;
    return (file_read(from->secret_file, WEBHOOK_SECRETS_BYTES_MAX, &text, err) &&
            webhook_secrets_parse(buf_span(&text), &endpoint->webhook, err)) ||
           fail_in(err, "%s: %s", endpoint->name, from->secret_file);
}

/* --- their channels --- */

struct opening {
    struct endpoint_set *set;
    const struct clock *clock;
};

static bool open_channels(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct opening *opening = context;

    if (!ledger_new(txn, opening->clock, &ledger, err))
        return false;
    for (size_t i = 0; i < opening->set->count; i++) {
        struct courier_channel *channel = &opening->set->channels[i];

        if (channel_find(txn, span_of(channel->name), &channel->channel))
            continue;
        buf_clear(&data);
        buf_addf(&data, "{\"channel\":\"%s\"}", channel->name);
        if (!store_txn_is_good(txn, err) ||
            !ledger_emit(ledger, "courier", "channel.opened", buf_span(&data), NULL, err))
            return false;
        if (!channel_find(txn, span_of(channel->name), &channel->channel))
            return fail(err, ERR_INTERNAL, "%s was not opened", channel->name);
    }
    return ledger_finish(ledger, err);
}

static bool has_unopened(struct store *store, struct endpoint_set *set, bool *has, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    *has = false;
    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    for (size_t i = 0; i < set->count; i++)
        *has = !channel_find(txn, span_of(set->channels[i].name), &set->channels[i].channel) || *has;
    return store_txn_is_good(txn, err);
}

bool endpoints_open(const struct config *config, struct store *store, const struct clock *clock,
                    struct endpoint_set *out, struct error *err)
{
    AUTO(endpoints_done) struct endpoint_set set = {.count = 0};
    struct opening opening = {&set, clock};
    struct error why;
    uint64_t ended;
    bool has;

    set.list = memory_new((config->client_count + 1) * sizeof *set.list);
    set.channels = memory_new((config->client_count + 1) * sizeof *set.channels);
    for (size_t i = 0; i < config->client_count; i++) {
        const struct config_client *client = &config->clients[i];

        if (!config_client_has_webhook(client))
            continue;
        if (load(config, client, &set.list[set.count], &why)) {
            describe(client, &set.list[set.count], &set.channels[set.count]);
            set.count++;
        } else {
            log_error("courier", "nothing is sent to it: %s", why.text);
        }
    }
    if (!has_unopened(store, &set, &has, err) || (has && !store_write(store, open_channels, &opening, err)))
        return fail_in(err, "webhooks");
    if (!remit_enforce(config, store, clock, &ended, err))
        return false;
    *out = set;
    set = (struct endpoint_set){.count = 0};
    return true;
}

void endpoints_done(struct endpoint_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        explicit_bzero(&set->list[i].webhook, sizeof set->list[i].webhook);
    free(set->list);
    free(set->channels);
    *set = (struct endpoint_set){.count = 0};
}
