#include "schemas/calendar.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/text.h"

static struct error err;
static struct calendar *calendar;

static void setup(void)
{
    cr_assert(calendar_load(TEST_SOURCE "/schemas/data/calendar.json", &calendar, &err), "%s", err.text);
}

static void teardown(void)
{
    calendar_free(calendar);
}

TestSuite(calendar, .init = setup, .fini = teardown);

static int32_t on(const char *text)
{
    int32_t day = DAY_NONE;

    cr_assert(day_parse(span_of(text), &day), "%s", text);
    return day;
}

static void expect(const char *text, bool is_working)
{
    bool is_provisional = false;

    cr_expect_eq(calendar_is_working(calendar, on(text), &is_provisional), is_working, "%s", text);
    cr_expect_not(is_provisional, "%s", text);
}

#define NOTICE(members) "{\"about\":\"x\",\"statutory\":[],\"notices\":[{" members "}]}"
#define YEAR "\"year\":2025,\"number\":\"7\",\"dated\":\"2024-11-12\",\"certainty\":\"F\",\"source\":\"x\","
#define HOLIDAY(from, until) "{\"name\":\"x\",\"from\":\"" from "\",\"until\":\"" until "\"}"
#define STATUTE(members) "{\"about\":\"x\",\"notices\":[],\"statutory\":[" members "]}"
#define RULE(from, until, days)                                                                                        \
    "{\"basis\":\"x\",\"from\":" from ",\"until\":" until ",\"qingming\":false,\"days\":[" days                        \
    "],\"certainty\":\"F\",\"source\":\"x\"}"

Test(calendar, what_is_no_calendar_is_refused)
{
    static const char *const BAD[] = {
        "[]",
        "{}",
        "{\"about\":\"x\",\"notices\":[]}",
        "{\"about\":\"x\",\"notices\":[],\"statutory\":[],\"more\":1}",
        "{\"about\":\"x\",\"notices\":{},\"statutory\":[]}",
        NOTICE(YEAR "\"workdays\":[]"),
        NOTICE(YEAR "\"holidays\":[],\"workdays\":[]"),
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-01-01", "2025-01-01") "],\"workdays\":[],\"note\":\"x\""),
        /* another year; the wrong way round; twice the same day; a day that is none */
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2024-12-31", "2025-01-01") "],\"workdays\":[]"),
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-01-02", "2025-01-01") "],\"workdays\":[]"),
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-01-01", "2025-01-02") "," HOLIDAY("2025-01-02",
                                                                                     "2025-01-03") "],"
                                                                                                   "\"workdays\":[]"),
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-02-29", "2025-02-29") "],\"workdays\":[]"),
        /* make-up days: no weekend, in a holiday, twice */
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-01-01", "2025-01-01") "],\"workdays\":[\"2025-01-27\"]"),
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-05-01", "2025-05-05") "],\"workdays\":[\"2025-05-04\"]"),
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-01-01", "2025-01-01") "],\"workdays\":[\"2025-01-26\","
                                                                         "\"2025-01-26\"]"),
        STATUTE(RULE("\"2025-01-01\"", "null", "")),
        STATUTE(RULE("\"2025-01-01\"", "null", "\"02-29\"")),
        STATUTE(RULE("\"2025-01-01\"", "null", "\"13-01\"")),
        STATUTE(RULE("\"2025-01-01\"", "\"2024-01-01\"", "\"01-01\"")),
        STATUTE(RULE("\"2014-01-01\"", "null", "\"01-01\"") "," RULE("\"2025-01-01\"", "null", "\"01-01\"")),
        STATUTE(RULE("\"2014-01-01\"", "\"2025-01-01\"", "\"01-01\"") "," RULE("\"2025-01-01\"", "null", "\"01-01\"")),
    };
    static const char GOOD[] =
        NOTICE(YEAR "\"holidays\":[" HOLIDAY("2025-01-01", "2025-01-01") "],\"workdays\":[\"2025-01-26\"]");
    struct calendar *other = NULL;

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        cr_assert_not(calendar_parse(span_of(BAD[i]), &other, &err), "%s", BAD[i]);
    cr_assert_null(other);
    cr_assert(calendar_parse(span_of(GOOD), &other, &err), "%s", err.text);
    calendar_free(other);
}

