/* order_seen.h - an order says of what it is about which version its page showed: "r-…@N" of a record, where N is the
 * sequence of the proposal of its newest version ("proposal" in every list), "…@N" of an obligation, where N is its
 * version. What is not as it was seen any more is not touched: the whole order is refused before it is taken. The job
 * looks once more, inside its transaction, and refuses the item (named.h, command.h desk.seen); a push alone does not:
 * what two people have approved is told, whoever saw it. */
#ifndef GATEWAY_API_ORDER_SEEN_H
#define GATEWAY_API_ORDER_SEEN_H

#include <jansson.h>

#include "gateway/api/api_internal.h"

/* Look at every id of `arguments` that says what was seen. ERR_CONFLICT "order.stale" names the
 * first that changed and how many did; ERR_INVALID "order.seen" for what cannot be a version. `stale` gets the first
 * few that changed: {"id","seen","now","uscc"}, a comma between two; `uscc` of an obligation, else null. */
MUST_CHECK bool order_seen_check(struct api *api, const char *kind, json_t *arguments, struct buf *stale,
                                 struct error *err);

#endif
