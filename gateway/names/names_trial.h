/* names_trial.h - how well companies are found by name: labelled questions, and what is counted about the answers.
 *
 * A set is JSON lines {"query","truth","kind","strength","name"?}: `truth` the code of the company that is meant, null
 * when none of the register is; `strength` "ambiguous" when nobody could tell which. The measure that counts is recall
 * of the right first candidate at the score that a given share of the questions without an answer reach: finding is
 * easy, telling the right one from a relative is the work. Used by the benchmark and by `creditgate names-check`. */
#ifndef GATEWAY_NAMES_NAMES_TRIAL_H
#define GATEWAY_NAMES_NAMES_TRIAL_H

#include "gateway/names/names.h"

struct trial_question {
    char *text;
    char truth[NAME_CODE_BYTES + 1]; /* "" when nothing fits */
    char kind[64];
    bool is_ambiguous;
    int line; /* in its file, from 1 */
};

struct trial_questions {
    struct trial_question *at;
    size_t count;
};

/* One JSON object a line: query, truth, kind, strength. */
MUST_CHECK bool trial_questions_read(const char *path, struct trial_questions *out, struct error *err);
void trial_questions_done(struct trial_questions *questions);

/* What one question was answered. */
struct trial_result {
    double score; /* of the first candidate; 0 without one */
    bool is_right;
    bool is_same; /* the first candidate is `same` */
    const struct trial_question *question;
};

void trial_results_free(struct trial_result *results);

/* Share of the questions with an answer whose first candidate is right and above the score that at most `share` of the
 * questions without an answer reach. That score goes to `*least`. */
double trial_recall(const struct trial_result *results, size_t count, double share, double *least);
/* Share whose first candidate is right, whatever its score. */
double trial_first(const struct trial_result *results, size_t count);
/* Ambiguous questions that were answered with `same`. */
size_t trial_ambiguous_same(const struct trial_result *results, size_t count);

/* ERR_INTERNAL when the question was refused for another reason than its length. `*answer` (may be NULL) gets all. */
MUST_CHECK bool trial_ask(struct names *names, const struct trial_question *question, struct trial_result *out,
                          struct name_answer *answer, struct error *err);
enum trial_outcome {
    TRIAL_GOOD,
    TRIAL_MISSED, /* right first, but not above the score */
    TRIAL_WRONG,  /* another first, or none */
    TRIAL_FALSE   /* no answer is right, and one got a score as high */
};
extern const char *const TRIAL_OUTCOMES[]; /* "good", "missed", … */
enum trial_outcome trial_outcome(const struct trial_result *result, double least);

DEFINE_AUTO(struct trial_result *, trial_results_free)
DEFINE_AUTO_IN_PLACE(struct trial_questions, trial_questions_done)

#endif
