#include "gateway/cli/show.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/columns.h"
#include "gateway/cli/status.h"

static const struct cli ZH = {"", "zh", false, "show"};
static const struct cli EN = {"", "en", false, "show"};

TestSuite(show, .timeout = 60);

typedef void printer(const struct cli *cli, const json_t *json, FILE *to);

static char *printed(printer *print, const struct cli *cli, const char *text)
{
    AUTO(json_release) json_t *json = NULL;
    char *out = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&out, &bytes);
    struct error err;

    cr_assert(json_read(span_of(text), 1 << 20, &json, &err), "%s", err.text);
    print(cli, json, to);
    cr_assert_eq(fclose(to), 0);
    return out;
}

static void expect_line(const char *text, const char *line)
{
    cr_expect(strstr(text, line), "\"%s\" is not in:\n%s", line, text);
}

Test(show, a_strangers_words_cannot_play_with_the_terminal)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    columns_safe_add(&out, SPAN("a\x1b[31m\r\x7f\xc2\x9b\xe2\x80\xae\xff\xe4\xb8"), 0);
    cr_expect_str_eq(out.data, "a\\x1b[31m\\x0d\\x7f\\xc2\\x9b\\xe2\\x80\\xae\\xff\\xe4\\xb8");
    buf_clear(&out);
    columns_safe_add(&out, SPAN("一\n二"), 2);
    cr_expect_str_eq(out.data, "一\n  二");
    buf_clear(&out);
    columns_safe_add(&out, SPAN("一\n二"), 0);
    cr_expect_str_eq(out.data, "一\\x0a二");
}

Test(show, an_age_is_told_in_its_two_largest_units)
{
    static const struct {
        int64_t ms;
        const char *zh;
        const char *en;
    } CASES[] = {
        {-5, "0 秒", "0 seconds"},
        {999, "0 秒", "0 seconds"},
        {61000, "1 分 1 秒", "1 minute 1 second"},
        {3600000, "1 小时", "1 hour"},
        {(26 * 3600 + 59) * 1000, "1 天 2 小时", "1 day 2 hours"},
        {(int64_t)400 * 86400000, "400 天", "400 days"},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(buf_done) struct buf zh = BUF_INIT;
        AUTO(buf_done) struct buf en = BUF_INIT;

        columns_age_add(&zh, CASES[i].ms, false);
        columns_age_add(&en, CASES[i].ms, true);
        cr_expect_str_eq(zh.data, CASES[i].zh);
        cr_expect_str_eq(en.data, CASES[i].en);
    }
}

/* Every row begins its second column at the same column of the terminal. */
Test(show, wide_characters_count_as_two)
{
    AUTO(columns_free) struct columns *columns = columns_new(2);
    char *out = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&out, &bytes);

    columns_add(columns, "渠道");
    columns_add(columns, "n");
    columns_add(columns, "信用广东");
    columns_add_number(columns, 12345);
    columns_add(columns, "x");
    columns_add_number(columns, 7);
    columns_print(columns, 0, to);
    cr_assert_eq(fclose(to), 0);
    cr_expect_str_eq(out, "渠道          n\n信用广东  12345\nx             7\n");
    free(out);
}

#define STATUS                                                                                                         \
    "{\"channels\":[{\"channel\":\"credit-guangdong\",\"queued\":12,\"sending\":1,\"in_doubt\":0,\"received\":3,"      \
    "\"acknowledged\":100,\"refused\":2,\"superseded\":0,\"oldest_ms\":1000,\"last_receipt_ms\":1795506103000,"        \
    "\"paused\":true,\"reason\":\"HTTP 401\"}],\"journal\":{\"size\":9,\"at\":\"2026-11-24T07:41:43.000+08:00\"},"     \
    "\"records\":{\"waiting\":4,\"returned\":0,\"live\":5,\"over\":1,\"unsent\":2},\"checkpoints\":{\"journal\":"      \
    "{\"origin\":\"g/"                                                                                                 \
    "journal\",\"size\":8,\"at\":\"2026-11-24T07:41:43.000+08:00\",\"refused\":\"r\",\"refused_zh\":\"回退\"},"      \
    "\"trace\":null},"                                                                                                 \
    "\"time_ms\":93661000}"

