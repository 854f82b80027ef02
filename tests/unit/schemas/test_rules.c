#include "schemas/rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "schemas/uscc.h"
#include "tests/support/support.h"
#include "tests/unit/schemas/rows.h"

TestSuite(rules, .init = setup, .fini = teardown);

/* One cell changed to break one rule: the rule is reported in that column. */
static void breaks(enum column column, const char *text, const char *id)
{
    AUTO(buf_done) struct buf all = BUF_INIT;

    good_row();
    set(column, text);
    check();
    for (size_t i = 0; i < problems.count; i++)
        buf_addf(&all, "%s ", rule_id(problems.at[i].rule));
    cr_expect(found(id, column), "%s=%s: want %s, got: %s", COLUMN_KEYS[column], text, id, buf_text(&all));
}

/* One cell of the good row, changed, and the rule it breaks then. */
static const struct {
    enum column column;
    const char *text;
    const char *id;
} WRONG_CELLS[] = {
    {COLUMN_NAME, "", "text.required"},
    {COLUMN_NAME, "=1+2", "text.formula"},
    {COLUMN_NAME, "＝甲厂", "text.formula"},
    {COLUMN_NAME, "甲\x01厂", "text.control"},
    {COLUMN_NAME, "甲\n厂", "text.break"},
    {COLUMN_NAME, "甲\xE2\x80\x8B厂", "text.invisible"},
    {COLUMN_NAME, "甲\xE2\x80\xAE厂", "text.invisible"},
    {COLUMN_NAME, "甲\xEF\xBF\xBD厂", "text.invisible"},
    {COLUMN_USCC, "91440224MAYUCHK48", "uscc.length"},
    {COLUMN_USCC, "91440224mayuchk485", "uscc.lower-case"},
    {COLUMN_USCC, "91440224MAYUCHK486", "uscc.check"},
    {COLUMN_USCC, "91440224MAYUCHKI85", "uscc.alphabet"},
    {COLUMN_DIVISION, "110101", "division.unknown"},
    {COLUMN_DIVISION, "44022", "division.unknown"},
    {COLUMN_DIVISION, "440221", "division.former"},
    {COLUMN_DIVISION, "440101", "division.registry"},
    {COLUMN_REGION, "韶关市乐昌市", "region.differs"},
    {COLUMN_INDUSTRY, "纺织", "industry.unknown"},
    {COLUMN_DIMENSION, "噪声", "ground.unknown"},
    {COLUMN_MEASURE, "停产整治", "measure.ground"},
    {COLUMN_MEASURE, "罚款", "measure.ground"},
    {COLUMN_AUTHORITY, "韶关市环境保护局", "authority.ground"},
    {COLUMN_AUTHORITY, "广州市工业和信息化委员会", "authority.area"},
    {COLUMN_AUTHORITY, "韶关市工业和信息化局", "authority.period"},
    {COLUMN_AUTHORITY, "韶关市工业局", "authority.unknown"},
    {COLUMN_AUTHORITY, "北京市经济和信息化局", "authority.unknown"},
    {COLUMN_AUTHORITY, "韶关市经济和信息化委员会", "authority.unknown"},
    {COLUMN_AUTHORITY, "广州市天河区经济和信息化局", "authority.area"},
    {COLUMN_AUTHORITY, "韶关市乐昌市经济和信息化局", "authority.area"},
    {COLUMN_AUTHORITY, "仁化县环境保护局", "authority.ground"},
    {COLUMN_AUTHORITY_KIND, "环境保护主管部门", "authority.kind"},
    {COLUMN_AUTHORITY_KIND, "工信部门", "authority.kind-unknown"},
    {COLUMN_APPROVAL, "韶关市经济和信息化局", "approval.government"},
    {COLUMN_APPROVAL, "广州市人民政府", "approval.area"},
    {COLUMN_ORDER_DATE, "2017/08/31", "date.notation"},
    {COLUMN_ORDER_DATE, "2026-08-01", "date.future"},
    {COLUMN_DEADLINE, "2017-08-30", "date.deadline-before-order"},
    {COLUMN_DEADLINE, "2018-03-01", "term.energy"},
    {COLUMN_EXTENDED_TO, "2018-05-29", "extension.term"},
    {COLUMN_EXTENDED_TO, "2018-02-28", "extension.order"},
    {COLUMN_EXTENDED_TO, "", "extension.date"},
    {COLUMN_EXTENSION_DOCUMENT, "", "extension.document"},
    {COLUMN_EQUIPMENT_COUNT, "0", "equipment.count"},
    {COLUMN_EQUIPMENT_COUNT, "1.5", "equipment.count"},
    {COLUMN_EQUIPMENT_COUNT, "两", "equipment.count"},
    {COLUMN_CAPACITY, "-5", "capacity.number"},
    {COLUMN_CAPACITY, "约三十", "capacity.number"},
    {COLUMN_CAPACITY, "1e3", "capacity.number"},
    {COLUMN_CAPACITY, "0.00", "capacity.zero"},
    {COLUMN_CAPACITY_UNIT, "公斤", "capacity.unit-unknown"},
    {COLUMN_CAPACITY_UNIT, "万千瓦", "capacity.unit-industry"},
    {COLUMN_STATE, "未知", "state.unknown"},
    {COLUMN_STATE, "按期退出", "state.exit-late"},
    {COLUMN_STATE, "整改中", "state.exit-unexpected"},
    {COLUMN_EXIT_DATE, "", "state.exit-missing"},
    {COLUMN_EXIT_DATE, "2018-05-28", "state.exit-in-time"},
    {COLUMN_EXIT_DATE, "2017-08-30", "exit.before-order"},
    {COLUMN_EXIT_DATE, "2026-08-01", "date.future"},
    {COLUMN_NAME, "甲", "text.short"},
    {COLUMN_NAME, "甲\xC2\xAD厂", "text.invisible"},
    {COLUMN_NAME, "甲\xEE\x80\x80厂", "text.private"},
    {COLUMN_EQUIPMENT, "1号\xE2\x80\x8B线", "text.invisible"},
    {COLUMN_REMARK, "甲\xEF\xBF\xBD", "text.invisible-remark"},
    {COLUMN_USCC, "91440224 MAYUCHK485", "uscc.characters"},
    {COLUMN_USCC, "９１４４０２２４MAYUCHK485", "uscc.characters"},
    {COLUMN_USCC, "9.14402E+17", "uscc.number"},
    {COLUMN_USCC, "韶关市璞廪钢铁有限公司的统一社会代码", "uscc.alphabet"},
    {COLUMN_USCC, "000000000000000000", "uscc.province"},
    {COLUMN_ORDER_DATE, "2017-02-30", "date.no-such-day"},
    {COLUMN_ORDER_DATE, "42978", "date.serial"},
    {COLUMN_ORDER_DATE, "八月", "date.form"},
    {COLUMN_EQUIPMENT_COUNT, "100001", "equipment.count"},
};

