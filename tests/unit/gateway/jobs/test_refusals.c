/* Codes in plain words: those of a table, those of none, and what cannot be read. */
#include "gateway/jobs/refusals.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static struct config config = {.data = (char *)TEST_SOURCE};
static struct refusals *refusals;
static struct refusal refusal;

static void setup(void)
{
    refusals = refusals_new(&config);
}

static void teardown(void)
{
    refusals_free(refusals);
}

TestSuite(refusals, .init = setup, .fini = teardown);

static void explain_words(enum channel channel, const char *code, const char *words)
{
    struct delivery delivery = {.number = 42, .channel = channel, .state = DELIVERY_REFUSED, .message = span_of(words)};

    snprintf(delivery.code, sizeof delivery.code, "%s", code);
    memset(&refusal, 0, sizeof refusal);
    refusals_explain(refusals, &delivery, &refusal);
    cr_assert(*refusal.reason_zh && *refusal.reason_en && *refusal.correct_zh && *refusal.correct_en, "%s", code);
    cr_assert_str_eq(refusal.requeue_zh, "creditgate requeue 42 --reason 理由");
    cr_assert_str_eq(refusal.requeue_en, "creditgate requeue 42 --reason TEXT");
}

static void explain(enum channel channel, const char *code)
{
    explain_words(channel, code, "");
}

static void expect_field(size_t i, const char *name, const char *field, enum layout_remedy remedy)
{
    cr_assert_lt(i, refusal.field_count, "%s", name);
    cr_expect_str_eq(refusal.fields[i].name, name);
    cr_expect_str_eq(refusal.fields[i].field, field);
    cr_expect_eq(refusal.fields[i].remedy, remedy, "%s", name);
    cr_expect(*refusal.fields[i].label && *refusal.fields[i].en && *refusal.fields[i].how_zh &&
              *refusal.fields[i].how_en);
}

Test(refusals, words_that_name_nothing_of_ours_name_nothing)
{
    explain_words(CHANNEL_CREDIT_GUANGDONG, "40001", "JGQCX XJGQC jgqc 数据有误 \xff JGQ C");
    cr_assert_eq(refusal.field_count, 0);
    explain_words(CHANNEL_CREDIT_GUANGDONG, "99999", "");
    cr_assert_eq(refusal.field_count, 0);
    explain_words(CHANNEL_NATIONAL_PLATFORM, "HTTP 413", "JGQC");
    cr_assert_eq(refusal.field_count, 0, "a status alone says nothing of fields");
}

Test(refusals, the_field_that_their_words_name_is_told_and_where_it_is_put_right)
{
    explain_words(CHANNEL_CREDIT_GUANGDONG, "40001", "SXYZCD 失信严重程度：与事实不符");
    cr_assert_eq(refusal.field_count, 1);
    expect_field(0, "SXYZCD", "severity", REMEDY_RECORD);
    cr_assert_str_eq(refusal.fields[0].label, "失信严重程度");
    explain_words(CHANNEL_NATIONAL_PLATFORM, "9", "10005 TYSHXYDM 统一社会信用代码：错误；JGQC,BMBM（TGRQ）JGQC");
    cr_assert_eq(refusal.field_count, 4, "each once");
    expect_field(0, "TYSHXYDM", "code", REMEDY_REGISTER);
    expect_field(1, "JGQC", "name", REMEDY_REGISTER);
    expect_field(2, "BMBM", "provider_code", REMEDY_SETTINGS);
    expect_field(3, "TGRQ", "provided_on", REMEDY_NONE);
}

Test(refusals, without_words_the_code_says_which_fields_it_is_about)
{
    explain(CHANNEL_CREDIT_GUANGDONG, "10002");
    cr_assert_eq(refusal.field_count, 1);
    expect_field(0, "JGQC", "name", REMEDY_REGISTER);
    explain_words(CHANNEL_CREDIT_CHINA, "10003", "必填项为空");
    cr_assert_eq(refusal.field_count, 3);
    expect_field(1, "GSJZQ", "published_until", REMEDY_RECORD);
    explain_words(CHANNEL_CREDIT_CHINA, "10003", "GSJZQ 公示截止期：不能为空");
    cr_assert_eq(refusal.field_count, 1, "their words know better");
}

