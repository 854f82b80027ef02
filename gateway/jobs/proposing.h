/* proposing.h - what a person proposes, read from an order's arguments: for the job that does it and the one that only
 * shows what would come of it. */
#ifndef GATEWAY_JOBS_PROPOSING_H
#define GATEWAY_JOBS_PROPOSING_H

#include "gateway/jobs/work.h"

/* A new record, from the arguments of "propose"; texts are borrowed. */
void proposing_new(const struct work *work, struct proposal *out);
/* The next version of a record, from those of "correct", "withdraw", "repair", "dispute" or "settle" (`kind`).
 * `statement` gets what a repair says, and must stay. */
MUST_CHECK bool proposing_change(const struct work *work, const char *kind, struct buf *statement, struct proposal *out,
                                 struct error *err);

#endif
