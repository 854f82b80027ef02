/* answer.h - the answer's JSON. Only this room needs it. */
#ifndef GATEWAY_LOOKUP_ANSWER_H
#define GATEWAY_LOOKUP_ANSWER_H

#include "gateway/lookup/lookup.h"
#include "gateway/lookup/view.h"

enum answer_reason { REASON_NONE, REASON_REGISTER_EMPTY, REASON_BEFORE_REGISTER, REASON_WITHHELD, REASON_COUNT };

/* What was found out, before a byte is written. */
struct answer {
    const struct lookup_question *question;
    const struct subject *subject; /* NULL: not in the register, or not asked */
    int32_t day;
    enum verdict verdict;
    enum answer_reason reason;
    uint64_t sequence;
    struct span changed_at; /* of the newest event, as it stands there; empty when there is none */
    uint32_t kinds;         /* of what is listed: domain_parts.h */
    uint32_t listed;        /* how many records or obligations */
    uint32_t supportive;
};

/* Is a measure named for what is listed? */
bool answer_has_measures(const struct answer *answer);
/* Cannot fail but for the store: see store_txn_is_good. */
void answer_add(const struct answer *answer, struct buf *out);

#endif
