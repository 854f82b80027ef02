/* naming.h - registers of names for the benchmark of names, and a plain score to compare with. Labelled questions and
 * what is counted about them: gateway/names/names_trial.h. */
#ifndef TESTS_BENCH_NAMING_H
#define TESTS_BENCH_NAMING_H

#include "gateway/names/names_trial.h"

struct naming_row {
    struct span code;
    struct span name;
    bool is_absent; /* not to be indexed, and not to be found */
};

struct naming_rows {
    struct buf bytes;
    struct naming_row *at;
    size_t count;
};

/* Columns by tabulators: code, name, …; the last says "index" or "absent" where there are five, else all are indexed.
 * The first line is a heading. */
MUST_CHECK bool naming_rows_read(const char *path, struct naming_rows *out, struct error *err);
void naming_rows_done(struct naming_rows *rows);

/* Dice's coefficient of the pairs of characters of two normal forms: what a plain index does. */
double naming_pairs_alike(const struct name_form *a, const struct name_form *b);

DEFINE_AUTO_IN_PLACE(struct naming_rows, naming_rows_done)

#endif
