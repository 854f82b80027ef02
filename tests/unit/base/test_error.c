#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

static bool refused(struct error *err)
{
    return refuse(err, ERR_REFUSED, "record.too-early", "too early: %s", "过早：%s", "2020-01-01");
}

Test(error, an_unknown_code_is_our_own_fault)
{
    cr_assert_str_eq(error_info((enum error_code)999)->name, "internal");
    cr_assert_str_eq(error_info((enum error_code) - 1)->name, "internal");
}

Test(error, every_code_has_a_name_and_a_status)
{
    for (int code = 0; code < ERR_CODE_COUNT; code++) {
        cr_assert_not_null(error_info((enum error_code)code)->name, "%d", code);
        cr_assert(error_info((enum error_code)code)->http_status >= 200);
    }
    cr_assert(error_info(ERR_TIMEOUT)->is_retryable);
    cr_assert_not(error_info(ERR_INVALID)->is_retryable);
}

Test(error, nobody_need_listen)
{
    cr_assert_not(fail(NULL, ERR_IO, "x"));
    cr_assert_not(fail_in(NULL, "where"));
    cr_assert_not(refused(NULL));
}

Test(error, texts_too_long_are_cut_between_characters)
{
    char text[3 * ERROR_TEXT_BYTES + 1];
    struct error err;

    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "煤", 4);
        cr_assert_not(fail(&err, ERR_INVALID, "%s", text));
        cr_assert(utf8_is_valid(span_of(err.text), NULL));
        cr_assert(strlen(err.text) > ERROR_TEXT_BYTES - 8);
        cr_assert_not(refuse(&err, ERR_INVALID, "r", "%s", "%s", text));
        cr_assert_not(fail_in(&err, "%s", text));
        cr_assert(utf8_is_valid(span_of(err.text), NULL) && utf8_is_valid(span_of(err.zh), NULL));
    }
}

Test(error, going_up_both_languages_say_where)
{
    struct error err;

    cr_assert_not(refused(&err));
    cr_assert_not(fail_in(&err, "line %d", 3));
    cr_assert_str_eq(err.text, "line 3: too early: 2020-01-01");
    cr_assert_str_eq(err.zh, "line 3：过早：2020-01-01");
    cr_assert_str_eq(err.rule, "record.too-early");
    cr_assert_eq(err.code, ERR_REFUSED);
}

Test(error, without_chinese_there_is_english)
{
    struct error err;

    cr_assert_not(refused(&err));
    cr_assert_str_eq(error_text(&err, "zh"), err.zh);
    cr_assert_str_eq(error_text(&err, NULL), err.text);
    cr_assert_not(fail(&err, ERR_IO, "broken"));
    cr_assert_str_eq(error_text(&err, "zh"), "broken");
    cr_assert_str_eq(err.rule, "");
}
