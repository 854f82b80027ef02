/* The machine's clock is put forward and back by hours: nothing is lost, and nothing waits for hours. */
#include "tests/unit/all/post.h"

enum { COUNT = 4, HOURS_MS = 6 * 3600 * 1000 };

TestSuite(courier_clock, .init = post_open, .fini = post_close, .timeout = 120);

static void turn_clock(int64_t ms)
{
    *O.offset_ms += ms;
    post_wake();
}

Test(courier_clock, what_was_pushed_while_the_clock_was_ahead_does_not_wait_for_it_to_come_again)
{
    post_list(COUNT);
    turn_clock(HOURS_MS);
    cr_assert_eq(post_push(), COUNT);
    turn_clock(-HOURS_MS);
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_clock, a_retry_that_was_planned_while_the_clock_was_ahead_comes_in_its_time)
{
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    platform_stop();
    turn_clock(HOURS_MS);
    post_start();
    post_await_events("call.failed", 3);
    turn_clock(-HOURS_MS);
    platform_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_clock, what_is_pushed_after_the_clock_was_put_back_goes_at_once)
{
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    post_await_acknowledged(COUNT);
    turn_clock(-HOURS_MS);
    post_change(0, OP_DISPUTED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(COUNT + 1);
    post_expect_applied(COUNT + 1, 1);
}

/* The platform reads the request only when the clock by which it was made is wrong. */
static void move_clock_on_the_way(int64_t ms)
{
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    cr_assert_eq(kill(P.child, SIGSTOP), 0);
    post_start();
    post_await_upload();
    turn_clock(ms);
    cr_assert_eq(kill(P.child, SIGCONT), 0);
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
    cr_assert_eq(post_events("channel.paused", NULL), 0);
}

Test(courier_clock, what_was_on_its_way_when_the_clock_went_forward_goes_again_and_needs_no_person)
{
    move_clock_on_the_way(HOURS_MS);
}

Test(courier_clock, what_was_on_its_way_when_the_clock_went_back_goes_again_and_needs_no_person)
{
    move_clock_on_the_way(-HOURS_MS);
}

Test(courier_clock, questions_for_outcomes_go_on_whatever_the_clock_does)
{
    platform_order("{\"fault\":\"result-delay\",\"polls\":6}");
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    for (int i = 0; i < 4; i++) {
        post_await_events("call.waiting", 1 + (size_t)i);
        turn_clock(i % 2 ? -HOURS_MS : HOURS_MS);
    }
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_clock, a_platform_of_another_time_refuses_and_the_channel_waits_for_a_person)
{
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    json_release(platform_control("POST", "/control/clock", "{\"offset_ms\":-3600000}"));
    post_start();
    post_await(post_is_paused, 1);
    cr_assert_eq(post_status().count[DELIVERY_ACKNOWLEDGED], 0);
    json_release(platform_control("POST", "/control/clock", "{\"offset_ms\":0}"));
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err), "%s", T.err.text);
    post_wake();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}
