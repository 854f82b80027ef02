/* destination.h - what the courier remembers of a channel while it runs. Nothing here must survive it: what counts is
 * in the store. Only for this room. */
#ifndef GATEWAY_COURIER_DESTINATION_H
#define GATEWAY_COURIER_DESTINATION_H

#include "gateway/courier/policy.h"
#include "gateway/courier/shipment.h"
#include "gateway/courier/throttle.h"

struct destination {
    const struct courier_channel *channel;
    struct policy_pace pace;
    struct throttle throttle;
    unsigned in_flight;
    int64_t wall_ms;      /* this turn, by the machine's clock: for what others are told and say (tempo.h) */
    int64_t monotonic_ms; /* when that was */
    bool was_paused;      /* when last looked at */
    bool is_stopped;      /* write.c: paused, says the store in this transaction */
    bool has_refused;     /* rows were refused: perhaps what puts them right waits behind them */
    /* Endings in a row; what they count for: policy.h. */
    enum policy_ending last;
    uint32_t streak;
    uint32_t failures;
    uint32_t lone_refusals;
    uint32_t taken_names; /* policy_attempt.taken_names; a resumed channel remembers it */
    /* Calls that wait only because the destination did not work, or was paused: it does again. */
    uint8_t (*early)[16]; /* owned; the last one is the next */
    size_t early_count;
    bool wants_early; /* gather them at the next look */
    /* What ADAPTER_KEY brought; never written down. */
    struct adapter_secret secret;
    uint32_t secret_serial; /* tells one secret from the next */
    uint32_t renewals;      /* policy_attempt.renewals */
    uint32_t key_failures;
    int64_t key_ms; /* not asked for before */
    /* The signer does not answer. */
    int64_t sign_ms; /* not before */
    uint32_t sign_failures;
};

void destination_init(struct destination *destination, const struct courier_channel *channel);
void destination_done(struct destination *destination);
/* A secret is there that will still be taken for a while. */
bool destination_has_secret(const struct destination *destination);
/* ADAPTER_KEY ended: with a secret (copied) or, `secret` NULL, without. */
void destination_take_secret(struct destination *destination, const struct adapter_secret *secret, int64_t now_ms,
                             uint32_t dice);
/* The secret of that serial was not taken: forget it, unless a newer one is there already. */
void destination_refuse_secret(struct destination *destination, uint32_t serial);
/* It is resumed: what was counted before means nothing any more. */
void destination_forget(struct destination *destination);
/* An attempt ended so: count it, before it is judged. */
void destination_count(struct destination *destination, enum policy_ending ending, bool is_failure);
/* … and what that does to the number of requests, after it was judged. */
void destination_learn(struct destination *destination, const struct policy_verdict *verdict, int64_t retry_after_ms,
                       int64_t now_ms, uint32_t dice);

#endif
