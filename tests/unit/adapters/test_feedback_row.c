/* What a client said about an answer, as a row of the feedback table. */
#include <criterion/criterion.h>
#include <string.h>

#include "adapters/row.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/unit/adapters/layouts.h"

static struct layout *layout;
static struct adapter_config config;
static struct adapter_feedback feedback;
static struct adapter_record record;
static struct buf row;
static struct error err;
static char folder[TEST_PATH_BYTES];

static void setup(void)
{
    layout = layout_for_test("feedback");
    config = (struct adapter_config){.layout = layout,
                                     .provider_code = "440000GXT",
                                     .provider_name = "广东省工业和信息化厅",
                                     .exchange_unit = "广东省工业和信息化厅"};
    feedback = (struct adapter_feedback){.receipt = SPAN("T00000000000000000000001"),
                                         .answered_on = day_from_civil(2026, 11, 20),
                                         .shown = SPAN("R00000000000000000007"),
                                         .shown_version = 2,
                                         .client = SPAN("land-bureau"),
                                         .domain = SPAN("land-supply"),
                                         .domain_name = SPAN("土地供应"),
                                         .purpose = SPAN("land-grant"),
                                         .result = SPAN("implemented"),
                                         .measures = SPAN("限制供地"),
                                         .measure_ids = SPAN("land-supply.1"),
                                         .acted_on = DAY_NONE,
                                         .given_on = day_from_civil(2026, 11, 25)};
    record = (struct adapter_record){.feedback = &feedback,
                                     .record = SPAN("F000000000012-0001"),
                                     .version = 1,
                                     .op = ADAPTER_OP_ADD,
                                     .name = SPAN("东莞市某某水泥有限公司"),
                                     .code = SPAN("91441900MAY0000001"),
                                     .listed_on = DAY_NONE,
                                     .published_until = DAY_NONE,
                                     .provided_on = DAY_NONE};
    test_folder_new(folder);
}

static void teardown(void)
{
    layout_free(layout);
    buf_done(&row);
    test_folder_remove(folder);
}

TestSuite(feedback_row, .init = setup, .fini = teardown);

static void expect_refused(const char *rule, const char *field)
{
    buf_clear(&row);
    memset(&err, 0, sizeof err);
    cr_assert_not(row_add(&config, &record, &row, &err));
    cr_expect_str_eq(err.rule, rule, "%s", err.text);
    cr_expect(strstr(err.text, field) && strstr(err.zh, field), "%s", err.text);
    cr_expect_eq(row.bytes, 0, "nothing is added");
}

static const char *member(const json_t *json, const char *name)
{
    const char *text = json_text_of(json, name);

    return text ? text : "-";
}

/* The row, read again; the caller's. */
static json_t *made(void)
{
    json_t *json = NULL;

    buf_clear(&row);
    cr_assert(row_add(&config, &record, &row, &err), "%s", err.text);
    cr_assert(json_read(buf_span(&row), 64 * 1024, &json, &err), "%s", err.text);
    return json;
}

Test(feedback_row, a_result_that_is_none_is_refused)
{
    feedback.result = SPAN("done");
    expect_refused("row.code", "FKJG");
    feedback.result = SPAN_NONE;
    expect_refused("row.empty", "FKJG");
}

Test(feedback_row, what_must_be_there_is_named)
{
    record.name = SPAN_NONE;
    expect_refused("row.empty", "JGQC");
    record.name = SPAN("甲");
    feedback.receipt = SPAN_NONE;
    expect_refused("row.empty", "CXHZ");
    feedback.receipt = SPAN("T1");
    feedback.shown_version = 0;
    expect_refused("row.empty", "JLBB");
}

Test(feedback_row, words_that_are_too_long_are_neither_cut_nor_sent)
{
    AUTO(buf_done) struct buf words = BUF_INIT;

    for (int i = 0; i < 1001; i++)
        buf_add_text(&words, "措");
    feedback.action = buf_span(&words);
    expect_refused("row.too-long", "CLJG");
    feedback.action.bytes -= strlen("措");
    json_decref(made());
}

Test(feedback_row, control_characters_are_refused)
{
    feedback.reason = SPAN("a\x01");
    expect_refused("row.characters", "BSYLY");
}

