/* courier.h - the process that sends what is due and reads what came back.
 *
 * One loop over libcurl's multi interface. Every turn gathers what happened into one write transaction: events first,
 * durable, then the network sees the consequence. Killed at any point it loses and doubles nothing: a call is
 * journaled before its first byte leaves, and is sent again with the same bytes under the same id. A call that was
 * prepared when the courier began may have been sent by the one before: it is asked after first.
 *
 * HTTP/1.1 over TLS 1.2 or newer, peer and name verified against the channel's own authority, client certificate, no
 * redirects, no proxy from the environment, answers of at most COURIER_ANSWER_MAX bytes. What each ending means:
 * policy.h. How many requests at once: throttle.h. The list of what an upstream holds is not asked for here: inquiry.h.
 * Source: architecture 5, upstreams.md. */
#ifndef GATEWAY_COURIER_COURIER_H
#define GATEWAY_COURIER_COURIER_H

#include "gateway/courier/channel.h"
#include "keys/signer.h"

enum {
    COURIER_ANSWER_MAX = 4 * 1024 * 1024,
    COURIER_HEADERS_MAX = 64 * 1024, /* of one answer */
    COURIER_CONCURRENCY_MAX = 64,
    COURIER_STOP_MS = 3000,
    COURIER_IDLE_MS = 5000, /* the store is looked at so often even when nobody wakes us */
    COURIER_POLL_MS = 250   /* the same without a wake_fd */
};

/* Everything is borrowed and must outlive the run. */
struct courier_options {
    struct store *store;
    struct signer *signer; /* its patience is set to the courier's */
    const struct clock *clock;
    const struct courier_channel *channels; /* at most one of each channel */
    size_t channel_count;
    int wake_fd; /* non-blocking eventfd, readable when there may be work; drained; -1: none */
};

/* Run until `stop_fd` becomes readable; requests in flight then get COURIER_STOP_MS to end. True after an orderly stop.
 * False only when the store is broken (ERR_CORRUPT, ERR_INTERNAL) or libcurl cannot be used: start it anew. A full disk
 * is waited for. Makes the process ignore SIGPIPE. */
MUST_CHECK bool courier_run(const struct courier_options *options, int stop_fd, struct error *err);

#endif