Test(refusals, fields_are_told_as_json_and_as_a_sentence)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf zh = BUF_INIT;
    AUTO(buf_done) struct buf en = BUF_INIT;

    explain(CHANNEL_CREDIT_GUANGDONG, "10002");
    refusal_fields_json(&refusal, &json);
    cr_assert_not_null(strstr(buf_text(&json), "[{\"name\":\"JGQC\",\"label\":\"机构全称\""), "%s", buf_text(&json));
    cr_assert_not_null(strstr(buf_text(&json), "\"field\":\"name\",\"remedy\":\"register\""), "%s", buf_text(&json));
    refusal_fields_text(&refusal, true, &zh);
    cr_assert(strstr(buf_text(&zh), "机构全称 JGQC：更正台账"), "%s", buf_text(&zh));
    refusal_fields_text(&refusal, false, &en);
    cr_assert(strstr(buf_text(&en), "the enterprise's name (JGQC): correct the register"), "%s", buf_text(&en));
}

Test(refusals, a_layout_that_cannot_be_read_is_told_and_not_taken_for_an_unknown_code)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG].layout = (char *)"/nowhere/layout.json";
    explain(CHANNEL_CREDIT_GUANGDONG, "10002");
    cr_assert_not(refusal.is_known);
    cr_assert(strstr(refusal.reason_zh, "无法读取") && strstr(refusal.correct_en, "creditgate check"));
    explain(CHANNEL_CREDIT_CHINA, "10002");
    cr_assert(refusal.is_known, "the other channels' tables can be read");
}

Test(refusals, a_code_of_no_table_or_none_at_all_is_unknown)
{
    static const char *const CODES[] = {"", "7", "99999", "HTTP", "10002 ", "\xff\xfe"};

    for (size_t i = 0; i < COUNT_OF(CODES); i++) {
        explain(CHANNEL_CREDIT_GUANGDONG, CODES[i]);
        cr_assert_not(refusal.is_known, "%s", CODES[i]);
    }
}

/* "20001" is taken by the table; a person still sees such a refusal when the table was changed since. */
Test(refusals, a_code_that_the_table_takes_has_no_reason)
{
    explain(CHANNEL_CREDIT_GUANGDONG, "20001");
    cr_assert_not(refusal.is_known);
}

Test(refusals, a_refusal_by_status_alone_is_said_to_be_one)
{
    explain(CHANNEL_NATIONAL_PLATFORM, "HTTP 413");
    cr_assert(refusal.is_known);
    cr_assert(strstr(refusal.reason_zh, "HTTP"));
}

Test(refusals, every_channel_has_its_own_words)
{
    explain(CHANNEL_CREDIT_GUANGDONG, "10005");
    cr_assert_str_eq(refusal.reason_zh, "统一社会信用代码错误");
    explain(CHANNEL_NATIONAL_PLATFORM, "9");
    cr_assert(strstr(refusal.reason_zh, "疑问数据"));
    explain(CHANNEL_CREDIT_CHINA, "20002");
    cr_assert(strstr(refusal.reason_en, "version"));
    explain(CHANNEL_CREDIT_CHINA, "9");
    cr_assert_not(refusal.is_known);
}

Test(refusals, a_layout_of_ones_own_explains_its_codes)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG].layout = (char *)TEST_SOURCE "/tests/cases/province/layout.json";
    explain(CHANNEL_CREDIT_GUANGDONG, "WARN-7");
    cr_assert_str_eq(refusal.reason_zh, "需人工核实");
    cr_assert_str_eq(refusal.correct_en, "call them");
}
