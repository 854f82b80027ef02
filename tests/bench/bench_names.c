/* bench_names [CASES] - companies by name, on the real register and its labelled questions when they are there.
 *
 * Recall: how many questions with an answer have the right first candidate above the score that at most 1 % of those
 * without an answer reach. Beside it, on the same questions, a plain score: Dice's coefficient of pairs of characters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/bench/growing.h"
#include "tests/bench/naming.h"
#include "tests/bench/telling.h"
#include "tests/support/support.h"

enum { GROWN = 1000000, ASKED = 20000, SLOWEST = 20 };
static const double PER_SECOND_FLOOR = 2000;
static const double P99_MS_FLOOR = 5;
static const double FALSE_SHARE = 0.01;
static const double LIKELY = 0.5; /* from here on a candidate is called so */

static const struct {
    const char *name;
    const char *file;
    double floor;
} SETS[] = {{"names-dev", "names-dev.jsonl", 0.70}, {"names-hard", "names-dev-hard.jsonl", 0.45}};

struct plain {
    struct name_form form;
    struct span code;
};

struct bench {
    struct name_tables *tables;
    struct names *names;
    struct naming_rows rows;
    struct naming_rows former;
    struct plain *plain; /* the names once more, for the plain score */
    size_t plain_count;
    FILE *cases; /* NULL: not wanted */
};

static bool add_rows(struct bench *bench, const struct naming_rows *rows, bool is_former, struct error *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct plain *plain = &bench->plain[bench->plain_count];

        if (rows->at[i].is_absent)
            continue;
        if (!names_add(bench->names, rows->at[i].code, rows->at[i].name, is_former, err) ||
            !name_normal(bench->tables, rows->at[i].name, &plain->form, err))
            return false;
        plain->code = rows->at[i].code;
        bench->plain_count++;
    }
    return true;
}

static bool load(struct bench *bench, struct error *err)
{
    char path[TEST_PATH_BYTES];
    char former[TEST_PATH_BYTES];

    if (!test_data_path("names.tsv", path) || !test_data_path("names-dev-former.tsv", former))
        return fail(err, ERR_NOT_FOUND, "the register of names is not here");
    if (!name_tables_load(TEST_SOURCE "/schemas/data/names", &bench->tables, err) ||
        !naming_rows_read(path, &bench->rows, err) || !naming_rows_read(former, &bench->former, err))
        return false;
    bench->names = names_new(bench->tables);
    bench->plain = memory_new((bench->rows.count + bench->former.count) * sizeof(*bench->plain) + 1);
    if (!add_rows(bench, &bench->rows, false, err) || !add_rows(bench, &bench->former, true, err))
        return false;
    names_ready(bench->names);
    fprintf(stderr, "%zu names, %.1f MiB\n", names_count(bench->names), (double)names_bytes(bench->names) / 1048576);
    return true;
}

/* The best of all names by the plain score: every name is compared, which no server could afford. */
static bool ask_plainly(const struct bench *bench, const struct trial_question *question, struct trial_result *out)
{
    const struct plain *best = NULL;
    struct name_form form;
    struct error err;

    *out = (struct trial_result){.question = question};
    if (!name_normal(bench->tables, span_of(question->text), &form, &err))
        return err.code == ERR_LIMIT;
    for (size_t i = 0; i < bench->plain_count; i++) {
        double alike = naming_pairs_alike(&form, &bench->plain[i].form);

        if (alike > out->score) {
            out->score = alike;
            best = &bench->plain[i];
        }
    }
    out->is_right = best && span_is(best->code, question->truth);
    return true;
}

/* What went wrong: an answer that is missed or wrong, and a question without one that got a score as high. By line: the
 * names may not be shown. */
static void tell_cases(struct bench *bench, const char *set, const struct trial_result *results, size_t count,
                       double least)
{
    for (size_t i = 0; bench->cases && i < count; i++) {
        const struct trial_question *question = results[i].question;
        enum trial_outcome outcome = trial_outcome(&results[i], least);

        if (outcome != TRIAL_GOOD)
            fprintf(bench->cases, "%s\t%d\t%s\t%s\t%.4f\n", set, question->line, TRIAL_OUTCOMES[outcome],
                    question->kind, results[i].score);
    }
}

static bool run_set(struct bench *bench, size_t set, struct error *err)
{
    AUTO(trial_questions_done) struct trial_questions questions = {.count = 0};
    AUTO(trial_results_free) struct trial_result *ours = NULL;
    AUTO(trial_results_free) struct trial_result *theirs = NULL;
    char path[TEST_PATH_BYTES];
    double least;
    double plain_least;
    double wider;
    double recall;
    double plain;

    if (!test_data_path(SETS[set].file, path))
        return fail(err, ERR_NOT_FOUND, "%s is not here", SETS[set].file);
    if (!trial_questions_read(path, &questions, err))
        return false;
    ours = memory_new(questions.count * sizeof(*ours) + 1);
    theirs = memory_new(questions.count * sizeof(*theirs) + 1);
    for (size_t i = 0; i < questions.count; i++) {
        if (!trial_ask(bench->names, &questions.at[i], &ours[i], NULL, err))
            return false;
        ask_plainly(bench, &questions.at[i], &theirs[i]);
    }
    if (trial_ambiguous_same(ours, questions.count) > 0)
        return fail(err, ERR_REFUSED, "%s: an ambiguous question was answered with `same`", SETS[set].name);
    recall = trial_recall(ours, questions.count, FALSE_SHARE, &least);
    tell_cases(bench, SETS[set].name, ours, questions.count, least);
    plain = trial_recall(theirs, questions.count, FALSE_SHARE, &plain_least);
    tell(&(struct telling){SETS[set].name, recall, plain, "recall", recall / SETS[set].floor, 1, "plain pairs"});
    fprintf(
        stderr,
        "  %s: first right %.3f, score above %.4f, none ambiguous is `same`; at 5 %% recall %.3f; plain first %.3f\n",
        SETS[set].name, trial_first(ours, questions.count), least, trial_recall(ours, questions.count, 0.05, &wider),
        trial_first(theirs, questions.count));
    return true;
}