Test(show, status_says_where_a_channel_stands_and_why_it_is_paused)
{
    AUTO(text_free) char *zh = printed(status_print, &ZH, STATUS);
    AUTO(text_free) char *en = printed(status_print, &EN, STATUS);

    expect_line(zh, "信用广东    12       1       0       3     100     2       0  1 天 2 小时  2026-11-24 15:41:43");
    expect_line(zh, "信用广东 已暂停：HTTP 401\n");
    expect_line(zh, "记录：待复核 4，已退回 0，在列 5，已结束 1，未报送版本 2\n");
    expect_line(zh, "日志签名检查点：8 条，2026-11-24 07:41:43\n  已停止签名：回退\n");
    expect_line(zh, "查询留痕签名检查点：尚无\n");
    expect_line(en, "credit-guangdong      12        1         0         3           100        2           0");
    expect_line(en, "credit-guangdong is paused: HTTP 401\n");
}

#define LIFE                                                                                                                 \
    "{\"record\":\"R00112233445566778899\",\"obligation\":\"00112233445566778899aabbccddeeff\",\"state\":"                   \
    "\"effective\",\"basis\":[{\"version\":1,\"state\":\"overdue\",\"sequence\":0,\"at\":"                                   \
    "\"2026-08-03T09:00:00.000+08:00\",\"line\":2}],\"versions\":[{\"version\":1,\"op\":\"new\",\"state\":"                  \
    "\"returned\",\"proposed_by\":\"author\",\"proposed_at\":\"2026-08-03T09:00:00.000+08:00\",\"proposal\":2,"              \
    "\"decided_by\":\"boss\",\"decided_at\":\"2026-08-03T09:01:00.000+08:00\",\"decision\":3,\"reason\":null,"               \
    "\"decision_reason\":\"文号有误\",\"record\":{\"name\":\"某厂\",\"uscc\":\"91440224MAYUCHK485\"},\"seal_kids\":[]" \
    ","                                                                                                                      \
    "\"deliveries\":[]},{\"version\":1,\"op\":\"new\",\"state\":\"effective\",\"proposed_by\":\"author\","                   \
    "\"proposed_at\":\"2026-08-03T09:02:00.000+08:00\",\"proposal\":4,\"decided_by\":\"boss\",\"decided_at\":"               \
    "\"2026-08-03T09:03:00.000+08:00\",\"decision\":5,\"reason\":null,\"decision_reason\":null,\"record\":{\"name\":"        \
    "\"某厂\",\"uscc\":\"91440224MAYUCHK485\",\"severity\":2,\"scope\":0,\"decided_on\":\"2026-08-03\"},"                  \
    "\"seal_kids\":[\"g-seal-sm2-1\",\"g-seal-ed25519-1\"],\"deliveries\":[{\"channel\":\"credit-guangdong\","               \
    "\"delivery\":6,\"state\":\"refused\",\"call\":\"aa\",\"attempts\":2,\"code\":\"E07\",\"message\":"                      \
    "\"\\u001b[31m字段有误\",\"queued_ms\":1,\"changed_ms\":1795506103000,\"receipts\":[{\"kind\":\"business\","         \
    "\"at\":"                                                                                                                \
    "\"2026-08-03T09:04:00.000+08:00\",\"status\":200,\"sequence\":7,\"bytes\":11,\"body\":\"{\\\"ok\\\":true}\","           \
    "\"encoding\":\"utf-8\"}]}]}],\"events\":[{\"sequence\":2,\"at\":\"2026-08-03T09:00:00.000+08:00\",\"by\":"              \
    "\"author\",\"type\":\"record.proposed\"}]}"

