/* status_parts.h - what `status` and the staff's first page both say. Only for the files that build them. */
#ifndef GATEWAY_JOBS_STATUS_PARTS_H
#define GATEWAY_JOBS_STATUS_PARTS_H

#include "gateway/jobs/show_json.h"

/* Over all channels. */
struct status_totals {
    uint64_t refused;
    uint64_t held;
    uint64_t paused;  /* channels that are used and paused */
    uint64_t failing; /* channels that are used, not paused, and fail again and again */
};
/* So many tries in a row that led to nothing are told: before, it may have been chance. */
enum { STATUS_FAILING_FROM = 3 };
/* Add the list of channels, as status_json has it. */
MUST_CHECK bool status_channels_add(struct store_txn *txn, const struct config *config, struct buf *out,
                                    struct status_totals *totals, struct error *err);

struct status_clocks {
    uint64_t late;
    uint64_t soon;
    uint64_t unconfirmed;
    uint64_t receipts;
    bool is_stale;
};
/* Add the members of "clocks", without braces. */
MUST_CHECK bool status_clocks_add(struct store_txn *txn, const struct status_source *source, struct buf *out,
                                  struct status_clocks *told, struct error *err);

/* What the keeper says against a log: why it signs no more checkpoints for it. False: nothing. */
bool status_log_refused(const char *state, const char *log, struct buf *zh, struct buf *en);

#endif
