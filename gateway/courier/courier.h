/* courier.h - the process that sends what is due and reads what came back.
 *
 * One loop over libcurl's multi interface. Every turn gathers what happened into one write transaction: events first,
 * durable, then the network sees the consequence. Killed at any point it loses and doubles nothing: a call is
 * journaled before its first byte leaves, and is sent again with the same bytes under the same id.
 *
 * HTTP/1.1 over TLS 1.2 or newer, peer and name verified, client certificate, no redirects, no proxy from the
 * environment, answers of at most COURIER_ANSWER_MAX bytes. What each ending means: policy.h. Source: architecture 5,
 * upstreams.md. */
#ifndef GATEWAY_COURIER_COURIER_H
#define GATEWAY_COURIER_COURIER_H

#include "adapters/adapter.h"
#include "gateway/outbox/outbox.h"
#include "keys/signer.h"

enum { COURIER_ANSWER_MAX = 4 * 1024 * 1024, COURIER_POLL_MS = 50, COURIER_CONCURRENCY = 4, COURIER_STOP_MS = 3000 };

struct courier_channel {
    enum channel channel;
    const struct adapter *adapter;
    struct adapter_config config;
    unsigned concurrency; /* requests in flight at most; 0: COURIER_CONCURRENCY */
};

/* Everything is borrowed and must outlive the run. */
struct courier_options {
    struct store *store;
    struct signer *signer;
    const struct clock *clock;
    const struct courier_channel *channels;
    size_t channel_count;
    const char *certificate_path; /* client certificate, PEM; NULL: none (tests) */
    const char *key_path;
    const char *ca_path;    /* who vouches for the upstreams; NULL: the system's */
    int wake_fd;            /* becomes readable when there may be work; drained; -1: none, the store is polled */
    unsigned poll_ms;       /* 0: COURIER_POLL_MS */
    bool allows_plain_http; /* only for tests */
};

/* Run until `stop_fd` becomes readable; requests in flight get COURIER_STOP_MS to end. True after an orderly stop. */
MUST_CHECK bool courier_run(const struct courier_options *options, int stop_fd, struct error *err);

#endif
