#include "base/wrap.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

static void wraps(const char *text, size_t width, const char *expected)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    wrap_add(&out, span_of(text), 0, 2, width);
    cr_expect_str_eq(buf_text(&out), expected, "%s", buf_text(&out));
}

Test(wrap, nothing_stays_nothing)
{
    wraps("", 10, "");
    wraps("   ", 10, "");
}

Test(wrap, words_longer_than_a_line_are_broken)
{
    wraps("abcdefghijkl", 6, "abcdef\n  ghij\n  kl");
    wraps("xyz abcdefghijkl", 6, "xyz\n  abcd\n  efgh\n  ijkl");
}

Test(wrap, english_breaks_at_spaces)
{
    wraps("one two three four", 9, "one two\n  three\n  four");
    wraps("one  two", 80, "one  two");
}

Test(wrap, chinese_breaks_between_characters_but_not_before_closing_signs)
{
    wraps("统一社会信用代码", 8, "统一社会\n  信用代\n  码");
    wraps("代码有误。请核对", 8, "代码有误。\n  请核对");
    wraps("应为“钢铁”行业", 9, "应为“钢铁”\n  行业");
    wraps("日期 2025-03-01 有误", 12, "日期\n  2025-03-01\n  有误");
}

Test(wrap, what_a_terminal_obeys_is_not_written)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    wrap_add(&out, SPAN("a\x1b[31mb\nc"), 0, 2, 80);
    cr_assert_null(strchr(buf_text(&out), '\x1b'));
    cr_assert_null(strchr(buf_text(&out), '\n'));
}

Test(wrap, lines_stay_within_the_width_whatever_it_is)
{
    static const char TEXT[] =
        "“韶关市工信局”不在机关名录中。此项通常由“韶关市工业和信息化局”责令 (authority.unknown, see below).";

    for (size_t width = 1; width < 100; width++) {
        AUTO(buf_done) struct buf out = BUF_INIT;
        const char *line;

        wrap_add(&out, SPAN(TEXT), 0, 4, width);
        line = buf_text(&out);
        while (*line) {
            size_t bytes = strcspn(line, "\n");

            cr_expect_leq(utf8_columns((struct span){line, bytes}), (width > 6 ? width : 6) + 2, "%zu", width);
            line += bytes + (line[bytes] == '\n');
        }
    }
}
