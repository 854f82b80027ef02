#include "gateway/names/names_trial.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(names_trial, .init = setup, .fini = teardown);

static bool read_text(const char *text, struct trial_questions *questions)
{
    AUTO(text_free) char *path = path_join(folder, "set");

    cr_assert(file_write(path, span_of(text), 0600, &err), "%s", err.text);
    return trial_questions_read(path, questions, &err);
}

Test(names_trial, a_line_that_is_no_question_is_named)
{
    AUTO(trial_questions_done) struct trial_questions questions = {.count = 0};

    cr_assert_not(
        read_text("{\"query\":\"甲\",\"truth\":null,\"kind\":\"k\",\"strength\":\"none\"}\n{}\n", &questions));
    cr_assert(strstr(err.text, "line 2"), "%s", err.text);
}

Test(names_trial, a_truth_that_is_no_code_is_refused)
{
    AUTO(trial_questions_done) struct trial_questions questions = {.count = 0};

    cr_assert_not(
        read_text("{\"query\":\"甲\",\"truth\":\"9144\",\"kind\":\"k\",\"strength\":\"same\"}\n", &questions));
}

Test(names_trial, recall_counts_what_is_right_and_above_the_false_ones)
{
    struct trial_question with[4] = {{.truth = "91440224MAYUCHK485"},
                                     {.truth = "91440224MAYUCHK485"},
                                     {.truth = "91440224MAYUCHK485"},
                                     {.truth = "91440224MAYUCHK485"}};
    struct trial_question without = {.truth = ""};
    struct trial_question ambiguous = {.truth = "", .is_ambiguous = true};
    struct trial_result results[] = {{0.9, true, true, &with[0]},    {0.5, true, false, &with[1]},
                                     {0.95, false, false, &with[2]}, {0.2, true, false, &with[3]},
                                     {0.5, false, false, &without},  {0.1, false, true, &ambiguous}};
    double least;

    cr_assert_lt(fabs(trial_recall(results, COUNT_OF(results), 0.01, &least) - 0.25), 1e-9);
    cr_assert_lt(fabs(least - 0.5), 1e-9);
    cr_assert_lt(fabs(trial_recall(results, COUNT_OF(results), 0.5, &least) - 0.75), 1e-9);
    cr_assert_lt(fabs(trial_first(results, COUNT_OF(results)) - 0.75), 1e-9);
    cr_assert_eq(trial_ambiguous_same(results, COUNT_OF(results)), 1);
    cr_assert_eq(trial_outcome(&results[0], 0.5), TRIAL_GOOD);
    cr_assert_eq(trial_outcome(&results[1], 0.5), TRIAL_MISSED);
    cr_assert_eq(trial_outcome(&results[2], 0.5), TRIAL_WRONG);
    cr_assert_eq(trial_outcome(&results[4], 0.5), TRIAL_FALSE);
    cr_assert_eq(trial_outcome(&results[5], 0.5), TRIAL_GOOD);
}
