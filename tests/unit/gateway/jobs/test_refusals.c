/* Codes in plain words: those of a table, those of none, and what cannot be read. */
#include "gateway/jobs/refusals.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

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

static void explain(enum channel channel, const char *code)
{
    struct delivery delivery = {.number = 42, .channel = channel, .state = DELIVERY_REFUSED};

    snprintf(delivery.code, sizeof delivery.code, "%s", code);
    memset(&refusal, 0, sizeof refusal);
    refusals_explain(refusals, &delivery, &refusal);
    cr_assert(*refusal.reason_zh && *refusal.reason_en && *refusal.correct_zh && *refusal.correct_en, "%s", code);
    cr_assert_str_eq(refusal.requeue_zh, "creditgate requeue 42 --reason 理由");
    cr_assert_str_eq(refusal.requeue_en, "creditgate requeue 42 --reason TEXT");
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
