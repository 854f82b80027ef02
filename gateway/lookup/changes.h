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

#include "gateway/journal/event.h"
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

/* Does the domain tell of changes at all? ERR_REFUSED "changes.domain". */
MUST_CHECK bool changes_check_domain(const struct domain *domain, struct error *err);

/* The same of one event, as a fact, for whoever tells of it otherwise. */
struct change {
    int64_t at_ms;
    int64_t from_ms;
    char uscc[19];
    char record[24];
    uint32_t version;
    const char *state;    /* "listed", "ended" or "withheld" */
    const char *ended_by; /* or NULL */
};
/* Whose records does the event change? False: nobody's that is known. The code is 18 characters. */
MUST_CHECK bool change_subject(struct store_txn *txn, const struct event *event, bool *is_change, char uscc[19],
                               struct error *err);
/* May it be told to this caller, and how does the record stand now? What was superseded meanwhile is told at its own
 * place. Of `question` as above; ERR_REFUSED "changes.domain" as well. */
MUST_CHECK bool change_of_event(struct store_txn *txn, const struct lookup_question *question,
                                const struct event *event, bool *is_told, struct change *out, struct error *err);

#endif
