/* windows.h - for how long a record is published (公示期), by severity and by the rules in force on the day of
 * decision.
 *
 * Data: schemas/data/publication-windows.json, dated, each entry with its source and how certain it is. Sources: NDRC
 * Order 36 《信用修复管理办法》 (in force 2026-04-01), before it Order 58 (2023-05-01) and 发改办财金〔2019〕527号. The
 * clock starts at the deciding document; at the maximum publication stops by itself, before the minimum nothing can be
 * repaired. */
#ifndef SCHEMAS_WINDOWS_H
#define SCHEMAS_WINDOWS_H

#include "base/error.h"
#include "base/time.h"

/* 失信严重程度 (SXYZCD). */
enum severity { SEVERITY_MINOR = 1, SEVERITY_GENERAL = 2, SEVERITY_SERIOUS = 3 };
extern const char *const SEVERITY_NAMES[]; /* by number: "", "轻微", "一般", "严重" */
extern const char *const SEVERITY_SLUGS[]; /* "", "minor", "general", "serious" */
/* By number, slug or Chinese name. */
MUST_CHECK bool severity_parse(struct span text, enum severity *out);

struct windows;
MUST_CHECK bool windows_load(const char *path, struct windows **out, struct error *err);
/* The same from JSON in memory. */
MUST_CHECK bool windows_parse(struct span json, struct windows **out, struct error *err);
void windows_free(struct windows *windows);

struct window {
    int min_months; /* 0: can be repaired as soon as the duties are done */
    int max_months;
    const char *basis; /* the rule's name; lives as long as the windows */
    bool is_certain;   /* the lengths were seen in a source; else they are general knowledge */
};
/* The window of a record of that severity decided on that day. ERR_INVALID when no rule covers the day. */
MUST_CHECK bool windows_find(const struct windows *windows, enum severity severity, int32_t decided_on,
                             struct window *out, struct error *err);
/* The last day of publication: `max_months` after the day of decision. */
int32_t window_last_day(const struct window *window, int32_t decided_on);
/* The last day of publication as of `on`, and the rule that sets it: `listed_end`, as it was reckoned when the record
 * was listed, or earlier when the law has changed since and its maximum, counted from the decision, is over before
 * (domain.md 5.4: the earlier of the two). `basis` (may be NULL) lives as long as the windows; NULL when no rule is
 * known. */
int32_t windows_end(const struct windows *windows, enum severity severity, int32_t decided_on, int32_t listed_end,
                    int32_t on, const char **basis);
/* The first day on which a repair can take effect: the day after the minimum; the day of decision when there is none.
 */
int32_t window_first_repair_day(const struct window *window, int32_t decided_on);

DEFINE_AUTO(struct windows *, windows_free)

#endif
