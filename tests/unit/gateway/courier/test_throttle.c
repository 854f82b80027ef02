/* How many at once: growth, shrinking, death and the way back. */
#include <criterion/criterion.h>

#include "gateway/courier/throttle.h"

static struct throttle throttle;

static void succeed(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        (void)throttle_success(&throttle);
}

static void begin(void)
{
    throttle_init(&throttle, 4);
}

TestSuite(throttle, .init = begin);

Test(throttle, it_never_begins_or_grows_beyond_its_limit)
{
    throttle_init(&throttle, 1);
    cr_assert_eq(throttle_room(&throttle, 0, 0), 1);
    succeed(100);
    cr_assert_eq(throttle_room(&throttle, 0, 0), 1);
    throttle_init(&throttle, 0);
    cr_assert_eq(throttle_room(&throttle, 0, 0), 1);
    throttle_init(&throttle, 4);
    succeed(100);
    cr_assert_eq(throttle_room(&throttle, 0, 0), 4);
    cr_assert_eq(throttle_room(&throttle, 4, 0), 0);
    cr_assert_eq(throttle_room(&throttle, 5, 0), 0);
}

Test(throttle, it_grows_by_one_after_as_many_successes_as_there_are_at_once)
{
    cr_assert_eq(throttle.size, THROTTLE_BEGIN);
    succeed(1);
    cr_assert_eq(throttle.size, 2);
    succeed(1);
    cr_assert_eq(throttle.size, 3);
    succeed(2);
    cr_assert_eq(throttle.size, 3);
    succeed(1);
    cr_assert_eq(throttle.size, 4);
}

Test(throttle, failures_between_successes_shrink_it)
{
    succeed(5);
    cr_assert_eq(throttle.size, 4);
    for (int i = 0; i < 8; i++) {
        throttle_failure(&throttle, 0, 1000);
        throttle_failure(&throttle, 0, 1000);
        (void)throttle_success(&throttle);
        cr_assert(throttle_is_alive(&throttle) || throttle.size <= 2);
    }
    cr_assert_lt(throttle.size, 4);
}

Test(throttle, a_round_of_failures_is_death_and_one_probe_at_a_time)
{
    throttle_failure(&throttle, 1000, 500);
    cr_assert(throttle_is_alive(&throttle));
    throttle_failure(&throttle, 1000, 500);
    cr_assert_not(throttle_is_alive(&throttle));
    cr_assert_eq(throttle_room(&throttle, 0, 1499), 0);
    cr_assert_eq(throttle_opens_ms(&throttle), 1500);
    cr_assert_eq(throttle_room(&throttle, 0, 1500), 1);
    cr_assert_eq(throttle_room(&throttle, 1, 1500), 0);
}

Test(throttle, probes_that_fail_come_further_apart_and_late_failures_do_not_count)
{
    throttle_failure(&throttle, 1000, 500);
    throttle_failure(&throttle, 1000, 500);
    cr_assert_eq(throttle_deaths(&throttle), 2);
    throttle_failure(&throttle, 1200, 500); /* was in flight when it died */
    cr_assert_eq(throttle_deaths(&throttle), 2);
    throttle_failure(&throttle, 1500, 1000);
    cr_assert_eq(throttle_deaths(&throttle), 3);
    cr_assert_eq(throttle_opens_ms(&throttle), 2500);
}

Test(throttle, a_success_brings_it_back_with_one_at_a_time)
{
    succeed(10);
    for (int i = 0; i < 4; i++)
        throttle_failure(&throttle, 1000, 500);
    cr_assert_not(throttle_is_alive(&throttle));
    cr_assert(throttle_success(&throttle));
    cr_assert_not(throttle_success(&throttle));
    cr_assert(throttle_is_alive(&throttle));
    cr_assert_leq(throttle.size, 2);
    cr_assert_geq(throttle_room(&throttle, 0, 1000), 1);
}

Test(throttle, what_the_destination_asked_for_holds_even_when_others_succeed)
{
    throttle_close_until(&throttle, 5000);
    throttle_close_until(&throttle, 4000);
    succeed(3);
    cr_assert_eq(throttle_room(&throttle, 0, 4999), 0);
    cr_assert_gt(throttle_room(&throttle, 0, 5000), 0);
}
