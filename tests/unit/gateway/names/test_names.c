#include "gateway/names/names.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

enum { REGISTER_BYTES_MAX = 1024 * 1024, HEADING = 1 };

static struct name_tables *tables;
static struct names *names;
static struct buf bytes;
static struct error err;

/* The next line of the register, cut into columns. */
static bool next_row(struct span *rest, struct span columns[5])
{
    if (!rest->bytes)
        return false;
    for (size_t i = 0; i < 5; i++) {
        const char *end = memchr(rest->at, i == 4 ? '\n' : '\t', rest->bytes);

        cr_assert_not_null(end);
        columns[i] = (struct span){rest->at, (size_t)(end - rest->at)};
        *rest = (struct span){end + 1, rest->bytes - columns[i].bytes - 1};
    }
    return true;
}

static void setup(void)
{
    struct span columns[5];
    struct span rest;

    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
    cr_assert(file_read(TEST_SOURCE "/tests/cases/names/register-dev-names.tsv", REGISTER_BYTES_MAX, &bytes, &err),
              "%s", err.text);
    names = names_new(tables);
    rest = buf_span(&bytes);
    while (next_row(&rest, columns)) {
        if (span_is(columns[4], "index"))
            cr_assert(names_add(names, columns[0], columns[1], false, &err), "%s", err.text);
    }
    cr_assert(names_add(names, SPAN("91440224MAYUCHK485"), SPAN("韶关市旧廪钢铁厂"), true, &err), "%s", err.text);
    names_ready(names);
}

static void teardown(void)
{
    names_free(names);
    name_tables_free(tables);
    buf_done(&bytes);
}

TestSuite(names, .init = setup, .fini = teardown);

static struct name_answer ask(const char *text)
{
    struct name_answer answer;

    cr_assert(names_find(names, span_of(text), &answer, &err), "%s: %s", text, err.text);
    for (size_t i = 0; i < answer.count; i++) {
        cr_assert(answer.candidates[i].score >= 0 && answer.candidates[i].score <= 1);
        cr_assert(i == 0 || answer.candidates[i].score <= answer.candidates[i - 1].score);
    }
    return answer;
}

/* The first candidate for a variant of 韶关市璞廪钢铁有限公司. */
static struct name_candidate first(const char *text)
{
    struct name_answer answer = ask(text);

    cr_assert_gt(answer.count, 0, "%s finds nothing", text);
    cr_assert_str_eq(answer.candidates[0].code, "91440224MAYUCHK485", "%s finds %s", text, answer.candidates[0].code);
    return answer.candidates[0];
}

static const struct name_reason *reason_of(const struct name_candidate *candidate, enum name_reason_kind kind)
{
    for (size_t i = 0; i < candidate->reason_count; i++) {
        if (candidate->reasons[i].kind == kind)
            return &candidate->reasons[i];
    }
    return NULL;
}