Test(rules, one_wrong_cell_is_reported_in_its_column)
{
    for (size_t i = 0; i < COUNT_OF(WRONG_CELLS); i++)
        breaks(WRONG_CELLS[i].column, WRONG_CELLS[i].text, WRONG_CELLS[i].id);
}

/* The shape is asked last: a row that only the schema refuses would be told a keyword instead of what to do. */
Test(rules, no_wrong_cell_is_left_to_the_schema)
{
    for (size_t i = 0; i < COUNT_OF(WRONG_CELLS); i++) {
        good_row();
        set(WRONG_CELLS[i].column, WRONG_CELLS[i].text);
        check();
        cr_expect_not(found("schema", WRONG_CELLS[i].column), "%s", WRONG_CELLS[i].text);
    }
}

Test(rules, messages_fill_in_what_they_name_in_both_languages)
{
    AUTO(buf_done) struct buf zh = BUF_INIT;
    AUTO(buf_done) struct buf en = BUF_INIT;

    set(COLUMN_EXTENDED_TO, "2018-07-28");
    check();
    cr_assert_eq(problems.errors, 1);
    problem_message_add(&problems.at[0], &row, "zh", &zh);
    problem_message_add(&problems.at[0], &row, "en", &en);
    cr_assert(strstr(buf_text(&zh), "最迟至 2018-05-28"), "%s", buf_text(&zh));
    cr_assert(strstr(buf_text(&en), "at most 3 months"), "%s", buf_text(&en));
    cr_assert_not(strchr(buf_text(&zh), '{') || strchr(buf_text(&en), '{'));
    cr_assert_eq(rule_seed_row(problems.at[0].rule), 2);
}

Test(rules, code_that_was_a_number_is_reported_as_such_only)
{
    set(COLUMN_USCC, "914402241234567890");
    context.number_cells = UINT32_C(1) << COLUMN_USCC;
    check();
    cr_assert_eq(problems.errors, 1);
    cr_assert(found("uscc.number", COLUMN_USCC));
}

Test(rules, wrong_inner_check_is_a_warning)
{
    char code[] = "91440224MAYUCHK4??";

    code[16] = '9';
    code[17] = uscc_check_character((struct span){code, 17});
    set(COLUMN_USCC, code);
    check();
    cr_assert_eq(problems.errors, 0);
    cr_assert(found("uscc.organisation", COLUMN_USCC));
}

/* Each body of the directory that ended has a successor, in the directory, that begins before it ends. */
Test(rules, coal_after_2020_is_a_warning)
{
    set(COLUMN_INDUSTRY, "煤炭");
    check();
    cr_assert_eq(problems.count, 0);
    no_extension();
    set(COLUMN_AUTHORITY, "韶关市工业和信息化局");
    set(COLUMN_ORDER_DATE, "2021-01-01");
    set(COLUMN_DEADLINE, "2021-06-30");
    set(COLUMN_EXIT_DATE, "2021-09-03");
    check();
    cr_assert_eq(problems.errors, 0);
    cr_assert(found("industry.ended", COLUMN_INDUSTRY));
}

