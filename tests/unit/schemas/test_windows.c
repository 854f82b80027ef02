#include "schemas/windows.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/text.h"

static struct error err;

static struct window find(enum severity severity, const char *text)
{
    AUTO(windows_free) struct windows *windows = NULL;
    struct window window = {0};
    int32_t day;

    cr_assert(day_parse(span_of(text), &day));
    cr_assert(windows_load(TEST_SOURCE "/schemas/data/publication-windows.json", &windows, &err), "%s", err.text);
    cr_assert(windows_find(windows, severity, day, &window, &err), "%s", err.text);
    window.basis = NULL;
    return window;
}

Test(windows, what_is_no_table_of_windows_is_refused)
{
    static const char *const BAD[] = {
        "[]",
        "{}",
        "{\"windows\":[]}",
        "{\"windows\":[{}]}",
        "{\"windows\":[{\"basis\":\"x\",\"certainty\":\"F\",\"source\":\"y\",\"from\":null,\"until\":null,\"severity\":"
        "4,\"min_months\":0,\"max_months\":3}]"
        "}",
        "{\"windows\":[{\"basis\":\"x\",\"certainty\":\"F\",\"source\":\"y\",\"from\":null,\"until\":null,\"severity\":"
        "1,\"min_months\":4,\"max_months\":3}]"
        "}",
        "{\"windows\":[{\"basis\":\"x\",\"certainty\":\"F\",\"source\":\"y\",\"from\":\"2026\",\"until\":null,"
        "\"severity\":1,\"min_months\":0,\"max_"
        "months\":3}]}",
        "{\"windows\":[{\"basis\":\"x\",\"from\":null,\"until\":null,\"severity\":1,\"min_months\":0,\"max_months\":3}]"
        "}",
        "{\"windows\":[{\"basis\":\"x\",\"certainty\":\"sure\",\"source\":\"y\",\"from\":null,\"until\":null,"
        "\"severity\":1,"
        "\"min_months\":0,\"max_months\":3}]}",
    };
    static const char GOOD[] =
        "{\"windows\":[{\"basis\":\"x\",\"certainty\":\"F\",\"source\":\"y\",\"from\":null,\"until\":null,"
        "\"severity\":1,\"min_months\":0,\"max_months\":3}]}";
    struct windows *windows = NULL;

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        cr_assert_not(windows_parse(span_of(BAD[i]), &windows, &err), "%s", BAD[i]);
    cr_assert(windows_parse(span_of(GOOD), &windows, &err), "%s", err.text);
    windows_free(windows);
}

/* The periods follow each other without a gap. */
Test(windows, every_day_has_one_window_of_each_severity)
{
    static const char *const EDGES[] = {"1990-01-01", "2023-04-30", "2023-05-01",
                                        "2026-03-31", "2026-04-01", "2100-01-01"};

    for (int severity = SEVERITY_MINOR; severity <= SEVERITY_SERIOUS; severity++)
        for (size_t i = 0; i < COUNT_OF(EDGES); i++)
            cr_expect_geq(find((enum severity)severity, EDGES[i]).max_months, 3);
}

Test(windows, what_is_general_knowledge_is_marked)
{
    cr_assert(find(SEVERITY_GENERAL, "2026-04-01").is_certain);
    cr_assert_not(find(SEVERITY_GENERAL, "2026-03-31").is_certain);
    cr_assert(find(SEVERITY_SERIOUS, "2020-01-01").is_certain);
}

Test(windows, the_rules_change_on_the_first_of_april_2026)
{
    cr_assert_eq(find(SEVERITY_SERIOUS, "2026-03-31").min_months, 6);
    cr_assert_eq(find(SEVERITY_SERIOUS, "2026-04-01").min_months, 12);
}

Test(windows, the_last_day_is_the_same_day_of_the_month_and_repair_begins_the_day_after_the_minimum)
{
    struct window window = find(SEVERITY_GENERAL, "2026-08-03");
    int32_t decided = day_from_civil(2026, 8, 3);

    cr_assert_eq(window_last_day(&window, decided), day_from_civil(2027, 8, 3));
    cr_assert_eq(window_first_repair_day(&window, decided), day_from_civil(2026, 11, 4));
    window = find(SEVERITY_MINOR, "2026-08-03");
    cr_assert_eq(window_first_repair_day(&window, decided), decided);
}

Test(windows, a_severity_is_a_number_a_slug_or_a_chinese_word)
{
    enum severity severity;

    cr_assert(severity_parse(span_of("2"), &severity) && severity == SEVERITY_GENERAL);
    cr_assert(severity_parse(span_of("serious"), &severity) && severity == SEVERITY_SERIOUS);
    cr_assert(severity_parse(span_of("轻微"), &severity) && severity == SEVERITY_MINOR);
    cr_assert_not(severity_parse(span_of("0"), &severity));
    cr_assert_not(severity_parse(SPAN_NONE, &severity));
}

/* A law of 2027 that halves the maximum ends what was listed before it, too; one that doubles it leaves the listed end.
 */
Test(windows, when_the_law_changes_the_earlier_of_the_two_ends_counts)
{
#define ROW(basis, from, until, months)                                                                                \
    "{\"basis\":\"" basis "\",\"certainty\":\"F\",\"source\":\"y\",\"from\":" from ",\"until\":" until                 \
    ",\"severity\":2,\"min_months\":0,\"max_months\":" months "}"
    static const char TWO[] =
        "{\"windows\":[" ROW("old", "null", "\"2026-12-31\"", "12") "," ROW("new", "\"2027-01-01\"", "null", "6") "]}";
    static const char THREE[] =
        "{\"windows\":[" ROW("old", "null", "\"2026-12-31\"", "12") "," ROW("new", "\"2027-01-01\"", "null", "24") "]}";
    AUTO(windows_free) struct windows *shorter = NULL;
    AUTO(windows_free) struct windows *longer = NULL;
    int32_t decided = day_from_civil(2026, 8, 3);
    int32_t listed = day_from_civil(2027, 8, 3);
    int32_t eve = day_from_civil(2026, 12, 31);
    const char *basis;

    cr_assert(windows_parse(span_of(TWO), &shorter, &err), "%s", err.text);
    cr_assert(windows_parse(span_of(THREE), &longer, &err), "%s", err.text);
    cr_expect_eq(windows_end(shorter, SEVERITY_GENERAL, decided, listed, eve, &basis), listed);
    cr_expect_str_eq(basis, "old");
    cr_expect_eq(windows_end(shorter, SEVERITY_GENERAL, decided, listed, eve + 1, &basis), day_from_civil(2027, 2, 3));
    cr_expect_str_eq(basis, "new");
    cr_expect_eq(windows_end(longer, SEVERITY_GENERAL, decided, listed, eve + 1, &basis), listed);
    cr_expect_str_eq(basis, "old");
    /* no rule for that severity: what was listed stands */
    cr_expect_eq(windows_end(longer, SEVERITY_SERIOUS, decided, listed, eve, &basis), listed);
    cr_expect_null(basis);
}