Test(names, a_code_of_another_length_and_a_name_that_is_none_are_refused)
{
    struct name_answer answer;

    cr_assert_not(names_add(names, SPAN("9144"), SPAN("某公司"), false, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_not(names_find(names, SPAN("\xff\xfe"), &answer, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(names, nothing_and_generic_words_are_never_the_same_or_likely)
{
    static const char *const TEXTS[] = {"公司",   "有限公司", "水泥有限公司", "发电厂",
                                        "广东省", "佛山市",   "建材",         "N/A"};

    cr_assert_eq(ask("（）").count, 0);
    cr_assert_eq(ask("").count, 0);
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        struct name_answer answer = ask(TEXTS[i]);

        for (size_t k = 0; k < answer.count; k++)
            cr_expect_eq(answer.candidates[k].strength, STRENGTH_POSSIBLE, "%s", TEXTS[i]);
    }
}

Test(names, relatives_that_are_not_in_the_register_are_never_the_same)
{
    struct span columns[5];
    struct span rest = buf_span(&bytes);
    size_t asked = 0;
    size_t likely = 0;

    while (next_row(&rest, columns)) {
        struct name_answer answer;

        if (!span_is(columns[4], "absent"))
            continue;
        asked++;
        cr_assert(names_find(names, columns[1], &answer, &err), "%s", err.text);
        if (answer.count == 0)
            continue;
        cr_expect_neq(answer.candidates[0].strength, STRENGTH_SAME, "%.*s", (int)columns[1].bytes, columns[1].at);
        likely += answer.candidates[0].strength == STRENGTH_LIKELY;
    }
    cr_assert_eq(asked, 125);
    cr_assert_leq(likely, 6, "%zu of %zu", likely, asked); /* a register of 500 names teaches little */
}

Test(names, every_name_of_the_register_is_found_first)
{
    struct span columns[5];
    struct span rest = buf_span(&bytes);

    while (next_row(&rest, columns)) {
        struct name_answer answer;

        if (!span_is(columns[4], "index"))
            continue;
        cr_assert(names_find(names, columns[1], &answer, &err), "%s", err.text);
        cr_assert_gt(answer.count, 0);
        if (answer.candidates[0].strength == STRENGTH_SAME)
            cr_expect(span_is(columns[0], answer.candidates[0].code), "%.*s", (int)columns[1].bytes, columns[1].at);
        else /* two enterprises of this name */
            cr_expect_not_null(reason_of(&answer.candidates[0], REASON_SHARED), "%.*s", (int)columns[1].bytes,
                               columns[1].at);
    }
}

Test(names, a_code_that_is_not_there_finds_nothing)
{
    cr_assert_eq(ask("91440224MAYUCHK486").count, 0);
    cr_assert_eq(ask("统一社会信用代码：91440224MAYUCHK486").count, 0);
}

Test(names, a_code_finds_its_company)
{
    struct name_candidate one = first("统一社会信用代码：91440224MAYUCHK485");

    cr_assert_eq(one.strength, STRENGTH_SAME);
    cr_assert_not_null(reason_of(&one, REASON_CODE));
}

Test(names, spelling_alone_is_the_same)
{
    static const char *const TEXTS[] = {"韶关市璞廪钢铁有限公司", "韶關市璞廩鋼鐵有限公司",
                                        " 韶关市 璞廪 钢铁有限公司。", "韶关市璞廪钢铁（有限公司）",
                                        "韶关市璞廪钢铁有限公司 Co., Ltd."};

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        struct name_candidate one = first(TEXTS[i]);

        cr_expect_eq(one.strength, STRENGTH_SAME, "%s", TEXTS[i]);
        cr_expect_gt(one.score, 0.9);
        cr_expect_not_null(reason_of(&one, REASON_EQUAL));
    }
}

Test(names, a_former_name_is_the_same_and_says_so)
{
    struct name_candidate one = first("韶关市旧廪钢铁厂");

    cr_assert_eq(one.strength, STRENGTH_SAME);
    cr_assert_not_null(reason_of(&one, REASON_FORMER));
}

Test(names, what_differs_is_told_part_by_part)
{
    static const struct {
        const char *text;
        enum name_reason_kind kind;
        enum name_part part;
        const char *registered;
        const char *asked;
    } CASES[] = {
        {"韶关璞廪钢铁有限公司", REASON_REGION_SHORT, PART_REGION, "韶关市", "韶关"},
        {"璞廪钢铁有限公司", REASON_REGION_MISSING, PART_REGION, "韶关市", ""},
        {"广东省韶关市璞廪钢铁有限公司", REASON_REGION_MORE, PART_REGION, "韶关市", "广东省韶关市"},
        {"璞廪（韶关）钢铁有限公司", REASON_REGION_MOVED, PART_REGION, "韶关市", ""},
        {"韶关市璞廪钢铁有限责任公司", REASON_SUFFIX, PART_SUFFIX, "有限公司", "有限责任公司"},
        {"韶关市璞凛钢铁有限公司", REASON_SOUND, PART_TRADE, "廪", "凛"},
        {"韶关市璞廪钢铣有限公司", REASON_LOOK, PART_INDUSTRY, "铁", "铣"},
        {"韶关市璞钢铁有限公司", REASON_MISSING, PART_TRADE, "廪", ""},
        {"韶关市璞廪廪钢铁有限公司", REASON_EXTRA, PART_TRADE, "", "廪"},
        {"韶关市廪璞钢铁有限公司", REASON_SWAPPED, PART_TRADE, "璞廪", "廪璞"},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct name_candidate one = first(CASES[i].text);
        const struct name_reason *reason = reason_of(&one, CASES[i].kind);

        cr_expect_neq(one.strength, STRENGTH_SAME, "%s", CASES[i].text);
        cr_assert_not_null(reason, "%s: no %s, but %s", CASES[i].text, name_reason_slug(CASES[i].kind),
                           one.reason_count ? name_reason_slug(one.reasons[0].kind) : "nothing");
        cr_expect_str_eq(reason->registered, CASES[i].registered, "%s: %s", CASES[i].text, reason->registered);
        cr_expect_str_eq(reason->asked, CASES[i].asked, "%s: %s", CASES[i].text, reason->asked);
        if (CASES[i].kind != REASON_EXTRA)
            cr_expect_eq(reason->part, CASES[i].part, "%s: %s", CASES[i].text, name_part_slug(reason->part));
    }
}

Test(names, reasons_are_sentences_in_both_languages)
{
    struct name_candidate one = first("韶关市璞凛钢铁有限公司");
    struct buf text = BUF_INIT;

    name_reason_add_text(&text, reason_of(&one, REASON_SOUND), "zh");
    cr_assert_str_eq(buf_text(&text), "“廪”写作同音字“凛”");
    buf_clear(&text);
    name_reason_add_text(&text, reason_of(&one, REASON_SOUND), "en");
    cr_assert_str_eq(buf_text(&text), "廪 written as 凛, which sounds the same");
    buf_done(&text);
}

Test(names, two_companies_of_one_name_in_two_cities_are_told_as_shared)
{
    struct names *few = names_new(tables);
    struct name_answer answer;

    cr_assert(names_add(few, SPAN("91440300MAY0000001"), SPAN("深圳市晟濂建材有限公司"), false, &err));
    cr_assert(names_add(few, SPAN("91445300MAY0000002"), SPAN("云浮市晟濂建材有限公司"), false, &err));
    cr_assert(names_add(few, SPAN("91440200MAY0000003"), SPAN("韶关市澈洵造纸厂"), false, &err));
    names_ready(few);
    cr_assert(names_find(few, SPAN("晟濂建材有限公司"), &answer, &err));
    cr_assert_geq(answer.count, 2);
    cr_expect_neq(answer.candidates[0].strength, STRENGTH_SAME);
    cr_expect_leq(answer.candidates[0].score, 0.5);
    cr_expect_not_null(reason_of(&answer.candidates[0], REASON_SHARED));
    cr_assert(names_find(few, SPAN("广州市晟濂建材有限公司"), &answer, &err));
    for (size_t i = 0; i < answer.count; i++)
        cr_expect_eq(answer.candidates[i].strength, STRENGTH_POSSIBLE);
    names_free(few);
}

Test(names, a_name_without_region_is_not_the_same_when_another_city_has_it_too)
{
    struct names *few = names_new(tables);
    struct name_answer answer;

    cr_assert(names_add(few, SPAN("91440000MAY0000001"), SPAN("晟濂建材有限公司"), false, &err));
    cr_assert(names_add(few, SPAN("91445300MAY0000002"), SPAN("云浮市晟濂建材有限公司"), false, &err));
    cr_assert(names_add(few, SPAN("91440000MAY0000003"), SPAN("澈洵造纸有限公司"), false, &err));
    names_ready(few);
    cr_assert(names_find(few, SPAN("晟濂建材有限公司"), &answer, &err));
    cr_expect_str_eq(answer.candidates[0].code, "91440000MAY0000001");
    cr_expect_neq(answer.candidates[0].strength, STRENGTH_SAME);
    cr_expect_not_null(reason_of(&answer.candidates[0], REASON_SHARED));
    cr_assert(names_find(few, SPAN("澈洵造纸有限公司"), &answer, &err));
    cr_expect_eq(answer.candidates[0].strength, STRENGTH_SAME);
    names_free(few);
}

Test(names, a_renamed_company_is_found_under_both_names_at_once)
{
    struct name_answer answer;

    cr_assert(names_add(names, SPAN("91441303MAY1A0TP3P"), SPAN("惠州市锴屿电解铝有限公司"), true, &err), "%s",
              err.text);
    cr_assert(names_add(names, SPAN("91441303MAY1A0TP3P"), SPAN("惠州市翀晔新材料有限公司"), false, &err), "%s",
              err.text);
    answer = ask("惠州市翀晔新材料有限公司");
    cr_assert_str_eq(answer.candidates[0].code, "91441303MAY1A0TP3P");
    cr_assert_eq(answer.candidates[0].strength, STRENGTH_SAME);
    answer = ask("惠州市锴屿电解铝有限公司");
    cr_assert_str_eq(answer.candidates[0].code, "91441303MAY1A0TP3P");
    cr_assert_eq(answer.candidates[0].reasons[1].kind, REASON_FORMER);
}

Test(names, a_namesake_that_comes_later_ends_what_was_the_same)
{
    struct name_answer answer = ask("韶关市璞廪钢铁有限公司");

    cr_assert_eq(answer.candidates[0].strength, STRENGTH_SAME);
    cr_assert(names_add(names, SPAN("91440224MAYNEWCM00"), SPAN("韶关市璞廪钢铁有限公司"), false, &err), "%s",
              err.text);
    answer = ask("韶关市璞廪钢铁有限公司");
    cr_assert_geq(answer.count, 2);
    cr_assert_neq(answer.candidates[0].strength, STRENGTH_SAME);
    cr_assert_neq(answer.candidates[1].strength, STRENGTH_SAME);
}
