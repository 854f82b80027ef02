/* What is wrong in a layout is told with its place; the layouts that are used are right. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/adapters/layouts.h"
#include "tests/unit/adapters/rows.h"

static char folder[TEST_PATH_BYTES];
static char path[TEST_PATH_BYTES + 16];
static struct layout *layout;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/mine.json", folder);
}

static void teardown(void)
{
    layout_free(layout);
    test_folder_remove(folder);
}

TestSuite(layout, .init = setup, .fini = teardown);

#define HEAD                                                                                                           \
    "{\"title\": {\"zh\": \"某省\", \"en\": \"a province\"}, \"source\": \"made up\", \"rows\": 50, \"fields\": ["
#define ROWID "{\"name\": \"ROWID\", \"label\": \"主键\", \"from\": \"record\", \"max\": 23, \"required\": true}"
#define VERSION                                                                                                        \
    "{\"name\": \"VERSION\", \"label\": \"版本\", \"from\": \"version\", \"max\": 10, \"required\": true, "          \
    "\"form\": \"number\"}"
#define FIELD(more) "{\"name\": \"f\", \"label\": \"字段\", \"max\": 4, " more "}"
#define RESULTS(more) "], \"results\": {" more "}}"

static bool load(const char *json)
{
    cr_assert(file_write(path, span_of(json), 0600, &err), "%s", err.text);
    layout_free(layout);
    layout = NULL;
    memset(&err, 0, sizeof err);
    return layout_load(path, SCHEMAS, &layout, &err);
}

static void expect_refusal(const char *json, const char *rule, const char *place)
{
    cr_expect_not(load(json), "%s", json);
    cr_expect_str_eq(err.rule, rule, "%s: %s", json, err.text);
    cr_expect(strstr(err.text, "mine.json") && strstr(err.text, place), "%s (%s): %s", json, place, err.text);
    cr_expect(strstr(err.zh, place), "%s: %s", json, err.zh);
}

static void expect_field_refused(const char *field, const char *rule, const char *place)
{
    AUTO(buf_done) struct buf json = BUF_INIT;

    buf_addf(&json, HEAD ROWID ", " VERSION ", %s" RESULTS(""), field);
    expect_refusal(buf_text(&json), rule, place);
}

Test(layout, a_file_that_is_not_there_or_no_json_is_named)
{
    cr_assert_not(layout_load("/nowhere/mine.json", SCHEMAS, &layout, &err));
    cr_assert(strstr(err.text, "/nowhere/mine.json"));
    cr_assert_not(load("{\"title\": {},\n \"rows\": }"));
    cr_assert(strstr(err.text, "mine.json") && strstr(err.text, "line 2"), "%s", err.text);
    cr_assert_not(load("{\"rows\": 1, \"rows\": 2}"));
    cr_assert(strstr(err.text, "mine.json"), "%s", err.text);
    cr_assert_not(load(""));
}

Test(layout, a_folder_without_the_schema_is_named)
{
    cr_assert(file_write(path, SPAN(HEAD ROWID ", " VERSION RESULTS("")), 0600, &err), "%s", err.text);
    cr_assert_not(layout_load(path, folder, &layout, &err));
    cr_assert(strstr(err.text, "layout.schema.json"), "%s", err.text);
}

Test(layout, an_unknown_member_or_a_missing_one_is_told_with_its_place)
{
    expect_refusal("[]", "layout.schema", "/");
    expect_refusal("{\"colour\": 1}", "layout.schema", "/");
    expect_refusal(HEAD ROWID ", " VERSION "], \"results\": {}, \"colour\": \"red\"}", "layout.schema", "colour");
    expect_refusal(HEAD ROWID ", " VERSION "]}", "layout.schema", "/");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"1\": {\"reasom\": 1}"), "layout.schema", "reasom");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"1\": {\"means\": \"perhaps\"}"), "layout.schema",
                   "/results/1/means");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"1\": {\"fault\": \"ours\"}"), "layout.schema",
                   "/results/1/fault");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"a code that is far too long\": {}"), "layout.schema", "/results");
    expect_field_refused(FIELD("\"from\": \"name\", \"colour\": 1"), "layout.schema", "/fields/2");
}

Test(layout, a_name_that_could_not_be_an_element_is_refused)
{
    static const char *const NAMES[] = {"",    "1a",  "a b",  "a-b",    "名称", "a\\u0000",
                                        "<a>", "a.b", "a\\n", "xmlRow", "XML"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        AUTO(buf_done) struct buf field = BUF_INIT;

        buf_addf(&field, "{\"name\": \"%s\", \"label\": \"字段\", \"max\": 4, \"from\": \"name\"}", NAMES[i]);
        expect_field_refused(buf_text(&field), "layout.schema", "/fields/2/name");
    }
}

Test(layout, a_source_or_a_form_that_does_not_exist_is_refused)
{
    expect_field_refused(FIELD("\"from\": \"moon\""), "layout.schema", "/fields/2/from");
    expect_field_refused(FIELD("\"from\": \"name\", \"form\": \"verse\""), "layout.schema", "/fields/2/form");
    expect_field_refused(FIELD("\"required\": true"), "layout.schema", "/fields/2");
    expect_field_refused(FIELD("\"from\": \"name\", \"constant\": \"x\""), "layout.schema", "/fields/2");
}

#define OF_FEEDBACK                                                                                                    \
    "{\"title\": {\"zh\": \"某省\", \"en\": \"a province\"}, \"source\": \"made up\", \"of\": \"feedback\", "        \
    "\"rows\": 50, "                                                                                                   \
    "\"fields\": [" ROWID ", " VERSION ", "

Test(layout, a_source_of_the_other_kind_of_rows_is_refused)
{
    expect_field_refused(FIELD("\"from\": \"receipt\""), "layout.source", "receipt");
    expect_field_refused(FIELD("\"from\": \"given_on\""), "layout.source", "given_on");
    expect_refusal(OF_FEEDBACK FIELD("\"from\": \"facts\"") RESULTS(""), "layout.source", "facts");
    expect_refusal(
        OF_FEEDBACK FIELD("\"from\": \"op\", \"codes\": {\"new\": \"1\", \"changed\": \"2\", \"withdrawn\": \"3\", "
                          "\"repaired\": \"4\", \"disputed\": \"5\", \"dispute-over\": \"6\"}") RESULTS(""),
        "layout.source", "op");
    cr_assert(load(OF_FEEDBACK FIELD("\"from\": \"receipt\"") RESULTS("")), "%s", err.text);
    cr_assert_eq(layout_subject(layout), LAYOUT_OF_FEEDBACK);
}

Test(layout, a_required_field_that_a_feedback_may_lack_is_found)
{
    cr_assert(load(OF_FEEDBACK "{\"name\": \"f\", \"label\": \"x\", \"from\": \"acted_on\", \"max\": 10, "
                               "\"required\": true}" RESULTS("")),
              "%s", err.text);
    cr_assert_str_eq(layout_unfilled(layout), "f");
    cr_assert(load(OF_FEEDBACK "{\"name\": \"f\", \"label\": \"x\", \"from\": \"given_on\", \"max\": 10, "
                               "\"required\": true}" RESULTS("")),
              "%s", err.text);
    cr_assert_null(layout_unfilled(layout));
}

Test(layout, sizes_have_limits)
{
    expect_field_refused("{\"name\": \"f\", \"label\": \"字段\", \"from\": \"name\", \"max\": 0}", "layout.schema",
                         "/fields/2/max");
    expect_field_refused("{\"name\": \"f\", \"label\": \"字段\", \"from\": \"name\", \"max\": 10001}", "layout.schema",
                         "/fields/2/max");
    expect_field_refused("{\"name\": \"f\", \"label\": \"字段\", \"from\": \"name\", \"max\": \"4\"}", "layout.schema",
                         "/fields/2/max");
}

Test(layout, a_field_that_stands_there_twice_is_refused)
{
    expect_field_refused(FIELD("\"from\": \"name\"") ", " FIELD("\"from\": \"remark\""), "layout.twice", "/fields");
    expect_field_refused(ROWID, "layout.twice", "ROWID");
}

Test(layout, a_row_without_its_identity_is_refused)
{
    expect_refusal(HEAD ROWID ", " FIELD("\"from\": \"name\"") RESULTS(""), "layout.identity", "VERSION");
    expect_refusal(HEAD VERSION ", " FIELD("\"from\": \"record\"") RESULTS(""), "layout.identity", "ROWID");
    expect_refusal(HEAD VERSION
                   ", {\"name\": \"ROWID\", \"label\": \"x\", \"from\": \"record\", \"max\": 23}" RESULTS(""),
                   "layout.identity", "ROWID");
    expect_refusal(HEAD VERSION ", {\"name\": \"ROWID\", \"label\": \"x\", \"from\": \"name\", \"max\": 23, "
                                "\"required\": true}" RESULTS(""),
                   "layout.identity", "ROWID");
    expect_refusal(HEAD ROWID ", {\"name\": \"VERSION\", \"label\": \"x\", \"from\": \"version\", \"max\": 10, "
                              "\"required\": true}" RESULTS(""),
                   "layout.identity", "VERSION");
}

Test(layout, a_code_table_must_have_every_value_and_no_other)
{
    expect_field_refused(FIELD("\"from\": \"severity\""), "layout.codes", "/fields/2");
    expect_field_refused(FIELD("\"from\": \"severity\", \"codes\": {\"minor\": \"1\", \"serious\": \"3\"}"),
                         "layout.codes", "general");
    expect_field_refused(FIELD("\"from\": \"scope\", \"codes\": {\"public\": \"0\", \"government\": \"1\", "
                               "\"authorised\": \"2\", \"secret\": \"3\"}"),
                         "layout.codes", "/fields/2");
    expect_field_refused(FIELD("\"from\": \"op\", \"codes\": {\"new\": \"1\"}"), "layout.codes", "changed");
}

Test(layout, a_code_or_a_constant_must_fit_its_field)
{
    expect_field_refused(FIELD("\"from\": \"authority\", \"codes\": {\"某局\": \"12345\"}"), "layout.codes", "某局");
    expect_field_refused(FIELD("\"from\": \"authority\", \"codes\": {\"某局\": \"  \"}"), "layout.codes", "某局");
    expect_field_refused(FIELD("\"from\": \"authority\", \"form\": \"number\", \"codes\": {\"某局\": \"01\"}"),
                         "layout.codes", "某局");
    expect_field_refused(FIELD("\"constant\": \"12345\""), "layout.constant", "/fields/2");
    expect_field_refused(FIELD("\"constant\": \"1x\", \"form\": \"number\""), "layout.constant", "/fields/2");
    expect_field_refused(FIELD("\"constant\": \"a\\nb\""), "layout.schema", "/fields/2/constant");
}

Test(layout, a_form_must_suit_its_source)
{
    static const char *const WRONG[] = {
        "\"from\": \"name\", \"form\": \"date\"",
        "\"from\": \"listed_on\", \"form\": \"text\"",
        "\"from\": \"listed_on\", \"codes\": {\"2020-01-01\": \"1\"}",
        "\"from\": \"name\", \"form\": \"credit-code\"",
        "\"from\": \"code\", \"form\": \"division\"",
        "\"from\": \"division\", \"form\": \"division\", \"codes\": {\"440000\": \"1\"}",
        "\"from\": \"name\", \"form\": \"number\""};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(buf_done) struct buf field = BUF_INIT;

        buf_addf(&field, "{\"name\": \"f\", \"label\": \"字段\", \"max\": 4, %s}", WRONG[i]);
        expect_field_refused(buf_text(&field), "layout.form", "/fields/2");
    }
}

Test(layout, a_refusal_without_its_words_is_refused)
{
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"10002\": {}"), "layout.result", "/results/10002");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"7\": {\"means\": \"taken\", \"fields\": [\"GONE\"]}"),
                   "layout.result", "/results/7/fields");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"10002\": {\"means\": \"refused\"}"), "layout.result",
                   "/results/10002");
    expect_refusal(HEAD ROWID ", " VERSION RESULTS("\"1\": {\"reason\": {\"zh\": \"因\", \"en\": \"why\"}}"),
                   "layout.schema", "/results/1");
    expect_refusal(HEAD ROWID
                   ", " VERSION RESULTS("\"1\": {\"reason\": {\"zh\": \"因\"}, \"correct\": {\"zh\": \"改\", "
                                        "\"en\": \"do\"}}"),
                   "layout.schema", "/results/1/reason");
}

Test(layout, a_row_needs_a_layout)
{
    struct adapter_config none = {.provider_code = ""};
    struct adapter_record record = {.version = 1};
    AUTO(buf_done) struct buf row = BUF_INIT;

    cr_assert_not(row_add(&none, &record, &row, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
}

Test(layout, codes_are_found_with_their_words)
{
    cr_assert(load(HEAD ROWID ", " VERSION RESULTS(
                  "\"b\": {\"fault\": \"missing\", \"reason\": {\"zh\": \"因\", \"en\": \"why\"}, \"correct\": "
                  "{\"zh\": \"改\", \"en\": \"do\"}}, \"a\": {\"means\": \"taken\"}")),
              "%s", err.text);
    cr_assert_null(layout_result_find(layout, ""));
    cr_assert_null(layout_result_find(layout, "c"));
    cr_assert_eq(layout_result_find(layout, "a")->meaning, LAYOUT_TAKEN);
    cr_assert_str_eq(layout_result_find(layout, "b")->reason_zh, "因");
    cr_assert_eq(layout_result_find(layout, "b")->fault, LAYOUT_FAULT_MISSING);
    cr_assert_eq(layout_result_find(layout, "a")->fault, LAYOUT_FAULT_UNTOLD);
    cr_assert_str_eq(layout_result_find(layout, "b")->correct_en, "do");
    cr_assert_str_eq(layout_title(layout, true), "某省");
    cr_assert_eq(layout_rows_max(layout), 50);
}

Test(layout, a_required_field_that_the_register_never_has_is_found)
{
    static const char *const SOURCES[] = {"registration", "address", "representative", "remark"};

    for (size_t i = 0; i < COUNT_OF(SOURCES); i++) {
        AUTO(buf_done) struct buf json = BUF_INIT;

        buf_addf(&json,
                 HEAD ROWID ", " VERSION ", {\"name\": \"f\", \"label\": \"字段\", \"max\": 4, \"from\": \"%s\", "
                            "\"required\": true}" RESULTS(""),
                 SOURCES[i]);
        cr_assert(load(buf_text(&json)), "%s", err.text);
        cr_assert_str_eq(layout_unfilled(layout), "f", "%s", SOURCES[i]);
    }
    cr_assert(load(HEAD ROWID ", " VERSION ", " FIELD("\"from\": \"remark\"") RESULTS("")), "%s", err.text);
    cr_assert_null(layout_unfilled(layout));
}

/* upstreams.md has one table of fields for all three. */
Test(layout, the_three_channels_send_the_same_row)
{
    static const char *const CHANNELS[] = {"credit-guangdong", "national-platform", "credit-china"};
    static const unsigned ROWS[] = {500, 200, 1000};
    AUTO(json_release) json_t *input = NULL;
    AUTO(json_release) json_t *expected = NULL;

    cr_assert(json_read_file(TEST_SOURCE "/tests/cases/credit-guangdong/row-all-fields/input", &input, &err));
    cr_assert(json_read_file(TEST_SOURCE "/tests/cases/credit-guangdong/row-all-fields/expected", &expected, &err));
    for (size_t i = 0; i < COUNT_OF(CHANNELS); i++) {
        AUTO(layout_free) struct layout *used = layout_for_test(CHANNELS[i]);
        struct adapter_config config = {.layout = used,
                                        .provider_code = "4400GXT",
                                        .provider_name = "广东省工业和信息化厅",
                                        .exchange_unit = "广东省信用中心"};

        row_check(&config, CHANNELS[i], input, expected);
        cr_assert_null(layout_unfilled(used));
        cr_assert_eq(layout_rows_max(used), ROWS[i]);
    }
}

Test(layout, every_refusal_of_a_channel_says_what_to_correct)
{
    static const struct {
        const char *channel;
        const char *codes[8];
    } KNOWN[] = {{"credit-guangdong", {"10002", "10003", "10004", "10005", "20002", "40001", "6002"}},
                 {"national-platform", {"9", "E-301"}},
                 {"credit-china", {"10002", "10003", "10004", "10005", "20002", "40001"}}};

    for (size_t i = 0; i < COUNT_OF(KNOWN); i++) {
        AUTO(layout_free) struct layout *used = layout_for_test(KNOWN[i].channel);

        for (size_t j = 0; KNOWN[i].codes[j]; j++) {
            const struct layout_result *result = layout_result_find(used, KNOWN[i].codes[j]);

            cr_assert(result, "%s: %s", KNOWN[i].channel, KNOWN[i].codes[j]);
            cr_assert(result->correct_zh[0] && result->correct_en[0] && result->reason_en[0]);
        }
    }
}
