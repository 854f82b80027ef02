/* today_json.h - how things stand, for the first page of the staff's console: GET /console/api/today.
 *
 * {"waiting":{"mine","all"},"returned":{"mine","all"},"overdue":{"unproposed","on"},"refused","held","unsent","clocks":
 * {as in status_json, "ending","ending_more"},"channels":[as in status_json],"alarms":[{"rule","text","text_zh"}],
 * "worst","at"}
 *
 * `waiting.mine`: versions that wait and that this person may decide (he is a reviewer and proposed none of them);
 * `returned.mine`: those that he proposed. `overdue.unproposed`: obligations overdue on the day `on` without a record
 * (standing.h), null when the store is older than that count. `refused`, `held`: over all channels. `ending`: live
 * records whose publication ends within CLOCKS_ENDING_DAYS; TODAY_ENDING_MAX with "ending_more":true is that many or
 * more. `alarms`: what is wrong and no number tells. `worst`: "bad" when something is wrong, "look" when something
 * waits for somebody, else "good".
 *
 * All of it is counters and short walks: what answers banks may say it at any time. `out` is replaced, and empty after
 * a failure. */
#ifndef GATEWAY_JOBS_TODAY_JSON_H
#define GATEWAY_JOBS_TODAY_JSON_H

#include "gateway/config/config.h"
#include "gateway/jobs/show_json.h"
#include "schemas/windows.h"

enum { TODAY_ENDING_MAX = 200 };

struct today_source {
    struct status_source status;
    const struct windows *windows;
};
/* What is the same for everybody. */
struct today_shared {
    struct buf members; /* from "waiting" on what does not depend on who asks: without braces, beginning with a comma */
    uint64_t waiting;
    uint64_t returned;
};
MUST_CHECK bool today_shared_make(struct store_txn *txn, const struct today_source *source, struct today_shared *out,
                                  struct error *err);
void today_shared_done(struct today_shared *shared);
/* The whole, for one person, but for "at" and the last brace: that time passes is no change. today_end adds them. */
MUST_CHECK bool today_json(struct store_txn *txn, const struct today_shared *shared, const struct config_person *person,
                           struct buf *out, struct error *err);
void today_end(int64_t now_ms, struct buf *out);

#endif
