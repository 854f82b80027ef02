#include "gateway/intake/seen.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/text.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct seen *seen;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
}

static void teardown(void)
{
    seen_free(seen);
    test_folder_remove(folder);
}

TestSuite(seen, .init = setup, .fini = teardown);

/* Obligation `number` with a capacity. */
static enum seen_verdict verdict_of(unsigned number, const char *capacity, size_t line, size_t *earlier)
{
    char document[16];
    struct obligation row = {.field = {[COLUMN_USCC] = SPAN("91440224MAYUCHK485"), [COLUMN_EQUIPMENT] = SPAN("转炉")}};
    enum seen_verdict verdict;

    snprintf(document, sizeof document, "%u", number);
    row.field[COLUMN_DOCUMENT] = span_of(document);
    row.field[COLUMN_CAPACITY] = span_of(capacity);
    cr_assert(seen_check(seen, &row, line, &verdict, earlier, &err), "%s", err.text);
    return verdict;
}

Test(seen, folder_that_is_not_there_is_an_error)
{
    cr_assert_not(seen_new("/nowhere/at/all", 1, &seen, &err));
    cr_assert_eq(err.code, ERR_IO);
}

Test(seen, repeats_and_contradictions_name_the_first_line)
{
    size_t earlier;

    cr_assert(seen_new(folder, 3, &seen, &err), "%s", err.text);
    cr_assert_eq(verdict_of(1, "2", 2, &earlier), SEEN_NEW);
    cr_assert_eq(verdict_of(2, "2", 3, &earlier), SEEN_NEW);
    cr_assert_eq(verdict_of(1, "2.00", 4, &earlier), SEEN_REPEAT);
    cr_assert_eq(earlier, 2);
    cr_assert_eq(verdict_of(2, "3", 5, &earlier), SEEN_CONTRADICTION);
    cr_assert_eq(earlier, 3);
}

Test(seen, thousands_of_rows_are_all_found_again)
{
    enum { ROWS = 5000 };
    size_t earlier;

    cr_assert(seen_new(folder, ROWS, &seen, &err), "%s", err.text);
    for (unsigned i = 0; i < ROWS; i++)
        cr_assert_eq(verdict_of(i, "1", i + 2, &earlier), SEEN_NEW);
    for (unsigned i = 0; i < ROWS; i++) {
        cr_assert_eq(verdict_of(i, "1", i + 2 + ROWS, &earlier), SEEN_REPEAT);
        cr_assert_eq(earlier, i + 2);
    }
}
