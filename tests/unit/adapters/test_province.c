/* A province that nobody wrote code for: its layout is tests/cases/province/layout.json, its rows are the cases beside
 * it. */
#include "tests/unit/adapters/layouts.h"
#include "tests/unit/adapters/rows.h"

static struct layout *layout;
static struct adapter_config config = {
    .provider_code = "P", .provider_name = "某省工业和信息化厅", .exchange_unit = "某省信用中心"};
static struct error err;

static void setup(void)
{
    cr_assert(layout_load(TEST_SOURCE "/tests/cases/province/layout.json", SCHEMAS, &layout, &err), "%s", err.text);
    config.layout = layout;
}

static void teardown(void)
{
    layout_free(layout);
}

TestSuite(province, .init = setup, .fini = teardown);

static void check_row(const char *name, const json_t *input, const json_t *expected)
{
    row_check(&config, name, input, expected);
}

Test(province, its_rows_have_its_names_codes_and_sizes)
{
    cr_assert_eq(cases_visit("province", "row-", check_row), 13);
}

Test(province, a_call_has_no_more_rows_than_its_layout_says)
{
    config.rows_max = 0;
    cr_assert_eq(adapter_rows_max(&adapter_credit_guangdong, &config), 30);
    config.rows_max = 100;
    cr_assert_eq(adapter_rows_max(&adapter_credit_guangdong, &config), 30);
    config.rows_max = 7;
    cr_assert_eq(adapter_rows_max(&adapter_credit_guangdong, &config), 7);
}

static enum adapter_outcome_kind judged(enum adapter_outcome_kind kind, const char *code)
{
    struct adapter_outcome outcome = {.kind = kind};

    snprintf(outcome.code, sizeof outcome.code, "%s", code);
    layout_judge(layout, &outcome);
    return outcome.kind;
}

Test(province, its_codes_are_judged_as_its_layout_says)
{
    cr_assert_eq(judged(ADAPTER_ROW_OPEN, "20002"), ADAPTER_ROW_OPEN);
    cr_assert_eq(judged(ADAPTER_ROW_TAKEN, "WARN-7"), ADAPTER_ROW_REFUSED);
    cr_assert_eq(judged(ADAPTER_ROW_REFUSED, "20002"), ADAPTER_ROW_TAKEN);
    cr_assert_eq(judged(ADAPTER_ROW_REFUSED, "10002"), ADAPTER_ROW_REFUSED);
    cr_assert_eq(judged(ADAPTER_ROW_TAKEN, "10002"), ADAPTER_ROW_TAKEN, "said to be as the protocol has it");
    cr_assert_eq(judged(ADAPTER_ROW_REFUSED, "unheard of"), ADAPTER_ROW_REFUSED);
    cr_assert_eq(judged(ADAPTER_ROW_TAKEN, ""), ADAPTER_ROW_TAKEN);
}
