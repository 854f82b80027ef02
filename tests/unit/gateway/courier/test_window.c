/* How many at once: growth, shrinking, death and the way back. */
#include <criterion/criterion.h>

#include "gateway/courier/window.h"

static struct window window;

static void succeed(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        (void)window_success(&window);
}

static void begin(void)
{
    window_init(&window, 4);
}

TestSuite(window, .init = begin);

Test(window, it_never_begins_or_grows_beyond_its_limit)
{
    window_init(&window, 1);
    cr_assert_eq(window_room(&window, 0, 0), 1);
    succeed(100);
    cr_assert_eq(window_room(&window, 0, 0), 1);
    window_init(&window, 0);
    cr_assert_eq(window_room(&window, 0, 0), 1);
    window_init(&window, 4);
    succeed(100);
    cr_assert_eq(window_room(&window, 0, 0), 4);
    cr_assert_eq(window_room(&window, 4, 0), 0);
    cr_assert_eq(window_room(&window, 5, 0), 0);
}

Test(window, it_grows_by_one_after_as_many_successes_as_there_are_at_once)
{
    cr_assert_eq(window.size, WINDOW_BEGIN);
    succeed(1);
    cr_assert_eq(window.size, 2);
    succeed(1);
    cr_assert_eq(window.size, 3);
    succeed(2);
    cr_assert_eq(window.size, 3);
    succeed(1);
    cr_assert_eq(window.size, 4);
}

Test(window, failures_between_successes_shrink_it)
{
    succeed(5);
    cr_assert_eq(window.size, 4);
    for (int i = 0; i < 8; i++) {
        window_failure(&window, 0, 1000);
        window_failure(&window, 0, 1000);
        (void)window_success(&window);
        cr_assert(window_is_alive(&window) || window.size <= 2);
    }
    cr_assert_lt(window.size, 4);
}

Test(window, a_round_of_failures_is_death_and_one_probe_at_a_time)
{
    window_failure(&window, 1000, 500);
    cr_assert(window_is_alive(&window));
    window_failure(&window, 1000, 500);
    cr_assert_not(window_is_alive(&window));
    cr_assert_eq(window_room(&window, 0, 1499), 0);
    cr_assert_eq(window_opens_ms(&window), 1500);
    cr_assert_eq(window_room(&window, 0, 1500), 1);
    cr_assert_eq(window_room(&window, 1, 1500), 0);
}

Test(window, probes_that_fail_come_further_apart_and_late_failures_do_not_count)
{
    window_failure(&window, 1000, 500);
    window_failure(&window, 1000, 500);
    cr_assert_eq(window_deaths(&window), 2);
    window_failure(&window, 1200, 500); /* was in flight when it died */
    cr_assert_eq(window_deaths(&window), 2);
    window_failure(&window, 1500, 1000);
    cr_assert_eq(window_deaths(&window), 3);
    cr_assert_eq(window_opens_ms(&window), 2500);
}

Test(window, a_success_brings_it_back_with_one_at_a_time)
{
    succeed(10);
    for (int i = 0; i < 4; i++)
        window_failure(&window, 1000, 500);
    cr_assert_not(window_is_alive(&window));
    cr_assert(window_success(&window));
    cr_assert_not(window_success(&window));
    cr_assert(window_is_alive(&window));
    cr_assert_leq(window.size, 2);
    cr_assert_geq(window_room(&window, 0, 1000), 1);
}

Test(window, what_the_destination_asked_for_holds_even_when_others_succeed)
{
    window_close_until(&window, 5000);
    window_close_until(&window, 4000);
    succeed(3);
    cr_assert_eq(window_room(&window, 0, 4999), 0);
    cr_assert_gt(window_room(&window, 0, 5000), 0);
}
