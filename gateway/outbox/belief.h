/* belief.h - what we believe a channel holds, record by record in the order of their ids: for comparison with what it
 * lists (upstreams.md, "Holdings"). */
#ifndef GATEWAY_OUTBOX_BELIEF_H
#define GATEWAY_OUTBOX_BELIEF_H

#include "gateway/outbox/outbox.h"

/* Where one record stands with one channel. */
struct belief {
    char record[24];
    uint32_t version;   /* the newest acknowledged; 0: none ever was */
    uint64_t number;    /* its delivery; 0: none */
    struct span row;    /* its bytes as they were sent; borrowed */
    uint32_t newest;    /* the newest version ever queued for the channel */
    bool is_open;       /* something of it is queued or on its way */
    int64_t changed_ms; /* when any of its deliveries changed last */
};

/* Visit the records with deliveries for the channel whose ids come after `after` ("" begins), in byte order, until
 * `visit` returns false. */
typedef bool belief_visit(const struct belief *belief, void *context);
MUST_CHECK bool belief_walk(struct store_txn *txn, enum channel channel, const char *after, belief_visit *visit,
                            void *context, struct error *err);
/* Of one record. False when nothing of it was ever queued for the channel, or after an error (store_txn_is_good). */
bool belief_of(struct store_txn *txn, enum channel channel, const char *record, struct belief *out);

#endif
