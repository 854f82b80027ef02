/* webhook.h - a client's endpoint that is told when a subject it watches changes: Standard Webhooks.
 *
 * A call is one message (rows_max 1), its payload the row as it was queued. The headers of an attempt:
 *
 *   webhook-id         "msg_" and 32 hex digits, made from gateway, client, record and version of the row: the same for
 *                      every attempt and for a message that was queued again, no other message has it
 *   webhook-timestamp  seconds of the attempt
 *   webhook-signature  over "id.timestamp.payload": "v1,BASE64" (HMAC-SHA-256) for each shared secret, "v1a,BASE64"
 *                      (Ed25519, the gateway's answer key), with a space between them
 *
 * 2xx: acknowledged, whatever the body says. 410: the endpoint wants no more until a person has seen to it. 408, 425,
 * 429, 5xx: later. 3xx is not followed and is for a person (the address in the configuration is not right). Other 4xx:
 * this message is refused. Source: https://www.standardwebhooks.com/ (specification 1.0.0), RFC 2104, RFC 8032. */
#ifndef ADAPTERS_WEBHOOK_H
#define ADAPTERS_WEBHOOK_H

#include "adapters/adapter.h"

enum {
    WEBHOOK_SECRETS_MAX = 4,       /* in force at once: a new one overlaps with the one before */
    WEBHOOK_SECRET_BYTES_MIN = 24, /* of the specification */
    WEBHOOK_SECRET_BYTES_MAX = 64,
    WEBHOOK_ID_BYTES = 37,            /* with its NUL */
    WEBHOOK_SECRETS_BYTES_MAX = 4096, /* of the file */
    WEBHOOK_ANSWER_BYTES = 4096
};

struct webhook_secret {
    uint8_t bytes[WEBHOOK_SECRET_BYTES_MAX];
    size_t count;
};
struct webhook {
    const char *gateway;
    const char *client;
    bool is_asymmetric; /* sign with the gateway's key */
    struct webhook_secret secrets[WEBHOOK_SECRETS_MAX];
    size_t secret_count;
};

/* A file of secrets: one "whsec_BASE64" a line, the newest first; empty lines and lines with # do not count. Fills
 * `secrets` and `secret_count`. ERR_INVALID "webhook.secret" names the line that is wrong, never what it says. */
MUST_CHECK bool webhook_secrets_parse(struct span text, struct webhook *webhook, struct error *err);
/* Of the message that this row is. */
void webhook_id(const struct webhook *webhook, const char *record, uint32_t version, char id[WEBHOOK_ID_BYTES]);
/* "id.timestamp.payload" */
void webhook_message_add(const char *id, int64_t at_ms, struct span payload, struct buf *out);

#endif
