/* finding.h - a request that needs companies found by name, while it waits for the process that finds them. Nobody else
 * waits: the handler's reply is early until the answer is there (http_reply.is_early). Only for this room. */
#ifndef GATEWAY_API_FINDING_H
#define GATEWAY_API_FINDING_H

#include "gateway/api/api_internal.h"

enum { FINDING_LIMIT_DEFAULT = 5, FINDING_WAIT_MS = 5000, FINDING_MANY_WAIT_MS = 20000 };

struct finding {
    struct visit *visit;
    uint64_t key; /* 0: could not be begun */
    bool is_new;
    int64_t patience_ms;
};

/* A client under test is answered from the test list at once: finding_in_tests, and nothing of what follows. The answer
 * is borrowed until the next. */
MUST_CHECK bool finding_in_tests(const struct visit *visit, struct span text, struct finder_wish wish,
                                 struct finder_answer *out, struct error *err);
/* The same request asked again goes on where it was. Add its texts afterwards: they count only when it is new. */
MUST_CHECK bool finding_begin(struct finding *finding, struct visit *visit, size_t texts, struct error *err);
void finding_add(const struct finding *finding, struct span text, struct finder_wish wish);
/* True: nothing can be said yet, the reply is early and finished. */
bool finding_is_early(const struct finding *finding);
/* finder_take, with the reason of finding_begin's failure when there is no key. */
MUST_CHECK bool finding_take(const struct finding *finding, size_t number, struct finder_answer *out,
                             struct error *err);
void finding_end(struct finding *finding);

/* "candidates":[…] */
void finding_add_candidates(const struct finder_answer *answer, struct buf *out);
/* The query's limit: 1 to NAMES_CANDIDATES_MAX. */
MUST_CHECK bool finding_limit(const struct http_request *request, int64_t *limit, struct error *err);

#endif
