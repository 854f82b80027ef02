/* shipment.h - one call in the courier's memory: its rows, and the bytes that are made of them. Only for this room. */
#ifndef GATEWAY_COURIER_SHIPMENT_H
#define GATEWAY_COURIER_SHIPMENT_H

#include "gateway/courier/channel.h"
#include "keys/signer.h"

struct shipment {
    const struct courier_channel *channel;
    struct adapter_call call; /* its rows are the ones below */
    struct adapter_row *rows; /* by delivery, ascending; `json` is empty unless it was asked for */
    char (*records)[24];
    uint64_t *numbers; /* of the deliveries */
    size_t count;
    struct buf json;
    struct buf fixed;    /* what the adapter fixed: "request" of call.prepared */
    struct buf prepared; /* a new one: the data of call.prepared */
    struct adapter_draft draft;
    struct adapter_signature signature;
    /* Of the attempt that is about to start, when the adapter has attempts signed. */
    int64_t attempt_ms;
    struct buf attempt_signature;
    bool is_unmakeable; /* in doubt, and could not be sent again as it was */
    /* As the store had them when it was loaded. */
    enum call_state state;
    uint32_t attempts;
    uint32_t asks;
};
void shipment_free(struct shipment *shipment);

/* A call of the store. `with_rows`: to be sent; else to be asked after. */
MUST_CHECK bool shipment_load(struct store_txn *txn, const struct courier_channel *channel, const uint8_t id[16],
                              bool with_rows, struct shipment **out, struct error *err);
/* Make the bytes again that were fixed when it was prepared. ERR_CONFLICT when they come out differently (keys or
 * settings have changed), ERR_CORRUPT when what was fixed cannot be read. */
MUST_CHECK bool shipment_remake(struct shipment *shipment, struct error *err);

/* At most `max` new calls out of what is due at `now_ms`, lanes' heads only, the longest due first. Rows whose call was
 * split ride with their like only. `*count` may come out as 0. */
MUST_CHECK bool shipments_gather(struct store_txn *txn, const struct courier_channel *channel, int64_t now_ms,
                                 size_t max, struct shipment **out, size_t *count, struct error *err);
/* Fix a new call: task id, instant, IV, signature, and the event that says so. May wait for the signer. */
MUST_CHECK bool shipment_seal(struct shipment *shipment, struct signer *signer, int64_t now_ms, struct error *err);

/* Sign the attempt that is about to be made at `now_ms`, when the adapter wants that. May wait for the signer. */
MUST_CHECK bool shipment_sign_attempt(struct shipment *shipment, struct signer *signer, int64_t now_ms,
                                      struct error *err);

DEFINE_AUTO(struct shipment *, shipment_free)

#endif
