/* journey_json.h - how far the newest version in force of a record has come, stage by stage: what a page shows while
 * rows go out. A few reads for a record. */
#ifndef GATEWAY_JOBS_JOURNEY_JSON_H
#define GATEWAY_JOBS_JOURNEY_JSON_H

#include "base/buf.h"
#include "gateway/jobs/refusals.h"
#include "gateway/store/store.h"

/* Add {"record","version","op","name","uscc","proposal","stages":[{"channel","delivery","state","code","message",
 * "refusal","attempts","changed_ms"}…]}: a stage for each channel of row 18, in order. `state` is that of the delivery,
 * "held" when it cannot be told to this channel, null when it has not come there yet. `refusal` as in show_json.h.
 * ERR_NOT_FOUND: no such record, or none of its versions is in force. */
MUST_CHECK bool journey_json_add(struct store_txn *txn, struct span record, struct refusals *refusals, struct buf *out,
                                 struct error *err);

#endif
