/* sums_table.h - groups of facts as rows of a table: what exits.c and summary.c share. Only this room needs it. */
#ifndef GATEWAY_REPORTS_SUMS_TABLE_H
#define GATEWAY_REPORTS_SUMS_TABLE_H

#include "gateway/reports/census.h"

struct sums_source {
    const struct report_source *source;
    struct census *census;
    int32_t today;
};
/* The columns behind those of the key. */
typedef void sums_add(struct table *table, const struct group *group);
struct sums_design {
    const struct table_design *design;
    sums_add *add;
    enum census_by by;
    bool has_sum; /* a last row with the sum of all */
};
/* A table with a row a group: every city (BY_CITY: its code and name; all cities of Guangdong, also those that have
 * nothing, the province and others only when they have something), every ground and month (also empty ones), every
 * industry and kind of authority that has something. */
struct table *sums_table(const struct sums_source *from, const struct sums_design *how);

/* A cell with a month, 1 to 12. */
void month_add(struct table *table, unsigned month);
/* English names of grounds, as people read them. */
extern const char *const GROUND_ENGLISH[GROUND_COUNT];

#endif
