/* exchange.h - one request, and waiting for its end: for processes that have nothing else to do meanwhile. Only for
 * this room. */
#ifndef GATEWAY_COURIER_EXCHANGE_H
#define GATEWAY_COURIER_EXCHANGE_H

#include "gateway/courier/transfer.h"

/* The ended transfer, whatever came of it: free it with transfer_free. False: we could not even try. */
MUST_CHECK bool exchange(CURLM *multi, const struct transfer_order *order, struct transfer **out, struct error *err);

#endif