Test(calendar, each_year_says_on_which_notice_it_stands)
{
    static const struct {
        int year;
        const char *number;
        const char *dated;
    } NOTICES[] = {{2024, "国办发明电〔2023〕7号", "2023-10-25"},
                   {2025, "国办发明电〔2024〕12号", "2024-11-12"},
                   {2026, "国办发明电〔2025〕7号", "2025-11-04"}};
    struct calendar_notice notice;

    for (size_t i = 0; i < COUNT_OF(NOTICES); i++) {
        cr_assert(calendar_notice(calendar, NOTICES[i].year, &notice));
        cr_assert_str_eq(notice.number, NOTICES[i].number);
        cr_assert_eq(notice.dated, on(NOTICES[i].dated));
    }
    cr_assert_not(calendar_notice(calendar, 2027, &notice));
}

Test(calendar, weekends_on_which_work_is_made_up_are_working_days)
{
    static const char *const MADE_UP[] = {"2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11",
                                          "2024-09-14", "2024-09-29", "2024-10-12", "2025-01-26", "2025-02-08",
                                          "2025-04-27", "2025-09-28", "2025-10-11", "2026-01-04", "2026-02-14",
                                          "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"};

    for (size_t i = 0; i < COUNT_OF(MADE_UP); i++)
        expect(MADE_UP[i], true);
}

Test(calendar, days_between_are_off_though_they_fall_on_a_working_day_of_the_week)
{
    static const char *const OFF[] = {"2024-02-12", "2024-02-16", "2024-09-17", "2025-01-28", "2025-02-04",
                                      "2025-05-05", "2025-06-02", "2025-10-08", "2026-01-02", "2026-02-23",
                                      "2026-04-06", "2026-05-05", "2026-06-19", "2026-09-25", "2026-10-07"};

    for (size_t i = 0; i < COUNT_OF(OFF); i++)
        expect(OFF[i], false);
    /* New Year's Eve of the lunar year was no holiday before 2025; the 8th was a working day again */
    expect("2024-02-09", true);
    expect("2026-10-08", true);
    expect("2026-01-03", false);
    expect("2026-11-24", true);
}

/* 365 or 366 days less weekends and statutory holidays (11 until 2024, 13 since): what is moved is not lost. */
Test(calendar, a_year_has_as_many_working_days_as_the_law_leaves)
{
    static const struct {
        const char *last_before;
        const char *last;
        int days;
    } YEARS[] = {
        {"2023-12-31", "2024-12-31", 251}, {"2024-12-31", "2025-12-31", 248}, {"2025-12-31", "2026-12-31", 248}};

    for (size_t i = 0; i < COUNT_OF(YEARS); i++) {
        bool is_provisional = false;

        cr_expect_eq(
            calendar_working_days_between(calendar, on(YEARS[i].last_before), on(YEARS[i].last), &is_provisional),
            YEARS[i].days, "%s", YEARS[i].last);
        cr_expect_not(is_provisional);
    }
}

Test(calendar, seven_working_days_run_over_holidays_and_make_up_days)
{
    static const struct {
        const char *from;
        const char *seventh;
    } TERMS[] = {
        {"2026-08-03", "2026-08-12"}, /* two days of a weekend between */
        {"2026-09-18", "2026-09-29"}, /* 20 is made up, 25 to 27 are off */
        {"2026-09-30", "2026-10-15"}, /* 1 to 7 are off, 10 is made up */
        {"2026-02-13", "2026-03-02"}, /* 14 is made up, 15 to 23 are off, 28 is made up */
        {"2025-01-24", "2025-02-10"}, /* 26 is made up, 28 to 4 are off, 8 is made up */
    };

    for (size_t i = 0; i < COUNT_OF(TERMS); i++)
        cr_expect_eq(calendar_working_days_after(calendar, on(TERMS[i].from), 7, NULL), on(TERMS[i].seventh), "%s",
                     TERMS[i].from);
    cr_expect_eq(calendar_working_days_after(calendar, on("2026-10-01"), 0, NULL), on("2026-10-01"));
    cr_expect_eq(calendar_working_days_after(calendar, on("2026-10-01"), 1, NULL), on("2026-10-08"));
}

