/* words.h - a feedback as a client writes it: read, judged for itself, made canonical.
 *
 *   {"receipt": of the answer, "details":[{"id": of a record or obligation it showed, "version"?: as shown,
 *    "result":"implemented"|"other"|"not-applicable", "measures"?:[ids of measures], "action"?, "reason"?,
 *    "acted_on"?: a day, "remark"?}…]}
 *
 * result: "implemented" the measures named were taken (`measures` or `action` says which); "other" something else was
 * done (`action`); "not-applicable" nothing was (`reason`). The three are handleType 1 and 2 and the case of no measure
 * of domain.md 1.3 (a); action, reason, acted_on and remark its action, remark and clTime. */
#ifndef GATEWAY_FEEDBACK_WORDS_H
#define GATEWAY_FEEDBACK_WORDS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    WORDS_BYTES_MAX = 40 * 1024, /* of a body: its event must fit the journal */
    WORDS_DETAILS_MAX = 200,
    WORDS_TEXT_MAX = 1000, /* characters of a text */
    WORDS_MEASURES_MAX = 32
};

struct words {
    json_t *json;        /* the whole request, owned */
    const char *receipt; /* borrowed from it, like details */
    const json_t *details;
    char sha256[65]; /* of its canonical form, hex */
};
/* `today`: nothing was done later than that. Errors in both languages: ERR_LIMIT "feedback.size", ERR_INVALID
 * "feedback.form" (which names the place), "feedback.result", "feedback.action", "feedback.reason", "feedback.day",
 * "feedback.twice". */
MUST_CHECK bool words_read(struct span body, int32_t today, struct words *out, struct error *err);
void words_done(struct words *words);

DEFINE_AUTO_IN_PLACE(struct words, words_done)

#endif
