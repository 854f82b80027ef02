#include "gateway/names/names_index.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tests/support/support.h"

static struct name_tables *tables;
static struct names_index *filled;
static struct error err;

static void setup(void)
{
    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
    filled = names_index_new();
}

static void teardown(void)
{
    names_index_free(filled);
    name_tables_free(tables);
}

TestSuite(names_index, .init = setup, .fini = teardown);

static struct name_form form_of(const char *text)
{
    struct name_form form;

    cr_assert(name_normal(tables, span_of(text), &form, &err), "%s", err.text);
    return form;
}

static void add(const char *text, uint32_t subject)
{
    struct name_form form = form_of(text);

    cr_assert(names_index_add(filled, &form, subject, false, &err), "%s", err.text);
}

static size_t find(const char *text, uint32_t found[INDEX_FOUND_MAX])
{
    struct name_form form = form_of(text);

    return names_index_find(filled, &form, found);
}

Test(names_index, an_empty_index_finds_nothing)
{
    uint32_t found[INDEX_FOUND_MAX];
    struct name_form form = form_of("晟濂建材");

    names_index_build(filled);
    cr_assert_eq(find("晟濂建材有限公司", found), 0);
    cr_assert_eq(names_index_same(filled, &form, found), 0);
}

Test(names_index, an_empty_question_finds_nothing_and_an_empty_name_is_not_kept)
{
    uint32_t found[INDEX_FOUND_MAX];

    add("", 7);
    add("晟濂建材", 1);
    names_index_build(filled);
    cr_assert_eq(names_index_size(filled), 1);
    cr_assert_eq(find("", found), 0);
}

Test(names_index, a_subject_number_that_does_not_fit_is_refused)
{
    struct name_form form = form_of("晟濂建材");

    cr_assert_not(names_index_add(filled, &form, UINT32_MAX, false, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
}

Test(names_index, the_most_alike_comes_first_and_questions_leave_no_trace)
{
    uint32_t found[INDEX_FOUND_MAX];

    add("深圳市晟濂建材有限公司", 1);
    add("深圳市澈洵建材有限公司", 2);
    add("云浮市澈洵造纸有限公司", 3);
    names_index_build(filled);
    for (int i = 0; i < 3; i++) { /* the same each time */
        cr_assert_geq(find("深圳澈洵建材", found), 1);
        cr_assert_eq(names_index_entry(filled, found[0]).subject, 2);
        cr_assert_geq(find("晟濂建材", found), 1);
        cr_assert_eq(names_index_entry(filled, found[0]).subject, 1);
    }
}

Test(names_index, equal_names_are_all_found)
{
    uint32_t found[INDEX_FOUND_MAX];
    struct name_form form = form_of("晟濂（深圳）建材有限公司");

    add("晟濂深圳建材有限公司", 1);
    add("晟濂(深圳)建材有限公司", 2);
    add("晟濂深圳建材公司", 3);
    names_index_build(filled);
    cr_assert_eq(names_index_same(filled, &form, found), 2);
}

Test(names_index, many_names_are_found_again_each_by_itself)
{
    static const char *const FIRST[] = {"晟", "澈", "筠", "隆", "昶", "砚", "翊", "璞"};
    static const char *const SECOND[] = {"濂", "洵", "廪", "澧", "珲", "蘅", "桓", "屿"};
    char text[128];
    uint32_t found[INDEX_FOUND_MAX];

    for (uint32_t i = 0; i < 4096; i++) {
        (void)snprintf(text, sizeof(text), "%s%s%u号%s建材有限公司", FIRST[i % 8], SECOND[i / 8 % 8], i,
                       FIRST[i / 64 % 8]);
        add(text, i);
    }
    names_index_build(filled);
    for (uint32_t i = 0; i < 4096; i += 97) {
        (void)snprintf(text, sizeof(text), "%s%s%u号%s建材有限公司", FIRST[i % 8], SECOND[i / 8 % 8], i,
                       FIRST[i / 64 % 8]);
        cr_assert_eq(find(text, found), INDEX_FOUND_MAX);
        cr_assert_eq(names_index_entry(filled, found[0]).subject, i, "%s", text);
    }
}

Test(names_index, what_comes_after_building_is_found_among_the_others)
{
    uint32_t found[INDEX_FOUND_MAX];
    struct name_form form = form_of("韶关市璞廪钢铁有限公司");

    add("韶关市璞凛钢铁有限公司", 1);
    add("惠州市锴屿电解铝有限公司", 2);
    names_index_build(filled);
    cr_assert_eq(names_index_same(filled, &form, found), 0);
    add("韶关市璞廪钢铁有限公司", 3);
    cr_assert_eq(names_index_size(filled), 3);
    cr_assert_eq(names_index_same(filled, &form, found), 1);
    cr_assert_eq(names_index_entry(filled, found[0]).subject, 3);
    cr_assert_geq(find("韶关市璞廪钢铁有限公司", found), 2);
    cr_assert_eq(names_index_entry(filled, found[0]).subject, 3);
    cr_assert_eq(names_index_entry(filled, found[1]).subject, 1);
}

Test(names_index, an_index_that_was_built_empty_takes_names_as_well)
{
    uint32_t found[INDEX_FOUND_MAX];

    names_index_build(filled);
    add("韶关市璞廪钢铁有限公司", 1);
    cr_assert_eq(find("韶关璞廪钢铁", found), 1);
    cr_assert_eq(find("韶关璞廪钢铁", found), 1, "asking leaves nothing behind");
    names_index_set_former(filled, found[0], true);
    cr_assert(names_index_entry(filled, found[0]).is_former);
}

Test(names_index, more_than_fit_after_building_are_refused)
{
    struct name_form form = form_of("甲乙");

    names_index_build(filled);
    for (uint32_t i = 0; i < INDEX_LATER_MAX; i++) {
        form.at[0] = (uint16_t)(0x4E00 + i % 5000);
        form.at[1] = (uint16_t)(0x4E00 + i / 5000);
        cr_assert(names_index_add(filled, &form, i, false, &err), "%s", err.text);
    }
    cr_assert_not(names_index_add(filled, &form, 0, false, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
}
