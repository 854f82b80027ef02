#include "gateway/names/names_normal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

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

TestSuite(names_normal, .init = setup, .fini = teardown);

static struct name_form form_of(const char *text)
{
    struct name_form form;

    cr_assert(name_normal(tables, span_of(text), &form, &err), "%s", err.text);
    return form;
}

static void same(const char *text, const char *normal)
{
    struct name_form form = form_of(text);
    struct buf made = BUF_INIT;

    name_units_add(&made, form.at, form.count);
    cr_expect_str_eq(buf_text(&made), normal, "%s is %s", text, buf_text(&made));
    buf_done(&made);
}

Test(names_normal, what_is_not_utf8_is_refused_in_both_languages)
{
    struct name_form form;

    cr_assert_not(name_normal(tables, SPAN("\xb9\xe3\xd6\xdd"), &form, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_str_neq(err.zh, "");
}

Test(names_normal, what_is_too_long_is_refused)
{
    struct buf text = BUF_INIT;
    struct name_form form;

    for (int i = 0; i < NAME_UNITS_MAX; i++)
        buf_add_text(&text, "东");
    cr_assert(name_normal(tables, buf_span(&text), &form, &err), "%s", err.text);
    cr_assert_eq(form.count, NAME_UNITS_MAX);
    buf_add_text(&text, "东");
    cr_assert_not(name_normal(tables, buf_span(&text), &form, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    for (int i = 0; i < NAME_BYTES_MAX; i++)
        buf_add_text(&text, " ");
    cr_assert_not(name_normal(tables, buf_span(&text), &form, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    buf_done(&text);
}

Test(names_normal, nothing_but_marks_is_an_empty_form)
{
    same("", "");
    same("（）〔〕【】《》 ·、。-　", "");
}

Test(names_normal, brackets_spaces_width_and_case_do_not_count)
{
    same("　澈洵（深圳）ＡＢＣ１２建材有限公司\r\n", "澈洵深圳abc12建材有限公司");
    same("澈洵〔深圳〕建材[有限]公司", "澈洵深圳建材有限公司");
    same("“澈 洵·深圳”建材，有限公司。", "澈洵深圳建材有限公司");
    same("澈洵\xe2\x80\x8b深圳", "澈洵深圳"); /* a space without width */
}

Test(names_normal, traditional_characters_become_simplified_ones)
{
    same("韶關市隆澧鋁業有限責任公司", "韶关市隆澧铝业有限责任公司");
}

Test(names_normal, an_english_form_of_organisation_is_cut_off_also_when_misspelled)
{
    static const char *const FORMS[] = {"Co., Ltd.",       "（Co.,Ltd）", " LTD、", "Company Limited",
                                        " Company imited", "C.o, Ltd.",   " Inc"};

    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        char text[128];

        (void)snprintf(text, sizeof(text), "澈洵建材有限公司%s", FORMS[i]);
        same(text, "澈洵建材有限公司");
        cr_expect(form_of(text).is_english);
    }
    cr_assert_not(form_of("澈洵建材有限公司").is_english);
}

Test(names_normal, a_latin_name_keeps_its_own_letters)
{
    same("Taco", "taco");
    same("Grandinc", "grandinc");
    same("Example Trading Co., Ltd.", "exampletrading");
}

Test(names_normal, a_character_beyond_the_basic_plane_only_equals_itself)
{
    struct name_form a = form_of("\xf0\xa0\xae\xb7建材");
    struct name_form b = form_of("\xf0\xa0\xae\xb8建材");

    cr_assert_eq(a.count, 4);
    cr_assert_neq(memcmp(a.at, b.at, sizeof(*a.at) * 4), 0);
    same("\xf0\xa0\xae\xb7建材", "\xf0\xa0\xae\xb7建材");
}

Test(names_normal, half_of_a_character_is_shown_as_none)
{
    static const uint16_t HALVES[] = {0xDC00, 0x5EFA, 0xD842};
    struct buf made = BUF_INIT;

    name_units_add(&made, HALVES, 3);
    cr_assert_str_eq(buf_text(&made), "\xef\xbf\xbd\xe5\xbb\xba\xef\xbf\xbd");
    buf_done(&made);
}

static void splits(const char *text, const char *wanted)
{
    struct name_form form = form_of(text);
    struct name_parts parts;
    struct buf made = BUF_INIT;
    size_t ends[4];

    name_split(tables, &form, &parts);
    name_split_trade(tables, &form, &parts);
    memcpy(ends, (size_t[]){parts.core, parts.industry, parts.suffix, form.count}, sizeof(ends));
    for (size_t i = 0, at = 0; i < 4; at = ends[i++]) {
        name_units_add(&made, form.at + at, ends[i] - at);
        buf_add_text(&made, i < 3 ? "|" : "");
    }
    cr_expect_str_eq(buf_text(&made), wanted, "%s", buf_text(&made));
    buf_done(&made);
}

Test(names_normal, a_name_is_region_trade_name_industry_and_form)
{
    splits("深圳市坪山区晟濂建材有限公司", "深圳市坪山区|晟濂|建材|有限公司");
    splits("广东筠廪造纸有限公司", "广东|筠廪|造纸|有限公司");
    splits("韶关市仁化县隆澧铝业有限责任公司", "韶关市仁化县|隆澧|铝业|有限责任公司");
    splits("乳源瑶族自治县澈洵水电站", "乳源瑶族自治县|澈洵|水电站|");
    splits("肇庆沅萦纸品股份有限公司", "肇庆|沅萦|纸品|股份有限公司");
}

Test(names_normal, a_name_of_places_only_keeps_something_to_compare)
{
    splits("佛山市", "|佛山市||");
    splits("水泥有限公司", "||水泥|有限公司");
    splits("有限公司", "|有限公司||"); /* the form of organisation alone is all there is */
}

Test(names_normal, a_branch_has_words_of_its_own)
{
    struct name_form form = form_of("深圳市晟濂建材有限公司河源分公司");
    struct name_parts parts;

    name_split(tables, &form, &parts);
    name_split_trade(tables, &form, &parts);
    cr_assert_eq(parts.branch, 11);
    form = form_of("深圳市晟濂建材有限公司");
    name_split(tables, &form, &parts);
    name_split_trade(tables, &form, &parts);
    cr_assert_eq(parts.branch, form.count);
}

Test(names_normal, a_code_is_known_alone_or_after_its_label_only)
{
    char code[NAME_CODE_BYTES];
    struct name_form form = form_of("统一社会信用代码：91440224mayuchk485");

    cr_assert(name_is_code(tables, &form, code));
    cr_assert_eq(memcmp(code, "91440224MAYUCHK485", NAME_CODE_BYTES), 0);
    form = form_of("91440224MAYUCHK485");
    cr_assert(name_is_code(tables, &form, code));
    form = form_of("91440224MAYUCHK48");
    cr_assert_not(name_is_code(tables, &form, code));
    form = form_of("澈洵建材91440224MAYUCHK485");
    cr_assert_not(name_is_code(tables, &form, code));
}
