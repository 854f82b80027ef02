#include "gateway/names/names_tables.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

static struct name_tables *tables;
static struct error err;

static void setup(void)
{
    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
}

static void teardown(void)
{
    name_tables_free(tables);
}

TestSuite(names_tables, .init = setup, .fini = teardown);

/* All tables empty but one. */
static bool loads_with(const char *file, const char *text)
{
    static const char *const FILES[] = {"simplified.tsv", "homophones.tsv", "lookalikes.tsv", "regions.tsv",
                                        "words.tsv"};
    char folder[TEST_PATH_BYTES];
    struct name_tables *made = NULL;
    bool is_good;

    test_folder_new(folder);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(text_free) char *path = path_join(folder, FILES[i]);
        const char *content = strcmp(FILES[i], file) == 0 ? text : "";

        cr_assert(file_write(path, span_of(content), 0600, &err), "%s", err.text);
    }
    is_good = name_tables_load(folder, &made, &err);
    name_tables_free(made);
    test_folder_remove(folder);
    return is_good;
}

Test(names_tables, a_folder_without_tables_is_an_error)
{
    struct name_tables *none = NULL;

    cr_assert_not(name_tables_load("/nowhere", &none, &err));
    cr_assert_null(none);
}

Test(names_tables, a_broken_line_is_refused_with_its_number)
{
    cr_assert(loads_with("simplified.tsv", "# heading\n東\t东\n"), "%s", err.text);
    cr_assert_not(loads_with("simplified.tsv", "# heading\n東\n"));
    cr_assert_not_null(strstr(err.text, "simplified.tsv, line 2"), "%s", err.text);
    cr_assert_not(loads_with("simplified.tsv", "東\t东方\n"));
    cr_assert_not(loads_with("homophones.tsv", "dong\n"));
    cr_assert_not(loads_with("homophones.tsv", "dongdongdong\t东\n"));
    cr_assert_not(loads_with("lookalikes.tsv", "东\t车\n"));
    cr_assert_not(loads_with("lookalikes.tsv", "东\t车120\n"));
    cr_assert_not(loads_with("lookalikes.tsv", "东\t车90\n东\t练90\n"));
    cr_assert_not(loads_with("regions.tsv", "441\t某市\t某\n"));
    cr_assert_not(loads_with("regions.tsv", "4413\t惠州市\t\n"));
    cr_assert_not(loads_with("words.tsv", "colour\t红\n"));
    cr_assert_not(loads_with("words.tsv", "suffix\t一二三四五六七八九十一二三四五六七\n"));
    cr_assert_not(loads_with("words.tsv", "suffix\t\xff\n"));
}

static float slip(uint16_t meant, uint16_t written, enum name_slip *why)
{
    return name_slip_log(tables, meant, written, why);
}

Test(names_tables, a_homophone_is_cheaper_than_a_stranger)
{
    enum name_slip why;

    cr_assert_eq(slip(0x9E4F /* 鹏 */, 0x9E4F, &why), 0);
    cr_assert_eq(why, SLIP_NONE);
    cr_assert_gt(slip(0x9E4F, 0x670B /* 朋 */, &why), slip(0x9E4F, 0x7EB8 /* 纸 */, NULL));
    cr_assert_eq(why, SLIP_SOUND);
    (void)slip(0x9E4F, 0x7EB8, &why);
    cr_assert_eq(why, SLIP_OTHER);
}

Test(names_tables, sounds_of_the_south_and_looks_are_told_apart)
{
    enum name_slip why;

    (void)slip(0x5C71 /* 山 shan */, 0x6851 /* 桑 sang */, &why);
    cr_assert_eq(why, SLIP_NEAR_SOUND);
    (void)slip(0x5DF2 /* 已 */, 0x5DF1 /* 己 */, &why);
    cr_assert_eq(why, SLIP_LOOK);
}

Test(names_tables, the_longest_place_counts_and_places_nest)
{
    static const uint16_t FOSHAN[] = {0x4F5B, 0x5C71, 0x5E02}; /* 佛山市 */
    static const uint16_t SHUNDE[] = {0x987A, 0x5FB7};         /* 顺德 */
    static const uint16_t HUIZHOU[] = {0x60E0, 0x5DDE};        /* 惠州 */
    size_t taken;
    const struct name_place *foshan = name_place_at(tables, FOSHAN, 3, &taken);
    const struct name_place *shunde;
    const struct name_place *huizhou;

    cr_assert_not_null(foshan);
    cr_assert_eq(taken, 3);
    shunde = name_place_at(tables, SHUNDE, 2, &taken);
    huizhou = name_place_at(tables, HUIZHOU, 2, &taken);
    cr_assert_not_null(shunde);
    cr_assert_not_null(huizhou);
    cr_assert(name_places_nest(tables, foshan, shunde));
    cr_assert_not(name_places_nest(tables, foshan, huizhou));
    cr_assert(name_place_holds(tables, foshan, 440606));
    cr_assert_not(name_place_holds(tables, foshan, 441302));
    cr_assert_not(name_place_holds(tables, foshan, 0));
}