/* Real companies that are not in the register: no score may say that they are. */
static bool run_absent(struct bench *bench, struct error *err)
{
    static const double LEVELS[] = {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
    size_t above[COUNT_OF(LEVELS)] = {0};
    size_t same = 0;
    size_t asked = 0;

    for (size_t i = 0; i < bench->rows.count; i++) {
        struct name_answer answer;

        if (!bench->rows.at[i].is_absent)
            continue;
        asked++;
        if (!names_find(bench->names, bench->rows.at[i].name, &answer, err))
            return false;
        if (answer.count == 0)
            continue;
        same += answer.candidates[0].strength == STRENGTH_SAME;
        for (size_t k = 0; k < COUNT_OF(LEVELS); k++)
            above[k] += answer.candidates[0].score > LEVELS[k];
        if (bench->cases && answer.candidates[0].score >= LIKELY)
            fprintf(bench->cases, "absent\t%zu\tfalse\t-\t%.4f\n", i + 2, answer.candidates[0].score);
    }
    fprintf(stderr, "  absent: %zu real companies that are not there: same %zu", asked, same);
    for (size_t k = 0; k < COUNT_OF(LEVELS); k++)
        fprintf(stderr, ", >%.1f %.2f %%", LEVELS[k], 100.0 * (double)above[k] / (double)asked);
    fprintf(stderr, "\n");
    return true;
}

/* --- a large register --- */

struct timing {
    double ms;
    uint32_t number;
    uint16_t bytes;
    bool is_right;
};

static int slowest_first(const void *a, const void *b)
{
    const struct timing *x = a;
    const struct timing *y = b;

    return (x->ms < y->ms) - (x->ms > y->ms);
}

/* Of this process alone: what others took of the core is not counted. */
static double processor_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool ask_grown(struct growing *growing, struct names *names, struct timing *timings, double *first,
                      struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    size_t right = 0;

    for (uint32_t i = 0; i < ASKED; i++) {
        struct name_answer answer;
        struct span truth;
        double before;

        if (!growing_question(growing, &text, &truth, err))
            return false;
        before = processor_ms();
        if (!names_find(names, buf_span(&text), &answer, err))
            return false;
        timings[i] = (struct timing){processor_ms() - before, i, (uint16_t)text.bytes,
                                     answer.count > 0 && span_is(truth, answer.candidates[0].code)};
        right += timings[i].is_right;
    }
    *first = (double)right / ASKED;
    return true;
}

static void tell_grown(struct bench *bench, struct names *names, struct timing *timings, double first)
{
    double sum = 0;
    double p99;

    for (size_t i = 0; i < ASKED; i++)
        sum += timings[i].ms;
    qsort(timings, ASKED, sizeof(*timings), slowest_first);
    p99 = timings[ASKED / 100].ms;
    tell(&(struct telling){"names-rate", ASKED / sum * 1e3, PER_SECOND_FLOOR, "1/s",
                           ASKED / sum * 1e3 / PER_SECOND_FLOOR, 1, "promised, 1,000,000 names"});
    tell(&(struct telling){"names-p99", p99, P99_MS_FLOOR, "ms", P99_MS_FLOOR / p99, 1, "promised at most"});
    fprintf(stderr, "  %zu names: %.1f MiB, median %.3f ms, slowest %.3f ms, right first %.3f\n", names_count(names),
            (double)names_bytes(names) / 1048576, timings[ASKED / 2].ms, timings[0].ms, first);
    for (size_t i = 0; bench->cases && i < SLOWEST; i++)
        fprintf(bench->cases, "grown\t%u\tslow\t%u bytes\t%.3f ms\n", timings[i].number, timings[i].bytes,
                timings[i].ms);
}

static bool take_name(void *context, struct span code, struct span name, struct error *err)
{
    return names_add(context, code, name, false, err);
}

static bool run_grown(struct bench *bench, struct error *err)
{
    AUTO(names_free) struct names *names = names_new(bench->tables);
    struct growing growing = {bench->tables, &bench->rows, 1};
    struct timing *timings = memory_new(ASKED * sizeof(*timings));
    double before = processor_ms();
    double first;
    bool is_good;

    is_good = growing_fill(&growing, GROWN, take_name, names, err);
    if (is_good) {
        names_ready(names);
        fprintf(stderr, "  grown and built in %.1f s\n", (processor_ms() - before) / 1e3);
        is_good = ask_grown(&growing, names, timings, &first, err);
    }
    if (is_good)
        tell_grown(bench, names, timings, first);
    free(timings);
    return is_good;
}

int main(int argc, char **argv)
{
    struct bench bench = {.cases = argc > 1 ? fopen(argv[1], "w") : NULL};
    struct error err = {.code = ERR_NONE};
    bool is_good = load(&bench, &err);

    for (size_t set = 0; is_good && set < COUNT_OF(SETS); set++)
        is_good = run_set(&bench, set, &err);
    is_good = is_good && run_absent(&bench, &err) && run_grown(&bench, &err);
    if (!is_good)
        fprintf(stderr, "bench_names: %s\n", err.text);
    if (bench.cases)
        fclose(bench.cases);
    names_free(bench.names);
    free(bench.plain);
    name_tables_free(bench.tables);
    naming_rows_done(&bench.rows);
    naming_rows_done(&bench.former);
    return is_good ? 0 : err.code == ERR_NOT_FOUND ? 77 : 1;
}
