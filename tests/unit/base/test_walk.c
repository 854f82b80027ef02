#include "base/walk.h"

#include <criterion/criterion.h>

#include "base/text.h"

static const char *first_text(const char *json)
{
    static struct buf hold;
    struct walk walk;
    struct span name, raw, text;

    buf_clear(&hold);
    if (!walk_begin(&walk, span_of(json)) || !walk_next(&walk, &name, &raw) || !walk_text(raw, &hold, &text))
        return "(none)";
    if (text.at != hold.data) {
        buf_clear(&hold);
        buf_add_span(&hold, text);
    }
    return buf_text(&hold);
}

Test(walk, a_quote_behind_an_odd_number_of_backslashes_does_not_end_a_string)
{
    cr_expect_str_eq(first_text("[\"a\\\"b\"]"), "a\"b");
    cr_expect_str_eq(first_text("[\"a\\\\\"]"), "a\\");
    cr_expect_str_eq(first_text("[\"\\\\\\\"\"]"), "\\\"");
    cr_expect_str_eq(first_text("[\"\\\\\\\\\"]"), "\\\\");
    cr_expect_str_eq(first_text("[\"\"]"), "");
}

Test(walk, what_does_not_end_is_no_value)
{
    static const char *const BROKEN[] = {"[\"a",    "[\"a\\\"", "[\"a\\\"]", "{\"a\":\"b\\\\\\\"}",
                                         "{\"a:1}", "[",        "{\"a\""};

    for (size_t i = 0; i < COUNT_OF(BROKEN); i++) {
        struct walk walk;
        struct span name, raw;

        cr_expect(!walk_begin(&walk, span_of(BROKEN[i])) || !walk_next(&walk, &name, &raw), "%s", BROKEN[i]);
    }
}

Test(walk, brackets_within_strings_do_not_count)
{
    struct span object = SPAN("{\"a\":{\"x\":\"}]\\\"\",\"y\":[1,2]},\"b\":\"c\"}");

    cr_assert(span_is(walk_member(object, "a"), "{\"x\":\"}]\\\"\",\"y\":[1,2]}"));
    cr_assert(span_is(walk_member(object, "b"), "\"c\""));
    cr_assert_eq(walk_member(object, "x").bytes, 0);
}

Test(walk, numbers_and_absent_members)
{
    struct span object = SPAN("{\"n\":-12,\"text\":\"plain\",\"nothing\":null}");

    cr_assert_eq(walk_integer_of(object, "n", 7), -12);
    cr_assert_eq(walk_integer_of(object, "nothing", 7), 7);
    cr_assert_eq(walk_integer_of(object, "absent", 7), 7);
    cr_assert(span_is(walk_plain_of(object, "text"), "plain"));
    cr_assert_eq(walk_plain_of(object, "nothing").bytes, 0);
}
