#include "gateway/names/names_align.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "tests/support/support.h"

static struct name_tables *tables;
static struct name_model *model;
static struct align align;
static struct error err;

static struct name_form form_of(const char *text)
{
    struct name_form form;

    cr_assert(name_normal(tables, span_of(text), &form, &err), "%s", err.text);
    return form;
}

static void setup(void)
{
    static const char *const NAMES[] = {"深圳市晟濂建材有限公司", "云浮市澈洵建材有限公司", "肇庆市筠廪造纸有限公司",
                                        "韶关市隆澧铝业有限公司"};

    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
    model = name_model_new();
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        struct name_form form = form_of(NAMES[i]);

        name_model_learn(model, &form, 3);
    }
    align = (struct align){tables, model};
}

static void teardown(void)
{
    name_model_free(model);
    name_tables_free(tables);
}

TestSuite(names_align, .init = setup, .fini = teardown);

static double cost(const char *meant, const char *written)
{
    struct name_form a = form_of(meant);
    struct name_form b = form_of(written);

    return align_log(&align, (struct units){a.at, a.count}, (struct units){b.at, b.count}, ALIGN_NEVER);
}

Test(names_align, lengths_too_far_apart_never_fit)
{
    cr_assert_eq(cost("晟濂", "晟濂建材有限公司造纸"), ALIGN_NEVER);
    cr_assert_gt(cost("晟濂", "晟濂建材有限公司"), ALIGN_NEVER);
    cr_assert_lt(cost("", "晟濂"), 0);
    cr_assert_eq(cost("", ""), 0);
}

Test(names_align, slips_that_happen_are_cheaper_than_those_that_do_not)
{
    double missing = cost("深圳市晟濂建材", "深圳市晟建材");
    double swapped = cost("深圳市晟濂建材", "深圳市濂晟建材");
    double doubled = cost("深圳市晟濂建材", "深圳市晟濂濂建材");
    double extra = cost("深圳市晟濂建材", "深圳市晟濂纸建材");
    double other = cost("深圳市晟濂建材", "深圳市晟纸建材");

    cr_assert_eq(cost("深圳市晟濂建材", "深圳市晟濂建材"), 0);
    cr_assert_gt(missing, other);
    cr_assert_gt(swapped, other);
    cr_assert_gt(doubled, extra);
    cr_assert_gt(extra, 2 * other);
    cr_assert_float_eq(cost("濂晟", "晟濂"), swapped, 0.01);
}

Test(names_align, the_steps_say_what_happened_and_where)
{
    struct name_form meant = form_of("深圳市鹏濂建材公司");
    struct name_form written = form_of("深圳朋濂材建公公司");
    struct align_step steps[ALIGN_STEPS_MAX];
    size_t count =
        align_steps(&align, (struct units){meant.at, meant.count}, (struct units){written.at, written.count}, steps);

    cr_assert_eq(count, 4);
    cr_assert_eq(steps[0].kind, ALIGN_MISSING);
    cr_assert_eq(steps[0].meant, 2);
    cr_assert_eq(steps[1].kind, ALIGN_CHANGED);
    cr_assert_eq(steps[1].slip, SLIP_SOUND);
    cr_assert_eq(steps[1].written, 2);
    cr_assert_eq(steps[2].kind, ALIGN_SWAPPED);
    cr_assert_eq(steps[2].meant, 5);
    cr_assert_eq(steps[3].kind, ALIGN_EXTRA);
}

Test(names_align, for_a_relative_any_character_is_as_good)
{
    struct name_form a = form_of("深圳市晟濂建材");
    struct name_form b = form_of("深圳市晟纸建材");
    struct units meant = {a.at, a.count};
    struct units written = {b.at, b.count};

    cr_assert_eq(align_kin_log(meant, meant), 0);
    cr_assert_gt(align_kin_log(meant, written), cost("深圳市晟濂建材", "深圳市晟纸建材"));
}

Test(names_align, the_model_prefers_what_it_has_seen)
{
    struct name_form known = form_of("云浮市澈洵建材有限公司");
    struct name_form slip = form_of("云浮市澈洵建才有限公司");

    cr_assert_gt(name_model_log(model, known.at, known.count, MODEL_WHOLE),
                 name_model_log(model, slip.at, slip.count, MODEL_WHOLE));
    cr_assert_gt(name_model_log(model, known.at + 3, known.count - 3, MODEL_WITHOUT_REGION),
                 name_model_log(model, known.at + 3, known.count - 3, MODEL_WHOLE));
}
