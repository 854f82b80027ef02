/* details.h - each exit of the period with enterprise, equipment and capacity (row 22). Only this room needs it. */
#ifndef GATEWAY_REPORTS_DETAILS_H
#define GATEWAY_REPORTS_DETAILS_H

#include "gateway/reports/census.h"

/* A table more: the exits by city, day and code, DETAILS_MAX at most; what is beyond is told by a row that says so.
 * Sorts census->list. */
enum { DETAILS_MAX = TABLE_ROWS_MAX - 1 };
MUST_CHECK bool details_add(const struct report_source *source, struct census *census, struct report *report,
                            struct error *err);

#endif
