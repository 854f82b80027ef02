/* status_clients.h - what `status` says of the outside systems. Only for status_json.c. */
#ifndef GATEWAY_JOBS_STATUS_CLIENTS_H
#define GATEWAY_JOBS_STATUS_CLIENTS_H

#include "gateway/config/config.h"
#include "gateway/store/store.h"

/* Add {"count","ending":[{"days_left","name"}…],"suspended":[name…]}: how many there are, whose last certificate ends
 * within CERTIFICATE_WARNING_DAYS (negative: it is over), who is suspended. */
MUST_CHECK bool status_clients_add(struct store_txn *txn, const struct config *config, int64_t now_ms, struct buf *out,
                                   struct error *err);

#endif
