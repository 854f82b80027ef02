/* One request over libcurl.
 *
 * libcurl sends a request again by itself when a kept connection turns out to be gone. That must not be: the first
 * sending may have been read, and the second would carry the same nonce, which the gateway in front of the platform
 * refuses. So every sending is counted, and the second one is broken off: in doubt. */
#include "gateway/courier/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/courier/connection.h"
#include "gateway/courier/courier.h"

/* --- what a failure means --- */

/* Words of TLS alerts with which the other side says that it will not have us (RFC 8446 6.2), as OpenSSL names them.
 * With TLS 1.3 they come after the handshake, when a request seems to have left already. */
static const char *const ALERTS[] = {
    "alert bad certificate",
    "alert certificate required",
    "alert certificate expired",
    "alert certificate revoked",
    "alert certificate unknown",
    "alert unsupported certificate",
    "alert unknown ca",
    "alert access denied",
    "alert handshake failure",
    "alert protocol version",
    "alert insufficient security",
    "alert unrecognized name",
    "alert no application protocol",
};

static const CURLcode UNTRUSTED[] = {
    CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,          CURLE_SSL_CIPHER,
    CURLE_SSL_CACERT_BADFILE,       CURLE_SSL_ISSUER_ERROR,         CURLE_SSL_CRL_BADFILE,
    CURLE_SSL_INVALIDCERTSTATUS,    CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT,
    CURLE_USE_SSL_FAILED,
};

static const CURLcode NOT_REACHED[] = {
    CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
    CURLE_INTERFACE_FAILED,     CURLE_OPERATION_TIMEDOUT,
};

/* A connection that broke; before the request was handed over it broke in the handshake. */
static const CURLcode BROKEN[] = {
    CURLE_SSL_CONNECT_ERROR, CURLE_SEND_ERROR,   CURLE_RECV_ERROR,
    CURLE_GOT_NOTHING,       CURLE_PARTIAL_FILE, CURLE_SSL_SHUTDOWN_FAILED,
};

static bool is_among(CURLcode code, const CURLcode *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == code)
            return true;
    }
    return false;
}

static bool tells_alert(const char *words)
{
    for (size_t i = 0; i < COUNT_OF(ALERTS); i++) {
        if (strstr(words, ALERTS[i]))
            return true;
    }
    return false;
}

enum policy_net transfer_net(CURLcode code, const char *words, unsigned sends)
{
    if (code == CURLE_OK)
        return NET_ANSWERED;
    if (is_among(code, UNTRUSTED, COUNT_OF(UNTRUSTED)))
        return NET_UNTRUSTED;
    if (is_among(code, BROKEN, COUNT_OF(BROKEN)) && tells_alert(words))
        return NET_UNTRUSTED;
    if (sends > 0)
        return NET_LOST;
    if (is_among(code, NOT_REACHED, COUNT_OF(NOT_REACHED)))
        return NET_NOT_REACHED;
    return is_among(code, BROKEN, COUNT_OF(BROKEN)) ? NET_HANDSHAKE : NET_OWN_FAULT;
}

/* --- on the way --- */

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t bytes = size * count;
    size_t most = transfer->channel->adapter->answer_bytes_max;

    if (bytes > COURIER_ANSWER_MAX - transfer->body_bytes) {
        transfer->is_overlong = true;
        return 0;
    }
    transfer->body_bytes += bytes;
    if (most == 0 || bytes <= most - transfer->body.bytes)
        buf_add(&transfer->body, data, bytes);
    else
        buf_add(&transfer->body, data, most - transfer->body.bytes);
    return bytes;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t bytes = size * count;

    (void)data;
    transfer->header_bytes += bytes;
    if (transfer->header_bytes <= COURIER_HEADERS_MAX)
        return bytes;
    transfer->is_overlong = true;
    return 0;
}

static int before_sending(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    return ++transfer->sends > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* --- setting up --- */

static bool set_headers(struct transfer *transfer, struct error *err)
{
    /* An empty Expect: no waiting for "100 Continue". */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    for (size_t i = 0; list && i < transfer->request.header_count; i++) {
        struct curl_slist *longer = curl_slist_append(list, buf_text(&transfer->request.headers[i]));

        if (!longer)
            curl_slist_free_all(list);
        list = longer;
    }
    if (!list)
        return fail(err, ERR_INTERNAL, "libcurl: no memory for headers");
    transfer->headers = list;
    return true;
}

/* As in connection.c: the first option that is not taken ends it. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        code = code == CURLE_OK ? curl_easy_setopt(easy, (option), (value)) : code;                                    \
    } while (0)

static CURLcode set_callbacks(CURL *easy, struct transfer *transfer)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->words);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, before_sending);
    SET(CURLOPT_PREREQDATA, transfer);
    return code;
}

static CURLcode set_request(CURL *easy, struct transfer *transfer)
{
    struct adapter_request *request = &transfer->request;
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, buf_text(&request->url));
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    if (request->body.bytes == 0) {
        SET(CURLOPT_HTTPGET, 1L);
    } else {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.bytes);
        SET(CURLOPT_POSTFIELDS, buf_text(&request->body)); /* borrowed */
    }
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    return code;
}