Test(feedback_row, records_and_feedback_do_not_take_each_others_layout)
{
    AUTO(layout_free) struct layout *of_records = layout_for_test("credit-guangdong");

    config.layout = of_records;
    cr_assert_not(row_add(&config, &record, &row, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
    config.layout = layout;
    record.feedback = NULL;
    cr_assert_not(row_add(&config, &record, &row, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
}

Test(feedback_row, it_says_what_was_answered_and_what_was_done)
{
    AUTO(json_release) json_t *json = NULL;

    feedback.action = SPAN("暂停该宗地的出让");
    feedback.acted_on = day_from_civil(2026, 11, 24);
    record.remark = SPAN("见办件");
    json = made();
    cr_expect_str_eq(member(json, "ROWID"), "F000000000012-0001");
    cr_expect_eq(json_integer_of(json, "VERSION", 0), 1);
    cr_expect_str_eq(member(json, "OP"), "1");
    cr_expect_str_eq(member(json, "JGQC"), "东莞市某某水泥有限公司");
    cr_expect_str_eq(member(json, "TYSHXYDM"), "91441900MAY0000001");
    cr_expect_str_eq(member(json, "CXHZ"), "T00000000000000000000001");
    cr_expect_str_eq(member(json, "CXRQ"), "2026-11-20");
    cr_expect_str_eq(member(json, "JLBS"), "R00000000000000000007");
    cr_expect_eq(json_integer_of(json, "JLBB", 0), 2);
    cr_expect_str_eq(member(json, "FKDW"), "land-bureau");
    cr_expect_str_eq(member(json, "LYMC"), "土地供应");
    cr_expect_str_eq(member(json, "CXMD"), "land-grant");
    cr_expect_str_eq(member(json, "FKJG"), "1");
    cr_expect_str_eq(member(json, "CSNR"), "限制供地");
    cr_expect_str_eq(member(json, "CLJG"), "暂停该宗地的出让");
    cr_expect_str_eq(member(json, "CLRQ"), "2026-11-24");
    cr_expect_str_eq(member(json, "FKRQ"), "2026-11-25");
    cr_expect_str_eq(member(json, "BZ"), "见办件");
    cr_expect_str_eq(member(json, "BMBM"), "440000GXT");
    cr_expect_str_eq(member(json, "BSYLY"), "-", "what was not said is not there");
}

Test(feedback_row, what_was_not_done_has_its_reason_and_no_day)
{
    AUTO(json_release) json_t *json = NULL;

    feedback.result = SPAN("not-applicable");
    feedback.measures = SPAN_NONE;
    feedback.reason = SPAN("申请已撤回");
    json = made();
    cr_expect_str_eq(member(json, "FKJG"), "3");
    cr_expect_str_eq(member(json, "BSYLY"), "申请已撤回");
    cr_expect_str_eq(member(json, "CLRQ"), "-");
    cr_expect_str_eq(member(json, "CSNR"), "-");
}

Test(feedback_row, the_names_of_others_are_a_matter_of_the_layout)
{
    static const char MINE[] =
        "{\"title\":{\"zh\":\"某省\",\"en\":\"a province\"},\"source\":\"made up\",\"of\":\"feedback\",\"rows\":9,"
        "\"fields\":[{\"name\":\"ROWID\",\"label\":\"主键\",\"from\":\"record\",\"max\":23,\"required\":true},"
        "{\"name\":\"VERSION\",\"label\":\"版本\",\"from\":\"version\",\"max\":10,\"required\":true,\"form\":"
        "\"number\"},"
        "{\"name\":\"type\",\"label\":\"类型\",\"from\":\"result\",\"max\":9,"
        "\"codes\":{\"implemented\":\"已惩戒\",\"other\":\"其他\",\"not-applicable\":\"不适用\"}},"
        "{\"name\":\"itemCode\",\"label\":\"措施\",\"from\":\"measure_ids\",\"max\":99},"
        "{\"name\":\"disciplinaryTime\",\"label\":\"时间\",\"from\":\"given_on\",\"max\":10,\"form\":\"date-slash\"},"
        "{\"name\":\"bizDept\",\"label\":\"领域\",\"from\":\"domain\",\"max\":64}],\"results\":{}}";
    AUTO(text_free) char *path = path_join(folder, "mine.json");
    AUTO(layout_free) struct layout *mine = NULL;

    cr_assert(file_write(path, SPAN(MINE), 0600, &err), "%s", err.text);
    cr_assert(layout_load(path, SCHEMAS, &mine, &err), "%s", err.text);
    cr_assert_eq(layout_subject(mine), LAYOUT_OF_FEEDBACK);
    config.layout = mine;
    json_decref(made());
    cr_assert_str_eq(buf_text(&row),
                     "{\"ROWID\":\"F000000000012-0001\",\"VERSION\":1,\"bizDept\":\"land-supply\","
                     "\"disciplinaryTime\":\"2026/11/25\",\"itemCode\":\"land-supply.1\",\"type\":\"已惩戒\"}");
}
