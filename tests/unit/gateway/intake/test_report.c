#include "gateway/intake/report.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct rules *rules;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    cr_assert(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
}

static void teardown(void)
{
    rules_free(rules);
    test_folder_remove(folder);
}

TestSuite(report, .init = setup, .fini = teardown);

enum { TEXT_BYTES = 65536 };

/* The report of a file in a language, both forms. */
static void report_of(const char *path, const char *lang, char json[TEXT_BYTES], char table[TEXT_BYTES])
{
    const struct intake_options options = {.rules = rules, .today = day_from_civil(2026, 7, 31), .scratch = folder};
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(report_free) struct report *report = NULL;
    FILE *out;

    cr_assert(intake_open(path, &options, &intake, &err), "%s", err.text);
    cr_assert(report_new(folder, lang, &report, &err), "%s", err.text);
    cr_assert(report_all(report, intake, &err), "%s", err.text);
    out = fmemopen(json, TEXT_BYTES, "w");
    cr_assert(report_write_json(report, "x.csv", intake_encoding(intake), out, &err), "%s", err.text);
    fclose(out);
    out = fmemopen(table, TEXT_BYTES, "w");
    cr_assert(report_write_table(report, "x.csv", intake_encoding(intake), out, &err), "%s", err.text);
    fclose(out);
}

static const json_t *problem(const json_t *object, size_t number)
{
    return json_array_get(json_object_get(object, "problems"), number);
}

Test(report, names_line_column_value_rule_and_message)
{
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];
    AUTO(json_release) json_t *object = NULL;

    report_of(TEST_SOURCE "/tests/cases/bad-register/001-uscc-check.csv", "zh", json, table);
    cr_assert(json_read((struct span){json, strlen(json)}, TEXT_BYTES, &object, &err), "%s: %s", err.text, json);
    cr_assert_str_eq(json_text_of(object, "encoding"), "utf-8");
    cr_assert_eq(json_integer_of(object, "rows", 0), 4);
    cr_assert_eq(json_integer_of(object, "accepted", 0), 3);
    cr_assert_eq(json_integer_of(object, "refused", 0), 1);
    cr_assert_eq(json_array_size(json_object_get(object, "problems")), 1);
    cr_assert_eq(json_integer_of(problem(object, 0), "line", 0), 5);
    cr_assert_str_eq(json_text_of(problem(object, 0), "column"), "统一社会信用代码");
    cr_assert_str_eq(json_text_of(problem(object, 0), "rule"), "uscc.check");
    cr_assert_str_eq(json_text_of(problem(object, 0), "severity"), "error");
    cr_assert(strstr(json_text_of(problem(object, 0), "message"), "校验码"));
    cr_assert(strstr(table, "拒绝 1") && strstr(table, "[uscc.check]"), "%s", table);
    report_of(TEST_SOURCE "/tests/cases/bad-register/001-uscc-check.csv", "en", json, table);
    cr_assert(strstr(json, "check character") && strstr(table, "1 refused"), "%s", table);
}

Test(report, identical_repeat_is_a_warning_that_names_the_line)
{
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];
    AUTO(json_release) json_t *object = NULL;

    report_of(TEST_SOURCE "/tests/cases/bad-register/008-duplicate.csv", "zh", json, table);
    cr_assert(json_read((struct span){json, strlen(json)}, TEXT_BYTES, &object, &err), "%s", err.text);
    cr_assert_eq(json_integer_of(object, "accepted", 0), 4);
    cr_assert_eq(json_integer_of(object, "unchanged", 0), 1);
    cr_assert_eq(json_integer_of(object, "refused", 0), 0);
    cr_assert_str_eq(json_text_of(problem(object, 0), "rule"), "file.repeat");
    cr_assert(strstr(json_text_of(problem(object, 0), "message"), "第 2 行"), "%s", json);
}

/* The duplicate file with one cell of its second record changed. */
Test(report, contradicting_repeat_is_refused)
{
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *path = path_join(folder, "twice.csv");
    char *capacity;

    cr_assert(file_read(TEST_SOURCE "/tests/cases/bad-register/008-duplicate.csv", TEXT_BYTES, &text, &err));
    capacity = strstr(strstr(text.data, ",85.7,") + 1, ",85.7,");
    memcpy(capacity, ",85.8,", 6);
    cr_assert(file_write(path, buf_span(&text), 0600, &err), "%s", err.text);
    report_of(path, "zh", json, table);
    cr_assert(strstr(json, "\"refused\":1"), "%s", json);
    cr_assert(strstr(json, "file.contradiction"), "%s", json);
}

/* A name with an escape sequence, in a line that is refused. */
Test(report, table_holds_nothing_that_a_terminal_obeys)
{
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *path = path_join(folder, "escape.csv");
    char *name;

    cr_assert(file_read(TEST_SOURCE "/tests/cases/bad-register/015-formula-name.csv", TEXT_BYTES, &text, &err));
    name = strstr(text.data, "@SUM(A1)");
    memcpy(name, "=\x1b[31m;A", 8);
    cr_assert(file_write(path, buf_span(&text), 0600, &err), "%s", err.text);
    report_of(path, "zh", json, table);
    cr_assert_null(strchr(table, '\x1b'), "%s", table);
    cr_assert(strstr(table, "「=?[31m"), "%s", table);
    cr_assert(strstr(json, "\\u001b[31m"), "%s", json);
}

