/* number.h - the place of a call in its channel's row of names (file mode: a day and a number from 1, without gaps; see
 * outbox_last_number). Only for files of this room. */
#ifndef GATEWAY_OUTBOX_NUMBER_H
#define GATEWAY_OUTBOX_NUMBER_H

#include "gateway/outbox/table.h"

/* "day" and "number" of a call.prepared: both or neither (SPAN_NONE, -1), else ERR_INVALID. `out` is zeroes when there
 * are none. */
MUST_CHECK bool number_read(struct span day, int64_t number, struct number_entry *out, struct error *err);
/* ERR_CONFLICT when a call with this place (zeroes: with none) is not the one to be prepared now. */
MUST_CHECK bool number_follows(struct store_txn *txn, enum channel channel, const struct number_entry *place,
                               struct error *err);
/* The call was prepared. Zeroes: nothing happens. */
void number_taken(struct store_txn *txn, enum channel channel, const struct number_entry *place);

/* The place that a call would give back if it were known not to have arrived. Zeroes: it has none, or rows of it were
 * taken, so that its name is in use whatever the upstream says now. */
MUST_CHECK bool number_of_call(struct store_txn *txn, const uint8_t id[16], struct number_entry *out,
                               struct error *err);
/* Is it the last one given? True as well when the call has none. */
bool number_is_last(struct store_txn *txn, enum channel channel, const struct number_entry *place);
/* The last call never arrived, so its name never was: the next call gets it. Zeroes: nothing happens. */
void number_give_back(struct store_txn *txn, enum channel channel, const struct number_entry *place);

#endif
