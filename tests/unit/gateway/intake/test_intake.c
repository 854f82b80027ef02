#include "gateway/intake/intake.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/support.h"

#define CASES TEST_SOURCE "/tests/cases"

static struct rules *rules;
static struct intake_options options;

static void setup(void)
{
    struct error err;

    cr_assert(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
    options = (struct intake_options){.rules = rules, .today = day_from_civil(2026, 7, 31)};
}

static void teardown(void)
{
    rules_free(rules);
}

TestSuite(intake, .init = setup, .fini = teardown);

static void print_problem(const struct intake_row *row, const struct problem *problem)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    problem_message_add(problem, &row->obligation, "zh", &text);
    fprintf(stderr, "line %zu %s: %s\n", row->line, rule_id(problem->rule), buf_text(&text));
}

/* What reading a file came to. */
struct outcome {
    bool is_usable;
    size_t rows;
    size_t refused;
    size_t last_refused; /* data record from 1 */
    char columns[512];   /* keys of the columns of the errors */
    char encoding[16];
    char slug[64];
};

static struct outcome outcome_of(const char *path)
{
    AUTO(intake_free) struct intake *intake = NULL;
    struct outcome outcome = {0};
    struct intake_row *row;
    struct error err;

    if (!intake_open(path, &options, &intake, &err)) {
        snprintf(outcome.slug, sizeof outcome.slug, "%s", err.rule);
        cr_assert_neq(err.rule[0], '\0', "%s: %s", path, err.text);
        cr_assert_neq(err.zh[0], '\0', "%s", path);
        return outcome;
    }
    outcome.is_usable = true;
    snprintf(outcome.encoding, sizeof outcome.encoding, "%s", intake_encoding(intake));
    for (;;) {
        cr_assert(intake_next(intake, &row, &err), "%s: %s", path, err.text);
        if (!row)
            break;
        outcome.rows++;
        if (row->is_good)
            continue;
        outcome.refused++;
        outcome.last_refused = row->line - 1;
        for (size_t i = 0; i < row->problems.count; i++) {
            print_problem(row, &row->problems.at[i]);
            if (row->problems.at[i].column < COLUMN_COUNT)
                strncat(outcome.columns, COLUMN_KEYS[row->problems.at[i].column],
                        sizeof outcome.columns - strlen(outcome.columns) - 2);
            strncat(outcome.columns, " ", 2);
        }
    }
    cr_assert_eq(outcome.rows, intake_rows(intake), "%s", path);
    return outcome;
}

static bool allows(const json_t *item, const char *verdict)
{
    const json_t *other;
    size_t i;

    if (strcmp(json_text_of(item, "verdict"), verdict) == 0)
        return true;
    json_array_foreach(json_object_get(item, "alternatives"), i,
                       other) if (strcmp(json_string_value(other), verdict) == 0) return true;
    return false;
}

static void judge(const json_t *item)
{
    const char *file = json_text_of(item, "file");
    const char *encoding = json_text_of(item, "encoding");
    const char *field = json_text_of(item, "field");
    const json_t *bad_rows = json_object_get(item, "bad_rows");
    AUTO(text_free) char *path = path_join(CASES "/bad-register", file);
    struct outcome outcome = outcome_of(path);

    if (!outcome.is_usable) {
        cr_expect(allows(item, "reject-file"), "%s: %s", file, outcome.slug);
        return;
    }
    if (encoding)
        cr_expect_str_eq(outcome.encoding, encoding, "%s", file);
    if (outcome.refused == 0) {
        cr_expect(allows(item, "accept"), "%s", file);
        return;
    }
    cr_expect(allows(item, "reject-rows"), "%s", file);
    cr_expect_eq(outcome.refused, json_array_size(bad_rows), "%s: %zu rows refused", file, outcome.refused);
    cr_expect_eq((json_int_t)outcome.last_refused, json_integer_value(json_array_get(bad_rows, 0)), "%s", file);
    cr_expect(!field || strstr(outcome.columns, field), "%s: %s not in %s", file, field, outcome.columns);
}

Test(intake, bad_registers_get_the_verdicts_of_their_index)
{
    AUTO(json_release) json_t *index = NULL;
    const json_t *item;
    struct error err;
    size_t i;

    cr_assert(json_read_file(CASES "/bad-register/index.json", &index, &err), "%s", err.text);
    json_array_foreach(json_object_get(index, "files"), i, item) judge(item);
    cr_assert_gt(i, 10);
}

/* Every row against its line of the expected reading. */
static void check_register(const char *path, const char *encoding)
{
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(buf_done) struct buf expected = BUF_INIT;
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf want = BUF_INIT;
    struct intake_row *row;
    struct error err;
    const char *line;
    size_t warnings = 0;

    cr_assert(file_read(CASES "/register/register-dev.expected.jsonl", JSON_BYTES_MAX, &expected, &err));
    cr_assert(intake_open(path, &options, &intake, &err), "%s", err.text);
    cr_assert_str_eq(intake_encoding(intake), encoding);
    line = buf_text(&expected);
    for (size_t number = 2; *line; number++, line = strchr(line, '\n') + 1) {
        AUTO(json_release) json_t *value = NULL;

        cr_assert(json_read((struct span){line, strcspn(line, "\n")}, JSON_BYTES_MAX, &value, &err), "%s", err.text);
        cr_assert(intake_next(intake, &row, &err), "%s", err.text);
        cr_assert(row);
        for (size_t i = 0; i < row->problems.count; i++)
            if (strcmp(rule_id(row->problems.at[i].rule), "industry.ended") != 0)
                print_problem(row, &row->problems.at[i]);
            else
                warnings++;
        cr_assert(row->is_good, "line %zu", row->line);
        cr_assert_eq(row->problems.count == 0 || strcmp(rule_id(row->problems.at[0].rule), "industry.ended") == 0, 1);
        cr_assert_eq(row->line, number);
        buf_clear(&json);
        buf_clear(&want);
        obligation_json_add(&row->obligation, &json);
        cr_assert(json_canonical_add(value, &want, &err), "%s", err.text);
        cr_assert_str_eq(buf_text(&json), buf_text(&want));
    }
    cr_assert(intake_next(intake, &row, &err));
    cr_assert_null(row);
    cr_assert_eq(warnings, 21, "%zu", warnings);
}

Test(intake, register_in_utf_8_reads_as_expected)
{
    check_register(CASES "/register/register-dev.csv", "utf-8");
}

Test(intake, register_in_gb18030_reads_as_expected)
{
    check_register(CASES "/register/register-dev.gb18030.csv", "gb18030");
}

Test(intake, register_as_workbook_reads_as_expected)
{
    check_register(CASES "/register/register-dev.xlsx", "xlsx");
}
