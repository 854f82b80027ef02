/* What a refused cell was most likely meant to say: other notations of the same thing, nothing that decides a
 * contradiction, and only what the rules take. */
#include <stdlib.h>

#include "schemas/remedies.h"
#include "schemas/uscc.h"
#include "tests/unit/schemas/rows.h"

static struct remedies remedies;
static struct buf kept[COLUMN_COUNT];

static void done(void)
{
    remedies_done(&remedies);
    for (int column = 0; column < COLUMN_COUNT; column++)
        buf_done(&kept[column]);
    teardown();
}

TestSuite(remedies, .init = setup, .fini = done);

static size_t errors_in(const struct problems *found_problems, enum column column)
{
    size_t count = 0;

    for (size_t i = 0; i < found_problems->count; i++)
        count += found_problems->at[i].column == column && rule_is_error(found_problems->at[i].rule);
    return count;
}

static bool is_among(const struct problems *list, const struct problem *problem)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].rule == problem->rule && list->at[i].column == problem->column)
            return true;
    return false;
}

/* A row with these cells taken over has no error in them, and no error that it did not have before. */
static void assert_passes(uint32_t taken)
{
    struct obligation corrected = row;
    struct rules_context corrected_context = context;
    struct problems after = {.count = 0};

    for (int column = 0; column < COLUMN_COUNT; column++)
        if (taken >> column & 1)
            corrected.field[column] = remedies_of(&remedies, (enum column)column);
    corrected_context.number_cells &= ~taken;
    rules_check(rules, &corrected, &corrected_context, &after);
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (taken >> column & 1)
            cr_assert_eq(errors_in(&after, (enum column)column), 0, "%s", COLUMN_KEYS[column]);
    for (size_t i = 0; i < after.count; i++)
        cr_assert(!rule_is_error(after.at[i].rule) || is_among(&problems, &after.at[i]), "%s is new",
                  rule_id(after.at[i].rule));
}

/* Look for remedies; whatever is offered must pass, each alone and all together. */
static void seek(void)
{
    problems.count = problems.errors = 0;
    rules_check(rules, &row, &context, &problems);
    remedies_find(rules, &row, &context, &problems, &remedies);
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (remedies.offered >> column & 1)
            assert_passes(UINT32_C(1) << column);
    assert_passes(remedies.offered);
}

static void put(enum column column, const char *text)
{
    row.field[column] = span_of(text);
}

static void assert_offers(enum column column, const char *said, const char *meant)
{
    struct span offered;

    put(column, said);
    seek();
    offered = remedies_of(&remedies, column);
    cr_assert(span_is(offered, meant), "%s \"%s\": \"%.*s\", not \"%s\"", COLUMN_KEYS[column], said, (int)offered.bytes,
              offered.bytes ? offered.at : "", meant);
}

static void assert_offers_nothing(enum column column, const char *said)
{
    put(column, said);
    seek();
    cr_assert_not(remedies.offered >> column & 1, "%s \"%s\": \"%s\"", COLUMN_KEYS[column], said,
                  buf_text(&remedies.value[column]));
}

/* --- nothing is offered --- */

Test(remedies, a_good_row_needs_none)
{
    seek();
    cr_assert_eq(remedies.offered, 0);
}

Test(remedies, a_code_of_proper_characters_that_is_wrong_is_not_guessed)
{
    assert_offers_nothing(COLUMN_USCC, "91440224MAYUCHK486"); /* the check character */
    assert_offers_nothing(COLUMN_USCC, "91440224MAYUCHK48");  /* one is missing */
    assert_offers_nothing(COLUMN_USCC, "91440224MAYUCHK4855");
    assert_offers_nothing(COLUMN_USCC, "9.144E+17");
    assert_offers_nothing(COLUMN_USCC, "");
    assert_offers_nothing(COLUMN_USCC, "91440224MAYIOZSVIOZSVIOZSV");
}

