#include <criterion/criterion.h>

#include "gateway/courier/tempo.h"

static const int64_t HOUR_MS = 3600000;
static const int64_t WALL_MS = INT64_C(1000) * 3600000;

Test(tempo, it_begins_with_the_clock_and_follows_it)
{
    struct tempo tempo = {0};

    cr_assert_eq(tempo_now(&tempo, WALL_MS, 5000), WALL_MS);
    cr_assert_eq(tempo_now(&tempo, WALL_MS + 10, 5010), WALL_MS + 10);
}

Test(tempo, a_clock_put_forward_is_followed)
{
    struct tempo tempo = {0};

    (void)tempo_now(&tempo, WALL_MS, 0);
    cr_assert_eq(tempo_now(&tempo, WALL_MS + HOUR_MS, 10), WALL_MS + HOUR_MS);
}

Test(tempo, a_clock_put_back_is_not_followed_and_time_goes_on)
{
    struct tempo tempo = {0};

    (void)tempo_now(&tempo, WALL_MS, 0);
    cr_assert_eq(tempo_now(&tempo, WALL_MS - HOUR_MS, 10), WALL_MS + 10);
    cr_assert_eq(tempo_now(&tempo, WALL_MS - HOUR_MS + 500, 510), WALL_MS + 510);
    /* … until it is right again, or ahead. */
    cr_assert_eq(tempo_now(&tempo, WALL_MS + 700, 600), WALL_MS + 700);
}

Test(tempo, a_clock_that_is_being_adjusted_is_followed)
{
    struct tempo tempo = {0};

    (void)tempo_now(&tempo, WALL_MS, 0);
    cr_assert_eq(tempo_now(&tempo, WALL_MS - 300, 10), WALL_MS - 300);
}

Test(tempo, what_has_happened_is_not_in_the_future)
{
    struct tempo tempo = {0};

    (void)tempo_now(&tempo, WALL_MS, 0);
    cr_assert_eq(tempo_raise(&tempo, WALL_MS + HOUR_MS), WALL_MS + HOUR_MS);
    cr_assert_eq(tempo_raise(&tempo, WALL_MS), WALL_MS + HOUR_MS);
    cr_assert_eq(tempo_now(&tempo, WALL_MS + 20, 20), WALL_MS + HOUR_MS + 20);
}

Test(tempo, a_clock_that_jumped_between_two_looks_is_noticed_and_time_that_passed_is_not)
{
    cr_assert_not(tempo_is_moved(WALL_MS, 5000, WALL_MS + HOUR_MS, 5000 + HOUR_MS));
    cr_assert_not(tempo_is_moved(WALL_MS, 5000, WALL_MS - 300, 5010));
    cr_assert(tempo_is_moved(WALL_MS, 5000, WALL_MS + HOUR_MS, 5010));
    cr_assert(tempo_is_moved(WALL_MS, 5000, WALL_MS - HOUR_MS, 5010));
}