static bool set_all(struct transfer *transfer, struct error *err)
{
    const struct courier_channel *channel = transfer->channel;
    CURLcode code = connection_set(transfer->easy, channel);

    code = code == CURLE_OK ? set_callbacks(transfer->easy, transfer) : code;
    code = code == CURLE_OK ? set_request(transfer->easy, transfer) : code;
    return code == CURLE_OK || fail(err, ERR_INTERNAL, "libcurl: %s", curl_easy_strerror(code));
}

static void make_request(struct transfer *transfer, const struct transfer_order *order)
{
    struct shipment *shipment = order->shipment;
    struct adapter_attempt attempt = {
        .step = order->step, .now_ms = order->now_ms, .secret = order->secret, .after = order->after};

    if (shipment && order->channel->adapter->attempt_message) {
        attempt.now_ms = shipment->attempt_ms;
        attempt.signature = buf_span(&shipment->attempt_signature);
    }
    connection_nonce(attempt.nonce);
    order->channel->adapter->request(order->channel->config, shipment ? &shipment->call : order->call,
                                     shipment ? &shipment->draft : NULL, shipment ? &shipment->signature : NULL,
                                     &attempt, &transfer->request);
    if (!shipment)
        return;
    /* The bytes stand in the request now. */
    adapter_draft_done(&shipment->draft);
    buf_done(&shipment->json);
}

bool transfer_start(CURLM *multi, const struct transfer_order *order, struct transfer **out, struct error *err)
{
    struct transfer *transfer = memory_new(sizeof *transfer);
    bool is_good;

    transfer->channel = order->channel;
    transfer->shipment = order->shipment;
    transfer->step = order->step;
    make_request(transfer, order);
    transfer->easy = curl_easy_init();
    is_good = transfer->easy ? set_headers(transfer, err) && set_all(transfer, err)
                             : fail(err, ERR_INTERNAL, "libcurl: no handle");
    if (is_good) {
        CURLMcode code = curl_multi_add_handle(multi, transfer->easy);

        is_good = code == CURLM_OK || fail(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    }
    if (!is_good) {
        transfer->shipment = NULL; /* stays with the caller */
        transfer_free(transfer);
        return false;
    }
    *out = transfer;
    return true;
}

/* --- the end --- */

static void detach(CURLM *multi, struct transfer *transfer)
{
    (void)curl_multi_remove_handle(multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    adapter_request_done(&transfer->request);
}

void transfer_words_copy(const char *words, char out[CURL_ERROR_SIZE])
{
    size_t at = 0;

    for (; words[at] && at < CURL_ERROR_SIZE - 1; at++)
        out[at] = words[at] < ' ' || words[at] > '~' ? ' ' : words[at];
    out[at] = '\0';
}

/* A field that is longer than its place was not meant for us. */
static void read_field(struct transfer *transfer, const char *name, char *out, size_t room)
{
    struct curl_header *header = NULL;

    if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
        strlen(header->value) >= room)
        return;
    memcpy(out, header->value, strlen(header->value) + 1);
}

void transfer_end(CURLM *multi, struct transfer *transfer, CURLcode code)
{
    long status = 0;

    transfer->net = transfer->is_overlong ? NET_OVERLONG : transfer_net(code, transfer->words, transfer->sends);
    if (transfer->net == NET_ANSWERED) {
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        transfer->status = (int)status;
        read_field(transfer, "Retry-After", transfer->retry_after, sizeof transfer->retry_after);
        read_field(transfer, "Date", transfer->date, sizeof transfer->date);
    }
    transfer_words_copy(transfer->words[0] || code == CURLE_OK ? transfer->words : curl_easy_strerror(code),
                        transfer->words);
    detach(multi, transfer);
}

void transfer_break_off(CURLM *multi, struct transfer *transfer, const char *why)
{
    detach(multi, transfer);
    transfer->net = NET_LOST;
    transfer_words_copy(why, transfer->words);
}

struct transfer *transfer_of(CURL *easy)
{
    char *transfer = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    return (struct transfer *)(void *)transfer;
}

void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    adapter_request_done(&transfer->request);
    buf_done(&transfer->body);
    shipment_free(transfer->shipment);
    free(transfer);
}