Test(remedies, two_cells_that_contradict_each_other_are_left_to_a_person)
{
    put(COLUMN_STATE, "按期退出"); /* the exit was late */
    seek();
    cr_assert_eq(remedies.offered, 0);
    put(COLUMN_STATE, "整改中");
    seek();
    cr_assert_eq(remedies.offered, 0);
    good_row();
    assert_offers_nothing(COLUMN_REGION, "深圳市光明区"); /* another place that exists */
    good_row();
    assert_offers_nothing(COLUMN_DEADLINE, "2019-02-28"); /* too long a term */
    good_row();
    assert_offers_nothing(COLUMN_AUTHORITY, "广州市经济和信息化委员会");
}

Test(remedies, what_was_lost_is_not_made_up)
{
    assert_offers_nothing(COLUMN_NAME, "韶关市\xEF\xBF\xBD钢铁有限公司");
    good_row();
    assert_offers_nothing(COLUMN_ORDER_DATE, "2017-02-30");
    assert_offers_nothing(COLUMN_ORDER_DATE, "去年八月");
    assert_offers_nothing(COLUMN_ORDER_DATE, "17/8/31");
    assert_offers_nothing(COLUMN_ORDER_DATE, "");
    good_row();
    assert_offers_nothing(COLUMN_CAPACITY, "约30");
    assert_offers_nothing(COLUMN_CAPACITY, "1,20,000");
    assert_offers_nothing(COLUMN_CAPACITY, "12,34");
    assert_offers_nothing(COLUMN_CAPACITY, "31.47万件/年");
    assert_offers_nothing(COLUMN_CAPACITY, "-3");
    good_row();
    assert_offers_nothing(COLUMN_EQUIPMENT_COUNT, "1.5");
    assert_offers_nothing(COLUMN_EQUIPMENT_COUNT, "若干");
    assert_offers_nothing(COLUMN_EQUIPMENT_COUNT, "0");
    good_row();
    assert_offers_nothing(COLUMN_INDUSTRY, "纺织行业");
    assert_offers_nothing(COLUMN_DIMENSION, "综合");
    assert_offers_nothing(COLUMN_CAPACITY_UNIT, "吨/天");
}

Test(remedies, a_date_that_would_break_another_rule_is_not_offered)
{
    assert_offers_nothing(COLUMN_DEADLINE, "2019年2月28日"); /* readable, but too long a term */
    good_row();
    assert_offers_nothing(COLUMN_ORDER_DATE, "2099/1/1");
}

Test(remedies, what_goes_well_alone_but_not_together_is_left)
{
    /* Each can be read alone, and then nothing contradicts it; together the deadline lies before the order. */
    put(COLUMN_ORDER_DATE, "2018/6/1");
    put(COLUMN_DEADLINE, "2018/2/28");
    put(COLUMN_EXTENDED_TO, "");
    put(COLUMN_EXTENSION_DOCUMENT, "");
    seek();
    cr_assert_not((remedies.offered >> COLUMN_ORDER_DATE & 1) && (remedies.offered >> COLUMN_DEADLINE & 1));
}

Test(remedies, a_very_long_cell_is_not_cut_to_fit)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    for (int i = 0; i < 300; i++)
        buf_add_text(&text, "县");
    assert_offers_nothing(COLUMN_REGION, buf_text(&text));
    assert_offers_nothing(COLUMN_APPROVAL, buf_text(&text));
    assert_offers_nothing(COLUMN_USCC, buf_text(&text));
    assert_offers_nothing(COLUMN_AUTHORITY, buf_text(&text));
}

/* --- what is offered --- */

Test(remedies, codes_with_letters_that_are_none_and_with_what_does_not_belong)
{
    assert_offers(COLUMN_USCC, "9144O224MAYUCHK485", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "9I440Z24MAYUCHK485", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "91440224MAYUCHK48S", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "91440224MAYVCHK485", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "9144 0224 MAYU CHK4 85", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "９１４４０２２４ＭＡＹＵＣＨＫ４８５", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "91440224mayuchk485", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "'91440224-MAYUCHK-485", "91440224MAYUCHK485");
    assert_offers(COLUMN_USCC, "9144o224mayuchk485", "91440224MAYUCHK485");
}

