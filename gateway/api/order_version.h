/* order_version.h - what is no record has a version, too: an opaque text that stands as "version" in the list that a
 * page shows and comes back as "seen" with the order. What is not as it was seen is not touched.
 *
 *   pause, drain, resume             "version" of the channel in /admin/v1/status: does it go on, and why not
 *   client-suspend, client-resume    "version" of the client in /admin/v1/clients: its newest event
 *   reload                           "configuration" there: SHA-256 of the file in force
 *   requeue                          each id is "N@A": delivery N, refused after A calls ("attempts" in its list)
 *
 * An order without it is taken as it is (command line). It is judged once, before the order is taken; what the state
 * itself forbids (to pause what is paused) the job refuses in its own transaction. */
#ifndef GATEWAY_API_ORDER_VERSION_H
#define GATEWAY_API_ORDER_VERSION_H

#include <jansson.h>

#include "gateway/api/api_internal.h"

/* ERR_CONFLICT "order.stale" says which, and how it is now; ERR_INVALID "order.seen" for what cannot be a version. */
MUST_CHECK bool order_version_check(struct api *api, const char *kind, json_t *arguments, struct error *err);

/* For the lists. A store error stays in the transaction. */
void order_version_of_client(struct store_txn *txn, struct span client, struct buf *out);
void order_version_of_configuration(const struct api *api, struct buf *out);

#endif
