/* answer.h - an answer as the trace has it (gateway/trace): what it showed, to whom, and whether that is owed on.
 *
 * The entry is the only place where this stands. What names a place of the log (feedback.h) is believed only when the
 * entry there says the same: ERR_CORRUPT otherwise, and the trace is another's, or was changed. */
#ifndef GATEWAY_FEEDBACK_ANSWER_H
#define GATEWAY_FEEDBACK_ANSWER_H

#include "base/walk.h"
#include "gateway/trace/trace.h"

/* Zeroed at first; the spans are raw JSON, and die with it or when another is read into it. */
struct feedback_answer {
    uint64_t position; /* in the trace's log */
    struct buf entry;
    struct buf client; /* text of `by` */
    struct span shown; /* [[id, version]…] */
    struct span receipt;
    uint32_t things; /* that were shown */
    bool owes;
    bool is_test;
};
/* ERR_NOT_FOUND: the log has no such receipt (yet). */
MUST_CHECK bool feedback_answer_find(struct trace_log *log, const char *receipt, struct feedback_answer *out,
                                     struct error *err);
/* That on which this client owes something. */
MUST_CHECK bool feedback_answer_at(struct trace_log *log, struct span client, uint64_t position,
                                   struct feedback_answer *out, struct error *err);
bool feedback_answer_is_of(const struct feedback_answer *answer, struct span client);
/* A member of the entry, raw; empty when absent. */
struct span feedback_answer_member(const struct feedback_answer *answer, const char *name);
/* What it showed, one after another: walk_begin at answer->shown, then this until false. */
struct feedback_thing {
    struct span id;
    uint32_t version;
};
bool feedback_thing_next(struct walk *shown, struct feedback_thing *out);
/* Was this shown, in which version? */
bool feedback_shows(const struct feedback_answer *answer, struct span id, uint32_t *version);
/* The event feedback.recorded tells of it: {"at","domain","purpose","uscc"}. */
void feedback_answer_add(const struct feedback_answer *answer, struct buf *out);
void feedback_answer_done(struct feedback_answer *answer);

DEFINE_AUTO_IN_PLACE(struct feedback_answer, feedback_answer_done)

#endif