Test(show, a_life_names_who_did_what_why_and_what_came_back)
{
    AUTO(text_free) char *zh = printed(show_print, &ZH, LIFE);
    AUTO(text_free) char *en = printed(show_print, &EN, LIFE);

    expect_line(zh, "失信记录：R00112233445566778899\n企业：某厂\n统一社会信用代码：91440224MAYUCHK485\n");
    expect_line(zh, "第 1 版  新增  已退回\n    提出：author  2026-08-03 09:00:00  #2\n    退回：boss  2026-08-03 "
                    "09:01:00  #3\n        理由：文号有误\n");
    expect_line(zh, "第 1 版  新增  已生效\n");
    expect_line(zh, "    复核通过：boss  2026-08-03 09:03:00  #5\n");
    expect_line(zh, "严重程度、使用范围：一般  公示\n");
    expect_line(zh, "签封密钥：g-seal-sm2-1, g-seal-ed25519-1\n");
    expect_line(zh,
                "报送信用广东：#6  被拒  2026-11-24 15:41:43  尝试次数 2\n        对方结果：E07  \\x1b[31m字段有误\n");
    expect_line(zh, "        业务回执  2026-08-03 09:04:00  HTTP 200  11 字节  #7\n            {\"ok\":true}\n");
    expect_line(zh, "2026-08-03 09:00:00  author  提出记录\n");
    expect_line(en, "2026-08-03 09:00:00  author  record.proposed\n");
    expect_line(en, "version 1  new  in force\n");
    expect_line(en, "severity, scope: general  public\n");
    cr_expect_null(strchr(zh, '\x1b'));
}

#define IN_A_BATCH                                                                                                     \
    "{\"record\":\"R00112233445566778899\",\"versions\":[{\"version\":1,\"op\":\"new\",\"state\":\"effective\","       \
    "\"deliveries\":[{\"channel\":\"credit-guangdong\",\"delivery\":6,\"state\":\"acknowledged\",\"attempts\":1,"      \
    "\"code\":\"0\",\"message\":\"\",\"changed_ms\":1795506103000,\"receipts\":[{\"kind\":\"business\","               \
    "\"at\":\"2026-08-03T09:04:00.000+08:00\",\"status\":200,\"sequence\":7,\"bytes\":99,\"body\":"                    \
    "\"{\\\"state\\\":\\\"1\\\",\\\"rows\\\":[{\\\"ROWID\\\":\\\"Rffffffffffffffffffff\\\"},"                          \
    "{\\\"ROWID\\\":\\\"R00112233445566778899\\\",\\\"result\\\":\\\"0\\\"}]}\"}]}]}]}"

/* A batch holds up to 500 rows: the other 499 are nobody's business here, and bury what is. */
#define REFUSED                                                                                                        \
    "{\"record\":\"R00112233445566778899\",\"versions\":[{\"version\":1,\"op\":\"new\",\"state\":\"effective\","       \
    "\"deliveries\":[{\"channel\":\"national-platform\",\"delivery\":6,\"state\":\"refused\",\"attempts\":1,"          \
    "\"code\":\"9\",\"message\":\"存疑\",\"changed_ms\":1795506103000,\"refusal\":{\"known\":true,\"why\":\"in "     \
    "question\",\"why_zh\":\"疑问数据\",\"advice\":\"correct it\",\"advice_zh\":\"更正记录\",\"requeue\":"     \
    "\"creditgate requeue 6 --reason TEXT\",\"requeue_zh\":\"creditgate requeue 6 --reason "                           \
    "理由\",\"fields\":[{\"name\":\"JGQC\",\"label\":\"机构全称\","                                              \
    "\"label_en\":\"the enterprise's name\",\"how\":\"correct the register\",\"how_zh\":\"更正台账\"}]},"          \
    "\"receipts\":[]},{\"channel\":\"credit-china\",\"delivery\":null,\"state\":\"held\",\"attempts\":0,\"code\":"     \
    "\"row.too-long\",\"message\":\"过长\",\"changed_ms\":1795506103000,\"refusal\":{\"why_zh\":\"收不下\"},"     \
    "\"receipts\":[]}]}]}"

Test(show, a_refusal_is_told_with_what_to_do)
{
    AUTO(text_free) char *zh = printed(show_print, &ZH, REFUSED);
    AUTO(text_free) char *en = printed(show_print, &EN, REFUSED);

    expect_line(zh, "        对方结果：9  存疑\n        原因：疑问数据\n        字段：机构全称 (JGQC)：更正台账\n      "
                    "  怎么办：更正记录\n        原样再报：creditgate "
                    "requeue 6 --reason 理由\n");
    expect_line(zh, "    报送信用中国：暂缓：该渠道收不下  ");
    expect_line(zh, "        未能报送：row.too-long  过长\n        原因：收不下\n");
    expect_line(en, "        why: in question\n        field: the enterprise's name (JGQC): correct the register\n     "
                    "   what to do: correct it\n        as it is: creditgate requeue 6 "
                    "--reason TEXT\n");
}

