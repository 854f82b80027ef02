/* show_evidence.h - what the register holds beside a record's claim: the order it rests on as it was read then and as
 * it stands now, the file and line it came from, and the proof that this event is in the signed journal. For the second
 * person, who decides on it. */
#ifndef GATEWAY_JOBS_SHOW_EVIDENCE_H
#define GATEWAY_JOBS_SHOW_EVIDENCE_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/store/store.h"

/* A signed checkpoint of the journal, read before the transaction began; size 0: there is none yet. */
struct evidence_log {
    struct span checkpoint;
    uint64_t size;
};
/* Add {"record","version","proposal","basis":VERSION,"now":VERSION|null,"changed":[COLUMN…],"import":{…}|null,
 * "proof":{…}|null} (docs/console-api.md) about the newest version of the record. `now` is null while the register says
 * what it said; `import` is null while that file's import is not over; `proof` while no checkpoint holds the event.
 * ERR_NOT_FOUND when there is no such record. */
MUST_CHECK bool show_evidence(struct store_txn *txn, struct span record, const struct evidence_log *log,
                              struct buf *out, struct error *err);

#endif
