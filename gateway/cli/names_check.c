/* `creditgate names-check REGISTER QUERIES…`: how well the register's companies are found by labelled questions. No
 * gateway is needed, and nothing is changed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/columns.h"
#include "gateway/cli/names.h"
#include "gateway/finder/companies.h"
#include "gateway/names/names_register.h"
#include "gateway/names/names_trial.h"

enum { PERCENT_DEFAULT = 1 };

struct checking {
    struct cli *cli;
    double share; /* of false answers */
    struct name_tables *tables;
    struct companies *companies;
    struct names *names;
    uint64_t refused; /* rows */
    bool has_wrong_same;
    json_t *json; /* sets */
};

static void checking_done(struct checking *checking)
{
    names_free(checking->names);
    companies_free(checking->companies);
    name_tables_free(checking->tables);
    json_decref(checking->json);
}
DEFINE_AUTO_IN_PLACE(struct checking, checking_done)

/* --- the register --- */

static bool put_row(struct checking *checking, const struct names_row *row, struct error *err)
{
    if (row->name.bytes && !companies_put(checking->companies, row->code, row->name, 0, NULL, err))
        return false;
    for (size_t i = 0; i < row->former_count; i++) {
        if (!companies_put(checking->companies, row->code, row->former[i], COMPANIES_DAY_FORMER, NULL, err))
            return false;
    }
    return true;
}

static bool read_register(struct checking *checking, const char *path, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    AUTO(names_register_free) struct names_register *reg = NULL;
    const struct names_row *row;

    if (fd < 0)
        return file_fail(err, path, "cannot open");
    if (!names_register_open(fd, checking->tables, &reg, err))
        return fail_in(err, "%s", path);
    do {
        if (!names_register_next(reg, &row, err))
            return fail_in(err, "%s", path);
        checking->refused += row && row->state == NAMES_ROW_REFUSED;
        if (row && row->state == NAMES_ROW_GOOD && !put_row(checking, row, err))
            return false;
    } while (row);
    return true;
}

static bool build(struct checking *checking, const json_t *arguments, struct error *err)
{
    AUTO(buf_done) struct buf folder = BUF_INIT;
    const char *former = cli_text(arguments, "former");

    buf_addf(&folder, "%s/schemas/data/names",
             *cli_text(arguments, "data") ? cli_text(arguments, "data") : CONFIG_DATA_DEFAULT);
    if (!name_tables_load(folder.data, &checking->tables, err))
        return false;
    checking->companies = companies_new();
    if (!read_register(checking, cli_id(arguments, 0), err) || (*former && !read_register(checking, former, err)))
        return false;
    checking->names = names_new(checking->tables);
    if (!companies_give(checking->companies, checking->names, err))
        return false;
    names_ready(checking->names);
    return true;
}

/* --- a set of questions --- */

struct set {
    const char *path;
    struct trial_questions questions;
    struct trial_result *results;
    char (*firsts)[NAME_CODE_BYTES + 1]; /* code of the first candidate, or "" */
    double least;
    double recall;
};

static void set_done(struct set *set)
{
    trial_questions_done(&set->questions);
    free(set->results);
    free(set->firsts);
}
DEFINE_AUTO_IN_PLACE(struct set, set_done)

static bool run_set(struct checking *checking, struct set *set, struct error *err)
{
    struct name_answer answer;

    if (!trial_questions_read(set->path, &set->questions, err))
        return false;
    set->results = memory_new(set->questions.count * sizeof *set->results + 1);
    set->firsts = memory_new(set->questions.count * sizeof *set->firsts + 1);
    for (size_t i = 0; i < set->questions.count; i++) {
        if (!trial_ask(checking->names, &set->questions.at[i], &set->results[i], &answer, err))
            return fail_in(err, "%s", set->path);
        if (answer.count > 0)
            memcpy(set->firsts[i], answer.candidates[0].code, sizeof set->firsts[i]);
    }
    set->recall = trial_recall(set->results, set->questions.count, checking->share, &set->least);
    return true;
}

static const char *name_of(const struct checking *checking, const char *code, struct buf *hold)
{
    buf_clear(hold);
    if (*code)
        columns_safe_add(hold, companies_name(checking->companies, code), 0);
    return buf_text(hold);
}

static const char *what_of(const struct set *set, size_t i)
{
    const struct trial_result *result = &set->results[i];

    return result->question->is_ambiguous && result->is_same ? "ambiguous-same"
                                                             : TRIAL_OUTCOMES[trial_outcome(result, set->least)];
}

