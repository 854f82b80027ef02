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
    const struct intake_options options = {rules, day_from_civil(2026, 7, 31), folder};
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
