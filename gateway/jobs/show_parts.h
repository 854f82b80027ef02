/* show_parts.h - the smaller pieces of show_json.h. Only for the files that build it. */
#ifndef GATEWAY_JOBS_SHOW_PARTS_H
#define GATEWAY_JOBS_SHOW_PARTS_H

#include "base/time.h"
#include "gateway/jobs/show_json.h"
#include "gateway/outbox/stage.h"
#include "gateway/registry/subject.h"

/* `before` is what stands before the value: the name with its quotes and colon, and the comma or brace. An empty text
 * is null, an instant of 0 too. */
void show_text(struct buf *out, const char *before, struct span text);
void show_instant(struct buf *out, const char *before, int64_t at_ms);
void show_raw(struct buf *out, const char *before, struct span json); /* as it stands */
/* "name":number */
void show_number(struct buf *out, const char *name, int64_t number);

/* One delivery with its receipts, and why it was refused. */
MUST_CHECK bool show_delivery(struct store_txn *txn, const struct delivery *delivery, struct refusals *refusals,
                              struct buf *out, struct error *err);
/* Why it was refused, null when it was not. */
void show_refusal(const struct delivery *delivery, struct refusals *refusals, struct buf *out);
/* The same form for a version that a channel cannot be told. */
void show_held(enum channel channel, const struct stage_held *held, struct refusals *refusals, struct buf *out);
/* An enterprise with its obligations and their records. */
MUST_CHECK bool show_subject(struct store_txn *txn, const struct subject *subject, struct buf *out, struct error *err);

#endif