static void print_cases(const struct checking *checking, const struct set *set)
{
    for (size_t i = 0; i < set->questions.count; i++) {
        AUTO(buf_done) struct buf line = BUF_INIT;
        AUTO(buf_done) struct buf hold = BUF_INIT;
        const struct trial_question *question = &set->questions.at[i];
        const char *what = what_of(set, i);

        if (strcmp(what, TRIAL_OUTCOMES[TRIAL_GOOD]) == 0)
            continue;
        buf_addf(&line, "  %d\t%s\t", question->line, what);
        columns_safe_add(&line, span_of(question->kind), 0);
        buf_addf(&line, "\t%.4f\t", set->results[i].score);
        columns_safe_add(&line, span_of(question->text), 0);
        buf_addf(&line, "\t%s %s", set->firsts[i], name_of(checking, set->firsts[i], &hold));
        if (question->truth[0] && strcmp(question->truth, set->firsts[i]) != 0)
            buf_addf(&line, "\t← %s %s", question->truth, name_of(checking, question->truth, &hold));
        puts(line.data);
    }
}

static void print_set(const struct checking *checking, const struct set *set)
{
    const struct cli *cli = checking->cli;
    size_t count = set->questions.count;

    printf("%s\n", set->path);
    printf("  %s %.4f (%s %g %%)\n", cli_say(cli, "召回率", "recall"), set->recall,
           cli_say(cli, "误答率不超过", "at most so many false:"), checking->share * 100);
    printf("  %s %.4f, %s %zu\n", cli_say(cli, "首位正确", "first right"), trial_first(set->results, count),
           cli_say(cli, "问题数", "questions"), count);
    printf("  %s %.4f\n", cli_say(cli, "分数高于", "score above"), set->least);
    printf("  %s %zu\n", cli_say(cli, "歧义而判为 same", "ambiguous and called same"),
           trial_ambiguous_same(set->results, count));
    print_cases(checking, set);
}

static void add_json(struct checking *checking, const struct set *set)
{
    size_t count = set->questions.count;
    json_t *cases = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct trial_question *question = &set->questions.at[i];
        const char *what = what_of(set, i);

        if (strcmp(what, TRIAL_OUTCOMES[TRIAL_GOOD]) != 0)
            json_array_append_new(cases,
                                  json_pack("{s:i,s:s,s:s,s:f,s:s,s:s,s:s}", "line", question->line, "what", what,
                                            "kind", question->kind, "score", set->results[i].score, "query",
                                            question->text, "truth", question->truth, "first", set->firsts[i]));
    }
    json_array_append_new(checking->json,
                          json_pack("{s:s,s:I,s:f,s:f,s:f,s:f,s:I,s:o}", "file", set->path, "questions",
                                    (json_int_t)count, "recall", set->recall, "false_share", checking->share,
                                    "score_above", set->least, "first_right", trial_first(set->results, count),
                                    "ambiguous_same", (json_int_t)trial_ambiguous_same(set->results, count), "cases",
                                    cases));
}

static bool check_set(struct checking *checking, const char *path, struct error *err)
{
    AUTO(set_done) struct set set = {.path = path};

    if (!run_set(checking, &set, err))
        return false;
    checking->has_wrong_same = checking->has_wrong_same || trial_ambiguous_same(set.results, set.questions.count) > 0;
    if (checking->json)
        add_json(checking, &set);
    else
        print_set(checking, &set);
    return true;
}

static bool check_all(struct checking *checking, const json_t *arguments, struct error *err)
{
    const char *path;

    if (!build(checking, arguments, err))
        return false;
    if (!checking->json)
        printf("%s: %s %zu, %s %zu, %s %llu\n", cli_id(arguments, 0), cli_say(checking->cli, "企业", "companies"),
               companies_count(checking->companies), cli_say(checking->cli, "名称", "names"),
               names_count(checking->names), cli_say(checking->cli, "被拒的行", "refused rows"),
               (unsigned long long)checking->refused);
    for (size_t i = 1; (path = cli_id(arguments, i)); i++) {
        if (!check_set(checking, path, err))
            return false;
    }
    return true;
}

int names_check_run(struct cli *cli, json_t *arguments)
{
    AUTO(checking_done) struct checking checking = {.cli = cli, .json = cli->prints_json ? json_array() : NULL};
    const char *percent = cli_text(arguments, "false_percent");
    int64_t number = PERCENT_DEFAULT;
    struct error err;

    if (*percent && (!integer_parse(span_of(percent), &number) || number > 100)) {
        error_set_both(&err, ERR_INVALID, "cli.usage", "--false-percent is 0 to 100", "--false-percent 应为 0 至 100");
        return cli_fail(cli, &err);
    }
    checking.share = (double)number / 100;
    if (!check_all(&checking, arguments, &err))
        return cli_fail(cli, &err);
    if (checking.json) {
        json_dumpf(checking.json, stdout, JSON_COMPACT);
        putchar('\n');
    }
    return checking.has_wrong_same ? CLI_SOME_REFUSED : CLI_OK;
}
