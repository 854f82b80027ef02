/* moment.h - what is the same for every code of one request: judged once. Only this room needs it. */
#ifndef GATEWAY_LOOKUP_MOMENT_H
#define GATEWAY_LOOKUP_MOMENT_H

#include "gateway/lookup/domain_parts.h"
#include "gateway/lookup/lookup.h"

enum answer_reason { REASON_NONE, REASON_REGISTER_EMPTY, REASON_BEFORE_REGISTER, REASON_WITHHELD, REASON_COUNT };

/* Borrows from question and transaction, and from itself: it stays where it is. */
struct moment {
    const struct lookup_question *question; /* code and receipt do not matter */
    const struct domain_purpose *purpose;
    const struct domain_edition *edition;
    int64_t instant_ms; /* that is answered for */
    int32_t day;
    uint64_t sequence;
    struct span changed_at;    /* of the newest event, as it stands there; empty when there is none */
    enum answer_reason reason; /* why nothing can be said about any code, or REASON_NONE */
    struct lookup_memory own;  /* when the question brought none */
};

/* Refusals: those of lookup_by_code but for the code. */
MUST_CHECK bool moment_find(struct store_txn *txn, const struct lookup_question *question, struct moment *moment,
                            struct error *err);

#endif
