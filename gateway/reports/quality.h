/* quality.h - the quality of what departments reported: the four numbers of domain.md 2.5 (timely within 7 working
 * days, valid-ingest, completeness, accuracy; full marks from 95 %), counted in records.
 *
 * A record is that of the department that listed it (认定单位) and of the day of its decision, both of the version in
 * force; one that only waits for the second person counts, too: its clock runs (clocks.h). One that was returned and
 * not proposed again is none.
 *
 * - timely: 信用广东's first business receipt that takes the record came on the last day at the latest, which is the
 * 7th working day after the decision (clocks_report_due). Of: those that it took, and those whose last day is over
 *   without it. Not of: those whose term still runs (pending), and those that ended before it was owed no more
 *   (withdrawn, repaired or over by law before they were taken).
 * - judged: 信用广东 took a version, or refused one for its content. A refusal whose code the layout calls the way's
 *   fault (keys, order, transport; adapters/layout.h) judges nothing.
 * - accepted: of those judged, none of whose versions was ever refused for its content.
 * - complete: of those judged, none refused for something that is missing.
 * - accurate: of those judged, none refused for something that is wrong, and not corrected or withdrawn by people
 *   since. A repair, a dispute or an end by law says nothing against it.
 *
 * What was refused, and when what was taken, is read from the journal: a delivery's newest state forgets what came
 * before. Only from the first proposal of the period's records on. */
#ifndef GATEWAY_REPORTS_QUALITY_H
#define GATEWAY_REPORTS_QUALITY_H

#include "gateway/registry/records.h"
#include "gateway/reports/report.h"

struct quality_item {
    char record[RECORD_ID_BYTES];
    uint32_t department; /* of the texts */
    int32_t decided_on;
    int64_t taken_ms; /* the first business receipt that takes it; 0: none */
    uint64_t proposal;
    bool is_over;
    bool is_corrected; /* or withdrawn */
    bool is_refused;   /* a version, for its content */
    bool is_missing;
    bool is_wrong;
};
struct quality {
    struct quality_item *list; /* by record */
    size_t count;
    size_t capacity;
    char **departments;
    size_t department_count;
    size_t department_capacity;
};
/* quality_gather.c */
MUST_CHECK bool quality_gather(const struct report_source *source, const struct report_period *period,
                               struct quality *out, struct error *err);
void quality_done(struct quality *quality);

struct quality_sums {
    int64_t records;
    int64_t timed;
    int64_t on_time;
    int64_t pending;
    int64_t judged;
    int64_t accepted;
    int64_t complete;
    int64_t accurate;
};
void quality_add(struct quality_sums *sums, const struct quality_item *item, const struct calendar *calendar,
                 int32_t today);

DEFINE_AUTO_IN_PLACE(struct quality, quality_done)

#endif
