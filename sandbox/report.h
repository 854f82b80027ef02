/* report.h - one report to 全国信用信息共享平台: is it of the form, what becomes of its rows, what is told of them.
 * Knows nothing of signatures and sockets. */
#ifndef SANDBOX_REPORT_H
#define SANDBOX_REPORT_H

#include "sandbox/taking.h"
#include "sandbox/tasks.h"

enum { REPORT_ROWS_MAX = 200 };

/* {"batchNo", "seal", "rows"}: what is wrong with the form, NULL when nothing is. `canonical` gets that of the rows. */
const char *report_check(const json_t *body, struct buf *canonical);

/* Take or refuse its rows, in memory. The line for the diary, {"batch", "digest", "rows", "held", "outcomes"}: a new
 * reference. */
json_t *report_take(struct taking *taking, const json_t *body, const char *digest);
/* The batch of such a line. */
struct task *report_remember(struct tasks *tasks, const json_t *line);
/* The same from the diary, rows and batch. ERR_CORRUPT. */
MUST_CHECK bool report_replay(struct holdings *holdings, struct tasks *tasks, const json_t *line, struct error *err);

/* Add the rows of the answer: while not ready all of them are 未整合. */
void report_outcomes_add(const struct task *batch, bool is_ready, struct buf *out);

#endif
