#include "gateway/finder/companies.h"

#include <criterion/criterion.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

#define CODE "91440224MAYUCHK485"
#define OTHER "91441303MAY1A0TP3P"

static struct name_tables *tables;
static struct companies *companies;
static struct names *names;
static struct error err;

static void setup(void)
{
    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
    companies = companies_new();
}

static void teardown(void)
{
    names_free(names);
    companies_free(companies);
    name_tables_free(tables);
}

TestSuite(companies, .init = setup, .fini = teardown);

static void put(const char *code, const char *name, int32_t day)
{
    cr_assert(companies_put(companies, span_of(code), span_of(name), day, names, &err), "%s", err.text);
}

static void is_called(const char *code, const char *name)
{
    struct span found = companies_name(companies, code);

    cr_assert(span_is(found, name), "%.*s", (int)found.bytes, found.at);
}

static void give(void)
{
    names = names_new(tables);
    cr_assert(companies_give(companies, names, &err), "%s", err.text);
    names_ready(names);
}

static struct name_answer ask(const char *text)
{
    struct name_answer answer;

    cr_assert(names_find(names, span_of(text), &answer, &err), "%s", err.text);
    return answer;
}

static bool has_reason(const struct name_candidate *candidate, enum name_reason_kind kind)
{
    for (size_t i = 0; i < candidate->reason_count; i++) {
        if (candidate->reasons[i].kind == kind)
            return true;
    }
    return false;
}

Test(companies, a_code_of_another_length_is_refused)
{
    cr_assert_not(companies_put(companies, SPAN("9144"), SPAN("甲"), 1, NULL, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(companies, an_unknown_company_has_no_name)
{
    is_called(CODE, "");
    cr_assert_eq(companies_count(companies), 0);
}

Test(companies, the_name_of_the_later_day_counts_in_whatever_order_they_come)
{
    put(CODE, "韶关市璞廪钢铁有限公司", 20);
    put(CODE, "韶关市旧廪钢铁有限公司", 10);
    is_called(CODE, "韶关市璞廪钢铁有限公司");
    put(CODE, "韶关市新廪钢铁有限公司", 20);
    is_called(CODE, "韶关市新廪钢铁有限公司");
    put(CODE, "韶关市璞廪钢铁有限公司", COMPANIES_DAY_FORMER);
    is_called(CODE, "韶关市新廪钢铁有限公司");
    put(CODE, "韶关市璞廪钢铁有限公司", 30);
    is_called(CODE, "韶关市璞廪钢铁有限公司");
    cr_assert_eq(companies_count(companies), 1);
}

Test(companies, a_company_of_which_only_a_former_name_is_known_is_called_by_it)
{
    put(CODE, "韶关市旧廪钢铁有限公司", COMPANIES_DAY_FORMER);
    is_called(CODE, "韶关市旧廪钢铁有限公司");
}

Test(companies, all_names_are_given_and_former_ones_are_told_as_such)
{
    struct name_answer answer;

    put(CODE, "韶关市旧廪钢铁有限公司", 10);
    put(CODE, "韶关市璞廪钢铁有限公司", 20);
    put(OTHER, "惠州市锴屿电解铝有限公司", 20);
    give();
    cr_assert_eq(names_count(names), 3);
    answer = ask("韶关市旧廪钢铁有限公司");
    cr_assert_str_eq(answer.candidates[0].code, CODE);
    cr_assert(has_reason(&answer.candidates[0], REASON_FORMER));
    answer = ask("韶关市璞廪钢铁有限公司");
    cr_assert_str_eq(answer.candidates[0].code, CODE);
    cr_assert_not(has_reason(&answer.candidates[0], REASON_FORMER));
}

Test(companies, an_index_in_use_hears_of_a_new_name_and_of_one_that_became_former)
{
    struct name_answer answer;

    put(CODE, "韶关市旧廪钢铁有限公司", 10);
    give();
    put(CODE, "韶关市翀晔新材料有限公司", 20);
    put(OTHER, "惠州市锴屿电解铝有限公司", 20);
    answer = ask("韶关市翀晔新材料有限公司");
    cr_assert_str_eq(answer.candidates[0].code, CODE);
    cr_assert_eq(answer.candidates[0].strength, STRENGTH_SAME);
    answer = ask("韶关市旧廪钢铁有限公司");
    cr_assert_str_eq(answer.candidates[0].code, CODE);
    cr_assert(has_reason(&answer.candidates[0], REASON_FORMER));
    answer = ask("惠州锴屿电解铝");
    cr_assert_str_eq(answer.candidates[0].code, OTHER);
}

Test(companies, another_spelling_of_the_same_name_stays_a_current_one)
{
    struct name_answer answer;

    put(CODE, "韶关市（璞廪）钢铁有限公司", 10);
    give();
    put(CODE, "韶关市璞廪钢铁有限公司", 20);
    is_called(CODE, "韶关市璞廪钢铁有限公司");
    answer = ask("韶关市璞廪钢铁有限公司");
    cr_assert_eq(answer.candidates[0].strength, STRENGTH_SAME);
    cr_assert_not(has_reason(&answer.candidates[0], REASON_FORMER));
}

Test(companies, a_former_spelling_of_the_same_name_does_not_make_it_a_former_one)
{
    struct name_answer answer;

    put(CODE, "韶关市（璞廪）钢铁有限公司", 10);
    put(CODE, "韶关市璞廪钢铁有限公司", 20);
    put(CODE, "韶关市璞廪钢铁 有限公司", COMPANIES_DAY_FORMER);
    give();
    cr_assert_eq(names_count(names), 1);
    answer = ask("韶关市璞廪钢铁有限公司");
    cr_assert_eq(answer.candidates[0].strength, STRENGTH_SAME);
    cr_assert_not(has_reason(&answer.candidates[0], REASON_FORMER));
}

Test(companies, what_cannot_be_a_name_is_left_out_of_the_index)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    for (int i = 0; i < NAME_UNITS_MAX + 1; i++)
        buf_add_text(&text, "长");
    put(CODE, text.data, 10);
    put(OTHER, "惠州市锴屿电解铝有限公司", 20);
    give();
    cr_assert_eq(names_count(names), 1);
}
