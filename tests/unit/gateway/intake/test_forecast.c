/* What an import would come to: its limits, and that nothing a stranger typed breaks the report. */
#include "gateway/intake/forecast.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
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

TestSuite(forecast, .init = setup, .fini = teardown);

static struct intake *open_case(const char *name)
{
    const struct intake_options options = {.rules = rules, .today = day_from_civil(2026, 7, 31), .scratch = folder};
    AUTO(text_free) char *path = path_join(TEST_SOURCE "/tests/cases/bad-register", name);
    struct intake *intake = NULL;

    cr_assert(intake_open(path, &options, &intake, &err), "%s", err.text);
    return intake;
}

static json_t *written(struct forecast *forecast)
{
    static const struct report_counts counts = {.rows = 1};
    const struct forecast_file file = {.name = "a.csv", .sha256 = "00", .bytes = 1, .counts = &counts};
    AUTO(text_free) char *path = path_join(folder, "report.json");
    json_t *report = NULL;
    FILE *out = fopen(path, "we");

    cr_assert(out && forecast_write(forecast, &file, out, &err), "%s", err.text);
    fclose(out);
    report = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    cr_assert(report, "the report is JSON");
    return report;
}

Test(forecast, beyond_its_limit_rows_are_counted_and_not_listed_and_that_is_said, .timeout = 60)
{
    AUTO(intake_free) struct intake *intake = open_case("016-nul.csv");
    AUTO(forecast_free) struct forecast *forecast = NULL;
    AUTO(json_release) json_t *report = NULL;
    struct intake_row *row;

    cr_assert(forecast_new(folder, intake, &forecast, &err), "%s", err.text);
    do
        cr_assert(intake_next(intake, &row, &err) && row, "there is a row that is refused: %s", err.text);
    while (row->is_good);
    for (int i = 0; i < FORECAST_ROWS_MAX + 3; i++)
        forecast_row(forecast, row, FORECAST_REFUSED);
    report = written(forecast);
    cr_assert_str_eq(json_text_of(report, "listed"), "some");
    cr_assert_eq(json_integer_of(report, "refused", 0), FORECAST_ROWS_MAX + 3);
    cr_assert_eq(json_array_size(json_object_get(report, "lines")), FORECAST_ROWS_MAX);
    cr_assert_leq(json_array_size(json_object_get(report, "problems")), REPORT_PROBLEMS_MAX);
}

/* Control characters, quotes, broken and long fields: the report is one JSON object all the same. */
Test(forecast, whatever_stands_in_a_file_the_report_is_json)
{
    static const char *const CASES[] = {"001-uscc-check.csv",  "012-newlines-and-quotes.csv", "014-formula-remark.csv",
                                        "016-nul.csv",         "017-huge-field.csv",          "018-row-short.csv",
                                        "020-uscc-number.xlsx"};

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(intake_free) struct intake *intake = open_case(CASES[i]);
        AUTO(forecast_free) struct forecast *forecast = NULL;
        AUTO(json_release) json_t *report = NULL;
        struct intake_row *row;

        cr_assert(forecast_new(folder, intake, &forecast, &err), "%s", err.text);
        for (;;) {
            cr_assert(intake_next(intake, &row, &err), "%s", err.text);
            if (!row)
                break;
            forecast_row(forecast, row, row->is_good ? FORECAST_NEW : FORECAST_REFUSED);
        }
        report = written(forecast);
        cr_assert_str_eq(json_text_of(report, "listed"), "all");
        cr_assert_eq(json_array_size(json_object_get(report, "lines")), intake_rows(intake));
    }
}
