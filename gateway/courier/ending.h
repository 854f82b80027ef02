/* ending.h - how an attempt ended, and the events this becomes. Only for this room. */
#ifndef GATEWAY_COURIER_ENDING_H
#define GATEWAY_COURIER_ENDING_H

#include "gateway/command/ledger.h"
#include "gateway/courier/destination.h"
#include "gateway/courier/transfer.h"

/* On whose word the courier's events happen. */
#define COURIER_NAME "courier"

struct ending {
    struct ending *next;
    struct destination *destination; /* borrowed */
    struct shipment *shipment;       /* NULL: no call: a secret was asked for, or only trouble of our own */
    struct policy_attempt attempt;
    struct adapter_result result;
    struct buf body;
    char words[CURL_ERROR_SIZE]; /* of a failure; printable ASCII */
    uint32_t dice;
    /* Filled by ending_write, which may run again: */
    struct policy_verdict verdict;
    bool is_judged;
    bool has_refused; /* rows were refused */
};
void ending_free(struct ending *ending);

/* Read what came of a transfer; takes its shipment and body. Counts it at its destination. */
struct ending *ending_of_transfer(struct transfer *transfer, int64_t now_ms);
/* Nothing is to be written down: a part is there or a secret was given, and the next request may go at once. */
bool ending_goes_on(const struct ending *ending);
/* We could not even try. `shipment` (taken over) may be NULL. */
struct ending *ending_of_trouble(struct destination *destination, struct shipment *shipment, enum adapter_step step,
                                 enum policy_net net, const char *words);

/* Turn it into events, decided on what the store holds now; what no longer fits is left out. */
MUST_CHECK bool ending_write(struct ending *ending, struct store_txn *txn, struct ledger *ledger, int64_t now_ms,
                             struct error *err);

#endif
