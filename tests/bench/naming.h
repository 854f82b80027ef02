/* naming.h - registers of names and labelled questions for the benchmark of names, and what is counted about them. */
#ifndef TESTS_BENCH_NAMING_H
#define TESTS_BENCH_NAMING_H

#include "gateway/names/names.h"

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

struct naming_question {
    char *text;
    char truth[NAME_CODE_BYTES + 1]; /* "" when nothing fits */
    char kind[64];
    bool is_ambiguous;
    int line; /* in its file, from 1 */
};

struct naming_questions {
    struct naming_question *at;
    size_t count;
};

/* One JSON object a line: query, truth, kind, strength. */
MUST_CHECK bool naming_questions_read(const char *path, struct naming_questions *out, struct error *err);
void naming_questions_done(struct naming_questions *questions);

/* What one question was answered. */
struct naming_result {
    double score; /* of the first candidate; 0 without one */
    bool is_right;
    bool is_same; /* the first candidate is `same` */
    const struct naming_question *question;
};

void naming_results_free(struct naming_result *results);

/* Share of the questions with an answer whose first candidate is right and above the score that at most `share` of the
 * questions without an answer reach. That score goes to `*least`. */
double naming_recall(const struct naming_result *results, size_t count, double share, double *least);
/* Share whose first candidate is right, whatever its score. */
double naming_first(const struct naming_result *results, size_t count);
/* Ambiguous questions that were answered with `same`. */
size_t naming_ambiguous_same(const struct naming_result *results, size_t count);

/* Dice's coefficient of the pairs of characters of two normal forms: what a plain index does. */
double naming_pairs_alike(const struct name_form *a, const struct name_form *b);

DEFINE_AUTO(struct naming_result *, naming_results_free)
DEFINE_AUTO_IN_PLACE(struct naming_rows, naming_rows_done)
DEFINE_AUTO_IN_PLACE(struct naming_questions, naming_questions_done)

#endif
