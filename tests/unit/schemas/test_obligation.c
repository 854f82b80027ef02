#include "schemas/obligation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char JSON[] =
    "{\"approval\":null,\"authority\":\"惠州市工业和信息化局\",\"authority_kind\":\"经济和信息化主管部门\","
    "\"capacity\":2,\"capacity_unit\":\"万吨/年\",\"deadline\":\"2020-03-14\",\"dimension\":\"能耗\","
    "\"division\":\"441303\",\"document\":\"惠工信节能〔2019〕4号\",\"equipment\":\"自焙电解槽40台\","
    "\"equipment_count\":1,\"exit_date\":\"2020-10-18\",\"extended_to\":null,\"extension_document\":null,"
    "\"industry\":\"电解铝\",\"measure\":\"限期整改\",\"name\":\"惠州市锴屿电解铝有限公司\","
    "\"order_date\":\"2019-09-18\",\"region\":\"惠州市惠阳区\",\"remark\":null,\"state\":\"逾期后退出\","
    "\"uscc\":\"91441303MAY1A0TP3P\"}";

static struct obligation sample(void)
{
    struct obligation row = {.field = {[COLUMN_NAME] = span_of("惠州市锴屿电解铝有限公司"),
                                       [COLUMN_USCC] = span_of("91441303MAY1A0TP3P"),
                                       [COLUMN_DIVISION] = span_of("441303"),
                                       [COLUMN_REGION] = span_of("惠州市惠阳区"),
                                       [COLUMN_INDUSTRY] = span_of("电解铝"),
                                       [COLUMN_DIMENSION] = span_of("能耗"),
                                       [COLUMN_MEASURE] = span_of("限期整改"),
                                       [COLUMN_AUTHORITY] = span_of("惠州市工业和信息化局"),
                                       [COLUMN_AUTHORITY_KIND] = span_of("经济和信息化主管部门"),
                                       [COLUMN_DOCUMENT] = span_of("惠工信节能〔2019〕4号"),
                                       [COLUMN_ORDER_DATE] = span_of("2019-09-18"),
                                       [COLUMN_DEADLINE] = span_of("2020-03-14"),
                                       [COLUMN_EQUIPMENT] = span_of("自焙电解槽40台"),
                                       [COLUMN_EQUIPMENT_COUNT] = span_of("1"),
                                       [COLUMN_CAPACITY] = span_of("2.00"),
                                       [COLUMN_CAPACITY_UNIT] = span_of("万吨/年"),
                                       [COLUMN_STATE] = span_of("逾期后退出"),
                                       [COLUMN_EXIT_DATE] = span_of("2020-10-18")}};
    enum column bad;

    cr_assert(obligation_type_fields(&row, &bad));
    return row;
}

static bool is_read(const char *json)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct obligation row;
    struct error err;

    return obligation_from_json(span_of(json), &row, &hold, &err);
}

static bool is_read_with(const char *from, const char *to)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    const char *at = strstr(JSON, from);

    cr_assert(at, "%s", from);
    buf_add(&json, JSON, (size_t)(at - JSON));
    buf_add_text(&json, to);
    buf_add_text(&json, at + strlen(from));
    return is_read(buf_text(&json));
}

Test(obligation, json_cut_anywhere_is_refused)
{
    for (size_t bytes = 0; bytes + 1 < sizeof JSON; bytes++) {
        AUTO(buf_done) struct buf hold = BUF_INIT;
        char *copy = memory_copy_span((struct span){JSON, bytes});
        struct obligation row;
        struct error err;

        cr_assert_not(obligation_from_json((struct span){copy, bytes}, &row, &hold, &err), "%zu", bytes);
        text_free(copy);
    }
}

Test(obligation, json_that_was_not_written_so_is_refused)
{
    cr_assert(is_read(JSON));
    cr_assert_not(is_read_with("\"approval\":null,", ""));
    cr_assert_not(is_read_with("null", "\"\""));
    cr_assert_not(is_read_with("\"capacity\":2", "\"capacity\":2.0"));
    cr_assert_not(is_read_with("\"capacity\":2", "\"capacity\":02"));
    cr_assert_not(is_read_with("\"capacity\":2", "\"capacity\":-2"));
    cr_assert_not(is_read_with("\"capacity\":2", "\"capacity\":\"2\""));
    cr_assert_not(is_read_with("\"2020-03-14\"", "\"2020-02-30\""));
    cr_assert_not(is_read_with("能耗", "能源"));
    cr_assert_not(is_read_with("逾期后退出", "退出"));
    cr_assert_not(is_read_with("\"remark\":null", "\"remark\":\"\\u0041\""));
    cr_assert_not(is_read_with("\"remark\":null", "\"remark\":\"\xff\""));
    cr_assert_not(is_read_with("3P\"}", "3P\"} "));
}

