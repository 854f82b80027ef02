/* report_table.h - the problems of an import for people: one entry a problem, in lines that fit a terminal, and how
 * often each rule was broken. Only report.c needs it. */
#ifndef GATEWAY_INTAKE_REPORT_TABLE_H
#define GATEWAY_INTAKE_REPORT_TABLE_H

#include "gateway/intake/report.h"

struct report_table;

/* `lines` gets the entries; borrowed. */
struct report_table *report_table_new(FILE *lines, bool is_chinese);
void report_table_free(struct report_table *table);
/* Problems in a row that break the same rule with the same message are one entry with several columns: `count` of them
 * at `problems`. */
void report_table_add(struct report_table *table, size_t line, const struct problem *problems, size_t count,
                      struct span message);
/* Count problems that are not listed. */
void report_table_count(struct report_table *table, size_t line, const struct problem *problem);
/* The head of the columns; nothing when there is no entry. */
void report_table_head(const struct report_table *table, FILE *out);
/* How often each rule was broken, when more than one problem was met. */
void report_table_summary(const struct report_table *table, FILE *out);

DEFINE_AUTO(struct report_table *, report_table_free)

#endif
