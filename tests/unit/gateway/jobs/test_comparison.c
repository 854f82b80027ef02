/* The verdict on one record, and the merge of pages with what we believe. */
#include <criterion/criterion.h>

#include "base/json.h"
#include "gateway/jobs/comparison.h"
#include "tests/unit/gateway/jobs/fixture.h"

static struct pair pair_of(uint32_t ours, uint32_t theirs)
{
    return (struct pair){.record = "R1", .ours = {ours, ours ? 1 : 0, {0}}, .theirs = {theirs, theirs ? 1 : 0, {0}}};
}

static const char *verdict_of(struct pair pair)
{
    return FINDING_NAMES[pair_judge(&pair)];
}

Test(comparison, what_is_under_way_is_not_judged)
{
    struct pair pair = pair_of(2, 1);

    pair.is_open = true;
    cr_assert_str_eq(verdict_of(pair), "open");
}

Test(comparison, every_difference_has_its_name)
{
    struct pair other_bytes = pair_of(2, 2);
    struct pair other_op = pair_of(2, 2);

    other_bytes.theirs.sm3[31] = 1;
    other_op.theirs.op = 2;
    cr_assert_str_eq(verdict_of(pair_of(1, 0)), "missing");
    cr_assert_str_eq(verdict_of(pair_of(0, 1)), "extra");
    cr_assert_str_eq(verdict_of(pair_of(2, 1)), "older");
    cr_assert_str_eq(verdict_of(pair_of(2, 3)), "newer");
    cr_assert_str_eq(verdict_of(other_bytes), "different");
    cr_assert_str_eq(verdict_of(other_op), "different");
    cr_assert_str_eq(verdict_of(pair_of(2, 2)), "equal");
    cr_assert_str_eq(verdict_of(pair_of(0, 0)), "equal");
}

Test(comparison, what_was_ended_may_be_listed_or_not_but_not_as_it_was_before)
{
    for (unsigned op = ADAPTER_OP_ADD; op <= ADAPTER_OP_SETTLE; op++) {
        bool ends = op == ADAPTER_OP_WITHDRAW || op == ADAPTER_OP_REPAIR;
        struct pair absent = pair_of(2, 0);
        struct pair listed = pair_of(2, 2);
        struct pair before = pair_of(2, 1);

        absent.ours.op = listed.ours.op = listed.theirs.op = before.ours.op = op;
        cr_assert_str_eq(verdict_of(absent), ends ? "ended" : "missing");
        cr_assert_str_eq(verdict_of(listed), "equal");
        cr_assert_str_eq(verdict_of(before), "older");
    }
}

Test(comparison, only_the_last_five_verdicts_are_differences)
{
    for (int i = 0; i < FINDING_COUNT; i++)
        cr_assert_eq(finding_is_difference((enum finding)i), i >= FINDING_MISSING, "%s", FINDING_NAMES[i]);
}