/* Counting forth and back agree, from every day of three years. */
Test(calendar, between_is_the_inverse_of_after)
{
    for (int32_t day = on("2024-01-01"); day <= on("2026-11-30"); day++) {
        for (int count = 1; count < 15; count++) {
            int32_t end = calendar_working_days_after(calendar, day, count, NULL);

            cr_assert(calendar_is_working(calendar, end, NULL));
            cr_assert_eq(calendar_working_days_between(calendar, day, end, NULL), count);
            cr_assert_eq(calendar_working_days_between(calendar, end, day, NULL), -count);
            cr_assert_eq(calendar_working_days_between(calendar, day, end - 1, NULL), count - 1);
        }
    }
}

Test(calendar, a_year_without_a_notice_is_provisional_and_knows_the_fixed_days)
{
    static const struct {
        const char *day;
        bool is_working;
    } DAYS[] = {
        {"2027-01-01", false}, {"2027-01-04", true},  {"2027-04-05", false}, {"2027-05-03", true},
        {"2028-04-04", false}, {"2028-05-01", false}, {"2028-05-02", false}, {"2027-10-01", false},
        {"2027-10-02", false}, {"2027-10-04", true},  {"2027-02-08", true}, /* Spring Festival: the moon's */
        {"2023-05-01", false}, {"2023-05-02", true},                        /* one day of Labour Day until 2024 */
    };
    bool is_provisional;

    for (size_t i = 0; i < COUNT_OF(DAYS); i++) {
        is_provisional = false;
        cr_expect_eq(calendar_is_working(calendar, on(DAYS[i].day), &is_provisional), DAYS[i].is_working, "%s",
                     DAYS[i].day);
        cr_expect(is_provisional, "%s", DAYS[i].day);
    }
}

/* 清明 as the almanacs have it. */
Test(calendar, qingming_follows_the_sun)
{
    static const struct {
        int year;
        int day;
    } KNOWN[] = {{2019, 5}, {2020, 4}, {2021, 4}, {2022, 5}, {2023, 5}, {2027, 5}, {2028, 4}, {2029, 4}, {2030, 5}};

    for (size_t i = 0; i < COUNT_OF(KNOWN); i++) {
        int32_t day = day_from_civil(KNOWN[i].year, 4, KNOWN[i].day);

        cr_expect_not(calendar_is_working(calendar, day, NULL), "%d", KNOWN[i].year);
    }
    cr_expect(calendar_is_working(calendar, on("2023-04-04"), NULL));
    cr_expect(calendar_is_working(calendar, on("2028-04-05"), NULL));
}

Test(calendar, a_term_that_ends_in_an_unannounced_year_says_so)
{
    bool is_provisional = false;

    cr_expect_eq(calendar_working_days_after(calendar, on("2026-12-22"), 7, &is_provisional), on("2026-12-31"));
    cr_expect_not(is_provisional);
    cr_expect_eq(calendar_working_days_after(calendar, on("2026-12-23"), 7, &is_provisional), on("2027-01-04"));
    cr_expect(is_provisional);
}

Test(calendar, a_count_has_an_end)
{
    cr_expect_eq(calendar_working_days_between(calendar, on("1900-01-01"), on("2199-12-31"), NULL), CALENDAR_COUNT_MAX);
    cr_expect_eq(calendar_working_days_after(calendar, on("2026-01-01"), -1, NULL), on("2026-01-01"));
}
