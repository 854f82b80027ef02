/* lists.h - the report of a job that only looks. */
#ifndef GATEWAY_JOBS_LISTS_H
#define GATEWAY_JOBS_LISTS_H

#include "gateway/jobs/listing.h"
#include "gateway/jobs/work.h"

/* Write both reports: {`head` members with a comma after each, "count": rows, "items": […]}, and the table with the
 * closing sentence. */
MUST_CHECK bool lists_finish(struct work *work, struct listing *listing, struct span head, struct span closing,
                             struct error *err);

/* Members of an item: `before` has the name with its quotes and colon, and the comma or brace. Empty is null. */
void lists_text(struct buf *out, const char *before, struct span text);
void lists_day(struct buf *out, const char *before, int32_t day);
void lists_instant(struct buf *out, const char *before, int64_t at_ms);

#endif
