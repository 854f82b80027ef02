/* report.h - what an import came to: counts, and every problem with line, column, value, rule and what to do.
 *
 * Problems are written to files without a name as they come, so memory does not grow with them. The JSON object is the
 * one of `import --json`; the table is for people. */
#ifndef GATEWAY_INTAKE_REPORT_H
#define GATEWAY_INTAKE_REPORT_H

#include <stdio.h>

#include "gateway/intake/intake.h"

enum {
    REPORT_VALUE_CHARACTERS = 100,
    REPORT_PROBLEMS_MAX = 100000, /* beyond them, problems are counted and not listed */
    REPORT_COLUMNS = 78           /* the table's width on a terminal */
};

struct report_counts {
    size_t rows; /* accepted + unchanged + refused */
    size_t accepted;
    size_t unchanged;
    size_t refused;
    size_t warnings;
};

struct report;

/* `lang` is "zh" or "en"; `scratch` as of temporary_folder. */
MUST_CHECK bool report_new(const char *scratch, const char *lang, struct report **out, struct error *err);
void report_free(struct report *report);
/* The warnings about the file itself; called once, before the rows. The intake's rules must outlive the report. */
void report_notes(struct report *report, const struct intake *intake);
/* A row: accepted (a repeat: unchanged) or refused. */
void report_row(struct report *report, const struct intake_row *row);
/* So many of the accepted rows were in the store already, just so. */
void report_unchanged(struct report *report, size_t rows);
/* A row that was accepted and left out in the end, since its obligation had changed after it was looked at. */
void report_stale(struct report *report, size_t line);
void report_counts(const struct report *report, struct report_counts *out);
/* All rows of a file, as for --dry-run. */
MUST_CHECK bool report_all(struct report *report, struct intake *intake, struct error *err);

/* `file` is the name as the person gave it. May be called more than once. */
MUST_CHECK bool report_write_json(struct report *report, const char *file, const char *encoding, FILE *out,
                                  struct error *err);
/* Nothing in it that a terminal obeys; no line is wider than REPORT_COLUMNS and a closing sign. At the end, how often
 * each rule was broken. */
MUST_CHECK bool report_write_table(struct report *report, const char *file, const char *encoding, FILE *out,
                                   struct error *err);
/* The same JSON object for a file that is unusable: no encoding, no rows, and `why` as its only problem. */
MUST_CHECK bool report_write_unusable(const char *file, const struct error *why, const char *lang, FILE *out,
                                      struct error *err);

DEFINE_AUTO(struct report *, report_free)

#endif
