/* batch_body.h - the body of POST /v1/lookups/{domain}: what is asked about many subjects.
 *
 *   {"as_of"?,"authorisation"?,"case"?,"department"?,"matter"?,"operator"?,"purpose","subjects":[{"uscc"|"name",
 *    "authorisation"?},…]}
 *
 * A well-formed body is read by a scanner of this shape alone, which takes a tenth of the time of a general reader.
 * Whatever it does not take is read again as JSON by base/json.h, which also says what is wrong with it: so nothing is
 * accepted here that is not accepted there, and the same is understood (tests/fuzz/fuzz_batch_body.c). */
#ifndef GATEWAY_API_BATCH_BODY_H
#define GATEWAY_API_BATCH_BODY_H

#include "base/json.h"

enum { BATCH_SUBJECTS_MAX = 1000 };

/* Empty where nothing was said; "" is not the same as not there. One of uscc and name is there. */
struct batch_subject {
    struct span uscc;
    struct span name;
    struct span authorisation;
};

/* Zeroed at first; the spans are borrowed from the text that was read, and from here until it is read again. */
struct batch_body {
    struct span purpose; /* these are heard also where something else is wrong */
    struct span matter;
    struct span case_number;
    struct span authorisation;
    struct span operator;
    struct span department;
    struct span as_of; /* an integer as its digits; only of a body whose form is good */
    size_t count;
    struct batch_subject subjects[BATCH_SUBJECTS_MAX];
    /* Of batch_body.c: */
    bool is_form_good;
    bool are_subjects_good;
    struct error form; /* why not */
    struct error subjects_form;
    json_t *kept; /* what spans point into */
    struct buf digits;
};

void batch_body_read(struct batch_body *body, struct span text);
/* The same by the general reader alone: for comparison. */
void batch_body_read_slowly(struct batch_body *body, struct span text);
void batch_body_done(struct batch_body *body);
/* Is it JSON, an object, with known members of the right types? ERR_INVALID: "batch.body", "query.unknown". */
MUST_CHECK bool batch_body_check(const struct batch_body *body, struct error *err);
/* Of a body whose form is good: are there subjects, not too many (ERR_LIMIT "batch.subjects"), each of a good form? */
MUST_CHECK bool batch_body_check_subjects(const struct batch_body *body, struct error *err);

DEFINE_AUTO_IN_PLACE(struct batch_body, batch_body_done)

#endif
