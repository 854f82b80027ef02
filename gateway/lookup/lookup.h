/* lookup.h - may this enterprise be dealt with? The answer for one domain about one code, as of an instant.
 *
 * Domains are data: one file each in adapters/consumers/ (domain.h). The answer is one JSON object, copied together
 * from the subject's ready items (registry/subject.h): nothing is parsed and nothing allocated per record.
 *
 *   {"as_of":{"at","sequence"},"domain","list_edition","measures":[…],"name","obligations":[…]?,"purpose","reason"?,
 *    "receipt","records":[…],"rules","supportive":[…]?,"uscc","verdict"}
 *
 * verdict  "listed": a record is in force that this caller may see, and it names the measures; power-price: an
 *          obligation on energy or technology ground is open (row 10), late or not.
 *          "not-listed": the register is here and says nothing of that kind about the code.
 *          "unknown", with "reason" {"code","en","zh"}: we cannot say (empty register; what there is may not be shown
 *          to this caller; the store is behind). Never "not-listed" when in doubt.
 * Sources: architecture 6, domain.md 1.3 and 5, seed rows 10, 11, 18. */
#ifndef GATEWAY_LOOKUP_LOOKUP_H
#define GATEWAY_LOOKUP_LOOKUP_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/lookup/domain.h"
#include "gateway/store/store.h"

enum verdict { VERDICT_UNKNOWN, VERDICT_NOT_LISTED, VERDICT_LISTED, VERDICT_COUNT };
extern const char *const VERDICT_NAMES[VERDICT_COUNT];

struct lookup_question {
    const struct domain *domain;
    struct span uscc;    /* as given */
    struct span purpose; /* one that the domain accepts (domain_accepts) */
    bool is_government;  /* may see scope 1 (domain.md 5.5) */
    bool is_authorised;  /* a logged authorisation came with the question: may see scope 2 */
    int64_t at_ms;       /* as of this instant; records are judged by the day it lies in */
    const char *receipt; /* id of the trace entry (trace.h) */
};

struct lookup_facts {
    enum verdict verdict;
    uint64_t sequence; /* events in the journal that the answer rests on */
    uint32_t records;  /* shown */
};

/* Add the answer to `out`. A code that is not well-formed is ERR_INVALID, with the check that failed as err->rule:
 * "uscc.length", "uscc.character", "uscc.check". A wrong inner organisation-code check is no error (such enterprises
 * exist). */
MUST_CHECK bool lookup_by_code(struct store_txn *txn, const struct lookup_question *question, struct buf *out,
                               struct lookup_facts *facts, struct error *err);

#endif
