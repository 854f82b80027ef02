/* tool_post CONFIG STORE - the yardstick of a push: every upload that the courier made of the deliveries in STORE,
 * posted once more by a bare libcurl loop to the channel of CONFIG.
 *
 * The bodies are made again before the clock starts, byte for byte as they were sent; then one handle posts them one
 * after the other over one connection, with the same TLS and the gateway's headers, and reads the answers. No store, no
 * signature, no outcomes. The platform must hold nothing, or it would only repeat its answers. Prints one JSON object:
 * {"calls", "rows", "bytes", "ms"}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/courier/connection.h"
#include "gateway/courier/shipment.h"
#include "gateway/journal/journal.h"

enum { CALLS_MAX = 100000, ID_BYTES = 16 };

struct body {
    struct buf bytes;
    size_t rows;
};

struct posting {
    const struct courier_channel *channel;
    struct body *bodies;
    size_t count;
    CURL *easy;
    struct buf answer;
};

/* --- the bodies --- */

static bool add_body(struct posting *posting, struct store_txn *txn, const uint8_t id[ID_BYTES], struct error *err)
{
    AUTO(shipment_free) struct shipment *shipment = NULL;
    AUTO(adapter_request_done) struct adapter_request request = {.header_count = 0};
    const struct adapter_attempt attempt = {.step = ADAPTER_UPLOAD, .nonce = ""};
    const struct courier_channel *channel = posting->channel;
    struct body *body = &posting->bodies[posting->count];

    if (!shipment_load(txn, channel, id, true, &shipment, err) || !shipment_remake(shipment, err))
        return false;
    channel->adapter->request(channel->config, &shipment->call, &shipment->draft, &shipment->signature, &attempt,
                              &request);
    body->bytes = request.body;
    request.body = BUF_INIT;
    body->rows = shipment->count;
    posting->count++;
    return true;
}

/* In the order in which they were prepared. */
static bool load_bodies(struct posting *posting, struct store *store, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    for (uint64_t i = 0; i < journal_size(txn); i++) {
        AUTO(buf_done) struct buf id = BUF_INIT;
        struct event event;
        struct span bytes;

        if (!journal_read(txn, i, &bytes) || !event_parse(bytes, &event, err))
            return fail_in(err, "event %llu", (unsigned long long)i);
        if (!span_is(event.type, "call.prepared"))
            continue;
        if (posting->count == CALLS_MAX || !hex_decode(walk_plain_of(event.data, "call"), &id) || id.bytes != ID_BYTES)
            return fail(err, ERR_LIMIT, "event %llu is no call, or one too many", (unsigned long long)i);
        if (!add_body(posting, txn, (const uint8_t *)id.data, err))
            return false;
    }
    return posting->count > 0 || fail(err, ERR_NOT_FOUND, "nothing was ever sent from this store");
}

/* --- the loop --- */

static size_t take(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

/* What the gateway in front of the platform wants to see of every request. */
static struct curl_slist *headers(const struct posting *posting)
{
    AUTO(adapter_request_done) struct adapter_request request = {.header_count = 0};
    struct adapter_attempt attempt = {.step = ADAPTER_HOLDINGS, .now_ms = clock_now_ms(&CLOCK_SYSTEM), .after = ""};
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    connection_nonce(attempt.nonce);
    posting->channel->adapter->request(posting->channel->config, NULL, NULL, NULL, &attempt, &request);
    list = curl_slist_append(list, "Content-Type: application/json");
    for (size_t i = 0; i < request.header_count; i++)
        list = curl_slist_append(list, buf_text(&request.headers[i]));
    return list;
}

static bool post(struct posting *posting, const struct body *body, struct error *err)
{
    struct curl_slist *list = headers(posting);
    CURLcode code;
    long status = 0;

    buf_clear(&posting->answer);
    curl_easy_setopt(posting->easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(posting->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->bytes.bytes);
    curl_easy_setopt(posting->easy, CURLOPT_POSTFIELDS, body->bytes.data);
    code = curl_easy_perform(posting->easy);
    curl_easy_getinfo(posting->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    if (code != CURLE_OK)
        return fail(err, ERR_IO, "libcurl: %s", curl_easy_strerror(code));
    return (status == 200 && strstr(buf_text(&posting->answer), "\"errorCode\":\"200\"")) ||
           fail(err, ERR_REFUSED, "HTTP %ld %.200s", status, buf_text(&posting->answer));
}

static bool begin(struct posting *posting, struct error *err)
{
    AUTO(buf_done) struct buf url = BUF_INIT;

    posting->easy = curl_easy_init();
    buf_addf(&url, "%s/upload", posting->channel->config->base_url);
    if (!posting->easy || connection_set(posting->easy, posting->channel) != CURLE_OK ||
        curl_easy_setopt(posting->easy, CURLOPT_URL, buf_text(&url)) != CURLE_OK ||
        curl_easy_setopt(posting->easy, CURLOPT_POST, 1L) != CURLE_OK ||
        curl_easy_setopt(posting->easy, CURLOPT_WRITEFUNCTION, take) != CURLE_OK ||
        curl_easy_setopt(posting->easy, CURLOPT_WRITEDATA, &posting->answer) != CURLE_OK)
        return fail(err, ERR_INTERNAL, "libcurl takes not every option");
    return true;
}

static bool run(struct posting *posting, struct error *err)
{
    size_t rows = 0;
    size_t bytes = 0;
    int64_t start_ms;

    if (!begin(posting, err))
        return false;
    start_ms = time_monotonic_ms();
    for (size_t i = 0; i < posting->count; i++) {
        if (!post(posting, &posting->bodies[i], err))
            return fail_in(err, "upload %zu", i);
        rows += posting->bodies[i].rows;
        bytes += posting->bodies[i].bytes.bytes;
    }
    printf("{\"calls\": %zu, \"rows\": %zu, \"bytes\": %zu, \"ms\": %lld}\n", posting->count, rows, bytes,
           (long long)(time_monotonic_ms() - start_ms));
    return true;
}

static bool all(struct posting *posting, const char *config_path, const char *store_path, struct error *err)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(channel_settings_free) struct channel_settings *settings = NULL;
    AUTO(store_close) struct store *store = NULL;

    if (!config_load(config_path, NULL, NULL, &config, err) ||
        !channel_settings_load(config, CHANNEL_CREDIT_GUANGDONG, &settings, err) ||
        !store_open(store_path, &(struct store_options){.is_read_only = true}, &store, err))
        return false;
    posting->channel = channel_for_courier(settings);
    return load_bodies(posting, store, err) && run(posting, err);
}

int main(int argc, char **argv)
{
    struct posting posting = {.bodies = memory_new(CALLS_MAX * sizeof *posting.bodies)};
    struct error err;
    bool is_good;

    if (argc != 3) {
        fprintf(stderr, "usage: tool_post CONFIG STORE\n");
        return 2;
    }
    is_good = all(&posting, argv[1], argv[2], &err);
    if (!is_good)
        fprintf(stderr, "tool_post: %s\n", err.text);
    for (size_t i = 0; i < posting.count; i++)
        buf_done(&posting.bodies[i].bytes);
    free(posting.bodies);
    curl_easy_cleanup(posting.easy);
    buf_done(&posting.answer);
    return is_good ? 0 : 1;
}
