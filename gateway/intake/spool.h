/* spool.h - records set aside in a file without a name: a spreadsheet is read once, and nothing of it is used before
 * all of it was good. */
#ifndef GATEWAY_INTAKE_SPOOL_H
#define GATEWAY_INTAKE_SPOOL_H

#include "gateway/intake/record.h"

struct spool;

/* `folder` is where the file lies; it is gone with the process. */
MUST_CHECK bool spool_new(const char *folder, struct spool **out, struct error *err);
void spool_free(struct spool *spool);
MUST_CHECK bool spool_add(struct spool *spool, const struct record *record, struct error *err);
/* Begin (again) at the first record; nothing is added any more. */
MUST_CHECK bool spool_rewind(struct spool *spool, struct error *err);
/* The fields are borrowed until the next call. */
MUST_CHECK bool spool_next(struct spool *spool, struct record *record, bool *is_end, struct error *err);

DEFINE_AUTO(struct spool *, spool_free)

#endif
