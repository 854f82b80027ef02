/* results.h - what a command did to each item, as the report of its job: a row an item, totals, and one sentence on
 * what to do next. */
#ifndef GATEWAY_JOBS_RESULTS_H
#define GATEWAY_JOBS_RESULTS_H

#include "gateway/jobs/work.h"

struct results;
MUST_CHECK bool results_new(struct work *work, struct results **out, struct error *err);
void results_free(struct results *results);

/* A command_report; `context` is the results. The work's progress goes along. */
void results_add(const struct outcome *outcome, void *context);
/* To be given to the command: what it counts goes into the totals. */
struct tally *results_tally(struct results *results);

/* The courier is woken for every batch of what is added (command.h: it is durable then), so that it sends what is
 * queued already while more is being queued. */
void results_wake_courier(struct results *results);

/* An item that never came to a command: `id` as it was named. */
void results_refuse(struct results *results, const char *id, const struct error *why);
/* … with nothing to do; both languages say why. */
void results_unchanged(struct results *results, const char *record, uint32_t version, const char *zh, const char *en);
/* A thing that is no record: a delivery, a channel. `why` NULL: done. */
void results_other(struct results *results, const char *member, const char *id, const struct error *why);
/* The same, done, with words about it. */
void results_told(struct results *results, const char *member, const char *id, const char *words);
/* The deliveries that outcomes are about, by their index; borrowed. */
void results_set_deliveries(struct results *results, const uint64_t *deliveries);

/* How the sentence after the totals reads when something was done; both take no arguments. NULL: none. */
struct results_closing {
    const char *zh;
    const char *en;
};
/* Write both reports; fills the work's exit and counts. */
MUST_CHECK bool results_finish(struct results *results, const struct results_closing *closing, struct error *err);

DEFINE_AUTO(struct results *, results_free)

#endif
