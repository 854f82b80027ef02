/* reconcile.h - what we believe a channel holds against what it lists, as a report; and, when asked to, telling it
 * again what it should hold. Only for this room.
 *
 * A comparison changes nothing. With a repair what is missing or older is queued again under the person who ordered it,
 * once for each order however often its process is killed. What the channel holds beyond that, or with other content,
 * is listed for a person: nothing on the other side is taken away or overwritten by machine.
 *
 * Where an upstream has no list, what is told is what the receipts say, and that it is only that. */
#ifndef GATEWAY_JOBS_RECONCILE_H
#define GATEWAY_JOBS_RECONCILE_H

#include "gateway/courier/channel.h"
#include "gateway/jobs/comparison.h"
#include "gateway/jobs/listing.h"
#include "gateway/jobs/work.h"

/* Compare, repair when `reason` is given (else NULL), report. The work's exit is 0 when both sides are equal, 1 when
 * something differs. ERR_REFUSED "reconcile.no-list" when a repair is asked for and there is nothing to compare with;
 * the errors of gateway/courier/inquiry.h when the list cannot be had: then nothing was changed. */
MUST_CHECK bool reconcile_channel(struct work *work, const struct courier_channel *channel, const char *reason,
                                  struct error *err);

/* reconcile_receipts.c: the report for a channel without a list. */
MUST_CHECK bool reconcile_receipts(struct work *work, enum channel channel, struct error *err);

/* reconcile_rows.c: the rows of the report. */
struct reconcile_rows;
MUST_CHECK bool reconcile_rows_new(struct work *work, struct reconcile_rows **out, struct error *err);
void reconcile_rows_free(struct reconcile_rows *rows);
/* A difference. `outcome` NULL: nothing was done about it. The name is looked up in `txn`. */
void reconcile_rows_add(struct reconcile_rows *rows, struct store_txn *txn, const struct pair *pair,
                        const struct outcome *outcome);
/* Borrowed. */
struct listing *reconcile_rows_listing(struct reconcile_rows *rows);

DEFINE_AUTO(struct reconcile_rows *, reconcile_rows_free)

#endif
