#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

static int32_t day(const char *text)
{
    int32_t value = DAY_NONE;

    cr_assert(day_parse(span_of(text), &value), "%s", text);
    return value;
}

static int64_t instant(const char *text)
{
    int64_t value = 0;

    cr_assert(instant_parse(span_of(text), &value), "%s", text);
    return value;
}

Test(time, days_that_do_not_exist_are_refused)
{
    static const char *const BAD[] = {"",           "2019-02-29", "1900-02-29", "2100-02-29", "2020-00-01",
                                      "2020-13-01", "2020-01-00", "2020-01-32", "2020-04-31", "1899-12-31",
                                      "2200-01-01", "2020-1-01",  "2020/01/01", "20200101",   "2020-01-01 ",
                                      " 2020-01-1", "+020-01-01", "2020-01-0x"};
    int32_t value = 5;

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(day_parse(span_of(BAD[i]), &value), "%s", BAD[i]);
        cr_assert_eq(value, 5);
    }
}

Test(time, every_day_from_1900_to_2199_comes_back)
{
    int32_t first = day("1900-01-01");
    int32_t last = day("2199-12-31");

    cr_assert_eq(last - first + 1, 109573);
    for (int32_t value = first; value <= last; value++) {
        char text[DAY_TEXT_BYTES];
        int32_t back;
        int civil[3];

        cr_assert(day_parse(span_of(day_format(value, text)), &back));
        cr_assert_eq(back, value);
        day_to_civil(value, &civil[0], &civil[1], &civil[2]);
        cr_assert_eq(day_from_civil(civil[0], civil[1], civil[2]), value);
        cr_assert_eq(day_of_instant(day_start_ms(value)), value);
        cr_assert_eq(day_of_instant(day_start_ms(value) - 1), value - 1);
    }
}

Test(time, leap_days_and_the_epoch)
{
    char text[DAY_TEXT_BYTES];

    cr_assert_eq(day("1970-01-01"), 0);
    cr_assert_eq(day("2000-03-01") - day("2000-02-28"), 2);
    cr_assert_eq(day("2024-03-01") - day("2024-02-28"), 2);
    cr_assert_eq(day("2100-03-01") - day("2100-02-28"), 1);
    cr_assert_str_eq(day_format(DAY_NONE, text), "");
}

Test(time, months_end_on_the_last_day_when_it_is_missing)
{
    static const struct {
        const char *from;
        int months;
        const char *to;
    } CASES[] = {{"2017-08-31", 6, "2018-02-28"},  {"2019-08-31", 6, "2020-02-29"}, {"2020-02-29", 12, "2021-02-28"},
                 {"2020-02-29", 48, "2024-02-29"}, {"2020-01-31", 1, "2020-02-29"}, {"2020-01-31", 3, "2020-04-30"},
                 {"2020-12-31", 2, "2021-02-28"},  {"2020-11-15", 2, "2021-01-15"}, {"2021-03-31", -1, "2021-02-28"},
                 {"2021-01-31", -2, "2020-11-30"}, {"2020-05-05", 0, "2020-05-05"}, {"2020-12-01", 0, "2020-12-01"}};

    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        cr_assert_eq(day_add_months(day(CASES[i].from), CASES[i].months), day(CASES[i].to), "%s + %d", CASES[i].from,
                     CASES[i].months);
}

Test(time, the_day_changes_at_midnight_in_shanghai)
{
    cr_assert_eq(day_of_instant(instant("2020-12-31T15:59:59.999Z")), day("2020-12-31"));
    cr_assert_eq(day_of_instant(instant("2020-12-31T16:00:00.000Z")), day("2021-01-01"));
    cr_assert_eq(day_of_instant(instant("1969-12-31T15:59:59.999Z")), day("1969-12-31"));
    cr_assert_eq(day_of_instant(0), 0);
}

Test(time, instants_that_are_none_are_refused)
{
    static const char *const BAD[] = {"",
                                      "2020-01-01",
                                      "2020-01-01T00:00:00",
                                      "2020-01-01 00:00:00Z",
                                      "2020-01-01T24:00:00Z",
                                      "2020-01-01T00:60:00Z",
                                      "2020-01-01T00:00:60Z",
                                      "2020-01-01T00:00:00.Z",
                                      "2020-01-01T00:00:00+0800",
                                      "2020-01-01T00:00:00+24:00",
                                      "2020-01-01T00:00:00+08:60",
                                      "2020-01-01T00:00:00Zx",
                                      "2020-02-30T00:00:00Z",
                                      "2020-01-01T00:00:00.123",
                                      "2020-01-01T0:00:00Z ",
                                      "2020-01-01T00-00-00Z",
                                      "2020-01-01T00:00:00 08:00"};
    int64_t value = 5;

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        cr_assert_not(instant_parse(span_of(BAD[i]), &value), "%s", BAD[i]);
        cr_assert_eq(value, 5);
    }
}

Test(time, one_instant_may_be_written_with_any_offset)
{
    int64_t expected = instant("2026-11-24T07:41:43.000+08:00");
    char text[INSTANT_TEXT_BYTES];

    cr_assert_eq(expected, 1795477303000);
    cr_assert_eq(instant("2026-11-23T23:41:43Z"), expected);
    cr_assert_eq(instant("2026-11-23t23:41:43z"), expected);
    cr_assert_eq(instant("2026-11-23T18:11:43.0-05:30"), expected);
    cr_assert_eq(instant("2026-11-24T07:41:43.0019999999999999999+08:00"), expected + 1);
    cr_assert_str_eq(instant_format(expected, text), "2026-11-24T07:41:43.000+08:00");
}

Test(time, instants_come_back)
{
    for (int64_t value = -1000000000007; value < 4000000000000; value += 9876543211) {
        char text[INSTANT_TEXT_BYTES];

        cr_assert_eq(instant(instant_format(value, text)), value, "%s", text);
    }
}

Test(time, the_monotonic_clock_does_not_go_back)
{
    int64_t before = time_monotonic_ms();

    cr_assert(time_monotonic_ms() >= before);
    cr_assert(clock_now_ms(&CLOCK_SYSTEM) > 1577836800000);
}