Test(report, value_is_cut_to_a_hundred_characters)
{
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];
    AUTO(json_release) json_t *object = NULL;
    const char *value;

    report_of(TEST_SOURCE "/tests/cases/bad-register/017-huge-field.csv", "en", json, table);
    cr_assert(json_read((struct span){json, strlen(json)}, TEXT_BYTES, &object, &err), "%s", err.text);
    value = json_text_of(problem(object, 1), "value"); /* after a warning about coal */
    cr_assert_eq(utf8_count((struct span){value, strlen(value)}), REPORT_VALUE_CHARACTERS);
}

/* The first bad row of a file, in the state it reached the report. */
static struct intake_row *first_bad(struct intake *intake)
{
    struct intake_row *row;

    do
        cr_assert(intake_next(intake, &row, &err) && row, "%s", err.text);
    while (row->is_good);
    return row;
}

static void no_line_is_wider(const char *table)
{
    while (*table) {
        size_t bytes = strcspn(table, "\n");

        cr_expect_leq(utf8_columns((struct span){table, bytes}), 80, "%.*s", (int)bytes, table);
        table += bytes + (table[bytes] == '\n');
    }
}

Test(report, table_fits_a_terminal_of_80_columns)
{
    static const char *const FILES[] = {"001-uscc-check.csv", "005-authority-power.csv", "017-huge-field.csv",
                                        "018-row-short.csv", "020-uscc-number.xlsx"};
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];

    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(text_free) char *path = path_join(TEST_SOURCE "/tests/cases/bad-register", FILES[i]);

        report_of(path, "zh", json, table);
        no_line_is_wider(table);
        report_of(path, "en", json, table);
        no_line_is_wider(table);
    }
}

/* State and exit date contradict each other: two problems for programs, one entry for people. */
Test(report, one_contradiction_is_one_entry_of_the_table)
{
    static char json[TEXT_BYTES];
    static char table[TEXT_BYTES];
    AUTO(json_release) json_t *object = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *path = path_join(folder, "late.csv");
    char *state;

    cr_assert(file_read(TEST_SOURCE "/tests/cases/bad-register/009-utf8-bom.csv", TEXT_BYTES, &text, &err));
    state = strstr(text.data, "按期退出,2020-01-09");
    memcpy(strstr(state, "2020"), "2021", 4);
    cr_assert(file_write(path, buf_span(&text), 0600, &err), "%s", err.text);
    report_of(path, "zh", json, table);
    cr_assert(json_read((struct span){json, strlen(json)}, TEXT_BYTES, &object, &err), "%s", err.text);
    cr_assert_eq(json_array_size(json_object_get(object, "problems")), 2);
    cr_assert(strstr(table, "状态「按期退出」、退出日期「2021-01-09」\n"), "%s", table);
    cr_assert(strstr(table, "      2  拒绝  state.exit-late，首见第 3 行"), "%s", table);
}

Test(report, problems_beyond_the_limit_are_counted_and_the_report_says_so)
{
    enum { BEYOND = 5 };
    const struct intake_options options = {.rules = rules, .today = day_from_civil(2026, 7, 31), .scratch = folder};
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(report_free) struct report *report = NULL;
    AUTO(text_free) char *path = path_join(folder, "report.json");
    AUTO(buf_done) struct buf json = BUF_INIT;
    struct report_counts counts;
    struct intake_row *row;
    FILE *out;

    cr_assert(intake_open(TEST_SOURCE "/tests/cases/bad-register/001-uscc-check.csv", &options, &intake, &err));
    cr_assert(report_new(folder, "zh", &report, &err), "%s", err.text);
    report_notes(report, intake);
    row = first_bad(intake);
    for (int i = 0; i < REPORT_PROBLEMS_MAX + BEYOND; i++)
        report_row(report, row);
    report_counts(report, &counts);
    cr_assert_eq(counts.refused, REPORT_PROBLEMS_MAX + BEYOND);
    for (int i = 0; i < 2; i++) {
        out = fopen(path, "w");
        cr_assert(report_write_json(report, "x.csv", "utf-8", out, &err), "%s", err.text);
        fclose(out);
    }
    cr_assert(file_read(path, (size_t)1 << 28, &json, &err), "%s", err.text);
    cr_assert(strstr(json.data + json.bytes - 500, "另有 5 个未列出"), "%s", json.data + json.bytes - 500);
    cr_assert(strstr(json.data + json.bytes - 500, "\"rule\":\"file.report-full\""));
}

Test(report, unusable_file_is_the_same_object_with_one_problem)
{
    static char json[TEXT_BYTES];
    AUTO(json_release) json_t *object = NULL;
    struct error why;
    FILE *out = fmemopen(json, TEXT_BYTES, "w");

    error_set_both(&why, ERR_INVALID, "file.columns", "missing: %s", "缺少：%s", "产\x1b能");
    cr_assert(report_write_unusable("x.csv", &why, "zh", out, &err), "%s", err.text);
    fclose(out);
    cr_assert(json_read((struct span){json, strlen(json)}, TEXT_BYTES, &object, &err), "%s: %s", err.text, json);
    cr_assert(json_is_null(json_object_get(object, "encoding")));
    cr_assert_eq(json_integer_of(object, "rows", -1), 0);
    cr_assert_eq(json_integer_of(object, "refused", -1), 0);
    cr_assert_eq(json_array_size(json_object_get(object, "problems")), 1);
    cr_assert_str_eq(json_text_of(problem(object, 0), "rule"), "file.columns");
    cr_assert_str_eq(json_text_of(problem(object, 0), "severity"), "error");
    cr_assert_str_eq(json_text_of(problem(object, 0), "message"), "缺少：产?能");
}