Test(show, of_a_batch_only_the_own_row_is_told)
{
    AUTO(text_free) char *zh = printed(show_print, &ZH, IN_A_BATCH);

    expect_line(
        zh,
        "            {\"ROWID\":\"R00112233445566778899\",\"result\":\"0\"}（同批 2 行中的本记录；全文见 --json）\n");
    cr_expect_null(strstr(zh, "Rffffffffffffffffffff"));
}

/* One business receipt of a channel, as show tells it. */
static char *told(const char *channel, const char *body)
{
    AUTO(json_release)
    json_t *answer =
        json_pack("{s:s,s:[{s:i,s:s,s:s,s:[{s:s,s:i,s:s,s:i,s:s,s:s,s:I,s:[{s:s,s:s,s:i,s:i,s:i,s:s}]}]}]}", "record",
                  "R00112233445566778899", "versions", "version", 1, "op", "new", "state", "effective", "deliveries",
                  "channel", channel, "delivery", 6, "state", "acknowledged", "attempts", 1, "code", "0", "message", "",
                  "changed_ms", (json_int_t)1795506103000, "receipts", "kind", "business", "at",
                  "2026-08-03T09:04:00.000+08:00", "status", 200, "sequence", 7, "bytes", 99, "body", body);
    AUTO(text_free) char *text = json_dumps(answer, 0);

    cr_assert_not_null(text);
    return printed(show_print, &ZH, text);
}

Test(show, of_an_answer_inside_another_only_the_own_row_is_told)
{
    AUTO(text_free)
    char *zh = told("national-platform", "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"Rffffffffffffffffffff\"},"
                                         "{\"ROWID\":\"R00112233445566778899\",\"state\":\"1\"}]}}");

    expect_line(
        zh,
        "            {\"ROWID\":\"R00112233445566778899\",\"state\":\"1\"}（同批 2 行中的本记录；全文见 --json）\n");
    cr_expect_null(strstr(zh, "Rffffffffffffffffffff"));
}

Test(show, of_a_receipt_in_xml_only_the_own_tag_is_told)
{
    AUTO(text_free)
    char *zh =
        told("credit-china", "<?xml version=\"1.0\"?>\n<ACKS file=\"x\">\n<ACK ROWID=\"Rffffffffffffffffffff\"/>\n"
                             "<ACK ROWID=\"R00112233445566778899\" result=\"accepted\"/>\n</ACKS>");

    expect_line(zh, "            <ACK ROWID=\"R00112233445566778899\" result=\"accepted\"/>（同批 2 "
                    "行中的本记录；全文见 --json）\n");
    cr_expect_null(strstr(zh, "Rffffffffffffffffffff"));
}

Test(show, xml_that_is_no_receipt_of_this_record_is_told_as_it_came)
{
    AUTO(text_free) char *other = told("credit-china", "<ACKS><ACK ROWID=\"Rffffffffffffffffffff\"/></ACKS>");
    AUTO(text_free) char *broken = told("credit-china", "<a b=\"R00112233445566778899\"");
    AUTO(text_free) char *page = told("credit-china", "<");

    expect_line(other, "            <ACKS><ACK ROWID=\"Rffffffffffffffffffff\"/></ACKS>\n");
    expect_line(broken, "            <a b=\"R00112233445566778899\"\n");
    expect_line(page, "            <\n");
}

Test(show, an_enterprise_is_told_by_its_obligations)
{
    AUTO(text_free)
    char *zh = printed(
        show_print, &ZH,
        "{\"uscc\":\"91440224MAYUCHK485\",\"name\":\"某厂\",\"obligations\":[{\"obligation\":\"aa\",\"version\":1,"
        "\"state\":\"overdue\",\"ground\":\"energy\",\"due\":\"2026-02-28\",\"exit_date\":null,\"records\":[{"
        "\"record\":\"R1\",\"version\":1,\"state\":\"proposed\",\"op\":\"new\",\"document\":\"文\"}]}]}");

    expect_line(zh, "退出任务：aa  能耗  逾期未退出  期限 2026-02-28\n    R1  v1  新增  待复核  文\n");
}
