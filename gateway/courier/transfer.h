/* transfer.h - one request on its way, over libcurl. Only for this room. */
#ifndef GATEWAY_COURIER_TRANSFER_H
#define GATEWAY_COURIER_TRANSFER_H

#include <curl/curl.h>

#include "gateway/courier/policy.h"
#include "gateway/courier/shipment.h"

struct destination;

struct transfer {
    struct transfer *next;
    struct destination *destination; /* borrowed */
    const struct courier_channel *channel;
    struct shipment *shipment; /* NULL in the steps without a call */
    enum adapter_step step;
    uint32_t secret_serial; /* which secret it was signed with */
    int64_t wall_ms;        /* when it was made, by both clocks */
    int64_t monotonic_ms;
    /* When it has ended: */
    enum policy_net net;
    int status; /* 0: no answer */
    struct buf body;
    char retry_after[64];        /* as it came; "" */
    char date[64];               /* likewise */
    char words[CURL_ERROR_SIZE]; /* of the failure; printable ASCII */
    /* Private to transfer.c. */
    CURL *easy;
    struct curl_slist *headers;
    struct adapter_request request;
    size_t header_bytes;
    size_t body_bytes; /* that came: `body` may hold less */
    unsigned sends;
    bool is_overlong;
};

/* What is to be asked of a channel. Borrowed, but for the shipment. */
struct transfer_order {
    const struct courier_channel *channel;
    struct shipment *shipment;       /* NULL in the steps without a call. The draft of an upload must be made */
    const struct adapter_call *call; /* of a question about a call that is no shipment of ours; else NULL */
    enum adapter_step step;
    const struct adapter_secret *secret; /* when the adapter needs one */
    const char *after;                   /* ADAPTER_HOLDINGS */
    int64_t now_ms;
};
/* Begin one attempt. The shipment is taken over when it succeeds. */
MUST_CHECK bool transfer_start(CURLM *multi, const struct transfer_order *order, struct transfer **out,
                               struct error *err);
/* libcurl is done with it: read what came of it. */
void transfer_end(CURLM *multi, struct transfer *transfer, CURLcode code);
/* Break it off: whatever it was, it may have arrived. */
void transfer_break_off(CURLM *multi, struct transfer *transfer, const char *why);
void transfer_free(struct transfer *transfer);
/* The transfer of a handle. */
struct transfer *transfer_of(CURL *easy);

/* Words of libcurl, the system or our own into a field: printable ASCII, cut. */
void transfer_words_copy(const char *words, char out[CURL_ERROR_SIZE]);

/* What a failure means. `sends`: how often the request was handed to the connection. Pure. */
enum policy_net transfer_net(CURLcode code, const char *words, unsigned sends);

#endif
