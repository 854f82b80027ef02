#include "schemas/uscc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

static enum uscc_fault fault_of(const char *code)
{
    return uscc_check(span_of(code));
}

Test(uscc, wrong_codes_name_their_first_fault)
{
    cr_assert_eq(fault_of(""), USCC_LENGTH);
    cr_assert_eq(fault_of("9131000063169638"), USCC_LENGTH);
    cr_assert_eq(fault_of("91310000631696382C0"), USCC_LENGTH);
    cr_assert_eq(fault_of("9131000063169638Oc"), USCC_ALPHABET);
    cr_assert_eq(fault_of("91310000631696382I"), USCC_ALPHABET);
    cr_assert_eq(fault_of("９1310000631696382"), USCC_LENGTH);
    cr_assert_eq(fault_of("91310000631696382D"), USCC_CHECK);
    cr_assert_eq(fault_of("91310000631696382d"), USCC_CHECK);
    cr_assert_eq(fault_of("91310000631696382c"), USCC_LOWER_CASE);
    cr_assert_not(uscc_is_usable(span_of("91310000631696382c")));
}

Test(uscc, wrong_inner_check_is_told_apart_and_usable)
{
    char code[] = "91310000631696383?";

    code[17] = uscc_check_character((struct span){code, 17});
    cr_assert_eq(fault_of(code), USCC_ORGANISATION);
    cr_assert(uscc_is_usable(span_of(code)));
}

Test(uscc, published_codes_are_good)
{
    static const char *const GOOD[] = {"91310000631696382C", "91310000607200180E", "91310113132230684W",
                                       "914403001922038216", "9144030071526726XG", "91440400192548256N",
                                       "91310115X073202692", "11230500001755309F", "91310000MA1K38CF47"};

    for (size_t i = 0; i < COUNT_OF(GOOD); i++)
        cr_assert_eq(fault_of(GOOD[i]), USCC_GOOD, "%s", GOOD[i]);
}

Test(uscc, codes_as_printed_in_the_wild_get_their_verdicts)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    char path[TEST_PATH_BYTES];
    struct error err;
    size_t count = 0;

    if (!test_data_path("uscc-wrong-in-the-wild.tsv", path))
        cr_skip_test("no test data");
    cr_assert(file_read(path, 1 << 20, &text, &err), "%s", err.text);
    for (const char *line = strchr(text.data, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        bool is_case =
            strstr(line, "valid-after-uppercase") && strstr(line, "valid-after-uppercase") < strchr(line, '\n');
        enum uscc_fault fault = uscc_check((struct span){line, strcspn(line, "\t")});

        count++;
        cr_expect_eq(fault == USCC_LOWER_CASE, is_case, "%.30s", line);
        cr_expect(is_case || fault == USCC_CHECK, "%.30s", line);
    }
    cr_assert_eq(count, 213);
}
