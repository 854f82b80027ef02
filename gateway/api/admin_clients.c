/* GET /admin/v1/clients: every client of the configuration, for all of the staff: its certificates and how long they
 * last, how much of its day is used, when it was here last, is it suspended, by whom and why.
 *
 *   {"clients":[{"addresses","certificates":[{"days_left","ends","from","sha256","until","usable"}…],"daily_quota",
 *     "days_left","domains","kind","name","purposes","requests_per_minute","scopes","seen","suspended":{"at","by",
 *     "reason","sequence"},"used_today","version"}…],"configuration","generation","gone":[{"name","suspended"}…]}
 *
 * `version` and `configuration`, the SHA-256 of the file in force: order_version.h. `days_left` of a client is that of
 * the certificate that lasts longest; null: not known. `suspended` is null unless it is. `gone`: suspended, and not in
 * the configuration any more. `generation`: how often a configuration was taken over (creditgate reload). */
#include <string.h>

#include "base/encode.h"
#include "base/walk.h"
#include "gateway/access/suspension.h"
#include "gateway/api/api_internal.h"
#include "gateway/api/order_version.h"
#include "gateway/jobs/show_parts.h"

static const char *const NO_QUERY[] = {NULL};

struct listing {
    const struct api *api;
    struct store_txn *txn;
    struct buf *out;
    int64_t now_ms;
    size_t count; /* of those that are gone */
};

static void add_days(struct buf *out, const char *before, int64_t days)
{
    buf_add_text(out, before);
    if (days == INT64_MAX)
        buf_add_text(out, "null");
    else
        buf_addf(out, "%lld", (long long)days);
}

/* A list that is written with commas, as one of texts. */
static void add_words(struct buf *out, const char *before, char *const *words)
{
    buf_add_text(out, before);
    for (size_t i = 0; words[i]; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        json_string_add(out, span_of(words[i]));
    }
    buf_add_byte(out, ']');
}

static void add_certificate(const struct listing *listing, const struct config_certificate *certificate)
{
    struct buf *out = listing->out;
    int64_t ends_ms = config_certificate_ends_ms(certificate);
    bool is_usable = certificate->from_ms <= listing->now_ms && listing->now_ms <= ends_ms;

    add_days(out, "{\"days_left\":", config_certificate_days_left(certificate, listing->now_ms));
    show_instant(out, ",\"ends\":", ends_ms == INT64_MAX ? 0 : ends_ms);
    show_text(out, ",\"from\":", span_of(certificate->from_text));
    buf_add_text(out, ",\"sha256\":\"");
    hex_add(out, certificate->fingerprint, sizeof certificate->fingerprint);
    show_text(out, "\",\"until\":", span_of(certificate->until_text));
    buf_addf(out, ",\"usable\":%s}", is_usable ? "true" : "false");
}

static void add_suspension(const struct listing *listing, const struct suspension *suspension)
{
    struct buf *out = listing->out;

    if (!suspension->is_suspended) {
        buf_add_text(out, "null");
        return;
    }
    show_instant(out, "{\"at\":", suspension->at_ms);
    show_raw(out, ",\"by\":", walk_member(suspension->words, "by"));
    show_raw(out, ",\"reason\":", walk_member(suspension->words, "reason"));
    json_count_add(out, ",\"sequence\":", suspension->sequence);
    buf_add_byte(out, '}');
}

static void add_certificates(const struct listing *listing, const struct config_client *client)
{
    buf_add_text(listing->out, ",\"certificates\":[");
    for (size_t i = 0; i < client->certificate_count; i++) {
        if (i > 0)
            buf_add_byte(listing->out, ',');
        add_certificate(listing, &client->certificates[i]);
    }
    buf_add_byte(listing->out, ']');
}

static void add_scopes(struct buf *out, unsigned scopes)
{
    const char *comma = "";

    buf_add_text(out, ",\"scopes\":[");
    for (unsigned i = 0; i < 3; i++) {
        if (!(scopes & 1U << i))
            continue;
        buf_addf(out, "%s%u", comma, i);
        comma = ",";
    }
    buf_add_byte(out, ']');
}

static void add_client(const struct listing *listing, const struct config_client *client)
{
    AUTO(buf_done) struct buf version = BUF_INIT;
    const struct board *board = listing->api->desk.board;
    size_t place = board_place_of(board, client->name);
    struct suspension suspension = {.is_suspended = false};
    struct buf *out = listing->out;

    (void)suspension_find(listing->txn, span_of(client->name), &suspension);
    show_text(out, "{\"addresses\":", span_of(client->addresses_text));
    add_certificates(listing, client);
    json_count_add(out, ",\"daily_quota\":", (uint64_t)client->daily_quota);
    add_days(out, ",\"days_left\":", config_client_days_left(client, listing->now_ms));
    add_words(out, ",\"domains\":[", client->domains);
    show_text(out, ",\"kind\":", span_of(client->kind_text));
    show_text(out, ",\"name\":", span_of(client->name));
    add_words(out, ",\"purposes\":[", client->purposes);
    json_count_add(out, ",\"requests_per_minute\":", (uint64_t)client->requests_per_minute);
    add_scopes(out, client->scopes);
    show_instant(out, ",\"seen\":", board_seen_ms(board, place));
    buf_add_text(out, ",\"suspended\":");
    add_suspension(listing, &suspension);
    json_count_add(out, ",\"used_today\":", (uint64_t)board_used(board, place, day_of_instant(listing->now_ms)));
    order_version_of_client(listing->txn, span_of(client->name), &version);
    show_text(out, ",\"version\":", buf_span(&version));
    buf_add_byte(out, '}');
}

static bool add_gone(const struct suspension *suspension, void *context)
{
    struct listing *listing = context;
    const struct config *config = listing->api->config;

    for (size_t i = 0; i < config->client_count; i++) {
        if (span_is(suspension->client, config->clients[i].name))
            return true;
    }
    if (!suspension->is_suspended)
        return true;
    show_text(listing->out, listing->count++ ? ",{\"name\":" : "{\"name\":", suspension->client);
    buf_add_text(listing->out, ",\"suspended\":");
    add_suspension(listing, suspension);
    buf_add_byte(listing->out, '}');
    return true;
}

static bool list(struct listing *listing, struct error *err)
{
    AUTO(buf_done) struct buf version = BUF_INIT;
    const struct config *config = listing->api->config;

    order_version_of_configuration(listing->api, &version);
    buf_add_text(listing->out, "{\"clients\":[");
    for (size_t i = 0; i < config->client_count; i++) {
        if (i > 0)
            buf_add_byte(listing->out, ',');
        add_client(listing, &config->clients[i]);
    }
    show_text(listing->out, "],\"configuration\":", buf_span(&version));
    json_count_add(listing->out, ",\"generation\":", board_generation(listing->api->desk.board));
    buf_add_text(listing->out, ",\"gone\":[");
    if (!suspension_list(listing->txn, add_gone, listing, err))
        return false;
    buf_add_text(listing->out, "]}");
    return store_txn_is_good(listing->txn, err);
}

void admin_clients(struct visit *visit)
{
    struct api *api = visit->api;
    struct listing listing = {
        .api = api, .out = &visit->reply->body, .now_ms = clock_now_ms(api->options.clock), .count = 0};
    struct error err;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NO_QUERY))
        return;
    listing.txn = api_read(api, &err);
    if (!listing.txn || !list(&listing, &err))
        visit_refuse(visit, &err);
    api_end_read(api);
}
