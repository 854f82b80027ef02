/* report.h - the reports of a year: what they are made of, and what each figure means.
 *
 * Pure sums over what the store holds in one read transaction, in the newest version of everything: a report about a
 * past year says what is known of it now, and names the journal's length and the instant, so that it can be counted
 * again. Nothing is estimated; a rate of none is no rate.
 *
 * Which day counts
 * - an exit belongs to the year of its exit date (退出日期; row 22: 当年依法关闭退出), whatever its deadline was;
 * - an obligation falls due in the year of its last day in time: the extension when there is one (row 2), else the
 *   deadline;
 * - a record belongs to the day of the decision (认定日期) of its version in force.
 * All days are those of Asia/Shanghai.
 *
 * How things are summed up
 * - in time and late as the register says (按期退出, 逾期后退出; the rules of the import make it agree with the days);
 *   revoked orders count nowhere;
 * - a city is that of the division's first four digits, former divisions where they belong now; a division of the
 *   province itself stands as 省级, one that is not of Guangdong as 其他;
 * - enterprises are told apart by their code: one that retires two lines is one enterprise and two exits, and since it
 *   may stand in several groups, the groups may add up to more than the total;
 * - capacity is added exactly, as decimals, and only within one industry and one unit: a year's tonnes of steel and of
 *   cement have no sum, and tonnes and weight cases less so (rows 1, 22, 25).
 *
 * Sources: seed rows 22, 23 (what is reported by 20 December, 31 December and 31 January), 25 to 27; domain.md 2.5, 5,
 * 6.3. */
#ifndef GATEWAY_REPORTS_REPORT_H
#define GATEWAY_REPORTS_REPORT_H

#include "adapters/layout.h"
#include "gateway/reports/table.h"
#include "gateway/store/store.h"
#include "schemas/calendar.h"
#include "schemas/divisions.h"
#include "schemas/windows.h"

enum { REPORT_YEAR_FIRST = 2000, REPORT_YEAR_LAST = 2199, REPORT_TABLES_MAX = 12, REPORT_NOTES_MAX = 12 };

/* All borrowed. `tell` (may be NULL) hears how far it is: `of` 0, not known; false ends it with ERR_UNAVAILABLE. */
struct report_source {
    struct store_txn *txn;
    const struct divisions *divisions;
    const struct calendar *calendar; /* of quality */
    const struct windows *windows;   /* of lists */
    const struct layout *layout;     /* of quality: result codes of 信用广东; NULL: none is known */
    int64_t now_ms;
    bool (*tell)(void *context, uint64_t done, uint64_t of);
    void *context;
};

struct report_period {
    int year;
    int month; /* 1 to 12; 0: the whole year */
};
/* The first and the last day. */
int32_t report_first_day(const struct report_period *period);
int32_t report_last_day(const struct report_period *period);

struct report_note {
    const char *zh; /* static */
    const char *en;
};
struct report {
    const char *name; /* "exits", … */
    const char *zh;   /* "年度退出情况" */
    const char *en;
    const char *authority;       /* whose report it is; NULL: nobody is named. The caller sets it */
    struct report_period period; /* year 0: none, it is of the day */
    int64_t at_ms;
    uint64_t sequence; /* the journal's length; of lookups: of the trace's log */
    struct table *tables[REPORT_TABLES_MAX];
    size_t count;
    const struct report_note *notes; /* what the figures mean; static */
    size_t note_count;
};
void report_done(struct report *report);

/* Exits of the year (or of a month) by city, industry, ground and month; capacity by industry and unit, and by city.
 * exits.c */
MUST_CHECK bool report_exits(const struct report_source *source, const struct report_period *period, struct report *out,
                             struct error *err);
/* Rows 22 and 23: of the year's obligations and exits by city, industry, ground and kind of authority, how they stand;
 * the records of the year; each exit with enterprise, equipment and capacity. summary.c */
MUST_CHECK bool report_summary(const struct report_source *source, const struct report_period *period,
                               struct report *out, struct error *err);
/* Yellow and red lists as they are published today (gateway/lookup/bulletin.h has the rules): how many by city and
 * ground, and each line. lists.c */
MUST_CHECK bool report_lists(const struct report_source *source, const struct report_period *period, struct report *out,
                             struct error *err);
/* The quality of what departments reported (domain.md 2.5), by department, month and both. quality.h says what the
 * figures mean. */
MUST_CHECK bool report_quality(const struct report_source *source, const struct report_period *period,
                               struct report *out, struct error *err);
/* Questions by month and domain, from the log of the trace in `folder` (not from the store: source->txn may be NULL).
 * Answers from the test list are no questions about an enterprise and are left out. ERR_CORRUPT when the log is
 * damaged. lookups.c */
MUST_CHECK bool report_lookups(const struct report_source *source, const char *folder,
                               const struct report_period *period, struct report *out, struct error *err);

DEFINE_AUTO_IN_PLACE(struct report, report_done)

#endif
