/* changes.h - what changed in the records that a domain's caller may see, for systems that keep a copy.
 *
 * A change tells how a record stands now, at the place in the journal of what last changed it: a later change replaces
 * what an earlier one said, so what was superseded meanwhile is left out. Who has read up to a sequence and goes on
 * from there misses nothing. What may be told is what a lookup would show (view.h); who could see an earlier version
 * and may not see this one is told that it is gone, others nothing. A record counts as changed also when the register
 * says something else about its obligation.
 * A copy is about no matter or case: none is asked for, personal data are masked whatever the purpose, and what needs
 * the enterprise's authorisation is not told.
 *
 *   {"at","ended_by"?,"from","id","record":{as in lookups}|null,"sequence","state","until","uscc","version"}
 *
 * state: "listed"; "ended" (ended_by: "withdrawn", "repaired", "expired" or absent when its time is over and nobody has
 * said so yet); "withheld": it may not be told now. from, until: when this version is in force; null: open. */
#ifndef GATEWAY_LOOKUP_CHANGES_H
#define GATEWAY_LOOKUP_CHANGES_H

#include "gateway/lookup/lookup.h"

enum { CHANGES_LOOKS_MAX = 500, CHANGES_MAX = 200 };

struct changes_page {
    uint64_t next;  /* events that are known then: `after` of the next page */
    uint32_t count; /* changes in this one */
    bool has_more;  /* there are events behind it */
};
/* Add the changes in the events from `after` on, with commas between them: at most `most` (CHANGES_MAX), in at most
 * CHANGES_LOOKS_MAX events. Of `question` uscc, purpose, as_of_ms and receipt are not used; `shown` gets what is
 * listed. ERR_INVALID "changes.after" when the journal is not that long; ERR_REFUSED "changes.domain" for a domain that
 * answers from obligations. */
MUST_CHECK bool changes_add(struct store_txn *txn, const struct lookup_question *question, uint64_t after,
                            uint32_t most, struct buf *out, struct changes_page *page, struct error *err);

#endif