Test(remedies, dates_in_other_notations)
{
    assert_offers(COLUMN_ORDER_DATE, "2017/8/31", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "2017.08.31", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "20170831", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "2017年8月31日", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "2017年8月31号", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "二〇一七年八月三十一日", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "２０１７－０８－３１", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "2017-8-31 00:00:00", "2017-08-31");
    assert_offers(COLUMN_ORDER_DATE, "42978", "2017-08-31");
    good_row();
    assert_offers(COLUMN_EXIT_DATE, "二〇一八年十月十一日", "2018-10-11");
}

Test(remedies, numbers_with_what_does_not_belong)
{
    assert_offers(COLUMN_CAPACITY, "３１．４７", "31.47");
    assert_offers(COLUMN_CAPACITY, "31.47 万吨/年", "31.47");
    assert_offers(COLUMN_CAPACITY, "31.47万吨", "31.47");
    assert_offers(COLUMN_CAPACITY, "31.47万", "31.47");
    assert_offers(COLUMN_CAPACITY, "1,234.5", "1234.5");
    assert_offers(COLUMN_CAPACITY, "1，200，000", "1200000");
    assert_offers(COLUMN_CAPACITY, "314700吨", "31.47");
    assert_offers(COLUMN_CAPACITY, "1,200,000吨/年", "120");
    assert_offers(COLUMN_CAPACITY, "350吨", "0.035");
    good_row();
    assert_offers(COLUMN_EQUIPMENT_COUNT, "3台", "3");
    assert_offers(COLUMN_EQUIPMENT_COUNT, "3.0", "3");
    assert_offers(COLUMN_EQUIPMENT_COUNT, "两条", "2");
    assert_offers(COLUMN_EQUIPMENT_COUNT, "十二套", "12");
    assert_offers(COLUMN_EQUIPMENT_COUNT, "１", "1");
    good_row();
    assert_offers(COLUMN_CAPACITY_UNIT, "万吨", "万吨/年");
    assert_offers(COLUMN_CAPACITY_UNIT, "万t/a", "万吨/年");
    assert_offers(COLUMN_CAPACITY_UNIT, "万吨／年", "万吨/年");
    assert_offers(COLUMN_CAPACITY_UNIT, "万吨每年", "万吨/年");
    put(COLUMN_INDUSTRY, "陶瓷");
    assert_offers(COLUMN_CAPACITY_UNIT, "万㎡", "万平方米/年");
    put(COLUMN_INDUSTRY, "平板玻璃");
    assert_offers(COLUMN_CAPACITY_UNIT, "万重箱/年", "万重量箱/年");
}

Test(remedies, the_fixed_words_said_otherwise)
{
    assert_offers(COLUMN_DIMENSION, "能源消耗", "能耗");
    assert_offers(COLUMN_DIMENSION, "能耗类", "能耗");
    assert_offers(COLUMN_DIMENSION, "energy", "能耗");
    good_row();
    assert_offers(COLUMN_INDUSTRY, "钢铁行业", "钢铁");
    assert_offers(COLUMN_INDUSTRY, "炼钢", "钢铁");
    good_row();
    assert_offers(COLUMN_MEASURE, "责令限期整改", "限期整改");
    assert_offers(COLUMN_MEASURE, "关停退出", "依法关停退出");
    good_row();
    assert_offers(COLUMN_STATE, "逾期退出", "逾期后退出");
    assert_offers(COLUMN_STATE, "已关停", "逾期后退出");
    put(COLUMN_EXIT_DATE, "2018-05-28");
    assert_offers(COLUMN_STATE, "已关停", "按期退出");
    put(COLUMN_EXIT_DATE, "");
    assert_offers(COLUMN_STATE, "逾期未退", "逾期未退出");
}