Test(obligation, remark_with_every_escape_comes_back)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct obligation row = sample();
    struct obligation again;
    struct error err;
    struct span remark = SPAN("甲\n\"乙\"\\\t\r\b\f\x01\x1f丙");

    row.field[COLUMN_REMARK] = remark;
    obligation_json_add(&row, &json);
    cr_assert(obligation_from_json(buf_span(&json), &again, &hold, &err), "%s", err.text);
    cr_assert(span_equal(again.field[COLUMN_REMARK], remark));
}

Test(obligation, json_is_canonical_and_comes_back_as_it_was)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct obligation row = sample();
    struct obligation again;
    struct error err;

    obligation_json_add(&row, &json);
    cr_assert_str_eq(buf_text(&json), JSON);
    cr_assert(obligation_from_json(buf_span(&json), &again, &hold, &err), "%s", err.text);
    for (int column = 0; column < COLUMN_COUNT; column++)
        cr_assert(column == COLUMN_CAPACITY || span_equal(row.field[column], again.field[column]), "%s",
                  COLUMN_KEYS[column]);
    cr_assert_eq(again.deadline, day_from_civil(2020, 3, 14));
    cr_assert_eq(again.extended_to, DAY_NONE);
    cr_assert_eq(again.equipment_count, 1);
    cr_assert_eq(again.state, STATE_EXITED_LATE);
}

Test(obligation, capacity_is_a_plain_decimal_without_superfluous_zeros)
{
    static const char *const BAD[] = {"",      ".5",    "5.",         "-1",        "+1", "1e3",
                                      "1,000", "1.2.3", "1234567890", "1.2345678", " 1"};
    static const char *const GOOD[][2] = {{"0", "0"},   {"00", "0"},        {"0.50", "0.5"},
                                          {"007", "7"}, {"100", "100"},     {"1.000000", "1"},
                                          {"0.0", "0"}, {"31.47", "31.47"}, {"00.10", "0.1"}};

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        cr_assert_not(decimal_is_valid(span_of(BAD[i])), "%s", BAD[i]);
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        cr_assert(decimal_is_valid(span_of(GOOD[i][0])), "%s", GOOD[i][0]);
        cr_assert(span_is(decimal_canonical(span_of(GOOD[i][0])), GOOD[i][1]), "%s", GOOD[i][0]);
    }
}

Test(obligation, identity_is_code_document_and_equipment_each_with_its_length)
{
    struct obligation row = sample();
    uint8_t first[OBLIGATION_ID_BYTES];
    uint8_t other[OBLIGATION_ID_BYTES];

    obligation_id(&row, first);
    row.field[COLUMN_STATE] = span_of("已撤销");
    row.field[COLUMN_CAPACITY] = span_of("3");
    obligation_id(&row, other);
    cr_assert_arr_eq(first, other, sizeof first);
    row.field[COLUMN_DOCUMENT] = span_of("惠工信节能〔2019〕4号自");
    row.field[COLUMN_EQUIPMENT] = span_of("焙电解槽40台");
    obligation_id(&row, other);
    cr_assert_neq(memcmp(first, other, sizeof first), 0);
}

Test(obligation, is_overdue_only_when_open_and_after_its_last_day)
{
    struct obligation row = sample();

    cr_assert_not(obligation_is_overdue(&row, row.deadline + 1000));
    row.state = STATE_RECTIFYING;
    cr_assert_not(obligation_is_overdue(&row, row.deadline));
    cr_assert(obligation_is_overdue(&row, row.deadline + 1));
    row.state = STATE_EXTENDED;
    row.extended_to = row.deadline + 30;
    cr_assert_not(obligation_is_overdue(&row, row.deadline + 30));
    cr_assert(obligation_is_overdue(&row, row.deadline + 31));
    row.state = STATE_REVOKED;
    cr_assert_not(obligation_is_overdue(&row, row.deadline + 31));
}
