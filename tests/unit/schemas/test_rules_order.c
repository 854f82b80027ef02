/* Who may order what on which ground, who must approve it, and who may list that it was missed: seed rows 2 to 6, 18.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "schemas/rules.h"
#include "tests/unit/schemas/rows.h"

TestSuite(rules_order, .init = setup, .fini = teardown);

Test(rules_order, closure_on_environment_needs_a_government_that_covers_the_place)
{
    no_extension();
    set(COLUMN_DIMENSION, "环保");
    set(COLUMN_MEASURE, "责令停业、关闭");
    set(COLUMN_AUTHORITY, "韶关市环境保护局");
    set(COLUMN_AUTHORITY_KIND, "环境保护主管部门");
    check();
    cr_assert_eq(problems.errors, 1);
    cr_assert(found("approval.missing", COLUMN_APPROVAL));
    set(COLUMN_APPROVAL, "广州市人民政府");
    check();
    cr_assert(found("approval.area", COLUMN_APPROVAL));
    set(COLUMN_APPROVAL, "仁化县人民政府");
    check();
    cr_assert_eq(problems.count, 0);
    set(COLUMN_APPROVAL, "广东省人民政府");
    check();
    cr_assert_eq(problems.count, 0);
}

Test(rules_order, only_energy_can_be_extended_and_quality_has_six_months)
{
    set(COLUMN_DIMENSION, "质量");
    set(COLUMN_MEASURE, "责令停产整改");
    set(COLUMN_AUTHORITY, "韶关市质量技术监督局");
    set(COLUMN_AUTHORITY_KIND, "质量技术监督主管部门");
    check();
    cr_assert(found("extension.ground", COLUMN_EXTENDED_TO));
    no_extension();
    set(COLUMN_DEADLINE, "2018-03-01");
    check();
    cr_assert_eq(problems.errors, 1);
    cr_assert(found("term.quality", COLUMN_DEADLINE));
}

Test(rules_order, technology_in_power_belongs_to_development_and_reform)
{
    no_extension();
    set(COLUMN_INDUSTRY, "电力");
    set(COLUMN_CAPACITY_UNIT, "万千瓦");
    set(COLUMN_DIMENSION, "技术");
    set(COLUMN_MEASURE, "拆除主体设备");
    check();
    cr_assert(found("authority.ground", COLUMN_AUTHORITY));
    set(COLUMN_AUTHORITY, "韶关市发展和改革局");
    set(COLUMN_AUTHORITY_KIND, "发展改革主管部门");
    check();
    cr_assert_eq(problems.count, 0);
    cr_assert(rules_authority_may_order(rules, &row, &err), "%s", err.text);
    set(COLUMN_AUTHORITY, "韶关市经济和信息化局");
    cr_assert_not(rules_authority_may_order(rules, &row, &err));
    cr_assert_str_eq(err.rule, "authority.ground");
}

Test(rules_order, both_names_are_good_while_the_reorganisation_lasts)
{
    no_extension();
    set(COLUMN_ORDER_DATE, "2018-12-03");
    set(COLUMN_DEADLINE, "2019-03-03");
    set(COLUMN_EXIT_DATE, "2019-09-03");
    check();
    cr_assert_eq(problems.count, 0);
    set(COLUMN_AUTHORITY, "韶关市工业和信息化局");
    check();
    cr_assert_eq(problems.count, 0);
}

Test(rules_order, district_bodies_are_accepted_with_a_warning)
{
    static const char *const NAMES[] = {"仁化县经济和信息化局", "韶关市仁化县经济和信息化局",
                                        "广东省韶关市仁化县经济和信息化局"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        set(COLUMN_AUTHORITY, NAMES[i]);
        check();
        cr_assert_eq(problems.errors, 0, "%s", NAMES[i]);
        cr_assert(found("authority.unlisted", COLUMN_AUTHORITY), "%s", NAMES[i]);
    }
}

Test(rules_order, branch_of_a_city_body_acts_for_its_own_district)
{
    no_extension();
    set(COLUMN_DIMENSION, "环保");
    set(COLUMN_MEASURE, "停产整治");
    set(COLUMN_AUTHORITY, "韶关市生态环境局仁化分局");
    set(COLUMN_AUTHORITY_KIND, "环境保护主管部门");
    check();
    cr_assert_eq(problems.errors, 0);
    set(COLUMN_AUTHORITY, "韶关市生态环境局乐昌分局");
    check();
    cr_assert(found("authority.area", COLUMN_AUTHORITY));
}

static enum listing_verdict listing_of(const char *ordered, const char *listing, const char *day)
{
    int32_t decided = DAY_NONE;

    set(COLUMN_AUTHORITY, ordered);
    cr_assert(day_parse(span_of(day), &decided));
    return rules_judge_listing(rules, &row, span_of(listing), decided);
}

Test(rules_order, successor_lists_what_its_predecessor_ordered_and_nobody_else)
{
    static const char BEFORE[] = "深圳市人居环境委员会";
    static const char AFTER[] = "深圳市生态环境局";

    cr_assert_eq(listing_of(BEFORE, BEFORE, "2018-09-30"), LISTING_GOOD);
    cr_assert_eq(listing_of(BEFORE, AFTER, "2018-09-30"), LISTING_RENAMED);
    cr_assert_eq(listing_of(BEFORE, BEFORE, "2018-12-01"), LISTING_GOOD);
    cr_assert_eq(listing_of(BEFORE, AFTER, "2018-12-01"), LISTING_GOOD);
    cr_assert_eq(listing_of(BEFORE, BEFORE, "2019-04-01"), LISTING_RENAMED);
    cr_assert_eq(listing_of(BEFORE, AFTER, "2026-08-03"), LISTING_GOOD);
    cr_assert_eq(listing_of(AFTER, BEFORE, "2019-03-01"), LISTING_STRANGER);
    cr_assert_eq(listing_of(BEFORE, "广州市生态环境局", "2026-08-03"), LISTING_STRANGER);
    cr_assert_eq(listing_of(BEFORE, "深圳市应急管理局", "2026-08-03"), LISTING_STRANGER);
    cr_assert_eq(listing_of(BEFORE, "", "2026-08-03"), LISTING_STRANGER);
    set(COLUMN_AUTHORITY, BEFORE);
    cr_assert(span_is(rules_listing_authority(rules, &row, day_from_civil(2026, 8, 3)), AFTER));
    cr_assert(span_is(rules_listing_authority(rules, &row, day_from_civil(2018, 12, 1)), BEFORE));
}

Test(rules_order, every_order_of_the_directory_can_be_listed_today)
{
    AUTO(json_release) json_t *data = NULL;
    const json_t *item;
    size_t i;

    cr_assert(json_read_file(TEST_SOURCE "/schemas/data/authorities.json", &data, &err), "%s", err.text);
    json_array_foreach(json_object_get(data, "authorities"), i, item)
    {
        struct span now;

        set(COLUMN_AUTHORITY, json_text_of(item, "name"));
        now = rules_listing_authority(rules, &row, context.today);
        cr_expect_eq(rules_judge_listing(rules, &row, now, context.today), LISTING_GOOD, "%s",
                     json_text_of(item, "name"));
    }
    cr_assert_gt(i, 190);
}