Test(remedies, places_and_bodies_by_other_names)
{
    assert_offers(COLUMN_DIVISION, "韶关市仁化县", "440224");
    assert_offers(COLUMN_DIVISION, "440224000000", "440224");
    assert_offers(COLUMN_DIVISION, "４４０２２４", "440224");
    assert_offers(COLUMN_DIVISION, "", "440224");
    good_row();
    assert_offers(COLUMN_REGION, "韶关仁化", "韶关市仁化县");
    assert_offers(COLUMN_REGION, "440224", "韶关市仁化县");
    assert_offers(COLUMN_REGION, "", "韶关市仁化县");
    good_row();
    assert_offers(COLUMN_AUTHORITY, "韶关市经信局", "韶关市经济和信息化局");
    assert_offers(COLUMN_AUTHORITY, "韶关市工业和信息化局", "韶关市经济和信息化局"); /* its name of today */
    good_row();
    assert_offers(COLUMN_AUTHORITY_KIND, "经信部门", "经济和信息化主管部门");
    assert_offers(COLUMN_AUTHORITY_KIND, "", "经济和信息化主管部门");
    good_row();
    assert_offers(COLUMN_APPROVAL, "韶关市政府", "韶关市人民政府");
    assert_offers(COLUMN_APPROVAL, "省政府", "广东省人民政府");
}

Test(remedies, characters_that_nobody_sees)
{
    assert_offers(COLUMN_NAME, "韶关市\xE2\x80\x8B璞廪钢铁有限公司", "韶关市璞廪钢铁有限公司");
    assert_offers(COLUMN_NAME, "韶关市璞廪\n钢铁有限公司", "韶关市璞廪钢铁有限公司");
    assert_offers(COLUMN_DOCUMENT, "ABC\n12", "ABC 12");
}

/* --- whatever stands in the cells --- */

static void garble(unsigned *seed, enum column column)
{
    static const char *const PIECES[] = {"0",
                                         "1",
                                         "8",
                                         "/",
                                         "-",
                                         "年",
                                         "月",
                                         "日",
                                         "万",
                                         "吨",
                                         "O",
                                         "I",
                                         "Z",
                                         "Ｏ",
                                         "，",
                                         ",",
                                         ".",
                                         " ",
                                         "　",
                                         "\xE2\x80\x8B",
                                         "\n",
                                         "局",
                                         "市",
                                         "退出",
                                         "整改",
                                         "环保",
                                         "\xEF\xBF\xBD",
                                         "=",
                                         "台",
                                         "一",
                                         "十"};
    struct buf *text = &kept[column];
    const struct span before = row.field[column];
    AUTO(buf_done) struct buf made = BUF_INIT;
    size_t at = before.bytes ? (size_t)rand_r(seed) % before.bytes : 0;

    while (at > 0 && ((unsigned char)before.at[at] & 0xC0) == 0x80)
        at--;
    buf_add(&made, before.at, at);
    for (int i = rand_r(seed) % 3; i >= 0; i--)
        buf_add_text(&made, PIECES[(size_t)rand_r(seed) % COUNT_OF(PIECES)]);
    if (rand_r(seed) % 2 && before.bytes > 0)
        buf_add(&made, before.at + at, before.bytes - at);

    buf_clear(text);
    buf_add_span(text, span_trim(buf_span(&made)));
    row.field[column] = buf_span(text);
}

Test(remedies, whatever_stands_in_the_cells_what_is_offered_passes_the_rules, .timeout = 60)
{
    size_t offered = 0;

    for (unsigned round = 0; round < 3000; round++) {
        unsigned seed = round;
        int cells = 1 + rand_r(&seed) % 4;

        good_row();
        for (int i = 0; i < cells; i++)
            garble(&seed, (enum column)(rand_r(&seed) % COLUMN_COUNT));
        seek();
        offered += (size_t)__builtin_popcount(remedies.offered);
    }
    cr_assert_gt(offered, 300, "%zu: hardly anything was offered, so nothing was tried", offered);
}
