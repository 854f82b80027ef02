#include <criterion/criterion.h>

#include "gateway/accounts/lockout.h"

enum { NOW = 1000000000 };

static struct lockout failed(unsigned times)
{
    struct lockout lockout = {0, 0};

    for (unsigned i = 0; i < times; i++)
        lockout_fail(&lockout, NOW);
    return lockout;
}

Test(lockout, the_first_failures_cost_nothing)
{
    struct lockout lockout = failed(LOCKOUT_FREE - 1);

    cr_assert_eq(lockout_wait_ms(&lockout, NOW), 0);
}

Test(lockout, every_further_failure_doubles_the_wait_up_to_a_bound)
{
    static const int64_t WAITS_MS[] = {60000, 120000, 240000, 480000, 900000, 900000};

    for (unsigned i = 0; i < COUNT_OF(WAITS_MS); i++) {
        struct lockout lockout = failed(LOCKOUT_FREE + i);

        cr_assert_eq(lockout_wait_ms(&lockout, NOW), WAITS_MS[i], "%u", i);
        cr_assert_eq(lockout_wait_ms(&lockout, NOW + WAITS_MS[i] - 1), 1, "%u", i);
        cr_assert_eq(lockout_wait_ms(&lockout, NOW + WAITS_MS[i]), 0, "%u", i);
    }
}

Test(lockout, nobody_is_locked_out_for_good_however_often_and_whatever_the_clock_does)
{
    struct lockout lockout = {UINT32_MAX, NOW};

    lockout_fail(&lockout, NOW);
    cr_assert_eq(lockout_wait_ms(&lockout, NOW), LOCKOUT_MOST_MS);
    cr_assert_eq(lockout_wait_ms(&lockout, 0), LOCKOUT_MOST_MS);
}

Test(lockout, a_success_forgets_the_failures)
{
    struct lockout lockout = failed(LOCKOUT_FREE + 3);

    lockout_forget(&lockout);
    lockout_fail(&lockout, NOW);
    cr_assert_eq(lockout_wait_ms(&lockout, NOW), 0);
}
