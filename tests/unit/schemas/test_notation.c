#include "schemas/notation.h"

#include <criterion/criterion.h>

#include "base/text.h"

static enum date_notation notation_of(const char *text, const char *expected)
{
    char shown[DAY_TEXT_BYTES];
    int32_t day = DAY_NONE;
    enum date_notation notation = notation_date(span_of(text), &day);

    if (expected)
        cr_expect_str_eq(day_format(day, shown), expected, "%s", text);
    return notation;
}

Test(notation, what_is_no_date_is_not_taken_for_one)
{
    static const char *const NONE[] = {"",           "八月",        "2020",     "2020-08",    "31/08/2020",
                                       "20-08-31",   "1899-12-31",  "2200-1-1", "2020-08-3l", "2020-8/31",
                                       "2020年",     "2020-08-31x", "1000",     "999999999",  "2020-08-31 上午",
                                       "2020--08-31"};

    for (size_t i = 0; i < COUNT_OF(NONE); i++)
        cr_expect_eq(notation_of(NONE[i], NULL), DATE_NONE, "%s", NONE[i]);
}

Test(notation, days_that_do_not_exist_are_told_apart)
{
    static const char *const NEVER[] = {"2019-02-29", "2020-13-01",    "2020-00-10",
                                        "2020/2/30",  "2020年4月31日", "20200431"};

    for (size_t i = 0; i < COUNT_OF(NEVER); i++)
        cr_expect_eq(notation_of(NEVER[i], NULL), DATE_NO_SUCH_DAY, "%s", NEVER[i]);
}

Test(notation, other_notations_are_understood)
{
    static const char *const OTHER[] = {"2020/8/3",
                                        "2020-8-3",
                                        "2020.08.03",
                                        "2020年8月3日",
                                        "2020年08月03",
                                        "20200803",
                                        "２０２０-０８-０３",
                                        "2020 年 8 月 3 日",
                                        "2020-08-03 00:00:00",
                                        "2020/8/3 0:00",
                                        "2020-08-03T00:00:00Z",
                                        "2020-08-03 12:30",
                                        "\u00A02020-8-3"};

    for (size_t i = 0; i < COUNT_OF(OTHER); i++)
        cr_expect_eq(notation_of(OTHER[i], "2020-08-03"), DATE_OTHER, "%s", OTHER[i]);
    cr_expect_eq(notation_of("2020-08-03", "2020-08-03"), DATE_GOOD);
}

Test(notation, serial_numbers_of_spreadsheets_are_days_from_1900_on)
{
    cr_expect_eq(notation_of("44046", "2020-08-03"), DATE_SERIAL);
    cr_expect_eq(notation_of("32874", "1990-01-01"), DATE_SERIAL);
    cr_expect_eq(notation_of("32873", NULL), DATE_NONE);
    cr_expect_eq(notation_of("73050", "2099-12-31"), DATE_SERIAL);
    cr_expect_eq(notation_of("73051", NULL), DATE_NONE);
}

Test(notation, scientific_numbers_are_what_spreadsheets_write)
{
    static const char *const YES[] = {"9.144E+17", "9E17", "9.14402240123e+17"};
    static const char *const NO[] = {"", "9", "9.1", "E17", "9.144E+", "91.4E+17", "9.144E+170", "9.144E+17x"};

    for (size_t i = 0; i < COUNT_OF(YES); i++)
        cr_expect(notation_is_scientific(span_of(YES[i])), "%s", YES[i]);
    for (size_t i = 0; i < COUNT_OF(NO); i++)
        cr_expect_not(notation_is_scientific(span_of(NO[i])), "%s", NO[i]);
}

Test(notation, codes_are_recognised_behind_what_does_not_belong)
{
    static const char *const DIRTY[] = {" 91310000631696382C",
                                        "91310000-631696382C",
                                        "'91310000631696382C",
                                        "=\"91310000631696382C\"",
                                        "９１３１００００６３１６９６３８２Ｃ",
                                        "91310000631696382c",
                                        "9131 0000 6316 9638 2C",
                                        "91310000631696382C\xE2\x80\x8B"};
    static const char *const NO[] = {"",
                                     "91310000631696382C",
                                     "91310000631696382D",
                                     "91310000631696382C1",
                                     "9131000063169638",
                                     "91310000／631696382C"};
    char code[USCC_BYTES + 1];

    for (size_t i = 0; i < COUNT_OF(DIRTY); i++) {
        cr_expect(notation_uscc(span_of(DIRTY[i]), code), "%s", DIRTY[i]);
        cr_expect_str_eq(code, "91310000631696382C", "%s", DIRTY[i]);
    }
    for (size_t i = 0; i < COUNT_OF(NO); i++)
        cr_expect_not(notation_uscc(span_of(NO[i]), code), "%s", NO[i]);
}

Test(notation, folding_stops_where_the_room_ends)
{
    char out[4];

    cr_expect_eq(notation_fold(SPAN("ａ b\xE3\x80\x80ｃdef"), out, sizeof out), 4);
    cr_expect_arr_eq(out, "abcd", 4);
    cr_expect_eq(notation_fold(SPAN_NONE, out, sizeof out), 0);
}
