#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

Test(text, malformed_utf8_is_refused_at_its_first_byte)
{
    static const char *const BAD[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x80\x80",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x80\x80\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "\xC2",
                                      "\xE7\x85",
                                      "\xF0\x9F\x98",
                                      "\xC2x",
                                      "\xE7\x85x"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        size_t at = 99;

        buf_addf(&text, "ok煤%s", BAD[i]);
        cr_assert_not(utf8_is_valid(buf_span(&text), &at), "%zu", i);
        cr_assert_eq(at, 5, "%zu", i);
        cr_assert_not(utf8_is_valid(buf_span(&text), NULL));
    }
}

Test(text, every_scalar_value_is_valid)
{
    static const char *const GOOD[] = {"",
                                       "\x7F",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xEF\xBF\xBF",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF"};

    for (size_t i = 0; i < COUNT_OF(GOOD); i++)
        cr_assert(utf8_is_valid(span_of(GOOD[i]), NULL), "%zu", i);
    cr_assert(utf8_is_valid(SPAN_NONE, NULL));
}

Test(text, cutting_never_splits_a_character)
{
    struct span text = SPAN("a煤炭");

    for (size_t limit = 0; limit <= text.bytes + 1; limit++) {
        struct span cut = utf8_cut(text, limit);

        cr_assert(cut.bytes <= limit && utf8_is_valid(cut, NULL));
    }
    cr_assert_eq(utf8_cut(text, 6).bytes, 4);
    cr_assert_eq(utf8_cut(text, 7).bytes, 7);
}

Test(text, characters_and_columns_are_counted)
{
    cr_assert_eq(utf8_count(SPAN("a煤\xF0\x9F\x98\x80")), 3);
    cr_assert_eq(utf8_columns(SPAN("a煤炭")), 5);
    cr_assert_eq(utf8_columns(SPAN("〔2026〕…é")), 4 + 4 + 1 + 1);
    cr_assert_eq(utf8_columns(SPAN("e\xCC\x81")), 1);
    cr_assert_eq(utf8_count(SPAN_NONE), 0);
}

static const char *shown(const char *text)
{
    static struct buf out = BUF_INIT;

    buf_clear(&out);
    text_shown_add(&out, (struct span){text, strlen(text)});
    return buf_text(&out);
}

Test(text, a_terminal_is_shown_nothing_that_it_obeys)
{
    cr_assert_str_eq(shown("甲\x1b[31m乙\n"), "甲?[31m乙?");
    cr_assert_str_eq(shown("\xC2\x9B"
                           "31m"),
                     "?31m");
    cr_assert_str_eq(shown("a\xE2\x80\xAE"
                           "b\xE2\x80\x8B"
                           "c\xEF\xBB\xBF"),
                     "a?b?c?");
    cr_assert_str_eq(shown("韶工信节能〔2025〕10号"), "韶工信节能〔2025〕10号");
}

static const char *padded(const char *text, size_t width)
{
    static struct buf out = BUF_INIT;

    buf_clear(&out);
    text_padded_add(&out, (struct span){text, strlen(text)}, width);
    return buf_text(&out);
}

Test(text, cells_of_a_table_are_all_as_wide)
{
    cr_assert_str_eq(padded("煤炭", 6), "煤炭  ");
    cr_assert_str_eq(padded("煤炭", 4), "煤炭");
    cr_assert_str_eq(padded("煤炭业", 5), "煤炭…");
    cr_assert_str_eq(padded("煤炭业", 4), "煤… ");
    cr_assert_str_eq(padded("", 2), "  ");
}

Test(text, integers_are_digits_only_and_few)
{
    static const char *const BAD[] = {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1234567890123456789", "１"};
    int64_t value = 7;

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(integer_parse(span_of(BAD[i]), &value), "%s", BAD[i]);
        cr_assert_eq(value, 7);
    }
    cr_assert(integer_parse(SPAN("999999999999999999"), &value));
    cr_assert_eq(value, 999999999999999999);
    cr_assert(integer_parse(SPAN("007"), &value));
    cr_assert_eq(value, 7);
}

Test(text, trimming_takes_ascii_no_break_and_ideographic_space)
{
    cr_assert(span_is(span_trim(SPAN("\t\r\n \v\f\xE3\x80\x80 煤 炭\xE3\x80\x80 \n")), "煤 炭"));
    cr_assert_eq(span_trim(SPAN(" \xE3\x80\x80 ")).bytes, 0);
    cr_assert(span_is(span_trim(SPAN("\xC2\xA0\xC2\xA0甲\xC2\xA0")), "甲"));
    cr_assert_eq(span_trim(SPAN_NONE).bytes, 0);
}

Test(text, spans_compare_by_bytes)
{
    cr_assert(span_equal(SPAN_NONE, SPAN("")));
    cr_assert_not(span_equal(SPAN("a"), SPAN("ab")));
    cr_assert_not(span_is(SPAN("a\0b"), "a"));
    cr_assert(span_starts(SPAN("abc"), "ab") && !span_starts(SPAN("a"), "ab"));
    cr_assert_not(span_starts(SPAN_NONE, "a"));
}

Test(text, json_strings_escape_controls_quote_and_backslash_only)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    json_string_add(&out, SPAN("\0\b\t\n\v\f\r\x1F\"\\/煤\x7F"));
    cr_assert_str_eq(out.data, "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/煤\x7F\"");
    buf_clear(&out);
    json_string_add(&out, SPAN_NONE);
    cr_assert_str_eq(out.data, "\"\"");
}

/* Texts are read eight bytes at a time: what is special must be seen wherever it stands. */
Test(text, json_strings_escape_at_every_place)
{
    static const char SPECIAL[] = {'"', '\\', '\n', 0x01, 0x1F};
    static const char *const ESCAPED[] = {"\\\"", "\\\\", "\\n", "\\u0001", "\\u001f"};

    for (size_t i = 0; i < COUNT_OF(SPECIAL); i++) {
        for (size_t at = 0; at < 24; at++) {
            AUTO(buf_done) struct buf plain = BUF_INIT;
            AUTO(buf_done) struct buf expected = BUF_INIT;
            AUTO(buf_done) struct buf out = BUF_INIT;

            for (size_t j = 0; j < 24; j++)
                buf_add_byte(&plain, j == at ? SPECIAL[i] : (char)(j % 3 ? 'a' : ' '));
            buf_addf(&expected, "\"%.*s%s%.*s\"", (int)at, plain.data, ESCAPED[i], (int)(23 - at), plain.data + at + 1);
            json_string_add(&out, buf_span(&plain));
            cr_assert_str_eq(out.data, expected.data);
        }
    }
}

Test(text, what_is_not_ascii_is_no_escape_and_delete_is_none_either)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    json_string_add(&out, SPAN("韶关市\x7F璞廪钢铁有限公司 é𝄞"));
    cr_assert_str_eq(out.data, "\"韶关市\x7F璞廪钢铁有限公司 é𝄞\"");
}

Test(text, malformed_utf8_is_found_at_every_place)
{
    for (size_t at = 0; at < 24; at++) {
        char plain[24];
        size_t bad = 99;

        memset(plain, 'a', sizeof plain);
        plain[at] = '\xFF';
        cr_assert_not(utf8_is_valid((struct span){plain, sizeof plain}, &bad));
        cr_assert_eq(bad, at);
    }
}