Test(rules, overdue_before_the_last_day_has_passed_is_refused)
{
    set(COLUMN_STATE, "逾期未退出");
    set(COLUMN_EXIT_DATE, "");
    check();
    cr_assert_eq(problems.count, 0);
    context.today = day_from_civil(2018, 5, 28);
    check();
    cr_assert(found("state.overdue-early", COLUMN_STATE));
}

static bool enum_holds(const json_t *list, const char *value)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item) if (strcmp(json_string_value(item), value) == 0) return true;
    return false;
}

/* Each "name" of each object of a list is in the schema's enum, which has `count` values. */
static void enum_is(const json_t *shape, const char *column, const json_t *names, size_t count)
{
    const json_t *list = json_object_get(json_object_get(json_object_get(shape, "properties"), column), "enum");
    const json_t *item;
    size_t i;

    json_array_foreach(names, i, item)
    {
        cr_expect(enum_holds(list, json_text_of(item, "name")), "%s: %s", column, json_text_of(item, "name"));
    }
    cr_expect_eq(json_array_size(list), count, "%s: %zu", column, json_array_size(list));
}

/* The shape of a row must not refuse what the tables of the field allow, nor allow what they do not know. */
Test(rules, schema_of_a_row_holds_the_values_of_the_tables)
{
    AUTO(json_release) json_t *shape = NULL;
    AUTO(json_release) json_t *industries = NULL;
    AUTO(json_release) json_t *units = NULL;
    AUTO(json_release) json_t *kinds = NULL;
    AUTO(json_release) json_t *grounds = NULL;
    const json_t *ground;
    size_t i;

    cr_assert(json_read_file(TEST_SOURCE "/schemas/register-row.schema.json", &shape, &err), "%s", err.text);
    cr_assert(json_read_file(TEST_SOURCE "/schemas/data/industries.json", &industries, &err), "%s", err.text);
    cr_assert(json_read_file(TEST_SOURCE "/schemas/data/units.json", &units, &err), "%s", err.text);
    cr_assert(json_read_file(TEST_SOURCE "/schemas/data/authority-kinds.json", &kinds, &err), "%s", err.text);
    cr_assert(json_read_file(TEST_SOURCE "/schemas/data/grounds.json", &grounds, &err), "%s", err.text);
    enum_is(shape, "industry", json_object_get(industries, "industries"), 8);
    enum_is(shape, "capacity_unit", json_object_get(units, "units"), 5);
    enum_is(shape, "authority_kind", json_object_get(kinds, "kinds"), 6);
    json_array_foreach(json_object_get(grounds, "grounds"), i, ground)
        enum_is(shape, "measure", json_object_get(ground, "measures"), 11);
}

/* A copy of the rules with one text replaced. */
static bool loads_with(const char *from, const char *to)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf changed = BUF_INIT;
    AUTO(rules_free) struct rules *other = NULL;
    char folder[TEST_PATH_BYTES];
    char command[3 * TEST_PATH_BYTES];
    AUTO(text_free) char *path = NULL;
    const char *at;
    bool is_loaded;

    test_folder_new(folder);
    snprintf(command, sizeof command, "cp -r %s/schemas/data %s/schemas/rules %s/schemas/*.json %s/", TEST_SOURCE,
             TEST_SOURCE, TEST_SOURCE, folder);
    cr_assert_eq(system(command), 0);
    path = path_join(folder, "rules/register-rules.json");
    cr_assert(file_read(path, 1 << 20, &text, &err));
    at = strstr(text.data, from);
    cr_assert(at, "%s", from);
    buf_add(&changed, text.data, (size_t)(at - text.data));
    buf_add_text(&changed, to);
    buf_add_text(&changed, at + strlen(from));
    cr_assert(file_write(path, buf_span(&changed), 0600, &err), "%s", err.text);
    is_loaded = rules_load(folder, &other, &err);
    test_folder_remove(folder);
    return is_loaded;
}

Test(rules, half_a_rule_or_a_bad_text_fails_the_load)
{
    cr_assert(loads_with("\"months\": 6", "\"months\": 5"), "%s", err.text);
    cr_assert_not(loads_with("\"id\": \"uscc.check\"", "\"id\": \"uscc.chack\""));
    cr_assert(strstr(err.text, "uscc.check"), "%s", err.text);
    cr_assert_not(loads_with("{\"id\": \"uscc.check\"", "{\"id\": \"new.rule\"}, {\"id\": \"uscc.check\""));
    cr_assert(strstr(err.text, "new.rule"), "%s", err.text);
    cr_assert_not(loads_with("{months}", "{weeks}"));
    cr_assert_not(loads_with("\"severity\": \"warning\"", "\"severity\": \"hint\""));
    cr_assert_not(loads_with("\"until\": null", "\"until\": \"2020-02-30\""));
}
