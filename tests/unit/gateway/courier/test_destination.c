/* What is remembered of a channel: rows of the same ending, deaths and probes. */
#include <criterion/criterion.h>

#include "gateway/courier/courier.h"
#include "gateway/courier/destination.h"

static struct courier_channel channel;
static struct destination destination;

static void begin(void)
{
    channel = (struct courier_channel){.name = "credit-guangdong",
                                       .adapter = &adapter_credit_guangdong,
                                       .concurrency = 4,
                                       .retry_first_ms = 5000,
                                       .retry_max_ms = (int64_t)24 * 3600 * 1000,
                                       .poll_ms = 5000};
    destination_init(&destination, &channel);
}

static void end(void)
{
    destination_done(&destination);
}

TestSuite(destination, .init = begin, .fini = end);

static void learn(enum policy_ending ending, enum policy_action action, enum policy_blame blame, int64_t now_ms)
{
    struct policy_verdict verdict = {.ending = ending, .action = action, .blame = blame};

    destination_learn(&destination, &verdict, -1, now_ms, 12345);
}

Test(destination, a_dead_one_is_tried_every_few_minutes_however_long_it_is_dead)
{
    int64_t now_ms = 1000000;
    int64_t longest_ms = 0;

    for (int i = 0; i < 40; i++) {
        int64_t opens_ms;

        learn(ENDING_NOT_REACHED, ACTION_RESEND, BLAME_DESTINATION, now_ms);
        opens_ms = throttle_opens_ms(&destination.throttle);
        if (opens_ms > now_ms) {
            longest_ms = opens_ms - now_ms;
            now_ms = opens_ms;
        }
    }
    cr_assert_not(throttle_is_alive(&destination.throttle));
    cr_assert_leq(longest_ms, POLICY_PROBE_MAX_MS);
    cr_assert_geq(longest_ms, POLICY_PROBE_MAX_MS / 2);
}

Test(destination, one_that_comes_back_has_its_calls_tried_early)
{
    destination.wants_early = false;
    learn(ENDING_ACCEPTED, ACTION_RECEIVED, BLAME_NOBODY, 0);
    cr_assert_not(destination.wants_early);
    for (int i = 0; i < 4; i++)
        learn(ENDING_LOST, ACTION_ASK, BLAME_DESTINATION, 0);
    learn(ENDING_NOT_READY, ACTION_WAIT, BLAME_NOBODY, 0);
    cr_assert(destination.wants_early);
}

Test(destination, only_the_same_ending_again_makes_a_streak_and_success_ends_the_failures)
{
    destination_count(&destination, ENDING_LOST, true);
    destination_count(&destination, ENDING_LOST, true);
    cr_assert_eq(destination.streak, 2);
    destination_count(&destination, ENDING_BUSY, true);
    cr_assert_eq(destination.streak, 1);
    cr_assert_eq(destination.failures, 3);
    destination_count(&destination, ENDING_ACCEPTED, false);
    cr_assert_eq(destination.failures, 0);
}

Test(destination, single_refusals_count_until_something_is_taken)
{
    learn(ENDING_BODY_REFUSED, ACTION_REFUSE_ROW, BLAME_ROW, 0);
    learn(ENDING_BODY_REFUSED, ACTION_SPLIT, BLAME_ROW, 0);
    learn(ENDING_BODY_REFUSED, ACTION_REFUSE_ROW, BLAME_ROW, 0);
    cr_assert_eq(destination.lone_refusals, 2);
    learn(ENDING_ACCEPTED, ACTION_RECEIVED, BLAME_NOBODY, 0);
    cr_assert_eq(destination.lone_refusals, 0);
}

Test(destination, settings_out_of_bounds_are_brought_within)
{
    struct destination other;

    channel.concurrency = 100000;
    channel.retry_first_ms = 0;
    channel.poll_ms = -1;
    destination_init(&other, &channel);
    cr_assert_eq(other.throttle.limit, COURIER_CONCURRENCY_MAX);
    cr_assert_eq(other.pace.retry_first_ms, 1);
    cr_assert_eq(other.pace.poll_ms, 1);
    destination_done(&other);
}
